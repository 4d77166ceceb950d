//! Floor 4: who listens to which channel.
//!
//! *Owns*: the registries of channels, patterns and shard channels, and each client's own list of them.
//! *Does not own*: delivery; it answers who is to be told. *Invariants*: a client stands in a registry exactly when the
//! channel stands in its [`Subscriptions`]; a channel without subscribers is not in a registry.
//!
//! Source: the Redis documentation, "Redis Pub/Sub".

use crate::base::glob::glob_match;
use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

/// The three kinds of subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubKind {
    /// SUBSCRIBE.
    Channel,
    /// PSUBSCRIBE.
    Pattern,
    /// SSUBSCRIBE.
    Shard,
}

/// What one client listens to.
#[derive(Clone, Debug, Default)]
pub struct Subscriptions {
    sets: [BTreeSet<Box<[u8]>>; 3],
}

impl Subscriptions {
    /// The names of one kind, sorted.
    pub fn of(&self, kind: SubKind) -> impl ExactSizeIterator<Item = &[u8]> {
        self.sets[kind as usize].iter().map(|name| &**name)
    }

    /// The number that replies to SUBSCRIBE and PSUBSCRIBE show (channels and patterns), or to SSUBSCRIBE.
    #[must_use]
    pub fn count(&self, kind: SubKind) -> usize {
        match kind {
            SubKind::Channel | SubKind::Pattern => self.sets[0].len() + self.sets[1].len(),
            SubKind::Shard => self.sets[2].len(),
        }
    }

    /// All subscriptions of all kinds.
    #[must_use]
    pub fn total(&self) -> usize {
        self.sets.iter().map(BTreeSet::len).sum()
    }
}

/// Who listens, by name. Clients are slots of the connection table.
#[derive(Clone, Debug, Default)]
pub struct PubSub {
    names: [BTreeMap<Box<[u8]>, Vec<u32>>; 3],
}

impl PubSub {
    /// Subscribes; false when the client already was.
    pub fn add(&mut self, own: &mut Subscriptions, slot: u32, kind: SubKind, name: &[u8]) -> bool {
        if !own.sets[kind as usize].insert(name.into()) {
            return false;
        }
        self.names[kind as usize].entry(name.into()).or_default().push(slot);
        true
    }

    /// Unsubscribes; false when the client was not subscribed.
    pub fn remove(&mut self, own: &mut Subscriptions, slot: u32, kind: SubKind, name: &[u8]) -> bool {
        if !own.sets[kind as usize].remove(name) {
            return false;
        }
        let registry = &mut self.names[kind as usize];
        let listeners = registry.get_mut(name).expect("a subscription stands in the registry");
        listeners.retain(|s| *s != slot);
        if listeners.is_empty() {
            registry.remove(name);
        }
        true
    }

    /// Ends every subscription of a client that leaves.
    pub fn remove_all(&mut self, own: &mut Subscriptions, slot: u32) {
        for kind in [SubKind::Channel, SubKind::Pattern, SubKind::Shard] {
            while let Some(name) = own.sets[kind as usize].first().cloned() {
                self.remove(own, slot, kind, &name);
            }
        }
    }

    /// The listeners of exactly this name.
    #[must_use]
    pub fn listeners(&self, kind: SubKind, name: &[u8]) -> &[u32] {
        self.names[kind as usize].get(name).map_or(&[], Vec::as_slice)
    }

    /// The patterns that match a channel, with their listeners.
    pub fn matching<'a>(&'a self, channel: &'a [u8]) -> impl Iterator<Item = (&'a [u8], &'a [u32])> {
        let patterns = self.names[SubKind::Pattern as usize].iter();
        patterns.filter(move |(p, _)| glob_match(p, channel, false)).map(|(p, l)| (&**p, l.as_slice()))
    }

    /// The names of one kind that have listeners, sorted, with how many.
    pub fn names(&self, kind: SubKind) -> impl ExactSizeIterator<Item = (&[u8], usize)> {
        self.names[kind as usize].iter().map(|(name, l)| (&**name, l.len()))
    }

    /// Whether nobody listens to anything.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.names.iter().all(BTreeMap::is_empty)
    }
}

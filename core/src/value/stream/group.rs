//! A consumer group: what it has read, which entries wait for their acknowledgement, and who has them.
//!
//! *Owns*: [`Group`], [`Consumer`] and the two lists of entries that wait, one for the group and one for each consumer.
//! *Invariants*: an entry waits in the group's list exactly when it stands in the list of its owner, and of nobody else.

use super::digest_id;
use crate::containers::streamlog::StreamId;
use crate::value::{Digest, SmallBytes};
use alloc::collections::{BTreeMap, BTreeSet};
use core::ops::RangeBounds;

/// What an entry that waits counts for: its places in the two trees.
const PENDING_BYTES: usize = 96;
/// What a consumer counts for besides its entries.
const CONSUMER_BYTES: usize = 192;
/// What a group counts for besides its consumers and entries.
const GROUP_BYTES: usize = 208;

/// A consumer's number within its group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Member(u32);

/// A consumer group.
#[derive(Clone, Debug, Default)]
pub struct Group {
    last: StreamId,
    entries_read: Option<u64>,
    pending: BTreeMap<StreamId, Pending>,
    names: BTreeMap<SmallBytes, Member>,
    consumers: BTreeMap<Member, Consumer>,
    names_heap: usize,
    next_member: u32,
}

/// An entry that was delivered and waits for its acknowledgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pending {
    /// When it was last delivered, milliseconds since the epoch.
    pub delivered_ms: i64,
    /// How often.
    pub count: u64,
    /// Who has it.
    pub owner: Member,
}

/// A member of a group.
#[derive(Clone, Debug)]
pub struct Consumer {
    name: SmallBytes,
    /// When it last tried anything, milliseconds since the epoch.
    pub seen_ms: i64,
    /// When it last got anything.
    pub active_ms: Option<i64>,
    pending: BTreeSet<StreamId>,
}

impl Consumer {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &[u8] {
        self.name.as_slice()
    }

    /// The entries it has not acknowledged.
    #[must_use]
    pub fn pending(&self) -> &BTreeSet<StreamId> {
        &self.pending
    }
}

impl Group {
    /// A group without consumers.
    #[must_use]
    pub fn new(last: StreamId, entries_read: Option<u64>) -> Self {
        Self { last, entries_read, ..Self::default() }
    }

    /// The last position delivered.
    #[must_use]
    pub fn last(&self) -> StreamId {
        self.last
    }

    /// How many of the stream's entries were read up to there, if that is known.
    #[must_use]
    pub fn entries_read(&self) -> Option<u64> {
        self.entries_read
    }

    /// Sets both.
    pub fn set_last(&mut self, last: StreamId, entries_read: Option<u64>) {
        self.last = last;
        self.entries_read = entries_read;
    }

    /// The entries that wait, all or some of them.
    pub fn pending(
        &self,
        range: impl RangeBounds<StreamId>,
    ) -> impl DoubleEndedIterator<Item = (StreamId, &Pending)> {
        self.pending.range(range).map(|(id, pending)| (*id, pending))
    }

    /// How many entries wait.
    #[must_use]
    pub fn pending_len(&self) -> usize {
        self.pending.len()
    }

    /// An entry that waits.
    #[must_use]
    pub fn waiting(&self, id: StreamId) -> Option<&Pending> {
        self.pending.get(&id)
    }

    /// The consumers, by name.
    pub fn consumers(&self) -> impl Iterator<Item = (Member, &Consumer)> {
        self.names.values().filter_map(|member| Some((*member, self.consumers.get(member)?)))
    }

    /// How many consumers there are.
    #[must_use]
    pub fn consumers_len(&self) -> usize {
        self.names.len()
    }

    /// The number of a consumer.
    #[must_use]
    pub fn member(&self, name: &[u8]) -> Option<Member> {
        self.names.get(&SmallBytes::new(name)).copied()
    }

    /// A consumer.
    ///
    /// # Panics
    /// When it has left: nobody keeps a member's number beyond a command.
    #[must_use]
    pub fn consumer(&self, member: Member) -> &Consumer {
        self.consumers.get(&member).expect("a member of the group")
    }

    /// A consumer, for its times.
    ///
    /// # Panics
    /// As [`Group::consumer`].
    pub fn consumer_mut(&mut self, member: Member) -> &mut Consumer {
        self.consumers.get_mut(&member).expect("a member of the group")
    }

    /// The consumer of this name; one that is new was seen now. Answers whether it is.
    pub fn join(&mut self, name: &[u8], now_ms: i64) -> (Member, bool) {
        let name = SmallBytes::new(name);
        if let Some(member) = self.names.get(&name) {
            return (*member, false);
        }
        // A number is free before all of them were used once.
        while self.consumers.contains_key(&Member(self.next_member)) {
            self.next_member = self.next_member.wrapping_add(1);
        }
        let member = Member(self.next_member);
        self.next_member = self.next_member.wrapping_add(1);
        self.names_heap += 2 * name.heap_bytes();
        self.names.insert(name.clone(), member);
        let consumer = Consumer { name, seen_ms: now_ms, active_ms: None, pending: BTreeSet::new() };
        self.consumers.insert(member, consumer);
        (member, true)
    }

    /// Removes a consumer with the entries it has not acknowledged; answers how many these are.
    pub fn leave(&mut self, name: &[u8]) -> Option<usize> {
        let (name, member) = self.names.remove_entry(&SmallBytes::new(name))?;
        let consumer = self.consumers.remove(&member)?;
        self.names_heap -= 2 * name.heap_bytes();
        for id in &consumer.pending {
            self.pending.remove(id);
        }
        Some(consumer.pending.len())
    }

    /// Makes an entry wait for a consumer, whoever had it before.
    pub fn assign(&mut self, id: StreamId, pending: Pending) {
        if let Some(old) = self.pending.insert(id, pending) {
            if old.owner == pending.owner {
                return;
            }
            self.consumer_mut(old.owner).pending.remove(&id);
        }
        self.consumer_mut(pending.owner).pending.insert(id);
    }

    /// An entry no longer waits. Answers whether it did.
    pub fn acknowledge(&mut self, id: StreamId) -> bool {
        let Some(old) = self.pending.remove(&id) else { return false };
        self.consumer_mut(old.owner).pending.remove(&id);
        true
    }

    /// Bytes on the heap, by the core's own count.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        GROUP_BYTES
            + self.pending.len() * PENDING_BYTES
            + self.consumers.len() * CONSUMER_BYTES
            + self.names_heap
    }

    pub(super) fn digest_into(&self, digest: &mut Digest) {
        digest_id(self.last, digest);
        digest.write_u64(self.names.len() as u64);
        for name in self.names.keys() {
            digest.write(name.as_slice());
        }
        digest.write_u64(self.pending.len() as u64);
        for (id, pending) in &self.pending {
            digest_id(*id, digest);
            digest.write(self.consumer(pending.owner).name());
        }
    }

    /// Asserts the invariants.
    ///
    /// # Panics
    /// When one does not hold.
    pub fn check(&self) {
        assert_eq!(self.names.len(), self.consumers.len(), "a name for each consumer");
        let mut held = 0;
        for (name, member) in &self.names {
            let consumer = self.consumer(*member);
            assert!(consumer.name == *name, "its own name");
            held += consumer.pending.len();
            for id in &consumer.pending {
                let owner = self.pending.get(id).map(|pending| pending.owner);
                assert_eq!(owner, Some(*member), "the owner of {id}");
            }
        }
        assert_eq!(held, self.pending.len(), "every entry that waits has an owner");
        let names_heap: usize = self.names.keys().map(|name| 2 * name.heap_bytes()).sum();
        assert_eq!(names_heap, self.names_heap, "heap bytes of names");
    }
}

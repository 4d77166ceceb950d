//! One database: its table, its deadlines, and the sums kept over them.
//!
//! *Owns*: [`Database`] and the only functions that change an entry, so that memory figure, digest and deadlines can
//! never drift from the entries.
//! *Does not own*: time, policies, logs, and what a snapshot does with old values (`Keyspace`).
//! *Invariants*: `payload` is the sum of the entries' heap bytes; `sum`, when kept, the sum of their digests; every
//! slot number in an entry is a live slot of `expiry` and the other way round.

use super::Ttl;
use super::entry::Entry;
use super::expiry::ExpiryIndex;
use crate::base::ids::DbIndex;
use crate::containers::dict::{Dict, Hash, Ix};
use crate::value::Value;
use alloc::boxed::Box;
use alloc::vec::Vec;

/// A database. Swapping two swaps everything, the progress of a snapshot included.
#[derive(Clone)]
pub(super) struct Database {
    dict: Dict<Entry>,
    expiry: ExpiryIndex,
    payload: usize,
    sum: u128,
    digesting: bool,
    /// Its number when the running snapshot began.
    pub(super) origin: DbIndex,
    /// How far the running snapshot has come.
    pub(super) walk: Walk,
}

/// Progress of a snapshot in one database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Walk {
    /// No snapshot needs anything from here any more.
    Done,
    /// Entries at positions from `next` on are still needed, unless stamped with `stamp`.
    At {
        /// First position not visited yet.
        next: u32,
        /// Stamp of the running snapshot.
        stamp: u8,
    },
}

impl Database {
    /// An empty database that no snapshot needs.
    pub(super) fn new(digesting: bool) -> Self {
        Self {
            dict: Dict::new(),
            expiry: ExpiryIndex::new(),
            payload: 0,
            sum: 0,
            digesting,
            origin: DbIndex(0),
            walk: Walk::Done,
        }
    }

    /// The table, for reading.
    #[inline]
    pub(super) fn dict(&self) -> &Dict<Entry> {
        &self.dict
    }

    /// The deadlines, for reading.
    #[inline]
    pub(super) fn expiry(&self) -> &ExpiryIndex {
        &self.expiry
    }

    /// What the deadlines no longer need.
    #[inline]
    pub(super) fn take_retired(&mut self) -> Option<Vec<Box<[i64]>>> {
        self.expiry.take_retired()
    }

    /// The sum of the entries' digests; 0 when it is not kept.
    pub(super) fn sum(&self) -> u128 {
        self.sum
    }

    /// Bytes of everything in the database, by the core's own count.
    #[inline]
    pub(super) fn footprint(&self) -> usize {
        self.payload + self.dict.heap_bytes() + self.expiry.heap_bytes()
    }

    /// The same, counted anew.
    pub(super) fn recount_footprint(&self) -> usize {
        let payload: usize = self.dict.iter().map(|(_, entry)| entry.heap_bytes()).sum();
        payload + self.dict.heap_bytes() + self.expiry.heap_bytes()
    }

    /// The part of the footprint that belongs to keys and values.
    #[inline]
    pub(super) fn payload(&self) -> usize {
        self.payload
    }

    /// The deadline of an entry.
    #[inline]
    pub(super) fn deadline(&self, ix: Ix) -> Option<i64> {
        self.dict.get(ix).slot().map(|slot| self.expiry.deadline(slot))
    }

    /// Notes an access.
    #[inline]
    pub(super) fn set_access(&mut self, ix: Ix, clock: u32) {
        self.dict.get_mut(ix).set_access(clock);
    }

    /// Whether the running snapshot still needs the entry as it is now, and the stamp that says it no longer does.
    #[inline]
    pub(super) fn wanted(&self, hash: Hash, ix: Ix) -> Option<u8> {
        match self.walk {
            Walk::Done => None,
            Walk::At { next, stamp } => {
                (position(hash) >= next && self.dict.get(ix).stamp() != stamp).then_some(stamp)
            }
        }
    }

    /// Notes that the running snapshot has what it needs of the entry.
    pub(super) fn set_stamp(&mut self, ix: Ix, stamp: u8) {
        self.dict.get_mut(ix).set_stamp(stamp);
    }

    /// Adds a key that is absent.
    pub(super) fn insert(&mut self, hash: Hash, key: &[u8], value: Value, deadline: Option<i64>, clock: u32) {
        let stamp = match self.walk {
            Walk::At { next, stamp } if position(hash) >= next => stamp,
            Walk::At { .. } | Walk::Done => 0,
        };
        let entry = Entry::new(key, value, clock, stamp);
        self.payload += entry.heap_bytes();
        let ix = self.dict.insert(hash, entry);
        if let Some(deadline) = deadline {
            let slot = self.expiry.add(ix, deadline);
            self.dict.get_mut(ix).set_slot(Some(slot));
        }
        self.add_digest(ix);
    }

    /// Takes an entry out, with its deadline.
    pub(super) fn extract(&mut self, hash: Hash, ix: Ix) -> (Entry, Option<i64>) {
        self.subtract_digest(ix);
        let entry = self.dict.remove(hash, ix);
        let deadline = entry.slot().map(|slot| self.expiry.remove(slot, ix));
        self.payload -= entry.heap_bytes();
        (entry, deadline)
    }

    /// Changes an entry's value.
    #[inline]
    pub(super) fn edit<R>(&mut self, ix: Ix, f: impl FnOnce(&mut Entry) -> R) -> R {
        if self.digesting {
            self.dict.get_mut(ix).value.keep_digest();
        }
        self.subtract_digest(ix);
        let entry = self.dict.get_mut(ix);
        let before = entry.value.heap_bytes();
        let result = f(entry);
        self.payload = self.payload + entry.value.heap_bytes() - before;
        self.add_digest(ix);
        result
    }

    /// Whether [`Self::apply`] would change anything.
    #[inline]
    pub(super) fn applies(&self, ix: Ix, ttl: Ttl) -> bool {
        match ttl {
            Ttl::Keep => false,
            Ttl::Clear => self.dict.get(ix).slot().is_some(),
            Ttl::At(_) => true,
        }
    }

    /// Sets or clears an entry's deadline.
    pub(super) fn apply(&mut self, ix: Ix, ttl: Ttl) {
        let slot = self.dict.get(ix).slot();
        match (slot, ttl) {
            (_, Ttl::Keep) | (None, Ttl::Clear) => {}
            (Some(_), Ttl::Clear) => self.change_deadline(ix, slot, None),
            (_, Ttl::At(deadline)) => self.change_deadline(ix, slot, Some(deadline)),
        }
    }

    /// Starts keeping the sum of digests, or stops.
    pub(super) fn set_digesting(&mut self, digesting: bool) {
        self.digesting = digesting;
        self.sum = if digesting { self.recount_digest() } else { 0 };
    }

    /// The sum of digests, counted anew.
    pub(super) fn recount_digest(&self) -> u128 {
        let each = self.dict.iter().map(|(ix, entry)| entry.digest(self.deadline(ix)));
        each.fold(0, u128::wrapping_add)
    }

    /// Asserts every invariant, by counting anew.
    pub(super) fn check(&self) {
        self.dict.check();
        self.dict.iter().for_each(|(_, entry)| entry.value.check());
        let payload: usize = self.dict.iter().map(|(_, entry)| entry.heap_bytes()).sum();
        assert_eq!(self.payload, payload, "heap bytes of keys and values");
        self.expiry.check(self.dict.iter().filter_map(|(ix, entry)| entry.slot().map(|slot| (slot, ix))));
        assert_eq!(self.sum, if self.digesting { self.recount_digest() } else { 0 }, "sum of digests");
    }

    fn change_deadline(&mut self, ix: Ix, slot: Option<u32>, deadline: Option<i64>) {
        self.subtract_digest(ix);
        match (slot, deadline) {
            (Some(slot), Some(deadline)) => self.expiry.change(slot, ix, deadline),
            (None, Some(deadline)) => {
                let slot = self.expiry.add(ix, deadline);
                self.dict.get_mut(ix).set_slot(Some(slot));
            }
            (Some(slot), None) => {
                self.expiry.remove(slot, ix);
                self.dict.get_mut(ix).set_slot(None);
            }
            (None, None) => {}
        }
        self.add_digest(ix);
    }

    #[inline]
    fn add_digest(&mut self, ix: Ix) {
        if self.digesting {
            self.sum = self.sum.wrapping_add(self.dict.get(ix).digest(self.deadline(ix)));
        }
    }

    #[inline]
    fn subtract_digest(&mut self, ix: Ix) {
        if self.digesting {
            self.sum = self.sum.wrapping_sub(self.dict.get(ix).digest(self.deadline(ix)));
        }
    }
}

/// The place of a key in every walk.
#[inline]
fn position(hash: Hash) -> u32 {
    Dict::<Entry>::position(hash)
}

//! The deadlines of one database, in order.
//!
//! *Owns*: [`ExpiryIndex`]: a slot per key with a deadline (found through the entry), and all of them in order of
//! time (found through the clock).
//! *Does not own*: what "expired" means under which policy, or removing keys.
//! *Invariants*: a key with a deadline has one slot and one place in the order. Growing never moves what is there:
//! slots live in chunks, the order is a B-tree. Ties are in order of entry index.

use crate::containers::dict::Ix;
use alloc::boxed::Box;
use alloc::collections::BTreeSet;
use alloc::vec;
use alloc::vec::Vec;

/// Slots per chunk: 4 KiB.
const CHUNK: usize = 512;
/// Bytes counted for one place in the order: 16 for the pair, and nodes about 70 % full.
const ORDER_BYTES: usize = 24;
/// Bytes counted for one deadline.
pub(super) const DEADLINE_BYTES: usize = size_of::<i64>() + ORDER_BYTES;
/// End of the list of free slots.
const NO_SLOT: i64 = -1;

/// Deadlines by slot and in order.
#[derive(Clone)]
pub(super) struct ExpiryIndex {
    /// A deadline, or the number of the next free slot.
    chunks: Vec<Box<[i64]>>,
    /// First free slot, or [`NO_SLOT`].
    free: i64,
    order: BTreeSet<(i64, Ix)>,
    /// Sum of all deadlines.
    sum: i128,
    /// Chunks that nothing needs any more, to be dropped elsewhere.
    retired: Vec<Box<[i64]>>,
}

impl ExpiryIndex {
    /// Without a deadline.
    pub(super) const fn new() -> Self {
        Self { chunks: Vec::new(), free: NO_SLOT, order: BTreeSet::new(), sum: 0, retired: Vec::new() }
    }

    /// Number of deadlines.
    pub(super) fn len(&self) -> usize {
        self.order.len()
    }

    /// Sum of all deadlines in milliseconds.
    pub(super) fn sum(&self) -> i128 {
        self.sum
    }

    /// Bytes on the heap, by the core's own count.
    pub(super) fn heap_bytes(&self) -> usize {
        self.chunks.len() * CHUNK * size_of::<i64>() + self.order.len() * ORDER_BYTES
    }

    /// The deadline in `slot`.
    #[inline]
    pub(super) fn deadline(&self, slot: u32) -> i64 {
        self.chunks[slot as usize / CHUNK][slot as usize % CHUNK]
    }

    /// Gives the entry a deadline and answers its slot.
    pub(super) fn add(&mut self, ix: Ix, deadline: i64) -> u32 {
        if self.free == NO_SLOT {
            let first = (self.chunks.len() * CHUNK) as i64;
            let mut chunk = vec![NO_SLOT; CHUNK].into_boxed_slice();
            for (next, slot) in (first + 1..).zip(&mut chunk[..CHUNK - 1]) {
                *slot = next;
            }
            self.chunks.push(chunk);
            self.free = first;
        }
        let slot = self.free as u32;
        let place = self.slot_mut(slot);
        let next = core::mem::replace(place, deadline);
        self.free = next;
        self.order.insert((deadline, ix));
        self.sum += i128::from(deadline);
        slot
    }

    /// Changes the deadline in the entry's slot.
    pub(super) fn change(&mut self, slot: u32, ix: Ix, deadline: i64) {
        let old = core::mem::replace(self.slot_mut(slot), deadline);
        if old != deadline {
            self.order.remove(&(old, ix));
            self.order.insert((deadline, ix));
            self.sum += i128::from(deadline) - i128::from(old);
        }
    }

    /// Takes the deadline away from the entry and answers what it was.
    pub(super) fn remove(&mut self, slot: u32, ix: Ix) -> i64 {
        let next = self.free;
        let old = core::mem::replace(self.slot_mut(slot), next);
        self.free = i64::from(slot);
        self.order.remove(&(old, ix));
        self.sum -= i128::from(old);
        // The last chunk stays, so that a key that comes and goes does not allocate it each time.
        if self.order.is_empty() && self.chunks.len() > 1 {
            self.retired.append(&mut self.chunks);
            self.free = NO_SLOT;
        }
        old
    }

    /// The earliest deadline and its entry.
    #[inline]
    pub(super) fn first(&self) -> Option<(i64, Ix)> {
        self.order.first().copied()
    }

    /// The chunks that nothing needs any more, if any. They no longer count as memory.
    #[inline]
    pub(super) fn take_retired(&mut self) -> Option<Vec<Box<[i64]>>> {
        if self.retired.is_empty() { None } else { Some(core::mem::take(&mut self.retired)) }
    }

    /// How many deadlines lie before `now`; counts up to `limit`.
    pub(super) fn overdue(&self, now: i64, limit: usize) -> usize {
        self.order.iter().take(limit).take_while(|(deadline, _)| *deadline < now).count()
    }

    /// Asserts that slots, order and sum agree with `entries`, all slots in use with their entries.
    pub(super) fn check(&self, entries: impl Iterator<Item = (u32, Ix)>) {
        let mut count = 0;
        let mut sum = 0;
        for (slot, ix) in entries {
            let deadline = self.deadline(slot);
            assert!(self.order.contains(&(deadline, ix)), "slot {slot} is missing in the order of deadlines");
            count += 1;
            sum += i128::from(deadline);
        }
        assert_eq!((count, sum), (self.order.len(), self.sum), "number and sum of deadlines");
        let mut free = 0;
        let mut next = self.free;
        while next != NO_SLOT {
            free += 1;
            next = self.deadline(next as u32);
        }
        assert_eq!(free + count, self.chunks.len() * CHUNK, "every slot is in use or free");
    }

    fn slot_mut(&mut self, slot: u32) -> &mut i64 {
        &mut self.chunks[slot as usize / CHUNK][slot as usize % CHUNK]
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Discarded, ExpiryPolicy, Keyspace, Ttl};
    use crate::base::ids::DbIndex;
    use crate::containers::dict::HashKey;

    const A: DbIndex = DbIndex(0);

    #[test]
    fn slots_are_reused_and_given_back_in_one_piece() {
        let mut keyspace = Keyspace::new(1, HashKey::new([1; 16]));
        for round in 0..2 {
            for n in 0..2_000_i64 {
                keyspace.set_bytes(A, std::format!("{n}").as_bytes(), b"", Ttl::At(n % 7));
            }
            for n in (0..2_000_i64).step_by(2) {
                assert!(keyspace.set_deadline(A, std::format!("{n}").as_bytes(), None));
            }
            let room = keyspace.db(A).expiry().chunks.len();
            for n in (0..2_000_i64).step_by(2) {
                assert!(keyspace.set_deadline(A, std::format!("{n}").as_bytes(), Some(9 - n)));
            }
            assert_eq!((keyspace.db(A).expiry().chunks.len(), room), (4, 4), "free slots come first");
            keyspace.check();
            keyspace.begin(100, ExpiryPolicy::Delete);
            assert_eq!(keyspace.expire_due(100, usize::MAX), 2_000, "round {round}");
            keyspace.check();
            let garbage = keyspace.take_garbage();
            assert!(matches!(garbage.as_slice(), [Discarded::Deadlines(_)]));
            keyspace.begin(0, ExpiryPolicy::Ignore);
        }
    }
}

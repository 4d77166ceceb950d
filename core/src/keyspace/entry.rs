//! One key with its value, as the table stores it.
//!
//! *Owns*: [`Entry`], its size, and the packing of access clock and snapshot stamp.
//! *Does not own*: deadlines (`expiry` keeps them; an entry holds the slot's number).
//! *Invariants*: 56 bytes. A stamp other than 0 means: the running snapshot needs nothing from this entry any more.

use crate::containers::dict::Keyed;
use crate::value::{Digest, SmallBytes, Value};

/// Bits of the access clock, in seconds; it wraps after 194 days.
const CLOCK_BITS: u32 = 24;
const CLOCK_MASK: u32 = (1 << CLOCK_BITS) - 1;
/// A clock that went back by up to a day is not taken for an age of half a year.
const STEP_BACK_SECS_MAX: u32 = 24 * 60 * 60;

/// A key, its value and what the keyspace notes about it.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    key: SmallBytes,
    /// What the key holds.
    pub(super) value: Value,
    /// Low 24 bits: seconds clock of the last access; high 8 bits: snapshot stamp.
    access: u32,
    /// Number of the deadline's slot plus one; 0 = the key does not expire.
    slot: u32,
}

const _: () = assert!(size_of::<Entry>() == 56);

impl Keyed for Entry {
    #[inline]
    fn key(&self) -> &[u8] {
        self.key.as_slice()
    }
}

impl Entry {
    /// An entry without a deadline.
    pub(super) fn new(key: &[u8], value: Value, clock: u32, stamp: u8) -> Self {
        let access = clock & CLOCK_MASK | u32::from(stamp) << CLOCK_BITS;
        Self { key: SmallBytes::new(key), value, access, slot: 0 }
    }

    /// Key and value.
    pub(super) fn into_parts(self) -> (SmallBytes, Value) {
        (self.key, self.value)
    }

    /// A copy of the key.
    pub(super) fn owned_key(&self) -> SmallBytes {
        self.key.clone()
    }

    /// Bytes on the heap that belong to the entry.
    #[inline]
    pub(super) fn heap_bytes(&self) -> usize {
        self.key.heap_bytes() + self.value.heap_bytes()
    }

    /// The slot of its deadline.
    #[inline]
    pub(super) fn slot(&self) -> Option<u32> {
        self.slot.checked_sub(1)
    }

    /// Notes the slot of its deadline.
    #[inline]
    pub(super) fn set_slot(&mut self, slot: Option<u32>) {
        self.slot = slot.map_or(0, |slot| slot + 1);
    }

    /// The snapshot stamp.
    #[inline]
    pub(super) fn stamp(&self) -> u8 {
        (self.access >> CLOCK_BITS) as u8
    }

    /// Sets the snapshot stamp.
    #[inline]
    pub(super) fn set_stamp(&mut self, stamp: u8) {
        self.access = self.access & CLOCK_MASK | u32::from(stamp) << CLOCK_BITS;
    }

    /// What is remembered of its use: the clock of the last access in seconds, or what `usage` makes of the bits.
    #[inline]
    pub(super) fn access(&self) -> u32 {
        self.access & CLOCK_MASK
    }

    /// Notes an access at `clock` seconds, or other bits of `usage`.
    #[inline]
    pub(super) fn set_access(&mut self, clock: u32) {
        self.access = self.access & !CLOCK_MASK | clock & CLOCK_MASK;
    }

    /// Seconds between the last access and `clock`.
    pub(super) fn idle_secs(&self, clock: u32) -> u32 {
        age(self.access, clock)
    }

    /// Fingerprint of key, type, content and deadline.
    pub(super) fn digest(&self, deadline: Option<i64>) -> u128 {
        let mut digest = Digest::new();
        digest.write(self.key());
        self.value.digest_into(&mut digest);
        if let Some(deadline) = deadline {
            digest.write_u64(deadline as u64);
        }
        digest.finish()
    }
}

/// Seconds between an access and `clock`.
pub(super) fn age(access: u32, clock: u32) -> u32 {
    let age = clock.wrapping_sub(access) & CLOCK_MASK;
    if age > CLOCK_MASK - STEP_BACK_SECS_MAX { 0 } else { age }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clock_and_stamp_share_a_word() {
        let mut entry = Entry::new(b"k", Value::encode(b"v"), 0x0500_0064, 7);
        assert_eq!((entry.stamp(), entry.idle_secs(110)), (7, 10));
        entry.set_stamp(255);
        entry.set_access(200);
        assert_eq!((entry.stamp(), entry.idle_secs(201)), (255, 1));
        assert_eq!(entry.idle_secs(150), 0, "a clock that went back a little");
        entry.set_access(CLOCK_MASK);
        assert_eq!(entry.idle_secs(4), 5, "a clock that wrapped");
        assert_eq!(entry.stamp(), 255);
        assert_eq!(entry.slot(), None);
        entry.set_slot(Some(0));
        assert_eq!(entry.slot(), Some(0));
    }
}

//! A large set or hash: a hash table of records, with what is counted over them.
//!
//! *Owns*: the table, its node's hash secret, the sum of what its records own on the heap, and the sum of their digests
//! once somebody asked for it.
//! *Does not own*: what a record holds, when a collection becomes a table.
//! *Invariants*: the sums are those of the records that are there. The order of every walk follows from the contents and
//! the secret alone.

use super::{Digest, SmallBytes, allocation};
use crate::base::rng::Rng;
use crate::containers::dict::{Dict, Hash, HashKey, Ix, Keyed, WINDOW};
use alloc::collections::BTreeSet;
use core::hint::black_box;

/// What a table holds.
pub trait Record: Keyed + Clone {
    /// Bytes on the heap, by the core's own count.
    fn heap_bytes(&self) -> usize;
    /// Fingerprint of the content.
    fn digest(&self) -> u128;
    /// Starts reading what lies on the heap; the answer means nothing.
    fn touch(&self) -> u8;
}

/// See the module.
#[derive(Clone)]
pub struct Table<R> {
    dict: Dict<R>,
    secret: HashKey,
    payload: usize,
    sum: Option<u128>,
}

impl<R: Record> Table<R> {
    /// An empty table that hashes with the node's secret.
    #[must_use]
    pub fn new(secret: HashKey) -> Self {
        Self { dict: Dict::new(), secret, payload: 0, sum: None }
    }

    /// Number of records.
    #[must_use]
    #[inline]
    pub fn len(&self) -> usize {
        self.dict.len()
    }

    /// Whether there is no record.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.dict.is_empty()
    }

    /// The table itself.
    #[inline]
    pub(super) fn dict(&self) -> &Dict<R> {
        &self.dict
    }

    /// The hash of a key in this table.
    #[must_use]
    #[inline]
    pub fn hash(&self, key: &[u8]) -> Hash {
        self.secret.hash(key)
    }

    /// The record of a key.
    #[must_use]
    #[inline]
    pub fn find(&self, hash: Hash, key: &[u8]) -> Option<Ix> {
        self.dict.find(hash, key)
    }

    /// The record of a key.
    #[must_use]
    #[inline]
    pub fn lookup(&self, key: &[u8]) -> Option<&R> {
        self.find(self.hash(key), key).map(|ix| self.dict.get(ix))
    }

    /// The records of a window of keys, whose cache misses overlap. `keys` and `found` are of one length, at most
    /// [`WINDOW`].
    pub fn lookup_window<'s>(&'s self, keys: &[&[u8]], found: &mut [Option<&'s R>]) {
        let mut hashed: [(Hash, &[u8]); WINDOW] = [(Hash(0), &[]); WINDOW];
        let mut at = [None; WINDOW];
        for (hashed, key) in hashed.iter_mut().zip(keys) {
            *hashed = (self.hash(key), key);
        }
        let count = keys.len().min(WINDOW);
        self.dict.find_many(&hashed[..count], &mut at[..count]);
        let mut mixed = 0;
        for (found, ix) in found.iter_mut().zip(&at[..count]) {
            *found = ix.map(|ix| self.dict.get(ix));
            mixed ^= found.map_or(0, Record::touch);
        }
        black_box(mixed);
    }

    /// Brings a window of keys near the processor before they are changed one by one.
    pub fn touch_window(&self, keys: &[&[u8]]) {
        let mut found = [None; WINDOW];
        self.lookup_window(keys, &mut found[..keys.len().min(WINDOW)]);
    }

    /// The record at a place.
    #[must_use]
    #[inline]
    pub fn get(&self, ix: Ix) -> &R {
        self.dict.get(ix)
    }

    /// Adds a record whose key is absent.
    #[inline]
    pub fn insert(&mut self, hash: Hash, record: R) {
        self.payload += record.heap_bytes();
        if let Some(sum) = &mut self.sum {
            *sum = sum.wrapping_add(record.digest());
        }
        self.dict.insert(hash, record);
    }

    /// Changes a record in anything but its key.
    #[inline]
    pub fn edit<T>(&mut self, ix: Ix, f: impl FnOnce(&mut R) -> T) -> T {
        let record = self.dict.get_mut(ix);
        let before = record.heap_bytes();
        if let Some(sum) = &mut self.sum {
            *sum = sum.wrapping_sub(record.digest());
        }
        let result = f(record);
        self.payload = self.payload + record.heap_bytes() - before;
        if let Some(sum) = &mut self.sum {
            *sum = sum.wrapping_add(record.digest());
        }
        result
    }

    /// Takes a record out; `hash` is that of its key.
    #[inline]
    pub fn remove(&mut self, hash: Hash, ix: Ix) -> R {
        let record = self.dict.remove(hash, ix);
        self.payload -= record.heap_bytes();
        if let Some(sum) = &mut self.sum {
            *sum = sum.wrapping_sub(record.digest());
        }
        record
    }

    /// Takes the record of a key out.
    #[inline]
    pub fn remove_key(&mut self, key: &[u8]) -> Option<R> {
        let hash = self.hash(key);
        self.find(hash, key).map(|ix| self.remove(hash, ix))
    }

    /// Takes a random record out.
    pub fn pop(&mut self, rng: &mut Rng) -> Option<R> {
        let ix = self.dict.random(rng)?;
        let hash = self.hash(self.dict.get(ix).key());
        Some(self.remove(hash, ix))
    }

    /// A random record.
    #[must_use]
    pub fn random(&self, rng: &mut Rng) -> Option<&R> {
        self.dict.random(rng).map(|ix| self.dict.get(ix))
    }

    /// Shows `count` different random records; all of them when there are no more.
    pub fn sample(&self, count: usize, rng: &mut Rng, f: &mut impl FnMut(&R)) {
        let len = self.len();
        if count.saturating_mul(3) <= len {
            let mut seen = BTreeSet::new();
            while seen.len() < count
                && let Some(ix) = self.dict.random(rng)
            {
                if seen.insert(ix) {
                    f(self.dict.get(ix));
                }
            }
            return;
        }
        // Each record in turn is chosen with the probability that it is among those still wanted.
        let mut wanted = count.min(len);
        for (passed, (_, record)) in self.dict.iter().enumerate() {
            if (rng.below((len - passed) as u64) as usize) < wanted {
                wanted -= 1;
                f(record);
            }
        }
    }

    /// All records in order.
    pub fn iter(&self) -> impl Iterator<Item = &R> {
        self.dict.iter().map(|(_, record)| record)
    }

    /// Shows all records in order, in windows whose cache misses overlap.
    pub fn for_each(&self, f: &mut impl FnMut(&R)) {
        let mut records = self.iter();
        let mut window = [None; WINDOW];
        loop {
            let mut count = 0;
            let mut mixed = 0;
            for (place, record) in window.iter_mut().zip(records.by_ref()) {
                mixed ^= record.touch();
                *place = Some(record);
                count += 1;
            }
            black_box(mixed);
            window[..count].iter().flatten().for_each(|record| f(record));
            if count < WINDOW {
                return;
            }
        }
    }

    /// Shows about `count` records from `cursor` on and answers the next cursor; 0 is the start, and the end.
    pub fn scan(&self, cursor: u64, count: usize, f: &mut impl FnMut(&R)) -> u64 {
        let Ok(from) = u32::try_from(cursor) else { return 0 };
        self.dict.scan(from, count.max(1), &mut |_, record| f(record)).map_or(0, u64::from)
    }

    /// Bytes on the heap, this struct in its box included.
    #[must_use]
    #[inline]
    pub fn heap_bytes(&self) -> usize {
        allocation(size_of::<Self>()) + self.dict.heap_bytes() + self.payload
    }

    /// Keeps the sum of digests from now on; counts it once.
    pub fn keep_digest(&mut self) {
        if self.sum.is_none() {
            self.sum = Some(self.count_digest());
        }
    }

    /// The sum of the records' digests.
    #[must_use]
    pub fn digest(&self) -> u128 {
        self.sum.unwrap_or_else(|| self.count_digest())
    }

    fn count_digest(&self) -> u128 {
        self.iter().map(Record::digest).fold(0, u128::wrapping_add)
    }

    /// Asserts the invariants. O(n).
    pub fn check(&self) {
        self.dict.check();
        assert_eq!(self.payload, self.iter().map(Record::heap_bytes).sum::<usize>(), "heap bytes of records");
        assert!(self.sum.is_none_or(|sum| sum == self.count_digest()), "sum of digests");
    }
}

impl Keyed for SmallBytes {
    #[inline]
    fn key(&self) -> &[u8] {
        self.as_slice()
    }
}

impl Record for SmallBytes {
    #[inline]
    fn heap_bytes(&self) -> usize {
        SmallBytes::heap_bytes(self)
    }

    fn digest(&self) -> u128 {
        let mut digest = Digest::new();
        digest.write(self.as_slice());
        digest.finish()
    }

    #[inline]
    fn touch(&self) -> u8 {
        self.as_slice().first().copied().unwrap_or(0)
    }
}

const _: () = assert!(crate::containers::arena::Arena::<SmallBytes>::CELL_BYTES == 24);

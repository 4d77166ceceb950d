//! What the keyspace knows about itself.
//!
//! *Owns*: the count of memory, the digest, and [`Keyspace::check`], which counts everything anew.
//! *Does not own*: the figures of the allocator and the process, which are inputs.
//! *Invariants*: the digest depends on keys, types, contents and deadlines per database and on nothing else: not on
//! encodings, access times, history or the node's seed. Off, it costs one branch per change.

use super::Keyspace;
use super::database::{Database, Walk};
use super::entry::Entry;
use super::expiry::DEADLINE_BYTES;
use crate::base::ids::DbIndex;
use crate::containers::dict::Keyed;
use crate::value::{Digest, Value};

/// Bytes counted for a place in the hash table: an 8-byte slot at two thirds full.
const SLOT_BYTES: usize = 12;

impl Keyspace {
    /// Bytes of all databases, by the core's own count.
    #[must_use]
    #[inline]
    pub fn used_bytes(&self) -> usize {
        self.used
    }

    /// Bytes that go with one key (`MEMORY USAGE`), without side effects.
    #[must_use]
    pub fn key_bytes(&self, db: DbIndex, key: &[u8]) -> Option<usize> {
        let ix = self.seek(db, key)?;
        let database = self.db(db);
        let deadline = database.deadline(ix).map_or(0, |_| DEADLINE_BYTES);
        Some(size_of::<Entry>() + SLOT_BYTES + database.dict().get(ix).heap_bytes() + deadline)
    }

    /// Starts keeping the digest up to date; counts it once.
    pub fn enable_digest(&mut self) {
        self.digesting = true;
        for database in &mut self.dbs {
            database.set_digesting(true);
        }
    }

    /// Stops keeping the digest.
    pub fn disable_digest(&mut self) {
        self.digesting = false;
        for database in &mut self.dbs {
            database.set_digesting(false);
        }
    }

    /// Fingerprint of everything stored; counted anew if it is not kept up to date.
    #[must_use]
    pub fn digest(&self) -> u128 {
        if self.digesting { self.combine(Database::sum) } else { self.recompute_digest() }
    }

    /// The same, always counted anew.
    #[must_use]
    pub fn recompute_digest(&self) -> u128 {
        self.combine(Database::recount_digest)
    }

    /// Fingerprint of the type and content of one key (`DEBUG DIGEST-VALUE`), without side effects.
    #[must_use]
    pub fn key_digest(&self, db: DbIndex, key: &[u8]) -> Option<u128> {
        let mut digest = Digest::new();
        self.peek(db, key)?.digest_into(&mut digest);
        Some(digest.finish())
    }

    /// Shows every stored key with its deadline, whether it has expired or not.
    pub fn for_each_stored(&self, db: DbIndex, mut f: impl FnMut(&[u8], &Value, Option<i64>)) {
        let database = self.db(db);
        for (ix, entry) in database.dict().iter() {
            f(entry.key(), &entry.value, database.deadline(ix));
        }
    }

    /// Bytes of all databases, counted anew key by key.
    #[must_use]
    pub fn recount_bytes(&self) -> usize {
        self.dbs.iter().map(Database::recount_footprint).sum()
    }

    /// Loses count of some bytes: a planted bug.
    #[cfg(feature = "mutants")]
    pub fn miscount(&mut self) {
        self.used += 16;
    }

    /// Asserts every invariant of the keyspace. For tests and the simulator: takes as long as counting everything.
    ///
    /// # Panics
    /// When one does not hold.
    pub fn check(&self) {
        for database in &self.dbs {
            database.check();
            let stamped = database.dict().iter().any(|(_, entry)| entry.stamp() != 0);
            assert!(!stamped || self.snapshot.may_have_stamps(), "a stamp outlived its snapshot");
        }
        let used: usize = self.dbs.iter().map(Database::footprint).sum();
        assert_eq!(self.used, used, "count of memory");
        let later = &self.dbs[self.deadline_dbs..];
        assert!(
            later.iter().all(|database| database.expiry().len() == 0),
            "databases known to have deadlines"
        );
        let waiting = self.dbs.iter().any(|database| database.walk != Walk::Done);
        assert!(!waiting || self.snapshot.is_active(), "a walk without a snapshot");
    }

    /// The digests of the databases that hold anything, each with its number.
    fn combine(&self, sum: impl Fn(&Database) -> u128) -> u128 {
        let mut digest = Digest::new();
        for (number, database) in (0..).zip(&self.dbs) {
            if !database.dict().is_empty() {
                digest.write_u64(number);
                digest.write_u128(sum(database));
            }
        }
        digest.finish()
    }
}

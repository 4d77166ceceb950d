//! Changing whole databases.
//!
//! *Owns*: emptying, swapping and replacing databases, each in constant time per database.
//! *Does not own*: dropping what was in them: it ends in the garbage, or with the running snapshot.
//! *Invariants*: WATCH must ask which keys existed *before* it calls any of these; the touch log only says which
//! database it was.

use super::database::{Database, Walk};
use super::{Keyspace, SnapshotItem, Ttl};
use crate::base::ids::DbIndex;

impl Keyspace {
    /// Empties a database. Answers how many keys were in it, which is also what the count of changes grows by.
    pub fn flush(&mut self, db: DbIndex) -> usize {
        let keys = self.len(db);
        if keys > 0 {
            self.detach(db, Database::new(self.digesting));
            self.dirty += keys as u64;
        }
        self.touched.database(db);
        keys
    }

    /// Empties every database. Answers how many keys there were.
    pub fn flush_all(&mut self) -> usize {
        (0..self.databases()).map(|db| self.flush(DbIndex(db))).sum()
    }

    /// Exchanges the contents of two databases.
    pub fn swap(&mut self, a: DbIndex, b: DbIndex) {
        if a == b {
            self.dirty += 1;
            return;
        }
        self.dbs.swap(a.0 as usize, b.0 as usize);
        if self.deadline_dbs > a.0.min(b.0) as usize {
            self.deadline_dbs = self.deadline_dbs.max(a.0.max(b.0) as usize + 1);
        }
        self.dirty += 1;
        self.touched.database(a);
        self.touched.database(b);
    }

    /// Takes over everything in `other`, a filled [`Keyspace::empty_twin`], in place of what is here. Counters, time
    /// and a running snapshot stay; the snapshot still shows what was here when it began.
    ///
    /// # Panics
    /// When `other` has another number of databases, or a snapshot running.
    pub fn replace_all(&mut self, other: Self) {
        assert_eq!(self.dbs.len(), other.dbs.len(), "number of databases");
        assert!(!other.snapshot.is_active() && !other.snapshot.may_have_stamps(), "a fresh keyspace");
        self.deadline_dbs = self.deadline_dbs.max(other.deadline_dbs);
        for (number, mut database) in (0..).zip(other.dbs) {
            if other.digesting != self.digesting {
                database.set_digesting(self.digesting);
            }
            self.detach(DbIndex(number), database);
            self.touched.database(DbIndex(number));
        }
        self.garbage.extend(other.garbage);
    }

    /// Whether a key is stored in a database here and in the one of the same number there.
    #[must_use]
    pub fn shares_keys(&self, other: &Self) -> bool {
        let mut shared = false;
        for db in (0..self.databases().min(other.databases())).map(DbIndex) {
            other.keys(db, |key, _| shared |= self.is_stored(db, key));
        }
        shared
    }

    /// Takes over every key of `other`, a filled [`Keyspace::empty_twin`], in place of those of the same name.
    pub fn merge(&mut self, mut other: Self) {
        other.snapshot_begin();
        let mut take = |item: SnapshotItem<'_>| {
            let ttl = item.deadline.map_or(Ttl::Clear, Ttl::At);
            self.set(item.db, item.key, item.value.clone(), ttl);
        };
        while !other.snapshot_step(usize::MAX, &mut take) {}
    }

    /// Puts `fresh` in the place of a database.
    fn detach(&mut self, db: DbIndex, fresh: Database) {
        let old = self.with_db(db, |database| core::mem::replace(database, fresh));
        if old.walk != Walk::Done {
            self.snapshot.adopt(old);
        } else if !old.dict().is_empty() {
            self.dispose_database(old);
        }
    }
}

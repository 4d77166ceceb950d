//! Point-in-time snapshots without a fork.
//!
//! *Owns*: the walk over all databases in slices, and the old values of what changes ahead of it.
//! *Does not own*: the format, the file, the pace: the caller asks for slices and writes what it is shown.
//! *Invariants*: every key that existed at [`Keyspace::snapshot_begin`] is shown exactly once, as it was then, under
//! the number its database had then. An entry carries a stamp other than 0 only ahead of the walk, where it means
//! that the snapshot has its old value or must not see it; the walk clears stamps as it passes, so none is left
//! behind a snapshot that came to its end.
//!
//! The walk goes through a database in order of hash position. Before an entry changes that lies ahead of it, its old
//! state goes to a queue: moved when the entry dies or is overwritten, copied when it is edited. Emptying a
//! database hands the whole of it to the snapshot, which goes on walking it.

use super::database::{Database, Walk};
use super::usage::{Usage, UsageReader};
use super::{DeadPreimages, Discarded, Keyspace};
use crate::base::ids::DbIndex;
use crate::containers::dict::{Ix, Keyed as _};
use crate::value::{SmallBytes, Value};
use alloc::collections::VecDeque;
use alloc::vec::Vec;

/// A key as it was when the snapshot began.
#[derive(Clone, Copy, Debug)]
pub struct SnapshotItem<'a> {
    /// The number of its database then.
    pub db: DbIndex,
    /// The key.
    pub key: &'a [u8],
    /// Its value.
    pub value: &'a Value,
    /// Its deadline, Unix time in milliseconds.
    pub deadline: Option<i64>,
    /// Its use, when a policy asks for that.
    pub usage: Usage,
}

/// The old state of a key that changed ahead of the walk.
#[derive(Clone)]
pub(super) struct Preimage {
    pub(super) db: DbIndex,
    pub(super) key: SmallBytes,
    pub(super) value: Value,
    pub(super) deadline: Option<i64>,
    pub(super) usage: Usage,
}

impl Preimage {
    fn bytes(&self) -> usize {
        size_of::<Self>() + self.key.heap_bytes() + self.value.heap_bytes()
    }
}

/// The running snapshot, if any.
#[derive(Clone, Default)]
pub(super) struct Snapshot {
    active: bool,
    /// Stamp of the running snapshot, or of the last ones that were aborted; 0 = no entry carries a stamp.
    stamp: u8,
    preimages: VecDeque<Preimage>,
    preimage_bytes: usize,
    /// Databases that were emptied before the walk was through with them.
    detached: Vec<Database>,
    /// Entries to clear of their stamps, between two calls empty.
    stamped: Vec<Ix>,
}

impl Snapshot {
    /// Keeps an old value for the next slice.
    pub(super) fn keep(&mut self, preimage: Preimage) {
        self.preimage_bytes += preimage.bytes();
        self.preimages.push_back(preimage);
    }

    /// Takes over a database whose walk is not done.
    pub(super) fn adopt(&mut self, database: Database) {
        self.detached.push(database);
    }

    /// Whether one is running.
    pub(super) fn is_active(&self) -> bool {
        self.active
    }

    /// Whether some entry may carry a stamp.
    pub(super) fn may_have_stamps(&self) -> bool {
        self.stamp != 0
    }
}

impl Keyspace {
    /// Begins a snapshot of the present state. One at a time.
    ///
    /// # Panics
    /// When one is running.
    pub fn snapshot_begin(&mut self) {
        assert!(!self.snapshot.active, "one snapshot at a time");
        if self.snapshot.stamp == u8::MAX {
            self.clear_stamps();
            self.snapshot.stamp = 0;
        }
        self.snapshot.stamp += 1;
        self.snapshot.active = true;
        let stamp = self.snapshot.stamp;
        for (number, database) in (0..).zip(&mut self.dbs) {
            database.origin = DbIndex(number);
            database.walk = if database.dict().is_empty() { Walk::Done } else { Walk::At { next: 0, stamp } };
        }
    }

    /// Whether a snapshot is running.
    #[must_use]
    pub fn snapshot_active(&self) -> bool {
        self.snapshot.active
    }

    /// Bytes of old values and emptied databases that are kept for the running snapshot only.
    #[must_use]
    pub fn snapshot_bytes(&self) -> usize {
        self.snapshot.preimage_bytes + self.snapshot.detached.iter().map(Database::footprint).sum::<usize>()
    }

    /// Shows about `budget` further keys to `f`, old values first. Answers whether the snapshot is complete; then it
    /// has ended.
    ///
    /// # Panics
    /// When none is running.
    pub fn snapshot_step(&mut self, budget: usize, f: &mut impl FnMut(SnapshotItem<'_>)) -> bool {
        assert!(self.snapshot.active, "no snapshot is running");
        let mut left = budget.max(1);
        while left > 0
            && let Some(preimage) = self.snapshot.preimages.pop_front()
        {
            self.snapshot.preimage_bytes -= preimage.bytes();
            let Preimage { db, key, value, deadline, usage } = preimage;
            f(SnapshotItem { db, key: key.as_slice(), value: &value, deadline, usage });
            self.dispose(value);
            left -= 1;
        }
        let reader = self.usage_reader();
        while left > 0 {
            let Some((walk, live)) = self.next_walk() else {
                self.snapshot.active = false;
                self.snapshot.stamp = 0;
                self.snapshot.preimages.shrink_to(0);
                return true;
            };
            let stamped = &mut self.snapshot.stamped;
            let database = if live { &mut self.dbs[walk] } else { &mut self.snapshot.detached[walk] };
            left = left.saturating_sub(walk_on(database, left, (stamped, reader), f));
            if !live && database.walk == Walk::Done {
                let database = self.snapshot.detached.swap_remove(walk);
                self.dispose_database(database);
            }
        }
        false
    }

    /// Ends the running snapshot, if any, wherever it is.
    pub fn snapshot_abort(&mut self) {
        if !self.snapshot.active {
            return;
        }
        self.snapshot.active = false;
        for database in &mut self.dbs {
            database.walk = Walk::Done;
        }
        self.snapshot.preimage_bytes = 0;
        let preimages = core::mem::take(&mut self.snapshot.preimages);
        if !preimages.is_empty() {
            self.garbage.push(Discarded::Preimages(DeadPreimages(preimages)));
        }
        for database in core::mem::take(&mut self.snapshot.detached) {
            self.dispose_database(database);
        }
    }

    /// Where the walk goes on: the lowest database by its number at the beginning; `true` = it is still in use.
    fn next_walk(&self) -> Option<(usize, bool)> {
        let live = self.dbs.iter().enumerate().map(|(at, database)| (database, at, true));
        let detached = self.snapshot.detached.iter().enumerate().map(|(at, database)| (database, at, false));
        live.chain(detached)
            .filter(|(database, ..)| database.walk != Walk::Done)
            .min_by_key(|(database, ..)| database.origin)
            .map(|(_, at, live)| (at, live))
    }

    /// Clears what aborted snapshots left behind, when their stamps run out: after 255 in a row that were aborted.
    fn clear_stamps(&mut self) {
        for database in &mut self.dbs {
            let stamped: Vec<Ix> =
                database.dict().iter().filter(|(_, entry)| entry.stamp() != 0).map(|(ix, _)| ix).collect();
            for ix in stamped {
                database.set_stamp(ix, 0);
            }
        }
    }
}

/// Visits about `budget` entries of a database and answers how many, at least 1 so that every call is progress.
fn walk_on(
    database: &mut Database,
    budget: usize,
    (stamped, reader): (&mut Vec<Ix>, UsageReader),
    f: &mut impl FnMut(SnapshotItem<'_>),
) -> usize {
    let Walk::At { next, stamp } = database.walk else { return 1 };
    let mut visited = 0;
    let (db, expiry) = (database.origin, database.expiry());
    let after = database.dict().scan(next, budget, &mut |ix, entry| {
        visited += 1;
        if entry.stamp() != 0 {
            stamped.push(ix);
        }
        if entry.stamp() != stamp {
            let deadline = entry.slot().map(|slot| expiry.deadline(slot));
            let usage = reader.usage(entry.access());
            f(SnapshotItem { db, key: entry.key(), value: &entry.value, deadline, usage });
        }
    });
    for ix in stamped.drain(..) {
        database.set_stamp(ix, 0);
    }
    database.walk = after.map_or(Walk::Done, |next| Walk::At { next, stamp });
    visited.max(1)
}

#[cfg(test)]
mod tests {
    use super::super::Ttl;
    use super::*;
    use crate::containers::dict::HashKey;

    const A: DbIndex = DbIndex(0);

    #[test]
    fn stamps_of_aborted_snapshots_are_never_mistaken() {
        let mut keyspace = Keyspace::new(2, HashKey::new([1; 16]));
        for n in 0..300_u32 {
            keyspace.set_bytes(A, std::format!("{n}").as_bytes(), b"old", Ttl::Clear);
        }
        // Each run leaves the stamp of its own on one key.
        for n in 0..300_u32 {
            keyspace.snapshot_begin();
            keyspace.set_bytes(A, std::format!("{n}").as_bytes(), b"new", Ttl::Clear);
            keyspace.snapshot_abort();
            keyspace.check();
        }
        for _ in 0..2 {
            keyspace.snapshot_begin();
            let mut shown = 0;
            while !keyspace.snapshot_step(7, &mut |_| shown += 1) {}
            assert_eq!(shown, 300);
            keyspace.check();
        }
    }

    #[test]
    fn a_slice_shows_about_its_budget() {
        let mut keyspace = Keyspace::new(2, HashKey::new([1; 16]));
        for n in 0..1000_u32 {
            keyspace.set_bytes(A, std::format!("{n}").as_bytes(), b"old", Ttl::Clear);
        }
        keyspace.snapshot_begin();
        for n in 0..1000_u32 {
            keyspace.delete(A, std::format!("{n}").as_bytes());
        }
        assert!(keyspace.snapshot_bytes() > 1000 * 48);
        let mut done = false;
        while !done {
            let mut shown = 0;
            done = keyspace.snapshot_step(10, &mut |_| shown += 1);
            assert!(shown <= 11);
        }
    }
}

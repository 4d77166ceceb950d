//! The data set as RDB, a slice at a time.
//!
//! *Owns*: [`Dump`]: the facts in front, databases and keys as the walk shows them, end and checksum.
//! *Does not own*: the walk (`keyspace`), the format (`rdb`), where the bytes go, when a slice is due.
//! *Invariants*: the bytes depend on the state at the beginning of the walk alone, never on how they were cut.

use crate::base::ids::DbIndex;
use crate::base::version::REDIS_VERSION;
use crate::keyspace::{Keyspace, SnapshotItem};
use crate::rdb::{Meta, Writer, WriterOptions, write_key};
use alloc::vec::Vec;

/// Keys between two looks at how much a slice has produced, at most.
const STEP_KEYS: usize = 16;

/// A place in a history: what the data set is the effect of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The history.
    pub id: [u8; 40],
    /// Its bytes so far.
    pub offset: i64,
    /// The database that is selected in the stream there.
    pub stream_db: DbIndex,
}

/// Facts that stand in front of the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Seconds since the epoch.
    pub unix_secs: i64,
    /// The accounted memory in bytes.
    pub used_bytes: usize,
    /// Where the data set stands in a history, if it stands in one.
    pub place: Option<Place>,
}

/// A data set that is being written.
#[derive(Clone, Debug)]
pub struct Dump {
    writer: Writer,
    db: Option<DbIndex>,
    /// Keys, and those with a deadline, of each database at the beginning; none when they are written already.
    sizes: Vec<Option<(u64, u64)>>,
    keys: u64,
    shown: u64,
}

impl Dump {
    /// The beginning. The walk begins now too, or has just begun.
    #[must_use]
    pub fn new(options: WriterOptions, facts: &Facts, keyspace: &Keyspace) -> Self {
        let mut writer = Writer::new(options);
        writer.aux(b"redis-ver", REDIS_VERSION.as_bytes());
        writer.aux_int(b"redis-bits", 64);
        writer.aux_int(b"ctime", facts.unix_secs);
        writer.aux_int(b"used-mem", facts.used_bytes as i64);
        if let Some(place) = &facts.place {
            writer.aux_int(b"repl-stream-db", i64::from(place.stream_db.0));
            writer.aux(b"repl-id", &place.id);
            writer.aux_int(b"repl-offset", place.offset);
        }
        writer.aux_int(b"aof-base", 0);
        let size = |db| Some((keyspace.len(db) as u64, keyspace.expires_count(db) as u64));
        let sizes: Vec<_> = (0..keyspace.databases()).map(|db| size(DbIndex(db))).collect();
        let keys = sizes.iter().flatten().map(|(keys, _)| keys).sum();
        Self { writer, db: None, sizes, keys, shown: 0 }
    }

    /// Keys there were at the beginning.
    #[must_use]
    pub fn keys(&self) -> u64 {
        self.keys
    }

    /// Keys written so far.
    #[must_use]
    pub fn shown(&self) -> u64 {
        self.shown
    }

    /// Writes about `bytes` more, or about `keys` keys if that is less; whether that was all. `shift_ms` is taken off every
    /// deadline; it is 0 but for a planted bug.
    pub fn slice(&mut self, keyspace: &mut Keyspace, bytes: usize, keys: u64, shift_ms: i64) -> bool {
        let Self { writer, db, sizes, shown, .. } = self;
        let until = shown.saturating_add(keys);
        let (before, first) = (writer.pending(), *shown);
        let mut show = |item: SnapshotItem<'_>| {
            if *db != Some(item.db) {
                writer.select_db(item.db);
                if let Some((keys, expires)) = sizes.get_mut(item.db.0 as usize).and_then(Option::take) {
                    writer.resize_db(keys, expires);
                }
                *db = Some(item.db);
            }
            let expire_ms = item.deadline.map(|at| at.saturating_sub(shift_ms));
            let meta = Meta { expire_ms, idle_secs: item.usage.idle_secs, freq: item.usage.freq };
            write_key(writer, item.key, &meta, item.value);
            *shown += 1;
            (writer.pending(), *shown)
        };
        // Where values are large, few of them fill a slice.
        let mut step = 1;
        loop {
            let mut so_far = (0, 0);
            let done = keyspace.snapshot_step(step, &mut |item| so_far = show(item));
            let per_key = so_far.0.saturating_sub(before) as u64 / so_far.1.saturating_sub(first).max(1);
            step = (bytes as u64 / (8 * per_key.max(1))).clamp(1, STEP_KEYS as u64) as usize;
            if done || so_far.0 >= bytes || so_far.1 >= until {
                return done;
            }
        }
    }

    /// What was written since the last time.
    pub fn take(&mut self) -> Vec<u8> {
        self.writer.take()
    }

    /// The rest with the end, when all was written.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        self.writer.finish()
    }
}

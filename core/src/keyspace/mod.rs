//! Floor 3: the databases of a node.
//!
//! *Owns*: [`Keyspace`]: keys with their values, deadlines and access times; scanning; the log of changed keys; the
//! side of a snapshot that must see every change; the count of memory; the digest.
//! *Does not own*: what follows from a change (`engine` drains the logs), how a snapshot is written (`rdb`,
//! `persistence`), when anything runs (`node`). It reads no clock: [`Keyspace::begin`] says what time it is.
//! *Invariants*: time inside one command is frozen. A stored value changes only through this module, so that count
//! of memory, digest, snapshot and touch log are never bypassed. Finding a key hashes it once. After warm-up a read,
//! and an overwrite that fits in place, allocate nothing. What would take long to drop ends in a list of
//! [`Discarded`] that the caller hands on.

mod audit;
mod database;
mod entry;
mod expiry;
#[cfg(test)]
mod model;
mod read;
mod scan;
mod snapshot;
mod touched;
mod usage;
mod whole;
mod write;

pub use snapshot::SnapshotItem;
pub use touched::Touched;
pub use usage::{Tracking, Usage};
pub use write::{Copied, Edited};

use crate::base::ids::DbIndex;
use crate::containers::dict::{Hash, HashKey, Ix};
use crate::contract::Garbage;
use crate::value::{SmallBytes, Value};
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use database::Database;
use snapshot::{Preimage, Snapshot};
use touched::TouchLog;
use usage::UsageRule;

/// From this cost on ([`Value::free_cost`]), a dead value is left for someone else to drop.
const FREE_COST_MAX: usize = 64;
/// Room for dead keys that is kept between commands.
const KEEP_EXPIRED: usize = 1024;

/// All databases of a node.
#[derive(Clone)]
pub struct Keyspace {
    dbs: Vec<Database>,
    hash: HashKey,
    /// Unix time of the command that runs, in milliseconds.
    now_ms: i64,
    /// The same in seconds, for access times.
    clock: u32,
    policy: ExpiryPolicy,
    no_touch: bool,
    /// What is remembered of the use of keys.
    usage: UsageRule,
    /// Whether that is a count.
    counts_uses: bool,
    used: usize,
    hits: u64,
    misses: u64,
    /// Whether lookups count: those of writing commands do not.
    counting: bool,
    /// Whether [`Notice::Missed`] and [`Notice::Created`] are noted.
    notices: (bool, bool),
    dirty: u64,
    /// One more than the highest database that ever had a deadline.
    deadline_dbs: usize,
    touched: TouchLog,
    expired: Vec<Expired>,
    garbage: Vec<Discarded>,
    snapshot: Snapshot,
    digesting: bool,
}

/// What becomes of a key whose deadline has passed. It has passed when the time is later than it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExpiryPolicy {
    /// It is removed as soon as it is met: a master.
    Delete,
    /// It is missing for every reader and stays where it is: a replica serving clients.
    Hide,
    /// It is there as if it had no deadline: applying a master's stream, loading a file.
    Ignore,
}

/// What a write does to the deadline of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ttl {
    /// The key does not expire any more.
    Clear,
    /// As it was; none for a new key.
    Keep,
    /// Unix time in milliseconds.
    At(i64),
}

/// What happened to a key aside from what the command asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// It was removed because its deadline had passed.
    Expired,
    /// A reader looked for it in vain. Noted only when asked for.
    Missed,
    /// It did not exist before. Noted only when asked for.
    Created,
}

/// A key with what happened to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expired {
    /// What happened.
    pub notice: Notice,
    /// Where.
    pub db: DbIndex,
    /// The key.
    pub key: SmallBytes,
}

/// Something dead whose drop may take long.
#[derive(Clone)]
pub enum Discarded {
    /// A big value.
    Value(Value),
    /// A whole database.
    Database(DeadDatabase),
    /// The room for many deadlines, after the last of them.
    Deadlines(DeadDeadlines),
    /// What a snapshot kept when it was aborted.
    Preimages(DeadPreimages),
}

/// The contents of a database that was emptied or replaced.
#[derive(Clone)]
pub struct DeadDatabase(#[expect(dead_code, reason = "kept only to be dropped")] Box<Database>);

const _: () = {
    const fn can_be_handed_to_the_driver<T: Garbage>() {}
    can_be_handed_to_the_driver::<Discarded>();
};

/// Room for deadlines that nobody needs any more.
#[derive(Clone)]
pub struct DeadDeadlines(#[expect(dead_code, reason = "kept only to be dropped")] Vec<Box<[i64]>>);

/// Old values that nobody will be shown any more.
#[derive(Clone)]
pub struct DeadPreimages(#[expect(dead_code, reason = "kept only to be dropped")] VecDeque<Preimage>);

/// Where a key is, seen with the policy of the command.
#[derive(Clone, Copy)]
enum Found {
    /// Not there.
    Absent,
    /// There, but expired, and not ours to remove.
    Hidden(Ix),
    /// There.
    Live(Ix),
}

impl Keyspace {
    /// `databases` empty databases whose tables hash with `hash`.
    #[must_use]
    pub fn new(databases: u32, hash: HashKey) -> Self {
        let dbs: Vec<_> = (0..databases).map(|_| Database::new(false)).collect();
        let used = dbs.iter().map(Database::footprint).sum();
        Self {
            dbs,
            hash,
            now_ms: 0,
            clock: 0,
            policy: ExpiryPolicy::Delete,
            no_touch: false,
            usage: UsageRule::default(),
            counts_uses: false,
            used,
            hits: 0,
            misses: 0,
            counting: true,
            notices: (false, false),
            dirty: 0,
            deadline_dbs: 0,
            touched: TouchLog::default(),
            expired: Vec::new(),
            garbage: Vec::new(),
            snapshot: Snapshot::default(),
            digesting: false,
        }
    }

    /// An empty keyspace of the same shape, to be filled and then taken over by [`Keyspace::replace_all`].
    #[must_use]
    pub fn empty_twin(&self) -> Self {
        let mut twin = Self::new(self.dbs.len() as u32, self.hash.clone());
        twin.begin(self.now_ms, ExpiryPolicy::Ignore);
        (twin.usage, twin.counts_uses) = (self.usage.clone(), self.counts_uses);
        if self.digesting {
            twin.enable_digest();
        }
        twin
    }

    /// The time and the policy of everything that follows, until the next call.
    #[inline]
    pub fn begin(&mut self, unix_ms: i64, policy: ExpiryPolicy) {
        self.now_ms = unix_ms;
        self.clock = unix_ms.div_euclid(1000) as u32;
        self.policy = policy;
    }

    /// The time given to [`Keyspace::begin`].
    #[must_use]
    pub fn now_ms(&self) -> i64 {
        self.now_ms
    }

    /// The secret that tables inside values hash with too.
    #[must_use]
    #[inline]
    pub fn hash_key(&self) -> &HashKey {
        &self.hash
    }

    /// Number of databases.
    #[must_use]
    pub fn databases(&self) -> u32 {
        self.dbs.len() as u32
    }

    /// Reads leave access times alone while this is set (`CLIENT NO-TOUCH`).
    pub fn set_no_touch(&mut self, no_touch: bool) {
        self.no_touch = no_touch;
    }

    /// Whether lookups count as hits and misses from now on (not in commands that write).
    #[inline]
    pub fn set_counting(&mut self, counting: bool) {
        self.counting = counting;
    }

    /// Whether lookups in vain and new keys are noted in [`Keyspace::expired`].
    pub fn set_notices(&mut self, missed: bool, created: bool) {
        self.notices = (missed, created);
    }

    /// Whether changes are logged for [`Keyspace::touched`]; disarming forgets the log.
    pub fn set_watching(&mut self, watching: bool) {
        self.touched.arm(watching);
    }

    /// What changed since [`Keyspace::clear_touched`], in order, while watching.
    pub fn touched(&self) -> impl Iterator<Item = Touched<'_>> {
        self.touched.iter()
    }

    /// Forgets what changed.
    pub fn clear_touched(&mut self) {
        self.touched.clear();
    }

    /// Counts changes of keys since the node began; expiry is none. Callers that count by elements add the rest.
    #[must_use]
    pub fn dirty(&self) -> u64 {
        self.dirty
    }

    /// Adds to the count of changes.
    pub fn add_dirty(&mut self, changes: u64) {
        self.dirty += changes;
    }

    /// Successful and failed lookups since [`Keyspace::reset_stats`].
    #[must_use]
    pub fn hits_misses(&self) -> (u64, u64) {
        (self.hits, self.misses)
    }

    /// Starts counting lookups anew.
    pub fn reset_stats(&mut self) {
        (self.hits, self.misses) = (0, 0);
    }

    /// Keys removed because they had expired, and whatever else is noted, in order, since
    /// [`Keyspace::clear_expired`].
    #[must_use]
    #[inline]
    pub fn expired(&self) -> &[Expired] {
        &self.expired
    }

    /// Forgets the removed keys and keeps some room.
    #[inline]
    pub fn clear_expired(&mut self) {
        self.expired.clear();
        self.expired.shrink_to(KEEP_EXPIRED);
    }

    /// Exchanges the list of removed keys for an empty one, so that the caller may read it while it changes keys.
    pub fn swap_expired(&mut self, other: &mut Vec<Expired>) {
        other.clear();
        core::mem::swap(&mut self.expired, other);
    }

    /// Whether anything dead waits to be handed on.
    #[must_use]
    #[inline]
    pub fn has_garbage(&self) -> bool {
        !self.garbage.is_empty()
    }

    /// Everything dead that may take long to drop.
    pub fn take_garbage(&mut self) -> Vec<Discarded> {
        core::mem::take(&mut self.garbage)
    }

    #[inline]
    fn db(&self, db: DbIndex) -> &Database {
        &self.dbs[db.0 as usize]
    }

    /// Leaves a whole database for someone else to drop.
    fn dispose_database(&mut self, database: Database) {
        self.garbage.push(Discarded::Database(DeadDatabase(Box::new(database))));
    }

    /// Changes a database and keeps the count of memory.
    #[inline]
    fn with_db<R>(&mut self, db: DbIndex, f: impl FnOnce(&mut Database) -> R) -> R {
        let database = &mut self.dbs[db.0 as usize];
        let before = database.footprint();
        let result = f(database);
        self.used = self.used + database.footprint() - before;
        if let Some(slots) = database.take_retired() {
            self.garbage.push(Discarded::Deadlines(DeadDeadlines(slots)));
        }
        result
    }

    /// Changes a database in nothing but keys and values, and keeps the count of memory.
    #[inline]
    fn with_values<R>(&mut self, db: DbIndex, f: impl FnOnce(&mut Database) -> R) -> R {
        let database = &mut self.dbs[db.0 as usize];
        let before = database.payload();
        let result = f(database);
        self.used = self.used + database.payload() - before;
        result
    }

    /// Finds a key under the policy of the command; removes it when it is expired and ours to remove.
    #[inline]
    fn locate(&mut self, db: DbIndex, key: &[u8]) -> (Hash, Found) {
        let hash = self.hash.hash(key);
        let database = self.db(db);
        let found = match database.dict().find(hash, key) {
            None => Found::Absent,
            Some(ix) if database.dict().get(ix).slot().is_none() => Found::Live(ix),
            Some(ix) => self.judge(db, hash, ix),
        };
        (hash, found)
    }

    /// Counts a lookup that found the key, or did not.
    #[inline]
    fn count_lookup(&mut self, db: DbIndex, key: &[u8], found: bool) {
        if !self.counting {
            return;
        }
        if found {
            self.hits += 1;
            return;
        }
        self.misses += 1;
        if self.notices.0 {
            self.expired.push(Expired { notice: Notice::Missed, db, key: SmallBytes::new(key) });
        }
    }

    /// What a key with a deadline counts as.
    fn judge(&mut self, db: DbIndex, hash: Hash, ix: Ix) -> Found {
        if !self.is_expired(self.db(db).deadline(ix)) {
            return Found::Live(ix);
        }
        if self.policy == ExpiryPolicy::Hide {
            return Found::Hidden(ix);
        }
        self.expire(db, hash, ix);
        Found::Absent
    }

    /// Whether a key with this deadline is missing for the command.
    #[inline]
    fn is_expired(&self, deadline: Option<i64>) -> bool {
        self.policy != ExpiryPolicy::Ignore && deadline.is_some_and(|deadline| self.now_ms > deadline)
    }

    /// Logs a changed key.
    #[inline]
    fn changed(&mut self, db: DbIndex, key: &[u8]) {
        self.dirty += 1;
        self.touched.key(db, key);
    }

    /// Takes over a value, or a part of one, that a command has no more use for.
    pub fn discard(&mut self, value: Value) {
        self.dispose(value);
    }

    /// Drops a dead value, or leaves it for someone else.
    #[inline]
    fn dispose(&mut self, value: Value) {
        if value.free_cost() >= FREE_COST_MAX {
            self.garbage.push(Discarded::Value(value));
        }
    }
}

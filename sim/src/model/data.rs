//! The data of one server: ordered maps of values of every type, and what changed in them.
//!
//! *Owns*: keys, values, deadlines, versions for WATCH, the log of changes. *Does not own*: commands.
//! *Invariants*: an aggregate that is empty is not there, except a stream.

use super::{Expect, Stream};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Number of databases of every simulated server.
pub const DATABASES: usize = 4;

pub(super) const WRONG_TYPE: &str = "WRONGTYPE Operation against a key holding the wrong kind of value";

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A string.
    Str(Vec<u8>),
    /// A list.
    List(VecDeque<Vec<u8>>),
    /// A hash.
    Hash(BTreeMap<Vec<u8>, Vec<u8>>),
    /// A set.
    Set(BTreeSet<Vec<u8>>),
    /// A sorted set: scores by member.
    ZSet(BTreeMap<Vec<u8>, f64>),
    /// A stream.
    Stream(Box<Stream>),
}

impl Value {
    /// The type as TYPE names it.
    #[must_use]
    pub const fn type_name(&self) -> &'static str {
        match self {
            Self::Str(_) => "string",
            Self::List(_) => "list",
            Self::Hash(_) => "hash",
            Self::Set(_) => "set",
            Self::ZSet(_) => "zset",
            Self::Stream(_) => "stream",
        }
    }

    fn is_empty(&self) -> bool {
        match self {
            Self::Str(_) | Self::Stream(_) => false,
            Self::List(list) => list.is_empty(),
            Self::Hash(hash) => hash.is_empty(),
            Self::Set(set) => set.is_empty(),
            Self::ZSet(zset) => zset.is_empty(),
        }
    }
}

/// A kind of value that a command asks for.
pub(super) trait Kind: Sized {
    fn of(value: &Value) -> Option<&Self>;
    fn of_mut(value: &mut Value) -> Option<&mut Self>;
    fn empty() -> Value;
}

macro_rules! kinds {
    ($($kind:ty = $variant:ident;)*) => {
        $(impl Kind for $kind {
            fn of(value: &Value) -> Option<&Self> {
                if let Value::$variant(inner) = value { Some(inner) } else { None }
            }
            fn of_mut(value: &mut Value) -> Option<&mut Self> {
                if let Value::$variant(inner) = value { Some(inner) } else { None }
            }
            fn empty() -> Value {
                Value::$variant(Default::default())
            }
        })*
    };
}

kinds! {
    Vec<u8> = Str;
    VecDeque<Vec<u8>> = List;
    BTreeMap<Vec<u8>, Vec<u8>> = Hash;
    BTreeSet<Vec<u8>> = Set;
    BTreeMap<Vec<u8>, f64> = ZSet;
    Box<Stream> = Stream;
}

/// A key's value and its deadline in milliseconds since 1970.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The value.
    pub value: Value,
    /// Expires after this time.
    pub deadline: Option<i64>,
}

/// Something that happened to a key, as a keyspace notification names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its name.
    pub name: &'static str,
    /// The database.
    pub db: usize,
    /// The key.
    pub key: Vec<u8>,
}

/// What was touched.
#[derive(Clone, Debug)]
pub(super) enum Touched {
    Key(usize, Vec<u8>),
    Database(usize),
}

/// The data of one server.
#[derive(Clone, Debug, Default)]
pub struct Data {
    /// The databases.
    pub dbs: [BTreeMap<Vec<u8>, Entry>; DATABASES],
    /// How often each key was changed; for WATCH.
    versions: BTreeMap<(usize, Vec<u8>), u64>,
    /// Time of the command under way.
    pub now_ms: i64,
    /// Keys are never treated as expired: the stream of a master is being applied.
    pub immortal: bool,
    /// Changes are logged in `events`.
    pub logging: bool,
    /// What happened since it was emptied last.
    pub events: Vec<Event>,
    /// What was touched since, while anyone waits for keys.
    pub(super) touched: Vec<Touched>,
    pub(super) watched: bool,
    /// Expiries that may still be told, and those of keys still here that were: the server removes an expired key at a
    /// time of its own.
    untold: BTreeMap<(usize, Vec<u8>), u32>,
    told: BTreeSet<(usize, Vec<u8>)>,
}

impl Data {
    /// A key that is there and has not expired.
    #[must_use]
    pub fn live(&self, db: usize, key: &[u8]) -> Option<&Entry> {
        self.dbs[db].get(key).filter(|e| !self.due(e))
    }

    /// Whether an entry has expired.
    #[must_use]
    pub fn due(&self, entry: &Entry) -> bool {
        !self.immortal && entry.deadline.is_some_and(|d| self.now_ms > d)
    }

    /// Removes the key if it has expired, as an access to it does.
    fn settle(&mut self, db: usize, key: &[u8]) {
        if self.dbs[db].get(key).is_some_and(|e| self.due(e)) {
            self.dbs[db].remove(key);
            self.expiry(db, key);
        }
    }

    /// An expired key is gone; its notification came already or may come yet.
    fn expiry(&mut self, db: usize, key: &[u8]) {
        let at = (db, key.to_vec());
        if self.logging && !self.told.remove(&at) {
            *self.untold.entry(at).or_default() += 1;
        }
    }

    /// The server has removed a key that had expired.
    pub fn forget_expired(&mut self, db: usize, key: &[u8]) {
        self.dbs[db].remove(key);
        self.expiry(db, key);
    }

    /// A notification says that a key expired; whether that may be.
    pub fn expiry_told(&mut self, db: usize, key: &[u8]) -> bool {
        let at = (db, key.to_vec());
        match self.untold.get_mut(&at).filter(|n| **n > 0) {
            Some(n) => {
                *n -= 1;
                true
            }
            None => self.dbs[db].get(key).is_some_and(|e| self.due(e)) && self.told.insert(at),
        }
    }

    /// The value of a key as this type.
    pub(super) fn get<K: Kind>(&self, db: usize, key: &[u8]) -> Result<Option<&K>, Expect> {
        let Some(entry) = self.live(db, key) else { return Ok(None) };
        K::of(&entry.value).map(Some).ok_or_else(|| Expect::error(WRONG_TYPE))
    }

    /// The value of a key as this type, to be changed; an empty one is made when there is none. [`Data::changed`] or
    /// [`Data::unchanged`] must follow.
    pub(super) fn open<K: Kind>(&mut self, db: usize, key: &[u8]) -> Result<&mut K, Expect> {
        self.settle(db, key);
        let fresh = || Entry { value: K::empty(), deadline: None };
        let entry = self.dbs[db].entry(key.to_vec()).or_insert_with(fresh);
        K::of_mut(&mut entry.value).ok_or_else(|| Expect::error(WRONG_TYPE))
    }

    /// The same for a key that must be there.
    pub(super) fn open_old<K: Kind>(&mut self, db: usize, key: &[u8]) -> Result<Option<&mut K>, Expect> {
        self.settle(db, key);
        let Some(entry) = self.dbs[db].get_mut(key) else { return Ok(None) };
        K::of_mut(&mut entry.value).map(Some).ok_or_else(|| Expect::error(WRONG_TYPE))
    }

    /// The value of a key was changed in place.
    pub(super) fn changed(&mut self, db: usize, key: &[u8], event: &'static str) {
        self.touch(db, key);
        self.note(event, db, key);
        if self.dbs[db].get(key).is_some_and(|e| e.value.is_empty()) {
            self.dbs[db].remove(key);
            self.note("del", db, key);
        }
    }

    /// The value of a key was looked at to be changed, and was not.
    pub(super) fn unchanged(&mut self, db: usize, key: &[u8]) {
        if self.dbs[db].get(key).is_some_and(|e| e.value.is_empty()) {
            self.dbs[db].remove(key);
        }
    }

    /// Sets a key.
    pub(super) fn put(&mut self, db: usize, key: &[u8], value: Value, deadline: Option<i64>) {
        self.settle(db, key);
        self.dbs[db].insert(key.to_vec(), Entry { value, deadline });
        self.touch(db, key);
    }

    /// Sets a key to the result of a command, which may be nothing: then the key goes. Says how many elements that were.
    pub(super) fn store(&mut self, db: usize, key: &[u8], value: Value, event: &'static str) {
        if value.is_empty() {
            if self.remove(db, key).is_some() {
                self.note("del", db, key);
            }
            return;
        }
        self.put(db, key, value, None);
        self.note(event, db, key);
    }

    /// Changes a string and keeps the deadline.
    pub(super) fn edit(&mut self, db: usize, key: &[u8], value: Vec<u8>) {
        let deadline = self.live(db, key).and_then(|e| e.deadline);
        self.put(db, key, Value::Str(value), deadline);
    }

    pub(super) fn remove(&mut self, db: usize, key: &[u8]) -> Option<Entry> {
        self.settle(db, key);
        let entry = self.dbs[db].remove(key)?;
        self.touch(db, key);
        Some(entry)
    }

    /// Logs a change.
    pub(super) fn note(&mut self, name: &'static str, db: usize, key: &[u8]) {
        if self.logging {
            self.events.push(Event { name, db, key: key.to_vec() });
        }
    }

    pub(super) fn touch(&mut self, db: usize, key: &[u8]) {
        *self.versions.entry((db, key.to_vec())).or_default() += 1;
        self.wake(db, key);
    }

    /// Those who wait for a key are to look at it.
    pub(super) fn wake(&mut self, db: usize, key: &[u8]) {
        if self.watched {
            self.touched.push(Touched::Key(db, key.to_vec()));
        }
    }

    pub(super) fn version(&self, db: usize, key: &[u8]) -> u64 {
        self.versions.get(&(db, key.to_vec())).copied().unwrap_or(0)
    }

    pub(super) fn flush(&mut self, db: usize) {
        let keys: Vec<Vec<u8>> = self.dbs[db].keys().cloned().collect();
        for key in keys {
            if self.dbs[db].get(&key).is_some_and(|e| self.due(e)) {
                self.expiry(db, &key);
            } else {
                *self.versions.entry((db, key)).or_default() += 1;
            }
        }
        self.dbs[db].clear();
        self.touched_database(db);
    }

    fn touched_database(&mut self, db: usize) {
        if self.watched {
            self.touched.push(Touched::Database(db));
        }
    }

    fn live_keys(&self, db: usize) -> Vec<Vec<u8>> {
        self.dbs[db].iter().filter(|(_, e)| !self.due(e)).map(|(k, _)| k.clone()).collect()
    }

    pub(super) fn swap(&mut self, a: usize, b: usize) {
        for key in self.live_keys(a).into_iter().chain(self.live_keys(b)) {
            *self.versions.entry((a, key.clone())).or_default() += 1;
            *self.versions.entry((b, key)).or_default() += 1;
        }
        for db in [a, b] {
            let due = self.dbs[db].iter().filter(|(_, e)| self.due(e)).map(|(k, _)| k.clone());
            let due: Vec<Vec<u8>> = due.collect();
            // Whichever number the database has when they go.
            due.iter().for_each(|key| [a, b].iter().for_each(|db| self.expiry(*db, key)));
        }
        self.dbs.swap(a, b);
        self.touched_database(a);
        self.touched_database(b);
    }
}

//! A naive Redis of strings: what each reply must be.
//!
//! *Owns*: the meaning of the commands that the workload sends, told with ordered maps and nothing clever.
//! *Does not own*: any encoding, index or incremental figure; speed. *Invariants*: it shares no code with the core; what
//! it does not know it expects loosely (a [`Expect::Shape`]) rather than wrongly.

mod keys;
mod session;
mod strings;

use crate::client::frame::Args;
use crate::client::reply::Reply;
use std::collections::{BTreeMap, BTreeSet};

pub use session::Session;

/// What a reply must be.
#[derive(Clone, Debug, PartialEq)]
pub enum Expect {
    /// This.
    Exact(Reply),
    /// Any reply of these kinds, see [`shape`].
    Shape(u16),
    /// A number in this range, both ends included.
    Between(i64, i64),
    /// An array of these in any order.
    Unordered(BTreeSet<Vec<u8>>),
    /// A bulk that is one of these; nil when there are none.
    OneOf(BTreeSet<Vec<u8>>),
    /// An array whose elements are these.
    Each(Vec<Expect>),
    /// Confirmations of a subscription: (word, channel, count) each.
    Confirm(Vec<(&'static str, Vec<u8>, i64)>),
}

/// Kinds of replies as bits.
pub mod shape {
    /// A status.
    pub const STATUS: u16 = 1;
    /// An error.
    pub const ERROR: u16 = 2;
    /// A number.
    pub const INT: u16 = 4;
    /// A bulk.
    pub const BULK: u16 = 8;
    /// Nil of either kind.
    pub const NIL: u16 = 16;
    /// An array.
    pub const ARRAY: u16 = 32;
    /// A map or a set.
    pub const MAP: u16 = 64;
    /// Anything that is one whole reply and no push.
    pub const ANY: u16 = 127;

    use crate::client::reply::Reply;

    /// The bit of a reply's kind.
    #[must_use]
    pub const fn of(reply: &Reply) -> u16 {
        match reply {
            Reply::Status(_) => STATUS,
            Reply::Error(_) => ERROR,
            Reply::Int(_) | Reply::Double(_) | Reply::BigNumber(_) | Reply::Bool(_) => INT,
            Reply::Bulk(_) => BULK,
            Reply::Null | Reply::NullArray => NIL,
            Reply::Array(_) => ARRAY,
            Reply::Map(_) | Reply::Set(_) => MAP,
            Reply::Push(_) => 0,
        }
    }
}

impl Expect {
    /// `+OK`
    #[must_use]
    pub fn ok() -> Self {
        Self::status("OK")
    }

    /// A status.
    #[must_use]
    pub fn status(text: &str) -> Self {
        Self::Exact(Reply::Status(text.into()))
    }

    /// An error.
    #[must_use]
    pub fn error(text: &str) -> Self {
        Self::Exact(Reply::Error(text.into()))
    }

    /// A number.
    #[must_use]
    pub const fn int(n: i64) -> Self {
        Self::Exact(Reply::Int(n))
    }

    /// A bulk.
    #[must_use]
    pub fn bulk(bytes: &[u8]) -> Self {
        Self::Exact(Reply::Bulk(bytes.to_vec()))
    }

    /// A bulk or nil.
    #[must_use]
    pub fn maybe(bytes: Option<&[u8]>) -> Self {
        Self::Exact(bytes.map_or(Reply::Null, |b| Reply::Bulk(b.to_vec())))
    }

    /// About how many bytes the reply takes, rather too many than too few.
    #[must_use]
    pub fn size(&self) -> u64 {
        match self {
            Self::Exact(Reply::Bulk(b) | Reply::Error(b)) => b.len() as u64 + 24,
            Self::Exact(_) | Self::Between(..) | Self::OneOf(_) => 64,
            Self::Shape(_) => 2_500,
            Self::Unordered(all) => all.iter().map(|b| b.len() as u64 + 16).sum::<u64>() + 16,
            Self::Each(all) => all.iter().map(Self::size).sum::<u64>() + 16,
            Self::Confirm(all) => all.len() as u64 * 80,
        }
    }

    /// Whether a reply is as expected.
    #[must_use]
    pub fn fits(&self, reply: &Reply) -> bool {
        match self {
            Self::Exact(expected) => expected == reply,
            Self::Shape(bits) => bits & shape::of(reply) != 0,
            Self::Between(low, high) => matches!(reply, Reply::Int(n) if (low..=high).contains(&n)),
            Self::Unordered(expected) => match reply {
                Reply::Array(all) => {
                    let got: BTreeSet<Vec<u8>> = all
                        .iter()
                        .filter_map(|r| if let Reply::Bulk(b) = r { Some(b.clone()) } else { None })
                        .collect();
                    all.len() == expected.len() && got == *expected
                }
                _ => false,
            },
            Self::OneOf(all) if all.is_empty() => *reply == Reply::Null,
            Self::OneOf(all) => matches!(reply, Reply::Bulk(b) if all.contains(b)),
            Self::Each(all) => match reply {
                Reply::Array(got) => all.len() == got.len() && all.iter().zip(got).all(|(e, r)| e.fits(r)),
                _ => false,
            },
            Self::Confirm(_) => false,
        }
    }
}

/// A key's value and its deadline in milliseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The string.
    pub value: Vec<u8>,
    /// Expires after this time.
    pub deadline: Option<i64>,
}

/// Number of databases of every simulated server.
pub const DATABASES: usize = 4;

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
        }
    }

    fn get(&self, db: usize, key: &[u8]) -> Option<&[u8]> {
        self.live(db, key).map(|e| e.value.as_slice())
    }

    fn put(&mut self, db: usize, key: &[u8], value: Vec<u8>, deadline: Option<i64>) {
        self.dbs[db].insert(key.to_vec(), Entry { value, deadline });
        self.touch(db, key);
    }

    /// Changes the value and keeps the deadline.
    fn edit(&mut self, db: usize, key: &[u8], value: Vec<u8>) {
        let deadline = self.live(db, key).and_then(|e| e.deadline);
        self.put(db, key, value, deadline);
    }

    fn remove(&mut self, db: usize, key: &[u8]) -> Option<Entry> {
        self.settle(db, key);
        let entry = self.dbs[db].remove(key)?;
        self.touch(db, key);
        Some(entry)
    }

    fn touch(&mut self, db: usize, key: &[u8]) {
        *self.versions.entry((db, key.to_vec())).or_default() += 1;
    }

    fn version(&self, db: usize, key: &[u8]) -> u64 {
        self.versions.get(&(db, key.to_vec())).copied().unwrap_or(0)
    }

    fn flush(&mut self, db: usize) {
        for key in self.live_keys(db) {
            self.touch(db, &key);
        }
        self.dbs[db].clear();
    }

    fn live_keys(&self, db: usize) -> Vec<Vec<u8>> {
        self.dbs[db].iter().filter(|(_, e)| !self.due(e)).map(|(k, _)| k.clone()).collect()
    }

    fn swap(&mut self, a: usize, b: usize) {
        for key in self.live_keys(a).into_iter().chain(self.live_keys(b)) {
            self.touch(a, &key);
            self.touch(b, &key);
        }
        self.dbs.swap(a, b);
    }
}

/// One server as the model sees it.
#[derive(Clone, Debug, Default)]
pub struct Model {
    /// Its data.
    pub data: Data,
    /// Its connections by number.
    pub sessions: BTreeMap<u32, Session>,
    /// Messages that a command sent, by connection: (connection, push).
    pub pushed: Vec<(u32, Reply)>,
    /// Writes are refused.
    pub replica: bool,
}

impl Model {
    /// Runs a command of connection `conn` at `now_ms` and says what the reply must be.
    pub fn execute(&mut self, conn: u32, args: &Args, now_ms: i64) -> Expect {
        self.data.now_ms = now_ms;
        let mut session = self.sessions.remove(&conn).unwrap_or_default();
        let expect = self.in_session(conn, &mut session, args);
        self.sessions.insert(conn, session);
        expect
    }

    /// Applies a command of the master's stream to database `db`; says which one is selected after it.
    pub fn apply(&mut self, db: usize, args: &Args, now_ms: i64) -> usize {
        self.data.now_ms = now_ms;
        self.data.immortal = true;
        let mut selected = db;
        let name = args.at(0).to_ascii_lowercase();
        if name == b"select" {
            selected = keys::db_index(args.at(1)).unwrap_or(db);
        } else {
            let mut session = Session::in_db(db);
            let _ = self.command(u32::MAX, &mut session, &name, args);
        }
        self.data.immortal = false;
        selected
    }

    /// Runs one command outside any transaction.
    fn command(&mut self, conn: u32, session: &mut Session, name: &[u8], args: &Args) -> Expect {
        strings::run(&mut self.data, session.db, name, args)
            .or_else(|| keys::run(&mut self.data, session.db, name, args))
            .or_else(|| self.other(conn, session, name, args))
            .unwrap_or(Expect::Shape(shape::ANY))
    }
}

/// The number in an argument, by Redis's strict rules.
fn number(text: &[u8]) -> Option<i64> {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    let canonical = !digits.is_empty()
        && digits.len() < 20
        && digits.iter().all(u8::is_ascii_digit)
        && (digits[0] != b'0' || text == b"0");
    canonical.then(|| std::str::from_utf8(text).ok()?.parse().ok()).flatten()
}

const NOT_INTEGER: &str = "ERR value is not an integer or out of range";
const SYNTAX: &str = "ERR syntax error";

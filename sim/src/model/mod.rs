//! A naive Redis: what each reply must be, which keys change, who is served.
//!
//! *Owns*: the meaning of the commands that the workload sends, told with ordered maps and nothing clever; one file for
//! each family. *Does not own*: any encoding, index or incremental figure; speed. *Invariants*: it shares no code with the
//! core; what it does not know it expects loosely (a [`Expect::Shape`]) rather than wrongly.

mod blocking;
mod data;
mod expect;
mod geo;
mod groups;
mod hashes;
mod keys;
mod lists;
mod session;
mod sets;
mod streams;
mod strings;
mod zset_ranges;
mod zsets;

use crate::client::frame::Args;
use crate::client::reply::Reply;
use std::collections::{BTreeMap, VecDeque};

pub use blocking::Wait;
pub use data::{DATABASES, Data, Entry, Event, Value};
pub use expect::{Expect, shape};
pub use session::Session;
pub use streams::{Group, Id, Pending, Stream};

/// One server as the model sees it.
#[derive(Clone, Debug, Default)]
pub struct Model {
    /// Its data.
    pub data: Data,
    /// Its connections by number.
    pub sessions: BTreeMap<u32, Session>,
    /// Messages that a command sent, by connection: (connection, push).
    pub pushed: Vec<(u32, Reply)>,
    /// Replies that are due, in order: (connection, reply).
    pub answers: Vec<(u32, Expect)>,
    /// Writes are refused.
    pub replica: bool,
    /// Notifications are sent to channels of keys, of events.
    pub notifies: (bool, bool),
    /// The data is not known: nobody is made to wait.
    pub loose: bool,
    /// A choice of the server was not seen: the data is not known any more.
    pub lost: bool,
    /// The server's monotonic clock.
    pub mono_us: u64,
    /// Connections that wait for keys, by ticket.
    waiting: BTreeMap<u64, u32>,
    next_ticket: u64,
    ready_keys: VecDeque<(usize, Vec<u8>)>,
    /// Connections that waited; what they sent meanwhile runs at the end of the turn.
    free: Vec<u32>,
}

/// One command under way.
struct Call<'a> {
    data: &'a mut Data,
    db: usize,
    a: &'a Args,
    resp3: bool,
    /// What the server answered, for commands whose effect is its choice.
    hint: Option<&'a Reply>,
    /// Such a choice was not seen.
    lost: &'a mut bool,
}

/// A reply, or an error.
type Answer = Result<Expect, Expect>;

impl Call<'_> {
    /// The value of the key in an argument.
    fn get<K: data::Kind>(&self, i: usize) -> Result<Option<&K>, Expect> {
        self.data.get(self.db, self.a.at(i))
    }

    fn stream(&self, i: usize) -> Result<Option<&Stream>, Expect> {
        Ok(self.get::<Box<Stream>>(i)?.map(|s| &**s))
    }

    fn null_array(&self) -> Expect {
        Expect::Exact(self.null_array_reply())
    }

    fn null_array_reply(&self) -> Reply {
        if self.resp3 { Reply::Null } else { Reply::NullArray }
    }
}

impl Model {
    /// Runs a command of connection `conn`, or keeps it while the connection waits. `hint` is what the server answered;
    /// it is looked at where [`Model::needs_reply`] says so. What replies must be is added to `answers`.
    pub fn execute(&mut self, conn: u32, args: &Args, now_ms: i64, hint: Option<&Reply>) {
        self.data.now_ms = now_ms;
        let session = self.sessions.entry(conn).or_default();
        if session.waits.is_some() {
            session.inbox.push_back(args.clone());
            return;
        }
        self.run(conn, args, session::Running { hint });
    }

    fn run(&mut self, conn: u32, args: &Args, running: session::Running<'_>) {
        let mut session = self.sessions.remove(&conn).unwrap_or_default();
        let expect = self.in_session(conn, &mut session, args, running);
        self.sessions.insert(conn, session);
        if let Some(expect) = expect {
            self.answers.push((conn, expect));
        }
        self.note_ready();
        self.serve();
    }

    /// Whether the model has to see what the server answers to this command.
    #[must_use]
    pub fn needs_reply(&self, conn: u32, args: &Args) -> bool {
        let chooses = |args: &Args| {
            args.at(0).eq_ignore_ascii_case(b"spop")
                || (args.at(0).eq_ignore_ascii_case(b"xtrim") && args.at(3) == b"~")
        };
        let queued = || self.sessions.get(&conn).and_then(|s| s.queue.as_ref());
        chooses(args)
            || (args.at(0).eq_ignore_ascii_case(b"exec") && queued().is_some_and(|q| q.iter().any(chooses)))
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
            let running = session::Running::default();
            let _ = self.command(u32::MAX, &mut session, &name, args, true, running);
        }
        self.data.immortal = false;
        selected
    }

    /// Runs one command outside any transaction; `None` when the client waits.
    fn command(
        &mut self,
        conn: u32,
        session: &mut Session,
        name: &[u8],
        args: &Args,
        no_wait: bool,
        running: session::Running<'_>,
    ) -> Option<Expect> {
        let mut call = Call {
            data: &mut self.data,
            db: session.db,
            a: args,
            resp3: session.resp3,
            hint: running.hint,
            lost: &mut self.lost,
        };
        let answer = if blocking::may_wait(name) {
            match blocking::run(name, &mut call, None, &[]) {
                blocking::Outcome::Done(answer) => Some(answer),
                blocking::Outcome::Nothing(wish) if !no_wait && !self.loose => {
                    session.waits = Some(Box::new(self.wait(conn, session.db, args, wish)));
                    self.tell_events();
                    return None;
                }
                blocking::Outcome::Nothing(_) if matches!(name, b"blmove" | b"brpoplpush") => {
                    Some(Ok(Expect::Exact(Reply::Null)))
                }
                blocking::Outcome::Nothing(_) => Some(Ok(call.null_array())),
            }
        } else {
            by_family(name, &mut call)
        };
        let expect = match answer {
            Some(answer) => Some(answer.unwrap_or_else(|error| error)),
            None => self.other(conn, session, name, args, running),
        };
        self.tell_events();
        Some(expect.unwrap_or(Expect::Shape(shape::ANY)))
    }
}

/// The families, each of which knows its own commands. Bitmaps, HyperLogLog, SORT and RESTORE have their place here.
fn by_family(name: &[u8], c: &mut Call<'_>) -> Option<Answer> {
    strings::run(name, c)
        .or_else(|| keys::run(c.data, c.db, name, c.a).map(Ok))
        .or_else(|| lists::run(name, c))
        .or_else(|| hashes::run(name, c))
        .or_else(|| sets::run(name, c))
        .or_else(|| zsets::run(name, c))
        .or_else(|| zset_ranges::run(name, c))
        .or_else(|| streams::run(name, c))
        .or_else(|| groups::run(name, c))
        .or_else(|| geo::run(name, c))
}

/// Replies of commands that choose at random.
mod choice {
    use super::Expect;
    use crate::client::reply::Reply;

    /// One of several bulks, or nil.
    pub(super) fn one<'r>(all: impl Iterator<Item = &'r Reply>) -> Expect {
        let bulk = |reply: &Reply| if let Reply::Bulk(b) = reply { Some(b.clone()) } else { None };
        Expect::OneOf(all.filter_map(bulk).collect())
    }

    /// So many of several; a negative number may choose one more than once.
    pub(super) fn several(from: Vec<Vec<Reply>>, count: i64) -> Expect {
        if from.is_empty() {
            return Expect::Bag(Vec::new());
        }
        let wanted = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
        let count_or_all = if count < 0 { wanted } else { wanted.min(from.len()) };
        Expect::Sample { from, count: count_or_all, distinct: count >= 0 }
    }

    /// The first of each group.
    pub(super) fn firsts(all: Vec<Vec<Reply>>) -> Vec<Vec<Reply>> {
        all.into_iter().map(|mut group| vec![group.swap_remove(0)]).collect()
    }
}

/// Pairs as the protocol shows them: in RESP3 each is an array.
fn pairs(all: Vec<Vec<Reply>>, resp3: bool) -> Vec<Vec<Reply>> {
    if resp3 { all.into_iter().map(|pair| vec![Reply::Array(pair)]).collect() } else { all }
}

/// The reply to HSCAN and its relatives: everything at once where COUNT is large.
fn scan_reply(a: &Args, all: Vec<Vec<Reply>>) -> Expect {
    if a.len() < 5 {
        return Expect::Shape(shape::ARRAY);
    }
    Expect::Each(vec![Expect::bulk(b"0"), Expect::Bag(all)])
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

/// The same, or the error that Redis answers.
fn int(text: &[u8]) -> Result<i64, Expect> {
    number(text).ok_or_else(|| Expect::error(NOT_INTEGER))
}

const NOT_INTEGER: &str = "ERR value is not an integer or out of range";
const SYNTAX: &str = "ERR syntax error";

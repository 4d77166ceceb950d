//! What belongs to one connection: database, protocol, transaction, watched keys, subscriptions.

use super::{Expect, Model, NOT_INTEGER, Wait, keys, number, shape};
use crate::client::frame::Args;
use crate::client::reply::Reply;
use std::collections::{BTreeSet, VecDeque};

/// A connection as the model sees it.
#[derive(Clone, Debug, Default)]
pub struct Session {
    /// Selected database.
    pub db: usize,
    /// Speaks RESP3.
    pub resp3: bool,
    /// CLIENT ID, where it is known.
    pub id: i64,
    /// The server's number for the connection.
    pub slot: u32,
    pub(super) queue: Option<Vec<Args>>,
    poisoned: bool,
    watched: Vec<Watch>,
    channels: BTreeSet<Vec<u8>>,
    patterns: BTreeSet<Vec<u8>>,
    name: Vec<u8>,
    /// What it waits for.
    pub(super) waits: Option<Box<Wait>>,
    /// What it sent since.
    pub(super) inbox: VecDeque<Args>,
    /// Its last command was WAIT, which may be under way.
    in_wait: bool,
}

/// What is known of a command besides its words.
#[derive(Clone, Copy, Default)]
pub(super) struct Running<'a> {
    /// What the server answered.
    pub(super) hint: Option<&'a Reply>,
}

#[derive(Clone, Debug)]
struct Watch {
    db: usize,
    key: Vec<u8>,
    version: u64,
    /// It was there and had not expired when the watch began.
    was_live: bool,
}

impl Session {
    /// A new connection that selected a database.
    pub(super) fn in_db(db: usize) -> Self {
        Self { db, ..Self::default() }
    }

    fn subscriptions(&self) -> i64 {
        (self.channels.len() + self.patterns.len()) as i64
    }

    fn leave_multi(&mut self) {
        self.queue = None;
        self.poisoned = false;
        self.watched.clear();
    }
}

/// Commands that a replica refuses, in order.
const WRITES: &[&[u8]] = &[
    b"append",
    b"blmove",
    b"blmpop",
    b"blpop",
    b"brpop",
    b"brpoplpush",
    b"bzmpop",
    b"bzpopmax",
    b"bzpopmin",
    b"copy",
    b"decr",
    b"decrby",
    b"del",
    b"expire",
    b"expireat",
    b"flushall",
    b"flushdb",
    b"geoadd",
    b"geosearchstore",
    b"getdel",
    b"getex",
    b"getset",
    b"hdel",
    b"hincrby",
    b"hincrbyfloat",
    b"hmset",
    b"hset",
    b"hsetnx",
    b"incr",
    b"incrby",
    b"incrbyfloat",
    b"linsert",
    b"lmove",
    b"lmpop",
    b"lpop",
    b"lpush",
    b"lpushx",
    b"lrem",
    b"lset",
    b"ltrim",
    b"move",
    b"mset",
    b"msetnx",
    b"persist",
    b"pexpire",
    b"pexpireat",
    b"psetex",
    b"rename",
    b"renamenx",
    b"rpop",
    b"rpoplpush",
    b"rpush",
    b"rpushx",
    b"sadd",
    b"sdiffstore",
    b"set",
    b"setex",
    b"setnx",
    b"setrange",
    b"sinterstore",
    b"smove",
    b"spop",
    b"srem",
    b"sunionstore",
    b"swapdb",
    b"unlink",
    b"xack",
    b"xadd",
    b"xautoclaim",
    b"xclaim",
    b"xdel",
    b"xgroup",
    b"xreadgroup",
    b"xsetid",
    b"xtrim",
    b"zadd",
    b"zdiffstore",
    b"zincrby",
    b"zinterstore",
    b"zmpop",
    b"zpopmax",
    b"zpopmin",
    b"zrangestore",
    b"zrem",
    b"zremrangebylex",
    b"zremrangebyrank",
    b"zremrangebyscore",
    b"zunionstore",
];

/// Whether a command, its name in small letters, changes keys.
fn is_write(name: &[u8]) -> bool {
    WRITES.binary_search(&name).is_ok()
}

const READONLY: &str = "READONLY You can't write against a read only replica.";

impl Model {
    /// Runs a command in its connection: the refusals, the transaction, then the command itself.
    pub(super) fn in_session(
        &mut self,
        conn: u32,
        session: &mut Session,
        args: &Args,
        running: Running<'_>,
    ) -> Option<Expect> {
        let name = args.at(0).to_ascii_lowercase();
        let in_multi = session.queue.is_some();
        session.in_wait = name == b"wait";
        if self.replica && is_write(&name) {
            session.poisoned |= in_multi;
            return Some(Expect::error(READONLY));
        }
        let allowed: &[&[u8]] =
            &[b"subscribe", b"unsubscribe", b"psubscribe", b"punsubscribe", b"ping", b"quit", b"reset"];
        if session.subscriptions() > 0 && !session.resp3 && !allowed.contains(&name.as_slice()) {
            session.poisoned |= in_multi;
            let name = String::from_utf8_lossy(&name);
            return Some(Expect::error(&format!(
                "ERR Can't execute '{name}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are \
                 allowed in this context"
            )));
        }
        let at_once: &[&[u8]] = &[b"exec", b"discard", b"multi", b"watch", b"quit", b"reset"];
        match &mut session.queue {
            Some(queue) if !at_once.contains(&name.as_slice()) => {
                queue.push(args.clone());
                Some(Expect::status("QUEUED"))
            }
            _ => self.command(conn, session, &name, args, false, running),
        }
    }

    /// The commands that are neither about strings nor about keys.
    pub(super) fn other(
        &mut self,
        conn: u32,
        session: &mut Session,
        name: &[u8],
        a: &Args,
        running: Running<'_>,
    ) -> Option<Expect> {
        Some(match name {
            b"ping" if session.subscriptions() > 0 && !session.resp3 => {
                Expect::Exact(Reply::Array(vec![Reply::Bulk(b"pong".into()), Reply::Bulk(a.at(1).to_vec())]))
            }
            b"ping" if a.len() == 1 => Expect::status("PONG"),
            b"ping" | b"echo" => Expect::bulk(a.at(1)),
            b"select" => match (number(a.at(1)), keys::db_index(a.at(1))) {
                (_, Some(db)) => {
                    session.db = db;
                    Expect::ok()
                }
                (Some(_), None) => Expect::error("ERR DB index is out of range"),
                (None, None) => Expect::error(NOT_INTEGER),
            },
            b"hello" => {
                session.resp3 = a.at(1) == b"3" || (session.resp3 && a.len() == 1);
                Expect::Shape(if session.resp3 { shape::MAP } else { shape::ARRAY })
            }
            b"client" if a.at(1).eq_ignore_ascii_case(b"unblock") => self.unblock(a),
            b"client" => client(session, a),
            b"reset" => {
                *session = Session { id: session.id, slot: session.slot, ..Session::default() };
                Expect::status("RESET")
            }
            b"quit" => Expect::ok(),
            b"multi" if session.queue.is_some() => Expect::error("ERR MULTI calls can not be nested"),
            b"multi" => {
                session.queue = Some(Vec::new());
                Expect::ok()
            }
            b"exec" => self.exec(conn, session, running),
            b"discard" if session.queue.is_none() => Expect::error("ERR DISCARD without MULTI"),
            b"discard" => {
                session.leave_multi();
                Expect::ok()
            }
            b"watch" => self.watch(session, a),
            b"unwatch" => {
                session.watched.clear();
                Expect::ok()
            }
            b"subscribe" | b"unsubscribe" | b"psubscribe" | b"punsubscribe" => subscription(session, name, a),
            b"publish" => Expect::int(self.publish(Some((conn, session)), a.at(1), a.at(2))),
            // A master that is told to follow another one sends its waiting clients away with an error.
            b"wait" => Expect::Shape(if self.replica { shape::ERROR } else { shape::INT | shape::ERROR }),
            _ => return None,
        })
    }

    fn watch(&self, session: &mut Session, a: &Args) -> Expect {
        if session.queue.is_some() {
            return Expect::error("ERR WATCH inside MULTI is not allowed");
        }
        for key in a.iter().skip(1) {
            if session.watched.iter().any(|w| w.db == session.db && w.key == key) {
                continue;
            }
            session.watched.push(Watch {
                db: session.db,
                key: key.to_vec(),
                version: self.data.version(session.db, key),
                was_live: self.data.live(session.db, key).is_some(),
            });
        }
        Expect::ok()
    }

    fn exec(&mut self, conn: u32, session: &mut Session, running: Running<'_>) -> Expect {
        let Some(queue) = session.queue.take() else { return Expect::error("ERR EXEC without MULTI") };
        let poisoned = session.poisoned;
        let changed = session.watched.iter().any(|w| {
            let expired = w.was_live && self.data.live(w.db, &w.key).is_none();
            expired || self.data.version(w.db, &w.key) != w.version
        });
        session.leave_multi();
        if poisoned {
            return Expect::error("EXECABORT Transaction discarded because of previous errors.");
        }
        if changed {
            return Expect::Exact(if session.resp3 { Reply::Null } else { Reply::NullArray });
        }
        let mut each = Vec::with_capacity(queue.len());
        for (i, args) in queue.iter().enumerate() {
            let name = args.at(0).to_ascii_lowercase();
            let hint = if let Some(Reply::Array(all)) = running.hint { all.get(i) } else { None };
            let expect = self.command(conn, session, &name, args, true, Running { hint });
            each.push(expect.unwrap_or(Expect::Shape(shape::ANY)));
            self.note_ready();
        }
        Expect::Each(each)
    }

    /// Sends a message to every subscriber; says how many deliveries that were.
    fn publish(&mut self, own: Option<(u32, &Session)>, channel: &[u8], message: &[u8]) -> i64 {
        let mut count = 0;
        let mut pushed = std::mem::take(&mut self.pushed);
        let others = self.sessions.iter().map(|(id, s)| (*id, s));
        for (id, session) in others.chain(own) {
            let bulk = |b: &[u8]| Reply::Bulk(b.to_vec());
            let wrap = |all| if session.resp3 { Reply::Push(all) } else { Reply::Array(all) };
            if session.channels.contains(channel) {
                pushed.push((id, wrap(vec![bulk(b"message"), bulk(channel), bulk(message)])));
                count += 1;
            }
            for pattern in session.patterns.iter().filter(|p| channel.starts_with(&p[..p.len() - 1])) {
                pushed.push((id, wrap(vec![bulk(b"pmessage"), bulk(pattern), bulk(channel), bulk(message)])));
                count += 1;
            }
        }
        self.pushed = pushed;
        count
    }

    /// Sends the notifications of what happened to keys.
    pub(super) fn tell_events(&mut self) {
        if self.data.events.is_empty() {
            return;
        }
        for event in std::mem::take(&mut self.data.events) {
            let (name, db) = (event.name, event.db);
            if self.notifies.0 {
                let channel = [format!("__keyspace@{db}__:").as_bytes(), &event.key].concat();
                self.publish(None, &channel, name.as_bytes());
            }
            if self.notifies.1 {
                self.publish(None, format!("__keyevent@{db}__:{name}").as_bytes(), &event.key);
            }
        }
    }

    /// CLIENT UNBLOCK id [TIMEOUT | ERROR].
    fn unblock(&mut self, a: &Args) -> Expect {
        let Some(id) = number(a.at(2)) else { return Expect::error(NOT_INTEGER) };
        let target = self.sessions.iter().find(|(_, s)| s.id == id);
        let Some((conn, session)) = target else {
            return if self.knows_ids() { Expect::int(0) } else { Expect::Between(0, 1) };
        };
        let conn = *conn;
        if session.waits.is_none() {
            return if session.in_wait { Expect::Between(0, 1) } else { Expect::int(0) };
        }
        let answer = match a.at(3).eq_ignore_ascii_case(b"ERROR") {
            true => Expect::error("UNBLOCKED client unblocked via CLIENT UNBLOCK"),
            false => self.too_late(conn),
        };
        self.release(conn, answer);
        Expect::int(1)
    }

    /// The connection with this id as CLIENT ID tells it.
    #[must_use]
    pub fn connection_with_id(&self, id: &[u8]) -> Option<u32> {
        let id = number(id)?;
        self.sessions.iter().find(|(_, session)| session.id == id).map(|(conn, _)| *conn)
    }

    /// Whether the ids of all connections are known.
    fn knows_ids(&self) -> bool {
        self.sessions.values().all(|s| s.id > 0)
    }
}

fn client(session: &mut Session, a: &Args) -> Expect {
    match a.at(1).to_ascii_lowercase().as_slice() {
        b"setname" => {
            session.name = a.at(2).to_vec();
            Expect::ok()
        }
        b"getname" if session.name.is_empty() => Expect::Exact(Reply::Null),
        b"getname" => Expect::bulk(&session.name),
        b"id" if session.id > 0 => Expect::int(session.id),
        b"id" => Expect::Shape(shape::INT),
        _ => Expect::Shape(shape::ANY),
    }
}

/// SUBSCRIBE and its kin; every call names its channels. Patterns are a prefix and a star.
fn subscription(session: &mut Session, name: &[u8], a: &Args) -> Expect {
    let mut confirm = Vec::new();
    for channel in a.iter().skip(1).map(<[u8]>::to_vec) {
        let word = match name {
            b"subscribe" => {
                session.channels.insert(channel.clone());
                "subscribe"
            }
            b"unsubscribe" => {
                session.channels.remove(&channel);
                "unsubscribe"
            }
            b"psubscribe" => {
                session.patterns.insert(channel.clone());
                "psubscribe"
            }
            _ => {
                session.patterns.remove(&channel);
                "punsubscribe"
            }
        };
        confirm.push((word, channel, session.subscriptions()));
    }
    Expect::Confirm(confirm)
}

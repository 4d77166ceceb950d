//! What belongs to one connection: database, protocol, transaction, watched keys, subscriptions.

use super::{Expect, Model, NOT_INTEGER, keys, number, shape};
use crate::client::frame::Args;
use crate::client::reply::Reply;
use std::collections::BTreeSet;

/// A connection as the model sees it.
#[derive(Clone, Debug, Default)]
pub struct Session {
    /// Selected database.
    pub db: usize,
    /// Speaks RESP3.
    pub resp3: bool,
    queue: Option<Vec<Args>>,
    poisoned: bool,
    watched: Vec<Watch>,
    channels: BTreeSet<Vec<u8>>,
    patterns: BTreeSet<Vec<u8>>,
    name: Vec<u8>,
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

/// Commands that a replica refuses.
const WRITES: &[&[u8]] = &[
    b"set",
    b"setnx",
    b"setex",
    b"psetex",
    b"getset",
    b"getdel",
    b"getex",
    b"append",
    b"mset",
    b"msetnx",
    b"setrange",
    b"incr",
    b"decr",
    b"incrby",
    b"decrby",
    b"incrbyfloat",
    b"del",
    b"unlink",
    b"expire",
    b"pexpire",
    b"expireat",
    b"pexpireat",
    b"persist",
    b"rename",
    b"renamenx",
    b"copy",
    b"move",
    b"swapdb",
    b"flushdb",
    b"flushall",
];

/// Whether a command changes keys.
#[must_use]
pub(crate) fn is_write(name: &[u8]) -> bool {
    WRITES.iter().any(|w| w.eq_ignore_ascii_case(name))
}

const READONLY: &str = "READONLY You can't write against a read only replica.";

impl Model {
    /// Runs a command in its connection: the refusals, the transaction, then the command itself.
    pub(super) fn in_session(&mut self, conn: u32, session: &mut Session, args: &Args) -> Expect {
        let name = args.at(0).to_ascii_lowercase();
        let in_multi = session.queue.is_some();
        if self.replica && is_write(&name) {
            session.poisoned |= in_multi;
            return Expect::error(READONLY);
        }
        let allowed: &[&[u8]] =
            &[b"subscribe", b"unsubscribe", b"psubscribe", b"punsubscribe", b"ping", b"quit", b"reset"];
        if session.subscriptions() > 0 && !session.resp3 && !allowed.contains(&name.as_slice()) {
            session.poisoned |= in_multi;
            let name = String::from_utf8_lossy(&name);
            return Expect::error(&format!(
                "ERR Can't execute '{name}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are \
                 allowed in this context"
            ));
        }
        let at_once: &[&[u8]] = &[b"exec", b"discard", b"multi", b"watch", b"quit", b"reset"];
        match &mut session.queue {
            Some(queue) if !at_once.contains(&name.as_slice()) => {
                queue.push(args.clone());
                Expect::status("QUEUED")
            }
            _ => self.command(conn, session, &name, args),
        }
    }

    /// The commands that are neither about strings nor about keys.
    pub(super) fn other(
        &mut self,
        conn: u32,
        session: &mut Session,
        name: &[u8],
        a: &Args,
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
            b"client" => client(session, a),
            b"reset" => {
                *session = Session::default();
                Expect::status("RESET")
            }
            b"quit" => Expect::ok(),
            b"multi" if session.queue.is_some() => Expect::error("ERR MULTI calls can not be nested"),
            b"multi" => {
                session.queue = Some(Vec::new());
                Expect::ok()
            }
            b"exec" => self.exec(conn, session),
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
            b"publish" => Expect::int(self.publish(conn, session, a.at(1), a.at(2))),
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

    fn exec(&mut self, conn: u32, session: &mut Session) -> Expect {
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
        for args in &queue {
            let name = args.at(0).to_ascii_lowercase();
            each.push(self.command(conn, session, &name, args));
        }
        Expect::Each(each)
    }

    /// Sends a message to every subscriber; says how many deliveries that were.
    fn publish(&mut self, conn: u32, own: &Session, channel: &[u8], message: &[u8]) -> i64 {
        let mut count = 0;
        let mut pushed = std::mem::take(&mut self.pushed);
        let others = self.sessions.iter().map(|(id, s)| (*id, s));
        for (id, session) in others.chain(std::iter::once((conn, own))) {
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
}

fn client(session: &mut Session, a: &Args) -> Expect {
    match a.at(1).to_ascii_lowercase().as_slice() {
        b"setname" => {
            session.name = a.at(2).to_vec();
            Expect::ok()
        }
        b"getname" if session.name.is_empty() => Expect::Exact(Reply::Null),
        b"getname" => Expect::bulk(&session.name),
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

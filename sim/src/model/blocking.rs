//! Commands that wait for keys, and who is served when.
//!
//! *Owns*: who waits for which keys in which order; serving them first come, first served for each key, in the order in
//! which keys became ready; time-outs; what waiting clients sent meanwhile. *Does not own*: what their commands do.

use super::data::Touched;
use super::session::Running;
use super::streams::{self, Id, Reading};
use super::zsets::score_reply;
use super::{Answer, Call, Expect, Model, groups, int, lists, shape, zsets};
use crate::client::frame::Args;
use crate::client::reply::Reply;
use std::collections::BTreeSet;

/// What a client waits for.
#[derive(Clone, Debug)]
pub struct Wait {
    ticket: u64,
    db: usize,
    keys: Vec<Vec<u8>>,
    kind: &'static str,
    /// It is also told when the key goes or becomes something else.
    on_nokey: bool,
    /// When it gives up, on the server's monotonic clock in microseconds.
    pub deadline_us: Option<u64>,
    args: Args,
    /// The positions that `$` stood for.
    fixed: Vec<Id>,
}

/// What a command wants to wait for.
pub(super) struct Wish {
    keys: Vec<Vec<u8>>,
    kind: &'static str,
    on_nokey: bool,
    timeout_ms: i64,
    fixed: Vec<Id>,
}

/// What became of such a command.
pub(super) enum Outcome {
    Done(Answer),
    Nothing(Wish),
}

/// The commands that may wait.
pub(super) fn may_wait(name: &[u8]) -> bool {
    let all: [&[u8]; 10] = [
        b"blpop",
        b"brpop",
        b"blmove",
        b"brpoplpush",
        b"blmpop",
        b"bzpopmin",
        b"bzpopmax",
        b"bzmpop",
        b"xread",
        b"xreadgroup",
    ];
    all.contains(&name)
}

/// Runs a command that may wait, `only` for the sake of one key if it waited already.
pub(super) fn run(name: &[u8], c: &mut Call<'_>, only: Option<&[u8]>, fixed: &[Id]) -> Outcome {
    match attempt(name, c, only, fixed) {
        Ok(outcome) => outcome,
        Err(error) => Outcome::Done(Err(error)),
    }
}

fn attempt(name: &[u8], c: &mut Call<'_>, only: Option<&[u8]>, fixed: &[Id]) -> Result<Outcome, Expect> {
    let last = c.a.len() - 1;
    let nothing = |keys, kind, timeout_ms| {
        Outcome::Nothing(Wish { keys, kind, on_nokey: false, timeout_ms, fixed: Vec::new() })
    };
    let named = |c: &Call<'_>, from: usize, to: usize| (from..to).map(|i| c.a.at(i).to_vec()).collect();
    let done = |reply: Option<Expect>, wish: Outcome| reply.map_or(wish, |reply| Outcome::Done(Ok(reply)));
    Ok(match name {
        b"blpop" | b"brpop" => {
            let timeout = timeout_ms(c.a.at(last))?;
            let popped = pop(c, last, only, name == b"blpop")?;
            done(popped, nothing(named(c, 1, last), "list", timeout))
        }
        b"bzpopmin" | b"bzpopmax" => {
            let timeout = timeout_ms(c.a.at(last))?;
            let popped = zpop(c, last, only, name == b"bzpopmin")?;
            done(popped, nothing(named(c, 1, last), "zset", timeout))
        }
        b"blmove" | b"brpoplpush" => {
            let timeout = timeout_ms(c.a.at(last))?;
            let (from, to) = match name {
                b"blmove" => (c.a.at(3).to_vec(), c.a.at(4).to_vec()),
                _ => (b"RIGHT".to_vec(), b"LEFT".to_vec()),
            };
            let moved = lists::mv(c, from, to)?;
            done(moved.map(|m| Expect::bulk(&m)), nothing(named(c, 1, 2), "list", timeout))
        }
        b"blmpop" => {
            let (keys, timeout) = (lists::Many::read(c, 2)?.keys, timeout_ms(c.a.at(1))?);
            done(lists::many(c, 2, only)?, nothing(keys, "list", timeout))
        }
        b"bzmpop" => {
            let timeout = timeout_ms(c.a.at(1))?;
            let reply = zsets::many(c, 2, only)?;
            let n = int(c.a.at(2))? as usize;
            done(reply, nothing(named(c, 3, 3 + n), "zset", timeout))
        }
        _ => {
            let reading = Reading::read(c)?;
            let (group, mut fixed) = (name == b"xreadgroup", fixed.to_vec());
            let reply =
                if group { groups::read(c, &reading)? } else { streams::read(c, &reading, &mut fixed)? };
            match (reply, reading.block_ms) {
                (Some(reply), _) => Outcome::Done(Ok(reply)),
                (None, None) => Outcome::Done(Ok(c.null_array())),
                (None, Some(timeout_ms)) => {
                    let keys = reading.names(c);
                    Outcome::Nothing(Wish { keys, kind: "stream", on_nokey: group, timeout_ms, fixed })
                }
            }
        }
    })
}

/// A time-out in seconds as milliseconds.
fn timeout_ms(text: &[u8]) -> Result<i64, Expect> {
    let seconds = std::str::from_utf8(text).ok().and_then(|t| t.parse::<f64>().ok());
    let seconds = seconds.ok_or_else(|| Expect::error("ERR timeout is not a float or out of range"))?;
    if seconds < 0.0 {
        return Err(Expect::error("ERR timeout is negative"));
    }
    Ok((seconds * 1000.0).ceil() as i64)
}

fn pop(c: &mut Call<'_>, last: usize, only: Option<&[u8]>, left: bool) -> Result<Option<Expect>, Expect> {
    for i in 1..last {
        let key = c.a.at(i).to_vec();
        if only.is_some_and(|only| only != key) {
            continue;
        }
        if let Some(element) = lists::take(c, &key, left)? {
            return Ok(Some(Expect::bulks([key.as_slice(), &element].into_iter())));
        }
    }
    Ok(None)
}

fn zpop(c: &mut Call<'_>, last: usize, only: Option<&[u8]>, min: bool) -> Result<Option<Expect>, Expect> {
    for i in 1..last {
        let key = c.a.at(i).to_vec();
        if only.is_some_and(|only| only != key) {
            continue;
        }
        if let Some((member, score)) = zsets::take(c, &key, min, 1)?.pop() {
            let score = score_reply(score, c.resp3);
            let reply = vec![Reply::Bulk(key), Reply::Bulk(member), score];
            return Ok(Some(Expect::Exact(Reply::Array(reply))));
        }
    }
    Ok(None)
}

impl Model {
    /// A client begins to wait.
    pub(super) fn wait(&mut self, conn: u32, db: usize, args: &Args, wish: Wish) -> Wait {
        self.next_ticket += 1;
        let ticket = self.next_ticket;
        self.waiting.insert(ticket, conn);
        self.data.watched = true;
        let us = wish.timeout_ms as u64 * 1000;
        Wait {
            ticket,
            db,
            keys: wish.keys,
            kind: wish.kind,
            on_nokey: wish.on_nokey,
            deadline_us: (us > 0).then(|| self.mono_us + us),
            args: args.clone(),
            fixed: wish.fixed,
        }
    }

    /// Notes which of the keys that were touched anyone waits for.
    pub(super) fn note_ready(&mut self) {
        for touched in std::mem::take(&mut self.data.touched) {
            match touched {
                Touched::Key(db, key) => {
                    if self.waits().any(|(_, w)| w.db == db && w.keys.contains(&key)) {
                        self.ready(db, key);
                    }
                }
                Touched::Database(db) => {
                    let in_db = self.waits().filter(|(_, w)| w.db == db);
                    let keys: BTreeSet<Vec<u8>> = in_db.flat_map(|(_, w)| w.keys.clone()).collect();
                    keys.into_iter().for_each(|key| self.ready(db, key));
                }
            }
        }
    }

    fn ready(&mut self, db: usize, key: Vec<u8>) {
        if !self.ready_keys.iter().any(|(d, k)| *d == db && *k == key) {
            self.ready_keys.push_back((db, key));
        }
    }

    /// Everyone who waits, in order.
    fn waits(&self) -> impl Iterator<Item = (u32, &Wait)> {
        let all = self.waiting.values();
        all.filter_map(|conn| Some((*conn, self.sessions.get(conn)?.waits.as_deref()?)))
    }

    /// Serves those who wait for keys that became ready.
    pub(super) fn serve(&mut self) {
        while let Some((db, key)) = self.ready_keys.pop_front() {
            let mut after = 0;
            loop {
                let next =
                    self.waits().find(|(_, w)| w.ticket > after && w.db == db && w.keys.contains(&key));
                let Some((conn, wait)) = next else { break };
                after = wait.ticket;
                let found = self.data.live(db, &key).map(|e| e.value.type_name());
                if found == Some(wait.kind) || wait.on_nokey {
                    self.again(conn, &key);
                }
            }
        }
    }

    /// Runs the command of a waiting client again.
    fn again(&mut self, conn: u32, key: &[u8]) {
        let Some(mut session) = self.sessions.remove(&conn) else { return };
        if let Some(wait) = session.waits.take() {
            let name = wait.args.at(0).to_ascii_lowercase();
            let mut lost = false;
            let mut call = Call {
                data: &mut self.data,
                db: wait.db,
                a: &wait.args,
                resp3: session.resp3,
                hint: None,
                lost: &mut lost,
            };
            match run(&name, &mut call, Some(key), &wait.fixed) {
                Outcome::Done(answer) => {
                    self.waiting.remove(&wait.ticket);
                    self.answers.push((conn, answer.unwrap_or_else(|e| e)));
                    self.free.push(conn);
                }
                Outcome::Nothing(_) => session.waits = Some(wait),
            }
        }
        self.sessions.insert(conn, session);
        self.tell_events();
        self.note_ready();
        self.data.watched = !self.waiting.is_empty();
    }

    /// A client waits no longer; this is what it is told.
    pub(super) fn release(&mut self, conn: u32, answer: Expect) {
        let Some(session) = self.sessions.get_mut(&conn) else { return };
        let Some(wait) = session.waits.take() else { return };
        self.waiting.remove(&wait.ticket);
        self.answers.push((conn, answer));
        self.free.push(conn);
        self.data.watched = !self.waiting.is_empty();
    }

    /// What a client is told whose time is up.
    pub(super) fn too_late(&self, conn: u32) -> Expect {
        let resp3 = self.sessions.get(&conn).is_some_and(|s| s.resp3);
        Expect::Exact(if resp3 { Reply::Null } else { Reply::NullArray })
    }

    /// The server learned that a connection ended, and forgets it with its turn.
    pub fn leaves(&mut self, conn: u32) {
        let Some(session) = self.sessions.get_mut(&conn) else { return };
        session.inbox.clear();
        if let Some(wait) = session.waits.take() {
            self.waiting.remove(&wait.ticket);
            self.data.watched = !self.waiting.is_empty();
        }
    }

    /// A connection ended.
    pub fn hang_up(&mut self, conn: u32) {
        if let Some(wait) = self.sessions.remove(&conn).and_then(|session| session.waits) {
            self.waiting.remove(&wait.ticket);
            self.data.watched = !self.waiting.is_empty();
        }
    }

    /// Whether anyone waits who is to know when a key goes.
    #[must_use]
    pub fn minds_expiry(&self) -> bool {
        !self.waiting.is_empty() && self.waits().any(|(_, w)| w.on_nokey)
    }

    /// Whether this client waits for keys.
    #[must_use]
    pub fn is_waiting(&self, conn: u32) -> bool {
        self.sessions.get(&conn).is_some_and(|s| s.waits.is_some())
    }

    /// The server removes expired keys at a time of its own; `gone` says which it has removed. Those who are to know
    /// that their key went were told so.
    pub fn sweep(&mut self, gone: impl Fn(usize, &[u8]) -> bool) {
        let told: Vec<u32> = self
            .waits()
            .filter(|(_, w)| {
                let due = |key: &Vec<u8>| self.data.dbs[w.db].get(key).is_some_and(|e| self.data.due(e));
                w.on_nokey && w.keys.iter().any(|key| due(key) && gone(w.db, key))
            })
            .map(|(conn, _)| conn)
            .collect();
        told.into_iter().for_each(|conn| self.release(conn, Expect::Shape(shape::ERROR)));
    }

    /// The end of a server's turn: time-outs, then what clients sent while they waited.
    pub fn end_turn(&mut self, now_ms: i64, mono_us: u64) {
        (self.data.now_ms, self.mono_us) = (now_ms, mono_us);
        if !self.waiting.is_empty() {
            let late = self.waits().filter_map(|(conn, w)| Some((w.deadline_us?, conn)));
            let late = late.filter(|(at, _)| *at <= mono_us);
            let slot = |conn: u32| self.sessions.get(&conn).map_or(0, |s| s.slot);
            let mut late: Vec<(u64, u32, u32)> = late.map(|(at, conn)| (at, slot(conn), conn)).collect();
            late.sort_unstable();
            for (_, _, conn) in late {
                let answer = self.too_late(conn);
                self.release(conn, answer);
            }
        }
        let mut at = 0;
        while let Some(conn) = self.free.get(at).copied() {
            at += 1;
            self.resume(conn);
        }
        self.free.clear();
    }

    /// Runs what a client sent while it waited, if it waits no longer.
    pub fn resume(&mut self, conn: u32) {
        while let Some(session) = self.sessions.get_mut(&conn)
            && session.waits.is_none()
            && let Some(args) = session.inbox.pop_front()
        {
            self.run(conn, &args, Running::default());
        }
    }

    /// From now on the data is not known: whoever waits or has something unsaid may be told anything.
    pub fn lose_track(&mut self) {
        self.loose = true;
        self.waiting.clear();
        self.ready_keys.clear();
        self.data.watched = false;
        self.data.touched.clear();
        for (conn, session) in &mut self.sessions {
            let waited = usize::from(session.waits.take().is_some());
            for _ in 0..waited + session.inbox.len() {
                self.answers.push((*conn, Expect::Shape(shape::ANY)));
            }
            session.inbox.clear();
        }
    }
}

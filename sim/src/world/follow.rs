//! The model beside a server: it runs what the node runs, in the same order.
//!
//! *Owns*: when the model is told of a command, of the end of a turn, of a connection; where its replies and messages go.
//! *Does not own*: what they are (`model`), whether they fit (`oracle`). *Invariants*: nothing here changes the node.

use super::server::{Peer, Server, State};
use super::turn::{Seen, written};
use super::{Owner, World};
use crate::client::frame::Args;
use crate::client::reply::{Parser, Reply};
use crate::content;
use crate::net::End;
use crate::oracle::{Expired, Violation, expired};
use norn_core::base::ids::DbIndex;
use norn_core::connection::WaitsFor;
use norn_core::contract::{ConnId, Now};
use norn_core::node::Node;

/// Slices of unsent output looked at.
const SLICES: usize = 512;

impl World {
    /// A connection was accepted.
    pub(super) fn introduce(&mut self, s: u8, node: &Node, conn: ConnId, end: End) {
        let conns = &node.server().conns;
        if let Some(slot) = conns.resolve(conn) {
            let session = self.servers[usize::from(s)].model.sessions.entry(end.conn).or_default();
            (session.id, session.slot) = (conns.get(slot).id.0 as i64, slot);
        }
    }

    /// Shows the observers what the node has just been given; it had `before` bytes of output for the connection, and so
    /// many clients that waited.
    pub(super) fn observe(
        &mut self,
        s: u8,
        node: &Node,
        clock: Now,
        (slot, (before, waited)): (u32, (usize, usize)),
        seen: Seen,
    ) {
        if let Seen::Stream(boundary) = seen {
            return self.stream_seen(s, node, slot, &boundary);
        }
        if self.plan.unchecked {
            return;
        }
        let server = &mut self.servers[usize::from(s)];
        let Some((conn, id)) = server.link(slot).map(|link| (link.end.conn, link.id)) else { return };
        (server.model.mono_us, server.model.data.now_ms) = (clock.mono.0, clock.unix.ms());
        server.model.resume(conn);
        let mut told = self.settle_answers(s, conn, true);
        let served = told > 0 || node.server().blocked.count < waited;
        self.stream_grew(s, node, clock, served);
        match seen {
            Seen::Nothing | Seen::Command(false) | Seen::Stream(_) => return,
            Seen::Command(true) => {
                let args = std::mem::take(&mut self.args);
                self.command_seen(s, node, clock, (slot, id, before), &mut told, &args);
                self.note_wait(s, node, slot, &args);
                self.args = args;
            }
            Seen::Commands => {
                let mut args = std::mem::take(&mut self.args);
                while self.next_request(s, slot, &mut args) {
                    self.command_seen(s, node, clock, (slot, id, before), &mut told, &args);
                }
                self.args = args;
            }
        }
        self.sweep(s, node);
        self.after_input(s, node);
    }

    fn next_request(&mut self, s: u8, slot: u32, args: &mut Args) -> bool {
        match self.servers[usize::from(s)].link(slot).map(|link| &mut link.peer) {
            Some(Peer::Client(_, requests)) => requests.next(args).is_some(),
            _ => false,
        }
    }

    /// The node has read a whole command of a client: the model runs it too, or keeps it as the node does.
    fn command_seen(
        &mut self,
        s: u8,
        node: &Node,
        clock: Now,
        (slot, id, before): (u32, ConnId, usize),
        told: &mut usize,
        args: &Args,
    ) {
        let Some(link) = self.servers[usize::from(s)].link(slot) else { return };
        if !matches!(link.peer, Peer::Client(..)) {
            return;
        }
        let conn = link.end.conn;
        let sure = self.beyond_doubt(s, conn, args.at(1));
        let server = &mut self.servers[usize::from(s)];
        let hint = match server.tracked && server.model.needs_reply(conn, args) {
            true => reply_at(node, id, before, *told),
            false => None,
        };
        server.model.execute(conn, args, clock.unix.ms(), hint.as_ref());
        if args.at(1).eq_ignore_ascii_case(b"unblock")
            && let Some(freed) = server.model.connection_with_id(args.at(2))
            && let Owner::Client(c) = self.owner(End { conn: freed, side: 0 })
        {
            self.clients[usize::from(c)].let_go = true;
        }
        let server = &mut self.servers[usize::from(s)];
        if args.at(0).eq_ignore_ascii_case(b"replicaof") {
            // The data of a server that changes its role is not the model's any more.
            server.model.replica = !args.at(1).eq_ignore_ascii_case(b"no");
            if server.model.replica {
                server.lose_track();
                let its = self.clients.iter_mut().filter(|client| client.server == s);
                its.for_each(|client| client.due_known = false);
            }
        }
        if server.model.lost && server.tracked {
            server.lose_track();
        }
        *told += self.settle_answers(s, conn, sure);
        self.deliver_pushes(s);
    }

    /// The node's turn ended: whose time is up, who has something unsaid.
    pub(super) fn turn_ends(&mut self, s: u8, node: &Node, clock: Now) {
        if self.plan.unchecked {
            return;
        }
        self.sweep(s, node);
        self.servers[usize::from(s)].model.end_turn(clock.unix.ms(), clock.mono.0);
        self.settle_answers(s, u32::MAX, true);
        self.deliver_pushes(s);
        self.stream_grew(s, node, clock, true);
    }

    fn stream_grew(&mut self, s: u8, node: &Node, clock: Now, served: bool) {
        if let Err(violation) = self.oracles.stream_grew(s, node, clock.unix.ms(), served) {
            self.violate(violation);
        }
    }

    /// Looks at the nodes that run: `quiet` when nothing happens any more.
    pub(super) fn inspect_nodes(&mut self, thorough: bool, quiet: bool) {
        if self.plan.unchecked {
            return;
        }
        let now = self.agenda.now();
        for s in 0..self.servers.len() {
            let server = &self.servers[s];
            let Some(node) = server.node.as_deref().filter(|_| server.state == State::Up) else { continue };
            let clock = server.clock.read(now);
            let mut result = self.oracles.now_and_then(s as u8, node, thorough);
            if server.turn_at.is_none() {
                result = result.and_then(|()| self.oracles.timers(s as u8, node, clock));
            }
            if quiet {
                result = result.and_then(|()| self.oracles.quiet(s as u8, node));
            }
            if let Err(violation) = result {
                return self.violate(violation);
            }
        }
    }

    /// What the model knows of a master equals what the master holds.
    pub(super) fn compare_contents(&mut self) {
        if self.plan.unchecked {
            return;
        }
        for s in 0..self.servers.len() {
            let server = &self.servers[s];
            let Some(node) = server.node.as_deref().filter(|_| server.tracked && server.master.is_none())
            else {
                continue;
            };
            let data = &server.model.data;
            // Whether an expired key is still there is the server's affair.
            let held = content::of(&node.server().keyspace);
            if let Some(what) = content::difference(&held, data, |entry| data.due(entry)) {
                return self.violate(Violation::new("D3", format!("on n{s} {what}")));
            }
        }
    }

    /// Whether a client waits for keys and may wait for ever.
    pub(super) fn waits_for_keys(&self, end: End) -> bool {
        let Owner::Server(s, slot) = self.owner(end.peer()) else { return false };
        let Some(node) = self.servers[usize::from(s)].node.as_deref() else { return false };
        let waits = node.server().conns.try_get(slot).and_then(|conn| conn.waits.as_deref());
        waits.is_some_and(|w| w.deadline.is_none() && matches!(w.what, WaitsFor::Keys(_)))
    }

    /// A notification that tells of an expiry is judged by what has expired; whether it was one.
    pub(super) fn tells_expiry(&mut self, c: u8, reply: &Reply) -> Result<bool, Violation> {
        let client = &self.clients[usize::from(c)];
        let server = &mut self.servers[usize::from(client.server)];
        let Some(Expired(what)) = expired(reply) else { return Ok(false) };
        if let Some((db, key)) = what.filter(|_| client.due_known && server.tracked)
            && !server.model.data.expiry_told(db, &key)
        {
            let key = crate::trace::readable(&key, 40);
            return Err(Violation::new(
                "D9",
                format!("c{c} was told that `{key}` expired, which it did not"),
            ));
        }
        Ok(true)
    }

    /// Expired keys that the node has removed are gone for those who wait for them.
    fn sweep(&mut self, s: u8, node: &Node) {
        let model = &mut self.servers[usize::from(s)].model;
        if model.minds_expiry() {
            let keyspace = &node.server().keyspace;
            model.sweep(|db, key| !keyspace.is_stored(DbIndex(db as u32), key));
        }
    }

    /// Replies that the model knows become due at the clients; says how many of them belong to connection `own`.
    fn settle_answers(&mut self, s: u8, own: u32, sure: bool) -> usize {
        let server = &mut self.servers[usize::from(s)];
        let mut answers = std::mem::take(&mut server.model.answers);
        let tracked = server.tracked && sure;
        let mut count = 0;
        for (conn, expect) in answers.drain(..) {
            count += usize::from(conn == own);
            let expect = self.oracles.expectation(tracked, expect);
            // Who hung up meanwhile hears nothing.
            if let Owner::Client(c) = self.owner(End { conn, side: 0 }) {
                self.clients[usize::from(c)].expected.push_back(expect);
            }
        }
        self.servers[usize::from(s)].model.answers = answers;
        count
    }

    /// Messages that the model sent become due at the clients.
    pub(super) fn deliver_pushes(&mut self, s: u8) {
        let server = &mut self.servers[usize::from(s)];
        let mut pushed = std::mem::take(&mut server.model.pushed);
        for (conn, push) in pushed.drain(..) {
            let far = End { conn, side: 0 };
            if let Owner::Client(c) = self.owner(far) {
                self.clients[usize::from(c)].due.push_back(push);
            }
        }
        self.servers[usize::from(s)].model.pushed = pushed;
    }
}

impl Server {
    /// What this server holds is not known to the model from now on.
    pub(super) fn lose_track(&mut self) {
        self.tracked = false;
        self.model.lose_track();
    }
}

/// The reply number `n` among what was written to a connection after the first `before` bytes.
fn reply_at(node: &Node, id: ConnId, before: usize, n: usize) -> Option<Reply> {
    let mut slices: [&[u8]; SLICES] = [&[]; SLICES];
    let count = written(node, id)?.slices(usize::MAX, &mut slices);
    let mut parser = Parser::default();
    let mut skip = before;
    for slice in &slices[..count] {
        let skipped = skip.min(slice.len());
        parser.feed(&slice[skipped..]);
        skip -= skipped;
    }
    (0..n).try_for_each(|_| parser.take().ok().flatten().map(drop))?;
    parser.take().ok().flatten()
}

//! A turn of a node: everything that waits is handed in, the turn ends, its effects are carried out.

use super::fx::NodeFx;
use super::server::{Link, Peer, Pending, State};
use super::{Owner, Phase, READ_MAX, World};
use crate::agenda::{Event, MILLI};
use crate::chance::Chance;
use crate::client::Role;
use crate::client::frame::{Args, Requests};
use crate::net::{DialFailure, End, ReadOutcome};
use crate::plan::Cuts;
use crate::plan::draw::PACE_MIN_US;
use crate::record::follower::Boundary;
use crate::trace::Who;
use crate::view::{Files, KeptStream, View};
use norn_core::contract::{
    Address, CloseWhy, ConnId, DialError, Gauges, Input, LinkId, ListenerId, Mono, Now, Peer as PeerName,
};
use norn_core::node::Node;
use norn_core::resp::OutBuf;

/// Above so many bytes at once, cutting into single bytes finds nothing new.
const CUT_FINELY_MAX: usize = 2048;

impl World {
    /// Something waits for a server's next turn.
    pub(super) fn pend(&mut self, s: u8, pending: Pending) {
        let server = &mut self.servers[usize::from(s)];
        if server.state == State::Down {
            return;
        }
        server.inbox.push(pending);
        self.schedule_turn(s);
    }

    pub(super) fn schedule_turn(&mut self, s: u8) {
        let server = &mut self.servers[usize::from(s)];
        if server.turn_at.is_none() && server.state == State::Up {
            let pace_us = if self.phase == Phase::Safety { self.plan.pace_us } else { PACE_MIN_US };
            let at = self.agenda.now() + 5 + server.timing.below(pace_us);
            server.turn_at = Some(at);
            self.agenda.at(at, Event::Turn(s));
        }
    }

    pub(super) fn server_readable(&mut self, s: u8, slot: u32) {
        let Some(link) = self.servers[usize::from(s)].link(slot) else { return };
        if !link.noted {
            link.noted = true;
            self.pend(s, Pending::Readable(slot));
        }
    }

    pub(super) fn wake(&mut self, s: u8) {
        let server = &mut self.servers[usize::from(s)];
        if server.wake_at == Some(self.agenda.now()) {
            server.wake_at = None;
            server.wakes += 1;
            self.pend(s, Pending::Wake);
        }
    }

    pub(super) fn disk_done(&mut self, s: u8) {
        let server = &mut self.servers[usize::from(s)];
        let Some((op, result)) = server.disk.complete() else { return };
        if server.disk.waiting() > 0 {
            let delay = server.timing.log_uniform(20, 5 * MILLI);
            self.agenda.after(delay, Event::Disk(s));
        }
        self.pend(s, Pending::Disk(op, result));
    }

    pub(super) fn turn(&mut self, s: u8) {
        let now = self.agenda.now();
        let server = &mut self.servers[usize::from(s)];
        if server.turn_at != Some(now) || server.state != State::Up {
            return;
        }
        server.turn_at = None;
        server.turns += 1;
        self.figures.turns += 1;
        let Some(mut node) = server.node.take() else { return };
        let clock = server.clock.read(now);
        let loading = node.server().persistence.loading.is_some();
        let mut inbox = std::mem::take(&mut server.inbox);
        self.trace.number(now << 8 | u64::from(s));
        for pending in inbox.drain(..) {
            self.input(s, &mut node, clock, pending);
        }
        let waiting = &mut self.servers[usize::from(s)].inbox;
        inbox.append(waiting);
        *waiting = inbox;
        node.end_turn(clock);
        self.turn_ends(s, &node, clock);
        // Replicas take more of the stream in the pump; what they no longer need goes with the next turn.
        let kept = if self.plan.unchecked { None } else { View::kept_stream(&node) };
        self.pump(s, &mut node, clock);
        self.files_seen(s, loading, &node);
        self.after_turn(s, &node, kept.as_ref());
        let deadline = node.next_wake().map(|(at, _)| at);
        self.servers[usize::from(s)].node = Some(node);
        self.after_pump(s, deadline);
    }

    /// What the node did with its files. One that has just loaded is told again whom to follow: it took no orders
    /// meanwhile.
    fn files_seen(&mut self, s: u8, was_loading: bool, node: &Node) {
        if let Err(violation) = self.oracles.files(s, &Files::of(node)) {
            self.violate(violation);
        }
        if was_loading {
            self.oracles.loads(s);
            let server = &mut self.servers[usize::from(s)];
            server.tracked &= node.server().persistence.loads == 0;
            let (master, starts_with) = (server.master, self.plan.servers[usize::from(s)].master);
            if node.server().persistence.loading.is_none() && master != starts_with {
                self.order(s, master);
            }
        }
    }

    fn after_turn(&mut self, s: u8, node: &Node, kept: Option<&KeptStream>) {
        if self.plan.unchecked {
            return;
        }
        self.after_input(s, node);
        if let Some(Err(violation)) = kept.map(|kept| self.oracles.kept_stream(s, kept)) {
            self.violate(violation);
        }
        self.kept_output(s, node);
        self.believed(s, node);
    }

    /// What the node keeps for its clients stays within their limits.
    fn kept_output(&mut self, s: u8, node: &Node) {
        if !self.oracles.closes_on_output() {
            return;
        }
        for (conn, class, bytes) in View::kept_output(node) {
            let peer = self.servers[usize::from(s)].link_of(conn).map(|link| &link.peer);
            let Some(Peer::Client(c, _)) = peer else { continue };
            // Who has just ended its last subscription may still keep what the wider limit allowed.
            if class == 0 && self.clients[usize::from(*c)].role == Role::Subscriber {
                continue;
            }
            if let Err(violation) = self.oracles.kept(s, class, bytes) {
                self.violate(violation);
                return;
            }
        }
    }

    /// What the node believes of its replicas is so.
    fn believed(&mut self, s: u8, node: &Node) {
        let mut connections = [0; 16];
        for (slot, acked) in View::acknowledged(node) {
            let Some(link) = self.servers[usize::from(s)].link(slot) else { continue };
            let replica = self.net.host(link.end.peer()).0;
            if usize::from(replica) >= self.servers.len() {
                continue;
            }
            connections[usize::from(replica)] += 1;
            if connections[usize::from(replica)] > 1 {
                self.oracles.connections(s, replica, connections[usize::from(replica)]);
            }
            if let Err(violation) = self.oracles.believed(s, &node.server().repl.id, replica, acked) {
                self.violate(violation);
                return;
            }
        }
    }

    fn pump(&mut self, s: u8, node: &mut Node, clock: Now) {
        // A node forgets a connection at the end of the turn in which it learned of its end.
        let mut closed = std::mem::take(&mut self.ended);
        let mut fx = NodeFx {
            number: s,
            server: &mut self.servers[usize::from(s)],
            net: &mut self.net,
            agenda: &mut self.agenda,
            owners: &mut self.owners,
            trace: &mut self.trace,
            closed: &mut closed,
            scratch: &mut self.scratch,
            flows: &mut self.flows,
            exit: None,
            bytes_out: 0,
        };
        node.pump(clock, &mut fx);
        let (exit, bytes_out) = (fx.exit, fx.bytes_out);
        self.figures.bytes_out += bytes_out;
        for conn in closed.drain(..) {
            self.servers[usize::from(s)].model.hang_up(conn);
        }
        self.ended = closed;
        if let Some(code) = exit {
            self.servers[usize::from(s)].exit = Some(code);
        }
    }

    /// What the turn set in motion: an exit, the next wake-up, inputs that are waiting already.
    fn after_pump(&mut self, s: u8, deadline: Option<Mono>) {
        self.act_on_notices();
        if self.servers[usize::from(s)].exit.is_some() {
            self.process_ended(s);
            self.start_again_soon(s);
            return;
        }
        let now = self.agenda.now();
        let server = &mut self.servers[usize::from(s)];
        // Figures of the process are never worth a turn of their own.
        if server.inbox.iter().any(|p| !matches!(p, Pending::Gauges)) {
            self.schedule_turn(s);
        }
        let server = &mut self.servers[usize::from(s)];
        let Some(deadline) = deadline else {
            server.wake_at = None;
            return;
        };
        let at = server.clock.world_at(deadline).max(now + 1);
        if server.wake_at != Some(at) {
            server.wake_at = Some(at);
            self.agenda.at(at, Event::Wake(s));
        }
    }

    fn input(&mut self, s: u8, node: &mut Node, clock: Now, pending: Pending) {
        match pending {
            Pending::Readable(slot) => self.read(s, node, clock, slot),
            Pending::Writable(conn) => {
                if self.servers[usize::from(s)].link_of(conn).is_some() {
                    node.handle(clock, Input::Writable { conn });
                }
            }
            Pending::Incoming(end) => self.accept(s, node, clock, end),
            Pending::Connected(link, end) => self.dialed(s, node, clock, link, end),
            Pending::Refused(link, why) => {
                let text = match why {
                    DialFailure::Refused => "Connection refused",
                    DialFailure::TimedOut => "Connection timed out",
                };
                node.handle(clock, Input::Dialed { link, result: Err(DialError(text.into())) });
            }
            Pending::Listening(listener) => node.handle(clock, Input::Listening { listener, result: Ok(()) }),
            Pending::Disk(op, result) => node.handle(clock, Input::Disk { op, result }),
            Pending::Gauges => node.handle(clock, Input::Gauges(Gauges::default())),
            Pending::Wake => node.handle(clock, Input::Wake),
            Pending::Stop(how) => node.handle(clock, Input::Stop { how }),
        }
    }

    fn accept(&mut self, s: u8, node: &mut Node, clock: Now, end: End) {
        let client = self.client_at(self.net.host(end.peer()), s);
        let scripted = client.is_some_and(|c| self.clients[usize::from(c)].role == Role::Scripted);
        let client = client.filter(|_| !scripted);
        let peer = client.map_or(Peer::Replica, |c| Peer::Client(c, Requests::default()));
        let conn = node.vacant_conn();
        // A script talks from the server's own host.
        let remote = if scripted { "127.0.0.1".to_owned() } else { ip(self.net.host(end.peer()).0) };
        let local = ip(s);
        let port = 30_000 + (end.conn % 30_000) as u16;
        let name = PeerName {
            remote: Address::Tcp { ip: &remote, port, loopback: scripted },
            local: Address::Tcp { ip: &local, port: super::PORT, loopback: false },
        };
        let listener = self.servers[usize::from(s)].ports.first().map_or(ListenerId(0), |(l, _)| *l);
        self.adopt(s, conn, end, peer);
        node.handle(clock, Input::Accepted { conn, listener, peer: name });
        self.introduce(s, node, conn, end);
        if let Some(link) = self.servers[usize::from(s)].link(conn.index) {
            link.speaks_to = Some(node.server().repl.id);
        }
    }

    fn dialed(&mut self, s: u8, node: &mut Node, clock: Now, link: LinkId, end: End) {
        let conn = node.vacant_conn();
        let (remote, local) = (ip(self.net.host(end.peer()).0), ip(s));
        let name = PeerName {
            remote: Address::Tcp { ip: &remote, port: super::PORT, loopback: false },
            local: Address::Tcp { ip: &local, port: 30_000 + (end.conn % 30_000) as u16, loopback: false },
        };
        self.adopt(s, conn, end, Peer::Master(Box::default()));
        node.handle(clock, Input::Dialed { link, result: Ok((conn, name)) });
    }

    fn adopt(&mut self, s: u8, id: ConnId, end: End, peer: Peer) {
        self.set_owner(end, Owner::Server(s, id.index));
        // Something may have arrived before anyone asked.
        let chance = Chance::new(self.plan.seed, 600).fork(u64::from(end.conn) << 1 | u64::from(end.side));
        let link =
            Link { id, end, peer, stash: Vec::new(), unwanted: false, noted: true, chance, speaks_to: None };
        let server = &mut self.servers[usize::from(s)];
        server.add_link(link);
        server.inbox.push(Pending::Readable(id.index));
    }

    /// Reads what arrived at a connection and hands it over, cut as the plan says.
    fn read(&mut self, s: u8, node: &mut Node, clock: Now, slot: u32) {
        let spread = self.plan.cuts == Cuts::Spread;
        loop {
            let server = &mut self.servers[usize::from(s)];
            let Some(link) = server.link(slot) else { return };
            link.noted = false;
            if link.unwanted {
                return;
            }
            let (end, id) = (link.end, link.id);
            if !link.stash.is_empty() {
                let bytes = std::mem::take(&mut link.stash);
                self.hand_over(s, node, clock, slot, &bytes);
                continue;
            }
            let mut most = READ_MAX;
            if spread {
                most = server.cutting.log_uniform(1, 4096) as usize;
            }
            let mut bytes = std::mem::take(&mut self.reading);
            let outcome = self.net.read(&mut self.agenda, end, &mut bytes[..most]);
            let why = match outcome {
                ReadOutcome::Data(n) => {
                    self.hand_over(s, node, clock, slot, &bytes[..n]);
                    self.reading = bytes;
                    if spread {
                        self.read_on_later(s, slot);
                        return;
                    }
                    continue;
                }
                ReadOutcome::WouldBlock => {
                    self.reading = bytes;
                    return;
                }
                ReadOutcome::Eof => CloseWhy::Eof,
                ReadOutcome::Reset => CloseWhy::Reset,
                ReadOutcome::TimedOut => CloseWhy::Error,
            };
            self.reading = bytes;
            self.lost(s, node, clock, id, why);
            return;
        }
    }

    /// The rest waits for the next turn, as it does when a read filled its buffer.
    fn read_on_later(&mut self, s: u8, slot: u32) {
        let server = &mut self.servers[usize::from(s)];
        if let Some(link) = server.link(slot) {
            link.noted = true;
            server.inbox.push(Pending::Readable(slot));
        }
    }

    fn lost(&mut self, s: u8, node: &mut Node, clock: Now, conn: ConnId, why: CloseWhy) {
        self.trace.line(self.agenda.now(), Who::Node(s), format_args!("{conn} ended: {why:?}"));
        let server = &mut self.servers[usize::from(s)];
        if let Some(link) = server.drop_link(conn.index) {
            self.ended.push(link.end.conn);
            self.set_owner(link.end, Owner::Nobody);
            self.servers[usize::from(s)].model.leaves(link.end.conn);
            node.handle(clock, Input::Closed { conn, why });
            self.net.close(&mut self.agenda, link.end);
        }
    }

    /// Hands bytes to the node in pieces, and shows each piece to the observers.
    fn hand_over(&mut self, s: u8, node: &mut Node, clock: Now, slot: u32, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let Some(link) = self.servers[usize::from(s)].link(slot) else { return };
            let id = link.id;
            let before = (written(node, id).map_or(0, OutBuf::len), node.server().blocked.count);
            let (cut, seen) = self.cut(s, slot, bytes);
            let mut piece = &bytes[..cut];
            while !piece.is_empty() {
                let space = node.recv_space(id);
                if space.is_empty() {
                    // Nothing of `piece` was executed, so the observers must not have seen it: only whole reads wait.
                    self.stash(s, slot, bytes);
                    return;
                }
                let n = piece.len().min(space.len());
                space[..n].copy_from_slice(&piece[..n]);
                node.handle(clock, Input::Received { conn: id, len: n });
                piece = &piece[n..];
                bytes = &bytes[n..];
            }
            self.observe(s, node, clock, (slot, before), seen);
            if self.oracles.closes_on_output() && leaving(node, id) {
                self.left(s, slot);
                return;
            }
            if self.violation.is_some() {
                return;
            }
        }
    }

    /// The node will close this connection and runs nothing more of it.
    fn left(&mut self, s: u8, slot: u32) {
        if let Some(link) = self.servers[usize::from(s)].link(slot) {
            link.unwanted = true;
        }
    }

    fn stash(&mut self, s: u8, slot: u32, bytes: &[u8]) {
        if let Some(link) = self.servers[usize::from(s)].link(slot) {
            link.stash = bytes.to_vec();
            link.unwanted = true;
        }
    }

    /// How much of `bytes` the node gets next, and what those bytes are.
    fn cut(&mut self, s: u8, slot: u32, bytes: &[u8]) -> (usize, Seen) {
        let cuts = self.plan.cuts;
        let server = &mut self.servers[usize::from(s)];
        let fine = bytes.len() <= CUT_FINELY_MAX;
        let most = match cuts {
            Cuts::Bytes if fine => 1,
            Cuts::Random if fine => (server.cutting.log_uniform(1, 512) as usize).min(bytes.len()),
            _ => bytes.len(),
        };
        let Some(link) = server.link(slot) else { return (most, Seen::Nothing) };
        match &mut link.peer {
            Peer::Replica => (most, Seen::Nothing),
            Peer::Master(follower) => {
                let (n, boundary) = follower.eat(&bytes[..most]);
                (n, Seen::Stream(boundary))
            }
            Peer::Client(_, requests) if cuts == Cuts::Commands => {
                let (n, whole) = requests.take(bytes, &mut self.args);
                (n, Seen::Command(whole.is_some()))
            }
            Peer::Client(_, requests) => {
                requests.feed(&bytes[..most]);
                (most, Seen::Commands)
            }
        }
    }

    /// A client's WAIT speaks of what it wrote last, as far as that belongs to the history of today.
    pub(super) fn note_wait(&mut self, s: u8, node: &Node, slot: u32, args: &Args) {
        if self.plan.unchecked || !args.at(0).eq_ignore_ascii_case(b"wait") {
            return;
        }
        let repl = &node.server().repl;
        let wrote = node.server().conns.try_get(slot).map_or(0, |conn| conn.write_offset.0);
        let Some(link) = self.servers[usize::from(s)].link(slot) else { return };
        let same = link.speaks_to == Some(repl.id);
        if let Peer::Client(c, _) = link.peer {
            let known = repl.feeds_own_writes() && same;
            self.clients[usize::from(c)].waits_for = known.then_some((repl.id, wrote));
        }
    }

    pub(super) fn stream_seen(&mut self, s: u8, node: &Node, slot: u32, boundary: &Boundary) {
        if self.plan.unchecked {
            return;
        }
        let view = View::of(node);
        let Some(link) = self.servers[usize::from(s)].link(slot) else { return };
        let Peer::Master(follower) = &mut link.peer else { return };
        if let Boundary::Partial(id) = boundary {
            follower.continue_at(id.unwrap_or(view.id), view.offset);
        }
        if let Boundary::Full(id, offset) = boundary {
            let master = usize::from(self.net.host(link.end.peer()).0);
            let master = self.servers.get(master).and_then(|server| server.node.as_deref());
            if let Some((master, kept)) = master.and_then(|m| Some((View::of(m), View::kept_stream(m)?)))
                && let Err(violation) = self.oracles.full_sync(s, (id, *offset), &master, &kept)
            {
                return self.violate(violation);
            }
        }
        let link = self.servers[usize::from(s)].link(slot);
        let Some(Peer::Master(follower)) = link.map(|link| &mut link.peer) else { return };
        let result = self.oracles.stream(s, &view, follower, boundary, &mut self.figures);
        if let Err(violation) = result {
            self.violate(violation);
        }
    }

    /// After an input that was not a master's stream, and after each turn.
    pub(super) fn after_input(&mut self, s: u8, node: &Node) {
        if self.plan.unchecked {
            return;
        }
        if let Err(violation) = self.oracles.after_input(s, &View::of(node)) {
            self.violate(violation);
        }
    }
}

/// Whether the node is about to close a connection.
fn leaving(node: &Node, conn: ConnId) -> bool {
    let conns = &node.server().conns;
    conns.resolve(conn).is_none_or(|slot| conns.get(slot).leaving())
}

/// What is written to a connection and not yet sent.
pub(super) fn written(node: &Node, conn: ConnId) -> Option<&OutBuf> {
    let conns = &node.server().conns;
    conns.resolve(conn).map(|slot| &conns.get(slot).out)
}

/// What a piece of input was.
pub(super) enum Seen {
    Nothing,
    /// One command of a client, or a part of one.
    Command(bool),
    /// Any part of a client's requests.
    Commands,
    /// A part of a master's stream.
    Stream(Boundary),
}

/// Address of a host.
fn ip(host: u8) -> String {
    format!("10.0.0.{host}")
}

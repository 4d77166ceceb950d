//! The turn: wait, gather inputs, let the node work, carry out what it wants.
//!
//! *Owns*: the order of a turn. *Does not own*: any of its parts, and any decision.
//! *Invariants*: the rules of the contract. The loop sleeps only when no part has work left; one connection is read
//! at most once in a turn, so that a busy one starves nobody; both clocks are read once per turn, after the sleep.

use crate::effects::{Owed, World};
use crate::gauges::{self, AllocatorFigures};
use crate::listeners::{ACCEPTS_MAX, PeerText};
use crate::os_text::os_text;
use crate::reports::{Report, Reports};
use crate::signals::{self, Asked, Signals};
use crate::sockets::{Noted, OWN_TOKENS, ReadOutcome, conn_of};
use mio::{Events, Poll, Token};
use norn_core::contract::{ConnId, Input, LogLevel, Now};
use norn_core::node::Node;
use std::io;
use std::time::Duration;

/// The token of the waker.
pub(crate) const WAKER: Token = Token(OWN_TOKENS);

/// Events fetched by one poll; what does not fit comes with the next.
pub(crate) const EVENTS_MAX: usize = 1_024;

/// The node and all around it.
pub(crate) struct EventLoop {
    pub(crate) node: Node,
    pub(crate) world: World,
    pub(crate) poll: Poll,
    pub(crate) events: Events,
    pub(crate) reports: Reports,
    pub(crate) signals: Option<Signals>,
    pub(crate) allocator: fn() -> AllocatorFigures,
    pub(crate) peer: PeerText,
}

impl EventLoop {
    /// The first turn, which has no input: the node asks for its listeners. Afterwards all of them stand or have
    /// failed.
    pub(crate) fn first_turn(&mut self) {
        let now = self.world.clock.now();
        self.finish_turn(now);
        if !self.world.listen_failed {
            self.world.log.line(LogLevel::Notice, "Server initialized");
        }
    }

    /// Turns until the node wants to leave; the code it leaves with.
    pub(crate) fn run(&mut self) -> u8 {
        loop {
            if let Some(code) = self.world.exit {
                self.world.disk.finish();
                self.world.listeners.close();
                return code;
            }
            if let Err(error) = self.sleep() {
                self.world
                    .log
                    .line(LogLevel::Warning, &format!("Waiting for events failed: {}", os_text(&error)));
                self.world.exit = Some(1);
                continue;
            }
            let now = self.world.clock.now();
            self.take_events(now);
            self.take_owed(now);
            self.take_reports(now);
            self.take_dialed(now);
            self.accept(now);
            self.read(now);
            self.wake(now);
            self.finish_turn(now);
        }
    }

    fn finish_turn(&mut self, now: Now) {
        self.node.end_turn(now);
        self.node.pump(now, &mut self.world);
    }

    /// Until something happens or the node's time has come.
    fn sleep(&mut self) -> io::Result<()> {
        let wait = self.patience();
        match self.poll.poll(&mut self.events, wait) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                self.events.clear();
                Ok(())
            }
            other => other,
        }
    }

    /// How long the loop may sleep; `None` is for ever. mio rounds up to whole milliseconds.
    fn patience(&self) -> Option<Duration> {
        if self.world.has_work() {
            return Some(Duration::ZERO);
        }
        let now = self.world.clock.mono();
        if self.world.listeners.has_ready(now) {
            return Some(Duration::ZERO);
        }
        let wakes = [self.node.next_wake().map(|(at, _)| at), self.world.listeners.next_wake()];
        let at = wakes.into_iter().flatten().min()?;
        Some(Duration::from_micros((at - now).0))
    }

    fn take_events(&mut self, now: Now) {
        for event in &self.events {
            let token = event.token();
            if let Some(conn) = conn_of(token) {
                match self.world.sockets.note(conn, event) {
                    Noted::Nothing => {}
                    Noted::Writable => self.node.handle(now, Input::Writable { conn }),
                    Noted::Closed(why) => {
                        self.world.sockets.remove(conn);
                        self.node.handle(now, Input::Closed { conn, why });
                    }
                }
            } else if token == signals::TOKEN {
                for asked in self.signals.iter_mut().flat_map(Signals::pending) {
                    match asked {
                        Asked::Stop(how) => self.node.handle(now, Input::Stop { how }),
                        Asked::ReopenLog => self.world.log.reopen(),
                    }
                }
            } else if token != WAKER && !self.world.listeners.note(token) {
                self.world.dials.note(&self.world.registry, token);
            }
        }
    }

    /// Answers to the effects of the turn before.
    fn take_owed(&mut self, now: Now) {
        while let Some(owed) = self.world.owed.pop_front() {
            match owed {
                Owed::Listening(listener, result) => {
                    self.node.handle(now, Input::Listening { listener, result })
                }
                Owed::Disk(op, result) => self.node.handle(now, Input::Disk { op, result }),
                Owed::Closed(conn, why) => {
                    self.world.sockets.remove(conn);
                    self.node.handle(now, Input::Closed { conn, why });
                }
            }
        }
        if std::mem::take(&mut self.world.gauges_wanted) {
            self.node.handle(now, Input::Gauges(gauges::read(self.allocator)));
        }
    }

    /// What other threads have to say.
    fn take_reports(&mut self, now: Now) {
        self.reports.begin();
        while let Some(report) = self.reports.next() {
            match report {
                Report::Disk { lane, op, result } => {
                    self.world.disk.finished(lane);
                    self.node.handle(now, Input::Disk { op, result });
                }
                Report::Resolved { attempt, result } => {
                    self.world.dials.resolved(&self.world.registry, attempt, result);
                }
                Report::Stop(how) => self.node.handle(now, Input::Stop { how }),
            }
        }
    }

    fn take_dialed(&mut self, now: Now) {
        while let Some((link, result)) = self.world.dials.next_answer() {
            let socket = match result {
                Ok(socket) => socket,
                Err(error) => {
                    self.node.handle(now, Input::Dialed { link, result: Err(error) });
                    continue;
                }
            };
            let ends = self.peer.set_from(&socket);
            let conn = self.node.vacant_conn();
            let world = &mut self.world;
            match ends.and_then(|()| world.sockets.insert(&world.registry, conn, socket, true)) {
                Ok(()) => {
                    let result = Ok((conn, self.peer.peer()));
                    self.node.handle(now, Input::Dialed { link, result });
                }
                Err(error) => {
                    let result = Err(norn_core::contract::DialError(os_text(&error).into()));
                    self.node.handle(now, Input::Dialed { link, result });
                }
            }
        }
    }

    fn accept(&mut self, now: Now) {
        if !self.world.listeners.has_ready(now.mono) {
            return;
        }
        for place in 0..self.world.listeners.len() {
            for _ in 0..ACCEPTS_MAX {
                let (listener, socket) = match self.world.listeners.accept(place, now.mono, &mut self.peer) {
                    Ok(Some(accepted)) => accepted,
                    Ok(None) => break,
                    Err(error) => {
                        let text = format!("Accepting client connection: accept: {}", os_text(&error));
                        self.world.log.line(LogLevel::Warning, &text);
                        break;
                    }
                };
                socket.set_options(true, self.world.keepalive_secs);
                let conn = self.node.vacant_conn();
                let world = &mut self.world;
                match world.sockets.insert(&world.registry, conn, socket, false) {
                    Ok(()) => {
                        let peer = self.peer.peer();
                        self.node.handle(now, Input::Accepted { conn, listener, peer });
                    }
                    Err(error) => {
                        let text =
                            format!("Error registering fd event for the new client: {}", os_text(&error));
                        world.log.line(LogLevel::Warning, &text);
                    }
                }
            }
        }
    }

    /// One read from every connection that is ready.
    fn read(&mut self, now: Now) {
        let ready = self.world.sockets.take_ready();
        for conn in &ready {
            self.read_one(now, *conn);
        }
        self.world.sockets.recycle(ready);
    }

    fn read_one(&mut self, now: Now, conn: ConnId) {
        let sockets = &mut self.world.sockets;
        if !sockets.begin_read(conn) {
            return;
        }
        let space = self.node.recv_space(conn);
        if space.is_empty() {
            return sockets.pause(conn);
        }
        match sockets.read(conn, space) {
            ReadOutcome::Bytes(len) => self.node.handle(now, Input::Received { conn, len }),
            ReadOutcome::Nothing => {}
            ReadOutcome::Closed(why) => {
                sockets.remove(conn);
                self.node.handle(now, Input::Closed { conn, why });
            }
        }
    }

    fn wake(&mut self, now: Now) {
        if self.node.next_wake().is_some_and(|(at, _)| at <= now.mono) {
            self.node.handle(now, Input::Wake);
        }
    }
}

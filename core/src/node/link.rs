//! The link to this node's master: from REPLICAOF to the stream that flows.
//!
//! *Owns*: when to dial, what a lost link means, the change of role. *Does not own*: the conversation (`replication`),
//! the execution of the stream (`stream`).
//! *Invariants*: at most one dial or connection at a time; whatever the master sends, the worst that follows is a logged
//! reason, a dropped link and another attempt; the data set is replaced as a whole or not at all.

use super::Node;
use crate::base::ids::LinkId;
use crate::base::mutant::Mutant;
use crate::connection::ConnFlags;
use crate::contract::{ConnId, DialError, DialTarget, LogLevel, Peer, Span, Timer, Tuning};
use crate::engine::{Action, Gates, Server};
use crate::keyspace::ExpiryPolicy;
use crate::replication::{Following, Handshake, Introduction, Lines, Link, Load, Next, OLD_SYNC, ReplId};
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

impl Server {
    /// REPLICAOF host port: this node becomes a replica, or follows another master.
    pub fn follow(&mut self, host: &str, port: u16) {
        // What the running transaction wrote so far belongs to the history of the master that this node was.
        self.cut_unit();
        self.drop_link();
        self.unblock_for_new_role();
        self.abandon_migrations();
        // Its own history may be the beginning of the new master's.
        self.repl.resumable |= self.repl.master.is_none();
        let down_since = self.repl.master.as_ref().and_then(|m| m.down_since);
        let mut following = Following::new(host, port, self.now.mono);
        following.down_since = down_since;
        self.repl.master = Some(Box::new(following));
        self.repl.getack_wanted = false;
        self.actions.push(Action::Tune(Tuning::Role('S')));
        self.rearm();
        self.log(LogLevel::Notice, format_args!("Connecting to MASTER {host}:{port}"));
        self.dial_master();
        self.keep_beating();
    }

    /// REPLICAOF NO ONE: a replica becomes a master; its history goes on under a new name.
    pub fn promote(&mut self) {
        if !self.repl.is_replica() {
            return;
        }
        self.drop_link();
        self.repl.master = None;
        self.actions.push(Action::Tune(Tuning::Role('M')));
        self.repl.resumable = false;
        let id = self.repl.rng.hex40();
        match () {
            () if self.knobs.broken(Mutant::PromoteKeepsName) => {}
            () if self.knobs.broken(Mutant::PromoteForgetsPast) => self.repl.change_id(),
            () => self.repl.continue_as(id),
        }
        self.repl.force_select();
        if !self.knobs.broken(Mutant::PromoteKeepsReplicas) {
            self.drop_replicas();
        }
        self.repl.alone_since = self.now.mono;
        self.rearm();
        self.arm_expiry();
        self.keep_beating();
        self.log(LogLevel::Notice, format_args!("MASTER MODE enabled"));
    }

    /// Ends whatever there is of a link. What was received and not applied is forgotten.
    fn drop_link(&mut self) {
        let Some(master) = &mut self.repl.master else { return };
        let slot = master.slot();
        if let Link::Dialing { link } = master.link {
            self.actions.push(Action::CancelDial(link));
        }
        let streaming = master.is_streaming();
        let now = self.now.mono;
        master.lost(now);
        if streaming {
            self.repl.forget_unapplied(&self.knobs);
        }
        if let Some(slot) = slot {
            self.close_soon(slot);
        }
    }

    /// The link is of no use any more; another attempt follows.
    pub(super) fn link_failed(&mut self, why: &str) {
        self.log(LogLevel::Warning, format_args!("MASTER <-> REPLICA sync: {why}"));
        self.drop_link();
        let Some(Following { link: Link::Down { retry_at }, .. }) = self.repl.master.as_deref() else {
            return;
        };
        let retry_at = *retry_at;
        self.timers.at_most(Timer::Replication, retry_at);
        self.rearm();
    }

    /// The connection in this slot, which was the link to a master, is gone.
    pub fn master_gone(&mut self, slot: u32) {
        if self.repl.master.as_ref().is_some_and(|m| m.slot() == Some(slot)) {
            self.link_failed("Connection with master lost.");
        }
    }

    /// Begins an attempt to reach the master.
    pub(super) fn dial_master(&mut self) {
        let link = self.repl.take_link();
        let Some(master) = &mut self.repl.master else { return };
        let config = &self.config;
        let source = &config.bind_source_addr;
        let target = DialTarget {
            host: master.host.clone(),
            port: master.port,
            source: (!source.is_empty()).then(|| source[..].into()),
            keepalive_secs: config.tcp_keepalive as u32,
            nodelay: !config.repl_disable_tcp_nodelay,
        };
        master.link = Link::Dialing { link };
        master.last_io = self.now.mono;
        self.actions.push(Action::Dial(link, target));
    }

    /// What this node tells its master of itself.
    fn introduction(&self) -> Introduction {
        let config = &self.config;
        let announced = config.replica_announce_port;
        let port = if announced > 0 { announced } else { config.port };
        Introduction {
            user: config.masteruser.as_bytes().into(),
            password: config.masterauth.as_bytes().into(),
            port: port as u16,
            ip: config.replica_announce_ip[..].into(),
            resume: self.repl.resumable.then_some((self.repl.id, self.repl.offset)),
            failover: self.repl.failover.is_some(),
        }
    }

    /// Takes bytes of a master whose stream does not flow yet. When they bring it to flow, what is left of them is the
    /// stream's beginning.
    fn link_bytes(&mut self, mut bytes: &[u8]) -> Option<Vec<u8>> {
        loop {
            let master = self.repl.master.as_mut()?;
            let none = Link::Down { retry_at: self.now.mono };
            match core::mem::replace(&mut master.link, none) {
                Link::Handshake { slot, mut lines, state } => match lines.next(&mut bytes) {
                    Ok(Some(line)) => {
                        let asked = state.is_asking();
                        match state.step(&line) {
                            Next::Continue(id) => {
                                self.failover_done();
                                self.resume_stream(slot, id);
                                return Some(bytes.to_vec());
                            }
                            next => self.handshake_goes_on(slot, lines, next, asked),
                        }
                    }
                    Ok(None) => {
                        master.link = Link::Handshake { slot, lines, state };
                        return None;
                    }
                    Err(_) => {
                        master.link = Link::Handshake { slot, lines, state };
                        self.link_failed("The master's reply does not end.");
                    }
                },
                Link::Transfer { slot, mut load } => match load.feed(&mut bytes) {
                    Ok(true) => {
                        self.adopt(slot, *load);
                        return Some(bytes.to_vec());
                    }
                    Ok(false) => {
                        master.link = Link::Transfer { slot, load };
                        return None;
                    }
                    Err(error) => {
                        master.link = Link::Transfer { slot, load };
                        self.link_failed(&format!(
                            "Failed trying to load the MASTER synchronization DB: {error}"
                        ));
                    }
                },
                other @ (Link::Down { .. } | Link::Dialing { .. } | Link::Streaming { .. }) => {
                    master.link = other;
                    return None;
                }
            }
        }
    }

    fn handshake_goes_on(&mut self, slot: u32, lines: Lines, next: Next, asked: bool) {
        let (state, send) = match next {
            Next::Wait(state) => (state, Vec::new()),
            Next::Send(state, send) => (state, send),
            Next::Full(history) => return self.begin_transfer(slot, history),
            Next::Continue(_) => return,
            Next::Fail(why) => {
                // The slot is put back for the failure to find.
                let (state, _) = Handshake::begin(Introduction::default());
                self.set_link(Link::Handshake { slot, lines, state });
                self.link_failed(&why);
                if asked {
                    self.abort_failover("Failover target rejected psync request");
                }
                return;
            }
        };
        self.set_link(Link::Handshake { slot, lines, state });
        if !send.is_empty() {
            self.deliver(slot, |w| w.raw(&send));
        }
    }

    fn set_link(&mut self, link: Link) {
        if let Some(master) = &mut self.repl.master {
            master.link = link;
        }
    }

    /// A snapshot follows. It is loaded aside, while the data set in use is served as before.
    fn begin_transfer(&mut self, slot: u32, history: Option<(ReplId, i64)>) {
        if history.is_some() {
            self.failover_done();
        } else {
            self.abort_failover("Failover target rejected psync request");
        }
        if !self.repl.is_replica() {
            return;
        }
        if let Some((id, offset)) = history {
            let id = String::from_utf8_lossy(&id);
            self.log(LogLevel::Notice, format_args!("Full resync from master: {id}:{offset}"));
        } else {
            self.log(LogLevel::Notice, format_args!("Master does not support PSYNC, falling back to SYNC"));
            self.deliver(slot, |w| w.raw(OLD_SYNC));
        }
        let keyspace = if self.knobs.broken(Mutant::FullSyncKeepsKeys) && !self.keyspace.snapshot_active() {
            let mut copy = self.keyspace.clone();
            copy.begin(self.now.unix.ms(), ExpiryPolicy::Ignore);
            copy
        } else {
            self.keyspace.empty_twin()
        };
        let load = Box::new(Load::new(history, keyspace, self.terms()));
        self.set_link(Link::Transfer { slot, load });
    }

    /// The master's data set has arrived: it takes the place of the one in use.
    fn adopt(&mut self, slot: u32, load: Load) {
        let stream_db = load.stream_db();
        let Load { history, keyspace, read, .. } = load;
        // Whoever follows this node follows another history from now on.
        if !self.knobs.broken(Mutant::LoadKeepsReplicas) {
            self.drop_replicas();
        }
        self.keyspace.replace_all(keyspace);
        self.repl.adopt(history, stream_db);
        self.drain_keyspace();
        self.arm_expiry();
        self.log(
            LogLevel::Notice,
            format_args!("MASTER <-> REPLICA sync: Finished with success, {read} bytes"),
        );
        self.stream_flows(slot, history.is_none());
        self.send_ack();
    }

    /// The master goes on where this node stopped.
    fn resume_stream(&mut self, slot: u32, id: Option<ReplId>) {
        if let Some(id) = id.filter(|id| *id != self.repl.id) {
            self.repl.continue_as(id);
            // They must learn the new name.
            if !self.knobs.broken(Mutant::NamePassedOnLate) {
                self.drop_replicas();
            }
        }
        self.repl.ensure_backlog();
        self.log(
            LogLevel::Notice,
            format_args!("MASTER <-> REPLICA sync: Master accepted a Partial Resynchronization."),
        );
        self.stream_flows(slot, false);
    }

    fn stream_flows(&mut self, slot: u32, old_style: bool) {
        let db = self.repl.selected().unwrap_or_default();
        let conn = self.conns.get_mut(slot);
        conn.db = db;
        conn.flags.clear(ConnFlags::MULTI.or(ConnFlags::DIRTY_EXEC).or(ConnFlags::DIRTY_CAS));
        conn.armed &= !Gates::MULTI.0;
        conn.multi = None;
        let now = self.now.mono;
        if let Some(master) = &mut self.repl.master {
            master.flows(slot, now);
            master.old_style = old_style;
        }
        self.repl.resumable = !old_style;
        self.rearm();
        self.keep_beating();
    }

    /// Tells the master how much of its stream is applied.
    pub(super) fn send_ack(&mut self) {
        let Some(master) = self.repl.master.as_ref().filter(|m| m.is_streaming() && !m.old_style) else {
            return;
        };
        let Some(slot) = master.slot() else { return };
        let early = self.knobs.broken(Mutant::AckTooHigh);
        let acked = if early { self.repl.received_offset() } else { self.repl.offset };
        let mut text = itoa::Buffer::new();
        let args: [&[u8]; 3] = [b"REPLCONF", b"ACK", text.format(acked).as_bytes()];
        let mut ack = Vec::with_capacity(48);
        crate::engine::propagate::encode(&mut ack, args.into_iter());
        self.deliver(slot, |w| w.raw(&ack));
    }

    /// Attempts that are due, and links that have been silent for too long.
    pub(super) fn tend_link(&mut self) {
        let now = self.now.mono;
        let patience = Span::secs(self.config.repl_timeout.max(1) as u64);
        let Some(master) = &self.repl.master else { return };
        let silent = now - master.last_io > patience && !self.knobs.broken(Mutant::SilenceTolerated);
        match &master.link {
            Link::Down { retry_at } if *retry_at <= now => self.dial_master(),
            Link::Down { retry_at } => {
                let retry_at = *retry_at;
                self.timers.at_most(Timer::Replication, retry_at);
            }
            Link::Dialing { .. } if silent => self.link_failed("Timeout connecting to the MASTER..."),
            Link::Handshake { .. } if silent => self.link_failed("Timeout talking to the MASTER..."),
            Link::Transfer { .. } if silent => {
                self.link_failed(
                    "Timeout receiving bulk data from MASTER... If the problem persists try to set the \
                                  'repl-timeout' parameter to a larger value.",
                );
            }
            Link::Streaming { .. } if silent => {
                self.link_failed("MASTER timeout: no data nor PING received...")
            }
            Link::Dialing { .. }
            | Link::Handshake { .. }
            | Link::Transfer { .. }
            | Link::Streaming { .. } => {}
        }
    }
}

impl Node {
    /// The driver's answer to a dial.
    pub(super) fn dialed(&mut self, link: LinkId, result: Result<(ConnId, Peer<'_>), DialError>) {
        if self.target_dialed(link, result.as_ref().copied()) {
            return;
        }
        let wanted = self
            .srv
            .repl
            .master
            .as_ref()
            .is_some_and(|m| matches!(m.link, Link::Dialing { link: l } if l == link));
        let (conn, peer) = match result {
            Ok(connected) => connected,
            Err(DialError(why)) if wanted => {
                return self.srv.link_failed(&format!("Error condition on socket: {why}"));
            }
            Err(_) => return,
        };
        let slot = self.add_connection(conn, peer);
        if !wanted {
            self.srv.close_soon(slot);
            return;
        }
        let flags = &mut self.srv.conns.get_mut(slot).flags;
        flags.set(ConnFlags::MASTER.or(ConnFlags::AUTHENTICATED));
        let (state, first) = Handshake::begin(self.srv.introduction());
        let now = self.srv.now.mono;
        if let Some(master) = &mut self.srv.repl.master {
            master.last_io = now;
            master.link = Link::Handshake { slot, lines: Lines::default(), state };
        }
        self.srv.log(LogLevel::Notice, format_args!("MASTER <-> REPLICA sync started"));
        self.srv.deliver(slot, |w| w.raw(&first));
    }

    /// Bytes of the master, read into what `recv_space` lent.
    pub(super) fn master_received(&mut self, slot: u32, len: usize) {
        let now = self.srv.now.mono;
        let leaving = self.srv.conns.get(slot).leaving();
        let Some(master) = self.srv.repl.master.as_mut().filter(|m| !leaving && m.slot() == Some(slot))
        else {
            return;
        };
        master.last_io = now;
        self.srv.stats.repl_in += len as u64;
        if master.is_streaming() {
            return self.stream_received(slot, len);
        }
        let scratch = core::mem::take(&mut self.scratch);
        let stream = self.srv.link_bytes(&scratch[..len]);
        self.scratch = scratch;
        if let Some(stream) = stream {
            self.stream_begins(slot, &stream);
        }
    }
}

//! Replication's duties of the second, on both sides.
//!
//! *Owns*: acknowledgements, pings, signs of life, time-outs, the life of the backlog. *Does not own*: what they say.
//! *Invariants*: while a node is a master with a backlog or a replica, it beats once a second; otherwise not at all.

use crate::base::mutant::Mutant;
use crate::connection::ConnFlags;
use crate::contract::{LogLevel, Span, Timer};
use crate::engine::Server;
use crate::engine::propagate::encode;
use crate::replication::{PeerStage, ReplicaPeer};
use alloc::vec::Vec;

/// Time between two beats.
const BEAT: Span = Span::secs(1);

impl Server {
    /// Sees to it that the next beat comes.
    pub(super) fn keep_beating(&mut self) {
        if self.timers.get(Timer::Replication).is_none() {
            self.repl.next_beat = self.now.mono + BEAT;
            self.repl.next_ping = self.now.mono + self.ping_period();
            self.timers.set(Timer::Replication, Some(self.repl.next_beat));
        }
    }

    /// What is due of replication by time.
    pub(super) fn replication_due(&mut self) {
        let now = self.now.mono;
        if now >= self.repl.next_beat {
            let often = self.knobs.broken(Mutant::BeatTooOften);
            self.repl.next_beat = now + if often { Span::ms(1) } else { BEAT };
            self.beat();
        }
        self.tend_link();
        if self.repl.is_replica() || self.repl.backlog.is_some() {
            self.timers.at_most(Timer::Replication, self.repl.next_beat);
        }
    }

    fn ping_period(&self) -> Span {
        Span::secs(self.config.repl_ping_replica_period.max(1) as u64)
    }

    fn beat(&mut self) {
        self.send_ack();
        self.ping_replicas();
        self.look_at_replicas();
        self.count_good_replicas();
        self.free_lonely_backlog();
    }

    /// A PING goes into the stream of a master, so that its replicas hear of it. A replica passes its master's on.
    fn ping_replicas(&mut self) {
        let now = self.now.mono;
        if now < self.repl.next_ping || self.persistence.is_exclusive() {
            return;
        }
        self.repl.next_ping = now + self.ping_period();
        let frozen = self.repl.failover.is_some();
        if !frozen && self.repl.feeds_own_writes() && self.repl.replicas().next().is_some() {
            self.repl.feed(b"*1\r\n$4\r\nPING\r\n", self.now);
            self.repl.offset -= if self.knobs.broken(Mutant::OffsetStepsBack) { 15 } else { 0 };
        }
    }

    /// Signs of life for those who wait, and an end for those who are not heard of.
    fn look_at_replicas(&mut self) {
        let now = self.now.mono;
        let patience = Span::secs(self.config.repl_timeout.max(1) as u64);
        let replicas: Vec<(u32, ReplicaPeer)> = self.repl.replicas().map(|(s, p)| (s, p.clone())).collect();
        for (slot, peer) in replicas {
            let conn = self.conns.get(slot);
            let (taken, active) = (conn.net_out, conn.active);
            let moved_at = if peer.progress.0 == taken { peer.progress.1 } else { now };
            self.peer_mut(slot).progress = (taken, moved_at);
            let heard = peer.last_ack.max(active);
            let lost = match peer.stage {
                PeerStage::Introduced => false,
                PeerStage::WaitSnapshot => {
                    self.deliver(slot, |w| w.raw(b"\n"));
                    false
                }
                PeerStage::Snapshot if self.conns.get(slot).out.is_empty() => {
                    // It waits for the others, or for the length: it is we who are slow.
                    if self.repl.round.as_ref().is_some_and(|r| r.is_silent()) {
                        self.deliver(slot, |w| w.raw(b"\n"));
                    }
                    false
                }
                PeerStage::Snapshot => now - moved_at > patience,
                PeerStage::Loading => !peer.rdb_only && now - heard.max(moved_at) > patience,
                PeerStage::Online => !peer.old_style && now - heard > patience,
            };
            if lost {
                let peer = self.conns.get(slot).details.peer.clone();
                self.log(LogLevel::Warning, format_args!("Disconnecting timedout replica: {peer}"));
                self.close_soon(slot);
            }
        }
    }

    /// A master without replicas forgets the stream in the end. What it writes from then on is in no history, so the
    /// history gets a new name.
    fn free_lonely_backlog(&mut self) {
        let ttl = self.config.repl_backlog_ttl;
        let alone = self.repl.replicas().next().is_none();
        let kept = ttl == 0 || self.repl.is_replica() || self.repl.backlog.is_none() || !alone;
        if kept || self.now.mono - self.repl.alone_since <= Span::secs(ttl as u64) {
            return;
        }
        self.repl.change_id();
        self.repl.backlog = None;
        self.log(
            LogLevel::Notice,
            format_args!("Replication backlog freed after {ttl} seconds without replicas."),
        );
    }

    /// At the end of a turn: replicas are asked for their offset, and history nobody needs is forgotten.
    pub(super) fn end_replication_turn(&mut self) {
        self.failover_turn();
        // While a snapshot is taken that everybody waits for, the history stands still.
        let frozen = self.repl.failover.is_some() || self.persistence.is_exclusive();
        if !frozen && core::mem::take(&mut self.repl.getack_wanted) && self.repl.feeds_own_writes() {
            let args: [&[u8]; 3] = [b"REPLCONF", b"GETACK", b"*"];
            let mut ask = Vec::with_capacity(48);
            encode(&mut ask, args.into_iter());
            self.repl.feed(&ask, self.now);
        }
        if !self.knobs.broken(Mutant::BacklogNeverTrimmed) {
            self.repl.trim(self.config.repl_backlog_size);
        }
    }

    /// The replication section of INFO.
    #[must_use]
    pub fn replication_info(&self) -> alloc::string::String {
        self.repl.info(&self.config, self.now, |slot| self.ip_of(slot))
    }

    /// The address of a client, without its port.
    #[must_use]
    pub fn ip_of(&self, slot: u32) -> alloc::string::String {
        let conn = self.conns.get(slot);
        let peer = &conn.details.peer;
        let ip = peer.rsplit_once(':').map_or(&peer[..], |(ip, _)| ip);
        if conn.flags.has(ConnFlags::UNIX) { "".into() } else { ip.trim_matches(['[', ']']).into() }
    }
}

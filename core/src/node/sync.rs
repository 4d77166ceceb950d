//! Replicas that this node feeds: how they are attached, and how the data set reaches them.
//!
//! *Owns*: the answer to PSYNC, the pace of a snapshot, what an acknowledgement leads to. *Does not own*: the rules of
//! histories and the bytes on their way (`replication`), the walk (`keyspace`).
//! *Invariants*: a snapshot begins between two commands, and a replica's stream begins at exactly that offset; slices
//! are bounded and wait for the slowest socket; what is kept for a snapshot counts as output of the replicas it is for,
//! so that their output limits bound it.

use crate::base::ids::DbIndex;
use crate::base::mutant::Mutant;
use crate::connection::ConnFlags;
use crate::contract::{LogLevel, Mono, Span, Timer};
use crate::engine::{Gates, Server};
use crate::persistence::Place;
use crate::replication::{Framing, PeerStage, ReplicaPeer, Round};
use crate::resp::Writer;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// Bytes of a snapshot that wait in one replica's connection at most, but for one slice.
const WINDOW: usize = 128 * 1024;
/// When another snapshot is running, this one is looked at again after so long.
const BUSY_PAUSE: Span = Span::ms(100);

impl Server {
    /// The introduction of the client in this slot, begun if there is none.
    pub fn peer_mut(&mut self, slot: u32) -> &mut ReplicaPeer {
        let now = self.now.mono;
        self.repl.peers.entry(slot).or_insert_with(|| ReplicaPeer::new(now))
    }

    /// PSYNC: the client becomes a replica that goes on where it stopped, if that is possible; else it will get a
    /// snapshot. `next` is the first byte it wants, counted from 1.
    pub fn attach(&mut self, slot: u32, id: &[u8], next: i64, reply: &mut Writer<'_>) {
        let now = self.now.mono;
        let Some(cursor) = self.repl.partial(id, next, &self.knobs) else {
            if id != b"?" {
                self.stats.sync_partial_err += 1;
                self.log_refusal(id, next);
            }
            return self.attach_fully(slot, false);
        };
        let id = self.repl.id;
        let peer = self.peer_mut(slot);
        (peer.stage, peer.cursor, peer.last_ack) = (PeerStage::Online, cursor, now);
        if peer.psync2 {
            reply.raw(b"+CONTINUE ");
            reply.raw(&id);
            reply.raw(b"\r\n");
        } else {
            reply.raw(b"+CONTINUE\r\n");
        }
        self.stats.sync_partial_ok += 1;
        let left = self.repl.offset - cursor;
        self.log(
            LogLevel::Notice,
            format_args!("Partial resynchronization request accepted. Sending {left} bytes of backlog."),
        );
        self.enlist(slot);
        self.count_good_replicas();
    }

    #[cold]
    fn log_refusal(&mut self, id: &[u8], next: i64) {
        let asked = String::from_utf8_lossy(&id[..id.len().min(40)]).replace(char::is_control, "?");
        let own = String::from_utf8_lossy(&self.repl.id).into_owned();
        let (from, to) = (self.repl.backlog.as_ref().map_or(0, |log| log.start() + 1), self.repl.offset + 1);
        self.log(
            LogLevel::Notice,
            format_args!(
                "Partial resynchronization not accepted: asked for {asked}:{next}, this is {own} with {from} to {to}"
            ),
        );
    }

    /// The client becomes a replica that waits for a snapshot.
    pub fn attach_fully(&mut self, slot: u32, old_style: bool) {
        let now = self.now.mono;
        self.stats.sync_full += 1;
        self.repl.ensure_backlog();
        let peer = self.peer_mut(slot);
        (peer.stage, peer.waits_since, peer.old_style) = (PeerStage::WaitSnapshot, now, old_style);
        self.enlist(slot);
        self.timers.at_most(Timer::Snapshot, now);
    }

    fn enlist(&mut self, slot: u32) {
        let conn = self.conns.get_mut(slot);
        conn.flags.set(ConnFlags::REPLICA);
        conn.armed |= Gates::REPLICA_LINK.0;
        self.keep_beating();
    }

    /// `REPLCONF ACK`: a replica has applied everything up to `offset`.
    pub fn acknowledged(&mut self, slot: u32, offset: i64, synced: Option<i64>) {
        let (now, end) = (self.now.mono, self.repl.offset);
        let Some(peer) = self.repl.peers.get_mut(&slot) else { return };
        peer.acked = peer.acked.max(offset.min(end));
        peer.acked_synced = synced.map_or(peer.acked_synced, |synced| peer.acked_synced.max(synced.min(end)));
        peer.last_ack = now;
        if peer.stage == PeerStage::Loading && !peer.rdb_only {
            self.bring_online(slot);
        }
        self.serve_replica_waits();
        self.continue_shutdown();
    }

    fn bring_online(&mut self, slot: u32) {
        let now = self.now.mono;
        let peer = self.peer_mut(slot);
        (peer.stage, peer.last_ack) = (PeerStage::Online, now);
        let peer = self.conns.get(slot).details.peer.clone();
        self.log(LogLevel::Notice, format_args!("Synchronization with replica {peer} succeeded"));
        self.count_good_replicas();
    }

    /// Counts the replicas that acknowledged lately, for `min-replicas-to-write`.
    pub(super) fn count_good_replicas(&mut self) {
        let lag = Span::secs(self.config.min_replicas_max_lag.max(0) as u64);
        let good = self.repl.good_replicas(self.now, lag) as i64;
        if good != self.repl.good {
            self.repl.good = good;
            self.rearm();
        }
    }

    /// The client in this slot leaves; it may have been a replica.
    pub fn replica_left(&mut self, slot: u32) {
        let attached = self.repl.replicas().any(|(s, _)| s == slot);
        self.repl.replica_gone(slot);
        if !attached {
            return;
        }
        if let Some(round) = &mut self.repl.round
            && round.has(slot)
            && !round.leave(slot)
        {
            self.end_round();
        }
        if self.repl.replicas().next().is_none() {
            self.repl.alone_since = self.now.mono;
        }
        self.timers.at_most(Timer::Snapshot, self.now.mono);
        self.count_good_replicas();
    }

    /// Closes every replica: their history is not this node's any more, or has another name.
    pub fn drop_replicas(&mut self) {
        let slots: Vec<u32> = self.repl.replicas().map(|(slot, _)| slot).collect();
        for slot in slots {
            self.close_soon(slot);
            self.replica_left(slot);
        }
    }

    /// No snapshot is on its way any more; one that is not complete ends.
    fn end_round(&mut self) {
        let Some(round) = self.repl.round.take() else { return };
        if !round.is_produced() {
            self.keyspace.snapshot_abort();
            self.drain_keyspace();
        }
    }

    /// What is due of snapshots for replicas: the beginning of one, or a slice.
    pub(super) fn snapshot_turn(&mut self) {
        if self.repl.round.is_none() {
            if !self.begin_round_when_due() {
                return;
            }
            if self.knobs.broken(Mutant::SnapshotLate) {
                return self.timers.at_most(Timer::Snapshot, self.now.mono);
            }
        }
        let Some(round) = &mut self.repl.round else { return };
        let (now, commands) = (self.now.mono, self.stats.commands_run);
        let share = self.config.snapshot_time_share as u64;
        let wants = round.wants_slice();
        let pause = if wants { round.pace.ask(now, commands, share).err() } else { None };
        if wants && pause.is_none() {
            let shift = if self.knobs.broken(Mutant::SnapshotTtlRelative) { self.now.unix.ms() } else { 0 };
            if self.knobs.broken(Mutant::SnapshotLate) && !self.keyspace.snapshot_active() {
                self.keyspace.snapshot_begin();
            }
            round.slice(&mut self.keyspace, self.knobs.snapshot_slice_bytes, shift);
            round.pace.done(now, commands);
        }
        self.deal_out();
        self.drain_keyspace();
        let round = self.repl.round.as_ref();
        if round.is_some_and(|r| r.wants_slice()) || (round.is_none() && self.waiting().next().is_some()) {
            self.timers.at_most(Timer::Snapshot, pause.unwrap_or(now));
        }
    }

    /// Hands the members of the snapshot what was produced, as far as they have room.
    fn deal_out(&mut self) {
        let Some(mut round) = self.repl.round.take() else { return };
        let members: Vec<u32> = round.members().collect();
        for slot in members {
            while self.conns.get(slot).out.len() < WINDOW
                && let Some(chunk) = round.next_for(slot)
            {
                self.conns.get_mut(slot).out.push_shared(chunk);
                self.mark_dirty(slot);
            }
            if round.is_produced() && !round.has_next(slot) {
                round.leave(slot);
                self.snapshot_is_out(slot, round.framing());
            }
        }
        if round.members().next().is_some() {
            self.repl.round = Some(round);
        }
    }

    /// A replica's connection holds the rest of its snapshot.
    fn snapshot_is_out(&mut self, slot: u32, framing: Framing) {
        let peer = self.peer_mut(slot);
        peer.stage = PeerStage::Loading;
        // A payload of known length is followed by the stream at once; SYNC knows no acknowledgement.
        let at_once = framing == Framing::Sized || peer.old_style;
        if at_once && !peer.rdb_only {
            self.bring_online(slot);
        }
    }

    /// Bytes kept for the snapshot on its way to this slot, beside those in its connection.
    pub(super) fn snapshot_share(&self, slot: u32) -> u64 {
        let member = self.repl.round.as_ref().is_some_and(|r| r.has(slot));
        if member { self.keyspace.snapshot_bytes() as u64 } else { 0 }
    }

    /// A replica's connection was flushed: there may be room for more of the snapshot.
    pub(super) fn replica_flushed(&mut self, slot: u32) {
        if self.knobs.broken(Mutant::WaitCountsSent)
            && let Some(peer) = self.repl.peers.get_mut(&slot)
        {
            peer.acked = peer.acked.max(peer.cursor);
        }
        let Some(round) = &self.repl.round else { return };
        let room = self.conns.get(slot).out.len() < WINDOW;
        if room && (round.has_next(slot) || (round.has(slot) && round.wants_slice())) {
            self.timers.at_most(Timer::Snapshot, self.now.mono);
        }
    }

    fn waiting(&self) -> impl Iterator<Item = (u32, &ReplicaPeer)> {
        self.repl.replicas().filter(|(_, p)| p.stage == PeerStage::WaitSnapshot)
    }

    /// When a snapshot is to begin, if anyone waits for one. One that is sent while it is produced is put off for
    /// others to join.
    fn round_due(&self) -> Option<Mono> {
        let config = &self.config;
        let first = self.waiting().map(|(_, p)| p.waits_since).min()?;
        let most = config.repl_diskless_sync_max_replicas;
        let enough = most > 0 && self.waiting().count() as i64 >= most;
        let delayed = config.repl_diskless_sync && self.waiting().all(|(_, p)| p.eof) && !enough;
        let delay = if delayed { Span::secs(config.repl_diskless_sync_delay.max(0) as u64) } else { Span(0) };
        Some(first + delay)
    }

    /// Begins a snapshot if one is due. Whether it did.
    fn begin_round_when_due(&mut self) -> bool {
        let Some(due) = self.round_due() else { return false };
        let now = self.now.mono;
        if due > now {
            self.timers.at_most(Timer::Snapshot, due);
            return false;
        }
        if self.keyspace.snapshot_active() {
            self.timers.at_most(Timer::Snapshot, now + BUSY_PAUSE);
            return false;
        }
        self.begin_round();
        true
    }

    /// The present state is what the waiting replicas will get. Those that need to know the length beforehand wait until
    /// the others are served.
    fn begin_round(&mut self) {
        let marked: Vec<u32> = self.waiting().filter(|(_, p)| p.eof).map(|(slot, _)| slot).collect();
        let (framing, members) = if marked.is_empty() {
            (Framing::Sized, self.waiting().map(|(slot, _)| slot).collect())
        } else {
            (Framing::Marked(self.repl.rng.hex40()), marked)
        };
        if !self.repl.is_replica() && !self.knobs.broken(Mutant::SelectForgotten) {
            self.repl.force_select();
        }
        let stream_db =
            if self.repl.is_replica() { self.repl.selected().unwrap_or_default() } else { DbIndex(0) };
        let (id, offset) = (self.repl.id, self.repl.offset);
        let dump = self.begin_dump(Some(Place { id, offset, stream_db }));
        let round = Round::new(framing, dump, &members);
        let answer = format!("+FULLRESYNC {} {}\r\n", String::from_utf8_lossy(&id), offset);
        let now = self.now.mono;
        for slot in &members {
            let peer = self.peer_mut(*slot);
            (peer.stage, peer.cursor, peer.acked) = (PeerStage::Snapshot, offset, 0);
            peer.progress.1 = now;
            if !peer.old_style {
                self.deliver(*slot, |w| w.raw(answer.as_bytes()));
            }
        }
        let n = members.len();
        self.log(LogLevel::Notice, format_args!("Sending a snapshot at offset {offset} to {n} replicas"));
        self.repl.round = Some(Box::new(round));
    }
}

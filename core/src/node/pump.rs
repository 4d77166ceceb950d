//! The only interpreter of actions.
//!
//! *Owns*: the order in which a turn's effects reach the driver: output, then closes, then everything else.
//! *Invariants*: each connection is flushed at most once in a turn, with at most `flush_bytes_per_turn` bytes (replicas
//! exempt), so that a huge reply starves nobody; what remains goes out in the next turn.

use super::Node;
use crate::connection::{ConnFlags, LimitVerdict, ObufUsage};
use crate::contract::{Effects, Now, Out, Timer};
use crate::engine::{Action, Server};
use crate::replication::{PeerStage, ReplicaPeer};
use alloc::vec::Vec;

/// Slices handed to the driver in one flush.
const SLICES: usize = 64;

impl Node {
    /// Hands every action of the turn to the driver.
    pub fn pump(&mut self, now: Now, fx: &mut impl Effects) {
        self.srv.now = now;
        self.srv.wake_replicas();
        let at_rest = self.srv.at_rest();
        if !at_rest || self.srv.shutdown.is_some() {
            // Whoever waits for the end hears nothing; what replicas are owed they get.
            self.flush_all(at_rest, fx);
        }
        while let Some(slot) = self.srv.doomed.pop() {
            self.srv.forget(slot);
        }
        if self.srv.actions.is_empty() {
            return;
        }
        let mut actions = core::mem::take(&mut self.srv.actions);
        for action in actions.drain(..) {
            perform(action, fx);
        }
        self.srv.actions = actions;
    }

    fn flush_all(&mut self, replicas_only: bool, fx: &mut impl Effects) {
        let mut dirty = core::mem::take(&mut self.srv.dirty);
        for slot in dirty.drain(..) {
            let Some(conn) = self.srv.conns.try_get(slot) else { continue };
            if replicas_only && !conn.flags.has(ConnFlags::REPLICA) {
                self.srv.dirty.push(slot);
            } else {
                self.srv.conns.get_mut(slot).flags.clear(ConnFlags::PENDING_OUT);
                flush_one(&mut self.srv, slot, fx);
            }
        }
        // What was marked again meanwhile waits for the next turn.
        dirty.append(&mut self.srv.dirty);
        if !dirty.is_empty() && !replicas_only {
            self.srv.timers.at_most(Timer::Unfinished, self.srv.now.mono);
        }
        self.srv.dirty = dirty;
    }
}

fn perform(action: Action, fx: &mut impl Effects) {
    match action {
        Action::Close(conn) => fx.close(conn),
        Action::Resume(conn) => fx.resume(conn),
        Action::Dial(link, target) => fx.dial(link, &target),
        Action::CancelDial(link) => fx.cancel_dial(link),
        Action::Listen(listener, at) => fx.listen(listener, &at),
        Action::Unlisten(listener) => fx.unlisten(listener),
        Action::Disk(op, request) => fx.disk(op, request),
        Action::Discard(garbage) => fx.discard(garbage),
        Action::Gauges => fx.gauges(),
        Action::Log(level, line) => fx.log(level, &line),
        Action::Tune(tuning) => fx.tune(tuning),
        Action::Exit(code) => fx.exit(code),
    }
}

/// Writes what a connection has, as far as the driver takes it and the turn allows.
fn flush_one(srv: &mut Server, slot: u32, fx: &mut impl Effects) {
    let conn = srv.conns.get(slot);
    if conn.flags.any(ConnFlags::GONE.or(ConnFlags::CLOSING)) {
        return;
    }
    if conn.flags.has(ConnFlags::STALLED) {
        // Nothing can be written, but what is kept has grown.
        let pending = srv.pending_output(slot);
        srv.hold_to_limits(slot, pending);
        return;
    }
    let is_replica = conn.flags.has(ConnFlags::REPLICA);
    let max = if is_replica { usize::MAX } else { srv.knobs.flush_bytes_per_turn };
    let mut slices: [&[u8]; SLICES] = [&[]; SLICES];
    let mut n = conn.out.slices(max, &mut slices);
    let own: usize = slices[..n].iter().map(|s| s.len()).sum();
    if own == conn.out.len() {
        n += srv.repl.stream_slices(slot, &mut slices[n..]);
    }
    let offered: usize = slices[..n].iter().map(|s| s.len()).sum();
    let taken = if n == 0 { 0 } else { fx.flush(conn.conn, Out { slices: &slices[..n] }) };
    assert!(taken <= offered, "a driver takes at most what it is offered");
    let conn = srv.conns.get_mut(slot);
    conn.out.consume(taken.min(own));
    conn.net_out += taken as u64;
    if taken > 0 {
        srv.stats.net_out += taken as u64;
        srv.stats.writes += 1;
    }
    let streamed = taken.saturating_sub(own);
    if streamed > 0 {
        srv.stats.repl_out += streamed as u64;
    }
    let streaming = srv.repl.streamed(slot, streamed);
    if is_replica {
        srv.replica_flushed(slot);
    }
    settle(srv, slot, taken < offered, streaming);
}

/// What follows a flush: stalled, more to come, done and closing, or over the limit.
fn settle(srv: &mut Server, slot: u32, stalled: bool, streaming: bool) {
    let pending = srv.pending_output(slot);
    let conn = srv.conns.get_mut(slot);
    let more = !conn.out.is_empty() || streaming;
    if stalled {
        conn.flags.set(ConnFlags::STALLED);
    } else if more {
        srv.mark_dirty(slot);
    } else if conn.flags.has(ConnFlags::CLOSE_AFTER_REPLY) {
        srv.close_soon(slot);
        return;
    }
    if more {
        srv.hold_to_limits(slot, pending);
    } else {
        let conn = srv.conns.get_mut(slot);
        conn.soft_since = None;
        if let Some(storage) = conn.out.take_storage() {
            srv.spare_buffers.put(storage);
        }
    }
}

impl Server {
    /// Bytes kept for a client: its own output and the part of the stream it has not taken.
    #[must_use]
    pub fn pending_output(&self, slot: u32) -> u64 {
        self.conns.get(slot).out.len() as u64 + self.repl.unsent(slot) + self.snapshot_share(slot)
    }

    /// Closes a client whose unread output is beyond the limits of its class.
    pub fn hold_to_limits(&mut self, slot: u32, pending: u64) {
        let now = self.now.mono;
        let conn = self.conns.get_mut(slot);
        if conn.flags.has(ConnFlags::TARGET) {
            return;
        }
        let class = conn.obuf_class();
        let mut limit = self.config.client_output_buffer_limit[class];
        if self.knobs.broken(crate::base::mutant::Mutant::OutputUnlimited) {
            return;
        }
        if class == 1 && limit.hard > 0 {
            // A replica may always lag by a whole backlog.
            limit.hard = limit.hard.max(self.config.repl_backlog_size as u64);
        }
        if conn.check_output(ObufUsage { bytes: pending }, &limit, now) == LimitVerdict::Exceeded {
            self.output_overrun(slot, pending as usize);
        }
    }

    /// Replicas with stream to take stand among the connections with output; so do those that stopped reading their
    /// snapshot, because what is kept for them grows with every write.
    fn wake_replicas(&mut self) {
        for slot in self.repl.with_stream() {
            self.mark_dirty(slot);
        }
        let stuck = |(slot, peer): &(u32, &ReplicaPeer)| {
            peer.stage == PeerStage::Snapshot && self.conns.get(*slot).flags.has(ConnFlags::STALLED)
        };
        let stuck: Vec<u32> = self.repl.replicas().filter(stuck).map(|(slot, _)| slot).collect();
        for slot in stuck {
            self.mark_dirty(slot);
        }
    }
}

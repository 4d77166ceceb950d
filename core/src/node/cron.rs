//! Housekeeping by timers: idle clients, soft output limits, rates, expiry, waits.
//!
//! *Owns*: what happens when which deadline has come. *Invariants*: the work of one call is bounded; an idle node wakes
//! once a second.

use super::Node;
use crate::base::ids::ClientId;
use crate::connection::ConnFlags;
use crate::contract::{LogLevel, Span, Timer};
use crate::engine::Action;

/// Clients looked at in one call at least.
const CLIENTS_MIN: usize = 50;

impl Node {
    /// Runs whatever is due.
    pub(super) fn run_timers(&mut self) {
        let now = self.srv.now.mono;
        let Some((first, _)) = self.srv.timers.next() else { return };
        if first > now {
            return;
        }
        self.srv.timers.take_due(Timer::Unfinished, now);
        if self.srv.timers.take_due(Timer::Sleep, now) {
            self.srv.asleep_until = None;
        }
        if self.srv.timers.take_due(Timer::Pause, now) {
            self.srv.unpause();
        }
        if self.srv.timers.take_due(Timer::Blocked, now) {
            self.srv.expire_waits();
        }
        if self.srv.timers.take_due(Timer::Expire, now) {
            self.expire_cycle();
        }
        if self.srv.timers.take_due(Timer::Replication, now) {
            self.srv.replication_due();
        }
        if self.srv.timers.take_due(Timer::Snapshot, now) {
            self.srv.snapshot_turn();
        }
        if self.srv.timers.take_due(Timer::Persistence, now) {
            self.srv.save_turn();
            self.loading_turn();
        }
        if self.srv.timers.take_due(Timer::Shutdown, now) {
            self.shutdown_deadline();
        }
        if self.srv.timers.take_due(Timer::Migration, now) {
            self.srv.tend_migrations();
        }
        if self.srv.timers.take_due(Timer::Cron, now) {
            self.cron();
        }
    }

    fn cron(&mut self) {
        let srv = &mut self.srv;
        let now = srv.now.mono;
        let busy = srv.stats.rates_sample(now);
        srv.stats.peak_memory = srv.stats.peak_memory.max(srv.keyspace.used_bytes() as u64);
        srv.actions.push(Action::Gauges);
        srv.spare_buffers.shrink();
        self.look_at_clients();
        self.srv.look_at_save_points();
        let period = if busy { Span::ms(100) } else { Span::secs(1) };
        self.srv.timers.set(Timer::Cron, Some(now + period));
    }

    /// Looks at a slice of the clients: idle ones, those above the soft output limit.
    fn look_at_clients(&mut self) {
        let srv = &mut self.srv;
        let now = srv.now.mono;
        let n = (srv.conns.len() / 10).max(CLIENTS_MIN);
        let slice = srv.conns.some_after(srv.client_cursor, n);
        srv.client_cursor = match slice.last() {
            Some(slot) if slice.len() == n => srv.conns.get(*slot).id,
            _ => ClientId(0),
        };
        let idle_max = srv.config.timeout;
        for slot in slice {
            let conn = srv.conns.get(slot);
            let spared =
                ConnFlags::REPLICA.or(ConnFlags::MASTER).or(ConnFlags::BLOCKED).or(ConnFlags::PUBSUB);
            let idle = now - conn.active > Span::secs(idle_max.max(0) as u64);
            if idle_max > 0 && idle && !conn.flags.any(spared) {
                srv.log(LogLevel::Verbose, format_args!("Closing idle client"));
                srv.close_soon(slot);
                continue;
            }
            if !srv.conns.get(slot).out.is_empty() || srv.repl.unsent(slot) > 0 {
                let pending = srv.pending_output(slot);
                srv.hold_to_limits(slot, pending);
            }
        }
    }
}

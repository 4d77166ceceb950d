//! The active expiry cycle: due keys are removed in slices, in the order of their deadlines.

use super::Node;
use crate::contract::{Span, Timer};

impl Node {
    /// Removes due keys, a bounded number of them; comes back at once while some are left.
    pub(super) fn expire_cycle(&mut self) {
        let srv = &mut self.srv;
        if srv.hides_expired() || srv.keeps_expired() {
            return;
        }
        let now_ms = srv.now.unix.ms();
        let limit = srv.knobs.expire_slice_keys * srv.config.active_expire_effort.max(1) as usize;
        let removed = srv.keyspace.expire_due(now_ms, limit);
        if removed > 0 {
            // Each key is a unit of its own, as if a client had deleted it.
            srv.drain_expired_apart();
        }
        if removed == limit {
            srv.stats.expire_cap_reached += 1;
        }
        srv.arm_expiry();
    }
}

impl crate::engine::Server {
    /// Sets the expiry timer by the next deadline.
    pub fn arm_expiry(&mut self) {
        if self.hides_expired() {
            // It is the master who removes them.
            self.timers.set(Timer::Expire, None);
            return;
        }
        let pause = if self.keeps_expired() { Span::ms(100) } else { Span(0) };
        let at = self.keyspace.next_deadline().map(|deadline_ms| {
            // A key is gone once the clock has passed its deadline.
            let wait_ms = (deadline_ms.saturating_add(1)).saturating_sub(self.now.unix.ms()).max(0) as u64;
            // The wall clock may be set meanwhile: look again within a second.
            self.now.mono + Span::ms(wait_ms.min(1_000)).max(pause)
        });
        self.timers.set(Timer::Expire, at);
    }

    /// Whether expired keys stay for a while; readers never see them meanwhile.
    fn keeps_expired(&self) -> bool {
        !self.active_expire || self.pause.until.is_some()
    }
}

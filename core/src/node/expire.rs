//! The active expiry cycle: due keys are removed in slices, in the order of their deadlines.

use super::Node;
use crate::base::mutant::Mutant;
use crate::contract::{Span, Timer};

/// Milliseconds between two cycles at least, unless one was cut short.
const CYCLE_MS_MIN: i64 = 100;

impl Node {
    /// Removes due keys, a bounded number of them; comes back at once while some are left.
    pub(super) fn expire_cycle(&mut self) {
        let srv = &mut self.srv;
        if srv.hides_expired() || srv.keeps_expired() || srv.persistence.is_exclusive() {
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
            srv.timers.set(Timer::Expire, Some(srv.now.mono));
        }
    }
}

impl crate::engine::Server {
    /// Sets the expiry timer by the next deadline. Expired keys are hidden at once, so their removal may wait for company:
    /// the cycle begins at most ten times a second.
    pub fn arm_expiry(&mut self) {
        let asleep = self.knobs.broken(Mutant::ExpiryAsleep);
        let resting = self.hides_expired() || self.keeps_expired() || asleep;
        let Some(deadline_ms) = self.keyspace.next_deadline().filter(|_| !resting) else {
            self.timers.set(Timer::Expire, None);
            return;
        };
        let wait_ms = deadline_ms.saturating_add(1).saturating_sub(self.now.unix.ms());
        // The wall clock may be set meanwhile: look again within a second.
        let wait_ms = wait_ms.clamp(CYCLE_MS_MIN, 1_000) as u64;
        self.timers.at_most(Timer::Expire, self.now.mono + Span::ms(wait_ms));
    }

    /// Whether expired keys stay for a while; readers never see them meanwhile.
    fn keeps_expired(&self) -> bool {
        !self.active_expire || self.writes_are_paused()
    }
}

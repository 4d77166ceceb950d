//! The state of the way from one host to another.

use crate::agenda::Time;
use crate::chance::Chance;

/// How packets travel from one host to another; each ordered pair of hosts has its own.
#[derive(Clone, Copy, Debug)]
pub struct Path {
    /// Shortest travel time.
    pub latency_us: Time,
    /// Up to this much is added, evenly.
    pub jitter_us: Time,
    /// So many packets in a thousand are late by up to `tail_us`.
    pub tail_per_mille: u64,
    /// See `tail_per_mille`.
    pub tail_us: Time,
    /// Bytes per millisecond; 0 = no limit.
    pub bytes_per_ms: u64,
    /// Nothing gets through; senders go on trying.
    pub blocked: bool,
    /// Nothing arrives before this time; nothing is lost.
    pub stalled_until: Time,
}

impl Path {
    /// A path that delivers at once and always: the loopback interface.
    #[must_use]
    pub const fn instant() -> Self {
        Self {
            latency_us: 0,
            jitter_us: 0,
            tail_per_mille: 0,
            tail_us: 0,
            bytes_per_ms: 0,
            blocked: false,
            stalled_until: 0,
        }
    }

    /// When a packet sent now arrives, without regard to the packets before it.
    pub(super) fn arrival(&self, now: Time, chance: &mut Chance) -> Time {
        let mut at = now + self.latency_us;
        if self.jitter_us > 0 {
            at += chance.below(self.jitter_us);
        }
        if self.tail_per_mille > 0 && chance.per_mille(self.tail_per_mille) {
            at += chance.below(self.tail_us);
        }
        at.max(self.stalled_until)
    }
}

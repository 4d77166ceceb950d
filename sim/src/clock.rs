//! The clocks of one host.
//!
//! *Owns*: how a host's monotonic and wall clock follow the world's time: skew, drift, steps. *Invariants*: the monotonic
//! clock never goes back and is not moved by steps; the wall clock may jump either way.

use crate::agenda::Time;
use norn_core::contract::{Mono, Now, Unix};

/// Wall-clock time at the start of every run: 2027-01-15 08:00:00 UTC.
pub const EPOCH_US: u64 = 1_800_000_000_000_000;

/// A host's two clocks.
#[derive(Clone, Copy, Debug, Default)]
pub struct Clock {
    /// Speed of both clocks in millionths faster (or slower) than the world.
    pub drift_ppm: i64,
    /// How far the wall clock is off, steps included.
    pub skew_us: i64,
}

impl Clock {
    /// Both clocks at a time of the world.
    #[must_use]
    pub fn read(&self, world: Time) -> Now {
        let run = self.elapsed(world);
        let unix = (EPOCH_US + run).saturating_add_signed(self.skew_us);
        Now { mono: Mono(run + 1_000_000), unix: Unix(unix) }
    }

    /// The first time of the world at which the monotonic clock shows at least `deadline`.
    #[must_use]
    pub fn world_at(&self, deadline: Mono) -> Time {
        let run = deadline.0.saturating_sub(1_000_000);
        let scale = (1_000_000 + self.drift_ppm) as u128;
        let mut world = (u128::from(run) * 1_000_000 / scale).min(u128::from(u64::MAX / 4)) as u64;
        while self.elapsed(world) < run && world < u64::MAX / 4 {
            world += 1;
        }
        world
    }

    /// Moves the wall clock.
    pub fn step(&mut self, by_us: i64) {
        self.skew_us = self.skew_us.saturating_add(by_us);
    }

    fn elapsed(&self, world: Time) -> u64 {
        let drift = i128::from(world) * i128::from(self.drift_ppm) / 1_000_000;
        (i128::from(world) + drift) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_is_reached_exactly_at_its_world_time() {
        for drift_ppm in [-500, -1, 0, 1, 300] {
            let clock = Clock { drift_ppm, skew_us: -7 };
            for deadline in [1_000_000, 1_000_001, 1_234_567, 99_999_999] {
                let at = clock.world_at(Mono(deadline));
                assert!(clock.read(at).mono >= Mono(deadline));
                assert!(at == 0 || clock.read(at - 1).mono < Mono(deadline));
            }
        }
    }

    #[test]
    fn steps_move_only_the_wall_clock() {
        let mut clock = Clock::default();
        let before = clock.read(5_000_000);
        clock.step(-3_000_000);
        let after = clock.read(5_000_000);
        assert_eq!((after.mono, after.unix.0), (before.mono, before.unix.0 - 3_000_000));
    }
}

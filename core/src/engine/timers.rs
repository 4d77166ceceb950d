//! The node's deadlines, one for each reason.

use crate::contract::{Mono, Timer};

/// One optional deadline for each [`Timer`].
#[derive(Clone, Debug, Default)]
pub struct Timers {
    at: [Option<Mono>; COUNT],
}

const ALL: [Timer; COUNT] = [
    Timer::Unfinished,
    Timer::Cron,
    Timer::Expire,
    Timer::Blocked,
    Timer::Pause,
    Timer::Sleep,
    Timer::Replication,
    Timer::Snapshot,
    Timer::Shutdown,
    Timer::Persistence,
    Timer::Migration,
];
const COUNT: usize = 11;

impl Timers {
    /// Sets or clears a deadline.
    pub fn set(&mut self, timer: Timer, at: Option<Mono>) {
        self.at[timer as usize] = at;
    }

    /// Moves a deadline forward to `at` if it was later or unset.
    pub fn at_most(&mut self, timer: Timer, at: Mono) {
        let slot = &mut self.at[timer as usize];
        *slot = Some(slot.map_or(at, |old| old.min(at)));
    }

    /// The deadline of one reason.
    #[must_use]
    pub fn get(&self, timer: Timer) -> Option<Mono> {
        self.at[timer as usize]
    }

    /// Clears the deadline when it has come; whether it had.
    pub fn take_due(&mut self, timer: Timer, now: Mono) -> bool {
        let slot = &mut self.at[timer as usize];
        let due = slot.is_some_and(|at| at <= now);
        if due {
            *slot = None;
        }
        due
    }

    /// The earliest deadline with its reason.
    #[must_use]
    pub fn next(&self) -> Option<(Mono, Timer)> {
        ALL.iter().filter_map(|t| self.get(*t).map(|at| (at, *t))).min()
    }
}

//! E1: output kept for a client never exceeds its hard limit by more than one reply.

use super::Violation;
use crate::plan::Plan;

/// Hard limits by class of client: normal, replica, pubsub; 0 = none.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Limits {
    hard: [u64; 3],
    /// Most bytes of one reply.
    reply_max: u64,
}

impl Limits {
    /// The limits that a plan's directives set.
    pub(super) fn of(plan: &Plan) -> Self {
        let mut limits = Self { hard: [0; 3], reply_max: 0 };
        for (name, value) in plan.servers.iter().flat_map(|s| &s.directives) {
            let mut words = value.split(' ');
            let class = words.next().and_then(|w| ["normal", "slave", "pubsub"].iter().position(|c| *c == w));
            if let (&"client-output-buffer-limit", Some(class)) = (name, class) {
                limits.hard[class] = words.next().and_then(|w| w.parse().ok()).unwrap_or(0);
            }
        }
        // MGET of five values; EXEC of a few hundred commands; KEYS of all keys.
        let m = &plan.mixture;
        limits.reply_max = (m.value_max + 64) * 200 + m.keys * 64;
        limits
    }

    pub(super) fn any(&self) -> bool {
        self.hard.iter().any(|hard| *hard > 0)
    }

    pub(super) fn check(&self, s: u8, class: usize, bytes: u64) -> Result<(), Violation> {
        let hard = self.hard[class];
        if hard > 0 && bytes > hard + self.reply_max {
            let reason = format!("n{s} keeps {bytes} bytes for a client whose limit is {hard}");
            return Err(Violation::new("E1", reason));
        }
        Ok(())
    }
}

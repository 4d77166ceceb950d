//! E1: after a turn no client that stays keeps more output than its hard limit and one reply.

use super::Violation;
use crate::plan::Plan;

/// Hard limits by class of client: normal, replica, pubsub; 0 = none.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Limits {
    hard: [u64; 3],
    /// Bytes of the longest reply that was due so far.
    reply_max: u64,
}

impl Limits {
    /// The limits that a plan's directives set.
    pub(super) fn of(plan: &Plan) -> Self {
        let mut limits = Self { hard: [0; 3], reply_max: 4096 };
        for (name, value) in plan.servers.iter().flat_map(|s| &s.directives) {
            let mut words = value.split(' ');
            let class = words.next().and_then(|w| ["normal", "slave", "pubsub"].iter().position(|c| *c == w));
            if let (&"client-output-buffer-limit", Some(class)) = (name, class) {
                limits.hard[class] = words.next().and_then(|w| w.parse().ok()).unwrap_or(0);
            }
        }
        limits
    }

    pub(super) fn due(&mut self, bytes: u64) {
        self.reply_max = self.reply_max.max(bytes);
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

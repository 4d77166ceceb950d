//! `client-output-buffer-limit`: when a client's unread output is too much.

use super::{ConnFlags, Connection};
use crate::base::time::{Mono, Span};
use crate::config::ObufLimit;

/// What the output of a client amounts to.
#[derive(Clone, Copy, Debug)]
pub struct ObufUsage {
    /// Bytes kept for it: its own output and, for a replica, the part of the stream it has not taken.
    pub bytes: u64,
}

/// Whether a client may stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitVerdict {
    /// Within the limits.
    Fine,
    /// Above the hard limit, or above the soft limit for too long.
    Exceeded,
}

impl Connection {
    /// Index of the client's class in `Config::client_output_buffer_limit`: 0 normal, 1 replica, 2 pubsub.
    #[must_use]
    pub const fn obuf_class(&self) -> usize {
        if self.flags.has(ConnFlags::REPLICA) && !self.flags.has(ConnFlags::MONITOR) {
            1
        } else if self.flags.has(ConnFlags::PUBSUB) {
            2
        } else {
            0
        }
    }

    /// Holds the output against the limits of its class and remembers since when it is above the soft one.
    pub fn check_output(&mut self, usage: ObufUsage, limit: &ObufLimit, now: Mono) -> LimitVerdict {
        if limit.hard > 0 && usage.bytes >= limit.hard {
            return LimitVerdict::Exceeded;
        }
        if limit.soft == 0 || usage.bytes < limit.soft {
            self.soft_since = None;
            return LimitVerdict::Fine;
        }
        let since = *self.soft_since.get_or_insert(now);
        if now - since > Span::secs(limit.soft_secs) { LimitVerdict::Exceeded } else { LimitVerdict::Fine }
    }
}

//! The master that this node follows, and how far the link to it has come.

use super::{Handshake, Lines, Load};
use crate::base::ids::LinkId;
use crate::base::time::{Mono, Span};
use alloc::boxed::Box;

/// A replica's view of its master.
#[derive(Clone)]
pub struct Following {
    /// Host name or address, as it was given.
    pub host: Box<str>,
    /// TCP port.
    pub port: u16,
    /// How far the link has come.
    pub link: Link,
    /// Links lost since the stream last flowed for a while.
    pub failures: u32,
    /// When the master was last heard.
    pub last_io: Mono,
    /// When the stream stopped flowing; none while it flows, and before it first did.
    pub down_since: Option<Mono>,
    /// When the stream began to flow.
    pub up_since: Mono,
    /// The master was asked by SYNC: it takes no acknowledgements.
    pub old_style: bool,
}

/// How far the link to the master has come.
#[derive(Clone)]
pub enum Link {
    /// There is none; when the next attempt begins.
    Down {
        /// Not before this time.
        retry_at: Mono,
    },
    /// The driver connects.
    Dialing {
        /// The dial.
        link: LinkId,
    },
    /// The master is asked.
    Handshake {
        /// Slot of the connection.
        slot: u32,
        /// What was received of the line that comes.
        lines: Lines,
        /// The state.
        state: Handshake,
    },
    /// The data set arrives.
    Transfer {
        /// Slot of the connection.
        slot: u32,
        /// What has come of it.
        load: Box<Load>,
    },
    /// The stream flows.
    Streaming {
        /// Slot of the connection.
        slot: u32,
    },
}

/// A stream that flowed for so long is followed by an attempt at once. A shorter one counts as a failure, so that nodes
/// that follow each other in a circle do not keep each other busy.
const STEADY: Span = Span::secs(1);
/// The longest pause between two attempts.
const PAUSE_SECS_MAX: u32 = 5;

impl Following {
    /// A master that has not been called yet.
    #[must_use]
    pub fn new(host: &str, port: u16, now: Mono) -> Self {
        Self {
            host: host.into(),
            port,
            link: Link::Down { retry_at: now },
            failures: 0,
            last_io: now,
            down_since: None,
            up_since: now,
            old_style: false,
        }
    }

    /// Slot of the link's connection, if there is one.
    #[must_use]
    pub fn slot(&self) -> Option<u32> {
        match &self.link {
            Link::Down { .. } | Link::Dialing { .. } => None,
            Link::Handshake { slot, .. } | Link::Transfer { slot, .. } | Link::Streaming { slot } => {
                Some(*slot)
            }
        }
    }

    /// Whether the stream flows.
    #[must_use]
    pub fn is_streaming(&self) -> bool {
        matches!(self.link, Link::Streaming { .. })
    }

    /// The data set under way.
    #[must_use]
    pub fn load(&self) -> Option<&Load> {
        match &self.link {
            Link::Transfer { load, .. } => Some(load),
            Link::Down { .. } | Link::Dialing { .. } | Link::Handshake { .. } | Link::Streaming { .. } => {
                None
            }
        }
    }

    /// The link is lost: at once the first time, then with growing pauses. When the next attempt begins.
    pub fn lost(&mut self, now: Mono) -> Mono {
        if self.is_streaming() && now - self.up_since >= STEADY {
            self.failures = 0;
        }
        let pause = Span::secs(u64::from(self.failures.min(PAUSE_SECS_MAX)));
        self.failures += 1;
        if self.is_streaming() {
            self.down_since = Some(now);
        }
        let retry_at = now + pause;
        self.link = Link::Down { retry_at };
        retry_at
    }

    /// The stream flows from now on.
    pub fn flows(&mut self, slot: u32, now: Mono) {
        self.link = Link::Streaming { slot };
        self.up_since = now;
        self.down_since = None;
    }

    /// The word of ROLE.
    #[must_use]
    pub fn state_word(&self) -> &'static str {
        match &self.link {
            Link::Down { .. } => "connect",
            Link::Dialing { .. } => "connecting",
            Link::Handshake { .. } => "handshake",
            Link::Transfer { .. } => "sync",
            Link::Streaming { .. } => "connected",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_retry_is_at_once_and_pauses_grow_to_a_limit() {
        let mut f = Following::new("h", 1, Mono(0));
        let now = Mono(7_000_000);
        let pauses: std::vec::Vec<_> = (0..8).map(|_| (f.lost(now) - now).as_secs()).collect();
        assert_eq!(pauses, [0, 1, 2, 3, 4, 5, 5, 5]);
        assert!(f.down_since.is_none());
        f.flows(3, now);
        assert_eq!((f.lost(now) - now).as_secs(), 5);
        f.flows(3, now);
        let later = now + STEADY;
        assert_eq!(f.lost(later), later);
        assert_eq!(f.down_since, Some(later));
    }
}

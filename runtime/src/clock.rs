//! The clocks.
//!
//! *Owns*: reading CLOCK_MONOTONIC and CLOCK_REALTIME, always together. *Does not own*: what time decides.
//! *Invariant*: `mono` never goes back; it counts from a second before the clock was made, so that no deadline of
//! the past needs a negative number.

use norn_core::contract::{Mono, Now, Unix};
use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The two clocks of one server.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: Instant,
}

impl Clock {
    /// A clock that starts now.
    #[must_use]
    pub fn new() -> Self {
        Self { start: Instant::now() }
    }

    /// Both clocks.
    #[must_use]
    pub fn now(&self) -> Now {
        let unix = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, micros);
        Now { mono: self.mono(), unix: Unix(unix) }
    }

    /// The monotonic clock alone.
    #[must_use]
    pub fn mono(&self) -> Mono {
        Mono(1_000_000 + micros(self.start.elapsed()))
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::new()
    }
}

/// Microseconds since the process first asked; the node measures the length of commands with it.
#[must_use]
pub fn stopwatch() -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    micros(START.get_or_init(Instant::now).elapsed())
}

fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::{Clock, stopwatch};
    use std::time::Duration;

    #[test]
    fn both_clocks_advance() {
        let clock = Clock::new();
        let (first, watch) = (clock.now(), stopwatch());
        std::thread::sleep(Duration::from_millis(2));
        let second = clock.now();
        assert!((second.mono - first.mono).0 >= 2_000);
        assert!(stopwatch() >= watch + 2_000);
        assert!(first.unix.secs() > 1_700_000_000, "the epoch is 1970");
    }
}

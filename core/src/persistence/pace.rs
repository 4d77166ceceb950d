//! How much of the time snapshots may take.
//!
//! *Owns*: when the next slice may be done. *Does not own*: what a slice is.
//! *Invariants*: while clients are served, slices take at most their share of the time; while nobody is, they follow one
//! another without a pause. What decides are the clock readings of turns and the count of commands, so the same inputs
//! give the same slices.
//!
//! The time of one slice cannot be read inside a turn. The turn with the slice, clients' commands included, is an upper bound
//! of it: after a turn that took 1 ms, at a share of a quarter, the next slice comes 3 ms later.

use crate::base::time::{Mono, Span};

/// When slices may be done.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pace {
    /// The turn of the last slice, and the count of commands before it; none when its time is known already.
    slice: Option<(Mono, u64)>,
    not_before: Mono,
}

impl Pace {
    /// Whether a slice may be done now; if not, when to ask again. `commands` counts those executed so far, `share` is in
    /// percent.
    pub fn ask(&mut self, now: Mono, commands: u64, share: u64) -> Result<(), Mono> {
        if let Some((at, before)) = self.slice.take() {
            let took = now - at;
            let busy = commands != before;
            let pause =
                if busy { Span(took.0.saturating_mul(100 - share.min(100)) / share.max(1)) } else { Span(0) };
            self.not_before = self.not_before.max(now + pause.min(PAUSE_MAX));
        }
        if now < self.not_before { Err(self.not_before) } else { Ok(()) }
    }

    /// No slice before this time.
    pub fn rest_until(&mut self, time: Mono) {
        self.not_before = self.not_before.max(time);
    }

    /// A slice is done in this turn. `commands` counts those executed when the last one was allowed.
    pub fn done(&mut self, now: Mono, commands: u64) {
        self.slice = Some((now, commands));
    }
}

/// The longest pause: a turn that took long because the process was stopped says nothing about slices.
const PAUSE_MAX: Span = Span::ms(100);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_follow_one_another_while_nobody_is_served() {
        let mut pace = Pace::default();
        for n in 0..10 {
            let now = Mono(n * 700);
            assert_eq!(pace.ask(now, 5, 25), Ok(()));
            pace.done(now, 5);
        }
    }

    #[test]
    fn a_busy_server_gives_no_more_than_the_share() {
        let mut pace = Pace::default();
        assert_eq!(pace.ask(Mono(0), 0, 25), Ok(()));
        pace.done(Mono(0), 0);
        assert_eq!(pace.ask(Mono(1_000), 3, 25), Err(Mono(4_000)));
        assert_eq!(pace.ask(Mono(3_999), 9, 25), Err(Mono(4_000)));
        assert_eq!(pace.ask(Mono(4_000), 9, 25), Ok(()));
        pace.done(Mono(4_000), 9);
        // Stopped for a minute.
        assert_eq!(pace.ask(Mono(60_000_000), 10, 25), Err(Mono(60_100_000)));
        let mut all = Pace::default();
        all.done(Mono(0), 0);
        assert_eq!(all.ask(Mono(1_000), 3, 100), Ok(()));
    }
}

//! How long commands take, by the driver's stopwatch.
//!
//! *Owns*: when the stopwatch is read and whom the time is given to. *Does not own*: the slow log.
//! *Invariants*: nothing decides by these times; the sum given to commands is the sum measured.
//!
//! A reading costs about as much as a GET. So commands that are always short (`Entry::is_cheap`) share: those that run
//! one after another are timed together when the parse window ends, another command runs, or the turn ends, and each
//! is given an equal part. Any other command is timed alone. When the slow log asks for less than a millisecond every
//! command is timed alone; above that a short command never enters it.

use super::{Histogram, Stats};
use crate::config::Config;

/// Commands that share a measurement at most.
const SHARE_MAX: usize = 64;
/// A slow log below this many microseconds wants each command's own time.
const ALONE_BELOW_US: i64 = 1_000;

impl Stats {
    /// Follows `latency-tracking` and `slowlog-log-slower-than`.
    pub fn follow(&mut self, config: &Config) {
        let slower_than = config.slowlog_log_slower_than;
        self.tracking = config.latency_tracking;
        self.timing = self.tracking || slower_than >= 0;
        self.alone = (0..ALONE_BELOW_US).contains(&slower_than);
    }

    /// A command is about to run. Answers the reading that its time counts from.
    #[inline]
    pub fn start(&mut self, is_cheap: bool, stopwatch: fn() -> u64) -> u64 {
        if !self.timing {
            return 0;
        }
        if !self.running {
            self.last_lap = stopwatch();
            self.running = true;
        } else if !self.shares(is_cheap) && !self.sharing.is_empty() {
            self.share_out(stopwatch());
        }
        self.last_lap
    }

    /// Whether a command shares its measurement.
    #[inline]
    #[must_use]
    pub fn shares(&self, is_cheap: bool) -> bool {
        is_cheap && !self.alone
    }

    /// A command ran that shares its measurement.
    #[inline]
    pub fn ran_cheap(&mut self, row: u16, stopwatch: fn() -> u64) {
        if self.timing {
            self.sharing.push(row);
            if self.sharing.len() >= SHARE_MAX {
                self.share_out(stopwatch());
            }
        }
    }

    /// A command ran that is timed alone, from the reading `since`; answers its microseconds.
    pub fn ran_alone(&mut self, row: u16, since: u64, stopwatch: fn() -> u64) -> u64 {
        let now = stopwatch();
        // Those that a transaction ran.
        self.share_out(now);
        let micros = now.saturating_sub(since) + core::mem::take(&mut self.slept_us);
        self.give(row, micros);
        micros
    }

    /// Nothing runs for now: the next command starts from a new reading.
    #[inline]
    pub fn stop(&mut self, stopwatch: fn() -> u64) {
        if self.running {
            if !self.sharing.is_empty() {
                self.share_out(stopwatch());
            }
            self.running = false;
        }
    }

    /// A turn is over.
    pub fn turn_ended(&mut self) {
        self.turns += 1;
        let now = (self.commands_us, self.commands_run);
        let (us, commands) = (now.0 - self.last_turn.0, now.1 - self.last_turn.1);
        self.busiest = (self.busiest.0.max(us), self.busiest.1.max(commands));
        self.last_turn = now;
    }

    /// Gives the time since the last reading to those that share it.
    fn share_out(&mut self, now: u64) {
        let micros = now.saturating_sub(self.last_lap);
        self.last_lap = now;
        self.commands_us += micros;
        let mut sharing = core::mem::take(&mut self.sharing);
        let n = sharing.len() as u64;
        for (i, row) in sharing.drain(..).enumerate() {
            self.give(row, micros / n + u64::from((i as u64) < micros % n));
        }
        self.sharing = sharing;
    }

    fn give(&mut self, row: u16, micros: u64) {
        self.commands[usize::from(row)].micros += micros;
        if self.tracking {
            let histogram = &mut self.latencies[usize::from(row)];
            histogram.get_or_insert_with(|| alloc::boxed::Box::new(Histogram::default())).add(micros);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{SHARE_MAX, Stats};
    use crate::config::Config;
    use core::sync::atomic::{AtomicU64, Ordering};

    fn micros(stats: &Stats) -> std::vec::Vec<u64> {
        stats.commands.iter().map(|c| c.micros).collect()
    }

    #[test]
    fn cheap_commands_share_and_others_do_not() {
        static TIME: AtomicU64 = AtomicU64::new(100);
        // Each reading is ten microseconds after the one before.
        let watch: fn() -> u64 = || TIME.fetch_add(10, Ordering::Relaxed);
        let mut stats = Stats::new(3);
        stats.follow(&Config::default());
        for row in [0, 1, 1] {
            stats.start(true, watch);
            stats.ran_cheap(row, watch);
        }
        let since = stats.start(false, watch);
        assert_eq!(micros(&stats), [4, 6, 0]);
        assert_eq!(stats.ran_alone(2, since, watch), 10);
        stats.start(true, watch);
        stats.ran_cheap(0, watch);
        stats.stop(watch);
        assert_eq!(micros(&stats), [14, 6, 10]);
        assert_eq!(stats.commands_us, 30);
        stats.stop(watch);
        assert_eq!(stats.latencies[1].as_ref().unwrap().total(), 2);
    }

    #[test]
    fn a_transaction_counts_what_it_runs() {
        static TIME: AtomicU64 = AtomicU64::new(0);
        let watch: fn() -> u64 = || TIME.fetch_add(10, Ordering::Relaxed);
        let mut stats = Stats::new(3);
        stats.follow(&Config::default());
        let exec = stats.start(false, watch);
        stats.start(true, watch);
        stats.ran_cheap(0, watch);
        let inner = stats.start(false, watch);
        stats.ran_alone(1, inner, watch);
        stats.ran_alone(2, exec, watch);
        assert_eq!(micros(&stats), [10, 10, 30]);
    }

    #[test]
    fn a_fine_slow_log_times_everything_alone() {
        let mut stats = Stats::new(1);
        let mut config = Config { slowlog_log_slower_than: 999, ..Config::default() };
        stats.follow(&config);
        assert!(stats.timing && !stats.shares(true));
        config.slowlog_log_slower_than = 1_000;
        stats.follow(&config);
        assert!(stats.shares(true) && !stats.shares(false));
        config.slowlog_log_slower_than = -1;
        config.latency_tracking = false;
        stats.follow(&config);
        assert!(!stats.timing);
        assert_eq!(stats.start(true, || panic!("not read")), 0);
        stats.ran_cheap(0, || panic!("not read"));
        stats.stop(|| panic!("not read"));
    }

    #[test]
    fn a_long_series_is_shared_out_on_the_way() {
        let mut stats = Stats::new(1);
        stats.follow(&Config::default());
        for _ in 0..2 * SHARE_MAX + 1 {
            stats.start(true, || 7);
            stats.ran_cheap(0, || 7);
        }
        assert_eq!(stats.sharing.len(), 1);
    }
}

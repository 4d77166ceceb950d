//! Sampled rates: `instantaneous_*` of INFO.

use crate::base::time::Mono;

/// Samples averaged.
const SAMPLES: usize = 16;

/// One sampled rate.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rate {
    samples: [u64; SAMPLES],
    at: usize,
    last_value: u64,
    last_time: Mono,
}

impl Rate {
    /// Takes a sample of a counter.
    pub fn sample(&mut self, value: u64, now: Mono) {
        let span = (now - self.last_time).0;
        if span > 0 {
            let rate = u128::from(value.saturating_sub(self.last_value)) * 1_000_000 / u128::from(span);
            self.samples[self.at] = rate as u64;
            self.at = (self.at + 1) % SAMPLES;
        }
        self.last_value = value;
        self.last_time = now;
    }

    /// Mean of the samples, per second.
    #[must_use]
    pub fn per_sec(&self) -> u64 {
        self.samples.iter().sum::<u64>() / SAMPLES as u64
    }
}

/// The rates that INFO prints.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rates {
    /// Commands.
    pub commands: Rate,
    /// Bytes read.
    pub net_in: Rate,
    /// Bytes written.
    pub net_out: Rate,
    /// Bytes of replication read.
    pub repl_in: Rate,
    /// Bytes of replication written.
    pub repl_out: Rate,
    /// Turns of the event loop.
    pub turns: Rate,
}

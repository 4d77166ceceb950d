//! A histogram of durations whose error is bounded: within 1/64 of the value.
//!
//! *Owns*: counts of microseconds in buckets that double in width every 64. *Does not own*: who is counted.

use alloc::boxed::Box;
use alloc::vec;

/// Buckets of one width; the first 64 values are exact.
const STEPS: u64 = 64;
const STEP_BITS: u32 = STEPS.ilog2();
/// Durations above about 18 minutes count as the longest.
const LONGEST: u64 = (1 << 30) - 1;
const BUCKETS: usize = bucket(LONGEST) + 1;

/// Durations in microseconds.
#[derive(Clone, Debug)]
pub struct Histogram {
    counts: Box<[u32]>,
    total: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { counts: vec![0; BUCKETS].into_boxed_slice(), total: 0 }
    }
}

impl Histogram {
    /// Counts one duration.
    #[inline]
    pub fn add(&mut self, micros: u64) {
        let count = &mut self.counts[bucket(micros.min(LONGEST))];
        *count = count.saturating_add(1);
        self.total += 1;
    }

    /// Durations counted.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.total
    }

    /// The duration that so many percent of all do not exceed; 0 when nothing was counted.
    #[must_use]
    pub fn percentile(&self, percent: f64) -> u64 {
        let wanted = crate::base::float::ceil(percent / 100.0 * self.total as f64).max(1.0) as u64;
        let mut seen = 0;
        for (at, count) in self.counts.iter().enumerate() {
            seen += u64::from(*count);
            if seen >= wanted {
                return longest_of(at);
            }
        }
        0
    }

    /// How many took no longer than 1, 2, 4, ... microseconds: each bound at which the number grew, with the number.
    pub fn cumulative(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        let mut told = 0;
        (0..=LONGEST.ilog2() + 1).filter_map(move |power| {
            let bound = 1_u64 << power;
            let within = self.counts.iter().enumerate().take_while(|(at, _)| longest_of(*at) <= bound);
            let seen = within.map(|(_, count)| u64::from(*count)).sum();
            let grew = seen > told;
            told = seen;
            grew.then_some((bound, seen))
        })
    }
}

/// The bucket of a duration.
const fn bucket(micros: u64) -> usize {
    if micros < STEPS {
        return micros as usize;
    }
    let shift = micros.ilog2() - STEP_BITS;
    (STEPS as usize) * (shift as usize) + (micros >> shift) as usize
}

/// The longest duration in a bucket.
const fn longest_of(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    if bucket < 2 * STEPS {
        return bucket;
    }
    let shift = bucket / STEPS - 1;
    ((bucket - STEPS * shift + 1) << shift) - 1
}

#[cfg(test)]
mod tests {
    use super::{BUCKETS, Histogram, LONGEST, bucket, longest_of};
    use std::vec::Vec;

    #[test]
    fn buckets_tile_the_durations() {
        let mut at = 0;
        for n in 0..BUCKETS {
            assert_eq!(bucket(at), n);
            let end = longest_of(n);
            assert_eq!(bucket(end), n);
            assert!(end - at <= at / 64, "{at}..{end}");
            at = end + 1;
        }
        assert_eq!(at, LONGEST + 1);
    }

    #[test]
    fn percentiles_and_powers() {
        let mut h = Histogram::default();
        assert_eq!((h.percentile(50.0), h.cumulative().count()), (0, 0));
        (1..=100).for_each(|n| h.add(n));
        assert_eq!((h.percentile(50.0), h.percentile(99.0), h.percentile(0.0)), (50, 99, 1));
        let powers: Vec<_> = h.cumulative().collect();
        assert_eq!(powers, [(1, 1), (2, 2), (4, 4), (8, 8), (16, 16), (32, 32), (64, 64), (128, 100)]);
        h.add(u64::MAX);
        assert_eq!((h.percentile(100.0), h.total()), (LONGEST, 101));
    }
}

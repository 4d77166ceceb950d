//! Counter-based randomness.
//!
//! *Owns*: every random number of the simulator outside the nodes. *Invariants*: a number is a pure function of
//! (seed, stream, counter), so removing one item of a plan reshuffles no other item; no number is drawn for a check.

/// A random 64-bit number that depends on nothing but its three arguments.
#[must_use]
pub fn mix(seed: u64, stream: u64, counter: u64) -> u64 {
    let mut x = seed ^ stream.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    x = scramble(x);
    scramble(x ^ counter.wrapping_mul(0xd1b5_4a32_d192_ed03))
}

/// The finaliser of splitmix64.
const fn scramble(mut x: u64) -> u64 {
    x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// A stream of random numbers: a key and a position.
#[derive(Clone, Copy, Debug)]
pub struct Chance {
    key: u64,
    counter: u64,
}

impl Chance {
    /// The stream `stream` of `seed`.
    #[must_use]
    pub fn new(seed: u64, stream: u64) -> Self {
        Self { key: mix(seed, stream, 0x6e6f_726e), counter: 0 }
    }

    /// An independent stream below this one; does not move this one.
    #[must_use]
    pub fn fork(&self, stream: u64) -> Self {
        Self::new(self.key, stream)
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.counter += 1;
        scramble(self.key ^ self.counter.wrapping_mul(0xd1b5_4a32_d192_ed03))
    }

    /// A number in `0..n`; 0 when `n` is 0.
    pub fn below(&mut self, n: u64) -> u64 {
        ((u128::from(self.bits()) * u128::from(n)) >> 64) as u64
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high.saturating_sub(low) + 1)
    }

    /// True once in `n` on average.
    pub fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    /// True with probability `p` thousandths.
    pub fn per_mille(&mut self, p: u64) -> bool {
        self.below(1000) < p
    }

    /// A number from `low` to `high` whose logarithm is uniform. `low` must be at least 1.
    pub fn log_uniform(&mut self, low: u64, high: u64) -> u64 {
        let (lo, hi) = (low.max(1).ilog2(), high.max(1).ilog2());
        let bits = self.between(u64::from(lo), u64::from(hi));
        let from = 1_u64 << bits;
        self.between(from.max(low), (from.saturating_mul(2) - 1).min(high).max(low))
    }

    /// One of `choices`, which must not be empty.
    pub fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as u64) as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_independent_of_each_other_and_repeatable() {
        let (mut a, mut b) = (Chance::new(1, 1), Chance::new(1, 2));
        let first: Vec<u64> = (0..8).map(|_| a.bits()).collect();
        assert!((0..8).all(|i| b.bits() != first[i]));
        let mut again = Chance::new(1, 1);
        assert_eq!(first, (0..8).map(|_| again.bits()).collect::<Vec<_>>());
    }

    #[test]
    fn ranges_hold_and_are_reached() {
        let mut c = Chance::new(7, 7);
        let drawn: Vec<u64> = (0..2000).map(|_| c.log_uniform(1, 1000)).collect();
        assert!(drawn.iter().all(|&n| (1..=1000).contains(&n)));
        assert!(drawn.contains(&1) && drawn.iter().any(|&n| n > 900));
        assert!((0..200).map(|_| c.between(3, 5)).all(|n| (3..=5).contains(&n)));
    }
}

//! Choosing several of many at random.
//!
//! *Owns*: [`distinct`]. *Does not own*: what is chosen.

use crate::base::rng::Rng;
use alloc::collections::BTreeSet;
use alloc::vec::Vec;

/// `count` different numbers below `n`, in ascending order; all of them when there are no more. Each choice of so many is
/// equally likely.
pub(super) fn distinct(n: usize, count: usize, rng: &mut Rng) -> Vec<usize> {
    if count >= n {
        return (0..n).collect();
    }
    let mut chosen = BTreeSet::new();
    // Each number of the last `count` is taken, or stands in for one before it that was not.
    for top in n - count..n {
        let one = rng.below(top as u64 + 1) as usize;
        if !chosen.insert(one) {
            chosen.insert(top);
        }
    }
    chosen.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_choice_is_as_likely() {
        let mut rng = Rng::new([7; 32]);
        let mut seen = alloc::collections::BTreeMap::<Vec<usize>, u32>::new();
        for _ in 0..10_000 {
            *seen.entry(distinct(5, 2, &mut rng)).or_default() += 1;
        }
        assert_eq!(seen.len(), 10);
        assert!(seen.values().all(|times| (850..1150).contains(times)), "{seen:?}");
        assert_eq!(distinct(3, 9, &mut rng), [0, 1, 2]);
        assert_eq!(distinct(3, 0, &mut rng), [0_usize; 0]);
    }
}

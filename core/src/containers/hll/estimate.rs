//! From how often each register value occurs to a number of elements.
//!
//! *Owns*: the estimator of Otmar Ertl ("New cardinality estimation algorithms for HyperLogLog sketches", 2017,
//! arXiv:1702.01284, algorithm 6), which needs no corrections by range.
//! *Does not own*: counting the registers. *Invariants*: same registers, same number, on every machine.

use super::{RANK_BITS, REGISTERS};
use crate::base::float::{round, sqrt};

/// How many registers have each value.
pub(super) type Histogram = [u32; 64];

/// 1 / (2 ln 2).
const ALPHA: f64 = 0.721_347_520_444_481_7;

/// The estimate.
#[must_use]
pub(super) fn cardinality(histogram: &Histogram) -> u64 {
    let m = REGISTERS as f64;
    let of = |value: u32| f64::from(histogram[value as usize]);
    let mut z = m * tau((m - of(RANK_BITS + 1)) / m);
    for value in (1..=RANK_BITS).rev() {
        z = (z + of(value)) * 0.5;
    }
    z += m * sigma(of(0) / m);
    let estimate = round(ALPHA * m * m / z);
    // Only forged registers go beyond this; Redis ends up with the same number then.
    if estimate < 9_223_372_036_854_775_808.0 { estimate as u64 } else { 1 << 63 }
}

/// What empty registers contribute: x + x^2 + 2 x^4 + 4 x^8 + ...
fn sigma(mut x: f64) -> f64 {
    if x >= 1.0 {
        return f64::INFINITY;
    }
    let (mut sum, mut factor) = (x, 1.0);
    loop {
        x *= x;
        let before = sum;
        sum += x * factor;
        factor += factor;
        if sum == before {
            return sum;
        }
    }
}

/// What full registers contribute.
fn tau(mut x: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return 0.0;
    }
    let (mut sum, mut factor) = (1.0 - x, 1.0);
    loop {
        x = sqrt(x);
        let before = sum;
        factor *= 0.5;
        sum -= (1.0 - x) * (1.0 - x) * factor;
        if sum == before {
            return sum / 3.0;
        }
    }
}

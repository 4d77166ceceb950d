//! Constants of the core that are no directives.
//!
//! *Owns*: their defaults, and the ranges that the simulator draws them from. *Does not own*: anything an operator may
//! set; that is a row of the parameter table.
//! *Invariants*: no value within the ranges changes what a client is told, only when and in what portions; a default
//! lies within its range.

use crate::base::mutant::{Mutant, Planted};
use crate::base::rng::Rng;

/// One knob each row: documentation, name, default, and the range for random draws.
macro_rules! knobs {
    ($($(#[$doc:meta])* $name:ident = $default:expr, $min:literal ..= $max:expr;)*) => {
        /// Constants that the simulator varies and a server leaves alone.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct Knobs {
            $($(#[$doc])* pub $name: usize,)*
            /// The planted bug that is switched on, if any.
            pub planted: Planted,
        }

        impl Default for Knobs {
            fn default() -> Self {
                Self {
                    $($name: $default,)*
                    planted: Planted::default(),
                }
            }
        }

        impl Knobs {
            /// Name, default, smallest and largest drawn value of every knob.
            pub const RANGES: &[(&'static str, usize, usize, usize)] =
                &[$((stringify!($name), $default, $min, $max),)*];

            /// Draws every knob from its range: a third of them stay at their default, the rest are spread
            /// evenly over the orders of magnitude, since small limits are where the bugs are.
            #[must_use]
            pub fn random(rng: &mut Rng) -> Self {
                Self {
                    $($name: draw(rng, $default, $min, $max),)*
                    planted: Planted::default(),
                }
            }

            /// Every knob with its value, for a trace.
            pub fn values(&self) -> impl Iterator<Item = (&'static str, usize)> {
                [$((stringify!($name), self.$name),)*].into_iter()
            }
        }
    };
}

knobs! {
    /// Bytes that one flush offers of one connection's output before the others have their turn.
    flush_bytes_per_turn = 65_536, 1..=1 << 20;
    /// An argument of this many bytes or more is read into a buffer of its own.
    big_bulk_min = 32_768, 16..=1 << 20;
    /// Frames parsed ahead of execution.
    parse_window = 16, 1..=64;
    /// Keys that one slice of active expiry looks at, times `active-expire-effort`.
    expire_slice_keys = 64, 1..=4_096;
    /// Bytes that one slice of a snapshot writes.
    snapshot_slice_bytes = 65_536, 64..=4 << 20;
    /// Bytes of the buffer that idle connections are read into.
    scratch_bytes = 262_144, 64..=1 << 20;
}

impl Knobs {
    /// Whether this planted bug is switched on; the constant `false` in a server.
    #[must_use]
    #[inline]
    pub fn broken(&self, mutant: Mutant) -> bool {
        self.planted.is(mutant)
    }
}

/// A value of `min..=max`: the default one time in three, else log-uniform.
fn draw(rng: &mut Rng, default: usize, min: usize, max: usize) -> usize {
    if rng.below(3) == 0 {
        return default;
    }
    let (low, high) = (min.max(1).ilog2(), max.max(1).ilog2());
    let magnitude = low + rng.below(u64::from(high - low) + 1) as u32;
    let base = 1_usize << magnitude;
    (base + rng.below(base as u64) as usize).clamp(min, max)
}

#[cfg(test)]
mod tests {
    use super::Knobs;
    use crate::base::rng::Rng;
    use alloc::collections::BTreeSet;

    #[test]
    fn draws_stay_in_range_and_vary() {
        let mut rng = Rng::new([7; 32]);
        let mut seen = BTreeSet::new();
        for _ in 0..500 {
            let knobs = Knobs::random(&mut rng);
            for ((name, value), (also, _, min, max)) in knobs.values().zip(Knobs::RANGES) {
                assert_eq!(name, *also);
                assert!((*min..=*max).contains(&value), "{name} {value}");
            }
            seen.insert(knobs.scratch_bytes);
        }
        assert!(seen.len() > 50);
    }

    #[test]
    fn defaults_lie_in_range() {
        for (name, default, min, max) in Knobs::RANGES {
            assert!((min..=max).contains(&default), "{name}");
        }
        let defaults: alloc::vec::Vec<_> = Knobs::RANGES.iter().map(|r| (r.0, r.1)).collect();
        assert_eq!(Knobs::default().values().collect::<alloc::vec::Vec<_>>(), defaults);
    }
}

//! Planted bugs, by which the simulator's oracles are proven. They exist only with the feature `mutants`; without it
//! every question whether one is switched on is the constant `false`.

/// One planted bug each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mutant {
    /// Several propagated commands of one unit go out without MULTI and EXEC.
    UnitNotWrapped,
}

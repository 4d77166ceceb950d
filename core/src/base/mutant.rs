//! Planted bugs, by which the simulator's oracles are proven. They exist only with the feature `mutants`; without it
//! every question whether one is switched on is the constant `false`.

/// One planted bug each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mutant {
    /// Several propagated commands of one unit go out without MULTI and EXEC.
    UnitNotWrapped,
    /// A replica asks for the stream after what it received, not after what it applied.
    ResumeAfterReceived,
    /// A full synchronisation keeps the keys that were there before.
    FullSyncKeepsKeys,
    /// A snapshot carries deadlines as time to live.
    SnapshotTtlRelative,
    /// The previous history counts as valid beyond its end.
    ContinueBeyondSecond,
    /// A replica's offset moves inside MULTI.
    OffsetInsideMulti,
    /// A replica removes expired keys by itself.
    ReplicaExpires,
    /// A replica goes on although the backlog no longer holds what comes next.
    BacklogTooShort,
    /// A snapshot begins a turn later than its offset says.
    SnapshotLate,
    /// No SELECT follows a full synchronisation.
    SelectForgotten,
    /// WAIT counts replicas that were sent the stream.
    WaitCountsSent,
}

//! Planted bugs, by which the simulator's oracles are proven. They exist only with the feature `mutants`; without it
//! every question whether one is switched on is the constant `false`.
//!
//! *Owns*: their list, and which one a node carries. *Does not own*: the bugs; each is one line where it belongs.

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
    /// The eighth command of a parsed window is dropped without a reply.
    CommandDropped,
    /// DBSIZE answers with one key too many.
    DbsizeTooLarge,
    /// CLIENT ID depends on how many reads the bytes came in.
    ReadsShow,
    /// Changed keys are not told to their watchers.
    WatchersNotTold,
    /// The second listener of a channel is left out.
    ListenerSkipped,
    /// Every command of a transaction reads a later time.
    TimeFlowsInExec,
    /// Keys live a second longer than their deadline says.
    ExpiresLate,
    /// Output limits are not enforced.
    OutputUnlimited,
    /// CLIENT ID depends on what other nodes of the process did.
    StateShared,
    /// The stream is kept without end.
    BacklogNeverTrimmed,
    /// A replica passes a PING of its master on in small letters.
    StreamRewritten,
    /// A master takes the PING that it has just sent off its offset, and one byte more.
    OffsetStepsBack,
    /// A replica reports one byte less than it has applied.
    OffsetLags,
    /// A replica of any history may go on where it stopped.
    ContinueAnything,
    /// A snapshot's file is not synced before it takes its name.
    SaveUnsynced,
    /// The directory is not synced after a snapshot's file took its name.
    SaveUnnamed,
    /// A snapshot is written over the file that it is to replace.
    SaveInPlace,
    /// A snapshot file says that it stands a command's length further in its history.
    SaveAhead,
    /// A file is taken in without its last database.
    LoadShort,
}

impl Mutant {
    /// Every planted bug.
    pub const ALL: &'static [Self] = &[
        Self::UnitNotWrapped,
        Self::CommandDropped,
        Self::DbsizeTooLarge,
        Self::ReadsShow,
        Self::WatchersNotTold,
        Self::ListenerSkipped,
        Self::TimeFlowsInExec,
        Self::ExpiresLate,
        Self::OutputUnlimited,
        Self::StateShared,
        Self::ResumeAfterReceived,
        Self::FullSyncKeepsKeys,
        Self::SnapshotTtlRelative,
        Self::ContinueBeyondSecond,
        Self::OffsetInsideMulti,
        Self::ReplicaExpires,
        Self::BacklogTooShort,
        Self::SnapshotLate,
        Self::SelectForgotten,
        Self::WaitCountsSent,
        Self::BacklogNeverTrimmed,
        Self::StreamRewritten,
        Self::OffsetStepsBack,
        Self::OffsetLags,
        Self::ContinueAnything,
        Self::SaveUnsynced,
        Self::SaveUnnamed,
        Self::SaveInPlace,
        Self::SaveAhead,
        Self::LoadShort,
    ];
}

/// The planted bug of a node, if it has one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Planted {
    #[cfg(feature = "mutants")]
    bug: Option<Mutant>,
}

impl Planted {
    /// A node with this bug.
    #[cfg(feature = "mutants")]
    #[must_use]
    pub const fn one(bug: Mutant) -> Self {
        Self { bug: Some(bug) }
    }

    /// Whether the node has this bug.
    #[must_use]
    pub fn is(&self, bug: Mutant) -> bool {
        #[cfg(feature = "mutants")]
        {
            self.bug == Some(bug)
        }
        #[cfg(not(feature = "mutants"))]
        {
            let _ = bug;
            false
        }
    }
}

/// A number that every node of the process counts up together: what no part of the core may have.
#[cfg(feature = "mutants")]
pub fn shared_counter() -> u64 {
    use core::sync::atomic::{AtomicU64, Ordering};
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    COUNTER.fetch_add(1, Ordering::Relaxed)
}

/// Without planted bugs there is no such number.
#[cfg(not(feature = "mutants"))]
#[must_use]
pub const fn shared_counter() -> u64 {
    0
}

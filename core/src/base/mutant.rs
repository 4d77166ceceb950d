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
    /// A replica that becomes a master goes on under the old name.
    PromoteKeepsName,
    /// A replica that becomes a master forgets the history that it continues.
    PromoteForgetsPast,
    /// A new master does not tell its replicas of the new name.
    PromoteKeepsReplicas,
    /// A replica in the middle of a chain does not tell its replicas of a new name.
    NamePassedOnLate,
    /// A replica that took over a data set goes on feeding its own replicas from another history.
    LoadKeepsReplicas,
    /// A replica acknowledges what it received, applied or not.
    AckTooHigh,
    /// A replica waits for ever for a master that has fallen silent.
    SilenceTolerated,
    /// What a replica received and did not apply stays in its stream when the link is lost.
    UnappliedKept,
    /// No replica is ever let continue.
    NeverContinue,
    /// A replica that is let continue gets the stream from one byte later on.
    PartialOffByOne,
    /// WAIT does not ask for what the caller wrote.
    WaitForgetsWrites,
    /// WAIT is content with one replica less.
    WaitImpatient,
    /// The stream does not hear of keys that expired.
    ExpiredNotTold,
    /// A client that leaves goes on watching its keys.
    WatchLeaks,
    /// The stream hears of an expired key only after the command that met it.
    ExpiredToldAfter,
    /// DISCARD and EXEC leave the queue of the transaction behind.
    QueueLeaks,
    /// UNWATCH leaves the client under the impression that a key changed.
    UnwatchForgetsNothing,
    /// Pattern subscribers are told twice.
    PatternsToldTwice,
    /// A client that leaves stays in the list of listeners.
    SubscriptionLeaks,
    /// SET keeps the deadline of the value that it replaces.
    SetKeepsTtl,
    /// TTL rounds down.
    TtlRoundsDown,
    /// EXPIRE and its kin go to the replicas as they were asked for.
    DeadlineSentAsTtl,
    /// Nobody looks for expired keys until someone asks for them.
    ExpiryAsleep,
    /// The duties of the second are done a thousand times a second.
    BeatTooOften,
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
    /// A waiting client that is served is answered twice.
    ServedTwice,
    /// Of the clients that wait for a key the last one is served first.
    LastServedFirst,
    /// Keys that become ready are looked at in the opposite order.
    ReadyKeysTurned,
    /// Of the keys that become ready in one unit only the first is looked at.
    WakeupLost,
    /// What becomes ready by serving a client is not looked at.
    ChainNotRun,
    /// Nobody's waiting for keys ever ends by its time-out.
    TimeoutForgotten,
    /// A client that is known to be gone is still served.
    GoneClientServed,
    /// A client that waits no longer still stands in the queues of its keys.
    AwaitedKeysKept,
    /// A client that is served still counts as blocked.
    BlockedMiscounted,
    /// SPOP is propagated as it was said.
    SpopSentAsIs,
    /// XADD is propagated without the position it chose.
    XaddSentAsIs,
    /// HINCRBYFLOAT is propagated as it was said.
    HincrbyfloatSentAsIs,
    /// What a group delivers is not propagated.
    DeliveryNotSent,
    /// A claim is propagated without the time of the delivery.
    ClaimTimeLost,
    /// SREM sends no notification.
    SetEventForgotten,
    /// ZREM is notified twice.
    ZsetEventTwice,
    /// A pop for a client that waited is not notified.
    BlockedPopEventForgotten,
    /// LSET loses count of the bytes of data.
    ListBytesMiscounted,
    /// LTRIM keeps one element too many.
    LtrimOffByOne,
    /// ZADD takes GT for nothing.
    ZaddGtIgnored,
    /// SINTERCARD counts the members of the first set.
    SinterFirstOnly,
    /// XCLAIM takes entries however short they have waited.
    ClaimIgnoresIdle,
    /// HSETNX sets a field that is there.
    HsetnxOverwrites,
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
        Self::PromoteKeepsName,
        Self::PromoteForgetsPast,
        Self::PromoteKeepsReplicas,
        Self::NamePassedOnLate,
        Self::LoadKeepsReplicas,
        Self::AckTooHigh,
        Self::SilenceTolerated,
        Self::UnappliedKept,
        Self::NeverContinue,
        Self::PartialOffByOne,
        Self::WaitForgetsWrites,
        Self::WaitImpatient,
        Self::ExpiredNotTold,
        Self::WatchLeaks,
        Self::ExpiredToldAfter,
        Self::QueueLeaks,
        Self::UnwatchForgetsNothing,
        Self::PatternsToldTwice,
        Self::SubscriptionLeaks,
        Self::SetKeepsTtl,
        Self::TtlRoundsDown,
        Self::DeadlineSentAsTtl,
        Self::ExpiryAsleep,
        Self::BeatTooOften,
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
        Self::ServedTwice,
        Self::LastServedFirst,
        Self::ReadyKeysTurned,
        Self::WakeupLost,
        Self::ChainNotRun,
        Self::TimeoutForgotten,
        Self::GoneClientServed,
        Self::AwaitedKeysKept,
        Self::BlockedMiscounted,
        Self::SpopSentAsIs,
        Self::XaddSentAsIs,
        Self::HincrbyfloatSentAsIs,
        Self::DeliveryNotSent,
        Self::ClaimTimeLost,
        Self::SetEventForgotten,
        Self::ZsetEventTwice,
        Self::BlockedPopEventForgotten,
        Self::ListBytesMiscounted,
        Self::LtrimOffByOne,
        Self::ZaddGtIgnored,
        Self::SinterFirstOnly,
        Self::ClaimIgnoresIdle,
        Self::HsetnxOverwrites,
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

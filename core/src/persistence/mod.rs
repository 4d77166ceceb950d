//! Floor 4: what survives the process.
//!
//! *Owns*: the snapshot that is being written and the one that is being loaded, when a save point is due, how the last
//! save ended; the data set as RDB in either direction ([`Dump`], [`Intake`]), which replication uses too.
//! *Does not own*: disks and threads (the driver), the pace of slices and what follows from an end (`node/save`,
//! `node/restore`).
//! *Invariants*: one snapshot is written at a time, and none while one is loaded; a failed one leaves the old file as it
//! was.
//!
//! Source: the Redis documentation, "Redis persistence".

mod dump;
mod intake;
mod loading;
mod pace;
mod save;

pub use dump::{Dump, Facts, Place};
pub use intake::{Found, Intake, IntakeError, Terms};
pub use loading::{Cause, Loading, Step};
pub use pace::Pace;
pub use save::{Progress, Purpose, Reload, Save, Target, inside};

use crate::base::time::{Mono, Now, Span};
use crate::config::{Config, SavePoint};
use alloc::boxed::Box;

/// After a failed snapshot the next one begins after so long at the earliest.
const RETRY_PAUSE: Span = Span::secs(5);

/// The state of persistence.
#[derive(Clone)]
pub struct Persistence {
    /// The snapshot that is being written.
    pub save: Option<Box<Save>>,
    /// The file that is being loaded.
    pub loading: Option<Box<Loading>>,
    /// A snapshot was asked for that could not begin.
    pub scheduled: bool,
    /// Snapshots begun by SAVE, BGSAVE and save points.
    pub saves: u64,
    /// Whether the last one succeeded.
    pub last_ok: bool,
    /// How long the last one in the background took.
    pub last_took: Option<Span>,
    /// When the last one that succeeded ended.
    pub last_save: Now,
    /// When the last one in the background began.
    pub last_try: Option<Mono>,
    /// Bytes kept beside the data for the last one.
    pub last_peak: usize,
    /// The count of changes that the last file holds.
    pub saved_dirty: u64,
    /// Keys that the last load took in.
    pub loaded_keys: u64,
    /// Keys that the last load left out because they had expired.
    pub expired_keys: u64,
    /// Files loaded at the start, or by DEBUG RELOAD.
    pub loads: u64,
    /// The file of the start could not be loaded.
    pub load_failed: bool,
    /// Snapshots begun, of every purpose.
    pub begun: u64,
    /// Those that ended well.
    pub completed: u64,
    /// The digest of the data when the last one began, while digests are kept.
    pub digest_at_begin: u128,
    /// A SHUTDOWN waits for the replicas first, or a FLUSHALL has just emptied everything: no further command runs
    /// until its snapshot begins.
    pub exclusive_wanted: bool,
}

impl Persistence {
    /// Nothing was saved or loaded yet.
    #[must_use]
    pub fn new(now: Now) -> Self {
        Self {
            save: None,
            loading: None,
            scheduled: false,
            saves: 0,
            last_ok: true,
            last_took: None,
            last_save: now,
            last_try: None,
            last_peak: 0,
            saved_dirty: 0,
            loaded_keys: 0,
            expired_keys: 0,
            loads: 0,
            load_failed: false,
            begun: 0,
            completed: 0,
            digest_at_begin: 0,
            exclusive_wanted: false,
        }
    }

    /// Whether nothing of clients may be executed or answered now: a foreground snapshot is written, a reload is under way,
    /// or it is not known yet whether there is a file to load.
    #[must_use]
    pub fn is_exclusive(&self) -> bool {
        let saves = self.save.as_ref().is_some_and(|save| save.purpose.is_exclusive());
        let loads = self.loading.as_ref().is_some_and(|l| l.cause != Cause::Start || l.total.is_none());
        self.exclusive_wanted || saves || loads
    }

    /// Whether commands are refused because the data set of the start is being loaded.
    #[must_use]
    pub fn is_loading(&self) -> bool {
        self.loading.as_ref().is_some_and(|l| l.cause == Cause::Start && l.total.is_some())
    }

    /// Whether a snapshot is written in the background.
    #[must_use]
    pub fn in_background(&self) -> bool {
        self.save.as_ref().is_some_and(|save| save.purpose == Purpose::Background)
    }

    /// Whether writes are to be refused because they cannot be saved.
    #[must_use]
    pub fn refuses_writes(&self, config: &Config) -> bool {
        !self.last_ok && config.stop_writes_on_bgsave_error && !config.save.is_empty()
    }

    /// The save point that is due, after so many changes in all.
    #[must_use]
    pub fn due(&self, config: &Config, dirty: u64, now: Mono) -> Option<SavePoint> {
        let changes = dirty.saturating_sub(self.saved_dirty);
        let age = now - self.last_save.mono;
        let met = |point: &&SavePoint| {
            changes >= point.changes.max(0) as u64 && age > Span::secs(point.secs.max(0) as u64)
        };
        config.save.iter().find(met).copied().filter(|_| changes > 0 && self.may_try(now))
    }

    /// Whether a snapshot in the background may begin by itself: not at once after one that failed.
    #[must_use]
    pub fn may_try(&self, now: Mono) -> bool {
        self.last_ok || self.last_try.is_none_or(|last| now - last > RETRY_PAUSE)
    }
}

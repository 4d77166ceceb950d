//! A replica that this node feeds, as far as it has introduced itself.

use crate::base::time::Mono;
use alloc::boxed::Box;

/// One replica's progress.
#[derive(Clone, Debug)]
pub struct ReplicaPeer {
    /// How far it has come.
    pub stage: PeerStage,
    /// `REPLCONF listening-port`; 0 = not told.
    pub port: u16,
    /// `REPLCONF ip-address`; empty = the peer address counts.
    pub ip: Box<str>,
    /// `capa eof`: takes a snapshot of unknown length.
    pub eof: bool,
    /// `capa psync2`.
    pub psync2: bool,
    /// Next byte of the stream to hand to the driver.
    pub cursor: i64,
    /// The offset it acknowledged last.
    pub acked: i64,
    /// The synced offset it acknowledged last (`FACK`); -1 = none.
    pub acked_synced: i64,
    /// When it acknowledged last.
    pub last_ack: Mono,
    /// It came with SYNC: it never acknowledges.
    pub old_style: bool,
    /// `REPLCONF rdb-only 1`: wants the snapshot and no stream.
    pub rdb_only: bool,
    /// Since when it waits for a snapshot.
    pub waits_since: Mono,
    /// Bytes the driver had taken for it when that was looked at last, and when the figure last grew.
    pub progress: (u64, Mono),
}

/// How far a replica has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PeerStage {
    /// It has sent REPLCONF and nothing more.
    Introduced,
    /// It waits for a snapshot to begin.
    WaitSnapshot,
    /// It is sent a snapshot.
    Snapshot,
    /// The snapshot is out; the stream waits for its first acknowledgement.
    Loading,
    /// It gets the stream.
    Online,
}

impl ReplicaPeer {
    /// A replica of which nothing is known.
    #[must_use]
    pub fn new(now: Mono) -> Self {
        Self {
            stage: PeerStage::Introduced,
            port: 0,
            ip: "".into(),
            eof: false,
            psync2: false,
            cursor: 0,
            acked: 0,
            acked_synced: -1,
            last_ack: now,
            old_style: false,
            rdb_only: false,
            waits_since: now,
            progress: (0, now),
        }
    }

    /// Whether the stream from its cursor on is kept for it.
    #[must_use]
    pub fn needs_stream(&self) -> bool {
        let attached = matches!(self.stage, PeerStage::Snapshot | PeerStage::Loading | PeerStage::Online);
        attached && !self.rdb_only
    }

    /// Whether it is handed the stream.
    #[must_use]
    pub fn takes_stream(&self) -> bool {
        self.stage == PeerStage::Online && !self.rdb_only
    }

    /// The word of INFO.
    #[must_use]
    pub fn state_word(&self) -> &'static str {
        match self.stage {
            PeerStage::Introduced | PeerStage::WaitSnapshot => "wait_bgsave",
            PeerStage::Snapshot | PeerStage::Loading => "send_bulk",
            PeerStage::Online => "online",
        }
    }
}

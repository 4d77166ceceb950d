//! Floor 4: the replication state of a node.
//!
//! *Owns*: role, replication ids and offsets, the stream, the progress of every replica. *Does not own*: sockets
//! (`node/link`), transfers (`node/sync`), and what is fed (`engine/propagate`).
//! *Invariants*: `offset` is the number of bytes of the history; with a backlog it equals the backlog's end; within one
//! replication id it never goes back.
//!
//! Source: the Redis documentation, "Redis replication"; the wire facts of PSYNC2.

mod backlog;
mod peer;

pub use backlog::Backlog;
pub use peer::{PeerStage, ReplicaPeer};

use crate::base::ids::{DbIndex, Offset};
use crate::base::rng::Rng;
use crate::base::time::{Now, Span};
use crate::config::Config;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

/// 40 hexadecimal digits that name a history.
pub type ReplId = [u8; 40];

/// The id of no history.
pub const NO_ID: ReplId = [b'0'; 40];

/// The replication state of a node.
#[derive(Clone, Debug)]
pub struct Replication {
    /// The history this node writes or follows.
    pub id: ReplId,
    /// The history before the last switch, valid up to `second_offset`.
    pub id2: ReplId,
    /// First offset (Redis's count) that is not valid under `id2`; -1 = none.
    pub second_offset: i64,
    /// Bytes of history produced or applied.
    pub offset: i64,
    /// The kept stream; none before the first replica.
    pub backlog: Option<Backlog>,
    /// The database selected in the stream; none = a SELECT must come first.
    selected: Option<DbIndex>,
    /// Replicas and those who introduced themselves as such, by slot of the connection table.
    pub peers: BTreeMap<u32, ReplicaPeer>,
    /// Replicas that acknowledged lately, as counted last.
    pub good: i64,
    /// Randomness of ids.
    pub rng: Rng,
}

impl Replication {
    /// A master without replicas.
    #[must_use]
    pub fn new(mut rng: Rng) -> Self {
        let id = rng.hex40();
        Self {
            id,
            id2: NO_ID,
            second_offset: -1,
            offset: 0,
            backlog: None,
            selected: None,
            peers: BTreeMap::new(),
            good: 0,
            rng,
        }
    }

    /// Whether this node follows a master.
    #[must_use]
    pub fn is_replica(&self) -> bool {
        false
    }

    /// Whether it follows a master whose link is down.
    #[must_use]
    pub fn is_stale(&self) -> bool {
        false
    }

    /// Whether a data set is being loaded that replaces the one in memory.
    #[must_use]
    pub fn is_loading(&self) -> bool {
        false
    }

    /// Whether writes of this node's own clients go to the stream.
    #[must_use]
    pub fn feeds_own_writes(&self) -> bool {
        self.backlog.is_some() && !self.is_replica()
    }

    /// Adds bytes to the stream.
    pub fn feed(&mut self, bytes: &[u8], _now: Now) {
        if let Some(log) = &mut self.backlog {
            log.push(bytes);
            self.offset += bytes.len() as i64;
        }
    }

    /// The database selected in the stream.
    #[must_use]
    pub fn selected(&self) -> Option<DbIndex> {
        self.selected
    }

    /// Notes that a SELECT went into the stream.
    pub fn set_selected(&mut self, db: DbIndex) {
        self.selected = Some(db);
    }

    /// Takes a new id and forgets the former history.
    pub fn change_id(&mut self) {
        self.id = self.rng.hex40();
        self.id2 = NO_ID;
        self.second_offset = -1;
    }

    /// Bytes of history so far.
    #[must_use]
    pub fn offset(&self) -> Offset {
        Offset(self.offset)
    }

    /// How many replicas have acknowledged this offset.
    #[must_use]
    pub fn acknowledged_by(&self, offset: Offset) -> usize {
        self.online().filter(|p| p.acked >= offset.0).count()
    }

    /// The replicas that get the stream.
    pub fn online(&self) -> impl Iterator<Item = &ReplicaPeer> {
        self.peers.values().filter(|p| p.stage == PeerStage::Online)
    }

    /// Whether `min-replicas-to-write` is not met.
    #[must_use]
    pub fn too_few_replicas(&self, config: &Config) -> bool {
        let wanted = config.min_replicas_to_write;
        wanted > 0 && config.min_replicas_max_lag > 0 && !self.is_replica() && self.good < wanted
    }

    /// A replica's connection is gone.
    pub fn replica_gone(&mut self, slot: u32) {
        self.peers.remove(&slot);
    }

    /// How many replicas acknowledged within `lag`.
    #[must_use]
    pub fn good_replicas(&self, now: Now, lag: Span) -> usize {
        self.online().filter(|p| now.mono - p.last_ack <= lag).count()
    }

    /// The part of the stream that a replica's connection may be handed now.
    pub fn stream_slices<'a>(&'a self, slot: u32, into: &mut [&'a [u8]]) -> usize {
        match (self.peers.get(&slot), &self.backlog) {
            (Some(p), Some(log)) if p.stage == PeerStage::Online => log.slices(p.cursor, usize::MAX, into),
            _ => 0,
        }
    }

    /// The driver took this much of the stream for a replica; whether there is more.
    pub fn streamed(&mut self, slot: u32, bytes: usize) -> bool {
        let end = self.backlog.as_ref().map_or(0, Backlog::end);
        let Some(peer) = self.peers.get_mut(&slot) else { return false };
        peer.cursor += bytes as i64;
        peer.stage == PeerStage::Online && peer.cursor < end
    }

    /// Bytes of the stream that a replica has not taken.
    #[must_use]
    pub fn unsent(&self, slot: u32) -> u64 {
        match (self.peers.get(&slot), &self.backlog) {
            (Some(p), Some(log)) if p.stage != PeerStage::Introduced => (log.end() - p.cursor).max(0) as u64,
            _ => 0,
        }
    }

    /// The replicas with stream to take.
    #[must_use]
    pub fn with_stream(&self) -> Vec<u32> {
        let Some(log) = &self.backlog else { return Vec::new() };
        let end = log.end();
        let waiting = self.peers.iter().filter(|(_, p)| p.stage == PeerStage::Online && p.cursor < end);
        waiting.map(|(slot, _)| *slot).collect()
    }

    /// Whether a replica that gets the stream has not acknowledged all of it.
    #[must_use]
    pub fn any_lagging(&self) -> bool {
        self.online().any(|p| p.acked < self.offset)
    }
}

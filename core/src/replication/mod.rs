//! Floor 4: the replication state of a node.
//!
//! *Owns*: role, replication ids and offsets, the stream, the progress of every replica, the states of the link to the
//! master, what is on its way either way. *Does not own*: sockets (`node/link`), when a slice is due (`node/sync`), and
//! what is fed (`engine/propagate`).
//! *Invariants*: `offset` counts the bytes of history whose effect is in the data set: on a master it is the end of the
//! backlog; on a replica the backlog may hold more, received and not yet executed, which nobody is sent. Within one
//! replication id it never goes back.
//!
//! Source: the Redis documentation, "Redis replication"; the wire facts of PSYNC2.

mod backlog;
mod failover;
mod following;
mod handshake;
mod info;
mod load;
mod peer;
mod round;

pub use backlog::Backlog;
pub use failover::Failover;
pub use following::{Following, Link};
pub use handshake::{Endless, Handshake, Introduction, Lines, Next, OLD_SYNC, repl_id};
pub use load::{Load, LoadError};
pub use peer::{PeerStage, ReplicaPeer};
pub use round::{Framing, Round};

use crate::base::ids::{DbIndex, LinkId, Offset};
use crate::base::mutant::Mutant;
use crate::base::rng::Rng;
use crate::base::time::{Mono, Now, Span};
use crate::config::{Config, Knobs};
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

/// 40 hexadecimal digits that name a history.
pub type ReplId = [u8; 40];

/// The id of no history.
pub const NO_ID: ReplId = [b'0'; 40];

/// A smaller `repl-backlog-size` counts as this.
const BACKLOG_MIN: i64 = 16 * 1024;

/// The replication state of a node.
#[derive(Clone)]
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
    /// The database selected in the stream at `offset`; none = a SELECT must come first.
    selected: Option<DbIndex>,
    /// Replicas and those who introduced themselves as such, by slot of the connection table.
    pub peers: BTreeMap<u32, ReplicaPeer>,
    /// Replicas that acknowledged lately, as counted last.
    pub good: i64,
    /// Randomness of ids.
    pub rng: Rng,
    /// The master, when this node is a replica.
    pub master: Option<Box<Following>>,
    /// Whether this node may ask for the stream from its own id and offset on.
    pub resumable: bool,
    /// The failover under way.
    pub failover: Option<Box<Failover>>,
    /// The snapshot on its way to replicas.
    pub round: Option<Box<Round>>,
    /// Replicas are to be asked for their offset at the end of this turn.
    pub getack_wanted: bool,
    /// The master asked for the offset.
    pub ack_wanted: bool,
    /// Since when there has been no replica.
    pub alone_since: Mono,
    /// When the next PING goes into the stream.
    pub next_ping: Mono,
    /// When the duties of the second are next due.
    pub next_beat: Mono,
    next_link: u32,
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
            master: None,
            resumable: false,
            failover: None,
            round: None,
            getack_wanted: false,
            ack_wanted: false,
            alone_since: Mono(0),
            next_ping: Mono(0),
            next_beat: Mono(0),
            next_link: 0,
        }
    }

    /// Whether this node follows a master.
    #[must_use]
    pub fn is_replica(&self) -> bool {
        self.master.is_some()
    }

    /// Whether it follows a master whose stream does not flow.
    #[must_use]
    pub fn is_stale(&self) -> bool {
        self.master.as_ref().is_some_and(|m| !m.is_streaming())
    }

    /// Whether commands are refused because a data set is being loaded. What a master sends is loaded aside, while the
    /// old data set is served.
    #[must_use]
    pub fn is_loading(&self) -> bool {
        false
    }

    /// Whether a data set is on its way from the master.
    #[must_use]
    pub fn is_transferring(&self) -> bool {
        self.master.as_ref().is_some_and(|m| m.load().is_some())
    }

    /// The slot of the link while the master's stream flows.
    #[must_use]
    pub fn streaming_slot(&self) -> Option<u32> {
        self.master.as_ref().filter(|m| m.is_streaming()).and_then(|m| m.slot())
    }

    /// A new number for a dial.
    pub fn take_link(&mut self) -> LinkId {
        self.next_link += 1;
        LinkId(self.next_link)
    }

    /// Whether writes of this node's own clients go to the stream.
    #[must_use]
    pub fn feeds_own_writes(&self) -> bool {
        self.backlog.is_some() && !self.is_replica()
    }

    /// Adds bytes to the stream of a master.
    pub fn feed(&mut self, bytes: &[u8], _now: Now) {
        debug_assert!(!self.is_replica(), "a replica feeds nothing of its own");
        if let Some(log) = &mut self.backlog {
            log.push(bytes);
            self.offset += bytes.len() as i64;
        }
    }

    /// Takes bytes of the master's stream; they count when they are applied.
    pub fn receive(&mut self, bytes: &[u8]) {
        if let Some(log) = &mut self.backlog {
            log.push(bytes);
        }
    }

    /// Everything received but the last `left` bytes is applied; this database is selected now.
    pub fn applied(&mut self, left: u64, db: DbIndex) {
        self.offset = self.received_offset() - left as i64;
        self.selected = Some(db);
    }

    /// Bytes of history received, applied or not.
    #[must_use]
    pub fn received_offset(&self) -> i64 {
        self.backlog.as_ref().map_or(self.offset, Backlog::end)
    }

    /// Forgets what was received and will not be applied, because the rest will not come.
    pub fn forget_unapplied(&mut self, knobs: &Knobs) {
        if knobs.broken(Mutant::ResumeAfterReceived) {
            self.offset = self.received_offset();
        }
        if let Some(log) = &mut self.backlog
            && !knobs.broken(Mutant::UnappliedKept)
        {
            log.truncate(self.offset);
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

    /// The next command in the stream must have a SELECT before it.
    pub fn force_select(&mut self) {
        self.selected = None;
    }

    /// Bytes of history so far.
    #[must_use]
    pub fn offset(&self) -> Offset {
        Offset(self.offset)
    }

    /// Begins to keep the stream, in a history of its own: what was written before is in no stream.
    pub fn ensure_backlog(&mut self) {
        if self.backlog.is_none() {
            if !self.is_replica() {
                self.change_id();
                self.selected = None;
            }
            self.backlog = Some(Backlog::new(self.offset));
        }
    }

    /// A new history without a past.
    pub fn change_id(&mut self) {
        self.id = self.rng.hex40();
        self.forget_second();
    }

    fn forget_second(&mut self) {
        (self.id2, self.second_offset) = (NO_ID, -1);
    }

    /// This history goes on under another name; the old one stays valid up to here.
    pub fn continue_as(&mut self, id: ReplId) {
        self.id2 = core::mem::replace(&mut self.id, id);
        self.second_offset = self.offset + 1;
    }

    /// A data set was taken over from the master: its history counts from now on. One without a name, from a master of
    /// old, gets one of its own.
    pub fn adopt(&mut self, history: Option<(ReplId, i64)>, db: DbIndex) {
        let (id, offset) = history.unwrap_or_else(|| (self.rng.hex40(), 0));
        self.id = id;
        self.forget_second();
        self.offset = offset;
        self.backlog = Some(Backlog::new(offset));
        self.selected = Some(db);
        self.resumable = history.is_some();
    }

    /// A master that has loaded a data set which stands in a history: that history goes on under this node's own name, and
    /// replicas that had everything of it may go on.
    pub fn restart_after(&mut self, id: ReplId, offset: i64, now: Mono) {
        (self.id2, self.second_offset) = (id, offset + 1);
        self.offset = offset;
        self.backlog = Some(Backlog::new(offset));
        self.selected = None;
        self.alone_since = now;
    }

    /// Where a replica's stream begins that has everything of history `id` before byte `next` (counted from 1); none
    /// when it needs a snapshot.
    #[must_use]
    pub fn partial(&self, id: &[u8], next: i64, knobs: &Knobs) -> Option<i64> {
        let log = self.backlog.as_ref()?;
        let known = *id == self.id
            || (*id == self.id2
                && (next <= self.second_offset || knobs.broken(Mutant::ContinueBeyondSecond)))
            || knobs.broken(Mutant::ContinueAnything);
        let cursor = next.checked_sub(1)?;
        if knobs.broken(Mutant::BacklogTooShort) && known && cursor <= self.offset {
            return Some(cursor.max(log.start()));
        }
        let granted = known && cursor >= log.start() && cursor <= self.offset;
        let skipped = i64::from(knobs.broken(Mutant::PartialOffByOne) && cursor < self.offset);
        (granted && !knobs.broken(Mutant::NeverContinue)).then_some(cursor + skipped)
    }

    /// Forgets history beyond `size` bytes that no attached replica needs.
    pub fn trim(&mut self, size: i64) {
        let Some(log) = &mut self.backlog else { return };
        let mut keep_from = self.offset - size.max(BACKLOG_MIN);
        if keep_from <= log.start() {
            return;
        }
        for peer in self.peers.values().filter(|p| p.needs_stream()) {
            keep_from = keep_from.min(peer.cursor);
        }
        log.trim(keep_from);
    }

    /// How many replicas have acknowledged this offset: as applied, or as on their disks.
    #[must_use]
    pub fn acknowledged_by(&self, offset: Offset, synced: bool) -> usize {
        self.online().filter(|p| (if synced { p.acked_synced } else { p.acked }) >= offset.0).count()
    }

    /// The replicas that get the stream.
    pub fn online(&self) -> impl Iterator<Item = &ReplicaPeer> {
        self.peers.values().filter(|p| p.stage == PeerStage::Online)
    }

    /// Everyone who asked for the stream or a snapshot, by slot.
    pub fn replicas(&self) -> impl Iterator<Item = (u32, &ReplicaPeer)> {
        let attached = self.peers.iter().filter(|(_, p)| p.stage != PeerStage::Introduced);
        attached.map(|(slot, p)| (*slot, p))
    }

    /// Whether `min-replicas-to-write` is not met.
    #[must_use]
    pub fn too_few_replicas(&self, config: &Config) -> bool {
        let wanted = config.min_replicas_to_write;
        wanted > 0 && config.min_replicas_max_lag > 0 && !self.is_replica() && self.good < wanted
    }

    /// A client is gone, or is no replica any more.
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
            (Some(p), Some(log)) if p.takes_stream() => {
                log.slices(p.cursor, (self.offset - p.cursor) as usize, into)
            }
            _ => 0,
        }
    }

    /// The driver took this much of the stream for a replica; whether there is more.
    pub fn streamed(&mut self, slot: u32, bytes: usize) -> bool {
        let Some(peer) = self.peers.get_mut(&slot) else { return false };
        peer.cursor += bytes as i64;
        peer.takes_stream() && peer.cursor < self.offset
    }

    /// Bytes of the stream that a replica has not taken.
    #[must_use]
    pub fn unsent(&self, slot: u32) -> u64 {
        match self.peers.get(&slot) {
            Some(p) if p.needs_stream() => (self.offset - p.cursor).max(0) as u64,
            _ => 0,
        }
    }

    /// The replicas with stream to take.
    #[must_use]
    pub fn with_stream(&self) -> Vec<u32> {
        let waits = |p: &ReplicaPeer| p.takes_stream() && p.cursor < self.offset;
        self.peers.iter().filter(|(_, p)| waits(p)).map(|(slot, _)| *slot).collect()
    }

    /// Whether a replica that gets the stream has not acknowledged this offset.
    #[must_use]
    pub fn any_lagging(&self, offset: Offset) -> bool {
        self.online().any(|p| p.acked < offset.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::time::Unix;

    const NOW: Now = Now { mono: Mono(0), unix: Unix(0) };

    fn fed(bytes: usize) -> Replication {
        let mut repl = Replication::new(Rng::new([1; 32]));
        repl.ensure_backlog();
        repl.feed(&std::vec![b'x'; bytes], NOW);
        repl
    }

    #[test]
    fn a_history_begins_with_a_new_id() {
        let mut repl = Replication::new(Rng::new([1; 32]));
        let before = repl.id;
        repl.feed(b"nobody listens", NOW);
        assert_eq!((repl.offset, repl.partial(&before, 1, &Knobs::default())), (0, None));
        repl.ensure_backlog();
        assert_ne!(repl.id, before);
        let id = repl.id;
        repl.ensure_backlog();
        assert_eq!(repl.id, id);
    }

    #[test]
    fn partial_is_granted_within_the_kept_history_only() {
        let mut repl = fed(100_000);
        let (id, knobs) = (repl.id, Knobs::default());
        assert_eq!(repl.partial(&id, 1, &knobs), Some(0));
        assert_eq!(repl.partial(&id, 100_001, &knobs), Some(100_000));
        assert_eq!(repl.partial(&id, 100_002, &knobs), None);
        assert_eq!(repl.partial(&id, 0, &knobs), None);
        assert_eq!(repl.partial(&id, i64::MIN, &knobs), None);
        assert_eq!(repl.partial(b"?", 1, &knobs), None);
        repl.trim(1);
        let start = repl.backlog.as_ref().unwrap().start();
        assert!(start > 0 && start <= 100_000 - BACKLOG_MIN);
        assert_eq!(repl.partial(&id, start, &knobs), None);
        assert_eq!(repl.partial(&id, start + 1, &knobs), Some(start));
    }

    #[test]
    fn the_previous_history_is_valid_up_to_the_switch() {
        let mut repl = fed(100);
        let (old, knobs) = (repl.id, Knobs::default());
        repl.continue_as([b'a'; 40]);
        repl.feed(b"more", NOW);
        assert_eq!((repl.id2, repl.second_offset), (old, 101));
        assert_eq!(repl.partial(&old, 101, &knobs), Some(100));
        assert_eq!(repl.partial(&old, 102, &knobs), None);
        assert_eq!(repl.partial(&[b'a'; 40], 102, &knobs), Some(101));
    }

    #[test]
    fn what_a_replica_needs_is_kept() {
        let mut repl = fed(200_000);
        let mut peer = ReplicaPeer::new(Mono(0));
        (peer.stage, peer.cursor) = (PeerStage::Loading, 50_000);
        repl.peers.insert(3, peer);
        repl.trim(20_000);
        assert!(repl.backlog.as_ref().unwrap().start() <= 50_000);
        assert_eq!(repl.unsent(3), 150_000);
        repl.replica_gone(3);
        repl.trim(20_000);
        assert!(repl.backlog.as_ref().unwrap().start() > 160_000);
    }

    #[test]
    fn a_replica_counts_what_it_applied() {
        let mut repl = fed(0);
        repl.master = Some(Box::new(Following::new("m", 1, Mono(0))));
        repl.adopt(Some(([b'b'; 40], 1000)), DbIndex(4));
        repl.receive(b"0123456789");
        repl.applied(4, DbIndex(5));
        assert_eq!((repl.offset, repl.received_offset(), repl.selected()), (1006, 1010, Some(DbIndex(5))));
        let mut peer = ReplicaPeer::new(Mono(0));
        (peer.stage, peer.cursor) = (PeerStage::Online, 1000);
        repl.peers.insert(1, peer);
        let mut slices = [&[][..]; 4];
        let n = repl.stream_slices(1, &mut slices);
        assert_eq!(slices[..n].concat(), b"012345");
        repl.forget_unapplied(&Knobs::default());
        assert_eq!((repl.offset, repl.received_offset()), (1006, 1006));
    }
}

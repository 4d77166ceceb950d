//! One snapshot on its way to replicas.
//!
//! *Owns*: [`Round`]: the payload as far as it is produced, who gets it and how far each has come.
//! *Does not own*: the walk (`keyspace`), the pace, sockets.
//! *Invariants*: all members get the same bytes; with a mark no more is produced ahead of the slowest member than
//! `AHEAD` bytes and one slice; a chunk is forgotten when every member has it.

use crate::keyspace::Keyspace;
use crate::persistence::{Dump, Pace};
use alloc::collections::{BTreeMap, VecDeque};
use alloc::format;
use alloc::vec::Vec;
use bytes::Bytes;

/// Bytes produced ahead of the slowest member at most, but for one slice.
const AHEAD: usize = 256 * 1024;
/// A snapshot for one or more replicas.
#[derive(Clone, Debug)]
pub struct Round {
    framing: Framing,
    /// When its slices may be done.
    pub pace: Pace,
    /// None when all of the payload is in the chunks.
    dump: Option<Dump>,
    chunks: VecDeque<Bytes>,
    /// Number of the first chunk.
    first: usize,
    /// Bytes in the chunks.
    kept: usize,
    /// Bytes of payload in all, so far.
    total: u64,
    /// Whether the header is in the chunks.
    announced: bool,
    /// The number of the next chunk of each member, by slot.
    members: BTreeMap<u32, usize>,
}

/// How the end of the payload is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// By a mark behind it: it is sent while it is produced.
    Marked([u8; 40]),
    /// By its length before it: all of it must be there first.
    Sized,
}

impl Round {
    /// A snapshot of the present state for these slots; the walk has just begun.
    #[must_use]
    pub fn new(framing: Framing, dump: Dump, members: &[u32]) -> Self {
        let mut round = Self {
            framing,
            pace: Pace::default(),
            dump: Some(dump),
            chunks: VecDeque::new(),
            first: 0,
            kept: 0,
            total: 0,
            announced: false,
            members: members.iter().map(|slot| (*slot, 0)).collect(),
        };
        if let Framing::Marked(mark) = framing {
            round.add([b"$EOF:", &mark[..], b"\r\n"].concat());
            round.announced = true;
        }
        round
    }

    /// How the payload is framed.
    #[must_use]
    pub fn framing(&self) -> Framing {
        self.framing
    }

    /// The slots that get it.
    pub fn members(&self) -> impl Iterator<Item = u32> {
        self.members.keys().copied()
    }

    /// Whether a replica in this slot gets it.
    #[must_use]
    pub fn has(&self, slot: u32) -> bool {
        self.members.contains_key(&slot)
    }

    /// A replica leaves, or has got everything. Whether anyone is left.
    pub fn leave(&mut self, slot: u32) -> bool {
        self.members.remove(&slot);
        self.release();
        !self.members.is_empty()
    }

    /// Whether all of the payload was produced.
    #[must_use]
    pub fn is_produced(&self) -> bool {
        self.dump.is_none()
    }

    /// Whether nothing can be sent yet, because the length is not known.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        !self.announced
    }

    /// Whether another slice may be produced now.
    #[must_use]
    pub fn wants_slice(&self) -> bool {
        self.dump.is_some() && (self.framing == Framing::Sized || self.kept < AHEAD)
    }

    /// Produces about `bytes` more. `shift_ms` is taken off every deadline; it is 0 but for a planted bug.
    pub fn slice(&mut self, keyspace: &mut Keyspace, bytes: usize, shift_ms: i64) {
        let Some(mut dump) = self.dump.take() else { return };
        if !dump.slice(keyspace, bytes, u64::MAX, shift_ms) {
            let part = dump.take();
            self.payload(part);
            self.dump = Some(dump);
            return;
        }
        let rest = dump.finish();
        self.payload(rest);
        match self.framing {
            Framing::Marked(mark) => self.add(mark.to_vec()),
            Framing::Sized => {
                let header = format!("${}\r\n", self.total).into_bytes();
                self.kept += header.len();
                self.chunks.push_front(header.into());
                self.announced = true;
            }
        }
    }

    /// The next piece for a member, if one is there.
    pub fn next_for(&mut self, slot: u32) -> Option<Bytes> {
        if !self.announced {
            return None;
        }
        let next = self.members.get_mut(&slot)?;
        let chunk = self.chunks.get(*next - self.first)?.clone();
        *next += 1;
        self.release();
        Some(chunk)
    }

    /// Whether a piece is there for a member.
    #[must_use]
    pub fn has_next(&self, slot: u32) -> bool {
        let next = self.members.get(&slot);
        self.announced && next.is_some_and(|next| *next < self.first + self.chunks.len())
    }

    fn payload(&mut self, bytes: Vec<u8>) {
        self.total += bytes.len() as u64;
        self.add(bytes);
    }

    fn add(&mut self, bytes: Vec<u8>) {
        if !bytes.is_empty() {
            self.kept += bytes.len();
            self.chunks.push_back(bytes.into());
        }
    }

    /// Forgets the chunks that every member has.
    fn release(&mut self) {
        let Some(&least) = self.members.values().min() else { return };
        while self.first < least
            && let Some(chunk) = self.chunks.pop_front()
        {
            self.kept -= chunk.len();
            self.first += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::ids::DbIndex;
    use crate::containers::dict::HashKey;
    use crate::keyspace::Ttl;
    use crate::persistence::{Facts, Place, Terms};
    use crate::rdb::WriterOptions;
    use crate::replication::Load;
    use std::vec;

    const FACTS: Facts = Facts {
        unix_secs: 1,
        used_bytes: 1,
        place: Some(Place { id: [b'1'; 40], offset: 7, stream_db: DbIndex(1) }),
    };

    fn dump(keyspace: &mut Keyspace) -> Dump {
        keyspace.snapshot_begin();
        Dump::new(WriterOptions { compress: false, ..WriterOptions::default() }, &FACTS, keyspace)
    }

    fn filled(keys: u32) -> Keyspace {
        let mut keyspace = Keyspace::new(2, HashKey::new([1; 16]));
        keyspace.enable_digest();
        for n in 0..keys {
            let ttl = if n % 3 == 0 { Ttl::At(i64::from(n) + 1_000_000) } else { Ttl::Clear };
            keyspace.set_bytes(DbIndex(n % 2), std::format!("key:{n}").as_bytes(), &[b'v'; 500], ttl);
        }
        keyspace
    }

    fn received(framing: Framing) {
        let mut keyspace = filled(3000);
        let before = keyspace.digest();
        let mut round = Round::new(framing, dump(&mut keyspace), &[4, 9]);
        let mut loads =
            [4_u32, 9].map(|slot| (slot, Load::new(None, keyspace.empty_twin(), Terms::default()), false));
        let mut turn = 0;
        while loads.iter().any(|(_, _, done)| !done) {
            turn += 1;
            // Writes go on meanwhile.
            keyspace.set_bytes(DbIndex(0), std::format!("key:{turn}").as_bytes(), b"new", Ttl::Clear);
            if round.wants_slice() {
                round.slice(&mut keyspace, 10_000, 0);
            }
            if framing != Framing::Sized {
                assert!(round.kept < AHEAD + 20_000);
            }
            for (slot, load, done) in &mut loads {
                // The second one is slow.
                if *slot == 9 && turn % 5 != 0 {
                    continue;
                }
                while let Some(chunk) = round.next_for(*slot) {
                    *done = load.feed(&mut &chunk[..]).unwrap();
                }
            }
        }
        assert!(round.is_produced() && round.chunks.is_empty() && round.kept == 0);
        for (_, load, _) in &loads {
            assert_eq!((load.keyspace.digest(), load.stream_db()), (before, DbIndex(1)));
        }
        assert_ne!(keyspace.digest(), before);
    }

    #[test]
    fn every_member_gets_the_state_at_the_beginning() {
        received(Framing::Marked([b'm'; 40]));
        received(Framing::Sized);
    }

    #[test]
    fn a_member_that_stops_reading_stops_production_until_it_leaves() {
        let mut keyspace = filled(3000);
        let mut round = Round::new(Framing::Marked([b'm'; 40]), dump(&mut keyspace), &[1, 2]);
        while round.wants_slice() {
            round.slice(&mut keyspace, 10_000, 0);
            while round.next_for(1).is_some() {}
        }
        assert!(!round.is_produced() && !round.has_next(1) && round.has_next(2));
        assert!(round.leave(2) && round.wants_slice());
        assert_eq!((round.kept, vec![1]), (0, round.members().collect()));
    }
}

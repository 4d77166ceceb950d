//! A stream as RDB knows it, and its reading and writing.
//!
//! *Owns*: the [`Stream`] record and its three forms on disk. *Does not own*: what is in the nodes' listpacks.
//! *Invariants*: reading holds a record of what is complete, so that it resumes after any byte.

use super::cursor::{Cursor, Step};
use super::encode::Encoder;
use super::error::Reason;
use super::type_id;
use alloc::vec::Vec;
use bytes::Bytes;

/// A position in a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct StreamPos {
    /// Milliseconds.
    pub ms: u64,
    /// Sequence within the millisecond.
    pub seq: u64,
}

/// A stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stream {
    /// Listpacks of entries, each with the position that its entries count from.
    pub nodes: Vec<(StreamPos, Bytes)>,
    /// Entries alive.
    pub length: u64,
    /// The last position given out.
    pub last: StreamPos,
    /// Absent in the first form.
    pub counters: Option<Counters>,
    /// Consumer groups.
    pub groups: Vec<Group>,
}

/// What the second form added to a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// The first entry alive.
    pub first: StreamPos,
    /// The highest position that was deleted.
    pub max_deleted: StreamPos,
    /// Entries ever added.
    pub entries_added: u64,
}

/// A consumer group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Group {
    /// Its name.
    pub name: Bytes,
    /// The last position delivered.
    pub last: StreamPos,
    /// Entries read; -1 when unknown. Absent in the first form.
    pub entries_read: Option<i64>,
    /// Entries delivered and not acknowledged.
    pub pending: Vec<Pending>,
    /// Who reads.
    pub consumers: Vec<Consumer>,
}

/// An entry that waits for its acknowledgement.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pending {
    /// The entry.
    pub pos: StreamPos,
    /// When it was last delivered, milliseconds since the epoch.
    pub delivered_ms: i64,
    /// How often.
    pub count: u64,
}

/// A member of a group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Consumer {
    /// Its name.
    pub name: Bytes,
    /// When it last tried anything, milliseconds since the epoch.
    pub seen_ms: i64,
    /// When it last got anything, -1 for never. Absent before the third form.
    pub active_ms: Option<i64>,
    /// The entries of the group's list that are its own.
    pub pending: Vec<StreamPos>,
}

impl Stream {
    /// The form it is written in: the oldest that holds all it knows.
    #[must_use]
    pub fn type_id(&self) -> u8 {
        let mut consumers = self.groups.iter().flat_map(|g| &g.consumers);
        match self.counters {
            None => type_id::STREAM,
            Some(_) if consumers.any(|c| c.active_ms.is_some()) => type_id::STREAM_3,
            Some(_) => type_id::STREAM_2,
        }
    }

    /// Appends everything after the type and the key.
    pub(super) fn encode(&self, to: &mut Encoder) {
        let form = self.type_id();
        to.len(self.nodes.len() as u64);
        for (base, listpack) in &self.nodes {
            to.string(&raw_pos(*base));
            to.string(listpack);
        }
        to.len(self.length);
        len_pos(to, self.last);
        if let Some(counters) = self.counters {
            len_pos(to, counters.first);
            len_pos(to, counters.max_deleted);
            to.len(counters.entries_added);
        }
        to.len(self.groups.len() as u64);
        for group in &self.groups {
            group.encode(form, to);
        }
    }
}

impl Group {
    fn encode(&self, form: u8, to: &mut Encoder) {
        to.string(&self.name);
        len_pos(to, self.last);
        if form != type_id::STREAM {
            to.len(self.entries_read.unwrap_or(-1) as u64);
        }
        to.len(self.pending.len() as u64);
        for pending in &self.pending {
            to.raw(&raw_pos(pending.pos));
            to.raw(&pending.delivered_ms.to_le_bytes());
            to.len(pending.count);
        }
        to.len(self.consumers.len() as u64);
        for consumer in &self.consumers {
            to.string(&consumer.name);
            to.raw(&consumer.seen_ms.to_le_bytes());
            if form == type_id::STREAM_3 {
                to.raw(&consumer.active_ms.unwrap_or(consumer.seen_ms).to_le_bytes());
            }
            to.len(consumer.pending.len() as u64);
            for pos in &consumer.pending {
                to.raw(&raw_pos(*pos));
            }
        }
    }
}

fn raw_pos(pos: StreamPos) -> [u8; 16] {
    (u128::from(pos.ms) << 64 | u128::from(pos.seq)).to_be_bytes()
}

fn len_pos(to: &mut Encoder, pos: StreamPos) {
    to.len(pos.ms);
    to.len(pos.seq);
}

/// Where reading stands. The counts are of elements still to come.
#[derive(Clone, Debug)]
enum Stage {
    NodeCount,
    Nodes(u64),
    Head,
    Groups(u64),
    GroupPending { groups: u64, left: u64 },
    ConsumerCount { groups: u64 },
    Consumers { groups: u64, left: u64 },
    ConsumerPending { groups: u64, consumers: u64, left: u64 },
}

/// A stream that is being read.
#[derive(Clone, Debug)]
pub(super) struct StreamDecoder {
    form: u8,
    stage: Stage,
    stream: Stream,
}

impl StreamDecoder {
    pub(super) fn new(form: u8) -> Self {
        Self { form, stage: Stage::NodeCount, stream: Stream::default() }
    }

    /// Reads on; the stream when it is complete.
    pub(super) fn advance(&mut self, from: &mut Cursor<'_>) -> Step<Stream> {
        loop {
            if let Stage::Groups(0) = self.stage {
                return Ok(core::mem::take(&mut self.stream));
            }
            self.stage = self.step(from)?;
            from.commit();
        }
    }

    fn step(&mut self, from: &mut Cursor<'_>) -> Step<Stage> {
        Ok(match self.stage {
            Stage::NodeCount => Stage::Nodes(from.len()?),
            Stage::Nodes(0) => Stage::Head,
            Stage::Nodes(left) => {
                let key = from.string()?;
                let raw = <[u8; 16]>::try_from(&key[..]).map_err(|_| Reason::BadStream)?;
                let listpack = from.string()?;
                self.stream.nodes.push((pos_from_raw(raw), listpack));
                Stage::Nodes(left - 1)
            }
            Stage::Head => {
                self.stream.length = from.len()?;
                self.stream.last = read_pos(from)?;
                if self.form != type_id::STREAM {
                    let (first, max_deleted) = (read_pos(from)?, read_pos(from)?);
                    self.stream.counters = Some(Counters { first, max_deleted, entries_added: from.len()? });
                }
                Stage::Groups(from.len()?)
            }
            Stage::Groups(groups) => self.group_head(groups, from)?,
            Stage::GroupPending { groups, left: 0 } => Stage::ConsumerCount { groups },
            Stage::GroupPending { groups, left } => {
                let pending = Pending {
                    pos: pos_from_raw(from.array()?),
                    delivered_ms: from.i64_le()?,
                    count: from.len()?,
                };
                self.group()?.pending.push(pending);
                Stage::GroupPending { groups, left: left - 1 }
            }
            Stage::ConsumerCount { groups } => Stage::Consumers { groups, left: from.len()? },
            Stage::Consumers { groups, left: 0 } => Stage::Groups(groups - 1),
            Stage::Consumers { groups, left } => self.consumer_head(groups, left, from)?,
            Stage::ConsumerPending { groups, consumers, left: 0 } => {
                Stage::Consumers { groups, left: consumers - 1 }
            }
            Stage::ConsumerPending { groups, consumers, left } => {
                let pos = pos_from_raw(from.array()?);
                self.consumer()?.pending.push(pos);
                Stage::ConsumerPending { groups, consumers, left: left - 1 }
            }
        })
    }

    fn group_head(&mut self, groups: u64, from: &mut Cursor<'_>) -> Step<Stage> {
        let (name, last) = (from.string()?, read_pos(from)?);
        let entries_read = if self.form == type_id::STREAM { None } else { Some(from.len()? as i64) };
        let left = from.len()?;
        self.stream.groups.push(Group { name, last, entries_read, ..Group::default() });
        Ok(Stage::GroupPending { groups, left })
    }

    fn consumer_head(&mut self, groups: u64, consumers: u64, from: &mut Cursor<'_>) -> Step<Stage> {
        let (name, seen_ms) = (from.string()?, from.i64_le()?);
        let active_ms = if self.form == type_id::STREAM_3 { Some(from.i64_le()?) } else { None };
        let left = from.len()?;
        self.group()?.consumers.push(Consumer { name, seen_ms, active_ms, pending: Vec::new() });
        Ok(Stage::ConsumerPending { groups, consumers, left })
    }

    fn group(&mut self) -> Step<&mut Group> {
        self.stream.groups.last_mut().ok_or_else(|| Reason::BadStream.into())
    }

    fn consumer(&mut self) -> Step<&mut Consumer> {
        self.group()?.consumers.last_mut().ok_or_else(|| Reason::BadStream.into())
    }
}

fn pos_from_raw(raw: [u8; 16]) -> StreamPos {
    let both = u128::from_be_bytes(raw);
    StreamPos { ms: (both >> 64) as u64, seq: both as u64 }
}

fn read_pos(from: &mut Cursor<'_>) -> Step<StreamPos> {
    Ok(StreamPos { ms: from.len()?, seq: from.len()? })
}

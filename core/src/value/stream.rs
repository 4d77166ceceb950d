//! Streams: entries, what is remembered of entries that are gone, and consumer groups.
//!
//! *Owns*: [`Stream`]: its counters, the rule of positions, the table of groups. *Does not own*: how entries lie in
//! memory (`containers/streamlog`), what a group knows (`group`), texts and options of commands.
//! *Invariants*: the last position is not below any entry's; positions given out rise. A stream may be empty: its
//! counters and groups are worth keeping. `groups_heap` is the sum over the groups.

mod group;
#[cfg(test)]
mod tests;

use super::{Digest, SmallBytes, allocation};
use crate::base::number::IntText;
use crate::containers::streamlog::{Entry, Keep, NodeLimit, StreamId, StreamLog};
use alloc::collections::BTreeMap;
pub use group::{Consumer, Group, Member, Pending};

/// A stream.
#[derive(Clone, Debug, Default)]
pub struct Stream {
    entries: Entries,
    groups: BTreeMap<SmallBytes, Group>,
    groups_heap: usize,
}

/// The entries of a stream, and what is remembered of those that are gone.
#[derive(Clone, Debug, Default)]
pub struct Entries {
    log: StreamLog,
    last: StreamId,
    max_deleted: StreamId,
    added: u64,
}

/// Why an entry got no position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoPosition {
    /// The one asked for is not above the last one.
    TooSmall,
    /// None is left.
    Exhausted,
}

/// The position that a new entry asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Any, as of this time in milliseconds.
    Now(u64),
    /// Any with these milliseconds.
    Millis(u64),
    /// This one.
    Exactly(StreamId),
}

impl Entries {
    /// The entries alive.
    #[must_use]
    pub fn log(&self) -> &StreamLog {
        &self.log
    }

    /// The last position given out.
    #[must_use]
    pub fn last(&self) -> StreamId {
        self.last
    }

    /// The highest position of an entry that was deleted (not trimmed).
    #[must_use]
    pub fn max_deleted(&self) -> StreamId {
        self.max_deleted
    }

    /// Entries ever added.
    #[must_use]
    pub fn added(&self) -> u64 {
        self.added
    }

    /// The position that a new entry gets.
    ///
    /// # Errors
    /// There is none that is above the last one.
    pub fn position(&self, wanted: Wanted) -> Result<StreamId, NoPosition> {
        let last = self.last;
        if last == StreamId::MAX {
            return Err(NoPosition::Exhausted);
        }
        let position = match wanted {
            Wanted::Now(ms) if ms > last.ms => Some(StreamId::new(ms, 0)),
            Wanted::Now(_) => last.next(),
            Wanted::Millis(ms) if ms == last.ms => last.seq.checked_add(1).map(|seq| StreamId::new(ms, seq)),
            Wanted::Millis(ms) => Some(StreamId::new(ms, 0)),
            Wanted::Exactly(id) => Some(id),
        };
        position.filter(|id| *id > last).ok_or(NoPosition::TooSmall)
    }

    /// Whether an entry at `from` or later may have been deleted while others are there.
    #[must_use]
    pub fn has_gap_from(&self, from: StreamId) -> bool {
        let deleted = self.max_deleted;
        !self.log.is_empty() && deleted != StreamId::MIN && deleted >= self.log.first() && from <= deleted
    }

    /// How many entries were added up to a position, where that can be told.
    #[must_use]
    pub fn added_up_to(&self, id: StreamId) -> Option<u64> {
        if self.added == 0 {
            return Some(0);
        }
        if self.log.is_empty() && id <= self.last {
            return Some(self.added);
        }
        if id >= self.last {
            return (id == self.last).then_some(self.added);
        }
        let first = self.log.first();
        if self.max_deleted == StreamId::MIN || self.max_deleted < first {
            let before = self.added.wrapping_sub(self.log.len());
            return match id.cmp(&first) {
                core::cmp::Ordering::Less => Some(before),
                core::cmp::Ordering::Equal => Some(before.wrapping_add(1)),
                core::cmp::Ordering::Greater => None,
            };
        }
        None
    }

    /// How many entries a group has still to read, where that can be told.
    #[must_use]
    pub fn lag(&self, group: &Group) -> Option<i64> {
        if self.added == 0 {
            return Some(0);
        }
        let read = match group.entries_read() {
            Some(read) if !self.has_gap_from(group.last()) => read,
            _ => self.added_up_to(group.last())?,
        };
        Some((self.added as i64).wrapping_sub(read as i64))
    }
}

impl Stream {
    /// An empty stream.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A stream without groups, from its parts. `None` when they do not fit together.
    #[must_use]
    pub fn from_parts(log: StreamLog, last: StreamId, max_deleted: StreamId, added: u64) -> Option<Self> {
        if log.last().is_some_and(|id| id > last) {
            return None;
        }
        Some(Self { entries: Entries { log, last, max_deleted, added }, ..Self::default() })
    }

    /// The entries.
    #[must_use]
    #[inline]
    pub fn entries(&self) -> &Entries {
        &self.entries
    }

    /// Adds an entry at a position that [`Entries::position`] answered; `fields` are fields and values in turn.
    pub fn append<'t>(
        &mut self,
        id: StreamId,
        fields: impl ExactSizeIterator<Item = &'t [u8]> + Clone,
        limit: NodeLimit,
    ) {
        self.entries.log.append(id, fields, limit);
        self.entries.last = id;
        self.entries.added = self.entries.added.wrapping_add(1);
    }

    /// Deletes an entry. Answers whether it was there.
    pub fn remove(&mut self, id: StreamId) -> bool {
        let removed = self.entries.log.remove(id);
        if removed && id > self.entries.max_deleted {
            self.entries.max_deleted = id;
        }
        removed
    }

    /// Removes entries from the beginning, as [`StreamLog::trim`] does.
    pub fn trim(&mut self, keep: Keep, whole: bool, limit: u64) -> u64 {
        self.entries.log.trim(keep, whole, limit)
    }

    /// Sets the last position and, where given, the count of entries ever added and the highest position deleted.
    pub fn set_counters(&mut self, last: StreamId, added: Option<u64>, max_deleted: Option<StreamId>) {
        let entries = &mut self.entries;
        entries.last = last;
        entries.added = added.unwrap_or(entries.added);
        entries.max_deleted = max_deleted.unwrap_or(entries.max_deleted);
    }

    /// The groups, by name.
    pub fn groups(&self) -> impl ExactSizeIterator<Item = (&[u8], &Group)> {
        self.groups.iter().map(|(name, group)| (name.as_slice(), group))
    }

    /// A group.
    #[must_use]
    pub fn group(&self, name: &[u8]) -> Option<&Group> {
        self.groups.get(&SmallBytes::new(name))
    }

    /// Changes a group by `edit`, which sees the entries too. `None` when there is no such group.
    pub fn edit_group<R>(&mut self, name: &[u8], edit: impl FnOnce(&Entries, &mut Group) -> R) -> Option<R> {
        let group = self.groups.get_mut(&SmallBytes::new(name))?;
        let before = group.heap_bytes();
        let result = edit(&self.entries, group);
        self.groups_heap = self.groups_heap + group.heap_bytes() - before;
        Some(result)
    }

    /// Creates a group. `false` when there is one of this name.
    pub fn create_group(&mut self, name: &[u8], last: StreamId, entries_read: Option<u64>) -> bool {
        let key = SmallBytes::new(name);
        if self.groups.contains_key(&key) {
            return false;
        }
        let group = Group::new(last, entries_read);
        self.groups_heap += group.heap_bytes() + key.heap_bytes();
        self.groups.insert(key, group);
        true
    }

    /// Removes a group. Answers whether it was there.
    pub fn remove_group(&mut self, name: &[u8]) -> bool {
        let Some((key, group)) = self.groups.remove_entry(&SmallBytes::new(name)) else { return false };
        self.groups_heap -= group.heap_bytes() + key.heap_bytes();
        true
    }

    /// What `OBJECT ENCODING` answers.
    #[must_use]
    pub fn encoding(&self) -> &'static str {
        "stream"
    }

    /// Starts reading what a command is likely to read first; the answer means nothing.
    #[must_use]
    pub fn touch(&self) -> u8 {
        self.entries.last.seq as u8
    }

    /// Bytes on the heap, by the core's own count.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        allocation(size_of::<Self>()) + self.entries.log.heap_bytes() + self.groups_heap
    }

    /// About how many allocations' worth of work dropping it is.
    #[must_use]
    pub fn free_cost(&self) -> usize {
        1 + self.entries.log.node_count() + self.groups_heap / 1024
    }

    /// Feeds the content to `digest`: entries, counters, groups with who holds what. Not what a replica cannot know: when
    /// entries were last delivered and how often, when consumers were last seen, how many entries a group has read.
    pub fn digest_into(&self, digest: &mut Digest) {
        let entries = &self.entries;
        digest.write_u64(entries.log.len());
        for entry in entries.log.range(StreamId::MIN, StreamId::MAX).0 {
            digest_entry(&entry, digest);
        }
        digest_id(entries.last, digest);
        digest_id(entries.max_deleted, digest);
        digest.write_u64(entries.added);
        digest.write_u64(self.groups.len() as u64);
        for (name, group) in &self.groups {
            digest.write(name.as_slice());
            group.digest_into(digest);
        }
    }

    /// Asserts the invariants by walking everything.
    ///
    /// # Panics
    /// When one does not hold.
    pub fn check(&self) {
        self.entries.log.check();
        assert!(self.entries.log.last().is_none_or(|id| id <= self.entries.last), "the last position");
        let mut heap = 0;
        for (name, group) in &self.groups {
            group.check();
            heap += group.heap_bytes() + name.heap_bytes();
        }
        assert_eq!(heap, self.groups_heap, "heap bytes of groups");
    }
}

fn digest_id(id: StreamId, digest: &mut Digest) {
    digest.write_u64(id.ms);
    digest.write_u64(id.seq);
}

fn digest_entry(entry: &Entry<'_>, digest: &mut Digest) {
    digest_id(entry.id, digest);
    digest.write_u64(entry.pairs() as u64);
    for element in entry.elements() {
        digest.write(element.text(&mut IntText::new()));
    }
}

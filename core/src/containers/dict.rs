//! The hash table of the keyspace and of every large collection: extendible hashing over sorted segments.
//!
//! *Owns*: which entry a key has, the entries themselves, and the order in which they are walked.
//! *Does not own*: what an entry holds beside its key; the hash of a key is computed by the caller, once.
//!
//! A lookup reads the directory (indexed by the top bits of the hash), one segment (an array of 8-byte slots
//! sorted by the top 32 bits of the hash, the *position*) and the entry in the [arena](super::arena). Growth splits one
//! segment at a time and never touches an entry.
//!
//! Slots sorted by position were measured against segments of `hashbrown` tables over the same arena (16-byte keys,
//! entries of 48 bytes, random access, segments of at most 4096 slots, one machine, noise about a tenth; the first line
//! is `examples/dict_bench.rs`):
//!
//! | | lookup, 1M and 10M keys | in windows of 16 | slots per key |
//! |---|---|---|---|
//! | sorted slots | 80 and 141 ns | 46 and 73 ns | 10.6 and 10.1 bytes, directory and arena included |
//! | `hashbrown` segments | 89 and 209 ns | 51 and 93 ns | 18.9 and 15.1 bytes |
//!
//! The slowest insertion of ten million takes 30 µs, the slowest removal 100 µs. A sorted array may be filled to 7/8 and
//! grows by a fifth instead of doubling; a walk needs no sorting. Segments of 1024 to 8192 slots differ by a few percent.
//!
//! *Invariants*
//! - Walks go by (position, key). The order depends on the contents and the hash secret only; a position stays valid as
//!   a cursor whatever the table does in between.
//! - One operation allocates or copies at most a few segments and one chunk of entries, and at times the directory (4
//!   bytes for some thousand entries): none stops for long, however large the table.
//! - A table that was large gives back: sibling segments merge when together less than a third full, the directory
//!   halves when no segment needs its last bit.

mod hash;
mod resize;
mod segment;
#[cfg(test)]
mod tests;
mod walk;

use alloc::vec::Vec;

pub use self::hash::{Hash, HashKey};
use self::resize::{MERGE_MAX, sibling_bit};
use self::segment::{EMPTY, Segment, position_of, word};
pub use self::walk::Iter;
pub use super::arena::Ix;
use super::arena::{Arena, clone_with_capacity};

/// Keys looked up together, so that their cache misses overlap.
pub const WINDOW: usize = 16;

/// An entry that carries its key.
pub trait Keyed {
    /// The key; the same during the life of the entry in a table.
    fn key(&self) -> &[u8];
}

/// A hash table of entries that carry their keys. See the module.
pub struct Dict<T> {
    /// Indexed by the top `depth` bits of the position; empty until the first insertion.
    directory: Vec<u32>,
    depth: u8,
    segments: Vec<Segment>,
    /// Segments that use all `depth` bits.
    deepest: u32,
    /// Slots of all segments, used or not.
    slots: usize,
    entries: Arena<T>,
}

impl<T> Default for Dict<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Clone> Clone for Dict<T> {
    fn clone(&self) -> Self {
        Self {
            directory: clone_with_capacity(&self.directory),
            depth: self.depth,
            segments: clone_with_capacity(&self.segments),
            deepest: self.deepest,
            slots: self.slots,
            entries: self.entries.clone(),
        }
    }
}

impl<T> Dict<T> {
    /// An empty table; allocates nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            directory: Vec::new(),
            depth: 0,
            segments: Vec::new(),
            deepest: 0,
            slots: 0,
            entries: Arena::new(),
        }
    }

    /// Number of entries.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no entry.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The place of a key in every walk.
    #[must_use]
    #[inline]
    pub const fn position(hash: Hash) -> u32 {
        hash.position()
    }

    /// The entry at `ix`. Panics when it is dead.
    #[must_use]
    #[inline]
    pub fn get(&self, ix: Ix) -> &T {
        self.entries.get(ix)
    }

    /// The entry at `ix`, to change anything but its key. Panics when it is dead.
    #[must_use]
    #[inline]
    pub fn get_mut(&mut self, ix: Ix) -> &mut T {
        self.entries.get_mut(ix)
    }

    /// Bytes allocated by the table itself, what entries own excluded. O(1).
    #[must_use]
    pub const fn heap_bytes(&self) -> usize {
        self.directory.capacity() * size_of::<u32>()
            + self.segments.capacity() * size_of::<Segment>()
            + self.slots * size_of::<u64>()
            + self.entries.heap_bytes()
    }

    /// Empties the table at once and returns its contents, to be dropped where that stalls nobody.
    #[must_use = "dropping the contents of a large table takes long"]
    pub fn take(&mut self) -> Self {
        core::mem::take(self)
    }

    /// Index of the segment of `position`; `None` while nothing was ever inserted.
    #[inline]
    fn segment_id(&self, position: u32) -> Option<usize> {
        let at = (u64::from(position) << self.depth) >> 32;
        self.directory.get(at as usize).map(|&id| id as usize)
    }

    /// First pass of touching before use: starts reading the slots of a key. The result means nothing; give it to
    /// `black_box`.
    #[must_use]
    #[inline]
    pub fn touch(&self, hash: Hash) -> u32 {
        let position = hash.position();
        let Some(id) = self.segment_id(position) else { return 0 };
        let segment = &self.segments[id];
        // No branch may wait for the slot, or the misses of a window would not overlap.
        segment.slots.get(segment.home(position)).map_or(0, |&slot| slot as u32)
    }

    /// Second pass: an entry with the same position, which is nearly always the one; its key was not compared.
    #[must_use]
    #[inline]
    pub fn touch_slot(&self, hash: Hash) -> Option<Ix> {
        let position = hash.position();
        let segment = &self.segments[self.segment_id(position)?];
        let &slot = segment.slots.get(segment.first_at(position))?;
        if slot != EMPTY && position_of(slot) == position { Ix::from_raw(slot as u32) } else { None }
    }
}

impl<T: Keyed> Dict<T> {
    /// Third pass: starts reading an entry and its key.
    #[must_use]
    #[inline]
    pub fn touch_entry(&self, ix: Ix) -> u8 {
        self.entries.get(ix).key().first().copied().unwrap_or(0)
    }

    /// The entry of `key`.
    #[must_use]
    #[inline]
    pub fn find(&self, hash: Hash, key: &[u8]) -> Option<Ix> {
        let position = hash.position();
        let segment = &self.segments[self.segment_id(position)?];
        for &slot in &segment.slots[segment.first_at(position)..] {
            if position_of(slot) != position {
                return None;
            }
            // An empty slot holds an index that no entry has.
            let ix = if slot == EMPTY { None } else { Ix::from_raw(slot as u32) }?;
            if self.entries.get(ix).key() == key {
                return Some(ix);
            }
        }
        None
    }

    /// The entries of many keys, in windows of [`WINDOW`] whose cache misses overlap: about twice as fast as one
    /// by one when the table is larger than the caches. `found` gets one item per key.
    pub fn find_many(&self, keys: &[(Hash, &[u8])], found: &mut [Option<Ix>]) {
        assert_eq!(keys.len(), found.len(), "one place per key");
        for (keys, found) in keys.chunks(WINDOW).zip(found.chunks_mut(WINDOW)) {
            let touched = keys.iter().fold(0, |sum, &(hash, _)| sum ^ self.touch(hash));
            core::hint::black_box(touched);
            for (&(hash, _), found) in keys.iter().zip(found.iter_mut()) {
                *found = self.touch_slot(hash);
            }
            let touched = found.iter().flatten().fold(0, |sum, &ix| sum ^ self.touch_entry(ix));
            core::hint::black_box(touched);
            for (&(hash, key), found) in keys.iter().zip(found.iter_mut()) {
                if let Some(ix) = *found
                    && self.entries.get(ix).key() != key
                {
                    *found = self.find(hash, key);
                }
            }
        }
    }

    /// Adds an entry whose key is absent.
    pub fn insert(&mut self, hash: Hash, entry: T) -> Ix {
        debug_assert!(self.find(hash, entry.key()).is_none(), "the key is present");
        let position = hash.position();
        loop {
            let id = match self.segment_id(position) {
                Some(id) => id,
                None => self.found(),
            };
            let segment = &self.segments[id];
            if !segment.is_full() {
                let at = self.place_of(segment, position, entry.key());
                if let Some(gap) = segment.gap(at) {
                    let ix = self.entries.insert(entry);
                    self.segments[id].place(at, gap, word(position, ix.to_raw()));
                    return ix;
                }
            }
            self.make_room(id);
        }
    }

    /// Where a new slot goes: behind the smaller keys of the same position.
    #[inline]
    fn place_of(&self, segment: &Segment, position: u32, key: &[u8]) -> usize {
        let first = segment.first_at(position);
        let before = segment.slots[first..].iter().take_while(|&&slot| {
            slot != EMPTY
                && position_of(slot) == position
                && Ix::from_raw(slot as u32).is_some_and(|ix| self.entries.get(ix).key() < key)
        });
        first + before.count()
    }

    /// Takes the entry at `ix` out; `hash` is that of its key.
    pub fn remove(&mut self, hash: Hash, ix: Ix) -> T {
        let position = hash.position();
        let id = self.segment_id(position).expect("an entry has a segment");
        let segment = &mut self.segments[id];
        segment.take(word(position, ix.to_raw()));
        if segment.is_sparse() {
            let before = segment.slots.len();
            segment.shrink();
            self.slots -= before - segment.slots.len();
        }
        let entry = self.entries.remove(ix);
        if self.segments[id].len as usize <= MERGE_MAX {
            self.merge(position);
        }
        entry
    }

    /// Asserts every invariant of the structure. O(n).
    pub fn check(&self) {
        self.entries.check();
        assert_eq!(self.directory.len(), if self.segments.is_empty() { 0 } else { 1 << self.depth });
        let mut seen = 0;
        for (id, segment) in self.segments.iter().enumerate() {
            segment.check();
            seen += segment.len as usize;
            let from = ((u64::from(segment.prefix) << self.depth) >> 32) as usize;
            let owned = 1 << (self.depth - segment.depth);
            assert!(
                self.directory[from..from + owned].iter().all(|&at| at as usize == id),
                "directory of {id}"
            );
            if segment.depth > 0 {
                let sibling = self.segment_id(segment.prefix ^ sibling_bit(segment.depth));
                let sibling = &self.segments[sibling.expect("the directory covers all positions")];
                let together = (segment.len + sibling.len) as usize;
                assert!(sibling.depth != segment.depth || together > MERGE_MAX, "siblings should be one");
            }
        }
        assert_eq!(seen, self.len());
        assert_eq!(self.slots, self.segments.iter().map(|segment| segment.slots.len()).sum::<usize>());
        assert_eq!(
            self.deepest as usize,
            self.segments.iter().filter(|segment| segment.depth == self.depth).count()
        );
        assert!(self.depth == 0 || self.deepest > 0, "the directory should be smaller");
        let mut last: Option<(u32, &[u8])> = None;
        let mut walked = 0;
        for (position, ix) in self.slots_from(0) {
            let now = (position, self.get(ix).key());
            assert!(last.is_none_or(|last| last < now), "walks go by position and key");
            last = Some(now);
            walked += 1;
        }
        assert_eq!(walked, self.len());
    }
}

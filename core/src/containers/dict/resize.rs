//! Growing and shrinking the table, one segment at a time.
//!
//! *Owns*: splitting and merging of segments, doubling and halving of the directory.
//! *Does not own*: the layout inside a segment.
//!
//! *Invariants*
//! - After every operation no two sibling segments hold [`MERGE_MAX`] entries or fewer together, and the directory is as
//!   short as the deepest segment allows. A table without entries therefore has one segment.
//! - The directory stays within a small factor of the number of segments even when positions are badly spread: then
//!   segments grow instead of splitting.

use super::Dict;
use super::segment::{SLOTS_MAX, Segment, position_of};

/// The most bits a directory is indexed with.
const DEPTH_MAX: u8 = 28;
/// Sibling segments with at most this many entries become one.
pub(super) const MERGE_MAX: usize = SLOTS_MAX / 3;

/// The bit in which a segment of this depth differs from its sibling.
pub(super) const fn sibling_bit(depth: u8) -> u32 {
    1 << (32 - depth)
}

impl<T> Dict<T> {
    /// Makes the first segment and the directory that names it.
    #[cold]
    pub(super) fn found(&mut self) -> usize {
        self.directory.push(0);
        self.segments.push(Segment::empty(0, 0));
        self.deepest = 1;
        0
    }

    /// Splits the segment, or grows it while it is small or may not split.
    #[cold]
    pub(super) fn make_room(&mut self, id: usize) {
        let count = self.segments.len();
        let segment = &mut self.segments[id];
        let depth = segment.depth;
        let fits = depth < self.depth || self.directory.len() <= 64 + 8 * count;
        if segment.slots.len() >= SLOTS_MAX && depth < DEPTH_MAX && fits && segment.is_full() {
            self.split(id);
        } else {
            self.slots -= segment.slots.len();
            segment.grow();
            self.slots += segment.slots.len();
        }
    }

    fn split(&mut self, id: usize) {
        if self.segments[id].depth == self.depth {
            self.double();
        }
        let segment = &self.segments[id];
        let (prefix, depth) = (segment.prefix, segment.depth + 1);
        let high = prefix | sibling_bit(depth);
        let len = segment.len as usize;
        let lower = segment.words().take_while(|&word| position_of(word) < high).count();
        let upper = len - lower;
        let left = Segment::build(prefix, depth, lower, lower * 5 / 4, segment.words().take(lower));
        let right = Segment::build(high, depth, upper, upper * 5 / 4, segment.words().skip(lower));
        self.slots += left.slots.len() + right.slots.len();
        self.slots -= segment.slots.len();
        if depth == self.depth {
            self.deepest += 2;
        }
        self.segments[id] = left;
        self.segments.push(right);
        self.name(self.segments.len() - 1);
    }

    /// Makes the directory point at segment `id` wherever its prefix says.
    fn name(&mut self, id: usize) {
        let segment = &self.segments[id];
        let from = ((u64::from(segment.prefix) << self.depth) >> 32) as usize;
        let owned = 1 << (self.depth - segment.depth);
        self.directory[from..from + owned].fill(id as u32);
    }

    fn double(&mut self) {
        let len = self.directory.len();
        self.directory.resize(len * 2, 0);
        for at in (0..len).rev() {
            let id = self.directory[at];
            self.directory[2 * at..2 * at + 2].fill(id);
        }
        self.depth += 1;
        self.deepest = 0;
    }

    /// Merges the segment of `position` with its sibling while they are small, then shortens the directory.
    pub(super) fn merge(&mut self, position: u32) {
        while let Some(id) = self.segment_id(position) {
            let segment = &self.segments[id];
            let depth = segment.depth;
            if depth == 0 {
                break;
            }
            let Some(other) = self.segment_id(segment.prefix ^ sibling_bit(depth)) else { break };
            let together = (segment.len + self.segments[other].len) as usize;
            if self.segments[other].depth != depth || together > MERGE_MAX {
                break;
            }
            self.join(id.min(other), id.max(other), together);
        }
        if self.is_empty() {
            *self = Self::new();
        }
    }

    /// Makes one segment at `keep` of two siblings; the last segment moves to `gone`.
    #[cold]
    fn join(&mut self, keep: usize, gone: usize, len: usize) {
        let (one, two) = (&self.segments[keep], &self.segments[gone]);
        let (low, high) = if one.prefix < two.prefix { (one, two) } else { (two, one) };
        let depth = low.depth;
        let joined = if len == 0 {
            Segment::empty(low.prefix, depth - 1)
        } else {
            Segment::build(low.prefix, depth - 1, len, len * 3 / 2, low.words().chain(high.words()))
        };
        self.slots -= one.slots.len() + two.slots.len();
        self.slots += joined.slots.len();
        if depth == self.depth {
            self.deepest -= 2;
        }
        self.segments[keep] = joined;
        self.name(keep);
        self.segments.swap_remove(gone);
        if gone < self.segments.len() {
            self.name(gone);
        }
        if self.segments.len() * 4 < self.segments.capacity() {
            self.segments.shrink_to(self.segments.len() * 2);
        }
        while self.deepest == 0 && self.depth > 0 {
            self.halve();
        }
    }

    fn halve(&mut self) {
        let len = self.directory.len() / 2;
        for at in 0..len {
            self.directory[at] = self.directory[2 * at];
        }
        self.directory.truncate(len);
        if self.directory.len() * 4 <= self.directory.capacity() {
            self.directory.shrink_to(len * 2);
        }
        self.depth -= 1;
        self.deepest = self.segments.iter().filter(|segment| segment.depth == self.depth).count() as u32;
    }
}

//! One segment of the table: slots sorted by position.
//!
//! *Owns*: the slots of all entries whose positions share a prefix, and the arithmetic of where a slot goes.
//! *Does not own*: entries, keys, the directory.
//!
//! A segment is an array with linear probing whose hash function is monotone: an entry's home is its position scaled to
//! the array. Filling keeps the array sorted (a newcomer shifts what is greater to the right, up to the next gap; a
//! removal shifts back), so walking the array is walking in order, and a search ends at the first greater slot. The
//! array does not wrap: homes cover all but a pad at its end that takes what spills over.
//!
//! *Invariants*
//! - Slots that are not [`EMPTY`] ascend by position; equal positions stand side by side, in the order of their keys.
//! - No slot stands left of its home, and there is no gap between a slot and its home.

use alloc::boxed::Box;
use alloc::vec;

/// A slot without entry; greater than every used slot.
pub(super) const EMPTY: u64 = u64::MAX;
/// A segment of this many slots splits instead of growing.
pub(super) const SLOTS_MAX: usize = 1 << 12;
/// The least number of slots.
const SLOTS_MIN: usize = 8;

/// Position and index of one entry in a word: sorted by position, found by either.
#[inline]
pub(super) const fn word(position: u32, raw: u32) -> u64 {
    (position as u64) << 32 | raw as u64
}

/// The position in a slot.
#[inline]
pub(super) const fn position_of(word: u64) -> u32 {
    (word >> 32) as u32
}

#[derive(Clone)]
pub(super) struct Segment {
    pub(super) slots: Box<[u64]>,
    /// Homes are `0..homes`.
    homes: u32,
    /// Used slots.
    pub(super) len: u32,
    /// The bits that all positions share, at the top.
    pub(super) prefix: u32,
    /// How many bits that are.
    pub(super) depth: u8,
}

impl Segment {
    /// A segment without slots.
    pub(super) fn empty(prefix: u32, depth: u8) -> Self {
        Self { slots: Box::default(), homes: 0, len: 0, prefix, depth }
    }

    /// A segment of at least `want` slots with the `len` slots that `words` yields in order.
    pub(super) fn build(
        prefix: u32,
        depth: u8,
        len: usize,
        want: usize,
        words: impl Iterator<Item = u64> + Clone,
    ) -> Self {
        let slots = size_class(want.max(len + 1));
        let mut segment =
            Self { slots: vec![EMPTY; slots].into_boxed_slice(), homes: 0, len: len as u32, prefix, depth };
        if !segment.fill(slots - slots / 32 - 2, words.clone()) {
            // So many stand at the end that they spill over the pad: a plain sorted array takes them all.
            let filled = segment.fill(1, words);
            debug_assert!(filled, "more slots than entries");
        }
        segment
    }

    /// Places `words` from scratch; false when they spill over the end.
    fn fill(&mut self, homes: usize, words: impl Iterator<Item = u64>) -> bool {
        self.slots.fill(EMPTY);
        self.homes = homes as u32;
        let mut next = 0;
        for word in words {
            let at = next.max(self.home(position_of(word)));
            match self.slots.get_mut(at) {
                Some(slot) => *slot = word,
                None => return false,
            }
            next = at + 1;
        }
        true
    }

    /// Where the search for `position` begins.
    #[inline]
    pub(super) const fn home(&self, position: u32) -> usize {
        (((position << self.depth) as u64 * self.homes as u64) >> 32) as usize
    }

    /// Index of the first used slot at or after `position` in order; of the gap where it would stand, if there is one
    /// before any greater slot; the number of slots when neither exists.
    #[inline]
    pub(super) fn first_at(&self, position: u32) -> usize {
        let low = word(position, 0);
        if self.homes <= 1 {
            return self.slots.partition_point(|&slot| slot < low);
        }
        let home = self.home(position);
        home + self.slots[home..].iter().take_while(|&&slot| slot < low).count()
    }

    /// The used words in order.
    pub(super) fn words(&self) -> impl Iterator<Item = u64> + Clone {
        self.slots.iter().copied().filter(|&slot| slot != EMPTY)
    }

    /// Whether one more entry would make searches long.
    #[inline]
    pub(super) const fn is_full(&self) -> bool {
        (self.len as usize + 1) * 8 > self.slots.len() * 7
    }

    /// Whether so few slots are used that a smaller array should take them.
    #[inline]
    pub(super) const fn is_sparse(&self) -> bool {
        self.slots.len() > SLOTS_MIN && (self.len as usize) * 2 < self.slots.len()
    }

    /// A larger array; or, when there is room and only the end is full, a denser one.
    pub(super) fn grow(&mut self) {
        let (slots, len) = (self.slots.len(), self.len as usize);
        if self.is_full() || len * 2 > slots {
            *self = Self::build(self.prefix, self.depth, len, (slots + 1).max(len * 5 / 4), self.words());
        } else {
            let mut dense = Self::build(self.prefix, self.depth, len, slots, self.words());
            let filled = dense.fill(1, self.words());
            debug_assert!(filled, "a sorted array holds as many entries as it has slots");
            *self = dense;
        }
    }

    /// A smaller array.
    pub(super) fn shrink(&mut self) {
        let len = self.len as usize;
        *self = if len == 0 {
            Self::empty(self.prefix, self.depth)
        } else {
            Self::build(self.prefix, self.depth, len, len * 3 / 2, self.words())
        };
    }

    /// The next gap at or after `at`.
    #[inline]
    pub(super) fn gap(&self, at: usize) -> Option<usize> {
        self.slots[at..].iter().position(|&slot| slot == EMPTY).map(|ahead| at + ahead)
    }

    /// Puts `word` at `at`; what stands there up to the gap `gap` moves one to the right.
    #[inline]
    pub(super) fn place(&mut self, at: usize, gap: usize, word: u64) {
        self.slots.copy_within(at..gap, at + 1);
        self.slots[at] = word;
        self.len += 1;
    }

    /// Takes `word` out; what it had pushed away from home moves back.
    pub(super) fn take(&mut self, word: u64) {
        let first = self.first_at(position_of(word));
        let at = first + self.slots[first..].iter().take_while(|&&slot| slot != word).count();
        assert!(at < self.slots.len(), "no slot names this entry");
        let mut end = at + 1;
        while let Some(&slot) = self.slots.get(end)
            && slot != EMPTY
            && self.home(position_of(slot)) < end
        {
            end += 1;
        }
        self.slots.copy_within(at + 1..end, at);
        self.slots[end - 1] = EMPTY;
        self.len -= 1;
    }

    /// Asserts the invariants of the module.
    pub(super) fn check(&self) {
        assert_eq!(self.words().count(), self.len as usize);
        assert_eq!(self.slots.is_empty(), self.slots.len() < SLOTS_MIN, "no array is smaller than the least");
        let mut last = 0;
        let mut gap = None;
        for (at, &slot) in self.slots.iter().enumerate() {
            if slot == EMPTY {
                gap = Some(at);
                continue;
            }
            let position = position_of(slot);
            assert!(position >= last, "slots out of order");
            last = position;
            assert_eq!(
                (u64::from(position) << self.depth) >> 32,
                (u64::from(self.prefix) << self.depth) >> 32,
                "prefix"
            );
            assert!(self.home(position) <= at, "a slot left of its home");
            assert!(gap.is_none_or(|gap| gap < self.home(position)), "a gap between a slot and its home");
        }
        assert!(self.slots.is_empty() || self.len as usize * 8 <= self.slots.len() * 7, "too full");
    }
}

/// The next number of slots that allocators serve without waste: four steps per power of two.
const fn size_class(want: usize) -> usize {
    let want = if want < SLOTS_MIN { SLOTS_MIN } else { want };
    let step = 1 << (want.ilog2().saturating_sub(2));
    let step = if step < 4 { 4 } else { step };
    want.next_multiple_of(step)
}

//! A set of byte strings with scores, ordered by (score, member), with ranks.
//!
//! *Owns*: members and scores, the way from a member to its score, and the order among members.
//! *Does not own*: small sets, what a command makes of a range; the hash of a member is computed by the caller, once.
//!
//! Each member is stored once, as an entry of a [`Dict`]. The order is a counted B+-tree of 12-byte slots (score and
//! entry index), so that a search compares members only where scores are equal, and touches few cache lines: three
//! levels of nodes for a million members, the upper ones always cached.
//!
//! *Invariants*
//! - Scores are never NaN. Negative zero orders as zero, and is kept as it came.
//! - Every entry of the table has one slot in the tree, under its score.
//! - Nothing stops for long while the set grows or shrinks: see [`Dict`] and the tree.

mod tree;

use self::tree::{Slot, Tree};
use super::dict::{Dict, Hash, Ix, Keyed};
use crate::base::rng::Rng;
use core::cmp::Ordering;

/// A member with its score.
#[derive(Clone)]
struct Scored<M> {
    score: f64,
    member: M,
}

impl<M: Keyed> Keyed for Scored<M> {
    #[inline]
    fn key(&self) -> &[u8] {
        self.member.key()
    }
}

/// A set ordered by score and member. See the module.
#[derive(Clone)]
pub struct Ordered<M> {
    dict: Dict<Scored<M>>,
    tree: Tree,
}

impl<M: Keyed> Default for Ordered<M> {
    fn default() -> Self {
        Self::new()
    }
}

/// A score as a number that orders the same way.
#[inline]
fn order(score: f64) -> u64 {
    // Adding zero makes negative zero positive.
    let bits = (score + 0.0).to_bits();
    if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
}

impl<M: Keyed> Ordered<M> {
    /// An empty set; allocates nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self { dict: Dict::new(), tree: Tree::new() }
    }

    /// Number of members.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.dict.len()
    }

    /// Whether there is no member.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.dict.is_empty()
    }

    /// The table of members, for touching ahead.
    #[must_use]
    #[inline]
    pub fn dict(&self) -> &Dict<impl Keyed + use<M>> {
        &self.dict
    }

    /// Bytes allocated by the set itself, what members own excluded. O(1).
    #[must_use]
    pub const fn heap_bytes(&self) -> usize {
        self.dict.heap_bytes() + self.tree.heap_bytes()
    }

    /// The entry of a member.
    #[must_use]
    #[inline]
    pub fn find(&self, hash: Hash, member: &[u8]) -> Option<Ix> {
        self.dict.find(hash, member)
    }

    /// The score of an entry.
    #[must_use]
    #[inline]
    pub fn score(&self, ix: Ix) -> f64 {
        self.dict.get(ix).score
    }

    /// The member of an entry.
    #[must_use]
    #[inline]
    pub fn member(&self, ix: Ix) -> &[u8] {
        self.dict.get(ix).member.key()
    }

    /// Adds a member that is absent.
    pub fn insert(&mut self, hash: Hash, member: M, score: f64) -> Ix {
        debug_assert!(!score.is_nan(), "a score is a number");
        let ix = self.dict.insert(hash, Scored { score, member });
        let dict = &self.dict;
        let key = order(score);
        self.tree.insert(Slot::new(key, ix), &compare(dict, key, dict.get(ix).member.key()));
        ix
    }

    /// Gives an entry another score.
    pub fn set_score(&mut self, ix: Ix, score: f64) {
        debug_assert!(!score.is_nan(), "a score is a number");
        let entry = self.dict.get_mut(ix);
        let (old, new) = (order(entry.score), order(score));
        entry.score = score;
        if old == new {
            return;
        }
        let member = self.dict.get(ix).member.key();
        let (from, to) = (compare(&self.dict, old, member), compare(&self.dict, new, member));
        let slot = Slot::new(new, ix);
        if !self.tree.shift(slot, &from, &to) {
            self.tree.remove(&from);
            self.tree.insert(slot, &to);
        }
    }

    /// Takes an entry out; `hash` is that of its member.
    pub fn remove(&mut self, hash: Hash, ix: Ix) -> M {
        let Scored { score, member } = self.dict.get(ix);
        let slot = self.tree.remove(&compare(&self.dict, order(*score), member.key()));
        debug_assert_eq!(slot.ix, ix, "the slot of another entry");
        self.dict.remove(hash, ix).member
    }

    /// How many members stand before this entry.
    #[must_use]
    pub fn rank(&self, ix: Ix) -> usize {
        let Scored { score, member } = self.dict.get(ix);
        self.tree.rank(&compare(&self.dict, order(*score), member.key()))
    }

    /// How many members have a smaller score; with `or_equal`, also those that have the same.
    #[must_use]
    pub fn rank_of_score(&self, score: f64, or_equal: bool) -> usize {
        let key = order(score);
        let equal = if or_equal { Ordering::Less } else { Ordering::Greater };
        self.tree.rank(&|slot: Slot| slot.order().cmp(&key).then(equal))
    }

    /// How many members are smaller as byte strings; with `or_equal`, this one too. Means something only where all
    /// scores are equal.
    #[must_use]
    pub fn rank_of_member(&self, member: &[u8], or_equal: bool) -> usize {
        let equal = if or_equal { Ordering::Less } else { Ordering::Greater };
        self.tree.rank(&|slot: Slot| self.member(slot.ix).cmp(member).then(equal))
    }

    /// The entry of this rank.
    #[must_use]
    pub fn at(&self, rank: usize) -> Option<Ix> {
        if rank >= self.len() {
            return None;
        }
        let (slots, at) = self.tree.leaf_of(rank);
        Some(slots[at].ix)
    }

    /// The entries of the ranks from `from` up to, and without, `to`, in order.
    #[must_use]
    pub fn range(&self, from: usize, to: usize) -> Range<'_, M> {
        Range { set: self, slots: &[], next: from, end: to.min(self.len()) }
    }

    /// The same entries, the last one first.
    #[must_use]
    pub fn range_back(&self, from: usize, to: usize) -> RangeBack<'_, M> {
        RangeBack { set: self, slots: &[], from, end: to.min(self.len()) }
    }

    /// Visits entries in the order of the table: see [`Dict::scan`].
    pub fn scan(&self, from: u32, at_least: usize, f: &mut impl FnMut(&[u8], f64)) -> Option<u32> {
        self.dict.scan(from, at_least, &mut |_, entry| f(entry.member.key(), entry.score))
    }

    /// An entry chosen at random, each with the same probability.
    #[must_use]
    pub fn random(&self, rng: &mut Rng) -> Option<Ix> {
        self.at(rng.below(self.len() as u64) as usize)
    }

    /// Asserts every invariant of the structure. O(n).
    pub fn check(&self) {
        self.dict.check();
        self.tree.check();
        assert_eq!(self.tree.len(), self.dict.len());
        let mut last: Option<(u64, &[u8])> = None;
        for ix in self.range(0, self.len()) {
            let now = (order(self.score(ix)), self.member(ix));
            assert!(last < Some(now), "order among members");
            last = Some(now);
        }
        let mut walked = 0;
        while walked < self.len() {
            let (slots, at) = self.tree.leaf_of(walked);
            assert_eq!(at, 0, "a leaf begins where the one before ends");
            assert!(slots.iter().all(|slot| slot.order() == order(self.score(slot.ix))), "score of a slot");
            walked += slots.len();
        }
    }
}

/// Compares slots with an entry that is or will be under this order.
#[inline]
fn compare<'a, M: Keyed>(
    dict: &'a Dict<Scored<M>>,
    key: u64,
    member: &'a [u8],
) -> impl Fn(Slot) -> Ordering + 'a {
    move |slot| slot.order().cmp(&key).then_with(|| dict.get(slot.ix).member.key().cmp(member))
}

/// Entries in order.
pub struct Range<'a, M> {
    set: &'a Ordered<M>,
    /// What is left of the current leaf.
    slots: &'a [Slot],
    /// The rank at which the next leaf begins.
    next: usize,
    end: usize,
}

impl<M: Keyed> Iterator for Range<'_, M> {
    type Item = Ix;

    #[inline]
    fn next(&mut self) -> Option<Ix> {
        loop {
            if let Some((slot, rest)) = self.slots.split_first() {
                self.slots = rest;
                return Some(slot.ix);
            }
            if self.next >= self.end {
                return None;
            }
            let (slots, at) = self.set.tree.leaf_of(self.next);
            let len = (slots.len() - at).min(self.end - self.next);
            self.slots = &slots[at..at + len];
            self.next += len;
        }
    }
}

/// Entries in reverse order.
pub struct RangeBack<'a, M> {
    set: &'a Ordered<M>,
    /// What is left of the current leaf.
    slots: &'a [Slot],
    from: usize,
    /// The rank at which the current leaf begins.
    end: usize,
}

impl<M: Keyed> Iterator for RangeBack<'_, M> {
    type Item = Ix;

    #[inline]
    fn next(&mut self) -> Option<Ix> {
        loop {
            if let Some((slot, rest)) = self.slots.split_last() {
                self.slots = rest;
                return Some(slot.ix);
            }
            if self.from >= self.end {
                return None;
            }
            let (slots, at) = self.set.tree.leaf_of(self.end - 1);
            let len = (at + 1).min(self.end - self.from);
            self.slots = &slots[at + 1 - len..=at];
            self.end -= len;
        }
    }
}

#[cfg(test)]
mod tests;

//! Walking the table in order, and choosing at random.
//!
//! *Owns*: [`Dict::scan`], [`Dict::iter`], [`Dict::random`].
//! *Does not own*: what a cursor looks like to a client.
//! *Invariants*: a walk reports each entry that is there all the while exactly once, whatever the table does between
//! its steps; entries of one position are reported in one step.

use super::segment::{EMPTY, SLOTS_MAX, position_of};
use super::{Dict, Ix};
use crate::base::rng::Rng;

/// The entries of a table in order.
pub struct Iter<'a, T> {
    dict: &'a Dict<T>,
    slots: Slots<'a, T>,
}

impl<'a, T> Iterator for Iter<'a, T> {
    type Item = (Ix, &'a T);

    fn next(&mut self) -> Option<Self::Item> {
        let (_, ix) = self.slots.next()?;
        Some((ix, self.dict.get(ix)))
    }
}

/// Positions and indexes in order.
pub(super) struct Slots<'a, T> {
    dict: &'a Dict<T>,
    /// What is left of the current segment.
    slots: &'a [u64],
    /// The first position of the segment that follows.
    next: Option<u32>,
}

impl<T> Iterator for Slots<'_, T> {
    type Item = (u32, Ix);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        loop {
            while let Some((&slot, rest)) = self.slots.split_first() {
                self.slots = rest;
                if slot != EMPTY
                    && let Some(ix) = Ix::from_raw(slot as u32)
                {
                    return Some((position_of(slot), ix));
                }
            }
            *self = self.dict.slots_from(self.next?);
        }
    }
}

impl<T> Dict<T> {
    /// The slots from a position on.
    pub(super) fn slots_from(&self, from: u32) -> Slots<'_, T> {
        let Some(id) = self.segment_id(from) else { return Slots { dict: self, slots: &[], next: None } };
        let segment = &self.segments[id];
        let last = segment.prefix | u32::MAX.checked_shr(u32::from(segment.depth)).unwrap_or(0);
        Slots { dict: self, slots: &segment.slots[segment.first_at(from)..], next: last.checked_add(1) }
    }

    /// Visits the entries from position `from` on: `at_least` of them (one, for zero), then the others of the last one's
    /// position. Returns the position to go on from, `None` when there is nothing after.
    pub fn scan(&self, from: u32, at_least: usize, f: &mut impl FnMut(Ix, &T)) -> Option<u32> {
        let mut last = from;
        for (visited, (position, ix)) in self.slots_from(from).enumerate() {
            if visited >= at_least.max(1) && position != last {
                return Some(position);
            }
            f(ix, self.get(ix));
            last = position;
        }
        None
    }

    /// All entries in order.
    #[must_use]
    pub fn iter(&self) -> Iter<'_, T> {
        Iter { dict: self, slots: self.slots_from(0) }
    }

    /// An entry chosen at random, each with the same probability. Takes two random numbers about twice when the table is
    /// full, up to some ten times when it has just shrunk.
    #[must_use]
    pub fn random(&self, rng: &mut Rng) -> Option<Ix> {
        if self.is_empty() {
            return None;
        }
        // Every slot of every segment is as likely as any other, used or not; the first used one is the choice.
        let one = self.segments.len() == 1;
        for _ in 0..256 {
            let segment = &self.segments[rng.below(self.segments.len() as u64) as usize];
            let range = if one { segment.slots.len() } else { segment.slots.len().max(SLOTS_MAX) };
            match segment.slots.get(rng.below(range as u64) as usize) {
                Some(&slot) if slot != EMPTY => return Ix::from_raw(slot as u32),
                _ => {}
            }
        }
        // Only badly spread positions come here: the next entry from a random position on, or the very first.
        let from = rng.next_u64() as u32;
        self.slots_from(from).chain(self.slots_from(0)).next().map(|(_, ix)| ix)
    }
}

impl<'a, T> IntoIterator for &'a Dict<T> {
    type Item = (Ix, &'a T);
    type IntoIter = Iter<'a, T>;

    fn into_iter(self) -> Iter<'a, T> {
        self.iter()
    }
}

//! Small hashes in one block: fields and values in turn.
//!
//! *Owns*: finding, setting and removing pairs in a [`Block`]. *Does not own*: the limits of a small hash.
//! *Invariants*: each item is in its one encoding (`item`); pairs keep the order in which their fields were added; the
//! block's count is the number of pairs; no field is there twice.

use super::block::Block;
use super::item::{Encoded, Item, decode_at, lengths};

/// Where a pair lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    field: usize,
    value: usize,
    end: usize,
}

/// Bytes of the item at the beginning of `at`.
#[inline]
fn item_len(at: &[u8]) -> usize {
    let (code, body) = lengths(at);
    code + body
}

/// Where the pair of a field is.
#[must_use]
#[inline]
pub fn find(block: &Block, field: &Encoded<'_>) -> Option<Place> {
    let bytes = block.bytes();
    let mut at = 0;
    while at < bytes.len() {
        let value = at + item_len(&bytes[at..]);
        let end = value + item_len(&bytes[value..]);
        if field.begins(&bytes[at..]) {
            return Some(Place { field: at, value, end });
        }
        at = end;
    }
    None
}

/// Where the pair number `index` is.
#[must_use]
pub fn seek(block: &Block, index: usize) -> Option<Place> {
    let bytes = block.bytes();
    let mut at = 0;
    for left in (0..=index).rev() {
        if at >= bytes.len() {
            return None;
        }
        let value = at + item_len(&bytes[at..]);
        let end = value + item_len(&bytes[value..]);
        if left == 0 {
            return Some(Place { field: at, value, end });
        }
        at = end;
    }
    None
}

/// The value of the pair at a place.
#[must_use]
#[inline]
pub fn value(block: &Block, place: Place) -> Item<'_> {
    decode_at(&block.bytes()[place.value..]).0
}

/// The pair at a place.
#[must_use]
pub fn pair(block: &Block, place: Place) -> (Item<'_>, Item<'_>) {
    (decode_at(&block.bytes()[place.field..]).0, value(block, place))
}

/// Adds a pair whose field is absent.
pub fn push(block: &mut Block, field: &Encoded<'_>, value: &Encoded<'_>) {
    let (end, len, count) = (block.len(), field.len(), block.count());
    let to = block.splice(end, 0, len + value.len());
    field.write(&mut to[..len]);
    value.write(&mut to[len..]);
    block.set_count(count + 1);
}

/// Gives the pair at a place another value.
pub fn set_value(block: &mut Block, place: Place, value: &Encoded<'_>) {
    value.write(block.splice(place.value, place.end - place.value, value.len()));
}

/// Takes the pair at a place out.
pub fn remove(block: &mut Block, place: Place) {
    let count = block.count();
    block.splice(place.field, place.end - place.field, 0);
    block.set_count(count - 1);
}

/// The pairs in the order in which their fields were added.
#[must_use]
pub fn iter(block: &Block) -> Iter<'_> {
    Iter { rest: block.bytes(), left: block.count() }
}

/// See [`iter`].
#[derive(Clone, Debug)]
pub struct Iter<'a> {
    rest: &'a [u8],
    left: usize,
}

impl<'a> Iterator for Iter<'a> {
    type Item = (Item<'a>, Item<'a>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let (field, len) = decode_at(self.rest);
        let (value, value_len) = decode_at(&self.rest[len..]);
        self.rest = &self.rest[len + value_len..];
        self.left -= 1;
        Some((field, value))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Iter<'_> {}

/// Asserts the invariants.
pub fn check(block: &Block) {
    assert_eq!(iter(block).map(|_| 1).sum::<usize>(), block.count());
    for (index, (field, _)) in iter(block).enumerate() {
        assert_eq!(
            find(block, &Encoded::of(field)),
            seek(block, index),
            "each field once, as the shortest item"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::number::IntText;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    fn encoded(text: &[u8]) -> Encoded<'_> {
        Encoded::of(Item::Text(text))
    }

    #[test]
    fn a_pair_costs_two_bytes() {
        let mut block = Block::new(0);
        for n in 0..5 {
            let (field, value) = (std::format!("field{n}"), std::format!("{n:08}"));
            push(&mut block, &encoded(field.as_bytes()), &encoded(value.as_bytes()));
        }
        assert_eq!((block.len(), block.heap_bytes()), (65, 72));
    }

    proptest! {
        #[test]
        fn equals_a_list_of_pairs(
            steps in prop::collection::vec((0_u8..3, 0_u32..40, prop::sample::select(&["", "v", "12", "-70000", "007", "long"][..])), 1..300),
        ) {
            let (mut block, mut model) = (Block::new(0), Vec::<(Vec<u8>, Vec<u8>)>::new());
            for (what, field, value) in steps {
                let field = if field % 2 == 0 { std::format!("{field}") } else { std::format!("f{field}") }.into_bytes();
                let value = if value == "long" { value.repeat(80) } else { value.into() }.into_bytes();
                let known = model.iter().position(|(own, _)| *own == field);
                let place = find(&block, &encoded(&field));
                prop_assert_eq!(place.is_some(), known.is_some());
                match (what, place, known) {
                    (0, Some(place), Some(known)) => {
                        remove(&mut block, place);
                        model.remove(known);
                    }
                    (0, ..) => {}
                    (_, Some(place), Some(known)) => {
                        set_value(&mut block, place, &encoded(&value));
                        model[known].1 = value;
                    }
                    _ => {
                        push(&mut block, &encoded(&field), &encoded(&value));
                        model.push((field, value));
                    }
                }
                check(&block);
                let text = |item: Item<'_>| item.text(&mut IntText::new()).to_vec();
                let now: Vec<_> = iter(&block).map(|(field, value)| (text(field), text(value))).collect();
                prop_assert_eq!(now, model.clone());
            }
        }
    }
}

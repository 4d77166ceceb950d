//! Small sets in one block: runs of items of one length.
//!
//! *Owns*: finding, adding and removing members in a [`Block`]. *Does not own*: the limits of a small set.
//!
//! A run is the code of its items, their number in one byte, and their bodies side by side. Members keep the order in
//! which they were added; those of one length that follow one another share a run, which makes a set of like names
//! cost two bytes more than the names, and a search a walk with a fixed stride.
//!
//! *Invariants*: no run is empty; the block's count is the number of members; no member is there twice.

use super::block::Block;
use super::item::{Encoded, Item, decode, lengths};

/// Most items of a run.
const RUN_MAX: u8 = u8::MAX;

/// A run in the bytes of a block.
#[derive(Clone, Copy)]
struct Run<'a> {
    code: &'a [u8],
    /// Where the number of items stands.
    count_at: usize,
    count: usize,
    /// Bytes of one body.
    stride: usize,
    bodies: &'a [u8],
}

impl<'a> Run<'a> {
    /// The run at `at`.
    #[inline]
    fn at(bytes: &'a [u8], at: usize) -> Self {
        let (code, stride) = lengths(&bytes[at..]);
        let count = usize::from(bytes[at + code]);
        let from = at + code + 1;
        Self {
            code: &bytes[at..at + code],
            count_at: at + code,
            count,
            stride,
            bodies: &bytes[from..from + count * stride],
        }
    }

    #[inline]
    fn bodies_at(&self) -> usize {
        self.count_at + 1
    }

    #[inline]
    fn end(&self) -> usize {
        self.bodies_at() + self.bodies.len()
    }

    /// The number of the item with this body.
    #[inline]
    fn find(&self, body: &[u8]) -> Option<usize> {
        if self.stride == 0 {
            return Some(0);
        }
        self.bodies.chunks_exact(self.stride).position(|own| own == body)
    }

    #[inline]
    fn item(&self, index: usize) -> Item<'a> {
        decode(self.code, &self.bodies[index * self.stride..(index + 1) * self.stride])
    }
}

/// Where a member lies: its run, and its number in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    run: usize,
    index: usize,
}

/// Where a member is.
#[must_use]
pub fn find(block: &Block, member: &Encoded<'_>) -> Option<Place> {
    search(block, member).ok()
}

/// Where a member is; otherwise where the last run begins.
fn search(block: &Block, member: &Encoded<'_>) -> Result<Place, Option<usize>> {
    let (bytes, code, body) = (block.bytes(), member.code(), member.body());
    let (mut at, mut last) = (0, None);
    while at < bytes.len() {
        let run = Run::at(bytes, at);
        if run.code == code
            && let Some(index) = run.find(body)
        {
            return Ok(Place { run: at, index });
        }
        last = Some(at);
        at = run.end();
    }
    Err(last)
}

/// What [`add`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Added {
    /// The member is new.
    New,
    /// It was there.
    Present,
    /// It is new, and was not added because there is no room for it.
    Full,
}

/// Adds a member behind all others, unless `room` says of the number of members that it is too many already.
pub fn add(block: &mut Block, member: &Encoded<'_>, room: impl FnOnce(usize) -> bool) -> Added {
    let last = match search(block, member) {
        Ok(_) => return Added::Present,
        Err(last) => last,
    };
    let count = block.count();
    if !room(count) {
        return Added::Full;
    }
    let (bytes, end) = (block.bytes(), block.len());
    let grows = last
        .map(|at| Run::at(bytes, at))
        .filter(|run| run.code == member.code() && run.count < usize::from(RUN_MAX) && run.stride > 0);
    match grows.map(|run| run.count_at) {
        Some(count_at) => {
            let body = member.body();
            block.splice(end, 0, body.len()).copy_from_slice(body);
            block.bytes_mut()[count_at] += 1;
        }
        None => {
            let (code, body) = (member.code(), member.body());
            let to = block.splice(end, 0, code.len() + 1 + body.len());
            to[..code.len()].copy_from_slice(code);
            to[code.len()] = 1;
            to[code.len() + 1..].copy_from_slice(body);
        }
    }
    block.set_count(count + 1);
    Added::New
}

/// Takes the member at a place out.
pub fn remove(block: &mut Block, place: Place) {
    let run = Run::at(block.bytes(), place.run);
    let (count, stride, count_at) = (run.count, run.stride, run.count_at);
    if count == 1 {
        let len = run.end() - place.run;
        block.splice(place.run, len, 0);
    } else {
        let at = run.bodies_at() + place.index * stride;
        block.splice(at, stride, 0);
        block.bytes_mut()[count_at] -= 1;
    }
    let members = block.count() - 1;
    block.set_count(members);
}

/// Where the member number `index` lies, and the member.
#[must_use]
pub fn seek(block: &Block, index: usize) -> Option<(Place, Item<'_>)> {
    let bytes = block.bytes();
    let (mut at, mut left) = (0, index);
    while at < bytes.len() {
        let run = Run::at(bytes, at);
        if left < run.count {
            return Some((Place { run: at, index: left }, run.item(left)));
        }
        left -= run.count;
        at = run.end();
    }
    None
}

/// The members in the order in which they were added.
#[must_use]
pub fn iter(block: &Block) -> Iter<'_> {
    Iter { bytes: block.bytes(), at: 0, run: None, left: block.count() }
}

/// See [`iter`].
#[derive(Clone)]
pub struct Iter<'a> {
    bytes: &'a [u8],
    /// Where the next run begins.
    at: usize,
    /// The present run and the number of the next item in it.
    run: Option<(Run<'a>, usize)>,
    left: usize,
}

impl<'a> Iterator for Iter<'a> {
    type Item = Item<'a>;

    #[inline]
    fn next(&mut self) -> Option<Item<'a>> {
        let (run, index) = match self.run {
            Some(present) => present,
            None if self.at >= self.bytes.len() => return None,
            None => {
                let run = Run::at(self.bytes, self.at);
                self.at = run.end();
                (run, 0)
            }
        };
        self.run = (index + 1 < run.count).then_some((run, index + 1));
        self.left -= 1;
        Some(run.item(index))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Iter<'_> {}

/// Asserts the invariants.
pub fn check(block: &Block) {
    let bytes = block.bytes();
    let (mut at, mut count) = (0, 0);
    while at < bytes.len() {
        let run = Run::at(bytes, at);
        assert!(run.count > 0, "an empty run");
        count += run.count;
        at = run.end();
    }
    assert_eq!((at, count), (bytes.len(), block.count()));
    for (index, item) in iter(block).enumerate() {
        let encoded = Encoded::of(item);
        let place = find(block, &encoded);
        assert_eq!(
            place,
            seek(block, index).map(|(place, _)| place),
            "each member once, as the shortest item"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::number::IntText;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    fn texts(block: &Block) -> Vec<Vec<u8>> {
        iter(block).map(|item| item.text(&mut IntText::new()).to_vec()).collect()
    }

    #[test]
    fn like_names_cost_two_bytes_together() {
        let mut block = Block::new(1);
        for n in 0..10 {
            let name = std::format!("m{n:08}");
            assert_eq!(add(&mut block, &Encoded::of(Item::Text(name.as_bytes())), |_| true), Added::New);
        }
        assert_eq!((block.len(), block.heap_bytes()), (53, 56));
        assert_eq!(add(&mut block, &Encoded::of(Item::Text(b"m00000003")), |_| false), Added::Present);
        assert_eq!(add(&mut block, &Encoded::of(Item::Text(b"m00000010")), |n| n < 10), Added::Full);
        check(&block);
    }

    proptest! {
        #[test]
        fn equals_a_list_without_doubles(
            steps in prop::collection::vec((0_u8..3, prop::sample::select(&["", "a", "b", "aa", "1", "-1", "300", "70000", "x"][..]), 0_usize..300), 1..300),
        ) {
            let (mut block, mut model) = (Block::new(1), Vec::<Vec<u8>>::new());
            for (what, name, n) in steps {
                let text = if what == 0 { std::format!("{name}{n}").into_bytes() } else if n == 7 { name.repeat(120).into_bytes() } else { name.into() };
                let encoded = Encoded::of(Item::Text(&text));
                let known = model.iter().position(|own| *own == text);
                if what < 2 {
                    let added = add(&mut block, &encoded, |_| true);
                    prop_assert_eq!(added, if known.is_some() { Added::Present } else { Added::New });
                    if known.is_none() {
                        model.push(text);
                    }
                } else {
                    let place = find(&block, &encoded);
                    prop_assert_eq!(place.is_some(), known.is_some());
                    if let (Some(place), Some(known)) = (place, known) {
                        remove(&mut block, place);
                        model.remove(known);
                    }
                }
                check(&block);
                prop_assert_eq!(texts(&block), model.clone());
            }
        }
    }
}

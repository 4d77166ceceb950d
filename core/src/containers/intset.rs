//! Sets of integers as sorted numbers of equal width: the small form of a set without other members.
//!
//! *Owns*: finding, adding and removing in a [`Block`] whose kind is the width in bytes: 2, 4 or 8.
//! *Does not own*: the limit of members; whether a text is an integer.
//! *Invariants*: the members ascend; all have the least width that the widest of those ever added needed, as an intset
//! in an RDB file has: behind the header of such a file stand these very bytes.

use super::block::Block;
use alloc::vec::Vec;

/// The widths, which are the kinds of block used here.
pub const WIDTHS: [u8; 3] = [2, 4, 8];

/// An empty set of integers.
#[must_use]
pub const fn empty() -> Block {
    Block::new(WIDTHS[0])
}

/// The width that `n` needs.
const fn width_of(n: i64) -> u8 {
    match n {
        -0x8000..=0x7fff => 2,
        -0x8000_0000..=0x7fff_ffff => 4,
        _ => 8,
    }
}

#[inline]
fn read(bytes: &[u8], width: usize, index: usize) -> i64 {
    let at = index * width;
    match width {
        2 => i64::from(i16::from_le_bytes([bytes[at], bytes[at + 1]])),
        4 => i64::from(i32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])),
        _ => bytes[at..at + 8].first_chunk().map_or(0, |raw| i64::from_le_bytes(*raw)),
    }
}

/// The member number `index`, lowest first.
#[must_use]
#[inline]
pub fn get(block: &Block, index: usize) -> i64 {
    read(block.bytes(), usize::from(block.kind()), index)
}

/// Where a number is, or where it would go.
///
/// # Errors
/// It is not a member.
#[inline]
pub fn find(block: &Block, n: i64) -> Result<usize, usize> {
    let (bytes, width) = (block.bytes(), usize::from(block.kind()));
    let (mut low, mut high) = (0, block.count());
    // Numbers often come in ascending order.
    if high > 0 && n > read(bytes, width, high - 1) {
        return Err(high);
    }
    while low < high {
        let middle = usize::midpoint(low, high);
        match read(bytes, width, middle).cmp(&n) {
            core::cmp::Ordering::Less => low = middle + 1,
            core::cmp::Ordering::Equal => return Ok(middle),
            core::cmp::Ordering::Greater => high = middle,
        }
    }
    Err(low)
}

/// Adds a number; false when it is there already.
pub fn insert(block: &mut Block, n: i64) -> bool {
    if width_of(n) > block.kind() {
        widen(block, width_of(n));
    }
    let Err(index) = find(block, n) else { return false };
    let (width, count) = (usize::from(block.kind()), block.count());
    block.splice(index * width, 0, width).copy_from_slice(&n.to_le_bytes()[..width]);
    block.set_count(count + 1);
    true
}

/// Takes a number out; false when it is not there.
pub fn remove(block: &mut Block, n: i64) -> bool {
    match find(block, n) {
        Ok(index) => {
            remove_at(block, index);
            true
        }
        Err(_) => false,
    }
}

/// Takes the member number `index` out.
pub fn remove_at(block: &mut Block, index: usize) -> i64 {
    let (width, count) = (usize::from(block.kind()), block.count());
    let n = get(block, index);
    block.splice(index * width, width, 0);
    block.set_count(count - 1);
    n
}

/// The members, lowest first.
pub fn iter(block: &Block) -> impl ExactSizeIterator<Item = i64> + DoubleEndedIterator + Clone + '_ {
    let (bytes, width) = (block.bytes(), usize::from(block.kind()));
    (0..block.count()).map(move |index| read(bytes, width, index))
}

/// The header and bytes of an intset in an RDB file.
#[must_use]
pub fn to_blob(block: &Block) -> Vec<u8> {
    let mut blob = Vec::with_capacity(8 + block.len());
    blob.extend_from_slice(&u32::from(block.kind()).to_le_bytes());
    blob.extend_from_slice(&(block.count() as u32).to_le_bytes());
    blob.extend_from_slice(block.bytes());
    blob
}

/// Reads such bytes. `None` when they break the rules.
#[must_use]
pub fn from_blob(blob: &[u8]) -> Option<Block> {
    let (width, rest) = blob.split_first_chunk()?;
    let (count, rest) = rest.split_first_chunk()?;
    let width = u8::try_from(u32::from_le_bytes(*width)).ok().filter(|width| WIDTHS.contains(width))?;
    let count = u32::from_le_bytes(*count) as usize;
    if rest.len() as u64 != count as u64 * u64::from(width) {
        return None;
    }
    let block = Block::of(width, count, rest);
    let ascending = iter(&block).is_sorted_by(|a, b| a < b);
    ascending.then_some(block)
}

/// Rewrites every member with more bytes.
#[cold]
fn widen(block: &mut Block, width: u8) {
    let mut bytes = Vec::with_capacity(block.count() * usize::from(width));
    for n in iter(block) {
        bytes.extend_from_slice(&n.to_le_bytes()[..usize::from(width)]);
    }
    *block = Block::of(width, block.count(), &bytes);
}

/// Asserts the invariants.
pub fn check(block: &Block) {
    assert!(WIDTHS.contains(&block.kind()), "width");
    assert_eq!(block.len(), block.count() * usize::from(block.kind()));
    assert!(iter(block).is_sorted_by(|a, b| a < b), "ascending");
    assert!(iter(block).all(|n| width_of(n) <= block.kind()));
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn equals_an_ordered_set(steps in prop::collection::vec((any::<bool>(), any::<i64>(), 0_u32..64), 1..200)) {
            let (mut block, mut model) = (empty(), BTreeSet::new());
            for (add, n, shift) in steps {
                // Few small numbers, many wide ones, some of them again.
                let n = if shift > 58 { n >> shift } else { n >> 50 };
                if add {
                    prop_assert_eq!(insert(&mut block, n), model.insert(n));
                } else {
                    prop_assert_eq!(remove(&mut block, n), model.remove(&n));
                }
                check(&block);
                prop_assert_eq!(find(&block, n).is_ok(), model.contains(&n));
                prop_assert!(iter(&block).eq(model.iter().copied()));
                let back = from_blob(&to_blob(&block)).expect("whole");
                prop_assert!(iter(&back).eq(model.iter().copied()));
            }
        }
    }

    #[test]
    fn damaged_blobs_are_refused() {
        let mut block = empty();
        for n in [5, 70_000, -3] {
            insert(&mut block, n);
        }
        let blob = to_blob(&block);
        assert!(from_blob(&blob).is_some());
        for len in 0..blob.len() {
            assert!(from_blob(&blob[..len]).is_none());
        }
        let mut unsorted = blob.clone();
        unsorted.rotate_right(4);
        unsorted[..8].copy_from_slice(&blob[..8]);
        assert!(from_blob(&unsorted).is_none());
        let mut wide = blob;
        wide[0] = 3;
        assert!(from_blob(&wide).is_none());
    }
}

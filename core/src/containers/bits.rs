//! Strings as rows of bits.
//!
//! *Owns*: reading and writing single bits and fields of up to 64 bits, counting, searching, combining.
//! *Does not own*: growing the string, limits, options of commands.
//! *Invariants*: bit 0 is the highest bit of the first byte. Ranges are half open. A range that reaches beyond the
//! bytes is a mistake of the caller, except where a function says that missing bytes count as zero.
//!
//! Counting and searching go by words of 64 bits, combining by whole bytes that the compiler makes wide.

use alloc::vec::Vec;
use core::ops::Range;

/// Bits in a byte, as a position.
const BYTE: u64 = 8;
/// Words that are added up together.
const BLOCK: usize = 16;

/// How bits of two strings are combined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Combine {
    /// Set in both.
    And,
    /// Set in either.
    Or,
    /// Set in one of the two.
    Xor,
}

/// The bit at a position; false beyond the end.
#[must_use]
#[inline]
pub fn bit(bytes: &[u8], at: u64) -> bool {
    let byte = usize::try_from(at / BYTE).ok().and_then(|i| bytes.get(i));
    byte.is_some_and(|byte| byte & mask(at) != 0)
}

/// Sets the bit at a position and answers what it was.
#[inline]
pub fn set_bit(bytes: &mut [u8], at: u64, on: bool) -> bool {
    let byte = &mut bytes[(at / BYTE) as usize];
    let old = *byte & mask(at) != 0;
    *byte = if on { *byte | mask(at) } else { *byte & !mask(at) };
    old
}

#[inline]
fn mask(at: u64) -> u8 {
    0x80 >> (at % BYTE)
}

/// The number of set bits.
#[must_use]
pub fn count(bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    let (blocks, words) = words.as_chunks::<BLOCK>();
    let mut total = count_blocks(blocks);
    for word in words {
        total += u64::from(u64::from_ne_bytes(*word).count_ones());
    }
    total + rest.iter().map(|byte| u64::from(byte.count_ones())).sum::<u64>()
}

/// The number of set bits in a range of positions.
#[must_use]
pub fn count_range(bytes: &[u8], range: Range<u64>) -> u64 {
    let Some(edges) = Edges::of(bytes, range) else { return 0 };
    let ends = u64::from(edges.head.count_ones() + edges.tail.count_ones());
    ends + count(edges.middle)
}

/// The first position in a range that has this bit.
#[must_use]
pub fn find(bytes: &[u8], on: bool, range: Range<u64>) -> Option<u64> {
    let start = range.start / BYTE * BYTE;
    let end = range.end;
    let edges = Edges::of(bytes, range)?;
    // A searched zero is a one in the inverse; what lies outside the range is zero there too.
    let (head, tail) = if on {
        (edges.head, edges.tail)
    } else {
        (!edges.head & edges.head_mask, !edges.tail & edges.tail_mask)
    };
    if head != 0 {
        return Some(start + u64::from(head.leading_zeros()));
    }
    let middle = start + BYTE;
    if let Some(at) = find_in(edges.middle, on) {
        return Some(middle + at);
    }
    (tail != 0).then(|| (end - 1) / BYTE * BYTE + u64::from(tail.leading_zeros()))
}

/// The first position with this bit.
fn find_in(bytes: &[u8], on: bool) -> Option<u64> {
    let flip = if on { 0 } else { u64::MAX };
    // Whole blocks first, which are only asked whether there is anything in them.
    let empty = |block: &[u8; 64]| block.iter().fold(0, |any, byte| any | (byte ^ flip as u8)) == 0;
    let skipped = 64 * bytes.as_chunks::<64>().0.iter().take_while(|block| empty(block)).count();
    find_word(&bytes[skipped..], flip).map(|at| skipped as u64 * BYTE + at)
}

/// The first position with a bit that differs from those of `flip`.
fn find_word(bytes: &[u8], flip: u64) -> Option<u64> {
    let (words, rest) = bytes.as_chunks::<8>();
    for (i, word) in words.iter().enumerate() {
        let word = u64::from_be_bytes(*word) ^ flip;
        if word != 0 {
            return Some(i as u64 * 64 + u64::from(word.leading_zeros()));
        }
    }
    let rest_at = words.len() as u64 * 64;
    rest.iter().enumerate().find_map(|(i, byte)| {
        let byte = byte ^ flip as u8;
        (byte != 0).then(|| rest_at + i as u64 * BYTE + u64::from(byte.leading_zeros()))
    })
}

/// A range of bits as a first byte, whole bytes, and a last byte; what lies outside is zero. The last byte is empty
/// when the range ends in the first.
struct Edges<'a> {
    head: u8,
    head_mask: u8,
    middle: &'a [u8],
    tail: u8,
    tail_mask: u8,
}

impl<'a> Edges<'a> {
    fn of(bytes: &'a [u8], range: Range<u64>) -> Option<Self> {
        if range.is_empty() {
            return None;
        }
        let (first, last) = ((range.start / BYTE) as usize, ((range.end - 1) / BYTE) as usize);
        let from_start = 0xff >> (range.start % BYTE);
        let to_end = !(0x7f >> ((range.end - 1) % BYTE));
        if first == last {
            let mask = from_start & to_end;
            return Some(Self {
                head: bytes[first] & mask,
                head_mask: mask,
                middle: &[],
                tail: 0,
                tail_mask: 0,
            });
        }
        Some(Self {
            head: bytes[first] & from_start,
            head_mask: from_start,
            middle: &bytes[first + 1..last],
            tail: bytes[last] & to_end,
            tail_mask: to_end,
        })
    }
}

/// Set bits of many blocks: carry-save adders gather sixteen words before anything is counted (Harley and Seal).
fn count_blocks(blocks: &[[[u8; 8]; BLOCK]]) -> u64 {
    let (mut ones, mut twos, mut fours, mut eights) = (0, 0, 0, 0);
    let mut sixteens = 0;
    for block in blocks {
        let w = |i: usize| u64::from_ne_bytes(block[i]);
        let two_a = add(&mut ones, w(0), w(1));
        let two_b = add(&mut ones, w(2), w(3));
        let four_a = add(&mut twos, two_a, two_b);
        let two_a = add(&mut ones, w(4), w(5));
        let two_b = add(&mut ones, w(6), w(7));
        let four_b = add(&mut twos, two_a, two_b);
        let eight_a = add(&mut fours, four_a, four_b);
        let two_a = add(&mut ones, w(8), w(9));
        let two_b = add(&mut ones, w(10), w(11));
        let four_a = add(&mut twos, two_a, two_b);
        let two_a = add(&mut ones, w(12), w(13));
        let two_b = add(&mut ones, w(14), w(15));
        let four_b = add(&mut twos, two_a, two_b);
        let eight_b = add(&mut fours, four_a, four_b);
        let sixteen = add(&mut eights, eight_a, eight_b);
        sixteens += u64::from(sixteen.count_ones());
    }
    let set = |word: u64| u64::from(word.count_ones());
    16 * sixteens + 8 * set(eights) + 4 * set(fours) + 2 * set(twos) + set(ones)
}

/// Adds two words bit by bit to a sum and answers the carries.
#[inline]
fn add(sum: &mut u64, a: u64, b: u64) -> u64 {
    let half = *sum ^ a;
    let carry = (*sum & a) | (half & b);
    *sum = half ^ b;
    carry
}

/// Combines `other` into `bytes`, which grows to the longer of the two; missing bytes count as zero.
pub fn combine(bytes: &mut Vec<u8>, other: &[u8], how: Combine) {
    if bytes.len() < other.len() {
        bytes.resize(other.len(), 0);
    }
    let (both, rest) = bytes.split_at_mut(other.len());
    let pairs = both.iter_mut().zip(other);
    match how {
        Combine::And => {
            pairs.for_each(|(a, b)| *a &= b);
            rest.fill(0);
        }
        Combine::Or => pairs.for_each(|(a, b)| *a |= b),
        Combine::Xor => pairs.for_each(|(a, b)| *a ^= b),
    }
}

/// Turns every bit around.
pub fn invert(bytes: &mut [u8]) {
    bytes.iter_mut().for_each(|byte| *byte = !*byte);
}

/// The `width` bits from a position on as a number; missing bytes count as zero.
#[must_use]
pub fn field(bytes: &[u8], at: u64, width: u32) -> u64 {
    let first = usize::try_from(at / BYTE).unwrap_or(usize::MAX).min(bytes.len());
    let part = &bytes[first..bytes.len().min(first + 9)];
    let shift = 128 - (at % BYTE) as u32 - width;
    (load(part) >> shift) as u64 & low_ones(width)
}

/// Overwrites the `width` bits from a position on.
pub fn set_field(bytes: &mut [u8], at: u64, width: u32, value: u64) {
    let first = (at / BYTE) as usize;
    let last = ((at + u64::from(width) - 1) / BYTE) as usize;
    let part = &mut bytes[first..=last];
    let shift = 128 - (at % BYTE) as u32 - width;
    let ones = low_ones(width);
    let whole = load(part) & !(u128::from(ones) << shift) | u128::from(value & ones) << shift;
    part.copy_from_slice(&whole.to_be_bytes()[..part.len()]);
}

/// At most 16 bytes as the highest ones of a number.
fn load(part: &[u8]) -> u128 {
    let mut bytes = [0; 16];
    bytes[..part.len()].copy_from_slice(part);
    u128::from_be_bytes(bytes)
}

fn low_ones(width: u32) -> u64 {
    u64::MAX >> (64 - width)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;
    use proptest::prelude::*;

    /// The same, one bit after another.
    fn naive(bytes: &[u8]) -> Vec<bool> {
        bytes.iter().flat_map(|byte| (0..8).map(move |i| byte >> (7 - i) & 1 == 1)).collect()
    }

    fn texts() -> impl Strategy<Value = Vec<u8>> {
        let byte = prop_oneof![Just(0_u8), Just(0xff), any::<u8>()];
        prop_oneof![
            prop::collection::vec(byte, 0..400),
            (any::<bool>(), 0..400_usize, any::<u8>()).prop_map(|(on, len, odd)| {
                let mut bytes = vec![if on { 0xff } else { 0 }; len];
                bytes.push(odd);
                bytes
            }),
        ]
    }

    #[test]
    fn the_first_bit_is_the_highest() {
        let mut bytes = vec![0, 0];
        assert!(!set_bit(&mut bytes, 0, true) && set_bit(&mut bytes, 0, true));
        set_bit(&mut bytes, 15, true);
        assert_eq!(bytes, [0x80, 1]);
        assert!(bit(&bytes, 0) && !bit(&bytes, 1) && bit(&bytes, 15) && !bit(&bytes, 16));
        assert!(!bit(&bytes, u64::MAX));
        assert!(set_bit(&mut bytes, 15, false));
        assert_eq!(bytes, [0x80, 0]);
    }

    #[test]
    fn counts_long_rows() {
        let bytes: Vec<u8> = (0..100_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        let slow: u64 = bytes.iter().map(|byte| u64::from(byte.count_ones())).sum();
        assert_eq!(count(&bytes), slow);
        assert_eq!(count(&vec![0xff; 12_345]), 12_345 * 8);
    }

    proptest! {
        #[test]
        fn counting_and_searching_equal_the_naive_way(bytes in texts(), a: u64, b: u64) {
            let bits = naive(&bytes);
            let len = bits.len() as u64;
            let (a, b) = (a % (len + 1), b % (len + 1));
            let range = a.min(b)..a.max(b);
            prop_assert_eq!(count(&bytes), bits.iter().filter(|bit| **bit).count() as u64);
            let part = &bits[range.start as usize..range.end as usize];
            prop_assert_eq!(count_range(&bytes, range.clone()), part.iter().filter(|bit| **bit).count() as u64);
            for on in [false, true] {
                let slow = part.iter().position(|bit| *bit == on).map(|at| at as u64 + range.start);
                prop_assert_eq!(find(&bytes, on, range.clone()), slow);
            }
        }

        #[test]
        fn combining_equals_the_naive_way(one in texts(), two in texts()) {
            let len = one.len().max(two.len());
            let at = |bytes: &[u8], i: usize| bytes.get(i).copied().unwrap_or(0);
            for how in [Combine::And, Combine::Or, Combine::Xor] {
                let mut bytes = one.clone();
                combine(&mut bytes, &two, how);
                let slow: Vec<u8> = (0..len).map(|i| match how {
                    Combine::And => at(&one, i) & at(&two, i),
                    Combine::Or => at(&one, i) | at(&two, i),
                    Combine::Xor => at(&one, i) ^ at(&two, i),
                }).collect();
                prop_assert_eq!(bytes, slow);
            }
        }

        #[test]
        fn fields_equal_the_naive_way(bytes in texts(), at in 0..4000_u64, width in 1..=64_u32, value: u64) {
            let mut bits = naive(&bytes);
            let ends = at as usize + width as usize;
            let read = |bits: &[bool]| (0..width as usize).fold(0_u64, |n, i| {
                n << 1 | u64::from(bits.get(at as usize + i).copied().unwrap_or(false))
            });
            prop_assert_eq!(field(&bytes, at, width), read(&bits));
            let mut edited = bytes.clone();
            edited.resize(bytes.len().max(ends.div_ceil(8)), 0);
            bits.resize(edited.len() * 8, false);
            set_field(&mut edited, at, width, value);
            for i in 0..width as usize {
                bits[at as usize + i] = value >> (width as usize - 1 - i) & 1 == 1;
            }
            prop_assert_eq!(naive(&edited), bits.clone());
            prop_assert_eq!(field(&edited, at, width), read(&bits));
        }
    }
}

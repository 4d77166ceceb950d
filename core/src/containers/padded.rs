//! Text that ends with digits, as names with a number often do: two digits in a byte.
//!
//! *Owns*: which text is kept so, and the form, both ways. *Does not own*: where it lies (`item`).
//! *Invariants*: the shape of a text follows from the text alone. What is decoded here was encoded here.
//!
//! A shape is a byte: bytes of text before the digits (high half), and bytes of digits less one (low half).

use crate::base::number::TEXT_ROOM;

/// Fewer bytes of digits save too little.
const PAIRS_MIN: usize = 3;
/// More digits than twice this belong to the text before them.
const PAIRS_MAX: usize = 8;
/// Text before the digits is no longer than this.
const PREFIX_MAX: usize = 15;
/// Bytes of the longest body.
pub(super) const BODY_MAX: usize = PREFIX_MAX + PAIRS_MAX;

const _: () = assert!(PREFIX_MAX + 2 * PAIRS_MAX <= TEXT_ROOM);

/// Such a text, as it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Padded<'a> {
    shape: u8,
    body: &'a [u8],
}

impl<'a> Padded<'a> {
    #[inline]
    pub(super) fn new(shape: u8, body: &'a [u8]) -> Self {
        Self { shape, body }
    }

    #[inline]
    pub(super) fn shape(self) -> u8 {
        self.shape
    }

    #[inline]
    pub(super) fn body(self) -> &'a [u8] {
        self.body
    }

    /// The shape of a text, if it is one that is kept so.
    #[inline]
    pub(super) fn shape_of(text: &[u8]) -> Option<u8> {
        if text.len() > PREFIX_MAX + 2 * PAIRS_MAX || text.len() < 2 * PAIRS_MIN {
            return None;
        }
        let digits = text.iter().rev().take(2 * PAIRS_MAX).take_while(|byte| byte.is_ascii_digit()).count();
        let pairs = digits / 2;
        let prefix = text.len() - 2 * pairs;
        (pairs >= PAIRS_MIN && prefix <= PREFIX_MAX).then(|| (prefix << 4 | (pairs - 1)) as u8)
    }

    #[inline]
    const fn parts(shape: u8) -> (usize, usize) {
        ((shape >> 4) as usize, (shape & 15) as usize + 1)
    }

    /// Bytes of a body of this shape.
    #[inline]
    pub(super) const fn body_len(shape: u8) -> usize {
        let (prefix, pairs) = Self::parts(shape);
        prefix + pairs
    }

    /// Writes the body of a text, whose shape this is; answers its length.
    #[inline]
    pub(super) fn encode(shape: u8, text: &[u8], to: &mut [u8; BODY_MAX]) -> usize {
        let (prefix, pairs) = Self::parts(shape);
        to[..prefix].copy_from_slice(&text[..prefix]);
        for (to, digits) in to[prefix..prefix + pairs].iter_mut().zip(text[prefix..].chunks_exact(2)) {
            *to = (digits[0] & 15) << 4 | (digits[1] & 15);
        }
        prefix + pairs
    }

    /// Length of the text.
    #[must_use]
    #[inline]
    pub fn text_len(self) -> usize {
        let (prefix, pairs) = Self::parts(self.shape);
        prefix + 2 * pairs
    }

    /// Writes the text.
    #[inline]
    pub fn write(self, to: &mut [u8; TEXT_ROOM]) -> &[u8] {
        let (prefix, pairs) = Self::parts(self.shape);
        let (head, digits) = self.body.split_at(prefix);
        to[..prefix].copy_from_slice(head);
        for (to, byte) in to[prefix..].chunks_exact_mut(2).zip(digits) {
            to[0] = b'0' + (byte >> 4);
            to[1] = b'0' + (byte & 15);
        }
        &to[..prefix + 2 * pairs]
    }
}

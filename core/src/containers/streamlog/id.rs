//! Positions in a stream.

use crate::base::number::IntText;
use core::fmt;
use core::ops::Deref;

/// Longest text of a [`StreamId`].
const ID_TEXT_MAX: usize = 41;

/// A position in a stream: a time in milliseconds and a number within it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId {
    /// Milliseconds.
    pub ms: u64,
    /// The number within the millisecond.
    pub seq: u64,
}

impl StreamId {
    /// The lowest position; no entry has it.
    pub const MIN: Self = Self { ms: 0, seq: 0 };
    /// The highest position.
    pub const MAX: Self = Self { ms: u64::MAX, seq: u64::MAX };

    /// A position.
    #[must_use]
    pub const fn new(ms: u64, seq: u64) -> Self {
        Self { ms, seq }
    }

    /// The position after this one.
    #[must_use]
    pub const fn next(self) -> Option<Self> {
        match (self.seq.checked_add(1), self.ms.checked_add(1)) {
            (Some(seq), _) => Some(Self { ms: self.ms, seq }),
            (None, Some(ms)) => Some(Self { ms, seq: 0 }),
            (None, None) => None,
        }
    }

    /// The position before this one.
    #[must_use]
    pub const fn prev(self) -> Option<Self> {
        match (self.seq.checked_sub(1), self.ms.checked_sub(1)) {
            (Some(seq), _) => Some(Self { ms: self.ms, seq }),
            (None, Some(ms)) => Some(Self { ms, seq: u64::MAX }),
            (None, None) => None,
        }
    }

    /// The text, `ms-seq`.
    #[must_use]
    pub fn text(self) -> IdText {
        let mut text = IdText { bytes: [0; ID_TEXT_MAX], len: 0 };
        let mut digits = IntText::new();
        text.push(digits.u64(self.ms));
        text.push(b"-");
        text.push(digits.u64(self.seq));
        text
    }

    /// Sixteen bytes in the order of positions, as keys of nodes have them in files.
    #[must_use]
    pub fn to_be_bytes(self) -> [u8; 16] {
        (u128::from(self.ms) << 64 | u128::from(self.seq)).to_be_bytes()
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.ms, self.seq)
    }
}

/// The text of a [`StreamId`].
#[derive(Clone, Copy)]
pub struct IdText {
    bytes: [u8; ID_TEXT_MAX],
    len: usize,
}

impl IdText {
    fn push(&mut self, part: &[u8]) {
        self.bytes[self.len..self.len + part.len()].copy_from_slice(part);
        self.len += part.len();
    }
}

impl Deref for IdText {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

//! Positions in a stream.

use crate::base::number::push_u64;
use alloc::vec::Vec;
use core::fmt;

/// Longest text of a [`StreamId`].
pub const ID_TEXT_MAX: usize = 41;

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

    /// Appends the text, `ms-seq`.
    pub fn push_text(self, out: &mut Vec<u8>) {
        push_u64(out, self.ms);
        out.push(b'-');
        push_u64(out, self.seq);
    }

    /// The text, `ms-seq`.
    #[must_use]
    pub fn text(self) -> Vec<u8> {
        let mut text = Vec::with_capacity(ID_TEXT_MAX);
        self.push_text(&mut text);
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

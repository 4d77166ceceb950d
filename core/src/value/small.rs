//! Short byte strings without an allocation.
//!
//! *Owns*: [`SmallBytes`], the form of keys.
//! *Does not own*: editing; such a string is written once.
//! *Invariants*: 24 bytes; up to 22 bytes of text lie inline, longer text in one exact allocation, never otherwise.

use super::allocation;
use alloc::boxed::Box;
use core::fmt;

/// Longest text that is kept inline.
const INLINE_MAX: usize = 22;

/// An immutable byte string, inline up to 22 bytes.
#[derive(Clone)]
pub struct SmallBytes(Form);

#[derive(Clone)]
enum Form {
    Inline { len: u8, bytes: [u8; INLINE_MAX] },
    Heap(Box<[u8]>),
}

const _: () = assert!(size_of::<SmallBytes>() == 24);

impl SmallBytes {
    /// A copy of `bytes`.
    #[must_use]
    #[inline]
    pub fn new(bytes: &[u8]) -> Self {
        if bytes.len() > INLINE_MAX {
            return Self(Form::Heap(bytes.into()));
        }
        let mut inline = [0; INLINE_MAX];
        inline[..bytes.len()].copy_from_slice(bytes);
        Self(Form::Inline { len: bytes.len() as u8, bytes: inline })
    }

    /// The bytes.
    #[must_use]
    #[inline]
    pub fn as_slice(&self) -> &[u8] {
        match &self.0 {
            Form::Inline { len, bytes } => &bytes[..usize::from(*len).min(INLINE_MAX)],
            Form::Heap(bytes) => bytes,
        }
    }

    /// Bytes on the heap, by the core's own count.
    #[must_use]
    #[inline]
    pub fn heap_bytes(&self) -> usize {
        match &self.0 {
            Form::Inline { .. } => 0,
            Form::Heap(bytes) => allocation(bytes.len()),
        }
    }
}

impl fmt::Debug for SmallBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.as_slice().escape_ascii())
    }
}

impl PartialEq for SmallBytes {
    fn eq(&self, other: &Self) -> bool {
        self.as_slice() == other.as_slice()
    }
}

impl Eq for SmallBytes {}

impl PartialOrd for SmallBytes {
    fn partial_cmp(&self, other: &Self) -> Option<core::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for SmallBytes {
    fn cmp(&self, other: &Self) -> core::cmp::Ordering {
        self.as_slice().cmp(other.as_slice())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn keeps_any_length() {
        for len in [0, 1, 21, 22, 23, 24, 100, 70_000] {
            let text = vec![b'k'; len];
            let small = SmallBytes::new(&text);
            assert_eq!(small.as_slice(), &text[..]);
            assert_eq!(small.heap_bytes() == 0, len <= 22);
            assert_eq!(small.clone(), small);
        }
    }
}

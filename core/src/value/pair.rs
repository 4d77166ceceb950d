//! A field of a large hash with its value.
//!
//! *Owns*: [`Pair`]: both texts in one piece. *Does not own*: which field it is (`table` compares).
//! *Invariants*: 32 bytes; up to 29 bytes of text lie inline, more in one exact allocation; a value that came in a large
//! buffer of its own stays in it.

use super::table::Record;
use super::{Digest, SHARED_MIN, allocation};
use crate::containers::dict::Keyed;
use alloc::boxed::Box;
use alloc::vec::Vec;
use bytes::Bytes;

/// Most text that is kept inline.
const INLINE_MAX: usize = 29;

/// See the module.
#[derive(Clone)]
pub struct Pair(Form);

#[derive(Clone)]
enum Form {
    Inline { field: u8, value: u8, bytes: [u8; INLINE_MAX] },
    Heap { field: u32, bytes: Box<[u8]> },
    Shared(Box<(Box<[u8]>, Bytes)>),
}

const _: () = assert!(crate::containers::arena::Arena::<Pair>::CELL_BYTES == 32);

impl Pair {
    /// A copy of both texts.
    #[must_use]
    #[inline]
    pub fn new(field: &[u8], value: &[u8]) -> Self {
        let len = field.len() + value.len();
        if len <= INLINE_MAX {
            let mut bytes = [0; INLINE_MAX];
            bytes[..field.len()].copy_from_slice(field);
            bytes[field.len()..len].copy_from_slice(value);
            return Self(Form::Inline { field: field.len() as u8, value: value.len() as u8, bytes });
        }
        let mut bytes = Vec::with_capacity(len);
        bytes.extend_from_slice(field);
        bytes.extend_from_slice(value);
        Self(Form::Heap { field: field.len() as u32, bytes: bytes.into_boxed_slice() })
    }

    /// A pair whose value stays in its buffer if that is large.
    #[must_use]
    pub fn with_shared(field: &[u8], value: Bytes) -> Self {
        if value.len() < SHARED_MIN {
            return Self::new(field, &value);
        }
        Self(Form::Shared(Box::new((field.into(), value))))
    }

    /// The field.
    #[must_use]
    #[inline]
    pub fn field(&self) -> &[u8] {
        match &self.0 {
            Form::Inline { field, bytes, .. } => &bytes[..usize::from(*field)],
            Form::Heap { field, bytes } => &bytes[..*field as usize],
            Form::Shared(pair) => &pair.0,
        }
    }

    /// The value.
    #[must_use]
    #[inline]
    pub fn value(&self) -> &[u8] {
        match &self.0 {
            Form::Inline { field, value, bytes } => {
                let from = usize::from(*field);
                &bytes[from..from + usize::from(*value)]
            }
            Form::Heap { field, bytes } => &bytes[*field as usize..],
            Form::Shared(pair) => &pair.1,
        }
    }

    /// Another handle on the value if it lies in a buffer that can be shared.
    #[must_use]
    pub fn shared(&self) -> Option<&Bytes> {
        match &self.0 {
            Form::Inline { .. } | Form::Heap { .. } => None,
            Form::Shared(pair) => Some(&pair.1),
        }
    }

    /// Replaces the value, in place when the new one is as long.
    #[inline]
    pub fn set_value(&mut self, value: &[u8]) {
        match &mut self.0 {
            Form::Inline { field, value: len, bytes } if usize::from(*field) + value.len() <= INLINE_MAX => {
                let from = usize::from(*field);
                bytes[from..from + value.len()].copy_from_slice(value);
                *len = value.len() as u8;
            }
            Form::Heap { field, bytes } if bytes.len() - *field as usize == value.len() => {
                bytes[*field as usize..].copy_from_slice(value);
            }
            _ => *self = Self::new(self.field(), value),
        }
    }

    /// Replaces the value by one that stays in its buffer if that is large.
    pub fn set_shared(&mut self, value: Bytes) {
        *self = Self::with_shared(self.field(), value);
    }
}

impl Keyed for Pair {
    #[inline]
    fn key(&self) -> &[u8] {
        self.field()
    }
}

impl Record for Pair {
    #[inline]
    fn heap_bytes(&self) -> usize {
        match &self.0 {
            Form::Inline { .. } => 0,
            Form::Heap { bytes, .. } => allocation(bytes.len()),
            Form::Shared(pair) => {
                allocation(size_of::<(Box<[u8]>, Bytes)>())
                    + allocation(pair.0.len())
                    + allocation(pair.1.len())
            }
        }
    }

    fn digest(&self) -> u128 {
        pair_digest(self.field(), self.value())
    }

    #[inline]
    fn touch(&self) -> u8 {
        self.value().last().copied().unwrap_or(0)
    }
}

/// Fingerprint of a field with its value.
pub(super) fn pair_digest(field: &[u8], value: &[u8]) -> u128 {
    let mut digest = Digest::new();
    digest.write(field);
    digest.write(value);
    digest.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn keeps_any_lengths() {
        for field in [0, 1, 14, 29, 30, 300, 70_000] {
            for value in [0, 1, 15, 16, 29, 400, 70_000] {
                let (key, text) = (vec![b'f'; field], vec![b'v'; value]);
                let mut pair = Pair::new(&key, b"");
                for text in [&text[..], b"x", &text, b"yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy", &text] {
                    pair.set_value(text);
                    assert_eq!((pair.field(), pair.value()), (&key[..], text));
                    assert_eq!(pair.heap_bytes(), Pair::new(&key, text).heap_bytes());
                }
                pair.set_shared(Bytes::from(text.clone()));
                assert_eq!((pair.field(), pair.value()), (&key[..], &text[..]));
                assert_eq!(pair.shared().is_some(), value >= SHARED_MIN);
                assert_eq!(pair.digest(), pair_digest(&key, &text));
                pair.set_value(b"short");
                assert_eq!((pair.field(), pair.value()), (&key[..], &b"short"[..]));
            }
        }
    }
}

//! The primitives of the format, read from bytes that may not all be there yet.
//!
//! *Owns*: [`Cursor`]: lengths, strings and numbers, and the mark up to which reading need not be repeated.
//! *Does not own*: what they mean.
//! *Invariants*: reading again after [`Stop::More`] costs no more than the header of one element; memory is reserved
//! only for bytes that are present, or that compressed bytes which are present can fill.

use super::error::Reason;
use crate::base::{lzf, number};
use bytes::Bytes;

/// Why reading stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// The rest has not arrived yet.
    More,
    /// It never will make sense.
    Bad(Reason),
}

impl From<Reason> for Stop {
    fn from(reason: Reason) -> Self {
        Self::Bad(reason)
    }
}

/// A result of reading.
pub(super) type Step<T> = Result<T, Stop>;

/// A position in bytes that have arrived.
#[derive(Debug)]
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
    mark: usize,
    string_max: u64,
}

/// The first part of a string.
enum Head {
    Raw(u64),
    Int(i64),
    Compressed { packed: u64, original: u64 },
}

impl<'a> Cursor<'a> {
    pub(super) fn new(bytes: &'a [u8], string_max: u64) -> Self {
        Self { bytes, at: 0, mark: 0, string_max }
    }

    /// What was read so far is kept by the caller: it need not be read again.
    pub(super) fn commit(&mut self) {
        self.mark = self.at;
    }

    /// How many bytes the last commit covers.
    pub(super) fn committed(&self) -> usize {
        self.mark
    }

    /// The next `len` bytes.
    pub(super) fn take(&mut self, len: usize) -> Step<&'a [u8]> {
        let end = self.at.checked_add(len).ok_or(Reason::BadLength)?;
        let taken = self.bytes.get(self.at..end).ok_or(Stop::More)?;
        self.at = end;
        Ok(taken)
    }

    /// The next `N` bytes.
    pub(super) fn array<const N: usize>(&mut self) -> Step<[u8; N]> {
        let taken = self.bytes[self.at..].first_chunk().ok_or(Stop::More)?;
        self.at += N;
        Ok(*taken)
    }

    pub(super) fn u8(&mut self) -> Step<u8> {
        self.array().map(|[byte]| byte)
    }

    pub(super) fn i64_le(&mut self) -> Step<i64> {
        self.array().map(i64::from_le_bytes)
    }

    pub(super) fn u64_be(&mut self) -> Step<u64> {
        self.array().map(u64::from_be_bytes)
    }

    /// A length, where no string may stand.
    pub(super) fn len(&mut self) -> Step<u64> {
        let first = self.u8()?;
        self.len_after(first)
    }

    fn len_after(&mut self, first: u8) -> Step<u64> {
        match first {
            0..=0x3f => Ok(u64::from(first)),
            0x40..=0x7f => Ok(u64::from(first & 0x3f) << 8 | u64::from(self.u8()?)),
            0x80 => self.array().map(|b| u64::from(u32::from_be_bytes(b))),
            0x81 => self.u64_be(),
            _ => Err(Reason::BadLength.into()),
        }
    }

    fn string_head(&mut self) -> Step<Head> {
        Ok(match self.u8()? {
            0xc0 => Head::Int(self.array().map(i8::from_le_bytes)?.into()),
            0xc1 => Head::Int(self.array().map(i16::from_le_bytes)?.into()),
            0xc2 => Head::Int(self.array().map(i32::from_le_bytes)?.into()),
            0xc3 => Head::Compressed { packed: self.len()?, original: self.len()? },
            first => Head::Raw(self.len_after(first)?),
        })
    }

    fn checked(&self, len: u64) -> Step<usize> {
        match usize::try_from(len) {
            Ok(short) if len <= self.string_max => Ok(short),
            _ => Err(Reason::TooLong(len).into()),
        }
    }

    /// A string in any of its forms.
    pub(super) fn string(&mut self) -> Step<Bytes> {
        match self.string_head()? {
            Head::Raw(len) => {
                let len = self.checked(len)?;
                self.take(len).map(Bytes::copy_from_slice)
            }
            Head::Int(n) => Ok(Bytes::copy_from_slice(number::IntText::new().i64(n))),
            Head::Compressed { packed, original } => {
                let (packed, original) = (self.checked(packed)?, self.checked(original)?);
                let unpacked = lzf::decompress(self.take(packed)?, original).ok_or(Reason::BadCompression)?;
                Ok(unpacked.into())
            }
        }
    }

    /// A binary score.
    pub(super) fn score(&mut self) -> Step<f64> {
        let score = f64::from_bits(self.array().map(u64::from_le_bytes)?);
        if score.is_nan() { Err(Reason::BadScore.into()) } else { Ok(score) }
    }

    /// A score as text after its length, or one of the lengths that stand for values.
    pub(super) fn text_score(&mut self) -> Step<f64> {
        match self.u8()? {
            253 => Err(Reason::BadScore.into()),
            254 => Ok(f64::INFINITY),
            255 => Ok(f64::NEG_INFINITY),
            len => {
                let text = self.take(usize::from(len))?;
                number::parse_float(text).ok_or_else(|| Reason::BadScore.into())
            }
        }
    }

    /// One element of a module's value, skipped; false at the end mark.
    pub(super) fn module_element(&mut self) -> Step<bool> {
        match self.len()? {
            0 => return Ok(false),
            1 | 2 => drop(self.len()?),
            3 => drop(self.take(4)?),
            4 => drop(self.take(8)?),
            5 => match self.string_head()? {
                Head::Raw(len) | Head::Compressed { packed: len, .. } => {
                    let len = self.checked(len)?;
                    self.take(len)?;
                }
                Head::Int(_) => {}
            },
            _ => return Err(Reason::BadModule.into()),
        }
        Ok(true)
    }
}

//! The compact containers inside RDB values, read as they are on disk.
//!
//! *Owns*: one checking iterator per container. *Does not own*: containers that can be changed, what elements mean.
//! *Invariants*: an iterator that ends without [`BadBlob`] has checked the whole blob: its lengths, counts,
//! back-references and end mark; after an error it yields nothing.

mod intset;
mod listpack;
mod ziplist;
mod zipmap;

pub use intset::Intset;
pub use listpack::Listpack;
pub use ziplist::Ziplist;
pub use zipmap::Zipmap;

use crate::base::number::{IntText, parse_float};
use bytes::Bytes;

/// A container that breaks its own rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadBlob;

/// An element of a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Element<'a> {
    /// Held as a number; its text is the decimal one.
    Int(i64),
    /// Held as text.
    Text(&'a [u8]),
}

impl Element<'_> {
    /// The element's text.
    #[must_use]
    pub fn to_bytes(self) -> Bytes {
        match self {
            Self::Int(n) => Bytes::copy_from_slice(IntText::new().i64(n)),
            Self::Text(text) => Bytes::copy_from_slice(text),
        }
    }

    /// The element as a score; `None` when it is none.
    #[must_use]
    pub fn to_score(self) -> Option<f64> {
        match self {
            Self::Int(n) => Some(n as f64),
            Self::Text(text) => parse_float(text),
        }
    }
}

/// The end mark of listpacks, ziplists and zipmaps.
const END: u8 = 0xff;
/// A count in a header that says "count yourself".
const COUNT_UNKNOWN: u16 = u16::MAX;

/// Splits the first `N` bytes off.
fn chunk<const N: usize>(bytes: &[u8]) -> Result<([u8; N], &[u8]), BadBlob> {
    bytes.split_first_chunk().map(|(head, rest)| (*head, rest)).ok_or(BadBlob)
}

/// Splits the first `len` bytes off.
fn text(bytes: &[u8], len: usize) -> Result<(Element<'_>, &[u8]), BadBlob> {
    bytes.split_at_checked(len).map(|(text, rest)| (Element::Text(text), rest)).ok_or(BadBlob)
}

/// Splits a signed number of `N` bytes off, least significant first.
fn int<const N: usize>(bytes: &[u8]) -> Result<(Element<'_>, &[u8]), BadBlob> {
    let (raw, rest) = chunk::<N>(bytes)?;
    let mut wide = [0; 8];
    wide[8 - N..].copy_from_slice(&raw);
    // At the top of the word the sign is in place; shifting down keeps it.
    Ok((Element::Int(i64::from_le_bytes(wide) >> (64 - 8 * N)), rest))
}

#[cfg(test)]
mod tests;

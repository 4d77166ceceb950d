//! Listpacks as RDB files and DUMP payloads hold them: `u32` bytes, `u16` count, the elements, 0xFF.

use super::element::{Encoded, INT16, INT24, INT32, INT64, TEXT32, back_size, decode, entry_len};
use super::{Element, HEADER, Listpack, round_up};
use alloc::vec::Vec;

/// Bytes before the first element.
const BLOB_HEADER: usize = 6;
/// The last byte.
const END: u8 = 0xff;
/// A count that says "count yourself".
const COUNT_UNKNOWN: u16 = u16::MAX;

impl Listpack {
    /// Appends the bytes that stand for these elements in a file.
    pub fn write_blob(&self, out: &mut Vec<u8>) {
        let elements = &self.buf[self.start()..self.end()];
        out.reserve(elements.len() + BLOB_HEADER + 1);
        out.extend_from_slice(&(self.blob_len() as u32).to_le_bytes());
        out.extend_from_slice(&u16::try_from(self.len()).unwrap_or(COUNT_UNKNOWN).to_le_bytes());
        out.extend_from_slice(elements);
        out.push(END);
    }

    /// The bytes that stand for these elements in a file.
    #[must_use]
    pub fn to_blob(&self) -> Vec<u8> {
        let mut blob = Vec::new();
        self.write_blob(&mut blob);
        blob
    }

    /// Reads such bytes, with every length and count in them checked. `None` when they break the rules. Elements that
    /// have not their shortest encoding get it.
    #[must_use]
    pub fn from_blob(blob: &[u8]) -> Option<Self> {
        let (size, rest) = blob.split_first_chunk()?;
        let (count, rest) = rest.split_first_chunk()?;
        let (&last, elements) = rest.split_last()?;
        if u32::from_le_bytes(*size) as usize != blob.len() || last != END {
            return None;
        }
        let (mut at, mut found, mut shortest) = (0, 0, true);
        while at < elements.len() {
            let len = checked_len(&elements[at..])?;
            let (element, _) = decode(&elements[at..]);
            let encoded = Encoded::of(element);
            shortest &= encoded.len() == len && encoded.begins(&elements[at..]);
            at += len;
            found += 1;
        }
        let count = u16::from_le_bytes(*count);
        if count != COUNT_UNKNOWN && usize::from(count) != found {
            return None;
        }
        if !shortest {
            return Some(reencoded(elements));
        }
        let mut pack = Self::default();
        if found > 0 {
            pack.reallocate(round_up(HEADER + elements.len()), 0);
            pack.buf[HEADER..HEADER + elements.len()].copy_from_slice(elements);
            pack.set_end(HEADER + elements.len());
            pack.set_count(found);
        }
        Some(pack)
    }
}

impl<'t, E: Into<Element<'t>>> FromIterator<E> for Listpack {
    fn from_iter<I: IntoIterator<Item = E>>(elements: I) -> Self {
        let mut pack = Self::default();
        elements.into_iter().for_each(|element| pack.push_back(element));
        pack
    }
}

/// The same elements, each in its shortest encoding.
#[cold]
fn reencoded(mut elements: &[u8]) -> Listpack {
    let mut pack = Listpack::default();
    while !elements.is_empty() {
        let (element, len) = decode(elements);
        pack.push_back(element);
        elements = &elements[len..];
    }
    pack
}

/// Bytes of the first element if it is whole and the length behind it is right.
fn checked_len(bytes: &[u8]) -> Option<usize> {
    let head = match *bytes.first()? {
        0..=0xbf => 1,
        0xc0..=0xef => 2,
        TEXT32 => 5,
        INT16 => 3,
        INT24 => 4,
        INT32 => 5,
        INT64 => 9,
        _ => return None,
    };
    if bytes.len() < head {
        return None;
    }
    let len = entry_len(bytes);
    let behind = bytes.get(..len)?;
    // What stands behind must lead back to here, in the right number of bytes.
    let (mut stored, mut shift, mut groups) = (0_u64, 0, 0);
    for byte in behind.iter().rev() {
        stored |= u64::from(byte & 0x7f) << shift;
        shift += 7;
        groups += 1;
        if byte & 0x80 == 0 || groups == 5 {
            break;
        }
    }
    let body = len - groups;
    let ends = behind[len - groups] & 0x80 == 0;
    (ends && stored == body as u64 && groups == back_size(body)).then_some(len)
}

//! Listpacks: u32 bytes, u16 count, elements each followed by its own length (readable backwards), 0xFF.

use super::{BadBlob, COUNT_UNKNOWN, END, Element, chunk, int, text};

/// The elements of a listpack, first to last.
#[derive(Clone, Debug)]
pub struct Listpack<'a> {
    rest: &'a [u8],
    /// Elements still to come, when the header knows.
    left: Option<u16>,
}

impl<'a> Listpack<'a> {
    /// Checks the header.
    ///
    /// # Errors
    /// The size in the header is another than the blob's.
    pub fn new(blob: &'a [u8]) -> Result<Self, BadBlob> {
        let (size, rest) = chunk(blob)?;
        let (count, rest) = chunk(rest)?;
        if u64::from(u32::from_le_bytes(size)) != blob.len() as u64 || rest.is_empty() {
            return Err(BadBlob);
        }
        let count = u16::from_le_bytes(count);
        Ok(Self { rest, left: (count != COUNT_UNKNOWN).then_some(count) })
    }

    fn step(&mut self) -> Result<Option<Element<'a>>, BadBlob> {
        if let [END] = self.rest {
            return if self.left.unwrap_or(0) == 0 { Ok(None) } else { Err(BadBlob) };
        }
        if let Some(left) = &mut self.left {
            *left = left.checked_sub(1).ok_or(BadBlob)?;
        }
        let (element, rest) = element(self.rest)?;
        self.rest = check_back_length(self.rest.len() - rest.len(), rest)?;
        Ok(Some(element))
    }
}

impl<'a> Iterator for Listpack<'a> {
    type Item = Result<Element<'a>, BadBlob>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let step = self.step().transpose();
        if !matches!(step, Some(Ok(_))) {
            self.rest = &[];
        }
        step
    }
}

/// Encoding and data of the first element.
fn element(bytes: &[u8]) -> Result<(Element<'_>, &[u8]), BadBlob> {
    let ([first], rest) = chunk(bytes)?;
    match first {
        0..=0x7f => Ok((Element::Int(i64::from(first)), rest)),
        0x80..=0xbf => text(rest, usize::from(first & 0x3f)),
        0xc0..=0xdf => {
            let ([low], rest) = chunk(rest)?;
            let raw = u16::from(first & 0x1f) << 8 | u16::from(low);
            // The sign bit, the 13th, goes to the top and comes back with its copies.
            Ok((Element::Int(i64::from((raw << 3) as i16 >> 3)), rest))
        }
        0xe0..=0xef => {
            let ([low], rest) = chunk(rest)?;
            text(rest, usize::from(first & 0x0f) << 8 | usize::from(low))
        }
        0xf0 => {
            let (len, rest) = chunk(rest)?;
            text(rest, u32::from_le_bytes(len) as usize)
        }
        0xf1 => int::<2>(rest),
        0xf2 => int::<3>(rest),
        0xf3 => int::<4>(rest),
        0xf4 => int::<8>(rest),
        _ => Err(BadBlob),
    }
}

/// The element's length stands behind it in groups of seven bits, the first group without the upper bit.
fn check_back_length(len: usize, bytes: &[u8]) -> Result<&[u8], BadBlob> {
    let groups = match len {
        0..=127 => 1,
        128..=16382 => 2,
        16383..=2_097_150 => 3,
        2_097_151..=268_435_454 => 4,
        _ => 5,
    };
    let (stored, rest) = bytes.split_at_checked(groups).ok_or(BadBlob)?;
    let holds = stored.iter().enumerate().all(|(i, &byte)| {
        let group = (len as u64 >> (7 * (groups - 1 - i)) & 0x7f) as u8;
        byte == if i == 0 { group } else { group | 0x80 }
    });
    if holds { Ok(rest) } else { Err(BadBlob) }
}

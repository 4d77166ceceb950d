//! Ziplists: u32 bytes, u32 offset of the last entry, u16 count, entries each led by the size of the one before, 0xFF.

use super::{BadBlob, COUNT_UNKNOWN, END, Element, chunk, int, text};

const HEADER: usize = 10;
/// Sizes from here on take five bytes.
const PREVIOUS_LONG: u8 = 0xfe;

/// The elements of a ziplist, first to last.
#[derive(Clone, Debug)]
pub struct Ziplist<'a> {
    rest: &'a [u8],
    left: Option<u16>,
    /// Size of the entry before.
    previous: usize,
    /// Offset of the entry before, the header's when there is none.
    previous_at: usize,
    size: usize,
    tail: usize,
}

impl<'a> Ziplist<'a> {
    /// Checks the header.
    ///
    /// # Errors
    /// The size in the header is another than the blob's.
    pub fn new(blob: &'a [u8]) -> Result<Self, BadBlob> {
        let (size, rest) = chunk(blob)?;
        let (tail, rest) = chunk(rest)?;
        let (count, rest) = chunk(rest)?;
        if u64::from(u32::from_le_bytes(size)) != blob.len() as u64 || rest.is_empty() {
            return Err(BadBlob);
        }
        let count = u16::from_le_bytes(count);
        Ok(Self {
            rest,
            left: (count != COUNT_UNKNOWN).then_some(count),
            previous: 0,
            previous_at: HEADER,
            size: blob.len(),
            tail: u32::from_le_bytes(tail) as usize,
        })
    }

    fn step(&mut self) -> Result<Option<Element<'a>>, BadBlob> {
        let at = self.size - self.rest.len();
        if let [END] = self.rest {
            let ends = self.left.unwrap_or(0) == 0 && self.tail == self.previous_at;
            return if ends { Ok(None) } else { Err(BadBlob) };
        }
        if let Some(left) = &mut self.left {
            *left = left.checked_sub(1).ok_or(BadBlob)?;
        }
        let (previous, rest) = match chunk(self.rest)? {
            ([PREVIOUS_LONG], rest) => {
                let (size, rest) = chunk(rest)?;
                (u32::from_le_bytes(size) as usize, rest)
            }
            ([END], _) => return Err(BadBlob),
            ([size], rest) => (usize::from(size), rest),
        };
        if previous != self.previous {
            return Err(BadBlob);
        }
        let (element, rest) = element(rest)?;
        self.previous = self.rest.len() - rest.len();
        self.previous_at = at;
        self.rest = rest;
        Ok(Some(element))
    }
}

impl<'a> Iterator for Ziplist<'a> {
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

/// Encoding and data of the first entry, behind the size of the one before.
fn element(bytes: &[u8]) -> Result<(Element<'_>, &[u8]), BadBlob> {
    let ([first], rest) = chunk(bytes)?;
    match first {
        0..=0x3f => text(rest, usize::from(first)),
        0x40..=0x7f => {
            let ([low], rest) = chunk(rest)?;
            text(rest, usize::from(first & 0x3f) << 8 | usize::from(low))
        }
        0x80 => {
            let (len, rest) = chunk(rest)?;
            text(rest, u32::from_be_bytes(len) as usize)
        }
        0xc0 => int::<2>(rest),
        0xd0 => int::<4>(rest),
        0xe0 => int::<8>(rest),
        0xf0 => int::<3>(rest),
        0xf1..=0xfd => Ok((Element::Int(i64::from(first & 0x0f) - 1), rest)),
        0xfe => int::<1>(rest),
        _ => Err(BadBlob),
    }
}

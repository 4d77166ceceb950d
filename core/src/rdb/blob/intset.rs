//! Sets of integers: u32 width, u32 count, the members in ascending order.

use super::{BadBlob, Element, chunk, int};

/// The members of an intset, lowest first.
#[derive(Clone, Debug)]
pub struct Intset<'a> {
    rest: &'a [u8],
    width: u32,
    last: Option<i64>,
}

impl<'a> Intset<'a> {
    /// Checks the header.
    ///
    /// # Errors
    /// The width is none of 2, 4, 8, or the size does not fit the count.
    pub fn new(blob: &'a [u8]) -> Result<Self, BadBlob> {
        let (width, rest) = chunk(blob)?;
        let (count, rest) = chunk(rest)?;
        let (width, count) = (u32::from_le_bytes(width), u32::from_le_bytes(count));
        let fits = matches!(width, 2 | 4 | 8) && rest.len() as u64 == u64::from(width) * u64::from(count);
        if fits { Ok(Self { rest, width, last: None }) } else { Err(BadBlob) }
    }

    /// How many members are left.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rest.len() / self.width as usize
    }

    /// Whether no member is left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }
}

impl Iterator for Intset<'_> {
    type Item = Result<i64, BadBlob>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let read = match self.width {
            2 => int::<2>(self.rest),
            4 => int::<4>(self.rest),
            _ => int::<8>(self.rest),
        };
        match read {
            Ok((Element::Int(n), rest)) if self.last.is_none_or(|last| last < n) => {
                self.rest = rest;
                self.last = Some(n);
                Some(Ok(n))
            }
            _ => {
                self.rest = &[];
                Some(Err(BadBlob))
            }
        }
    }
}

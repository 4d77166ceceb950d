//! One element of a listpack: its encoding, and the length behind it that lets a reader walk backwards.
//!
//! *Owns*: the bytes of an element, both ways. *Does not own*: where elements lie.
//! *Invariants*: an element has exactly one encoding, so two elements are equal when their bytes are. What is decoded
//! here was encoded here, or was checked when it came in: malformed bytes are a programming error.
//!
//! Source: the layout of listpacks in RDB files.

use crate::base::number::{IntText, digits_i64, parse_i64};

/// What a listpack holds at one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Element<'a> {
    /// A number; as text it is its decimal digits.
    Int(i64),
    /// Text that is no canonical number. Given as input it may be one, and is stored as such.
    Text(&'a [u8]),
}

impl<'a> From<&'a [u8]> for Element<'a> {
    fn from(text: &'a [u8]) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Element<'_> {
    fn from(n: i64) -> Self {
        Self::Int(n)
    }
}

impl<'a> Element<'a> {
    /// The text; a number is written into `scratch` first.
    #[must_use]
    #[inline]
    pub fn text<'t>(self, scratch: &'t mut IntText) -> &'t [u8]
    where
        'a: 't,
    {
        match self {
            Self::Int(n) => scratch.i64(n),
            Self::Text(text) => text,
        }
    }

    /// Length of the text.
    #[must_use]
    pub fn text_len(self) -> usize {
        match self {
            Self::Int(n) => digits_i64(n),
            Self::Text(text) => text.len(),
        }
    }

    /// The number, if it is stored as one: exactly when the text is a canonical one.
    #[must_use]
    pub fn int(self) -> Option<i64> {
        match self {
            Self::Int(n) => Some(n),
            Self::Text(_) => None,
        }
    }

    /// Whether this is its text.
    #[must_use]
    pub fn is(self, text: &[u8]) -> bool {
        match self {
            Self::Int(n) => parse_i64(text) == Some(n),
            Self::Text(own) => own == text,
        }
    }
}

// First bytes of the encodings with a first byte of their own; the lower ones are ranges: up to 0x7f a number from 0
// to 127, up to 0xbf text of up to 63 bytes, up to 0xdf a signed number of 13 bits, up to 0xef text of up to 4095 bytes.
/// Text with a length of 32 bits.
pub(super) const TEXT32: u8 = 0xf0;
/// A signed number of 16 bits.
pub(super) const INT16: u8 = 0xf1;
/// A signed number of 24 bits.
pub(super) const INT24: u8 = 0xf2;
/// A signed number of 32 bits.
pub(super) const INT32: u8 = 0xf3;
/// A signed number of 64 bits.
pub(super) const INT64: u8 = 0xf4;

/// An element ready to be written.
#[derive(Clone, Copy)]
pub(super) struct Encoded<'a> {
    head: [u8; 9],
    head_len: u8,
    text: &'a [u8],
}

impl<'a> Encoded<'a> {
    /// The one encoding of an element.
    #[inline]
    pub(super) fn of(element: Element<'a>) -> Self {
        match element {
            Element::Int(n) => Self::int(n),
            Element::Text(text) => match parse_i64(text) {
                Some(n) => Self::int(n),
                None => Self::text(text),
            },
        }
    }

    fn int(n: i64) -> Self {
        let mut head = [0; 9];
        let head_len = match n {
            0..=0x7f => {
                head[0] = n as u8;
                1
            }
            -0x1000..=0xfff => {
                let bits = n as u16 & 0x1fff;
                head[0] = 0xc0 | (bits >> 8) as u8;
                head[1] = bits as u8;
                2
            }
            _ => {
                let (first, len) = match n {
                    -0x8000..=0x7fff => (INT16, 2),
                    -0x80_0000..=0x7f_ffff => (INT24, 3),
                    -0x8000_0000..=0x7fff_ffff => (INT32, 4),
                    _ => (INT64, 8),
                };
                head[0] = first;
                head[1..=8].copy_from_slice(&n.to_le_bytes());
                1 + len
            }
        };
        Self { head, head_len, text: &[] }
    }

    #[inline]
    fn text(text: &'a [u8]) -> Self {
        let mut head = [0; 9];
        let len = text.len();
        let head_len = match len {
            0..=0x3f => {
                head[0] = 0x80 | len as u8;
                1
            }
            0x40..=0xfff => {
                head[0] = 0xe0 | (len >> 8) as u8;
                head[1] = len as u8;
                2
            }
            _ => {
                let len = u32::try_from(len).expect("an element is shorter than 4 GiB");
                head[0] = TEXT32;
                head[1..5].copy_from_slice(&len.to_le_bytes());
                5
            }
        };
        Self { head, head_len, text }
    }

    #[inline]
    fn head(&self) -> &[u8] {
        &self.head[..usize::from(self.head_len)]
    }

    #[inline]
    fn body_len(&self) -> usize {
        usize::from(self.head_len) + self.text.len()
    }

    /// Bytes it takes, the length behind it included.
    #[inline]
    pub(super) fn len(&self) -> usize {
        let body = self.body_len();
        body + back_size(body)
    }

    /// Writes it; `to` has its length.
    #[inline]
    pub(super) fn write(&self, to: &mut [u8]) {
        let head = usize::from(self.head_len);
        let body = self.body_len();
        to[..head].copy_from_slice(self.head());
        to[head..body].copy_from_slice(self.text);
        if body < 0x80 {
            to[body] = body as u8;
        } else {
            write_back(body, &mut to[body..]);
        }
    }

    /// Whether the element at the beginning of `at` is this one.
    #[inline]
    pub(super) fn begins(&self, at: &[u8]) -> bool {
        // The head holds the length, so that equal heads mean equal lengths.
        at.starts_with(self.head())
            && at[usize::from(self.head_len)..].get(..self.text.len()) == Some(self.text)
    }
}

/// The low seven bits of the length stand last; all groups but the first carry the upper bit.
#[cold]
fn write_back(body: usize, to: &mut [u8]) {
    let groups = to.len();
    for (i, byte) in to.iter_mut().enumerate() {
        let group = (body >> (7 * (groups - 1 - i)) & 0x7f) as u8;
        *byte = if i == 0 { group } else { group | 0x80 };
    }
}

/// Bytes of the length behind a body of `body` bytes.
#[inline]
pub(super) fn back_size(body: usize) -> usize {
    match body {
        0..=0x7f => 1,
        0x80..=16_382 => 2,
        16_383..=2_097_150 => 3,
        2_097_151..=268_435_454 => 4,
        _ => 5,
    }
}

/// Bytes of the element at the beginning of `at`, the length behind it included.
#[inline]
pub(super) fn entry_len(at: &[u8]) -> usize {
    let body = match at[0] {
        0..=0x7f => return 2,
        byte @ 0x80..=0xbf => return 2 + usize::from(byte & 0x3f),
        0xc0..=0xdf => return 3,
        byte @ 0xe0..=0xef => 2 + (usize::from(byte & 0x0f) << 8 | usize::from(at[1])),
        TEXT32 => 5 + u32::from_le_bytes([at[1], at[2], at[3], at[4]]) as usize,
        INT16 => return 4,
        INT24 => return 5,
        INT32 => return 6,
        INT64 => return 10,
        _ => malformed(),
    };
    body + back_size(body)
}

/// The element at the beginning of `at`, and the bytes it takes.
#[inline]
pub(super) fn decode(at: &[u8]) -> (Element<'_>, usize) {
    match at[0] {
        byte @ 0..=0x7f => (Element::Int(i64::from(byte)), 2),
        byte @ 0x80..=0xbf => {
            let len = usize::from(byte & 0x3f);
            (Element::Text(&at[1..=len]), len + 2)
        }
        byte @ 0xc0..=0xdf => {
            let raw = u16::from(byte & 0x1f) << 8 | u16::from(at[1]);
            // Moved to the top, the 13th bit is the sign; moving it back copies it.
            (Element::Int(i64::from((raw << 3) as i16 >> 3)), 3)
        }
        byte @ 0xe0..=0xef => {
            let len = usize::from(byte & 0x0f) << 8 | usize::from(at[1]);
            (Element::Text(&at[2..2 + len]), 2 + len + back_size(2 + len))
        }
        TEXT32 => {
            let len = u32::from_le_bytes([at[1], at[2], at[3], at[4]]) as usize;
            (Element::Text(&at[5..5 + len]), 5 + len + back_size(5 + len))
        }
        INT16 => (Element::Int(i64::from(i16::from_le_bytes([at[1], at[2]]))), 4),
        INT24 => (Element::Int(i64::from(i32::from_le_bytes([0, at[1], at[2], at[3]]) >> 8)), 5),
        INT32 => (Element::Int(i64::from(i32::from_le_bytes([at[1], at[2], at[3], at[4]]))), 6),
        INT64 => {
            let raw = [at[1], at[2], at[3], at[4], at[5], at[6], at[7], at[8]];
            (Element::Int(i64::from_le_bytes(raw)), 10)
        }
        _ => malformed(),
    }
}

/// Bytes of the element that ends with `before`, the length behind it included.
#[inline]
pub(super) fn entry_len_before(before: &[u8]) -> usize {
    let last = before.len() - 1;
    let byte = before[last];
    if byte < 0x80 {
        return usize::from(byte) + 1;
    }
    let (mut body, mut shift, mut at) = (usize::from(byte & 0x7f), 7, last);
    loop {
        at -= 1;
        body |= usize::from(before[at] & 0x7f) << shift;
        shift += 7;
        if before[at] < 0x80 {
            return body + (before.len() - at);
        }
    }
}

#[cold]
#[inline(never)]
fn malformed() -> ! {
    panic!("a listpack holds only elements that were checked")
}

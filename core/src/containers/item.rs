//! One short string in a small collection: text, or a number that is shorter in binary.
//!
//! *Owns*: the encoding, both ways. *Does not own*: where items lie (`runs`, `pairs`).
//! *Invariants*: an item has exactly one encoding, so two are equal when their bytes are. Text that is a canonical `i64` is
//! always stored as the number. What is decoded here was encoded here.
//!
//! An encoded item is a code and a body. Codes: `0..=0xdf` text of that length; `0xe0` text, whose length follows in four
//! bytes; `0xe0 + n` a signed number of `n` bytes.

use crate::base::number::{IntText, digits_i64, parse_i64};

/// Longest text whose length is its code.
const TEXT_MAX: usize = 0xdf;
/// The code of longer text.
const LONG: u8 = 0xe0;
/// Bytes of a code with a length behind it.
const LONG_CODE: usize = 5;

/// A short string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item<'a> {
    /// A number; as text it is its decimal digits.
    Int(i64),
    /// Text that is no canonical number. Given as input it may be one, and is stored as such.
    Text(&'a [u8]),
}

impl<'a> Item<'a> {
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

    /// The text, unless it is kept as a number.
    #[must_use]
    pub fn as_text(self) -> Option<&'a [u8]> {
        match self {
            Self::Int(_) => None,
            Self::Text(text) => Some(text),
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

    /// The number that the text is a canonical one of.
    #[must_use]
    pub fn int(self) -> Option<i64> {
        match self {
            Self::Int(n) => Some(n),
            Self::Text(text) => parse_i64(text),
        }
    }
}

/// An item ready to be written or looked for.
#[derive(Clone, Copy, Debug)]
pub struct Encoded<'a> {
    code: [u8; LONG_CODE],
    code_len: u8,
    int: [u8; 8],
    int_len: u8,
    text: &'a [u8],
}

impl<'a> Encoded<'a> {
    /// The one encoding of an item.
    #[must_use]
    #[inline]
    pub fn of(item: Item<'a>) -> Self {
        match item {
            Item::Int(n) => Self::int(n),
            Item::Text(text) => match parse_i64(text) {
                Some(n) => Self::int(n),
                None => Self::text(text),
            },
        }
    }

    fn int(n: i64) -> Self {
        // Bits that differ from the sign, and the sign itself.
        let bits = 65 - (n ^ (n >> 63)).leading_zeros();
        let len = bits.div_ceil(8) as u8;
        Self { code: [LONG + len, 0, 0, 0, 0], code_len: 1, int: n.to_le_bytes(), int_len: len, text: &[] }
    }

    #[inline]
    fn text(text: &'a [u8]) -> Self {
        let (mut code, mut code_len) = ([0; LONG_CODE], 1);
        if text.len() <= TEXT_MAX {
            code[0] = text.len() as u8;
        } else {
            code[0] = LONG;
            code[1..].copy_from_slice(&(text.len() as u32).to_le_bytes());
            code_len = LONG_CODE as u8;
        }
        Self { code, code_len, int: [0; 8], int_len: 0, text }
    }

    /// The code.
    #[must_use]
    #[inline]
    pub fn code(&self) -> &[u8] {
        &self.code[..usize::from(self.code_len)]
    }

    /// The body.
    #[must_use]
    #[inline]
    pub fn body(&self) -> &[u8] {
        if self.int_len > 0 { &self.int[..usize::from(self.int_len)] } else { self.text }
    }

    /// Bytes of code and body.
    #[must_use]
    #[inline]
    #[expect(clippy::len_without_is_empty, reason = "never empty")]
    pub fn len(&self) -> usize {
        self.code().len() + self.body().len()
    }

    /// Writes code and body; `to` has their length.
    #[inline]
    pub fn write(&self, to: &mut [u8]) {
        let (code, body) = to.split_at_mut(usize::from(self.code_len));
        code.copy_from_slice(self.code());
        body.copy_from_slice(self.body());
    }

    /// Whether the item that begins at `at` is this one.
    #[must_use]
    #[inline]
    pub fn begins(&self, at: &[u8]) -> bool {
        let code = usize::from(self.code_len);
        at.starts_with(&self.code[..code]) && at[code..].starts_with(self.body())
    }
}

/// Lengths of the code at the beginning of `at`, and of the body that belongs to it.
#[must_use]
#[inline]
pub fn lengths(at: &[u8]) -> (usize, usize) {
    match at[0] {
        len @ 0..LONG => (1, usize::from(len)),
        LONG => (LONG_CODE, u32::from_le_bytes([at[1], at[2], at[3], at[4]]) as usize),
        code => (1, usize::from(code - LONG)),
    }
}

/// The item of a code and its body.
#[must_use]
#[inline]
pub fn decode(code: u8, body: &[u8]) -> Item<'_> {
    if code <= LONG {
        return Item::Text(body);
    }
    let mut raw = [0; 8];
    let len = body.len().min(8);
    raw[8 - len..].copy_from_slice(&body[..len]);
    // At the top of the word the sign is in place; shifting down keeps it.
    Item::Int(i64::from_le_bytes(raw) >> (64 - 8 * len))
}

/// The item at the beginning of `at`, and the bytes it takes.
#[must_use]
#[inline]
pub fn decode_at(at: &[u8]) -> (Item<'_>, usize) {
    let (code, body) = lengths(at);
    (decode(at[0], &at[code..code + body]), code + body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    fn round(item: Item<'_>) -> (usize, bool) {
        let encoded = Encoded::of(item);
        let mut bytes = vec![0; encoded.len()];
        encoded.write(&mut bytes);
        assert!(encoded.begins(&bytes));
        let (back, len) = decode_at(&bytes);
        assert_eq!(len, bytes.len());
        let mut scratch = (IntText::new(), IntText::new());
        assert_eq!(back.text(&mut scratch.0), item.text(&mut scratch.1));
        assert_eq!(back.text_len(), item.text_len());
        (len, matches!(back, Item::Int(_)))
    }

    #[test]
    fn numbers_take_the_bytes_they_need() {
        for (n, bytes) in
            [(0, 2), (-1, 2), (127, 2), (128, 3), (-128, 2), (-129, 3), (32_767, 3), (32_768, 4)]
        {
            assert_eq!(round(Item::Int(n)), (bytes, true), "{n}");
        }
        for shift in 0..63 {
            for n in [1_i64 << shift, (1 << shift) - 1, -(1 << shift), -(1 << shift) - 1] {
                assert_eq!(round(Item::Int(n)).0, round(Item::Text(IntText::new().i64(n))).0);
            }
        }
        assert_eq!(round(Item::Int(i64::MIN)), (9, true));
        assert_eq!(round(Item::Int(i64::MAX)), (9, true));
    }

    #[test]
    fn text_of_any_length() {
        for len in [0, 1, 63, 222, 223, 224, 255, 256, 70_000] {
            let text = vec![b'x'; len];
            assert_eq!(round(Item::Text(&text)), (len + if len < 224 { 1 } else { 5 }, false));
        }
        for text in ["007", "+1", "-0", "1.0", "9223372036854775808", " 1"] {
            assert!(!round(Item::Text(text.as_bytes())).1, "{text}");
        }
    }
}

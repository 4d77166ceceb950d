//! One short string in a small collection: text, or a number that is shorter in binary, or text that ends with digits.
//!
//! *Owns*: the encoding, both ways. *Does not own*: where items lie (`runs`, `pairs`).
//! *Invariants*: an item has exactly one encoding, so two are equal when their bytes are. Text that is a canonical `i64` is
//! always stored as the number; other text that ends with six digits or more keeps two of them in a byte (`padded`). What
//! is decoded here was encoded here.
//!
//! An encoded item is a code and a body. Codes: `0..=0xdf` text of that length; `0xe0` text, whose length follows in four
//! bytes; `0xe0 + n` a signed number of `n` bytes; `0xe9` padded text, whose shape follows in one byte.

use super::padded::{BODY_MAX, Padded};
use crate::base::number::{IntText, digits_i64, parse_i64};

/// Longest text whose length is its code.
const TEXT_MAX: usize = 0xdf;
/// The code of longer text.
const LONG: u8 = 0xe0;
/// The code of text that ends with digits.
const PADDED: u8 = 0xe9;
/// Bytes of that code with the shape.
const PADDED_CODE: usize = 2;
/// Bytes of a code with a length behind it.
const LONG_CODE: usize = 5;

/// A short string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item<'a> {
    /// A number; as text it is its decimal digits.
    Int(i64),
    /// Text that is no canonical number. Given as input it may be one, and is stored as such.
    Text(&'a [u8]),
    /// Text that ends with digits, as it is stored.
    Padded(Padded<'a>),
}

impl<'a> Item<'a> {
    /// The text; one that is stored in another way is written into `scratch` first.
    #[must_use]
    #[inline]
    pub fn text<'t>(self, scratch: &'t mut IntText) -> &'t [u8]
    where
        'a: 't,
    {
        match self {
            Self::Int(n) => scratch.i64(n),
            Self::Text(text) => text,
            Self::Padded(padded) => padded.write(scratch.room()),
        }
    }

    /// The text, if it is kept as such.
    #[must_use]
    pub fn as_text(self) -> Option<&'a [u8]> {
        match self {
            Self::Int(_) | Self::Padded(_) => None,
            Self::Text(text) => Some(text),
        }
    }

    /// Length of the text.
    #[must_use]
    pub fn text_len(self) -> usize {
        match self {
            Self::Int(n) => digits_i64(n),
            Self::Text(text) => text.len(),
            Self::Padded(padded) => padded.text_len(),
        }
    }

    /// The number that the text is a canonical one of.
    #[must_use]
    pub fn int(self) -> Option<i64> {
        match self {
            Self::Int(n) => Some(n),
            Self::Text(text) => parse_i64(text),
            Self::Padded(_) => None,
        }
    }
}

/// An item ready to be written or looked for.
#[derive(Clone, Copy, Debug)]
pub struct Encoded<'a> {
    code: [u8; LONG_CODE],
    code_len: u8,
    own: [u8; BODY_MAX],
    own_len: u8,
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
                None => match Padded::shape_of(text) {
                    Some(shape) => Self::padded(shape, text),
                    None => Self::text(text),
                },
            },
            Item::Padded(padded) => {
                let (mut own, body) = ([0; BODY_MAX], padded.body());
                own[..body.len()].copy_from_slice(body);
                let code = [PADDED, padded.shape(), 0, 0, 0];
                Self { code, code_len: PADDED_CODE as u8, own, own_len: body.len() as u8, text: &[] }
            }
        }
    }

    fn padded(shape: u8, text: &[u8]) -> Self {
        let mut own = [0; BODY_MAX];
        let own_len = Padded::encode(shape, text, &mut own) as u8;
        Self { code: [PADDED, shape, 0, 0, 0], code_len: PADDED_CODE as u8, own, own_len, text: &[] }
    }

    fn int(n: i64) -> Self {
        // Bits that differ from the sign, and the sign itself.
        let bits = 65 - (n ^ (n >> 63)).leading_zeros();
        let len = bits.div_ceil(8) as u8;
        let mut own = [0; BODY_MAX];
        own[..8].copy_from_slice(&n.to_le_bytes());
        Self { code: [LONG + len, 0, 0, 0, 0], code_len: 1, own, own_len: len, text: &[] }
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
        Self { code, code_len, own: [0; BODY_MAX], own_len: 0, text }
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
        if self.own_len > 0 { &self.own[..usize::from(self.own_len)] } else { self.text }
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
        PADDED => (PADDED_CODE, Padded::body_len(at[1])),
        code => (1, usize::from(code - LONG)),
    }
}

/// The item of a code and its body.
#[must_use]
#[inline]
pub fn decode<'a>(code: &[u8], body: &'a [u8]) -> Item<'a> {
    if code[0] <= LONG {
        return Item::Text(body);
    }
    if code[0] == PADDED {
        return Item::Padded(Padded::new(code[1], body));
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
    (decode(&at[..code], &at[code..code + body]), code + body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;
    use proptest::prelude::*;

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

    proptest! {
        #[test]
        fn names_with_digits(head in "[a-z0-9:]{0,18}", digits in "[0-9]{0,20}") {
            let text = [head.as_bytes(), digits.as_bytes()].concat();
            let (len, int) = round(Item::Text(&text));
            prop_assert!(int || len <= text.len() + 1);
            // What comes out goes in the same way.
            let encoded = Encoded::of(Item::Text(&text));
            let mut bytes = vec![0; encoded.len()];
            encoded.write(&mut bytes);
            prop_assert!(Encoded::of(decode_at(&bytes).0).begins(&bytes));
        }
    }

    #[test]
    fn text_of_any_length() {
        for len in [0, 1, 63, 222, 223, 224, 255, 256, 70_000] {
            let text = vec![b'x'; len];
            assert_eq!(round(Item::Text(&text)), (len + if len < 224 { 1 } else { 5 }, false));
        }
        for (text, len) in [
            ("00000007", 6),
            ("m00000007", 7),
            ("user:1234567", 11),
            ("a12345", 7),
            ("key:0000000000123456789", 17),
        ] {
            assert_eq!(round(Item::Text(text.as_bytes())), (len, false), "{text}");
        }
        for text in ["007", "+1", "-0", "1.0", "9223372036854775808", " 1"] {
            assert!(!round(Item::Text(text.as_bytes())).1, "{text}");
        }
    }
}

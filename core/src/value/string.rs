//! String values.
//!
//! *Owns*: [`StringValue`] with its five forms, the rule by which text counts as an integer, edits in place.
//! *Does not own*: limits of size (`proto-max-bulk-len` is checked by commands), number formats other than integers.
//! *Invariants*: 24 bytes, tag first. `Int` is always shown in canonical decimal text. `Short` holds at most 22
//! bytes, `Heap` at least 23 and `Shared` at least `SHARED_MIN`, so that equal text of one kind has one form. `Grown` reports "raw" whatever its
//! length, and its capacity follows from its history alone, copies included: the memory figure is reproducible.

use super::allocation;
use alloc::boxed::Box;
use alloc::vec::Vec;
use bytes::Bytes;
use core::fmt;

/// Longest text kept inline.
const SHORT_MAX: usize = 22;
/// Longest text that Redis stores together with its header ("embstr").
const EMBSTR_MAX: usize = 44;
/// From this many bytes on, a value lies in a buffer that is shared with output instead of copied to it.
pub const SHARED_MIN: usize = 8 * 1024;
/// Up to this length a growing string doubles its space; from there on it adds a quarter.
const DOUBLING_MAX: usize = 1 << 20;

/// A string as a key holds it.
#[derive(Clone)]
pub struct StringValue(Form);

#[derive(Clone)]
enum Form {
    Int(i64),
    Short { len: u8, bytes: [u8; SHORT_MAX] },
    Heap(Box<[u8]>),
    Grown(Box<Grown>),
    Shared(Box<Bytes>),
}

const _: () = assert!(size_of::<StringValue>() == 24);

/// Room for the decimal text of any `i64`; lent to [`StringValue::bytes`].
pub struct IntText(itoa::Buffer);

impl IntText {
    /// Room with nothing in it.
    #[must_use]
    #[inline]
    pub fn new() -> Self {
        Self(itoa::Buffer::new())
    }

    /// The canonical decimal text of `number`.
    #[inline]
    pub fn format(&mut self, number: i64) -> &[u8] {
        self.0.format(number).as_bytes()
    }
}

impl Default for IntText {
    fn default() -> Self {
        Self::new()
    }
}

impl StringValue {
    /// What SET stores: a canonical integer becomes a number, anything else is kept as it is.
    #[must_use]
    #[inline]
    pub fn encode(text: &[u8]) -> Self {
        match canonical_int(text) {
            Some(number) => Self(Form::Int(number)),
            None => Self::plain(text),
        }
    }

    /// Text that stays text even when it looks like a number.
    #[must_use]
    #[inline]
    pub fn plain(text: &[u8]) -> Self {
        match short(text) {
            Some(form) => Self(form),
            None if text.len() < SHARED_MIN => Self(Form::Heap(text.into())),
            None => Self(Form::Shared(Box::new(Bytes::copy_from_slice(text)))),
        }
    }

    /// Text that reports the encoding "raw" and has room to grow: what SETRANGE, SETBIT and BITOP make.
    #[must_use]
    pub fn raw(text: Vec<u8>) -> Self {
        Self(Form::Grown(Box::new(Grown(text))))
    }

    /// A value that has a buffer of its own; small ones are copied out of it.
    #[must_use]
    pub fn from_shared(buffer: Bytes) -> Self {
        if buffer.len() < SHARED_MIN { Self::encode(&buffer) } else { Self(Form::Shared(Box::new(buffer))) }
    }

    /// A number.
    #[must_use]
    #[inline]
    pub fn from_int(number: i64) -> Self {
        Self(Form::Int(number))
    }

    /// The text; a number is written into `scratch` first.
    #[must_use]
    #[inline]
    pub fn bytes<'a>(&'a self, scratch: &'a mut IntText) -> &'a [u8] {
        match &self.0 {
            Form::Int(number) => scratch.format(*number),
            _ => self.text(),
        }
    }

    /// The text, unless it is kept as a number.
    #[must_use]
    #[inline]
    pub fn plain_bytes(&self) -> Option<&[u8]> {
        (!matches!(self.0, Form::Int(_))).then(|| self.text())
    }

    /// Another handle on the text if it is big and lies in a buffer that can be shared; copies nothing.
    #[must_use]
    #[inline]
    pub fn shared(&self) -> Option<Bytes> {
        match &self.0 {
            Form::Shared(buffer) => Some((**buffer).clone()),
            Form::Int(_) | Form::Short { .. } | Form::Heap(_) | Form::Grown(_) => None,
        }
    }

    /// Length of the text in bytes.
    #[must_use]
    #[inline]
    pub fn len(&self) -> usize {
        match &self.0 {
            Form::Int(number) => decimal_len(*number),
            _ => self.text().len(),
        }
    }

    /// Starts reading the text where it lies apart from the value, both ends of it; see `Keyspace::touch_window`.
    #[must_use]
    #[inline]
    pub fn touch(&self) -> u8 {
        match &self.0 {
            Form::Heap(text) => text.first().copied().unwrap_or(0) ^ text.last().copied().unwrap_or(0),
            Form::Int(_) | Form::Short { .. } | Form::Grown(_) | Form::Shared(_) => 0,
        }
    }

    /// Whether the text is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number, if the text is a canonical integer (no plus sign, no leading zeros, no blanks, `i64`).
    #[must_use]
    #[inline]
    pub fn as_int(&self) -> Option<i64> {
        match &self.0 {
            Form::Int(number) => Some(*number),
            _ => canonical_int(self.text()),
        }
    }

    /// What `OBJECT ENCODING` answers.
    #[must_use]
    pub fn encoding(&self) -> &'static str {
        match &self.0 {
            Form::Int(_) => "int",
            Form::Short { .. } => "embstr",
            Form::Heap(text) if text.len() <= EMBSTR_MAX => "embstr",
            Form::Heap(_) | Form::Grown(_) | Form::Shared(_) => "raw",
        }
    }

    /// Bytes on the heap, by the core's own count.
    #[must_use]
    #[inline]
    pub fn heap_bytes(&self) -> usize {
        match &self.0 {
            Form::Int(_) | Form::Short { .. } => 0,
            Form::Heap(text) => allocation(text.len()),
            Form::Grown(text) => allocation(size_of::<Grown>()) + allocation(text.0.capacity()),
            Form::Shared(buffer) => allocation(size_of::<Bytes>()) + allocation(buffer.len()),
        }
    }

    /// Whether [`Self::assign`] would do without an allocation and without a costly drop.
    #[must_use]
    #[inline]
    pub fn assigns_in_place(&self, text: &[u8]) -> bool {
        match &self.0 {
            Form::Int(_) | Form::Short { .. } => text.len() <= SHORT_MAX,
            Form::Heap(old) => old.len() == text.len() || text.len() <= SHORT_MAX,
            Form::Grown(_) | Form::Shared(_) => false,
        }
    }

    /// Becomes what [`Self::encode`] makes of `text`, reusing its space when the length is the same.
    #[inline]
    pub fn assign(&mut self, text: &[u8]) {
        if let Form::Heap(old) = &mut self.0
            && old.len() == text.len()
        {
            old.copy_from_slice(text);
            return;
        }
        *self = Self::encode(text);
    }

    /// Adds `tail` at the end and answers the new length.
    pub fn append(&mut self, tail: &[u8]) -> usize {
        let text = self.grown(tail.len());
        text.extend_from_slice(tail);
        text.len()
    }

    /// Overwrites the text from `offset` on with `part`, filling a gap with zero bytes; answers the new length.
    /// The caller has checked the limit of size. An empty `part` changes nothing, the encoding included.
    pub fn set_range(&mut self, offset: usize, part: &[u8]) -> usize {
        if part.is_empty() {
            return self.len();
        }
        let end = offset + part.len();
        let text = self.grown_to(end);
        text[offset..end].copy_from_slice(part);
        text.len()
    }

    /// The text for editing in place, at least `len` bytes long (zero bytes are added); the encoding becomes "raw".
    pub fn grown_to(&mut self, len: usize) -> &mut [u8] {
        let missing = len.saturating_sub(self.len());
        let text = self.grown(missing);
        let len = text.len() + missing;
        text.resize(len, 0);
        text
    }

    /// The text for editing in place, with room for `more` further bytes; the encoding becomes "raw".
    pub fn editable(&mut self, more: usize) -> &mut Vec<u8> {
        self.grown(more)
    }

    /// The text of any form but `Int`.
    #[inline]
    fn text(&self) -> &[u8] {
        match &self.0 {
            Form::Int(_) => &[],
            Form::Short { len, bytes } => &bytes[..usize::from(*len).min(SHORT_MAX)],
            Form::Heap(text) => text,
            Form::Grown(text) => &text.0,
            Form::Shared(buffer) => buffer,
        }
    }

    /// Turns into `Grown` with room for `more` further bytes.
    fn grown(&mut self, more: usize) -> &mut Vec<u8> {
        if !matches!(self.0, Form::Grown(_)) {
            let mut scratch = IntText::new();
            let old = self.bytes(&mut scratch);
            let mut text = Vec::with_capacity(roomy(old.len() + more));
            text.extend_from_slice(old);
            self.0 = Form::Grown(Box::new(Grown(text)));
        }
        match &mut self.0 {
            Form::Grown(text) => {
                text.reserve(more);
                &mut text.0
            }
            _ => unreachable!("the form was set above"),
        }
    }
}

impl fmt::Debug for StringValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut scratch = IntText::new();
        write!(f, "\"{}\"({})", self.bytes(&mut scratch).escape_ascii(), self.encoding())
    }
}

impl PartialEq for StringValue {
    /// Same text; encodings do not matter.
    fn eq(&self, other: &Self) -> bool {
        self.bytes(&mut IntText::new()) == other.bytes(&mut IntText::new())
    }
}

impl Eq for StringValue {}

/// Text with spare room. A copy has the same room, so that a copied node counts the same memory.
struct Grown(Vec<u8>);

impl Grown {
    fn reserve(&mut self, more: usize) {
        let need = self.0.len() + more;
        if need > self.0.capacity() {
            self.0.reserve_exact(roomy(need) - self.0.len());
        }
    }
}

impl Clone for Grown {
    fn clone(&self) -> Self {
        let mut copy = Vec::with_capacity(self.0.capacity());
        copy.extend_from_slice(&self.0);
        Self(copy)
    }
}

/// Capacity for a growing text that needs `len` bytes now.
fn roomy(len: usize) -> usize {
    if len < DOUBLING_MAX { (2 * len).next_multiple_of(16) } else { len + len / 4 }
}

#[inline]
fn short(text: &[u8]) -> Option<Form> {
    if text.len() > SHORT_MAX {
        return None;
    }
    let mut bytes = [0; SHORT_MAX];
    bytes[..text.len()].copy_from_slice(text);
    Some(Form::Short { len: text.len() as u8, bytes })
}

/// The number that `text` is the canonical decimal text of.
#[inline]
fn canonical_int(text: &[u8]) -> Option<i64> {
    let (digits, negative) = match text {
        [b'-', digits @ ..] => (digits, true),
        digits => (digits, false),
    };
    match digits {
        [b'0'] if !negative => return Some(0),
        [b'1'..=b'9', ..] if digits.len() <= 19 => {}
        _ => return None,
    }
    // 19 digits never overflow a u64.
    let mut magnitude = 0_u64;
    for digit in digits {
        let value = digit.wrapping_sub(b'0');
        if value > 9 {
            return None;
        }
        magnitude = magnitude * 10 + u64::from(value);
    }
    if negative { 0_i64.checked_sub_unsigned(magnitude) } else { i64::try_from(magnitude).ok() }
}

fn decimal_len(number: i64) -> usize {
    let digits = number.unsigned_abs().checked_ilog10().map_or(1, |log| log as usize + 1);
    digits + usize::from(number < 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use alloc::vec;
    use proptest::prelude::*;

    fn text(value: &StringValue) -> Vec<u8> {
        value.bytes(&mut IntText::new()).to_vec()
    }

    #[test]
    fn integers_are_canonical_only() {
        for good in ["0", "1", "-1", "9223372036854775807", "-9223372036854775808", "1000000000000000000"] {
            let value = StringValue::encode(good.as_bytes());
            assert_eq!((value.encoding(), value.as_int()), ("int", good.parse().ok()), "{good}");
            assert_eq!((text(&value), value.len()), (good.as_bytes().to_vec(), good.len()));
        }
        for bad in [
            "",
            "-",
            "-0",
            "00",
            "01",
            "+1",
            " 1",
            "1 ",
            "1.0",
            "1e3",
            "0x1",
            "9223372036854775808",
            "-9223372036854775809",
            "18446744073709551616",
            "99999999999999999999",
            "1:",
            "1/",
        ] {
            let value = StringValue::encode(bad.as_bytes());
            assert_eq!((value.encoding(), value.as_int()), ("embstr", None), "{bad}");
            assert_eq!(text(&value), bad.as_bytes());
        }
    }

    #[test]
    fn encodings_are_those_of_redis() {
        for (len, expected) in [(0, "embstr"), (22, "embstr"), (23, "embstr"), (44, "embstr"), (45, "raw")] {
            assert_eq!(StringValue::encode(&vec![b'x'; len]).encoding(), expected, "{len} bytes");
        }
        let mut value = StringValue::encode(b"12");
        assert_eq!(value.append(b"3"), 3);
        assert_eq!((value.encoding(), value.as_int()), ("raw", Some(123)));
        value.assign(b"123");
        assert_eq!(value.encoding(), "int");
        assert_eq!(value.set_range(5, b""), 3);
        assert_eq!(value.encoding(), "int");
        assert_eq!(value.set_range(5, b"x"), 6);
        assert_eq!((text(&value), value.encoding()), (b"123\0\0x".to_vec(), "raw"));
        assert_eq!(StringValue::plain(b"10").encoding(), "embstr");
        assert_eq!(StringValue::raw(vec![]).encoding(), "raw");
    }

    #[test]
    fn big_buffers_are_shared_and_small_ones_are_not() {
        let big = Bytes::from(vec![b'x'; SHARED_MIN]);
        let value = StringValue::from_shared(big.clone());
        let again = value.shared().expect("big");
        assert_eq!((again.as_ptr(), again.len()), (big.as_ptr(), big.len()));
        assert!(StringValue::from_shared(Bytes::from_static(b"17")).as_int() == Some(17));
        assert!(StringValue::encode(&[b'x'; 100]).shared().is_none());
        let mut edited = value.clone();
        edited.append(b"!");
        assert_eq!((value.len(), edited.len()), (SHARED_MIN, SHARED_MIN + 1));
    }

    #[test]
    fn equal_length_reuses_the_space() {
        let mut value = StringValue::encode(&[b'a'; 40]);
        let before = value.text().as_ptr();
        assert!(value.assigns_in_place(&[b'b'; 40]));
        value.assign(&[b'b'; 40]);
        assert_eq!((value.text(), value.text().as_ptr()), (&[b'b'; 40][..], before));
        assert!(!value.assigns_in_place(&[b'b'; 41]));
    }

    #[test]
    fn appending_is_amortised_and_copies_count_the_same() {
        let mut value = StringValue::encode(b"");
        let mut moves = 0;
        for _ in 0..100_000 {
            let before = value.heap_bytes();
            value.append(b"0123456789");
            moves += usize::from(value.heap_bytes() != before);
        }
        assert!(moves < 30, "{moves} reallocations");
        assert_eq!((value.len(), value.clone().heap_bytes()), (1_000_000, value.heap_bytes()));
    }

    proptest! {
        #[test]
        fn any_number_round_trips(number: i64) {
            let value = StringValue::encode(number.to_string().as_bytes());
            prop_assert_eq!((value.encoding(), value.as_int(), value.len()), ("int", Some(number), number.to_string().len()));
        }

        #[test]
        fn integer_rule_equals_the_parser_of_std(text in "-?[0-9]{0,21}") {
            let naive = text.parse::<i64>().ok().filter(|n| n.to_string() == text);
            prop_assert_eq!(canonical_int(text.as_bytes()), naive);
        }

        #[test]
        fn edits_equal_a_plain_vec(
            start in prop::collection::vec(any::<u8>(), 0..60),
            edits in prop::collection::vec(
                (0..4_u8, 0..80_usize, prop::collection::vec(any::<u8>(), 0..50)), 0..12),
        ) {
            let mut value = StringValue::encode(&start);
            let mut model = start;
            for (verb, offset, part) in edits {
                match verb {
                    0 => { model.extend(&part); prop_assert_eq!(value.append(&part), model.len()); }
                    1 => {
                        if !part.is_empty() {
                            model.resize(model.len().max(offset + part.len()), 0);
                            model[offset..offset + part.len()].copy_from_slice(&part);
                        }
                        prop_assert_eq!(value.set_range(offset, &part), model.len());
                    }
                    2 => { value.assign(&part); model = part; }
                    _ => value = value.clone(),
                }
                prop_assert_eq!(&text(&value), &model);
                prop_assert_eq!(value.len(), model.len());
                prop_assert_eq!(value.as_int(), canonical_int(&model));
            }
        }
    }
}

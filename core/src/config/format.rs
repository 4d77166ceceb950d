//! How values are read from text and printed: booleans, numbers, sizes, words, text.
//!
//! *Owns*: [`Format`] and the formats of single words; directives of several words are in `list` and `flags`.
//! *Does not own*: which directive has which format (the groups' rows).
//! *Invariants*: a printed value reads back as the same value; the texts of errors are Redis's.

use super::words::Named;
use crate::base::{number, quoted};
use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::format;
use alloc::vec::Vec;

/// Why a value was refused, in Redis's words.
pub type Reason = Cow<'static, str>;

/// The sort of a parameter's value, for whoever describes the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `yes` or `no`.
    Bool,
    /// A decimal number within bounds, both inclusive.
    Int(i64, i64),
    /// An octal number within bounds.
    Octal(i64, i64),
    /// Bytes within bounds, optionally with a unit.
    Size(u64, u64),
    /// Bytes or a percentage.
    Share,
    /// One of these words.
    Word(&'static [&'static str]),
    /// Several of these words.
    Words(&'static [&'static str]),
    /// Any text.
    Text,
    /// Any text; empty means that the directive is not set.
    OptionalText,
    /// Letters, each an event class.
    Letters,
    /// Several words with a grammar of their own.
    List,
}

/// The part of a rewritten line behind the directive's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The arguments as they stand in a file.
    pub text: Vec<u8>,
    /// Whether the line is needed even where the old file has no such directive.
    pub force: bool,
}

/// Reading and printing values of type `T`.
pub trait Format<T: PartialEq> {
    /// The sort of value.
    fn kind(&self) -> Kind;

    /// Reads a value. Directives of one word are given exactly one argument. `fresh` is false when an earlier line of
    /// the same file set the directive already: some accumulate.
    fn parse(&self, old: &T, args: &[&[u8]], fresh: bool) -> Result<T, Reason>;

    /// Appends the text that CONFIG GET shows.
    fn print(&self, value: &T, out: &mut Vec<u8>);

    /// The lines that CONFIG REWRITE writes.
    fn rewrite(&self, value: &T, default: &T, lines: &mut Vec<Line>) {
        let mut text = Vec::new();
        self.print(value, &mut text);
        lines.push(Line { text, force: value != default });
    }
}

/// `yes` or `no`.
pub(super) struct Bool;

/// A decimal number from the first to the second bound, both inclusive.
pub(super) struct Int(pub i64, pub i64);

/// The same in octal.
pub(super) struct Octal(pub i64, pub i64);

/// A number of bytes from the first to the second bound, with an optional unit.
pub(super) struct Size(pub u64, pub u64);

/// A number that is moved into the bounds instead of being refused.
pub(super) struct Clamped<F>(pub F, pub i64, pub i64);

/// A word of an enum.
pub(super) struct Word;

/// Any text that the function finds no fault with.
pub(super) struct Text(pub fn(&str) -> Option<&'static str>);

/// Any bytes.
pub(super) struct Bytes;

/// Text that means "not set" when it is empty; then it needs no line in a file.
pub(super) struct Unset<F>(pub F);

/// Bytes or a percentage of `maxmemory`.
pub(super) struct Share;

/// Text that need not be UTF-8.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Blob(Box<[u8]>);

impl Blob {
    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether there are none; for most directives that means "not set".
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<&[u8]> for Blob {
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.into())
    }
}

impl From<&str> for Blob {
    fn from(text: &str) -> Self {
        Self(text.as_bytes().into())
    }
}

/// An amount of memory, absolute or as a part of `maxmemory`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemoryShare {
    /// So many bytes; 0 = no limit.
    Bytes(u64),
    /// So many percent, 1 to 100.
    Percent(u8),
}

impl MemoryShare {
    /// The amount in bytes; 0 = no limit, also for a percentage of no limit.
    #[must_use]
    pub const fn bytes_of(self, maxmemory: u64) -> u64 {
        match self {
            Self::Bytes(n) => n,
            Self::Percent(p) => (maxmemory as u128 * p as u128 / 100) as u64,
        }
    }
}

impl Format<bool> for Bool {
    fn kind(&self) -> Kind {
        Kind::Bool
    }

    fn parse(&self, _old: &bool, args: &[&[u8]], _fresh: bool) -> Result<bool, Reason> {
        match args {
            [word] if word.eq_ignore_ascii_case(b"yes") => Ok(true),
            [word] if word.eq_ignore_ascii_case(b"no") => Ok(false),
            _ => Err("argument must be 'yes' or 'no'".into()),
        }
    }

    fn print(&self, value: &bool, out: &mut Vec<u8>) {
        out.extend_from_slice(if *value { b"yes" } else { b"no" });
    }
}

impl Format<i64> for Int {
    fn kind(&self) -> Kind {
        Kind::Int(self.0, self.1)
    }

    fn parse(&self, _old: &i64, args: &[&[u8]], _fresh: bool) -> Result<i64, Reason> {
        let value = number::parse_i64(only(args)).ok_or("argument couldn't be parsed into an integer")?;
        if value < self.0 || value > self.1 {
            return Err(format!("argument must be between {} and {} inclusive", self.0, self.1).into());
        }
        Ok(value)
    }

    fn print(&self, value: &i64, out: &mut Vec<u8>) {
        number::push_i64(out, *value);
    }
}

impl Format<i64> for Octal {
    fn kind(&self) -> Kind {
        Kind::Octal(self.0, self.1)
    }

    fn parse(&self, _old: &i64, args: &[&[u8]], _fresh: bool) -> Result<i64, Reason> {
        let unsigned = only(args);
        let digits = core::str::from_utf8(unsigned).ok().filter(|text| !text.starts_with('+'));
        let value = digits
            .and_then(|text| if text.is_empty() { Some(0) } else { i64::from_str_radix(text, 8).ok() })
            .ok_or("argument couldn't be parsed as an octal number")?;
        if value < self.0 || value > self.1 {
            return Err(format!("argument must be between {:o} and {:o} inclusive", self.0, self.1).into());
        }
        Ok(value)
    }

    fn print(&self, value: &i64, out: &mut Vec<u8>) {
        out.extend_from_slice(format!("{value:o}").as_bytes());
    }
}

impl<T: PartialEq + Copy + TryFrom<u64>> Format<T> for Size
where
    u64: TryFrom<T>,
{
    fn kind(&self) -> Kind {
        Kind::Size(self.0, self.1)
    }

    fn parse(&self, _old: &T, args: &[&[u8]], _fresh: bool) -> Result<T, Reason> {
        let bytes = parse_size(only(args)).ok_or("argument must be a memory value")?;
        let between = || format!("argument must be between {} and {} inclusive", self.0, self.1);
        if bytes < self.0 || bytes > self.1 {
            return Err(between().into());
        }
        T::try_from(bytes).map_err(|_| between().into())
    }

    fn print(&self, value: &T, out: &mut Vec<u8>) {
        number::push_u64(out, u64::try_from(*value).unwrap_or(0));
    }

    fn rewrite(&self, value: &T, default: &T, lines: &mut Vec<Line>) {
        let mut text = Vec::new();
        push_size(u64::try_from(*value).unwrap_or(0), &mut text);
        lines.push(Line { text, force: value != default });
    }
}

impl<F: Format<i64>> Format<i64> for Clamped<F> {
    fn kind(&self) -> Kind {
        self.0.kind()
    }

    fn parse(&self, old: &i64, args: &[&[u8]], fresh: bool) -> Result<i64, Reason> {
        Ok(self.0.parse(old, args, fresh)?.clamp(self.1, self.2))
    }

    fn print(&self, value: &i64, out: &mut Vec<u8>) {
        self.0.print(value, out);
    }

    fn rewrite(&self, value: &i64, default: &i64, lines: &mut Vec<Line>) {
        self.0.rewrite(value, default, lines);
    }
}

impl<T: Named> Format<T> for Word {
    fn kind(&self) -> Kind {
        Kind::Word(T::NAMES)
    }

    fn parse(&self, _old: &T, args: &[&[u8]], _fresh: bool) -> Result<T, Reason> {
        let word = only(args);
        let found = T::NAMES.iter().zip(T::ALL).find(|(name, _)| name.as_bytes().eq_ignore_ascii_case(word));
        found.map(|(_, value)| *value).ok_or_else(|| one_of(T::NAMES))
    }

    fn print(&self, value: &T, out: &mut Vec<u8>) {
        out.extend_from_slice(value.name().as_bytes());
    }
}

impl Format<Box<str>> for Text {
    fn kind(&self) -> Kind {
        Kind::Text
    }

    fn parse(&self, _old: &Box<str>, args: &[&[u8]], _fresh: bool) -> Result<Box<str>, Reason> {
        let text = core::str::from_utf8(only(args)).map_err(|_| "argument must be valid UTF-8")?;
        match (self.0)(text) {
            None => Ok(text.into()),
            Some(fault) => Err(fault.into()),
        }
    }

    fn print(&self, value: &Box<str>, out: &mut Vec<u8>) {
        out.extend_from_slice(value.as_bytes());
    }

    fn rewrite(&self, value: &Box<str>, default: &Box<str>, lines: &mut Vec<Line>) {
        lines.push(Line { text: quoted::quote(value.as_bytes()), force: value != default });
    }
}

impl Format<Blob> for Bytes {
    fn kind(&self) -> Kind {
        Kind::Text
    }

    fn parse(&self, _old: &Blob, args: &[&[u8]], _fresh: bool) -> Result<Blob, Reason> {
        Ok(only(args).into())
    }

    fn print(&self, value: &Blob, out: &mut Vec<u8>) {
        out.extend_from_slice(value.as_bytes());
    }

    fn rewrite(&self, value: &Blob, default: &Blob, lines: &mut Vec<Line>) {
        lines.push(Line { text: quoted::quote(value.as_bytes()), force: value != default });
    }
}

impl<T: PartialEq, F: Format<T>> Format<T> for Unset<F> {
    fn kind(&self) -> Kind {
        Kind::OptionalText
    }

    fn parse(&self, old: &T, args: &[&[u8]], fresh: bool) -> Result<T, Reason> {
        self.0.parse(old, args, fresh)
    }

    fn print(&self, value: &T, out: &mut Vec<u8>) {
        self.0.print(value, out);
    }

    fn rewrite(&self, value: &T, default: &T, lines: &mut Vec<Line>) {
        let mut text = Vec::new();
        self.print(value, &mut text);
        if !text.is_empty() {
            self.0.rewrite(value, default, lines);
        }
    }
}

impl Format<MemoryShare> for Share {
    fn kind(&self) -> Kind {
        Kind::Share
    }

    fn parse(&self, _old: &MemoryShare, args: &[&[u8]], _fresh: bool) -> Result<MemoryShare, Reason> {
        const FAULT: &str = "argument must be a memory or percent value";
        let word = only(args);
        let Some(digits) = word.strip_suffix(b"%") else {
            let bytes = parse_size(word).filter(|&n| i64::try_from(n).is_ok()).ok_or(FAULT)?;
            return Ok(MemoryShare::Bytes(bytes));
        };
        match number::parse_u64(digits).ok_or(FAULT)? {
            0 => Ok(MemoryShare::Bytes(0)),
            percent @ 1..=100 => Ok(MemoryShare::Percent(percent as u8)),
            _ => Err("percentage argument must be less or equal to 100".into()),
        }
    }

    fn print(&self, value: &MemoryShare, out: &mut Vec<u8>) {
        match value {
            MemoryShare::Bytes(n) => number::push_u64(out, *n),
            MemoryShare::Percent(p) => out.extend_from_slice(format!("{p}%").as_bytes()),
        }
    }

    fn rewrite(&self, value: &MemoryShare, default: &MemoryShare, lines: &mut Vec<Line>) {
        let mut text = Vec::new();
        match value {
            MemoryShare::Bytes(n) => push_size(*n, &mut text),
            MemoryShare::Percent(_) => self.print(value, &mut text),
        }
        lines.push(Line { text, force: value != default });
    }
}

/// The argument of a directive that takes one; the table checks the number before.
fn only<'a>(args: &[&'a [u8]]) -> &'a [u8] {
    args.first().copied().unwrap_or_default()
}

/// The refusal that lists the words allowed.
pub(super) fn one_of(names: &[&str]) -> Reason {
    format!("argument(s) must be one of the following: {}", names.join(", ")).into()
}

const UNITS: [(&[u8], u64); 8] = [
    (b"", 1),
    (b"b", 1),
    (b"k", 1_000),
    (b"kb", 1 << 10),
    (b"m", 1_000_000),
    (b"mb", 1 << 20),
    (b"g", 1_000_000_000),
    (b"gb", 1 << 30),
];

/// Reads a size: digits and an optional unit. No digits at all count as 0, as in Redis; what does not fit in 64 bits
/// is refused where Redis wraps around.
pub(super) fn parse_size(text: &[u8]) -> Option<u64> {
    let digits = text.iter().take_while(|b| b.is_ascii_digit()).count();
    let (number, unit) = text.split_at(digits);
    let (_, factor) = UNITS.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit))?;
    let mut value = 0_u64;
    for digit in number {
        value = value.checked_mul(10)?.checked_add(u64::from(digit - b'0'))?;
    }
    value.checked_mul(*factor)
}

/// Appends a size with the largest unit that leaves no remainder.
pub(super) fn push_size(bytes: u64, out: &mut Vec<u8>) {
    let (factor, unit): (u64, &[u8]) = match bytes {
        0 => (1, b""),
        n if n % (1 << 30) == 0 => (1 << 30, b"gb"),
        n if n % (1 << 20) == 0 => (1 << 20, b"mb"),
        n if n % (1 << 10) == 0 => (1 << 10, b"kb"),
        _ => (1, b""),
    };
    number::push_u64(out, bytes / factor);
    out.extend_from_slice(unit);
}

#[cfg(test)]
mod tests {
    use super::{Blob, Bool, Bytes, Clamped, Format, Int, MemoryShare, Octal, Share, Size, Text, Word};
    use crate::config::words::AppendFsync;
    use alloc::string::{String, ToString};
    use alloc::vec::Vec;

    fn read<T: PartialEq + Clone>(format: impl Format<T>, old: T, text: &str) -> Result<T, String> {
        format.parse(&old, &[text.as_bytes()], true).map_err(|e| e.to_string())
    }

    fn line<T: PartialEq>(format: impl Format<T>, value: T, default: T) -> (String, bool) {
        let mut lines = Vec::new();
        format.rewrite(&value, &default, &mut lines);
        assert_eq!(lines.len(), 1);
        (String::from_utf8(lines[0].text.clone()).unwrap(), lines[0].force)
    }

    #[test]
    fn booleans() {
        assert_eq!(read(Bool, false, "YES"), Ok(true));
        assert_eq!(read(Bool, true, "No"), Ok(false));
        assert_eq!(read(Bool, true, "1"), Err("argument must be 'yes' or 'no'".into()));
        assert_eq!(read(Bool, true, ""), Err("argument must be 'yes' or 'no'".into()));
    }

    #[test]
    fn integers() {
        assert_eq!(read(Int(-1, 10), 0, "-1"), Ok(-1));
        let range = Err("argument must be between -1 and 10 inclusive".into());
        assert_eq!(read(Int(-1, 10), 0, "11"), range);
        assert_eq!(read(Int(-1, 10), 0, "-2"), range);
        for bad in ["", " 5", "5 ", "+5", "05", "1e1", "1kb", "x", "99999999999999999999"] {
            let refused = Err("argument couldn't be parsed into an integer".into());
            assert_eq!(read(Int(0, 10), 0, bad), refused, "{bad}");
        }
        assert_eq!(read(Clamped(Int(0, 9_999), 1, 500), 10, "501"), Ok(500));
        assert_eq!(read(Clamped(Int(0, 9_999), 1, 500), 10, "0"), Ok(1));
    }

    #[test]
    fn octal_numbers() {
        assert_eq!(read(Octal(0, 0o777), 0, "755"), Ok(0o755));
        assert_eq!(read(Octal(0, 0o777), 0, ""), Ok(0));
        let refused = Err("argument couldn't be parsed as an octal number".into());
        assert_eq!(read(Octal(0, 0o777), 0, "999"), refused);
        assert_eq!(
            read(Octal(0, 0o777), 0, "1777"),
            Err("argument must be between 0 and 777 inclusive".into())
        );
        assert_eq!(line(Octal(0, 0o777), 0o700, 0), ("700".into(), true));
    }

    #[test]
    fn sizes() {
        let all = || Size(0, u64::MAX);
        for (text, bytes) in [
            ("0", 0),
            ("5b", 5),
            ("1k", 1_000),
            ("1KB", 1 << 10),
            ("2m", 2_000_000),
            ("2Mb", 2 << 20),
            ("3G", 3_000_000_000),
            ("3gB", 3 << 30),
            ("18446744073709551615", u64::MAX),
            ("", 0),
            ("kb", 0),
        ] {
            assert_eq!(read(all(), 0_u64, text), Ok(bytes), "{text}");
        }
        for bad in ["-5", "10x", "1kbb", "0x10", " 5", "1 kb", "18446744073709551616", "17179869184gb"] {
            assert_eq!(read(all(), 0_u64, bad), Err("argument must be a memory value".into()), "{bad}");
        }
        let bounds = Size(1 << 20, i64::MAX as u64);
        let refused = Err("argument must be between 1048576 and 9223372036854775807 inclusive".into());
        assert_eq!(read(bounds, 0_i64, "100"), refused);
        for (bytes, text) in
            [(1 << 30, "1gb"), (3 << 20, "3mb"), (2 << 10, "2kb"), (1025, "1025"), (0, "0"), (2000, "2000")]
        {
            assert_eq!(line(all(), bytes, 1_u64), (text.into(), true));
        }
    }

    #[test]
    fn shares_of_memory() {
        let zero = MemoryShare::Bytes(0);
        assert_eq!(read(Share, zero, "50%"), Ok(MemoryShare::Percent(50)));
        assert_eq!(read(Share, zero, "5k"), Ok(MemoryShare::Bytes(5000)));
        assert_eq!(read(Share, zero, "0%"), Ok(zero));
        assert_eq!(read(Share, zero, "101%"), Err("percentage argument must be less or equal to 100".into()));
        for bad in ["%", "5%%", "x%", "-5", "-5%", "9223372036854775808"] {
            assert_eq!(
                read(Share, zero, bad),
                Err("argument must be a memory or percent value".into()),
                "{bad}"
            );
        }
        assert_eq!(MemoryShare::Percent(50).bytes_of(u64::MAX), u64::MAX / 2);
        assert_eq!(line(Share, MemoryShare::Percent(5), zero), ("5%".into(), true));
        assert_eq!(line(Share, MemoryShare::Bytes(5 << 30), zero), ("5gb".into(), true));
    }

    #[test]
    fn words() {
        assert_eq!(read(Word, AppendFsync::No, "ALWAYS"), Ok(AppendFsync::Always));
        let refused = Err("argument(s) must be one of the following: everysec, always, no".into());
        assert_eq!(read(Word, AppendFsync::No, ""), refused);
    }

    #[test]
    fn text() {
        let short = || Text(|text| (text.len() > 3).then_some("too long"));
        assert_eq!(read(short(), "".into(), "abc"), Ok("abc".into()));
        assert_eq!(read(short(), "".into(), "abcd"), Err("too long".into()));
        assert!(short().parse(&"".into(), &[b"\xff"], true).is_err());
        assert_eq!(Bytes.parse(&Blob::default(), &[b"\xff"], true).unwrap().as_bytes(), b"\xff");
        assert_eq!(line(short(), "a\"b".into(), "".into()), (r#""a\"b""#.into(), true));
        assert_eq!(line(Bytes, Blob::from("x"), Blob::from("x")), (r#""x""#.into(), false));
    }
}

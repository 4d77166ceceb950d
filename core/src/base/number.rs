//! Numbers as text, both ways, by Redis's rules.
//!
//! *Owns*: strict integer parsing, float parsing as commands accept it, printing of integers and of doubles.
//! *Does not own*: the 80-bit arithmetic of INCRBYFLOAT (`longdouble`), error replies.
//! *Invariants*: an integer that parses prints back to the same bytes; a printed double parses back to the same value.

use super::longdouble::HexFloat;
use alloc::vec::Vec;

/// Bytes that any `i64` or `u64` fits in as text.
pub const INT_TEXT_MAX: usize = 20;
/// Bytes that any double fits in as text.
pub const FLOAT_TEXT_MAX: usize = 32;

/// Parses the canonical text of an `i64`: no `+`, no leading zeros, no `-0`, nothing around it.
#[must_use]
pub fn parse_i64(text: &[u8]) -> Option<i64> {
    match text {
        [b'-', digits @ ..] => {
            let magnitude = parse_u64(digits).filter(|&n| n != 0)?;
            0_i64.checked_sub_unsigned(magnitude)
        }
        _ => i64::try_from(parse_u64(text)?).ok(),
    }
}

/// Parses the canonical text of a `u64`: digits only, no leading zeros.
#[must_use]
pub fn parse_u64(text: &[u8]) -> Option<u64> {
    match text {
        [b'0'] => return Some(0),
        [b'1'..=b'9', ..] if text.len() <= INT_TEXT_MAX => {}
        _ => return None,
    }
    // Nineteen digits cannot overflow; only the twentieth needs a check.
    let (safe, last) = text.split_at(text.len().min(19));
    let mut n = 0_u64;
    for &b in safe {
        let digit = b.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        n = n * 10 + u64::from(digit);
    }
    for &b in last {
        let digit = b.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        n = n.checked_mul(10)?.checked_add(u64::from(digit))?;
    }
    Some(n)
}

/// The text of an integer, in a buffer of the caller's.
#[derive(Clone, Copy)]
pub struct IntText {
    digits: itoa::Buffer,
    text: Option<[u8; TEXT_ROOM]>,
}

/// Bytes of the room in an [`IntText`] for other text.
pub const TEXT_ROOM: usize = 32;

impl Default for IntText {
    fn default() -> Self {
        Self::new()
    }
}

impl core::fmt::Debug for IntText {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("IntText")
    }
}

impl IntText {
    /// An empty buffer; costs nothing.
    #[must_use]
    pub fn new() -> Self {
        Self { digits: itoa::Buffer::new(), text: None }
    }

    /// Room for text that is no number by itself.
    pub fn room(&mut self) -> &mut [u8; TEXT_ROOM] {
        self.text.insert([0; TEXT_ROOM])
    }

    /// Prints a signed number.
    pub fn i64(&mut self, n: i64) -> &[u8] {
        self.digits.format(n).as_bytes()
    }

    /// Prints an unsigned number.
    pub fn u64(&mut self, n: u64) -> &[u8] {
        self.digits.format(n).as_bytes()
    }
}

/// Appends the decimal text of `n`.
pub fn push_i64(out: &mut Vec<u8>, n: i64) {
    out.extend_from_slice(IntText::new().i64(n));
}

/// Appends the decimal text of `n`.
pub fn push_u64(out: &mut Vec<u8>, n: u64) {
    out.extend_from_slice(IntText::new().u64(n));
}

/// How many decimal digits `n` has; 1 for zero.
#[must_use]
pub const fn digits_u64(n: u64) -> usize {
    match n.checked_ilog10() {
        Some(log) => log as usize + 1,
        None => 1,
    }
}

/// How many bytes the decimal text of `n` has, the sign included.
#[must_use]
pub const fn digits_i64(n: i64) -> usize {
    digits_u64(n.unsigned_abs()) + (n < 0) as usize
}

/// Parses a double as every command but the INCRBYFLOAT family does (strtod): decimal or hexadecimal with optional
/// exponent, `inf` and `infinity` in any case, an optional sign. Refused: blanks, NaN, a magnitude beyond the largest
/// double, and a number so small that it becomes zero although it is not.
#[must_use]
pub fn parse_float(text: &[u8]) -> Option<f64> {
    let (negative, unsigned) = split_sign(text);
    let first = *unsigned.first()?;
    if let [b'0', b'x' | b'X', ..] = unsigned {
        let magnitude = HexFloat::parse(unsigned)?.to_f64()?;
        return Some(if negative { -magnitude } else { magnitude });
    }
    if !first.is_ascii_digit() && first != b'.' {
        return is_infinity(unsigned).then_some(if negative { f64::NEG_INFINITY } else { f64::INFINITY });
    }
    let value: f64 = core::str::from_utf8(text).ok()?.parse().ok()?;
    if value.is_infinite() || (value == 0.0 && has_nonzero_digit(unsigned)) {
        return None;
    }
    Some(value)
}

/// Splits off an optional `+` or `-`; true for `-`.
pub(super) fn split_sign(text: &[u8]) -> (bool, &[u8]) {
    match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    }
}

/// Whether the unsigned text is one of the two names of infinity.
pub(super) fn is_infinity(unsigned: &[u8]) -> bool {
    unsigned.eq_ignore_ascii_case(b"inf") || unsigned.eq_ignore_ascii_case(b"infinity")
}

/// Whether the part before the exponent has a digit other than zero.
fn has_nonzero_digit(unsigned: &[u8]) -> bool {
    unsigned.iter().take_while(|b| !matches!(b, b'e' | b'E')).any(|b| matches!(b, b'1'..=b'9'))
}

/// Prints a double as Redis 7.2 prints scores and RESP3 doubles: whole numbers up to 2^62 as integers, everything
/// else with the fewest digits that read back to the same value, in plain notation when that is short.
pub fn format_double(value: f64, buffer: &mut [u8; FLOAT_TEXT_MAX]) -> &[u8] {
    let mut text = Text { buffer, len: 0 };
    if value.is_nan() {
        text.push(b"nan");
    } else if value.is_infinite() {
        text.push(if value < 0.0 { b"-inf" } else { b"inf" });
    } else if value == 0.0 {
        text.push(if value.is_sign_negative() { b"-0" } else { b"0" });
    } else if let Some(whole) = whole_number(value) {
        text.push(IntText::new().i64(whole));
    } else {
        shortest(value, &mut text);
    }
    let len = text.len;
    &buffer[..len]
}

/// Appends the text of [`format_double`].
pub fn push_double(out: &mut Vec<u8>, value: f64) {
    out.extend_from_slice(format_double(value, &mut [0; FLOAT_TEXT_MAX]));
}

/// `value` as an integer when it is one and its magnitude is at most 2^62.
#[must_use]
pub fn whole_number(value: f64) -> Option<i64> {
    const LIMIT: f64 = (1_i64 << 62) as f64;
    if !(-LIMIT..=LIMIT).contains(&value) {
        return None;
    }
    let whole = value as i64;
    (whole as f64 == value).then_some(whole)
}

/// A text that grows inside a fixed buffer.
struct Text<'a> {
    buffer: &'a mut [u8; FLOAT_TEXT_MAX],
    len: usize,
}

impl Text<'_> {
    fn push(&mut self, bytes: &[u8]) {
        self.buffer[self.len..self.len + bytes.len()].copy_from_slice(bytes);
        self.len += bytes.len();
    }

    fn zeros(&mut self, n: usize) {
        self.buffer[self.len..self.len + n].fill(b'0');
        self.len += n;
    }
}

/// The layout: with `digits` standing for d1..dn and value = 0.d1..dn * 10^`point`, plain when no more than seven
/// zeros must be added, or at most six decimals are needed, or the first digit is within four places of the point.
fn shortest(value: f64, text: &mut Text<'_>) {
    let mut storage = [0; 17];
    let (digits, point) = shortest_digits(value.abs(), &mut storage);
    let n = digits.len() as i32;
    if value < 0.0 {
        text.push(b"-");
    }
    let tail = point - n;
    let exponent = point - 1;
    if (0..=7).contains(&tail) {
        text.push(digits);
        text.zeros(tail as usize);
    } else if tail < 0 && (tail > -7 || exponent.abs() < 4) {
        if point <= 0 {
            text.push(b"0.");
            text.zeros(point.unsigned_abs() as usize);
            text.push(digits);
        } else {
            let (whole, fraction) = digits.split_at(point as usize);
            text.push(whole);
            text.push(b".");
            text.push(fraction);
        }
    } else {
        text.push(&digits[..1]);
        if n > 1 {
            text.push(b".");
            text.push(&digits[1..]);
        }
        text.push(if exponent < 0 { b"e-" } else { b"e+" });
        text.push(IntText::new().u64(u64::from(exponent.unsigned_abs())));
    }
}

/// The shortest digits of a positive finite number, without zeros at either end, and where the point stands.
fn shortest_digits(value: f64, storage: &mut [u8; 17]) -> (&[u8], i32) {
    let mut printer = ryu::Buffer::new();
    let printed = printer.format_finite(value).as_bytes();
    let (mantissa, exponent) = match printed.iter().position(|&b| b == b'e') {
        Some(e) => {
            let (negative, digits) = split_sign(&printed[e + 1..]);
            let magnitude = parse_u64(digits).map_or(0, |n| n as i32);
            (&printed[..e], if negative { -magnitude } else { magnitude })
        }
        None => (printed, 0),
    };
    let whole_len = mantissa.iter().position(|&b| b == b'.').unwrap_or(mantissa.len());
    let mut point = whole_len as i32 + exponent;
    let mut n = 0;
    // Zeros are only written down once a digit follows them, so those at the end never are.
    let mut pending_zeros = 0;
    for &b in mantissa.iter().filter(|&&b| b != b'.') {
        if b == b'0' {
            if n == 0 {
                point -= 1;
            } else {
                pending_zeros += 1;
            }
            continue;
        }
        storage[n..n + pending_zeros].fill(b'0');
        n += pending_zeros;
        pending_zeros = 0;
        storage[n] = b;
        n += 1;
    }
    (&storage[..n], point)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;
    use proptest::prelude::*;

    #[test]
    fn integers_are_strict() {
        for bad in [
            "",
            "-",
            "+1",
            "01",
            "-0",
            "-01",
            "00",
            " 1",
            "1 ",
            "1.0",
            "9223372036854775808",
            "-9223372036854775809",
        ] {
            assert_eq!(parse_i64(bad.as_bytes()), None, "{bad}");
        }
        for bad in
            ["", "-1", "+1", "01", "18446744073709551616", "99999999999999999999", "100000000000000000000"]
        {
            assert_eq!(parse_u64(bad.as_bytes()), None, "{bad}");
        }
        assert_eq!(parse_i64(b"-9223372036854775808"), Some(i64::MIN));
        assert_eq!(parse_i64(b"9223372036854775807"), Some(i64::MAX));
        assert_eq!(parse_u64(b"18446744073709551615"), Some(u64::MAX));
    }

    /// Answers of redis-server to ZADD.
    #[test]
    fn floats_as_zadd_takes_them() {
        for bad in [
            "nan",
            "-nan",
            "nan(1)",
            "infin",
            "0x",
            "0x.p1",
            "0x1p",
            "0xg",
            "1e400",
            "-1e400",
            "1e-400",
            "2e-324",
            "0x1p-1075",
            "0x1p1024",
            " 1",
            "1 ",
            "1e",
            "1e+",
            ".",
            "1_0",
            "",
            "+",
            "-",
            "1\0",
            "1d5",
            "1f",
            "\x0b1",
            "+-1",
            "--1",
            "+.",
            "-inf1",
            "0x1p+",
            "+0x",
            "1e5.",
        ] {
            assert_eq!(parse_float(bad.as_bytes()), None, "{bad:?}");
        }
        for (good, value) in [
            ("inf", f64::INFINITY),
            ("+inf", f64::INFINITY),
            ("-Infinity", f64::NEG_INFINITY),
            ("INFINITY", f64::INFINITY),
            ("0x10", 16.0),
            ("0x1.8p3", 12.0),
            ("-0X.8P-1", -0.25),
            ("5e-324", 5e-324),
            ("4.9e-324", 5e-324),
            ("3e-324", 5e-324),
            ("0x1.8p-1075", 5e-324),
            ("1.", 1.0),
            (".5", 0.5),
            ("+.5", 0.5),
            ("-.5e1", -5.0),
            ("0e99999999999", 0.0),
            ("0x0p99999999", 0.0),
            ("1e00000000000000000005", 100_000.0),
            ("0x1.fffffffffffff7p0", 1.999_999_999_999_999_8),
            ("0x1.fffffffffffff8p0", 2.0),
            ("0x1.00000000000008p0", 1.0),
            ("0x1.000000000000080000001p0", 1.000_000_000_000_000_2),
            ("007", 7.0),
        ] {
            assert_eq!(parse_float(good.as_bytes()), Some(value), "{good}");
        }
        assert!(parse_float(b"-0").unwrap().is_sign_negative());
    }

    fn printed(value: f64) -> String {
        String::from_utf8(format_double(value, &mut [0; FLOAT_TEXT_MAX]).to_vec()).unwrap()
    }

    #[test]
    fn doubles_as_scores_are_printed() {
        for (value, text) in [
            (0.0, "0"),
            (-0.0, "-0"),
            (f64::INFINITY, "inf"),
            (f64::NEG_INFINITY, "-inf"),
            (f64::NAN, "nan"),
            (3.0, "3"),
            (-17.0, "-17"),
            (1e18, "1000000000000000000"),
            (4_611_686_018_427_387_904.0, "4611686018427387904"),
            (1e19, "1e+19"),
            (1e20, "1e+20"),
            (1.234_567_890_123_456_7e23, "123456789012345670000000"),
            (1.234_567_890_123_456_8e24, "1.2345678901234568e+24"),
            (0.1, "0.1"),
            (-0.1, "-0.1"),
            (2.75, "2.75"),
            (0.1 + 0.2, "0.30000000000000004"),
            (0.000_01, "0.00001"),
            (0.000_001, "0.000001"),
            (0.000_000_1, "1e-7"),
            (1.23e-5, "1.23e-5"),
            (0.001_234_567_89, "0.00123456789"),
            (0.000_123_456_789, "1.23456789e-4"),
            (1_234.123_456_78, "1234.12345678"),
            (12_345.123_456_78, "1.234512345678e+4"),
            (1_700_000_000.123_456, "1700000000.123456"),
            (5e-324, "5e-324"),
            (f64::MAX, "1.7976931348623157e+308"),
            (-f64::MIN_POSITIVE, "-2.2250738585072014e-308"),
        ] {
            assert_eq!(printed(value), text);
        }
    }

    proptest! {
        #[test]
        fn integers_round_trip(n: i64, m: u64) {
            prop_assert_eq!(parse_i64(IntText::new().i64(n)), Some(n));
            prop_assert_eq!(parse_u64(IntText::new().u64(m)), Some(m));
            prop_assert_eq!(digits_i64(n), IntText::new().i64(n).len());
            prop_assert_eq!(digits_u64(m), IntText::new().u64(m).len());
        }

        #[test]
        fn what_parses_is_canonical(text in "[-+]?[0-9]{0,20}") {
            if let Some(n) = parse_i64(text.as_bytes()) {
                let mut buffer = IntText::new();
                prop_assert_eq!(buffer.i64(n), text.as_bytes());
            } else {
                let canonical = text.parse::<i64>().is_ok_and(|n| alloc::format!("{n}") == text);
                prop_assert!(!canonical);
            }
        }

        #[test]
        fn doubles_round_trip(bits: u64, exponent in -30_i32..30, mantissa in -1_000_000_i64..1_000_000) {
            for value in [f64::from_bits(bits), mantissa as f64 * 10_f64.powi(exponent)] {
                if !value.is_nan() {
                    prop_assert_eq!(parse_float(printed(value).as_bytes()), Some(value));
                }
            }
        }
    }
}

//! The 80-bit floats that INCRBYFLOAT and HINCRBYFLOAT compute with.
//!
//! *Owns*: [`LongDouble`]: reading (correctly rounded), adding and printing, to the bit what x87 hardware and a
//! correct C library do; and [`HexFloat`], hexadecimal notation for both float widths.
//! *Does not own*: the commands' error replies, ordinary doubles (`number`).
//! *Invariants*: finite values are normal (top bit of the mantissa set) or have the least exponent; reading never
//! takes more than [`TEXT_MAX`] bytes, so the work for any text is bounded.
//!
//! Redis adds in `long double` and prints 17 decimals, so 0.1 + 0.2 is 0.3 there. A double cannot imitate that.

use super::number::{is_infinity, push_u64, split_sign};
use alloc::vec::Vec;
use core::cmp::Ordering;

/// Longer texts are not numbers to Redis.
pub const TEXT_MAX: usize = 5 * 1024 - 1;

/// Exponent of the last mantissa bit: of the smallest numbers, and of the largest.
const EXP_MIN: i32 = -16445;
const EXP_MAX: i32 = 16320;
const TOP: u64 = 1 << 63;
const DECIMALS: u32 = 17;

/// An x87 extended number: finite, or an infinity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LongDouble {
    negative: bool,
    /// Zero only for zero. The value is `mantissa * 2^exponent`.
    mantissa: u64,
    /// Above `EXP_MAX`: infinity.
    exponent: i32,
}

impl LongDouble {
    /// Reads what Redis's `strtold` wrapper takes: see `number::parse_float`, and at most [`TEXT_MAX`] bytes.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        if text.len() > TEXT_MAX {
            return None;
        }
        let (negative, unsigned) = split_sign(text);
        if is_infinity(unsigned) {
            return Some(Self::infinity(negative));
        }
        let (magnitude, zero) = if let [b'0', b'x' | b'X', ..] = unsigned {
            let hex = HexFloat::parse(unsigned)?;
            (hex.to_long_double(), hex.is_zero())
        } else {
            let decimal = Decimal::parse(unsigned)?;
            (decimal.to_long_double(), decimal.digits.is_empty())
        };
        let in_range = magnitude.is_finite() && (zero || magnitude.mantissa != 0);
        in_range.then_some(Self { negative, ..magnitude })
    }

    /// The same value; `None` for NaN.
    #[must_use]
    pub fn from_f64(value: f64) -> Option<Self> {
        if value.is_nan() {
            return None;
        }
        let negative = value.is_sign_negative();
        if value.is_infinite() {
            return Some(Self::infinity(negative));
        }
        let bits = value.to_bits();
        let fraction = bits & ((1 << 52) - 1);
        let magnitude = match (bits >> 52 & 0x7ff) as i32 {
            0 => round(u128::from(fraction), false, -1074),
            biased => round(u128::from(fraction | 1 << 52), false, biased - 1075),
        };
        Some(Self { negative, ..magnitude })
    }

    /// Whether this is no infinity.
    #[must_use]
    pub fn is_finite(self) -> bool {
        self.exponent <= EXP_MAX
    }

    /// The sum, rounded to even; `None` when it is infinite or not a number.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        if !self.is_finite() || !other.is_finite() {
            return None;
        }
        let (big, small) = if (self.exponent, self.mantissa) >= (other.exponent, other.mantissa) {
            (self, other)
        } else {
            (other, self)
        };
        // One bit of headroom for the carry, 63 below the mantissa for what is shifted out of the smaller one.
        let big_bits = u128::from(big.mantissa) << 63;
        let small_bits = u128::from(small.mantissa) << 63;
        let distance = (big.exponent - small.exponent) as u32;
        let (shifted, lost) = match distance {
            0..=126 => (small_bits >> distance, small_bits & ((1 << distance) - 1) != 0),
            _ => (0, small_bits != 0),
        };
        let sum = if big.negative == small.negative {
            big_bits + shifted
        } else {
            // What was lost makes the smaller one larger by less than one unit.
            big_bits - shifted - u128::from(lost)
        };
        let negative = if sum == 0 && !lost { big.negative && small.negative } else { big.negative };
        let result = Self { negative, ..round(sum, lost, big.exponent - 63) };
        result.is_finite().then_some(result)
    }

    /// Appends the value with 17 decimals, less the zeros at their end: the form that is stored and replied.
    pub fn push_text(self, out: &mut Vec<u8>) {
        if !self.is_finite() {
            out.extend_from_slice(if self.negative { b"-inf" } else { b"inf" });
            return;
        }
        let start = out.len();
        if self.negative {
            out.push(b'-');
        }
        if self.exponent >= 0 {
            if self.exponent == 0 {
                push_u64(out, self.mantissa)
            } else {
                self.push_large(out)
            }
            return;
        }
        let scale = 10_u128.pow(DECIMALS);
        let scaled = shift_right_even(u128::from(self.mantissa) * scale, false, self.exponent.unsigned_abs());
        if scaled == 0 {
            out.truncate(start);
            out.push(b'0');
            return;
        }
        push_u64(out, (scaled / scale) as u64);
        let mut fraction = (scaled % scale) as u64;
        if fraction != 0 {
            let mut digits = [b'0'; DECIMALS as usize];
            for digit in digits.iter_mut().rev() {
                *digit += (fraction % 10) as u8;
                fraction /= 10;
            }
            let used = digits.iter().rposition(|&b| b != b'0').map_or(0, |last| last + 1);
            out.push(b'.');
            out.extend_from_slice(&digits[..used]);
        }
    }

    /// Prints an integer above 64 bits, nine digits at a time.
    fn push_large(self, out: &mut Vec<u8>) {
        const BILLION: u64 = 1_000_000_000;
        let mut number = Big::from_u64(self.mantissa);
        number.shift_left(self.exponent.unsigned_abs());
        let mut halves: Vec<u32> =
            number.0.iter().flat_map(|&limb| [limb as u32, (limb >> 32) as u32]).collect();
        let mut groups = Vec::new();
        while let Some(&last) = halves.last() {
            if last == 0 {
                halves.pop();
                continue;
            }
            let mut rest = 0;
            for half in halves.iter_mut().rev() {
                let part = rest << 32 | u64::from(*half);
                *half = (part / BILLION) as u32;
                rest = part % BILLION;
            }
            groups.push(rest);
        }
        push_u64(out, groups.pop().unwrap_or(0));
        for group in groups.into_iter().rev() {
            // The billion in front keeps the group's leading zeros; its own digit is dropped.
            let mut text = super::number::IntText::new();
            out.extend_from_slice(&text.u64(group + BILLION)[1..]);
        }
    }

    fn infinity(negative: bool) -> Self {
        Self { negative, mantissa: TOP, exponent: EXP_MAX + 1 }
    }
}

/// `bits >> shift` rounded to nearest, halves to even; `sticky` stands for a little more below the last bit.
fn shift_right_even(bits: u128, sticky: bool, shift: u32) -> u128 {
    match shift {
        0 => bits,
        1..=127 => {
            let quotient = bits >> shift;
            let rest = bits & ((1 << shift) - 1);
            let half = 1_u128 << (shift - 1);
            let up = match rest.cmp(&half) {
                Ordering::Greater => true,
                Ordering::Equal => sticky || quotient & 1 == 1,
                Ordering::Less => false,
            };
            quotient + u128::from(up)
        }
        128 => u128::from(bits > 1 << 127 || (bits == 1 << 127 && sticky)),
        _ => 0,
    }
}

/// The nearest number to `bits * 2^exponent`. With `sticky`, `bits` must have more than 64 bits.
fn round(bits: u128, sticky: bool, exponent: i32) -> LongDouble {
    let used = 128 - bits.leading_zeros() as i32;
    if used == 0 {
        return LongDouble { negative: false, mantissa: 0, exponent: EXP_MIN };
    }
    let mut last = (exponent + used - 64).max(EXP_MIN);
    let shift = last - exponent;
    let mut mantissa = match u32::try_from(shift) {
        Ok(right) => shift_right_even(bits, sticky, right),
        Err(_) => bits << shift.unsigned_abs(),
    };
    if mantissa >> 64 != 0 {
        mantissa >>= 1;
        last += 1;
    }
    if last > EXP_MAX {
        return LongDouble::infinity(false);
    }
    LongDouble { negative: false, mantissa: mantissa as u64, exponent: last }
}

/// Decimal notation taken apart: the value is `digits * 10^exponent`, with no zero at either end of the digits.
struct Decimal {
    digits: Vec<u8>,
    exponent: i64,
}

impl Decimal {
    fn parse(unsigned: &[u8]) -> Option<Self> {
        let mut digits = Vec::new();
        let mut seen = 0;
        let mut point = None;
        let mut rest = unsigned;
        while let [b, tail @ ..] = rest {
            match b {
                b'0'..=b'9' => {
                    seen += 1;
                    if *b != b'0' || !digits.is_empty() {
                        digits.push(b - b'0');
                    }
                }
                b'.' if point.is_none() => point = Some(seen),
                _ => break,
            }
            rest = tail;
        }
        if seen == 0 {
            return None;
        }
        let written = parse_exponent(rest, b'e')?;
        let decimals = seen - point.unwrap_or(seen);
        let significant = digits.iter().rposition(|&d| d != 0).map_or(0, |last| last + 1);
        let trailing_zeros = (digits.len() - significant) as i64;
        digits.truncate(significant);
        Some(Self { digits, exponent: written - decimals + trailing_zeros })
    }

    fn to_long_double(&self) -> LongDouble {
        // Where the first digit stands decides the range long before the rest matters.
        let point = self.digits.len() as i64 + self.exponent;
        if self.digits.is_empty() || point < -4960 {
            return round(0, false, 0);
        }
        if point > 4940 {
            return LongDouble::infinity(false);
        }
        let exponent = self.exponent as i32;
        if self.digits.len() <= 19 && exponent.unsigned_abs() <= 27 {
            return self.small_to_long_double(exponent);
        }
        let mut number = Big::from_digits(&self.digits);
        if exponent >= 0 {
            number.multiply_by_power_of_five(exponent.unsigned_abs());
            let (bits, sticky, shift) = number.top();
            return round(bits, sticky, exponent + shift);
        }
        let mut divisor = Big::from_u64(1);
        divisor.multiply_by_power_of_five(exponent.unsigned_abs());
        let (bits, sticky, shift) = number.divide(divisor);
        round(bits, sticky, exponent + shift)
    }

    /// The common case in 128 bits: few digits, and a power of five below 2^63.
    fn small_to_long_double(&self, exponent: i32) -> LongDouble {
        let number = self.digits.iter().fold(0, |n: u128, &d| n * 10 + u128::from(d));
        let power = 5_u128.pow(exponent.unsigned_abs());
        if exponent >= 0 {
            return round(number * power, false, exponent);
        }
        let shift = number.leading_zeros();
        let number = number << shift;
        round(number / power, number % power != 0, exponent - shift as i32)
    }
}

/// Reads an optional exponent (`mark` in either case, sign, digits) that must be the rest of the text; 0 when absent.
/// Saturates far outside of every range.
fn parse_exponent(text: &[u8], mark: u8) -> Option<i64> {
    const LIMIT: i64 = 1 << 50;
    let [first, rest @ ..] = text else { return Some(0) };
    let (negative, digits) = split_sign(rest);
    if !first.eq_ignore_ascii_case(&mark) || digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let magnitude = digits.iter().fold(0, |n: i64, b| (n * 10 + i64::from(b - b'0')).min(LIMIT));
    Some(if negative { -magnitude } else { magnitude })
}

/// An unsigned hexadecimal float: about `bits * 2^exponent`.
#[derive(Clone, Copy, Debug)]
pub struct HexFloat {
    bits: u128,
    /// Something below the last bit was not zero; `bits` has more than 64 bits then.
    sticky: bool,
    exponent: i64,
}

impl HexFloat {
    /// Reads `0x` digits with an optional point and an optional binary exponent.
    #[must_use]
    pub fn parse(unsigned: &[u8]) -> Option<Self> {
        let [b'0', b'x' | b'X', rest @ ..] = unsigned else { return None };
        let mut hex = Self { bits: 0, sticky: false, exponent: 0 };
        let (mut any, mut point) = (false, false);
        let mut rest = rest;
        while let [b, tail @ ..] = rest {
            if *b == b'.' && !point {
                point = true;
            } else if let Some(digit) = char::from(*b).to_digit(16) {
                any = true;
                hex.push(digit, point);
            } else {
                break;
            }
            rest = tail;
        }
        hex.exponent += parse_exponent(rest, b'p')?;
        any.then_some(hex)
    }

    fn push(&mut self, digit: u32, after_point: bool) {
        if self.bits >> 120 == 0 {
            self.bits = self.bits << 4 | u128::from(digit);
            self.exponent -= if after_point { 4 } else { 0 };
        } else {
            self.sticky |= digit != 0;
            self.exponent += if after_point { 0 } else { 4 };
        }
    }

    fn is_zero(self) -> bool {
        self.bits == 0
    }

    fn to_long_double(self) -> LongDouble {
        // Beyond these bounds the answer is infinity or zero whatever the bits.
        round(self.bits, self.sticky, self.exponent.clamp(-40_000, 40_000) as i32)
    }

    /// The nearest double; `None` when it is too large, or zero although this is not.
    #[must_use]
    pub fn to_f64(self) -> Option<f64> {
        let used = 128 - i64::from(self.bits.leading_zeros());
        if used == 0 {
            return Some(0.0);
        }
        let first = self.exponent + used - 1;
        if !(-1080..=1024).contains(&first) {
            return None;
        }
        let last = (first - 52).max(-1074);
        let mantissa = match u32::try_from(last - self.exponent) {
            Ok(right) => shift_right_even(self.bits, self.sticky, right),
            Err(_) => self.bits << (self.exponent - last),
        } as u64;
        // The layout of doubles lets a carry out of the mantissa run into the exponent, up to infinity.
        let value = f64::from_bits(if first < -1022 {
            mantissa
        } else {
            (((first + 1022) as u64) << 52).checked_add(mantissa)?
        });
        (value.is_finite() && value != 0.0).then_some(value)
    }
}

/// A natural number, least significant limb first, no zero limbs at the end.
struct Big(Vec<u64>);

impl Big {
    fn from_u64(n: u64) -> Self {
        Self(if n == 0 { Vec::new() } else { alloc::vec![n] })
    }

    /// From decimal digits, 19 at a time.
    fn from_digits(digits: &[u8]) -> Self {
        let mut number = Self(Vec::new());
        for chunk in digits.chunks(19) {
            let value = chunk.iter().fold(0, |n: u64, &d| n * 10 + u64::from(d));
            number.multiply_add(10_u64.pow(chunk.len() as u32), value);
        }
        number
    }

    fn multiply_add(&mut self, factor: u64, add: u64) {
        let mut carry = add;
        for limb in &mut self.0 {
            let product = u128::from(*limb) * u128::from(factor) + u128::from(carry);
            *limb = product as u64;
            carry = (product >> 64) as u64;
        }
        if carry != 0 {
            self.0.push(carry);
        }
    }

    fn multiply_by_power_of_five(&mut self, power: u32) {
        for _ in 0..power / 27 {
            self.multiply_add(5_u64.pow(27), 0);
        }
        self.multiply_add(5_u64.pow(power % 27), 0);
    }

    fn bit_len(&self) -> u32 {
        self.0.last().map_or(0, |top| self.0.len() as u32 * 64 - top.leading_zeros())
    }

    fn shift_left(&mut self, bits: u32) {
        let small = bits % 64;
        if small != 0 {
            let mut carry = 0;
            for limb in &mut self.0 {
                let next = *limb >> (64 - small);
                *limb = *limb << small | carry;
                carry = next;
            }
            if carry != 0 {
                self.0.push(carry);
            }
        }
        let whole = (bits / 64) as usize;
        self.0.splice(0..0, core::iter::repeat_n(0, whole));
    }

    /// The top 65 to 128 bits, whether anything below them is set, and how many bits are below.
    fn top(&self) -> (u128, bool, i32) {
        let below = self.0.len().saturating_sub(2);
        let bits = self.0[below..].iter().rev().fold(0, |n: u128, &limb| n << 64 | u128::from(limb));
        (bits, self.0[..below].iter().any(|&limb| limb != 0), below as i32 * 64)
    }

    /// The first 66 or 67 bits of `self / divisor`, whether a rest remains, and the exponent of the last bit.
    fn divide(mut self, mut divisor: Self) -> (u128, bool, i32) {
        const STEPS: i32 = 66;
        let shift = self.bit_len() as i32 - divisor.bit_len() as i32;
        if shift < 0 {
            self.shift_left(shift.unsigned_abs())
        } else {
            divisor.shift_left(shift.unsigned_abs())
        }
        let mut quotient = 0;
        for step in 0..=STEPS {
            let fits = self.at_least(&divisor);
            quotient = quotient << 1 | u128::from(fits);
            if fits {
                self.subtract(&divisor);
            }
            if step < STEPS {
                self.shift_left(1);
            }
        }
        (quotient, !self.0.is_empty(), shift - STEPS)
    }

    fn at_least(&self, other: &Self) -> bool {
        self.0.len().cmp(&other.0.len()).then_with(|| self.0.iter().rev().cmp(other.0.iter().rev())).is_ge()
    }

    /// Takes `other`, which is not larger, away.
    fn subtract(&mut self, other: &Self) {
        let mut borrow = false;
        let others = other.0.iter().copied().chain(core::iter::repeat(0));
        for (limb, less) in self.0.iter_mut().zip(others) {
            let (a, first) = limb.overflowing_sub(less);
            let (b, second) = a.overflowing_sub(u64::from(borrow));
            *limb = b;
            borrow = first || second;
        }
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;
    use proptest::prelude::*;

    fn sum(a: &str, b: &str) -> Option<String> {
        let sum = LongDouble::parse(a.as_bytes())?.checked_add(LongDouble::parse(b.as_bytes())?)?;
        let mut out = Vec::new();
        sum.push_text(&mut out);
        Some(String::from_utf8(out).unwrap())
    }

    /// Answers of redis-server to SET and INCRBYFLOAT; more than 60,000 random pairs agreed besides.
    #[test]
    fn sums_as_redis_computes_them() {
        for (a, b, text) in [
            ("0.1", "0.2", "0.3"),
            ("10.5", "0.1", "10.6"),
            ("3.0e3", "200", "3200"),
            ("5.0e3", "-5.0e3", "0"),
            ("1", "-1e-18", "1"),
            ("0", "-1e-18", "0"),
            ("0", "-0", "0"),
            ("-0", "-0", "0"),
            ("0", "1e-400", "0"),
            ("0", "1e-4950", "0"),
            ("0", "0x1p-16445", "0"),
            ("0", "0x1.1p-16446", "0"),
            ("18446744073709551615", "1", "18446744073709551616"),
            ("18446744073709551617", "0", "18446744073709551616"),
            ("18446744073709551618", "1", "18446744073709551620"),
            ("36893488147419103233", "0", "36893488147419103232"),
            ("36893488147419103235", "0", "36893488147419103236"),
            ("0x1.fffffffffffff8p0", "0", "1.99999999999999989"),
            ("0x1.00000000000000008p0", "0", "1"),
            ("123456789012345678901234567890", "0.5", "123456789012345678899921813504"),
            ("1e20", "1e-20", "100000000000000000000"),
            ("9007199254740993", "0.1", "9007199254740993.099609375"),
            ("-1.5", "0.00000000000000001", "-1.49999999999999999"),
            ("0.000000000000000005", "0", "0"),
            ("0.000000000000000015", "0", "0.00000000000000002"),
            ("0.0000000000000000150000001", "0", "0.00000000000000002"),
            ("99999999999999999999.99999999999999999", "0.00000000000000001", "100000000000000000000"),
            ("1", "-0.99999999999999999999", "0"),
            ("0x1p63", "-0x1.fffffffffffffffep62", "0.5"),
            ("0x1p64", "-0x1.0000001p0", "18446744073709551615"),
            ("0x1p64", "-0x1p-1", "18446744073709551616"),
            ("0x1p64", "0x1p-1", "18446744073709551616"),
            ("0x1p65", "0x1p1", "36893488147419103232"),
            ("0x1p65", "0x1.8p2", "36893488147419103240"),
            ("3.14159265358979323846264338327950288", "-3.14159265358979323846264338327950288", "0"),
            ("0.5e-17", "0", "0"),
            ("-1e4931", "1e4931", "0"),
            ("1e27", "1e-27", "1000000000000000000000000000"),
            ("1.0000000000000000000000000001e27", "0", "1000000000000000000000000000"),
            ("12345678901234567890e-27", "0", "0.0000000123456789"),
            ("12345678901234567890e-28", "0", "0.00000000123456789"),
            ("123456789012345678901e-28", "0", "0.0000000123456789"),
            ("1.0000000000000000000000000000000000000000000000000000000000001", "0", "1"),
            ("18446744073709551616.5", "0", "18446744073709551616"),
            ("9223372036854775807.5", "0", "9223372036854775807.5"),
            ("9223372036854775808.5", "0", "9223372036854775808"),
            ("9223372036854775808.4444444444444444444444444444444444444444", "0", "9223372036854775808"),
            ("9223372036854775808.500000000000000000000000000000000000000001", "0", "9223372036854775809"),
            ("9223372036854775809.5", "0", "9223372036854775810"),
        ] {
            assert_eq!(sum(a, b).as_deref(), Some(text), "{a} + {b}");
        }
    }

    #[test]
    fn refused() {
        for bad in [
            "1e5000",
            "1e-5000",
            "1e-4951",
            "0x1p-16446",
            "0x1p16384",
            "nan",
            "0x1.ffffffffffffffffp16383",
            "1.18973149535723176512e4932",
            "1e",
            "e1",
            ".",
            "",
            "0x",
            "1 ",
            "+-1",
            "1e99999999999999999999",
            "1e-99999999999999999999",
            "inf",
        ] {
            assert_eq!(sum("0", bad), None, "{bad}");
        }
        assert!(!LongDouble::parse(b"-infinity").unwrap().is_finite());
        assert_eq!(sum("1.18973149535723176502e4932", "1e4931"), None);
    }

    #[test]
    fn length_is_bounded() {
        let longest = [&[b'0'; TEXT_MAX - 1][..], b"1"].concat();
        assert_eq!(LongDouble::parse(&longest), LongDouble::parse(b"1"));
        assert_eq!(LongDouble::parse(&[&longest[..], b"0"].concat()), None);
        // The most work there can be: every digit significant, the value near the smallest.
        let digits = b"9".repeat(TEXT_MAX - 7);
        for exponent in ["e-9000", "e-4950", "e-100", ""] {
            let text = [&digits[..], exponent.as_bytes()].concat();
            assert_eq!(
                LongDouble::parse(&text).is_some(),
                !exponent.is_empty() && exponent != "e-100",
                "{exponent}"
            );
        }
    }

    #[test]
    fn powers_of_two_in_full() {
        // Doubling decimal digits by hand is another road to the same text.
        let mut decimal = alloc::vec![1_u8];
        for power in 0..=16383_u32 {
            if power % 1489 == 3 || power == 16383 {
                let expected: String = decimal.iter().rev().map(|d| char::from(d + b'0')).collect();
                assert_eq!(sum("0", &alloc::format!("0x1p{power}")), Some(expected), "2^{power}");
            }
            let mut carry = 0;
            for digit in &mut decimal {
                let doubled = *digit * 2 + carry;
                (*digit, carry) = (doubled % 10, doubled / 10);
            }
            if carry != 0 {
                decimal.push(carry);
            }
        }
    }

    proptest! {
        #[test]
        fn doubles_pass_through(bits: u64) {
            let value = f64::from_bits(bits);
            if value.is_finite() {
                // Both roads into the type agree: exact conversion, and reading enough digits.
                let text = alloc::format!("{value:e}");
                prop_assert_eq!(text.parse::<f64>().unwrap(), value);
                let exact = LongDouble::from_f64(value).unwrap();
                let magnitude = alloc::format!("{:x}", value.abs().to_bits() & ((1 << 52) - 1) | 1 << 52);
                if value.is_normal() {
                    let exponent = (bits >> 52 & 0x7ff) as i32 - 1075;
                    let sign = if value < 0.0 { "-" } else { "" };
                    let hex = alloc::format!("{sign}0x{magnitude}p{exponent}");
                    prop_assert_eq!(LongDouble::parse(hex.as_bytes()), Some(exact));
                    prop_assert_eq!(super::super::number::parse_float(hex.as_bytes()), Some(value));
                }
            }
        }

        #[test]
        fn what_is_printed_reads_back(whole: u64, fraction in 0_u64..1_000_000) {
            let whole = whole >> 24;
            let text = alloc::format!("{whole}.{fraction:06}");
            let printed = sum(&text, "0").unwrap();
            prop_assert_eq!(sum(&printed, "0"), Some(printed.clone()));
        }

        #[test]
        fn addition_commutes(a in "-?[0-9]{1,30}(\\.[0-9]{1,30})?(e-?[0-9]{1,3})?", b in "-?[0-9]{1,30}(e-?[0-9]{1,2})?") {
            prop_assert_eq!(sum(&a, &b), sum(&b, &a));
        }
    }
}

//! The sparse form: runs of equal registers.
//!
//! *Owns*: the three codes, raising a register among them, counting, merging, describing.
//! *Does not own*: the header (positions here count it in where the whole string is edited), when the form changes.
//! *Invariants*: runs together cover exactly all registers, or the bytes are [`Corrupt`]; no code is trusted to.
//!
//! | code | means |
//! |---|---|
//! | `00nnnnnn` | n + 1 zeros |
//! | `01nnnnnn nnnnnnnn` | n + 1 zeros |
//! | `1vvvvvnn` | n + 1 registers of value v + 1 |
//!
//! Which of several ways to write the same registers is used depends on the order in which they were raised, and
//! replicas and files of Redis hold the very same bytes: so the rule by which neighbours are joined is Redis's own.

use super::estimate::Histogram;
use super::{Corrupt, HEADER, REGISTERS};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// The greatest value that fits a code.
const VALUE_MAX: u8 = 32;
/// The longest run of a value.
const VALUE_RUN_MAX: usize = 4;
/// The longest run of zeros in one byte.
const SHORT_ZEROS_MAX: usize = 64;
/// Codes that are looked at for neighbours to join, after an edit.
const JOIN_SCAN: usize = 5;

/// What came of raising a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// It was as high already.
    Nothing,
    /// It was raised.
    Done,
    /// The form has no room for it; nothing has changed.
    DoesNotFit,
}

/// Where to look for registers that come later than the one raised last.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor {
    /// The position of a code.
    at: usize,
    /// The first register of its run.
    first: usize,
}

impl Cursor {
    /// The first register.
    #[inline]
    pub(super) fn start() -> Self {
        Self { at: HEADER, first: 0 }
    }
}

/// A run of equal registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run {
    value: u8,
    len: usize,
    /// Bytes of its code.
    size: usize,
}

impl Run {
    /// The run whose code is at a position. A code that is cut short reads a zero.
    #[inline]
    fn read(bytes: &[u8], at: usize) -> Self {
        let code = bytes[at];
        if code & 0xc0 == 0x40 {
            let low = bytes.get(at + 1).copied().unwrap_or(0);
            let len = usize::from(code & 0x3f) << 8 | usize::from(low);
            return Self { value: 0, len: len + 1, size: 2 };
        }
        // Values and zeros alternate without a pattern: no branch.
        let (value, mask) = if code & 0x80 != 0 { ((code >> 2 & 0x1f) + 1, 0x03) } else { (0, 0x3f) };
        Self { value, len: usize::from(code & mask) + 1, size: 1 }
    }
}

/// The code of registers of a value above zero.
fn value_code(value: u8, len: usize) -> u8 {
    0x80 | (value - 1) << 2 | (len - 1) as u8
}

/// Appends the code of a run of zeros.
pub(super) fn push_zeros(out: &mut Vec<u8>, len: usize) {
    let mut codes = Codes::default();
    codes.push(0, len);
    out.extend_from_slice(codes.as_slice());
}

/// Up to five bytes of codes.
#[derive(Default)]
struct Codes {
    bytes: [u8; 5],
    len: usize,
}

impl Codes {
    /// Adds a run, if it is one.
    fn push(&mut self, value: u8, len: usize) {
        let n = len.wrapping_sub(1);
        match () {
            () if len == 0 => {}
            () if value > 0 => self.byte(value_code(value, len)),
            () if len <= SHORT_ZEROS_MAX => self.byte(n as u8),
            () => {
                self.byte(0x40 | (n >> 8) as u8);
                self.byte(n as u8);
            }
        }
    }

    fn byte(&mut self, byte: u8) {
        self.bytes[self.len] = byte;
        self.len += 1;
    }

    fn as_slice(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

/// Raises the register `index` to a value in a whole string. The search begins at the cursor, which is moved for a
/// search for a later register.
pub(super) fn raise(
    bytes: &mut Vec<u8>,
    cursor: &mut Cursor,
    index: usize,
    value: u8,
    sparse_max: usize,
) -> Result<Written, Corrupt> {
    if value > VALUE_MAX {
        return Ok(Written::DoesNotFit);
    }
    let mut found = find(bytes, *cursor, index)?;
    if found.steps < 2 && found.from.at != HEADER {
        // Too close to where the search began to know the two runs before.
        found = find(bytes, Cursor::start(), index)?;
    }
    let Found { at, first, run, before, .. } = found;
    // Joining may reach back to the run before, so that is where the next search must have a run before it.
    *cursor = found.before_that;
    if run.value >= value {
        return Ok(Written::Nothing);
    }
    if at + run.size > bytes.len() {
        return Err(Corrupt);
    }
    let mut codes = Codes::default();
    codes.push(run.value, index - first);
    codes.push(value, 1);
    codes.push(run.value, first + run.len - 1 - index);
    if codes.len > run.size && bytes.len() + codes.len - run.size > sparse_max {
        return Ok(Written::DoesNotFit);
    }
    replace(bytes, at, run.size, codes.as_slice());
    join(bytes, before.at);
    Ok(Written::Done)
}

/// Where a register is, and the two runs before.
struct Found {
    at: usize,
    first: usize,
    run: Run,
    before: Cursor,
    before_that: Cursor,
    /// Where the runs were first looked at one by one.
    from: Cursor,
    /// Runs that were passed since.
    steps: usize,
}

/// Looks for the run of a register.
#[inline]
fn find(bytes: &[u8], from: Cursor, index: usize) -> Result<Found, Corrupt> {
    let from = skip(bytes, from, index);
    let Cursor { mut at, mut first } = from;
    let (mut before, mut before_that) = (from, from);
    let mut steps = 0;
    while at < bytes.len() {
        let run = Run::read(bytes, at);
        if index < first + run.len {
            return Ok(Found { at, first, run, before, before_that, from, steps });
        }
        before_that = before;
        before = Cursor { at, first };
        at += run.size;
        first += run.len;
        steps += 1;
    }
    Err(Corrupt)
}

/// A place before the run of a register, with two runs in between unless it is `from`.
fn skip(bytes: &[u8], from: Cursor, index: usize) -> Cursor {
    let (mut last_but_one, mut last, mut here) = (from, from, from);
    while let Some(codes) = bytes.get(here.at..).filter(|codes| !codes.is_empty()) {
        let step = codes.first_chunk().and_then(eight_codes).map(|len| (8, len));
        let (size, len) = step.unwrap_or_else(|| {
            let run = Run::read(codes, 0);
            (run.size, run.len)
        });
        if index < here.first + len {
            break;
        }
        last_but_one = last;
        last = here;
        here = Cursor { at: here.at + size, first: here.first + len };
    }
    last_but_one
}

/// How many registers eight codes cover, if each is of one byte.
#[inline]
fn eight_codes(codes: &[u8; 8]) -> Option<usize> {
    const EACH: u64 = 0x0101_0101_0101_0101;
    let word = u64::from_le_bytes(*codes);
    let values = word >> 7 & EACH;
    if word >> 6 & EACH & !values != 0 {
        return None;
    }
    // Two bits of a value's code tell its length, six of a zero's.
    let len = word & ((0x3f * EACH) & !(values * 0x3c));
    let pairs = (len & 0x00ff_00ff_00ff_00ff) + (len >> 8 & 0x00ff_00ff_00ff_00ff);
    Some((pairs.wrapping_mul(0x0001_0001_0001_0001) >> 48) as usize + 8)
}

/// Puts a code in the place of another one.
fn replace(bytes: &mut Vec<u8>, at: usize, size: usize, with: &[u8]) {
    let end = bytes.len();
    if with.len() > size {
        bytes.resize(end + with.len() - size, 0);
    }
    bytes.copy_within(at + size..end, at + with.len());
    bytes.truncate(end + with.len() - size);
    bytes[at..at + with.len()].copy_from_slice(with);
}

/// Joins neighbours of one value, from a position on.
fn join(bytes: &mut Vec<u8>, mut at: usize) {
    for _ in 0..JOIN_SCAN {
        if at >= bytes.len() {
            return;
        }
        let run = Run::read(bytes, at);
        if run.value > 0 && at + 1 < bytes.len() {
            let next = Run::read(bytes, at + 1);
            if next.value == run.value && run.len + next.len <= VALUE_RUN_MAX {
                bytes[at + 1] = value_code(run.value, run.len + next.len);
                bytes.remove(at);
                continue;
            }
        }
        at += run.size;
    }
}

/// The runs in order.
fn runs(registers: &[u8]) -> impl Iterator<Item = Run> {
    let mut at = 0;
    core::iter::from_fn(move || {
        if at >= registers.len() {
            return None;
        }
        let run = Run::read(registers, at);
        at += run.size;
        Some(run)
    })
}

/// How often each value occurs.
pub(super) fn histogram(registers: &[u8]) -> Result<Histogram, Corrupt> {
    let mut histogram: Histogram = [0; 64];
    let mut covered = 0;
    for run in runs(registers) {
        covered += run.len;
        if covered > REGISTERS {
            return Err(Corrupt);
        }
        histogram[usize::from(run.value)] += run.len as u32;
    }
    if covered == REGISTERS { Ok(histogram) } else { Err(Corrupt) }
}

/// Raises registers of a byte each to these.
pub(super) fn merge(registers: &[u8], into: &mut [u8; REGISTERS]) -> Result<(), Corrupt> {
    let mut first = 0;
    for run in runs(registers) {
        let these = into.get_mut(first..first + run.len).ok_or(Corrupt)?;
        if run.value > 0 {
            these.iter_mut().for_each(|register| *register = run.value.max(*register));
        }
        first += run.len;
    }
    if first == REGISTERS { Ok(()) } else { Err(Corrupt) }
}

/// The codes as text.
pub(super) fn describe(registers: &[u8]) -> String {
    let texts = runs(registers).map(|run| match run {
        Run { value: 0, len, size: 1 } => format!("z:{len}"),
        Run { value: 0, len, .. } => format!("Z:{len}"),
        Run { value, len, .. } => format!("v:{value},{len}"),
    });
    texts.collect::<Vec<_>>().join(" ")
}

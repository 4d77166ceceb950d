//! What HSCAN, SSCAN and their like share. Source: the Redis documentation of SCAN.

use crate::base::glob::glob_match;
use crate::base::number::parse_u64;
use crate::engine::Ctx;
use crate::resp::{CommandError, Writer};

/// Elements that one call visits at most, whatever its COUNT.
const COUNT_MAX: usize = 100_000;

/// The cursor argument. As C reads unsigned numbers: nothing is zero, leading zeros and signs are fine, and a minus counts
/// from the end of all numbers.
pub(super) fn cursor(ctx: &Ctx<'_>, i: usize) -> Result<u64, CommandError> {
    let (digits, negative) = match ctx.arg(i) {
        [] => return Ok(0),
        [b'-', digits @ ..] => (digits, true),
        [b'+', digits @ ..] | digits => (digits, false),
    };
    let significant = &digits[digits.iter().take_while(|digit| **digit == b'0').count()..];
    let magnitude = match (digits, significant) {
        ([], _) => None,
        (_, []) => Some(0),
        _ => parse_u64(significant),
    };
    let magnitude = magnitude.ok_or(CommandError::InvalidCursor)?;
    Ok(if negative { magnitude.wrapping_neg() } else { magnitude })
}

/// The options of a scan of one value.
pub(super) struct ScanOptions<'a> {
    pattern: Option<&'a [u8]>,
    /// About how many elements to visit.
    pub(super) count: usize,
}

impl<'a> ScanOptions<'a> {
    /// Parses `[MATCH pattern] [COUNT count]` from an argument on.
    pub(super) fn parse(ctx: &Ctx<'a>, from: usize) -> Result<Self, CommandError> {
        let mut options = Self { pattern: None, count: 10 };
        for at in (from..ctx.argc()).step_by(2) {
            match () {
                () if at + 1 >= ctx.argc() => return Err(CommandError::Syntax),
                () if ctx.arg_is(at, "COUNT") => {
                    let count = ctx.int(at + 1)?;
                    if count < 1 {
                        return Err(CommandError::Syntax);
                    }
                    options.count = usize::try_from(count).unwrap_or(COUNT_MAX).min(COUNT_MAX);
                }
                () if ctx.arg_is(at, "MATCH") => {
                    options.pattern = Some(ctx.arg(at + 1)).filter(|p| *p != b"*")
                }
                () => return Err(CommandError::Syntax),
            }
        }
        Ok(options)
    }

    /// Whether an element of this name is to be shown.
    pub(super) fn wants(&self, name: &[u8]) -> bool {
        self.pattern.is_none_or(|pattern| glob_match(pattern, name, false))
    }
}

/// The reply of a scan that found nothing because there is no key.
pub(super) fn reply_nothing(w: &mut Writer<'_>) {
    w.array(2);
    w.bulk(b"0");
    w.array(0);
}

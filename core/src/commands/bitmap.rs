//! Strings as bitmaps: single bits, counting, searching, combining. Source: the Redis documentation of each command.

use super::string::{len_max, string, string_mut};
use crate::base::number::parse_i64;
use crate::config::NotifyFlags;
use crate::containers::bits::{self, Combine};
use crate::engine::Ctx;
use crate::engine::row::{Acl, Begin, Find, Flags, Group, KeyFlags, KeySpec, Row};
use crate::keyspace::Ttl;
use crate::resp::{Args, CommandError, Writer};
use crate::value::{IntText, StringValue, Value};
use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

type Done = Result<(), CommandError>;

/// The position of a bit in an argument. With the width of a field, `#n` means the n-th field.
pub(super) fn bit_offset(ctx: &Ctx<'_>, i: usize, width: Option<u32>) -> Result<u64, CommandError> {
    let text = ctx.arg(i);
    let (text, width) = match (text, width) {
        ([b'#', rest @ ..], Some(width)) => (rest, i64::from(width)),
        (text, _) => (text, 1),
    };
    // Redis lets the product wrap.
    let at = parse_i64(text).ok_or(CommandError::BitOffset)?.wrapping_mul(width);
    let at = u64::try_from(at).map_err(|_| CommandError::BitOffset)?;
    if at / 8 < len_max(ctx) { Ok(at) } else { Err(CommandError::BitOffset) }
}

/// Bytes that a string needs to have a bit at this position.
pub(super) fn bytes_for(at: u64) -> usize {
    (at / 8 + 1) as usize
}

fn setbit(ctx: &mut Ctx<'_>) -> Done {
    let key = ctx.arg(1);
    let at = bit_offset(ctx, 2, None)?;
    let on = match parse_i64(ctx.arg(3)) {
        Some(0) => false,
        Some(1) => true,
        _ => return Err(CommandError::BitValue),
    };
    let len = bytes_for(at);
    let edited = ctx.srv.keyspace.update_if(ctx.db, key, |value| {
        let text = match string_mut(value) {
            Ok(text) => text,
            Err(error) => return (false, Err(error)),
        };
        let grows = text.len() < len;
        let old = bits::set_bit(text.grown_to(len), at, on);
        let changed = grows || old != on;
        (changed, Ok((old, changed)))
    });
    let (old, changed) = match edited {
        Some(done) => done?,
        None => {
            let mut bytes = vec![0; len];
            bits::set_bit(&mut bytes, at, on);
            ctx.srv.keyspace.set(ctx.db, key, Value::String(StringValue::raw(bytes)), Ttl::Clear);
            (false, true)
        }
    };
    if changed {
        ctx.notify(NotifyFlags::STRING, "setbit", key);
    }
    ctx.reply().int(i64::from(old));
    Ok(())
}

fn getbit(ctx: &mut Ctx<'_>) -> Done {
    let at = bit_offset(ctx, 2, None)?;
    let on = match ctx.srv.keyspace.lookup(ctx.db, ctx.arg(1)) {
        Some(value) => bits::bit(string(value)?.bytes(&mut IntText::new()), at),
        None => false,
    };
    ctx.reply().int(i64::from(on));
    Ok(())
}

/// An argument as a number; does not borrow the context.
fn number(args: &Args<'_>, i: usize) -> Result<i64, CommandError> {
    parse_i64(args.get(i)).ok_or(CommandError::NotInteger)
}

/// Whether an argument asks for positions in bits; else it asks for bytes.
fn in_bits(args: &Args<'_>, i: usize) -> Result<bool, CommandError> {
    let word = args.get(i);
    match () {
        () if word.eq_ignore_ascii_case(b"BIT") => Ok(true),
        () if word.eq_ignore_ascii_case(b"BYTE") => Ok(false),
        () => Err(CommandError::Syntax),
    }
}

/// The bits from `start` to `end`, both included, in bits or bytes; negative positions count from the end of the
/// `len` bytes.
fn bit_range(start: i64, end: i64, in_bits: bool, len: usize) -> Range<u64> {
    let (total, width) = if in_bits { (len as i64 * 8, 1) } else { (len as i64, 8) };
    let place = |at: i64| if at < 0 { at.saturating_add(total).max(0) } else { at };
    let (start, end) = (place(start), place(end).min(total - 1));
    if start > end { 0..0 } else { start as u64 * width..(end as u64 + 1) * width }
}

fn bitcount(ctx: &mut Ctx<'_>) -> Done {
    let args = ctx.args;
    let Some(value) = ctx.srv.keyspace.lookup(ctx.db, args.get(1)) else {
        ctx.reply().int(0);
        return Ok(());
    };
    let mut text = IntText::new();
    let bytes = string(value)?.bytes(&mut text);
    let count = match args.len() {
        2 => bits::count(bytes),
        4 | 5 => {
            let (start, end) = (number(&args, 2)?, number(&args, 3)?);
            // Redis looks at the unit later than at this.
            if start < 0 && end < 0 && start > end {
                0
            } else {
                let in_bits = args.len() == 5 && in_bits(&args, 4)?;
                bits::count_range(bytes, bit_range(start, end, in_bits, bytes.len()))
            }
        }
        _ => return Err(CommandError::Syntax),
    };
    Writer::new(ctx.out, ctx.proto).int(count as i64);
    Ok(())
}

fn bitpos(ctx: &mut Ctx<'_>) -> Done {
    let args = ctx.args;
    let on = match number(&args, 2)? {
        0 => false,
        1 => true,
        _ => return Err(CommandError::BitArgument),
    };
    let Some(value) = ctx.srv.keyspace.lookup(ctx.db, args.get(1)) else {
        ctx.reply().int(if on { -1 } else { 0 });
        return Ok(());
    };
    let mut text = IntText::new();
    let bytes = string(value)?.bytes(&mut text);
    let (start, end, in_bits) = match args.len() {
        3 => (0, -1, false),
        4 => (number(&args, 3)?, -1, false),
        5 => (number(&args, 3)?, number(&args, 4)?, false),
        6 => {
            let start = number(&args, 3)?;
            let in_bits = in_bits(&args, 5)?;
            (start, number(&args, 4)?, in_bits)
        }
        _ => return Err(CommandError::Syntax),
    };
    let range = bit_range(start, end, in_bits, bytes.len());
    let found = match bits::find(bytes, on, range.clone()) {
        Some(at) => at as i64,
        // Without an end, the string counts as followed by zeros.
        None if !on && !range.is_empty() && args.len() < 5 => bytes.len() as i64 * 8,
        None => -1,
    };
    Writer::new(ctx.out, ctx.proto).int(found);
    Ok(())
}

fn bitop(ctx: &mut Ctx<'_>) -> Done {
    let how = match () {
        () if ctx.arg_is(1, "AND") => Some(Combine::And),
        () if ctx.arg_is(1, "OR") => Some(Combine::Or),
        () if ctx.arg_is(1, "XOR") => Some(Combine::Xor),
        () if ctx.arg_is(1, "NOT") => None,
        () => return Err(CommandError::Syntax),
    };
    if how.is_none() && ctx.argc() != 4 {
        return Err(CommandError::BitopNot);
    }
    let (target, sources) = (ctx.arg(2), ctx.args.skip(3));
    // Sources are only read, and count as such.
    ctx.srv.keyspace.set_counting(true);
    let mut result = Vec::new();
    for (n, key) in sources.iter().enumerate() {
        let mut text = IntText::new();
        let bytes = match ctx.srv.keyspace.lookup(ctx.db, key) {
            Some(value) => string(value)?.bytes(&mut text),
            None => &[],
        };
        match how {
            Some(how) if n > 0 => bits::combine(&mut result, bytes, how),
            Some(_) | None => result.extend_from_slice(bytes),
        }
    }
    if how.is_none() {
        bits::invert(&mut result);
    }
    let len = result.len();
    if len > 0 {
        let value = Value::String(StringValue::raw(result));
        ctx.srv.keyspace.set(ctx.db, target, value, Ttl::Clear);
        ctx.notify(NotifyFlags::STRING, "set", target);
    } else if ctx.srv.keyspace.delete(ctx.db, target) {
        ctx.notify(NotifyFlags::GENERIC, "del", target);
    }
    ctx.reply().int(len as i64);
    Ok(())
}

/// The key in the first argument.
const fn key_at(i: i16, last: i16, flags: KeyFlags) -> KeySpec {
    KeySpec { begin: Begin::Index(i), find: Find::Range(last, 1, 0), flags }
}

pub(super) const ROWS: &[Row] = &[
    Row::new(
        "bitcount",
        bitcount,
        -2,
        Flags::READONLY,
        Acl::BITMAP.or(Acl::READ).or(Acl::SLOW),
        Group::Bitmap,
    )
    .keyed((1, 1, 1), &[key_at(1, 0, KeyFlags::RO.or(KeyFlags::ACCESS))])
    .since("2.6.0")
    .doc(
        "Counts the set bits in a string or in a part of it.",
        "O(n) in the length of the part",
        "key [start end [BYTE|BIT]]",
    ),
    Row::new(
        "bitop",
        bitop,
        -4,
        Flags::WRITE.or(Flags::DENYOOM),
        Acl::BITMAP.or(Acl::SLOW).or(Acl::WRITE),
        Group::Bitmap,
    )
    .keyed(
        (2, -1, 1),
        &[key_at(2, 0, KeyFlags::OW.or(KeyFlags::UPDATE)), key_at(3, -1, KeyFlags::RO.or(KeyFlags::ACCESS))],
    )
    .since("2.6.0")
    .doc(
        "Combines the bits of several strings and stores the result.",
        "O(n) in the length of all strings",
        "(AND|OR|XOR|NOT) destkey key...",
    ),
    Row::new("bitpos", bitpos, -3, Flags::READONLY, Acl::BITMAP.or(Acl::READ).or(Acl::SLOW), Group::Bitmap)
        .keyed((1, 1, 1), &[key_at(1, 0, KeyFlags::RO.or(KeyFlags::ACCESS))])
        .since("2.8.7")
        .doc(
            "Finds the first bit that is set, or clear, in a string or in a part of it.",
            "O(n) in the length of the part",
            "key bit [start [end [BYTE|BIT]]]",
        ),
    Row::new(
        "getbit",
        getbit,
        3,
        Flags::READONLY.or(Flags::FAST),
        Acl::BITMAP.or(Acl::FAST).or(Acl::READ),
        Group::Bitmap,
    )
    .keyed((1, 1, 1), &[key_at(1, 0, KeyFlags::RO.or(KeyFlags::ACCESS))])
    .since("2.2.0")
    .doc("Reads one bit of a string.", "O(1)", "key offset"),
    Row::new(
        "setbit",
        setbit,
        4,
        Flags::WRITE.or(Flags::DENYOOM),
        Acl::BITMAP.or(Acl::SLOW).or(Acl::WRITE),
        Group::Bitmap,
    )
    .keyed((1, 1, 1), &[key_at(1, 0, KeyFlags::RW.or(KeyFlags::ACCESS).or(KeyFlags::UPDATE))])
    .since("2.2.0")
    .doc(
        "Sets or clears one bit of a string, which grows with zero bytes when it is too short.",
        "O(1)",
        "key offset value",
    ),
];

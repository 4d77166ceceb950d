//! Numbers kept in strings: INCR and its relatives. Source: the Redis documentation of each command.

use super::string::{string, string_mut};
use crate::base::longdouble::LongDouble;
use crate::base::number::parse_i64;
use crate::config::NotifyFlags;
use crate::engine::Ctx;
use crate::engine::row::{Acl, Begin, Find, Flags, Group, KeyFlags, KeySpec, Row};
use crate::keyspace::Ttl;
use crate::resp::CommandError;
use crate::value::{IntText, StringValue, Value};
use alloc::vec::Vec;

type Done = Result<(), CommandError>;

fn incr(ctx: &mut Ctx<'_>) -> Done {
    add(ctx, 1)
}

fn decr(ctx: &mut Ctx<'_>) -> Done {
    add(ctx, -1)
}

fn incrby(ctx: &mut Ctx<'_>) -> Done {
    let amount = ctx.int(2)?;
    add(ctx, amount)
}

fn decrby(ctx: &mut Ctx<'_>) -> Done {
    let amount = ctx.int(2)?;
    let negated = amount.checked_neg().ok_or(CommandError::DecrementOverflow)?;
    add(ctx, negated)
}

fn add(ctx: &mut Ctx<'_>, amount: i64) -> Done {
    let key = ctx.arg(1);
    let old = match ctx.srv.keyspace.lookup(ctx.db, key) {
        Some(value) => integer(string(value)?)?,
        None => 0,
    };
    let sum = old.checked_add(amount).ok_or(CommandError::Overflow)?;
    let stored =
        ctx.srv.keyspace.update(ctx.db, key, |v| string_mut(v).map(|s| *s = StringValue::from_int(sum)));
    if stored.transpose()?.is_none() {
        let value = Value::String(StringValue::from_int(sum));
        ctx.srv.keyspace.set(ctx.db, key, value, Ttl::Clear);
    }
    ctx.notify(NotifyFlags::STRING, "incrby", key);
    ctx.reply().int(sum);
    Ok(())
}

fn integer(value: &StringValue) -> Result<i64, CommandError> {
    let text = &mut IntText::new();
    value.as_int().or_else(|| parse_i64(value.bytes(text))).ok_or(CommandError::NotInteger)
}

fn incrbyfloat(ctx: &mut Ctx<'_>) -> Done {
    let key = ctx.arg(1);
    let old = match ctx.srv.keyspace.lookup(ctx.db, key) {
        Some(value) => {
            let mut text = IntText::new();
            LongDouble::parse(string(value)?.bytes(&mut text)).ok_or(CommandError::NotFloat)?
        }
        None => LongDouble::from_f64(0.0).ok_or(CommandError::NotFloat)?,
    };
    let amount = LongDouble::parse(ctx.arg(2)).ok_or(CommandError::NotFloat)?;
    let sum = old.checked_add(amount).filter(|sum| sum.is_finite()).ok_or(CommandError::IncrementNaN)?;
    let mut text = Vec::new();
    sum.push_text(&mut text);
    let value = Value::String(StringValue::plain(&text));
    ctx.srv.keyspace.set(ctx.db, key, value, Ttl::Keep);
    ctx.propagate(&[b"SET", key, &text, b"KEEPTTL"]);
    ctx.notify(NotifyFlags::STRING, "incrbyfloat", key);
    ctx.reply().bulk(&text);
    Ok(())
}

pub(super) const ROWS: &[Row] = &[
    Row::new(
        "decr",
        decr,
        2,
        Flags::WRITE.or(Flags::DENYOOM).or(Flags::FAST),
        Acl::FAST.or(Acl::STRING).or(Acl::WRITE),
        Group::String,
    )
    .keyed(
        (1, 1, 1),
        &[KeySpec {
            begin: Begin::Index(1),
            find: Find::Range(0, 1, 0),
            flags: KeyFlags::RW.or(KeyFlags::ACCESS).or(KeyFlags::UPDATE),
        }],
    )
    .since("1.0.0")
    .doc("Lowers the integer in a key by one; a missing key counts as 0.", "O(1)", "key"),
    Row::new(
        "decrby",
        decrby,
        3,
        Flags::WRITE.or(Flags::DENYOOM).or(Flags::FAST),
        Acl::FAST.or(Acl::STRING).or(Acl::WRITE),
        Group::String,
    )
    .keyed(
        (1, 1, 1),
        &[KeySpec {
            begin: Begin::Index(1),
            find: Find::Range(0, 1, 0),
            flags: KeyFlags::RW.or(KeyFlags::ACCESS).or(KeyFlags::UPDATE),
        }],
    )
    .since("1.0.0")
    .doc("Lowers the integer in a key by an amount; a missing key counts as 0.", "O(1)", "key decrement"),
    Row::new(
        "incr",
        incr,
        2,
        Flags::WRITE.or(Flags::DENYOOM).or(Flags::FAST),
        Acl::FAST.or(Acl::STRING).or(Acl::WRITE),
        Group::String,
    )
    .keyed(
        (1, 1, 1),
        &[KeySpec {
            begin: Begin::Index(1),
            find: Find::Range(0, 1, 0),
            flags: KeyFlags::RW.or(KeyFlags::ACCESS).or(KeyFlags::UPDATE),
        }],
    )
    .since("1.0.0")
    .doc("Raises the integer in a key by one; a missing key counts as 0.", "O(1)", "key"),
    Row::new(
        "incrby",
        incrby,
        3,
        Flags::WRITE.or(Flags::DENYOOM).or(Flags::FAST),
        Acl::FAST.or(Acl::STRING).or(Acl::WRITE),
        Group::String,
    )
    .keyed(
        (1, 1, 1),
        &[KeySpec {
            begin: Begin::Index(1),
            find: Find::Range(0, 1, 0),
            flags: KeyFlags::RW.or(KeyFlags::ACCESS).or(KeyFlags::UPDATE),
        }],
    )
    .since("1.0.0")
    .doc("Raises the integer in a key by an amount; a missing key counts as 0.", "O(1)", "key increment"),
    Row::new(
        "incrbyfloat",
        incrbyfloat,
        3,
        Flags::WRITE.or(Flags::DENYOOM).or(Flags::FAST),
        Acl::FAST.or(Acl::STRING).or(Acl::WRITE),
        Group::String,
    )
    .keyed(
        (1, 1, 1),
        &[KeySpec {
            begin: Begin::Index(1),
            find: Find::Range(0, 1, 0),
            flags: KeyFlags::RW.or(KeyFlags::ACCESS).or(KeyFlags::UPDATE),
        }],
    )
    .since("2.6.0")
    .doc(
        "Raises the number in a key by an amount that may have a fraction; a missing key counts as 0.",
        "O(1)",
        "key increment",
    ),
];

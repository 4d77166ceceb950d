//! Hashes: setting, counting and removing fields. Source: the Redis documentation of each command.

use crate::base::longdouble::LongDouble;
use crate::base::mutant::Mutant;
use crate::base::number::{IntText, parse_i64};
use crate::config::NotifyFlags;
use crate::containers::dict::HashKey;
use crate::engine::Ctx;
use crate::engine::row::{Acl, Begin, Find, Flags, Group, KeyFlags, KeySpec, Row};
use crate::keyspace::{Edited, Ttl};
use crate::resp::CommandError;
use crate::value::{FieldValue, HashLimits, HashValue, Item, Value};
use alloc::vec::Vec;

type Done = Result<(), CommandError>;

/// Changes the hash in a key, which is created when it is missing. `edit` answers how many changes it made and what the
/// command wants to know; after an error, or without changes, a missing key is not created.
fn edit<R>(
    ctx: &mut Ctx<'_>,
    key: &[u8],
    edit: impl Fn(&mut HashValue, HashLimits, &HashKey) -> Result<(u64, R), CommandError>,
) -> Result<R, CommandError> {
    let (limits, secret) = (ctx.srv.hash_limits(), ctx.srv.keyspace.hash_key().clone());
    let edited = ctx.srv.keyspace.edit_elements(ctx.db, key, |value| {
        let Some(hash) = value.as_hash_mut() else { return (Edited::Nothing, Err(CommandError::WrongType)) };
        match edit(hash, limits, &secret) {
            Ok((0, result)) => (Edited::Nothing, Ok(result)),
            Ok((changes, result)) => (Edited::Changed(changes), Ok(result)),
            Err(error) => (Edited::Nothing, Err(error)),
        }
    });
    if let Some(result) = edited {
        return result;
    }
    let mut hash = HashValue::new();
    let (changes, result) = edit(&mut hash, limits, &secret)?;
    if changes > 0 {
        ctx.srv.keyspace.set(ctx.db, key, Value::Hash(hash), Ttl::Clear);
        ctx.srv.keyspace.add_dirty(changes - 1);
    }
    Ok(result)
}

/// Sets the fields among the arguments; answers how many are new.
fn set_fields(ctx: &mut Ctx<'_>, name: &'static str) -> Result<i64, CommandError> {
    if !ctx.argc().is_multiple_of(2) {
        return Err(CommandError::WrongArgs(name));
    }
    let (key, args) = (ctx.arg(1), ctx.args);
    let pairs = (args.len() - 2) / 2;
    let created = edit(ctx, key, |hash, limits, secret| {
        hash.prepare((2..args.len()).map(|i| args.get(i)), pairs, limits, secret);
        let mut created = 0;
        for i in (2..args.len()).step_by(2) {
            let new = match args.big(i + 1) {
                Some(value) if value.len() > limits.bytes => {
                    hash.set_shared(args.get(i), value.clone(), secret)
                }
                _ => hash.set(args.get(i), args.get(i + 1), limits, secret),
            };
            created += i64::from(new);
        }
        Ok((pairs as u64, created))
    })?;
    ctx.notify(NotifyFlags::HASH, "hset", key);
    Ok(created)
}

fn hset(ctx: &mut Ctx<'_>) -> Done {
    let created = set_fields(ctx, "hset")?;
    ctx.reply().int(created);
    Ok(())
}

fn hmset(ctx: &mut Ctx<'_>) -> Done {
    set_fields(ctx, "hmset")?;
    ctx.reply().ok();
    Ok(())
}

fn hsetnx(ctx: &mut Ctx<'_>) -> Done {
    let (key, field, value) = (ctx.arg(1), ctx.arg(2), ctx.arg(3));
    let broken = ctx.srv.knobs.broken(Mutant::HsetnxOverwrites);
    let set = edit(ctx, key, |hash, limits, secret| {
        if hash.get(field).is_some() && !broken {
            return Ok((0, false));
        }
        hash.prepare([field, value].into_iter(), 1, limits, secret);
        hash.set(field, value, limits, secret);
        Ok((1, true))
    })?;
    if set {
        ctx.notify(NotifyFlags::HASH, "hset", key);
    }
    ctx.reply().int(i64::from(set));
    Ok(())
}

fn hincrby(ctx: &mut Ctx<'_>) -> Done {
    let (key, field) = (ctx.arg(1), ctx.arg(2));
    let amount = ctx.int(3)?;
    let sum = edit(ctx, key, |hash, limits, secret| {
        let old = match hash.get(field) {
            None => 0,
            Some(FieldValue::Item(Item::Int(n))) => n,
            Some(value) => parse_i64(value.text(&mut IntText::new())).ok_or(CommandError::HashNotInteger)?,
        };
        let sum = old.checked_add(amount).ok_or(CommandError::Overflow)?;
        hash.set(field, IntText::new().i64(sum), limits, secret);
        Ok((1, sum))
    })?;
    ctx.notify(NotifyFlags::HASH, "hincrby", key);
    ctx.reply().int(sum);
    Ok(())
}

fn hincrbyfloat(ctx: &mut Ctx<'_>) -> Done {
    let (key, field) = (ctx.arg(1), ctx.arg(2));
    let amount = LongDouble::parse(ctx.arg(3)).ok_or(CommandError::NotFloat)?;
    if !amount.is_finite() {
        return Err(CommandError::NaNOrInfinity);
    }
    let text = edit(ctx, key, |hash, limits, secret| {
        let old = match hash.get(field) {
            None => LongDouble::from_f64(0.0),
            Some(value) => LongDouble::parse(value.text(&mut IntText::new())),
        };
        let old = old.ok_or(CommandError::HashNotFloat)?;
        let sum = old.checked_add(amount).filter(|sum| sum.is_finite()).ok_or(CommandError::IncrementNaN)?;
        let mut text = Vec::new();
        sum.push_text(&mut text);
        hash.set(field, &text, limits, secret);
        Ok((1, text))
    })?;
    if !ctx.srv.knobs.broken(Mutant::HincrbyfloatSentAsIs) {
        ctx.propagate(&[b"HSET", key, field, &text]);
    }
    ctx.notify(NotifyFlags::HASH, "hincrbyfloat", key);
    ctx.reply().bulk(&text);
    Ok(())
}

fn hdel(ctx: &mut Ctx<'_>) -> Done {
    let (key, fields) = (ctx.arg(1), ctx.args.skip(2));
    let edited = ctx.srv.keyspace.edit_elements(ctx.db, key, |value| {
        let Some(hash) = value.as_hash_mut() else { return (Edited::Nothing, Err(CommandError::WrongType)) };
        let removed = hash.remove_many(fields.iter());
        match removed as u64 {
            0 => (Edited::Nothing, Ok((0, false))),
            removed if hash.is_empty() => (Edited::Emptied(removed), Ok((removed, true))),
            removed => (Edited::Changed(removed), Ok((removed, false))),
        }
    });
    let (removed, emptied) = edited.transpose()?.unwrap_or_default();
    if removed > 0 {
        ctx.notify(NotifyFlags::HASH, "hdel", key);
    }
    if emptied {
        ctx.notify(NotifyFlags::GENERIC, "del", key);
    }
    ctx.reply().int(removed as i64);
    Ok(())
}

pub(super) const ROWS: &[Row] = &[
    Row::new(
        "hdel",
        hdel,
        -3,
        Flags::WRITE.or(Flags::FAST),
        Acl::FAST.or(Acl::HASH).or(Acl::WRITE),
        Group::Hash,
    )
    .keyed(
        (1, 1, 1),
        &[KeySpec {
            begin: Begin::Index(1),
            find: Find::Range(0, 1, 0),
            flags: KeyFlags::RW.or(KeyFlags::DELETE),
        }],
    )
    .element(2)
    .since("2.0.0")
    .doc(
        "Removes fields from a hash, and the hash with its last one.",
        "O(n) in the number of fields named",
        "key field...",
    ),
    Row::new(
        "hincrby",
        hincrby,
        4,
        Flags::WRITE.or(Flags::DENYOOM).or(Flags::FAST),
        Acl::FAST.or(Acl::HASH).or(Acl::WRITE),
        Group::Hash,
    )
    .keyed(
        (1, 1, 1),
        &[KeySpec {
            begin: Begin::Index(1),
            find: Find::Range(0, 1, 0),
            flags: KeyFlags::RW.or(KeyFlags::ACCESS).or(KeyFlags::UPDATE),
        }],
    )
    .element(2)
    .since("2.0.0")
    .doc(
        "Raises the integer in a field by an amount; a missing field counts as 0.",
        "O(1)",
        "key field increment",
    ),
    Row::new(
        "hincrbyfloat",
        hincrbyfloat,
        4,
        Flags::WRITE.or(Flags::DENYOOM).or(Flags::FAST),
        Acl::FAST.or(Acl::HASH).or(Acl::WRITE),
        Group::Hash,
    )
    .keyed(
        (1, 1, 1),
        &[KeySpec {
            begin: Begin::Index(1),
            find: Find::Range(0, 1, 0),
            flags: KeyFlags::RW.or(KeyFlags::ACCESS).or(KeyFlags::UPDATE),
        }],
    )
    .element(2)
    .since("2.6.0")
    .doc(
        "Raises the number in a field by an amount that may have a fraction; a missing field counts as 0.",
        "O(1)",
        "key field increment",
    ),
    Row::new(
        "hmset",
        hmset,
        -4,
        Flags::WRITE.or(Flags::DENYOOM).or(Flags::FAST),
        Acl::FAST.or(Acl::HASH).or(Acl::WRITE),
        Group::Hash,
    )
    .keyed(
        (1, 1, 1),
        &[KeySpec {
            begin: Begin::Index(1),
            find: Find::Range(0, 1, 0),
            flags: KeyFlags::RW.or(KeyFlags::UPDATE),
        }],
    )
    .since("2.0.0")
    .deprecated("4.0.0", "HSET with multiple field-value pairs")
    .doc(
        "Gives several fields their values.",
        "O(n) in the number of fields named",
        "key (field value)...",
    ),
    Row::new(
        "hset",
        hset,
        -4,
        Flags::WRITE.or(Flags::DENYOOM).or(Flags::FAST),
        Acl::FAST.or(Acl::HASH).or(Acl::WRITE),
        Group::Hash,
    )
    .keyed(
        (1, 1, 1),
        &[KeySpec {
            begin: Begin::Index(1),
            find: Find::Range(0, 1, 0),
            flags: KeyFlags::RW.or(KeyFlags::UPDATE),
        }],
    )
    .element(2)
    .since("2.0.0")
    .doc(
        "Gives fields their values and counts the new ones.",
        "O(n) in the number of fields named",
        "key (field value)...",
    ),
    Row::new(
        "hsetnx",
        hsetnx,
        4,
        Flags::WRITE.or(Flags::DENYOOM).or(Flags::FAST),
        Acl::FAST.or(Acl::HASH).or(Acl::WRITE),
        Group::Hash,
    )
    .keyed(
        (1, 1, 1),
        &[KeySpec {
            begin: Begin::Index(1),
            find: Find::Range(0, 1, 0),
            flags: KeyFlags::RW.or(KeyFlags::INSERT),
        }],
    )
    .element(2)
    .since("2.0.0")
    .doc("Gives a field a value unless it has one.", "O(1)", "key field value"),
];

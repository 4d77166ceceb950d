//! Hashes: reading. Source: the Redis documentation of each command.

use super::scan::{ScanOptions, cursor, reply_nothing};
use crate::base::number::IntText;
use crate::engine::Ctx;
use crate::engine::row::{Acl, Begin, Find, Flags, Group, KeyFlags, KeySpec, Row};
use crate::resp::{Bulks, CommandError, Proto, Writer};
use crate::value::{FieldValue, HashValue, Item};

type Done = Result<(), CommandError>;

/// Writes a field.
#[inline]
pub(super) fn reply_item(w: &mut Writer<'_>, item: Item<'_>) {
    match item {
        Item::Text(text) => w.bulk(text),
        Item::Int(n) => w.bulk_int(n),
        Item::Padded(padded) => w.bulk(padded.write(IntText::new().room())),
    }
}

/// Writes one of many fields or members.
#[inline]
pub(super) fn reply_one(bulks: &mut Bulks<'_, '_>, item: Item<'_>) {
    match item {
        Item::Text(text) => bulks.bulk(text),
        Item::Int(n) => bulks.bulk_int(n),
        Item::Padded(padded) => bulks.bulk(padded.write(IntText::new().room())),
    }
}

/// Writes one of many values.
#[inline]
fn reply_one_value(bulks: &mut Bulks<'_, '_>, value: FieldValue<'_>) {
    match value {
        FieldValue::Item(item) => reply_one(bulks, item),
        FieldValue::Shared(bytes) => bulks.bulk_shared(bytes),
    }
}

/// Writes a value.
#[inline]
fn reply_value(w: &mut Writer<'_>, value: FieldValue<'_>) {
    match value {
        FieldValue::Item(item) => reply_item(w, item),
        FieldValue::Shared(bytes) => w.bulk_shared(bytes.clone()),
    }
}

/// The hash in a key for reading, with the reply's writer; `None` when the key is missing.
#[inline]
fn hash<'c>(ctx: &'c mut Ctx<'_>) -> Result<(Option<&'c HashValue>, Writer<'c>), CommandError> {
    let found = ctx.srv.keyspace.lookup(ctx.db, ctx.args.get(1));
    let hash = found.map(|value| value.as_hash().ok_or(CommandError::WrongType)).transpose()?;
    Ok((hash, Writer::new(ctx.out, ctx.proto)))
}

fn hget(ctx: &mut Ctx<'_>) -> Done {
    let field = ctx.arg(2);
    let (hash, mut w) = hash(ctx)?;
    match hash.and_then(|hash| hash.get(field)) {
        Some(value) => reply_value(&mut w, value),
        None => w.null(),
    }
    Ok(())
}

fn hmget(ctx: &mut Ctx<'_>) -> Done {
    let fields = ctx.args.skip(2);
    let (hash, mut w) = hash(ctx)?;
    w.array(fields.len());
    match hash {
        Some(hash) => hash.get_many(fields.iter(), &mut |value| match value {
            Some(value) => reply_value(&mut w, value),
            None => w.null(),
        }),
        None => fields.iter().for_each(|_| w.null()),
    }
    Ok(())
}

fn hgetall(ctx: &mut Ctx<'_>) -> Done {
    let (hash, mut w) = hash(ctx)?;
    w.map(hash.map_or(0, HashValue::len));
    if let Some(hash) = hash {
        let mut bulks = Bulks::new(&mut w);
        hash.for_each(&mut |field, value| {
            reply_one(&mut bulks, field);
            reply_one_value(&mut bulks, value);
        });
    }
    Ok(())
}

fn hkeys(ctx: &mut Ctx<'_>) -> Done {
    let (hash, mut w) = hash(ctx)?;
    w.array(hash.map_or(0, HashValue::len));
    if let Some(hash) = hash {
        let mut bulks = Bulks::new(&mut w);
        hash.for_each(&mut |field, _| reply_one(&mut bulks, field));
    }
    Ok(())
}

fn hvals(ctx: &mut Ctx<'_>) -> Done {
    let (hash, mut w) = hash(ctx)?;
    w.array(hash.map_or(0, HashValue::len));
    if let Some(hash) = hash {
        let mut bulks = Bulks::new(&mut w);
        hash.for_each(&mut |_, value| reply_one_value(&mut bulks, value));
    }
    Ok(())
}

fn hlen(ctx: &mut Ctx<'_>) -> Done {
    let (hash, mut w) = hash(ctx)?;
    w.int(hash.map_or(0, HashValue::len) as i64);
    Ok(())
}

fn hexists(ctx: &mut Ctx<'_>) -> Done {
    let field = ctx.arg(2);
    let (hash, mut w) = hash(ctx)?;
    w.int(i64::from(hash.is_some_and(|hash| hash.get(field).is_some())));
    Ok(())
}

fn hstrlen(ctx: &mut Ctx<'_>) -> Done {
    let field = ctx.arg(2);
    let (hash, mut w) = hash(ctx)?;
    let len = hash.and_then(|hash| hash.get(field)).map_or(0, FieldValue::len);
    w.int(len as i64);
    Ok(())
}

/// A number of elements to choose: negative ones may come several times. The least number has no opposite.
pub(super) fn choice(ctx: &Ctx<'_>, i: usize) -> Result<i64, CommandError> {
    let count = ctx.int(i)?;
    if count == i64::MIN { Err(CommandError::NotBetween(-i64::MAX, i64::MAX)) } else { Ok(count) }
}

fn hrandfield(ctx: &mut Ctx<'_>) -> Done {
    if ctx.argc() == 2 {
        return one_random_field(ctx);
    }
    let count = choice(ctx, 2)?;
    if ctx.argc() > 4 || (ctx.argc() == 4 && !ctx.arg_is(3, "WITHVALUES")) {
        return Err(CommandError::Syntax);
    }
    let with_values = ctx.argc() == 4;
    if with_values && count.unsigned_abs() > i64::MAX as u64 / 2 {
        return Err(CommandError::OutOfRange);
    }
    let found = ctx.srv.keyspace.lookup(ctx.db, ctx.args.get(1));
    let mut w = Writer::new(ctx.out, ctx.proto);
    let Some(value) = found else {
        w.array(0);
        return Ok(());
    };
    let hash = value.as_hash().ok_or(CommandError::WrongType)?;
    let wanted = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
    let shown = if count < 0 { wanted } else { wanted.min(hash.len()) };
    let nested = with_values && ctx.proto == Proto::Resp3;
    w.array(if with_values && !nested { shown * 2 } else { shown });
    let mut show = |field: Item<'_>, value: FieldValue<'_>| {
        if nested {
            w.array(2);
        }
        reply_item(&mut w, field);
        if with_values {
            reply_value(&mut w, value);
        }
    };
    if count < 0 {
        hash.draw(wanted, &mut ctx.srv.rng, &mut show);
    } else {
        hash.sample(wanted, &mut ctx.srv.rng, &mut show);
    }
    Ok(())
}

fn one_random_field(ctx: &mut Ctx<'_>) -> Done {
    let found = ctx.srv.keyspace.lookup(ctx.db, ctx.args.get(1));
    let mut w = Writer::new(ctx.out, ctx.proto);
    let Some(value) = found else {
        w.null();
        return Ok(());
    };
    let hash = value.as_hash().ok_or(CommandError::WrongType)?;
    hash.draw(1, &mut ctx.srv.rng, &mut |field, _| reply_item(&mut w, field));
    Ok(())
}

fn hscan(ctx: &mut Ctx<'_>) -> Done {
    let cursor = cursor(ctx, 2)?;
    let found = ctx.srv.keyspace.lookup(ctx.db, ctx.args.get(1));
    let Some(found) = found.map(|value| value.as_hash().is_some()) else {
        reply_nothing(&mut ctx.reply());
        return Ok(());
    };
    if !found {
        return Err(CommandError::WrongType);
    }
    let options = ScanOptions::parse(ctx, 3)?;
    let hash = ctx.srv.keyspace.peek(ctx.db, ctx.args.get(1)).and_then(|value| value.as_hash());
    let Some(hash) = hash else { return Err(CommandError::WrongType) };
    let mut shown = 0;
    let wanted = |field: Item<'_>| options.wants(field.text(&mut IntText::new()));
    let next = hash.scan(cursor, options.count, &mut |field, _| shown += usize::from(wanted(field)));
    let mut w = Writer::new(ctx.out, ctx.proto);
    w.array(2);
    w.bulk_int(next as i64);
    w.array(2 * shown);
    hash.scan(cursor, options.count, &mut |field, value| {
        if wanted(field) {
            reply_item(&mut w, field);
            reply_value(&mut w, value);
        }
    });
    Ok(())
}

pub(super) const ROWS: &[Row] = &[
    Row::new(
        "hexists",
        hexists,
        3,
        Flags::READONLY.or(Flags::FAST),
        Acl::FAST.or(Acl::HASH).or(Acl::READ),
        Group::Hash,
    )
    .keyed((1, 1, 1), &[KeySpec { begin: Begin::Index(1), find: Find::Range(0, 1, 0), flags: KeyFlags::RO }])
    .element(2)
    .since("2.0.0")
    .doc("Tells whether a hash has a field.", "O(1)", "key field"),
    Row::new(
        "hget",
        hget,
        3,
        Flags::READONLY.or(Flags::FAST),
        Acl::FAST.or(Acl::HASH).or(Acl::READ),
        Group::Hash,
    )
    .keyed(
        (1, 1, 1),
        &[KeySpec {
            begin: Begin::Index(1),
            find: Find::Range(0, 1, 0),
            flags: KeyFlags::RO.or(KeyFlags::ACCESS),
        }],
    )
    .element(2)
    .since("2.0.0")
    .doc("Reads the value of a field.", "O(1)", "key field"),
    Row::new("hgetall", hgetall, 2, Flags::READONLY, Acl::HASH.or(Acl::READ).or(Acl::SLOW), Group::Hash)
        .keyed(
            (1, 1, 1),
            &[KeySpec {
                begin: Begin::Index(1),
                find: Find::Range(0, 1, 0),
                flags: KeyFlags::RO.or(KeyFlags::ACCESS),
            }],
        )
        .since("2.0.0")
        .tips(&["nondeterministic_output_order"])
        .doc("Reads all fields of a hash with their values.", "O(n) in the number of fields", "key"),
    Row::new("hkeys", hkeys, 2, Flags::READONLY, Acl::HASH.or(Acl::READ).or(Acl::SLOW), Group::Hash)
        .keyed(
            (1, 1, 1),
            &[KeySpec {
                begin: Begin::Index(1),
                find: Find::Range(0, 1, 0),
                flags: KeyFlags::RO.or(KeyFlags::ACCESS),
            }],
        )
        .since("2.0.0")
        .tips(&["nondeterministic_output_order"])
        .doc("Lists the fields of a hash.", "O(n) in the number of fields", "key"),
    Row::new(
        "hlen",
        hlen,
        2,
        Flags::READONLY.or(Flags::FAST),
        Acl::FAST.or(Acl::HASH).or(Acl::READ),
        Group::Hash,
    )
    .keyed((1, 1, 1), &[KeySpec { begin: Begin::Index(1), find: Find::Range(0, 1, 0), flags: KeyFlags::RO }])
    .since("2.0.0")
    .doc("Counts the fields of a hash.", "O(1)", "key"),
    Row::new(
        "hmget",
        hmget,
        -3,
        Flags::READONLY.or(Flags::FAST),
        Acl::FAST.or(Acl::HASH).or(Acl::READ),
        Group::Hash,
    )
    .keyed(
        (1, 1, 1),
        &[KeySpec {
            begin: Begin::Index(1),
            find: Find::Range(0, 1, 0),
            flags: KeyFlags::RO.or(KeyFlags::ACCESS),
        }],
    )
    .since("2.0.0")
    .doc("Reads the values of several fields.", "O(n) in the number of fields named", "key field..."),
    Row::new(
        "hrandfield",
        hrandfield,
        -2,
        Flags::READONLY,
        Acl::HASH.or(Acl::READ).or(Acl::SLOW),
        Group::Hash,
    )
    .keyed(
        (1, 1, 1),
        &[KeySpec {
            begin: Begin::Index(1),
            find: Find::Range(0, 1, 0),
            flags: KeyFlags::RO.or(KeyFlags::ACCESS),
        }],
    )
    .since("6.2.0")
    .tips(&["nondeterministic_output"])
    .doc(
        "Picks fields of a hash at random, with their values if asked to.",
        "O(n) in the number of fields picked",
        "key [count [WITHVALUES]]",
    ),
    Row::new("hscan", hscan, -3, Flags::READONLY, Acl::HASH.or(Acl::READ).or(Acl::SLOW), Group::Hash)
        .keyed(
            (1, 1, 1),
            &[KeySpec {
                begin: Begin::Index(1),
                find: Find::Range(0, 1, 0),
                flags: KeyFlags::RO.or(KeyFlags::ACCESS),
            }],
        )
        .since("2.8.0")
        .tips(&["nondeterministic_output"])
        .doc(
            "Goes through the fields of a hash a few at a time.",
            "O(1) for each call, O(n) for the whole hash",
            "key cursor [MATCH pattern] [COUNT count]",
        ),
    Row::new(
        "hstrlen",
        hstrlen,
        3,
        Flags::READONLY.or(Flags::FAST),
        Acl::FAST.or(Acl::HASH).or(Acl::READ),
        Group::Hash,
    )
    .keyed((1, 1, 1), &[KeySpec { begin: Begin::Index(1), find: Find::Range(0, 1, 0), flags: KeyFlags::RO }])
    .element(2)
    .since("3.2.0")
    .doc("Tells the length of a field's value.", "O(1)", "key field"),
    Row::new("hvals", hvals, 2, Flags::READONLY, Acl::HASH.or(Acl::READ).or(Acl::SLOW), Group::Hash)
        .keyed(
            (1, 1, 1),
            &[KeySpec {
                begin: Begin::Index(1),
                find: Find::Range(0, 1, 0),
                flags: KeyFlags::RO.or(KeyFlags::ACCESS),
            }],
        )
        .since("2.0.0")
        .tips(&["nondeterministic_output_order"])
        .doc("Lists the values of a hash.", "O(n) in the number of fields", "key"),
];

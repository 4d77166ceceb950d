//! Estimates of cardinality, kept in strings. Source: the Redis documentation of each command.

use crate::config::NotifyFlags;
use crate::connection::ConnFlags;
use crate::containers::hll::{self, Corrupt, Union};
use crate::engine::Ctx;
use crate::engine::row::{Acl, Begin, Find, Flags, Group, KeyFlags, KeySpec, Row};
use crate::keyspace::Ttl;
use crate::resp::{CommandError, Writer};
use crate::value::{StringValue, Value};

type Done = Result<(), CommandError>;

/// Bytes by which one element makes the sparse form longer at most.
const GROWTH: usize = 3;

fn corrupt(_: Corrupt) -> CommandError {
    CommandError::HllCorrupt
}

/// The bytes in a value, if their header is valid.
fn bytes(value: &Value) -> Result<&[u8], CommandError> {
    let string = value.as_string().ok_or(CommandError::WrongType)?;
    match string.plain_bytes() {
        Some(bytes) if hll::is_valid(bytes) => Ok(bytes),
        _ => Err(CommandError::HllType),
    }
}

/// The string in a value for editing, if its header is valid. Redis makes it "raw" even to read it.
fn string_mut(value: &mut Value) -> Result<&mut StringValue, CommandError> {
    bytes(value)?;
    value.as_string_mut().ok_or(CommandError::WrongType)
}

fn sparse_max(ctx: &Ctx<'_>) -> usize {
    usize::try_from(ctx.srv.config.hll_sparse_max_bytes).unwrap_or(usize::MAX)
}

fn pfadd(ctx: &mut Ctx<'_>) -> Done {
    let (key, elements) = (ctx.arg(1), ctx.args.skip(2));
    let max = sparse_max(ctx);
    let edited = ctx.srv.keyspace.update_if(ctx.db, key, |value| {
        let bytes = match string_mut(value) {
            Ok(string) => string.editable(GROWTH),
            Err(error) => return (false, Err(error)),
        };
        // Only one of several elements may meet damage, and then the others are not to stay.
        let before = (elements.len() > 1 && hll::is_sparse(bytes)).then(|| bytes.clone());
        let mut added = 0;
        for element in elements.iter() {
            match hll::add(bytes, element, max) {
                Ok(changed) => added += u64::from(changed),
                Err(error) => {
                    if let Some(before) = before {
                        *bytes = before;
                    }
                    return (false, Err(corrupt(error)));
                }
            }
        }
        if added > 0 {
            hll::forget_cached(bytes);
        }
        (added > 0, Ok(added))
    });
    let changes = match edited {
        Some(done) => done?,
        None => {
            let mut bytes = hll::new();
            let mut added = 1;
            for element in elements.iter() {
                added += u64::from(hll::add(&mut bytes, element, max).map_err(corrupt)?);
            }
            hll::forget_cached(&mut bytes);
            ctx.srv.keyspace.set(ctx.db, key, Value::String(StringValue::raw(bytes)), Ttl::Clear);
            added
        }
    };
    if changes > 0 {
        ctx.srv.keyspace.add_dirty(changes - 1);
        ctx.notify(NotifyFlags::STRING, "pfadd", key);
    }
    ctx.reply().int(i64::from(changes > 0));
    Ok(())
}

fn pfcount(ctx: &mut Ctx<'_>) -> Done {
    if ctx.argc() > 2 {
        let union = union_of(ctx)?.0;
        ctx.reply().int(union.estimate() as i64);
        return Ok(());
    }
    let key = ctx.arg(1);
    let Some(value) = ctx.srv.keyspace.lookup(ctx.db, key) else {
        ctx.reply().int(0);
        return Ok(());
    };
    let known = hll::cached(bytes(value)?);
    let is_raw = value.encoding() == "raw";
    let estimate = match known {
        Some(estimate) => estimate,
        None => hll::estimate(bytes(value)?).map_err(corrupt)?,
    };
    // The keys of a replica change by its stream only.
    let keeps = known.is_none() && (!ctx.srv.is_replica() || ctx.client().flags.has(ConnFlags::MASTER));
    if keeps || !is_raw {
        ctx.srv.keyspace.update_if(ctx.db, key, |value| {
            if let Some(string) = value.as_string_mut() {
                let bytes = string.editable(0);
                if keeps {
                    hll::set_cached(bytes, estimate);
                }
            }
            (keeps, ())
        });
    }
    ctx.reply().int(estimate as i64);
    Ok(())
}

/// The union of all keys from the first argument on, and whether any of them is dense.
fn union_of(ctx: &mut Ctx<'_>) -> Result<(Union, bool), CommandError> {
    let mut union = Union::new();
    let mut dense = false;
    for key in ctx.args.skip(1).iter() {
        if let Some(value) = ctx.srv.keyspace.lookup(ctx.db, key) {
            let bytes = bytes(value)?;
            dense |= !hll::is_sparse(bytes);
            union.merge(bytes).map_err(corrupt)?;
        }
    }
    Ok((union, dense))
}

fn pfmerge(ctx: &mut Ctx<'_>) -> Done {
    let key = ctx.arg(1);
    let max = sparse_max(ctx);
    // Sources are only read, and count as such.
    ctx.srv.keyspace.set_counting(true);
    let (union, dense) = union_of(ctx)?;
    let write = |value: &mut Value| -> Done {
        let bytes = string_mut(value)?.editable(0);
        if dense {
            hll::make_dense(bytes).map_err(corrupt)?;
        }
        union.write(bytes, max).map_err(corrupt)?;
        hll::forget_cached(bytes);
        Ok(())
    };
    let new = || Value::String(StringValue::raw(hll::new()));
    ctx.srv.keyspace.insert_or_update(ctx.db, key, new, write)?;
    ctx.notify(NotifyFlags::STRING, "pfadd", key);
    ctx.reply().ok();
    Ok(())
}

fn pfdebug(ctx: &mut Ctx<'_>) -> Done {
    let key = ctx.arg(2);
    let unshared = ctx.srv.keyspace.update_if(ctx.db, key, |value| {
        let string = string_mut(value);
        (false, string.map(|string| hll::is_sparse(string.editable(0))))
    });
    let sparse = unshared.ok_or(CommandError::HllNoKey)??;
    match () {
        () if ctx.arg_is(1, "GETREG") => {
            make_dense(ctx, key)?;
            let union = union_of_one(ctx, key)?;
            let mut w = ctx.reply();
            w.array(hll::REGISTERS);
            union.registers().iter().for_each(|register| w.int(i64::from(*register)));
        }
        () if ctx.arg_is(1, "DECODE") => {
            if !sparse {
                return Err(CommandError::HllNotSparse);
            }
            let value = ctx.srv.keyspace.peek(ctx.db, key).ok_or(CommandError::HllNoKey)?;
            let text = hll::describe_sparse(bytes(value)?);
            ctx.reply().bulk(text.as_bytes());
        }
        () if ctx.arg_is(1, "ENCODING") => ctx.reply().simple(if sparse { "sparse" } else { "dense" }),
        () if ctx.arg_is(1, "TODENSE") => {
            let changed = make_dense(ctx, key)?;
            ctx.reply().int(i64::from(changed));
        }
        () => {
            let name = ctx.arg(1);
            ctx.reply().error_parts(&[b"ERR Unknown PFDEBUG subcommand '", name, b"'"]);
            return Err(CommandError::Written);
        }
    }
    Ok(())
}

fn union_of_one(ctx: &Ctx<'_>, key: &[u8]) -> Result<Union, CommandError> {
    let mut union = Union::new();
    let value = ctx.srv.keyspace.peek(ctx.db, key).ok_or(CommandError::HllNoKey)?;
    union.merge(bytes(value)?).map_err(corrupt)?;
    Ok(union)
}

/// Changes the form, and answers whether it did. That is propagated, but nobody who watches the key is told: what was
/// counted is the same.
fn make_dense(ctx: &mut Ctx<'_>, key: &[u8]) -> Result<bool, CommandError> {
    let done = ctx.srv.keyspace.update_if(ctx.db, key, |value| {
        (false, string_mut(value).and_then(|string| hll::make_dense(string.editable(0)).map_err(corrupt)))
    });
    let changed = done.unwrap_or(Ok(false))?;
    if changed {
        ctx.srv.keyspace.add_dirty(1);
    }
    Ok(changed)
}

fn pfselftest(ctx: &mut Ctx<'_>) -> Done {
    match hll::self_test() {
        Ok(()) => {
            ctx.reply().ok();
            Ok(())
        }
        Err(what) => {
            Writer::new(ctx.out, ctx.proto).error_parts(&[b"ERR TESTFAILED ", what.as_bytes()]);
            Err(CommandError::Written)
        }
    }
}

pub(super) const ROWS: &[Row] = &[
    Row::new(
        "pfadd",
        pfadd,
        -2,
        Flags::WRITE.or(Flags::DENYOOM).or(Flags::FAST),
        Acl::FAST.or(Acl::HYPERLOGLOG).or(Acl::WRITE),
        Group::HyperLogLog,
    )
    .keyed(
        (1, 1, 1),
        &[KeySpec {
            begin: Begin::Index(1),
            find: Find::Range(0, 1, 0),
            flags: KeyFlags::RW.or(KeyFlags::INSERT),
        }],
    )
    .since("2.8.9")
    .doc("Adds elements to an estimate of cardinality.", "O(1) for each element", "key [element...]"),
    Row::new(
        "pfcount",
        pfcount,
        -2,
        Flags::READONLY.or(Flags::MAY_REPLICATE),
        Acl::HYPERLOGLOG.or(Acl::READ).or(Acl::SLOW),
        Group::HyperLogLog,
    )
    .keyed(
        (1, -1, 1),
        &[KeySpec {
            begin: Begin::Index(1),
            find: Find::Range(-1, 1, 0),
            flags: KeyFlags::RW.or(KeyFlags::ACCESS),
        }],
    )
    .since("2.8.9")
    .doc(
        "Tells about how many different elements were added to one or more keys.",
        "O(1) for one key that was asked before, else O(n) in the number of keys with a large constant",
        "key...",
    ),
    Row::new(
        "pfdebug",
        pfdebug,
        3,
        Flags::WRITE.or(Flags::DENYOOM).or(Flags::ADMIN),
        Acl::ADMIN.or(Acl::DANGEROUS).or(Acl::HYPERLOGLOG).or(Acl::SLOW).or(Acl::WRITE),
        Group::HyperLogLog,
    )
    .keyed(
        (2, 2, 1),
        &[KeySpec {
            begin: Begin::Index(2),
            find: Find::Range(0, 1, 0),
            flags: KeyFlags::RW.or(KeyFlags::ACCESS),
        }],
    )
    .since("2.8.9")
    .doc("Shows the registers of an estimate; for tests.", "Depends on the subcommand", "subcommand key"),
    Row::new(
        "pfmerge",
        pfmerge,
        -2,
        Flags::WRITE.or(Flags::DENYOOM),
        Acl::HYPERLOGLOG.or(Acl::SLOW).or(Acl::WRITE),
        Group::HyperLogLog,
    )
    .keyed(
        (1, -1, 1),
        &[
            KeySpec {
                begin: Begin::Index(1),
                find: Find::Range(0, 1, 0),
                flags: KeyFlags::RW.or(KeyFlags::ACCESS).or(KeyFlags::INSERT),
            },
            KeySpec {
                begin: Begin::Index(2),
                find: Find::Range(-1, 1, 0),
                flags: KeyFlags::RO.or(KeyFlags::ACCESS),
            },
        ],
    )
    .since("2.8.9")
    .doc(
        "Merges several estimates of cardinality into one key.",
        "O(n) in the number of keys with a large constant",
        "destkey [sourcekey...]",
    ),
    Row::new(
        "pfselftest",
        pfselftest,
        1,
        Flags::ADMIN,
        Acl::ADMIN.or(Acl::DANGEROUS).or(Acl::HYPERLOGLOG).or(Acl::SLOW),
        Group::HyperLogLog,
    )
    .since("2.8.9")
    .doc("Tests the registers and the estimates of the server itself.", "Some milliseconds", ""),
];

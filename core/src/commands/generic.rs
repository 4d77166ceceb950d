//! Keys whatever their type. Source: the Redis documentation of each command.

use crate::base::glob::glob_match;
use crate::config::{MaxmemoryPolicy, NotifyFlags};
use crate::contract::DbIndex;
use crate::engine::Ctx;
use crate::engine::row::{Acl, Begin, Find, Flags, Group, KeyFlags, KeySpec, Row};
use crate::engine::table::container;
use crate::keyspace::Copied;
use crate::resp::{CommandError, Writer};
use alloc::boxed::Box;
use alloc::vec::Vec;

type Done = Result<(), CommandError>;

/// Keys touched ahead in one go.
const WINDOW: usize = 16;

fn del(ctx: &mut Ctx<'_>) -> Done {
    delete_keys(ctx)
}

fn unlink(ctx: &mut Ctx<'_>) -> Done {
    delete_keys(ctx)
}

fn delete_keys(ctx: &mut Ctx<'_>) -> Done {
    let keys = ctx.args.skip(1);
    let mut deleted = 0;
    for from in (0..keys.len()).step_by(WINDOW) {
        let end = keys.len().min(from + WINDOW);
        ctx.srv.keyspace.touch_window(ctx.db, (from..end).map(|i| keys.get(i)));
        for i in from..end {
            if ctx.srv.keyspace.delete(ctx.db, keys.get(i)) {
                ctx.notify(NotifyFlags::GENERIC, "del", keys.get(i));
                deleted += 1;
            }
        }
    }
    ctx.reply().int(deleted);
    Ok(())
}

fn exists(ctx: &mut Ctx<'_>) -> Done {
    let keys = ctx.args.skip(1);
    let found = keys.iter().filter(|key| ctx.srv.keyspace.exists(ctx.db, key)).count();
    ctx.reply().int(found as i64);
    Ok(())
}

fn touch(ctx: &mut Ctx<'_>) -> Done {
    let keys = ctx.args.skip(1);
    let found = keys.iter().filter(|key| ctx.srv.keyspace.lookup(ctx.db, key).is_some()).count();
    ctx.reply().int(found as i64);
    Ok(())
}

fn type_(ctx: &mut Ctx<'_>) -> Done {
    ctx.srv.keyspace.exists(ctx.db, ctx.args.get(1));
    let name = ctx.srv.keyspace.peek(ctx.db, ctx.args.get(1)).map_or("none", |value| value.type_name());
    ctx.reply().simple(name);
    Ok(())
}

fn rename(ctx: &mut Ctx<'_>) -> Done {
    rename_unless(ctx, false)?;
    ctx.reply().ok();
    Ok(())
}

fn renamenx(ctx: &mut Ctx<'_>) -> Done {
    let renamed = rename_unless(ctx, true)?;
    ctx.reply().int(i64::from(renamed));
    Ok(())
}

/// Renames; with `unless_taken` only when the new name is free.
fn rename_unless(ctx: &mut Ctx<'_>, unless_taken: bool) -> Result<bool, CommandError> {
    let (from, to) = (ctx.arg(1), ctx.arg(2));
    if !ctx.srv.keyspace.exists(ctx.db, from) {
        return Err(CommandError::NoSuchKey);
    }
    if from == to {
        return Ok(false);
    }
    if unless_taken && ctx.srv.keyspace.exists(ctx.db, to) {
        return Ok(false);
    }
    ctx.srv.keyspace.rename(ctx.db, from, to);
    ctx.notify(NotifyFlags::GENERIC, "rename_from", from);
    ctx.notify(NotifyFlags::GENERIC, "rename_to", to);
    Ok(true)
}

/// A database number among the arguments.
fn database(ctx: &Ctx<'_>, i: usize) -> Result<DbIndex, CommandError> {
    let n = ctx.int32(i)?;
    if n < 0 || n >= ctx.srv.config.databases {
        return Err(CommandError::DbOutOfRange);
    }
    Ok(DbIndex(n as u32))
}

fn move_(ctx: &mut Ctx<'_>) -> Done {
    let key = ctx.arg(1);
    let to = database(ctx, 2)?;
    if to == ctx.db {
        return Err(CommandError::SameObject);
    }
    let moved = ctx.srv.keyspace.exists(ctx.db, key)
        && !ctx.srv.keyspace.exists(to, key)
        && ctx.srv.keyspace.move_key(ctx.db, to, key);
    if moved {
        ctx.srv.notify(NotifyFlags::GENERIC, "move_from", ctx.db, key);
        ctx.srv.notify(NotifyFlags::GENERIC, "move_to", to, key);
    }
    ctx.reply().int(i64::from(moved));
    Ok(())
}

fn copy(ctx: &mut Ctx<'_>) -> Done {
    let (from, to) = (ctx.arg(1), ctx.arg(2));
    let (mut to_db, mut replace, mut at) = (ctx.db, false, 3);
    while at < ctx.argc() {
        if ctx.arg_is(at, "REPLACE") {
            replace = true;
        } else if ctx.arg_is(at, "DB") && at + 1 < ctx.argc() {
            to_db = database(ctx, at + 1)?;
            at += 1;
        } else {
            return Err(CommandError::Syntax);
        }
        at += 1;
    }
    if to_db == ctx.db && from == to {
        return Err(CommandError::SameObject);
    }
    let found = ctx.srv.keyspace.lookup(ctx.db, from).is_some();
    let copied = found && ctx.srv.keyspace.copy((ctx.db, from), (to_db, to), replace) == Copied::Done;
    if copied {
        ctx.srv.notify(NotifyFlags::GENERIC, "copy_to", to_db, to);
    }
    ctx.reply().int(i64::from(copied));
    Ok(())
}

fn keys(ctx: &mut Ctx<'_>) -> Done {
    let pattern = ctx.arg(1);
    let mut names: Vec<Box<[u8]>> = Vec::new();
    ctx.srv.keyspace.keys(ctx.db, |key, _| {
        if pattern == b"*" || glob_match(pattern, key, false) {
            names.push(key.into());
        }
    });
    let mut w = ctx.reply();
    w.array(names.len());
    for name in &names {
        w.bulk(name);
    }
    Ok(())
}

fn randomkey(ctx: &mut Ctx<'_>) -> Done {
    let key = ctx.srv.keyspace.random_key(ctx.db, &mut ctx.srv.rng);
    let mut w = Writer::new(ctx.out, ctx.proto);
    match key {
        Some(key) => w.bulk(key),
        None => w.null(),
    }
    Ok(())
}

/// Keys that one SCAN visits at most, whatever its COUNT.
const SCAN_MAX: usize = 100_000;

fn scan(ctx: &mut Ctx<'_>) -> Done {
    let cursor = super::scan::cursor(ctx, 1)?;
    let (mut pattern, mut count, mut kind, mut at) = (None, 10, None, 2);
    while at < ctx.argc() {
        if at + 1 >= ctx.argc() {
            return Err(CommandError::Syntax);
        }
        match () {
            () if ctx.arg_is(at, "COUNT") => {
                count = ctx.int(at + 1)?;
                if count < 1 {
                    return Err(CommandError::Syntax);
                }
            }
            () if ctx.arg_is(at, "MATCH") => pattern = Some(ctx.arg(at + 1)).filter(|p| *p != b"*"),
            () if ctx.arg_is(at, "TYPE") => kind = Some(ctx.arg(at + 1)),
            () => return Err(CommandError::Syntax),
        }
        at += 2;
    }
    let mut found: Vec<Box<[u8]>> = Vec::new();
    let count = usize::try_from(count).unwrap_or(SCAN_MAX).min(SCAN_MAX);
    let mut expired: Vec<Box<[u8]>> = Vec::new();
    let next = ctx.srv.keyspace.scan(ctx.db, cursor, count, |key, value, is_expired| {
        if pattern.is_some_and(|p| !glob_match(p, key, false)) {
            return;
        }
        if is_expired {
            expired.push(key.into());
        } else if kind.is_none_or(|k| k.eq_ignore_ascii_case(value.type_name().as_bytes())) {
            found.push(key.into());
        }
    });
    // To be seen is to be looked up: expired keys go.
    for key in &expired {
        ctx.srv.keyspace.exists(ctx.db, key);
    }
    let mut w = ctx.reply();
    w.array(2);
    w.bulk(itoa::Buffer::new().format(next).as_bytes());
    w.array(found.len());
    for key in &found {
        w.bulk(key);
    }
    Ok(())
}

/// The value that an OBJECT subcommand asks about; a missing key is answered with null.
fn object_of<R>(ctx: &mut Ctx<'_>, show: impl FnOnce(&crate::value::Value) -> R) -> Option<R> {
    let key = ctx.arg(2);
    if !ctx.srv.keyspace.exists(ctx.db, key) {
        ctx.reply().null();
        return None;
    }
    ctx.srv.keyspace.peek(ctx.db, key).map(show)
}

fn object_encoding(ctx: &mut Ctx<'_>) -> Done {
    if let Some(name) = object_of(ctx, |value| value.encoding()) {
        ctx.reply().bulk(name.as_bytes());
    }
    Ok(())
}

fn object_refcount(ctx: &mut Ctx<'_>) -> Done {
    // Small integers are one shared object in Redis, and it shows them so.
    let shared = |value: &crate::value::Value| {
        let int = value.as_string().filter(|s| s.encoding() == "int").and_then(|s| s.as_int());
        int.is_some_and(|n| (0..10_000).contains(&n))
    };
    if let Some(shared) = object_of(ctx, shared) {
        ctx.reply().int(if shared { i64::from(i32::MAX) } else { 1 });
    }
    Ok(())
}

/// Whether uses are counted instead of timed.
fn counts_uses(ctx: &Ctx<'_>) -> bool {
    matches!(ctx.srv.config.maxmemory_policy, MaxmemoryPolicy::VolatileLfu | MaxmemoryPolicy::AllkeysLfu)
}

fn object_freq(ctx: &mut Ctx<'_>) -> Done {
    if object_of(ctx, |_| ()).is_some() {
        if !counts_uses(ctx) {
            return Err(CommandError::ObjectFreq);
        }
        let count = ctx.srv.keyspace.frequency(ctx.db, ctx.args.get(2)).unwrap_or(0);
        ctx.reply().int(i64::from(count));
    }
    Ok(())
}

fn object_idletime(ctx: &mut Ctx<'_>) -> Done {
    if object_of(ctx, |_| ()).is_some() {
        if counts_uses(ctx) {
            return Err(CommandError::ObjectIdle);
        }
        let idle = ctx.srv.keyspace.idle_secs(ctx.db, ctx.args.get(2)).unwrap_or(0);
        ctx.reply().int(i64::from(idle));
    }
    Ok(())
}

fn object_help(ctx: &mut Ctx<'_>) -> Done {
    super::help(
        ctx,
        "OBJECT",
        &[
            "ENCODING <key>",
            "    The internal form of the value.",
            "FREQ <key>",
            "    How often the key was used lately, on a logarithmic scale.",
            "IDLETIME <key>",
            "    Seconds since the key was last used.",
            "REFCOUNT <key>",
            "    References to the value.",
        ],
    );
    Ok(())
}

pub(super) const ROWS: &[Row] = &[
    Row::new(
        "copy",
        copy,
        -3,
        Flags::WRITE.or(Flags::DENYOOM),
        Acl::KEYSPACE.or(Acl::SLOW).or(Acl::WRITE),
        Group::Generic,
    )
    .keyed(
        (1, 2, 1),
        &[
            KeySpec {
                begin: Begin::Index(1),
                find: Find::Range(0, 1, 0),
                flags: KeyFlags::RO.or(KeyFlags::ACCESS),
            },
            KeySpec {
                begin: Begin::Index(2),
                find: Find::Range(0, 1, 0),
                flags: KeyFlags::OW.or(KeyFlags::UPDATE),
            },
        ],
    )
    .since("6.2.0")
    .doc(
        "Stores a copy of a key's value under another name.",
        "O(n) in the number of elements of the value",
        "source destination [DB destination-db] [REPLACE]",
    ),
    Row::new("del", del, -2, Flags::WRITE, Acl::KEYSPACE.or(Acl::SLOW).or(Acl::WRITE), Group::Generic)
        .keyed(
            (1, -1, 1),
            &[KeySpec {
                begin: Begin::Index(1),
                find: Find::Range(-1, 1, 0),
                flags: KeyFlags::RM.or(KeyFlags::DELETE),
            }],
        )
        .since("1.0.0")
        .tips(&["request_policy:multi_shard", "response_policy:agg_sum"])
        .doc("Removes keys.", "O(n) in the number of keys", "key..."),
    Row::new(
        "exists",
        exists,
        -2,
        Flags::READONLY.or(Flags::FAST),
        Acl::FAST.or(Acl::KEYSPACE).or(Acl::READ),
        Group::Generic,
    )
    .keyed(
        (1, -1, 1),
        &[KeySpec { begin: Begin::Index(1), find: Find::Range(-1, 1, 0), flags: KeyFlags::RO }],
    )
    .since("1.0.0")
    .tips(&["request_policy:multi_shard", "response_policy:agg_sum"])
    .doc(
        "Counts how many of the named keys exist; a key named twice counts twice.",
        "O(n) in the number of keys",
        "key...",
    ),
    Row::new(
        "keys",
        keys,
        2,
        Flags::READONLY,
        Acl::DANGEROUS.or(Acl::KEYSPACE).or(Acl::READ).or(Acl::SLOW),
        Group::Generic,
    )
    .since("1.0.0")
    .tips(&["request_policy:all_shards", "nondeterministic_output_order"])
    .doc(
        "Lists the keys whose names match a pattern.",
        "O(n) in the number of keys of the database",
        "pattern",
    ),
    Row::new(
        "move",
        move_,
        3,
        Flags::WRITE.or(Flags::FAST),
        Acl::FAST.or(Acl::KEYSPACE).or(Acl::WRITE),
        Group::Generic,
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
    .doc("Moves a key to another database, unless it exists there.", "O(1)", "key db"),
    Row::new("object", container, -2, Flags::CONTAINER, Acl::SLOW, Group::Generic)
        .since("2.2.3")
        .doc("Groups the commands that show how a value is kept.", "Depends on the subcommand", "")
        .subs(&[
            Row::new(
                "object|encoding",
                object_encoding,
                3,
                Flags::READONLY,
                Acl::KEYSPACE.or(Acl::READ).or(Acl::SLOW),
                Group::Generic,
            )
            .keyed(
                (2, 2, 1),
                &[KeySpec { begin: Begin::Index(2), find: Find::Range(0, 1, 0), flags: KeyFlags::RO }],
            )
            .since("2.2.3")
            .tips(&["nondeterministic_output"])
            .doc("Names the internal form of a key's value.", "O(1)", "key"),
            Row::new(
                "object|freq",
                object_freq,
                3,
                Flags::READONLY,
                Acl::KEYSPACE.or(Acl::READ).or(Acl::SLOW),
                Group::Generic,
            )
            .keyed(
                (2, 2, 1),
                &[KeySpec { begin: Begin::Index(2), find: Find::Range(0, 1, 0), flags: KeyFlags::RO }],
            )
            .since("4.0.0")
            .tips(&["nondeterministic_output"])
            .doc("Tells how often a key was used lately, on a logarithmic scale.", "O(1)", "key"),
            Row::new(
                "object|help",
                object_help,
                2,
                Flags::LOADING.or(Flags::STALE),
                Acl::KEYSPACE.or(Acl::SLOW),
                Group::Generic,
            )
            .since("6.2.0")
            .doc("Explains the subcommands.", "O(1)", ""),
            Row::new(
                "object|idletime",
                object_idletime,
                3,
                Flags::READONLY,
                Acl::KEYSPACE.or(Acl::READ).or(Acl::SLOW),
                Group::Generic,
            )
            .keyed(
                (2, 2, 1),
                &[KeySpec { begin: Begin::Index(2), find: Find::Range(0, 1, 0), flags: KeyFlags::RO }],
            )
            .since("2.2.3")
            .tips(&["nondeterministic_output"])
            .doc("Tells the seconds since a key was last used.", "O(1)", "key"),
            Row::new(
                "object|refcount",
                object_refcount,
                3,
                Flags::READONLY,
                Acl::KEYSPACE.or(Acl::READ).or(Acl::SLOW),
                Group::Generic,
            )
            .keyed(
                (2, 2, 1),
                &[KeySpec { begin: Begin::Index(2), find: Find::Range(0, 1, 0), flags: KeyFlags::RO }],
            )
            .since("2.2.3")
            .tips(&["nondeterministic_output"])
            .doc("Tells how many references a key's value has.", "O(1)", "key"),
        ]),
    Row::new(
        "randomkey",
        randomkey,
        1,
        Flags::READONLY.or(Flags::ARBITRARY_KEYS),
        Acl::KEYSPACE.or(Acl::READ).or(Acl::SLOW),
        Group::Generic,
    )
    .since("1.0.0")
    .tips(&["request_policy:all_shards", "response_policy:special", "nondeterministic_output"])
    .doc("Names a key chosen at random.", "O(1)", ""),
    Row::new("rename", rename, 3, Flags::WRITE, Acl::KEYSPACE.or(Acl::SLOW).or(Acl::WRITE), Group::Generic)
        .keyed(
            (1, 2, 1),
            &[
                KeySpec {
                    begin: Begin::Index(1),
                    find: Find::Range(0, 1, 0),
                    flags: KeyFlags::RW.or(KeyFlags::ACCESS).or(KeyFlags::DELETE),
                },
                KeySpec {
                    begin: Begin::Index(2),
                    find: Find::Range(0, 1, 0),
                    flags: KeyFlags::OW.or(KeyFlags::UPDATE),
                },
            ],
        )
        .since("1.0.0")
        .doc("Gives a key a new name, replacing what was there.", "O(1)", "key newkey"),
    Row::new(
        "renamenx",
        renamenx,
        3,
        Flags::WRITE.or(Flags::FAST),
        Acl::FAST.or(Acl::KEYSPACE).or(Acl::WRITE),
        Group::Generic,
    )
    .keyed(
        (1, 2, 1),
        &[
            KeySpec {
                begin: Begin::Index(1),
                find: Find::Range(0, 1, 0),
                flags: KeyFlags::RW.or(KeyFlags::ACCESS).or(KeyFlags::DELETE),
            },
            KeySpec {
                begin: Begin::Index(2),
                find: Find::Range(0, 1, 0),
                flags: KeyFlags::OW.or(KeyFlags::INSERT),
            },
        ],
    )
    .since("1.0.0")
    .doc("Gives a key a new name unless that name is taken.", "O(1)", "key newkey"),
    Row::new(
        "scan",
        scan,
        -2,
        Flags::READONLY.or(Flags::ARBITRARY_KEYS),
        Acl::KEYSPACE.or(Acl::READ).or(Acl::SLOW),
        Group::Generic,
    )
    .since("2.8.0")
    .tips(&["nondeterministic_output", "request_policy:special", "response_policy:special"])
    .doc(
        "Visits the keys of the database in steps.",
        "O(1) for each step, O(n) for all of them",
        "cursor [MATCH pattern] [COUNT count] [TYPE type]",
    ),
    Row::new(
        "touch",
        touch,
        -2,
        Flags::READONLY.or(Flags::FAST),
        Acl::FAST.or(Acl::KEYSPACE).or(Acl::READ),
        Group::Generic,
    )
    .keyed(
        (1, -1, 1),
        &[KeySpec { begin: Begin::Index(1), find: Find::Range(-1, 1, 0), flags: KeyFlags::RO }],
    )
    .since("3.2.1")
    .tips(&["request_policy:multi_shard", "response_policy:agg_sum"])
    .doc(
        "Counts how many of the named keys exist and notes their use.",
        "O(n) in the number of keys",
        "key...",
    ),
    Row::new(
        "type",
        type_,
        2,
        Flags::READONLY.or(Flags::FAST),
        Acl::FAST.or(Acl::KEYSPACE).or(Acl::READ),
        Group::Generic,
    )
    .keyed((1, 1, 1), &[KeySpec { begin: Begin::Index(1), find: Find::Range(0, 1, 0), flags: KeyFlags::RO }])
    .since("1.0.0")
    .doc("Names the type of a key's value.", "O(1)", "key"),
    Row::new(
        "unlink",
        unlink,
        -2,
        Flags::WRITE.or(Flags::FAST),
        Acl::FAST.or(Acl::KEYSPACE).or(Acl::WRITE),
        Group::Generic,
    )
    .keyed(
        (1, -1, 1),
        &[KeySpec {
            begin: Begin::Index(1),
            find: Find::Range(-1, 1, 0),
            flags: KeyFlags::RM.or(KeyFlags::DELETE),
        }],
    )
    .since("4.0.0")
    .tips(&["request_policy:multi_shard", "response_policy:agg_sum"])
    .doc("Removes keys and frees their values aside.", "O(n) in the number of keys", "key..."),
];

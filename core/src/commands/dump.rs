//! Values as payloads: DUMP and RESTORE. Source: the Redis documentation of each command.

use crate::config::NotifyFlags;
use crate::engine::Ctx;
use crate::engine::row::{Acl, Begin, Find, Flags, Group, KeyFlags, KeySpec, Row};
use crate::keyspace::{Ttl, Usage};
use crate::rdb::{dump_value, open_dump, value_of};
use crate::resp::CommandError;
use alloc::vec::Vec;

type Done = Result<(), CommandError>;

fn dump(ctx: &mut Ctx<'_>) -> Done {
    let compress = ctx.srv.config.rdbcompression;
    let version = ctx.srv.config.rdb_version as u16;
    let payload =
        ctx.srv.keyspace.lookup(ctx.db, ctx.args.get(1)).map(|value| dump_value(value, version, compress));
    match payload {
        Some(payload) => ctx.reply().bulk_shared(payload.into()),
        None => ctx.reply().null(),
    }
    Ok(())
}

/// What RESTORE is told beside key, time and payload.
#[derive(Default)]
struct Options {
    replace: bool,
    absolute: bool,
    usage: Usage,
}

impl Options {
    fn parse(ctx: &Ctx<'_>) -> Result<Self, CommandError> {
        let (mut options, mut at) = (Self::default(), 4);
        while at < ctx.argc() {
            let more = at + 1 < ctx.argc();
            match () {
                () if ctx.arg_is(at, "REPLACE") => options.replace = true,
                () if ctx.arg_is(at, "ABSTTL") => options.absolute = true,
                () if ctx.arg_is(at, "IDLETIME") && more && options.usage.freq.is_none() => {
                    at += 1;
                    let idle = u64::try_from(ctx.int(at)?).map_err(|_| CommandError::RestoreIdle)?;
                    options.usage.idle_secs = Some(idle);
                }
                () if ctx.arg_is(at, "FREQ") && more && options.usage.idle_secs.is_none() => {
                    at += 1;
                    let freq = u8::try_from(ctx.int(at)?).map_err(|_| CommandError::RestoreFreq)?;
                    options.usage.freq = Some(freq);
                }
                () => return Err(CommandError::Syntax),
            }
            at += 1;
        }
        Ok(options)
    }
}

fn restore(ctx: &mut Ctx<'_>) -> Done {
    let options = Options::parse(ctx)?;
    let (key, payload) = (ctx.arg(1), ctx.arg(3));
    if !options.replace && ctx.srv.keyspace.exists(ctx.db, key) {
        return Err(CommandError::BusyKey);
    }
    let ttl = ctx.int(2)?;
    if ttl < 0 {
        return Err(CommandError::RestoreTtl);
    }
    let object = open_dump(payload).map_err(|error| match error.reason {
        crate::rdb::Reason::BadFooter => CommandError::DumpPayload,
        _ => CommandError::BadDataFormat,
    })?;
    let value = value_of(object, &ctx.srv.forms(), ctx.srv.keyspace.hash_key())
        .map_err(|_| CommandError::BadDataFormat)?;
    let replaced = options.replace && ctx.srv.keyspace.delete(ctx.db, key);
    let deadline = match ttl {
        0 => None,
        ttl if options.absolute => Some(ttl),
        ttl => Some(ttl.saturating_add(ctx.now_ms())),
    };
    // A master does not bring to life what is dead already; a replica leaves that to its master.
    if deadline.is_some_and(|at| at <= ctx.now_ms()) && !ctx.srv.is_replica() {
        if replaced {
            let verb: &[u8] = if ctx.srv.config.lazyfree_lazy_server_del { b"UNLINK" } else { b"DEL" };
            ctx.propagate(&[verb, key]);
            ctx.notify(NotifyFlags::GENERIC, "del", key);
        }
        ctx.reply().ok();
        return Ok(());
    }
    ctx.srv.keyspace.set(ctx.db, key, value, deadline.map_or(Ttl::Clear, Ttl::At));
    ctx.srv.keyspace.set_usage(ctx.db, key, options.usage);
    if let Some(at) = deadline.filter(|_| !options.absolute) {
        let mut text = itoa::Buffer::new();
        let mut words: Vec<&[u8]> = ctx.args.iter().collect();
        words[2] = text.format(at).as_bytes();
        words.push(b"ABSTTL");
        ctx.propagate(&words);
    }
    ctx.notify(NotifyFlags::GENERIC, "restore", key);
    ctx.reply().ok();
    Ok(())
}

const RESTORED: &[KeySpec] = &[KeySpec {
    begin: Begin::Index(1),
    find: Find::Range(0, 1, 0),
    flags: KeyFlags::OW.or(KeyFlags::UPDATE),
}];

const RESTORE_SYNTAX: &str =
    "key ttl serialized-value [REPLACE] [ABSTTL] [IDLETIME seconds] [FREQ frequency]";

pub(super) const ROWS: &[Row] = &[
    Row::new("dump", dump, 2, Flags::READONLY, Acl::KEYSPACE.or(Acl::READ).or(Acl::SLOW), Group::Generic)
        .keyed(
            (1, 1, 1),
            &[KeySpec {
                begin: Begin::Index(1),
                find: Find::Range(0, 1, 0),
                flags: KeyFlags::RO.or(KeyFlags::ACCESS),
            }],
        )
        .since("2.6.0")
        .tips(&["nondeterministic_output"])
        .doc(
            "Returns a key's value as a payload that RESTORE takes.",
            "O(n) in the size of the value",
            "key",
        ),
    Row::new(
        "restore",
        restore,
        -4,
        Flags::WRITE.or(Flags::DENYOOM),
        Acl::DANGEROUS.or(Acl::KEYSPACE).or(Acl::SLOW).or(Acl::WRITE),
        Group::Generic,
    )
    .keyed((1, 1, 1), RESTORED)
    .since("2.6.0")
    .doc("Makes a key of a payload of DUMP.", "O(n) in the size of the value", RESTORE_SYNTAX),
    Row::new(
        "restore-asking",
        restore,
        -4,
        Flags::WRITE.or(Flags::DENYOOM).or(Flags::ASKING),
        Acl::DANGEROUS.or(Acl::KEYSPACE).or(Acl::SLOW).or(Acl::WRITE),
        Group::Server,
    )
    .keyed((1, 1, 1), RESTORED)
    .since("3.0.0")
    .doc(
        "RESTORE between nodes of a cluster, into a slot that is on its way.",
        "O(n) in the size of the value",
        RESTORE_SYNTAX,
    ),
];

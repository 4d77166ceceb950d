//! DEBUG: for tests and for looking inside. Source: DEBUG HELP and the replies of Redis.

use super::debug_digest;
use super::string::string;
use crate::base::glob::glob_match;
use crate::base::number::{parse_float, parse_i64};
use crate::connection::WaitsFor;
use crate::contract::{LogLevel, Span, Timer};
use crate::engine::row::{Acl, Flags, Group, Row};
use crate::engine::{Ctx, Effect};
use crate::keyspace::Ttl;
use crate::persistence::Reload;
use crate::resp::{CommandError, Proto};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

type Done = Result<(), CommandError>;

/// A subcommand: its name, its number of arguments (name and subcommand included; negative = at least), its code.
type Sub = (&'static str, i16, fn(&mut Ctx<'_>) -> Done);

const SUBS: &[Sub] = &[
    ("CHANGE-REPL-ID", 2, change_repl_id),
    ("DIGEST", 2, digest),
    ("DIGEST-VALUE", -2, digest_value),
    ("ERROR", 3, error),
    ("HELP", 2, help),
    ("JMAP", -2, jmap),
    ("LOG", 3, log),
    ("OBJECT", 3, object),
    ("POPULATE", -3, populate),
    ("PROTOCOL", 3, protocol),
    ("RELOAD", -2, reload),
    ("REPLICATE", -3, replicate),
    ("SET-ACTIVE-EXPIRE", 3, set_active_expire),
    ("SLEEP", 3, sleep),
    ("STRINGMATCH-LEN", 4, stringmatch_len),
];

fn debug(ctx: &mut Ctx<'_>) -> Done {
    let argc = ctx.argc();
    let fits = |arity: i16| {
        let n = usize::from(arity.unsigned_abs());
        if arity < 0 { argc >= n } else { argc == n }
    };
    let found = SUBS.iter().find(|(name, arity, _)| ctx.arg_is(1, name) && fits(*arity));
    if let Some((_, _, run)) = found {
        return run(ctx);
    }
    Err(super::bad_subcommand(ctx))
}

fn sleep(ctx: &mut Ctx<'_>) -> Done {
    let seconds = parse_float(ctx.arg(2)).unwrap_or(0.0).clamp(0.0, 1e9);
    if seconds > 0.0 {
        // Nothing is executed until then; this reply is written at once but leaves when the node wakes.
        let until = ctx.srv.now.mono + Span::us((seconds * 1e6) as u64);
        ctx.srv.asleep_until = Some(until);
        ctx.srv.stats.slept_us += (seconds * 1e6) as u64;
        ctx.srv.timers.set(Timer::Sleep, Some(until));
    }
    ctx.reply().ok();
    Ok(())
}

fn jmap(ctx: &mut Ctx<'_>) -> Done {
    ctx.reply().ok();
    Ok(())
}

fn log(ctx: &mut Ctx<'_>) -> Done {
    let text = String::from_utf8_lossy(ctx.arg(2)).into_owned();
    ctx.srv.log(LogLevel::Warning, format_args!("DEBUG LOG: {text}"));
    ctx.reply().ok();
    Ok(())
}

/// Creates keys `prefix:0`, `prefix:1`, ... that do not exist yet; with a size, values are filled up with zero bytes.
fn populate(ctx: &mut Ctx<'_>) -> Done {
    if ctx.argc() > 5 {
        return Err(CommandError::Syntax);
    }
    let count = ctx.int(2)?;
    let prefix = ctx.args.try_get(3).unwrap_or(b"key");
    let size = if ctx.argc() == 5 { Some(ctx.int(4)?.clamp(0, 1 << 29) as usize) } else { None };
    for n in 0..count {
        let digits = itoa::Buffer::new().format(n).as_bytes().to_vec();
        let key = [prefix, b":", &digits].concat();
        let mut value = [b"value:", digits.as_slice()].concat();
        if let Some(size) = size {
            value.resize(size.max(1), 0);
            value.truncate(size);
        }
        if ctx.srv.keyspace.peek(ctx.db, &key).is_none() {
            ctx.srv.keyspace.set_bytes(ctx.db, &key, &value, Ttl::Clear);
        }
    }
    ctx.effect = Effect::Own;
    ctx.reply().ok();
    Ok(())
}

fn error(ctx: &mut Ctx<'_>) -> Done {
    let text = ctx.arg(2);
    ctx.reply().error_parts(&[text]);
    Err(CommandError::Written)
}

fn set_active_expire(ctx: &mut Ctx<'_>) -> Done {
    ctx.srv.active_expire = parse_i64(ctx.arg(2)).is_some_and(|n| n != 0);
    ctx.reply().ok();
    Ok(())
}

fn change_repl_id(ctx: &mut Ctx<'_>) -> Done {
    ctx.srv.log(LogLevel::Notice, format_args!("Changing replication IDs after receiving change-repl-id"));
    ctx.srv.repl.change_id();
    ctx.reply().ok();
    Ok(())
}

fn digest(ctx: &mut Ctx<'_>) -> Done {
    let text = debug_digest::of_everything(&ctx.srv.keyspace).text();
    ctx.reply().simple(&text);
    Ok(())
}

fn digest_value(ctx: &mut Ctx<'_>) -> Done {
    let keys = ctx.args.skip(2);
    ctx.reply().array(keys.len());
    for key in keys.iter() {
        let text = debug_digest::of_value(&ctx.srv.keyspace, ctx.db, key).text();
        ctx.reply().simple(&text);
    }
    Ok(())
}

fn object(ctx: &mut Ctx<'_>) -> Done {
    let key = ctx.arg(2);
    let keyspace = &ctx.srv.keyspace;
    let value = keyspace.peek(ctx.db, key).ok_or(CommandError::NoSuchKey)?;
    let idle = keyspace.idle_secs(ctx.db, key).unwrap_or(0);
    let (encoding, len) = (value.encoding(), string(value)?.len());
    let clock = ctx.srv.now.unix.secs() & 0xff_ffff;
    let lru = (clock - i64::from(idle)) & 0xff_ffff;
    let text = format!(
        "Value at:0x0 refcount:1 encoding:{encoding} serializedlength:{len} lru:{lru} lru_seconds_idle:{idle}"
    );
    ctx.reply().simple(&text);
    Ok(())
}

fn stringmatch_len(ctx: &mut Ctx<'_>) -> Done {
    let len = ctx.int(2)?.clamp(0, 1 << 29) as usize;
    let text = alloc::vec![b'a'; len];
    let matched = glob_match(ctx.arg(3), &text, false);
    ctx.reply().int(i64::from(matched));
    Ok(())
}

/// Saves and loads, which must change nothing.
fn reload(ctx: &mut Ctx<'_>) -> Done {
    let mut reload = Reload { client: Some(ctx.client().conn), noflush: false, merge: false };
    let mut saves = true;
    for i in 2..ctx.argc() {
        match () {
            () if ctx.arg_is(i, "MERGE") => reload.merge = true,
            () if ctx.arg_is(i, "NOFLUSH") => reload.noflush = true,
            () if ctx.arg_is(i, "NOSAVE") => saves = false,
            () => {
                ctx.reply().error("ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.");
                return Err(CommandError::Written);
            }
        }
    }
    ctx.effect = Effect::Own;
    if ctx.in_exec {
        // It happens when the transaction is over; its reply is written before, and leaves after that.
        reload.client = None;
        ctx.srv.reload(reload, saves);
        ctx.reply().ok();
        return Ok(());
    }
    ctx.srv.reload(reload, saves);
    ctx.srv.wait_for(ctx.slot, None, WaitsFor::Driver);
    Ok(())
}

/// Sends a command into the stream that this server did not run: to replicas, the append-only file, or both.
fn replicate(ctx: &mut Ctx<'_>) -> Done {
    let to_replicas = ctx.arg_is(2, "REPLICA") || ctx.arg_is(2, "ALL");
    if ctx.argc() < 4 || !(to_replicas || ctx.arg_is(2, "AOF")) {
        return Err(CommandError::Syntax);
    }
    ctx.effect = Effect::Own;
    if to_replicas {
        let args: Vec<&[u8]> = ctx.args.skip(3).iter().collect();
        ctx.propagate(&args);
    }
    ctx.reply().ok();
    Ok(())
}

fn protocol(ctx: &mut Ctx<'_>) -> Done {
    let resp3 = ctx.proto == Proto::Resp3;
    let kind = ctx.arg(2).to_ascii_lowercase();
    let mut w = ctx.reply();
    match kind.as_slice() {
        b"string" => w.bulk(b"Hello World"),
        b"integer" => w.int(12345),
        #[expect(clippy::approx_constant, reason = "what Redis sends")]
        b"double" => w.double(3.141),
        b"null" => w.null(),
        b"array" => {
            w.array(3);
            (0..3).for_each(|n| w.int(n));
        }
        b"set" => {
            w.set(3);
            (0..3).for_each(|n| w.int(n));
        }
        b"map" => {
            w.map(3);
            for n in 0..3 {
                w.int(n);
                w.boolean(n == 1);
            }
        }
        b"attrib" => {
            if w.attribute(1) {
                w.bulk(b"key-popularity");
                w.array(2);
                w.bulk(b"key:123");
                w.int(90);
            }
            w.bulk(b"Some real reply following the attribute");
        }
        b"push" if !resp3 => {
            w.error("ERR RESP2 is not supported by this command");
            return Err(CommandError::Written);
        }
        b"push" => {
            w.push(2);
            w.bulk(b"server-cpu-usage");
            w.int(42);
            w.bulk(b"Some real reply following the push reply");
        }
        b"true" => w.boolean(true),
        b"false" => w.boolean(false),
        b"verbatim" => w.verbatim("txt", b"This is a verbatim\nstring"),
        b"bignum" => w.big_number("1234567999999999999999999999999999999"),
        _ => {
            w.error(
                "ERR Wrong protocol type name. Please use one of the following: \
                 string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false",
            );
            return Err(CommandError::Written);
        }
    }
    Ok(())
}

fn help(ctx: &mut Ctx<'_>) -> Done {
    super::help(
        ctx,
        "DEBUG",
        &[
            "CHANGE-REPL-ID",
            "    Take a new replication id and forget the former one.",
            "DIGEST",
            "    40 digits that are equal for equal data sets.",
            "DIGEST-VALUE <key> [<key> ...]",
            "    The same for single keys.",
            "ERROR <text>",
            "    Answer this error.",
            "JMAP",
            "    Nothing; kept for scripts.",
            "LOG <text>",
            "    Write a line to the log.",
            "OBJECT <key>",
            "    How a value is kept.",
            "POPULATE <count> [<prefix>] [<size>]",
            "    Create keys with values.",
            "PROTOCOL <type>",
            "    A reply of this type.",
            "REPLICATE (ALL|REPLICA|AOF) <command> [<arg> ...]",
            "    Put a command into the stream that this server does not run.",
            "SET-ACTIVE-EXPIRE (0|1)",
            "    Switch the removal of expired keys that nobody asks for.",
            "SLEEP <seconds>",
            "    Execute nothing for a while.",
            "STRINGMATCH-LEN <len> <pattern>",
            "    Match a pattern against a text of this length.",
        ],
    );
    Ok(())
}

pub(super) const ROWS: &[Row] = &[Row::new(
    "debug",
    debug,
    -2,
    Flags::ADMIN.or(Flags::NOSCRIPT).or(Flags::LOADING).or(Flags::STALE).or(Flags::PROTECTED),
    Acl::ADMIN.or(Acl::DANGEROUS).or(Acl::SLOW),
    Group::Server,
)
.since("1.0.0")
.doc("Groups the commands for testing and looking inside.", "Depends on the subcommand", "")];

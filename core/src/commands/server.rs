//! The server as a whole: TIME, MONITOR, SHUTDOWN, SLOWLOG, LOLWUT. Source: the Redis documentation of each command.

use crate::base::number::parse_i64;
use crate::base::version::{NORN_VERSION, REDIS_VERSION};
use crate::connection::{ConnFlags, WaitsFor};
use crate::engine::Ctx;
use crate::engine::row::{Acl, Flags, Group, Row};
use crate::engine::slowlog::SlowEntry;
use crate::engine::table::container;
use crate::resp::CommandError;
use crate::value::IntText;
use alloc::format;
use alloc::vec::Vec;

type Done = Result<(), CommandError>;

fn time(ctx: &mut Ctx<'_>) -> Done {
    let micros = ctx.srv.now.unix.0 as i64;
    let mut text = IntText::new();
    let mut w = ctx.reply();
    w.array(2);
    w.bulk(text.format(micros / 1_000_000));
    w.bulk(text.format(micros % 1_000_000));
    Ok(())
}

fn monitor(ctx: &mut Ctx<'_>) -> Done {
    if ctx.in_exec {
        return Err(CommandError::DenyBlocking("MONITOR"));
    }
    let client = ctx.client_mut();
    if !client.flags.any(ConnFlags::MONITOR.or(ConnFlags::REPLICA)) {
        client.flags.set(ConnFlags::MONITOR);
        ctx.srv.monitors.push(ctx.slot);
        ctx.reply().ok();
    }
    Ok(())
}

#[derive(Default)]
struct ShutdownOptions {
    save: Option<bool>,
    now: bool,
    force: bool,
    abort: bool,
}

impl ShutdownOptions {
    fn parse(ctx: &Ctx<'_>) -> Result<Self, CommandError> {
        let mut o = Self::default();
        for i in 1..ctx.argc() {
            match () {
                () if ctx.arg_is(i, "SAVE") && o.save != Some(false) => o.save = Some(true),
                () if ctx.arg_is(i, "NOSAVE") && o.save != Some(true) => o.save = Some(false),
                () if ctx.arg_is(i, "NOW") => o.now = true,
                () if ctx.arg_is(i, "FORCE") => o.force = true,
                () if ctx.arg_is(i, "ABORT") => o.abort = true,
                () => return Err(CommandError::Syntax),
            }
        }
        if o.abort && (o.now || o.force || o.save.is_some()) {
            return Err(CommandError::Syntax);
        }
        Ok(o)
    }
}

fn shutdown(ctx: &mut Ctx<'_>) -> Done {
    let o = ShutdownOptions::parse(ctx)?;
    if o.abort {
        return if ctx.srv.abort_shutdown() {
            ctx.reply().ok();
            Ok(())
        } else {
            Err(CommandError::NoShutdown)
        };
    }
    if ctx.srv.shutdown.is_some() && !o.now {
        ctx.srv.wait_for(ctx.slot, None, WaitsFor::Shutdown);
        return Ok(());
    }
    ctx.srv.begin_shutdown(o.now, o.force, o.save);
    // The client waits for the end of the server; it is answered only if the shutdown is aborted.
    ctx.srv.wait_for(ctx.slot, None, WaitsFor::Shutdown);
    Ok(())
}

/// Entries that SLOWLOG GET lists unless told otherwise.
const SLOWLOG_GET_DEFAULT: usize = 10;

fn slowlog_get(ctx: &mut Ctx<'_>) -> Done {
    let mut count = SLOWLOG_GET_DEFAULT;
    if ctx.argc() > 3 {
        return Err(super::bad_subcommand(ctx));
    }
    if ctx.argc() == 3 {
        count = match parse_i64(ctx.arg(2)) {
            Some(-1) => usize::MAX,
            Some(n) if n >= 0 => usize::try_from(n).unwrap_or(usize::MAX),
            _ => {
                ctx.reply().error("ERR count should be greater than or equal to -1");
                return Err(CommandError::Written);
            }
        };
    }
    let entries: Vec<SlowEntry> = ctx.srv.slowlog.iter().take(count).cloned().collect();
    let mut w = ctx.reply();
    w.array(entries.len());
    for entry in &entries {
        w.array(6);
        w.int(entry.id as i64);
        w.int(entry.unix_secs);
        w.int(entry.micros as i64);
        w.array(entry.args.len());
        entry.args.iter().for_each(|arg| w.bulk(arg));
        w.bulk(entry.peer.as_bytes());
        w.bulk(&entry.name);
    }
    Ok(())
}

fn slowlog_len(ctx: &mut Ctx<'_>) -> Done {
    let len = ctx.srv.slowlog.len();
    ctx.reply().int(len as i64);
    Ok(())
}

fn slowlog_reset(ctx: &mut Ctx<'_>) -> Done {
    ctx.srv.slowlog.clear();
    ctx.reply().ok();
    Ok(())
}

fn slowlog_help(ctx: &mut Ctx<'_>) -> Done {
    super::help(
        ctx,
        "SLOWLOG",
        &[
            "GET [<count>]",
            "    The newest entries, 10 of them unless told otherwise, all of them for -1. Each has its id, the",
            "    time, the microseconds it took, the arguments, the client's address and its name.",
            "LEN",
            "    Number of entries.",
            "RESET",
            "    Forget all entries.",
        ],
    );
    Ok(())
}

/// The three norns, as a row of runes, and the versions.
fn lolwut(ctx: &mut Ctx<'_>) -> Done {
    if ctx.argc() > 1 && ctx.arg_is(1, "VERSION") && ctx.argc() > 2 {
        ctx.int(2)?;
    }
    let text = format!(
        "  \\|/   \\|/   \\|/\n   |     |     |\n  /|\\   /|\\   /|\\\n  Urd Verdandi Skuld\n\nRedis ver. \
         {REDIS_VERSION}, norn ver. {NORN_VERSION}\n"
    );
    ctx.reply().verbatim("txt", text.as_bytes());
    Ok(())
}

pub(super) const ROWS: &[Row] = &[
    Row::new("time", time, 1, Flags::LOADING.or(Flags::STALE).or(Flags::FAST), Acl::FAST, Group::Server)
        .since("2.6.0")
        .tips(&["nondeterministic_output"])
        .doc("Tells the server's wall clock.", "O(1)", ""),
    Row::new("lolwut", lolwut, -1, Flags::READONLY.or(Flags::FAST), Acl::FAST.or(Acl::READ), Group::Server)
        .since("5.0.0")
        .doc("Shows a small drawing and the version.", "O(1)", "[VERSION version]"),
    Row::new(
        "monitor",
        monitor,
        1,
        Flags::ADMIN.or(Flags::NOSCRIPT).or(Flags::LOADING).or(Flags::STALE),
        Acl::ADMIN.or(Acl::DANGEROUS).or(Acl::SLOW),
        Group::Server,
    )
    .since("1.0.0")
    .doc("Shows every command that the server runs, as it runs.", "O(1) for each command", ""),
    Row::new(
        "shutdown",
        shutdown,
        -1,
        Flags::ADMIN
            .or(Flags::NOSCRIPT)
            .or(Flags::LOADING)
            .or(Flags::STALE)
            .or(Flags::NO_MULTI)
            .or(Flags::ALLOW_BUSY),
        Acl::ADMIN.or(Acl::DANGEROUS).or(Acl::SLOW),
        Group::Server,
    )
    .since("1.0.0")
    .doc(
        "Ends the server in order.",
        "O(n) in the number of keys when a data file is written",
        "[NOSAVE|SAVE] [NOW] [FORCE] [ABORT]",
    ),
    Row::new("slowlog", container, -2, Flags::CONTAINER, Acl::SLOW, Group::Server)
        .since("2.2.12")
        .doc("Groups the commands about the log of slow commands.", "Depends on the subcommand", "")
        .subs(&[
            Row::new(
                "slowlog|get",
                slowlog_get,
                -2,
                Flags::ADMIN.or(Flags::LOADING).or(Flags::STALE),
                Acl::ADMIN.or(Acl::DANGEROUS).or(Acl::SLOW),
                Group::Server,
            )
            .since("2.2.12")
            .tips(&["request_policy:all_nodes", "nondeterministic_output"])
            .doc("Lists the newest slow commands.", "O(n) in the number of entries", "[count]"),
            Row::new(
                "slowlog|help",
                slowlog_help,
                2,
                Flags::LOADING.or(Flags::STALE),
                Acl::SLOW,
                Group::Server,
            )
            .since("6.2.0")
            .doc("Explains the subcommands.", "O(1)", ""),
            Row::new(
                "slowlog|len",
                slowlog_len,
                2,
                Flags::ADMIN.or(Flags::LOADING).or(Flags::STALE),
                Acl::ADMIN.or(Acl::DANGEROUS).or(Acl::SLOW),
                Group::Server,
            )
            .since("2.2.12")
            .tips(&["request_policy:all_nodes", "response_policy:agg_sum", "nondeterministic_output"])
            .doc("Counts the entries of the slow log.", "O(1)", ""),
            Row::new(
                "slowlog|reset",
                slowlog_reset,
                2,
                Flags::ADMIN.or(Flags::LOADING).or(Flags::STALE),
                Acl::ADMIN.or(Acl::DANGEROUS).or(Acl::SLOW),
                Group::Server,
            )
            .since("2.2.12")
            .tips(&["request_policy:all_nodes", "response_policy:all_succeeded"])
            .doc("Empties the slow log.", "O(n) in the number of entries", ""),
        ]),
];

//! MIGRATE. Source: the Redis documentation of the command.
//!
//! The handler reads the options and hands the request to the node; the client waits until the target has answered
//! (`node/migrate`). Inside a transaction nothing can wait, so MIGRATE is refused there unless there is nothing to do.

use crate::base::time::Span;
use crate::connection::ConnFlags;
use crate::engine::Ctx;
use crate::engine::keys::FoundKey;
use crate::engine::row::{Acl, Begin, Find, Flags, Group, KeyFlags, KeySpec, Row};
use crate::migration::{Order, Target};
use crate::resp::{Args, CommandError};
use alloc::string::String;
use alloc::vec::Vec;

type Done = Result<(), CommandError>;

const TIMEOUT_MS: i64 = 1000;

#[derive(Default)]
struct Options {
    copy: bool,
    replace: bool,
    auth: Vec<alloc::boxed::Box<[u8]>>,
    /// Where the keys begin, when there are several.
    keys: Option<usize>,
}

impl Options {
    fn parse(ctx: &mut Ctx<'_>) -> Result<Self, CommandError> {
        let (mut options, mut at) = (Self::default(), 6);
        while at < ctx.argc() {
            let more = ctx.argc() - at - 1;
            match () {
                () if ctx.arg_is(at, "COPY") => options.copy = true,
                () if ctx.arg_is(at, "REPLACE") => options.replace = true,
                () if ctx.arg_is(at, "AUTH") && more >= 1 => {
                    options.auth = alloc::vec![ctx.arg(at + 1).into()];
                    at += 1;
                }
                () if ctx.arg_is(at, "AUTH2") && more >= 2 => {
                    options.auth = alloc::vec![ctx.arg(at + 1).into(), ctx.arg(at + 2).into()];
                    at += 2;
                }
                () if ctx.arg_is(at, "KEYS") => {
                    if !ctx.arg(3).is_empty() {
                        ctx.reply().error(
                            "ERR When using MIGRATE KEYS option, the key argument must be set to the empty string",
                        );
                        return Err(CommandError::Written);
                    }
                    options.keys = Some(at + 1);
                    break;
                }
                () => return Err(CommandError::Syntax),
            }
            at += 1;
        }
        Ok(options)
    }
}

fn migrate(ctx: &mut Ctx<'_>) -> Done {
    let options = Options::parse(ctx)?;
    let (patience, target_db) = (ctx.int(5)?, ctx.int(4)?);
    let patience = if patience > 0 { patience } else { TIMEOUT_MS };
    let named = options.keys.map_or(3..4, |from| from..ctx.argc());
    ctx.srv.keyspace.set_counting(true);
    let mut keys = Vec::new();
    for i in named {
        if ctx.srv.keyspace.lookup(ctx.db, ctx.args.get(i)).is_some() {
            keys.push(ctx.arg(i).into());
        }
    }
    ctx.propagate_nothing();
    if keys.is_empty() {
        ctx.reply().simple("NOKEY");
        return Ok(());
    }
    if ctx.in_exec || ctx.client().flags.has(ConnFlags::MASTER) {
        return Err(CommandError::NotInTransaction);
    }
    // Redis connects to whatever number that is, and finds out when it writes.
    let port = match port(ctx.arg(2)) {
        Some(0) => return Err(CommandError::MigrateWriting),
        Some(port) => port,
        None => return Err(CommandError::MigrateConnecting),
    };
    let host = String::from_utf8_lossy(ctx.arg(1)).into();
    let order = Order {
        client: ctx.client().conn,
        silent: ctx.client().flags.any(ConnFlags::REPLY_OFF.or(ConnFlags::REPLY_SKIP)),
        target: Target { host, port, auth: options.auth },
        db: ctx.db,
        keys,
        target_db,
        patience: Span::ms(patience.min(i64::from(i32::MAX)) as u64),
        copy: options.copy,
        replace: options.replace,
    };
    ctx.srv.migrate(ctx.slot, order);
    Ok(())
}

/// The digits that a port begins with, as C reads a number.
fn port(text: &[u8]) -> Option<u16> {
    let digits = text.iter().take_while(|b| b.is_ascii_digit());
    let port = digits.fold(0_u32, |n, b| n.saturating_mul(10).saturating_add(u32::from(b - b'0')));
    u16::try_from(port).ok()
}

/// The third argument, or when that is empty, what follows KEYS.
fn migrate_keys(args: &Args<'_>) -> Option<Vec<FoundKey>> {
    let mut at = 6;
    while at < args.len() {
        let word = args.get(at);
        if word.eq_ignore_ascii_case(b"KEYS") {
            let from = if args.get(3).is_empty() { at + 1 } else { args.len() };
            return Some((from..args.len()).map(|i| (i, MOVED)).collect());
        }
        at += match () {
            () if word.eq_ignore_ascii_case(b"AUTH") => 2,
            () if word.eq_ignore_ascii_case(b"AUTH2") => 3,
            () => 1,
        };
    }
    Some(alloc::vec![(3, MOVED)])
}

const MOVED: KeyFlags = KeyFlags::RW.or(KeyFlags::ACCESS).or(KeyFlags::DELETE);

pub(super) const ROWS: &[Row] = &[Row::new(
    "migrate",
    migrate,
    -6,
    Flags::WRITE.or(Flags::MOVABLEKEYS),
    Acl::DANGEROUS.or(Acl::KEYSPACE).or(Acl::SLOW).or(Acl::WRITE),
    Group::Generic,
)
.keyed(
    (3, 3, 1),
    &[
        KeySpec { begin: Begin::Index(3), find: Find::Range(0, 1, 0), flags: MOVED },
        KeySpec {
            begin: Begin::Keyword("KEYS", -2),
            find: Find::Range(-1, 1, 0),
            flags: MOVED.or(KeyFlags::INCOMPLETE),
        },
    ],
)
.finder(migrate_keys)
.since("2.6.0")
.tips(&["nondeterministic_output"])
.doc(
    "Moves keys to another server.",
    "O(n) in the size of the values",
    "host port (key|\"\") destination-db timeout [COPY] [REPLACE] [AUTH password|AUTH2 username password] [KEYS key...]",
)];

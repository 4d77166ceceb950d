//! The connection itself: AUTH, HELLO, PING, ECHO, SELECT, RESET, QUIT. Source: the Redis documentation of each.

use crate::base::number::parse_i64;
use crate::base::version::REDIS_VERSION;
use crate::connection::{ConnFlags, Connection};
use crate::contract::DbIndex;
use crate::engine::Ctx;
use crate::engine::row::{Acl, Flags, Gates, Group, Row};
use crate::resp::{CommandError, Proto};
use alloc::boxed::Box;

type Done = Result<(), CommandError>;

fn ping(ctx: &mut Ctx<'_>) -> Done {
    if ctx.argc() > 2 {
        return Err(CommandError::WrongArgs("ping"));
    }
    let message = ctx.args.try_get(1);
    let subscribed = ctx.client().flags.has(ConnFlags::PUBSUB) && ctx.proto == Proto::Resp2;
    let mut w = ctx.reply();
    match message {
        _ if subscribed => {
            w.array(2);
            w.bulk(b"pong");
            w.bulk(message.unwrap_or(b""));
        }
        Some(message) => w.bulk(message),
        None => w.simple("PONG"),
    }
    Ok(())
}

fn echo(ctx: &mut Ctx<'_>) -> Done {
    let message = ctx.arg(1);
    ctx.reply().bulk(message);
    Ok(())
}

fn select(ctx: &mut Ctx<'_>) -> Done {
    let index = ctx.int32(1)?;
    if index < 0 || index >= ctx.srv.config.databases {
        return Err(CommandError::DbOutOfRange);
    }
    ctx.client_mut().db = DbIndex(index as u32);
    ctx.reply().ok();
    Ok(())
}

fn quit(ctx: &mut Ctx<'_>) -> Done {
    ctx.reply().ok();
    ctx.srv.close_after_reply(ctx.slot);
    Ok(())
}

fn reset(ctx: &mut Ctx<'_>) -> Done {
    let slot = ctx.slot;
    if ctx.client().flags.any(ConnFlags::REPLICA.or(ConnFlags::MASTER)) {
        ctx.reply().error("ERR can only reset normal client connections");
        return Err(CommandError::Written);
    }
    ctx.srv.end_multi(slot);
    ctx.srv.release_registrations(slot);
    let open = ctx.srv.config.requirepass.is_empty();
    let client = ctx.client_mut();
    let kept = ConnFlags::UNIX
        .or(ConnFlags::REPLY_SKIP)
        .or(ConnFlags::PENDING_OUT)
        .or(ConnFlags::STALLED)
        .or(ConnFlags::READY);
    client.flags = ConnFlags(client.flags.0 & kept.0);
    client.armed = 0;
    client.db = DbIndex(0);
    client.proto = Proto::Resp2;
    client.details.name = Box::default();
    admit(client, open);
    ctx.proto = Proto::Resp2;
    ctx.reply().simple("RESET");
    Ok(())
}

/// Gives a client its rights, or takes them until it authenticates.
fn admit(client: &mut Connection, open: bool) {
    if open {
        client.flags.set(ConnFlags::AUTHENTICATED);
        client.armed &= !Gates::NOAUTH.0;
    } else {
        client.flags.clear(ConnFlags::AUTHENTICATED);
        client.armed |= Gates::NOAUTH.0;
    }
}

fn auth(ctx: &mut Ctx<'_>) -> Done {
    let (user, password) = match ctx.argc() {
        2 if ctx.srv.config.requirepass.is_empty() => return Err(CommandError::AuthWithoutPassword),
        2 => (&b"default"[..], ctx.arg(1)),
        3 => (ctx.arg(1), ctx.arg(2)),
        _ => return Err(CommandError::Syntax),
    };
    authenticate(ctx, user, password)?;
    ctx.reply().ok();
    Ok(())
}

/// Checks a password in time that depends on its length alone.
fn authenticate(ctx: &mut Ctx<'_>, user: &[u8], password: &[u8]) -> Done {
    let expected = ctx.srv.config.requirepass.as_bytes();
    let open = expected.is_empty();
    let mut difference = u8::from(password.len() != expected.len());
    for (i, byte) in password.iter().enumerate() {
        difference |= byte ^ expected.get(i).copied().unwrap_or(0);
    }
    if user != b"default" || (!open && difference != 0) {
        ctx.srv.stats.auth_denied += 1;
        return Err(CommandError::WrongPass);
    }
    admit(ctx.client_mut(), true);
    Ok(())
}

fn hello(ctx: &mut Ctx<'_>) -> Done {
    let mut proto = ctx.proto;
    if ctx.argc() > 1 {
        proto = match parse_i64(ctx.arg(1)).ok_or(CommandError::ProtoNotInteger)? {
            2 => Proto::Resp2,
            3 => Proto::Resp3,
            _ => return Err(CommandError::NoProto),
        };
    }
    let (mut credentials, mut name, mut at) = (None, None, 2);
    while at < ctx.argc() {
        let left = ctx.argc() - at - 1;
        if ctx.arg_is(at, "AUTH") && left >= 2 {
            credentials = Some((ctx.arg(at + 1), ctx.arg(at + 2)));
            at += 3;
        } else if ctx.arg_is(at, "SETNAME") && left >= 1 {
            name = Some(ctx.arg(at + 1));
            if !is_client_name(ctx.arg(at + 1)) {
                return Err(CommandError::ClientName);
            }
            at += 2;
        } else {
            let option = ctx.arg(at);
            ctx.reply().error_parts(&[b"ERR Syntax error in HELLO option '", option, b"'"]);
            return Err(CommandError::Written);
        }
    }
    if let Some((user, password)) = credentials {
        authenticate(ctx, user, password)?;
    }
    if !ctx.client().flags.has(ConnFlags::AUTHENTICATED) {
        return Err(CommandError::HelloNoAuth);
    }
    if let Some(name) = name {
        ctx.client_mut().details.name = name.into();
    }
    ctx.client_mut().proto = proto;
    ctx.proto = proto;
    describe(ctx);
    Ok(())
}

/// The map that HELLO answers.
fn describe(ctx: &mut Ctx<'_>) {
    let id = ctx.client().id.0;
    let role = if ctx.srv.is_replica() { "replica" } else { "master" };
    let proto = ctx.proto;
    let mut w = ctx.reply();
    w.map(7);
    w.bulk(b"server");
    w.bulk(b"redis");
    w.bulk(b"version");
    w.bulk(REDIS_VERSION.as_bytes());
    w.bulk(b"proto");
    w.int(proto.number());
    w.bulk(b"id");
    w.int(id as i64);
    w.bulk(b"mode");
    w.bulk(b"standalone");
    w.bulk(b"role");
    w.bulk(role.as_bytes());
    w.bulk(b"modules");
    w.array(0);
}

/// Whether a name holds nothing that would break a line of CLIENT LIST.
pub(super) fn is_client_name(name: &[u8]) -> bool {
    name.iter().all(|b| (b'!'..=b'~').contains(b))
}

pub(super) const ROWS: &[Row] = &[
    Row::new(
        "auth",
        auth,
        -2,
        Flags::NOSCRIPT
            .or(Flags::LOADING)
            .or(Flags::STALE)
            .or(Flags::FAST)
            .or(Flags::NO_AUTH)
            .or(Flags::ALLOW_BUSY),
        Acl::CONNECTION.or(Acl::FAST),
        Group::Connection,
    )
    .since("1.0.0")
    .doc(
        "Authenticates the connection with a password, or a user name and a password.",
        "O(n) in the number of passwords of the user",
        "[username] password",
    ),
    Row::new(
        "echo",
        echo,
        2,
        Flags::LOADING.or(Flags::STALE).or(Flags::FAST),
        Acl::CONNECTION.or(Acl::FAST),
        Group::Connection,
    )
    .since("1.0.0")
    .doc("Answers with its argument.", "O(1)", "message"),
    Row::new(
        "hello",
        hello,
        -1,
        Flags::NOSCRIPT
            .or(Flags::LOADING)
            .or(Flags::STALE)
            .or(Flags::FAST)
            .or(Flags::NO_AUTH)
            .or(Flags::ALLOW_BUSY),
        Acl::CONNECTION.or(Acl::FAST),
        Group::Connection,
    )
    .since("6.0.0")
    .doc(
        "Chooses the protocol version, and may authenticate and name the connection in the same step.",
        "O(1)",
        "[protover [AUTH username password] [SETNAME clientname]]",
    ),
    Row::new("ping", ping, -1, Flags::FAST, Acl::CONNECTION.or(Acl::FAST), Group::Connection)
        .since("1.0.0")
        .tips(&["request_policy:all_shards", "response_policy:all_succeeded"])
        .doc("Shows that the server answers; echoes its argument if there is one.", "O(1)", "[message]"),
    Row::new(
        "quit",
        quit,
        -1,
        Flags::NOSCRIPT
            .or(Flags::LOADING)
            .or(Flags::STALE)
            .or(Flags::FAST)
            .or(Flags::NO_AUTH)
            .or(Flags::ALLOW_BUSY),
        Acl::CONNECTION.or(Acl::FAST),
        Group::Connection,
    )
    .since("1.0.0")
    .deprecated("7.2.0", "just closing the connection")
    .doc("Closes the connection after the replies.", "O(1)", ""),
    Row::new(
        "reset",
        reset,
        1,
        Flags::NOSCRIPT
            .or(Flags::LOADING)
            .or(Flags::STALE)
            .or(Flags::FAST)
            .or(Flags::NO_AUTH)
            .or(Flags::ALLOW_BUSY),
        Acl::CONNECTION.or(Acl::FAST),
        Group::Connection,
    )
    .since("6.2.0")
    .doc("Brings the connection back to the state of a new one.", "O(1)", ""),
    Row::new(
        "select",
        select,
        2,
        Flags::LOADING.or(Flags::STALE).or(Flags::FAST),
        Acl::CONNECTION.or(Acl::FAST),
        Group::Connection,
    )
    .since("1.0.0")
    .doc("Changes the database that the connection works on.", "O(1)", "index"),
];

//! REPLICAOF, ROLE, PSYNC, SYNC, REPLCONF, WAIT, WAITAOF. Source: the Redis documentation, "Redis replication"; the wire facts of
//! PSYNC2.

use crate::base::mutant::Mutant;
use crate::base::number::parse_i64;
use crate::connection::{ConnFlags, WaitsFor};
use crate::contract::{LogLevel, Span};
use crate::engine::blocked::acknowledged;
use crate::engine::{Acl, Ctx, Flags, Group, Row};
use crate::replication::PeerStage;
use crate::resp::{CommandError, Writer};
use alloc::string::String;
use alloc::vec::Vec;

type Done = Result<(), CommandError>;

/// The longest `REPLCONF ip-address`.
const IP_MAX: usize = 255;

/// Answers an error whose text is in no list.
fn refuse(ctx: &mut Ctx<'_>, parts: &[&[u8]]) -> Done {
    ctx.reply().error_parts(parts);
    Err(CommandError::Written)
}

fn replicaof(ctx: &mut Ctx<'_>) -> Done {
    if ctx.srv.config.cluster_enabled {
        return refuse(ctx, &[b"ERR REPLICAOF not allowed in cluster mode."]);
    }
    if ctx.srv.repl.failover.is_some() {
        return refuse(ctx, &[b"ERR REPLICAOF not allowed while failing over."]);
    }
    if ctx.arg_is(1, "NO") && ctx.arg_is(2, "ONE") {
        ctx.srv.promote();
        ctx.reply().ok();
        return Ok(());
    }
    if ctx.client().flags.has(ConnFlags::REPLICA) {
        return refuse(ctx, &[b"ERR Command is not valid when client is a replica."]);
    }
    let Some(port) = parse_i64(ctx.arg(2)).and_then(|n| u16::try_from(n).ok()) else {
        return refuse(ctx, &[b"ERR Invalid master port"]);
    };
    let host = String::from_utf8_lossy(ctx.arg(1));
    let same =
        ctx.srv.repl.master.as_ref().is_some_and(|m| m.port == port && m.host.eq_ignore_ascii_case(&host));
    if same {
        ctx.reply().simple("OK Already connected to specified master");
        return Ok(());
    }
    ctx.srv.follow(&host, port);
    ctx.reply().ok();
    Ok(())
}

fn role(ctx: &mut Ctx<'_>) -> Done {
    let repl = &ctx.srv.repl;
    if let Some(master) = &repl.master {
        let offset = if master.is_streaming() { repl.offset } else { -1 };
        let (host, port, word) = (master.host.clone(), master.port, master.state_word());
        let mut w = ctx.reply();
        w.array(5);
        w.bulk(b"slave");
        w.bulk(host.as_bytes());
        w.int(i64::from(port));
        w.bulk(word.as_bytes());
        w.int(offset);
        return Ok(());
    }
    let online: Vec<_> = repl
        .replicas()
        .filter(|(_, p)| p.stage == PeerStage::Online)
        .map(|(slot, p)| {
            let ip = if p.ip.is_empty() { ctx.srv.ip_of(slot) } else { p.ip[..].into() };
            (ip, p.port, p.acked)
        })
        .collect();
    let offset = repl.offset;
    let mut w = ctx.reply();
    w.array(3);
    w.bulk(b"master");
    w.int(offset);
    w.array(online.len());
    for (ip, port, acked) in online {
        w.array(3);
        w.bulk(ip.as_bytes());
        w.bulk_int(i64::from(port));
        w.bulk_int(acked);
    }
    Ok(())
}

/// Whether the client may ask for the stream now.
fn may_synchronize(ctx: &mut Ctx<'_>) -> Done {
    let repl = &ctx.srv.repl;
    if repl.failover.is_some() {
        return Err(CommandError::NoMasterLinkFailover);
    }
    if repl.is_replica() && repl.is_stale() {
        return Err(CommandError::NoMasterLink);
    }
    if !ctx.out.is_empty() {
        return refuse(ctx, &[b"ERR SYNC and PSYNC are invalid with pending output"]);
    }
    Ok(())
}

/// The master of this replica hands its part over.
fn take_over(ctx: &mut Ctx<'_>) -> Done {
    if !ctx.srv.is_replica() {
        return refuse(ctx, &[b"ERR PSYNC FAILOVER can't be sent to a master."]);
    }
    if !ctx.arg(1).eq_ignore_ascii_case(&ctx.srv.repl.id) {
        return refuse(ctx, &[b"ERR PSYNC FAILOVER replid must match my replid."]);
    }
    let peer = ctx.client().details.peer.clone();
    ctx.srv.log(LogLevel::Notice, format_args!("Failover requested by the master at {peer}"));
    ctx.srv.promote();
    Ok(())
}

fn psync(ctx: &mut Ctx<'_>) -> Done {
    // One that is a replica already is not answered: its connection carries the stream.
    if ctx.client().flags.has(ConnFlags::REPLICA) {
        return Ok(());
    }
    if ctx.argc() > 3 && ctx.arg_is(3, "failover") {
        take_over(ctx)?;
    }
    may_synchronize(ctx)?;
    let next = ctx.int(2)?;
    let id = ctx.arg(1);
    let mut w = Writer::new(ctx.out, ctx.proto);
    ctx.srv.attach(ctx.slot, id, next, &mut w);
    Ok(())
}

fn sync(ctx: &mut Ctx<'_>) -> Done {
    if ctx.client().flags.has(ConnFlags::REPLICA) {
        return Ok(());
    }
    may_synchronize(ctx)?;
    ctx.srv.attach_fully(ctx.slot, true);
    Ok(())
}

fn replconf(ctx: &mut Ctx<'_>) -> Done {
    if ctx.argc().is_multiple_of(2) {
        return Err(CommandError::Syntax);
    }
    for at in (1..ctx.argc()).step_by(2) {
        let (option, value) = (ctx.arg(at), ctx.arg(at + 1));
        match () {
            // Neither of these is answered.
            () if ctx.arg_is(at, "ack") => return ack(ctx, at),
            () if ctx.arg_is(at, "getack") => {
                ctx.srv.repl.ack_wanted |= ctx.client().flags.has(ConnFlags::MASTER);
                return Ok(());
            }
            () if ctx.arg_is(at, "listening-port") => {
                let port = ctx.int(at + 1)?;
                peer(ctx).port = u16::try_from(port).map_err(|_| CommandError::NotInteger)?;
            }
            () if ctx.arg_is(at, "ip-address") => {
                if value.len() > IP_MAX {
                    let mut text = itoa::Buffer::new();
                    let len = text.format(value.len()).as_bytes();
                    let start: &[u8] = b"ERR REPLCONF ip-address provided by replica instance is too long: ";
                    return refuse(ctx, &[start, len, b" bytes"]);
                }
                peer(ctx).ip = String::from_utf8_lossy(value).into_owned().into();
            }
            () if ctx.arg_is(at, "capa") => {
                let peer = peer(ctx);
                peer.eof |= value.eq_ignore_ascii_case(b"eof");
                peer.psync2 |= value.eq_ignore_ascii_case(b"psync2");
            }
            () if ctx.arg_is(at, "rdb-only") => {
                let only = ctx.int(at + 1)?;
                peer(ctx).rdb_only = only == 1;
            }
            () => return refuse(ctx, &[b"ERR Unrecognized REPLCONF option: ", option]),
        }
    }
    ctx.reply().ok();
    Ok(())
}

fn peer<'s>(ctx: &'s mut Ctx<'_>) -> &'s mut crate::replication::ReplicaPeer {
    ctx.srv.peer_mut(ctx.slot)
}

/// `ACK offset [FACK synced]`.
fn ack(ctx: &mut Ctx<'_>, at: usize) -> Done {
    if !ctx.client().flags.has(ConnFlags::REPLICA) {
        return Ok(());
    }
    let Some(offset) = parse_i64(ctx.arg(at + 1)) else { return Ok(()) };
    let has_synced = ctx.argc() > at + 3 && ctx.arg_is(at + 2, "fack");
    let synced = if has_synced { parse_i64(ctx.arg(at + 3)) } else { None };
    ctx.srv.acknowledged(ctx.slot, offset, synced);
    Ok(())
}

fn wait(ctx: &mut Ctx<'_>) -> Done {
    if ctx.srv.is_replica() {
        return Err(CommandError::WaitOnReplica);
    }
    let count = ctx.int(1)?;
    let timeout = parse_i64(ctx.arg(2)).ok_or(CommandError::TimeoutNotInteger)?;
    if timeout < 0 {
        return Err(CommandError::TimeoutNegative);
    }
    wait_for_replicas(ctx, count, timeout, false);
    Ok(())
}

fn waitaof(ctx: &mut Ctx<'_>) -> Done {
    let local = ctx.int(1)?;
    if !(0..=1).contains(&local) {
        return Err(CommandError::NotZeroOrOne);
    }
    let count = ctx.int(2)?;
    if count < 0 {
        return Err(CommandError::NotPositive);
    }
    let timeout = parse_i64(ctx.arg(3)).ok_or(CommandError::TimeoutNotInteger)?;
    if timeout < 0 {
        return Err(CommandError::TimeoutNegative);
    }
    if ctx.srv.is_replica() {
        return Err(CommandError::WaitAofOnReplica);
    }
    if local > 0 {
        return Err(CommandError::WaitAofOff);
    }
    wait_for_replicas(ctx, count, timeout, true);
    Ok(())
}

/// Answers at once if enough replicas have acknowledged, or if this is a transaction; else later.
fn wait_for_replicas(ctx: &mut Ctx<'_>, count: i64, timeout_ms: i64, synced: bool) {
    let forgets = ctx.srv.knobs.broken(Mutant::WaitForgetsWrites);
    let offset = if forgets { crate::contract::Offset(0) } else { ctx.client().write_offset };
    let acked = ctx.srv.repl.acknowledged_by(offset, synced) as i64;
    let count = count - i64::from(ctx.srv.knobs.broken(Mutant::WaitImpatient));
    if acked >= count || ctx.in_exec {
        return acknowledged(&mut ctx.reply(), acked, synced);
    }
    let deadline = (timeout_ms > 0).then(|| ctx.srv.now.mono + Span::ms(timeout_ms as u64));
    ctx.srv.wait_for(ctx.slot, deadline, WaitsFor::Replicas { count, offset, synced });
    ctx.srv.repl.getack_wanted = true;
}

const ADMIN: Flags = Flags::ADMIN.or(Flags::NOSCRIPT);
const ADMIN_ACL: Acl = Acl::ADMIN.or(Acl::DANGEROUS).or(Acl::SLOW);

pub(super) const ROWS: &[Row] = &[
    Row::new(
        "replicaof",
        replicaof,
        3,
        ADMIN.or(Flags::STALE).or(Flags::NO_ASYNC_LOADING),
        ADMIN_ACL,
        Group::Server,
    )
    .since("5.0.0")
    .doc("Makes the server follow a master, or ends that.", "O(1)", "(host port|NO ONE)"),
    Row::new(
        "slaveof",
        replicaof,
        3,
        ADMIN.or(Flags::STALE).or(Flags::NO_ASYNC_LOADING),
        ADMIN_ACL,
        Group::Server,
    )
    .since("1.0.0")
    .deprecated("5.0.0", "REPLICAOF")
    .doc("Makes the server follow a master, or ends that.", "O(1)", "(host port|NO ONE)"),
    Row::new(
        "role",
        role,
        1,
        Flags::NOSCRIPT.or(Flags::LOADING).or(Flags::STALE).or(Flags::FAST),
        Acl::ADMIN.or(Acl::DANGEROUS).or(Acl::FAST),
        Group::Server,
    )
    .since("2.8.12")
    .doc("Tells whether the server is a master or a replica, and of whom.", "O(n) in the number of replicas", ""),
    Row::new(
        "psync",
        psync,
        -3,
        ADMIN.or(Flags::NO_ASYNC_LOADING).or(Flags::NO_MULTI),
        ADMIN_ACL,
        Group::Server,
    )
    .since("2.8.0")
    .doc("Asks for the replication stream from an offset on; for replicas.", "O(n) in the bytes that are sent", "replicationid offset"),
    Row::new(
        "sync",
        sync,
        1,
        ADMIN.or(Flags::NO_ASYNC_LOADING).or(Flags::NO_MULTI),
        ADMIN_ACL,
        Group::Server,
    )
    .since("1.0.0")
    .doc("Asks for the data set and the replication stream after it; for old replicas.", "O(n) in the bytes that are sent", ""),
    Row::new(
        "replconf",
        replconf,
        -1,
        ADMIN.or(Flags::LOADING).or(Flags::STALE).or(Flags::ALLOW_BUSY),
        ADMIN_ACL,
        Group::Server,
    )
    .since("3.0.0")
    .doc("What master and replica tell each other besides the stream.", "O(1)", ""),
    Row::new("wait", wait, 3, Flags::NONE, Acl::CONNECTION.or(Acl::SLOW), Group::Generic)
        .since("3.0.0")
        .tips(&["request_policy:all_shards", "response_policy:agg_min"])
        .doc(
            "Waits until enough replicas have acknowledged what this connection wrote, and answers how many have.",
            "O(n) in the number of replicas",
            "numreplicas timeout",
        ),
    Row::new(
        "waitaof",
        waitaof,
        4,
        Flags::NOSCRIPT,
        Acl::CONNECTION.or(Acl::SLOW),
        Group::Generic,
    )
    .since("7.2.0")
    .tips(&["request_policy:all_shards", "response_policy:agg_min"])
    .doc(
        "Waits until what this connection wrote is on disk, here and on enough replicas, and answers where it is.",
        "O(n) in the number of replicas",
        "numlocal numreplicas timeout",
    ),
];

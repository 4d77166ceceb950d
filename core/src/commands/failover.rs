//! FAILOVER. Source: the Redis documentation of the command.

use crate::base::number::parse_i64;
use crate::contract::Span;
use crate::engine::{Acl, Ctx, Flags, Group, Row};
use crate::replication::{Failover, PeerStage};
use crate::resp::CommandError;
use alloc::boxed::Box;
use alloc::string::String;

type Done = Result<(), CommandError>;

/// What was asked for.
#[derive(Default)]
struct Asked {
    timeout_ms: Option<i64>,
    target: Option<(Box<str>, i64)>,
    force: bool,
}

fn options(ctx: &Ctx<'_>) -> Result<Asked, CommandError> {
    let mut asked = Asked::default();
    let (mut at, argc) = (1, ctx.argc());
    while at < argc {
        if ctx.arg_is(at, "timeout") && at + 1 < argc && asked.timeout_ms.is_none() {
            let ms = parse_i64(ctx.arg(at + 1)).ok_or(CommandError::NotInteger)?;
            if ms <= 0 {
                return Err(CommandError::FailoverTimeout);
            }
            asked.timeout_ms = Some(ms);
            at += 2;
        } else if ctx.arg_is(at, "to") && at + 2 < argc && asked.target.is_none() {
            let port = parse_i64(ctx.arg(at + 2)).ok_or(CommandError::NotInteger)?;
            asked.target = Some((String::from_utf8_lossy(ctx.arg(at + 1)).into(), port));
            at += 3;
        } else if ctx.arg_is(at, "force") && !asked.force {
            asked.force = true;
            at += 1;
        } else {
            return Err(CommandError::Syntax);
        }
    }
    Ok(asked)
}

fn failover(ctx: &mut Ctx<'_>) -> Done {
    if ctx.srv.config.cluster_enabled {
        ctx.reply().error_parts(&[b"ERR FAILOVER not allowed in cluster mode."]);
        return Err(CommandError::Written);
    }
    if ctx.argc() == 2 && ctx.arg_is(1, "abort") {
        if ctx.srv.repl.failover.is_none() {
            return Err(CommandError::NoFailover);
        }
        ctx.srv.abort_failover("Failover manually aborted");
        ctx.reply().ok();
        return Ok(());
    }
    let asked = options(ctx)?;
    let srv = &ctx.srv;
    if srv.repl.failover.is_some() {
        return Err(CommandError::FailoverInProgress);
    }
    if srv.is_replica() {
        return Err(CommandError::FailoverOnReplica);
    }
    if srv.repl.replicas().next().is_none() {
        return Err(CommandError::FailoverNoReplicas);
    }
    if asked.force && (asked.timeout_ms.is_none() || asked.target.is_none()) {
        return Err(CommandError::FailoverForce);
    }
    let target = match asked.target {
        None => None,
        Some((host, port)) => {
            let port = u16::try_from(port).map_err(|_| CommandError::FailoverNotReplica)?;
            match srv.repl.replica_at(&host, port, |slot| srv.ip_of(slot)) {
                None => return Err(CommandError::FailoverNotReplica),
                Some(PeerStage::Online) => Some((host, port)),
                Some(_) => return Err(CommandError::FailoverNotOnline),
            }
        }
    };
    let deadline = asked.timeout_ms.map(|ms| srv.now.mono + Span::ms(ms as u64));
    ctx.srv.begin_failover(Failover { target, force: asked.force, deadline, in_progress: false });
    ctx.reply().ok();
    Ok(())
}

pub(super) const ROWS: &[Row] = &[Row::new(
    "failover",
    failover,
    -1,
    Flags::ADMIN.or(Flags::NOSCRIPT).or(Flags::STALE),
    Acl::ADMIN.or(Acl::DANGEROUS).or(Acl::SLOW),
    Group::Server,
)
.since("6.2.0")
.doc(
    "Hands the part of the master to a replica that has everything.",
    "O(1)",
    "[TO host port [FORCE]] [ABORT] [TIMEOUT milliseconds]",
)];

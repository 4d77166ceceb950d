//! The refusals that stand between a command and its execution, in the order of Redis's processCommand.
//!
//! *Owns*: [`check`] and one small function for each refusal. *Does not own*: what arms them (`Server::rearm`, and the
//! bits in `Connection::armed`). A command that meets no armed refusal pays one test for all of them.

use super::row::{Flags, Gates};
use super::server::Server;
use super::table::RowIx;
use crate::connection::ConnFlags;
use crate::resp::{CommandError, Proto};

/// What a refusal amounts to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Go on.
    Pass,
    /// Refuse with this error; inside MULTI it poisons the transaction.
    Refuse(CommandError),
    /// The RESP2 subscriber refusal, whose text names the command.
    RefuseScope,
    /// Refuse DEBUG or MODULE, whose text names the command.
    RefuseProtected,
    /// Wait until the pause ends.
    Postpone,
}

/// What a replica's link may not do.
const KEYSPACE: Flags = Flags::WRITE.or(Flags::READONLY).or(Flags::MAY_REPLICATE);

type Refusal = fn(&Server, u32, RowIx) -> Verdict;

/// The refusals in their order, each with the bit that arms it.
const ORDER: [(Gates, Refusal); 13] = [
    (Gates::PROTECTED, protected),
    (Gates::NOAUTH, noauth),
    (Gates::MULTI, no_multi),
    (Gates::OOM, oom),
    (Gates::MISCONF, misconf),
    (Gates::NOREPLICAS, noreplicas),
    (Gates::READONLY, readonly),
    (Gates::SCOPE, scope),
    (Gates::MASTERDOWN, masterdown),
    (Gates::LOADING, loading),
    (Gates::BUSY, busy),
    (Gates::REPLICA_LINK, replica_link),
    (Gates::PAUSE, pause),
];

/// Asks every refusal that is armed and can meet this row, in order.
#[cold]
#[must_use]
pub fn check(srv: &Server, slot: u32, row: RowIx, armed: Gates) -> Verdict {
    for (bit, refusal) in ORDER {
        if armed.any(bit) {
            let verdict = refusal(srv, slot, row);
            if verdict != Verdict::Pass {
                return verdict;
            }
        }
    }
    Verdict::Pass
}

fn flags(srv: &Server, row: RowIx) -> Flags {
    srv.table.row(row).flags
}

fn name(srv: &Server, row: RowIx) -> &'static str {
    srv.table.row(row).name
}

/// The flags of the row, or of everything queued when the row is EXEC.
fn effective_flags(srv: &Server, slot: u32, row: RowIx) -> Flags {
    if name(srv, row) == "exec" {
        let queued = srv.conns.get(slot).multi.as_ref().map_or(0, |m| m.row_flags);
        return flags(srv, row) | Flags(queued);
    }
    flags(srv, row)
}

/// Whether the row lacks a flag, or something queued does when the row is EXEC.
fn lacks(srv: &Server, slot: u32, row: RowIx, flag: Flags) -> bool {
    let queued = || srv.conns.get(slot).multi.as_ref().is_some_and(|m| Flags(m.lacking).has(flag));
    !flags(srv, row).has(flag) || (name(srv, row) == "exec" && queued())
}

fn from_master(srv: &Server, slot: u32) -> bool {
    srv.conns.get(slot).flags.has(ConnFlags::MASTER)
}

fn protected(srv: &Server, slot: u32, row: RowIx) -> Verdict {
    if !flags(srv, row).has(Flags::PROTECTED) {
        return Verdict::Pass;
    }
    let local = srv.config.enable_debug_command.is_local() && srv.conns.get(slot).details.is_local;
    if local { Verdict::Pass } else { Verdict::RefuseProtected }
}

fn noauth(_: &Server, _: u32, _: RowIx) -> Verdict {
    Verdict::Refuse(CommandError::NoAuth)
}

fn no_multi(srv: &Server, _: u32, row: RowIx) -> Verdict {
    let refused = flags(srv, row).has(Flags::NO_MULTI);
    if refused { Verdict::Refuse(CommandError::NotInTransaction) } else { Verdict::Pass }
}

fn oom(srv: &Server, slot: u32, row: RowIx) -> Verdict {
    if srv.keyspace.used_bytes() as u64 <= srv.config.maxmemory || from_master(srv, slot) {
        return Verdict::Pass;
    }
    if srv.is_replica() && srv.config.replica_ignore_maxmemory {
        return Verdict::Pass;
    }
    let queueing = srv.conns.get(slot).flags.has(ConnFlags::MULTI)
        && !matches!(name(srv, row), "exec" | "discard" | "quit" | "reset");
    let refused = queueing || effective_flags(srv, slot, row).has(Flags::DENYOOM);
    if refused { Verdict::Refuse(CommandError::Oom) } else { Verdict::Pass }
}

fn misconf(srv: &Server, slot: u32, row: RowIx) -> Verdict {
    let concerned = effective_flags(srv, slot, row).has(Flags::WRITE) || name(srv, row) == "ping";
    match srv.misconf {
        Some(error) if concerned && !srv.is_replica() => Verdict::Refuse(error),
        _ => Verdict::Pass,
    }
}

fn noreplicas(srv: &Server, slot: u32, row: RowIx) -> Verdict {
    let refused = !srv.is_replica() && effective_flags(srv, slot, row).has(Flags::WRITE);
    if refused { Verdict::Refuse(CommandError::NoReplicas) } else { Verdict::Pass }
}

fn readonly(srv: &Server, slot: u32, row: RowIx) -> Verdict {
    let refused = !from_master(srv, slot) && effective_flags(srv, slot, row).has(Flags::WRITE);
    if refused { Verdict::Refuse(CommandError::ReadOnly) } else { Verdict::Pass }
}

fn scope(srv: &Server, slot: u32, row: RowIx) -> Verdict {
    let conn = srv.conns.get(slot);
    if !conn.flags.has(ConnFlags::PUBSUB) || conn.proto != Proto::Resp2 {
        return Verdict::Pass;
    }
    match name(srv, row) {
        "ping" | "subscribe" | "ssubscribe" | "unsubscribe" | "sunsubscribe" | "psubscribe"
        | "punsubscribe" | "quit" | "reset" => Verdict::Pass,
        _ => Verdict::RefuseScope,
    }
}

fn masterdown(srv: &Server, slot: u32, row: RowIx) -> Verdict {
    let refused = !from_master(srv, slot) && lacks(srv, slot, row, Flags::STALE);
    if refused { Verdict::Refuse(CommandError::MasterDown) } else { Verdict::Pass }
}

fn loading(srv: &Server, slot: u32, row: RowIx) -> Verdict {
    let refused = !from_master(srv, slot) && lacks(srv, slot, row, Flags::LOADING);
    if refused { Verdict::Refuse(CommandError::Loading) } else { Verdict::Pass }
}

fn busy(_: &Server, _: u32, _: RowIx) -> Verdict {
    Verdict::Refuse(CommandError::BusyScript)
}

fn replica_link(srv: &Server, slot: u32, row: RowIx) -> Verdict {
    let refused = effective_flags(srv, slot, row).any(KEYSPACE);
    if refused { Verdict::Refuse(CommandError::ReplicaKeyspace) } else { Verdict::Pass }
}

fn pause(srv: &Server, slot: u32, row: RowIx) -> Verdict {
    let conn = srv.conns.get(slot);
    if conn.flags.any(ConnFlags::REPLICA.or(ConnFlags::MASTER)) {
        return Verdict::Pass;
    }
    let f = effective_flags(srv, slot, row);
    let writes = f.has(Flags::WRITE) || f.has(Flags::MAY_REPLICATE);
    if srv.pause.all || writes { Verdict::Postpone } else { Verdict::Pass }
}

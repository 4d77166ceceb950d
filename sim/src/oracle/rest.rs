//! What must be true of a node that nobody talks to. B4: nothing expired is left. E3: nothing is kept of clients that are
//! gone: no watched key, no subscription, nobody waiting. E4: what is counted as it changes equals a count made anew. F5: an
//! idle node wakes a bounded number of times.

use super::Violation;
use norn_core::connection::ConnFlags;
use norn_core::node::Node;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// How long nobody talks to the nodes, in seconds.
pub(crate) const QUIET_SECS: u64 = 6;
/// Removals of expired keys reach replicas within this time.
const LATE_MS: i64 = 2_000;
/// Wake-ups of an idle node in the quiet time: beats, pings, housekeeping, keys that expire ten times a second, all of it
/// written a byte at a time where a seed says so.
const WAKES_MAX: u64 = 1_000;

/// Checks a node at `unix_ms`, by the clock of its master, after the quiet time, in which it woke so often by itself.
pub(super) fn check(s: u8, node: &Node, unix_ms: i64, wakes: u64) -> Result<(), Violation> {
    let server = node.server();
    let wrong = |oracle, reason: String| Err(Violation::new(oracle, format!("n{s} {reason}")));
    if let Some(deadline) = server.keyspace.next_deadline().filter(|at| at + LATE_MS < unix_ms) {
        return wrong("B4", format!("still keeps a key that expired {} ms ago", unix_ms - deadline));
    }
    let peer = |flags: ConnFlags| flags.any(ConnFlags::MASTER.or(ConnFlags::REPLICA));
    let clients = server.conns.iter().filter(|c| !peer(c.flags)).count();
    if clients == 0 {
        let kept = [
            (!server.watch.is_empty(), "watched keys"),
            (!server.pubsub.is_idle(), "subscriptions"),
            (server.blocked.count > 0 || !server.blocked.in_order().is_empty(), "waiting clients"),
            (!server.blocked_keys.is_empty(), "keys that clients wait for"),
            (!server.monitors.is_empty(), "monitors"),
        ];
        if let Some((_, what)) = kept.into_iter().find(|(there, _)| *there) {
            return wrong("E3", format!("has no clients and keeps {what} of some"));
        }
    }
    let recounted = catch_unwind(AssertUnwindSafe(|| server.keyspace.check()));
    if recounted.is_err() || server.keyspace.digest() != server.keyspace.recompute_digest() {
        return wrong("E4", "counts its keys otherwise than they are".to_owned());
    }
    if wakes > WAKES_MAX {
        return wrong("F5", format!("woke {wakes} times in {QUIET_SECS} s in which nobody talked to it"));
    }
    Ok(())
}

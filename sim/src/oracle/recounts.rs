//! E4: what a node counts as it goes equals what is counted anew: keys, keys with a deadline, bytes of data, clients that wait.

use super::Violation;
use norn_core::base::ids::DbIndex;
use norn_core::connection::WaitsFor;
use norn_core::node::Node;
use std::collections::BTreeSet;

/// Counts anew.
pub(super) fn check(s: u8, node: &Node) -> Result<(), Violation> {
    let wrong = |what: &str, counted: usize, is: usize| {
        Err(Violation::new("E4", format!("n{s} counts {counted} {what}, there are {is}")))
    };
    let (server, keyspace) = (node.server(), &node.server().keyspace);
    for db in (0..keyspace.databases()).map(DbIndex) {
        let (mut keys, mut expires) = (0, 0);
        keyspace.for_each_stored(db, |_, _, deadline| {
            keys += 1;
            expires += usize::from(deadline.is_some());
        });
        if keyspace.len(db) != keys {
            return wrong("keys", keyspace.len(db), keys);
        }
        if keyspace.expires_count(db) != expires {
            return wrong("keys with a deadline", keyspace.expires_count(db), expires);
        }
    }
    if keyspace.used_bytes() != keyspace.recount_bytes() {
        return wrong("bytes of data", keyspace.used_bytes(), keyspace.recount_bytes());
    }
    let waiting = || server.conns.iter().filter_map(|conn| conn.waits.as_ref());
    if server.blocked.count != waiting().count() {
        return wrong("clients that wait", server.blocked.count, waiting().count());
    }
    let mut awaited = BTreeSet::new();
    for waits in waiting() {
        if let WaitsFor::Keys(wait) = &waits.what {
            awaited.extend(wait.keys.iter().map(|key| (wait.db, key.clone())));
        }
    }
    if server.blocked_keys.counts().0 != awaited.len() {
        return wrong("keys that are waited for", server.blocked_keys.counts().0, awaited.len());
    }
    Ok(())
}

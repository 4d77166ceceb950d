//! B4: when everything is quiet and the active cycle has had its time, nothing expired remains on any node.

use super::Violation;
use norn_core::node::Node;

/// What a cycle, the network and the errors of clocks may take together.
const GRACE_MS: i64 = 10_000;

/// Checks a node; `now_ms` is its master's wall clock.
pub(super) fn nothing_remains(s: u8, node: &Node, now_ms: i64) -> Result<(), Violation> {
    match node.server().keyspace.next_deadline() {
        Some(at) if at + GRACE_MS < now_ms => {
            let late = now_ms - at;
            Err(Violation::new("B4", format!("n{s} still holds a key that expired {late} ms ago")))
        }
        _ => Ok(()),
    }
}

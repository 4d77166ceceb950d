//! What oracles see of a node: a copy of a few figures, nothing they could change.

use norn_core::contract::ConnId;
use norn_core::node::Node;

/// A node at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View {
    /// It follows a master.
    pub is_replica: bool,
    /// A data set is being loaded.
    pub loading: bool,
    /// Its stream is kept, so its offset names a state.
    pub streaming: bool,
    /// The history it writes or follows.
    pub id: [u8; 40],
    /// The history before.
    pub id2: [u8; 40],
    /// First offset not valid in the history before; -1 = none.
    pub second_offset: i64,
    /// Bytes of history.
    pub offset: i64,
    /// Deep digest of its data.
    pub digest: u128,
    /// Keys in all databases.
    pub keys: usize,
}

impl View {
    /// Looks at a node.
    #[must_use]
    pub fn of(node: &Node) -> Self {
        let seen = node.inspect();
        let repl = &node.server().repl;
        Self {
            is_replica: seen.is_replica,
            loading: repl.is_loading(),
            streaming: repl.backlog.is_some(),
            id: seen.id,
            id2: seen.id2,
            second_offset: seen.second_offset,
            offset: seen.offset,
            digest: seen.digest,
            keys: seen.keys,
        }
    }

    /// Id, class and kept bytes of each connection that is not about to be closed.
    #[must_use]
    pub fn kept_output(node: &Node) -> Vec<(ConnId, usize, u64)> {
        let conns = node.inspect_conns();
        conns.into_iter().filter(|c| !c.leaving).map(|c| (c.conn, c.class, c.pending_output)).collect()
    }
}

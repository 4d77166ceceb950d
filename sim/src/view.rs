//! What oracles see of a node: a copy of a few figures, nothing they could change.

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
    pub digest: Option<u128>,
    /// Keys in all databases.
    pub keys: usize,
}

impl View {
    /// Looks at a node.
    #[must_use]
    pub fn of(_node: &Node) -> Option<Self> {
        None
    }

    /// Class and kept bytes of each connection that is not about to be closed.
    #[must_use]
    pub fn kept_output(_node: &Node) -> Vec<(usize, u64)> {
        Vec::new()
    }
}

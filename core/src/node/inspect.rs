//! A read-only view of a node for the simulator's oracles and for tests.

use super::Node;
use crate::base::ids::{ConnId, DbIndex};
use crate::connection::ConnFlags;
use crate::replication::ReplId;
use alloc::vec::Vec;

/// What oracles look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspect {
    /// Whether the node follows a master.
    pub is_replica: bool,
    /// Whether it follows one whose stream flows.
    pub link_up: bool,
    /// Whether a data set is on its way from the master.
    pub transferring: bool,
    /// Whether the stream is kept, so that the offset names a state.
    pub streaming: bool,
    /// The history.
    pub id: ReplId,
    /// The history before.
    pub id2: ReplId,
    /// First offset that is not valid under `id2`; -1 = none.
    pub second_offset: i64,
    /// Bytes of history.
    pub offset: i64,
    /// The database selected in the stream.
    pub selected: Option<u32>,
    /// Keys in all databases.
    pub keys: usize,
    /// Deep digest of the data set; meaningful when it is switched on.
    pub digest: u128,
}

/// One connection as oracles see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnView {
    /// Its id.
    pub conn: ConnId,
    /// Bytes kept for it.
    pub pending_output: u64,
    /// Whether it is a replica, and whether it is subscribed.
    pub class: usize,
    /// Whether it is about to be closed.
    pub leaving: bool,
}

impl Node {
    /// The state of the node.
    #[must_use]
    pub fn inspect(&self) -> Inspect {
        let repl = &self.srv.repl;
        Inspect {
            is_replica: repl.is_replica(),
            link_up: repl.streaming_slot().is_some(),
            transferring: repl.is_transferring(),
            streaming: repl.backlog.is_some(),
            id: repl.id,
            id2: repl.id2,
            second_offset: repl.second_offset,
            offset: repl.offset,
            selected: repl.selected().map(|db| db.0),
            keys: (0..self.srv.keyspace.databases()).map(|db| self.srv.keyspace.len(DbIndex(db))).sum(),
            digest: self.srv.keyspace.digest(),
        }
    }

    /// Keeps a deep digest of the data from now on.
    pub fn enable_digest(&mut self) {
        self.srv.keyspace.enable_digest();
    }

    /// Every connection.
    #[must_use]
    pub fn inspect_conns(&self) -> Vec<ConnView> {
        let view = |c: &crate::connection::Connection| ConnView {
            conn: c.conn,
            pending_output: self.srv.pending_output(c.conn.index),
            class: c.obuf_class(),
            leaving: c.leaving() || c.flags.has(ConnFlags::GONE),
        };
        self.srv.conns.iter().map(view).collect()
    }
}

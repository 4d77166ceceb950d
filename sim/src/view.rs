//! What oracles see of a node: a copy of a few figures, nothing they could change.

use norn_core::contract::ConnId;
use norn_core::node::Node;
use norn_core::replication::PeerStage;

/// What a node has to do with its files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Files {
    /// It loads, or does not know yet whether there is something to load.
    pub loading: bool,
    /// It has loaded a file.
    pub loaded: bool,
    /// It has tried in vain.
    pub failed: bool,
    /// Keys left out because they had expired.
    pub expired: u64,
    /// Snapshots begun since the process started.
    pub begun: u64,
    /// Those that were completed.
    pub completed: u64,
    /// The digest of the data when the last one began.
    pub digest_at_begin: u128,
    /// That of the data now.
    pub digest: u128,
}

impl Files {
    /// Looks at a node.
    #[must_use]
    pub fn of(node: &Node) -> Self {
        let server = node.server();
        let p = &server.persistence;
        Self {
            loading: p.loading.is_some(),
            loaded: p.loads > 0,
            failed: p.load_failed,
            expired: p.expired_keys,
            begun: p.begun,
            completed: p.completed,
            digest_at_begin: p.digest_at_begin,
            digest: server.keyspace.digest(),
        }
    }
}

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
    /// The database selected in the stream at this offset; none = a SELECT comes next.
    pub selected: Option<u32>,
}

impl View {
    /// Looks at a node.
    #[must_use]
    pub fn of(node: &Node) -> Self {
        let seen = node.inspect();
        let repl = &node.server().repl;
        Self {
            is_replica: seen.is_replica,
            loading: repl.is_loading() || node.server().persistence.loading.is_some(),
            streaming: repl.backlog.is_some(),
            id: seen.id,
            id2: seen.id2,
            second_offset: seen.second_offset,
            offset: seen.offset,
            digest: seen.digest,
            keys: seen.keys,
            selected: seen.selected,
        }
    }

    /// Connections of the replicas that acknowledged something, and what.
    pub fn acknowledged(node: &Node) -> impl Iterator<Item = (u32, i64)> {
        let online = node.server().repl.replicas().filter(|(_, p)| p.stage == PeerStage::Online);
        online.map(|(slot, p)| (slot, p.acked)).filter(|(_, acked)| *acked > 0)
    }

    /// What a node keeps of its stream.
    #[must_use]
    pub fn kept_stream(node: &Node) -> Option<KeptStream> {
        let server = node.server();
        let log = server.repl.backlog.as_ref()?;
        let cursors = || {
            let owed = server.repl.replicas().filter(|(_, p)| p.needs_stream());
            owed.map(|(_, p)| p.cursor)
        };
        Some(KeptStream {
            start: log.start(),
            end: log.end(),
            offset: server.repl.offset,
            slowest: cursors().min(),
            fastest: cursors().max(),
            memory: log.heap_bytes() as i64,
            size: server.config.repl_backlog_size,
        })
    }

    /// Id, class and kept bytes of each connection that is not about to be closed.
    #[must_use]
    pub fn kept_output(node: &Node) -> Vec<(ConnId, usize, u64)> {
        let conns = node.inspect_conns();
        conns.into_iter().filter(|c| !c.leaving).map(|c| (c.conn, c.class, c.pending_output)).collect()
    }
}

/// What a node keeps of its stream, and for whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeptStream {
    /// Offset of the first byte kept.
    pub start: i64,
    /// Offset after the last byte kept.
    pub end: i64,
    /// Bytes of history that count.
    pub offset: i64,
    /// Where the slowest replica stands that is owed the stream.
    pub slowest: Option<i64>,
    /// Where the fastest one stands.
    pub fastest: Option<i64>,
    /// Bytes of memory.
    pub memory: i64,
    /// The configured size.
    pub size: i64,
}

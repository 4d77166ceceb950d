//! The state of a node as commands see it.
//!
//! *Owns*: every subsystem, side by side, so that a command borrows the ones it needs. *Does not own*: the turn of the
//! event loop, the driver's memory, links (all in `node`).
//! *Invariants*: `now` is frozen while a command runs; `armed` holds exactly the refusals that can apply now.

use super::blocked::Blocked;
use super::blocked_keys::BlockedKeys;
use super::propagate::Unit;
use super::row::Gates;
use super::slowlog::Slowlog;
use super::table::Table;
use super::timers::Timers;
use super::watch::WatchTable;
use crate::base::mutant::Mutant;
use crate::base::rng::Rng;
use crate::config::{Changes, Config, Knobs, NotifyFlags};
use crate::connection::Conns;
use crate::contract::{
    ConnId, DialTarget, DiskRequest, FileId, Garbage, Gauges, LinkId, ListenAt, ListenerId, LogLevel, Now,
    Offset, OpId, Tuning,
};
use crate::keyspace::Keyspace;
use crate::migration::Migrations;
use crate::persistence::{Persistence, Purpose, Reload};
use crate::pubsub::PubSub;
use crate::replication::Replication;
use crate::resp::{CommandError, OutBuf};
use crate::stats::Stats;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// What the node wants done, in order; `node/pump` is the only interpreter. Output is not here: connections with
/// output stand in `Server::dirty`.
#[derive(Clone)]
pub enum Action {
    /// Close a connection whose slot is free already.
    Close(ConnId),
    /// Read from a connection again.
    Resume(ConnId),
    /// Open a connection.
    Dial(LinkId, DialTarget),
    /// Forget a dial.
    CancelDial(LinkId),
    /// Listen.
    Listen(ListenerId, ListenAt),
    /// Stop listening.
    Unlisten(ListenerId),
    /// A disk request.
    Disk(OpId, DiskRequest),
    /// Drop something huge.
    Discard(Box<dyn Garbage>),
    /// Ask for the process's figures.
    Gauges,
    /// A log line.
    Log(LogLevel, Box<str>),
    /// A parameter of the driver's.
    Tune(Tuning),
    /// Leave.
    Exit(u8),
}

/// The state of a node.
#[derive(Clone)]
pub struct Server {
    /// The time of this turn.
    pub now: Now,
    /// Microseconds by the driver's stopwatch, for statistics only.
    pub stopwatch: fn() -> u64,
    /// Directives.
    pub config: Config,
    /// Constants that the simulator varies.
    pub knobs: Knobs,
    /// Path of the configuration file, if one was given.
    pub config_path: Option<String>,
    /// The commands.
    pub table: Table,
    /// The data.
    pub keyspace: Keyspace,
    /// The clients.
    pub conns: Conns,
    /// Channels.
    pub pubsub: PubSub,
    /// The role, the stream and the replicas.
    pub repl: Replication,
    /// Counters.
    pub stats: Stats,
    /// Slow commands.
    pub slowlog: Slowlog,
    /// Watched keys.
    pub watch: WatchTable,
    /// Waiting clients.
    pub blocked: Blocked,
    /// The keys that clients wait for.
    pub blocked_keys: BlockedKeys,
    /// Keys on their way to other servers.
    pub migrations: Migrations,
    /// CLIENT PAUSE.
    pub pause: Pause,
    /// The refusals armed for everyone.
    pub armed: Gates,
    /// What the running unit propagates.
    pub unit: Unit,
    /// Deadlines.
    pub timers: Timers,
    /// What the driver is to do.
    pub actions: Vec<Action>,
    /// Slots of connections with output.
    pub dirty: Vec<u32>,
    /// Slots of connections that close at the end of the turn.
    pub doomed: Vec<u32>,
    /// Slots of connections with frames to take up again.
    pub ready: Vec<u32>,
    /// Slots of clients in MONITOR.
    pub monitors: Vec<u32>,
    /// The client whose command runs; its output is in the hands of `engine/exec`.
    pub current: Option<u32>,
    /// Pushes to that client, which follow its reply.
    pub own_pushes: OutBuf,
    /// Randomness of commands.
    pub rng: Rng,
    /// The last figures of the process.
    pub gauges: Gauges,
    /// When the node started.
    pub started: Now,
    /// 40 hexadecimal digits, new at each start.
    pub run_id: [u8; 40],
    /// DEBUG SET-ACTIVE-EXPIRE.
    pub active_expire: bool,
    /// DEBUG SLEEP: until then nothing is executed.
    pub asleep_until: Option<crate::contract::Mono>,
    /// Files, and how the last save ended.
    pub persistence: Persistence,
    /// Whether persistence is in error, with the text of the refusal.
    pub misconf: Option<CommandError>,
    /// An orderly shutdown has begun.
    pub shutdown: Option<Shutdown>,
    /// Requests that commands make of the node's own machinery, carried out at the end of the turn.
    pub requests: Vec<Request>,
    /// A CONFIG SET waits for the driver.
    pub is_reconfiguring: bool,
    /// Disk operations under way count from here.
    pub next_op: u64,
    /// Room for the list of expired keys.
    pub expired_keys: Vec<crate::keyspace::Expired>,
    /// Output buffers of connections that have nothing to write.
    pub spare_buffers: crate::resp::Spares,
    /// Facts of the process.
    pub process: Process,
    /// Where the next look at clients begins.
    pub client_cursor: crate::base::ids::ClientId,
    /// What listens, with its configuration text.
    pub listeners: Vec<Listener>,
}

/// Facts of the process that INFO prints.
#[derive(Clone, Debug, Default)]
pub struct Process {
    /// Process id.
    pub pid: u32,
    /// Path of the executable.
    pub executable: String,
    /// System name, release and machine.
    pub os: String,
}

/// A listening address of this node.
#[derive(Clone, Debug)]
pub struct Listener {
    /// Its id.
    pub id: ListenerId,
    /// Where.
    pub at: ListenAt,
    /// What the driver said of it.
    pub stands: Stands,
}

/// What became of a listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stands {
    /// The driver has not answered.
    Asked,
    /// It accepts.
    Up,
    /// It does not, and may be missing.
    Spared,
    /// It does not, and must.
    Failed,
}

/// What a command asks of the node.
#[derive(Clone, Debug)]
pub enum Request {
    /// Write the configuration file for this client, which waits.
    RewriteConfig(ConnId),
    /// Listen elsewhere, or let relative paths start elsewhere, for this client, which waits. The configuration says
    /// so already.
    Reconfigure(ConnId, Box<Changes>),
    /// Write a snapshot now, while everybody waits.
    Save(Purpose),
    /// Load the snapshot's file for a client that waits.
    Reload(Reload),
}

/// CLIENT PAUSE.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pause {
    /// When it ends.
    pub until: Option<crate::contract::Mono>,
    /// Whether every command waits, or only writes.
    pub all: bool,
}

/// An orderly shutdown under way.
#[derive(Clone, Copy, Debug)]
pub struct Shutdown {
    /// When waiting for replicas ends.
    pub deadline: crate::contract::Mono,
    /// Whether replicas are waited for at all.
    pub now: bool,
    /// Whether errors are ignored.
    pub force: bool,
    /// Save even without save points, or never.
    pub save: Option<bool>,
    /// What replicas must have before it ends.
    pub offset: Offset,
    /// They have it: the last snapshot is written.
    pub ending: bool,
}

impl Server {
    /// Writes a line to the log.
    pub fn log(&mut self, level: LogLevel, line: fmt::Arguments<'_>) {
        self.actions.push(Action::Log(level, alloc::fmt::format(line).into()));
    }

    /// A new id for a disk operation.
    pub fn take_op(&mut self) -> OpId {
        self.next_op += 1;
        OpId(self.next_op)
    }

    /// A new id for a file; files and operations count together.
    pub fn take_file(&mut self) -> FileId {
        FileId(self.take_op().0 as u32)
    }

    /// Starts a disk operation.
    pub fn disk(&mut self, request: DiskRequest) -> OpId {
        let op = self.take_op();
        self.actions.push(Action::Disk(op, request));
        op
    }

    /// Hands something huge to the driver to drop.
    pub fn discard(&mut self, garbage: Box<dyn Garbage>) {
        self.actions.push(Action::Discard(garbage));
    }

    /// Whether this node follows a master.
    #[must_use]
    pub fn is_replica(&self) -> bool {
        self.repl.is_replica()
    }

    /// Whether expired keys are only hidden: on a replica they go when the master says so.
    #[must_use]
    pub fn hides_expired(&self) -> bool {
        self.repl.is_replica() && !self.knobs.broken(Mutant::ReplicaExpires)
    }

    /// Whether nothing of clients is executed or written now.
    #[must_use]
    #[inline]
    pub fn at_rest(&self) -> bool {
        self.asleep_until.is_some() || self.persistence.is_exclusive()
    }

    /// Whether writes wait for the end of a pause or of a failover.
    #[must_use]
    pub fn writes_are_paused(&self) -> bool {
        self.pause.until.is_some() || self.repl.failover.is_some()
    }

    /// Brings `armed` up to date with configuration and state. Called when one of them changed.
    pub fn rearm(&mut self) {
        self.misconf = self.persistence.refuses_writes(&self.config).then_some(CommandError::MisconfRdb);
        let mut armed = Gates::NONE;
        let mut arm = |bit: Gates, when: bool| {
            if when {
                armed = armed | bit;
            }
        };
        arm(Gates::PROTECTED, !self.config.enable_debug_command.is_yes());
        arm(Gates::OOM, self.config.maxmemory > 0);
        arm(Gates::MISCONF, self.misconf.is_some());
        arm(Gates::NOREPLICAS, self.repl.too_few_replicas(&self.config));
        arm(Gates::READONLY, self.repl.is_replica() && self.config.replica_read_only);
        arm(Gates::MASTERDOWN, self.repl.is_stale() && !self.config.replica_serve_stale_data);
        arm(Gates::LOADING, self.repl.is_loading() || self.persistence.is_loading());
        arm(Gates::PAUSE, self.writes_are_paused());
        self.armed = armed;
        let events = self.config.notify_keyspace_events;
        self.keyspace.set_notices(events.any(NotifyFlags::KEY_MISS), events.any(NotifyFlags::NEW));
    }
}

//! The words that the core and its driver exchange. A driver (the mio runtime, the simulator) implements
//! [`Effects`] and feeds [`Input`]s; `node::Node` is the machine between them.
//!
//! Rules, checked by one script that runs through both drivers:
//!
//! 1. `mono` never goes back; `unix` may jump either way and the core copes. Time inside one command is frozen.
//! 2. A batch of `handle`, then one `end_turn`, then one `pump`, then sleep until `next_wake` or readiness.
//! 3. [`Effects::flush`] may take any number of bytes, zero included; [`Input::Writable`] follows later, once, when the
//!    peer takes bytes again. A driver that took all it was offered owes no `Writable`.
//! 4. Disk requests on one file complete in issue order, each exactly once; a failure is an input, not a panic.
//! 5. A dead [`ConnId`] (index + generation) is never spoken of again by the core; late inputs for it are ignored.
//!    After [`Effects::close`] the driver sends no further input for that id. After [`Input::Closed`] the core
//!    does not ask for a close.
//! 6. The core never re-enters the driver, the driver never calls the core from inside `Effects`.
//!
//! A new connection's id is the node's to give: the driver asks `Node::vacant_conn()` immediately before it sends
//! [`Input::Accepted`] or a successful [`Input::Dialed`], and passes that id along.
//!
//! Reading: `Node::recv_space(conn)` lends the memory that the driver reads into; [`Input::Received`] says how
//! much of it was filled. No other call to the node may come between the two.

mod disk;
mod input;

pub use crate::base::ids::{ClientId, ConnId, DbIndex, FileId, LinkId, ListenerId, Offset, OpId};
pub use crate::base::time::{Mono, Now, Span, Unix};
pub use disk::{DiskDone, DiskError, DiskErrorKind, DiskRequest, DiskResult, OpenMode};
pub use input::{Address, CloseWhy, DialError, Gauges, Input, ListenError, ListenErrorKind, Peer, StopHow};

use alloc::boxed::Box;
use alloc::vec::Vec;

/// What the core wants done, one call each; the driver's side of the contract.
pub trait Effects {
    /// Write a prefix of `out` to the connection, as much as it takes now, and say how many bytes that was. An
    /// error of the socket counts as zero bytes and is reported later as [`Input::Closed`].
    fn flush(&mut self, conn: ConnId, out: Out<'_>) -> usize;
    /// Close the connection. What was flushed before is still delivered if the peer lives.
    fn close(&mut self, conn: ConnId);
    /// Read from this connection again: `recv_space` lent it nothing before and has room now.
    fn resume(&mut self, conn: ConnId);
    /// Open a connection to `to`; answer with [`Input::Dialed`].
    fn dial(&mut self, link: LinkId, to: &DialTarget);
    /// Forget a dial that has not been answered yet; no answer must follow.
    fn cancel_dial(&mut self, link: LinkId);
    /// Listen on `at`; answer with [`Input::Listening`].
    fn listen(&mut self, listener: ListenerId, at: &ListenAt);
    /// Stop listening. Connections already accepted stay.
    fn unlisten(&mut self, listener: ListenerId);
    /// Start a disk request; answer with [`Input::Disk`].
    fn disk(&mut self, op: OpId, request: DiskRequest);
    /// Drop something huge where it stalls nobody.
    fn discard(&mut self, garbage: Box<dyn Garbage>);
    /// Report [`Input::Gauges`] soon.
    fn gauges(&mut self);
    /// Write a line to the log.
    fn log(&mut self, level: LogLevel, line: &str);
    /// A parameter that the driver owns has a new value (`loglevel`, `tcp-keepalive`, ...).
    fn tune(&mut self, tuning: Tuning);
    /// Run nothing more and leave with this exit code, after everything above was carried out.
    fn exit(&mut self, code: u8);
}

/// Something whose drop may take long. The driver drops it off the serving thread or in its own time.
pub trait Garbage: Send {
    /// A copy, so that a node with undelivered actions can be copied.
    fn clone_box(&self) -> Box<dyn Garbage>;
}

impl<T: Clone + Send + 'static> Garbage for T {
    fn clone_box(&self) -> Box<dyn Garbage> {
        Box::new(self.clone())
    }
}

impl Clone for Box<dyn Garbage> {
    fn clone(&self) -> Self {
        (**self).clone_box()
    }
}

/// The bytes of one flush, as a list of slices in order. Never empty; no slice is empty.
#[derive(Clone, Copy, Debug)]
pub struct Out<'a> {
    /// The slices.
    pub slices: &'a [&'a [u8]],
}

impl Out<'_> {
    /// Bytes in all slices.
    #[must_use]
    pub fn len(&self) -> usize {
        self.slices.iter().map(|s| s.len()).sum()
    }

    /// Whether there is nothing to write.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Where an outgoing connection goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DialTarget {
    /// Host name or literal address; the driver resolves it.
    pub host: Box<str>,
    /// TCP port.
    pub port: u16,
    /// Local address to bind first (`bind-source-addr`).
    pub source: Option<Box<str>>,
    /// Seconds between keep-alive probes; 0 = none.
    pub keepalive_secs: u32,
    /// Set TCP_NODELAY.
    pub nodelay: bool,
}

/// Where to listen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListenAt {
    /// A TCP socket.
    Tcp {
        /// Literal address, or `*` (every IPv4 address) or `::*` (every IPv6 address).
        host: Box<str>,
        /// TCP port, never 0.
        port: u16,
        /// `tcp-backlog`.
        backlog: u32,
        /// A `-` stood before the address: its absence is no error.
        optional: bool,
    },
    /// A Unix stream socket.
    Unix {
        /// Path of the socket; an existing socket file is replaced.
        path: Box<str>,
        /// Permission bits (`unixsocketperm`), 0 = the process's umask decides.
        perm: u32,
        /// `tcp-backlog`.
        backlog: u32,
    },
}

/// A change of something the driver owns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tuning {
    /// `loglevel`: lines below it are not written.
    LogLevel(LogLevel),
    /// `tcp-keepalive` in seconds for connections accepted from now on; 0 = none.
    KeepAlive(u32),
    /// `maxclients`: make room for this many descriptors.
    MaxClients(u32),
    /// `dir`: relative paths of disk requests start here from now on.
    Dir(Box<str>),
    /// TCP_NODELAY of one connection.
    NoDelay(ConnId, bool),
    /// The letter of the node's role in log lines from now on: `M` (master) or `S` (replica).
    Role(char),
}

/// Severity of a log line; the mark that Redis prints stands beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LogLevel {
    /// `.`
    Debug,
    /// `-`
    Verbose,
    /// `*`
    Notice,
    /// `#`
    Warning,
    /// Nothing is logged at this level; as a threshold it silences the log.
    Nothing,
}

/// Why the node wants to be woken; printed by traces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    /// Work of this turn was cut short to stay fair: wake at once.
    Unfinished,
    /// The housekeeping of clients and statistics.
    Cron,
    /// The next key expires, or expiry work was left over.
    Expire,
    /// The next deadline of a blocked client.
    Blocked,
    /// A CLIENT PAUSE ends.
    Pause,
    /// DEBUG SLEEP ends.
    Sleep,
    /// Replication: acknowledgements, pings, timeouts, reconnects.
    Replication,
    /// A snapshot has a slice to do.
    Snapshot,
    /// An orderly shutdown's time limit.
    Shutdown,
    /// A file that is being written or loaded has a slice to do.
    Persistence,
    /// A MIGRATE waits too long, or a connection kept for the next one is not needed any more.
    Migration,
}

/// An owned copy of flushed bytes, for drivers that keep them.
#[must_use]
pub fn concat(out: Out<'_>) -> Vec<u8> {
    let mut all = Vec::with_capacity(out.len());
    for slice in out.slices {
        all.extend_from_slice(slice);
    }
    all
}

//! What happens to a node.

use super::disk::DiskResult;
use crate::base::ids::{ConnId, LinkId, ListenerId, OpId};
use alloc::boxed::Box;

/// Everything that can happen to a node.
#[derive(Debug)]
pub enum Input<'a> {
    /// A peer connected to a listener. `conn` is what `Node::vacant_conn` answered just before.
    Accepted {
        /// The id the connection has from now on.
        conn: ConnId,
        /// Where it came in.
        listener: ListenerId,
        /// Who it is.
        peer: Peer<'a>,
    },
    /// `len` bytes were read into the start of `recv_space(conn)`.
    Received {
        /// The connection read from.
        conn: ConnId,
        /// At least 1, at most the length of the space lent.
        len: usize,
    },
    /// The peer takes bytes again after a flush that was cut short.
    Writable {
        /// The connection.
        conn: ConnId,
    },
    /// The connection is gone, both ways.
    Closed {
        /// The connection.
        conn: ConnId,
        /// How it ended.
        why: CloseWhy,
    },
    /// The answer to a dial. On success the id is what `Node::vacant_conn` answered just before.
    Dialed {
        /// The dial.
        link: LinkId,
        /// The new connection with its peer, or the reason there is none.
        result: Result<(ConnId, Peer<'a>), DialError>,
    },
    /// The answer to a listen.
    Listening {
        /// The listener.
        listener: ListenerId,
        /// Whether it stands.
        result: Result<(), ListenError>,
    },
    /// The answer to a disk request.
    Disk {
        /// The request.
        op: OpId,
        /// What came of it.
        result: DiskResult,
    },
    /// The time that `next_wake` asked for has come. Harmless at any time.
    Wake,
    /// Figures of the process, as `Effects::gauges` asked.
    Gauges(Gauges),
    /// The process is asked to stop.
    Stop {
        /// By which signal.
        how: StopHow,
    },
}

/// The two ends of a connection as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer<'a> {
    /// The far end.
    pub remote: Address<'a>,
    /// The near end.
    pub local: Address<'a>,
}

/// One end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Address<'a> {
    /// TCP: a literal address without brackets, and the port.
    Tcp {
        /// IPv4 or IPv6 literal.
        ip: &'a str,
        /// Port.
        port: u16,
        /// Whether the address is a loopback address.
        loopback: bool,
    },
    /// A Unix socket, with its path.
    Unix(&'a str),
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseWhy {
    /// The peer closed in order (end of file).
    Eof,
    /// Reset by the peer or the network.
    Reset,
    /// Any other error of the socket.
    Error,
}

/// Why a dial failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DialError(pub Box<str>);

/// Why an address cannot be listened on; the text of the operating system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenError {
    /// The call that failed and the system's words.
    pub text: Box<str>,
    /// Whether the start goes on without this address.
    pub kind: ListenErrorKind,
}

/// What a failure to listen means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListenErrorKind {
    /// The address is none of this machine's: forgiven where the configuration says so.
    NotAvailable,
    /// The machine does not speak this kind of address: always forgiven.
    Unsupported,
    /// Anything else.
    Other,
}

/// What asked the process to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopHow {
    /// SIGTERM.
    Term,
    /// SIGINT.
    Int,
}

/// Figures of the process that only the driver can know; INFO prints them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Gauges {
    /// Resident memory in bytes.
    pub rss: u64,
    /// Bytes handed out by the allocator; 0 = unknown.
    pub allocated: u64,
    /// Bytes in pages with allocations; 0 = unknown.
    pub active: u64,
    /// Bytes the allocator keeps resident; 0 = unknown.
    pub resident: u64,
    /// Memory of the machine in bytes.
    pub total_system_memory: u64,
    /// CPU time of the process in user mode, microseconds.
    pub cpu_user_us: u64,
    /// CPU time of the process in the kernel, microseconds.
    pub cpu_sys_us: u64,
    /// The same for the serving thread, user mode.
    pub main_user_us: u64,
    /// The same for the serving thread, kernel.
    pub main_sys_us: u64,
}

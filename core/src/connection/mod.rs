//! Floor 5: one client.
//!
//! *Owns*: what belongs to one connection: input, output, database, protocol, transaction queue, subscriptions, and
//! the state it waits in; the table of connections; the output limits.
//! *Does not own*: sockets, and the rules of commands.
//! *Invariants*: a connection that is idle holds no buffer. What seldom exists is boxed.

mod limits;
mod table;

pub use limits::{LimitVerdict, ObufUsage};
pub use table::Conns;

use crate::base::ids::{ClientId, ConnId, DbIndex, ListenerId, Offset};
use crate::base::time::Mono;
use crate::pubsub::Subscriptions;
use crate::resp::{Inbox, OutBuf, OwnedArgs, Proto};
use alloc::boxed::Box;
use alloc::vec::Vec;

/// One client, whatever its kind.
#[derive(Clone, Debug)]
pub struct Connection {
    /// Its id in the table.
    pub conn: ConnId,
    /// Its id for people.
    pub id: ClientId,
    /// State bits.
    pub flags: ConnFlags,
    /// The refusals armed for this client (bits of `engine::row::Gates`).
    pub armed: u32,
    /// Selected database.
    pub db: DbIndex,
    /// Protocol version of its replies.
    pub proto: Proto,
    /// Bytes received and not yet executed.
    pub inbox: Inbox,
    /// Replies not yet taken by the driver.
    pub out: OutBuf,
    /// When it connected.
    pub created: Mono,
    /// When it last sent something.
    pub active: Mono,
    /// The listener it came through; `None` for a connection that this node opened.
    pub listener: Option<ListenerId>,
    /// Number of the last command's row, plus one; 0 = none yet.
    pub last_row: u16,
    /// Stream offset after its last write; WAIT waits for it.
    pub write_offset: Offset,
    /// Since when its output stands above the soft limit.
    pub soft_since: Option<Mono>,
    /// Bytes read from it and written to it.
    pub net_in: u64,
    /// Bytes written to it.
    pub net_out: u64,
    /// Names and addresses.
    pub details: Box<Details>,
    /// The transaction, from MULTI or WATCH on.
    pub multi: Option<Box<Multi>>,
    /// Channels and patterns.
    pub subs: Option<Box<Subscriptions>>,
    /// What it waits for.
    pub waits: Option<Box<Waits>>,
}

/// What is only looked at by people.
#[derive(Clone, Debug, Default)]
pub struct Details {
    /// The far end as `ip:port`, `[ip6]:port` or `path:0`.
    pub peer: Box<str>,
    /// The near end, the same way.
    pub local: Box<str>,
    /// Whether the far end is a loopback address or a Unix socket.
    pub is_local: bool,
    /// CLIENT SETNAME.
    pub name: Box<[u8]>,
    /// CLIENT SETINFO LIB-NAME.
    pub lib_name: Box<[u8]>,
    /// CLIENT SETINFO LIB-VER.
    pub lib_ver: Box<[u8]>,
}

/// A transaction being built, and what it watches.
#[derive(Clone, Debug, Default)]
pub struct Multi {
    /// MULTI was sent.
    pub open: bool,
    /// The queue.
    pub queue: Vec<Queued>,
    /// Union of the flags of what is queued (bits of `engine::row::Flags`).
    pub row_flags: u32,
    /// Row flags that some queued command lacks.
    pub lacking: u32,
    /// Watched keys of this client, with whether the key was alive when it was watched.
    pub watched: Vec<(DbIndex, Box<[u8]>, bool)>,
}

/// One queued command.
#[derive(Clone, Debug)]
pub struct Queued {
    /// Row number.
    pub row: u16,
    /// Its arguments, own bytes.
    pub args: OwnedArgs,
}

/// What a client waits for. Nothing of its input is executed meanwhile.
#[derive(Clone, Debug)]
pub struct Waits {
    /// When it gives up; `None` = never.
    pub deadline: Option<Mono>,
    /// For what.
    pub what: WaitsFor,
    /// Its reply is dropped (CLIENT REPLY).
    pub silent: bool,
}

/// The kinds of waiting.
#[derive(Clone, Debug)]
pub enum WaitsFor {
    /// WAIT and WAITAOF: this many replicas at this offset.
    Replicas {
        /// How many.
        count: i64,
        /// The offset to acknowledge.
        offset: Offset,
        /// Whether it counts only where it is on disk.
        synced: bool,
    },
    /// Keys that have something for it.
    Keys(Box<KeyWait>),
    /// CLIENT PAUSE: the command is still in the inbox and is looked at again afterwards.
    Unpause,
    /// SHUTDOWN: replicas are catching up.
    Shutdown,
    /// CONFIG SET or REWRITE: the driver is asked first.
    Driver,
    /// MIGRATE: the target has not answered yet.
    Migration,
}

/// A command that waits for keys.
#[derive(Clone, Debug)]
pub struct KeyWait {
    /// Where the keys are.
    pub db: DbIndex,
    /// The keys, any of which will do.
    pub keys: Box<[Box<[u8]>]>,
    /// The type that a key must have, as `TYPE` names it.
    pub type_name: &'static str,
    /// Whether it also runs again when a key goes or becomes something else.
    pub on_nokey: bool,
    /// The row of the command.
    pub row: u16,
    /// The command, to be run again.
    pub args: OwnedArgs,
}

macro_rules! conn_flags {
    ($($(#[$doc:meta])* $name:ident = $n:expr;)*) => {
        impl ConnFlags {
            $($(#[$doc])* pub const $name: Self = Self(1 << $n);)*
        }
    };
}

/// State bits of a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ConnFlags(pub u32);

conn_flags! {
    /// Passed authentication, or none was needed when it connected.
    AUTHENTICATED = 0;
    /// Between MULTI and EXEC.
    MULTI = 1;
    /// A watched key changed.
    DIRTY_CAS = 2;
    /// A command was refused while queueing.
    DIRTY_EXEC = 3;
    /// Close when the output is written.
    CLOSE_AFTER_REPLY = 4;
    /// Close at the end of the turn, whatever is left to write.
    CLOSING = 5;
    /// Runs MONITOR.
    MONITOR = 6;
    /// Has subscriptions.
    PUBSUB = 7;
    /// A replica that this node feeds.
    REPLICA = 8;
    /// The link to this node's master.
    MASTER = 9;
    /// CLIENT REPLY OFF.
    REPLY_OFF = 10;
    /// The reply of the next command is dropped.
    REPLY_SKIP_NEXT = 11;
    /// The reply of this command is dropped.
    REPLY_SKIP = 12;
    /// CLIENT NO-EVICT.
    NO_EVICT = 13;
    /// CLIENT NO-TOUCH.
    NO_TOUCH = 14;
    /// Came through a Unix socket.
    UNIX = 15;
    /// Stands in the list of connections with output.
    PENDING_OUT = 16;
    /// The last flush was cut short; the driver will say when it takes bytes again.
    STALLED = 17;
    /// Has complete frames that were not executed (it waited), to be taken up again.
    READY = 18;
    /// Executes EXEC right now.
    IN_EXEC = 19;
    /// The driver reported its end; no close is asked for.
    GONE = 20;
    /// Was refused at the door; only its error is written.
    REFUSED = 21;
    /// Counts as blocked in INFO.
    BLOCKED = 22;
    /// Protected from the output limit until its reply is whole (it is being closed anyway).
    READONLY_MODE = 23;
    /// Leads to the target of a MIGRATE; not a client, and in no list of them.
    TARGET = 24;
}

impl ConnFlags {
    /// Whether every bit of `other` is set.
    #[must_use]
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
    /// Whether any bit of `other` is set.
    #[must_use]
    pub const fn any(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
    /// Both sets.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
    /// Sets the bits of `other`.
    pub const fn set(&mut self, other: Self) {
        self.0 |= other.0;
    }
    /// Clears the bits of `other`.
    pub const fn clear(&mut self, other: Self) {
        self.0 &= !other.0;
    }
}

impl Connection {
    /// A new client with nothing received or sent.
    #[must_use]
    pub fn new(conn: ConnId, id: ClientId, now: Mono, details: Details) -> Self {
        Self {
            conn,
            id,
            flags: ConnFlags::default(),
            armed: 0,
            db: DbIndex(0),
            proto: Proto::Resp2,
            inbox: Inbox::default(),
            out: OutBuf::default(),
            created: now,
            active: now,
            listener: None,
            last_row: 0,
            write_offset: Offset(0),
            soft_since: None,
            net_in: 0,
            net_out: 0,
            details: Box::new(details),
            multi: None,
            subs: None,
            waits: None,
        }
    }

    /// Whether it is about to go.
    #[must_use]
    pub const fn leaving(&self) -> bool {
        self.flags.any(ConnFlags::CLOSING.or(ConnFlags::CLOSE_AFTER_REPLY).or(ConnFlags::GONE))
    }

    /// Whether CLIENT REPLY keeps replies from it; messages reach it all the same.
    #[must_use]
    pub const fn is_silent(&self) -> bool {
        self.flags.any(ConnFlags::REPLY_OFF.or(ConnFlags::REPLY_SKIP))
    }

    /// Bytes of memory it holds, for CLIENT LIST's `tot-mem` and the statistics.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        let details = self.details.peer.len() + self.details.local.len() + self.details.name.len();
        size_of::<Self>() + size_of::<Details>() + details + self.inbox.heap_bytes() + self.out.heap_bytes()
    }
}

//! What will happen in a run: the cluster, its conditions, and a list of items with times.
//!
//! *Owns*: everything that is drawn from the seed before the run begins. *Does not own*: carrying it out.
//! *Invariants*: an item's details are a function of (seed, its number), so that leaving one out changes no other.

pub mod draw;
mod templates;
pub mod workload;

use crate::agenda::{SECOND, Time};
use crate::client::Role;
use crate::net::{Kernel, Path};
use norn_core::base::mutant::Planted;
use norn_core::config::Config;
use std::fmt;
use workload::Mixture;

/// A run, before it begins.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Where all randomness comes from.
    pub seed: u64,
    /// The servers; the first is the master at the start.
    pub servers: Vec<ServerPlan>,
    /// The clients of the workload.
    pub clients: Vec<ClientPlan>,
    /// What they say.
    pub mixture: Mixture,
    /// Buffers and patience of every kernel.
    pub kernel: Kernel,
    /// The conditions between any two hosts.
    pub path: Path,
    /// How servers are handed what arrived.
    pub cuts: Cuts,
    /// How long a process may take until it runs again after something arrived: what comes meanwhile is one turn's.
    pub pace_us: Time,
    /// When items end and healing begins.
    pub length: Time,
    /// What happens, by time.
    pub items: Vec<Item>,
    /// A bug planted in every node.
    pub planted: Planted,
    /// No model and no oracle.
    pub unchecked: bool,
    /// Something that goes wrong in the simulator itself.
    pub canary: Option<Canary>,
}

/// Something that goes wrong in the simulator itself, to see that it is noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Canary {
    /// A rule is violated.
    Violation,
    /// There is a panic.
    Panic,
    /// Two runs differ.
    Unsteady,
    /// The servers never agree.
    Stuck,
}

impl Plan {
    /// Whether servers notify the channels of keys, of events.
    #[must_use]
    pub fn notifies(&self) -> (bool, bool) {
        let flags =
            |s: &ServerPlan| s.directives.iter().find(|(name, _)| *name == "notify-keyspace-events").cloned();
        let flags = self.servers.first().and_then(flags).map(|(_, value)| value).unwrap_or_default();
        (flags.contains('K'), flags.contains('E'))
    }
}

/// One server.
#[derive(Clone, Debug)]
pub struct ServerPlan {
    /// Whom it follows at the start.
    pub master: Option<u8>,
    /// Directives, as in a configuration file.
    pub directives: Vec<(&'static str, String)>,
    /// Its configuration before those directives, when that is not the one of every plan.
    pub config: Option<Box<Config>>,
    /// Speed of its clocks.
    pub drift_ppm: i64,
    /// Error of its wall clock.
    pub skew_us: i64,
}

/// One client.
#[derive(Clone, Debug)]
pub struct ClientPlan {
    /// Whom it talks to.
    pub server: u8,
    /// What it is for.
    pub role: Role,
    /// Speaks RESP3.
    pub resp3: bool,
    /// See `Client::read_max`.
    pub read_max: usize,
    /// See `Client::rest_us`.
    pub rest_us: Time,
}

/// How the bytes that arrived at a server are handed to its node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cuts {
    /// All of them at once.
    Whole,
    /// One at a time.
    Bytes,
    /// Pieces of random lengths.
    Random,
    /// One command at a time, so that every boundary is looked at.
    Commands,
    /// A piece of random length in one turn, the next in another.
    Spread,
}

/// Something that happens.
#[derive(Clone, Debug)]
pub struct Item {
    /// When.
    pub at: Time,
    /// What.
    pub what: What,
}

/// What happens.
#[derive(Clone, Debug)]
pub enum What {
    /// A client sends so many commands, without waiting for replies between them.
    Say {
        /// Who.
        client: u8,
        /// How many.
        count: u8,
    },
    /// Something breaks, and is mended later.
    Fault(Fault),
}

/// Something that breaks. Times are how long it lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The process dies; its memory is lost, its kernel closes its connections.
    Crash(u8, Time),
    /// The host loses power; nobody is told.
    PowerLoss(u8, Time),
    /// The process is stopped and continued.
    Pause(u8, Time),
    /// Every connection between two hosts is reset.
    Reset(u8, u8),
    /// Nothing arrives at the second host from the first; nothing is lost.
    Stall(u8, u8, Time),
    /// Packets from the first host to the second are lost.
    BlockOneWay(u8, u8, Time),
    /// Packets between two hosts are lost.
    Block(u8, u8, Time),
    /// A client stops reading.
    Sleep(u8, Time),
    /// A server's wall clock is set by so many milliseconds.
    ClockStep(u8, i64),
    /// A server becomes the master; the others are told to follow it so much later, and some clients move to it.
    Promote(u8, Time),
    /// Two servers change places in the chain: the first follows the second.
    Follow(u8, u8),
    /// A server's disk refuses writes.
    DiskFull(u8, Time),
    /// A server's process is asked to stop, and is started again.
    Restart(u8, Time),
}

/// Names of the families of faults; their order is that of [`Fault::family`].
pub const FAULT_FAMILIES: [&str; 13] = [
    "crash",
    "power",
    "pause",
    "reset",
    "stall",
    "oneway",
    "partition",
    "sleep",
    "clock",
    "promote",
    "follow",
    "diskfull",
    "restart",
];

impl Fault {
    /// Index into [`FAULT_FAMILIES`].
    #[must_use]
    pub const fn family(&self) -> usize {
        match self {
            Self::Crash(..) => 0,
            Self::PowerLoss(..) => 1,
            Self::Pause(..) => 2,
            Self::Reset(..) => 3,
            Self::Stall(..) => 4,
            Self::BlockOneWay(..) => 5,
            Self::Block(..) => 6,
            Self::Sleep(..) => 7,
            Self::ClockStep(..) => 8,
            Self::Promote(..) => 9,
            Self::Follow(..) => 10,
            Self::DiskFull(..) => 11,
            Self::Restart(..) => 12,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let s = |us: &Time| *us as f64 / SECOND as f64;
        match self {
            Self::Crash(n, us) => write!(f, "n{n} crashes for {} s", s(us)),
            Self::PowerLoss(n, us) => write!(f, "n{n} loses power for {} s", s(us)),
            Self::Pause(n, us) => write!(f, "n{n} is stopped for {} s", s(us)),
            Self::Reset(a, b) => write!(f, "connections between h{a} and h{b} are reset"),
            Self::Stall(a, b, us) => write!(f, "h{a} to h{b} stalls for {} s", s(us)),
            Self::BlockOneWay(a, b, us) => write!(f, "h{a} to h{b} is cut for {} s", s(us)),
            Self::Block(a, b, us) => write!(f, "h{a} and h{b} are cut off for {} s", s(us)),
            Self::Sleep(c, us) => write!(f, "c{c} reads nothing for {} s", s(us)),
            Self::ClockStep(n, ms) => write!(f, "wall clock of n{n} is set by {ms} ms"),
            Self::Promote(n, 0) => write!(f, "n{n} becomes master"),
            Self::Promote(n, us) => write!(f, "n{n} becomes master; the others hear of it {} s later", s(us)),
            Self::Follow(n, m) => write!(f, "n{n} follows n{m}"),
            Self::DiskFull(n, us) => write!(f, "disk of n{n} is full for {} s", s(us)),
            Self::Restart(n, us) => write!(f, "n{n} is asked to stop; starts after {} s", s(us)),
        }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "seed {}: {} s, {} items", self.seed, self.length / SECOND, self.items.len())?;
        for (i, server) in self.servers.iter().enumerate() {
            write!(f, "  n{i}: ")?;
            match server.master {
                Some(m) => write!(f, "replica of n{m}")?,
                None => write!(f, "master")?,
            }
            write!(f, ", clock {:+} ppm {:+} us", server.drift_ppm, server.skew_us)?;
            for (name, value) in &server.directives {
                write!(f, ", {name} {value}")?;
            }
            writeln!(f)?;
        }
        for (i, c) in self.clients.iter().enumerate() {
            let proto = if c.resp3 { 3 } else { 2 };
            writeln!(
                f,
                "  c{i}: {:?} of n{}, RESP{proto}, reads {} bytes every {} us",
                c.role, c.server, c.read_max, c.rest_us
            )?;
        }
        writeln!(f, "  {:?}", self.mixture)?;
        writeln!(f, "  {:?}", self.kernel)?;
        writeln!(f, "  {:?}", self.path)?;
        writeln!(f, "  a turn begins within {} us", self.pace_us)?;
        writeln!(f, "  cuts: {:?}", self.cuts)?;
        for item in &self.items {
            if let What::Fault(fault) = &item.what {
                writeln!(f, "  {:>11.6}  {fault}", item.at as f64 / SECOND as f64)?;
            }
        }
        Ok(())
    }
}

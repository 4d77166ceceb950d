//! Floor 8: the boundary. [`Node`] is the machine that drivers run.
//!
//! *Owns*: the turn (`turn`), the hand-over of actions (`pump`), accepting (`accept`), housekeeping (`cron`), start and
//! end (`boot`, `shutdown`). *Does not own*: the rules of anything; they live on the floors below.
//! *Invariants*: the rules of [`crate::contract`].

mod accept;
mod boot;
mod cron;
mod expire;
mod failover;
mod heartbeat;
mod inspect;
mod link;
mod migrate;
mod ops;
mod pump;
mod reconfigure;
#[cfg(test)]
mod refusals;
mod restore;
mod rewrite;
mod save;
mod shutdown;
mod stream;
mod sync;
mod turn;

pub use inspect::{ConnView, Inspect};

use crate::config::{Config, Knobs};
use crate::contract::{ConnId, Mono, Now, OpId, Timer};
pub use crate::engine::server::Process;
use crate::engine::{RowIx, Server};
use crate::resp::Window;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use ops::OpOwner;
use reconfigure::Reconfigure;

/// What a node is made of.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Directives.
    pub config: Config,
    /// Path of the configuration file, absolute, if there is one.
    pub config_path: Option<String>,
    /// Constants that the simulator varies.
    pub knobs: Knobs,
    /// Randomness: everything random of this node follows from it.
    pub entropy: [u8; 32],
    /// Microseconds of elapsed time, for statistics only (slow log, durations of commands); it decides nothing.
    pub stopwatch: fn() -> u64,
    /// Facts of the process that INFO prints.
    pub process: Process,
}

/// One server.
#[derive(Clone)]
pub struct Node {
    /// The state that commands see.
    srv: Server,
    /// What the driver reads into, unless a connection holds a partial frame.
    scratch: Vec<u8>,
    /// Frames parsed ahead.
    window: Window,
    /// The rows of those frames.
    rows: Vec<Option<RowIx>>,
    /// Disk requests under way, each with what its answer belongs to.
    ops: BTreeMap<OpId, OpOwner>,
    /// The CONFIG SET that waits for the driver.
    reconfigure: Option<Box<Reconfigure>>,
    /// The id of the next listener.
    next_listener: u32,
    /// Every listener of the start has answered.
    is_up: bool,
}

impl Node {
    /// The id that the next accepted or dialed connection must carry.
    #[must_use]
    pub fn vacant_conn(&self) -> ConnId {
        self.srv.conns.vacant()
    }

    /// Where the driver reads the connection's next bytes to. Empty when the node wants none from it now; it then
    /// calls `Effects::resume` later, unless it closes the connection.
    pub fn recv_space(&mut self, conn: ConnId) -> &mut [u8] {
        match self.srv.conns.resolve(conn) {
            Some(slot) if !self.srv.conns.get(slot).leaving() => {
                self.srv.conns.get_mut(slot).inbox.space(&mut self.scratch)
            }
            _ => &mut [],
        }
    }

    /// When the node wants [`crate::contract::Input::Wake`], and why.
    #[must_use]
    pub fn next_wake(&self) -> Option<(Mono, Timer)> {
        self.srv.timers.next()
    }

    /// The state, for tests and the simulator.
    #[must_use]
    pub fn server(&self) -> &Server {
        &self.srv
    }

    /// Ends a batch of inputs: what was postponed to the end of the turn happens now.
    pub fn end_turn(&mut self, now: Now) {
        self.srv.now = now;
        self.run_timers();
        self.take_up_ready();
        self.srv.end_replication_turn();
        while !self.srv.requests.is_empty() {
            self.serve_requests();
            self.take_up_ready();
        }
        self.srv.arm_expiry();
        self.srv.stats.stop(self.srv.stopwatch);
        self.srv.stats.turn_ended();
    }
}

//! Floor 8: the boundary. `Node` is the machine that drivers run.

use crate::config::Config;
use crate::contract::{ConnId, Effects, Input, Mono, Now, Timer};
use alloc::vec::Vec;

/// One server.
#[derive(Clone)]
pub struct Node {
    scratch: Vec<u8>,
}

impl Node {
    /// A node at its start. `stopwatch` answers microseconds of elapsed time for statistics only (slow log,
    /// command durations); it decides nothing. The first `pump` asks for the listeners.
    #[must_use]
    pub fn new(_config: Config, _entropy: [u8; 32], _now: Now, _stopwatch: fn() -> u64) -> Self {
        Self { scratch: alloc::vec![0; 64 * 1024] }
    }

    /// The id that the next accepted or dialed connection must carry.
    #[must_use]
    pub fn vacant_conn(&self) -> ConnId {
        ConnId { index: 0, generation: 0 }
    }

    /// Where the driver reads the connection's next bytes to. Empty when the node wants none from it now; it then
    /// calls `Effects::resume` later.
    pub fn recv_space(&mut self, _conn: ConnId) -> &mut [u8] {
        &mut self.scratch
    }

    /// Takes note of one thing that happened.
    pub fn handle(&mut self, _now: Now, _input: Input<'_>) {}

    /// Ends a batch of inputs.
    pub fn end_turn(&mut self, _now: Now) {}

    /// Hands every action to the driver.
    pub fn pump(&mut self, _now: Now, _fx: &mut impl Effects) {}

    /// When the node wants `Input::Wake`, and why.
    #[must_use]
    pub fn next_wake(&self) -> Option<(Mono, Timer)> {
        None
    }
}

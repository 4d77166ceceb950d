//! A `Node` that the simulator drives: its network, its turns, its cuts.

use crate::target::Target;
use norn_core::config::Config;
use norn_sim::agenda::Time;
use norn_sim::plan::Cuts;
use norn_sim::scripted::Scripted;
use std::time::Duration;

/// The ways in which the simulator hands over what arrived.
const CUTS: [Cuts; 4] = [Cuts::Whole, Cuts::Bytes, Cuts::Random, Cuts::Spread];

/// A server in a simulated world.
pub struct Simulated(Scripted);

impl Simulated {
    /// A server with the configuration that these command-line arguments give. The seed varies everything that must
    /// change nothing: cuts of reads and writes, time between turns, constants of the node.
    ///
    /// # Panics
    /// When the arguments are refused.
    #[must_use]
    pub fn with_args(args: &[String], seed: u64) -> Self {
        let config: Config = crate::loopback::configured(args);
        let cuts = CUTS[usize::try_from(seed).unwrap_or_default() % CUTS.len()];
        Self(Scripted::new(config, seed, cuts))
    }
}

impl Target for Simulated {
    fn connect(&mut self) -> usize {
        self.0.connect()
    }

    fn send(&mut self, conn: usize, bytes: &[u8]) {
        self.0.send(conn, bytes);
    }

    fn settle(&mut self) {
        self.0.settle();
    }

    fn take(&mut self, conn: usize) -> Vec<u8> {
        self.0.take(conn)
    }

    fn is_closed(&self, conn: usize) -> bool {
        self.0.is_closed(conn)
    }

    fn close(&mut self, conn: usize) {
        self.0.close(conn);
    }

    fn advance(&mut self, span: Duration) {
        self.0.pass(Time::try_from(span.as_micros()).expect("a span that fits"));
        self.0.settle();
    }
}

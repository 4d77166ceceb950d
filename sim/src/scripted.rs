//! A world of one server whose clients say exactly what a caller tells them, byte by byte.
//!
//! *Owns*: such a world, and the time that passes in it. *Does not own*: the driver; the node is run by the same turns,
//! network and cuts as in every other world, which is the point: the contract's two drivers must give the same bytes.
//! *Invariants*: nobody judges the replies; what is checked after every turn still counts.

use crate::agenda::{MILLI, Time};
use crate::client::{Line, Role};
use crate::net::{Kernel, Path};
use crate::plan::workload::{FAMILIES, Mixture};
use crate::plan::{ClientPlan, Cuts, Plan, ServerPlan};
use crate::world::World;
use norn_core::base::mutant::Planted;
use norn_core::config::Config;
use std::sync::Arc;

/// Connections that one script may open.
const CLIENTS_MAX: usize = 32;
/// When nothing has been heard for so long, the server has answered everything.
const QUIET: Time = 5 * MILLI;

/// One server and its script.
pub struct Scripted {
    world: World,
    used: usize,
}

impl Scripted {
    /// A server with this configuration (its port must be [`crate::world::PORT`]); the seed varies the constants of the
    /// node, how long turns take and how writes are cut short, `cuts` how reads are cut.
    #[must_use]
    pub fn new(config: Config, seed: u64, cuts: Cuts) -> Self {
        let client = ClientPlan { server: 0, role: Role::Scripted, resp3: false, read_max: 0, rest_us: 0 };
        let server = ServerPlan {
            master: None,
            directives: Vec::new(),
            config: Some(Box::new(config)),
            drift_ppm: 0,
            skew_us: 0,
        };
        let plan = Plan {
            seed,
            servers: vec![server],
            clients: vec![client; CLIENTS_MAX],
            mixture: silence(),
            kernel: Kernel::default(),
            path: Path::instant(),
            cuts,
            pace_us: crate::plan::draw::PACE_MIN_US,
            length: Time::MAX / 4,
            items: Vec::new(),
            planted: Planted::default(),
            unchecked: false,
            canary: None,
        };
        let mut scripted = Self { world: World::new(Arc::new(plan), false, 0), used: 0 };
        scripted.settle();
        scripted
    }

    /// Opens a connection; they count from 0.
    ///
    /// # Panics
    /// When there are too many, or the server does not accept.
    pub fn connect(&mut self) -> usize {
        let c = self.used;
        assert!(c < CLIENTS_MAX, "a script opens at most {CLIENTS_MAX} connections");
        self.used += 1;
        self.world.connect(c as u8);
        for _ in 0..100 {
            self.pass(MILLI);
            if matches!(self.world.clients[c].line, Line::Up(_)) || !self.world.clients[c].raw.is_empty() {
                return c;
            }
        }
        panic!("the server does not accept");
    }

    /// Gives bytes to a client to send, as fast as the network takes them.
    pub fn send(&mut self, conn: usize, bytes: &[u8]) {
        self.world.clients[conn].out.extend_from_slice(bytes);
        self.world.client_writes(conn as u8);
    }

    /// Lets time pass until nothing more is heard.
    pub fn settle(&mut self) {
        let mut heard = usize::MAX;
        while heard != self.heard() || self.writes_or_loads() {
            heard = self.heard();
            self.pass(QUIET);
        }
    }

    /// Whether the server is at a file that clients may wait for.
    fn writes_or_loads(&self) -> bool {
        let node = self.world.servers[0].node.as_deref();
        node.is_some_and(|node| {
            let files = &node.server().persistence;
            files.save.is_some() || files.loading.is_some()
        })
    }

    /// Bytes heard, and bytes still to be said.
    fn heard(&self) -> usize {
        self.world.clients[..self.used].iter().map(|c| c.raw.len() + c.out.len() - c.written).sum()
    }

    /// Lets time pass.
    ///
    /// # Panics
    /// When the world finds something wrong.
    pub fn pass(&mut self, span: Time) {
        let until = self.world.agenda.now() + span;
        while self.world.step_until(until) {
            // A script may make a replica writable and write to it.
            if let Some(violation) = self.world.violation.take().filter(|v| v.oracle != "A10") {
                panic!("{}: {}", violation.oracle, violation.reason);
            }
        }
        self.world.agenda.idle_until(until);
    }

    /// What a client heard since the last call.
    pub fn take(&mut self, conn: usize) -> Vec<u8> {
        std::mem::take(&mut self.world.clients[conn].raw)
    }

    /// Whether the connection has ended.
    #[must_use]
    pub fn is_closed(&self, conn: usize) -> bool {
        self.world.clients[conn].line == Line::Idle
    }

    /// Closes a connection from the client's side.
    pub fn close(&mut self, conn: usize) {
        self.world.client_closes(conn as u8);
    }
}

/// A workload that says nothing.
fn silence() -> Mixture {
    Mixture {
        weights: [0; FAMILIES.len()],
        keys: 1,
        value_max: 1,
        ttl_min_ms: 1,
        ttl_max_ms: 1,
        sweeping: false,
        databases: 1,
        aggregates: 1,
        members: 1,
        block_min_ms: 1,
        block_max_ms: 1,
    }
}

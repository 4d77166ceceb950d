//! Starting and ending processes.

use super::server::State;
use super::{Owner, PORT, World};
use crate::chance::Chance;
use crate::model::DATABASES;
use crate::net::HostId;
use crate::oracle::Violation;
use crate::plan::{Plan, ServerPlan};
use crate::trace::Who;
use norn_core::base::rng::Rng;
use norn_core::config::{Config, Knobs, MasterAddr, Setter};
use norn_core::node::{Node, Process, Setup};

impl World {
    /// Starts a server's process.
    pub(super) fn boot(&mut self, s: u8) {
        let now = self.agenda.now();
        let plan = std::sync::Arc::clone(&self.plan);
        let server = &mut self.servers[usize::from(s)];
        server.forget_process();
        server.starts += 1;
        server.exit = None;
        let chance = Chance::new(plan.seed, 2000 + u64::from(s)).fork(u64::from(server.starts));
        let now_there = server.clock.read(now);
        let node = config(&plan.servers[usize::from(s)]).and_then(|config| {
            let setup = Setup {
                config,
                config_path: None,
                knobs: knobs(&plan),
                entropy: entropy(chance),
                stopwatch: || 0,
                process: Process { pid: 1, executable: String::new(), os: String::new() },
            };
            Node::new(setup, now_there)
        });
        let mut node = match node {
            Ok(node) => node,
            Err(error) => {
                self.violate(Violation::new("boot", format!("n{s} does not start: {error}")));
                return;
            }
        };
        node.enable_digest();
        server.node = Some(Box::new(node));
        server.state = State::Up;
        // It starts as its configuration says; orders given since then come later.
        server.model.replica = plan.servers[usize::from(s)].master.is_some();
        // What a file holds the model does not know.
        server.tracked = !server.model.replica && server.disk.file("dump.rdb").is_none();
        server.model.loose = !server.tracked;
        server.model.notifies = plan.notifies();
        server.model.data.logging = plan.notifies() != (false, false);
        self.trace.line(now, Who::Node(s), format_args!("starts"));
        self.net.set_up(HostId(s), true);
        self.schedule_turn(s);
    }

    /// A process is gone: its kernel closes what it had open.
    pub(super) fn process_ended(&mut self, s: u8) {
        let server = &mut self.servers[usize::from(s)];
        let ends = server.ends();
        for (_, port) in std::mem::take(&mut server.ports) {
            self.net.unlisten(HostId(s), port);
        }
        for (_, dial) in std::mem::take(&mut server.dials) {
            self.net.cancel_dial(&mut self.agenda, dial);
        }
        server.disk.process_died();
        server.forget_process();
        for end in ends {
            self.set_owner(end, Owner::Nobody);
            self.net.close(&mut self.agenda, end);
        }
        self.oracles.process_ended(s);
        self.act_on_notices();
    }

    /// The host lost power: nobody closes anything.
    pub(super) fn power_lost(&mut self, s: u8, kept_tail: u64) {
        let server = &mut self.servers[usize::from(s)];
        let ends = server.ends();
        server.disk.power_failed(kept_tail);
        server.forget_process();
        for end in ends {
            self.set_owner(end, Owner::Nobody);
            self.net.vanish(end);
        }
        self.net.set_up(HostId(s), false);
        self.oracles.process_ended(s);
    }
}

/// The configuration of a server.
fn config(plan: &ServerPlan) -> Result<Config, String> {
    let mut config = match &plan.config {
        Some(config) => (**config).clone(),
        None => Config {
            port: PORT.into(),
            databases: DATABASES as i64,
            // Hosts of the world are not each other's loopback.
            protected_mode: false,
            save: Vec::new(),
            replicaof: plan.master.map(|m| MasterAddr { host: format!("n{m}").into(), port: PORT }),
            ..Config::default()
        },
    };
    for (name, value) in &plan.directives {
        let pair = (name.as_bytes(), value.as_bytes());
        let set = config.set_many(&[pair], Setter { local: true, loading: false });
        set.map_err(|error| format!("{name} {value}: {error:?}"))?;
    }
    Ok(config)
}

/// The constants that a seed varies: half of the seeds leave them alone.
fn knobs(plan: &Plan) -> Knobs {
    let mut chance = Chance::new(plan.seed, 2500);
    let drawn =
        if chance.one_in(2) { Knobs::random(&mut Rng::new(entropy(chance))) } else { Knobs::default() };
    let scratch_bytes = drawn.scratch_bytes.min(32 * 1024);
    Knobs { scratch_bytes, planted: plan.planted, ..drawn }
}

fn entropy(mut chance: Chance) -> [u8; 32] {
    let mut entropy = [0; 32];
    for word in entropy.chunks_exact_mut(8) {
        word.copy_from_slice(&chance.bits().to_le_bytes());
    }
    entropy
}

//! Starting and ending processes.

use super::server::State;
use super::{Owner, PORT, World};
use crate::chance::Chance;
use crate::model::DATABASES;
use crate::net::HostId;
use crate::oracle::Violation;
use crate::plan::ServerPlan;
use crate::trace::Who;
use norn_core::config::{Config, Knobs, ObufLimit};
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
        let mut chance = Chance::new(plan.seed, 2000 + u64::from(s)).fork(u64::from(server.starts));
        let mut entropy = [0; 32];
        for word in entropy.chunks_exact_mut(8) {
            word.copy_from_slice(&chance.next().to_le_bytes());
        }
        let setup = Setup {
            config: config(&plan.servers[usize::from(s)]),
            config_path: None,
            knobs: Knobs { scratch_bytes: 32 * 1024, planted: plan.planted, ..Knobs::default() },
            entropy,
            stopwatch: || 0,
            process: Process { pid: 1, executable: String::new(), os: String::new() },
        };
        let mut node = match Node::new(setup, server.clock.read(now)) {
            Ok(node) => node,
            Err(error) => {
                self.violate(Violation::new("boot", format!("n{s} does not start: {error}")));
                return;
            }
        };
        node.enable_digest();
        server.node = Some(Box::new(node));
        server.state = State::Up;
        server.tracked = server.master.is_none();
        server.model.replica = server.master.is_some();
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
fn config(plan: &ServerPlan) -> Config {
    let mut config =
        Config { port: PORT.into(), databases: DATABASES as i64, protected_mode: false, ..Config::default() };
    for (name, value) in &plan.directives {
        let number = value.parse().unwrap_or(0);
        match *name {
            "repl-backlog-size" => config.repl_backlog_size = number,
            "active-expire-effort" => config.active_expire_effort = number,
            "client-output-buffer-limit" => {
                let mut words = value.split(' ');
                let class =
                    words.next().and_then(|w| ["normal", "slave", "pubsub"].iter().position(|c| *c == w));
                let mut next = || words.next().and_then(|w| w.parse().ok()).unwrap_or(0);
                let limit = ObufLimit { hard: next(), soft: next(), soft_secs: next() };
                if let Some(class) = class {
                    config.client_output_buffer_limit[class] = limit;
                }
            }
            _ => {}
        }
    }
    config
}

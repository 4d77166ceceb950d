//! Starting and ending processes.

use super::server::State;
use super::{Owner, PORT, World};
use crate::chance::Chance;
use crate::net::HostId;
use crate::trace::Who;
use norn_core::config::Config;
use norn_core::node::Node;

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
        let node = Node::new(Config::default(), entropy, server.clock.read(now), || 0);
        let _ = PORT;
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

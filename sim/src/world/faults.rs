//! Breaking things and mending them.

use super::server::{Pending, State};
use super::{Phase, World};
use crate::agenda::{Event, Time};
use crate::chance::Chance;
use crate::net::HostId;
use crate::plan::Fault;
use crate::trace::Who;
use norn_core::base::ids::DbIndex;
use norn_core::contract::{DiskErrorKind, StopHow};

/// What has to be undone when a fault ends.
#[derive(Clone, Copy, Debug)]
pub(super) enum Mend {
    Start(u8),
    Continue(u8),
    Open(u8, u8),
    Disk(u8),
    /// The first server learns that it is to follow the second.
    Order(u8, u8),
    Done,
}

impl World {
    /// A fault strikes.
    pub(super) fn strike(&mut self, item: u32, fault: Fault) {
        let now = self.agenda.now();
        self.trace.line(now, Who::World, format_args!("{fault}"));
        self.figures.faults[fault.family()] += 1;
        let mut chance = Chance::new(self.plan.seed, 4_000_000 + u64::from(item));
        match fault {
            Fault::Crash(s, lasts) => {
                if self.servers[usize::from(s)].state != State::Down {
                    self.process_ended(s);
                    self.mend_later(Mend::Start(s), lasts);
                }
            }
            Fault::PowerLoss(s, lasts) => {
                if self.servers[usize::from(s)].state != State::Down {
                    self.power_lost(s, chance.below(1001));
                    self.mend_later(Mend::Start(s), lasts);
                }
            }
            Fault::Restart(s, lasts) => {
                // Writes wait while replicas catch up: the model does not know when they run.
                self.servers[usize::from(s)].tracked = false;
                self.pend(s, Pending::Stop(StopHow::Term));
                self.mend_later(Mend::Start(s), lasts);
            }
            Fault::Pause(s, lasts) => {
                let server = &mut self.servers[usize::from(s)];
                if server.state == State::Up {
                    server.state = State::Paused;
                    server.turn_at = None;
                    self.mend_later(Mend::Continue(s), lasts);
                }
            }
            Fault::Reset(a, b) => self.reset_path(a, b),
            Fault::Stall(a, b, lasts) => self.net.path(HostId(a), HostId(b)).stalled_until = now + lasts,
            Fault::BlockOneWay(a, b, lasts) => {
                self.net.block(HostId(a), HostId(b), true);
                self.mend_later(Mend::Open(a, b), lasts);
            }
            Fault::Block(a, b, lasts) => {
                for (a, b) in [(a, b), (b, a)] {
                    self.net.block(HostId(a), HostId(b), true);
                    self.mend_later(Mend::Open(a, b), lasts);
                }
            }
            Fault::Sleep(c, lasts) => {
                let client = &mut self.clients[usize::from(c)];
                client.asleep_until = client.asleep_until.max(now + lasts);
            }
            Fault::ClockStep(s, ms) => {
                if ms < 0 {
                    self.forget_removed(s);
                }
                self.servers[usize::from(s)].clock.step(ms * 1000);
            }
            Fault::Promote(s, lag) => self.promote(s, lag, &mut chance),
            Fault::Follow(s, master) => {
                if !self.leads_to(master, s) {
                    self.order(s, Some(master));
                }
            }
            Fault::DiskFull(s, lasts) => {
                let kind = if chance.one_in(3) { DiskErrorKind::Io } else { DiskErrorKind::NoSpace };
                self.servers[usize::from(s)].disk.failing = Some(kind);
                self.mend_later(Mend::Disk(s), lasts);
            }
        }
    }

    /// A wall clock is about to be set back: keys that had expired come to life again unless they have been removed, and
    /// whether they have depends on who looked. The model takes that from the server.
    fn forget_removed(&mut self, s: u8) {
        let now = self.agenda.now();
        let server = &mut self.servers[usize::from(s)];
        let Some(node) = server.node.as_deref() else { return };
        let data = &mut server.model.data;
        data.now_ms = server.clock.read(now).unix.ms();
        for db in 0..data.dbs.len() {
            let gone = |key: &Vec<u8>| !node.server().keyspace.is_stored(DbIndex(db as u32), key);
            let due = data.dbs[db].iter().filter(|(_, entry)| data.due(entry));
            let gone: Vec<Vec<u8>> = due.map(|(key, _)| key).filter(|key| gone(key)).cloned().collect();
            for key in gone {
                data.forget_expired(db, &key);
            }
        }
    }

    /// Every connection between two hosts is reset.
    fn reset_path(&mut self, a: u8, b: u8) {
        let ends: Vec<_> = self.net.between(HostId(a), HostId(b)).collect();
        ends.into_iter().for_each(|end| self.net.cut(end));
        self.act_on_notices();
    }

    fn mend_later(&mut self, mend: Mend, lasts: Time) {
        self.mending.push(mend);
        let number = self.mending.len() as u32 - 1;
        self.agenda.after(lasts.max(1), Event::Heal(number));
    }

    /// A fault ends.
    pub(super) fn mend(&mut self, number: u32) {
        match std::mem::replace(&mut self.mending[number as usize], Mend::Done) {
            Mend::Start(s) => {
                if self.servers[usize::from(s)].state == State::Down {
                    self.boot(s);
                    let master = self.servers[usize::from(s)].master;
                    if master != self.plan.servers[usize::from(s)].master {
                        self.order(s, master);
                    }
                } else if self.servers[usize::from(s)].exit.is_none() && self.phase == Phase::Safety {
                    // Asked to stop, still at it: look again.
                    self.mend_later(Mend::Start(s), 1_000_000);
                }
            }
            Mend::Continue(s) => {
                if self.servers[usize::from(s)].state == State::Paused {
                    self.servers[usize::from(s)].state = State::Up;
                    self.schedule_turn(s);
                }
            }
            Mend::Open(a, b) => self.net.block(HostId(a), HostId(b), false),
            Mend::Order(s, master) => {
                if !self.leads_to(master, s) {
                    self.order(s, Some(master));
                }
            }
            Mend::Disk(s) => self.servers[usize::from(s)].disk.failing = None,
            Mend::Done => {}
        }
    }

    /// A process that ends when everything has been mended is started again.
    pub(super) fn start_again_soon(&mut self, s: u8) {
        if self.phase != Phase::Safety {
            self.mend_later(Mend::Start(s), 1_000);
        }
    }

    /// Mends everything at once.
    pub(super) fn mend_all(&mut self) {
        for number in 0..self.mending.len() {
            self.mend(number as u32);
        }
        for client in &mut self.clients {
            client.asleep_until = 0;
        }
    }

    /// A server becomes master. The others are told `lag` later, so that an old master goes on writing meanwhile.
    fn promote(&mut self, s: u8, lag: Time, chance: &mut Chance) {
        self.order(s, None);
        for other in 0..self.servers.len() as u8 {
            if other == s {
                continue;
            }
            if lag == 0 {
                self.order(other, Some(s));
            } else {
                self.mend_later(Mend::Order(other, s), lag);
            }
        }
        for c in 0..self.plan.clients.len() as u8 {
            if self.clients[usize::from(c)].server != s && chance.one_in(2) {
                self.move_client(c, s);
            }
        }
    }

    /// There is one master in the end: whoever leads a tree of its own follows the first.
    pub(super) fn one_master(&mut self) {
        let roots = (0..self.servers.len() as u8).filter(|s| self.servers[usize::from(*s)].master.is_none());
        let roots: Vec<u8> = roots.collect();
        for root in roots.iter().skip(1) {
            self.servers[usize::from(*root)].master = Some(roots[0]);
        }
    }

    /// Whether following the chain upwards from `from` meets `to`.
    fn leads_to(&self, from: u8, to: u8) -> bool {
        let mut at = Some(from);
        while let Some(s) = at {
            if s == to {
                return true;
            }
            at = self.servers[usize::from(s)].master;
        }
        false
    }

    /// Tells a server whom to follow.
    pub(super) fn order(&mut self, s: u8, master: Option<u8>) {
        if self.servers[usize::from(s)].master != master {
            let its = self.clients.iter_mut().filter(|c| c.server == s);
            its.for_each(|client| client.due_known = false);
        }
        self.servers[usize::from(s)].master = master;
        let admin = (self.plan.clients.len() + usize::from(s)) as u8;
        self.clients[usize::from(admin)].backlog.push_back(u32::MAX);
        self.admin_speaks(admin);
    }
}

//! The world: servers, clients and everything between them, driven by one event heap.
//!
//! *Owns*: the order of everything. *Does not own*: the rules of the network (`net`), of nodes (the core), of right and
//! wrong (`oracle`). *Invariants*: the same plan gives the same run, byte for byte; a copy of a world goes on as the
//! original would.

mod boot;
mod clients;
mod faults;
mod follow;
mod fx;
mod phases;
mod server;
mod turn;

pub use server::{Server, State};

use crate::agenda::{Agenda, Event, Time};
use crate::chance::Chance;
use crate::client::frame::Args;
use crate::client::{Client, Role};
use crate::clock::Clock;
use crate::net::{End, HostId, Net, Notice};
use crate::oracle::{Oracles, Violation};
use crate::plan::{FAULT_FAMILIES, Plan, What};
use crate::trace::{Trace, Who, fold};
use server::Pending;
use std::sync::Arc;

/// Port that every simulated server listens on.
pub const PORT: u16 = 6379;

/// Most bytes read from one connection in one step.
const READ_MAX: usize = 16 * 1024;

/// Whose end of a connection it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    Nobody,
    Client(u8),
    /// A connection of a server, by slot.
    Server(u8, u32),
}

/// Figures of a run.
#[derive(Clone, Copy, Debug, Default)]
pub struct Figures {
    /// Events carried out.
    pub events: u64,
    /// Turns of nodes.
    pub turns: u64,
    /// Commands sent by clients.
    pub commands: u64,
    /// Replies compared with the model.
    pub compared: u64,
    /// Bytes that nodes wrote.
    pub bytes_out: u64,
    /// Boundaries of the stream compared with the record.
    pub boundaries: u64,
    /// Full and partial synchronisations seen.
    pub syncs: [u64; 2],
    /// How often each family of faults struck.
    pub faults: [u64; FAULT_FAMILIES.len()],
    /// Simulated time.
    pub simulated: Time,
}

/// Where the run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Items of the plan happen.
    Safety,
    /// Everything is mended; the servers must agree before this time.
    Liveness(Time),
    /// Auditors read every server.
    Audit(Time),
    /// Nobody talks to the servers until then.
    Quiet(Time),
    /// Done.
    Over,
}

/// A world.
#[derive(Clone)]
pub struct World {
    /// What happens when.
    pub agenda: Agenda,
    /// The network.
    pub net: Net,
    /// The servers; host numbers equal theirs.
    pub servers: Vec<Server>,
    /// The clients of the workload, then one admin for each server.
    pub clients: Vec<Client>,
    /// The plan.
    pub plan: Arc<Plan>,
    /// Hash and text of the run.
    pub trace: Trace,
    /// The checks.
    pub oracles: Oracles,
    /// Figures.
    pub figures: Figures,
    /// What went wrong first.
    pub violation: Option<Violation>,
    /// It was that something did not happen in time.
    pub late: bool,
    /// Where the run stands.
    pub phase: Phase,
    owners: Vec<[Owner; 2]>,
    flows: Vec<[u64; 2]>,
    /// Connections whose end the node under way was told of in this turn.
    ended: Vec<u32>,
    mending: Vec<faults::Mend>,
    scratch: Vec<u8>,
    /// What is being read; always of full length, and of no meaning between two reads.
    reading: Vec<u8>,
    args: Args,
    notices: Vec<Notice>,
}

impl World {
    /// The world of a plan at its start. `cuts_salt` varies only how bytes are cut on their way into nodes.
    #[must_use]
    pub fn new(plan: Arc<Plan>, trace_on: bool, cuts_salt: u64) -> Self {
        let servers = plan.servers.len();
        let hosts = servers + plan.clients.len() + 1;
        let mut net = Net::new(hosts, plan.path, Chance::new(plan.seed, 500));
        net.kernel = plan.kernel;
        let mut world = Self {
            agenda: Agenda::default(),
            net,
            servers: Vec::new(),
            clients: Vec::new(),
            trace: Trace::new(trace_on),
            oracles: Oracles::new(&plan),
            figures: Figures::default(),
            violation: None,
            late: false,
            phase: Phase::Safety,
            owners: Vec::new(),
            flows: Vec::new(),
            ended: Vec::new(),
            mending: Vec::new(),
            scratch: Vec::new(),
            reading: vec![0; READ_MAX],
            args: Args::default(),
            notices: Vec::new(),
            plan,
        };
        world.populate(cuts_salt);
        world
    }

    fn populate(&mut self, cuts_salt: u64) {
        let plan = Arc::clone(&self.plan);
        for (i, server) in plan.servers.iter().enumerate() {
            let clock = Clock { drift_ppm: server.drift_ppm, skew_us: server.skew_us };
            self.servers.push(Server::new(plan.seed, i as u8, clock, server.master, cuts_salt));
        }
        let operator = (plan.servers.len() + plan.clients.len()) as u8;
        for (i, c) in plan.clients.iter().enumerate() {
            let host = HostId((plan.servers.len() + i) as u8);
            let mut client = Client::new(host, c.server, c.role);
            (client.resp3, client.read_max, client.rest_us) = (c.resp3, c.read_max, c.rest_us);
            self.clients.push(client);
        }
        for server in 0..plan.servers.len() {
            self.clients.push(Client::new(HostId(operator), server as u8, Role::Admin));
        }
        for (i, item) in plan.items.iter().enumerate() {
            self.agenda.at(item.at, Event::Plan(i as u32));
        }
        self.agenda.at(crate::agenda::SECOND, Event::Look);
        for i in 0..plan.servers.len() {
            self.boot(i as u8);
        }
    }

    /// Runs until the end, or until something is wrong.
    pub fn run(&mut self) {
        while self.violation.is_none() && self.phase != Phase::Over && self.step() {}
        self.figures.simulated = self.agenda.now();
    }

    /// Carries out the next event; false when there is none.
    pub fn step(&mut self) -> bool {
        self.step_until(Time::MAX)
    }

    /// Carries out the next event that is not later than `until`; false when there is none.
    pub(crate) fn step_until(&mut self, until: Time) -> bool {
        let Some(event) = self.agenda.pop(until) else { return false };
        self.figures.events += 1;
        match event {
            Event::Arrive { .. } | Event::Window { .. } | Event::Syn(_) | Event::SynAnswer(_) => {
                self.net.event(&mut self.agenda, event);
                self.act_on_notices();
            }
            Event::Turn(s) => self.turn(s),
            Event::Wake(s) => self.wake(s),
            Event::Disk(s) => self.disk_done(s),
            Event::Plan(item) => self.item(item),
            Event::Client(c) => {
                self.clients[usize::from(c)].timer = false;
                self.client_reads(c);
            }
            Event::Heal(mend) => self.mend(mend),
            Event::Look => self.look(),
        }
        true
    }

    /// A hash of what nodes wrote to each connection; the order between connections does not matter.
    #[must_use]
    pub fn flows(&self) -> u64 {
        self.flows.iter().flatten().fold(0, |hash, flow| fold(hash, *flow))
    }

    /// Reports something wrong; the first report counts.
    pub(crate) fn violate(&mut self, violation: Violation) {
        if self.violation.is_none() {
            let now = self.agenda.now();
            self.trace.line(
                now,
                Who::World,
                format_args!("VIOLATION {}: {}", violation.oracle, violation.reason),
            );
            self.violation = Some(violation);
        }
    }

    fn item(&mut self, number: u32) {
        if self.phase != Phase::Safety {
            return;
        }
        match self.plan.items[number as usize].what {
            What::Say { client, .. } => self.client_item(client, number),
            What::Fault(fault) => self.strike(number, fault),
        }
    }

    /// Hands the network's news to those they concern.
    pub(super) fn act_on_notices(&mut self) {
        while !self.net.notices.is_empty() {
            let mut notices = std::mem::take(&mut self.notices);
            std::mem::swap(&mut notices, &mut self.net.notices);
            for notice in notices.drain(..) {
                self.act_on(notice);
            }
            self.notices = notices;
        }
    }

    fn act_on(&mut self, notice: Notice) {
        match notice {
            Notice::Readable(end) => match self.owner(end) {
                Owner::Client(c) => self.client_reads(c),
                Owner::Server(s, slot) => self.server_readable(s, slot),
                Owner::Nobody => {}
            },
            Notice::Writable(end) => match self.owner(end) {
                Owner::Client(c) => self.client_writes(c),
                Owner::Server(s, slot) => {
                    if let Some(id) = self.servers[usize::from(s)].link(slot).map(|link| link.id) {
                        self.pend(s, Pending::Writable(id));
                    }
                }
                Owner::Nobody => {}
            },
            Notice::Incoming(end, dial) => {
                self.owners.resize(end.conn as usize + 1, [Owner::Nobody; 2]);
                if let Owner::Client(c) = self.dialer(dial, end.peer()) {
                    self.set_owner(end.peer(), Owner::Client(c));
                }
                let host = self.net.host(end).0;
                self.pend(host, Pending::Incoming(end));
            }
            Notice::Connected(dial, end) => match self.dialer(dial, end) {
                Owner::Client(c) => self.client_connected(c, end),
                Owner::Server(s, at) => {
                    let (link, _) = self.servers[usize::from(s)].dials.remove(at as usize);
                    self.pend(s, Pending::Connected(link, end));
                }
                Owner::Nobody => self.net.close(&mut self.agenda, end),
            },
            Notice::Refused(dial, why) => {
                if let Some(c) =
                    self.clients.iter().position(|c| c.line == crate::client::Line::Dialing(dial))
                {
                    self.clients[c].hang_up();
                    return;
                }
                for s in 0..self.servers.len() {
                    let dials = &mut self.servers[s].dials;
                    if let Some(at) = dials.iter().position(|(_, d)| *d == dial) {
                        let (link, _) = dials.remove(at);
                        self.pend(s as u8, Pending::Refused(link, why));
                    }
                }
            }
        }
    }

    /// Who waits for this connection attempt; for a server, its place among the server's attempts.
    fn dialer(&self, dial: u32, end: End) -> Owner {
        if let Some(c) = self.clients.iter().position(|c| c.line == crate::client::Line::Dialing(dial)) {
            return Owner::Client(c as u8);
        }
        let host = self.net.host(end).0;
        let found =
            self.servers.get(usize::from(host)).and_then(|s| s.dials.iter().position(|(_, d)| *d == dial));
        found.map_or(Owner::Nobody, |at| Owner::Server(host, at as u32))
    }

    /// The client at a host, for a connection to server `s`; `None` for a server's host.
    pub(super) fn client_at(&self, host: HostId, s: u8) -> Option<u8> {
        let at = usize::from(host.0).checked_sub(self.servers.len())?;
        Some(if at < self.plan.clients.len() {
            at as u8
        } else {
            (self.plan.clients.len() + usize::from(s)) as u8
        })
    }

    pub(super) fn owner(&self, end: End) -> Owner {
        self.owners.get(end.conn as usize).map_or(Owner::Nobody, |pair| pair[usize::from(end.side)])
    }

    pub(super) fn set_owner(&mut self, end: End, owner: Owner) {
        let at = end.conn as usize;
        if self.owners.len() <= at {
            self.owners.resize(at + 1, [Owner::Nobody; 2]);
        }
        self.owners[at][usize::from(end.side)] = owner;
    }
}

//! From safety to liveness to the audit.
//!
//! F1: once everything is mended, all servers hold the same history and the same data within a bound that follows from
//! the configuration. After that, auditors read every server, and nobody may be left waiting for a reply or a message. In
//! the end everyone leaves, and the servers come to rest.

use super::{Phase, State, World};
use crate::agenda::{Event, SECOND, Time};
use crate::client::{Line, Role};
use crate::model::DATABASES;
use crate::oracle::rest::QUIET_SECS;
use crate::oracle::{Violation, roundtrip};
use crate::plan::Canary;
use crate::trace::Who;
use crate::view::View;
use std::sync::atomic::{AtomicU64, Ordering};

/// Keys that auditors read in each database.
const AUDITED_KEYS: u64 = 24;
/// Keys due within this time of the audit are not looked at: each server has its own clock.
const AUDIT_MARGIN_MS: i64 = 100_000;
/// Seconds between looks that count everything anew.
const THOROUGH_EVERY: u64 = 16;

impl World {
    /// The world looks at itself, once a second.
    pub(super) fn look(&mut self) {
        let now = self.agenda.now();
        if let Some(canary) = self.plan.canary {
            self.sing(canary);
        }
        match self.phase {
            Phase::Safety if now >= self.plan.length => {
                self.inspect_nodes(true, false);
                self.begin_liveness();
            }
            Phase::Safety => {}
            Phase::Liveness(until) => {
                let disagreement = self.disagreement().map(|reason| Violation::new("F1", reason));
                match disagreement.or_else(|| self.unfinished()) {
                    None => self.begin_audit(),
                    Some(violation) if now >= until => self.too_late(violation),
                    Some(_) => {}
                }
            }
            Phase::Audit(until) => match self.unfinished() {
                None => {
                    self.inspect_nodes(true, true);
                    self.begin_quiet();
                }
                Some(violation) if now >= until => self.too_late(violation),
                Some(_) => {}
            },
            Phase::Quiet(until) if now >= until => self.end(),
            Phase::Quiet(_) => {}
            Phase::Over => return,
        }
        let thorough = (now / SECOND).is_multiple_of(THOROUGH_EVERY);
        self.inspect_nodes(thorough, false);
        self.admins_retry();
        self.agenda.after(SECOND, Event::Look);
    }

    /// What should have happened by now has not.
    fn too_late(&mut self, violation: Violation) {
        self.late = true;
        self.violate(violation);
    }

    /// Goes wrong on purpose.
    fn sing(&mut self, canary: Canary) {
        match canary {
            Canary::Violation => self.violate(Violation::new("canary", "planted".to_owned())),
            Canary::Panic => panic!("planted"),
            Canary::Unsteady => {
                static RUNS: AtomicU64 = AtomicU64::new(0);
                self.trace.number(RUNS.fetch_add(1, Ordering::Relaxed));
            }
            Canary::Stuck => {}
        }
    }

    fn begin_liveness(&mut self) {
        let now = self.agenda.now();
        self.trace.line(now, Who::World, format_args!("everything is mended"));
        self.phase = Phase::Liveness(now + self.liveness_bound());
        self.mend_all();
        self.one_master();
        self.net.calm_down();
        for s in 0..self.servers.len() as u8 {
            let master = self.servers[usize::from(s)].master;
            self.order(s, master);
        }
        for c in 0..self.clients.len() as u8 {
            let client = &mut self.clients[usize::from(c)];
            client.read_max = 0;
            client.asleep_until = 0;
            self.client_reads(c);
        }
    }

    /// How long agreement may take: links time out, are dialed again, data crosses the wire.
    fn liveness_bound(&self) -> Time {
        let plan = &self.plan;
        let directive = |name| plan.servers[0].directives.iter().find(|(n, _)| *n == name);
        let timeout = directive("repl-timeout").and_then(|(_, v)| v.parse::<u64>().ok()).unwrap_or(60);
        let connect = plan.kernel.connect_timeout_us / SECOND;
        let data = plan.mixture.keys * plan.mixture.value_max;
        let transfer = data.checked_div(plan.path.bytes_per_ms).unwrap_or(0) / 1000;
        let links = plan.servers.len() as u64;
        (60 + (timeout * 2 + connect + transfer * 2 + 20) * links) * SECOND
    }

    /// Why the servers do not agree yet.
    fn disagreement(&self) -> Option<String> {
        if self.plan.canary == Some(Canary::Stuck) {
            return Some("planted".to_owned());
        }
        let mut first: Option<View> = None;
        for (s, server) in self.servers.iter().enumerate() {
            if server.state != State::Up {
                return Some(format!("n{s} is not running"));
            }
            let Some(view) = server.node.as_deref().map(View::of) else { continue };
            if view.is_replica != server.master.is_some() {
                return Some(format!("n{s} has not taken the role it was told to take"));
            }
            if view.loading {
                return Some(format!("n{s} is still loading"));
            }
            let Some(first) = first else {
                first = Some(view);
                continue;
            };
            if (first.id, first.offset) != (view.id, view.offset) {
                let name = |id: &[u8; 40]| String::from_utf8_lossy(&id[..8]).into_owned();
                return Some(format!(
                    "n0 stands at {}:{}, n{s} at {}:{}",
                    name(&first.id),
                    first.offset,
                    name(&view.id),
                    view.offset
                ));
            }
            if first.digest != view.digest {
                return Some(format!("n0 and n{s} stand at offset {} with different data", view.offset));
            }
        }
        None
    }

    fn begin_audit(&mut self) {
        let now = self.agenda.now();
        self.trace.line(now, Who::World, format_args!("the servers agree; audit"));
        self.phase = Phase::Audit(now + 600 * SECOND);
        self.compare_contents();
        self.share_model();
        for c in 0..self.clients.len() as u8 {
            if self.clients[usize::from(c)].role == Role::Admin {
                let client = &mut self.clients[usize::from(c)];
                client.role = Role::Auditor;
                // An order that was to be given again has been carried out.
                client.backlog.clear();
                if matches!(self.clients[usize::from(c)].line, Line::Up(_)) {
                    self.audit(c);
                }
            }
        }
    }

    /// Replicas must answer reads by the model of their master.
    fn share_model(&mut self) {
        let Some(master) = self.servers.iter().position(|s| s.master.is_none()) else { return };
        if !self.servers[master].tracked {
            return;
        }
        let data = self.servers[master].model.data.clone();
        for (s, server) in self.servers.iter_mut().enumerate() {
            if s != master {
                server.model.data = data.clone();
                server.tracked = true;
                server.model.loose = false;
            }
        }
    }

    fn audit(&mut self, c: u8) {
        let keys = self.plan.mixture.keys;
        for db in 0..DATABASES {
            self.args.clear();
            self.args.words("SELECT").int(db as i64);
            self.send(c);
            let audited = (0..keys.min(AUDITED_KEYS)).map(|i| format!("k:{i}"));
            for key in audited.chain((0..3).map(|i| format!("f:{i}"))) {
                for word in ["GET", "PEXPIRETIME"] {
                    self.args.clear();
                    self.args.words(word).words(&key);
                    self.send(c);
                }
            }
        }
        self.client_writes(c);
    }

    /// Whether the model can say of a key what every server must answer: each server has its own clock.
    pub(super) fn beyond_doubt(&self, s: u8, conn: u32, key: &[u8]) -> bool {
        if !matches!(self.phase, Phase::Audit(_)) {
            return true;
        }
        let server = &self.servers[usize::from(s)];
        let clocks = self.servers.iter().map(|s| s.clock.read(self.agenda.now()).unix.ms());
        let due_soon = clocks.max().unwrap_or(0) + AUDIT_MARGIN_MS;
        let db = server.model.sessions.get(&conn).map_or(0, |session| session.db);
        let entry = server.model.data.dbs[db].get(key);
        entry.and_then(|e| e.deadline).is_none_or(|deadline| deadline > due_soon)
    }

    /// What someone is still waiting for.
    fn unfinished(&self) -> Option<Violation> {
        for (c, client) in self.clients.iter().enumerate() {
            let Line::Up(end) = client.line else { continue };
            // Nobody tells a client that waits in silence that the other end is gone.
            if !self.net.alive(end.peer()) {
                continue;
            }
            if let Some(sent) = client.waiting.front().filter(|_| !self.waits_for_keys(end)) {
                return Some(Violation::new("D1", format!("c{c} never had a reply to `{}`", sent.text)));
            }
            if let (true, Some(due)) = (client.due_known, client.due.front()) {
                return Some(Violation::new("D7", format!("c{c} never received {due}")));
            }
        }
        None
    }

    /// All clients leave. What they leave behind is looked at a while later.
    fn begin_quiet(&mut self) {
        let now = self.agenda.now();
        self.trace.line(now, Who::World, format_args!("the clients leave"));
        self.phase = Phase::Quiet(now + QUIET_SECS * SECOND);
        for c in 0..self.clients.len() as u8 {
            if let Line::Dialing(dial) = self.clients[usize::from(c)].line {
                self.net.cancel_dial(&mut self.agenda, dial);
                self.clients[usize::from(c)].hang_up();
            }
            self.client_closes(c);
        }
        for server in &mut self.servers {
            server.wakes = 0;
        }
    }

    fn end(&mut self) {
        let now = self.agenda.now();
        // Keys go when the master's clock says so, and its own.
        let master = self.servers.iter().position(|server| server.master.is_none()).unwrap_or(0);
        let unix_ms = self.servers[master].clock.read(now).unix.ms();
        for s in 0..self.servers.len() {
            let server = &self.servers[s];
            let Some(node) = server.node.as_deref() else { continue };
            if let Err(violation) = self.oracles.at_rest(s as u8, node, unix_ms, server.wakes) {
                self.violate(violation);
                return;
            }
        }
        self.trace.line(self.agenda.now(), Who::World, format_args!("the end"));
        self.save_and_load();
        self.phase = Phase::Over;
    }

    /// One server's data goes through a file.
    fn save_and_load(&mut self) {
        let s = (self.plan.seed % self.servers.len() as u64) as u8;
        let server = &self.servers[usize::from(s)];
        let now = server.clock.read(self.agenda.now());
        let checked = server.node.as_deref().map(|node| roundtrip::check(s, node, now));
        if let Some(Err(violation)) = checked {
            self.violate(violation);
        }
    }

    /// Admins whose connection failed try again.
    fn admins_retry(&mut self) {
        for c in 0..self.clients.len() as u8 {
            let client = &self.clients[usize::from(c)];
            if client.role == Role::Admin && client.line == Line::Idle && !client.backlog.is_empty() {
                self.connect(c);
            }
        }
    }

    /// Sends an admin's orders, connecting first if need be.
    pub(super) fn admin_speaks(&mut self, c: u8) {
        if self.clients[usize::from(c)].line == Line::Idle {
            self.connect(c);
        } else {
            self.speak(c);
        }
    }

    /// One order: whom to follow.
    pub(super) fn give_order(&mut self, c: u8) {
        let s = usize::from(self.clients[usize::from(c)].server);
        self.args.clear();
        match self.servers[s].master {
            None => self.args.words("REPLICAOF NO ONE"),
            Some(m) => self.args.words(&format!("REPLICAOF n{m} {}", super::PORT)),
        };
        self.send(c);
    }
}

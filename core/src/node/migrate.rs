//! MIGRATE: keys sent to another server while other clients are served.
//!
//! *Owns*: dialing the target, sending payloads, what is done with the answers. *Does not own*: the conversation
//! (`migration`), the options (`commands/migrate`).
//! *Invariants*: exactly one reply for each request, whatever happens to the link; a key leaves this node only when the
//! target has answered that it holds it, and only if nobody changed it since it was sent; a node that has become a
//! replica removes nothing.

use super::Node;
use crate::base::ids::{ConnId, LinkId};
use crate::base::time::Mono;
use crate::connection::{ConnFlags, WaitsFor};
use crate::contract::{DialError, DialTarget, Peer, Timer};
use crate::engine::{Action, Server};
use crate::keyspace::ExpiryPolicy;
use crate::migration::{Job, Order, Progress, Stage, Talk};
use crate::rdb::dump_value;
use crate::resp::{CommandError, encode_command};
use alloc::boxed::Box;
use alloc::format;
use alloc::vec::Vec;

/// What is lost when a link breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Broken {
    /// Time was up.
    Late,
    /// The other side is gone.
    Gone,
}

impl Server {
    /// Begins a migration; the client in `slot` waits for its end.
    pub fn migrate(&mut self, slot: u32, order: Order) {
        self.wait_for(slot, None, WaitsFor::Migration);
        match self.migrations.take_kept(&order.target) {
            Some(kept) => {
                let job = self.job(order, Stage::Dialing(LinkId(0)));
                self.send_keys(kept.conn, job, kept.selected);
            }
            None => self.dial_target(order, true),
        }
    }

    fn job(&self, order: Order, stage: Stage) -> Job {
        let deadline = self.now.mono + order.patience;
        Job { order, stage, deadline, may_retry: true }
    }

    fn dial_target(&mut self, order: Order, may_retry: bool) {
        let link = self.repl.take_link();
        let target = DialTarget {
            host: order.target.host.clone(),
            port: order.target.port,
            source: None,
            keepalive_secs: 0,
            nodelay: true,
        };
        self.actions.push(Action::Dial(link, target));
        let job = Job { may_retry, ..self.job(order, Stage::Dialing(link)) };
        self.timers.at_most(Timer::Migration, job.deadline);
        self.migrations.begin(job);
    }

    /// Everything a target is told, at once; `selected` is the database that it has selected already.
    fn send_keys(&mut self, conn: ConnId, mut job: Job, selected: Option<i64>) {
        let Some(slot) = self.conns.resolve(conn) else { return };
        let order = &job.order;
        let (mut out, mut preludes) = (Vec::new(), 0);
        if !order.target.auth.is_empty() {
            let words = core::iter::once(&b"AUTH"[..]).chain(order.target.auth.iter().map(|word| &**word));
            out.extend(encode_command(words.collect::<Vec<_>>().into_iter()));
            preludes += 1;
        }
        if selected != Some(order.target_db) {
            let db = format!("{}", order.target_db);
            out.extend(encode_command([&b"SELECT"[..], db.as_bytes()].into_iter()));
            preludes += 1;
        }
        let now_ms = self.now.unix.ms();
        self.keyspace.begin(now_ms, ExpiryPolicy::Delete);
        let mut keys = Vec::new();
        for key in &order.keys {
            let Some(value) = self.keyspace.peek(order.db, key) else { continue };
            let payload = dump_value(value, self.config.rdb_version as u16, self.config.rdbcompression);
            let ttl = self.keyspace.deadline(order.db, key).map_or(0, |at| at.saturating_sub(now_ms).max(1));
            let ttl = format!("{ttl}");
            let words: [&[u8]; 5] = [b"RESTORE", key, ttl.as_bytes(), &payload, b"REPLACE"];
            out.extend(encode_command(words[..if order.replace { 5 } else { 4 }].iter()));
            keys.push(key.clone());
        }
        let mut talk = Talk::new(conn, preludes, keys);
        talk.written = self.conns.get(slot).net_out;
        let is_done = talk.progress() == Progress::Done;
        job.deadline = self.now.mono + order.patience;
        self.timers.at_most(Timer::Migration, job.deadline);
        job.stage = Stage::Talking(Box::new(talk));
        self.migrations.begin(job);
        self.arm_touch_log();
        self.deliver(slot, |w| w.raw(&out));
        if is_done {
            self.target_answered(conn);
        }
    }

    /// All replies are there: what the target took is removed here, and the client is told.
    fn target_answered(&mut self, conn: ConnId) {
        let Some(job) = self.migrations.take_talking(conn) else { return };
        let Job { order, stage: Stage::Talking(talk), .. } = job else { return };
        let selected = talk.error.is_none().then_some(order.target_db);
        let (dropped, until) = self.migrations.keep(conn, order.target.clone(), selected, self.now.mono);
        self.timers.at_most(Timer::Migration, until);
        self.close_target(dropped);
        self.settle_keys(&order, &talk, None);
    }

    /// Removes what was taken, and answers: with the target's error, with `fault`, or that all is well.
    fn settle_keys(&mut self, order: &Order, talk: &Talk, fault: Option<CommandError>) {
        let mut kept = false;
        if !order.copy && !self.is_replica() {
            self.keyspace.begin(self.now.unix.ms(), ExpiryPolicy::Delete);
            kept = self.as_unit(|srv| srv.remove_taken(order, talk));
        }
        self.arm_touch_log();
        match (&talk.error, fault) {
            (Some(error), _) => {
                let text = [b"ERR Target instance replied with error: ", &error[..]].concat();
                self.answer_migration(order, Some(&text));
            }
            (None, Some(fault)) => self.fail_migration(order, fault),
            (None, None) if kept => self.fail_migration(order, CommandError::MigrateChanged),
            (None, None) => self.answer_migration(order, None),
        }
    }

    /// Whether some key had to stay because it changed.
    fn remove_taken(&mut self, order: &Order, talk: &Talk) -> bool {
        let mut kept = false;
        let mut gone: Vec<&[u8]> = alloc::vec![b"DEL"];
        for sent in talk.sent.iter().filter(|sent| sent.taken) {
            if sent.changed {
                kept |= self.keyspace.peek(order.db, &sent.key).is_some();
            } else if self.keyspace.delete(order.db, &sent.key) {
                self.notify(crate::config::NotifyFlags::GENERIC, "del", order.db, &sent.key);
                gone.push(&sent.key);
            }
        }
        if gone.len() > 1 {
            self.propagate(order.db, gone.into_iter());
        }
        kept
    }

    fn fail_migration(&mut self, order: &Order, fault: CommandError) {
        self.answer_migration(order, Some(fault.text().as_bytes()));
    }

    fn answer_migration(&mut self, order: &Order, error: Option<&[u8]>) {
        let Some(slot) = self.conns.resolve(order.client) else { return };
        if !self.stop_waiting(slot).is_some_and(|waits| matches!(waits.what, WaitsFor::Migration)) {
            return;
        }
        let offset = self.repl.offset();
        self.conns.get_mut(slot).write_offset = offset;
        if let Some(text) = error {
            self.stats.error_reply(text);
        }
        if !order.silent {
            self.deliver(slot, |w| match error {
                Some(text) => w.error_parts(&[text]),
                None => w.ok(),
            });
        }
    }

    fn close_target(&mut self, conn: Option<ConnId>) {
        if let Some(slot) = conn.and_then(|conn| self.conns.resolve(conn)) {
            self.close_soon(slot);
        }
    }

    /// A link is of no use any more.
    fn target_failed(&mut self, mut job: Job, how: Broken) {
        let stage = core::mem::replace(&mut job.stage, Stage::Dialing(LinkId(0)));
        let Stage::Talking(talk) = stage else {
            return self.fail_migration(&job.order, CommandError::MigrateConnecting);
        };
        if how == Broken::Gone && !talk.has_begun() && job.may_retry {
            self.close_target(Some(talk.conn));
            self.arm_touch_log();
            return self.dial_target(job.order, false);
        }
        let unwritten =
            self.conns.resolve(talk.conn).is_some_and(|slot| !self.conns.get(slot).out.is_empty());
        let fault = if unwritten { CommandError::MigrateWriting } else { CommandError::MigrateReading };
        self.close_target(Some(talk.conn));
        self.settle_keys(&job.order, &talk, Some(fault));
    }

    /// The connection in this slot, which led to a target, is gone.
    pub fn target_gone(&mut self, slot: u32) {
        let conn = self.conns.get(slot).conn;
        self.migrations.forget(conn);
        if let Some(job) = self.migrations.take_talking(conn) {
            self.target_failed(job, Broken::Gone);
            // At the end of a turn nobody would flush what the client is told.
            self.timers.at_most(Timer::Unfinished, self.now.mono);
        }
    }

    /// Requests whose time is up, and connections that were kept long enough.
    pub(super) fn tend_migrations(&mut self) {
        let now = self.now.mono;
        // Whoever takes bytes is not silent.
        let conns = &self.conns;
        for (talk, deadline, patience) in self.migrations.talks_mut() {
            let Some(slot) = conns.resolve(talk.conn) else { continue };
            let written = conns.get(slot).net_out;
            if written > talk.written {
                talk.written = written;
                *deadline = now + patience;
            }
        }
        for conn in self.migrations.stale(now) {
            self.close_target(Some(conn));
        }
        let (late, next) = self.migrations.due(now);
        for job in late {
            if let Stage::Dialing(link) = job.stage {
                self.actions.push(Action::CancelDial(link));
            }
            self.target_failed(job, Broken::Late);
        }
        if let Some(next) = next {
            self.timers.at_most(Timer::Migration, next);
        }
    }

    /// This node follows a master now: what it holds is not its own to give away.
    pub fn abandon_migrations(&mut self) {
        for job in self.migrations.take_all() {
            match &job.stage {
                Stage::Dialing(link) => self.actions.push(Action::CancelDial(*link)),
                Stage::Talking(talk) => self.close_target(Some(talk.conn)),
            }
            self.fail_migration(&job.order, CommandError::UnblockedRoleChange);
        }
        self.arm_touch_log();
    }
}

impl Node {
    /// The driver's answer to a dial that was for a target; false when it was not.
    pub(super) fn target_dialed(
        &mut self,
        link: LinkId,
        result: Result<(ConnId, Peer<'_>), &DialError>,
    ) -> bool {
        let Some(job) = self.srv.migrations.take_dialing(link) else { return false };
        match result {
            Ok((conn, peer)) => {
                let slot = self.add_unlisted(conn, peer);
                self.srv.conns.get_mut(slot).flags.set(ConnFlags::TARGET.or(ConnFlags::AUTHENTICATED));
                self.srv.send_keys(conn, job, None);
            }
            // Redis learns that nobody listens when it writes.
            Err(DialError(why)) if why.contains("refused") => {
                self.srv.fail_migration(&job.order, CommandError::MigrateWriting);
            }
            Err(_) => self.srv.fail_migration(&job.order, CommandError::MigrateConnecting),
        }
        true
    }

    /// Bytes of a target, read into what `recv_space` lent.
    pub(super) fn target_received(&mut self, slot: u32, len: usize) {
        let conn = self.srv.conns.get(slot).conn;
        let now: Mono = self.srv.now.mono;
        let Some((talk, deadline, patience)) = self.srv.migrations.talk_mut(conn) else {
            // Nobody asked for anything.
            self.srv.migrations.forget(conn);
            return self.srv.close_soon(slot);
        };
        *deadline = now + patience;
        match talk.feed(&self.scratch[..len]) {
            Progress::Waiting => {}
            Progress::Done => self.srv.target_answered(conn),
            Progress::Nonsense => {
                if let Some(job) = self.srv.migrations.take_talking(conn) {
                    self.srv.target_failed(job, Broken::Late);
                }
            }
        }
    }
}

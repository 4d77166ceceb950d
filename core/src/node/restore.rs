//! Loading a snapshot's file: at the start, and for DEBUG RELOAD.
//!
//! *Owns*: what is loaded when, and what the server is afterwards. *Does not own*: reading (`persistence/loading`), the
//! format.
//! *Invariants*: nobody is served before it is known whether there is a file; a file that cannot be loaded ends the start;
//! the data set is replaced as a whole. A server that finds its place in a history goes on from there.

use super::Node;
use super::save::SLOW_KEYS;
use crate::base::mutant::Mutant;
use crate::contract::{ConnId, DbIndex, DiskRequest, DiskResult, LogLevel, OpId, Span, Timer};
use crate::engine::propagate::encode;
use crate::engine::{Action, Server};
use crate::persistence::{Cause, Found, Loading, Reload, Step, Terms, inside};
use crate::rdb::ReaderOptions;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use bytes::Bytes;

/// A string in a file may be this long at least, whatever the limit of requests.
const STRING_MAX: u64 = 512 << 20;

impl Server {
    /// How data sets are taken in.
    pub(super) fn terms(&self) -> Terms {
        let string_max = (self.config.proto_max_bulk_len as u64).max(STRING_MAX);
        let reading = ReaderOptions { verify: self.config.rdbchecksum, string_max };
        Terms { forms: self.forms(), reading, ..Terms::default() }
    }

    /// Begins to load the snapshot's file.
    pub(super) fn begin_loading(&mut self, cause: Cause) {
        let is_master = self.config.replicaof.is_none() && !self.is_replica();
        let terms = Terms {
            skip_functions: true,
            replace: matches!(cause, Cause::Reload(Reload { merge: true, .. })),
            // A replica waits for its master's word.
            expired_before: is_master.then_some(self.now.unix.ms()),
            note_expired: cause == Cause::Start,
            ..self.terms()
        };
        let path = inside(&self.config.dir, &self.config.dbfilename);
        let loading = Loading::new(cause, path, self.keyspace.empty_twin(), terms, self.now);
        let request = loading.open();
        self.persistence.loading = Some(Box::new(loading));
        self.ask_for_loading(request);
    }

    fn ask_for_loading(&mut self, request: DiskRequest) {
        let op = self.disk(request.clone());
        if let Some(loading) = &mut self.persistence.loading {
            loading.issued(op, &request);
        }
    }
}

impl Node {
    /// The disk answered something that belongs to no other.
    pub(super) fn loading_answered(&mut self, op: OpId, result: DiskResult) {
        let Some(loading) = &mut self.srv.persistence.loading else { return };
        let unknown = loading.total.is_none();
        let step = loading.answered(op, result);
        if unknown && self.srv.persistence.is_loading() {
            self.srv.rearm();
        }
        self.loading_goes_on(step);
    }

    /// Takes in a piece of the file that is being loaded.
    pub(super) fn loading_turn(&mut self) {
        let delay_us = self.srv.config.key_load_delay.max(0) as u64;
        let keys = if delay_us > 0 { SLOW_KEYS } else { u64::MAX };
        let Some(loading) = self.srv.persistence.loading.as_mut().filter(|l| l.wants_slice()) else { return };
        let step = loading.slice(keys);
        if delay_us > 0 && matches!(step, Step::Wait(_)) {
            let next = self.srv.now.mono + Span::us(delay_us.saturating_mul(SLOW_KEYS));
            self.srv.timers.set(Timer::Persistence, Some(next));
        }
        self.loading_goes_on(step);
    }

    fn loading_goes_on(&mut self, step: Step) {
        match step {
            Step::NotMine => {}
            Step::Wait(requests) => {
                requests.into_iter().for_each(|request| self.srv.ask_for_loading(request));
                let wants = self.srv.persistence.loading.as_ref().is_some_and(|l| l.wants_slice());
                if wants && self.srv.timers.get(Timer::Persistence).is_none() {
                    self.srv.timers.set(Timer::Persistence, Some(self.srv.now.mono));
                }
            }
            Step::Missing => self.file_missing(),
            Step::Done => self.loaded(),
            Step::Failed(why) => self.loading_failed(&why),
        }
    }

    fn file_missing(&mut self) {
        let Some(loading) = self.srv.persistence.loading.take() else { return };
        match loading.cause {
            Cause::Start => self.begin_to_serve(),
            Cause::Reload(Reload { client, .. }) => self.reload_failed(client),
        }
    }

    fn loading_failed(&mut self, why: &str) {
        let Some(loading) = self.srv.persistence.loading.take() else { return };
        match loading.cause {
            Cause::Start => {
                self.srv.log(LogLevel::Warning, format_args!("Fatal error loading the DB: {why}. Exiting."));
                self.srv.persistence.exclusive_wanted = true;
                self.srv.persistence.load_failed = true;
                self.srv.actions.push(Action::Exit(1));
            }
            Cause::Reload(Reload { client, .. }) => {
                self.srv.log(LogLevel::Warning, format_args!("Error loading the DB: {why}"));
                self.reload_failed(client);
            }
        }
    }

    fn reload_failed(&mut self, client: Option<ConnId>) {
        let Some(client) = client else { return };
        self.srv.answer(client, Err(b"ERR Error trying to load the RDB dump, check server logs."));
    }

    /// All of the file is taken in: it becomes the data set.
    fn loaded(&mut self) {
        let Some(loading) = self.srv.persistence.loading.take() else { return };
        let Loading { cause, began, intake, mut keyspace, .. } = *loading;
        if self.srv.knobs.broken(Mutant::LoadShort) {
            let last = (0..keyspace.databases()).map(DbIndex).rfind(|db| keyspace.len(*db) > 0);
            last.map(|db| keyspace.flush(db));
        }
        let found = intake.found;
        let srv = &mut self.srv;
        srv.tell_of(&found);
        match cause {
            Cause::Reload(Reload { client, noflush: true, merge: false })
                if srv.keyspace.shares_keys(&keyspace) =>
            {
                srv.log(LogLevel::Warning, format_args!("Error loading the DB: a key is there already"));
                return self.reload_failed(client);
            }
            Cause::Reload(Reload { noflush: true, .. }) => srv.keyspace.merge(keyspace),
            Cause::Start | Cause::Reload(_) => srv.keyspace.replace_all(keyspace),
        }
        srv.drain_keyspace();
        srv.persistence.saved_dirty = srv.keyspace.dirty();
        srv.persistence.loads += 1;
        (srv.persistence.loaded_keys, srv.persistence.expired_keys) = (found.keys, found.expired);
        match cause {
            Cause::Start => {
                srv.take_place(&found);
                let took = (srv.now.mono - began.mono).0 as f64 / 1e6;
                srv.log(LogLevel::Notice, format_args!("DB loaded from disk: {took:.3} seconds"));
                self.begin_to_serve();
            }
            Cause::Reload(Reload { client, .. }) => {
                srv.log(LogLevel::Warning, format_args!("DB reloaded by DEBUG RELOAD"));
                srv.arm_expiry();
                if let Some(client) = client {
                    srv.answer(client, Ok(()));
                }
            }
        }
    }

    /// The data set of the start stands.
    fn begin_to_serve(&mut self) {
        self.srv.rearm();
        self.srv.arm_expiry();
        if let Some(master) = self.srv.config.replicaof.clone() {
            let resumable = self.srv.repl.resumable;
            self.srv.follow(&master.host, master.port);
            // What it holds without a file that says so is in no history.
            self.srv.repl.resumable = resumable;
        }
        if self.is_up {
            self.announce_ready();
        }
        self.srv.timers.at_most(Timer::Unfinished, self.srv.now.mono);
    }
}

impl Server {
    /// The lines about a file that was loaded.
    fn tell_of(&mut self, found: &Found) {
        let text = |bytes: &Bytes| {
            String::from_utf8_lossy(&bytes[..bytes.len().min(64)]).replace(char::is_control, "?")
        };
        let writer = found.writer.as_ref().map_or_else(|| "unknown".into(), text);
        self.log(LogLevel::Notice, format_args!("Loading RDB produced by version {writer}"));
        if let Some(written) = found.unix_secs {
            let age = self.now.unix.secs().saturating_sub(written).max(0);
            self.log(LogLevel::Notice, format_args!("RDB age {age} seconds"));
        }
        if let Some(used) = found.used_bytes {
            let used = used as f64 / f64::from(1 << 20);
            self.log(LogLevel::Notice, format_args!("RDB memory usage when created {used:.2} Mb"));
        }
        if found.functions > 0 {
            let n = found.functions;
            let text = "function libraries, which this version cannot hold, were passed over";
            self.log(LogLevel::Warning, format_args!("{n} {text}"));
        }
        if found.modules > 0 {
            let n = found.modules;
            self.log(LogLevel::Warning, format_args!("Data of modules was passed over {n} times"));
        }
        let (keys, expired) = (found.keys, found.expired);
        self.log(
            LogLevel::Notice,
            format_args!("Done loading RDB, keys loaded: {keys}, keys expired: {expired}."),
        );
    }

    /// The history that the file stands in goes on here: a replica asks its master for what follows; a master's replicas
    /// may go on under the name that they know, and hear of the keys that expired meanwhile.
    fn take_place(&mut self, found: &Found) {
        let (Some(id), Some(offset)) = (found.id, found.offset) else { return };
        if self.config.replicaof.is_some() {
            self.repl.adopt(Some((id, offset)), found.stream_db);
            return;
        }
        self.repl.restart_after(id, offset, self.now.mono);
        let verb: &[u8] = if self.config.lazyfree_lazy_expire { b"UNLINK" } else { b"DEL" };
        let mut selected = None;
        let mut command = Vec::new();
        for (db, key) in &found.expired_keys {
            if selected != Some(*db) {
                self.feed_select(*db);
                selected = Some(*db);
            }
            command.clear();
            let args: [&[u8]; 2] = [verb, key];
            encode(&mut command, args.into_iter());
            self.repl.feed(&command, self.now);
        }
        self.stats.expired_keys += found.expired_keys.len() as u64;
        self.keep_beating();
    }

    fn feed_select(&mut self, db: DbIndex) {
        let mut text = itoa::Buffer::new();
        let args: [&[u8]; 2] = [b"SELECT", text.format(db.0).as_bytes()];
        let mut select = Vec::new();
        encode(&mut select, args.into_iter());
        self.repl.feed(&select, self.now);
        self.repl.set_selected(db);
    }
}

//! Snapshots into files: when they begin, their slices, what follows from their end.
//!
//! *Owns*: SAVE, BGSAVE, save points and the last snapshot of a server, as far as they are not rules (`persistence`).
//! *Does not own*: the order of disk requests (`persistence/save`), loading (`restore`).
//! *Invariants*: a snapshot is the state between two commands, with the place in the history where that state is; a
//! foreground snapshot is done before anyone is served again; every begun one ends with a line in the log.

use crate::base::mutant::Mutant;
use crate::contract::{ConnId, DiskRequest, DiskResult, LogLevel, OpId, Span, Timer};
use crate::engine::Server;
use crate::engine::server::Request;
use crate::persistence::{Dump, Facts, Place, Progress, Purpose, Reload, Save, Target};
use crate::rdb::WriterOptions;
use alloc::boxed::Box;

/// Keys of a slice while `rdb-key-save-delay` or `key-load-delay` asks for slowness.
pub(super) const SLOW_KEYS: u64 = 16;

impl Server {
    /// The present state as RDB: the walk begins now.
    pub(super) fn begin_dump(&mut self, place: Option<Place>) -> Dump {
        let facts = Facts { unix_secs: self.now.unix.secs(), used_bytes: self.keyspace.used_bytes(), place };
        let options = WriterOptions {
            version: self.config.rdb_version as u16,
            compress: self.config.rdbcompression,
            checksum: self.config.rdbchecksum,
        };
        let dump = Dump::new(options, &facts, &self.keyspace);
        if !self.knobs.broken(Mutant::SnapshotLate) {
            self.keyspace.snapshot_begin();
        }
        dump
    }

    /// Where the present state stands in a history.
    fn place(&self) -> Option<Place> {
        let repl = &self.repl;
        let known = repl.backlog.is_some() && (!repl.is_replica() || repl.resumable);
        let ahead = if self.knobs.broken(Mutant::SaveAhead) { 14 } else { 0 };
        let stream_db = repl.selected().unwrap_or_default();
        known.then(|| Place { id: repl.id, offset: repl.offset + ahead, stream_db })
    }

    /// Whether a snapshot is being taken, for a file or for replicas.
    #[must_use]
    pub fn is_saving(&self) -> bool {
        self.keyspace.snapshot_active() || self.persistence.save.is_some()
    }

    /// Begins a snapshot in the background; none may be being taken.
    pub fn save_in_background(&mut self) {
        self.persistence.saves += 1;
        self.persistence.last_try = Some(self.now.mono);
        self.begin_save(Purpose::Background);
        let pid = self.process.pid;
        self.log(LogLevel::Notice, format_args!("Background saving started by pid {pid}"));
    }

    /// SAVE, for a client that waits, as everybody else does. False when a snapshot is being taken already.
    pub fn save_in_foreground(&mut self, client: ConnId) -> bool {
        if self.is_saving() {
            return false;
        }
        self.persistence.saves += 1;
        self.begin_save(Purpose::Command(client));
        true
    }

    /// FLUSHALL: with save points, the file holds nothing either when the client hears of it.
    pub fn save_after_flush(&mut self) {
        if !self.config.save.is_empty() && !self.persistence.exclusive_wanted {
            self.save_at_once(Purpose::Flush);
        }
    }

    /// DEBUG RELOAD.
    pub fn reload(&mut self, reload: Reload, saves: bool) {
        if saves {
            return self.save_at_once(Purpose::Reload(reload));
        }
        self.persistence.exclusive_wanted = true;
        self.requests.push(Request::Reload(reload));
    }

    /// Nothing further is executed before this snapshot was taken, which begins when the running unit is over. Others
    /// that are being taken are given up.
    pub fn save_at_once(&mut self, purpose: Purpose) {
        self.persistence.exclusive_wanted = true;
        self.requests.push(Request::Save(purpose));
    }

    /// Begins the snapshot that everybody waits for.
    pub(super) fn save_now(&mut self, purpose: Purpose) {
        self.persistence.exclusive_wanted = false;
        self.give_up_snapshots();
        self.begin_save(purpose);
    }

    /// Ends whatever snapshot is being taken.
    fn give_up_snapshots(&mut self) {
        if let Some(save) = self.persistence.save.take() {
            self.clean_up(&save);
            self.end_walk();
            self.log(
                LogLevel::Warning,
                format_args!("Background saving terminated: another snapshot takes its place"),
            );
            match save.purpose {
                Purpose::Command(client) | Purpose::Reload(Reload { client: Some(client), .. }) => {
                    self.answer(client, Err(b"ERR"));
                }
                Purpose::Background | Purpose::Reload(_) | Purpose::Flush | Purpose::Shutdown => {}
            }
        }
        if let Some(round) = &self.repl.round {
            let members: alloc::vec::Vec<u32> = round.members().collect();
            for slot in members {
                self.close_soon(slot);
                self.replica_left(slot);
            }
        }
    }

    fn clean_up(&mut self, save: &Save) {
        for request in save.clean_up() {
            self.disk(request);
        }
    }

    fn end_walk(&mut self) {
        self.keyspace.snapshot_abort();
        self.drain_keyspace();
    }

    fn begin_save(&mut self, purpose: Purpose) {
        let place = self.place();
        let dump = self.begin_dump(place);
        if !self.keyspace.snapshot_active() {
            self.keyspace.snapshot_begin();
        }
        self.persistence.begun += 1;
        self.persistence.digest_at_begin = self.keyspace.digest();
        let target = Target::new(&self.config.dir, &self.config.dbfilename, self.process.pid);
        let file = self.take_file();
        let mut save = Save::new(purpose, dump, target, file, self.now.mono, self.keyspace.dirty());
        if self.config.rdb_save_incremental_fsync {
            save.sync_on_the_way();
        }
        let open = save.open(&self.knobs);
        self.persistence.save = Some(Box::new(save));
        self.ask_for_save(open);
    }

    fn ask_for_save(&mut self, request: DiskRequest) {
        let op = self.disk(request.clone());
        if let Some(save) = &mut self.persistence.save {
            save.issued(op, &request);
        }
    }

    /// The disk answered something that belongs to no other.
    pub(super) fn save_answered(&mut self, op: OpId, result: DiskResult) {
        let Some(save) = &mut self.persistence.save else { return };
        match save.answered(op, result, &self.knobs) {
            Progress::NotMine => {}
            Progress::Wait => {
                if save.wants_slice() {
                    self.timers.at_most(Timer::Persistence, self.now.mono);
                }
            }
            Progress::Ask(request) => self.ask_for_save(request),
            Progress::Done => self.save_ended(Ok(())),
            Progress::Failed(text) => self.save_ended(Err(text)),
        }
    }

    /// A slice of the snapshot that is being written, if one is due.
    pub(super) fn save_turn(&mut self) {
        let now = self.now.mono;
        let Some(save) = &mut self.persistence.save else { return };
        if !save.wants_slice() {
            return;
        }
        let commands = self.stats.commands_run;
        let share = if save.purpose.is_exclusive() { 100 } else { self.config.snapshot_time_share as u64 };
        if let Err(later) = save.pace.ask(now, commands, share) {
            return self.timers.at_most(Timer::Persistence, later);
        }
        let delay_us = self.config.rdb_key_save_delay.max(0) as u64;
        let keys = if delay_us > 0 { SLOW_KEYS } else { u64::MAX };
        let requests = save.slice(&mut self.keyspace, self.knobs.snapshot_slice_bytes, keys);
        save.pace.done(now, commands);
        save.pace.rest_until(now + Span::us(delay_us.saturating_mul(SLOW_KEYS)));
        if save.wants_slice() {
            self.timers.at_most(Timer::Persistence, now);
        }
        for request in requests {
            self.ask_for_save(request);
        }
        self.drain_keyspace();
    }

    /// What follows from the end of a snapshot.
    fn save_ended(&mut self, result: Result<(), Box<str>>) {
        let Some(save) = self.persistence.save.take() else { return };
        let now = self.now;
        let ok = result.is_ok();
        match result {
            Ok(()) => {
                self.log(LogLevel::Notice, format_args!("DB saved on disk"));
                self.persistence.saved_dirty = save.dirty;
                self.persistence.last_save = now;
                self.persistence.last_ok = true;
                self.persistence.completed += 1;
            }
            Err(text) => {
                self.log(LogLevel::Warning, format_args!("{text}"));
                self.clean_up(&save);
                self.end_walk();
            }
        }
        self.persistence.last_peak = save.peak;
        match save.purpose {
            Purpose::Background => {
                self.persistence.last_ok = ok;
                self.persistence.last_took = Some(now.mono - save.began);
                if ok {
                    let text = "Background saving terminated with success";
                    self.log(LogLevel::Notice, format_args!("{text}"));
                } else {
                    self.log(LogLevel::Warning, format_args!("Background saving error"));
                }
            }
            Purpose::Command(client) => self.answer(client, if ok { Ok(()) } else { Err(b"ERR") }),
            Purpose::Flush => {}
            Purpose::Shutdown => self.last_snapshot_ended(ok),
            Purpose::Reload(reload) if ok => {
                self.persistence.exclusive_wanted = true;
                self.requests.push(Request::Reload(reload));
            }
            Purpose::Reload(Reload { client: Some(client), .. }) => self.answer(client, Err(b"ERR")),
            Purpose::Reload(_) => {}
        }
        self.rearm();
        self.timers.at_most(Timer::Unfinished, now.mono);
    }

    /// The save points, and a snapshot that was put off.
    pub(super) fn look_at_save_points(&mut self) {
        let now = self.now.mono;
        if self.is_saving() || self.persistence.loading.is_some() || self.shutdown.is_some() || self.at_rest()
        {
            return;
        }
        let due = self.persistence.due(&self.config, self.keyspace.dirty(), now);
        if let Some(point) = due {
            let (changes, secs) = (point.changes, point.secs);
            self.log(LogLevel::Notice, format_args!("{changes} changes in {secs} seconds. Saving..."));
        }
        if due.is_some() || (self.persistence.scheduled && self.persistence.may_try(now)) {
            self.persistence.scheduled = false;
            self.save_in_background();
        }
    }
}

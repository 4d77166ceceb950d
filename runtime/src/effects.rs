//! What the node wants done, done: the runtime's side of the contract.
//!
//! *Owns*: everything outside the node that a turn touches, and the inputs that effects owe to the next turn.
//! *Does not own*: the node, and any decision.
//! *Invariants*: nothing here calls the node; an answer that is known at once is still given in the next turn.

use crate::clock::Clock;
use crate::dial::Dials;
use crate::disk::Disk;
use crate::garbage::Dump;
use crate::listeners::Listeners;
use crate::log::Log;
use crate::os_text::disk_error;
use crate::process;
use crate::reports::Reporter;
use crate::sockets::{Sockets, WriteOutcome};
use mio::Registry;
use norn_core::contract::{
    CloseWhy, ConnId, DialTarget, DiskRequest, DiskResult, Effects, Garbage, LinkId, ListenAt, ListenError,
    ListenerId, LogLevel, OpId, Out, Tuning,
};
use std::collections::VecDeque;
use std::path::PathBuf;

/// Everything around the node.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) registry: Registry,
    pub(crate) clock: Clock,
    pub(crate) log: Log,
    pub(crate) sockets: Sockets,
    pub(crate) listeners: Listeners,
    pub(crate) dials: Dials,
    pub(crate) disk: Disk,
    /// `dir`: where the relative path of a Unix socket starts.
    pub(crate) dir: PathBuf,
    pub(crate) dump: Dump,
    /// `tcp-keepalive` for connections to come.
    pub(crate) keepalive_secs: u32,
    /// Inputs that the node gets in the next turn.
    pub(crate) owed: VecDeque<Owed>,
    /// The node has asked for the figures of the process.
    pub(crate) gauges_wanted: bool,
    /// Some listener could not be had.
    pub(crate) listen_failed: bool,
    /// The node wants to leave, with this code.
    pub(crate) exit: Option<u8>,
}

/// An input to come.
#[derive(Debug)]
pub(crate) enum Owed {
    Listening(ListenerId, Result<(), ListenError>),
    Closed(ConnId, CloseWhy),
    Disk(OpId, DiskResult),
}

impl World {
    /// A world without connections, in which relative paths start at `dir`.
    pub(crate) fn new(registry: Registry, log: Log, dir: PathBuf, reporter: &Reporter) -> Self {
        Self {
            registry,
            clock: Clock::new(),
            log,
            sockets: Sockets::default(),
            listeners: Listeners::default(),
            dials: Dials::new(reporter.clone()),
            disk: Disk::new(dir.clone(), reporter.clone()),
            dir,
            dump: Dump::default(),
            keepalive_secs: 0,
            owed: VecDeque::new(),
            gauges_wanted: false,
            listen_failed: false,
            exit: None,
        }
    }

    /// Whether the next turn has work already.
    pub(crate) fn has_work(&self) -> bool {
        self.sockets.has_ready() || !self.owed.is_empty() || self.gauges_wanted || self.dials.has_answers()
    }
}

impl Effects for World {
    fn flush(&mut self, conn: ConnId, out: Out<'_>) -> usize {
        match self.sockets.write(conn, out) {
            WriteOutcome::Taken(bytes) => bytes,
            WriteOutcome::Failed(why) => {
                self.owed.push_back(Owed::Closed(conn, why));
                0
            }
        }
    }

    fn close(&mut self, conn: ConnId) {
        self.sockets.remove(conn);
    }

    fn resume(&mut self, conn: ConnId) {
        self.sockets.resume(conn);
    }

    fn dial(&mut self, link: LinkId, to: &DialTarget) {
        self.dials.dial(&self.registry, link, to);
    }

    fn cancel_dial(&mut self, link: LinkId) {
        self.dials.cancel(link);
    }

    fn listen(&mut self, listener: ListenerId, at: &ListenAt) {
        let result = self.listeners.listen(&self.registry, &self.dir, listener, at);
        let optional = matches!(at, ListenAt::Tcp { optional: true, .. });
        self.listen_failed |= result.is_err() && !optional;
        self.owed.push_back(Owed::Listening(listener, result));
    }

    fn unlisten(&mut self, listener: ListenerId) {
        self.listeners.unlisten(listener);
    }

    fn disk(&mut self, op: OpId, request: DiskRequest) {
        if let Err(error) = self.disk.start(op, request) {
            self.owed.push_back(Owed::Disk(op, Err(disk_error(&error))));
        }
    }

    fn discard(&mut self, garbage: Box<dyn Garbage>) {
        self.dump.take(garbage);
    }

    fn gauges(&mut self) {
        self.gauges_wanted = true;
    }

    fn log(&mut self, level: LogLevel, line: &str) {
        self.log.line(level, line);
    }

    fn tune(&mut self, tuning: Tuning) {
        match tuning {
            Tuning::LogLevel(level) => self.log.set_threshold(level),
            Tuning::KeepAlive(secs) => self.keepalive_secs = secs,
            Tuning::MaxClients(clients) => {
                process::make_room(clients, &self.log);
            }
            Tuning::Dir(dir) => {
                // A new relative directory starts at the old one, as chdir does.
                self.dir.push(&*dir);
                self.disk.set_dir(self.dir.clone());
            }
            Tuning::NoDelay(conn, on) => self.sockets.set_nodelay(conn, on),
            Tuning::Role(letter) => self.log.set_role(letter),
        }
    }

    fn exit(&mut self, code: u8) {
        // The first word counts.
        self.exit.get_or_insert(code);
    }
}

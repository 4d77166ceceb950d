//! One node with a disk and one client, in no world: for what is between a node and its files.
//!
//! *Owns*: the driver's side of the contract, with time that stands still unless the node asks for more of it, and a count
//! of the disk's requests at which everything stops. *Does not own*: judging.

use crate::disk::Disk;
use norn_core::config::{Config, Knobs};
use norn_core::contract::{
    Address, ConnId, DialTarget, DiskRequest, Effects, Garbage, Input, LinkId, ListenAt, ListenerId,
    LogLevel, Mono, Now, OpId, Out, Peer, Tuning, Unix, concat,
};
use norn_core::node::{Node, Process, Setup};

/// Turns after which a node counts as unable to rest.
const TURNS_MAX: usize = 100_000;
/// Time that may pass while it is waited for, in microseconds.
const PATIENCE_US: u64 = 1_000_000;
/// The end of every connection.
const END: Address<'static> = Address::Tcp { ip: "127.0.0.1", port: 1, loopback: true };

/// A node, its disk and its client.
#[derive(Clone)]
pub struct Solo {
    /// The machine.
    pub node: Node,
    /// Its disk.
    pub disk: Disk,
    /// Requests that the disk has carried out.
    pub carried_out: usize,
    /// The code that it left with.
    pub exit: Option<u8>,
    now: Now,
    conn: Option<ConnId>,
    listeners: Vec<ListenerId>,
    heard: Vec<u8>,
}

struct Fx<'a> {
    disk: &'a mut Disk,
    conn: Option<ConnId>,
    heard: &'a mut Vec<u8>,
    listeners: &'a mut Vec<ListenerId>,
    exit: &'a mut Option<u8>,
}

impl Effects for Fx<'_> {
    fn flush(&mut self, conn: ConnId, out: Out<'_>) -> usize {
        if self.conn == Some(conn) {
            self.heard.extend(concat(out));
        }
        out.len()
    }
    fn disk(&mut self, op: OpId, request: DiskRequest) {
        self.disk.issue(op, request);
    }
    fn listen(&mut self, listener: ListenerId, _at: &ListenAt) {
        self.listeners.push(listener);
    }
    fn exit(&mut self, code: u8) {
        *self.exit = Some(code);
    }
    fn close(&mut self, _conn: ConnId) {}
    fn resume(&mut self, _conn: ConnId) {}
    fn dial(&mut self, _link: LinkId, _to: &DialTarget) {}
    fn cancel_dial(&mut self, _link: LinkId) {}
    fn unlisten(&mut self, _listener: ListenerId) {}
    fn discard(&mut self, _garbage: Box<dyn Garbage>) {}
    fn gauges(&mut self) {}
    fn log(&mut self, _level: LogLevel, _line: &str) {}
    fn tune(&mut self, _tuning: Tuning) {}
}

impl Solo {
    /// A node that starts with this disk and keeps a digest of its data.
    ///
    /// # Errors
    /// It does not start.
    pub fn start(config: Config, knobs: Knobs, disk: Disk, unix: Unix) -> Result<Self, String> {
        let now = Now { mono: Mono(1_000_000), unix };
        let process = Process { pid: 1, ..Process::default() };
        let setup = Setup { config, config_path: None, knobs, entropy: [5; 32], stopwatch: || 0, process };
        let mut node = Node::new(setup, now)?;
        node.enable_digest();
        let mut solo = Self::of(node, now);
        solo.disk = disk;
        solo.run(usize::MAX);
        Ok(solo)
    }

    /// A node taken out of its world, with an empty disk. Whoever it was connected to is gone for it.
    #[must_use]
    pub fn of(node: Node, now: Now) -> Self {
        Self {
            node,
            disk: Disk::default(),
            carried_out: 0,
            exit: None,
            now,
            conn: None,
            listeners: Vec::new(),
            heard: Vec::new(),
        }
    }

    /// Says a line; what is answered.
    pub fn say(&mut self, line: &str) -> String {
        self.send(line);
        self.run(usize::MAX);
        self.heard()
    }

    /// Hands over a line without a turn.
    pub fn send(&mut self, line: &str) {
        let conn = self.conn.unwrap_or_else(|| {
            let conn = self.node.vacant_conn();
            let peer = Peer { remote: END, local: END };
            self.node.handle(self.now, Input::Accepted { conn, listener: ListenerId(0), peer });
            conn
        });
        self.conn = Some(conn);
        let text = format!("{line}\r\n");
        let mut left = text.as_bytes();
        while !left.is_empty() {
            let space = self.node.recv_space(conn);
            let len = left.len().min(space.len());
            space[..len].copy_from_slice(&left[..len]);
            self.node.handle(self.now, Input::Received { conn, len });
            left = &left[len..];
        }
    }

    /// What was answered since the last time.
    pub fn heard(&mut self) -> String {
        String::from_utf8_lossy(&std::mem::take(&mut self.heard)).into_owned()
    }

    /// Turns until the node rests or has left, or the disk has carried out `requests` further requests.
    ///
    /// # Panics
    /// When it never rests.
    pub fn run(&mut self, requests: usize) {
        let until = self.carried_out.saturating_add(requests);
        let patience = Mono(self.now.mono.0 + PATIENCE_US);
        for _ in 0..TURNS_MAX {
            self.turn();
            if self.exit.is_some() {
                return;
            }
            if self.disk.waiting() > 0 {
                if self.carried_out >= until {
                    return;
                }
                self.carried_out += 1;
                if let Some((op, result)) = self.disk.complete() {
                    self.node.handle(self.now, Input::Disk { op, result });
                }
                continue;
            }
            let busy = self.node.server().persistence.save.is_some()
                || self.node.server().persistence.loading.is_some();
            match self.node.next_wake() {
                Some((at, _)) if at <= self.now.mono => {}
                // Slices are waited for; the housekeeping of an idle node is not.
                Some((at, _)) if busy && at <= patience => {
                    self.now.unix.0 += at.0 - self.now.mono.0;
                    self.now.mono = at;
                }
                _ => return,
            }
        }
        panic!("the node never rests");
    }

    fn turn(&mut self) {
        self.node.end_turn(self.now);
        let mut fx = Fx {
            disk: &mut self.disk,
            conn: self.conn,
            heard: &mut self.heard,
            listeners: &mut self.listeners,
            exit: &mut self.exit,
        };
        self.node.pump(self.now, &mut fx);
        for listener in std::mem::take(&mut self.listeners) {
            self.node.handle(self.now, Input::Listening { listener, result: Ok(()) });
        }
    }
}

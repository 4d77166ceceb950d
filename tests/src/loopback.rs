//! A `Node` in this process with connections but no sockets, files that are memory, and a clock that a test moves.
//!
//! *Owns*: the driver's side of the contract in its simplest honest form: every request succeeds at once, every
//! flush takes everything unless a connection was given a [`Loopback::window`].
//!
//! *Invariants*: the clock moves only in `advance`, and stops at every deadline on the way. Reads are cut as
//! [`Loopback::cut`] says.

use crate::disk::Disk;
use crate::process::BASE;
use crate::target::Target;
use norn_core::config::{Config, Files, Knobs, load};
use norn_core::contract::{
    Address, CloseWhy, ConnId, DialError, DialTarget, DiskRequest, Effects, Garbage, Gauges, Input, LinkId,
    ListenAt, ListenerId, LogLevel, Mono, Now, OpId, Out, Peer, Span, StopHow, Tuning, Unix,
};
use norn_core::node::{Node, Process, Setup};
use std::collections::VecDeque;
use std::time::Duration;

/// The wall clock of a fresh loopback: 2026-01-01 00:00 UTC.
pub const START: Unix = Unix(1_767_225_600_000_000);

/// Turns without a new input after which a node counts as unable to rest.
const TURNS_MAX: usize = 10_000_000;

/// A node and its driver.
pub struct Loopback {
    /// The machine itself.
    pub node: Node,
    /// Its clocks.
    pub now: Now,
    /// Everything outside of it.
    pub world: World,
    cut: Cut,
}

/// What a loopback keeps for the node.
#[derive(Default)]
pub struct World {
    /// Its files.
    pub disk: Disk,
    /// Lines it logged.
    pub log: Vec<(LogLevel, String)>,
    /// Listeners that stand.
    pub listeners: Vec<(ListenerId, ListenAt)>,
    /// Dials that nobody answered yet.
    pub dials: Vec<(LinkId, DialTarget)>,
    /// The exit code, once the node asked to exit.
    pub exit: Option<u8>,
    conns: Vec<Conn>,
    pending: VecDeque<Event>,
}

struct Conn {
    id: ConnId,
    inbox: VecDeque<u8>,
    received: Vec<u8>,
    window: usize,
    cut_short: bool,
    closed: bool,
}

enum Event {
    Listening(ListenerId),
    Disk(OpId, norn_core::contract::DiskResult),
    Gauges,
}

/// How the bytes of one `send` are cut into reads: called with what is left, returns the length of the next read.
pub type Cut = Box<dyn FnMut(usize) -> usize>;

impl Loopback {
    /// A node with the default configuration and fixed entropy at [`START`].
    #[must_use]
    pub fn new() -> Self {
        Self::with(Config::default(), START)
    }

    /// A node with the configuration that these command-line arguments give, at a time.
    ///
    /// # Panics
    /// When the arguments are refused.
    #[must_use]
    pub fn with_args(args: &[String], unix: Unix) -> Self {
        Self::with(configured(args), unix)
    }

    /// A node with a configuration at a time.
    #[must_use]
    pub fn with(config: Config, unix: Unix) -> Self {
        let now = Now { mono: Mono(1_000_000), unix };
        let setup = Setup {
            config,
            config_path: None,
            knobs: Knobs::default(),
            entropy: [7; 32],
            stopwatch: || 0,
            process: Process { pid: 1, executable: "norn-server".into(), os: "Linux".into() },
        };
        let node = Node::new(setup, now).expect("a table of commands");
        let mut loopback = Self { node, now, world: World::default(), cut: Box::new(|left| left) };
        loopback.settle();
        loopback
    }

    /// Cuts everything sent from now on into reads.
    pub fn cut(&mut self, cut: Cut) {
        self.cut = cut;
    }

    /// From now on the connection takes at most `bytes` unread bytes.
    pub fn window(&mut self, conn: usize, bytes: usize) {
        self.world.conns[conn].window = bytes;
    }

    /// A connection from an address.
    pub fn connect_from(&mut self, ip: &str, loopback: bool) -> usize {
        let id = self.node.vacant_conn();
        let port = 50_000 + u16::try_from(self.world.conns.len() % 10_000).expect("below 10,000");
        self.world.conns.push(Conn::new(id));
        let peer = Peer {
            remote: Address::Tcp { ip, port, loopback },
            local: Address::Tcp { ip: "127.0.0.1", port: 6379, loopback: true },
        };
        let listener = self.world.listeners.first().map_or(ListenerId(0), |l| l.0);
        self.node.handle(self.now, Input::Accepted { conn: id, listener, peer });
        self.world.conns.len() - 1
    }

    /// Answers the oldest dial: with a connection, which is returned, or with an error.
    ///
    /// # Panics
    /// When there is no dial.
    pub fn answer_dial(&mut self, result: Result<(), &str>) -> Option<usize> {
        let (link, to) = self.world.dials.remove(0);
        if let Err(text) = result {
            self.node.handle(self.now, Input::Dialed { link, result: Err(DialError(text.into())) });
            self.settle();
            return None;
        }
        let id = self.node.vacant_conn();
        self.world.conns.push(Conn::new(id));
        let peer = Peer {
            remote: Address::Tcp { ip: &to.host, port: to.port, loopback: true },
            local: Address::Tcp { ip: "127.0.0.1", port: 49_999, loopback: true },
        };
        self.node.handle(self.now, Input::Dialed { link, result: Ok((id, peer)) });
        self.settle();
        Some(self.world.conns.len() - 1)
    }

    /// Delivers a signal.
    pub fn stop(&mut self, how: StopHow) {
        self.node.handle(self.now, Input::Stop { how });
        self.settle();
    }

    /// Ends a batch and carries out what the node wants; says whether anything is left to deliver.
    pub fn turn(&mut self) -> bool {
        self.node.end_turn(self.now);
        self.node.pump(self.now, &mut self.world);
        let due = self.node.next_wake().is_some_and(|(at, _)| at <= self.now.mono);
        if due {
            self.node.handle(self.now, Input::Wake);
        }
        let delivered = self.deliver();
        self.read_all() || delivered || due
    }

    fn deliver(&mut self) -> bool {
        let mut any = false;
        while let Some(event) = self.world.pending.pop_front() {
            any = true;
            let input = match event {
                Event::Listening(listener) => Input::Listening { listener, result: Ok(()) },
                Event::Disk(op, result) => Input::Disk { op, result },
                Event::Gauges => Input::Gauges(Gauges { rss: 1 << 20, ..Gauges::default() }),
            };
            self.node.handle(self.now, input);
        }
        for conn in &mut self.world.conns {
            if conn.cut_short && conn.received.len() < conn.window && !conn.closed {
                conn.cut_short = false;
                any = true;
                self.node.handle(self.now, Input::Writable { conn: conn.id });
            }
        }
        any
    }

    /// One read of every connection with bytes waiting.
    fn read_all(&mut self) -> bool {
        let mut any = false;
        for conn in &mut self.world.conns {
            if conn.inbox.is_empty() || conn.closed {
                continue;
            }
            let space = self.node.recv_space(conn.id);
            let wanted = (self.cut)(conn.inbox.len()).clamp(1, conn.inbox.len());
            let len = wanted.min(space.len());
            if len == 0 {
                continue;
            }
            for (to, from) in space.iter_mut().zip(conn.inbox.drain(..len)) {
                *to = from;
            }
            self.node.handle(self.now, Input::Received { conn: conn.id, len });
            any = true;
        }
        any
    }
}

/// The configuration that these command-line arguments give, after those of every test server.
///
/// # Panics
/// When they are refused.
#[must_use]
pub fn configured(args: &[String]) -> Config {
    let args: Vec<String> = BASE.iter().map(ToString::to_string).chain(args.iter().cloned()).collect();
    match load(&args, &mut NoFiles) {
        Ok(boot) => boot.config,
        Err(error) => panic!("{}", error.text()),
    }
}

/// No configuration file exists.
struct NoFiles;

impl Files for NoFiles {
    fn read(&mut self, path: &str) -> Result<Vec<u8>, String> {
        Err(format!("{path}: No such file or directory"))
    }

    fn glob(&mut self, _pattern: &str) -> Vec<String> {
        Vec::new()
    }

    fn stdin(&mut self) -> Result<Vec<u8>, String> {
        Ok(Vec::new())
    }
}

impl Conn {
    fn new(id: ConnId) -> Self {
        Self {
            id,
            inbox: VecDeque::new(),
            received: Vec::new(),
            window: usize::MAX,
            cut_short: false,
            closed: false,
        }
    }
}

impl Default for Loopback {
    fn default() -> Self {
        Self::new()
    }
}

impl Target for Loopback {
    fn connect(&mut self) -> usize {
        self.connect_from("127.0.0.1", true)
    }

    fn send(&mut self, conn: usize, bytes: &[u8]) {
        if !self.world.conns[conn].closed {
            self.world.conns[conn].inbox.extend(bytes);
        }
    }

    fn settle(&mut self) {
        self.read_all();
        for _ in 0..TURNS_MAX {
            if !self.turn() {
                return;
            }
        }
        panic!("the node never rests: {:?}", self.node.next_wake());
    }

    fn take(&mut self, conn: usize) -> Vec<u8> {
        std::mem::take(&mut self.world.conns[conn].received)
    }

    fn is_closed(&self, conn: usize) -> bool {
        self.world.conns[conn].closed
    }

    fn close(&mut self, conn: usize) {
        let conn = &mut self.world.conns[conn];
        if !conn.closed {
            conn.closed = true;
            self.node.handle(self.now, Input::Closed { conn: conn.id, why: CloseWhy::Eof });
        }
    }

    fn advance(&mut self, span: Duration) {
        let span = Span(u64::try_from(span.as_micros()).expect("a span that fits"));
        let end = self.now.mono + span;
        loop {
            let next = self.node.next_wake().map_or(end, |(at, _)| at).clamp(self.now.mono, end);
            let passed = next - self.now.mono;
            self.now = Now { mono: next, unix: Unix(self.now.unix.0 + passed.0) };
            self.settle();
            if next == end {
                return;
            }
        }
    }
}

impl World {
    fn conn(&mut self, id: ConnId) -> Option<&mut Conn> {
        self.conns.iter_mut().rev().find(|c| c.id == id && !c.closed)
    }
}

impl Effects for World {
    fn flush(&mut self, conn: ConnId, out: Out<'_>) -> usize {
        assert!(!out.is_empty(), "an empty flush");
        assert!(out.slices.iter().all(|s| !s.is_empty()), "an empty slice in a flush");
        let conn = self.conn(conn).expect("a flush to a live connection");
        let len = out.len().min(conn.window.saturating_sub(conn.received.len()));
        let mut left = len;
        for slice in out.slices {
            let part = slice.len().min(left);
            conn.received.extend_from_slice(&slice[..part]);
            left -= part;
        }
        conn.cut_short |= len < out.len();
        len
    }

    fn close(&mut self, conn: ConnId) {
        self.conn(conn).expect("a close of a live connection").closed = true;
    }

    fn resume(&mut self, _conn: ConnId) {
        // Every connection with bytes waiting is read in every turn.
    }

    fn dial(&mut self, link: LinkId, to: &DialTarget) {
        self.dials.push((link, to.clone()));
    }

    fn cancel_dial(&mut self, link: LinkId) {
        self.dials.retain(|(id, _)| *id != link);
    }

    fn listen(&mut self, listener: ListenerId, at: &ListenAt) {
        self.listeners.push((listener, at.clone()));
        self.pending.push_back(Event::Listening(listener));
    }

    fn unlisten(&mut self, listener: ListenerId) {
        self.listeners.retain(|(id, _)| *id != listener);
    }

    fn disk(&mut self, op: OpId, request: DiskRequest) {
        let result = self.disk.request(request);
        self.pending.push_back(Event::Disk(op, result));
    }

    fn discard(&mut self, garbage: Box<dyn Garbage>) {
        drop(garbage);
    }

    fn gauges(&mut self) {
        self.pending.push_back(Event::Gauges);
    }

    fn log(&mut self, level: LogLevel, line: &str) {
        self.log.push((level, line.to_owned()));
    }

    fn tune(&mut self, _tuning: Tuning) {}

    fn exit(&mut self, code: u8) {
        self.exit = Some(code);
        for conn in &mut self.conns {
            conn.closed = true;
        }
    }
}

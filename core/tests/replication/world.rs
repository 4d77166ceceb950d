//! A few nodes in one process, wired by byte queues: as little of a network as replication needs.

use norn_core::config::{Config, Knobs};
use norn_core::contract::{
    Address, CloseWhy, ConnId, DialError, DialTarget, DiskError, DiskErrorKind, DiskRequest, Effects,
    Garbage, Input, LinkId, ListenAt, ListenerId, LogLevel, Mono, Now, OpId, Out, Peer, Tuning, Unix,
};
use norn_core::node::{Inspect, Node, Process, Setup};
use std::collections::{BTreeMap, VecDeque};

/// Bytes that a wire holds in one direction before the sender must wait.
const CAPACITY: usize = 60_000;

/// What a node did in one turn.
#[derive(Default)]
struct Deeds {
    flushed: Vec<(ConnId, Vec<u8>)>,
    closed: Vec<ConnId>,
    dials: Vec<(LinkId, DialTarget)>,
    cancelled: Vec<LinkId>,
    listeners: Vec<ListenerId>,
    logs: Vec<String>,
    exited: bool,
    disk: Vec<OpId>,
}

struct Fx<'a> {
    deeds: &'a mut Deeds,
    room: &'a BTreeMap<ConnId, usize>,
}

impl Effects for Fx<'_> {
    fn flush(&mut self, conn: ConnId, out: Out<'_>) -> usize {
        let mut bytes = norn_core::contract::concat(out);
        bytes.truncate(self.room.get(&conn).copied().unwrap_or(0));
        let n = bytes.len();
        self.deeds.flushed.push((conn, bytes));
        n
    }
    fn close(&mut self, conn: ConnId) {
        self.deeds.closed.push(conn);
    }
    fn resume(&mut self, _: ConnId) {}
    fn dial(&mut self, link: LinkId, to: &DialTarget) {
        self.deeds.dials.push((link, to.clone()));
    }
    fn cancel_dial(&mut self, link: LinkId) {
        self.deeds.cancelled.push(link);
    }
    fn listen(&mut self, listener: ListenerId, _: &ListenAt) {
        self.deeds.listeners.push(listener);
    }
    fn unlisten(&mut self, _: ListenerId) {}
    fn disk(&mut self, op: OpId, _: DiskRequest) {
        self.deeds.disk.push(op);
    }
    fn discard(&mut self, _: Box<dyn Garbage>) {}
    fn gauges(&mut self) {}
    fn log(&mut self, _: LogLevel, line: &str) {
        self.deeds.logs.push(line.into());
    }
    fn tune(&mut self, _: Tuning) {}
    fn exit(&mut self, _: u8) {
        self.deeds.exited = true;
    }
}

/// One end of a wire.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Node(usize, ConnId),
    Outside,
    Gone,
}

struct Wire {
    ends: [End; 2],
    /// On their way to each end.
    bytes: [VecDeque<u8>; 2],
    /// Each end owes its node a `Writable`.
    stalled: [bool; 2],
    /// The other end has closed; told when the bytes are through.
    closing: [bool; 2],
    /// Nothing gets through.
    frozen: bool,
    /// What the outside has read.
    read: Vec<u8>,
}

/// The nodes and what is between them. Node `i` is reached as host `n<i>`.
pub struct World {
    pub nodes: Vec<Node>,
    pub logs: Vec<(usize, String)>,
    wires: Vec<Wire>,
    now_us: u64,
    /// Bytes delivered at once.
    pub piece: usize,
    /// Nodes that refuse connections.
    pub refusing: Vec<usize>,
    /// Nodes that get no turn.
    pub paused: Vec<usize>,
    exited: Vec<usize>,
}

/// A client of the tests: its wire.
#[derive(Clone, Copy)]
pub struct Client(usize);

impl World {
    /// `n` nodes with this configuration.
    pub fn new(n: usize, configure: impl Fn(usize, &mut Config)) -> Self {
        Self::with_knobs(n, configure, |_| {})
    }

    /// The same with other constants.
    pub fn with_knobs(n: usize, configure: impl Fn(usize, &mut Config), knob: impl Fn(&mut Knobs)) -> Self {
        let mut world = Self {
            nodes: Vec::new(),
            logs: Vec::new(),
            wires: Vec::new(),
            now_us: 1_700_000_000_000_000,
            piece: 1 << 20,
            refusing: Vec::new(),
            paused: Vec::new(),
            exited: Vec::new(),
        };
        for i in 0..n {
            let mut config = Config {
                repl_diskless_sync_delay: 0,
                protected_mode: false,
                save: Vec::new(),
                ..Config::default()
            };
            configure(i, &mut config);
            let mut knobs = Knobs::default();
            knob(&mut knobs);
            let setup = Setup {
                config,
                config_path: None,
                knobs,
                entropy: [i as u8 + 1; 32],
                stopwatch: || 0,
                process: Process::default(),
            };
            let mut node = Node::new(setup, world.now()).unwrap();
            node.enable_digest();
            world.nodes.push(node);
        }
        world.settle();
        world
    }

    fn now(&self) -> Now {
        Now { mono: Mono(self.now_us - 1_600_000_000_000_000), unix: Unix(self.now_us) }
    }

    pub fn view(&self, node: usize) -> Inspect {
        self.nodes[node].inspect()
    }

    /// A connection from outside.
    pub fn client(&mut self, node: usize) -> Client {
        let conn = self.accept(node);
        Client(self.wire([End::Outside, End::Node(node, conn)]))
    }

    fn wire(&mut self, ends: [End; 2]) -> usize {
        self.wires.push(Wire {
            ends,
            bytes: Default::default(),
            stalled: [false; 2],
            closing: [false; 2],
            frozen: false,
            read: Vec::new(),
        });
        self.wires.len() - 1
    }

    fn accept(&mut self, node: usize) -> ConnId {
        let now = self.now();
        let conn = self.nodes[node].vacant_conn();
        let input = Input::Accepted { conn, listener: ListenerId(0), peer: PEER };
        self.nodes[node].handle(now, input);
        conn
    }

    /// Sends words as a command and lets everything come to rest; what the client has got since.
    pub fn call(&mut self, client: Client, words: &[&str]) -> String {
        self.send(client, words);
        self.settle();
        self.take(client)
    }

    /// The same with the words of one line.
    pub fn line(&mut self, client: Client, line: &str) -> String {
        let words: Vec<&str> = line.split(' ').collect();
        self.call(client, &words)
    }

    pub fn send(&mut self, client: Client, words: &[&str]) {
        let mut text = format!("*{}\r\n", words.len());
        for word in words {
            text.push_str(&format!("${}\r\n{word}\r\n", word.len()));
        }
        self.send_raw(client, text.as_bytes());
    }

    pub fn send_raw(&mut self, client: Client, bytes: &[u8]) {
        self.wires[client.0].bytes[1].extend(bytes);
    }

    /// What the client has got and not looked at yet.
    pub fn take(&mut self, client: Client) -> String {
        String::from_utf8_lossy(&self.take_raw(client)).into_owned()
    }

    pub fn take_raw(&mut self, client: Client) -> Vec<u8> {
        std::mem::take(&mut self.wires[client.0].read)
    }

    /// Cuts every wire between two nodes; both see a reset and what was on its way is lost.
    pub fn cut(&mut self, a: usize, b: usize) {
        for wire in self.between(a, b) {
            for side in 0..2 {
                self.wires[wire].bytes[side].clear();
                self.close_end(wire, side);
            }
        }
    }

    /// Lets nothing through between two nodes.
    pub fn freeze(&mut self, a: usize, b: usize) {
        for wire in self.between(a, b) {
            self.wires[wire].frozen = true;
        }
    }

    /// Lets everything through again.
    pub fn thaw(&mut self) {
        self.wires.iter_mut().for_each(|wire| wire.frozen = false);
    }

    fn between(&self, a: usize, b: usize) -> Vec<usize> {
        let joins = |w: &Wire| match w.ends {
            [End::Node(x, _), End::Node(y, _)] => (x, y) == (a, b) || (y, x) == (a, b),
            _ => false,
        };
        (0..self.wires.len()).filter(|i| joins(&self.wires[*i])).collect()
    }

    fn close_end(&mut self, wire: usize, side: usize) {
        let end = std::mem::replace(&mut self.wires[wire].ends[side], End::Gone);
        if let End::Node(node, conn) = end {
            let now = self.now();
            self.nodes[node].handle(now, Input::Closed { conn, why: CloseWhy::Reset });
        }
    }

    /// One round of deliveries and turns.
    pub fn step(&mut self) {
        self.turn();
    }

    /// Delivers what there is and lets the nodes take it in, without a turn's end.
    pub fn nodes_only(&mut self) {
        self.deliver();
    }

    /// The node that a client is connected to.
    pub fn node_of(&self, client: Client) -> usize {
        match self.wires[client.0].ends[1] {
            End::Node(node, _) => node,
            End::Outside | End::Gone => panic!("closed"),
        }
    }

    /// Delivers and runs until nothing moves, without letting time pass.
    pub fn settle(&mut self) {
        let mut rounds = 0;
        while self.turn() {
            rounds += 1;
            assert!(rounds < 200_000, "it never comes to rest: {:?} {:?}", self.wakes(), self.last_logs());
        }
    }

    fn wakes(&self) -> Vec<String> {
        self.nodes.iter().map(|n| format!("{:?} at {:?}", n.next_wake(), self.now().mono)).collect()
    }

    fn last_logs(&self) -> &[(usize, String)] {
        &self.logs[self.logs.len().saturating_sub(20)..]
    }

    /// Lets time pass.
    pub fn pass_ms(&mut self, ms: u64) {
        let end = self.now_us + ms * 1000;
        self.settle();
        loop {
            let base = self.now_us - self.now().mono.0;
            let awake = (0..self.nodes.len()).filter(|i| !self.paused.contains(i));
            let next = awake.filter_map(|i| self.nodes[i].next_wake()).map(|(at, _)| at.0 + base).min();
            match next {
                Some(at) if at <= end => self.now_us = at.max(self.now_us),
                _ => break,
            }
            self.settle();
        }
        self.now_us = end;
        self.settle();
    }

    /// One round: a piece on every wire, a turn of every node. Whether anything happened.
    fn turn(&mut self) -> bool {
        let mut moved = self.deliver();
        for node in 0..self.nodes.len() {
            let due = self.nodes[node].next_wake().is_some_and(|(at, _)| at <= self.now().mono);
            moved |= due && !self.paused.contains(&node);
            moved |= self.run(node);
        }
        moved
    }

    fn deliver(&mut self) -> bool {
        let mut moved = false;
        let now = self.now();
        for i in 0..self.wires.len() {
            for side in 0..2 {
                let wire = &mut self.wires[i];
                if wire.frozen || matches!(wire.ends[side], End::Node(n, _) if self.paused.contains(&n)) {
                    continue;
                }
                let n = wire.bytes[side].len().min(self.piece);
                if n > 0 {
                    moved = true;
                    match wire.ends[side] {
                        End::Node(node, conn) => {
                            let space = self.nodes[node].recv_space(conn);
                            let n = n.min(space.len());
                            for (to, byte) in space.iter_mut().zip(wire.bytes[side].drain(..n)) {
                                *to = byte;
                            }
                            if n > 0 {
                                self.nodes[node].handle(now, Input::Received { conn, len: n });
                            }
                        }
                        End::Outside => wire.read.extend(wire.bytes[side].drain(..n)),
                        End::Gone => wire.bytes[side].clear(),
                    }
                }
                let wire = &mut self.wires[i];
                if wire.stalled[1 - side] && wire.bytes[side].len() < CAPACITY {
                    wire.stalled[1 - side] = false;
                    if let End::Node(node, conn) = wire.ends[1 - side] {
                        self.nodes[node].handle(now, Input::Writable { conn });
                    }
                }
                if self.wires[i].closing[side] && self.wires[i].bytes[side].is_empty() {
                    self.wires[i].closing[side] = false;
                    self.close_end(i, side);
                    moved = true;
                }
            }
        }
        moved
    }

    /// One turn of a node; whether it did anything.
    fn run(&mut self, node: usize) -> bool {
        if self.paused.contains(&node) {
            return false;
        }
        let now = self.now();
        let mut room = BTreeMap::new();
        let mut places = BTreeMap::new();
        for (i, wire) in self.wires.iter().enumerate() {
            for side in 0..2 {
                if let End::Node(n, conn) = wire.ends[side]
                    && n == node
                {
                    room.insert(conn, CAPACITY.saturating_sub(wire.bytes[1 - side].len()));
                    places.insert(conn, (i, side));
                }
            }
        }
        let mut deeds = Deeds::default();
        self.nodes[node].handle(now, Input::Wake);
        self.nodes[node].end_turn(now);
        self.nodes[node].pump(now, &mut Fx { deeds: &mut deeds, room: &room });
        if deeds.exited {
            self.exited.push(node);
        }
        let mut moved = false;
        for (conn, bytes) in deeds.flushed {
            let Some(&(i, side)) = places.get(&conn) else { continue };
            moved |= !bytes.is_empty();
            self.wires[i].bytes[1 - side].extend(bytes);
            self.wires[i].stalled[side] = true;
        }
        for conn in deeds.closed {
            let Some(&(i, side)) = places.get(&conn) else { continue };
            moved = true;
            self.wires[i].ends[side] = End::Gone;
            self.wires[i].closing[1 - side] = true;
        }
        for op in deeds.disk {
            // There is no disk here.
            moved = true;
            let error = DiskError { kind: DiskErrorKind::NotFound, text: "No such file".into() };
            self.nodes[node].handle(now, Input::Disk { op, result: Err(error) });
        }
        for listener in deeds.listeners {
            self.nodes[node].handle(now, Input::Listening { listener, result: Ok(()) });
        }
        for (link, to) in deeds.dials {
            moved = true;
            if !deeds.cancelled.contains(&link) {
                self.dial(node, link, &to);
            }
        }
        self.logs.extend(deeds.logs.into_iter().map(|line| (node, line)));
        moved
    }

    fn dial(&mut self, from: usize, link: LinkId, to: &DialTarget) {
        let now = self.now();
        let target = to.host.strip_prefix('n').and_then(|n| n.parse::<usize>().ok());
        let target = target.filter(|n| *n < self.nodes.len() && !self.refusing.contains(n));
        let Some(target) = target else {
            let result = Err(DialError("Connection refused".into()));
            self.nodes[from].handle(now, Input::Dialed { link, result });
            return;
        };
        let theirs = self.accept(target);
        let ours = self.nodes[from].vacant_conn();
        self.wire([End::Node(from, ours), End::Node(target, theirs)]);
        self.nodes[from].handle(now, Input::Dialed { link, result: Ok((ours, PEER)) });
    }

    /// Connects the next dial of a node to the tests, which play the master.
    pub fn play_master(&mut self, node: usize) -> Client {
        let now = self.now();
        let mut deeds = Deeds::default();
        self.nodes[node].end_turn(now);
        self.nodes[node].pump(now, &mut Fx { deeds: &mut deeds, room: &BTreeMap::new() });
        let (link, _) = deeds.dials.pop().expect("a dial");
        let ours = self.nodes[node].vacant_conn();
        let wire = self.wire([End::Outside, End::Node(node, ours)]);
        self.nodes[node].handle(now, Input::Dialed { link, result: Ok((ours, PEER)) });
        Client(wire)
    }

    /// Whether a node has asked to leave.
    pub fn exited(&self, node: usize) -> bool {
        self.exited.contains(&node)
    }

    /// Whether the connection of a client was closed by the node.
    pub fn is_closed(&self, client: Client) -> bool {
        self.wires[client.0].ends.contains(&End::Gone)
    }
}

const PEER: Peer<'static> = Peer {
    remote: Address::Tcp { ip: "127.0.0.1", port: 40_000, loopback: true },
    local: Address::Tcp { ip: "127.0.0.1", port: 6379, loopback: true },
};

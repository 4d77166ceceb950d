//! CONFIG SET and REWRITE where the driver is asked first: listeners, the data directory, the configuration file.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use bytes::Bytes;
use norn_core::config::{Access, Config, Knobs};
use norn_core::contract::{
    Address, ConnId, DialTarget, DiskDone, DiskError, DiskErrorKind, DiskRequest, DiskResult, Effects,
    Garbage, Input, LinkId, ListenAt, ListenError, ListenErrorKind, ListenerId, LogLevel, Mono, Now, OpId,
    Out, Peer, Tuning, Unix, concat,
};
use norn_core::node::{Node, Process, Setup};
use std::collections::VecDeque;

const NOW: Now = Now { mono: Mono(1_000_000), unix: Unix(1_700_000_000_000_000) };

/// A driver that listens where it may and answers the disk by a script.
#[derive(Default)]
struct Driver {
    out: Vec<u8>,
    listening: Vec<(ListenerId, ListenAt)>,
    answers: VecDeque<(ListenerId, Result<(), ListenError>)>,
    disk: VecDeque<(OpId, DiskRequest)>,
    tuned: Vec<Tuning>,
    /// Ports that cannot be had.
    taken: Vec<u16>,
}

impl Effects for Driver {
    fn flush(&mut self, _conn: ConnId, out: Out<'_>) -> usize {
        self.out.extend_from_slice(&concat(out));
        out.len()
    }
    fn listen(&mut self, listener: ListenerId, at: &ListenAt) {
        let ListenAt::Tcp { port, .. } = at else { panic!("TCP only") };
        let overlaps = self.listening.iter().any(|(_, other)| other == at);
        let result = if self.taken.contains(port) || overlaps {
            Err(ListenError { text: "bind: Address already in use".into(), kind: ListenErrorKind::Other })
        } else {
            self.listening.push((listener, at.clone()));
            Ok(())
        };
        self.answers.push_back((listener, result));
    }
    fn unlisten(&mut self, listener: ListenerId) {
        let before = self.listening.len();
        self.listening.retain(|(id, _)| *id != listener);
        assert_eq!(self.listening.len() + 1, before, "only what stands can be given up");
    }
    fn disk(&mut self, op: OpId, request: DiskRequest) {
        self.disk.push_back((op, request));
    }
    fn tune(&mut self, tuning: Tuning) {
        self.tuned.push(tuning);
    }
    fn exit(&mut self, code: u8) {
        panic!("left with {code}");
    }
    fn close(&mut self, _conn: ConnId) {}
    fn resume(&mut self, _conn: ConnId) {}
    fn dial(&mut self, _link: LinkId, _to: &DialTarget) {}
    fn cancel_dial(&mut self, _link: LinkId) {}
    fn discard(&mut self, _garbage: Box<dyn Garbage>) {}
    fn gauges(&mut self) {}
    fn log(&mut self, _level: LogLevel, _line: &str) {}
}

struct World {
    node: Node,
    driver: Driver,
    conn: ConnId,
}

impl World {
    fn new() -> Self {
        let config = Config {
            port: 7000,
            bind: vec!["127.0.0.1".into(), "-::1".into()],
            dir: "/data".into(),
            enable_protected_configs: Access::Yes,
            ..Config::default()
        };
        let setup = Setup {
            config,
            config_path: Some("/etc/norn.conf".into()),
            knobs: Knobs::default(),
            entropy: [1; 32],
            stopwatch: || 0,
            process: Process { pid: 9, ..Process::default() },
        };
        let node = Node::new(setup, NOW).unwrap();
        let conn = node.vacant_conn();
        let mut world = Self { node, driver: Driver { taken: vec![9000], ..Driver::default() }, conn };
        world.turn();
        let missing = DiskError { kind: DiskErrorKind::NotFound, text: "No such file or directory".into() };
        let request = world.disk(Err(missing));
        assert_eq!(request, DiskRequest::Size { path: "/data/dump.rdb".into() });
        let end = Address::Tcp { ip: "127.0.0.1", port: 1, loopback: true };
        let peer = Peer { remote: end, local: end };
        let listener = world.driver.listening[0].0;
        world.node.handle(NOW, Input::Accepted { conn, listener, peer });
        world.turn();
        world
    }

    /// Turns until the driver has nothing to answer but the disk.
    fn turn(&mut self) {
        loop {
            self.node.end_turn(NOW);
            self.node.pump(NOW, &mut self.driver);
            let Some((listener, result)) = self.driver.answers.pop_front() else { break };
            self.node.handle(NOW, Input::Listening { listener, result });
        }
    }

    fn send(&mut self, line: &str) -> String {
        let text = format!("{line}\r\n");
        self.node.recv_space(self.conn)[..text.len()].copy_from_slice(text.as_bytes());
        self.node.handle(NOW, Input::Received { conn: self.conn, len: text.len() });
        self.turn();
        self.heard()
    }

    fn heard(&mut self) -> String {
        String::from_utf8(std::mem::take(&mut self.driver.out)).unwrap()
    }

    /// Answers the next disk request; tells which it was.
    fn disk(&mut self, result: DiskResult) -> DiskRequest {
        let (op, request) = self.driver.disk.pop_front().unwrap();
        self.node.handle(NOW, Input::Disk { op, result });
        self.turn();
        request
    }

    fn addresses(&self) -> Vec<(String, u16)> {
        let address = |at: &ListenAt| match at {
            ListenAt::Tcp { host, port, .. } => (host.to_string(), *port),
            ListenAt::Unix { .. } => panic!("TCP only"),
        };
        let mut all: Vec<_> = self.driver.listening.iter().map(|(_, at)| address(at)).collect();
        all.sort();
        all
    }
}

fn at(addresses: &[(&str, u16)]) -> Vec<(String, u16)> {
    addresses.iter().map(|(host, port)| ((*host).to_owned(), *port)).collect()
}

fn fault(text: &str) -> DiskResult {
    Err(DiskError { kind: DiskErrorKind::Io, text: text.into() })
}

#[test]
fn another_port_and_back_when_it_is_taken() {
    let mut w = World::new();
    assert_eq!(w.send("CONFIG SET port 8000"), "+OK\r\n");
    assert_eq!(w.addresses(), at(&[("127.0.0.1", 8000), ("::1", 8000)]));
    let refused = w.send("CONFIG SET hz 33 port 9000");
    assert_eq!(
        refused,
        "-ERR CONFIG SET failed (possibly related to argument 'port') - Unable to listen on this port. Check server \
         logs.\r\n"
    );
    assert_eq!(w.addresses(), at(&[("127.0.0.1", 8000), ("::1", 8000)]));
    assert_eq!(w.send("CONFIG GET port"), "*2\r\n$4\r\nport\r\n$4\r\n8000\r\n");
    assert_eq!(w.send("CONFIG GET hz"), "*2\r\n$2\r\nhz\r\n$2\r\n10\r\n");
}

#[test]
fn other_addresses_on_the_same_port() {
    let mut w = World::new();
    assert_eq!(w.send("CONFIG SET bind \"127.0.0.1 10.0.0.1\""), "+OK\r\n");
    assert_eq!(w.addresses(), at(&[("10.0.0.1", 7000), ("127.0.0.1", 7000)]));
    w.driver.taken.push(7000);
    assert!(w.send("CONFIG SET bind *").contains("'bind') - Failed to bind to specified addresses."));
    assert_eq!(w.send("CONFIG GET bind"), "*2\r\n$4\r\nbind\r\n$18\r\n127.0.0.1 10.0.0.1\r\n");
    assert_eq!(w.send("CONFIG SET port 0"), "+OK\r\n");
    assert_eq!(w.addresses(), at(&[]));
}

#[test]
fn a_directory_is_looked_at_first() {
    let mut w = World::new();
    assert_eq!(w.send("CONFIG SET dir sub"), "");
    assert_eq!(w.send("PING"), "", "the client waits");
    let request = w.disk(fault("No such file or directory"));
    assert_eq!(request, DiskRequest::List { path: "/data/sub".into() });
    assert_eq!(
        w.heard(),
        "-ERR CONFIG SET failed (possibly related to argument 'dir') - No such file or directory\r\n+PONG\r\n"
    );
    assert_eq!(w.send("CONFIG SET dir ../x"), "");
    w.disk(Ok(DiskDone::Names(Vec::new())));
    assert_eq!(w.heard(), "+OK\r\n");
    assert_eq!(w.driver.tuned, [Tuning::Dir("/x".into())]);
}

#[test]
fn a_rewrite_replaces_the_file_in_one_step() {
    let mut w = World::new();
    assert_eq!(w.send("CONFIG REWRITE"), "");
    let request = w.disk(Ok(DiskDone::Data(Bytes::from_static(b"# mine\nport 1\n"))));
    assert_eq!(request, DiskRequest::Read { path: "/etc/norn.conf".into(), offset: 0, len: 1 << 20 });
    let DiskRequest::Open { path: temp, .. } = w.disk(Ok(DiskDone::Ok)) else { panic!("open") };
    let DiskRequest::Append { bytes, .. } = w.disk(Ok(DiskDone::Ok)) else { panic!("append") };
    assert!(bytes.starts_with(b"# mine\nport 7000\n"), "{bytes:?}");
    assert!(matches!(w.disk(Ok(DiskDone::Ok)), DiskRequest::Sync { .. }));
    assert!(matches!(w.disk(Ok(DiskDone::Ok)), DiskRequest::Close { .. }));
    let request = w.disk(Ok(DiskDone::Ok));
    assert_eq!(request, DiskRequest::Rename { from: temp, to: "/etc/norn.conf".into() });
    assert_eq!(w.heard(), "");
    assert_eq!(w.disk(Ok(DiskDone::Ok)), DiskRequest::SyncDir { path: "/etc".into() });
    assert_eq!(w.heard(), "+OK\r\n");
}

#[test]
fn a_failed_rewrite_leaves_nothing_behind() {
    // The step that fails, and whether the temporary file must be closed and removed.
    for (step, closes, removes) in [
        (0, false, false),
        (1, false, false),
        (2, true, true),
        (3, true, true),
        (4, false, true),
        (5, false, true),
    ] {
        let mut w = World::new();
        w.send("CONFIG REWRITE");
        for _ in 0..step {
            w.disk(Ok(DiskDone::Ok));
        }
        w.disk(fault("Input/output error"));
        assert_eq!(w.heard(), "-ERR Rewriting config file: Input/output error\r\n", "step {step}");
        let left: Vec<DiskRequest> = w.driver.disk.drain(..).map(|(_, request)| request).collect();
        let is_close = |r: &DiskRequest| matches!(r, DiskRequest::Close { .. });
        let is_remove = |r: &DiskRequest| matches!(r, DiskRequest::Remove { .. });
        assert_eq!((left.iter().any(is_close), left.iter().any(is_remove)), (closes, removes), "step {step}");
    }
    // A missing file is no failure.
    let mut w = World::new();
    w.send("CONFIG REWRITE");
    w.disk(Err(DiskError { kind: DiskErrorKind::NotFound, text: "No such file or directory".into() }));
    assert!(matches!(w.driver.disk[0].1, DiskRequest::Open { .. }));
}

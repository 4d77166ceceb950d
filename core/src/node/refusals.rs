//! Refusals in states that no command and no input brings about yet: loading at the start, a script that runs for too
//! long, persistence in error. Their places in the order and their texts are promised all the same.

use super::{Node, Process, Setup};
use crate::config::{Config, Knobs};
use crate::contract::{
    Address, ConnId, DialTarget, DiskError, DiskErrorKind, DiskRequest, Effects, Garbage, Input, LinkId,
    ListenAt, ListenerId, LogLevel, Mono, Now, OpId, Out, Peer, Tuning, Unix, concat,
};
use crate::engine::Gates;
use crate::resp::CommandError;
use std::boxed::Box;
use std::format;
use std::string::String;
use std::vec::Vec;

const NOW: Now = Now { mono: Mono(1_000_000), unix: Unix(1_767_225_600_000_000) };

/// What was written.
#[derive(Default)]
struct Written(Vec<u8>, Vec<OpId>);

impl Effects for Written {
    fn flush(&mut self, _: ConnId, out: Out<'_>) -> usize {
        self.0.extend(concat(out));
        out.len()
    }
    fn close(&mut self, _: ConnId) {}
    fn resume(&mut self, _: ConnId) {}
    fn dial(&mut self, _: LinkId, _: &DialTarget) {}
    fn cancel_dial(&mut self, _: LinkId) {}
    fn listen(&mut self, _: ListenerId, _: &ListenAt) {}
    fn unlisten(&mut self, _: ListenerId) {}
    fn disk(&mut self, op: OpId, _: DiskRequest) {
        self.1.push(op);
    }
    fn discard(&mut self, _: Box<dyn Garbage>) {}
    fn gauges(&mut self) {}
    fn log(&mut self, _: LogLevel, _: &str) {}
    fn tune(&mut self, _: Tuning) {}
    fn exit(&mut self, _: u8) {}
}

/// A node with one client.
fn node() -> (Node, ConnId) {
    let setup = Setup {
        config: Config::default(),
        config_path: None,
        knobs: Knobs::default(),
        entropy: [3; 32],
        stopwatch: || 0,
        process: Process::default(),
    };
    let mut node = Node::new(setup, NOW).unwrap();
    let mut written = Written::default();
    node.end_turn(NOW);
    node.pump(NOW, &mut written);
    for op in written.1 {
        let error = DiskError { kind: DiskErrorKind::NotFound, text: "No such file".into() };
        node.handle(NOW, Input::Disk { op, result: Err(error) });
    }
    let conn = node.vacant_conn();
    let end = Address::Tcp { ip: "127.0.0.1", port: 5, loopback: true };
    node.handle(
        NOW,
        Input::Accepted { conn, listener: ListenerId(0), peer: Peer { remote: end, local: end } },
    );
    (node, conn)
}

fn says(node: &mut Node, conn: ConnId, line: &str) -> String {
    let space = node.recv_space(conn);
    space[..line.len()].copy_from_slice(line.as_bytes());
    space[line.len()..line.len() + 2].copy_from_slice(b"\r\n");
    node.handle(NOW, Input::Received { conn, len: line.len() + 2 });
    node.end_turn(NOW);
    let mut written = Written::default();
    node.pump(NOW, &mut written);
    String::from_utf8(written.0).unwrap()
}

/// Each line with the beginning of its answer.
fn hear(node: &mut Node, conn: ConnId, lines: &[(&str, &str)]) {
    for (line, expected) in lines {
        let answer = says(node, conn, line);
        assert!(answer.starts_with(expected), "{line}: {answer}");
    }
}

const LOADING: &str = "-LOADING Redis is loading the dataset in memory\r\n";

#[test]
fn loading_refuses_what_needs_the_data() {
    let (mut node, conn) = node();
    node.srv.armed = node.srv.armed | Gates::LOADING;
    hear(
        &mut node,
        conn,
        &[
            ("GET a", LOADING),
            ("SET a 1", LOADING),
            ("PING", LOADING),
            ("NOSUCH", "-ERR unknown command"),
            ("GET", "-ERR wrong number"),
            ("INFO server", "$"),
            ("CONFIG GET hz", "*2"),
            ("MULTI", "+OK"),
            ("GET a", LOADING),
            ("EXEC", "-EXECABORT Transaction discarded because of previous errors.\r\n"),
            ("SUBSCRIBE c", "*3"),
        ],
    );
}

/// EXEC is refused as a whole when a queued command would be, and the transaction is over.
#[test]
fn exec_is_refused_for_what_was_queued() {
    let (mut node, conn) = node();
    let refused = "-EXECABORT Transaction discarded because of: ";
    hear(&mut node, conn, &[("MULTI", "+OK"), ("GET a", "+QUEUED"), ("INFO server", "+QUEUED")]);
    node.srv.armed = node.srv.armed | Gates::LOADING;
    let loading = format!("{refused}{}", &LOADING[1..]);
    hear(&mut node, conn, &[("EXEC", &loading), ("EXEC", "-ERR EXEC without MULTI\r\n")]);
    hear(&mut node, conn, &[("MULTI", "+OK"), ("INFO server", "+QUEUED"), ("EXEC", "*1")]);
    node.srv.rearm();
    hear(&mut node, conn, &[("MULTI", "+OK"), ("GET a", "+QUEUED")]);
    node.srv.armed = node.srv.armed | Gates::BUSY;
    let busy = format!("{refused}{}", &BUSY[1..]);
    hear(&mut node, conn, &[("EXEC", &busy), ("DISCARD", "-ERR DISCARD without MULTI\r\n")]);
    node.srv.rearm();
    hear(&mut node, conn, &[("MULTI", "+OK"), ("SET a 1", "+QUEUED")]);
    node.srv.persistence.last_ok = false;
    node.srv.rearm();
    let misconf = format!("{refused}MISCONF Redis is configured to save RDB snapshots");
    hear(&mut node, conn, &[("EXEC", &misconf), ("GET a", "$-1")]);
    hear(&mut node, conn, &[("MULTI", "+OK"), ("GET a", "+QUEUED"), ("EXEC", "*1")]);
}

const BUSY: &str =
    "-BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.\r\n";

#[test]
fn a_script_that_runs_for_too_long_makes_others_busy() {
    let (mut node, conn) = node();
    node.srv.armed = node.srv.armed | Gates::BUSY;
    hear(
        &mut node,
        conn,
        &[
            ("GET a", BUSY),
            ("SET a 1", BUSY),
            ("PING", BUSY),
            ("INFO server", BUSY),
            ("GET", "-ERR wrong number"),
            ("AUTH x", "-ERR AUTH <password> called without any password"),
            ("MULTI", "+OK"),
            ("UNWATCH", "+QUEUED"),
            ("GET a", BUSY),
            ("EXEC", "-EXECABORT "),
            ("HELLO", "*"),
        ],
    );
}

#[test]
fn persistence_in_error_refuses_writes_and_ping() {
    let (mut node, conn) = node();
    hear(&mut node, conn, &[("SET a 1", "+OK")]);
    node.srv.persistence.last_ok = false;
    node.srv.rearm();
    let text = "-MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk. \
                Commands that may modify the data set are disabled, because this instance is configured to report \
                errors during writes if RDB snapshotting fails (stop-writes-on-bgsave-error option). Please check the \
                Redis logs for details about the RDB error.\r\n";
    hear(
        &mut node,
        conn,
        &[
            ("SET a 2", text),
            ("DEL a", text),
            ("PING", text),
            ("GET a", "$1\r\n1\r\n"),
            ("MULTI", "+OK"),
            ("SET a 2", text),
            ("EXEC", "-EXECABORT Transaction discarded because of previous errors.\r\n"),
            ("GET", "-ERR wrong number"),
        ],
    );
    node.srv.persistence.last_ok = true;
    node.srv.rearm();
    hear(&mut node, conn, &[("SET a 2", "+OK"), ("PING", "+PONG")]);
}

/// The order of the refusals among each other: MISCONF before LOADING before BUSY, NOAUTH before all of them.
#[test]
fn the_first_refusal_in_the_order_answers() {
    let (mut node, conn) = node();
    node.srv.armed = node.srv.armed | Gates::LOADING | Gates::BUSY;
    hear(&mut node, conn, &[("SET a 1", LOADING)]);
    node.srv.misconf = Some(CommandError::MisconfRdb);
    node.srv.armed = node.srv.armed | Gates::MISCONF;
    hear(&mut node, conn, &[("SET a 1", "-MISCONF "), ("GET a", LOADING)]);
    let slot = node.srv.conns.resolve(conn).unwrap();
    node.srv.conns.get_mut(slot).armed |= Gates::NOAUTH.0;
    hear(&mut node, conn, &[("SET a 1", "-NOAUTH Authentication required.\r\n")]);
}

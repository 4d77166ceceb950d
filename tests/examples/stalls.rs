//! The slowest single command while values grow to their size, and over values that have.
//!
//! `cargo run --profile fast -p norn-tests --example stalls [millions of elements, 10 by default] [types]`
//!
//! A node in this process, no sockets: what is timed is one turn with one command in it, and apart from that what the
//! driver does with garbage. Commands whose reply is as large as the value are marked with a star.

use norn_core::contract::{
    Address, ConnId, DialTarget, DiskRequest, Effects, Garbage, Input, LinkId, ListenAt, ListenerId,
    LogLevel, Now, OpId, Out, Peer, Span, Tuning,
};
use norn_core::node::Node;
use norn_tests::loopback::Loopback;
use std::io::Write as _;
use std::time::{Duration, Instant};

/// Takes every byte, forgets it, and keeps garbage for later.
#[derive(Default)]
struct Sink {
    bytes: usize,
    first: Option<u8>,
    garbage: Vec<Box<dyn Garbage>>,
}

impl Effects for Sink {
    fn flush(&mut self, _conn: ConnId, out: Out<'_>) -> usize {
        self.bytes += out.len();
        let first = out.slices.iter().find_map(|slice| slice.first().copied());
        self.first = self.first.or(first);
        out.len()
    }
    fn close(&mut self, conn: ConnId) {
        panic!("{conn} was closed");
    }
    fn resume(&mut self, _conn: ConnId) {}
    fn dial(&mut self, _link: LinkId, _to: &DialTarget) {}
    fn cancel_dial(&mut self, _link: LinkId) {}
    fn listen(&mut self, _listener: ListenerId, _at: &ListenAt) {}
    fn unlisten(&mut self, _listener: ListenerId) {}
    fn disk(&mut self, _op: OpId, _request: DiskRequest) {}
    fn discard(&mut self, garbage: Box<dyn Garbage>) {
        self.garbage.push(garbage);
    }
    fn gauges(&mut self) {}
    fn log(&mut self, _level: LogLevel, _line: &str) {}
    fn tune(&mut self, _tuning: Tuning) {}
    fn exit(&mut self, _code: u8) {}
}

/// The slowest turns of one kind.
#[derive(Default)]
struct Slowest {
    turns: u64,
    worst: Duration,
    /// Which turn it was.
    at: u64,
    over_1ms: u64,
}

impl Slowest {
    fn add(&mut self, took: Duration) {
        if took > self.worst {
            (self.worst, self.at) = (took, self.turns);
        }
        self.over_1ms += u64::from(took > Duration::from_millis(1));
        self.turns += 1;
    }

    fn print(&self, name: &str) {
        let (worst, at, turns, over) = (self.worst.as_secs_f64() * 1e3, self.at, self.turns, self.over_1ms);
        println!("{name:<56} {worst:9.3} ms   turn {at} of {turns}, {over} over 1 ms");
    }
}

struct Bench {
    node: Node,
    now: Now,
    conn: ConnId,
    line: Vec<u8>,
    sink: Sink,
}

impl Bench {
    fn new() -> Self {
        let Loopback { mut node, now, .. } = Loopback::new();
        let conn = node.vacant_conn();
        let address = Address::Tcp { ip: "127.0.0.1", port: 5000, loopback: true };
        node.handle(
            now,
            Input::Accepted { conn, listener: ListenerId(0), peer: Peer { remote: address, local: address } },
        );
        Self { node, now, conn, line: Vec::new(), sink: Sink::default() }
    }

    /// One turn with one command, what is left of its reply included in nothing.
    fn say(&mut self, words: &[&[u8]]) -> Duration {
        self.line.clear();
        write!(self.line, "*{}\r\n", words.len()).expect("memory");
        for word in words {
            write!(self.line, "${}\r\n", word.len()).expect("memory");
            self.line.extend_from_slice(word);
            self.line.extend_from_slice(b"\r\n");
        }
        let Self { node, now, conn, line, sink } = self;
        sink.first = None;
        let start = Instant::now();
        node.recv_space(*conn)[..line.len()].copy_from_slice(line);
        node.handle(*now, Input::Received { conn: *conn, len: line.len() });
        node.end_turn(*now);
        node.pump(*now, sink);
        let took = start.elapsed();
        assert_ne!(sink.first, Some(b'-'), "an error to {}", line.escape_ascii());
        sink.garbage.clear();
        self.drain();
        took
    }

    /// Lets the rest of a reply go; the longest turn of it.
    fn drain(&mut self) -> Duration {
        let mut worst = Duration::ZERO;
        loop {
            let before = self.sink.bytes;
            let start = Instant::now();
            self.now.mono = self.now.mono + Span::ms(1);
            self.node.handle(self.now, Input::Wake);
            self.node.end_turn(self.now);
            self.node.pump(self.now, &mut self.sink);
            worst = worst.max(start.elapsed());
            self.sink.garbage.clear();
            if self.sink.bytes == before {
                return worst;
            }
        }
    }

    fn text(&mut self, line: &str) -> Duration {
        let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
        self.say(&words)
    }
}

/// How a value grows by one element.
type Grow = fn(&mut Bench, u64) -> Duration;

const TYPES: &[(&str, Grow, &[&str])] = &[
    (
        "hash",
        |bench, n| bench.say(&[b"HSET", b"big", format!("field:{n:010}").as_bytes(), b"value:00000000"]),
        &[
            "HDEL big field:0000000005",
            "HSCAN big 0",
            "HRANDFIELD big 10 WITHVALUES",
            "HLEN big",
            "*HGETALL big",
        ],
    ),
    (
        "set",
        |bench, n| bench.say(&[b"SADD", b"big", format!("member:{n:010}").as_bytes()]),
        &["SREM big member:0000000005", "SPOP big 10", "SRANDMEMBER big 10", "SSCAN big 0", "*SMEMBERS big"],
    ),
    (
        "zset",
        |bench, n| {
            let (score, member) = (n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 24, format!("member:{n:010}"));
            bench.say(&[b"ZADD", b"big", score.to_string().as_bytes(), member.as_bytes()])
        },
        &[
            "ZREM big member:0000000005",
            "ZPOPMIN big 10",
            "ZRANGE big 400000 400010",
            "ZINCRBY big 5 member:0000000007",
            "ZRANK big member:0000000007",
            "ZCOUNT big -inf 50000000",
            "ZREMRANGEBYRANK big 100 -100",
            "*ZRANGE big 0 -1",
        ],
    ),
    (
        "list",
        |bench, n| bench.say(&[b"RPUSH", b"big", format!("element:{n:010}").as_bytes()]),
        &[
            "LPUSH big x",
            "LINDEX big 500001",
            "LSET big 500001 y",
            "LINSERT big BEFORE element:0000000100 z",
            "LTRIM big 100 -100",
            "LTRIM big 1 0",
            "*LRANGE big 0 -1",
        ],
    ),
    (
        "stream",
        |bench, n| {
            bench.say(&[b"XADD", b"big", format!("{}-1", n + 1).as_bytes(), b"field", b"value:00000000"])
        },
        &[
            "XDEL big 5-1",
            "XRANGE big 5000 + COUNT 10",
            "XTRIM big MAXLEN ~ 100000",
            "XTRIM big MAXLEN 10",
            "*XRANGE big - +",
        ],
    ),
];

/// The value, under the name of `big`, from a copy that stays.
fn again(bench: &mut Bench) {
    bench.text("DEL big");
    bench.text("COPY kept big");
}

fn measure((name, grow, lines): &(&str, Grow, &[&str]), count: u64) {
    let mut bench = Bench::new();
    println!("\n{name} of {count} elements");
    let mut slowest = Slowest::default();
    for n in 0..count {
        slowest.add(grow(&mut bench, n));
    }
    slowest.print("growing");
    bench.text("RENAME big kept");
    for line in *lines {
        again(&mut bench);
        let took = bench.text(line.trim_start_matches('*'));
        println!("{line:<56} {:9.3} ms", took.as_secs_f64() * 1e3);
    }
    for line in [
        "DEL big",
        "UNLINK big",
        "SET big x",
        "RENAME small big",
        "GETDEL small",
        "FLUSHALL ASYNC",
        "FLUSHALL SYNC",
    ] {
        if line.starts_with("FLUSH") {
            if line.ends_with("SYNC") && count > 0 {
                let mut rest = Bench::new();
                std::mem::swap(&mut rest, &mut bench);
                grow_quietly(&mut bench, *grow, count.min(1_000_000));
            }
        } else {
            again(&mut bench);
            bench.text("SET small y");
        }
        let took = bench.text(line);
        println!("{line:<56} {:9.3} ms", took.as_secs_f64() * 1e3);
    }
    let mut bench = Bench::new();
    grow_quietly(&mut bench, *grow, count);
    bench.text("PEXPIRE big 1000");
    bench.now.mono = bench.now.mono + Span::secs(2);
    bench.now.unix = norn_core::contract::Unix(bench.now.unix.0 + 2_000_000);
    let took = bench.text("EXISTS big");
    println!("{:<56} {:9.3} ms", "expiring (EXISTS)", took.as_secs_f64() * 1e3);
}

fn grow_quietly(bench: &mut Bench, grow: Grow, count: u64) {
    for n in 0..count {
        grow(bench, n);
    }
}

fn main() {
    let mut args = std::env::args().skip(1);
    let millions: f64 = args.next().map_or(10.0, |arg| arg.parse().expect("a number of millions"));
    let wanted: Vec<String> = args.collect();
    for kind in TYPES {
        if wanted.is_empty() || wanted.iter().any(|name| name == kind.0) {
            measure(kind, (millions * 1e6) as u64);
        }
    }
}

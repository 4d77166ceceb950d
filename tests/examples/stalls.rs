//! The slowest single command while values grow to their size, and over values that have.
//!
//! `cargo run --profile fast -p norn-tests --example stalls [millions of elements, 10 by default] [types]`
//!
//! A node in this process, no sockets: what is timed is one turn with one command in it; dropping garbage is the driver's
//! work and is not. Every run does the same turns, so a turn counts with the least it took in [`RUNS`] runs: what
//! happened only once was the machine. Commands whose reply is as large as the value are marked with a star.

use norn_core::contract::{
    Address, ConnId, DialTarget, DiskRequest, Effects, Garbage, Input, LinkId, ListenAt, ListenerId,
    LogLevel, Now, OpId, Out, Peer, Span, Tuning, Unix,
};
use norn_core::node::Node;
use norn_tests::loopback::Loopback;
use std::collections::BTreeMap;
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

/// Runs of everything.
const RUNS: usize = 3;
/// Turns that took less are not looked at further.
const SLOW: Duration = Duration::from_micros(200);

/// The slow turns of one run, by their number.
type Slow = BTreeMap<u64, Duration>;

/// Turns that were slow in every run, with the least that they took.
fn in_all(runs: &[Slow]) -> Slow {
    let mut all = runs[0].clone();
    all.retain(|turn, took| {
        runs[1..].iter().all(|run| {
            run.get(turn).is_some_and(|other| {
                *took = (*took).min(*other);
                true
            })
        })
    });
    all
}

fn print(name: &str, took: Duration, note: &str) {
    println!("{name:<56} {:9.3} ms   {note}", took.as_secs_f64() * 1e3);
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

    /// One turn with one command; what it takes to send the rest of a long reply does not count.
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

fn grown(grow: Grow, count: u64) -> (Bench, Slow) {
    let (mut bench, mut slow) = (Bench::new(), Slow::new());
    for n in 0..count {
        let took = grow(&mut bench, n);
        if took >= SLOW {
            slow.insert(n, took);
        }
    }
    (bench, slow)
}

/// The least that a line takes over the value.
fn least(bench: &mut Bench, line: &str) -> Duration {
    let once = |_| {
        again(bench);
        bench.text("SET small y");
        bench.text(line)
    };
    (0..RUNS).map(once).min().unwrap_or_default()
}

fn measure((name, grow, lines): &(&str, Grow, &[&str]), count: u64) {
    println!("\n{name} of {count} elements");
    let mut runs = Vec::new();
    for _ in 1..RUNS {
        runs.push(grown(*grow, count).1);
    }
    let (mut bench, last) = grown(*grow, count);
    runs.push(last);
    let slow = in_all(&runs);
    let (turn, worst) = slow.iter().max_by_key(|(_, took)| **took).map_or((0, SLOW), |(n, took)| (*n, *took));
    print("growing", worst, &format!("turn {turn}; {} turns over {SLOW:?}", slow.len()));
    bench.text("RENAME big kept");
    for line in *lines {
        let took = least(&mut bench, line.trim_start_matches('*'));
        print(line, took, "");
    }
    for line in ["DEL big", "UNLINK big", "SET big x", "RENAME small big", "COPY small big REPLACE"] {
        let took = least(&mut bench, line);
        print(line, took, "");
    }
    again(&mut bench);
    bench.text("PEXPIRE big 1000");
    bench.now.mono = bench.now.mono + Span::secs(2);
    bench.now.unix = Unix(bench.now.unix.0 + 2_000_000);
    let took = bench.text("EXISTS big");
    print("EXISTS big, which has expired", took, "");
    let took = bench.text("FLUSHALL SYNC");
    print("FLUSHALL SYNC", took, "");
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

//! Bad input: a clean error or a close for its sender, and everybody else is served as before.

use norn_tests::loopback::Loopback;
use norn_tests::random::Rng;
use norn_tests::reply::{Reply, parse_all};
use norn_tests::target::{Target, answer};
use norn_tests::words::{command, escape};

/// A node with a neighbour who must not notice anything.
struct House {
    node: Loopback,
    neighbour: usize,
}

impl House {
    fn new() -> Self {
        let mut node = Loopback::new();
        let neighbour = node.connect();
        let mut house = Self { node, neighbour };
        assert_eq!(answer(&mut house.node, neighbour, "SET mine 1"), "+OK");
        house
    }

    /// Sends bytes on a new connection and returns what came back and whether it was closed.
    fn hears(&mut self, bytes: &[u8]) -> (String, bool) {
        let conn = self.node.connect();
        self.node.send(conn, bytes);
        self.node.settle();
        let heard = escape(&self.node.take(conn));
        let closed = self.node.is_closed(conn);
        self.node.close(conn);
        self.node.settle();
        self.neighbour_is_served();
        (heard, closed)
    }

    fn neighbour_is_served(&mut self) {
        assert_eq!(answer(&mut self.node, self.neighbour, "GET mine"), "\"1\"");
    }
}

#[test]
fn hostile_lengths() {
    let mut house = House::new();
    for bytes in [
        "*9223372036854775807\r\n",
        "*99999999999999999999999999\r\n",
        "*2147483648\r\n",
        "*1\r\n$9223372036854775807\r\n",
        "*1\r\n$99999999999999999999999999\r\n",
        "*1\r\n$536870913\r\n",
        "*1\r\n$-5\r\n",
        "*1\r\n$ 4\r\nPING\r\n",
        "*1\r\n$+4\r\nPING\r\n",
        "*1\r\n$\r\nPING\r\n",
        "*\r\n",
        "*+1\r\n",
        "*1 \r\n",
        "*1\r\n*1\r\n$4\r\nPING\r\n",
    ] {
        let (heard, closed) = house.hears(bytes.as_bytes());
        assert!(closed && heard.starts_with("-ERR Protocol error: "), "{bytes:?}: {heard}, closed {closed}");
    }
}

/// A length that is allowed but not followed by its bytes costs nothing until the bytes come.
#[test]
fn promises_are_not_paid_in_advance() {
    let mut house = House::new();
    let conns: Vec<_> = (0..2_000)
        .map(|n| {
            let conn = house.node.connect();
            let promise: &[u8] =
                if n % 2 == 0 { b"*1\r\n$536870912\r\n" } else { b"*1000000\r\n$3\r\nSET\r\n" };
            house.node.send(conn, promise);
            conn
        })
        .collect();
    house.node.settle();
    house.neighbour_is_served();
    assert!(conns.iter().all(|&conn| !house.node.is_closed(conn)));
}

#[test]
fn lines_that_never_end() {
    let mut house = House::new();
    for (start, text) in
        [("", "inline request"), ("*1", "mbulk count string"), ("*1\r\n$1", "bulk count string")]
    {
        let mut bytes = start.as_bytes().to_vec();
        bytes.resize(70_000, b'1');
        let (heard, closed) = house.hears(&bytes);
        assert!(closed && heard.contains(&format!("Protocol error: too big {text}")), "{start:?}: {heard}");
    }
}

#[test]
fn random_bytes() {
    let mut house = House::new();
    let mut rng = Rng::new(1);
    for round in 0..400 {
        let len = 1 + rng.below(300);
        // Half of them look like RESP from afar.
        let alphabet: &[u8] = if round % 2 == 0 { b"*$\r\n0123456789-+ PINGSETget\"'\\x" } else { &[] };
        let mut byte = || {
            let any = u8::try_from(rng.below(256)).expect("below 256");
            if alphabet.is_empty() { any } else { alphabet[usize::from(any) % alphabet.len()] }
        };
        let bytes: Vec<u8> = (0..len).map(|_| byte()).collect();
        let (heard, _) = house.hears(&bytes);
        let _ = heard;
    }
}

/// Whatever is answered to garbage is RESP.
#[test]
fn garbage_is_answered_in_resp() {
    let mut node = Loopback::new();
    let mut rng = Rng::new(2);
    for _ in 0..200 {
        let conn = node.connect();
        let line: Vec<u8> =
            (0..rng.below(60)).map(|_| b' ' + u8::try_from(rng.below(95)).expect("a byte")).collect();
        node.send(conn, &[&line[..], b"\r\n"].concat());
        node.settle();
        let heard = node.take(conn);
        let (replies, rest) = parse_all(&heard).unwrap_or_else(|e| panic!("{e}: {}", escape(&heard)));
        assert!(rest.is_empty() && replies.len() <= 1, "{} -> {}", escape(&line), escape(&heard));
        node.close(conn);
    }
}

#[test]
fn truncated_frames_wait_and_die_quietly() {
    let mut house = House::new();
    let whole = command("SET key value");
    for len in 0..whole.len() {
        let (heard, closed) = house.hears(&whole[..len]);
        let inline_complete = len == 0;
        assert!(heard.is_empty() && !closed, "after {len} bytes ({inline_complete}): {heard}");
    }
    assert_eq!(answer(&mut house.node, house.neighbour, "EXISTS key"), ":0");
}

/// A client that pipelines a million requests and reads nothing is held or cut off; the node lives.
#[test]
fn a_million_unread_replies() {
    let mut house = House::new();
    let greedy = house.node.connect();
    house.node.window(greedy, 64 * 1024);
    assert_eq!(answer(&mut house.node, house.neighbour, &format!("SET big {}", "x".repeat(1000))), "+OK");
    let requests = b"GET big\r\n".repeat(10_000);
    for _ in 0..100 {
        house.node.send(greedy, &requests);
        house.node.settle();
        house.neighbour_is_served();
    }
    house.node.close(greedy);
    house.node.settle();
    house.neighbour_is_served();
}

/// The hard limit of the output buffer closes the reader that does not read.
#[test]
fn the_output_limit_closes() {
    let args = ["--client-output-buffer-limit".to_owned(), "normal 1mb 0 0".to_owned()];
    let mut node = Loopback::with_args(&args, norn_tests::loopback::START);
    let (greedy, other) = (node.connect(), node.connect());
    node.window(greedy, 10_000);
    assert_eq!(answer(&mut node, other, &format!("SET big {}", "x".repeat(10_000))), "+OK");
    node.send(greedy, &b"GET big\r\n".repeat(1_000));
    node.settle();
    assert!(node.is_closed(greedy));
    assert_eq!(answer(&mut node, other, "PING"), "+PONG");
}

#[test]
fn ten_thousand_idle_connections() {
    let mut house = House::new();
    let conns: Vec<_> = (0..9_900).map(|_| house.node.connect()).collect();
    house.node.settle();
    house.neighbour_is_served();
    for &conn in conns.iter().step_by(1_000) {
        assert_eq!(answer(&mut house.node, conn, "PING"), "+PONG");
    }
    for conn in conns {
        house.node.close(conn);
    }
    house.node.settle();
    house.neighbour_is_served();
}

#[test]
fn one_client_too_many() {
    let mut node =
        Loopback::with_args(&["--maxclients".to_owned(), "3".to_owned()], norn_tests::loopback::START);
    let conns: Vec<_> = (0..4).map(|_| node.connect()).collect();
    node.settle();
    assert_eq!(escape(&node.take(conns[3])), "-ERR max number of clients reached\\r\\n");
    assert!(node.is_closed(conns[3]));
    node.close(conns[0]);
    node.settle();
    let next = node.connect();
    assert_eq!(answer(&mut node, next, "PING"), "+PONG");
}

#[test]
fn strangers_are_kept_out() {
    let mut node = Loopback::new();
    let stranger = node.connect_from("203.0.113.7", false);
    node.settle();
    let heard = node.take(stranger);
    let (replies, _) = parse_all(&heard).expect("RESP");
    let text = replies.first().and_then(Reply::error).map(String::from_utf8_lossy).unwrap_or_default();
    assert!(text.starts_with("DENIED Redis is running in protected mode"), "{text}");
    assert!(node.is_closed(stranger));
}

//! The networking layer as clients meet it: who may come in, who must leave, who waits for whom.

use norn_core::contract::LogLevel;
use norn_tests::loopback::{Loopback, START};
use norn_tests::process::{Dir, Server, free_port, norn_exits};
use norn_tests::target::{Target, answer, ask};
use norn_tests::tcp::PATIENCE;
use norn_tests::words::escape;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::time::Duration;

fn node(args: &[&str]) -> Loopback {
    Loopback::with_args(&args.iter().map(ToString::to_string).collect::<Vec<_>>(), START)
}

fn logged(node: &Loopback, part: &str) -> bool {
    node.world.log.iter().any(|(_, line)| line.contains(part))
}

/// Word for word what Redis says, because people search for it.
const DENIED: &str = "-DENIED Redis is running in protected mode because protected mode is enabled and no password is \
set for the default user. In this mode connections are only accepted from the loopback interface. If you want to \
connect from external computers to Redis you may adopt one of the following solutions: 1) Just disable protected mode \
sending the command 'CONFIG SET protected-mode no' from the loopback interface by connecting to Redis from the same \
host the server is running, however MAKE SURE Redis is not publicly accessible from internet if you do so. Use CONFIG \
REWRITE to make this change permanent. 2) Alternatively you can just disable the protected mode by editing the Redis \
configuration file, and setting the protected mode option to 'no', and then restarting the server. 3) If you started \
the server manually just for testing, restart it with the '--protected-mode no' option. 4) Set up an authentication \
password for the default user. NOTE: You only need to do one of the above things in order for the server to start \
accepting connections from the outside.\\r\\n";

#[test]
fn protected_mode_tells_a_stranger_why() {
    let mut open = node(&[]);
    let stranger = open.connect_from("203.0.113.7", false);
    open.settle();
    assert_eq!(escape(&open.take(stranger)), DENIED);
    assert!(open.is_closed(stranger));
    for args in [["--protected-mode", "no"], ["--requirepass", "x"]] {
        let mut node = node(&args);
        let stranger = node.connect_from("203.0.113.7", false);
        node.settle();
        assert!(!node.is_closed(stranger) && node.take(stranger).is_empty(), "{args:?}");
    }
}

/// The text is that of the real one, which has no stranger to tell it to here: its own program holds it.
#[test]
fn the_protected_mode_text_is_that_of_redis() {
    let Some(program) =
        norn_tests::process::redis_server("connections::the_protected_mode_text_is_that_of_redis")
    else {
        return;
    };
    let program = std::fs::read(program).unwrap();
    let text = DENIED.trim_end_matches("\\r\\n");
    // A slip in these words was mended in 7.2.
    let older = text.replace("Set up an", "Setup a an");
    let holds = |text: &str| program.windows(text.len()).any(|bytes| bytes == text.as_bytes());
    assert!(holds(text) || holds(&older), "the text is not in the program");
}

#[test]
fn idle_clients_leave_after_the_timeout() {
    let mut node = node(&["--timeout", "10"]);
    let (idle, busy, subscriber) = (node.connect(), node.connect(), node.connect());
    answer(&mut node, subscriber, "SUBSCRIBE c");
    for conn in [idle, busy] {
        assert_eq!(answer(&mut node, conn, "PING"), "+PONG");
    }
    for _ in 0..4 {
        node.advance(Duration::from_secs(4));
        assert_eq!(answer(&mut node, busy, "PING"), "+PONG");
    }
    assert!(node.is_closed(idle) && !node.is_closed(busy) && !node.is_closed(subscriber));
    assert!(logged(&node, "Closing idle client"));
}

#[test]
fn without_a_timeout_nobody_is_idle() {
    let mut node = node(&[]);
    let idle = node.connect();
    node.advance(Duration::from_secs(100_000));
    assert_eq!(answer(&mut node, idle, "PING"), "+PONG");
}

/// A subscriber that does not read, in a node with this limit, and a publisher.
fn deaf_subscriber(limit: &str) -> (Loopback, usize, usize) {
    let mut node = node(&["--client-output-buffer-limit", limit]);
    let (deaf, publisher) = (node.connect(), node.connect());
    answer(&mut node, deaf, "SUBSCRIBE c");
    node.window(deaf, 0);
    (node, deaf, publisher)
}

fn publish(node: &mut Loopback, publisher: usize, bytes: usize) {
    answer(node, publisher, &format!("PUBLISH c {}", "x".repeat(bytes)));
}

#[test]
fn the_hard_limit_of_pubsub_closes_at_once() {
    let (mut node, deaf, publisher) = deaf_subscriber("pubsub 100000 0 0");
    for _ in 0..9 {
        publish(&mut node, publisher, 10_000);
        assert!(!node.is_closed(deaf));
    }
    for _ in 0..2 {
        publish(&mut node, publisher, 10_000);
    }
    assert!(node.is_closed(deaf));
    assert!(logged(&node, "closed for overcoming of output buffer limits"));
    assert_eq!(answer(&mut node, publisher, "PUBLISH c x"), ":0");
}

#[test]
fn the_soft_limit_of_pubsub_closes_after_its_time() {
    let (mut node, deaf, publisher) = deaf_subscriber("pubsub 0 50000 10");
    publish(&mut node, publisher, 60_000);
    node.advance(Duration::from_secs(8));
    assert!(!node.is_closed(deaf), "the soft limit has a time");
    node.advance(Duration::from_secs(4));
    assert!(node.is_closed(deaf));
    assert!(logged(&node, "closed for overcoming of output buffer limits"));
}

#[test]
fn below_the_soft_limit_the_time_begins_anew() {
    let (mut node, deaf, publisher) = deaf_subscriber("pubsub 0 50000 10");
    for _ in 0..4 {
        publish(&mut node, publisher, 60_000);
        node.advance(Duration::from_secs(7));
        // It reads everything for once.
        node.window(deaf, usize::MAX);
        node.settle();
        node.take(deaf);
        node.window(deaf, 0);
    }
    assert!(!node.is_closed(deaf));
}

/// A node with clients of every kind: the one that kills, two normal ones, a subscriber, a replica.
fn company() -> (Loopback, [usize; 5]) {
    let mut node = node(&[]);
    let conns =
        ["127.0.0.1", "10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"].map(|ip| node.connect_from(ip, true));
    node.settle();
    answer(&mut node, conns[3], "SUBSCRIBE c");
    ask(&mut node, conns[4], "PSYNC ? -1");
    (node, conns)
}

/// Every filter of CLIENT KILL takes those whom it names and nobody else; filters together take whom all of them name.
#[test]
fn client_kill_takes_whom_its_filters_name() {
    for (filters, gone) in [
        ("ID {1}", &[1][..]),
        ("ID {0}", &[]),
        ("ID {0} SKIPME no", &[0]),
        ("ADDR {addr 2}", &[2]),
        ("LADDR 127.0.0.1:6379", &[1, 2, 3, 4]),
        ("LADDR 127.0.0.1:6379 SKIPME NO", &[0, 1, 2, 3, 4]),
        ("TYPE normal", &[1, 2]),
        ("TYPE pubsub", &[3]),
        ("TYPE replica", &[4]),
        ("TYPE slave SKIPME yes", &[4]),
        ("TYPE master", &[]),
        ("USER default", &[1, 2, 3, 4]),
        ("USER default TYPE pubsub", &[3]),
        ("ID {1} TYPE pubsub", &[]),
        ("ADDR {addr 1} LADDR 127.0.0.1:6379 ID {1}", &[1]),
    ] {
        let (mut node, conns) = company();
        let mut line = format!("CLIENT KILL {filters}");
        for (n, conn) in conns.iter().enumerate() {
            let info = if n < 3 { answer(&mut node, *conn, "CLIENT INFO") } else { String::new() };
            let field = |name: &str| {
                info.split(['"', ' ']).find_map(|word| word.strip_prefix(name)).unwrap_or_default().to_owned()
            };
            line = line.replace(&format!("{{{n}}}"), &field("id="));
            line = line.replace(&format!("{{addr {n}}}"), &field("addr="));
        }
        assert_eq!(answer(&mut node, conns[0], &line), format!(":{}", gone.len()), "{line}");
        let closed: Vec<usize> = (0..5).filter(|n| node.is_closed(conns[*n])).collect();
        assert_eq!(closed, gone, "{line}");
    }
    // The old form names an address, and that of the one who asks is no exception.
    let (mut node, conns) = company();
    let info = answer(&mut node, conns[0], "CLIENT INFO");
    let own = info.split(' ').find_map(|word| word.strip_prefix("addr=")).unwrap().to_owned();
    assert_eq!(answer(&mut node, conns[0], &format!("CLIENT KILL {own}")), "+OK");
    assert!(node.is_closed(conns[0]));
}

/// INFO counts who waits, and for how many keys.
#[test]
fn info_counts_what_clients_wait_for() {
    let mut node = node(&[]);
    let conns = [0; 5].map(|_| node.connect());
    answer(&mut node, conns[0], "XGROUP CREATE s g 0 MKSTREAM");
    answer(&mut node, conns[1], "BLPOP a b 0");
    answer(&mut node, conns[2], "BLPOP a 5");
    answer(&mut node, conns[3], "XREADGROUP GROUP g w BLOCK 0 STREAMS s >");
    answer(&mut node, conns[4], "WAIT 1 0");
    let mut counts = |expected: [u64; 4]| {
        let text = answer(&mut node, conns[0], "INFO clients");
        let names = [
            "blocked_clients",
            "clients_in_timeout_table",
            "total_blocking_keys",
            "total_blocking_keys_on_nokey",
        ];
        for (name, count) in names.iter().zip(expected) {
            assert!(text.contains(&format!(" {name}:{count}\\r")), "{name} is not {count}: {text}");
        }
        answer(&mut node, conns[0], "RPUSH a 1 2");
    };
    counts([4, 1, 3, 1]);
    counts([2, 0, 1, 1]);
}

/// The limits of one class are not those of another.
#[test]
fn the_limits_of_pubsub_concern_no_normal_client() {
    let mut node = node(&["--client-output-buffer-limit", "pubsub 1000 0 0"]);
    let (deaf, other) = (node.connect(), node.connect());
    answer(&mut node, other, &format!("SET big {}", "x".repeat(10_000)));
    node.window(deaf, 0);
    node.send(deaf, b"GET big\r\n");
    node.settle();
    assert!(!node.is_closed(deaf));
}

#[test]
fn the_query_buffer_has_a_limit() {
    let mut node = node(&["--client-query-buffer-limit", "1mb"]);
    let (greedy, other) = (node.connect(), node.connect());
    // One argument after another, none of them too long, and never a whole request.
    node.send(greedy, b"*100\r\n");
    for _ in 0..30 {
        node.send(greedy, format!("$50000\r\n{}\r\n", "x".repeat(50_000)).as_bytes());
        node.settle();
    }
    assert!(node.is_closed(greedy));
    assert!(node.take(greedy).is_empty());
    assert!(
        node.world.log.iter().any(|(level, line)| *level == LogLevel::Warning
            && line.contains("Closing client that reached max query buffer length")),
        "{:?}",
        node.world.log
    );
    assert_eq!(answer(&mut node, other, "PING"), "+PONG");
}

/// A huge reply leaves in pieces of 64 KiB, one for each turn, and others are served in between.
#[test]
fn a_huge_reply_starves_nobody() {
    let mut node = node(&[]);
    let (hungry, other) = (node.connect(), node.connect());
    answer(&mut node, other, &format!("SET big {}", "x".repeat(1_000_000)));
    node.send(hungry, b"GET big\r\n");
    let mut heard = 0;
    let mut turns = 0;
    while heard < 1_000_000 {
        node.send(other, b"PING\r\n");
        node.turn();
        let piece = node.take(hungry).len();
        assert!(piece <= 64 * 1024, "{piece} bytes in one turn");
        let pong = node.take(other);
        assert!(turns < 2 || pong == b"+PONG\r\n", "turn {turns}: {}", escape(&pong));
        heard += piece;
        turns += 1;
        assert!(turns < 100, "{heard} bytes after {turns} turns");
    }
    assert!(turns >= 16);
}

fn stream(address: impl Into<SocketAddr>) -> TcpStream {
    let stream = TcpStream::connect(address.into()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

fn pong(mut stream: impl std::io::Read + std::io::Write) -> bool {
    let mut reply = [0; 7];
    stream.write_all(b"PING\r\n").is_ok() && stream.read_exact(&mut reply).is_ok() && &reply == b"+PONG\r\n"
}

#[test]
fn several_addresses_and_optional_ones() {
    let bind = ["--bind", "127.0.0.1 127.0.0.2 -203.0.113.9 -2001:db8::9"].map(str::to_owned);
    let server = Server::norn(&bind);
    let port = server.address.port();
    for last in [1, 2] {
        assert!(pong(stream(([127, 0, 0, last], port))), "127.0.0.{last}");
    }
    assert!(TcpStream::connect(SocketAddr::from(([127, 0, 0, 3], port))).is_err());
}

#[test]
fn ipv6_is_served_where_there_is_one() {
    let server = Server::norn(&["--bind", "127.0.0.1 -::1"].map(str::to_owned));
    let port = server.address.port();
    if std::net::TcpListener::bind("[::1]:0").is_err() {
        eprintln!("SKIPPED connections::ipv6_is_served_where_there_is_one: this machine has no IPv6");
        return;
    }
    assert!(pong(stream((std::net::Ipv6Addr::LOCALHOST, port))));
}

#[test]
fn an_address_that_is_missing_and_not_optional_ends_the_start() {
    let port = free_port().to_string();
    let output = norn_exits(&["--port", &port, "--bind", "127.0.0.1 203.0.113.9"], &Dir::new());
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        said.contains(&format!("Could not create server TCP listening socket 203.0.113.9:{port}")),
        "{said}"
    );
    assert!(said.contains("Failed listening on port"), "{said}");
}

#[test]
fn a_unix_socket_has_the_permissions_it_was_given() {
    let server = Server::norn(&["--unixsocket", "norn.sock", "--unixsocketperm", "700"].map(str::to_owned));
    let path = server.dir().join("norn.sock");
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    let stream = UnixStream::connect(&path).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    assert!(pong(stream));
}

#[test]
fn one_client_too_many_is_told_over_a_socket() {
    let server = Server::norn(&["--maxclients", "2"].map(str::to_owned));
    // The look that found the server listening may not be gone yet.
    let mut kept = Vec::new();
    let refused = loop {
        let mut stream = stream(server.address);
        if pong(&mut stream) {
            kept.push(stream);
            assert!(kept.len() <= 2);
            continue;
        }
        let mut stream = TcpStream::connect(server.address).unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        if kept.len() == 2 {
            break text;
        }
    };
    assert_eq!(refused, "-ERR max number of clients reached\r\n");
    assert!(kept.iter_mut().all(pong));
}

/// A million pipelined requests whose replies nobody reads: bounded by the replies alone, or by the limit.
#[test]
fn a_million_unread_replies_are_held_or_cut_off() {
    let server = Server::norn(&[]);
    let before = server.resident();
    let mut deaf = stream(server.address);
    let requests = b"PING\r\n".repeat(10_000);
    for _ in 0..100 {
        deaf.write_all(&requests).unwrap();
    }
    let mut tcp = server.tcp();
    let other = tcp.connect();
    assert_eq!(answer(&mut tcp, other, "PING"), "+PONG");
    assert!(server.resident() < before + (64 << 20), "{before} -> {}", server.resident());
    // Nothing of it is lost.
    let mut replies = vec![0; 7_000_000];
    deaf.read_exact(&mut replies).unwrap();
    assert!(replies.chunks(7).all(|reply| reply == b"+PONG\r\n"));
    answer(&mut tcp, other, "CONFIG SET client-output-buffer-limit \"normal 1mb 0 0\"");
    let mut greedy = stream(server.address);
    answer(&mut tcp, other, &format!("SET big {}", "x".repeat(100_000)));
    // The server closes in the middle, so writing may fail.
    let _ = greedy.write_all(&b"GET big\r\n".repeat(10_000));
    let end = std::time::Instant::now() + PATIENCE;
    while !server.log().contains("closed for overcoming of output buffer limits") {
        assert!(std::time::Instant::now() < end, "{}", server.log());
        assert_eq!(answer(&mut tcp, other, "PING"), "+PONG");
    }
}

//! Whole servers behind real sockets: what the event loop promises, seen from outside.

use norn_core::config::Config;
use norn_core::contract::LogLevel;
use norn_runtime::log::{Log, LogTo};
use norn_runtime::server::{Handle, Options, Server};
use norn_runtime::settings::Settings;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::time::Duration;

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("bind");
    listener.local_addr().expect("address").port()
}

fn silent() -> Log {
    Log::open(LogTo::Nowhere, LogLevel::Nothing).expect("log")
}

fn options(config: Config) -> Options {
    let settings = Settings::of(&config).expect("settings");
    Options::new(config, settings)
}

fn start(change: impl FnOnce(&mut Config)) -> Handle {
    let mut config = Config { port: free_port().into(), bind: vec!["127.0.0.1".into()], ..Config::default() };
    // Nothing is saved where the tests happen to run.
    config.save.clear();
    config.dbfilename = format!("none-{}.rdb", config.port).into();
    change(&mut config);
    Server::start(options(config), silent()).expect("the server starts")
}

fn connect(server: &Handle) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", server.port())).expect("connect");
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("timeout");
    stream.set_nodelay(true).expect("nodelay");
    stream
}

/// Sends and expects exactly these bytes back.
fn exchange(stream: &mut TcpStream, request: &[u8], reply: &[u8]) {
    stream.write_all(request).expect("write");
    let mut found = vec![0; reply.len()];
    stream.read_exact(&mut found).expect("a reply");
    assert_eq!(String::from_utf8_lossy(&found), String::from_utf8_lossy(reply));
}

fn rest(mut stream: impl std::io::Read) -> Vec<u8> {
    let mut all = Vec::new();
    stream.read_to_end(&mut all).expect("the end");
    all
}

#[test]
fn a_request_is_answered_and_a_stop_ends_with_code_0() {
    let server = start(|_| {});
    let mut client = connect(&server);
    exchange(&mut client, b"PING\r\n", b"+PONG\r\n");
    exchange(&mut client, b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n", b"+OK\r\n");
    exchange(&mut client, b"*2\r\n$3\r\nGET\r\n$1\r\nk\r\n", b"$1\r\nv\r\n");
    assert_eq!(server.stop(), 0);
    assert!(rest(client).is_empty());
}

#[test]
fn a_request_in_single_bytes_is_one_request() {
    let server = start(|_| {});
    let mut client = connect(&server);
    for byte in b"*2\r\n$4\r\nECHO\r\n$5\r\nhello\r\n" {
        client.write_all(&[*byte]).expect("write");
        std::thread::sleep(Duration::from_millis(1));
    }
    exchange(&mut client, b"", b"$5\r\nhello\r\n");
    assert_eq!(server.stop(), 0);
}

#[test]
fn a_half_closed_client_gets_its_replies() {
    let server = start(|_| {});
    let mut client = connect(&server);
    client.write_all(&b"PING\r\n".repeat(50_000)).expect("write");
    client.shutdown(Shutdown::Write).expect("shutdown");
    let replies = rest(client);
    // The end of the input may close the connection before the last replies are written, as in Redis; what arrives
    // must be whole replies in order.
    assert!(!replies.is_empty() && b"+PONG\r\n".repeat(50_000).starts_with(&replies));
    assert_eq!(server.stop(), 0);
}

#[test]
fn a_slow_reader_of_huge_replies_loses_nothing_and_starves_nobody() {
    let server = start(|_| {});
    let value: Vec<u8> = (0..=255_u8).cycle().take(3_000_000).collect();
    let mut slow = connect(&server);
    let mut set = format!("*3\r\n$3\r\nSET\r\n$3\r\nbig\r\n${}\r\n", value.len()).into_bytes();
    set.extend_from_slice(&value);
    set.extend_from_slice(b"\r\n");
    exchange(&mut slow, &set, b"+OK\r\n");
    slow.write_all(&b"*2\r\n$3\r\nGET\r\n$3\r\nbig\r\n".repeat(20)).expect("write");
    let mut quick = connect(&server);
    for _ in 0..200 {
        exchange(&mut quick, b"PING\r\n", b"+PONG\r\n");
    }
    let head = format!("${}\r\n", value.len());
    for _ in 0..20 {
        let mut reply = vec![0; head.len() + value.len() + 2];
        slow.read_exact(&mut reply).expect("a reply");
        assert!(reply.starts_with(head.as_bytes()) && reply[head.len()..].starts_with(&value));
    }
    assert_eq!(server.stop(), 0);
}

#[test]
fn many_clients_pipelining_at_once_each_get_their_own_replies() {
    let server = start(|_| {});
    let port = server.port();
    let clients: Vec<_> = (0..16)
        .map(|client| {
            std::thread::spawn(move || {
                let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("connect");
                let mut replies = BufReader::new(stream.try_clone().expect("clone"));
                for round in 0..200 {
                    let words: Vec<String> = (0..32).map(|n| format!("{client}-{round}-{n}")).collect();
                    let request: String = words.iter().map(|word| format!("ECHO {word}\r\n")).collect();
                    stream.write_all(request.as_bytes()).expect("write");
                    for word in words {
                        let mut lines = (String::new(), String::new());
                        replies.read_line(&mut lines.0).expect("length");
                        replies.read_line(&mut lines.1).expect("text");
                        assert_eq!(lines.1.trim_end(), word);
                    }
                }
            })
        })
        .collect();
    for client in clients {
        client.join().expect("client");
    }
    assert_eq!(server.stop(), 0);
}

#[test]
fn connections_come_and_go() {
    let server = start(|_| {});
    for round in 0..20 {
        let mut clients: Vec<TcpStream> = (0..50).map(|_| connect(&server)).collect();
        for client in &mut clients {
            exchange(client, b"PING\r\n", b"+PONG\r\n");
        }
        for (n, client) in clients.into_iter().enumerate() {
            if (n + round) % 3 == 0 {
                // With unread replies and a linger of zero, the peer sees a reset.
                socket2::SockRef::from(&client).set_linger(Some(Duration::ZERO)).expect("linger");
            }
        }
    }
    exchange(&mut connect(&server), b"PING\r\n", b"+PONG\r\n");
    assert_eq!(server.stop(), 0);
}

#[test]
fn quit_is_answered_before_the_connection_closes() {
    let server = start(|_| {});
    let mut client = connect(&server);
    client.write_all(b"QUIT\r\n").expect("write");
    assert_eq!(rest(client), b"+OK\r\n");
    assert_eq!(server.stop(), 0);
}

#[test]
fn a_unix_socket_serves_and_is_removed_at_the_end() {
    let path = std::env::temp_dir().join(format!("norn-server-{}.sock", std::process::id()));
    let server = start(|config| config.unixsocket = path.to_str().expect("UTF-8").into());
    let mut client = UnixStream::connect(&path).expect("connect");
    client.set_read_timeout(Some(Duration::from_secs(20))).expect("timeout");
    client.write_all(b"PING\r\nQUIT\r\n").expect("write");
    assert_eq!(rest(&client), b"+PONG\r\n+OK\r\n");
    assert_eq!(server.stop(), 0);
    assert!(!path.exists());
}

#[test]
fn a_port_in_use_ends_the_server_with_code_1() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("bind");
    let port = taken.local_addr().expect("address").port();
    let path = std::env::temp_dir().join(format!("norn-in-use-{}.log", std::process::id()));
    let log = Log::open(LogTo::File(path.clone()), LogLevel::Notice).expect("log");
    let config = Config { port: port.into(), bind: vec!["127.0.0.1".into()], ..Config::default() };
    let server = Server::start(options(config), log).expect("made");
    assert_eq!(server.wait(), 1);
    let text = std::fs::read_to_string(&path).expect("log");
    std::fs::remove_file(&path).expect("removed");
    let socket = format!(
        "Could not create server TCP listening socket 127.0.0.1:{port}: bind: Address already in use"
    );
    assert!(text.contains(&socket), "{text}");
    assert!(text.contains(&format!("Failed listening on port {port} (tcp), aborting.")), "{text}");
    assert!(!text.contains("Server initialized"), "{text}");
}

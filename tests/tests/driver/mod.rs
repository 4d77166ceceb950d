//! The contract: one script through every driver gives the same bytes.

use crate::commands::FAMILIES;
use norn_tests::compare::difference;
use norn_tests::loopback::{Loopback, START};
use norn_tests::process::Server;
use norn_tests::script::{Script, Step, StepAction};
use norn_tests::target::{Target, answer};
use std::fmt::Write as _;

/// Scripts of the families say the same through the loopback driver and through sockets.
#[test]
fn sockets_and_loopback_agree() {
    let mut wrong = String::new();
    for (family, scripts) in FAMILIES {
        for (name, text) in *scripts {
            let script = Script::parse(text);
            if crate::commands::pending(&script).is_some() || in_wall_time(&script) {
                continue;
            }
            for &protocol in &script.protocols {
                let server = Server::norn(&script.server);
                let sockets = script.run(&mut server.tcp(), protocol);
                let loopback = script.run(&mut Loopback::with_args(&script.server, START), protocol);
                for (i, step) in script.steps.iter().enumerate().filter(|(_, step)| !tells_the_driver(step)) {
                    let rule = norn_tests::script::Rule { differs: None, ..step.rule.clone() };
                    if let Some(how) = difference(&sockets.heard[i], &loopback.heard[i], &rule) {
                        let _ = writeln!(wrong, "{family}::{name} {protocol:?}: {}\n  {how}", step.line);
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "the runtime is \"one\", the loopback is \"other\":\n{wrong}");
}

/// Replies that show the driver rather than the node: its listeners, the synchronising PINGs of this test.
fn tells_the_driver(step: &Step) -> bool {
    step.line.starts_with("> INFO") || step.line.starts_with("> SLOWLOG")
}

/// Scripts in which time passes would make this test slow and say little more.
fn in_wall_time(script: &Script) -> bool {
    script.steps.iter().any(|step| matches!(step.action, StepAction::Advance(_)))
}

#[test]
fn sigterm_ends_in_order() {
    let mut server = Server::norn(&[]);
    let mut tcp = server.tcp();
    let conn = tcp.connect();
    assert_eq!(answer(&mut tcp, conn, "SET a 1"), "+OK");
    server.terminate();
    assert_eq!(server.wait(), Some(0), "{}", server.log());
}

#[test]
fn shutdown_ends_in_order() {
    let mut server = Server::norn(&[]);
    let mut tcp = server.tcp();
    let conn = tcp.connect();
    tcp.send(conn, b"SHUTDOWN NOSAVE\r\n");
    assert_eq!(server.wait(), Some(0), "{}", server.log());
    tcp.settle();
    assert!(tcp.is_closed(conn));
}

/// A reader that does not read holds up nobody else, and gets everything in order when it does read.
#[test]
fn a_slow_reader_gets_everything() {
    let server = Server::norn(&[]);
    let mut tcp = server.tcp();
    let (slow, other) = (tcp.connect(), tcp.connect());
    assert_eq!(answer(&mut tcp, other, &format!("SET big {}", "x".repeat(100_000))), "+OK");
    let mut stream = std::net::TcpStream::connect(server.address).unwrap();
    std::io::Write::write_all(&mut stream, &b"GET big\r\n".repeat(200)).unwrap();
    assert_eq!(answer(&mut tcp, other, "PING"), "+PONG");
    assert_eq!(answer(&mut tcp, slow, "PING"), "+PONG");
    let mut got = vec![0; 200 * (100_000 + "$100000\r\n\r\n".len())];
    stream.set_read_timeout(Some(norn_tests::tcp::PATIENCE)).unwrap();
    std::io::Read::read_exact(&mut stream, &mut got).unwrap();
    assert!(got.starts_with(b"$100000\r\nxxx") && got.ends_with(b"x\r\n"));
}

#[test]
fn ten_thousand_idle_sockets_are_cheap() {
    let server = Server::norn(&[]);
    let mut tcp = server.tcp();
    let one = tcp.connect();
    assert_eq!(answer(&mut tcp, one, "PING"), "+PONG");
    let before = server.resident();
    let mut idle = Vec::new();
    while idle.len() < 9_900 {
        // The process's own limit may be lower; then as many as it allows.
        match std::net::TcpStream::connect(server.address) {
            Ok(stream) => idle.push(stream),
            Err(_) => break,
        }
    }
    assert_eq!(answer(&mut tcp, one, "PING"), "+PONG");
    let each = server.resident().saturating_sub(before) / idle.len().max(1) as u64;
    assert!(idle.len() > 500, "only {} sockets", idle.len());
    assert!(each < 4_096, "{each} bytes for each of {} idle sockets", idle.len());
}

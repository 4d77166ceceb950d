//! The contract: one script through every driver gives the same bytes.

use crate::commands::FAMILIES;
use norn_tests::compare::difference;
use norn_tests::loopback::{Loopback, START};
use norn_tests::process::Server;
use norn_tests::script::{Protocol, Script, Session, Step, StepAction};
use norn_tests::simulated::Simulated;
use norn_tests::target::{Target, answer};
use std::fmt::Write as _;

/// Scripts of the families say the same through sockets and the runtime as through the loopback driver.
#[test]
fn sockets_and_loopback_agree() {
    agree_with_loopback("the runtime", |script, protocol, _| {
        if in_wall_time(script) {
            return None;
        }
        let server = Server::norn(&script.server);
        Some(script.run(&mut server.tcp(), protocol))
    });
}

/// The same scripts say the same through the simulator's driver, however it cuts reads and writes.
#[test]
fn simulator_and_loopback_agree() {
    agree_with_loopback("the simulator", |script, protocol, seed| {
        // Simulated streams take time: what ends by its own time-out may end a step later.
        let times_out = script.steps.iter().any(|step| step.line.contains(" 0.05 "));
        (!times_out).then(|| script.run(&mut Simulated::with_args(&script.server, seed), protocol))
    });
}

/// Runs every script through a driver, unless that declines, and compares each reply with the loopback driver's.
fn agree_with_loopback(name: &str, run: impl Fn(&Script, Protocol, u64) -> Option<Session>) {
    let (mut wrong, mut seed, mut compared) = (String::new(), 0, 0);
    for (family, scripts) in FAMILIES {
        for (title, text) in *scripts {
            let script = Script::parse(text);
            if crate::commands::pending(&script).is_some() {
                continue;
            }
            for &protocol in &script.protocols {
                seed += 1;
                let Some(one) = run(&script, protocol, seed) else { continue };
                compared += 1;
                let loopback = script.run(&mut Loopback::with_args(&script.server, START), protocol);
                for (i, step) in script.steps.iter().enumerate().filter(|(_, step)| !tells_the_driver(step)) {
                    let rule = norn_tests::script::Rule { differs: None, ..step.rule.clone() };
                    if let Some(how) = difference(&one.heard[i], &loopback.heard[i], &rule) {
                        let _ =
                            writeln!(wrong, "{family}::{title} {protocol:?} {seed}: {}\n  {how}", step.line);
                    }
                }
            }
        }
    }
    assert!(compared > 100, "only {compared} scripts were compared");
    assert!(wrong.is_empty(), "{name} is \"one\", the loopback is \"other\":\n{wrong}");
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

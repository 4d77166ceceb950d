//! What list commands put into the stream, and waiting clients when the role changes.

use super::world::{Client, World};

/// A node, a client of it, and a replica played by the test that is online and has taken everything so far.
fn recorded() -> (World, Client, Client) {
    let mut w = World::new(1, |_, _| {});
    let r = w.client(0);
    w.line(r, "REPLCONF capa eof capa psync2");
    w.send(r, &["PSYNC", "?", "-1"]);
    w.pass_ms(10);
    w.take(r);
    let c = w.client(0);
    w.line(r, "REPLCONF ACK 0");
    w.line(c, "SET start 1");
    w.take(r);
    (w, c, r)
}

/// The commands in a piece of the stream, one a line.
fn commands(stream: &str) -> Vec<String> {
    let mut lines = stream.split("\r\n");
    let mut commands = Vec::new();
    while let Some(n) = lines.next().and_then(|line| line.strip_prefix('*')) {
        let words: Vec<_> = (0..n.parse().unwrap()).map(|_| lines.nth(1).unwrap()).collect();
        commands.push(words.join(" "));
    }
    commands
}

#[test]
fn effects_are_propagated() {
    let (mut w, c, r) = recorded();
    let cases: &[(&str, &[&str])] = &[
        ("RPUSH l 1 2 3 4 5 6 7 8", &["RPUSH l 1 2 3 4 5 6 7 8"]),
        ("BLPOP none l 0", &["LPOP l"]),
        ("BRPOP l 0", &["RPOP l"]),
        ("LMPOP 2 none l LEFT COUNT 2", &["LPOP l 2"]),
        ("BLMPOP 0 1 l RIGHT COUNT 1", &["RPOP l 1"]),
        ("BLMOVE l m LEFT RIGHT 0", &["LMOVE l m LEFT RIGHT"]),
        ("BRPOPLPUSH l m 0", &["RPOPLPUSH l m"]),
        ("LMOVE l m LEFT LEFT", &["LMOVE l m LEFT LEFT"]),
        ("LPOP l", &[]),
        ("LREM m 0 nosuch", &[]),
        ("LTRIM m 0 -1", &[]),
        ("LTRIM m 1 1", &["LTRIM m 1 1"]),
        ("LPUSHX none 1", &[]),
        ("LPOP m 0", &[]),
        ("LMPOP 1 m LEFT COUNT 100", &["LPOP m 1"]),
        ("LINSERT m BEFORE a b", &[]),
    ];
    for (line, propagated) in cases {
        assert!(!w.line(c, line).is_empty(), "{line} waits");
        assert_eq!(commands(&w.take(r)), *propagated, "{line}");
    }
}

#[test]
fn a_served_client_follows_what_fed_it() {
    let (mut w, c, r) = recorded();
    let (a, b) = (w.client(0), w.client(0));
    w.line(a, "BLMOVE l m LEFT RIGHT 0");
    w.line(b, "BRPOP m 0");
    w.line(c, "RPUSH l x y");
    assert_eq!(commands(&w.take(r)), ["RPUSH l x y", "LMOVE l m LEFT RIGHT", "RPOP m"]);
    assert_eq!((w.take(a), w.take(b)), ("$1\r\nx\r\n".into(), "*2\r\n$1\r\nm\r\n$1\r\nx\r\n".into()));
    w.line(a, "BLMPOP 0 1 n LEFT COUNT 3");
    w.line(c, "MULTI");
    w.line(c, "RPUSH n 1");
    w.line(c, "RPUSH n 2 3 4");
    w.line(c, "EXEC");
    let stream = commands(&w.take(r));
    assert_eq!(stream, ["MULTI", "RPUSH n 1", "RPUSH n 2 3 4", "EXEC", "LPOP n 3"]);
    assert!(!w.take(a).is_empty());
}

#[test]
fn waiting_for_keys_ends_with_the_role() {
    let mut w = World::new(2, |_, _| {});
    let (a, b, c) = (w.client(0), w.client(0), w.client(0));
    w.line(a, "BLPOP k 0");
    w.line(b, "BLMOVE k l LEFT LEFT 100");
    assert_eq!(w.nodes[0].server().blocked_keys.counts(), (1, 0));
    w.line(c, "REPLICAOF n1 6379");
    for client in [a, b] {
        let told = w.take(client);
        assert!(told.starts_with("-UNBLOCKED force unblock from blocking operation"), "{told}");
        assert!(w.is_closed(client));
    }
    assert_eq!(w.nodes[0].server().blocked_keys.counts(), (0, 0));
}

#[test]
fn unblocking_one_client() {
    let mut w = World::new(1, |_, _| {});
    let (a, b, c) = (w.client(0), w.client(0), w.client(0));
    let id = |w: &mut World, client| w.line(client, "CLIENT ID").trim_matches([':', '\r', '\n']).to_owned();
    let (first, second) = (id(&mut w, a), id(&mut w, b));
    w.line(a, "BLPOP k 0");
    w.line(b, "BLPOP other k 0");
    assert_eq!(w.nodes[0].server().blocked_keys.counts(), (2, 0));
    assert_eq!(w.line(c, &format!("CLIENT UNBLOCK {first}")), ":1\r\n");
    assert_eq!(w.line(c, &format!("CLIENT UNBLOCK {first}")), ":0\r\n");
    assert_eq!(w.line(c, &format!("CLIENT UNBLOCK {second} ERROR")), ":1\r\n");
    assert_eq!(w.take(a), "*-1\r\n");
    assert_eq!(w.take(b), "-UNBLOCKED client unblocked via CLIENT UNBLOCK\r\n");
    assert_eq!(w.nodes[0].server().blocked_keys.counts(), (0, 0));
    w.line(c, "RPUSH k 1 2");
    assert_eq!(w.line(a, "LLEN k"), ":2\r\n");
}

#[test]
fn lists_come_through_a_full_synchronisation() {
    let mut w = World::new(2, |_, _| {});
    let c = w.client(0);
    for n in 0..3_000 {
        w.send(c, &["RPUSH", "long", &format!("{}", n * 7919 % 40_000), "text", &"y".repeat(n % 50)]);
    }
    w.send(c, &["LPUSH", "large", &"z".repeat(20_000), "small"]);
    w.line(c, "RPUSH short a -1 12345678901234567890");
    let r = w.client(1);
    w.line(r, "REPLICAOF n0 6379");
    w.pass_ms(500);
    super::assert_same(&w, 0, 1);
    assert_eq!(w.line(r, "OBJECT ENCODING short"), "$8\r\nlistpack\r\n");
    assert_eq!(w.line(r, "OBJECT ENCODING long"), "$9\r\nquicklist\r\n");
    assert_eq!(w.line(r, "LRANGE short 1 -1"), "*2\r\n$2\r\n-1\r\n$20\r\n12345678901234567890\r\n");
}

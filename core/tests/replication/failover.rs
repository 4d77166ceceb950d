//! FAILOVER: a master hands its part to a replica.

use super::world::World;
use super::{assert_same, follow};

fn state(w: &mut World, client: super::Client) -> String {
    let info = w.call(client, &["INFO", "replication"]);
    let word = |name: &str| {
        let line = info.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        line.rsplit(':').next().unwrap_or_default().to_owned()
    };
    format!("{} {}", word("role"), word("master_failover_state"))
}

/// A master with two replicas that have everything.
fn three() -> (World, super::Client) {
    let mut w = World::new(3, |n, config| config.replica_announce_ip = format!("n{n}").into());
    follow(&mut w, 1, 0);
    follow(&mut w, 2, 0);
    let m = w.client(0);
    assert_eq!(w.line(m, "SET a 1"), "+OK\r\n");
    w.pass_ms(1500);
    (w, m)
}

#[test]
fn the_master_becomes_the_replica_of_its_heir() {
    let (mut w, m) = three();
    assert_eq!(w.line(m, "FAILOVER TO n1 6379 TIMEOUT 5000"), "+OK\r\n");
    w.pass_ms(3000);
    assert_eq!(state(&mut w, m), "slave no-failover");
    let h = w.client(1);
    assert_eq!(state(&mut w, h), "master no-failover");
    assert_eq!(w.line(h, "SET b 2"), "+OK\r\n");
    w.pass_ms(2500);
    assert_same(&w, 1, 0);
    assert!(w.line(m, "SET c 3").starts_with("-READONLY"));
    assert_eq!(w.nodes[1].server().stats.sync_full, 0, "the old master went on where it was");
}

#[test]
fn writes_wait_until_a_failover_ends() {
    let (mut w, m) = three();
    w.line(m, "SET a 2");
    w.freeze(0, 1);
    w.freeze(0, 2);
    w.line(m, "SET a 3");
    assert_eq!(w.line(m, "FAILOVER TIMEOUT 500"), "+OK\r\n");
    assert_eq!(state(&mut w, m), "master waiting-for-sync");
    let (writer, other) = (w.client(0), w.client(0));
    assert_eq!(w.line(writer, "SET a 4"), "");
    assert_eq!(w.line(other, "GET a"), "$1\r\n3\r\n");
    assert_eq!(w.line(other, "FAILOVER"), "-ERR FAILOVER already in progress.\r\n");
    assert_eq!(w.line(other, "REPLICAOF n1 6379"), "-ERR REPLICAOF not allowed while failing over.\r\n");
    assert!(w.line(other, "PSYNC ? -1").starts_with("-NOMASTERLINK Can't SYNC while failing over"));
    w.pass_ms(501);
    assert_eq!(w.take(writer), "+OK\r\n");
    assert_eq!(state(&mut w, m), "master no-failover");
    assert_eq!(w.line(other, "FAILOVER ABORT"), "-ERR No failover in progress.\r\n");
    w.line(m, "FAILOVER");
    assert_eq!(w.line(writer, "SET a 5"), "");
    assert_eq!(w.line(other, "FAILOVER ABORT"), "+OK\r\n");
    assert_eq!(w.take(writer), "+OK\r\n");
    w.thaw();
    w.pass_ms(2500);
    assert_same(&w, 0, 1);
}

#[test]
fn a_forced_failover_does_not_wait_for_what_is_missing() {
    let (mut w, m) = three();
    w.freeze(0, 1);
    w.line(m, "SET a 9");
    w.line(m, "FAILOVER TO n1 6379 FORCE TIMEOUT 300");
    w.pass_ms(301);
    assert!(state(&mut w, m).starts_with("slave"), "{:?}", w.logs);
    w.thaw();
    w.pass_ms(4000);
    assert_eq!(state(&mut w, m), "slave no-failover");
    let h = w.client(1);
    assert_eq!(state(&mut w, h), "master no-failover");
    w.pass_ms(3000);
    assert_same(&w, 1, 0);
}

#[test]
fn what_can_not_be_is_refused() {
    let (mut w, m) = three();
    for (line, answer) in [
        ("FAILOVER TO n7 6379", "-ERR FAILOVER target HOST and PORT is not a replica.\r\n"),
        ("FAILOVER TO n1 99999", "-ERR FAILOVER target HOST and PORT is not a replica.\r\n"),
        ("FAILOVER TO n1 x", "-ERR value is not an integer or out of range\r\n"),
        ("FAILOVER TIMEOUT 0", "-ERR FAILOVER timeout must be greater than 0\r\n"),
        ("FAILOVER TIMEOUT x", "-ERR value is not an integer or out of range\r\n"),
        ("FAILOVER TO n1", "-ERR syntax error\r\n"),
        ("FAILOVER ABORT TIMEOUT 5", "-ERR syntax error\r\n"),
        (
            "FAILOVER FORCE TIMEOUT 5",
            "-ERR FAILOVER with force option requires both a timeout and target HOST and IP.\r\n",
        ),
        ("PSYNC abc 1 FAILOVER", "-ERR PSYNC FAILOVER can't be sent to a master.\r\n"),
    ] {
        assert_eq!(w.line(m, line), answer, "{line}");
    }
    let r = w.client(1);
    assert_eq!(w.line(r, "FAILOVER"), "-ERR FAILOVER is not valid when server is a replica.\r\n");
    assert_eq!(w.line(r, "PSYNC abc 1 FAILOVER"), "-ERR PSYNC FAILOVER replid must match my replid.\r\n");
    let mut alone = World::new(1, |_, _| {});
    let c = alone.client(0);
    assert_eq!(alone.line(c, "FAILOVER"), "-ERR FAILOVER requires connected replicas.\r\n");
}

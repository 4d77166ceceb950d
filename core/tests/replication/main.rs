//! Replication between whole nodes.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
#![expect(unreachable_pub, reason = "one binary of several files")]

mod failover;
mod hostile;
mod lists;
#[cfg(feature = "mutants")]
mod mutants;
mod storm;
mod world;

use world::{Client, World};

/// The replica has everything its master has.
fn assert_same(w: &World, a: usize, b: usize) {
    let (x, y) = (w.view(a), w.view(b));
    assert_eq!(
        (x.offset, x.digest, x.keys, x.id),
        (y.offset, y.digest, y.keys, y.id),
        "nodes {a} and {b} differ: {x:?} {y:?} {:?}",
        w.logs
    );
}

fn figure(w: &mut World, c: Client, name: &str) -> String {
    let info = norn_info(w, c);
    let line = info.lines().find_map(|l| l.strip_prefix(&format!("{name}:")));
    line.unwrap_or_else(|| panic!("no {name} in {info}")).to_string()
}

/// The section as the node prints it.
fn norn_info(w: &mut World, c: Client) -> String {
    let _ = w.take(c);
    w.nodes[w.node_of(c)].server().replication_info()
}

fn follow(w: &mut World, replica: usize, master: usize) {
    let c = w.client(replica);
    assert_eq!(w.line(c, &format!("REPLICAOF n{master} 6379")), "+OK\r\n");
    w.pass_ms(100);
    assert!(w.view(replica).link_up, "{:?}", w.logs);
}

fn fill(w: &mut World, node: usize, n: usize) {
    let c = w.client(node);
    for i in 0..n {
        w.send(c, &["SET", &format!("key:{i}"), &format!("value-{i}-{}", "x".repeat(i % 300))]);
    }
    w.settle();
    w.take(c);
}

#[test]
fn a_full_synchronisation_under_writes() {
    for piece in [37, 5000, 1 << 20] {
        let knobs = |k: &mut norn_core::config::Knobs| k.snapshot_slice_bytes = 2000;
        let mut w = World::with_knobs(3, |_, _| {}, knobs);
        fill(&mut w, 0, 2000);
        let c = w.client(0);
        w.line(c, "SELECT 3");
        w.line(c, "SET far away EX 1000");
        w.piece = piece;
        for replica in [1, 2] {
            let r = w.client(replica);
            w.send(r, &["REPLICAOF", "n0", "6379"]);
        }
        for i in 0..300 {
            w.send(c, &["APPEND", &format!("key:{}", i * 7), "more"]);
            w.send(c, &["INCR", "counter"]);
        }
        w.pass_ms(1500);
        assert_same(&w, 0, 1);
        assert_same(&w, 0, 2);
        assert!(w.view(1).keys > 2000);
        assert_eq!(w.nodes[0].server().stats.sync_full, 2);
    }
}

#[test]
fn writes_flow_and_replicas_refuse_their_own() {
    let mut w = World::new(2, |_, _| {});
    follow(&mut w, 1, 0);
    let (m, r) = (w.client(0), w.client(1));
    w.line(m, "SET a 1");
    w.line(m, "MULTI");
    w.line(m, "INCR a");
    w.line(m, "SET b 2");
    w.line(m, "EXEC");
    assert_eq!(w.line(r, "GET a"), "$1\r\n2\r\n");
    assert_eq!(w.line(r, "SET a 1"), "-READONLY You can't write against a read only replica.\r\n");
    assert_same(&w, 0, 1);
    w.line(m, "FLUSHALL");
    assert_eq!(w.view(1).keys, 0);
    w.pass_ms(1200);
    assert_eq!(figure(&mut w, m, "connected_slaves"), "1");
    let line = figure(&mut w, m, "slave0");
    assert!(
        line.starts_with("ip=127.0.0.1,port=6379,state=online,offset=") && line.ends_with("lag=0"),
        "{line}"
    );
    assert_eq!(figure(&mut w, r, "master_link_status"), "up");
    assert_eq!(
        w.line(r, "ROLE"),
        format!("*5\r\n$5\r\nslave\r\n$2\r\nn0\r\n:6379\r\n$9\r\nconnected\r\n:{}\r\n", w.view(1).offset)
    );
}

#[test]
fn publications_reach_subscribers_of_replicas() {
    let mut w = World::new(2, |_, _| {});
    follow(&mut w, 1, 0);
    let (m, r) = (w.client(0), w.client(1));
    w.line(r, "SUBSCRIBE news");
    assert_eq!(w.line(m, "PUBLISH news hi"), ":0\r\n");
    assert_eq!(w.take(r), "*3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$2\r\nhi\r\n");
}

#[test]
fn a_cut_link_is_resumed_where_it_was() {
    let mut w = World::new(2, |_, _| {});
    fill(&mut w, 0, 50);
    follow(&mut w, 1, 0);
    let m = w.client(0);
    w.line(m, "SELECT 5");
    w.line(m, "SET in five");
    w.refusing = vec![0];
    w.cut(0, 1);
    assert!(!w.view(1).link_up || w.view(1).offset == w.view(0).offset);
    for i in 0..20 {
        w.line(m, &format!("APPEND in {i}"));
    }
    w.refusing.clear();
    w.pass_ms(3000);
    assert_same(&w, 0, 1);
    let stats = &w.nodes[0].server().stats;
    // A node that was a master tries its own history first.
    assert_eq!((stats.sync_full, stats.sync_partial_ok, stats.sync_partial_err), (1, 1, 1));
}

#[test]
fn a_link_cut_inside_a_transaction_leaves_none_of_it() {
    let mut w = World::new(2, |_, _| {});
    follow(&mut w, 1, 0);
    let m = w.client(0);
    w.line(m, "SET a 1");
    let before = w.view(1);
    w.line(m, "MULTI");
    for i in 0..20 {
        w.line(m, &format!("SET key{i} {}", "v".repeat(100)));
    }
    // The master's bytes arrive in small pieces and not all of them.
    w.piece = 100;
    w.send(m, &["EXEC"]);
    for _ in 0..12 {
        w.step();
    }
    assert_eq!((w.view(1).offset, w.view(1).digest), (before.offset, before.digest));
    assert!(w.nodes[1].server().repl.received_offset() > before.offset);
    w.refusing = vec![0];
    w.cut(0, 1);
    w.settle();
    assert_eq!(
        (w.view(1).offset, w.nodes[1].server().repl.received_offset()),
        (before.offset, before.offset)
    );
    w.refusing.clear();
    w.pass_ms(2000);
    assert_same(&w, 0, 1);
    assert_eq!(w.nodes[0].server().stats.sync_full, 1);
}

#[test]
fn too_short_a_backlog_means_everything_again() {
    let mut w = World::new(2, |_, c| c.repl_backlog_size = 16 * 1024);
    follow(&mut w, 1, 0);
    w.refusing = vec![0];
    w.cut(0, 1);
    fill(&mut w, 0, 1000);
    w.refusing.clear();
    w.pass_ms(6000);
    assert_same(&w, 0, 1);
    let stats = &w.nodes[0].server().stats;
    assert_eq!((stats.sync_full, stats.sync_partial_ok, stats.sync_partial_err), (2, 0, 2));
    let log = w.nodes[0].server().repl.backlog.as_ref().unwrap();
    assert!(log.len() <= 32 * 1024);
}

#[test]
fn a_chain_shares_one_history() {
    let mut w = World::new(4, |_, _| {});
    fill(&mut w, 0, 100);
    follow(&mut w, 1, 0);
    let m = w.client(0);
    w.line(m, "SELECT 9");
    w.line(m, "SET nine 9");
    // Comes when database 9 is selected in the stream already.
    follow(&mut w, 2, 1);
    follow(&mut w, 3, 2);
    w.line(m, "SET ninety 90");
    w.line(m, "SELECT 0");
    w.line(m, "MULTI");
    w.line(m, "SET x 1");
    w.line(m, "SET y 1");
    w.line(m, "EXEC");
    w.pass_ms(12_000);
    for n in 1..4 {
        assert_same(&w, 0, n);
        assert_eq!(w.view(n).selected, Some(0));
    }
    // A link in the middle breaks; nobody needs everything again.
    w.cut(1, 2);
    w.line(m, "SET z 1");
    w.pass_ms(2000);
    assert_same(&w, 0, 3);
    let stats = &w.nodes[1].server().stats;
    assert_eq!((stats.sync_full, stats.sync_partial_ok), (1, 1));
}

#[test]
fn a_promoted_replica_serves_its_siblings_and_its_old_master() {
    let mut w = World::new(3, |_, _| {});
    fill(&mut w, 0, 100);
    follow(&mut w, 1, 0);
    follow(&mut w, 2, 0);
    let (m, c1) = (w.client(0), w.client(1));
    w.line(m, "SELECT 4");
    w.line(m, "SET four 4");
    let old = w.view(0);
    assert_eq!(w.line(c1, "REPLICAOF NO ONE"), "+OK\r\n");
    let new = w.view(1);
    assert_eq!((new.id2, new.second_offset, new.is_replica), (old.id, old.offset + 1, false));
    assert_ne!(new.id, old.id);
    w.line(c1, "SELECT 4");
    follow(&mut w, 2, 1);
    follow(&mut w, 0, 1);
    w.line(c1, "SET four 5");
    for n in [0, 2] {
        assert_same(&w, 1, n);
        assert_eq!(w.view(n).id2, old.id);
    }
    let stats = &w.nodes[1].server().stats;
    assert_eq!((stats.sync_full, stats.sync_partial_ok), (0, 2));
    assert_eq!(w.line(m, "SET no no"), "-READONLY You can't write against a read only replica.\r\n");
}

#[test]
fn a_master_that_wrote_on_gets_the_new_history_whole() {
    let mut w = World::new(2, |_, _| {});
    follow(&mut w, 1, 0);
    let (m, c1) = (w.client(0), w.client(1));
    w.line(c1, "REPLICAOF NO ONE");
    w.line(m, "SET lost 1");
    w.line(c1, "SET kept 1");
    follow(&mut w, 0, 1);
    assert_same(&w, 1, 0);
    assert_eq!(w.line(m, "GET lost"), "$-1\r\n");
    assert_eq!(w.nodes[1].server().stats.sync_full, 1);
}

#[test]
fn a_replica_moves_to_a_sibling_and_its_own_replica_stays_attached_or_returns() {
    let mut w = World::new(4, |_, _| {});
    follow(&mut w, 1, 0);
    follow(&mut w, 2, 0);
    follow(&mut w, 3, 2);
    let m = w.client(0);
    w.line(m, "SET a 1");
    follow(&mut w, 2, 1);
    w.line(m, "SET a 2");
    w.pass_ms(3000);
    for n in 1..4 {
        assert_same(&w, 0, n);
    }
    assert_eq!(w.nodes[1].server().stats.sync_full, 0);
    assert_eq!(w.nodes[2].server().stats.sync_full, 1);
}

#[test]
fn wait_counts_acknowledgements() {
    let mut w = World::new(3, |_, _| {});
    follow(&mut w, 1, 0);
    follow(&mut w, 2, 0);
    let m = w.client(0);
    w.line(m, "SET a 1");
    assert_eq!(w.line(m, "WAIT 2 0"), ":2\r\n");
    w.freeze(0, 2);
    w.line(m, "SET a 2");
    assert_eq!(w.line(m, "WAIT 2 500"), "");
    w.pass_ms(499);
    assert_eq!(w.take(m), "");
    w.pass_ms(2);
    assert_eq!(w.take(m), ":1\r\n");
    assert_eq!(w.line(m, "WAIT 2 0"), "");
    w.thaw();
    w.pass_ms(1500);
    assert_eq!(w.take(m), ":2\r\n");
    assert_eq!(w.line(m, "WAIT 1 x"), "-ERR timeout is not an integer or out of range\r\n");
    let r = w.client(1);
    assert!(w.line(r, "WAIT 0 0").starts_with("-ERR WAIT cannot be used with replica instances."));
}

#[test]
fn waitaof_counts_what_is_on_the_replicas_disks() {
    let mut w = World::new(2, |_, _| {});
    follow(&mut w, 1, 0);
    let (m, played) = (w.client(0), w.client(0));
    w.line(m, "SET a 1");
    w.line(played, "PSYNC ? -1");
    w.pass_ms(6000);
    w.line(played, "REPLCONF ACK 1");
    w.line(m, "SET a 2");
    assert_eq!(w.line(m, "WAITAOF 0 0 0"), "*2\r\n:0\r\n:0\r\n");
    assert_eq!(w.line(m, "WAITAOF 0 1 0"), "", "applied at one replica, but on nobody's disk");
    w.pass_ms(1500);
    assert_eq!(w.take(m), "");
    w.line(played, "REPLCONF ACK 1000000");
    assert_eq!(w.take(m), "");
    w.line(played, "REPLCONF ACK 1000000 FACK 1000000");
    assert_eq!(w.take(m), "*2\r\n:0\r\n:1\r\n");
    let r = w.client(1);
    assert!(w.line(r, "WAITAOF 0 0 0").starts_with("-ERR WAITAOF cannot be used with replica instances."));
}

#[test]
fn a_waiting_client_is_turned_away_by_a_change_of_role() {
    let mut w = World::new(2, |_, _| {});
    let (a, b) = (w.client(0), w.client(0));
    w.line(a, "WAIT 1 0");
    w.line(b, "REPLICAOF n1 6379");
    assert!(w.take(a).starts_with("-UNBLOCKED force unblock from blocking operation"));
    assert!(w.is_closed(a) && !w.is_closed(b));
}

#[test]
fn expired_keys_go_when_the_master_says_so() {
    let mut w = World::new(2, |_, _| {});
    follow(&mut w, 1, 0);
    let (m, r) = (w.client(0), w.client(1));
    w.line(m, "SET a 1 PX 1000");
    w.line(m, "SET b 1 PX 500000");
    w.pass_ms(300);
    assert_same(&w, 0, 1);
    w.freeze(0, 1);
    w.pass_ms(2000);
    assert_eq!((w.view(0).keys, w.view(1).keys), (1, 2));
    assert_eq!(w.line(r, "GET a"), "$-1\r\n");
    assert_eq!(w.view(1).keys, 2);
    w.thaw();
    w.pass_ms(100);
    assert_same(&w, 0, 1);
    assert_eq!(w.view(1).keys, 1);
}

#[test]
fn a_promoted_replica_removes_expired_keys() {
    let mut w = World::new(2, |_, _| {});
    follow(&mut w, 1, 0);
    let (m, r) = (w.client(0), w.client(1));
    w.line(m, "SET a 1 PX 1000");
    w.freeze(0, 1);
    w.pass_ms(2000);
    assert_eq!(w.view(1).keys, 1);
    w.line(r, "REPLICAOF NO ONE");
    w.pass_ms(1000);
    assert_eq!(w.view(1).keys, 0);
}

#[test]
fn too_few_good_replicas_stop_writes() {
    let mut w = World::new(2, |_, c| (c.min_replicas_to_write, c.min_replicas_max_lag) = (1, 3));
    let m = w.client(0);
    assert_eq!(w.line(m, "SET a 1"), "-NOREPLICAS Not enough good replicas to write.\r\n");
    follow(&mut w, 1, 0);
    assert_eq!(w.line(m, "SET a 1"), "+OK\r\n");
    w.freeze(0, 1);
    w.pass_ms(6000);
    assert_eq!(w.line(m, "SET a 1"), "-NOREPLICAS Not enough good replicas to write.\r\n");
    w.thaw();
    w.pass_ms(2100);
    assert_eq!(w.line(m, "SET a 1"), "+OK\r\n");
    w.cut(0, 1);
    w.refusing = vec![0];
    w.pass_ms(50);
    assert_eq!(w.line(m, "SET a 1"), "-NOREPLICAS Not enough good replicas to write.\r\n");
}

#[test]
fn a_stale_replica_answers_as_configured() {
    let mut w = World::new(2, |_, c| c.replica_serve_stale_data = false);
    let r = w.client(1);
    w.refusing = vec![0];
    w.line(r, "REPLICAOF n0 6379");
    let down = "-MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.\r\n";
    assert_eq!(w.line(r, "GET a"), down);
    assert_eq!(w.line(r, "PSYNC ? -1"), down);
    w.refusing.clear();
    w.pass_ms(3000);
    assert_eq!(w.line(r, "GET a"), "$-1\r\n");
}

#[test]
fn silence_ends_a_link_on_both_sides() {
    let mut w = World::new(2, |_, c| c.repl_timeout = 20);
    follow(&mut w, 1, 0);
    w.freeze(0, 1);
    w.pass_ms(25_000);
    assert!(
        w.logs.iter().any(|(n, l)| *n == 0 && l.contains("Disconnecting timedout replica")),
        "{:?}",
        w.logs
    );
    assert!(w.logs.iter().any(|(n, l)| *n == 1 && l.contains("MASTER timeout")), "{:?}", w.logs);
    // A new connection is not frozen.
    assert!(w.view(1).link_up);
    assert_same(&w, 0, 1);
}

#[test]
fn quiet_links_stay_up() {
    let mut w = World::new(3, |_, c| (c.repl_timeout, c.repl_ping_replica_period) = (5, 2));
    follow(&mut w, 1, 0);
    follow(&mut w, 2, 1);
    w.pass_ms(60_000);
    assert_same(&w, 0, 2);
    let syncs: u64 = (0..3).map(|n| w.nodes[n].server().stats.sync_full).sum();
    assert_eq!((syncs, w.nodes[0].server().stats.sync_partial_ok), (2, 0));
}

#[test]
fn a_backlog_without_replicas_is_freed_and_the_history_renamed() {
    let mut w = World::new(2, |_, c| c.repl_backlog_ttl = 5);
    follow(&mut w, 1, 0);
    let (id, r) = (w.view(0).id, w.client(1));
    w.line(r, "REPLICAOF NO ONE");
    w.pass_ms(4000);
    assert!(w.view(0).streaming && w.view(0).id == id);
    w.pass_ms(3000);
    assert!(!w.view(0).streaming && w.view(0).id != id);
}

#[test]
fn replicas_that_come_in_time_share_a_snapshot() {
    let mut w = World::new(3, |_, c| c.repl_diskless_sync_delay = 5);
    fill(&mut w, 0, 10);
    let (a, b) = (w.client(1), w.client(2));
    w.line(a, "REPLICAOF n0 6379");
    w.pass_ms(3000);
    w.line(b, "REPLICAOF n0 6379");
    w.pass_ms(1500);
    assert!(!w.view(1).link_up);
    w.pass_ms(1000);
    assert_same(&w, 0, 1);
    assert_same(&w, 0, 2);
    let begun = w.logs.iter().filter(|(_, l)| l.starts_with("Sending a snapshot")).count();
    assert_eq!(begun, 1);
}

#[test]
fn a_password_is_told() {
    let mut w = World::new(2, |_, c| {
        c.requirepass = "secret".into();
        c.masterauth = "secret".into();
    });
    let r = w.client(1);
    w.line(r, "AUTH secret");
    w.line(r, "REPLICAOF n0 6379");
    w.pass_ms(100);
    assert!(w.view(1).link_up, "{:?}", w.logs);
}

#[test]
fn the_directive_makes_a_replica_at_the_start() {
    let address = norn_core::config::MasterAddr { host: "n0".into(), port: 6379 };
    let mut w = World::new(2, |n, c| c.replicaof = (n == 1).then(|| address.clone()));
    fill(&mut w, 0, 10);
    w.pass_ms(2000);
    assert_same(&w, 0, 1);
    assert_eq!(w.nodes[0].server().stats.sync_partial_err, 0);
}

#[test]
fn big_values_pass() {
    let mut w = World::new(3, |_, _| {});
    follow(&mut w, 1, 0);
    let m = w.client(0);
    let big = "b".repeat(300_000);
    w.call(m, &["SET", "big", &big]);
    follow(&mut w, 2, 1);
    w.call(m, &["APPEND", "big", &big]);
    w.pass_ms(1000);
    assert_same(&w, 0, 1);
    assert_same(&w, 0, 2);
}

#[test]
fn a_replica_that_reads_too_slowly_is_closed() {
    let mut w = World::new(2, |_, c| {
        c.client_output_buffer_limit[1].hard = 200_000;
        c.repl_backlog_size = 100_000;
    });
    follow(&mut w, 1, 0);
    w.freeze(0, 1);
    fill(&mut w, 0, 4000);
    assert!(w.nodes[0].server().stats.obuf_disconnections == 1);
    assert!(w.nodes[0].server().repl.backlog.as_ref().unwrap().len() < 300_000);
    w.thaw();
    w.pass_ms(3000);
    assert_same(&w, 0, 1);
}

#[test]
fn a_snapshot_that_nobody_wants_any_more_ends() {
    let knobs = |k: &mut norn_core::config::Knobs| k.snapshot_slice_bytes = 500;
    let mut w = World::with_knobs(2, |_, _| {}, knobs);
    fill(&mut w, 0, 3000);
    let r = w.client(1);
    w.piece = 1000;
    w.send(r, &["REPLICAOF", "n0", "6379"]);
    for _ in 0..40 {
        w.step();
    }
    assert!(w.nodes[0].server().keyspace.snapshot_active());
    w.send(r, &["REPLICAOF", "NO", "ONE"]);
    w.settle();
    assert!(!w.nodes[0].server().keyspace.snapshot_active());
    assert_eq!(w.view(1).keys, 0);
    follow(&mut w, 1, 0);
    assert_same(&w, 0, 1);
}

#[test]
fn a_shutdown_waits_for_replicas() {
    let mut w = World::new(2, |_, _| {});
    follow(&mut w, 1, 0);
    let m = w.client(0);
    w.freeze(0, 1);
    w.line(m, "SET a 1");
    w.send(m, &["SHUTDOWN"]);
    w.pass_ms(300);
    assert!(!w.exited(0));
    w.thaw();
    w.settle();
    assert!(w.exited(0));
    assert_eq!(w.view(1).keys, 1);
}

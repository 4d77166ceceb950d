//! A restart without a full resynchronisation: a server's place in its history lies in its file.

use super::{Site, fill, until};
use norn_tests::process::Dir;

fn port(site: &Site) -> String {
    site.server.address.port().to_string()
}

fn linked(replica: &mut Site) {
    until("the link", || replica.info("master_link_status") == "up");
}

fn agree(master: &mut Site, replica: &mut Site) {
    until("the offset", || replica.info("slave_repl_offset") == master.info("master_repl_offset"));
    assert_eq!(master.ask("DEBUG DIGEST"), replica.ask("DEBUG DIGEST"));
}

/// A replica that was stopped goes on where it was.
fn replica_comes_back(mut master: Site, mut start: impl FnMut(&[&str]) -> Site) {
    fill(&mut master);
    let follow = format!("127.0.0.1 {}", port(&master));
    let mut replica = start(&["--replicaof", &follow, "--save", "3600 1"]);
    linked(&mut replica);
    agree(&mut master, &mut replica);
    assert_eq!(replica.shut_down("SHUTDOWN"), Some(0));
    for line in
        ["SET while away", "SELECT 7", "RPUSH l a b", "MULTI", "INCR n", "SET m 1", "EXEC", "SELECT 0"]
    {
        master.ask(line);
    }
    let full = master.info("sync_full");
    let mut replica = start(&["--replicaof", &follow, "--save", "3600 1"]).loaded();
    linked(&mut replica);
    agree(&mut master, &mut replica);
    assert_eq!(master.info("sync_full"), full, "a full resynchronisation");
    assert_eq!(master.info("sync_partial_ok"), "1");
}

#[test]
fn norn_comes_back_to_norn() {
    let dir = Dir::new();
    let of_master = Dir::new();
    replica_comes_back(Site::norn(of_master.path(), &[]), |args| Site::norn(dir.path(), args));
}

#[test]
fn norn_comes_back_to_redis() {
    let dir = Dir::new();
    let of_master = Dir::new();
    let Some(redis) = Site::redis("norn_comes_back_to_redis", of_master.path(), &[]) else { return };
    replica_comes_back(redis, |args| Site::norn(dir.path(), args));
}

#[test]
fn redis_comes_back_to_norn() {
    let dir = Dir::new();
    let of_master = Dir::new();
    if norn_tests::process::redis_server("redis_comes_back_to_norn").is_none() {
        return;
    }
    let redis = |args: &[&str]| Site::redis("redis_comes_back_to_norn", dir.path(), args).unwrap();
    replica_comes_back(Site::norn(of_master.path(), &[]), redis);
}

/// A master that was stopped in order goes on with its replicas. A key that expired meanwhile is deleted in the stream.
#[test]
fn a_master_comes_back() {
    let (of_master, of_replica) = (Dir::new(), Dir::new());
    let mut master = Site::norn(of_master.path(), &["--save", "3600 1"]);
    fill(&mut master);
    let mut replica =
        Site::norn(of_replica.path(), &["--replicaof", &format!("127.0.0.1 {}", port(&master))]);
    linked(&mut replica);
    assert_eq!(master.ask("SET brief x PX 300"), "+OK");
    agree(&mut master, &mut replica);
    assert_eq!(master.shut_down("SHUTDOWN"), Some(0));
    std::thread::sleep(std::time::Duration::from_millis(400));
    let mut master = Site::norn(of_master.path(), &["--save", "3600 1"]).loaded();
    assert_eq!(master.info("rdb_last_load_keys_expired"), "1");
    assert_eq!(replica.ask(&format!("REPLICAOF 127.0.0.1 {}", port(&master))), "+OK");
    until("the link", || {
        replica.info("master_link_status") == "up" && replica.info("master_port") == port(&master)
    });
    agree(&mut master, &mut replica);
    assert_eq!((master.info("sync_full"), master.info("sync_partial_ok")), ("0".into(), "1".into()));
    assert_eq!(master.ask("SET more 1"), "+OK");
    agree(&mut master, &mut replica);
    let replid2 = master.info("master_replid2");
    assert!(replid2 != "0".repeat(40), "{replid2}");
}

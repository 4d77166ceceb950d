//! Snapshots on real disks: files of a real Redis and for it, failures, starts, ends.
//!
//! The bytes are tested in the core, crashes in the simulator; here it is shown that the whole of it works with the runtime.

mod restart;

use norn_tests::process::{Dir, Server, norn_exits};
use norn_tests::target::{Target, answer};
use norn_tests::tcp::Tcp;
use norn_tests::words::command;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// Longest wait for something that must come true.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server whose files lie in a directory of the test, and a connection to it.
pub(crate) struct Site {
    pub(crate) server: Server,
    tcp: Tcp,
}

impl Site {
    fn args(dir: &Path, args: &[&str]) -> Vec<String> {
        let dir = dir.to_string_lossy().into_owned();
        let all = ["--dir", &dir, "--repl-diskless-sync-delay", "0"].into_iter().chain(args.iter().copied());
        all.map(ToOwned::to_owned).collect()
    }

    fn of(server: Server) -> Self {
        let mut tcp = server.tcp();
        tcp.connect();
        Self { server, tcp }
    }

    pub(crate) fn norn(dir: &Path, args: &[&str]) -> Self {
        Self::of(Server::norn(&Self::args(dir, args)))
    }

    pub(crate) fn redis(what: &str, dir: &Path, args: &[&str]) -> Option<Self> {
        Server::redis(what, &Self::args(dir, args)).map(Self::of)
    }

    pub(crate) fn ask(&mut self, line: &str) -> String {
        answer(&mut self.tcp, 0, line)
    }

    /// A field of INFO.
    pub(crate) fn info(&mut self, name: &str) -> String {
        self.tcp.send(0, &command("INFO everything"));
        self.tcp.settle();
        let text = String::from_utf8_lossy(&self.tcp.take(0)).into_owned();
        let found =
            text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':').map(str::to_owned));
        found.unwrap_or_default()
    }

    /// Waits until the data set is there.
    pub(crate) fn loaded(mut self) -> Self {
        until("the data set", || self.info("loading") == "0");
        self
    }

    /// The end by SHUTDOWN; the exit code.
    pub(crate) fn shut_down(mut self, line: &str) -> Option<i32> {
        self.tcp.send(0, &command(line));
        self.server.wait()
    }
}

pub(crate) fn until(what: &str, mut done: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !done() {
        assert!(Instant::now() < end, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Data of every type, small and large, with deadlines, in several databases.
pub(crate) fn fill(site: &mut Site) {
    let long = "x".repeat(300);
    let mut lines: Vec<String> = vec![
        format!("SET text {long}"),
        "SET int -7".into(),
        "SET big 123456789012".into(),
        "SET dies soon PXAT 99999999999000".into(),
        "XADD stream 5-1 f v".into(),
        "XADD stream 5-2 other v more w".into(),
        "XADD stream 6-0 f v2".into(),
        "XDEL stream 5-2".into(),
        "XGROUP CREATE stream g 0 ENTRIESREAD 0".into(),
        "XREADGROUP GROUP g alice COUNT 1 STREAMS stream >".into(),
        "XGROUP CREATECONSUMER stream g bob".into(),
        "GEOADD places 13.361389 38.115556 Palermo 15.087269 37.502669 Catania".into(),
    ];
    for (name, count) in [("small", 5), ("large", 700)] {
        for n in 0..count {
            lines.push(format!("RPUSH list:{name} element-{n} {n} {long}"));
            lines.push(format!("SADD ints:{name} {n}"));
            lines.push(format!("SADD set:{name} member-{n} {n}"));
            lines.push(format!("HSET hash:{name} field-{n} value-{n}"));
            lines.push(format!("ZADD zset:{name} {n}.5 member-{n}"));
        }
    }
    lines.extend(["SELECT 5", "SET far away", "RPUSH l 1 2", "SELECT 0"].map(ToOwned::to_owned));
    for line in lines {
        let reply = site.ask(&line);
        assert!(!reply.starts_with('-'), "{line}: {reply}");
    }
}

fn check_rdb(file: &Path) {
    let Ok(output) = Command::new("redis-check-rdb").arg(file).output() else {
        eprintln!("SKIPPED redis-check-rdb: it is not there");
        return;
    };
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("Checksum OK") && text.contains("RDB looks OK!"), "{text}");
}

#[test]
fn a_file_of_redis_loads() {
    let dir = Dir::new();
    let Some(mut redis) = Site::redis("a_file_of_redis_loads", dir.path(), &[]) else { return };
    fill(&mut redis);
    let function = "#!lua name=lib\nredis.register_function('f', function() return 1 end)";
    redis.ask(&format!("FUNCTION LOAD \"{}\"", function.replace('\n', "\\n")));
    let digest = redis.ask("DEBUG DIGEST");
    assert_eq!(redis.ask("SAVE"), "+OK");
    drop(redis);
    let mut norn = Site::norn(dir.path(), &[]).loaded();
    assert_eq!(norn.ask("DEBUG DIGEST"), digest);
    let pending = norn.ask("XPENDING stream g");
    assert!(pending.contains("5-1") && pending.contains("alice"), "{pending}");
    let log = norn.server.log();
    for line in [
        "Loading RDB produced by version 7.0.15",
        "Done loading RDB, keys loaded: 18",
        "DB loaded from disk",
        "1 function libraries",
    ] {
        assert!(log.contains(line), "no '{line}' in {log}");
    }
    assert!(log.find("DB loaded from disk") < log.find("Ready to accept connections"), "{log}");
}

#[test]
fn redis_loads_what_norn_has_written() {
    for version in ["9", "10"] {
        let dir = Dir::new();
        let mut norn = Site::norn(dir.path(), &["--rdb-version", version]);
        fill(&mut norn);
        let digest = norn.ask("DEBUG DIGEST");
        assert_eq!(norn.ask("BGSAVE"), "+Background saving started");
        until("the snapshot", || norn.server.log().contains("Background saving terminated with success"));
        assert_eq!(norn.info("rdb_changes_since_last_save"), "0");
        drop(norn);
        let bytes = std::fs::read(dir.path().join("dump.rdb")).unwrap();
        assert_eq!(&bytes[..9], format!("REDIS{version:0>4}").as_bytes());
        check_rdb(&dir.path().join("dump.rdb"));
        let Some(redis) = Site::redis("redis_loads_what_norn_has_written", dir.path(), &[]) else { return };
        let mut redis = redis.loaded();
        assert_eq!(redis.ask("DEBUG DIGEST"), digest, "version {version}");
        if version == "10" {
            assert_eq!(redis.ask("XINFO GROUPS stream").matches("bob").count(), 0);
            assert!(redis.ask("XINFO CONSUMERS stream g").contains("bob"));
        }
    }
}

#[test]
fn norn_loads_every_version_that_it_writes() {
    for version in ["9", "10", "11"] {
        let dir = Dir::new();
        let mut norn = Site::norn(dir.path(), &["--rdb-version", version, "--rdbcompression", "no"]);
        fill(&mut norn);
        let digest = norn.ask("DEBUG DIGEST");
        assert_eq!(norn.shut_down("SHUTDOWN SAVE"), Some(0));
        let mut again = Site::norn(dir.path(), &[]).loaded();
        assert_eq!(again.ask("DEBUG DIGEST"), digest);
        assert_eq!(again.info("rdb_last_load_keys_loaded"), "18");
    }
}

#[test]
fn save_points_save_and_a_failure_stops_writes() {
    let dir = Dir::new();
    let inner = dir.path().join("data");
    std::fs::create_dir(&inner).unwrap();
    let mut norn = Site::norn(&inner, &["--save", "1 2"]);
    assert_eq!(norn.ask("SET a 1"), "+OK");
    assert_eq!(norn.ask("SET b 1"), "+OK");
    until("a save point", || norn.server.log().contains("2 changes in 1 seconds. Saving..."));
    until("its end", || norn.info("rdb_changes_since_last_save") == "0");
    assert!(inner.join("dump.rdb").exists());
    std::fs::remove_dir_all(&inner).unwrap();
    assert_eq!(norn.ask("SAVE"), "-ERR");
    assert_eq!(norn.ask("SET c 1"), "+OK");
    assert_eq!(norn.ask("BGSAVE"), "+Background saving started");
    until("the failure", || norn.info("rdb_last_bgsave_status") == "err");
    assert!(norn.server.log().contains("No such file or directory"), "{}", norn.server.log());
    assert!(norn.ask("SET a 2").starts_with("-MISCONF Redis is configured to save RDB snapshots"));
    assert!(norn.ask("PING").starts_with("-MISCONF"));
    assert_eq!(norn.ask("GET a"), "\"1\"");
    assert_eq!(norn.ask("SHUTDOWN"), "-ERR Errors trying to SHUTDOWN. Check logs.");
    assert_eq!(norn.ask("CONFIG SET stop-writes-on-bgsave-error no"), "+OK");
    assert_eq!(norn.ask("SET a 2"), "+OK");
    assert_eq!(norn.ask("CONFIG SET stop-writes-on-bgsave-error yes"), "+OK");
    assert!(norn.ask("SET a 2").starts_with("-MISCONF"));
    std::fs::create_dir(&inner).unwrap();
    assert_eq!(norn.ask("SAVE"), "+OK");
    assert_eq!(norn.ask("SET a 3"), "+OK");
    std::fs::remove_dir_all(&inner).unwrap();
    assert_eq!(norn.shut_down("SHUTDOWN FORCE"), Some(0));
}

#[test]
fn the_last_snapshot_of_a_shutdown() {
    for (points, line, kept) in [
        ("3600 1", "SHUTDOWN", true),
        ("3600 1", "SHUTDOWN NOSAVE", false),
        ("", "SHUTDOWN", false),
        ("", "SHUTDOWN SAVE", true),
    ] {
        let dir = Dir::new();
        let mut norn = Site::norn(dir.path(), &["--save", points]);
        norn.ask("SET a 1");
        assert_eq!(norn.shut_down(line), Some(0), "{line}");
        assert_eq!(dir.path().join("dump.rdb").exists(), kept, "{line} with '{points}'");
    }
    let dir = Dir::new();
    let mut norn = Site::norn(dir.path(), &["--save", "3600 1"]);
    norn.ask("SET a 1");
    norn.server.terminate();
    assert_eq!(norn.server.wait(), Some(0));
    assert_eq!(Site::norn(dir.path(), &[]).loaded().ask("GET a"), "\"1\"");
}

#[test]
fn a_damaged_file_ends_the_start_with_a_reason() {
    let dir = Dir::new();
    let mut norn = Site::norn(dir.path(), &[]);
    fill(&mut norn);
    norn.shut_down("SHUTDOWN SAVE");
    let file = dir.path().join("dump.rdb");
    let good = std::fs::read(&file).unwrap();
    let mut flipped = good.clone();
    flipped[good.len() / 2] ^= 1;
    for bad in [&good[..good.len() - 3], &flipped[..], b"", b"REDIS9999 and more", b"no snapshot at all"] {
        std::fs::write(&file, bad).unwrap();
        let port = norn_tests::process::free_port().to_string();
        let output = norn_exits(&["--dir", &dir.path().to_string_lossy(), "--port", &port], &dir);
        assert_eq!(output.status.code(), Some(1));
        let log = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(log.contains("Fatal error loading the DB: ") && log.contains("dump.rdb"), "{log}");
        assert!(!log.contains("Ready to accept"), "{log}");
        assert_eq!(std::fs::read(&file).unwrap(), bad, "the file is left as it was");
    }
}

#[test]
fn while_it_loads_it_says_so() {
    let dir = Dir::new();
    let mut norn = Site::norn(dir.path(), &[]);
    norn.ask("DEBUG POPULATE 5000");
    norn.shut_down("SHUTDOWN SAVE");
    // A tenth of a millisecond for each key.
    let mut norn = Site::norn(dir.path(), &["--key-load-delay", "100"]);
    assert_eq!(norn.info("loading"), "1");
    assert_eq!(norn.ask("GET key:1"), "-LOADING Redis is loading the dataset in memory");
    assert_eq!(norn.ask("BGSAVE"), "-LOADING Redis is loading the dataset in memory");
    assert!(norn.info("loading_total_bytes").parse::<u64>().unwrap() > 50_000);
    assert!(norn.info("loading_loaded_perc").parse::<f64>().unwrap() < 100.0);
    assert!(norn.ask("CONFIG SET dir /").contains("-LOADING") || norn.ask("CONFIG GET dir").starts_with('*'));
    let mut norn = norn.loaded();
    assert_eq!(norn.ask("DBSIZE"), ":5000");
    assert_eq!(norn.info("loading_total_bytes"), "");
    // The same patience holds for saving: clients are served meanwhile.
    norn.ask("CONFIG SET rdb-key-save-delay 200");
    assert_eq!(norn.ask("BGSAVE"), "+Background saving started");
    assert_eq!(norn.ask("BGSAVE"), "-ERR Background save already in progress");
    assert_eq!(norn.ask("BGSAVE SCHEDULE"), "-ERR Background save already in progress");
    assert_eq!(norn.ask("SAVE"), "-ERR Background save already in progress");
    assert_eq!(norn.info("rdb_bgsave_in_progress"), "1");
    assert_eq!(norn.info("current_save_keys_total"), "5000");
    assert_eq!(norn.ask("SET key:1 changed"), "+OK");
    assert_eq!(norn.ask("FLUSHDB"), "+OK");
    norn.ask("CONFIG SET rdb-key-save-delay 0");
    until("the snapshot", || norn.info("rdb_bgsave_in_progress") == "0");
    assert_eq!(norn.ask("DEBUG RELOAD NOSAVE"), "+OK");
    assert_eq!(norn.ask("DBSIZE"), ":5000");
    assert_eq!(norn.ask("GET key:1"), "\"value:1\"");
}

#[test]
fn nobody_is_served_during_save() {
    let dir = Dir::new();
    let mut norn = Site::norn(dir.path(), &["--rdb-key-save-delay", "200"]);
    norn.ask("DEBUG POPULATE 3000");
    let mut other = norn.server.tcp();
    let conn = other.connect();
    norn.tcp.send(0, &command("SAVE"));
    std::thread::sleep(Duration::from_millis(60));
    let began = Instant::now();
    assert_eq!(answer(&mut other, conn, "SET key:0 late"), "+OK");
    assert!(began.elapsed() > Duration::from_millis(200), "{:?}", began.elapsed());
    norn.tcp.settle();
    assert_eq!(norn.tcp.take(0), b"+OK\r\n");
    norn.ask("CONFIG SET rdb-key-save-delay 0");
    assert_eq!(norn.ask("DEBUG RELOAD NOSAVE"), "+OK");
    assert_eq!(norn.ask("GET key:0"), "\"value:0\"");
}

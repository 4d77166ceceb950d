//! Replication over real sockets, between norn and norn, and with a real Redis on either side.
//!
//! What the rules say is tested in the core's own tests and by the simulator; here it is shown that the whole of it
//! works with the runtime, and that Redis understands it.

mod hostile;

use norn_tests::process::Server;
use norn_tests::target::{Target, answer};
use norn_tests::tcp::Tcp;
use norn_tests::words::command;
use std::time::{Duration, Instant};

/// Longest wait for two servers to agree.
const AGREEMENT: Duration = Duration::from_secs(30);

/// A server and a connection to it.
pub(crate) struct Site {
    pub(crate) server: Server,
    pub(crate) tcp: Tcp,
}

impl Site {
    fn of(server: Server) -> Self {
        let mut tcp = server.tcp();
        tcp.connect();
        Self { server, tcp }
    }

    /// A norn whose snapshots begin at once.
    pub(crate) fn norn(args: &[&str]) -> Self {
        let args = ["--repl-diskless-sync-delay", "0"].iter().chain(args);
        Self::of(Server::norn(&args.map(ToString::to_string).collect::<Vec<_>>()))
    }

    /// A real Redis, if there is one.
    fn redis(what: &str, args: &[&str]) -> Option<Self> {
        let args = ["--repl-diskless-sync-delay", "0"].iter().chain(args);
        Server::redis(what, &args.map(ToString::to_string).collect::<Vec<_>>()).map(Self::of)
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

    /// A reply that may take a while.
    fn ask_slowly(&mut self, line: &str) -> String {
        self.tcp.send(0, &command(line));
        let mut reply = Vec::new();
        until(line, || {
            self.tcp.settle();
            reply.extend(self.tcp.take(0));
            reply.ends_with(b"\r\n")
        });
        String::from_utf8_lossy(&reply).trim_end().to_owned()
    }

    fn count(&mut self, name: &str) -> u64 {
        self.info(name).parse().unwrap_or(0)
    }

    fn follow(&mut self, master: &Self) {
        let port = master.server.address.port();
        assert_eq!(self.ask(&format!("REPLICAOF 127.0.0.1 {port}")), "+OK");
    }

    /// Waits until its link is up.
    fn linked(&mut self) {
        until("the link", || self.info("master_link_status") == "up");
    }

    /// The replies to everything sent so far, however long they are.
    fn collect(&mut self) -> Vec<u8> {
        self.tcp.send(0, &command("ECHO end-of-it"));
        let mut all = Vec::new();
        until("all replies", || {
            self.tcp.settle();
            all.extend(self.tcp.take(0));
            all.ends_with(b"$9\r\nend-of-it\r\n")
        });
        all
    }

    /// Everything it holds, as text.
    fn contents(&mut self) -> String {
        let mut all = String::new();
        for db in 0..3 {
            self.ask(&format!("SELECT {db}"));
            self.tcp.send(0, &command("KEYS *"));
            let listed = norn_tests::words::escape(&self.collect());
            let parts = listed.split("\\r\\n");
            let mut keys: Vec<&str> =
                parts.filter(|part| part.starts_with(char::is_alphabetic) && *part != "end-of-it").collect();
            keys.sort_unstable();
            for key in keys {
                self.tcp.send(0, &command(&format!("GET {key}")));
                self.tcp.send(0, &command(&format!("PEXPIRETIME {key}")));
                all.push_str(&format!("{db} {key}\n"));
            }
            all.push_str(&String::from_utf8_lossy(&self.collect()));
        }
        self.ask("SELECT 0");
        all
    }
}

/// Waits for something that must come true.
pub(crate) fn until(what: &str, mut done: impl FnMut() -> bool) {
    let end = Instant::now() + AGREEMENT;
    while !done() {
        assert!(Instant::now() < end, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Both hold the same, once the second has received everything.
fn same(master: &mut Site, replica: &mut Site) {
    until("the offset", || {
        let offset = master.info("master_repl_offset");
        replica.info("slave_repl_offset") == offset || replica.info("master_repl_offset") == offset
    });
    let (one, other) = (master.contents(), replica.contents());
    assert!(one.len() > 100, "nothing to compare: {one}");
    assert!(one == other, "they differ:\n{}", first_difference(&one, &other));
}

fn first_difference(one: &str, other: &str) -> String {
    let pair = one.lines().zip(other.lines()).find(|(a, b)| a != b);
    format!("{pair:?}, {} and {} bytes", one.len(), other.len())
}

/// Some data with every kind of string and of expiry, in two databases.
fn fill(site: &mut Site, keys: usize) {
    for n in 0..keys {
        for line in [
            format!("SET k{n} value-{n}"),
            format!("SET n{n} {}", n * 7),
            format!("SET long{n} {}", "abc".repeat(1 + n % 200)),
            format!("SET ttl{n} x EX {}", 1000 + n),
        ] {
            site.tcp.send(0, &command(&line));
        }
    }
    site.tcp.send(0, &command("SELECT 2"));
    site.tcp.send(0, &command("SET elsewhere 1"));
    site.tcp.send(0, &command("SELECT 0"));
    site.tcp.settle();
    assert!(!String::from_utf8_lossy(&site.tcp.take(0)).contains("-ERR"));
}

/// A client that writes without pause until it is told to stop.
struct Writer {
    stop: std::sync::Arc<std::sync::atomic::AtomicBool>,
    thread: Option<std::thread::JoinHandle<u64>>,
}

impl Writer {
    fn start(site: &Site) -> Self {
        let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
        let (flag, mut tcp) = (stop.clone(), site.server.tcp());
        let thread = std::thread::spawn(move || {
            let conn = tcp.connect();
            let mut n = 0_u64;
            while !flag.load(std::sync::atomic::Ordering::Relaxed) {
                for line in [
                    format!("SET k{} changed-{n}", n % 500),
                    format!("INCR n{}", n % 300),
                    format!("DEL long{}", n % 400),
                    format!("APPEND grow{} x{n}", n % 50),
                    format!("PEXPIRE k{} {}", (n + 3) % 500, 500_000 + n),
                    format!("GETDEL ttl{}", n % 350),
                ] {
                    tcp.send(conn, &command(&line));
                }
                if n.is_multiple_of(50) {
                    tcp.settle();
                    tcp.take(conn);
                }
                n += 1;
            }
            tcp.settle();
            n
        });
        Self { stop, thread: Some(thread) }
    }

    fn stop(mut self) {
        self.stop.store(true, std::sync::atomic::Ordering::Relaxed);
        let written = self.thread.take().map(|thread| thread.join().unwrap());
        assert!(written > Some(100), "the writer wrote only {written:?} rounds");
    }
}

#[test]
fn full_synchronisation_under_writes() {
    let mut master = Site::norn(&[]);
    fill(&mut master, 2_000);
    let writer = Writer::start(&master);
    let mut replica = Site::norn(&[]);
    replica.follow(&master);
    let mut real = Site::redis("replication::full_synchronisation_under_writes with Redis", &[]);
    if let Some(real) = &mut real {
        real.follow(&master);
        real.linked();
    }
    replica.linked();
    std::thread::sleep(Duration::from_millis(300));
    writer.stop();
    same(&mut master, &mut replica);
    assert_eq!(master.ask("DEBUG DIGEST"), replica.ask("DEBUG DIGEST"));
    if let Some(real) = &mut real {
        same(&mut master, real);
    }
    assert!(replica.ask("SET a 1").starts_with("-READONLY "));
}

/// Cut from the master's side, then from the replica's: what was missed follows, nothing else.
fn resumes(master: &mut Site, replica: &mut Site) {
    let full = master.count("sync_full");
    for (n, at_master) in [true, false, true].into_iter().enumerate() {
        let partial = master.count("sync_partial_ok");
        let writer = Writer::start(master);
        std::thread::sleep(Duration::from_millis(50));
        let killed = if at_master {
            master.ask("CLIENT KILL TYPE replica")
        } else {
            replica.ask("CLIENT KILL TYPE master")
        };
        assert_eq!(killed, ":1");
        std::thread::sleep(Duration::from_millis(50));
        writer.stop();
        until("a partial resynchronisation", || master.count("sync_partial_ok") == partial + 1);
        replica.linked();
        master.ask(&format!("SET round {n}"));
        same(master, replica);
    }
    assert_eq!(master.count("sync_full"), full, "a full synchronisation was not needed");
}

#[test]
fn partial_resynchronisation_after_a_cut() {
    let mut master = Site::norn(&["--repl-backlog-size", "64mb"]);
    fill(&mut master, 200);
    let mut replica = Site::norn(&[]);
    replica.follow(&master);
    replica.linked();
    resumes(&mut master, &mut replica);
    assert!(replica.server.log().contains("Master accepted a Partial Resynchronization"));
}

#[test]
fn a_real_redis_follows_norn_and_resumes() {
    let Some(mut real) = Site::redis("replication::a_real_redis_follows_norn_and_resumes", &[]) else {
        return;
    };
    let mut master = Site::norn(&["--repl-backlog-size", "64mb"]);
    fill(&mut master, 200);
    real.follow(&master);
    real.linked();
    resumes(&mut master, &mut real);
    assert_eq!(master.ask("SET last 1"), "+OK");
    assert_eq!(master.ask_slowly("WAIT 1 5000"), ":1");
    assert_eq!(real.ask("GET last"), "\"1\"");
}

#[test]
fn norn_follows_a_real_redis_and_resumes() {
    for diskless in ["yes", "no"] {
        let args = ["--repl-diskless-sync", diskless, "--repl-backlog-size", "64mb"];
        let Some(mut real) = Site::redis("replication::norn_follows_a_real_redis_and_resumes", &args) else {
            return;
        };
        fill(&mut real, 1_000);
        let writer = Writer::start(&real);
        let mut replica = Site::norn(&[]);
        replica.follow(&real);
        replica.linked();
        writer.stop();
        same(&mut real, &mut replica);
        resumes(&mut real, &mut replica);
        assert_eq!(real.ask("SET last 1"), "+OK");
        assert_eq!(real.ask_slowly("WAIT 1 5000"), ":1");
        assert_eq!(replica.ask("GET last"), "\"1\"");
    }
}

/// Bitmaps and HyperLogLogs are the same bytes on both sides, those that reading writes included.
#[test]
fn bits_and_estimates_have_the_same_bytes_everywhere() {
    let Some(mut real) = Site::redis("replication::bits_and_estimates", &[]) else { return };
    let mut master = Site::norn(&[]);
    let mut replica = Site::norn(&[]);
    real.follow(&master);
    replica.follow(&master);
    real.linked();
    replica.linked();
    for line in [
        "SETBIT bits 77 1",
        "BITFIELD bits INCRBY u5 3 9 OVERFLOW FAIL INCRBY u5 3 30",
        "BITFIELD longer OVERFLOW FAIL SET u8 16 256",
        "BITOP NOT inverse bits",
        "PFADD empty",
        "PFADD few a b c d",
        "PFCOUNT few",
        "PFADD dense a b c d e f g",
        "PFDEBUG TODENSE dense",
        "PFMERGE merged few dense",
        "PFADD stale x y z",
        "PFCOUNT merged few",
        "PFADD filler 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30",
    ] {
        assert!(!master.ask(line).starts_with('-'), "{line}");
    }
    same(&mut master, &mut real);
    same(&mut master, &mut replica);
    // A replica that is asked keeps nothing, because its master did not.
    assert_eq!(replica.ask("PFCOUNT stale"), ":3");
    same(&mut master, &mut replica);
}

#[test]
fn a_chain_passes_everything_on() {
    let mut top = Site::norn(&[]);
    fill(&mut top, 100);
    let (mut middle, mut bottom) = (Site::norn(&[]), Site::norn(&[]));
    middle.follow(&top);
    middle.linked();
    bottom.follow(&middle);
    bottom.linked();
    let real = Site::redis("replication::a_chain_passes_everything_on with Redis below", &[]);
    let mut all = vec![bottom];
    if let Some(mut real) = real {
        real.follow(&middle);
        real.linked();
        all.push(real);
    }
    let writer = Writer::start(&top);
    std::thread::sleep(Duration::from_millis(100));
    writer.stop();
    assert_eq!(top.ask("SELECT 1"), "+OK");
    assert_eq!(top.ask("SET low 1"), "+OK");
    assert_eq!(top.ask("SELECT 0"), "+OK");
    same(&mut top, &mut middle);
    for end in &mut all {
        same(&mut top, end);
        assert_eq!(end.info("role"), "slave");
    }
    assert_eq!(middle.info("connected_slaves"), all.len().to_string());
}

#[test]
fn norn_in_the_middle_of_real_ones() {
    let Some(mut top) = Site::redis("replication::norn_in_the_middle_of_real_ones", &[]) else { return };
    let Some(mut bottom) = Site::redis("replication::norn_in_the_middle_of_real_ones", &[]) else { return };
    fill(&mut top, 100);
    let mut middle = Site::norn(&[]);
    middle.follow(&top);
    middle.linked();
    bottom.follow(&middle);
    bottom.linked();
    let writer = Writer::start(&top);
    std::thread::sleep(Duration::from_millis(100));
    writer.stop();
    same(&mut top, &mut middle);
    same(&mut top, &mut bottom);
}

#[test]
fn wait_counts_replicas_that_have_it() {
    let mut master = Site::norn(&[]);
    fill(&mut master, 10);
    let (mut one, mut two) = (Site::norn(&[]), Site::norn(&[]));
    for replica in [&mut one, &mut two] {
        replica.follow(&master);
        replica.linked();
    }
    until("both online", || {
        let lines = [master.info("slave0"), master.info("slave1")];
        lines.iter().all(|line| line.contains("state=online"))
    });
    assert_eq!(master.ask("SET a 1"), "+OK");
    assert_eq!(master.ask_slowly("WAIT 2 5000"), ":2");
    let begin = Instant::now();
    assert_eq!(master.ask_slowly("WAIT 3 200"), ":2");
    assert!(begin.elapsed() >= Duration::from_millis(200));
}

#[test]
fn a_promoted_replica_takes_over() {
    let mut old = Site::norn(&[]);
    fill(&mut old, 100);
    let (mut new, mut other) = (Site::norn(&[]), Site::norn(&[]));
    for replica in [&mut new, &mut other] {
        replica.follow(&old);
        replica.linked();
    }
    let writer = Writer::start(&old);
    std::thread::sleep(Duration::from_millis(50));
    writer.stop();
    same(&mut old, &mut new);
    same(&mut old, &mut other);
    assert_eq!(new.ask("REPLICAOF NO ONE"), "+OK");
    assert_eq!(new.info("role"), "master");
    assert_eq!(new.ask("SET after-promotion 1"), "+OK");
    for follower in [&mut old, &mut other] {
        follower.follow(&new);
        follower.linked();
        same(&mut new, follower);
        assert_eq!(follower.ask("GET after-promotion"), "\"1\"");
    }
    assert_eq!(new.count("sync_partial_ok"), 2, "both continue the history they share");
    assert_eq!(new.count("sync_full"), 0);
    assert!(old.ask("SET a 1").starts_with("-READONLY "));
}

/// The letter behind the process id follows the role, as scripts around Redis expect.
#[test]
fn the_log_shows_the_role() {
    let master = Site::norn(&[]);
    let port = master.server.address.port().to_string();
    let mut site = Site::norn(&["--replicaof", &format!("127.0.0.1 {port}")]);
    site.linked();
    let letter = |log: &str, text: &str| {
        let line = log.lines().find(|line| line.contains(text)).unwrap_or_else(|| panic!("{text}: {log}"));
        line.split(' ').next().and_then(|first| first.rsplit(':').next()).unwrap_or_default().to_owned()
    };
    let log = site.server.log();
    assert_eq!(letter(&log, "sync: Finished with success"), "S", "{log}");
    assert_eq!(letter(&log, "Connecting to MASTER"), "S", "{log}");
    site.ask("REPLICAOF NO ONE");
    let log = site.server.log();
    assert_eq!(letter(&log, "MASTER MODE enabled"), "M", "{log}");
    let master_log = master.server.log();
    assert_eq!(letter(&master_log, "Ready to accept"), "M", "{master_log}");
}

//! The naive model beside a real Redis: the same commands, the same replies. Skipped with a message where no
//! redis-server is installed.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use norn_sim::chance::Chance;
use norn_sim::client::frame::Args;
use norn_sim::client::reply::{Parser, Reply};
use norn_sim::model::{Expect, Model};
use norn_sim::plan::workload::{FAMILIES, Mixture, Speaker, may_wait};
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

struct Server(Child, u16);

impl Server {
    fn start() -> Option<Self> {
        let port = TcpListener::bind("127.0.0.1:0").ok()?.local_addr().ok()?.port();
        let child = Command::new("redis-server")
            .args(["--port", &port.to_string(), "--save", "", "--appendonly", "no", "--databases", "4"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        Some(Self(child, port))
    }

    fn connect(&self) -> Client {
        for _ in 0..200 {
            if let Ok(stream) = TcpStream::connect(("127.0.0.1", self.1)) {
                stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
                stream.set_nodelay(true).unwrap();
                return Client { stream, parser: Parser::default() };
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("redis-server does not answer");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

struct Client {
    stream: TcpStream,
    parser: Parser,
}

impl Client {
    fn call(&mut self, args: &Args) -> Reply {
        self.send(args);
        self.hear()
    }

    fn send(&mut self, args: &Args) {
        let mut wire = Vec::new();
        args.encode(&mut wire);
        self.stream.write_all(&wire).unwrap();
    }

    fn hear(&mut self) -> Reply {
        let mut buffer = [0; 65536];
        loop {
            if let Some(reply) = self.parser.take().unwrap() {
                return reply;
            }
            let n = self.stream.read(&mut buffer).unwrap();
            self.parser.feed(&buffer[..n]);
        }
    }
}

fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64
}

/// The model is told the time just before the command runs: times left may differ by a little.
fn fits(expect: &Expect, reply: &Reply, timed: bool) -> bool {
    match (expect, reply) {
        (Expect::Exact(Reply::Int(a)), Reply::Int(b)) if timed => (a - b).abs() <= 250,
        // Redis before 7.2 has an error of its own for those who wait for a group that goes.
        (Expect::Exact(Reply::Error(e)), Reply::Error(r)) if r.starts_with(b"UNBLOCKED the stream") => {
            e.starts_with(b"NOGROUP") || e.starts_with(b"WRONGTYPE")
        }
        (Expect::Each(all), Reply::Array(got)) if timed && all.len() == got.len() => {
            all.iter().zip(got).all(|(e, r)| fits(e, r, timed))
        }
        _ => expect.fits(reply),
    }
}

/// A Redis and the model of it.
struct Pair {
    clients: Vec<Client>,
    listener: Client,
    model: Model,
    log: Vec<String>,
}

/// The connection of the model that listens to notifications, and the one that ends waits.
const LISTENER: u32 = 9;
const CONTROL: usize = 3;

impl Pair {
    fn new(server: &Server) -> Self {
        let mut model = Model::default();
        model.notifies = (true, true);
        model.data.logging = true;
        let mut pair = Self {
            clients: (0..=CONTROL).map(|_| server.connect()).collect(),
            listener: server.connect(),
            model,
            log: Vec::new(),
        };
        let mut args = Args::default();
        for line in ["CONFIG SET notify-keyspace-events KEA", "FLUSHALL"] {
            args.clear();
            pair.clients[0].call(args.words(line));
        }
        args.clear();
        pair.listener.call(args.words("PSUBSCRIBE __key*"));
        pair.model.execute(LISTENER, &args, now_ms(), None);
        args.clear();
        args.words("CLIENT ID");
        for (conn, client) in pair.clients.iter_mut().enumerate() {
            let Reply::Int(id) = client.call(&args) else { panic!("no id") };
            pair.model.sessions.entry(conn as u32).or_default().id = id;
        }
        pair.model.answers.clear();
        pair
    }

    /// Says a command to both and compares everything that follows.
    fn say(&mut self, who: usize, args: &Args) {
        if self.model.lost {
            return;
        }
        self.log.push(format!("{who}: {}", args.text()));
        let mut first = None;
        if may_wait(args) {
            self.clients[who].send(args);
            // Redis may run it a little later than the model: nothing else may come before.
            std::thread::sleep(Duration::from_millis(2));
        } else {
            first = Some(self.clients[who].call(args));
        }
        self.model.execute(who as u32, args, now_ms(), first.as_ref());
        self.model.end_turn(now_ms(), 0);
        if self.model.lost {
            // It cannot tell what a search near scores that are no places stores; nothing is compared from here on.
            return;
        }
        for (conn, expect) in std::mem::take(&mut self.model.answers) {
            let own = if conn as usize == who { first.take() } else { None };
            let reply = own.unwrap_or_else(|| self.clients[conn as usize].hear());
            if args.at(1) == b"CREATECONSUMER" && matches!(reply, Reply::Int(_)) {
                continue;
            }
            assert!(fits(&expect, &reply, true), "{}\n model: {expect:?}\n redis: {reply}", self.tail());
        }
        assert!(first.is_none(), "the model lets the client wait: {}", self.tail());
        self.compare_events();
    }

    fn compare_events(&mut self) {
        let mut args = Args::default();
        self.listener.send(args.words("PING"));
        let mut heard = Vec::new();
        loop {
            match self.listener.hear() {
                Reply::Array(all) if all[0] == Reply::Bulk(b"pong".to_vec()) => break,
                message => heard.push(message),
            }
        }
        let pushed = std::mem::take(&mut self.model.pushed);
        let due: Vec<Reply> = pushed.into_iter().filter(|(c, _)| *c == LISTENER).map(|(_, p)| p).collect();
        // Redis makes a consumer for XCLAIM only when there is something to claim; from 7.2 on at once.
        let counts = |reply: &&Reply| {
            let text = reply.to_string();
            !text.contains("xgroup-createconsumer") && !text.contains("xgroup-delconsumer")
        };
        let due: Vec<Reply> = due.iter().filter(counts).cloned().collect();
        let heard: Vec<Reply> = heard.iter().filter(counts).cloned().collect();
        let text = |all: &[Reply]| all.iter().map(Reply::to_string).collect::<Vec<_>>().join("\n  ");
        assert!(due == heard, "{}\n model: {}\n redis: {}", self.tail(), text(&due), text(&heard));
    }

    fn tail(&self) -> String {
        let from = self.log.len().saturating_sub(25);
        self.log[from..].join("\n")
    }
}

#[test]
fn the_model_answers_as_redis_does() {
    let Some(server) = Server::start() else {
        println!("skipped: no redis-server");
        return;
    };
    let seeds = std::env::var("NORN_SEEDS").ok().and_then(|n| n.parse().ok()).unwrap_or(12);
    let run = |seed| std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| say_a_lot(&server, seed)));
    let failed: Vec<u64> = (0..seeds).filter(|seed| run(*seed).is_err()).collect();
    assert!(failed.is_empty(), "seeds {failed:?}");
}

fn say_a_lot(server: &Server, seed: u64) {
    let mut c = Chance::new(seed, 0);
    let mut weights = [4, 6, 4, 5, 4, 3, 3, 6, 1, 0, 8, 6, 6, 8, 2, 5, 6, 4];
    // Some seeds say much of one family.
    if c.one_in(2) {
        weights[10 + c.below(FAMILIES.len() as u64 - 10) as usize] += 60;
    }
    let mixture = Mixture {
        weights,
        keys: c.pick(&[2, 5, 50]),
        value_max: c.pick(&[8, 100, 3000]),
        // Nothing expires while the test looks: the two clocks are not the same instant.
        ttl_min_ms: 120_000,
        ttl_max_ms: 1 << 40,
        sweeping: true,
        databases: 4,
        aggregates: c.pick(&[1, 2, 4]),
        members: c.pick(&[4, 12, 300]),
        block_min_ms: 1 << 29,
        block_max_ms: 1 << 30,
    };
    let mut pair = Pair::new(server);
    let mut speakers = [Speaker::default(); CONTROL];
    let mut args = Args::default();
    for _ in 0..2000 {
        let free = (0..CONTROL).filter(|i| !pair.model.is_waiting(*i as u32)).collect::<Vec<_>>();
        if free.len() < 2 {
            let waiting = u32::from(!pair.model.is_waiting(0));
            let id = pair.model.sessions[&waiting].id;
            args.clear();
            pair.say(CONTROL, args.words("CLIENT UNBLOCK").int(id));
            continue;
        }
        let who = free[c.below(free.len() as u64) as usize];
        // Far enough that no absolute time is in the past by the time Redis reads it.
        speakers[who].now_ms = now_ms() + 60_000;
        mixture.draw(&mut c, &mut speakers[who], &mut args);
        // How long ago something was delivered is not known exactly.
        let idle: [&[u8]; 2] = [b"500", b"1000"];
        if args.at(0).starts_with(b"X") && args.iter().any(|a| idle.contains(&a)) {
            continue;
        }
        // Redis before 7.2 may wake a reader for an entry that is gone already, and tell it of none.
        let is = |words: [&[u8]; 2]| words.iter().all(|w| args.iter().any(|a| a == *w));
        if is([b"XREAD", b"BLOCK"]) && args.len() > 6
            || is([b"XADD", b"MAXLEN"]) && args.iter().any(|a| a == b"0")
        {
            continue;
        }
        pair.say(who, &args);
    }
}

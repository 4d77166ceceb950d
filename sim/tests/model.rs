//! The naive model beside a real Redis: the same commands, the same replies. Skipped with a message where no
//! redis-server is installed.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use norn_sim::chance::Chance;
use norn_sim::client::frame::Args;
use norn_sim::client::reply::{Parser, Reply};
use norn_sim::model::{Expect, Model};
use norn_sim::plan::workload::{Mixture, Speaker};
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
        let mut wire = Vec::new();
        args.encode(&mut wire);
        self.stream.write_all(&wire).unwrap();
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
        (Expect::Each(all), Reply::Array(got)) if timed && all.len() == got.len() => {
            all.iter().zip(got).all(|(e, r)| fits(e, r, timed))
        }
        _ => expect.fits(reply),
    }
}

#[test]
fn the_model_answers_as_redis_does() {
    let Some(server) = Server::start() else {
        println!("skipped: no redis-server");
        return;
    };
    for seed in 0..12 {
        let mut c = Chance::new(seed, 0);
        let mixture = Mixture {
            weights: [4, 6, 4, 5, 4, 3, 3, 4, 1, 0],
            keys: c.pick(&[2, 5, 50]),
            value_max: c.pick(&[8, 100, 3000]),
            // Nothing expires while the test looks: the two clocks are not the same instant.
            ttl_min_ms: 120_000,
            ttl_max_ms: 1 << 40,
            sweeping: true,
            databases: 4,
        };
        let mut clients = [server.connect(), server.connect()];
        let mut speakers = [Speaker::default(); 2];
        let mut model = Model::default();
        let mut args = Args::default();
        args.words("FLUSHALL");
        clients[0].call(&args);
        let mut said = [0, 0];
        for step in 0..3000 {
            let who = c.below(2) as usize;
            // Far enough that no absolute time is in the past by the time Redis reads it.
            speakers[who].now_ms = now_ms() + 60_000;
            mixture.draw(&mut c, &mut speakers[who], &mut args);
            said[who] += 1;
            let text = args.text();
            let timed = true;
            let before = model.data.clone();
            let expect = model.execute(who as u32, &args, now_ms());
            let reply = clients[who].call(&args);
            assert!(
                fits(&expect, &reply, timed),
                "seed {seed} step {step}, client {who}: {text}\n model: {expect:?}\n redis: {reply}\n key: {:?}",
                before.dbs.iter().map(|d| d.get(args.at(1))).collect::<Vec<_>>()
            );
        }
        assert!(said.iter().all(|n| *n > 1000));
    }
}

//! Values that change servers: payloads of norn and of a real Redis in each other's hands, MIGRATE between them.
//!
//! The values are made by the random commands of the differential tests, so every type and encoding occurs.

use norn_tests::process::{Server, free_port};
use norn_tests::random::{Family, Rng, generate};
use norn_tests::reply::{Reply, parse_all};
use norn_tests::target::Target;
use norn_tests::tcp::Tcp;
use norn_tests::words::request;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::time::Duration;

/// A server and one connection to it.
struct Site {
    server: Server,
    tcp: Tcp,
}

impl Site {
    fn of(server: Server) -> Self {
        let mut tcp = server.tcp();
        tcp.connect();
        Self { server, tcp }
    }

    fn norn(args: &[&str]) -> Self {
        Self::of(Server::norn(&args.iter().map(ToString::to_string).collect::<Vec<_>>()))
    }

    fn redis(what: &str, args: &[&str]) -> Option<Self> {
        Server::redis(what, &args.iter().map(ToString::to_string).collect::<Vec<_>>()).map(Self::of)
    }

    fn port(&self) -> String {
        self.server.address.port().to_string()
    }

    fn send(&mut self, words: &[&[u8]]) {
        self.tcp.send(0, &request(&words.iter().map(|word| word.to_vec()).collect::<Vec<_>>()));
    }

    /// The reply to a command, however long it takes within some seconds.
    fn say(&mut self, words: &[&[u8]]) -> Reply {
        self.send(words);
        self.hear()
    }

    fn hear(&mut self) -> Reply {
        let mut bytes = Vec::new();
        for _ in 0..200 {
            self.tcp.settle();
            bytes.extend(self.tcp.take(0));
            let (mut replies, rest) = parse_all(&bytes).expect("RESP");
            if rest.is_empty() && !replies.is_empty() {
                assert_eq!(replies.len(), 1, "one reply for one command");
                return replies.remove(0);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("no reply");
    }

    fn ask(&mut self, line: &str) -> Reply {
        let words: Vec<_> = norn_tests::words::split(line);
        self.say(&words.iter().map(Vec::as_slice).collect::<Vec<_>>())
    }

    fn keys(&mut self) -> Vec<Vec<u8>> {
        let Reply::Array(keys) = self.ask("KEYS *") else { panic!("a list of keys") };
        let keys = keys.into_iter().map(|key| match key {
            Reply::Bulk(name) => name,
            other => panic!("{other:?}"),
        });
        keys.collect()
    }

    fn digest(&mut self, key: &[u8]) -> Reply {
        self.say(&[b"DEBUG", b"DIGEST-VALUE", key])
    }

    fn dump(&mut self, key: &[u8]) -> Vec<u8> {
        match self.say(&[b"DUMP", key]) {
            Reply::Bulk(payload) => payload,
            other => panic!("{other:?}"),
        }
    }
}

fn ok() -> Reply {
    Reply::Simple(b"OK".to_vec())
}

fn int(n: u32) -> Reply {
    Reply::Integer(n.to_string().into_bytes())
}

fn error(text: &str) -> Reply {
    Reply::Error(text.as_bytes().to_vec())
}

/// The same random values on both servers: every type, small and large.
fn furnish(sites: &mut [&mut Site], seed: u64) {
    let families = [
        Family::String,
        Family::Hash,
        Family::Set,
        Family::List,
        Family::ZSet,
        Family::Stream,
        Family::Groups,
    ];
    let mut commands: Vec<Vec<Vec<u8>>> = Vec::new();
    for family in families {
        let said = generate(seed, &[family], 150).into_iter().map(|said| said.words);
        let harmless = |words: &Vec<Vec<u8>>| {
            let name = words.first().map(|word| word.to_ascii_uppercase()).unwrap_or_default();
            let waits = name.starts_with(b"B") || name == b"MULTI" || name == b"CLIENT";
            !waits && !matches!(&name[..], b"SPOP" | b"EXPIREAT" | b"SETEX" | b"PSETEX" | b"GETEX" | b"EVAL")
        };
        // Each family has names of its own, or it would find the other types only.
        let prefix = format!("{family:?}:");
        for mut words in said.filter(harmless) {
            let timed = words
                .iter()
                .any(|w| [&b"EX"[..], b"PX", b"EXAT", b"PXAT"].contains(&&w.to_ascii_uppercase()[..]));
            let moving = words.iter().any(|w| w.contains(&b'*') && w.len() < 8);
            if timed || moving || words.len() < 2 || words[0].eq_ignore_ascii_case(b"CONFIG") {
                continue;
            }
            let at = if words[0].eq_ignore_ascii_case(b"XGROUP") { 2 } else { 1 };
            if let Some(key) = words.get_mut(at) {
                *key = [prefix.as_bytes(), &key[..]].concat();
            }
            commands.push(words);
        }
    }
    let mut rng = Rng::new(seed);
    for kind in ["RPUSH", "SADD", "HSET", "ZADD"] {
        for size in [1, 3, 130, 700] {
            let mut words = vec![kind.into(), format!("{kind}:{size}").into_bytes()];
            for n in 0..size {
                let text = match rng.below(4) {
                    0 => format!("{}", n * 37),
                    1 => format!("-{}", rng.bits()),
                    2 => "ab".repeat(rng.below(60)) + &n.to_string(),
                    _ => format!("m{n}"),
                };
                match kind {
                    "HSET" => words.extend([format!("f{n}").into_bytes(), text.into_bytes()]),
                    "ZADD" => words.extend([format!("{}", n / 2).into_bytes(), text.into_bytes()]),
                    _ => words.push(text.into_bytes()),
                }
            }
            commands.push(words);
        }
    }
    commands.push(vec![b"RPUSH".to_vec(), b"plain".to_vec(), vec![b'p'; 20_000], b"x".to_vec()]);
    commands.push(vec![b"SET".to_vec(), b"large".to_vec(), b"0123456789".repeat(20_000)]);
    let ints: Vec<_> = (0..300_i64).map(|n| (n * n * n * 1_000_003).to_string().into_bytes()).collect();
    commands.push([vec![b"SADD".to_vec(), b"ints".to_vec()], ints].concat());
    for words in &commands {
        let words: Vec<_> = words.iter().map(Vec::as_slice).collect();
        for site in sites.iter_mut() {
            site.say(&words);
        }
    }
}

#[test]
fn payloads_are_understood_on_both_sides() {
    let Some(mut redis) = Site::redis("payloads_are_understood_on_both_sides", &[]) else { return };
    let mut norn = Site::norn(&[]);
    let mut seen = std::collections::BTreeSet::new();
    for seed in 0..3 {
        redis.ask("FLUSHALL");
        norn.ask("FLUSHALL");
        furnish(&mut [&mut norn, &mut redis], seed);
        let keys = norn.keys();
        assert!(keys.len() > 40, "{} keys", keys.len());
        for key in keys {
            let shown = String::from_utf8_lossy(&key).into_owned();
            let whole = norn.digest(&key);
            let payload = norn.dump(&key);
            seen.insert(payload[0]);
            // There, and from there back again.
            assert_eq!(redis.say(&[b"RESTORE", b"there", b"0", &payload, b"REPLACE"]), ok(), "{shown}");
            assert_eq!(
                redis.digest(b"there"),
                redis.digest(&key),
                "{shown}: another value after the way there"
            );
            let theirs = redis.dump(b"there");
            seen.insert(theirs[0]);
            assert_eq!(norn.say(&[b"RESTORE", b"back", b"0", &theirs, b"REPLACE"]), ok(), "{shown}");
            assert_eq!(norn.digest(b"back"), whole, "{shown}: another value after the way back");
            let encoding = |site: &mut Site, key: &[u8]| site.say(&[b"OBJECT", b"ENCODING", key]);
            // Only what was never edited has the encoding that its size asks for; a set in a listpack is a table for
            // Redis 7.0.
            if [&b"RPUSH:"[..], b"HSET:", b"ZADD:", b"ints"].iter().any(|fresh| key.starts_with(fresh)) {
                assert_eq!(encoding(&mut norn, b"back"), encoding(&mut norn, &key), "{shown}");
            }
        }
    }
    let every = [0, 2, 4, 5, 11, 16, 17, 18, 19];
    assert!(every.iter().all(|kind| seen.contains(kind)), "forms seen: {seen:?}");
}

#[test]
fn damaged_payloads_are_refused() {
    let mut norn = Site::norn(&[]);
    furnish(&mut [&mut norn], 7);
    let mut rng = Rng::new(1);
    for key in norn.keys() {
        let payload = norn.dump(&key);
        for round in 0..12 {
            let mut body = payload[..payload.len() - 8].to_vec();
            let at = rng.below(body.len() - 2);
            match round % 3 {
                0 => body[at] ^= 1 << rng.below(8),
                1 => body[at] = u8::try_from(rng.below(256)).expect("a byte"),
                _ => drop(body.drain(at..body.len() - 2)),
            }
            // With a checksum that holds, so that the value itself is looked at.
            let sum = norn_core::base::crc::crc64(0, &body);
            body.extend_from_slice(&sum.to_le_bytes());
            match norn.say(&[b"RESTORE", b"damaged", b"0", &body, b"REPLACE"]) {
                Reply::Error(text) => {
                    let text = String::from_utf8_lossy(&text).into_owned();
                    assert!(text == "ERR Bad data format" || text.starts_with("ERR DUMP payload"), "{text}");
                }
                // Some damage makes another sound value.
                other => assert_eq!(other, ok()),
            }
        }
    }
    assert_eq!(norn.ask("PING"), Reply::Simple(b"PONG".to_vec()));
}

/// Whether `to` holds under a key what `from` calls by this digest.
fn holds(to: &mut Site, from: &mut Site, key: &[u8], digest: &Reply) -> bool {
    let payload = to.dump(key);
    assert_eq!(from.say(&[b"RESTORE", b"probe", b"0", &payload]), ok());
    let same = from.digest(b"probe") == *digest;
    from.ask("DEL probe");
    same
}

/// Everything that `from` holds goes to `to`, in every way.
fn moves(from: &mut Site, to: &mut Site) {
    let port = to.port();
    furnish(&mut [from], 3);
    from.ask("SET volatile v PX 1000000");
    let before: Vec<_> = from.keys().into_iter().map(|key| (from.digest(&key), key)).collect();
    let all: Vec<&[u8]> = before.iter().map(|(_, key)| &key[..]).collect();
    let call = |options: &[&[u8]], keys: &[&[u8]]| -> Vec<Vec<u8>> {
        let head = [&b"MIGRATE"[..], b"127.0.0.1", port.as_bytes(), b"", b"2", b"5000"];
        let named = [&b"KEYS"[..]];
        let words = head.iter().chain(options).chain(&named).chain(keys);
        words.map(|word| word.to_vec()).collect()
    };
    let say =
        |site: &mut Site, words: &[Vec<u8>]| site.say(&words.iter().map(Vec::as_slice).collect::<Vec<_>>());
    to.ask("SELECT 2");
    assert_eq!(say(from, &call(&[b"COPY"], &all)), ok());
    assert_eq!(from.keys().len(), before.len(), "COPY keeps them");
    for (digest, key) in &before {
        // Redis counts the time in, which a payload does not carry.
        assert!(key == b"volatile" || holds(to, from, key, digest), "{}", String::from_utf8_lossy(key));
    }
    let ttl = to.ask("PTTL volatile");
    assert!((900_000..=1_000_000).any(|ms| ttl == int(ms)), "{ttl}");
    let busy = error("ERR Target instance replied with error: BUSYKEY Target key name already exists.");
    assert_eq!(say(from, &call(&[b"COPY"], &all)), busy);
    assert_eq!(from.keys().len(), before.len());
    // What was taken is gone, what was refused stays.
    to.ask("DEL plain large");
    assert_eq!(say(from, &call(&[], &[b"plain", b"volatile", b"large", b"missing"])), busy);
    assert_eq!(from.ask("EXISTS plain volatile large"), int(1));
    assert_eq!(to.ask("EXISTS plain volatile large"), int(3));
    assert_eq!(say(from, &call(&[b"REPLACE"], &all)), ok());
    assert_eq!(from.keys().len(), 0);
    for (digest, key) in &before {
        // Redis counts the time in, which a payload does not carry.
        assert!(key == b"volatile" || holds(to, from, key, digest), "{}", String::from_utf8_lossy(key));
    }
    assert_eq!(say(from, &call(&[b"REPLACE"], &all)), Reply::Simple(b"NOKEY".to_vec()));
    from.ask("SET k v");
    let alone = format!("MIGRATE 127.0.0.1 {port} k 3 5000");
    assert_eq!(from.ask(&alone), ok());
    to.ask("SELECT 3");
    assert_eq!(to.ask("GET k"), Reply::Bulk(b"v".to_vec()));
    from.ask("SET k v");
    assert_eq!(
        from.ask(&format!("MIGRATE 127.0.0.1 {port} k 99 5000")),
        error("ERR Target instance replied with error: ERR DB index is out of range")
    );
    assert_eq!(
        from.ask(&format!("MIGRATE 127.0.0.1 {port} k 0 5000 AUTH2 nobody x")),
        error(
            "ERR Target instance replied with error: WRONGPASS invalid username-password pair or user is disabled."
        )
    );
    assert_eq!(from.ask("GET k"), Reply::Bulk(b"v".to_vec()));
}

#[test]
fn keys_move_from_norn_to_norn() {
    moves(&mut Site::norn(&[]), &mut Site::norn(&[]));
}

#[test]
fn keys_move_from_norn_to_redis() {
    let Some(mut redis) = Site::redis("keys_move_from_norn_to_redis", &[]) else { return };
    moves(&mut Site::norn(&[]), &mut redis);
}

#[test]
fn keys_move_from_redis_to_norn() {
    let Some(mut redis) = Site::redis("keys_move_from_redis_to_norn", &[]) else { return };
    moves(&mut redis, &mut Site::norn(&[]));
}

#[test]
fn a_target_with_a_password() {
    let Some(mut redis) = Site::redis("a_target_with_a_password", &["--requirepass", "secret"]) else {
        return;
    };
    redis.ask("AUTH secret");
    let mut norn = Site::norn(&[]);
    let port = redis.port();
    norn.ask("SET k v");
    let refused = norn.ask(&format!("MIGRATE 127.0.0.1 {port} k 0 5000"));
    assert_eq!(refused, error("ERR Target instance replied with error: NOAUTH Authentication required."));
    assert_eq!(norn.ask(&format!("MIGRATE 127.0.0.1 {port} k 0 5000 AUTH secret")), ok());
    norn.ask("SET l v");
    assert_eq!(norn.ask(&format!("MIGRATE 127.0.0.1 {port} l 0 5000 COPY AUTH2 default secret")), ok());
    assert_eq!(redis.ask("EXISTS k l"), int(2));
    assert_eq!(norn.ask("EXISTS k l"), int(1));
}

#[test]
fn nobody_answers() {
    let mut norn = Site::norn(&[]);
    norn.ask("SET k v");
    let port = free_port();
    let writing = error("IOERR error or timeout writing to target instance");
    assert_eq!(norn.ask(&format!("MIGRATE 127.0.0.1 {port} k 0 300")), writing);
    let connecting = error("IOERR error or timeout connecting to the client");
    assert_eq!(norn.ask("MIGRATE no.such.host.invalid 1 k 0 3000"), connecting);
    // One that accepts and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let reading = error("IOERR error or timeout reading to target instance");
    assert_eq!(norn.ask(&format!("MIGRATE 127.0.0.1 {port} k 0 300")), reading);
    // One that hangs up, twice.
    let rude = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = rude.local_addr().unwrap().port();
    let hung_up = std::thread::spawn(move || {
        for _ in 0..2 {
            let (mut caller, _) = rude.accept().unwrap();
            assert!(caller.read(&mut [0; 64]).unwrap() > 0);
        }
    });
    assert_eq!(norn.ask(&format!("MIGRATE 127.0.0.1 {port} k 0 3000")), reading);
    hung_up.join().unwrap();
    assert_eq!(norn.ask("GET k"), Reply::Bulk(b"v".to_vec()));
}

/// A target that answers when it is told to.
fn slow_target() -> (u16, std::sync::mpsc::Sender<&'static [u8]>, std::thread::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (tell, told) = std::sync::mpsc::channel::<&'static [u8]>();
    let thread = std::thread::spawn(move || {
        let (mut caller, _) = listener.accept().unwrap();
        let mut heard = Vec::new();
        // REPLACE is the last word of each RESTORE.
        while !heard.ends_with(b"$7\r\nREPLACE\r\n") {
            let mut part = [0; 4096];
            let n = caller.read(&mut part).unwrap();
            assert!(n > 0, "hung up");
            heard.extend_from_slice(&part[..n]);
        }
        for answer in told {
            caller.write_all(answer).unwrap();
        }
    });
    (port, tell, thread)
}

#[test]
fn others_are_served_meanwhile_and_what_they_change_stays() {
    let mut norn = Site::norn(&[]);
    let mut other = norn.server.tcp();
    other.connect();
    let mut other = |line: &str| norn_tests::target::answer(&mut other, 0, line);
    let (port, tell, thread) = slow_target();
    for key in ["still", "changed", "deleted", "refused"] {
        norn.ask(&format!("SET {key} v"));
    }
    let port = port.to_string();
    let words = [
        "MIGRATE",
        "127.0.0.1",
        &port,
        "",
        "0",
        "20000",
        "REPLACE",
        "KEYS",
        "still",
        "changed",
        "deleted",
        "refused",
    ];
    norn.send(&words.map(str::as_bytes));
    norn.tcp.settle();
    assert_eq!(other("GET still"), "\"v\"");
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(other("APPEND changed w"), ":2");
    assert_eq!(other("DEL deleted"), ":1");
    assert!(norn.tcp.take(0).is_empty(), "the client waits");
    tell.send(b"+OK\r\n+OK\r\n+O").unwrap();
    tell.send(b"K\r\n+OK\r\n+OK\r\n").unwrap();
    let reply = norn.hear();
    let text = reply.error().map(|text| String::from_utf8_lossy(text).into_owned()).unwrap_or_default();
    assert!(text.starts_with("TRYAGAIN "), "{reply:?}");
    assert_eq!(other("EXISTS still deleted refused"), ":0");
    assert_eq!(other("GET changed"), "\"vw\"");
    drop(tell);
    thread.join().unwrap();
}

#[test]
fn a_client_that_leaves_does_not_stop_its_keys() {
    let mut norn = Site::norn(&[]);
    let mut other = norn.server.tcp();
    other.connect();
    let (port, tell, thread) = slow_target();
    norn.ask("SET k v");
    let port = port.to_string();
    norn.send(&["MIGRATE", "127.0.0.1", &port, "k", "0", "20000", "REPLACE"].map(str::as_bytes));
    std::thread::sleep(Duration::from_millis(200));
    norn.tcp.close(0);
    std::thread::sleep(Duration::from_millis(100));
    tell.send(b"+OK\r\n+OK\r\n").unwrap();
    let mut left = String::new();
    for _ in 0..100 {
        left = norn_tests::target::answer(&mut other, 0, "EXISTS k");
        if left == ":0" {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(left, ":0");
    drop(tell);
    thread.join().unwrap();
}

#[test]
fn a_connection_is_kept_for_the_next_request() {
    let (mut from, mut to) = (Site::norn(&[]), Site::norn(&[]));
    let port = to.port();
    // So that the tests' own connections are all there.
    from.ask("PING");
    to.ask("PING");
    let count = |site: &mut Site, name: &str| {
        let Reply::Bulk(text) = site.ask("INFO everything") else { panic!("a text") };
        let text = String::from_utf8_lossy(&text).into_owned();
        let found =
            text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':').map(str::to_owned));
        found.and_then(|text| text.parse::<u32>().ok()).expect("the field")
    };
    let clients = count(&mut from, "connected_clients");
    let callers = count(&mut to, "total_connections_received");
    for n in 0..5 {
        from.ask(&format!("SET k{n} v"));
        assert_eq!(from.ask(&format!("MIGRATE 127.0.0.1 {port} k{n} 0 5000")), ok());
    }
    assert_eq!(count(&mut from, "migrate_cached_sockets"), 1);
    assert_eq!(count(&mut from, "connected_clients"), clients, "it is nobody's client");
    assert_eq!(count(&mut to, "total_connections_received"), callers + 1);
    // When the other side closes it, the next request finds out and dials again.
    let Reply::Bulk(list) = to.ask("CLIENT LIST") else { panic!("a text") };
    let list = String::from_utf8_lossy(&list).into_owned();
    let line = list.lines().find(|line| line.contains("cmd=restore")).expect("the connection");
    let id = line.split(' ').next().and_then(|word| word.strip_prefix("id=")).expect("its id");
    assert_eq!(to.ask(&format!("CLIENT KILL ID {id}")), int(1));
    from.ask("SET again v");
    assert_eq!(from.ask(&format!("MIGRATE 127.0.0.1 {port} again 0 5000")), ok());
    assert_eq!(count(&mut to, "total_connections_received"), callers + 2);
}

#[test]
fn in_a_transaction_nothing_waits() {
    let (mut from, to) = (Site::norn(&[]), Site::norn(&[]));
    from.ask("SET k v");
    from.ask("MULTI");
    from.ask(&format!("MIGRATE 127.0.0.1 {} k 0 5000", to.port()));
    from.ask("GET k");
    let refused = error("ERR Command not allowed inside a transaction");
    assert_eq!(from.ask("EXEC"), Reply::Array(vec![refused, Reply::Bulk(b"v".to_vec())]));
}

/// What a replica of the old style is sent after its snapshot, while these commands run: one line for each, times in
/// milliseconds masked.
fn stream_of(site: &mut Site, lines: &[String]) -> Vec<String> {
    let mut link = std::net::TcpStream::connect(site.server.address).unwrap();
    link.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    link.write_all(b"SYNC\r\n").unwrap();
    let mut byte = [0];
    let mut header = Vec::new();
    while !header.ends_with(b"\r\n") {
        link.read_exact(&mut byte).unwrap();
        // Single line feeds are signs of life.
        if byte != *b"\n" || header.ends_with(b"\r") {
            header.push(byte[0]);
        }
    }
    let len = std::str::from_utf8(&header[1..header.len() - 2]).unwrap().parse().unwrap();
    link.read_exact(&mut vec![0; len]).unwrap();
    for line in lines {
        site.ask(line);
    }
    site.ask("SET the end");
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"$3\r\nend\r\n") {
        link.read_exact(&mut byte).unwrap();
        bytes.push(byte[0]);
    }
    let (commands, rest) = parse_all(&bytes).expect("a stream of commands");
    assert!(rest.is_empty());
    let word = |word: Reply| match word {
        Reply::Bulk(text) if text.len() == 13 && text.iter().all(u8::is_ascii_digit) && text[0] == b'1' => {
            "<ms>".to_owned()
        }
        Reply::Bulk(text) => norn_tests::words::quote(&text),
        other => panic!("{other:?}"),
    };
    let commands = commands.into_iter().map(|command| match command {
        Reply::Array(words) => words.into_iter().map(word).collect::<Vec<_>>().join(" "),
        other => panic!("{other:?}"),
    });
    commands.filter(|line| line != "PING" && line != "\"PING\"").collect()
}

#[test]
fn replicas_are_told_the_same() {
    const FIVE: &str = r#""\x00\xc0\x05\n\x00c/_f\x83/\xb3Q""#;
    let Some(mut redis) = Site::redis("replicas_are_told_the_same", &["--repl-diskless-sync-delay", "0"])
    else {
        return;
    };
    let mut norn = Site::norn(&["--repl-diskless-sync-delay", "0"]);
    let mut target = Site::norn(&[]);
    let port = target.port();
    let lines = [
        "SET k v".to_owned(),
        format!("RESTORE a 0 {FIVE}"),
        format!("RESTORE b 100000 {FIVE}"),
        format!("RESTORE b 100000 {FIVE} replace IDLETIME 5"),
        format!("RESTORE c 33177117420000 {FIVE} ABSTTL FREQ 3"),
        format!("RESTORE k 1 {FIVE} REPLACE ABSTTL"),
        format!("RESTORE none 1 {FIVE} ABSTTL"),
        format!("RESTORE a 0 {FIVE}"),
        "RPUSH l 2 1".to_owned(),
        "SORT l".to_owned(),
        "sort l DESC Store m".to_owned(),
        "SORT missing STORE m".to_owned(),
        "SORT missing STORE m".to_owned(),
        "MULTI".to_owned(),
        format!("RESTORE x 5000000 {FIVE}"),
        "SORT l STORE y".to_owned(),
        "SORT l BY w* GET w* STORE z".to_owned(),
        "EXEC".to_owned(),
        format!("MIGRATE 127.0.0.1 {port} l 0 5000 COPY"),
        format!("MIGRATE 127.0.0.1 {port} \"\" 0 5000 KEYS x nope y l z"),
        format!("MIGRATE 127.0.0.1 {port} nope 0 5000"),
        format!("MIGRATE 127.0.0.1 {port} l 0 5000"),
    ];
    let ours = stream_of(&mut norn, &lines);
    target.ask("FLUSHALL");
    let theirs = stream_of(&mut redis, &lines);
    assert!(theirs.len() > 15, "{theirs:#?}");
    assert_eq!(ours, theirs);
}

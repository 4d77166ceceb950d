//! A client library that people use, over a real socket: the `redis` crate.

use norn_tests::process::Server;
use redis::{Commands, Connection, PubSubCommands, RedisResult, Value, cmd, pipe};
use std::collections::BTreeSet;
use std::time::Duration;

fn connect(server: &Server, query: &str) -> Connection {
    let url = format!("redis://{}/{query}", server.address);
    let client = redis::Client::open(url).unwrap();
    let connection = client.get_connection_with_timeout(Duration::from_secs(5)).unwrap();
    connection.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    connection
}

fn both(test: impl Fn(&Server, Connection)) {
    let server = Server::norn(&[]);
    for query in ["", "?protocol=resp3"] {
        let mut connection = connect(&server, query);
        let () = cmd("FLUSHALL").query(&mut connection).unwrap();
        test(&server, connection);
    }
}

#[test]
fn strings() {
    both(|_, mut c| {
        let () = c.set("name", "norn").unwrap();
        assert_eq!(c.get::<_, String>("name").unwrap(), "norn");
        assert_eq!(c.get::<_, Option<String>>("missing").unwrap(), None);
        assert_eq!(c.incr::<_, _, i64>("n", 5).unwrap(), 5);
        assert_eq!(c.append::<_, _, usize>("name", "!").unwrap(), 5);
        let () = c.mset(&[("a", 1), ("b", 2)]).unwrap();
        assert_eq!(c.mget::<_, Vec<Option<i64>>>(&["a", "b", "c"]).unwrap(), [Some(1), Some(2), None]);
        let () = c.set_ex("short", "x", 100).unwrap();
        assert!((90..=100).contains(&c.ttl::<_, i64>("short").unwrap()));
        assert_eq!(c.del::<_, usize>(&["a", "b", "c"]).unwrap(), 2);
        let bytes: Vec<u8> = (0..=255).collect();
        let () = c.set("bytes", &bytes).unwrap();
        assert_eq!(c.get::<_, Vec<u8>>("bytes").unwrap(), bytes);
        let big = vec![7_u8; 3 << 20];
        let () = c.set("big", &big).unwrap();
        assert!(c.get::<_, Vec<u8>>("big").unwrap() == big);
    });
}

#[test]
fn errors() {
    both(|_, mut c| {
        let () = c.set("text", "abc").unwrap();
        let error = c.incr::<_, _, i64>("text", 1).unwrap_err();
        assert!(error.to_string().contains("value is not an integer or out of range"), "{error}");
        let error = cmd("NOSUCH").query::<Value>(&mut c).unwrap_err();
        assert!(error.to_string().contains("unknown command 'NOSUCH'"), "{error}");
        assert_eq!(c.get::<_, String>("text").unwrap(), "abc");
    });
}

#[test]
fn pipelines_and_transactions() {
    both(|_, mut c| {
        let got: (i64, i64, Option<String>) =
            pipe().cmd("INCR").arg("n").cmd("INCR").arg("n").cmd("GET").arg("x").query(&mut c).unwrap();
        assert_eq!(got, (1, 2, None));
        let got: (i64,) =
            pipe().atomic().cmd("SET").arg("k").arg(41).ignore().cmd("INCR").arg("k").query(&mut c).unwrap();
        assert_eq!(got, (42,));
        let mut many = pipe();
        for n in 0..5_000 {
            many.cmd("SET").arg(format!("key{n}")).arg(n).ignore();
        }
        let () = many.query(&mut c).unwrap();
        assert_eq!(c.get::<_, i64>("key4999").unwrap(), 4999);
    });
}

#[test]
fn a_watched_key_that_changes_retries() {
    both(|server, mut c| {
        let () = c.set("k", 1).unwrap();
        let mut other = connect(server, "");
        let mut tries = 0;
        let (after,): (i64,) = redis::transaction(&mut c, &["k"], |c, pipe| {
            tries += 1;
            let now: i64 = c.get("k")?;
            if tries == 1 {
                let () = other.set("k", 10)?;
            }
            pipe.set("k", now + 1).ignore().get("k").query(c)
        })
        .unwrap();
        assert_eq!((tries, after), (2, 11));
    });
}

#[test]
fn publish_and_subscribe() {
    let server = Server::norn(&[]);
    let mut publisher = connect(&server, "");
    let mut subscriber = connect(&server, "");
    let mut subscription = subscriber.as_pubsub();
    subscription.subscribe("news").unwrap();
    subscription.psubscribe("s*").unwrap();
    assert_eq!(publisher.publish::<_, _, usize>("news", "one").unwrap(), 1);
    assert_eq!(publisher.publish::<_, _, usize>("sport", "two").unwrap(), 1);
    assert_eq!(publisher.publish::<_, _, usize>("none", "three").unwrap(), 0);
    let message = subscription.get_message().unwrap();
    assert_eq!(
        (message.get_channel_name(), message.get_payload::<String>().unwrap()),
        ("news", "one".into())
    );
    let message = subscription.get_message().unwrap();
    assert_eq!(message.get_pattern::<String>().unwrap(), "s*");
    assert_eq!(message.get_payload::<String>().unwrap(), "two");
    drop(subscription);
    assert_eq!(publisher.publish::<_, _, usize>("news", "four").unwrap(), 0);
}

#[test]
fn subscribing_with_a_callback() {
    let server = Server::norn(&[]);
    let mut publisher = connect(&server, "");
    let mut subscriber = connect(&server, "");
    let thread = std::thread::spawn(move || {
        let mut heard = Vec::new();
        let result: RedisResult<()> = subscriber.subscribe(&["news"], |message| {
            heard.push(message.get_payload::<String>().unwrap());
            if heard.len() == 3 { redis::ControlFlow::Break(()) } else { redis::ControlFlow::Continue }
        });
        result.map(|()| heard)
    });
    let mut sent = 0;
    while sent < 3 {
        sent += publisher.publish::<_, _, usize>("news", sent.to_string()).unwrap();
    }
    assert_eq!(thread.join().unwrap().unwrap(), ["0", "1", "2"]);
}

#[test]
fn scanning() {
    both(|_, mut c| {
        let mut pipe = pipe();
        for n in 0..1_000 {
            pipe.set(format!("scan:{n}"), n).ignore();
            pipe.set(format!("other:{n}"), n).ignore();
        }
        let () = pipe.query(&mut c).unwrap();
        let found: Vec<String> =
            c.scan_match("scan:*").unwrap().collect::<RedisResult<Vec<String>>>().unwrap();
        let distinct: BTreeSet<_> = found.iter().collect();
        assert_eq!((found.len(), distinct.len()), (1_000, 1_000));
    });
}

#[test]
fn passwords() {
    let server = Server::norn(&["--requirepass".into(), "secret".into()]);
    let open = |auth: &str| {
        let url = format!("redis://{auth}{}/", server.address);
        redis::Client::open(url).unwrap().get_connection_with_timeout(Duration::from_secs(5))
    };
    assert!(open(":wrong@").is_err());
    let mut c = open(":secret@").unwrap();
    let () = c.set("a", 1).unwrap();
    let mut c = open("default:secret@").unwrap();
    assert_eq!(c.get::<_, i64>("a").unwrap(), 1);
}

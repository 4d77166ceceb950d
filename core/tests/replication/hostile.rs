//! Masters and replicas that do not keep to the rules.

use super::world::World;

const ID: &str = "0123456789abcdef0123456789abcdef01234567";

/// A node whose master is played by the test, up to PSYNC.
fn asked(w: &mut World) -> super::Client {
    let c = w.client(0);
    w.send(c, &["REPLICAOF", "elsewhere", "7000"]);
    w.nodes_only();
    let m = w.play_master(0);
    w.settle();
    assert_eq!(w.take(m), "*1\r\n$4\r\nPING\r\n");
    w.send_raw(m, b"+PONG\r\n");
    w.settle();
    assert!(w.take(m).contains("psync2"));
    w.send_raw(m, b"+OK\r\n+OK\r\n");
    w.settle();
    assert!(w.take(m).starts_with("*3\r\n$5\r\nPSYNC\r\n"));
    m
}

#[test]
fn whatever_a_master_sends_the_old_data_stays() {
    let full = format!("+FULLRESYNC {ID} 5\r\n");
    let after = |text: &str| [full.as_bytes(), text.as_bytes()].concat();
    let endless = vec![b'x'; 100_000];
    let cases: Vec<Vec<u8>> = vec![
        b"+FULLRESYNC short 1\r\n".to_vec(),
        b"*3\r\n$3\r\nSET\r\n".to_vec(),
        after("-ERR out of memory\r\n"),
        after("$12\r\nREDIS9999xxxxxx"),
        after("$EOF:0123456789\r\nREDIS0010"),
        after("$10\r\nREDIS0010\u{ff}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}"),
        endless.clone(),
        [full.as_bytes(), &endless].concat(),
    ];
    for (n, bytes) in cases.iter().enumerate() {
        for piece in [1, 13, 1 << 20] {
            let mut w = World::new(1, |_, _| {});
            super::fill(&mut w, 0, 3);
            let before = w.view(0).digest;
            let m = asked(&mut w);
            w.piece = piece;
            w.send_raw(m, bytes);
            w.settle();
            assert!(w.is_closed(m), "case {n} {piece} {:?}", w.logs);
            assert_eq!(w.view(0).digest, before);
            assert!(w.logs.iter().any(|(_, l)| l.starts_with("MASTER <-> REPLICA sync: ")), "{:?}", w.logs);
        }
    }
}

#[test]
fn a_master_of_old_is_asked_by_sync() {
    let mut w = World::new(1, |_, _| {});
    let m = asked(&mut w);
    w.send_raw(m, b"-ERR unknown command 'PSYNC'\r\n");
    w.settle();
    assert_eq!(w.take(m), "SYNC\r\n");
    // An empty data set without a checksum.
    let payload = b"REDIS0003\xff";
    w.send_raw(m, format!("\n\n${}\r\n", payload.len()).as_bytes());
    w.send_raw(m, payload);
    w.send_raw(m, b"*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\nb\r\n");
    w.pass_ms(3000);
    assert!(w.view(0).link_up, "{:?}", w.logs);
    assert_eq!((w.view(0).keys, w.take(m)), (1, String::new()));
}

#[test]
fn garbage_in_the_stream_drops_the_link_and_a_failing_command_does_not() {
    let mut w = World::new(1, |_, _| {});
    let m = asked(&mut w);
    w.send_raw(m, format!("+CONTINUE {ID}\r\n").as_bytes());
    w.send_raw(
        m,
        b"*1\r\n$4\r\nPING\r\n*2\r\n$6\r\nNOSUCH\r\n$1\r\nx\r\n*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\nb\r\n",
    );
    w.settle();
    assert_eq!((w.view(0).keys, w.nodes[0].server().stats.unexpected_errors, w.view(0).offset), (1, 1, 64));
    w.send_raw(m, b"*3\r\n$8\r\nREPLCONF\r\n$6\r\nGETACK\r\n$1\r\n*\r\n");
    w.settle();
    assert_eq!(w.take(m), "*3\r\n$8\r\nREPLCONF\r\n$3\r\nACK\r\n$2\r\n64\r\n");
    assert_eq!(w.view(0).offset, 64 + 37);
    w.send_raw(m, b"*1\r\n!!!!\r\n");
    w.settle();
    assert!(w.is_closed(m) && !w.view(0).link_up);
    assert_eq!(w.view(0).offset, 64 + 37);
}

#[test]
fn replicas_of_old_get_the_length_first() {
    let mut w = World::new(1, |_, _| {});
    super::fill(&mut w, 0, 100);
    let r = w.client(0);
    w.send_raw(r, b"SYNC\r\n");
    w.pass_ms(10);
    let got = w.take_raw(r);
    let end = got.iter().position(|b| *b == b'\n').unwrap();
    let len: usize = std::str::from_utf8(&got[1..end - 1]).unwrap().parse().unwrap();
    assert_eq!((got[0], got.len()), (b'$', end + 1 + len));
    let c = w.client(0);
    w.line(c, "SET a 1");
    assert_eq!(w.take(r), "*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\n1\r\n");
    w.pass_ms(200_000);
    assert!(!w.is_closed(r));
}

#[test]
fn the_stream_waits_for_the_first_acknowledgement() {
    let mut w = World::new(1, |_, _| {});
    let r = w.client(0);
    assert_eq!(w.line(r, "REPLCONF capa eof capa psync2 listening-port 7001"), "+OK\r\n");
    w.send(r, &["PSYNC", "?", "-1"]);
    w.pass_ms(10);
    let got = w.take(r);
    assert!(got.starts_with("+FULLRESYNC ") && got.contains("\r\n$EOF:"), "{got}");
    let c = w.client(0);
    w.line(c, "SET a 1");
    assert_eq!(w.take(r), "");
    assert_eq!(
        w.line(r, "REPLCONF ACK 0"),
        "*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\n1\r\n"
    );
    assert_eq!(w.line(r, "GET a"), "-ERR Replica can't interact with the keyspace\r\n");
    // One that lies about its offset is believed up to the end of the stream.
    w.line(r, "REPLCONF ACK 99999");
    assert_eq!(w.nodes[0].server().repl.online().next().unwrap().acked, w.view(0).offset);
    assert_eq!(w.line(c, "REPLCONF nonsense 1"), "-ERR Unrecognized REPLCONF option: nonsense\r\n");
    assert_eq!(w.line(c, "REPLCONF capa"), "-ERR syntax error\r\n");
    assert_eq!(w.line(c, "REPLCONF ACK 5"), "");
}

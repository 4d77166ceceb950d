//! Any chunking of the same bytes gives the same replies.

use norn_tests::loopback::Loopback;
use norn_tests::random::{Family, generate};
use norn_tests::target::Target;
use norn_tests::words::{escape, request};
use proptest::prelude::{Just, Strategy, any, prop, prop_oneof};
use proptest::test_runner::{Config, TestRunner};

const FAMILIES: &[Family] =
    &[Family::String, Family::Generic, Family::Expire, Family::Transactions, Family::Connection];

/// Requests of a random session, some of them inline, with a big value among them.
fn session(seed: u64, resp3: bool) -> Vec<u8> {
    let mut bytes = if resp3 { b"HELLO 3\r\n".to_vec() } else { Vec::new() };
    for (n, said) in generate(seed, FAMILIES, 60).iter().enumerate() {
        let inline =
            n % 7 == 0 && said.words.iter().all(|w| !w.is_empty() && w.iter().all(u8::is_ascii_graphic));
        let plain = said.words.iter().all(|w| !w.iter().any(|b| b"\"'\\".contains(b)));
        if inline && plain {
            bytes.extend_from_slice(&said.words.join(&b' '));
            bytes.extend_from_slice(if n % 2 == 0 { b"\r\n" } else { b"\n" });
        } else {
            bytes.extend_from_slice(&request(&said.words));
        }
    }
    let big = vec![b'x'; 40_000];
    bytes.extend_from_slice(&request(&[b"SET".to_vec(), b"big".to_vec(), big]));
    bytes.extend_from_slice(b"GET big\r\nPING end\r\n");
    bytes
}

/// Everything that comes back when the bytes arrive in reads of these lengths, over and over.
fn replies(bytes: &[u8], cuts: &[usize]) -> (Vec<u8>, bool) {
    let mut node = Loopback::new();
    let conn = node.connect();
    let (cuts, mut n) = (cuts.to_vec(), 0);
    node.cut(Box::new(move |_| {
        n += 1;
        cuts[(n - 1) % cuts.len()]
    }));
    node.send(conn, bytes);
    node.settle();
    (node.take(conn), node.is_closed(conn))
}

fn cuts() -> impl Strategy<Value = Vec<usize>> {
    prop_oneof![
        Just(vec![1]),
        prop::collection::vec(1_usize..8, 1..20),
        prop::collection::vec(1_usize..5_000, 1..20),
        prop::collection::vec(prop_oneof![Just(1_usize), Just(16_384), Just(65_536)], 1..6),
    ]
}

fn check(cases: u32, strategy: &impl Strategy<Value = (Vec<u8>, Vec<usize>)>) {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    TestRunner::new(config)
        .run(strategy, |(bytes, cuts)| {
            let whole = replies(&bytes, &[usize::MAX]);
            let parts = replies(&bytes, &cuts);
            let (one, other) = (escape(&whole.0), escape(&parts.0));
            let same = one.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count();
            let near = |text: &str| text[same.saturating_sub(80)..(same + 80).min(text.len())].to_owned();
            assert!(whole == parts, "whole: ...{}\n cut: ...{}", near(&one), near(&other));
            Ok(())
        })
        .unwrap();
}

#[test]
fn a_session_in_any_chunks() {
    check(
        24,
        &(any::<u64>(), any::<bool>(), cuts()).prop_map(|(seed, resp3, cuts)| (session(seed, resp3), cuts)),
    );
}

#[test]
fn the_session_says_something() {
    let (bytes, closed) = replies(&session(1, false), &[usize::MAX]);
    assert!(
        !closed && bytes.ends_with(b"$3\r\nend\r\n"),
        "{}",
        escape(&bytes[bytes.len().saturating_sub(200)..])
    );
    assert!(bytes.len() > 40_000);
}

/// A session damaged in one place, which mostly ends in a protocol error, also ends the same however it is cut.
#[test]
fn a_damaged_session_in_any_chunks() {
    let damaged = (any::<u64>(), any::<prop::sample::Index>(), any::<u8>(), cuts());
    check(
        48,
        &damaged.prop_map(|(seed, at, byte, cuts)| {
            let mut bytes = session(seed, false);
            let at = at.index(bytes.len());
            bytes[at] = byte;
            (bytes, cuts)
        }),
    );
}

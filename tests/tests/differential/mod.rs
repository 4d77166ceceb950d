//! The same bytes to norn and to a real Redis 7.0.15, the replies compared byte for byte.
//!
//! Where the two may differ is listed in `norn_tests::compare` and marked in the scripts. Random runs take
//! `NORN_SEEDS` (how many, default 4) and `NORN_SEED` (one only); a failure prints its seed and the shortest list of
//! commands that still differs.

mod shapes;

use crate::commands::{FAMILIES, pending, served};
use norn_core::contract::Unix;
use norn_tests::compare::difference;
use norn_tests::loopback::Loopback;
use norn_tests::process::Server;
use norn_tests::random::{CONNS, Family, Said, generate};
use norn_tests::script::{Heard, Protocol, Rule, Script, StepHeard};
use norn_tests::target::Target;
use norn_tests::words::{quote, request};
use std::fmt::Write as _;

/// Differences that one random run reports at most.
const FINDINGS: usize = 12;

/// Bytes of differences after which a test needs no more of them.
const FOUND_MAX: usize = 20_000;

/// Characters that are printed of a line.
const LINE_MAX: usize = 300;

const BOTH: [Protocol; 2] = [Protocol::Resp2, Protocol::Resp3];

/// norn at the time that the real server has too.
fn norn(args: &[String]) -> Loopback {
    let since =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a clock after 1970");
    Loopback::with_args(args, Unix(u64::try_from(since.as_micros()).expect("microseconds that fit")))
}

#[test]
fn scripts() {
    let mut wrong = String::new();
    for (family, scripts) in FAMILIES {
        for (name, text) in *scripts {
            let script = Script::parse(text);
            if let Some(missing) = pending(&script) {
                eprintln!("SKIPPED {family}::{name}: norn does not know {missing} yet");
                continue;
            }
            for &protocol in &script.protocols {
                let Some(server) = Server::redis("differential::scripts", &script.server) else { return };
                let theirs = script.run(&mut server.tcp(), protocol);
                let ours = std::panic::catch_unwind(|| script.run(&mut norn(&script.server), protocol));
                let Ok(ours) = ours else {
                    let _ = writeln!(wrong, "{family}::{name} {protocol:?}: norn panics");
                    continue;
                };
                for (i, step) in script.steps.iter().enumerate() {
                    if let Some(how) = difference(&theirs.heard[i], &ours.heard[i], &step.rule) {
                        let _ = writeln!(wrong, "{family}::{name} {protocol:?}: {}\n  {how}", step.line);
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "Redis is \"one\", norn is \"other\":\n{wrong}");
}

/// A target with the connections of one run.
struct Side<'a> {
    target: &'a mut dyn Target,
    conns: Vec<usize>,
    closed: [bool; CONNS],
}

impl<'a> Side<'a> {
    fn new(target: &'a mut dyn Target, protocol: Protocol) -> Self {
        let conns = (0..CONNS).map(|_| target.connect()).collect();
        let side = Self { target, conns, closed: [false; CONNS] };
        for &conn in &side.conns {
            if protocol == Protocol::Resp3 {
                side.target.send(conn, b"HELLO 3\r\n");
            }
            side.target.settle();
            side.target.take(conn);
        }
        side
    }

    /// What every connection hears after one command.
    fn say(&mut self, said: &Said) -> StepHeard {
        self.target.send(self.conns[said.conn], &request(&said.words));
        self.target.settle();
        let mut heard = StepHeard::new();
        for (i, &conn) in self.conns.iter().enumerate() {
            let bytes = self.target.take(conn);
            let closed = self.target.is_closed(conn) && !std::mem::replace(&mut self.closed[i], true);
            if closed || !bytes.is_empty() {
                let (replies, rest) = norn_tests::reply::parse_all(&bytes).unwrap_or((Vec::new(), bytes));
                heard.insert(i.to_string(), Heard { replies, rest, closed });
            }
        }
        heard
    }
}

impl Drop for Side<'_> {
    fn drop(&mut self) {
        for &conn in &self.conns {
            self.target.close(conn);
        }
    }
}

/// The first command after which some connection hears something else, and what.
fn first_difference(
    one: &mut dyn Target,
    other: &mut dyn Target,
    said: &[Said],
    protocol: Protocol,
) -> Option<(usize, String)> {
    let (mut one, mut other) = (Side::new(one, protocol), Side::new(other, protocol));
    let mut differs = |said: &Said| difference(&one.say(said), &other.say(said), &said.rule);
    said.iter().enumerate().find_map(|(n, said)| differs(said).map(|how| (n, how)))
}

/// The first difference that a list of commands shows: the number of its last command, and how the replies differ.
type Differs<'a> = dyn FnMut(&[Said]) -> Option<(usize, String)> + 'a;

/// Drops commands while the rest still differs.
fn shrink(said: Vec<Said>, how: String, differs: &mut Differs<'_>) -> (Vec<Said>, String) {
    let (mut best, mut how) = (said, how);
    let mut chunk = best.len() / 2;
    while chunk > 0 {
        let mut at = 0;
        while at + chunk < best.len() {
            let mut fewer = best.clone();
            fewer.drain(at..at + chunk);
            if let Some((n, now)) = differs(&fewer) {
                fewer.truncate(n + 1);
                best = fewer;
                how = now;
            } else {
                at += chunk;
            }
        }
        chunk /= 2;
    }
    (best, how)
}

fn seeds() -> Vec<u64> {
    let number = |name: &str| std::env::var(name).ok().and_then(|v| v.parse().ok());
    match number("NORN_SEED") {
        Some(seed) => vec![seed],
        None => (0..number("NORN_SEEDS").unwrap_or(4)).collect(),
    }
}

/// Random commands of some families to a real Redis and to what `other` makes.
fn compare_random(what: &str, families: &[Family], other: &mut dyn FnMut() -> Option<Box<dyn Target>>) {
    let Some(server) = Server::redis(what, &[]) else { return };
    let (mut found, mut compared) = (String::new(), 0);
    for seed in seeds() {
        for protocol in BOTH {
            let mut differs = |said: &[Said]| {
                server.clear();
                let mut other = other()?;
                first_difference(&mut server.tcp(), &mut *other, said, protocol)
            };
            let mut said = generate(seed, families, 1_000);
            said.retain(|s| s.words.first().is_none_or(|word| served(word)));
            compared += said.len();
            let seen = findings(what, said, &mut differs);
            if !seen.is_empty() {
                let _ = writeln!(found, "{what}, NORN_SEED={seed}, {protocol:?}:\n{seen}");
            }
            assert!(found.len() < FOUND_MAX, "Redis is \"one\", norn is \"other\":\n{found}");
        }
    }
    eprintln!("{what}: {compared} commands compared");
    assert!(found.is_empty(), "Redis is \"one\", norn is \"other\":\n{found}");
}

/// What differs in one list of commands. A difference is reported and its command dropped everywhere, so that one run
/// shows several.
fn findings(what: &str, mut said: Vec<Said>, differs: &mut Differs<'_>) -> String {
    let mut found = String::new();
    for _ in 0..FINDINGS {
        let Some((n, seen)) = differs(&said) else { break };
        // Two servers with clocks of their own may differ once by time alone: what counts shows again.
        let mut again = (0..3).filter_map(|_| differs(&said[..=n]));
        let Some((n, how)) = again.next() else {
            eprintln!("{what}: seen once and not again: {}\n{}", spoken(&said[n]), short(seen));
            continue;
        };
        drop(again);
        let (shrunk, how) = shrink(said[..=n].to_vec(), how, differs);
        for said in &shrunk {
            let _ = writeln!(found, "{}> {}", said.conn, spoken(said));
        }
        let _ = writeln!(found, "{}", short(how));
        let named = |said: &Said| said.words.first().map(|word| word.to_ascii_lowercase());
        let command = named(&said[n]);
        said.retain(|said| named(said) != command);
    }
    found
}

fn spoken(said: &Said) -> String {
    said.words.iter().map(|word| short(quote(word))).collect::<Vec<_>>().join(" ")
}

/// Lines cut to a length at which they can be read.
fn short(text: String) -> String {
    let cut = |line: &str| match line.char_indices().nth(LINE_MAX) {
        Some((end, _)) => format!("{}... ({} bytes)", &line[..end], line.len()),
        None => line.to_owned(),
    };
    text.lines().map(cut).collect::<Vec<_>>().join("\n")
}

fn compare_with_norn(what: &str, families: &[Family]) {
    compare_random(what, families, &mut || Some(Box::new(norn(&[]))));
}

#[test]
fn random_strings() {
    compare_with_norn("random_strings", &[Family::String]);
}

#[test]
fn random_keys() {
    compare_with_norn("random_keys", &[Family::Generic, Family::String]);
}

#[test]
fn random_expiry() {
    compare_with_norn("random_expiry", &[Family::Expire]);
}

#[test]
fn random_transactions() {
    compare_with_norn("random_transactions", &[Family::Transactions, Family::Transactions, Family::String]);
}

#[test]
fn random_connections() {
    compare_with_norn("random_connections", &[Family::Connection]);
}

#[test]
fn random_pubsub() {
    compare_with_norn("random_pubsub", &[Family::Pubsub]);
}

#[test]
fn random_hashes() {
    compare_with_norn("random_hashes", &[Family::Hash]);
}

#[test]
fn random_sets() {
    compare_with_norn("random_sets", &[Family::Set]);
}

#[test]
fn random_lists() {
    compare_with_norn("random_lists", &[Family::List]);
}

/// Nodes of two elements: every edit meets the edge of one.
#[test]
fn random_lists_of_short_nodes() {
    let args = ["--list-max-listpack-size".to_owned(), "2".to_owned()];
    compare_random("random_lists_of_short_nodes", &[Family::List], &mut || Some(Box::new(norn(&args))));
}

#[test]
fn random_sorted_sets() {
    compare_with_norn("random_sorted_sets", &[Family::ZSet]);
}

#[test]
fn random_places() {
    compare_with_norn("random_places", &[Family::Geo]);
}

#[test]
fn random_waiting() {
    compare_with_norn("random_waiting", &[Family::Waiting]);
}

#[test]
fn random_streams() {
    compare_with_norn("random_streams", &[Family::Stream]);
}

#[test]
fn random_consumer_groups() {
    compare_with_norn("random_consumer_groups", &[Family::Groups]);
}

#[test]
fn random_waiting_readers() {
    compare_with_norn("random_waiting_readers", &[Family::WaitingReaders]);
}

#[test]
fn random_bits() {
    compare_with_norn("random_bits", &[Family::Bits]);
}

#[test]
fn random_estimates() {
    compare_with_norn("random_estimates", &[Family::Estimates]);
}

#[test]
fn random_sorting() {
    compare_with_norn("random_sorting", &[Family::Sort]);
}

#[test]
fn random_everything() {
    compare_with_norn("random_everything", norn_tests::random::FAMILIES);
}

/// The generator and the rules are right only if a server agrees with itself.
#[test]
fn a_real_redis_agrees_with_itself() {
    let Some(twin) = Server::redis("a_real_redis_agrees_with_itself", &[]) else { return };
    compare_random("a_real_redis_agrees_with_itself", norn_tests::random::FAMILIES, &mut || {
        twin.clear();
        Some(Box::new(twin.tcp()))
    });
}

/// The comparison sees a difference, and shrinking keeps only what makes it.
#[test]
fn a_difference_is_found_and_shrunk() {
    let Some(server) = Server::redis("a_difference_is_found_and_shrunk", &[]) else { return };
    let Some(twin) = Server::redis("a_difference_is_found_and_shrunk", &["--databases".into(), "2".into()])
    else {
        return;
    };
    let word = |line: &str, conn| Said { conn, words: norn_tests::words::split(line), rule: Rule::default() };
    let mut said: Vec<_> = (0..20).map(|n| word(&format!("SET k{n} v"), n % CONNS)).collect();
    said.insert(7, word("SELECT 5", 1));
    said.push(word("GET k7", 1));
    let mut differs = |said: &[Said]| {
        server.clear();
        twin.clear();
        first_difference(&mut server.tcp(), &mut twin.tcp(), said, Protocol::Resp2)
    };
    let (shrunk, _) = shrink(said, String::new(), &mut differs);
    assert_eq!(shrunk.iter().map(|s| s.words[0].clone()).collect::<Vec<_>>(), [b"SELECT"]);
}

//! Every command with arguments of every shape: too few, too many, twice, in the wrong order, out of range. Errors are
//! compared text by text with a real Redis, other replies only by their kind.
//!
//! *Owns*: making arguments from the grammar in a command's row. `NORN_SEEDS` raises the number of shapes of each row.

use norn_core::commands::FAMILIES;
use norn_core::engine::{Flags, Row};
use norn_tests::compare::modern;
use norn_tests::process::Server;
use norn_tests::random::Rng;
use norn_tests::reply::{Reply, parse_all};
use norn_tests::target::{Target, ask};
use norn_tests::words::{quote, request};
use std::fmt::Write as _;

/// Rows that are not said: they end, silence or bind the connection or the server, 7.2 takes other arguments (see
/// `compare::ALLOWED` for texts alone), or they are new in 7.2.
const LEFT_OUT: &[&str] = &[
    "shutdown",
    "monitor",
    "sync",
    "psync",
    "debug",
    "replicaof",
    "slaveof",
    "failover",
    "quit",
    "reset",
    "hello",
    "multi",
    "exec",
    "discard",
    "watch",
    "replconf",
    "lolwut",
    "save",
    "bgsave",
    "bgrewriteaof",
    "config|set",
    "config|rewrite",
    "client|pause",
    "client|reply",
    "client|kill",
    "client|tracking",
    "subscribe",
    "psubscribe",
    "ssubscribe",
    "zrank",
    "zrevrank",
    "command|getkeys",
    "command|getkeysandflags",
    "client|no-touch",
    "client|setinfo",
    "waitaof",
    "migrate",
    "auth",
];

const START: &[&str] = &[
    "FLUSHALL",
    "SET str v",
    "SET a 5",
    "RPUSH list 1 2 m",
    "SADD set 1 m",
    "HSET hash f 1 m v",
    "ZADD zset 1 m 2 n",
    "XADD stream 1-1 f v",
    "XADD stream 2-2 f v",
    "XGROUP CREATE stream g 0",
];

const KEYS: &[&str] = &["str", "list", "set", "hash", "zset", "stream", "none", "a"];
const ODD: &[&str] = &[
    "x",
    "",
    "-1",
    "0",
    "1.5",
    "nan",
    "-0",
    "1 ",
    " 1",
    "0x1",
    "\u{e9}",
    "-inf",
    "-9223372036854775808",
    "9223372036854775807",
    "99999999999999999999",
    "inf",
];
/// The last of them are beyond all clocks, of which 7.0 says that they are negative.
const ODD_TIMES: usize = 13;

/// A grammar: words, sequences, alternatives, what may be missing, what may come again.
#[derive(Debug)]
enum Node {
    Word(String),
    All(Vec<Node>),
    One(Vec<Node>),
    Maybe(Box<Node>),
    Again(Box<Node>),
}

fn tokens(syntax: &str) -> Vec<String> {
    let mut spaced = syntax.replace("...", " ... ");
    for mark in ["(", ")", "[", "]", "|"] {
        spaced = spaced.replace(mark, &format!(" {mark} "));
    }
    spaced.split_whitespace().map(str::to_owned).rev().collect()
}

/// Reads alternatives up to a closing bracket or the end.
fn grammar(left: &mut Vec<String>) -> Node {
    let (mut alternatives, mut items) = (Vec::new(), Vec::new());
    while let Some(token) = left.pop() {
        match &token[..] {
            ")" | "]" => break,
            "|" => alternatives.push(Node::All(std::mem::take(&mut items))),
            "(" => items.push(grammar(left)),
            "[" => items.push(Node::Maybe(Box::new(grammar(left)))),
            "..." => {
                let last = items.pop().expect("something to repeat");
                items.push(Node::Again(Box::new(last)));
            }
            _ => items.push(Node::Word(token)),
        }
    }
    alternatives.push(Node::All(items));
    if alternatives.len() == 1 { alternatives.remove(0) } else { Node::One(alternatives) }
}

/// One sentence of the grammar.
fn sentence(node: &Node, rng: &mut Rng, out: &mut Vec<String>) {
    match node {
        Node::Word(word) => out.push(word.clone()),
        Node::All(items) => items.iter().for_each(|item| sentence(item, rng, out)),
        Node::One(items) => sentence(&items[rng.below(items.len())], rng, out),
        Node::Maybe(item) => {
            if rng.one_in(2) {
                sentence(item, rng, out);
            }
        }
        Node::Again(item) => (0..1 + rng.below(3)).for_each(|_| sentence(item, rng, out)),
    }
}

/// What stands for a word of the grammar.
fn value(word: &str, rng: &mut Rng, odd: &[&str]) -> String {
    let is_name = word.chars().any(|c| c.is_ascii_lowercase()) || word == "ID";
    if !is_name {
        return word.to_owned();
    }
    if !odd.is_empty() && rng.one_in(2) {
        return rng.pick(odd).to_owned();
    }
    let name = word.to_ascii_lowercase();
    let has = |parts: &[&str]| parts.iter().any(|part| name.contains(part));
    let from: &[&str] = match () {
        () if has(&["numkeys", "count", "num", "rank"]) => &["1", "2", "3", "0", "-1"],
        () if has(&["key", "source", "destination", "dst", "src"]) => KEYS,
        () if has(&["timeout"]) => &["0", "0.01", "x", "-1"],
        () if has(&["time", "second"]) => &["100", "9999999999", "1", "0"],
        () if has(&[
            "score", "incr", "itude", "weight", "radius", "width", "height", "min", "max", "st", "end",
        ]) =>
        {
            &["1", "2", "0", "1.5", "-1", "-", "+", "(1", "[a", "-inf"]
        }
        () if has(&["id"]) => &["1-1", "2-2", "0", "$", "-", "+", "*"],
        () if has(&["pattern", "cursor", "offset", "db"]) => &["0", "*", "1", "-1", "99"],
        () => &["m", "n", "f", "1", "v", "g", "x"],
    };
    rng.pick(from).to_owned()
}

/// Arguments of some shape.
fn shape(grammar: &Node, rng: &mut Rng, odd: &[&str]) -> Vec<String> {
    let mut words = Vec::new();
    sentence(grammar, rng, &mut words);
    let odd = if rng.one_in(2) { odd } else { &[] };
    let mut words: Vec<String> = words.iter().map(|word| value(word, rng, odd)).collect();
    let at = rng.below(words.len().max(1));
    match rng.below(8) {
        0 if !words.is_empty() => drop(words.remove(at)),
        1 => drop(words.pop()),
        2 if !words.is_empty() => words.insert(rng.below(words.len() + 1), words[at].clone()),
        3 => words.push(rng.pick(&["extra", "1", "NX", "COUNT", "LIMIT"]).to_owned()),
        4 if at > 0 => words.swap(at, at - 1),
        _ => {}
    }
    for word in &mut words {
        if rng.one_in(8) {
            *word = word.to_lowercase();
        }
    }
    words
}

/// An error whole, anything else by its kind.
fn gist(replies: &[Reply]) -> Vec<String> {
    let one = |reply: &Reply| match reply {
        Reply::Error(text) => modern(&String::from_utf8_lossy(text)),
        Reply::Array(items) => match &items[..] {
            // What EXEC answers for one command.
            [Reply::Error(text)] => modern(&String::from_utf8_lossy(text)),
            _ => "list".to_owned(),
        },
        Reply::NullBulk | Reply::NullArray | Reply::Null => "null".to_owned(),
        Reply::Set(_) | Reply::Push(_) | Reply::Map(_) => "list".to_owned(),
        other => other.to_string().chars().take(1).collect(),
    };
    replies.iter().map(one).collect()
}

fn say(target: &mut dyn Target, words: &[String], in_multi: bool) -> Vec<String> {
    let conn = target.connect();
    let words: Vec<Vec<u8>> = words.iter().map(|word| word.as_bytes().to_vec()).collect();
    let mut bytes = request(&words);
    if in_multi {
        bytes = [b"MULTI\r\n", &bytes[..], b"EXEC\r\n"].concat();
    }
    target.send(conn, &bytes);
    target.settle();
    let heard = target.take(conn);
    target.close(conn);
    let (replies, rest) = parse_all(&heard).unwrap_or_default();
    assert!(rest.is_empty(), "half a reply to {words:?}");
    gist(&replies)
}

/// A row's shapes said to both; what differs.
fn compare(row: &Row, one: &Server, shapes: u64) -> (u64, String) {
    let mut rng = Rng::new(row.name.bytes().fold(7, |seed, b| (seed << 5) ^ (seed >> 59) ^ u64::from(b)));
    let syntax = grammar(&mut tokens(row.syntax));
    let in_multi = row.flags.has(Flags::BLOCKING);
    let odd = if in_multi { &ODD[..ODD_TIMES] } else { ODD };
    let (mut redis, mut norn) = (one.tcp(), super::norn(&[]));
    for target in [&mut redis as &mut dyn Target, &mut norn] {
        let conn = target.connect();
        for line in START {
            ask(target, conn, line);
        }
    }
    let mut wrong = String::new();
    for _ in 0..shapes {
        let mut words: Vec<String> = row.name.split('|').map(str::to_owned).collect();
        words.extend(shape(&syntax, &mut rng, odd));
        let (theirs, ours) = (say(&mut redis, &words, in_multi), say(&mut norn, &words, in_multi));
        // LPOS refuses the lowest rank since 7.2, before it looks at its other options.
        let newer = row.name == "lpos" && format!("{ours:?}").contains("value must between");
        if theirs != ours && !newer && wrong.len() < 2_000 {
            let spoken: Vec<_> = words.iter().map(|word| quote(word.as_bytes())).collect();
            let _ = writeln!(wrong, "{}\n  Redis {theirs:?}\n  norn  {ours:?}", spoken.join(" "));
        }
    }
    (shapes, wrong)
}

#[test]
fn arguments_of_every_shape() {
    let Some(server) = Server::redis("arguments_of_every_shape", &[]) else { return };
    let seeds: u64 = std::env::var("NORN_SEEDS").ok().and_then(|n| n.parse().ok()).unwrap_or(4);
    let rows = FAMILIES.iter().copied().flatten().flat_map(|row| std::iter::once(row).chain(row.subs));
    let (mut wrong, mut compared, mut known) = (String::new(), 0, 0);
    let mut redis = server.tcp();
    let conn = redis.connect();
    for row in rows.filter(|row| !row.flags.has(Flags::CONTAINER)) {
        let container = row.name.split('|').next().unwrap_or_default();
        if LEFT_OUT.contains(&row.name) || LEFT_OUT.contains(&container) {
            continue;
        }
        // What 7.0 does not know cannot be compared.
        let info = ask(&mut redis, conn, &format!("COMMAND INFO {}", row.name));
        if info == b"*1\r\n*-1\r\n" || info == b"*1\r\n$-1\r\n" {
            continue;
        }
        let (said, differs) = compare(row, &server, 10 * seeds);
        known += 1;
        compared += said;
        wrong.push_str(&differs);
    }
    eprintln!("arguments_of_every_shape: {compared} shapes of {known} commands compared");
    assert!(known > 100 && wrong.is_empty(), "{wrong}");
}

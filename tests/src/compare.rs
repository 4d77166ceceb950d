//! Whether two servers said the same.
//!
//! *Owns*: the rules of comparison, and [`ALLOWED`], the texts in which Redis 7.2 (norn's model) differs from the
//! 7.0.15 that the tests compare with.

use crate::reply::Reply;
use crate::script::{Rule, StepHeard, presented};

/// Texts of Redis 7.0.15 and what 7.2 says instead.
pub const ALLOWED: &[(&str, &str)] = &[
    // The version that norn claims to be.
    ("redis_version:7.0.15", "redis_version:7.2.6"),
    ("\"7.0.15\"", "\"7.2.6\""),
    // 7.2 names the command. (The second pair makes one of what it says of its two commands.)
    (
        "Unbalanced XREAD list of streams: for each stream key an ID or '$'",
        "Unbalanced 'xread' list of streams: for each stream key an ID or '$'",
    ),
    (
        "Unbalanced 'xreadgroup' list of streams: for each stream key an ID or '>'",
        "Unbalanced 'xread' list of streams: for each stream key an ID or '$'",
    ),
    // 7.2 names the protocol argument too.
    ("the HELLO AUTH <user> <pass> option", "the HELLO <proto> AUTH <user> <pass> option"),
];

/// What Redis 7.0.15 printed, as 7.2 prints it.
#[must_use]
pub fn modern(text: &str) -> String {
    ALLOWED.iter().fold(text.to_owned(), |text, (theirs, ours)| text.replace(theirs, ours))
}

/// How far two readings of one time may lie apart: some seconds, in the unit that a number of that size has.
fn tolerance(n: i128) -> i128 {
    match n {
        // Seconds that are left, or milliseconds that are few; Unix seconds.
        0..100_000 | 1_000_000_000..100_000_000_000 => 10,
        _ => 10_000,
    }
}

/// Says how what two servers said in one step differs, or `None`.
#[must_use]
pub fn difference(left: &StepHeard, right: &StepHeard, rule: &Rule) -> Option<String> {
    if rule.differs.is_some() {
        return None;
    }
    let names: std::collections::BTreeSet<_> = left.keys().chain(right.keys()).collect();
    for name in names {
        let (a, b) =
            (left.get(name).cloned().unwrap_or_default(), right.get(name).cloned().unwrap_or_default());
        let show = |heard: &crate::script::Heard| {
            let mut one = StepHeard::new();
            one.insert(name.clone(), heard.clone());
            crate::script::render(&one, rule, name)
        };
        let same = a.closed == b.closed
            && same_rest(&a.rest, &b.rest, rule)
            && all_same(&a.replies, &b.replies, rule);
        if !same {
            return Some(format!("connection '{name}'\n  one:\n{}  other:\n{}", show(&a), show(&b)));
        }
    }
    None
}

/// Whether what is no whole reply is the same.
fn same_rest(a: &[u8], b: &[u8], rule: &Rule) -> bool {
    let bytes = |rest: &[u8]| {
        let mut bytes = rest.to_vec();
        bytes.sort_unstable();
        bytes
    };
    a == b || ((rule.unordered || rule.any_order) && bytes(a) == bytes(b))
}

/// Whether two lists of replies are the same under a rule. What EXEC answers is compared command by command where every
/// command answered once.
fn all_same(a: &[Reply], b: &[Reply], rule: &Rule) -> bool {
    if let ([Reply::Array(a)], [Reply::Array(b)]) = (a, b)
        && a.len() == rule.queued.len()
        && b.len() == a.len()
        && !rule.leaves
    {
        let one = std::slice::from_ref;
        return rule.queued.iter().enumerate().all(|(n, rule)| all_same(one(&a[n]), one(&b[n]), rule));
    }
    let present = |replies: &[Reply]| presented(&replies.iter().map(one_encoding).collect::<Vec<_>>(), rule);
    let (a, b) = (present(a), present(b));
    a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| same(a, b, rule))
}

/// 7.2 has one more encoding for lists and for sets; which of them a value has is a matter of the transcripts.
fn one_encoding(reply: &Reply) -> Reply {
    match reply {
        Reply::Bulk(text) if text == b"quicklist" || text == b"hashtable" => {
            Reply::Bulk(b"listpack".to_vec())
        }
        Reply::Array(items) => Reply::Array(items.iter().map(one_encoding).collect()),
        other => other.clone(),
    }
}

/// Whether two presented replies are the same under a rule.
fn same(a: &Reply, b: &Reply, rule: &Rule) -> bool {
    a == b || (rule.near && near(a, b)) || modern(&a.to_string()) == modern(&b.to_string())
}

fn near(a: &Reply, b: &Reply) -> bool {
    match (a, b) {
        (Reply::Integer(a), Reply::Integer(b)) => {
            let number = |t: &[u8]| std::str::from_utf8(t).ok().and_then(|t| t.parse::<i128>().ok());
            match (number(a), number(b)) {
                // -1 and -2 are answers, not times.
                (Some(a), Some(b)) => a == b || (a > 0 && b > 0 && (a - b).abs() <= tolerance(a)),
                _ => false,
            }
        }
        (Reply::Array(a), Reply::Array(b)) | (Reply::Map(a), Reply::Map(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a == b || near(a, b))
        }
        _ => false,
    }
}

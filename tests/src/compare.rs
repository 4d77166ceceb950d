//! Whether two servers said the same.
//!
//! *Owns*: the rules of comparison, and [`ALLOWED`], the texts in which Redis 7.2 (norn's model) differs from the
//! 7.0.15 that the tests compare with.

use crate::reply::Reply;
use crate::script::{Rule, StepHeard, present};

/// Texts of Redis 7.0.15 and what 7.2 says instead; each with the reason why both are right.
pub const ALLOWED: &[(&str, &str)] = &[
    // 7.2 names the version that norn claims to be.
    ("redis_version:7.0.15", "redis_version:7.2.5"),
    ("\"7.0.15\"", "\"7.2.5\""),
];

/// Seconds (or thousands of milliseconds) that two remaining times may differ by.
const NEAR: i128 = 20_000;

/// Says how what two servers said in one step differs, or `None`.
#[must_use]
pub fn difference(left: &StepHeard, right: &StepHeard, rule: &Rule) -> Option<String> {
    if rule.differs.is_some() {
        return None;
    }
    let names: std::collections::BTreeSet<_> = left.keys().chain(right.keys()).collect();
    for name in names {
        let (a, b) = (left.get(name).cloned().unwrap_or_default(), right.get(name).cloned().unwrap_or_default());
        let show = |heard: &crate::script::Heard| {
            let mut one = StepHeard::new();
            one.insert(name.clone(), heard.clone());
            crate::script::render(&one, rule, name)
        };
        let same = a.closed == b.closed
            && a.rest == b.rest
            && a.replies.len() == b.replies.len()
            && a.replies.iter().zip(&b.replies).all(|(a, b)| same(a, b, rule));
        if !same {
            return Some(format!("connection '{name}'\n  one:\n{}  other:\n{}", show(&a), show(&b)));
        }
    }
    None
}

/// Whether two replies are the same under a rule.
#[must_use]
pub fn same(a: &Reply, b: &Reply, rule: &Rule) -> bool {
    let (a, b) = (present(a, rule), present(b, rule));
    if a == b || (rule.near && near(&a, &b)) {
        return true;
    }
    let text = |reply: &Reply| {
        ALLOWED.iter().fold(reply.to_string(), |text, (theirs, ours)| text.replace(theirs, ours))
    };
    text(&a) == text(&b)
}

fn near(a: &Reply, b: &Reply) -> bool {
    match (a, b) {
        (Reply::Integer(a), Reply::Integer(b)) => {
            let number = |t: &[u8]| std::str::from_utf8(t).ok().and_then(|t| t.parse::<i128>().ok());
            match (number(a), number(b)) {
                // -1 and -2 are answers, not times.
                (Some(a), Some(b)) => a == b || (a > 0 && b > 0 && (a - b).abs() <= NEAR),
                _ => false,
            }
        }
        (Reply::Array(a), Reply::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a == b || near(a, b))
        }
        _ => false,
    }
}

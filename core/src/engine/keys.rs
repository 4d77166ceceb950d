//! Which arguments of a command are keys.
//!
//! *Owns*: evaluating key specifications, and the hand-written finders for what they cannot say.
//! *Does not own*: the specifications (each row has its own). Source: the Redis documentation, "Command key specifications".

use super::row::{Begin, Find, KeyFlags, KeySpec, Row};
use crate::base::number::parse_i64;
use crate::resp::Args;
use alloc::vec;
use alloc::vec::Vec;

/// A key among the arguments: its index and what is done with it.
pub type FoundKey = (usize, KeyFlags);

/// The keys of a command: by its specifications when they tell all, else by its finder. `None` when the arguments make
/// no sense.
#[must_use]
pub fn keys_of(row: &Row, args: &Args<'_>) -> Option<Vec<FoundKey>> {
    let unsure = KeyFlags::INCOMPLETE.or(KeyFlags::VARIABLE_FLAGS);
    let by_spec = row.specs.iter().any(|s| !s.flags.has(KeyFlags::NOT_KEY))
        && !row.specs.iter().any(|s| s.flags.any(unsure) || is_unknown(s));
    if by_spec {
        let mut keys = Vec::new();
        let mut sound = true;
        for spec in row.specs.iter().filter(|s| !s.flags.has(KeyFlags::NOT_KEY)) {
            match expand(spec, args) {
                Some(found) => keys.extend(found),
                None => sound = false,
            }
        }
        if sound {
            return Some(keys);
        }
    }
    match row.find_keys {
        Some(find) => find(args),
        None if by_spec => None,
        None => Some(Vec::new()),
    }
}

fn is_unknown(spec: &KeySpec) -> bool {
    matches!(spec.begin, Begin::Unknown) || matches!(spec.find, Find::Unknown)
}

/// The keys that one specification names.
fn expand(spec: &KeySpec, args: &Args<'_>) -> Option<Vec<FoundKey>> {
    let argc = args.len() as i64;
    let first = match spec.begin {
        Begin::Index(i) => i64::from(i),
        Begin::Keyword(word, from) => match keyword(word, i64::from(from), args) {
            Some(at) => at,
            None => return Some(Vec::new()),
        },
        Begin::Unknown => return None,
    };
    let (first, last, step) = match spec.find {
        Find::Range(last, step, limit) => {
            let last = match (last, limit) {
                (l, _) if l >= 0 => first + i64::from(l),
                (l, limit) if limit <= 1 => argc + i64::from(l),
                (l, limit) => first + (argc - first) / i64::from(limit) + i64::from(l),
            };
            (first, last, step)
        }
        Find::Count(count, start, step) => {
            let at = usize::try_from(first + i64::from(count)).ok()?;
            let n = parse_i64(args.try_get(at)?)?;
            if n < 1 || n > argc {
                return None;
            }
            let start = first + i64::from(start);
            (start, start + (n - 1) * i64::from(step), step)
        }
        Find::Unknown => return None,
    };
    if first < 1 || first >= argc || last >= argc || last < first || step < 1 {
        return None;
    }
    Some((first..=last).step_by(step as usize).map(|i| (i as usize, spec.flags)).collect())
}

/// The index after a word, searched forward from an argument or backward from the end.
fn keyword(word: &str, from: i64, args: &Args<'_>) -> Option<i64> {
    let argc = args.len() as i64;
    let is_word = |i: &i64| args.get(*i as usize).eq_ignore_ascii_case(word.as_bytes());
    let found = if from >= 0 {
        (from..argc - 1).find(is_word)
    } else {
        (1..=(argc + from).min(argc - 1)).rev().find(is_word)
    };
    found.map(|at| at + 1)
}

/// SET: with GET it also reads.
#[must_use]
pub fn set_keys(args: &Args<'_>) -> Option<Vec<FoundKey>> {
    let reads = args.iter().skip(3).any(|arg| arg.eq_ignore_ascii_case(b"GET"));
    let flags = if reads {
        KeyFlags::RW | KeyFlags::ACCESS | KeyFlags::UPDATE
    } else {
        KeyFlags::OW | KeyFlags::UPDATE
    };
    Some(vec![(1, flags)])
}

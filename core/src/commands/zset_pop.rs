//! Sorted sets: taking the first or last members, choosing at random, scanning. Source: the Redis documentation of
//! each command.

use super::scan::{ScanOptions, cursor, reply_nothing};
use super::zset::{READ, first_key, read, remove_ranks, write_members};
use super::zset_combine::many_keys;
use crate::base::number::{FLOAT_TEXT_MAX, format_double, parse_i64};
use crate::base::rng::Rng;
use crate::engine::Ctx;
use crate::engine::row::{Acl, Begin, Find, Flags, Group, KeyFlags, KeySpec, Row};
use crate::resp::{CommandError, Proto, Writer};
use crate::value::{IntText, SmallBytes, Value, ZSet};
use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec::Vec;

type Done = Result<(), CommandError>;

/// Which end members are taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Min,
    Max,
}

impl End {
    pub(super) fn parse(word: &[u8]) -> Result<Self, CommandError> {
        match () {
            () if word.eq_ignore_ascii_case(b"MIN") => Ok(Self::Min),
            () if word.eq_ignore_ascii_case(b"MAX") => Ok(Self::Max),
            () => Err(CommandError::Syntax),
        }
    }

    /// The event that popping is announced with.
    pub(super) const fn event(self) -> &'static str {
        match self {
            Self::Min => "zpopmin",
            Self::Max => "zpopmax",
        }
    }

    /// The command that does the same without waiting and without choosing a key.
    pub(super) const fn verb(self) -> &'static [u8] {
        match self {
            Self::Min => b"ZPOPMIN",
            Self::Max => b"ZPOPMAX",
        }
    }

    /// The ranks of up to `count` members at this end.
    pub(super) fn ranks(self, len: usize, count: usize) -> (usize, usize) {
        match self {
            Self::Min => (0, count.min(len)),
            Self::Max => (len - count.min(len), len),
        }
    }
}

fn zpopmin(ctx: &mut Ctx<'_>) -> Done {
    pop_from_key(ctx, End::Min)
}

fn zpopmax(ctx: &mut Ctx<'_>) -> Done {
    pop_from_key(ctx, End::Max)
}

fn pop_from_key(ctx: &mut Ctx<'_>, end: End) -> Done {
    let key = ctx.arg(1);
    let count = match ctx.argc() {
        2 => None,
        3 => {
            let n = parse_i64(ctx.arg(2)).and_then(|n| usize::try_from(n).ok());
            Some(n.ok_or(CommandError::NotPositive)?)
        }
        _ => return Err(CommandError::Syntax),
    };
    let pairs = count.is_some() && ctx.proto == Proto::Resp3;
    let Some(set) = read(&mut ctx.srv.keyspace, ctx.db, key)? else {
        ctx.reply().array(0);
        return Ok(());
    };
    let ranks = end.ranks(set.len(), count.unwrap_or(1));
    let mut w = Writer::new(ctx.out, ctx.proto);
    write_popped(&mut w, set, ranks, end, pairs);
    if ranks.0 < ranks.1 {
        remove_ranks(ctx, key, ranks, end.event())?;
    }
    Ok(())
}

/// Writes members with their scores, flat or in pairs.
fn write_popped(w: &mut Writer<'_>, set: &ZSet, (from, to): (usize, usize), end: End, pairs: bool) {
    w.array(if pairs { to - from } else { 2 * (to - from) });
    let members = if end == End::Max { set.range_back(from, to) } else { set.range(from, to) };
    for (member, score) in members {
        if pairs {
            w.array(2);
        }
        w.bulk(member);
        w.double(score);
    }
}

/// Pops up to `count` members of a key that has some, and writes the key and the members in pairs. Answers whether the
/// key had any.
pub(super) fn pop_many(ctx: &mut Ctx<'_>, key: &[u8], end: End, count: usize) -> Result<bool, CommandError> {
    let Some(set) = read(&mut ctx.srv.keyspace, ctx.db, key)? else { return Ok(false) };
    let ranks = end.ranks(set.len(), count);
    let mut w = Writer::new(ctx.out, ctx.proto);
    w.array(2);
    w.bulk(key);
    write_popped(&mut w, set, ranks, end, true);
    remove_ranks(ctx, key, ranks, end.event())?;
    ctx.propagate(&[end.verb(), key, IntText::new().format((ranks.1 - ranks.0) as i64)]);
    Ok(true)
}

/// What ZMPOP and BZMPOP ask for: which keys, which end, how many.
pub(super) struct ManyPop {
    pub(super) keys: core::ops::Range<usize>,
    pub(super) end: End,
    pub(super) count: usize,
}

impl ManyPop {
    /// Reads the arguments from the number of keys on.
    pub(super) fn parse(ctx: &Ctx<'_>, at: usize) -> Result<Self, CommandError> {
        let positive = |i| parse_i64(ctx.arg(i)).and_then(|n| usize::try_from(n).ok()).filter(|n| *n > 0);
        let numkeys = positive(at).ok_or(CommandError::NumKeysZero)?;
        let end_at = (at + 1).saturating_add(numkeys);
        if end_at >= ctx.argc() {
            return Err(CommandError::Syntax);
        }
        let end = End::parse(ctx.arg(end_at))?;
        let count = match ctx.argc() - end_at {
            1 => 1,
            _ if !ctx.arg_is(end_at + 1, "COUNT") || end_at + 2 >= ctx.argc() => {
                return Err(CommandError::Syntax);
            }
            n => {
                let count = positive(end_at + 2).ok_or(CommandError::CountZero)?;
                if n > 3 {
                    return Err(CommandError::Syntax);
                }
                count
            }
        };
        Ok(Self { keys: at + 1..end_at, end, count })
    }
}

fn zmpop(ctx: &mut Ctx<'_>) -> Done {
    let pop = ManyPop::parse(ctx, 1)?;
    for i in pop.keys {
        if pop_many(ctx, ctx.arg(i), pop.end, pop.count)? {
            return Ok(());
        }
    }
    ctx.reply().null_array();
    Ok(())
}

fn zrandmember(ctx: &mut Ctx<'_>) -> Done {
    if ctx.argc() == 2 {
        let set = read(&mut ctx.srv.keyspace, ctx.db, ctx.args.get(1))?;
        let chosen = set.and_then(|set| set.random(&mut ctx.srv.rng));
        let mut w = Writer::new(ctx.out, ctx.proto);
        match chosen {
            Some((member, _)) => w.bulk(member),
            None => w.null(),
        }
        return Ok(());
    }
    let count = ctx.int(2)?;
    if count == i64::MIN {
        return Err(CommandError::NotBetween(-i64::MAX, i64::MAX));
    }
    let with_scores = ctx.argc() == 4 && ctx.arg_is(3, "WITHSCORES");
    if ctx.argc() > 3 && !with_scores {
        return Err(CommandError::Syntax);
    }
    if with_scores && count.unsigned_abs() > i64::MAX as u64 / 2 {
        return Err(CommandError::OutOfRange);
    }
    let set = read(&mut ctx.srv.keyspace, ctx.db, ctx.args.get(1))?;
    let mut w = Writer::new(ctx.out, ctx.proto);
    let rng = &mut ctx.srv.rng;
    let n = count.unsigned_abs() as usize;
    match set {
        None => w.array(0),
        Some(set) if count < 0 => {
            let members = (0..n).filter_map(|_| set.random(rng));
            write_members(&mut w, members, n, with_scores);
        }
        Some(set) if n >= set.len() => write_members(&mut w, set.iter(), set.len(), with_scores),
        Some(set) if n * 3 > set.len() => {
            // Each member in turn, as likely as what is still needed of what is left.
            let (mut needed, mut left) = (n as u64, set.len() as u64);
            let members = set.iter().filter(|_| {
                let taken = rng.below(left) < needed;
                needed -= u64::from(taken);
                left -= 1;
                taken
            });
            write_members(&mut w, members, n, with_scores);
        }
        Some(set) => {
            let ranks = distinct(n, set.len(), rng);
            let members = ranks.into_iter().filter_map(|rank| set.at(rank));
            write_members(&mut w, members, n, with_scores);
        }
    }
    Ok(())
}

/// `n` different numbers below `len`, in random order.
fn distinct(n: usize, len: usize, rng: &mut Rng) -> Vec<usize> {
    let mut seen = BTreeSet::new();
    let mut chosen = Vec::with_capacity(n);
    while chosen.len() < n {
        let one = rng.below(len as u64) as usize;
        if seen.insert(one) {
            chosen.push(one);
        }
    }
    chosen
}

fn zscan(ctx: &mut Ctx<'_>) -> Done {
    let cursor = cursor(ctx, 2)?;
    if read(&mut ctx.srv.keyspace, ctx.db, ctx.args.get(1))?.is_none() {
        reply_nothing(&mut ctx.reply());
        return Ok(());
    }
    let options = ScanOptions::parse(ctx, 3)?;
    let found = ctx.srv.keyspace.peek(ctx.db, ctx.args.get(1));
    let Some(set) = found.and_then(Value::as_zset) else { return Err(CommandError::WrongType) };
    let mut found = Vec::new();
    let next = set.scan(cursor, options.count, |member, score| {
        if options.wants(member) {
            found.push((SmallBytes::new(member), score));
        }
    });
    let shortest = set.encoding() == "listpack";
    let mut w = ctx.reply();
    w.array(2);
    w.bulk(IntText::new().format(next as i64));
    w.array(2 * found.len());
    for (member, score) in &found {
        w.bulk(member.as_slice());
        if shortest {
            w.bulk(format_double(*score, &mut [0; FLOAT_TEXT_MAX]));
        } else {
            w.bulk(seventeen_digits(*score).as_bytes());
        }
    }
    Ok(())
}

/// A score as the iteration of large sets shows it: with 17 significant digits.
fn seventeen_digits(score: f64) -> String {
    if !score.is_finite() {
        return String::from(if score < 0.0 { "-inf" } else { "inf" });
    }
    let text = alloc::format!("{score:.16e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..17).contains(&exponent) {
        let decimals = (16 - exponent) as usize;
        let plain = alloc::format!("{score:.decimals$}");
        return if decimals > 0 { trimmed(&plain) } else { plain };
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    alloc::format!("{}e{sign}{:02}", trimmed(digits), exponent.abs())
}

/// Without the zeros at the end of the decimals.
fn trimmed(text: &str) -> String {
    String::from(text.trim_end_matches('0').trim_end_matches('.'))
}

const POPPED: KeyFlags = KeyFlags::RW.or(KeyFlags::ACCESS).or(KeyFlags::DELETE);
const ACL_FAST_WRITE: Acl = Acl::FAST.or(Acl::SORTEDSET).or(Acl::WRITE);
const ACL_READ: Acl = Acl::READ.or(Acl::SLOW).or(Acl::SORTEDSET);
const COST: &str = "O(m log n), m being the number of members removed";

pub(super) const ROWS: &[Row] = &[
    Row::new(
        "zmpop",
        zmpop,
        -4,
        Flags::WRITE.or(Flags::MOVABLEKEYS),
        Acl::SLOW.or(Acl::SORTEDSET).or(Acl::WRITE),
        Group::SortedSet,
    )
    .keyed((0, 0, 0), &[KeySpec { begin: Begin::Index(1), find: Find::Count(0, 1, 1), flags: POPPED }])
    .finder(|args| many_keys(args, 1, POPPED))
    .since("7.0.0")
    .doc(
        "Removes members with the lowest or highest scores from the first key that has any.",
        "O(k + m log n), k being the number of keys and m that of members removed",
        "numkeys key... (MIN|MAX) [COUNT count]",
    ),
    Row::new("zpopmax", zpopmax, -2, Flags::WRITE.or(Flags::FAST), ACL_FAST_WRITE, Group::SortedSet)
        .keyed((1, 1, 1), &[first_key(POPPED)])
        .since("5.0.0")
        .doc("Removes and returns the members with the highest scores.", COST, "key [count]"),
    Row::new("zpopmin", zpopmin, -2, Flags::WRITE.or(Flags::FAST), ACL_FAST_WRITE, Group::SortedSet)
        .keyed((1, 1, 1), &[first_key(POPPED)])
        .since("5.0.0")
        .doc("Removes and returns the members with the lowest scores.", COST, "key [count]"),
    Row::new("zrandmember", zrandmember, -2, Flags::READONLY, ACL_READ, Group::SortedSet)
        .keyed((1, 1, 1), READ)
        .since("6.2.0")
        .tips(&["nondeterministic_output"])
        .doc(
            "Chooses members at random.",
            "O(m log n), m being the number of members chosen",
            "key [count [WITHSCORES]]",
        ),
    Row::new("zscan", zscan, -3, Flags::READONLY, ACL_READ, Group::SortedSet)
        .keyed((1, 1, 1), READ)
        .since("2.8.0")
        .tips(&["nondeterministic_output"])
        .doc(
            "Goes through the members in several steps.",
            "O(1) for each step, O(n) for all of them",
            "key cursor [MATCH pattern] [COUNT count]",
        ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_with_seventeen_digits() {
        for (score, text) in [
            (0.1, "0.10000000000000001"),
            (-1.5, "-1.5"),
            (5.0, "5"),
            (-0.0, "-0"),
            (1e16, "10000000000000000"),
            (1e17, "1e+17"),
            (1.25e-5, "1.2500000000000001e-05"),
            (0.0001, "0.0001"),
            (3.0517578125e-05, "3.0517578125e-05"),
            (1e300, "1.0000000000000001e+300"),
            (f64::INFINITY, "inf"),
            (f64::NEG_INFINITY, "-inf"),
        ] {
            assert_eq!(seventeen_digits(score), text);
        }
    }

    #[test]
    fn distinct_choices() {
        let mut rng = Rng::new([1; 32]);
        for (n, len) in [(0, 10), (3, 10), (10, 10), (50, 1_000)] {
            let chosen = distinct(n, len, &mut rng);
            let set: BTreeSet<_> = chosen.iter().copied().collect();
            assert!(chosen.len() == n && set.len() == n && set.iter().all(|one| *one < len));
        }
    }
}

//! The sorted set commands that are not about ranges.

use super::{Answer, Call, Expect, SYNTAX, Value, choice, int, number};
use crate::client::reply::Reply;
use std::collections::BTreeMap;

pub(super) type ZSet = BTreeMap<Vec<u8>, f64>;

pub(super) const NOT_FLOAT: &str = "ERR value is not a valid float";

/// Runs a sorted set command; `None` when it is none.
pub(super) fn run(name: &[u8], c: &mut Call<'_>) -> Option<Answer> {
    Some(match name {
        b"zadd" => add(c),
        b"zincrby" => incrby(c),
        b"zrem" => remove(c),
        b"zcard" => c.get::<ZSet>(1).map(|z| Expect::int(z.map_or(0, ZSet::len) as i64)),
        b"zscore" => c.get::<ZSet>(1).map(|z| Expect::Exact(score_of(z, c.a.at(2), c.resp3))),
        b"zmscore" => c.get::<ZSet>(1).map(|z| {
            let all = c.a.iter().skip(2).map(|m| score_of(z, m, c.resp3));
            Expect::Exact(Reply::Array(all.collect()))
        }),
        b"zrank" | b"zrevrank" => rank(c, name == b"zrevrank"),
        b"zpopmin" | b"zpopmax" => pop(c, name == b"zpopmin"),
        b"zmpop" => match many(c, 1, None) {
            Ok(Some(reply)) => Ok(reply),
            Ok(None) => Ok(c.null_array()),
            Err(error) => Err(error),
        },
        b"zrandmember" => random(c),
        b"zunion" | b"zinter" | b"zdiff" => {
            combine(c, name, 1).map(|(z, scores)| listed(&sorted(&z), scores, c.resp3))
        }
        b"zunionstore" | b"zinterstore" | b"zdiffstore" => store(c, name),
        b"zintercard" => card(c),
        b"zscan" => c.get::<ZSet>(1).map(|z| super::scan_reply(c.a, flat(z))),
        _ => return None,
    })
}

/// A score as text. The workload's scores are short in binary: no rounding shows.
pub(super) fn score_text(score: f64) -> Vec<u8> {
    if score.is_infinite() {
        return if score > 0.0 { b"inf".to_vec() } else { b"-inf".to_vec() };
    }
    format!("{score}").into_bytes()
}

pub(super) fn score_reply(score: f64, resp3: bool) -> Reply {
    if resp3 { Reply::Double(score_text(score)) } else { Reply::Bulk(score_text(score)) }
}

fn score_of(zset: Option<&ZSet>, member: &[u8], resp3: bool) -> Reply {
    zset.and_then(|z| z.get(member)).map_or(Reply::Null, |s| score_reply(*s, resp3))
}

/// Members in order.
pub(super) fn sorted(zset: &ZSet) -> Vec<(Vec<u8>, f64)> {
    let mut all: Vec<(Vec<u8>, f64)> = zset.iter().map(|(m, s)| (m.clone(), *s)).collect();
    // Members are in order already, and the sorting is stable. The two zeros are equal.
    all.sort_by(|a, b| a.1.partial_cmp(&b.1).unwrap_or(std::cmp::Ordering::Equal));
    all
}

/// A list of members, perhaps with their scores.
pub(super) fn listed(all: &[(Vec<u8>, f64)], scores: bool, resp3: bool) -> Expect {
    let mut reply = Vec::new();
    for (member, score) in all {
        let pair = [Reply::Bulk(member.clone()), score_reply(*score, resp3)];
        match (scores, resp3) {
            (false, _) => reply.push(Reply::Bulk(member.clone())),
            (true, false) => reply.extend(pair),
            (true, true) => reply.push(Reply::Array(pair.to_vec())),
        }
    }
    Expect::Exact(Reply::Array(reply))
}

fn flat(zset: Option<&ZSet>) -> Vec<Vec<Reply>> {
    let all = zset.into_iter().flatten();
    all.map(|(m, s)| vec![Reply::Bulk(m.clone()), Reply::Bulk(score_text(*s))]).collect()
}

/// A score as the workload writes it.
pub(super) fn score(text: &[u8]) -> Result<f64, Expect> {
    let text = std::str::from_utf8(text).ok();
    let parsed = text.and_then(|t| t.parse::<f64>().ok()).filter(|f| !f.is_nan());
    parsed.ok_or_else(|| Expect::error(NOT_FLOAT))
}

#[derive(Default)]
struct AddOptions {
    nx: bool,
    xx: bool,
    gt: bool,
    lt: bool,
    ch: bool,
    incr: bool,
}

fn add(c: &mut Call<'_>) -> Answer {
    let mut o = AddOptions::default();
    let mut at = 2;
    loop {
        match c.a.at(at).to_ascii_uppercase().as_slice() {
            b"NX" => o.nx = true,
            b"XX" => o.xx = true,
            b"GT" => o.gt = true,
            b"LT" => o.lt = true,
            b"CH" => o.ch = true,
            b"INCR" => o.incr = true,
            _ => break,
        }
        at += 1;
    }
    let rest = c.a.len() - at;
    if rest == 0 || rest % 2 == 1 {
        return Err(Expect::error(SYNTAX));
    }
    if o.nx && o.xx {
        return Err(Expect::error("ERR XX and NX options at the same time are not compatible"));
    }
    if [o.gt, o.lt, o.nx].into_iter().filter(|given| *given).count() > 1 {
        return Err(Expect::error("ERR GT, LT, and/or NX options at the same time are not compatible"));
    }
    if o.incr && rest > 2 {
        return Err(Expect::error("ERR INCR option supports a single increment-element pair"));
    }
    let pairs: Vec<(f64, Vec<u8>)> = (at..c.a.len())
        .step_by(2)
        .map(|i| score(c.a.at(i)).map(|s| (s, c.a.at(i + 1).to_vec())))
        .collect::<Result<_, _>>()?;
    add_all(c, &o, &pairs, "zadd")
}

/// Adds what GEOADD made of its arguments.
pub(super) fn add_plain(
    c: &mut Call<'_>,
    (nx, xx, ch): (bool, bool, bool),
    pairs: &[(f64, Vec<u8>)],
) -> Answer {
    add_all(c, &AddOptions { nx, xx, ch, ..AddOptions::default() }, pairs, "zadd")
}

fn add_all(c: &mut Call<'_>, o: &AddOptions, pairs: &[(f64, Vec<u8>)], event: &'static str) -> Answer {
    let (db, key) = (c.db, c.a.at(1));
    if o.xx && c.get::<ZSet>(1)?.is_none() {
        return Ok(if o.incr { Expect::Exact(Reply::Null) } else { Expect::int(0) });
    }
    let zset = c.data.open::<ZSet>(db, key)?;
    let (mut added, mut updated, mut last) = (0, 0, None);
    for (score, member) in pairs {
        match zset.get(member).copied() {
            None if o.xx => {}
            None => {
                zset.insert(member.clone(), *score);
                last = Some(*score);
                added += 1;
            }
            Some(_) if o.nx => {}
            Some(old) => {
                let new = if o.incr { old + score } else { *score };
                if new.is_nan() {
                    return Err(Expect::error("ERR resulting score is not a number (NaN)"));
                }
                if (o.gt && new <= old) || (o.lt && new >= old) {
                    continue;
                }
                last = Some(new);
                if new != old {
                    zset.insert(member.clone(), new);
                    updated += 1;
                }
            }
        }
    }
    if added + updated > 0 {
        c.data.changed(db, key, if o.incr { "zincr" } else { event });
    } else {
        c.data.unchanged(db, key);
    }
    Ok(match last {
        _ if !o.incr => Expect::int(if o.ch { added + updated } else { added }),
        Some(score) => Expect::Exact(score_reply(score, c.resp3)),
        None => Expect::Exact(Reply::Null),
    })
}

fn incrby(c: &mut Call<'_>) -> Answer {
    let by = score(c.a.at(2))?;
    let o = AddOptions { incr: true, ..AddOptions::default() };
    add_all(c, &o, &[(by, c.a.at(3).to_vec())], "zincr")
}

fn remove(c: &mut Call<'_>) -> Answer {
    let (db, key) = (c.db, c.a.at(1));
    let Some(zset) = c.data.open_old::<ZSet>(db, key)? else { return Ok(Expect::int(0)) };
    let removed = c.a.iter().skip(2).filter(|m| zset.remove(*m).is_some()).count() as i64;
    if removed > 0 {
        c.data.changed(db, key, "zrem");
    }
    Ok(Expect::int(removed))
}

fn rank(c: &Call<'_>, back: bool) -> Answer {
    let mut all = c.get::<ZSet>(1)?.map(sorted).unwrap_or_default();
    if back {
        all.reverse();
    }
    let found = all.iter().position(|(m, _)| m == c.a.at(2));
    Ok(Expect::Exact(found.map_or(Reply::Null, |i| Reply::Int(i as i64))))
}

/// Removes members from an end of a sorted set that is there.
pub(super) fn take(
    c: &mut Call<'_>,
    key: &[u8],
    min: bool,
    count: i64,
) -> Result<Vec<(Vec<u8>, f64)>, Expect> {
    let Some(zset) = c.data.open_old::<ZSet>(c.db, key)? else { return Ok(Vec::new()) };
    let mut all = sorted(zset);
    if !min {
        all.reverse();
    }
    all.truncate(count as usize);
    for (member, _) in &all {
        zset.remove(member);
    }
    if !all.is_empty() {
        c.data.changed(c.db, key, if min { "zpopmin" } else { "zpopmax" });
    }
    Ok(all)
}

fn pop(c: &mut Call<'_>, min: bool) -> Answer {
    let count = match c.a.len() {
        2 => None,
        3 => Some(
            number(c.a.at(2))
                .filter(|n| *n >= 0)
                .ok_or_else(|| Expect::error("ERR value is out of range, must be positive"))?,
        ),
        _ => return Err(Expect::error(SYNTAX)),
    };
    c.get::<ZSet>(1)?;
    let key = c.a.at(1).to_vec();
    let taken = take(c, &key, min, count.unwrap_or(1))?;
    // One pair stands alone where no count was given.
    let nested = c.resp3 && count.is_some();
    let flat: Vec<Reply> =
        taken.iter().flat_map(|(m, s)| [Reply::Bulk(m.clone()), score_reply(*s, c.resp3)]).collect();
    Ok(if nested { listed(&taken, true, true) } else { Expect::Exact(Reply::Array(flat)) })
}

/// ZMPOP of the first key that has anything, or of `only` one.
pub(super) fn many(c: &mut Call<'_>, at: usize, only: Option<&[u8]>) -> Result<Option<Expect>, Expect> {
    let n = number(c.a.at(at)).filter(|n| *n > 0);
    let n = n.ok_or_else(|| Expect::error("ERR numkeys should be greater than 0"))? as usize;
    let end = at + 1 + n;
    if end >= c.a.len() {
        return Err(Expect::error(SYNTAX));
    }
    let min = match c.a.at(end).to_ascii_uppercase().as_slice() {
        b"MIN" => true,
        b"MAX" => false,
        _ => return Err(Expect::error(SYNTAX)),
    };
    let mut count = 1;
    if c.a.len() > end + 1 {
        let n = number(c.a.at(end + 2)).filter(|n| *n > 0);
        count = n.ok_or_else(|| Expect::error("ERR count should be greater than 0"))?;
    }
    for i in at + 1..end {
        let key = c.a.at(i).to_vec();
        if only.is_some_and(|only| only != key) || c.data.get::<ZSet>(c.db, &key)?.is_none() {
            continue;
        }
        let taken = take(c, &key, min, count)?;
        let pair =
            |(m, s): &(Vec<u8>, f64)| Reply::Array(vec![Reply::Bulk(m.clone()), score_reply(*s, c.resp3)]);
        let pairs = Reply::Array(taken.iter().map(pair).collect());
        return Ok(Some(Expect::Exact(Reply::Array(vec![Reply::Bulk(key), pairs]))));
    }
    Ok(None)
}

fn random(c: &Call<'_>) -> Answer {
    let zset = c.get::<ZSet>(1)?;
    let all: Vec<Vec<Reply>> = zset
        .into_iter()
        .flatten()
        .map(|(m, s)| vec![Reply::Bulk(m.clone()), score_reply(*s, c.resp3)])
        .collect();
    if c.a.len() == 2 {
        return Ok(choice::one(all.iter().map(|pair| &pair[0])));
    }
    let count = int(c.a.at(2))?;
    if c.a.len() > 4 || (c.a.len() == 4 && !c.a.at(3).eq_ignore_ascii_case(b"WITHSCORES")) {
        return Err(Expect::error(SYNTAX));
    }
    let from = if c.a.len() == 4 { super::pairs(all, c.resp3) } else { choice::firsts(all) };
    Ok(choice::several(from, count))
}

/// The result of ZUNION and its relatives, and whether scores are wanted. A plain set counts with scores of 1.
fn combine(c: &Call<'_>, name: &[u8], at: usize) -> Result<(ZSet, bool), Expect> {
    let n = int(c.a.at(at))?;
    let command = String::from_utf8_lossy(name);
    if n < 1 {
        let text = format!("ERR at least 1 input key is needed for '{command}' command");
        return Err(Expect::error(&text));
    }
    let first = at + 1;
    let mut sets = Vec::new();
    for i in first..first + n as usize {
        sets.push(read(c, i)?);
    }
    let (mut weights, mut how, mut scores) = (vec![1.0; sets.len()], b"SUM".to_vec(), false);
    let mut i = first + sets.len();
    while i < c.a.len() {
        match c.a.at(i).to_ascii_uppercase().as_slice() {
            b"WEIGHTS" => {
                for weight in &mut weights {
                    i += 1;
                    *weight =
                        score(c.a.at(i)).map_err(|_| Expect::error("ERR weight value is not a float"))?;
                }
            }
            b"AGGREGATE" => {
                i += 1;
                how = c.a.at(i).to_ascii_uppercase();
            }
            b"WITHSCORES" => scores = true,
            _ => return Err(Expect::error(SYNTAX)),
        }
        i += 1;
    }
    let mut weighed = sets
        .into_iter()
        .zip(weights)
        .map(|(set, weight)| -> ZSet { set.into_iter().map(|(m, s)| (m, not_nan(s * weight))).collect() });
    let mut result = weighed.next().unwrap_or_default();
    for other in weighed {
        match &name[..2] {
            b"zd" => result.retain(|m, _| !other.contains_key(m)),
            b"zi" => result.retain(|m, _| other.contains_key(m)),
            _ => {}
        }
        for (member, score) in other {
            match result.get_mut(&member) {
                Some(old) if &name[..2] != b"zd" => {
                    *old = match how.as_slice() {
                        b"MIN" => old.min(score),
                        b"MAX" => old.max(score),
                        _ => not_nan(*old + score),
                    };
                }
                None if &name[..2] == b"zu" => drop(result.insert(member, score)),
                _ => {}
            }
        }
    }
    Ok((result, scores))
}

fn not_nan(score: f64) -> f64 {
    if score.is_nan() { 0.0 } else { score }
}

fn read(c: &Call<'_>, i: usize) -> Result<ZSet, Expect> {
    match c.data.live(c.db, c.a.at(i)).map(|e| &e.value) {
        None => Ok(ZSet::new()),
        Some(Value::ZSet(zset)) => Ok(zset.clone()),
        Some(Value::Set(set)) => Ok(set.iter().map(|m| (m.clone(), 1.0)).collect()),
        Some(_) => Err(Expect::error(super::data::WRONG_TYPE)),
    }
}

fn store(c: &mut Call<'_>, name: &[u8]) -> Answer {
    let (zset, _) = combine(c, name, 2)?;
    let len = zset.len() as i64;
    let event = match &name[..2] {
        b"zu" => "zunionstore",
        b"zi" => "zinterstore",
        _ => "zdiffstore",
    };
    c.data.store(c.db, c.a.at(1), Value::ZSet(zset), event);
    Ok(Expect::int(len))
}

fn card(c: &Call<'_>) -> Answer {
    let n = int(c.a.at(1))?.max(1) as usize;
    let mut limit = 0;
    if c.a.len() > n + 2 {
        limit = int(c.a.at(n + 3))?.max(0) as usize;
    }
    let mut common: Option<ZSet> = None;
    for i in 2..n + 2 {
        let other = read(c, i)?;
        common = Some(match common {
            None => other,
            Some(zset) => zset.into_iter().filter(|(m, _)| other.contains_key(m)).collect(),
        });
    }
    let len = common.map_or(0, |zset| zset.len());
    Ok(Expect::int(if limit == 0 { len } else { len.min(limit) } as i64))
}

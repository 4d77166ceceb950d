//! The sorted set commands that are about ranges: by rank, by score, by member.

use super::lists::clamp;
use super::zsets::{ZSet, listed, sorted};
use super::{Answer, Call, Expect, SYNTAX, Value, int};

/// Runs such a command; `None` when it is none.
pub(super) fn run(name: &[u8], c: &mut Call<'_>) -> Option<Answer> {
    Some(match name {
        b"zrange" => range(c, 1).map(|(all, scores)| listed(&all, scores, c.resp3)),
        b"zrangestore" => store(c),
        b"zrevrange" => old(c, By::Rank, true),
        b"zrangebyscore" => old(c, By::Score, false),
        b"zrevrangebyscore" => old(c, By::Score, true),
        b"zrangebylex" => old(c, By::Member, false),
        b"zrevrangebylex" => old(c, By::Member, true),
        b"zcount" => count(c, By::Score),
        b"zlexcount" => count(c, By::Member),
        b"zremrangebyrank" => remove(c, By::Rank, "zremrangebyrank"),
        b"zremrangebyscore" => remove(c, By::Score, "zremrangebyscore"),
        b"zremrangebylex" => remove(c, By::Member, "zremrangebylex"),
        _ => return None,
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    Rank,
    Score,
    Member,
}

type Members = Vec<(Vec<u8>, f64)>;

/// One end of a range of scores: the score, and whether it is left out.
fn score_end(text: &[u8]) -> Result<(f64, bool), Expect> {
    let (text, open) = text.strip_prefix(b"(").map_or((text, false), |rest| (rest, true));
    let number = std::str::from_utf8(text).ok().and_then(|t| t.parse::<f64>().ok());
    let number = number.filter(|f| !f.is_nan());
    number.map(|f| (f, open)).ok_or_else(|| Expect::error("ERR min or max is not a float"))
}

/// Whether a member stands at or after (`low`), or at or before an end of a range of members.
fn within(text: &[u8], member: &[u8], low: bool) -> Result<bool, Expect> {
    match text.split_first() {
        Some((b'-', [])) => Ok(low),
        Some((b'+', [])) => Ok(!low),
        Some((b'[', end)) => Ok(if low { member >= end } else { member <= end }),
        Some((b'(', end)) => Ok(if low { member > end } else { member < end }),
        _ => Err(Expect::error("ERR min or max not valid string range item")),
    }
}

/// The members of a sorted set within a range, in order.
fn select(zset: Option<&ZSet>, by: By, low: &[u8], high: &[u8]) -> Result<Members, Expect> {
    let mut all = zset.map(sorted).unwrap_or_default();
    match by {
        By::Rank => {
            let (start, end) = (int(low)?, int(high)?);
            Ok(match clamp(start, end, all.len()) {
                Some((start, end)) => all.drain(start..=end).collect(),
                None => Vec::new(),
            })
        }
        By::Score => {
            let ((low, low_open), (high, high_open)) = (score_end(low)?, score_end(high)?);
            all.retain(|(_, s)| {
                (*s > low || (*s == low && !low_open)) && (*s < high || (*s == high && !high_open))
            });
            Ok(all)
        }
        By::Member => {
            within(low, b"", true)?;
            within(high, b"", false)?;
            let mut inside = Vec::new();
            for (member, score) in all {
                if within(low, &member, true)? && within(high, &member, false)? {
                    inside.push((member, score));
                }
            }
            Ok(inside)
        }
    }
}

/// Reads a range whose first end is argument `at`, with everything that may follow.
fn query(c: &Call<'_>, at: usize, given: Option<(By, bool)>) -> Result<(Members, bool), Expect> {
    let (mut by, mut back) = given.unwrap_or((By::Rank, false));
    let (mut scores, mut limit) = (false, None);
    let mut i = at + 2;
    while i < c.a.len() {
        match c.a.at(i).to_ascii_uppercase().as_slice() {
            b"BYSCORE" if given.is_none() => by = By::Score,
            b"BYLEX" if given.is_none() => by = By::Member,
            b"REV" if given.is_none() => back = true,
            b"WITHSCORES" => scores = true,
            b"LIMIT" => {
                limit = Some((int(c.a.at(i + 1))?, int(c.a.at(i + 2))?));
                i += 2;
            }
            _ => return Err(Expect::error(SYNTAX)),
        }
        i += 1;
    }
    if limit.is_some() && by == By::Rank {
        let text = "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX";
        return Err(Expect::error(text));
    }
    if scores && by == By::Member {
        let text = "ERR syntax error, WITHSCORES not supported in combination with BYLEX";
        return Err(Expect::error(text));
    }
    let (first, second) = (c.a.at(at), c.a.at(at + 1));
    let zset = c.get::<ZSet>(at - 1);
    // Ends are looked at before the key.
    let all = match by {
        By::Rank => {
            select(None, by, first, second)?;
            let mut all = zset?.map(sorted).unwrap_or_default();
            if back {
                all.reverse();
            }
            match clamp(int(first)?, int(second)?, all.len()) {
                Some((start, end)) => all.drain(start..=end).collect(),
                None => Vec::new(),
            }
        }
        _ => {
            let (low, high) = if back { (second, first) } else { (first, second) };
            select(None, by, low, high)?;
            let mut all = select(zset?, by, low, high)?;
            if back {
                all.reverse();
            }
            all
        }
    };
    Ok((limited(all, limit), scores))
}

fn limited(all: Members, limit: Option<(i64, i64)>) -> Members {
    let Some((skip, count)) = limit else { return all };
    if skip < 0 {
        return Vec::new();
    }
    let rest = all.into_iter().skip(skip as usize);
    if count < 0 { rest.collect() } else { rest.take(count as usize).collect() }
}

fn range(c: &Call<'_>, key: usize) -> Result<(Members, bool), Expect> {
    query(c, key + 1, None)
}

fn old(c: &Call<'_>, by: By, back: bool) -> Answer {
    let (all, scores) = query(c, 2, Some((by, back)))?;
    Ok(listed(&all, scores, c.resp3))
}

fn store(c: &mut Call<'_>) -> Answer {
    let (all, _) = range(c, 2)?;
    let len = all.len() as i64;
    c.data.store(c.db, c.a.at(1), Value::ZSet(all.into_iter().collect()), "zrangestore");
    Ok(Expect::int(len))
}

fn count(c: &Call<'_>, by: By) -> Answer {
    select(None, by, c.a.at(2), c.a.at(3))?;
    Ok(Expect::int(select(c.get::<ZSet>(1)?, by, c.a.at(2), c.a.at(3))?.len() as i64))
}

fn remove(c: &mut Call<'_>, by: By, event: &'static str) -> Answer {
    select(None, by, c.a.at(2), c.a.at(3))?;
    let gone = select(c.get::<ZSet>(1)?, by, c.a.at(2), c.a.at(3))?;
    if !gone.is_empty() {
        let zset = c.data.open::<ZSet>(c.db, c.a.at(1))?;
        for (member, _) in &gone {
            zset.remove(member);
        }
        c.data.changed(c.db, c.a.at(1), event);
    }
    Ok(Expect::int(gone.len() as i64))
}

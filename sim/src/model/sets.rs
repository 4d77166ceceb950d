//! The set commands.

use super::{Answer, Call, Expect, SYNTAX, Value, choice, int, number};
use crate::client::reply::Reply;
use std::collections::BTreeSet;

type Set = BTreeSet<Vec<u8>>;

/// Runs a set command; `None` when it is none.
pub(super) fn run(name: &[u8], c: &mut Call<'_>) -> Option<Answer> {
    Some(match name {
        b"sadd" => add(c),
        b"srem" => remove(c),
        b"smembers" => c.get::<Set>(1).map(|s| Expect::Bag(groups(s))),
        b"scard" => c.get::<Set>(1).map(|s| Expect::int(s.map_or(0, Set::len) as i64)),
        b"sismember" => c.get::<Set>(1).map(|s| has(s, c.a.at(2))),
        b"smismember" => {
            c.get::<Set>(1).map(|s| Expect::Each(c.a.iter().skip(2).map(|m| has(s, m)).collect()))
        }
        b"smove" => mv(c),
        b"spop" => pop(c),
        b"srandmember" => random(c),
        b"sinter" | b"sunion" | b"sdiff" => combine(c, name, 1).map(|set| Expect::Bag(groups(Some(&set)))),
        b"sinterstore" | b"sunionstore" | b"sdiffstore" => store(c, name),
        b"sintercard" => card(c),
        b"sscan" => c.get::<Set>(1).map(|s| super::scan_reply(c.a, groups(s))),
        _ => return None,
    })
}

fn groups(set: Option<&Set>) -> Vec<Vec<Reply>> {
    set.into_iter().flatten().map(|m| vec![Reply::Bulk(m.clone())]).collect()
}

fn has(set: Option<&Set>, member: &[u8]) -> Expect {
    Expect::int(set.is_some_and(|s| s.contains(member)).into())
}

fn add(c: &mut Call<'_>) -> Answer {
    let (db, key) = (c.db, c.a.at(1));
    let set = c.data.open::<Set>(db, key)?;
    let added = c.a.iter().skip(2).filter(|m| set.insert(m.to_vec())).count() as i64;
    if added > 0 {
        c.data.changed(db, key, "sadd");
    }
    Ok(Expect::int(added))
}

fn remove(c: &mut Call<'_>) -> Answer {
    let (db, key) = (c.db, c.a.at(1));
    let Some(set) = c.data.open_old::<Set>(db, key)? else { return Ok(Expect::int(0)) };
    let removed = c.a.iter().skip(2).filter(|m| set.remove(*m)).count() as i64;
    if removed > 0 {
        c.data.changed(db, key, "srem");
    }
    Ok(Expect::int(removed))
}

fn mv(c: &mut Call<'_>) -> Answer {
    let (db, from, to, member) = (c.db, c.a.at(1), c.a.at(2), c.a.at(3));
    let Some(source) = c.get::<Set>(1)? else { return Ok(Expect::int(0)) };
    let there = source.contains(member);
    c.get::<Set>(2)?;
    if from == to || !there {
        return Ok(Expect::int(there.into()));
    }
    c.data.open::<Set>(db, from)?.remove(member);
    c.data.changed(db, from, "srem");
    if c.data.open::<Set>(db, to)?.insert(member.to_vec()) {
        c.data.changed(db, to, "sadd");
    }
    Ok(Expect::int(1))
}

/// What is popped is the server's choice: the reply says it.
fn pop(c: &mut Call<'_>) -> Answer {
    let (db, key) = (c.db, c.a.at(1));
    let count = match c.a.len() {
        2 => None,
        3 => Some(
            number(c.a.at(2))
                .filter(|n| *n >= 0)
                .ok_or_else(|| Expect::error("ERR value is out of range, must be positive"))?,
        ),
        _ => return Err(Expect::error(SYNTAX)),
    };
    let Some(set) = c.data.open_old::<Set>(db, key)? else {
        return Ok(if count.is_some() { Expect::Bag(Vec::new()) } else { Expect::Exact(Reply::Null) });
    };
    let wanted = count.map_or(1, |n| n as usize).min(set.len());
    let expect = match count {
        None => choice::one(groups(Some(set)).iter().map(|g| &g[0])),
        Some(_) => Expect::Sample { from: groups(Some(set)), count: wanted, distinct: true },
    };
    if wanted == set.len() {
        set.clear();
    } else if let Some(reply) = c.hint.filter(|reply| expect.fits(reply)) {
        let one = [reply.clone()];
        let all = match reply {
            Reply::Array(all) | Reply::Set(all) => all.as_slice(),
            _ => &one,
        };
        for member in all {
            if let Reply::Bulk(member) = member {
                set.remove(member);
            }
        }
    } else if wanted > 0 {
        *c.lost = true;
    }
    if wanted > 0 {
        c.data.changed(db, key, "spop");
    }
    Ok(expect)
}

fn random(c: &Call<'_>) -> Answer {
    let all = groups(c.get::<Set>(1)?);
    if c.a.len() == 2 {
        return Ok(choice::one(all.iter().map(|g| &g[0])));
    }
    Ok(choice::several(all, int(c.a.at(2))?))
}

fn combine(c: &Call<'_>, name: &[u8], first: usize) -> Result<Set, Expect> {
    let mut sets = Vec::new();
    for i in first..c.a.len() {
        sets.push(c.get::<Set>(i)?.cloned().unwrap_or_default());
    }
    let mut result = sets.remove(0);
    for other in sets {
        match &name[..3] {
            b"sin" => result.retain(|m| other.contains(m)),
            b"sun" => result.extend(other),
            _ => result.retain(|m| !other.contains(m)),
        }
    }
    Ok(result)
}

fn store(c: &mut Call<'_>, name: &[u8]) -> Answer {
    let set = combine(c, name, 2)?;
    let len = set.len() as i64;
    let event = match &name[..3] {
        b"sin" => "sinterstore",
        b"sun" => "sunionstore",
        _ => "sdiffstore",
    };
    c.data.store(c.db, c.a.at(1), Value::Set(set), event);
    Ok(Expect::int(len))
}

fn card(c: &Call<'_>) -> Answer {
    let n = number(c.a.at(1)).filter(|n| *n > 0);
    let n = n.ok_or_else(|| Expect::error("ERR numkeys should be greater than 0"))? as usize;
    let mut limit = usize::MAX;
    if c.a.len() > n + 2 {
        limit = int(c.a.at(n + 3))?.max(0) as usize;
    }
    let mut result: Option<Set> = None;
    for i in 2..n + 2 {
        let other = c.get::<Set>(i)?.cloned().unwrap_or_default();
        result = Some(match result {
            None => other,
            Some(set) => set.into_iter().filter(|m| other.contains(m)).collect(),
        });
    }
    let len = result.map_or(0, |set| set.len());
    Ok(Expect::int(if limit == 0 { len } else { len.min(limit) } as i64))
}

//! The hash commands.

use super::strings::{float, float_text};
use super::{Answer, Call, Expect, SYNTAX, choice, int, number, pairs};
use crate::client::reply::Reply;
use std::collections::BTreeMap;

type Hash = BTreeMap<Vec<u8>, Vec<u8>>;

/// Runs a hash command; `None` when it is none.
pub(super) fn run(name: &[u8], c: &mut Call<'_>) -> Option<Answer> {
    Some(match name {
        b"hset" | b"hmset" => set(name, c),
        b"hsetnx" => setnx(c),
        b"hget" => c.get::<Hash>(1).map(|h| field(h, c.a.at(2))),
        b"hmget" => c.get::<Hash>(1).map(|h| Expect::Each(c.a.iter().skip(2).map(|f| field(h, f)).collect())),
        b"hgetall" => c.get::<Hash>(1).map(|h| Expect::Bag(h.map(flat).unwrap_or_default())),
        b"hkeys" => c.get::<Hash>(1).map(|h| single(h.into_iter().flat_map(Hash::keys))),
        b"hvals" => c.get::<Hash>(1).map(|h| single(h.into_iter().flat_map(Hash::values))),
        b"hlen" => c.get::<Hash>(1).map(|h| Expect::int(h.map_or(0, Hash::len) as i64)),
        b"hexists" => {
            c.get::<Hash>(1).map(|h| Expect::int(h.is_some_and(|h| h.contains_key(c.a.at(2))).into()))
        }
        b"hstrlen" => {
            c.get::<Hash>(1).map(|h| Expect::int(h.and_then(|h| h.get(c.a.at(2))).map_or(0, Vec::len) as i64))
        }
        b"hdel" => del(c),
        b"hincrby" => incrby(c),
        b"hincrbyfloat" => incrbyfloat(c),
        b"hrandfield" => random(c),
        b"hscan" => c.get::<Hash>(1).map(|h| super::scan_reply(c.a, h.map(flat).unwrap_or_default())),
        _ => return None,
    })
}

fn field(hash: Option<&Hash>, field: &[u8]) -> Expect {
    Expect::maybe(hash.and_then(|h| h.get(field)).map(Vec::as_slice))
}

fn flat(hash: &Hash) -> Vec<Vec<Reply>> {
    hash.iter().map(|(f, v)| vec![Reply::Bulk(f.clone()), Reply::Bulk(v.clone())]).collect()
}

fn single<'h>(all: impl Iterator<Item = &'h Vec<u8>>) -> Expect {
    Expect::Bag(all.map(|b| vec![Reply::Bulk(b.clone())]).collect())
}

fn set(name: &[u8], c: &mut Call<'_>) -> Answer {
    let name = if name == b"hset" { "hset" } else { "hmset" };
    if !c.a.len().is_multiple_of(2) {
        return Err(Expect::error(&format!("ERR wrong number of arguments for '{name}' command")));
    }
    let (db, key) = (c.db, c.a.at(1));
    let hash = c.data.open::<Hash>(db, key)?;
    let mut new = 0;
    for i in (2..c.a.len()).step_by(2) {
        new += i64::from(hash.insert(c.a.at(i).to_vec(), c.a.at(i + 1).to_vec()).is_none());
    }
    c.data.changed(db, key, "hset");
    Ok(if name == "hset" { Expect::int(new) } else { Expect::ok() })
}

fn setnx(c: &mut Call<'_>) -> Answer {
    let (db, key) = (c.db, c.a.at(1));
    let hash = c.data.open::<Hash>(db, key)?;
    if hash.contains_key(c.a.at(2)) {
        return Ok(Expect::int(0));
    }
    hash.insert(c.a.at(2).to_vec(), c.a.at(3).to_vec());
    c.data.changed(db, key, "hset");
    Ok(Expect::int(1))
}

fn del(c: &mut Call<'_>) -> Answer {
    let (db, key) = (c.db, c.a.at(1));
    let Some(hash) = c.data.open_old::<Hash>(db, key)? else { return Ok(Expect::int(0)) };
    let removed = c.a.iter().skip(2).filter(|f| hash.remove(*f).is_some()).count() as i64;
    if removed > 0 {
        c.data.changed(db, key, "hdel");
    }
    Ok(Expect::int(removed))
}

fn incrby(c: &mut Call<'_>) -> Answer {
    let by = int(c.a.at(3))?;
    let (db, key) = (c.db, c.a.at(1));
    let old = c.get::<Hash>(1)?.and_then(|h| h.get(c.a.at(2)));
    let old = old.map_or(Some(0), |v| number(v));
    let old = old.ok_or_else(|| Expect::error("ERR hash value is not an integer"))?;
    let sum = old.checked_add(by);
    let sum = sum.ok_or_else(|| Expect::error("ERR increment or decrement would overflow"))?;
    c.data.open::<Hash>(db, key)?.insert(c.a.at(2).to_vec(), sum.to_string().into_bytes());
    c.data.changed(db, key, "hincrby");
    Ok(Expect::int(sum))
}

fn incrbyfloat(c: &mut Call<'_>) -> Answer {
    let by = float(c.a.at(3)).ok_or_else(|| Expect::error("ERR value is not a valid float"))?;
    let (db, key) = (c.db, c.a.at(1));
    let old = c.get::<Hash>(1)?.and_then(|h| h.get(c.a.at(2)));
    let old = old.map_or(Some(0.0), |v| float(v));
    let old = old.ok_or_else(|| Expect::error("ERR hash value is not a float"))?;
    let text = float_text(old + by);
    c.data.open::<Hash>(db, key)?.insert(c.a.at(2).to_vec(), text.clone());
    c.data.changed(db, key, "hincrbyfloat");
    Ok(Expect::bulk(&text))
}

fn random(c: &Call<'_>) -> Answer {
    let all = c.get::<Hash>(1)?.map(flat).unwrap_or_default();
    if c.a.len() == 2 {
        return Ok(choice::one(all.iter().map(|pair| &pair[0])));
    }
    let count = int(c.a.at(2))?;
    if c.a.len() > 4 || (c.a.len() == 4 && !c.a.at(3).eq_ignore_ascii_case(b"WITHVALUES")) {
        return Err(Expect::error(SYNTAX));
    }
    let from = if c.a.len() == 4 { pairs(all, c.resp3) } else { choice::firsts(all) };
    Ok(choice::several(from, count))
}

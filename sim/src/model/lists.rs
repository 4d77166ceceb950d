//! The list commands.

use super::{Answer, Call, Expect, SYNTAX, int, number};
use crate::client::reply::Reply;
use std::collections::VecDeque;

type List = VecDeque<Vec<u8>>;

const RANGE: &str = "ERR index out of range";
const NO_KEY: &str = "ERR no such key";
const POSITIVE: &str = "ERR value is out of range, must be positive";

/// Runs a list command; `None` when it is none.
pub(super) fn run(name: &[u8], c: &mut Call<'_>) -> Option<Answer> {
    Some(match name {
        b"lpush" | b"rpush" => push(c, name == b"lpush", true),
        b"lpushx" | b"rpushx" => push(c, name == b"lpushx", false),
        b"lpop" | b"rpop" => pop(c, name == b"lpop"),
        b"llen" => c.get::<List>(1).map(|l| Expect::int(l.map_or(0, VecDeque::len) as i64)),
        b"lrange" => range(c),
        b"lindex" => index(c),
        b"lset" => set(c),
        b"linsert" => insert(c),
        b"lrem" => remove(c),
        b"ltrim" => trim(c),
        b"lpos" => position(c),
        b"lmove" => mv(c, c.a.at(3).to_vec(), c.a.at(4).to_vec()).map(move_reply),
        b"rpoplpush" => mv(c, b"RIGHT".to_vec(), b"LEFT".to_vec()).map(move_reply),
        b"lmpop" => match many(c, 1, None) {
            Ok(Some(reply)) => Ok(reply),
            Ok(None) => Ok(c.null_array()),
            Err(error) => Err(error),
        },
        _ => return None,
    })
}

fn move_reply(moved: Option<Vec<u8>>) -> Expect {
    Expect::maybe(moved.as_deref())
}

fn is_left(text: &[u8]) -> Result<bool, Expect> {
    match text.to_ascii_uppercase().as_slice() {
        b"LEFT" => Ok(true),
        b"RIGHT" => Ok(false),
        _ => Err(Expect::error(SYNTAX)),
    }
}

fn push(c: &mut Call<'_>, left: bool, create: bool) -> Answer {
    let (db, key) = (c.db, c.a.at(1));
    if !create && c.get::<List>(1)?.is_none() {
        return Ok(Expect::int(0));
    }
    let list = c.data.open::<List>(db, key)?;
    for element in c.a.iter().skip(2) {
        if left { list.push_front(element.to_vec()) } else { list.push_back(element.to_vec()) }
    }
    let len = list.len() as i64;
    c.data.changed(db, key, if left { "lpush" } else { "rpush" });
    Ok(Expect::int(len))
}

/// Removes an element from an end of a list that is there.
pub(super) fn take(c: &mut Call<'_>, key: &[u8], left: bool) -> Result<Option<Vec<u8>>, Expect> {
    let Some(list) = c.data.open_old::<List>(c.db, key)? else { return Ok(None) };
    let taken = if left { list.pop_front() } else { list.pop_back() };
    c.data.changed(c.db, key, if left { "lpop" } else { "rpop" });
    Ok(taken)
}

fn pop(c: &mut Call<'_>, left: bool) -> Answer {
    let key = c.a.at(1).to_vec();
    if c.a.len() == 2 {
        return Ok(Expect::maybe(take(c, &key, left)?.as_deref()));
    }
    let count = number(c.a.at(2)).filter(|n| *n >= 0).ok_or_else(|| Expect::error(POSITIVE))?;
    if c.get::<List>(1)?.is_none() {
        return Ok(c.null_array());
    }
    if count == 0 {
        return Ok(Expect::Exact(Reply::Array(Vec::new())));
    }
    Ok(Expect::bulks(take_many(c, &key, left, count)?.iter().map(Vec::as_slice)))
}

fn take_many(c: &mut Call<'_>, key: &[u8], left: bool, count: i64) -> Result<Vec<Vec<u8>>, Expect> {
    let Some(list) = c.data.open_old::<List>(c.db, key)? else { return Ok(Vec::new()) };
    let mut taken = Vec::new();
    while (taken.len() as i64) < count
        && let Some(element) = if left { list.pop_front() } else { list.pop_back() }
    {
        taken.push(element);
    }
    c.data.changed(c.db, key, if left { "lpop" } else { "rpop" });
    Ok(taken)
}

/// Start and end of a range by Redis's rules; `None` when it is empty.
pub(super) fn clamp(start: i64, end: i64, len: usize) -> Option<(usize, usize)> {
    let len = len as i64;
    let start = if start < 0 { (start.saturating_add(len)).max(0) } else { start };
    let end = if end < 0 { end.saturating_add(len) } else { end }.min(len - 1);
    (start <= end && start < len).then_some((start as usize, end as usize))
}

fn range(c: &Call<'_>) -> Answer {
    let (start, end) = (int(c.a.at(2))?, int(c.a.at(3))?);
    let Some(list) = c.get::<List>(1)? else { return Ok(Expect::bulks(std::iter::empty())) };
    let Some((start, end)) = clamp(start, end, list.len()) else {
        return Ok(Expect::bulks(std::iter::empty()));
    };
    Ok(Expect::bulks(list.range(start..=end).map(Vec::as_slice)))
}

fn at(list: &List, index: i64) -> Option<usize> {
    let index = if index < 0 { index + list.len() as i64 } else { index };
    usize::try_from(index).ok().filter(|i| *i < list.len())
}

fn index(c: &Call<'_>) -> Answer {
    let Some(list) = c.get::<List>(1)? else { return Ok(Expect::Exact(Reply::Null)) };
    let index = int(c.a.at(2))?;
    Ok(Expect::maybe(at(list, index).map(|i| list[i].as_slice())))
}

fn set(c: &mut Call<'_>) -> Answer {
    let (db, key) = (c.db, c.a.at(1));
    let Some(list) = c.data.open_old::<List>(db, key)? else { return Err(Expect::error(NO_KEY)) };
    let index = int(c.a.at(2))?;
    let Some(i) = at(list, index) else { return Err(Expect::error(RANGE)) };
    list[i] = c.a.at(3).to_vec();
    c.data.changed(db, key, "lset");
    Ok(Expect::ok())
}

fn insert(c: &mut Call<'_>) -> Answer {
    let after = match c.a.at(2).to_ascii_uppercase().as_slice() {
        b"AFTER" => true,
        b"BEFORE" => false,
        _ => return Err(Expect::error(SYNTAX)),
    };
    let (db, key) = (c.db, c.a.at(1));
    let Some(list) = c.data.open_old::<List>(db, key)? else { return Ok(Expect::int(0)) };
    let Some(i) = list.iter().position(|e| e == c.a.at(3)) else { return Ok(Expect::int(-1)) };
    list.insert(i + usize::from(after), c.a.at(4).to_vec());
    let len = list.len() as i64;
    c.data.changed(db, key, "linsert");
    Ok(Expect::int(len))
}

fn remove(c: &mut Call<'_>) -> Answer {
    let (db, key) = (c.db, c.a.at(1));
    let count = int(c.a.at(2))?;
    let Some(list) = c.data.open_old::<List>(db, key)? else { return Ok(Expect::int(0)) };
    let mut found: Vec<usize> = (0..list.len()).filter(|i| list[*i] == c.a.at(3)).collect();
    if count < 0 {
        found.reverse();
    }
    if count != 0 {
        found.truncate(usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX));
    }
    found.sort_unstable();
    for i in found.iter().rev() {
        list.remove(*i);
    }
    match found.len() {
        0 => c.data.unchanged(db, key),
        _ => c.data.changed(db, key, "lrem"),
    }
    Ok(Expect::int(found.len() as i64))
}

fn trim(c: &mut Call<'_>) -> Answer {
    let (db, key) = (c.db, c.a.at(1));
    let (start, end) = (int(c.a.at(2))?, int(c.a.at(3))?);
    let Some(list) = c.data.open_old::<List>(db, key)? else { return Ok(Expect::ok()) };
    *list = match clamp(start, end, list.len()) {
        Some((start, end)) => list.range(start..=end).cloned().collect(),
        None => List::new(),
    };
    c.data.changed(db, key, "ltrim");
    Ok(Expect::ok())
}

fn position(c: &Call<'_>) -> Answer {
    let (mut rank, mut count, mut longest) = (1_i64, None, 0_i64);
    for i in (3..c.a.len()).step_by(2) {
        let n = int(c.a.at(i + 1))?;
        match c.a.at(i).to_ascii_uppercase().as_slice() {
            b"RANK" => rank = n,
            b"COUNT" => count = Some(n),
            _ => longest = n,
        }
    }
    let list = c.get::<List>(1)?.cloned().unwrap_or_default();
    let mut order: Vec<usize> = (0..list.len()).collect();
    if rank < 0 {
        order.reverse();
    }
    if longest > 0 {
        order.truncate(longest as usize);
    }
    let found = order.into_iter().filter(|i| list[*i] == c.a.at(2)).skip(rank.unsigned_abs() as usize - 1);
    let found: Vec<Reply> = found.map(|i| Reply::Int(i as i64)).collect();
    Ok(Expect::Exact(match count {
        None => found.first().cloned().unwrap_or(Reply::Null),
        Some(0) => Reply::Array(found),
        Some(n) => Reply::Array(found.into_iter().take(n as usize).collect()),
    }))
}

/// Moves an element; `None` when the source is missing.
pub(super) fn mv(c: &mut Call<'_>, from: Vec<u8>, to: Vec<u8>) -> Result<Option<Vec<u8>>, Expect> {
    let (left, to_left) = (is_left(&from)?, is_left(&to)?);
    let (db, from, to) = (c.db, c.a.at(1), c.a.at(2));
    let Some(list) = c.get::<List>(1)? else { return Ok(None) };
    let element = if left { list.front() } else { list.back() }.cloned().unwrap_or_default();
    c.get::<List>(2)?;
    // The element leaves its list first, but its arrival is told first.
    let source = c.data.open::<List>(db, from)?;
    if left {
        source.pop_front()
    } else {
        source.pop_back()
    };
    let target = c.data.open::<List>(db, to)?;
    if to_left {
        target.push_front(element.clone())
    } else {
        target.push_back(element.clone())
    }
    c.data.changed(db, to, if to_left { "lpush" } else { "rpush" });
    c.data.changed(db, from, if left { "lpop" } else { "rpop" });
    Ok(Some(element))
}

/// LMPOP's arguments from `at` on: keys, end, count.
pub(super) struct Many {
    pub(super) keys: Vec<Vec<u8>>,
    left: bool,
    count: i64,
}

impl Many {
    pub(super) fn read(c: &Call<'_>, at: usize) -> Result<Self, Expect> {
        let n = number(c.a.at(at)).filter(|n| *n > 0);
        let n = n.ok_or_else(|| Expect::error("ERR numkeys should be greater than 0"))? as usize;
        let end = at + 1 + n;
        if end >= c.a.len() {
            return Err(Expect::error(SYNTAX));
        }
        let left = is_left(c.a.at(end))?;
        let mut count = 1;
        if c.a.len() > end + 1 {
            count = number(c.a.at(end + 2))
                .filter(|n| *n > 0)
                .ok_or_else(|| Expect::error("ERR count should be greater than 0"))?;
        }
        Ok(Self { keys: (at + 1..end).map(|i| c.a.at(i).to_vec()).collect(), left, count })
    }
}

/// LMPOP of the first key that has anything, or of `only` one.
pub(super) fn many(c: &mut Call<'_>, at: usize, only: Option<&[u8]>) -> Result<Option<Expect>, Expect> {
    let many = Many::read(c, at)?;
    for key in &many.keys {
        if only.is_some_and(|only| only != key) || c.data.get::<List>(c.db, key)?.is_none() {
            continue;
        }
        let taken = take_many(c, key, many.left, many.count)?;
        let taken = taken.into_iter().map(Reply::Bulk).collect();
        return Ok(Some(Expect::Exact(Reply::Array(vec![Reply::Bulk(key.clone()), Reply::Array(taken)]))));
    }
    Ok(None)
}

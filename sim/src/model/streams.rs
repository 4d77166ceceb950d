//! The stream commands that are not about groups.

use super::{Answer, Call, Expect, SYNTAX, int, number, shape};
use crate::client::reply::Reply;
use std::collections::{BTreeMap, BTreeSet};

/// A position in a stream.
pub type Id = (u64, u64);

/// An entry's fields and values in turn.
type Fields = Vec<Vec<u8>>;

/// A stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stream {
    /// The entries.
    pub entries: BTreeMap<Id, Fields>,
    /// The last position given out.
    pub last: Id,
    /// Entries ever added.
    pub added: u64,
    /// The groups.
    pub groups: BTreeMap<Vec<u8>, Group>,
}

/// A consumer group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Group {
    /// The last position delivered.
    pub last: Id,
    /// Entries that were delivered and not acknowledged.
    pub pending: BTreeMap<Id, Pending>,
    /// Names of the consumers.
    pub consumers: BTreeSet<Vec<u8>>,
}

/// An entry that was delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// To whom.
    pub owner: Vec<u8>,
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
    /// How often.
    pub count: u64,
}

pub(super) const MAX: Id = (u64::MAX, u64::MAX);

pub(super) const BAD_ID: &str = "ERR Invalid stream ID specified as stream command argument";

/// Runs a stream command; `None` when it is none.
pub(super) fn run(name: &[u8], c: &mut Call<'_>) -> Option<Answer> {
    Some(match name {
        b"xadd" => add(c),
        b"xlen" => c.stream(1).map(|s| Expect::int(s.map_or(0, |s| s.entries.len()) as i64)),
        b"xrange" => range(c, false),
        b"xrevrange" => range(c, true),
        b"xdel" => del(c),
        b"xtrim" => trim(c),
        b"xsetid" => setid(c),
        b"xinfo" => Ok(Expect::Shape(shape::ARRAY | shape::MAP | shape::ERROR)),
        _ => return None,
    })
}

/// A position; a missing second half is `seq`.
pub(super) fn parse_id(text: &[u8], seq: u64) -> Result<Id, Expect> {
    let text = std::str::from_utf8(text).map_err(|_| Expect::error(BAD_ID))?;
    match text {
        "-" => return Ok((0, 0)),
        "+" => return Ok(MAX),
        _ => {}
    }
    let (ms, rest) = text.split_once('-').map_or((text, None), |(ms, seq)| (ms, Some(seq)));
    let part = |t: &str| t.parse::<u64>().map_err(|_| Expect::error(BAD_ID));
    Ok((part(ms)?, rest.map_or(Ok(seq), part)?))
}

pub(super) fn id_text(id: Id) -> Vec<u8> {
    format!("{}-{}", id.0, id.1).into_bytes()
}

pub(super) fn id_reply(id: Id) -> Reply {
    Reply::Bulk(id_text(id))
}

pub(super) fn entry_reply(id: Id, fields: &Fields) -> Reply {
    let fields = Reply::Array(fields.iter().cloned().map(Reply::Bulk).collect());
    Reply::Array(vec![id_reply(id), fields])
}

fn add(c: &mut Call<'_>) -> Answer {
    let (db, key) = (c.db, c.a.at(1));
    let (mut at, mut make, mut maxlen, mut minid) = (2, true, None, None);
    loop {
        match c.a.at(at).to_ascii_uppercase().as_slice() {
            b"NOMKSTREAM" => make = false,
            b"MAXLEN" => {
                at += 1 + usize::from(c.a.at(at + 1) == b"=");
                let n = int(c.a.at(at))?;
                if n < 0 {
                    return Err(Expect::error("ERR The MAXLEN argument must be >= 0."));
                }
                maxlen = Some(n as usize);
            }
            b"MINID" => {
                at += 1 + usize::from(c.a.at(at + 1) == b"=");
                minid = Some(parse_id(c.a.at(at), 0)?);
            }
            _ => break,
        }
        at += 1;
    }
    let wanted = c.a.at(at);
    if c.a.len() < at + 3 || (c.a.len() - at).is_multiple_of(2) {
        return Err(Expect::error("ERR wrong number of arguments for 'xadd' command"));
    }
    let explicit = match wanted {
        b"*" => None,
        _ => match wanted.strip_suffix(b"-*") {
            Some(ms) => Some((parse_id(ms, 0)?.0, None)),
            None => parse_id(wanted, 0).map(|id| Some((id.0, Some(id.1))))?,
        },
    };
    if explicit == Some((0, Some(0))) {
        return Err(Expect::error("ERR The ID specified in XADD must be greater than 0-0"));
    }
    if c.stream(1)?.is_none() && !make {
        return Ok(Expect::Exact(Reply::Null));
    }
    let (now, last) = (c.data.now_ms as u64, c.stream(1)?.map_or((0, 0), |s| s.last));
    if last == MAX {
        return Err(Expect::error(
            "ERR The stream has exhausted the last possible ID, unable to add more items",
        ));
    }
    let id = match explicit {
        // Where the model follows a server of flesh and blood, only that server knows the time exactly.
        None if c.hint.is_some() => told_id(c.hint, now),
        None if now > last.0 => Some((now, 0)),
        None => Some(last.1.checked_add(1).map_or((last.0 + 1, 0), |seq| (last.0, seq))),
        Some((ms, None)) if ms == last.0 => last.1.checked_add(1).map(|seq| (ms, seq)),
        Some((ms, None)) => Some((ms, 0)),
        Some((ms, Some(seq))) => Some((ms, seq)),
    };
    let too_small = "ERR The ID specified in XADD is equal or smaller than the target stream top item";
    let id = id.filter(|id| *id > last).ok_or_else(|| Expect::error(too_small))?;
    let fields: Fields = c.a.iter().skip(at + 1).map(<[u8]>::to_vec).collect();
    let stream = c.data.open::<Box<Stream>>(db, key)?;
    stream.entries.insert(id, fields);
    stream.last = id;
    stream.added += 1;
    let before = stream.entries.len();
    cut(stream, maxlen, minid);
    let trimmed = stream.entries.len() < before;
    c.data.changed(db, key, "xadd");
    if trimmed {
        c.data.note("xtrim", db, key);
    }
    Ok(Expect::Exact(id_reply(id)))
}

/// The position in a reply, if it is of about this time.
fn told_id(reply: Option<&Reply>, now: u64) -> Option<Id> {
    let Some(Reply::Bulk(text)) = reply else { return None };
    parse_id(text, 0).ok().filter(|id| id.0.abs_diff(now) < 1_000)
}

fn cut(stream: &mut Stream, maxlen: Option<usize>, minid: Option<Id>) {
    while maxlen.is_some_and(|n| stream.entries.len() > n)
        || stream.entries.keys().next().is_some_and(|first| minid.is_some_and(|id| *first < id))
    {
        stream.entries.pop_first();
    }
}

/// An end of a range; an open one lies next to it.
pub(super) fn range_end(text: &[u8], low: bool) -> Result<Id, Expect> {
    let Some(open) = text.strip_prefix(b"(") else { return parse_id(text, if low { 0 } else { u64::MAX }) };
    let id = parse_id(open, if low { 0 } else { u64::MAX })?;
    let beyond = if low {
        id.1.checked_add(1).map(|seq| (id.0, seq)).or_else(|| id.0.checked_add(1).map(|ms| (ms, 0)))
    } else {
        id.1.checked_sub(1).map(|seq| (id.0, seq)).or_else(|| id.0.checked_sub(1).map(|ms| (ms, u64::MAX)))
    };
    let which = if low { "start" } else { "end" };
    beyond.ok_or_else(|| Expect::error(&format!("ERR invalid {which} ID for the interval")))
}

fn range(c: &Call<'_>, back: bool) -> Answer {
    let (low, high) = if back { (3, 2) } else { (2, 3) };
    let (low, high) = (range_end(c.a.at(low), true)?, range_end(c.a.at(high), false)?);
    let mut count = None;
    if c.a.len() > 5 {
        count = Some(int(c.a.at(5))?);
    }
    let Some(stream) = c.stream(1)? else { return Ok(Expect::Exact(Reply::Array(Vec::new()))) };
    if count == Some(0) {
        return Ok(c.null_array());
    }
    let mut all: Vec<Reply> = Vec::new();
    if low <= high {
        all = stream.entries.range(low..=high).map(|(id, fields)| entry_reply(*id, fields)).collect();
    }
    if back {
        all.reverse();
    }
    if let Some(count) = count.filter(|n| *n > 0) {
        all.truncate(count as usize);
    }
    Ok(Expect::Exact(Reply::Array(all)))
}

fn del(c: &mut Call<'_>) -> Answer {
    let (db, key) = (c.db, c.a.at(1));
    if c.stream(1)?.is_none() {
        return Ok(Expect::int(0));
    }
    let ids: Vec<Id> = c.a.iter().skip(2).map(|t| parse_id(t, 0)).collect::<Result<_, _>>()?;
    let stream = c.data.open::<Box<Stream>>(db, key)?;
    let gone = ids.iter().filter(|id| stream.entries.remove(id).is_some()).count() as i64;
    if gone > 0 {
        c.data.changed(db, key, "xdel");
    }
    Ok(Expect::int(gone))
}

/// How much an inexact trimming removes is the server's choice: the reply says it.
fn trim(c: &mut Call<'_>) -> Answer {
    let (db, key) = (c.db, c.a.at(1));
    let inexact = c.a.at(3) == b"~";
    let bound = c.a.at(3 + usize::from(inexact || c.a.at(3) == b"="));
    let by_length = c.a.at(2).eq_ignore_ascii_case(b"MAXLEN");
    let maxlen = if by_length { Some(int(bound)?) } else { None };
    let minid = if by_length { None } else { Some(parse_id(bound, 0)?) };
    if maxlen.is_some_and(|n| n < 0) {
        return Err(Expect::error("ERR The MAXLEN argument must be >= 0."));
    }
    let hint = c.hint.cloned();
    let Some(stream) = c.data.open_old::<Box<Stream>>(db, key)? else { return Ok(Expect::int(0)) };
    let mut cut_down = stream.clone();
    cut(&mut cut_down, maxlen.map(|n| n as usize), minid);
    let most = (stream.entries.len() - cut_down.entries.len()) as i64;
    let (gone, expect) = match (inexact, hint) {
        (true, Some(Reply::Int(n))) if (0..=most).contains(&n) => (n, Expect::Between(0, most)),
        (true, _) => {
            *c.lost |= most > 0;
            (0, Expect::Between(0, most))
        }
        _ => (most, Expect::int(most)),
    };
    (0..gone).for_each(|_| drop(stream.entries.pop_first()));
    if gone > 0 {
        c.data.changed(db, key, "xtrim");
    }
    Ok(expect)
}

fn setid(c: &mut Call<'_>) -> Answer {
    let (db, key) = (c.db, c.a.at(1));
    let id = parse_id(c.a.at(2), 0)?;
    let Some(stream) = c.data.open_old::<Box<Stream>>(db, key)? else {
        return Err(Expect::error("ERR no such key"));
    };
    if stream.entries.keys().next_back().is_some_and(|top| id < *top) {
        let text = "ERR The ID specified in XSETID is smaller than the target stream top item";
        return Err(Expect::error(text));
    }
    stream.last = id;
    if let Some(added) = number(c.a.at(4)) {
        stream.added = added as u64;
    }
    c.data.note("xsetid", db, key);
    Ok(Expect::ok())
}

/// The reply of XREAD for several streams.
pub(super) fn by_stream(all: Vec<(Vec<u8>, Reply)>, resp3: bool) -> Expect {
    Expect::Exact(if resp3 {
        Reply::Map(all.into_iter().flat_map(|(key, entries)| [Reply::Bulk(key), entries]).collect())
    } else {
        let pair = |(key, entries)| Reply::Array(vec![Reply::Bulk(key), entries]);
        Reply::Array(all.into_iter().map(pair).collect())
    })
}

/// What follows the names of several streams: COUNT, BLOCK, NOACK, GROUP, and where the keys begin.
#[derive(Clone, Debug, Default)]
pub(super) struct Reading {
    pub(super) count: Option<usize>,
    pub(super) block_ms: Option<i64>,
    pub(super) no_ack: bool,
    pub(super) group: usize,
    pub(super) first: usize,
    pub(super) keys: usize,
}

impl Reading {
    pub(super) fn read(c: &Call<'_>) -> Result<Self, Expect> {
        let mut reading = Self::default();
        let mut at = 1;
        while reading.first == 0 {
            match c.a.at(at).to_ascii_uppercase().as_slice() {
                b"COUNT" => {
                    reading.count = Some(int(c.a.at(at + 1))?).filter(|n| *n > 0).map(|n| n as usize);
                    at += 2;
                }
                b"BLOCK" => {
                    reading.block_ms = Some(int(c.a.at(at + 1))?);
                    at += 2;
                }
                b"NOACK" => {
                    reading.no_ack = true;
                    at += 1;
                }
                b"GROUP" => {
                    reading.group = at + 1;
                    at += 3;
                }
                b"STREAMS" => {
                    reading.first = at + 1;
                    reading.keys = (c.a.len() - at - 1) / 2;
                }
                _ => return Err(Expect::error(SYNTAX)),
            }
        }
        Ok(reading)
    }

    pub(super) fn names(&self, c: &Call<'_>) -> Vec<Vec<u8>> {
        (self.first..self.first + self.keys).map(|i| c.a.at(i).to_vec()).collect()
    }
}

/// XREAD: the entries after each position; `None` when there are none. Positions written as `$` are replaced in `fixed`.
pub(super) fn read(c: &Call<'_>, reading: &Reading, fixed: &mut Vec<Id>) -> Result<Option<Expect>, Expect> {
    let mut from = Vec::new();
    for i in reading.first..reading.first + reading.keys {
        let last = c.stream(i)?.map_or((0, 0), |s| s.last);
        from.push(match c.a.at(i + reading.keys) {
            b"$" => fixed.get(i - reading.first).copied().unwrap_or(last),
            text => parse_id(text, 0)?,
        });
    }
    let mut all = Vec::new();
    for (i, from) in (reading.first..).zip(&from) {
        let Some(stream) = c.stream(i)? else { continue };
        let new = stream.entries.iter().filter(|(id, _)| *id > from);
        let new: Vec<Reply> =
            new.take(reading.count.unwrap_or(usize::MAX)).map(|(id, f)| entry_reply(*id, f)).collect();
        if !new.is_empty() {
            all.push((c.a.at(i).to_vec(), Reply::Array(new)));
        }
    }
    *fixed = from;
    Ok((!all.is_empty()).then(|| by_stream(all, c.resp3)))
}

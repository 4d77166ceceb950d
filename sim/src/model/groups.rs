//! Consumer groups.

use super::streams::{Id, MAX, Reading, Stream, by_stream, entry_reply, id_reply, parse_id, range_end};
use super::{Answer, Call, Expect, Group, Pending, SYNTAX, int, number};
use crate::client::reply::Reply;

/// Runs a command about groups; `None` when it is none.
pub(super) fn run(name: &[u8], c: &mut Call<'_>) -> Option<Answer> {
    Some(match name {
        b"xgroup" => xgroup(c),
        b"xack" => ack(c),
        b"xpending" => pending(c),
        b"xclaim" => claim(c),
        b"xautoclaim" => autoclaim(c),
        _ => return None,
    })
}

fn no_group(key: &[u8], group: &[u8]) -> Expect {
    let (key, group) = (String::from_utf8_lossy(key), String::from_utf8_lossy(group));
    Expect::error(&format!("NOGROUP No such key '{key}' or consumer group '{group}'"))
}

/// The group named by two arguments, to be changed.
fn open<'d>(c: &'d mut Call<'_>, key: usize, group: usize) -> Result<Option<&'d mut Group>, Expect> {
    let stream = c.data.open_old::<Box<Stream>>(c.db, c.a.at(key))?;
    Ok(stream.and_then(|s| s.groups.get_mut(c.a.at(group))))
}

fn xgroup(c: &mut Call<'_>) -> Answer {
    let (db, key, name) = (c.db, c.a.at(2), c.a.at(3));
    let word = c.a.at(1).to_ascii_lowercase();
    let there = c.stream(2)?.is_some();
    let make = word == b"create" && c.a.at(5).eq_ignore_ascii_case(b"MKSTREAM");
    if !there && !make {
        let text = "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use \
                    the MKSTREAM option to create an empty stream automatically.";
        return Err(Expect::error(text));
    }
    let missing = || {
        let (key, name) = (String::from_utf8_lossy(key), String::from_utf8_lossy(name));
        Expect::error(&format!("NOGROUP No such consumer group '{name}' for key name '{key}'"))
    };
    let known = c.stream(2)?.is_some_and(|s| s.groups.contains_key(name));
    match word.as_slice() {
        b"create" => {
            let last = c.stream(2)?.map_or((0, 0), |s| s.last);
            let at = if c.a.at(4) == b"$" { last } else { parse_id(c.a.at(4), 0)? };
            if known {
                return Err(Expect::error("BUSYGROUP Consumer Group name already exists"));
            }
            if !there {
                c.data.open::<Box<Stream>>(db, key)?;
                c.data.touch(db, key);
            }
            let stream = c.data.open::<Box<Stream>>(db, key)?;
            stream.groups.insert(name.to_vec(), Group { last: at, ..Group::default() });
            c.data.note("xgroup-create", db, key);
            Ok(Expect::ok())
        }
        b"setid" if known => {
            let last = c.stream(2)?.map_or((0, 0), |s| s.last);
            let at = if c.a.at(4) == b"$" { last } else { parse_id(c.a.at(4), 0)? };
            if let Some(group) = open(c, 2, 3)? {
                group.last = at;
            }
            c.data.note("xgroup-setid", db, key);
            Ok(Expect::ok())
        }
        b"destroy" => {
            if known {
                c.data.open::<Box<Stream>>(db, key)?.groups.remove(name);
                c.data.wake(db, key);
                c.data.note("xgroup-destroy", db, key);
            }
            Ok(Expect::int(known.into()))
        }
        b"createconsumer" if known => Ok(Expect::int(join(c, 2, 3, 4)?.into())),
        b"delconsumer" if known => {
            let who = c.a.at(4).to_vec();
            let Some(group) = open(c, 2, 3)? else { return Err(missing()) };
            let before = group.pending.len();
            let was_there = group.consumers.remove(&who);
            group.pending.retain(|_, p| p.owner != who);
            let gone = before - group.pending.len();
            if was_there {
                c.data.note("xgroup-delconsumer", db, key);
            }
            Ok(Expect::int(gone as i64))
        }
        _ => Err(missing()),
    }
}

/// Makes a consumer that is not there yet; whether it was not.
fn join(c: &mut Call<'_>, key: usize, group: usize, who: usize) -> Result<bool, Expect> {
    let name = c.a.at(who).to_vec();
    let new = open(c, key, group)?.is_some_and(|g| g.consumers.insert(name));
    if new {
        c.data.note("xgroup-createconsumer", c.db, c.a.at(key));
    }
    Ok(new)
}

fn ack(c: &mut Call<'_>) -> Answer {
    c.stream(1)?;
    let ids: Vec<Id> = match open(c, 1, 2)? {
        None => return Ok(Expect::int(0)),
        Some(_) => c.a.iter().skip(3).map(|t| parse_id(t, 0)).collect::<Result<_, _>>()?,
    };
    let Some(group) = open(c, 1, 2)? else { return Ok(Expect::int(0)) };
    Ok(Expect::int(ids.iter().filter(|id| group.pending.remove(id).is_some()).count() as i64))
}

fn pending(c: &mut Call<'_>) -> Answer {
    let now = c.data.now_ms;
    let mut at = 3;
    let mut idle_min = 0;
    if c.a.at(3).eq_ignore_ascii_case(b"IDLE") {
        idle_min = int(c.a.at(4))?;
        at = 5;
    }
    let range = match c.a.len() > 3 {
        true => Some((range_end(c.a.at(at), true)?, range_end(c.a.at(at + 1), false)?, int(c.a.at(at + 2))?)),
        false => None,
    };
    let stream = c.stream(1)?;
    let Some(group) = stream.and_then(|s| s.groups.get(c.a.at(2))) else {
        return Err(no_group(c.a.at(1), c.a.at(2)));
    };
    let Some((low, high, count)) = range else { return Ok(summary(group, c.null_array_reply())) };
    let who = (c.a.len() > at + 3).then(|| c.a.at(at + 3));
    let all = group.pending.iter().filter(|(id, p)| {
        // A clock that stepped back does not hide what was delivered later than now.
        let idle = idle_min <= 0 || now - p.at_ms >= idle_min;
        (low..=high).contains(*id) && who.is_none_or(|w| p.owner == w) && idle
    });
    let line = |(id, p): (&Id, &Pending)| {
        let count = Reply::Int(p.count as i64);
        let idle = Reply::Int((now - p.at_ms).max(0));
        Expect::Each([id_reply(*id), Reply::Bulk(p.owner.clone()), idle, count].map(Expect::Exact).to_vec())
    };
    Ok(Expect::Each(all.take(count.max(0) as usize).map(line).collect()))
}

fn summary(group: &Group, none: Reply) -> Expect {
    let (Some((first, _)), Some((last, _))) =
        (group.pending.first_key_value(), group.pending.last_key_value())
    else {
        return Expect::Exact(Reply::Array(vec![Reply::Int(0), Reply::Null, Reply::Null, none]));
    };
    let mut owners = Vec::new();
    for name in &group.consumers {
        let count = group.pending.values().filter(|p| p.owner == *name).count();
        if count > 0 {
            let count = Reply::Bulk(count.to_string().into_bytes());
            owners.push(Reply::Array(vec![Reply::Bulk(name.clone()), count]));
        }
    }
    let count = Reply::Int(group.pending.len() as i64);
    Expect::Exact(Reply::Array(vec![count, id_reply(*first), id_reply(*last), Reply::Array(owners)]))
}

/// XREADGROUP: what is new to the group, or what its consumer has; `None` when there is nothing.
pub(super) fn read(c: &mut Call<'_>, reading: &Reading) -> Result<Option<Expect>, Expect> {
    let (g, who) = (reading.group, reading.group + 1);
    for i in reading.first..reading.first + reading.keys {
        if c.stream(i)?.is_none_or(|s| !s.groups.contains_key(c.a.at(g))) {
            let (key, group) = (String::from_utf8_lossy(c.a.at(i)), String::from_utf8_lossy(c.a.at(g)));
            return Err(Expect::error(&format!(
                "NOGROUP No such key '{key}' or consumer group '{group}' in XREADGROUP with GROUP option"
            )));
        }
    }
    let mut all = Vec::new();
    for i in reading.first..reading.first + reading.keys {
        join(c, i, g, who)?;
        let from = match c.a.at(i + reading.keys) {
            b">" => None,
            text => Some(parse_id(text, 0)?).filter(|id| *id != MAX),
        };
        let reply = match from {
            None => read_new(c, reading, i)?,
            Some(from) => Some(read_history(c, reading, i, from)?),
        };
        if let Some(reply) = reply {
            all.push((c.a.at(i).to_vec(), reply));
        }
    }
    Ok((!all.is_empty()).then(|| by_stream(all, c.resp3)))
}

fn read_new(c: &mut Call<'_>, reading: &Reading, i: usize) -> Result<Option<Reply>, Expect> {
    let now = c.data.now_ms;
    let (group, owner) = (c.a.at(reading.group), c.a.at(reading.group + 1));
    let Some(stream) = c.data.open_old::<Box<Stream>>(c.db, c.a.at(i))? else { return Ok(None) };
    let Some(group) = stream.groups.get_mut(group) else { return Ok(None) };
    let new = stream.entries.iter().filter(|(id, _)| **id > group.last);
    let new: Vec<_> = new.take(reading.count.unwrap_or(usize::MAX)).collect();
    let Some((last, _)) = new.last() else { return Ok(None) };
    group.last = **last;
    if !reading.no_ack {
        for (id, _) in &new {
            group.pending.insert(**id, Pending { owner: owner.to_vec(), at_ms: now, count: 1 });
        }
    }
    Ok(Some(Reply::Array(new.into_iter().map(|(id, fields)| entry_reply(*id, fields)).collect())))
}

fn read_history(c: &mut Call<'_>, reading: &Reading, i: usize, from: Id) -> Result<Reply, Expect> {
    let (now, none) = (c.data.now_ms, c.null_array_reply());
    let (group, owner) = (c.a.at(reading.group), c.a.at(reading.group + 1));
    let Some(stream) = c.data.open_old::<Box<Stream>>(c.db, c.a.at(i))? else { return Ok(Reply::Null) };
    let Some(group) = stream.groups.get_mut(group) else { return Ok(Reply::Null) };
    let mine = group.pending.iter_mut().filter(|(id, p)| **id > from && p.owner == owner);
    let mut all = Vec::new();
    for (id, pending) in mine.take(reading.count.unwrap_or(usize::MAX)) {
        match stream.entries.get(id) {
            Some(fields) => {
                (pending.at_ms, pending.count) = (now, pending.count + 1);
                all.push(entry_reply(*id, fields));
            }
            None => all.push(Reply::Array(vec![id_reply(*id), none.clone()])),
        }
    }
    Ok(Reply::Array(all))
}

fn claim(c: &mut Call<'_>) -> Answer {
    let now = c.data.now_ms;
    if c.stream(1)?.is_none_or(|s| !s.groups.contains_key(c.a.at(2))) {
        return Err(no_group(c.a.at(1), c.a.at(2)));
    }
    let idle_min = int(c.a.at(4))?.max(0);
    let ids: Vec<Id> = c.a.iter().skip(5).map_while(|t| parse_id(t, 0).ok()).collect();
    let (mut time, mut count, mut force, mut just_id, mut last) = (now, None, false, false, None);
    let mut at = 5 + ids.len();
    while at < c.a.len() {
        match c.a.at(at).to_ascii_uppercase().as_slice() {
            b"FORCE" => force = true,
            b"JUSTID" => just_id = true,
            b"IDLE" => {
                at += 1;
                time = now - int(c.a.at(at))?;
            }
            b"TIME" => {
                at += 1;
                time = int(c.a.at(at))?;
            }
            b"RETRYCOUNT" => {
                at += 1;
                count = number(c.a.at(at)).map(|n| n as u64);
            }
            b"LASTID" => {
                at += 1;
                last = Some(parse_id(c.a.at(at), 0)?);
            }
            _ => return Err(Expect::error(SYNTAX)),
        }
        at += 1;
    }
    // The word of a master about times stands, whatever this clock says.
    if !c.data.immortal && (time < 0 || time > now) {
        time = now;
    }
    if let Some(group) = open(c, 1, 2)? {
        group.last = group.last.max(last.unwrap_or((0, 0)));
    }
    join(c, 1, 2, 3)?;
    let owner = c.a.at(3).to_vec();
    let Some(stream) = c.data.open_old::<Box<Stream>>(c.db, c.a.at(1))? else { return Ok(Expect::ok()) };
    let Some(group) = stream.groups.get_mut(c.a.at(2)) else { return Ok(Expect::ok()) };
    let mut all = Vec::new();
    for id in ids {
        let Some(fields) = stream.entries.get(&id) else {
            group.pending.remove(&id);
            continue;
        };
        let old = group.pending.get(&id);
        if old.is_none() && !force || old.is_some_and(|p| idle_min > 0 && now - p.at_ms < idle_min) {
            continue;
        }
        // Forced, an entry begins as delivered once.
        let counted = old.map_or(1, |p| p.count) + u64::from(!just_id);
        let count = count.unwrap_or(counted);
        group.pending.insert(id, Pending { owner: owner.clone(), at_ms: time, count });
        all.push(if just_id { id_reply(id) } else { entry_reply(id, fields) });
    }
    Ok(Expect::Exact(Reply::Array(all)))
}

fn autoclaim(c: &mut Call<'_>) -> Answer {
    let now = c.data.now_ms;
    let idle_min = int(c.a.at(4))?.max(0);
    let start = range_end(c.a.at(5), true)?;
    let (mut count, mut just_id, mut at) = (100, false, 6);
    while at < c.a.len() {
        if c.a.at(at).eq_ignore_ascii_case(b"COUNT") {
            at += 1;
            count = int(c.a.at(at))?.max(1);
        } else {
            just_id = true;
        }
        at += 1;
    }
    if c.stream(1)?.is_none_or(|s| !s.groups.contains_key(c.a.at(2))) {
        return Err(no_group(c.a.at(1), c.a.at(2)));
    }
    join(c, 1, 2, 3)?;
    let owner = c.a.at(3).to_vec();
    let Some(stream) = c.data.open_old::<Box<Stream>>(c.db, c.a.at(1))? else { return Ok(Expect::ok()) };
    let Some(group) = stream.groups.get_mut(c.a.at(2)) else { return Ok(Expect::ok()) };
    let (mut looks, mut left, mut next) = (count.saturating_mul(10), count, (0, 0));
    let (mut taken, mut gone) = (Vec::new(), Vec::new());
    let candidates: Vec<Id> = group.pending.range(start..).map(|(id, _)| *id).collect();
    for id in candidates {
        if looks == 0 || left == 0 {
            next = id;
            break;
        }
        looks -= 1;
        let Some(fields) = stream.entries.get(&id) else {
            group.pending.remove(&id);
            gone.push(id_reply(id));
            left -= 1;
            continue;
        };
        let Some(pending) = group.pending.get_mut(&id).filter(|p| now - p.at_ms >= idle_min) else {
            continue;
        };
        pending.owner.clone_from(&owner);
        pending.at_ms = now;
        pending.count += u64::from(!just_id);
        taken.push(if just_id { id_reply(id) } else { entry_reply(id, fields) });
        left -= 1;
    }
    Ok(Expect::Exact(Reply::Array(vec![id_reply(next), Reply::Array(taken), Reply::Array(gone)])))
}

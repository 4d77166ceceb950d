//! The string commands.

use super::{Answer, Call, Data, Expect, NOT_INTEGER, SYNTAX, Value, int, number};
use crate::client::frame::Args;
use crate::client::reply::Reply;

type Str = Vec<u8>;

/// Runs a string command; `None` when it is none.
pub(super) fn run(name: &[u8], c: &mut Call<'_>) -> Option<Answer> {
    let (db, a) = (c.db, c.a);
    let key = a.at(1);
    Some(match name {
        b"get" => c.get::<Str>(1).map(|v| Expect::maybe(v.map(Vec::as_slice))),
        b"set" => set(c.data, db, a),
        b"setnx" => {
            let free = c.data.live(db, key).is_none();
            if free {
                put(c.data, db, key, a.at(2), None);
            }
            Ok(Expect::int(free.into()))
        }
        b"setex" | b"psetex" => setex(c.data, db, name, a),
        b"getset" => c.get::<Str>(1).map(|v| Expect::maybe(v.map(Vec::as_slice))).inspect(|_| {
            put(c.data, db, key, a.at(2), None);
        }),
        b"getdel" => c.get::<Str>(1).map(|v| Expect::maybe(v.map(Vec::as_slice))).inspect(|_| {
            if c.data.remove(db, key).is_some() {
                c.data.note("del", db, key);
            }
        }),
        b"getex" => getex(c.data, db, a),
        b"strlen" => c.get::<Str>(1).map(|v| Expect::int(v.map_or(0, Vec::len) as i64)),
        b"append" => append(c),
        b"mget" => {
            let text = |k| c.data.get::<Str>(db, k).ok().flatten().map(Vec::as_slice);
            Ok(Expect::Each(a.iter().skip(1).map(|k| Expect::maybe(text(k))).collect()))
        }
        b"mset" | b"msetnx" => Ok(mset(c.data, db, name, a)),
        b"getrange" | b"substr" => getrange(c.data, db, a),
        b"setrange" => setrange(c.data, db, a),
        b"incr" => add(c.data, db, key, Ok(1)),
        b"decr" => add(c.data, db, key, Ok(-1)),
        b"incrby" => add(c.data, db, key, int(a.at(2))),
        b"decrby" => match number(a.at(2)) {
            Some(i64::MIN) => Err(Expect::error("ERR decrement would overflow")),
            n => add(c.data, db, key, n.map(|n| -n).ok_or_else(|| Expect::error(NOT_INTEGER))),
        },
        b"incrbyfloat" => incrbyfloat(c.data, db, a),
        b"lcs" => lcs_length(c.data, db, a),
        _ => return None,
    })
}

fn put(data: &mut Data, db: usize, key: &[u8], value: &[u8], deadline: Option<i64>) {
    data.put(db, key, Value::Str(value.to_vec()), deadline);
    data.note("set", db, key);
    if deadline.is_some() {
        data.note("expire", db, key);
    }
}

fn append(c: &mut Call<'_>) -> Answer {
    let mut value = c.get::<Str>(1)?.cloned().unwrap_or_default();
    value.extend_from_slice(c.a.at(2));
    let len = value.len() as i64;
    c.data.edit(c.db, c.a.at(1), value);
    c.data.note("append", c.db, c.a.at(1));
    Ok(Expect::int(len))
}

/// The options of a command that set an expiry; at most one kind of them may be given.
#[derive(Default)]
struct Expiry<'a> {
    first: Option<Vec<u8>>,
    /// The number, its unit in milliseconds, whether it counts from now.
    given: Option<(&'a [u8], i64, bool)>,
    keep: bool,
    persist: bool,
}

impl<'a> Expiry<'a> {
    /// Reads one option at `a[i]`; says how many arguments it took.
    fn option(&mut self, command: &str, a: &'a Args, i: usize) -> Option<usize> {
        let word = a.at(i).to_ascii_uppercase();
        // The same option may be repeated, the last one counts.
        if self.first.as_ref().is_some_and(|first| *first != word) {
            return None;
        }
        self.first = Some(word.clone());
        let (unit, relative) = match word.as_slice() {
            b"EX" => (1000, true),
            b"PX" => (1, true),
            b"EXAT" => (1000, false),
            b"PXAT" => (1, false),
            b"KEEPTTL" if command == "set" => {
                self.keep = true;
                return Some(1);
            }
            b"PERSIST" if command == "getex" => {
                self.persist = true;
                return Some(1);
            }
            _ => return None,
        };
        self.given = (i + 1 < a.len()).then(|| (a.at(i + 1), unit, relative));
        self.given.map(|_| 2)
    }

    /// The absolute time in milliseconds.
    fn at(&self, data: &Data, command: &str) -> Result<Option<i64>, Expect> {
        self.given.map(|(text, unit, relative)| absolute(data, command, text, unit, relative)).transpose()
    }
}

fn absolute(data: &Data, command: &str, text: &[u8], unit: i64, relative: bool) -> Result<i64, Expect> {
    let invalid = || Expect::error(&format!("ERR invalid expire time in '{command}' command"));
    let n = number(text).ok_or_else(|| Expect::error(NOT_INTEGER))?;
    if n <= 0 {
        return Err(invalid());
    }
    let ms = n.checked_mul(unit).ok_or_else(invalid)?;
    let at = if relative { ms.checked_add(data.now_ms).ok_or_else(invalid)? } else { ms };
    Ok(at)
}

fn set(data: &mut Data, db: usize, a: &Args) -> Answer {
    let (mut nx, mut xx, mut get) = (false, false, false);
    let mut expiry = Expiry::default();
    let mut i = 3;
    while i < a.len() {
        match a.at(i).to_ascii_uppercase().as_slice() {
            b"NX" if !xx => nx = true,
            b"XX" if !nx => xx = true,
            b"GET" => get = true,
            _ => match expiry.option("set", a, i) {
                Some(took) => i += took - 1,
                None => return Err(Expect::error(SYNTAX)),
            },
        }
        i += 1;
    }
    let at = expiry.at(data, "set")?;
    let key = a.at(1);
    let old = data.live(db, key).map(|e| e.deadline);
    let reply = match get {
        true => Expect::maybe(data.get::<Str>(db, key)?.map(Vec::as_slice)),
        false => Expect::ok(),
    };
    if (nx && old.is_some()) || (xx && old.is_none()) {
        return Ok(if get { reply } else { Expect::Exact(Reply::Null) });
    }
    let deadline = if expiry.keep { old.flatten() } else { at };
    data.put(db, key, Value::Str(a.at(2).to_vec()), deadline);
    data.note("set", db, key);
    if at.is_some() {
        data.note("expire", db, key);
    }
    Ok(reply)
}

fn setex(data: &mut Data, db: usize, name: &[u8], a: &Args) -> Answer {
    let (command, unit) = if name == b"setex" { ("setex", 1000) } else { ("psetex", 1) };
    let at = absolute(data, command, a.at(2), unit, true)?;
    put(data, db, a.at(1), a.at(3), Some(at));
    Ok(Expect::ok())
}

fn getex(data: &mut Data, db: usize, a: &Args) -> Answer {
    let mut expiry = Expiry::default();
    let mut i = 2;
    while i < a.len() {
        match expiry.option("getex", a, i) {
            Some(took) => i += took,
            None => return Err(Expect::error(SYNTAX)),
        }
    }
    let key = a.at(1);
    let Some(value) = data.get::<Str>(db, key)?.cloned() else { return Ok(Expect::Exact(Reply::Null)) };
    let deadline = data.live(db, key).and_then(|e| e.deadline);
    let now = data.now_ms;
    match expiry.at(data, "getex")? {
        Some(at) if at <= now && !data.immortal => {
            data.remove(db, key);
            data.note("del", db, key);
        }
        Some(at) => {
            data.put(db, key, Value::Str(value.clone()), Some(at));
            data.note("expire", db, key);
        }
        None if expiry.persist && deadline.is_some() => {
            data.put(db, key, Value::Str(value.clone()), None);
            data.note("persist", db, key);
        }
        None => {}
    }
    Ok(Expect::bulk(&value))
}

fn mset(data: &mut Data, db: usize, name: &[u8], a: &Args) -> Expect {
    let keys = (1..a.len()).step_by(2);
    if name == b"msetnx" && keys.clone().any(|i| data.live(db, a.at(i)).is_some()) {
        return Expect::int(0);
    }
    for i in keys {
        put(data, db, a.at(i), a.at(i + 1), None);
    }
    if name == b"mset" { Expect::ok() } else { Expect::int(1) }
}

fn getrange(data: &Data, db: usize, a: &Args) -> Answer {
    let (start, end) = (int(a.at(2))?, int(a.at(3))?);
    let value = data.get::<Str>(db, a.at(1))?.map(Vec::as_slice).unwrap_or_default();
    let len = value.len() as i64;
    if start < 0 && end < 0 && start > end {
        return Ok(Expect::bulk(b""));
    }
    let clamp = |n: i64| if n < 0 { (n + len).max(0) } else { n };
    let (start, end) = (clamp(start), clamp(end).min(len - 1));
    if start > end || len == 0 {
        return Ok(Expect::bulk(b""));
    }
    Ok(Expect::bulk(&value[start as usize..=end as usize]))
}

fn setrange(data: &mut Data, db: usize, a: &Args) -> Answer {
    let offset = int(a.at(2))?;
    if offset < 0 {
        return Err(Expect::error("ERR offset is out of range"));
    }
    let (key, patch) = (a.at(1), a.at(3));
    let mut value = data.get::<Str>(db, key)?.cloned().unwrap_or_default();
    if patch.is_empty() {
        return Ok(Expect::int(value.len() as i64));
    }
    let end = offset as usize + patch.len();
    if value.len() < end {
        value.resize(end, 0);
    }
    value[offset as usize..end].copy_from_slice(patch);
    let len = value.len() as i64;
    data.edit(db, key, value);
    data.note("setrange", db, key);
    Ok(Expect::int(len))
}

fn add(data: &mut Data, db: usize, key: &[u8], by: Result<i64, Expect>) -> Answer {
    let by = by?;
    let old = data.get::<Str>(db, key)?.map_or(Some(0), |v| number(v));
    let old = old.ok_or_else(|| Expect::error(NOT_INTEGER))?;
    let sum = old.checked_add(by);
    let sum = sum.ok_or_else(|| Expect::error("ERR increment or decrement would overflow"))?;
    data.edit(db, key, sum.to_string().into_bytes());
    data.note("incrby", db, key);
    Ok(Expect::int(sum))
}

/// A number with a fraction. Exact for few binary digits behind the point, which is all that the workload uses.
pub(super) fn float(text: &[u8]) -> Option<f64> {
    std::str::from_utf8(text).ok().and_then(|t| t.parse::<f64>().ok()).filter(|f| !f.is_nan())
}

/// Such a number as text.
pub(super) fn float_text(n: f64) -> Vec<u8> {
    format!("{n}").into_bytes()
}

fn incrbyfloat(data: &mut Data, db: usize, a: &Args) -> Answer {
    let key = a.at(1);
    let old = data.get::<Str>(db, key)?.map_or(Some(0.0), |v| float(v));
    let (Some(old), Some(by)) = (old, float(a.at(2))) else {
        return Err(Expect::error("ERR value is not a valid float"));
    };
    let text = float_text(old + by);
    data.edit(db, key, text.clone());
    data.note("incrbyfloat", db, key);
    Ok(Expect::bulk(&text))
}

fn lcs_length(data: &Data, db: usize, a: &Args) -> Answer {
    let text = |i| {
        let value = data.get::<Str>(db, a.at(i));
        value.map_err(|_| Expect::error("ERR The specified keys must contain string values"))
    };
    let (left, right) = (text(1)?.cloned().unwrap_or_default(), text(2)?.cloned().unwrap_or_default());
    let mut row = vec![0_i64; right.len() + 1];
    for l in &left {
        let mut diagonal = 0;
        for (j, r) in right.iter().enumerate() {
            let above = row[j + 1];
            row[j + 1] = if l == r { diagonal + 1 } else { above.max(row[j]) };
            diagonal = above;
        }
    }
    Ok(Expect::int(row[right.len()]))
}

//! The string commands.

use super::{Data, Expect, NOT_INTEGER, SYNTAX, number};
use crate::client::frame::Args;
use crate::client::reply::Reply;

/// Runs a string command; `None` when it is none.
pub(super) fn run(data: &mut Data, db: usize, name: &[u8], a: &Args) -> Option<Expect> {
    let key = a.at(1);
    Some(match name {
        b"get" => Expect::maybe(data.get(db, key)),
        b"set" => set(data, db, a),
        b"setnx" => {
            let free = data.get(db, key).is_none();
            if free {
                data.put(db, key, a.at(2).to_vec(), None);
            }
            Expect::int(free.into())
        }
        b"setex" | b"psetex" => setex(data, db, name, a),
        b"getset" => {
            let old = Expect::maybe(data.get(db, key));
            data.put(db, key, a.at(2).to_vec(), None);
            old
        }
        b"getdel" => Expect::maybe(data.remove(db, key).as_ref().map(|e| e.value.as_slice())),
        b"getex" => getex(data, db, a),
        b"strlen" => Expect::int(data.get(db, key).map_or(0, |v| v.len() as i64)),
        b"append" => {
            let mut value = data.get(db, key).unwrap_or_default().to_vec();
            value.extend_from_slice(a.at(2));
            let len = value.len() as i64;
            data.edit(db, key, value);
            Expect::int(len)
        }
        b"mget" => {
            let all = a.iter().skip(1).map(|k| Expect::maybe(data.get(db, k))).collect();
            Expect::Each(all)
        }
        b"mset" | b"msetnx" => mset(data, db, name, a),
        b"getrange" | b"substr" => getrange(data, db, a),
        b"setrange" => setrange(data, db, a),
        b"incr" => add(data, db, key, Some(1)),
        b"decr" => add(data, db, key, Some(-1)),
        b"incrby" => add(data, db, key, number(a.at(2))),
        b"decrby" => match number(a.at(2)) {
            Some(i64::MIN) => Expect::error("ERR decrement would overflow"),
            n => add(data, db, key, n.map(|n| -n)),
        },
        b"incrbyfloat" => incrbyfloat(data, db, a),
        b"lcs" => lcs_length(data, db, a),
        _ => return None,
    })
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

fn set(data: &mut Data, db: usize, a: &Args) -> Expect {
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
                None => return Expect::error(SYNTAX),
            },
        }
        i += 1;
    }
    let at = match expiry.at(data, "set") {
        Ok(at) => at,
        Err(error) => return error,
    };
    let key = a.at(1);
    let old = data.live(db, key).cloned();
    let reply = Expect::maybe(old.as_ref().map(|e| e.value.as_slice()));
    if (nx && old.is_some()) || (xx && old.is_none()) {
        return if get { reply } else { Expect::Exact(Reply::Null) };
    }
    let deadline = if expiry.keep { old.and_then(|e| e.deadline) } else { at };
    data.put(db, key, a.at(2).to_vec(), deadline);
    if get { reply } else { Expect::ok() }
}

fn setex(data: &mut Data, db: usize, name: &[u8], a: &Args) -> Expect {
    let (command, unit) = if name == b"setex" { ("setex", 1000) } else { ("psetex", 1) };
    match absolute(data, command, a.at(2), unit, true) {
        Ok(at) => {
            data.put(db, a.at(1), a.at(3).to_vec(), Some(at));
            Expect::ok()
        }
        Err(error) => error,
    }
}

fn getex(data: &mut Data, db: usize, a: &Args) -> Expect {
    let mut expiry = Expiry::default();
    let mut i = 2;
    while i < a.len() {
        match expiry.option("getex", a, i) {
            Some(took) => i += took,
            None => return Expect::error(SYNTAX),
        }
    }
    let key = a.at(1);
    let Some(entry) = data.live(db, key).cloned() else { return Expect::Exact(Reply::Null) };
    let now = data.now_ms;
    let at = match expiry.at(data, "getex") {
        Ok(at) => at,
        Err(error) => return error,
    };
    match at {
        Some(at) if at <= now && !data.immortal => {
            data.remove(db, key);
        }
        Some(at) => data.put(db, key, entry.value.clone(), Some(at)),
        None if expiry.persist && entry.deadline.is_some() => data.put(db, key, entry.value.clone(), None),
        None => {}
    }
    Expect::bulk(&entry.value)
}

fn mset(data: &mut Data, db: usize, name: &[u8], a: &Args) -> Expect {
    let keys = (1..a.len()).step_by(2);
    if name == b"msetnx" && keys.clone().any(|i| data.get(db, a.at(i)).is_some()) {
        return Expect::int(0);
    }
    for i in keys {
        data.put(db, a.at(i), a.at(i + 1).to_vec(), None);
    }
    if name == b"mset" { Expect::ok() } else { Expect::int(1) }
}

fn getrange(data: &Data, db: usize, a: &Args) -> Expect {
    let (Some(start), Some(end)) = (number(a.at(2)), number(a.at(3))) else {
        return Expect::error(NOT_INTEGER);
    };
    let value = data.get(db, a.at(1)).unwrap_or_default();
    let len = value.len() as i64;
    if start < 0 && end < 0 && start > end {
        return Expect::bulk(b"");
    }
    let clamp = |n: i64| if n < 0 { (n + len).max(0) } else { n };
    let (start, end) = (clamp(start), clamp(end).min(len - 1));
    if start > end || len == 0 {
        return Expect::bulk(b"");
    }
    Expect::bulk(&value[start as usize..=end as usize])
}

fn setrange(data: &mut Data, db: usize, a: &Args) -> Expect {
    let Some(offset) = number(a.at(2)) else { return Expect::error(NOT_INTEGER) };
    if offset < 0 {
        return Expect::error("ERR offset is out of range");
    }
    let (key, patch) = (a.at(1), a.at(3));
    let mut value = data.get(db, key).unwrap_or_default().to_vec();
    if patch.is_empty() {
        return Expect::int(value.len() as i64);
    }
    let end = offset as usize + patch.len();
    if value.len() < end {
        value.resize(end, 0);
    }
    value[offset as usize..end].copy_from_slice(patch);
    let len = value.len() as i64;
    data.edit(db, key, value);
    Expect::int(len)
}

fn add(data: &mut Data, db: usize, key: &[u8], by: Option<i64>) -> Expect {
    let Some(by) = by else { return Expect::error(NOT_INTEGER) };
    let Some(old) = data.get(db, key).map_or(Some(0), number) else { return Expect::error(NOT_INTEGER) };
    let Some(sum) = old.checked_add(by) else {
        return Expect::error("ERR increment or decrement would overflow");
    };
    data.edit(db, key, sum.to_string().into_bytes());
    Expect::int(sum)
}

/// Exact for numbers with few binary digits behind the point, which is all that the workload uses.
fn incrbyfloat(data: &mut Data, db: usize, a: &Args) -> Expect {
    let parse = |text: &[u8]| std::str::from_utf8(text).ok().and_then(|t| t.parse::<f64>().ok());
    let key = a.at(1);
    let old = data.get(db, key).map_or(Some(0.0), parse);
    let (Some(old), Some(by)) = (old, parse(a.at(2))) else {
        return Expect::error("ERR value is not a valid float");
    };
    let text = format!("{}", old + by).into_bytes();
    let reply = Expect::bulk(&text);
    data.edit(db, key, text);
    reply
}

fn lcs_length(data: &Data, db: usize, a: &Args) -> Expect {
    let left = data.get(db, a.at(1)).unwrap_or_default();
    let right = data.get(db, a.at(2)).unwrap_or_default();
    let mut row = vec![0_i64; right.len() + 1];
    for l in left {
        let mut diagonal = 0;
        for (j, r) in right.iter().enumerate() {
            let above = row[j + 1];
            row[j + 1] = if l == r { diagonal + 1 } else { above.max(row[j]) };
            diagonal = above;
        }
    }
    Expect::int(row[right.len()])
}

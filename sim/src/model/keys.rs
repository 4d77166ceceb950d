//! The commands on keys of any type.

use super::{DATABASES, Data, Entry, Expect, NOT_INTEGER, SYNTAX, number, shape};
use crate::client::frame::Args;
use std::collections::BTreeSet;

const NO_KEY: &str = "ERR no such key";
const DB_RANGE: &str = "ERR DB index is out of range";

/// The number of a database.
pub(super) fn db_index(text: &[u8]) -> Option<usize> {
    number(text).and_then(|n| usize::try_from(n).ok()).filter(|n| *n < DATABASES)
}

/// Runs a command on keys; `None` when it is none.
pub(super) fn run(data: &mut Data, db: usize, name: &[u8], a: &Args) -> Option<Expect> {
    let key = a.at(1);
    Some(match name {
        b"del" | b"unlink" => {
            let mut gone = 0;
            for key in a.iter().skip(1) {
                if data.remove(db, key).is_some() {
                    data.note("del", db, key);
                    gone += 1;
                }
            }
            Expect::int(gone)
        }
        b"exists" | b"touch" => {
            Expect::int(a.iter().skip(1).filter(|k| data.live(db, k).is_some()).count() as i64)
        }
        b"type" => Expect::status(data.live(db, key).map_or("none", |e| e.value.type_name())),
        b"expire" | b"pexpire" | b"expireat" | b"pexpireat" => expire(data, db, name, a),
        b"ttl" | b"pttl" | b"expiretime" | b"pexpiretime" => ttl(data, db, name, key),
        b"persist" => {
            let Some(entry) = data.live(db, key).cloned() else { return Some(Expect::int(0)) };
            if entry.deadline.is_none() {
                return Some(Expect::int(0));
            }
            data.put(db, key, entry.value, None);
            data.note("persist", db, key);
            Expect::int(1)
        }
        b"rename" | b"renamenx" => rename(data, db, name == b"renamenx", a),
        b"copy" => copy(data, db, a),
        b"move" => move_key(data, db, a),
        b"swapdb" => swapdb(data, a),
        b"flushdb" => {
            data.flush(db);
            Expect::ok()
        }
        b"flushall" => {
            (0..DATABASES).for_each(|db| data.flush(db));
            Expect::ok()
        }
        b"dbsize" => {
            let live = data.dbs[db].values().filter(|e| !data.due(e)).count() as i64;
            Expect::Between(live, data.dbs[db].len() as i64)
        }
        b"randomkey" => Expect::OneOf(live_keys(data, db, b"")),
        b"keys" => Expect::Unordered(live_keys(data, db, key.strip_suffix(b"*").unwrap_or(key))),
        b"scan" => Expect::Shape(shape::ARRAY),
        b"object" => Expect::Shape(shape::BULK | shape::INT | shape::ERROR | shape::NIL),
        _ => return None,
    })
}

fn live_keys(data: &Data, db: usize, prefix: &[u8]) -> BTreeSet<Vec<u8>> {
    let live = data.dbs[db].iter().filter(|(k, e)| k.starts_with(prefix) && !data.due(e));
    live.map(|(k, _)| k.clone()).collect()
}

fn expire(data: &mut Data, db: usize, name: &[u8], a: &Args) -> Expect {
    let (unit, relative) = match name {
        b"expire" => (1000, true),
        b"pexpire" => (1, true),
        b"expireat" => (1000, false),
        _ => (1, false),
    };
    let invalid = || {
        let name = String::from_utf8_lossy(name);
        Expect::error(&format!("ERR invalid expire time in '{name}' command"))
    };
    let Some(n) = number(a.at(2)) else { return Expect::error(NOT_INTEGER) };
    let base = if relative { data.now_ms } else { 0 };
    let Some(at) = n.checked_mul(unit).and_then(|ms| ms.checked_add(base)) else { return invalid() };
    let Some(entry) = data.live(db, a.at(1)).cloned() else { return Expect::int(0) };
    let old = entry.deadline;
    let refused = match a.at(3).to_ascii_uppercase().as_slice() {
        b"NX" => old.is_some(),
        b"XX" => old.is_none(),
        b"GT" => old.is_none_or(|o| at <= o),
        b"LT" => old.is_some_and(|o| at >= o),
        _ => false,
    };
    if refused {
        return Expect::int(0);
    }
    if at <= data.now_ms && !data.immortal {
        data.remove(db, a.at(1));
        data.note("del", db, a.at(1));
    } else {
        data.put(db, a.at(1), entry.value, Some(at));
        data.note("expire", db, a.at(1));
    }
    Expect::int(1)
}

fn ttl(data: &Data, db: usize, name: &[u8], key: &[u8]) -> Expect {
    let Some(entry) = data.live(db, key) else { return Expect::int(-2) };
    let Some(at) = entry.deadline else { return Expect::int(-1) };
    let left = (at - data.now_ms).max(0);
    Expect::int(match name {
        b"ttl" => (left + 500) / 1000,
        b"pttl" => left,
        b"expiretime" => (at + 500) / 1000,
        _ => at,
    })
}

fn rename(data: &mut Data, db: usize, only_new: bool, a: &Args) -> Expect {
    let (from, to) = (a.at(1), a.at(2));
    if data.live(db, from).is_none() {
        return Expect::error(NO_KEY);
    }
    if from == to {
        return if only_new { Expect::int(0) } else { Expect::ok() };
    }
    if only_new && data.live(db, to).is_some() {
        return Expect::int(0);
    }
    if let Some(Entry { value, deadline }) = data.remove(db, from) {
        data.remove(db, to);
        data.put(db, to, value, deadline);
        data.note("rename_from", db, from);
        data.note("rename_to", db, to);
    }
    if only_new { Expect::int(1) } else { Expect::ok() }
}

fn copy(data: &mut Data, db: usize, a: &Args) -> Expect {
    let (mut to_db, mut replace, mut i) = (db, false, 3);
    while i < a.len() {
        match a.at(i).to_ascii_uppercase().as_slice() {
            b"REPLACE" => replace = true,
            b"DB" => {
                i += 1;
                match (number(a.at(i)), db_index(a.at(i))) {
                    (_, Some(n)) => to_db = n,
                    (Some(_), None) => return Expect::error(DB_RANGE),
                    (None, None) => return Expect::error(NOT_INTEGER),
                }
            }
            _ => return Expect::error(SYNTAX),
        }
        i += 1;
    }
    let (from, to) = (a.at(1), a.at(2));
    if to_db == db && from == to {
        return Expect::error("ERR source and destination objects are the same");
    }
    let Some(entry) = data.live(db, from).cloned() else { return Expect::int(0) };
    if data.live(to_db, to).is_some() && !replace {
        return Expect::int(0);
    }
    data.put(to_db, to, entry.value, entry.deadline);
    data.note("copy_to", to_db, to);
    Expect::int(1)
}

fn move_key(data: &mut Data, db: usize, a: &Args) -> Expect {
    let to_db = match (number(a.at(2)), db_index(a.at(2))) {
        (_, Some(n)) => n,
        (Some(_), None) => return Expect::error(DB_RANGE),
        (None, None) => return Expect::error(NOT_INTEGER),
    };
    if to_db == db {
        return Expect::error("ERR source and destination objects are the same");
    }
    if data.live(db, a.at(1)).is_none() || data.live(to_db, a.at(1)).is_some() {
        return Expect::int(0);
    }
    if let Some(Entry { value, deadline }) = data.remove(db, a.at(1)) {
        data.put(to_db, a.at(1), value, deadline);
        data.note("move_from", db, a.at(1));
        data.note("move_to", to_db, a.at(1));
    }
    Expect::int(1)
}

fn swapdb(data: &mut Data, a: &Args) -> Expect {
    match (number(a.at(1)), number(a.at(2)), db_index(a.at(1)), db_index(a.at(2))) {
        (None, ..) => Expect::error("ERR invalid first DB index"),
        (_, None, ..) => Expect::error("ERR invalid second DB index"),
        (_, _, Some(x), Some(y)) => {
            if x != y {
                data.swap(x, y);
            }
            Expect::ok()
        }
        _ => Expect::error(DB_RANGE),
    }
}

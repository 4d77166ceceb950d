//! Strings: SET and its relatives, ranges. Source: the Redis documentation of each command.

use crate::base::number::parse_i64;
use crate::config::NotifyFlags;
use crate::connection::ConnFlags;
use crate::engine::keys::set_keys;
use crate::engine::row::{Acl, Begin, Find, Flags, Group, KeyFlags, KeySpec, Row};
use crate::engine::{Ctx, Effect};
use crate::keyspace::Ttl;
use crate::resp::CommandError;
use crate::value::{IntText, StringValue, Value};
use alloc::vec::Vec;

type Done = Result<(), CommandError>;

/// The string in a value, or the refusal of another type.
pub(super) fn string(value: &Value) -> Result<&StringValue, CommandError> {
    value.as_string().ok_or(CommandError::WrongType)
}

/// The string in a value, or the refusal of another type.
pub(super) fn string_mut(value: &mut Value) -> Result<&mut StringValue, CommandError> {
    value.as_string_mut().ok_or(CommandError::WrongType)
}

/// The argument as it is stored: a large one keeps the buffer it was read into.
pub(super) fn stored(ctx: &Ctx<'_>, i: usize) -> StringValue {
    match ctx.args.big(i) {
        Some(buffer) => StringValue::from_shared(buffer.clone()),
        None => StringValue::encode(ctx.arg(i)),
    }
}

/// Stores an argument under a key.
pub(super) fn store(ctx: &mut Ctx<'_>, key: &[u8], i: usize, ttl: Ttl) {
    if ctx.args.big(i).is_some() {
        let value = Value::String(stored(ctx, i));
        ctx.srv.keyspace.set(ctx.db, key, value, ttl);
    } else {
        ctx.srv.keyspace.set_bytes(ctx.db, key, ctx.args.get(i), ttl);
    }
}

/// Writes the string in a key, or null; the wrong type is an error.
fn reply_string(ctx: &mut Ctx<'_>, key: &[u8]) -> Done {
    // A command that also writes counts as a reader here.
    ctx.srv.keyspace.set_counting(true);
    let Some(value) = ctx.srv.keyspace.lookup(ctx.db, key) else {
        ctx.reply().null();
        return Ok(());
    };
    let value = string(value)?;
    let mut w = crate::resp::Writer::new(ctx.out, ctx.proto);
    match value.shared() {
        Some(shared) => w.bulk_shared(shared),
        None => w.bulk(value.bytes(&mut IntText::new())),
    }
    Ok(())
}

fn get(ctx: &mut Ctx<'_>) -> Done {
    reply_string(ctx, ctx.arg(1))
}

/// The options that SET and GETEX share.
#[derive(Default)]
struct Options {
    nx: bool,
    xx: bool,
    get: bool,
    keep_ttl: bool,
    persist: bool,
    /// Deadline in milliseconds, and whether it was given as PXAT.
    deadline: Option<(i64, bool)>,
    /// The argument with the time, until it is looked at.
    time: Option<(usize, TimeUnit)>,
}

impl Options {
    fn parse(ctx: &Ctx<'_>, from: usize, getex: bool) -> Result<Self, CommandError> {
        let mut o = Self::default();
        let mut at = from;
        while at < ctx.argc() {
            // The same time option may be repeated; the last one counts.
            let free = !o.keep_ttl && !o.persist && at + 1 < ctx.argc();
            let same = |unit: &TimeUnit| o.time.is_none_or(|(_, given)| given == *unit);
            let unit = TimeUnit::named(ctx.arg(at)).filter(|unit| free && same(unit));
            if let Some(unit) = unit {
                o.time = Some((at + 1, unit));
                at += 2;
                continue;
            }
            let word = |w: &str| ctx.arg_is(at, w);
            match () {
                () if !getex && word("NX") && !o.xx => o.nx = true,
                () if !getex && word("XX") && !o.nx => o.xx = true,
                () if !getex && word("GET") => o.get = true,
                () if !getex && word("KEEPTTL") && o.time.is_none() => o.keep_ttl = true,
                () if getex && word("PERSIST") && o.time.is_none() => o.persist = true,
                () => return Err(CommandError::Syntax),
            }
            at += 1;
        }
        Ok(o)
    }

    /// Reads the time, if one was given.
    fn read_time(&mut self, ctx: &Ctx<'_>, name: &'static str) -> Done {
        if let Some((i, unit)) = self.time {
            self.deadline = Some((deadline(ctx, i, unit, name)?, unit == TimeUnit::AtMillis));
        }
        Ok(())
    }
}

/// How a time option counts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum TimeUnit {
    Seconds,
    Millis,
    AtSeconds,
    AtMillis,
}

impl TimeUnit {
    fn named(word: &[u8]) -> Option<Self> {
        let named = [
            (&b"EX"[..], Self::Seconds),
            (b"PX", Self::Millis),
            (b"EXAT", Self::AtSeconds),
            (b"PXAT", Self::AtMillis),
        ];
        named.into_iter().find(|(name, _)| word.eq_ignore_ascii_case(name)).map(|(_, unit)| unit)
    }
}

/// A time argument as an absolute deadline in milliseconds; it must be positive and representable.
fn deadline(ctx: &Ctx<'_>, i: usize, unit: TimeUnit, name: &'static str) -> Result<i64, CommandError> {
    let n = parse_i64(ctx.arg(i)).ok_or(CommandError::NotInteger)?;
    let millis = match unit {
        TimeUnit::Seconds | TimeUnit::AtSeconds => n.checked_mul(1_000),
        TimeUnit::Millis | TimeUnit::AtMillis => Some(n),
    };
    let base = match unit {
        TimeUnit::Seconds | TimeUnit::Millis => ctx.now_ms(),
        TimeUnit::AtSeconds | TimeUnit::AtMillis => 0,
    };
    let absolute = millis.filter(|ms| *ms > 0).and_then(|ms| ms.checked_add(base));
    absolute.ok_or(CommandError::InvalidExpire(name))
}

/// Propagates `SET key value PXAT deadline`.
fn propagate_set_at(ctx: &mut Ctx<'_>, key: usize, value: usize, deadline: i64) {
    let mut text = IntText::new();
    ctx.propagate(&[b"SET", ctx.arg(key), ctx.arg(value), b"PXAT", text.format(deadline)]);
}

fn set(ctx: &mut Ctx<'_>) -> Done {
    let key = ctx.arg(1);
    if ctx.argc() == 3 {
        let keeps = ctx.srv.knobs.broken(crate::base::mutant::Mutant::SetKeepsTtl);
        store(ctx, key, 2, if keeps { Ttl::Keep } else { Ttl::Clear });
        ctx.notify(NotifyFlags::STRING, "set", key);
        ctx.reply().ok();
        return Ok(());
    }
    let mut o = Options::parse(ctx, 3, false)?;
    o.read_time(ctx, "set")?;
    if o.get {
        reply_string(ctx, key)?;
    }
    if o.nx || o.xx {
        let exists = ctx.srv.keyspace.exists(ctx.db, key);
        if (o.nx && exists) || (o.xx && !exists) {
            if !o.get {
                ctx.reply().null();
            }
            return Ok(());
        }
    }
    let ttl = match o.deadline {
        Some((at, _)) => Ttl::At(at),
        None if o.keep_ttl => Ttl::Keep,
        None => Ttl::Clear,
    };
    store(ctx, key, 2, ttl);
    match o.deadline {
        Some((at, false)) => propagate_set_at(ctx, 1, 2, at),
        None if o.get => {
            let rest = (3..ctx.argc()).filter(|i| !ctx.arg_is(*i, "GET"));
            let args: Vec<&[u8]> = (0..3).chain(rest).map(|i| ctx.arg(i)).collect();
            ctx.propagate(&args);
        }
        Some((_, true)) | None => {}
    }
    ctx.notify(NotifyFlags::STRING, "set", key);
    if o.deadline.is_some() {
        ctx.notify(NotifyFlags::GENERIC, "expire", key);
    }
    if !o.get {
        ctx.reply().ok();
    }
    Ok(())
}

fn setnx(ctx: &mut Ctx<'_>) -> Done {
    let key = ctx.arg(1);
    let free = !ctx.srv.keyspace.exists(ctx.db, key);
    if free {
        store(ctx, key, 2, Ttl::Clear);
        ctx.notify(NotifyFlags::STRING, "set", key);
    }
    ctx.reply().int(i64::from(free));
    Ok(())
}

fn setex(ctx: &mut Ctx<'_>) -> Done {
    set_with_time(ctx, TimeUnit::Seconds, "setex")
}

fn psetex(ctx: &mut Ctx<'_>) -> Done {
    set_with_time(ctx, TimeUnit::Millis, "psetex")
}

fn set_with_time(ctx: &mut Ctx<'_>, unit: TimeUnit, name: &'static str) -> Done {
    let key = ctx.arg(1);
    let at = deadline(ctx, 2, unit, name)?;
    store(ctx, key, 3, Ttl::At(at));
    propagate_set_at(ctx, 1, 3, at);
    ctx.notify(NotifyFlags::STRING, "set", key);
    ctx.notify(NotifyFlags::GENERIC, "expire", key);
    ctx.reply().ok();
    Ok(())
}

fn getset(ctx: &mut Ctx<'_>) -> Done {
    let key = ctx.arg(1);
    reply_string(ctx, key)?;
    store(ctx, key, 2, Ttl::Clear);
    ctx.propagate(&[b"SET", key, ctx.arg(2)]);
    ctx.notify(NotifyFlags::STRING, "set", key);
    Ok(())
}

fn getdel(ctx: &mut Ctx<'_>) -> Done {
    let key = ctx.arg(1);
    reply_string(ctx, key)?;
    if ctx.srv.keyspace.delete(ctx.db, key) {
        let verb: &[u8] = if ctx.srv.config.lazyfree_lazy_user_del { b"UNLINK" } else { b"DEL" };
        ctx.propagate(&[verb, key]);
        ctx.notify(NotifyFlags::GENERIC, "del", key);
    }
    Ok(())
}

fn getex(ctx: &mut Ctx<'_>) -> Done {
    let key = ctx.arg(1);
    let mut o = Options::parse(ctx, 2, true)?;
    reply_string(ctx, key)?;
    ctx.effect = Effect::Own;
    if ctx.srv.keyspace.peek(ctx.db, key).is_none() {
        return Ok(());
    }
    o.read_time(ctx, "getex")?;
    if let Some((at, _)) = o.deadline {
        super::expire::set_deadline_or_delete(ctx, key, at);
    } else if o.persist && ctx.srv.keyspace.set_deadline(ctx.db, key, None) {
        ctx.propagate(&[b"PERSIST", key]);
        ctx.notify(NotifyFlags::GENERIC, "persist", key);
    }
    Ok(())
}

fn strlen(ctx: &mut Ctx<'_>) -> Done {
    let len = match ctx.srv.keyspace.lookup(ctx.db, ctx.arg(1)) {
        Some(value) => string(value)?.len(),
        None => 0,
    };
    ctx.reply().int(len as i64);
    Ok(())
}

/// What a master may make of a string at least, whatever our own limit is: it has decided already.
const MASTER_LEN_MAX: u64 = 4 << 30;

/// The length that a string may grow to: no more than what a client could send or read.
pub(super) fn len_max(ctx: &Ctx<'_>) -> u64 {
    let own = ctx.srv.config.proto_max_bulk_len as u64;
    if ctx.client().flags.has(ConnFlags::MASTER) { own.max(MASTER_LEN_MAX) } else { own }
}

/// Refuses a string that would grow too long.
fn check_len(ctx: &Ctx<'_>, len: u64) -> Done {
    if len > len_max(ctx) { Err(CommandError::StringTooLong) } else { Ok(()) }
}

fn append(ctx: &mut Ctx<'_>) -> Done {
    let (key, tail) = (ctx.arg(1), ctx.arg(2));
    let len = match ctx.srv.keyspace.lookup(ctx.db, key) {
        None => {
            store(ctx, key, 2, Ttl::Clear);
            tail.len()
        }
        Some(value) => {
            let old = string(value)?.len();
            check_len(ctx, old as u64 + tail.len() as u64)?;
            let grown = ctx.srv.keyspace.update(ctx.db, key, |v| string_mut(v).map(|s| s.append(tail)));
            grown.unwrap_or(Ok(0))?
        }
    };
    ctx.notify(NotifyFlags::STRING, "append", key);
    ctx.reply().int(len as i64);
    Ok(())
}

fn setrange(ctx: &mut Ctx<'_>) -> Done {
    let (key, part) = (ctx.arg(1), ctx.arg(3));
    let offset = ctx.int(2)?;
    if offset < 0 {
        return Err(CommandError::OffsetOutOfRange);
    }
    let old = match ctx.srv.keyspace.lookup(ctx.db, key) {
        Some(value) => Some(string(value)?.len()),
        None => None,
    };
    if part.is_empty() {
        ctx.reply().int(old.unwrap_or(0) as i64);
        return Ok(());
    }
    check_len(ctx, (offset as u64).saturating_add(part.len() as u64))?;
    let offset = offset as usize;
    let len = if old.is_some() {
        let grown =
            ctx.srv.keyspace.update(ctx.db, key, |v| string_mut(v).map(|s| s.set_range(offset, part)));
        grown.unwrap_or(Ok(0))?
    } else {
        let mut value = StringValue::raw(Vec::new());
        let len = value.set_range(offset, part);
        ctx.srv.keyspace.set(ctx.db, key, Value::String(value), Ttl::Clear);
        len
    };
    ctx.notify(NotifyFlags::STRING, "setrange", key);
    ctx.reply().int(len as i64);
    Ok(())
}

fn getrange(ctx: &mut Ctx<'_>) -> Done {
    let (start, end) = (ctx.int(2)?, ctx.int(3)?);
    let Some(value) = ctx.srv.keyspace.lookup(ctx.db, ctx.arg(1)) else {
        ctx.reply().bulk(b"");
        return Ok(());
    };
    let value = string(value)?;
    let mut text = IntText::new();
    let part = range(value.bytes(&mut text), start, end);
    crate::resp::Writer::new(ctx.out, ctx.proto).bulk(part);
    Ok(())
}

fn substr(ctx: &mut Ctx<'_>) -> Done {
    getrange(ctx)
}

/// The bytes from `start` to `end`, both included; negative positions count from the end.
fn range(bytes: &[u8], start: i64, end: i64) -> &[u8] {
    let len = bytes.len() as i64;
    if start < 0 && end < 0 && start > end {
        return b"";
    }
    let place = |at: i64| if at < 0 { at.saturating_add(len).max(0) } else { at };
    let (start, end) = (place(start), place(end).min(len - 1));
    if start > end || len == 0 { b"" } else { &bytes[start as usize..=end as usize] }
}

/// Keys touched ahead in one go by commands with many keys.
const WINDOW: usize = 16;

fn mget(ctx: &mut Ctx<'_>) -> Done {
    let keys = ctx.args.skip(1);
    ctx.reply().array(keys.len());
    for from in (0..keys.len()).step_by(WINDOW) {
        let end = keys.len().min(from + WINDOW);
        ctx.srv.keyspace.touch_window(ctx.db, (from..end).map(|i| keys.get(i)));
        for i in from..end {
            let found = ctx.srv.keyspace.lookup(ctx.db, keys.get(i)).and_then(Value::as_string);
            let mut w = crate::resp::Writer::new(ctx.out, ctx.proto);
            match found.map(|value| (value.shared(), value)) {
                None => w.null(),
                Some((Some(shared), _)) => w.bulk_shared(shared),
                Some((None, value)) => w.bulk(value.bytes(&mut IntText::new())),
            }
        }
    }
    Ok(())
}

fn mset(ctx: &mut Ctx<'_>) -> Done {
    if ctx.argc().is_multiple_of(2) {
        return Err(CommandError::WrongArgs("mset"));
    }
    store_pairs(ctx);
    ctx.reply().ok();
    Ok(())
}

fn msetnx(ctx: &mut Ctx<'_>) -> Done {
    if ctx.argc().is_multiple_of(2) {
        return Err(CommandError::WrongArgs("msetnx"));
    }
    let taken = (1..ctx.argc()).step_by(2).any(|i| ctx.srv.keyspace.exists(ctx.db, ctx.args.get(i)));
    if !taken {
        store_pairs(ctx);
    }
    ctx.reply().int(i64::from(!taken));
    Ok(())
}

fn store_pairs(ctx: &mut Ctx<'_>) {
    for from in (1..ctx.argc()).step_by(2 * WINDOW) {
        let end = ctx.argc().min(from + 2 * WINDOW);
        ctx.srv.keyspace.touch_window(ctx.db, (from..end).step_by(2).map(|i| ctx.args.get(i)));
        for i in (from..end).step_by(2) {
            let key = ctx.arg(i);
            store(ctx, key, i + 1, Ttl::Clear);
            ctx.notify(NotifyFlags::STRING, "set", key);
        }
    }
}

pub(super) const ROWS: &[Row] = &[
    Row::new("append", append, 3, Flags::WRITE.or(Flags::DENYOOM).or(Flags::FAST), Acl::FAST.or(Acl::STRING).or(Acl::WRITE), Group::String)
        .keyed((1, 1, 1), &[KeySpec { begin: Begin::Index(1), find: Find::Range(0, 1, 0), flags: KeyFlags::RW.or(KeyFlags::INSERT) }])
        .since("2.0.0")
        .doc("Adds text to the end of the string in a key, creating it when it is missing.", "O(1) amortised", "key value"),
    Row::new("get", get, 2, Flags::READONLY.or(Flags::FAST), Acl::FAST.or(Acl::READ).or(Acl::STRING), Group::String)
        .keyed((1, 1, 1), &[KeySpec { begin: Begin::Index(1), find: Find::Range(0, 1, 0), flags: KeyFlags::RO.or(KeyFlags::ACCESS) }])
        .since("1.0.0")
        .doc("Reads the string in a key.", "O(1)", "key"),
    Row::new("getdel", getdel, 2, Flags::WRITE.or(Flags::FAST), Acl::FAST.or(Acl::STRING).or(Acl::WRITE), Group::String)
        .keyed((1, 1, 1), &[KeySpec { begin: Begin::Index(1), find: Find::Range(0, 1, 0), flags: KeyFlags::RW.or(KeyFlags::ACCESS).or(KeyFlags::DELETE) }])
        .since("6.2.0")
        .doc("Reads the string in a key and removes the key.", "O(1)", "key"),
    Row::new("getex", getex, -2, Flags::WRITE.or(Flags::FAST), Acl::FAST.or(Acl::STRING).or(Acl::WRITE), Group::String)
        .keyed((1, 1, 1), &[KeySpec { begin: Begin::Index(1), find: Find::Range(0, 1, 0), flags: KeyFlags::RW.or(KeyFlags::ACCESS).or(KeyFlags::UPDATE) }])
        .since("6.2.0")
        .doc("Reads the string in a key and sets or removes its time to live.", "O(1)", "key [EX seconds|PX milliseconds|EXAT unix-time-seconds|PXAT unix-time-milliseconds|PERSIST]"),
    Row::new("getrange", getrange, 4, Flags::READONLY, Acl::READ.or(Acl::SLOW).or(Acl::STRING), Group::String)
        .keyed((1, 1, 1), &[KeySpec { begin: Begin::Index(1), find: Find::Range(0, 1, 0), flags: KeyFlags::RO.or(KeyFlags::ACCESS) }])
        .since("2.4.0")
        .doc("Reads a part of the string in a key.", "O(n) in the length of the part", "key start end"),
    Row::new("getset", getset, 3, Flags::WRITE.or(Flags::DENYOOM).or(Flags::FAST), Acl::FAST.or(Acl::STRING).or(Acl::WRITE), Group::String)
        .keyed((1, 1, 1), &[KeySpec { begin: Begin::Index(1), find: Find::Range(0, 1, 0), flags: KeyFlags::RW.or(KeyFlags::ACCESS).or(KeyFlags::UPDATE) }])
        .since("1.0.0")
        .deprecated("6.2.0", "SET with the !GET argument")
        .doc("Replaces the string in a key and answers what was there before.", "O(1)", "key value"),
    Row::new("mget", mget, -2, Flags::READONLY.or(Flags::FAST), Acl::FAST.or(Acl::READ).or(Acl::STRING), Group::String)
        .keyed((1, -1, 1), &[KeySpec { begin: Begin::Index(1), find: Find::Range(-1, 1, 0), flags: KeyFlags::RO.or(KeyFlags::ACCESS) }])
        .since("1.0.0")
        .tips(&["request_policy:multi_shard"])
        .doc("Reads the strings in several keys.", "O(n) in the number of keys", "key..."),
    Row::new("mset", mset, -3, Flags::WRITE.or(Flags::DENYOOM), Acl::SLOW.or(Acl::STRING).or(Acl::WRITE), Group::String)
        .keyed((1, -1, 2), &[KeySpec { begin: Begin::Index(1), find: Find::Range(-1, 2, 0), flags: KeyFlags::OW.or(KeyFlags::UPDATE) }])
        .since("1.0.1")
        .tips(&["request_policy:multi_shard", "response_policy:all_succeeded"])
        .doc("Stores strings in several keys in one step.", "O(n) in the number of keys", "(key value)..."),
    Row::new("msetnx", msetnx, -3, Flags::WRITE.or(Flags::DENYOOM), Acl::SLOW.or(Acl::STRING).or(Acl::WRITE), Group::String)
        .keyed((1, -1, 2), &[KeySpec { begin: Begin::Index(1), find: Find::Range(-1, 2, 0), flags: KeyFlags::OW.or(KeyFlags::INSERT) }])
        .since("1.0.1")
        .doc("Stores strings in several keys in one step, unless one of them exists.", "O(n) in the number of keys", "(key value)..."),
    Row::new("psetex", psetex, 4, Flags::WRITE.or(Flags::DENYOOM), Acl::SLOW.or(Acl::STRING).or(Acl::WRITE), Group::String)
        .keyed((1, 1, 1), &[KeySpec { begin: Begin::Index(1), find: Find::Range(0, 1, 0), flags: KeyFlags::OW.or(KeyFlags::UPDATE) }])
        .since("2.6.0")
        .deprecated("2.6.12", "SET with the PX argument")
        .doc("Stores a string with a time to live in milliseconds.", "O(1)", "key milliseconds value"),
    Row::new("set", set, -3, Flags::WRITE.or(Flags::DENYOOM), Acl::SLOW.or(Acl::STRING).or(Acl::WRITE), Group::String)
        .keyed((1, 1, 1), &[KeySpec { begin: Begin::Index(1), find: Find::Range(0, 1, 0), flags: KeyFlags::RW.or(KeyFlags::ACCESS).or(KeyFlags::UPDATE).or(KeyFlags::VARIABLE_FLAGS) }])
        .finder(set_keys)
        .since("1.0.0")
        .doc("Stores a string in a key, whatever was there before; options make it conditional or let it expire.", "O(1)", "key value [NX|XX] [GET] [EX seconds|PX milliseconds|EXAT unix-time-seconds|PXAT unix-time-milliseconds|KEEPTTL]"),
    Row::new("setex", setex, 4, Flags::WRITE.or(Flags::DENYOOM), Acl::SLOW.or(Acl::STRING).or(Acl::WRITE), Group::String)
        .keyed((1, 1, 1), &[KeySpec { begin: Begin::Index(1), find: Find::Range(0, 1, 0), flags: KeyFlags::OW.or(KeyFlags::UPDATE) }])
        .since("2.0.0")
        .deprecated("2.6.12", "SET with the EX argument")
        .doc("Stores a string with a time to live in seconds.", "O(1)", "key seconds value"),
    Row::new("setnx", setnx, 3, Flags::WRITE.or(Flags::DENYOOM).or(Flags::FAST), Acl::FAST.or(Acl::STRING).or(Acl::WRITE), Group::String)
        .keyed((1, 1, 1), &[KeySpec { begin: Begin::Index(1), find: Find::Range(0, 1, 0), flags: KeyFlags::OW.or(KeyFlags::INSERT) }])
        .since("1.0.0")
        .deprecated("2.6.12", "SET with the NX argument")
        .doc("Stores a string unless the key exists.", "O(1)", "key value"),
    Row::new("setrange", setrange, 4, Flags::WRITE.or(Flags::DENYOOM), Acl::SLOW.or(Acl::STRING).or(Acl::WRITE), Group::String)
        .keyed((1, 1, 1), &[KeySpec { begin: Begin::Index(1), find: Find::Range(0, 1, 0), flags: KeyFlags::RW.or(KeyFlags::UPDATE) }])
        .since("2.2.0")
        .doc("Overwrites a part of the string in a key, which grows with zero bytes when it is too short.", "O(n) in the length of the part", "key offset value"),
    Row::new("strlen", strlen, 2, Flags::READONLY.or(Flags::FAST), Acl::FAST.or(Acl::READ).or(Acl::STRING), Group::String)
        .keyed((1, 1, 1), &[KeySpec { begin: Begin::Index(1), find: Find::Range(0, 1, 0), flags: KeyFlags::RO }])
        .since("2.2.0")
        .doc("Tells the length of the string in a key.", "O(1)", "key"),
    Row::new("substr", substr, 4, Flags::READONLY, Acl::READ.or(Acl::SLOW).or(Acl::STRING), Group::String)
        .keyed((1, 1, 1), &[KeySpec { begin: Begin::Index(1), find: Find::Range(0, 1, 0), flags: KeyFlags::RO.or(KeyFlags::ACCESS) }])
        .since("1.0.0")
        .deprecated("2.0.0", "GETRANGE")
        .doc("Reads a part of the string in a key.", "O(n) in the length of the part", "key start end"),
];

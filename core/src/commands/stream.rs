//! Streams: adding, reading, deleting and trimming entries. Source: the Redis documentation of each command.

use super::stream_args::{
    Trim, TrimOptions, Written, lookup, node_limit, parse_end, parse_start, parse_strict, parse_wanted,
    refuse, reply_id, stream, threshold,
};
use crate::base::mutant::Mutant;
use crate::base::number::IntText;
use crate::config::NotifyFlags;
use crate::containers::listpack::Element;
use crate::containers::streamlog::{Entry, Keep, NODE_BYTES_MAX, StreamId};
use crate::engine::row::{Acl, Begin, Find, Flags, Group, KeyFlags, KeySpec, Row};
use crate::engine::{Ctx, Effect};
use crate::keyspace::{Edited, Ttl};
use crate::resp::{CommandError, Writer};
use crate::value::{NoPosition, Stream, Wanted};
use alloc::vec::Vec;

type Done = Result<(), CommandError>;

/// Writes an entry: its position and its fields and values.
pub(super) fn reply_entry(w: &mut Writer<'_>, entry: &Entry<'_>) {
    w.array(2);
    reply_id(w, entry.id);
    w.array(2 * entry.pairs());
    for element in entry.elements() {
        match element {
            Element::Text(text) => w.bulk(text),
            Element::Int(n) => w.bulk_int(n),
        }
    }
}

/// Writes at most `count` entries (all of them when 0) as an array; answers how many.
pub(super) fn reply_entries<'a>(
    w: &mut Writer<'_>,
    entries: impl Iterator<Item = Entry<'a>>,
    count: usize,
) -> usize {
    let deferred = w.defer();
    let mut written = 0;
    for entry in entries.take(if count == 0 { usize::MAX } else { count }) {
        reply_entry(w, &entry);
        written += 1;
    }
    w.close_array(deferred, written);
    written
}

/// XADD's options, up to the position.
struct Add {
    wanted: Wanted,
    /// The argument with the position.
    at: usize,
    create: bool,
    trim: Option<Trim>,
}

impl Add {
    fn parse(ctx: &Ctx<'_>) -> Result<Self, CommandError> {
        let mut options = TrimOptions::default();
        let mut create = true;
        let mut wanted = Wanted::Now(ctx.now_ms() as u64);
        let mut at = 2;
        while at < ctx.argc() && ctx.arg(at) != b"*" {
            if let Some(next) = options.read(ctx, at)? {
                at = next;
            } else if ctx.arg_is(at, "NOMKSTREAM") {
                create = false;
                at += 1;
            } else {
                wanted = match parse_wanted(ctx.arg(at))? {
                    Written::Millis(ms) => Wanted::Exactly(StreamId::new(ms, 0)),
                    Written::Both(id) => Wanted::Exactly(id),
                    Written::AnySeq(ms) => Wanted::Millis(ms),
                };
                break;
            }
        }
        let trim = options.finish(ctx, false)?;
        let fields = ctx.argc().saturating_sub(at + 1);
        if fields < 2 || fields % 2 == 1 {
            return Err(CommandError::WrongArgs("xadd"));
        }
        if wanted == Wanted::Exactly(StreamId::MIN) {
            return Err(CommandError::XaddIdZero);
        }
        Ok(Self { wanted, at, create, trim })
    }
}

/// What came of adding an entry.
struct Added {
    id: StreamId,
    trimmed: u64,
    /// The exact threshold that trimming about so came to.
    exactly: Option<Keep>,
}

fn xadd(ctx: &mut Ctx<'_>) -> Done {
    let add = Add::parse(ctx)?;
    let (key, args, limit) = (ctx.arg(1), ctx.args, node_limit(ctx));
    let fields = (add.at + 1..ctx.argc()).map(|i| args.get(i));
    let too_large = fields.clone().map(<[u8]>::len).sum::<usize>() > NODE_BYTES_MAX;
    let append = |stream: &mut Stream| {
        let id = stream.entries().position(add.wanted).map_err(|error| match error {
            NoPosition::TooSmall => CommandError::XaddIdTooSmall,
            NoPosition::Exhausted => CommandError::StreamExhausted,
        })?;
        if too_large {
            return Err(CommandError::StreamTooLarge);
        }
        stream.append(id, fields.clone(), limit);
        let trimmed = add.trim.map_or(0, |trim| trim.run(stream));
        let exactly = add.trim.filter(|trim| trim.whole).map(|trim| trim.exactly(stream));
        Ok(Added { id, trimmed, exactly })
    };
    let edited = ctx.srv.keyspace.edit_elements(ctx.db, key, |value| {
        let added = value.as_stream_mut().ok_or(CommandError::WrongType).and_then(append);
        (if added.is_ok() { Edited::Changed(1) } else { Edited::Nothing }, added)
    });
    let added = match edited {
        Some(added) => added?,
        None if !add.create => {
            ctx.reply().null();
            return Ok(());
        }
        None => {
            let mut stream = Stream::new();
            let added = append(&mut stream)?;
            ctx.srv.keyspace.set(ctx.db, key, stream.into(), Ttl::Clear);
            added
        }
    };
    reply_id(&mut ctx.reply(), added.id);
    let as_is = ctx.srv.knobs.broken(Mutant::XaddSentAsIs);
    if !as_is && (!matches!(add.wanted, Wanted::Exactly(_)) || added.exactly.is_some()) {
        propagate_with(ctx, Some((add.at, added.id)), add.trim, added.exactly);
    }
    ctx.notify(NotifyFlags::STREAM, "xadd", key);
    if added.trimmed > 0 {
        ctx.notify(NotifyFlags::STREAM, "xtrim", key);
    }
    Ok(())
}

/// Propagates the request with the position filled in and the trimming made exact.
fn propagate_with(
    ctx: &mut Ctx<'_>,
    position: Option<(usize, StreamId)>,
    trim: Option<Trim>,
    exactly: Option<Keep>,
) {
    ctx.effect = Effect::Own;
    let id = position.map(|(at, id)| (at, id.text()));
    let exact = trim.zip(exactly).map(|(trim, keep)| (trim.at, threshold(keep, &mut IntText::new())));
    let args = ctx.args;
    let arg = |i: usize| match (&id, &exact) {
        (Some((at, id)), _) if *at == i => &id[..],
        (_, Some((at, _))) if *at == i + 1 => b"=",
        (_, Some((at, exact))) if *at == i => &exact[..],
        _ => args.get(i),
    };
    ctx.srv.propagate(ctx.db, (0..args.len()).map(arg));
}

fn xtrim(ctx: &mut Ctx<'_>) -> Done {
    let mut options = TrimOptions::default();
    let mut at = 2;
    while at < ctx.argc() {
        at = options.read(ctx, at)?.ok_or(CommandError::Syntax)?;
    }
    let trim = options.finish(ctx, true)?.ok_or(CommandError::TrimStrategy)?;
    let key = ctx.arg(1);
    let edited = ctx.srv.keyspace.edit_elements(ctx.db, key, |value| {
        let Some(stream) = value.as_stream_mut() else {
            return (Edited::Nothing, Err(CommandError::WrongType));
        };
        match trim.run(stream) {
            0 => (Edited::Nothing, Ok((0, None))),
            trimmed => (Edited::Changed(trimmed), Ok((trimmed, trim.whole.then(|| trim.exactly(stream))))),
        }
    });
    let (trimmed, exactly) = edited.transpose()?.unwrap_or((0, None));
    if trimmed > 0 {
        if exactly.is_some() {
            propagate_with(ctx, None, Some(trim), exactly);
        }
        ctx.notify(NotifyFlags::STREAM, "xtrim", key);
    }
    ctx.reply().int(trimmed as i64);
    Ok(())
}

fn xlen(ctx: &mut Ctx<'_>) -> Done {
    let len = lookup(ctx, ctx.arg(1))?.map_or(0, |stream| stream.entries().log().len());
    ctx.reply().int(len as i64);
    Ok(())
}

fn xrange(ctx: &mut Ctx<'_>) -> Done {
    range(ctx, 2, 3)
}

fn xrevrange(ctx: &mut Ctx<'_>) -> Done {
    range(ctx, 3, 2)
}

/// Writes the entries from the position at argument `start` to the one at argument `end`; backwards when they stand the
/// other way round.
fn range(ctx: &mut Ctx<'_>, start: usize, end: usize) -> Done {
    let backwards = start > end;
    let (start, end) = (parse_start(ctx, start)?, parse_end(ctx, end)?);
    let mut count = None;
    let mut at = 4;
    while at < ctx.argc() {
        if !ctx.arg_is(at, "COUNT") || at + 1 >= ctx.argc() {
            return Err(CommandError::Syntax);
        }
        count = Some(ctx.int(at + 1)?.max(0) as usize);
        at += 2;
    }
    let found = ctx.srv.keyspace.lookup(ctx.db, ctx.args.get(1)).map(stream).transpose()?;
    let mut w = Writer::new(ctx.out, ctx.proto);
    let Some(stream) = found else {
        w.array(0);
        return Ok(());
    };
    if count == Some(0) {
        w.null_array();
        return Ok(());
    }
    let (forward, backward) = stream.entries().log().range(start, end);
    let count = count.unwrap_or(0);
    if backwards {
        reply_entries(&mut w, backward, count);
    } else {
        reply_entries(&mut w, forward, count);
    }
    Ok(())
}

fn xdel(ctx: &mut Ctx<'_>) -> Done {
    let key = ctx.arg(1);
    let found = lookup(ctx, key)?.is_some();
    if !found {
        ctx.reply().int(0);
        return Ok(());
    }
    let ids = parse_ids(ctx, 2)?;
    let removed = ctx.srv.keyspace.edit_elements(ctx.db, key, |value| {
        let stream = value.as_stream_mut();
        let removed = stream.map_or(0, |s| ids.iter().filter(|id| s.remove(**id)).count() as u64);
        (if removed > 0 { Edited::Changed(removed) } else { Edited::Nothing }, removed)
    });
    let removed = removed.unwrap_or(0);
    if removed > 0 {
        ctx.notify(NotifyFlags::STREAM, "xdel", key);
    }
    ctx.reply().int(removed as i64);
    Ok(())
}

/// The positions from argument `from` on.
pub(super) fn parse_ids(ctx: &Ctx<'_>, from: usize) -> Result<Vec<StreamId>, CommandError> {
    ctx.args.skip(from).iter().map(|text| parse_strict(text, 0)).collect()
}

fn xsetid(ctx: &mut Ctx<'_>) -> Done {
    let last = parse_strict(ctx.arg(2), 0)?;
    let (mut added, mut deleted) = (None, None);
    let mut at = 3;
    while at < ctx.argc() {
        if at + 1 < ctx.argc() && ctx.arg_is(at, "ENTRIESADDED") {
            let n = ctx.int(at + 1)?;
            added =
                Some(u64::try_from(n).map_err(|_| refuse(ctx, &[b"ERR entries_added must be positive"]))?);
        } else if at + 1 < ctx.argc() && ctx.arg_is(at, "MAXDELETEDID") {
            let id = parse_strict(ctx.arg(at + 1), 0)?;
            if last < id {
                return Err(CommandError::XsetidProvidedDeleted);
            }
            deleted = Some(id).filter(|id| *id != StreamId::MIN);
        } else {
            return Err(CommandError::Syntax);
        }
        at += 2;
    }
    let key = ctx.arg(1);
    let Some(stream) = lookup(ctx, key)? else { return Err(CommandError::NoSuchKey) };
    let entries = stream.entries();
    if entries.log().last().is_some_and(|top| last < top) {
        return Err(CommandError::XsetidTooSmall);
    }
    if last < entries.max_deleted() {
        return Err(CommandError::XsetidCurrentDeleted);
    }
    if added.is_some_and(|added| entries.log().len() > added) {
        let text = b"ERR The entries_added specified in XSETID is smaller than the target stream length";
        return Err(refuse(ctx, &[text]));
    }
    ctx.srv.keyspace.edit_elements(ctx.db, key, |value| {
        if let Some(stream) = value.as_stream_mut() {
            stream.set_counters(last, added, deleted);
        }
        // Nobody who watches the key or waits for it is told.
        (Edited::Nothing, ())
    });
    ctx.srv.keyspace.add_dirty(1);
    ctx.notify(NotifyFlags::STREAM, "xsetid", key);
    ctx.reply().ok();
    Ok(())
}

pub(super) const ROWS: &[Row] = &[
    Row::new(
        "xadd",
        xadd,
        -5,
        Flags::WRITE.or(Flags::DENYOOM).or(Flags::FAST),
        Acl::FAST.or(Acl::STREAM).or(Acl::WRITE),
        Group::Stream,
    )
    .keyed(
        (1, 1, 1),
        &[KeySpec {
            begin: Begin::Index(1),
            find: Find::Range(0, 1, 0),
            flags: KeyFlags::RW.or(KeyFlags::UPDATE),
        }],
    )
    .since("5.0.0")
    .tips(&["nondeterministic_output"])
    .doc(
        "Adds an entry to a stream, and may trim it.",
        "O(log n) when adding; with trimming O(m) in the number of entries removed",
        "key [NOMKSTREAM] [(MAXLEN|MINID) [=|~] threshold [LIMIT count]] (*|id) (field value)...",
    ),
    Row::new(
        "xdel",
        xdel,
        -3,
        Flags::WRITE.or(Flags::FAST),
        Acl::FAST.or(Acl::STREAM).or(Acl::WRITE),
        Group::Stream,
    )
    .keyed(
        (1, 1, 1),
        &[KeySpec {
            begin: Begin::Index(1),
            find: Find::Range(0, 1, 0),
            flags: KeyFlags::RW.or(KeyFlags::DELETE),
        }],
    )
    .since("5.0.0")
    .doc("Deletes entries from a stream.", "O(log n) for each entry", "key ID..."),
    Row::new(
        "xlen",
        xlen,
        2,
        Flags::READONLY.or(Flags::FAST),
        Acl::FAST.or(Acl::READ).or(Acl::STREAM),
        Group::Stream,
    )
    .keyed((1, 1, 1), &[KeySpec { begin: Begin::Index(1), find: Find::Range(0, 1, 0), flags: KeyFlags::RO }])
    .since("5.0.0")
    .doc("Counts the entries of a stream.", "O(1)", "key"),
    Row::new("xrange", xrange, -4, Flags::READONLY, Acl::READ.or(Acl::SLOW).or(Acl::STREAM), Group::Stream)
        .keyed(
            (1, 1, 1),
            &[KeySpec {
                begin: Begin::Index(1),
                find: Find::Range(0, 1, 0),
                flags: KeyFlags::RO.or(KeyFlags::ACCESS),
            }],
        )
        .since("5.0.0")
        .doc(
            "Returns the entries between two positions.",
            "O(log n + m) for m entries returned",
            "key start end [COUNT count]",
        ),
    Row::new(
        "xrevrange",
        xrevrange,
        -4,
        Flags::READONLY,
        Acl::READ.or(Acl::SLOW).or(Acl::STREAM),
        Group::Stream,
    )
    .keyed(
        (1, 1, 1),
        &[KeySpec {
            begin: Begin::Index(1),
            find: Find::Range(0, 1, 0),
            flags: KeyFlags::RO.or(KeyFlags::ACCESS),
        }],
    )
    .since("5.0.0")
    .doc(
        "Returns the entries between two positions, last to first.",
        "O(log n + m) for m entries returned",
        "key end start [COUNT count]",
    ),
    Row::new(
        "xsetid",
        xsetid,
        -3,
        Flags::WRITE.or(Flags::DENYOOM).or(Flags::FAST),
        Acl::FAST.or(Acl::STREAM).or(Acl::WRITE),
        Group::Stream,
    )
    .keyed(
        (1, 1, 1),
        &[KeySpec {
            begin: Begin::Index(1),
            find: Find::Range(0, 1, 0),
            flags: KeyFlags::RW.or(KeyFlags::UPDATE),
        }],
    )
    .since("5.0.0")
    .doc(
        "Sets the last position of a stream; for replication.",
        "O(1)",
        "key last-id [ENTRIESADDED entries-added] [MAXDELETEDID max-deleted-id]",
    ),
    Row::new("xtrim", xtrim, -4, Flags::WRITE, Acl::SLOW.or(Acl::STREAM).or(Acl::WRITE), Group::Stream)
        .keyed(
            (1, 1, 1),
            &[KeySpec {
                begin: Begin::Index(1),
                find: Find::Range(0, 1, 0),
                flags: KeyFlags::RW.or(KeyFlags::DELETE),
            }],
        )
        .since("5.0.0")
        .tips(&["nondeterministic_output"])
        .doc(
            "Removes entries from the beginning of a stream.",
            "O(m) in the number of entries removed",
            "key (MAXLEN|MINID) [=|~] threshold [LIMIT count]",
        ),
];

//! Streams: XREAD and XREADGROUP. Source: the Redis documentation of both.
//!
//! A client that waited is served with whatever all of its streams have, not only the one that became ready: then what
//! was added together is read together.

use super::stream::{reply_entries, reply_entry};
use super::stream_args::{lookup, parse_strict, refuse, reply_id, stream};
use super::stream_group::{join, propagate_claim};
use crate::base::mutant::Mutant;
use crate::base::number::parse_i64;
use crate::base::time::Mono;
use crate::containers::streamlog::StreamId;
use crate::engine::blocked_keys::Wish;
use crate::engine::keys::FoundKey;
use crate::engine::row::{Acl, Begin, Find, Flags, Group as Kind, KeyFlags, KeySpec, Row};
use crate::engine::{Ctx, Effect};
use crate::keyspace::Edited;
use crate::resp::{Args, CommandError, Deferred, OwnedArgs, Proto, Writer};
use crate::value::{Entries, Group, Member, Pending};
use alloc::vec::Vec;

type Done = Result<(), CommandError>;

/// The arguments of both commands, the positions still unread.
struct Request {
    /// At most so many entries of each stream; 0 is all.
    count: usize,
    /// Whether to wait, and until when.
    block: Option<Option<Mono>>,
    /// The argument with the group's name; the consumer's follows.
    group: Option<usize>,
    no_ack: bool,
    /// The first key and the number of keys.
    first: usize,
    keys: usize,
}

impl Request {
    fn parse(ctx: &mut Ctx<'_>, for_group: bool) -> Result<Self, CommandError> {
        let mut request = Self { count: 0, block: None, group: None, no_ack: false, first: 0, keys: 0 };
        let mut at = 1;
        while at < ctx.argc() && request.first == 0 {
            let more = ctx.argc() - 1 - at;
            let word = |name: &str| ctx.arg_is(at, name);
            match () {
                () if more > 0 && word("BLOCK") => {
                    let ms = parse_i64(ctx.arg(at + 1)).ok_or(CommandError::TimeoutNotInteger)?;
                    request.block = Some(ctx.timeout_ms(ms)?);
                    at += 2;
                }
                () if more > 0 && word("COUNT") => {
                    request.count = ctx.int(at + 1)?.max(0) as usize;
                    at += 2;
                }
                () if more > 0 && word("STREAMS") => {
                    request.first = at + 1;
                    request.keys = more / 2;
                    if more % 2 == 1 {
                        return Err(unbalanced(ctx, for_group));
                    }
                }
                () if more > 1 && word("GROUP") => {
                    if !for_group {
                        return Err(CommandError::XreadGroup);
                    }
                    request.group = Some(at + 1);
                    at += 3;
                }
                () if word("NOACK") => {
                    if !for_group {
                        let text = b"ERR The NOACK option is only supported by XREADGROUP. You called XREAD instead.";
                        return Err(refuse(ctx, &[text]));
                    }
                    request.no_ack = true;
                    at += 1;
                }
                () => return Err(CommandError::Syntax),
            }
        }
        if request.first == 0 {
            return Err(CommandError::Syntax);
        }
        if for_group && request.group.is_none() {
            return Err(CommandError::XreadgroupNoGroup);
        }
        Ok(request)
    }

    /// The arguments with the keys.
    fn keys(&self) -> core::ops::Range<usize> {
        self.first..self.first + self.keys
    }
}

fn unbalanced(ctx: &mut Ctx<'_>, for_group: bool) -> CommandError {
    let (name, symbol): (&[u8], &[u8]) = if for_group { (b"xreadgroup", b">") } else { (b"xread", b"$") };
    let text: &[&[u8]] = &[
        b"ERR Unbalanced '",
        name,
        b"' list of streams: for each stream key an ID or '",
        symbol,
        b"' must be specified.",
    ];
    refuse(ctx, text)
}

/// Ends the answer for several streams, each of which was begun by [`begin_stream`].
fn close_streams(w: &mut Writer<'_>, deferred: Deferred, streams: usize) {
    match w.proto() {
        Proto::Resp2 => w.close_array(deferred, streams),
        Proto::Resp3 => w.close_map(deferred, streams),
    }
}

/// Begins the answer for one stream.
fn begin_stream(w: &mut Writer<'_>, key: &[u8]) {
    if w.proto() == Proto::Resp2 {
        w.array(2);
    }
    w.bulk(key);
}

fn xread(ctx: &mut Ctx<'_>) -> Done {
    let request = Request::parse(ctx, false)?;
    let mut from = Vec::with_capacity(request.keys);
    for i in request.keys() {
        let (key, text) = (ctx.arg(i), ctx.arg(i + request.keys));
        let last = lookup(ctx, key)?.map_or(StreamId::MIN, |stream| stream.entries().last());
        from.push(match text {
            b"$" => last,
            b">" => return Err(CommandError::XreadNewId),
            text => parse_strict(text, 0)?,
        });
    }
    let args = ctx.args;
    let deferred = ctx.reply().defer();
    let mut served = 0;
    for (i, from) in request.keys().zip(&from) {
        let key = args.get(i);
        let Some(stream) = ctx.srv.keyspace.peek(ctx.db, key).map(stream).transpose()? else { continue };
        let Some(mut entries) = stream.entries().log().after(*from).map(Iterator::peekable) else { continue };
        if entries.peek().is_some() {
            let mut w = Writer::new(ctx.out, ctx.proto);
            begin_stream(&mut w, key);
            reply_entries(&mut w, entries, request.count);
            served += 1;
        }
    }
    if served > 0 {
        close_streams(&mut ctx.reply(), deferred, served);
        return Ok(());
    }
    wait(ctx, &request, &from)
}

/// Waits where that was asked for; answers null otherwise. `$` becomes the position it stands for.
fn wait(ctx: &mut Ctx<'_>, request: &Request, from: &[StreamId]) -> Done {
    let args = ctx.args;
    if let Some(deadline) = request.block {
        let mut wish = Wish::new("stream", deadline);
        wish.on_nokey = request.group.is_some();
        let ids = request.first + request.keys;
        if !from.is_empty() && (ids..args.len()).any(|i| args.get(i) == b"$") {
            let texts: Vec<_> = from.iter().map(|id| id.text()).collect();
            let arg = |i: usize| match i.checked_sub(ids) {
                Some(n) if args.get(i) == b"$" => &texts[n][..],
                _ => args.get(i),
            };
            wish.args = Some(OwnedArgs::of((0..args.len()).map(arg)));
        }
        if ctx.wait_for_keys(request.keys().map(|i| args.get(i)), wish) {
            return Ok(());
        }
    }
    ctx.reply().null_array();
    Ok(())
}

/// What XREADGROUP reads of a stream.
#[derive(Clone, Copy)]
enum Reading {
    /// What nobody in the group has got yet.
    New,
    /// What the consumer has got after this position and not acknowledged.
    History(StreamId),
}

fn xreadgroup(ctx: &mut Ctx<'_>) -> Done {
    ctx.effect = Effect::Own;
    let request = Request::parse(ctx, true)?;
    let at = request.group.unwrap_or(0);
    let (group, consumer) = (ctx.arg(at), ctx.arg(at + 1));
    let mut readings = Vec::with_capacity(request.keys);
    for i in request.keys() {
        let (key, text) = (ctx.arg(i), ctx.arg(i + request.keys));
        if lookup(ctx, key)?.and_then(|stream| stream.group(group)).is_none() {
            let text: &[&[u8]] = &[
                b"NOGROUP No such key '",
                key,
                b"' or consumer group '",
                group,
                b"' in XREADGROUP with GROUP option",
            ];
            return Err(refuse(ctx, text));
        }
        readings.push(match text {
            b"$" => {
                let text = b"ERR The $ ID is meaningless in the context of XREADGROUP: you want to read the history of this consumer by specifying a proper ID, or use the > ID to get new messages. The $ ID would just return an empty result set.";
                return Err(refuse(ctx, &[text]));
            }
            b">" => Reading::New,
            // The highest position stands for `>`, as it does on the wire.
            text => match parse_strict(text, 0)? {
                StreamId::MAX => Reading::New,
                after => Reading::History(after),
            },
        });
    }
    let deferred = ctx.reply().defer();
    let mut served = 0;
    for (i, reading) in request.keys().zip(&readings) {
        let key = ctx.arg(i);
        served += usize::from(read_for_group(ctx, &request, (key, group, consumer), *reading));
    }
    if served > 0 {
        close_streams(&mut ctx.reply(), deferred, served);
        return Ok(());
    }
    wait(ctx, &request, &[])
}

/// Reads a stream for a consumer of a group; whether there was anything to write.
fn read_for_group(
    ctx: &mut Ctx<'_>,
    request: &Request,
    (key, group, consumer): (&[u8], &[u8], &[u8]),
    reading: Reading,
) -> bool {
    let now = ctx.now_ms();
    let member = join(ctx, key, group, consumer);
    let mut w = Writer::new(ctx.out, ctx.proto);
    let edited = ctx.srv.keyspace.edit_elements(ctx.db, key, |value| {
        let edited = value.as_stream_mut().and_then(|stream| {
            stream.edit_group(group, |entries, state| match reading {
                Reading::New => read_new(&mut w, key, request, (entries, state, member), now),
                Reading::History(after) => {
                    begin_stream(&mut w, key);
                    read_history(&mut w, request.count, (entries, state, member), after, now);
                    Some(Vec::new())
                }
            })
        });
        // Reading for a group is no change for those who watch the key or wait for it.
        (Edited::Nothing, edited.flatten())
    });
    let Some(delivered) = edited.flatten() else { return false };
    if matches!(reading, Reading::New) {
        ctx.srv.keyspace.add_dirty(1);
        if !ctx.srv.knobs.broken(Mutant::DeliveryNotSent) {
            propagate_reading(ctx, request, (key, group, consumer), &delivered);
        }
    }
    true
}

/// Writes what is new to the group; answers the positions delivered, `None` when there was nothing.
fn read_new(
    w: &mut Writer<'_>,
    key: &[u8],
    request: &Request,
    (entries, group, member): (&Entries, &mut Group, Member),
    now: i64,
) -> Option<Vec<StreamId>> {
    let mut new = entries.log().after(group.last())?.peekable();
    new.peek()?;
    begin_stream(w, key);
    let deferred = w.defer();
    let mut delivered = Vec::new();
    for entry in new.take(if request.count == 0 { usize::MAX } else { request.count }) {
        reply_entry(w, &entry);
        let read = match group.entries_read() {
            Some(read) if !entries.has_gap_from(entry.id) => Some(read.wrapping_add(1)),
            _ if entries.added() > 0 => entries.added_up_to(entry.id),
            read => read,
        };
        group.set_last(entry.id, read);
        if !request.no_ack {
            group.assign(entry.id, Pending { delivered_ms: now, count: 1, owner: member });
            group.consumer_mut(member).active_ms = Some(now);
        }
        delivered.push(entry.id);
    }
    w.close_array(deferred, delivered.len());
    Some(delivered)
}

/// Writes what the consumer has got after a position and not acknowledged; entries that are gone as null.
fn read_history(
    w: &mut Writer<'_>,
    count: usize,
    (entries, group, member): (&Entries, &mut Group, Member),
    after: StreamId,
    now: i64,
) {
    let Some(from) = after.next() else {
        w.array(0);
        return;
    };
    let limit = if count == 0 { usize::MAX } else { count };
    let ids: Vec<StreamId> = group.consumer(member).pending().range(from..).take(limit).copied().collect();
    w.array(ids.len());
    for id in ids {
        let Some(entry) = entries.log().get(id) else {
            w.array(2);
            reply_id(w, id);
            w.null_array();
            continue;
        };
        reply_entry(w, &entry);
        if let Some(waiting) = group.waiting(id).copied() {
            let count = waiting.count.saturating_add(1);
            group.assign(id, Pending { delivered_ms: now, count, ..waiting });
        }
    }
}

/// Propagates a delivery: each entry as it is claimed now, or only how far the group has come.
fn propagate_reading(
    ctx: &mut Ctx<'_>,
    request: &Request,
    (key, group, consumer): (&[u8], &[u8], &[u8]),
    delivered: &[StreamId],
) {
    if request.no_ack {
        super::stream_group::propagate_last(ctx, key, group);
        return;
    }
    for id in delivered {
        // Each carries its own position as the last one: then the stream is right wherever it is cut.
        let pending = (ctx.now_ms(), 1);
        propagate_claim(ctx, (key, group, consumer), (*id, pending), *id);
    }
}

/// The keys of both commands: what follows STREAMS, its first half.
fn streams_keys(args: &Args<'_>) -> Option<Vec<FoundKey>> {
    let mut at = 1;
    while at < args.len() {
        let word = |name: &str| args.get(at).eq_ignore_ascii_case(name.as_bytes());
        if word("STREAMS") {
            let rest = args.len() - at - 1;
            if rest == 0 || rest % 2 == 1 {
                return None;
            }
            return Some((at + 1..=at + rest / 2).map(|i| (i, KeyFlags::RO)).collect());
        }
        at += match () {
            () if word("BLOCK") || word("COUNT") => 2,
            () if word("GROUP") => 3,
            () if word("NOACK") => 1,
            () => return None,
        };
    }
    None
}

pub(super) const ROWS: &[Row] = &[
    Row::new(
        "xread",
        xread,
        -4,
        Flags::READONLY.or(Flags::BLOCKING).or(Flags::MOVABLEKEYS),
        Acl::BLOCKING.or(Acl::READ).or(Acl::SLOW).or(Acl::STREAM),
        Kind::Stream,
    )
    .keyed(
        (0, 0, 0),
        &[KeySpec {
            begin: Begin::Keyword("STREAMS", 1),
            find: Find::Range(-1, 1, 2),
            flags: KeyFlags::RO.or(KeyFlags::ACCESS),
        }],
    )
    .finder(streams_keys)
    .since("5.0.0")
    .doc(
        "Returns what streams hold after given positions, and may wait for more.",
        "O(log n + m) for m entries returned",
        "[COUNT count] [BLOCK milliseconds] STREAMS key... ID...",
    ),
    Row::new(
        "xreadgroup",
        xreadgroup,
        -7,
        Flags::WRITE.or(Flags::BLOCKING).or(Flags::MOVABLEKEYS),
        Acl::BLOCKING.or(Acl::SLOW).or(Acl::STREAM).or(Acl::WRITE),
        Kind::Stream,
    )
    .keyed(
        (0, 0, 0),
        &[KeySpec {
            begin: Begin::Keyword("STREAMS", 4),
            find: Find::Range(-1, 1, 2),
            flags: KeyFlags::RO.or(KeyFlags::ACCESS),
        }],
    )
    .finder(streams_keys)
    .since("5.0.0")
    .doc(
        "Returns what is new to a consumer group, or what a consumer has not acknowledged; may wait.",
        "O(log n + m) for m entries returned",
        "GROUP group consumer [COUNT count] [BLOCK milliseconds] [NOACK] STREAMS key... ID...",
    ),
];

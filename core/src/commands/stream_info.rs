//! Streams: XINFO. Source: the Redis documentation of its subcommands.

use super::bad_subcommand;
use super::stream::{reply_entries, reply_entry};
use super::stream_args::{refuse, reply_id, stream};
use crate::containers::streamlog::{StreamId, StreamLog};
use crate::engine::Ctx;
use crate::engine::row::{Acl, Begin, Find, Flags, Group as Kind, KeyFlags, KeySpec, Row};
use crate::engine::table::container;
use crate::resp::{CommandError, Writer};
use crate::value::{Consumer, Entries, Group, Stream};
use alloc::vec::Vec;

type Done = Result<(), CommandError>;

/// Entries and entries that wait which FULL shows unless told otherwise.
const FULL_COUNT: usize = 10;

/// Writes what `write` makes of the stream that the subcommand is about.
fn describe(
    ctx: &mut Ctx<'_>,
    write: impl FnOnce(&mut Writer<'_>, &Stream) -> Result<(), CommandError>,
) -> Done {
    let Some(value) = ctx.srv.keyspace.lookup(ctx.db, ctx.args.get(2)) else {
        return Err(CommandError::NoSuchKey);
    };
    write(&mut Writer::new(ctx.out, ctx.proto), stream(value)?)
}

fn xinfo_stream(ctx: &mut Ctx<'_>) -> Done {
    if ctx.argc() == 3 {
        return describe(ctx, |w, stream| {
            w.map(10);
            summary(w, stream.entries());
            w.bulk(b"groups");
            w.int(stream.groups().len() as i64);
            let (mut first, mut last) = stream.entries().log().range(StreamId::MIN, StreamId::MAX);
            for (name, entry) in [(&b"first-entry"[..], first.next()), (b"last-entry", last.next())] {
                w.bulk(name);
                match entry {
                    Some(entry) => reply_entry(w, &entry),
                    None => w.null(),
                }
            }
            Ok(())
        });
    }
    describe(ctx, |_, _| Ok(()))?;
    let sound = matches!(ctx.argc(), 4 | 6) && ctx.arg_is(3, "FULL");
    if !sound || (ctx.argc() == 6 && !ctx.arg_is(4, "COUNT")) {
        return Err(bad_subcommand(ctx));
    }
    let count = match ctx.argc() {
        6 => usize::try_from(ctx.int(5)?).unwrap_or(FULL_COUNT),
        _ => FULL_COUNT,
    };
    describe(ctx, |w, stream| {
        full(w, stream, count);
        Ok(())
    })
}

/// What both forms begin with: seven pairs.
fn summary(w: &mut Writer<'_>, entries: &Entries) {
    let log = entries.log();
    w.bulk(b"length");
    w.int(log.len() as i64);
    w.bulk(b"radix-tree-keys");
    w.int(log.node_count() as i64);
    w.bulk(b"radix-tree-nodes");
    w.int(radix_nodes(log) as i64);
    w.bulk(b"last-generated-id");
    reply_id(w, entries.last());
    w.bulk(b"max-deleted-entry-id");
    reply_id(w, entries.max_deleted());
    w.bulk(b"entries-added");
    w.int(entries.added() as i64);
    w.bulk(b"recorded-first-entry-id");
    reply_id(w, log.first());
}

fn full(w: &mut Writer<'_>, stream: &Stream, count: usize) {
    let entries = stream.entries();
    w.map(9);
    summary(w, entries);
    w.bulk(b"entries");
    reply_entries(w, entries.log().range(StreamId::MIN, StreamId::MAX).0, count);
    w.bulk(b"groups");
    w.array(stream.groups().len());
    let limit = if count == 0 { usize::MAX } else { count };
    for (name, group) in stream.groups() {
        w.map(7);
        w.bulk(b"name");
        w.bulk(name);
        w.bulk(b"last-delivered-id");
        reply_id(w, group.last());
        progress(w, entries, group);
        w.bulk(b"pel-count");
        w.int(group.pending_len() as i64);
        w.bulk(b"pending");
        w.array(group.pending_len().min(limit));
        for (id, pending) in group.pending(..).take(limit) {
            w.array(4);
            reply_id(w, id);
            w.bulk(group.consumer(pending.owner).name());
            w.int(pending.delivered_ms);
            w.int(pending.count as i64);
        }
        w.bulk(b"consumers");
        w.array(group.consumers_len());
        for (_, consumer) in group.consumers() {
            full_consumer(w, group, consumer, limit);
        }
    }
}

fn full_consumer(w: &mut Writer<'_>, group: &Group, consumer: &Consumer, limit: usize) {
    w.map(5);
    w.bulk(b"name");
    w.bulk(consumer.name());
    w.bulk(b"seen-time");
    w.int(consumer.seen_ms);
    w.bulk(b"active-time");
    w.int(consumer.active_ms.unwrap_or(-1));
    w.bulk(b"pel-count");
    w.int(consumer.pending().len() as i64);
    w.bulk(b"pending");
    w.array(consumer.pending().len().min(limit));
    for id in consumer.pending().iter().take(limit) {
        let waiting = group.waiting(*id);
        w.array(3);
        reply_id(w, *id);
        w.int(waiting.map_or(0, |pending| pending.delivered_ms));
        w.int(waiting.map_or(0, |pending| pending.count as i64));
    }
}

/// How much a group has read and has still to read: two pairs.
fn progress(w: &mut Writer<'_>, entries: &Entries, group: &Group) {
    for (name, n) in
        [(&b"entries-read"[..], group.entries_read().map(|read| read as i64)), (b"lag", entries.lag(group))]
    {
        w.bulk(name);
        match n {
            Some(n) => w.int(n),
            None => w.null(),
        }
    }
}

fn xinfo_groups(ctx: &mut Ctx<'_>) -> Done {
    describe(ctx, |w, stream| {
        w.array(stream.groups().len());
        for (name, group) in stream.groups() {
            w.map(6);
            w.bulk(b"name");
            w.bulk(name);
            w.bulk(b"consumers");
            w.int(group.consumers_len() as i64);
            w.bulk(b"pending");
            w.int(group.pending_len() as i64);
            w.bulk(b"last-delivered-id");
            reply_id(w, group.last());
            progress(w, stream.entries(), group);
        }
        Ok(())
    })
}

fn xinfo_consumers(ctx: &mut Ctx<'_>) -> Done {
    let (key, name, now) = (ctx.arg(2), ctx.arg(3), ctx.now_ms());
    let mut found = false;
    describe(ctx, |w, stream| {
        let Some(group) = stream.group(name) else { return Ok(()) };
        found = true;
        w.array(group.consumers_len());
        let since = |at: i64| now.saturating_sub(at).max(0);
        for (_, consumer) in group.consumers() {
            w.map(4);
            w.bulk(b"name");
            w.bulk(consumer.name());
            w.bulk(b"pending");
            w.int(consumer.pending().len() as i64);
            w.bulk(b"idle");
            w.int(since(consumer.seen_ms));
            w.bulk(b"inactive");
            w.int(consumer.active_ms.map_or(-1, since));
        }
        Ok(())
    })?;
    if found {
        return Ok(());
    }
    Err(refuse(ctx, &[b"NOGROUP No such consumer group '", name, b"' for key name '", key, b"'"]))
}

/// How many nodes a radix tree over the keys of the stream's nodes has, where a run of bytes without a branch is one
/// node: what clients of this field expect.
fn radix_nodes(log: &StreamLog) -> usize {
    const KEY: usize = 16;
    // A leaf or branch at `depth` under a branch at `above`, and the run between them.
    let part =
        |above: Option<usize>, depth: usize| 1 + usize::from(depth > above.map_or(0, |above| above + 1));
    let mut keys = log.nodes().map(|(base, _)| base.to_be_bytes());
    let Some(mut before) = keys.next() else { return 1 };
    let (mut nodes, mut branches) = (0, Vec::new());
    let mut depth = KEY;
    for key in keys {
        let common = before.iter().zip(&key).take_while(|(a, b)| a == b).count();
        while let Some(above) = branches.pop_if(|above| *above > common) {
            nodes += part(Some(above), depth);
            depth = above;
        }
        nodes += part(Some(common), depth);
        if branches.last() != Some(&common) {
            branches.push(common);
        }
        (before, depth) = (key, KEY);
    }
    while let Some(above) = branches.pop() {
        nodes += part(Some(above), depth);
        depth = above;
    }
    nodes + part(None, depth)
}

fn xinfo_help(ctx: &mut Ctx<'_>) -> Done {
    super::help(
        ctx,
        "XINFO",
        &[
            "CONSUMERS <key> <group>",
            "    The consumers of a group.",
            "GROUPS <key>",
            "    The groups of a stream.",
            "STREAM <key> [FULL [COUNT <count>]",
            "    The stream; with FULL its entries and groups as well, up to a count of each.",
        ],
    );
    Ok(())
}

pub(super) const ROWS: &[Row] =
    &[Row::new("xinfo", container, -2, Flags::CONTAINER, Acl::SLOW, Kind::Stream)
        .since("5.0.0")
        .doc("Groups the commands that describe streams.", "Depends on the subcommand", "")
        .subs(&[
            Row::new(
                "xinfo|consumers",
                xinfo_consumers,
                4,
                Flags::READONLY,
                Acl::READ.or(Acl::SLOW).or(Acl::STREAM),
                Kind::Stream,
            )
            .keyed(
                (2, 2, 1),
                &[KeySpec {
                    begin: Begin::Index(2),
                    find: Find::Range(0, 1, 0),
                    flags: KeyFlags::RO.or(KeyFlags::ACCESS),
                }],
            )
            .since("5.0.0")
            .tips(&["nondeterministic_output"])
            .doc(
                "Lists the consumers of a group.",
                "O(n) in the number of consumers",
                "key group",
            ),
            Row::new(
                "xinfo|groups",
                xinfo_groups,
                3,
                Flags::READONLY,
                Acl::READ.or(Acl::SLOW).or(Acl::STREAM),
                Kind::Stream,
            )
            .keyed(
                (2, 2, 1),
                &[KeySpec {
                    begin: Begin::Index(2),
                    find: Find::Range(0, 1, 0),
                    flags: KeyFlags::RO.or(KeyFlags::ACCESS),
                }],
            )
            .since("5.0.0")
            .doc("Lists the consumer groups of a stream.", "O(n) in the number of groups", "key"),
            Row::new(
                "xinfo|help",
                xinfo_help,
                2,
                Flags::LOADING.or(Flags::STALE),
                Acl::SLOW.or(Acl::STREAM),
                Kind::Stream,
            )
            .since("5.0.0")
            .doc("Explains the subcommands.", "O(1)", ""),
            Row::new(
                "xinfo|stream",
                xinfo_stream,
                -3,
                Flags::READONLY,
                Acl::READ.or(Acl::SLOW).or(Acl::STREAM),
                Kind::Stream,
            )
            .keyed(
                (2, 2, 1),
                &[KeySpec {
                    begin: Begin::Index(2),
                    find: Find::Range(0, 1, 0),
                    flags: KeyFlags::RO.or(KeyFlags::ACCESS),
                }],
            )
            .since("5.0.0")
            .doc(
                "Describes a stream.",
                "O(n) in the number of its nodes",
                "key [FULL [COUNT count]]",
            ),
        ])];

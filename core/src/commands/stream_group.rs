//! Streams: consumer groups and acknowledgement. Source: the Redis documentation of each command.

use super::bad_subcommand;
use super::stream::parse_ids;
use super::stream_args::{lookup, parse_id, parse_strict, refuse};
use crate::base::ids::DbIndex;
use crate::base::mutant::Mutant;
use crate::base::number::IntText;
use crate::config::NotifyFlags;
use crate::containers::streamlog::StreamId;
use crate::engine::Ctx;
use crate::engine::row::{Acl, Begin, Find, Flags, Group as Kind, KeyFlags, KeySpec, Row};
use crate::engine::table::container;
use crate::keyspace::{Edited, Keyspace, Ttl};
use crate::resp::CommandError;
use crate::value::{Entries, Group, Member, Stream};

type Done = Result<(), CommandError>;

/// Changes a group that was found to be there. Those who watch the key or wait for it are not told: for them nothing
/// has changed.
pub(super) fn edit_group<R>(
    keyspace: &mut Keyspace,
    db: DbIndex,
    (key, group): (&[u8], &[u8]),
    edit: impl FnOnce(&Entries, &mut Group) -> R,
) -> R {
    let edited = keyspace.edit_elements(db, key, |value| {
        (Edited::Nothing, value.as_stream_mut().and_then(|stream| stream.edit_group(group, edit)))
    });
    edited.flatten().expect("the group was looked up before")
}

/// The consumer of this name, which is seen now. A new one is announced and propagated: no other command that a replica
/// gets would tell it.
pub(super) fn join(ctx: &mut Ctx<'_>, key: &[u8], group: &[u8], consumer: &[u8]) -> Member {
    let now = ctx.now_ms();
    let (member, new) = edit_group(&mut ctx.srv.keyspace, ctx.db, (key, group), |_, group| {
        let (member, new) = group.join(consumer, now);
        group.consumer_mut(member).seen_ms = now;
        (member, new)
    });
    if new {
        ctx.srv.keyspace.add_dirty(1);
        ctx.propagate(&[b"XGROUP", b"CREATECONSUMER", key, group, consumer]);
        ctx.notify(NotifyFlags::STREAM, "xgroup-createconsumer", key);
    }
    member
}

/// Propagates how far a group has come.
pub(super) fn propagate_last(ctx: &mut Ctx<'_>, key: &[u8], group: &[u8]) {
    let state = ctx.srv.keyspace.peek(ctx.db, key).and_then(|value| value.as_stream()?.group(group));
    let Some((last, read)) = state.map(|group| (group.last(), group.entries_read())) else { return };
    let mut text = IntText::new();
    let read = read.map_or(&b"-1"[..], |read| text.u64(read));
    ctx.propagate(&[b"XGROUP", b"SETID", key, group, &last.text(), b"ENTRIESREAD", read]);
}

/// Propagates what an entry that waits has become: when and how often it was delivered, and to whom.
pub(super) fn propagate_claim(
    ctx: &mut Ctx<'_>,
    (key, group, consumer): (&[u8], &[u8], &[u8]),
    (id, (delivered_ms, count)): (StreamId, (i64, u64)),
    last: StreamId,
) {
    let (mut time, mut times) = (IntText::new(), IntText::new());
    let delivered_ms = if ctx.srv.knobs.broken(Mutant::ClaimTimeLost) { 0 } else { delivered_ms };
    ctx.propagate(&[
        b"XCLAIM",
        key,
        group,
        consumer,
        b"0",
        &id.text(),
        b"TIME",
        time.i64(delivered_ms),
        b"RETRYCOUNT",
        times.u64(count),
        b"FORCE",
        b"JUSTID",
        b"LASTID",
        &last.text(),
    ]);
}

fn xack(ctx: &mut Ctx<'_>) -> Done {
    let (key, group) = (ctx.arg(1), ctx.arg(2));
    if lookup(ctx, key)?.and_then(|stream| stream.group(group)).is_none() {
        ctx.reply().int(0);
        return Ok(());
    }
    let ids = parse_ids(ctx, 3)?;
    let acknowledged = edit_group(&mut ctx.srv.keyspace, ctx.db, (key, group), |_, group| {
        ids.iter().filter(|id| group.acknowledge(**id)).count()
    });
    ctx.srv.keyspace.add_dirty(acknowledged as u64);
    ctx.reply().int(acknowledged as i64);
    Ok(())
}

/// The options of XGROUP CREATE and SETID.
#[derive(Default)]
struct Options {
    create_key: bool,
    entries_read: Option<u64>,
}

impl Options {
    fn parse(ctx: &mut Ctx<'_>, creates: bool) -> Result<Self, CommandError> {
        let mut options = Self::default();
        let mut at = 5;
        while at < ctx.argc() {
            if creates && ctx.arg_is(at, "MKSTREAM") {
                options.create_key = true;
                at += 1;
            } else if ctx.arg_is(at, "ENTRIESREAD") && at + 1 < ctx.argc() {
                let read = ctx.int(at + 1)?;
                if read < -1 {
                    return Err(refuse(ctx, &[b"ERR value for ENTRIESREAD must be positive or -1"]));
                }
                options.entries_read = u64::try_from(read).ok();
                at += 2;
            } else {
                return Err(bad_subcommand(ctx));
            }
        }
        Ok(options)
    }
}

/// The stream that a subcommand is about.
fn existing<'c>(ctx: &'c mut Ctx<'_>) -> Result<&'c Stream, CommandError> {
    let key = ctx.arg(2);
    lookup(ctx, key)?.ok_or(CommandError::XgroupNoKey)
}

/// Refuses when there is no such stream, or it has no such group.
fn check_group(ctx: &mut Ctx<'_>) -> Done {
    let (key, group) = (ctx.arg(2), ctx.arg(3));
    if existing(ctx)?.group(group).is_some() {
        return Ok(());
    }
    Err(refuse(ctx, &[b"NOGROUP No such consumer group '", group, b"' for key name '", key, b"'"]))
}

fn xgroup_create(ctx: &mut Ctx<'_>) -> Done {
    let options = Options::parse(ctx, true)?;
    let (key, group) = (ctx.arg(2), ctx.arg(3));
    let last = match lookup(ctx, key)? {
        Some(stream) => Some(stream.entries().last()),
        None if options.create_key => None,
        None => return Err(CommandError::XgroupNoKey),
    };
    if ctx.argc() > 8 {
        return Err(bad_subcommand(ctx));
    }
    let id = match ctx.arg(4) {
        b"$" => last.unwrap_or(StreamId::MIN),
        text => parse_strict(text, 0)?,
    };
    if last.is_none() {
        let mut stream = Stream::new();
        stream.create_group(group, id, options.entries_read);
        ctx.srv.keyspace.set(ctx.db, key, stream.into(), Ttl::Clear);
    } else {
        let created = ctx.srv.keyspace.edit_elements(ctx.db, key, |value| {
            let created = value.as_stream_mut().map(|s| s.create_group(group, id, options.entries_read));
            (Edited::Nothing, created)
        });
        if created.flatten() != Some(true) {
            return Err(CommandError::BusyGroup);
        }
        ctx.srv.keyspace.add_dirty(1);
    }
    ctx.notify(NotifyFlags::STREAM, "xgroup-create", key);
    ctx.reply().ok();
    Ok(())
}

fn xgroup_setid(ctx: &mut Ctx<'_>) -> Done {
    let options = Options::parse(ctx, false)?;
    check_group(ctx)?;
    if ctx.argc() > 7 {
        return Err(bad_subcommand(ctx));
    }
    let (key, group) = (ctx.arg(2), ctx.arg(3));
    let id = match ctx.arg(4) {
        b"$" => existing(ctx)?.entries().last(),
        text => parse_id(text, 0)?,
    };
    edit_group(&mut ctx.srv.keyspace, ctx.db, (key, group), |_, group| {
        group.set_last(id, options.entries_read)
    });
    ctx.srv.keyspace.add_dirty(1);
    ctx.notify(NotifyFlags::STREAM, "xgroup-setid", key);
    ctx.reply().ok();
    Ok(())
}

fn xgroup_destroy(ctx: &mut Ctx<'_>) -> Done {
    existing(ctx)?;
    let (key, group) = (ctx.arg(2), ctx.arg(3));
    let removed = ctx.srv.keyspace.edit_elements(ctx.db, key, |value| {
        let removed = value.as_stream_mut().is_some_and(|stream| stream.remove_group(group));
        (Edited::Nothing, removed)
    });
    let removed = removed.unwrap_or(false);
    if removed {
        // No change for those who watch the key, but those who wait for the group are to know.
        ctx.srv.blocked_keys.touched(ctx.db, key);
        ctx.srv.keyspace.add_dirty(1);
        ctx.notify(NotifyFlags::STREAM, "xgroup-destroy", key);
    }
    ctx.reply().int(i64::from(removed));
    Ok(())
}

fn xgroup_createconsumer(ctx: &mut Ctx<'_>) -> Done {
    check_group(ctx)?;
    let (key, group, consumer, now) = (ctx.arg(2), ctx.arg(3), ctx.arg(4), ctx.now_ms());
    let (_, new) =
        edit_group(&mut ctx.srv.keyspace, ctx.db, (key, group), |_, group| group.join(consumer, now));
    if new {
        ctx.srv.keyspace.add_dirty(1);
        ctx.notify(NotifyFlags::STREAM, "xgroup-createconsumer", key);
    }
    ctx.reply().int(i64::from(new));
    Ok(())
}

fn xgroup_delconsumer(ctx: &mut Ctx<'_>) -> Done {
    check_group(ctx)?;
    let (key, group, consumer) = (ctx.arg(2), ctx.arg(3), ctx.arg(4));
    let left = edit_group(&mut ctx.srv.keyspace, ctx.db, (key, group), |_, group| group.leave(consumer));
    if left.is_some() {
        ctx.srv.keyspace.add_dirty(1);
        ctx.notify(NotifyFlags::STREAM, "xgroup-delconsumer", key);
    }
    ctx.reply().int(left.unwrap_or(0) as i64);
    Ok(())
}

fn xgroup_help(ctx: &mut Ctx<'_>) -> Done {
    super::help(
        ctx,
        "XGROUP",
        &[
            "CREATE <key> <group> <id|$> [MKSTREAM] [ENTRIESREAD <n>]",
            "    Make a group that reads what follows a position.",
            "CREATECONSUMER <key> <group> <consumer>",
            "    Add a consumer to a group.",
            "DELCONSUMER <key> <group> <consumer>",
            "    Remove a consumer with everything it has not acknowledged.",
            "DESTROY <key> <group>",
            "    Remove a group.",
            "SETID <key> <group> <id|$> [ENTRIESREAD <n>]",
            "    Set the position that a group reads on from.",
        ],
    );
    Ok(())
}

pub(super) const ROWS: &[Row] = &[
    Row::new(
        "xack",
        xack,
        -4,
        Flags::WRITE.or(Flags::FAST),
        Acl::FAST.or(Acl::STREAM).or(Acl::WRITE),
        Kind::Stream,
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
    .doc("Acknowledges entries that wait in a consumer group.", "O(1) for each entry", "key group ID..."),
    Row::new("xgroup", container, -2, Flags::CONTAINER, Acl::SLOW, Kind::Stream)
        .since("5.0.0")
        .doc("Groups the commands for consumer groups.", "Depends on the subcommand", "")
        .subs(&[
            Row::new(
                "xgroup|create",
                xgroup_create,
                -5,
                Flags::WRITE.or(Flags::DENYOOM),
                Acl::SLOW.or(Acl::STREAM).or(Acl::WRITE),
                Kind::Stream,
            )
            .keyed(
                (2, 2, 1),
                &[KeySpec {
                    begin: Begin::Index(2),
                    find: Find::Range(0, 1, 0),
                    flags: KeyFlags::RW.or(KeyFlags::INSERT),
                }],
            )
            .since("5.0.0")
            .doc(
                "Creates a consumer group.",
                "O(1)",
                "key group (id|$) [MKSTREAM] [ENTRIESREAD entries-read]",
            ),
            Row::new(
                "xgroup|createconsumer",
                xgroup_createconsumer,
                5,
                Flags::WRITE.or(Flags::DENYOOM),
                Acl::SLOW.or(Acl::STREAM).or(Acl::WRITE),
                Kind::Stream,
            )
            .keyed(
                (2, 2, 1),
                &[KeySpec {
                    begin: Begin::Index(2),
                    find: Find::Range(0, 1, 0),
                    flags: KeyFlags::RW.or(KeyFlags::INSERT),
                }],
            )
            .since("6.2.0")
            .doc("Adds a consumer to a group.", "O(1)", "key group consumer"),
            Row::new(
                "xgroup|delconsumer",
                xgroup_delconsumer,
                5,
                Flags::WRITE,
                Acl::SLOW.or(Acl::STREAM).or(Acl::WRITE),
                Kind::Stream,
            )
            .keyed(
                (2, 2, 1),
                &[KeySpec {
                    begin: Begin::Index(2),
                    find: Find::Range(0, 1, 0),
                    flags: KeyFlags::RW.or(KeyFlags::DELETE),
                }],
            )
            .since("5.0.0")
            .doc(
                "Removes a consumer from a group.",
                "O(n) in the number of entries that wait for it",
                "key group consumer",
            ),
            Row::new(
                "xgroup|destroy",
                xgroup_destroy,
                4,
                Flags::WRITE,
                Acl::SLOW.or(Acl::STREAM).or(Acl::WRITE),
                Kind::Stream,
            )
            .keyed(
                (2, 2, 1),
                &[KeySpec {
                    begin: Begin::Index(2),
                    find: Find::Range(0, 1, 0),
                    flags: KeyFlags::RW.or(KeyFlags::DELETE),
                }],
            )
            .since("5.0.0")
            .doc(
                "Removes a consumer group.",
                "O(n) in the number of entries that wait in it",
                "key group",
            ),
            Row::new(
                "xgroup|help",
                xgroup_help,
                2,
                Flags::LOADING.or(Flags::STALE),
                Acl::SLOW.or(Acl::STREAM),
                Kind::Stream,
            )
            .since("5.0.0")
            .doc("Explains the subcommands.", "O(1)", ""),
            Row::new(
                "xgroup|setid",
                xgroup_setid,
                -5,
                Flags::WRITE,
                Acl::SLOW.or(Acl::STREAM).or(Acl::WRITE),
                Kind::Stream,
            )
            .keyed(
                (2, 2, 1),
                &[KeySpec {
                    begin: Begin::Index(2),
                    find: Find::Range(0, 1, 0),
                    flags: KeyFlags::RW.or(KeyFlags::UPDATE),
                }],
            )
            .since("5.0.0")
            .doc(
                "Sets the position that a group reads on from.",
                "O(1)",
                "key group (id|$) [ENTRIESREAD entries-read]",
            ),
        ]),
];

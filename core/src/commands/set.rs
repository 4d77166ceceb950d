//! Sets: adding, removing, asking, scanning. Source: the Redis documentation of each command.

use super::hash_read::{reply_item, reply_one};
use super::scan::{ScanOptions, cursor, reply_nothing};
use crate::base::number::IntText;
use crate::config::NotifyFlags;
use crate::containers::dict::{HashKey, WINDOW};
use crate::engine::Ctx;
use crate::engine::row::{Acl, Begin, Find, Flags, Group, KeyFlags, KeySpec, Row};
use crate::keyspace::{Edited, Ttl};
use crate::resp::{Args, Bulks, CommandError, Writer};
use crate::value::{Item, SetLimits, SetValue, Value};

type Done = Result<(), CommandError>;

/// The set in a value, or the refusal of another type.
pub(super) fn set(value: &Value) -> Result<&SetValue, CommandError> {
    value.as_set().ok_or(CommandError::WrongType)
}

/// Calls `f` for each argument, after windows of them were brought near the processor.
fn in_windows(
    set: &mut SetValue,
    members: Args<'_>,
    mut f: impl FnMut(&mut SetValue, Item<'_>) -> bool,
) -> u64 {
    let mut count = 0;
    for from in (0..members.len()).step_by(WINDOW) {
        let end = members.len().min(from + WINDOW);
        let mut window: [&[u8]; WINDOW] = [&[]; WINDOW];
        window.iter_mut().zip(from..end).for_each(|(place, i)| *place = members.get(i));
        if end - from > 1 {
            set.touch_window(&window[..end - from]);
        }
        for member in &window[..end - from] {
            count += u64::from(f(set, Item::Text(member)));
        }
    }
    count
}

fn add_all(set: &mut SetValue, members: Args<'_>, limits: SetLimits, secret: &HashKey) -> u64 {
    set.prepare(members.len(), limits, secret);
    in_windows(set, members, |set, member| set.add(member, limits, secret))
}

fn sadd(ctx: &mut Ctx<'_>) -> Done {
    let (key, members) = (ctx.arg(1), ctx.args.skip(2));
    let (limits, secret) = (ctx.srv.set_limits(), ctx.srv.keyspace.hash_key().clone());
    let edited = ctx.srv.keyspace.edit_elements(ctx.db, key, |value| {
        let Some(set) = value.as_set_mut() else { return (Edited::Nothing, Err(CommandError::WrongType)) };
        match add_all(set, members, limits, &secret) {
            0 => (Edited::Nothing, Ok(0)),
            added => (Edited::Changed(added), Ok(added)),
        }
    });
    let added = match edited {
        Some(added) => added?,
        None => {
            let first = Item::Text(members.get(0));
            let mut set = SetValue::for_member(first, members.len(), limits, &secret);
            let added = add_all(&mut set, members, limits, &secret);
            ctx.srv.keyspace.set(ctx.db, key, Value::Set(set), Ttl::Clear);
            ctx.srv.keyspace.add_dirty(added - 1);
            added
        }
    };
    if added > 0 {
        ctx.notify(NotifyFlags::SET, "sadd", key);
    }
    ctx.reply().int(added as i64);
    Ok(())
}

/// Removes members; answers how many were there. A set that is empty then goes.
fn remove(ctx: &mut Ctx<'_>, key: &[u8], members: Args<'_>) -> Result<u64, CommandError> {
    let edited = ctx.srv.keyspace.edit_elements(ctx.db, key, |value| {
        let Some(set) = value.as_set_mut() else { return (Edited::Nothing, Err(CommandError::WrongType)) };
        match in_windows(set, members, |set, member| set.remove(member)) {
            0 => (Edited::Nothing, Ok((0, false))),
            removed if set.is_empty() => (Edited::Emptied(removed), Ok((removed, true))),
            removed => (Edited::Changed(removed), Ok((removed, false))),
        }
    });
    let (removed, emptied) = edited.transpose()?.unwrap_or_default();
    if removed > 0 {
        ctx.notify(NotifyFlags::SET, "srem", key);
    }
    if emptied {
        ctx.notify(NotifyFlags::GENERIC, "del", key);
    }
    Ok(removed)
}

fn srem(ctx: &mut Ctx<'_>) -> Done {
    let removed = remove(ctx, ctx.arg(1), ctx.args.skip(2))?;
    ctx.reply().int(removed as i64);
    Ok(())
}

fn smove(ctx: &mut Ctx<'_>) -> Done {
    let (from, to, member) = (ctx.arg(1), ctx.arg(2), ctx.arg(3));
    let item = Item::Text(member);
    let is_member = match ctx.srv.keyspace.lookup(ctx.db, from) {
        Some(value) => set(value)?.contains(item),
        None => {
            ctx.reply().int(0);
            return Ok(());
        }
    };
    let known = match ctx.srv.keyspace.lookup(ctx.db, to) {
        Some(value) => Some(set(value)?.contains(item)),
        None => None,
    };
    if !is_member || from == to {
        ctx.reply().int(i64::from(is_member));
        return Ok(());
    }
    remove(ctx, from, ctx.args.skip(3))?;
    let (limits, secret) = (ctx.srv.set_limits(), ctx.srv.keyspace.hash_key().clone());
    match known {
        Some(true) => {}
        Some(false) => {
            ctx.srv.keyspace.edit_elements(ctx.db, to, |value| {
                let added = value.as_set_mut().is_some_and(|set| set.add(item, limits, &secret));
                (if added { Edited::Changed(1) } else { Edited::Nothing }, ())
            });
        }
        None => {
            let mut set = SetValue::for_member(item, 1, limits, &secret);
            set.add(item, limits, &secret);
            ctx.srv.keyspace.set(ctx.db, to, Value::Set(set), Ttl::Clear);
        }
    }
    if known != Some(true) {
        ctx.notify(NotifyFlags::SET, "sadd", to);
    }
    ctx.reply().int(1);
    Ok(())
}

fn sismember(ctx: &mut Ctx<'_>) -> Done {
    let member = Item::Text(ctx.arg(2));
    let found = match ctx.srv.keyspace.lookup(ctx.db, ctx.args.get(1)) {
        Some(value) => set(value)?.contains(member),
        None => false,
    };
    ctx.reply().int(i64::from(found));
    Ok(())
}

fn smismember(ctx: &mut Ctx<'_>) -> Done {
    let members = ctx.args.skip(2);
    let found = ctx.srv.keyspace.lookup(ctx.db, ctx.args.get(1));
    let set = found.map(set).transpose()?;
    let mut w = Writer::new(ctx.out, ctx.proto);
    w.array(members.len());
    for from in (0..members.len()).step_by(WINDOW) {
        let end = members.len().min(from + WINDOW);
        let mut window = [Item::Int(0); WINDOW];
        window.iter_mut().zip(from..end).for_each(|(place, i)| *place = Item::Text(members.get(i)));
        let mut present = [set.is_some(); WINDOW];
        if let Some(set) = set {
            set.contains_window(&window[..end - from], &mut present[..end - from]);
        }
        present[..end - from].iter().for_each(|present| w.int(i64::from(*present)));
    }
    Ok(())
}

fn scard(ctx: &mut Ctx<'_>) -> Done {
    let len = match ctx.srv.keyspace.lookup(ctx.db, ctx.args.get(1)) {
        Some(value) => set(value)?.len(),
        None => 0,
    };
    ctx.reply().int(len as i64);
    Ok(())
}

fn smembers(ctx: &mut Ctx<'_>) -> Done {
    let found = ctx.srv.keyspace.lookup(ctx.db, ctx.args.get(1));
    let set = found.map(set).transpose()?;
    let mut w = Writer::new(ctx.out, ctx.proto);
    w.set(set.map_or(0, SetValue::len));
    if let Some(set) = set {
        let mut bulks = Bulks::new(&mut w);
        set.for_each(&mut |member| reply_one(&mut bulks, member));
    }
    Ok(())
}

fn sscan(ctx: &mut Ctx<'_>) -> Done {
    let cursor = cursor(ctx, 2)?;
    let Some(found) = ctx.srv.keyspace.lookup(ctx.db, ctx.args.get(1)) else {
        reply_nothing(&mut ctx.reply());
        return Ok(());
    };
    set(found)?;
    let options = ScanOptions::parse(ctx, 3)?;
    let found = ctx.srv.keyspace.peek(ctx.db, ctx.args.get(1)).and_then(Value::as_set);
    let Some(set) = found else { return Err(CommandError::WrongType) };
    let mut shown = 0;
    let wanted = |member: Item<'_>| options.wants(member.text(&mut IntText::new()));
    let next = set.scan(cursor, options.count, &mut |member| shown += usize::from(wanted(member)));
    let mut w = Writer::new(ctx.out, ctx.proto);
    w.array(2);
    w.bulk_int(next as i64);
    w.array(shown);
    set.scan(cursor, options.count, &mut |member| {
        if wanted(member) {
            reply_item(&mut w, member);
        }
    });
    Ok(())
}

pub(super) const ROWS: &[Row] = &[
    Row::new(
        "sadd",
        sadd,
        -3,
        Flags::WRITE.or(Flags::DENYOOM).or(Flags::FAST),
        Acl::FAST.or(Acl::SET).or(Acl::WRITE),
        Group::Set,
    )
    .keyed(
        (1, 1, 1),
        &[KeySpec {
            begin: Begin::Index(1),
            find: Find::Range(0, 1, 0),
            flags: KeyFlags::RW.or(KeyFlags::INSERT),
        }],
    )
    .element(2)
    .since("1.0.0")
    .doc(
        "Adds members to a set and counts the new ones.",
        "O(n) in the number of members named",
        "key member...",
    ),
    Row::new(
        "scard",
        scard,
        2,
        Flags::READONLY.or(Flags::FAST),
        Acl::FAST.or(Acl::READ).or(Acl::SET),
        Group::Set,
    )
    .keyed((1, 1, 1), &[KeySpec { begin: Begin::Index(1), find: Find::Range(0, 1, 0), flags: KeyFlags::RO }])
    .since("1.0.0")
    .doc("Counts the members of a set.", "O(1)", "key"),
    Row::new(
        "sismember",
        sismember,
        3,
        Flags::READONLY.or(Flags::FAST),
        Acl::FAST.or(Acl::READ).or(Acl::SET),
        Group::Set,
    )
    .keyed((1, 1, 1), &[KeySpec { begin: Begin::Index(1), find: Find::Range(0, 1, 0), flags: KeyFlags::RO }])
    .element(2)
    .since("1.0.0")
    .doc("Tells whether something is a member of a set.", "O(1)", "key member"),
    Row::new("smembers", smembers, 2, Flags::READONLY, Acl::READ.or(Acl::SET).or(Acl::SLOW), Group::Set)
        .keyed(
            (1, 1, 1),
            &[KeySpec {
                begin: Begin::Index(1),
                find: Find::Range(0, 1, 0),
                flags: KeyFlags::RO.or(KeyFlags::ACCESS),
            }],
        )
        .since("1.0.0")
        .tips(&["nondeterministic_output_order"])
        .doc("Lists the members of a set.", "O(n) in the number of members", "key"),
    Row::new(
        "smismember",
        smismember,
        -3,
        Flags::READONLY.or(Flags::FAST),
        Acl::FAST.or(Acl::READ).or(Acl::SET),
        Group::Set,
    )
    .keyed(
        (1, 1, 1),
        &[KeySpec {
            begin: Begin::Index(1),
            find: Find::Range(0, 1, 0),
            flags: KeyFlags::RO.or(KeyFlags::ACCESS),
        }],
    )
    .since("6.2.0")
    .doc(
        "Tells of several things whether they are members of a set.",
        "O(n) in the number of things asked about",
        "key member...",
    ),
    Row::new(
        "smove",
        smove,
        4,
        Flags::WRITE.or(Flags::FAST),
        Acl::FAST.or(Acl::SET).or(Acl::WRITE),
        Group::Set,
    )
    .keyed(
        (1, 2, 1),
        &[
            KeySpec {
                begin: Begin::Index(1),
                find: Find::Range(0, 1, 0),
                flags: KeyFlags::RW.or(KeyFlags::ACCESS).or(KeyFlags::DELETE),
            },
            KeySpec {
                begin: Begin::Index(2),
                find: Find::Range(0, 1, 0),
                flags: KeyFlags::RW.or(KeyFlags::INSERT),
            },
        ],
    )
    .since("1.0.0")
    .doc("Moves a member from one set to another.", "O(1)", "source destination member"),
    Row::new(
        "srem",
        srem,
        -3,
        Flags::WRITE.or(Flags::FAST),
        Acl::FAST.or(Acl::SET).or(Acl::WRITE),
        Group::Set,
    )
    .keyed(
        (1, 1, 1),
        &[KeySpec {
            begin: Begin::Index(1),
            find: Find::Range(0, 1, 0),
            flags: KeyFlags::RW.or(KeyFlags::DELETE),
        }],
    )
    .element(2)
    .since("1.0.0")
    .doc(
        "Removes members from a set, and the set with its last one.",
        "O(n) in the number of members named",
        "key member...",
    ),
    Row::new("sscan", sscan, -3, Flags::READONLY, Acl::READ.or(Acl::SET).or(Acl::SLOW), Group::Set)
        .keyed(
            (1, 1, 1),
            &[KeySpec {
                begin: Begin::Index(1),
                find: Find::Range(0, 1, 0),
                flags: KeyFlags::RO.or(KeyFlags::ACCESS),
            }],
        )
        .since("2.8.0")
        .tips(&["nondeterministic_output"])
        .doc(
            "Goes through the members of a set a few at a time.",
            "O(1) for each call, O(n) for the whole set",
            "key cursor [MATCH pattern] [COUNT count]",
        ),
];

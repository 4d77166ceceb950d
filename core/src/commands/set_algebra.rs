//! Sets: intersections, unions and differences. Source: the Redis documentation of each command.

use super::hash_read::reply_item;
use super::set::set;
use crate::base::mutant::Mutant;
use crate::base::number::parse_i64;
use crate::config::NotifyFlags;
use crate::containers::dict::{HashKey, WINDOW};
use crate::engine::Ctx;
use crate::engine::keys::FoundKey;
use crate::engine::row::{Acl, Begin, Find, Flags, Group, KeyFlags, KeySpec, Row};
use crate::keyspace::Ttl;
use crate::resp::{Args, CommandError, Writer};
use crate::value::{Item, SetForm, SetLimits, SetValue, Value};
use alloc::vec::Vec;

type Done = Result<(), CommandError>;

/// From this many sets on, a union that is only shown is put together first.
const STREAMED_MAX: usize = 4;

/// Refuses keys of another type; looks all of them up.
fn check_types(ctx: &mut Ctx<'_>, keys: Args<'_>) -> Done {
    for from in (0..keys.len()).step_by(WINDOW) {
        let end = keys.len().min(from + WINDOW);
        ctx.srv.keyspace.touch_window(ctx.db, (from..end).map(|i| keys.get(i)));
        for i in from..end {
            if let Some(value) = ctx.srv.keyspace.lookup(ctx.db, keys.get(i)) {
                set(value)?;
            }
        }
    }
    Ok(())
}

/// The sets in keys whose types were checked.
fn sets<'c>(ctx: &'c Ctx<'_>, keys: Args<'c>) -> impl Iterator<Item = Option<&'c SetValue>> {
    let (keyspace, db) = (&ctx.srv.keyspace, ctx.db);
    keys.iter().map(move |key| keyspace.peek(db, key).and_then(Value::as_set))
}

/// Shows what is in every set, until `f` answers that it is enough. The smallest one comes first.
fn intersect(sets: &[&SetValue], f: &mut impl FnMut(Item<'_>) -> bool) {
    let [smallest, others @ ..] = sets else { return };
    smallest.windows(&mut |window| {
        let mut common = [true; WINDOW];
        for other in others {
            other.contains_window(window, &mut common[..window.len()]);
        }
        window.iter().zip(common).all(|(member, common)| !common || f(*member))
    });
}

/// Shows what is in the first set and in none of the others.
fn subtract(first: &SetValue, others: &[&SetValue], f: &mut impl FnMut(Item<'_>)) {
    first.windows(&mut |window| {
        let mut gone = [false; WINDOW];
        for other in others {
            let mut found = gone.map(|gone| !gone);
            other.contains_window(window, &mut found[..window.len()]);
            gone.iter_mut().zip(found).for_each(|(gone, found)| *gone |= found);
        }
        window.iter().zip(gone).filter(|(_, gone)| !gone).for_each(|(member, _)| f(*member));
        true
    });
}

/// The sets of an intersection, the smallest first; `None` when one is missing.
fn smallest_first<'c>(ctx: &'c Ctx<'_>, keys: Args<'c>) -> Option<Vec<&'c SetValue>> {
    let mut sets = sets(ctx, keys).collect::<Option<Vec<_>>>()?;
    sets.sort_by_key(|set| set.len());
    Some(sets)
}

/// Stores a set, or removes the key when it is empty.
fn store(ctx: &mut Ctx<'_>, key: &[u8], set: Option<SetValue>, event: &'static str) {
    let len = set.as_ref().map_or(0, SetValue::len);
    match set.filter(|set| !set.is_empty()) {
        Some(set) => {
            ctx.srv.keyspace.set(ctx.db, key, Value::Set(set), Ttl::Clear);
            ctx.notify(NotifyFlags::SET, event, key);
        }
        None => {
            if ctx.srv.keyspace.delete(ctx.db, key) {
                ctx.notify(NotifyFlags::GENERIC, "del", key);
            }
        }
    }
    ctx.reply().int(len as i64);
}

fn sinter(ctx: &mut Ctx<'_>) -> Done {
    let keys = ctx.args.skip(1);
    check_types(ctx, keys)?;
    let mut found = Vec::new();
    let (srv, db) = (&*ctx.srv, ctx.db);
    let all = keys.iter().map(|key| srv.keyspace.peek(db, key).and_then(Value::as_set));
    let complete = all.map(|set| set.map(|set| found.push(set))).collect::<Option<()>>().is_some();
    let mut w = Writer::new(ctx.out, ctx.proto);
    if !complete {
        w.set(0);
        return Ok(());
    }
    found.sort_by_key(|set| set.len());
    let (whole, mut shown) = (w.defer(), 0);
    intersect(&found, &mut |member| {
        reply_item(&mut w, member);
        shown += 1;
        true
    });
    w.close_set(whole, shown);
    Ok(())
}

fn sintercard(ctx: &mut Ctx<'_>) -> Done {
    let count = ctx.int(1).ok().filter(|n| *n > 0).ok_or(CommandError::NumKeysZero)?;
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    if count > ctx.argc() - 2 {
        return Err(CommandError::NumKeysTooMany);
    }
    let mut limit = 0;
    for at in (2 + count..ctx.argc()).step_by(2) {
        if !ctx.arg_is(at, "LIMIT") || at + 1 >= ctx.argc() {
            return Err(CommandError::Syntax);
        }
        let n = ctx.int(at + 1).ok().filter(|n| *n >= 0).ok_or(CommandError::LimitNegative)?;
        limit = usize::try_from(n).unwrap_or(usize::MAX);
    }
    let keys: Vec<&[u8]> = (2..2 + count).map(|i| ctx.arg(i)).collect();
    for key in &keys {
        if let Some(value) = ctx.srv.keyspace.lookup(ctx.db, key) {
            set(value)?;
        }
    }
    let found = keys.iter().map(|key| ctx.srv.keyspace.peek(ctx.db, key).and_then(Value::as_set));
    let mut common = 0;
    if let Some(mut sets) = found.collect::<Option<Vec<_>>>() {
        if ctx.srv.knobs.broken(Mutant::SinterFirstOnly) {
            sets.truncate(1);
        }
        sets.sort_by_key(|set| set.len());
        intersect(&sets, &mut |_| {
            common += 1;
            limit == 0 || common < limit
        });
    }
    ctx.reply().int(common as i64);
    Ok(())
}

fn sinterstore(ctx: &mut Ctx<'_>) -> Done {
    let keys = ctx.args.skip(2);
    check_types(ctx, keys)?;
    let (limits, secret) = (ctx.srv.set_limits(), ctx.srv.keyspace.hash_key().clone());
    let made = smallest_first(ctx, keys).map(|sets| {
        let form = if sets[0].form() == SetForm::Ints { SetForm::Ints } else { SetForm::Small };
        let mut made = SetValue::empty(form, &secret);
        intersect(&sets, &mut |member| {
            made.add(member, limits, &secret);
            true
        });
        made.settle(limits);
        made
    });
    store(ctx, ctx.arg(1), made, "sinterstore");
    Ok(())
}

fn sunion(ctx: &mut Ctx<'_>) -> Done {
    let keys = ctx.args.skip(1);
    check_types(ctx, keys)?;
    let secret = ctx.srv.keyspace.hash_key().clone();
    let limits = ctx.srv.set_limits();
    let (srv, db) = (&*ctx.srv, ctx.db);
    let found: Vec<&SetValue> =
        keys.iter().filter_map(|key| srv.keyspace.peek(db, key).and_then(Value::as_set)).collect();
    let mut w = Writer::new(ctx.out, ctx.proto);
    if found.len() > STREAMED_MAX {
        let mut union = SetValue::empty(SetForm::Large, &secret);
        found.iter().for_each(|set| add_all(&mut union, set, limits, &secret));
        w.set(union.len());
        union.for_each(&mut |member| reply_item(&mut w, member));
        return Ok(());
    }
    let (whole, mut shown) = (w.defer(), 0);
    for (i, set) in found.iter().enumerate() {
        subtract(set, &found[..i], &mut |member| {
            reply_item(&mut w, member);
            shown += 1;
        });
    }
    w.close_set(whole, shown);
    Ok(())
}

fn add_all(to: &mut SetValue, from: &SetValue, limits: SetLimits, secret: &HashKey) {
    from.for_each(&mut |member| {
        to.add(member, limits, secret);
    });
}

fn sunionstore(ctx: &mut Ctx<'_>) -> Done {
    let keys = ctx.args.skip(2);
    check_types(ctx, keys)?;
    let (limits, secret) = (ctx.srv.set_limits(), ctx.srv.keyspace.hash_key().clone());
    let mut union = SetValue::empty(SetForm::Ints, &secret);
    for set in sets(ctx, keys).flatten() {
        add_all(&mut union, set, limits, &secret);
    }
    store(ctx, ctx.arg(1), Some(union), "sunionstore");
    Ok(())
}

fn sdiff(ctx: &mut Ctx<'_>) -> Done {
    let keys = ctx.args.skip(1);
    check_types(ctx, keys)?;
    let (srv, db) = (&*ctx.srv, ctx.db);
    let mut sets = keys.iter().map(|key| srv.keyspace.peek(db, key).and_then(Value::as_set));
    let mut w = Writer::new(ctx.out, ctx.proto);
    let Some(Some(first)) = sets.next() else {
        w.set(0);
        return Ok(());
    };
    let others: Vec<&SetValue> = sets.flatten().collect();
    let (whole, mut shown) = (w.defer(), 0);
    subtract(first, &others, &mut |member| {
        reply_item(&mut w, member);
        shown += 1;
    });
    w.close_set(whole, shown);
    Ok(())
}

fn sdiffstore(ctx: &mut Ctx<'_>) -> Done {
    let keys = ctx.args.skip(2);
    check_types(ctx, keys)?;
    let (limits, secret) = (ctx.srv.set_limits(), ctx.srv.keyspace.hash_key().clone());
    let mut all = sets(ctx, keys);
    let first = all.next().flatten();
    let others: Vec<&SetValue> = all.flatten().collect();
    let made = first.map(|first| {
        let mut made = SetValue::empty(SetForm::Ints, &secret);
        if by_lookups(first, &others) {
            subtract(first, &others, &mut |member| {
                made.add(member, limits, &secret);
            });
        } else {
            add_all(&mut made, first, limits, &secret);
            for other in others {
                other.for_each(&mut |member| {
                    made.remove(member);
                });
            }
        }
        made
    });
    store(ctx, ctx.arg(1), made, "sdiffstore");
    Ok(())
}

/// Whether looking every member up in the other sets is less work than taking theirs out of a copy. It decides the
/// encoding of the result, so it is decided as Redis does: half the look-ups, because they often end early.
fn by_lookups(first: &SetValue, others: &[&SetValue]) -> bool {
    let lookups = first.len().saturating_mul(others.len() + 1) / 2;
    let removals = first.len() + others.iter().map(|set| set.len()).sum::<usize>();
    lookups <= removals
}

fn sintercard_keys(args: &Args<'_>) -> Option<Vec<FoundKey>> {
    let n = parse_i64(args.try_get(1)?)?;
    let n = usize::try_from(n).ok().filter(|n| *n > 0 && 2 + *n <= args.len())?;
    Some((2..2 + n).map(|i| (i, KeyFlags::RO | KeyFlags::ACCESS)).collect())
}

pub(super) const ROWS: &[Row] = &[
    Row::new("sdiff", sdiff, -2, Flags::READONLY, Acl::READ.or(Acl::SET).or(Acl::SLOW), Group::Set)
        .keyed(
            (1, -1, 1),
            &[KeySpec {
                begin: Begin::Index(1),
                find: Find::Range(-1, 1, 0),
                flags: KeyFlags::RO.or(KeyFlags::ACCESS),
            }],
        )
        .since("1.0.0")
        .tips(&["nondeterministic_output_order"])
        .doc(
            "Shows the members of the first set that are in none of the others.",
            "O(n) in the number of members of all sets",
            "key...",
        ),
    Row::new(
        "sdiffstore",
        sdiffstore,
        -3,
        Flags::WRITE.or(Flags::DENYOOM),
        Acl::SET.or(Acl::SLOW).or(Acl::WRITE),
        Group::Set,
    )
    .keyed(
        (1, -1, 1),
        &[
            KeySpec {
                begin: Begin::Index(1),
                find: Find::Range(0, 1, 0),
                flags: KeyFlags::OW.or(KeyFlags::UPDATE),
            },
            KeySpec {
                begin: Begin::Index(2),
                find: Find::Range(-1, 1, 0),
                flags: KeyFlags::RO.or(KeyFlags::ACCESS),
            },
        ],
    )
    .since("1.0.0")
    .doc(
        "Stores the members of the first set that are in none of the others.",
        "O(n) in the number of members of all sets",
        "destination key...",
    ),
    Row::new("sinter", sinter, -2, Flags::READONLY, Acl::READ.or(Acl::SET).or(Acl::SLOW), Group::Set)
        .keyed(
            (1, -1, 1),
            &[KeySpec {
                begin: Begin::Index(1),
                find: Find::Range(-1, 1, 0),
                flags: KeyFlags::RO.or(KeyFlags::ACCESS),
            }],
        )
        .since("1.0.0")
        .tips(&["nondeterministic_output_order"])
        .doc(
            "Shows the members that all sets have.",
            "O(n*m), n members in the smallest of m sets",
            "key...",
        ),
    Row::new(
        "sintercard",
        sintercard,
        -3,
        Flags::READONLY.or(Flags::MOVABLEKEYS),
        Acl::READ.or(Acl::SET).or(Acl::SLOW),
        Group::Set,
    )
    .keyed(
        (0, 0, 0),
        &[KeySpec {
            begin: Begin::Index(1),
            find: Find::Count(0, 1, 1),
            flags: KeyFlags::RO.or(KeyFlags::ACCESS),
        }],
    )
    .finder(sintercard_keys)
    .since("7.0.0")
    .doc(
        "Counts the members that all sets have, up to a limit.",
        "O(n*m), n members in the smallest of m sets",
        "numkeys key... [LIMIT limit]",
    ),
    Row::new(
        "sinterstore",
        sinterstore,
        -3,
        Flags::WRITE.or(Flags::DENYOOM),
        Acl::SET.or(Acl::SLOW).or(Acl::WRITE),
        Group::Set,
    )
    .keyed(
        (1, -1, 1),
        &[
            KeySpec {
                begin: Begin::Index(1),
                find: Find::Range(0, 1, 0),
                flags: KeyFlags::RW.or(KeyFlags::UPDATE),
            },
            KeySpec {
                begin: Begin::Index(2),
                find: Find::Range(-1, 1, 0),
                flags: KeyFlags::RO.or(KeyFlags::ACCESS),
            },
        ],
    )
    .since("1.0.0")
    .doc(
        "Stores the members that all sets have.",
        "O(n*m), n members in the smallest of m sets",
        "destination key...",
    ),
    Row::new("sunion", sunion, -2, Flags::READONLY, Acl::READ.or(Acl::SET).or(Acl::SLOW), Group::Set)
        .keyed(
            (1, -1, 1),
            &[KeySpec {
                begin: Begin::Index(1),
                find: Find::Range(-1, 1, 0),
                flags: KeyFlags::RO.or(KeyFlags::ACCESS),
            }],
        )
        .since("1.0.0")
        .tips(&["nondeterministic_output_order"])
        .doc(
            "Shows the members that any of the sets has.",
            "O(n) in the number of members of all sets",
            "key...",
        ),
    Row::new(
        "sunionstore",
        sunionstore,
        -3,
        Flags::WRITE.or(Flags::DENYOOM),
        Acl::SET.or(Acl::SLOW).or(Acl::WRITE),
        Group::Set,
    )
    .keyed(
        (1, -1, 1),
        &[
            KeySpec {
                begin: Begin::Index(1),
                find: Find::Range(0, 1, 0),
                flags: KeyFlags::OW.or(KeyFlags::UPDATE),
            },
            KeySpec {
                begin: Begin::Index(2),
                find: Find::Range(-1, 1, 0),
                flags: KeyFlags::RO.or(KeyFlags::ACCESS),
            },
        ],
    )
    .since("1.0.0")
    .doc(
        "Stores the members that any of the sets has.",
        "O(n) in the number of members of all sets",
        "destination key...",
    ),
];

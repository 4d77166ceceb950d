//! Sets: SPOP and SRANDMEMBER. Source: the Redis documentation of each command.

use super::hash_read::{choice, reply_item};
use super::set::set;
use crate::base::mutant::Mutant;
use crate::config::NotifyFlags;
use crate::engine::Ctx;
use crate::engine::row::{Acl, Begin, Find, Flags, Group, KeyFlags, KeySpec, Row};
use crate::keyspace::Edited;
use crate::resp::{CommandError, Writer};
use crate::value::{Item, SetForm, SetValue, SmallBytes};
use alloc::vec::Vec;

type Done = Result<(), CommandError>;

/// Members of one SREM that stands for a part of a SPOP.
const BATCH: usize = 1024;
/// Rather than popping more than this many times the members that stay, those are taken out instead.
const STAYING_MAX: usize = 5;

fn spop(ctx: &mut Ctx<'_>) -> Done {
    match ctx.argc() {
        2 => pop_one(ctx),
        3 => pop_many(ctx),
        _ => Err(CommandError::Syntax),
    }
}

fn pop_one(ctx: &mut Ctx<'_>) -> Done {
    let key = ctx.arg(1);
    let rng = &mut ctx.srv.rng;
    let edited = ctx.srv.keyspace.edit_elements(ctx.db, key, |value| {
        let Some(set) = value.as_set_mut() else { return (Edited::Nothing, Err(CommandError::WrongType)) };
        let popped = set.pop(rng);
        let emptied = set.is_empty();
        (if emptied { Edited::Emptied(1) } else { Edited::Changed(1) }, Ok((popped, emptied)))
    });
    let Some((Some(member), emptied)) = edited.transpose()? else {
        ctx.reply().null();
        return Ok(());
    };
    ctx.notify(NotifyFlags::SET, "spop", key);
    if !ctx.srv.knobs.broken(Mutant::SpopSentAsIs) {
        ctx.propagate(&[b"SREM", key, member.as_slice()]);
    }
    ctx.reply().bulk(member.as_slice());
    if emptied {
        ctx.notify(NotifyFlags::GENERIC, "del", key);
    }
    Ok(())
}

fn pop_many(ctx: &mut Ctx<'_>) -> Done {
    let key = ctx.arg(1);
    let count = ctx.int(2).ok().and_then(|n| usize::try_from(n).ok()).ok_or(CommandError::NotPositive)?;
    let found = ctx.srv.keyspace.lookup(ctx.db, key);
    let set = found.map(set).transpose()?;
    let Some(set) = set.filter(|_| count > 0) else {
        ctx.reply().set(0);
        return Ok(());
    };
    let len = set.len();
    if count >= len {
        let mut w = Writer::new(ctx.out, ctx.proto);
        w.set(len);
        set.for_each(&mut |member| reply_item(&mut w, member));
        ctx.notify(NotifyFlags::SET, "spop", key);
        ctx.srv.keyspace.delete(ctx.db, key);
        ctx.srv.keyspace.add_dirty(len as u64 - 1);
        let verb: &[u8] = if ctx.srv.config.lazyfree_lazy_server_del { b"UNLINK" } else { b"DEL" };
        ctx.propagate(&[verb, key]);
        ctx.notify(NotifyFlags::GENERIC, "del", key);
        return Ok(());
    }
    ctx.notify(NotifyFlags::SET, "spop", key);
    let popped = pop_part(ctx, key, count);
    for batch in popped.chunks(BATCH) {
        let mut command: Vec<&[u8]> = Vec::with_capacity(2 + batch.len());
        command.extend([&b"SREM"[..], key]);
        command.extend(batch.iter().map(SmallBytes::as_slice));
        ctx.propagate(&command);
    }
    let mut w = ctx.reply();
    w.set(popped.len());
    popped.iter().for_each(|member| w.bulk(member.as_slice()));
    Ok(())
}

/// Takes `count` random members out of a set of more.
fn pop_part(ctx: &mut Ctx<'_>, key: &[u8], count: usize) -> Vec<SmallBytes> {
    let (limits, secret) = (ctx.srv.set_limits(), ctx.srv.keyspace.hash_key().clone());
    let rng = &mut ctx.srv.rng;
    let popped = ctx.srv.keyspace.edit_elements(ctx.db, key, |value| {
        let Some(set) = value.as_set_mut() else { return (Edited::Nothing, Vec::new()) };
        let staying = set.len() - count;
        let changes = Edited::Changed(count as u64);
        if staying * STAYING_MAX > count || set.form() != SetForm::Large {
            return (changes, (0..count).filter_map(|_| set.pop(rng)).collect());
        }
        let mut stay = None;
        for member in (0..staying).filter_map(|_| set.pop(rng)) {
            // The first of those that stay decides the form of the set they make.
            let item = Item::Text(member.as_slice());
            stay.get_or_insert_with(|| SetValue::for_member(item, 1, limits, &secret))
                .add(item, limits, &secret);
        }
        let stay = stay.unwrap_or_else(|| SetValue::empty(SetForm::Small, &secret));
        let gone = core::mem::replace(set, stay);
        let mut popped = Vec::with_capacity(gone.len());
        gone.for_each(&mut |member| popped.extend(member.as_text().map(SmallBytes::new)));
        (changes, popped)
    });
    popped.unwrap_or_default()
}

fn srandmember(ctx: &mut Ctx<'_>) -> Done {
    let many = match ctx.argc() {
        2 => None,
        3 => Some(choice(ctx, 2)?),
        _ => return Err(CommandError::Syntax),
    };
    let found = ctx.srv.keyspace.lookup(ctx.db, ctx.args.get(1));
    let set = found.map(set).transpose()?;
    let mut w = Writer::new(ctx.out, ctx.proto);
    let Some(set) = set else {
        match many {
            Some(_) => w.array(0),
            None => w.null(),
        }
        return Ok(());
    };
    let rng = &mut ctx.srv.rng;
    match many {
        None => set.draw(1, rng, &mut |member| reply_item(&mut w, member)),
        Some(count) => {
            let wanted = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
            if count < 0 {
                w.array(wanted);
                set.draw(wanted, rng, &mut |member| reply_item(&mut w, member));
            } else {
                w.array(wanted.min(set.len()));
                set.sample(wanted, rng, &mut |member| reply_item(&mut w, member));
            }
        }
    }
    Ok(())
}

pub(super) const ROWS: &[Row] = &[
    Row::new(
        "spop",
        spop,
        -2,
        Flags::WRITE.or(Flags::FAST),
        Acl::FAST.or(Acl::SET).or(Acl::WRITE),
        Group::Set,
    )
    .keyed(
        (1, 1, 1),
        &[KeySpec {
            begin: Begin::Index(1),
            find: Find::Range(0, 1, 0),
            flags: KeyFlags::RW.or(KeyFlags::ACCESS).or(KeyFlags::DELETE),
        }],
    )
    .since("1.0.0")
    .tips(&["nondeterministic_output"])
    .doc("Takes members out of a set at random.", "O(n) in the number of members taken", "key [count]"),
    Row::new(
        "srandmember",
        srandmember,
        -2,
        Flags::READONLY,
        Acl::READ.or(Acl::SET).or(Acl::SLOW),
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
    .since("1.0.0")
    .tips(&["nondeterministic_output"])
    .doc(
        "Picks members of a set at random and leaves them there.",
        "O(n) in the number of members picked",
        "key [count]",
    ),
];

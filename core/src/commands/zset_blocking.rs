//! Sorted sets: commands that wait for a member. Source: the Redis documentation of each command.

use super::zset::{read, remove_ranks};
use super::zset_combine::many_keys;
use super::zset_pop::{End, ManyPop, pop_many};
use crate::base::time::Mono;
use crate::engine::Ctx;
use crate::engine::blocked_keys::Wish;
use crate::engine::row::{Acl, Begin, Find, Flags, Group, KeyFlags, KeySpec, Row};
use crate::resp::{CommandError, Writer};
use core::ops::Range;

type Done = Result<(), CommandError>;

fn bzpopmin(ctx: &mut Ctx<'_>) -> Done {
    blocking_pop(ctx, End::Min)
}

fn bzpopmax(ctx: &mut Ctx<'_>) -> Done {
    blocking_pop(ctx, End::Max)
}

fn blocking_pop(ctx: &mut Ctx<'_>, end: End) -> Done {
    let last = ctx.argc() - 1;
    let deadline = ctx.timeout_secs(last)?;
    for i in 1..last {
        let key = ctx.arg(i);
        if !ctx.passes_over(key) && pop_one(ctx, key, end)? {
            return Ok(());
        }
    }
    wait(ctx, 1..last, deadline);
    Ok(())
}

/// Pops a member of a key that has some. Answers whether it had.
fn pop_one(ctx: &mut Ctx<'_>, key: &[u8], end: End) -> Result<bool, CommandError> {
    let Some(set) = read(&mut ctx.srv.keyspace, ctx.db, key)? else { return Ok(false) };
    let ranks = end.ranks(set.len(), 1);
    let Some((member, score)) = set.at(ranks.0) else { return Ok(false) };
    let mut w = Writer::new(ctx.out, ctx.proto);
    w.array(3);
    w.bulk(key);
    w.bulk(member);
    w.double(score);
    ctx.propagate(&[end.verb(), key]);
    remove_ranks(ctx, key, ranks, end.event())?;
    Ok(true)
}

fn bzmpop(ctx: &mut Ctx<'_>) -> Done {
    let pop = ManyPop::parse(ctx, 2)?;
    let deadline = ctx.timeout_secs(1)?;
    for i in pop.keys.clone() {
        let key = ctx.arg(i);
        if !ctx.passes_over(key) && pop_many(ctx, key, pop.end, pop.count)? {
            return Ok(());
        }
    }
    wait(ctx, pop.keys, deadline);
    Ok(())
}

/// Waits for a sorted set in any of the keys; where nothing may wait, answers that there is none.
fn wait(ctx: &mut Ctx<'_>, keys: Range<usize>, deadline: Option<Mono>) {
    let args = ctx.args;
    if !ctx.wait_for_keys(keys.map(|i| args.get(i)), Wish::new("zset", deadline)) {
        ctx.reply().null_array();
    }
}

const POPPED: KeyFlags = KeyFlags::RW.or(KeyFlags::ACCESS).or(KeyFlags::DELETE);
const FAST: Flags = Flags::WRITE.or(Flags::BLOCKING).or(Flags::FAST);
const ACL_FAST: Acl = Acl::BLOCKING.or(Acl::FAST).or(Acl::SORTEDSET).or(Acl::WRITE);
const KEYS: &[KeySpec] = &[KeySpec { begin: Begin::Index(1), find: Find::Range(-2, 1, 0), flags: POPPED }];
const COST: &str = "O(k + log n), k being the number of keys";

pub(super) const ROWS: &[Row] = &[
    Row::new(
        "bzmpop",
        bzmpop,
        -5,
        Flags::WRITE.or(Flags::BLOCKING).or(Flags::MOVABLEKEYS),
        Acl::BLOCKING.or(Acl::SLOW).or(Acl::SORTEDSET).or(Acl::WRITE),
        Group::SortedSet,
    )
    .keyed((0, 0, 0), &[KeySpec { begin: Begin::Index(2), find: Find::Count(0, 1, 1), flags: POPPED }])
    .finder(|args| many_keys(args, 2, POPPED))
    .since("7.0.0")
    .doc(
        "Removes members from the first key that has any, waiting until one does.",
        "O(k + m log n), k being the number of keys and m that of members removed",
        "timeout numkeys key... (MIN|MAX) [COUNT count]",
    ),
    Row::new("bzpopmax", bzpopmax, -3, FAST, ACL_FAST, Group::SortedSet)
        .keyed((1, -2, 1), KEYS)
        .since("5.0.0")
        .doc(
            "Removes the member with the highest score from the first key that has any, waiting until one does.",
            COST,
            "key... timeout",
        ),
    Row::new("bzpopmin", bzpopmin, -3, FAST, ACL_FAST, Group::SortedSet)
        .keyed((1, -2, 1), KEYS)
        .since("5.0.0")
        .doc(
            "Removes the member with the lowest score from the first key that has any, waiting until one does.",
            COST,
            "key... timeout",
        ),
];

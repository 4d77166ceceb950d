//! Lists: commands that wait for an element. Source: the Redis documentation of each command.

use super::list::{announce_pop, remove_from, reply_item};
use super::list_move::{ManyPop, counted_keys, move_element, side};
use crate::base::time::Mono;
use crate::containers::quicklist::End;
use crate::engine::Ctx;
use crate::engine::blocked_keys::Wish;
use crate::engine::keys::FoundKey;
use crate::engine::row::{Acl, Begin, Find, Flags, Group, KeyFlags, KeySpec, Row};
use crate::resp::{Args, CommandError};
use alloc::vec::Vec;

type Done = Result<(), CommandError>;

/// Waits for a list in any of the keys from argument `from` up to `to`; false where nothing may wait.
fn wait(ctx: &mut Ctx<'_>, (from, to): (usize, usize), deadline: Option<Mono>) -> bool {
    let args = ctx.args;
    ctx.wait_for_keys((from..to).map(|i| args.get(i)), Wish::new("list", deadline))
}

fn blpop(ctx: &mut Ctx<'_>) -> Done {
    blocking_pop(ctx, End::Front, b"LPOP")
}

fn brpop(ctx: &mut Ctx<'_>) -> Done {
    blocking_pop(ctx, End::Back, b"RPOP")
}

fn blocking_pop(ctx: &mut Ctx<'_>, end: End, verb: &[u8]) -> Done {
    let last = ctx.argc() - 1;
    let deadline = ctx.timeout_secs(last)?;
    for i in 1..last {
        let key = ctx.arg(i);
        if ctx.passes_over(key) {
            continue;
        }
        let popped = remove_from(ctx, key, |list, mut w| {
            w.array(2);
            w.bulk(key);
            list.pop(end, |item| reply_item(&mut w, item)).map(|()| 1)
        })?;
        if let Some((_, emptied)) = popped {
            ctx.propagate(&[verb, key]);
            announce_pop(ctx, end, key, emptied);
            return Ok(());
        }
    }
    if !wait(ctx, (1, last), deadline) {
        ctx.reply().null_array();
    }
    Ok(())
}

fn blmpop(ctx: &mut Ctx<'_>) -> Done {
    let pop = ManyPop::parse(ctx, 2)?;
    let deadline = ctx.timeout_secs(1)?;
    let (first, end) = (pop.first, pop.first + pop.keys);
    for i in first..end {
        let key = ctx.arg(i);
        if !ctx.passes_over(key) && pop.pop(ctx, key)? {
            return Ok(());
        }
    }
    if !wait(ctx, (first, end), deadline) {
        ctx.reply().null_array();
    }
    Ok(())
}

fn blmpop_keys(args: &Args<'_>) -> Option<Vec<FoundKey>> {
    counted_keys(args, 2)
}

fn blmove(ctx: &mut Ctx<'_>) -> Done {
    let (from, to) = (side(ctx, 3)?, side(ctx, 4)?);
    let deadline = ctx.timeout_secs(5)?;
    if blocking_move(ctx, from, to, deadline)? {
        ctx.propagate(&[b"LMOVE", ctx.arg(1), ctx.arg(2), ctx.arg(3), ctx.arg(4)]);
    }
    Ok(())
}

fn brpoplpush(ctx: &mut Ctx<'_>) -> Done {
    let deadline = ctx.timeout_secs(3)?;
    if blocking_move(ctx, End::Back, End::Front, deadline)? {
        ctx.propagate(&[b"RPOPLPUSH", ctx.arg(1), ctx.arg(2)]);
    }
    Ok(())
}

/// Whether an element was moved; otherwise the client waits or was told that there is none.
fn blocking_move(
    ctx: &mut Ctx<'_>,
    from: End,
    to: End,
    deadline: Option<Mono>,
) -> Result<bool, CommandError> {
    if move_element(ctx, (ctx.arg(1), from), (ctx.arg(2), to))? {
        return Ok(true);
    }
    if !wait(ctx, (1, 2), deadline) {
        ctx.reply().null();
    }
    Ok(false)
}

pub(super) const ROWS: &[Row] = &[
    Row::new(
        "blmove",
        blmove,
        6,
        Flags::WRITE.or(Flags::DENYOOM).or(Flags::BLOCKING),
        Acl::BLOCKING.or(Acl::LIST).or(Acl::SLOW).or(Acl::WRITE),
        Group::List,
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
    .since("6.2.0")
    .doc(
        "Moves an element between lists, waiting for one when there is none.",
        "O(1)",
        "source destination (LEFT|RIGHT) (LEFT|RIGHT) timeout",
    ),
    Row::new(
        "blmpop",
        blmpop,
        -5,
        Flags::WRITE.or(Flags::BLOCKING).or(Flags::MOVABLEKEYS),
        Acl::BLOCKING.or(Acl::LIST).or(Acl::SLOW).or(Acl::WRITE),
        Group::List,
    )
    .keyed(
        (0, 0, 0),
        &[KeySpec {
            begin: Begin::Index(2),
            find: Find::Count(0, 1, 1),
            flags: KeyFlags::RW.or(KeyFlags::ACCESS).or(KeyFlags::DELETE),
        }],
    )
    .finder(blmpop_keys)
    .since("7.0.0")
    .doc(
        "Removes elements from the first list that has any, waiting until one does.",
        "O(n+m) for n keys and m elements",
        "timeout numkeys key... (LEFT|RIGHT) [COUNT count]",
    ),
    Row::new(
        "blpop",
        blpop,
        -3,
        Flags::WRITE.or(Flags::BLOCKING),
        Acl::BLOCKING.or(Acl::LIST).or(Acl::SLOW).or(Acl::WRITE),
        Group::List,
    )
    .keyed(
        (1, -2, 1),
        &[KeySpec {
            begin: Begin::Index(1),
            find: Find::Range(-2, 1, 0),
            flags: KeyFlags::RW.or(KeyFlags::ACCESS).or(KeyFlags::DELETE),
        }],
    )
    .since("2.0.0")
    .doc(
        "Removes the first element of the first list that has any, waiting until one does.",
        "O(n) in the number of keys",
        "key... timeout",
    ),
    Row::new(
        "brpop",
        brpop,
        -3,
        Flags::WRITE.or(Flags::BLOCKING),
        Acl::BLOCKING.or(Acl::LIST).or(Acl::SLOW).or(Acl::WRITE),
        Group::List,
    )
    .keyed(
        (1, -2, 1),
        &[KeySpec {
            begin: Begin::Index(1),
            find: Find::Range(-2, 1, 0),
            flags: KeyFlags::RW.or(KeyFlags::ACCESS).or(KeyFlags::DELETE),
        }],
    )
    .since("2.0.0")
    .doc(
        "Removes the last element of the first list that has any, waiting until one does.",
        "O(n) in the number of keys",
        "key... timeout",
    ),
    Row::new(
        "brpoplpush",
        brpoplpush,
        4,
        Flags::WRITE.or(Flags::DENYOOM).or(Flags::BLOCKING),
        Acl::BLOCKING.or(Acl::LIST).or(Acl::SLOW).or(Acl::WRITE),
        Group::List,
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
    .since("2.2.0")
    .deprecated("6.2.0", "BLMOVE with the RIGHT and LEFT arguments")
    .doc(
        "Moves the last element of a list to the front of another, waiting for one when there is none.",
        "O(1)",
        "source destination timeout",
    ),
];

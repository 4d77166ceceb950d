//! Lists: moving an element from one to another, popping from the first that has any. Source: the Redis documentation
//! of each command.

use super::list::{announce_pop, limit, list, push_all, push_event, remove_from, reply_item, take};
use crate::base::number::IntText;
use crate::config::NotifyFlags;
use crate::containers::quicklist::{End, Item};
use crate::engine::Ctx;
use crate::engine::keys::FoundKey;
use crate::engine::row::{Acl, Begin, Find, Flags, Group, KeyFlags, KeySpec, Row};
use crate::resp::{Args, CommandError};
use alloc::vec::Vec;

type Done = Result<(), CommandError>;

/// LEFT or RIGHT.
pub(super) fn side(ctx: &Ctx<'_>, i: usize) -> Result<End, CommandError> {
    match () {
        () if ctx.arg_is(i, "LEFT") => Ok(End::Front),
        () if ctx.arg_is(i, "RIGHT") => Ok(End::Back),
        () => Err(CommandError::Syntax),
    }
}

/// The list in a key, if the key is there; looked up for writing.
fn is_list(ctx: &mut Ctx<'_>, key: &[u8]) -> Result<bool, CommandError> {
    match ctx.srv.keyspace.lookup(ctx.db, key) {
        Some(value) => list(value).map(|_| true),
        None => Ok(false),
    }
}

/// Moves an element and answers it. False, and no answer, when there is none.
pub(super) fn move_element(
    ctx: &mut Ctx<'_>,
    from: (&[u8], End),
    to: (&[u8], End),
) -> Result<bool, CommandError> {
    if !is_list(ctx, from.0)? {
        return Ok(false);
    }
    is_list(ctx, to.0)?;
    let mut emptied = false;
    let mut moved = None;
    if from.0 == to.0 {
        let limit = limit(ctx);
        ctx.srv.keyspace.update(ctx.db, from.0, |value| {
            let Some(list) = value.as_list_mut() else { return };
            moved = list.pop(from.1, |item| item.to_bytes());
            if let Some(bytes) = &moved {
                list.make_room(bytes.len(), 1, limit);
                list.push(to.1, Item::Big(bytes), limit);
            }
        });
    } else {
        let popped = remove_from(ctx, from.0, |list, _| {
            moved = list.pop(from.1, |item| item.to_bytes());
            Some(0)
        })?;
        emptied = popped.is_some_and(|(_, emptied)| emptied);
        if let Some(bytes) = &moved {
            push_all(ctx, to.0, to.1, core::iter::once(Item::Big(bytes)), true)?;
        }
    }
    let Some(bytes) = moved else { return Ok(false) };
    ctx.notify(NotifyFlags::LIST, push_event(to.1), to.0);
    reply_item(&mut ctx.reply(), Item::Big(&bytes));
    announce_pop(ctx, from.1, from.0, emptied);
    Ok(true)
}

fn lmove(ctx: &mut Ctx<'_>) -> Done {
    let (from, to) = (side(ctx, 3)?, side(ctx, 4)?);
    if !move_element(ctx, (ctx.arg(1), from), (ctx.arg(2), to))? {
        ctx.reply().null();
    }
    Ok(())
}

fn rpoplpush(ctx: &mut Ctx<'_>) -> Done {
    if !move_element(ctx, (ctx.arg(1), End::Back), (ctx.arg(2), End::Front))? {
        ctx.reply().null();
    }
    Ok(())
}

/// What LMPOP and BLMPOP share: where the keys are, which end, how many.
pub(super) struct ManyPop {
    /// Index of the first key.
    pub(super) first: usize,
    /// Number of keys.
    pub(super) keys: usize,
    /// Where elements are taken from.
    pub(super) end: End,
    /// How many at most.
    pub(super) count: usize,
}

impl ManyPop {
    /// Parses from the number of keys on.
    pub(super) fn parse(ctx: &Ctx<'_>, at: usize) -> Result<Self, CommandError> {
        let positive = |i: usize, error| {
            let n = ctx.int(i).ok().filter(|n| *n > 0).ok_or(error)?;
            Ok(usize::try_from(n).unwrap_or(usize::MAX))
        };
        let keys = positive(at, CommandError::NumKeysZero)?;
        let side_at = at.saturating_add(1).saturating_add(keys);
        if side_at >= ctx.argc() {
            return Err(CommandError::Syntax);
        }
        let end = side(ctx, side_at)?;
        let count = match ctx.argc() - side_at - 1 {
            0 => 1,
            2 if ctx.arg_is(side_at + 1, "COUNT") => positive(side_at + 2, CommandError::CountZero)?,
            // A number that is wrong is told before what follows it.
            n if n > 2 && ctx.arg_is(side_at + 1, "COUNT") => {
                positive(side_at + 2, CommandError::CountZero)?;
                return Err(CommandError::Syntax);
            }
            _ => return Err(CommandError::Syntax),
        };
        Ok(Self { first: at + 1, keys, end, count })
    }

    /// Pops from this key and answers; false, and no answer, when it is missing.
    pub(super) fn pop(&self, ctx: &mut Ctx<'_>, key: &[u8]) -> Result<bool, CommandError> {
        let end = self.end;
        let popped = remove_from(ctx, key, |list, mut w| {
            w.array(2);
            w.bulk(key);
            take(list, end, self.count, w)
        })?;
        let Some((count, emptied)) = popped else { return Ok(false) };
        let verb: &[u8] = if end == End::Front { b"LPOP" } else { b"RPOP" };
        ctx.propagate(&[verb, key, IntText::new().u64(count as u64)]);
        announce_pop(ctx, end, key, emptied);
        Ok(true)
    }
}

fn lmpop(ctx: &mut Ctx<'_>) -> Done {
    let pop = ManyPop::parse(ctx, 1)?;
    for i in pop.first..pop.first + pop.keys {
        let key = ctx.arg(i);
        if pop.pop(ctx, key)? {
            return Ok(());
        }
    }
    ctx.reply().null_array();
    Ok(())
}

/// Keys whose number stands at `count_at`.
pub(super) fn counted_keys(args: &Args<'_>, count_at: usize) -> Option<Vec<FoundKey>> {
    let n = crate::base::number::parse_i64(args.try_get(count_at)?)?;
    let n = usize::try_from(n).ok().filter(|n| *n > 0 && count_at + 1 + *n <= args.len())?;
    let flags = KeyFlags::RW | KeyFlags::ACCESS | KeyFlags::DELETE;
    Some((count_at + 1..=count_at + n).map(|i| (i, flags)).collect())
}

fn lmpop_keys(args: &Args<'_>) -> Option<Vec<FoundKey>> {
    counted_keys(args, 1)
}

pub(super) const ROWS: &[Row] = &[
    Row::new(
        "lmove",
        lmove,
        5,
        Flags::WRITE.or(Flags::DENYOOM),
        Acl::LIST.or(Acl::SLOW).or(Acl::WRITE),
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
        "Moves an element from one end of a list to an end of another.",
        "O(1)",
        "source destination (LEFT|RIGHT) (LEFT|RIGHT)",
    ),
    Row::new(
        "lmpop",
        lmpop,
        -4,
        Flags::WRITE.or(Flags::MOVABLEKEYS),
        Acl::LIST.or(Acl::SLOW).or(Acl::WRITE),
        Group::List,
    )
    .keyed(
        (0, 0, 0),
        &[KeySpec {
            begin: Begin::Index(1),
            find: Find::Count(0, 1, 1),
            flags: KeyFlags::RW.or(KeyFlags::ACCESS).or(KeyFlags::DELETE),
        }],
    )
    .finder(lmpop_keys)
    .since("7.0.0")
    .doc(
        "Removes elements from the first list that has any.",
        "O(n+m) for n keys and m elements",
        "numkeys key... (LEFT|RIGHT) [COUNT count]",
    ),
    Row::new(
        "rpoplpush",
        rpoplpush,
        3,
        Flags::WRITE.or(Flags::DENYOOM),
        Acl::LIST.or(Acl::SLOW).or(Acl::WRITE),
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
    .since("1.2.0")
    .deprecated("6.2.0", "LMOVE with the RIGHT and LEFT arguments")
    .doc("Moves the last element of a list to the front of another.", "O(1)", "source destination"),
];

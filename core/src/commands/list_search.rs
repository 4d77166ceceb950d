//! Lists: finding elements, and what is done where they are found: LINSERT, LREM, LPOS. Source: the Redis documentation
//! of each command.

use super::list::{announce_end, item, limit, list, remove_from};
use crate::config::NotifyFlags;
use crate::containers::quicklist::Needle;
use crate::engine::Ctx;
use crate::engine::row::{Acl, Begin, Find, Flags, Group, KeyFlags, KeySpec, Row};
use crate::resp::{CommandError, Writer};
use crate::value::List;

type Done = Result<(), CommandError>;

fn linsert(ctx: &mut Ctx<'_>) -> Done {
    let after = match () {
        () if ctx.arg_is(2, "AFTER") => true,
        () if ctx.arg_is(2, "BEFORE") => false,
        () => return Err(CommandError::Syntax),
    };
    let (key, limit) = (ctx.arg(1), limit(ctx));
    let (pivot, new) = (Needle::new(ctx.arg(3)), item(ctx, 4));
    let found = match ctx.srv.keyspace.lookup(ctx.db, key) {
        Some(value) => list(value)?.range(0, usize::MAX, true).position(|item| pivot.is(item)),
        None => {
            ctx.reply().int(0);
            return Ok(());
        }
    };
    let Some(at) = found else {
        ctx.reply().int(-1);
        return Ok(());
    };
    let len = ctx.srv.keyspace.update(ctx.db, key, |value| match value.as_list_mut() {
        Some(list) => {
            list.make_room(new.text_len(), 1, limit);
            list.insert(at, after, new, limit);
            list.len()
        }
        None => 0,
    });
    ctx.notify(NotifyFlags::LIST, "linsert", key);
    ctx.reply().int(len.unwrap_or(0) as i64);
    Ok(())
}

fn lrem(ctx: &mut Ctx<'_>) -> Done {
    let key = ctx.arg(1);
    let count = ctx.int(2)?;
    let needle = Needle::new(ctx.arg(3));
    let max = if count == 0 { usize::MAX } else { count.unsigned_abs() as usize };
    let removed = remove_from(ctx, key, |list, _| {
        Some(list.remove_equal(needle, max, count < 0)).filter(|removed| *removed > 0)
    })?;
    let (removed, emptied) = removed.unwrap_or((0, false));
    if removed > 0 {
        ctx.notify(NotifyFlags::LIST, "lrem", key);
        announce_end(ctx, key, emptied);
    }
    ctx.reply().int(removed as i64);
    Ok(())
}

/// The options of LPOS.
struct Search {
    rank: i64,
    count: Option<usize>,
    max: usize,
}

impl Search {
    fn parse(ctx: &Ctx<'_>) -> Result<Self, CommandError> {
        let mut search = Self { rank: 1, count: None, max: 0 };
        let natural = |i: usize, error| {
            let n = ctx.int(i).map_err(|_| error)?;
            usize::try_from(n).map_err(|_| error)
        };
        for at in (3..ctx.argc()).step_by(2) {
            if at + 1 >= ctx.argc() {
                return Err(CommandError::Syntax);
            }
            if ctx.arg_is(at, "RANK") {
                search.rank = ctx.int(at + 1)?;
                match search.rank {
                    0 => return Err(CommandError::LposRank),
                    i64::MIN => return Err(CommandError::NotBetween(-i64::MAX, i64::MAX)),
                    _ => {}
                }
            } else if ctx.arg_is(at, "COUNT") {
                search.count = Some(natural(at + 1, CommandError::LposCount)?);
            } else if ctx.arg_is(at, "MAXLEN") {
                search.max = natural(at + 1, CommandError::LposMaxLen)?;
            } else {
                return Err(CommandError::Syntax);
            }
        }
        Ok(search)
    }

    /// Hands the places of the matches to `found` until it answers false.
    fn run(&self, list: &List, needle: Needle<'_>, mut found: impl FnMut(usize) -> bool) {
        let len = list.len();
        let max = if self.max == 0 { usize::MAX } else { self.max };
        let mut skip = self.rank.unsigned_abs() - 1;
        let first = if self.rank > 0 { 0 } else { len.saturating_sub(1) };
        for (n, item) in list.range(first, max, self.rank > 0).enumerate() {
            if !needle.is(item) {
                continue;
            }
            if skip > 0 {
                skip -= 1;
            } else if !found(if self.rank > 0 { n } else { first - n }) {
                return;
            }
        }
    }
}

fn lpos(ctx: &mut Ctx<'_>) -> Done {
    let search = Search::parse(ctx)?;
    let needle = Needle::new(ctx.arg(2));
    let value = ctx.srv.keyspace.lookup(ctx.db, ctx.args.get(1));
    let list = value.map(list).transpose()?;
    let mut w = Writer::new(ctx.out, ctx.proto);
    let Some(count) = search.count else {
        let mut first = None;
        if let Some(list) = list {
            search.run(list, needle, |at| {
                first = Some(at);
                false
            });
        }
        match first {
            Some(at) => w.int(at as i64),
            None => w.null(),
        }
        return Ok(());
    };
    let Some(list) = list else {
        w.array(0);
        return Ok(());
    };
    let deferred = w.defer();
    let mut matches = 0;
    search.run(list, needle, |at| {
        w.int(at as i64);
        matches += 1;
        matches != count
    });
    w.close_array(deferred, matches);
    Ok(())
}

pub(super) const ROWS: &[Row] = &[
    Row::new(
        "linsert",
        linsert,
        5,
        Flags::WRITE.or(Flags::DENYOOM),
        Acl::LIST.or(Acl::SLOW).or(Acl::WRITE),
        Group::List,
    )
    .keyed(
        (1, 1, 1),
        &[KeySpec {
            begin: Begin::Index(1),
            find: Find::Range(0, 1, 0),
            flags: KeyFlags::RW.or(KeyFlags::INSERT),
        }],
    )
    .since("2.2.0")
    .doc(
        "Puts an element before or after another one.",
        "O(n) in the elements looked at; O(1) at the front",
        "key (BEFORE|AFTER) pivot element",
    ),
    Row::new("lpos", lpos, -3, Flags::READONLY, Acl::LIST.or(Acl::READ).or(Acl::SLOW), Group::List)
        .keyed(
            (1, 1, 1),
            &[KeySpec {
                begin: Begin::Index(1),
                find: Find::Range(0, 1, 0),
                flags: KeyFlags::RO.or(KeyFlags::ACCESS),
            }],
        )
        .since("6.0.6")
        .doc(
            "Looks for an element and tells where it is.",
            "O(n) in the elements looked at",
            "key element [RANK rank] [COUNT num-matches] [MAXLEN len]",
        ),
    Row::new("lrem", lrem, 4, Flags::WRITE, Acl::LIST.or(Acl::SLOW).or(Acl::WRITE), Group::List)
        .keyed(
            (1, 1, 1),
            &[KeySpec {
                begin: Begin::Index(1),
                find: Find::Range(0, 1, 0),
                flags: KeyFlags::RW.or(KeyFlags::DELETE),
            }],
        )
        .since("1.0.0")
        .doc(
            "Removes elements that are equal to one.",
            "O(n) in the length of the list",
            "key count element",
        ),
];

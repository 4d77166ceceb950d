//! Lists: reading elements and looking for them. Source: the Redis documentation of each command.

use super::list::{between, list, place, reply_item};
use crate::containers::quicklist::Needle;
use crate::engine::Ctx;
use crate::engine::row::{Acl, Begin, Find, Flags, Group, KeyFlags, KeySpec, Row};
use crate::resp::{CommandError, Writer};
use crate::value::List;

type Done = Result<(), CommandError>;

fn llen(ctx: &mut Ctx<'_>) -> Done {
    let len = match ctx.srv.keyspace.lookup(ctx.db, ctx.arg(1)) {
        Some(value) => list(value)?.len(),
        None => 0,
    };
    ctx.reply().int(len as i64);
    Ok(())
}

fn lindex(ctx: &mut Ctx<'_>) -> Done {
    let Some(value) = ctx.srv.keyspace.lookup(ctx.db, ctx.args.get(1)) else {
        ctx.reply().null();
        return Ok(());
    };
    let list = list(value)?;
    let index = crate::base::number::parse_i64(ctx.args.get(2)).ok_or(CommandError::NotInteger)?;
    let mut w = Writer::new(ctx.out, ctx.proto);
    match place(index, list.len()).and_then(|at| list.get(at)) {
        Some(item) => reply_item(&mut w, item),
        None => w.null(),
    }
    Ok(())
}

fn lrange(ctx: &mut Ctx<'_>) -> Done {
    let (start, end) = (ctx.int(2)?, ctx.int(3)?);
    let Some(value) = ctx.srv.keyspace.lookup(ctx.db, ctx.args.get(1)) else {
        ctx.reply().array(0);
        return Ok(());
    };
    let list = list(value)?;
    let mut w = Writer::new(ctx.out, ctx.proto);
    match between(start, end, list.len()) {
        Some((first, last)) => {
            let count = last - first + 1;
            w.array(count);
            list.range(first, count, true).for_each(|item| reply_item(&mut w, item));
        }
        None => w.array(0),
    }
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
    Row::new("lindex", lindex, 3, Flags::READONLY, Acl::LIST.or(Acl::READ).or(Acl::SLOW), Group::List)
        .keyed(
            (1, 1, 1),
            &[KeySpec {
                begin: Begin::Index(1),
                find: Find::Range(0, 1, 0),
                flags: KeyFlags::RO.or(KeyFlags::ACCESS),
            }],
        )
        .since("1.0.0")
        .doc(
            "Tells the element at an index.",
            "O(n) in the nodes and elements passed over; O(1) at both ends",
            "key index",
        ),
    Row::new(
        "llen",
        llen,
        2,
        Flags::READONLY.or(Flags::FAST),
        Acl::FAST.or(Acl::LIST).or(Acl::READ),
        Group::List,
    )
    .keyed((1, 1, 1), &[KeySpec { begin: Begin::Index(1), find: Find::Range(0, 1, 0), flags: KeyFlags::RO }])
    .since("1.0.0")
    .doc("Tells how many elements a list has.", "O(1)", "key"),
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
    Row::new("lrange", lrange, 4, Flags::READONLY, Acl::LIST.or(Acl::READ).or(Acl::SLOW), Group::List)
        .keyed(
            (1, 1, 1),
            &[KeySpec {
                begin: Begin::Index(1),
                find: Find::Range(0, 1, 0),
                flags: KeyFlags::RO.or(KeyFlags::ACCESS),
            }],
        )
        .since("1.0.0")
        .doc(
            "Tells the elements between two indexes.",
            "O(s+n) for n elements that are s away from the nearer end",
            "key start stop",
        ),
];

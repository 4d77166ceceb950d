//! Sorted sets: ranges by rank, score and member. Source: the Redis documentation of each command.

use super::zset::{READ, REMOVE, first_key, limits, read, remove_ranks, store, write_members};
use crate::base::number::parse_float;
use crate::engine::Ctx;
use crate::engine::row::{Acl, Begin, Find, Flags, Group, KeyFlags, KeySpec, Row};
use crate::resp::{CommandError, Writer};
use crate::value::ZSet;

type Done = Result<(), CommandError>;

/// A range as a command names it, the lower end first.
#[derive(Clone, Copy)]
pub(super) enum Span<'a> {
    /// From and to these ranks, both included; negative ones count from the end.
    Rank(i64, i64),
    /// Between these scores.
    Score(ScoreEnd, ScoreEnd),
    /// Between these members, where all scores are equal.
    Lex(LexEnd<'a>, LexEnd<'a>),
}

/// One end of a range of scores.
#[derive(Clone, Copy)]
pub(super) struct ScoreEnd {
    pub(super) score: f64,
    pub(super) exclusive: bool,
}

/// One end of a range of members.
#[derive(Clone, Copy)]
pub(super) enum LexEnd<'a> {
    /// Before every member.
    First,
    /// After every member.
    Last,
    Included(&'a [u8]),
    Excluded(&'a [u8]),
}

/// What the numbers of a range mean.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    Rank,
    Score,
    Lex,
}

impl ScoreEnd {
    fn parse(text: &[u8]) -> Option<Self> {
        let (exclusive, text) = match text {
            [b'(', rest @ ..] => (true, rest),
            _ => (false, text),
        };
        Some(Self { score: lenient_float(text)?, exclusive })
    }
}

/// A number as the ends of ranges are read: unlike elsewhere, blanks in front are skipped, nothing at all is zero, and
/// what is too large is infinite.
fn lenient_float(text: &[u8]) -> Option<f64> {
    if text.is_empty() {
        return Some(0.0);
    }
    let text = text.trim_ascii_start();
    parse_float(text).or_else(|| {
        let decimal = text.iter().all(|b| b.is_ascii_digit() || b"+-.eE".contains(b));
        core::str::from_utf8(text).ok().filter(|_| decimal)?.parse().ok()
    })
}

impl<'a> LexEnd<'a> {
    fn parse(text: &'a [u8]) -> Option<Self> {
        match text {
            b"-" => Some(Self::First),
            b"+" => Some(Self::Last),
            [b'[', member @ ..] => Some(Self::Included(member)),
            [b'(', member @ ..] => Some(Self::Excluded(member)),
            _ => None,
        }
    }
}

impl<'a> Span<'a> {
    /// A range whose lower and upper end stand in these arguments.
    fn parse(ctx: &Ctx<'a>, by: By, low: usize, high: usize) -> Result<Self, CommandError> {
        match by {
            By::Rank => Ok(Self::Rank(ctx.int(low)?, ctx.int(high)?)),
            By::Score => {
                let end = |i| ScoreEnd::parse(ctx.arg(i)).ok_or(CommandError::RangeNotFloat);
                Ok(Self::Score(end(low)?, end(high)?))
            }
            By::Lex => {
                let end = |i| LexEnd::parse(ctx.arg(i)).ok_or(CommandError::RangeNotLex);
                Ok(Self::Lex(end(low)?, end(high)?))
            }
        }
    }

    /// The ranks it covers, the end excluded. With `reverse`, given ranks count from the highest score.
    pub(super) fn ranks(&self, set: &ZSet, reverse: bool) -> (usize, usize) {
        let (from, to) = match *self {
            Self::Rank(start, end) => return rank_range(start, end, set.len(), reverse),
            Self::Score(min, max) => {
                (set.rank_of_score(min.score, min.exclusive), set.rank_of_score(max.score, !max.exclusive))
            }
            Self::Lex(min, max) => (lex_rank(set, min, false), lex_rank(set, max, true)),
        };
        (from.min(to), to)
    }
}

fn lex_rank(set: &ZSet, end: LexEnd<'_>, upper: bool) -> usize {
    match end {
        LexEnd::First => 0,
        LexEnd::Last => set.len(),
        LexEnd::Included(member) => set.rank_of_member(member, upper),
        LexEnd::Excluded(member) => set.rank_of_member(member, !upper),
    }
}

fn rank_range(start: i64, end: i64, len: usize, reverse: bool) -> (usize, usize) {
    let len = len as i64;
    let place = |at: i64| if at < 0 { at.saturating_add(len) } else { at };
    let (start, end) = (place(start).max(0), place(end).min(len - 1));
    if start > end {
        return (0, 0);
    }
    let (from, to) = if reverse { (len - 1 - end, len - start) } else { (start, end + 1) };
    (from as usize, to as usize)
}

/// The ranks that LIMIT leaves of a range. A negative offset leaves nothing, a negative count everything.
fn limited((from, to): (usize, usize), offset: i64, count: i64, reverse: bool) -> (usize, usize) {
    let Ok(offset) = usize::try_from(offset) else { return (from, from) };
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    if reverse {
        let to = to.saturating_sub(offset).max(from);
        (from.max(to.saturating_sub(count)), to)
    } else {
        let from = from.saturating_add(offset).min(to);
        (from, to.min(from.saturating_add(count)))
    }
}

/// What a command of the ZRANGE family asks for.
struct Query<'a> {
    span: Span<'a>,
    reverse: bool,
    with_scores: bool,
    limit: Option<(i64, i64)>,
}

impl<'a> Query<'a> {
    /// Reads the ends at `at` and `at + 1`, and the options behind them. What is given as `None` is an option.
    fn parse(
        ctx: &Ctx<'a>,
        at: usize,
        by: Option<By>,
        reverse: Option<bool>,
        stored: bool,
    ) -> Result<Self, CommandError> {
        let (mut wanted_by, mut wanted_reverse) = (by, reverse);
        let (mut with_scores, mut limit) = (false, (0, -1));
        let mut i = at + 2;
        while i < ctx.argc() {
            let word = |w: &str| ctx.arg_is(i, w);
            match () {
                () if !stored && word("WITHSCORES") => with_scores = true,
                () if word("LIMIT") && i + 2 < ctx.argc() => {
                    limit = (ctx.int(i + 1)?, ctx.int(i + 2)?);
                    i += 2;
                }
                () if wanted_reverse.is_none() && word("REV") => wanted_reverse = Some(true),
                () if wanted_by.is_none() && word("BYLEX") => wanted_by = Some(By::Lex),
                () if wanted_by.is_none() && word("BYSCORE") => wanted_by = Some(By::Score),
                () => return Err(CommandError::Syntax),
            }
            i += 1;
        }
        let (by, reverse) = (wanted_by.unwrap_or(By::Rank), wanted_reverse.unwrap_or(false));
        if limit.1 != -1 && by == By::Rank {
            return Err(CommandError::RangeLimit);
        }
        if with_scores && by == By::Lex {
            return Err(CommandError::RangeWithScores);
        }
        let (low, high) = if reverse && by != By::Rank { (at + 1, at) } else { (at, at + 1) };
        let span = Span::parse(ctx, by, low, high)?;
        Ok(Self { span, reverse, with_scores, limit: (by != By::Rank).then_some(limit) })
    }

    fn ranks(&self, set: &ZSet) -> (usize, usize) {
        let ranks = self.span.ranks(set, self.reverse);
        match self.limit {
            Some((offset, count)) => limited(ranks, offset, count, self.reverse),
            None => ranks,
        }
    }
}

fn zrange(ctx: &mut Ctx<'_>) -> Done {
    range(ctx, None, None)
}

fn zrevrange(ctx: &mut Ctx<'_>) -> Done {
    range(ctx, Some(By::Rank), Some(true))
}

fn zrangebyscore(ctx: &mut Ctx<'_>) -> Done {
    range(ctx, Some(By::Score), Some(false))
}

fn zrevrangebyscore(ctx: &mut Ctx<'_>) -> Done {
    range(ctx, Some(By::Score), Some(true))
}

fn zrangebylex(ctx: &mut Ctx<'_>) -> Done {
    range(ctx, Some(By::Lex), Some(false))
}

fn zrevrangebylex(ctx: &mut Ctx<'_>) -> Done {
    range(ctx, Some(By::Lex), Some(true))
}

fn range(ctx: &mut Ctx<'_>, by: Option<By>, reverse: Option<bool>) -> Done {
    let query = Query::parse(ctx, 2, by, reverse, false)?;
    let set = read(&mut ctx.srv.keyspace, ctx.db, ctx.args.get(1))?;
    let mut w = Writer::new(ctx.out, ctx.proto);
    let Some(set) = set else {
        w.array(0);
        return Ok(());
    };
    let (from, to) = query.ranks(set);
    let members = if query.reverse { set.range_back(from, to) } else { set.range(from, to) };
    write_members(&mut w, members, to - from, query.with_scores);
    Ok(())
}

fn zrangestore(ctx: &mut Ctx<'_>) -> Done {
    let query = Query::parse(ctx, 3, None, None, true)?;
    let limits = limits(ctx);
    let mut found = ZSet::new(0, 0, &limits);
    if let Some(set) = read(&mut ctx.srv.keyspace, ctx.db, ctx.args.get(2))? {
        let (from, to) = query.ranks(set);
        if query.limit.is_none() {
            found.expect(to - from, &limits);
        }
        // One by one, because a listpack on the way forgets negative zeros, whatever becomes of it later.
        let members = if query.reverse { set.range_back(from, to) } else { set.range(from, to) };
        for (member, score) in members {
            found.update(member, &limits, |_| Some(score));
        }
    }
    let len = store(ctx, ctx.arg(1), found, "zrangestore");
    ctx.reply().int(len as i64);
    Ok(())
}

fn zcount(ctx: &mut Ctx<'_>) -> Done {
    count(ctx, By::Score)
}

fn zlexcount(ctx: &mut Ctx<'_>) -> Done {
    count(ctx, By::Lex)
}

fn count(ctx: &mut Ctx<'_>, by: By) -> Done {
    let span = Span::parse(ctx, by, 2, 3)?;
    let ranks = read(&mut ctx.srv.keyspace, ctx.db, ctx.args.get(1))?.map(|set| span.ranks(set, false));
    let (from, to) = ranks.unwrap_or_default();
    ctx.reply().int((to - from) as i64);
    Ok(())
}

fn zremrangebyrank(ctx: &mut Ctx<'_>) -> Done {
    remove(ctx, By::Rank, "zremrangebyrank")
}

fn zremrangebyscore(ctx: &mut Ctx<'_>) -> Done {
    remove(ctx, By::Score, "zremrangebyscore")
}

fn zremrangebylex(ctx: &mut Ctx<'_>) -> Done {
    remove(ctx, By::Lex, "zremrangebylex")
}

fn remove(ctx: &mut Ctx<'_>, by: By, event: &str) -> Done {
    let key = ctx.arg(1);
    let span = Span::parse(ctx, by, 2, 3)?;
    let ranks = read(&mut ctx.srv.keyspace, ctx.db, key)?.map(|set| span.ranks(set, false));
    let (from, to) = ranks.unwrap_or_default();
    if from < to {
        remove_ranks(ctx, key, (from, to), event)?;
    }
    ctx.reply().int((to - from) as i64);
    Ok(())
}

const ACL_READ: Acl = Acl::READ.or(Acl::SLOW).or(Acl::SORTEDSET);
const ACL_WRITE: Acl = Acl::SLOW.or(Acl::SORTEDSET).or(Acl::WRITE);
const ACL_COUNT: Acl = Acl::FAST.or(Acl::READ).or(Acl::SORTEDSET);
const COST: &str = "O(log n + m), m being the number of members returned";
const COST_REMOVE: &str = "O(m log n), m being the number of members removed";

pub(super) const ROWS: &[Row] = &[
    Row::new("zcount", zcount, 4, Flags::READONLY.or(Flags::FAST), ACL_COUNT, Group::SortedSet)
        .keyed((1, 1, 1), READ)
        .since("2.0.0")
        .doc("Counts the members with a score in a range.", "O(log n)", "key min max"),
    Row::new("zlexcount", zlexcount, 4, Flags::READONLY.or(Flags::FAST), ACL_COUNT, Group::SortedSet)
        .keyed((1, 1, 1), READ)
        .since("2.8.9")
        .doc("Counts the members between two, where all scores are equal.", "O(log n)", "key min max"),
    Row::new("zrange", zrange, -4, Flags::READONLY, ACL_READ, Group::SortedSet)
        .keyed((1, 1, 1), READ)
        .since("1.2.0")
        .doc(
            "Lists the members in a range of ranks, scores or members.",
            COST,
            "key start stop [BYSCORE|BYLEX] [REV] [LIMIT offset count] [WITHSCORES]",
        ),
    Row::new("zrangebylex", zrangebylex, -4, Flags::READONLY, ACL_READ, Group::SortedSet)
        .keyed((1, 1, 1), READ)
        .since("2.8.9")
        .deprecated("6.2.0", "ZRANGE with the BYLEX argument")
        .doc(
            "Lists the members between two, where all scores are equal.",
            COST,
            "key min max [LIMIT offset count]",
        ),
    Row::new("zrangebyscore", zrangebyscore, -4, Flags::READONLY, ACL_READ, Group::SortedSet)
        .keyed((1, 1, 1), READ)
        .since("1.0.5")
        .deprecated("6.2.0", "ZRANGE with the BYSCORE argument")
        .doc(
            "Lists the members with a score in a range.",
            COST,
            "key min max [WITHSCORES] [LIMIT offset count]",
        ),
    Row::new("zrangestore", zrangestore, -5, Flags::WRITE.or(Flags::DENYOOM), ACL_WRITE, Group::SortedSet)
        .keyed(
            (1, 2, 1),
            &[
                first_key(KeyFlags::OW.or(KeyFlags::UPDATE)),
                KeySpec {
                    begin: Begin::Index(2),
                    find: Find::Range(0, 1, 0),
                    flags: KeyFlags::RO.or(KeyFlags::ACCESS),
                },
            ],
        )
        .since("6.2.0")
        .doc(
            "Stores a range of a sorted set under another key.",
            "O(log n + m), m being the number of members stored",
            "dst src min max [BYSCORE|BYLEX] [REV] [LIMIT offset count]",
        ),
    Row::new("zremrangebylex", zremrangebylex, 4, Flags::WRITE, ACL_WRITE, Group::SortedSet)
        .keyed((1, 1, 1), REMOVE)
        .since("2.8.9")
        .doc("Removes the members between two, where all scores are equal.", COST_REMOVE, "key min max"),
    Row::new("zremrangebyrank", zremrangebyrank, 4, Flags::WRITE, ACL_WRITE, Group::SortedSet)
        .keyed((1, 1, 1), REMOVE)
        .since("2.0.0")
        .doc("Removes the members in a range of ranks.", COST_REMOVE, "key start stop"),
    Row::new("zremrangebyscore", zremrangebyscore, 4, Flags::WRITE, ACL_WRITE, Group::SortedSet)
        .keyed((1, 1, 1), REMOVE)
        .since("1.2.0")
        .doc("Removes the members with a score in a range.", COST_REMOVE, "key min max"),
    Row::new("zrevrange", zrevrange, -4, Flags::READONLY, ACL_READ, Group::SortedSet)
        .keyed((1, 1, 1), READ)
        .since("1.2.0")
        .deprecated("6.2.0", "ZRANGE with the REV argument")
        .doc(
            "Lists the members in a range of ranks, highest score first.",
            COST,
            "key start stop [WITHSCORES]",
        ),
    Row::new("zrevrangebylex", zrevrangebylex, -4, Flags::READONLY, ACL_READ, Group::SortedSet)
        .keyed((1, 1, 1), READ)
        .since("2.8.9")
        .deprecated("6.2.0", "ZRANGE with the REV and BYLEX arguments")
        .doc(
            "Lists the members between two, where all scores are equal, the last one first.",
            COST,
            "key max min [LIMIT offset count]",
        ),
    Row::new("zrevrangebyscore", zrevrangebyscore, -4, Flags::READONLY, ACL_READ, Group::SortedSet)
        .keyed((1, 1, 1), READ)
        .since("2.2.0")
        .deprecated("6.2.0", "ZRANGE with the REV and BYSCORE arguments")
        .doc(
            "Lists the members with a score in a range, highest score first.",
            COST,
            "key max min [WITHSCORES] [LIMIT offset count]",
        ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_of_ranges() {
        let score = |text: &str| ScoreEnd::parse(text.as_bytes()).map(|end| (end.score, end.exclusive));
        assert_eq!(score("1.5"), Some((1.5, false)));
        assert_eq!(score("(1e3"), Some((1000.0, true)));
        assert_eq!(score("-inf"), Some((f64::NEG_INFINITY, false)));
        assert_eq!(score("(+Infinity"), Some((f64::INFINITY, true)));
        assert_eq!(
            (score(""), score("("), score(" \t7")),
            (Some((0.0, false)), Some((0.0, true)), Some((7.0, false)))
        );
        assert_eq!((score("1e999"), score("-1e-999")), (Some((f64::INFINITY, false)), Some((-0.0, false))));
        for bad in ["nan", "1 ", "x", " ", "((1", "1e", "[1"] {
            assert_eq!(score(bad), None, "{bad}");
        }
        assert!(matches!(LexEnd::parse(b"[a"), Some(LexEnd::Included(b"a"))));
        assert!(matches!(LexEnd::parse(b"("), Some(LexEnd::Excluded(b""))));
        assert!(
            LexEnd::parse(b"a").is_none() && LexEnd::parse(b"").is_none() && LexEnd::parse(b"--").is_none()
        );
    }

    #[test]
    fn ranks_and_limits() {
        assert_eq!(rank_range(0, -1, 5, false), (0, 5));
        assert_eq!(rank_range(1, 2, 5, true), (2, 4));
        assert_eq!(rank_range(-2, 100, 5, false), (3, 5));
        assert_eq!(rank_range(-100, -4, 5, true), (3, 5));
        assert_eq!(rank_range(i64::MIN, i64::MIN, 5, false), (0, 0));
        assert_eq!(rank_range(5, 9, 5, false), (0, 0));
        assert_eq!(limited((2, 9), 1, 3, false), (3, 6));
        assert_eq!(limited((2, 9), 1, 3, true), (5, 8));
        assert_eq!(limited((2, 9), 0, -1, true), (2, 9));
        assert_eq!(limited((2, 9), 99, 1, false), (9, 9));
        assert_eq!(limited((2, 9), 99, 1, true), (2, 2));
        assert_eq!(limited((2, 9), -1, 1, false), (2, 2));
    }
}

//! Sorted sets: members and their scores one by one. Source: the Redis documentation of each command.

use crate::base::mutant::Mutant;
use crate::base::number::parse_float;
use crate::config::NotifyFlags;
use crate::contract::DbIndex;
use crate::engine::Ctx;
use crate::engine::row::{Acl, Begin, Find, Flags, Group, KeyFlags, KeySpec, Row};
use crate::keyspace::{Keyspace, Ttl};
use crate::resp::{Bulks, CommandError, Proto, Writer};
use crate::value::{Value, ZChange, ZSet, ZSetLimits};
use alloc::vec::Vec;

type Done = Result<(), CommandError>;

/// The sorted set in a value, or the refusal of another type.
pub(super) fn zset(value: &Value) -> Result<&ZSet, CommandError> {
    value.as_zset().ok_or(CommandError::WrongType)
}

/// The sorted set in a key for reading.
pub(super) fn read<'k>(
    keyspace: &'k mut Keyspace,
    db: DbIndex,
    key: &[u8],
) -> Result<Option<&'k ZSet>, CommandError> {
    keyspace.lookup(db, key).map(zset).transpose()
}

/// Changes the sorted set in a key. `f` answers whether it did. `None` when the key is missing.
pub(super) fn edit<R>(
    ctx: &mut Ctx<'_>,
    key: &[u8],
    f: impl FnOnce(&mut ZSet) -> (bool, R),
) -> Result<Option<R>, CommandError> {
    let edited = ctx.srv.keyspace.update_if(ctx.db, key, |value| match value.as_zset_mut() {
        Some(set) => {
            let (changed, result) = f(set);
            (changed, Ok(result))
        }
        None => (false, Err(CommandError::WrongType)),
    });
    edited.transpose()
}

/// What the directives say of encodings.
pub(super) fn limits(ctx: &Ctx<'_>) -> ZSetLimits {
    let config = &ctx.srv.config;
    ZSetLimits {
        entries: usize::try_from(config.zset_max_listpack_entries).unwrap_or(usize::MAX),
        value: usize::try_from(config.zset_max_listpack_value).unwrap_or(usize::MAX),
        hash: ctx.srv.keyspace.hash_key().clone(),
    }
}

/// Writes members, with or without their scores. `n` is how many there are.
pub(super) fn write_members<'m>(
    w: &mut Writer<'_>,
    members: impl Iterator<Item = (&'m [u8], f64)>,
    n: usize,
    with_scores: bool,
) {
    let pairs = with_scores && w.proto() == Proto::Resp3;
    w.array(if with_scores && !pairs { 2 * n } else { n });
    if !with_scores {
        let mut bulks = Bulks::new(w);
        return members.for_each(|(member, _)| bulks.bulk(member));
    }
    for (member, score) in members {
        if pairs {
            w.array(2);
        }
        w.bulk(member);
        w.double(score);
    }
}

/// Stores a sorted set in place of what was there, or deletes that when there are no members. Answers how many.
pub(super) fn store(ctx: &mut Ctx<'_>, key: &[u8], set: ZSet, event: &str) -> usize {
    let len = set.len();
    if len > 0 {
        ctx.srv.keyspace.set(ctx.db, key, Value::ZSet(set), Ttl::Clear);
        ctx.notify(NotifyFlags::ZSET, event, key);
    } else if ctx.srv.keyspace.delete(ctx.db, key) {
        ctx.notify(NotifyFlags::GENERIC, "del", key);
    }
    len
}

/// Takes the members of these ranks out, and the key when none is left. They must exist.
pub(super) fn remove_ranks(ctx: &mut Ctx<'_>, key: &[u8], (from, to): (usize, usize), event: &str) -> Done {
    let removed = edit(ctx, key, |set| {
        let all = from == 0 && to == set.len();
        let gone = if all { None } else { set.remove_range(from, to) };
        (!all, (all, gone))
    })?;
    let (emptied, gone) = removed.unwrap_or_default();
    if let Some(gone) = gone {
        ctx.srv.keyspace.discard(Value::ZSet(gone));
    }
    finish_removal(ctx, key, to - from, emptied, event);
    Ok(())
}

/// What follows the removal of `n` members: with `emptied`, the last of them are still there, and go with the key.
fn finish_removal(ctx: &mut Ctx<'_>, key: &[u8], n: usize, emptied: bool, event: &str) {
    ctx.srv.keyspace.add_dirty((n as u64).saturating_sub(1));
    ctx.notify(NotifyFlags::ZSET, event, key);
    if emptied {
        ctx.srv.keyspace.delete(ctx.db, key);
        ctx.notify(NotifyFlags::GENERIC, "del", key);
    }
}

/// The options of ZADD.
#[derive(Clone, Copy, Default)]
struct Options {
    nx: bool,
    xx: bool,
    gt: bool,
    lt: bool,
    ch: bool,
    incr: bool,
}

impl Options {
    /// The options, and where the scores begin.
    fn parse(ctx: &Ctx<'_>) -> (Self, usize) {
        let mut o = Self::default();
        let mut at = 2;
        while at < ctx.argc() {
            let word = |w: &str| ctx.arg_is(at, w);
            match () {
                () if word("NX") => o.nx = true,
                () if word("XX") => o.xx = true,
                () if word("GT") => o.gt = !ctx.srv.knobs.broken(Mutant::ZaddGtIgnored),
                () if word("LT") => o.lt = true,
                () if word("CH") => o.ch = true,
                () if word("INCR") => o.incr = true,
                () => break,
            }
            at += 1;
        }
        (o, at)
    }

    fn check(self, pairs: usize) -> Done {
        match () {
            () if self.nx && self.xx => Err(CommandError::ZaddNxXx),
            () if (self.gt && (self.nx || self.lt)) || (self.lt && self.nx) => Err(CommandError::ZaddGtLtNx),
            () if self.incr && pairs > 1 => Err(CommandError::ZaddIncr),
            () => Ok(()),
        }
    }

    /// The score that a member with the score `old` gets. `None` when it stays as it is; NaN is passed on.
    fn decide(self, old: Option<f64>, given: f64) -> Option<f64> {
        let Some(old) = old else { return (!self.xx).then_some(given) };
        if self.nx {
            return None;
        }
        let score = if self.incr { old + given } else { given };
        let refused = (self.gt && score <= old) || (self.lt && score >= old);
        (!refused).then_some(score)
    }
}

/// What ZADD did.
#[derive(Default)]
struct Outcome {
    added: i64,
    updated: i64,
    /// The score of the last member that was not refused.
    score: Option<f64>,
}

impl Outcome {
    fn put(&mut self, set: &mut ZSet, o: Options, limits: &ZSetLimits, member: &[u8], given: f64) -> Done {
        let mut score = None;
        let change = set.update(member, limits, |old| {
            score = o.decide(old, given);
            score.filter(|score| !score.is_nan())
        });
        if score.is_some_and(f64::is_nan) {
            return Err(CommandError::ZaddNaN);
        }
        match change {
            ZChange::None => {}
            ZChange::Added => self.added += 1,
            ZChange::Updated => self.updated += 1,
        }
        self.score = score;
        Ok(())
    }
}

fn zadd(ctx: &mut Ctx<'_>) -> Done {
    let (o, first) = Options::parse(ctx);
    let pairs = ctx.argc() - first;
    if pairs == 0 || !pairs.is_multiple_of(2) {
        return Err(CommandError::Syntax);
    }
    o.check(pairs / 2)?;
    add(ctx, o, first)
}

fn zincrby(ctx: &mut Ctx<'_>) -> Done {
    add(ctx, Options { incr: true, ..Options::default() }, 2)
}

/// Adds the pairs of score and member from the argument `first` on.
fn add(ctx: &mut Ctx<'_>, o: Options, first: usize) -> Done {
    let args = ctx.args;
    let pair = |i: usize| Ok((args.get(i + 1), parse_float(args.get(i)).ok_or(CommandError::NotFloat)?));
    if args.len() == first + 2 {
        return apply(ctx, o, &[pair(first)?]).map(|_| ());
    }
    let pairs: Result<Vec<_>, _> = (first..args.len()).step_by(2).map(pair).collect();
    apply(ctx, o, &pairs?).map(|_| ())
}

/// Does what ZADD with these members and this command's options does. If that is anything, `propagated` is propagated.
pub(super) fn add_scored(ctx: &mut Ctx<'_>, members: &[(&[u8], f64)], propagated: &[Vec<u8>]) -> Done {
    let (o, _) = Options::parse(ctx);
    if members.is_empty() {
        return Err(CommandError::Syntax);
    }
    if apply(ctx, o, members)? {
        let args: Vec<&[u8]> = propagated.iter().map(Vec::as_slice).collect();
        ctx.propagate(&args);
    }
    Ok(())
}

/// Adds members, announces it and replies. Answers whether anything changed.
fn apply(ctx: &mut Ctx<'_>, o: Options, members: &[(&[u8], f64)]) -> Result<bool, CommandError> {
    let key = ctx.arg(1);
    let limits = limits(ctx);
    let mut done = Outcome::default();
    let fill = |set: &mut ZSet, done: &mut Outcome| {
        members.iter().try_for_each(|(member, score)| done.put(set, o, &limits, member, *score))
    };
    let edited = edit(ctx, key, |set| {
        set.expect(members.len(), &limits);
        let result = fill(set, &mut done);
        (done.added + done.updated > 0, result)
    })?;
    match edited {
        Some(result) => result?,
        None if o.xx => {}
        None => {
            let first_len = members.first().map_or(0, |(member, _)| member.len());
            let mut set = ZSet::new(members.len(), first_len, &limits);
            fill(&mut set, &mut done)?;
            ctx.srv.keyspace.set(ctx.db, key, Value::ZSet(set), Ttl::Clear);
        }
    }
    let changes = done.added + done.updated;
    if changes > 0 {
        ctx.srv.keyspace.add_dirty(changes as u64 - 1);
        ctx.notify(NotifyFlags::ZSET, if o.incr { "zincr" } else { "zadd" }, key);
    }
    let mut w = ctx.reply();
    match done.score {
        Some(score) if o.incr => w.double(score),
        None if o.incr => w.null(),
        _ => w.int(if o.ch { changes } else { done.added }),
    }
    Ok(changes > 0)
}

fn zrem(ctx: &mut Ctx<'_>) -> Done {
    let key = ctx.arg(1);
    let members = ctx.args.skip(2);
    let mut removed = 0;
    let emptied = edit(ctx, key, |set| {
        let before = set.len();
        for member in members {
            // The last member goes with the key.
            if set.len() == 1 {
                if set.score(member).is_some() {
                    removed += 1;
                    return (before > 1, true);
                }
            } else if set.remove(member).is_some() {
                removed += 1;
            }
        }
        (removed > 0, false)
    })?;
    if removed > 0 {
        // A key that goes counts as a change of its own, unless nothing else was changed.
        let emptied = emptied == Some(true);
        let counted = if emptied && removed > 1 { removed - 1 } else { removed };
        finish_removal(ctx, key, counted, emptied, "zrem");
    }
    ctx.reply().int(removed as i64);
    Ok(())
}

fn zcard(ctx: &mut Ctx<'_>) -> Done {
    let len = read(&mut ctx.srv.keyspace, ctx.db, ctx.args.get(1))?.map_or(0, ZSet::len);
    ctx.reply().int(len as i64);
    Ok(())
}

fn zscore(ctx: &mut Ctx<'_>) -> Done {
    let set = read(&mut ctx.srv.keyspace, ctx.db, ctx.args.get(1))?;
    let score = set.and_then(|set| set.score(ctx.args.get(2)));
    let mut w = ctx.reply();
    match score {
        Some(score) => w.double(score),
        None => w.null(),
    }
    Ok(())
}

fn zmscore(ctx: &mut Ctx<'_>) -> Done {
    let members = ctx.args.skip(2);
    let set = read(&mut ctx.srv.keyspace, ctx.db, ctx.args.get(1))?;
    let mut w = Writer::new(ctx.out, ctx.proto);
    w.array(members.len());
    for member in members {
        match set.and_then(|set| set.score(member)) {
            Some(score) => w.double(score),
            None => w.null(),
        }
    }
    Ok(())
}

fn zrank(ctx: &mut Ctx<'_>) -> Done {
    rank(ctx, false)
}

fn zrevrank(ctx: &mut Ctx<'_>) -> Done {
    rank(ctx, true)
}

fn rank(ctx: &mut Ctx<'_>, reverse: bool) -> Done {
    let with_score = match ctx.argc() {
        3 => false,
        4 if ctx.arg_is(3, "WITHSCORE") => true,
        _ => return Err(CommandError::Syntax),
    };
    let set = read(&mut ctx.srv.keyspace, ctx.db, ctx.args.get(1))?;
    let found = set.and_then(|set| {
        let (rank, score) = set.rank(ctx.args.get(2))?;
        Some((if reverse { set.len() - 1 - rank } else { rank }, score))
    });
    let mut w = ctx.reply();
    match found {
        Some((rank, score)) if with_score => {
            w.array(2);
            w.int(rank as i64);
            w.double(score);
        }
        Some((rank, _)) => w.int(rank as i64),
        None if with_score => w.null_array(),
        None => w.null(),
    }
    Ok(())
}

/// The only key of a command, the first argument.
pub(super) const fn first_key(flags: KeyFlags) -> KeySpec {
    KeySpec { begin: Begin::Index(1), find: Find::Range(0, 1, 0), flags }
}

/// A key that is read.
pub(super) const READ: &[KeySpec] = &[first_key(KeyFlags::RO.or(KeyFlags::ACCESS))];
/// A key from which members are taken.
pub(super) const REMOVE: &[KeySpec] = &[first_key(KeyFlags::RW.or(KeyFlags::DELETE))];
/// Categories and flags of commands that read one member.
const FAST_READ: Flags = Flags::READONLY.or(Flags::FAST);
const ACL_FAST_READ: Acl = Acl::FAST.or(Acl::READ).or(Acl::SORTEDSET);
const ACL_FAST_WRITE: Acl = Acl::FAST.or(Acl::SORTEDSET).or(Acl::WRITE);

pub(super) const ROWS: &[Row] = &[
    Row::new(
        "zadd",
        zadd,
        -4,
        Flags::WRITE.or(Flags::DENYOOM).or(Flags::FAST),
        ACL_FAST_WRITE,
        Group::SortedSet,
    )
    .keyed((1, 1, 1), &[first_key(KeyFlags::RW.or(KeyFlags::UPDATE))])
    .element(3)
    .since("1.2.0")
    .doc(
        "Adds members with scores, or gives members other scores.",
        "O(log n) for each member",
        "key [NX|XX] [GT|LT] [CH] [INCR] (score member)...",
    ),
    Row::new("zcard", zcard, 2, FAST_READ, ACL_FAST_READ, Group::SortedSet)
        .keyed((1, 1, 1), &[first_key(KeyFlags::RO)])
        .since("1.2.0")
        .doc("Counts the members.", "O(1)", "key"),
    Row::new(
        "zincrby",
        zincrby,
        4,
        Flags::WRITE.or(Flags::DENYOOM).or(Flags::FAST),
        ACL_FAST_WRITE,
        Group::SortedSet,
    )
    .keyed((1, 1, 1), &[first_key(KeyFlags::RW.or(KeyFlags::ACCESS).or(KeyFlags::UPDATE))])
    .element(3)
    .since("1.2.0")
    .doc(
        "Adds to the score of a member, which is added when it is missing.",
        "O(log n)",
        "key increment member",
    ),
    Row::new("zmscore", zmscore, -3, FAST_READ, ACL_FAST_READ, Group::SortedSet)
        .keyed((1, 1, 1), READ)
        .since("6.2.0")
        .doc(
            "Reads the scores of several members.",
            "O(n) in the number of members asked for",
            "key member...",
        ),
    Row::new("zrank", zrank, -3, FAST_READ, ACL_FAST_READ, Group::SortedSet)
        .keyed((1, 1, 1), READ)
        .element(2)
        .since("2.0.0")
        .doc(
            "Tells how many members stand before one, lowest score first.",
            "O(log n)",
            "key member [WITHSCORE]",
        ),
    Row::new("zrem", zrem, -3, Flags::WRITE.or(Flags::FAST), ACL_FAST_WRITE, Group::SortedSet)
        .keyed((1, 1, 1), REMOVE)
        .element(2)
        .since("1.2.0")
        .doc(
            "Removes members, and the key with the last of them.",
            "O(log n) for each member",
            "key member...",
        ),
    Row::new("zrevrank", zrevrank, -3, FAST_READ, ACL_FAST_READ, Group::SortedSet)
        .keyed((1, 1, 1), READ)
        .element(2)
        .since("2.0.0")
        .doc(
            "Tells how many members stand before one, highest score first.",
            "O(log n)",
            "key member [WITHSCORE]",
        ),
    Row::new("zscore", zscore, 3, FAST_READ, ACL_FAST_READ, Group::SortedSet)
        .keyed((1, 1, 1), READ)
        .element(2)
        .since("1.2.0")
        .doc("Reads the score of a member.", "O(1)", "key member"),
];

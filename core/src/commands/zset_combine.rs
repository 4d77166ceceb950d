//! Sorted sets: unions, intersections and differences of several keys. Source: the Redis documentation of each command.

use super::zset::{first_key, limits, store, write_members};
use crate::base::number::{IntText, parse_float, parse_i64};
use crate::containers::dict::{Dict, HashKey, Keyed};
use crate::engine::Ctx;
use crate::engine::keys::FoundKey;
use crate::engine::row::{Acl, Begin, Find, Flags, Group, KeyFlags, KeySpec, Row};
use crate::resp::{Args, CommandError};
use crate::value::{Item, SetValue, SmallBytes, Value, ZSet};
use alloc::vec;
use alloc::vec::Vec;

type Done = Result<(), CommandError>;

/// How keys are combined.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Operation {
    Union,
    Inter,
    Diff,
}

/// What becomes of several scores of one member.
#[derive(Clone, Copy)]
enum Aggregate {
    Sum,
    Min,
    Max,
}

impl Aggregate {
    fn of(self, one: f64, two: f64) -> f64 {
        match self {
            // Opposite infinities make zero.
            Self::Sum => zero_if_nan(one + two),
            Self::Min if two < one => two,
            Self::Max if two > one => two,
            Self::Min | Self::Max => one,
        }
    }
}

fn zero_if_nan(score: f64) -> f64 {
    if score.is_nan() { 0.0 } else { score }
}

/// One of the keys.
#[derive(Clone, Copy)]
struct Source<'a> {
    content: Content<'a>,
    weight: f64,
}

/// What a key holds; the members of a plain set have the score 1.
#[derive(Clone, Copy)]
enum Content<'a> {
    Nothing,
    ZSet(&'a ZSet),
    Set(&'a SetValue),
}

/// A member, borrowed from the key that holds it unless that holds it in another form.
#[derive(Clone)]
enum Name<'a> {
    Text(&'a [u8]),
    Owned(SmallBytes),
}

impl Name<'_> {
    fn as_slice(&self) -> &[u8] {
        match self {
            Self::Text(text) => text,
            Self::Owned(text) => text.as_slice(),
        }
    }
}

impl<'a> From<Item<'a>> for Name<'a> {
    fn from(item: Item<'a>) -> Self {
        match item {
            Item::Text(text) => Self::Text(text),
            Item::Int(_) | Item::Padded(_) => Self::Owned(SmallBytes::new(item.text(&mut IntText::new()))),
        }
    }
}

impl<'a> Content<'a> {
    fn of(value: Option<&'a Value>) -> Result<Self, CommandError> {
        match value {
            None => Ok(Self::Nothing),
            Some(Value::ZSet(set)) => Ok(Self::ZSet(set)),
            Some(Value::Set(set)) => Ok(Self::Set(set)),
            Some(Value::String(_) | Value::Hash(_) | Value::List(_) | Value::Stream(_)) => {
                Err(CommandError::WrongType)
            }
        }
    }

    fn len(self) -> usize {
        match self {
            Self::Nothing => 0,
            Self::ZSet(set) => set.len(),
            Self::Set(set) => set.len(),
        }
    }

    fn score(self, member: &[u8]) -> Option<f64> {
        match self {
            Self::Nothing => None,
            Self::ZSet(set) => set.score(member),
            Self::Set(set) => set.contains(Item::Text(member)).then_some(1.0),
        }
    }

    fn iter(self) -> impl Iterator<Item = (Name<'a>, f64)> {
        let (scored, plain) = match self {
            Self::Nothing => (None, None),
            Self::ZSet(set) => (Some(set.iter()), None),
            Self::Set(set) => (None, Some(set.iter())),
        };
        let scored = scored.into_iter().flatten().map(|(member, score)| (Name::Text(member), score));
        scored.chain(plain.into_iter().flatten().map(|member| (Name::from(member), 1.0)))
    }
}

impl Source<'_> {
    fn weighted(&self, score: f64) -> f64 {
        self.weight * score
    }
}

/// A member of a result under construction.
struct Found<'a> {
    member: Name<'a>,
    score: f64,
}

impl Keyed for Found<'_> {
    fn key(&self) -> &[u8] {
        self.member.as_slice()
    }
}

/// A command with its arguments taken apart.
struct Query {
    operation: Operation,
    keys: core::ops::Range<usize>,
    weights: Vec<f64>,
    aggregate: Aggregate,
    with_scores: bool,
    /// Where counting stops; 0 for never.
    limit: usize,
}

/// What the result is for, which decides what options there are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Reply,
    Store,
    Count,
}

impl Query {
    /// Reads the arguments from the number of keys on, and looks the keys up: a wrong type is told before a bad option.
    fn parse(
        ctx: &mut Ctx<'_>,
        operation: Operation,
        at: usize,
        purpose: Purpose,
    ) -> Result<Self, CommandError> {
        let numkeys = ctx.int(at)?;
        if numkeys < 1 {
            return Err(CommandError::NoInputKey(ctx.row.name));
        }
        let left = ctx.argc() - (at + 1);
        let numkeys = usize::try_from(numkeys).ok().filter(|n| *n <= left).ok_or(CommandError::Syntax)?;
        let keys = at + 1..at + 1 + numkeys;
        for i in keys.clone() {
            Content::of(ctx.srv.keyspace.lookup(ctx.db, ctx.args.get(i)))?;
        }
        let mut query = Self {
            operation,
            keys,
            weights: vec![1.0; numkeys],
            aggregate: Aggregate::Sum,
            with_scores: false,
            limit: 0,
        };
        query.options(ctx, purpose)?;
        Ok(query)
    }

    fn options(&mut self, ctx: &Ctx<'_>, purpose: Purpose) -> Done {
        let numkeys = self.keys.len();
        let weighted = self.operation != Operation::Diff && purpose != Purpose::Count;
        let mut i = self.keys.end;
        while i < ctx.argc() {
            let word = |w: &str| ctx.arg_is(i, w);
            let more = ctx.argc() - i - 1;
            match () {
                () if weighted && more >= numkeys && word("WEIGHTS") => {
                    for (n, weight) in self.weights.iter_mut().enumerate() {
                        *weight = parse_float(ctx.arg(i + 1 + n)).ok_or(CommandError::WeightNotFloat)?;
                    }
                    i += numkeys;
                }
                () if weighted && more >= 1 && word("AGGREGATE") => {
                    i += 1;
                    self.aggregate = match () {
                        () if ctx.arg_is(i, "SUM") => Aggregate::Sum,
                        () if ctx.arg_is(i, "MIN") => Aggregate::Min,
                        () if ctx.arg_is(i, "MAX") => Aggregate::Max,
                        () => return Err(CommandError::Syntax),
                    };
                }
                () if purpose == Purpose::Reply && word("WITHSCORES") => self.with_scores = true,
                () if purpose == Purpose::Count && more >= 1 && word("LIMIT") => {
                    i += 1;
                    let limit = parse_i64(ctx.arg(i)).and_then(|n| usize::try_from(n).ok());
                    self.limit = limit.ok_or(CommandError::LimitNegative)?;
                }
                () => return Err(CommandError::Syntax),
            }
            i += 1;
        }
        Ok(())
    }

    /// The keys with their weights; but for a difference, the smallest first.
    fn sources<'a>(&self, ctx: &'a Ctx<'_>) -> Result<Vec<Source<'a>>, CommandError> {
        let mut sources = Vec::with_capacity(self.keys.len());
        for (i, weight) in self.keys.clone().zip(&self.weights) {
            let content = Content::of(ctx.srv.keyspace.peek(ctx.db, ctx.args.get(i)))?;
            sources.push(Source { content, weight: *weight });
        }
        if self.operation != Operation::Diff {
            sources.sort_by_key(|source| source.content.len());
        }
        Ok(sources)
    }

    /// The result in order.
    fn run<'a>(&self, ctx: &'a Ctx<'_>) -> Result<Vec<(Name<'a>, f64)>, CommandError> {
        let sources = self.sources(ctx)?;
        let mut found = match self.operation {
            Operation::Union => union(&sources, self.aggregate, ctx.srv.keyspace.hash_key()),
            Operation::Inter => intersection(&sources, self.aggregate).collect(),
            Operation::Diff => difference(&sources).collect(),
        };
        found.sort_unstable_by(|(a, x), (b, y)| {
            x.partial_cmp(y).unwrap_or_else(|| x.total_cmp(y)).then_with(|| a.as_slice().cmp(b.as_slice()))
        });
        Ok(found)
    }
}

fn union<'a>(sources: &[Source<'a>], aggregate: Aggregate, hash: &HashKey) -> Vec<(Name<'a>, f64)> {
    let mut found: Dict<Found<'a>> = Dict::new();
    for source in sources {
        for (member, score) in source.content.iter() {
            let score = zero_if_nan(source.weighted(score));
            let hash = hash.hash(member.as_slice());
            match found.find(hash, member.as_slice()) {
                Some(ix) => {
                    let old = found.get_mut(ix);
                    old.score = aggregate.of(old.score, score);
                }
                None => {
                    found.insert(hash, Found { member, score });
                }
            }
        }
    }
    found.iter().map(|(_, found)| (found.member.clone(), found.score)).collect()
}

fn intersection<'a>(sources: &[Source<'a>], aggregate: Aggregate) -> impl Iterator<Item = (Name<'a>, f64)> {
    let first = sources.first().copied();
    let members = first.into_iter().flat_map(|first| {
        first.content.iter().map(move |(member, score)| (member, zero_if_nan(first.weighted(score))))
    });
    members.filter_map(move |(member, score)| {
        let others = sources.iter().skip(1);
        let total = others.into_iter().try_fold(score, |total, source| {
            Some(aggregate.of(total, source.weighted(source.content.score(member.as_slice())?)))
        })?;
        Some((member, total))
    })
}

fn difference<'a>(sources: &[Source<'a>]) -> impl Iterator<Item = (Name<'a>, f64)> {
    let members = sources.first().copied().into_iter().flat_map(|first| first.content.iter());
    members.filter(|(member, _)| {
        sources.iter().skip(1).all(|source| source.content.score(member.as_slice()).is_none())
    })
}

fn zunion(ctx: &mut Ctx<'_>) -> Done {
    reply(ctx, Operation::Union)
}

fn zinter(ctx: &mut Ctx<'_>) -> Done {
    reply(ctx, Operation::Inter)
}

fn zdiff(ctx: &mut Ctx<'_>) -> Done {
    reply(ctx, Operation::Diff)
}

fn reply(ctx: &mut Ctx<'_>, operation: Operation) -> Done {
    let query = Query::parse(ctx, operation, 1, Purpose::Reply)?;
    let mut out = core::mem::take(ctx.out);
    let result = query.run(ctx).map(|found| {
        let mut w = crate::resp::Writer::new(&mut out, ctx.proto);
        let members = found.iter().map(|(member, score)| (member.as_slice(), *score));
        write_members(&mut w, members, found.len(), query.with_scores);
    });
    *ctx.out = out;
    result
}

fn zunionstore(ctx: &mut Ctx<'_>) -> Done {
    combine_and_store(ctx, Operation::Union, "zunionstore")
}

fn zinterstore(ctx: &mut Ctx<'_>) -> Done {
    combine_and_store(ctx, Operation::Inter, "zinterstore")
}

fn zdiffstore(ctx: &mut Ctx<'_>) -> Done {
    combine_and_store(ctx, Operation::Diff, "zdiffstore")
}

fn combine_and_store(ctx: &mut Ctx<'_>, operation: Operation, event: &str) -> Done {
    let query = Query::parse(ctx, operation, 2, Purpose::Store)?;
    let found = query.run(ctx)?;
    let members: Vec<_> = found.iter().map(|(member, score)| (member.as_slice(), *score)).collect();
    let set = ZSet::from_sorted(&members, &limits(ctx));
    let len = store(ctx, ctx.arg(1), set, event);
    ctx.reply().int(len as i64);
    Ok(())
}

fn zintercard(ctx: &mut Ctx<'_>) -> Done {
    let query = Query::parse(ctx, Operation::Inter, 1, Purpose::Count)?;
    let sources = query.sources(ctx)?;
    let limit = if query.limit == 0 { usize::MAX } else { query.limit };
    let count = intersection(&sources, Aggregate::Sum).take(limit).count();
    ctx.reply().int(count as i64);
    Ok(())
}

/// The keys behind their number at argument `at`.
pub(super) fn many_keys(args: &Args<'_>, at: usize, flags: KeyFlags) -> Option<Vec<FoundKey>> {
    let n = args.try_get(at).and_then(parse_i64).and_then(|n| usize::try_from(n).ok())?;
    if n == 0 || n >= args.len() - at {
        return None;
    }
    Some((at + 1..=at + n).map(|i| (i, flags)).collect())
}

/// The same for commands that store under argument 1.
fn stored_keys(args: &Args<'_>) -> Option<Vec<FoundKey>> {
    let mut keys = vec![(1, STORED)];
    keys.extend(many_keys(args, 2, SOURCE)?);
    Some(keys)
}

const SOURCE: KeyFlags = KeyFlags::RO.or(KeyFlags::ACCESS);
const STORED: KeyFlags = KeyFlags::OW.or(KeyFlags::UPDATE);
const READ: Flags = Flags::READONLY.or(Flags::MOVABLEKEYS);
const WRITE: Flags = Flags::WRITE.or(Flags::DENYOOM).or(Flags::MOVABLEKEYS);
const ACL_READ: Acl = Acl::READ.or(Acl::SLOW).or(Acl::SORTEDSET);
const ACL_WRITE: Acl = Acl::SLOW.or(Acl::SORTEDSET).or(Acl::WRITE);
const KEYS: &[KeySpec] = &[KeySpec { begin: Begin::Index(1), find: Find::Count(0, 1, 1), flags: SOURCE }];
const STORE_KEYS: &[KeySpec] =
    &[first_key(STORED), KeySpec { begin: Begin::Index(2), find: Find::Count(0, 1, 1), flags: SOURCE }];
const COST_DIFF: &str = "O(n k), k being the number of keys and n the size of the first";
const COST_INTER: &str =
    "O(n k + m log m), n being the size of the smallest of k keys and m that of the result";
const COST_UNION: &str = "O(n + m log m), n being the size of all keys together and m that of the result";

/// A row of a command that reads keys behind their number.
const fn reader(name: &'static str, run: crate::engine::row::Handler) -> Row {
    Row::new(name, run, -3, READ, ACL_READ, Group::SortedSet)
        .keyed((0, 0, 0), KEYS)
        .finder(|args| many_keys(args, 1, SOURCE))
}

/// A row of a command that also stores.
const fn writer(name: &'static str, run: crate::engine::row::Handler) -> Row {
    Row::new(name, run, -4, WRITE, ACL_WRITE, Group::SortedSet)
        .keyed((1, 1, 1), STORE_KEYS)
        .finder(stored_keys)
}

pub(super) const ROWS: &[Row] = &[
    reader("zdiff", zdiff).since("6.2.0").doc(
        "Lists the members of the first key that no other key has.",
        COST_DIFF,
        "numkeys key... [WITHSCORES]",
    ),
    writer("zdiffstore", zdiffstore).since("6.2.0").doc(
        "Stores the members of the first key that no other key has.",
        COST_DIFF,
        "destination numkeys key...",
    ),
    reader("zinter", zinter).since("6.2.0").doc(
        "Lists the members that all keys have.",
        COST_INTER,
        "numkeys key... [WEIGHTS weight...] [AGGREGATE (SUM|MIN|MAX)] [WITHSCORES]",
    ),
    reader("zintercard", zintercard).since("7.0.0").doc(
        "Counts the members that all keys have.",
        "O(n k), n being the size of the smallest of k keys",
        "numkeys key... [LIMIT limit]",
    ),
    writer("zinterstore", zinterstore).since("2.0.0").doc(
        "Stores the members that all keys have.",
        COST_INTER,
        "destination numkeys key... [WEIGHTS weight...] [AGGREGATE (SUM|MIN|MAX)]",
    ),
    reader("zunion", zunion).since("6.2.0").doc(
        "Lists the members that any key has.",
        COST_UNION,
        "numkeys key... [WEIGHTS weight...] [AGGREGATE (SUM|MIN|MAX)] [WITHSCORES]",
    ),
    writer("zunionstore", zunionstore).since("2.0.0").doc(
        "Stores the members that any key has.",
        COST_UNION,
        "destination numkeys key... [WEIGHTS weight...] [AGGREGATE (SUM|MIN|MAX)]",
    ),
];

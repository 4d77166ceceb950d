//! SORT and SORT_RO. Source: the Redis documentation of each command.
//!
//! Texts are compared as bytes, as in the C locale. Elements that compare equal stay in the order in which they were
//! found. A set has an order of its own; where the result is stored it is sorted all the same.

use super::list::limit;
use crate::base::number::{IntText, parse_float};
use crate::config::NotifyFlags;
use crate::containers::quicklist::{End, Item as ListItem};
use crate::engine::Ctx;
use crate::engine::keys::FoundKey;
use crate::engine::row::{Acl, Begin, Find, Flags, Group, KeyFlags, KeySpec, Row};
use crate::keyspace::Ttl;
use crate::resp::{Args, CommandError, Writer};
use crate::value::{IntText as StringText, List, Value};
use alloc::vec::Vec;
use core::cmp::Ordering;
use core::ops::Range;
use memchr::{memchr, memmem};

type Done = Result<(), CommandError>;

/// The request.
struct Query<'a> {
    by: Option<&'a [u8]>,
    /// Nothing is compared.
    unsorted: bool,
    get: Vec<&'a [u8]>,
    offset: i64,
    count: i64,
    descending: bool,
    alpha: bool,
    store: Option<&'a [u8]>,
}

impl<'a> Query<'a> {
    fn parse(ctx: &Ctx<'a>, may_store: bool) -> Result<Self, CommandError> {
        let mut query = Self {
            by: None,
            unsorted: false,
            get: Vec::new(),
            offset: 0,
            count: -1,
            descending: false,
            alpha: false,
            store: None,
        };
        let mut at = 2;
        while at < ctx.argc() {
            let left = ctx.argc() - at - 1;
            match () {
                () if ctx.arg_is(at, "ASC") => query.descending = false,
                () if ctx.arg_is(at, "DESC") => query.descending = true,
                () if ctx.arg_is(at, "ALPHA") => query.alpha = true,
                () if ctx.arg_is(at, "LIMIT") && left >= 2 => {
                    (query.offset, query.count) = (ctx.int(at + 1)?, ctx.int(at + 2)?);
                    at += 2;
                }
                () if ctx.arg_is(at, "STORE") && left >= 1 && may_store => {
                    query.store = Some(ctx.arg(at + 1));
                    at += 1;
                }
                () if ctx.arg_is(at, "BY") && left >= 1 => {
                    let pattern = ctx.arg(at + 1);
                    query.by = Some(pattern);
                    query.unsorted |= memchr(b'*', c_text(pattern)).is_none();
                    at += 1;
                }
                () if ctx.arg_is(at, "GET") && left >= 1 => {
                    query.get.push(ctx.arg(at + 1));
                    at += 1;
                }
                () => return Err(CommandError::Syntax),
            }
            at += 1;
        }
        Ok(query)
    }

    /// Which of `len` elements in their final order are wanted.
    fn window(&self, len: usize) -> Range<usize> {
        let len = len as i64;
        let start = self.offset.clamp(0, len);
        let end = if self.count < 0 { len } else { start + self.count.min(len) };
        start as usize..end.min(len) as usize
    }
}

/// What of a text a reader of C sees: all up to the first zero byte.
fn c_text(text: &[u8]) -> &[u8] {
    &text[..memchr(0, text).unwrap_or(text.len())]
}

/// Texts one behind the other, so that a million of them are one allocation.
#[derive(Default)]
struct Texts {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Texts {
    fn push(&mut self, text: &[u8]) {
        self.bytes.extend_from_slice(text);
        self.ends.push(self.bytes.len());
    }

    fn len(&self) -> usize {
        self.ends.len()
    }

    fn get(&self, i: usize) -> &[u8] {
        let start = if i == 0 { 0 } else { self.ends[i - 1] };
        &self.bytes[start..self.ends[i]]
    }
}

/// What elements are compared by.
enum Weights {
    /// By their own texts.
    Own,
    /// By numbers; where these are equal, by their own texts.
    Scores(Vec<f64>),
    /// By other texts; those that have none come first. Where these are equal, the elements of a set, whose order no
    /// replica shares, go by their own.
    Texts(Texts, Vec<bool>, bool),
}

/// The elements of a value in the order in which they stand. Ordered types that are not to be sorted turn round for DESC.
fn elements(value: &Value, backwards: bool) -> Result<Texts, CommandError> {
    let mut texts = Texts::default();
    let mut scratch = IntText::new();
    match value {
        Value::List(list) => {
            let from = if backwards { list.len().saturating_sub(1) } else { 0 };
            list.range(from, usize::MAX, !backwards).for_each(|item| texts.push(item.text(&mut scratch)));
        }
        Value::Set(set) => set.for_each(&mut |item| texts.push(item.text(&mut scratch))),
        Value::ZSet(set) if backwards => {
            set.range_back(0, set.len()).for_each(|(member, _)| texts.push(member));
        }
        Value::ZSet(set) => set.iter().for_each(|(member, _)| texts.push(member)),
        Value::String(_) | Value::Hash(_) | Value::Stream(_) => return Err(CommandError::WrongType),
    }
    Ok(texts)
}

/// A pattern with its star: a key, or a field of a hash.
struct Pattern<'a> {
    prefix: &'a [u8],
    suffix: &'a [u8],
    field: Option<&'a [u8]>,
}

impl<'a> Pattern<'a> {
    /// `None` without a star: such a key is never there.
    fn of(pattern: &'a [u8]) -> Option<Self> {
        let star = memchr(b'*', c_text(pattern))?;
        let (prefix, rest) = (&pattern[..star], &pattern[star + 1..]);
        match memmem::find(c_text(rest), b"->") {
            Some(arrow) if arrow + 2 < c_text(rest).len() => {
                Some(Self { prefix, suffix: &rest[..arrow], field: Some(&rest[arrow + 2..]) })
            }
            _ => Some(Self { prefix, suffix: rest, field: None }),
        }
    }

    /// Shows what the pattern leads to from an element.
    fn look_up<R>(&self, ctx: &mut Ctx<'_>, element: &[u8], show: impl FnOnce(&[u8]) -> R) -> Option<R> {
        let key = [self.prefix, element, self.suffix].concat();
        match (ctx.srv.keyspace.lookup(ctx.db, &key)?, self.field) {
            (Value::String(string), None) => Some(show(string.bytes(&mut StringText::new()))),
            (Value::Hash(hash), Some(field)) => Some(show(hash.get(field)?.text(&mut IntText::new()))),
            _ => None,
        }
    }
}

/// A text as a number to sort by, as C reads one: blanks may stand in front, nothing is zero.
fn score(text: &[u8]) -> Option<f64> {
    let text = c_text(text);
    if text.is_empty() {
        return Some(0.0);
    }
    let blanks = text.iter().take_while(|b| b.is_ascii_whitespace() || **b == 0x0b).count();
    let number = &text[blanks..];
    let value = parse_float(number)?;
    // A number too small for all its digits counts as out of range, unless it was exact.
    let is_exact = !value.is_subnormal() || number.contains(&b'x') || number.contains(&b'X');
    is_exact.then_some(value)
}

fn weigh(ctx: &mut Ctx<'_>, query: &Query<'_>, texts: &Texts, is_set: bool) -> Result<Weights, CommandError> {
    let Some(by) = query.by else {
        if query.alpha {
            return Ok(Weights::Own);
        }
        let scores: Option<Vec<f64>> = (0..texts.len()).map(|i| score(texts.get(i))).collect();
        return scores.map(Weights::Scores).ok_or(CommandError::SortScore);
    };
    let pattern = Pattern::of(by);
    if query.alpha {
        let (mut others, mut there) = (Texts::default(), Vec::with_capacity(texts.len()));
        for i in 0..texts.len() {
            let element = texts.get(i);
            let found = pattern.as_ref().and_then(|p| p.look_up(ctx, element, |text| others.push(text)));
            there.push(found.is_some());
            if found.is_none() {
                others.push(b"");
            }
        }
        return Ok(Weights::Texts(others, there, is_set));
    }
    let (mut scores, mut sound) = (Vec::with_capacity(texts.len()), true);
    for i in 0..texts.len() {
        let found = pattern.as_ref().and_then(|p| p.look_up(ctx, texts.get(i), score));
        sound &= found != Some(None);
        scores.push(found.flatten().unwrap_or(0.0));
    }
    if sound { Ok(Weights::Scores(scores)) } else { Err(CommandError::SortScore) }
}

impl Weights {
    fn compare(&self, texts: &Texts, a: usize, b: usize) -> Ordering {
        match self {
            Self::Own => texts.get(a).cmp(texts.get(b)),
            Self::Scores(scores) => {
                let by_score = scores[a].partial_cmp(&scores[b]).unwrap_or(Ordering::Equal);
                by_score.then_with(|| texts.get(a).cmp(texts.get(b)))
            }
            Self::Texts(others, there, is_set) => {
                let by_other = there[a].cmp(&there[b]).then_with(|| others.get(a).cmp(others.get(b)));
                if *is_set { by_other.then_with(|| texts.get(a).cmp(texts.get(b))) } else { by_other }
            }
        }
    }
}

/// The numbers of the elements of the window, in order.
fn sorted(texts: &Texts, weights: &Weights, window: Range<usize>, descending: bool) -> Vec<usize> {
    let mut order: Vec<usize> = (0..texts.len()).collect();
    let compare = |a: &usize, b: &usize| {
        let ordering = weights.compare(texts, *a, *b);
        let ordering = if descending { ordering.reverse() } else { ordering };
        ordering.then(a.cmp(b))
    };
    if window.end < order.len() {
        if window.end > 0 {
            order.select_nth_unstable_by(window.end - 1, compare);
        }
        order.truncate(window.end);
    }
    order.sort_unstable_by(compare);
    order.drain(..window.start.min(order.len()));
    order
}

fn sort(ctx: &mut Ctx<'_>) -> Done {
    sort_any(ctx, true)
}

fn sort_ro(ctx: &mut Ctx<'_>) -> Done {
    sort_any(ctx, false)
}

fn sort_any(ctx: &mut Ctx<'_>, may_store: bool) -> Done {
    let mut query = Query::parse(ctx, may_store)?;
    // What SORT looks up counts as read although it may write.
    ctx.srv.keyspace.set_counting(true);
    let mut is_set = false;
    let texts = match ctx.srv.keyspace.lookup(ctx.db, ctx.args.get(1)) {
        Some(Value::Set(_)) if query.unsorted && query.store.is_some() => {
            // A set has no order that a replica would share.
            (query.unsorted, query.alpha, query.by) = (false, true, None);
            ctx.srv.keyspace.peek(ctx.db, ctx.args.get(1)).map(|value| elements(value, false))
        }
        Some(value) => {
            is_set = value.as_set().is_some();
            Some(elements(value, query.unsorted && query.descending))
        }
        None => None,
    };
    let texts = texts.transpose()?.unwrap_or_default();
    let window = query.window(texts.len());
    let order = if query.unsorted {
        window.collect()
    } else {
        let weights = weigh(ctx, &query, &texts, is_set)?;
        sorted(&texts, &weights, window, query.descending)
    };
    match query.store {
        Some(target) => store(ctx, target, &texts, &order, &query.get),
        None => reply(ctx, &texts, &order, &query.get),
    }
    Ok(())
}

fn reply(ctx: &mut Ctx<'_>, texts: &Texts, order: &[usize], get: &[&[u8]]) {
    ctx.reply().array(order.len() * get.len().max(1));
    let patterns: Vec<_> = get.iter().map(|pattern| (*pattern == b"#", Pattern::of(pattern))).collect();
    let mut out = core::mem::take(ctx.out);
    let mut w = Writer::new(&mut out, ctx.proto);
    for &i in order {
        let element = texts.get(i);
        if get.is_empty() {
            w.bulk(element);
        }
        for (itself, pattern) in &patterns {
            if *itself {
                w.bulk(element);
            } else if pattern.as_ref().and_then(|p| p.look_up(ctx, element, |text| w.bulk(text))).is_none() {
                w.null();
            }
        }
    }
    *ctx.out = out;
}

fn store(ctx: &mut Ctx<'_>, target: &[u8], texts: &Texts, order: &[usize], get: &[&[u8]]) {
    let limit = limit(ctx);
    let mut list = List::new();
    let mut push = |text: &[u8]| {
        list.make_room(text.len(), 1, limit);
        list.push(End::Back, ListItem::from(text), limit);
    };
    let patterns: Vec<_> = get.iter().map(|pattern| (*pattern == b"#", Pattern::of(pattern))).collect();
    for &i in order {
        let element = texts.get(i);
        if get.is_empty() {
            push(element);
        }
        for (itself, pattern) in &patterns {
            if *itself {
                push(element);
            } else if pattern.as_ref().and_then(|p| p.look_up(ctx, element, &mut push)).is_none() {
                push(b"");
            }
        }
    }
    let len = list.len();
    if len > 0 {
        ctx.srv.keyspace.set(ctx.db, target, Value::List(list), Ttl::Clear);
        ctx.srv.keyspace.add_dirty(len as u64 - 1);
        ctx.notify(NotifyFlags::LIST, "sortstore", target);
    } else if ctx.srv.keyspace.delete(ctx.db, target) {
        ctx.notify(NotifyFlags::GENERIC, "del", target);
    }
    ctx.reply().int(len as i64);
}

const SOURCE: KeyFlags = KeyFlags::RO.or(KeyFlags::ACCESS);
const TARGET: KeyFlags = KeyFlags::OW.or(KeyFlags::UPDATE);

/// The key, and the operand of the last STORE that is no operand itself.
fn sort_keys(args: &Args<'_>) -> Option<Vec<FoundKey>> {
    let mut keys = alloc::vec![(1, SOURCE)];
    let mut target = None;
    let mut at = 2;
    while at < args.len() {
        let word = args.get(at);
        match () {
            () if word.eq_ignore_ascii_case(b"LIMIT") => at += 2,
            () if word.eq_ignore_ascii_case(b"GET") || word.eq_ignore_ascii_case(b"BY") => at += 1,
            () if word.eq_ignore_ascii_case(b"STORE") && at + 1 < args.len() => {
                target = Some((at + 1, TARGET))
            }
            () => {}
        }
        at += 1;
    }
    keys.extend(target);
    Some(keys)
}

fn sort_ro_keys(_: &Args<'_>) -> Option<Vec<FoundKey>> {
    Some(alloc::vec![(1, SOURCE)])
}

const ACL: Acl = Acl::DANGEROUS.or(Acl::LIST).or(Acl::SET).or(Acl::SLOW).or(Acl::SORTEDSET);
const FIRST: KeySpec = KeySpec { begin: Begin::Index(1), find: Find::Range(0, 1, 0), flags: SOURCE };
const PATTERNS: KeySpec = KeySpec { begin: Begin::Unknown, find: Find::Unknown, flags: SOURCE };
const COST: &str = "O(n + m log m), n being the number of elements and m that of those returned";

pub(super) const ROWS: &[Row] = &[
    Row::new(
        "sort",
        sort,
        -2,
        Flags::WRITE.or(Flags::DENYOOM).or(Flags::MOVABLEKEYS),
        ACL.or(Acl::WRITE),
        Group::Generic,
    )
    .keyed(
        (1, 1, 1),
        &[FIRST, PATTERNS, KeySpec { begin: Begin::Unknown, find: Find::Unknown, flags: TARGET }],
    )
    .finder(sort_keys)
    .doc(
        "Sorts the elements of a list, a set or a sorted set, and may store the result.",
        COST,
        "key [BY pattern] [LIMIT offset count] [(GET pattern)...] [ASC|DESC] [ALPHA] [STORE destination]",
    ),
    Row::new(
        "sort_ro",
        sort_ro,
        -2,
        Flags::READONLY.or(Flags::MOVABLEKEYS),
        ACL.or(Acl::READ),
        Group::Generic,
    )
    .keyed((1, 1, 1), &[FIRST, PATTERNS])
    .finder(sort_ro_keys)
    .since("7.0.0")
    .doc(
        "Sorts the elements of a list, a set or a sorted set.",
        COST,
        "key [BY pattern] [LIMIT offset count] [(GET pattern)...] [ASC|DESC] [ALPHA]",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_c_reads_them() {
        for (text, value) in [
            (&b""[..], 0.0),
            (b"\x00junk", 0.0),
            (b"1\x002", 1.0),
            (b" \t\n\x0b\x0c\r1.5", 1.5),
            (b"-inf", f64::NEG_INFINITY),
            (b"0x10", 16.0),
            (b"0x1p-1074", 5e-324),
            (b"1e-307", 1e-307),
        ] {
            assert_eq!(score(text), Some(value), "{text:?}");
        }
        for text in ["x", " ", "1 ", "1x", "nan", "1e999", "5e-324", "- 1", "0x"] {
            assert_eq!(score(text.as_bytes()), None, "{text:?}");
        }
    }

    #[test]
    fn patterns_lead_to_keys_and_fields() {
        let parts = |text: &'static str| {
            Pattern::of(text.as_bytes())
                .map(|p| (p.prefix.to_vec(), p.suffix.to_vec(), p.field.map(<[u8]>::to_vec)))
        };
        let of = |prefix: &str, suffix: &str, field: Option<&str>| {
            Some((prefix.into(), suffix.into(), field.map(|f| f.as_bytes().to_vec())))
        };
        assert_eq!(parts("a"), None);
        assert_eq!(parts("a->b"), None);
        assert_eq!(parts("a*b*"), of("a", "b*", None));
        assert_eq!(parts("a*b->f"), of("a", "b", Some("f")));
        assert_eq!(parts("a->b*c->d->e"), of("a->b", "c", Some("d->e")));
        assert_eq!(parts("*->"), of("", "->", None));
        assert_eq!(parts("a\0*"), None);
    }
}

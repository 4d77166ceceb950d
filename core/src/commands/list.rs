//! Lists: adding, removing, reading and changing elements. Source: the Redis documentation of each command.

use crate::base::mutant::Mutant;
use crate::config::NotifyFlags;
use crate::containers::quicklist::{End, Item, Limit};
use crate::engine::Ctx;
use crate::engine::row::{Acl, Begin, Find, Flags, Group, KeyFlags, KeySpec, Row};
use crate::keyspace::{Edited, Ttl};
use crate::resp::{Bulks, CommandError, Writer};
use crate::value::{List, Value};

type Done = Result<(), CommandError>;

/// The list in a value, or the refusal of another type.
pub(super) fn list(value: &Value) -> Result<&List, CommandError> {
    value.as_list().ok_or(CommandError::WrongType)
}

/// How large a node of a list may become.
pub(super) fn limit(ctx: &Ctx<'_>) -> Limit {
    Limit::new(ctx.srv.config.list_max_listpack_size as i32)
}

/// An argument as an element: a large one keeps the buffer it was read into.
pub(super) fn item<'a>(ctx: &Ctx<'a>, i: usize) -> Item<'a> {
    match ctx.args.big(i) {
        Some(bytes) => Item::Big(bytes),
        None => Item::from(ctx.arg(i)),
    }
}

/// Writes an element.
#[inline]
pub(super) fn reply_item(w: &mut Writer<'_>, item: Item<'_>) {
    use crate::containers::listpack::Element;
    match item {
        Item::Small(Element::Text(text)) => w.bulk(text),
        Item::Small(Element::Int(n)) => w.bulk_int(n),
        Item::Big(bytes) => w.bulk_shared(bytes.clone()),
    }
}

/// Writes many elements.
pub(super) fn reply_items<'a>(w: &mut Writer<'_>, items: impl Iterator<Item = Item<'a>>) {
    use crate::containers::listpack::Element;
    let mut bulks = Bulks::new(w);
    items.for_each(|item| match item {
        Item::Small(Element::Text(text)) => bulks.bulk(text),
        Item::Small(Element::Int(n)) => bulks.bulk_int(n),
        Item::Big(bytes) => bulks.bulk_shared(bytes),
    });
}

/// The event of adding an element at an end.
pub(super) fn push_event(end: End) -> &'static str {
    match end {
        End::Front => "lpush",
        End::Back => "rpush",
    }
}

/// Tells that elements were removed at an end, and perhaps the key with the last of them.
pub(super) fn announce_pop(ctx: &mut Ctx<'_>, end: End, key: &[u8], emptied: bool) {
    let event = match end {
        End::Front => "lpop",
        End::Back => "rpop",
    };
    ctx.notify(NotifyFlags::LIST, event, key);
    announce_end(ctx, key, emptied);
}

/// Tells that a key went with its last element.
pub(super) fn announce_end(ctx: &mut Ctx<'_>, key: &[u8], emptied: bool) {
    if emptied {
        ctx.notify(NotifyFlags::GENERIC, "del", key);
    }
}

/// Changes the list in a key by `edit`, which answers how many elements it removed; `None` when the key is missing.
/// Answers that, and whether the list is empty now; then the key is gone.
pub(super) fn remove_from(
    ctx: &mut Ctx<'_>,
    key: &[u8],
    edit: impl FnOnce(&mut List, Writer<'_>) -> Option<usize>,
) -> Result<Option<(usize, bool)>, CommandError> {
    let limit = limit(ctx);
    let writer = Writer::new(ctx.out, ctx.proto);
    let edited = ctx.srv.keyspace.edit_elements(ctx.db, key, |value| {
        let Some(list) = value.as_list_mut() else { return (Edited::Nothing, Err(CommandError::WrongType)) };
        let Some(removed) = edit(list, writer) else { return (Edited::Nothing, Ok((0, false))) };
        let emptied = list.is_empty();
        if emptied {
            return (Edited::Emptied(removed as u64), Ok((removed, true)));
        }
        list.after_removal(limit);
        (Edited::Changed(removed as u64), Ok((removed, false)))
    });
    edited.transpose()
}

/// Adds elements one after another at an end; answers the new length. A missing key is created, or `None`.
pub(super) fn push_all<'a>(
    ctx: &mut Ctx<'_>,
    key: &[u8],
    end: End,
    items: impl ExactSizeIterator<Item = Item<'a>> + Clone,
    create: bool,
) -> Result<Option<usize>, CommandError> {
    let limit = limit(ctx);
    let (count, bytes) = (items.len(), items.clone().map(Item::text_len).sum());
    let again = items.clone();
    let pushed = ctx.srv.keyspace.edit_elements(ctx.db, key, |value| {
        let Some(list) = value.as_list_mut() else { return (Edited::Nothing, Err(CommandError::WrongType)) };
        list.make_room(bytes, count, limit);
        again.for_each(|item| list.push(end, item, limit));
        (Edited::Changed(count as u64), Ok(list.len()))
    });
    if let Some(pushed) = pushed {
        return pushed.map(Some);
    }
    if !create {
        return Ok(None);
    }
    let mut list = if count > 1 { List::with_room_for(items.clone(), limit) } else { List::new() };
    list.make_room(bytes, count, limit);
    items.for_each(|item| list.push(end, item, limit));
    ctx.srv.keyspace.set(ctx.db, key, Value::List(list), Ttl::Clear);
    ctx.srv.keyspace.add_dirty(count as u64 - 1);
    Ok(Some(count))
}

fn push(ctx: &mut Ctx<'_>, end: End, create: bool) -> Done {
    let key = ctx.arg(1);
    let args = ctx.args;
    let items = (2..ctx.argc()).map(|i| args.big(i).map_or_else(|| Item::from(args.get(i)), Item::Big));
    let len = push_all(ctx, key, end, items, create)?;
    if len.is_some() {
        ctx.notify(NotifyFlags::LIST, push_event(end), key);
    }
    ctx.reply().int(len.unwrap_or(0) as i64);
    Ok(())
}

fn lpush(ctx: &mut Ctx<'_>) -> Done {
    push(ctx, End::Front, true)
}

fn rpush(ctx: &mut Ctx<'_>) -> Done {
    push(ctx, End::Back, true)
}

fn lpushx(ctx: &mut Ctx<'_>) -> Done {
    push(ctx, End::Front, false)
}

fn rpushx(ctx: &mut Ctx<'_>) -> Done {
    push(ctx, End::Back, false)
}

fn lpop(ctx: &mut Ctx<'_>) -> Done {
    pop(ctx, End::Front)
}

fn rpop(ctx: &mut Ctx<'_>) -> Done {
    pop(ctx, End::Back)
}

fn pop(ctx: &mut Ctx<'_>, end: End) -> Done {
    let key = ctx.arg(1);
    match ctx.argc() {
        2 => {}
        3 => return pop_count(ctx, end, key),
        _ => return Err(CommandError::WrongArgs(ctx.row.name)),
    }
    let popped = remove_from(ctx, key, |list, mut w| {
        list.pop(end, |item| reply_item(&mut w, item));
        Some(1)
    })?;
    match popped {
        Some((_, emptied)) => announce_pop(ctx, end, key, emptied),
        None => ctx.reply().null(),
    }
    Ok(())
}

fn pop_count(ctx: &mut Ctx<'_>, end: End, key: &[u8]) -> Done {
    let count = ctx.int(2).ok().and_then(|count| usize::try_from(count).ok());
    let count = count.ok_or(CommandError::NotPositive)?;
    let popped = remove_from(ctx, key, |list, w| take(list, end, count, w))?;
    match popped {
        Some((0, _)) => ctx.reply().array(0),
        Some((_, emptied)) => announce_pop(ctx, end, key, emptied),
        None => ctx.reply().null_array(),
    }
    Ok(())
}

/// Takes up to `count` elements off an end and writes them as an array; nothing at all for none.
pub(super) fn take(list: &mut List, end: End, count: usize, mut w: Writer<'_>) -> Option<usize> {
    let count = count.min(list.len());
    if count == 0 {
        return None;
    }
    w.array(count);
    let (first, from) = match end {
        End::Front => (0, 0),
        End::Back => (list.len() - 1, list.len() - count),
    };
    reply_items(&mut w, list.range(first, count, end == End::Front));
    list.remove_range(from, count);
    Some(count)
}

fn llen(ctx: &mut Ctx<'_>) -> Done {
    let len = match ctx.srv.keyspace.lookup(ctx.db, ctx.arg(1)) {
        Some(value) => list(value)?.len(),
        None => 0,
    };
    ctx.reply().int(len as i64);
    Ok(())
}

/// The place that an index names, counted from the end when negative, if there is an element.
fn place(index: i64, len: usize) -> Option<usize> {
    let at = if index < 0 { index.checked_add(len as i64)? } else { index };
    usize::try_from(at).ok().filter(|at| *at < len)
}

/// First and last place between two indexes, both included; `None` when there is nothing between them.
fn between(start: i64, end: i64, len: usize) -> Option<(usize, usize)> {
    let len = len as i64;
    let from_end = |at: i64| if at < 0 { at + len } else { at };
    let (start, end) = (from_end(start).max(0), from_end(end).min(len - 1));
    (start <= end && start < len).then_some((start as usize, end as usize))
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

fn lset(ctx: &mut Ctx<'_>) -> Done {
    let (key, limit) = (ctx.arg(1), limit(ctx));
    let len = match ctx.srv.keyspace.lookup(ctx.db, key) {
        Some(value) => list(value)?.len(),
        None => return Err(CommandError::NoSuchKey),
    };
    let at = place(ctx.int(2)?, len).ok_or(CommandError::IndexOutOfRange)?;
    let new = item(ctx, 3);
    ctx.srv.keyspace.update(ctx.db, key, |value| {
        if let Some(list) = value.as_list_mut() {
            list.make_room(new.text_len(), 1, limit);
            list.replace(at, new, limit);
            list.after_removal(limit);
        }
    });
    #[cfg(feature = "mutants")]
    if ctx.srv.knobs.broken(Mutant::ListBytesMiscounted) {
        ctx.srv.keyspace.miscount();
    }
    ctx.notify(NotifyFlags::LIST, "lset", key);
    ctx.reply().ok();
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
            reply_items(&mut w, list.range(first, count, true));
        }
        None => w.array(0),
    }
    Ok(())
}

fn ltrim(ctx: &mut Ctx<'_>) -> Done {
    let key = ctx.arg(1);
    let (start, end) = (ctx.int(2)?, ctx.int(3)?);
    let too_many = usize::from(ctx.srv.knobs.broken(Mutant::LtrimOffByOne));
    let trimmed = remove_from(ctx, key, |list, _| {
        let len = list.len();
        match between(start, end, len) {
            Some((first, last)) => {
                list.remove_range(last + 1 + too_many, usize::MAX);
                list.remove_range(0, first);
            }
            None => list.remove_range(0, usize::MAX),
        }
        Some(len - list.len())
    })?;
    if let Some((_, emptied)) = trimmed {
        ctx.notify(NotifyFlags::LIST, "ltrim", key);
        announce_end(ctx, key, emptied);
    }
    ctx.reply().ok();
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
    Row::new(
        "lpop",
        lpop,
        -2,
        Flags::WRITE.or(Flags::FAST),
        Acl::FAST.or(Acl::LIST).or(Acl::WRITE),
        Group::List,
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
    .doc("Removes elements from the front of a list.", "O(n) in the number of elements", "key [count]"),
    Row::new(
        "lpush",
        lpush,
        -3,
        Flags::WRITE.or(Flags::DENYOOM).or(Flags::FAST),
        Acl::FAST.or(Acl::LIST).or(Acl::WRITE),
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
    .since("1.0.0")
    .doc(
        "Adds elements to the front of a list, creating it when it is missing.",
        "O(1) for each element",
        "key element...",
    ),
    Row::new(
        "lpushx",
        lpushx,
        -3,
        Flags::WRITE.or(Flags::DENYOOM).or(Flags::FAST),
        Acl::FAST.or(Acl::LIST).or(Acl::WRITE),
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
    .doc("Adds elements to the front of a list that exists.", "O(1) for each element", "key element..."),
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
    Row::new(
        "lset",
        lset,
        4,
        Flags::WRITE.or(Flags::DENYOOM),
        Acl::LIST.or(Acl::SLOW).or(Acl::WRITE),
        Group::List,
    )
    .keyed(
        (1, 1, 1),
        &[KeySpec {
            begin: Begin::Index(1),
            find: Find::Range(0, 1, 0),
            flags: KeyFlags::RW.or(KeyFlags::UPDATE),
        }],
    )
    .since("1.0.0")
    .doc(
        "Replaces the element at an index.",
        "O(n) in the nodes and elements passed over; O(1) at both ends",
        "key index element",
    ),
    Row::new("ltrim", ltrim, 4, Flags::WRITE, Acl::LIST.or(Acl::SLOW).or(Acl::WRITE), Group::List)
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
            "Removes everything but the elements between two indexes.",
            "O(n) in the number of elements removed",
            "key start stop",
        ),
    Row::new(
        "rpop",
        rpop,
        -2,
        Flags::WRITE.or(Flags::FAST),
        Acl::FAST.or(Acl::LIST).or(Acl::WRITE),
        Group::List,
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
    .doc("Removes elements from the back of a list.", "O(n) in the number of elements", "key [count]"),
    Row::new(
        "rpush",
        rpush,
        -3,
        Flags::WRITE.or(Flags::DENYOOM).or(Flags::FAST),
        Acl::FAST.or(Acl::LIST).or(Acl::WRITE),
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
    .since("1.0.0")
    .doc(
        "Adds elements to the back of a list, creating it when it is missing.",
        "O(1) for each element",
        "key element...",
    ),
    Row::new(
        "rpushx",
        rpushx,
        -3,
        Flags::WRITE.or(Flags::DENYOOM).or(Flags::FAST),
        Acl::FAST.or(Acl::LIST).or(Acl::WRITE),
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
    .doc("Adds elements to the back of a list that exists.", "O(1) for each element", "key element..."),
];

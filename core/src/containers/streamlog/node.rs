//! One node of a stream: a listpack of entries near each other.
//!
//! *Owns*: the layout of a node, walking it both ways, adding and marking entries. *Does not own*: the order of nodes,
//! when a node is full.
//!
//! The layout is that of stream nodes in RDB files. First the master: number of entries alive, number of entries marked
//! as deleted, number of field names, the names, 0. Then the entries: flags, milliseconds and sequence counted from the
//! node's base, then either the values for the master's names (flag [`SAME`]) or a number of pairs and the pairs; last,
//! how many elements of the entry stand before this one, which is what a reader from behind needs.
//!
//! *Invariants*: the master's counts are right; ids rise; nothing but [`Node::load`] meets bytes that were not written
//! here, and it checks them.

use super::id::StreamId;
use crate::containers::listpack::{Cursor, Element, Iter, Listpack};
use alloc::vec::Vec;

/// The entry is deleted.
const DELETED: i64 = 1;
/// The entry has the names of the master.
const SAME: i64 = 2;
/// Elements of an entry besides its values, when it has the master's names.
const SAME_EXTRA: usize = 3;
/// Elements of an entry besides its pairs, when it has names of its own.
const OWN_EXTRA: usize = 4;

/// An entry of a stream.
#[derive(Clone, Copy)]
pub struct Entry<'a> {
    /// Its position.
    pub id: StreamId,
    pack: &'a Listpack,
    names: Option<Cursor>,
    values: Cursor,
    pairs: usize,
}

impl<'a> Entry<'a> {
    /// Number of field-value pairs.
    #[must_use]
    pub fn pairs(&self) -> usize {
        self.pairs
    }

    /// Fields and values in turn.
    #[must_use]
    pub fn elements(&self) -> Elements<'a> {
        Elements {
            names: self.names.map(|names| self.pack.iter_from(names, 0)),
            values: self.pack.iter_from(self.values, 0),
            left: 2 * self.pairs,
        }
    }
}

/// Fields and values of an entry in turn.
pub struct Elements<'a> {
    names: Option<Iter<'a>>,
    values: Iter<'a>,
    left: usize,
}

impl<'a> Iterator for Elements<'a> {
    type Item = Element<'a>;

    #[inline]
    fn next(&mut self) -> Option<Element<'a>> {
        self.left = self.left.checked_sub(1)?;
        match &mut self.names {
            Some(names) if self.left % 2 == 1 => names.next(),
            _ => self.values.next(),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Elements<'_> {}

/// An entry in a node, deleted or not.
#[derive(Clone, Copy)]
pub(super) struct Found<'a> {
    pub(super) entry: Entry<'a>,
    pub(super) deleted: bool,
    /// The flags.
    at: Cursor,
    /// The count behind the entry.
    end: Cursor,
}

/// A node with what its master says.
#[derive(Clone, Copy)]
pub(super) struct Node<'a> {
    pack: &'a Listpack,
    base: StreamId,
    pub(super) alive: usize,
    pub(super) deleted: usize,
    names: usize,
    first_name: Cursor,
    /// The 0 behind the master's names.
    master_end: Cursor,
}

impl<'a> Node<'a> {
    /// Reads the master. `None` when it makes no sense.
    pub(super) fn open(base: StreamId, pack: &'a Listpack) -> Option<Self> {
        let mut at = pack.first()?;
        let mut number = || {
            let n = usize::try_from(pack.get(at).int()?).ok()?;
            at = pack.next(at)?;
            Some(n)
        };
        let (alive, deleted, names) = (number()?, number()?, number()?);
        let first_name = at;
        for _ in 0..names {
            at = pack.next(at)?;
        }
        Some(Self { pack, base, alive, deleted, names, first_name, master_end: at })
    }

    /// Reads the master of a node made or checked before.
    #[inline]
    pub(super) fn of(base: StreamId, pack: &'a Listpack) -> Self {
        Self::open(base, pack).expect("a node has a master")
    }

    /// Entries, deleted ones included.
    pub(super) fn count(&self) -> usize {
        self.alive + self.deleted
    }

    /// The first entry.
    pub(super) fn first(&self) -> Option<Found<'a>> {
        self.read(self.pack.next(self.master_end)?)
    }

    /// The last entry.
    pub(super) fn last(&self) -> Option<Found<'a>> {
        self.before_end(self.pack.last()?)
    }

    /// The entry after another.
    #[inline]
    pub(super) fn after(&self, found: &Found<'a>) -> Option<Found<'a>> {
        self.read(self.pack.next(found.end)?)
    }

    /// The entry before another.
    pub(super) fn before(&self, found: &Found<'a>) -> Option<Found<'a>> {
        self.before_end(self.pack.prev(found.at)?)
    }

    /// The first entry at `id` or after it, walking from the end that its time is nearer to.
    pub(super) fn seek(&self, id: StreamId) -> Option<Found<'a>> {
        let (first, last) = (self.first()?, self.last()?);
        if first.entry.id >= id {
            return Some(first);
        }
        if last.entry.id < id {
            return None;
        }
        if id.ms - first.entry.id.ms <= last.entry.id.ms.saturating_sub(id.ms) {
            let mut at = first;
            while at.entry.id < id {
                at = self.after(&at)?;
            }
            return Some(at);
        }
        let mut at = last;
        while let Some(before) = self.before(&at).filter(|before| before.entry.id >= id) {
            at = before;
        }
        Some(at)
    }

    /// The entry whose closing count is at `end`; none when that is the end of the master.
    fn before_end(&self, end: Cursor) -> Option<Found<'a>> {
        if end == self.master_end {
            return None;
        }
        let mut at = end;
        for _ in 0..self.pack.get(end).int()? {
            at = self.pack.prev(at)?;
        }
        self.read(at)
    }

    /// The entry whose flags are at `at`.
    #[inline]
    fn read(&self, at: Cursor) -> Option<Found<'a>> {
        let pack = self.pack;
        let flags = pack.get(at).int()?;
        let ms_at = pack.next(at)?;
        let seq_at = pack.next(ms_at)?;
        let ms = self.base.ms.wrapping_add(pack.get(ms_at).int()? as u64);
        let seq = self.base.seq.wrapping_add(pack.get(seq_at).int()? as u64);
        let mut values = pack.next(seq_at)?;
        let (names, pairs, elements) = if flags & SAME != 0 {
            (Some(self.first_name), self.names, self.names)
        } else {
            let pairs = usize::try_from(pack.get(values).int()?).ok()?;
            values = pack.next(values)?;
            (None, pairs, pairs.checked_mul(2)?)
        };
        let mut end = values;
        for _ in 0..elements {
            end = pack.next(end)?;
        }
        let entry = Entry { id: StreamId { ms, seq }, pack, names, values, pairs };
        Some(Found { entry, deleted: flags & DELETED != 0, at, end })
    }

    /// Whether an entry with these fields has the master's names.
    pub(super) fn same_names<'t>(&self, fields: impl ExactSizeIterator<Item = &'t [u8]>) -> bool {
        let mut names = self.pack.iter_from(self.first_name, 0);
        fields.len() == 2 * self.names
            && fields.step_by(2).all(|field| names.next().is_some_and(|name| name.is(field)))
    }

    /// Walks a node that came from outside: the position of its first and its last entry, and how many are alive.
    /// `None` when anything in it makes no sense.
    pub(super) fn load(base: StreamId, pack: &'a Listpack) -> Option<(StreamId, StreamId, usize)> {
        let node = Self::open(base, pack)?;
        if pack.get(node.master_end).int()? != 0 || node.alive == 0 {
            return None;
        }
        let first = node.first()?;
        let (mut at, mut alive, mut deleted) = (first, 0, 0);
        loop {
            let sound = pack.get(at.at).int()? & !(SAME | DELETED) == 0;
            let before = if at.entry.names.is_some() {
                node.names + SAME_EXTRA
            } else {
                2 * at.entry.pairs + OWN_EXTRA
            };
            if !sound || pack.get(at.end).int()? != before as i64 || at.entry.id < base {
                return None;
            }
            *(if at.deleted { &mut deleted } else { &mut alive }) += 1;
            let Some(next) = pack.next(at.end) else { break };
            let next = node.read(next)?;
            if next.entry.id <= at.entry.id {
                return None;
            }
            at = next;
        }
        (node.alive == alive && node.deleted == deleted).then_some((first.entry.id, at.entry.id, alive))
    }
}

/// A node with one entry, whose names become the master's. `room` is what the listpack should have room for.
pub(super) fn begin<'t>(fields: impl ExactSizeIterator<Item = &'t [u8]> + Clone, room: usize) -> Listpack {
    let pairs = fields.len() as i64 / 2;
    let numbers = [1, 0, pairs, 0, SAME, 0, 0, pairs + SAME_EXTRA as i64];
    let needed = numbers.iter().map(|n| Listpack::cost(*n)).sum::<usize>()
        + fields.clone().map(Listpack::cost).sum::<usize>();
    let mut pack = Listpack::with_room(needed.max(room));
    numbers[..3].iter().for_each(|n| pack.push_back(*n));
    fields.clone().step_by(2).for_each(|name| pack.push_back(name));
    numbers[3..7].iter().for_each(|n| pack.push_back(*n));
    fields.skip(1).step_by(2).for_each(|value| pack.push_back(value));
    pack.push_back(numbers[7]);
    pack
}

/// Adds an entry behind all others; `same` says whether it has the master's names.
pub(super) fn append<'t>(
    pack: &mut Listpack,
    base: StreamId,
    id: StreamId,
    fields: impl ExactSizeIterator<Item = &'t [u8]>,
    same: bool,
) {
    let pairs = fields.len() as i64 / 2;
    let (ms, seq) = (id.ms.wrapping_sub(base.ms) as i64, id.seq.wrapping_sub(base.seq) as i64);
    pack.push_back(if same { SAME } else { 0 });
    pack.push_back(ms);
    pack.push_back(seq);
    if same {
        fields.skip(1).step_by(2).for_each(|value| pack.push_back(value));
        pack.push_back(pairs + SAME_EXTRA as i64);
    } else {
        pack.push_back(pairs);
        fields.for_each(|element| pack.push_back(element));
        pack.push_back(2 * pairs + OWN_EXTRA as i64);
    }
    add_to_master(pack, 1, 0);
}

/// Marks an entry as deleted. The node must keep another one alive.
pub(super) fn mark(pack: &mut Listpack, base: StreamId, id: StreamId) -> bool {
    let Some(found) = Node::of(base, pack).seek(id).filter(|f| f.entry.id == id && !f.deleted) else {
        return false;
    };
    let at = found.at;
    delete_at(pack, at);
    add_to_master(pack, -1, 1);
    true
}

/// Marks the first entries alive as deleted, while `condition` holds for the next one and the number before it. Answers
/// how many.
pub(super) fn mark_first(
    pack: &mut Listpack,
    base: StreamId,
    condition: impl Fn(StreamId, usize) -> bool,
) -> usize {
    let mut places = Vec::new();
    let node = Node::of(base, pack);
    let mut next = node.first();
    while let Some(found) = next.filter(|found| condition(found.entry.id, places.len())) {
        if !found.deleted {
            places.push(found.at);
        }
        next = node.after(&found);
    }
    if !places.is_empty() {
        // The flags keep their size, so that places stay valid.
        places.iter().for_each(|at| delete_at(pack, *at));
        add_to_master(pack, -(places.len() as i64), places.len() as i64);
    }
    places.len()
}

fn delete_at(pack: &mut Listpack, flags: Cursor) {
    if let Some(old) = pack.get(flags).int() {
        pack.replace(flags, old | DELETED);
    }
}

/// Changes the counts in the master.
fn add_to_master(pack: &mut Listpack, alive: i64, deleted: i64) {
    let mut at = pack.first();
    for change in [alive, deleted] {
        let Some(cursor) = at else { return };
        let mut cursor = cursor;
        if change != 0
            && let Some(old) = pack.get(cursor).int()
        {
            cursor = pack.replace(cursor, old + change);
        }
        at = pack.next(cursor);
    }
}

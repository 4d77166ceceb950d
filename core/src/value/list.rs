//! Lists.
//!
//! *Owns*: [`List`] with its two forms and the rules by which one becomes the other.
//! *Does not own*: the forms themselves (`containers`), the configured limit: callers pass it.
//! *Invariants*: 16 bytes. Short lists are one listpack and nothing else; long ones have nodes. A list changes form only in
//! [`List::make_room`], [`List::push`] and [`List::after_removal`], as Redis 7.2 does, so that OBJECT ENCODING agrees.

use super::Digest;
use crate::base::number::IntText;
use crate::containers::listpack::{self, Listpack};
use crate::containers::quicklist::{End, Item, Limit, Needle, Node, Quicklist, Walk};
use alloc::boxed::Box;

/// A list as a key holds it.
#[derive(Clone, Debug)]
pub struct List(Form);

#[derive(Clone, Debug)]
enum Form {
    Pack(Listpack),
    Quick(Box<Quicklist>),
}

const _: () = assert!(size_of::<List>() == 16);

/// What the head of a list with nodes counts with.
const QUICK_BYTES: usize = super::allocation(size_of::<Quicklist>());
/// Bytes in one block that are as much work to free as an allocation.
const FREE_UNIT: usize = 16 * 1024;

impl Default for List {
    fn default() -> Self {
        Self::new()
    }
}

impl List {
    /// An empty list.
    #[must_use]
    pub fn new() -> Self {
        Self(Form::Pack(Listpack::new()))
    }

    /// An empty list with room for these elements, if they make a short list.
    #[must_use]
    pub fn with_room_for<'a>(items: impl Iterator<Item = Item<'a>>, limit: Limit) -> Self {
        let bytes = items.map(|item| Listpack::cost(item.element())).sum();
        let short = !limit.exceeded(bytes, 0);
        Self(Form::Pack(if short { Listpack::with_room(bytes) } else { Listpack::new() }))
    }

    /// A list of these nodes, in the form that its size asks for.
    #[must_use]
    pub fn from_nodes(nodes: impl Iterator<Item = Node>, limit: Limit) -> Self {
        let mut quick = Quicklist::new();
        nodes.for_each(|node| quick.push_node(node));
        let mut list = Self(Form::Quick(Box::new(quick)));
        list.simplify(limit, false);
        list
    }

    /// Number of elements.
    #[must_use]
    #[inline]
    pub fn len(&self) -> usize {
        match &self.0 {
            Form::Pack(pack) => pack.len(),
            Form::Quick(quick) => quick.len(),
        }
    }

    /// Whether there is no element.
    #[must_use]
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What OBJECT ENCODING answers.
    #[must_use]
    pub fn encoding(&self) -> &'static str {
        match &self.0 {
            Form::Pack(_) => "listpack",
            Form::Quick(_) => "quicklist",
        }
    }

    /// Bytes on the heap, by the core's own count.
    #[must_use]
    #[inline]
    pub fn heap_bytes(&self) -> usize {
        match &self.0 {
            Form::Pack(pack) => super::allocation(pack.capacity()),
            Form::Quick(quick) => QUICK_BYTES + quick.heap_bytes(),
        }
    }

    /// About how many allocations' worth of work dropping it is.
    #[must_use]
    pub fn free_cost(&self) -> usize {
        match &self.0 {
            Form::Pack(pack) => 1 + pack.capacity() / FREE_UNIT,
            Form::Quick(quick) => 1 + quick.node_count(),
        }
    }

    /// Starts reading what a command is likely to read first.
    #[must_use]
    #[inline]
    pub fn touch(&self) -> u8 {
        match &self.0 {
            Form::Pack(pack) => pack.touch(),
            Form::Quick(quick) => quick.len() as u8,
        }
    }

    /// Feeds the elements in order.
    pub fn digest_into(&self, digest: &mut Digest) {
        let mut scratch = IntText::new();
        digest.write_u64(self.len() as u64);
        for item in self.range(0, usize::MAX, true) {
            digest.write(item.text(&mut scratch));
        }
    }

    /// Parts of it as a file holds them: one listpack, or the nodes.
    #[must_use]
    pub fn parts(&self) -> Parts<'_> {
        match &self.0 {
            Form::Pack(pack) => Parts::Pack(pack),
            Form::Quick(quick) => Parts::Nodes(quick),
        }
    }

    /// Gets ready for elements of so many bytes and that number, which are about to be added.
    #[inline]
    pub fn make_room(&mut self, bytes: usize, elements: usize, limit: Limit) {
        if let Form::Pack(pack) = &mut self.0
            && limit.exceeded(pack.blob_len() + bytes, pack.len() + elements)
        {
            let pack = core::mem::take(pack);
            self.0 = Form::Quick(Box::new(with_node(pack)));
        }
    }

    /// Adds an element at one end. Call [`List::make_room`] before.
    #[inline]
    pub fn push(&mut self, end: End, item: Item<'_>, limit: Limit) {
        match (&mut self.0, end) {
            (Form::Pack(pack), End::Front) => pack.push_front(item.element()),
            (Form::Pack(pack), End::Back) => pack.push_back(item.element()),
            (Form::Quick(quick), _) => quick.push(end, item, limit),
        }
    }

    /// Takes an element off one end after `f` has seen it. Call [`List::after_removal`] later.
    #[inline]
    pub fn pop<R>(&mut self, end: End, f: impl FnOnce(Item<'_>) -> R) -> Option<R> {
        match &mut self.0 {
            Form::Pack(pack) => {
                let cursor = match end {
                    End::Front => pack.first(),
                    End::Back => pack.last(),
                }?;
                let result = f(Item::Small(pack.get(cursor)));
                pack.remove(cursor);
                Some(result)
            }
            Form::Quick(quick) => quick.pop(end, f),
        }
    }

    /// The element number `index`.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<Item<'_>> {
        match &self.0 {
            Form::Pack(pack) => pack.seek(index).map(|cursor| Item::Small(pack.get(cursor))),
            Form::Quick(quick) => quick.get(index),
        }
    }

    /// Up to `count` elements from number `index` on, forwards or backwards.
    #[must_use]
    pub fn range(&self, index: usize, count: usize, forwards: bool) -> Range<'_> {
        match &self.0 {
            Form::Quick(quick) => Range::Quick(quick.range(index, count, forwards)),
            Form::Pack(pack) => match pack.seek(index) {
                None => Range::Forwards(pack.iter().take(0)),
                Some(cursor) if forwards => Range::Forwards(pack.iter_from(cursor, index).take(count)),
                Some(cursor) => Range::Backwards(pack.iter_until(cursor, index).rev().take(count)),
            },
        }
    }

    /// Puts an element in the place of number `index`, which exists. Call [`List::make_room`] before and
    /// [`List::after_removal`] later.
    pub fn replace(&mut self, index: usize, item: Item<'_>, limit: Limit) {
        match &mut self.0 {
            Form::Quick(quick) => quick.replace(index, item, limit),
            Form::Pack(pack) => {
                if let Some(cursor) = pack.seek(index) {
                    pack.replace(cursor, item.element());
                }
            }
        }
    }

    /// Adds an element before or after number `index`, which exists. Call [`List::make_room`] before.
    pub fn insert(&mut self, index: usize, after: bool, item: Item<'_>, limit: Limit) {
        match &mut self.0 {
            Form::Quick(quick) => quick.insert(index, after, item, limit),
            Form::Pack(pack) => match pack.seek(index) {
                Some(cursor) if after => drop(pack.insert_after(cursor, item.element())),
                Some(cursor) => drop(pack.insert_before(cursor, item.element())),
                None => {}
            },
        }
    }

    /// Removes up to `count` elements from number `index` on. Call [`List::after_removal`] later.
    pub fn remove_range(&mut self, index: usize, count: usize) {
        match &mut self.0 {
            Form::Quick(quick) => quick.remove_range(index, count),
            Form::Pack(pack) => {
                if let Some(cursor) = pack.seek(index) {
                    pack.remove_range(cursor, count);
                }
            }
        }
    }

    /// Removes up to `max` elements equal to `needle`, the first or the last ones; answers how many. Call
    /// [`List::after_removal`] later.
    pub fn remove_equal(&mut self, needle: Needle<'_>, max: usize, backwards: bool) -> usize {
        match &mut self.0 {
            Form::Pack(pack) => pack.remove_equal(needle.element(), max, backwards),
            Form::Quick(quick) => quick.remove_equal(needle, max, backwards),
        }
    }

    /// A list that has become short takes its simple form.
    #[inline]
    pub fn after_removal(&mut self, limit: Limit) {
        if let Form::Quick(quick) = &self.0
            && quick.node_count() <= 1
        {
            self.simplify(limit, true);
        }
    }

    #[cold]
    fn simplify(&mut self, limit: Limit, after_removal: bool) {
        let Form::Quick(quick) = &mut self.0 else { return };
        if quick.is_empty() {
            self.0 = Form::Pack(Listpack::new());
        } else if let Some(pack) = quick.only_pack()
            && limit.allows_alone(pack.blob_len(), pack.len(), after_removal)
            && let Some(pack) = quick.take_only_pack()
        {
            self.0 = Form::Pack(pack);
        }
    }

    /// Asserts every invariant.
    pub fn check(&self) {
        match &self.0 {
            Form::Pack(pack) => pack.check(),
            Form::Quick(quick) => quick.check(),
        }
    }
}

fn with_node(pack: Listpack) -> Quicklist {
    let mut quick = Quicklist::new();
    quick.push_node(Node::Pack(pack));
    quick
}

/// A list as a file holds it.
#[derive(Clone, Copy, Debug)]
pub enum Parts<'a> {
    /// One listpack.
    Pack(&'a Listpack),
    /// Nodes.
    Nodes(&'a Quicklist),
}

/// Elements of a list in one direction.
#[derive(Clone, Debug)]
pub enum Range<'a> {
    /// Forwards through a short list.
    Forwards(core::iter::Take<listpack::Iter<'a>>),
    /// Backwards through a short list.
    Backwards(core::iter::Take<core::iter::Rev<listpack::Iter<'a>>>),
    /// Through a long one.
    Quick(Walk<'a>),
}

impl<'a> Iterator for Range<'a> {
    type Item = Item<'a>;

    #[inline]
    fn next(&mut self) -> Option<Item<'a>> {
        match self {
            Self::Forwards(iter) => iter.next().map(Item::Small),
            Self::Backwards(iter) => iter.next().map(Item::Small),
            Self::Quick(walk) => walk.next(),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match self {
            Self::Forwards(iter) => iter.size_hint(),
            Self::Backwards(iter) => iter.size_hint(),
            Self::Quick(walk) => walk.size_hint(),
        }
    }

    #[inline]
    fn fold<B, F: FnMut(B, Item<'a>) -> B>(self, init: B, mut f: F) -> B {
        match self {
            Self::Forwards(iter) => iter.fold(init, |result, element| f(result, Item::Small(element))),
            Self::Backwards(iter) => iter.fold(init, |result, element| f(result, Item::Small(element))),
            Self::Quick(walk) => walk.fold(init, f),
        }
    }
}

impl ExactSizeIterator for Range<'_> {}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    const LIMIT: Limit = Limit::new(-2);

    fn add(list: &mut List, text: &[u8]) {
        list.make_room(text.len(), 1, LIMIT);
        list.push(End::Back, Item::from(text), LIMIT);
    }

    #[test]
    fn changes_form_at_the_limit_and_back_at_half_of_it() {
        let mut list = List::new();
        for _ in 0..681 {
            add(&mut list, b"0123456789");
            assert_eq!(list.encoding(), "listpack");
        }
        // 7 + 681 * 12 + 10 = 8189 is within 8192, another 12 are not.
        add(&mut list, b"0123456789");
        assert_eq!(list.encoding(), "listpack");
        add(&mut list, b"0123456789");
        assert_eq!(list.encoding(), "quicklist");
        list.check();
        while list.len() > 342 {
            list.pop(End::Back, |_| ());
            list.after_removal(LIMIT);
        }
        assert_eq!(list.encoding(), "quicklist");
        for _ in 0..2 {
            list.pop(End::Back, |_| ());
            list.after_removal(LIMIT);
        }
        assert_eq!((list.encoding(), list.len()), ("listpack", 340));
        list.check();
    }

    #[test]
    fn a_large_element_makes_a_long_list() {
        let mut list = List::new();
        add(&mut list, b"a");
        add(&mut list, &[b'x'; 9000]);
        add(&mut list, b"b");
        assert_eq!(list.encoding(), "quicklist");
        let lens: Vec<_> = list.range(2, 9, false).map(Item::text_len).collect();
        assert_eq!(lens, [1, 9000, 1]);
        list.remove_range(1, 1);
        list.after_removal(LIMIT);
        assert_eq!(list.encoding(), "quicklist", "two nodes are left");
        list.pop(End::Front, |_| ());
        list.after_removal(LIMIT);
        assert_eq!(list.encoding(), "listpack");
    }

    #[test]
    fn a_short_list_takes_one_block() {
        let items: [&[u8]; 10] = [b"member:12"; 10];
        let mut list = List::with_room_for(items.iter().map(|item| Item::from(*item)), LIMIT);
        for item in items {
            list.push(End::Back, Item::from(item), LIMIT);
        }
        assert_eq!(list.heap_bytes(), 128);
    }
}

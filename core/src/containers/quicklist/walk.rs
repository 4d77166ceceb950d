//! Walks over a list: from any index, in either direction.

use super::super::listpack;
use super::{At, Item, Node, Quicklist};

/// The elements from one place on, forwards or backwards.
#[derive(Clone, Debug)]
pub struct Walk<'a> {
    list: &'a Quicklist,
    forwards: bool,
    /// The node that `here` walks over.
    at: At,
    here: Here<'a>,
    left: usize,
}

#[derive(Clone, Debug)]
enum Here<'a> {
    Pack(listpack::Iter<'a>),
    Plain(Option<Item<'a>>),
}

impl<'a> Walk<'a> {
    pub(super) fn new(list: &'a Quicklist, index: usize, count: usize, forwards: bool) -> Self {
        if index >= list.len {
            let at = At { chunk: 0, node: 0, inside: 0 };
            return Self { list, forwards, at, here: Here::Plain(None), left: 0 };
        }
        let at = list.seek(index);
        let here = match list.node(at) {
            Node::Pack(pack) => Here::Pack(match pack.seek(at.inside) {
                Some(cursor) if forwards => pack.iter_from(cursor, at.inside),
                Some(cursor) => pack.iter_until(cursor, at.inside),
                None => pack.iter(),
            }),
            Node::Plain(bytes) => Here::Plain(Some(Item::Big(bytes))),
        };
        let reach = if forwards { list.len - index } else { index + 1 };
        Self { list, forwards, at, here, left: count.min(reach) }
    }

    /// Enters the next node in the direction of the walk.
    #[cold]
    fn turn(&mut self) -> Option<()> {
        self.at = if self.forwards { self.list.after(self.at) } else { self.list.before(self.at) }?;
        self.here = match self.list.node(self.at) {
            Node::Pack(pack) => Here::Pack(pack.iter()),
            Node::Plain(bytes) => Here::Plain(Some(Item::Big(bytes))),
        };
        Some(())
    }
}

impl<'a> Iterator for Walk<'a> {
    type Item = Item<'a>;

    #[inline]
    fn next(&mut self) -> Option<Item<'a>> {
        self.left = self.left.checked_sub(1)?;
        loop {
            let next = match &mut self.here {
                Here::Pack(iter) if self.forwards => iter.next().map(Item::Small),
                Here::Pack(iter) => iter.next_back().map(Item::Small),
                Here::Plain(item) => item.take(),
            };
            if next.is_some() {
                return next;
            }
            self.turn()?;
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }

    /// A node at a time: what `for_each` does with many elements.
    #[inline]
    fn fold<B, F: FnMut(B, Item<'a>) -> B>(mut self, init: B, mut f: F) -> B {
        let mut result = init;
        while self.left > 0 {
            match &mut self.here {
                Here::Pack(iter) => {
                    let part = iter.len().min(self.left);
                    self.left -= part;
                    let each = |result, element| f(result, Item::Small(element));
                    result = if self.forwards {
                        iter.take(part).fold(result, each)
                    } else {
                        iter.rev().take(part).fold(result, each)
                    };
                }
                Here::Plain(item) => {
                    if let Some(item) = item.take() {
                        self.left -= 1;
                        result = f(result, item);
                    }
                }
            }
            if self.left > 0 && self.turn().is_none() {
                break;
            }
        }
        result
    }
}

impl ExactSizeIterator for Walk<'_> {}

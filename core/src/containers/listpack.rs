//! A sequence of short strings and numbers in one block of bytes: the form of every small collection.
//!
//! *Owns*: the block, its growth, and edits at any place. *Does not own*: what the elements mean (pairs, scores), and
//! when a collection has become too large for it.
//!
//! The elements are encoded and laid out as in the listpacks of RDB files (in and out is a copy); only the
//! header is our own: `end: u32, count: u32, gap: u16`, then `gap` unused bytes, the elements up to `end`, and
//! unused bytes up to the end of the allocation. The gap makes the front as cheap as the back.
//!
//! *Invariants*
//! - 16 bytes and one allocation; an empty one that never held anything has none.
//! - Every element has its one shortest encoding: equal elements have equal bytes.
//! - A [`Cursor`] names a living element until the next change. Capacity follows from the history of edits alone, and a
//!   clone has the capacity of its original.

mod blob;
mod element;
#[cfg(test)]
mod tests;

use alloc::boxed::Box;
use alloc::vec;
use core::fmt;
pub use element::Element;
use element::{Encoded, decode, entry_len, entry_len_before};

/// Bytes before the gap.
const HEADER: usize = 10;
/// Bytes that a listpack in an RDB file has besides its elements.
const BLOB_OVERHEAD: usize = 7;
/// Blocks up to this size are never given back in part.
const KEEP_MAX: usize = 64;

/// The block. See the module.
#[derive(Clone, Default)]
pub struct Listpack {
    buf: Box<[u8]>,
}

/// The place of an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor(u32);

impl Cursor {
    #[inline]
    fn at(self) -> usize {
        self.0 as usize
    }
}

impl PartialEq for Listpack {
    fn eq(&self, other: &Self) -> bool {
        // Equal elements have equal bytes.
        self.buf[self.start()..self.end()] == other.buf[other.start()..other.end()]
    }
}

impl Eq for Listpack {}

impl fmt::Debug for Listpack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl Listpack {
    /// An empty one; allocates nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty one with room for elements of `bytes` bytes together, as [`Listpack::cost`] counts them.
    #[must_use]
    pub fn with_room(bytes: usize) -> Self {
        let mut pack = Self::default();
        pack.reallocate(round_up(HEADER + bytes), 0);
        pack
    }

    /// Bytes that an element takes.
    #[must_use]
    pub fn cost<'t>(element: impl Into<Element<'t>>) -> usize {
        Encoded::of(element.into()).len()
    }

    /// Number of elements.
    #[must_use]
    #[inline]
    pub fn len(&self) -> usize {
        if self.buf.is_empty() { 0 } else { self.word(4) as usize }
    }

    /// Whether there is no element.
    #[must_use]
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes that the same elements take as a listpack in an RDB file: what limits of size are about.
    #[must_use]
    #[inline]
    pub fn blob_len(&self) -> usize {
        self.end() - self.start() + BLOB_OVERHEAD
    }

    /// Bytes allocated.
    #[must_use]
    #[inline]
    pub fn capacity(&self) -> usize {
        self.buf.len()
    }

    /// Starts reading both ends of the block; the answer means nothing.
    #[must_use]
    #[inline]
    pub fn touch(&self) -> u8 {
        self.buf.first().copied().unwrap_or(0) ^ self.buf.last().copied().unwrap_or(0)
    }

    /// The first element.
    #[must_use]
    #[inline]
    pub fn first(&self) -> Option<Cursor> {
        self.cursor(self.start())
    }

    /// The last element.
    #[must_use]
    #[inline]
    pub fn last(&self) -> Option<Cursor> {
        let (start, end) = (self.start(), self.end());
        (start < end).then(|| Cursor((end - entry_len_before(&self.buf[start..end])) as u32))
    }

    /// The element after this one.
    #[must_use]
    #[inline]
    pub fn next(&self, cursor: Cursor) -> Option<Cursor> {
        self.cursor(cursor.at() + entry_len(&self.buf[cursor.at()..]))
    }

    /// The element before this one.
    #[must_use]
    #[inline]
    pub fn prev(&self, cursor: Cursor) -> Option<Cursor> {
        let start = self.start();
        (start < cursor.at())
            .then(|| Cursor((cursor.at() - entry_len_before(&self.buf[start..cursor.at()])) as u32))
    }

    /// The element at this place.
    #[must_use]
    #[inline]
    pub fn get(&self, cursor: Cursor) -> Element<'_> {
        decode(&self.buf[cursor.at()..]).0
    }

    /// The element number `index`, counted from the nearer end.
    #[must_use]
    pub fn seek(&self, index: usize) -> Option<Cursor> {
        let len = self.len();
        if index >= len {
            return None;
        }
        if index <= len / 2 {
            let mut at = self.start();
            for _ in 0..index {
                at += entry_len(&self.buf[at..]);
            }
            return Some(Cursor(at as u32));
        }
        let (start, mut at) = (self.start(), self.end());
        for _ in index..len {
            at -= entry_len_before(&self.buf[start..at]);
        }
        Some(Cursor(at as u32))
    }

    /// The elements, first to last.
    #[must_use]
    #[inline]
    pub fn iter(&self) -> Iter<'_> {
        Iter { rest: &self.buf[self.start()..self.end()], left: self.len() }
    }

    /// The elements from `cursor` on, which is number `index`.
    #[must_use]
    pub fn iter_from(&self, cursor: Cursor, index: usize) -> Iter<'_> {
        Iter { rest: &self.buf[cursor.at()..self.end()], left: self.len() - index }
    }

    /// The elements up to and with `cursor`, which is number `index`.
    #[must_use]
    pub fn iter_until(&self, cursor: Cursor, index: usize) -> Iter<'_> {
        let end = cursor.at() + entry_len(&self.buf[cursor.at()..]);
        Iter { rest: &self.buf[self.start()..end], left: index + 1 }
    }

    /// The first element from `from` on that equals `wanted`; after each that does not, `skip` more are passed over
    /// (1 to look at the fields of pairs only).
    #[must_use]
    pub fn find<'t>(
        &self,
        wanted: impl Into<Element<'t>>,
        from: Option<Cursor>,
        skip: usize,
    ) -> Option<Cursor> {
        let wanted = Encoded::of(wanted.into());
        let (mut at, end) = (from?.at(), self.end());
        let buf = &self.buf[..end];
        while at < end {
            if wanted.begins(&buf[at..]) {
                return Some(Cursor(at as u32));
            }
            for _ in 0..=skip {
                if at < end {
                    at += entry_len(&buf[at..]);
                }
            }
        }
        None
    }

    /// Adds an element behind all others.
    #[inline]
    pub fn push_back<'t>(&mut self, element: impl Into<Element<'t>>) {
        let element = Encoded::of(element.into());
        let len = element.len();
        self.room_at_end(len);
        let end = self.end();
        element.write(&mut self.buf[end..end + len]);
        self.set_end(end + len);
        self.add_count(1);
    }

    /// Adds an element before all others.
    #[inline]
    pub fn push_front<'t>(&mut self, element: impl Into<Element<'t>>) {
        let element = Encoded::of(element.into());
        let len = element.len();
        self.room_at_front(len);
        let start = self.start() - len;
        element.write(&mut self.buf[start..start + len]);
        self.set_start(start);
        self.add_count(1);
    }

    /// Adds an element before the one at `cursor`; answers its place.
    pub fn insert_before<'t>(&mut self, cursor: Cursor, element: impl Into<Element<'t>>) -> Cursor {
        self.insert_at(cursor.at(), Encoded::of(element.into()))
    }

    /// Adds an element after the one at `cursor`; answers its place.
    pub fn insert_after<'t>(&mut self, cursor: Cursor, element: impl Into<Element<'t>>) -> Cursor {
        let at = cursor.at() + entry_len(&self.buf[cursor.at()..]);
        self.insert_at(at, Encoded::of(element.into()))
    }

    /// Puts an element in the place of the one at `cursor`; answers its place.
    pub fn replace<'t>(&mut self, cursor: Cursor, element: impl Into<Element<'t>>) -> Cursor {
        let element = Encoded::of(element.into());
        let old = entry_len(&self.buf[cursor.at()..]);
        let new = element.len();
        let mut at = cursor.at();
        if new > old {
            at = self.open(at, new - old);
        }
        element.write(&mut self.buf[at..at + new]);
        if new < old {
            at = self.close(at + new, old - new) - new;
        }
        Cursor(at as u32)
    }

    /// Removes the element at `cursor`; answers the place of the one that followed it.
    pub fn remove(&mut self, cursor: Cursor) -> Option<Cursor> {
        self.remove_range(cursor, 1)
    }

    /// Removes up to `count` elements from `cursor` on; answers the place of the one that followed them.
    pub fn remove_range(&mut self, cursor: Cursor, count: usize) -> Option<Cursor> {
        let (mut to, end) = (cursor.at(), self.end());
        let mut removed = 0;
        while removed < count && to < end {
            to += entry_len(&self.buf[to..]);
            removed += 1;
        }
        self.set_count(self.len() - removed);
        let at = self.close(cursor.at(), to - cursor.at());
        self.cursor(at)
    }

    /// Removes up to `max` elements equal to `wanted`, the first ones or the last ones, in one pass. Answers how many.
    pub fn remove_equal<'t>(&mut self, wanted: impl Into<Element<'t>>, max: usize, backwards: bool) -> usize {
        let wanted = Encoded::of(wanted.into());
        let len = wanted.len();
        let (start, end) = (self.start(), self.end());
        let mut spare = 0;
        if backwards {
            let (mut at, mut all) = (start, 0_usize);
            while at < end {
                all += usize::from(wanted.begins(&self.buf[at..end]));
                at += entry_len(&self.buf[at..]);
            }
            spare = all.saturating_sub(max);
        }
        // Everything before `to` is in place; what is kept next begins at `from`.
        let (mut at, mut from, mut to, mut removed) = (start, start, start, 0);
        while at < end && removed < max {
            if !wanted.begins(&self.buf[at..end]) {
                at += entry_len(&self.buf[at..]);
                continue;
            }
            if spare > 0 {
                spare -= 1;
            } else {
                self.buf.copy_within(from..at, to);
                to += at - from;
                from = at + len;
                removed += 1;
            }
            at += len;
        }
        if removed > 0 {
            self.buf.copy_within(from..end, to);
            self.set_end(end - removed * len);
            self.set_count(self.len() - removed);
            self.close(self.end(), 0);
        }
        removed
    }

    /// Takes the elements from `cursor` on out, into a listpack of their own.
    #[must_use]
    pub fn split_off(&mut self, cursor: Cursor) -> Self {
        let (at, end) = (cursor.at(), self.end());
        let mut tail = Self::with_room(end - at);
        tail.buf[HEADER..HEADER + end - at].copy_from_slice(&self.buf[at..end]);
        tail.set_end(HEADER + end - at);
        let kept = Iter { rest: &self.buf[self.start()..at], left: usize::MAX }.count();
        tail.set_count(self.len() - kept);
        self.set_count(kept);
        self.close(at, end - at);
        tail
    }

    /// Adds the elements of `other` behind all others.
    pub fn append(&mut self, other: &Self) {
        let bytes = &other.buf[other.start()..other.end()];
        self.room_at_end(bytes.len());
        let end = self.end();
        self.buf[end..end + bytes.len()].copy_from_slice(bytes);
        self.set_end(end + bytes.len());
        self.add_count(other.len());
    }

    /// Gives back the room for growth.
    pub fn shrink_to_fit(&mut self) {
        if self.is_empty() {
            *self = Self::default();
            return;
        }
        let fitting = round_up(HEADER + self.end() - self.start());
        if fitting < self.buf.len() {
            self.reallocate(fitting, 0);
        }
    }

    /// Walks the whole block both ways and asserts its invariants.
    pub fn check(&self) {
        if self.buf.is_empty() {
            return;
        }
        let (start, end) = (self.start(), self.end());
        assert!(HEADER <= start && start <= end && end <= self.buf.len(), "bounds");
        let (mut at, mut count) = (start, 0);
        while at < end {
            let (element, len) = decode(&self.buf[at..]);
            let encoded = Encoded::of(element);
            assert!(encoded.len() == len && encoded.begins(&self.buf[at..end]), "the shortest encoding");
            assert_eq!(entry_len(&self.buf[at..]), len);
            assert_eq!(entry_len_before(&self.buf[start..at + len]), len, "length behind an element");
            at += len;
            count += 1;
        }
        assert_eq!((at, count), (end, self.len()), "end and count");
    }

    #[inline]
    fn word(&self, at: usize) -> u32 {
        u32::from_le_bytes([self.buf[at], self.buf[at + 1], self.buf[at + 2], self.buf[at + 3]])
    }

    #[inline]
    fn start(&self) -> usize {
        if self.buf.is_empty() {
            return 0;
        }
        HEADER + usize::from(u16::from_le_bytes([self.buf[8], self.buf[9]]))
    }

    #[inline]
    fn end(&self) -> usize {
        if self.buf.is_empty() { 0 } else { self.word(0) as usize }
    }

    #[inline]
    fn set_start(&mut self, start: usize) {
        let gap = (start - HEADER) as u16;
        self.buf[8..10].copy_from_slice(&gap.to_le_bytes());
    }

    #[inline]
    fn set_end(&mut self, end: usize) {
        self.buf[..4].copy_from_slice(&(end as u32).to_le_bytes());
    }

    #[inline]
    fn set_count(&mut self, count: usize) {
        self.buf[4..8].copy_from_slice(&(count as u32).to_le_bytes());
    }

    #[inline]
    fn add_count(&mut self, more: usize) {
        self.set_count(self.len() + more);
    }

    #[inline]
    fn cursor(&self, at: usize) -> Option<Cursor> {
        (at < self.end()).then_some(Cursor(at as u32))
    }

    fn insert_at(&mut self, at: usize, element: Encoded<'_>) -> Cursor {
        let len = element.len();
        let at = if at == self.start() {
            self.room_at_front(len);
            let start = self.start() - len;
            self.set_start(start);
            start
        } else {
            self.open(at, len)
        };
        element.write(&mut self.buf[at..at + len]);
        self.add_count(1);
        Cursor(at as u32)
    }

    /// Moves what lies behind `at` back by `len` bytes; answers where `at` is now.
    fn open(&mut self, at: usize, len: usize) -> usize {
        let offset = at - self.start();
        self.room_at_end(len);
        let at = self.start() + offset;
        let end = self.end();
        self.buf.copy_within(at..end, at + len);
        self.set_end(end + len);
        at
    }

    /// Takes `len` bytes out at `at` by moving the shorter side; answers where what followed them is now.
    fn close(&mut self, at: usize, len: usize) -> usize {
        let (start, end) = (self.start(), self.end());
        let mut follows = at;
        if at - start < end - (at + len) && start + len - HEADER <= usize::from(u16::MAX) {
            self.buf.copy_within(start..at, start + len);
            self.set_start(start + len);
            follows = at + len;
        } else {
            self.buf.copy_within(at + len..end, at);
            self.set_end(end - len);
        }
        let used = HEADER + self.end() - self.start();
        if self.buf.len() > KEEP_MAX && used * 4 < self.buf.len() {
            let offset = follows - self.start();
            self.reallocate(capacity_for(used), 0);
            follows = self.start() + offset;
        }
        follows
    }

    /// Makes room for `len` bytes behind the last element.
    #[inline]
    fn room_at_end(&mut self, len: usize) {
        if self.end() + len > self.buf.len() || self.buf.is_empty() {
            self.make_room(len, false);
        }
    }

    /// Makes room for `len` bytes before the first element.
    #[inline]
    fn room_at_front(&mut self, len: usize) {
        if self.start() < HEADER + len {
            self.make_room(len, true);
        }
    }

    /// Room for `len` more bytes: from the other end when enough of it lies there, so that it is not soon asked for
    /// again; otherwise by growing.
    #[cold]
    fn make_room(&mut self, len: usize, front: bool) {
        if self.buf.is_empty() {
            let capacity = round_up(HEADER + len);
            return self.reallocate(capacity, if front { capacity - HEADER } else { 0 });
        }
        let (start, end) = (self.start(), self.end());
        let used = end - start;
        let free = self.buf.len() - HEADER - used;
        if free >= len && free - len >= used / 8 {
            let spare = free - len;
            let gap = if front { len + spare / 2 } else { spare / 2 }.min(usize::from(u16::MAX).max(len));
            self.buf.copy_within(start..end, HEADER + gap);
            self.set_start(HEADER + gap);
            self.set_end(HEADER + gap + used);
            return;
        }
        let capacity = capacity_for(HEADER + used + len);
        let gap = if front { capacity - HEADER - used } else { 0 };
        self.reallocate(capacity, gap);
    }

    /// Moves everything into a block of `capacity` bytes, behind `gap` unused ones.
    fn reallocate(&mut self, capacity: usize, gap: usize) {
        assert!(capacity <= u32::MAX as usize, "a listpack is smaller than 4 GiB");
        let gap = gap.min(usize::from(u16::MAX));
        let (start, end, count) = (self.start(), self.end(), self.len());
        if start == HEADER + gap && capacity > self.buf.len() {
            let mut bytes = core::mem::take(&mut self.buf).into_vec();
            bytes.reserve_exact(capacity - bytes.len());
            bytes.resize(capacity, 0);
            self.buf = bytes.into_boxed_slice();
            return;
        }
        let mut buf = vec![0; capacity].into_boxed_slice();
        let to = HEADER + gap;
        buf[to..to + end - start].copy_from_slice(&self.buf[start..end]);
        self.buf = buf;
        self.set_start(to);
        self.set_end(to + end - start);
        self.set_count(count);
    }
}

/// The next size that wastes nothing in an allocator whose blocks are multiples of 16 with 8 bytes of its own.
const fn round_up(bytes: usize) -> usize {
    if bytes <= 24 { 24 } else { ((bytes + 7) & !15) + 8 }
}

/// Room for `used` bytes and some growth: little in small blocks, of which there are many.
const fn capacity_for(used: usize) -> usize {
    round_up(used + if used < 256 { used / 16 } else { used / 8 })
}

/// The elements of a listpack.
#[derive(Clone, Debug)]
pub struct Iter<'a> {
    rest: &'a [u8],
    left: usize,
}

impl<'a> Iterator for Iter<'a> {
    type Item = Element<'a>;

    #[inline]
    fn next(&mut self) -> Option<Element<'a>> {
        if self.rest.is_empty() {
            return None;
        }
        let (element, len) = decode(self.rest);
        self.rest = &self.rest[len..];
        self.left -= 1;
        Some(element)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl DoubleEndedIterator for Iter<'_> {
    #[inline]
    fn next_back(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let at = self.rest.len() - entry_len_before(self.rest);
        let (element, _) = decode(&self.rest[at..]);
        self.rest = &self.rest[..at];
        self.left -= 1;
        Some(element)
    }
}

impl ExactSizeIterator for Iter<'_> {}

impl<'a> IntoIterator for &'a Listpack {
    type Item = Element<'a>;
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

//! The entries of a stream: nodes of entries, ordered by the position of their first entry.
//!
//! *Owns*: the nodes, their order, appending, marking as deleted, trimming, ranges both ways. *Does not own*: groups and
//! what the stream remembers besides its entries (`value/stream`).
//!
//! Nodes stand in an ordered tree, so that a place is found in logarithmic time and no operation moves more than a few
//! nodes, however long the stream is. A node is shared by copies of the stream until one of them changes it: a copy, as
//! a running snapshot takes it before a change, copies no entries.
//!
//! *Invariants*: a node's key is the base its entries count from, its first id is not below it and its last id below
//! the next key; every node has an entry alive; `len`, `first` and `heap` are what the nodes say.

mod id;
mod node;
mod range;
#[cfg(test)]
mod tests;

use super::listpack::Listpack;
use alloc::collections::BTreeMap;
use alloc::sync::Arc;
pub use id::{IdText, StreamId};
use node::Node;
pub use node::{Elements, Entry};
pub use range::{Backward, Forward};

/// What a node counts for besides its listpack: its place in the tree, and the header of what is shared.
const NODE_BYTES: usize = 72;
/// A node never grows beyond this many bytes, and an entry with more is refused.
pub const NODE_BYTES_MAX: usize = 1 << 30;

/// When a node is full.
#[derive(Clone, Copy, Debug)]
pub struct NodeLimit {
    /// Bytes; 0 is no limit.
    pub bytes: usize,
    /// Entries, deleted ones included; 0 is no limit.
    pub entries: usize,
}

/// What trimming removes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// All but the last entries, this many of them.
    Last(u64),
    /// Entries before this position.
    From(StreamId),
}

/// The entries of a stream. See the module.
#[derive(Clone, Debug, Default)]
pub struct StreamLog {
    nodes: BTreeMap<StreamId, Arc<Listpack>>,
    len: u64,
    first: StreamId,
    heap: usize,
}

impl StreamLog {
    /// Entries alive.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether no entry is alive.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Position of the first entry alive; the lowest position when there is none.
    #[must_use]
    pub fn first(&self) -> StreamId {
        self.first
    }

    /// Position of the last entry alive.
    #[must_use]
    pub fn last(&self) -> Option<StreamId> {
        self.range(StreamId::MIN, StreamId::MAX).1.next().map(|entry| entry.id)
    }

    /// Number of nodes.
    #[must_use]
    pub fn node_count(&self) -> usize {
        self.nodes.len()
    }

    /// Bytes on the heap, by the core's own count.
    #[must_use]
    #[inline]
    pub fn heap_bytes(&self) -> usize {
        self.heap
    }

    /// The nodes, each with the position its entries count from.
    pub fn nodes(&self) -> impl ExactSizeIterator<Item = (StreamId, &Listpack)> {
        self.nodes.iter().map(|(base, pack)| (*base, &**pack))
    }

    /// Adds an entry behind all others; `fields` are fields and values in turn, at least one pair.
    pub fn append<'t>(
        &mut self,
        id: StreamId,
        fields: impl ExactSizeIterator<Item = &'t [u8]> + Clone,
        limit: NodeLimit,
    ) {
        let size: usize = fields.clone().map(<[u8]>::len).sum();
        let mut room = 0;
        if let Some(mut last) = self.nodes.last_entry() {
            let (base, pack) = (*last.key(), last.get_mut());
            let node = Node::of(base, pack);
            if has_room(&node, pack, size, limit) {
                let same = node.same_names(fields.clone());
                let pack = Arc::make_mut(pack);
                let before = pack.capacity();
                node::append(pack, base, id, fields, same);
                self.heap = self.heap + pack.capacity() - before;
                return self.count_in(id);
            }
            // No more comes here, and as much may come to the next one.
            let before = pack.capacity();
            let pack = Arc::make_mut(pack);
            pack.shrink_to_fit();
            self.heap = self.heap + pack.capacity() - before;
            room = pack.blob_len();
        }
        let pack = node::begin(fields, room);
        self.heap += pack.capacity() + NODE_BYTES;
        self.nodes.insert(id, Arc::new(pack));
        self.count_in(id);
    }

    fn count_in(&mut self, id: StreamId) {
        if self.len == 0 {
            self.first = id;
        }
        self.len += 1;
    }

    /// Whether an entry is there and alive.
    #[must_use]
    pub fn contains(&self, id: StreamId) -> bool {
        self.get(id).is_some()
    }

    /// The entry at a position, if it is there and alive.
    #[must_use]
    pub fn get(&self, id: StreamId) -> Option<Entry<'_>> {
        let (base, pack) = self.nodes.range(..=id).next_back()?;
        let found = Node::of(*base, pack).seek(id)?;
        (found.entry.id == id && !found.deleted).then_some(found.entry)
    }

    /// Removes an entry. Answers whether it was there.
    pub fn remove(&mut self, id: StreamId) -> bool {
        let Some((base, pack)) = self.nodes.range_mut(..=id).next_back() else { return false };
        let (base, node) = (*base, Node::of(*base, pack));
        let there = node.seek(id).is_some_and(|found| found.entry.id == id && !found.deleted);
        if !there {
            return false;
        }
        if node.alive == 1 {
            self.drop_node(base);
        } else {
            let pack = Arc::make_mut(pack);
            let before = pack.capacity();
            node::mark(pack, base, id);
            self.heap = self.heap + pack.capacity() - before;
        }
        self.len -= 1;
        if self.first == id {
            self.find_first();
        }
        true
    }

    /// Removes entries from the beginning. With `whole`, only nodes as a whole are removed, and no further one once that
    /// would make it more than `limit` entries (0 is no limit). Answers how many were removed.
    pub fn trim(&mut self, keep: Keep, whole: bool, limit: u64) -> u64 {
        let mut removed = 0;
        while let Some(mut first) = self.nodes.first_entry() {
            let (base, pack) = (*first.key(), first.get_mut());
            let node = Node::of(base, pack);
            let alive = node.alive as u64;
            if matches!(keep, Keep::Last(n) if self.len <= n) || (limit > 0 && removed + alive > limit) {
                break;
            }
            let all = match keep {
                Keep::Last(n) => self.len - alive >= n,
                Keep::From(id) => node.last().is_none_or(|last| last.entry.id < id),
            };
            if all {
                self.drop_node(base);
                self.len -= alive;
                removed += alive;
                continue;
            }
            if !whole {
                removed += self.trim_node(base, keep);
            }
            break;
        }
        if removed > 0 {
            self.find_first();
        }
        removed
    }

    /// Marks the entries at the beginning of a node that are not to be kept.
    fn trim_node(&mut self, base: StreamId, keep: Keep) -> u64 {
        let Some(shared) = self.nodes.get_mut(&base) else { return 0 };
        let (len, before) = (self.len, shared.capacity());
        let pack = Arc::make_mut(shared);
        let marked = node::mark_first(pack, base, |id, marked| match keep {
            Keep::Last(n) => len - marked as u64 > n,
            Keep::From(from) => id < from,
        });
        let left = Node::of(base, pack).alive;
        self.heap = self.heap + pack.capacity() - before;
        self.len -= marked as u64;
        if left == 0 {
            self.drop_node(base);
        }
        marked as u64
    }

    fn drop_node(&mut self, base: StreamId) {
        if let Some(pack) = self.nodes.remove(&base) {
            self.heap -= pack.capacity() + NODE_BYTES;
        }
    }

    fn find_first(&mut self) {
        self.first =
            self.range(StreamId::MIN, StreamId::MAX).0.next().map_or(StreamId::MIN, |entry| entry.id);
    }

    /// The entries alive from `start` to `end`, both included: first to last, and last to first.
    #[must_use]
    pub fn range(&self, start: StreamId, end: StreamId) -> (Forward<'_>, Backward<'_>) {
        (Forward::new(&self.nodes, start, end), Backward::new(&self.nodes, start, end))
    }

    /// The first entries alive after a position.
    #[must_use]
    pub fn after(&self, id: StreamId) -> Option<Forward<'_>> {
        Some(Forward::new(&self.nodes, id.next()?, StreamId::MAX))
    }

    /// Adds a node from outside, behind all others, after checking every byte of it. `None` when it makes no sense.
    pub fn load_node(&mut self, base: StreamId, blob: &[u8]) -> Option<()> {
        let pack = Listpack::from_blob(blob)?;
        let (first, _, alive) = Node::load(base, &pack)?;
        if let Some((last_base, last)) = self.nodes.last_key_value() {
            let last = Node::of(*last_base, last).last()?;
            if first <= last.entry.id || base <= *last_base || last.entry.id >= base {
                return None;
            }
        }
        self.heap += pack.capacity() + NODE_BYTES;
        self.nodes.insert(base, Arc::new(pack));
        if self.len == 0 {
            self.find_first();
        }
        self.len = self.len.checked_add(alive as u64)?;
        Some(())
    }

    /// Asserts the invariants by walking everything.
    ///
    /// # Panics
    /// When one does not hold.
    pub fn check(&self) {
        let (mut len, mut heap, mut below) = (0, 0, None);
        for (base, pack) in &self.nodes {
            pack.check();
            let (first, last, alive) = Node::load(*base, pack).expect("a node is sound");
            assert!(alive > 0 && first >= *base && below.is_none_or(|b| b < *base), "order of nodes");
            below = Some(last);
            len += alive as u64;
            heap += pack.capacity() + NODE_BYTES;
        }
        assert_eq!((len, heap), (self.len, self.heap), "counts");
        let first = self.range(StreamId::MIN, StreamId::MAX).0.next().map(|entry| entry.id);
        assert_eq!(first.unwrap_or_default(), self.first, "first");
    }
}

/// Whether an entry whose texts have `size` bytes together goes into the last node.
fn has_room(node: &Node<'_>, pack: &Listpack, size: usize, limit: NodeLimit) -> bool {
    let bytes = if limit.bytes == 0 { NODE_BYTES_MAX } else { limit.bytes.min(NODE_BYTES_MAX) };
    let fits = pack.blob_len().saturating_add(size) < bytes;
    fits && (limit.entries == 0 || node.count() < limit.entries)
}

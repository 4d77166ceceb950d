//! A long list: a sequence of nodes, each a listpack of bounded size or one large element.
//!
//! *Owns*: the nodes and their directory, edits at any place. *Does not own*: when a list is short enough for a single
//! listpack without nodes, what an element means.
//!
//! The directory has two levels: chunks of up to `CHUNK` nodes, each of which knows its number of elements. An index is
//! found by going over chunks, then nodes, then the elements of one node, each from the nearer end; both ends are at
//! hand. No operation moves more than one chunk of nodes or the list of chunks, however long the list is.
//!
//! *Invariants*
//! - No node and no chunk is empty; `len`, `nodes` and `heap` are the sums over them.
//! - Nodes are filled as Redis fills them (a node takes an element while its bytes and 8 more stay within the limit), so
//!   that files and encodings come out the same.

mod edit;
mod node;
#[cfg(test)]
mod tests;
mod walk;

use super::listpack::Listpack;
use alloc::collections::VecDeque;
use node::block;
pub use node::{Item, Limit, Needle, Node};
pub use walk::Walk;

/// Nodes in a chunk at most.
const CHUNK: usize = 256;
/// Neighbours with no more nodes than this together become one chunk.
const MERGE_MAX: usize = CHUNK / 4;

/// An end of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The first element.
    Front,
    /// The last element.
    Back,
}

/// A list of nodes. See the module.
#[derive(Clone, Debug, Default)]
pub struct Quicklist {
    chunks: VecDeque<Chunk>,
    len: usize,
    nodes: usize,
    heap: usize,
}

#[derive(Clone, Debug, Default)]
struct Chunk {
    nodes: VecDeque<Node>,
    len: usize,
}

/// A node's place, and an index inside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct At {
    chunk: usize,
    node: usize,
    inside: usize,
}

impl Quicklist {
    /// An empty list.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Number of elements.
    #[must_use]
    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no element.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Number of nodes.
    #[must_use]
    pub fn node_count(&self) -> usize {
        self.nodes
    }

    /// Bytes on the heap, by the core's own count.
    #[must_use]
    #[inline]
    pub fn heap_bytes(&self) -> usize {
        self.heap
    }

    /// The nodes, first to last.
    pub fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.chunks.iter().flat_map(|chunk| &chunk.nodes)
    }

    /// Adds a whole node at the end; an empty one is dropped.
    pub fn push_node(&mut self, node: Node) {
        if !node.is_empty() {
            let chunk = self.chunks.len().saturating_sub(1);
            let at = self.chunks.back().map_or(0, |chunk| chunk.nodes.len());
            self.insert_node(chunk, at, node);
        }
    }

    /// The listpack of a list that has one node and that a packed one.
    #[must_use]
    pub fn only_pack(&self) -> Option<&Listpack> {
        match self.chunks.front()?.nodes.front()? {
            Node::Pack(pack) if self.nodes == 1 => Some(pack),
            Node::Pack(_) | Node::Plain(_) => None,
        }
    }

    /// Takes that listpack; the list is empty then.
    #[must_use]
    pub fn take_only_pack(&mut self) -> Option<Listpack> {
        self.only_pack()?;
        match core::mem::take(self).chunks.pop_front()?.nodes.pop_front()? {
            Node::Pack(pack) => Some(pack),
            Node::Plain(_) => None,
        }
    }

    /// Adds an element at one end.
    pub fn push(&mut self, end: End, item: Item<'_>, limit: Limit) {
        if let Some(last) = self.end_node(end)
            && last.admits(item, limit)
            && let Node::Pack(pack) = last
        {
            let before = block(pack.capacity());
            match end {
                End::Front => pack.push_front(item.element()),
                End::Back => pack.push_back(item.element()),
            }
            let grown = block(pack.capacity());
            self.heap = self.heap + grown - before;
            self.count_in_end_chunk(end);
            return;
        }
        self.settle_end(end);
        let (chunk, at) = match end {
            End::Front => (0, 0),
            End::Back => {
                (self.chunks.len().saturating_sub(1), self.chunks.back().map_or(0, |c| c.nodes.len()))
            }
        };
        self.insert_node(chunk, at, Node::of(item, limit));
    }

    /// Takes an element off one end, after `f` has seen it.
    pub fn pop<R>(&mut self, end: End, f: impl FnOnce(Item<'_>) -> R) -> Option<R> {
        let (chunk, node) = match end {
            End::Front => (0, 0),
            End::Back => {
                let chunk = self.chunks.len().checked_sub(1)?;
                (chunk, self.chunks[chunk].nodes.len() - 1)
            }
        };
        let node_ref = self.chunks.get_mut(chunk)?.nodes.get_mut(node)?;
        let result = match node_ref {
            Node::Plain(bytes) => f(Item::Big(bytes)),
            Node::Pack(pack) => {
                let cursor = match end {
                    End::Front => pack.first(),
                    End::Back => pack.last(),
                }?;
                let result = f(Item::Small(pack.get(cursor)));
                if pack.len() > 1 {
                    let before = block(pack.capacity());
                    pack.remove(cursor);
                    self.heap = self.heap + block(pack.capacity()) - before;
                    self.chunks[chunk].len -= 1;
                    self.len -= 1;
                    return Some(result);
                }
                result
            }
        };
        self.remove_node(chunk, node);
        Some(result)
    }

    /// The element number `index`.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<Item<'_>> {
        self.range(index, 1, true).next()
    }

    /// Up to `count` elements from number `index` on, forwards or backwards.
    #[must_use]
    pub fn range(&self, index: usize, count: usize, forwards: bool) -> Walk<'_> {
        Walk::new(self, index, count, forwards)
    }

    /// Counts everything anew and asserts every invariant.
    pub fn check(&self) {
        let (mut len, mut nodes, mut heap) = (0, 0, 0);
        for chunk in &self.chunks {
            assert!((1..=CHUNK).contains(&chunk.nodes.len()), "nodes in a chunk");
            assert_eq!(chunk.len, chunk.nodes.iter().map(Node::len).sum::<usize>(), "elements of a chunk");
            for node in &chunk.nodes {
                assert!(!node.is_empty(), "a node without elements");
                if let Node::Pack(pack) = node {
                    pack.check();
                }
                heap += node.heap_bytes();
            }
            len += chunk.len;
            nodes += chunk.nodes.len();
        }
        assert_eq!((len, nodes, heap), (self.len, self.nodes, self.heap), "sums");
    }

    #[inline]
    fn end_node(&mut self, end: End) -> Option<&mut Node> {
        match end {
            End::Front => self.chunks.front_mut()?.nodes.front_mut(),
            End::Back => self.chunks.back_mut()?.nodes.back_mut(),
        }
    }

    #[inline]
    fn count_in_end_chunk(&mut self, end: End) {
        let chunk = match end {
            End::Front => self.chunks.front_mut(),
            End::Back => self.chunks.back_mut(),
        };
        if let Some(chunk) = chunk {
            chunk.len += 1;
            self.len += 1;
        }
    }

    /// The node at an end is about to be one in the middle.
    fn settle_end(&mut self, end: End) {
        if let Some(node) = self.end_node(end) {
            let before = node.heap_bytes();
            node.settle();
            let after = node.heap_bytes();
            self.heap = self.heap + after - before;
        }
    }

    fn node(&self, at: At) -> &Node {
        &self.chunks[at.chunk].nodes[at.node]
    }

    /// Where the element number `index`, which exists, is.
    fn seek(&self, index: usize) -> At {
        let mut at = At { chunk: 0, node: 0, inside: index };
        if index <= self.len / 2 {
            while at.inside >= self.chunks[at.chunk].len {
                at.inside -= self.chunks[at.chunk].len;
                at.chunk += 1;
            }
        } else {
            at.chunk = self.chunks.len() - 1;
            let mut start = self.len - self.chunks[at.chunk].len;
            while index < start {
                at.chunk -= 1;
                start -= self.chunks[at.chunk].len;
            }
            at.inside = index - start;
        }
        let chunk = &self.chunks[at.chunk];
        if at.inside <= chunk.len / 2 {
            while at.inside >= chunk.nodes[at.node].len() {
                at.inside -= chunk.nodes[at.node].len();
                at.node += 1;
            }
        } else {
            at.node = chunk.nodes.len() - 1;
            let mut start = chunk.len - chunk.nodes[at.node].len();
            while at.inside < start {
                at.node -= 1;
                start -= chunk.nodes[at.node].len();
            }
            at.inside -= start;
        }
        at
    }

    /// The node after this one.
    fn after(&self, at: At) -> Option<At> {
        if at.node + 1 < self.chunks[at.chunk].nodes.len() {
            return Some(At { node: at.node + 1, inside: 0, ..at });
        }
        (at.chunk + 1 < self.chunks.len()).then_some(At { chunk: at.chunk + 1, node: 0, inside: 0 })
    }

    /// The node before this one, at its last element.
    fn before(&self, at: At) -> Option<At> {
        let (chunk, node) = match at.node.checked_sub(1) {
            Some(node) => (at.chunk, node),
            None => {
                let chunk = at.chunk.checked_sub(1)?;
                (chunk, self.chunks[chunk].nodes.len() - 1)
            }
        };
        Some(At { chunk, node, inside: self.chunks[chunk].nodes[node].len() - 1 })
    }

    /// Puts a node at `at` of a chunk; a full chunk is split, or at its ends left as it is and a new one begun.
    fn insert_node(&mut self, chunk: usize, at: usize, node: Node) {
        self.len += node.len();
        self.nodes += 1;
        self.heap += node.heap_bytes();
        let (mut chunk, mut at) = (chunk, at);
        if self.chunks.is_empty() {
            self.chunks.push_back(Chunk::default());
        } else if self.chunks[chunk].nodes.len() == CHUNK {
            match at {
                0 => self.chunks.insert(chunk, Chunk::default()),
                CHUNK => {
                    (chunk, at) = (chunk + 1, 0);
                    self.chunks.insert(chunk, Chunk::default());
                }
                _ => {
                    self.split_chunk(chunk);
                    if at > CHUNK / 2 {
                        (chunk, at) = (chunk + 1, at - CHUNK / 2);
                    }
                }
            }
        }
        let chunk = &mut self.chunks[chunk];
        chunk.len += node.len();
        chunk.nodes.insert(at, node);
    }

    #[cold]
    fn split_chunk(&mut self, chunk: usize) {
        let nodes = self.chunks[chunk].nodes.split_off(CHUNK / 2);
        let len = nodes.iter().map(Node::len).sum();
        self.chunks[chunk].len -= len;
        self.chunks.insert(chunk + 1, Chunk { nodes, len });
    }

    /// Removes a node.
    fn remove_node(&mut self, chunk: usize, node: usize) {
        let Some(gone) = self.chunks[chunk].nodes.remove(node) else { return };
        self.len -= gone.len();
        self.nodes -= 1;
        self.heap -= gone.heap_bytes();
        self.chunks[chunk].len -= gone.len();
        self.tidy_chunk(chunk);
    }

    /// Removes a chunk that has become empty, or joins it with the next when both are small.
    fn tidy_chunk(&mut self, chunk: usize) {
        let Some(here) = self.chunks.get(chunk).map(|chunk| chunk.nodes.len()) else { return };
        if here == 0 {
            self.chunks.remove(chunk);
            if self.chunks.capacity() > 16 && self.chunks.len() * 4 < self.chunks.capacity() {
                self.chunks.shrink_to(self.chunks.len() * 2);
            }
        } else if let Some(next) = self.chunks.get(chunk + 1)
            && here + next.nodes.len() <= MERGE_MAX
            && let Some(next) = self.chunks.remove(chunk + 1)
        {
            self.chunks[chunk].nodes.extend(next.nodes);
            self.chunks[chunk].len += next.len;
        }
    }
}

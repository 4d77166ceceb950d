//! The order of an ordered set: a counted B+-tree of slots.
//!
//! *Owns*: which slot stands where; nodes, their splitting, merging and memory.
//! *Does not own*: the entries that slots name. Where scores are equal the members decide, and only the caller can
//! compare those: every search takes a function that compares a slot with what is sought.
//!
//! *Invariants*
//! - All leaves are at one depth. A leaf holds at most [`LEAF_MAX`] slots and an inner node at most [`INNER_MAX`]
//!   children; nodes that are on neither edge of the tree hold at least a quarter of that.
//! - An inner node knows the first slot and the number of slots below each child.
//! - One operation allocates at most one node per level: nothing stops for long, however large the tree.
//!
//! A leaf that overflows at an edge of the tree stays full and leaves the newcomer to a node of its own, so filling in
//! ascending or descending order packs all nodes. Leaves grow in steps of 128 bytes, which wastes less than nodes of
//! one size would: they are 70 % full on average after random insertions.

use crate::containers::arena::{Ix, clone_with_capacity};
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::cmp::Ordering;

/// Most slots of a leaf: they fill 1 KiB.
pub(super) const LEAF_MAX: usize = LEAF_STEP * 8 / size_of::<Slot>();
/// Bytes by which leaves grow.
const LEAF_STEP: usize = 128;
const LEAF_MIN: usize = LEAF_MAX / 4;
/// Two leaves with at most this many slots together become one.
const LEAF_MERGE: usize = LEAF_MAX * 3 / 4;
/// Most children of an inner node.
const INNER_MAX: usize = 64;
const INNER_MIN: usize = INNER_MAX / 4;
const INNER_MERGE: usize = INNER_MAX * 3 / 4;
/// Bytes of an inner node for each child it has room for.
const CHILD_BYTES: usize = size_of::<Slot>() + size_of::<u32>() + size_of::<Node>();

/// The order of one entry: its score as an ordered number, and the entry itself. The halves of the number keep a slot
/// at 12 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slot {
    high: u32,
    low: u32,
    pub(super) ix: Ix,
}

impl Slot {
    pub(super) const fn new(order: u64, ix: Ix) -> Self {
        Self { high: (order >> 32) as u32, low: order as u32, ix }
    }

    #[inline]
    pub(super) const fn order(self) -> u64 {
        (self.high as u64) << 32 | self.low as u64
    }
}

enum Node {
    Leaf(Vec<Slot>),
    Inner(Box<Inner>),
}

struct Inner {
    /// The first slot below each child.
    firsts: Vec<Slot>,
    /// The number of slots below each child.
    counts: Vec<u32>,
    nodes: Vec<Node>,
}

/// Whether a node is the first or the last of its level.
#[derive(Clone, Copy)]
struct Edge {
    first: bool,
    last: bool,
}

/// A counted B+-tree. See the module.
#[derive(Clone)]
pub(super) struct Tree {
    root: Node,
    len: usize,
    bytes: usize,
}

impl Tree {
    pub(super) const fn new() -> Self {
        Self { root: Node::Leaf(Vec::new()), len: 0, bytes: 0 }
    }

    pub(super) const fn len(&self) -> usize {
        self.len
    }

    /// Bytes allocated. O(1).
    pub(super) const fn heap_bytes(&self) -> usize {
        self.bytes
    }

    /// Puts a slot where `cmp`, which never answers equal, says.
    pub(super) fn insert(&mut self, slot: Slot, cmp: &impl Fn(Slot) -> Ordering) {
        let edge = Edge { first: true, last: true };
        if let Some(right) = self.root.insert(slot, cmp, edge, &mut self.bytes) {
            let mut inner = Box::new(Inner::new());
            self.bytes += size_of::<Inner>();
            let left = core::mem::replace(&mut self.root, Node::Leaf(Vec::new()));
            inner.add(0, left, &mut self.bytes);
            inner.add(1, right, &mut self.bytes);
            self.root = Node::Inner(inner);
        }
        self.len += 1;
    }

    /// Takes out the slot that `cmp` answers equal for.
    pub(super) fn remove(&mut self, cmp: &impl Fn(Slot) -> Ordering) -> Slot {
        let slot = self.root.remove(cmp, &mut self.bytes);
        self.len -= 1;
        while let Node::Inner(inner) = &mut self.root {
            if inner.nodes.len() > 1 {
                break;
            }
            self.bytes -= size_of::<Inner>() + inner.nodes.capacity() * CHILD_BYTES;
            self.root = inner.nodes.pop().unwrap_or(Node::Leaf(Vec::new()));
        }
        if self.len == 0 {
            *self = Self::new();
        }
        slot
    }

    /// Moves the slot that `old` answers equal for to where `new` says, if both places are inside one leaf, and gives
    /// it another order. `false`, and nothing done, otherwise.
    pub(super) fn shift(
        &mut self,
        slot: Slot,
        old: &impl Fn(Slot) -> Ordering,
        new: &impl Fn(Slot) -> Ordering,
    ) -> bool {
        let mut node = &mut self.root;
        let slots = loop {
            match node {
                Node::Leaf(slots) => break slots,
                Node::Inner(inner) => {
                    let i = inner.child(old);
                    node = &mut inner.nodes[i];
                }
            }
        };
        let at = place(slots, old);
        let to = place(slots, new);
        if at == 0 || to == 0 || to == slots.len() {
            return false;
        }
        if to > at {
            slots.copy_within(at + 1..to, at);
            slots[to - 1] = slot;
        } else {
            slots.copy_within(to..at, to + 1);
            slots[to] = slot;
        }
        true
    }

    /// How many slots `cmp` answers less for.
    pub(super) fn rank(&self, cmp: &impl Fn(Slot) -> Ordering) -> usize {
        let mut before = 0;
        let mut node = &self.root;
        loop {
            match node {
                Node::Leaf(slots) => return before + place(slots, cmp),
                Node::Inner(inner) => {
                    let i = inner.child(cmp);
                    before += sum(&inner.counts[..i]);
                    node = &inner.nodes[i];
                }
            }
        }
    }

    /// The leaf with the slot of this rank, and the slot's place in it. The rank must be less than the length.
    pub(super) fn leaf_of(&self, rank: usize) -> (&[Slot], usize) {
        let mut left = rank;
        let mut node = &self.root;
        loop {
            match node {
                Node::Leaf(slots) => return (slots, left),
                Node::Inner(inner) => {
                    let mut i = 0;
                    while left >= inner.counts[i] as usize {
                        left -= inner.counts[i] as usize;
                        i += 1;
                    }
                    node = &inner.nodes[i];
                }
            }
        }
    }

    /// Asserts the invariants, but for the order among slots.
    pub(super) fn check(&self) {
        let mut bytes = 0;
        let mut depths = Vec::new();
        let edge = Edge { first: true, last: true };
        assert_eq!(self.root.check(0, edge, &mut depths, &mut bytes), self.len);
        assert!(depths.iter().all(|depth| *depth == depths[0]), "leaves at several depths");
        assert_eq!(self.bytes, bytes, "bytes of the tree");
        assert!(self.len > 0 || bytes == 0, "an empty tree owns nothing");
        if let Node::Inner(inner) = &self.root {
            assert!(inner.nodes.len() > 1, "a root with one child");
        }
    }
}

impl Node {
    fn len(&self) -> usize {
        match self {
            Self::Leaf(slots) => slots.len(),
            Self::Inner(inner) => inner.nodes.len(),
        }
    }

    fn count(&self) -> usize {
        match self {
            Self::Leaf(slots) => slots.len(),
            Self::Inner(inner) => sum(&inner.counts),
        }
    }

    /// The first slot below; a node without slots stands in no tree.
    fn first(&self) -> Slot {
        match self {
            Self::Leaf(slots) => slots[0],
            Self::Inner(inner) => inner.firsts[0],
        }
    }

    /// Inserts, and answers the new right sibling if the node had to split.
    fn insert(
        &mut self,
        slot: Slot,
        cmp: &impl Fn(Slot) -> Ordering,
        edge: Edge,
        bytes: &mut usize,
    ) -> Option<Self> {
        let inner = match self {
            Self::Leaf(slots) => return insert_in_leaf(slots, slot, cmp, edge, bytes).map(Self::Leaf),
            Self::Inner(inner) => inner,
        };
        let i = inner.child(cmp);
        let last = inner.nodes.len() - 1;
        let below = Edge { first: edge.first && i == 0, last: edge.last && i == last };
        let split = inner.nodes[i].insert(slot, cmp, below, bytes);
        let Some(right) = split else {
            inner.counts[i] += 1;
            inner.firsts[i] = inner.nodes[i].first();
            return None;
        };
        inner.refresh(i);
        if inner.nodes.len() < INNER_MAX {
            inner.add(i + 1, right, bytes);
            return None;
        }
        let cut = match () {
            () if edge.last && i == last => INNER_MAX,
            () if edge.first && i == 0 => 1,
            () => INNER_MAX / 2,
        };
        *bytes += size_of::<Inner>();
        let mut sibling = Box::new(Inner::new());
        inner.give(cut, &mut sibling, bytes);
        if i < cut && i + 1 < INNER_MAX {
            inner.add(i + 1, right, bytes);
        } else {
            sibling.add(i + 1 - cut, right, bytes);
        }
        Some(Self::Inner(sibling))
    }

    fn remove(&mut self, cmp: &impl Fn(Slot) -> Ordering, bytes: &mut usize) -> Slot {
        match self {
            Self::Leaf(slots) => {
                let at = place(slots, cmp);
                let slot = slots.remove(at);
                if slots.capacity() > capacity_for(slots.len() + LEAF_STEP / size_of::<Slot>()) {
                    resize(slots, bytes);
                }
                slot
            }
            Self::Inner(inner) => {
                let i = inner.child(cmp);
                let slot = inner.nodes[i].remove(cmp, bytes);
                inner.settle(i, bytes);
                slot
            }
        }
    }

    /// Fewer than a node in the middle of the tree should hold.
    fn is_poor(&self) -> bool {
        match self {
            Self::Leaf(slots) => slots.len() < LEAF_MIN,
            Self::Inner(inner) => inner.nodes.len() < INNER_MIN,
        }
    }

    fn check(&self, depth: usize, edge: Edge, depths: &mut Vec<usize>, bytes: &mut usize) -> usize {
        assert!(edge.first || edge.last || !self.is_poor(), "a poor node in the middle");
        match self {
            Self::Leaf(slots) => {
                assert!(slots.len() <= LEAF_MAX && (!slots.is_empty() || depth == 0));
                depths.push(depth);
                *bytes += slots.capacity() * size_of::<Slot>();
                slots.len()
            }
            Self::Inner(inner) => {
                let last = inner.nodes.len() - 1;
                assert!(last < INNER_MAX);
                assert_eq!((inner.firsts.len(), inner.counts.len()), (last + 1, last + 1));
                assert_eq!(inner.firsts.capacity(), inner.nodes.capacity());
                assert_eq!(inner.counts.capacity(), inner.nodes.capacity());
                *bytes += size_of::<Inner>() + inner.nodes.capacity() * CHILD_BYTES;
                for (i, node) in inner.nodes.iter().enumerate() {
                    let below = Edge { first: edge.first && i == 0, last: edge.last && i == last };
                    assert_eq!(
                        node.check(depth + 1, below, depths, bytes),
                        inner.counts[i] as usize,
                        "count"
                    );
                    assert_eq!(node.first(), inner.firsts[i], "first slot");
                }
                sum(&inner.counts)
            }
        }
    }
}

impl Inner {
    const fn new() -> Self {
        Self { firsts: Vec::new(), counts: Vec::new(), nodes: Vec::new() }
    }

    /// The child that holds what is sought, if any does.
    #[inline]
    fn child(&self, cmp: &impl Fn(Slot) -> Ordering) -> usize {
        self.firsts[1..].partition_point(|slot| cmp(*slot) != Ordering::Greater)
    }

    fn add(&mut self, at: usize, node: Node, bytes: &mut usize) {
        if self.nodes.len() == self.nodes.capacity() {
            self.resize((self.nodes.len() * 2).clamp(4, INNER_MAX), bytes);
        }
        self.firsts.insert(at, node.first());
        self.counts.insert(at, node.count() as u32);
        self.nodes.insert(at, node);
    }

    fn take(&mut self, at: usize) -> Node {
        self.firsts.remove(at);
        self.counts.remove(at);
        self.nodes.remove(at)
    }

    /// Hands the children from `cut` on to another node, at its front.
    fn give(&mut self, cut: usize, to: &mut Self, bytes: &mut usize) {
        let room = to.nodes.len() + self.nodes.len() - cut;
        if room > to.nodes.capacity() {
            to.resize(room.next_multiple_of(4), bytes);
        }
        to.firsts.splice(0..0, self.firsts.drain(cut..));
        to.counts.splice(0..0, self.counts.drain(cut..));
        to.nodes.splice(0..0, self.nodes.drain(cut..));
    }

    /// Takes the first `n` children of the node that follows.
    fn receive(&mut self, n: usize, from: &mut Self, bytes: &mut usize) {
        let room = self.nodes.len() + n;
        if room > self.nodes.capacity() {
            self.resize(room.next_multiple_of(4), bytes);
        }
        self.firsts.extend(from.firsts.drain(..n));
        self.counts.extend(from.counts.drain(..n));
        self.nodes.extend(from.nodes.drain(..n));
    }

    fn resize(&mut self, capacity: usize, bytes: &mut usize) {
        *bytes -= self.nodes.capacity() * CHILD_BYTES;
        fit(&mut self.firsts, capacity);
        fit(&mut self.counts, capacity);
        fit(&mut self.nodes, capacity);
        *bytes += capacity * CHILD_BYTES;
    }

    /// Brings what is known of a child up to date.
    fn refresh(&mut self, i: usize) {
        self.counts[i] = self.nodes[i].count() as u32;
        self.firsts[i] = self.nodes[i].first();
    }

    /// Restores the invariants after a slot below child `i` has gone.
    fn settle(&mut self, i: usize, bytes: &mut usize) {
        if self.nodes[i].len() == 0 {
            *bytes -= self.take(i).own_bytes();
        } else if self.nodes[i].is_poor() && self.nodes.len() > 1 {
            self.rebalance(i.saturating_sub(1), bytes);
        } else {
            self.counts[i] -= 1;
            self.firsts[i] = self.nodes[i].first();
        }
        if self.nodes.len() * 4 < self.nodes.capacity() && !self.nodes.is_empty() {
            self.resize((self.nodes.len() * 2).next_multiple_of(4), bytes);
        }
    }

    /// Makes one of two neighbours, or gives both the same share.
    fn rebalance(&mut self, left: usize, bytes: &mut usize) {
        let together = self.nodes[left].len() + self.nodes[left + 1].len();
        let [one, two] = &mut self.nodes[left..left + 2] else { return };
        let merged = match (one, two) {
            (Node::Leaf(one), Node::Leaf(two)) => {
                let merged = together <= LEAF_MERGE;
                share(one, two, if merged { together } else { together / 2 }, bytes);
                merged
            }
            (Node::Inner(one), Node::Inner(two)) => {
                let merged = together <= INNER_MERGE;
                let keep = if merged { together } else { together / 2 };
                if keep > one.nodes.len() {
                    one.receive(keep - one.nodes.len(), two, bytes);
                } else {
                    one.give(keep, two, bytes);
                }
                merged
            }
            _ => unreachable!("leaves and inner nodes side by side"),
        };
        if merged {
            *bytes -= self.take(left + 1).own_bytes();
        } else {
            self.refresh(left + 1);
        }
        self.refresh(left);
    }
}

impl Node {
    /// Bytes of an emptied node.
    fn own_bytes(&self) -> usize {
        match self {
            Self::Leaf(slots) => slots.capacity() * size_of::<Slot>(),
            Self::Inner(inner) => size_of::<Inner>() + inner.nodes.capacity() * CHILD_BYTES,
        }
    }
}

impl Clone for Node {
    fn clone(&self) -> Self {
        match self {
            Self::Leaf(slots) => Self::Leaf(clone_with_capacity(slots)),
            Self::Inner(inner) => Self::Inner(Box::new(Inner {
                firsts: clone_with_capacity(&inner.firsts),
                counts: clone_with_capacity(&inner.counts),
                nodes: clone_with_capacity(&inner.nodes),
            })),
        }
    }
}

fn insert_in_leaf(
    slots: &mut Vec<Slot>,
    slot: Slot,
    cmp: &impl Fn(Slot) -> Ordering,
    edge: Edge,
    bytes: &mut usize,
) -> Option<Vec<Slot>> {
    // Most often a set is filled in ascending order.
    let at = match slots.last() {
        Some(last) if cmp(*last) == Ordering::Less => slots.len(),
        _ => place(slots, cmp),
    };
    if slots.len() < LEAF_MAX {
        push_at(slots, at, slot, bytes);
        return None;
    }
    let mut right = Vec::new();
    if edge.last && at == LEAF_MAX {
        push_at(&mut right, 0, slot, bytes);
    } else if edge.first && at == 0 {
        core::mem::swap(slots, &mut right);
        push_at(slots, 0, slot, bytes);
    } else {
        let cut = LEAF_MAX / 2;
        right.reserve_exact(capacity_for(LEAF_MAX - cut + 1));
        right.extend_from_slice(&slots[cut..]);
        *bytes += right.capacity() * size_of::<Slot>();
        slots.truncate(cut);
        resize(slots, bytes);
        if at <= cut {
            push_at(slots, at, slot, bytes);
        } else {
            push_at(&mut right, at - cut, slot, bytes);
        }
    }
    Some(right)
}

/// Distributes the slots of two neighbours so that the first has `keep`.
fn share(one: &mut Vec<Slot>, two: &mut Vec<Slot>, keep: usize, bytes: &mut usize) {
    *bytes -= (one.capacity() + two.capacity()) * size_of::<Slot>();
    let have = one.len();
    if keep > have {
        fit(one, capacity_for(keep));
        one.extend(two.drain(..keep - have));
    } else {
        let total = two.len() + have - keep;
        fit(two, capacity_for(total));
        two.splice(0..0, one.drain(keep..));
    }
    *bytes += (one.capacity() + two.capacity()) * size_of::<Slot>();
    resize(one, bytes);
    if !two.is_empty() {
        resize(two, bytes);
    }
}

/// Where in a leaf what is sought stands or would stand.
#[inline]
fn place(slots: &[Slot], cmp: &impl Fn(Slot) -> Ordering) -> usize {
    slots.partition_point(|slot| cmp(*slot) == Ordering::Less)
}

fn push_at(slots: &mut Vec<Slot>, at: usize, slot: Slot, bytes: &mut usize) {
    if slots.len() == slots.capacity() {
        let before = slots.capacity();
        slots.reserve_exact(capacity_for(slots.len() + 1) - slots.len());
        *bytes += (slots.capacity() - before) * size_of::<Slot>();
    }
    slots.insert(at, slot);
}

/// Gives a leaf just the capacity it needs.
fn resize(slots: &mut Vec<Slot>, bytes: &mut usize) {
    *bytes -= slots.capacity() * size_of::<Slot>();
    fit(slots, capacity_for(slots.len()));
    *bytes += slots.capacity() * size_of::<Slot>();
}

/// Slots that a leaf of `len` has room for.
const fn capacity_for(len: usize) -> usize {
    (len * size_of::<Slot>()).next_multiple_of(LEAF_STEP) / size_of::<Slot>()
}

/// Sets the capacity of a vector, which must hold no more.
fn fit<T>(items: &mut Vec<T>, capacity: usize) {
    if capacity > items.capacity() {
        items.reserve_exact(capacity - items.len());
    } else {
        items.shrink_to(capacity);
    }
}

fn sum(counts: &[u32]) -> usize {
    counts.iter().map(|count| *count as usize).sum()
}

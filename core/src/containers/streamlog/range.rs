//! Walks over entries, one for each direction.
//!
//! *Owns*: going from node to node and past deleted entries. *Invariants*: what is yielded lies within the bounds given
//! and is alive.

use super::id::StreamId;
use super::node::{Entry, Found, Node};
use crate::containers::listpack::Listpack;
use alloc::collections::BTreeMap;
use alloc::collections::btree_map::Range;
use alloc::sync::Arc;

type Nodes = BTreeMap<StreamId, Arc<Listpack>>;

/// The nodes that may hold entries from `start` to `end`.
fn nodes_between(nodes: &Nodes, start: StreamId, end: StreamId) -> Range<'_, StreamId, Arc<Listpack>> {
    if start > end {
        return nodes.range(end..end);
    }
    let from = nodes.range(..=start).next_back().map_or(start, |(base, _)| *base);
    nodes.range(from..=end)
}

/// Entries, first to last.
#[derive(Clone)]
pub struct Forward<'a> {
    nodes: Range<'a, StreamId, Arc<Listpack>>,
    at: Option<(Node<'a>, Found<'a>)>,
    start: StreamId,
    end: StreamId,
}

impl<'a> Forward<'a> {
    pub(super) fn new(nodes: &'a Nodes, start: StreamId, end: StreamId) -> Self {
        Self { nodes: nodes_between(nodes, start, end), at: None, start, end }
    }

    fn step(&mut self) -> Option<Found<'a>> {
        if let Some((node, found)) = &self.at
            && let Some(next) = node.after(found)
        {
            self.at = Some((*node, next));
            return Some(next);
        }
        loop {
            let (base, pack) = self.nodes.next()?;
            let node = Node::of(*base, pack);
            if let Some(found) = node.seek(self.start) {
                self.at = Some((node, found));
                return Some(found);
            }
        }
    }
}

impl<'a> Iterator for Forward<'a> {
    type Item = Entry<'a>;

    fn next(&mut self) -> Option<Entry<'a>> {
        loop {
            let found = self.step()?;
            if found.entry.id > self.end {
                return None;
            }
            if !found.deleted {
                return Some(found.entry);
            }
        }
    }
}

/// Entries, last to first.
#[derive(Clone)]
pub struct Backward<'a> {
    nodes: Range<'a, StreamId, Arc<Listpack>>,
    at: Option<(Node<'a>, Found<'a>)>,
    start: StreamId,
    end: StreamId,
}

impl<'a> Backward<'a> {
    pub(super) fn new(nodes: &'a Nodes, start: StreamId, end: StreamId) -> Self {
        Self { nodes: nodes_between(nodes, start, end), at: None, start, end }
    }

    fn step(&mut self) -> Option<Found<'a>> {
        if let Some((node, found)) = &self.at
            && let Some(before) = node.before(found)
        {
            self.at = Some((*node, before));
            return Some(before);
        }
        loop {
            let (base, pack) = self.nodes.next_back()?;
            let node = Node::of(*base, pack);
            // The last entry that is not beyond the end.
            let found = match node.seek(self.end) {
                Some(found) if found.entry.id == self.end => Some(found),
                Some(found) => node.before(&found),
                None => node.last(),
            };
            if let Some(found) = found {
                self.at = Some((node, found));
                return Some(found);
            }
        }
    }
}

impl<'a> Iterator for Backward<'a> {
    type Item = Entry<'a>;

    fn next(&mut self) -> Option<Entry<'a>> {
        loop {
            let found = self.step()?;
            if found.entry.id < self.start {
                return None;
            }
            if !found.deleted {
                return Some(found.entry);
            }
        }
    }
}

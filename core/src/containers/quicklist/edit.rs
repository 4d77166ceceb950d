//! Changes anywhere in a list.

use super::{At, End, Item, Limit, Listpack, Needle, Node, Quicklist, block};

impl Quicklist {
    /// Puts an element in the place of number `index`, which exists.
    pub fn replace(&mut self, index: usize, item: Item<'_>, limit: Limit) {
        let at = self.seek(index);
        let large = limit.is_large(item.text_len());
        let node = &mut self.chunks[at.chunk].nodes[at.node];
        let before = node.heap_bytes();
        match node {
            Node::Pack(pack) if !large => {
                if let Some(cursor) = pack.seek(at.inside) {
                    pack.replace(cursor, item.element());
                }
            }
            Node::Plain(_) => *node = Node::of(item, limit),
            Node::Pack(_) => {
                self.insert(index, true, item, limit);
                self.remove_range(index, 1);
                return;
            }
        }
        let after = self.chunks[at.chunk].nodes[at.node].heap_bytes();
        self.heap = self.heap + after - before;
    }

    /// Adds an element before or after number `index`, which exists.
    pub fn insert(&mut self, index: usize, after: bool, item: Item<'_>, limit: Limit) {
        let at = self.seek(index);
        if self.node(at).admits(item, limit) {
            self.edit(at, |pack| {
                let cursor = pack.seek(at.inside);
                match cursor {
                    Some(cursor) if after => pack.insert_after(cursor, item.element()),
                    Some(cursor) => pack.insert_before(cursor, item.element()),
                    None => return,
                };
            });
            return;
        }
        let at_edge = if after { at.inside + 1 == self.node(at).len() } else { at.inside == 0 };
        if at_edge {
            let (neighbour, end) =
                if after { (self.after(at), End::Front) } else { (self.before(at), End::Back) };
            match neighbour.filter(|at| self.node(*at).admits(item, limit)) {
                Some(neighbour) => self.edit(neighbour, |pack| match end {
                    End::Front => pack.push_front(item.element()),
                    End::Back => pack.push_back(item.element()),
                }),
                None => self.insert_node(at.chunk, at.node + usize::from(after), Node::of(item, limit)),
            }
            return;
        }
        self.insert_by_splitting(at, after, item, limit);
    }

    /// The node is full and the element belongs between two of its elements.
    fn insert_by_splitting(&mut self, at: At, after: bool, item: Item<'_>, limit: Limit) {
        let mut tail = Listpack::new();
        self.edit(at, |pack| {
            if let Some(cursor) = pack.seek(at.inside + usize::from(after)) {
                tail = pack.split_off(cursor);
            }
        });
        if limit.is_large(item.text_len()) {
            self.insert_node(at.chunk, at.node + 1, Node::Pack(tail));
            let left = self.find_node(at);
            self.insert_node(left.chunk, left.node + 1, Node::plain(item));
            return;
        }
        if after {
            tail.push_front(item.element());
        } else {
            self.edit(at, |pack| pack.push_back(item.element()));
        }
        self.insert_node(at.chunk, at.node + 1, Node::Pack(tail));
        let left = self.find_node(at);
        self.merge_around(left, limit);
    }

    /// Where a node is after its chunk may have been split behind it.
    fn find_node(&self, at: At) -> At {
        let nodes = self.chunks[at.chunk].nodes.len();
        if at.node < nodes { at } else { At { chunk: at.chunk + 1, node: at.node - nodes, inside: 0 } }
    }

    /// Joins the two halves of a split node with their neighbours where they fit; inside one chunk only.
    fn merge_around(&mut self, left: At, limit: Limit) {
        let At { chunk, node, .. } = left;
        self.merge_with_next(chunk, node + 1, limit);
        if node > 0 {
            self.merge_with_next(chunk, node - 1, limit);
        }
    }

    /// Joins a node and the next of the same chunk when the result is no larger than a node may be.
    fn merge_with_next(&mut self, chunk: usize, node: usize, limit: Limit) {
        let nodes = &self.chunks[chunk].nodes;
        let (Some(Node::Pack(a)), Some(Node::Pack(b))) = (nodes.get(node), nodes.get(node + 1)) else {
            return;
        };
        if limit.exceeded(a.blob_len() + b.blob_len(), a.len() + b.len()) {
            return;
        }
        let Some(Node::Pack(b)) = self.chunks[chunk].nodes.remove(node + 1) else { return };
        self.nodes -= 1;
        self.len -= b.len();
        self.chunks[chunk].len -= b.len();
        let gone = Node::Pack(b);
        self.heap -= gone.heap_bytes();
        if let Node::Pack(b) = &gone {
            self.edit(At { chunk, node, inside: 0 }, |pack| pack.append(b));
        }
    }

    /// Changes the listpack of a node and keeps the sums.
    fn edit(&mut self, at: At, f: impl FnOnce(&mut Listpack)) {
        let chunk = &mut self.chunks[at.chunk];
        let Node::Pack(pack) = &mut chunk.nodes[at.node] else { return };
        let (len, bytes) = (pack.len(), block(pack.capacity()));
        f(pack);
        self.len = self.len + pack.len() - len;
        self.heap = self.heap + block(pack.capacity()) - bytes;
        chunk.len = chunk.len + pack.len() - len;
    }

    /// Removes up to `count` elements from number `index` on.
    pub fn remove_range(&mut self, index: usize, count: usize) {
        let mut count = count.min(self.len.saturating_sub(index));
        while count > 0 {
            let at = self.seek(index);
            let chunk = &self.chunks[at.chunk];
            if at.node == 0 && at.inside == 0 && count >= chunk.len {
                count -= chunk.len;
                self.remove_chunk(at.chunk);
                continue;
            }
            let len = self.node(at).len();
            let part = count.min(len - at.inside);
            count -= part;
            if part == len {
                self.remove_node(at.chunk, at.node);
            } else {
                self.edit(at, |pack| {
                    if let Some(cursor) = pack.seek(at.inside) {
                        pack.remove_range(cursor, part);
                    }
                });
            }
        }
    }

    fn remove_chunk(&mut self, chunk: usize) {
        let gone = &mut self.chunks[chunk];
        self.len -= gone.len;
        self.nodes -= gone.nodes.len();
        self.heap -= gone.nodes.iter().map(Node::heap_bytes).sum::<usize>();
        gone.nodes.clear();
        self.tidy_chunk(chunk);
    }

    /// Removes up to `max` elements equal to `needle`, the first ones or the last ones. Answers how many.
    pub fn remove_equal(&mut self, needle: Needle<'_>, max: usize, backwards: bool) -> usize {
        let mut removed = 0;
        for i in 0..self.chunks.len() {
            let chunk = if backwards { self.chunks.len() - 1 - i } else { i };
            for j in 0..self.chunks[chunk].nodes.len() {
                if removed == max {
                    break;
                }
                let node = if backwards { self.chunks[chunk].nodes.len() - 1 - j } else { j };
                removed += self.remove_equal_in(chunk, node, needle, max - removed, backwards);
            }
        }
        if removed > 0 {
            self.drop_empty_nodes();
        }
        removed
    }

    /// The same in one node, which may be empty afterwards.
    fn remove_equal_in(
        &mut self,
        chunk: usize,
        node: usize,
        needle: Needle<'_>,
        max: usize,
        backwards: bool,
    ) -> usize {
        let chunk = &mut self.chunks[chunk];
        let node = &mut chunk.nodes[node];
        let before = node.heap_bytes();
        let removed = match node {
            Node::Plain(bytes) if needle.is(Item::Big(bytes)) => {
                *node = Node::Pack(Listpack::new());
                1
            }
            Node::Plain(_) => 0,
            Node::Pack(pack) => pack.remove_equal(needle.element(), max, backwards),
        };
        self.heap = self.heap + node.heap_bytes() - before;
        chunk.len -= removed;
        self.len -= removed;
        removed
    }

    fn drop_empty_nodes(&mut self) {
        for chunk in (0..self.chunks.len()).rev() {
            let nodes = &mut self.chunks[chunk].nodes;
            let count = nodes.len();
            let mut heap = 0;
            nodes.retain(|node| {
                let keep = !node.is_empty();
                heap += if keep { 0 } else { node.heap_bytes() };
                keep
            });
            self.nodes -= count - nodes.len();
            self.heap -= heap;
            if count > nodes.len() {
                self.tidy_chunk(chunk);
            }
        }
    }
}

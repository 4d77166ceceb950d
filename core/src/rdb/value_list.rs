//! Lists: written as a chain of nodes, read from every form they ever had.

use super::blob::Ziplist;
use super::encode::Encoder;
use super::object::{BlobKind, Object, QuicklistNode};
use super::type_id;
use crate::containers::listpack::Listpack;
use crate::containers::quicklist::{End, Item, Limit, Node};
use crate::value::{List, ListParts};
use alloc::boxed::Box;
use alloc::vec::Vec;
use bytes::Bytes;

/// The type byte of a list.
pub(super) const TYPE_ID: u8 = type_id::LIST_QUICKLIST_2;
/// A node that is one element.
const PLAIN: u64 = 1;
/// A node that is a listpack.
const PACKED: u64 = 2;

/// Writes a list, without its type byte.
pub(super) fn write(to: &mut Encoder, list: &List) {
    let mut blob = Vec::new();
    let mut pack = |to: &mut Encoder, pack: &Listpack| {
        blob.clear();
        pack.write_blob(&mut blob);
        to.len(PACKED);
        to.string(&blob);
    };
    match list.parts() {
        ListParts::Pack(one) => {
            to.len(1);
            pack(to, one);
        }
        ListParts::Nodes(nodes) => {
            to.len(nodes.node_count() as u64);
            for node in nodes.nodes() {
                match node {
                    Node::Pack(one) => pack(to, one),
                    Node::Plain(element) => {
                        to.len(PLAIN);
                        to.string(element);
                    }
                }
            }
        }
    }
}

/// Reads a list; `None` when it is none, or damaged.
pub(super) fn read(object: Object, limit: Limit) -> Option<List> {
    match object {
        Object::List(elements) => {
            let mut list = List::new();
            for element in &elements {
                list.make_room(element.len(), 1, limit);
                list.push(End::Back, item(element), limit);
            }
            Some(list)
        }
        Object::Quicklist(nodes) => {
            let nodes: Option<Vec<_>> = nodes.into_iter().map(node).collect();
            Some(List::from_nodes(nodes?.into_iter(), limit))
        }
        Object::Blob(BlobKind::ListZiplist, blob) => {
            let pack = from_ziplist(&blob)?;
            Some(List::from_nodes(core::iter::once(Node::Pack(pack)), limit))
        }
        _ => None,
    }
}

fn item(element: &Bytes) -> Item<'_> {
    Item::Big(element)
}

fn node(node: QuicklistNode) -> Option<Node> {
    match node {
        QuicklistNode::Plain(element) => Some(Node::Plain(Box::new(element))),
        QuicklistNode::Listpack(blob) => Listpack::from_blob(&blob).map(Node::Pack),
        QuicklistNode::Ziplist(blob) => from_ziplist(&blob).map(Node::Pack),
    }
}

fn from_ziplist(blob: &[u8]) -> Option<Listpack> {
    use super::blob::Element;
    let mut pack = Listpack::new();
    for element in Ziplist::new(blob).ok()? {
        match element.ok()? {
            Element::Int(n) => pack.push_back(n),
            Element::Text(text) => pack.push_back(text),
        }
    }
    Some(pack)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rdb::{Event, Meta, Reader, ReaderOptions, Writer, WriterOptions, value::Limits, value_of};
    use crate::value::Value;

    const LIMIT: Limit = Limit::new(-2);

    fn there_and_back(list: &List) -> List {
        let mut writer = Writer::new(WriterOptions::default());
        super::super::write_key(&mut writer, b"k", &Meta::default(), &Value::List(list.clone()));
        let mut reader = Reader::new(ReaderOptions::default());
        reader.feed(&writer.finish());
        for event in reader.drain().unwrap() {
            if let Event::Key(entry) = event {
                match value_of(entry.value, &Limits { list: LIMIT }) {
                    Ok(Value::List(list)) => return list,
                    other => panic!("{other:?}"),
                }
            }
        }
        panic!("no key");
    }

    fn elements(list: &List) -> Vec<Bytes> {
        list.range(0, usize::MAX, true).map(Item::to_bytes).collect()
    }

    #[test]
    fn both_forms_come_back() {
        let mut list = List::new();
        for n in 0..5_000_i64 {
            let text = std::format!("{}", n * n % 70_000);
            list.make_room(text.len(), 1, LIMIT);
            list.push(End::Back, Item::from(text.as_bytes()), LIMIT);
            if n % 1000 == 999 {
                let big = Bytes::from(std::vec![b'b'; 10_000]);
                list.push(End::Back, Item::Big(&big), LIMIT);
            }
            if n % 500 == 3 {
                let back = there_and_back(&list);
                back.check();
                assert_eq!((elements(&back), back.encoding()), (elements(&list), list.encoding()));
            }
        }
    }

    #[test]
    fn old_forms_are_read() {
        let texts = [Bytes::from_static(b"a"), Bytes::from_static(b"-5")];
        let list = read(Object::List(texts.to_vec()), LIMIT).unwrap();
        assert_eq!(elements(&list), texts);
        // 17 bytes, the last entry at 13, two entries: "a" and -5 in 8 bits.
        let ziplist = [17, 0, 0, 0, 13, 0, 0, 0, 2, 0, 0, 1, b'a', 3, 0xfe, 0xfb, 0xff];
        let blob = Bytes::copy_from_slice(&ziplist);
        for object in [
            Object::Blob(BlobKind::ListZiplist, blob.clone()),
            Object::Quicklist(std::vec![QuicklistNode::Ziplist(blob.clone())]),
        ] {
            let list = read(object, LIMIT).unwrap();
            assert_eq!((elements(&list), list.encoding()), (texts.to_vec(), "listpack"));
        }
        let damaged = Object::Quicklist(std::vec![QuicklistNode::Listpack(blob)]);
        assert!(read(damaged, LIMIT).is_none());
    }
}

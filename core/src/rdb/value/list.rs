//! Lists in RDB: written as a chain of nodes, read from every form they ever had.

use super::super::encode::Encoder;
use super::super::object::QuicklistNode;
use super::super::{Meta, Writer, blob, type_id};
use super::Unfit;
use crate::base::number::IntText;
use crate::containers::listpack::Listpack;
use crate::containers::quicklist::{End, Item, Limit, Node};
use crate::value::{List, ListParts, Value};
use alloc::boxed::Box;
use alloc::vec::Vec;
use bytes::Bytes;

/// The first version with listpacks.
const LISTPACK_VERSION: u16 = 10;
/// A node that is one element.
const PLAIN: u64 = 1;
/// A node that is a listpack.
const PACKED: u64 = 2;

pub(super) fn write(writer: &mut Writer, key: &[u8], meta: &Meta, list: &List) {
    if writer.version() < LISTPACK_VERSION {
        let to = writer.begin_key(type_id::LIST, key, meta);
        to.len(list.len() as u64);
        list.range(0, usize::MAX, true).for_each(|item| to.string(item.text(&mut IntText::new())));
        return;
    }
    let to = writer.begin_key(type_id::LIST_QUICKLIST_2, key, meta);
    let mut blob = Vec::new();
    match list.parts() {
        ListParts::Pack(pack) => {
            to.len(1);
            write_pack(to, pack, &mut blob);
        }
        ListParts::Nodes(nodes) => {
            to.len(nodes.node_count() as u64);
            for node in nodes.nodes() {
                match node {
                    Node::Pack(pack) => write_pack(to, pack, &mut blob),
                    Node::Plain(element) => {
                        to.len(PLAIN);
                        to.string(element);
                    }
                }
            }
        }
    }
}

fn write_pack(to: &mut Encoder, pack: &Listpack, blob: &mut Vec<u8>) {
    blob.clear();
    pack.write_blob(blob);
    to.len(PACKED);
    to.string(blob);
}

/// A list with elements is a value.
fn value(list: List) -> Result<Value, Unfit> {
    if list.is_empty() { Err(Unfit::Empty) } else { Ok(Value::List(list)) }
}

pub(super) fn of_elements(elements: &[Bytes], limit: Limit) -> Result<Value, Unfit> {
    let mut list = List::new();
    for element in elements {
        list.make_room(element.len(), 1, limit);
        list.push(End::Back, Item::Big(element), limit);
    }
    value(list)
}

pub(super) fn of_nodes(nodes: Vec<QuicklistNode>, limit: Limit) -> Result<Value, Unfit> {
    let nodes: Option<Vec<_>> = nodes.into_iter().map(node).collect();
    let nodes = nodes.ok_or(Unfit::Damaged("list"))?;
    value(List::from_nodes(nodes.into_iter(), limit))
}

pub(super) fn of_ziplist(blob: &[u8], limit: Limit) -> Result<Value, Unfit> {
    let pack = from_ziplist(blob).ok_or(Unfit::Damaged("list"))?;
    value(List::from_nodes(core::iter::once(Node::Pack(pack)), limit))
}

fn node(node: QuicklistNode) -> Option<Node> {
    match node {
        QuicklistNode::Plain(element) => Some(Node::Plain(Box::new(element))),
        QuicklistNode::Listpack(blob) => Listpack::from_blob(&blob).map(Node::Pack),
        QuicklistNode::Ziplist(blob) => from_ziplist(&blob).map(Node::Pack),
    }
}

fn from_ziplist(blob: &[u8]) -> Option<Listpack> {
    let mut pack = Listpack::new();
    for element in blob::Ziplist::new(blob).ok()? {
        match element.ok()? {
            blob::Element::Int(n) => pack.push_back(n),
            blob::Element::Text(text) => pack.push_back(text),
        }
    }
    Some(pack)
}

#[cfg(test)]
mod tests {
    use super::super::super::{BlobKind, Event, Object, Reader, ReaderOptions, WriterOptions};
    use super::super::{Forms, value_of, write_key};
    use super::*;
    use crate::containers::dict::HashKey;

    const LIMIT: Limit = Limit::new(-2);

    fn read(object: Object) -> Result<List, Unfit> {
        match value_of(object, &Forms::default(), &HashKey::new([5; 16]))? {
            Value::List(list) => Ok(list),
            other => panic!("{other:?}"),
        }
    }

    fn there_and_back(list: &List, version: u16) -> List {
        let mut writer = Writer::new(WriterOptions { version, ..WriterOptions::default() });
        write_key(&mut writer, b"k", &Meta::default(), &Value::List(list.clone()));
        let mut reader = Reader::new(ReaderOptions::default());
        reader.feed(&writer.finish());
        for event in reader.drain().expect("sound") {
            if let Event::Key(entry) = event {
                return read(entry.value).expect("a list");
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
                for version in [9, 10, 11] {
                    let back = there_and_back(&list, version);
                    back.check();
                    assert_eq!((elements(&back), back.encoding()), (elements(&list), list.encoding()));
                }
            }
        }
    }

    #[test]
    fn old_forms_are_read() {
        let texts = [Bytes::from_static(b"a"), Bytes::from_static(b"-5")];
        let list = read(Object::List(texts.to_vec())).expect("a list");
        assert_eq!(elements(&list), texts);
        // 17 bytes, the last entry at 13, two entries: "a", and -5 in 8 bits.
        let ziplist = [17, 0, 0, 0, 13, 0, 0, 0, 2, 0, 0, 1, b'a', 3, 0xfe, 0xfb, 0xff];
        let blob = Bytes::copy_from_slice(&ziplist);
        for object in [
            Object::Blob(BlobKind::ListZiplist, blob.clone()),
            Object::Quicklist(std::vec![QuicklistNode::Ziplist(blob.clone())]),
        ] {
            let list = read(object).expect("a list");
            assert_eq!((elements(&list), list.encoding()), (texts.to_vec(), "listpack"));
        }
        let damaged = Object::Quicklist(std::vec![QuicklistNode::Listpack(blob)]);
        assert_eq!(read(damaged).err(), Some(Unfit::Damaged("list")));
        let nothing = Object::Quicklist(std::vec![QuicklistNode::Listpack(Listpack::new().to_blob().into())]);
        assert_eq!(read(nothing).err(), Some(Unfit::Empty));
    }
}

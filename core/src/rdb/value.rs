//! Between values as the keyspace holds them and values as RDB knows them.
//!
//! *Owns*: [`write_key`] and [`value_of`], which know every type of value; one file per type beside this one.
//! *Does not own*: the walk over keys, the policy on what cannot be held.
//! *Invariants*: what is written exists in the version of the writer. What is read takes the encoding that the same elements
//! would have if they were added one by one under the limits given; containers are checked on the way.

mod hash;
mod list;
mod ordered;
mod set;
#[cfg(test)]
mod tests;

use super::blob;
use super::object::Object;
use super::value_stream::{stream_type, stream_value, write_stream};
use super::{Meta, Writer};
use crate::base::number;
use crate::containers::dict::HashKey;
use crate::containers::listpack::Listpack;
use crate::containers::quicklist::Limit;
use crate::value::{HashLimits, IntText, Item, SHARED_MIN, SetLimits, StringValue, Value};

/// The limits of the small encodings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forms {
    /// Those of hashes.
    pub hash: HashLimits,
    /// Those of sets.
    pub set: SetLimits,
    /// `list-max-listpack-size`.
    pub list: i32,
    /// `zset-max-listpack-entries` and `zset-max-listpack-value`.
    pub zset: (usize, usize),
}

impl Default for Forms {
    fn default() -> Self {
        Self {
            hash: HashLimits { pairs: 512, bytes: 64 },
            set: SetLimits { ints: 512, members: 128, bytes: 64 },
            list: -2,
            zset: (128, 64),
        }
    }
}

/// Why an object gives no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// This server does not hold the type of this name.
    Type(&'static str),
    /// The object of this type breaks its rules: a damaged container, an element that is there twice.
    Damaged(&'static str),
    /// Nothing is in it: the key does not exist.
    Empty,
}

/// Writes a key with its value.
pub fn write_key(writer: &mut Writer, key: &[u8], meta: &Meta, value: &Value) {
    match value {
        Value::String(string) => writer.string_key(key, meta, string.bytes(&mut IntText::new())),
        Value::Hash(hash) => hash::write(writer, key, meta, hash),
        Value::Set(set) => set::write(writer, key, meta, set),
        Value::List(list) => list::write(writer, key, meta, list),
        Value::ZSet(set) => ordered::write_zset(writer, key, meta, set),
        Value::Stream(stream) => {
            let version = writer.version();
            write_stream(writer.begin_key(stream_type(version), key, meta), stream, version);
        }
    }
}

/// The value. `secret` is what its tables are to hash with.
///
/// # Errors
/// See [`Unfit`].
pub fn value_of(object: Object, forms: &Forms, secret: &HashKey) -> Result<Value, Unfit> {
    use super::BlobKind::{
        HashListpack, HashZiplist, HashZipmap, ListZiplist, SetIntset, SetListpack, ZsetListpack, ZsetZiplist,
    };
    match object {
        Object::String(text) if text.len() >= SHARED_MIN => Ok(StringValue::from_shared(text).into()),
        Object::String(text) => Ok(Value::encode(&text)),
        Object::List(elements) => list::of_elements(&elements, Limit::new(forms.list)),
        Object::Quicklist(nodes) => list::of_nodes(nodes, Limit::new(forms.list)),
        Object::Blob(ListZiplist, blob) => list::of_ziplist(&blob, Limit::new(forms.list)),
        Object::Set(members) => set::of_members(&members, forms.set, secret),
        Object::Blob(SetIntset, blob) => set::of_intset(&blob, forms.set, secret),
        Object::Blob(SetListpack, blob) => set::of_listpack(&blob, forms.set, secret),
        Object::Hash(pairs) => hash::of_pairs(pairs, forms.hash, secret),
        Object::Blob(kind @ (HashListpack | HashZiplist | HashZipmap), blob) => {
            hash::of_blob(kind, &blob, forms.hash, secret)
        }
        Object::Zset(_) | Object::Blob(ZsetListpack | ZsetZiplist, _) => ordered::zset(object, forms, secret),
        Object::Stream(record) => stream_value(&record).map(Value::from).ok_or(Unfit::Damaged("stream")),
        Object::Module { .. } => Err(Unfit::Type("module")),
    }
}

/// Adds an item to a listpack.
fn push(pack: &mut Listpack, item: Item<'_>) {
    match item {
        Item::Int(n) => pack.push_back(n),
        Item::Text(text) => pack.push_back(text),
        Item::Padded(padded) => pack.push_back(padded.write(number::IntText::new().room())),
    }
}

/// An element of a container as an item.
fn item(element: blob::Element<'_>) -> Item<'_> {
    match element {
        blob::Element::Int(n) => Item::Int(n),
        blob::Element::Text(text) => Item::Text(text),
    }
}

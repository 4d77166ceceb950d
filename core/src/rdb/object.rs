//! A value as RDB knows it.
//!
//! *Owns*: [`Object`], one variant per shape. *Does not own*: the encodings of the keyspace, reading and writing.
//! *Invariants*: the containers inside ([`BlobKind`]) are as they came, unchecked; `into_plain` takes them apart.

use super::stream::Stream;
use super::type_id;
use alloc::boxed::Box;
use alloc::vec::Vec;
use bytes::Bytes;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub enum Object {
    /// A string; integers are decimal text.
    String(Bytes),
    /// A list, first element first.
    List(Vec<Bytes>),
    /// A set.
    Set(Vec<Bytes>),
    /// A hash: fields and values.
    Hash(Vec<(Bytes, Bytes)>),
    /// A sorted set: members and scores, in the order of the file. Scores are never NaN.
    Zset(Vec<(Bytes, f64)>),
    /// A value that is one container.
    Blob(BlobKind, Bytes),
    /// A list as a chain of nodes.
    Quicklist(Vec<QuicklistNode>),
    /// A stream.
    Stream(Box<Stream>),
    /// A value of a module, skipped.
    Module {
        /// The module's type and version, packed.
        id: u64,
    },
}

/// A type of which the whole value is one container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlobKind {
    /// A hash in a zipmap.
    HashZipmap,
    /// A list in a ziplist.
    ListZiplist,
    /// A set in an intset.
    SetIntset,
    /// A sorted set in a ziplist.
    ZsetZiplist,
    /// A hash in a ziplist.
    HashZiplist,
    /// A hash in a listpack.
    HashListpack,
    /// A sorted set in a listpack.
    ZsetListpack,
    /// A set in a listpack.
    SetListpack,
}

/// A node of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QuicklistNode {
    /// One element.
    Plain(Bytes),
    /// A listpack of elements.
    Listpack(Bytes),
    /// A ziplist of elements, from old versions; a list has either none or only such nodes.
    Ziplist(Bytes),
}

impl BlobKind {
    /// The type byte.
    #[must_use]
    pub const fn type_id(self) -> u8 {
        match self {
            Self::HashZipmap => type_id::HASH_ZIPMAP,
            Self::ListZiplist => type_id::LIST_ZIPLIST,
            Self::SetIntset => type_id::SET_INTSET,
            Self::ZsetZiplist => type_id::ZSET_ZIPLIST,
            Self::HashZiplist => type_id::HASH_ZIPLIST,
            Self::HashListpack => type_id::HASH_LISTPACK,
            Self::ZsetListpack => type_id::ZSET_LISTPACK,
            Self::SetListpack => type_id::SET_LISTPACK,
        }
    }

    /// The kind that a type byte names.
    pub(super) const fn from_type_id(id: u8) -> Option<Self> {
        Some(match id {
            type_id::HASH_ZIPMAP => Self::HashZipmap,
            type_id::LIST_ZIPLIST => Self::ListZiplist,
            type_id::SET_INTSET => Self::SetIntset,
            type_id::ZSET_ZIPLIST => Self::ZsetZiplist,
            type_id::HASH_ZIPLIST => Self::HashZiplist,
            type_id::HASH_LISTPACK => Self::HashListpack,
            type_id::ZSET_LISTPACK => Self::ZsetListpack,
            type_id::SET_LISTPACK => Self::SetListpack,
            _ => return None,
        })
    }
}

impl Object {
    /// The type byte it is written with.
    #[must_use]
    pub fn type_id(&self) -> u8 {
        match self {
            Self::String(_) => type_id::STRING,
            Self::List(_) => type_id::LIST,
            Self::Set(_) => type_id::SET,
            Self::Hash(_) => type_id::HASH,
            Self::Zset(_) => type_id::ZSET_2,
            Self::Blob(kind, _) => kind.type_id(),
            Self::Quicklist(nodes) => match nodes.first() {
                Some(QuicklistNode::Ziplist(_)) => type_id::LIST_QUICKLIST,
                _ => type_id::LIST_QUICKLIST_2,
            },
            Self::Stream(stream) => stream.type_id(),
            Self::Module { .. } => type_id::MODULE_2,
        }
    }
}

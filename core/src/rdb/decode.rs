//! Values, read in steps.
//!
//! *Owns*: [`Decoder`], one shape of state per shape of [`Object`]. *Does not own*: keys, opcodes, the inside of
//! containers. *Invariants*: what was read is kept, so that no element is read twice.

use super::cursor::{Cursor, Step};
use super::error::Reason;
use super::object::{BlobKind, Object, QuicklistNode};
use super::stream::StreamDecoder;
use super::type_id;
use alloc::boxed::Box;
use alloc::vec::Vec;
use bytes::Bytes;

/// A value that is being read.
#[derive(Clone, Debug)]
pub(super) enum Decoder {
    String,
    Blob(BlobKind),
    /// The number of elements comes first.
    Count(u8),
    List(Vec<Bytes>, u64),
    Set(Vec<Bytes>, u64),
    Hash(Vec<(Bytes, Bytes)>, u64),
    /// With scores as text or in binary.
    Zset(Vec<(Bytes, f64)>, u64, bool),
    /// Of ziplists, or of tagged nodes.
    Quicklist(Vec<QuicklistNode>, u64, bool),
    Stream(Box<StreamDecoder>),
    ModuleId,
    Module(u64),
}

impl Decoder {
    /// For the type byte `id`.
    pub(super) fn new(id: u8) -> Result<Self, Reason> {
        if let Some(kind) = BlobKind::from_type_id(id) {
            return Ok(Self::Blob(kind));
        }
        match id {
            type_id::STRING => Ok(Self::String),
            type_id::LIST
            | type_id::SET
            | type_id::ZSET
            | type_id::HASH
            | type_id::ZSET_2
            | type_id::LIST_QUICKLIST
            | type_id::LIST_QUICKLIST_2 => Ok(Self::Count(id)),
            type_id::STREAM | type_id::STREAM_2 | type_id::STREAM_3 => {
                Ok(Self::Stream(Box::new(StreamDecoder::new(id))))
            }
            type_id::MODULE_2 => Ok(Self::ModuleId),
            _ => Err(Reason::UnknownType(id)),
        }
    }

    /// Reads on; the value when it is complete.
    pub(super) fn advance(&mut self, from: &mut Cursor<'_>) -> Step<Object> {
        loop {
            match self {
                Self::String => return from.string().map(Object::String),
                Self::Blob(kind) => return from.string().map(|blob| Object::Blob(*kind, blob)),
                Self::Count(id) => *self = Self::counted(*id, from.len()?),
                Self::List(items, 0) => return Ok(Object::List(core::mem::take(items))),
                Self::Set(items, 0) => return Ok(Object::Set(core::mem::take(items))),
                Self::Hash(items, 0) => return Ok(Object::Hash(core::mem::take(items))),
                Self::Zset(items, 0, _) => return Ok(Object::Zset(core::mem::take(items))),
                Self::Quicklist(nodes, 0, _) => return Ok(Object::Quicklist(core::mem::take(nodes))),
                Self::List(items, left) | Self::Set(items, left) => {
                    items.push(from.string()?);
                    *left -= 1;
                }
                Self::Hash(items, left) => {
                    items.push((from.string()?, from.string()?));
                    *left -= 1;
                }
                Self::Zset(items, left, text) => {
                    let member = from.string()?;
                    items.push((member, if *text { from.text_score()? } else { from.score()? }));
                    *left -= 1;
                }
                Self::Quicklist(nodes, left, tagged) => {
                    nodes.push(if *tagged {
                        tagged_node(from)?
                    } else {
                        QuicklistNode::Ziplist(from.string()?)
                    });
                    *left -= 1;
                }
                Self::Stream(decoder) => return decoder.advance(from).map(|s| Object::Stream(Box::new(s))),
                Self::ModuleId => *self = Self::Module(from.len()?),
                Self::Module(id) => {
                    if !from.module_element()? {
                        return Ok(Object::Module { id: *id });
                    }
                }
            }
            from.commit();
        }
    }

    fn counted(id: u8, count: u64) -> Self {
        match id {
            type_id::LIST => Self::List(Vec::new(), count),
            type_id::SET => Self::Set(Vec::new(), count),
            type_id::HASH => Self::Hash(Vec::new(), count),
            type_id::ZSET | type_id::ZSET_2 => Self::Zset(Vec::new(), count, id == type_id::ZSET),
            _ => Self::Quicklist(Vec::new(), count, id == type_id::LIST_QUICKLIST_2),
        }
    }
}

fn tagged_node(from: &mut Cursor<'_>) -> Step<QuicklistNode> {
    match from.len()? {
        1 => from.string().map(QuicklistNode::Plain),
        2 => from.string().map(QuicklistNode::Listpack),
        _ => Err(Reason::BadBlob.into()),
    }
}

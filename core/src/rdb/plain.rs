//! Values without their containers.
//!
//! *Owns*: [`Object::into_plain`], which checks containers and takes them apart. *Does not own*: duplicates, which
//! the value that is built from the elements notices; streams, whose nodes stay listpacks.

use super::blob::{BadBlob, Element, Intset, Listpack, Ziplist, Zipmap};
use super::error::Reason;
use super::object::{BlobKind, Object, QuicklistNode};
use crate::base::number::IntText;
use alloc::vec::Vec;
use bytes::Bytes;

impl From<BadBlob> for Reason {
    fn from(_: BadBlob) -> Self {
        Self::BadBlob
    }
}

impl Object {
    /// The same value as a `List`, `Set`, `Hash` or `Zset` when it is one in containers; others as they are.
    ///
    /// # Errors
    /// A container is damaged, a pair is cut in half, or a score is no number.
    pub fn into_plain(self) -> Result<Self, Reason> {
        Ok(match self {
            Self::Blob(kind, blob) => plain_blob(kind, &blob)?,
            Self::Quicklist(nodes) => {
                let mut items = Vec::new();
                for node in nodes {
                    match node {
                        QuicklistNode::Plain(element) => items.push(element),
                        QuicklistNode::Listpack(blob) => extend(&mut items, Listpack::new(&blob)?)?,
                        QuicklistNode::Ziplist(blob) => extend(&mut items, Ziplist::new(&blob)?)?,
                    }
                }
                Self::List(items)
            }
            Self::String(_)
            | Self::List(_)
            | Self::Set(_)
            | Self::Hash(_)
            | Self::Zset(_)
            | Self::Stream(_)
            | Self::Module { .. } => self,
        })
    }
}

fn plain_blob(kind: BlobKind, blob: &[u8]) -> Result<Object, Reason> {
    Ok(match kind {
        BlobKind::HashZipmap => {
            let copy = |(field, value)| (Bytes::copy_from_slice(field), Bytes::copy_from_slice(value));
            Object::Hash(Zipmap::new(blob)?.map(|pair| pair.map(copy)).collect::<Result<_, _>>()?)
        }
        BlobKind::ListZiplist => {
            let mut items = Vec::new();
            extend(&mut items, Ziplist::new(blob)?)?;
            Object::List(items)
        }
        BlobKind::SetIntset => {
            let text = |n| Bytes::copy_from_slice(IntText::new().i64(n));
            Object::Set(Intset::new(blob)?.map(|n| n.map(text)).collect::<Result<_, _>>()?)
        }
        BlobKind::SetListpack => {
            let mut items = Vec::new();
            extend(&mut items, Listpack::new(blob)?)?;
            Object::Set(items)
        }
        BlobKind::HashZiplist => Object::Hash(pairs(Ziplist::new(blob)?, |value| Ok(value.to_bytes()))?),
        BlobKind::HashListpack => Object::Hash(pairs(Listpack::new(blob)?, |value| Ok(value.to_bytes()))?),
        BlobKind::ZsetZiplist => Object::Zset(pairs(Ziplist::new(blob)?, score)?),
        BlobKind::ZsetListpack => Object::Zset(pairs(Listpack::new(blob)?, score)?),
    })
}

fn score(element: Element<'_>) -> Result<f64, Reason> {
    element.to_score().ok_or(Reason::BadScore)
}

type Read<'a> = Result<Element<'a>, BadBlob>;

fn extend<'a>(items: &mut Vec<Bytes>, elements: impl Iterator<Item = Read<'a>>) -> Result<(), Reason> {
    for element in elements {
        items.push(element?.to_bytes());
    }
    Ok(())
}

fn pairs<'a, T>(
    mut elements: impl Iterator<Item = Read<'a>>,
    second: impl Fn(Element<'a>) -> Result<T, Reason>,
) -> Result<Vec<(Bytes, T)>, Reason> {
    let mut pairs = Vec::new();
    while let Some(first) = elements.next() {
        let key = first?.to_bytes();
        let value = elements.next().ok_or(Reason::BadBlob)??;
        pairs.push((key, second(value)?));
    }
    Ok(pairs)
}

//! Hashes in RDB.

use super::super::object::BlobKind;
use super::super::{Meta, Writer, blob, type_id};
use super::{Unfit, item, push};
use crate::base::number::IntText;
use crate::containers::dict::HashKey;
use crate::containers::listpack::Listpack;
use crate::value::{FieldValue, HashLimits, HashValue, Item, SHARED_MIN, Value};
use alloc::vec::Vec;
use bytes::Bytes;

/// The first version with hashes in listpacks.
const LISTPACK_VERSION: u16 = 10;

const DAMAGED: Unfit = Unfit::Damaged("hash");

pub(super) fn write(writer: &mut Writer, key: &[u8], meta: &Meta, hash: &HashValue) {
    if hash.encoding() == "listpack" && writer.version() >= LISTPACK_VERSION {
        let mut pack = Listpack::new();
        hash.for_each(&mut |field, value| {
            push(&mut pack, field);
            match value {
                FieldValue::Item(value) => push(&mut pack, value),
                FieldValue::Shared(bytes) => pack.push_back(&bytes[..]),
            }
        });
        writer.begin_key(type_id::HASH_LISTPACK, key, meta).string(&pack.to_blob());
        return;
    }
    let to = writer.begin_key(type_id::HASH, key, meta);
    to.len(hash.len() as u64);
    hash.for_each(&mut |field, value| {
        to.string(field.text(&mut IntText::new()));
        to.string(value.text(&mut IntText::new()));
    });
}

/// A hash with fields is a value.
fn value(hash: HashValue) -> Result<Value, Unfit> {
    if hash.is_empty() { Err(Unfit::Empty) } else { Ok(Value::Hash(hash)) }
}

pub(super) fn of_pairs(
    pairs: Vec<(Bytes, Bytes)>,
    limits: HashLimits,
    secret: &HashKey,
) -> Result<Value, Unfit> {
    let mut hash = if pairs.len() > limits.pairs { HashValue::large(secret) } else { HashValue::new() };
    for (field, value) in pairs {
        let new = if value.len() >= SHARED_MIN && value.len() > limits.bytes {
            hash.set_shared(&field, value, secret)
        } else {
            hash.set(&field, &value, limits, secret)
        };
        if !new {
            return Err(DAMAGED);
        }
    }
    value(hash)
}

pub(super) fn of_blob(
    kind: BlobKind,
    blob: &[u8],
    limits: HashLimits,
    secret: &HashKey,
) -> Result<Value, Unfit> {
    let damaged = |_| DAMAGED;
    let mut hash = HashValue::new();
    if kind == BlobKind::HashZipmap {
        for pair in blob::Zipmap::new(blob).map_err(damaged)? {
            let (field, value) = pair.map_err(damaged)?;
            add(&mut hash, Item::Text(field), Item::Text(value), limits, secret)?;
        }
        return value(hash);
    }
    // These are taken as they are, whatever the lengths of what is in them.
    let taken = HashLimits { bytes: usize::MAX, ..limits };
    if kind == BlobKind::HashListpack {
        pairs(&mut hash, blob::Listpack::new(blob).map_err(damaged)?, taken, secret)?;
    } else {
        pairs(&mut hash, blob::Ziplist::new(blob).map_err(damaged)?, taken, secret)?;
    }
    value(hash)
}

fn pairs<'a>(
    hash: &mut HashValue,
    mut elements: impl Iterator<Item = Result<blob::Element<'a>, blob::BadBlob>>,
    limits: HashLimits,
    secret: &HashKey,
) -> Result<(), Unfit> {
    while let Some(field) = elements.next() {
        let Some(Ok(value)) = elements.next() else { return Err(DAMAGED) };
        add(hash, item(field.map_err(|_| DAMAGED)?), item(value), limits, secret)?;
    }
    Ok(())
}

fn add(
    hash: &mut HashValue,
    field: Item<'_>,
    value: Item<'_>,
    limits: HashLimits,
    secret: &HashKey,
) -> Result<(), Unfit> {
    let mut scratch = (IntText::new(), IntText::new());
    let new = hash.set(field.text(&mut scratch.0), value.text(&mut scratch.1), limits, secret);
    if new { Ok(()) } else { Err(DAMAGED) }
}

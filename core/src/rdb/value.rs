//! Between values as the keyspace holds them and values as RDB knows them.
//!
//! *Owns*: [`write_key`] and [`value_of`], which know every type of value; [`Limits`], which choose the encodings.
//! *Does not own*: the walk over keys, the policy on what cannot be held, what is particular to one type (a module for
//! each).

use super::object::{BlobKind, Object};
use super::{Meta, Writer, value_list};
use crate::config::Config;
use crate::containers::quicklist;
use crate::value::{IntText, SHARED_MIN, StringValue, Value};

/// The directives that choose between the encodings of a value.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// `list-max-listpack-size`.
    pub list: quicklist::Limit,
}

impl Limits {
    /// As configured now.
    #[must_use]
    pub fn of(config: &Config) -> Self {
        Self { list: quicklist::Limit::new(config.list_max_listpack_size as i32) }
    }
}

/// Writes a key with its value.
pub fn write_key(writer: &mut Writer, key: &[u8], meta: &Meta, value: &Value) {
    match value {
        Value::String(string) => writer.string_key(key, meta, string.bytes(&mut IntText::new())),
        Value::List(list) => value_list::write(writer.begin_key(value_list::TYPE_ID, key, meta), list),
    }
}

/// The value, or the name of the type that this server does not hold.
///
/// # Errors
/// The type's name.
pub fn value_of(object: Object, limits: &Limits) -> Result<Value, &'static str> {
    match object {
        Object::String(text) if text.len() >= SHARED_MIN => Ok(StringValue::from_shared(text).into()),
        Object::String(text) => Ok(Value::encode(&text)),
        Object::List(_) | Object::Quicklist(_) | Object::Blob(BlobKind::ListZiplist, _) => {
            value_list::read(object, limits.list).map(Value::List).ok_or("damaged list")
        }
        Object::Set(_) => Err("set"),
        Object::Hash(_) => Err("hash"),
        Object::Zset(_) => Err("sorted set"),
        Object::Blob(..) => Err("container"),
        Object::Stream(_) => Err("stream"),
        Object::Module { .. } => Err("module"),
    }
}

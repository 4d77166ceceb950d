//! Between values as the keyspace holds them and values as RDB knows them.
//!
//! *Owns*: [`write_key`] and [`value_of`], which know every type of value. *Does not own*: the walk over keys, the
//! policy on what cannot be held.

use super::object::Object;
use super::value_stream::{stream_type, stream_value, write_stream};
use super::{Meta, VERSION, Writer};
use crate::value::{IntText, SHARED_MIN, StringValue, Value};

/// Writes a key with its value.
pub fn write_key(writer: &mut Writer, key: &[u8], meta: &Meta, value: &Value) {
    match value {
        Value::String(string) => writer.string_key(key, meta, string.bytes(&mut IntText::new())),
        Value::List(_) => {}
        Value::Stream(stream) => {
            write_stream(writer.begin_key(stream_type(VERSION), key, meta), stream, VERSION);
        }
    }
}

/// The value, or the name of the type that this server does not hold.
///
/// # Errors
/// The type's name.
pub fn value_of(object: Object) -> Result<Value, &'static str> {
    match object {
        Object::String(text) if text.len() >= SHARED_MIN => Ok(StringValue::from_shared(text).into()),
        Object::String(text) => Ok(Value::encode(&text)),
        Object::List(_) | Object::Quicklist(_) => Err("list"),
        Object::Set(_) => Err("set"),
        Object::Hash(_) => Err("hash"),
        Object::Zset(_) => Err("sorted set"),
        Object::Blob(..) => Err("container"),
        Object::Stream(record) => stream_value(&record).map(Value::from).ok_or("damaged stream"),
        Object::Module { .. } => Err("module"),
    }
}

//! Floor 2: the values that keys hold, and their encodings.
//!
//! *Owns*: [`Value`] with one variant per type, what `TYPE` and `OBJECT ENCODING` call it, its share of the memory
//! figure, what it costs to free, and its content digest.
//! *Does not own*: keys, expiry, access times (`keyspace`), or any wire or file format.
//! *Invariants*: a `Value` is 24 bytes. Every variant fits beside the tag of a string: in 16 bytes. Two
//! values with the same content have the same digest, whatever their encodings.

mod choice;
mod digest;
mod hash;
mod list;
#[cfg(test)]
mod model;
mod pair;
mod set;
mod small;
mod stream;
mod string;
mod table;
mod zset;

pub use crate::containers::item::Item;
pub use digest::Digest;
pub use hash::{FieldValue, HashLimits, HashValue};
pub use list::{List, Parts as ListParts, Range as ListRange};
pub use set::{SetForm, SetLimits, SetValue};
pub use small::SmallBytes;
pub use stream::{Consumer, Entries, Group, Member, NoPosition, Pending, Stream, Wanted};
pub use string::{IntText, SHARED_MIN, StringValue};
pub use zset::{ZChange, ZIter, ZSet, ZSetLimits};

use crate::containers::dict::{Hash, Ix};
use alloc::boxed::Box;

/// What a key holds.
#[derive(Clone, Debug)]
pub enum Value {
    /// A byte string, or a number that is read as one.
    String(StringValue),
    /// A map from fields to byte strings.
    Hash(HashValue),
    /// A set of byte strings.
    Set(SetValue),
    /// A list.
    List(List),
    /// Members ordered by score.
    ZSet(ZSet),
    /// A stream.
    Stream(Box<Stream>),
}

/// Space that an allocation of `len` bytes is counted with: whole units of 16 bytes, nothing for nothing. The
/// figure is the core's own, so that eviction never depends on an allocator.
#[must_use]
pub const fn allocation(len: usize) -> usize {
    (len + 15) & !15
}

/// Elements from which on touching one ahead pays.
const FAR_MIN: usize = 4_096;
/// Bytes that one unit of [`Value::free_cost`] stands for in a string.
const FREE_UNIT: usize = 16 * 1024;

impl Value {
    /// The text a SET stores: a canonical integer becomes a number.
    #[must_use]
    pub fn encode(bytes: &[u8]) -> Self {
        Self::String(StringValue::encode(bytes))
    }

    /// What `TYPE` answers.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::String(_) => "string",
            Self::Hash(_) => "hash",
            Self::Set(_) => "set",
            Self::List(_) => "list",
            Self::ZSet(_) => "zset",
            Self::Stream(_) => "stream",
        }
    }

    /// What `OBJECT ENCODING` answers.
    #[must_use]
    pub fn encoding(&self) -> &'static str {
        match self {
            Self::String(string) => string.encoding(),
            Self::Hash(hash) => hash.encoding(),
            Self::Set(set) => set.encoding(),
            Self::List(list) => list.encoding(),
            Self::ZSet(set) => set.encoding(),
            Self::Stream(stream) => stream.encoding(),
        }
    }

    /// Starts reading what a command is likely to read first; the answer means nothing.
    #[must_use]
    #[inline]
    pub fn touch(&self) -> u8 {
        match self {
            Self::String(string) => string.touch(),
            Self::Hash(hash) => hash.touch(),
            Self::Set(set) => set.touch(),
            Self::List(list) => list.touch(),
            Self::ZSet(set) => set.touch(),
            Self::Stream(stream) => stream.touch(),
        }
    }

    /// Whether its elements lie so far apart that touching them ahead pays.
    #[must_use]
    #[inline]
    pub fn is_far(&self) -> bool {
        match self {
            Self::String(_) | Self::List(_) | Self::Stream(_) => false,
            Self::Hash(hash) => hash.table().is_some_and(|table| table.len() >= FAR_MIN),
            Self::Set(set) => set.table().is_some_and(|table| table.len() >= FAR_MIN),
            Self::ZSet(set) => set.ordered().is_some_and(|set| set.len() >= FAR_MIN),
        }
    }

    /// Starts reading where an element of a large value is looked for; the answer means nothing.
    #[must_use]
    #[inline]
    pub fn touch_home(&self, hash: Hash) -> u32 {
        match self {
            Self::String(_) | Self::List(_) | Self::Stream(_) => 0,
            Self::Hash(hash_value) => hash_value.table().map_or(0, |table| table.dict().touch(hash)),
            Self::Set(set) => set.table().map_or(0, |table| table.dict().touch(hash)),
            Self::ZSet(set) => set.ordered().map_or(0, |set| set.dict().touch(hash)),
        }
    }

    /// Reads where an element is, perhaps.
    #[must_use]
    #[inline]
    pub fn touch_slot(&self, hash: Hash) -> Option<Ix> {
        match self {
            Self::String(_) | Self::List(_) | Self::Stream(_) => None,
            Self::Hash(hash_value) => hash_value.table()?.dict().touch_slot(hash),
            Self::Set(set) => set.table()?.dict().touch_slot(hash),
            Self::ZSet(set) => set.ordered()?.dict().touch_slot(hash),
        }
    }

    /// Starts reading an element that [`Value::touch_slot`] found.
    #[must_use]
    #[inline]
    pub fn touch_element(&self, ix: Ix) -> u8 {
        match self {
            Self::String(_) | Self::List(_) | Self::Stream(_) => 0,
            Self::Hash(hash) => hash.table().map_or(0, |table| table.dict().touch_entry(ix)),
            Self::Set(set) => set.table().map_or(0, |table| table.dict().touch_entry(ix)),
            Self::ZSet(set) => set.ordered().map_or(0, |set| set.dict().touch_entry(ix)),
        }
    }

    /// Bytes on the heap, by the core's own count. Takes constant time.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        match self {
            Self::String(string) => string.heap_bytes(),
            Self::Hash(hash) => hash.heap_bytes(),
            Self::Set(set) => set.heap_bytes(),
            Self::List(list) => list.heap_bytes(),
            Self::ZSet(set) => set.heap_bytes(),
            Self::Stream(stream) => stream.heap_bytes(),
        }
    }

    /// About how many allocations' worth of work dropping it is; from 64 on it is worth leaving to someone else.
    #[must_use]
    pub fn free_cost(&self) -> usize {
        match self {
            Self::String(string) => 1 + string.heap_bytes() / FREE_UNIT,
            Self::Hash(hash) => hash.free_cost(),
            Self::Set(set) => set.free_cost(),
            Self::List(list) => list.free_cost(),
            Self::ZSet(set) => set.free_cost(),
            Self::Stream(stream) => stream.free_cost(),
        }
    }

    /// Keeps the digest of a large collection up to date from now on, so that it need not be counted anew at every
    /// change.
    pub fn keep_digest(&mut self) {
        match self {
            Self::String(_) | Self::List(_) | Self::Stream(_) => {}
            Self::Hash(hash) => hash.keep_digest(),
            Self::Set(set) => set.keep_digest(),
            Self::ZSet(set) => set.keep_digest(),
        }
    }

    /// Asserts the invariants of the value. For tests and the simulator.
    pub fn check(&self) {
        match self {
            Self::String(_) => {}
            Self::Hash(hash) => hash.check(),
            Self::Set(set) => set.check(),
            Self::List(list) => list.check(),
            Self::ZSet(set) => set.check(),
            Self::Stream(_) => {}
        }
    }

    /// Feeds type and content to `digest`; never the encoding.
    pub fn digest_into(&self, digest: &mut Digest) {
        match self {
            Self::String(string) => {
                digest.write(b"string");
                digest.write(string.bytes(&mut IntText::new()));
            }
            Self::Hash(hash) => {
                digest.write(b"hash");
                hash.digest_into(digest);
            }
            Self::Set(set) => {
                digest.write(b"set");
                set.digest_into(digest);
            }
            Self::List(list) => {
                digest.write(b"list");
                list.digest_into(digest);
            }
            Self::ZSet(set) => {
                digest.write(b"zset");
                set.digest_into(digest);
            }
            Self::Stream(stream) => {
                digest.write(b"stream");
                stream.digest_into(digest);
            }
        }
    }

    /// The string, if it is one.
    #[must_use]
    #[inline]
    pub fn as_string(&self) -> Option<&StringValue> {
        if let Self::String(string) = self { Some(string) } else { None }
    }

    /// The string for editing, if it is one.
    #[inline]
    pub fn as_string_mut(&mut self) -> Option<&mut StringValue> {
        if let Self::String(string) = self { Some(string) } else { None }
    }

    /// The hash, if it is one.
    #[must_use]
    #[inline]
    pub fn as_hash(&self) -> Option<&HashValue> {
        if let Self::Hash(hash) = self { Some(hash) } else { None }
    }

    /// The hash for editing, if it is one.
    #[inline]
    pub fn as_hash_mut(&mut self) -> Option<&mut HashValue> {
        if let Self::Hash(hash) = self { Some(hash) } else { None }
    }

    /// The list, if it is one.
    #[must_use]
    #[inline]
    pub fn as_list(&self) -> Option<&List> {
        if let Self::List(list) = self { Some(list) } else { None }
    }

    /// The list for editing, if it is one.
    #[inline]
    pub fn as_list_mut(&mut self) -> Option<&mut List> {
        if let Self::List(list) = self { Some(list) } else { None }
    }

    /// The set, if it is one.
    #[must_use]
    #[inline]
    pub fn as_set(&self) -> Option<&SetValue> {
        if let Self::Set(set) = self { Some(set) } else { None }
    }

    /// The set for editing, if it is one.
    #[inline]
    pub fn as_set_mut(&mut self) -> Option<&mut SetValue> {
        if let Self::Set(set) = self { Some(set) } else { None }
    }

    /// The sorted set, if it is one.
    #[must_use]
    #[inline]
    pub fn as_zset(&self) -> Option<&ZSet> {
        if let Self::ZSet(set) = self { Some(set) } else { None }
    }

    /// The sorted set for editing, if it is one.
    #[inline]
    pub fn as_zset_mut(&mut self) -> Option<&mut ZSet> {
        if let Self::ZSet(set) = self { Some(set) } else { None }
    }
}

impl Value {
    /// The stream, if it is one.
    #[must_use]
    pub fn as_stream(&self) -> Option<&Stream> {
        match self {
            Self::Stream(stream) => Some(stream),
            _ => None,
        }
    }

    /// The stream for editing, if it is one.
    pub fn as_stream_mut(&mut self) -> Option<&mut Stream> {
        match self {
            Self::Stream(stream) => Some(stream),
            _ => None,
        }
    }
}

impl From<Stream> for Value {
    fn from(stream: Stream) -> Self {
        Self::Stream(Box::new(stream))
    }
}

impl From<List> for Value {
    fn from(list: List) -> Self {
        Self::List(list)
    }
}

impl From<StringValue> for Value {
    fn from(string: StringValue) -> Self {
        Self::String(string)
    }
}

const _: () = assert!(size_of::<Value>() == 24 && size_of::<Option<Value>>() == 24);

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(value: &Value) -> u128 {
        let mut digest = Digest::new();
        value.digest_into(&mut digest);
        digest.finish()
    }

    #[test]
    fn digest_sees_content_and_not_encoding() {
        let number = Value::encode(b"12345");
        let text = Value::String(StringValue::plain(b"12345"));
        assert_eq!((number.encoding(), text.encoding()), ("int", "embstr"));
        assert_eq!(digest(&number), digest(&text));
        assert_ne!(digest(&number), digest(&Value::encode(b"12346")));
        assert_ne!(digest(&Value::encode(b"")), digest(&Value::encode(b"\0")));
    }

    #[test]
    fn big_strings_are_dear_to_free() {
        assert!(Value::encode(&[b'x'; 100]).free_cost() < 64);
        assert!(Value::encode(&alloc::vec![b'x'; 2 << 20]).free_cost() >= 64);
    }
}

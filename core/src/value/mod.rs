//! Floor 2: the values that keys hold, and their encodings.
//!
//! *Owns*: [`Value`] with one variant per type, what `TYPE` and `OBJECT ENCODING` call it, its share of the memory
//! figure, what it costs to free, and its content digest.
//! *Does not own*: keys, expiry, access times (`keyspace`), or any wire or file format.
//! *Invariants*: a `Value` is 24 bytes. Every variant fits beside the tag of a string: in 16 bytes. Two
//! values with the same content have the same digest, whatever their encodings.

mod digest;
mod list;
mod small;
mod string;

pub use digest::Digest;
pub use list::{List, Parts as ListParts, Range as ListRange};
pub use small::SmallBytes;
pub use string::{IntText, SHARED_MIN, StringValue};

/// What a key holds.
#[derive(Clone, Debug)]
pub enum Value {
    /// A byte string, or a number that is read as one.
    String(StringValue),
    /// A list.
    List(List),
}

/// Space that an allocation of `len` bytes is counted with: whole units of 16 bytes, nothing for nothing. The
/// figure is the core's own, so that eviction never depends on an allocator.
#[must_use]
pub const fn allocation(len: usize) -> usize {
    (len + 15) & !15
}

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
            Self::List(_) => "list",
        }
    }

    /// What `OBJECT ENCODING` answers.
    #[must_use]
    pub fn encoding(&self) -> &'static str {
        match self {
            Self::String(string) => string.encoding(),
            Self::List(list) => list.encoding(),
        }
    }

    /// Starts reading what a command is likely to read first; the answer means nothing.
    #[must_use]
    #[inline]
    pub fn touch(&self) -> u8 {
        match self {
            Self::String(string) => string.touch(),
            Self::List(list) => list.touch(),
        }
    }

    /// Bytes on the heap, by the core's own count. Takes constant time.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        match self {
            Self::String(string) => string.heap_bytes(),
            Self::List(list) => list.heap_bytes(),
        }
    }

    /// About how many allocations' worth of work dropping it is; from 64 on it is worth leaving to someone else.
    #[must_use]
    pub fn free_cost(&self) -> usize {
        match self {
            Self::String(string) => 1 + string.heap_bytes() / FREE_UNIT,
            Self::List(list) => list.free_cost(),
        }
    }

    /// Feeds type and content to `digest`; never the encoding.
    pub fn digest_into(&self, digest: &mut Digest) {
        match self {
            Self::String(string) => {
                digest.write(b"string");
                digest.write(string.bytes(&mut IntText::new()));
            }
            Self::List(list) => {
                digest.write(b"list");
                list.digest_into(digest);
            }
        }
    }

    /// The string, if it is one.
    #[must_use]
    pub fn as_string(&self) -> Option<&StringValue> {
        match self {
            Self::String(string) => Some(string),
            _ => None,
        }
    }

    /// Whether it is a collection without elements: no key holds such a value.
    #[must_use]
    pub fn is_empty_collection(&self) -> bool {
        match self {
            Self::String(_) => false,
            Self::List(list) => list.is_empty(),
        }
    }

    /// The list, if it is one.
    #[must_use]
    pub fn as_list(&self) -> Option<&List> {
        match self {
            Self::List(list) => Some(list),
            _ => None,
        }
    }

    /// The list for editing, if it is one.
    pub fn as_list_mut(&mut self) -> Option<&mut List> {
        match self {
            Self::List(list) => Some(list),
            _ => None,
        }
    }

    /// The string for editing, if it is one.
    pub fn as_string_mut(&mut self) -> Option<&mut StringValue> {
        match self {
            Self::String(string) => Some(string),
            _ => None,
        }
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

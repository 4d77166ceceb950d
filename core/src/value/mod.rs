//! Floor 2: the values that keys hold, and their encodings.
//!
//! *Owns*: [`Value`] with one variant per type, what `TYPE` and `OBJECT ENCODING` call it, its share of the memory
//! figure, what it costs to free, and its content digest.
//! *Does not own*: keys, expiry, access times (`keyspace`), or any wire or file format.
//! *Invariants*: a `Value` is 24 bytes. Variants to come are boxes, so that they fit beside the tag of a string. Two
//! values with the same content have the same digest, whatever their encodings.

mod digest;
mod small;
mod string;
mod zset;

pub use digest::Digest;
pub use small::SmallBytes;
pub use string::{IntText, SHARED_MIN, StringValue};
pub use zset::{ZChange, ZIter, ZSet, ZSetLimits};

/// What a key holds.
#[derive(Clone, Debug)]
pub enum Value {
    /// A byte string, or a number that is read as one.
    String(StringValue),
    /// Members ordered by score.
    ZSet(ZSet),
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
            Self::ZSet(_) => "zset",
        }
    }

    /// What `OBJECT ENCODING` answers.
    #[must_use]
    pub fn encoding(&self) -> &'static str {
        match self {
            Self::String(string) => string.encoding(),
            Self::ZSet(set) => set.encoding(),
        }
    }

    /// Starts reading what a command is likely to read first; the answer means nothing.
    #[must_use]
    #[inline]
    pub fn touch(&self) -> u8 {
        match self {
            Self::String(string) => string.touch(),
            Self::ZSet(set) => set.touch(),
        }
    }

    /// Bytes on the heap, by the core's own count. Takes constant time.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        match self {
            Self::String(string) => string.heap_bytes(),
            Self::ZSet(set) => set.heap_bytes(),
        }
    }

    /// About how many allocations' worth of work dropping it is; from 64 on it is worth leaving to someone else.
    #[must_use]
    pub fn free_cost(&self) -> usize {
        match self {
            Self::String(string) => 1 + string.heap_bytes() / FREE_UNIT,
            Self::ZSet(set) => set.free_cost(),
        }
    }

    /// Feeds type and content to `digest`; never the encoding.
    pub fn digest_into(&self, digest: &mut Digest) {
        match self {
            Self::String(string) => {
                digest.write(b"string");
                digest.write(string.bytes(&mut IntText::new()));
            }
            Self::ZSet(set) => {
                digest.write(b"zset");
                set.digest_into(digest);
            }
        }
    }

    /// The string, if it is one.
    #[must_use]
    pub fn as_string(&self) -> Option<&StringValue> {
        match self {
            Self::String(string) => Some(string),
            Self::ZSet(_) => None,
        }
    }

    /// The string for editing, if it is one.
    pub fn as_string_mut(&mut self) -> Option<&mut StringValue> {
        match self {
            Self::String(string) => Some(string),
            Self::ZSet(_) => None,
        }
    }
}

impl Value {
    /// The sorted set, if it is one.
    #[must_use]
    #[inline]
    pub fn as_zset(&self) -> Option<&ZSet> {
        match self {
            Self::ZSet(set) => Some(set),
            Self::String(_) => None,
        }
    }

    /// The sorted set for editing, if it is one.
    #[inline]
    pub fn as_zset_mut(&mut self) -> Option<&mut ZSet> {
        match self {
            Self::ZSet(set) => Some(set),
            Self::String(_) => None,
        }
    }
}

impl From<StringValue> for Value {
    fn from(string: StringValue) -> Self {
        Self::String(string)
    }
}

/// What `Value` will look like with more types: proof that they cost nothing.
#[expect(dead_code, reason = "only its size is of interest")]
enum WithMoreTypes {
    String(StringValue),
    List(alloc::boxed::Box<u64>),
    Set(alloc::boxed::Box<u64>),
}

const _: () = assert!(size_of::<Value>() == 24 && size_of::<Option<Value>>() == 24);
const _: () = assert!(size_of::<WithMoreTypes>() == 24);

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

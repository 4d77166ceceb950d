//! Floor 3: the RDB codec.
//!
//! *Owns*: the bytes of snapshot files, of full resynchronisation and of DUMP payloads: an incremental [`Writer`], a
//! resumable [`Reader`], the [`Object`] both speak of, and [`blob`], the compact containers inside.
//! *Does not own*: databases, types as the keyspace holds them, disks, what to do with what was read.
//! *Invariants*: the reader takes its input cut anywhere and yields the same events; no length is believed before
//! its bytes have arrived; no input makes it panic; after an error it yields nothing but that error.

pub mod blob;
mod cursor;
mod decode;
mod dump;
mod encode;
mod error;
mod object;
mod plain;
mod reader;
mod stream;
mod value;
mod value_stream;
mod writer;

pub use dump::{dump_value, open_dump, seal_dump};
pub use encode::Encoder;
pub use error::{RdbError, Reason};
pub use object::{BlobKind, Object, QuicklistNode};
pub use reader::{Checksum, Entry, Event, Reader, ReaderOptions};
pub use stream::{Consumer, Counters, Group, Pending, Stream, StreamPos};
pub use value::{Forms, Unfit, value_of, write_key};
pub use value_stream::{stream_type, stream_value, write_stream};
pub use writer::{Writer, WriterOptions};

/// The version that is written unless a peer wants another: the newest that Redis 7.0 reads.
pub const VERSION: u16 = 10;
/// The newest version that is read (Redis 7.2).
pub const VERSION_MAX: u16 = 11;

/// What stands before a key: its expiry and its access record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Meta {
    /// Absolute expiry, milliseconds since the epoch.
    pub expire_ms: Option<i64>,
    /// Seconds since the last access, when the policy was an LRU one.
    pub idle_secs: Option<u64>,
    /// The LFU counter, when the policy was an LFU one.
    pub freq: Option<u8>,
}

/// The bytes that introduce something other than a key.
mod opcode {
    pub(super) const EOF: u8 = 255;
    pub(super) const SELECT_DB: u8 = 254;
    pub(super) const EXPIRE_SECS: u8 = 253;
    pub(super) const EXPIRE_MS: u8 = 252;
    pub(super) const RESIZE_DB: u8 = 251;
    pub(super) const AUX: u8 = 250;
    pub(super) const FREQ: u8 = 249;
    pub(super) const IDLE: u8 = 248;
    pub(super) const MODULE_AUX: u8 = 247;
    pub(super) const FUNCTION: u8 = 245;
}

/// The bytes that name the form of a value.
pub mod type_id {
    /// A string.
    pub const STRING: u8 = 0;
    /// A list, element by element.
    pub const LIST: u8 = 1;
    /// A set, member by member.
    pub const SET: u8 = 2;
    /// A sorted set with scores as text.
    pub const ZSET: u8 = 3;
    /// A hash, pair by pair.
    pub const HASH: u8 = 4;
    /// A sorted set with binary scores, highest first.
    pub const ZSET_2: u8 = 5;
    /// A value of a module.
    pub const MODULE_2: u8 = 7;
    /// A hash as one zipmap.
    pub const HASH_ZIPMAP: u8 = 9;
    /// A list as one ziplist.
    pub const LIST_ZIPLIST: u8 = 10;
    /// A set of integers as one intset.
    pub const SET_INTSET: u8 = 11;
    /// A sorted set as one ziplist.
    pub const ZSET_ZIPLIST: u8 = 12;
    /// A hash as one ziplist.
    pub const HASH_ZIPLIST: u8 = 13;
    /// A list as ziplists.
    pub const LIST_QUICKLIST: u8 = 14;
    /// A stream, first form.
    pub const STREAM: u8 = 15;
    /// A hash as one listpack.
    pub const HASH_LISTPACK: u8 = 16;
    /// A sorted set as one listpack, lowest first.
    pub const ZSET_LISTPACK: u8 = 17;
    /// A list as listpacks and plain elements.
    pub const LIST_QUICKLIST_2: u8 = 18;
    /// A stream with its counters.
    pub const STREAM_2: u8 = 19;
    /// A set as one listpack; version 11.
    pub const SET_LISTPACK: u8 = 20;
    /// A stream whose consumers have an active time; version 11.
    pub const STREAM_3: u8 = 21;
}

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod tests;

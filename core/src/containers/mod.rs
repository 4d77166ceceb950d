//! Floor 1: the data structures that hold a data set.
//!
//! *Owns*: the arena of entries, the hash table over it, the block of bytes that small collections are.
//! *Does not own*: what an entry means, expiry, encodings of Redis types.
//! *Invariants*: iteration order never depends on history or on memory addresses; every structure can be cloned, and
//! a clone accounts for the same number of bytes as its original.

pub mod arena;
pub mod dict;
pub mod listpack;
pub mod quicklist;
pub mod streamlog;

//! Floor 1: the data structures that hold a data set.
//!
//! *Owns*: the arena of entries and the hash table over it; blocks of bytes with the small collections inside;
//! long lists; ordered sets, large and small; places on the Earth; rows of bits; cardinality estimates.
//! *Does not own*: what an entry means, expiry, encodings of Redis types.
//! *Invariants*: iteration order never depends on history or on memory addresses, unless a collection keeps the order of
//! insertion; every structure can be cloned, and a clone accounts for the same number of bytes as its original.

pub mod arena;
pub mod bits;
pub mod block;
pub mod dict;
pub mod geohash;
pub mod hll;
pub mod intset;
pub mod item;
pub mod listpack;
pub mod ordered;
mod padded;
pub mod pairs;
pub mod quicklist;
pub mod runs;
pub mod scorepack;
pub mod streamlog;

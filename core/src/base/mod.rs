//! Floor 0: what every other module may use and what uses nothing itself.
//!
//! *Owns*: time and identifiers as types, randomness, number text, globbing, checksums, arenas and slabs.
//! *Does not own*: anything that knows of commands, keys or connections.

pub mod crc;
pub mod float;
pub mod glob;
pub mod ids;
pub mod longdouble;
pub mod lzf;
pub mod mutant;
pub mod number;
pub mod quoted;
pub mod rng;
pub mod sha1;
pub mod time;
pub mod version;

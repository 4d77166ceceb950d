//! The two versions that a node tells.
//!
//! *Owns*: their text, in one place. *Does not own*: where they are shown.

/// The version of Redis whose behaviour is promised.
pub const REDIS_VERSION: &str = "7.2.6";

/// The version of norn.
pub const NORN_VERSION: &str = env!("CARGO_PKG_VERSION");

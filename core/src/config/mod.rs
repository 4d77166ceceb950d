//! Floor 1: the configuration.
//!
//! *Owns*: one typed table of every directive of Redis 7.2 with its text both ways; reading a configuration file and a
//! command line; CONFIG SET, GET and REWRITE as operations on values; the [`Knobs`] that are no directives.
//! *Does not own*: obeying any of it; opening files (the driver does, through [`Files`]); sending replies.
//! *Invariants*: a refused change changes nothing; whatever is printed reads back as the same value; the order of
//! anything printed is the order of the table.
//!
//! A parameter is one row in the file of its subject (`network`, `security`, `memory`, `encodings`, `persistence`,
//! `replication`, `process`, `cluster`, `tls`); `table` explains the columns.

mod args;
mod checks;
mod cluster;
mod encodings;
mod file;
mod flags;
mod format;
mod get;
mod knobs;
mod list;
mod memory;
mod network;
mod persistence;
mod process;
mod replication;
mod rewrite;
mod security;
mod set;
mod table;
mod tls;
mod words;

pub use file::{Boot, Files, Place, StartError, load};
pub use flags::{NotifyFlags, ShutdownFlags};
pub use format::{Blob, Format, Kind, Line, MemoryShare, Reason};
pub use knobs::Knobs;
pub use list::{MasterAddr, ObufLimit, SavePoint, six_places};
pub use rewrite::rewrite;
pub use set::{Changes, SetError, Setter};
pub use table::{Config, Effect, Flags, Id, Param, TABLE};
pub use words::{
    Access, AclPubsub, AppendFsync, DisklessLoad, EndpointType, MaxmemoryPolicy, Named, OomScoreAdj,
    PropagationError, Sanitize, Supervised, SyslogFacility, TlsAuth,
};

//! norn-core: a Redis-compatible server as a deterministic state machine.
//!
//! Everything that happens to a node is a [`contract::Input`]; everything it wants done arrives through
//! [`contract::Effects`]. The crate performs no input or output: it is `no_std`, so it can name no clock, socket,
//! file or thread, and it draws randomness only from the entropy it was given.
//!
//! The modules are floors; imports go down only:
//!
//! | floor | modules |
//! |---|---|
//! | 0 | [`base`] [`contract`] |
//! | 1 | [`containers`] [`resp`] [`config`] |
//! | 2 | [`value`] |
//! | 3 | [`keyspace`] [`rdb`] |
//! | 4 | [`persistence`] [`replication`] [`migration`] [`pubsub`] `acl` [`stats`] |
//! | 5 | `connection` |
//! | 6 | `engine` |
//! | 7 | `commands` |
//! | 8 | `node` |
#![no_std]
#![cfg_attr(test, expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test"))]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod base;
pub mod commands;
pub mod config;
pub mod connection;
pub mod containers;
pub mod contract;
pub mod engine;
pub mod keyspace;
pub mod migration;
pub mod node;
pub mod persistence;
pub mod pubsub;
pub mod rdb;
pub mod replication;
pub mod resp;
pub mod stats;
pub mod value;

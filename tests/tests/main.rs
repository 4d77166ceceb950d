//! All integration tests of norn: modules mirror the core.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod clients;
mod commands;
mod config;
mod connections;
mod differential;
mod driver;
mod gate;
mod migration;
mod persistence;
mod replication;
mod resp;
mod tidy;

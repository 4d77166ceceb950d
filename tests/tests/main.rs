//! All integration tests of norn: modules mirror the core.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod commands;
mod differential;
mod gate;
mod resp;
mod tidy;

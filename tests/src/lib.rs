//! What the integration tests stand on: targets to talk to, scripts to say, replies to compare.
//!
//! *Owns*: the [`target::Target`] trait with its three servers (a [`loopback::Loopback`] around a `Node` without
//! sockets, a real process over TCP, and whatever else implements it), the [`script`] language, an independent
//! RESP parser ([`reply`]), the random command generator ([`random`]) and the reader of the sources for the tidy
//! tests ([`sources`]).
//!
//! *Does not own*: any expectation. Those are in `tests/`.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

pub mod compare;
pub mod disk;
pub mod loopback;
pub mod process;
pub mod random;
pub mod reply;
mod samples;
pub mod script;
pub mod simulated;
pub mod sources;
pub mod target;
pub mod tcp;
pub mod words;

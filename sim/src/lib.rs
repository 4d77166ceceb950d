//! norn-sim: seeded worlds of real nodes.
//!
//! *Owns*: time, networks, disks, clients, faults and the checks on what nodes do in them. *Does not own*: any part of
//! what a node is; worlds run `norn_core::node::Node` itself through the driver's contract.
//! *Invariants*: a run is a pure function of its seed and options: no clock, no thread, no hash order, no environment.

pub mod agenda;
pub mod chance;
pub mod client;
pub mod clock;
pub mod content;
pub mod disk;
pub mod model;
pub mod net;
pub mod oracle;
pub mod plan;
pub mod record;
pub mod run;
pub mod scripted;
pub mod solo;
pub mod trace;
pub mod view;
pub mod world;

//! Simulated clients.

pub mod frame;
pub mod reply;

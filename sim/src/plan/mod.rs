//! What will happen in a run.
pub mod workload;

//! The driver of norn-core in production.

//! Allocations of commands after warm-up.
fn main() {}

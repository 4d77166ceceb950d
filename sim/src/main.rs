//! norn-sim.
fn main() {}

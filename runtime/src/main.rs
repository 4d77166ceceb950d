//! norn-server.
fn main() {}

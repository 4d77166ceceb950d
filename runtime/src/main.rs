//! norn-server.

use norn_runtime::{gauges, start};
use std::process::ExitCode;

fn main() -> ExitCode {
    let args: Vec<String> =
        std::env::args_os().skip(1).map(|arg| arg.to_string_lossy().into_owned()).collect();
    start::main(&args, ("libc", gauges::unknown_allocator)).into()
}

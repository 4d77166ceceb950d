//! norn-runtime: the only crate of norn with a clock, sockets, files, threads and signals. It decides nothing: whatever
//! happens becomes an input of the node, whatever the node wants is carried out.
//!
//! | module | holds |
//! |---|---|
//! | `event_loop` | the turn |
//! | `effects` | the runtime's side of the contract |
//! | [`sockets`] [`listeners`] [`dial`] | connections |
//! | [`disk`] `disk_worker` | disk requests and the threads that do them |
//! | [`reports`] | what other threads tell the loop |
//! | [`garbage`] | drops that take long |
//! | [`clock`] [`log`] [`signals`] [`gauges`] [`process`] [`files`] | the operating system |
//! | [`settings`] [`server`] [`start`] | putting it together |

pub mod clock;
pub mod dial;
pub mod disk;
mod disk_worker;
mod effects;
mod event_loop;
pub mod files;
pub mod garbage;
pub mod gauges;
pub mod listeners;
pub mod log;
pub mod os_text;
pub mod process;
pub mod reports;
pub mod server;
pub mod settings;
pub mod signals;
pub mod sockets;
pub mod start;
#[cfg(test)]
mod testing;

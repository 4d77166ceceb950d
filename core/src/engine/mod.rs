//! Floor 6: executing one command.
//!
//! *Owns*: the command row and its table, the server's state as commands see it, the refusals before a command, what
//! follows it (expired keys, watched keys, notifications, propagation), and waiting clients.
//! *Does not own*: the commands, and turns of the event loop.

pub mod after;
pub mod blocked;
pub mod blocked_keys;
pub mod context;
pub mod exec;
pub mod forms;
pub mod gate;
pub mod keys;
pub mod monitor;
pub mod notify;
pub mod output;
pub mod propagate;
mod refusal;
pub mod row;
pub mod server;
pub mod settings;
pub mod slowlog;
pub mod syntax;
pub mod table;
pub mod timers;
pub mod watch;

pub use context::{Ctx, Effect};
pub use row::{Acl, Begin, Find, Flags, Gates, Group, KeyFlags, KeySpec, Row};
pub use server::{Action, Server};
pub use table::{RowIx, Table};

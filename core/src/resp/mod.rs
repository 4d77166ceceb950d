//! Floor 1: the wire format of clients, both ways.
//!
//! *Owns*: reading commands (RESP arrays and inline lines) from a connection's bytes, the borrowed and owned forms of
//! a command's arguments, a connection's unsent output, the encoding of every kind of reply in RESP2 and RESP3, the
//! texts of error replies, and a small parser of replies for links where this server is the client.
//! *Does not own*: what a command means, when output is sent, who may send what.
//! *Invariants*: any way of cutting the input into reads gives the same commands and the same protocol error; no input
//! makes this module panic, or reserve memory out of proportion to the bytes received.

mod args;
mod bulks;
mod error;
mod inbox;
mod outbuf;
mod parse;
mod reply;
mod window;
mod write;

pub use args::{ArgSpan, Args, ArgsIter, OwnedArgs};
pub use bulks::Bulks;
pub use error::{CommandError, code};
pub use inbox::Inbox;
pub use outbuf::{Mark, OutBuf, Spares};
pub use parse::{Limits, ProtocolError, Step};
pub use reply::{Reply, ReplyError, ReplyParser, encode_command};
pub use window::Window;
pub use write::{Deferred, Proto, Writer};

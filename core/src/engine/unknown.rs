//! Requests that name no command, or name one wrongly: the texts of their refusals.
//!
//! *Owns*: these texts, which quote what the client sent. *Does not own*: when they are used (`exec`).

use super::row::Row;
use crate::resp::Args;
use alloc::vec::Vec;

/// Command names that a browser tricked into speaking to this port would send.
pub(super) fn is_http(name: &[u8]) -> bool {
    name.eq_ignore_ascii_case(b"post") || name.eq_ignore_ascii_case(b"host:")
}

/// Bytes of a name or of all arguments that an error repeats.
const ECHO_MAX: usize = 128;

pub(super) fn unknown(args: &Args<'_>) -> Vec<u8> {
    let mut shown = Vec::new();
    for arg in args.iter().skip(1) {
        if shown.len() >= ECHO_MAX {
            break;
        }
        shown.push(b'\'');
        shown.extend_from_slice(&arg[..arg.len().min(ECHO_MAX - shown.len() + 1)]);
        shown.extend_from_slice(b"' ");
    }
    let name = args.get(0);
    let mut text = b"ERR unknown command '".to_vec();
    text.extend_from_slice(&name[..name.len().min(ECHO_MAX)]);
    text.extend_from_slice(b"', with args beginning with: ");
    text.extend_from_slice(&shown);
    text
}

pub(super) fn unknown_sub(container: &Row, name: &[u8]) -> Vec<u8> {
    let mut text = b"ERR unknown subcommand '".to_vec();
    text.extend_from_slice(&name[..name.len().min(ECHO_MAX)]);
    text.extend_from_slice(b"'. Try ");
    text.extend_from_slice(container.name.to_ascii_uppercase().as_bytes());
    text.extend_from_slice(b" HELP.");
    text
}

pub(super) fn wrong_arity(row: &Row) -> Vec<u8> {
    alloc::format!("ERR wrong number of arguments for '{}' command", row.name).into_bytes()
}

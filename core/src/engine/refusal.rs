//! How a command that is not run is answered.
//!
//! *Owns*: the texts that quote the command, and what a refusal does to a transaction. *Does not own*: which refusal
//! applies (`gate`, and the look-up in `exec`).

use super::gate::Verdict;
use super::row::Row;
use super::server::Server;
use super::table::RowIx;
use crate::connection::ConnFlags;
use crate::resp::{Args, CommandError, OutBuf};
use alloc::vec::Vec;

impl Server {
    /// Answers a refusal.
    #[cold]
    pub(super) fn refuse(&mut self, slot: u32, row: RowIx, verdict: Verdict, out: &mut OutBuf) {
        let found = self.table.row(row);
        let text = match verdict {
            Verdict::RefuseScope => alloc::format!(
                "ERR Can't execute '{}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in \
                 this context",
                found.name
            ),
            Verdict::RefuseProtected => {
                let word = if found.name.starts_with("module") { "MODULE" } else { "DEBUG" };
                CommandError::Protected(word).text().into_owned()
            }
            Verdict::Refuse(error) => error.text().into_owned(),
            Verdict::Pass | Verdict::Postpone => return,
        };
        self.refuse_with(slot, Some(row), text.as_bytes(), out);
    }

    /// Answers a request that is not run; poisons the transaction, or ends it when it was EXEC itself.
    #[cold]
    pub(super) fn refuse_with(&mut self, slot: u32, row: Option<RowIx>, text: &[u8], out: &mut OutBuf) {
        if let Some(row) = row {
            self.stats.rejected(usize::from(row.0));
        }
        let exec = row.is_some_and(|row| self.table.row(row).name == "exec");
        if exec {
            self.end_multi(slot);
            let reason = text.strip_prefix(b"ERR ").unwrap_or(text);
            let mut whole = b"EXECABORT Transaction discarded because of: ".to_vec();
            whole.extend_from_slice(reason);
            self.answer_refusal(slot, &whole, out);
            return;
        }
        let conn = self.conns.get_mut(slot);
        if conn.flags.has(ConnFlags::MULTI) {
            conn.flags.set(ConnFlags::DIRTY_EXEC);
        }
        self.answer_refusal(slot, text, out);
    }

    fn answer_refusal(&mut self, slot: u32, text: &[u8], out: &mut OutBuf) {
        self.stats.error_reply(text);
        if !self.conns.get(slot).is_silent() {
            self.writer(slot, out).error_parts(&[text]);
        }
    }
}

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
        shown.extend_from_slice(printable(arg, ECHO_MAX - shown.len() + 1));
        shown.extend_from_slice(b"' ");
    }
    let mut text = b"ERR unknown command '".to_vec();
    text.extend_from_slice(printable(args.get(0), ECHO_MAX));
    text.extend_from_slice(b"', with args beginning with: ");
    text.extend_from_slice(&shown);
    text
}

/// What of an argument is repeated: at most `max` bytes, up to the first zero byte.
fn printable(arg: &[u8], max: usize) -> &[u8] {
    let end = arg.iter().position(|b| *b == 0).unwrap_or(arg.len());
    &arg[..end.min(max)]
}

pub(super) fn unknown_sub(container: &Row, name: &[u8]) -> Vec<u8> {
    let mut text = b"ERR unknown subcommand '".to_vec();
    text.extend_from_slice(printable(name, ECHO_MAX));
    text.extend_from_slice(b"'. Try ");
    text.extend_from_slice(container.name.to_ascii_uppercase().as_bytes());
    text.extend_from_slice(b" HELP.");
    text
}

pub(super) fn wrong_arity(row: &Row) -> Vec<u8> {
    alloc::format!("ERR wrong number of arguments for '{}' command", row.name).into_bytes()
}

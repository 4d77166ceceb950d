//! MONITOR: every command, shown to those who asked once it has run.
//!
//! *Owns*: the line, and which arguments are nobody's business. *Does not own*: who asked.

use super::row::Row;
use super::server::Server;
use crate::base::quoted::quote_into;
use crate::config::{self, Param};
use crate::connection::ConnFlags;
use crate::resp::Args;
use alloc::format;
use bytes::Bytes;

impl Server {
    /// Shows a command to all monitors: `<seconds>.<micros> [<db> <peer>] "arg" ...`.
    #[cold]
    pub fn feed_monitors(&mut self, slot: u32, row: &Row, args: &Args<'_>) {
        let conn = self.conns.get(slot);
        let (secs, micros) = (self.now.unix.0 / 1_000_000, self.now.unix.0 % 1_000_000);
        let peer = match () {
            () if conn.flags.has(ConnFlags::UNIX) => format!("unix:{}", self.config.unixsocket),
            () => conn.details.peer.as_ref().into(),
        };
        let mut line = format!("+{secs}.{micros:06} [{} {peer}]", conn.db.0).into_bytes();
        for i in 0..args.len() {
            line.push(b' ');
            quote_into(shown(row, args, i), &mut line);
        }
        line.extend_from_slice(b"\r\n");
        let line = Bytes::from(line);
        for monitor in self.monitors.clone() {
            let line = line.clone();
            self.deliver(monitor, |w| w.raw(&line));
        }
    }
}

/// An argument as logs show it: passwords are not theirs to know.
#[must_use]
pub fn shown<'a>(row: &Row, args: &Args<'a>, i: usize) -> &'a [u8] {
    let follows_auth = |n: usize| i > n && args.get(i - n).eq_ignore_ascii_case(b"AUTH");
    let is_secret = match row.name {
        "auth" => i > 0,
        "hello" => follows_auth(1) || follows_auth(2),
        "config|set" => i > 2 && i % 2 == 1 && is_sensitive(args.get(i - 1)),
        _ => false,
    };
    if is_secret { b"(redacted)" } else { args.get(i) }
}

fn is_sensitive(directive: &[u8]) -> bool {
    Param::find(directive).is_some_and(|(param, _)| param.flags.has(config::Flags::SENSITIVE))
}

#[cfg(test)]
mod tests {
    use super::shown;
    use crate::engine::row::{Acl, Flags, Group, Row};
    use crate::resp::OwnedArgs;
    use std::string::String;
    use std::vec::Vec;

    fn line(name: &'static str, words: &str) -> String {
        let row = Row::new(name, |_| Ok(()), -1, Flags::NONE, Acl::NONE, Group::Server);
        let args = OwnedArgs::of(words.split(' '));
        let args = args.as_args();
        let shown: Vec<_> = (0..args.len()).map(|i| String::from_utf8_lossy(shown(&row, &args, i))).collect();
        shown.join(" ")
    }

    #[test]
    fn passwords_are_not_shown() {
        assert_eq!(line("auth", "AUTH bob secret"), "AUTH (redacted) (redacted)");
        assert_eq!(
            line("hello", "HELLO 3 auth bob secret SETNAME x"),
            "HELLO 3 auth (redacted) (redacted) SETNAME x"
        );
        assert_eq!(
            line("config|set", "CONFIG SET hz 10 RequirePass hz masteruser x"),
            "CONFIG SET hz 10 RequirePass (redacted) masteruser (redacted)"
        );
        assert_eq!(line("set", "SET auth secret"), "SET auth secret");
    }
}

//! What a replica says to its master before the stream flows, as states that are consumed.
//!
//! *Owns*: [`Handshake`], one step for each line of the master, and [`Lines`], which cuts them.
//! *Does not own*: the socket, time-outs, retries, what follows.
//! *Invariants*: every line is answered by exactly one [`Next`]; after `Full`, `Continue` or `Fail` nothing is left to ask.
//!
//! Source: the wire facts of PSYNC2. Port, address and capabilities are told in one go, as Redis does; their refusal is
//! of no consequence, for old masters do not know them.

use super::ReplId;
use crate::base::number::{IntText, parse_i64};
use crate::resp::encode_command;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// What a replica tells of itself.
#[derive(Clone, Debug, Default)]
pub struct Introduction {
    /// `masteruser`; empty = the default user.
    pub user: Box<[u8]>,
    /// `masterauth`; empty = no password.
    pub password: Box<[u8]>,
    /// The port it is reached at.
    pub port: u16,
    /// `replica-announce-ip`; empty = not told.
    pub ip: Box<str>,
    /// The history and the offset it holds, if it may go on from there.
    pub resume: Option<(ReplId, i64)>,
    /// It asks the other side, its replica so far, to take over.
    pub failover: bool,
}

/// Where the conversation stands: which answer comes next.
#[derive(Clone, Debug)]
pub struct Handshake {
    about: Box<Introduction>,
    awaits: Awaits,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Awaits {
    Pong,
    Auth,
    Port,
    Ip,
    Capa,
    Psync,
}

/// What follows a line of the master.
#[derive(Debug)]
pub enum Next {
    /// Wait for the next line.
    Wait(Handshake),
    /// Send this, then wait for the next line.
    Send(Handshake, Vec<u8>),
    /// A snapshot follows; its history and offset. `None` = the master knows neither (it was asked by SYNC).
    Full(Option<(ReplId, i64)>),
    /// The stream follows, from where this replica stopped; a new name of the history, if one was given.
    Continue(Option<ReplId>),
    /// There is no way on; why.
    Fail(String),
}

impl Handshake {
    /// The beginning, with the first bytes to send.
    #[must_use]
    pub fn begin(about: Introduction) -> (Self, Vec<u8>) {
        (Self { about: Box::new(about), awaits: Awaits::Pong }, command(&[b"PING"]))
    }

    /// Whether the answer to PSYNC is awaited; for ROLE.
    #[must_use]
    pub fn is_asking(&self) -> bool {
        self.awaits == Awaits::Psync
    }

    /// Takes one line of the master, without its end.
    #[must_use]
    pub fn step(self, line: &[u8]) -> Next {
        if line.is_empty() {
            // A sign of life.
            return Next::Wait(self);
        }
        match self.awaits {
            Awaits::Pong => self.pong(line),
            Awaits::Auth if line.starts_with(b"-") => {
                Next::Fail(format!("Unable to AUTH to MASTER: {}", shown(line)))
            }
            Awaits::Auth => Next::Wait(self.awaiting(Awaits::Port)),
            Awaits::Port if self.about.ip.is_empty() => Next::Wait(self.awaiting(Awaits::Capa)),
            Awaits::Port => Next::Wait(self.awaiting(Awaits::Ip)),
            Awaits::Ip => Next::Wait(self.awaiting(Awaits::Capa)),
            Awaits::Capa => {
                let ask = self.psync();
                Next::Send(self.awaiting(Awaits::Psync), ask)
            }
            Awaits::Psync => Self::verdict(line),
        }
    }

    fn awaiting(self, awaits: Awaits) -> Self {
        Self { awaits, ..self }
    }

    fn pong(self, line: &[u8]) -> Next {
        let tolerated = [&b"+"[..], b"-NOAUTH", b"-NOPERM", b"-ERR operation not permitted"];
        if !tolerated.iter().any(|start| line.starts_with(start)) {
            return Next::Fail(format!("Error reply to PING from master: '{}'", shown(line)));
        }
        let about = &self.about;
        let mut send = Vec::new();
        let mut awaits = Awaits::Port;
        if !about.password.is_empty() {
            awaits = Awaits::Auth;
            let (user, password) = (&about.user[..], &about.password[..]);
            if user.is_empty() {
                send.extend(command(&[b"AUTH", password]));
            } else {
                send.extend(command(&[b"AUTH", user, password]));
            }
        }
        let mut text = IntText::new();
        send.extend(command(&[b"REPLCONF", b"listening-port", text.u64(u64::from(about.port))]));
        if !about.ip.is_empty() {
            send.extend(command(&[b"REPLCONF", b"ip-address", about.ip.as_bytes()]));
        }
        send.extend(command(&[b"REPLCONF", b"capa", b"eof", b"capa", b"psync2"]));
        Next::Send(self.awaiting(awaits), send)
    }

    /// PSYNC with the first byte that is missing; Redis counts bytes from 1.
    fn psync(&self) -> Vec<u8> {
        match &self.about.resume {
            Some((id, offset)) => {
                let mut text = IntText::new();
                let next = text.i64(offset + 1);
                let words: [&[u8]; 4] = [b"PSYNC", id, next, b"FAILOVER"];
                command(&words[..if self.about.failover { 4 } else { 3 }])
            }
            None => command(&[b"PSYNC", b"?", b"-1"]),
        }
    }

    /// What the answer to PSYNC amounts to.
    fn verdict(line: &[u8]) -> Next {
        if let Some(rest) = line.strip_prefix(b"+FULLRESYNC ") {
            let mut words = rest.split(|b| *b == b' ');
            let id = words.next().and_then(repl_id);
            let offset = words.next().and_then(parse_i64).filter(|n| *n >= 0);
            return match (id, offset) {
                (Some(id), Some(offset)) => Next::Full(Some((id, offset))),
                _ => Next::Fail(format!("Master replied with wrong +FULLRESYNC syntax: {}", shown(line))),
            };
        }
        if let Some(rest) = line.strip_prefix(b"+CONTINUE") {
            let rest = rest.trim_ascii();
            if rest.is_empty() {
                return Next::Continue(None);
            }
            return match repl_id(rest) {
                Some(id) => Next::Continue(Some(id)),
                None => Next::Fail(format!("Master replied with wrong +CONTINUE syntax: {}", shown(line))),
            };
        }
        if line.starts_with(b"-NOMASTERLINK") || line.starts_with(b"-LOADING") {
            let line = shown(line);
            return Next::Fail(format!(
                "Master is currently unable to PSYNC but should be in the future: {line}"
            ));
        }
        if !line.starts_with(b"-") {
            return Next::Fail(format!("Unexpected reply to PSYNC from master: {}", shown(line)));
        }
        // The master does not know PSYNC. SYNC answers with the snapshot at once.
        Next::Full(None)
    }
}

/// The line that asks a master of old for a snapshot.
pub const OLD_SYNC: &[u8] = b"SYNC\r\n";

/// A replication id as it is sent.
#[must_use]
pub fn repl_id(text: &[u8]) -> Option<ReplId> {
    text.try_into().ok().filter(|id: &ReplId| id.iter().all(u8::is_ascii_hexdigit))
}

/// The first part of a line, fit for the log.
pub(super) fn shown(line: &[u8]) -> String {
    String::from_utf8_lossy(&line[..line.len().min(256)]).replace(char::is_control, "?")
}

fn command(args: &[&[u8]]) -> Vec<u8> {
    encode_command(args.iter())
}

/// Cuts lines out of bytes that come in pieces.
#[derive(Clone, Debug, Default)]
pub struct Lines {
    partial: Vec<u8>,
}

/// A line that does not end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Endless;

impl Lines {
    /// No line of a handshake is longer.
    pub const MAX: usize = 4 * 1024;

    /// The next line without its end, taken off the front of `bytes`; nothing when the end has not come.
    ///
    /// # Errors
    /// The line is too long to be one.
    pub fn next(&mut self, bytes: &mut &[u8]) -> Result<Option<Vec<u8>>, Endless> {
        let end = memchr::memchr(b'\n', bytes);
        let part = &bytes[..end.unwrap_or(bytes.len())];
        if self.partial.len() + part.len() > Self::MAX {
            return Err(Endless);
        }
        self.partial.extend_from_slice(part);
        *bytes = &bytes[end.map_or(bytes.len(), |end| end + 1)..];
        if end.is_none() {
            return Ok(None);
        }
        let mut line = core::mem::take(&mut self.partial);
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        Ok(Some(line))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &[u8; 40] = b"0123456789abcdef0123456789abcdef01234567";

    fn sent(next: Next) -> (Handshake, String) {
        match next {
            Next::Send(state, bytes) => (state, String::from_utf8(bytes).unwrap()),
            other => panic!("{other:?}"),
        }
    }

    fn waits(next: Next) -> Handshake {
        match next {
            Next::Wait(state) => state,
            other => panic!("{other:?}"),
        }
    }

    fn up_to_psync(about: Introduction) -> (Handshake, String) {
        let (state, first) = Handshake::begin(about);
        assert_eq!(first, b"*1\r\n$4\r\nPING\r\n");
        let (state, _) = sent(state.step(b"+PONG"));
        let state = waits(state.step(b"+OK"));
        sent(state.step(b"-ERR Unrecognized REPLCONF option: capa"))
    }

    #[test]
    fn a_stranger_asks_for_everything() {
        let (state, ask) = up_to_psync(Introduction { port: 6380, ..Introduction::default() });
        assert_eq!(ask, "*3\r\n$5\r\nPSYNC\r\n$1\r\n?\r\n$2\r\n-1\r\n");
        let state = waits(state.step(b""));
        let line = std::format!("+FULLRESYNC {} 42", std::str::from_utf8(ID).unwrap());
        assert!(matches!(state.step(line.as_bytes()), Next::Full(Some((id, 42))) if id == *ID));
    }

    #[test]
    fn password_and_address_are_told_when_there_are_any() {
        let about = Introduction {
            user: b"u"[..].into(),
            password: b"p"[..].into(),
            ip: "10.0.0.1".into(),
            port: 7,
            ..Introduction::default()
        };
        let (state, _) = Handshake::begin(about);
        let (state, text) = sent(state.step(b"-NOAUTH Authentication required."));
        assert_eq!(
            text,
            "*3\r\n$4\r\nAUTH\r\n$1\r\nu\r\n$1\r\np\r\n\
             *3\r\n$8\r\nREPLCONF\r\n$14\r\nlistening-port\r\n$1\r\n7\r\n\
             *3\r\n$8\r\nREPLCONF\r\n$10\r\nip-address\r\n$8\r\n10.0.0.1\r\n\
             *5\r\n$8\r\nREPLCONF\r\n$4\r\ncapa\r\n$3\r\neof\r\n$4\r\ncapa\r\n$6\r\npsync2\r\n"
        );
        let state = waits(waits(waits(state.step(b"+OK")).step(b"+OK")).step(b"+OK"));
        sent(state.step(b"+OK"));
    }

    #[test]
    fn a_wrong_password_is_the_end() {
        let (state, _) =
            Handshake::begin(Introduction { password: b"p"[..].into(), ..Introduction::default() });
        let (state, _) = sent(state.step(b"+PONG"));
        let Next::Fail(why) = state.step(b"-WRONGPASS no") else { panic!() };
        assert_eq!(why, "Unable to AUTH to MASTER: -WRONGPASS no");
    }

    #[test]
    fn the_verdicts_on_psync() {
        let about = Introduction { resume: Some((*ID, 99)), ..Introduction::default() };
        let (state, ask) = up_to_psync(about);
        assert!(ask.ends_with("$3\r\n100\r\n"));
        let id = std::str::from_utf8(ID).unwrap();
        let verdict = |line: &str| state.clone().step(line.as_bytes());
        assert!(matches!(verdict("+CONTINUE"), Next::Continue(None)));
        assert!(matches!(verdict(&std::format!("+CONTINUE {id}")), Next::Continue(Some(i)) if i == *ID));
        assert!(matches!(verdict("-ERR unknown command"), Next::Full(None)));
        let negative = std::format!("+FULLRESYNC {id} -3");
        let refused = [
            "+CONTINUE 12",
            "+FULLRESYNC 12 3",
            "+FULLRESYNC",
            "+OK",
            "garbage",
            "-NOMASTERLINK later",
            "-LOADING later",
            &negative,
        ];
        for line in refused {
            assert!(matches!(verdict(line), Next::Fail(_)), "{line}");
        }
    }

    #[test]
    fn a_master_that_refuses_ping_is_left() {
        let (state, _) = Handshake::begin(Introduction::default());
        assert!(matches!(state.step(b"-DENIED protected mode"), Next::Fail(_)));
    }

    #[test]
    fn lines_come_in_pieces() {
        let (mut lines, mut found) = (Lines::default(), Vec::new());
        for piece in [&b"+PO"[..], b"NG\r", b"\n\n+OK\r\nrest"] {
            let mut bytes = piece;
            while let Some(line) = lines.next(&mut bytes).unwrap() {
                found.push(line);
            }
        }
        assert_eq!(found, [&b"+PONG"[..], b"", b"+OK"]);
        assert_eq!(lines.next(&mut &[b'x'; Lines::MAX][..]), Err(Endless));
    }
}

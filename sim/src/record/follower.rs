//! The bytes that a master sends to a replica, read from the outside.
//!
//! *Owns*: where in the conversation a link stands: handshake lines, the payload of a full synchronisation, the stream of
//! commands. *Does not own*: what the replica makes of it.

use crate::client::frame::{Args, Requests};
use crate::trace::hash_bytes;

/// Where the conversation stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Phase {
    /// Answers to the handshake, line by line.
    #[default]
    Lines,
    /// A full synchronisation was promised; its header line comes.
    Header,
    /// So many bytes of payload are left.
    Sized(u64),
    /// Payload until this mark; the last bytes seen.
    Marked([u8; 40], Vec<u8>),
    /// Commands.
    Stream,
}

/// What a piece of the conversation ended with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Boundary {
    /// Nothing whole.
    None,
    /// A full synchronisation of this history begins; its payload stands for this offset.
    Full([u8; 40], i64),
    /// The replica goes on where it was, under this id if one is named.
    Partial(Option<[u8; 40]>),
    /// The payload is over.
    Loaded,
    /// A command of the stream ended; its text is in `Follower::args`.
    Command,
}

/// A reader of the conversation.
#[derive(Clone, Debug)]
pub struct Follower {
    phase: Phase,
    line: Vec<u8>,
    requests: Requests,
    /// History named last.
    pub id: [u8; 40],
    /// Offset of the last byte of the stream seen as part of a whole command.
    pub offset: i64,
    /// Hash of the last command's bytes.
    pub hash: u64,
    /// The last command.
    pub args: Args,
    /// Between MULTI and EXEC: the offset before MULTI.
    pub block: Option<i64>,
}

impl Default for Follower {
    fn default() -> Self {
        Self {
            phase: Phase::Lines,
            line: Vec::new(),
            requests: Requests::default(),
            id: [0; 40],
            offset: 0,
            hash: 0,
            args: Args::default(),
            block: None,
        }
    }
}

impl Follower {
    /// Reads `bytes` up to the next boundary; says how many bytes that took (at least one) and what it was.
    pub fn eat(&mut self, bytes: &[u8]) -> (usize, Boundary) {
        match &mut self.phase {
            Phase::Lines | Phase::Header => self.eat_line(bytes),
            Phase::Sized(left) => {
                let n = bytes.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                *left -= n as u64;
                if *left > 0 {
                    return (n, Boundary::None);
                }
                self.phase = Phase::Stream;
                (n, Boundary::Loaded)
            }
            Phase::Marked(mark, tail) => {
                for (i, byte) in bytes.iter().enumerate() {
                    tail.push(*byte);
                    if tail.len() > 40 {
                        tail.remove(0);
                    }
                    if tail == mark {
                        self.phase = Phase::Stream;
                        return (i + 1, Boundary::Loaded);
                    }
                }
                (bytes.len(), Boundary::None)
            }
            Phase::Stream => self.eat_stream(bytes),
        }
    }

    /// The stream goes on after a partial synchronisation.
    pub fn continue_at(&mut self, id: [u8; 40], offset: i64) {
        (self.id, self.offset) = (id, offset);
    }

    fn eat_line(&mut self, bytes: &[u8]) -> (usize, Boundary) {
        let Some(n) = bytes.iter().position(|b| *b == b'\n') else {
            self.line.extend_from_slice(bytes);
            return (bytes.len(), Boundary::None);
        };
        self.line.extend_from_slice(&bytes[..n]);
        let line = std::mem::take(&mut self.line);
        let line = line.strip_suffix(b"\r").unwrap_or(&line);
        let mut boundary = Boundary::None;
        let mut words = line.split(|b| *b == b' ');
        match words.next() {
            Some(b"+FULLRESYNC") => {
                let id = words.next().and_then(|w| w.try_into().ok()).unwrap_or([0; 40]);
                let offset =
                    words.next().and_then(|w| std::str::from_utf8(w).ok()?.parse().ok()).unwrap_or(-1);
                self.phase = Phase::Header;
                (self.id, self.offset) = (id, offset);
                boundary = Boundary::Full(id, offset);
            }
            Some(b"+CONTINUE") => {
                self.phase = Phase::Stream;
                boundary = Boundary::Partial(words.next().and_then(|w| w.try_into().ok()));
            }
            Some(header) if self.phase == Phase::Header && header.starts_with(b"$") => {
                self.phase = match header.strip_prefix(b"$EOF:").and_then(|m| m.try_into().ok()) {
                    Some(mark) => Phase::Marked(mark, Vec::new()),
                    None => {
                        let text = std::str::from_utf8(&header[1..]).unwrap_or("");
                        Phase::Sized(text.parse().unwrap_or(0))
                    }
                };
            }
            _ => {}
        }
        (n + 1, boundary)
    }

    fn eat_stream(&mut self, bytes: &[u8]) -> (usize, Boundary) {
        let (n, whole) = self.requests.take(bytes, &mut self.args);
        let Some(took) = whole else { return (n, Boundary::None) };
        let before_it = self.offset;
        self.offset += took as i64;
        self.hash = self.args.iter().fold(took as u64, hash_bytes);
        match self.args.at(0) {
            name if name.eq_ignore_ascii_case(b"multi") => self.block = Some(before_it),
            name if name.eq_ignore_ascii_case(b"exec") => self.block = None,
            _ => {}
        }
        (n, Boundary::Command)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_conversation_is_read_the_same_however_it_is_cut() {
        let id = [b'a'; 40];
        let mut wire = b"+PONG\r\n+OK\r\n+OK\r\n+FULLRESYNC ".to_vec();
        wire.extend_from_slice(&id);
        wire.extend_from_slice(b" 100\r\n\n$5\r\nHELLO*1\r\n$4\r\nPING\r\n*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n");
        for cut in 1..wire.len() {
            let mut follower = Follower::default();
            let mut seen = Vec::new();
            for piece in wire.chunks(cut) {
                let mut rest = piece;
                while !rest.is_empty() {
                    let (n, boundary) = follower.eat(rest);
                    rest = &rest[n..];
                    match boundary {
                        Boundary::None => {}
                        Boundary::Command => {
                            seen.push(format!("{} {}", follower.args.text(), follower.offset))
                        }
                        other => seen.push(format!("{other:?}")),
                    }
                }
            }
            assert_eq!(seen.len(), 4, "cut every {cut}: {seen:?}");
            assert_eq!(seen[1..], ["Loaded", "PING 114", "SELECT 0 137"]);
        }
    }
}

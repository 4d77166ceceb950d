//! What a run leaves behind: a hash always, a readable text when asked for.
//!
//! *Owns*: the rolling hash of (time, event, bytes out) and the text. *Invariants*: the hash does not depend on whether
//! the text is on; no text is formatted while it is off.

use crate::agenda::Time;
use std::fmt::Write as _;

/// The hash of a run and its text.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    hash: u64,
    /// Whether the text is kept.
    pub on: bool,
    text: String,
}

impl Trace {
    /// An empty trace, with the text on or off.
    #[must_use]
    pub fn new(on: bool) -> Self {
        Self { on, ..Self::default() }
    }

    /// Adds a number to the hash.
    pub fn number(&mut self, n: u64) {
        self.hash = fold(self.hash, n);
    }

    /// Adds bytes and their length to the hash.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.hash = hash_bytes(self.hash, bytes);
    }

    /// The hash so far.
    #[must_use]
    pub fn hash(&self) -> u64 {
        self.hash
    }

    /// Writes a line when the text is on.
    pub fn line(&mut self, time: Time, who: Who, what: std::fmt::Arguments<'_>) {
        if self.on {
            let (seconds, micros) = (time / 1_000_000, time % 1_000_000);
            // Writing to a string cannot fail.
            let _ = writeln!(self.text, "{seconds:>4}.{micros:06}  {who:<4} {what}");
        }
    }

    /// The text so far.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// Whose lane a line belongs to.
#[derive(Clone, Copy, Debug)]
pub enum Who {
    /// The world itself.
    World,
    /// A node.
    Node(u8),
    /// A client.
    Client(u8),
}

impl std::fmt::Display for Who {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = match self {
            Self::World => "--".to_owned(),
            Self::Node(n) => format!("n{n}"),
            Self::Client(n) => format!("c{n}"),
        };
        f.pad(&name)
    }
}

/// Folds a number into a hash.
#[must_use]
pub const fn fold(hash: u64, n: u64) -> u64 {
    (hash.rotate_left(5) ^ n).wrapping_mul(0xf135_7aea_2e62_a9c5)
}

/// Folds bytes and their length into a hash.
#[must_use]
pub fn hash_bytes(mut hash: u64, bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        hash = fold(hash, u64::from_le_bytes(*word));
    }
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    hash = fold(hash, u64::from_le_bytes(last));
    fold(hash, bytes.len() as u64)
}

/// Bytes as a person can read them, at most `most` of them.
#[must_use]
pub fn readable(bytes: &[u8], most: usize) -> String {
    let shown = &bytes[..bytes.len().min(most)];
    let plain = shown.iter().position(|b| !(b' '..=b'~').contains(b)).unwrap_or(shown.len());
    let mut text = std::str::from_utf8(&shown[..plain]).unwrap_or("").to_owned();
    for &byte in &shown[plain..] {
        match byte {
            b'\r' => text.push_str("\\r"),
            b'\n' => text.push_str("\\n"),
            b' '..=b'~' => text.push(char::from(byte)),
            other => {
                let _ = write!(text, "\\x{other:02x}");
            }
        }
    }
    if bytes.len() > most {
        let _ = write!(text, "... ({} bytes)", bytes.len());
    }
    text
}

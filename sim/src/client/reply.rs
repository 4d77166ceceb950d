//! The simulator's own reader of replies.
//!
//! *Owns*: turning bytes from a server into replies, RESP2 and RESP3, however they are cut. It shares no code with the
//! core, so a mistake made in both places has to be made twice. *Invariants*: anything that is not well-formed is an
//! error, never skipped.

use std::fmt;

/// A reply.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reply {
    /// `+`
    Status(Vec<u8>),
    /// `-`
    Error(Vec<u8>),
    /// `:`
    Int(i64),
    /// `$` or `=`; the null bulk of RESP2 is [`Reply::Null`].
    Bulk(Vec<u8>),
    /// `*`; the null array of RESP2 is [`Reply::NullArray`].
    Array(Vec<Reply>),
    /// `~`
    Set(Vec<Reply>),
    /// `%`: keys and values in turn.
    Map(Vec<Reply>),
    /// `>`
    Push(Vec<Reply>),
    /// `,` as text.
    Double(Vec<u8>),
    /// `(` as text.
    BigNumber(Vec<u8>),
    /// `#`
    Bool(bool),
    /// `_` or `$-1`
    Null,
    /// `*-1`
    NullArray,
}

/// Bytes that are no reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Garbage(pub &'static str);

/// Bytes received so far and how much of them is used up.
#[derive(Clone, Debug, Default)]
pub struct Parser {
    buffer: Vec<u8>,
    used: usize,
    /// With fewer bytes than this in the buffer there is no whole reply.
    least: usize,
}

const DEPTH_MAX: u32 = 16;
/// No reply of a simulated server has more elements or bytes than this.
const SIZE_MAX: i64 = 1 << 28;

impl Parser {
    /// Adds bytes.
    pub fn feed(&mut self, bytes: &[u8]) {
        if self.used > 0 && self.used == self.buffer.len() {
            self.buffer.clear();
            self.used = 0;
            self.least = 0;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole reply.
    ///
    /// # Errors
    /// The bytes are not well-formed.
    pub fn take(&mut self) -> Result<Option<Reply>, Garbage> {
        if self.buffer.len() < self.least {
            return Ok(None);
        }
        let mut cursor = Cursor { bytes: &self.buffer, at: self.used, least: 0 };
        let reply = cursor.reply(0)?;
        self.least = cursor.least;
        if reply.is_some() {
            self.used = cursor.at;
        }
        Ok(reply)
    }

    /// Whether a part of a reply is waiting for its rest.
    #[must_use]
    pub fn mid_reply(&self) -> bool {
        self.used < self.buffer.len()
    }
}

struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
    /// How many bytes there must be before it is worth while to try again.
    least: usize,
}

impl<'a> Cursor<'a> {
    fn line(&mut self) -> Result<Option<&'a [u8]>, Garbage> {
        let rest = &self.bytes[self.at..];
        let Some(n) = rest.iter().position(|b| *b == b'\n' || *b == b'\r') else { return Ok(None) };
        match rest.get(n..n + 2) {
            Some(b"\r\n") => {
                self.at += n + 2;
                Ok(Some(&rest[..n]))
            }
            None if rest[n] == b'\r' => Ok(None),
            _ => Err(Garbage("a line not ended by CR LF")),
        }
    }

    fn reply(&mut self, depth: u32) -> Result<Option<Reply>, Garbage> {
        if depth > DEPTH_MAX {
            return Err(Garbage("nested too deep"));
        }
        let Some(&kind) = self.bytes.get(self.at) else { return Ok(None) };
        if !b"+-:$=*~%>,(#_".contains(&kind) {
            return Err(Garbage("an unknown kind of reply"));
        }
        let start = self.at;
        self.at += 1;
        let Some(line) = self.line()? else {
            self.at = start;
            return Ok(None);
        };
        let reply = match kind {
            b'+' => Reply::Status(line.to_vec()),
            b'-' => Reply::Error(line.to_vec()),
            b':' => Reply::Int(integer(line)?),
            b',' => Reply::Double(line.to_vec()),
            b'(' => Reply::BigNumber(line.to_vec()),
            b'_' if line.is_empty() => Reply::Null,
            b'#' if line == b"t" => Reply::Bool(true),
            b'#' if line == b"f" => Reply::Bool(false),
            b'$' if line == b"-1" => Reply::Null,
            b'*' if line == b"-1" => Reply::NullArray,
            b'$' | b'=' => return self.bulk(size(line)?),
            b'*' | b'~' | b'%' | b'>' => return self.aggregate(kind, size(line)?, depth),
            _ => return Err(Garbage("a malformed simple reply")),
        };
        Ok(Some(reply))
    }

    fn bulk(&mut self, size: usize) -> Result<Option<Reply>, Garbage> {
        let Some(bytes) = self.bytes.get(self.at..self.at + size + 2) else {
            self.least = self.at + size + 2;
            return Ok(None);
        };
        if !bytes.ends_with(b"\r\n") {
            return Err(Garbage("a bulk not ended by CR LF"));
        }
        self.at += size + 2;
        Ok(Some(Reply::Bulk(bytes[..size].to_vec())))
    }

    fn aggregate(&mut self, kind: u8, size: usize, depth: u32) -> Result<Option<Reply>, Garbage> {
        let count = if kind == b'%' { size * 2 } else { size };
        let mut elements = Vec::with_capacity(count.min(64));
        for _ in 0..count {
            match self.reply(depth + 1)? {
                Some(Reply::Push(_)) => return Err(Garbage("a push inside an aggregate")),
                Some(element) => elements.push(element),
                None => return Ok(None),
            }
        }
        Ok(Some(match kind {
            b'~' => Reply::Set(elements),
            b'%' => Reply::Map(elements),
            b'>' => Reply::Push(elements),
            _ => Reply::Array(elements),
        }))
    }
}

fn integer(line: &[u8]) -> Result<i64, Garbage> {
    let text = std::str::from_utf8(line).map_err(|_| Garbage("a number that is no text"))?;
    text.parse().map_err(|_| Garbage("a malformed number"))
}

fn size(line: &[u8]) -> Result<usize, Garbage> {
    match integer(line)? {
        n @ 0..SIZE_MAX => Ok(n as usize),
        _ => Err(Garbage("a size out of range")),
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |bytes: &[u8]| crate::trace::readable(bytes, 80);
        let list = |f: &mut fmt::Formatter<'_>, open: &str, all: &[Self], close: &str| {
            f.write_str(open)?;
            for (i, one) in all.iter().enumerate() {
                write!(f, "{}{one}", if i == 0 { "" } else { ", " })?;
            }
            f.write_str(close)
        };
        match self {
            Self::Status(s) => write!(f, "+{}", text(s)),
            Self::Error(s) => write!(f, "-{}", text(s)),
            Self::Int(n) => write!(f, ":{n}"),
            Self::Bulk(s) => write!(f, "\"{}\"", text(s)),
            Self::Array(all) => list(f, "[", all, "]"),
            Self::Set(all) => list(f, "{", all, "}"),
            Self::Map(all) => list(f, "%{", all, "}"),
            Self::Push(all) => list(f, ">[", all, "]"),
            Self::Double(s) => write!(f, ",{}", text(s)),
            Self::BigNumber(s) => write!(f, "({}", text(s)),
            Self::Bool(b) => write!(f, "#{b}"),
            Self::Null => f.write_str("nil"),
            Self::NullArray => f.write_str("nil array"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIXED: &[u8] = b"+OK\r\n:-12\r\n$5\r\na\r\nbc\r\n$-1\r\n*2\r\n:1\r\n*-1\r\n%1\r\n+k\r\n_\r\n#t\r\n,1.5\r\n-ERR x\r\n>2\r\n+a\r\n+b\r\n";

    fn all(parser: &mut Parser) -> Vec<Reply> {
        std::iter::from_fn(|| parser.take().expect("well-formed")).collect()
    }

    #[test]
    fn any_cut_gives_the_same_replies() {
        let mut whole = Parser::default();
        whole.feed(MIXED);
        let expected = all(&mut whole);
        assert_eq!(expected.len(), 10);
        for cut in 1..MIXED.len() {
            let mut parser = Parser::default();
            let mut got = Vec::new();
            for piece in MIXED.chunks(cut) {
                parser.feed(piece);
                got.extend(all(&mut parser));
            }
            assert_eq!(got, expected, "cut every {cut}");
            assert!(!parser.mid_reply());
        }
    }

    #[test]
    fn what_is_malformed_is_an_error() {
        for bad in
            ["hello\r\n", "+a\nb", ":1x\r\n", "$2\r\nabc\r\n", "*1\r\n>1\r\n+a\r\n", "$-2\r\n", "#x\r\n"]
        {
            let mut parser = Parser::default();
            parser.feed(bad.as_bytes());
            assert!(parser.take().is_err(), "{bad:?}");
        }
    }
}

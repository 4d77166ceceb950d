//! Replies from the other side, for links where this server is the client.
//!
//! *Owns*: [`ReplyParser`], which reads replies of both protocol versions (and bare lines, of which a replication
//! handshake consists), and [`encode_command`].
//! *Does not own*: what a reply means.
//! *Invariants*: bytes may be cut anywhere; a reply costs time in proportion to its length however it is cut; no
//! announced length reserves memory.

use super::write::length;
use crate::base::number::parse_i64;
use alloc::vec::Vec;
use core::fmt;
use memchr::memchr;

/// A reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// A status.
    Simple(Vec<u8>),
    /// An error with its code word; of either kind.
    Error(Vec<u8>),
    /// An integer.
    Int(i64),
    /// A string.
    Bulk(Vec<u8>),
    /// The absent value, in any of its three forms.
    Null,
    /// An array.
    Array(Vec<Reply>),
    /// A set.
    Set(Vec<Reply>),
    /// A map; keys and values take turns.
    Map(Vec<Reply>),
    /// An out-of-band message.
    Push(Vec<Reply>),
    /// A floating-point number as it was written.
    Double(Vec<u8>),
    /// Yes or no.
    Boolean(bool),
    /// An integer of any size as it was written.
    BigNumber(Vec<u8>),
    /// Text with its format, `txt:...`.
    Verbatim(Vec<u8>),
    /// Attributes of the reply that follows; keys and values take turns.
    Attribute(Vec<Reply>),
}

/// The other side does not speak the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplyError {
    /// What was wrong.
    pub reason: &'static str,
}

impl fmt::Display for ReplyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "bad reply: {}", self.reason)
    }
}

/// Reads replies from bytes as they come.
#[derive(Clone, Debug, Default)]
pub struct ReplyParser {
    bytes: Vec<u8>,
    /// Bytes already parsed.
    pos: usize,
    /// Bytes after `pos` that hold no LF.
    scanned: usize,
    /// Aggregates begun and not ended, the innermost last.
    open: Vec<Open>,
}

#[derive(Clone, Debug)]
struct Open {
    kind: u8,
    left: usize,
    items: Vec<Reply>,
}

impl ReplyParser {
    /// The longest line that is not itself a string.
    pub const LINE_MAX: usize = 64 * 1024;
    /// The longest string.
    pub const BULK_MAX: usize = 512 << 20;
    /// How deep aggregates may stand in each other.
    pub const DEPTH_MAX: usize = 64;

    /// Adds bytes that were received.
    pub fn feed(&mut self, bytes: &[u8]) {
        if self.pos > 0 && self.pos >= self.bytes.len() / 2 {
            self.bytes.drain(..self.pos);
            self.pos = 0;
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// The next complete reply. Empty lines between replies are passed over, for masters send them as a sign of life.
    ///
    /// # Errors
    /// When the bytes are no reply; nothing sensible follows then.
    #[expect(clippy::should_implement_trait, reason = "no iterator: more may come after nothing")]
    pub fn next(&mut self) -> Result<Option<Reply>, ReplyError> {
        while let Some(mut reply) = self.element()? {
            // A complete value may complete the aggregates it is in.
            loop {
                let Some(open) = self.open.last_mut() else {
                    return Ok(Some(reply));
                };
                open.items.push(reply);
                open.left -= 1;
                if open.left > 0 {
                    break;
                }
                let Some(done) = self.open.pop() else { break };
                reply = aggregate(done.kind, done.items);
            }
        }
        Ok(None)
    }

    /// The next line without its end, whatever it holds; for what is not a reply, such as the header of a payload.
    /// To be asked only between replies.
    ///
    /// # Errors
    /// When the line does not end.
    pub fn line(&mut self) -> Result<Option<Vec<u8>>, ReplyError> {
        let Some(end) = self.line_end()? else {
            return Ok(None);
        };
        let line = self.bytes[self.pos..end].to_vec();
        self.advance(end + 1);
        Ok(Some(line.strip_suffix(b"\r").map_or_else(|| line.clone(), <[u8]>::to_vec)))
    }

    /// Everything received and not yet parsed: what follows the last line or reply.
    #[must_use]
    pub fn take_rest(&mut self) -> Vec<u8> {
        let rest = self.bytes.split_off(self.pos);
        *self = Self::default();
        rest
    }

    /// Bytes received and not yet parsed.
    #[must_use]
    pub fn buffered(&self) -> usize {
        self.bytes.len() - self.pos
    }

    /// One value, or nothing when it is incomplete. The header of an aggregate is taken and remembered.
    fn element(&mut self) -> Result<Option<Reply>, ReplyError> {
        loop {
            let Some(end) = self.line_end()? else {
                return Ok(None);
            };
            let line = &self.bytes[self.pos..end];
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let Some((&kind, text)) = line.split_first() else {
                self.advance(end + 1);
                continue;
            };
            let reply = match kind {
                b'+' => Reply::Simple(text.to_vec()),
                b'-' => Reply::Error(text.to_vec()),
                b':' => Reply::Int(parse_i64(text).ok_or(bad("not an integer"))?),
                b',' => Reply::Double(text.to_vec()),
                b'(' => Reply::BigNumber(text.to_vec()),
                b'_' => Reply::Null,
                b'#' => Reply::Boolean(text == b"t"),
                b'$' | b'=' | b'!' => {
                    let Some(len) = count(text, Self::BULK_MAX)? else {
                        self.advance(end + 1);
                        return Ok(Some(Reply::Null));
                    };
                    let start = end + 1;
                    let Some(body) = self.bytes.get(start..start + len + 2) else {
                        return Ok(None);
                    };
                    let reply = bulk(kind, body[..len].to_vec());
                    self.advance(start + len + 2);
                    return Ok(Some(reply));
                }
                b'*' | b'~' | b'>' | b'%' | b'|' => match count(text, i32::MAX as usize)? {
                    None => Reply::Null,
                    Some(0) => aggregate(kind, Vec::new()),
                    Some(_) if self.open.len() == Self::DEPTH_MAX => return Err(bad("nested too deep")),
                    Some(n) => {
                        let left = if matches!(kind, b'%' | b'|') { 2 * n } else { n };
                        self.advance(end + 1);
                        self.open.push(Open { kind, left, items: Vec::new() });
                        continue;
                    }
                },
                _ => return Err(bad("unknown type")),
            };
            self.advance(end + 1);
            return Ok(Some(reply));
        }
    }

    /// Where the LF of the line at `pos` is.
    fn line_end(&mut self) -> Result<Option<usize>, ReplyError> {
        let from = self.pos + self.scanned;
        if let Some(end) = memchr(b'\n', &self.bytes[from..]) {
            // Found again at once when the value after it is incomplete.
            self.scanned += end;
        } else {
            self.scanned = self.bytes.len() - self.pos;
        }
        if self.scanned > Self::LINE_MAX {
            return Err(bad("endless line"));
        }
        let end = self.pos + self.scanned;
        Ok((end < self.bytes.len()).then_some(end))
    }

    fn advance(&mut self, to: usize) {
        self.pos = to;
        self.scanned = 0;
    }
}

/// `args` as an array of strings: a command as clients, replication links and the append-only file write it.
#[must_use]
pub fn encode_command<A: AsRef<[u8]>>(args: impl ExactSizeIterator<Item = A>) -> Vec<u8> {
    let mut out = Vec::with_capacity(16 * (1 + args.len()));
    length(&mut out, b'*', args.len());
    for arg in args {
        let arg = arg.as_ref();
        length(&mut out, b'$', arg.len());
        out.extend_from_slice(arg);
        out.extend_from_slice(b"\r\n");
    }
    out
}

fn bad(reason: &'static str) -> ReplyError {
    ReplyError { reason }
}

/// A length, or nothing for -1, the old form of the absent value.
fn count(text: &[u8], max: usize) -> Result<Option<usize>, ReplyError> {
    match parse_i64(text) {
        Some(-1) => Ok(None),
        n => n.and_then(|n| usize::try_from(n).ok()).filter(|&n| n <= max).map(Some).ok_or(bad("bad length")),
    }
}

fn bulk(kind: u8, bytes: Vec<u8>) -> Reply {
    match kind {
        b'=' => Reply::Verbatim(bytes),
        b'!' => Reply::Error(bytes),
        _ => Reply::Bulk(bytes),
    }
}

fn aggregate(kind: u8, items: Vec<Reply>) -> Reply {
    match kind {
        b'~' => Reply::Set(items),
        b'>' => Reply::Push(items),
        b'%' => Reply::Map(items),
        b'|' => Reply::Attribute(items),
        _ => Reply::Array(items),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{OutBuf, Proto, Writer};
    use super::*;
    use proptest::prelude::*;

    fn parse(bytes: &[u8], chunk: usize) -> Result<Vec<Reply>, ReplyError> {
        let (mut parser, mut replies) = (ReplyParser::default(), Vec::new());
        for part in bytes.chunks(chunk) {
            parser.feed(part);
            while let Some(reply) = parser.next()? {
                replies.push(reply);
            }
        }
        Ok(replies)
    }

    #[test]
    fn every_kind() {
        let mut out = OutBuf::default();
        let mark = out.mark();
        let mut w = Writer::new(&mut out, Proto::Resp3);
        w.ok();
        w.error("ERR x");
        w.map(1);
        w.bulk(b"k");
        w.array(2);
        w.null();
        w.set(0);
        w.push(1);
        w.double(1.5);
        w.boolean(true);
        w.big_number("12");
        w.verbatim("txt", b"a\r\nb");
        assert!(w.attribute(1));
        w.int(1);
        w.int(-2);
        w.raw(b"*-1\r\n$-1\r\n!3\r\nERR\r\n\r\n\n#f\r\n");
        let bytes = out.since(mark).to_vec();
        let want = [
            Reply::Simple(b"OK".to_vec()),
            Reply::Error(b"ERR x".to_vec()),
            Reply::Map(std::vec![
                Reply::Bulk(b"k".to_vec()),
                Reply::Array(std::vec![Reply::Null, Reply::Set(Vec::new())]),
            ]),
            Reply::Push(std::vec![Reply::Double(b"1.5".to_vec())]),
            Reply::Boolean(true),
            Reply::BigNumber(b"12".to_vec()),
            Reply::Verbatim(b"txt:a\r\nb".to_vec()),
            Reply::Attribute(std::vec![Reply::Int(1), Reply::Int(-2)]),
            Reply::Null,
            Reply::Null,
            Reply::Error(b"ERR".to_vec()),
            Reply::Boolean(false),
        ];
        for chunk in 1..bytes.len() {
            assert_eq!(parse(&bytes, chunk).unwrap(), want, "{chunk}");
        }
    }

    #[test]
    fn a_handshake() {
        let mut parser = ReplyParser::default();
        parser.feed(b"\n\n+FULLRESYNC abc 0\r\n\n$EOF:xyz\r\nREDIS0011");
        assert_eq!(parser.next().unwrap(), Some(Reply::Simple(b"FULLRESYNC abc 0".to_vec())));
        assert_eq!(parser.line().unwrap().unwrap(), b"");
        assert_eq!(parser.line().unwrap().unwrap(), b"$EOF:xyz");
        assert_eq!(parser.line().unwrap(), None);
        assert_eq!(parser.take_rest(), b"REDIS0011");
        assert_eq!(parser.buffered(), 0);
    }

    #[test]
    fn what_is_refused() {
        for bad in ["x\r\n", ":\r\n", "$-2\r\n", "$999999999999\r\n", "*x\r\n", "%2147483648\r\n"] {
            assert!(parse(bad.as_bytes(), 1).is_err(), "{bad}");
        }
        assert!(parse("*1\r\n".repeat(65).as_bytes(), 7).is_err());
        assert!(parse(&std::vec![b'+'; ReplyParser::LINE_MAX + 1], 1000).is_err());
        // A length alone costs nothing.
        let mut parser = ReplyParser::default();
        parser.feed(b"*2147483647\r\n$500000000\r\n");
        assert_eq!(parser.next(), Ok(None));
        assert!(parser.bytes.capacity() < 100 && parser.open[0].items.capacity() == 0);
    }

    #[test]
    fn commands() {
        assert_eq!(encode_command(["PING"].iter()), b"*1\r\n$4\r\nPING\r\n");
        assert_eq!(encode_command([&b"a"[..], b""].iter()), b"*2\r\n$1\r\na\r\n$0\r\n\r\n");
    }

    proptest! {
        #[test]
        fn cutting_changes_nothing(bytes in "[*$:+~%_0-3a\r\n-]{0,60}", chunk in 1usize..9) {
            prop_assert_eq!(parse(bytes.as_bytes(), chunk), parse(bytes.as_bytes(), 1));
        }
    }
}

//! The encoding of replies.
//!
//! *Owns*: [`Writer`], which puts each kind of reply into an output buffer in the client's protocol version.
//! *Does not own*: when the bytes are sent, what an error says (`error`).
//! *Invariants*: every call but [`Writer::raw`] and the headers of aggregates writes exactly one complete reply, except
//! an attribute in RESP2, which writes nothing.

use super::outbuf::{Mark, OutBuf};
use crate::base::number::{FLOAT_TEXT_MAX, format_double};
use alloc::vec::Vec;
use bytes::Bytes;

/// The protocol version of a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Proto {
    /// What every connection starts with.
    #[default]
    Resp2,
    /// After `HELLO 3`.
    Resp3,
}

impl Proto {
    /// The number that HELLO takes and shows.
    #[must_use]
    pub fn number(self) -> i64 {
        match self {
            Self::Resp2 => 2,
            Self::Resp3 => 3,
        }
    }
}

/// Writes replies to one output buffer.
#[derive(Debug)]
pub struct Writer<'a> {
    out: &'a mut OutBuf,
    proto: Proto,
}

/// An aggregate whose length is not known yet; closed by [`Writer::close_array`] and its siblings.
#[derive(Debug)]
#[must_use = "an aggregate without a header is no reply"]
pub struct Deferred(Mark);

impl<'a> Writer<'a> {
    /// Bodies up to this length are copied even where shared bytes are at hand: a copy is cheaper than a segment.
    pub const COPY_MAX: usize = 4 * 1024;

    /// A writer for a client that speaks `proto`.
    #[inline]
    #[must_use]
    pub fn new(out: &'a mut OutBuf, proto: Proto) -> Self {
        Self { out, proto }
    }

    /// The protocol version written.
    #[inline]
    #[must_use]
    pub fn proto(&self) -> Proto {
        self.proto
    }

    /// The buffer written to.
    #[inline]
    pub fn out(&mut self) -> &mut OutBuf {
        self.out
    }

    /// The same writer for a shorter while.
    #[inline]
    pub fn reborrow(&mut self) -> Writer<'_> {
        Writer { out: self.out, proto: self.proto }
    }

    /// Bytes that are encoded already.
    #[inline]
    pub fn raw(&mut self, bytes: &[u8]) {
        self.out.push(bytes);
    }

    /// `+OK`.
    #[inline]
    pub fn ok(&mut self) {
        self.out.push(b"+OK\r\n");
    }

    /// A status such as `QUEUED`. `text` holds no line breaks.
    #[inline]
    pub fn simple(&mut self, text: &str) {
        debug_assert!(!text.contains(['\r', '\n']));
        self.line(b'+', text.as_bytes());
    }

    /// An error, its code word included in `text`. Line breaks become spaces.
    pub fn error(&mut self, text: &str) {
        self.error_parts(&[text.as_bytes()]);
    }

    /// An error put together from pieces, for texts that quote what the client sent.
    pub fn error_parts(&mut self, parts: &[&[u8]]) {
        let own = self.out.own();
        own.push(b'-');
        let start = own.len();
        for part in parts {
            own.extend_from_slice(part);
        }
        for byte in &mut own[start..] {
            if matches!(byte, b'\r' | b'\n') {
                *byte = b' ';
            }
        }
        own.extend_from_slice(b"\r\n");
    }

    /// An integer.
    #[inline]
    pub fn int(&mut self, n: i64) {
        number(self.out.own(), b':', n);
    }

    /// A string of bytes.
    #[inline]
    pub fn bulk(&mut self, bytes: &[u8]) {
        let own = self.out.own();
        own.reserve(bytes.len() + 24);
        length(own, b'$', bytes.len());
        own.extend_from_slice(bytes);
        own.extend_from_slice(b"\r\n");
    }

    /// A string whose bytes are shared instead of copied when it is long.
    pub fn bulk_shared(&mut self, bytes: Bytes) {
        if bytes.len() <= Self::COPY_MAX {
            return self.bulk(&bytes);
        }
        length(self.out.own(), b'$', bytes.len());
        self.out.push_shared(bytes);
        self.out.push(b"\r\n");
    }

    /// An integer as a string of bytes.
    pub fn bulk_int(&mut self, n: i64) {
        self.bulk(itoa::Buffer::new().format(n).as_bytes());
    }

    /// The absent value.
    #[inline]
    pub fn null(&mut self) {
        self.out.push(match self.proto {
            Proto::Resp2 => b"$-1\r\n",
            Proto::Resp3 => b"_\r\n",
        });
    }

    /// The absent value where an array would stand.
    #[inline]
    pub fn null_array(&mut self) {
        self.out.push(match self.proto {
            Proto::Resp2 => b"*-1\r\n",
            Proto::Resp3 => b"_\r\n",
        });
    }

    /// The header of an array; `n` replies follow.
    #[inline]
    pub fn array(&mut self, n: usize) {
        length(self.out.own(), b'*', n);
    }

    /// The header of a map; `n` pairs of replies follow.
    #[inline]
    pub fn map(&mut self, n: usize) {
        self.aggregate(b'%', n, 2 * n);
    }

    /// The header of a set; `n` replies follow.
    #[inline]
    pub fn set(&mut self, n: usize) {
        self.aggregate(b'~', n, n);
    }

    /// The header of an out-of-band message; `n` replies follow.
    #[inline]
    pub fn push(&mut self, n: usize) {
        self.aggregate(b'>', n, n);
    }

    /// The header of `n` pairs of attributes of the next reply. RESP2 has none: false, write no pairs.
    #[must_use]
    pub fn attribute(&mut self, n: usize) -> bool {
        if self.proto == Proto::Resp3 {
            length(self.out.own(), b'|', n);
        }
        self.proto == Proto::Resp3
    }

    /// A floating-point number; a string in RESP2.
    pub fn double(&mut self, n: f64) {
        let mut text = [0; FLOAT_TEXT_MAX];
        let text = format_double(n, &mut text);
        match self.proto {
            Proto::Resp2 => self.bulk(text),
            Proto::Resp3 => self.line(b',', text),
        }
    }

    /// Yes or no; 1 or 0 in RESP2.
    #[inline]
    pub fn boolean(&mut self, yes: bool) {
        self.out.push(match (self.proto, yes) {
            (Proto::Resp2, false) => b":0\r\n",
            (Proto::Resp2, true) => b":1\r\n",
            (Proto::Resp3, false) => b"#f\r\n",
            (Proto::Resp3, true) => b"#t\r\n",
        });
    }

    /// An integer of any size, given by its digits; a string in RESP2.
    pub fn big_number(&mut self, digits: &str) {
        match self.proto {
            Proto::Resp2 => self.bulk(digits.as_bytes()),
            Proto::Resp3 => self.line(b'(', digits.as_bytes()),
        }
    }

    /// Text for people with a format of three letters (`txt`, `mkd`); a plain string in RESP2.
    pub fn verbatim(&mut self, format: &str, text: &[u8]) {
        debug_assert_eq!(format.len(), 3);
        match self.proto {
            Proto::Resp2 => self.bulk(text),
            Proto::Resp3 => {
                let own = self.out.own();
                length(own, b'=', text.len() + 4);
                own.extend_from_slice(format.as_bytes());
                own.push(b':');
                own.extend_from_slice(text);
                own.extend_from_slice(b"\r\n");
            }
        }
    }

    /// Starts an aggregate whose length is known only when it is written.
    #[inline]
    pub fn defer(&mut self) -> Deferred {
        Deferred(self.out.mark())
    }

    /// Ends a deferred array of `n` replies.
    pub fn close_array(&mut self, deferred: Deferred, n: usize) {
        self.close(deferred, b'*', n, n);
    }

    /// Ends a deferred map of `n` pairs.
    pub fn close_map(&mut self, deferred: Deferred, n: usize) {
        self.close(deferred, b'%', n, 2 * n);
    }

    /// Ends a deferred set of `n` replies.
    pub fn close_set(&mut self, deferred: Deferred, n: usize) {
        self.close(deferred, b'~', n, n);
    }

    /// Ends a deferred out-of-band message of `n` replies.
    pub fn close_push(&mut self, deferred: Deferred, n: usize) {
        self.close(deferred, b'>', n, n);
    }

    fn close(&mut self, deferred: Deferred, mark: u8, n: usize, n_resp2: usize) {
        let mut header = Vec::with_capacity(24);
        match self.proto {
            Proto::Resp2 => length(&mut header, b'*', n_resp2),
            Proto::Resp3 => length(&mut header, mark, n),
        }
        self.out.insert(deferred.0, &header);
    }

    #[inline]
    fn aggregate(&mut self, mark: u8, n: usize, n_resp2: usize) {
        match self.proto {
            Proto::Resp2 => length(self.out.own(), b'*', n_resp2),
            Proto::Resp3 => length(self.out.own(), mark, n),
        }
    }

    #[inline]
    fn line(&mut self, mark: u8, text: &[u8]) {
        let own = self.out.own();
        own.reserve(text.len() + 3);
        own.push(mark);
        own.extend_from_slice(text);
        own.extend_from_slice(b"\r\n");
    }
}

/// A header: its mark, a length, the end of the line. Lengths of one and two digits are written in one piece.
#[inline]
pub(super) fn length(out: &mut Vec<u8>, mark: u8, n: usize) {
    if n < 10 {
        out.extend_from_slice(&[mark, b'0' + n as u8, b'\r', b'\n']);
    } else if n < 100 {
        out.extend_from_slice(&[mark, b'0' + (n / 10) as u8, b'0' + (n % 10) as u8, b'\r', b'\n']);
    } else {
        long_number(out, mark, n as i64);
    }
}

#[inline]
fn number(out: &mut Vec<u8>, mark: u8, n: i64) {
    if (0..100).contains(&n) { length(out, mark, n as usize) } else { long_number(out, mark, n) }
}

fn long_number(out: &mut Vec<u8>, mark: u8, n: i64) {
    let mut digits = itoa::Buffer::new();
    let digits = digits.format(n).as_bytes();
    out.reserve(digits.len() + 3);
    out.push(mark);
    out.extend_from_slice(digits);
    out.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::String;

    fn both(write: impl Fn(&mut Writer<'_>)) -> [String; 2] {
        [Proto::Resp2, Proto::Resp3].map(|proto| {
            let mut out = OutBuf::default();
            write(&mut Writer::new(&mut out, proto));
            let mut slices = [&[][..]; 16];
            let n = out.slices(usize::MAX, &mut slices);
            String::from_utf8(slices[..n].concat()).unwrap()
        })
    }

    #[track_caller]
    fn same(write: impl Fn(&mut Writer<'_>), text: &str) {
        assert_eq!(both(write), [text, text]);
    }

    #[track_caller]
    fn differ(write: impl Fn(&mut Writer<'_>), resp2: &str, resp3: &str) {
        assert_eq!(both(write), [resp2, resp3]);
    }

    #[test]
    fn replies_alike_in_both_protocols() {
        same(|w| w.ok(), "+OK\r\n");
        same(|w| w.simple("QUEUED"), "+QUEUED\r\n");
        same(|w| w.error("ERR a\r\nb"), "-ERR a  b\r\n");
        same(|w| w.error_parts(&[b"ERR '", b"x\ny", b"'"]), "-ERR 'x y'\r\n");
        same(|w| w.bulk(b""), "$0\r\n\r\n");
        same(|w| w.bulk(b"a\r\nb"), "$4\r\na\r\nb\r\n");
        same(|w| w.bulk_shared(Bytes::from_static(b"short")), "$5\r\nshort\r\n");
        same(|w| w.bulk_int(-12), "$3\r\n-12\r\n");
        same(|w| w.array(0), "*0\r\n");
        same(|w| w.raw(b"anything"), "anything");
        for n in [0, 9, 10, 99, 100, 12_345, i64::MAX, -1, -10, i64::MIN] {
            same(|w| w.int(n), &std::format!(":{n}\r\n"));
        }
        for n in [9, 10, 99, 100, 1_000_000] {
            same(|w| w.array(n), &std::format!("*{n}\r\n"));
        }
    }

    #[test]
    fn replies_that_differ() {
        differ(|w| w.null(), "$-1\r\n", "_\r\n");
        differ(|w| w.null_array(), "*-1\r\n", "_\r\n");
        differ(|w| w.map(7), "*14\r\n", "%7\r\n");
        differ(|w| w.set(2), "*2\r\n", "~2\r\n");
        differ(|w| w.push(3), "*3\r\n", ">3\r\n");
        differ(|w| w.boolean(true), ":1\r\n", "#t\r\n");
        differ(|w| w.boolean(false), ":0\r\n", "#f\r\n");
        differ(|w| w.big_number("-123"), "$4\r\n-123\r\n", "(-123\r\n");
        differ(|w| w.double(3.5), "$3\r\n3.5\r\n", ",3.5\r\n");
        differ(|w| w.double(-7.0), "$2\r\n-7\r\n", ",-7\r\n");
        differ(|w| w.double(f64::INFINITY), "$3\r\ninf\r\n", ",inf\r\n");
        differ(|w| w.double(f64::NEG_INFINITY), "$4\r\n-inf\r\n", ",-inf\r\n");
        differ(|w| w.verbatim("txt", b"ab"), "$2\r\nab\r\n", "=6\r\ntxt:ab\r\n");
        differ(|w| assert_eq!(w.attribute(1), w.proto() == Proto::Resp3), "", "|1\r\n");
    }

    #[test]
    fn a_long_value_is_shared() {
        let value = Bytes::from(std::vec![b'v'; 100_000]);
        let mut out = OutBuf::default();
        Writer::new(&mut out, Proto::Resp2).bulk_shared(value.clone());
        let mut slices = [&[][..]; 4];
        assert_eq!(out.slices(usize::MAX, &mut slices), 3);
        assert_eq!(slices[0], b"$100000\r\n");
        assert_eq!(slices[1].as_ptr(), value.as_ptr());
        assert_eq!(slices[2], b"\r\n");
    }

    #[test]
    fn lengths_known_late() {
        differ(
            |w| {
                w.int(1);
                let outer = w.defer();
                let inner = w.defer();
                w.ok();
                w.close_set(inner, 1);
                let inner = w.defer();
                w.close_array(inner, 0);
                w.close_map(outer, 1);
            },
            ":1\r\n*2\r\n*1\r\n+OK\r\n*0\r\n",
            ":1\r\n%1\r\n~1\r\n+OK\r\n*0\r\n",
        );
        // A long body stays where it is.
        let body = [b'x'; 5000];
        let text = std::format!("*1\r\n$5000\r\n{}\r\n", "x".repeat(5000));
        let write = |w: &mut Writer<'_>| {
            let deferred = w.defer();
            w.bulk(&body);
            w.close_array(deferred, 1);
        };
        same(write, &text);
        differ(
            |w| {
                let d = w.defer();
                w.ok();
                w.close_push(d, 1)
            },
            "*1\r\n+OK\r\n",
            ">1\r\n+OK\r\n",
        );
    }
}

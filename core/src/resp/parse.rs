//! Finding commands in bytes.
//!
//! *Owns*: the rules of the request protocol (arrays of bulk strings, inline lines), its limits and the texts of its
//! errors. Everything here is a function of a slice and a small cursor.
//! *Does not own*: buffers, what was read when (`inbox`), where the results are kept (`window`).
//! *Invariants*: what is found depends on the bytes alone, never on how they were cut into reads; nothing is reserved
//! for a length before its bytes are there.
//!
//! Two oddities of Redis are kept because clients can see them: a line is looked at only when its CR and one byte more
//! have come (that byte is taken for the LF unseen), and so are the two bytes after a bulk string. One is not: Redis
//! accepts a line over the limit when its end arrives in the same read; here the limit holds however it arrives.

use super::args::ArgSpan;
use super::write::Writer;
use crate::base::number::parse_i64;
use crate::base::quoted;
use alloc::vec::Vec;
use memchr::memchr;

/// What a connection may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// `proto-max-bulk-len`.
    pub max_bulk: u64,
    /// `client-query-buffer-limit`.
    pub query_buffer: u64,
    /// Whether the client may do more than authenticate itself.
    pub authenticated: bool,
    /// A bulk string of this many bytes or more gets a buffer of its own.
    pub big_bulk_min: usize,
}

impl Limits {
    /// The longest line: an inline command, or the digits of a length.
    pub const LINE_MAX: usize = 64 * 1024;
    /// The most arguments a command has before authentication.
    pub const UNAUTHENTICATED_COUNT: i64 = 10;
    /// The longest argument before authentication.
    pub const UNAUTHENTICATED_BULK: u64 = 16 * 1024;
    /// The most bytes that wait for execution before authentication.
    pub const UNAUTHENTICATED_BUFFER: u64 = 1024 * 1024;

    /// How many bytes may wait before the connection is closed.
    #[must_use]
    pub fn buffer_max(&self) -> u64 {
        let limit = if self.authenticated { u64::MAX } else { Self::UNAUTHENTICATED_BUFFER };
        self.query_buffer.min(limit)
    }

    /// Bulk strings shorter than this need no second look.
    fn plain_below(&self) -> usize {
        let limit =
            if self.authenticated { self.max_bulk } else { self.max_bulk.min(Self::UNAUTHENTICATED_BULK) };
        self.big_bulk_min.min(1 << 28).min(usize::try_from(limit).unwrap_or(usize::MAX).saturating_add(1))
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_bulk: 512 << 20, query_buffer: 1 << 30, authenticated: true, big_bulk_min: 32 * 1024 }
    }
}

/// What a look at the input found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The window holds at least one command.
    Frames,
    /// No whole command is there.
    NeedMore,
    /// The client broke the protocol: reply with the error, then close.
    Error(ProtocolError),
    /// More waits than the client may keep waiting: close without a reply.
    QueryBufferFull,
}

/// How the client broke the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProtocolError {
    /// The number of arguments is no integer or too large.
    MultibulkLength,
    /// Too many arguments before authentication.
    UnauthenticatedMultibulkLength,
    /// A line with the number of arguments that does not end.
    CountTooLong,
    /// A line with the length of an argument that does not end.
    BulkCountTooLong,
    /// An inline command that does not end.
    InlineTooLong,
    /// Something else than `$` where an argument should start.
    ExpectedDollar(u8),
    /// The length of an argument is no integer, negative or too large.
    BulkLength,
    /// Too long an argument before authentication.
    UnauthenticatedBulkLength,
    /// The quotes of an inline command do not match.
    UnbalancedQuotes,
}

impl ProtocolError {
    /// Replies with the error.
    pub fn write(self, w: &mut Writer<'_>) {
        let text: &[u8] = match self {
            Self::MultibulkLength => b"invalid multibulk length",
            Self::UnauthenticatedMultibulkLength => b"unauthenticated multibulk length",
            Self::CountTooLong => b"too big mbulk count string",
            Self::BulkCountTooLong => b"too big bulk count string",
            Self::InlineTooLong => b"too big inline request",
            Self::ExpectedDollar(got) => {
                return w.error_parts(&[b"ERR Protocol error: expected '$', got '", &[got], b"'"]);
            }
            Self::BulkLength => b"invalid bulk length",
            Self::UnauthenticatedBulkLength => b"unauthenticated bulk length",
            Self::UnbalancedQuotes => b"unbalanced quotes in request",
        };
        w.error_parts(&[b"ERR Protocol error: ", text]);
    }
}

/// How far the arguments of one command are known. Offsets count from the command's first byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cursor {
    /// The first byte not looked at.
    pub(super) next: usize,
    /// Arguments still to come.
    pub(super) left: u32,
    /// Every line and every bulk string so far ended in CR LF.
    pub(super) clean: bool,
}

/// What the first line of an array says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Head {
    /// Arguments follow.
    Command(Cursor),
    /// No arguments: the line's length, to be passed over.
    Nothing(usize),
    /// The line is not complete.
    More,
}

/// Where a scan of arguments stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scan {
    /// Behind the last argument.
    Done,
    /// In the middle; the cursor is at the argument that is not complete.
    More,
    /// The cursor is at an argument that gets its own buffer.
    Big {
        /// Its first byte.
        start: usize,
        /// Its length.
        len: usize,
    },
}

/// Reads the first line of the array that starts `frame`.
#[inline]
pub(super) fn head(frame: &[u8], limits: &Limits) -> Result<Head, ProtocolError> {
    let (count, next, clean) = match length(frame, 1) {
        Some((count, next)) => (count as i64, next, true),
        None => match line(frame, 0).map_err(|TooLong| ProtocolError::CountTooLong)? {
            None => return Ok(Head::More),
            Some(end) => {
                let count = parse_i64(&frame[1..end]).ok_or(ProtocolError::MultibulkLength)?;
                (count, end + 2, frame[end + 1] == b'\n')
            }
        },
    };
    if count > i64::from(i32::MAX) {
        return Err(ProtocolError::MultibulkLength);
    }
    if count <= 0 {
        return Ok(Head::Nothing(next));
    }
    if !limits.authenticated && count > Limits::UNAUTHENTICATED_COUNT {
        return Err(ProtocolError::UnauthenticatedMultibulkLength);
    }
    Ok(Head::Command(Cursor { next, left: count as u32, clean }))
}

/// Adds the arguments of `frame` from the cursor on to `spans`, as far as they are complete.
#[inline]
pub(super) fn arguments(
    frame: &[u8],
    cursor: &mut Cursor,
    limits: &Limits,
    spans: &mut Vec<ArgSpan>,
) -> Result<Scan, ProtocolError> {
    let plain_below = limits.plain_below();
    while cursor.left > 0 {
        let short = if frame.get(cursor.next) == Some(&b'$') { length(frame, cursor.next + 1) } else { None };
        let (len, start) = match short {
            Some((len, start)) if len < plain_below => (len, start),
            _ => match bulk_line(frame, cursor.next, limits)? {
                None => return Ok(Scan::More),
                Some((len, start)) => {
                    cursor.clean &= frame[start - 1] == b'\n';
                    if len >= plain_below {
                        return Ok(Scan::Big { start, len });
                    }
                    (len, start)
                }
            },
        };
        let end = start + len;
        let Some(tail) = frame.get(end..end + 2) else {
            return Ok(Scan::More);
        };
        cursor.clean &= tail == b"\r\n";
        spans.push(ArgSpan::inside(start, len));
        cursor.next = end + 2;
        cursor.left -= 1;
    }
    Ok(Scan::Done)
}

/// The header of an argument by the full rules: its length and its first byte, nothing while the line is incomplete.
#[cold]
fn bulk_line(frame: &[u8], at: usize, limits: &Limits) -> Result<Option<(usize, usize)>, ProtocolError> {
    let Some(end) = line(frame, at).map_err(|TooLong| ProtocolError::BulkCountTooLong)? else {
        return Ok(None);
    };
    if frame[at] != b'$' {
        return Err(ProtocolError::ExpectedDollar(frame[at]));
    }
    let len = parse_i64(&frame[at + 1..end]).and_then(|len| u64::try_from(len).ok());
    let len = len.filter(|&len| len <= limits.max_bulk).ok_or(ProtocolError::BulkLength)?;
    if !limits.authenticated && len > Limits::UNAUTHENTICATED_BULK {
        return Err(ProtocolError::UnauthenticatedBulkLength);
    }
    let len = usize::try_from(len).map_err(|_| ProtocolError::BulkLength)?;
    Ok(Some((len, end + 2)))
}

/// Decodes the inline command that starts `frame`: appends its words to `text` and their places, counted from where
/// `text` ended, to `spans`. The length of the line with its end, or nothing while it is incomplete.
pub(super) fn inline(
    frame: &[u8],
    text: &mut Vec<u8>,
    spans: &mut Vec<ArgSpan>,
) -> Result<Option<usize>, ProtocolError> {
    let reach = frame.len().min(Limits::LINE_MAX + 1);
    let Some(end) = memchr(b'\n', &frame[..reach]) else {
        return if reach > Limits::LINE_MAX { Err(ProtocolError::InlineTooLong) } else { Ok(None) };
    };
    let mut rest = frame[..end].strip_suffix(b"\r").unwrap_or(&frame[..end]);
    let base = text.len();
    loop {
        let start = text.len();
        match quoted::next_arg(&mut rest, text) {
            Ok(true) => spans.push(ArgSpan::inside(start - base, text.len() - start)),
            Ok(false) => return Ok(Some(end + 1)),
            Err(quoted::Unbalanced) => return Err(ProtocolError::UnbalancedQuotes),
        }
    }
}

/// A canonical number of at most 9 digits from `at` with CR LF after it, and where the next line starts; nothing for
/// anything else, which the slow path looks at.
#[inline(always)]
fn length(frame: &[u8], at: usize) -> Option<(usize, usize)> {
    let digits = frame.get(at..)?;
    match digits {
        [a @ b'0'..=b'9', b'\r', b'\n', ..] => Some((usize::from(a - b'0'), at + 3)),
        [a @ b'1'..=b'9', b @ b'0'..=b'9', b'\r', b'\n', ..] => {
            Some((usize::from(a - b'0') * 10 + usize::from(b - b'0'), at + 4))
        }
        [b'1'..=b'9', ..] => {
            let mut n = 0;
            for (i, &byte) in digits.iter().take(10).enumerate() {
                match byte {
                    b'0'..=b'9' => n = n * 10 + usize::from(byte - b'0'),
                    b'\r' if digits.get(i + 1) == Some(&b'\n') => return Some((n, at + i + 2)),
                    _ => return None,
                }
            }
            None
        }
        _ => None,
    }
}

/// A line without an end.
struct TooLong;

/// The CR that ends the line starting at `at`, once a byte after it is there too.
fn line(frame: &[u8], at: usize) -> Result<Option<usize>, TooLong> {
    let rest = frame.get(at..).unwrap_or_default();
    let reach = rest.len().min(Limits::LINE_MAX + 1);
    match memchr(b'\r', &rest[..reach]) {
        Some(end) if end + 1 < rest.len() => Ok(Some(at + end)),
        None if reach > Limits::LINE_MAX => Err(TooLong),
        _ => Ok(None),
    }
}

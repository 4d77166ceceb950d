//! Streams: positions and trimming as clients write them. Source: the Redis documentation of the stream commands; what
//! is accepted beyond it was found by asking a real server.

use crate::base::number::parse_i64;
use crate::connection::ConnFlags;
use crate::containers::streamlog::{Keep, NodeLimit, StreamId};
use crate::engine::Ctx;
use crate::resp::{CommandError, Writer};
use crate::value::{Stream, Value};

/// Longer texts are no positions.
const ID_MAX: usize = 127;

/// The stream in a value, or the refusal of another type.
pub(super) fn stream(value: &Value) -> Result<&Stream, CommandError> {
    value.as_stream().ok_or(CommandError::WrongType)
}

/// The stream under a key; `None` when the key is missing.
pub(super) fn lookup<'c>(ctx: &'c mut Ctx<'_>, key: &[u8]) -> Result<Option<&'c Stream>, CommandError> {
    ctx.srv.keyspace.lookup(ctx.db, key).map(stream).transpose()
}

/// When a node of a stream is full.
pub(super) fn node_limit(ctx: &Ctx<'_>) -> NodeLimit {
    let config = &ctx.srv.config;
    NodeLimit {
        bytes: config.stream_node_max_bytes.max(0) as usize,
        entries: config.stream_node_max_entries.max(0) as usize,
    }
}

/// One half of a position, read as `strtoull` reads where the strict reading fails: blanks before it, a sign, leading
/// zeros are accepted; a number that is simply negative is not.
fn half(text: &[u8]) -> Option<u64> {
    if let Some(n) = parse_i64(text) {
        return u64::try_from(n).ok();
    }
    let blanks = text.iter().take_while(|b| matches!(b, b' ' | b'\t'..=b'\r')).count();
    let (negative, digits) = match &text[blanks..] {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    if digits.is_empty() {
        return None;
    }
    let n = digits.iter().try_fold(0_u64, |n, digit| {
        let digit = digit.is_ascii_digit().then(|| u64::from(digit - b'0'))?;
        n.checked_mul(10)?.checked_add(digit)
    })?;
    Some(if negative { n.wrapping_neg() } else { n })
}

/// A position as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// Milliseconds alone.
    Millis(u64),
    /// Both halves.
    Both(StreamId),
    /// Milliseconds, and `*` for the other half.
    AnySeq(u64),
}

/// Reads a position.
fn written(text: &[u8]) -> Result<Written, CommandError> {
    let invalid = CommandError::StreamId;
    if text.len() > ID_MAX {
        return Err(invalid);
    }
    // As far as a C string goes.
    let text = text.split(|b| *b == 0).next().unwrap_or_default();
    let Some(dash) = text.iter().position(|b| *b == b'-') else {
        return half(text).map(Written::Millis).ok_or(invalid);
    };
    let ms = half(&text[..dash]).ok_or(invalid)?;
    match &text[dash + 1..] {
        b"*" => Ok(Written::AnySeq(ms)),
        seq => Ok(Written::Both(StreamId::new(ms, half(seq).ok_or(invalid)?))),
    }
}

/// The position that XADD asks for: a lone `-` or `+` is none.
pub(super) fn parse_wanted(text: &[u8]) -> Result<Written, CommandError> {
    if text == b"-" || text == b"+" {
        return Err(CommandError::StreamId);
    }
    written(text)
}

/// A position; where the second half is missing, it is `seq`.
pub(super) fn parse_strict(text: &[u8], seq: u64) -> Result<StreamId, CommandError> {
    match parse_wanted(text)? {
        Written::Millis(ms) => Ok(StreamId::new(ms, seq)),
        Written::Both(id) => Ok(id),
        Written::AnySeq(_) => Err(CommandError::StreamId),
    }
}

/// The same, and `-` and `+` for the first and the last one.
pub(super) fn parse_id(text: &[u8], seq: u64) -> Result<StreamId, CommandError> {
    match text {
        b"-" => Ok(StreamId::MIN),
        b"+" => Ok(StreamId::MAX),
        _ => parse_strict(text, seq),
    }
}

/// The lower end of an interval; `(` before it leaves it out.
pub(super) fn parse_start(ctx: &mut Ctx<'_>, i: usize) -> Result<StreamId, CommandError> {
    match ctx.arg(i) {
        [b'(', rest @ ..] if !rest.is_empty() => {
            let id = parse_strict(rest, 0)?.next();
            id.ok_or_else(|| refuse(ctx, &[b"ERR invalid start ID for the interval"]))
        }
        text => parse_id(text, 0),
    }
}

/// The upper end of an interval; `(` before it leaves it out.
pub(super) fn parse_end(ctx: &mut Ctx<'_>, i: usize) -> Result<StreamId, CommandError> {
    match ctx.arg(i) {
        [b'(', rest @ ..] if !rest.is_empty() => {
            let id = parse_strict(rest, u64::MAX)?.prev();
            id.ok_or_else(|| refuse(ctx, &[b"ERR invalid end ID for the interval"]))
        }
        text => parse_id(text, u64::MAX),
    }
}

/// Writes an error that no other command has.
pub(super) fn refuse(ctx: &mut Ctx<'_>, parts: &[&[u8]]) -> CommandError {
    ctx.reply().error_parts(parts);
    CommandError::Written
}

/// An argument as an integer, or an error of the command's own.
pub(super) fn int_or(ctx: &mut Ctx<'_>, i: usize, text: &[u8]) -> Result<i64, CommandError> {
    match parse_i64(ctx.arg(i)) {
        Some(n) => Ok(n),
        None => Err(refuse(ctx, &[text])),
    }
}

/// The refusal of a key without this group.
pub(super) fn no_group(ctx: &mut Ctx<'_>, key: &[u8], group: &[u8]) -> CommandError {
    refuse(ctx, &[b"NOGROUP No such key '", key, b"' or consumer group '", group, b"'"])
}

/// Writes a position.
pub(super) fn reply_id(w: &mut Writer<'_>, id: StreamId) {
    w.bulk(&id.text());
}

/// Trimming as it was asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trim {
    /// What stays.
    pub(super) keep: Keep,
    /// Only nodes as a whole go.
    pub(super) whole: bool,
    /// At most so many entries go; 0 is no limit.
    pub(super) limit: u64,
    /// The argument with the threshold.
    pub(super) at: usize,
}

impl Trim {
    /// Does it; answers how many entries went.
    pub(super) fn run(&self, stream: &mut Stream) -> u64 {
        stream.trim(self.keep, self.whole, self.limit)
    }

    /// How a stream that was trimmed about so is trimmed exactly to what it is now.
    pub(super) fn exactly(&self, stream: &Stream) -> Keep {
        let log = stream.entries().log();
        match self.keep {
            Keep::Last(_) => Keep::Last(log.len()),
            Keep::From(_) => Keep::From(log.first()),
        }
    }
}

/// The options of trimming, while they are read.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct TrimOptions {
    trim: Option<(Keep, bool, usize)>,
    limit: Option<i64>,
}

impl TrimOptions {
    /// Reads the option at argument `i`, if it is one of trimming; answers where the next one is.
    pub(super) fn read(&mut self, ctx: &Ctx<'_>, i: usize) -> Result<Option<usize>, CommandError> {
        if i + 1 >= ctx.argc() {
            return Ok(None);
        }
        let by_len = ctx.arg_is(i, "MAXLEN");
        if by_len || ctx.arg_is(i, "MINID") {
            if self.trim.is_some() {
                return Err(CommandError::TrimBoth);
            }
            let mut at = i + 1;
            let whole = ctx.arg(at) == b"~";
            if (whole || ctx.arg(at) == b"=") && at + 1 < ctx.argc() {
                at += 1;
            }
            let whole = whole && at > i + 1;
            let keep = if by_len {
                Keep::Last(u64::try_from(ctx.int(at)?).map_err(|_| CommandError::TrimMaxLen)?)
            } else {
                Keep::From(parse_strict(ctx.arg(at), 0)?)
            };
            self.trim = Some((keep, whole, at));
            return Ok(Some(at + 1));
        }
        if ctx.arg_is(i, "LIMIT") {
            let limit = ctx.int(i + 1)?;
            if limit < 0 {
                return Err(CommandError::TrimLimit);
            }
            self.limit = Some(limit);
            return Ok(Some(i + 2));
        }
        Ok(None)
    }

    /// What they come to; `None` when there were none and none is `needed`. A master's word is taken without a limit: it
    /// has counted already.
    pub(super) fn finish(self, ctx: &Ctx<'_>, needed: bool) -> Result<Option<Trim>, CommandError> {
        if self.trim.is_none() && self.limit.unwrap_or(0) > 0 {
            return Err(CommandError::TrimLimitAlone);
        }
        if self.trim.is_none() && needed {
            return Err(CommandError::TrimStrategy);
        }
        let whole = self.trim.is_some_and(|(_, whole, _)| whole);
        let limit = match self.limit {
            _ if ctx.client().flags.has(ConnFlags::MASTER) => 0,
            Some(_) if !whole => return Err(CommandError::TrimLimitExact),
            Some(limit) => limit as u64,
            None if whole => default_limit(ctx),
            None => 0,
        };
        Ok(self.trim.map(|(keep, whole, at)| Trim { keep, whole, limit, at }))
    }
}

/// Entries that trimming by nodes removes at most unless told otherwise: about a hundred nodes.
fn default_limit(ctx: &Ctx<'_>) -> u64 {
    match ctx.srv.config.stream_node_max_entries {
        ..=0 => 10_000,
        n => (n as u64).saturating_mul(100).min(1_000_000),
    }
}

/// The spelling of an exact threshold.
pub(super) fn threshold(keep: Keep, text: &mut crate::base::number::IntText) -> alloc::vec::Vec<u8> {
    match keep {
        Keep::Last(n) => text.u64(n).to_vec(),
        Keep::From(id) => id.text().to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_as_strtoull_reads_them() {
        let both = |ms, seq| Ok(Written::Both(StreamId::new(ms, seq)));
        assert_eq!(written(b"5-1"), both(5, 1));
        assert_eq!(written(b"+5-1"), both(5, 1));
        assert_eq!(written(b"007-1"), both(7, 1));
        assert_eq!(written(b" 5-1"), both(5, 1));
        assert_eq!(written(b"5-\t+01"), both(5, 1));
        assert_eq!(written(b"18446744073709551615-18446744073709551615"), both(u64::MAX, u64::MAX));
        assert_eq!(written(b"5-*"), Ok(Written::AnySeq(5)));
        assert_eq!(written(b"5\0x-1"), Ok(Written::Millis(5)));
        for bad in [
            &b"5-1 "[..],
            b"x",
            b"5-x",
            b"18446744073709551616",
            b"5--3",
            b" ",
            b"+",
            b"0x5",
            b"5-1-1",
            b"",
            b"-5",
            b"5-",
        ] {
            assert_eq!(written(bad), Err(CommandError::StreamId), "{}", bad.escape_ascii());
        }
        assert_eq!(written(&[b'0'; 128]), Err(CommandError::StreamId));
        assert_eq!(written(&[b'0'; 127]), Ok(Written::Millis(0)));
    }
}

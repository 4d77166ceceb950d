//! An independent parser and printer of RESP2 and RESP3 replies.
//!
//! *Invariants*: parsing then printing loses nothing but the split of a stream into reads: numbers keep their text,
//! the null forms stay apart. A reply prints as one line per value, children indented.

use crate::words::escape;
use std::fmt::{self, Write as _};

/// One reply or push.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reply {
    /// `+`
    Simple(Vec<u8>),
    /// `-`
    Error(Vec<u8>),
    /// `!`
    BlobError(Vec<u8>),
    /// `:`, as text
    Integer(Vec<u8>),
    /// `$`
    Bulk(Vec<u8>),
    /// `$-1`
    NullBulk,
    /// `*-1`
    NullArray,
    /// `_`
    Null,
    /// `,`, as text
    Double(Vec<u8>),
    /// `(`, as text
    Big(Vec<u8>),
    /// `#`
    Bool(bool),
    /// `=`, format included
    Verbatim(Vec<u8>),
    /// `*`
    Array(Vec<Reply>),
    /// `~`
    Set(Vec<Reply>),
    /// `>`
    Push(Vec<Reply>),
    /// `%`
    Map(Vec<Reply>),
}

impl Reply {
    /// The first reply in `bytes` and its length; `None` when it is incomplete.
    ///
    /// # Errors
    /// Says what is malformed.
    pub fn parse(bytes: &[u8]) -> Result<Option<(Self, usize)>, String> {
        let Some(end) = bytes.windows(2).position(|w| w == b"\r\n") else {
            return Ok(None);
        };
        let (line, after) = (&bytes[1..end.max(1)], end + 2);
        let text = || line.to_vec();
        let reply = match bytes[0] {
            b'+' => Self::Simple(text()),
            b'-' => Self::Error(text()),
            b':' => Self::Integer(number(line)?),
            b',' => Self::Double(text()),
            b'(' => Self::Big(number(line)?),
            b'_' if line.is_empty() => Self::Null,
            b'#' if line == b"t" || line == b"f" => Self::Bool(line == b"t"),
            b'$' if line == b"-1" => Self::NullBulk,
            b'*' if line == b"-1" => Self::NullArray,
            kind @ (b'$' | b'=' | b'!') => return Self::blob(kind, &bytes[after..], line, after),
            kind @ (b'*' | b'~' | b'>' | b'%') => return Self::aggregate(kind, bytes, line, after),
            other => return Err(format!("unknown type byte {:?}", char::from(other))),
        };
        Ok(Some((reply, after)))
    }

    fn blob(kind: u8, rest: &[u8], line: &[u8], after: usize) -> Result<Option<(Self, usize)>, String> {
        let len = length(line)?;
        if rest.len() < len + 2 {
            return Ok(None);
        }
        if &rest[len..len + 2] != b"\r\n" {
            return Err("a bulk does not end in CRLF".into());
        }
        let text = rest[..len].to_vec();
        let reply = match kind {
            b'=' => Self::Verbatim(text),
            b'!' => Self::BlobError(text),
            _ => Self::Bulk(text),
        };
        Ok(Some((reply, after + len + 2)))
    }

    fn aggregate(
        kind: u8,
        bytes: &[u8],
        line: &[u8],
        mut at: usize,
    ) -> Result<Option<(Self, usize)>, String> {
        let len = length(line)? * if kind == b'%' { 2 } else { 1 };
        let mut items = Vec::new();
        for _ in 0..len {
            let Some((item, used)) = Self::parse(&bytes[at..])? else { return Ok(None) };
            items.push(item);
            at += used;
        }
        let reply = match kind {
            b'~' => Self::Set(items),
            b'>' => Self::Push(items),
            b'%' => Self::Map(items),
            _ => Self::Array(items),
        };
        Ok(Some((reply, at)))
    }

    /// The same shape without the content: what is left to compare of a reply that names addresses, ids or times. The
    /// keys of a map stay.
    #[must_use]
    pub fn shape(&self) -> Self {
        let star = || b"*".to_vec();
        let all = |items: &[Self]| items.iter().map(Self::shape).collect();
        match self {
            Self::Simple(_) => Self::Simple(star()),
            Self::Error(text) => Self::Error(text.clone()),
            Self::BlobError(text) => Self::BlobError(text.clone()),
            Self::Integer(_) => Self::Integer(star()),
            Self::Bulk(_) => Self::Bulk(star()),
            Self::Double(_) => Self::Double(star()),
            Self::Big(_) => Self::Big(star()),
            Self::Verbatim(_) => Self::Verbatim(star()),
            Self::NullBulk | Self::NullArray | Self::Null | Self::Bool(_) => self.clone(),
            Self::Array(items) => Self::Array(all(items)),
            Self::Set(items) => Self::Set(all(items)),
            Self::Push(items) => Self::Push(all(items)),
            Self::Map(items) => {
                let pair = |pair: &[Self]| [pair[0].clone(), pair[1].shape()];
                Self::Map(items.chunks(2).flat_map(pair).collect())
            }
        }
    }

    /// What XINFO and XPENDING say without times, without the fields that Redis 7.2 added, and without consumers that have
    /// nothing: 7.2 creates a consumer when it first asks, 7.0 when it first gets something.
    #[must_use]
    pub fn stream_facts(&self) -> Self {
        match self {
            Self::Array(items) => match &items[..] {
                [Self::Bulk(id), Self::Bulk(name), Self::Integer(_), Self::Integer(count)]
                    if id.contains(&b'-') =>
                {
                    let masked = Self::Integer(b"*".to_vec());
                    Self::Array(vec![
                        Self::Bulk(id.clone()),
                        Self::Bulk(name.clone()),
                        masked,
                        Self::Integer(count.clone()),
                    ])
                }
                _ => Self::Array(stream_pairs(items)),
            },
            Self::Map(items) => Self::Map(stream_pairs(items)),
            Self::Integer(text) if text.len() == 13 => Self::Integer(b"*".to_vec()),
            other => other.clone(),
        }
    }

    /// A text of `name:value` lines or `name=value` words with the values left out.
    #[must_use]
    pub fn fields(&self) -> Self {
        let names = |text: &[u8]| {
            let text = String::from_utf8_lossy(text);
            let word = |word: &str| word.split_once('=').map_or(word.to_owned(), |(n, _)| format!("{n}=*"));
            let words =
                |text: &str, by: char| text.split(by).map(word).collect::<Vec<_>>().join(&by.to_string());
            let line = |line: &str| match line.split_once(':') {
                _ if line.starts_with("id=") => words(line, ' '),
                Some((name, values)) if values.contains('=') => {
                    format!("{name}:{}\r", words(values.trim(), ','))
                }
                Some((name, _)) => format!("{name}:*\r"),
                None => line.to_owned(),
            };
            let mut lines: Vec<_> = text.split('\n').map(line).collect();
            // CLIENT LIST has as many lines as there are connections, the tests' own among them.
            lines.dedup();
            lines.join("\n").into_bytes()
        };
        match self {
            Self::Bulk(text) => Self::Bulk(names(text)),
            Self::Verbatim(text) => Self::Verbatim([&text[..4], &names(&text[4..])].concat()),
            other => other.clone(),
        }
    }

    /// Everything that is not a list, in order.
    #[must_use]
    pub fn leaves(&self) -> Vec<Self> {
        match self {
            Self::Array(items) | Self::Set(items) | Self::Push(items) | Self::Map(items) => {
                items.iter().flat_map(Self::leaves).collect()
            }
            other => vec![other.clone()],
        }
    }

    /// The same with every list sorted, map entries by key.
    #[must_use]
    pub fn sorted(&self) -> Self {
        let all = |items: &[Self]| {
            let mut items: Vec<_> = items.iter().map(Self::sorted).collect();
            items.sort();
            items
        };
        match self {
            Self::Array(items) => Self::Array(all(items)),
            Self::Set(items) => Self::Set(all(items)),
            Self::Map(items) => {
                let mut pairs: Vec<_> = items.chunks(2).map(|p| (p[0].sorted(), p[1].sorted())).collect();
                pairs.sort();
                Self::Map(pairs.into_iter().flat_map(|(k, v)| [k, v]).collect())
            }
            other => other.clone(),
        }
    }

    /// The text of an error reply.
    #[must_use]
    pub fn error(&self) -> Option<&[u8]> {
        match self {
            Self::Error(text) | Self::BlobError(text) => Some(text),
            _ => None,
        }
    }

    /// A text of several lines is printed as several lines, so that a transcript of INFO can be read.
    fn print_text(mark: &str, text: &[u8], pad: &str, out: &mut String) {
        if text.windows(2).filter(|w| w == b"\r\n").count() < 3 {
            let _ = writeln!(out, "{pad}{mark}\"{}\"", escape(text));
            return;
        }
        let _ = writeln!(out, "{pad}{mark}\"\"\"");
        for line in text.split(|&b| b == b'\n') {
            let _ = writeln!(out, "{pad}  {}", escape(line));
        }
        let _ = writeln!(out, "{pad}\"\"\"");
    }

    fn print(&self, depth: usize, out: &mut String) {
        let pad = "  ".repeat(depth);
        let list = |mark: char, items: &[Self], len: usize, out: &mut String| {
            let _ = writeln!(out, "{pad}{mark}{len}");
            for item in items {
                item.print(depth + 1, out);
            }
        };
        let line = |mark: &str, text: &[u8], out: &mut String| {
            let _ = writeln!(out, "{pad}{mark}{}", escape(text));
        };
        match self {
            Self::Simple(text) => line("+", text, out),
            Self::Error(text) => line("-", text, out),
            Self::BlobError(text) => line("!", text, out),
            Self::Integer(text) => line(":", text, out),
            Self::Double(text) => line(",", text, out),
            Self::Big(text) => line("(", text, out),
            Self::NullBulk => line("$-1", b"", out),
            Self::NullArray => line("*-1", b"", out),
            Self::Null => line("_", b"", out),
            Self::Bool(value) => line("#", if *value { b"t" } else { b"f" }, out),
            Self::Bulk(text) => Self::print_text("", text, &pad, out),
            Self::Verbatim(text) => Self::print_text("=", text, &pad, out),
            Self::Array(items) => list('*', items, items.len(), out),
            Self::Set(items) => list('~', items, items.len(), out),
            Self::Push(items) => list('>', items, items.len(), out),
            Self::Map(items) => list('%', items, items.len() / 2, out),
        }
    }
}

/// [`Reply::stream_facts`] of fields and values, or of whatever else a list holds.
fn stream_pairs(items: &[Reply]) -> Vec<Reply> {
    // Consumers have one of two counts, FULL or not; groups have no times.
    let idle = |consumer: &Reply| match consumer {
        Reply::Array(fields) | Reply::Map(fields) => {
            let field = |name: &[u8]| {
                let at = fields.iter().step_by(2).position(|field| *field == Reply::Bulk(name.to_vec()));
                at.and_then(|at| fields.get(2 * at + 1))
            };
            let count =
                field(b"seen-time").and(field(b"pel-count")).or(field(b"idle").and(field(b"pending")));
            count == Some(&Reply::Integer(b"0".to_vec()))
        }
        _ => false,
    };
    let mut kept = Vec::new();
    let mut at = 0;
    while let Some(item) = items.get(at) {
        let name = match item {
            Reply::Bulk(name) => &name[..],
            _ => b"",
        };
        let value = items.get(at + 1);
        match (name, value) {
            (
                b"inactive" | b"active-time" | b"idle" | b"seen-time" | b"consumers",
                Some(Reply::Integer(_)),
            ) => at += 1,
            (b"consumers", Some(Reply::Array(consumers))) => {
                let busy: Vec<_> = consumers.iter().filter(|c| !idle(c)).map(Reply::stream_facts).collect();
                kept.extend([item.clone(), Reply::Array(busy)]);
                at += 1;
            }
            _ if idle(item) => {}
            _ => kept.push(item.stream_facts()),
        }
        at += 1;
    }
    kept
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = String::new();
        self.print(0, &mut out);
        f.write_str(out.trim_end_matches('\n'))
    }
}

/// Every complete reply in `bytes`, and the bytes left over.
///
/// # Errors
/// Says what is malformed.
pub fn parse_all(mut bytes: &[u8]) -> Result<(Vec<Reply>, Vec<u8>), String> {
    let mut replies = Vec::new();
    while !bytes.is_empty() {
        let Some((reply, used)) = Reply::parse(bytes)? else { break };
        replies.push(reply);
        bytes = &bytes[used..];
    }
    Ok((replies, bytes.to_vec()))
}

fn number(line: &[u8]) -> Result<Vec<u8>, String> {
    let digits = line.strip_prefix(b"-").unwrap_or(line);
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(format!("not a number: {}", escape(line)));
    }
    Ok(line.to_vec())
}

fn length(line: &[u8]) -> Result<usize, String> {
    std::str::from_utf8(line).ok().and_then(|t| t.parse().ok()).ok_or(format!("bad length {}", escape(line)))
}

#[cfg(test)]
mod tests {
    use super::{Reply, parse_all};

    #[test]
    fn nested_replies_print_indented() {
        let (replies, rest) =
            parse_all(b"*2\r\n:1\r\n%1\r\n$1\r\na\r\n*-1\r\n_\r\n=6\r\ntxt:hi\r\n*1\r\n").unwrap();
        let text: Vec<_> = replies.iter().map(Reply::to_string).collect();
        assert_eq!(text, ["*2\n  :1\n  %1\n    \"a\"\n    *-1", "_", "=\"txt:hi\""]);
        assert_eq!(rest, b"*1\r\n");
    }

    #[test]
    fn malformed_replies_are_refused() {
        for bad in [&b":1x\r\n"[..], b"$1\r\nabc\r\n", b"?\r\n", b"*x\r\n", b"\r\n\r\n"] {
            assert!(parse_all(bad).is_err(), "{bad:?}");
        }
    }
}

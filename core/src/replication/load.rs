//! The data set that a master sends, taken in as it arrives.
//!
//! *Owns*: [`Load`]: the header, the payload in either framing, the keys in a keyspace of their own.
//! *Does not own*: the data set in use, which stays as it is until all of this one has come and holds.
//! *Invariants*: no length that the master tells reserves memory; whatever the master sends, the outcome is a complete
//! data set or a [`LoadError`]; bytes beyond the payload are not touched.

use super::ReplId;
use super::handshake::{Lines, shown};
use crate::base::ids::DbIndex;
use crate::base::number::parse_i64;
use crate::keyspace::Keyspace;
use crate::persistence::{Intake, IntakeError, Terms};
use alloc::string::String;
use core::fmt;

/// A full synchronisation under way, on the side of the replica.
#[derive(Clone)]
pub struct Load {
    /// History and offset of the data set; unknown to a master of old.
    pub history: Option<(ReplId, i64)>,
    /// What has come of it.
    pub keyspace: Keyspace,
    /// Bytes of payload read so far.
    pub read: u64,
    /// Bytes of payload in all, when the master said so.
    pub total: Option<u64>,
    intake: Intake,
    stage: Stage,
}

#[derive(Clone, Debug)]
enum Stage {
    /// The line that tells the framing.
    Header(Lines),
    /// Payload of a known length; how much is left.
    Sized(u64),
    /// Payload of unknown length, followed by this mark.
    Payload([u8; 40]),
    /// The mark; how much of it has come.
    Mark([u8; 40], usize),
}

/// Why a data set cannot be taken in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoadError {
    /// What stands in place of the header.
    Header(String),
    /// The payload is no data set that this server can hold.
    Payload(IntakeError),
    /// The payload ended before its time.
    Short,
    /// The payload went on after its end.
    Long,
    /// Another mark than the one announced follows the payload.
    Mark,
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header(line) => write!(f, "no payload announced: '{line}'"),
            Self::Payload(error) => write!(f, "the payload cannot be taken in: {error}"),
            Self::Short => f.write_str("the payload ends before its announced length"),
            Self::Long => f.write_str("the payload is shorter than its announced length"),
            Self::Mark => f.write_str("wrong mark after the payload"),
        }
    }
}

impl From<IntakeError> for LoadError {
    fn from(error: IntakeError) -> Self {
        Self::Payload(error)
    }
}

impl Load {
    /// The beginning of a transfer into `keyspace`.
    #[must_use]
    pub fn new(history: Option<(ReplId, i64)>, keyspace: Keyspace, terms: Terms) -> Self {
        let intake = Intake::new(terms);
        Self { history, keyspace, read: 0, total: None, intake, stage: Stage::Header(Lines::default()) }
    }

    /// The database that is selected in the stream which follows.
    #[must_use]
    pub fn stream_db(&self) -> DbIndex {
        self.intake.found.stream_db
    }

    /// Takes bytes that arrived, off the front of `bytes`; whether the data set is complete. What is left then is
    /// stream.
    ///
    /// # Errors
    /// The transfer is broken; nothing of it is of use.
    pub fn feed(&mut self, bytes: &mut &[u8]) -> Result<bool, LoadError> {
        while !bytes.is_empty() {
            match &mut self.stage {
                Stage::Header(lines) => match lines.next(bytes) {
                    Ok(Some(line)) => self.header(&line)?,
                    Ok(None) => {}
                    Err(_) => return Err(LoadError::Header("a line without end".into())),
                },
                Stage::Sized(left) => {
                    let n = bytes.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                    let (part, rest) = bytes.split_at(n);
                    *left -= n as u64;
                    *bytes = rest;
                    let over = *left == 0;
                    if self.payload(part)? < part.len() {
                        return Err(LoadError::Long);
                    }
                    if over {
                        return if self.intake.is_done() { Ok(true) } else { Err(LoadError::Short) };
                    }
                }
                Stage::Payload(mark) => {
                    let mark = *mark;
                    let used = self.payload(bytes)?;
                    *bytes = &bytes[used..];
                    if self.intake.is_done() {
                        self.stage = Stage::Mark(mark, 0);
                    }
                }
                Stage::Mark(mark, seen) => {
                    let n = bytes.len().min(mark.len() - *seen);
                    let (part, rest) = bytes.split_at(n);
                    if part != &mark[*seen..*seen + n] {
                        return Err(LoadError::Mark);
                    }
                    *seen += n;
                    *bytes = rest;
                    if *seen == mark.len() {
                        return Ok(true);
                    }
                }
            }
        }
        Ok(false)
    }

    /// Whether the payload itself has begun.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        !matches!(self.stage, Stage::Header(_))
    }

    fn header(&mut self, line: &[u8]) -> Result<(), LoadError> {
        if line.is_empty() {
            // A sign of life while the master prepares.
            return Ok(());
        }
        let bad = || LoadError::Header(shown(line));
        let text = line.strip_prefix(b"$").ok_or_else(bad)?;
        self.stage = if let Some(mark) = text.strip_prefix(b"EOF:") {
            Stage::Payload(mark.try_into().map_err(|_| bad())?)
        } else {
            let total =
                parse_i64(text).and_then(|n| u64::try_from(n).ok()).filter(|n| *n > 0).ok_or_else(bad)?;
            self.total = Some(total);
            Stage::Sized(total)
        };
        Ok(())
    }

    /// Reads payload; answers how much of it belongs to the RDB.
    fn payload(&mut self, part: &[u8]) -> Result<usize, LoadError> {
        if self.intake.is_done() {
            return Ok(0);
        }
        self.intake.feed(part);
        self.intake.advance(&mut self.keyspace, u64::MAX)?;
        let fed = self.read + part.len() as u64;
        let beyond = if self.intake.is_done() { fed - self.intake.offset() } else { 0 };
        self.read = fed - beyond;
        Ok(part.len() - beyond as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::containers::dict::HashKey;
    use crate::rdb::{Meta, Writer, WriterOptions};
    use std::vec::Vec;

    fn payload(keys: u32) -> Vec<u8> {
        let mut writer = Writer::new(WriterOptions::default());
        writer.aux_int(b"repl-stream-db", 3);
        writer.select_db(DbIndex(2));
        for n in 0..keys {
            let meta = Meta { expire_ms: (n % 2 == 0).then_some(1000), ..Meta::default() };
            writer.string_key(std::format!("key:{n}").as_bytes(), &meta, b"value");
        }
        writer.finish()
    }

    fn load() -> Load {
        Load::new(None, Keyspace::new(4, HashKey::new([1; 16])).empty_twin(), Terms::default())
    }

    /// Feeds everything in pieces; what remains when the data set is complete.
    fn feed(load: &mut Load, all: &[u8], piece: usize) -> Result<Option<usize>, LoadError> {
        let mut rest = 0;
        for part in all.chunks(piece) {
            rest += part.len();
            let mut bytes = part;
            if load.feed(&mut bytes)? {
                return Ok(Some(all.len() - rest + bytes.len()));
            }
            assert!(bytes.is_empty());
        }
        Ok(None)
    }

    fn framed(marked: bool, payload: &[u8]) -> Vec<u8> {
        let mark = [b'f'; 40];
        let mut all = b"\n\n".to_vec();
        if marked {
            all.extend_from_slice(&[b"$EOF:", &mark[..], b"\r\n", payload, &mark].concat());
        } else {
            all.extend_from_slice(std::format!("${}\r\n", payload.len()).as_bytes());
            all.extend_from_slice(payload);
        }
        all
    }

    #[test]
    fn both_framings_in_any_pieces() {
        for marked in [true, false] {
            for piece in [1, 3, 41, 1000, 100_000] {
                let mut all = framed(marked, &payload(100));
                all.extend_from_slice(b"stream");
                let mut load = load();
                assert_eq!(feed(&mut load, &all, piece).unwrap(), Some(6), "{marked} {piece}");
                assert_eq!((load.stream_db(), load.keyspace.len(DbIndex(2))), (DbIndex(3), 100));
                // The deadlines lie in the past; a replica keeps such keys.
                assert_eq!(load.keyspace.expires_count(DbIndex(2)), 50);
            }
        }
    }

    type Expected = fn(&LoadError) -> bool;

    #[test]
    fn what_is_no_data_set_is_refused() {
        let good = payload(3);
        let mut flipped = good.clone();
        flipped[40] ^= 1;
        let mut far = Writer::new(WriterOptions::default());
        far.select_db(DbIndex(4));
        let mut twice = Writer::new(WriterOptions::default());
        twice.string_key(b"k", &Meta::default(), b"1");
        twice.string_key(b"k", &Meta::default(), b"2");
        let cases: [(Vec<u8>, Expected); 8] = [
            (b"-ERR no\r\n".to_vec(), |e| matches!(e, LoadError::Header(_))),
            (b"$-5\r\n".to_vec(), |e| matches!(e, LoadError::Header(_))),
            (b"$EOF:short\r\n".to_vec(), |e| matches!(e, LoadError::Header(_))),
            (framed(true, &flipped), |e| matches!(e, LoadError::Payload(IntakeError::Rdb(_)))),
            (framed(false, &good[..good.len() - 1]), |e| *e == LoadError::Short),
            (framed(false, &[&good[..], b"x"].concat()), |e| *e == LoadError::Long),
            (framed(true, &far.finish()), |e| *e == LoadError::Payload(IntakeError::Database(4))),
            (framed(true, &twice.finish()), |e| *e == LoadError::Payload(IntakeError::Duplicate)),
        ];
        for (bytes, expected) in cases {
            for piece in [1, 7, 10_000] {
                let error = feed(&mut load(), &bytes, piece).unwrap_err();
                assert!(expected(&error), "{error}");
            }
        }
        let wrong_mark =
            [b"$EOF:".to_vec(), [b'a'; 40].to_vec(), b"\r\n".to_vec(), good, [b'b'; 40].to_vec()];
        assert_eq!(feed(&mut load(), &wrong_mark.concat(), 9).unwrap_err(), LoadError::Mark);
    }

    #[test]
    fn a_long_announcement_reserves_nothing() {
        let mut load = load();
        let mut bytes = &b"$9223372036854775807\r\nREDIS0010\xfa\x81\x00\x00\x00\x00\x00\xff\xff\xffabc"[..];
        assert!(!load.feed(&mut bytes).unwrap());
    }
}

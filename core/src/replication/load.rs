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
use crate::keyspace::{Keyspace, Ttl, Usage};
use crate::rdb::{Event, Forms, RdbError, Reader, ReaderOptions, Unfit, value_of};
use alloc::string::String;
use core::fmt;

/// A full synchronisation under way, on the side of the replica.
#[derive(Clone)]
pub struct Load {
    /// History and offset of the data set; unknown to a master of old.
    pub history: Option<(ReplId, i64)>,
    /// What has come of it.
    pub keyspace: Keyspace,
    /// The database that is selected in the stream which follows.
    pub stream_db: DbIndex,
    /// Bytes of payload read so far.
    pub read: u64,
    /// Bytes of payload in all, when the master said so.
    pub total: Option<u64>,
    reader: Reader,
    forms: Forms,
    db: DbIndex,
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
    /// The payload is no RDB.
    Rdb(RdbError),
    /// The payload ended before its time.
    Short,
    /// The payload went on after its end.
    Long,
    /// Another mark than the one announced follows the payload.
    Mark,
    /// A key stands in a database that this server does not have.
    Database(u32),
    /// A key came twice.
    Duplicate,
    /// A value of a type that this server does not hold.
    Type(&'static str),
    /// A value of this type breaks its rules.
    Damaged(&'static str),
    /// A library of functions, which this server cannot hold.
    Function,
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header(line) => write!(f, "no payload announced: '{line}'"),
            Self::Rdb(error) => write!(f, "damaged payload: {error}"),
            Self::Short => f.write_str("the payload ends before its announced length"),
            Self::Long => f.write_str("the payload is shorter than its announced length"),
            Self::Mark => f.write_str("wrong mark after the payload"),
            Self::Database(db) => write!(f, "key in database {db}, which is not configured"),
            Self::Duplicate => f.write_str("a key came twice"),
            Self::Type(name) => write!(f, "a value of type {name} cannot be held by this version"),
            Self::Damaged(name) => write!(f, "a damaged {name}"),
            Self::Function => f.write_str("a function library cannot be held by this version"),
        }
    }
}

impl From<RdbError> for LoadError {
    fn from(error: RdbError) -> Self {
        Self::Rdb(error)
    }
}

impl Load {
    /// The beginning of a transfer into `keyspace`.
    #[must_use]
    pub fn new(history: Option<(ReplId, i64)>, keyspace: Keyspace, options: ReaderOptions) -> Self {
        Self {
            history,
            keyspace,
            stream_db: DbIndex(0),
            read: 0,
            total: None,
            reader: Reader::new(options),
            forms: Forms::default(),
            db: DbIndex(0),
            stage: Stage::Header(Lines::default()),
        }
    }

    /// The same with other limits of the small encodings than those by default.
    #[must_use]
    pub fn with_forms(mut self, forms: Forms) -> Self {
        self.forms = forms;
        self
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
                        return if self.reader.is_done() { Ok(true) } else { Err(LoadError::Short) };
                    }
                }
                Stage::Payload(mark) => {
                    let mark = *mark;
                    let used = self.payload(bytes)?;
                    *bytes = &bytes[used..];
                    if self.reader.is_done() {
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
        if self.reader.is_done() {
            return Ok(0);
        }
        self.reader.feed(part);
        while let Some(event) = self.reader.next_event()? {
            self.event(event)?;
        }
        let fed = self.read + part.len() as u64;
        let beyond = if self.reader.is_done() { fed - self.reader.offset() } else { 0 };
        self.read = fed - beyond;
        Ok(part.len() - beyond as usize)
    }

    fn event(&mut self, event: Event) -> Result<(), LoadError> {
        match event {
            Event::Aux { name, value } => {
                if name == b"repl-stream-db"[..]
                    && let Some(db) = parse_i64(&value).and_then(|n| u32::try_from(n).ok())
                    && db < self.keyspace.databases()
                {
                    self.stream_db = DbIndex(db);
                }
            }
            Event::SelectDb(db) if db.0 < self.keyspace.databases() => self.db = db,
            Event::SelectDb(db) => return Err(LoadError::Database(db.0)),
            Event::Function(_) => return Err(LoadError::Function),
            Event::Key(entry) => {
                let value = match value_of(entry.value, &self.forms, self.keyspace.hash_key()) {
                    Ok(value) => value,
                    Err(Unfit::Empty) => return Ok(()),
                    Err(Unfit::Type(name)) => return Err(LoadError::Type(name)),
                    Err(Unfit::Damaged(name)) => return Err(LoadError::Damaged(name)),
                };
                let ttl = entry.meta.expire_ms.map_or(Ttl::Clear, Ttl::At);
                if !self.keyspace.set(self.db, &entry.key, value, ttl) {
                    return Err(LoadError::Duplicate);
                }
                let usage = Usage { idle_secs: entry.meta.idle_secs, freq: entry.meta.freq };
                if usage != Usage::default() {
                    self.keyspace.set_usage(self.db, &entry.key, usage);
                }
            }
            Event::ResizeDb { .. } | Event::ModuleAux { .. } | Event::End(_) => {}
        }
        Ok(())
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
        Load::new(None, Keyspace::new(4, HashKey::new([1; 16])).empty_twin(), ReaderOptions::default())
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
                assert_eq!((load.stream_db, load.keyspace.len(DbIndex(2))), (DbIndex(3), 100));
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
            (framed(true, &flipped), |e| matches!(e, LoadError::Rdb(_))),
            (framed(false, &good[..good.len() - 1]), |e| *e == LoadError::Short),
            (framed(false, &[&good[..], b"x"].concat()), |e| *e == LoadError::Long),
            (framed(true, &far.finish()), |e| *e == LoadError::Database(4)),
            (framed(true, &twice.finish()), |e| *e == LoadError::Duplicate),
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

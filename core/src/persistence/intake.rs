//! An RDB taken into a keyspace, as it is read.
//!
//! *Owns*: [`Intake`]: what becomes of each thing that an RDB says. *Does not own*: the format (`rdb`), where the bytes come
//! from, the data set in use.
//! *Invariants*: whatever the bytes are, the outcome is the keys they say or an [`IntakeError`]; nothing is taken in
//! beyond the terms.

use crate::base::ids::DbIndex;
use crate::base::number::parse_i64;
use crate::keyspace::{Keyspace, Ttl, Usage};
use crate::rdb::{Entry, Event, Forms, RdbError, Reader, ReaderOptions, Unfit, value_of};
use alloc::vec::Vec;
use bytes::Bytes;
use core::fmt;

/// Keys that are taken in together, so that their cache misses overlap.
const WINDOW: usize = 16;

/// What is to be done with what is found.
#[derive(Clone, Copy, Debug, Default)]
pub struct Terms {
    /// Limits of the small encodings.
    pub forms: Forms,
    /// How to read.
    pub reading: ReaderOptions,
    /// Function libraries are passed over; otherwise they are an error.
    pub skip_functions: bool,
    /// A key that is there already is replaced; otherwise it is an error.
    pub replace: bool,
    /// Keys whose deadline is earlier than this Unix time in milliseconds are left out.
    pub expired_before: Option<i64>,
    /// Which keys were left out is noted.
    pub note_expired: bool,
}

/// What an RDB said beside its keys.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// The server that wrote it.
    pub writer: Option<Bytes>,
    /// When, in seconds since the epoch.
    pub unix_secs: Option<i64>,
    /// The memory it used then.
    pub used_bytes: Option<i64>,
    /// Its history.
    pub id: Option<[u8; 40]>,
    /// Its place in that.
    pub offset: Option<i64>,
    /// The database selected in the stream there.
    pub stream_db: DbIndex,
    /// Function libraries passed over.
    pub functions: u64,
    /// Data of modules passed over.
    pub modules: u64,
    /// Keys taken in.
    pub keys: u64,
    /// Keys left out because they had expired.
    pub expired: u64,
    /// Those keys, when that is asked for.
    pub expired_keys: Vec<(DbIndex, Bytes)>,
}

/// Why an RDB cannot be taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntakeError {
    /// It is none.
    Rdb(RdbError),
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

impl fmt::Display for IntakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rdb(error) => error.fmt(f),
            Self::Database(db) => write!(f, "key in database {db}, which is not configured"),
            Self::Duplicate => f.write_str("a key came twice"),
            Self::Type(name) => write!(f, "a value of type {name} cannot be held by this version"),
            Self::Damaged(name) => write!(f, "a damaged {name}"),
            Self::Function => f.write_str("a function library cannot be held by this version"),
        }
    }
}

impl From<RdbError> for IntakeError {
    fn from(error: RdbError) -> Self {
        Self::Rdb(error)
    }
}

/// An RDB that is being taken in: [`Intake::feed`] it, then [`Intake::advance`] until it wants more.
#[derive(Clone, Debug)]
pub struct Intake {
    /// What it said so far.
    pub found: Found,
    reader: Reader,
    terms: Terms,
    db: DbIndex,
    /// Keys of that database that were read and are taken in together; empty between two calls.
    window: Vec<Entry>,
}

impl Intake {
    /// At the start of an RDB.
    #[must_use]
    pub fn new(terms: Terms) -> Self {
        let reader = Reader::new(terms.reading);
        Self { found: Found::default(), reader, terms, db: DbIndex(0), window: Vec::new() }
    }

    /// Adds bytes that arrived.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.reader.feed(bytes);
    }

    /// Takes in what was fed, at most `keys` keys of it; whether more of it may be left.
    ///
    /// # Errors
    /// The RDB is bad, or breaks the terms.
    pub fn advance(&mut self, keyspace: &mut Keyspace, keys: u64) -> Result<bool, IntakeError> {
        let until = (self.found.keys + self.found.expired).saturating_add(keys);
        while let Some(event) = self.reader.next_event()? {
            match event {
                Event::Key(entry) => self.window.push(entry),
                other => {
                    self.take_in(keyspace)?;
                    self.event(other, keyspace)?;
                }
            }
            if self.window.len() == WINDOW {
                self.take_in(keyspace)?;
            }
            if self.found.keys + self.found.expired + self.window.len() as u64 >= until {
                self.take_in(keyspace)?;
                return Ok(true);
            }
        }
        self.take_in(keyspace)?;
        Ok(false)
    }

    /// Takes in the keys of the window.
    fn take_in(&mut self, keyspace: &mut Keyspace) -> Result<(), IntakeError> {
        if self.window.is_empty() {
            return Ok(());
        }
        let mut window = core::mem::take(&mut self.window);
        keyspace.touch_window(self.db, window.iter().map(|entry| &entry.key[..]));
        let result = window.drain(..).try_for_each(|entry| self.key(entry, keyspace));
        window.clear();
        self.window = window;
        result
    }

    /// Whether the end was read and holds.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.reader.is_done()
    }

    /// Bytes that are done with.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.reader.offset()
    }

    /// There is no more input.
    ///
    /// # Errors
    /// The end was not read yet.
    pub fn finish(&self) -> Result<(), IntakeError> {
        Ok(self.reader.finish()?)
    }

    fn event(&mut self, event: Event, keyspace: &mut Keyspace) -> Result<(), IntakeError> {
        match event {
            Event::Aux { name, value } => self.fact(&name, value, keyspace),
            Event::SelectDb(db) if db.0 < keyspace.databases() => self.db = db,
            Event::SelectDb(db) => return Err(IntakeError::Database(db.0)),
            Event::Function(_) if self.terms.skip_functions => self.found.functions += 1,
            Event::Function(_) => return Err(IntakeError::Function),
            Event::Key(entry) => self.window.push(entry),
            Event::ModuleAux { .. } => self.found.modules += 1,
            Event::ResizeDb { .. } | Event::End(_) => {}
        }
        Ok(())
    }

    fn fact(&mut self, name: &[u8], value: Bytes, keyspace: &Keyspace) {
        let found = &mut self.found;
        match name {
            b"redis-ver" | b"valkey-ver" => found.writer = Some(value),
            b"ctime" => found.unix_secs = parse_i64(&value),
            b"used-mem" => found.used_bytes = parse_i64(&value),
            b"repl-id" => found.id = value[..].try_into().ok(),
            b"repl-offset" => found.offset = parse_i64(&value).filter(|offset| *offset >= 0),
            b"repl-stream-db" => {
                let db = parse_i64(&value).and_then(|n| u32::try_from(n).ok());
                if let Some(db) = db.filter(|db| *db < keyspace.databases()) {
                    found.stream_db = DbIndex(db);
                }
            }
            _ => {}
        }
    }

    fn key(&mut self, entry: Entry, keyspace: &mut Keyspace) -> Result<(), IntakeError> {
        let Entry { key, meta, value } = entry;
        let value = match value_of(value, &self.terms.forms, keyspace.hash_key()) {
            Ok(value) => value,
            Err(Unfit::Empty) => return Ok(()),
            Err(Unfit::Type(name)) => return Err(IntakeError::Type(name)),
            Err(Unfit::Damaged(name)) => return Err(IntakeError::Damaged(name)),
        };
        if let (Some(at), Some(limit)) = (meta.expire_ms, self.terms.expired_before)
            && at < limit
        {
            self.found.expired += 1;
            if self.terms.note_expired {
                self.found.expired_keys.push((self.db, key));
            }
            return Ok(());
        }
        let ttl = meta.expire_ms.map_or(Ttl::Clear, Ttl::At);
        if !keyspace.set(self.db, &key, value, ttl) && !self.terms.replace {
            return Err(IntakeError::Duplicate);
        }
        let usage = Usage { idle_secs: meta.idle_secs, freq: meta.freq };
        if usage != Usage::default() {
            keyspace.set_usage(self.db, &key, usage);
        }
        self.found.keys += 1;
        Ok(())
    }
}

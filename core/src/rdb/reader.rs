//! A whole RDB, read as it arrives.
//!
//! *Owns*: [`Reader`]: signature, opcodes, attributes of keys, end and checksum. *Does not own*: values (`decode`),
//! policy: expired keys, duplicates, unknown fields and modules are the caller's to judge.
//! *Invariants*: the events do not depend on how the input was cut; at most one incomplete element is buffered beyond
//! what was fed; bytes after the checksum are not touched.

use super::cursor::{Cursor, Step, Stop};
use super::decode::Decoder;
use super::error::{RdbError, Reason};
use super::object::Object;
use super::{Meta, VERSION_MAX, opcode};
use crate::base::crc::crc64;
use crate::base::ids::DbIndex;
use alloc::vec::Vec;
use bytes::Bytes;

/// How to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReaderOptions {
    /// `rdbchecksum`: whether a wrong checksum is an error.
    pub verify: bool,
    /// The longest string that is believed, in bytes.
    pub string_max: u64,
}

impl Default for ReaderOptions {
    fn default() -> Self {
        Self { verify: true, string_max: 4 << 30 }
    }
}

/// Something an RDB says.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A fact about the file. Unknown names are to be ignored.
    Aux {
        /// Its name.
        name: Bytes,
        /// Its value; numbers are decimal text.
        value: Bytes,
    },
    /// The keys that follow belong to this database.
    SelectDb(DbIndex),
    /// A hint on the size of the database; not to be believed.
    ResizeDb {
        /// Keys.
        keys: u64,
        /// Keys with an expiry.
        expires: u64,
    },
    /// The source of a function library.
    Function(Bytes),
    /// Data of a module, skipped.
    ModuleAux {
        /// The module's type and version, packed.
        id: u64,
    },
    /// A key.
    Key(Entry),
    /// The end. What was fed beyond it is [`Reader::into_rest`].
    End(Checksum),
}

/// A key with its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The key.
    pub key: Bytes,
    /// Expiry and access record.
    pub meta: Meta,
    /// The value.
    pub value: Object,
}

/// What became of the checksum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checksum {
    /// The version has none.
    Absent,
    /// The writer left it out.
    Disabled,
    /// It was not asked for.
    Ignored,
    /// It matched.
    Matched,
}

/// An RDB that is being read: [`Reader::feed`] it, then ask for events until there is none.
#[derive(Clone, Debug)]
pub struct Reader {
    buffer: Vec<u8>,
    /// Bytes of the buffer that are done with.
    used: usize,
    /// Bytes of the buffer that are in `crc`.
    summed: usize,
    /// Bytes of the input that left the buffer.
    gone: u64,
    crc: u64,
    options: ReaderOptions,
    parser: Parser,
    failed: Option<RdbError>,
}

/// What is known of the input so far.
#[derive(Clone, Debug)]
struct Parser {
    version: u16,
    meta: Meta,
    state: State,
}

#[derive(Clone, Debug)]
enum State {
    Magic,
    Opcode,
    Key { type_id: u8 },
    Value { key: Bytes, decoder: Decoder },
    ModuleAux { id: u64 },
    Checksum,
    Done,
}

impl Default for Reader {
    fn default() -> Self {
        Self::new(ReaderOptions::default())
    }
}

impl Reader {
    /// At the start of an RDB.
    #[must_use]
    pub fn new(options: ReaderOptions) -> Self {
        Self {
            buffer: Vec::new(),
            used: 0,
            summed: 0,
            gone: 0,
            crc: 0,
            options,
            parser: Parser { version: 0, meta: Meta::default(), state: State::Magic },
            failed: None,
        }
    }

    /// Adds bytes that arrived.
    pub fn feed(&mut self, bytes: &[u8]) {
        if self.used > 0 {
            self.sum();
            self.buffer.drain(..self.used);
            self.gone += self.used as u64;
            (self.used, self.summed) = (0, 0);
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// The next event in what was fed; `None` when more bytes are needed, and after the end.
    ///
    /// # Errors
    /// The input is no RDB; every later call says the same.
    pub fn next_event(&mut self) -> Result<Option<Event>, RdbError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        if matches!(self.parser.state, State::Done) {
            return Ok(None);
        }
        if matches!(self.parser.state, State::Checksum) {
            return self.end();
        }
        let mut cursor = Cursor::new(&self.buffer[self.used..], self.options.string_max);
        let outcome = self.parser.advance(&mut cursor);
        self.used += cursor.committed();
        match outcome {
            Ok(Some(event)) => Ok(Some(event)),
            Ok(None) => self.end(),
            Err(Stop::More) => Ok(None),
            Err(Stop::Bad(reason)) => self.fail(reason),
        }
    }

    /// Everything that what was fed says, in one list.
    ///
    /// # Errors
    /// As [`Reader::next_event`]; events before the error are lost.
    pub fn drain(&mut self) -> Result<Vec<Event>, RdbError> {
        core::iter::from_fn(|| self.next_event().transpose()).collect()
    }

    /// Whether the end was read.
    #[must_use]
    pub fn is_done(&self) -> bool {
        matches!(self.parser.state, State::Done)
    }

    /// The format version; 0 until it was read.
    #[must_use]
    pub fn version(&self) -> u16 {
        self.parser.version
    }

    /// Bytes of the input that need not be read again: for progress reports.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.gone + self.used as u64
    }

    /// There is no more input.
    ///
    /// # Errors
    /// The end was not read yet, or the input was bad before.
    pub fn finish(&self) -> Result<(), RdbError> {
        match self.failed {
            Some(error) => Err(error),
            None if self.is_done() => Ok(()),
            None => Err(RdbError { offset: self.gone + self.buffer.len() as u64, reason: Reason::Truncated }),
        }
    }

    /// What was fed beyond the end: the commands after the preamble of an append-only file.
    #[must_use]
    pub fn into_rest(mut self) -> Vec<u8> {
        self.buffer.split_off(self.used)
    }

    fn end(&mut self) -> Result<Option<Event>, RdbError> {
        self.sum();
        if self.parser.version < 5 {
            self.parser.state = State::Done;
            return Ok(Some(Event::End(Checksum::Absent)));
        }
        let Some(&stored) = self.buffer[self.used..].first_chunk() else { return Ok(None) };
        let outcome = match u64::from_le_bytes(stored) {
            0 => Checksum::Disabled,
            _ if !self.options.verify => Checksum::Ignored,
            stored if stored == self.crc => Checksum::Matched,
            _ => return self.fail(Reason::WrongChecksum),
        };
        self.used += stored.len();
        self.summed = self.used;
        self.parser.state = State::Done;
        Ok(Some(Event::End(outcome)))
    }

    /// Brings the checksum up to what was used.
    fn sum(&mut self) {
        if self.options.verify && !self.is_done() {
            self.crc = crc64(self.crc, &self.buffer[self.summed..self.used]);
        }
        self.summed = self.used;
    }

    fn fail(&mut self, reason: Reason) -> Result<Option<Event>, RdbError> {
        let error = RdbError { offset: self.offset(), reason };
        self.failed = Some(error);
        Err(error)
    }
}

impl Parser {
    /// The next event; `None` at the end mark.
    fn advance(&mut self, from: &mut Cursor<'_>) -> Step<Option<Event>> {
        loop {
            let event = match &mut self.state {
                State::Magic => {
                    self.version = magic(from)?;
                    self.state = State::Opcode;
                    None
                }
                State::Opcode => self.opcode(from)?,
                State::Key { type_id } => {
                    let decoder = Decoder::new(*type_id)?;
                    self.state = State::Value { key: from.string()?, decoder };
                    None
                }
                State::Value { key, decoder } => {
                    let value = decoder.advance(from)?;
                    let entry =
                        Entry { key: core::mem::take(key), meta: core::mem::take(&mut self.meta), value };
                    self.state = State::Opcode;
                    Some(Event::Key(entry))
                }
                State::ModuleAux { id } => {
                    let id = *id;
                    if from.module_element()? {
                        None
                    } else {
                        self.state = State::Opcode;
                        Some(Event::ModuleAux { id })
                    }
                }
                State::Checksum | State::Done => return Ok(None),
            };
            from.commit();
            if event.is_some() {
                return Ok(event);
            }
        }
    }

    /// An opcode with what belongs to it, or the type of a key. Nothing is changed before all of it was read.
    fn opcode(&mut self, from: &mut Cursor<'_>) -> Step<Option<Event>> {
        Ok(Some(match from.u8()? {
            opcode::EOF => {
                self.state = State::Checksum;
                return Ok(None);
            }
            opcode::SELECT_DB => {
                let db = u32::try_from(from.len()?).map_err(|_| Reason::BadLength)?;
                Event::SelectDb(DbIndex(db))
            }
            opcode::RESIZE_DB => Event::ResizeDb { keys: from.len()?, expires: from.len()? },
            opcode::AUX => Event::Aux { name: from.string()?, value: from.string()? },
            opcode::FUNCTION => Event::Function(from.string()?),
            opcode::MODULE_AUX => {
                let id = from.len()?;
                // The phase it belongs to, as an unsigned number.
                if from.len()? != 2 {
                    return Err(Reason::BadModule.into());
                }
                from.len()?;
                self.state = State::ModuleAux { id };
                return Ok(None);
            }
            other => {
                self.attribute_or_type(other, from)?;
                return Ok(None);
            }
        }))
    }

    fn attribute_or_type(&mut self, byte: u8, from: &mut Cursor<'_>) -> Step<()> {
        match byte {
            opcode::EXPIRE_SECS => {
                let secs = from.array().map(i32::from_le_bytes)?;
                self.meta.expire_ms = Some(i64::from(secs) * 1000);
            }
            opcode::EXPIRE_MS => self.meta.expire_ms = Some(from.i64_le()?),
            opcode::FREQ => self.meta.freq = Some(from.u8()?),
            opcode::IDLE => self.meta.idle_secs = Some(from.len()?),
            type_id => {
                // An unknown one is reported where it stands, not after the key that would follow.
                Decoder::new(type_id)?;
                self.state = State::Key { type_id };
            }
        }
        Ok(())
    }
}

fn magic(from: &mut Cursor<'_>) -> Step<u16> {
    let header = from.array::<9>()?;
    let (name, digits) = header.split_at(5);
    if name != b"REDIS" || !digits.iter().all(u8::is_ascii_digit) {
        return Err(Reason::BadMagic.into());
    }
    match digits.iter().fold(0, |n, b| n * 10 + u16::from(b - b'0')) {
        version @ 1..=VERSION_MAX => Ok(version),
        version => Err(Reason::UnsupportedVersion(version).into()),
    }
}

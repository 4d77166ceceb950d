//! A whole RDB, written in pieces.
//!
//! *Owns*: [`Writer`]: header, fields, keys, end and checksum. *Does not own*: the order of databases and keys, how
//! much to write at a time, where the bytes go.
//! *Invariants*: every byte taken was summed exactly once, in order.

use super::encode::Encoder;
use super::object::Object;
use super::{Meta, VERSION, opcode, type_id};
use crate::base::crc::crc64;
use crate::base::ids::DbIndex;
use crate::base::number::IntText;
use alloc::vec::Vec;

/// How to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WriterOptions {
    /// The format version, 5 to 11. The types written must exist in it.
    pub version: u16,
    /// `rdbcompression`.
    pub compress: bool,
    /// `rdbchecksum`; without it the checksum is zero.
    pub checksum: bool,
}

impl Default for WriterOptions {
    fn default() -> Self {
        Self { version: VERSION, compress: true, checksum: true }
    }
}

/// An RDB under construction: call its methods in the order of the file, and [`Writer::take`] as often as you like.
#[derive(Clone, Debug)]
pub struct Writer {
    encoder: Encoder,
    version: u16,
    checksum: bool,
    crc: u64,
    taken: u64,
    /// Keys come without name and attributes: the payload of DUMP.
    bare: bool,
}

impl Writer {
    /// Starts with the signature.
    #[must_use]
    pub fn new(options: WriterOptions) -> Self {
        let mut encoder = Encoder::new(options.compress);
        encoder.raw(b"REDIS");
        // Four digits; the fifth, in front, holds the zeros in place.
        encoder.raw(&IntText::new().u64(10_000 + u64::from(options.version))[1..]);
        Self { encoder, version: options.version, checksum: options.checksum, crc: 0, taken: 0, bare: false }
    }

    /// For one value by itself, without signature, names and attributes. End it with [`Writer::seal`].
    #[must_use]
    pub fn bare(options: WriterOptions) -> Self {
        let encoder = Encoder::new(options.compress);
        Self { encoder, version: options.version, checksum: true, crc: 0, taken: 0, bare: true }
    }

    /// Ends the payload of DUMP: what was written, the version, the checksum.
    #[must_use]
    pub fn seal(self) -> Vec<u8> {
        let mut payload = self.encoder.out;
        payload.extend_from_slice(&self.version.to_le_bytes());
        let crc = crc64(0, &payload);
        payload.extend_from_slice(&crc.to_le_bytes());
        payload
    }

    /// The format version written.
    #[must_use]
    pub fn version(&self) -> u16 {
        self.version
    }

    /// A named fact about the file.
    pub fn aux(&mut self, name: &[u8], value: &[u8]) {
        self.encoder.raw(&[opcode::AUX]);
        self.encoder.string(name);
        self.encoder.string(value);
    }

    /// A named number about the file.
    pub fn aux_int(&mut self, name: &[u8], value: i64) {
        self.aux(name, IntText::new().i64(value));
    }

    /// The source of a function library; before the first database.
    pub fn function(&mut self, source: &[u8]) {
        self.encoder.raw(&[opcode::FUNCTION]);
        self.encoder.string(source);
    }

    /// The keys that follow belong to this database.
    pub fn select_db(&mut self, db: DbIndex) {
        self.encoder.raw(&[opcode::SELECT_DB]);
        self.encoder.len(u64::from(db.0));
    }

    /// How many keys follow, and how many of them expire: a hint.
    pub fn resize_db(&mut self, keys: u64, expires: u64) {
        self.encoder.raw(&[opcode::RESIZE_DB]);
        self.encoder.len(keys);
        self.encoder.len(expires);
    }

    /// A key, up to its value, which must follow through the encoder that this lends, and match `type_id`.
    pub fn begin_key(&mut self, type_id: u8, key: &[u8], meta: &Meta) -> &mut Encoder {
        let to = &mut self.encoder;
        if self.bare {
            to.raw(&[type_id]);
            return to;
        }
        if let Some(ms) = meta.expire_ms {
            to.raw(&[opcode::EXPIRE_MS]);
            to.raw(&ms.to_le_bytes());
        }
        if let Some(secs) = meta.idle_secs {
            to.raw(&[opcode::IDLE]);
            to.len(secs);
        }
        if let Some(freq) = meta.freq {
            to.raw(&[opcode::FREQ, freq]);
        }
        to.raw(&[type_id]);
        to.string(key);
        to
    }

    /// The encoder, to go on with a value whose beginning was taken already.
    pub fn value(&mut self) -> &mut Encoder {
        &mut self.encoder
    }

    /// A key with a string.
    pub fn string_key(&mut self, key: &[u8], meta: &Meta, value: &[u8]) {
        self.begin_key(type_id::STRING, key, meta).string(value);
    }

    /// A key with any value.
    pub fn object_key(&mut self, key: &[u8], meta: &Meta, value: &Object) {
        self.begin_key(value.type_id(), key, meta).object(value);
    }

    /// Bytes that wait to be taken.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.encoder.out.len()
    }

    /// Bytes written so far, taken or not.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.taken + self.pending() as u64
    }

    /// Takes what was written since the last time.
    pub fn take(&mut self) -> Vec<u8> {
        if self.checksum {
            self.crc = crc64(self.crc, &self.encoder.out);
        }
        self.taken += self.encoder.out.len() as u64;
        core::mem::take(&mut self.encoder.out)
    }

    /// Ends the file: what was not taken yet, with the end mark and the checksum.
    #[must_use]
    pub fn finish(mut self) -> Vec<u8> {
        self.encoder.raw(&[opcode::EOF]);
        let mut rest = self.take();
        rest.extend_from_slice(&self.crc.to_le_bytes());
        rest
    }
}

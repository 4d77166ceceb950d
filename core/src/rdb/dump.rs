//! The payload of DUMP and RESTORE: one value with a footer.
//!
//! *Owns*: [`dump_value`], [`seal_dump`] and [`open_dump`]. *Does not own*: the reply texts of RESTORE.
//! *Invariants*: what `dump_value` or `seal_dump` made, `open_dump` opens.

use super::cursor::{Cursor, Stop};
use super::decode::Decoder;
use super::encode::Encoder;
use super::error::{RdbError, Reason};
use super::object::Object;
use super::reader::ReaderOptions;
use super::{Meta, VERSION, VERSION_MAX, Writer, WriterOptions, write_key};
use crate::base::crc::crc64;
use crate::value::Value;
use alloc::vec::Vec;

const FOOTER: usize = 10;

/// The payload of a value of the keyspace, in the format version given.
#[must_use]
pub fn dump_value(value: &Value, version: u16, compress: bool) -> Vec<u8> {
    let mut writer = Writer::bare(WriterOptions { version, compress, checksum: true });
    write_key(&mut writer, b"", &Meta::default(), value);
    writer.seal()
}

/// The payload of a value as RDB knows it.
#[must_use]
pub fn seal_dump(value: &Object, compress: bool) -> Vec<u8> {
    let mut encoder = Encoder::new(compress);
    encoder.raw(&[value.type_id()]);
    encoder.object(value);
    let version = if value.type_id() > super::type_id::STREAM_2 { VERSION_MAX } else { VERSION };
    let mut out = encoder.into_bytes();
    out.extend_from_slice(&version.to_le_bytes());
    let crc = crc64(0, &out);
    out.extend_from_slice(&crc.to_le_bytes());
    out
}

/// The value in a payload.
///
/// # Errors
/// [`Reason::BadFooter`] when length, version or checksum are wrong; any other reason when the value is.
pub fn open_dump(payload: &[u8]) -> Result<Object, RdbError> {
    let fail = |offset: usize, reason| Err(RdbError { offset: offset as u64, reason });
    let Some((summed, &crc)) = payload.split_last_chunk::<8>() else { return fail(0, Reason::BadFooter) };
    let Some((body, &version)) = summed.split_last_chunk::<2>() else { return fail(0, Reason::BadFooter) };
    // Unlike in files, a zero does not mean that there is none.
    if u16::from_le_bytes(version) > VERSION_MAX || u64::from_le_bytes(crc) != crc64(0, summed) {
        return fail(payload.len() - FOOTER, Reason::BadFooter);
    }
    let [type_id, value @ ..] = body else { return fail(0, Reason::Truncated) };
    let mut decoder = Decoder::new(*type_id).map_err(|reason| RdbError { offset: 0, reason })?;
    let mut cursor = Cursor::new(value, ReaderOptions::default().string_max);
    match decoder.advance(&mut cursor) {
        Ok(object) => {
            cursor.commit();
            let used = cursor.committed();
            if used == value.len() { Ok(object) } else { fail(used + 1, Reason::TrailingBytes) }
        }
        Err(Stop::More) => fail(body.len(), Reason::Truncated),
        Err(Stop::Bad(reason)) => fail(cursor.committed() + 1, reason),
    }
}

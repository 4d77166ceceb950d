//! What can be wrong with an RDB.
//!
//! *Owns*: [`RdbError`]: where, and a [`Reason`] fit for a log line.

use core::fmt;

/// Bytes that are no RDB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RdbError {
    /// Where, in bytes from the start of the input: the first byte of the element that does not hold.
    pub offset: u64,
    /// What.
    pub reason: Reason,
}

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The file does not start as an RDB does.
    BadMagic,
    /// A version that this reader does not know.
    UnsupportedVersion(u16),
    /// Neither an opcode nor a type that this reader knows.
    UnknownType(u8),
    /// A length has a form that does not exist, or a value that cannot be.
    BadLength,
    /// A string is longer than the limit.
    TooLong(u64),
    /// A compressed string does not unpack.
    BadCompression,
    /// A score is no number.
    BadScore,
    /// A module's value breaks its framing.
    BadModule,
    /// A stream names something that it does not hold.
    BadStream,
    /// A ziplist, listpack, intset or zipmap is damaged.
    BadBlob,
    /// A payload of DUMP is too short, from a newer version, or has another checksum.
    BadFooter,
    /// Bytes follow where the end must be.
    TrailingBytes,
    /// The input ended too early.
    Truncated,
    /// The checksum at the end is another.
    WrongChecksum,
}

impl fmt::Display for RdbError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.reason, self.offset)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BadMagic => "wrong signature",
            Self::UnsupportedVersion(version) => return write!(f, "unsupported format version {version}"),
            Self::UnknownType(id) => return write!(f, "unknown opcode or type {id}"),
            Self::BadLength => "impossible length",
            Self::TooLong(len) => return write!(f, "string of {len} bytes is over the limit"),
            Self::BadCompression => "damaged compressed string",
            Self::BadScore => "score is not a number",
            Self::BadModule => "damaged module value",
            Self::BadStream => "damaged stream",
            Self::BadBlob => "damaged container",
            Self::BadFooter => "wrong version or checksum of a payload",
            Self::TrailingBytes => "bytes after the end",
            Self::Truncated => "input ends too early",
            Self::WrongChecksum => "wrong checksum",
        })
    }
}

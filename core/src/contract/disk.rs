//! Disk requests and their completions.
//!
//! Paths are relative to the data directory (`dir`) unless absolute. Requests on one file complete in issue order.

use crate::base::ids::FileId;
use alloc::boxed::Box;
use alloc::vec::Vec;
use bytes::Bytes;

/// One request to the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DiskRequest {
    /// Open a file under an id of the core's choosing.
    Open {
        /// The id it has from now on.
        file: FileId,
        /// Its path.
        path: Box<str>,
        /// How.
        mode: OpenMode,
    },
    /// Add bytes at the end; a short write is completed by the driver or reported as a failure.
    Append {
        /// An open file.
        file: FileId,
        /// What to add.
        bytes: Bytes,
    },
    /// Make everything appended so far survive a crash (fdatasync).
    Sync {
        /// An open file.
        file: FileId,
    },
    /// Cut the file to `len` bytes.
    Truncate {
        /// An open file.
        file: FileId,
        /// Its new length in bytes.
        len: u64,
    },
    /// Close; the id is free for no other use.
    Close {
        /// An open file.
        file: FileId,
    },
    /// Read up to `len` bytes from `offset`; fewer only at the end of the file.
    Read {
        /// Path of the file.
        path: Box<str>,
        /// First byte.
        offset: u64,
        /// At most this many bytes.
        len: u32,
    },
    /// The length of a file in bytes.
    Size {
        /// Its path.
        path: Box<str>,
    },
    /// Rename, replacing the target in one step.
    Rename {
        /// Old path.
        from: Box<str>,
        /// New path.
        to: Box<str>,
    },
    /// Remove a file.
    Remove {
        /// Its path.
        path: Box<str>,
    },
    /// Create a directory if it is missing.
    MakeDir {
        /// Its path.
        path: Box<str>,
    },
    /// Make the names in a directory survive a crash (fsync of the directory).
    SyncDir {
        /// Its path.
        path: Box<str>,
    },
    /// The names in a directory, sorted.
    List {
        /// Its path.
        path: Box<str>,
    },
}

/// How a file is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenMode {
    /// Create it empty, or cut it to nothing.
    Create,
    /// Append to it, creating it when missing.
    Append,
}

/// What came of a request.
pub type DiskResult = Result<DiskDone, DiskError>;

/// A request that succeeded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DiskDone {
    /// Nothing to tell.
    Ok,
    /// What `Read` found.
    Data(Bytes),
    /// What `Size` found.
    Size(u64),
    /// What `List` found.
    Names(Vec<Box<str>>),
}

/// A request that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiskError {
    /// What the core decides by.
    pub kind: DiskErrorKind,
    /// The operating system's text, for the log.
    pub text: Box<str>,
}

/// The failures that the core tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiskErrorKind {
    /// ENOENT.
    NotFound,
    /// ENOSPC or EDQUOT.
    NoSpace,
    /// EACCES, EPERM, EROFS.
    Denied,
    /// Anything else, EIO among it.
    Io,
}

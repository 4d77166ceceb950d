//! The operating system's words for a failure.
//!
//! *Owns*: the text form of an `io::Error`. *Does not own*: what is done about it.
//! *Invariant*: the text is what `strerror` says, as Redis's users know it from their logs, without Rust's
//! `(os error N)` behind it.

use norn_core::contract::{DiskError, DiskErrorKind};
use std::io;

/// `strerror` of the error, or its own text when it has no number.
#[must_use]
pub fn os_text(error: &io::Error) -> String {
    let full = error.to_string();
    if let Some(cut) = full.rfind(" (os error ") {
        return full[..cut].to_owned();
    }
    // Name resolution has no errno; std puts its own words before those of the resolver.
    match full.strip_prefix("failed to lookup address information: ") {
        Some(reason) => reason.to_owned(),
        None => full,
    }
}

/// The error as the core knows it.
#[must_use]
pub fn disk_error(error: &io::Error) -> DiskError {
    let kind = match error.kind() {
        io::ErrorKind::NotFound => DiskErrorKind::NotFound,
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => DiskErrorKind::NoSpace,
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => DiskErrorKind::Denied,
        _ => DiskErrorKind::Io,
    };
    DiskError { kind, text: os_text(error).into() }
}

#[cfg(test)]
mod tests {
    use super::{disk_error, os_text};
    use norn_core::contract::DiskErrorKind;
    use std::io;

    #[test]
    fn the_text_is_that_of_strerror() {
        assert_eq!(os_text(&io::Error::from_raw_os_error(111)), "Connection refused");
        assert_eq!(os_text(&io::Error::other("file is not open")), "file is not open");
        let lookup = io::Error::other("failed to lookup address information: Name or service not known");
        assert_eq!(os_text(&lookup), "Name or service not known");
    }

    #[test]
    fn every_kind_is_told_apart() {
        let kind = |errno| disk_error(&io::Error::from_raw_os_error(errno)).kind;
        assert_eq!(kind(2), DiskErrorKind::NotFound);
        assert_eq!(kind(28), DiskErrorKind::NoSpace);
        assert_eq!(kind(122), DiskErrorKind::NoSpace);
        assert_eq!(kind(13), DiskErrorKind::Denied);
        assert_eq!(kind(1), DiskErrorKind::Denied);
        assert_eq!(kind(30), DiskErrorKind::Denied);
        assert_eq!(kind(5), DiskErrorKind::Io);
    }
}

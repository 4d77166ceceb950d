//! F2: a full synchronisation is sent only to those whose place in the history the master does not keep.

use super::Violation;
use crate::view::{KeptStream, View};

/// A replica that stood like `last` is sent a snapshot of this place by a master that looks like `master` and keeps
/// that much of its stream.
pub(super) fn check(
    s: u8,
    last: &View,
    (id, offset): (&[u8; 40], i64),
    master: &View,
    kept: &KeptStream,
) -> Result<(), Violation> {
    // Its own name or an older one says nothing of what it knew when it decided.
    // One that is a replica itself may have been behind when it was asked: the snapshot is taken later.
    if !last.streaming || last.offset == 0 || master.id != *id || master.streaming {
        return Ok(());
    }
    let known = last.id == master.id || (last.id == master.id2 && last.offset < master.second_offset);
    if known && kept.start <= last.offset && last.offset <= offset {
        let reason = format!(
            "n{s} stood at {} and is sent a snapshot of {offset}, although the stream is kept from {} on",
            last.offset, kept.start
        );
        return Err(Violation::new("F2", reason));
    }
    Ok(())
}

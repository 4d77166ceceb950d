//! A1: replicas of one history are given the same command at the same offset. A2: the same data stands at the same
//! (replication id, offset) on every node. A3: a replica's offset counts the bytes of the stream it applied and never goes
//! back within a history. A4: a replica that is let continue stands in the
//! history of its new master, and holds exactly the data that was there at that offset.
//! A6: the same database is selected in the stream at the same (id, offset). A7: a snapshot sent for an offset holds
//! the data of that offset.

use super::{Memory, Violation};
use crate::record::Record;
use crate::record::follower::Follower;
use crate::view::View;

/// A1.
pub(super) fn same_command(record: &mut Record, s: u8, follower: &Follower) -> Result<(), Violation> {
    match record.command(&follower.id, follower.offset, s, follower.hash) {
        None => Ok(()),
        Some(first) => Err(Violation::new(
            "A1",
            format!(
                "at {}:{} n{s} was given `{}`, n{} something else",
                short(&follower.id),
                follower.offset,
                follower.args.text(),
                first.by
            ),
        )),
    }
}

/// A2.
pub(super) fn same_state(record: &mut Record, s: u8, view: &View) -> Result<(), Violation> {
    if view.loading || !view.streaming {
        return Ok(());
    }
    match record.digest(&view.id, view.offset, s, view.digest) {
        None => Ok(()),
        Some(first) => Err(Violation::new(
            "A2",
            format!("at {}:{} n{s} holds other data than n{} did", short(&view.id), view.offset, first.by),
        )),
    }
}

/// Whether the last command of the stream runs in the database selected: after a snapshot a SELECT comes before the first
/// of them, and until then whoever has just loaded it may have another one selected than its siblings.
pub(super) fn works_in_a_database(follower: &Follower) -> bool {
    let exempt: [&[u8]; 4] = [b"PING", b"REPLCONF", b"SELECT", b"MULTI"];
    !exempt.iter().any(|e| follower.args.at(0).eq_ignore_ascii_case(e))
}

/// A6.
pub(super) fn same_database(record: &mut Record, s: u8, view: &View) -> Result<(), Violation> {
    let Some(db) = view.selected.filter(|_| view.streaming && !view.loading) else { return Ok(()) };
    match record.selected(&view.id, view.offset, s, db) {
        None => Ok(()),
        Some(first) => Err(Violation::new(
            "A6",
            format!(
                "at {}:{} n{s} has database {db} selected, n{} had {}",
                short(&view.id),
                view.offset,
                first.by,
                first.what
            ),
        )),
    }
}

/// A7: called when a replica has taken over the data set that a full synchronisation brought.
pub(super) fn snapshot_is_of_its_offset(record: &mut Record, s: u8, view: &View) -> Result<(), Violation> {
    match record.digest_at(&view.id, view.offset) {
        Some(first) if first.what != view.digest => {
            let at = format!("{}:{}", short(&view.id), view.offset);
            let reason =
                format!("n{s} was sent a snapshot of {at} with other data than n{} had there", first.by);
            Err(Violation::new("A7", reason))
        }
        _ => Ok(()),
    }
}

/// A3, the second half.
pub(super) fn moves_forward(s: u8, memory: &Memory, view: &View) -> Result<(), Violation> {
    let Some(last) = memory.last else { return Ok(()) };
    let same = last.id == view.id && last.streaming && view.streaming && !view.loading && !last.loading;
    if same && view.offset < last.offset {
        let (from, to) = (last.offset, view.offset);
        return Err(Violation::new("A3", format!("the offset of n{s} went back from {from} to {to}")));
    }
    Ok(())
}

/// A3, the first half.
pub(super) fn counts_bytes(s: u8, view: &View, follower: &Follower) -> Result<(), Violation> {
    if view.loading || !view.is_replica || view.id != follower.id {
        return Ok(());
    }
    let has = view.offset;
    match follower.block {
        None if has != follower.offset => {
            let given = follower.offset;
            Err(Violation::new("A3", format!("n{s} was given the stream up to {given} and reports {has}")))
        }
        Some(begin) if has != begin => Err(Violation::new(
            "A9",
            format!("n{s} stands at {has}, in the middle of the MULTI block that begins at {begin}"),
        )),
        _ => Ok(()),
    }
}

/// A4.
pub(super) fn rightly_continued(
    record: &mut Record,
    s: u8,
    memory: &Memory,
    view: &View,
) -> Result<(), Violation> {
    if let Some(last) = memory.last.filter(|last| last.streaming)
        && !record.holds(&view.id, &last.id, last.offset)
    {
        let (old, new) = (short(&last.id), short(&view.id));
        let reason =
            format!("n{s} at {old}:{} was let continue as {new}, which never held that", last.offset);
        return Err(Violation::new("A4", reason));
    }
    match record.digest_at(&view.id, view.offset) {
        Some(first) if first.what != view.digest => Err(Violation::new(
            "A4",
            format!(
                "n{s} was let continue at {}:{} although n{} had other data there",
                short(&view.id),
                view.offset,
                first.by
            ),
        )),
        _ => Ok(()),
    }
}

/// The first digits of a replication id.
fn short(id: &[u8; 40]) -> String {
    String::from_utf8_lossy(&id[..8]).into_owned()
}

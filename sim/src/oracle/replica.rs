//! A9: a replica shows nothing of a MULTI block before its EXEC, and no boundary that its master never stood at. A10: a replica's keys change only by its stream.

use super::{Memory, Violation};
use crate::record::Record;
use crate::record::follower::Follower;
use crate::view::View;

/// A9: called at each command of the stream.
pub(super) fn applies_blocks_whole(
    s: u8,
    memory: &mut Memory,
    view: &View,
    follower: &Follower,
) -> Result<(), Violation> {
    if view.loading || !view.is_replica {
        memory.at_multi = None;
        return Ok(());
    }
    if follower.block.is_none() {
        memory.at_multi = None;
        return Ok(());
    }
    match memory.at_multi {
        None => memory.at_multi = Some(view.digest),
        Some(before) if before == view.digest => {}
        _ => {
            return Err(Violation::new(
                "A9",
                format!("n{s} shows `{}` before its EXEC", follower.args.text()),
            ));
        }
    }
    Ok(())
}

/// A9, where every command of the master was looked at: outside of blocks each command of the stream ends where the
/// master stood after a command of a client. What a node sends by itself (deletions of expired keys, pings) is exempt.
pub(super) fn stands_where_its_master_stood(
    record: &mut Record,
    s: u8,
    view: &View,
    follower: &Follower,
) -> Result<(), Violation> {
    let exempt: [&[u8]; 6] = [b"DEL", b"UNLINK", b"PING", b"REPLCONF", b"SELECT", b"MULTI"];
    let name = follower.args.at(0);
    if view.loading || follower.block.is_some() || exempt.iter().any(|e| name.eq_ignore_ascii_case(e)) {
        return Ok(());
    }
    // After a promotion the last part of the old history may be sent under the new name.
    let known = [follower.id, view.id2].iter().any(|id| record.stood_at(id, follower.offset));
    if !known {
        let (at, text) = (follower.offset, follower.args.text());
        return Err(Violation::new(
            "A9",
            format!("n{s} stands at {at} after `{text}`, its master never did"),
        ));
    }
    Ok(())
}

/// A10: called when the node was given anything but its master's stream.
pub(super) fn keeps_still(s: u8, memory: &Memory, view: &View) -> Result<(), Violation> {
    let Some(last) = memory.last else { return Ok(()) };
    let settled = !last.loading && !view.loading && last.is_replica && view.is_replica;
    if settled && last.digest != view.digest && last.offset == view.offset && last.id == view.id {
        let (from, to) = (last.keys, view.keys);
        return Err(Violation::new(
            "A10",
            format!("the data of n{s}, a replica, changed by itself ({from} keys, then {to})"),
        ));
    }
    Ok(())
}

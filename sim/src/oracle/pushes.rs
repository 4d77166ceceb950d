//! D7: messages of a channel come in the order in which they were published, once, only between the confirmations of
//! the subscription and of its end, and none is missing while the connection lives.

use super::{Violation, notifications};
use crate::client::reply::Reply;
use crate::client::{Client, Role};
use std::collections::BTreeSet;

/// Whether this is a message rather than the reply to a command.
pub(super) fn is_message(client: &Client, reply: &Reply) -> bool {
    let (Reply::Push(all) | Reply::Array(all)) = reply else { return false };
    let pushed = matches!(reply, Reply::Push(_)) || client.role == Role::Subscriber;
    let word = all.first();
    let named = |name: &[u8]| matches!(word, Some(Reply::Bulk(b)) if b == name);
    pushed && (named(b"message") || named(b"pmessage"))
}

/// A message came.
pub(super) fn message(c: u8, client: &mut Client, reply: &Reply) -> Result<(), Violation> {
    let (Reply::Push(all) | Reply::Array(all)) = reply else { return Ok(()) };
    // A pattern stands in the place of the channel.
    if let Some(Reply::Bulk(channel)) = all.get(1)
        && !client.confirmed.contains(channel)
    {
        return Err(Violation::new(
            "D7",
            format!("c{c} received {reply} of a channel it does not listen to"),
        ));
    }
    if !client.due_known {
        return Ok(());
    }
    let oracle = |due: &Reply| if notifications::is_one(due) { "D9" } else { "D7" };
    match client.due.pop_front() {
        Some(due) if due == *reply => Ok(()),
        Some(due) => Err(Violation::new(oracle(&due), format!("c{c} received {reply} where {due} was due"))),
        None => Err(Violation::new(oracle(reply), format!("c{c} received {reply} which was not due"))),
    }
}

/// A confirmation came.
pub(super) fn confirmation(
    c: u8,
    confirmed: &mut BTreeSet<Vec<u8>>,
    wanted: &(&'static str, Vec<u8>, i64),
    reply: &Reply,
) -> Result<(), Violation> {
    let (word, channel, count) = wanted;
    let expected = [Reply::Bulk(word.as_bytes().to_vec()), Reply::Bulk(channel.clone()), Reply::Int(*count)];
    match reply {
        Reply::Push(all) | Reply::Array(all) if *all == expected => {}
        _ => {
            let text = crate::trace::readable(channel, 40);
            return Err(Violation::new(
                "D7",
                format!("c{c} received {reply} where {word} {text} {count} was due"),
            ));
        }
    }
    if word.starts_with("un") || word.starts_with("pun") {
        confirmed.remove(channel);
    } else {
        confirmed.insert(channel.clone());
    }
    Ok(())
}

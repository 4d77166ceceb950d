//! D1: exactly one reply for each command, in order, on the connection that sent it.

use super::{Violation, pushes, queues, replies};
use crate::client::Client;
use crate::client::reply::Reply;
use crate::model::Expect;
use crate::world::Figures;

/// A reply that is no message came; whether it answers a command in full.
pub(super) fn reply(c: u8, client: &mut Client, reply: &Reply, f: &mut Figures) -> Result<bool, Violation> {
    let Some(sent) = client.waiting.front_mut() else {
        return Err(Violation::new("D1", format!("c{c} heard {reply} without having asked")));
    };
    let Some(expect) = client.expected.front() else {
        let text = &sent.text;
        // Who waits for keys is heard of when it is served.
        let oracle = if queues::may_wait(text) { "D4" } else { "D1" };
        return Err(Violation::new(
            oracle,
            format!("c{c} heard {reply} before an answer to `{text}` was due"),
        ));
    };
    client.heard += 1;
    if let Expect::Confirm(all) = expect {
        if matches!(reply, Reply::Error(_)) {
            return Err(Violation::new("D3", format!("c{c}: `{}` was answered {reply}", sent.text)));
        }
        let wanted = &all[sent.confirmed];
        pushes::confirmation(c, &mut client.confirmed, wanted, reply)?;
        sent.confirmed += 1;
        if sent.confirmed < all.len() {
            return Ok(false);
        }
    } else {
        replies::check(c, &sent.text, expect, reply)?;
        f.compared += u64::from(!matches!(expect, Expect::Shape(_)));
        if sent.text.eq_ignore_ascii_case("reset") {
            client.confirmed.clear();
        }
    }
    client.waiting.pop_front();
    client.expected.pop_front();
    Ok(true)
}

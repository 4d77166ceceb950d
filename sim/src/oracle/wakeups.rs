//! D5: no wake-up is lost: when everything is quiet no key can serve a client that still waits for it, and a time-out fires
//! within one period of the cron.

use super::Violation;
use norn_core::connection::{KeyWait, WaitsFor};
use norn_core::containers::streamlog::StreamId;
use norn_core::contract::{Mono, Span};
use norn_core::node::Node;
use norn_core::value::Value;

/// How late a time-out may fire.
const LATE: Span = Span::ms(1_000);

/// Checks that nobody waits beyond its time.
pub(super) fn in_time(s: u8, node: &Node, now: Mono) -> Result<(), Violation> {
    match node.server().blocked.next_deadline() {
        Some(at) if at + LATE < now => {
            let late = (now - at).as_ms();
            Err(Violation::new("D5", format!("a client of n{s} waits {late} ms longer than it wanted")))
        }
        _ => Ok(()),
    }
}

/// Checks that nobody waits for what is there.
pub(super) fn none_lost(s: u8, node: &Node) -> Result<(), Violation> {
    let server = node.server();
    for conn in server.conns.iter() {
        let Some(WaitsFor::Keys(wait)) = conn.waits.as_ref().map(|waits| &waits.what) else { continue };
        for key in &wait.keys {
            let Some(value) = server.keyspace.peek(wait.db, key) else { continue };
            if value.type_name() == wait.type_name && serves(value, wait, key) {
                let (name, id) = (crate::trace::readable(key, 40), conn.id.0);
                let reason = format!("client {id} of n{s} waits for `{name}`, which could serve it");
                return Err(Violation::new("D5", reason));
            }
        }
    }
    Ok(())
}

/// Whether a value of the right type has something for a client. A list or a sorted set that is there has.
fn serves(value: &Value, wait: &KeyWait, key: &[u8]) -> bool {
    let Some(stream) = value.as_stream() else { return true };
    let args = wait.args.as_args();
    let place = |word: &[u8]| (0..args.len()).find(|i| args.get(*i).eq_ignore_ascii_case(word));
    let Some(first) = place(b"STREAMS").map(|at| at + 1) else { return false };
    let keys = (args.len() - first) / 2;
    let Some(at) = (first..first + keys).find(|i| args.get(*i) == key) else { return false };
    let after = match (args.get(at + keys), place(b"GROUP")) {
        (b">", Some(group)) => match stream.group(args.get(group + 1)) {
            Some(group) => group.last(),
            None => return true,
        },
        (text, _) => position(text),
    };
    stream.entries().log().last().is_some_and(|last| last > after)
}

fn position(text: &[u8]) -> StreamId {
    let text = String::from_utf8_lossy(text);
    let (ms, seq) = text.split_once('-').unwrap_or((&text, "0"));
    StreamId::new(ms.parse().unwrap_or(u64::MAX), seq.parse().unwrap_or(u64::MAX))
}

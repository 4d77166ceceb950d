//! C8: a server that loads what another has saved holds the same data.

use super::Violation;
use crate::solo::Solo;
use norn_core::config::{Config, MasterAddr};
use norn_core::contract::Now;
use norn_core::node::Node;

/// Lets a copy of the node save, and another load that.
///
/// # Errors
/// They differ.
pub(crate) fn check(s: u8, node: &Node, now: Now) -> Result<(), Violation> {
    let server = node.server();
    if server.is_saving() || server.at_rest() || server.shutdown.is_some() {
        return Ok(());
    }
    let violation = |reason: String| Err(Violation::new("C8", format!("n{s}: {reason}")));
    let mut writer = Solo::of(node.clone(), now);
    let answer = writer.say("SAVE");
    if !answer.ends_with("+OK\r\n") {
        return violation(format!("SAVE answers {answer}"));
    }
    let (digest, databases) = (writer.node.inspect().digest, i64::from(server.keyspace.databases()));
    // A replica keeps what has expired meanwhile.
    let master = MasterAddr { host: "nobody".into(), port: 1 };
    let config = Config { databases, replicaof: Some(master), save: Vec::new(), ..Config::default() };
    let knobs = server.knobs.clone();
    match Solo::start(config, knobs, writer.disk, now.unix) {
        Err(text) => violation(text),
        Ok(reader) if reader.exit.is_some() => violation("the file does not load".to_owned()),
        Ok(reader) if reader.node.inspect().digest != digest => {
            violation(format!("digest {digest:x} became {:x}", reader.node.inspect().digest))
        }
        Ok(_) => Ok(()),
    }
}

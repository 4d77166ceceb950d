//! What every command answers: one file per family, each a list of scripts.
//!
//! A script is a test of its own, whose transcript in RESP2 and RESP3 is a snapshot in `tests/snapshots`; the same
//! scripts are said to a real Redis in [`crate::differential`]. The language is described in `norn_tests::script`.
//!
//! `NORN_SNAPSHOT_FROM=redis INSTA_UPDATE=always` writes the snapshots from a real Redis, which is how the
//! expectations of a command are made before the command exists.

mod client;
mod config;
mod connection;
mod expire;
mod generic;
mod pubsub;
mod server;
mod string;
mod transactions;

use norn_tests::loopback::{Loopback, START};
use norn_tests::process::Server;
use norn_tests::script::{Protocol, Script, Session, transcript};
use norn_tests::target::{Target, ask};

/// A family of scripts, each with its name.
pub(crate) type Family = (&'static str, &'static [(&'static str, &'static str)]);

/// Every script there is.
pub(crate) const FAMILIES: &[Family] = &[
    ("client", client::SCRIPTS),
    ("config", config::SCRIPTS),
    ("connection", connection::SCRIPTS),
    ("expire", expire::SCRIPTS),
    ("gate", crate::gate::SCRIPTS),
    ("generic", generic::SCRIPTS),
    ("pubsub", pubsub::SCRIPTS),
    ("server", server::SCRIPTS),
    ("string", string::SCRIPTS),
    ("transactions", transactions::SCRIPTS),
];

/// Declares the scripts of a family and a test for each.
macro_rules! scripts {
    ($family:literal: $($(#[$meta:meta])* $name:ident = $text:expr;)*) => {
        /// Name and text of every script of this family.
        pub(crate) const SCRIPTS: &[(&str, &str)] = &[$((stringify!($name), $text)),*];
        $($(#[$meta])* #[test] fn $name() {
            $crate::commands::check($family, stringify!($name), $text);
        })*
    };
}
pub(crate) use scripts;

/// Runs one script and compares its transcript with the snapshot.
pub(crate) fn check(family: &str, name: &str, text: &str) {
    let script = Script::parse(text.trim_start_matches('\n'));
    if let Some(missing) = script.needs.iter().find(|command| !served(command)) {
        eprintln!("SKIPPED {family}::{name}: norn does not serve {missing} yet");
        return;
    }
    let mut sessions = Vec::new();
    for &protocol in &script.protocols {
        let Some(session) = session(&script, protocol, &format!("{family}::{name}")) else { return };
        sessions.push((protocol, session));
    }
    let mut text = transcript(&script, &sessions);
    if from_redis() {
        text = norn_tests::compare::modern(&text);
    }
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_snapshot_path("../snapshots");
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(format!("{family}__{name}"), text));
}

/// Whether the snapshots are to come from a real Redis.
fn from_redis() -> bool {
    std::env::var("NORN_SNAPSHOT_FROM").as_deref() == Ok("redis")
}

fn session(script: &Script, protocol: Protocol, what: &str) -> Option<Session> {
    if from_redis() {
        let server = Server::redis(what, &script.server)?;
        return Some(script.run(&mut server.tcp(), protocol));
    }
    let mut target = Loopback::with_args(&script.server, START);
    Some(script.run(&mut target, protocol))
}

/// Whether norn knows the command at all.
pub(crate) fn served(command: &str) -> bool {
    if from_redis() {
        return true;
    }
    let mut target = Loopback::new();
    let conn = target.connect();
    !ask(&mut target, conn, command).starts_with(b"-ERR unknown command")
}

//! What every command answers: one file per family, each a list of scripts.
//!
//! A script is a test of its own, whose transcript in RESP2 and RESP3 is a snapshot in `tests/snapshots`; the same
//! scripts are said to a real Redis in [`crate::differential`]. The language is described in `norn_tests::script`.
//!
//! `NORN_SNAPSHOT_FROM=redis INSTA_UPDATE=always` writes the snapshots from a real Redis, which is how the
//! expectations of a command are made before the command exists.

mod bitmap;
mod client;
mod config;
mod connection;
mod dump;
mod expire;
mod generic;
mod geo;
mod hash;
mod hyperloglog;
mod list;
mod list_blocking;
mod migrate;
mod persistence;
mod pubsub;
mod server;
mod set;
mod sort;
mod stream;
mod string;
mod transactions;
mod zset;
mod zset_blocking;

use norn_tests::loopback::{Loopback, START};
use norn_tests::process::Server;
use norn_tests::script::{Protocol, Script, Session, transcript};
use norn_tests::target::{Target, ask};

/// A family of scripts, each with its name.
pub(crate) type Family = (&'static str, &'static [(&'static str, &'static str)]);

/// Every script there is.
pub(crate) const FAMILIES: &[Family] = &[
    ("bitmap", bitmap::SCRIPTS),
    ("client", client::SCRIPTS),
    ("config", config::SCRIPTS),
    ("connection", connection::SCRIPTS),
    ("dump", dump::SCRIPTS),
    ("expire", expire::SCRIPTS),
    ("gate", crate::gate::SCRIPTS),
    ("generic", generic::SCRIPTS),
    ("hash", hash::SCRIPTS),
    ("geo", geo::SCRIPTS),
    ("hyperloglog", hyperloglog::SCRIPTS),
    ("list", list::SCRIPTS),
    ("list_blocking", list_blocking::SCRIPTS),
    ("migrate", migrate::SCRIPTS),
    ("persistence", persistence::SCRIPTS),
    ("pubsub", pubsub::SCRIPTS),
    ("server", server::SCRIPTS),
    ("set", set::SCRIPTS),
    ("sort", sort::SCRIPTS),
    ("stream", stream::SCRIPTS),
    ("string", string::SCRIPTS),
    ("transactions", transactions::SCRIPTS),
    ("zset", zset::SCRIPTS),
    ("zset_blocking", zset_blocking::SCRIPTS),
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
    if let Some(missing) = pending(&script).filter(|_| !from_redis()) {
        eprintln!("SKIPPED {family}::{name}: norn does not know {missing} yet");
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
        let mut session = script.run(&mut server.tcp(), protocol);
        // Where norn differs, what Redis says is of no use.
        for (heard, step) in session.heard.iter_mut().zip(&script.steps) {
            if step.rule.differs.is_some() {
                heard.clear();
            }
        }
        return Some(session);
    }
    let mut target = Loopback::with_args(&script.server, START);
    Some(script.run(&mut target, protocol))
}

/// Commands (and subcommands) that norn does not know yet. Scripts that use them are skipped with a message, unless
/// their expectations are taken from a real Redis; the list is checked by [`pending_commands_are_unknown`].
const PENDING: &[&str] = &[
    "module",
    "cluster",
    "readonly",
    "readwrite",
    "asking",
    "client tracking",
    "client trackinginfo",
    "client caching",
    "client getredir",
    "bgrewriteaof",
    "acl",
];

/// The first pending command of a script.
pub(crate) fn pending(script: &Script) -> Option<&'static str> {
    let option = |name: &&str| script.server.iter().any(|arg| arg.strip_prefix("--") == Some(name));
    let by_option = PENDING.iter().copied().find(option);
    by_option.or_else(|| {
        script.steps.iter().find_map(|step| {
            let words = step.line.split_once('>')?.1.trim().to_ascii_lowercase();
            PENDING.iter().copied().find(|p| words == **p || words.starts_with(&format!("{p} ")))
        })
    })
}

/// Whether norn knows the command.
pub(crate) fn served(command: &[u8]) -> bool {
    let command = String::from_utf8_lossy(command).to_ascii_lowercase();
    !PENDING.contains(&command.as_str())
}

#[test]
fn pending_commands_are_unknown() {
    let mut target = Loopback::with_args(&[], START);
    let mut served = Vec::new();
    for command in PENDING {
        let conn = target.connect();
        if !ask(&mut target, conn, &format!("{command} x y z")).starts_with(b"-ERR unknown ") {
            served.push(command);
        }
    }
    assert!(served.is_empty(), "served now: {served:?}");
}

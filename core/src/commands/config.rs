//! CONFIG: directives read and set while the server runs. Source: the Redis documentation of each subcommand.

use crate::config::{Id, SetError, Setter};
use crate::connection::WaitsFor;
use crate::contract::LogLevel;
use crate::engine::Ctx;
use crate::engine::row::{Acl, Flags, Group, Row};
use crate::engine::server::Request;
use crate::engine::table::container;
use crate::resp::CommandError;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

type Done = Result<(), CommandError>;

fn config_get(ctx: &mut Ctx<'_>) -> Done {
    let patterns: Vec<&[u8]> = ctx.args.skip(2).iter().collect();
    let found = ctx.srv.config.matching(&patterns);
    let mut w = ctx.reply();
    w.map(found.len());
    for (name, value) in &found {
        w.bulk(name);
        w.bulk(value);
    }
    Ok(())
}

fn config_set(ctx: &mut Ctx<'_>) -> Done {
    if !ctx.argc().is_multiple_of(2) {
        return Err(CommandError::Syntax);
    }
    let pairs: Vec<(&[u8], &[u8])> =
        (2..ctx.argc()).step_by(2).map(|i| (ctx.arg(i), ctx.arg(i + 1))).collect();
    let setter = Setter { local: ctx.client().details.is_local, loading: ctx.srv.repl.is_loading() };
    let changes = match ctx.srv.config.set_many(&pairs, setter) {
        Ok(changes) => changes,
        Err(error) => return refuse(ctx, &error),
    };
    let asked = changes.ids.iter().find(|id| matches!(id, Id::port | Id::bind | Id::dir));
    let hindrance = match () {
        () if ctx.in_exec => Some("cannot wait for the system within a transaction"),
        () if ctx.srv.is_reconfiguring => Some("another change waits for the system"),
        () => None,
    };
    if let (Some(id), Some(reason)) = (asked, hindrance) {
        let arg = id.param().name.as_bytes().to_vec();
        ctx.srv.config = *changes.old;
        return refuse(ctx, &SetError::Refused { arg, reason: reason.into() });
    }
    for note in &changes.notes {
        ctx.srv.log(LogLevel::Warning, format_args!("{note}"));
    }
    ctx.srv.settle(&changes.ids);
    if asked.is_none() {
        ctx.reply().ok();
        return Ok(());
    }
    if changes.ids.contains(&Id::dir) {
        ctx.srv.config.dir = absolute(&changes.old.dir, &ctx.srv.config.dir).into();
    }
    ctx.srv.is_reconfiguring = true;
    let client = ctx.client().conn;
    ctx.srv.requests.push(Request::Reconfigure(client, Box::new(changes)));
    ctx.srv.wait_for(ctx.slot, None, WaitsFor::Driver);
    Ok(())
}

/// A path, seen from a directory: without `.` and `..`.
fn absolute(from: &str, path: &str) -> String {
    let start = if path.starts_with('/') { "" } else { from };
    let mut parts: Vec<&str> = Vec::new();
    for part in start.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            name => parts.push(name),
        }
    }
    format!("/{}", parts.join("/"))
}

fn refuse(ctx: &mut Ctx<'_>, error: &SetError) -> Done {
    ctx.reply().error_parts(&[&error.text()]);
    Err(CommandError::Written)
}

fn config_rewrite(ctx: &mut Ctx<'_>) -> Done {
    let refusal = match () {
        () if ctx.srv.config_path.is_none() => "ERR The server is running without a config file",
        () if ctx.in_exec => "ERR Rewriting config file: cannot wait for the disk within a transaction",
        () => {
            let client = ctx.client().conn;
            ctx.srv.requests.push(Request::RewriteConfig(client));
            ctx.srv.wait_for(ctx.slot, None, WaitsFor::Driver);
            return Ok(());
        }
    };
    ctx.reply().error(refusal);
    Err(CommandError::Written)
}

fn config_resetstat(ctx: &mut Ctx<'_>) -> Done {
    ctx.srv.stats.reset();
    ctx.srv.keyspace.reset_stats();
    ctx.reply().ok();
    Ok(())
}

fn config_help(ctx: &mut Ctx<'_>) -> Done {
    super::help(
        ctx,
        "CONFIG",
        &[
            "GET <pattern> [<pattern> ...]",
            "    Directives that match, with their values.",
            "RESETSTAT",
            "    Set the counters that INFO shows to zero.",
            "REWRITE",
            "    Write the values into the configuration file.",
            "SET <directive> <value> [<directive> <value> ...]",
            "    Change directives, all of them or none.",
        ],
    );
    Ok(())
}

const FLAGS: Flags = Flags::ADMIN.or(Flags::NOSCRIPT).or(Flags::LOADING).or(Flags::STALE);
const ACL: Acl = Acl::ADMIN.or(Acl::DANGEROUS).or(Acl::SLOW);
const EVERYWHERE: &[&str] = &["request_policy:all_nodes", "response_policy:all_succeeded"];

pub(super) const ROWS: &[Row] =
    &[Row::new("config", container, -2, Flags::CONTAINER, Acl::SLOW, Group::Server)
        .since("2.0.0")
        .doc("Groups the commands about directives.", "Depends on the subcommand", "")
        .subs(&[
            Row::new("config|get", config_get, -3, FLAGS, ACL, Group::Server).since("2.0.0").doc(
                "Shows the values of directives.",
                "O(n) in the number of directives",
                "parameter...",
            ),
            Row::new(
                "config|help",
                config_help,
                2,
                Flags::LOADING.or(Flags::STALE),
                Acl::SLOW,
                Group::Server,
            )
            .since("5.0.0")
            .doc("Explains the subcommands.", "O(1)", ""),
            Row::new("config|resetstat", config_resetstat, 2, FLAGS, ACL, Group::Server)
                .since("2.0.0")
                .tips(EVERYWHERE)
                .doc("Sets the counters that INFO shows to zero.", "O(1)", ""),
            Row::new("config|rewrite", config_rewrite, 2, FLAGS, ACL, Group::Server)
                .since("2.8.0")
                .tips(EVERYWHERE)
                .doc("Writes the values of directives into the configuration file.", "O(1)", ""),
            Row::new("config|set", config_set, -4, FLAGS, ACL, Group::Server)
                .since("2.0.0")
                .tips(EVERYWHERE)
                .doc("Changes directives, all or none.", "O(n) in the number given", "(parameter value)..."),
        ])];

#[cfg(test)]
mod tests {
    use super::absolute;

    #[test]
    fn paths_from_a_directory() {
        assert_eq!(absolute("/a/b", "c"), "/a/b/c");
        assert_eq!(absolute("/a/b", "../c/./d/"), "/a/c/d");
        assert_eq!(absolute("/a/b", "/c"), "/c");
        assert_eq!(absolute("/a", "../.."), "/");
    }
}

//! Floor 7: the commands, one file per family: const rows and handlers, nothing else.

mod bitfield;
mod bitmap;
mod client;
mod config;
mod connection;
mod counter;
mod database;
mod debug;
mod debug_digest;
mod docs;
mod dump;
mod expire;
mod failover;
mod generic;
mod geo;
mod geo_search;
mod hash;
mod hash_read;
mod hyperloglog;
mod info;
mod introspect;
mod latency;
mod lcs;
mod list;
mod list_blocking;
mod list_move;
mod list_search;
mod memory;
mod migrate;
mod persistence;
mod pubsub;
mod replication;
mod scan;
mod server;
mod set;
mod set_algebra;
mod set_random;
mod sort;
mod stream;
mod stream_args;
mod stream_claim;
mod stream_group;
mod stream_info;
mod stream_read;
mod string;
mod transactions;
mod zset;
mod zset_blocking;
mod zset_combine;
mod zset_pop;
mod zset_range;

use crate::engine::Row;

/// Every family's rows. The order numbers them, so new families go to the end.
pub const FAMILIES: &[&[Row]] = &[
    string::ROWS,
    counter::ROWS,
    lcs::ROWS,
    generic::ROWS,
    expire::ROWS,
    connection::ROWS,
    transactions::ROWS,
    pubsub::ROWS,
    database::ROWS,
    client::ROWS,
    server::ROWS,
    debug::ROWS,
    memory::ROWS,
    list::ROWS,
    list_move::ROWS,
    list_search::ROWS,
    list_blocking::ROWS,
    introspect::ROWS,
    hash::ROWS,
    hash_read::ROWS,
    set::ROWS,
    set_algebra::ROWS,
    set_random::ROWS,
    info::ROWS,
    config::ROWS,
    replication::ROWS,
    latency::ROWS,
    failover::ROWS,
    zset::ROWS,
    zset_range::ROWS,
    zset_pop::ROWS,
    zset_blocking::ROWS,
    zset_combine::ROWS,
    geo::ROWS,
    geo_search::ROWS,
    stream::ROWS,
    stream_read::ROWS,
    stream_group::ROWS,
    stream_claim::ROWS,
    stream_info::ROWS,
    bitmap::ROWS,
    bitfield::ROWS,
    hyperloglog::ROWS,
    dump::ROWS,
    sort::ROWS,
    migrate::ROWS,
    persistence::ROWS,
];

/// The reply of a container's HELP: a heading, the lines, and HELP itself.
/// The refusal of arguments that a subcommand does not take.
fn bad_subcommand(ctx: &mut crate::engine::Ctx<'_>) -> crate::resp::CommandError {
    let (container, sub) = (ctx.arg(0).to_ascii_uppercase(), ctx.arg(1));
    ctx.reply().error_parts(&[
        b"ERR unknown subcommand or wrong number of arguments for '",
        &sub[..sub.len().min(128)],
        b"'. Try ",
        &container,
        b" HELP.",
    ]);
    crate::resp::CommandError::Written
}

fn help(ctx: &mut crate::engine::Ctx<'_>, name: &str, lines: &[&str]) {
    let mut w = ctx.reply();
    w.array(lines.len() + 3);
    let heading = alloc::format!("{name} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:");
    w.simple(&heading);
    for line in lines {
        w.simple(line);
    }
    w.simple("HELP");
    w.simple("    Print this help.");
}

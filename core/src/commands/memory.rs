//! MEMORY: where the bytes go. Source: the Redis documentation of each subcommand.

use crate::base::number::parse_i64;
use crate::contract::DbIndex;
use crate::engine::row::{Acl, Begin, Find, Flags, Group, KeyFlags, KeySpec, Row};
use crate::engine::table::container;
use crate::engine::{Ctx, Server};
use crate::resp::CommandError;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

type Done = Result<(), CommandError>;

fn memory_usage(ctx: &mut Ctx<'_>) -> Done {
    let mut at = 3;
    while at < ctx.argc() {
        if !ctx.arg_is(at, "SAMPLES") || at + 1 >= ctx.argc() {
            return Err(CommandError::Syntax);
        }
        if parse_i64(ctx.arg(at + 1)).ok_or(CommandError::NotInteger)? < 0 {
            return Err(CommandError::Syntax);
        }
        at += 2;
    }
    match ctx.srv.keyspace.key_bytes(ctx.db, ctx.arg(2)) {
        Some(bytes) => ctx.reply().int(bytes as i64),
        None => ctx.reply().null(),
    }
    Ok(())
}

/// One line of MEMORY STATS.
enum Figure {
    Bytes(u64),
    Ratio(f64),
    Signed(i64),
    Database(u64, u64),
}

/// Bytes of everything that is not data: clients, the stream.
pub(super) fn overhead(srv: &Server) -> (u64, u64, u64) {
    let (mut normal, mut replicas) = (0, 0);
    for conn in srv.conns.iter() {
        let bytes = conn.heap_bytes() as u64;
        if conn.obuf_class() == 1 { replicas += bytes } else { normal += bytes }
    }
    let backlog = srv.repl.backlog.as_ref().map_or(0, |log| log.heap_bytes() as u64);
    (normal, replicas, backlog)
}

fn figures(srv: &Server) -> Vec<(String, Figure)> {
    use Figure::{Bytes, Database, Ratio, Signed};
    let g = &srv.gauges;
    let data = srv.keyspace.used_bytes() as u64;
    let (normal, replicas, backlog) = overhead(srv);
    let total = if g.allocated > 0 { g.allocated } else { data + normal + replicas + backlog };
    let startup = total.saturating_sub(data + normal + replicas + backlog);
    let peak = srv.stats.peak_memory.max(total);
    let keys: u64 = (0..srv.keyspace.databases()).map(|db| srv.keyspace.len(DbIndex(db)) as u64).sum();
    let ratio = |a: u64, b: u64| if b == 0 { 0.0 } else { a as f64 / b as f64 };
    let difference = |a: u64, b: u64| a as i64 - b as i64;
    let mut list: Vec<(String, Figure)> = Vec::new();
    let mut add = |name: &str, figure: Figure| list.push((name.into(), figure));
    add("peak.allocated", Bytes(peak));
    add("total.allocated", Bytes(total));
    add("startup.allocated", Bytes(startup));
    add("replication.backlog", Bytes(backlog));
    add("clients.slaves", Bytes(replicas));
    add("clients.normal", Bytes(normal));
    add("cluster.links", Bytes(0));
    add("aof.buffer", Bytes(0));
    add("lua.caches", Bytes(0));
    add("functions.caches", Bytes(0));
    for db in (0..srv.keyspace.databases()).map(DbIndex) {
        let n = srv.keyspace.len(db) as u64;
        if n > 0 {
            add(&format!("db.{}", db.0), Database(n * 8, srv.keyspace.expires_count(db) as u64 * 24));
        }
    }
    add("overhead.total", Bytes(total.saturating_sub(data)));
    add("keys.count", Bytes(keys));
    add("keys.bytes-per-key", Bytes(data.checked_div(keys).unwrap_or(0)));
    add("dataset.bytes", Bytes(data));
    add("dataset.percentage", Ratio(100.0 * ratio(data, total.saturating_sub(startup))));
    add("peak.percentage", Ratio(100.0 * ratio(total, peak)));
    add("allocator.allocated", Bytes(g.allocated));
    add("allocator.active", Bytes(g.active));
    add("allocator.resident", Bytes(g.resident));
    add("allocator-fragmentation.ratio", Ratio(ratio(g.active, g.allocated)));
    add("allocator-fragmentation.bytes", Signed(difference(g.active, g.allocated)));
    add("allocator-rss.ratio", Ratio(ratio(g.resident, g.active)));
    add("allocator-rss.bytes", Signed(difference(g.resident, g.active)));
    add("rss-overhead.ratio", Ratio(ratio(g.rss, g.resident)));
    add("rss-overhead.bytes", Signed(difference(g.rss, g.resident)));
    add("fragmentation", Ratio(ratio(g.rss, total)));
    add("fragmentation.bytes", Signed(difference(g.rss, total)));
    list
}

fn memory_stats(ctx: &mut Ctx<'_>) -> Done {
    let list = figures(ctx.srv);
    let mut w = ctx.reply();
    w.map(list.len());
    for (name, figure) in &list {
        w.bulk(name.as_bytes());
        match figure {
            Figure::Bytes(n) => w.int(*n as i64),
            Figure::Signed(n) => w.int(*n),
            Figure::Ratio(r) => w.double(*r),
            Figure::Database(main, expires) => {
                w.map(3);
                w.bulk(b"overhead.hashtable.main");
                w.int(*main as i64);
                w.bulk(b"overhead.hashtable.expires");
                w.int(*expires as i64);
                w.bulk(b"overhead.hashtable.slot-to-keys");
                w.int(0);
            }
        }
    }
    Ok(())
}

fn memory_doctor(ctx: &mut Ctx<'_>) -> Done {
    let srv = &ctx.srv;
    let (normal, replicas, backlog) = overhead(srv);
    let data = srv.keyspace.used_bytes() as u64;
    let mut remarks: Vec<String> = Vec::new();
    if data + normal + replicas < 5 << 20 {
        remarks.push("Less than 5 MiB is in use: too little to say anything about.".into());
    } else {
        if srv.stats.peak_memory > data + data / 2 {
            remarks.push("The data set was at least half as large again at its peak.".into());
        }
        if srv.gauges.rss > (data + normal + replicas + backlog) * 7 / 5 {
            remarks.push("The process holds 1.4 times as much as is accounted for.".into());
        }
        if normal > srv.conns.len() as u64 * (200 << 10) {
            remarks.push("Clients hold more than 200 KiB each on average: look for unread replies.".into());
        }
        if remarks.is_empty() {
            remarks.push("Nothing stands out.".into());
        }
    }
    let text = remarks.join("\n");
    ctx.reply().verbatim("txt", text.as_bytes());
    Ok(())
}

fn memory_malloc_stats(ctx: &mut Ctx<'_>) -> Done {
    let g = &ctx.srv.gauges;
    let text = format!("allocated {} active {} resident {} rss {}", g.allocated, g.active, g.resident, g.rss);
    ctx.reply().verbatim("txt", text.as_bytes());
    Ok(())
}

fn memory_purge(ctx: &mut Ctx<'_>) -> Done {
    ctx.srv.spare_buffers.clear();
    ctx.reply().ok();
    Ok(())
}

fn memory_help(ctx: &mut Ctx<'_>) -> Done {
    super::help(
        ctx,
        "MEMORY",
        &[
            "DOCTOR",
            "    Remarks on the use of memory.",
            "MALLOC-STATS",
            "    What the allocator reports.",
            "PURGE",
            "    Give unused memory back.",
            "STATS",
            "    The figures of memory.",
            "USAGE <key> [SAMPLES <count>]",
            "    Bytes of a key with its value; every element is counted, whatever SAMPLES says.",
        ],
    );
    Ok(())
}

pub(super) const ROWS: &[Row] =
    &[Row::new("memory", container, -2, Flags::CONTAINER, Acl::SLOW, Group::Server)
        .since("4.0.0")
        .doc("Groups the commands about memory.", "Depends on the subcommand", "")
        .subs(&[
            Row::new("memory|doctor", memory_doctor, 2, Flags::NONE, Acl::SLOW, Group::Server)
                .since("4.0.0")
                .tips(&["nondeterministic_output", "request_policy:all_shards", "response_policy:special"])
                .doc("Remarks on the use of memory.", "O(1)", ""),
            Row::new(
                "memory|help",
                memory_help,
                2,
                Flags::LOADING.or(Flags::STALE),
                Acl::SLOW,
                Group::Server,
            )
            .since("4.0.0")
            .doc("Explains the subcommands.", "O(1)", ""),
            Row::new("memory|malloc-stats", memory_malloc_stats, 2, Flags::NONE, Acl::SLOW, Group::Server)
                .since("4.0.0")
                .tips(&["nondeterministic_output", "request_policy:all_shards", "response_policy:special"])
                .doc("Shows what the allocator reports.", "O(1)", ""),
            Row::new("memory|purge", memory_purge, 2, Flags::NONE, Acl::SLOW, Group::Server)
                .since("4.0.0")
                .tips(&["request_policy:all_shards", "response_policy:all_succeeded"])
                .doc("Asks the allocator to give unused memory back.", "O(1)", ""),
            Row::new("memory|stats", memory_stats, 2, Flags::NONE, Acl::SLOW, Group::Server)
                .since("4.0.0")
                .tips(&["nondeterministic_output", "request_policy:all_shards", "response_policy:special"])
                .doc("Lists the figures of memory.", "O(1)", ""),
            Row::new(
                "memory|usage",
                memory_usage,
                -3,
                Flags::READONLY,
                Acl::READ.or(Acl::SLOW),
                Group::Server,
            )
            .keyed(
                (2, 2, 1),
                &[KeySpec { begin: Begin::Index(2), find: Find::Range(0, 1, 0), flags: KeyFlags::RO }],
            )
            .since("4.0.0")
            .doc("Tells the bytes that a key and its value take.", "O(1)", "key [SAMPLES count]"),
        ])];

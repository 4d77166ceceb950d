//! INFO: the sections, and what of them belongs to no subsystem. Names and order are those of Redis 7.2.

use super::memory::overhead;
use crate::base::ids::DbIndex;
use crate::base::version::{NORN_VERSION, REDIS_VERSION};
use crate::config::Named as _;
use crate::connection::{Connection, WaitsFor};
use crate::contract::ListenAt;
use crate::engine::row::{Acl, Flags, Group, Row};
use crate::engine::server::Stands;
use crate::engine::{Ctx, RowIx, Server};
use crate::pubsub::SubKind;
use crate::resp::CommandError;
use crate::stats::{Others, Section};
use alloc::format;
use alloc::string::String;

/// A section: its name, whether it is shown when none is asked for, and what writes it.
type Entry = (&'static str, bool, fn(&Server, &mut String));

/// In the order in which they are shown, whatever the order asked for.
const SECTIONS: [Entry; 14] = [
    ("server", true, server),
    ("clients", true, clients),
    ("memory", true, memory),
    ("persistence", true, super::persistence::info),
    ("stats", true, stats),
    ("replication", true, replication),
    ("cpu", true, cpu),
    ("modules", true, modules),
    ("commandstats", false, commandstats),
    ("errorstats", true, errorstats),
    ("latencystats", false, latencystats),
    ("cluster", true, cluster),
    ("keyspace", true, keyspace),
    ("debug", false, debug),
];

fn info(ctx: &mut Ctx<'_>) -> Result<(), CommandError> {
    let asked = |name: &str| (1..ctx.argc()).any(|i| ctx.arg_is(i, name));
    let everything = asked("all") || asked("everything");
    let default = ctx.argc() == 1 || asked("default");
    let mut text = String::new();
    for (name, in_default, write) in SECTIONS {
        let named = asked(name) || (name == "modules" && asked("module_list"));
        // One section is shown to those alone who know its name.
        if (everything && name != "debug") || named || (default && in_default) {
            write(ctx.srv, &mut text);
        }
    }
    ctx.reply().verbatim("txt", text.as_bytes());
    Ok(())
}

fn server(srv: &Server, text: &mut String) {
    let mut s = Section::new(text, "Server");
    let now = srv.now;
    let uptime = (now.mono - srv.started.mono).as_secs();
    s.line("redis_version", REDIS_VERSION);
    s.line("redis_git_sha1", "00000000");
    s.line("redis_git_dirty", 0);
    s.line("redis_build_id", format_args!("{:016x}", crate::base::crc::crc64(0, NORN_VERSION.as_bytes())));
    s.line("redis_mode", "standalone");
    s.line("os", &srv.process.os);
    s.line("arch_bits", usize::BITS);
    s.line("monotonic_clock", "POSIX clock_gettime");
    s.line("multiplexing_api", "epoll");
    s.line("atomicvar_api", "rust-core");
    s.line("gcc_version", "0.0.0");
    s.line("process_id", srv.process.pid);
    s.line("process_supervised", "no");
    s.line("run_id", String::from_utf8_lossy(&srv.run_id));
    s.line("tcp_port", srv.config.port);
    s.line("server_time_usec", now.unix.0);
    s.line("uptime_in_seconds", uptime);
    s.line("uptime_in_days", uptime / 86_400);
    s.line("hz", srv.config.hz);
    s.line("configured_hz", srv.config.hz);
    s.line("lru_clock", now.unix.secs() & 0xff_ffff);
    s.line("executable", &srv.process.executable);
    s.line("config_file", srv.config_path.as_deref().unwrap_or(""));
    s.line("io_threads_active", 0);
    if let Some(shutdown) = &srv.shutdown {
        s.line("shutdown_in_milliseconds", (shutdown.deadline - now.mono).0 / 1_000);
    }
    listeners(srv, &mut s);
    s.line("norn_version", NORN_VERSION);
}

/// A line for the TCP addresses together, one for the Unix socket.
fn listeners(srv: &Server, s: &mut Section<'_>) {
    let (mut tcp, mut unix) = (String::new(), String::new());
    let mut shown_port = 0;
    for listener in srv.listeners.iter().filter(|l| l.stands == Stands::Up) {
        match &listener.at {
            ListenAt::Tcp { host, port, optional, .. } => {
                let mark = if *optional { "-" } else { "" };
                tcp += &format!(",bind={mark}{host}");
                shown_port = *port;
            }
            ListenAt::Unix { path, .. } => unix += &format!(",bind={path}"),
        }
    }
    if !tcp.is_empty() {
        s.line("listener0", format_args!("name=tcp{tcp},port={shown_port}"));
    }
    if !unix.is_empty() {
        s.line("listener1", format_args!("name=unix{unix}"));
    }
}

fn clients(srv: &Server, text: &mut String) {
    let mut s = Section::new(text, "Clients");
    let is_blocked = |c: &&Connection| c.waits.as_ref().is_some_and(|w| !matches!(w.what, WaitsFor::Unpause));
    let (keys, on_nokey) = srv.blocked_keys.counts();
    let replicas = srv.conns.iter().filter(|c| c.obuf_class() == 1).count();
    s.lines(&[
        ("connected_clients", (srv.conns.len() - replicas) as u64),
        ("cluster_connections", 0),
        ("maxclients", srv.config.maxclients as u64),
        ("client_recent_max_input_buffer", srv.stats.recent_max_input),
        ("client_recent_max_output_buffer", srv.stats.recent_max_output),
        ("blocked_clients", srv.conns.iter().filter(is_blocked).count() as u64),
        ("tracking_clients", 0),
        ("clients_in_timeout_table", srv.blocked.with_deadline() as u64),
        ("total_blocking_keys", keys as u64),
        ("total_blocking_keys_on_nokey", on_nokey as u64),
    ]);
}

fn debug(srv: &Server, text: &mut String) {
    let mut s = Section::new(text, "Debug");
    srv.stats.busiest_turn(&mut s);
}

fn ratio(a: u64, b: u64) -> f64 {
    if b == 0 { 0.0 } else { a as f64 / b as f64 }
}

/// `used_memory` is what the core accounts for itself: data, clients, the stream. `maxmemory` is held against the data
/// alone, `accounted_memory`.
fn memory(srv: &Server, text: &mut String) {
    let mut s = Section::new(text, "Memory");
    let g = &srv.gauges;
    let data = srv.keyspace.used_bytes() as u64;
    let (normal, replicas, backlog) = overhead(srv);
    let used = data + normal + replicas + backlog;
    let peak = srv.stats.peak_memory.max(used);
    s.size("used_memory", used);
    s.size("used_memory_rss", g.rss);
    s.size("used_memory_peak", peak);
    s.line("used_memory_peak_perc", format_args!("{:.2}%", 100.0 * ratio(used, peak)));
    s.line("used_memory_overhead", used - data);
    s.line("used_memory_startup", 0);
    s.line("used_memory_dataset", data);
    s.line("used_memory_dataset_perc", format_args!("{:.2}%", 100.0 * ratio(data, used)));
    s.line("allocator_allocated", g.allocated);
    s.line("allocator_active", g.active);
    s.line("allocator_resident", g.resident);
    s.size("total_system_memory", g.total_system_memory);
    scripts(&mut s);
    s.size("maxmemory", srv.config.maxmemory);
    s.line("maxmemory_policy", srv.config.maxmemory_policy.name());
    for (name, a, b) in [
        ("allocator_frag", g.active, g.allocated),
        ("allocator_rss", g.resident, g.active),
        ("rss_overhead", g.rss, g.resident),
        ("mem_fragmentation", g.rss, used),
    ] {
        s.line(&format!("{name}_ratio"), format_args!("{:.2}", ratio(a, b)));
        s.line(&format!("{name}_bytes"), a as i64 - b as i64);
    }
    s.lines(&[
        ("mem_not_counted_for_evict", replicas),
        ("mem_replication_backlog", backlog),
        ("mem_total_replication_buffers", backlog),
        ("mem_clients_slaves", replicas),
        ("mem_clients_normal", normal),
        ("mem_cluster_links", 0),
        ("mem_aof_buffer", 0),
    ]);
    s.line("mem_allocator", "rust");
    s.lines(&[
        ("active_defrag_running", 0),
        ("lazyfree_pending_objects", 0),
        ("lazyfreed_objects", 0),
        ("accounted_memory", data),
    ]);
}

/// There are no scripts yet.
fn scripts(s: &mut Section<'_>) {
    s.line("used_memory_lua", 0);
    s.line("used_memory_vm_eval", 0);
    s.line("used_memory_lua_human", "0B");
    s.line("used_memory_scripts_eval", 0);
    s.line("number_of_cached_scripts", 0);
    s.line("number_of_functions", 0);
    s.line("number_of_libraries", 0);
    s.line("used_memory_vm_functions", 0);
    s.size("used_memory_vm_total", 0);
    s.line("used_memory_functions", 0);
    s.size("used_memory_scripts", 0);
}

/// Overdue keys counted at most: INFO must not take long because many are.
const OVERDUE_MAX: usize = 100_000;

fn stats(srv: &Server, text: &mut String) {
    let (hits, misses) = srv.keyspace.hits_misses();
    let named = |kind| srv.pubsub.names(kind).len();
    let others = Others {
        hits,
        misses,
        channels: named(SubKind::Channel),
        patterns: named(SubKind::Pattern),
        shard_channels: named(SubKind::Shard),
        overdue: srv.keyspace.debt(srv.now.unix.ms(), OVERDUE_MAX),
        keys: (0..srv.keyspace.databases()).map(|db| srv.keyspace.len(DbIndex(db))).sum(),
        kept_targets: srv.migrations.kept(),
    };
    srv.stats.write_stats(text, others);
}

fn replication(srv: &Server, text: &mut String) {
    if !text.is_empty() {
        text.push_str("\r\n");
    }
    text.push_str(&srv.replication_info());
}

fn cpu(srv: &Server, text: &mut String) {
    let mut s = Section::new(text, "CPU");
    let g = &srv.gauges;
    for (name, micros) in [
        ("used_cpu_sys", g.cpu_sys_us),
        ("used_cpu_user", g.cpu_user_us),
        ("used_cpu_sys_children", 0),
        ("used_cpu_user_children", 0),
        ("used_cpu_sys_main_thread", g.main_sys_us),
        ("used_cpu_user_main_thread", g.main_user_us),
    ] {
        s.line(name, format_args!("{}.{:06}", micros / 1_000_000, micros % 1_000_000));
    }
}

fn modules(_: &Server, text: &mut String) {
    Section::new(text, "Modules");
}

fn commandstats(srv: &Server, text: &mut String) {
    srv.stats.write_commandstats(text, |row| srv.table.row(RowIx(row as u16)).name);
}

fn errorstats(srv: &Server, text: &mut String) {
    srv.stats.write_errorstats(text);
}

fn latencystats(srv: &Server, text: &mut String) {
    srv.stats.write_latencystats(text, &srv.config, |row| srv.table.row(RowIx(row as u16)).name);
}

fn cluster(_: &Server, text: &mut String) {
    Section::new(text, "Cluster").line("cluster_enabled", 0);
}

fn keyspace(srv: &Server, text: &mut String) {
    let mut s = Section::new(text, "Keyspace");
    let keyspace = &srv.keyspace;
    for db in (0..keyspace.databases()).map(DbIndex).filter(|db| keyspace.len(*db) > 0) {
        let (keys, expires, ttl) = (keyspace.len(db), keyspace.expires_count(db), keyspace.avg_ttl_ms(db));
        s.line(&format!("db{}", db.0), format_args!("keys={keys},expires={expires},avg_ttl={ttl}"));
    }
}

pub(super) const ROWS: &[Row] = &[Row::new(
    "info",
    info,
    -1,
    Flags::LOADING.or(Flags::STALE),
    Acl::DANGEROUS.or(Acl::SLOW),
    Group::Server,
)
.since("1.0.0")
.tips(&["nondeterministic_output", "request_policy:all_shards", "response_policy:special"])
.doc("Shows the server's figures.", "O(1)", "[section...]")];

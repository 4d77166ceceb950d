//! Snapshots on disk: SAVE, BGSAVE, LASTSAVE, and what INFO tells of them. Source: the Redis documentation of each command
//! and of INFO.

use crate::connection::WaitsFor;
use crate::engine::row::{Acl, Flags, Group, Row};
use crate::engine::{Ctx, Server};
use crate::resp::CommandError;
use crate::stats::Section;
use alloc::string::String;

type Done = Result<(), CommandError>;

fn busy(ctx: &mut Ctx<'_>) -> Done {
    ctx.reply().error("ERR Background save already in progress");
    Err(CommandError::Written)
}

fn save(ctx: &mut Ctx<'_>) -> Done {
    let client = ctx.client().conn;
    if !ctx.srv.save_in_foreground(client) {
        return busy(ctx);
    }
    ctx.srv.wait_for(ctx.slot, None, WaitsFor::Driver);
    Ok(())
}

fn bgsave(ctx: &mut Ctx<'_>) -> Done {
    let schedules = ctx.argc() == 2 && ctx.arg_is(1, "SCHEDULE");
    if ctx.argc() > 1 && !schedules {
        return Err(CommandError::Syntax);
    }
    if ctx.srv.is_saving() {
        return busy(ctx);
    }
    if ctx.in_exec {
        // A transaction is one state of the data; the snapshot is of what follows.
        ctx.srv.persistence.scheduled = true;
        ctx.reply().simple("Background saving scheduled");
    } else {
        ctx.srv.save_in_background();
        ctx.reply().simple("Background saving started");
    }
    Ok(())
}

fn lastsave(ctx: &mut Ctx<'_>) -> Done {
    let secs = ctx.srv.persistence.last_save.unix.secs();
    ctx.reply().int(secs);
    Ok(())
}

/// The section of INFO.
pub(super) fn info(srv: &Server, text: &mut String) {
    let mut s = Section::new(text, "Persistence");
    let p = &srv.persistence;
    let now = srv.now;
    let save = p.save.as_deref();
    let kept = save.map_or(0, |_| srv.keyspace.snapshot_bytes() as u64);
    let (total, written) = save.map_or((0, 0), |save| save.keys);
    s.lines(&[
        ("loading", u64::from(srv.repl.is_loading() || p.is_loading())),
        ("async_loading", 0),
        ("current_cow_peak", save.map_or(0, |save| save.peak as u64)),
        ("current_cow_size", kept),
        ("current_cow_size_age", 0),
    ]);
    let share = if total == 0 { 0.0 } else { 100.0 * written as f64 / total as f64 };
    s.line("current_fork_perc", format_args!("{share:.2}"));
    s.lines(&[("current_save_keys_processed", written), ("current_save_keys_total", total)]);
    s.line("rdb_changes_since_last_save", srv.keyspace.dirty() - p.saved_dirty);
    s.line("rdb_bgsave_in_progress", u64::from(srv.is_saving()));
    s.line("rdb_last_save_time", p.last_save.unix.secs());
    s.line("rdb_last_bgsave_status", if p.last_ok { "ok" } else { "err" });
    s.line("rdb_last_bgsave_time_sec", p.last_took.map_or(-1, |took| took.as_secs() as i64));
    let current =
        save.filter(|_| p.in_background()).map_or(-1, |save| (now.mono - save.began).as_secs() as i64);
    s.line("rdb_current_bgsave_time_sec", current);
    s.lines(&[
        ("rdb_saves", p.saves),
        ("rdb_last_cow_size", p.last_peak as u64),
        ("rdb_last_load_keys_expired", p.expired_keys),
        ("rdb_last_load_keys_loaded", p.loaded_keys),
        ("aof_enabled", 0),
        ("aof_rewrite_in_progress", 0),
        ("aof_rewrite_scheduled", 0),
    ]);
    s.line("aof_last_rewrite_time_sec", -1);
    s.line("aof_current_rewrite_time_sec", -1);
    s.line("aof_last_bgrewrite_status", "ok");
    s.lines(&[("aof_rewrites", 0), ("aof_rewrites_consecutive_failures", 0)]);
    s.line("aof_last_write_status", "ok");
    s.lines(&[("aof_last_cow_size", 0), ("module_fork_in_progress", 0), ("module_fork_last_cow_size", 0)]);
    loading(srv, &mut s);
}

/// How far the loading of the start has come.
fn loading(srv: &Server, s: &mut Section<'_>) {
    let p = &srv.persistence;
    let Some(loading) = p.loading.as_deref().filter(|_| p.is_loading()) else { return };
    let (loaded, total) = (loading.loaded(), loading.total.unwrap_or(0).max(1));
    let elapsed = (srv.now.mono - loading.began.mono).as_secs();
    s.line("loading_start_time", loading.began.unix.secs());
    s.line("loading_total_bytes", total);
    s.line("loading_rdb_used_mem", loading.intake.found.used_bytes.unwrap_or(0));
    s.line("loading_loaded_bytes", loaded);
    s.line("loading_loaded_perc", format_args!("{:.2}", 100.0 * loaded as f64 / total as f64));
    let left = total.saturating_sub(loaded);
    let eta = if elapsed == 0 || loaded == 0 { 1 } else { elapsed.saturating_mul(left) / loaded };
    s.line("loading_eta_seconds", eta);
}

pub(super) const ROWS: &[Row] = &[
    Row::new(
        "save",
        save,
        1,
        Flags::ADMIN.or(Flags::NOSCRIPT).or(Flags::NO_ASYNC_LOADING).or(Flags::NO_MULTI),
        Acl::ADMIN.or(Acl::DANGEROUS).or(Acl::SLOW),
        Group::Server,
    )
    .since("1.0.0")
    .doc("Writes a snapshot while everyone waits.", "O(n) in the number of keys", ""),
    Row::new(
        "bgsave",
        bgsave,
        -1,
        Flags::ADMIN.or(Flags::NOSCRIPT).or(Flags::NO_ASYNC_LOADING),
        Acl::ADMIN.or(Acl::DANGEROUS).or(Acl::SLOW),
        Group::Server,
    )
    .since("1.0.0")
    .doc(
        "Writes a snapshot while clients are served.",
        "O(1), and a share of the time meanwhile",
        "[SCHEDULE]",
    ),
    Row::new(
        "lastsave",
        lastsave,
        1,
        Flags::LOADING.or(Flags::STALE).or(Flags::FAST),
        Acl::ADMIN.or(Acl::DANGEROUS).or(Acl::FAST),
        Group::Server,
    )
    .since("1.0.0")
    .tips(&["nondeterministic_output"])
    .doc("Tells when the last snapshot that succeeded was written.", "O(1)", ""),
];

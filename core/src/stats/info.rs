//! The sections of INFO that are made of counters: stats, commandstats, errorstats, latencystats.
//!
//! *Owns*: [`Section`], which every section is written with, and these four. *Does not own*: which sections are asked for.
//! Names and order are those of Redis 7.2; norn's own fields stand at the end of a section.

use super::{Rate, Stats};
use crate::config::{Config, six_places};
use alloc::format;
use alloc::string::String;
use core::fmt::{Display, Write as _};

/// A section being written: a heading, then `name:value` lines.
#[derive(Debug)]
pub struct Section<'a>(&'a mut String);

impl<'a> Section<'a> {
    /// Begins a section below what `text` holds.
    pub fn new(text: &'a mut String, heading: &str) -> Self {
        if !text.is_empty() {
            text.push_str("\r\n");
        }
        let _ = write!(text, "# {heading}\r\n");
        Self(text)
    }

    /// Adds a line.
    pub fn line(&mut self, name: &str, value: impl Display) {
        let _ = write!(self.0, "{name}:{value}\r\n");
    }

    /// Adds lines whose value is an integer.
    pub fn lines(&mut self, fields: &[(&str, u64)]) {
        for (name, value) in fields {
            self.line(name, value);
        }
    }

    /// Adds a size twice: in bytes, and for people under the name with `_human`.
    pub fn size(&mut self, name: &str, bytes: u64) {
        self.line(name, bytes);
        self.line(&format!("{name}_human"), human(bytes));
    }
}

/// A size as Redis abbreviates it.
#[must_use]
pub fn human(bytes: u64) -> String {
    const UNITS: [char; 5] = ['K', 'M', 'G', 'T', 'P'];
    if bytes < 1024 {
        return format!("{bytes}B");
    }
    let unit = ((bytes.ilog2() / 10) as usize).min(UNITS.len());
    format!("{:.2}{}", bytes as f64 / (1_u64 << (10 * unit)) as f64, UNITS[unit - 1])
}

/// What the stats section shows of other subsystems.
#[derive(Clone, Copy, Debug, Default)]
pub struct Others {
    /// Lookups that found a key.
    pub hits: u64,
    /// Lookups that did not.
    pub misses: u64,
    /// Channels with subscribers.
    pub channels: usize,
    /// Patterns with subscribers.
    pub patterns: usize,
    /// Shard channels with subscribers.
    pub shard_channels: usize,
    /// Keys that are overdue and still there.
    pub overdue: usize,
    /// Those and the rest.
    pub keys: usize,
    /// Connections to targets of MIGRATE that are kept.
    pub kept_targets: usize,
}

fn kbps(rate: &Rate) -> String {
    format!("{:.2}", rate.per_sec() as f64 / 1024.0)
}

impl Stats {
    /// The stats section.
    pub fn write_stats(&self, text: &mut String, others: Others) {
        let mut s = Section::new(text, "Stats");
        self.traffic(&mut s);
        let stale = if others.keys == 0 { 0.0 } else { 100.0 * others.overdue as f64 / others.keys as f64 };
        s.line("expired_keys", self.expired_keys);
        s.line("expired_stale_perc", format_args!("{stale:.2}"));
        s.lines(&[
            ("expired_time_cap_reached_count", self.expire_cap_reached),
            ("expire_cycle_cpu_milliseconds", 0),
            ("evicted_keys", 0),
            ("evicted_clients", 0),
            ("total_eviction_exceeded_time", 0),
            ("current_eviction_exceeded_time", 0),
            ("keyspace_hits", others.hits),
            ("keyspace_misses", others.misses),
            ("pubsub_channels", others.channels as u64),
            ("pubsub_patterns", others.patterns as u64),
            ("pubsubshard_channels", others.shard_channels as u64),
            ("latest_fork_usec", 0),
            ("total_forks", 0),
            ("migrate_cached_sockets", others.kept_targets as u64),
            ("slave_expires_tracked_keys", 0),
            ("active_defrag_hits", 0),
            ("active_defrag_misses", 0),
            ("active_defrag_key_hits", 0),
            ("active_defrag_key_misses", 0),
            ("total_active_defrag_time", 0),
            ("current_active_defrag_time", 0),
            ("tracking_total_keys", 0),
            ("tracking_total_items", 0),
            ("tracking_total_prefixes", 0),
        ]);
        self.processing(&mut s);
        s.line("expired_debt", others.overdue);
    }

    fn traffic(&self, s: &mut Section<'_>) {
        s.line("total_connections_received", self.connections);
        s.line("total_commands_processed", self.commands_run);
        s.line("instantaneous_ops_per_sec", self.rates.commands.per_sec());
        s.lines(&[
            ("total_net_input_bytes", self.net_in),
            ("total_net_output_bytes", self.net_out),
            ("total_net_repl_input_bytes", self.repl_in),
            ("total_net_repl_output_bytes", self.repl_out),
        ]);
        s.line("instantaneous_input_kbps", kbps(&self.rates.net_in));
        s.line("instantaneous_output_kbps", kbps(&self.rates.net_out));
        s.line("instantaneous_input_repl_kbps", kbps(&self.rates.repl_in));
        s.line("instantaneous_output_repl_kbps", kbps(&self.rates.repl_out));
        s.lines(&[
            ("rejected_connections", self.rejected_connections),
            ("sync_full", self.sync_full),
            ("sync_partial_ok", self.sync_partial_ok),
            ("sync_partial_err", self.sync_partial_err),
        ]);
    }

    /// The "Debug" section: what the longest turn was. Timers and files have no stopwatch of their own.
    pub fn busiest_turn(&self, s: &mut Section<'_>) {
        s.lines(&[
            ("eventloop_duration_aof_sum", 0),
            ("eventloop_duration_cron_sum", 0),
            ("eventloop_duration_max", self.busiest.0),
            ("eventloop_cmd_per_cycle_max", self.busiest.1),
        ]);
    }

    /// The stopwatch runs only while commands do, so a turn's time is not known as a whole.
    fn processing(&self, s: &mut Section<'_>) {
        s.lines(&[
            ("unexpected_error_replies", self.unexpected_errors),
            ("total_error_replies", self.error_replies),
            ("dump_payload_sanitizations", 0),
            ("total_reads_processed", self.reads),
            ("total_writes_processed", self.writes),
            ("io_threaded_reads_processed", 0),
            ("io_threaded_writes_processed", 0),
            ("reply_buffer_shrinks", 0),
            ("reply_buffer_expands", 0),
            ("eventloop_cycles", self.turns),
            ("eventloop_duration_sum", self.commands_us),
            ("eventloop_duration_cmd_sum", self.commands_us),
            ("instantaneous_eventloop_cycles_per_sec", self.rates.turns.per_sec()),
            ("instantaneous_eventloop_duration_usec", 0),
            ("acl_access_denied_auth", self.auth_denied),
            ("acl_access_denied_cmd", 0),
            ("acl_access_denied_key", 0),
            ("acl_access_denied_channel", 0),
            ("client_query_buffer_limit_disconnections", self.qbuf_disconnections),
            ("client_output_buffer_limit_disconnections", self.obuf_disconnections),
        ]);
    }

    /// The commandstats section; `name` answers the name of a row.
    pub fn write_commandstats<'n>(&self, text: &mut String, name: impl Fn(usize) -> &'n str) {
        let mut s = Section::new(text, "Commandstats");
        for (row, c) in self.commands.iter().enumerate() {
            if c.calls + c.rejected + c.failed == 0 {
                continue;
            }
            let each = if c.calls == 0 { 0.0 } else { c.micros as f64 / c.calls as f64 };
            s.line(
                &format!("cmdstat_{}", name(row)),
                format_args!(
                    "calls={},usec={},usec_per_call={each:.2},rejected_calls={},failed_calls={}",
                    c.calls, c.micros, c.rejected, c.failed
                ),
            );
        }
    }

    /// The errorstats section.
    pub fn write_errorstats(&self, text: &mut String) {
        let mut s = Section::new(text, "Errorstats");
        for (code, count) in &self.errors {
            let code = String::from_utf8_lossy(code);
            s.line(&format!("errorstat_{code}"), format_args!("count={count}"));
        }
    }

    /// The latencystats section; `name` answers the name of a row.
    pub fn write_latencystats<'n>(
        &self,
        text: &mut String,
        config: &Config,
        name: impl Fn(usize) -> &'n str,
    ) {
        let mut s = Section::new(text, "Latencystats");
        let percentiles = &config.latency_tracking_info_percentiles;
        if percentiles.is_empty() {
            return;
        }
        for (row, histogram) in self.latencies.iter().enumerate() {
            let Some(histogram) = histogram else { continue };
            let one = |p: &f64| format!("p{}={:.3}", six_places(*p), histogram.percentile(*p) as f64);
            let all: alloc::vec::Vec<String> = percentiles.iter().map(one).collect();
            s.line(&format!("latency_percentiles_usec_{}", name(row)), all.join(","));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Section, Stats, human};
    use crate::config::Config;
    use std::string::String;

    #[test]
    fn sizes_for_people() {
        assert_eq!(human(0), "0B");
        assert_eq!(human(1023), "1023B");
        assert_eq!(human(1024), "1.00K");
        assert_eq!(human(1_138_592), "1.09M");
        assert_eq!(human(25_276_510_208), "23.54G");
        assert_eq!(human(u64::MAX), "16384.00P");
    }

    #[test]
    fn sections() {
        let mut text = String::new();
        Section::new(&mut text, "A").line("x", 1);
        Section::new(&mut text, "B").size("y", 2048);
        assert_eq!(text, "# A\r\nx:1\r\n\r\n# B\r\ny:2048\r\ny_human:2.00K\r\n");
    }

    #[test]
    fn figures_of_commands() {
        let mut stats = Stats::new(3);
        let names = ["get", "set", "client|id"];
        stats.called(0, false);
        stats.called(0, true);
        stats.rejected(2);
        stats.error_reply(b"WRONGTYPE not this");
        stats.error_reply(b"ERR no");
        stats.error_reply(b"ERR no");
        let since = stats.start(false, || 5);
        stats.ran_alone(0, since, || 8);
        let mut text = String::new();
        stats.write_commandstats(&mut text, |row| names[row]);
        stats.write_errorstats(&mut text);
        stats.write_latencystats(&mut text, &Config::default(), |row| names[row]);
        assert_eq!(
            text,
            "# Commandstats\r\n\
             cmdstat_get:calls=2,usec=3,usec_per_call=1.50,rejected_calls=0,failed_calls=1\r\n\
             cmdstat_client|id:calls=0,usec=0,usec_per_call=0.00,rejected_calls=1,failed_calls=0\r\n\r\n\
             # Errorstats\r\nerrorstat_ERR:count=2\r\nerrorstat_WRONGTYPE:count=1\r\n\r\n\
             # Latencystats\r\nlatency_percentiles_usec_get:p50=3.000,p99=3.000,p99.9=3.000\r\n"
        );
    }
}

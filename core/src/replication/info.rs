//! The replication section of INFO.
//!
//! *Owns*: its lines. The names and their order are those of Redis.

use super::{PeerStage, Replication};
use crate::base::time::{Mono, Now};
use crate::config::Config;
use alloc::string::String;
use core::fmt::Write as _;

/// Collects lines; writing to a string cannot fail.
struct Lines(String);

impl Lines {
    fn line(&mut self, name: &str, value: impl core::fmt::Display) {
        let _ = write!(self.0, "{name}:{value}\r\n");
    }

    fn id(&mut self, name: &str, id: &[u8; 40]) {
        self.line(name, String::from_utf8_lossy(id));
    }
}

fn secs(now: Now, since: Mono) -> u64 {
    (now.mono - since).as_secs()
}

impl Replication {
    /// The section with its heading. `ip_of` answers the address of the client in a slot.
    #[must_use]
    pub fn info(&self, config: &Config, now: Now, ip_of: impl Fn(u32) -> String) -> String {
        let mut out = Lines(String::from("# Replication\r\n"));
        out.line("role", if self.is_replica() { "slave" } else { "master" });
        self.master_lines(&mut out, config, now);
        out.line("connected_slaves", self.replicas().count());
        if config.min_replicas_to_write > 0 && config.min_replicas_max_lag > 0 {
            out.line("min_slaves_good_slaves", self.good);
        }
        for (n, (slot, peer)) in self.replicas().enumerate() {
            let ip = if peer.ip.is_empty() { ip_of(slot) } else { peer.ip[..].into() };
            let (port, state, acked) = (peer.port, peer.state_word(), peer.acked);
            let lag = if peer.stage == PeerStage::Online { secs(now, peer.last_ack) } else { 0 };
            let name = alloc::format!("slave{n}");
            out.line(&name, format_args!("ip={ip},port={port},state={state},offset={acked},lag={lag}"));
        }
        out.line("master_failover_state", super::Failover::state_word(self.failover.as_deref()));
        out.id("master_replid", &self.id);
        out.id("master_replid2", &self.id2);
        out.line("master_repl_offset", self.offset);
        out.line("second_repl_offset", self.second_offset);
        out.line("repl_backlog_active", u8::from(self.backlog.is_some()));
        out.line("repl_backlog_size", config.repl_backlog_size);
        let (first, len) =
            self.backlog.as_ref().map_or((0, 0), |log| (log.start() + 1, self.offset - log.start()));
        out.line("repl_backlog_first_byte_offset", first);
        out.line("repl_backlog_histlen", len);
        out.0
    }

    /// What a replica says of its master.
    fn master_lines(&self, out: &mut Lines, config: &Config, now: Now) {
        let Some(master) = &self.master else { return };
        out.line("master_host", &master.host);
        out.line("master_port", master.port);
        out.line("master_link_status", if master.is_streaming() { "up" } else { "down" });
        let idle = if master.is_streaming() { secs(now, master.last_io) as i64 } else { -1 };
        out.line("master_last_io_seconds_ago", idle);
        out.line("master_sync_in_progress", u8::from(master.load().is_some()));
        out.line("slave_read_repl_offset", self.received_offset());
        out.line("slave_repl_offset", self.offset);
        if let Some(load) = master.load() {
            let total = load.total.unwrap_or(0);
            out.line("master_sync_total_bytes", total);
            out.line("master_sync_read_bytes", load.read);
            out.line("master_sync_left_bytes", total as i64 - load.read as i64);
            let percent = if total == 0 { 0.0 } else { load.read as f64 / total as f64 * 100.0 };
            out.line("master_sync_perc", format_args!("{percent:.2}"));
            out.line("master_sync_last_io_seconds_ago", secs(now, master.last_io));
        }
        if !master.is_streaming() {
            let since = master.down_since.map_or(-1, |since| secs(now, since) as i64);
            out.line("master_link_down_since_seconds", since);
        }
        out.line("slave_priority", config.replica_priority);
        out.line("slave_read_only", u8::from(config.replica_read_only));
        out.line("replica_announced", u8::from(config.replica_announced));
    }
}

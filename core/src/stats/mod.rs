//! Floor 4: counters.
//!
//! *Owns*: what INFO's stats, commandstats, errorstats and latencystats print. *Does not own*: numbers that a subsystem
//! keeps anyway. Durations come from the driver's stopwatch and decide nothing.

mod histogram;
mod info;
mod rates;
mod timing;

pub use histogram::Histogram;
pub use info::{Others, Section, human};
pub use rates::{Rate, Rates};

use crate::base::time::Mono;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec;
use alloc::vec::Vec;

/// Distinct error codes counted; an endless variety must not fill the memory.
const ERROR_CODES_MAX: usize = 128;

/// One command's figures.
#[derive(Clone, Copy, Debug, Default)]
pub struct CommandStat {
    /// Times run.
    pub calls: u64,
    /// Microseconds spent.
    pub micros: u64,
    /// Times refused before it ran.
    pub rejected: u64,
    /// Times it answered an error.
    pub failed: u64,
}

/// The counters of a node.
#[derive(Clone, Debug)]
pub struct Stats {
    /// By row number.
    pub commands: Vec<CommandStat>,
    /// By error code.
    pub errors: BTreeMap<Box<[u8]>, u64>,
    /// Durations of each command's runs, by row number; none before the first.
    pub latencies: Vec<Option<Box<Histogram>>>,
    /// Whether commands are timed.
    pub timing: bool,
    /// Whether their durations are counted one by one.
    tracking: bool,
    /// Whether each is timed alone.
    alone: bool,
    /// Whether the last reading of the stopwatch still counts.
    running: bool,
    /// Last reading of the stopwatch.
    last_lap: u64,
    /// Rows of the commands that share the time since then.
    sharing: Vec<u16>,
    /// Microseconds that a command is counted for although it did not run (DEBUG SLEEP).
    pub slept_us: u64,
    /// Microseconds in commands.
    pub commands_us: u64,
    /// `commands_us` and `commands_run` at the end of the last turn.
    last_turn: (u64, u64),
    /// The most microseconds and the most commands of one turn.
    busiest: (u64, u64),
    /// Samples of rates.
    pub rates: Rates,
    /// Connections accepted.
    pub connections: u64,
    /// Connections refused at `maxclients`.
    pub rejected_connections: u64,
    /// Commands run.
    pub commands_run: u64,
    /// Bytes read.
    pub net_in: u64,
    /// Bytes written.
    pub net_out: u64,
    /// Bytes of replication read.
    pub repl_in: u64,
    /// Bytes of replication written.
    pub repl_out: u64,
    /// Reads handled.
    pub reads: u64,
    /// Reads handled at the last sample of the rates.
    pub sampled_reads: u64,
    /// Writes made.
    pub writes: u64,
    /// Turns of the event loop.
    pub turns: u64,
    /// Keys removed because they expired.
    pub expired_keys: u64,
    /// Times the active expire cycle stopped with keys overdue.
    pub expire_cap_reached: u64,
    /// Error replies.
    pub error_replies: u64,
    /// Error replies to or from the replication stream.
    pub unexpected_errors: u64,
    /// Full resynchronisations served.
    pub sync_full: u64,
    /// Partial resynchronisations accepted.
    pub sync_partial_ok: u64,
    /// Partial resynchronisations refused.
    pub sync_partial_err: u64,
    /// Failed authentications.
    pub auth_denied: u64,
    /// Peak of the accounted memory in bytes.
    pub peak_memory: u64,
    /// Clients closed for their output.
    pub obuf_disconnections: u64,
    /// Clients closed for their input.
    pub qbuf_disconnections: u64,
    /// Largest input and output seen lately, in bytes.
    pub recent_max_input: u64,
    /// Largest output seen lately, in bytes.
    pub recent_max_output: u64,
}

impl Stats {
    /// Zeros for a table of `rows` rows.
    #[must_use]
    pub fn new(rows: usize) -> Self {
        Self {
            commands: vec![CommandStat::default(); rows],
            errors: BTreeMap::new(),
            latencies: vec![None; rows],
            timing: true,
            tracking: true,
            alone: false,
            running: false,
            last_lap: 0,
            sharing: Vec::new(),
            slept_us: 0,
            commands_us: 0,
            last_turn: (0, 0),
            busiest: (0, 0),
            rates: Rates::default(),
            connections: 0,
            rejected_connections: 0,
            commands_run: 0,
            net_in: 0,
            net_out: 0,
            repl_in: 0,
            repl_out: 0,
            reads: 0,
            sampled_reads: 0,
            writes: 0,
            turns: 0,
            expired_keys: 0,
            expire_cap_reached: 0,
            error_replies: 0,
            unexpected_errors: 0,
            sync_full: 0,
            sync_partial_ok: 0,
            sync_partial_err: 0,
            auth_denied: 0,
            peak_memory: 0,
            obuf_disconnections: 0,
            qbuf_disconnections: 0,
            recent_max_input: 0,
            recent_max_output: 0,
        }
    }

    /// CONFIG RESETSTAT.
    pub fn reset(&mut self) {
        let sharing = core::mem::take(&mut self.sharing);
        let Self { timing, tracking, alone, running, last_lap, .. } = *self;
        let rows = self.commands.len();
        *self = Self { timing, tracking, alone, running, last_lap, sharing, ..Self::new(rows) };
    }

    /// Samples every rate; whether anything moved since the last sample.
    pub fn rates_sample(&mut self, now: Mono) -> bool {
        let busy = self.reads != self.sampled_reads;
        self.sampled_reads = self.reads;
        self.rates.commands.sample(self.commands_run, now);
        self.rates.net_in.sample(self.net_in, now);
        self.rates.net_out.sample(self.net_out, now);
        self.rates.repl_in.sample(self.repl_in, now);
        self.rates.repl_out.sample(self.repl_out, now);
        self.rates.turns.sample(self.turns, now);
        busy
    }

    /// A command of this row ran.
    pub fn called(&mut self, row: usize, failed: bool) {
        let stat = &mut self.commands[row];
        stat.calls += 1;
        stat.failed += u64::from(failed);
        self.commands_run += 1;
    }

    /// A command of this row was refused.
    pub fn rejected(&mut self, row: usize) {
        self.commands[row].rejected += 1;
    }

    /// An error reply was sent; `text` begins with its code.
    pub fn error_reply(&mut self, text: &[u8]) {
        self.error_replies += 1;
        let end = text.iter().position(|b| matches!(b, b' ' | b'\r' | b'\n')).unwrap_or(text.len());
        let code = &text[..end];
        if let Some(count) = self.errors.get_mut(code) {
            *count += 1;
        } else if self.errors.len() < ERROR_CODES_MAX {
            self.errors.insert(code.into(), 1);
        } else {
            *self.errors.entry(Box::from(&b"ERRORSTATS_OVERFLOW"[..])).or_insert(0) += 1;
        }
    }
}

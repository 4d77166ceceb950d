//! The slow log and the durations of commands.
//!
//! *Owns*: the ring of slow commands, and who enters it. *Does not own*: measuring (`stats/timing`). Durations come from the driver's stopwatch and decide nothing.
//!
//! Source: the Redis documentation of SLOWLOG.

use super::monitor::shown;
use super::row::{Flags, Row};
use super::server::Server;
use super::table::RowIx;
use crate::resp::Args;
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::format;
use alloc::vec::Vec;

/// Arguments kept of one command, the last of which may stand for the rest.
const ARGS_MAX: usize = 32;
/// Bytes kept of one argument.
const ARG_BYTES_MAX: usize = 128;

/// One slow command.
#[derive(Clone, Debug)]
pub struct SlowEntry {
    /// Rises by one with every entry.
    pub id: u64,
    /// Seconds since the epoch.
    pub unix_secs: i64,
    /// How long it ran.
    pub micros: u64,
    /// Its arguments, cut.
    pub args: Vec<Box<[u8]>>,
    /// Who sent it.
    pub peer: Box<str>,
    /// The client's name.
    pub name: Box<[u8]>,
}

/// The ring.
#[derive(Clone, Debug, Default)]
pub struct Slowlog {
    entries: VecDeque<SlowEntry>,
    next_id: u64,
}

impl Slowlog {
    /// Adds an entry, its arguments cut already, and forgets the oldest beyond `len_max`.
    pub fn add(
        &mut self,
        unix_secs: i64,
        micros: u64,
        args: Vec<Box<[u8]>>,
        peer: &str,
        name: &[u8],
        len_max: usize,
    ) {
        let entry =
            SlowEntry { id: self.next_id, unix_secs, micros, args, peer: peer.into(), name: name.into() };
        self.next_id += 1;
        self.entries.push_front(entry);
        self.entries.truncate(len_max);
    }

    /// Entries, newest first.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &SlowEntry> {
        self.entries.iter()
    }

    /// Number of entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Forgets all entries.
    pub fn clear(&mut self) {
        self.entries.clear();
    }
}

impl Server {
    /// Takes the time of a command that began at the reading `since`; enters it into the slow log if it was long.
    #[inline]
    pub(super) fn time_command(&mut self, slot: u32, row: RowIx, since: u64, args: &Args<'_>) {
        if self.stats.shares(self.table.entry(row).is_cheap) {
            self.stats.ran_cheap(row.0, self.stopwatch);
        } else if self.stats.timing {
            let micros = self.stats.ran_alone(row.0, since, self.stopwatch);
            self.log_if_slow(slot, row, micros, args);
        }
    }

    fn log_if_slow(&mut self, slot: u32, row: RowIx, micros: u64, args: &Args<'_>) {
        let threshold = self.config.slowlog_log_slower_than;
        let wanted = threshold >= 0 && micros >= threshold as u64;
        if wanted && !self.table.row(row).flags.has(Flags::SKIP_SLOWLOG) {
            let details = &self.conns.get(slot).details;
            let len_max = self.config.slowlog_max_len.max(0) as usize;
            let args = cut(self.table.row(row), args);
            self.slowlog.add(self.now.unix.secs(), micros, args, &details.peer, &details.name, len_max);
        }
    }
}

/// The arguments as the log keeps them.
fn cut(row: &Row, args: &Args<'_>) -> Vec<Box<[u8]>> {
    let kept = if args.len() > ARGS_MAX { ARGS_MAX - 1 } else { args.len() };
    let mut out: Vec<Box<[u8]>> = (0..kept).map(|i| cut_one(shown(row, args, i))).collect();
    if kept < args.len() {
        out.push(format!("... ({} more arguments)", args.len() - kept).into_bytes().into());
    }
    out
}

fn cut_one(arg: &[u8]) -> Box<[u8]> {
    if arg.len() <= ARG_BYTES_MAX {
        return arg.into();
    }
    let mut text = arg[..ARG_BYTES_MAX].to_vec();
    text.extend_from_slice(format!("... ({} more bytes)", arg.len() - ARG_BYTES_MAX).as_bytes());
    text.into()
}

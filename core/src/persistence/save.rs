//! A snapshot on its way to its file.
//!
//! *Owns*: [`Save`]: the order of the disk requests from the temporary file to the synced directory.
//! *Does not own*: the walk, the pace, what follows from the end.
//! *Invariants*: the file of the name asked for is always whole, the old one or the new one, and the new one only when
//! all of it is on the medium; no more than `IN_FLIGHT_MAX` bytes and one slice wait for the disk; a temporary file that
//! is not wanted any more is removed.

use super::{Dump, Pace};
use crate::base::mutant::Mutant;
use crate::base::time::Mono;
use crate::config::Knobs;
use crate::contract::{ConnId, DiskDone, DiskRequest, DiskResult, FileId, OpId, OpenMode};
use crate::keyspace::Keyspace;
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::format;
use alloc::vec;
use alloc::vec::Vec;

/// Bytes that wait for the disk at most, but for one slice.
const IN_FLIGHT_MAX: usize = 4 << 20;
/// With `rdb-save-incremental-fsync`, bytes written between two syncs.
const SYNC_EVERY: usize = 4 << 20;

/// What a snapshot is taken for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// BGSAVE, or a save point: clients are served meanwhile.
    Background,
    /// SAVE: this client waits, and everyone else.
    Command(ConnId),
    /// The file after FLUSHALL: everyone waits.
    Flush,
    /// The end of the server.
    Shutdown,
    /// DEBUG RELOAD, which goes on with loading.
    Reload(Reload),
}

/// What DEBUG RELOAD is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reload {
    /// Who waits; inside EXEC nobody does, though all do.
    pub client: Option<ConnId>,
    /// What is there stays.
    pub noflush: bool,
    /// Keys of the file replace those that are there.
    pub merge: bool,
}

impl Purpose {
    /// Whether nothing else is executed meanwhile.
    #[must_use]
    pub fn is_exclusive(&self) -> bool {
        *self != Self::Background
    }
}

/// Where a snapshot goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The directory, as requests name it.
    pub dir: Box<str>,
    /// The file.
    pub path: Box<str>,
    /// The file before it is complete.
    pub temp: Box<str>,
}

impl Target {
    /// The file `name` in `dir`, written by process `pid`.
    #[must_use]
    pub fn new(dir: &str, name: &str, pid: u32) -> Self {
        Self { dir: dir.into(), path: inside(dir, name), temp: inside(dir, &format!("temp-{pid}.rdb")) }
    }
}

/// The path of a file in a directory.
#[must_use]
pub fn inside(dir: &str, name: &str) -> Box<str> {
    match dir {
        "." | "" => name.into(),
        _ if dir.ends_with('/') => format!("{dir}{name}").into(),
        _ => format!("{dir}/{name}").into(),
    }
}

/// A snapshot that is being written.
#[derive(Clone, Debug)]
pub struct Save {
    /// What for.
    pub purpose: Purpose,
    /// When it began.
    pub began: Mono,
    /// The count of changes then.
    pub dirty: u64,
    /// Bytes kept for it beside the data, at most so far.
    pub peak: usize,
    /// Keys to be written, and keys written.
    pub keys: (u64, u64),
    /// When its slices may be done.
    pub pace: Pace,
    /// None when everything has been handed to the disk.
    dump: Option<Dump>,
    target: Target,
    file: FileId,
    /// What was asked of the disk and not answered, oldest first.
    asked: VecDeque<(OpId, Asked)>,
    opened: bool,
    in_flight: usize,
    /// Bytes since the last sync; none = no syncs on the way.
    unsynced: Option<usize>,
}

/// What was asked of the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    Open,
    Append(usize),
    SyncOnTheWay,
    Sync,
    Close,
    Rename,
    SyncDir,
}

/// What follows an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The answer was not for this snapshot.
    NotMine,
    /// It goes on when slices or other answers come.
    Wait,
    /// The disk is to do this.
    Ask(DiskRequest),
    /// The file is in its place.
    Done,
    /// It cannot be written; in words.
    Failed(Box<str>),
}

impl Save {
    /// A snapshot of what `dump` shows, into `target`; `file` is the id of the temporary file.
    #[must_use]
    pub fn new(purpose: Purpose, dump: Dump, target: Target, file: FileId, began: Mono, dirty: u64) -> Self {
        Self {
            purpose,
            began,
            dirty,
            peak: 0,
            keys: (dump.keys(), 0),
            pace: Pace::default(),
            dump: Some(dump),
            target,
            file,
            asked: VecDeque::new(),
            opened: false,
            in_flight: 0,
            unsynced: None,
        }
    }

    /// The first request.
    #[must_use]
    pub fn open(&self, knobs: &Knobs) -> DiskRequest {
        let path = if knobs.broken(Mutant::SaveInPlace) { &self.target.path } else { &self.target.temp };
        DiskRequest::Open { file: self.file, path: path.clone(), mode: OpenMode::Create }
    }

    /// Syncs on the way from now on, so that the last one is short.
    pub fn sync_on_the_way(&mut self) {
        self.unsynced.get_or_insert(0);
    }

    /// A request was handed to the disk under this number.
    pub fn issued(&mut self, op: OpId, request: &DiskRequest) {
        let asked = match request {
            DiskRequest::Open { .. } => Asked::Open,
            DiskRequest::Append { bytes, .. } => Asked::Append(bytes.len()),
            DiskRequest::Sync { .. } if self.dump.is_none() && self.in_flight == 0 => Asked::Sync,
            DiskRequest::Sync { .. } => Asked::SyncOnTheWay,
            DiskRequest::Close { .. } => Asked::Close,
            DiskRequest::Rename { .. } => Asked::Rename,
            DiskRequest::SyncDir { .. }
            | DiskRequest::Truncate { .. }
            | DiskRequest::Read { .. }
            | DiskRequest::Size { .. }
            | DiskRequest::Remove { .. }
            | DiskRequest::MakeDir { .. }
            | DiskRequest::List { .. } => Asked::SyncDir,
        };
        self.asked.push_back((op, asked));
    }

    /// Whether another slice may be produced now.
    #[must_use]
    pub fn wants_slice(&self) -> bool {
        self.dump.is_some() && self.opened && self.in_flight < IN_FLIGHT_MAX
    }

    /// Produces about `bytes` more, of at most about `keys` keys; what the disk is to do with it.
    pub fn slice(&mut self, keyspace: &mut Keyspace, bytes: usize, keys: u64) -> Vec<DiskRequest> {
        let Some(mut dump) = self.dump.take() else { return Vec::new() };
        let done = dump.slice(keyspace, bytes, keys, 0);
        self.peak = self.peak.max(keyspace.snapshot_bytes());
        self.keys.1 = dump.shown();
        let part = if done {
            dump.finish()
        } else {
            let part = dump.take();
            self.dump = Some(dump);
            part
        };
        if part.is_empty() {
            return Vec::new();
        }
        let len = part.len();
        self.in_flight += len;
        let file = self.file;
        let mut requests = vec![DiskRequest::Append { file, bytes: part.into() }];
        if let Some(unsynced) = &mut self.unsynced {
            *unsynced += len;
            if *unsynced >= SYNC_EVERY && self.dump.is_some() {
                *unsynced = 0;
                requests.push(DiskRequest::Sync { file });
            }
        }
        requests
    }

    /// The disk answered a request.
    pub fn answered(&mut self, op: OpId, result: DiskResult, knobs: &Knobs) -> Progress {
        let Some((_, asked)) = self.asked.front().copied().filter(|(asked, _)| *asked == op) else {
            return Progress::NotMine;
        };
        self.asked.pop_front();
        match result {
            Ok(DiskDone::Ok | DiskDone::Data(_) | DiskDone::Size(_) | DiskDone::Names(_)) => {}
            Err(error) => return Progress::Failed(self.failure(asked, &error.text)),
        }
        let (file, target) = (self.file, &self.target);
        match asked {
            Asked::Open => self.opened = true,
            Asked::Append(bytes) => {
                self.in_flight -= bytes;
                if self.dump.is_none() && self.in_flight == 0 {
                    let skipped = knobs.broken(Mutant::SaveUnsynced);
                    return Progress::Ask(if skipped {
                        DiskRequest::Close { file }
                    } else {
                        DiskRequest::Sync { file }
                    });
                }
            }
            Asked::SyncOnTheWay => {}
            Asked::Sync => return Progress::Ask(DiskRequest::Close { file }),
            Asked::Close if knobs.broken(Mutant::SaveInPlace) => {
                return Progress::Ask(DiskRequest::SyncDir { path: target.dir.clone() });
            }
            Asked::Close => {
                let (from, to) = (target.temp.clone(), target.path.clone());
                return Progress::Ask(DiskRequest::Rename { from, to });
            }
            Asked::Rename if knobs.broken(Mutant::SaveUnnamed) => return Progress::Done,
            Asked::Rename => return Progress::Ask(DiskRequest::SyncDir { path: target.dir.clone() }),
            Asked::SyncDir => return Progress::Done,
        }
        Progress::Wait
    }

    fn failure(&self, asked: Asked, text: &str) -> Box<str> {
        let Target { dir, path, temp } = &self.target;
        match asked {
            Asked::Open => {
                format!("Failed opening the temp RDB file {temp} (in directory {dir}) for saving: {text}")
            }
            Asked::Append(_) => format!("Write error saving DB on disk(write): {text}"),
            Asked::SyncOnTheWay | Asked::Sync => format!("Write error saving DB on disk(fsync): {text}"),
            Asked::Close => format!("Write error saving DB on disk(close): {text}"),
            Asked::Rename => {
                format!("Error moving temp DB file {temp} on the final destination {path}: {text}")
            }
            Asked::SyncDir => format!("Failed to fsync directory {dir} while saving DB: {text}"),
        }
        .into()
    }

    /// What removes the traces of a snapshot that will not be completed; how that ends matters to nobody.
    #[must_use]
    pub fn clean_up(&self) -> Vec<DiskRequest> {
        let renamed = self.asked.iter().any(|(_, asked)| matches!(asked, Asked::Rename | Asked::SyncDir));
        let opening = self.asked.iter().any(|(_, asked)| *asked == Asked::Open);
        if renamed || !(self.opened || opening) {
            return Vec::new();
        }
        let path = self.target.temp.clone();
        vec![DiskRequest::Close { file: self.file }, DiskRequest::Remove { path }]
    }
}

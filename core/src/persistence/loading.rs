//! A snapshot on its way from its file into memory.
//!
//! *Owns*: [`Loading`]: how long the file is, what was read of it and not taken in yet, the keys so far.
//! *Does not own*: the data set in use, the pace, what follows from the end.
//! *Invariants*: a file that is not there is no failure, anything else that keeps it from being read is; at most
//! `AHEAD` reads wait; the data set in use is not touched before all of the file was read and holds.

use super::{Intake, IntakeError, Reload, Terms};
use crate::base::time::Now;
use crate::contract::{DiskDone, DiskErrorKind, DiskRequest, DiskResult, OpId};
use crate::keyspace::Keyspace;
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use bytes::Bytes;

/// Bytes asked of the disk at once.
const CHUNK: u32 = 256 << 10;
/// Reads under way, with what they brought and is not taken in yet.
const AHEAD: usize = 8;

/// What a file is loaded for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The start of the server.
    Start,
    /// DEBUG RELOAD.
    Reload(Reload),
}

/// A file that is being loaded.
#[derive(Clone)]
pub struct Loading {
    /// What for.
    pub cause: Cause,
    /// When it began.
    pub began: Now,
    /// What was taken in so far.
    pub intake: Intake,
    /// The keys so far.
    pub keyspace: Keyspace,
    /// Length of the file in bytes; none while it is not known whether there is one.
    pub total: Option<u64>,
    path: Box<str>,
    asked: VecDeque<(OpId, u32)>,
    /// Up to where the file has been asked for.
    next: u64,
    chunks: VecDeque<Bytes>,
    /// Something fed is not taken in yet.
    unfinished: bool,
}

/// How far a file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The answer was not for this file.
    NotMine,
    /// It goes on when slices or answers come.
    Wait(Vec<DiskRequest>),
    /// There is no file.
    Missing,
    /// All of it is taken in.
    Done,
    /// It cannot be loaded; in words.
    Failed(String),
}

impl Loading {
    /// A file to be loaded into `keyspace`.
    #[must_use]
    pub fn new(cause: Cause, path: Box<str>, keyspace: Keyspace, terms: Terms, began: Now) -> Self {
        Self {
            cause,
            began,
            intake: Intake::new(terms),
            keyspace,
            total: None,
            path,
            asked: VecDeque::new(),
            next: 0,
            chunks: VecDeque::new(),
            unfinished: false,
        }
    }

    /// The first request.
    #[must_use]
    pub fn open(&self) -> DiskRequest {
        DiskRequest::Size { path: self.path.clone() }
    }

    /// The file's path.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// A request was handed to the disk under this number.
    pub fn issued(&mut self, op: OpId, request: &DiskRequest) {
        let len = if let DiskRequest::Read { len, .. } = request { *len } else { 0 };
        self.asked.push_back((op, len));
    }

    /// Whether there is something to take in.
    #[must_use]
    pub fn wants_slice(&self) -> bool {
        self.unfinished || !self.chunks.is_empty()
    }

    /// Bytes taken in so far.
    #[must_use]
    pub fn loaded(&self) -> u64 {
        self.intake.offset()
    }

    /// The disk answered a request.
    pub fn answered(&mut self, op: OpId, result: DiskResult) -> Step {
        let Some((_, len)) = self.asked.front().copied().filter(|(asked, _)| *asked == op) else {
            return Step::NotMine;
        };
        self.asked.pop_front();
        match result {
            Ok(DiskDone::Size(0)) => Step::Failed(format!("{} is empty", self.path)),
            Ok(DiskDone::Size(total)) => {
                self.total = Some(total);
                Step::Wait(self.read_on())
            }
            Ok(DiskDone::Data(data)) if data.len() < len as usize => {
                Step::Failed(format!("{} ended while it was read", self.path))
            }
            Ok(DiskDone::Data(data)) => {
                self.chunks.push_back(data);
                Step::Wait(Vec::new())
            }
            Ok(DiskDone::Ok | DiskDone::Names(_)) => Step::Wait(Vec::new()),
            Err(error) if error.kind == DiskErrorKind::NotFound && self.total.is_none() => Step::Missing,
            Err(error) => Step::Failed(format!("{}: {}", self.path, error.text)),
        }
    }

    /// Takes in one piece of what was read, at most `keys` keys of it.
    pub fn slice(&mut self, keys: u64) -> Step {
        if !self.unfinished {
            let Some(chunk) = self.chunks.pop_front() else { return Step::Wait(Vec::new()) };
            self.intake.feed(&chunk);
        }
        match self.intake.advance(&mut self.keyspace, keys) {
            Ok(unfinished) => self.unfinished = unfinished,
            Err(error) => return self.bad(&error),
        }
        if self.unfinished {
            return Step::Wait(Vec::new());
        }
        if self.intake.is_done() {
            return Step::Done;
        }
        let over = self.chunks.is_empty() && self.asked.is_empty() && Some(self.next) == self.total;
        match self.intake.finish() {
            Err(error) if over => self.bad(&error),
            _ => Step::Wait(self.read_on()),
        }
    }

    fn bad(&self, error: &IntakeError) -> Step {
        Step::Failed(format!("{}: {error}", self.path))
    }

    /// Asks for more of the file, as far ahead as may be.
    fn read_on(&mut self) -> Vec<DiskRequest> {
        let mut requests = vec![];
        let total = self.total.unwrap_or(0);
        while self.next < total && self.asked.len() + self.chunks.len() + requests.len() < AHEAD {
            let len = (total - self.next).min(u64::from(CHUNK)) as u32;
            requests.push(DiskRequest::Read { path: self.path.clone(), offset: self.next, len });
            self.next += u64::from(len);
        }
        requests
    }
}

//! CONFIG REWRITE: the configuration file is read, brought up to date beside itself, and replaced in one step.
//!
//! *Owns*: the order of the disk requests. *Does not own*: the text (`config`).
//! *Invariants*: at every moment the file is whole, the old one or the new one; a temporary file that is not wanted any
//! more is removed.

use super::Node;
use super::ops::OpOwner;
use crate::base::ids::FileId;
use crate::config;
use crate::contract::{ConnId, DiskDone, DiskErrorKind, DiskRequest, DiskResult, LogLevel, OpenMode};
use crate::engine::Server;
use alloc::boxed::Box;
use alloc::format;
use alloc::vec::Vec;
use bytes::Bytes;

/// Bytes of the file asked for at once.
const CHUNK: u32 = 1 << 20;

/// A rewrite under way.
#[derive(Clone, Debug)]
pub(super) struct Rewrite {
    client: ConnId,
    path: Box<str>,
    temp: Box<str>,
    file: FileId,
    step: Step,
}

/// What has been asked of the disk.
#[derive(Clone, Debug)]
enum Step {
    /// To read on; what it has read so far.
    Read(Vec<u8>),
    /// To create the temporary file for this text.
    Open(Bytes),
    Append,
    Sync,
    Close,
    Rename,
    SyncDir,
}

/// What follows an answer.
enum Next {
    Ask(Step, DiskRequest),
    Done,
    Failed(Box<str>),
}

impl Rewrite {
    /// What follows the answer to the step under way.
    fn next(&mut self, result: DiskResult, srv: &Server) -> Next {
        let step = core::mem::replace(&mut self.step, Step::SyncDir);
        let file = self.file;
        let data = match (&step, result) {
            (_, Ok(DiskDone::Data(data))) => data,
            (_, Ok(DiskDone::Ok | DiskDone::Names(_) | DiskDone::Size(_))) => Bytes::new(),
            // No file yet: it begins empty.
            (Step::Read(_), Err(error)) if error.kind == DiskErrorKind::NotFound => Bytes::new(),
            (_, Err(error)) => {
                self.step = step;
                return Next::Failed(error.text);
            }
        };
        match step {
            Step::Read(mut text) => {
                text.extend_from_slice(&data);
                if data.len() == CHUNK as usize {
                    let request = read(&self.path, text.len() as u64);
                    return Next::Ask(Step::Read(text), request);
                }
                let text = Bytes::from(config::rewrite(Some(&text), &srv.config));
                let path = self.temp.clone();
                Next::Ask(Step::Open(text), DiskRequest::Open { file, path, mode: OpenMode::Create })
            }
            Step::Open(bytes) => Next::Ask(Step::Append, DiskRequest::Append { file, bytes }),
            Step::Append => Next::Ask(Step::Sync, DiskRequest::Sync { file }),
            Step::Sync => Next::Ask(Step::Close, DiskRequest::Close { file }),
            Step::Close => {
                let (from, to) = (self.temp.clone(), self.path.clone());
                Next::Ask(Step::Rename, DiskRequest::Rename { from, to })
            }
            Step::Rename => {
                let path = directory(&self.path).into();
                Next::Ask(Step::SyncDir, DiskRequest::SyncDir { path })
            }
            Step::SyncDir => Next::Done,
        }
    }

    /// Removes what a failed rewrite leaves behind; how that ends matters to nobody.
    fn clean_up(&self, srv: &mut Server) {
        match self.step {
            Step::Read(_) | Step::Open(_) | Step::SyncDir => return,
            Step::Append | Step::Sync => {
                srv.disk(DiskRequest::Close { file: self.file });
            }
            Step::Close | Step::Rename => {}
        }
        srv.disk(DiskRequest::Remove { path: self.temp.clone() });
    }
}

fn read(path: &str, offset: u64) -> DiskRequest {
    DiskRequest::Read { path: path.into(), offset, len: CHUNK }
}

/// The directory that a file stands in.
fn directory(path: &str) -> &str {
    match path.rfind('/') {
        Some(0) => "/",
        Some(at) => &path[..at],
        None => ".",
    }
}

impl Node {
    /// Begins a rewrite for a client that waits.
    pub(super) fn rewrite_config(&mut self, client: ConnId) {
        let srv = &mut self.srv;
        let path: Box<str> = srv.config_path.as_deref().unwrap_or_default().into();
        let temp = format!("{path}-{}-{}.tmp", srv.process.pid, srv.now.unix.0).into();
        let file = srv.take_file();
        let request = read(&path, 0);
        let rewrite = Rewrite { client, path, temp, file, step: Step::Read(Vec::new()) };
        self.ask(rewrite, request);
    }

    fn ask(&mut self, rewrite: Rewrite, request: DiskRequest) {
        let op = self.srv.disk(request);
        self.ops.insert(op, OpOwner::Rewrite(Box::new(rewrite)));
    }

    pub(super) fn continue_rewrite(&mut self, mut rewrite: Rewrite, result: DiskResult) {
        match rewrite.next(result, &self.srv) {
            Next::Ask(step, request) => {
                rewrite.step = step;
                self.ask(rewrite, request);
            }
            Next::Done => {
                self.srv.log(LogLevel::Notice, format_args!("CONFIG REWRITE executed with success."));
                self.srv.answer(rewrite.client, Ok(()));
            }
            Next::Failed(text) => {
                rewrite.clean_up(&mut self.srv);
                self.srv.log(LogLevel::Warning, format_args!("CONFIG REWRITE failed: {text}"));
                let error = format!("ERR Rewriting config file: {text}");
                self.srv.answer(rewrite.client, Err(error.as_bytes()));
            }
        }
    }
}

//! One disk worker: the thread that makes the system calls.
//!
//! *Owns*: the open files of its lane. *Does not own*: which request comes to which lane (`disk`).
//! *Invariants*: jobs are done one after the other; each is answered, whatever comes of it.

use crate::os_text::disk_error;
use crate::reports::{Report, Reporter};
use bytes::Bytes;
use norn_core::contract::{DiskDone, DiskRequest, FileId, OpId, OpenMode};
use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender};

/// What a worker is told.
#[derive(Debug)]
pub(crate) enum Job {
    /// Carry out a request and report it.
    Do(OpId, Work),
    /// Tell another lane that everything before this is done.
    Mark(Sender<()>),
    /// Do nothing until another lane has come to its mark.
    WaitFor(Receiver<()>),
}

/// A request with its paths made absolute.
#[derive(Debug)]
pub(crate) enum Work {
    Open(FileId, PathBuf, OpenMode),
    Append(FileId, Bytes),
    Sync(FileId),
    Truncate(FileId, u64),
    Close(FileId),
    Read(PathBuf, u64, u32),
    Size(PathBuf),
    Rename(PathBuf, PathBuf),
    Remove(PathBuf),
    MakeDir(PathBuf),
    SyncDir(PathBuf),
    List(PathBuf),
}

impl Work {
    /// The request with `path` (and `second`, for a rename) in the place of its own paths.
    pub(crate) fn new(request: DiskRequest, path: &Path, second: Option<&Path>) -> Self {
        let path = || path.to_owned();
        match request {
            DiskRequest::Open { file, mode, .. } => Self::Open(file, path(), mode),
            DiskRequest::Append { file, bytes } => Self::Append(file, bytes),
            DiskRequest::Sync { file } => Self::Sync(file),
            DiskRequest::Truncate { file, len } => Self::Truncate(file, len),
            DiskRequest::Close { file } => Self::Close(file),
            DiskRequest::Read { offset, len, .. } => Self::Read(path(), offset, len),
            DiskRequest::Size { .. } => Self::Size(path()),
            DiskRequest::Rename { .. } => Self::Rename(path(), second.map_or_else(path, Path::to_owned)),
            DiskRequest::Remove { .. } => Self::Remove(path()),
            DiskRequest::MakeDir { .. } => Self::MakeDir(path()),
            DiskRequest::SyncDir { .. } => Self::SyncDir(path()),
            DiskRequest::List { .. } => Self::List(path()),
        }
    }
}

/// Works until the queue is closed and empty.
pub(crate) fn run(lane: usize, jobs: &Receiver<Job>, reporter: &Reporter) {
    let mut files = HashMap::new();
    while let Ok(job) = jobs.recv() {
        match job {
            Job::Do(op, work) => {
                let result = work.carry_out(&mut files).map_err(|error| disk_error(&error));
                reporter.send(Report::Disk { lane, op, result });
            }
            Job::Mark(waiting) => drop(waiting.send(())),
            // An error means that the other lane is gone, and with it all it had to do.
            Job::WaitFor(mark) => drop(mark.recv()),
        }
    }
}

impl Work {
    fn carry_out(self, files: &mut HashMap<FileId, File>) -> io::Result<DiskDone> {
        match self {
            Self::Open(id, path, mode) => {
                files.insert(id, open(&path, mode)?);
            }
            Self::Append(id, bytes) => file(files, id)?.write_all(&bytes)?,
            Self::Sync(id) => file(files, id)?.sync_data()?,
            Self::Truncate(id, len) => file(files, id)?.set_len(len)?,
            Self::Close(id) => drop(files.remove(&id).ok_or_else(not_open)?),
            Self::Read(path, offset, len) => return read(&path, offset, len),
            Self::Size(path) => return Ok(DiskDone::Size(std::fs::metadata(path)?.len())),
            Self::Rename(from, to) => std::fs::rename(from, to)?,
            Self::Remove(path) => std::fs::remove_file(path)?,
            Self::MakeDir(path) => make_dir(&path)?,
            Self::SyncDir(path) => File::open(path)?.sync_all()?,
            Self::List(path) => return list(&path),
        }
        Ok(DiskDone::Ok)
    }
}

fn file(files: &mut HashMap<FileId, File>, id: FileId) -> io::Result<&mut File> {
    files.get_mut(&id).ok_or_else(not_open)
}

fn not_open() -> io::Error {
    io::Error::other("the file is not open")
}

/// Both modes write at the end, wherever a truncation has put it.
fn open(path: &Path, mode: OpenMode) -> io::Result<File> {
    match mode {
        OpenMode::Append => OpenOptions::new().create(true).append(true).open(path),
        OpenMode::Create => {
            let file = OpenOptions::new().create(true).append(true).open(path)?;
            file.set_len(0)?;
            Ok(file)
        }
    }
}

fn read(path: &Path, offset: u64, len: u32) -> io::Result<DiskDone> {
    let mut file = File::open(path)?;
    let left = file.metadata()?.len().saturating_sub(offset).min(u64::from(len));
    let mut bytes = Vec::with_capacity(usize::try_from(left).map_err(io::Error::other)?);
    file.seek(SeekFrom::Start(offset))?;
    file.take(u64::from(len)).read_to_end(&mut bytes)?;
    Ok(DiskDone::Data(bytes.into()))
}

fn make_dir(path: &Path) -> io::Result<()> {
    match std::fs::create_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        other => other,
    }
}

/// Names that are not UTF-8 are none of the core's files.
fn list(path: &Path) -> io::Result<DiskDone> {
    let mut names: Vec<Box<str>> = Vec::new();
    for entry in std::fs::read_dir(path)? {
        if let Ok(name) = entry?.file_name().into_string() {
            names.push(name.into());
        }
    }
    names.sort_unstable();
    Ok(DiskDone::Names(names))
}

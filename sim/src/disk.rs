//! The disk of one host.
//!
//! *Owns*: files, what of them would survive a power failure, requests under way, planted failures. *Does not own*: when
//! a request is done; the world schedules that. *Invariants*: requests are carried out in issue order; a power failure
//! keeps every synced byte, and of the unsynced tail a prefix; names made durable only by a synced directory.

use bytes::Bytes;
use norn_core::contract::{
    DiskDone, DiskError, DiskErrorKind, DiskRequest, DiskResult, FileId, OpId, OpenMode,
};
use std::collections::{BTreeMap, VecDeque};

#[derive(Clone, Debug, Default)]
struct Inode {
    bytes: Vec<u8>,
    /// So many of the first bytes are on the medium.
    synced: usize,
}

/// A disk.
#[derive(Clone, Debug, Default)]
pub struct Disk {
    inodes: Vec<Inode>,
    names: BTreeMap<Box<str>, usize>,
    durable_names: BTreeMap<Box<str>, usize>,
    open: BTreeMap<FileId, usize>,
    queue: VecDeque<(OpId, DiskRequest)>,
    /// Every request that writes fails this way while it is set.
    pub failing: Option<DiskErrorKind>,
}

impl Disk {
    /// Takes a request.
    pub fn issue(&mut self, op: OpId, request: DiskRequest) {
        self.queue.push_back((op, request));
    }

    /// Carries out the oldest request.
    pub fn complete(&mut self) -> Option<(OpId, DiskResult)> {
        let (op, request) = self.queue.pop_front()?;
        Some((op, self.carry_out(request)))
    }

    /// Requests not carried out yet.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.queue.len()
    }

    /// The process died: open files are closed, requests not carried out are forgotten, written bytes stay.
    pub fn process_died(&mut self) {
        self.open.clear();
        self.queue.clear();
    }

    /// The power failed: of each file's unsynced tail, `kept_tail` thousandths survive.
    pub fn power_failed(&mut self, kept_tail: u64) {
        self.process_died();
        self.names = self.durable_names.clone();
        for inode in &mut self.inodes {
            let tail = (inode.bytes.len() - inode.synced) as u64;
            inode.bytes.truncate(inode.synced + (tail * kept_tail / 1000) as usize);
            inode.synced = inode.bytes.len();
        }
    }

    /// The content of a file.
    #[must_use]
    pub fn file(&self, path: &str) -> Option<&[u8]> {
        self.names.get(path).map(|i| self.inodes[*i].bytes.as_slice())
    }

    /// Puts a file there, as if it had always been.
    pub fn put(&mut self, path: &str, bytes: &[u8]) {
        self.inodes.push(Inode { bytes: bytes.to_vec(), synced: bytes.len() });
        let inode = self.inodes.len() - 1;
        self.names.insert(path.into(), inode);
        self.durable_names.insert(path.into(), inode);
    }

    fn carry_out(&mut self, request: DiskRequest) -> DiskResult {
        let reads = matches!(
            request,
            DiskRequest::Read { .. }
                | DiskRequest::Size { .. }
                | DiskRequest::List { .. }
                | DiskRequest::Close { .. }
        );
        if let (Some(kind), false) = (self.failing, reads) {
            return Err(error(kind));
        }
        match request {
            DiskRequest::Open { file, path, mode } => {
                let known = self.names.get(&path).copied();
                let inode = known.unwrap_or_else(|| {
                    self.inodes.push(Inode::default());
                    self.inodes.len() - 1
                });
                if mode == OpenMode::Create {
                    self.inodes[inode].bytes.clear();
                    self.inodes[inode].synced = 0;
                }
                self.names.insert(path, inode);
                self.open.insert(file, inode);
                Ok(DiskDone::Ok)
            }
            DiskRequest::Append { file, bytes } => {
                self.opened(file)?.bytes.extend_from_slice(&bytes);
                Ok(DiskDone::Ok)
            }
            DiskRequest::Sync { file } => {
                let inode = self.opened(file)?;
                inode.synced = inode.bytes.len();
                Ok(DiskDone::Ok)
            }
            DiskRequest::Truncate { file, len } => {
                let inode = self.opened(file)?;
                inode.bytes.truncate(len as usize);
                inode.synced = inode.synced.min(inode.bytes.len());
                Ok(DiskDone::Ok)
            }
            DiskRequest::Close { file } => {
                self.open.remove(&file);
                Ok(DiskDone::Ok)
            }
            DiskRequest::Rename { from, to } => {
                let inode = self.names.remove(&from).ok_or_else(|| error(DiskErrorKind::NotFound))?;
                self.names.insert(to, inode);
                Ok(DiskDone::Ok)
            }
            DiskRequest::Remove { path } => {
                self.names.remove(&path).ok_or_else(|| error(DiskErrorKind::NotFound))?;
                Ok(DiskDone::Ok)
            }
            DiskRequest::MakeDir { .. } => Ok(DiskDone::Ok),
            DiskRequest::SyncDir { path } => {
                self.sync_directory(&path);
                Ok(DiskDone::Ok)
            }
            DiskRequest::Read { .. } | DiskRequest::Size { .. } | DiskRequest::List { .. } => {
                self.look(&request)
            }
        }
    }

    /// What a request that changes nothing finds.
    fn look(&self, request: &DiskRequest) -> DiskResult {
        let content = |path| self.file(path).ok_or_else(|| error(DiskErrorKind::NotFound));
        match request {
            DiskRequest::Read { path, offset, len } => {
                let bytes = content(path)?;
                let from = (*offset as usize).min(bytes.len());
                let to = (from + *len as usize).min(bytes.len());
                Ok(DiskDone::Data(Bytes::copy_from_slice(&bytes[from..to])))
            }
            DiskRequest::Size { path } => Ok(DiskDone::Size(content(path)?.len() as u64)),
            DiskRequest::List { path } => {
                let names = self.names.keys().filter_map(|n| inside(n, path)).map(Box::from).collect();
                Ok(DiskDone::Names(names))
            }
            _ => Ok(DiskDone::Ok),
        }
    }

    fn opened(&mut self, file: FileId) -> Result<&mut Inode, DiskError> {
        let inode = self.open.get(&file).ok_or_else(|| error(DiskErrorKind::Io))?;
        Ok(&mut self.inodes[*inode])
    }

    fn sync_directory(&mut self, directory: &str) {
        self.durable_names.retain(|name, _| inside(name, directory).is_none());
        for (name, inode) in &self.names {
            if inside(name, directory).is_some() {
                self.durable_names.insert(name.clone(), *inode);
            }
        }
    }
}

/// The last part of `name` when it lies directly in `directory`; "." and "" are the data directory.
fn inside<'a>(name: &'a str, directory: &str) -> Option<&'a str> {
    let (parent, last) = name.rsplit_once('/').unwrap_or((".", name));
    let directory = if directory.is_empty() { "." } else { directory.trim_end_matches('/') };
    (parent == directory).then_some(last)
}

fn error(kind: DiskErrorKind) -> DiskError {
    let text = match kind {
        DiskErrorKind::NotFound => "No such file or directory",
        DiskErrorKind::NoSpace => "No space left on device",
        DiskErrorKind::Denied => "Permission denied",
        DiskErrorKind::Io => "Input/output error",
    };
    DiskError { kind, text: text.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(disk: &mut Disk, request: DiskRequest) -> DiskResult {
        disk.issue(OpId(1), request);
        disk.complete().expect("one request was issued").1
    }

    fn write(disk: &mut Disk, id: u32, path: &str, bytes: &'static [u8]) {
        let file = FileId(id);
        run(disk, DiskRequest::Open { file, path: path.into(), mode: OpenMode::Append }).expect("opens");
        run(disk, DiskRequest::Append { file, bytes: Bytes::from_static(bytes) }).expect("appends");
    }

    #[test]
    fn a_power_failure_keeps_what_was_synced_and_a_part_of_the_rest() {
        let mut disk = Disk::default();
        write(&mut disk, 1, "log", b"safe");
        run(&mut disk, DiskRequest::Sync { file: FileId(1) }).expect("syncs");
        write(&mut disk, 1, "log", b"tail");
        run(&mut disk, DiskRequest::SyncDir { path: ".".into() }).expect("syncs");
        write(&mut disk, 2, "new", b"unnamed");
        let mut harsh = disk.clone();
        disk.power_failed(500);
        assert_eq!((disk.file("log"), disk.file("new")), (Some(&b"safeta"[..]), None));
        harsh.power_failed(0);
        assert_eq!(harsh.file("log"), Some(&b"safe"[..]));
    }

    #[test]
    fn a_rename_without_a_synced_directory_is_undone_by_a_power_failure() {
        let mut disk = Disk::default();
        write(&mut disk, 1, "old", b"x");
        run(&mut disk, DiskRequest::Sync { file: FileId(1) }).expect("syncs");
        run(&mut disk, DiskRequest::SyncDir { path: ".".into() }).expect("syncs");
        run(&mut disk, DiskRequest::Rename { from: "old".into(), to: "new".into() }).expect("renames");
        assert_eq!((disk.file("old"), disk.file("new")), (None, Some(&b"x"[..])));
        disk.power_failed(0);
        assert_eq!((disk.file("old"), disk.file("new")), (Some(&b"x"[..]), None));
    }

    #[test]
    fn a_failing_disk_reads_but_does_not_write() {
        let mut disk = Disk::default();
        write(&mut disk, 1, "a", b"x");
        disk.failing = Some(DiskErrorKind::NoSpace);
        let append = DiskRequest::Append { file: FileId(1), bytes: Bytes::from_static(b"y") };
        assert_eq!(run(&mut disk, append).map_err(|e| e.kind), Err(DiskErrorKind::NoSpace));
        let read = DiskRequest::Read { path: "a".into(), offset: 0, len: 9 };
        assert_eq!(run(&mut disk, read), Ok(DiskDone::Data(Bytes::from_static(b"x"))));
    }
}

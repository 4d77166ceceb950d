//! A disk in memory that never fails, for nodes that run without a driver.

use norn_core::contract::{DiskDone, DiskError, DiskErrorKind, DiskRequest, DiskResult, FileId, OpenMode};
use std::collections::BTreeMap;

/// Files by path, and which path each open file has.
#[derive(Clone, Debug, Default)]
pub struct Disk {
    /// Contents by path.
    pub files: BTreeMap<String, Vec<u8>>,
    open: BTreeMap<FileId, String>,
}

impl Disk {
    /// Carries out a request at once.
    ///
    /// # Errors
    /// When a path does not exist.
    pub fn request(&mut self, request: DiskRequest) -> DiskResult {
        match request {
            DiskRequest::Open { file, path, mode } => {
                let content = self.files.entry(path.to_string()).or_default();
                if mode == OpenMode::Create {
                    content.clear();
                }
                self.open.insert(file, path.into());
            }
            DiskRequest::Append { file, bytes } => self.content(file)?.extend_from_slice(&bytes),
            DiskRequest::Sync { file } => {
                self.content(file)?;
            }
            DiskRequest::Truncate { file, len } => self.content(file)?.truncate(to_usize(len)),
            DiskRequest::Close { file } => {
                self.open.remove(&file);
            }
            DiskRequest::Read { path, offset, len } => {
                let content = self.files.get(&*path).ok_or_else(|| missing(&path))?;
                let from = to_usize(offset).min(content.len());
                let to = (from + len as usize).min(content.len());
                return Ok(DiskDone::Data(bytes::Bytes::copy_from_slice(&content[from..to])));
            }
            DiskRequest::Size { path } => {
                let content = self.files.get(&*path).ok_or_else(|| missing(&path))?;
                return Ok(DiskDone::Size(content.len() as u64));
            }
            DiskRequest::Rename { from, to } => {
                let content = self.files.remove(&*from).ok_or_else(|| missing(&from))?;
                self.files.insert(to.to_string(), content);
                for path in self.open.values_mut().filter(|path| **path == *from) {
                    *path = to.to_string();
                }
            }
            DiskRequest::Remove { path } => {
                self.files.remove(&*path).ok_or_else(|| missing(&path))?;
            }
            DiskRequest::MakeDir { .. } | DiskRequest::SyncDir { .. } => {}
            DiskRequest::List { path } => return Ok(DiskDone::Names(self.list(&path))),
        }
        Ok(DiskDone::Ok)
    }

    fn content(&mut self, file: FileId) -> Result<&mut Vec<u8>, DiskError> {
        let path = self.open.get(&file).ok_or_else(|| missing("an unopened file"))?;
        self.files.get_mut(path).ok_or_else(|| missing(path))
    }

    fn list(&self, dir: &str) -> Vec<Box<str>> {
        let prefix = if dir.is_empty() || dir == "." { String::new() } else { format!("{dir}/") };
        let names = self.files.keys().filter_map(|path| path.strip_prefix(&prefix));
        names.filter(|name| !name.contains('/')).map(Into::into).collect()
    }
}

fn missing(path: &str) -> DiskError {
    DiskError { kind: DiskErrorKind::NotFound, text: format!("{path}: No such file or directory").into() }
}

fn to_usize(n: u64) -> usize {
    usize::try_from(n).expect("a length that fits memory")
}

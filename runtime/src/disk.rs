//! Disk requests: which worker does which, and in what order.
//!
//! *Owns*: the worker threads, the queue of each, the directory that relative paths start from. *Does not own*: the
//! system calls themselves (`disk_worker`).
//! *Invariants*: each request is answered exactly once; requests on one path, and requests on one open file, are
//! carried out in the order they were issued; nothing issued is lost by [`Disk::finish`].
//!
//! There are two workers ("lanes"), so that a slow fsync of the append-only file does not hold up a snapshot. An open
//! file stays in one lane for life. A request by path joins the lane where that path has work in flight. A rename
//! whose two paths are in flight in different lanes is put into one and waits for a mark left in the other.

use crate::disk_worker::{self, Job, Work};
use crate::reports::Reporter;
use norn_core::contract::{DiskRequest, FileId, OpId};
use std::collections::{HashMap, VecDeque};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;

const LANES: usize = 2;

/// The disk as the event loop sees it.
#[derive(Debug)]
pub struct Disk {
    dir: PathBuf,
    reporter: Reporter,
    lanes: [Lane; LANES],
    files: HashMap<FileId, OpenFile>,
    /// Requests in flight by path and lane; paths without any are absent.
    busy: HashMap<Arc<Path>, [u32; LANES]>,
}

#[derive(Debug, Default)]
struct Lane {
    worker: Option<(Sender<Job>, JoinHandle<()>)>,
    /// The paths of what is in flight, oldest first; a lane answers in order.
    in_flight: VecDeque<Paths>,
}

#[derive(Debug)]
struct OpenFile {
    path: Arc<Path>,
    lane: usize,
}

/// The one or two paths that a request touches.
#[derive(Clone, Debug)]
struct Paths(Arc<Path>, Option<Arc<Path>>);

impl Disk {
    /// A disk whose relative paths start at `dir`. Workers start with the first request.
    #[must_use]
    pub fn new(dir: PathBuf, reporter: Reporter) -> Self {
        Self { dir, reporter, lanes: Default::default(), files: HashMap::new(), busy: HashMap::new() }
    }

    /// Relative paths of requests from now on start at `dir`.
    pub fn set_dir(&mut self, dir: PathBuf) {
        self.dir = dir;
    }

    /// Starts a request; the answer arrives as a report.
    ///
    /// # Errors
    /// When no worker thread can be started.
    pub fn start(&mut self, op: OpId, request: DiskRequest) -> io::Result<()> {
        let paths = self.paths(&request);
        let lane = self.lane_for(&request, &paths);
        if let Some(other) = self.busy_elsewhere(&paths, lane) {
            let (mark, passed) = channel();
            self.send(lane, Job::WaitFor(passed))?;
            self.send(other, Job::Mark(mark))?;
        }
        self.track_open_files(&request, &paths, lane);
        let work = Work::new(request, &paths.0, paths.1.as_deref());
        self.send(lane, Job::Do(op, work))?;
        for path in paths.each() {
            self.busy.entry(Arc::clone(path)).or_default()[lane] += 1;
        }
        self.lanes[lane].in_flight.push_back(paths);
        Ok(())
    }

    /// Must be told of every report of a finished request.
    pub fn finished(&mut self, lane: usize) {
        let Some(paths) = self.lanes.get_mut(lane).and_then(|lane| lane.in_flight.pop_front()) else {
            return;
        };
        for path in paths.each() {
            if let Some(counts) = self.busy.get_mut(path) {
                counts[lane] = counts[lane].saturating_sub(1);
                if *counts == [0; LANES] {
                    self.busy.remove(path);
                }
            }
        }
    }

    /// Waits until everything issued is done. Further requests start new workers.
    pub fn finish(&mut self) {
        // First every queue is closed, then each worker awaited: they may wait for each other's marks.
        let workers = self.lanes.each_mut().map(|lane| lane.worker.take());
        for thread in workers.map(|worker| worker.map(|(_, thread)| thread)).into_iter().flatten() {
            drop(thread.join());
        }
    }

    fn paths(&self, request: &DiskRequest) -> Paths {
        match request {
            DiskRequest::Open { path, .. }
            | DiskRequest::Read { path, .. }
            | DiskRequest::Size { path }
            | DiskRequest::Remove { path }
            | DiskRequest::MakeDir { path }
            | DiskRequest::SyncDir { path }
            | DiskRequest::List { path } => Paths(self.absolute(path), None),
            DiskRequest::Rename { from, to } => Paths(self.absolute(from), Some(self.absolute(to))),
            DiskRequest::Append { file, .. }
            | DiskRequest::Sync { file }
            | DiskRequest::Truncate { file, .. }
            | DiskRequest::Close { file } => {
                let path = self.files.get(file).map(|open| Arc::clone(&open.path));
                Paths(path.unwrap_or_else(|| self.absolute("")), None)
            }
        }
    }

    fn absolute(&self, path: &str) -> Arc<Path> {
        self.dir.join(path).into()
    }

    fn lane_for(&self, request: &DiskRequest, paths: &Paths) -> usize {
        if let Some(open) = file_of(request).and_then(|file| self.files.get(&file)) {
            return open.lane;
        }
        let busy = |path| (0..LANES).find(|lane| self.is_busy(path, *lane));
        paths.each().find_map(busy).unwrap_or_else(|| self.idlest_lane())
    }

    fn is_busy(&self, path: &Arc<Path>, lane: usize) -> bool {
        self.busy.get(path).is_some_and(|counts| counts[lane] > 0)
    }

    fn busy_elsewhere(&self, paths: &Paths, lane: usize) -> Option<usize> {
        let other = (lane + 1) % LANES;
        paths.each().any(|path| self.is_busy(path, other)).then_some(other)
    }

    fn idlest_lane(&self) -> usize {
        let load = |lane: usize| {
            (self.lanes[lane].in_flight.len(), self.files.values().filter(|open| open.lane == lane).count())
        };
        (0..LANES).min_by_key(|lane| load(*lane)).unwrap_or(0)
    }

    fn track_open_files(&mut self, request: &DiskRequest, paths: &Paths, lane: usize) {
        match request {
            DiskRequest::Open { file, .. } => {
                self.files.insert(*file, OpenFile { path: Arc::clone(&paths.0), lane });
            }
            DiskRequest::Close { file } => {
                self.files.remove(file);
            }
            // An open file follows its name, so that later requests by the new name find its lane.
            DiskRequest::Rename { .. } => {
                let Paths(from, Some(to)) = paths else { return };
                for open in self.files.values_mut().filter(|open| open.path == *from) {
                    open.path = Arc::clone(to);
                }
            }
            DiskRequest::Append { .. }
            | DiskRequest::Sync { .. }
            | DiskRequest::Truncate { .. }
            | DiskRequest::Read { .. }
            | DiskRequest::Size { .. }
            | DiskRequest::Remove { .. }
            | DiskRequest::MakeDir { .. }
            | DiskRequest::SyncDir { .. }
            | DiskRequest::List { .. } => {}
        }
    }

    fn send(&mut self, lane: usize, job: Job) -> io::Result<()> {
        let reporter = &self.reporter;
        let slot = &mut self.lanes[lane].worker;
        if slot.is_none() {
            let (sender, jobs) = channel();
            let reporter = reporter.clone();
            let thread = std::thread::Builder::new()
                .name(format!("disk-{lane}"))
                .spawn(move || disk_worker::run(lane, &jobs, &reporter))?;
            *slot = Some((sender, thread));
        }
        let sent = slot.as_ref().is_some_and(|(queue, _)| queue.send(job).is_ok());
        if sent { Ok(()) } else { Err(io::Error::other("the disk worker has ended")) }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        self.finish();
    }
}

impl Paths {
    fn each(&self) -> impl Iterator<Item = &Arc<Path>> {
        std::iter::once(&self.0).chain(&self.1)
    }
}

fn file_of(request: &DiskRequest) -> Option<FileId> {
    match request {
        DiskRequest::Append { file, .. }
        | DiskRequest::Sync { file }
        | DiskRequest::Truncate { file, .. }
        | DiskRequest::Close { file } => Some(*file),
        DiskRequest::Open { .. }
        | DiskRequest::Read { .. }
        | DiskRequest::Size { .. }
        | DiskRequest::Rename { .. }
        | DiskRequest::Remove { .. }
        | DiskRequest::MakeDir { .. }
        | DiskRequest::SyncDir { .. }
        | DiskRequest::List { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::Disk;
    use crate::reports::{Report, Reports, reports};
    use crate::testing::TempDir;
    use bytes::Bytes;
    use mio::{Events, Poll, Token, Waker};
    use norn_core::contract::{DiskDone, DiskErrorKind, DiskRequest, DiskResult, FileId, OpId, OpenMode};
    use std::time::Duration;

    struct Bench {
        disk: Disk,
        inbox: Reports,
        poll: Poll,
        issued: u64,
        _dir: TempDir,
    }

    impl Bench {
        fn new(name: &str) -> Self {
            let dir = TempDir::new(name);
            let poll = Poll::new().expect("poll");
            let waker = Waker::new(poll.registry(), Token(0)).expect("waker");
            let (reporter, inbox) = reports(waker);
            Self { disk: Disk::new(dir.path().to_owned(), reporter), inbox, poll, issued: 0, _dir: dir }
        }

        fn issue(&mut self, request: DiskRequest) -> u64 {
            self.issued += 1;
            self.disk.start(OpId(self.issued), request).expect("worker");
            self.issued
        }

        /// Answers in order of arrival until `count` are there.
        fn answers(&mut self, count: usize) -> Vec<(u64, DiskResult)> {
            let mut all = Vec::new();
            let mut events = Events::with_capacity(4);
            while all.len() < count {
                self.poll.poll(&mut events, Some(Duration::from_secs(10))).expect("poll");
                assert!(!events.is_empty(), "only {} of {count} answers came", all.len());
                self.inbox.begin();
                while let Some(Report::Disk { lane, op, result }) = self.inbox.next() {
                    self.disk.finished(lane);
                    all.push((op.0, result));
                }
            }
            all
        }

        fn one(&mut self, request: DiskRequest) -> DiskResult {
            let op = self.issue(request);
            let (answered, result) = self.answers(1).remove(0);
            assert_eq!(answered, op);
            result
        }
    }

    fn open(file: u32, path: &str, mode: OpenMode) -> DiskRequest {
        DiskRequest::Open { file: FileId(file), path: path.into(), mode }
    }

    fn append(file: u32, bytes: &'static str) -> DiskRequest {
        DiskRequest::Append { file: FileId(file), bytes: Bytes::from_static(bytes.as_bytes()) }
    }

    fn read(path: &str, offset: u64, len: u32) -> DiskRequest {
        DiskRequest::Read { path: path.into(), offset, len }
    }

    fn rename(from: &str, to: &str) -> DiskRequest {
        DiskRequest::Rename { from: from.into(), to: to.into() }
    }

    fn data(bytes: &'static str) -> DiskResult {
        Ok(DiskDone::Data(Bytes::from_static(bytes.as_bytes())))
    }

    #[test]
    fn a_file_lives_through_every_request() {
        let mut bench = Bench::new("disk-life");
        assert_eq!(bench.one(DiskRequest::MakeDir { path: "aof".into() }), Ok(DiskDone::Ok));
        assert_eq!(bench.one(DiskRequest::MakeDir { path: "aof".into() }), Ok(DiskDone::Ok));
        assert_eq!(bench.one(open(1, "aof/a", OpenMode::Create)), Ok(DiskDone::Ok));
        assert_eq!(bench.one(append(1, "hello world")), Ok(DiskDone::Ok));
        assert_eq!(bench.one(DiskRequest::Truncate { file: FileId(1), len: 5 }), Ok(DiskDone::Ok));
        assert_eq!(bench.one(append(1, "!")), Ok(DiskDone::Ok));
        assert_eq!(bench.one(DiskRequest::Sync { file: FileId(1) }), Ok(DiskDone::Ok));
        assert_eq!(bench.one(DiskRequest::Close { file: FileId(1) }), Ok(DiskDone::Ok));
        assert_eq!(bench.one(read("aof/a", 0, 100)), data("hello!"));
        assert_eq!(bench.one(read("aof/a", 4, 1)), data("o"));
        assert_eq!(bench.one(read("aof/a", 90, 1)), data(""));
        assert_eq!(bench.one(DiskRequest::Size { path: "aof/a".into() }), Ok(DiskDone::Size(6)));
        assert_eq!(bench.one(open(2, "aof/a", OpenMode::Append)), Ok(DiskDone::Ok));
        assert_eq!(bench.one(append(2, "?")), Ok(DiskDone::Ok));
        assert_eq!(bench.one(rename("aof/a", "aof/b")), Ok(DiskDone::Ok));
        assert_eq!(bench.one(append(2, "?")), Ok(DiskDone::Ok));
        assert_eq!(bench.one(read("aof/b", 0, 100)), data("hello!??"));
        bench.one(open(3, "aof/a", OpenMode::Create)).expect("create");
        assert_eq!(bench.one(DiskRequest::SyncDir { path: "aof".into() }), Ok(DiskDone::Ok));
        let names = Ok(DiskDone::Names(vec!["a".into(), "b".into()]));
        assert_eq!(bench.one(DiskRequest::List { path: "aof".into() }), names);
        assert_eq!(bench.one(DiskRequest::Remove { path: "aof/a".into() }), Ok(DiskDone::Ok));
    }

    #[test]
    fn failures_are_answers() {
        let mut bench = Bench::new("disk-fail");
        let kind = |result: DiskResult| result.expect_err("must fail").kind;
        assert_eq!(kind(bench.one(read("missing", 0, 1))), DiskErrorKind::NotFound);
        assert_eq!(kind(bench.one(DiskRequest::List { path: "missing".into() })), DiskErrorKind::NotFound);
        assert_eq!(kind(bench.one(open(1, "no/such/dir", OpenMode::Create))), DiskErrorKind::NotFound);
        assert_eq!(kind(bench.one(append(1, "x"))), DiskErrorKind::Io);
        assert_eq!(kind(bench.one(DiskRequest::Close { file: FileId(9) })), DiskErrorKind::Io);
        let full = bench.one(open(2, "/dev/full", OpenMode::Append)).and_then(|_| bench.one(append(2, "x")));
        assert_eq!(kind(full), DiskErrorKind::NoSpace);
    }

    #[test]
    fn one_file_keeps_its_order_across_lanes() {
        let mut bench = Bench::new("disk-order");
        for round in 0..50_u32 {
            let (one, two) = (2 * round, 2 * round + 1);
            let issued = [
                open(one, "one", OpenMode::Create),
                open(two, "two", OpenMode::Create),
                append(one, "1"),
                append(two, "2"),
                DiskRequest::Sync { file: FileId(one) },
                append(two, "2"),
                rename("one", "two"),
                read("two", 0, 10),
                append(one, "1"),
                read("two", 0, 10),
                DiskRequest::Remove { path: "two".into() },
                read("two", 0, 10),
            ]
            .map(|request| bench.issue(request));
            let answers = bench.answers(issued.len());
            let of = |at: usize| answers.iter().find(|(op, _)| *op == issued[at]).map(|(_, result)| result);
            assert_eq!(of(7), Some(&data("1")));
            assert_eq!(of(9), Some(&data("11")));
            assert!(matches!(of(11), Some(Err(error)) if error.kind == DiskErrorKind::NotFound));
            bench.one(DiskRequest::Close { file: FileId(one) }).expect("close");
            bench.one(DiskRequest::Close { file: FileId(two) }).expect("close");
        }
    }

    #[test]
    fn finishing_loses_nothing() {
        let mut bench = Bench::new("disk-finish");
        bench.issue(open(1, "a", OpenMode::Create));
        for _ in 0..500 {
            bench.issue(append(1, "0123456789"));
        }
        bench.disk.finish();
        let length = std::fs::metadata(bench._dir.path().join("a")).expect("file").len();
        assert_eq!(length, 5_000);
    }
}

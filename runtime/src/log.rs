//! The log.
//!
//! *Owns*: the shape of a line, the threshold, the file and its reopening. *Does not own*: what is worth a line.
//! *Invariants*: a line is one write to the sink, so that lines of several threads never mix; its shape is Redis's,
//! `<pid>:<role> <DD Mon YYYY HH:MM:SS.mmm> <mark> <text>` in local time, because scripts parse it.
//!
//! A log file that was moved away is noticed within a second (and on SIGHUP at once) and made anew, so log rotation
//! needs no signal.

use crate::os_text::os_text;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use norn_core::contract::LogLevel;
use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long a log file may be gone before that is noticed.
const RECHECK: Duration = Duration::from_secs(1);

/// A handle on the log; clones write to the same sink.
#[derive(Clone, Debug)]
pub struct Log(Arc<Mutex<Inner>>);

/// Where lines go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogTo {
    /// Standard output.
    Stdout,
    /// A file, appended to.
    File(PathBuf),
    /// Nowhere.
    Nowhere,
}

#[derive(Debug)]
struct Inner {
    sink: Sink,
    threshold: LogLevel,
    role: char,
    zone: TimeZone,
    line: String,
}

#[derive(Debug)]
enum Sink {
    Stdout,
    File(LogFile),
    Nowhere,
}

#[derive(Debug)]
struct LogFile {
    path: PathBuf,
    file: Option<File>,
    checked: Instant,
}

impl Log {
    /// Opens the log.
    ///
    /// # Errors
    /// When the file can be neither opened nor created.
    pub fn open(to: LogTo, threshold: LogLevel) -> io::Result<Self> {
        let sink = match to {
            LogTo::Stdout => Sink::Stdout,
            LogTo::Nowhere => Sink::Nowhere,
            LogTo::File(path) => {
                let file = Some(append_to(&path)?);
                Sink::File(LogFile { path, file, checked: Instant::now() })
            }
        };
        let inner = Inner { sink, threshold, role: 'C', zone: TimeZone::system(), line: String::new() };
        Ok(Self(Arc::new(Mutex::new(inner))))
    }

    /// Writes one line if the threshold lets it pass.
    pub fn line(&self, level: LogLevel, text: &str) {
        self.inner().line(level, text);
    }

    /// As [`line`](Self::line), but gives up when another line is being written: for the panic hook, which may run
    /// inside the log itself.
    pub fn line_or_stderr(&self, level: LogLevel, text: &str) {
        match self.0.try_lock() {
            Ok(mut inner) => inner.line(level, text),
            Err(_) => eprintln!("{text}"),
        }
    }

    /// Lines below `threshold` are not written from now on.
    pub fn set_threshold(&self, threshold: LogLevel) {
        self.inner().threshold = threshold;
    }

    /// The letter behind the process id: `C` before the start, then `M` (master) or `S` (replica).
    pub fn set_role(&self, role: char) {
        self.inner().role = role;
    }

    /// Opens the log file anew.
    pub fn reopen(&self) {
        if let Sink::File(target) = &mut self.inner().sink {
            target.reopen();
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn line(&mut self, level: LogLevel, text: &str) {
        if level < self.threshold || level == LogLevel::Nothing {
            return;
        }
        self.line.clear();
        let now = Timestamp::now().to_zoned(self.zone.clone());
        let month = MONTHS[usize::from(now.month().unsigned_abs().clamp(1, 12)) - 1];
        let written = writeln!(
            self.line,
            "{}:{} {:02} {month} {} {:02}:{:02}:{:02}.{:03} {} {text}",
            std::process::id(),
            self.role,
            now.day(),
            now.year(),
            now.hour(),
            now.minute(),
            now.second(),
            now.millisecond(),
            mark(level),
        );
        if written.is_ok() {
            self.sink.write(self.line.as_bytes());
        }
    }
}

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

const fn mark(level: LogLevel) -> char {
    match level {
        LogLevel::Debug => '.',
        LogLevel::Verbose => '-',
        LogLevel::Notice => '*',
        LogLevel::Warning | LogLevel::Nothing => '#',
    }
}

impl Sink {
    /// A log that cannot be written has nowhere to say so; the line is lost.
    fn write(&mut self, line: &[u8]) {
        match self {
            Self::Stdout => drop(io::stdout().lock().write_all(line)),
            Self::File(target) => target.write(line),
            Self::Nowhere => {}
        }
    }
}

impl LogFile {
    fn write(&mut self, line: &[u8]) {
        if self.checked.elapsed() >= RECHECK && !self.is_in_place() {
            self.reopen();
        }
        if let Some(file) = &mut self.file {
            drop(file.write_all(line));
        }
    }

    fn is_in_place(&mut self) -> bool {
        self.checked = Instant::now();
        let Some(Ok(held)) = self.file.as_ref().map(File::metadata) else { return false };
        std::fs::metadata(&self.path)
            .is_ok_and(|there| (there.dev(), there.ino()) == (held.dev(), held.ino()))
    }

    /// A failure keeps the old file: better an old log than none.
    fn reopen(&mut self) {
        match append_to(&self.path) {
            Ok(file) => self.file = Some(file),
            Err(error) => eprintln!("Can't open the log file {}: {}", self.path.display(), os_text(&error)),
        }
    }
}

fn append_to(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).open(path)
}

#[cfg(test)]
mod tests {
    use super::{Log, LogTo};
    use crate::testing::TempDir;
    use norn_core::contract::LogLevel;

    #[test]
    fn a_line_has_the_shape_of_redis() {
        let dir = TempDir::new("log-shape");
        let path = dir.path().join("a.log");
        let log = Log::open(LogTo::File(path.clone()), LogLevel::Notice).expect("log");
        log.line(LogLevel::Verbose, "below the threshold");
        log.line(LogLevel::Notice, "one");
        log.set_role('M');
        log.line(LogLevel::Warning, "two");
        log.set_threshold(LogLevel::Debug);
        log.line(LogLevel::Debug, "three");
        log.line(LogLevel::Verbose, "four");
        log.set_threshold(LogLevel::Nothing);
        log.line(LogLevel::Warning, "silenced");
        let text = std::fs::read_to_string(&path).expect("log file");
        let lines: Vec<&str> = text.lines().collect();
        let shape = |line: &str| {
            let words: Vec<&str> = line.split(' ').collect();
            assert_eq!(words.len(), 7, "{line}");
            assert_eq!((words[1].len(), words[2].len(), words[3].len()), (2, 3, 4), "{line}");
            assert!(words[4].len() == 12 && words[4].as_bytes()[8] == b'.', "{line}");
            (words[0].to_owned(), words[5].to_owned(), words[6].to_owned())
        };
        let pid = std::process::id();
        let part = |role: char, mark: &str, text: &str| (format!("{pid}:{role}"), mark.into(), text.into());
        let found: Vec<_> = lines.into_iter().map(shape).collect();
        assert_eq!(
            found,
            [part('C', "*", "one"), part('M', "#", "two"), part('M', ".", "three"), part('M', "-", "four")]
        );
    }

    #[test]
    fn a_file_moved_away_is_made_anew() {
        let dir = TempDir::new("log-reopen");
        let path = dir.path().join("a.log");
        let log = Log::open(LogTo::File(path.clone()), LogLevel::Debug).expect("log");
        log.line(LogLevel::Notice, "old");
        std::fs::rename(&path, dir.path().join("a.log.1")).expect("rename");
        log.reopen();
        log.line(LogLevel::Notice, "new");
        let text = std::fs::read_to_string(&path).expect("log file");
        assert!(text.ends_with(" * new\n") && !text.contains("old"));
    }
}

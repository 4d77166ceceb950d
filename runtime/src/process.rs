//! The process around the server.
//!
//! *Owns*: descriptor limits, the pid file, going to the background, the panic hook. *Does not own*: the server.
//! *Invariant*: nothing here forks a running server; the background process is a fresh start of the same program.

use crate::log::Log;
use crate::os_text::os_text;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use norn_core::contract::LogLevel;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Descriptors the server needs besides its clients: listeners, log, files, poll, links.
const RESERVED_DESCRIPTORS: u64 = 32;

/// The first argument of a process that [`detach`] started.
pub const DETACHED: &str = "--norn-detached";

/// Makes room for `clients` connections and says for how many there is room; tells the log when that is fewer.
pub fn make_room(clients: u32, log: &Log) -> u32 {
    let wanted = u64::from(clients) + RESERVED_DESCRIPTORS;
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return clients };
    if soft >= wanted {
        return clients;
    }
    // The hard limit can be raised by the privileged only.
    let raised = setrlimit(Resource::RLIMIT_NOFILE, wanted, hard.max(wanted)).is_ok();
    if raised || (hard > soft && setrlimit(Resource::RLIMIT_NOFILE, wanted.min(hard), hard).is_ok()) {
        let now = getrlimit(Resource::RLIMIT_NOFILE).map_or(soft, |(soft, _)| soft);
        if now >= wanted {
            log.line(
                LogLevel::Notice,
                &format!(
                    "Increased maximum number of open files to {now} (it was originally set to {soft})."
                ),
            );
            return clients;
        }
    }
    let now = getrlimit(Resource::RLIMIT_NOFILE).map_or(soft, |(soft, _)| soft);
    let room = now.saturating_sub(RESERVED_DESCRIPTORS).max(1);
    log.line(
        LogLevel::Warning,
        &format!(
            "maxclients is {room} instead of {clients}: the process may open only {now} files ('ulimit -n')."
        ),
    );
    u32::try_from(room).unwrap_or(clients)
}

/// A file that holds the process id while this lives.
#[derive(Debug)]
pub struct PidFile(PathBuf);

impl PidFile {
    /// Writes the file. A failure is told to the log; the server runs without.
    #[must_use]
    pub fn write(path: &Path, log: &Log) -> Option<Self> {
        match std::fs::write(path, format!("{}\n", std::process::id())) {
            Ok(()) => Some(Self(path.to_owned())),
            Err(error) => {
                let text = format!("Failed to write PID file {}: {}", path.display(), os_text(&error));
                log.line(LogLevel::Warning, &text);
                None
            }
        }
    }
}

impl Drop for PidFile {
    fn drop(&mut self) {
        drop(std::fs::remove_file(&self.0));
    }
}

/// Starts this program again, in the background, with the same arguments; `stdin` is what the configuration read
/// from standard input, if it did.
///
/// # Errors
/// When the program cannot be started.
pub fn detach(args: &[String], stdin: Option<&[u8]>) -> io::Result<()> {
    let input = if stdin.is_some() { Stdio::piped() } else { Stdio::null() };
    let mut child = Command::new(std::env::current_exe()?)
        .arg(DETACHED)
        .args(args)
        .stdin(input)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    if let (Some(mut pipe), Some(text)) = (child.stdin.take(), stdin) {
        pipe.write_all(text)?;
    }
    Ok(())
}

/// Leaves the session of the terminal; called by the process that [`detach`] started. Fails only for the leader of a
/// process group, which such a process is not.
pub fn leave_session() {
    let _ = nix::unistd::setsid();
}

/// A panic is written to the log, then the process aborts: half a state machine must not go on.
pub fn abort_on_panic(log: Log) {
    std::panic::set_hook(Box::new(move |info| {
        let payload = info.payload();
        let message = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let message = message.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_default();
        let place = info.location().map(|at| format!(" at {}:{}", at.file(), at.line())).unwrap_or_default();
        let thread = std::thread::current().name().unwrap_or("unnamed").to_owned();
        let text = format!("norn has failed: {message}{place}, thread {thread}. Please report this line.");
        log.line_or_stderr(LogLevel::Warning, &text);
        std::process::abort();
    }));
}

/// System, release and machine, as in `Linux 6.1.0 x86_64`.
#[must_use]
pub fn operating_system() -> String {
    let read = |name| std::fs::read_to_string(format!("/proc/sys/kernel/{name}")).unwrap_or_default();
    format!("{} {} {}", read("ostype").trim(), read("osrelease").trim(), std::env::consts::ARCH)
}

/// 32 bytes that nobody can guess.
///
/// # Errors
/// When the system has no source of randomness.
pub fn entropy() -> io::Result<[u8; 32]> {
    let mut bytes = [0; 32];
    io::Read::read_exact(&mut std::fs::File::open("/dev/urandom")?, &mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::{PidFile, entropy, make_room, operating_system};
    use crate::log::{Log, LogTo};
    use crate::testing::TempDir;
    use norn_core::contract::LogLevel;

    fn silent() -> Log {
        Log::open(LogTo::Nowhere, LogLevel::Nothing).expect("log")
    }

    #[test]
    fn a_pid_file_lives_as_long_as_its_value() {
        let dir = TempDir::new("pid");
        let path = dir.path().join("norn.pid");
        let held = PidFile::write(&path, &silent()).expect("written");
        assert_eq!(std::fs::read_to_string(&path).expect("file"), format!("{}\n", std::process::id()));
        drop(held);
        assert!(!path.exists());
        assert!(PidFile::write(&dir.path().join("no/such"), &silent()).is_none());
    }

    #[test]
    fn few_clients_always_fit() {
        assert_eq!(make_room(10, &silent()), 10);
        assert!(make_room(u32::MAX, &silent()) >= 10);
    }

    #[test]
    fn facts_of_the_system() {
        assert!(operating_system().starts_with("Linux "));
        assert_ne!(entropy().expect("entropy"), entropy().expect("entropy"));
    }
}

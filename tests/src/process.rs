//! Real servers in their own processes and directories.
//!
//! *Owns*: finding and starting `redis-server` and `norn-server`, their temporary directories and their end.
//! *Invariants*: a server dies with its value. A missing redis-server skips the tests that need it with a message on
//! standard error, unless `NORN_REQUIRE_REDIS` is set.

use crate::target::Target;
use crate::tcp::{PATIENCE, Tcp};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// Arguments that every server is started with: nothing is saved, DEBUG works.
pub const BASE: [&str; 6] = ["--save", "", "--appendonly", "no", "--enable-debug-command", "yes"];

/// A running server.
pub struct Server {
    child: Child,
    dir: Dir,
    /// Where it listens.
    pub address: SocketAddr,
}

/// A directory that is removed with its value.
pub struct Dir(PathBuf);

impl Dir {
    /// A new, empty directory.
    ///
    /// # Panics
    /// When it cannot be made.
    #[must_use]
    pub fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("norn-tests-{}-{count}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Writes a file into it and says where.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, text).unwrap();
        path
    }
}

impl Default for Dir {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The path of `redis-server`, or `None` after saying that `what` is skipped.
///
/// # Panics
/// When it is missing and `NORN_REQUIRE_REDIS` is set.
#[must_use]
pub fn redis_server(what: &str) -> Option<PathBuf> {
    let found = std::env::var_os("PATH")
        .and_then(|path| std::env::split_paths(&path).map(|d| d.join("redis-server")).find(|p| p.exists()));
    if found.is_none() {
        assert!(std::env::var_os("NORN_REQUIRE_REDIS").is_none(), "redis-server is required for {what}");
        eprintln!("SKIPPED {what}: no redis-server on the path");
    }
    found
}

/// The path of the built `norn-server`, building it when this test run did not.
///
/// # Panics
/// When it cannot be built.
#[must_use]
pub fn norn_server() -> PathBuf {
    static BUILT: std::sync::OnceLock<PathBuf> = std::sync::OnceLock::new();
    BUILT
        .get_or_init(|| {
            // .../<target>/<profile>/deps/<this test>
            let exe = std::env::current_exe().expect("the path of this test");
            let profile_dir = exe.parent().and_then(Path::parent).expect("a target directory");
            let profile = match profile_dir.file_name().and_then(|n| n.to_str()) {
                Some("debug") | None => "dev",
                Some(name) => name,
            };
            let cargo = std::env::var_os("CARGO").unwrap_or("cargo".into());
            let status = Command::new(cargo)
                .args([
                    "build",
                    "--quiet",
                    "-p",
                    "norn-runtime",
                    "--bin",
                    "norn-server",
                    "--profile",
                    profile,
                ])
                .arg("--target-dir")
                .arg(profile_dir.parent().expect("a target directory"))
                .current_dir(crate::sources::workspace())
                .status()
                .expect("cargo runs");
            assert!(status.success(), "norn-server does not build");
            profile_dir.join("norn-server")
        })
        .clone()
}

/// A port that was free a moment ago.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

impl Server {
    /// Starts a real Redis with the given arguments; `None` when there is none (`what` is skipped then).
    #[must_use]
    pub fn redis(what: &str, args: &[String]) -> Option<Self> {
        redis_server(what).map(|program| Self::start(&program, args))
    }

    /// Starts norn with the given arguments.
    #[must_use]
    pub fn norn(args: &[String]) -> Self {
        Self::start(&norn_server(), args)
    }

    /// Starts norn with a configuration file first and then arguments.
    #[must_use]
    pub fn norn_with_file(args: &[String]) -> Self {
        Self::start_with_file(&norn_server(), &args[..1], &args[1..])
    }

    fn start(program: &Path, args: &[String]) -> Self {
        Self::start_with_file(program, &[], args)
    }

    fn start_with_file(program: &Path, file: &[String], args: &[String]) -> Self {
        for _ in 0..5 {
            let dir = Dir::new();
            let port = free_port();
            let base = format!("--port {port} --bind 127.0.0.1");
            let log = std::fs::File::create(dir.path().join("log")).unwrap();
            let child = Command::new(program)
                .args(file)
                .args(base.split(' '))
                .args(BASE)
                .args(args)
                .current_dir(dir.path())
                .stdin(Stdio::null())
                .stdout(log)
                .stderr(Stdio::null())
                .spawn()
                .expect("the server starts");
            let address = SocketAddr::from(([127, 0, 0, 1], port));
            let mut server = Self { child, dir, address };
            if server.wait_until_it_listens() {
                return server;
            }
        }
        panic!("{} does not start with {args:?}", program.display());
    }

    fn wait_until_it_listens(&mut self) -> bool {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            if TcpStream::connect(self.address).is_ok() {
                return true;
            }
            if let Ok(Some(_)) = self.child.try_wait() {
                return false;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        false
    }

    /// Sockets to it.
    #[must_use]
    pub fn tcp(&self) -> Tcp {
        Tcp::new(self.address)
    }

    /// Its working directory.
    #[must_use]
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// What it wrote to its log so far.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("log")).unwrap_or_default()
    }

    /// Resident memory in bytes.
    #[must_use]
    pub fn resident(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:"));
        line.and_then(|l| l.trim().trim_end_matches(" kB").parse::<u64>().ok()).unwrap_or(0) * 1024
    }

    /// Waits for it to exit by itself and returns its exit code.
    ///
    /// # Panics
    /// When it does not.
    pub fn wait(&mut self) -> Option<i32> {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            if let Ok(Some(status)) = self.child.try_wait() {
                return status.code();
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        panic!("the server does not exit");
    }

    /// Sends SIGTERM.
    ///
    /// # Panics
    /// When `kill` is missing.
    pub fn terminate(&self) {
        let status = Command::new("kill").arg(self.child.id().to_string()).status().expect("kill runs");
        assert!(status.success());
    }

    /// Empties it, so that the next script finds it new: data, configuration that scripts change, connections.
    pub fn clear(&self) {
        let mut tcp = self.tcp();
        let conn = tcp.connect();
        for line in ["FLUSHALL SYNC", "SCRIPT FLUSH", "CONFIG RESETSTAT", "SLOWLOG RESET"] {
            crate::target::ask(&mut tcp, conn, line);
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs norn-server with arguments that should make it exit at once.
///
/// # Panics
/// When it does not exit.
#[must_use]
pub fn norn_exits(args: &[&str], dir: &Dir) -> Output {
    let mut child = Command::new(norn_server())
        .args(args)
        .current_dir(dir.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("norn-server runs");
    let deadline = Instant::now() + PATIENCE;
    while child.try_wait().expect("a child to wait for").is_none() {
        if Instant::now() > deadline {
            let _ = child.kill();
            panic!("norn-server goes on running with {args:?}");
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    child.wait_with_output().expect("its output")
}

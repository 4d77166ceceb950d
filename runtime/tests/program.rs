//! The program itself: arguments, configuration mistakes, signals, the background.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// A directory for one test; everything the program writes goes there.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("norn-program-{name}-{}", std::process::id()));
        drop(std::fs::remove_dir_all(&path));
        std::fs::create_dir_all(&path).expect("directory");
        Self(path)
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_norn-server"));
        command.args(args).current_dir(&self.0).stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn output(&self, args: &[&str]) -> Output {
        self.command(args).output().expect("the program runs")
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.0.join(name)).unwrap_or_default()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("bind");
    listener.local_addr().expect("address").port()
}

fn until(what: &str, done: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(20);
    while !done() {
        assert!(Instant::now() < end, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn answers(port: u16) -> bool {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else { return false };
    let mut reply = [0; 7];
    stream.write_all(b"PING\r\n").is_ok() && stream.read_exact(&mut reply).is_ok() && &reply == b"+PONG\r\n"
}

fn signal(name: &str, pid: &str) {
    let sent = Command::new("kill").args([name, pid]).status().expect("kill");
    assert!(sent.success());
}

fn end_of(mut child: Child) -> Option<i32> {
    child.wait().expect("an end").code()
}

#[test]
fn version_and_help_need_no_server() {
    let place = Place::new("version");
    for option in ["-v", "--version"] {
        let output = place.output(&[option]);
        assert!(text(&output.stdout).starts_with("Redis server v=7.2."), "{}", text(&output.stdout));
        assert!(text(&output.stdout).contains(&format!("norn={}", env!("CARGO_PKG_VERSION"))));
        assert_eq!(output.status.code(), Some(0));
    }
    assert!(text(&place.output(&["--help"]).stdout).starts_with("Usage: norn-server"));
}

#[test]
fn a_mistake_in_the_configuration_is_told_with_file_line_and_reason() {
    let place = Place::new("mistake");
    std::fs::write(place.0.join("bad.conf"), "# fine\nport 1\nmaxclients none\n").expect("file");
    let output = place.output(&["bad.conf"]);
    assert_eq!(output.status.code(), Some(1));
    let told = text(&output.stderr);
    for part in ["FATAL CONFIG FILE ERROR", "line 3", "bad.conf", "'maxclients none'"] {
        assert!(told.contains(part), "{part} is missing in {told}");
    }
    std::fs::write(place.0.join("rename.conf"), "rename-command GET G\nrename-command NOSUCH X\n")
        .expect("file");
    let output = place.output(&["rename.conf"]);
    assert_eq!(output.status.code(), Some(1));
    let told = text(&output.stderr);
    for part in ["line 2", "rename.conf", "'rename-command NOSUCH X'", "No such command in rename-command"] {
        assert!(told.contains(part), "{part} is missing in {told}");
    }
    let output = place.output(&["--dir", "/no/such/dir"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("Can't chdir to '/no/such/dir': No such file or directory"));
}

#[test]
fn the_log_has_the_lines_that_scripts_wait_for_and_signals_end_the_program() {
    let place = Place::new("signals");
    for name in ["-TERM", "-INT"] {
        let port = free_port();
        let log = format!("{port}.log");
        let args =
            ["--port", &port.to_string(), "--bind", "127.0.0.1", "--logfile", &log, "--pidfile", "my.pid"];
        let child = place.command(&args).spawn().expect("start");
        until("the server", || answers(port));
        let pid = child.id().to_string();
        assert_eq!(place.read("my.pid").trim(), pid);
        let lines = place.read(&log);
        let at = |part: &str| lines.find(part).unwrap_or_else(|| panic!("{part} is missing in {lines}"));
        assert!(at(&format!(" PID: {pid}")) < at("Server initialized"));
        assert!(at("Server initialized") < at("Ready to accept connections tcp"));
        signal(name, &pid);
        assert_eq!(end_of(child), Some(0));
        assert!(!place.0.join("my.pid").exists());
    }
}

#[test]
fn a_hangup_opens_the_log_anew() {
    let place = Place::new("hangup");
    let port = free_port().to_string();
    let child = place
        .command(&["--port", &port, "--bind", "127.0.0.1", "--logfile", "a.log"])
        .spawn()
        .expect("start");
    until("the server", || place.read("a.log").contains("Ready to accept"));
    std::fs::rename(place.0.join("a.log"), place.0.join("b.log")).expect("rename");
    signal("-HUP", &child.id().to_string());
    until("the new log", || place.0.join("a.log").exists());
    signal("-TERM", &child.id().to_string());
    assert_eq!(end_of(child), Some(0));
    assert!(place.read("a.log").contains("bye bye"));
}

#[test]
fn a_port_in_use_ends_the_program_with_code_1() {
    let place = Place::new("in-use");
    let taken = TcpListener::bind("127.0.0.1:0").expect("bind");
    let port = taken.local_addr().expect("address").port().to_string();
    let output = place.output(&["--port", &port, "--bind", "127.0.0.1"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).contains(&format!("Failed listening on port {port} (tcp), aborting.")));
}

#[test]
fn several_addresses_and_a_unix_socket_are_listened_on() {
    let place = Place::new("addresses");
    let port = free_port();
    let args =
        ["--port", &port.to_string(), "--bind", "127.0.0.1 127.0.0.2 -192.0.2.1 -::1", "--logfile", "a.log"];
    let unix = ["--unixsocket", "s", "--unixsocketperm", "700"];
    let child = place.command(&[&args[..], &unix].concat()).spawn().expect("start");
    until("the server", || place.read("a.log").contains("Ready to accept connections unix"));
    assert!(answers(port));
    assert!(TcpStream::connect(("127.0.0.2", port)).is_ok());
    let has_ipv6 = TcpListener::bind("[::1]:0").is_ok();
    assert_eq!(TcpStream::connect(("::1", port)).is_ok(), has_ipv6);
    let log = place.read("a.log");
    let missing = format!(
        "Warning: Could not create server TCP listening socket 192.0.2.1:{port}: bind: Cannot assign requested address"
    );
    assert!(log.contains(&missing), "{log}");
    assert!(std::os::unix::net::UnixStream::connect(place.0.join("s")).is_ok());
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &std::fs::metadata(place.0.join("s")).expect("socket").permissions(),
    );
    assert_eq!(mode & 0o777, 0o700);
    signal("-TERM", &child.id().to_string());
    assert_eq!(end_of(child), Some(0));
    assert!(!place.0.join("s").exists());
}

/// An optional address may be none of this machine's; one in use is a mistake all the same.
#[test]
fn addresses_that_cannot_be_had_end_the_program_with_code_1() {
    let place = Place::new("optional");
    let taken = TcpListener::bind("127.0.0.1:0").expect("bind");
    let port = taken.local_addr().expect("address").port().to_string();
    let failed = format!("Failed listening on port {port} (tcp), aborting.");
    for (bind, told) in [
        ("127.0.0.2 -127.0.0.1", &*failed),
        ("127.0.0.2 192.0.2.1", &failed),
        ("-192.0.2.1", "Configured to not listen anywhere, exiting."),
    ] {
        let output = place.output(&["--port", &port, "--bind", bind]);
        assert_eq!(output.status.code(), Some(1), "{bind}");
        assert!(text(&output.stdout).contains(told), "{bind}: {}", text(&output.stdout));
    }
    let output = place.output(&["--port", "0", "--unixsocket", "/no/such/dir/s"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).contains("bind: No such file or directory"));
    let output = place.output(&["--port", "0"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).contains("Configured to not listen anywhere, exiting."));
}

#[test]
fn the_background_process_serves_on_its_own() {
    let place = Place::new("background");
    let port = free_port();
    let lines = format!("daemonize yes\nbind 127.0.0.1\nport {port}\npidfile d.pid\nlogfile d.log\n");
    let mut command = place.command(&["-"]);
    let mut parent = command.stdin(Stdio::piped()).spawn().expect("start");
    parent.stdin.take().expect("pipe").write_all(lines.as_bytes()).expect("written");
    assert_eq!(end_of(parent), Some(0));
    until("the server", || answers(port));
    let pid = place.read("d.pid").trim().to_owned();
    // Field 6 of /proc/<pid>/stat is the session: its own.
    let stat = std::fs::read_to_string(Path::new("/proc").join(&pid).join("stat")).expect("alive");
    let after_name = stat.rsplit(") ").next().expect("fields");
    assert_eq!(after_name.split(' ').nth(3), Some(&*pid));
    signal("-TERM", &pid);
    until("the end", || !place.0.join("d.pid").exists());
    assert!(place.read("d.log").contains("bye bye"));
}

//! From the command line to a running server.
//!
//! *Owns*: the options that are no directives (`--version`, `--help`), the order of the start. *Does not own*: the
//! directives and their files (`config` of the core).
//! *Invariants*: whatever is wrong with the configuration is said on standard error before anything is started or
//! touched; the exit code is then 1.

use crate::gauges::AllocatorFigures;
use crate::log::{Log, LogTo};
use crate::os_text::os_text;
use crate::process::{self, DETACHED, PidFile};
use crate::server::{Options, Server, announce};
use norn_core::config::Config;
use norn_core::contract::LogLevel;

/// The version of Redis whose behaviour is offered.
pub const REDIS_VERSION: &str = "7.2.6";

/// The version of norn.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

const HELP: &str = "\
Usage: norn-server [/path/to/redis.conf] [--name value ...]
       norn-server - (read the configuration from standard input)
       norn-server -v or --version
       norn-server -h or --help

Every directive of a configuration file can be given as --name value, after the file:
       norn-server /etc/norn.conf --port 7777 --loglevel verbose
       norn-server --port 7777 --replicaof 127.0.0.1 8888
";

/// Runs the program with these arguments (without its name) until its end; the exit code.
#[must_use]
pub fn main(args: &[String], allocator: (&str, fn() -> AllocatorFigures)) -> u8 {
    match args.first().map(String::as_str) {
        Some("-v" | "--version") if args.len() == 1 => {
            println!(
                "Redis server v={REDIS_VERSION} sha=00000000:0 malloc={} bits=64 build=0 norn={VERSION}",
                allocator.0
            );
            return 0;
        }
        Some("-h" | "--help") if args.len() == 1 => {
            print!("{HELP}");
            return 0;
        }
        _ => {}
    }
    let (detached, args) = match args {
        [first, rest @ ..] if first == DETACHED => (true, rest),
        all => (false, all),
    };
    match serve(args, detached, allocator.1) {
        Ok(code) => code,
        Err(text) => {
            eprintln!("{text}");
            1
        }
    }
}

fn serve(args: &[String], detached: bool, allocator: fn() -> AllocatorFigures) -> Result<u8, String> {
    let mut options = Options::new(interim(args)?);
    let settings = options.settings.clone();
    if detached {
        process::leave_session();
    } else if settings.daemonize {
        process::detach(args, None).map_err(|error| os_text(&error))?;
        return Ok(0);
    }
    let to = settings.logfile.clone().map_or(LogTo::Stdout, LogTo::File);
    let log = Log::open(to, settings.loglevel)
        .map_err(|error| format!("Can't open the log file: {}", os_text(&error)))?;
    process::abort_on_panic(log.clone());
    let pid = std::process::id();
    log.line(LogLevel::Notice, "oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo");
    log.line(
        LogLevel::Notice,
        &format!("Redis version={REDIS_VERSION}, bits=64, commit=00000000, modified=0, pid={pid}, just started (norn {VERSION})"),
    );
    let _pid_file = settings.pidfile.as_deref().and_then(|path| PidFile::write(path, &log));
    announce(&log, &settings);
    options.catch_signals = true;
    options.allocator = allocator;
    match Server::new(options, log.clone()) {
        Ok(server) => Ok(server.run()),
        Err(text) => {
            log.line(LogLevel::Warning, &text);
            Ok(1)
        }
    }
}

fn interim(args: &[String]) -> Result<Config, String> {
    let mut config = Config::default();
    for pair in args.chunks(2) {
        match pair {
            [name, port] if name == "--port" => config.port = port.parse().map_err(|_| "port".to_owned())?,
            [name, path] if name == "--unixsocket" => config.unixsocket = path.as_str().into(),
            [name, ip] if name == "--bind" => config.bind = vec![ip.as_str().into()],
            _ => {}
        }
    }
    Ok(config)
}

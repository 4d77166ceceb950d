//! From the command line to a running server.
//!
//! *Owns*: the options that are no directives (`--version`, `--help`), the order of the start. *Does not own*: the
//! directives and their files (`config` of the core).
//! *Invariants*: whatever is wrong with the configuration is said on standard error before anything is started or
//! touched; the exit code is then 1. The background process reads the same configuration once more, so it finds the
//! same mistakes or none.

use crate::files::SystemFiles;
use crate::gauges::AllocatorFigures;
use crate::log::{Log, LogTo};
use crate::os_text::os_text;
use crate::process::{self, DETACHED, PidFile};
use crate::server::{Options, Server, announce};
use crate::settings::Settings;
use norn_core::base::version::{NORN_VERSION, REDIS_VERSION};
use norn_core::commands::FAMILIES;
use norn_core::config::{Boot, StartError, load};
use norn_core::contract::LogLevel;
use norn_core::engine::Table;

const HELP: &str = "\
Usage: norn-server [/path/to/redis.conf] [--name value ...]
       norn-server - (read the configuration from standard input)
       norn-server -v or --version
       norn-server -h or --help

Every directive of a configuration file can be given as --name value, after the file:
       norn-server /etc/norn.conf --port 7777 --loglevel verbose
       norn-server --port 7777 --replicaof 127.0.0.1 8888
";

/// Runs the program with these arguments (without its name) until its end; the exit code. `allocator` is the name of
/// the global allocator and what it knows of itself.
#[must_use]
pub fn main(args: &[String], allocator: (&str, fn() -> AllocatorFigures)) -> u8 {
    match args {
        [only] if only == "-v" || only == "--version" => {
            println!(
                "Redis server v={REDIS_VERSION} sha=00000000:0 malloc={} bits=64 build=0 norn={NORN_VERSION}",
                allocator.0
            );
            return 0;
        }
        [only] if only == "-h" || only == "--help" => {
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
    let mut files = SystemFiles::default();
    let boot = load(args, &mut files).map_err(|error| error.text())?;
    check_renames(&boot)?;
    let settings = Settings::of(&boot.config)?;
    if detached {
        process::leave_session();
    } else if settings.daemonize {
        process::detach(args, files.stdin_text())
            .map_err(|error| format!("Can't start in the background: {}", os_text(&error)))?;
        return Ok(0);
    }
    let log = open_log(&settings)?;
    process::abort_on_panic(log.clone());
    greet(&log, boot.path.is_some() || !args.is_empty());
    for note in &boot.notes {
        log.line(LogLevel::Warning, note);
    }
    let pid_file = settings.pidfile.as_deref().and_then(|path| PidFile::write(path, &log));
    announce(&log, &settings);
    let mut options = Options::new(boot.config, settings);
    options.config_path = boot.path.map(absolute);
    options.catch_signals = true;
    options.allocator = allocator;
    let code = match Server::new(options, log.clone()) {
        Ok(server) => server.run(),
        Err(text) => {
            log.line(LogLevel::Warning, &text);
            1
        }
    };
    drop(pid_file);
    Ok(code)
}

/// Only the command table knows which commands there are, and only the configuration knows the line that names none.
fn check_renames(boot: &Boot) -> Result<(), String> {
    let renamed = &boot.config.renamed;
    for (i, place) in boot.renamed_at.iter().enumerate() {
        if i < renamed.len() && Table::new(FAMILIES, &renamed[..=i]).is_err() {
            let reason = "No such command in rename-command".to_owned();
            return Err(StartError { place: Some(place.clone()), reason }.text());
        }
    }
    Ok(())
}

fn open_log(settings: &Settings) -> Result<Log, String> {
    let to = settings.logfile.clone().map_or(LogTo::Stdout, LogTo::File);
    Log::open(to, settings.loglevel).map_err(|error| format!("Can't open the log file: {}", os_text(&error)))
}

/// The first lines of Redis's log, which scripts know it by.
fn greet(log: &Log, configured: bool) {
    let pid = std::process::id();
    log.line(LogLevel::Notice, "oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo");
    let versions = format!("Redis version={REDIS_VERSION}, bits=64, commit=00000000, modified=0");
    log.line(LogLevel::Notice, &format!("{versions}, pid={pid}, just started (norn {NORN_VERSION})"));
    if configured {
        log.line(LogLevel::Notice, "Configuration loaded");
    } else {
        let text = "Warning: no config file specified, using the default config. In order to specify a config file \
                    use norn-server /path/to/redis.conf";
        log.line(LogLevel::Warning, text);
    }
}

/// The path from the root, for CONFIG REWRITE; the file exists, as it was just read.
fn absolute(path: String) -> String {
    match std::path::absolute(&path) {
        Ok(found) => found.to_string_lossy().into_owned(),
        Err(_) => path,
    }
}

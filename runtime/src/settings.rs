//! The part of the configuration that the runtime itself lives by.
//!
//! *Owns*: the translation of directives into what the runtime needs. *Does not own*: the directives (`config` of the
//! core), nor what the node makes of them.
//! *Invariant*: whatever of this can change while the server runs, the node tells through `Effects::tune`.

use norn_core::config::Config;
use norn_core::contract::LogLevel;
use std::path::{Path, PathBuf};

/// What the runtime needs to know at the start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `dir`, absolute: where relative paths start.
    pub dir: PathBuf,
    /// `logfile`; `None` is standard output.
    pub logfile: Option<PathBuf>,
    /// `loglevel`.
    pub loglevel: LogLevel,
    /// `tcp-keepalive` in seconds.
    pub keepalive_secs: u32,
    /// `maxclients`.
    pub maxclients: u32,
    /// `pidfile`, if one is to be written.
    pub pidfile: Option<PathBuf>,
    /// `daemonize`.
    pub daemonize: bool,
    /// `port`, for the line at the start.
    pub port: u16,
}

impl Settings {
    /// The settings that a configuration asks for.
    #[must_use]
    pub fn of(config: &Config) -> Self {
        let dir = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/"));
        Self {
            dir,
            logfile: None,
            loglevel: LogLevel::Notice,
            keepalive_secs: 300,
            maxclients: u32::try_from(config.maxclients).unwrap_or(u32::MAX),
            pidfile: None,
            daemonize: false,
            port: u16::try_from(config.port).unwrap_or(0),
        }
    }

    /// A path of the configuration, made absolute.
    #[must_use]
    pub fn absolute(&self, path: &str) -> PathBuf {
        self.dir.join(Path::new(path))
    }
}

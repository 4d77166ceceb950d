//! The part of the configuration that the runtime itself lives by.
//!
//! *Owns*: the translation of directives into what the runtime needs. *Does not own*: the directives (`config` of the
//! core), nor what the node makes of them.
//! *Invariant*: whatever of this can change while the server runs, the node tells through `Effects::tune`. Paths are
//! absolute; relative ones of the configuration start at `dir`, as they do in Redis, which changes its directory there.

use crate::os_text::os_text;
use norn_core::config::Config;
use norn_core::contract::LogLevel;
use std::path::{Path, PathBuf};

/// Where a background process leaves its id when nothing else was asked for.
const DEFAULT_PIDFILE: &str = "/var/run/redis.pid";

/// What the runtime needs to know at the start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `dir`: where relative paths start.
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
    ///
    /// # Errors
    /// When there is no such directory as `dir`, as a line for the user.
    pub fn of(config: &Config) -> Result<Self, String> {
        let dir = data_dir(&config.dir)?;
        let path = |text: &str| (!text.is_empty()).then(|| dir.join(text));
        let pidfile = path(&config.pidfile);
        Ok(Self {
            logfile: path(&config.logfile),
            loglevel: config.loglevel,
            keepalive_secs: u32::try_from(config.tcp_keepalive).unwrap_or(0),
            maxclients: u32::try_from(config.maxclients).unwrap_or(u32::MAX),
            pidfile: pidfile.or_else(|| config.daemonize.then(|| DEFAULT_PIDFILE.into())),
            daemonize: config.daemonize,
            port: u16::try_from(config.port).unwrap_or(0),
            dir,
        })
    }
}

fn data_dir(text: &str) -> Result<PathBuf, String> {
    let failed = |reason: &str| format!("Can't chdir to '{text}': {reason}");
    let dir = Path::new(text).canonicalize().map_err(|error| failed(&os_text(&error)))?;
    if dir.is_dir() { Ok(dir) } else { Err(failed("Not a directory")) }
}

#[cfg(test)]
mod tests {
    use super::Settings;
    use crate::testing::TempDir;
    use norn_core::config::Config;
    use std::path::Path;

    #[test]
    fn relative_paths_start_at_dir() {
        let dir = TempDir::new("settings");
        let root = dir.path().canonicalize().expect("path");
        let mut config = Config { dir: root.to_string_lossy().into(), ..Config::default() };
        let settings = Settings::of(&config).expect("settings");
        assert_eq!((&settings.dir, &settings.logfile, &settings.pidfile), (&root, &None, &None));
        config.logfile = "a.log".into();
        config.pidfile = "/run/norn.pid".into();
        let settings = Settings::of(&config).expect("settings");
        assert_eq!(settings.logfile, Some(root.join("a.log")));
        assert_eq!(settings.pidfile.as_deref(), Some(Path::new("/run/norn.pid")));
    }

    #[test]
    fn a_background_process_always_has_a_pid_file() {
        let config = Config { daemonize: true, ..Config::default() };
        let settings = Settings::of(&config).expect("settings");
        assert_eq!(settings.pidfile.as_deref(), Some(Path::new("/var/run/redis.pid")));
    }

    #[test]
    fn a_missing_dir_is_told_as_redis_tells_it() {
        let config = Config { dir: "/no/such/dir".into(), ..Config::default() };
        let text = Settings::of(&config).expect_err("must fail");
        assert_eq!(text, "Can't chdir to '/no/such/dir': No such file or directory");
    }
}

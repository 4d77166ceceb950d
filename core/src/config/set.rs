//! CONFIG SET: several parameters at once, all or none.
//!
//! *Owns*: who may set what, reading the values, what changed, and the texts of refusals. *Does not own*: making the
//! change felt; whoever fails at that puts [`Changes::old`] back.
//! *Invariants*: an error leaves the configuration as it was.

use super::format::Reason;
use super::table::{Config, Flags, Id, Param};
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

/// The circumstances of a CONFIG SET.
#[derive(Clone, Copy, Debug, Default)]
pub struct Setter {
    /// The client's connection is local.
    pub local: bool,
    /// A data set is being loaded.
    pub loading: bool,
}

/// What a successful CONFIG SET did.
#[derive(Clone, Debug)]
pub struct Changes {
    /// The parameters that have a new value, or must be applied anyway, in the order given.
    pub ids: Vec<Id>,
    /// The configuration before.
    pub old: Box<Config>,
    /// Lines for the log.
    pub notes: Vec<String>,
}

/// Why a CONFIG SET was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SetError {
    /// There is no such parameter.
    Unknown {
        /// The name as typed.
        arg: Vec<u8>,
    },
    /// A parameter cannot be set, or not to this value.
    Refused {
        /// The name: as typed, or in lower case where the value is at fault.
        arg: Vec<u8>,
        /// Why.
        reason: Reason,
    },
    /// Not while a data set is loaded: the reply is that of any command refused for that.
    Loading,
}

impl SetError {
    /// The text of the error reply. Names stand in it as typed: line breaks are for the writer of replies to replace.
    #[must_use]
    pub fn text(&self) -> Vec<u8> {
        match self {
            Self::Unknown { arg } => {
                [b"ERR Unknown option or number of arguments for CONFIG SET - '", &arg[..], b"'"].concat()
            }
            Self::Refused { arg, reason } => [
                b"ERR CONFIG SET failed (possibly related to argument '",
                &arg[..],
                b"') - ",
                reason.as_bytes(),
            ]
            .concat(),
            Self::Loading => b"LOADING Redis is loading the dataset in memory".to_vec(),
        }
    }
}

impl Config {
    /// Sets parameters, given as names and values, all or none.
    ///
    /// # Errors
    /// The first name that cannot be set, or the first value refused.
    pub fn set_many(&mut self, pairs: &[(&[u8], &[u8])], setter: Setter) -> Result<Changes, SetError> {
        let params = self.settable(pairs, setter)?;
        let mut next = self.clone();
        for (param, (name, value)) in params.iter().zip(pairs) {
            let refused = |reason| SetError::Refused { arg: name.to_ascii_lowercase(), reason };
            param.set(&mut next, &[value], true).map_err(refused)?;
        }
        let default = Self::default();
        let mut changes =
            Changes { ids: Vec::new(), old: Box::new(core::mem::replace(self, next)), notes: Vec::new() };
        for param in params {
            let changed = !(param.same)(self, &changes.old);
            if (changed || param.flags.has(Flags::REAPPLY)) && !changes.ids.contains(&param.id) {
                changes.ids.push(param.id);
                changes.notes.extend(param.note(self, &default).filter(|_| changed));
            }
        }
        Ok(changes)
    }

    /// The rows of the names, if each may be set.
    fn settable(&self, pairs: &[(&[u8], &[u8])], setter: Setter) -> Result<Vec<&'static Param>, SetError> {
        let mut seen: Vec<(Id, bool)> = Vec::with_capacity(pairs.len());
        let mut params = Vec::with_capacity(pairs.len());
        for (name, _) in pairs {
            let (param, is_alias) =
                Param::find(name).ok_or_else(|| SetError::Unknown { arg: name.to_vec() })?;
            let refused = |reason: &'static str| {
                Err(SetError::Refused { arg: name.to_vec(), reason: Reason::Borrowed(reason) })
            };
            if param.flags.has(Flags::FIXED) {
                return refused("can't set immutable config");
            }
            if param.flags.has(Flags::PROTECTED) && !self.enable_protected_configs.admits(setter.local) {
                return refused("can't set protected config");
            }
            if param.flags.has(Flags::NOT_LOADING) && setter.loading {
                return Err(SetError::Loading);
            }
            if seen.contains(&(param.id, is_alias)) {
                return refused("duplicate parameter");
            }
            seen.push((param.id, is_alias));
            params.push(param);
        }
        Ok(params)
    }
}

#[cfg(test)]
mod tests {
    use super::{Config, Id, Setter};
    use crate::config::words::Access;
    use alloc::string::String;
    use alloc::vec::Vec;

    fn set(config: &mut Config, words: &[&str], setter: Setter) -> Result<Vec<Id>, String> {
        let pairs: Vec<(&[u8], &[u8])> =
            words.chunks_exact(2).map(|p| (p[0].as_bytes(), p[1].as_bytes())).collect();
        let before = config.clone();
        match config.set_many(&pairs, setter) {
            Ok(changes) => {
                assert_eq!(*changes.old, before);
                Ok(changes.ids)
            }
            Err(error) => {
                assert_eq!(*config, before, "an error must change nothing");
                Err(String::from_utf8(error.text()).unwrap())
            }
        }
    }

    #[test]
    fn several_at_once() {
        let mut config = Config::default();
        let words = ["MAXMEMORY", "1gb", "hz", "10", "save", "10 1 20 2", "slave-priority", "5"];
        let ids = set(&mut config, &words, Setter::default()).unwrap();
        assert_eq!(ids, [Id::maxmemory, Id::save, Id::replica_priority]);
        assert_eq!((config.maxmemory, config.save.len(), config.replica_priority), (1 << 30, 2, 5));
    }

    #[test]
    fn name_and_alias_are_no_duplicates() {
        let mut config = Config::default();
        let words = ["slave-priority", "5", "replica-priority", "6"];
        assert_eq!(set(&mut config, &words, Setter::default()).unwrap(), [Id::replica_priority]);
        assert_eq!(config.replica_priority, 6);
    }

    #[test]
    fn refusals() {
        let failed = |arg: &str, why: &str| {
            alloc::format!("ERR CONFIG SET failed (possibly related to argument '{arg}') - {why}")
        };
        let unknown =
            |arg: &str| alloc::format!("ERR Unknown option or number of arguments for CONFIG SET - '{arg}'");
        for (words, text) in [
            (&["hz", "501", "HZ", "10"][..], failed("HZ", "duplicate parameter")),
            (&["HZ", "x"], failed("hz", "argument couldn't be parsed into an integer")),
            (&["DAEMONIZE", "no"], failed("DAEMONIZE", "can't set immutable config")),
            (&["Port", "1", "hz", "x"], failed("hz", "argument couldn't be parsed into an integer")),
            (&["port", "70000"], failed("port", "argument must be between 0 and 65535 inclusive")),
            (&["hz", "5", "daemonize", "yes"], failed("daemonize", "can't set immutable config")),
            (&["replicaof", "a 1"], failed("replicaof", "can't set immutable config")),
            (&["dir", "/"], failed("dir", "can't set protected config")),
            (&["nosuch", "1", "daemonize", "yes"], unknown("nosuch")),
            (&["daemonize", "yes", "nosuch", "1"], failed("daemonize", "can't set immutable config")),
            (&["lua-replicate-commands", "yes"], unknown("lua-replicate-commands")),
            // Names are checked before values.
            (&["hz", "x", "nosuch", "1"], unknown("nosuch")),
            (&["save", "10  1"], failed("save", "Invalid save parameters")),
            (
                &["loglevel", "loud"],
                failed(
                    "loglevel",
                    "argument(s) must be one of the following: debug, verbose, notice, warning, nothing",
                ),
            ),
        ] {
            assert_eq!(set(&mut Config::default(), words, Setter::default()), Err(text), "{words:?}");
        }
    }

    #[test]
    fn protected_and_loading() {
        let mut config = Config { enable_protected_configs: Access::Local, ..Config::default() };
        assert!(set(&mut config, &["dir", "/"], Setter::default()).is_err());
        let local = Setter { local: true, loading: false };
        assert_eq!(set(&mut config, &["dir", "/x"], local), Ok(Vec::from([Id::dir])));
        let loading = Setter { local: true, loading: true };
        assert_eq!(
            set(&mut config, &["appendonly", "yes"], loading),
            Err("LOADING Redis is loading the dataset in memory".into())
        );
    }

    #[test]
    fn equal_values_are_no_change_unless_they_must_be_applied() {
        let mut config = Config::default();
        let words = ["tls-cert-file", "", "timeout", "0"];
        assert_eq!(set(&mut config, &words, Setter::default()), Ok(Vec::from([Id::tls_cert_file])));
    }

    #[test]
    fn inert_changes_are_noted() {
        let mut config = Config::default();
        let changes =
            config.set_many(&[(b"appendonly", b"yes"), (b"port", b"1")], Setter::default()).unwrap();
        assert_eq!(changes.notes, ["'appendonly' has no effect in norn yet"]);
        let changes = config.set_many(&[(b"appendonly", b"yes")], Setter::default()).unwrap();
        assert!(changes.ids.is_empty() && changes.notes.is_empty());
    }
}

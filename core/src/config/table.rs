//! The table of parameters: one row each, from which the struct, its defaults and every operation follow.
//!
//! *Owns*: [`Config`], [`Id`], [`Param`] and what the columns of a row mean. *Does not own*: the rows, which stand by
//! subject in `network`, `memory` and so on; the formats of values.
//! *Invariants*: names and aliases are unique and in lower case; `TABLE[id as usize].id == id`.
//!
//! A row reads
//!
//! ```text
//! /// Documentation.
//! field "name" | "alias": Type = default, Format, [FLAGS], Works;
//! ```
//!
//! The compiler checks that the format handles the type. Adding a parameter is adding a row.

use super::checks;
use super::cluster::cluster;
use super::encodings::encodings;
use super::flags::{Letters, NotifyFlags, ShutdownFlags, ShutdownWords};
use super::format::{
    Blob, Bool, Bytes, Clamped, Format, Int, Kind, Line, MemoryShare, Octal, Reason, Share, Size, Text,
    Unset, Word,
};
use super::list::{
    Addresses, Master, MasterAddr, ObufLimit, ObufLimits, OomValues, Percentiles, SavePoint, SavePoints,
};
use super::memory::memory;
use super::network::network;
use super::persistence::persistence;
use super::process::process;
use super::replication::replication;
use super::security::security;
use super::tls::tls;
use super::words::{
    Access, AclPubsub, AppendFsync, DisklessLoad, EndpointType, MaxmemoryPolicy, OomScoreAdj,
    PropagationError, Sanitize, Supervised, SyslogFacility, TlsAuth,
};
use crate::contract::LogLevel;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

const I32_MIN: i64 = i32::MIN as i64;
const I32_MAX: i64 = i32::MAX as i64;
const U32_MAX: i64 = u32::MAX as i64;
const I64_MAX: i64 = i64::MAX;
const I64_MAX_U: u64 = i64::MAX as u64;

const OBUF_DEFAULT: [ObufLimit; 3] = [
    ObufLimit { hard: 0, soft: 0, soft_secs: 0 },
    ObufLimit { hard: 256 << 20, soft: 64 << 20, soft_secs: 60 },
    ObufLimit { hard: 32 << 20, soft: 8 << 20, soft_secs: 60 },
];

const SAVE_DEFAULT: [SavePoint; 3] = [
    SavePoint { secs: 3600, changes: 1 },
    SavePoint { secs: 300, changes: 100 },
    SavePoint { secs: 60, changes: 10_000 },
];

/// Whether norn obeys a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It does.
    Works,
    /// The parameter is known, can be set and read, and changes nothing; a value other than the default is noted in
    /// the log.
    Inert,
}

/// The attributes of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flags(u8);

impl Flags {
    /// None.
    pub const NONE: Self = Self(0);
    /// CONFIG SET refuses it.
    pub const FIXED: Self = Self(1);
    /// CONFIG GET answers it only to its exact name.
    pub const HIDDEN: Self = Self(2);
    /// CONFIG SET needs `enable-protected-configs`.
    pub const PROTECTED: Self = Self(4);
    /// The value must not appear in logs.
    pub const SENSITIVE: Self = Self(8);
    /// Takes several words.
    pub const MULTI: Self = Self(16);
    /// CONFIG SET refuses it while a data set is loaded.
    pub const NOT_LOADING: Self = Self(32);
    /// Setting it to the value it has is still a change.
    pub const REAPPLY: Self = Self(64);

    /// Whether all of `other` is set.
    #[must_use]
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Both together.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// Reads a value from words into its field; see [`Format::parse`].
type ParseInto = fn(&mut Config, &[&[u8]], bool) -> Result<(), Reason>;

/// A row of the table.
pub struct Param {
    /// Which one.
    pub id: Id,
    /// Its name, in lower case.
    pub name: &'static str,
    /// An older name that also works.
    pub alias: Option<&'static str>,
    /// Its attributes.
    pub flags: Flags,
    /// Whether norn obeys it.
    pub effect: Effect,
    /// The sort of value.
    pub kind: fn() -> Kind,
    /// Whether two configurations have the same value.
    pub same: fn(&Config, &Config) -> bool,
    /// Reads a value from words; see [`Format::parse`].
    parse: ParseInto,
    /// Appends the text that CONFIG GET shows.
    print: fn(&Config, &mut Vec<u8>),
    /// The lines that CONFIG REWRITE writes, given the default configuration.
    pub(super) rewrite: fn(&Config, &Config, &mut Vec<Line>),
}

macro_rules! optional {
    () => {
        None
    };
    ($value:literal) => {
        Some($value)
    };
}

/// Puts the rows of all groups together, then defines everything from them.
macro_rules! join {
    ([$group:ident $($more:ident)*] $($rows:tt)*) => { $group! { [$($more)*] $($rows)* } };
    ([] $($rows:tt)*) => { define! { $($rows)* } };
}

macro_rules! define {
    ($(
        $(#[$doc:meta])*
        $field:ident $name:literal $(| $alias:literal)?: $type:ty = $default:expr, $format:expr, [$($flag:ident)*], $effect:ident;
    )*) => {
        /// The value of every directive. Fields are named as the directives are.
        #[derive(Clone, Debug, PartialEq)]
        pub struct Config {
            $($(#[$doc])* pub $field: $type,)*
            /// Commands renamed by the configuration file: old and new name; an empty new name removes the command.
            pub renamed: Vec<(String, String)>,
        }

        impl Default for Config {
            fn default() -> Self {
                Self { $($field: $default,)* renamed: Vec::new() }
            }
        }

        /// Names a parameter, as its field does.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[expect(non_camel_case_types, reason = "a variant is named as its field and its directive are")]
        pub enum Id {
            $($(#[$doc])* $field,)*
        }

        /// Every parameter, in the order of [`Id`].
        pub static TABLE: &[Param] = &[$(
            Param {
                id: Id::$field,
                name: $name,
                alias: optional!($($alias)?),
                flags: Flags::NONE$(.with(Flags::$flag))*,
                effect: Effect::$effect,
                kind: || Format::<$type>::kind(&$format),
                same: |a, b| a.$field == b.$field,
                parse: |config, args, fresh| {
                    config.$field = Format::<$type>::parse(&$format, &config.$field, args, fresh)?;
                    Ok(())
                },
                print: |config, out| Format::<$type>::print(&$format, &config.$field, out),
                rewrite: |config, default, lines| {
                    Format::<$type>::rewrite(&$format, &config.$field, &default.$field, lines);
                },
            },
        )*];
    };
}

join! { [network security memory encodings persistence replication process cluster tls] }

impl Id {
    /// The row of this parameter.
    #[must_use]
    pub fn param(self) -> &'static Param {
        &TABLE[self as usize]
    }
}

impl Param {
    /// The row of a name or alias, in any case, and whether it was the alias.
    #[must_use]
    pub fn find(name: &[u8]) -> Option<(&'static Self, bool)> {
        TABLE.iter().find_map(|param| {
            if param.name.as_bytes().eq_ignore_ascii_case(name) {
                return Some((param, false));
            }
            let alias = param.alias?;
            alias.as_bytes().eq_ignore_ascii_case(name).then_some((param, true))
        })
    }

    /// Reads a value from the words behind the directive's name.
    ///
    /// # Errors
    /// The value is refused; the configuration is as before.
    pub fn set(&self, config: &mut Config, args: &[&[u8]], fresh: bool) -> Result<(), Reason> {
        match args {
            // Several words may stand in one argument: `save "3600 1"`.
            [words] if self.flags.has(Flags::MULTI) => {
                let words: Vec<&[u8]> = words.split(|b| *b == b' ').collect();
                (self.parse)(config, &words, fresh)
            }
            _ if args.len() != 1 && !self.flags.has(Flags::MULTI) => Err("wrong number of arguments".into()),
            _ => (self.parse)(config, args, fresh),
        }
    }

    /// The text that CONFIG GET shows.
    #[must_use]
    pub fn value(&self, config: &Config) -> Vec<u8> {
        let mut out = Vec::new();
        (self.print)(config, &mut out);
        out
    }

    /// What the log says of a value that changes nothing; `None` when norn obeys it or it is the default.
    #[must_use]
    pub fn note(&self, config: &Config, default: &Config) -> Option<String> {
        let inert = self.effect == Effect::Inert && !(self.same)(config, default);
        inert.then(|| alloc::format!("'{}' has no effect in norn yet", self.name))
    }
}

#[cfg(test)]
mod tests {
    use super::{Config, Flags, Kind, Param, TABLE};
    use alloc::collections::BTreeSet;
    use alloc::format;
    use alloc::string::{String, ToString};
    use alloc::vec::Vec;

    /// What Redis 7.2 says of each directive: name, type, default, range, mutable, attributes, alias.
    const EXPECTED: &str = include_str!("expected.tsv");

    fn limit(text: &str) -> String {
        match text {
            "i32min" => i32::MIN.to_string(),
            "i32max" => i32::MAX.to_string(),
            "u32max" => u32::MAX.to_string(),
            "i64max" => i64::MAX.to_string(),
            "u64max" => u64::MAX.to_string(),
            "0o777" => 0o777.to_string(),
            other => other.into(),
        }
    }

    /// The type and range of a row as the expected table words them.
    fn described(kind: Kind) -> (&'static str, String) {
        match kind {
            Kind::Bool => ("bool", "yes|no".into()),
            Kind::Int(a, b) => ("int", format!("{a}..{b}")),
            Kind::Octal(a, b) => ("octal", format!("{a}..{b}")),
            Kind::Size(a, b) => ("size", format!("{a}..{b}")),
            Kind::Share => ("size|percent", String::new()),
            Kind::Word(names) => ("enum", names.join("|")),
            Kind::Words(names) => ("enum-flags", names.join("|")),
            Kind::Text => ("string", "empty=allowed".into()),
            Kind::OptionalText => ("string", "empty=unset".into()),
            Kind::Letters => ("flags", String::new()),
            Kind::List => ("multi", String::new()),
        }
    }

    fn check_row(fields: &[&str], param: &Param, defaults: &Config) {
        let [name, kind, default, range, mutable, attributes, alias] = fields else {
            panic!("seven columns: {fields:?}");
        };
        let (our_kind, our_range) = described((param.kind)());
        assert_eq!(our_kind, if *kind == "path" { "string" } else { *kind }, "type of {name}");
        let range = match range.split_once("..") {
            Some((a, b)) => format!("{}..{}", limit(a), limit(b)),
            None => range.to_string(),
        };
        if !our_range.is_empty() && *kind != "path" {
            assert_eq!(our_range, range, "range of {name}");
        }
        let value = String::from_utf8(param.value(defaults)).unwrap();
        let default = match *default {
            "\"\"" => "",
            "cwd" => ".",
            other => other,
        };
        assert_eq!(value, default, "default of {name}");
        assert_eq!(param.flags.has(Flags::FIXED), *mutable == "no", "mutability of {name}");
        for (flag, word) in [
            (Flags::HIDDEN, "hidden"),
            (Flags::PROTECTED, "protected"),
            (Flags::SENSITIVE, "sensitive"),
            (Flags::MULTI, "multiarg"),
            (Flags::NOT_LOADING, "not-while-loading"),
            (Flags::REAPPLY, "reapply-even-if-equal"),
        ] {
            let expected = attributes.split(' ').any(|a| a == word);
            assert_eq!(param.flags.has(flag), expected, "{word} of {name}");
        }
        assert_eq!(
            param.alias.unwrap_or("-"),
            if alias.contains(' ') { "-" } else { *alias },
            "alias of {name}"
        );
    }

    #[test]
    fn rows_are_what_redis_documents() {
        let defaults = Config::default();
        let lines: Vec<&str> = EXPECTED.lines().filter(|l| !l.starts_with('#')).collect();
        for line in &lines {
            let fields: Vec<&str> = line.split('\t').collect();
            let (param, is_alias) = Param::find(fields[0].as_bytes()).expect(fields[0]);
            assert!(!is_alias);
            check_row(&fields, param, &defaults);
        }
        assert_eq!(lines.len(), TABLE.len());
    }

    #[test]
    fn names_are_unique_and_ids_are_indices() {
        let mut names = BTreeSet::new();
        for (i, param) in TABLE.iter().enumerate() {
            assert_eq!(param.id as usize, i);
            for name in [Some(param.name), param.alias].into_iter().flatten() {
                assert!(names.insert(name), "{name} twice");
                assert_eq!(name, name.to_ascii_lowercase());
            }
        }
    }

    #[test]
    fn several_words_only_where_the_row_says_so() {
        for param in TABLE {
            let many = matches!((param.kind)(), Kind::List | Kind::Words(_));
            assert_eq!(param.flags.has(Flags::MULTI), many, "{}", param.name);
        }
        let (param, _) = Param::find(b"HZ").unwrap();
        let mut config = Config::default();
        assert!(param.set(&mut config, &[], true).is_err());
        assert!(param.set(&mut config, &[b"1", b"2"], true).is_err());
        assert_eq!(config, Config::default());
        param.set(&mut config, &[b"20"], true).unwrap();
        assert_eq!(config.hz, 20);
    }

    #[test]
    fn inert_values_are_noted() {
        let defaults = Config::default();
        let mut config = Config::default();
        let param = super::Id::appendonly.param();
        assert_eq!(param.note(&config, &defaults), None);
        config.appendonly = true;
        assert_eq!(param.note(&config, &defaults).unwrap(), "'appendonly' has no effect in norn yet");
        config.port = 1;
        assert_eq!(super::Id::port.param().note(&config, &defaults), None);
    }
}

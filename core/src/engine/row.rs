//! The row of a command: everything the server knows of it besides its code.
//!
//! *Owns*: [`Row`] and the bit sets in it. *Does not own*: the rows (each family in `commands` has its own) and their
//! look-up (`engine/table`).
//!
//! The facts in a row (flags, key specifications, categories, tips) are those that COMMAND of Redis 7.2 reports; the
//! sentences in `summary` and `complexity` are ours.

use super::context::Ctx;
use crate::resp::{Args, CommandError};
use alloc::vec::Vec;
use core::ops::BitOr;

/// What runs a command. An error that is returned becomes the reply; whatever the handler wrote before is cut.
pub type Handler = fn(&mut Ctx<'_>) -> Result<(), CommandError>;

/// Finds the keys of a command whose positions cannot be described by key specifications: pairs of argument index and
/// `KeySpec` flags. `None` when the arguments make no sense.
pub type KeyFinder = fn(&Args<'_>) -> Option<Vec<(usize, KeyFlags)>>;

/// One command or subcommand.
#[derive(Debug)]
pub struct Row {
    /// Lower-case name; a subcommand is `container|sub`.
    pub name: &'static str,
    /// Number of arguments with the name: exact when positive, at least `-arity` when negative.
    pub arity: i16,
    /// What the server must know before it runs the command.
    pub flags: Flags,
    /// The ACL categories.
    pub acl: Acl,
    /// The documentation group.
    pub group: Group,
    /// First key, last key and step; zeros when there are none or they move.
    pub keys: (i16, i16, i16),
    /// The argument that names an element of the value in the first key; 0 for none. A hint: it is touched ahead.
    pub element: u8,
    /// Key specifications.
    pub specs: &'static [KeySpec],
    /// The hand-written key finder, when specifications do not do.
    pub find_keys: Option<KeyFinder>,
    /// First version of Redis with the command.
    pub since: &'static str,
    /// COMMAND's tips for clients and proxies.
    pub tips: &'static [&'static str],
    /// Since when it is deprecated, and what replaces it.
    pub deprecated: Option<(&'static str, &'static str)>,
    /// Option grammar: `( )` groups, `|` alternatives, `[ ]` optional, `...` repeatable.
    pub syntax: &'static str,
    /// One sentence.
    pub summary: &'static str,
    /// What it costs.
    pub complexity: &'static str,
    /// Subcommands.
    pub subs: &'static [Row],
    /// The code.
    pub run: Handler,
}

impl Row {
    /// A row with a name, code, arity and flags; the rest is added by the methods below.
    #[must_use]
    pub const fn new(
        name: &'static str,
        run: Handler,
        arity: i16,
        flags: Flags,
        acl: Acl,
        group: Group,
    ) -> Self {
        Self {
            name,
            arity,
            flags,
            acl,
            group,
            keys: (0, 0, 0),
            element: 0,
            specs: &[],
            find_keys: None,
            since: "1.0.0",
            tips: &[],
            deprecated: None,
            syntax: "",
            summary: "",
            complexity: "",
            subs: &[],
            run,
        }
    }

    /// Sets the legacy key range and the key specifications.
    #[must_use]
    pub const fn keyed(mut self, keys: (i16, i16, i16), specs: &'static [KeySpec]) -> Self {
        self.keys = keys;
        self.specs = specs;
        self
    }

    /// Sets the argument that names an element.
    #[must_use]
    pub const fn element(mut self, argument: u8) -> Self {
        self.element = argument;
        self
    }

    /// Sets the hand-written key finder.
    #[must_use]
    pub const fn finder(mut self, find: KeyFinder) -> Self {
        self.find_keys = Some(find);
        self
    }

    /// Sets the first version.
    #[must_use]
    pub const fn since(mut self, version: &'static str) -> Self {
        self.since = version;
        self
    }

    /// Sets the tips.
    #[must_use]
    pub const fn tips(mut self, tips: &'static [&'static str]) -> Self {
        self.tips = tips;
        self
    }

    /// Marks the command as deprecated.
    #[must_use]
    pub const fn deprecated(mut self, since: &'static str, by: &'static str) -> Self {
        self.deprecated = Some((since, by));
        self
    }

    /// Sets summary, complexity and option grammar.
    #[must_use]
    pub const fn doc(
        mut self,
        summary: &'static str,
        complexity: &'static str,
        syntax: &'static str,
    ) -> Self {
        self.summary = summary;
        self.complexity = complexity;
        self.syntax = syntax;
        self
    }

    /// Sets the subcommands.
    #[must_use]
    pub const fn subs(mut self, subs: &'static [Row]) -> Self {
        self.subs = subs;
        self
    }

    /// Whether `argc` arguments, the name included, are the right number.
    #[must_use]
    pub const fn takes(&self, argc: usize) -> bool {
        if self.arity >= 0 { argc == self.arity as usize } else { argc >= self.arity.unsigned_abs() as usize }
    }

    /// The refusals of `engine/gate` that can meet this command.
    #[must_use]
    pub const fn gates(&self) -> Gates {
        let f = self.flags;
        // Whoever is not authenticated, or in a transaction, or paused, meets these whatever the command.
        let mut g = Gates::MULTI.0 | Gates::PAUSE.0 | Gates::OOM.0 | Gates::SCOPE.0;
        if !f.has(Flags::NO_AUTH) {
            g |= Gates::NOAUTH.0;
        }
        if f.has(Flags::PROTECTED) {
            g |= Gates::PROTECTED.0;
        }
        if f.has(Flags::WRITE) {
            g |= Gates::MISCONF.0 | Gates::NOREPLICAS.0 | Gates::READONLY.0;
        }
        if !f.has(Flags::STALE) {
            g |= Gates::MASTERDOWN.0;
        }
        if !f.has(Flags::LOADING) {
            g |= Gates::LOADING.0;
        }
        if !f.has(Flags::ALLOW_BUSY) {
            g |= Gates::BUSY.0;
        }
        if f.any(Flags::WRITE.or(Flags::READONLY).or(Flags::MAY_REPLICATE)) {
            g |= Gates::REPLICA_LINK.0;
        }
        Gates(g)
    }
}

macro_rules! bits {
    ($(#[$doc:meta])* $name:ident { $($(#[$bdoc:meta])* $bit:ident = $n:expr, $text:expr;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct $name(pub u32);
        impl $name {
            $($(#[$bdoc])* pub const $bit: Self = Self(1 << $n);)*
            /// No bit.
            pub const NONE: Self = Self(0);
            /// Every named bit with its text, in the order Redis prints them; internal ones have an empty text.
            pub const NAMES: &'static [(Self, &'static str)] = &[$((Self::$bit, $text)),*];
            /// Whether every bit of `other` is set.
            #[must_use]
            pub const fn has(self, other: Self) -> bool {
                self.0 & other.0 == other.0
            }
            /// Whether any bit of `other` is set.
            #[must_use]
            pub const fn any(self, other: Self) -> bool {
                self.0 & other.0 != 0
            }
            /// Both sets together.
            #[must_use]
            pub const fn or(self, other: Self) -> Self {
                Self(self.0 | other.0)
            }
            /// This set without `other`.
            #[must_use]
            pub const fn without(self, other: Self) -> Self {
                Self(self.0 & !other.0)
            }
        }
        impl BitOr for $name {
            type Output = Self;
            fn bitor(self, other: Self) -> Self {
                self.or(other)
            }
        }
    };
}

bits! {
    /// Command flags, in wire order.
    Flags {
        /// May change the data set.
        WRITE = 0, "write";
        /// Reads keys.
        READONLY = 1, "readonly";
        /// Refused when memory is over `maxmemory`.
        DENYOOM = 2, "denyoom";
        /// Administrative.
        ADMIN = 3, "admin";
        /// Publish and subscribe.
        PUBSUB = 4, "pubsub";
        /// Not from scripts.
        NOSCRIPT = 5, "noscript";
        /// May block the client.
        BLOCKING = 6, "blocking";
        /// Served while loading.
        LOADING = 7, "loading";
        /// Served by a replica with a stale data set.
        STALE = 8, "stale";
        /// Not shown to MONITOR.
        SKIP_MONITOR = 9, "skip_monitor";
        /// Not logged as slow.
        SKIP_SLOWLOG = 10, "skip_slowlog";
        /// Implies ASKING in cluster mode.
        ASKING = 11, "asking";
        /// O(1) or O(log n) and never long.
        FAST = 12, "fast";
        /// Allowed before authentication.
        NO_AUTH = 13, "no_auth";
        /// Keys cannot be told from the range alone.
        MOVABLEKEYS = 14, "movablekeys";
        /// Served while a script is over its time.
        ALLOW_BUSY = 15, "allow_busy";
        /// Refused while a replica loads in the background.
        NO_ASYNC_LOADING = 16, "no_async_loading";
        /// Refused inside MULTI.
        NO_MULTI = 17, "no_multi";
        /// No key must be given although there are specifications.
        NO_MANDATORY_KEYS = 18, "no_mandatory_keys";
        /// May be propagated without being a write.
        MAY_REPLICATE = 19, "";
        /// Allowed only by enable-debug-command or enable-module-command.
        PROTECTED = 20, "";
        /// Deletions it causes are not wrapped with it.
        ARBITRARY_KEYS = 21, "";
        /// A container: the first argument names a subcommand.
        CONTAINER = 22, "";
    }
}

bits! {
    /// ACL categories, in the order of ACL CAT.
    Acl {
        /// Keyspace as a whole.
        KEYSPACE = 0, "keyspace";
        /// Reads values.
        READ = 1, "read";
        /// Writes values.
        WRITE = 2, "write";
        /// Sets.
        SET = 3, "set";
        /// Sorted sets.
        SORTEDSET = 4, "sortedset";
        /// Lists.
        LIST = 5, "list";
        /// Hashes.
        HASH = 6, "hash";
        /// Strings.
        STRING = 7, "string";
        /// Bitmaps.
        BITMAP = 8, "bitmap";
        /// HyperLogLogs.
        HYPERLOGLOG = 9, "hyperloglog";
        /// Geospatial.
        GEO = 10, "geo";
        /// Streams.
        STREAM = 11, "stream";
        /// Publish and subscribe.
        PUBSUB = 12, "pubsub";
        /// Administration.
        ADMIN = 13, "admin";
        /// Fast commands.
        FAST = 14, "fast";
        /// All others.
        SLOW = 15, "slow";
        /// Blocking commands.
        BLOCKING = 16, "blocking";
        /// Dangerous in careless hands.
        DANGEROUS = 17, "dangerous";
        /// The connection itself.
        CONNECTION = 18, "connection";
        /// Transactions.
        TRANSACTION = 19, "transaction";
        /// Scripting.
        SCRIPTING = 20, "scripting";
    }
}

bits! {
    /// The refusals of `engine/gate`, as a mask: a refusal is looked at only when it is armed for the server or the
    /// connection and can meet the row.
    Gates {
        /// DEBUG and MODULE.
        PROTECTED = 0, "";
        /// Not authenticated.
        NOAUTH = 1, "";
        /// In a transaction.
        MULTI = 2, "";
        /// Over maxmemory.
        OOM = 3, "";
        /// Persistence in error.
        MISCONF = 4, "";
        /// Too few replicas.
        NOREPLICAS = 5, "";
        /// A read-only replica.
        READONLY = 6, "";
        /// RESP2 subscriber.
        SCOPE = 7, "";
        /// The master is unreachable and stale data is not served.
        MASTERDOWN = 8, "";
        /// Loading.
        LOADING = 9, "";
        /// A script over its time.
        BUSY = 10, "";
        /// A replica's link asks for keys.
        REPLICA_LINK = 11, "";
        /// CLIENT PAUSE.
        PAUSE = 12, "";
    }
}

bits! {
    /// Flags of a key specification; upper-case ones are printed in upper case.
    KeyFlags {
        /// Reads the value.
        RO = 0, "RO";
        /// Reads and writes.
        RW = 1, "RW";
        /// Overwrites.
        OW = 2, "OW";
        /// Removes.
        RM = 3, "RM";
        /// Returns or copies user data.
        ACCESS = 4, "access";
        /// Changes user data.
        UPDATE = 5, "update";
        /// Adds data.
        INSERT = 6, "insert";
        /// Removes data.
        DELETE = 7, "delete";
        /// Not a key.
        NOT_KEY = 8, "not_key";
        /// Some keys are not found by the specification.
        INCOMPLETE = 9, "incomplete";
        /// The flags depend on the arguments.
        VARIABLE_FLAGS = 10, "variable_flags";
    }
}

/// Where keys begin, how they go on, and what is done with them.
#[derive(Clone, Copy, Debug)]
pub struct KeySpec {
    /// Where the search begins.
    pub begin: Begin,
    /// Which arguments from there are keys.
    pub find: Find,
    /// What is done with them.
    pub flags: KeyFlags,
}

/// Where keys begin.
#[derive(Clone, Copy, Debug)]
pub enum Begin {
    /// At this argument.
    Index(i16),
    /// After this word, searched from an argument (backwards from the end when negative).
    Keyword(&'static str, i16),
    /// It cannot be told.
    Unknown,
}

/// How keys go on.
#[derive(Clone, Copy, Debug)]
pub enum Find {
    /// Last key relative to the first (below zero: from the end), step, and limit (with a last of -1, 2 means half).
    Range(i16, i16, i16),
    /// Where the number of keys stands, where the first key is (both relative), and the step.
    Count(i16, i16, i16),
    /// It cannot be told.
    Unknown,
}

/// Documentation groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the groups of the Redis documentation")]
pub enum Group {
    Generic,
    String,
    List,
    Set,
    SortedSet,
    Hash,
    PubSub,
    Transactions,
    Connection,
    Server,
    Scripting,
    HyperLogLog,
    Cluster,
    Geo,
    Stream,
    Bitmap,
}

impl Group {
    /// The name that COMMAND DOCS prints.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Group::Generic => "generic",
            Group::String => "string",
            Group::List => "list",
            Group::Set => "set",
            Group::SortedSet => "sorted-set",
            Group::Hash => "hash",
            Group::PubSub => "pubsub",
            Group::Transactions => "transactions",
            Group::Connection => "connection",
            Group::Server => "server",
            Group::Scripting => "scripting",
            Group::HyperLogLog => "hyperloglog",
            Group::Cluster => "cluster",
            Group::Geo => "geo",
            Group::Stream => "stream",
            Group::Bitmap => "bitmap",
        }
    }
}

//! The values that are one of a few words, as enums.
//!
//! *Owns*: the words of every such directive, in the order in which an error lists them. *Does not own*: reading and
//! printing them (`format`).

use crate::contract::LogLevel;

/// An enum whose variants have names in the configuration.
pub trait Named: Copy + PartialEq + 'static {
    /// The names, in the order of `ALL`.
    const NAMES: &'static [&'static str];
    /// The variants.
    const ALL: &'static [Self];

    /// The name of this variant.
    fn name(self) -> &'static str {
        let found = Self::ALL.iter().zip(Self::NAMES).find(|(v, _)| **v == self);
        found.map_or("", |(_, name)| name)
    }
}

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $($(#[$vdoc])* $variant,)*
        }

        impl Named for $name {
            const NAMES: &'static [&'static str] = &[$($word,)*];
            const ALL: &'static [Self] = &[$(Self::$variant,)*];
        }
    )*};
}

words! {
    /// Channels of a new ACL user.
    AclPubsub {
        /// Every channel.
        AllChannels = "allchannels",
        /// None.
        ResetChannels = "resetchannels",
    }
    /// When the append-only file is synced.
    AppendFsync {
        /// Once a second.
        Everysec = "everysec",
        /// Before a write is acknowledged.
        Always = "always",
        /// When the operating system likes.
        No = "no",
    }
    /// What a cluster node tells clients to connect to.
    EndpointType {
        /// Its address.
        Ip = "ip",
        /// Its announced host name.
        Hostname = "hostname",
        /// Nothing: the address the client used already.
        Unknown = "unknown-endpoint",
    }
    /// Who may do something dangerous.
    Access {
        /// Nobody.
        No = "no",
        /// Everybody.
        Yes = "yes",
        /// Local connections.
        Local = "local",
    }
    /// What goes when memory is full.
    MaxmemoryPolicy {
        /// Keys with an expiry, least recently used first.
        VolatileLru = "volatile-lru",
        /// Keys with an expiry, least frequently used first.
        VolatileLfu = "volatile-lfu",
        /// Keys with an expiry, at random.
        VolatileRandom = "volatile-random",
        /// Keys with an expiry, the next to expire first.
        VolatileTtl = "volatile-ttl",
        /// All keys, least recently used first.
        AllkeysLru = "allkeys-lru",
        /// All keys, least frequently used first.
        AllkeysLfu = "allkeys-lfu",
        /// All keys, at random.
        AllkeysRandom = "allkeys-random",
        /// Nothing: writes are refused.
        Noeviction = "noeviction",
    }
    /// Whether the kernel's out-of-memory score is adjusted.
    OomScoreAdj {
        /// Left alone.
        No = "no",
        /// Relative to the score at the start.
        Yes = "yes",
        /// Relative to the score at the start.
        Relative = "relative",
        /// As the values say.
        Absolute = "absolute",
    }
    /// What a command that fails on a replica or while the append-only file is read leads to.
    PropagationError {
        /// A line in the log.
        Ignore = "ignore",
        /// The end.
        Panic = "panic",
        /// The end, on a replica.
        PanicOnReplicas = "panic-on-replicas",
    }
    /// How a replica loads what its master sends.
    DisklessLoad {
        /// From a file.
        Disabled = "disabled",
        /// From the socket, when the data set is empty.
        OnEmptyDb = "on-empty-db",
        /// From the socket, keeping the old data until the new is complete.
        SwapDb = "swapdb",
    }
    /// Which payloads are checked in depth.
    Sanitize {
        /// None.
        No = "no",
        /// Everything loaded.
        Yes = "yes",
        /// What clients restore.
        Clients = "clients",
    }
    /// Who supervises the process.
    Supervised {
        /// Upstart.
        Upstart = "upstart",
        /// systemd.
        Systemd = "systemd",
        /// Whoever the environment names.
        Auto = "auto",
        /// Nobody.
        No = "no",
    }
    /// The facility of messages to the system's log.
    SyslogFacility {
        /// `LOG_USER`
        User = "user",
        /// `LOG_LOCAL0`
        Local0 = "local0",
        /// `LOG_LOCAL1`
        Local1 = "local1",
        /// `LOG_LOCAL2`
        Local2 = "local2",
        /// `LOG_LOCAL3`
        Local3 = "local3",
        /// `LOG_LOCAL4`
        Local4 = "local4",
        /// `LOG_LOCAL5`
        Local5 = "local5",
        /// `LOG_LOCAL6`
        Local6 = "local6",
        /// `LOG_LOCAL7`
        Local7 = "local7",
    }
    /// Whether TLS clients must show a certificate.
    TlsAuth {
        /// They need none.
        No = "no",
        /// They must.
        Yes = "yes",
        /// They may.
        Optional = "optional",
    }
}

impl Named for LogLevel {
    const NAMES: &'static [&'static str] = &["debug", "verbose", "notice", "warning", "nothing"];
    const ALL: &'static [Self] = &[Self::Debug, Self::Verbose, Self::Notice, Self::Warning, Self::Nothing];
}

impl Access {
    /// Everybody may.
    #[must_use]
    pub const fn is_yes(self) -> bool {
        matches!(self, Self::Yes)
    }

    /// Local connections may, others may not.
    #[must_use]
    pub const fn is_local(self) -> bool {
        matches!(self, Self::Local)
    }

    /// Whether a connection that is local, or not, may.
    #[must_use]
    pub const fn admits(self, local: bool) -> bool {
        match self {
            Self::No => false,
            Self::Yes => true,
            Self::Local => local,
        }
    }
}

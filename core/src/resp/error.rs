//! The texts of errors that a client's mistake earns.
//!
//! *Owns*: [`CommandError`], one small value per mistake, and every text that is the same wherever it is used.
//! *Does not own*: texts that quote what the client sent (their commands write them with `Writer::error_parts` and
//! answer [`CommandError::Written`]), errors of the protocol itself (`parse`).
//! *Invariants*: each text starts with its code word in capitals and holds no line break.
//!
//! The texts are wire facts: clients match on the code word, some on the whole line.

use super::write::Writer;
use alloc::borrow::Cow;
use core::fmt;

/// Declares the errors whose text is fixed, each documented by its text.
macro_rules! errors {
    ($($name:ident = $text:literal,)*) => {
        /// A client's mistake.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum CommandError {
            /// The handler wrote the error itself.
            Written,
            /// `ERR invalid expire time in '<cmd>' command`
            InvalidExpire(&'static str),
            /// `ERR wrong number of arguments for '<cmd>' command`, for handlers whose arity depends on options.
            WrongArgs(&'static str),
            /// `ERR value is out of range, value must between <a> and <b>`
            NotBetween(i64, i64),
            /// `ERR at least 1 input key is needed for '<cmd>' command`
            NoInputKey(&'static str),
            /// `ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for <cmd>`
            GeoFrom(&'static str),
            /// `ERR exactly one of BYRADIUS and BYBOX can be specified for <cmd>`
            GeoBy(&'static str),
            /// `ERR <CMD> isn't allowed for a DENY BLOCKING client`
            DenyBlocking(&'static str),
            /// `ERR <DEBUG|MODULE> command not allowed. ...`; the name is in capitals.
            Protected(&'static str),
            $(#[doc = concat!("`", $text, "`")] $name,)*
        }

        impl CommandError {
            /// Every error whose text has nothing inserted, with that text.
            pub const FIXED: &'static [(Self, &'static str)] = &[$((Self::$name, $text),)*];

            /// The text in three pieces: before what is inserted, the insertion, after it.
            fn pieces(self) -> [&'static str; 3] {
                match self {
                    Self::Written | Self::NotBetween(..) => ["", "", ""],
                    Self::InvalidExpire(name) => ["ERR invalid expire time in '", name, "' command"],
                    Self::WrongArgs(name) => ["ERR wrong number of arguments for '", name, "' command"],
                    Self::NoInputKey(name) => ["ERR at least 1 input key is needed for '", name, "' command"],
                    Self::GeoFrom(name) => {
                        ["ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for ", name, ""]
                    }
                    Self::GeoBy(name) => {
                        ["ERR exactly one of BYRADIUS and BYBOX can be specified for ", name, ""]
                    }
                    Self::DenyBlocking(name) => ["ERR ", name, " isn't allowed for a DENY BLOCKING client"],
                    Self::Protected(name) => ["ERR ", name, protected(name)],
                    $(Self::$name => [$text, "", ""],)*
                }
            }
        }
    };
}

impl CommandError {
    /// The text with its code word; empty when the handler wrote its own.
    #[must_use]
    pub fn text(self) -> Cow<'static, str> {
        match self.pieces() {
            [whole, "", ""] if !matches!(self, Self::NotBetween(..)) => Cow::Borrowed(whole),
            _ => Cow::Owned(alloc::format!("{self}")),
        }
    }

    /// Writes the error as a reply; nothing when the handler did.
    pub fn write(self, w: &mut Writer<'_>) {
        match self {
            Self::Written => {}
            Self::NotBetween(..) => w.error(&self.text()),
            _ => w.error_parts(&self.pieces().map(str::as_bytes)),
        }
    }
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Self::NotBetween(low, high) = self {
            return write!(f, "ERR value is out of range, value must between {low} and {high}");
        }
        self.pieces().iter().try_for_each(|piece| f.write_str(piece))
    }
}

/// The first word of an error's text, by which errors are counted.
#[must_use]
pub fn code(text: &str) -> &str {
    text.split_once(' ').map_or(text, |(code, _)| code)
}

/// The rest of the refusal of a protected command; each of the two has its own option.
fn protected(name: &str) -> &'static str {
    if name == "MODULE" {
        " command not allowed. If the enable-module-command option is set to \"local\", you can run it from a \
         local connection, otherwise you need to set this option in the configuration file, and then restart the server."
    } else {
        " command not allowed. If the enable-debug-command option is set to \"local\", you can run it from a \
         local connection, otherwise you need to set this option in the configuration file, and then restart the server."
    }
}

errors! {
    // Any command.
    Syntax = "ERR syntax error",
    NoSuchKey = "ERR no such key",
    NotInteger = "ERR value is not an integer or out of range",
    OutOfRange = "ERR value is out of range",
    NotPositive = "ERR value is out of range, must be positive",
    NotZeroOrOne = "ERR value is out of range, must be between 0 and 1",
    NotFloat = "ERR value is not a valid float",
    IndexOutOfRange = "ERR index out of range",
    OffsetOutOfRange = "ERR offset is out of range",
    StringTooLong = "ERR string exceeds maximum allowed size (proto-max-bulk-len)",
    SameObject = "ERR source and destination objects are the same",
    DbOutOfRange = "ERR DB index is out of range",
    FirstDbIndex = "ERR invalid first DB index",
    SecondDbIndex = "ERR invalid second DB index",
    ExpireNxXxGtLt = "ERR NX and XX, GT or LT options at the same time are not compatible",
    ExpireGtLt = "ERR GT and LT options at the same time are not compatible",
    InvalidCursor = "ERR invalid cursor",
    TimeoutNotFloat = "ERR timeout is not a float or out of range",
    TimeoutNegative = "ERR timeout is negative",
    TimeoutOutOfRange = "ERR timeout is out of range",
    TimeoutNotInteger = "ERR timeout is not an integer or out of range",
    NumKeysZero = "ERR numkeys should be greater than 0",
    CountZero = "ERR count should be greater than 0",
    LimitNegative = "ERR LIMIT can't be negative",
    NumKeysTooMany = "ERR Number of keys can't be greater than number of args",
    NumKeysNegative = "ERR Number of keys can't be negative",
    // Whole server.
    NoAuth = "NOAUTH Authentication required.",
    HelloNoAuth = "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time",
    WrongPass = "WRONGPASS invalid username-password pair or user is disabled.",
    AuthWithoutPassword = "ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?",
    NoPermKey = "NOPERM No permissions to access a key",
    NoPermChannel = "NOPERM No permissions to access a channel",
    NoProto = "NOPROTO unsupported protocol version",
    WrongType = "WRONGTYPE Operation against a key holding the wrong kind of value",
    Loading = "LOADING Redis is loading the dataset in memory",
    BusyScript = "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.",
    MasterDown = "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
    ReadOnly = "READONLY You can't write against a read only replica.",
    MisconfRdb = "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk. Commands that may modify the data set are disabled, because this instance is configured to report errors during writes if RDB snapshotting fails (stop-writes-on-bgsave-error option). Please check the Redis logs for details about the RDB error.",
    Oom = "OOM command not allowed when used memory > 'maxmemory'.",
    NoReplicas = "NOREPLICAS Not enough good replicas to write.",
    ExecAbort = "EXECABORT Transaction discarded because of previous errors.",
    Unblocked = "UNBLOCKED client unblocked via CLIENT UNBLOCK",
    UnblockedRoleChange = "UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)",
    BusyKey = "BUSYKEY Target key name already exists.",
    NoMasterLink = "NOMASTERLINK Can't SYNC while not connected with my master",
    NoMasterLinkFailover = "NOMASTERLINK Can't SYNC while failing over",
    MaxClients = "ERR max number of clients reached",
    ReplicaKeyspace = "ERR Replica can't interact with the keyspace",
    NotInTransaction = "ERR Command not allowed inside a transaction",
    ClusterDisabled = "ERR This instance has cluster support disabled",
    // Strings and bits.
    Overflow = "ERR increment or decrement would overflow",
    DecrementOverflow = "ERR decrement would overflow",
    IncrementNaN = "ERR increment would produce NaN or Infinity",
    BitOffset = "ERR bit offset is not an integer or out of range",
    BitValue = "ERR bit is not an integer or out of range",
    BitArgument = "ERR The bit argument must be 1 or 0.",
    BitopNot = "ERR BITOP NOT must be called with a single source key.",
    BitfieldType = "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.",
    BitfieldOverflow = "ERR Invalid OVERFLOW type specified",
    BitfieldReadOnly = "ERR BITFIELD_RO only supports the GET subcommand",
    HllType = "WRONGTYPE Key is not a valid HyperLogLog string value.",
    HllCorrupt = "INVALIDOBJ Corrupted HLL object detected",
    HllNoKey = "ERR The specified key does not exist",
    HllNotSparse = "ERR HLL encoding is not sparse",
    // Hashes and lists.
    HashNotInteger = "ERR hash value is not an integer",
    HashNotFloat = "ERR hash value is not a float",
    NaNOrInfinity = "ERR value is NaN or Infinity",
    LposRank = "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative to start from the end of the list",
    LposCount = "ERR COUNT can't be negative",
    LposMaxLen = "ERR MAXLEN can't be negative",
    // Sorted sets and SORT.
    ZaddNxXx = "ERR XX and NX options at the same time are not compatible",
    ZaddGtLtNx = "ERR GT, LT, and/or NX options at the same time are not compatible",
    ZaddIncr = "ERR INCR option supports a single increment-element pair",
    ZaddNaN = "ERR resulting score is not a number (NaN)",
    RangeNotFloat = "ERR min or max is not a float",
    RangeNotLex = "ERR min or max not valid string range item",
    RangeLimit = "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX",
    RangeWithScores = "ERR syntax error, WITHSCORES not supported in combination with BYLEX",
    WeightNotFloat = "ERR weight value is not a float",
    SortScore = "ERR One or more scores can't be converted into double",
    SortByCluster = "ERR BY option of SORT denied in Cluster mode.",
    SortGetCluster = "ERR GET option of SORT denied in Cluster mode.",
    SortByDenied = "ERR BY option of SORT denied due to insufficient ACL permissions.",
    SortGetDenied = "ERR GET option of SORT denied due to insufficient ACL permissions.",
    // Geography.
    GeoUnit = "ERR unsupported unit provided. please use M, KM, FT, MI",
    GeoRadius = "ERR radius cannot be negative",
    GeoBox = "ERR height or width cannot be negative",
    GeoMember = "ERR could not decode requested zset member",
    GeoCount = "ERR COUNT must be > 0",
    GeoAny = "ERR the ANY argument requires COUNT argument",
    // Streams.
    StreamId = "ERR Invalid stream ID specified as stream command argument",
    XaddIdTooSmall = "ERR The ID specified in XADD is equal or smaller than the target stream top item",
    XaddIdZero = "ERR The ID specified in XADD must be greater than 0-0",
    StreamExhausted = "ERR The stream has exhausted the last possible ID, unable to add more items",
    StreamTooLarge = "ERR Elements are too large to be stored",
    TrimBoth = "ERR syntax error, MAXLEN and MINID options at the same time are not compatible",
    TrimLimitExact = "ERR syntax error, LIMIT cannot be used without the special ~ option",
    TrimLimitAlone = "ERR syntax error, LIMIT cannot be used without specifying a trimming strategy",
    TrimStrategy = "ERR syntax error, XTRIM must be called with a trimming strategy",
    TrimMaxLen = "ERR The MAXLEN argument must be >= 0.",
    TrimLimit = "ERR The LIMIT argument must be >= 0.",
    XreadNewId = "ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> option.",
    XreadgroupNoGroup = "ERR Missing GROUP option for XREADGROUP",
    XreadGroup = "ERR The GROUP option is only supported by XREADGROUP. You called XREAD instead.",
    BusyGroup = "BUSYGROUP Consumer Group name already exists",
    XgroupNoKey = "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM option to create an empty stream automatically.",
    XsetidTooSmall = "ERR The ID specified in XSETID is smaller than the target stream top item",
    XsetidCurrentDeleted = "ERR The ID specified in XSETID is smaller than current max_deleted_entry_id",
    XsetidProvidedDeleted = "ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id",
    // DUMP and RESTORE.
    DumpPayload = "ERR DUMP payload version or checksum are wrong",
    BadDataFormat = "ERR Bad data format",
    RestoreTtl = "ERR Invalid TTL value, must be >= 0",
    RestoreIdle = "ERR Invalid IDLETIME value, must be >= 0",
    RestoreFreq = "ERR Invalid FREQ value, must be >= 0 and <= 255",
    MigrateConnecting = "IOERR error or timeout connecting to the client",
    MigrateWriting = "IOERR error or timeout writing to target instance",
    MigrateReading = "IOERR error or timeout reading to target instance",
    MigrateChanged = "TRYAGAIN Some keys changed while they were migrated; they were not removed here.",
    ObjectFreq = "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust.",
    ObjectIdle = "ERR An LFU maxmemory policy is selected, idle time not tracked. Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust.",
    // Transactions.
    NestedMulti = "ERR MULTI calls can not be nested",
    ExecWithoutMulti = "ERR EXEC without MULTI",
    DiscardWithoutMulti = "ERR DISCARD without MULTI",
    WatchInMulti = "ERR WATCH inside MULTI is not allowed",
    // Connections.
    NoSuchClient = "ERR No such client",
    ClientIdZero = "ERR client-id should be greater than 0",
    ClientName = "ERR Client names cannot contain spaces, newlines or special characters.",
    RedirectGone = "ERR The client ID you want redirect to does not exist",
    CachingMode = "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled",
    ProtoNotInteger = "ERR Protocol version is not an integer or out of range",
    NoConfigFile = "ERR The server is running without a config file",
    // COMMAND.
    CommandInvalid = "ERR Invalid command specified",
    CommandNoKeys = "ERR The command has no key arguments",
    CommandArgCount = "ERR Invalid number of arguments specified for command",
    CommandArgs = "ERR Invalid arguments specified for command",
    // Persistence and replication.
    SaveInProgress = "ERR Background save already in progress",
    RewriteInProgress = "ERR Background append only file rewriting already in progress",
    ShutdownFailed = "ERR Errors trying to SHUTDOWN. Check logs.",
    NoShutdown = "ERR No shutdown in progress.",
    WaitOnReplica = "ERR WAIT cannot be used with replica instances. Please also note that since Redis 4.0 if a replica is configured to be writable (which is not the default) writes to replicas are just local and are not propagated.",
    WaitAofOnReplica = "ERR WAITAOF cannot be used with replica instances. Please also note that writes to replicas are just local and are not propagated.",
    WaitAofOff = "ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.",
    FailoverNoReplicas = "ERR FAILOVER requires connected replicas.",
    FailoverOnReplica = "ERR FAILOVER is not valid when server is a replica.",
    FailoverInProgress = "ERR FAILOVER already in progress.",
    NoFailover = "ERR No failover in progress.",
    FailoverTimeout = "ERR FAILOVER timeout must be greater than 0",
    FailoverNotOnline = "ERR FAILOVER target replica is not online.",
    FailoverNotReplica = "ERR FAILOVER target HOST and PORT is not a replica.",
    FailoverForce = "ERR FAILOVER with force option requires both a timeout and target HOST and IP.",
}

#[cfg(test)]
mod tests {
    use super::super::{OutBuf, Proto};
    use super::*;
    use std::collections::BTreeSet;
    use std::string::{String, ToString as _};

    fn written(error: CommandError) -> String {
        let mut out = OutBuf::default();
        let mark = out.mark();
        error.write(&mut Writer::new(&mut out, Proto::Resp2));
        String::from_utf8(out.since(mark).to_vec()).unwrap()
    }

    #[test]
    fn every_text_is_a_line_with_a_code() {
        let mut seen = BTreeSet::new();
        for &(error, text) in CommandError::FIXED {
            assert!(seen.insert(text), "twice: {text}");
            assert!(code(text).chars().all(|c| c.is_ascii_uppercase()), "{text}");
            assert!(code(text).len() >= 3 && text.len() > code(text).len() + 1, "{text}");
            assert_eq!(error.text(), text);
            assert_eq!(error.to_string(), text);
            assert_eq!(written(error), std::format!("-{text}\r\n"));
        }
    }

    #[test]
    fn texts_with_something_inserted() {
        let cases = [
            (CommandError::InvalidExpire("setex"), "ERR invalid expire time in 'setex' command"),
            (CommandError::WrongArgs("mset"), "ERR wrong number of arguments for 'mset' command"),
            (
                CommandError::NotBetween(-5, i64::MAX),
                "ERR value is out of range, value must between -5 and 9223372036854775807",
            ),
            (
                CommandError::NoInputKey("zunionstore"),
                "ERR at least 1 input key is needed for 'zunionstore' command",
            ),
            (
                CommandError::GeoFrom("geosearch"),
                "ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for geosearch",
            ),
            (
                CommandError::GeoBy("geosearch"),
                "ERR exactly one of BYRADIUS and BYBOX can be specified for geosearch",
            ),
            (CommandError::DenyBlocking("MONITOR"), "ERR MONITOR isn't allowed for a DENY BLOCKING client"),
            (
                CommandError::Protected("DEBUG"),
                "ERR DEBUG command not allowed. If the enable-debug-command option is set to \"local\", you can \
                 run it from a local connection, otherwise you need to set this option in the configuration file, \
                 and then restart the server.",
            ),
        ];
        for (error, text) in cases {
            assert_eq!(error.text(), text);
            assert_eq!(written(error), std::format!("-{text}\r\n"));
        }
        assert!(CommandError::Protected("MODULE").text().contains("the enable-module-command option"));
    }

    #[test]
    fn an_error_already_written_writes_nothing() {
        assert_eq!(written(CommandError::Written), "");
        assert_eq!(CommandError::Written.text(), "");
    }

    #[test]
    fn an_error_is_small() {
        assert!(size_of::<Result<(), CommandError>>() <= 24);
        assert_eq!((code("ERR syntax error"), code("NOKEY"), code("")), ("ERR", "NOKEY", ""));
    }
}

//! Floor 1: the configuration.
#![expect(missing_docs, reason = "to be replaced by the parameter table")]
use alloc::string::String;
use alloc::vec::Vec;
#[derive(Clone, Copy, Debug, Default)]
pub struct ObufLimit {
    pub hard: u64,
    pub soft: u64,
    pub soft_secs: u64,
}
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct NotifyFlags(pub u32);
impl NotifyFlags {
    pub const KEYSPACE: Self = Self(1);
    pub const KEYEVENT: Self = Self(2);
    pub const STRING: Self = Self(4);
    pub const GENERIC: Self = Self(8);
    pub const EXPIRED: Self = Self(16);
    pub const NEW: Self = Self(32);
    pub const KEY_MISS: Self = Self(64);
    pub fn any(self, o: Self) -> bool {
        self.0 & o.0 != 0
    }
}
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum EnableLocal {
    #[default]
    No,
    Yes,
    Local,
}
impl EnableLocal {
    pub fn is_yes(self) -> bool {
        self == Self::Yes
    }
    pub fn is_local(self) -> bool {
        self == Self::Local
    }
}
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ShutdownFlags(u8);
impl ShutdownFlags {
    pub fn nosave(self) -> bool {
        false
    }
    pub fn save(self) -> bool {
        false
    }
    pub fn now(self) -> bool {
        false
    }
    pub fn force(self) -> bool {
        false
    }
}
#[derive(Clone, Debug)]
pub struct Config {
    pub renamed: Vec<(String, String)>,
    pub bind: Vec<String>,
    pub port: i64,
    pub databases: i64,
    pub tcp_backlog: i64,
    pub unixsocket: String,
    pub unixsocketperm: i64,
    pub requirepass: String,
    pub maxclients: i64,
    pub protected_mode: bool,
    pub maxmemory: u64,
    pub enable_debug_command: EnableLocal,
    pub replica_read_only: bool,
    pub replica_serve_stale_data: bool,
    pub replica_ignore_maxmemory: bool,
    pub min_replicas_to_write: i64,
    pub min_replicas_max_lag: i64,
    pub proto_max_bulk_len: i64,
    pub client_query_buffer_limit: i64,
    pub client_output_buffer_limit: [ObufLimit; 3],
    pub repl_backlog_size: i64,
    pub slowlog_log_slower_than: i64,
    pub slowlog_max_len: i64,
    pub notify_keyspace_events: NotifyFlags,
    pub lazyfree_lazy_expire: bool,
    pub lazyfree_lazy_user_del: bool,
    pub active_expire_effort: i64,
    pub timeout: i64,
    pub shutdown_timeout: i64,
    pub shutdown_on_sigterm: ShutdownFlags,
    pub shutdown_on_sigint: ShutdownFlags,
}
#[derive(Clone, Debug)]
pub struct Knobs {
    pub flush_bytes_per_turn: usize,
    pub parse_window: usize,
    pub big_bulk_min: usize,
    pub scratch_bytes: usize,
    pub expire_slice_keys: usize,
    pub planted: crate::base::mutant::Planted,
}
impl Knobs {
    pub fn broken(&self, m: crate::base::mutant::Mutant) -> bool {
        self.planted.is(m)
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            renamed: Vec::new(),
            bind: alloc::vec!["*".into()],
            port: 6379,
            databases: 16,
            tcp_backlog: 511,
            unixsocket: "".into(),
            unixsocketperm: 0,
            requirepass: "".into(),
            maxclients: 10000,
            protected_mode: true,
            maxmemory: 0,
            enable_debug_command: EnableLocal::No,
            replica_read_only: true,
            replica_serve_stale_data: true,
            replica_ignore_maxmemory: true,
            min_replicas_to_write: 0,
            min_replicas_max_lag: 10,
            proto_max_bulk_len: 512 << 20,
            client_query_buffer_limit: 1 << 30,
            client_output_buffer_limit: [ObufLimit::default(); 3],
            repl_backlog_size: 1 << 20,
            slowlog_log_slower_than: 10_000,
            slowlog_max_len: 128,
            notify_keyspace_events: NotifyFlags(0),
            lazyfree_lazy_expire: false,
            lazyfree_lazy_user_del: false,
            active_expire_effort: 1,
            timeout: 0,
            shutdown_timeout: 10,
            shutdown_on_sigterm: ShutdownFlags(0),
            shutdown_on_sigint: ShutdownFlags(0),
        }
    }
}
impl Default for Knobs {
    fn default() -> Self {
        Self {
            flush_bytes_per_turn: 65536,
            parse_window: 16,
            big_bulk_min: 32768,
            scratch_bytes: 256 * 1024,
            expire_slice_keys: 64,
            planted: crate::base::mutant::Planted::default(),
        }
    }
}

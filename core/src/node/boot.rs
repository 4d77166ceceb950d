//! The start of a node: its state, its listeners, the lines that scripts wait for.

use super::{Node, Setup};
use crate::base::ids::ListenerId;
use crate::base::rng::Rng;
use crate::commands;
use crate::config::Config;
use crate::connection::Conns;
use crate::containers::dict::HashKey;
use crate::contract::{Gauges, ListenAt, ListenError, ListenErrorKind, LogLevel, Now, Timer};
use crate::engine::server::{Listener, Stands};
use crate::engine::{Action, Gates, Server, Table};
use crate::keyspace::Keyspace;
use crate::persistence::{Cause, Persistence};
use crate::replication::Replication;
use crate::resp::{OutBuf, Window};
use crate::stats::Stats;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

impl Node {
    /// A node at its start. The first `pump` asks for the listeners.
    ///
    /// # Errors
    /// A `rename-command` that names no command; the text names it.
    pub fn new(setup: Setup, now: Now) -> Result<Self, String> {
        let Setup { config, config_path, knobs, entropy, stopwatch, process } = setup;
        let table = Table::new(commands::FAMILIES, &config.renamed)
            .map_err(|name| alloc::format!("No such command in rename-command: '{name}'"))?;
        let scratch = vec![0; knobs.scratch_bytes];
        let srv = server(Setup { config, config_path, knobs, entropy, stopwatch, process }, table, now);
        let mut node = Self {
            srv,
            scratch,
            window: Window::default(),
            rows: Vec::new(),
            ops: BTreeMap::new(),
            reconfigure: None,
            next_listener: 0,
            is_up: false,
        };
        node.srv.rearm();
        node.srv.stats.follow(&node.srv.config);
        node.srv.track_usage();
        node.srv.timers.set(Timer::Cron, Some(now.mono));
        node.open_listeners();
        node.srv.begin_loading(Cause::Start);
        Ok(node)
    }

    fn open_listeners(&mut self) {
        let srv = &mut self.srv;
        let mut wanted = tcp_wanted(&srv.config);
        if !srv.config.unixsocket.is_empty() {
            let backlog = srv.config.tcp_backlog as u32;
            let perm = srv.config.unixsocketperm as u32;
            wanted.push(ListenAt::Unix { path: srv.config.unixsocket[..].into(), perm, backlog });
        }
        if wanted.is_empty() {
            srv.log(LogLevel::Warning, format_args!("Configured to not listen anywhere, exiting."));
            srv.actions.push(Action::Exit(1));
        }
        for at in wanted {
            self.listen(at);
        }
    }

    /// Asks for a listener.
    pub(super) fn listen(&mut self, at: ListenAt) -> ListenerId {
        let id = ListenerId(self.next_listener);
        self.next_listener += 1;
        self.srv.actions.push(Action::Listen(id, at.clone()));
        self.srv.listeners.push(Listener { id, at, stands: Stands::Asked });
        id
    }

    /// The driver's answer about a listener.
    pub(super) fn listening(&mut self, id: ListenerId, result: Result<(), ListenError>) {
        let srv = &mut self.srv;
        let Some(listener) = srv.listeners.iter_mut().find(|l| l.id == id) else { return };
        let at = listener.at.clone();
        listener.stands = match &result {
            Ok(()) => Stands::Up,
            Err(error) if may_be_missing(&at, error.kind) => Stands::Spared,
            Err(_) => Stands::Failed,
        };
        if let (Err(error), ListenAt::Tcp { host, port, .. }) = (&result, &at) {
            let text = &error.text;
            srv.log(
                LogLevel::Warning,
                format_args!("Warning: Could not create server TCP listening socket {host}:{port}: {text}"),
            );
        }
        if let (Err(error), ListenAt::Unix { path, .. }) = (&result, &at) {
            srv.log(LogLevel::Warning, format_args!("Failed opening Unix socket {path}: {}", error.text));
            srv.actions.push(Action::Exit(1));
        }
        if srv.is_reconfiguring {
            self.listener_answered(id);
        } else if !self.is_up && srv.listeners.iter().all(|l| l.stands != Stands::Asked) {
            self.is_up = true;
            self.started();
        }
    }

    /// Every listener has answered.
    fn started(&mut self) {
        let srv = &mut self.srv;
        let is_tcp = |l: &Listener| matches!(l.at, ListenAt::Tcp { .. });
        if srv.listeners.iter().any(|l| is_tcp(l) && l.stands == Stands::Failed) {
            let port = srv.config.port;
            srv.log(LogLevel::Warning, format_args!("Failed listening on port {port} (tcp), aborting."));
            srv.actions.push(Action::Exit(1));
            return;
        }
        if !srv.listeners.iter().any(|l| l.stands == Stands::Up) {
            srv.log(LogLevel::Warning, format_args!("Configured to not listen anywhere, exiting."));
            srv.actions.push(Action::Exit(1));
            return;
        }
        if srv.persistence.loading.is_none() {
            self.announce_ready();
        }
    }

    /// The listeners stand and the data set is loaded.
    pub(super) fn announce_ready(&mut self) {
        let srv = &mut self.srv;
        let is_tcp = |l: &Listener| matches!(l.at, ListenAt::Tcp { .. });
        if srv.listeners.iter().any(|l| is_tcp(l) && l.stands == Stands::Up) {
            srv.log(LogLevel::Notice, format_args!("Ready to accept connections tcp"));
        }
        if srv.listeners.iter().any(|l| !is_tcp(l)) {
            srv.log(LogLevel::Notice, format_args!("Ready to accept connections unix"));
        }
    }
}

/// Whether a node goes on without an address.
fn may_be_missing(at: &ListenAt, kind: ListenErrorKind) -> bool {
    match (at, kind) {
        (ListenAt::Unix { .. }, _) | (_, ListenErrorKind::Other) => false,
        (ListenAt::Tcp { .. }, ListenErrorKind::Unsupported) => true,
        (ListenAt::Tcp { optional, .. }, ListenErrorKind::NotAvailable) => *optional,
    }
}

/// The TCP addresses that `port` and `bind` ask for.
pub(super) fn tcp_wanted(config: &Config) -> Vec<ListenAt> {
    if config.port == 0 {
        return Vec::new();
    }
    let (port, backlog) = (config.port as u16, config.tcp_backlog as u32);
    let optional = |bind: &str| bind.starts_with('-');
    let host = |bind: &str| bind.trim_start_matches('-').into();
    let binds = config.bind.iter().map(|bind| &bind[..]);
    binds.map(|b| ListenAt::Tcp { host: host(b), port, backlog, optional: optional(b) }).collect()
}

/// The state of a node that has just started.
fn server(setup: Setup, table: Table, now: Now) -> Server {
    let Setup { config, config_path, knobs, entropy, stopwatch, process } = setup;
    let root = Rng::new(entropy);
    let mut ids = root.fork("run-id");
    let keyspace = Keyspace::new(config.databases as u32, HashKey::new(root.fork("hash").bytes()));
    Server {
        now,
        stopwatch,
        stats: Stats::new(table.len()),
        repl: Replication::new(root.fork("replication")),
        keyspace,
        table,
        conns: Conns::default(),
        pubsub: Default::default(),
        slowlog: Default::default(),
        watch: Default::default(),
        blocked: Default::default(),
        blocked_keys: Default::default(),
        migrations: Default::default(),
        pause: Default::default(),
        armed: Gates::NONE,
        unit: Default::default(),
        timers: Default::default(),
        actions: Vec::new(),
        dirty: Vec::new(),
        doomed: Vec::new(),
        ready: Vec::new(),
        monitors: Vec::new(),
        current: None,
        own_pushes: OutBuf::default(),
        rng: root.fork("commands"),
        gauges: Gauges::default(),
        started: now,
        run_id: ids.hex40(),
        active_expire: true,
        asleep_until: None,
        persistence: Persistence::new(now),
        misconf: None,
        shutdown: None,
        requests: Vec::new(),
        is_reconfiguring: false,
        next_op: 0,
        listeners: Vec::new(),
        expired_keys: Vec::new(),
        spare_buffers: crate::resp::Spares::default(),
        process,
        client_cursor: crate::base::ids::ClientId(0),
        config,
        knobs,
        config_path,
    }
}

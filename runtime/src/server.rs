//! A whole server: the node and everything around it.
//!
//! *Owns*: putting the parts together, in the process's own thread ([`Server::run`]) or in one of its own
//! ([`Server::start`], for tests and for programs that embed a server). *Does not own*: arguments, daemons, panics.
//! *Invariant*: when a server has been made, each of its listeners stands or has failed; a failure ends the server with
//! the code the node chooses.

use crate::clock::stopwatch;
use crate::effects::World;
use crate::event_loop::{EVENTS_MAX, EventLoop, WAKER};
use crate::gauges::{AllocatorFigures, unknown_allocator};
use crate::listeners::PeerText;
use crate::log::Log;
use crate::os_text::os_text;
use crate::process;
use crate::reports::{Report, Reporter, reports};
use crate::settings::Settings;
use crate::signals::Signals;
use mio::{Events, Poll, Waker};
use norn_core::config::{Config, Knobs};
use norn_core::contract::{LogLevel, StopHow};
use norn_core::node::{Node, Process, Setup};
use std::io;
use std::net::SocketAddr;
use std::thread::JoinHandle;

/// What a server is made from.
#[derive(Clone, Debug)]
pub struct Options {
    /// The directives for the node.
    pub config: Config,
    /// Path of the configuration file, absolute, if there is one.
    pub config_path: Option<String>,
    /// The directives for the runtime.
    pub settings: Settings,
    /// Constants of the node.
    pub knobs: Knobs,
    /// The node's randomness; `None` asks the operating system.
    pub entropy: Option<[u8; 32]>,
    /// Whether SIGTERM, SIGINT and SIGHUP are this server's. At most one server of a process may say so.
    pub catch_signals: bool,
    /// What the allocator knows of itself.
    pub allocator: fn() -> AllocatorFigures,
}

impl Options {
    /// Everything as the configuration says, nothing of the process touched.
    #[must_use]
    pub fn new(mut config: Config, settings: Settings) -> Self {
        // CONFIG GET and CONFIG REWRITE show the directory itself, wherever the server was started.
        config.dir = settings.dir.to_string_lossy().into();
        Self {
            config,
            config_path: None,
            settings,
            knobs: Knobs::default(),
            entropy: None,
            catch_signals: false,
            allocator: unknown_allocator,
        }
    }
}

/// A server that listens already.
pub struct Server {
    turns: EventLoop,
    reporter: Reporter,
}

/// A server in a thread of its own. Dropping it leaves the server running.
#[derive(Debug)]
pub struct Handle {
    addresses: Vec<SocketAddr>,
    reporter: Reporter,
    thread: JoinHandle<u8>,
}

impl Server {
    /// Makes a server and lets it listen.
    ///
    /// # Errors
    /// What is missing of the operating system, or wrong with the configuration, as a line for the log.
    pub fn new(options: Options, log: Log) -> Result<Self, String> {
        let Options { mut config, config_path, settings, knobs, entropy, catch_signals, allocator } = options;
        let words = |what: &str| {
            let what = what.to_owned();
            move |error: io::Error| format!("{what}: {}", os_text(&error))
        };
        let poll = Poll::new().map_err(words("epoll"))?;
        let waker = Waker::new(poll.registry(), WAKER).map_err(words("eventfd"))?;
        let registry = poll.registry().try_clone().map_err(words("epoll"))?;
        let signals = if catch_signals { Some(Signals::catch(poll.registry())) } else { None };
        let signals = signals.transpose().map_err(words("signals"))?;
        let entropy = entropy.map_or_else(process::entropy, Ok).map_err(words("/dev/urandom"))?;
        let room = process::make_room(settings.maxclients, &log);
        config.maxclients = config.maxclients.min(room.into());

        let (reporter, inbox) = reports(waker);
        let mut world = World::new(registry, log, settings.dir, &reporter);
        world.keepalive_secs = settings.keepalive_secs;
        let executable = std::env::current_exe().unwrap_or_default().to_string_lossy().into_owned();
        let process = Process { pid: std::process::id(), executable, os: process::operating_system() };
        let setup = Setup { config, config_path, knobs, entropy, stopwatch, process };
        let node = Node::new(setup, world.clock.now())?;
        let mut turns = EventLoop {
            node,
            world,
            poll,
            events: Events::with_capacity(EVENTS_MAX),
            reports: inbox,
            signals,
            allocator,
            peer: PeerText::default(),
        };
        turns.first_turn();
        Ok(Self { turns, reporter })
    }

    /// Serves until the node wants to leave; the code it leaves with.
    #[must_use]
    pub fn run(mut self) -> u8 {
        self.turns.run()
    }

    /// The TCP addresses it listens on.
    #[must_use]
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.turns.world.listeners.addresses()
    }

    /// Makes a server and runs it in a thread of its own.
    ///
    /// # Errors
    /// Those of [`Server::new`].
    pub fn start(options: Options, log: Log) -> Result<Handle, String> {
        let server = Self::new(options, log)?;
        let (addresses, reporter) = (server.addresses(), server.reporter.clone());
        let thread = std::thread::Builder::new().name("norn".to_owned()).spawn(move || server.run());
        let thread = thread.map_err(|error| os_text(&error))?;
        Ok(Handle { addresses, reporter, thread })
    }
}

impl Handle {
    /// The TCP addresses it listens on.
    #[must_use]
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// The port of the first address; 0 when there is none.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.addresses.first().map_or(0, SocketAddr::port)
    }

    /// Asks the server to stop as SIGTERM would, and waits for its end; the code it left with, 255 after a panic.
    #[must_use]
    pub fn stop(self) -> u8 {
        self.reporter.send(Report::Stop(StopHow::Term));
        self.wait()
    }

    /// Waits for the end of the server.
    #[must_use]
    pub fn wait(self) -> u8 {
        self.thread.join().unwrap_or(u8::MAX)
    }
}

/// The lines at the start of a server that scripts wait for; `PID: <n>` is what the test suite of Redis looks for.
pub fn announce(log: &Log, settings: &Settings) {
    let (port, pid) = (settings.port, std::process::id());
    log.set_role('M');
    log.line(LogLevel::Notice, "monotonic clock: POSIX clock_gettime");
    log.line(LogLevel::Notice, &format!("Running mode=standalone, port={port}. PID: {pid}"));
}

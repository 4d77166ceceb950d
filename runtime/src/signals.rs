//! Signals.
//!
//! *Owns*: which signals are caught and what each means. *Does not own*: the shutdown (the node).
//! *Invariants*: a signal is an event of the poll like any other. SIGPIPE is ignored by Rust's own start-up.

use crate::sockets::OWN_TOKENS;
use mio::{Interest, Registry, Token};
use norn_core::contract::StopHow;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook_mio::v1_0::Signals as Source;
use std::io;

/// The token of the signals.
pub(crate) const TOKEN: Token = Token(OWN_TOKENS | 1);

/// The signals that the server reacts to.
pub struct Signals(Source);

/// What a signal asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Stop.
    Stop(StopHow),
    /// Open the log file anew (SIGHUP; Redis ignores it).
    ReopenLog,
}

impl Signals {
    /// Catches the signals from here on.
    ///
    /// # Errors
    /// When the handlers cannot be installed.
    pub fn catch(registry: &Registry) -> io::Result<Self> {
        let mut source = Source::new([SIGTERM, SIGINT, SIGHUP])?;
        registry.register(&mut source, TOKEN, Interest::READABLE)?;
        Ok(Self(source))
    }

    /// What was asked since the last time.
    pub fn pending(&mut self) -> impl Iterator<Item = Asked> {
        self.0.pending().filter_map(|signal| match signal {
            SIGTERM => Some(Asked::Stop(StopHow::Term)),
            SIGINT => Some(Asked::Stop(StopHow::Int)),
            SIGHUP => Some(Asked::ReopenLog),
            _ => None,
        })
    }
}

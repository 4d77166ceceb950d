//! The orderly end of a node: replicas catch up, then it leaves.
//!
//! Source: the Redis documentation of SHUTDOWN.

use super::Node;
use crate::connection::WaitsFor;
use crate::contract::{LogLevel, Span, StopHow, Timer};
use crate::engine::server::Shutdown;
use crate::engine::{Action, Server};
use crate::persistence::Purpose;

impl Node {
    pub(super) fn stop_signal(&mut self, how: StopHow) {
        let srv = &mut self.srv;
        let (name, flags) = match how {
            StopHow::Term => ("SIGTERM", srv.config.shutdown_on_sigterm),
            StopHow::Int => ("SIGINT", srv.config.shutdown_on_sigint),
        };
        if srv.shutdown.is_some() {
            srv.log(LogLevel::Warning, format_args!("You insist... exiting now."));
            srv.actions.push(Action::Exit(1));
            return;
        }
        srv.log(LogLevel::Warning, format_args!("Received {name} scheduling shutdown..."));
        let save = if flags.nosave() {
            Some(false)
        } else if flags.save() {
            Some(true)
        } else {
            None
        };
        srv.begin_shutdown(flags.now(), flags.force(), save);
    }

    pub(super) fn shutdown_deadline(&mut self) {
        self.srv.finish_shutdown();
    }
}

impl Server {
    /// Begins an orderly shutdown. It ends at once unless replicas lag behind.
    pub fn begin_shutdown(&mut self, now: bool, force: bool, save: Option<bool>) {
        let wait = Span::secs(self.config.shutdown_timeout.max(0) as u64);
        let deadline = self.now.mono + wait;
        let offset = self.repl.offset();
        self.shutdown = Some(Shutdown { deadline, now, force, save, offset, ending: false });
        self.log(LogLevel::Warning, format_args!("User requested shutdown..."));
        let lagging = !now && wait.0 > 0 && self.repl.any_lagging(offset);
        if !lagging {
            self.finish_shutdown();
            return;
        }
        self.log(LogLevel::Notice, format_args!("Waiting for replicas before shutting down."));
        self.repl.getack_wanted = true;
        self.pause.until = Some(deadline);
        self.rearm();
        self.timers.set(Timer::Shutdown, Some(deadline));
    }

    /// Ends an orderly shutdown as soon as no replica lags behind.
    pub fn continue_shutdown(&mut self) {
        if self.shutdown.is_some_and(|s| !self.repl.any_lagging(s.offset)) {
            self.finish_shutdown();
        }
    }

    /// SHUTDOWN ABORT; false when none is under way.
    pub fn abort_shutdown(&mut self) -> bool {
        if self.shutdown.take().is_none() {
            return false;
        }
        self.log(LogLevel::Notice, format_args!("Shutdown manually aborted."));
        self.cancel_shutdown();
        true
    }

    /// Those who wait for the end are told that there is none, and everything goes on.
    fn cancel_shutdown(&mut self) {
        self.shutdown = None;
        self.timers.set(Timer::Shutdown, None);
        for slot in self.blocked.in_order() {
            let waits = self.conns.get(slot).waits.as_ref();
            if waits.is_some_and(|w| matches!(w.what, WaitsFor::Shutdown)) {
                self.give_up(slot);
            }
        }
        self.unpause();
    }

    /// Replicas have what they will get: the last snapshot, if one is wanted, then the end.
    fn finish_shutdown(&mut self) {
        let Some(shutdown) = self.shutdown.as_mut().filter(|shutdown| !shutdown.ending) else { return };
        shutdown.ending = true;
        let wanted = shutdown.save;
        self.timers.set(Timer::Shutdown, None);
        let wanted = wanted.unwrap_or(!self.config.save.is_empty());
        if wanted && !self.persistence.is_loading() {
            self.log(LogLevel::Notice, format_args!("Saving the final RDB snapshot before exiting."));
            self.save_at_once(Purpose::Shutdown);
            return;
        }
        self.leave();
    }

    /// The last snapshot was written, or could not be.
    pub(super) fn last_snapshot_ended(&mut self, ok: bool) {
        let force = self.shutdown.is_some_and(|shutdown| shutdown.force);
        if ok || force {
            // Nothing is executed any more.
            self.persistence.exclusive_wanted = true;
            return self.leave();
        }
        self.log(LogLevel::Warning, format_args!("Error trying to save the DB, can't exit."));
        self.log(
            LogLevel::Warning,
            format_args!("Errors trying to shut down the server. Check the logs for more information."),
        );
        self.cancel_shutdown();
    }

    fn leave(&mut self) {
        self.log(LogLevel::Warning, format_args!("Redis is now ready to exit, bye bye..."));
        self.actions.push(Action::Exit(0));
    }
}

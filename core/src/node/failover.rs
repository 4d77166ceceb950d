//! FAILOVER from within: waiting for an heir, handing over, giving up.
//!
//! *Owns*: the steps. *Does not own*: who is the heir (`replication/failover`), the change of roles (`link`).
//! *Invariants*: writes are paused as long as a failover stands, so the offset that the heir must reach does not move.

use crate::contract::{LogLevel, Timer};
use crate::engine::Server;
use crate::replication::Failover;
use alloc::string::String;

impl Server {
    /// FAILOVER was asked for: from now on nothing is written.
    pub fn begin_failover(&mut self, failover: Failover) {
        let to = whom(&failover);
        self.log(LogLevel::Notice, format_args!("FAILOVER requested{to}."));
        if let Some(at) = failover.deadline {
            self.timers.at_most(Timer::Replication, at);
        }
        self.repl.failover = Some(failover.into());
        self.rearm();
    }

    /// Hands over as soon as the heir has everything, or time is up.
    pub(super) fn failover_turn(&mut self) {
        let Some(failover) = self.repl.failover.as_deref().filter(|f| !f.in_progress) else { return };
        let late = failover.deadline.is_some_and(|at| at <= self.now.mono);
        let heir = match &failover.target {
            target @ Some(_) if late && failover.force => target.clone(),
            _ if late => return self.abort_failover("Replica never caught up before timeout"),
            target => self.repl.heir(target.as_ref(), |slot| self.ip_of(slot)),
        };
        let Some((host, port)) = heir else {
            if let Some(at) = failover.deadline {
                self.timers.at_most(Timer::Replication, at);
            }
            return;
        };
        let why = if late { "is not synced, but time is up" } else { "is synced" };
        self.log(LogLevel::Notice, format_args!("Failover target {host}:{port} {why}, failing over."));
        if let Some(failover) = &mut self.repl.failover {
            failover.in_progress = true;
            failover.target = Some((host.clone(), port));
        }
        self.follow(&host, port);
    }

    /// The heir has taken over: this node is its replica.
    pub(super) fn failover_done(&mut self) {
        if self.repl.failover.as_ref().is_some_and(|f| f.in_progress) {
            self.end_failover();
        }
    }

    /// Gives a failover up; the node is, or becomes again, the master.
    pub fn abort_failover(&mut self, why: &str) {
        let Some(failover) = self.repl.failover.as_deref() else { return };
        let (to, state) = (whom(failover), Failover::state_word(Some(failover)));
        let in_progress = failover.in_progress;
        self.log(LogLevel::Notice, format_args!("Aborting failover{to} while {state}: {why}"));
        if in_progress {
            self.promote();
        }
        self.end_failover();
    }

    fn end_failover(&mut self) {
        self.repl.failover = None;
        if self.pause.until.is_none() {
            self.unpause();
        }
        self.rearm();
        self.arm_expiry();
    }
}

fn whom(failover: &Failover) -> String {
    failover.target.as_ref().map_or_else(String::new, |(host, port)| alloc::format!(" to {host}:{port}"))
}

//! Clients that wait: for keys, for replicas, for the end of a pause, for the driver.
//!
//! *Owns*: who waits, in order, and their deadlines. *Does not own*: what they wait for.
//! *Invariants*: a client stands in `waiting` exactly when its connection has `waits`; nothing of its input is executed
//! meanwhile; when it stops waiting it stands in `Server::ready`.

use super::server::Server;
use crate::base::mutant::Mutant;
use crate::base::time::Mono;
use crate::connection::{ConnFlags, Waits, WaitsFor};
use crate::contract::Timer;
use crate::resp::{CommandError, Writer};
use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

/// Everyone who waits.
#[derive(Clone, Debug, Default)]
pub struct Blocked {
    /// In the order in which they began to wait.
    waiting: BTreeMap<u64, u32>,
    ticket_of: BTreeMap<u32, u64>,
    deadlines: BTreeSet<(Mono, u32)>,
    next_ticket: u64,
    /// How many count as blocked for INFO (a paused client does too).
    pub count: usize,
}

impl Blocked {
    /// Slots in the order in which they began to wait.
    #[must_use]
    pub fn in_order(&self) -> Vec<u32> {
        self.waiting.values().copied().collect()
    }

    /// The ticket that the next client to wait will draw.
    #[must_use]
    pub(super) fn upcoming_ticket(&self) -> u64 {
        self.next_ticket
    }

    /// Number of waiting clients with a deadline.
    #[must_use]
    pub fn with_deadline(&self) -> usize {
        self.deadlines.len()
    }

    /// The earliest deadline.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Mono> {
        self.deadlines.first().map(|(at, _)| *at)
    }
}

impl Server {
    /// Lets a client wait.
    pub fn wait_for(&mut self, slot: u32, deadline: Option<Mono>, what: WaitsFor) {
        let conn = self.conns.get_mut(slot);
        assert!(conn.waits.is_none(), "a client waits for one thing at a time");
        let silent = conn.is_silent();
        conn.waits = Some(Box::new(Waits { deadline, what, silent }));
        conn.flags.set(ConnFlags::BLOCKED);
        let b = &mut self.blocked;
        b.waiting.insert(b.next_ticket, slot);
        b.ticket_of.insert(slot, b.next_ticket);
        b.next_ticket += 1;
        b.count += 1;
        if let Some(at) = deadline {
            b.deadlines.insert((at, slot));
            self.timers.at_most(Timer::Blocked, at);
        }
    }

    /// A client no longer waits; its input is taken up again in this turn. What it waited for, if it did.
    pub fn stop_waiting(&mut self, slot: u32) -> Option<Box<Waits>> {
        let conn = self.conns.try_get_mut(slot)?;
        let waits = conn.waits.take()?;
        conn.flags.clear(ConnFlags::BLOCKED);
        if let Some(at) = waits.deadline {
            self.blocked.deadlines.remove(&(at, slot));
        }
        if let Some(ticket) = self.blocked.ticket_of.remove(&slot) {
            self.blocked.waiting.remove(&ticket);
            self.blocked.count -= 1;
            if let WaitsFor::Keys(wait) = &waits.what
                && !self.knobs.broken(Mutant::AwaitedKeysKept)
            {
                self.blocked_keys.remove(ticket, wait);
                self.arm_touch_log();
            }
        }
        self.take_up(slot);
        Some(waits)
    }

    /// A client no longer waits and is answered.
    pub fn end_wait(&mut self, slot: u32, answer: impl FnOnce(&mut Writer<'_>)) {
        if self.stop_waiting(slot).is_some_and(|waits| !waits.silent) {
            self.deliver(slot, answer);
        }
    }

    /// Notes that a connection may have frames to execute that arrived earlier.
    pub fn take_up(&mut self, slot: u32) {
        let conn = self.conns.get_mut(slot);
        if !conn.flags.has(ConnFlags::READY) {
            conn.flags.set(ConnFlags::READY);
            self.ready.push(slot);
        }
    }

    /// The command stays in the inbox until the pause ends.
    pub fn postpone(&mut self, slot: u32) {
        self.wait_for(slot, None, WaitsFor::Unpause);
    }

    /// Ends CLIENT PAUSE.
    pub fn unpause(&mut self) {
        self.pause = super::server::Pause::default();
        self.timers.set(Timer::Pause, None);
        for slot in self.blocked.in_order() {
            let waits = self.conns.get(slot).waits.as_ref();
            if waits.is_some_and(|w| matches!(w.what, WaitsFor::Unpause)) {
                self.stop_waiting(slot);
            }
        }
        self.rearm();
    }

    /// Answers those whose time is up.
    pub fn expire_waits(&mut self) {
        if self.knobs.broken(Mutant::TimeoutForgotten) {
            return;
        }
        while let Some(&(at, slot)) = self.blocked.deadlines.first() {
            if at > self.now.mono {
                break;
            }
            self.give_up(slot);
        }
        self.timers.set(Timer::Blocked, self.blocked.next_deadline());
    }

    /// Ends a client's waiting as its time-out would.
    pub fn give_up(&mut self, slot: u32) {
        let Some(waits) = &self.conns.get(slot).waits else { return };
        match waits.what {
            WaitsFor::Replicas { offset, synced, .. } => {
                let acked = self.repl.acknowledged_by(offset, synced) as i64;
                self.end_wait(slot, |w| acknowledged(w, acked, synced));
            }
            WaitsFor::Keys(_) => self.end_wait(slot, |w| w.null_array()),
            WaitsFor::Shutdown | WaitsFor::Driver => {
                self.end_wait(slot, |w| w.error(&CommandError::ShutdownFailed.text()));
            }
            WaitsFor::Unpause | WaitsFor::Migration => {
                self.stop_waiting(slot);
            }
        }
    }

    /// Answers those in WAIT whose replicas have caught up.
    pub fn serve_replica_waits(&mut self) {
        for slot in self.blocked.in_order() {
            let Some(waits) = &self.conns.get(slot).waits else { continue };
            if let WaitsFor::Replicas { count, offset, synced } = waits.what {
                let acked = self.repl.acknowledged_by(offset, synced) as i64;
                if acked >= count {
                    self.end_wait(slot, |w| acknowledged(w, acked, synced));
                }
            }
        }
    }
}

/// The reply of WAIT, or that of WAITAOF, whose first number says whether this node has the write on disk: while there is
/// no log, never.
pub fn acknowledged(w: &mut Writer<'_>, replicas: i64, synced: bool) {
    if synced {
        w.array(2);
        w.int(0);
    }
    w.int(replicas);
}

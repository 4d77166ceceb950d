//! The event heap and the world's clock.
//!
//! *Owns*: what happens when; the order of events at one instant. *Does not own*: what an event means.
//! *Invariants*: events leave in the order (time, event, sequence of scheduling); time never goes back. That the event
//! comes before the sequence makes the order of one instant independent of the order of its causes.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// The world's time in microseconds since the start of the run.
pub type Time = u64;

/// One second of the world's time.
pub const SECOND: Time = 1_000_000;
/// One millisecond of the world's time.
pub const MILLI: Time = 1_000;

/// Something due at a time. The numbers are indices into the tables of the part that handles it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Event {
    /// The first packet on the way in this direction of a connection arrives.
    Arrive {
        /// Index of the connection.
        conn: u32,
        /// 0: towards the acceptor; 1: towards the dialer.
        dir: u8,
    },
    /// News of room reaches the sender in this direction of a connection.
    Window {
        /// Index of the connection.
        conn: u32,
        /// As in `Arrive`.
        dir: u8,
    },
    /// A connection attempt arrives.
    Syn(u32),
    /// The answer to a connection attempt arrives.
    SynAnswer(u32),
    /// A node runs a turn.
    Turn(u8),
    /// A node asked to be woken.
    Wake(u8),
    /// A disk request of a node is done.
    Disk(u8),
    /// An item of the plan is due.
    Plan(u32),
    /// A client's own timer.
    Client(u8),
    /// A fault ends.
    Heal(u32),
    /// The world looks at itself (phases, sampled checks).
    Look,
}

/// The event heap.
#[derive(Clone, Debug, Default)]
pub struct Agenda {
    heap: BinaryHeap<Reverse<(Time, Event, u64)>>,
    sequence: u64,
    now: Time,
}

impl Agenda {
    /// The time of the event handled last.
    #[must_use]
    pub fn now(&self) -> Time {
        self.now
    }

    /// Schedules an event; a time in the past means now.
    pub fn at(&mut self, time: Time, event: Event) {
        self.sequence += 1;
        self.heap.push(Reverse((time.max(self.now), event, self.sequence)));
    }

    /// Schedules an event `delay` from now.
    pub fn after(&mut self, delay: Time, event: Event) {
        self.at(self.now + delay, event);
    }

    /// The next event not later than `until`; the clock moves to it.
    pub fn pop(&mut self, until: Time) -> Option<Event> {
        let Reverse((time, ..)) = *self.heap.peek()?;
        if time > until {
            return None;
        }
        let Reverse((time, event, _)) = self.heap.pop()?;
        self.now = time;
        Some(event)
    }

    /// Moves the clock forward with nothing happening; only to before the next event.
    pub fn idle_until(&mut self, time: Time) {
        self.now = self.now.max(time);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_is_time_then_event() {
        let mut agenda = Agenda::default();
        agenda.at(5, Event::Syn(1));
        agenda.at(3, Event::Syn(2));
        agenda.at(5, Event::Syn(0));
        let order: Vec<Event> = std::iter::from_fn(|| agenda.pop(10)).collect();
        assert_eq!(order, [Event::Syn(2), Event::Syn(0), Event::Syn(1)]);
        agenda.at(1, Event::Look);
        assert_eq!((agenda.pop(10), agenda.now()), (Some(Event::Look), 5), "the past is now");
        agenda.at(11, Event::Look);
        assert_eq!(agenda.pop(10), None);
    }
}

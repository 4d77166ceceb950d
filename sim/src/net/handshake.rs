//! Connection attempts: from a dial to a connection at both ends, or to a refusal.

use super::{Conn, DialFailure, End, HostId, Net, Notice, Pipe, Side, Trouble};
use crate::agenda::{Agenda, Event, SECOND, Time};

/// A connection attempt.
#[derive(Clone, Debug)]
pub(super) struct Dial {
    from: HostId,
    to: HostId,
    port: u16,
    started: Time,
    tries: u32,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// On the way there.
    Asking,
    /// Nobody listened.
    Refused,
    /// The other side stands.
    Accepted(u32),
    /// Answered, or nobody waits for the answer.
    Over,
}

impl Net {
    /// Starts a connection attempt; a notice with the number returned follows.
    pub fn dial(&mut self, agenda: &mut Agenda, from: HostId, to: HostId, port: u16) -> u32 {
        let id = self.dials.len() as u32;
        let started = agenda.now();
        self.dials.push(Dial { from, to, port, started, tries: 0, state: State::Asking });
        let at =
            self.path(from, to).to_owned().arrival(started, &mut self.chance.fork(u64::from(id) << 2 | 2));
        agenda.at(at, Event::Syn(id));
        id
    }

    /// Forgets a connection attempt: no notice follows.
    pub fn cancel_dial(&mut self, agenda: &mut Agenda, id: u32) {
        let dial = &mut self.dials[id as usize];
        let state = std::mem::replace(&mut dial.state, State::Over);
        if let State::Accepted(conn) = state {
            self.close(agenda, End { conn, side: 0 });
        }
    }

    pub(super) fn syn(&mut self, agenda: &mut Agenda, id: u32) {
        let dial = self.dials[id as usize].clone();
        if dial.state != State::Asking {
            return;
        }
        let path = *self.path(dial.from, dial.to);
        let host = &self.hosts[usize::from(dial.to.0)];
        if path.blocked || !host.up {
            self.dial_again(agenda, id, Event::Syn(id));
            return;
        }
        if path.stalled_until > agenda.now() {
            agenda.at(path.stalled_until, Event::Syn(id));
            return;
        }
        let state = if host.ports.contains(&dial.port) {
            let conn = self.conns.len() as u32;
            let side = |host| Side { host, closed: false, gone: false, trouble: Trouble::None };
            self.conns.push(Conn {
                sides: [side(dial.from), side(dial.to)],
                pipes: [0, 1].map(|d| Pipe::new(self.chance.fork(u64::from(conn) << 2 | d))),
                kernel: self.kernel,
            });
            for (from, to, d) in [(dial.from, dial.to, 1), (dial.to, dial.from, 0)] {
                if self.path(from, to).blocked {
                    self.conns[conn as usize].pipes[d].acked_frozen = Some(0);
                }
            }
            self.notices.push(Notice::Incoming(End { conn, side: 1 }, id));
            State::Accepted(conn)
        } else {
            State::Refused
        };
        self.dials[id as usize].state = state;
        let at = self
            .path(dial.to, dial.from)
            .to_owned()
            .arrival(agenda.now(), &mut self.chance.fork(u64::from(id) << 2 | 3));
        agenda.at(at, Event::SynAnswer(id));
    }

    pub(super) fn syn_answer(&mut self, agenda: &mut Agenda, id: u32) {
        let dial = self.dials[id as usize].clone();
        if dial.state == State::Over {
            return;
        }
        if self.path(dial.to, dial.from).blocked || !self.hosts[usize::from(dial.to.0)].up {
            self.dial_again(agenda, id, Event::SynAnswer(id));
            return;
        }
        self.dials[id as usize].state = State::Over;
        match dial.state {
            State::Refused => self.notices.push(Notice::Refused(id, DialFailure::Refused)),
            State::Accepted(conn) => self.notices.push(Notice::Connected(id, End { conn, side: 0 })),
            State::Asking | State::Over => {}
        }
    }

    fn dial_again(&mut self, agenda: &mut Agenda, id: u32, event: Event) {
        let timeout = self.kernel.connect_timeout_us;
        let dial = &mut self.dials[id as usize];
        dial.tries += 1;
        let wait = SECOND << dial.tries.min(6);
        if agenda.now() + wait / 2 > dial.started + timeout {
            let state = std::mem::replace(&mut dial.state, State::Over);
            self.notices.push(Notice::Refused(id, DialFailure::TimedOut));
            if let State::Accepted(conn) = state {
                self.vanish(End { conn, side: 0 });
            }
            return;
        }
        agenda.after(wait / 2, event);
    }
}

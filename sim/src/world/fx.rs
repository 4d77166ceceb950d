//! The driver's side of the contract: what a node wants done, carried out in the world.

use super::Owner;
use super::server::{Pending, Server};
use crate::agenda::{Agenda, Event, MILLI};
use crate::net::{HostId, Net, WriteOutcome};
use crate::trace::{Trace, Who, hash_bytes};
use norn_core::contract::{
    ConnId, DialTarget, DiskRequest, Effects, Garbage, LinkId, ListenAt, ListenerId, LogLevel, OpId, Out,
    Tuning,
};

/// The effects of one node's turn.
pub(super) struct NodeFx<'a> {
    pub(super) number: u8,
    pub(super) server: &'a mut Server,
    pub(super) net: &'a mut Net,
    pub(super) agenda: &'a mut Agenda,
    pub(super) owners: &'a mut Vec<[Owner; 2]>,
    pub(super) trace: &'a mut Trace,
    /// Clients whose model sessions end: their connections were closed by the node.
    pub(super) closed: &'a mut Vec<u32>,
    pub(super) scratch: &'a mut Vec<u8>,
    /// Hash of what nodes wrote, by connection.
    pub(super) flows: &'a mut Vec<[u64; 2]>,
    pub(super) exit: Option<u8>,
    pub(super) bytes_out: u64,
}

impl Effects for NodeFx<'_> {
    fn flush(&mut self, conn: ConnId, out: Out<'_>) -> usize {
        let short = self.server.short_writes;
        let Some(link) = self.server.link_of(conn) else { return 0 };
        let end = link.end;
        let limit = if short > 0 && link.chance.per_mille(short) {
            link.chance.below(out.len() as u64) as usize
        } else {
            usize::MAX
        };
        self.scratch.clear();
        let mut taken = 0;
        for slice in out.slices {
            let outcome = self.net.write(self.agenda, end, slice, limit - taken.min(limit));
            let WriteOutcome::Taken(n) = outcome else { break };
            self.scratch.extend_from_slice(&slice[..n]);
            taken += n;
            if n < slice.len() {
                break;
            }
        }
        // In one piece: how the node's memory lies is nobody's business.
        self.trace.bytes(self.scratch);
        self.trace.number(u64::from(conn.index));
        if self.flows.len() <= end.conn as usize {
            self.flows.resize(end.conn as usize + 1, [0; 2]);
        }
        let flow = &mut self.flows[end.conn as usize][usize::from(end.side)];
        *flow = hash_bytes(*flow, self.scratch);
        self.bytes_out += taken as u64;
        taken
    }

    fn close(&mut self, conn: ConnId) {
        if self.server.link_of(conn).is_none() {
            return;
        }
        if let Some(link) = self.server.drop_link(conn.index) {
            self.trace.line(self.agenda.now(), Who::Node(self.number), format_args!("closes {conn}"));
            self.owners[link.end.conn as usize][usize::from(link.end.side)] = Owner::Nobody;
            self.net.close(self.agenda, link.end);
            self.closed.push(link.end.conn);
        }
    }

    fn resume(&mut self, conn: ConnId) {
        if let Some(link) = self.server.link_of(conn) {
            link.unwanted = false;
            if !link.noted {
                link.noted = true;
                self.server.inbox.push(Pending::Readable(conn.index));
            }
        }
    }

    fn dial(&mut self, link: LinkId, to: &DialTarget) {
        let number = to.host.strip_prefix('n').and_then(|n| n.parse().ok());
        let host = HostId(number.unwrap_or(self.number));
        let dial = self.net.dial(self.agenda, HostId(self.number), host, to.port);
        self.server.dials.push((link, dial));
        let (now, who) = (self.agenda.now(), Who::Node(self.number));
        self.trace.line(now, who, format_args!("dials {}:{}", to.host, to.port));
    }

    fn cancel_dial(&mut self, link: LinkId) {
        if let Some(at) = self.server.dials.iter().position(|(l, _)| *l == link) {
            let (_, dial) = self.server.dials.remove(at);
            self.net.cancel_dial(self.agenda, dial);
        }
        // Its answer may be waiting already.
        let (net, agenda) = (&mut *self.net, &mut *self.agenda);
        self.server.inbox.retain(|pending| match pending {
            Pending::Connected(l, end) if *l == link => {
                net.close(agenda, *end);
                false
            }
            Pending::Refused(l, _) => *l != link,
            _ => true,
        });
    }

    fn listen(&mut self, listener: ListenerId, at: &ListenAt) {
        if let ListenAt::Tcp { port, .. } = at {
            if !self.server.ports.iter().any(|(_, p)| p == port) {
                self.net.listen(HostId(self.number), *port);
            }
            self.server.ports.push((listener, *port));
        }
        self.server.inbox.push(Pending::Listening(listener));
    }

    fn unlisten(&mut self, listener: ListenerId) {
        if let Some(at) = self.server.ports.iter().position(|(l, _)| *l == listener) {
            let (_, port) = self.server.ports.remove(at);
            self.net.unlisten(HostId(self.number), port);
        }
    }

    fn disk(&mut self, op: OpId, request: DiskRequest) {
        let at_once = matches!(request, DiskRequest::Size { .. }) && self.server.disk.waiting() == 0;
        self.server.disk.issue(op, request);
        if at_once {
            // Before it knows whether there is a file, a node holds its clients; the model does not.
            let answer = self.server.disk.complete();
            self.server.inbox.extend(answer.map(|(op, result)| Pending::Disk(op, result)));
            return;
        }
        if self.server.disk.waiting() == 1 {
            let delay = self.server.timing.log_uniform(20, 5 * MILLI);
            self.agenda.after(delay, Event::Disk(self.number));
        }
    }

    fn discard(&mut self, garbage: Box<dyn Garbage>) {
        drop(garbage);
    }

    fn gauges(&mut self) {
        self.server.inbox.push(Pending::Gauges);
    }

    fn log(&mut self, level: LogLevel, line: &str) {
        self.trace.line(self.agenda.now(), Who::Node(self.number), format_args!("[{level:?}] {line}"));
    }

    fn tune(&mut self, _tuning: Tuning) {}

    fn exit(&mut self, code: u8) {
        self.exit = Some(code);
    }
}

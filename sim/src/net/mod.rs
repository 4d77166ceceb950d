//! The network: TCP-shaped byte streams between hosts.
//!
//! *Owns*: connections, listeners, connection attempts, the conditions between each ordered pair of hosts.
//! *Does not own*: who reads and writes; it posts [`Notice`]s and the world acts on them.
//! *Invariants*: bytes of a direction arrive in order, once, or not at all; after a reset only what had arrived can be
//! read. What an application sees (end of file, reset, refused writes) follows the kernel; `conformance` holds the
//! two side by side.

mod handshake;
mod path;
mod pipe;

pub use path::Path;

use crate::agenda::{Agenda, Event, Time};
use crate::chance::Chance;
use pipe::{Load, Packet, Pipe};

/// A host by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HostId(pub u8);

/// One end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct End {
    /// Number of the connection.
    pub conn: u32,
    /// 0 dialed, 1 accepted.
    pub side: u8,
}

impl End {
    /// The other end.
    #[must_use]
    pub const fn peer(self) -> Self {
        Self { conn: self.conn, side: 1 - self.side }
    }
}

/// Something an application would learn from its poll.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// There is something to read: bytes, an end of file or an error.
    Readable(End),
    /// There is room after a write that was cut short.
    Writable(End),
    /// A connection waits to be accepted; the number of the dial that made it.
    Incoming(End, u32),
    /// A dial succeeded; this is its end.
    Connected(u32, End),
    /// A dial failed.
    Refused(u32, DialFailure),
}

/// Why a dial failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DialFailure {
    /// Nobody listens there.
    Refused,
    /// Nobody answered.
    TimedOut,
}

/// What a read finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadOutcome {
    /// So many bytes.
    Data(usize),
    /// Nothing now.
    WouldBlock,
    /// End of stream.
    Eof,
    /// Reset by the peer.
    Reset,
    /// The kernel gave up on the peer.
    TimedOut,
}

/// What a write does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteOutcome {
    /// So many bytes were taken; fewer than offered means that a [`Notice::Writable`] follows.
    Taken(usize),
    /// The connection is broken.
    Broken,
}

/// Sizes and patience of the kernel.
#[derive(Clone, Copy, Debug)]
pub struct Kernel {
    /// Send buffer in bytes.
    pub send_buffer: u64,
    /// Receive window in bytes.
    pub receive_window: u64,
    /// Most bytes of one packet.
    pub packet_max: u64,
    /// How long unacknowledged data is tried before the connection fails.
    pub give_up_us: Time,
    /// How long a connection attempt is tried.
    pub connect_timeout_us: Time,
}

impl Default for Kernel {
    fn default() -> Self {
        Self {
            send_buffer: 256 * 1024,
            receive_window: 256 * 1024,
            packet_max: 64 * 1024,
            give_up_us: 900_000_000,
            connect_timeout_us: 127_000_000,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trouble {
    None,
    Reset,
    TimedOut,
}

#[derive(Clone, Debug)]
struct Side {
    host: HostId,
    /// The application closed it.
    closed: bool,
    /// The host lost power while it was open: nobody answers for it.
    gone: bool,
    trouble: Trouble,
}

#[derive(Clone, Debug)]
struct Conn {
    sides: [Side; 2],
    /// `pipes[d]` carries from side `d`.
    pipes: [Pipe; 2],
    kernel: Kernel,
}

#[derive(Clone, Debug)]
struct Host {
    up: bool,
    ports: Vec<u16>,
}

/// All hosts and connections.
#[derive(Clone, Debug)]
pub struct Net {
    conns: Vec<Conn>,
    dials: Vec<handshake::Dial>,
    hosts: Vec<Host>,
    paths: Vec<Path>,
    chance: Chance,
    /// For connections made from now on.
    pub kernel: Kernel,
    /// What the applications have to be told; the world drains it.
    pub notices: Vec<Notice>,
}

/// First wait before unanswered data is sent again; doubles up to `RETRY_MAX_US`.
const RETRY_MIN_US: Time = 200_000;
const RETRY_MAX_US: Time = 8_000_000;

impl Net {
    /// A network of `hosts` hosts, all up, each way like `path`.
    #[must_use]
    pub fn new(hosts: usize, path: Path, chance: Chance) -> Self {
        Self {
            conns: Vec::new(),
            dials: Vec::new(),
            hosts: vec![Host { up: true, ports: Vec::new() }; hosts],
            paths: vec![path; hosts * hosts],
            chance,
            kernel: Kernel::default(),
            notices: Vec::new(),
        }
    }

    /// The way from one host to another.
    pub fn path(&mut self, from: HostId, to: HostId) -> &mut Path {
        let hosts = self.hosts.len();
        &mut self.paths[usize::from(from.0) * hosts + usize::from(to.0)]
    }

    /// From now on every way is short and even; what is on its way stays as it was.
    pub fn calm_down(&mut self) {
        for path in &mut self.paths {
            let blocked = path.blocked;
            *path = Path { latency_us: path.latency_us.min(1000), blocked, ..Path::instant() };
        }
    }

    /// Blocks or opens the way from one host to another. Acknowledgements travel that way too, so senders at `to` stop
    /// hearing of their progress.
    pub fn block(&mut self, from: HostId, to: HostId, blocked: bool) {
        self.path(from, to).blocked = blocked;
        for conn in &mut self.conns {
            for d in 0..2 {
                if conn.sides[1 - d].host == from && conn.sides[d].host == to {
                    let pipe = &mut conn.pipes[d];
                    pipe.acked_frozen = blocked.then_some(pipe.arrived);
                }
            }
        }
    }

    /// Serves a port.
    pub fn listen(&mut self, host: HostId, port: u16) {
        self.hosts[usize::from(host.0)].ports.push(port);
    }

    /// Stops serving a port.
    pub fn unlisten(&mut self, host: HostId, port: u16) {
        self.hosts[usize::from(host.0)].ports.retain(|p| *p != port);
    }

    /// Whether the host has power.
    pub fn set_up(&mut self, host: HostId, up: bool) {
        self.hosts[usize::from(host.0)].up = up;
        if !up {
            self.hosts[usize::from(host.0)].ports.clear();
        }
    }

    /// Reads what has arrived.
    pub fn read(&mut self, agenda: &mut Agenda, end: End, into: &mut [u8]) -> ReadOutcome {
        let conn = &mut self.conns[end.conn as usize];
        let from = usize::from(1 - end.side);
        let pipe = &mut conn.pipes[from];
        if pipe.readable() > 0 && !into.is_empty() {
            let n = pipe.take(into);
            if (pipe.sent < pipe.written || pipe.starved) && !pipe.window_armed {
                self.arm_window(agenda, end.conn, from);
            }
            return ReadOutcome::Data(n);
        }
        if pipe.readable() > 0 {
            return ReadOutcome::WouldBlock;
        }
        if pipe.fin_arrived {
            return ReadOutcome::Eof;
        }
        match conn.sides[usize::from(end.side)].trouble {
            Trouble::None => ReadOutcome::WouldBlock,
            Trouble::Reset => ReadOutcome::Reset,
            Trouble::TimedOut => ReadOutcome::TimedOut,
        }
    }

    /// Bytes that could be read now.
    #[must_use]
    pub fn readable(&self, end: End) -> usize {
        self.conns[end.conn as usize].pipes[usize::from(1 - end.side)].readable() as usize
    }

    /// Writes a prefix of `bytes`, at most `limit` of them: a kernel may take less than it has room for.
    pub fn write(&mut self, agenda: &mut Agenda, end: End, bytes: &[u8], limit: usize) -> WriteOutcome {
        let conn = &mut self.conns[end.conn as usize];
        let dir = usize::from(end.side);
        if conn.sides[dir].trouble != Trouble::None || conn.pipes[dir].fin {
            return WriteOutcome::Broken;
        }
        let room = conn.pipes[dir].room(conn.kernel.send_buffer) as usize;
        let n = bytes.len().min(room).min(limit);
        conn.pipes[dir].write(&bytes[..n]);
        if n < bytes.len() {
            conn.pipes[dir].starved = true;
            if !conn.pipes[dir].window_armed && n < room {
                self.arm_window(agenda, end.conn, dir);
            }
        }
        self.send(agenda, end.conn, dir);
        WriteOutcome::Taken(n)
    }

    /// Ends the stream after what was written; reading goes on.
    pub fn shutdown(&mut self, agenda: &mut Agenda, end: End) {
        self.conns[end.conn as usize].pipes[usize::from(end.side)].fin = true;
        self.send(agenda, end.conn, usize::from(end.side));
    }

    /// Closes the socket as `close(2)` does: unread input turns the end of stream into a reset.
    pub fn close(&mut self, agenda: &mut Agenda, end: End) {
        let conn = &mut self.conns[end.conn as usize];
        let dir = usize::from(end.side);
        if conn.sides[dir].closed {
            return;
        }
        conn.sides[dir].closed = true;
        if conn.pipes[1 - dir].readable() > 0 && conn.sides[dir].trouble == Trouble::None {
            self.abort(agenda, end);
        } else if conn.sides[dir].trouble == Trouble::None {
            self.shutdown(agenda, end);
        }
        self.conns[end.conn as usize].pipes[1 - dir].release();
    }

    /// Resets the connection from this end; what is not on the wire yet is lost.
    pub fn abort(&mut self, agenda: &mut Agenda, end: End) {
        let dir = usize::from(end.side);
        let conn = &mut self.conns[end.conn as usize];
        conn.sides[dir].closed = true;
        if conn.pipes[dir].fin_arrived {
            return;
        }
        conn.pipes[dir].lose_unsent();
        conn.pipes[dir].fin = true;
        conn.pipes[dir].fin_sent = true;
        self.post(agenda, end.conn, dir, Load::Rst, 0);
    }

    /// Something between the hosts resets the connection, maybe in the middle of a packet: the rest is lost, both ends
    /// hear of it at once.
    pub fn cut(&mut self, end: End) {
        let conn = &mut self.conns[end.conn as usize];
        for d in 0..2 {
            if !conn.sides[1 - d].closed {
                conn.pipes[d].arrive_in_part();
            }
            conn.pipes[d].lose_undelivered();
            conn.pipes[d].fin = true;
            if conn.sides[d].trouble == Trouble::None {
                conn.sides[d].trouble = Trouble::Reset;
            }
            if !conn.sides[d].closed && !conn.sides[d].gone {
                self.notices.push(Notice::Readable(End { conn: end.conn, side: d as u8 }));
            }
        }
    }

    /// The host of this end lost power: the peer hears nothing, ever, until it sends to a host that is up again.
    pub fn vanish(&mut self, end: End) {
        let conn = &mut self.conns[end.conn as usize];
        let dir = usize::from(end.side);
        conn.sides[dir].gone = true;
        conn.pipes[dir].lose_undelivered();
    }

    /// Whether anything can still happen at this end.
    #[must_use]
    pub fn alive(&self, end: End) -> bool {
        let side = &self.conns[end.conn as usize].sides[usize::from(end.side)];
        !side.closed && !side.gone && side.trouble == Trouble::None
    }

    /// The host at this end.
    #[must_use]
    pub fn host(&self, end: End) -> HostId {
        self.conns[end.conn as usize].sides[usize::from(end.side)].host
    }

    /// The ends of all connections between two hosts that are still open at both ends.
    pub fn between(&self, a: HostId, b: HostId) -> impl Iterator<Item = End> {
        self.conns.iter().enumerate().filter_map(move |(i, conn)| {
            let hosts = [conn.sides[0].host, conn.sides[1].host];
            let open = conn.sides.iter().all(|s| !s.closed && !s.gone && s.trouble == Trouble::None);
            (open && (hosts == [a, b] || hosts == [b, a])).then_some(End { conn: i as u32, side: 0 })
        })
    }

    /// Carries out an event of the network.
    pub fn event(&mut self, agenda: &mut Agenda, event: Event) {
        match event {
            Event::Arrive { conn, dir } => self.arrive(agenda, conn, usize::from(dir)),
            Event::Window { conn, dir } => self.window(agenda, conn, usize::from(dir)),
            Event::Syn(dial) => self.syn(agenda, dial),
            Event::SynAnswer(dial) => self.syn_answer(agenda, dial),
            Event::Turn(_)
            | Event::Wake(_)
            | Event::Disk(_)
            | Event::Plan(_)
            | Event::Client(_)
            | Event::Heal(_)
            | Event::Look => {}
        }
    }

    /// Every direction keeps its positions in order.
    #[must_use]
    pub fn sound(&self) -> bool {
        self.conns.iter().all(|c| c.pipes.iter().all(Pipe::sound))
    }

    /// Puts as much on the wire as the receiver's window allows.
    fn send(&mut self, agenda: &mut Agenda, id: u32, dir: usize) {
        loop {
            let conn = &self.conns[id as usize];
            let pipe = &conn.pipes[dir];
            let until = pipe.written.min(pipe.read + conn.kernel.receive_window);
            if pipe.sent < until {
                let end = until.min(pipe.sent + conn.kernel.packet_max);
                let size = end - pipe.sent;
                self.conns[id as usize].pipes[dir].sent = end;
                self.post(agenda, id, dir, Load::Data(end), size);
            } else {
                if pipe.fin && !pipe.fin_sent && pipe.sent == pipe.written {
                    self.conns[id as usize].pipes[dir].fin_sent = true;
                    self.post(agenda, id, dir, Load::Fin, 0);
                }
                return;
            }
        }
    }

    fn post(&mut self, agenda: &mut Agenda, id: u32, dir: usize, load: Load, size: u64) {
        let conn = &self.conns[id as usize];
        let (from, to) = (conn.sides[dir].host, conn.sides[1 - dir].host);
        let path = *self.path(from, to);
        let mut at = path.arrival(agenda.now(), &mut self.conns[id as usize].pipes[dir].chance);
        let pipe = &mut self.conns[id as usize].pipes[dir];
        if let Some(travel) = (size * 1000).checked_div(path.bytes_per_ms) {
            pipe.wire_free_at = pipe.wire_free_at.max(agenda.now()) + travel;
            at = at.max(pipe.wire_free_at + path.latency_us);
        }
        if let Some(last) = pipe.packets.back() {
            at = at.max(last.at);
        }
        pipe.packets.push_back(Packet { at, load });
        if !pipe.armed {
            pipe.armed = true;
            agenda.at(at, Event::Arrive { conn: id, dir: dir as u8 });
        }
    }

    fn arrive(&mut self, agenda: &mut Agenda, id: u32, dir: usize) {
        self.conns[id as usize].pipes[dir].armed = false;
        let now = agenda.now();
        let conn = &self.conns[id as usize];
        let (from, to) = (conn.sides[dir].host, conn.sides[1 - dir].host);
        if conn.pipes[dir].packets.is_empty() {
            return;
        }
        let path = *self.path(from, to);
        if path.blocked || !self.hosts[usize::from(to.0)].up {
            self.retry_later(agenda, id, dir);
            return;
        }
        if path.stalled_until > now {
            self.rearm(agenda, id, dir, path.stalled_until);
            return;
        }
        let came_unstuck = self.conns[id as usize].pipes[dir].stuck.take().is_some();
        let mut news = false;
        while let Some(packet) = self.conns[id as usize].pipes[dir].packets.front().copied() {
            if packet.at > now && !came_unstuck {
                break;
            }
            self.conns[id as usize].pipes[dir].packets.pop_front();
            news |= self.deliver(agenda, id, dir, packet.load);
        }
        let pipe = &mut self.conns[id as usize].pipes[dir];
        let starved = (pipe.starved || pipe.sent < pipe.written) && !pipe.window_armed;
        let next = pipe.packets.front().map(|p| p.at);
        if starved {
            self.arm_window(agenda, id, dir);
        }
        if let Some(at) = next {
            self.rearm(agenda, id, dir, at);
        }
        let end = End { conn: id, side: 1 - dir as u8 };
        if news && !self.conns[id as usize].sides[1 - dir].closed {
            self.notices.push(Notice::Readable(end));
        }
    }

    /// One packet reaches a host that is up. Says whether the application has something to learn.
    fn deliver(&mut self, agenda: &mut Agenda, id: u32, dir: usize, load: Load) -> bool {
        let conn = &mut self.conns[id as usize];
        let receiver = &conn.sides[1 - dir];
        let nobody = receiver.closed || receiver.gone;
        match load {
            Load::Rst => {
                conn.pipes[1 - dir].lose_undelivered();
                conn.pipes[1 - dir].fin = true;
                let side = &mut conn.sides[1 - dir];
                if side.trouble == Trouble::None {
                    side.trouble = Trouble::Reset;
                }
                !nobody
            }
            // A peer that vanished would still have to answer with an acknowledgement: it answers with a reset.
            Load::Data(_) | Load::Fin if nobody => {
                let lost = receiver.gone;
                if let Load::Data(end) = load {
                    conn.pipes[dir].discard_until(end);
                }
                if matches!(load, Load::Data(_)) || lost {
                    conn.pipes[1 - dir].fin = true;
                    conn.pipes[1 - dir].fin_sent = true;
                    self.post(agenda, id, 1 - dir, Load::Rst, 0);
                }
                false
            }
            Load::Data(end) => {
                conn.pipes[dir].arrived = end;
                true
            }
            Load::Fin => {
                conn.pipes[dir].fin_arrived = true;
                true
            }
        }
    }

    fn rearm(&mut self, agenda: &mut Agenda, id: u32, dir: usize, at: Time) {
        let pipe = &mut self.conns[id as usize].pipes[dir];
        if !pipe.armed {
            pipe.armed = true;
            agenda.at(at, Event::Arrive { conn: id, dir: dir as u8 });
        }
    }

    /// A packet was lost on the way: it is sent again after a while that doubles, until the kernel gives up.
    fn retry_later(&mut self, agenda: &mut Agenda, id: u32, dir: usize) {
        let now = agenda.now();
        let conn = &mut self.conns[id as usize];
        let (since, wait) = conn.pipes[dir].stuck.unwrap_or((now, RETRY_MIN_US));
        if now - since >= conn.kernel.give_up_us {
            conn.pipes[dir].lose_undelivered();
            conn.pipes[dir].fin = true;
            conn.sides[dir].trouble = Trouble::TimedOut;
            if !conn.sides[dir].closed && !conn.sides[dir].gone {
                self.notices.push(Notice::Readable(End { conn: id, side: dir as u8 }));
            }
            return;
        }
        conn.pipes[dir].stuck = Some((since, (wait * 2).min(RETRY_MAX_US)));
        self.rearm(agenda, id, dir, now + wait);
    }

    /// Sends news of room back to the sender of this direction.
    fn arm_window(&mut self, agenda: &mut Agenda, id: u32, dir: usize) {
        let conn = &self.conns[id as usize];
        let back = *self.path(conn.sides[1 - dir].host, conn.sides[dir].host);
        let at = back.arrival(agenda.now() + 1, &mut self.conns[id as usize].pipes[dir].chance);
        self.conns[id as usize].pipes[dir].window_armed = true;
        agenda.at(at, Event::Window { conn: id, dir: dir as u8 });
    }

    fn window(&mut self, agenda: &mut Agenda, id: u32, dir: usize) {
        let conn = &mut self.conns[id as usize];
        conn.pipes[dir].window_armed = false;
        let (here, there) = (conn.sides[dir].host, conn.sides[1 - dir].host);
        if conn.sides[dir].trouble != Trouble::None {
            return;
        }
        if self.path(there, here).blocked || !self.hosts[usize::from(there.0)].up {
            // The acknowledgement is lost; the sender's probe asks again later.
            self.conns[id as usize].pipes[dir].window_armed = true;
            agenda.after(RETRY_MIN_US * 2, Event::Window { conn: id, dir: dir as u8 });
            return;
        }
        self.send(agenda, id, dir);
        let conn = &mut self.conns[id as usize];
        let cap = conn.kernel.send_buffer;
        let pipe = &mut conn.pipes[dir];
        if pipe.starved && pipe.room(cap) * 3 >= cap {
            pipe.starved = false;
            if !conn.sides[dir].closed && !conn.sides[dir].gone {
                self.notices.push(Notice::Writable(End { conn: id, side: dir as u8 }));
            }
        }
    }
}

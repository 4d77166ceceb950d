//! The network model and the kernel, side by side: each script runs over the model and over loopback sockets, and what
//! an application can observe must be the same. A model that is kinder or crueller than the kernel finds the wrong bugs.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use norn_sim::agenda::{Agenda, MILLI};
use norn_sim::chance::Chance;
use norn_sim::net::{End, HostId, Kernel, Net, Notice, Path, ReadOutcome, WriteOutcome};
use socket2::{Domain, SockAddr, Socket, Type};
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::Duration;

/// What a script can do. Side 0 dialed, side 1 accepted. Calls never block.
trait Wire {
    fn write(&mut self, side: usize, bytes: &[u8]) -> Result<usize, ()>;
    fn read(&mut self, side: usize, most: usize) -> Seen;
    fn shutdown(&mut self, side: usize);
    fn close(&mut self, side: usize);
    fn abort(&mut self, side: usize);
    /// Lets everything on its way arrive.
    fn settle(&mut self);
}

#[derive(Debug, PartialEq, Eq)]
enum Seen {
    Bytes(Vec<u8>),
    Nothing,
    Eof,
    Reset,
}

struct Model {
    net: Net,
    agenda: Agenda,
    ends: [End; 2],
}

impl Model {
    fn new(path: Path, seed: u64) -> Self {
        let mut net = Net::new(2, path, Chance::new(seed, 0));
        net.kernel = Kernel { send_buffer: 64 * 1024, receive_window: 64 * 1024, ..Kernel::default() };
        let mut agenda = Agenda::default();
        net.listen(HostId(1), 7);
        net.dial(&mut agenda, HostId(0), HostId(1), 7);
        let mut model = Self { net, agenda, ends: [End { conn: 0, side: 0 }, End { conn: 0, side: 1 }] };
        model.settle();
        assert!(model.net.notices.contains(&Notice::Connected(0, model.ends[0])));
        model
    }
}

impl Wire for Model {
    fn write(&mut self, side: usize, bytes: &[u8]) -> Result<usize, ()> {
        match self.net.write(&mut self.agenda, self.ends[side], bytes, usize::MAX) {
            WriteOutcome::Taken(n) => Ok(n),
            WriteOutcome::Broken => Err(()),
        }
    }
    fn read(&mut self, side: usize, most: usize) -> Seen {
        let mut buffer = vec![0; most];
        match self.net.read(&mut self.agenda, self.ends[side], &mut buffer) {
            ReadOutcome::Data(n) => Seen::Bytes(buffer[..n].to_vec()),
            ReadOutcome::WouldBlock => Seen::Nothing,
            ReadOutcome::Eof => Seen::Eof,
            ReadOutcome::Reset | ReadOutcome::TimedOut => Seen::Reset,
        }
    }
    fn shutdown(&mut self, side: usize) {
        self.net.shutdown(&mut self.agenda, self.ends[side]);
    }
    fn close(&mut self, side: usize) {
        self.net.close(&mut self.agenda, self.ends[side]);
    }
    fn abort(&mut self, side: usize) {
        self.net.abort(&mut self.agenda, self.ends[side]);
    }
    fn settle(&mut self) {
        let until = self.agenda.now() + 5_000 * MILLI;
        while let Some(event) = self.agenda.pop(until) {
            self.net.event(&mut self.agenda, event);
            assert!(self.net.sound());
        }
        self.agenda.idle_until(until);
    }
}

struct Kern([Option<Socket>; 2]);

fn listener() -> (Socket, SockAddr) {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(32 * 1024).unwrap();
    socket.bind(&SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0).into()).unwrap();
    socket.listen(16).unwrap();
    let address = socket.local_addr().unwrap();
    (socket, address)
}

impl Kern {
    fn new() -> Self {
        let (server, address) = listener();
        let dialed = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        dialed.set_send_buffer_size(32 * 1024).unwrap();
        dialed.connect(&address).unwrap();
        let (accepted, _) = server.accept().unwrap();
        for socket in [&dialed, &accepted] {
            socket.set_nonblocking(true).unwrap();
            socket.set_tcp_nodelay(true).unwrap();
        }
        Self([Some(dialed), Some(accepted)])
    }
}

impl Wire for Kern {
    fn write(&mut self, side: usize, bytes: &[u8]) -> Result<usize, ()> {
        match self.0[side].as_mut().unwrap().write(bytes) {
            Ok(n) => Ok(n),
            Err(e) if e.kind() == ErrorKind::WouldBlock => Ok(0),
            Err(_) => Err(()),
        }
    }
    fn read(&mut self, side: usize, most: usize) -> Seen {
        let mut buffer = vec![0; most];
        match self.0[side].as_mut().unwrap().read(&mut buffer) {
            Ok(0) => Seen::Eof,
            Ok(n) => Seen::Bytes(buffer[..n].to_vec()),
            Err(e) if e.kind() == ErrorKind::WouldBlock => Seen::Nothing,
            Err(_) => Seen::Reset,
        }
    }
    fn shutdown(&mut self, side: usize) {
        self.0[side].as_ref().unwrap().shutdown(std::net::Shutdown::Write).unwrap();
    }
    fn close(&mut self, side: usize) {
        self.0[side] = None;
    }
    fn abort(&mut self, side: usize) {
        self.0[side].as_ref().unwrap().set_linger(Some(Duration::ZERO)).unwrap();
        self.0[side] = None;
    }
    fn settle(&mut self) {
        std::thread::sleep(Duration::from_millis(30));
    }
}

/// Runs the script over the kernel, an instant model and models with slow, uneven ways: all must observe the same.
fn same<T: PartialEq + std::fmt::Debug>(script: impl Fn(&mut dyn Wire) -> T) -> T {
    let kernel = script(&mut Kern::new());
    assert_eq!(kernel, script(&mut Model::new(Path::instant(), 0)), "left: kernel, right: model");
    for seed in 1..20 {
        let path = Path {
            latency_us: 300,
            jitter_us: 5_000,
            tail_per_mille: 200,
            tail_us: 200_000,
            bytes_per_ms: 5_000,
            ..Path::instant()
        };
        assert_eq!(kernel, script(&mut Model::new(path, seed)), "left: kernel, right: slow model {seed}");
    }
    kernel
}

fn bytes(text: &str) -> Seen {
    Seen::Bytes(text.as_bytes().to_vec())
}

#[test]
fn writes_merge_and_reads_split() {
    let seen = same(|w| {
        w.write(0, b"ab").unwrap();
        w.write(0, b"cde").unwrap();
        w.settle();
        [w.read(1, 1), w.read(1, 3), w.read(1, 9), w.read(1, 9)]
    });
    assert_eq!(seen, [bytes("a"), bytes("bcd"), bytes("e"), Seen::Nothing]);
}

#[test]
fn end_of_stream_comes_after_the_bytes_and_the_other_way_stays_open() {
    let seen = same(|w| {
        w.write(0, b"last").unwrap();
        w.shutdown(0);
        w.settle();
        let first = [w.read(1, 99), w.read(1, 99), w.read(1, 99)];
        w.write(1, b"reply").unwrap();
        w.settle();
        (first, w.read(0, 99), w.read(0, 99), w.write(0, b"x").is_err())
    });
    assert_eq!(seen, ([bytes("last"), Seen::Eof, Seen::Eof], bytes("reply"), Seen::Nothing, true));
}

#[test]
fn close_with_everything_read_is_an_end_of_stream() {
    let seen = same(|w| {
        w.write(1, b"bye").unwrap();
        w.close(1);
        w.settle();
        (w.read(0, 99), w.read(0, 99))
    });
    assert_eq!(seen, (bytes("bye"), Seen::Eof));
}

#[test]
fn close_with_unread_input_is_a_reset() {
    same(|w| {
        w.write(0, b"never read").unwrap();
        w.settle();
        w.close(1);
        w.settle();
        (w.read(0, 99), w.write(0, b"x").is_err())
    });
}

#[test]
fn bytes_that_arrived_before_a_reset_can_still_be_read() {
    same(|w| {
        w.write(1, b"arrived").unwrap();
        w.settle();
        w.abort(1);
        w.settle();
        (w.read(0, 3), w.read(0, 99), w.read(0, 99), w.write(0, b"x").is_err())
    });
}

#[test]
fn writing_to_a_closed_peer_is_refused_after_a_while() {
    same(|w| {
        w.close(1);
        w.settle();
        let first = w.write(0, b"taken").is_ok();
        w.settle();
        (first, w.write(0, b"refused").is_err(), w.read(0, 9))
    });
}

#[test]
fn writing_to_a_closed_peer_before_its_end_of_stream_is_read() {
    same(|w| {
        w.write(1, b"tail").unwrap();
        w.close(1);
        w.settle();
        w.write(0, b"taken").unwrap();
        w.settle();
        (w.read(0, 9), w.read(0, 9))
    });
}

#[test]
fn both_close() {
    same(|w| {
        w.write(0, b"a").unwrap();
        w.shutdown(0);
        w.shutdown(1);
        w.settle();
        let seen = (w.read(0, 9), w.read(1, 9), w.read(1, 9));
        w.close(0);
        w.close(1);
        w.settle();
        seen
    });
}

#[test]
fn a_reset_while_the_other_side_writes() {
    same(|w| {
        w.write(0, b"question").unwrap();
        w.settle();
        assert_eq!(w.read(1, 99), bytes("question"));
        w.abort(0);
        w.settle();
        (w.read(1, 9), w.write(1, b"answer").is_err())
    });
}

#[test]
fn a_full_window_stops_the_writer_and_draining_frees_it_with_no_byte_lost() {
    same(|w| {
        let pattern: Vec<u8> = (0..4_000_000_u32).map(|i| (i * 7 % 251) as u8).collect();
        let mut sent = 0;
        loop {
            let n = w.write(0, &pattern[sent..]).unwrap();
            sent += n;
            w.settle();
            if n == 0 {
                break;
            }
        }
        let stopped = sent > 0 && sent < pattern.len();
        let mut got = Vec::new();
        while got.len() < sent {
            match w.read(1, 100_000) {
                Seen::Bytes(bytes) => got.extend(bytes),
                Seen::Nothing => w.settle(),
                other => panic!("{other:?}"),
            }
        }
        w.settle();
        let freed = w.write(0, b"more").unwrap();
        (stopped, got == pattern[..sent], freed)
    });
}

#[test]
fn a_dial_to_a_port_that_nobody_serves_is_refused() {
    let (server, address) = listener();
    drop(server);
    let error = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap().connect(&address).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);

    let mut net = Net::new(2, Path::instant(), Chance::new(0, 0));
    let mut agenda = Agenda::default();
    let dial = net.dial(&mut agenda, HostId(0), HostId(1), 7);
    while let Some(event) = agenda.pop(1_000_000) {
        net.event(&mut agenda, event);
    }
    assert_eq!(net.notices, [Notice::Refused(dial, norn_sim::net::DialFailure::Refused)]);
}

#[test]
fn bytes_sent_before_the_accept_are_kept() {
    let (server, address) = listener();
    let mut dialed = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    dialed.connect(&address).unwrap();
    dialed.write_all(b"early").unwrap();
    drop(dialed);
    std::thread::sleep(Duration::from_millis(30));
    let (mut accepted, _) = server.accept().unwrap();
    let mut got = Vec::new();
    accepted.read_to_end(&mut got).unwrap();
    assert_eq!(got, b"early");

    let mut model = Model::new(Path::instant(), 0);
    model.write(0, b"early").unwrap();
    model.close(0);
    model.settle();
    assert_eq!((model.read(1, 9), model.read(1, 9)), (bytes("early"), Seen::Eof));
}

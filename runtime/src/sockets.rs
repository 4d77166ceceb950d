//! Connected sockets.
//!
//! *Owns*: the connection table, reading, writing, and what epoll said about each socket. *Does not own*: accepting
//! (`listeners`), dialing (`dial`), the memory that is read into (the node's).
//! *Invariants*: a connection is found by index and generation, so a stale event or a late call for a dead one finds
//! nothing; a socket is registered once, edge-triggered for both directions, and never again; after warm-up nothing
//! here allocates.
//!
//! Edge-triggered rules: a read or write that moved fewer bytes than asked has drained the socket (or filled it), and
//! the next edge will tell. A read that filled the space stays in the ready list. An end of file that arrived together
//! with data gives no second edge, so it is remembered and read for.

use mio::event::Event;
use mio::net::{TcpStream, UnixStream};
use mio::{Interest, Registry, Token};
use norn_core::contract::{CloseWhy, ConnId, Out};
use socket2::{SockRef, TcpKeepalive};
use std::io::{self, IoSlice, Read, Write};
use std::time::Duration;

/// The most slices of one `writev`.
const SLICES_MAX: usize = 64;

/// Tokens with this bit are the runtime's own; all others are connections.
pub(crate) const OWN_TOKENS: usize = 1 << 31;

/// A connected stream.
#[derive(Debug)]
pub enum Socket {
    /// TCP.
    Tcp(TcpStream),
    /// Unix.
    Unix(UnixStream),
}

/// Every live connection.
#[derive(Debug, Default)]
pub struct Sockets {
    slots: Vec<Option<Entry>>,
    /// Connections to read from in the next turn.
    ready: Vec<ConnId>,
    /// The list that the current turn works through; swapped with `ready`.
    spare: Vec<ConnId>,
    live: usize,
}

#[derive(Debug)]
struct Entry {
    socket: Socket,
    generation: u32,
    /// In the ready list.
    queued: bool,
    /// The node had no room; nothing is read until it resumes.
    paused: bool,
    /// The peer has closed its side: reads go on until they find the end.
    ending: bool,
    /// A flush was cut short; the next writable edge is the node's.
    stalled: bool,
    /// An error was found while writing and will be, or was, reported.
    failed: bool,
}

/// What a read came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadOutcome {
    /// This many bytes.
    Bytes(usize),
    /// Nothing there.
    Nothing,
    /// The connection is over.
    Closed(CloseWhy),
}

/// What a flush came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteOutcome {
    /// This many bytes were taken.
    Taken(usize),
    /// The connection is over; said once.
    Failed(CloseWhy),
}

/// What an event means for a connection, beyond being readable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noted {
    /// Nothing more.
    Nothing,
    /// Bytes are taken again after a flush that was cut short.
    Writable,
    /// The connection is over, and nobody would have noticed by reading.
    Closed(CloseWhy),
}

/// The token of a connection: it carries the generation, so that stale events are known.
#[must_use]
pub fn token_of(conn: ConnId) -> Token {
    Token((conn.generation as usize) << 32 | conn.index as usize)
}

/// The connection that a token belongs to, or `None` for one of the runtime's own.
#[must_use]
pub fn conn_of(token: Token) -> Option<ConnId> {
    let own = token.0 & OWN_TOKENS != 0;
    (!own).then_some(ConnId { index: token.0 as u32, generation: (token.0 >> 32) as u32 })
}

impl Sockets {
    /// Takes a socket in under the id that the node gave. `known` says that it is registered already, under another
    /// token.
    ///
    /// # Errors
    /// When epoll refuses it; the socket is closed then.
    pub fn insert(
        &mut self,
        registry: &Registry,
        conn: ConnId,
        mut socket: Socket,
        known: bool,
    ) -> io::Result<()> {
        socket.register(registry, token_of(conn), known)?;
        let index = conn.index as usize;
        if index >= self.slots.len() {
            self.slots.resize_with(index + 1, || None);
        }
        let entry = Entry {
            socket,
            generation: conn.generation,
            queued: false,
            paused: false,
            ending: false,
            stalled: false,
            failed: false,
        };
        if self.slots[index].replace(entry).is_none() {
            self.live += 1;
        }
        Ok(())
    }

    /// Closes a connection; what was written before is still delivered. A dead id is ignored.
    pub fn remove(&mut self, conn: ConnId) {
        if self.find(conn).is_some() {
            self.slots[conn.index as usize] = None;
            self.live -= 1;
        }
    }

    /// Connections that are open.
    #[must_use]
    pub fn len(&self) -> usize {
        self.live
    }

    /// Whether none is open.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.live == 0
    }

    /// Whether a connection wants to be read from without waiting for an event.
    #[must_use]
    pub fn has_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    /// The connections to read from now; the list must come back through [`Self::recycle`].
    pub fn take_ready(&mut self) -> Vec<ConnId> {
        std::mem::replace(&mut self.ready, std::mem::take(&mut self.spare))
    }

    /// Takes the list of [`Self::take_ready`] back for the next turn.
    pub fn recycle(&mut self, mut list: Vec<ConnId>) {
        list.clear();
        self.spare = list;
    }

    /// Takes note of an event.
    pub fn note(&mut self, conn: ConnId, event: &Event) -> Noted {
        let Some(entry) = self.find(conn) else { return Noted::Nothing };
        entry.ending |= event.is_read_closed();
        let broken = event.is_error() || event.is_write_closed();
        if broken && entry.paused && !entry.failed {
            entry.failed = true;
            return Noted::Closed(entry.socket.last_error());
        }
        if (event.is_readable() || entry.ending || broken) && !entry.paused && !entry.queued {
            entry.queued = true;
            self.ready.push(conn);
        }
        let Some(entry) = self.find(conn) else { return Noted::Nothing };
        if event.is_writable() && entry.stalled {
            entry.stalled = false;
            return Noted::Writable;
        }
        Noted::Nothing
    }

    /// The connection's turn to be read has come: whether it is alive still.
    pub fn begin_read(&mut self, conn: ConnId) -> bool {
        self.find(conn).is_some_and(|entry| {
            entry.queued = false;
            !entry.failed && !entry.paused
        })
    }

    /// The node has no room for this connection; nothing is read until [`Self::resume`].
    pub fn pause(&mut self, conn: ConnId) {
        if let Some(entry) = self.find(conn) {
            entry.paused = true;
        }
    }

    /// The node has room again.
    pub fn resume(&mut self, conn: ConnId) {
        let Some(entry) = self.find(conn) else { return };
        entry.paused = false;
        if !entry.queued {
            entry.queued = true;
            self.ready.push(conn);
        }
    }

    /// One read into `space`, which must not be empty. The connection goes back to the ready list when more may be
    /// there.
    pub fn read(&mut self, conn: ConnId, space: &mut [u8]) -> ReadOutcome {
        let Some(entry) = self.find(conn) else { return ReadOutcome::Nothing };
        loop {
            return match entry.socket.read(space) {
                Ok(0) => ReadOutcome::Closed(CloseWhy::Eof),
                Ok(n) => {
                    if n == space.len() || entry.ending {
                        entry.queued = true;
                        self.ready.push(conn);
                    }
                    ReadOutcome::Bytes(n)
                }
                Err(error) => match error.kind() {
                    io::ErrorKind::WouldBlock => ReadOutcome::Nothing,
                    io::ErrorKind::Interrupted => continue,
                    _ => ReadOutcome::Closed(why(&error)),
                },
            };
        }
    }

    /// Writes as much of `out` as the socket takes now.
    pub fn write(&mut self, conn: ConnId, out: Out<'_>) -> WriteOutcome {
        let Some(entry) = self.find(conn) else { return WriteOutcome::Taken(0) };
        if entry.failed {
            return WriteOutcome::Taken(0);
        }
        let mut taken = 0;
        for batch in out.slices.chunks(SLICES_MAX) {
            let offered: usize = batch.iter().map(|slice| slice.len()).sum();
            match entry.socket.write_batch(batch) {
                Ok(n) => {
                    taken += n;
                    if n < offered {
                        entry.stalled = true;
                        break;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    entry.stalled = true;
                    break;
                }
                // Bytes of earlier batches count as taken; the next flush meets the error again.
                Err(_) if taken > 0 => {
                    entry.stalled = true;
                    break;
                }
                Err(error) => {
                    entry.failed = true;
                    return WriteOutcome::Failed(why(&error));
                }
            }
        }
        WriteOutcome::Taken(taken)
    }

    /// Sets or clears TCP_NODELAY; a failure changes nothing that matters.
    pub fn set_nodelay(&mut self, conn: ConnId, on: bool) {
        if let Some(Entry { socket: Socket::Tcp(stream), .. }) = self.find(conn) {
            drop(stream.set_nodelay(on));
        }
    }

    fn find(&mut self, conn: ConnId) -> Option<&mut Entry> {
        let entry = self.slots.get_mut(conn.index as usize)?.as_mut()?;
        (entry.generation == conn.generation).then_some(entry)
    }
}

impl Socket {
    /// The options of an accepted or dialed connection; Unix sockets have none. Failures change nothing that matters.
    pub fn set_options(&self, nodelay: bool, keepalive_secs: u32) {
        let Self::Tcp(stream) = self else { return };
        if nodelay {
            drop(stream.set_nodelay(true));
        }
        if keepalive_secs > 0 {
            let every = u64::from(keepalive_secs);
            let probes = TcpKeepalive::new()
                .with_time(Duration::from_secs(every))
                .with_interval(Duration::from_secs((every / 3).max(1)))
                .with_retries(3);
            drop(SockRef::from(stream).set_tcp_keepalive(&probes));
        }
    }

    fn register(&mut self, registry: &Registry, token: Token, known: bool) -> io::Result<()> {
        let interest = Interest::READABLE | Interest::WRITABLE;
        match (self, known) {
            (Self::Tcp(stream), false) => registry.register(stream, token, interest),
            (Self::Tcp(stream), true) => registry.reregister(stream, token, interest),
            (Self::Unix(stream), false) => registry.register(stream, token, interest),
            (Self::Unix(stream), true) => registry.reregister(stream, token, interest),
        }
    }

    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.read(space),
            Self::Unix(stream) => stream.read(space),
        }
    }

    fn write_batch(&mut self, slices: &[&[u8]]) -> io::Result<usize> {
        loop {
            let written = match (&mut *self, slices) {
                (Self::Tcp(stream), [one]) => stream.write(one),
                (Self::Unix(stream), [one]) => stream.write(one),
                (Self::Tcp(stream), many) => write_vectored(stream, many),
                (Self::Unix(stream), many) => write_vectored(stream, many),
            };
            match written {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => return other,
            }
        }
    }

    fn last_error(&self) -> CloseWhy {
        let error = match self {
            Self::Tcp(stream) => stream.take_error(),
            Self::Unix(stream) => stream.take_error(),
        };
        match error {
            Ok(Some(error)) | Err(error) => why(&error),
            Ok(None) => CloseWhy::Eof,
        }
    }
}

fn write_vectored(stream: &mut impl Write, slices: &[&[u8]]) -> io::Result<usize> {
    let mut batch = [IoSlice::new(&[]); SLICES_MAX];
    for (place, slice) in batch.iter_mut().zip(slices) {
        *place = IoSlice::new(slice);
    }
    stream.write_vectored(&batch[..slices.len().min(SLICES_MAX)])
}

fn why(error: &io::Error) -> CloseWhy {
    match error.kind() {
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => CloseWhy::Reset,
        _ => CloseWhy::Error,
    }
}

#[cfg(test)]
mod tests {
    use super::{Noted, ReadOutcome, Socket, Sockets, WriteOutcome, conn_of, token_of};
    use mio::{Events, Poll};
    use norn_core::contract::{CloseWhy, ConnId, Out};
    use std::io::{Read as _, Write as _};
    use std::net::{TcpListener, TcpStream};
    use std::time::Duration;

    const CONN: ConnId = ConnId { index: 3, generation: 9 };

    struct Bench {
        poll: Poll,
        events: Events,
        sockets: Sockets,
        peer: TcpStream,
    }

    impl Bench {
        fn new() -> Self {
            let listener = TcpListener::bind("127.0.0.1:0").expect("bind");
            let peer = TcpStream::connect(listener.local_addr().expect("address")).expect("connect");
            let (stream, _) = listener.accept().expect("accept");
            stream.set_nonblocking(true).expect("non-blocking");
            let poll = Poll::new().expect("poll");
            let mut sockets = Sockets::default();
            let socket = Socket::Tcp(mio::net::TcpStream::from_std(stream));
            socket.set_options(true, 300);
            sockets.insert(poll.registry(), CONN, socket, false).expect("register");
            Self { poll, events: Events::with_capacity(8), sockets, peer }
        }

        /// What the next events mean.
        fn wait(&mut self) -> Vec<Noted> {
            self.poll.poll(&mut self.events, Some(Duration::from_millis(500))).expect("poll");
            let sockets = &mut self.sockets;
            self.events.iter().map(|e| sockets.note(conn_of(e.token()).expect("token"), e)).collect()
        }

        fn read(&mut self, space: usize) -> (ReadOutcome, Vec<u8>) {
            let mut buffer = vec![0; space];
            let ready = self.sockets.take_ready();
            assert_eq!(ready, [CONN]);
            self.sockets.recycle(ready);
            assert!(self.sockets.begin_read(CONN));
            let outcome = self.sockets.read(CONN, &mut buffer);
            if let ReadOutcome::Bytes(n) = outcome {
                buffer.truncate(n);
            }
            (outcome, buffer)
        }
    }

    #[test]
    fn tokens_carry_the_generation() {
        let id = ConnId { index: 0x7fff_ffff, generation: u32::MAX };
        assert_eq!(conn_of(token_of(id)), Some(id));
        assert_eq!(conn_of(mio::Token(super::OWN_TOKENS | 5)), None);
    }

    #[test]
    fn a_full_read_stays_ready_and_a_short_one_does_not() {
        let mut bench = Bench::new();
        bench.peer.write_all(b"abcdef").expect("write");
        bench.wait();
        assert_eq!(bench.read(4), (ReadOutcome::Bytes(4), b"abcd".to_vec()));
        assert!(bench.sockets.has_ready());
        assert_eq!(bench.read(4), (ReadOutcome::Bytes(2), b"ef".to_vec()));
        assert!(!bench.sockets.has_ready());
        bench.peer.write_all(b"g").expect("write");
        bench.wait();
        assert_eq!(bench.read(4).0, ReadOutcome::Bytes(1));
    }

    #[test]
    fn an_end_that_came_with_data_is_found() {
        let mut bench = Bench::new();
        bench.peer.write_all(b"bye").expect("write");
        bench.peer.shutdown(std::net::Shutdown::Write).expect("shutdown");
        std::thread::sleep(Duration::from_millis(20));
        bench.wait();
        assert_eq!(bench.read(64).0, ReadOutcome::Bytes(3));
        assert_eq!(bench.read(64).0, ReadOutcome::Closed(CloseWhy::Eof));
    }

    #[test]
    fn a_paused_connection_is_left_alone_until_it_is_resumed() {
        let mut bench = Bench::new();
        bench.sockets.pause(CONN);
        bench.peer.write_all(b"x").expect("write");
        bench.wait();
        assert!(!bench.sockets.has_ready());
        bench.sockets.resume(CONN);
        assert_eq!(bench.read(64).0, ReadOutcome::Bytes(1));
    }

    #[test]
    fn a_reset_is_noticed_even_while_paused() {
        let mut bench = Bench::new();
        bench.wait();
        bench.sockets.pause(CONN);
        let peer = bench.peer.try_clone().expect("clone");
        socket2::SockRef::from(&peer).set_linger(Some(Duration::ZERO)).expect("linger");
        let other = std::mem::replace(&mut bench.peer, peer);
        drop(other);
        let spare = TcpListener::bind("127.0.0.1:0").expect("bind");
        bench.peer = TcpStream::connect(spare.local_addr().expect("address")).expect("connect");
        assert_eq!(bench.wait(), [Noted::Closed(CloseWhy::Reset)]);
    }

    #[test]
    fn a_flush_cut_short_is_followed_by_writable_and_loses_nothing() {
        let mut bench = Bench::new();
        bench.wait();
        bench.sockets.recycle(Vec::new());
        let piece: Vec<u8> = (0..250_u8).cycle().take(100_000).collect();
        let slices: Vec<&[u8]> = std::iter::repeat_n(&piece[..], 200).collect();
        let total = piece.len() * slices.len();
        let WriteOutcome::Taken(mut sent) = bench.sockets.write(CONN, Out { slices: &slices }) else {
            panic!("the peer lives")
        };
        assert!(sent > 0 && sent < total, "the socket's buffer must fill for this test to mean anything");
        let mut peer = bench.peer.try_clone().expect("clone");
        let reader = std::thread::spawn(move || {
            let mut all = Vec::new();
            peer.read_to_end(&mut all).map(|_| all)
        });
        while sent < total {
            while !bench.wait().contains(&Noted::Writable) {}
            let from = sent % piece.len();
            let rest: Vec<&[u8]> = std::iter::once(&piece[from..])
                .chain(slices[sent / piece.len() + 1..].iter().copied())
                .collect();
            let WriteOutcome::Taken(n) = bench.sockets.write(CONN, Out { slices: &rest }) else {
                panic!("the peer lives")
            };
            sent += n;
        }
        bench.sockets.remove(CONN);
        assert!(bench.sockets.is_empty());
        let all = reader.join().expect("reader").expect("read");
        assert_eq!(all.len(), total);
        assert!(all.chunks(piece.len()).all(|chunk| chunk == piece));
    }

    #[test]
    fn a_dead_id_finds_nothing() {
        let mut bench = Bench::new();
        let stale = ConnId { generation: CONN.generation - 1, ..CONN };
        assert_eq!(bench.sockets.write(stale, Out { slices: &[b"x"] }), WriteOutcome::Taken(0));
        bench.sockets.remove(stale);
        assert_eq!(bench.sockets.len(), 1);
    }

    #[test]
    fn a_write_to_a_closed_peer_fails_once() {
        let mut bench = Bench::new();
        socket2::SockRef::from(&bench.peer).set_linger(Some(Duration::ZERO)).expect("linger");
        let spare = TcpListener::bind("127.0.0.1:0").expect("bind");
        bench.peer = TcpStream::connect(spare.local_addr().expect("address")).expect("connect");
        std::thread::sleep(Duration::from_millis(20));
        let out = Out { slices: &[b"x"] };
        assert_eq!(bench.sockets.write(CONN, out), WriteOutcome::Failed(CloseWhy::Reset));
        assert_eq!(bench.sockets.write(CONN, out), WriteOutcome::Taken(0));
        assert!(!bench.sockets.begin_read(CONN));
    }
}

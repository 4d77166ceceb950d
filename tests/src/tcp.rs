//! A server behind TCP: a real Redis, or norn with its real runtime.
//!
//! *Invariants*: `settle` is a barrier of two PINGs on a connection of its own. The server is one thread that flushes
//! what a turn produced before it sleeps, so by the second PONG everything earlier is in the sockets. What a server
//! reads or writes in more than one turn takes as many PINGs more.

use crate::target::Target;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// Longest wait for anything that must come.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// Bytes that a server takes from one connection in one turn at least.
const READ: usize = 8 << 10;

/// Bytes that a server may give to one connection in one turn at most and still have more.
const WRITTEN: usize = 16 << 10;

/// Raw sockets to one address.
pub struct Tcp {
    address: SocketAddr,
    conns: Vec<Conn>,
    control: Option<TcpStream>,
    barrier: Duration,
    sent: usize,
}

struct Conn {
    stream: TcpStream,
    received: Vec<u8>,
    closed: bool,
}

impl Tcp {
    /// Talks to `address`; nothing is opened yet.
    #[must_use]
    pub fn new(address: SocketAddr) -> Self {
        Self { address, conns: Vec::new(), control: None, barrier: Duration::from_secs(2), sent: 0 }
    }

    /// The time after which a barrier that stays unanswered (CLIENT PAUSE) counts as passed.
    pub fn barrier_timeout(&mut self, limit: Duration) {
        self.barrier = limit;
    }

    fn ping(&mut self) -> bool {
        if self.control.is_none() {
            let Ok(stream) = TcpStream::connect_timeout(&self.address, self.barrier) else { return false };
            stream.set_nodelay(true).unwrap();
            self.control = Some(stream);
        }
        let stream = self.control.as_mut().expect("just connected");
        stream.set_read_timeout(Some(self.barrier)).unwrap();
        let mut reply = [0; 512];
        let answered =
            stream.write_all(b"PING\r\n").is_ok() && matches!(stream.read(&mut reply), Ok(n) if n > 0);
        if !answered {
            self.control = None;
        }
        answered
    }

    /// Reads what has arrived and says how much.
    fn drain(&mut self) -> usize {
        let len = |conns: &[Conn]| conns.iter().map(|c| c.received.len()).sum::<usize>();
        let before = len(&self.conns);
        for conn in &mut self.conns {
            conn.drain();
        }
        len(&self.conns) - before
    }
}

impl Conn {
    fn drain(&mut self) {
        let mut chunk = [0; 64 * 1024];
        while !self.closed {
            match self.stream.read(&mut chunk) {
                Ok(0) => self.closed = true,
                Ok(n) => self.received.extend_from_slice(&chunk[..n]),
                Err(e) if e.kind() == ErrorKind::WouldBlock => return,
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(_) => self.closed = true,
            }
        }
    }
}

impl Target for Tcp {
    fn connect(&mut self) -> usize {
        let stream = TcpStream::connect_timeout(&self.address, PATIENCE).expect("the server accepts");
        stream.set_nodelay(true).unwrap();
        stream.set_nonblocking(true).unwrap();
        self.conns.push(Conn { stream, received: Vec::new(), closed: false });
        self.conns.len() - 1
    }

    fn send(&mut self, conn: usize, mut bytes: &[u8]) {
        let deadline = Instant::now() + PATIENCE;
        self.sent = self.sent.max(bytes.len());
        while !bytes.is_empty() && !self.conns[conn].closed {
            match self.conns[conn].stream.write(bytes) {
                Ok(n) => bytes = &bytes[n..],
                Err(e) if e.kind() == ErrorKind::WouldBlock => {
                    assert!(Instant::now() < deadline, "the server does not read");
                    self.drain();
                    std::thread::sleep(Duration::from_micros(200));
                }
                Err(_) => return,
            }
        }
    }

    fn settle(&mut self) {
        for _ in 0..2 + std::mem::take(&mut self.sent) / READ {
            if !self.ping() {
                break;
            }
        }
        while self.drain() >= WRITTEN && self.ping() {
            self.ping();
        }
    }

    fn take(&mut self, conn: usize) -> Vec<u8> {
        std::mem::take(&mut self.conns[conn].received)
    }

    fn is_closed(&self, conn: usize) -> bool {
        self.conns[conn].closed
    }

    fn close(&mut self, conn: usize) {
        let conn = &mut self.conns[conn];
        let _ = conn.stream.shutdown(std::net::Shutdown::Both);
        conn.closed = true;
    }

    fn advance(&mut self, span: Duration) {
        std::thread::sleep(span);
    }
}

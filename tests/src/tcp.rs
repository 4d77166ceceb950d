//! A server behind TCP: a real Redis, or norn with its real runtime.
//!
//! *Invariants*: `settle` is a barrier of two PINGs on a connection of its own. The server is one thread that flushes
//! what a turn produced before it sleeps, so by the second PONG everything earlier is in the sockets.

use crate::target::Target;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// Longest wait for anything that must come.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// Raw sockets to one address.
pub struct Tcp {
    address: SocketAddr,
    conns: Vec<Conn>,
    control: Option<TcpStream>,
    barrier: Duration,
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
        Self { address, conns: Vec::new(), control: None, barrier: Duration::from_secs(2) }
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

    fn drain(&mut self) {
        for conn in &mut self.conns {
            conn.drain();
        }
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
        if self.ping() {
            self.ping();
        }
        self.drain();
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

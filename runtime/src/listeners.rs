//! Listening sockets.
//!
//! *Owns*: binding, the options of a listener, accepting, the socket file of a Unix listener. *Does not own*: whom to
//! turn away (the node).
//! *Invariants*: a listener that may have more to accept is remembered, because its edge comes only once; when the
//! process has no descriptor left, accepting rests for a while instead of spinning.

use crate::os_text::os_text;
use crate::sockets::{OWN_TOKENS, Socket};
use mio::net::{TcpListener, UnixListener};
use mio::{Interest, Registry, Token};
use norn_core::contract::{Address, ListenAt, ListenError, ListenErrorKind, ListenerId, Mono, Peer, Span};
use socket2::{Domain, Protocol, SockAddr, Socket as RawSocket, Type};
use std::fmt::Write as _;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs as _};
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// The most connections accepted from one listener in one turn.
pub(crate) const ACCEPTS_MAX: usize = 1_000;

/// ENOPROTOOPT, EPROTONOSUPPORT, ESOCKTNOSUPPORT, EPFNOSUPPORT, EAFNOSUPPORT of Linux.
const UNSUPPORTED: [i32; 5] = [92, 93, 94, 96, 97];

/// How long accepting rests when the process has no descriptor left.
const REST: Span = Span::ms(100);

/// How often a failure to accept is told.
const COMPLAINTS: Span = Span::secs(1);

/// Tokens of listeners: [`OWN_TOKENS`], this bit, and the listener's id.
const LISTENER_TOKENS: usize = OWN_TOKENS | 1 << 30;

/// Every listener.
#[derive(Debug, Default)]
pub struct Listeners {
    list: Vec<Listener>,
    resting_until: Option<Mono>,
    /// When a failure may be told again.
    quiet_until: Mono,
}

#[derive(Debug)]
struct Listener {
    id: ListenerId,
    stands: Stands,
    /// It may have more to accept.
    ready: bool,
}

#[derive(Debug)]
enum Stands {
    Tcp(TcpListener),
    Unix(UnixListener, PathBuf),
}

/// The text of both ends of a new connection; its memory is used again and again.
#[derive(Debug, Default)]
pub struct PeerText {
    remote: End,
    local: End,
}

#[derive(Debug, Default)]
struct End {
    text: String,
    /// `None` for a Unix socket.
    tcp: Option<(u16, bool)>,
}

impl Listeners {
    /// Starts listening; the relative path of a Unix socket starts at `dir`.
    ///
    /// # Errors
    /// The system call that failed and the words of the operating system, as in `bind: Address already in use`.
    pub fn listen(
        &mut self,
        registry: &Registry,
        dir: &Path,
        id: ListenerId,
        at: &ListenAt,
    ) -> Result<(), ListenError> {
        let bound = match at {
            ListenAt::Tcp { host, port, backlog, .. } => listen_tcp(host, *port, *backlog).map(Stands::Tcp),
            ListenAt::Unix { path, perm, backlog } => {
                let path = dir.join(&**path);
                listen_unix(&path, *perm, *backlog).map(|socket| Stands::Unix(socket, path))
            }
        };
        let mut stands = bound?;
        let token = Token(LISTENER_TOKENS | id.0 as usize);
        let registered = match &mut stands {
            Stands::Tcp(socket) => registry.register(socket, token, Interest::READABLE),
            Stands::Unix(socket, _) => registry.register(socket, token, Interest::READABLE),
        };
        registered.map_err(step("epoll"))?;
        self.list.retain(|old| old.id != id);
        // Connections may have come between `listen` and the registration.
        self.list.push(Listener { id, stands, ready: true });
        Ok(())
    }

    /// Stops listening.
    pub fn unlisten(&mut self, id: ListenerId) {
        for gone in self.list.extract_if(.., |listener| listener.id == id) {
            gone.stands.unlink();
        }
    }

    /// Stops all listening, and removes the socket files.
    pub fn close(&mut self) {
        for gone in self.list.drain(..) {
            gone.stands.unlink();
        }
    }

    /// Takes note of an event; false when the token belongs to no listener.
    pub fn note(&mut self, token: Token) -> bool {
        if token.0 & LISTENER_TOKENS != LISTENER_TOKENS {
            return false;
        }
        let id = (token.0 & !LISTENER_TOKENS) as u32;
        for listener in self.list.iter_mut().filter(|listener| listener.id.0 == id) {
            listener.ready = true;
        }
        true
    }

    /// Whether some listener may have more to accept at this time.
    #[must_use]
    pub fn has_ready(&self, now: Mono) -> bool {
        !self.rests(now) && self.list.iter().any(|listener| listener.ready)
    }

    /// When accepting goes on, if it rests with work to do.
    #[must_use]
    pub fn next_wake(&self) -> Option<Mono> {
        self.resting_until.filter(|_| self.list.iter().any(|listener| listener.ready))
    }

    /// How many listeners there are; each has a place `0..len`.
    #[must_use]
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The TCP addresses listened on.
    #[must_use]
    pub fn addresses(&self) -> Vec<SocketAddr> {
        let address = |listener: &Listener| match &listener.stands {
            Stands::Tcp(socket) => socket.local_addr().ok(),
            Stands::Unix(..) => None,
        };
        self.list.iter().filter_map(address).collect()
    }

    /// The next connection at the listener in `place`, its ends written to `text`. `Ok(None)` when there is none.
    ///
    /// # Errors
    /// When the process or the system is out of descriptors or memory; accepting rests then. Told once a second.
    pub fn accept(
        &mut self,
        place: usize,
        now: Mono,
        text: &mut PeerText,
    ) -> io::Result<Option<(ListenerId, Socket)>> {
        if self.rests(now) {
            return Ok(None);
        }
        let Some(listener) = self.list.get_mut(place).filter(|listener| listener.ready) else {
            return Ok(None);
        };
        loop {
            let error = match listener.stands.accept(text) {
                Ok(socket) => return Ok(Some((listener.id, socket))),
                Err(error) => error,
            };
            match error.kind() {
                io::ErrorKind::WouldBlock => {
                    listener.ready = false;
                    return Ok(None);
                }
                // The peer was gone before it was accepted: the next one, please.
                io::ErrorKind::Interrupted | io::ErrorKind::ConnectionAborted => {}
                _ => {
                    self.resting_until = Some(now + REST);
                    if now < self.quiet_until {
                        return Ok(None);
                    }
                    self.quiet_until = now + COMPLAINTS;
                    return Err(error);
                }
            }
        }
    }

    fn rests(&self, now: Mono) -> bool {
        self.resting_until.is_some_and(|until| now < until)
    }
}

impl Stands {
    fn accept(&self, text: &mut PeerText) -> io::Result<Socket> {
        match self {
            Self::Tcp(listener) => {
                let (stream, remote) = listener.accept()?;
                text.set_tcp(remote, stream.local_addr().unwrap_or(remote));
                Ok(Socket::Tcp(stream))
            }
            Self::Unix(listener, path) => {
                let (stream, _) = listener.accept()?;
                text.set_unix(&path.to_string_lossy());
                Ok(Socket::Unix(stream))
            }
        }
    }

    fn unlink(&self) {
        if let Self::Unix(_, path) = self {
            drop(std::fs::remove_file(path));
        }
    }
}

impl PeerText {
    /// Both ends of a TCP connection.
    pub fn set_tcp(&mut self, remote: SocketAddr, local: SocketAddr) {
        self.remote.set(remote);
        self.local.set(local);
    }

    /// Both ends of a dialed connection.
    ///
    /// # Errors
    /// When the connection is gone already.
    pub fn set_from(&mut self, socket: &Socket) -> io::Result<()> {
        match socket {
            Socket::Tcp(stream) => self.set_tcp(stream.peer_addr()?, stream.local_addr()?),
            Socket::Unix(_) => self.set_unix(""),
        }
        Ok(())
    }

    fn set_unix(&mut self, path: &str) {
        for end in [&mut self.remote, &mut self.local] {
            end.text.clear();
            end.text.push_str(path);
            end.tcp = None;
        }
    }

    /// The ends as the contract wants them.
    #[must_use]
    pub fn peer(&self) -> Peer<'_> {
        Peer { remote: self.remote.address(), local: self.local.address() }
    }
}

impl End {
    fn set(&mut self, address: SocketAddr) {
        self.text.clear();
        // Writing to a String cannot fail.
        let _ = write!(self.text, "{}", address.ip());
        self.tcp = Some((address.port(), address.ip().is_loopback()));
    }

    fn address(&self) -> Address<'_> {
        match self.tcp {
            Some((port, loopback)) => Address::Tcp { ip: &self.text, port, loopback },
            None => Address::Unix(&self.text),
        }
    }
}

fn listen_tcp(host: &str, port: u16, backlog: u32) -> Result<TcpListener, ListenError> {
    let address = resolve(host, port)?;
    let socket = RawSocket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP));
    let socket = socket.map_err(step("socket"))?;
    if address.is_ipv6() {
        socket.set_only_v6(true).map_err(step("setsockopt"))?;
    }
    socket.set_reuse_address(true).map_err(step("setsockopt SO_REUSEADDR"))?;
    bind_and_listen(&socket, &address.into(), backlog)?;
    Ok(TcpListener::from_std(socket.into()))
}

/// Literal addresses; a host name is looked up here and now, which only a start-up may do.
fn resolve(host: &str, port: u16) -> Result<SocketAddr, ListenError> {
    match host {
        "*" => Ok((Ipv4Addr::UNSPECIFIED, port).into()),
        "::*" => Ok((Ipv6Addr::UNSPECIFIED, port).into()),
        name => {
            let unknown = |text: String| ListenError { text: text.into(), kind: ListenErrorKind::Other };
            let mut found = (name, port).to_socket_addrs().map_err(|error| unknown(os_text(&error)))?;
            found.next().ok_or_else(|| unknown("Name or service not known".to_owned()))
        }
    }
}

fn listen_unix(path: &Path, perm: u32, backlog: u32) -> Result<UnixListener, ListenError> {
    let stale = std::fs::symlink_metadata(path).is_ok_and(|found| found.file_type().is_socket());
    if stale {
        std::fs::remove_file(path).map_err(step("unlink"))?;
    }
    let address = SockAddr::unix(path).map_err(step("bind"))?;
    let socket = RawSocket::new(Domain::UNIX, Type::STREAM, None).map_err(step("socket"))?;
    bind_and_listen(&socket, &address, backlog)?;
    if perm != 0 {
        let mode = std::fs::Permissions::from_mode(perm);
        std::fs::set_permissions(path, mode).map_err(step("chmod"))?;
    }
    Ok(UnixListener::from_std(socket.into()))
}

fn bind_and_listen(socket: &RawSocket, address: &SockAddr, backlog: u32) -> Result<(), ListenError> {
    socket.set_nonblocking(true).map_err(step("fcntl"))?;
    socket.bind(address).map_err(step("bind"))?;
    let backlog = i32::try_from(backlog).unwrap_or(i32::MAX);
    socket.listen(backlog).map_err(step("listen"))
}

/// The error of a system call.
fn step(call: &str) -> impl Fn(io::Error) -> ListenError + '_ {
    move |error| {
        let text = format!("{call}: {}", os_text(&error)).into();
        let kind = match error.raw_os_error() {
            _ if error.kind() == io::ErrorKind::AddrNotAvailable => ListenErrorKind::NotAvailable,
            Some(errno) if UNSUPPORTED.contains(&errno) => ListenErrorKind::Unsupported,
            _ => ListenErrorKind::Other,
        };
        ListenError { text, kind }
    }
}

#[cfg(test)]
mod tests {
    use super::{Listeners, PeerText};
    use crate::testing::TempDir;
    use mio::{Events, Poll};
    use norn_core::contract::{Address, ListenAt, ListenerId, Mono};
    use std::net::{SocketAddr, TcpListener, TcpStream};
    use std::os::unix::fs::PermissionsExt as _;
    use std::os::unix::net::UnixStream;
    use std::path::Path;

    fn tcp(host: &str, port: u16) -> ListenAt {
        ListenAt::Tcp { host: host.into(), port, backlog: 16, optional: false }
    }

    fn bench() -> (Poll, Listeners, PeerText) {
        (Poll::new().expect("poll"), Listeners::default(), PeerText::default())
    }

    #[test]
    fn a_tcp_peer_is_accepted_with_both_its_ends() {
        let (poll, mut listeners, mut text) = bench();
        listeners
            .listen(poll.registry(), Path::new("/"), ListenerId(4), &tcp("127.0.0.1", 0))
            .expect("listen");
        let at = listeners.addresses()[0];
        let client = TcpStream::connect(at).expect("connect");
        assert!(listeners.has_ready(Mono(1)));
        let accepted = listeners.accept(0, Mono(1), &mut text).expect("accept").expect("a peer");
        assert_eq!(accepted.0, ListenerId(4));
        let port = client.local_addr().expect("address").port();
        assert_eq!(text.peer().remote, Address::Tcp { ip: "127.0.0.1", port, loopback: true });
        assert_eq!(text.peer().local, Address::Tcp { ip: "127.0.0.1", port: at.port(), loopback: true });
        assert!(listeners.accept(0, Mono(1), &mut text).expect("accept").is_none());
        assert!(!listeners.has_ready(Mono(1)));
        drop(TcpStream::connect(at).expect("connect"));
        let mut poll = poll;
        let mut events = Events::with_capacity(4);
        poll.poll(&mut events, Some(std::time::Duration::from_secs(5))).expect("poll");
        assert!(events.iter().all(|event| listeners.note(event.token())));
        assert!(listeners.has_ready(Mono(1)));
    }

    #[test]
    fn every_ipv4_and_every_ipv6_address_share_a_port() {
        let (poll, mut listeners, _) = bench();
        listeners.listen(poll.registry(), Path::new("/"), ListenerId(0), &tcp("*", 0)).expect("listen");
        let port = listeners.addresses()[0].port();
        match listeners.listen(poll.registry(), Path::new("/"), ListenerId(1), &tcp("::*", port)) {
            Ok(()) => assert_eq!(listeners.addresses()[1], SocketAddr::from(([0_u16; 8], port))),
            // A machine without IPv6.
            Err(error) => assert!(!error.text.contains("in use"), "{}", error.text),
        }
    }

    #[test]
    fn failures_name_the_call_and_the_reason() {
        let (poll, mut listeners, _) = bench();
        let taken = TcpListener::bind("127.0.0.1:0").expect("bind");
        let port = taken.local_addr().expect("address").port();
        let mut text = |at: &ListenAt| {
            listeners.listen(poll.registry(), Path::new("/"), ListenerId(0), at).expect_err("must fail").text
        };
        assert_eq!(&*text(&tcp("127.0.0.1", port)), "bind: Address already in use");
        assert_eq!(&*text(&tcp("192.0.2.1", port)), "bind: Cannot assign requested address");
        let missing = ListenAt::Unix { path: "/no/such/dir/s".into(), perm: 0, backlog: 16 };
        assert_eq!(&*text(&missing), "bind: No such file or directory");
    }

    #[test]
    fn a_unix_socket_replaces_a_stale_one_and_vanishes_at_the_end() {
        let (poll, mut listeners, mut text) = bench();
        let dir = TempDir::new("listen-unix");
        let path = dir.path().join("s");
        let name = path.to_str().expect("UTF-8").to_owned();
        drop(std::os::unix::net::UnixListener::bind(&path).expect("stale socket"));
        let at = ListenAt::Unix { path: name.clone().into(), perm: 0o700, backlog: 16 };
        listeners.listen(poll.registry(), Path::new("/"), ListenerId(0), &at).expect("listen");
        let mode = std::fs::metadata(&path).expect("socket").permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        let _client = UnixStream::connect(&path).expect("connect");
        assert!(listeners.accept(0, Mono(1), &mut text).expect("accept").is_some());
        assert_eq!(text.peer().remote, Address::Unix(&name));
        listeners.unlisten(ListenerId(0));
        assert!(listeners.is_empty() && !path.exists());
    }

    #[test]
    fn a_file_that_is_no_socket_is_not_removed() {
        let (poll, mut listeners, _) = bench();
        let dir = TempDir::new("listen-file");
        let path = dir.path().join("precious");
        std::fs::write(&path, "data").expect("file");
        let at = ListenAt::Unix { path: path.to_str().expect("UTF-8").into(), perm: 0, backlog: 16 };
        let error =
            listeners.listen(poll.registry(), Path::new("/"), ListenerId(0), &at).expect_err("must fail");
        assert_eq!(&*error.text, "bind: Address already in use");
        assert!(path.exists());
    }
}

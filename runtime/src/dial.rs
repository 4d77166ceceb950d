//! Outgoing connections.
//!
//! *Owns*: looking up host names (a thread per name), the non-blocking connect, `bind-source-addr`, trying one address
//! after the other. *Does not own*: when to give up (the node cancels), the connection once it stands (`sockets`).
//! *Invariants*: a dial is answered at most once, and not at all after it was cancelled; nothing here blocks.

use crate::os_text::os_text;
use crate::reports::{Report, Reporter};
use crate::sockets::{OWN_TOKENS, Socket};
use mio::net::TcpStream;
use mio::{Interest, Registry, Token};
use norn_core::contract::{DialError, DialTarget, LinkId};
use socket2::{Domain, Protocol, Socket as RawSocket, Type};
use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _};

/// Tokens of dials: [`OWN_TOKENS`], this bit, and the low bits of the attempt.
const DIAL_TOKENS: usize = OWN_TOKENS | 1 << 29;
const ATTEMPT_MASK: u64 = (1 << 29) - 1;

/// EINPROGRESS and ENOTCONN, which std has no names for.
const IN_PROGRESS: i32 = 115;
const NOT_CONNECTED: i32 = 107;

/// Every dial under way.
#[derive(Debug)]
pub struct Dials {
    reporter: Reporter,
    list: Vec<Dial>,
    answers: VecDeque<(LinkId, Result<Socket, DialError>)>,
    next_attempt: u64,
}

#[derive(Debug)]
struct Dial {
    link: LinkId,
    /// Unique, unlike the link: a late answer of a resolver finds nothing.
    attempt: u64,
    target: DialTarget,
    /// Addresses not tried yet.
    left: VecDeque<SocketAddr>,
    /// The connect under way; `None` while the name is looked up.
    stream: Option<TcpStream>,
}

/// What a look at a connect showed.
enum Progress {
    Waiting,
    Connected,
    Failed(io::Error),
}

impl Dials {
    /// No dials yet. Resolver threads report through `reporter`.
    #[must_use]
    pub fn new(reporter: Reporter) -> Self {
        Self { reporter, list: Vec::new(), answers: VecDeque::new(), next_attempt: 0 }
    }

    /// Starts a dial.
    pub fn dial(&mut self, registry: &Registry, link: LinkId, target: &DialTarget) {
        let attempt = self.next_attempt;
        self.next_attempt += 1;
        let dial = Dial { link, attempt, target: target.clone(), left: VecDeque::new(), stream: None };
        self.list.push(dial);
        if let Ok(ip) = target.host.parse::<IpAddr>() {
            return self.resolved(registry, attempt, Ok(vec![(ip, target.port).into()]));
        }
        let (host, port, reporter) = (target.host.clone(), target.port, self.reporter.clone());
        let look_up = move || {
            let found = (&*host, port).to_socket_addrs().map(Iterator::collect);
            let result = found.map_err(|error| os_text(&error));
            reporter.send(Report::Resolved { attempt, result });
        };
        if let Err(error) = std::thread::Builder::new().name("resolver".to_owned()).spawn(look_up) {
            self.resolved(registry, attempt, Err(os_text(&error)));
        }
    }

    /// Forgets a dial, and an answer that was not fetched yet.
    pub fn cancel(&mut self, link: LinkId) {
        self.list.retain(|dial| dial.link != link);
        self.answers.retain(|(answered, _)| *answered != link);
    }

    /// A resolver's report.
    pub fn resolved(&mut self, registry: &Registry, attempt: u64, result: Result<Vec<SocketAddr>, String>) {
        let Some(place) = self.list.iter().position(|dial| dial.attempt == attempt) else { return };
        match result {
            Ok(found) => {
                self.list[place].left = found.into();
                self.try_next(registry, place, "Name or service not known".to_owned());
            }
            Err(text) => self.answer(place, Err(text)),
        }
    }

    /// Takes note of an event; false when the token belongs to no dial.
    pub fn note(&mut self, registry: &Registry, token: Token) -> bool {
        if token.0 & !(ATTEMPT_MASK as usize) != DIAL_TOKENS {
            return false;
        }
        let wanted = (token.0 as u64) & ATTEMPT_MASK;
        if let Some(place) = self.list.iter().position(|dial| dial.attempt & ATTEMPT_MASK == wanted) {
            match self.list[place].progress() {
                Progress::Waiting => {}
                Progress::Connected => {
                    let stream = self.list[place].stream.take();
                    self.answer(place, stream.ok_or_else(String::new));
                }
                Progress::Failed(error) => self.try_next(registry, place, os_text(&error)),
            }
        }
        true
    }

    /// Whether an answer waits to be fetched.
    #[must_use]
    pub fn has_answers(&self) -> bool {
        !self.answers.is_empty()
    }

    /// The next answer. A socket is registered already, under the token of its dial.
    pub fn next_answer(&mut self) -> Option<(LinkId, Result<Socket, DialError>)> {
        self.answers.pop_front()
    }

    /// Connects to the next address that does not fail at once; `text` is the reason if there is none.
    fn try_next(&mut self, registry: &Registry, place: usize, mut text: String) {
        let dial = &mut self.list[place];
        dial.stream = None;
        while let Some(address) = dial.left.pop_front() {
            match dial.connect(registry, address) {
                Ok(stream) => {
                    dial.stream = Some(stream);
                    return;
                }
                Err(error) => text = os_text(&error),
            }
        }
        self.answer(place, Err(text));
    }

    fn answer(&mut self, place: usize, result: Result<TcpStream, String>) {
        let dial = self.list.swap_remove(place);
        let result = result.map(Socket::Tcp).map_err(|text| DialError(text.into()));
        if let Ok(socket) = &result {
            socket.set_options(dial.target.nodelay, dial.target.keepalive_secs);
        }
        self.answers.push_back((dial.link, result));
    }
}

impl Dial {
    fn connect(&self, registry: &Registry, address: SocketAddr) -> io::Result<TcpStream> {
        let socket = RawSocket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
        socket.set_nonblocking(true)?;
        if let Some(source) = &self.target.source {
            bind_source(&socket, source, address)?;
        }
        match socket.connect(&address.into()) {
            Ok(()) => {}
            Err(error) if error.raw_os_error() == Some(IN_PROGRESS) => {}
            Err(error) => return Err(error),
        }
        let mut stream = TcpStream::from_std(socket.into());
        let token = Token(DIAL_TOKENS | (self.attempt & ATTEMPT_MASK) as usize);
        registry.register(&mut stream, token, Interest::READABLE | Interest::WRITABLE)?;
        Ok(stream)
    }

    fn progress(&self) -> Progress {
        let Some(stream) = &self.stream else { return Progress::Waiting };
        match stream.take_error() {
            Ok(None) => {}
            Ok(Some(error)) | Err(error) => return Progress::Failed(error),
        }
        match stream.peer_addr() {
            Ok(_) => Progress::Connected,
            Err(error) if error.raw_os_error() == Some(NOT_CONNECTED) => Progress::Waiting,
            Err(error) => Progress::Failed(error),
        }
    }
}

/// Binds to the source address; one of the wrong family is left out, as the target could never be reached from it.
fn bind_source(socket: &RawSocket, source: &str, to: SocketAddr) -> io::Result<()> {
    let mut found = (source, 0).to_socket_addrs()?;
    match found.find(|address| address.is_ipv4() == to.is_ipv4()) {
        Some(address) => {
            socket.set_reuse_address(true)?;
            socket.bind(&address.into())
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::Dials;
    use crate::reports::{Report, Reports, reports};
    use crate::sockets::Socket;
    use mio::{Events, Poll, Token, Waker};
    use norn_core::contract::{DialTarget, LinkId};
    use std::net::TcpListener;
    use std::time::{Duration, Instant};

    struct Bench {
        poll: Poll,
        dials: Dials,
        inbox: Reports,
    }

    impl Bench {
        fn new() -> Self {
            let poll = Poll::new().expect("poll");
            let waker = Waker::new(poll.registry(), Token(0)).expect("waker");
            let (reporter, inbox) = reports(waker);
            Self { poll, dials: Dials::new(reporter), inbox }
        }

        fn dial(&mut self, host: &str, port: u16, source: Option<&str>) {
            let target = DialTarget {
                host: host.into(),
                port,
                source: source.map(Into::into),
                keepalive_secs: 60,
                nodelay: true,
            };
            self.dials.dial(self.poll.registry(), LinkId(5), &target);
        }

        fn answer(&mut self, patience: Duration) -> Option<Result<Socket, String>> {
            let end = Instant::now() + patience;
            let mut events = Events::with_capacity(8);
            while !self.dials.has_answers() && Instant::now() < end {
                self.poll.poll(&mut events, Some(Duration::from_millis(50))).expect("poll");
                for event in &events {
                    self.dials.note(self.poll.registry(), event.token());
                }
                self.inbox.begin();
                while let Some(Report::Resolved { attempt, result }) = self.inbox.next() {
                    self.dials.resolved(self.poll.registry(), attempt, result);
                }
            }
            self.dials.next_answer().map(|(link, result)| {
                assert_eq!(link, LinkId(5));
                result.map_err(|error| error.0.into())
            })
        }
    }

    const LONG: Duration = Duration::from_secs(10);

    fn listener() -> (TcpListener, u16) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("bind");
        let port = listener.local_addr().expect("address").port();
        (listener, port)
    }

    #[test]
    fn a_literal_address_connects() {
        let (listener, port) = listener();
        let mut bench = Bench::new();
        bench.dial("127.0.0.1", port, None);
        let Some(Ok(Socket::Tcp(stream))) = bench.answer(LONG) else { panic!("must connect") };
        let (_, peer) = listener.accept().expect("accept");
        assert_eq!(stream.local_addr().expect("address"), peer);
        assert!(stream.nodelay().expect("option"));
    }

    #[test]
    fn a_name_is_looked_up_and_every_address_tried() {
        // The listener is on IPv4 only; the name may well give an IPv6 address first.
        let (_listener, port) = listener();
        let mut bench = Bench::new();
        bench.dial("localhost", port, None);
        assert!(matches!(bench.answer(LONG), Some(Ok(_))));
    }

    #[test]
    fn the_source_address_is_used() {
        let (listener, port) = listener();
        let mut bench = Bench::new();
        bench.dial("127.0.0.1", port, Some("127.0.0.9"));
        assert!(matches!(bench.answer(LONG), Some(Ok(_))));
        let (_, peer) = listener.accept().expect("accept");
        assert_eq!(peer.ip().to_string(), "127.0.0.9");
    }

    #[test]
    fn refusal_and_an_unknown_name_are_answers() {
        let (listener, port) = listener();
        drop(listener);
        let mut bench = Bench::new();
        bench.dial("127.0.0.1", port, None);
        let refused = bench.answer(LONG).expect("an answer").expect_err("must fail");
        assert_eq!(refused, "Connection refused");
        bench.dial("no such host.invalid", port, None);
        assert!(bench.answer(Duration::from_secs(30)).expect("an answer").is_err());
    }

    #[test]
    fn a_cancelled_dial_is_not_answered() {
        let (_listener, port) = listener();
        let mut bench = Bench::new();
        bench.dial("127.0.0.1", port, None);
        bench.dials.cancel(LinkId(5));
        assert!(bench.answer(Duration::from_millis(200)).is_none());
    }
}

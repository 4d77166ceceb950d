//! The input side of one connection.
//!
//! *Owns*: bytes received and not yet executed, and how far an incomplete command was understood.
//! *Does not own*: the rules of the protocol (`parse`), the commands found (`window`), the buffer that all connections
//! share for reading.
//! *Invariants*: `pos` is the first byte of a command whenever nothing is being parsed; what `partial` knows counts
//! from there; an idle connection holds no heap memory.
//!
//! One turn of a connection: [`Inbox::space`], the driver reads, [`Inbox::received`], then [`Inbox::next_window`] and
//! execution until it finds no more commands, then [`Inbox::settle`]. Bytes are parsed where they were read to, which
//! is the shared buffer in all but two cases: a long incomplete command collects in a buffer of this connection, and
//! an argument of `big_bulk_min` bytes or more in a buffer of its own, which becomes the value stored.

use super::args::{ArgSpan, Args};
use super::parse::{self, Cursor, Head, Limits, ProtocolError, Scan, Step};
use super::window::{Form, Window};
use alloc::boxed::Box;
use alloc::vec::Vec;
use bytes::Bytes;

/// What a connection has sent and the server has not executed.
#[derive(Clone, Debug, Default)]
pub struct Inbox {
    /// Received bytes when they are kept from turn to turn; its length is what is allocated, not what is filled.
    own: Vec<u8>,
    partial: Option<Box<Partial>>,
    /// End of the received bytes in `own` or in the shared buffer.
    filled: u32,
    /// First byte not handed out.
    pos: u32,
    place: Place,
    lent: Lent,
}

/// Where the received bytes are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Shared,
    Own,
}

/// What `space` lent last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Lent {
    /// The shared buffer.
    #[default]
    Shared,
    /// The shared buffer behind a copy of what `own` holds.
    Behind,
    /// The free end of `own`.
    Own,
    /// The free end of the argument being collected.
    Big,
}

/// An incomplete command of which enough is known to be worth keeping.
#[derive(Clone, Debug)]
struct Partial {
    cursor: Cursor,
    spans: Vec<ArgSpan>,
    bigs: Vec<Bytes>,
    current: Option<Collecting>,
    /// A big argument is complete and the two bytes after it have not been passed over.
    at_tail: bool,
    /// Bytes of complete big arguments that are not in the received bytes any more.
    moved: u64,
}

/// A big argument on its way in.
#[derive(Clone, Debug)]
struct Collecting {
    /// Its length is what is allocated.
    bytes: Vec<u8>,
    filled: usize,
    want: usize,
}

/// What starts at a position of the input.
enum Found {
    /// A command, now in the window; the next one starts at the position.
    Frame(usize),
    /// Nothing to execute up to the position.
    Nothing(usize),
    /// A command that is not complete.
    Unfinished(Option<Cursor>),
    /// A command with a big argument.
    Large(Cursor),
}

impl Inbox {
    /// At least this much room is lent when reading into the connection's own buffer.
    const READ_MIN: usize = 16 * 1024;
    /// Up to this many waiting bytes are copied in front of the shared buffer rather than collected in `own`.
    const COPY_MAX: usize = 16 * 1024;
    /// An own buffer of this size is cut down when little of it is used.
    const SHRINK_MIN: usize = 32 * 1024;
    /// An incomplete command of fewer arguments is parsed again from its start.
    const KEEP_MIN: usize = 16;
    /// Positions are 32-bit numbers, which bounds what is held of one connection in one piece.
    const HELD_MAX: usize = 3 << 30;

    /// Where to read the connection's next bytes to. Never empty while `shared` is not.
    ///
    /// # Panics
    /// When bytes in the shared buffer were not settled.
    pub fn space<'a>(&'a mut self, shared: &'a mut [u8]) -> &'a mut [u8] {
        let held = (self.filled - self.pos) as usize;
        let collecting = self.partial.as_ref().and_then(|partial| partial.current.as_ref());
        self.lent = if collecting.is_some_and(|big| big.filled < big.want) {
            Lent::Big
        } else if self.place == Place::Shared {
            assert_eq!(self.filled, 0, "bytes left in the shared buffer");
            Lent::Shared
        } else if held <= Self::COPY_MAX.min(shared.len() / 2) {
            shared[..held].copy_from_slice(&self.own[self.pos as usize..self.filled as usize]);
            Lent::Behind
        } else {
            self.make_room();
            Lent::Own
        };
        match self.lent {
            Lent::Shared => shared,
            Lent::Behind => &mut shared[held..],
            Lent::Own => &mut self.own[self.filled as usize..],
            Lent::Big => match self.partial.as_mut().and_then(|partial| partial.current.as_mut()) {
                Some(big) => big.room(),
                None => &mut [],
            },
        }
    }

    /// Takes note that `len` bytes were read into what `space` just lent.
    pub fn received(&mut self, len: usize) {
        match self.lent {
            Lent::Shared => self.filled = len as u32,
            Lent::Behind => {
                self.filled = self.filled - self.pos + len as u32;
                (self.pos, self.place) = (0, Place::Shared);
            }
            Lent::Own => self.filled += len as u32,
            Lent::Big => {
                if let Some(big) = self.partial.as_mut().and_then(|partial| partial.current.as_mut()) {
                    big.filled += len;
                }
            }
        }
    }

    /// Puts the next commands into `w`, at most `max_frames` of them. `shared` is the buffer that `space` was given.
    ///
    /// An error is found only when it is the next thing to execute. Before authentication one command is found at a
    /// time, because it may change what the next one may be.
    pub fn next_window(&mut self, shared: &[u8], limits: &Limits, max_frames: usize, w: &mut Window) -> Step {
        w.clear();
        let max_frames = if limits.authenticated { max_frames.max(1) } else { 1 };
        while self.partial.is_none() && w.len() < max_frames {
            let first = w.spans.len();
            let raw = raw(self.place, &self.own, shared, self.filled);
            match find(raw, self.pos as usize, limits, w) {
                Ok(Found::Frame(next) | Found::Nothing(next)) => self.pos = next as u32,
                _ if !w.is_empty() => break,
                Ok(Found::Unfinished(cursor)) => {
                    if let Some(cursor) = cursor.filter(|_| w.spans.len() - first >= Self::KEEP_MIN) {
                        self.partial = Some(Partial::new(cursor, w.spans[first..].to_vec()));
                    }
                    return self.need_more(limits);
                }
                Ok(Found::Large(cursor)) => {
                    self.partial = Some(Partial::new(cursor, w.spans[first..].to_vec()));
                    w.spans.truncate(first);
                }
                Err(error) => return Step::Error(error),
            }
        }
        match &mut self.partial {
            Some(partial) if w.is_empty() => {
                let raw = raw(self.place, &self.own, shared, self.filled);
                match partial.resume(&raw[self.pos as usize..], limits) {
                    Ok(true) => self.deliver(w),
                    Ok(false) => {
                        if partial.current.is_some() {
                            // What was collected is not kept twice.
                            self.filled = self.filled.min(self.pos + partial.cursor.next as u32);
                        }
                        self.need_more(limits)
                    }
                    Err(error) => Step::Error(error),
                }
            }
            _ => Step::Frames,
        }
    }

    /// The arguments of command `frame` of the window that `next_window` filled last.
    #[inline]
    #[must_use]
    pub fn args<'a>(&'a self, shared: &'a [u8], w: &'a Window, frame: usize) -> Args<'a> {
        w.args(raw(self.place, &self.own, shared, self.filled), frame)
    }

    /// Takes back command `frame` of the window that `next_window` filled last and all that follow it: they are found
    /// again later. To be called before `settle`.
    pub fn unread(&mut self, w: &Window, frame: usize) {
        let Some(frame) = w.frames.get(frame) else {
            return;
        };
        self.pos = frame.input.start;
        if !w.bigs.is_empty() {
            let next = (frame.input.end - frame.input.start) as usize;
            let mut partial = Partial::new(Cursor { next, left: 0, clean: false }, w.spans.clone());
            partial.bigs.clone_from(&w.bigs);
            partial.moved = w.moved;
            self.partial = Some(partial);
        }
    }

    /// Ends the connection's turn: what is left in the shared buffer moves to a buffer of its own; a buffer that
    /// holds nothing is given back.
    pub fn settle(&mut self, shared: &[u8]) {
        let held = self.pos as usize..self.filled as usize;
        if held.is_empty() {
            self.own = Vec::new();
            self.place = Place::Shared;
            (self.pos, self.filled) = (0, 0);
            return;
        }
        match self.place {
            Place::Shared => {
                self.own.clear();
                self.own.reserve_exact(held.len());
                self.own.extend_from_slice(&shared[held.clone()]);
            }
            Place::Own if self.own.len() >= Self::SHRINK_MIN && held.len() < self.own.len() / 4 => {
                self.own = self.own[held.clone()].to_vec();
            }
            Place::Own => return,
        }
        self.place = Place::Own;
        (self.pos, self.filled) = (0, held.len() as u32);
    }

    /// Bytes received and not handed out for execution.
    #[must_use]
    pub fn buffered(&self) -> u64 {
        let moved = self.partial.as_ref().map_or(0, |partial| partial.moved + partial.collected());
        u64::from(self.filled - self.pos) + moved
    }

    /// Bytes received that come after command `frame` of the window that `next_window` filled last.
    #[must_use]
    pub fn left_after(&self, w: &Window, frame: usize) -> u64 {
        let end = w.frames.get(frame).map_or(self.pos, |frame| frame.input.end);
        u64::from(self.filled - end)
    }

    /// Whether more waits than the client may keep waiting. `next_window` asks this when it finds no command; a
    /// connection that is read from but not executed must be asked by its owner.
    #[must_use]
    pub fn is_full(&self, limits: &Limits) -> bool {
        let held = u64::from(self.filled - self.pos);
        let collected = self.partial.as_ref().map_or(0, |partial| partial.collected());
        held > Self::HELD_MAX as u64 || held + collected > limits.buffer_max()
    }

    /// Bytes this connection's input holds on the heap.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        self.own.capacity() + self.partial.as_ref().map_or(0, |partial| partial.heap_bytes())
    }

    fn need_more(&self, limits: &Limits) -> Step {
        if self.is_full(limits) { Step::QueryBufferFull } else { Step::NeedMore }
    }

    /// Hands out the command that was resumed to its end.
    fn deliver(&mut self, w: &mut Window) -> Step {
        if let Some(mut partial) = self.partial.take() {
            if w.spans.capacity() < partial.spans.len() {
                w.spans = partial.spans;
            } else {
                w.spans.clear();
                w.spans.extend_from_slice(&partial.spans);
            }
            w.moved = partial.moved;
            w.bigs.append(&mut partial.bigs);
            let start = self.pos as usize;
            let end = start + partial.cursor.next;
            let clean = partial.cursor.clean && w.bigs.is_empty();
            w.push(start..end, 0, if clean { Form::Clean } else { Form::Array });
            self.pos = end as u32;
        }
        Step::Frames
    }

    /// Makes room at the end of `own`. It doubles, so that a long command costs a constant time per byte.
    fn make_room(&mut self) {
        let held = (self.filled - self.pos) as usize;
        if self.pos as usize >= held {
            self.own.copy_within(self.pos as usize..self.filled as usize, 0);
            (self.pos, self.filled) = (0, held as u32);
        }
        let filled = self.filled as usize;
        if self.own.len() - filled < Self::READ_MIN {
            let size = (filled + filled.max(Self::READ_MIN)).min(u32::MAX as usize);
            self.own.reserve_exact(size - self.own.len());
            self.own.resize(size, 0);
        }
    }
}

impl Partial {
    fn new(cursor: Cursor, spans: Vec<ArgSpan>) -> Box<Self> {
        Box::new(Self { cursor, spans, bigs: Vec::new(), current: None, at_tail: false, moved: 0 })
    }

    /// Goes on with the command that starts `frame`; whether it is complete now.
    fn resume(&mut self, frame: &[u8], limits: &Limits) -> Result<bool, ProtocolError> {
        loop {
            if let Some(big) = self.current.take_if(|big| big.filled == big.want) {
                self.moved += big.want as u64;
                self.add_big(big.bytes.into());
            }
            if self.current.is_some() {
                return Ok(false);
            }
            if self.at_tail {
                if frame.len() < self.cursor.next + 2 {
                    return Ok(false);
                }
                self.cursor.next += 2;
                self.at_tail = false;
            }
            match parse::arguments(frame, &mut self.cursor, limits, &mut self.spans)? {
                Scan::Done => return Ok(true),
                Scan::More => return Ok(false),
                Scan::Big { start, len } => {
                    self.cursor.next = start;
                    if let Some(all) = frame[start..].get(..len) {
                        self.cursor.next += len;
                        self.add_big(Bytes::copy_from_slice(all));
                    } else {
                        self.current = Some(Collecting::start(&frame[start..], len));
                    }
                }
            }
        }
    }

    fn add_big(&mut self, bytes: Bytes) {
        self.spans.push(ArgSpan::big(self.bigs.len()));
        self.bigs.push(bytes);
        self.cursor.left -= 1;
        self.at_tail = true;
    }

    fn collected(&self) -> u64 {
        self.current.as_ref().map_or(0, |big| big.filled as u64)
    }

    fn heap_bytes(&self) -> usize {
        size_of::<Self>()
            + self.spans.capacity() * size_of::<ArgSpan>()
            + self.bigs.iter().map(|big| big.len() + size_of::<Bytes>()).sum::<usize>()
            + self.current.as_ref().map_or(0, |big| big.bytes.capacity())
    }
}

impl Collecting {
    /// A client may announce any length: no more is reserved than this, or twice what has come.
    const FIRST: usize = 64 * 1024;

    fn start(here: &[u8], want: usize) -> Self {
        let mut bytes = Vec::with_capacity(want.min(Self::FIRST.max(2 * here.len())));
        bytes.extend_from_slice(here);
        Self { filled: bytes.len(), bytes, want }
    }

    /// Room for more of the argument, and for nothing behind it.
    fn room(&mut self) -> &mut [u8] {
        if self.filled == self.bytes.len() {
            let size = self.want.min(Self::FIRST.max(2 * self.filled));
            self.bytes.reserve_exact(size - self.filled);
            self.bytes.resize(size, 0);
        }
        &mut self.bytes[self.filled..]
    }
}

/// The received bytes.
#[inline]
fn raw<'a>(place: Place, own: &'a [u8], shared: &'a [u8], filled: u32) -> &'a [u8] {
    match place {
        Place::Shared => &shared[..filled as usize],
        Place::Own => &own[..filled as usize],
    }
}

/// Looks at what starts at `at`. The arguments of a complete command and of an incomplete one are added to the spans
/// of `w`, the complete command to its frames.
#[inline]
fn find(raw: &[u8], at: usize, limits: &Limits, w: &mut Window) -> Result<Found, ProtocolError> {
    let (frame, first) = (&raw[at..], w.spans.len());
    match frame.first() {
        None => Ok(Found::Unfinished(None)),
        Some(b'*') => match parse::head(frame, limits)? {
            Head::More => Ok(Found::Unfinished(None)),
            Head::Nothing(len) => Ok(Found::Nothing(at + len)),
            Head::Command(mut cursor) => match parse::arguments(frame, &mut cursor, limits, &mut w.spans)? {
                Scan::More => Ok(Found::Unfinished(Some(cursor))),
                Scan::Big { .. } => Ok(Found::Large(cursor)),
                Scan::Done => {
                    let end = at + cursor.next;
                    w.push(at..end, first, if cursor.clean { Form::Clean } else { Form::Array });
                    Ok(Found::Frame(end))
                }
            },
        },
        Some(_) => find_inline(frame, at, w),
    }
}

#[cold]
fn find_inline(frame: &[u8], at: usize, w: &mut Window) -> Result<Found, ProtocolError> {
    let (first, start) = (w.spans.len(), w.inline.len() as u32);
    let Some(len) = parse::inline(frame, &mut w.inline, &mut w.spans)? else {
        return Ok(Found::Unfinished(None));
    };
    if w.spans.len() == first {
        return Ok(Found::Nothing(at + len));
    }
    let text = start..w.inline.len() as u32;
    w.push(at..at + len, first, Form::Inline(text));
    Ok(Found::Frame(at + len))
}

#[cfg(test)]
mod tests {
    use super::super::{OutBuf, Proto, Writer};
    use super::*;
    use proptest::prelude::*;
    use std::string::String;

    /// What a connection did, in one line per event.
    struct Peer {
        inbox: Inbox,
        shared: Vec<u8>,
        window: Window,
        limits: Limits,
        frames: Vec<Vec<Vec<u8>>>,
        end: Option<Step>,
        /// An interruption lasts until the next read.
        blocks: bool,
    }

    impl Peer {
        fn new(shared: usize, limits: Limits) -> Self {
            Self {
                inbox: Inbox::default(),
                shared: std::vec![0xee; shared],
                window: Window::default(),
                limits,
                frames: Vec::new(),
                end: None,
                blocks: false,
            }
        }

        /// Sends `bytes` in reads of at most `chunk` bytes each; `stop` commands are executed per window.
        fn send(&mut self, mut bytes: &[u8], chunk: &mut dyn FnMut() -> usize, stop: usize) {
            while !bytes.is_empty() && self.end.is_none() {
                let space = self.inbox.space(&mut self.shared);
                let n = chunk().clamp(1, space.len()).min(bytes.len());
                space[..n].copy_from_slice(&bytes[..n]);
                bytes = &bytes[n..];
                self.inbox.received(n);
                self.execute(stop);
                self.inbox.settle(&self.shared);
                // Other connections read into the same buffer.
                self.shared.fill(0xee);
            }
        }

        fn execute(&mut self, stop: usize) {
            loop {
                match self.inbox.next_window(&self.shared, &self.limits, 4, &mut self.window) {
                    Step::Frames => {
                        assert!(!self.window.is_empty() && self.window.len() <= 4);
                        for i in 0..self.window.len() {
                            if i == stop {
                                self.inbox.unread(&self.window, i);
                                if self.blocks {
                                    return;
                                }
                                break;
                            }
                            let args = self.inbox.args(&self.shared, &self.window, i);
                            assert!(!args.is_empty());
                            if let Some(wire) = args.wire() {
                                assert_eq!(wire, super::super::encode_command(args.iter()));
                            }
                            self.frames.push(args.iter().map(<[u8]>::to_vec).collect());
                        }
                    }
                    Step::NeedMore => return,
                    end => {
                        self.end = Some(end);
                        return;
                    }
                }
            }
        }
    }

    fn all_at_once(bytes: &[u8], limits: Limits) -> (Vec<Vec<Vec<u8>>>, Option<Step>) {
        let mut peer = Peer::new(bytes.len().max(1), limits);
        peer.send(bytes, &mut || usize::MAX, usize::MAX);
        (peer.frames, peer.end)
    }

    fn words(bytes: &[u8]) -> Vec<Vec<String>> {
        let (frames, end) = all_at_once(bytes, Limits::default());
        assert_eq!(end, None);
        let text = |word: &Vec<u8>| String::from_utf8_lossy(word).into_owned();
        frames.iter().map(|frame| frame.iter().map(text).collect()).collect()
    }

    #[track_caller]
    fn fails(bytes: &[u8], limits: Limits, text: &str) {
        let (_, end) = all_at_once(bytes, limits);
        let Some(Step::Error(error)) = end else { panic!("{end:?} instead of {text}") };
        let mut out = OutBuf::default();
        let mark = out.mark();
        error.write(&mut Writer::new(&mut out, Proto::Resp2));
        let want = std::format!("-ERR Protocol error: {text}\r\n");
        assert_eq!(String::from_utf8_lossy(out.since(mark)), want);
        // The same one byte at a time.
        let mut peer = Peer::new(16, limits);
        peer.send(bytes, &mut || 1, usize::MAX);
        assert_eq!(peer.end, end);
    }

    #[test]
    fn arrays_and_lines() {
        assert_eq!(words(b"*2\r\n$3\r\nGET\r\n$0\r\n\r\n"), [["GET", ""]]);
        assert_eq!(words(b"*1\r\n$12\r\nabcdefghijkl\r\n"), [["abcdefghijkl"]]);
        assert_eq!(
            words(b"SET 'a b'  \"c\\x41\"\r\nPING\n"),
            [std::vec!["SET", "a b", "cA"], std::vec!["PING"]]
        );
        // Nothing to do, whatever the form.
        assert_eq!(words(b"\r\n\n  \r\n*0\r\n*-1\r\n*-10\r\nPING\r\n"), [["PING"]]);
        // What stands after a line's CR and after an argument is not looked at.
        assert_eq!(words(b"*1\rx$4\ryPINGab*1\r\n$4\r\nPING\r\n"), [["PING"], ["PING"]]);
        // Incomplete ones wait.
        for part in [&b"*"[..], b"*1", b"*1\r", b"*1\r\n$", b"*1\r\n$4\r", b"*1\r\n$4\r\nPING\r", b"PING\r"] {
            assert_eq!(words(part), [[""; 0]; 0]);
        }
        assert_eq!(words(b"*1x"), [[""; 0]; 0]);
        assert_eq!(words(b"*1\r\nGET"), [[""; 0]; 0]);
    }

    #[test]
    fn protocol_errors() {
        let limits = Limits::default();
        fails(b"*x\r\n", limits, "invalid multibulk length");
        fails(b"*\r\n", limits, "invalid multibulk length");
        fails(b"*01\r\n", limits, "invalid multibulk length");
        fails(b"*+1\r\n", limits, "invalid multibulk length");
        fails(b"*2147483648\r\n", limits, "invalid multibulk length");
        fails(b"*99999999999999999999\r\n", limits, "invalid multibulk length");
        fails(b"*1\r\nGET\r\n", limits, "expected '$', got 'G'");
        fails(b"*1\r\n\r\n", limits, "expected '$', got ' '");
        fails(b"*2\r\n$1\r\na\r\n:1\r\n", limits, "expected '$', got ':'");
        fails(b"*1\r\n$-1\r\n", limits, "invalid bulk length");
        fails(b"*1\r\n$x\r\n", limits, "invalid bulk length");
        fails(b"*1\r\n$\r\n", limits, "invalid bulk length");
        fails(b"*1\r\n$536870913\r\n", limits, "invalid bulk length");
        fails(b"*1\r\n$9223372036854775808\r\n", limits, "invalid bulk length");
        fails(b"GET 'a\r\n", limits, "unbalanced quotes in request");
        fails(b"GET \"a\"b\r\n", limits, "unbalanced quotes in request");
        let stranger = Limits { authenticated: false, ..limits };
        fails(b"*11\r\n", stranger, "unauthenticated multibulk length");
        fails(b"*1\r\n$16385\r\n", stranger, "unauthenticated bulk length");
        let mut long = std::vec![b'1'; Limits::LINE_MAX + 1];
        let endless = |bytes: &[u8], text| {
            fails(bytes, limits, text);
            assert_eq!(all_at_once(&bytes[..bytes.len() - 1], limits).1, None, "{text}, a byte less");
        };
        endless(&long, "too big inline request");
        long[0] = b'*';
        endless(&long, "too big mbulk count string");
        endless(&[b"*1\r\n$", &long[1..]].concat(), "too big bulk count string");
    }

    #[test]
    fn a_line_of_the_greatest_length_passes() {
        let mut line = std::vec![b'a'; Limits::LINE_MAX];
        line.push(b'\n');
        assert_eq!(words(&line)[0][0].len(), Limits::LINE_MAX);
        let (_, end) = all_at_once(&line[..Limits::LINE_MAX], Limits::default());
        assert_eq!(end, None);
    }

    #[test]
    fn an_error_waits_for_the_commands_before_it() {
        let (frames, end) = all_at_once(b"PING\r\nPING\r\n*x\r\n", Limits::default());
        assert_eq!((frames.len(), end), (2, Some(Step::Error(ProtocolError::MultibulkLength))));
    }

    #[test]
    fn before_authentication_commands_come_one_by_one() {
        let mut peer = Peer::new(1000, Limits { authenticated: false, ..Limits::default() });
        let bytes = b"AUTH x\r\n*11\r\n";
        peer.inbox.space(&mut peer.shared)[..bytes.len()].copy_from_slice(bytes);
        peer.inbox.received(bytes.len());
        assert_eq!(peer.inbox.next_window(&peer.shared, &peer.limits, 16, &mut peer.window), Step::Frames);
        assert_eq!(peer.window.len(), 1);
        peer.limits.authenticated = true;
        assert_eq!(peer.inbox.next_window(&peer.shared, &peer.limits, 16, &mut peer.window), Step::NeedMore);
    }

    #[test]
    fn idle_means_no_heap() {
        assert!(size_of::<Inbox>() <= 64, "{}", size_of::<Inbox>());
        let mut peer = Peer::new(64, Limits::default());
        for _ in 0..100 {
            peer.send(b"*2\r\n$3\r\nGET\r\n$1\r\na\r\n", &mut || 7, 1);
            assert_eq!((peer.inbox.heap_bytes(), peer.inbox.buffered()), (0, 0));
        }
        assert_eq!(peer.frames.len(), 100);
        peer.send(b"*2\r\n$3\r\nGET\r\n", &mut || 7, 1);
        assert_eq!(peer.inbox.buffered(), 13);
        assert!(peer.inbox.heap_bytes() <= 13);
    }

    #[test]
    fn a_big_argument_is_collected_without_a_copy_of_it() {
        let big = std::vec![b'b'; 1_000_000];
        let mut bytes = b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1000000\r\n".to_vec();
        bytes.extend_from_slice(&big);
        bytes.extend_from_slice(b"\r\n");
        let mut peer = Peer::new(16 * 1024, Limits::default());
        let mut at = 0;
        while at < bytes.len() {
            let space = peer.inbox.space(&mut peer.shared);
            let n = space.len().min(9_999).min(bytes.len() - at);
            space[..n].copy_from_slice(&bytes[at..at + n]);
            at += n;
            peer.inbox.received(n);
            let step = peer.inbox.next_window(&peer.shared, &peer.limits, 4, &mut peer.window);
            // Never more than what was announced, nor than twice what has come.
            assert!(peer.inbox.heap_bytes() < 1_000_500.min(2 * at.max(32 * 1024) + 500), "{at}");
            if at < bytes.len() {
                assert_eq!((step, peer.inbox.buffered()), (Step::NeedMore, at as u64));
                peer.inbox.settle(&peer.shared);
            }
        }
        let args = peer.inbox.args(&peer.shared, &peer.window, 0);
        let value = args.big(2).unwrap().clone();
        assert_eq!((value.as_ref(), args.get(1), args.wire()), (&big[..], &b"k"[..], None));
        assert_eq!(peer.inbox.left_after(&peer.window, 0), 0);
        // Taken back and found again, it is the same buffer.
        peer.inbox.unread(&peer.window, 0);
        assert_eq!(peer.inbox.buffered(), bytes.len() as u64);
        peer.inbox.settle(&peer.shared);
        assert_eq!(peer.inbox.next_window(&peer.shared, &peer.limits, 4, &mut peer.window), Step::Frames);
        let args = peer.inbox.args(&peer.shared, &peer.window, 0);
        assert_eq!((args.get(1), args.get(2).as_ptr()), (&b"k"[..], value.as_ptr()));
    }

    #[test]
    fn an_announced_length_reserves_nothing() {
        let mut peer = Peer::new(1000, Limits::default());
        peer.send(b"*1000000\r\n$500000000\r\nabc", &mut || 1000, 1);
        let _ = peer.inbox.space(&mut peer.shared);
        assert!(peer.inbox.heap_bytes() < 70_000, "{}", peer.inbox.heap_bytes());
    }

    #[test]
    fn a_command_of_many_arguments_is_parsed_once() {
        const COUNT: usize = 300_000;
        let bytes = super::super::encode_command((0..COUNT).map(|_| b"x"));
        let mut peer = Peer::new(16 * 1024, Limits::default());
        let half = bytes.len() / 2;
        peer.send(&bytes[..half], &mut || 100, 1);
        let known = peer.inbox.partial.as_ref().map_or(0, |partial| partial.spans.len());
        assert!(known >= COUNT / 2 - 2, "only {known} arguments are remembered");
        peer.send(&bytes[half..], &mut || 100, 1);
        assert_eq!((peer.frames.len(), peer.frames[0].len()), (1, COUNT));
        assert_eq!(peer.inbox.heap_bytes(), 0);
    }

    #[test]
    fn too_much_waiting_is_reported() {
        let limits = Limits { query_buffer: 100_000, ..Limits::default() };
        let mut peer = Peer::new(1000, limits);
        peer.send(&std::vec![b'*'; 3], &mut || 1000, 1);
        assert_eq!(peer.end, None);
        let many = super::super::encode_command((0..50_000).map(|_| b"x"));
        let mut peer = Peer::new(1000, limits);
        peer.send(&many, &mut || 1000, 1);
        assert_eq!((peer.end, peer.frames.len()), (Some(Step::QueryBufferFull), 0));
        let mut peer = Peer::new(1000, limits);
        peer.send(b"*1\r\n$200000\r\n", &mut || 1000, 1);
        peer.send(&std::vec![b'x'; 200_000], &mut || 1000, 1);
        assert_eq!(peer.end, Some(Step::QueryBufferFull));
    }

    #[derive(Clone, Debug)]
    enum Piece {
        Command(Vec<Vec<u8>>),
        Line(Vec<u8>),
        Garbage(Vec<u8>),
    }

    fn piece() -> impl Strategy<Value = Piece> {
        let arg = prop_oneof![
            8 => prop::collection::vec(any::<u8>(), 0..12),
            1 => (90usize..300, any::<u8>()).prop_map(|(len, byte)| std::vec![byte; len]),
        ];
        prop_oneof![
            12 => prop::collection::vec(arg.clone(), 1..6).prop_map(Piece::Command),
            2 => prop::collection::vec(arg, 10..60).prop_map(Piece::Command),
            3 => "[a-z \"']{0,20}\r?\n".prop_map(|line| Piece::Line(line.into_bytes())),
            1 => "[*$0-9a\r\n-]{0,8}".prop_map(|junk| Piece::Garbage(junk.into_bytes())),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1024))]

        /// Any way of cutting the input, any size of the shared buffer and any interruption of the execution gives
        /// the same commands and the same end. Arguments of 100 bytes and more are big ones here.
        #[test]
        fn cutting_changes_nothing(
            pieces in prop::collection::vec(piece(), 1..20),
            chunks in prop::collection::vec(1usize..200, 1..20),
            shared in 8usize..300,
            stop in 1usize..5,
            blocks: bool,
        ) {
            let limits = Limits { big_bulk_min: 100, ..Limits::default() };
            let (mut bytes, mut valid, mut sent) = (Vec::new(), true, Vec::new());
            for piece in &pieces {
                match piece {
                    Piece::Command(args) => {
                        bytes.extend(super::super::encode_command(args.iter()));
                        sent.push(args.clone());
                    }
                    Piece::Line(line) | Piece::Garbage(line) => {
                        bytes.extend_from_slice(line);
                        valid = false;
                    }
                }
            }
            let whole = all_at_once(&bytes, limits);
            if valid {
                prop_assert_eq!(&whole.0, &sent);
                prop_assert_eq!(whole.1, None);
            }
            let mut peer = Peer::new(shared, limits);
            let mut next = chunks.iter().cycle();
            peer.blocks = blocks;
            peer.send(&bytes, &mut || next.next().copied().unwrap_or(1), stop);
            if peer.end.is_none() {
                peer.blocks = false;
                peer.execute(stop);
            }
            prop_assert_eq!((peer.frames, peer.end), whole);
        }

        /// Any bytes whatsoever.
        #[test]
        fn nothing_panics(bytes in prop::collection::vec(any::<u8>(), 0..200), chunk in 1usize..30) {
            let whole = all_at_once(&bytes, Limits::default());
            let mut peer = Peer::new(64, Limits::default());
            peer.send(&bytes, &mut || chunk, usize::MAX);
            prop_assert_eq!((peer.frames, peer.end), whole);
        }
    }
}

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
    const COPY_MAX: usize = 4 * 1024;
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

//! After warm-up these commands allocate nothing: a counting allocator says so.
//!
//! A binary of its own, because it replaces the allocator. The driver below allocates nothing either.

use norn_core::contract::{
    Address, ConnId, DialTarget, DiskRequest, Effects, Garbage, Input, LinkId, ListenAt, ListenerId,
    LogLevel, Now, OpId, Out, Peer, Tuning,
};
use norn_core::node::Node;
use norn_tests::loopback::Loopback;
use norn_tests::words::command;
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// Counts the allocations of each thread.
struct Counting;

thread_local! {
    static COUNT: Cell<u64> = const { Cell::new(0) };
}

fn count() {
    // A thread that is ending has no counter any more.
    let _ = COUNT.try_with(|n| n.set(n.get() + 1));
}

#[expect(unsafe_code, reason = "a global allocator cannot be written otherwise")]
// SAFETY: every call goes to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's promise is the callee's condition.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: as above.
        unsafe { System.realloc(at, layout, size) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

fn allocations() -> u64 {
    COUNT.with(Cell::get)
}

/// Takes every byte and forgets it.
struct Sink {
    bytes: usize,
    start: [u8; 64],
}

impl Effects for Sink {
    fn flush(&mut self, _conn: ConnId, out: Out<'_>) -> usize {
        for slice in out.slices {
            if self.bytes < self.start.len() {
                let len = slice.len().min(self.start.len() - self.bytes);
                self.start[self.bytes..self.bytes + len].copy_from_slice(&slice[..len]);
            }
            self.bytes += slice.len();
        }
        out.len()
    }
    fn close(&mut self, conn: ConnId) {
        panic!("{conn} was closed");
    }
    fn resume(&mut self, _conn: ConnId) {}
    fn dial(&mut self, _link: LinkId, _to: &DialTarget) {}
    fn cancel_dial(&mut self, _link: LinkId) {}
    fn listen(&mut self, _listener: ListenerId, _at: &ListenAt) {}
    fn unlisten(&mut self, _listener: ListenerId) {}
    fn disk(&mut self, _op: OpId, _request: DiskRequest) {}
    fn discard(&mut self, _garbage: Box<dyn Garbage>) {}
    fn gauges(&mut self) {}
    fn log(&mut self, _level: LogLevel, _line: &str) {}
    fn tune(&mut self, _tuning: Tuning) {}
    fn exit(&mut self, _code: u8) {}
}

struct Bench {
    node: Node,
    now: Now,
    conn: ConnId,
}

impl Bench {
    fn new() -> Self {
        let Loopback { mut node, now, .. } = Loopback::new();
        let conn = node.vacant_conn();
        let address = Address::Tcp { ip: "127.0.0.1", port: 5000, loopback: true };
        let peer = Peer { remote: address, local: address };
        node.handle(now, Input::Accepted { conn, listener: ListenerId(0), peer });
        let mut bench = Self { node, now, conn };
        bench.say(&command(
            "MSET key value:00000000 counter 1000000 long 0123456789012345678901234567890123456789",
        ));
        bench.say(&command("PFADD seen a b c"));
        bench
    }

    /// One turn with these bytes; what came back.
    fn say(&mut self, bytes: &[u8]) -> Sink {
        let mut sink = Sink { bytes: 0, start: [0; 64] };
        let space = self.node.recv_space(self.conn);
        space[..bytes.len()].copy_from_slice(bytes);
        self.node.handle(self.now, Input::Received { conn: self.conn, len: bytes.len() });
        self.node.end_turn(self.now);
        self.node.pump(self.now, &mut sink);
        sink
    }
}

/// Says the line 2,000 times after warm-up, in turns of `depth` requests, and counts.
fn allocations_of(line: &str, depth: usize) -> u64 {
    let mut bench = Bench::new();
    let bytes = command(line).repeat(depth);
    for _ in 0..200 {
        let sink = bench.say(&bytes);
        assert!(sink.bytes > 0, "no reply to {line}");
        assert_ne!(sink.start[0], b'-', "{line}: {}", String::from_utf8_lossy(&sink.start));
    }
    let before = allocations();
    for _ in 0..2_000 / depth {
        bench.say(&bytes);
    }
    allocations() - before
}

const LINES: &[&str] = &[
    "PING",
    "PING hello",
    "ECHO hello",
    "GET key",
    "GET counter",
    "GET missing",
    "SET key value:11111111",
    "SET counter 77",
    "INCR counter",
    "INCRBY counter 5",
    "DECR counter",
    "EXISTS key missing",
    "TTL key",
    "STRLEN key",
    "TYPE key",
    "MGET key counter missing",
    "GETRANGE long 3 20",
    "SETBIT bits 77 1",
    "GETBIT long 77",
    "BITCOUNT long 1 -2",
    "BITPOS long 1",
    "PFADD seen a",
    "PFCOUNT seen",
    "SELECT 0",
];

#[test]
fn one_request_a_turn() {
    for line in LINES {
        assert_eq!(allocations_of(line, 1), 0, "{line}");
    }
}

#[test]
fn sixteen_requests_a_turn() {
    for line in LINES {
        assert_eq!(allocations_of(line, 16), 0, "{line} in a pipeline of 16");
    }
}

#[test]
fn a_hundred_requests_a_turn() {
    for line in LINES {
        assert_eq!(allocations_of(line, 100), 0, "{line} in a pipeline of 100");
    }
}

/// The counter counts: a value that grows must allocate.
#[test]
fn growth_is_seen() {
    let mut bench = Bench::new();
    let before = allocations();
    for _ in 0..100 {
        bench.say(&command("APPEND grows 0123456789012345678901234567890123456789"));
    }
    assert!(allocations() > before);
}

//! What parsing commands and writing replies cost, in nanoseconds per command.
//!
//! `cargo run --release -p norn-core --example resp_bench`

use norn_core::resp::{Inbox, Limits, OutBuf, Proto, Step, Window, Writer, encode_command};
use std::hint::black_box;
use std::time::Instant;

/// Best of some runs: `run` does `per_run` commands.
fn measure(name: &str, per_run: usize, mut run: impl FnMut()) {
    let rounds = 200_000 / per_run + 1;
    let mut best = f64::INFINITY;
    for _ in 0..15 {
        let start = Instant::now();
        for _ in 0..rounds {
            run();
        }
        best = best.min(start.elapsed().as_nanos() as f64 / (rounds * per_run) as f64);
    }
    println!("{name:<44} {best:8.1} ns/command");
}

/// Reads `bytes` as a driver would, finds all commands in it and hands each to `each`.
fn turn(
    inbox: &mut Inbox,
    shared: &mut [u8],
    window: &mut Window,
    bytes: &[u8],
    mut each: impl FnMut(norn_core::resp::Args<'_>),
) {
    inbox.space(shared)[..bytes.len()].copy_from_slice(bytes);
    inbox.received(bytes.len());
    while inbox.next_window(shared, &Limits::default(), 16, window) == Step::Frames {
        for i in 0..window.len() {
            each(inbox.args(shared, window, i));
        }
    }
    inbox.settle(shared);
}

fn main() {
    let (mut inbox, mut shared, mut window) = (Inbox::default(), vec![0; 64 * 1024], Window::default());
    let get = encode_command(["GET", "key:000000001234"].iter());
    let set = encode_command(["SET", "key:000000001234", "a value of 24 bytes here"].iter());
    let mget = encode_command((0..100).map(|i| if i == 0 { "MGET" } else { "key:000000001234" }));
    for (name, command) in [("GET", &get), ("SET", &set), ("MGET of 99 keys", &mget)] {
        for depth in [1, 16, 64] {
            let bytes = command.repeat(depth);
            if bytes.len() > shared.len() {
                continue;
            }
            measure(&format!("parse {name}, pipeline of {depth}"), depth, || {
                turn(&mut inbox, &mut shared, &mut window, &bytes, |args| {
                    black_box((args.get(0), args.get(args.len() - 1)));
                });
            });
        }
    }
    let mut out = OutBuf::default();
    let mut sent = |name: &str, proto, write: &dyn Fn(&mut Writer<'_>)| {
        for depth in [1, 64] {
            measure(&format!("reply {name}, {depth} in one flush"), depth, || {
                for _ in 0..depth {
                    let mark = out.mark();
                    write(&mut Writer::new(&mut out, proto));
                    black_box(out.grew_since(mark));
                }
                let mut slices = [&[][..]; 16];
                let n = out.slices(64 * 1024, &mut slices);
                let len = black_box(&slices[..n]).iter().map(|slice| slice.len()).sum();
                out.consume(len);
            });
        }
    };
    sent("OK", Proto::Resp2, &|w| w.ok());
    sent("integer 7", Proto::Resp2, &|w| w.int(7));
    sent("integer 1234567", Proto::Resp2, &|w| w.int(1_234_567));
    sent("24 bytes", Proto::Resp2, &|w| w.bulk(b"a value of 24 bytes here"));
    sent("null", Proto::Resp3, &|w| w.null());
    sent("double", Proto::Resp3, &|w| w.double(3.25));
    sent("deferred array of 10", Proto::Resp2, &|w| {
        let deferred = w.defer();
        for _ in 0..10 {
            w.bulk(b"member");
        }
        w.close_array(deferred, 10);
    });
    let both = [set.clone(), get.clone()].concat().repeat(8);
    let mut out = OutBuf::default();
    measure("parse and reply, SET and GET by turns, 16", 16, || {
        turn(&mut inbox, &mut shared, &mut window, &both, |args| {
            let mut w = Writer::new(&mut out, Proto::Resp2);
            if args.len() == 3 { w.ok() } else { w.bulk(args.get(1)) }
        });
        out.consume(black_box(out.len()));
    });
}

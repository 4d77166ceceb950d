//! B2: a removal is in the stream before any effect that assumed it: no command of the stream relies on a key that had
//! expired on its master and was not removed.

use super::Violation;
use crate::client::frame::Args;
use crate::model::Data;

/// Checks a command before the shadow runs it.
pub(super) fn check(s: u8, data: &Data, db: usize, args: &Args, now_ms: i64) -> Result<(), Violation> {
    for i in relied_on(args) {
        let entry = data.dbs[db].get(args.at(i));
        if entry.is_some_and(|e| e.deadline.is_some_and(|at| at < now_ms)) {
            let (key, text) = (crate::trace::readable(args.at(i), 40), args.text());
            let reason = format!("n{s} sends `{text}` although `{key}` had expired and was not removed");
            return Err(Violation::new("B2", reason));
        }
    }
    Ok(())
}

/// Which arguments are keys whose old value, or absence, decides what the command does.
fn relied_on(args: &Args) -> Vec<usize> {
    let has = |words: &[&[u8]]| args.iter().skip(3).any(|a| words.iter().any(|w| a.eq_ignore_ascii_case(w)));
    let len = args.len();
    match args.at(0).to_ascii_lowercase().as_slice() {
        b"set" if !has(&[b"NX", b"XX", b"KEEPTTL", b"GET"]) => Vec::new(),
        b"mset" | b"del" | b"unlink" | b"flushdb" | b"flushall" | b"swapdb" | b"select" | b"publish" => {
            Vec::new()
        }
        b"msetnx" => (1..len).step_by(2).collect(),
        b"sinterstore" | b"sunionstore" | b"sdiffstore" => (2..len).collect(),
        b"zunionstore" | b"zinterstore" | b"zdiffstore" => {
            let n = String::from_utf8_lossy(args.at(2)).parse().unwrap_or(0_usize);
            (3..(3 + n).min(len)).collect()
        }
        b"zrangestore" | b"geosearchstore" | b"xgroup" => vec![2],
        b"copy" if !has(&[b"REPLACE"]) => vec![1, 2],
        b"lmove" | b"rpoplpush" | b"smove" | b"renamenx" => vec![1, 2],
        _ => vec![1],
    }
}

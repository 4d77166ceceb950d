//! A8: what a master sends is effects: the model, fed with the master's stream and nothing else, holds what the master holds.

use super::{Violation, removals};
use crate::client::frame::{Args, Requests};
use crate::content;
use crate::model::Model;
use norn_core::node::Node;

/// A shadow of one master.
#[derive(Clone, Debug)]
pub(super) struct Shadow {
    id: [u8; 40],
    /// Offset after the last byte read.
    at: i64,
    requests: Requests,
    args: Args,
    model: Model,
    db: usize,
    in_multi: bool,
    /// Offset when the data was compared last.
    compared: i64,
}

/// Slices of the stream looked at in one step.
const SLICES: usize = 16;

impl Shadow {
    /// A shadow of a master as it stands; `None` for anyone else.
    fn of(node: &Node) -> Option<Self> {
        let repl = &node.server().repl;
        if repl.is_replica() || repl.is_loading() {
            return None;
        }
        let at = repl.backlog.as_ref()?.end();
        let mut model = Model::default();
        model.data = content::of(&node.server().keyspace);
        Some(Self {
            id: repl.id,
            at,
            requests: Requests::default(),
            args: Args::default(),
            model,
            db: repl.selected().map_or(0, |db| db.0 as usize),
            in_multi: false,
            compared: at,
        })
    }
}

/// Reads what node `s` has added to its stream; `stood` is told the end of each unit.
pub(super) fn follow(
    shadow: &mut Option<Shadow>,
    s: u8,
    node: &Node,
    now_ms: i64,
    mut stood: impl FnMut(i64),
) -> Result<(), Violation> {
    let repl = &node.server().repl;
    let log = repl.backlog.as_ref();
    let Some((known, log)) = shadow.as_mut().zip(log).filter(|(shadow, log)| {
        shadow.id == repl.id && !repl.is_replica() && (log.start()..=log.end()).contains(&shadow.at)
    }) else {
        *shadow = Shadow::of(node);
        return Ok(());
    };
    while known.at + (known.requests.waiting() as i64) < log.end() {
        let mut slices: [&[u8]; SLICES] = [&[]; SLICES];
        let from = known.at + known.requests.waiting() as i64;
        let count = log.slices(from, usize::MAX, &mut slices);
        slices[..count].iter().for_each(|slice| known.requests.feed(slice));
        let mut args = std::mem::take(&mut known.args);
        while let Some(took) = known.requests.next(&mut args) {
            known.at += took as i64;
            known.apply(s, &args, now_ms)?;
            if !known.in_multi {
                stood(known.at);
            }
        }
        known.args = args;
    }
    if known.model.lost {
        // It met what it cannot tell (a place stored from a score that is none): it begins anew with what the node holds.
        *shadow = Shadow::of(node);
    }
    Ok(())
}

impl Shadow {
    fn apply(&mut self, s: u8, args: &Args, now_ms: i64) -> Result<(), Violation> {
        let name = args.at(0).to_ascii_lowercase();
        match name.as_slice() {
            b"multi" => self.in_multi = true,
            b"exec" => self.in_multi = false,
            b"ping" | b"replconf" => {}
            _ => {
                if !is_effect(&name, args) {
                    let text = args.text();
                    return Err(Violation::new("A8", format!("n{s} sends `{text}`, which is no effect")));
                }
                removals::check(s, &self.model.data, self.db, args, now_ms)?;
                // The shadow has no clock: what it does may not depend on one.
                self.db = self.model.apply(self.db, args, 0);
                self.model.answers.clear();
            }
        }
        Ok(())
    }
}

/// Whether a command means the same whenever and wherever it is run.
fn is_effect(name: &[u8], args: &Args) -> bool {
    let relative: [&[u8]; 3] = [b"EX", b"PX", b"EXAT"];
    match name {
        b"xadd" => !args.iter().skip(2).take(8).any(|arg| arg == b"*" || arg.ends_with(b"-*") || arg == b"~"),
        b"xtrim" => !args.iter().any(|arg| arg == b"~"),
        b"set" => !args.iter().skip(3).any(|arg| relative.iter().any(|word| arg.eq_ignore_ascii_case(word))),
        b"expire" | b"pexpire" | b"expireat" | b"setex" | b"psetex" | b"getex" => false,
        b"spop" | b"incrbyfloat" | b"hincrbyfloat" | b"xreadgroup" | b"xautoclaim" => false,
        b"blpop" | b"brpop" | b"blmove" | b"brpoplpush" | b"blmpop" | b"bzpopmin" | b"bzpopmax"
        | b"bzmpop" => false,
        _ => true,
    }
}

/// Compares the shadow with its master, unless nothing was sent since the last time.
pub(super) fn compare(shadow: &mut Option<Shadow>, s: u8, node: &Node) -> Result<(), Violation> {
    let Some(shadow) = shadow.as_mut().filter(|shadow| shadow.at != shadow.compared && !shadow.in_multi)
    else {
        return Ok(());
    };
    let repl = &node.server().repl;
    if repl.is_replica() || repl.id != shadow.id || repl.offset != shadow.at {
        return Ok(());
    }
    shadow.compared = shadow.at;
    let mut held = content::of(&node.server().keyspace);
    content::forget_rereads(&mut held, &shadow.model.data);
    match content::difference(&held, &shadow.model.data, |_| false) {
        None => Ok(()),
        Some(what) => {
            let at = shadow.at;
            Err(Violation::new("A8", format!("at {at} n{s} holds other data than its stream makes: {what}")))
        }
    }
}

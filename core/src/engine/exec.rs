//! Executing one command of a client: look-up, refusals, queueing in MULTI, the call, and what follows it.
//!
//! *Owns*: the order of these steps. *Does not own*: any of them (`table`, `gate`, the command's row, `after`).
//! *Invariants*: exactly one reply for each command; a failed handler's bytes are cut; on error nothing of the request
//! is propagated. Source of the order: `processCommand` as the Redis documentation and its replies show it.

use super::context::{Ctx, Effect};
use super::gate::{self, Verdict};
use super::refusal::{is_http, unknown, unknown_sub, wrong_arity};
use super::row::{Flags, Gates, Row};
use super::server::Server;
use super::table::RowIx;
use crate::base::mutant::Mutant;
use crate::connection::{ConnFlags, Multi, Queued};
use crate::keyspace::ExpiryPolicy;
use crate::resp::{Args, CommandError, OutBuf, OwnedArgs, Writer};
use alloc::boxed::Box;

/// Whether the client's next command may run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// Go on.
    Next,
    /// This command ran, no further one may run now.
    Stop,
    /// This command did not run and stays in the inbox.
    Postponed,
}

impl Server {
    /// Executes one command of the client in `slot`, whose name the table answered with `found`; the reply goes to
    /// `out`.
    pub fn execute(&mut self, slot: u32, args: Args<'_>, found: Option<RowIx>, out: &mut OutBuf) -> Flow {
        let Some(row) = self.resolve(slot, &args, found, out) else { return self.flow(slot) };
        let conn = self.conns.get_mut(slot);
        conn.last_row = row.0 + 1;
        let armed = Gates(self.armed.0 | conn.armed);
        let entry = self.table.entry(row);
        let meets = Gates(armed.0 & entry.gates.0);
        if meets != Gates::NONE {
            match gate::check(self, slot, row, meets) {
                Verdict::Pass => {}
                Verdict::Postpone => {
                    self.postpone(slot);
                    return Flow::Postponed;
                }
                verdict => {
                    self.refuse(slot, row, verdict, out);
                    return self.flow(slot);
                }
            }
        }
        if self.conns.get(slot).flags.has(ConnFlags::MULTI) && !runs_in_multi(self.table.row(row)) {
            self.queue(slot, row, &args);
            if !self.conns.get(slot).is_silent() {
                self.writer(slot, out).simple("QUEUED");
            }
            return Flow::Next;
        }
        self.call(slot, row, args, out);
        self.flow(slot)
    }

    /// Runs a command that nothing stands against. False when it answered an error.
    pub fn call(&mut self, slot: u32, row_ix: RowIx, args: Args<'_>, out: &mut OutBuf) -> bool {
        let entry = self.table.entry(row_ix);
        let row = entry.row;
        let since = self.stats.start(entry.is_cheap, self.stopwatch);
        let conn = self.conns.get_mut(slot);
        let in_exec = conn.flags.has(ConnFlags::IN_EXEC);
        let no_touch = conn.flags.has(ConnFlags::NO_TOUCH) && row.name != "touch";
        let (db, proto) = (conn.db, conn.proto);
        let policy = self.expiry_policy(slot);
        let mark = out.mark();
        let dirty = self.keyspace.dirty();
        self.open_unit();
        self.keyspace.set_no_touch(no_touch);
        let late_ms = if self.knobs.broken(Mutant::ExpiresLate) { 1_000 } else { 0 };
        self.keyspace.begin(self.now.unix.ms() - late_ms, policy);
        self.keyspace.set_counting(!row.flags.has(Flags::WRITE));
        let mut ctx = Ctx {
            srv: self,
            slot,
            args,
            out,
            db,
            proto,
            row_ix,
            row,
            effect: Effect::Request,
            in_exec,
            ready_key: None,
        };
        let result = (row.run)(&mut ctx);
        let effect = ctx.effect;
        let failed = match result {
            Ok(()) => false,
            Err(error) => {
                self.fail(slot, error, mark, out);
                true
            }
        };
        let changed = self.keyspace.dirty() != dirty;
        if !failed && (effect == Effect::Always || (changed && effect == Effect::Request)) {
            if !self.knobs.broken(Mutant::ExpiredToldAfter) {
                self.drain_expired();
            }
            self.push_to_unit(db, args.iter());
        }
        self.after_command(slot, row);
        if !self.monitors.is_empty() && !row.flags.any(Flags::SKIP_MONITOR.or(Flags::ADMIN)) {
            self.feed_monitors(slot, row, &args);
        }
        self.stats.called(usize::from(row_ix.0), failed);
        self.time_command(slot, row_ix, since, &args);
        if self.conns.get(slot).is_silent() && (failed || !speaks_to_the_silent(row)) {
            out.truncate(mark);
        }
        if !self.own_pushes.is_empty() && !in_exec {
            append(out, &mut self.own_pushes);
        }
        !failed
    }

    /// What becomes of expired keys that a client's command meets.
    #[inline]
    pub(super) fn expiry_policy(&self, slot: u32) -> ExpiryPolicy {
        match () {
            () if self.conns.get(slot).flags.has(ConnFlags::MASTER) => ExpiryPolicy::Ignore,
            () if self.hides_expired() || self.writes_are_paused() => ExpiryPolicy::Hide,
            () => ExpiryPolicy::Delete,
        }
    }

    /// A writer for the client's replies.
    pub fn writer<'o>(&self, slot: u32, out: &'o mut OutBuf) -> Writer<'o> {
        Writer::new(out, self.conns.get(slot).proto)
    }

    fn flow(&mut self, slot: u32) -> Flow {
        let conn = self.conns.get_mut(slot);
        if conn.flags.has(ConnFlags::REPLY_SKIP_NEXT) {
            conn.flags.clear(ConnFlags::REPLY_SKIP_NEXT);
            conn.flags.set(ConnFlags::REPLY_SKIP);
        } else {
            conn.flags.clear(ConnFlags::REPLY_SKIP);
        }
        if conn.leaving() || conn.waits.is_some() {
            return Flow::Stop;
        }
        if self.at_rest() {
            // What it sent beside this is taken up when the rest is over.
            self.take_up(slot);
            return Flow::Stop;
        }
        Flow::Next
    }

    /// The row of a request, or the refusal of an unknown one.
    fn resolve(
        &mut self,
        slot: u32,
        args: &Args<'_>,
        found: Option<RowIx>,
        out: &mut OutBuf,
    ) -> Option<RowIx> {
        let name = args.get(0);
        let Some(mut row) = found else {
            if is_http(name) {
                self.log(
                    crate::contract::LogLevel::Warning,
                    format_args!(
                        "Possible SECURITY ATTACK detected. It looks like somebody is sending POST or Host: \
                         commands to this port. Connection from {} aborted.",
                        self.conns.get(slot).details.peer.clone()
                    ),
                );
                self.close_soon(slot);
                return None;
            }
            self.refuse_with(slot, None, &unknown(args), out);
            return None;
        };
        if self.table.row(row).flags.has(Flags::CONTAINER) && args.len() > 1 {
            match self.table.find_sub(row, args.get(1)) {
                Some(sub) => row = sub,
                None => {
                    let text = unknown_sub(self.table.row(row), args.get(1));
                    self.refuse_with(slot, None, &text, out);
                    return None;
                }
            }
        }
        let found = self.table.row(row);
        if !found.takes(args.len()) {
            let text = wrong_arity(found);
            self.refuse_with(slot, Some(row), &text, out);
            return None;
        }
        Some(row)
    }

    /// Puts the error of a handler in place of what it wrote.
    #[cold]
    pub(super) fn fail(&mut self, slot: u32, error: CommandError, mark: crate::resp::Mark, out: &mut OutBuf) {
        if error != CommandError::Written {
            out.truncate(mark);
            let proto = self.conns.get(slot).proto;
            let mut w = Writer::new(out, proto);
            error.write(&mut w);
        }
        self.stats.error_reply(out.since(mark).strip_prefix(b"-").unwrap_or(b"ERR"));
    }

    fn queue(&mut self, slot: u32, row: RowIx, args: &Args<'_>) {
        let flags = self.table.row(row).flags.0;
        let conn = self.conns.get_mut(slot);
        // A transaction that will be refused need not be kept.
        if conn.flags.any(ConnFlags::DIRTY_EXEC.or(ConnFlags::DIRTY_CAS)) {
            return;
        }
        let multi = conn.multi.get_or_insert_with(|| Box::new(Multi::default()));
        multi.row_flags |= flags;
        multi.lacking |= !flags;
        multi.queue.push(Queued { row: row.0, args: OwnedArgs::from(*args) });
    }

    /// Leaves MULTI without running anything; watched keys are forgotten.
    pub fn end_multi(&mut self, slot: u32) {
        self.unwatch(slot);
        let conn = self.conns.get_mut(slot);
        conn.flags.clear(ConnFlags::MULTI.or(ConnFlags::DIRTY_CAS).or(ConnFlags::DIRTY_EXEC));
        conn.armed &= !Gates::MULTI.0;
        if !self.knobs.broken(Mutant::QueueLeaks) {
            conn.multi = None;
        }
    }
}

/// The commands that MULTI does not queue.
fn runs_in_multi(row: &Row) -> bool {
    matches!(row.name, "exec" | "discard" | "multi" | "watch" | "quit" | "reset")
}

/// Commands whose answers are messages. EXEC has cut what its commands answered, one by one.
fn speaks_to_the_silent(row: &Row) -> bool {
    row.name == "exec" || row.name.ends_with("subscribe")
}

/// Moves everything unsent from one buffer to the end of another.
pub(super) fn append(out: &mut OutBuf, from: &mut OutBuf) {
    while !from.is_empty() {
        let mut slices: [&[u8]; 8] = [&[]; 8];
        let n = from.slices(usize::MAX, &mut slices);
        slices[..n].iter().for_each(|s| out.push(s));
        let moved = slices[..n].iter().map(|s| s.len()).sum();
        from.consume(moved);
    }
}

//! Clients that wait for keys: BLPOP and its relatives, BZPOPMIN, XREAD BLOCK.
//!
//! *Owns*: who waits for which key, which keys became ready, and serving the waiting clients from them.
//! *Does not own*: deadlines and the state of waiting (`blocked`), what a command does with a ready key (its handler).
//! *Invariants*: a client stands in the queue of each of its keys exactly while its connection waits for them. Queues go
//! by the order in which clients began to wait. A key becomes ready when it is touched, whoever touches it; it is looked at
//! after the outermost command or transaction, in the order of touching, and so are keys that serving touches.
//!
//! A client is served by running its command's handler again with [`Ctx::ready_key`] set. The handler looks at no other
//! key, and calls [`Ctx::wait_for_keys`] again when the key does not have what it wants; it keeps its place then.

use super::context::{Ctx, Effect};
use super::exec::append;
use super::row::Flags;
use super::server::Server;
use super::table::RowIx;
use crate::base::float::ceil;
use crate::base::ids::DbIndex;
use crate::base::longdouble::LongDouble;
use crate::base::mutant::Mutant;
use crate::base::number::parse_float;
use crate::base::time::Mono;
use crate::connection::{ConnFlags, KeyWait, WaitsFor};
use crate::contract::Span;
use crate::resp::{CommandError, OutBuf, OwnedArgs};
use crate::value::Value;
use alloc::boxed::Box;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;

/// The queues of all keys.
#[derive(Clone, Debug, Default)]
pub struct BlockedKeys {
    by_key: BTreeMap<DbIndex, BTreeMap<Box<[u8]>, Queue>>,
    /// Keys to look at, in the order in which they became ready.
    ready: VecDeque<(DbIndex, Box<[u8]>)>,
    /// Keys are being served; what becomes ready meanwhile waits its turn.
    serving: bool,
    /// The handler that runs again has found nothing.
    again: bool,
}

/// The clients that wait for one key.
#[derive(Clone, Debug, Default)]
struct Queue {
    /// Slots by the tickets they drew when they began to wait.
    waiters: BTreeMap<u64, u32>,
    /// How many of them are to know when the key goes.
    on_nokey: usize,
    /// It stands in `ready`.
    ready: bool,
}

impl Queue {
    /// The waiting client with the latest ticket before one: for a planted bug.
    fn last(&self, before: Option<u64>) -> Option<(u64, u32)> {
        let to = before.unwrap_or(u64::MAX);
        self.waiters.range(..to).next_back().map(|(ticket, slot)| (*ticket, *slot))
    }
}

impl BlockedKeys {
    /// Forgets all ready keys but the first ones: for planted bugs.
    fn forget_ready(&mut self, keep: usize) {
        for (db, key) in self.ready.drain(keep.min(self.ready.len())..) {
            if let Some(queue) = self.by_key.get_mut(&db).and_then(|queues| queues.get_mut(&key)) {
                queue.ready = false;
            }
        }
    }

    /// Whether nobody waits for any key.
    #[must_use]
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }

    /// How many keys are waited for, and how many of them by clients that are to know when the key goes.
    #[must_use]
    pub fn counts(&self) -> (usize, usize) {
        let queues = || self.by_key.values().flat_map(BTreeMap::values);
        (queues().count(), queues().filter(|queue| queue.on_nokey > 0).count())
    }

    fn add(&mut self, ticket: u64, slot: u32, wait: &KeyWait) {
        for key in &wait.keys {
            let queue = self.by_key.entry(wait.db).or_default().entry(key.clone()).or_default();
            if queue.waiters.insert(ticket, slot).is_none() {
                queue.on_nokey += usize::from(wait.on_nokey);
            }
        }
    }

    /// Takes a client out of the queues of its keys.
    pub(super) fn remove(&mut self, ticket: u64, wait: &KeyWait) {
        let Some(queues) = self.by_key.get_mut(&wait.db) else { return };
        for key in &wait.keys {
            let Some(queue) = queues.get_mut(key) else { continue };
            if queue.waiters.remove(&ticket).is_some() {
                queue.on_nokey -= usize::from(wait.on_nokey);
            }
            if queue.waiters.is_empty() {
                queues.remove(key);
            }
        }
        if queues.is_empty() {
            self.by_key.remove(&wait.db);
        }
    }

    /// A key was touched, or something else about it is to be known to those who wait.
    pub fn touched(&mut self, db: DbIndex, key: &[u8]) {
        let Some(queue) = self.by_key.get_mut(&db).and_then(|queues| queues.get_mut(key)) else { return };
        if !queue.ready {
            queue.ready = true;
            self.ready.push_back((db, key.into()));
        }
    }

    /// Anything in a database may have changed.
    pub(super) fn touched_database(&mut self, db: DbIndex) {
        for (key, queue) in self.by_key.get_mut(&db).into_iter().flatten() {
            if !queue.ready {
                queue.ready = true;
                self.ready.push_back((db, key.clone()));
            }
        }
    }

    fn queue(&self, db: DbIndex, key: &[u8]) -> Option<&Queue> {
        self.by_key.get(&db)?.get(key)
    }

    fn next_ready(&mut self) -> Option<(DbIndex, Box<[u8]>)> {
        let (db, key) = self.ready.pop_front()?;
        if let Some(queue) = self.by_key.get_mut(&db).and_then(|queues| queues.get_mut(&key)) {
            queue.ready = false;
        }
        Some((db, key))
    }

    /// The first client in a key's queue whose ticket is later than `after`.
    fn next_waiter(&self, db: DbIndex, key: &[u8], after: Option<u64>) -> Option<(u64, u32)> {
        let from = after.map_or(0, |ticket| ticket + 1);
        self.queue(db, key)?.waiters.range(from..).next().map(|(ticket, slot)| (*ticket, *slot))
    }
}

/// What a command wants to wait for.
#[derive(Clone, Debug)]
pub struct Wish {
    /// The type its keys must have, as `TYPE` names it.
    pub type_name: &'static str,
    /// Whether it also wants to know when a key goes or becomes something else.
    pub on_nokey: bool,
    /// When it gives up.
    pub deadline: Option<Mono>,
    /// What to run again in place of the request.
    pub args: Option<OwnedArgs>,
}

impl Wish {
    /// Waits for a key of this type to have something.
    #[must_use]
    pub const fn new(type_name: &'static str, deadline: Option<Mono>) -> Self {
        Self { type_name, on_nokey: false, deadline, args: None }
    }
}

impl Ctx<'_> {
    /// Whether a key is not to be looked at: the command runs again for the sake of another one.
    #[must_use]
    pub fn passes_over(&self, key: &[u8]) -> bool {
        self.ready_key.is_some_and(|ready| ready != key)
    }

    /// A time-out in seconds, perhaps with a fraction, as a deadline; 0 is none.
    ///
    /// # Errors
    /// No number, a negative one, or one beyond all clocks.
    pub fn timeout_secs(&self, i: usize) -> Result<Option<Mono>, CommandError> {
        // What is beyond these floats is still a number to Redis.
        let sign = if self.arg(i).starts_with(b"-") { -1.0 } else { 1.0 };
        let beyond = || LongDouble::parse(self.arg(i)).map(|_| sign * f64::INFINITY);
        let secs = parse_float(self.arg(i)).or_else(beyond).ok_or(CommandError::TimeoutNotFloat)?;
        let ms = secs * 1000.0;
        if ms > i64::MAX as f64 {
            return Err(CommandError::TimeoutOutOfRange);
        }
        self.timeout_ms(ceil(ms) as i64)
    }

    /// A time-out in milliseconds as a deadline; 0 is none.
    ///
    /// # Errors
    /// A negative one, or one beyond all clocks.
    pub fn timeout_ms(&self, ms: i64) -> Result<Option<Mono>, CommandError> {
        match ms {
            0 => Ok(None),
            ..0 => Err(CommandError::TimeoutNegative),
            _ if ms > i64::MAX - self.now_ms() => Err(CommandError::TimeoutOutOfRange),
            _ => Ok(Some(self.srv.now.mono + Span::ms(ms as u64))),
        }
    }

    /// Lets the client wait for any of these keys. False where nothing may wait, in a transaction: the handler answers as
    /// it would when the time is up.
    pub fn wait_for_keys<'k>(&mut self, keys: impl Iterator<Item = &'k [u8]>, wish: Wish) -> bool {
        if self.in_exec {
            return false;
        }
        self.effect = Effect::Own;
        if self.ready_key.is_some() {
            self.srv.blocked_keys.again = true;
            return true;
        }
        let wait = KeyWait {
            db: self.db,
            keys: keys.map(Box::from).collect(),
            type_name: wish.type_name,
            on_nokey: wish.on_nokey,
            row: self.row_ix.0,
            args: wish.args.unwrap_or_else(|| OwnedArgs::from(self.args)),
        };
        self.srv.wait_for_keys(self.slot, wish.deadline, wait);
        true
    }
}

impl Server {
    fn wait_for_keys(&mut self, slot: u32, deadline: Option<Mono>, wait: KeyWait) {
        let ticket = self.blocked.upcoming_ticket();
        self.blocked_keys.add(ticket, slot, &wait);
        self.wait_for(slot, deadline, WaitsFor::Keys(Box::new(wait)));
        self.arm_touch_log();
    }

    /// Changed keys are logged while anyone cares.
    pub fn arm_touch_log(&mut self) {
        let cares = !self.watch.is_empty() || !self.blocked_keys.is_empty() || self.migrations.is_watching();
        self.keyspace.set_watching(cares);
    }

    /// Serves the clients that wait for keys that have become ready, until there are no more of them.
    #[inline]
    pub fn serve_ready_keys(&mut self) {
        if !self.blocked_keys.ready.is_empty() && !self.blocked_keys.serving {
            self.serve_all_ready_keys();
        }
    }

    #[cold]
    fn serve_all_ready_keys(&mut self) {
        self.blocked_keys.serving = true;
        if self.knobs.broken(Mutant::ReadyKeysTurned) {
            self.blocked_keys.ready.make_contiguous().reverse();
        }
        if self.knobs.broken(Mutant::WakeupLost) {
            self.blocked_keys.forget_ready(1);
        }
        while let Some((db, key)) = self.blocked_keys.next_ready() {
            let mut after = None;
            let known = self.blocked_keys.ready.len();
            while let Some((ticket, slot)) = self.next_to_serve(db, &key, after) {
                after = Some(ticket);
                let found = self.keyspace.peek(db, &key).map(Value::type_name);
                let Some(wait) = self.key_wait(slot) else { continue };
                if found == Some(wait.type_name) || wait.on_nokey {
                    self.run_again(slot, &key);
                } else if found.is_none()
                    && self.blocked_keys.queue(db, &key).is_none_or(|queue| queue.on_nokey == 0)
                {
                    break;
                }
            }
            if self.knobs.broken(Mutant::ChainNotRun) {
                self.blocked_keys.forget_ready(known);
            }
        }
        self.blocked_keys.serving = false;
    }

    /// The client in a key's queue whose turn it is after the one with ticket `after`.
    fn next_to_serve(&self, db: DbIndex, key: &[u8], after: Option<u64>) -> Option<(u64, u32)> {
        if self.knobs.broken(Mutant::LastServedFirst) {
            return self.blocked_keys.queue(db, key)?.last(after);
        }
        self.blocked_keys.next_waiter(db, key, after)
    }

    fn key_wait(&self, slot: u32) -> Option<&KeyWait> {
        match &self.conns.try_get(slot)?.waits.as_ref()?.what {
            WaitsFor::Keys(wait) => Some(wait),
            _ => None,
        }
    }

    /// Runs the command of a waiting client again because a key of its became ready.
    fn run_again(&mut self, slot: u32, key: &[u8]) {
        let Some(waits) = self.conns.get_mut(slot).waits.take() else { return };
        let WaitsFor::Keys(wait) = &waits.what else { return };
        let (row_ix, proto) = (RowIx(wait.row), self.conns.get(slot).proto);
        let row = self.table.row(row_ix);
        let mut out = OutBuf::default();
        let mark = out.mark();
        let dirty = self.keyspace.dirty();
        self.blocked_keys.again = false;
        self.open_unit();
        self.keyspace.begin(self.now.unix.ms(), self.expiry_policy(slot));
        self.keyspace.set_counting(!row.flags.has(Flags::WRITE));
        let mut ctx = Ctx {
            srv: self,
            slot,
            args: wait.args.as_args(),
            out: &mut out,
            db: wait.db,
            proto,
            row_ix,
            row,
            effect: Effect::Request,
            in_exec: false,
            ready_key: Some(key),
        };
        let result = (row.run)(&mut ctx);
        let effect = ctx.effect;
        let failed = result.is_err();
        if let Err(error) = result {
            self.fail(slot, error, mark, &mut out);
        }
        let changed = self.keyspace.dirty() != dirty;
        if !failed && (effect == Effect::Always || (changed && effect == Effect::Request)) {
            self.drain_expired();
            self.push_to_unit(wait.db, wait.args.as_args().iter());
        }
        let silent = waits.silent;
        self.conns.get_mut(slot).waits = Some(waits);
        let again = core::mem::take(&mut self.blocked_keys.again) && !failed;
        self.after_command(slot, row);
        if !again {
            self.stop_waiting(slot);
            if self.knobs.broken(Mutant::ServedTwice) {
                self.hand_over(slot, out.clone());
            }
            self.blocked.count += usize::from(self.knobs.broken(Mutant::BlockedMiscounted));
            if !silent {
                self.hand_over(slot, out);
            }
        }
    }

    /// Sends a reply that was written apart.
    fn hand_over(&mut self, slot: u32, mut reply: OutBuf) {
        if self.current == Some(slot) {
            append(&mut self.own_pushes, &mut reply);
            return;
        }
        let conn = self.conns.get_mut(slot);
        if conn.flags.any(ConnFlags::CLOSING.or(ConnFlags::GONE)) {
            return;
        }
        if conn.out.is_empty() {
            conn.out = reply;
        } else {
            append(&mut conn.out, &mut reply);
        }
        self.mark_dirty(slot);
    }

    /// Ends a client's waiting with an error.
    pub fn fail_waiting(&mut self, slot: u32, error: CommandError) {
        self.stats.error_reply(error.text().as_bytes());
        self.end_wait(slot, |w| error.write(w));
    }

    /// This node follows a master now: nobody can wait for keys or replicas any more. Their clients are told, and
    /// closed.
    pub fn unblock_for_new_role(&mut self) {
        let waiting: Vec<u32> = self.blocked.in_order();
        for slot in waiting {
            let what = self.conns.get(slot).waits.as_ref().map(|waits| &waits.what);
            if matches!(what, Some(WaitsFor::Keys(_) | WaitsFor::Replicas { .. })) {
                self.fail_waiting(slot, CommandError::UnblockedRoleChange);
                self.close_after_reply(slot);
            }
        }
    }
}

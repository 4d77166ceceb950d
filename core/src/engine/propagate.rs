//! From an executed unit to the replication stream.
//!
//! *Owns*: the unit under way (a command, or everything inside EXEC) and how it is framed. *Does not own*: the stream.
//! *Invariants*: one propagated command goes out bare, several are wrapped in MULTI and EXEC, none sends nothing;
//! SELECT is sent when the database differs from the one fed last, inside the wrapper.
//!
//! Source: shared facts of the Redis replication protocol ("Stream").

use super::row::Flags;
use super::server::Server;
use crate::base::ids::DbIndex;
use crate::base::number::push_u64;
use alloc::vec::Vec;

/// What the running unit propagates.
#[derive(Clone, Debug, Default)]
pub struct Unit {
    /// Depth of nesting: EXEC is 1, the commands inside it 2.
    depth: u32,
    /// The encoded commands, one after another.
    bytes: Vec<u8>,
    /// Database and end offset of each.
    commands: Vec<(DbIndex, usize)>,
}

impl Unit {
    /// Whether no command or transaction is under way.
    #[must_use]
    #[inline]
    pub fn is_closed(&self) -> bool {
        self.depth == 0
    }

    /// Whether nothing is to be propagated so far.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.commands.is_empty()
    }
}

impl Server {
    /// Adds a command to the unit. Keys that were found expired go first, because the command may rely on their absence.
    pub fn propagate<'x>(&mut self, db: DbIndex, args: impl ExactSizeIterator<Item = &'x [u8]>) {
        self.drain_expired();
        self.push_to_unit(db, args);
    }

    /// Adds a command to the unit without looking at expired keys.
    pub(super) fn push_to_unit<'x>(&mut self, db: DbIndex, args: impl ExactSizeIterator<Item = &'x [u8]>) {
        if !self.repl.feeds_own_writes() {
            return;
        }
        encode(&mut self.unit.bytes, args);
        self.unit.commands.push((db, self.unit.bytes.len()));
    }

    /// A unit begins, or a command inside one.
    pub fn open_unit(&mut self) {
        self.unit.depth += 1;
    }

    /// A unit ends; the outermost one goes to the stream. `flags` are those of its row.
    pub fn close_unit(&mut self, flags: Flags) {
        self.unit.depth -= 1;
        if self.unit.depth == 0 {
            self.send_unit(flags);
        }
    }

    /// What the running unit has so far goes to the stream, because what follows does not belong to the same history.
    pub fn cut_unit(&mut self) {
        self.drain_expired();
        self.send_unit(Flags::NONE);
    }

    fn send_unit(&mut self, flags: Flags) {
        if self.unit.commands.is_empty() {
            return;
        }
        let commands = core::mem::take(&mut self.unit.commands);
        let bytes = core::mem::take(&mut self.unit.bytes);
        let wrap = commands.len() > 1 && !flags.has(Flags::ARBITRARY_KEYS);
        let wrap = wrap && !self.knobs.broken(crate::base::mutant::Mutant::UnitNotWrapped);
        if wrap {
            self.repl.feed(b"*1\r\n$5\r\nMULTI\r\n", self.now);
        }
        let mut start = 0;
        for &(db, end) in &commands {
            self.select_for_stream(db);
            self.repl.feed(&bytes[start..end], self.now);
            start = end;
        }
        if wrap {
            self.repl.feed(b"*1\r\n$4\r\nEXEC\r\n", self.now);
        }
        self.unit.bytes = recycle(bytes);
        self.unit.commands = recycle(commands);
    }

    fn select_for_stream(&mut self, db: DbIndex) {
        if self.repl.selected() == Some(db) {
            return;
        }
        let mut text = itoa::Buffer::new();
        let mut select = Vec::with_capacity(32);
        let args: [&[u8]; 2] = [b"SELECT", text.format(db.0).as_bytes()];
        encode(&mut select, args.into_iter());
        self.repl.feed(&select, self.now);
        self.repl.set_selected(db);
    }
}

/// A command as the stream carries it: an array of bulk strings.
pub fn encode<'x>(out: &mut Vec<u8>, args: impl ExactSizeIterator<Item = &'x [u8]>) {
    out.push(b'*');
    push_u64(out, args.len() as u64);
    out.extend_from_slice(b"\r\n");
    for arg in args {
        out.push(b'$');
        push_u64(out, arg.len() as u64);
        out.extend_from_slice(b"\r\n");
        out.extend_from_slice(arg);
        out.extend_from_slice(b"\r\n");
    }
}

/// Keeps the memory of a list for the next unit, unless it has grown out of proportion.
fn recycle<T>(mut list: Vec<T>) -> Vec<T> {
    list.clear();
    if list.capacity() > 64 * 1024 { Vec::new() } else { list }
}

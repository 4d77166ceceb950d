//! The log of changed keys.
//!
//! *Owns*: [`TouchLog`]: which keys changed since it was last cleared, in order, for whoever runs the command to act
//! on (WATCH, notifications, tracking, blocked clients).
//! *Does not own*: any of these consequences.
//! *Invariants*: disarmed, it costs one branch per change and stays empty. Once warm it does not allocate.

use crate::base::ids::DbIndex;
use alloc::vec::Vec;

/// Space that is kept between commands.
const KEEP_BYTES: usize = 64 * 1024;
/// Items that are kept room for between commands.
const KEEP_ITEMS: usize = 4096;

/// One item of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Touched<'a> {
    /// A key was created, changed, given another deadline, or removed.
    Key(DbIndex, &'a [u8]),
    /// Anything in this database may have changed: it was emptied, swapped or replaced.
    Database(DbIndex),
}

/// Changed keys in order of change; a key may occur more than once.
#[derive(Clone, Debug, Default)]
pub(super) struct TouchLog {
    armed: bool,
    items: Vec<Item>,
    bytes: Vec<u8>,
}

#[derive(Clone, Copy, Debug)]
struct Item {
    db: DbIndex,
    /// End of the key's bytes, which start where those of the item before end.
    end: usize,
    whole: bool,
}

impl TouchLog {
    /// Whether changes are logged.
    pub(super) fn arm(&mut self, armed: bool) {
        self.armed = armed;
        if !armed {
            self.clear();
        }
    }

    /// Logs a changed key.
    #[inline]
    pub(super) fn key(&mut self, db: DbIndex, key: &[u8]) {
        if self.armed {
            self.bytes.extend_from_slice(key);
            self.items.push(Item { db, end: self.bytes.len(), whole: false });
        }
    }

    /// Logs that anything in a database may have changed.
    pub(super) fn database(&mut self, db: DbIndex) {
        if self.armed {
            self.items.push(Item { db, end: self.bytes.len(), whole: true });
        }
    }

    /// The items in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = Touched<'_>> {
        let mut start = 0;
        self.items.iter().map(move |item| {
            let key = &self.bytes[start..item.end];
            start = item.end;
            if item.whole { Touched::Database(item.db) } else { Touched::Key(item.db, key) }
        })
    }

    /// Forgets the items and keeps some room.
    pub(super) fn clear(&mut self) {
        self.items.clear();
        self.items.shrink_to(KEEP_ITEMS);
        self.bytes.clear();
        self.bytes.shrink_to(KEEP_BYTES);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn logs_only_when_armed_and_in_order() {
        let (a, b) = (DbIndex(0), DbIndex(1));
        let mut log = TouchLog::default();
        log.key(a, b"unseen");
        assert_eq!(log.iter().count(), 0);
        log.arm(true);
        log.key(a, b"one");
        log.database(b);
        log.key(b, b"");
        log.key(a, b"two");
        let items: Vec<_> = log.iter().collect();
        let key = Touched::Key;
        assert_eq!(items, vec![key(a, b"one"), Touched::Database(b), key(b, b""), key(a, b"two")]);
        log.clear();
        assert_eq!(log.iter().count(), 0);
    }
}

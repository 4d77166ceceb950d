//! WATCH: who is to be told when a key changes.
//!
//! *Owns*: the watchers by key. *Does not own*: the list that each client keeps (in `connection`) and the log of touched
//! keys (in `keyspace`). *Invariants*: a client stands here exactly for the keys in its own list.

use crate::base::ids::DbIndex;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

/// Watchers by database and key; clients are slots of the connection table.
#[derive(Clone, Debug, Default)]
pub struct WatchTable {
    by_key: BTreeMap<DbIndex, BTreeMap<Box<[u8]>, Vec<u32>>>,
}

impl WatchTable {
    /// Whether nobody watches anything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }

    /// Adds a watcher.
    pub fn add(&mut self, db: DbIndex, key: &[u8], slot: u32) {
        self.by_key.entry(db).or_default().entry(key.into()).or_default().push(slot);
    }

    /// Removes a watcher.
    pub fn remove(&mut self, db: DbIndex, key: &[u8], slot: u32) {
        let Some(keys) = self.by_key.get_mut(&db) else { return };
        let Some(slots) = keys.get_mut(key) else { return };
        slots.retain(|s| *s != slot);
        if slots.is_empty() {
            keys.remove(key);
            if keys.is_empty() {
                self.by_key.remove(&db);
            }
        }
    }

    /// The watchers of a key.
    #[must_use]
    pub fn watchers(&self, db: DbIndex, key: &[u8]) -> &[u32] {
        self.by_key.get(&db).and_then(|keys| keys.get(key)).map_or(&[], Vec::as_slice)
    }

    /// The watched keys of a database with their watchers.
    pub fn in_db(&self, db: DbIndex) -> impl Iterator<Item = (&[u8], &[u32])> {
        self.by_key.get(&db).into_iter().flatten().map(|(key, slots)| (&**key, slots.as_slice()))
    }
}

//! What follows every command: the one funnel that no command can forget.
//!
//! *Owns*: draining what the keyspace logged (expired keys, touched keys, garbage) into propagation, WATCH, notifications
//! and the driver's hands. *Does not own*: the logs.

use super::row::{Flags, Row};
use super::server::Server;
use crate::base::ids::DbIndex;
use crate::config::NotifyFlags;
use crate::connection::ConnFlags;
use alloc::vec::Vec;

impl Server {
    /// After one command (also inside EXEC).
    pub fn after_command(&mut self, slot: u32, row: &'static Row) {
        if self.keyspace.has_news() {
            self.drain_keyspace();
        }
        let unit_writes = !self.unit.is_empty();
        self.close_unit(row.flags);
        if unit_writes {
            let offset = self.repl.offset();
            self.conns.get_mut(slot).write_offset = offset;
        }
    }

    /// Passes on everything the keyspace has logged.
    pub fn drain_keyspace(&mut self) {
        self.drain_expired();
        self.drain_touched();
        for garbage in self.keyspace.take_garbage() {
            self.discard(garbage);
        }
    }

    /// Propagates and announces the keys that were found expired and removed.
    pub fn drain_expired(&mut self) {
        if self.keyspace.expired.is_empty() {
            return;
        }
        let expired = core::mem::take(&mut self.keyspace.expired);
        let lazy = self.config.lazyfree_lazy_expire;
        let verb: &[u8] = if lazy { b"UNLINK" } else { b"DEL" };
        for (db, key) in &expired {
            let args: [&[u8]; 2] = [verb, key];
            self.push_to_unit(*db, args.into_iter());
            self.send_event(NotifyFlags::EXPIRED, "expired", *db, key);
        }
        self.stats.expired_keys += expired.len() as u64;
        self.keyspace.recycle_expired(expired);
    }

    /// The same for keys that no command asked for: each is a unit of its own.
    pub fn drain_expired_apart(&mut self) {
        self.open_unit();
        self.drain_keyspace();
        self.close_unit(Flags::ARBITRARY_KEYS);
    }

    /// Tells watchers which keys changed.
    fn drain_touched(&mut self) {
        let touched = self.keyspace.take_touched();
        for change in touched.iter() {
            match change.key {
                Some(key) => {
                    for slot in self.watch.watchers(change.db, key).to_vec() {
                        self.spoil(slot);
                    }
                }
                None => self.spoil_db(change.db),
            }
        }
        self.keyspace.recycle_touched(touched);
    }

    /// A whole database was emptied or exchanged: everyone who watches a key in it that existed or exists now.
    fn spoil_db(&mut self, db: DbIndex) {
        let slots: Vec<u32> = self.watch.in_db(db).flat_map(|(_, slots)| slots.iter().copied()).collect();
        for slot in slots {
            self.spoil(slot);
        }
    }

    fn spoil(&mut self, slot: u32) {
        if let Some(conn) = self.conns.try_get_mut(slot) {
            conn.flags.set(ConnFlags::DIRTY_CAS);
        }
    }

    /// Forgets the watched keys of a client.
    pub fn unwatch(&mut self, slot: u32) {
        let Some(conn) = self.conns.try_get_mut(slot) else { return };
        let Some(multi) = conn.multi.as_mut() else { return };
        let watched = core::mem::take(&mut multi.watched);
        if !multi.open {
            conn.multi = None;
        }
        for (db, key, _) in &watched {
            self.watch.remove(*db, key, slot);
        }
        self.keyspace.set_watching(!self.watch.is_empty());
    }

    /// Runs `work` as a unit of its own: what it propagates is framed together.
    pub fn as_unit<R>(&mut self, work: impl FnOnce(&mut Self) -> R) -> R {
        self.open_unit();
        let result = work(self);
        self.drain_keyspace();
        self.close_unit(Flags::NONE);
        result
    }
}

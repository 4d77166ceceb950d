//! What follows every command: the one funnel that no command can forget.
//!
//! *Owns*: draining what the keyspace logged (expired keys, touched keys, garbage) into propagation, WATCH, notifications
//! and the driver's hands. *Does not own*: the logs.

use super::row::{Flags, Row};
use super::server::Server;
use crate::base::ids::DbIndex;
use crate::base::mutant::Mutant;
use crate::config::NotifyFlags;
use crate::connection::{ConnFlags, Conns};
use crate::keyspace::{Expired, Notice, Touched};
use alloc::boxed::Box;

impl Server {
    /// After one command (also inside EXEC).
    pub fn after_command(&mut self, slot: u32, row: &'static Row) {
        self.drain_keyspace();
        let unit_writes = !self.unit.is_empty();
        self.close_unit(row.flags);
        if unit_writes {
            let offset = self.repl.offset();
            self.conns.get_mut(slot).write_offset = offset;
        }
        if self.unit.is_closed() {
            self.serve_ready_keys();
        }
    }

    /// Passes on everything the keyspace has logged.
    pub fn drain_keyspace(&mut self) {
        self.drain_expired();
        self.drain_touched();
        if self.keyspace.has_garbage() {
            for garbage in self.keyspace.take_garbage() {
                self.discard(Box::new(garbage));
            }
        }
    }

    /// Propagates and announces the keys that were found expired and removed; announces the ones looked for in vain and
    /// the new ones.
    pub fn drain_expired(&mut self) {
        if self.keyspace.expired().is_empty() {
            return;
        }
        let mut expired = core::mem::take(&mut self.expired_keys);
        self.keyspace.swap_expired(&mut expired);
        let lazy = self.config.lazyfree_lazy_expire;
        let verb: &[u8] = if lazy { b"UNLINK" } else { b"DEL" };
        for Expired { notice, db, key } in &expired {
            let key = key.as_slice();
            match notice {
                Notice::Expired => {
                    if !self.knobs.broken(Mutant::ExpiredNotTold) {
                        self.push_to_unit(*db, [verb, key].into_iter());
                    }
                    self.send_event(NotifyFlags::EXPIRED, "expired", *db, key);
                    self.stats.expired_keys += 1;
                }
                Notice::Missed => self.send_event(NotifyFlags::KEY_MISS, "keymiss", *db, key),
                Notice::Created => self.send_event(NotifyFlags::NEW, "new", *db, key),
            }
        }
        expired.clear();
        self.expired_keys = expired;
    }

    /// The same for keys that no command asked for: each is a unit of its own.
    pub fn drain_expired_apart(&mut self) {
        self.open_unit();
        self.drain_keyspace();
        self.close_unit(Flags::ARBITRARY_KEYS);
        self.serve_ready_keys();
    }

    /// Tells watchers and migrations which keys changed, and notes which of them clients wait for.
    fn drain_touched(&mut self) {
        if self.watch.is_empty() && self.blocked_keys.is_empty() && !self.migrations.is_watching() {
            return;
        }
        let deaf = self.knobs.broken(Mutant::WatchersNotTold);
        let Self { keyspace, watch, blocked_keys, conns, migrations, .. } = self;
        for change in keyspace.touched() {
            match change {
                Touched::Key(db, key) => {
                    blocked_keys.touched(db, key);
                    migrations.changed(db, Some(key));
                }
                Touched::Database(db) => {
                    blocked_keys.touched_database(db);
                    migrations.changed(db, None);
                }
            }
            match change {
                Touched::Key(..) if deaf => {}
                Touched::Key(db, key) => {
                    let there = keyspace.is_stored(db, key);
                    spoil(conns, there, db, key, watch.watchers(db, key));
                }
                // An expired key that takes the place of a missing one changes nothing.
                Touched::Database(db) => watch.in_db(db).for_each(|(key, slots)| {
                    let there = keyspace.peek(db, key).is_some();
                    spoil(conns, there, db, key, slots);
                }),
            }
        }
        keyspace.clear_touched();
    }

    /// Forgets the watched keys of a client.
    pub fn unwatch(&mut self, slot: u32) {
        let Some(conn) = self.conns.try_get_mut(slot) else { return };
        let Some(multi) = conn.multi.as_mut() else { return };
        let watched = match self.knobs.broken(Mutant::WatchLeaks) {
            true => alloc::vec::Vec::new(),
            false => core::mem::take(&mut multi.watched),
        };
        if !multi.open {
            conn.multi = None;
        }
        for (db, key, _) in &watched {
            self.watch.remove(*db, key, slot);
        }
        self.arm_touch_log();
    }

    /// Runs `work` as a unit of its own: what it propagates is framed together.
    pub fn as_unit<R>(&mut self, work: impl FnOnce(&mut Self) -> R) -> R {
        self.open_unit();
        let result = work(self);
        self.drain_keyspace();
        self.close_unit(Flags::NONE);
        if self.unit.is_closed() {
            self.serve_ready_keys();
        }
        result
    }
}

/// The transactions of these clients will not run, unless the key was gone already when they began to watch it and is
/// not `there` now: an expired key that is removed at last has not changed.
fn spoil(conns: &mut Conns, there: bool, db: DbIndex, key: &[u8], slots: &[u32]) {
    for slot in slots {
        let Some(conn) = conns.try_get_mut(*slot) else { continue };
        let watched = conn.multi.iter().flat_map(|m| &m.watched);
        let was_alive = watched.into_iter().any(|(d, k, alive)| *alive && *d == db && **k == *key);
        if was_alive || there {
            conn.flags.set(ConnFlags::DIRTY_CAS);
        }
    }
}

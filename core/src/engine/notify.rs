//! Keyspace notifications.
//!
//! *Owns*: which events are sent to which channels. *Does not own*: the events' names (each command knows its own).
//!
//! Source: the Redis documentation, "Redis keyspace notifications".

use super::context::Ctx;
use super::server::Server;
use crate::base::ids::DbIndex;
use crate::base::mutant::Mutant;
use crate::config::NotifyFlags;
use alloc::vec::Vec;

impl Server {
    /// Sends a notification if its class is switched on. Keys found expired before are told first.
    pub fn notify(&mut self, class: NotifyFlags, event: &str, db: DbIndex, key: &[u8]) {
        if self.config.notify_keyspace_events.any(class) {
            self.drain_expired();
            self.send_event(class, event, db, key);
        }
    }

    #[cold]
    pub(super) fn send_event(&mut self, class: NotifyFlags, event: &str, db: DbIndex, key: &[u8]) {
        let flags = self.config.notify_keyspace_events;
        if !flags.any(class) {
            return;
        }
        if flags.any(NotifyFlags::KEYSPACE) {
            let channel = channel(b"__keyspace@", db, key);
            self.publish(&channel, event.as_bytes());
        }
        if flags.any(NotifyFlags::KEYEVENT) {
            let channel = channel(b"__keyevent@", db, event.as_bytes());
            self.publish(&channel, key);
        }
    }
}

fn channel(prefix: &[u8], db: DbIndex, rest: &[u8]) -> Vec<u8> {
    let mut text = itoa::Buffer::new();
    let mut name = prefix.to_vec();
    name.extend_from_slice(text.format(db.0).as_bytes());
    name.extend_from_slice(b"__:");
    name.extend_from_slice(rest);
    name
}

impl Ctx<'_> {
    /// Sends a notification about a key of this command's database.
    pub fn notify(&mut self, class: NotifyFlags, event: &str, key: &[u8]) {
        let broken = |mutant| self.srv.knobs.broken(mutant);
        if (event == "srem" && broken(Mutant::SetEventForgotten))
            || (self.ready_key.is_some() && broken(Mutant::BlockedPopEventForgotten))
        {
            return;
        }
        if event == "zrem" && broken(Mutant::ZsetEventTwice) {
            self.srv.notify(class, event, self.db, key);
        }
        self.srv.notify(class, event, self.db, key);
    }
}

//! New values of directives made felt.
//!
//! *Owns*: what follows from a changed directive at once. *Does not own*: the values (`config`), listening and the data
//! directory (`node/reconfigure`). Most directives need nothing: they are read when they matter.

use super::row::Gates;
use super::server::{Action, Server};
use crate::config::{Id, MaxmemoryPolicy};
use crate::connection::ConnFlags;
use crate::contract::Tuning;
use crate::keyspace::Tracking;

impl Server {
    /// Obeys the directives in `ids`, which have new values.
    pub fn settle(&mut self, ids: &[Id]) {
        for id in ids {
            match id {
                Id::loglevel => self.tune(Tuning::LogLevel(self.config.loglevel)),
                Id::tcp_keepalive => self.tune(Tuning::KeepAlive(self.config.tcp_keepalive as u32)),
                Id::maxclients => self.tune(Tuning::MaxClients(self.config.maxclients as u32)),
                Id::requirepass => self.password_changed(),
                Id::maxmemory_policy | Id::lfu_log_factor | Id::lfu_decay_time => self.track_usage(),
                _ => {}
            }
        }
        self.stats.follow(&self.config);
        self.rearm();
    }

    /// Has the keyspace remember what the eviction policy asks for.
    pub fn track_usage(&mut self) {
        use MaxmemoryPolicy as Policy;
        let config = &self.config;
        let tracking = match config.maxmemory_policy {
            Policy::VolatileLru | Policy::AllkeysLru => Tracking::Recency,
            Policy::VolatileLfu | Policy::AllkeysLfu => Tracking::Frequency {
                log_factor: config.lfu_log_factor as u32,
                decay_minutes: config.lfu_decay_time as u32,
            },
            Policy::VolatileRandom | Policy::VolatileTtl | Policy::AllkeysRandom | Policy::Noeviction => {
                Tracking::Clock
            }
        };
        self.keyspace.track_usage(tracking, &self.rng);
    }

    fn tune(&mut self, tuning: Tuning) {
        self.actions.push(Action::Tune(tuning));
    }

    /// Who is in stays in; without a password everyone is.
    fn password_changed(&mut self) {
        if !self.config.requirepass.is_empty() {
            return;
        }
        for slot in self.conns.indices() {
            let conn = self.conns.get_mut(slot);
            conn.armed &= !Gates::NOAUTH.0;
            conn.flags.set(ConnFlags::AUTHENTICATED);
        }
    }
}

//! Output to clients other than by their own replies, and the end of a client.
//!
//! *Owns*: the list of connections with output, deliveries to any client, closing.
//! *Invariants*: a connection with output that the driver can take stands in `Server::dirty` once; what is sent to the
//! client whose command runs follows its reply.

use super::server::{Action, Server};
use crate::connection::ConnFlags;
use crate::contract::LogLevel;
use crate::pubsub::SubKind;
use crate::resp::{OutBuf, Proto, Writer};
use bytes::Bytes;

/// A message that many clients get: encoded once for each protocol.
struct Encoded {
    resp2: Option<Bytes>,
    resp3: Option<Bytes>,
}

impl Server {
    /// Writes to a client, whoever runs a command now.
    pub fn deliver(&mut self, slot: u32, write: impl FnOnce(&mut Writer<'_>)) {
        let Some(conn) = self.conns.try_get_mut(slot) else { return };
        if conn.leaving() {
            return;
        }
        let proto = conn.proto;
        if self.current == Some(slot) {
            write(&mut Writer::new(&mut self.own_pushes, proto));
            return;
        }
        write(&mut Writer::new(&mut conn.out, proto));
        self.mark_dirty(slot);
    }

    /// Notes that a connection has output. One that takes nothing at present is noted too: its output may have become
    /// too much.
    pub fn mark_dirty(&mut self, slot: u32) {
        let conn = self.conns.get_mut(slot);
        if !conn.flags.has(ConnFlags::PENDING_OUT) {
            conn.flags.set(ConnFlags::PENDING_OUT);
            self.dirty.push(slot);
        }
    }

    /// Closes a client at the end of the turn, whatever is left to write to it.
    pub fn close_soon(&mut self, slot: u32) {
        let Some(conn) = self.conns.try_get_mut(slot) else { return };
        if !conn.flags.has(ConnFlags::CLOSING) {
            conn.flags.set(ConnFlags::CLOSING);
            self.doomed.push(slot);
        }
    }

    /// Closes a client whose unread output is too much.
    #[cold]
    pub fn output_overrun(&mut self, slot: u32, bytes: usize) {
        self.stats.obuf_disconnections += 1;
        let peer = self.conns.get(slot).details.peer.clone();
        self.log(
            LogLevel::Warning,
            format_args!("Client {peer} closed for overcoming of output buffer limits: {bytes} bytes."),
        );
        self.close_soon(slot);
    }

    /// Closes a client when everything written to it has been taken.
    pub fn close_after_reply(&mut self, slot: u32) {
        let conn = self.conns.get_mut(slot);
        conn.flags.set(ConnFlags::CLOSE_AFTER_REPLY);
        if self.current != Some(slot) {
            self.mark_dirty(slot);
        }
    }

    /// Takes a client out of everything it stands in and frees its slot. The driver is asked to close it unless it
    /// reported its end itself.
    pub fn forget(&mut self, slot: u32) {
        self.release_registrations(slot);
        self.replica_left(slot);
        if self.conns.try_get(slot).is_some_and(|conn| conn.flags.has(ConnFlags::TARGET)) {
            self.target_gone(slot);
        }
        let Some(conn) = self.conns.remove(slot) else { return };
        if conn.flags.has(ConnFlags::MASTER) {
            self.master_gone(slot);
        }
        if !conn.flags.has(ConnFlags::GONE) {
            self.actions.push(Action::Close(conn.conn));
        }
    }

    /// Ends what a client holds elsewhere: watches, subscriptions, waiting, monitoring.
    pub fn release_registrations(&mut self, slot: u32) {
        self.unwatch(slot);
        self.stop_waiting(slot);
        let Some(conn) = self.conns.try_get_mut(slot) else { return };
        if let Some(mut subs) = conn.subs.take()
            && !self.knobs.broken(crate::base::mutant::Mutant::SubscriptionLeaks)
        {
            self.pubsub.remove_all(&mut subs, slot);
        }
        if conn.flags.has(ConnFlags::MONITOR) {
            self.monitors.retain(|s| *s != slot);
        }
    }

    /// Publishes to channel and pattern subscribers; answers how many got it.
    pub fn publish(&mut self, channel: &[u8], payload: &[u8]) -> usize {
        if self.pubsub.is_idle() {
            return 0;
        }
        let mut told = 0;
        let mut message = Encoded { resp2: None, resp3: None };
        let listeners = self.pubsub.listeners(SubKind::Channel, channel).to_vec();
        for slot in listeners {
            told += 1;
            if told == 2 && self.knobs.broken(crate::base::mutant::Mutant::ListenerSkipped) {
                continue;
            }
            self.send_encoded(slot, &mut message, &[b"message", channel, payload]);
        }
        let patterns: alloc::vec::Vec<_> = self
            .pubsub
            .matching(channel)
            .map(|(p, l)| (alloc::boxed::Box::<[u8]>::from(p), l.to_vec()))
            .collect();
        for (pattern, listeners) in patterns {
            let mut message = Encoded { resp2: None, resp3: None };
            for slot in listeners {
                self.send_encoded(slot, &mut message, &[b"pmessage", &pattern, channel, payload]);
                if self.knobs.broken(crate::base::mutant::Mutant::PatternsToldTwice) {
                    self.send_encoded(slot, &mut message, &[b"pmessage", &pattern, channel, payload]);
                }
                told += 1;
            }
        }
        told
    }

    /// Publishes to a shard channel.
    pub fn publish_shard(&mut self, channel: &[u8], payload: &[u8]) -> usize {
        let listeners = self.pubsub.listeners(SubKind::Shard, channel).to_vec();
        let mut message = Encoded { resp2: None, resp3: None };
        for slot in &listeners {
            self.send_encoded(*slot, &mut message, &[b"smessage", channel, payload]);
        }
        listeners.len()
    }

    fn send_encoded(&mut self, slot: u32, message: &mut Encoded, parts: &[&[u8]]) {
        let Some(conn) = self.conns.try_get(slot) else { return };
        let proto = conn.proto;
        let encoded = match proto {
            Proto::Resp2 => &mut message.resp2,
            Proto::Resp3 => &mut message.resp3,
        };
        let bytes = encoded.get_or_insert_with(|| encode_push(parts, proto)).clone();
        self.deliver(slot, |w| w.raw(&bytes));
    }
}

fn encode_push(parts: &[&[u8]], proto: Proto) -> Bytes {
    let mut out = OutBuf::default();
    let mut w = Writer::new(&mut out, proto);
    w.push(parts.len());
    for part in parts {
        w.bulk(part);
    }
    let mut slices: [&[u8]; 2] = [&[]; 2];
    let n = out.slices(usize::MAX, &mut slices);
    Bytes::from(slices[..n].concat())
}

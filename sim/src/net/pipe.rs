//! One direction of a connection: a byte stream with positions.
//!
//! *Owns*: the bytes between the sender's write and the receiver's read, and the packets that carry them.
//! *Invariants*: read <= arrived <= sent <= written; sent <= read + receive window; bytes keep their order and are
//! delivered once. Positions count bytes since the start of the stream.

use crate::agenda::Time;
use crate::chance::Chance;
use std::collections::VecDeque;

/// A packet on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Packet {
    /// When it arrives if nothing is in its way.
    pub(super) at: Time,
    /// What it carries.
    pub(super) load: Load,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Load {
    /// Bytes up to this position.
    Data(u64),
    /// End of stream.
    Fin,
    /// Reset.
    Rst,
}

/// One direction.
#[derive(Clone, Debug)]
pub(super) struct Pipe {
    /// Travel times are drawn here, so that they do not depend on what other connections do.
    pub(super) chance: Chance,
    bytes: VecDeque<u8>,
    pub(super) read: u64,
    pub(super) arrived: u64,
    pub(super) sent: u64,
    pub(super) written: u64,
    pub(super) packets: VecDeque<Packet>,
    /// The sender will write no more.
    pub(super) fin: bool,
    pub(super) fin_sent: bool,
    pub(super) fin_arrived: bool,
    /// The sender was cut short and is owed news of room.
    pub(super) starved: bool,
    /// An `Arrive` event stands for the first packet.
    pub(super) armed: bool,
    /// A `Window` event is on its way.
    pub(super) window_armed: bool,
    /// When the last packet leaves a wire of limited bandwidth.
    pub(super) wire_free_at: Time,
    /// Since when nothing gets through, and how long the sender waits until it tries again.
    pub(super) stuck: Option<(Time, Time)>,
    /// Position up to which acknowledgements reached the sender while the way back is blocked.
    pub(super) acked_frozen: Option<u64>,
}

impl Pipe {
    /// An empty direction.
    pub(super) fn new(chance: Chance) -> Self {
        Self {
            chance,
            bytes: VecDeque::new(),
            read: 0,
            arrived: 0,
            sent: 0,
            written: 0,
            packets: VecDeque::new(),
            fin: false,
            fin_sent: false,
            fin_arrived: false,
            starved: false,
            armed: false,
            window_armed: false,
            wire_free_at: 0,
            stuck: None,
            acked_frozen: None,
        }
    }

    /// Bytes the sender's kernel still holds.
    fn unacked(&self) -> u64 {
        self.written - self.acked_frozen.unwrap_or(self.arrived)
    }

    /// Room in a send buffer of `cap` bytes.
    pub(super) fn room(&self, cap: u64) -> u64 {
        cap.saturating_sub(self.unacked())
    }

    /// Takes the bytes from the sender.
    pub(super) fn write(&mut self, bytes: &[u8]) {
        self.bytes.extend(bytes);
        self.written += bytes.len() as u64;
    }

    /// Bytes the receiver can read now.
    pub(super) fn readable(&self) -> u64 {
        self.arrived - self.read
    }

    /// Moves arrived bytes into `into` and says how many.
    pub(super) fn take(&mut self, into: &mut [u8]) -> usize {
        let n = into.len().min(self.readable() as usize);
        let (head, tail) = self.bytes.as_slices();
        let from_head = n.min(head.len());
        into[..from_head].copy_from_slice(&head[..from_head]);
        into[from_head..n].copy_from_slice(&tail[..n - from_head]);
        self.bytes.drain(..n);
        self.read += n as u64;
        n
    }

    /// Bytes up to this position arrive where nobody reads them.
    pub(super) fn discard_until(&mut self, position: u64) {
        self.bytes.drain(..(position - self.read) as usize);
        (self.arrived, self.read) = (position, position);
    }

    /// A part of what is on its way still arrives.
    pub(super) fn arrive_in_part(&mut self) {
        if !self.fin_arrived {
            self.arrived += self.chance.below(self.sent - self.arrived + 1);
        }
    }

    /// Forgets everything that has not arrived: what a reset does to the bytes in its way.
    pub(super) fn lose_undelivered(&mut self) {
        self.packets.clear();
        self.truncate_to(self.arrived);
    }

    /// Forgets what was written but is not on the wire yet.
    pub(super) fn lose_unsent(&mut self) {
        self.truncate_to(self.sent);
    }

    fn truncate_to(&mut self, position: u64) {
        self.bytes.truncate((position - self.read) as usize);
        self.written = position;
        self.sent = self.sent.min(position);
        self.starved = false;
    }

    /// Gives memory back once nobody will read.
    pub(super) fn release(&mut self) {
        if self.bytes.capacity() > 0 && self.packets.is_empty() {
            self.bytes = VecDeque::new();
            (self.arrived, self.sent, self.written) = (self.read, self.read, self.read);
        }
    }

    /// Violated invariants, for checks.
    pub(super) fn sound(&self) -> bool {
        self.read <= self.arrived
            && self.arrived <= self.sent
            && self.sent <= self.written
            && self.bytes.len() as u64 == self.written - self.read
    }
}

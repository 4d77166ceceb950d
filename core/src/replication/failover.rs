//! A coordinated failover: the master hands its part to a replica that has everything.
//!
//! *Owns*: whom, until when, how far. *Does not own*: the pause of writes, the change of roles (`node/failover`).
//! *Invariants*: none stands while the node follows a master for another reason.
//!
//! Source: the Redis documentation, "FAILOVER".

use super::{PeerStage, Replication};
use crate::base::time::Mono;
use alloc::boxed::Box;
use alloc::string::String;

/// A failover under way.
#[derive(Clone, Debug)]
pub struct Failover {
    /// The replica to hand over to; `None` = whichever has everything first.
    pub target: Option<(Box<str>, u16)>,
    /// Hand over at the deadline even to a replica that lacks something.
    pub force: bool,
    /// When waiting ends; `None` = never.
    pub deadline: Option<Mono>,
    /// The target was chosen and this node asks it to take over.
    pub in_progress: bool,
}

impl Failover {
    /// What INFO calls the state.
    #[must_use]
    pub fn state_word(state: Option<&Self>) -> &'static str {
        match state {
            None => "no-failover",
            Some(failover) if failover.in_progress => "failover-in-progress",
            Some(_) => "waiting-for-sync",
        }
    }
}

impl Replication {
    /// The replica that is reached at this address and port.
    pub fn replica_at(&self, host: &str, port: u16, ip_of: impl Fn(u32) -> String) -> Option<PeerStage> {
        let mut all = self.replicas();
        let found = all.find(|(slot, peer)| {
            let same = if peer.ip.is_empty() { ip_of(*slot) == host } else { &*peer.ip == host };
            same && peer.port == port
        });
        found.map(|(_, peer)| peer.stage)
    }

    /// The replica that has everything: the one asked for, or any.
    #[must_use]
    pub fn heir(
        &self,
        target: Option<&(Box<str>, u16)>,
        ip_of: impl Fn(u32) -> String,
    ) -> Option<(Box<str>, u16)> {
        self.replicas().find_map(|(slot, peer)| {
            let ip: Box<str> = if peer.ip.is_empty() { ip_of(slot).into() } else { peer.ip.clone() };
            let meant = target.is_none_or(|(host, port)| *host == ip && *port == peer.port);
            let whole = peer.stage == PeerStage::Online && peer.acked == self.offset;
            (meant && whole).then_some((ip, peer.port))
        })
    }
}

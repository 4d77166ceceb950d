//! The connections of a node, by slot and by client id.
//!
//! *Owns*: slots, their generations, and the order of client ids. *Invariants*: a slot is reused last in, first out;
//! its generation rises with each use, so an id of the past finds nothing.

use super::Connection;
use crate::base::ids::{ClientId, ConnId};
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

/// The table.
#[derive(Clone, Debug, Default)]
pub struct Conns {
    slots: Vec<Slot>,
    free: Vec<u32>,
    by_id: BTreeMap<ClientId, u32>,
    next_id: u64,
}

#[derive(Clone, Debug, Default)]
struct Slot {
    generation: u32,
    conn: Option<Box<Connection>>,
}

impl Conns {
    /// The id of the connection that will be put in next.
    #[must_use]
    pub fn vacant(&self) -> ConnId {
        match self.free.last() {
            Some(&index) => ConnId { index, generation: self.slots[index as usize].generation },
            None => ConnId { index: self.slots.len() as u32, generation: 0 },
        }
    }

    /// The client id that the next connection will have.
    pub fn take_client_id(&mut self) -> ClientId {
        self.next_id += 1;
        ClientId(self.next_id)
    }

    /// Puts a connection into the slot that `vacant` named.
    pub fn insert(&mut self, conn: Connection) -> u32 {
        let index = conn.conn.index;
        assert!(conn.conn == self.vacant(), "the id must be the one that `vacant` gave");
        if self.free.pop().is_none() {
            self.slots.push(Slot::default());
        }
        if conn.id != ClientId::NONE {
            self.by_id.insert(conn.id, index);
        }
        self.slots[index as usize].conn = Some(Box::new(conn));
        index
    }

    /// Takes a connection out; its id is dead from now on.
    pub fn remove(&mut self, index: u32) -> Option<Box<Connection>> {
        let slot = self.slots.get_mut(index as usize)?;
        let conn = slot.conn.take()?;
        slot.generation = slot.generation.wrapping_add(1);
        self.free.push(index);
        self.by_id.remove(&conn.id);
        Some(conn)
    }

    /// The slot of a live id.
    #[must_use]
    pub fn resolve(&self, id: ConnId) -> Option<u32> {
        let slot = self.slots.get(id.index as usize)?;
        (slot.generation == id.generation && slot.conn.is_some()).then_some(id.index)
    }

    /// The connection in a slot, if any.
    #[must_use]
    pub fn try_get(&self, index: u32) -> Option<&Connection> {
        self.slots.get(index as usize)?.conn.as_deref()
    }

    /// The connection in a slot, if any.
    pub fn try_get_mut(&mut self, index: u32) -> Option<&mut Connection> {
        self.slots.get_mut(index as usize)?.conn.as_deref_mut()
    }

    /// The connection in a slot that is known to be live.
    ///
    /// # Panics
    /// When the slot is empty.
    #[must_use]
    pub fn get(&self, index: u32) -> &Connection {
        self.slots[index as usize].conn.as_deref().expect("a live slot")
    }

    /// The connection in a slot that is known to be live.
    ///
    /// # Panics
    /// When the slot is empty.
    pub fn get_mut(&mut self, index: u32) -> &mut Connection {
        self.slots[index as usize].conn.as_deref_mut().expect("a live slot")
    }

    /// The slot of a client id.
    #[must_use]
    pub fn by_client_id(&self, id: ClientId) -> Option<u32> {
        self.by_id.get(&id).copied()
    }

    /// All connections, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Connection> {
        self.by_id.values().map(|index| self.get(*index))
    }

    /// The slots of all connections, oldest first.
    #[must_use]
    pub fn indices(&self) -> Vec<u32> {
        self.by_id.values().copied().collect()
    }

    /// The slots of at most `n` connections that follow client id `after`, oldest first.
    #[must_use]
    pub fn some_after(&self, after: ClientId, n: usize) -> Vec<u32> {
        let rest = (core::ops::Bound::Excluded(after), core::ops::Bound::Unbounded);
        self.by_id.range(rest).take(n).map(|(_, index)| *index).collect()
    }

    /// Number of connections.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }
}

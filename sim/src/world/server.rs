//! One simulated server: a host with a process that runs a node.
//!
//! *Owns*: the node, its clock and disk, its connections by the node's ids, the inputs that wait for its next turn.
//! *Does not own*: the turn itself (`turn`), what a fault does (`faults`).

use crate::agenda::Time;
use crate::chance::Chance;
use crate::client::frame::Requests;
use crate::clock::Clock;
use crate::disk::Disk;
use crate::model::Model;
use crate::net::{DialFailure, End};
use crate::record::follower::Follower;
use norn_core::contract::{ConnId, DiskResult, LinkId, ListenerId, OpId, StopHow};
use norn_core::node::Node;

/// What a server's process does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It runs.
    Up,
    /// It is stopped; its kernel goes on.
    Paused,
    /// There is none.
    Down,
}

/// An input that waits for the next turn.
#[derive(Clone, Debug)]
pub(super) enum Pending {
    Readable(u32),
    Writable(ConnId),
    Incoming(End),
    Connected(LinkId, End),
    Refused(LinkId, DialFailure),
    Listening(ListenerId),
    Disk(OpId, DiskResult),
    Gauges,
    Wake,
    Stop(StopHow),
}

/// Who is at the other end of a connection.
#[derive(Clone, Debug)]
pub(super) enum Peer {
    /// A client of the simulation, with the requests seen from it.
    Client(u8, Requests),
    /// Someone whose requests no model follows: a server that dialed this one, or a script.
    Replica,
    /// A server that this one dialed, with the stream seen from it.
    Master(Box<Follower>),
}

/// A connection as the driver keeps it.
#[derive(Clone, Debug)]
pub(super) struct Link {
    pub(super) id: ConnId,
    pub(super) end: End,
    pub(super) peer: Peer,
    /// Bytes taken from the network that the node did not want yet.
    pub(super) stash: Vec<u8>,
    pub(super) unwanted: bool,
    /// It stands in the inbox as readable.
    pub(super) noted: bool,
    /// For short writes.
    pub(super) chance: Chance,
    /// The history that the node wrote or followed when it accepted the connection.
    pub(super) speaks_to: Option<[u8; 40]>,
}

/// A server.
#[derive(Clone)]
pub struct Server {
    /// The machine, while the process runs and is not in a turn.
    pub node: Option<Box<Node>>,
    /// What its process does.
    pub state: State,
    /// Its clocks.
    pub clock: Clock,
    /// Its disk.
    pub disk: Disk,
    /// What it should answer.
    pub model: Model,
    /// Whether the model knows its data.
    pub tracked: bool,
    /// Whom it was told to follow last.
    pub master: Option<u8>,
    /// Starts so far.
    pub starts: u32,
    /// The exit code of its last process, when it ended by itself.
    pub exit: Option<u8>,
    /// Turns run.
    pub turns: u64,
    /// How often it woke because it had asked to.
    pub wakes: u64,
    pub(super) inbox: Vec<Pending>,
    pub(super) links: Vec<Option<Link>>,
    pub(super) dials: Vec<(LinkId, u32)>,
    pub(super) ports: Vec<(ListenerId, u16)>,
    pub(super) turn_at: Option<Time>,
    pub(super) wake_at: Option<Time>,
    pub(super) timing: Chance,
    pub(super) cutting: Chance,
    /// Takes only part of what it is offered, so many times in a thousand.
    pub(super) short_writes: u64,
}

impl Server {
    pub(super) fn new(seed: u64, number: u8, clock: Clock, master: Option<u8>, cuts_salt: u64) -> Self {
        let chance = Chance::new(seed, 1000 + u64::from(number));
        Self {
            node: None,
            state: State::Down,
            clock,
            disk: Disk::default(),
            model: Model::default(),
            tracked: false,
            master,
            starts: 0,
            exit: None,
            turns: 0,
            wakes: 0,
            inbox: Vec::new(),
            links: Vec::new(),
            dials: Vec::new(),
            ports: Vec::new(),
            turn_at: None,
            wake_at: None,
            timing: chance.fork(1),
            cutting: chance.fork(2 + cuts_salt),
            short_writes: if chance.fork(99).one_in(3) { 100 } else { 0 },
        }
    }

    pub(super) fn link(&mut self, index: u32) -> Option<&mut Link> {
        self.links.get_mut(index as usize)?.as_mut()
    }

    pub(super) fn link_of(&mut self, id: ConnId) -> Option<&mut Link> {
        self.link(id.index).filter(|link| link.id == id)
    }

    pub(super) fn add_link(&mut self, link: Link) {
        let index = link.id.index as usize;
        if self.links.len() <= index {
            self.links.resize(index + 1, None);
        }
        self.links[index] = Some(link);
    }

    pub(super) fn drop_link(&mut self, index: u32) -> Option<Link> {
        self.links.get_mut(index as usize)?.take()
    }

    /// Forgets everything that belonged to a process.
    pub(super) fn forget_process(&mut self) {
        self.node = None;
        self.state = State::Down;
        self.inbox.clear();
        self.links.clear();
        self.dials.clear();
        self.ports.clear();
        self.turn_at = None;
        self.wake_at = None;
        self.model = Model::default();
        self.tracked = false;
    }

    /// The ends of all its connections, those included that it has not accepted yet.
    pub(super) fn ends(&self) -> Vec<End> {
        let waiting = self.inbox.iter().filter_map(|pending| match pending {
            Pending::Incoming(end) | Pending::Connected(_, end) => Some(*end),
            _ => None,
        });
        self.links.iter().flatten().map(|link| link.end).chain(waiting).collect()
    }
}

//! Simulated clients.
//!
//! *Owns*: what one client sent, was promised and has heard. *Does not own*: the network; `world/clients` moves its bytes.
//! *Invariants*: `waiting` holds the commands of the present connection whose reply has not come, in order; `expected`
//! holds what the server must answer to those of them that it has read.

pub mod frame;
pub mod reply;

use crate::agenda::Time;
use crate::model::Expect;
use crate::net::{End, HostId};
use crate::plan::workload::Speaker;
use reply::{Parser, Reply};
use std::collections::{BTreeSet, VecDeque};

/// What a client is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Sends commands drawn from the mixture.
    Talker,
    /// Subscribes and listens.
    Subscriber,
    /// Gives the orders of the plan (REPLICAOF) to one server.
    Admin,
    /// Reads everything at the end.
    Auditor,
    /// Says what a script says, byte for byte; nobody judges what it hears.
    Scripted,
}

/// Where a client's connection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// None.
    Idle,
    /// A connection attempt of the network.
    Dialing(u32),
    /// Connected.
    Up(End),
}

/// A command whose reply has not come.
#[derive(Clone, Debug)]
pub struct Sent {
    /// As typed.
    pub text: Box<str>,
    /// Confirmations that have come, when it is a subscription.
    pub confirmed: usize,
}

/// A client.
#[derive(Clone, Debug)]
pub struct Client {
    /// Where it runs.
    pub host: HostId,
    /// Whom it talks to.
    pub server: u8,
    /// What it is for.
    pub role: Role,
    /// Begins each connection with HELLO 3.
    pub resp3: bool,
    /// Reads at most so many bytes at a time, and then rests for `rest_us`; 0 = at once and everything.
    pub read_max: usize,
    /// See `read_max`.
    pub rest_us: Time,
    /// Reads nothing before this time.
    pub asleep_until: Time,
    /// Its connection.
    pub line: Line,
    /// Bytes to write; those before `written` have been.
    pub out: Vec<u8>,
    /// See `out`.
    pub written: usize,
    /// The parser of replies.
    pub parser: Parser,
    /// What a scripted client has heard.
    pub raw: Vec<u8>,
    /// See the module.
    pub waiting: VecDeque<Sent>,
    /// See the module.
    pub expected: VecDeque<Expect>,
    /// Messages the server owes it, in order, while that is known.
    pub due: VecDeque<Reply>,
    /// Whether `due` is complete.
    pub due_known: bool,
    /// Channels and patterns whose subscription was confirmed.
    pub confirmed: BTreeSet<Vec<u8>>,
    /// Items of the plan it has not said yet because it waits for a reply or a connection.
    pub backlog: VecDeque<u32>,
    /// Sends nothing more until all replies have come.
    pub holding: bool,
    /// It went on talking after a command that may wait.
    pub talks_on: bool,
    /// What its WAIT asks for: the place in the stream after its last write, where that is known.
    pub waits_for: Option<([u8; 40], i64)>,
    /// CLIENT UNBLOCK may have ended that WAIT.
    pub let_go: bool,
    /// When it sent the WAIT under way.
    pub waits_since: Time,
    /// What it knows of itself.
    pub speaker: Speaker,
    /// Replies heard.
    pub heard: u64,
    /// Connections made.
    pub connects: u64,
    /// A timer of its own is set.
    pub timer: bool,
}

impl Client {
    /// A client without a connection.
    #[must_use]
    pub fn new(host: HostId, server: u8, role: Role) -> Self {
        Self {
            host,
            server,
            role,
            resp3: false,
            read_max: 0,
            rest_us: 0,
            asleep_until: 0,
            line: Line::Idle,
            out: Vec::new(),
            written: 0,
            parser: Parser::default(),
            raw: Vec::new(),
            waiting: VecDeque::new(),
            expected: VecDeque::new(),
            due: VecDeque::new(),
            due_known: true,
            confirmed: BTreeSet::new(),
            backlog: VecDeque::new(),
            holding: false,
            talks_on: false,
            waits_for: None,
            let_go: false,
            waits_since: 0,
            speaker: Speaker::default(),
            heard: 0,
            connects: 0,
            timer: false,
        }
    }

    /// Counts a reply without judging it: each confirmation of a subscription is one, a message is none.
    pub fn listen(&mut self, reply: &Reply) {
        let (Reply::Push(all) | Reply::Array(all)) = reply else {
            self.heard += 1;
            self.waiting.pop_front();
            return;
        };
        let named = |name: &[u8]| matches!(all.first(), Some(Reply::Bulk(b)) if b == name);
        let message = named(b"message") || named(b"pmessage");
        if !message || (matches!(reply, Reply::Array(_)) && self.role != Role::Subscriber) {
            self.heard += 1;
            self.waiting.pop_front();
        }
    }

    /// Forgets everything that belonged to the connection.
    pub fn hang_up(&mut self) {
        self.line = Line::Idle;
        self.out.clear();
        self.written = 0;
        self.parser = Parser::default();
        self.waiting.clear();
        self.expected.clear();
        self.due.clear();
        self.due_known = true;
        self.confirmed.clear();
        self.holding = false;
        self.talks_on = false;
        self.waits_for = None;
        self.speaker.in_multi = false;
    }
}

//! What must be true. One file for each property (or a few that share their state), with the property in one sentence
//! at its top.
//!
//! *Owns*: the checks and what they remember. *Does not own*: what they look at. *Invariants*: a check draws no random
//! number and changes nothing in the world, so that switching one on does not change the run.

mod backlog;
mod buffers;
mod durable;
mod effects;
mod needless;
mod notifications;
mod order;
mod pushes;
mod queues;
mod recounts;
mod removals;
mod replica;
mod replies;
pub(crate) mod rest;
mod roles;
pub(crate) mod roundtrip;
mod stream;
mod waits;
mod wakeups;

use crate::agenda::Time;
use crate::client::Client;
use crate::client::reply::Reply;
use crate::model::{Expect, shape};
use crate::plan::{Cuts, Plan};
use crate::record::Record;
use crate::record::follower::{Boundary, Follower};
use crate::view::{Files, KeptStream, View};
use crate::world::Figures;
use norn_core::contract::Now;
use norn_core::node::Node;
use waits::Reached;

pub use notifications::{Expired, expired};

/// Something that must not happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which rule, by its number in the list of oracles.
    pub oracle: &'static str,
    /// One line.
    pub reason: String,
}

impl Violation {
    /// A violation.
    #[must_use]
    pub fn new(oracle: &'static str, reason: String) -> Self {
        Self { oracle, reason }
    }
}

/// What is remembered of one server.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Memory {
    /// The last look.
    pub(crate) last: Option<View>,
    /// Its data when the MULTI that it is applying began.
    pub(crate) at_multi: Option<u128>,
}

impl Memory {
    fn note(&mut self, record: &mut Record, reached: &mut Reached, s: u8, view: &View) {
        if view.streaming && !view.loading {
            reached.note(s, record.number(&view.id), view.offset);
        }
        if self.last.is_none_or(|last| (last.id, last.id2) != (view.id, view.id2)) && view.second_offset >= 0
        {
            record.went_on(&view.id2, view.second_offset, &view.id);
        }
        self.last = Some(*view);
    }
}

/// All checks and what they remember.
#[derive(Clone, Debug, Default)]
pub struct Oracles {
    record: Record,
    reached: Reached,
    memory: Vec<Memory>,
    limits: buffers::Limits,
    saves: Vec<durable::Saves>,
    /// Servers between the beginning of a full synchronisation and the first command after it.
    resyncing: Vec<bool>,
    /// Nodes are looked at after each command.
    whole_commands: bool,
    /// What the stream of each server makes, while it is a master.
    shadows: Vec<Option<effects::Shadow>>,
}

impl Oracles {
    /// The checks for a plan.
    #[must_use]
    pub fn new(plan: &Plan) -> Self {
        Self {
            record: Record::default(),
            reached: Reached::new(plan.servers.len()),
            memory: vec![Memory::default(); plan.servers.len()],
            limits: buffers::Limits::of(plan),
            saves: vec![durable::Saves::default(); plan.servers.len()],
            resyncing: vec![false; plan.servers.len()],
            whole_commands: plan.cuts == Cuts::Commands,
            shadows: vec![None; plan.servers.len()],
        }
    }

    /// What a client may expect, given whether the model knows the data.
    #[must_use]
    pub fn expectation(&mut self, tracked: bool, expect: Expect) -> Expect {
        self.limits.due(expect.size());
        match expect {
            _ if tracked => expect,
            Expect::Confirm(_) => expect,
            _ => Expect::Shape(shape::ANY),
        }
    }

    /// Whether nodes close clients that do not read.
    #[must_use]
    pub fn closes_on_output(&self) -> bool {
        self.limits.any()
    }

    /// A server's process ended: what was known of it is void.
    pub fn process_ended(&mut self, s: u8) {
        self.memory[usize::from(s)] = Memory::default();
        self.resyncing[usize::from(s)] = false;
        self.shadows[usize::from(s)] = None;
        self.saves[usize::from(s)].process_ended();
    }

    /// A node has a data set that it did not come to by its inputs: it loads its file.
    pub fn loads(&mut self, s: u8) {
        self.memory[usize::from(s)] = Memory::default();
    }

    /// What a node did with its files in a turn.
    ///
    /// # Errors
    /// It found something else than it should have.
    pub fn files(&mut self, s: u8, files: &Files) -> Result<(), Violation> {
        self.saves[usize::from(s)].after_turn(s, files)
    }

    /// Reads what a master has added to its stream. `served`: others than the speaker were served, so that the end of each
    /// unit is a place where the master stood.
    ///
    /// # Errors
    /// The stream does not carry effects, or not in their order.
    pub fn stream_grew(&mut self, s: u8, node: &Node, now_ms: i64, served: bool) -> Result<(), Violation> {
        let Self { shadows, record, whole_commands, .. } = self;
        let repl = &node.server().repl;
        effects::follow(&mut shadows[usize::from(s)], s, node, now_ms, |at| {
            if served && *whole_commands {
                record.stood(&repl.id, at);
            }
        })
    }

    /// Looks at a node now and then: what takes long.
    ///
    /// # Errors
    /// Its data, its figures or its timers are wrong.
    pub fn now_and_then(&mut self, s: u8, node: &Node, thorough: bool) -> Result<(), Violation> {
        if !thorough {
            return Ok(());
        }
        effects::compare(&mut self.shadows[usize::from(s)], s, node)?;
        recounts::check(s, node)
    }

    /// Looks at a running node once a second.
    ///
    /// # Errors
    /// Someone waits too long.
    pub fn timers(&self, s: u8, node: &Node, now: Now) -> Result<(), Violation> {
        wakeups::in_time(s, node, now.mono)
    }

    /// Looks at a node when everyone has been answered who can be.
    ///
    /// # Errors
    /// Someone who could be served still waits.
    pub fn quiet(&self, s: u8, node: &Node) -> Result<(), Violation> {
        wakeups::none_lost(s, node)
    }

    /// A client heard a reply; whether it answers a command in full.
    ///
    /// # Errors
    /// The reply is wrong.
    pub fn reply(
        &mut self,
        c: u8,
        client: &mut Client,
        reply: &Reply,
        f: &mut Figures,
    ) -> Result<bool, Violation> {
        if pushes::is_message(client, reply) {
            pushes::message(c, client, reply)?;
            return Ok(false);
        }
        if let (Reply::Int(count), Some(wrote)) = (reply, client.waits_for)
            && client.waiting.front().is_some_and(|sent| sent.text.starts_with("WAIT "))
        {
            client.waits_for = None;
            waits::promise(&mut self.record, &self.reached, client.server, wrote, *count)?;
        }
        order::reply(c, client, reply, f)
    }

    /// A client heard a reply, so long after it sent its last WAIT.
    ///
    /// # Errors
    /// WAIT was answered before its time.
    pub fn waited(&self, c: u8, client: &Client, reply: &Reply, waited: Time) -> Result<(), Violation> {
        match (reply, client.waiting.front()) {
            // CLIENT UNBLOCK ends a WAIT before its time.
            (Reply::Int(count), Some(sent)) if !client.let_go => {
                waits::patience(c, &sent.text, *count, waited)
            }
            _ => Ok(()),
        }
    }

    /// A node was given input that is not its master's stream.
    ///
    /// # Errors
    /// Its state does not follow from the input.
    pub fn after_input(&mut self, s: u8, view: &View) -> Result<(), Violation> {
        let memory = &mut self.memory[usize::from(s)];
        if memory.last.as_ref() == Some(view) {
            return Ok(());
        }
        replica::keeps_still(s, memory, view)?;
        if !self.resyncing[usize::from(s)] {
            stream::moves_forward(s, memory, view)?;
        }
        stream::same_state(&mut self.record, s, view)?;
        if !view.is_replica {
            stream::same_database(&mut self.record, s, view)?;
        }
        if let Some(last) = &memory.last {
            roles::check(s, last, view, false)?;
        }
        memory.note(&mut self.record, &mut self.reached, s, view);
        Ok(())
    }

    /// A replica was given a piece of its master's conversation.
    ///
    /// # Errors
    /// The replica's state does not follow from it.
    pub fn stream(
        &mut self,
        s: u8,
        view: &View,
        follower: &Follower,
        boundary: &Boundary,
        figures: &mut Figures,
    ) -> Result<(), Violation> {
        let memory = &mut self.memory[usize::from(s)];
        if matches!(boundary, Boundary::Full(..) | Boundary::Partial(_)) {
            // The block that an earlier link broke off in is over.
            memory.at_multi = None;
        }
        match boundary {
            Boundary::Full(..) => {
                figures.syncs[0] += 1;
                // The master it was told to follow may lag behind what it had.
                self.resyncing[usize::from(s)] = true;
            }
            Boundary::Partial(_) => {
                figures.syncs[1] += 1;
                stream::rightly_continued(&mut self.record, s, memory, view)?;
            }
            Boundary::Command => {
                figures.boundaries += 1;
                stream::same_command(&mut self.record, s, follower)?;
                stream::counts_bytes(s, view, follower)?;
                replica::applies_blocks_whole(s, memory, view, follower)?;
                if self.whole_commands {
                    replica::stands_where_its_master_stood(&mut self.record, s, view, follower)?;
                }
            }
            Boundary::Loaded => stream::snapshot_is_of_its_offset(&mut self.record, s, view)?,
            Boundary::None => {}
        }
        let resyncing = &mut self.resyncing[usize::from(s)];
        if *boundary == Boundary::Command {
            *resyncing = false;
        }
        if !*resyncing {
            stream::moves_forward(s, memory, view)?;
        }
        if follower.block.is_none() {
            stream::same_state(&mut self.record, s, view)?;
        }
        if *boundary == Boundary::Command && follower.block.is_none() && stream::works_in_a_database(follower)
        {
            stream::same_database(&mut self.record, s, view)?;
        }
        if let Some(last) = &memory.last {
            roles::check(s, last, view, *boundary == Boundary::Loaded)?;
        }
        memory.note(&mut self.record, &mut self.reached, s, view);
        Ok(())
    }

    /// Server `s` is told by its master that a full synchronisation begins.
    ///
    /// # Errors
    /// It could have gone on where it was.
    pub fn full_sync(
        &self,
        s: u8,
        history: (&[u8; 40], i64),
        master: &View,
        kept: &KeptStream,
    ) -> Result<(), Violation> {
        match &self.memory[usize::from(s)].last {
            Some(last) => needless::check(s, last, history, master, kept),
            None => Ok(()),
        }
    }

    /// What a node keeps of its stream at the end of a turn.
    ///
    /// # Errors
    /// It is too much, or too little.
    pub fn kept_stream(&self, s: u8, kept: &KeptStream) -> Result<(), Violation> {
        backlog::check(s, kept)
    }

    /// A master has so many connections of a replica.
    pub fn connections(&mut self, s: u8, r: u8, count: i64) {
        self.reached.connections(s, r, count);
    }

    /// What a master believes of a replica, by its acknowledgement.
    ///
    /// # Errors
    /// The replica never came that far.
    pub fn believed(&mut self, s: u8, id: &[u8; 40], r: u8, acked: i64) -> Result<(), Violation> {
        waits::belief(&mut self.record, &self.reached, s, id, (r, acked))
    }

    /// A node that nobody talked to for a while.
    ///
    /// # Errors
    /// Something is left that should not be.
    pub fn at_rest(&self, s: u8, node: &Node, unix_ms: i64, wakes: u64) -> Result<(), Violation> {
        rest::check(s, node, unix_ms, wakes)
    }

    /// What a node keeps for a client of this class after a turn.
    ///
    /// # Errors
    /// It is beyond the limit.
    pub fn kept(&self, s: u8, class: usize, bytes: u64) -> Result<(), Violation> {
        self.limits.check(s, class, bytes)
    }
}

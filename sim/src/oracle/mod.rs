//! What must be true. One file for each property (or a few that share their state), with the property in one sentence
//! at its top.
//!
//! *Owns*: the checks and what they remember. *Does not own*: what they look at. *Invariants*: a check draws no random
//! number and changes nothing in the world, so that switching one on does not change the run.

mod backlog;
mod buffers;
mod durable;
mod order;
mod pushes;
mod replica;
mod replies;
pub(crate) mod roundtrip;
mod stream;

use crate::client::Client;
use crate::client::reply::Reply;
use crate::model::{Expect, shape};
use crate::plan::{Cuts, Plan};
use crate::record::Record;
use crate::record::follower::{Boundary, Follower};
use crate::view::{Files, KeptStream, View};
use crate::world::Figures;

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
    fn note(&mut self, record: &mut Record, view: &View) {
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
    memory: Vec<Memory>,
    limits: buffers::Limits,
    saves: Vec<durable::Saves>,
    /// Servers between the beginning of a full synchronisation and the first command after it.
    resyncing: Vec<bool>,
    /// Nodes are looked at after each command.
    whole_commands: bool,
}

impl Oracles {
    /// The checks for a plan.
    #[must_use]
    pub fn new(plan: &Plan) -> Self {
        Self {
            record: Record::default(),
            memory: vec![Memory::default(); plan.servers.len()],
            limits: buffers::Limits::of(plan),
            saves: vec![durable::Saves::default(); plan.servers.len()],
            resyncing: vec![false; plan.servers.len()],
            whole_commands: plan.cuts == Cuts::Commands,
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
        order::reply(c, client, reply, f)
    }

    /// A node was given input that is not its master's stream.
    ///
    /// # Errors
    /// Its state does not follow from the input.
    pub fn after_input(&mut self, s: u8, view: &View) -> Result<(), Violation> {
        let memory = &mut self.memory[usize::from(s)];
        replica::keeps_still(s, memory, view)?;
        if !self.resyncing[usize::from(s)] {
            stream::moves_forward(s, memory, view)?;
        }
        stream::same_state(&mut self.record, s, view)?;
        memory.note(&mut self.record, view);
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
            Boundary::None | Boundary::Loaded => {}
        }
        let resyncing = &mut self.resyncing[usize::from(s)];
        if *boundary == Boundary::Command {
            *resyncing = false;
        }
        if !*resyncing {
            stream::moves_forward(s, memory, view)?;
        }
        if !follower.in_multi {
            stream::same_state(&mut self.record, s, view)?;
        }
        memory.note(&mut self.record, view);
        Ok(())
    }

    /// What a node keeps of its stream at the end of a turn.
    ///
    /// # Errors
    /// It is too much, or too little.
    pub fn kept_stream(&self, s: u8, kept: &KeptStream) -> Result<(), Violation> {
        backlog::check(s, kept)
    }

    /// What a node keeps for a client of this class after a turn.
    ///
    /// # Errors
    /// It is beyond the limit.
    pub fn kept(&self, s: u8, class: usize, bytes: u64) -> Result<(), Violation> {
        self.limits.check(s, class, bytes)
    }
}

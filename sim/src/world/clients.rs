//! Clients at work: what they say, when they read, what they make of the answers.

use super::{Owner, PORT, Phase, READ_MAX, World};
use crate::agenda::Event;
use crate::chance::Chance;
use crate::client::frame::Args;
use crate::client::reply::Reply;
use crate::client::{Line, Role, Sent};
use crate::net::{End, HostId, ReadOutcome, WriteOutcome};
use crate::oracle::Violation;
use crate::plan::What;
use crate::plan::workload::{channel, may_wait};
use crate::trace::Who;

impl World {
    /// An item of the plan for a client.
    pub(super) fn client_item(&mut self, c: u8, item: u32) {
        let client = &mut self.clients[usize::from(c)];
        client.backlog.push_back(item);
        if client.line == Line::Idle {
            self.connect(c);
        } else {
            self.speak(c);
        }
    }

    pub(crate) fn connect(&mut self, c: u8) {
        let client = &self.clients[usize::from(c)];
        let (from, to) = (client.host, HostId(client.server));
        let dial = self.net.dial(&mut self.agenda, from, to, PORT);
        self.clients[usize::from(c)].line = Line::Dialing(dial);
    }

    pub(super) fn client_connected(&mut self, c: u8, end: End) {
        self.set_owner(end, Owner::Client(c));
        let client = &mut self.clients[usize::from(c)];
        client.line = Line::Up(end);
        client.connects += 1;
        // What a replica publishes comes to it by the stream, which the model of the session does not see.
        client.due_known = self.servers[usize::from(client.server)].tracked;
        if client.resp3 {
            self.args.clear();
            self.args.words("HELLO 3");
            self.send(c);
        }
        if self.clients[usize::from(c)].role == Role::Subscriber {
            self.args.clear();
            self.args.words("SUBSCRIBE ch:0 ch:1");
            self.send(c);
            // One client listens to notifications.
            let first = self.clients.iter().position(|client| client.role == Role::Subscriber);
            if self.plan.notifies() != (false, false) && first == Some(usize::from(c)) {
                self.args.clear();
                self.args.words("PSUBSCRIBE __key*");
                self.send(c);
            }
        }
        self.speak(c);
        // A reset may have come before the answer to the dial.
        self.client_reads(c);
    }

    /// Says what the client has in mind, as far as it may.
    pub(super) fn speak(&mut self, c: u8) {
        loop {
            let client = &mut self.clients[usize::from(c)];
            if client.holding || !matches!(client.line, Line::Up(_)) {
                break;
            }
            let Some(item) = client.backlog.pop_front() else { break };
            if client.role == Role::Admin {
                self.give_order(c);
                continue;
            }
            // An order is no item, and nothing to an auditor any more.
            let item_of_plan = self.plan.items.get(item as usize).map(|item| &item.what);
            let Some(&What::Say { count, .. }) = item_of_plan else { continue };
            self.say(c, item, count);
        }
        self.client_writes(c);
    }

    fn say(&mut self, c: u8, item: u32, count: u8) {
        let mut chance = Chance::new(self.plan.seed, 3_000_000 + u64::from(item));
        let now_ms = (crate::clock::EPOCH_US + self.agenda.now()) as i64 / 1000;
        let plan = std::sync::Arc::clone(&self.plan);
        for _ in 0..count {
            let client = &mut self.clients[usize::from(c)];
            client.speaker.now_ms = now_ms;
            let mut speaker = client.speaker;
            let mut args = std::mem::take(&mut self.args);
            if client.role == Role::Subscriber {
                args.clear();
                let word = ["SUBSCRIBE", "UNSUBSCRIBE", "PSUBSCRIBE ch:*", "PUNSUBSCRIBE ch:*", "PING"];
                let kind = chance.below(5);
                args.words(word[kind as usize]);
                if kind < 2 {
                    channel(&mut chance, &mut args);
                }
            } else {
                // Absolute times are unique by client, and so are the tokens.
                plan.mixture.draw(&mut chance, &mut speaker, &mut args);
            }
            let waits = may_wait(&args) && !speaker.in_multi;
            // Some go on talking, and are heard when they wait no longer.
            let talks_on = waits && !self.oracles.closes_on_output() && chance.one_in(4);
            let holds = args.at(0) == b"WAIT" || (waits && !talks_on);
            let client = &mut self.clients[usize::from(c)];
            client.talks_on = talks_on || (client.talks_on && !client.waiting.is_empty());
            if client.talks_on {
                leave_no_choice(&mut args);
            }
            self.args = args;
            self.clients[usize::from(c)].speaker = speaker;
            self.send(c);
            if holds {
                let now = self.agenda.now();
                let client = &mut self.clients[usize::from(c)];
                (client.holding, client.waits_since, client.let_go) = (true, now, false);
                break;
            }
        }
    }

    /// Sends the command in `self.args`.
    pub(super) fn send(&mut self, c: u8) {
        let client = &mut self.clients[usize::from(c)];
        self.args.encode(&mut client.out);
        let text = self.args.text();
        self.trace.line(self.agenda.now(), Who::Client(c), format_args!("> {text}"));
        client.waiting.push_back(Sent { text: text.into(), confirmed: 0 });
        self.figures.commands += 1;
    }

    pub(crate) fn client_writes(&mut self, c: u8) {
        let client = &mut self.clients[usize::from(c)];
        let Line::Up(end) = client.line else { return };
        if client.out.is_empty() {
            return;
        }
        match self.net.write(&mut self.agenda, end, &client.out[client.written..], usize::MAX) {
            WriteOutcome::Taken(n) => {
                client.written += n;
                if client.written == client.out.len() {
                    client.out.clear();
                    client.written = 0;
                }
            }
            // The end of the stream or the error is waiting to be read.
            WriteOutcome::Broken => {}
        }
    }

    /// A client has something to read, or has rested enough.
    pub(super) fn client_reads(&mut self, c: u8) {
        loop {
            let now = self.agenda.now();
            let client = &mut self.clients[usize::from(c)];
            let Line::Up(end) = client.line else { return };
            if client.asleep_until > now {
                let at = client.asleep_until;
                self.set_timer(c, at);
                return;
            }
            let slow = client.read_max > 0;
            if slow && client.timer {
                return;
            }
            let most = if slow { client.read_max.min(READ_MAX) } else { READ_MAX };
            let mut bytes = std::mem::take(&mut self.reading);
            let outcome = self.net.read(&mut self.agenda, end, &mut bytes[..most]);
            if let ReadOutcome::Data(n) = outcome {
                match client.role {
                    Role::Scripted => client.raw.extend_from_slice(&bytes[..n]),
                    _ => client.parser.feed(&bytes[..n]),
                }
            }
            self.reading = bytes;
            match outcome {
                ReadOutcome::Data(_) => {
                    self.hear(c);
                    if self.violation.is_some() {
                        return;
                    }
                    if slow {
                        let at = now + self.clients[usize::from(c)].rest_us;
                        self.set_timer(c, at);
                        return;
                    }
                }
                ReadOutcome::WouldBlock => return,
                ReadOutcome::Eof | ReadOutcome::Reset | ReadOutcome::TimedOut => {
                    self.client_lost(c, end, outcome);
                    return;
                }
            }
        }
    }

    fn set_timer(&mut self, c: u8, at: crate::agenda::Time) {
        let client = &mut self.clients[usize::from(c)];
        if !client.timer {
            client.timer = true;
            self.agenda.at(at, Event::Client(c));
        }
    }

    /// The client ends its connection, whatever is still on its way.
    pub(crate) fn client_closes(&mut self, c: u8) {
        if let Line::Up(end) = self.clients[usize::from(c)].line {
            self.set_owner(end, Owner::Nobody);
            self.net.close(&mut self.agenda, end);
            self.clients[usize::from(c)].hang_up();
        }
    }

    /// The client talks to another server from now on.
    pub(super) fn move_client(&mut self, c: u8, s: u8) {
        match self.clients[usize::from(c)].line {
            Line::Idle => {}
            Line::Dialing(dial) => {
                self.net.cancel_dial(&mut self.agenda, dial);
                self.clients[usize::from(c)].hang_up();
            }
            Line::Up(_) => self.client_closes(c),
        }
        self.clients[usize::from(c)].server = s;
        let client = &self.clients[usize::from(c)];
        if client.role == Role::Subscriber || !client.backlog.is_empty() {
            self.connect(c);
        }
    }

    fn client_lost(&mut self, c: u8, end: End, why: ReadOutcome) {
        let waiting = self.clients[usize::from(c)].waiting.len();
        let now = self.agenda.now();
        self.trace.line(
            now,
            Who::Client(c),
            format_args!("connection ended: {why:?}, {waiting} replies missing"),
        );
        self.set_owner(end, Owner::Nobody);
        self.net.close(&mut self.agenda, end);
        let client = &mut self.clients[usize::from(c)];
        client.hang_up();
        if client.role == Role::Admin {
            // An order whose answer was lost is given again.
            if waiting > 0 {
                client.backlog.push_back(u32::MAX);
            }
            return;
        }
        let eager = client.role == Role::Subscriber || !client.backlog.is_empty();
        if eager && self.phase == Phase::Safety {
            self.connect(c);
        }
    }

    /// Takes in the replies that have come whole.
    fn hear(&mut self, c: u8) {
        loop {
            let next = self.clients[usize::from(c)].parser.take();
            let reply = match next {
                Ok(Some(reply)) => reply,
                Ok(None) => return,
                Err(garbage) => {
                    self.violate(Violation::new("D1", format!("c{c} received {}", garbage.0)));
                    return;
                }
            };
            self.trace.line(self.agenda.now(), Who::Client(c), format_args!("< {reply}"));
            if let Err(violation) = self.judge(c, &reply) {
                self.violate(violation);
                return;
            }
        }
    }

    fn judge(&mut self, c: u8, reply: &Reply) -> Result<(), Violation> {
        if self.clients[usize::from(c)].role == Role::Subscriber && self.tells_expiry(c, reply)? {
            return Ok(());
        }
        let client = &mut self.clients[usize::from(c)];
        if self.plan.unchecked {
            client.listen(reply);
            if client.waiting.is_empty() && client.holding {
                client.holding = false;
                self.speak(c);
            }
            return Ok(());
        }
        let waited = self.agenda.now() - client.waits_since;
        self.oracles.waited(c, client, reply, waited)?;
        let done = self.oracles.reply(c, client, reply, &mut self.figures)?;
        if done && client.waiting.is_empty() && client.holding {
            client.holding = false;
            self.speak(c);
        }
        Ok(())
    }
}

/// What a server chooses cannot be seen while commands wait behind one another: the same command without a choice.
fn leave_no_choice(args: &mut Args) {
    if args.at(0) == b"SPOP" {
        let key = args.at(1).to_vec();
        args.clear();
        args.words("SCARD").push(&key);
    } else if args.at(0) == b"XTRIM" && args.at(3) == b"~" {
        let key = args.at(1).to_vec();
        args.clear();
        args.words("XLEN").push(&key);
    }
}

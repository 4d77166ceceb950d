//! CONFIG SET of what only the driver can do: other addresses to listen on, another data directory.
//!
//! *Owns*: asking the driver, and taking everything back when it refuses. *Does not own*: the values (`config`), what
//! follows from other directives (`engine/settings`).
//! *Invariants*: one change at a time; the client is answered when the driver has; after a refusal the node has the
//! configuration and, if the driver can still give them, the listeners that it had.

use super::Node;
use super::boot::tcp_wanted;
use super::ops::OpOwner;
use crate::base::ids::ListenerId;
use crate::config::{Changes, Config, Id, SetError};
use crate::contract::{ConnId, DiskRequest, DiskResult, ListenAt, Tuning};
use crate::engine::Action;
use crate::engine::server::Stands;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

/// A change that waits for the driver.
#[derive(Clone, Debug)]
pub(super) struct Reconfigure {
    client: ConnId,
    changes: Box<Changes>,
    /// The listeners it asked for.
    opened: Vec<ListenerId>,
    /// The addresses that had to be given up first.
    given_up: Vec<ListenAt>,
    /// Answers outstanding.
    waiting: usize,
    /// What the directory's check said, if it failed.
    bad_dir: Option<Box<str>>,
}

fn is_tcp(at: &ListenAt) -> bool {
    matches!(at, ListenAt::Tcp { .. })
}

fn port(at: &ListenAt) -> Option<u16> {
    match at {
        ListenAt::Tcp { port, .. } => Some(*port),
        ListenAt::Unix { .. } => None,
    }
}

impl Node {
    /// Asks the driver for what a CONFIG SET changed; the client waits.
    pub(super) fn reconfigure(&mut self, client: ConnId, changes: Box<Changes>) {
        let mut change = Reconfigure {
            client,
            changes,
            opened: Vec::new(),
            given_up: Vec::new(),
            waiting: 0,
            bad_dir: None,
        };
        if change.listens() {
            self.move_listeners(&mut change);
        }
        if change.changes.ids.contains(&Id::dir) {
            let op = self.srv.disk(DiskRequest::List { path: self.srv.config.dir.clone() });
            self.ops.insert(op, OpOwner::Directory);
            change.waiting += 1;
        }
        self.reconfigure = Some(Box::new(change));
        self.finish_reconfigure();
    }

    /// Opens the new addresses. Old ones on the same port go first, for they may overlap; others stay until the end.
    fn move_listeners(&mut self, change: &mut Reconfigure) {
        let wanted = tcp_wanted(&self.srv.config);
        let ports: Vec<Option<u16>> = wanted.iter().map(port).collect();
        let old: Vec<ListenerId> = self.unwanted(&wanted);
        for id in old {
            let at = self.srv.listeners.iter().find(|l| l.id == id).map(|l| l.at.clone());
            if let Some(at) = at.filter(|at| ports.contains(&port(at))) {
                self.unlisten(id);
                change.given_up.push(at);
            }
        }
        for at in wanted {
            if !self.srv.listeners.iter().any(|l| l.at == at) {
                change.opened.push(self.listen(at));
                change.waiting += 1;
            }
        }
    }

    /// The TCP listeners that are not among these.
    fn unwanted(&self, wanted: &[ListenAt]) -> Vec<ListenerId> {
        let listeners = self.srv.listeners.iter();
        listeners.filter(|l| is_tcp(&l.at) && !wanted.contains(&l.at)).map(|l| l.id).collect()
    }

    fn unlisten(&mut self, id: ListenerId) {
        let Some(at) = self.srv.listeners.iter().position(|l| l.id == id) else { return };
        if self.srv.listeners.remove(at).stands == Stands::Up {
            self.srv.actions.push(Action::Unlisten(id));
        }
    }

    /// A listener answered while a change waits.
    pub(super) fn listener_answered(&mut self, id: ListenerId) {
        if let Some(change) = &mut self.reconfigure
            && change.opened.contains(&id)
        {
            change.waiting -= 1;
            self.finish_reconfigure();
        }
    }

    /// The check of a new data directory answered.
    pub(super) fn directory_answered(&mut self, result: DiskResult) {
        if let Some(change) = &mut self.reconfigure {
            change.waiting -= 1;
            change.bad_dir = result.err().map(|error| error.text);
            self.finish_reconfigure();
        }
    }

    /// Ends the change when every answer is there.
    fn finish_reconfigure(&mut self) {
        let Some(change) = self.reconfigure.take_if(|change| change.waiting == 0) else { return };
        self.srv.is_reconfiguring = false;
        match self.refusal(&change) {
            None => {
                if change.listens() {
                    let wanted = tcp_wanted(&self.srv.config);
                    self.unwanted(&wanted).into_iter().for_each(|id| self.unlisten(id));
                }
                if change.changes.ids.contains(&Id::dir) {
                    self.srv.actions.push(Action::Tune(Tuning::Dir(self.srv.config.dir.clone())));
                }
                self.srv.answer(change.client, Ok(()));
            }
            Some((id, reason)) => {
                change.opened.iter().for_each(|id| self.unlisten(*id));
                for at in change.given_up {
                    self.listen(at);
                }
                put_back(&mut self.srv.config, &change.changes);
                self.srv.settle(&change.changes.ids);
                let arg = id.param().name.as_bytes().to_vec();
                let error = SetError::Refused { arg, reason: reason.into() };
                self.srv.answer(change.client, Err(&error.text()));
            }
        }
    }

    /// Why the change cannot be, if it cannot.
    fn refusal(&self, change: &Reconfigure) -> Option<(Id, String)> {
        let ids = &change.changes.ids;
        if let Some(text) = &change.bad_dir {
            return Some((Id::dir, String::from(&text[..])));
        }
        let listeners = || self.srv.listeners.iter().filter(|l| change.opened.contains(&l.id));
        if !change.listens() || !listeners().any(|l| l.stands == Stands::Failed) {
            return None;
        }
        let first = ids.iter().find(|id| matches!(id, Id::port | Id::bind)).copied().unwrap_or(Id::port);
        let reason = if first == Id::port {
            "Unable to listen on this port. Check server logs."
        } else {
            "Failed to bind to specified addresses."
        };
        Some((first, reason.into()))
    }
}

impl Reconfigure {
    fn listens(&self) -> bool {
        self.changes.ids.iter().any(|id| matches!(id, Id::port | Id::bind))
    }
}

/// Gives the directives of a refused change their former values.
fn put_back(config: &mut Config, changes: &Changes) {
    for id in &changes.ids {
        let param = id.param();
        let old = param.value(&changes.old);
        // A value that was printed reads back.
        let restored = param.set(config, &[&old], true);
        debug_assert!(restored.is_ok(), "{}", param.name);
    }
}

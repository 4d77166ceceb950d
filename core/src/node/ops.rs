//! What commands ask of the node's machinery, and the answers of the disk.
//!
//! *Owns*: which disk request belongs to what, and the answer to a client that waited for the driver.
//! *Invariants*: an answer that belongs to nothing is ignored.

use super::Node;
use super::rewrite::Rewrite;
use crate::contract::{ConnId, DiskResult, OpId};
use crate::engine::Server;
use crate::engine::server::Request;
use crate::persistence::Cause;
use alloc::boxed::Box;

/// What a disk request is for.
#[derive(Clone, Debug)]
pub(super) enum OpOwner {
    /// CONFIG REWRITE.
    Rewrite(Box<Rewrite>),
    /// CONFIG SET dir: whether the directory is there.
    Directory,
}

impl Node {
    /// Carries out what commands of this turn asked for.
    pub(super) fn serve_requests(&mut self) {
        for request in core::mem::take(&mut self.srv.requests) {
            match request {
                Request::RewriteConfig(client) => self.rewrite_config(client),
                Request::Reconfigure(client, changes) => self.reconfigure(client, changes),
                Request::Save(purpose) => self.srv.save_now(purpose),
                Request::Reload(reload) => {
                    self.srv.begin_loading(Cause::Reload(reload));
                    self.srv.persistence.exclusive_wanted = false;
                }
            }
        }
    }

    pub(super) fn disk_answered(&mut self, op: OpId, result: DiskResult) {
        match self.ops.remove(&op) {
            Some(OpOwner::Rewrite(rewrite)) => self.continue_rewrite(*rewrite, result),
            Some(OpOwner::Directory) => self.directory_answered(result),
            None => {
                self.srv.save_answered(op, result.clone());
                self.loading_answered(op, result);
            }
        }
    }
}

impl Server {
    /// Ends a client's waiting for the driver: `+OK`, or this error.
    pub(super) fn answer(&mut self, client: ConnId, result: Result<(), &[u8]>) {
        if let Err(text) = result {
            self.stats.error_reply(text);
        }
        let Some(slot) = self.conns.resolve(client) else { return };
        self.end_wait(slot, |w| match result {
            Ok(()) => w.ok(),
            Err(text) => w.error_parts(&[text]),
        });
    }
}

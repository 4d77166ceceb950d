//! The master's stream: executed, counted, kept for this node's own replicas.
//!
//! *Owns*: how far the stream is applied. *Does not own*: parsing (`resp`), execution (`engine/exec`), the kept bytes
//! (`replication`).
//! *Invariants*: the bytes are kept as they were received, so that every node of a chain holds the same history; the
//! offset moves only where no transaction is open, so that what it names is a state the master was in. Nothing is
//! answered but requests for the offset.

use super::Node;
use crate::base::mutant::Mutant;
use crate::connection::ConnFlags;
use crate::contract::LogLevel;
use crate::engine::Server;
use crate::engine::exec::Flow;
use crate::resp::{Inbox, Limits, Mark, OutBuf, Step};
use alloc::format;
use alloc::string::String;

/// The longest argument that is believed of a master, whatever this node's own limit.
const BULK_MAX: u64 = 4 << 30;

impl Node {
    /// `len` bytes were read into what the connection's inbox lent.
    pub(super) fn stream_received(&mut self, slot: u32, len: usize) {
        let inbox = &mut self.srv.conns.get_mut(slot).inbox;
        // It lends the same place again.
        let bytes = &inbox.space(&mut self.scratch)[..len];
        match bytes.strip_suffix(b"PING\r\n") {
            Some(before) if self.srv.knobs.broken(Mutant::StreamRewritten) => {
                self.srv.repl.receive(before);
                self.srv.repl.receive(b"ping\r\n");
            }
            _ => self.srv.repl.receive(bytes),
        }
        inbox.received(len);
        self.serve(slot);
    }

    /// The first bytes of a stream, which came together with the end of what was before it.
    pub(super) fn stream_begins(&mut self, slot: u32, mut bytes: &[u8]) {
        while !bytes.is_empty() && self.srv.repl.streaming_slot() == Some(slot) {
            let inbox = &mut self.srv.conns.get_mut(slot).inbox;
            let space = inbox.space(&mut self.scratch);
            let (now, later) = bytes.split_at(bytes.len().min(space.len()));
            space[..now.len()].copy_from_slice(now);
            self.srv.repl.receive(now);
            inbox.received(now.len());
            bytes = later;
            self.serve(slot);
        }
    }

    /// Executes what has arrived of the stream.
    pub(super) fn serve_master(&mut self, slot: u32) {
        let mut inbox = core::mem::take(&mut self.srv.conns.get_mut(slot).inbox);
        let mut replies = OutBuf::default();
        replies.give_storage(self.srv.spare_buffers.take().unwrap_or_default());
        let config = &self.srv.config;
        let limits = Limits {
            max_bulk: (config.proto_max_bulk_len as u64).max(BULK_MAX),
            query_buffer: u64::MAX,
            authenticated: true,
            big_bulk_min: self.srv.knobs.big_bulk_min,
        };
        while self.srv.repl.streaming_slot() == Some(slot) {
            match inbox.next_window(&self.scratch, &limits, self.srv.knobs.parse_window, &mut self.window) {
                Step::Frames if self.stream_window(slot, &mut inbox, &mut replies) => {}
                Step::Frames | Step::NeedMore => break,
                Step::Error(error) => self.srv.link_failed(&format!("Protocol error from master: {error:?}")),
                Step::QueryBufferFull => self.srv.link_failed("The master's stream cannot be buffered."),
            }
        }
        inbox.settle(&self.scratch);
        self.srv.conns.get_mut(slot).inbox = inbox;
        if let Some(storage) = replies.take_storage() {
            self.srv.spare_buffers.put(storage);
        }
    }

    /// One window of commands; whether another one may follow.
    fn stream_window(&mut self, slot: u32, inbox: &mut Inbox, replies: &mut OutBuf) -> bool {
        self.touch_ahead(slot, inbox);
        for frame in 0..self.window.len() {
            let args = inbox.args(&self.scratch, &self.window, frame);
            let srv = &mut self.srv;
            let (mark, errors) = (replies.mark(), srv.stats.error_replies);
            let flow = srv.execute(slot, args, self.rows[frame], replies);
            if srv.stats.error_replies != errors {
                srv.stream_error(args.get(0), replies, mark);
            }
            replies.clear();
            if srv.repl.streaming_slot() != Some(slot) {
                return false;
            }
            if core::mem::take(&mut srv.repl.ack_wanted) {
                srv.send_ack();
            }
            if flow != Flow::Postponed {
                srv.stream_applied(slot, inbox.left_after(&self.window, frame));
            }
            let next = match flow {
                Flow::Next => continue,
                Flow::Stop => frame + 1,
                Flow::Postponed => frame,
            };
            inbox.unread(&self.window, next);
            return false;
        }
        true
    }
}

impl Server {
    /// A command was executed; `left` bytes were received behind it.
    fn stream_applied(&mut self, slot: u32, left: u64) {
        let conn = self.conns.get(slot);
        if !conn.flags.has(ConnFlags::MULTI) || self.knobs.broken(Mutant::OffsetInsideMulti) {
            let lag = u64::from(self.knobs.broken(Mutant::OffsetLags));
            self.repl.applied(left + lag, conn.db);
        }
    }

    /// A command of the master failed here: the data sets may differ from now on.
    #[cold]
    fn stream_error(&mut self, name: &[u8], replies: &OutBuf, mark: Mark) {
        self.stats.unexpected_errors += 1;
        let reply = replies.since(mark);
        let name = String::from_utf8_lossy(&name[..name.len().min(64)]).replace(char::is_control, "?");
        let reply = String::from_utf8_lossy(&reply[..reply.len().min(256)]).replace(char::is_control, " ");
        self.log(
            LogLevel::Warning,
            format_args!("A command of the master's stream failed: '{name}' answered {reply}"),
        );
    }
}

//! One input: from the driver's bytes to executed commands.
//!
//! *Owns*: which machinery an input belongs to, and the loop parse → touch → execute of one client.
//! *Does not own*: parsing (`resp`), execution (`engine/exec`), writing (`pump`).

use super::Node;
use crate::base::mutant::Mutant;
use crate::connection::ConnFlags;
use crate::contract::{CloseWhy, ConnId, Input, LogLevel, Now};
use crate::engine::exec::Flow;
use crate::resp::{Inbox, Limits, OutBuf, Step};

impl Node {
    /// Takes note of one thing that happened.
    pub fn handle(&mut self, now: Now, input: Input<'_>) {
        self.srv.now = now;
        match input {
            Input::Accepted { conn, listener, peer } => self.accepted(conn, listener, peer),
            Input::Received { conn, len } => self.received(conn, len),
            Input::Writable { conn } => self.writable(conn),
            Input::Closed { conn, why } => self.closed(conn, why),
            Input::Dialed { link, result } => self.dialed(link, result),
            Input::Listening { listener, result } => self.listening(listener, result),
            Input::Disk { op, result } => self.disk_answered(op, result),
            Input::Wake => {}
            Input::Gauges(gauges) => self.srv.gauges = gauges,
            Input::Stop { how } => self.stop_signal(how),
        }
    }

    fn received(&mut self, conn: ConnId, len: usize) {
        let Some(slot) = self.srv.conns.resolve(conn) else { return };
        let connection = self.srv.conns.get_mut(slot);
        let is_master = connection.flags.has(ConnFlags::MASTER);
        let is_target = connection.flags.has(ConnFlags::TARGET);
        if !is_master && !is_target {
            connection.inbox.received(len);
        }
        connection.net_in += len as u64;
        connection.active = self.srv.now.mono;
        self.srv.stats.net_in += len as u64;
        self.srv.stats.reads += 1;
        if is_master {
            self.master_received(slot, len);
        } else if is_target {
            self.target_received(slot, len);
        } else {
            self.serve(slot);
        }
    }

    fn writable(&mut self, conn: ConnId) {
        let Some(slot) = self.srv.conns.resolve(conn) else { return };
        self.srv.conns.get_mut(slot).flags.clear(ConnFlags::STALLED);
        self.srv.mark_dirty(slot);
    }

    fn closed(&mut self, conn: ConnId, _why: CloseWhy) {
        let Some(slot) = self.srv.conns.resolve(conn) else { return };
        self.srv.conns.get_mut(slot).flags.set(ConnFlags::GONE);
        // Nothing is given to a client that is known to be gone.
        if !self.srv.knobs.broken(Mutant::GoneClientServed) {
            self.srv.stop_waiting(slot);
        }
        if self.srv.conns.get(slot).flags.has(ConnFlags::TARGET) {
            self.srv.target_gone(slot);
        }
        self.srv.close_soon(slot);
    }

    /// Executes what a client has sent, as far as it may run now.
    pub(super) fn serve(&mut self, slot: u32) {
        let at_rest = self.srv.at_rest();
        let connection = self.srv.conns.get_mut(slot);
        if connection.waits.is_some() || connection.leaving() || at_rest {
            self.keep_for_later(slot);
            return;
        }
        if connection.flags.has(ConnFlags::MASTER) {
            return self.serve_master(slot);
        }
        let mut inbox = core::mem::take(&mut connection.inbox);
        let mut out = core::mem::take(&mut connection.out);
        if out.is_empty()
            && let Some(storage) = self.srv.spare_buffers.take()
        {
            out.give_storage(storage);
        }
        self.srv.current = Some(slot);
        while self.serve_window(slot, &mut inbox, &mut out) {}
        self.srv.current = None;
        inbox.settle(&self.scratch);
        let has_output = !out.is_empty();
        let connection = self.srv.conns.get_mut(slot);
        connection.inbox = inbox;
        connection.out = out;
        if has_output || connection.flags.has(ConnFlags::CLOSE_AFTER_REPLY) {
            self.srv.mark_dirty(slot);
        }
    }

    /// Bytes that may not be executed now move into the connection's own buffer, within the limit.
    fn keep_for_later(&mut self, slot: u32) {
        let connection = self.srv.conns.get_mut(slot);
        connection.inbox.settle(&self.scratch);
        let leaving = connection.leaving();
        if !leaving && connection.inbox.buffered() > self.srv.config.client_query_buffer_limit as u64 {
            self.query_buffer_full(slot);
        } else if !leaving && self.srv.at_rest() {
            self.srv.take_up(slot);
        }
    }

    /// One window of frames; whether another one may follow.
    fn serve_window(&mut self, slot: u32, inbox: &mut Inbox, out: &mut OutBuf) -> bool {
        let limits = self.limits(slot);
        let ahead = self.srv.knobs.parse_window;
        match inbox.next_window(&self.scratch, &limits, ahead, &mut self.window) {
            Step::Frames => {}
            Step::NeedMore => return false,
            Step::Error(error) => {
                self.srv.stats.error_reply(b"ERR");
                error.write(&mut self.srv.writer(slot, out));
                self.srv.log(
                    LogLevel::Verbose,
                    format_args!(
                        "Protocol error ({error:?}) from client: {}",
                        self.srv.conns.get(slot).details.peer.clone()
                    ),
                );
                self.srv.close_after_reply(slot);
                return false;
            }
            Step::QueryBufferFull => {
                self.query_buffer_full(slot);
                return false;
            }
        }
        self.touch_ahead(slot, inbox);
        let more = self.run_window(slot, inbox, out);
        self.srv.stats.stop(self.srv.stopwatch);
        more
    }

    /// Executes the frames of a window; whether another one may follow.
    fn run_window(&mut self, slot: u32, inbox: &mut Inbox, out: &mut OutBuf) -> bool {
        let hard = self.hard_limit(slot);
        for frame in 0..self.window.len() {
            if frame == 7 && self.srv.knobs.broken(Mutant::CommandDropped) {
                continue;
            }
            let args = inbox.args(&self.scratch, &self.window, frame);
            let flow = self.srv.execute(slot, args, self.rows[frame], out);
            if hard > 0 && out.len() as u64 > hard {
                self.srv.output_overrun(slot, out.len());
                return false;
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

    fn limits(&self, slot: u32) -> Limits {
        let config = &self.srv.config;
        Limits {
            max_bulk: config.proto_max_bulk_len as u64,
            query_buffer: config.client_query_buffer_limit as u64,
            authenticated: self.srv.conns.get(slot).flags.has(ConnFlags::AUTHENTICATED),
            big_bulk_min: self.srv.knobs.big_bulk_min,
        }
    }

    fn hard_limit(&self, slot: u32) -> u64 {
        let class = self.srv.conns.get(slot).obuf_class();
        if self.srv.knobs.broken(Mutant::OutputUnlimited) {
            return 0;
        }
        self.srv.config.client_output_buffer_limit[class].hard
    }

    /// Looks the frames' commands up and touches their keys, so that the cache misses of a window overlap.
    pub(super) fn touch_ahead(&mut self, slot: u32, inbox: &Inbox) {
        self.rows.clear();
        let table = &self.srv.table;
        for frame in 0..self.window.len() {
            self.rows.push(table.find(inbox.args(&self.scratch, &self.window, frame).get(0)));
        }
        let db = self.srv.conns.get(slot).db;
        let keys_stored = self.srv.keyspace.len(db);
        if self.window.len() < 2 || keys_stored == 0 {
            return;
        }
        let mut keys: [&[u8]; TOUCH_KEYS] = [&[]; TOUCH_KEYS];
        let mut elements: [(&[u8], &[u8]); TOUCH_KEYS] = [(&[], &[]); TOUCH_KEYS];
        let (mut n, mut m) = (0, 0);
        for (frame, row) in self.rows.iter().enumerate().take(TOUCH_KEYS) {
            let Some(row) = row.map(|row| table.row(row)) else { continue };
            let (first, element) = (row.keys.0, usize::from(row.element));
            let args = inbox.args(&self.scratch, &self.window, frame);
            if first > 0 && args.len() > first as usize {
                keys[n] = args.get(first as usize);
                n += 1;
                if element > 0 && args.len() > element {
                    elements[m] = (args.get(first as usize), args.get(element));
                    m += 1;
                }
            }
        }
        if keys_stored >= TOUCH_MIN {
            self.srv.keyspace.touch_window(db, keys[..n].iter().copied());
        }
        if m > 1 {
            self.srv.keyspace.touch_elements(db, &elements[..m]);
        }
    }

    fn query_buffer_full(&mut self, slot: u32) {
        self.srv.stats.qbuf_disconnections += 1;
        self.srv.log(
            LogLevel::Warning,
            format_args!(
                "Closing client that reached max query buffer length: {}",
                self.srv.conns.get(slot).details.peer.clone()
            ),
        );
        self.srv.close_soon(slot);
    }

    /// Executes what clients sent while they could not be served, in the order in which they became free.
    pub(super) fn take_up_ready(&mut self) {
        if self.srv.at_rest() {
            return;
        }
        let mut served = 0;
        while let Some(&slot) = self.srv.ready.get(served) {
            served += 1;
            let Some(connection) = self.srv.conns.try_get_mut(slot) else { continue };
            connection.flags.clear(ConnFlags::READY);
            self.serve(slot);
            if self.srv.at_rest() {
                break;
            }
        }
        self.srv.ready.drain(..served);
    }
}

/// Keys in a database from which on touching ahead pays.
const TOUCH_MIN: usize = 4_096;
/// Keys touched at most for one window.
const TOUCH_KEYS: usize = 16;

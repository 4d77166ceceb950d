//! What a command has in hand while it runs.

use super::row::Row;
use super::server::Server;
use super::table::RowIx;
use crate::base::ids::DbIndex;
use crate::base::number::parse_i64;
use crate::connection::Connection;
use crate::resp::{Args, CommandError, OutBuf, Proto, Writer};

/// How a command that succeeded is propagated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// As it was sent, if it changed anything.
    Request,
    /// As it was sent, whether it changed anything or not.
    Always,
    /// The handler said what to propagate, by `Ctx::propagate`; or nothing is to be.
    Own,
}

/// One command's view of the server.
pub struct Ctx<'a> {
    /// The server.
    pub srv: &'a mut Server,
    /// The client's slot in the connection table.
    pub slot: u32,
    /// The arguments, the command's name first.
    pub args: Args<'a>,
    /// The reply.
    pub out: &'a mut OutBuf,
    /// The client's database.
    pub db: DbIndex,
    /// The client's protocol.
    pub proto: Proto,
    /// The row's number.
    pub row_ix: RowIx,
    /// The row.
    pub row: &'static Row,
    /// How the command is propagated.
    pub effect: Effect,
    /// Whether it runs inside EXEC: then nothing may wait.
    pub in_exec: bool,
    /// The key that became ready, when a command that waited runs again.
    pub ready_key: Option<&'a [u8]>,
}

impl<'a> Ctx<'a> {
    /// The reply's writer.
    pub fn reply(&mut self) -> Writer<'_> {
        Writer::new(self.out, self.proto)
    }

    /// The number of arguments, the name included.
    #[must_use]
    pub fn argc(&self) -> usize {
        self.args.len()
    }

    /// An argument; outlives the borrow of the context.
    #[must_use]
    pub fn arg(&self, i: usize) -> &'a [u8] {
        self.args.get(i)
    }

    /// Whether an argument is this word, whatever its case.
    #[must_use]
    pub fn arg_is(&self, i: usize, word: &str) -> bool {
        self.args.get(i).eq_ignore_ascii_case(word.as_bytes())
    }

    /// An argument as a 64-bit integer.
    ///
    /// # Errors
    /// `value is not an integer or out of range`.
    pub fn int(&self, i: usize) -> Result<i64, CommandError> {
        parse_i64(self.args.get(i)).ok_or(CommandError::NotInteger)
    }

    /// An argument as a 32-bit integer.
    ///
    /// # Errors
    /// `value is not an integer or out of range`, or the range.
    pub fn int32(&self, i: usize) -> Result<i64, CommandError> {
        let n = self.int(i)?;
        let (low, high) = (i64::from(i32::MIN), i64::from(i32::MAX));
        if (low..=high).contains(&n) { Ok(n) } else { Err(CommandError::NotBetween(low, high)) }
    }

    /// The client.
    #[must_use]
    pub fn client(&self) -> &Connection {
        self.srv.conns.get(self.slot)
    }

    /// The client.
    pub fn client_mut(&mut self) -> &mut Connection {
        self.srv.conns.get_mut(self.slot)
    }

    /// Milliseconds since the epoch, frozen for this command.
    #[must_use]
    pub fn now_ms(&self) -> i64 {
        self.srv.now.unix.ms()
    }

    /// Propagates `args` in place of the request, in this command's database. May be called several times.
    pub fn propagate(&mut self, args: &[&[u8]]) {
        self.effect = Effect::Own;
        self.srv.propagate(self.db, args.iter().copied());
    }

    /// Propagates nothing for this command.
    pub fn propagate_nothing(&mut self) {
        self.effect = Effect::Own;
    }
}

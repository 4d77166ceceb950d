//! Floor 4: keys on their way to another server.
//!
//! *Owns*: [`Migrations`]: the requests under way, each with its keys and the conversation with its target, and the
//! connections kept for the next request. *Does not own*: sockets, payloads, the removal of keys, replies to clients
//! (`node/migrate`).
//! *Invariants*: a key whose name changed hands or whose value changed since it was sent is marked so; a request reads
//! exactly as many replies as it sent commands; whatever the target sends, the worst that follows is an error.

use crate::base::ids::{ConnId, DbIndex, LinkId};
use crate::base::time::{Mono, Span};
use crate::resp::{Reply, ReplyParser};
use alloc::boxed::Box;
use alloc::vec::Vec;

/// Connections kept at most.
const KEPT_MAX: usize = 64;
/// How long one is kept without use.
const KEPT: Span = Span::secs(10);

/// Where keys go, and as whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Host name or address.
    pub host: Box<str>,
    /// TCP port.
    pub port: u16,
    /// AUTH: a password, perhaps with a user before it.
    pub auth: Vec<Box<[u8]>>,
}

/// What a client asked for.
#[derive(Clone, Debug)]
pub struct Order {
    /// The client.
    pub client: ConnId,
    /// It wants no reply.
    pub silent: bool,
    /// Where to.
    pub target: Target,
    /// Where from.
    pub db: DbIndex,
    /// The keys.
    pub keys: Vec<Box<[u8]>>,
    /// The database over there, as it was written.
    pub target_db: i64,
    /// How long nothing may happen.
    pub patience: Span,
    /// The keys stay here.
    pub copy: bool,
    /// What is over there is replaced.
    pub replace: bool,
}

/// A key that was sent.
#[derive(Clone, Debug)]
pub struct Sent {
    /// Its name.
    pub key: Box<[u8]>,
    /// It changed since.
    pub changed: bool,
    /// The target has it.
    pub taken: bool,
}

/// A request under way.
#[derive(Clone, Debug)]
pub struct Job {
    /// What was asked for.
    pub order: Order,
    /// How far it is.
    pub stage: Stage,
    /// When it fails unless something happens.
    pub deadline: Mono,
    /// A connection that breaks before anything was answered is tried again once.
    pub may_retry: bool,
}

/// How far a request is.
#[derive(Clone, Debug)]
pub enum Stage {
    /// A connection is being made.
    Dialing(LinkId),
    /// The commands are on their way, or some replies are back.
    Talking(Box<Talk>),
}

/// The conversation over one connection.
#[derive(Clone, Debug)]
pub struct Talk {
    /// The connection.
    pub conn: ConnId,
    /// Bytes that had been written when that was looked at last.
    pub written: u64,
    /// The keys, in the order of their commands.
    pub sent: Vec<Sent>,
    /// Commands before those, whose failure concerns all keys: AUTH, SELECT.
    preludes: usize,
    parser: ReplyParser,
    /// Replies read.
    read: usize,
    /// A prelude failed.
    refused: bool,
    /// The first error.
    pub error: Option<Vec<u8>>,
}

/// What became of bytes from a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// More are to come.
    Waiting,
    /// All replies are there.
    Done,
    /// That was no reply.
    Nonsense,
}

impl Talk {
    /// All commands have been handed to the connection.
    #[must_use]
    pub fn new(conn: ConnId, preludes: usize, keys: Vec<Box<[u8]>>) -> Self {
        let sent = keys.into_iter().map(|key| Sent { key, changed: false, taken: false }).collect();
        Self {
            conn,
            written: 0,
            sent,
            preludes,
            parser: ReplyParser::default(),
            read: 0,
            refused: false,
            error: None,
        }
    }

    /// Whether any reply was read.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.read > 0
    }

    /// How things stand.
    #[must_use]
    pub fn progress(&self) -> Progress {
        if self.read < self.preludes + self.sent.len() { Progress::Waiting } else { Progress::Done }
    }

    /// Takes bytes of the target.
    pub fn feed(&mut self, bytes: &[u8]) -> Progress {
        self.parser.feed(bytes);
        while self.progress() == Progress::Waiting {
            match self.parser.next() {
                Ok(Some(reply)) => self.take(reply),
                Ok(None) => return Progress::Waiting,
                Err(_) => return Progress::Nonsense,
            }
        }
        Progress::Done
    }

    fn take(&mut self, reply: Reply) {
        let failed = match reply {
            Reply::Error(text) => {
                self.error.get_or_insert(text);
                true
            }
            _ => false,
        };
        match self.read.checked_sub(self.preludes) {
            None => self.refused |= failed,
            Some(i) => self.sent[i].taken = !failed && !self.refused,
        }
        self.read += 1;
    }
}

/// A connection that waits for the next request.
#[derive(Clone, Debug)]
pub struct Kept {
    /// The connection.
    pub conn: ConnId,
    target: Target,
    /// The database selected over there, if that is known.
    pub selected: Option<i64>,
    until: Mono,
}

/// Everything under way.
#[derive(Clone, Debug, Default)]
pub struct Migrations {
    jobs: Vec<Job>,
    kept: Vec<Kept>,
}

impl Migrations {
    /// Whether changed keys are to be told.
    #[must_use]
    pub fn is_watching(&self) -> bool {
        self.jobs.iter().any(|job| matches!(job.stage, Stage::Talking(_)))
    }

    /// Adds a request.
    pub fn begin(&mut self, job: Job) {
        self.jobs.push(job);
    }

    /// Takes the request that waits for a dial.
    pub fn take_dialing(&mut self, link: LinkId) -> Option<Job> {
        self.take(|job| matches!(job.stage, Stage::Dialing(l) if l == link))
    }

    /// Takes the request that talks over a connection.
    pub fn take_talking(&mut self, conn: ConnId) -> Option<Job> {
        self.take(|job| matches!(&job.stage, Stage::Talking(talk) if talk.conn == conn))
    }

    /// Takes all requests.
    pub fn take_all(&mut self) -> Vec<Job> {
        core::mem::take(&mut self.jobs)
    }

    fn take(&mut self, wanted: impl FnMut(&Job) -> bool) -> Option<Job> {
        let at = self.jobs.iter().position(wanted)?;
        Some(self.jobs.remove(at))
    }

    /// The conversation over a connection, with the deadline of its request.
    pub fn talk_mut(&mut self, conn: ConnId) -> Option<(&mut Talk, &mut Mono, Span)> {
        self.jobs.iter_mut().find_map(|job| match &mut job.stage {
            Stage::Talking(talk) if talk.conn == conn => {
                Some((&mut **talk, &mut job.deadline, job.order.patience))
            }
            Stage::Talking(_) | Stage::Dialing(_) => None,
        })
    }

    /// Requests whose time is up, and the next deadline of all others.
    pub fn due(&mut self, now: Mono) -> (Vec<Job>, Option<Mono>) {
        let (due, rest) = core::mem::take(&mut self.jobs).into_iter().partition(|job| job.deadline <= now);
        self.jobs = rest;
        let kept = self.kept.iter().map(|kept| kept.until);
        (due, self.jobs.iter().map(|job| job.deadline).chain(kept).min())
    }

    /// Requests that talk, with the connections.
    pub fn talks_mut(&mut self) -> impl Iterator<Item = (&mut Talk, &mut Mono, Span)> {
        self.jobs.iter_mut().filter_map(|job| match &mut job.stage {
            Stage::Talking(talk) => Some((&mut **talk, &mut job.deadline, job.order.patience)),
            Stage::Dialing(_) => None,
        })
    }

    /// Keeps a connection for the next request to the same target. Answers one that is kept no longer, and until when
    /// this one is.
    pub fn keep(
        &mut self,
        conn: ConnId,
        target: Target,
        selected: Option<i64>,
        now: Mono,
    ) -> (Option<ConnId>, Mono) {
        let oldest = (self.kept.len() >= KEPT_MAX).then(|| self.kept.remove(0).conn);
        self.kept.push(Kept { conn, target, selected, until: now + KEPT });
        (oldest, now + KEPT)
    }

    /// A connection to this target, if one is kept.
    pub fn take_kept(&mut self, target: &Target) -> Option<Kept> {
        let at = self.kept.iter().position(|kept| kept.target == *target)?;
        Some(self.kept.remove(at))
    }

    /// Forgets a kept connection; whether it was one.
    pub fn forget(&mut self, conn: ConnId) -> bool {
        let before = self.kept.len();
        self.kept.retain(|kept| kept.conn != conn);
        self.kept.len() != before
    }

    /// Connections that have been kept long enough.
    pub fn stale(&mut self, now: Mono) -> Vec<ConnId> {
        let (stale, rest): (Vec<_>, Vec<_>) =
            core::mem::take(&mut self.kept).into_iter().partition(|kept| kept.until <= now);
        self.kept = rest;
        stale.into_iter().map(|kept| kept.conn).collect()
    }

    /// Connections kept, for INFO.
    #[must_use]
    pub fn kept(&self) -> usize {
        self.kept.len()
    }

    /// A key changed, or with `None` a whole database.
    pub fn changed(&mut self, db: DbIndex, key: Option<&[u8]>) {
        for job in self.jobs.iter_mut().filter(|job| job.order.db == db) {
            if let Stage::Talking(talk) = &mut job.stage {
                for sent in &mut talk.sent {
                    sent.changed |= key.is_none_or(|key| *sent.key == *key);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    const CONN: ConnId = ConnId { index: 3, generation: 1 };

    fn talk(preludes: usize) -> Talk {
        Talk::new(CONN, preludes, vec![b"a"[..].into(), b"b"[..].into()])
    }

    fn taken(talk: &Talk) -> Vec<bool> {
        talk.sent.iter().map(|sent| sent.taken).collect()
    }

    #[test]
    fn each_reply_belongs_to_a_key() {
        let mut talk = talk(1);
        assert_eq!(talk.feed(b"+OK\r\n-BUSYKEY x\r\n+O"), Progress::Waiting);
        assert_eq!(talk.feed(b"K\r\n"), Progress::Done);
        assert_eq!((taken(&talk), talk.error.as_deref()), (vec![false, true], Some(&b"BUSYKEY x"[..])));
    }

    #[test]
    fn a_failed_prelude_fails_every_key() {
        let mut talk = talk(2);
        assert_eq!(talk.feed(b"-WRONGPASS x\r\n+OK\r\n+OK\r\n-ERR y\r\n"), Progress::Done);
        assert_eq!((taken(&talk), talk.error.as_deref()), (vec![false, false], Some(&b"WRONGPASS x"[..])));
    }

    #[test]
    fn nonsense_is_noticed() {
        assert_eq!(talk(0).feed(b"HTTP/1.1 400\r\n"), Progress::Nonsense);
    }

    #[test]
    fn connections_are_kept_for_a_while() {
        let target = |port| Target { host: "h".into(), port, auth: Vec::new() };
        let mut all = Migrations::default();
        let at = |secs| Mono::default() + Span::secs(secs);
        for n in 0..70 {
            let conn = ConnId { index: n, generation: 0 };
            let (dropped, until) = all.keep(conn, target(1000 + n as u16), Some(0), at(0));
            assert_eq!((dropped.is_some(), until), (n >= 64, at(10)));
        }
        assert!(all.take_kept(&target(1000)).is_none());
        assert!(all.take_kept(&Target { auth: vec![b"p"[..].into()], ..target(1069) }).is_none());
        assert!(all.take_kept(&target(1069)).is_some_and(|kept| kept.conn.index == 69));
        assert!(all.forget(ConnId { index: 68, generation: 0 }));
        assert_eq!((all.kept(), all.stale(at(9)).len(), all.stale(at(10)).len(), all.kept()), (62, 0, 62, 0));
    }
}

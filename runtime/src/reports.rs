//! What other threads tell the event loop.
//!
//! *Owns*: the one channel into the loop and the waking of its poll. *Does not own*: what the reports mean.
//! *Invariant*: a report sent is seen by the loop without waiting for anything else to happen; however many are
//! sent while the loop works, it is woken once.

use mio::Waker;
use norn_core::contract::{DiskResult, OpId, StopHow};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};

/// One message to the loop.
#[derive(Debug)]
pub enum Report {
    /// A disk request is through.
    Disk {
        /// The worker that did it.
        lane: usize,
        /// The request.
        op: OpId,
        /// What came of it.
        result: DiskResult,
    },
    /// A host name was looked up.
    Resolved {
        /// Which attempt asked.
        attempt: u64,
        /// The addresses in the resolver's order, or its words.
        result: Result<Vec<SocketAddr>, String>,
    },
    /// Somebody wants the server to stop.
    Stop(StopHow),
}

/// The sending end; one per thread that has something to say.
#[derive(Clone, Debug)]
pub struct Reporter {
    queue: Sender<Report>,
    waker: Arc<Waker>,
    woken: Arc<AtomicBool>,
}

/// The loop's end.
#[derive(Debug)]
pub struct Reports {
    queue: Receiver<Report>,
    woken: Arc<AtomicBool>,
}

/// A channel whose sending end wakes the poll that `waker` belongs to.
#[must_use]
pub fn reports(waker: Waker) -> (Reporter, Reports) {
    let (sender, receiver) = channel();
    let woken = Arc::new(AtomicBool::new(false));
    (
        Reporter { queue: sender, waker: Arc::new(waker), woken: Arc::clone(&woken) },
        Reports { queue: receiver, woken },
    )
}

impl Reporter {
    /// Sends a report. Nobody listens any more once the loop has ended; that is no error.
    pub fn send(&self, report: Report) {
        if self.queue.send(report).is_ok() && !self.woken.swap(true, Ordering::AcqRel) {
            let woken: io::Result<()> = self.waker.wake();
            if woken.is_err() {
                self.woken.store(false, Ordering::Release);
            }
        }
    }
}

impl Reports {
    /// Must be called before a batch of [`next`](Self::next): what is sent from here on wakes the poll anew.
    pub fn begin(&self) {
        self.woken.store(false, Ordering::Release);
    }

    /// The next report, if one is there.
    pub fn next(&self) -> Option<Report> {
        self.queue.try_recv().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::{Report, reports};
    use mio::{Events, Poll, Token, Waker};
    use norn_core::contract::StopHow;
    use std::time::Duration;

    #[test]
    fn a_report_wakes_the_poll_once_per_batch() {
        let mut poll = Poll::new().expect("poll");
        let waker = Waker::new(poll.registry(), Token(7)).expect("waker");
        let (reporter, inbox) = reports(waker);
        let mut events = Events::with_capacity(4);
        let short = Some(Duration::from_millis(20));
        for _ in 0..2 {
            reporter.send(Report::Stop(StopHow::Term));
            reporter.send(Report::Stop(StopHow::Int));
            poll.poll(&mut events, short).expect("poll");
            assert_eq!(events.iter().count(), 1);
            inbox.begin();
            assert!(matches!(inbox.next(), Some(Report::Stop(StopHow::Term))));
            assert!(matches!(inbox.next(), Some(Report::Stop(StopHow::Int))));
            assert!(inbox.next().is_none());
        }
        poll.poll(&mut events, short).expect("poll");
        assert_eq!(events.iter().count(), 0);
    }
}

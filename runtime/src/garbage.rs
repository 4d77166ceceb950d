//! Dropping what takes long to drop.
//!
//! *Owns*: one thread, started with the first piece. *Does not own*: what counts as huge.
//! *Invariant*: the serving thread never waits for a drop. When no thread can be had, the drop happens in place.

use norn_core::contract::Garbage;
use std::sync::mpsc::{Sender, channel};

/// The way to the thread that drops things.
#[derive(Debug, Default)]
pub struct Dump {
    queue: Option<Sender<Box<dyn Garbage>>>,
}

impl Dump {
    /// Drops it elsewhere.
    pub fn take(&mut self, garbage: Box<dyn Garbage>) {
        if self.queue.is_none() {
            let (sender, pieces) = channel::<Box<dyn Garbage>>();
            let work = move || pieces.into_iter().for_each(drop);
            if std::thread::Builder::new().name("dump".to_owned()).spawn(work).is_ok() {
                self.queue = Some(sender);
            }
        }
        if let Some(queue) = &self.queue {
            // A failed send drops the piece here.
            drop(queue.send(garbage));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Dump;
    use std::sync::mpsc::{Sender, channel};
    use std::thread::ThreadId;

    #[derive(Clone)]
    struct Witness(Sender<ThreadId>);

    impl Drop for Witness {
        fn drop(&mut self) {
            let _ = self.0.send(std::thread::current().id());
        }
    }

    #[test]
    fn drops_happen_on_another_thread() {
        let (sender, seen) = channel();
        let mut dump = Dump::default();
        dump.take(Box::new(Witness(sender.clone())));
        dump.take(Box::new(Witness(sender)));
        let here = std::thread::current().id();
        let dropped_on = [seen.recv().expect("first"), seen.recv().expect("second")];
        assert!(dropped_on.iter().all(|thread| *thread != here));
    }
}

//! C3, C5: what a server finds when it starts is the whole of a snapshot that it began, and none older than the last one
//! that it reported as saved.

use super::Violation;
use crate::view::Files;

/// What is known of one server's files, over all lives of its process.
#[derive(Clone, Debug, Default)]
pub(crate) struct Saves {
    /// The digest of the data at the beginning of every snapshot.
    begun: Vec<u128>,
    /// Position of the last one that was reported as saved.
    reported: Option<usize>,
    /// What was seen at the end of the last turn of this process.
    last: Option<Files>,
}

impl Saves {
    /// The process ended.
    pub(crate) fn process_ended(&mut self) {
        self.last = None;
    }

    /// A turn of the server ended.
    ///
    /// # Errors
    /// It found something else than it should have.
    pub(crate) fn after_turn(&mut self, s: u8, files: &Files) -> Result<(), Violation> {
        let last = self.last.replace(*files);
        let begun_before = last.map_or(0, |last| last.begun);
        if files.begun != begun_before {
            self.begun.push(files.digest_at_begin);
        }
        if last.is_some_and(|last| last.completed != files.completed) {
            // The one that was reported began before this turn: beginning and end are never in one.
            let newer = usize::from(files.begun != begun_before);
            self.reported = self.begun.len().checked_sub(1 + newer);
        }
        let was_loading = last.is_none_or(|last| last.loading);
        if was_loading && !files.loading { self.started(s, files) } else { Ok(()) }
    }

    /// The server knows what it starts with.
    fn started(&self, s: u8, files: &Files) -> Result<(), Violation> {
        let violation = |reason| Err(Violation::new("C5", format!("n{s} {reason}")));
        if files.failed {
            return violation("cannot load the file that it wrote".to_owned());
        }
        if !files.loaded {
            return match self.reported {
                Some(_) => violation("has lost a snapshot that it reported as saved".to_owned()),
                None => Ok(()),
            };
        }
        // Keys that expired meanwhile are not in the data any more.
        if files.expired > 0 {
            return Ok(());
        }
        let found = self.begun.iter().rposition(|digest| *digest == files.digest);
        match (found, self.reported) {
            (None, _) => Err(Violation::new("C3", format!("n{s} starts with data that it never saved"))),
            (Some(at), Some(reported)) if at < reported => {
                violation(format!("starts with snapshot {at}, but {reported} was reported as saved"))
            }
            (Some(_), _) => Ok(()),
        }
    }
}

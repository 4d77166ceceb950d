//! The summary of many seeds.

use norn_sim::agenda::SECOND;
use norn_sim::plan::FAULT_FAMILIES;
use norn_sim::run::{Outcome, Verdict};
use norn_sim::world::Figures;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

/// What many seeds came to.
#[derive(Default)]
pub(crate) struct Report {
    seeds: u64,
    figures: Figures,
    failed: BTreeMap<u64, Verdict>,
}

/// A verdict in one line.
pub(crate) fn verdict(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Fine => "nothing was wrong".to_owned(),
        Verdict::Wrong(v) | Verdict::Stuck(v) => format!("{}: {}", v.oracle, v.reason),
        Verdict::Panicked(text) => format!("panic: {text}"),
        Verdict::Unsteady(v) => format!("{}: {}", v.oracle, v.reason),
    }
}

impl Report {
    /// Adds a seed.
    pub(crate) fn add(&mut self, outcome: &Outcome) {
        self.seeds += 1;
        let (sum, f) = (&mut self.figures, &outcome.figures);
        sum.events += f.events;
        sum.turns += f.turns;
        sum.commands += f.commands;
        sum.compared += f.compared;
        sum.bytes_out += f.bytes_out;
        sum.boundaries += f.boundaries;
        sum.simulated += f.simulated;
        for (a, b) in sum.syncs.iter_mut().zip(f.syncs) {
            *a += b;
        }
        for (a, b) in sum.faults.iter_mut().zip(f.faults) {
            *a += b;
        }
        if outcome.verdict != Verdict::Fine {
            self.failed.insert(outcome.seed, outcome.verdict.clone());
        }
    }

    /// Seeds with something wrong.
    pub(crate) fn wrong(&self) -> usize {
        self.failed.len()
    }

    /// The exit code of the whole.
    pub(crate) fn code(&self) -> u8 {
        let codes: Vec<u8> = self.failed.values().map(super::code).collect();
        [3, 4, 1, 5].into_iter().find(|code| codes.contains(code)).unwrap_or(0)
    }

    /// The summary as text.
    pub(crate) fn text(&self, took: Duration, jobs: usize) -> String {
        let f = &self.figures;
        let cpu = took.as_secs_f64() * jobs as f64;
        let per = |n: u64| n as f64 / cpu.max(1e-9);
        let mut text = String::new();
        let _ = writeln!(
            text,
            "{} seeds in {:.1} s on {jobs} threads: {:.0} seeds/s per thread, {:.2} M events/s, \
             {:.0} simulated s per CPU s",
            self.seeds,
            took.as_secs_f64(),
            per(self.seeds),
            per(f.events) / 1e6,
            per(f.simulated) / SECOND as f64
        );
        let _ = writeln!(
            text,
            "{} commands, {} replies compared with the model, {} stream boundaries compared with the record, \
             {} full and {} partial synchronisations, {} turns, {:.1} MB out",
            f.commands,
            f.compared,
            f.boundaries,
            f.syncs[0],
            f.syncs[1],
            f.turns,
            f.bytes_out as f64 / 1e6
        );
        let faults: Vec<String> =
            FAULT_FAMILIES.iter().zip(f.faults).map(|(name, n)| format!("{name} {n}")).collect();
        let _ = writeln!(text, "faults: {}", faults.join(", "));
        for (seed, failure) in self.failed.iter().take(20) {
            let _ =
                writeln!(text, "seed {seed}: {}\n    norn-sim run --seed {seed} --trace", verdict(failure));
        }
        if self.failed.len() > 20 {
            let _ = writeln!(text, "and {} more", self.failed.len() - 20);
        }
        let _ = writeln!(text, "{} of {} seeds had something wrong", self.failed.len(), self.seeds);
        text
    }
}

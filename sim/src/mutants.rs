//! The board of planted bugs: which oracles find each, and after how many seeds.
//!
//! *Owns*: the board and its text. *Invariants*: the board depends on the code and on the arguments only; a seed that goes
//! wrong without any bug counts for nothing.

use norn_core::base::mutant::{Mutant, Planted};
use norn_sim::plan::draw::Limits;
use norn_sim::run::{self, Options, Outcome, Verdict};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

/// How far the search for each bug goes.
#[derive(Clone, Copy)]
pub(crate) struct Search {
    /// Seeds after which a bug counts as not found.
    pub(crate) seeds: u64,
    /// Seeds tried beyond the first that finds it, to see which other oracles would have.
    pub(crate) beyond: u64,
    /// What plans must not contain.
    pub(crate) limits: Limits,
}

/// Who found a bug: for each oracle its first seed, how many it found and what it said first.
type Finds = BTreeMap<&'static str, (u64, u64, String)>;

/// Runs seeds with each bug until it is found, prints the board and writes it to `into`.
pub(crate) fn board(search: Search, into: Option<&Path>) -> ExitCode {
    run::silence_panics();
    let sound: Vec<bool> = each(search.seeds as usize, |seed| {
        search.run(seed as u64, Planted::default()).verdict == Verdict::Fine
    });
    let finds = each(Mutant::ALL.len(), |at| search.finds(Mutant::ALL[at], &sound));
    for (bug, finds) in Mutant::ALL.iter().zip(&finds) {
        let name = format!("{bug:?}");
        match first(finds) {
            Some((oracle, (seed, _, reason))) => {
                println!("{name:<20} {:>5} seeds  {oracle}: {reason}{}", seed + 1, others(finds, oracle));
            }
            None => println!("{name:<20} not found in {} seeds", search.seeds),
        }
    }
    if let Some(path) = into
        && let Err(error) = std::fs::write(path, search.text(&finds))
    {
        eprintln!("norn-sim: {}: {error}", path.display());
        return ExitCode::from(2);
    }
    ExitCode::from(u8::from(finds.iter().any(BTreeMap::is_empty)))
}

impl Search {
    fn run(self, seed: u64, planted: Planted) -> Outcome {
        let limits = Limits { planted, ..self.limits };
        run::seed(seed, Options { limits, again: true, ..Options::default() })
    }

    fn finds(self, bug: Mutant, sound: &[bool]) -> Finds {
        let mut finds = Finds::new();
        let mut end = self.seeds;
        let mut seed = 0;
        while seed < end {
            let verdict = match sound[seed as usize] {
                true => self.run(seed, Planted::one(bug)).verdict,
                false => Verdict::Fine,
            };
            if let Some((oracle, reason)) = named(verdict) {
                if finds.is_empty() {
                    end = end.min(seed + 1 + self.beyond);
                }
                finds.entry(oracle).or_insert((seed, 0, reason)).1 += 1;
            }
            seed += 1;
        }
        finds
    }

    /// The board as a document.
    fn text(self, finds: &[Finds]) -> String {
        let mut text = format!(
            "# Planted bugs and the oracles that find them\n\n\
             Written by `norn-sim mutants --seeds {} --beyond {} --write sim/MUTANTS.md` (built with the feature `mutants`). \"Seeds\" counts the \
             seeds run\nuntil the first find; the last column names the other oracles that were first to speak on some \
             later seed, with\nthe number of the seed.\n\n\
             | Planted bug | Found by | Seeds | Other oracles |\n|---|---|---:|---|\n",
            self.seeds, self.beyond
        );
        for (bug, finds) in Mutant::ALL.iter().zip(finds) {
            let _ = match first(finds) {
                Some((oracle, (seed, ..))) => {
                    writeln!(text, "| {bug:?} | {oracle} | {} |{} |", seed + 1, others(finds, oracle))
                }
                None => writeln!(text, "| {bug:?} | **nothing** | > {} | |", self.seeds),
            };
        }
        let mut by_oracle: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for (bug, finds) in Mutant::ALL.iter().zip(finds) {
            for (oracle, (_, count, _)) in finds {
                by_oracle.entry(oracle).or_default().push(format!("{bug:?} ({count})"));
            }
        }
        text.push_str("\n| Oracle | Bugs it was first to find, with the number of seeds |\n|---|---|\n");
        for (oracle, bugs) in by_oracle {
            let _ = writeln!(text, "| {oracle} | {} |", bugs.join(", "));
        }
        text
    }
}

/// Who found a bug first.
fn first(finds: &Finds) -> Option<(&'static str, &(u64, u64, String))> {
    finds.iter().map(|(oracle, find)| (*oracle, find)).min_by_key(|(_, find)| find.0)
}

/// Everyone else who found it.
fn others(finds: &Finds, first: &str) -> String {
    let mut text = String::new();
    for (oracle, (seed, ..)) in finds.iter().filter(|(oracle, _)| **oracle != first) {
        let _ = write!(text, " {oracle} ({})", seed + 1);
    }
    text
}

fn named(verdict: Verdict) -> Option<(&'static str, String)> {
    match verdict {
        Verdict::Fine => None,
        Verdict::Wrong(v) | Verdict::Stuck(v) | Verdict::Unsteady(v) => Some((v.oracle, v.reason)),
        Verdict::Panicked(text) => Some(("panic", text)),
    }
}

/// Computes `n` results on all processors.
fn each<T: Send>(n: usize, compute: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let (sender, receiver) = mpsc::channel();
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            let (sender, next, compute) = (sender.clone(), &next, &compute);
            scope.spawn(move || {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    if at >= n || sender.send((at, compute(at))).is_err() {
                        return;
                    }
                }
            });
        }
    });
    drop(sender);
    let mut results: Vec<(usize, T)> = receiver.into_iter().collect();
    results.sort_by_key(|(at, _)| *at);
    results.into_iter().map(|(_, result)| result).collect()
}

//! The board of planted bugs: which oracle finds each, and after how many seeds.

use norn_core::base::mutant::{Mutant, Planted};
use norn_sim::plan::draw::Limits;
use norn_sim::run::{self, Options, Verdict};
use std::process::ExitCode;

/// Runs seeds with each bug until it is found. Seeds that go wrong without any bug do not count.
pub(crate) fn board(seeds: u64, limits: Limits) -> ExitCode {
    std::panic::set_hook(Box::new(|_| {}));
    let mut sound = Vec::new();
    let mut survivors = 0;
    for &bug in Mutant::ALL {
        let options = |planted| Options { limits: Limits { planted, ..limits }, ..Options::default() };
        let mut is_sound = |seed: u64| {
            while sound.len() as u64 <= seed {
                let plain = run::seed(sound.len() as u64, options(Planted::default()));
                sound.push(plain.verdict == Verdict::Fine);
            }
            sound[seed as usize]
        };
        let found = (0..seeds)
            .filter(|seed| is_sound(*seed))
            .map(|seed| run::seed(seed, options(Planted::one(bug))))
            .find(|outcome| outcome.verdict != Verdict::Fine);
        match found {
            Some(outcome) => {
                let verdict = super::report::verdict(&outcome.verdict);
                println!("{:<20} {:>5} seeds  {verdict}", format!("{bug:?}"), outcome.seed + 1);
            }
            None => {
                survivors += 1;
                println!("{:<20} not found in {seeds} seeds", format!("{bug:?}"));
            }
        }
    }
    ExitCode::from(u8::from(survivors > 0))
}

//! Running seeds: once, twice (H1), as twins with other cuts (D2).
//!
//! H1: the same seed gives the same rolling hash of (time, turn, bytes out). D2: the same bytes cut differently give the
//! same bytes out on every connection.

use crate::oracle::Violation;
use crate::plan::draw::{Limits, plan};
use crate::plan::{Cuts, Plan};
use crate::world::{Figures, World};
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// What became of a seed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing was wrong.
    Fine,
    /// Something was.
    Wrong(Violation),
    /// The servers did not come to agree, or someone was left waiting, after everything was mended.
    Stuck(Violation),
    /// The core panicked with this message.
    Panicked(String),
    /// Two runs differed.
    Unsteady(Violation),
}

/// The result of a seed.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The seed.
    pub seed: u64,
    /// What became of it.
    pub verdict: Verdict,
    /// Hash of the run.
    pub hash: u64,
    /// Hash of what nodes wrote to each connection.
    pub flows: u64,
    /// Its figures.
    pub figures: Figures,
    /// Its text, when asked for.
    pub trace: String,
}

/// What to do with a seed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// What the plan must not contain.
    pub limits: Limits,
    /// Keep the text.
    pub trace: bool,
    /// Do not run twins.
    pub once: bool,
    /// Run every seed again, not only some.
    pub again: bool,
}

/// One seed in so many is run twice.
const AGAIN_EVERY: u64 = 16;
/// One seed in so many gets a twin with other cuts.
const TWIN_EVERY: u64 = 4;

/// Runs a seed and what belongs to it.
#[must_use]
pub fn seed(seed: u64, options: Options) -> Outcome {
    let plan = Arc::new(plan(seed, options.limits));
    let mut outcome = one(&plan, options.trace);
    if options.once || outcome.verdict != Verdict::Fine {
        return outcome;
    }
    if options.again || seed % AGAIN_EVERY == 1 {
        let again = one(&plan, false);
        if again.hash != outcome.hash || again.verdict != outcome.verdict {
            let reason = format!("two runs have the hashes {:016x} and {:016x}", outcome.hash, again.hash);
            outcome.verdict = Verdict::Unsteady(Violation::new("H1", reason));
            return outcome;
        }
    }
    let closes = plan.servers[0].directives.iter().any(|(name, _)| *name == "client-output-buffer-limit");
    if seed % TWIN_EVERY == 1 && plan.cuts != Cuts::Spread && !closes {
        outcome.verdict = twin(&plan, &outcome);
    }
    outcome
}

/// Runs a plan with other cuts and compares.
fn twin(plan: &Arc<Plan>, first: &Outcome) -> Verdict {
    let cuts = match plan.cuts {
        Cuts::Whole => Cuts::Random,
        Cuts::Random => Cuts::Bytes,
        Cuts::Bytes => Cuts::Commands,
        Cuts::Commands | Cuts::Spread => Cuts::Whole,
    };
    let other = one(&Arc::new(Plan { cuts, ..Plan::clone(plan) }), false);
    match other.verdict {
        Verdict::Fine if other.flows == first.flows => Verdict::Fine,
        Verdict::Fine => {
            let other = Arc::new(Plan { cuts, ..Plan::clone(plan) });
            let difference = difference(&one(plan, true).trace, &one(&other, true).trace);
            let reason = format!("cut {:?} and {cuts:?} the runs differ: {difference}", plan.cuts);
            Verdict::Wrong(Violation::new("D2", reason))
        }
        wrong => wrong,
    }
}

/// The first lines that differ.
fn difference(left: &str, right: &str) -> String {
    let events = |text: &str| -> Vec<String> {
        let lines = text.lines().skip_while(|l| !l.starts_with("  cuts")).skip(1);
        lines.map(|l| l.trim().to_owned()).collect()
    };
    let (left, right) = (events(left), events(right));
    match left.iter().zip(&right).find(|(l, r)| l != r) {
        Some((l, r)) => format!("`{l}` and `{r}`"),
        None => "in their bytes, not in their events".to_owned(),
    }
}

/// Runs a plan once.
#[must_use]
pub fn one(plan: &Arc<Plan>, trace: bool) -> Outcome {
    let mut world = World::new(Arc::clone(plan), trace, 0);
    let ended = catch_unwind(AssertUnwindSafe(|| world.run()));
    let verdict = match (ended, world.violation.take()) {
        (Err(payload), _) => Verdict::Panicked(message(payload.as_ref())),
        (Ok(()), Some(violation)) if world.late => Verdict::Stuck(violation),
        (Ok(()), Some(violation)) => Verdict::Wrong(violation),
        (Ok(()), None) => Verdict::Fine,
    };
    let text = if trace { format!("{plan}{}", world.trace.text()) } else { String::new() };
    Outcome {
        seed: plan.seed,
        verdict,
        hash: world.trace.hash(),
        flows: world.flows(),
        figures: world.figures,
        trace: text,
    }
}

thread_local! {
    static PLACE: RefCell<String> = const { RefCell::new(String::new()) };
}

/// From now on a panic prints nothing; its place is told with its seed.
pub fn silence_panics() {
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map(|at| format!(" at {}:{}", at.file(), at.line()));
        PLACE.with(|last| *last.borrow_mut() = place.unwrap_or_default());
    }));
}

fn message(payload: &(dyn std::any::Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|s| (*s).to_owned());
    let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
    text.unwrap_or_else(|| "no message".to_owned()) + &PLACE.with(RefCell::take)
}

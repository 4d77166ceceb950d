//! What a seed costs: clusters of three servers, 60 simulated seconds, about a thousand commands, one thread.
//!
//! *Owns*: the measurement and its text. *Invariants*: figures are per second of this thread's processor time, so that
//! other work on the machine counts for little.

use norn_sim::agenda::SECOND;
use norn_sim::plan::draw::{Limits, plan};
use norn_sim::world::{Phase, World};
use std::fs;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

/// Copies of a world made to see what one takes.
const COPIES: usize = 64;

/// What so many seeds cost.
#[derive(Default)]
struct Cost {
    nanos: u64,
    events: u64,
    commands: u64,
    simulated: u64,
}

/// Runs the seeds with and without checks and prints what they cost.
pub(crate) fn bench(seeds: u64) -> ExitCode {
    let limits = Limits { typical: true, ..Limits::default() };
    let unchecked = Limits { unchecked: true, ..limits };
    // Once to warm up; then by turns, so that a change of the machine's pace meets both.
    measure(0..seeds.min(20), limits);
    let (mut with, mut without) = (Cost::default(), Cost::default());
    for from in (0..seeds).step_by(50) {
        let range = from..(from + 50).min(seeds);
        with.add(&measure(range.clone(), limits));
        without.add(&measure(range, unchecked));
    }
    let secs = with.nanos as f64 / 1e9;
    println!("{seeds} seeds: {} commands, {} events", with.commands, with.events);
    println!("{:>10.1} seeds per CPU second", seeds as f64 / secs);
    println!("{:>10.2} M events per CPU second", with.events as f64 / secs / 1e6);
    println!("{:>10.0} simulated seconds per CPU second", with.simulated as f64 / SECOND as f64 / secs);
    let share = 100.0 * (1.0 - without.nanos as f64 / with.nanos as f64);
    println!("{share:>10.1} % of the time for model and oracles");
    let (bytes, micros) = copies(limits);
    println!("{:>10.2} MiB of memory for a world at the end of its plan", bytes as f64 / f64::from(1 << 20));
    println!("{micros:>10.0} us to copy it");
    ExitCode::SUCCESS
}

impl Cost {
    fn add(&mut self, other: &Self) {
        self.nanos += other.nanos;
        self.events += other.events;
        self.commands += other.commands;
        self.simulated += other.simulated;
    }
}

fn measure(seeds: std::ops::Range<u64>, limits: Limits) -> Cost {
    let mut cost = Cost::default();
    let before = thread_nanos();
    for seed in seeds {
        let mut world = World::new(Arc::new(plan(seed, limits)), false, 0);
        world.run();
        cost.events += world.figures.events;
        cost.commands += world.figures.commands;
        cost.simulated += world.figures.simulated;
    }
    cost.nanos = thread_nanos() - before;
    cost
}

/// Bytes of memory for a world, and microseconds to copy it.
fn copies(limits: Limits) -> (usize, f64) {
    let mut world = World::new(Arc::new(plan(1, limits)), false, 0);
    while world.phase == Phase::Safety && world.step() {}
    let before = resident();
    let started = thread_nanos();
    let copies: Vec<World> = (0..COPIES).map(|_| world.clone()).collect();
    let nanos = thread_nanos() - started;
    let bytes = resident().saturating_sub(before) / copies.len();
    (bytes, nanos as f64 / 1e3 / COPIES as f64)
}

/// Processor time of this thread; the clock where the system does not tell.
fn thread_nanos() -> u64 {
    let text = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let spent = text.split_ascii_whitespace().next().and_then(|n| n.parse().ok());
    spent.unwrap_or_else(|| {
        static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
        START.get_or_init(Instant::now).elapsed().as_nanos() as u64
    })
}

/// Bytes of memory that the process has in use; 0 where the system does not tell.
fn resident() -> usize {
    let text = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = text.split_ascii_whitespace().nth(1).and_then(|n| n.parse::<usize>().ok());
    pages.unwrap_or(0) * 4096
}

//! norn-sim: runs seeds of the simulator and says what was wrong with them. Its exit codes are those that `--help` tells.

mod bench;
#[cfg(feature = "mutants")]
mod mutants;
mod report;

use clap::{Args, Parser, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use norn_sim::plan::Canary;
use norn_sim::plan::draw::Limits;
use norn_sim::run::{self, Options, Outcome, Verdict};
use report::Report;
use std::io::Write as _;
use std::ops::Range;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

const EXIT_CODES: &str = "Exit codes: 0 nothing was wrong; 1 a rule was violated; 2 wrong usage; 3 two runs of a seed differed; \
4 there was a panic; 5 the servers did not agree in time after everything was mended, or someone was left waiting; 130 \
interrupted with nothing wrong so far. Of several the first in the order 3, 4, 1, 5 counts.";

/// The seeded simulator of norn clusters.
#[derive(Parser)]
#[command(version, after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run seeds.
    Run(RunArgs),
    /// Measure what a seed costs: three servers, 60 simulated seconds, a thousand commands.
    Bench {
        /// How many seeds.
        #[arg(long, default_value_t = 300)]
        seeds: u64,
    },
    /// Plant each bug in turn and count the seeds until an oracle finds it.
    #[cfg(feature = "mutants")]
    Mutants {
        /// Seeds after which a bug counts as not found.
        #[arg(long, default_value_t = 1000)]
        seeds: u64,
        /// Seeds tried beyond the first that finds a bug, to see which other oracles would have.
        #[arg(long, default_value_t = 200)]
        beyond: u64,
        /// Write the board as a document to this file.
        #[arg(long)]
        write: Option<std::path::PathBuf>,
        /// One server.
        #[arg(long)]
        alone: bool,
    },
}

#[derive(Args)]
struct RunArgs {
    /// Seeds, as `first..after-last`.
    #[arg(long, value_parser = seeds, conflicts_with = "seed")]
    seeds: Option<Range<u64>>,
    /// One seed.
    #[arg(long)]
    seed: Option<u64>,
    /// Print what happened (one seed only).
    #[arg(long, requires = "seed")]
    trace: bool,
    /// Print only the hash of the run (one seed only).
    #[arg(long, requires = "seed")]
    hash: bool,
    /// Threads; the machine's number of processors unless given.
    #[arg(long)]
    jobs: Option<usize>,
    /// Stop after this time, such as `90s` or `3m`.
    #[arg(long, value_parser = duration)]
    time_limit: Option<Duration>,
    /// No faults.
    #[arg(long)]
    calm: bool,
    /// One server.
    #[arg(long)]
    alone: bool,
    /// Run each seed only once: no second run, no twin with other cuts.
    #[arg(long)]
    once: bool,
    /// Stop at the first seed with something wrong.
    #[arg(long)]
    stop: bool,
    /// Go wrong on purpose, to see that it is noticed.
    #[arg(long, hide = true, value_parser = canary)]
    canary: Option<Canary>,
}

fn canary(text: &str) -> Result<Canary, String> {
    match text {
        "violation" => Ok(Canary::Violation),
        "panic" => Ok(Canary::Panic),
        "unsteady" => Ok(Canary::Unsteady),
        "stuck" => Ok(Canary::Stuck),
        _ => Err("expected violation, panic, unsteady or stuck".to_owned()),
    }
}

fn seeds(text: &str) -> Result<Range<u64>, String> {
    let (from, to) = text.split_once("..").ok_or("expected first..after-last")?;
    let number = |s: &str| s.parse::<u64>().map_err(|e| format!("{s}: {e}"));
    let range = number(from)?..number(to)?;
    if range.is_empty() { Err("the range is empty".to_owned()) } else { Ok(range) }
}

fn duration(text: &str) -> Result<Duration, String> {
    let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let n: u64 = text[..split].parse().map_err(|_| format!("{text}: expected a number and a unit"))?;
    match &text[split..] {
        "" | "s" => Ok(Duration::from_secs(n)),
        "m" => Ok(Duration::from_secs(n * 60)),
        "h" => Ok(Duration::from_secs(n * 3600)),
        unit => Err(format!("unknown unit {unit}")),
    }
}

fn main() -> ExitCode {
    let args = match Cli::parse().command {
        Command::Run(args) => args,
        Command::Bench { seeds } => return bench::bench(seeds.max(1)),
        #[cfg(feature = "mutants")]
        Command::Mutants { seeds, beyond, write, alone } => {
            let limits = Limits { alone, ..Limits::default() };
            return mutants::board(mutants::Search { seeds, beyond, limits }, write.as_deref());
        }
    };
    let limits = Limits { calm: args.calm, alone: args.alone, canary: args.canary, ..Limits::default() };
    let options = Options { limits, trace: args.trace, once: args.once, again: false };
    match (args.seed, &args.seeds) {
        (Some(seed), _) => one(seed, options, args.hash),
        (None, Some(range)) => many(range.clone(), options, &args),
        (None, None) => {
            eprintln!("norn-sim: give --seeds or --seed");
            ExitCode::from(2)
        }
    }
}

fn one(seed: u64, options: Options, hash: bool) -> ExitCode {
    run::silence_panics();
    let outcome = run::seed(seed, options);
    if hash {
        println!("{:016x}", outcome.hash);
    } else {
        // Whoever reads may have seen enough.
        let mut out = std::io::stdout().lock();
        let _ = out.write_all(outcome.trace.as_bytes());
        let _ =
            writeln!(out, "seed {seed}, hash {:016x}: {}", outcome.hash, report::verdict(&outcome.verdict));
    }
    ExitCode::from(code(&outcome.verdict))
}

const fn code(verdict: &Verdict) -> u8 {
    match verdict {
        Verdict::Fine => 0,
        Verdict::Wrong(_) => 1,
        Verdict::Unsteady(_) => 3,
        Verdict::Panicked(_) => 4,
        Verdict::Stuck(_) => 5,
    }
}

fn many(range: Range<u64>, options: Options, args: &RunArgs) -> ExitCode {
    // A panic is reported with its seed; the default message would tear the progress bar apart.
    run::silence_panics();
    let interrupted = Arc::new(AtomicBool::new(false));
    // Without it Ctrl-C ends the program at once.
    let _ = signal_hook::flag::register(signal_hook::consts::SIGINT, Arc::clone(&interrupted));
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let jobs = args.jobs.unwrap_or(processors).max(1);
    let started = Instant::now();
    let deadline = args.time_limit.map(|limit| started + limit);
    let bar = ProgressBar::new(range.end - range.start);
    let style = "{elapsed_precise} {wide_bar} {pos}/{len} seeds, {per_sec}, {msg}";
    bar.set_style(ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar()));
    let next = AtomicU64::new(range.start);
    let (sender, receiver) = mpsc::channel::<Outcome>();
    let mut report = Report::default();
    std::thread::scope(|scope| {
        for _ in 0..jobs {
            let (sender, next, end, interrupted) = (sender.clone(), &next, range.end, &interrupted);
            scope.spawn(move || {
                let over =
                    || interrupted.load(Ordering::Relaxed) || deadline.is_some_and(|d| Instant::now() >= d);
                while !over() {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= end || sender.send(run::seed(seed, options)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        while let Ok(outcome) = receiver.recv() {
            report.add(&outcome);
            bar.inc(1);
            bar.set_message(format!("{} wrong", report.wrong()));
            if args.stop && report.wrong() > 0 {
                next.store(range.end, Ordering::Relaxed);
            }
        }
    });
    bar.finish_and_clear();
    print!("{}", report.text(started.elapsed(), jobs));
    let interrupted = interrupted.load(Ordering::Relaxed);
    if interrupted {
        println!("interrupted");
    }
    match report.code() {
        0 if interrupted => ExitCode::from(130),
        code => ExitCode::from(code),
    }
}

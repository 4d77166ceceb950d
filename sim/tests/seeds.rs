//! A few hundred seeds, as every change must pass them, and proofs that a run depends on nothing but its seed.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use norn_sim::plan::draw::{Limits, plan};
use norn_sim::run::{self, Options, Verdict};
use norn_sim::world::World;
use std::process::Command;
use std::sync::Arc;

#[test]
fn nothing_is_wrong_with_one_server() {
    let limits = Limits { alone: true, ..Limits::default() };
    for seed in 0..150 {
        let outcome = run::seed(seed, Options { limits, ..Options::default() });
        assert_eq!(outcome.verdict, Verdict::Fine, "seed {seed}");
    }
}

#[test]
fn nothing_is_wrong_with_clusters() {
    for seed in 0..120 {
        let outcome = run::seed(seed, Options::default());
        assert_eq!(outcome.verdict, Verdict::Fine, "seed {seed}");
    }
}

#[test]
fn a_copied_world_goes_on_as_the_original_does() {
    let limits = Limits { alone: true, ..Limits::default() };
    for seed in 0..8 {
        let mut original = World::new(Arc::new(plan(seed, limits)), false, 0);
        for _ in 0..500 {
            original.step();
        }
        let mut copy = original.clone();
        original.run();
        copy.run();
        assert_eq!(
            (original.trace.hash(), original.flows()),
            (copy.trace.hash(), copy.flows()),
            "seed {seed}"
        );
        assert!(original.violation.is_none());
    }
}

#[test]
fn another_process_finds_the_same_hash() {
    for seed in ["3", "7", "11"] {
        let run = || {
            let program = env!("CARGO_BIN_EXE_norn-sim");
            let output =
                Command::new(program).args(["run", "--alone", "--hash", "--seed", seed]).output().unwrap();
            assert!(output.status.success(), "{output:?}");
            String::from_utf8(output.stdout).unwrap()
        };
        let limits = Limits { alone: true, ..Limits::default() };
        let here = run::seed(seed.parse().unwrap(), Options { limits, ..Options::default() });
        assert_eq!(run().trim(), format!("{:016x}", here.hash), "seed {seed}");
    }
}

#[test]
fn the_text_of_a_run_does_not_change_it() {
    let limits = Limits { alone: true, ..Limits::default() };
    let plain = run::seed(5, Options { limits, ..Options::default() });
    let told = run::seed(5, Options { limits, trace: true, once: true, again: false });
    assert_eq!(plain.hash, told.hash);
    assert!(told.trace.contains("n0   starts"));
}

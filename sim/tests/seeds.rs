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

#[test]
fn a_run_does_not_depend_on_its_checks() {
    for seed in 0..6 {
        let run = |unchecked| {
            let limits = Limits { unchecked, ..Limits::default() };
            let mut world = World::new(Arc::new(plan(seed, limits)), false, 0);
            world.run();
            assert!(world.violation.is_none(), "seed {seed}: {:?}", world.violation);
            (world.trace.hash(), world.flows())
        };
        assert_eq!(run(false), run(true), "seed {seed}");
    }
}

#[test]
fn each_way_to_go_wrong_has_its_exit_code() {
    let code = |args: &[&str]| {
        let program = env!("CARGO_BIN_EXE_norn-sim");
        let output = Command::new(program).args(args).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    for (canary, expected, word) in [
        ("violation", 1, "canary: planted"),
        ("unsteady", 3, "H1: two runs"),
        ("panic", 4, "panic: planted at "),
        ("stuck", 5, "F1: planted"),
    ] {
        let (code, text) = code(&["run", "--seeds", "1..2", "--calm", "--alone", "--canary", canary]);
        assert_eq!(code, Some(expected), "{canary}: {text}");
        assert!(text.contains(word) && text.contains("norn-sim run --seed 1 --trace"), "{canary}: {text}");
    }
    assert_eq!(code(&["run", "--seeds", "1..2", "--calm", "--alone"]).0, Some(0));
    for wrong in [&["run", "--seeds", "2..1"][..], &["run", "--bogus"], &["run"], &["run", "--seeds", "x..2"]]
    {
        assert_eq!(code(wrong).0, Some(2), "{wrong:?}");
    }
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_tells_what_it_found() {
    let program = env!("CARGO_BIN_EXE_norn-sim");
    let child = Command::new(program)
        .args(["run", "--seeds", "0..100000000", "--calm", "--alone", "--jobs", "1"])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    // The handler is in place once the first seeds have run.
    std::thread::sleep(std::time::Duration::from_secs(2));
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(130), "{text}");
    assert!(text.contains("seeds had something wrong") && text.ends_with("interrupted\n"), "{text}");
}

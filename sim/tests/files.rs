//! Snapshots and the disk: at every point at which a save can be cut short, exactly the old file or the new one loads.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use norn_core::base::mutant::Planted;
use norn_core::config::{Config, Knobs};
use norn_core::contract::{DiskErrorKind, Unix};
use norn_sim::disk::Disk;
use norn_sim::solo::Solo;

const UNIX: Unix = Unix(1_700_000_000_000_000);

fn config() -> Config {
    Config { save: Vec::new(), databases: 4, ..Config::default() }
}

/// Slices so small that a save has many requests.
fn knobs(planted: Planted) -> Knobs {
    Knobs { snapshot_slice_bytes: 64, planted, ..Knobs::default() }
}

/// A node with a file of its first data and other data in memory, and the digests of both.
fn two_states(planted: Planted) -> (Solo, u128, u128) {
    let mut solo = Solo::start(config(), knobs(planted), Disk::default(), UNIX).unwrap();
    for n in 0..1200 {
        solo.say(&format!("SET key:{n} value-of-{n}"));
    }
    let old = solo.node.inspect().digest;
    assert_eq!(solo.say("SAVE"), "+OK\r\n");
    for n in 0..100 {
        solo.say(&format!("RPUSH list:{} element-{n}", n % 7));
        solo.say(&format!("DEL key:{n}"));
    }
    let new = solo.node.inspect().digest;
    assert_ne!(old, new);
    (solo, old, new)
}

/// What a node finds on a disk; none when it does not start.
fn found(disk: Disk) -> Option<u128> {
    let solo = Solo::start(config(), knobs(Planted::default()), disk, UNIX).unwrap();
    solo.exit.is_none().then(|| solo.node.inspect().digest)
}

/// Cuts a save short after each of its requests. Answers how many points there were and how many of them were wrong.
fn cut_everywhere(planted: Planted) -> (usize, usize) {
    let (before, old, new) = two_states(planted);
    let (mut points, mut wrong) = (0, 0);
    loop {
        let mut solo = before.clone();
        solo.send("SAVE");
        solo.run(points);
        let done = solo.heard().contains("+OK");
        points += 1;
        for kept in [None, Some(0), Some(300), Some(1000)] {
            let mut disk = solo.disk.clone();
            match kept {
                None => disk.process_died(),
                Some(kept) => disk.power_failed(kept),
            }
            let state = found(disk);
            let right = state == Some(new) || (!done && state == Some(old));
            wrong += usize::from(!right);
        }
        if done {
            return (points, wrong);
        }
    }
}

#[test]
fn a_save_cut_short_leaves_the_old_file_or_the_new_one() {
    let (points, wrong) = cut_everywhere(Planted::default());
    assert!(points > 50, "only {points} points");
    assert_eq!(wrong, 0, "of {points} points");
}

#[cfg(feature = "mutants")]
#[test]
fn the_planted_bugs_of_the_swap_are_found() {
    use norn_core::base::mutant::Mutant;
    for bug in [Mutant::SaveUnsynced, Mutant::SaveUnnamed, Mutant::SaveInPlace] {
        let (points, wrong) = cut_everywhere(Planted::one(bug));
        assert!(wrong > 0, "{bug:?} shows at none of {points} points");
    }
}

/// A disk that refuses from some request on: the client hears of it, the old file stays, no temporary one does, and a
/// later save succeeds.
#[test]
fn a_save_that_fails_leaves_the_old_file() {
    let (before, old, new) = two_states(Planted::default());
    for kind in [DiskErrorKind::NoSpace, DiskErrorKind::Io] {
        let mut from = 0;
        loop {
            let mut solo = before.clone();
            solo.send("SAVE");
            solo.run(from);
            from += 1;
            if solo.heard().contains("+OK") {
                break;
            }
            solo.disk.failing = Some(kind);
            solo.run(usize::MAX);
            assert_eq!(solo.heard(), "-ERR\r\n", "failing from request {from}");
            solo.disk.failing = None;
            let state = found(solo.disk.clone());
            // The name may have changed hands before the directory could be synced.
            assert!(state == Some(old) || state == Some(new), "failing from request {from}");
            assert_eq!(solo.say("SAVE"), "+OK\r\n");
            assert_eq!(solo.disk.file("temp-1.rdb"), None);
            assert_eq!(found(solo.disk), Some(new));
        }
        assert!(from > 50);
    }
}

/// What is written while a snapshot is taken in the background is not in it.
#[test]
fn a_background_snapshot_is_the_state_when_it_began() {
    let (before, _, new) = two_states(Planted::default());
    for requests in 0..40 {
        let mut solo = before.clone();
        assert_eq!(
            {
                solo.send("BGSAVE");
                solo.run(requests);
                solo.heard()
            },
            "+Background saving started\r\n"
        );
        for line in
            ["SET key:120 other", "DEL key:130", "RENAME list:1 list:9", "SWAPDB 0 1", "FLUSHALL", "SET a b"]
        {
            solo.send(line);
            solo.run(1);
        }
        solo.run(usize::MAX);
        assert_eq!(found(solo.disk), Some(new), "after {requests} requests");
    }
}

/// Files that are no snapshots end the start; nothing of them is served.
#[test]
fn a_damaged_file_ends_the_start() {
    let (mut solo, _, new) = two_states(Planted::default());
    solo.say("SAVE");
    let whole = solo.disk.file("dump.rdb").unwrap().to_vec();
    let started = |bytes: &[u8]| {
        let mut disk = Disk::default();
        disk.put("dump.rdb", bytes);
        let solo = Solo::start(config(), knobs(Planted::default()), disk, UNIX).unwrap();
        (solo.exit, solo.node.inspect().digest)
    };
    assert_eq!(started(&whole), (None, new));
    let nothing = Solo::start(config(), knobs(Planted::default()), Disk::default(), UNIX).unwrap();
    let empty = nothing.node.inspect().digest;
    for len in (0..whole.len()).step_by(whole.len() / 97 + 1) {
        assert_eq!(started(&whole[..len]), (Some(1), empty), "cut at {len}");
    }
    for at in (0..whole.len()).step_by(whole.len() / 97 + 1) {
        let mut flipped = whole.clone();
        flipped[at] ^= 0x41;
        assert_eq!(started(&flipped), (Some(1), empty), "flipped at {at}");
    }
}

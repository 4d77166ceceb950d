//! Every planted bug of replication shows: a scenario that goes well without it and not with it.

use super::world::World;
use super::{fill, follow};
use norn_core::base::mutant::{Mutant, Planted};
use norn_core::config::Config;

/// Plays a scenario; whether something was wrong in the end.
type Scenario = fn(&mut World) -> bool;

fn differ(w: &World, a: usize, b: usize) -> bool {
    let (x, y) = (w.view(a), w.view(b));
    (x.id, x.offset, x.digest) != (y.id, y.offset, y.digest)
}

/// A replica that has received half of a transaction when its link breaks.
fn half_a_transaction(w: &mut World) -> i64 {
    follow(w, 1, 0);
    let m = w.client(0);
    w.line(m, "SET a 1");
    let before = w.view(1).offset;
    w.line(m, "MULTI");
    for i in 0..20 {
        w.line(m, &format!("SET key{i} {}", "v".repeat(100)));
    }
    w.piece = 100;
    w.send(m, &["EXEC"]);
    for _ in 0..12 {
        w.step();
    }
    before
}

fn cut_and_resumed(w: &mut World) -> bool {
    half_a_transaction(w);
    w.cut(0, 1);
    w.piece = 1 << 20;
    w.pass_ms(3000);
    differ(w, 0, 1)
}

fn offset_inside_multi(w: &mut World) -> bool {
    let before = half_a_transaction(w);
    w.view(1).offset != before
}

fn keys_of_its_own(w: &mut World) -> bool {
    let r = w.client(1);
    w.line(r, "SET own 1");
    follow(w, 1, 0);
    differ(w, 0, 1)
}

fn deadlines(w: &mut World) -> bool {
    let m = w.client(0);
    w.line(m, "SET a 1 EX 1000");
    follow(w, 1, 0);
    differ(w, 0, 1)
}

fn both_wrote_on(w: &mut World) -> bool {
    follow(w, 1, 0);
    let (m, c) = (w.client(0), w.client(1));
    w.line(c, "REPLICAOF NO ONE");
    w.line(m, "SET lost 1");
    fill(w, 1, 20);
    follow(w, 0, 1);
    differ(w, 0, 1)
}

fn expiry(w: &mut World) -> bool {
    follow(w, 1, 0);
    let (m, r) = (w.client(0), w.client(1));
    w.line(m, "SET a 1 PX 100");
    w.freeze(0, 1);
    w.pass_ms(300);
    w.line(r, "GET a");
    w.view(1).keys == 0
}

fn away_for_long(w: &mut World) -> bool {
    follow(w, 1, 0);
    w.refusing = vec![0];
    w.cut(0, 1);
    fill(w, 0, 1000);
    w.refusing.clear();
    w.pass_ms(6000);
    differ(w, 0, 1)
}

fn writes_meanwhile(w: &mut World) -> bool {
    fill(w, 0, 100);
    let (m, r) = (w.client(0), w.client(1));
    w.piece = 50;
    w.send(r, &["REPLICAOF", "n0", "6379"]);
    for _ in 0..100 {
        w.send(m, &["APPEND", "log", "x"]);
    }
    w.pass_ms(2000);
    differ(w, 0, 1)
}

fn another_database(w: &mut World) -> bool {
    follow(w, 1, 0);
    let m = w.client(0);
    w.line(m, "SELECT 3");
    w.line(m, "SET a 1");
    follow(w, 2, 0);
    w.line(m, "SET b 1");
    w.pass_ms(1000);
    differ(w, 0, 2)
}

fn wait(w: &mut World) -> bool {
    follow(w, 1, 0);
    let m = w.client(0);
    w.freeze(0, 1);
    w.line(m, "SET a 1");
    !w.line(m, "WAIT 1 0").is_empty()
}

#[test]
fn every_planted_bug_shows() {
    let scenarios: [(Mutant, Scenario); 10] = [
        (Mutant::ResumeAfterReceived, cut_and_resumed),
        (Mutant::OffsetInsideMulti, offset_inside_multi),
        (Mutant::FullSyncKeepsKeys, keys_of_its_own),
        (Mutant::SnapshotTtlRelative, deadlines),
        (Mutant::ContinueBeyondSecond, both_wrote_on),
        (Mutant::ReplicaExpires, expiry),
        (Mutant::BacklogTooShort, away_for_long),
        (Mutant::SnapshotLate, writes_meanwhile),
        (Mutant::SelectForgotten, another_database),
        (Mutant::WaitCountsSent, wait),
    ];
    let configure = |_: usize, c: &mut Config| c.repl_backlog_size = 16 * 1024;
    for (bug, scenario) in scenarios {
        assert!(!scenario(&mut World::new(3, configure)), "{bug:?}: the scenario fails without the bug");
        let mut w = World::with_knobs(3, configure, |k| k.planted = Planted::one(bug));
        assert!(scenario(&mut w), "{bug:?} does not show: {:?}", w.logs);
    }
}

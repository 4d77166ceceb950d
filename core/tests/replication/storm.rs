//! Random writes, faults and changes of role; afterwards everything must agree.

use super::world::{Client, World};
use std::collections::BTreeMap;

/// A small generator, so that a seed says everything.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
}

const NODES: usize = 4;

struct Storm {
    w: World,
    dice: Dice,
    clients: Vec<Client>,
    /// The data at each offset of each history, as first seen.
    record: BTreeMap<([u8; 40], i64), u128>,
    /// History, offset and number of full synchronisations by node, to see that offsets never go back otherwise.
    last: Vec<([u8; 40], i64, usize)>,
}

impl Storm {
    fn new(seed: u64) -> Self {
        let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) + 1);
        let backlog = [16 << 10, 1 << 20][dice.below(2) as usize];
        let slice = [100, 3000, 1 << 18][dice.below(3) as usize];
        let scratch = [64, 1000, 1 << 16][dice.below(3) as usize];
        let big = [16, 100, 1 << 15][dice.below(3) as usize];
        let mut w = World::with_knobs(
            NODES,
            |_, c| (c.repl_backlog_size, c.repl_timeout) = (backlog, 10),
            |k| (k.snapshot_slice_bytes, k.scratch_bytes, k.big_bulk_min) = (slice, scratch, big),
        );
        let clients = (0..NODES).map(|n| w.client(n)).collect();
        let last = (0..NODES).map(|n| (w.view(n).id, 0, 0)).collect();
        Self { w, dice, clients, record: BTreeMap::new(), last }
    }

    fn write(&mut self) {
        let client = self.clients[self.dice.below(NODES as u64) as usize];
        let (n, v) = (self.dice.below(40), self.dice.below(500));
        let text = match self.dice.below(12) {
            0 => format!("SELECT {}", n % 3),
            1 => format!("SET key{n} {v} PX {}", v * 3 + 1),
            2 => format!("APPEND key{n} {}", "a".repeat(v as usize)),
            3 => "MULTI".into(),
            4 | 5 => "EXEC".into(),
            6 => format!("DEL key{n}"),
            7 => format!("RENAME key{n} key{}", n / 2),
            8 if v < 30 => "FLUSHALL".into(),
            9 => format!("MSET key{n} {v} key{} {v}", n + 1),
            10 => format!("PEXPIRE key{n} {}", v + 1),
            _ => format!("INCR n{n}"),
        };
        let words: Vec<&str> = text.split(' ').collect();
        self.w.send(client, &words);
    }

    fn act(&mut self) {
        let (a, b) = (self.dice.below(NODES as u64) as usize, self.dice.below(NODES as u64) as usize);
        match self.dice.below(60) {
            0 => self.w.cut(a, b),
            1 => self.w.freeze(a, b),
            2 => self.w.thaw(),
            3 if a != b => self.w.send(self.clients[a], &["REPLICAOF", &format!("n{b}"), "6379"]),
            4 if self.dice.below(3) == 0 => self.w.send(self.clients[a], &["REPLICAOF", "NO", "ONE"]),
            5 => self.w.piece = [1, 7, 100, 3000, 1 << 20][self.dice.below(5) as usize],
            6 => self.w.refusing = vec![a],
            7 => self.w.refusing.clear(),
            8 => {
                let ms = self.dice.below(3000);
                self.pass(ms);
            }
            9..=14 => self.w.step(),
            _ => self.write(),
        }
    }

    /// Time passes in small steps, and each is looked at.
    fn pass(&mut self, ms: u64) {
        for _ in 0..ms / 200 {
            for _ in 0..20 {
                self.w.step();
                self.look();
            }
            self.w.pass_ms(200);
            self.look();
        }
    }

    /// At one offset of one history there is one state, and offsets do not go back.
    fn look(&mut self) {
        for n in 0..NODES {
            let v = self.w.view(n);
            let full = |(node, line): &&(usize, String)| *node == n && line.contains("Finished with success");
            let full = self.w.logs.iter().filter(full).count();
            if (self.last[n].0, self.last[n].2) == (v.id, full) {
                assert!(v.offset >= self.last[n].1, "node {n} went back: {:?}", self.w.logs);
            }
            self.last[n] = (v.id, v.offset, full);
            if v.streaming {
                let known = *self.record.entry((v.id, v.offset)).or_insert(v.digest);
                assert!(known == v.digest, "node {n} differs at {}: {:?}", v.offset, self.w.logs);
            }
        }
    }

    /// All faults end; the first node leads.
    fn heal(&mut self) {
        self.w.thaw();
        self.w.refusing.clear();
        self.w.piece = 1 << 20;
        for n in 0..NODES {
            self.w.line(self.clients[n], "DISCARD");
        }
        self.w.line(self.clients[0], "REPLICAOF NO ONE");
        for n in 1..NODES {
            let master = self.dice.below(n as u64);
            self.w.line(self.clients[n], &format!("REPLICAOF n{master} 6379"));
        }
        self.pass(40_000);
        for n in 1..NODES {
            super::assert_same(&self.w, 0, n);
            assert!(self.w.view(n).link_up);
        }
    }
}

#[test]
fn after_a_storm_everything_agrees() {
    let seeds: u64 = std::env::var("STORM_SEEDS").ok().and_then(|n| n.parse().ok()).unwrap_or(30);
    let first: u64 = std::env::var("STORM_FIRST").ok().and_then(|n| n.parse().ok()).unwrap_or(0);
    for seed in first..first + seeds {
        let outcome = std::panic::catch_unwind(|| {
            let mut storm = Storm::new(seed);
            for _ in 0..600 {
                storm.act();
                storm.look();
            }
            storm.heal();
        });
        assert!(outcome.is_ok(), "seed {seed}");
    }
}

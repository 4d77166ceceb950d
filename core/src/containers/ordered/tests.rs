//! The ordered set against a naive sorted list.

use super::*;
use crate::base::rng::Rng;
use crate::containers::dict::HashKey;
use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;
use proptest::prelude::*;

impl Keyed for Box<[u8]> {
    fn key(&self) -> &[u8] {
        self
    }
}

/// A set with the hash key it needs, beside a plain sorted list.
struct Pair {
    hash: HashKey,
    set: Ordered<Box<[u8]>>,
    model: Vec<(f64, Vec<u8>)>,
}

impl Pair {
    fn new() -> Self {
        Self { hash: HashKey::new([7; 16]), set: Ordered::new(), model: Vec::new() }
    }

    fn put(&mut self, member: &[u8], score: f64) {
        let hash = self.hash.hash(member);
        match self.set.find(hash, member) {
            Some(ix) => {
                self.set.set_score(ix, score);
                self.model.retain(|(_, m)| m != member);
            }
            None => {
                self.set.insert(hash, member.into(), score);
            }
        }
        let at = self.model.partition_point(|(s, m)| (*s, &m[..]) < (score, member));
        self.model.insert(at, (score, member.to_vec()));
    }

    fn take(&mut self, member: &[u8]) {
        let hash = self.hash.hash(member);
        let found = self.set.find(hash, member);
        assert_eq!(found.is_some(), self.model.iter().any(|(_, m)| m == member));
        if let Some(ix) = found {
            assert_eq!(&*self.set.remove(hash, ix), member);
            self.model.retain(|(_, m)| m != member);
        }
    }

    fn show(&self, ix: Ix) -> (f64, Vec<u8>) {
        (self.set.score(ix), self.set.member(ix).to_vec())
    }

    fn compare(&self) {
        self.set.check();
        let all: Vec<_> = self.set.range(0, usize::MAX).map(|ix| self.show(ix)).collect();
        assert_eq!(all, self.model);
        let n = self.model.len();
        for (from, to) in [(0, n), (n / 3, n / 2), (n / 2, n), (n, n), (1, 2)] {
            let back: Vec<_> = self.set.range_back(from, to).map(|ix| self.show(ix)).collect();
            let end = to.min(n);
            let mut part = self.model[from.min(end)..end].to_vec();
            part.reverse();
            assert_eq!(back, part);
        }
        for (rank, (score, member)) in self.model.iter().enumerate().step_by(7) {
            let ix = self.set.find(self.hash.hash(member), member).unwrap();
            assert_eq!(self.set.rank(ix), rank);
            assert_eq!(self.set.at(rank), Some(ix));
            let below = self.model.partition_point(|(s, _)| s < score);
            let upto = self.model.partition_point(|(s, _)| s <= score);
            assert_eq!(self.set.rank_of_score(*score, false), below);
            assert_eq!(self.set.rank_of_score(*score, true), upto);
        }
        let copy = self.set.clone();
        copy.check();
        assert_eq!(copy.heap_bytes(), self.set.heap_bytes());
    }
}

fn name(n: usize) -> Vec<u8> {
    std::format!("member:{n:07}").into_bytes()
}

#[test]
fn order_of_scores() {
    let scores =
        [f64::NEG_INFINITY, -1e300, -1.5, -1.0, -5e-324, 0.0, 5e-324, 0.1, 1.0, 1e300, f64::INFINITY];
    assert!(scores.windows(2).all(|pair| order(pair[0]) < order(pair[1])));
    assert_eq!(order(-0.0), order(0.0));
}

#[test]
fn fills_and_drains_from_every_side() {
    for way in 0..4_usize {
        let mut pair = Pair::new();
        let n = 9_000;
        let score = |i: usize| match way {
            0 => i as f64,
            1 => -(i as f64),
            2 => 0.0,
            _ => (i * 7919 % n) as f64,
        };
        for i in 0..n {
            let member = name(i);
            pair.set.insert(pair.hash.hash(&member), member.clone().into(), score(i));
            pair.model.push((score(i), member));
        }
        pair.model.sort_by(|a, b| a.partial_cmp(b).unwrap());
        pair.compare();
        let full = pair.set.tree.heap_bytes() / n;
        assert!(if way < 3 { full <= 14 } else { full <= 19 }, "{full} bytes per member, way {way}");
        while !pair.set.is_empty() {
            let len = pair.set.len();
            let rank = [0, len - 1, len / 2, 37 % len][way];
            let member = pair.set.member(pair.set.at(rank).unwrap()).to_vec();
            let hash = pair.hash.hash(&member);
            let ix = pair.set.find(hash, &member).unwrap();
            pair.set.remove(hash, ix);
            assert_eq!(pair.model.remove(rank).1, member);
            if len.is_multiple_of(1500) {
                pair.compare();
            }
        }
        assert_eq!(pair.set.heap_bytes(), 0);
    }
}

#[test]
fn members_order_where_scores_are_equal() {
    let mut pair = Pair::new();
    for i in 0..2_000 {
        pair.put(&name(i * 7919 % 2_000), 1.0);
    }
    pair.compare();
    for (member, or_equal, rank) in [
        (name(0), false, 0),
        (name(0), true, 1),
        (name(999), false, 999),
        (name(999), true, 1_000),
        (b"zzz".to_vec(), false, 2_000),
        (b"".to_vec(), true, 0),
    ] {
        assert_eq!(pair.set.rank_of_member(&member, or_equal), rank);
    }
}

#[test]
fn negative_zero_stays_what_it_is() {
    let mut pair = Pair::new();
    pair.put(b"b", 0.0);
    pair.put(b"a", -0.0);
    pair.put(b"c", -0.0);
    let all: Vec<_> = pair.set.range(0, 9).map(|ix| pair.set.score(ix).is_sign_negative()).collect();
    assert_eq!(all, [true, false, true]);
    let b = pair.set.find(pair.hash.hash(b"b"), b"b").unwrap();
    pair.set.set_score(b, -0.0);
    assert!(pair.set.score(b).is_sign_negative());
    pair.set.check();
}

#[test]
fn random_choice_reaches_everyone() {
    let mut pair = Pair::new();
    for i in 0..50 {
        pair.put(&name(i), 1.0);
    }
    let mut rng = Rng::new([3; 32]);
    let mut seen = [0; 50];
    for _ in 0..5_000 {
        seen[pair.set.rank(pair.set.random(&mut rng).unwrap())] += 1;
    }
    assert!(seen.iter().all(|n| (50..200).contains(n)), "{seen:?}");
    assert_eq!(Ordered::<Box<[u8]>>::new().random(&mut rng), None);
}

#[test]
fn a_million_members_cost_little() {
    let hash = HashKey::new([7; 16]);
    let mut set: Ordered<[u8; 24]> = Ordered::new();
    let n = 200_000_u64;
    for i in 0..n {
        let mut member = [0; 24];
        member[..8].copy_from_slice(&i.to_be_bytes());
        set.insert(hash.hash(&member), member, (i * 48_271 % 999_983) as f64);
    }
    set.check();
    // The test's member has no niche, so a cell of the arena is 8 bytes larger than it is with real members.
    let each = set.heap_bytes() / n as usize - 8;
    assert!((48..=61).contains(&each), "{each} bytes per member");
}

impl Keyed for [u8; 24] {
    fn key(&self) -> &[u8] {
        self
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Runs of changes to members and scores that are near each other or far apart.
    #[test]
    fn equals_a_sorted_list(
        runs in prop::collection::vec((0u8..4, 1usize..600, 0usize..1_000_000, prop::sample::select(vec![1usize, 30, 1_000, 1_000_000])), 1..10),
    ) {
        let mut pair = Pair::new();
        for (kind, times, seed, spread) in runs {
            let mut x = seed;
            for i in 0..times {
                x = (x * 1_103_515_245 + 12_345) % (1 << 31);
                let member = name(x / 8 % 1_500);
                let score = (x / 64 % spread) as f64 / 4.0 - 3.0;
                match kind {
                    0 | 1 => pair.put(&member, score),
                    2 => pair.take(&member),
                    _ => if let Some(ix) = pair.set.at(i % pair.set.len().max(1)) {
                        let (old, member) = pair.show(ix);
                        pair.put(&member, old + (x % 3) as f64 - 1.0);
                    },
                }
            }
            pair.compare();
        }
    }
}

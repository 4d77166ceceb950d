//! The hash table against a naive model.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use proptest::prelude::*;

use super::*;
use crate::base::rng::Rng;

#[derive(Clone, Debug, PartialEq)]
struct Entry {
    key: Vec<u8>,
    value: u32,
}

impl Keyed for Entry {
    fn key(&self) -> &[u8] {
        &self.key
    }
}

fn entry(n: u32) -> Entry {
    Entry { key: n.to_le_bytes().to_vec(), value: n }
}

/// How keys get their positions: well spread, in few positions, all at one end.
#[derive(Clone, Copy, Debug)]
enum Spread {
    Good,
    Coarse,
    End,
    Same,
}

fn hash(spread: Spread, n: u32) -> Hash {
    let good = HashKey::new([7; 16]).hash(&n.to_le_bytes());
    match spread {
        Spread::Good => good,
        Spread::Coarse => Hash(good.0 & 0xff00_00ff_0000_0000),
        Spread::End => Hash(good.0 | 0xffff_f000_0000_0000),
        Spread::Same => Hash(u64::MAX),
    }
}

/// The table beside a naive model; both in the same order.
struct Pair {
    spread: Spread,
    dict: Dict<Entry>,
    model: BTreeMap<(u32, Vec<u8>), u32>,
}

impl Pair {
    fn new(spread: Spread) -> Self {
        Self { spread, dict: Dict::new(), model: BTreeMap::new() }
    }

    fn toggle(&mut self, n: u32) {
        let (hash, key) = (hash(self.spread, n), n.to_le_bytes());
        let model = (hash.position(), key.to_vec());
        match self.dict.find(hash, &key) {
            Some(ix) => {
                assert_eq!(self.dict.remove(hash, ix).value, n);
                assert!(self.model.remove(&model).is_some());
            }
            None => {
                let ix = self.dict.insert(hash, entry(n));
                assert_eq!(self.dict.get(ix).value, n);
                assert!(self.model.insert(model, n).is_none());
            }
        }
        assert_eq!(self.dict.len(), self.model.len());
    }

    fn check(&self) {
        self.dict.check();
        let walked: Vec<u32> = self.dict.iter().map(|(_, entry)| entry.value).collect();
        let expected: Vec<u32> = self.model.values().copied().collect();
        assert_eq!(walked, expected);
    }
}

fn spreads() -> impl Strategy<Value = Spread> {
    prop_oneof![Just(Spread::Good), Just(Spread::Coarse), Just(Spread::End), Just(Spread::Same)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn equals_a_sorted_map(spread in spreads(), keys in prop::collection::vec(0u32..600, 0..1500)) {
        let mut pair = Pair::new(spread);
        for n in keys {
            pair.toggle(n);
        }
        pair.check();
        let copy = pair.dict.clone();
        copy.check();
        prop_assert_eq!(copy.heap_bytes(), pair.dict.heap_bytes());
    }

    /// A scan in steps while the table grows or shrinks by orders of magnitude: what stays is seen exactly once.
    #[test]
    fn a_scan_survives_resizes(
        spread in prop_oneof![Just(Spread::Good), Just(Spread::Coarse)],
        stay in 1u32..300, before in 0u32..30_000, step in 1usize..200, change in 1u32..4000, shrink: bool,
    ) {
        let mut pair = Pair::new(spread);
        for n in 0..stay + before {
            pair.toggle(n);
        }
        let mut seen = BTreeMap::new();
        let (mut from, mut next) = (Some(0), 0);
        while let Some(at) = from {
            from = pair.dict.scan(at, step, &mut |_, entry| *seen.entry(entry.value).or_insert(0) += 1);
            prop_assert!(from.is_none_or(|from| from > at));
            for _ in 0..change.min(60_000 - next) {
                if !shrink || next < before {
                    pair.toggle(stay + if shrink { next } else { before + next });
                    next += 1;
                }
            }
        }
        for n in 0..stay {
            prop_assert_eq!(seen.get(&n), Some(&1), "key {}", n);
        }
        prop_assert!(seen.values().all(|&times| times == 1));
        pair.check();
    }
}

#[test]
fn grows_and_gives_back() {
    let mut pair = Pair::new(Spread::Good);
    for n in 0..60_000 {
        pair.toggle(n);
    }
    pair.check();
    assert!(pair.dict.segments.len() > 8);
    assert!(pair.dict.segments.iter().all(|segment| segment.slots.len() <= segment::SLOTS_MAX));
    let full = pair.dict.heap_bytes();
    let per_key = full / pair.dict.len() - size_of::<Entry>();
    assert!(per_key <= 16, "{per_key} bytes per key");
    for n in 0..59_000 {
        pair.toggle(n);
        if n % 10_000 == 0 {
            pair.dict.check();
        }
    }
    pair.check();
    assert_eq!(pair.dict.segments.len(), 1);
    assert!(pair.dict.heap_bytes() < full / 20);
    for n in 59_000..60_000 {
        pair.toggle(n);
    }
    pair.check();
    assert_eq!(pair.dict.heap_bytes(), 0);
}

/// Positions that no good hash gives cost time, but neither correctness nor a directory out of proportion.
#[test]
fn badly_spread_positions() {
    for (spread, keys) in [(Spread::Coarse, 20_000), (Spread::End, 20_000), (Spread::Same, 6_000)] {
        let mut pair = Pair::new(spread);
        for n in 0..keys {
            pair.toggle(n);
        }
        pair.check();
        assert!(pair.dict.directory.len() <= 128 + 16 * pair.dict.segments.len(), "{spread:?}");
        for n in (0..keys).rev() {
            pair.toggle(n);
            if n % 2_000 == 0 {
                pair.check();
            }
        }
        assert_eq!(pair.dict.heap_bytes(), 0);
    }
}

#[test]
fn the_order_forgets_history() {
    let (mut up, mut down) = (Pair::new(Spread::Coarse), Pair::new(Spread::Coarse));
    for n in 0..5_000 {
        up.toggle(n);
        down.toggle(4_999 - n);
    }
    for n in 5_000..30_000 {
        up.toggle(n);
    }
    for n in 5_000..30_000 {
        up.toggle(n);
    }
    let order = |pair: &Pair| pair.dict.iter().map(|(_, entry)| entry.value).collect::<Vec<_>>();
    assert_eq!(order(&up), order(&down));
}

#[test]
fn windows_find_what_single_lookups_find() {
    for spread in [Spread::Good, Spread::Coarse, Spread::Same] {
        let mut pair = Pair::new(spread);
        for n in 0..1_000 {
            pair.toggle(n * 2);
        }
        let keys: Vec<[u8; 4]> = (0..1_500u32).map(u32::to_le_bytes).collect();
        let asked: Vec<(Hash, &[u8])> =
            (0..1_500).map(|n| (hash(spread, n), &keys[n as usize][..])).collect();
        let mut found = alloc::vec![None; asked.len()];
        pair.dict.find_many(&asked, &mut found);
        for (n, found) in found.iter().enumerate() {
            assert_eq!(*found, pair.dict.find(asked[n].0, asked[n].1), "key {n}");
            assert_eq!(found.is_some(), n % 2 == 0);
        }
    }
}

#[test]
fn random_choices_are_fair() {
    let mut rng = Rng::new([3; 32]);
    assert_eq!(Dict::<Entry>::new().random(&mut rng), None);
    let high = |n: u32| hash(Spread::Good, n).0 >> 63 == 1;
    let kept: [(u32, &dyn Fn(u32) -> bool); 4] = [
        (50, &|_| true),
        (20_000, &|_| true),
        // Much fuller once, then with segments of very different sizes.
        (20_000, &|n| n < 2_000),
        (20_000, &|n| high(n) || n < 2_000),
    ];
    for (case, (grow, keep)) in kept.into_iter().enumerate() {
        let mut pair = Pair::new(Spread::Good);
        for n in 0..grow {
            pair.toggle(n);
        }
        for n in (0..grow).filter(|&n| !keep(n)) {
            pair.toggle(n);
        }
        let mut times: BTreeMap<u32, u32> = pair.dict.iter().map(|(_, entry)| (entry.value, 0)).collect();
        for _ in 0..times.len() * 20 {
            let ix = pair.dict.random(&mut rng).unwrap();
            *times.get_mut(&pair.dict.get(ix).value).unwrap() += 1;
        }
        // 20 on average, Poisson: none of 20 000 falls to zero (probability 2e-9 each) or reaches 60.
        assert!(times.values().all(|times| (1..60).contains(times)), "case {case}");
        let square = |times: u32| (f64::from(times) - 20.0) * (f64::from(times) - 20.0);
        let variance = times.values().map(|&times| square(times)).sum::<f64>() / times.len() as f64;
        assert!(variance < 28.0 || times.len() < 100 && variance < 40.0, "case {case}: {variance}");
    }
}

#[test]
fn scan_ends_and_visits_equal_positions_together() {
    let mut pair = Pair::new(Spread::Same);
    for n in 0..100 {
        pair.toggle(n);
    }
    let mut visited = 0;
    assert_eq!(pair.dict.scan(0, 1, &mut |_, _| visited += 1), None);
    assert_eq!(visited, 100);
    assert_eq!(Dict::<Entry>::new().scan(0, 10, &mut |_, _| panic!()), None);
}

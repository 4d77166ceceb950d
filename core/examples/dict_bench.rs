//! What the hash table costs: time per lookup, one by one and in windows; time per insertion and the worst one; bytes per
//! key. Run with `cargo run --release --example dict_bench [millions of keys] [48 | 56]`.
//!
//! The worst operation is sought in three runs of the same operations: what is slow in each of them is the table's doing,
//! the rest is the machine's.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::{Duration, Instant};

use norn_core::base::rng::Rng;
use norn_core::containers::dict::{Dict, Hash, HashKey, Ix, Keyed};

/// An entry with an inline key and `WORDS` words of other fields.
#[derive(Clone)]
struct Entry<const WORDS: usize> {
    key: [u8; 16],
    words: [u64; WORDS],
    /// Stands for the tag of a value: the arena's free list hides in the values it never has.
    tag: Tag,
}

#[derive(Clone, Copy)]
enum Tag {
    String,
    Other,
}

impl<const WORDS: usize> Keyed for Entry<WORDS> {
    fn key(&self) -> &[u8] {
        &self.key
    }
}

impl<const WORDS: usize> Entry<WORDS> {
    fn new(n: u64) -> Self {
        Self { key: key(n), words: [n; WORDS], tag: if n == u64::MAX { Tag::Other } else { Tag::String } }
    }
}

/// The `n`th key: 16 bytes without pattern.
fn key(n: u64) -> [u8; 16] {
    let mut x = u128::from(n + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
    x ^= x >> 67;
    x.wrapping_mul(0xda94_2042_e4dd_58b5_d1b5_4a32_d192_ed03).to_le_bytes()
}

fn resident_bytes() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    statm.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap_or(0) * 4096
}

fn nanos(time: Duration, times: usize) -> f64 {
    time.as_nanos() as f64 / times as f64
}

/// The slow operations of several equal runs: number and time.
#[derive(Default)]
struct Slow {
    runs: Vec<BTreeMap<u64, Duration>>,
}

impl Slow {
    fn begin(&mut self) {
        self.runs.push(BTreeMap::new());
    }

    fn note(&mut self, n: u64, took: Duration) {
        if took > Duration::from_micros(5)
            && let Some(run) = self.runs.last_mut()
        {
            run.insert(n, took);
        }
    }

    /// The worst operation, as fast as it was in its best run; and the worst of all single times.
    fn worst(&self) -> String {
        let first = self.runs.first().into_iter().flatten();
        let always = first.filter_map(|(n, _)| self.runs.iter().map(|run| run.get(n).copied()).min()?);
        let once = self.runs.iter().flat_map(|run| run.values().copied()).max();
        format!(
            "worst {:.0?}, in a single run {:.0?}",
            always.max().unwrap_or_default(),
            once.unwrap_or_default()
        )
    }
}

fn fill<const WORDS: usize>(keys: u64, secret: &HashKey, slow: &mut Slow) -> Dict<Entry<WORDS>> {
    let mut dict = Dict::new();
    slow.begin();
    for n in 0..keys {
        let entry = Entry::new(n);
        let hash = secret.hash(&entry.key);
        let start = Instant::now();
        dict.insert(hash, entry);
        slow.note(n, start.elapsed());
    }
    dict
}

fn empty<const WORDS: usize>(mut dict: Dict<Entry<WORDS>>, keys: u64, secret: &HashKey, slow: &mut Slow) {
    slow.begin();
    for n in 0..keys {
        let key = key(n);
        let hash = secret.hash(&key);
        let start = Instant::now();
        if let Some(ix) = dict.find(hash, &key) {
            dict.remove(hash, ix);
        }
        slow.note(n, start.elapsed());
    }
    assert!(dict.is_empty(), "every key was found and removed");
}

fn run<const WORDS: usize>(keys: u64) {
    let secret = HashKey::new([9; 16]);
    let (mut inserts, mut removes) = (Slow::default(), Slow::default());
    let before = resident_bytes();
    let start = Instant::now();
    let dict: Dict<Entry<WORDS>> = fill(keys, &secret, &mut inserts);
    let insert = nanos(start.elapsed(), keys as usize);
    let resident = resident_bytes().saturating_sub(before);
    let size = size_of::<Entry<WORDS>>() as f64;
    println!("{keys} entries of {size} bytes");
    println!(
        "  memory            {:7.2} bytes per key beside the entry; the process grew by {:.1} bytes per key",
        dict.heap_bytes() as f64 / keys as f64 - size,
        resident as f64 / keys as f64
    );
    time_lookups(&dict, keys, &secret);
    let start = Instant::now();
    empty(dict, keys, &secret, &mut removes);
    let remove = nanos(start.elapsed(), keys as usize);
    for _ in 0..2 {
        let dict: Dict<Entry<WORDS>> = fill(keys, &secret, &mut inserts);
        empty(dict, keys, &secret, &mut removes);
    }
    println!("  insert            {insert:7.1} ns; {}", inserts.worst());
    println!("  find and remove   {remove:7.1} ns; {}", removes.worst());
}

fn time_lookups<const WORDS: usize>(dict: &Dict<Entry<WORDS>>, keys: u64, secret: &HashKey) {
    let mut rng = Rng::new([1; 32]);
    let asked: Vec<[u8; 16]> = (0..2_000_000).map(|_| key(rng.below(keys))).collect();
    for (name, find) in [
        ("find one by one   ", one_by_one as fn(&Dict<Entry<WORDS>>, &HashKey, &[[u8; 16]]) -> u64),
        ("find in windows   ", in_windows),
        ("passes in windows ", in_passes),
    ] {
        let best = (0..3).map(|_| {
            let start = Instant::now();
            black_box(find(dict, secret, &asked));
            nanos(start.elapsed(), asked.len())
        });
        println!("  {name}{:7.1} ns", best.fold(f64::INFINITY, f64::min));
    }
    let start = Instant::now();
    let mut seen = 0;
    let mut from = Some(0);
    while let Some(at) = from {
        from = dict.scan(at, 100, &mut |_, entry| seen += entry.words.len() + entry.tag as usize);
    }
    println!("  scan in steps     {:7.1} ns", nanos(start.elapsed(), keys as usize));
    black_box(seen);
}

fn one_by_one<const W: usize>(dict: &Dict<Entry<W>>, secret: &HashKey, asked: &[[u8; 16]]) -> u64 {
    asked.iter().map(|key| dict.find(secret.hash(key), key).map_or(0, |ix| dict.get(ix).words[0])).sum()
}

fn in_windows<const W: usize>(dict: &Dict<Entry<W>>, secret: &HashKey, asked: &[[u8; 16]]) -> u64 {
    let mut sum = 0;
    let mut found = [None::<Ix>; 16];
    for keys in asked.chunks_exact(16) {
        let keys: [(Hash, &[u8]); 16] = core::array::from_fn(|at| (secret.hash(&keys[at]), &keys[at][..]));
        dict.find_many(&keys, &mut found);
        sum += found.iter().flatten().map(|&ix| dict.get(ix).words[0]).sum::<u64>();
    }
    sum
}

/// What a turn does: touches a window of keys, then executes commands one by one.
fn in_passes<const W: usize>(dict: &Dict<Entry<W>>, secret: &HashKey, asked: &[[u8; 16]]) -> u64 {
    let mut sum = 0;
    for keys in asked.chunks_exact(16) {
        let hashes: [Hash; 16] = core::array::from_fn(|at| secret.hash(&keys[at]));
        black_box(hashes.iter().fold(0, |sum, &hash| sum ^ dict.touch(hash)));
        let slots = hashes.map(|hash| dict.touch_slot(hash));
        black_box(slots.iter().flatten().fold(0, |sum, &ix| sum ^ dict.touch_entry(ix)));
        for (key, &hash) in keys.iter().zip(&hashes) {
            sum += dict.find(hash, key).map_or(0, |ix| dict.get(ix).words[0]);
        }
    }
    sum
}

fn main() {
    // One size per process, or memory given back would be counted as none.
    match std::env::args().nth(1).and_then(|arg| arg.parse::<u64>().ok()) {
        Some(millions) => {
            if std::env::args().nth(2).as_deref() == Some("56") {
                run::<4>(millions * 1_000_000);
            } else {
                run::<3>(millions * 1_000_000);
            }
        }
        None => {
            for (millions, size) in [("1", "48"), ("1", "56"), ("10", "48"), ("10", "56")] {
                let this = std::env::current_exe().expect("a running program has a path");
                let status = std::process::Command::new(this).args([millions, size]).status();
                assert!(status.is_ok_and(|status| status.success()), "the measurement runs");
            }
        }
    }
}

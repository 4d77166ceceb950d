//! The model of record: what is known of every replication history, whoever reported it first.
//!
//! *Owns*: for each (replication id, offset) the command that ends there and the digest of the data after it.
//! *Invariants*: an entry never changes; who disagrees with one is wrong, or the first reporter was.

pub mod follower;

use crate::trace::fold;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{BuildHasherDefault, Hasher};

/// What was reported first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report<T> {
    /// By which server.
    pub by: u8,
    /// What.
    pub what: T,
}

/// Reports by (number of the history, offset). Nobody walks through them, so their order does not matter.
type Places<T> = HashMap<(u32, i64), Report<T>, BuildHasherDefault<Mixer>>;

/// A hasher of small numbers.
#[derive(Clone, Copy, Debug, Default)]
struct Mixer(u64);

impl Hasher for Mixer {
    fn finish(&self) -> u64 {
        self.0 ^ self.0 >> 32
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|b| self.write_u64(u64::from(*b)));
    }

    fn write_u32(&mut self, n: u32) {
        self.write_u64(u64::from(n));
    }

    fn write_i64(&mut self, n: i64) {
        self.write_u64(n as u64);
    }

    fn write_u64(&mut self, n: u64) {
        self.0 = fold(self.0, n);
    }
}

/// All histories.
#[derive(Clone, Debug, Default)]
pub struct Record {
    ids: Vec<[u8; 40]>,
    digests: Places<u128>,
    commands: Places<u64>,
    /// Ends of units between which a master was not looked at.
    stood: BTreeSet<(u32, i64)>,
    /// For a history the one it went on from, and the first offset that is not shared.
    origins: BTreeMap<u32, (u32, i64)>,
    /// Databases selected in the stream.
    selected: Places<u32>,
}

impl Record {
    /// The number of a history, given when it is first heard of.
    pub(crate) fn number(&mut self, id: &[u8; 40]) -> u32 {
        let known = self.ids.iter().rposition(|known| known == id);
        known.unwrap_or_else(|| {
            self.ids.push(*id);
            self.ids.len() - 1
        }) as u32
    }

    /// Reports the digest of the data at an offset; answers with an earlier report that differs.
    pub fn digest(&mut self, id: &[u8; 40], offset: i64, by: u8, digest: u128) -> Option<Report<u128>> {
        let key = (self.number(id), offset);
        let first = *self.digests.entry(key).or_insert(Report { by, what: digest });
        (first.what != digest).then_some(first)
    }

    /// The digest on record.
    #[must_use]
    pub fn digest_at(&mut self, id: &[u8; 40], offset: i64) -> Option<Report<u128>> {
        let key = (self.number(id), offset);
        self.digests.get(&key).copied()
    }

    /// Reports the hash of the command that ends at an offset; answers with an earlier report that differs.
    pub fn command(&mut self, id: &[u8; 40], offset: i64, by: u8, hash: u64) -> Option<Report<u64>> {
        let key = (self.number(id), offset);
        let first = *self.commands.entry(key).or_insert(Report { by, what: hash });
        (first.what != hash).then_some(first)
    }

    /// Reports that a unit of a master ended at an offset.
    pub fn stood(&mut self, id: &[u8; 40], offset: i64) {
        let key = (self.number(id), offset);
        self.stood.insert(key);
    }

    /// Whether a master stood at an offset.
    #[must_use]
    pub fn stood_at(&mut self, id: &[u8; 40], offset: i64) -> bool {
        let key = (self.number(id), offset);
        self.stood.contains(&key) || self.digests.contains_key(&key)
    }

    /// Reports the database selected in the stream at an offset; answers with an earlier report that differs.
    pub fn selected(&mut self, id: &[u8; 40], offset: i64, by: u8, db: u32) -> Option<Report<u32>> {
        let key = (self.number(id), offset);
        let first = *self.selected.entry(key).or_insert(Report { by, what: db });
        (first.what != db).then_some(first)
    }

    /// Reports that a history goes on from `old`, whose offsets from `second` on are not its own.
    pub fn went_on(&mut self, old: &[u8; 40], second: i64, new: &[u8; 40]) {
        let (old, new) = (self.number(old), self.number(new));
        self.origins.entry(new).or_insert((old, second));
    }

    /// Whether the history `id` has in it what `old` was at this offset.
    #[must_use]
    pub fn holds(&mut self, id: &[u8; 40], old: &[u8; 40], offset: i64) -> bool {
        let (mut at, old) = (self.number(id), self.number(old));
        // A history never goes on from itself; the bound is for broken cores.
        for _ in 0..=self.ids.len() {
            match self.origins.get(&at) {
                _ if at == old => return true,
                Some((origin, second)) if offset < *second => at = *origin,
                _ => return false,
            }
        }
        false
    }
}

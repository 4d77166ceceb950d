//! Sorted sets.
//!
//! *Owns*: [`ZSet`] in its small form (one block) and its large one (table and tree), the change from one to the other,
//! which of Redis's two encodings it reports, and the sums kept over members.
//! *Does not own*: the containers, limits as directives, ranges as commands spell them.
//! *Invariants*: 16 bytes. The small form always reports "listpack"; the large one does when the limits allow it but
//! the block would be slow. A set that has become a "skiplist" stays one, as in Redis.

use super::{Digest, SmallBytes, allocation};
use crate::base::rng::Rng;
use crate::containers::dict::{Hash, HashKey};
use crate::containers::ordered::{Ordered, Range, RangeBack};
use crate::containers::scorepack::{Entries, ScorePack};
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

/// A block with more entries or bytes than this is no longer small, whatever the directives say.
const PACKED_ENTRIES_MAX: usize = 256;
const PACKED_BYTES_MAX: usize = 16 * 1024;
/// Fewer members are taken out one by one.
const REBUILD_MIN: usize = 1024;
/// Members that count as one unit of the cost to free a large set.
const FREE_UNIT: usize = 16;

/// A sorted set. See the module.
#[derive(Clone)]
pub struct ZSet(Form);

#[derive(Clone)]
enum Form {
    Packed(ScorePack),
    Large(Box<Large>),
}

const _: () = assert!(size_of::<ZSet>() == 16);

#[derive(Clone)]
struct Large {
    set: Ordered<SmallBytes>,
    hash: HashKey,
    /// Heap bytes of the members.
    payload: usize,
    /// The sum of the members' digests, if it is kept.
    sum: Option<u128>,
    /// Whether it reports "listpack".
    listpack: bool,
}

/// How large a set may be as a "listpack", and the hash of the node's tables for when it is larger.
#[derive(Clone, Debug)]
pub struct ZSetLimits {
    /// `zset-max-listpack-entries`.
    pub entries: usize,
    /// `zset-max-listpack-value`.
    pub value: usize,
    /// The node's hash.
    pub hash: HashKey,
}

/// What became of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ZChange {
    /// Nothing.
    None,
    /// It is new.
    Added,
    /// Its score is another.
    Updated,
}

impl ZSet {
    /// A set that is about to get `count` members, the first of this length.
    #[must_use]
    pub fn new(count: usize, first_len: usize, limits: &ZSetLimits) -> Self {
        let mut set = Self(Form::Packed(ScorePack::new()));
        if count > limits.entries || first_len > limits.value {
            set.large(&limits.hash).listpack = false;
        }
        set
    }

    /// A set of members in order: lowest score first, members in order where scores are equal, none twice.
    #[must_use]
    pub fn from_sorted(members: &[(&[u8], f64)], limits: &ZSetLimits) -> Self {
        let longest = members.iter().map(|(member, _)| member.len()).max().unwrap_or(0);
        let mut set = Self::new(members.len(), longest, limits);
        let bytes: usize = members.iter().map(|(member, _)| member.len() + 12).sum();
        match &mut set.0 {
            Form::Packed(pack) if members.len() <= PACKED_ENTRIES_MAX && bytes <= PACKED_BYTES_MAX => {
                *pack = ScorePack::build(members.iter().copied());
            }
            _ => {
                let large = set.large(&limits.hash);
                members.iter().for_each(|(member, score)| large.insert(member, large.stored(*score)));
            }
        }
        set
    }

    /// Becomes a "skiplist" if as many members as are about to be added are too many for a "listpack", whether or not
    /// they are new.
    pub fn expect(&mut self, count: usize, limits: &ZSetLimits) {
        if count > limits.entries {
            self.large(&limits.hash).listpack = false;
        }
    }

    /// Number of members.
    #[must_use]
    #[inline]
    pub fn len(&self) -> usize {
        match &self.0 {
            Form::Packed(pack) => pack.len(),
            Form::Large(large) => large.set.len(),
        }
    }

    /// Whether there is no member.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What `OBJECT ENCODING` answers.
    #[must_use]
    pub fn encoding(&self) -> &'static str {
        match &self.0 {
            Form::Large(large) if !large.listpack => "skiplist",
            Form::Packed(_) | Form::Large(_) => "listpack",
        }
    }

    /// Bytes on the heap, by the core's own count.
    #[must_use]
    #[inline]
    pub fn heap_bytes(&self) -> usize {
        match &self.0 {
            Form::Packed(pack) => allocation(pack.bytes()),
            Form::Large(large) => allocation(size_of::<Large>()) + large.set.heap_bytes() + large.payload,
        }
    }

    /// Starts reading what a command is likely to read first; the answer means nothing.
    #[must_use]
    #[inline]
    pub fn touch(&self) -> u8 {
        match &self.0 {
            Form::Packed(pack) => pack.len() as u8,
            Form::Large(large) => u8::from(large.listpack),
        }
    }

    /// About how many allocations dropping it frees.
    #[must_use]
    pub fn free_cost(&self) -> usize {
        match &self.0 {
            Form::Packed(_) => 1,
            Form::Large(large) => 1 + large.set.len() / FREE_UNIT,
        }
    }

    /// Keeps the digest of a large set up to date from now on, so that it need not be counted anew at every change.
    pub fn keep_digest(&mut self) {
        if matches!(&self.0, Form::Large(large) if large.sum.is_none()) {
            let sum = self.sum();
            if let Form::Large(large) = &mut self.0 {
                large.sum = Some(sum);
            }
        }
    }

    /// The sum of the members' digests.
    fn sum(&self) -> u128 {
        let kept = match &self.0 {
            Form::Packed(_) => None,
            Form::Large(large) => large.sum,
        };
        kept.unwrap_or_else(|| self.iter().fold(0, |sum: u128, (m, score)| sum.wrapping_add(one(m, score))))
    }

    /// Feeds the content to `digest`.
    pub fn digest_into(&self, digest: &mut Digest) {
        digest.write_u128(self.sum());
    }

    /// The score of a member.
    #[must_use]
    #[inline]
    pub fn score(&self, member: &[u8]) -> Option<f64> {
        match &self.0 {
            Form::Packed(pack) => pack.find(member).map(|(_, entry)| entry.score),
            Form::Large(large) => {
                large.set.find(large.hash.hash(member), member).map(|ix| large.set.score(ix))
            }
        }
    }

    /// How many members stand before this one, and its score.
    #[must_use]
    pub fn rank(&self, member: &[u8]) -> Option<(usize, f64)> {
        match &self.0 {
            Form::Packed(pack) => pack.find(member).map(|(rank, entry)| (rank, entry.score)),
            Form::Large(large) => {
                let ix = large.set.find(large.hash.hash(member), member)?;
                Some((large.set.rank(ix), large.set.score(ix)))
            }
        }
    }

    /// How many members have a smaller score; with `or_equal`, also those that have the same.
    #[must_use]
    pub fn rank_of_score(&self, score: f64, or_equal: bool) -> usize {
        match &self.0 {
            Form::Packed(pack) => {
                pack.iter().take_while(|e| e.score < score || (or_equal && e.score == score)).count()
            }
            Form::Large(large) => large.set.rank_of_score(score, or_equal),
        }
    }

    /// How many members are smaller as byte strings; with `or_equal`, this one too. Means something only where all
    /// scores are equal.
    #[must_use]
    pub fn rank_of_member(&self, member: &[u8], or_equal: bool) -> usize {
        match &self.0 {
            Form::Packed(pack) => {
                pack.iter().take_while(|e| e.member < member || (or_equal && e.member == member)).count()
            }
            Form::Large(large) => large.set.rank_of_member(member, or_equal),
        }
    }

    /// The member of this rank.
    #[must_use]
    pub fn at(&self, rank: usize) -> Option<(&[u8], f64)> {
        self.range(rank, rank + 1).next()
    }

    /// Everything in order.
    #[must_use]
    pub fn iter(&self) -> ZIter<'_> {
        self.range(0, usize::MAX)
    }

    /// The members of the ranks from `from` up to, and without, `to`, in order.
    #[must_use]
    pub fn range(&self, from: usize, to: usize) -> ZIter<'_> {
        ZIter(match &self.0 {
            Form::Packed(pack) => {
                let mut entries = pack.iter();
                if from > 0 {
                    entries.nth(from - 1);
                }
                Walk::Packed(entries, to.saturating_sub(from))
            }
            Form::Large(large) => Walk::Large(&large.set, large.set.range(from, to)),
        })
    }

    /// The same members, the last one first.
    #[must_use]
    pub fn range_back(&self, from: usize, to: usize) -> ZIter<'_> {
        ZIter(match &self.0 {
            Form::Packed(_) => Walk::Back(self.range(from, to).collect()),
            Form::Large(large) => Walk::LargeBack(&large.set, large.set.range_back(from, to)),
        })
    }

    /// Looks a member up once, shows its score to `decide`, and gives it the score that this answers, if any.
    #[inline]
    pub fn update(
        &mut self,
        member: &[u8],
        limits: &ZSetLimits,
        decide: impl FnOnce(Option<f64>) -> Option<f64>,
    ) -> ZChange {
        match &mut self.0 {
            Form::Packed(pack) => {
                let old = pack.find(member).map(|(_, entry)| entry.score);
                match (old, decide(old)) {
                    (_, None) => ZChange::None,
                    (Some(old), Some(score)) if score == old => ZChange::None,
                    (Some(_), Some(score)) => {
                        pack.set_score(member, score);
                        ZChange::Updated
                    }
                    (None, Some(score)) => {
                        self.add(member, score, limits);
                        ZChange::Added
                    }
                }
            }
            Form::Large(large) => large.update(member, limits, decide),
        }
    }

    /// Adds a member that is absent.
    fn add(&mut self, member: &[u8], score: f64, limits: &ZSetLimits) {
        if self.len() >= limits.entries || member.len() > limits.value {
            self.large(&limits.hash).listpack = false;
        }
        match &mut self.0 {
            Form::Packed(pack)
                if pack.len() < PACKED_ENTRIES_MAX && pack.bytes() + member.len() <= PACKED_BYTES_MAX =>
            {
                pack.insert(member, score);
            }
            _ => {
                let large = self.large(&limits.hash);
                large.insert(member, large.stored(score));
            }
        }
    }

    /// Takes a member out. Answers its score.
    pub fn remove(&mut self, member: &[u8]) -> Option<f64> {
        match &mut self.0 {
            Form::Packed(pack) => pack.remove(member),
            Form::Large(large) => large.remove(member),
        }
    }

    /// The large form, if it has that.
    #[inline]
    pub(super) fn ordered(&self) -> Option<&Ordered<SmallBytes>> {
        match &self.0 {
            Form::Packed(_) => None,
            Form::Large(large) => Some(&large.set),
        }
    }

    /// Takes out the members of the ranks from `from` up to, and without, `to`. When more of a large set goes than stays,
    /// it is made anew of what stays; then the answer is what it was before, to be dropped where that takes no time.
    #[must_use = "dropping a large set takes long"]
    pub fn remove_range(&mut self, from: usize, to: usize) -> Option<Self> {
        match &mut self.0 {
            Form::Packed(pack) => pack.remove_range(from, to),
            Form::Large(large) => {
                let len = large.set.len();
                let to = to.min(len);
                let going = to.saturating_sub(from);
                if going >= REBUILD_MIN && going > len - going {
                    let before = core::mem::replace(large, Box::new(large.without(from, to)));
                    return Some(Self(Form::Large(before)));
                }
                for _ in 0..going {
                    if let Some(ix) = large.set.at(from) {
                        let member = SmallBytes::new(large.set.member(ix));
                        large.remove(member.as_slice());
                    }
                }
            }
        }
        None
    }

    /// Shows some members from a cursor on, in an order of its own, and answers the next cursor; 0 is the start, and
    /// the end. A member that stays is shown exactly once.
    pub fn scan(&self, cursor: u64, at_least: usize, mut f: impl FnMut(&[u8], f64)) -> u64 {
        match &self.0 {
            Form::Packed(pack) => {
                pack.iter().for_each(|entry| f(entry.member, entry.score));
                0
            }
            Form::Large(large) => {
                let Ok(from) = u32::try_from(cursor) else { return 0 };
                large.set.scan(from, at_least, &mut f).map_or(0, u64::from)
            }
        }
    }

    /// A member chosen at random, each with the same probability.
    #[must_use]
    pub fn random(&self, rng: &mut Rng) -> Option<(&[u8], f64)> {
        self.at(rng.below(self.len() as u64) as usize)
    }

    /// The large form, changed to if need be.
    fn large(&mut self, hash: &HashKey) -> &mut Large {
        if let Form::Packed(pack) = &self.0 {
            let mut large = Box::new(Large {
                set: Ordered::new(),
                hash: hash.clone(),
                payload: 0,
                sum: None,
                listpack: true,
            });
            pack.iter().for_each(|entry| large.insert(entry.member, entry.score));
            self.0 = Form::Large(large);
        }
        match &mut self.0 {
            Form::Large(large) => large,
            Form::Packed(_) => unreachable!("it was just changed"),
        }
    }

    /// Asserts every invariant, by counting anew.
    pub fn check(&self) {
        match &self.0 {
            Form::Packed(pack) => pack.check(),
            Form::Large(large) => {
                large.set.check();
                let payload: usize =
                    self.iter().map(|(member, _)| SmallBytes::new(member).heap_bytes()).sum();
                assert_eq!(large.payload, payload, "heap bytes of members");
                if let Some(sum) = &large.sum {
                    let again = self.iter().fold(0, |sum: u128, (m, s)| sum.wrapping_add(one(m, s)));
                    assert_eq!(*sum, again, "sum of digests");
                }
            }
        }
    }
}

impl Large {
    /// A copy without the members of these ranks.
    fn without(&self, from: usize, to: usize) -> Self {
        let mut rest = Self {
            set: Ordered::new(),
            hash: self.hash.clone(),
            payload: 0,
            sum: self.sum.map(|_| 0),
            listpack: self.listpack,
        };
        for ix in self.set.range(0, from).chain(self.set.range(to, self.set.len())) {
            rest.insert(self.set.member(ix), self.set.score(ix));
        }
        rest
    }

    /// The score as it is kept: a listpack knows no negative zero.
    #[inline]
    fn stored(&self, score: f64) -> f64 {
        if self.listpack { score + 0.0 } else { score }
    }

    fn insert(&mut self, member: &[u8], score: f64) {
        self.insert_hashed(self.hash.hash(member), member, score);
    }

    fn insert_hashed(&mut self, hash: Hash, member: &[u8], score: f64) {
        let stored = SmallBytes::new(member);
        self.payload += stored.heap_bytes();
        self.set.insert(hash, stored, score);
        if let Some(sum) = &mut self.sum {
            *sum = sum.wrapping_add(one(member, score));
        }
    }

    fn update(
        &mut self,
        member: &[u8],
        limits: &ZSetLimits,
        decide: impl FnOnce(Option<f64>) -> Option<f64>,
    ) -> ZChange {
        let hash = self.hash.hash(member);
        let Some(ix) = self.set.find(hash, member) else {
            let Some(score) = decide(None) else { return ZChange::None };
            self.listpack &= self.set.len() < limits.entries && member.len() <= limits.value;
            self.insert_hashed(hash, member, self.stored(score));
            return ZChange::Added;
        };
        let old = self.set.score(ix);
        match decide(Some(old)) {
            Some(score) if score != old => {
                let score = self.stored(score);
                self.set.set_score(ix, score);
                if let Some(sum) = &mut self.sum {
                    *sum = sum.wrapping_sub(one(member, old)).wrapping_add(one(member, score));
                }
                ZChange::Updated
            }
            _ => ZChange::None,
        }
    }

    fn remove(&mut self, member: &[u8]) -> Option<f64> {
        let hash = self.hash.hash(member);
        let ix = self.set.find(hash, member)?;
        let score = self.set.score(ix);
        self.payload -= self.set.remove(hash, ix).heap_bytes();
        if let Some(sum) = &mut self.sum {
            *sum = sum.wrapping_sub(one(member, score));
        }
        Some(score)
    }
}

/// The digest of one member.
fn one(member: &[u8], score: f64) -> u128 {
    let mut digest = Digest::new();
    digest.write(member);
    digest.write_u64(score.to_bits());
    digest.finish()
}

impl fmt::Debug for ZSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.iter().map(|(member, score)| (score, SmallBytes::new(member)));
        f.debug_list().entries(shown).finish()
    }
}

/// Members with their scores, one after another.
pub struct ZIter<'a>(Walk<'a>);

enum Walk<'a> {
    Packed(Entries<'a>, usize),
    /// What is left, read from its end.
    Back(Vec<(&'a [u8], f64)>),
    Large(&'a Ordered<SmallBytes>, Range<'a, SmallBytes>),
    LargeBack(&'a Ordered<SmallBytes>, RangeBack<'a, SmallBytes>),
}

impl<'a> Iterator for ZIter<'a> {
    type Item = (&'a [u8], f64);

    #[inline]
    fn next(&mut self) -> Option<(&'a [u8], f64)> {
        match &mut self.0 {
            Walk::Packed(entries, left) => {
                *left = left.checked_sub(1)?;
                entries.next().map(|entry| (entry.member, entry.score))
            }
            Walk::Back(rest) => rest.pop(),
            Walk::Large(set, range) => range.next().map(|ix| (set.member(ix), set.score(ix))),
            Walk::LargeBack(set, range) => range.next().map(|ix| (set.member(ix), set.score(ix))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn limits(entries: usize, value: usize) -> ZSetLimits {
        ZSetLimits { entries, value, hash: HashKey::new([5; 16]) }
    }

    fn put(set: &mut ZSet, member: &[u8], score: f64, limits: &ZSetLimits) -> ZChange {
        set.update(member, limits, |_| Some(score))
    }

    fn digest(set: &ZSet) -> u128 {
        let mut digest = Digest::new();
        set.digest_into(&mut digest);
        digest.finish()
    }

    fn text(n: usize) -> Vec<u8> {
        std::format!("m{n}").into_bytes()
    }

    #[test]
    fn changes_its_encoding_at_the_limits() {
        let few = limits(3, 5);
        let mut set = ZSet::new(1, 1, &few);
        for n in 0..3 {
            assert_eq!(put(&mut set, &text(n), 1.0, &few), ZChange::Added);
            assert_eq!(set.encoding(), "listpack");
        }
        assert_eq!(put(&mut set, &text(2), 2.0, &few), ZChange::Updated);
        assert_eq!(put(&mut set, &text(2), 2.0, &few), ZChange::None);
        assert_eq!(set.encoding(), "listpack");
        put(&mut set, b"m3", 1.0, &few);
        assert_eq!(set.encoding(), "skiplist");
        assert!(set.remove_range(0, 3).is_none());
        assert_eq!((set.len(), set.encoding()), (1, "skiplist"));
        let mut set = ZSet::new(1, 1, &few);
        put(&mut set, b"longer", 1.0, &few);
        assert_eq!(set.encoding(), "skiplist");
        assert_eq!(ZSet::new(4, 1, &few).encoding(), "skiplist");
        assert_eq!(ZSet::new(1, 1, &limits(0, 5)).encoding(), "skiplist");
    }

    #[test]
    fn what_stays_of_a_large_set_is_made_anew() {
        let limits = limits(3, 5);
        let mut set = ZSet::new(10, 1, &limits);
        set.keep_digest();
        for n in 0..5_000 {
            put(&mut set, &text(n), f64::from((n * 37 % 1_000) as u32), &limits);
        }
        let all: Vec<_> = set.iter().map(|(member, score)| (member.to_vec(), score)).collect();
        let mut slowly = set.clone();
        let before = set.remove_range(40, 4_000).expect("more goes than stays");
        assert_eq!((before.len(), set.len(), set.encoding()), (5_000, 1_040, "skiplist"));
        for (member, _) in &all[40..4_000] {
            slowly.remove(member);
        }
        set.check();
        before.check();
        assert!(set.iter().eq(slowly.iter()));
        assert_eq!(digest(&set), digest(&slowly));
        assert!(set.remove_range(10, 20).is_none());
        assert_eq!(set.len(), 1_030);
    }

    #[test]
    fn a_long_listpack_is_one_in_name_only() {
        let many = limits(10_000, 64);
        let mut set = ZSet::new(1, 1, &many);
        for n in 0..2_000 {
            put(&mut set, &text(n), n as f64, &many);
        }
        set.check();
        assert!(matches!(set.0, Form::Large(_)));
        assert_eq!(set.encoding(), "listpack");
        let again: Vec<_> = set.iter().collect();
        let built = ZSet::from_sorted(&again, &many);
        built.check();
        assert_eq!((built.encoding(), digest(&built)), ("listpack", digest(&set)));
        put(&mut set, &[b'x'; 65], 1.0, &many);
        assert_eq!(set.encoding(), "skiplist");
    }

    #[test]
    fn scan_shows_everything_once() {
        for (n, entries) in [(0, 128), (100, 128), (100, 0), (5_000, 128)] {
            let limits = limits(entries, 64);
            let mut set = ZSet::new(1, 1, &limits);
            (0..n).for_each(|n| {
                put(&mut set, &text(n), n as f64, &limits);
            });
            let mut seen = Vec::new();
            let mut cursor = 0;
            loop {
                cursor = set.scan(cursor, 10, |member, score| seen.push((score as usize, member.to_vec())));
                if cursor == 0 {
                    break;
                }
            }
            seen.sort();
            assert_eq!(seen, (0..n).map(|n| (n, text(n))).collect::<Vec<_>>());
            assert_eq!(set.scan(u64::MAX, 10, |_, _| ()), 0);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        /// Every operation on every form against a sorted list, across the change from one to the other.
        #[test]
        fn equals_a_sorted_list(
            entries in prop::sample::select(alloc::vec![0usize, 4, 20, 1_000]),
            steps in prop::collection::vec((0u8..8, 0usize..60, -8i32..8), 1..200),
        ) {
            let limits = limits(entries, 40);
            let mut set = ZSet::new(1, 1, &limits);
            let mut model: Vec<(f64, Vec<u8>)> = Vec::new();
            for (kind, name, n) in steps {
                if n == 0 {
                    set.keep_digest();
                }
                let mut member = text(name);
                member.resize(1 + name, b'y');
                let score = f64::from(n) / 2.0;
                let old = model.iter().position(|(_, m)| *m == member);
                match kind {
                    0 => {
                        let from = name % (model.len() + 1);
                        let to = (from + name % 3).min(model.len());
                        prop_assert!(set.remove_range(from, to).is_none());
                        model.drain(from..to);
                    }
                    1 | 2 => prop_assert_eq!(set.remove(&member), old.map(|at| model.remove(at).0)),
                    3 => {
                        let before = digest(&set);
                        prop_assert_eq!(set.update(&member, &limits, |_| None), ZChange::None);
                        prop_assert_eq!(digest(&set), before);
                    }
                    _ => {
                        let change = put(&mut set, &member, score, &limits);
                        let expected = match old.map(|at| model.remove(at).0) {
                            None => ZChange::Added,
                            Some(old) if old == score => ZChange::None,
                            Some(_) => ZChange::Updated,
                        };
                        prop_assert_eq!(change, expected);
                        let at = model.partition_point(|(s, m)| (*s, &m[..]) < (score, &member[..]));
                        model.insert(at, (score, member.clone()));
                    }
                }
                set.check();
                let all: Vec<_> = set.iter().map(|(m, s)| (s, m.to_vec())).collect();
                prop_assert_eq!(&all, &model);
                let mut back: Vec<_> = set.range_back(1, 5).map(|(m, s)| (s, m.to_vec())).collect();
                back.reverse();
                prop_assert_eq!(&back[..], &model[1.min(model.len())..5.min(model.len())]);
                let rank = model.iter().position(|(_, m)| *m == member);
                prop_assert_eq!(set.rank(&member), rank.map(|rank| (rank, model[rank].0)));
                prop_assert_eq!(set.rank_of_score(score, false), model.partition_point(|(s, _)| *s < score));
                prop_assert_eq!(set.rank_of_score(score, true), model.partition_point(|(s, _)| *s <= score));
                let sorted: Vec<_> = set.iter().collect();
                prop_assert_eq!(digest(&ZSet::from_sorted(&sorted, &limits)), digest(&set));
                prop_assert_eq!(set.clone().heap_bytes(), set.heap_bytes());
            }
        }
    }
}

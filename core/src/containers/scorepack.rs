//! A small ordered set as one block of bytes.
//!
//! *Owns*: the bytes: members with scores, lowest score first, members in order where scores are equal.
//! *Does not own*: when a set is too large for this, what `OBJECT ENCODING` calls it. Everything here is linear.
//!
//! ```text
//! block   = count (u16, least byte first), entry...
//! entry   = score, length of the member (varint), member
//! score   = varint 2n, n being the whole number less the whole number before it among the scores (the first one
//!           as it is, zigzag); or the byte 1 and the 8 bytes of any other double
//! varint  = 7 bits a byte, lowest first, the top bit set in all bytes but the last
//! ```
//!
//! A listpack stores every score as it is; neighbours in a sorted list are near each other, so the difference takes
//! one byte where the score takes four: ten members of 9 bytes with scores of 7 digits take 115 bytes, 168 as a listpack.
//!
//! *Invariants*: entries ascend by (score, member); negative zero becomes zero, as in a listpack; the block has exactly the bytes it needs; the same content has
//! always the same bytes.

use alloc::boxed::Box;
use alloc::vec::Vec;

/// The most entries of a block.
pub const ENTRIES_MAX: usize = u16::MAX as usize;
const HEADER: usize = 2;
/// Whole scores below this magnitude are stored as differences: all of them are exact.
const WHOLE_MAX: i64 = 1 << 53;
/// A score that is not a whole number follows as a double.
const DOUBLE: u8 = 1;

/// The block. See the module.
#[derive(Clone, Default)]
pub struct ScorePack(Box<[u8]>);

/// An entry, as it stands in a block.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// The member.
    pub member: &'a [u8],
    /// Its score.
    pub score: f64,
    /// Where it begins, where its member (with the length) begins, and where it ends.
    start: usize,
    body: usize,
    end: usize,
    /// The last whole score before it.
    base: Option<i64>,
}

/// The entries of a block in order.
#[derive(Clone)]
pub struct Entries<'a> {
    bytes: &'a [u8],
    at: usize,
    base: Option<i64>,
}

impl ScorePack {
    /// A block without entries; allocates nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A block of entries that come in order.
    #[must_use]
    pub fn build<'m>(entries: impl Iterator<Item = (&'m [u8], f64)>) -> Self {
        let mut bytes = Vec::new();
        let (mut count, mut base) = (0, None);
        for (member, score) in entries {
            if bytes.is_empty() {
                bytes.resize(HEADER, 0);
            }
            bytes.extend_from_slice(token(score, base).bytes());
            bytes.extend_from_slice(Short::varint(member.len() as u64).bytes());
            bytes.extend_from_slice(member);
            base = whole(score).or(base);
            count += 1;
        }
        assert!(count <= ENTRIES_MAX, "a block has a limit");
        if count > 0 {
            bytes[..HEADER].copy_from_slice(&(count as u16).to_le_bytes());
        }
        Self(bytes.into_boxed_slice())
    }

    /// Number of entries.
    #[must_use]
    #[inline]
    pub fn len(&self) -> usize {
        match self.0.first_chunk() {
            Some(count) => usize::from(u16::from_le_bytes(*count)),
            None => 0,
        }
    }

    /// Whether there is no entry.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Length of the block.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.0.len()
    }

    /// The entries in order.
    #[must_use]
    #[inline]
    pub fn iter(&self) -> Entries<'_> {
        Entries { bytes: &self.0, at: HEADER, base: None }
    }

    /// The entry of a member, with its rank.
    #[must_use]
    #[inline]
    pub fn find(&self, member: &[u8]) -> Option<(usize, Entry<'_>)> {
        self.iter().enumerate().find(|(_, entry)| entry.member == member)
    }

    /// Adds a member that is absent.
    pub fn insert(&mut self, member: &[u8], score: f64) {
        let count = self.len();
        assert!(count < ENTRIES_MAX, "a block has a limit");
        let (at, base) = self.place(member, score);
        let header = (count as u16 + 1).to_le_bytes();
        let new = token(score, base);
        let length = Short::varint(member.len() as u64);
        let tail = self.rebased(at, base, whole(score).or(base));
        let [between, next, rest] = &tail.parts();
        let before = self.0.get(HEADER..at).unwrap_or_default();
        self.0 = join(&[&header, before, new.bytes(), length.bytes(), member, between, next, rest]);
    }

    /// Takes a member out. Answers its score.
    pub fn remove(&mut self, member: &[u8]) -> Option<f64> {
        let (_, Entry { start, end, base, score, .. }) = self.find(member)?;
        self.cut(start, end, base, 1);
        Some(score)
    }

    /// Takes the entries of the ranks from `from` up to, and without, `to` out.
    pub fn remove_range(&mut self, from: usize, to: usize) {
        let to = to.min(self.len());
        if from >= to {
            return;
        }
        let (Some(first), Some(last)) = (self.iter().nth(from), self.iter().nth(to - 1)) else { return };
        let (start, base, end) = (first.start, first.base, last.end);
        self.cut(start, end, base, to - from);
    }

    /// Gives a member that is present another score.
    pub fn set_score(&mut self, member: &[u8], score: f64) {
        let Some((_, entry)) = self.find(member) else { return };
        let Entry { start, body, end, base, .. } = entry;
        let old_base = whole(entry.score).or(base);
        let above = Entries { bytes: &self.0, at: end, base: old_base }.next();
        let below = self.iter().take_while(|entry| entry.start < start).last();
        let in_place = below.is_none_or(|entry| (entry.score, entry.member) < (score, member))
            && above.is_none_or(|entry| (score, member) < (entry.score, entry.member));
        if !in_place {
            self.cut(start, end, base, 1);
            self.insert(member, score);
            return;
        }
        let new = token(score, base);
        let tail = self.rebased(end, old_base, whole(score).or(base));
        let [between, next, rest] = &tail.parts();
        if new.len() == body - start && between.len() + next.len() + rest.len() == self.0.len() - end {
            // The lengths are the same, so the differences can be written over.
            let (from, next) = (end + between.len(), tail.next);
            self.0[start..body].copy_from_slice(new.bytes());
            self.0[from..from + next.len()].copy_from_slice(next.bytes());
        } else {
            self.0 = join(&[&self.0[..start], new.bytes(), &self.0[body..end], between, next, rest]);
        }
    }

    /// Asserts the invariants.
    pub fn check(&self) {
        let rebuilt = Self::build(self.iter().map(|entry| (entry.member, entry.score)));
        assert!(rebuilt.0 == self.0, "the bytes follow from the content");
        assert_eq!(self.iter().count(), self.len());
        assert!(self.iter().is_sorted_by(|a, b| (a.score, a.member) < (b.score, b.member)), "order");
    }

    /// Where an absent entry goes, and the last whole score before it.
    fn place(&self, member: &[u8], score: f64) -> (usize, Option<i64>) {
        let mut entries = self.iter();
        loop {
            let here = (entries.at, entries.base);
            match entries.next() {
                Some(entry) if (entry.score, entry.member) < (score, member) => {}
                Some(_) => return here,
                None => return (here.0.min(self.0.len().max(HEADER)), here.1),
            }
        }
    }

    /// The block from `at` on, where the last whole score before was `old` and now is `new`.
    fn rebased(&self, at: usize, old: Option<i64>, new: Option<i64>) -> Tail<'_> {
        let rest = self.0.get(at..).unwrap_or_default();
        if old == new {
            return Tail { between: rest, next: Short::default(), rest: &[] };
        }
        let mut entries = Entries { bytes: &self.0, at, base: old };
        match entries.find(|entry| whole(entry.score).is_some()) {
            Some(entry) => {
                let next = token(entry.score, new);
                Tail { between: &self.0[at..entry.start], next, rest: &self.0[entry.body..] }
            }
            None => Tail { between: rest, next: Short::default(), rest: &[] },
        }
    }

    /// Takes out the bytes of `count` entries, before which the last whole score is `base`.
    fn cut(&mut self, start: usize, end: usize, base: Option<i64>, count: usize) {
        let left = self.len() - count;
        if left == 0 {
            self.0 = Box::default();
            return;
        }
        let header = (left as u16).to_le_bytes();
        let last =
            self.iter().take_while(|entry| entry.end <= end).filter_map(|entry| whole(entry.score)).last();
        let tail = self.rebased(end, last, base);
        let [between, next, rest] = &tail.parts();
        self.0 = join(&[&header, &self.0[HEADER..start], between, next, rest]);
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = Entry<'a>;

    #[inline]
    fn next(&mut self) -> Option<Entry<'a>> {
        let start = self.at;
        if start >= self.bytes.len() {
            return None;
        }
        let base = self.base;
        let (first, mut body) = varint(self.bytes, start);
        let score = if first & 1 == 0 {
            let n = (first >> 1) as i64;
            let whole = match base {
                Some(base) => base + n,
                None => (n >> 1) ^ -(n & 1),
            };
            self.base = Some(whole);
            whole as f64
        } else {
            let raw = self.bytes[body..].first_chunk().copied().unwrap_or_default();
            body += raw.len();
            f64::from_le_bytes(raw)
        };
        let (len, text) = varint(self.bytes, body);
        let end = text + len as usize;
        self.at = end;
        Some(Entry { member: &self.bytes[text..end], score, start, body, end, base })
    }
}

/// The end of a block, in which one score is written anew.
struct Tail<'a> {
    between: &'a [u8],
    next: Short,
    rest: &'a [u8],
}

impl Tail<'_> {
    fn parts(&self) -> [&[u8]; 3] {
        [self.between, self.next.bytes(), self.rest]
    }
}

/// A few bytes: one score, or one length.
#[derive(Clone, Copy, Default)]
struct Short {
    bytes: [u8; 10],
    len: u8,
}

impl Short {
    fn varint(mut n: u64) -> Self {
        let mut short = Self::default();
        while n >= 0x80 {
            short.push(n as u8 | 0x80);
            n >>= 7;
        }
        short.push(n as u8);
        short
    }

    fn push(&mut self, byte: u8) {
        self.bytes[usize::from(self.len)] = byte;
        self.len += 1;
    }

    fn len(&self) -> usize {
        usize::from(self.len)
    }

    fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len()]
    }
}

/// The form of a score behind this whole score.
fn token(score: f64, base: Option<i64>) -> Short {
    match (whole(score), base) {
        (Some(n), Some(base)) => Short::varint(((n - base) as u64) << 1),
        (Some(n), None) => Short::varint(((n << 1) ^ (n >> 63)) as u64 * 2),
        (None, _) => {
            let mut short = Short::varint(u64::from(DOUBLE));
            score.to_le_bytes().into_iter().for_each(|byte| short.push(byte));
            short
        }
    }
}

/// The score as a whole number, if it is one that is stored so.
#[inline]
fn whole(score: f64) -> Option<i64> {
    let n = score as i64;
    (n as f64 == score && n.unsigned_abs() < WHOLE_MAX as u64).then_some(n)
}

/// The number at `at`, and where it ends.
#[inline]
fn varint(bytes: &[u8], mut at: usize) -> (u64, usize) {
    let (mut n, mut shift) = (0, 0);
    while let Some(&byte) = bytes.get(at) {
        n |= u64::from(byte & 0x7f) << shift;
        at += 1;
        if byte < 0x80 {
            break;
        }
        shift += 7;
    }
    (n, at)
}

/// The parts in one allocation of exactly their size.
fn join(parts: &[&[u8]]) -> Box<[u8]> {
    let mut all = Vec::with_capacity(parts.iter().map(|part| part.len()).sum());
    parts.iter().for_each(|part| all.extend_from_slice(part));
    all.into_boxed_slice()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;
    use proptest::prelude::*;

    fn contents(pack: &ScorePack) -> Vec<(f64, Vec<u8>)> {
        pack.iter().map(|entry| (entry.score, entry.member.to_vec())).collect()
    }

    #[test]
    fn takes_little_room() {
        let mut pack = ScorePack::new();
        for j in 0..10 {
            let member = std::format!("m{:08}", 1_234_560 + j);
            pack.insert(member.as_bytes(), f64::from(3_827_136 + j * 7));
        }
        pack.check();
        assert_eq!(pack.bytes(), 2 + 10 * (1 + 1 + 9) + 3);
    }

    #[test]
    fn every_kind_of_score() {
        let scores = [
            f64::NEG_INFINITY,
            -1e300,
            -9_007_199_254_740_992.0,
            -9_007_199_254_740_991.0,
            -1.5,
            -1.0,
            -0.0,
            0.5,
            1.0,
            63.0,
            64.0,
            1e9,
            9_007_199_254_740_991.0,
            9_007_199_254_740_992.0,
            1e300,
            f64::INFINITY,
        ];
        for step in [1, 3, 5, 7, 11] {
            let mut pack = ScorePack::new();
            for i in 0..scores.len() {
                let i = i * step % scores.len();
                pack.insert(&[b'a' + i as u8], scores[i]);
                pack.check();
            }
            let found: Vec<_> = pack.iter().map(|entry| entry.score).collect();
            assert_eq!(found, scores);
            assert!(found[6].is_sign_positive(), "negative zero is zero");
            while let Some(entry) = pack.iter().nth(step % pack.len().max(1)) {
                let (member, score) = (entry.member.to_vec(), entry.score);
                assert_eq!(pack.remove(&member), Some(score));
                pack.check();
            }
            assert!(pack.is_empty() && pack.bytes() == 0);
        }
    }

    #[test]
    fn long_members() {
        let mut pack = ScorePack::new();
        for len in [0, 1, 127, 128, 300, 20_000] {
            pack.insert(&vec![b'x'; len], 1.0);
        }
        pack.check();
        assert_eq!(pack.find(&[b'x'; 128]).map(|(rank, _)| rank), Some(3));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn equals_a_sorted_list(steps in prop::collection::vec((0u8..6, 0u8..40, -60i32..60), 1..120)) {
            let mut pack = ScorePack::new();
            let mut model: Vec<(f64, Vec<u8>)> = Vec::new();
            for (kind, name, n) in steps {
                let member = vec![b'a' + name % 26; 1 + usize::from(name) / 26];
                let score = if n % 5 == 0 { f64::from(n) / 4.0 } else { f64::from(n) };
                let old = model.iter().position(|(_, m)| *m == member);
                match (kind, old) {
                    (0, _) => {
                        let from = usize::from(name) % (model.len() + 1);
                        let to = (from + usize::from(kind) + n.unsigned_abs() as usize % 4).min(model.len());
                        pack.remove_range(from, to);
                        model.drain(from..to);
                    }
                    (1, _) => {
                        prop_assert_eq!(pack.remove(&member), old.map(|at| model.remove(at).0));
                    }
                    (_, found) => {
                        match found {
                            Some(at) => {
                                model.remove(at);
                                pack.set_score(&member, score);
                            }
                            None => pack.insert(&member, score),
                        }
                        let at = model.partition_point(|(s, m)| (*s, &m[..]) < (score, &member[..]));
                        model.insert(at, (score, member.clone()));
                    }
                }
                pack.check();
                prop_assert_eq!(contents(&pack), model.clone());
                if let Some((rank, _)) = pack.find(&member) {
                    prop_assert_eq!(&model[rank].1, &member);
                }
            }
        }
    }
}

//! Set values.
//!
//! *Owns*: [`SetValue`] with its three forms, and when one becomes another: as Redis 7.2 does it.
//! *Does not own*: the limits (directives), set algebra (commands).
//! *Invariants*: 16 bytes. Integers alone are kept in ascending order, a small set in the order of insertion. A set goes
//! from integers to small to large and never back by itself.

use super::choice::distinct;
use super::hash::SMALL_BYTES_MAX;
use super::table::Table;
use super::{Digest, SmallBytes};
use crate::base::number::{IntText, digits_i64};
use crate::base::rng::Rng;
use crate::containers::block::Block;
use crate::containers::dict::{HashKey, WINDOW};
use crate::containers::item::{Encoded, Item};
use crate::containers::{intset, runs};
use alloc::boxed::Box;
use alloc::vec::Vec;

/// The kind of block with runs of any members; other kinds are the widths of an intset.
const RUNS: u8 = 1;

/// A set as a key holds it.
#[derive(Clone)]
pub struct SetValue(Form);

#[derive(Clone)]
enum Form {
    Small(Block),
    Table(Box<Table<SmallBytes>>),
}

const _: () = assert!(size_of::<SetValue>() == 16);

/// The limits of the forms that are not large.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetLimits {
    /// Members of a set of integers (`set-max-intset-entries`).
    pub ints: usize,
    /// Members of a small set (`set-max-listpack-entries`).
    pub members: usize,
    /// Bytes of a member of a small set (`set-max-listpack-value`).
    pub bytes: usize,
}

/// The form of a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetForm {
    /// Integers alone.
    Ints,
    /// Few short members.
    Small,
    /// Any members.
    Large,
}

impl core::fmt::Debug for SetValue {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let mut members = Vec::new();
        self.for_each(&mut |member| {
            members.push(alloc::format!("{}", member.text(&mut IntText::new()).escape_ascii()));
        });
        f.debug_set().entries(members).finish()
    }
}

impl SetValue {
    /// An empty set of a form; only the large one allocates.
    #[must_use]
    pub fn empty(form: SetForm, secret: &HashKey) -> Self {
        Self(match form {
            SetForm::Ints => Form::Small(intset::empty()),
            SetForm::Small => Form::Small(Block::new(RUNS)),
            SetForm::Large => Form::Table(Box::new(Table::new(secret.clone()))),
        })
    }

    /// An empty set to which this member and about `count` in all are going to be added.
    #[must_use]
    pub fn for_member(member: Item<'_>, count: usize, limits: SetLimits, secret: &HashKey) -> Self {
        let form = if count <= limits.ints && member.int().is_some() {
            SetForm::Ints
        } else if count <= limits.members {
            SetForm::Small
        } else {
            SetForm::Large
        };
        Self::empty(form, secret)
    }

    /// The present form.
    #[must_use]
    #[inline]
    pub fn form(&self) -> SetForm {
        match &self.0 {
            Form::Small(block) if block.kind() == RUNS => SetForm::Small,
            Form::Small(_) => SetForm::Ints,
            Form::Table(_) => SetForm::Large,
        }
    }

    /// Number of members.
    #[must_use]
    #[inline]
    pub fn len(&self) -> usize {
        match &self.0 {
            Form::Small(block) => block.count(),
            Form::Table(table) => table.len(),
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
        match self.form() {
            SetForm::Ints => "intset",
            SetForm::Small => "listpack",
            SetForm::Large => "hashtable",
        }
    }

    /// Whether this is a member.
    #[must_use]
    #[inline]
    pub fn contains(&self, member: Item<'_>) -> bool {
        match &self.0 {
            Form::Small(block) if block.kind() == RUNS => runs::find(block, &Encoded::of(member)).is_some(),
            Form::Small(block) => member.int().is_some_and(|n| intset::find(block, n).is_ok()),
            Form::Table(table) => table.lookup(member.text(&mut IntText::new())).is_some(),
        }
    }

    /// Whether each of a window of at most [`WINDOW`] items is a member. Only those whose place in `found` is true on
    /// entry are looked for; the cache misses of large sets overlap.
    pub fn contains_window(&self, members: &[Item<'_>], found: &mut [bool]) {
        let Form::Table(table) = &self.0 else {
            for (member, found) in members.iter().zip(found) {
                *found = *found && self.contains(*member);
            }
            return;
        };
        let mut scratch = [IntText::new(); WINDOW];
        let mut keys: [&[u8]; WINDOW] = [&[]; WINDOW];
        let mut wanted = [0; WINDOW];
        let mut count = 0;
        let texts = members.iter().zip(&mut scratch).map(|(member, scratch)| member.text(scratch));
        for (index, text) in texts.enumerate().filter(|(index, _)| found[*index]) {
            (keys[count], wanted[count]) = (text, index);
            count += 1;
        }
        let mut records = [None; WINDOW];
        table.lookup_window(&keys[..count], &mut records[..count]);
        for (index, record) in wanted[..count].iter().zip(&records) {
            found[*index] = record.is_some();
        }
    }

    /// Takes the large form ahead of `count` members to be added, if that many are too many for the present one.
    pub fn prepare(&mut self, count: usize, limits: SetLimits, secret: &HashKey) {
        let most = match self.form() {
            SetForm::Ints => limits.ints,
            SetForm::Small => limits.members,
            SetForm::Large => return,
        };
        if count > most {
            self.enlarge(secret);
        }
    }

    /// Brings a window of members near the processor before they are added or removed one by one.
    pub fn touch_window(&self, members: &[&[u8]]) {
        if let Form::Table(table) = &self.0 {
            table.touch_window(members);
        }
    }

    /// Adds a member; answers whether it is new.
    #[inline]
    pub fn add(&mut self, member: Item<'_>, limits: SetLimits, secret: &HashKey) -> bool {
        match &mut self.0 {
            Form::Table(table) => insert(table, member.text(&mut IntText::new())),
            Form::Small(block) if block.kind() == RUNS => {
                let encoded = Encoded::of(member);
                let fits = member.text_len() <= limits.bytes && block.len() + encoded.len() < SMALL_BYTES_MAX;
                match runs::add(block, &encoded, |count| fits && count < limits.members) {
                    runs::Added::New => true,
                    runs::Added::Present => false,
                    runs::Added::Full => insert(self.enlarge(secret), member.text(&mut IntText::new())),
                }
            }
            Form::Small(block) => match member.int() {
                Some(n) => {
                    let added = intset::insert(block, n);
                    if block.count() > limits.ints {
                        self.enlarge(secret);
                    }
                    added
                }
                None => {
                    self.leave_ints(member, limits, secret);
                    self.add(member, limits, secret)
                }
            },
        }
    }

    /// Gives up the form of integers for a member that is none.
    #[cold]
    fn leave_ints(&mut self, member: Item<'_>, limits: SetLimits, secret: &HashKey) {
        let Form::Small(block) = &self.0 else { return };
        let count = block.count();
        let longest = match count {
            0 => 0,
            _ => digits_i64(intset::get(block, 0)).max(digits_i64(intset::get(block, count - 1))),
        };
        let small = count < limits.members && longest.max(member.text_len()) <= limits.bytes;
        if small {
            self.0 = Form::Small(as_runs(block));
        } else {
            self.enlarge(secret);
        }
    }

    /// Takes a member out; answers whether it was there.
    pub fn remove(&mut self, member: Item<'_>) -> bool {
        match &mut self.0 {
            Form::Table(table) => table.remove_key(member.text(&mut IntText::new())).is_some(),
            Form::Small(block) if block.kind() == RUNS => {
                runs::find(block, &Encoded::of(member)).map(|place| runs::remove(block, place)).is_some()
            }
            Form::Small(block) => member.int().is_some_and(|n| intset::remove(block, n)),
        }
    }

    /// Takes a random member out.
    pub fn pop(&mut self, rng: &mut Rng) -> Option<SmallBytes> {
        match &mut self.0 {
            Form::Table(table) => table.pop(rng),
            Form::Small(block) if block.kind() == RUNS => {
                let (place, member) = runs::seek(block, rng.below(block.count() as u64) as usize)?;
                let member = SmallBytes::new(member.text(&mut IntText::new()));
                runs::remove(block, place);
                Some(member)
            }
            Form::Small(block) => {
                let count = block.count();
                (count > 0).then(|| {
                    let n = intset::remove_at(block, rng.below(count as u64) as usize);
                    SmallBytes::new(IntText::new().i64(n))
                })
            }
        }
    }

    /// All members.
    pub fn iter(&self) -> impl Iterator<Item = Item<'_>> {
        let (table, ints, small) = match &self.0 {
            Form::Table(table) => (Some(table), None, None),
            Form::Small(block) if block.kind() == RUNS => (None, None, Some(block)),
            Form::Small(block) => (None, Some(block), None),
        };
        let table =
            table.into_iter().flat_map(|table| table.iter()).map(|member| Item::Text(member.as_slice()));
        let ints = ints.into_iter().flat_map(intset::iter).map(Item::Int);
        table.chain(ints).chain(small.into_iter().flat_map(runs::iter))
    }

    /// Shows all members.
    pub fn for_each(&self, f: &mut impl FnMut(Item<'_>)) {
        match &self.0 {
            Form::Table(table) => table.for_each(&mut |member| f(Item::Text(member.as_slice()))),
            Form::Small(block) if block.kind() == RUNS => runs::iter(block).for_each(f),
            Form::Small(block) => intset::iter(block).for_each(|n| f(Item::Int(n))),
        }
    }

    /// Shows all members in windows of at most [`WINDOW`], until `f` answers that it is enough.
    pub fn windows(&self, f: &mut impl FnMut(&[Item<'_>]) -> bool) {
        let mut members = self.iter();
        loop {
            let mut window = [Item::Int(0); WINDOW];
            let count =
                window.iter_mut().zip(members.by_ref()).map(|(place, member)| *place = member).count();
            if !f(&window[..count]) || count < WINDOW {
                return;
            }
        }
    }

    /// Shows about `count` members from `cursor` on and answers the next cursor; 0 is the start, and the end. Forms that
    /// are not large show all at once.
    pub fn scan(&self, cursor: u64, count: usize, f: &mut impl FnMut(Item<'_>)) -> u64 {
        match &self.0 {
            Form::Table(table) => table.scan(cursor, count, &mut |member| f(Item::Text(member.as_slice()))),
            Form::Small(_) => {
                self.for_each(f);
                0
            }
        }
    }

    /// Shows `count` different random members; all of them when there are no more.
    pub fn sample(&self, count: usize, rng: &mut Rng, f: &mut impl FnMut(Item<'_>)) {
        if let Form::Table(table) = &self.0 {
            return table.sample(count, rng, &mut |member| f(Item::Text(member.as_slice())));
        }
        let mut members = self.iter();
        let mut passed = 0;
        for index in distinct(self.len(), count, rng) {
            if let Some(member) = members.nth(index - passed) {
                f(member);
            }
            passed = index + 1;
        }
    }

    /// Shows `count` random members, the same ones perhaps several times.
    pub fn draw(&self, count: usize, rng: &mut Rng, f: &mut impl FnMut(Item<'_>)) {
        match &self.0 {
            Form::Table(table) => {
                for _ in 0..count {
                    if let Some(member) = table.random(rng) {
                        f(Item::Text(member.as_slice()));
                    }
                }
            }
            Form::Small(block) if block.kind() != RUNS => {
                for _ in 0..count {
                    f(Item::Int(intset::get(block, rng.below(block.count() as u64) as usize)));
                }
            }
            Form::Small(block) if count == 1 => {
                let one = runs::seek(block, rng.below(block.count() as u64) as usize);
                one.into_iter().for_each(|(_, member)| f(member));
            }
            Form::Small(block) => {
                let all: Vec<_> = runs::iter(block).collect();
                for _ in 0..count {
                    f(all[rng.below(all.len() as u64) as usize]);
                }
            }
        }
    }

    /// Goes back to integers if the members are few integers, for a set that was made of parts.
    pub fn settle(&mut self, limits: SetLimits) {
        if self.form() == SetForm::Ints || self.len() > limits.ints {
            return;
        }
        let mut block = intset::empty();
        for member in self.iter() {
            let Some(n) = member.int() else { return };
            intset::insert(&mut block, n);
        }
        self.0 = Form::Small(block);
    }

    /// The large form, taken now if it was not yet.
    pub fn enlarge(&mut self, secret: &HashKey) -> &mut Table<SmallBytes> {
        if let Form::Small(_) = &self.0 {
            let mut table = Box::new(Table::new(secret.clone()));
            for member in self.iter() {
                let member = SmallBytes::new(member.text(&mut IntText::new()));
                table.insert(table.hash(member.as_slice()), member);
            }
            self.0 = Form::Table(table);
        }
        match &mut self.0 {
            Form::Table(table) => table,
            Form::Small(_) => unreachable!("the form was set above"),
        }
    }

    /// The bytes of an RDB intset, for a set of integers.
    #[must_use]
    pub fn intset_blob(&self) -> Option<Vec<u8>> {
        match &self.0 {
            Form::Small(block) if block.kind() != RUNS => Some(intset::to_blob(block)),
            Form::Small(_) | Form::Table(_) => None,
        }
    }

    /// The set of an RDB intset. `None` when the bytes break the rules.
    #[must_use]
    pub fn from_intset_blob(blob: &[u8]) -> Option<Self> {
        intset::from_blob(blob).map(|block| Self(Form::Small(block)))
    }

    /// The large form, if it has that.
    #[inline]
    pub(super) fn table(&self) -> Option<&Table<SmallBytes>> {
        match &self.0 {
            Form::Small(_) => None,
            Form::Table(table) => Some(table),
        }
    }

    /// Starts reading what a command is likely to read first; the answer means nothing.
    #[must_use]
    #[inline]
    pub fn touch(&self) -> u8 {
        match &self.0 {
            Form::Small(block) => block.bytes().first().copied().unwrap_or(0),
            Form::Table(table) => table.len() as u8,
        }
    }

    /// Bytes on the heap, by the core's own count.
    #[must_use]
    #[inline]
    pub fn heap_bytes(&self) -> usize {
        match &self.0 {
            Form::Small(block) => block.heap_bytes(),
            Form::Table(table) => table.heap_bytes(),
        }
    }

    /// How many records there are to free one by one.
    #[must_use]
    pub fn free_cost(&self) -> usize {
        match &self.0 {
            Form::Small(_) => 1,
            Form::Table(table) => 1 + table.len(),
        }
    }

    /// Keeps the digest up to date from now on, where counting it anew takes long.
    pub fn keep_digest(&mut self) {
        if let Form::Table(table) = &mut self.0 {
            table.keep_digest();
        }
    }

    /// Feeds the content to `digest`, whatever the order of the members.
    pub fn digest_into(&self, digest: &mut Digest) {
        digest.write_u64(self.len() as u64);
        digest.write_u128(match &self.0 {
            Form::Small(_) => {
                let of = |member: Item<'_>| {
                    let mut digest = Digest::new();
                    digest.write(member.text(&mut IntText::new()));
                    digest.finish()
                };
                self.iter().map(of).fold(0, u128::wrapping_add)
            }
            Form::Table(table) => table.digest(),
        });
    }

    /// Asserts the invariants. O(n).
    pub fn check(&self) {
        match &self.0 {
            Form::Table(table) => table.check(),
            Form::Small(block) if block.kind() == RUNS => runs::check(block),
            Form::Small(block) => intset::check(block),
        }
    }
}

/// Adds a member to a table; answers whether it is new.
#[inline]
fn insert(table: &mut Table<SmallBytes>, member: &[u8]) -> bool {
    let hash = table.hash(member);
    let new = table.find(hash, member).is_none();
    if new {
        table.insert(hash, SmallBytes::new(member));
    }
    new
}

/// The members of an intset as runs.
fn as_runs(ints: &Block) -> Block {
    let mut block = Block::new(RUNS);
    for n in intset::iter(ints) {
        runs::add(&mut block, &Encoded::of(Item::Int(n)), |_| true);
    }
    block
}

//! Hash values.
//!
//! *Owns*: [`HashValue`] with its two forms, and when the small one becomes the large one.
//! *Does not own*: the limits (directives), integers and floats in values (commands).
//! *Invariants*: 16 bytes. The small form keeps fields in the order in which they were added. A hash never goes back to
//! the small form.

use super::Digest;
use super::choice::distinct;
use super::pair::{Pair, pair_digest};
use super::table::{Record as _, Table};
use crate::base::number::IntText;
use crate::base::rng::Rng;
use crate::containers::block::Block;
use crate::containers::dict::{HashKey, WINDOW};
use crate::containers::item::{Encoded, Item};
use crate::containers::pairs;
use alloc::boxed::Box;
use alloc::vec::Vec;
use bytes::Bytes;

/// Most bytes of a small form, whatever the directives say.
pub(super) const SMALL_BYTES_MAX: usize = 1 << 30;

/// A hash as a key holds it.
#[derive(Clone)]
pub struct HashValue(Form);

#[derive(Clone)]
enum Form {
    Small(Block),
    Table(Box<Table<Pair>>),
}

const _: () = assert!(size_of::<HashValue>() == 16);

/// The limits of the small form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HashLimits {
    /// Pairs (`hash-max-listpack-entries`).
    pub pairs: usize,
    /// Bytes of a field or a value (`hash-max-listpack-value`).
    pub bytes: usize,
}

/// A value in a hash.
#[derive(Clone, Copy, Debug)]
pub enum FieldValue<'a> {
    /// Text or a number.
    Item(Item<'a>),
    /// A large text in a buffer that can be shared.
    Shared(&'a Bytes),
}

impl<'a> FieldValue<'a> {
    /// The text; a number is written into `scratch` first.
    #[must_use]
    #[inline]
    pub fn text<'t>(self, scratch: &'t mut IntText) -> &'t [u8]
    where
        'a: 't,
    {
        match self {
            Self::Item(item) => item.text(scratch),
            Self::Shared(bytes) => bytes,
        }
    }

    /// Length of the text.
    #[must_use]
    pub fn len(self) -> usize {
        match self {
            Self::Item(item) => item.text_len(),
            Self::Shared(bytes) => bytes.len(),
        }
    }

    /// Whether the text is empty.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }
}

impl Default for HashValue {
    fn default() -> Self {
        Self::new()
    }
}

impl core::fmt::Debug for HashValue {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let mut pairs = Vec::new();
        self.for_each(&mut |field, value| {
            let text = |bytes: &[u8]| alloc::format!("{}", bytes.escape_ascii());
            pairs.push((text(field.text(&mut IntText::new())), text(value.text(&mut IntText::new()))));
        });
        f.debug_map().entries(pairs.iter().map(|(field, value)| (field, value))).finish()
    }
}

/// A pair of a table, as callers see it.
#[inline]
fn parts(pair: &Pair) -> (Item<'_>, FieldValue<'_>) {
    (Item::Text(pair.field()), value_of(pair))
}

#[inline]
fn value_of(pair: &Pair) -> FieldValue<'_> {
    match pair.shared() {
        Some(bytes) => FieldValue::Shared(bytes),
        None => FieldValue::Item(Item::Text(pair.value())),
    }
}

impl HashValue {
    /// An empty hash in the small form; allocates nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self(Form::Small(Block::new(0)))
    }

    /// An empty hash in the large form.
    #[must_use]
    pub fn large(secret: &HashKey) -> Self {
        Self(Form::Table(Box::new(Table::new(secret.clone()))))
    }

    /// Number of fields.
    #[must_use]
    #[inline]
    pub fn len(&self) -> usize {
        match &self.0 {
            Form::Small(block) => block.count(),
            Form::Table(table) => table.len(),
        }
    }

    /// Whether there is no field.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What `OBJECT ENCODING` answers.
    #[must_use]
    pub fn encoding(&self) -> &'static str {
        match &self.0 {
            Form::Small(_) => "listpack",
            Form::Table(_) => "hashtable",
        }
    }

    /// The value of a field.
    #[must_use]
    #[inline]
    pub fn get(&self, field: &[u8]) -> Option<FieldValue<'_>> {
        match &self.0 {
            Form::Small(block) => {
                let place = pairs::find(block, &Encoded::of(Item::Text(field)))?;
                Some(FieldValue::Item(pairs::value(block, place)))
            }
            Form::Table(table) => table.lookup(field).map(value_of),
        }
    }

    /// Shows the value of each of many fields, in order; the cache misses of large hashes overlap.
    pub fn get_many<'k>(
        &self,
        fields: impl IntoIterator<Item = &'k [u8]>,
        f: &mut impl FnMut(Option<FieldValue<'_>>),
    ) {
        let Form::Table(table) = &self.0 else {
            return fields.into_iter().for_each(|field| f(self.get(field)));
        };
        let mut fields = fields.into_iter();
        loop {
            let mut window: [&[u8]; WINDOW] = [&[]; WINDOW];
            let mut found = [None; WINDOW];
            let mut count = 0;
            for (place, field) in window.iter_mut().zip(fields.by_ref()) {
                *place = field;
                count += 1;
            }
            table.lookup_window(&window[..count], &mut found[..count]);
            found[..count].iter().for_each(|pair| f(pair.map(value_of)));
            if count < WINDOW {
                return;
            }
        }
    }

    /// Takes the large form ahead of `pairs` new fields, given with their values, if the small one cannot hold them.
    pub fn prepare<'k>(
        &mut self,
        texts: impl Iterator<Item = &'k [u8]> + Clone,
        pairs: usize,
        limits: HashLimits,
        secret: &HashKey,
    ) {
        match &self.0 {
            Form::Small(block) => {
                let mut sum = block.len();
                let fits = pairs <= limits.pairs
                    && texts.into_iter().all(|text| {
                        sum = sum.saturating_add(text.len());
                        text.len() <= limits.bytes && sum <= SMALL_BYTES_MAX
                    });
                if !fits {
                    self.enlarge(secret);
                }
            }
            Form::Table(table) if pairs > 1 => {
                let mut fields = texts.step_by(2);
                loop {
                    let mut window: [&[u8]; WINDOW] = [&[]; WINDOW];
                    let count =
                        window.iter_mut().zip(fields.by_ref()).map(|(place, field)| *place = field).count();
                    table.touch_window(&window[..count]);
                    if count < WINDOW {
                        return;
                    }
                }
            }
            Form::Table(_) => {}
        }
    }

    /// Gives a field a value; answers whether the field is new.
    #[inline]
    pub fn set(&mut self, field: &[u8], value: &[u8], limits: HashLimits, secret: &HashKey) -> bool {
        if let Form::Small(block) = &mut self.0 {
            let fits = field.len() <= limits.bytes
                && value.len() <= limits.bytes
                && block.len() + field.len() + value.len() <= SMALL_BYTES_MAX;
            if fits {
                let (field, value) = (Encoded::of(Item::Text(field)), Encoded::of(Item::Text(value)));
                if let Some(place) = pairs::find(block, &field) {
                    pairs::set_value(block, place, &value);
                    return false;
                }
                pairs::push(block, &field, &value);
                if block.count() > limits.pairs {
                    self.enlarge(secret);
                }
                return true;
            }
        }
        self.set_large(field, value, secret)
    }

    fn set_large(&mut self, field: &[u8], value: &[u8], secret: &HashKey) -> bool {
        let table = self.enlarge(secret);
        let hash = table.hash(field);
        match table.find(hash, field) {
            Some(ix) => {
                table.edit(ix, |pair| pair.set_value(value));
                false
            }
            None => {
                table.insert(hash, Pair::new(field, value));
                true
            }
        }
    }

    /// Gives a field a value that came in a buffer of its own; the hash takes the large form. Answers whether the field is
    /// new.
    pub fn set_shared(&mut self, field: &[u8], value: Bytes, secret: &HashKey) -> bool {
        let table = self.enlarge(secret);
        let hash = table.hash(field);
        match table.find(hash, field) {
            Some(ix) => {
                table.edit(ix, |pair| pair.set_shared(value));
                false
            }
            None => {
                table.insert(hash, Pair::with_shared(field, value));
                true
            }
        }
    }

    /// Takes a field out; answers whether it was there.
    pub fn remove(&mut self, field: &[u8]) -> bool {
        match &mut self.0 {
            Form::Small(block) => {
                let place = pairs::find(block, &Encoded::of(Item::Text(field)));
                place.map(|place| pairs::remove(block, place)).is_some()
            }
            Form::Table(table) => table.remove_key(field).is_some(),
        }
    }

    /// Takes fields out; answers how many were there.
    pub fn remove_many<'k>(&mut self, fields: impl Iterator<Item = &'k [u8]>) -> usize {
        let (mut fields, mut removed) = (fields, 0);
        loop {
            let mut window: [&[u8]; WINDOW] = [&[]; WINDOW];
            let count = window.iter_mut().zip(fields.by_ref()).map(|(place, field)| *place = field).count();
            if count > 1
                && let Form::Table(table) = &self.0
            {
                table.touch_window(&window[..count]);
            }
            removed += window[..count].iter().filter(|field| self.remove(field)).count();
            if count < WINDOW {
                return removed;
            }
        }
    }

    /// Shows all pairs.
    pub fn for_each(&self, f: &mut impl FnMut(Item<'_>, FieldValue<'_>)) {
        match &self.0 {
            Form::Small(block) => {
                pairs::iter(block).for_each(|(field, value)| f(field, FieldValue::Item(value)));
            }
            Form::Table(table) => table.for_each(&mut |pair| {
                let (field, value) = parts(pair);
                f(field, value);
            }),
        }
    }

    /// Shows about `count` pairs from `cursor` on and answers the next cursor; 0 is the start, and the end. The small form
    /// shows all at once.
    pub fn scan(&self, cursor: u64, count: usize, f: &mut impl FnMut(Item<'_>, FieldValue<'_>)) -> u64 {
        match &self.0 {
            Form::Small(_) => {
                self.for_each(f);
                0
            }
            Form::Table(table) => table.scan(cursor, count, &mut |pair| {
                let (field, value) = parts(pair);
                f(field, value);
            }),
        }
    }

    /// Shows `count` different random pairs; all of them when there are no more.
    pub fn sample(&self, count: usize, rng: &mut Rng, f: &mut impl FnMut(Item<'_>, FieldValue<'_>)) {
        match &self.0 {
            Form::Small(block) => {
                let mut all = pairs::iter(block);
                let mut passed = 0;
                for index in distinct(block.count(), count, rng) {
                    if let Some((field, value)) = all.nth(index - passed) {
                        f(field, FieldValue::Item(value));
                    }
                    passed = index + 1;
                }
            }
            Form::Table(table) => table.sample(count, rng, &mut |pair| {
                let (field, value) = parts(pair);
                f(field, value);
            }),
        }
    }

    /// Shows `count` random pairs, the same ones perhaps several times.
    pub fn draw(&self, count: usize, rng: &mut Rng, f: &mut impl FnMut(Item<'_>, FieldValue<'_>)) {
        match &self.0 {
            Form::Small(block) if count > 1 => {
                let all: Vec<_> = pairs::iter(block).collect();
                for _ in 0..count {
                    let (field, value) = all[rng.below(all.len() as u64) as usize];
                    f(field, FieldValue::Item(value));
                }
            }
            Form::Small(block) => {
                for _ in 0..count {
                    if let Some(place) = pairs::seek(block, rng.below(block.count() as u64) as usize) {
                        let (field, value) = pairs::pair(block, place);
                        f(field, FieldValue::Item(value));
                    }
                }
            }
            Form::Table(table) => {
                for _ in 0..count {
                    if let Some(pair) = table.random(rng) {
                        let (field, value) = parts(pair);
                        f(field, value);
                    }
                }
            }
        }
    }

    /// The large form, taken now if it was not yet.
    pub fn enlarge(&mut self, secret: &HashKey) -> &mut Table<Pair> {
        if let Form::Small(block) = &self.0 {
            let mut table = Box::new(Table::new(secret.clone()));
            let mut scratch = (IntText::new(), IntText::new());
            for (field, value) in pairs::iter(block) {
                let pair = Pair::new(field.text(&mut scratch.0), value.text(&mut scratch.1));
                table.insert(table.hash(pair.field()), pair);
            }
            self.0 = Form::Table(table);
        }
        match &mut self.0 {
            Form::Table(table) => table,
            Form::Small(_) => unreachable!("the form was set above"),
        }
    }

    /// The large form, if it has that.
    #[inline]
    pub(super) fn table(&self) -> Option<&Table<Pair>> {
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

    /// Feeds the content to `digest`, whatever the order of the fields.
    pub fn digest_into(&self, digest: &mut Digest) {
        digest.write_u64(self.len() as u64);
        digest.write_u128(match &self.0 {
            Form::Small(block) => {
                let mut scratch = (IntText::new(), IntText::new());
                pairs::iter(block)
                    .map(|(field, value)| pair_digest(field.text(&mut scratch.0), value.text(&mut scratch.1)))
                    .fold(0, u128::wrapping_add)
            }
            Form::Table(table) => table.digest(),
        });
    }

    /// Asserts the invariants. O(n).
    pub fn check(&self) {
        match &self.0 {
            Form::Small(block) => pairs::check(block),
            Form::Table(table) => {
                table.check();
                assert!(
                    table
                        .iter()
                        .all(|pair| pair.heap_bytes() == 0 || pair.field().len() + pair.value().len() > 29)
                );
            }
        }
    }
}

//! Changing one key.
//!
//! *Owns*: every way to create, change and remove a key, each of which keeps the promises of the module: count of
//! memory, digest, old value for a running snapshot, touch log, count of changes.
//! *Does not own*: whole databases (`whole`).

use super::snapshot::Preimage;
use super::{Expired, Found, Keyspace, Notice, Ttl};
use crate::base::ids::DbIndex;
use crate::containers::dict::{Hash, Ix, Keyed as _};
use crate::value::{SmallBytes, Value};

/// What came of a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Copied {
    /// It was made.
    Done,
    /// There is nothing to copy.
    NoSource,
    /// The target exists and was not to be replaced.
    Exists,
}

/// What a change of a value that holds elements came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edited {
    /// Nothing.
    Nothing,
    /// The key counts as changed, by so many changes.
    Changed(u64),
    /// The same, and no element is left: the key goes.
    Emptied(u64),
}

impl Keyspace {
    /// Gives a key this value. Answers whether the key is new.
    pub fn set(&mut self, db: DbIndex, key: &[u8], value: Value, ttl: Ttl) -> bool {
        let (hash, found) = self.locate(db, key);
        let created = self.put(db, key, hash, found, value, ttl);
        self.changed(db, key);
        created
    }

    /// Gives a key this text, as SET does; in place where the old value leaves room. Answers whether the key is new.
    #[inline]
    pub fn set_bytes(&mut self, db: DbIndex, key: &[u8], text: &[u8], ttl: Ttl) -> bool {
        let (hash, found) = self.locate(db, key);
        let created = match found {
            Found::Live(ix) if self.fits_in_place(db, hash, ix, text) => {
                let access = self.accessed(db, ix);
                self.with_values(db, |database| {
                    database.edit(ix, |entry| {
                        entry.set_access(access);
                        if let Some(string) = entry.value.as_string_mut() {
                            string.assign(text);
                        }
                    });
                });
                self.apply(db, ix, ttl);
                false
            }
            _ => self.put(db, key, hash, found, Value::encode(text), ttl),
        };
        self.changed(db, key);
        created
    }

    /// Changes a value in place: the only way to do so. `None` when the key is missing; otherwise the key counts as
    /// changed.
    #[inline]
    pub fn update<R>(&mut self, db: DbIndex, key: &[u8], f: impl FnOnce(&mut Value) -> R) -> Option<R> {
        self.update_if(db, key, |value| (true, f(value)))
    }

    /// Like [`Keyspace::update`] for changes that may turn out to be none: `f` answers whether it changed anything.
    #[inline]
    pub fn update_if<R>(
        &mut self,
        db: DbIndex,
        key: &[u8],
        f: impl FnOnce(&mut Value) -> (bool, R),
    ) -> Option<R> {
        let (hash, Found::Live(ix)) = self.locate(db, key) else { return None };
        Some(self.edit(db, key, hash, ix, f))
    }

    /// Changes a value in place, after creating it with `new` if the key is missing. The key counts as changed.
    pub fn insert_or_update<R>(
        &mut self,
        db: DbIndex,
        key: &[u8],
        new: impl FnOnce() -> Value,
        f: impl FnOnce(&mut Value) -> R,
    ) -> R {
        match self.locate(db, key) {
            (hash, Found::Live(ix)) => self.edit(db, key, hash, ix, |value| (true, f(value))),
            (hash, found) => {
                let mut value = new();
                let result = f(&mut value);
                self.put(db, key, hash, found, value, Ttl::Clear);
                self.changed(db, key);
                result
            }
        }
    }

    /// Changes a value that holds elements; a key whose last element went is removed. `None` when the key is missing.
    #[inline]
    pub fn edit_elements<R>(
        &mut self,
        db: DbIndex,
        key: &[u8],
        f: impl FnOnce(&mut Value) -> (Edited, R),
    ) -> Option<R> {
        let (hash, Found::Live(ix)) = self.locate(db, key) else { return None };
        let (edited, result) = self.edit(db, key, hash, ix, |value| (false, f(value)));
        match edited {
            Edited::Nothing => {}
            Edited::Changed(changes) => {
                self.dirty += changes;
                self.touched.key(db, key);
            }
            Edited::Emptied(changes) => {
                self.bury(db, hash, ix);
                self.dirty += changes;
                self.touched.key(db, key);
            }
        }
        Some(result)
    }

    /// Removes a key and answers its value. Costs a copy if a running snapshot needs the value;
    /// [`Keyspace::delete`] does not.
    pub fn remove(&mut self, db: DbIndex, key: &[u8]) -> Option<Value> {
        let (hash, Found::Live(ix)) = self.locate(db, key) else { return None };
        self.save_copy(db, hash, ix);
        let (entry, _) = self.with_db(db, |database| database.extract(hash, ix));
        self.changed(db, key);
        Some(entry.into_parts().1)
    }

    /// Removes a key. Answers whether it was there.
    pub fn delete(&mut self, db: DbIndex, key: &[u8]) -> bool {
        let (hash, Found::Live(ix)) = self.locate(db, key) else { return false };
        self.bury(db, hash, ix);
        self.changed(db, key);
        true
    }

    /// Sets (`Some`, Unix time in milliseconds) or clears the deadline of a key. Answers whether there was anything
    /// to do: `false` when the key is missing, or when it has no deadline and is to have none.
    pub fn set_deadline(&mut self, db: DbIndex, key: &[u8], deadline: Option<i64>) -> bool {
        let (hash, Found::Live(ix)) = self.locate(db, key) else { return false };
        if deadline.is_none() && self.db(db).deadline(ix).is_none() {
            return false;
        }
        self.save_copy(db, hash, ix);
        self.apply(db, ix, deadline.map_or(Ttl::Clear, Ttl::At));
        self.changed(db, key);
        true
    }

    /// Moves value and deadline from one name to another, replacing what was there. `false` when `from` is missing.
    pub fn rename(&mut self, db: DbIndex, from: &[u8], to: &[u8]) -> bool {
        let (hash, Found::Live(ix)) = self.locate(db, from) else { return false };
        if from == to {
            return true;
        }
        let (to_hash, to_found) = self.locate(db, to);
        self.carry((db, from, hash, ix), (db, to, to_hash, to_found));
        true
    }

    /// Moves a key to another database. `false` when it is missing here or exists there.
    pub fn move_key(&mut self, from: DbIndex, to: DbIndex, key: &[u8]) -> bool {
        let (hash, Found::Live(ix)) = self.locate(from, key) else { return false };
        if from == to {
            return false;
        }
        let (_, found) = self.locate(to, key);
        if matches!(found, Found::Live(_)) {
            return false;
        }
        self.carry((from, key, hash, ix), (to, key, hash, found));
        true
    }

    /// Copies value and deadline.
    pub fn copy(&mut self, from: (DbIndex, &[u8]), to: (DbIndex, &[u8]), replace: bool) -> Copied {
        let (_, Found::Live(ix)) = self.locate(from.0, from.1) else { return Copied::NoSource };
        let (hash, found) = self.locate(to.0, to.1);
        if matches!(found, Found::Live(_)) && !replace {
            return Copied::Exists;
        }
        if from == to {
            return Copied::Done;
        }
        let source = self.db(from.0);
        let value = source.dict().get(ix).value.clone();
        let ttl = source.deadline(ix).map_or(Ttl::Clear, Ttl::At);
        self.put(to.0, to.1, hash, found, value, ttl);
        self.changed(to.0, to.1);
        Copied::Done
    }

    /// Whether an overwrite needs neither an allocation nor the old value.
    #[inline]
    fn fits_in_place(&self, db: DbIndex, hash: Hash, ix: Ix, text: &[u8]) -> bool {
        let database = self.db(db);
        let value = &database.dict().get(ix).value;
        value.as_string().is_some_and(|string| string.assigns_in_place(text))
            && value.free_cost() < super::FREE_COST_MAX
            && database.wanted(hash, ix).is_none()
    }

    /// Creates or overwrites. Answers whether the key is new. Logs nothing.
    fn put(&mut self, db: DbIndex, key: &[u8], hash: Hash, found: Found, value: Value, ttl: Ttl) -> bool {
        match (found, ttl) {
            (Found::Live(ix), _) => {
                self.overwrite(db, hash, ix, value, ttl);
                false
            }
            (Found::Hidden(ix), ttl) => {
                let ttl = if ttl == Ttl::Keep { Ttl::Clear } else { ttl };
                self.overwrite(db, hash, ix, value, ttl);
                true
            }
            (Found::Absent, ttl) => {
                if self.notices.1 {
                    self.expired.push(Expired { notice: Notice::Created, db, key: SmallBytes::new(key) });
                }
                let deadline = match ttl {
                    Ttl::At(deadline) => Some(deadline),
                    Ttl::Clear | Ttl::Keep => None,
                };
                self.note_deadline(db, ttl);
                let access = self.first_access();
                self.with_db(db, |database| database.insert(hash, key, value, deadline, access));
                true
            }
        }
    }

    fn overwrite(&mut self, db: DbIndex, hash: Hash, ix: Ix, value: Value, ttl: Ttl) {
        let access = self.accessed(db, ix);
        let wanted = self.db(db).wanted(hash, ix);
        let deadline = self.db(db).deadline(ix);
        let usage = self.usage_of(db, ix);
        let old = self.with_values(db, |database| {
            database.edit(ix, |entry| {
                entry.set_access(access);
                core::mem::replace(&mut entry.value, value)
            })
        });
        self.apply(db, ix, ttl);
        match wanted {
            None => self.dispose(old),
            Some(stamp) => {
                let database = &mut self.dbs[db.0 as usize];
                database.set_stamp(ix, stamp);
                let key = database.dict().get(ix).owned_key();
                self.snapshot.keep(Preimage { db: database.origin, key, value: old, deadline, usage });
            }
        }
    }

    #[inline]
    fn edit<R>(
        &mut self,
        db: DbIndex,
        key: &[u8],
        hash: Hash,
        ix: Ix,
        f: impl FnOnce(&mut Value) -> (bool, R),
    ) -> R {
        self.save_copy(db, hash, ix);
        let access = (!self.no_touch).then(|| self.accessed(db, ix));
        let (changed, result) = self.with_values(db, |database| {
            database.edit(ix, |entry| {
                if let Some(access) = access {
                    entry.set_access(access);
                }
                f(&mut entry.value)
            })
        });
        if changed {
            self.changed(db, key);
        }
        result
    }

    /// Moves a live entry to a name where nothing alive is to stay.
    fn carry(&mut self, from: (DbIndex, &[u8], Hash, Ix), to: (DbIndex, &[u8], Hash, Found)) {
        self.save_copy(from.0, from.2, from.3);
        let (entry, deadline) = self.with_db(from.0, |database| database.extract(from.2, from.3));
        let access = entry.access();
        let (_, value) = entry.into_parts();
        let ttl = deadline.map_or(Ttl::Clear, Ttl::At);
        self.put(to.0, to.1, to.2, to.3, value, ttl);
        if self.counts_uses
            && let Some(ix) = self.seek(to.0, to.1)
        {
            self.dbs[to.0.0 as usize].set_access(ix, access);
        }
        self.touched.key(from.0, from.1);
        self.changed(to.0, to.1);
    }

    /// Removes an entry whose value nobody asked for: it goes to the snapshot that still needs it, or is dropped.
    /// Answers the key. Logs nothing.
    pub(super) fn bury(&mut self, db: DbIndex, hash: Hash, ix: Ix) -> SmallBytes {
        let database = self.db(db);
        let (wanted, origin) = (database.wanted(hash, ix).is_some(), database.origin);
        let usage = self.usage_of(db, ix);
        let (entry, deadline) = self.with_db(db, |database| database.extract(hash, ix));
        let (key, value) = entry.into_parts();
        if wanted {
            self.snapshot.keep(Preimage { db: origin, key: key.clone(), value, deadline, usage });
        } else {
            self.dispose(value);
        }
        key
    }

    /// Hands a copy of an entry to the running snapshot, if it still needs it.
    #[inline]
    fn save_copy(&mut self, db: DbIndex, hash: Hash, ix: Ix) {
        if let Some(stamp) = self.db(db).wanted(hash, ix) {
            let usage = self.usage_of(db, ix);
            let database = &mut self.dbs[db.0 as usize];
            let entry = database.dict().get(ix);
            let key = SmallBytes::new(entry.key());
            let value = entry.value.clone();
            let deadline = database.deadline(ix);
            self.snapshot.keep(Preimage { db: database.origin, key, value, deadline, usage });
            database.set_stamp(ix, stamp);
        }
    }

    /// Sets or clears the deadline of an entry.
    #[inline]
    fn apply(&mut self, db: DbIndex, ix: Ix, ttl: Ttl) {
        if self.db(db).applies(ix, ttl) {
            self.note_deadline(db, ttl);
            self.with_db(db, |database| database.apply(ix, ttl));
        }
    }

    /// Remembers that a database may have deadlines.
    #[inline]
    fn note_deadline(&mut self, db: DbIndex, ttl: Ttl) {
        if matches!(ttl, Ttl::At(_)) {
            self.deadline_dbs = self.deadline_dbs.max(db.0 as usize + 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Discarded;
    use super::*;
    use crate::containers::dict::HashKey;
    use alloc::vec;

    const A: DbIndex = DbIndex(0);

    fn big(byte: u8) -> Value {
        Value::encode(&vec![byte; 2 << 20])
    }

    #[test]
    fn big_values_are_left_for_someone_else_to_drop() {
        let mut keyspace = Keyspace::new(1, HashKey::new([1; 16]));
        keyspace.set(A, b"k", big(b'a'), Ttl::Clear);
        keyspace.set(A, b"k", big(b'b'), Ttl::Clear);
        keyspace.set_bytes(A, b"k", b"small", Ttl::Clear);
        keyspace.set(A, b"k", big(b'c'), Ttl::Clear);
        keyspace.delete(A, b"k");
        let garbage = keyspace.take_garbage();
        assert_eq!(garbage.len(), 3);
        assert!(
            garbage.iter().all(|dead| matches!(dead, Discarded::Value(value) if value.free_cost() >= 64))
        );
        keyspace.set(A, b"k", Value::encode(&[b'x'; 100]), Ttl::Clear);
        keyspace.delete(A, b"k");
        assert!(!keyspace.has_garbage());
    }

    #[test]
    fn a_value_without_elements_goes() {
        use crate::containers::quicklist::{End, Item, Limit};
        let mut keyspace = Keyspace::new(1, HashKey::new([1; 16]));
        keyspace.set_watching(true);
        let mut list = crate::value::List::new();
        list.push(End::Back, Item::from(&b"a"[..]), Limit::new(-2));
        list.push(End::Back, Item::from(&b"b"[..]), Limit::new(-2));
        keyspace.set(A, b"k", Value::List(list), Ttl::At(5));
        let pop = |value: &mut Value| {
            let list = value.as_list_mut().expect("a list");
            list.pop(End::Front, |_| ());
            if list.is_empty() { (Edited::Emptied(1), 0) } else { (Edited::Changed(1), list.len()) }
        };
        assert_eq!(keyspace.edit_elements(A, b"k", |_| (Edited::Nothing, 7)), Some(7));
        assert_eq!((keyspace.dirty(), keyspace.touched().count()), (1, 1));
        assert_eq!(keyspace.edit_elements(A, b"k", pop), Some(1));
        keyspace.check();
        assert_eq!(keyspace.edit_elements(A, b"k", pop), Some(0));
        assert_eq!((keyspace.len(A), keyspace.dirty(), keyspace.touched().count()), (0, 3, 3));
        assert_eq!(keyspace.edit_elements(A, b"k", pop), None);
        keyspace.check();
    }

    #[test]
    fn overwriting_with_the_same_length_stays_in_place() {
        let mut keyspace = Keyspace::new(1, HashKey::new([1; 16]));
        let place = |keyspace: &Keyspace| {
            let string = keyspace.peek(A, b"k").and_then(Value::as_string);
            string.map_or(0, |string| string.bytes(&mut crate::value::IntText::new()).as_ptr() as usize)
        };
        keyspace.set_bytes(A, b"k", &[b'a'; 60], Ttl::Clear);
        let before = place(&keyspace);
        keyspace.set_bytes(A, b"k", &[b'b'; 60], Ttl::Keep);
        assert_eq!(place(&keyspace), before);
    }

    #[test]
    fn a_small_key_costs_little() {
        let mut keyspace = Keyspace::new(1, HashKey::new([1; 16]));
        for n in 0..200_000_u32 {
            let text = std::format!("key:{n:012}");
            keyspace.set_bytes(A, text.as_bytes(), text.as_bytes(), Ttl::Clear);
        }
        let each = keyspace.used_bytes() / 200_000;
        assert!((56..=76).contains(&each), "{each} bytes per key");
        let one = keyspace.key_bytes(A, b"key:000000000007").expect("there");
        assert!((56..=80).contains(&one), "{one} bytes for one key");
        for n in 0..200_000_u32 {
            keyspace.delete(A, std::format!("key:{n:012}").as_bytes());
        }
        assert!(keyspace.used_bytes() < 200_000, "memory is given back");
    }
}

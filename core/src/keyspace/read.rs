//! Reading one key, and the passage of time.
//!
//! *Owns*: lookups with and without their side effects, the pass that touches keys before use, expiry by the clock.
//! *Does not own*: ordering of deadlines (`expiry`), the decision when expiry runs.

use super::{Expired, Found, Keyspace, Notice};
use crate::base::ids::DbIndex;
use crate::containers::dict::{Hash, Ix, Keyed as _, WINDOW};
use crate::value::Value;
use core::hint::black_box;

impl Keyspace {
    /// The value of a key. Counts a hit or a miss and notes the access.
    #[inline]
    pub fn lookup(&mut self, db: DbIndex, key: &[u8]) -> Option<&Value> {
        let (_, Found::Live(ix)) = self.locate(db, key) else {
            self.count_lookup(db, key, false);
            return None;
        };
        self.count_lookup(db, key, true);
        if !self.no_touch {
            let access = self.accessed(db, ix);
            self.dbs[db.0 as usize].set_access(ix, access);
        }
        Some(&self.db(db).dict().get(ix).value)
    }

    /// Whether the key is there. Counts a hit or a miss; no access.
    pub fn exists(&mut self, db: DbIndex, key: &[u8]) -> bool {
        let found = matches!(self.locate(db, key), (_, Found::Live(_)));
        self.count_lookup(db, key, found);
        found
    }

    /// The value of a key, without any side effect: not even an expired key is removed.
    #[must_use]
    #[inline]
    pub fn peek(&self, db: DbIndex, key: &[u8]) -> Option<&Value> {
        self.seek(db, key).map(|ix| &self.db(db).dict().get(ix).value)
    }

    /// The deadline of a key, Unix time in milliseconds, without side effects.
    #[must_use]
    pub fn deadline(&self, db: DbIndex, key: &[u8]) -> Option<i64> {
        self.seek(db, key).and_then(|ix| self.db(db).deadline(ix))
    }

    /// Seconds since the last access, without side effects.
    #[must_use]
    pub fn idle_secs(&self, db: DbIndex, key: &[u8]) -> Option<u32> {
        self.seek(db, key).map(|ix| self.db(db).dict().get(ix).idle_secs(self.clock))
    }

    /// Number of keys, expired ones that are still stored included.
    #[must_use]
    pub fn len(&self, db: DbIndex) -> usize {
        self.db(db).dict().len()
    }

    /// Whether no database holds a key.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.dbs.iter().all(|database| database.dict().is_empty())
    }

    /// Brings the keys near the processor, a window at a time, so that the misses of their lookups overlap. Changes
    /// nothing and answers nothing.
    pub fn touch_window<'k>(&self, db: DbIndex, keys: impl IntoIterator<Item = &'k [u8]>) {
        let dict = self.db(db).dict();
        let mut keys = keys.into_iter();
        let mut hashes = [Hash(0); WINDOW];
        let mut entries = [None::<Ix>; WINDOW];
        loop {
            // Each pass starts a window's worth of reads that do not wait for one another.
            let mut count = 0;
            let mut mixed = 0;
            for (hash, key) in hashes.iter_mut().zip(keys.by_ref()) {
                *hash = self.hash.hash(key);
                mixed ^= dict.touch(*hash);
                count += 1;
            }
            black_box(mixed);
            for (entry, hash) in entries.iter_mut().zip(&hashes[..count]) {
                *entry = dict.touch_slot(*hash);
            }
            let found = || entries[..count].iter().flatten();
            black_box(found().fold(0, |sum, ix| sum ^ dict.touch_entry(*ix)));
            black_box(found().fold(0, |sum, ix| sum ^ dict.get(*ix).value.touch()));
            if count < WINDOW {
                return;
            }
        }
    }

    /// The same for elements of large values, each given with its key.
    pub fn touch_elements(&self, db: DbIndex, elements: &[(&[u8], &[u8])]) {
        let dict = self.db(db).dict();
        let mut last: Option<(&[u8], Option<&Value>)> = None;
        let mut wanted: [Option<(&Value, Hash)>; WINDOW] = [None; WINDOW];
        let mut entries = [None::<Ix>; WINDOW];
        let mut mixed = 0;
        for (wanted, (key, element)) in wanted.iter_mut().zip(elements) {
            let value = match last {
                Some((last, value)) if last == *key => value,
                _ => {
                    let found = dict.find(self.hash.hash(key), key).map(|ix| &dict.get(ix).value);
                    found.filter(|value| value.is_far())
                }
            };
            last = Some((key, value));
            if let Some(value) = value {
                let hash = self.hash.hash(element);
                mixed ^= value.touch_home(hash);
                *wanted = Some((value, hash));
            }
        }
        for (entry, wanted) in entries.iter_mut().zip(&wanted) {
            *entry = wanted.and_then(|(value, hash)| value.touch_slot(hash));
        }
        for (entry, wanted) in entries.iter().zip(&wanted) {
            if let (Some(ix), Some((value, _))) = (entry, wanted) {
                mixed ^= u32::from(value.touch_element(*ix));
            }
        }
        black_box(mixed);
    }

    /// Number of keys with a deadline.
    #[must_use]
    pub fn expires_count(&self, db: DbIndex) -> usize {
        self.db(db).expiry().len()
    }

    /// Mean time to live of the keys with a deadline, in milliseconds; 0 when there is none or most are overdue.
    #[must_use]
    pub fn avg_ttl_ms(&self, db: DbIndex) -> i64 {
        let expiry = self.db(db).expiry();
        if expiry.len() == 0 {
            return 0;
        }
        let mean = expiry.sum() / expiry.len() as i128;
        i64::try_from(mean - i128::from(self.now_ms)).unwrap_or(i64::MAX).max(0)
    }

    /// The earliest deadline of all databases. The key is expired one millisecond later.
    #[must_use]
    pub fn next_deadline(&self) -> Option<i64> {
        self.dbs[..self.deadline_dbs]
            .iter()
            .filter_map(|database| database.expiry().first())
            .map(|(at, _)| at)
            .min()
    }

    /// How many keys are overdue at `now_ms`; counts up to `limit`.
    #[must_use]
    pub fn debt(&self, now_ms: i64, limit: usize) -> usize {
        let mut count = 0;
        for database in &self.dbs[..self.deadline_dbs] {
            count += database.expiry().overdue(now_ms, limit - count);
        }
        count
    }

    /// Removes at most `limit` keys that are overdue at `now_ms`, the most overdue first, and logs them as expired.
    /// Answers how many.
    pub fn expire_due(&mut self, now_ms: i64, limit: usize) -> usize {
        let mut count = 0;
        while count < limit {
            // The database with the earliest deadline, and how long it stays that one.
            let mut best: Option<(i64, DbIndex)> = None;
            let mut until = now_ms;
            for (number, database) in (0..).zip(&self.dbs[..self.deadline_dbs]) {
                let Some((deadline, _)) = database.expiry().first() else { continue };
                match best {
                    Some((earliest, _)) if earliest <= deadline => until = until.min(deadline),
                    _ => {
                        until = best.map_or(until, |(earliest, _)| until.min(earliest));
                        best = Some((deadline, DbIndex(number)));
                    }
                }
            }
            let Some((_, db)) = best.filter(|(deadline, _)| *deadline < now_ms) else { break };
            while count < limit
                && let Some((deadline, ix)) = self.db(db).expiry().first()
                && deadline < now_ms
                && deadline <= until
            {
                let hash = self.hash.hash(self.db(db).dict().get(ix).key());
                self.expire(db, hash, ix);
                count += 1;
            }
        }
        count
    }

    /// Removes an expired key and logs it.
    pub(super) fn expire(&mut self, db: DbIndex, hash: Hash, ix: Ix) {
        let key = self.bury(db, hash, ix);
        self.touched.key(db, key.as_slice());
        self.expired.push(Expired { notice: Notice::Expired, db, key });
    }

    /// Whether anything is stored under the key, expired or not.
    #[must_use]
    pub fn is_stored(&self, db: DbIndex, key: &[u8]) -> bool {
        self.db(db).dict().find(self.hash.hash(key), key).is_some()
    }

    /// Finds a key that is there for the command.
    #[inline]
    pub(super) fn seek(&self, db: DbIndex, key: &[u8]) -> Option<Ix> {
        let database = self.db(db);
        let ix = database.dict().find(self.hash.hash(key), key)?;
        (!self.is_expired(database.deadline(ix))).then_some(ix)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ExpiryPolicy, Ttl, Usage};
    use super::*;
    use crate::containers::dict::HashKey;
    use alloc::vec;
    use alloc::vec::Vec;

    const A: DbIndex = DbIndex(0);
    const B: DbIndex = DbIndex(1);

    fn keyspace() -> Keyspace {
        let mut keyspace = Keyspace::new(3, HashKey::new([1; 16]));
        keyspace.begin(1_000, ExpiryPolicy::Delete);
        keyspace
    }

    #[test]
    fn expires_in_order_of_deadline_across_databases() {
        let mut keyspace = keyspace();
        for n in 0..100_i64 {
            let db = DbIndex((n * 7 % 3) as u32);
            let deadline = 2_000 + n * 37 % 100;
            keyspace.set_bytes(db, std::format!("{deadline}").as_bytes(), b"", Ttl::At(deadline));
        }
        assert_eq!(keyspace.next_deadline(), Some(2_000));
        assert_eq!((keyspace.debt(2_000, 9), keyspace.debt(2_003, 9), keyspace.debt(5_000, 9)), (0, 3, 9));
        assert_eq!((keyspace.expire_due(2_000, 9), keyspace.expire_due(2_050, 20)), (0, 20));
        assert_eq!((keyspace.expire_due(2_050, 100), keyspace.expire_due(2_050, 100)), (30, 0));
        assert_eq!(keyspace.expire_due(9_000, usize::MAX), 50);
        let order: Vec<_> =
            keyspace.expired().iter().map(|expired| expired.key.as_slice().to_vec()).collect();
        assert!(order.is_sorted() && order.len() == 100);
        assert_eq!(keyspace.next_deadline(), None);
        keyspace.check();
    }

    #[test]
    fn a_key_lives_through_the_millisecond_of_its_deadline() {
        let mut keyspace = keyspace();
        keyspace.set_bytes(A, b"k", b"v", Ttl::At(5_000));
        keyspace.begin(5_000, ExpiryPolicy::Delete);
        assert!(keyspace.lookup(A, b"k").is_some());
        keyspace.begin(5_001, ExpiryPolicy::Delete);
        assert!(keyspace.peek(A, b"k").is_none() && keyspace.len(A) == 1);
        assert!(keyspace.lookup(A, b"k").is_none() && keyspace.len(A) == 0);
        assert_eq!(keyspace.expired().len(), 1);
        assert_eq!(keyspace.dirty(), 1);
    }

    #[test]
    fn a_replica_hides_and_its_master_decides() {
        let mut keyspace = keyspace();
        keyspace.set_bytes(A, b"k", b"v", Ttl::At(2_000));
        keyspace.begin(3_000, ExpiryPolicy::Hide);
        assert!(keyspace.lookup(A, b"k").is_none() && !keyspace.delete(A, b"k"));
        assert_eq!((keyspace.len(A), keyspace.expired().len()), (1, 0));
        keyspace.begin(3_000, ExpiryPolicy::Ignore);
        assert!(keyspace.lookup(A, b"k").is_some() && keyspace.delete(A, b"k"));
        keyspace.check();
    }

    #[test]
    fn access_times_follow_the_clock() {
        let mut keyspace = keyspace();
        keyspace.set_bytes(A, b"k", b"v", Ttl::Clear);
        keyspace.begin(61_000, ExpiryPolicy::Delete);
        assert!(keyspace.peek(A, b"k").is_some() && keyspace.exists(A, b"k"));
        assert_eq!(keyspace.idle_secs(A, b"k"), Some(60));
        keyspace.set_no_touch(true);
        assert!(keyspace.lookup(A, b"k").is_some());
        assert_eq!(keyspace.idle_secs(A, b"k"), Some(60));
        keyspace.set_no_touch(false);
        assert!(keyspace.lookup(A, b"k").is_some());
        assert_eq!(keyspace.idle_secs(A, b"k"), Some(0));
        keyspace.set_usage(A, b"k", Usage { idle_secs: Some(500), freq: None });
        assert_eq!((keyspace.idle_secs(A, b"k"), keyspace.idle_secs(A, b"none")), (Some(500), None));
        assert_eq!(keyspace.hits_misses(), (3, 0));
    }

    #[test]
    fn mean_time_to_live() {
        let mut keyspace = keyspace();
        assert_eq!(keyspace.avg_ttl_ms(A), 0);
        keyspace.set_bytes(A, b"a", b"", Ttl::At(3_000));
        keyspace.set_bytes(A, b"b", b"", Ttl::At(5_000));
        keyspace.set_bytes(A, b"c", b"", Ttl::Clear);
        assert_eq!(
            (keyspace.avg_ttl_ms(A), keyspace.expires_count(A), keyspace.avg_ttl_ms(B)),
            (3_000, 2, 0)
        );
        keyspace.set_bytes(A, b"b", b"", Ttl::At(i64::MAX));
        assert!(keyspace.avg_ttl_ms(A) > i64::MAX / 4);
        keyspace.set_bytes(A, b"b", b"", Ttl::At(i64::MIN));
        assert_eq!(keyspace.avg_ttl_ms(A), 0);
        keyspace.check();
    }

    #[test]
    fn touching_changes_nothing() {
        let mut keyspace = keyspace();
        let keys: Vec<_> = (0..100).map(|n| std::format!("key:{n}").into_bytes()).collect();
        keyspace.touch_window(A, keys.iter().map(Vec::as_slice));
        for key in &keys[..50] {
            keyspace.set_bytes(A, key, key, Ttl::At(1));
        }
        let before = (keyspace.digest(), keyspace.hits_misses(), keyspace.expired().len());
        for count in [0, 1, 15, 16, 17, 32, 100] {
            keyspace.touch_window(A, keys.iter().take(count).map(Vec::as_slice));
        }
        assert_eq!(before, (keyspace.digest(), keyspace.hits_misses(), keyspace.expired().len()));
        keyspace.touch_window(A, vec![]);
        keyspace.touch_elements(A, &[(&b"key:60"[..], &b"m"[..]), (&b"none"[..], &b"m"[..])]);
        assert_eq!(before, (keyspace.digest(), keyspace.hits_misses(), keyspace.expired().len()));
    }
}

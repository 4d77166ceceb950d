//! Going through the keys of a database.
//!
//! *Owns*: SCAN's cursor, the full pass of KEYS, random keys.
//! *Does not own*: patterns, types and limits, which commands apply to what they are shown.
//! *Invariants*: a cursor is a hash position, so a key that stays is shown exactly once, however the table grows or
//! shrinks meanwhile. Expired keys are not shown, and not removed here.

use super::{ExpiryPolicy, Found, Keyspace};
use crate::base::ids::DbIndex;
use crate::base::rng::Rng;
use crate::containers::dict::Keyed as _;
use crate::value::Value;

/// Hidden keys that a random choice may meet before it settles for one of them.
const RANDOM_TRIES: u32 = 100;

impl Keyspace {
    /// Shows about `count` keys from `cursor` on, each with whether it is expired, and answers the next cursor; 0 is the
    /// start, and the end.
    pub fn scan(
        &self,
        db: DbIndex,
        cursor: u64,
        count: usize,
        mut f: impl FnMut(&[u8], &Value, bool),
    ) -> u64 {
        let Ok(from) = u32::try_from(cursor) else { return 0 };
        let database = self.db(db);
        let next = database.dict().scan(from, count.max(1), &mut |ix, entry| {
            let expired = entry.slot().is_some() && self.is_expired(database.deadline(ix));
            f(entry.key(), &entry.value, expired);
        });
        next.map_or(0, u64::from)
    }

    /// Shows every key, in an order that follows from the keys and the node's hash seed alone.
    pub fn keys(&self, db: DbIndex, mut f: impl FnMut(&[u8], &Value)) {
        let database = self.db(db);
        for (ix, entry) in database.dict().iter() {
            if entry.slot().is_none() || !self.is_expired(database.deadline(ix)) {
                f(entry.key(), &entry.value);
            }
        }
    }

    /// Shows every key that is stored, expired or not, with its deadline.
    pub fn stored(&self, db: DbIndex, mut f: impl FnMut(&[u8], &Value, Option<i64>)) {
        let database = self.db(db);
        database.dict().iter().for_each(|(ix, entry)| f(entry.key(), &entry.value, database.deadline(ix)));
    }

    /// A random key; `None` when there is none. On a replica where (nearly) every key is expired it may be one of
    /// those, as in Redis.
    pub fn random_key(&mut self, db: DbIndex, rng: &mut Rng) -> Option<&[u8]> {
        let mut tries = 0;
        let ix = loop {
            let ix = self.db(db).dict().random(rng)?;
            if self.db(db).dict().get(ix).slot().is_none() {
                break ix;
            }
            let hash = self.hash.hash(self.db(db).dict().get(ix).key());
            match self.judge(db, hash, ix) {
                Found::Live(ix) => break ix,
                Found::Hidden(ix) if tries >= RANDOM_TRIES => break ix,
                Found::Hidden(_) => tries += 1,
                Found::Absent => debug_assert_eq!(self.policy, ExpiryPolicy::Delete),
            }
        };
        Some(self.db(db).dict().get(ix).key())
    }
}

//! What an entry remembers of its use: when it was last accessed, or how often lately.
//!
//! *Owns*: [`Tracking`], the rule that the eviction policy asks for; the 24 bits of an entry under each rule; the count of
//! uses, which grows ever more slowly and fades with time.
//! *Does not own*: which key goes (eviction), the directives.
//! *Invariants*: the bits of a rule are never read by another with more harm than a wrong age: a change of policy adjusts
//! itself with use, as in Redis. Under the clock an access costs one store.

use super::Keyspace;
use crate::base::ids::DbIndex;
use crate::base::rng::Rng;
use crate::containers::dict::Ix;
use alloc::boxed::Box;

/// The count that a new key begins with, so that it is not the first to go.
const COUNT_NEW: u32 = 5;
const COUNT_MAX: u32 = 255;
/// Minutes wrap after 45 days.
const MINUTES_MASK: u32 = 0xffff;
/// A time without use that is longer than half of what the clock can tell is half of it.
const IDLE_SECS_MAX: u64 = 1 << 23;

/// What is remembered of a key's use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tracking {
    /// The time of the last access, which no policy asks for.
    #[default]
    Clock,
    /// The time of the last access; snapshots carry it.
    Recency,
    /// How often, with `lfu-log-factor` and `lfu-decay-time`; snapshots carry it.
    Frequency {
        /// How much harder it becomes for the count to grow.
        log_factor: u32,
        /// Minutes without use after which the count falls by one; 0 = never.
        decay_minutes: u32,
    },
}

/// A key's use as RDB carries it; at most one of the two is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Seconds since the last access.
    pub idle_secs: Option<u64>,
    /// The count of uses.
    pub freq: Option<u8>,
}

/// The rule in force.
#[derive(Clone, Default)]
pub(super) struct UsageRule {
    tracking: Tracking,
    rng: Option<Box<Rng>>,
}

/// The rule at one instant, for reading.
#[derive(Clone, Copy)]
pub(super) struct UsageReader {
    tracking: Tracking,
    clock: u32,
}

impl UsageReader {
    /// What a snapshot says of an entry with these bits.
    pub(super) fn usage(self, access: u32) -> Usage {
        match self.tracking {
            Tracking::Clock => Usage::default(),
            Tracking::Recency => {
                Usage { idle_secs: Some(super::entry::age(access, self.clock).into()), freq: None }
            }
            Tracking::Frequency { decay_minutes, .. } => {
                Usage { idle_secs: None, freq: Some(faded(access, minutes(self.clock), decay_minutes) as u8) }
            }
        }
    }
}

impl Keyspace {
    /// What is to be remembered of the use of keys from now on. Chance comes from a fork of `rng`.
    pub fn track_usage(&mut self, tracking: Tracking, rng: &Rng) {
        let counts = matches!(tracking, Tracking::Frequency { .. });
        if counts && self.usage.rng.is_none() {
            self.usage.rng = Some(Box::new(rng.fork("frequency")));
        }
        self.usage.tracking = tracking;
        self.counts_uses = counts;
    }

    /// The count of uses of a key, without side effects; means something under [`Tracking::Frequency`] only.
    #[must_use]
    pub fn frequency(&self, db: DbIndex, key: &[u8]) -> Option<u8> {
        let decay = match self.usage.tracking {
            Tracking::Frequency { decay_minutes, .. } => decay_minutes,
            Tracking::Clock | Tracking::Recency => 0,
        };
        let ix = self.seek(db, key)?;
        Some(faded(self.db(db).dict().get(ix).access(), minutes(self.clock), decay) as u8)
    }

    /// Gives a key the use that a file or RESTORE tells, as far as the rule in force remembers it.
    pub fn set_usage(&mut self, db: DbIndex, key: &[u8], usage: Usage) {
        let access = match (self.usage.tracking, usage) {
            (Tracking::Frequency { .. }, Usage { freq: Some(freq), .. }) => {
                minutes(self.clock) << 8 | u32::from(freq)
            }
            (Tracking::Clock | Tracking::Recency, Usage { idle_secs: Some(idle), .. }) => {
                self.clock.wrapping_sub(idle.min(IDLE_SECS_MAX) as u32)
            }
            _ => return,
        };
        if let Some(ix) = self.seek(db, key) {
            self.dbs[db.0 as usize].set_access(ix, access);
        }
    }

    /// For reading entries while the keyspace is borrowed in part.
    pub(super) fn usage_reader(&self) -> UsageReader {
        UsageReader { tracking: self.usage.tracking, clock: self.clock }
    }

    /// What a snapshot says of an entry.
    #[inline]
    pub(super) fn usage_of(&self, db: DbIndex, ix: Ix) -> Usage {
        self.usage_reader().usage(self.db(db).dict().get(ix).access())
    }

    /// The bits of an entry that is accessed now.
    #[inline]
    pub(super) fn accessed(&mut self, db: DbIndex, ix: Ix) -> u32 {
        if self.counts_uses { self.counted(db, ix) } else { self.clock }
    }

    /// The bits of a new entry.
    #[inline]
    pub(super) fn first_access(&self) -> u32 {
        if self.counts_uses { minutes(self.clock) << 8 | COUNT_NEW } else { self.clock }
    }

    #[cold]
    fn counted(&mut self, db: DbIndex, ix: Ix) -> u32 {
        let access = self.db(db).dict().get(ix).access();
        let now = minutes(self.clock);
        let Tracking::Frequency { log_factor, decay_minutes } = self.usage.tracking else { return access };
        let mut count = faded(access, now, decay_minutes);
        if count < COUNT_MAX {
            // One in 1 + factor * (count above that of a new key).
            let odds = 1 + u64::from(log_factor) * u64::from(count.saturating_sub(COUNT_NEW));
            count += u32::from(self.usage.rng.as_mut().is_some_and(|rng| rng.below(odds) == 0));
        }
        now << 8 | count
    }
}

/// Minutes of a clock in seconds, as far as an entry holds them.
fn minutes(clock: u32) -> u32 {
    (clock / 60) & MINUTES_MASK
}

/// The count that is left by now.
fn faded(access: u32, now: u32, decay_minutes: u32) -> u32 {
    let (then, count) = (access >> 8 & MINUTES_MASK, access & 0xff);
    let passed = now.wrapping_sub(then) & MINUTES_MASK;
    count.saturating_sub(passed.checked_div(decay_minutes).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::super::{ExpiryPolicy, Ttl};
    use super::*;
    use crate::containers::dict::HashKey;

    const A: DbIndex = DbIndex(0);

    fn counting(log_factor: u32, decay_minutes: u32) -> Keyspace {
        let mut keyspace = Keyspace::new(1, HashKey::new([1; 16]));
        keyspace.track_usage(Tracking::Frequency { log_factor, decay_minutes }, &Rng::new([7; 32]));
        keyspace.begin(1_000_000, ExpiryPolicy::Delete);
        keyspace
    }

    fn uses(keyspace: &mut Keyspace, n: usize) -> u8 {
        (0..n).for_each(|_| assert!(keyspace.lookup(A, b"k").is_some()));
        keyspace.frequency(A, b"k").expect("there")
    }

    #[test]
    fn the_count_grows_ever_more_slowly() {
        let mut keyspace = counting(10, 1);
        keyspace.set_bytes(A, b"k", b"v", Ttl::Clear);
        assert_eq!(keyspace.frequency(A, b"k"), Some(5));
        // The table of Redis's documentation: 100 hits make about 10, 1,000 about 18, 100,000 about 142.
        assert_eq!(uses(&mut keyspace, 1), 6);
        assert!((8..=14).contains(&uses(&mut keyspace, 99)));
        assert!((14..=24).contains(&uses(&mut keyspace, 900)));
        assert!((120..=165).contains(&uses(&mut keyspace, 99_000)));
        let mut steep = counting(0, 1);
        steep.set_bytes(A, b"k", b"v", Ttl::Clear);
        assert_eq!((uses(&mut steep, 100), uses(&mut steep, 1_000)), (105, 255));
    }

    #[test]
    fn the_count_fades() {
        let mut keyspace = counting(0, 2);
        keyspace.set_bytes(A, b"k", b"v", Ttl::Clear);
        assert_eq!(uses(&mut keyspace, 10), 15);
        keyspace.begin(1_000_000 + 9 * 60_000, ExpiryPolicy::Delete);
        assert_eq!(keyspace.frequency(A, b"k"), Some(11));
        assert_eq!(uses(&mut keyspace, 1), 12, "what faded is gone before it grows");
        keyspace.begin(1_000_000 + 900 * 60_000, ExpiryPolicy::Delete);
        assert_eq!(keyspace.frequency(A, b"k"), Some(0));
        keyspace.track_usage(Tracking::Frequency { log_factor: 0, decay_minutes: 0 }, &Rng::new([7; 32]));
        assert_eq!(keyspace.frequency(A, b"k"), Some(12), "without decay it stays");
    }

    #[test]
    fn writing_counts_and_a_new_name_keeps_the_count() {
        let mut keyspace = counting(0, 1);
        keyspace.set_bytes(A, b"k", b"v", Ttl::Clear);
        keyspace.set_bytes(A, b"k", b"w", Ttl::Clear);
        keyspace.set(A, b"k", crate::value::Value::encode(&[b'x'; 99]), Ttl::Clear);
        keyspace.update(A, b"k", |_| ());
        assert_eq!(keyspace.frequency(A, b"k"), Some(8));
        assert!(keyspace.rename(A, b"k", b"new"));
        assert!(keyspace.frequency(A, b"new").is_some_and(|count| count >= 8));
        keyspace.set_no_touch(true);
        assert!(keyspace.lookup(A, b"new").is_some());
        keyspace.set_usage(A, b"new", Usage { idle_secs: Some(5), freq: Some(77) });
        assert_eq!(keyspace.frequency(A, b"new"), Some(77));
        keyspace.set_usage(A, b"new", Usage { idle_secs: Some(5), freq: None });
        assert_eq!(keyspace.frequency(A, b"new"), Some(77), "what another rule remembers is passed over");
    }

    #[test]
    fn snapshots_say_what_the_rule_remembers() {
        let mut keyspace = counting(0, 1);
        keyspace.set_bytes(A, b"k", b"v", Ttl::Clear);
        let shown = |keyspace: &mut Keyspace, edit: bool| {
            keyspace.snapshot_begin();
            if edit {
                keyspace.update(A, b"k", |_| ());
            }
            let mut seen = Usage::default();
            while !keyspace.snapshot_step(9, &mut |item| seen = item.usage) {}
            seen
        };
        assert_eq!(shown(&mut keyspace, false), Usage { idle_secs: None, freq: Some(5) });
        assert_eq!(shown(&mut keyspace, true), Usage { idle_secs: None, freq: Some(5) });
        keyspace.track_usage(Tracking::Recency, &Rng::new([7; 32]));
        keyspace.set_usage(A, b"k", Usage { idle_secs: Some(30), freq: Some(1) });
        assert_eq!(shown(&mut keyspace, false), Usage { idle_secs: Some(30), freq: None });
        keyspace.track_usage(Tracking::Clock, &Rng::new([7; 32]));
        assert_eq!(shown(&mut keyspace, false), Usage::default());
    }
}

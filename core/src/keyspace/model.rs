//! The keyspace against a naive model, under random operations with time moving.
//!
//! *Owns*: the model: one ordered map of what is stored, and another of what a snapshot must show.
//! *Does not own*: tests of single functions, which stand beside them.

use super::{Copied, Expired, ExpiryPolicy, Keyspace, Notice, Touched, Ttl};
use crate::base::ids::DbIndex;
use crate::base::rng::Rng;
use crate::containers::dict::HashKey;
use crate::value::{IntText, SmallBytes, StringValue, Value};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec;
use alloc::vec::Vec;
use bytes::Bytes;
use proptest::prelude::*;

const DBS: u32 = 3;

type Name = (u32, Vec<u8>);
type State = BTreeMap<Name, (Vec<u8>, Option<i64>)>;

#[derive(Clone, Debug)]
enum Op {
    Set(Name, Vec<u8>, Option<i64>, bool),
    SetBytes(Name, Vec<u8>, Option<i64>, bool),
    SetBig(Name, u8),
    Append(Name, Vec<u8>),
    Upsert(Name, Vec<u8>),
    Nothing(Name),
    Delete(Name),
    Remove(Name),
    Deadline(Name, Option<i64>),
    Rename(Name, Vec<u8>),
    Move(Name, u32),
    Copy(Name, Name, bool),
    Flush(u32),
    FlushAll,
    Swap(u32, u32),
    ReplaceAll(Vec<(Name, Vec<u8>)>),
    Lookup(Name),
    Random(u32),
    Advance(i64),
    ExpireDue(usize),
    SnapshotBegin,
    SnapshotStep(usize),
    SnapshotAbort,
    CloneWorld,
}

fn db() -> impl Strategy<Value = u32> {
    0..DBS
}

fn key() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => (0..12_u8).prop_map(|n| vec![b'a' + n]),
        1 => (0..4_u8).prop_map(|n| vec![b'a' + n; 40]),
        1 => Just(vec![]),
    ]
}

fn name() -> impl Strategy<Value = Name> {
    (db(), key())
}

fn text() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        (-200..200_i64).prop_map(|n| std::format!("{n}").into_bytes()),
        prop::collection::vec(any::<u8>(), 0..30),
        (0..3_usize, any::<u8>()).prop_map(|(n, byte)| vec![byte; 30 + 40 * n]),
    ]
}

fn ttl() -> impl Strategy<Value = Option<i64>> {
    prop::option::of(-5..60_i64)
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        6 => (name(), text(), ttl(), any::<bool>()).prop_map(|(n, v, t, k)| Op::Set(n, v, t, k)),
        6 => (name(), text(), ttl(), any::<bool>()).prop_map(|(n, v, t, k)| Op::SetBytes(n, v, t, k)),
        1 => (name(), any::<u8>()).prop_map(|(n, b)| Op::SetBig(n, b)),
        4 => (name(), text()).prop_map(|(n, v)| Op::Append(n, v)),
        2 => (name(), text()).prop_map(|(n, v)| Op::Upsert(n, v)),
        1 => name().prop_map(Op::Nothing),
        3 => name().prop_map(Op::Delete),
        2 => name().prop_map(Op::Remove),
        4 => (name(), ttl()).prop_map(|(n, t)| Op::Deadline(n, t)),
        3 => (name(), key()).prop_map(|(n, k)| Op::Rename(n, k)),
        2 => (name(), db()).prop_map(|(n, d)| Op::Move(n, d)),
        2 => (name(), name(), any::<bool>()).prop_map(|(n, m, r)| Op::Copy(n, m, r)),
        1 => db().prop_map(Op::Flush),
        1 => Just(Op::FlushAll),
        1 => (db(), db()).prop_map(|(a, b)| Op::Swap(a, b)),
        1 => prop::collection::vec((name(), text()), 0..5).prop_map(Op::ReplaceAll),
        3 => name().prop_map(Op::Lookup),
        1 => db().prop_map(Op::Random),
        5 => (0..20_i64).prop_map(Op::Advance),
        2 => (0..6_usize).prop_map(Op::ExpireDue),
        4 => Just(Op::SnapshotBegin),
        4 => (0..6_usize).prop_map(Op::SnapshotStep),
        1 => Just(Op::SnapshotAbort),
        1 => Just(Op::CloneWorld),
    ]
}

/// The keyspace and what it must be equal to.
struct World {
    keyspace: Keyspace,
    policy: ExpiryPolicy,
    now: i64,
    state: State,
    /// Keys that the model saw expire and the keyspace has not reported yet.
    unreported: BTreeMap<Name, u32>,
    /// What the running snapshot has yet to show.
    owed: Option<State>,
    rng: Rng,
}

fn at(db: u32) -> DbIndex {
    DbIndex(db)
}

fn content(value: &Value) -> Vec<u8> {
    value.as_string().unwrap().bytes(&mut IntText::new()).to_vec()
}

impl World {
    fn new(policy: ExpiryPolicy, digesting: bool) -> Self {
        let mut keyspace = Keyspace::new(DBS, HashKey::new([3; 16]));
        keyspace.set_watching(true);
        if digesting {
            keyspace.enable_digest();
        }
        let rng = Rng::new([5; 32]);
        let (state, unreported) = (State::new(), BTreeMap::new());
        let mut world = Self { keyspace, policy, now: 1_000_000, state, unreported, owed: None, rng };
        world.advance(0);
        world
    }

    fn advance(&mut self, ms: i64) {
        self.now += ms;
        self.keyspace.begin(self.now, self.policy);
        self.bury_expired();
    }

    /// A master's model forgets expired keys at once; the keyspace may do so later, but nobody must notice.
    fn bury_expired(&mut self) {
        if self.policy == ExpiryPolicy::Delete {
            let now = self.now;
            for (name, _) in self.state.extract_if(.., |_, (_, deadline)| deadline.is_some_and(|at| now > at))
            {
                *self.unreported.entry(name).or_default() += 1;
            }
        }
    }

    fn visible(&self, name: &Name) -> Option<&(Vec<u8>, Option<i64>)> {
        self.state.get(name).filter(|(_, deadline)| {
            self.policy == ExpiryPolicy::Ignore || !deadline.is_some_and(|at| self.now > at)
        })
    }

    fn ttl(&self, ttl: Option<i64>, keep: bool, name: &Name) -> (Ttl, Option<i64>) {
        match ttl {
            Some(ms) => (Ttl::At(self.now + ms), Some(self.now + ms)),
            None if keep => (Ttl::Keep, self.visible(name).and_then(|(_, deadline)| *deadline)),
            None => (Ttl::Clear, None),
        }
    }

    /// Puts what is physically there in line with the model, so that a snapshot's contents are known.
    fn settle(&mut self) {
        if self.policy == ExpiryPolicy::Delete {
            self.keyspace.expire_due(self.now, usize::MAX);
        }
        self.report();
    }

    fn report(&mut self) {
        let mut expired =
            vec![Expired { notice: Notice::Expired, db: at(9), key: SmallBytes::new(b"stale") }];
        self.keyspace.swap_expired(&mut expired);
        for Expired { notice: _, db, key } in expired {
            let count =
                self.unreported.get_mut(&(db.0, key.as_slice().to_vec())).expect("expired in the model");
            *count = count.checked_sub(1).expect("reported once");
        }
    }

    fn write(&mut self, op: Op) {
        match op {
            Op::Set(name, text, ms, keep) => {
                let (ttl, deadline) = self.ttl(ms, keep, &name);
                let created = self.keyspace.set(at(name.0), &name.1, Value::encode(&text), ttl);
                assert_eq!(created, self.visible(&name).is_none());
                self.state.insert(name, (text, deadline));
            }
            Op::SetBytes(name, text, ms, keep) => {
                let (ttl, deadline) = self.ttl(ms, keep, &name);
                let created = self.keyspace.set_bytes(at(name.0), &name.1, &text, ttl);
                assert_eq!(created, self.visible(&name).is_none());
                self.state.insert(name, (text, deadline));
            }
            Op::SetBig(name, byte) => {
                let text = vec![byte; 40_000];
                let value = StringValue::from_shared(Bytes::from(text.clone()));
                self.keyspace.set(at(name.0), &name.1, value.into(), Ttl::Clear);
                self.state.insert(name, (text, None));
            }
            Op::Append(name, tail) => {
                let changed = self.keyspace.update(at(name.0), &name.1, |value| {
                    value.as_string_mut().unwrap().append(&tail);
                });
                assert_eq!(changed.is_some(), self.visible(&name).is_some());
                if changed.is_some() {
                    self.state.get_mut(&name).unwrap().0.extend(tail);
                }
            }
            Op::Upsert(name, tail) => {
                let new = || StringValue::raw(vec![]).into();
                let len = self.keyspace.insert_or_update(at(name.0), &name.1, new, |value| {
                    value.as_string_mut().unwrap().append(&tail)
                });
                if self.visible(&name).is_none() {
                    self.state.insert(name.clone(), (vec![], None));
                }
                let text = &mut self.state.get_mut(&name).unwrap().0;
                text.extend(tail);
                assert_eq!(len, text.len());
            }
            _ => self.take_away(op),
        }
    }

    fn take_away(&mut self, op: Op) {
        match op {
            Op::Delete(name) => {
                let expected = self.visible(&name).is_some();
                assert_eq!(self.keyspace.delete(at(name.0), &name.1), expected);
                if expected {
                    self.state.remove(&name);
                }
            }
            Op::Remove(name) => {
                let expected = self.visible(&name).map(|(text, _)| text.clone());
                assert_eq!(self.keyspace.remove(at(name.0), &name.1).map(|value| content(&value)), expected);
                if expected.is_some() {
                    self.state.remove(&name);
                }
            }
            Op::Deadline(name, ms) => {
                let deadline = ms.map(|ms| self.now + ms);
                let old = self.visible(&name).map(|(_, deadline)| *deadline);
                let done = self.keyspace.set_deadline(at(name.0), &name.1, deadline);
                assert_eq!(done, old.is_some_and(|old| old.is_some() || deadline.is_some()));
                if done {
                    self.state.get_mut(&name).unwrap().1 = deadline;
                }
            }
            _ => unreachable!("other operations are carried out elsewhere"),
        }
    }

    fn rearrange(&mut self, op: Op) {
        match op {
            Op::Rename(name, to) => {
                let expected = self.visible(&name).is_some();
                assert_eq!(self.keyspace.rename(at(name.0), &name.1, &to), expected);
                if expected {
                    let item = self.state.remove(&name).unwrap();
                    self.state.insert((name.0, to), item);
                }
            }
            Op::Move(name, to) => {
                let target = (to, name.1.clone());
                let expected = self.visible(&name).is_some() && self.visible(&target).is_none();
                assert_eq!(self.keyspace.move_key(at(name.0), at(to), &name.1), expected);
                if expected {
                    let item = self.state.remove(&name).unwrap();
                    self.state.insert(target, item);
                }
            }
            Op::Copy(from, to, replace) => {
                let expected = match (self.visible(&from), self.visible(&to)) {
                    (None, _) => Copied::NoSource,
                    (Some(_), Some(_)) if !replace => Copied::Exists,
                    _ => Copied::Done,
                };
                let copied = self.keyspace.copy((at(from.0), &from.1), (at(to.0), &to.1), replace);
                assert_eq!(copied, expected);
                if copied == Copied::Done {
                    let item = self.state[&from].clone();
                    self.state.insert(to, item);
                }
            }
            Op::Flush(db) => {
                self.settle();
                let before = self.state.len();
                self.state.retain(|name, _| name.0 != db);
                assert_eq!(self.keyspace.flush(at(db)), before - self.state.len());
            }
            Op::FlushAll => {
                self.settle();
                assert_eq!(self.keyspace.flush_all(), self.state.len());
                self.state.clear();
            }
            Op::Swap(a, b) => {
                self.settle();
                self.keyspace.swap(at(a), at(b));
                let other = |db| {
                    if db == a {
                        b
                    } else if db == b {
                        a
                    } else {
                        db
                    }
                };
                let old = core::mem::take(&mut self.state);
                self.state = old.into_iter().map(|((db, key), item)| ((other(db), key), item)).collect();
            }
            Op::ReplaceAll(items) => {
                self.settle();
                let mut twin = self.keyspace.empty_twin();
                self.state.clear();
                for (name, text) in items {
                    twin.set_bytes(at(name.0), &name.1, &text, Ttl::At(self.now + 5));
                    self.state.insert(name, (text, Some(self.now + 5)));
                }
                self.keyspace.replace_all(twin);
            }
            _ => unreachable!("other operations are carried out elsewhere"),
        }
    }

    fn observe(&mut self, op: Op) {
        match op {
            Op::Nothing(name) => {
                let dirty = self.keyspace.dirty();
                let seen = self.keyspace.update_if(at(name.0), &name.1, |value| (false, content(value)));
                assert_eq!(seen.as_ref(), self.visible(&name).map(|(text, _)| text));
                assert_eq!(self.keyspace.dirty(), dirty);
            }
            Op::Lookup(name) => {
                let expected = self.visible(&name).cloned();
                assert_eq!(
                    self.keyspace.deadline(at(name.0), &name.1),
                    expected.as_ref().and_then(|item| item.1)
                );
                assert_eq!(self.keyspace.exists(at(name.0), &name.1), expected.is_some());
                let (hits, misses) = self.keyspace.hits_misses();
                let seen = self.keyspace.lookup(at(name.0), &name.1).map(content);
                assert_eq!(seen, expected.map(|(text, _)| text));
                let found = u64::from(seen.is_some());
                assert_eq!(self.keyspace.hits_misses(), (hits + found, misses + 1 - found));
            }
            Op::Random(db) => match self.keyspace.random_key(at(db), &mut self.rng).map(<[u8]>::to_vec) {
                Some(key) if self.policy == ExpiryPolicy::Hide => {
                    assert!(self.state.contains_key(&(db, key)));
                }
                Some(key) => assert!(self.visible(&(db, key)).is_some()),
                None => assert!(!self.state.keys().any(|name| name.0 == db)),
            },
            Op::Advance(ms) => self.advance(ms),
            Op::ExpireDue(limit) if self.policy == ExpiryPolicy::Delete => {
                let debt = self.keyspace.debt(self.now, usize::MAX);
                assert_eq!(self.keyspace.expire_due(self.now, limit), debt.min(limit));
                assert_eq!(self.keyspace.debt(self.now, usize::MAX), debt - debt.min(limit));
            }
            Op::ExpireDue(_) => {}
            Op::CloneWorld => self.keyspace = self.keyspace.clone(),
            Op::SnapshotBegin if self.owed.is_none() => {
                self.settle();
                self.keyspace.snapshot_begin();
                self.owed = Some(self.state.clone());
            }
            Op::SnapshotStep(budget) if self.owed.is_some() => self.snapshot_step(budget),
            Op::SnapshotBegin | Op::SnapshotStep(_) => {}
            Op::SnapshotAbort => {
                self.keyspace.snapshot_abort();
                self.owed = None;
            }
            _ => unreachable!("other operations are carried out elsewhere"),
        }
    }

    fn snapshot_step(&mut self, budget: usize) {
        let owed = self.owed.as_mut().unwrap();
        let done = self.keyspace.snapshot_step(budget, &mut |item| {
            let name = (item.db.0, item.key.to_vec());
            let expected = owed.remove(&name).unwrap_or_else(|| panic!("{name:?} is not owed (any more)"));
            assert_eq!((content(item.value), item.deadline), expected, "{name:?} as it was");
        });
        if done {
            assert!(owed.is_empty(), "not shown: {owed:?}");
            assert_eq!(self.keyspace.snapshot_bytes(), 0);
            self.owed = None;
        }
    }

    fn apply(&mut self, op: Op) {
        let before = self.contents();
        let dirty = self.keyspace.dirty();
        match op {
            Op::Set(..)
            | Op::SetBytes(..)
            | Op::SetBig(..)
            | Op::Append(..)
            | Op::Upsert(..)
            | Op::Delete(_)
            | Op::Remove(_)
            | Op::Deadline(..) => self.write(op),
            Op::Rename(..)
            | Op::Move(..)
            | Op::Copy(..)
            | Op::Flush(_)
            | Op::FlushAll
            | Op::Swap(..)
            | Op::ReplaceAll(_) => self.rearrange(op),
            Op::Nothing(_)
            | Op::Lookup(_)
            | Op::Random(_)
            | Op::Advance(_)
            | Op::ExpireDue(_)
            | Op::CloneWorld
            | Op::SnapshotBegin
            | Op::SnapshotStep(_)
            | Op::SnapshotAbort => self.observe(op),
        }
        self.bury_expired();
        self.report();
        self.keyspace.check();
        let after = self.contents();
        self.compare(&after);
        self.changes_were_logged(&before, &after, dirty);
        self.keyspace.clear_touched();
        drop(self.keyspace.take_garbage());
    }

    fn contents(&self) -> State {
        let mut all = State::new();
        for db in 0..DBS {
            self.keyspace.keys(at(db), |key, value| {
                let deadline = self.keyspace.deadline(at(db), key);
                assert!(all.insert((db, key.to_vec()), (content(value), deadline)).is_none());
            });
        }
        all
    }

    fn compare(&self, contents: &State) {
        let visible: State =
            self.state.keys().filter_map(|name| Some((name.clone(), self.visible(name)?.clone()))).collect();
        assert_eq!(*contents, visible);
        for db in 0..DBS {
            let mut scanned = BTreeSet::new();
            let mut cursor = 0;
            loop {
                cursor = self.keyspace.scan(at(db), cursor, 3, |key, _, expired| {
                    assert!(expired || scanned.insert((db, key.to_vec())));
                });
                if cursor == 0 {
                    break;
                }
            }
            assert!(scanned.iter().eq(contents.keys().filter(|name| name.0 == db)));
        }
        let first = self.state.values().filter_map(|(_, deadline)| *deadline).min();
        if self.policy != ExpiryPolicy::Delete {
            assert_eq!(self.keyspace.next_deadline(), first);
        }
    }

    fn changes_were_logged(&self, before: &State, after: &State, dirty: u64) {
        let mut keys = BTreeSet::new();
        let mut databases = BTreeSet::new();
        for touched in self.keyspace.touched() {
            match touched {
                Touched::Key(db, key) => drop(keys.insert((db.0, key.to_vec()))),
                Touched::Database(db) => drop(databases.insert(db.0)),
            }
        }
        for name in before.keys().chain(after.keys()) {
            let visible_before =
                before.get(name).filter(|(_, deadline)| deadline.is_none_or(|at| self.now <= at));
            if visible_before.is_some() && before.get(name) != after.get(name) || !before.contains_key(name) {
                let logged = keys.contains(name) || databases.contains(&name.0);
                assert!(logged, "change of {name:?} is not in the log");
            }
        }
        assert!(self.keyspace.dirty() >= dirty);
    }

    /// Everything that must hold when nothing is left to do.
    fn finish(mut self) {
        while self.owed.is_some() {
            self.snapshot_step(2);
        }
        self.settle();
        assert!(self.unreported.values().all(|count| *count == 0) || self.policy != ExpiryPolicy::Delete);
        for db in 0..DBS {
            assert_eq!(self.keyspace.len(at(db)), self.state.keys().filter(|name| name.0 == db).count());
        }
        // The same contents, put there in another order into a node with another seed.
        let mut other = Keyspace::new(DBS, HashKey::new([8; 16]));
        other.begin(0, ExpiryPolicy::Ignore);
        for ((db, key), (text, deadline)) in self.state.iter().rev() {
            other.set(at(*db), key, StringValue::plain(text).into(), deadline.map_or(Ttl::Clear, Ttl::At));
        }
        assert_eq!(other.digest(), self.keyspace.digest());
        self.keyspace.flush_all();
        if self.state.is_empty() {
            assert_eq!(other.digest(), self.keyspace.digest());
        } else {
            assert_ne!(other.digest(), self.keyspace.digest());
        }
        self.keyspace.check();
    }
}

fn run(policy: ExpiryPolicy, digesting: bool, ops: Vec<Op>) {
    let mut world = World::new(policy, digesting);
    for op in ops {
        world.apply(op);
    }
    world.finish();
}

proptest! {
    #[test]
    fn a_master_equals_the_model(digesting: bool, ops in prop::collection::vec(op(), 0..120)) {
        run(ExpiryPolicy::Delete, digesting, ops);
    }

    #[test]
    fn a_replica_equals_the_model(digesting: bool, ops in prop::collection::vec(op(), 0..120)) {
        run(ExpiryPolicy::Hide, digesting, ops);
    }

    #[test]
    fn a_stream_equals_the_model(digesting: bool, ops in prop::collection::vec(op(), 0..120)) {
        run(ExpiryPolicy::Ignore, digesting, ops);
    }
}

/// Many keys, so that the tables split and merge while a snapshot walks them.
#[test]
fn snapshots_hold_while_tables_grow_and_shrink() {
    let mut world = World::new(ExpiryPolicy::Delete, false);
    world.keyspace.set_watching(false);
    for round in 0..6_u64 {
        let grows = round % 2 == 0;
        world.settle();
        world.keyspace.snapshot_begin();
        world.owed = Some(world.state.clone());
        for step in 0..12_000_u64 {
            let key = std::format!("key:{}", world.rng.below(20_000)).into_bytes();
            let name = (world.rng.below(2) as u32, key);
            if world.rng.below(4) > 0 && grows {
                world.write(Op::SetBytes(name, std::format!("{step}").into_bytes(), None, true));
            } else if grows {
                world.write(Op::Append(name, vec![b'x'; 9]));
            } else {
                for _ in 0..2 {
                    if let Some((name, _)) = world.state.range(name.clone()..).next() {
                        let name = name.clone();
                        world.write(Op::Delete(name));
                    }
                }
            }
            if step % 50 == 0 && world.owed.is_some() && (round != 3 || step < 6_000) {
                world.snapshot_step(world.state.len() / 100);
            }
        }
        world.keyspace.check();
        if round == 3 {
            world.keyspace.snapshot_abort();
            world.owed = None;
            assert!(world.keyspace.has_garbage());
        }
        while world.owed.is_some() {
            world.snapshot_step(100);
        }
    }
    world.finish();
}

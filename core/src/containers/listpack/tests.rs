//! Listpacks against a naive list.

use super::*;
use crate::base::number::IntText;
use alloc::vec::Vec;
use proptest::prelude::*;

fn texts(pack: &Listpack) -> Vec<Vec<u8>> {
    pack.iter().map(|e| e.text(&mut IntText::new()).to_vec()).collect()
}

fn agree(pack: &Listpack, model: &[Vec<u8>]) {
    pack.check();
    assert_eq!(pack.len(), model.len());
    assert_eq!(texts(pack), model);
    let back: Vec<_> = pack.iter().rev().map(|e| e.text(&mut IntText::new()).to_vec()).collect();
    assert!(back.iter().rev().eq(model.iter()));
    let blob = pack.to_blob();
    assert_eq!(blob.len(), pack.blob_len());
    let read = Listpack::from_blob(&blob).expect("our own bytes");
    read.check();
    assert_eq!(texts(&read), model);
}

/// Elements around every limit of the encoding.
fn element() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => proptest::collection::vec(any::<u8>(), 0..12),
        3 => any::<i64>().prop_map(|n| std::format!("{n}").into_bytes()),
        3 => (-140..140_i64).prop_map(|n| std::format!("{n}").into_bytes()),
        2 => prop_oneof![-4100..4100_i64, -33000..33000_i64, -8400000..8400000_i64, -2200000000..2200000000_i64]
            .prop_map(|n| std::format!("{n}").into_bytes()),
        1 => prop_oneof![60..70_usize, 120..140_usize, 4090..4100_usize, 16370..16390_usize]
            .prop_map(|n| vec![b'x'; n]),
        1 => prop_oneof![Just(b"-0".to_vec()), Just(b"007".to_vec()), Just(b"+1".to_vec()), Just(b"".to_vec())],
    ]
}

#[derive(Clone, Debug)]
enum Op {
    Back(Vec<u8>),
    Front(Vec<u8>),
    Before(usize, Vec<u8>),
    After(usize, Vec<u8>),
    Replace(usize, Vec<u8>),
    Remove(usize, usize),
    PopFront,
    PopBack,
    Split(usize),
    Find(Vec<u8>, usize),
    RemoveEqual(Vec<u8>, usize, bool),
    Shrink,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        3 => element().prop_map(Op::Back),
        3 => element().prop_map(Op::Front),
        2 => (any::<usize>(), element()).prop_map(|(i, e)| Op::Before(i, e)),
        2 => (any::<usize>(), element()).prop_map(|(i, e)| Op::After(i, e)),
        2 => (any::<usize>(), element()).prop_map(|(i, e)| Op::Replace(i, e)),
        1 => (any::<usize>(), 0..5_usize).prop_map(|(i, n)| Op::Remove(i, n)),
        2 => Just(Op::PopFront),
        2 => Just(Op::PopBack),
        1 => any::<usize>().prop_map(Op::Split),
        1 => (element(), 0..2_usize).prop_map(|(e, n)| Op::Find(e, n)),
        1 => (element(), 0..4_usize, any::<bool>()).prop_map(|(e, n, b)| Op::RemoveEqual(e, n, b)),
        1 => Just(Op::Shrink),
    ]
}

fn apply(pack: &mut Listpack, model: &mut Vec<Vec<u8>>, op: Op) {
    let place = |i: usize, model: &Vec<Vec<u8>>| (!model.is_empty()).then(|| i % model.len());
    match op {
        Op::Back(e) => {
            pack.push_back(&*e);
            model.push(e);
        }
        Op::Front(e) => {
            pack.push_front(&*e);
            model.insert(0, e);
        }
        Op::Before(i, e) | Op::After(i, e) if model.is_empty() => {
            assert!(pack.seek(i).is_none());
            pack.push_back(&*e);
            model.push(e);
        }
        Op::Before(i, e) => {
            let i = i % model.len();
            let cursor = pack.insert_before(pack.seek(i).unwrap(), &*e);
            assert!(pack.get(cursor).is(&e));
            model.insert(i, e);
        }
        Op::After(i, e) => {
            let i = i % model.len();
            let cursor = pack.insert_after(pack.seek(i).unwrap(), &*e);
            assert!(pack.get(cursor).is(&e));
            model.insert(i + 1, e);
        }
        Op::Replace(i, e) => {
            if let Some(i) = place(i, model) {
                let cursor = pack.replace(pack.seek(i).unwrap(), &*e);
                assert!(pack.get(cursor).is(&e));
                model[i] = e;
            }
        }
        Op::Remove(i, n) => {
            if let Some(i) = place(i, model) {
                let follows = pack.remove_range(pack.seek(i).unwrap(), n);
                model.drain(i..model.len().min(i + n));
                assert_eq!(follows, pack.seek(i));
            }
        }
        Op::PopFront => {
            if let Some(cursor) = pack.first() {
                pack.remove(cursor);
                model.remove(0);
            }
        }
        Op::PopBack => {
            if let Some(cursor) = pack.last() {
                assert!(pack.remove(cursor).is_none());
                model.pop();
            }
        }
        Op::Split(i) => {
            if let Some(i) = place(i, model) {
                let tail = pack.split_off(pack.seek(i).unwrap());
                let model_tail = model.split_off(i);
                agree(&tail, &model_tail);
                agree(pack, model);
                pack.append(&tail);
                model.extend(model_tail);
            }
        }
        Op::Find(e, skip) => {
            let wanted = model.first().cloned().filter(|_| e.len() % 2 == 0).unwrap_or(e);
            let expected = (0..model.len()).step_by(skip + 1).find(|i| model[*i] == wanted);
            let found = pack.find(&*wanted, pack.first(), skip);
            assert_eq!(found, expected.and_then(|i| pack.seek(i)));
        }
        Op::RemoveEqual(e, max, backwards) => {
            let wanted = model.last().cloned().filter(|_| e.len() % 2 == 0).unwrap_or(e);
            let removed = pack.remove_equal(&*wanted, max, backwards);
            let mut all: Vec<_> = (0..model.len()).filter(|i| model[*i] == wanted).collect();
            if !backwards {
                all.reverse();
            }
            all.drain(..all.len().saturating_sub(max));
            assert_eq!(removed, all.len());
            all.sort_unstable();
            all.iter().rev().for_each(|i| drop(model.remove(*i)));
        }
        Op::Shrink => {
            pack.shrink_to_fit();
            assert!(pack.capacity() <= pack.blob_len() + HEADER + 16);
        }
    }
}

proptest! {
    #[test]
    fn equals_a_vector(ops in proptest::collection::vec(op(), 0..120)) {
        let (mut pack, mut model) = (Listpack::new(), Vec::new());
        for op in ops {
            apply(&mut pack, &mut model, op);
            pack.check();
        }
        agree(&pack, &model);
        let mut copy = pack.clone();
        assert_eq!(copy.capacity(), pack.capacity());
        copy.push_back(7);
        model.push(b"7".to_vec());
        agree(&copy, &model);
    }

    #[test]
    fn damaged_bytes_are_refused_or_sound(
        elements in proptest::collection::vec(element(), 0..6),
        at in any::<usize>(),
        byte in any::<u8>(),
    ) {
        let pack: Listpack = elements.iter().map(|e| &**e).collect();
        let mut blob = pack.to_blob();
        let at = at % blob.len();
        blob[at] = byte;
        if let Some(read) = Listpack::from_blob(&blob) {
            read.check();
        }
        blob.truncate(at);
        prop_assert!(Listpack::from_blob(&blob).is_none());
    }
}

#[test]
fn known_bytes() {
    let pack: Listpack = [&b"1"[..], b"-1", b"ab", b"300000"].into_iter().collect();
    assert_eq!(
        pack.to_blob(),
        [21, 0, 0, 0, 4, 0, 1, 1, 0xdf, 0xff, 2, 0x82, b'a', b'b', 3, 0xf2, 0xe0, 0x93, 0x04, 4, 0xff]
    );
}

#[test]
fn other_encodings_of_the_same_become_the_shortest() {
    // "5" as text, 7 in 16 bits.
    let blob = [14, 0, 0, 0, 2, 0, 0x81, b'5', 2, 0xf1, 7, 0, 3, 0xff];
    let pack = Listpack::from_blob(&blob).unwrap();
    pack.check();
    assert_eq!(pack.iter().collect::<Vec<_>>(), [Element::Int(5), Element::Int(7)]);
}

#[test]
fn both_ends_are_cheap_and_memory_is_given_back() {
    let mut pack = Listpack::new();
    for n in 0..1000_i64 {
        pack.push_front(n);
        pack.push_back(n);
    }
    let full = pack.capacity();
    assert!(full < pack.blob_len() * 5 / 4, "{full} for {}", pack.blob_len());
    // A queue in steady state keeps its block.
    for n in 0..10_000_i64 {
        pack.push_front(n % 1000);
        pack.remove(pack.last().unwrap());
    }
    assert!(pack.capacity() <= full * 5 / 4, "{full} became {}", pack.capacity());
    while pack.len() > 3 {
        pack.remove(pack.first().unwrap());
    }
    assert!(pack.capacity() <= 64);
    pack.check();
}

#[test]
fn ten_short_elements_take_little() {
    let mut pack = Listpack::new();
    for _ in 0..10 {
        pack.push_back(&b"member:12"[..]);
    }
    assert_eq!((pack.blob_len(), pack.capacity()), (117, 120));
}

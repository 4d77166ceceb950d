//! Long lists against a naive list.

use super::*;
use crate::base::number::IntText;
use alloc::vec;
use alloc::vec::Vec;
use bytes::Bytes;
use proptest::prelude::*;

fn texts<'a>(walk: impl Iterator<Item = Item<'a>>) -> Vec<Vec<u8>> {
    walk.map(|item| item.text(&mut IntText::new()).to_vec()).collect()
}

fn agree(list: &Quicklist, model: &[Vec<u8>]) {
    list.check();
    assert_eq!(list.len(), model.len());
    assert_eq!(texts(list.range(0, usize::MAX, true)), model);
    let mut back = texts(list.range(model.len().saturating_sub(1), usize::MAX, false));
    back.reverse();
    assert_eq!(back, model);
    assert_eq!(list.clone().heap_bytes(), list.heap_bytes());
    list.clone().check();
}

fn element() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        6 => (0..20_i64).prop_map(|n| std::format!("{n}").into_bytes()),
        4 => proptest::collection::vec(any::<u8>(), 0..40),
        1 => (1000..3000_usize).prop_map(|n| vec![b'm'; n]),
        1 => (8180..8200_usize).prop_map(|n| vec![b'b'; n]),
        1 => (20_000..20_010_usize).prop_map(|n| vec![b'c'; n]),
    ]
}

#[derive(Clone, Debug)]
enum Op {
    Push(bool, Vec<u8>, usize),
    Pop(bool, usize),
    Insert(usize, bool, Vec<u8>),
    Replace(usize, Vec<u8>),
    RemoveRange(usize, usize),
    RemoveEqual(usize, usize, bool),
    Range(usize, usize, bool),
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        6 => (any::<bool>(), element(), 1..12_usize).prop_map(|(b, e, n)| Op::Push(b, e, n)),
        3 => (any::<bool>(), 1..5_usize).prop_map(|(b, n)| Op::Pop(b, n)),
        4 => (any::<usize>(), any::<bool>(), element()).prop_map(|(i, b, e)| Op::Insert(i, b, e)),
        3 => (any::<usize>(), element()).prop_map(|(i, e)| Op::Replace(i, e)),
        1 => (any::<usize>(), 0..30_usize).prop_map(|(i, n)| Op::RemoveRange(i, n)),
        1 => (any::<usize>(), 0..4_usize, any::<bool>()).prop_map(|(i, n, b)| Op::RemoveEqual(i, n, b)),
        2 => (any::<usize>(), 0..50_usize, any::<bool>()).prop_map(|(i, n, b)| Op::Range(i, n, b)),
    ]
}

fn end(back: bool) -> End {
    if back { End::Back } else { End::Front }
}

fn apply(list: &mut Quicklist, model: &mut Vec<Vec<u8>>, op: Op, limit: Limit) {
    let place = |i: usize, model: &Vec<Vec<u8>>| i % model.len().max(1);
    match op {
        Op::Push(back, e, n) => {
            for _ in 0..n {
                let shared = Bytes::copy_from_slice(&e);
                let item = if e.len() > 10_000 { Item::Big(&shared) } else { Item::from(&*e) };
                list.push(end(back), item, limit);
                model.insert(if back { model.len() } else { 0 }, e.clone());
            }
        }
        Op::Pop(back, n) => {
            for _ in 0..n {
                let got = list.pop(end(back), |item| item.to_bytes().to_vec());
                let wanted = if back { model.pop() } else { (!model.is_empty()).then(|| model.remove(0)) };
                assert_eq!(got, wanted);
            }
        }
        Op::Insert(i, after, e) if !model.is_empty() => {
            let i = place(i, model);
            list.insert(i, after, Item::from(&*e), limit);
            model.insert(i + usize::from(after), e);
        }
        Op::Replace(i, e) if !model.is_empty() => {
            let i = place(i, model);
            list.replace(i, Item::from(&*e), limit);
            model[i] = e;
        }
        Op::Insert(..) | Op::Replace(..) => {}
        Op::RemoveRange(i, n) => {
            let i = place(i, model);
            list.remove_range(i, n);
            model.drain(i..model.len().min(i + n));
        }
        Op::RemoveEqual(i, n, backwards) => {
            let Some(wanted) = model.get(place(i, model)).cloned() else { return };
            let max = if n == 0 { usize::MAX } else { n };
            let mut all: Vec<_> = (0..model.len()).filter(|i| model[*i] == wanted).collect();
            if !backwards {
                all.reverse();
            }
            all.drain(..all.len().saturating_sub(max));
            all.sort_unstable();
            assert_eq!(list.remove_equal(Needle::new(&wanted), max, backwards), all.len());
            all.iter().rev().for_each(|i| drop(model.remove(*i)));
        }
        Op::Range(i, n, forwards) => {
            let i = place(i, model);
            let got = texts(list.range(i, n, forwards));
            let wanted: Vec<_> = match (forwards, model.is_empty()) {
                (_, true) => Vec::new(),
                (true, _) => model[i..].iter().take(n).cloned().collect(),
                (false, _) => model[..=i].iter().rev().take(n).cloned().collect(),
            };
            assert_eq!(got, wanted);
            let mut folded = Vec::new();
            list.range(i, n, forwards).for_each(|item| folded.push(item.to_bytes().to_vec()));
            assert_eq!(folded, wanted);
            assert_eq!(list.get(i).map(|item| item.to_bytes().to_vec()), model.get(i).cloned());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn equals_a_vector(
        ops in proptest::collection::vec(op(), 0..150),
        limit in prop_oneof![Just(-2), Just(-1), Just(1), Just(2), Just(7), Just(0), Just(-9)],
    ) {
        let (mut list, mut model) = (Quicklist::new(), Vec::new());
        for op in ops {
            apply(&mut list, &mut model, op, Limit::new(limit));
            list.check();
        }
        agree(&list, &model);
    }
}

#[test]
fn many_nodes_in_many_chunks() {
    let limit = Limit::new(1);
    let (mut list, mut model) = (Quicklist::new(), Vec::new());
    for n in 0..2000_usize {
        let text = std::format!("{n}").into_bytes();
        match n % 3 {
            0 => list.push(End::Back, Item::from(&*text), limit),
            1 => list.push(End::Front, Item::from(&*text), limit),
            _ => list.insert(n * 31 % list.len(), true, Item::from(&*text), limit),
        }
        match n % 3 {
            0 => model.push(text),
            1 => model.insert(0, text),
            _ => model.insert(n * 31 % model.len() + 1, text),
        }
    }
    agree(&list, &model);
    assert_eq!(list.node_count(), 2000);
    assert!(list.chunks.len() >= 8);
    for index in (0..2000).step_by(7) {
        assert_eq!(list.get(index).map(|item| item.to_bytes().to_vec()), model.get(index).cloned());
    }
    list.remove_range(5, 1000);
    model.drain(5..1005);
    agree(&list, &model);
    for n in 0..900 {
        let index = n * 17 % model.len();
        list.remove_range(index, 1);
        model.remove(index);
    }
    agree(&list, &model);
    assert!(list.chunks.len() <= 8, "{} chunks", list.chunks.len());
}

#[test]
fn nodes_are_filled_up_to_the_limit() {
    let mut list = Quicklist::new();
    for _ in 0..10_000 {
        list.push(End::Back, Item::from(&b"0123456789"[..]), Limit::new(-2));
    }
    // 12 bytes each; a node takes another while 7 bytes, what it holds, 10 and 8 stay within 8192.
    let sizes: Vec<_> = list.nodes().map(Node::len).collect();
    assert!(sizes[..sizes.len() - 1].iter().all(|len| *len == 681), "{sizes:?}");
    let per = list.heap_bytes() as f64 / 10_000.0;
    assert!(per < 12.2, "{per} bytes for each element");
}

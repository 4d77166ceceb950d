//! The log of a stream against a naive map.

use super::*;
use crate::base::number::IntText;
use alloc::vec;
use alloc::vec::Vec;
use proptest::prelude::*;

type Model = Vec<(StreamId, Vec<Vec<u8>>)>;

fn content(entry: &Entry<'_>) -> (StreamId, Vec<Vec<u8>>) {
    (entry.id, entry.elements().map(|e| e.text(&mut IntText::new()).to_vec()).collect())
}

fn all(log: &StreamLog) -> Model {
    log.range(StreamId::MIN, StreamId::MAX).0.map(|e| content(&e)).collect()
}

fn append(log: &mut StreamLog, id: StreamId, fields: &[Vec<u8>], limit: NodeLimit) {
    log.append(id, fields.iter().map(Vec::as_slice), limit);
}

#[derive(Clone, Debug)]
enum Op {
    Append { ms: u64, seq: u64, fields: Vec<Vec<u8>> },
    Remove(usize),
    RemoveId(u64, u64),
    TrimLen { keep: usize, whole: bool, limit: u64 },
    TrimId { at: usize, whole: bool },
    Range(usize, usize),
    Reload,
    Share,
}

fn fields() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let word = prop_oneof![
        Just(b"f".to_vec()),
        Just(b"g".to_vec()),
        Just(b"12".to_vec()),
        Just(b"-5000000".to_vec()),
        Just(vec![b'x'; 70]),
        Just(Vec::new()),
    ];
    prop_oneof![
        3 => prop::collection::vec(word.clone(), 1).prop_map(|v| vec![b"name".to_vec(), v[0].clone()]),
        1 => prop::collection::vec(word, 1..4).prop_map(|v| v.iter().flat_map(|w| [w.clone(), w.clone()]).collect()),
    ]
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        12 => (0..4_u64, 0..3_u64, fields()).prop_map(|(ms, seq, fields)| Op::Append { ms, seq, fields }),
        3 => (0..64_usize).prop_map(Op::Remove),
        1 => (0..40_u64, 0..3_u64).prop_map(|(ms, seq)| Op::RemoveId(ms, seq)),
        1 => (0..60_usize, any::<bool>(), 0..20_u64).prop_map(|(keep, whole, limit)| Op::TrimLen { keep, whole, limit }),
        1 => (0..20_usize, any::<bool>()).prop_map(|(at, whole)| Op::TrimId { at, whole }),
        2 => (0..64_usize, 0..64_usize).prop_map(|(a, b)| Op::Range(a, b)),
        1 => Just(Op::Reload),
        1 => Just(Op::Share),
    ]
}

fn reload(log: &StreamLog) -> StreamLog {
    let mut copy = StreamLog::default();
    for (base, pack) in log.nodes() {
        copy.load_node(base, &pack.to_blob()).expect("a sound node");
    }
    copy
}

/// Trims the model; answers whether `removed` is right when only whole nodes go.
fn trim_model(model: &mut Model, log: &StreamLog, keep: Keep, whole: bool, removed: u64) {
    let drop = match keep {
        Keep::Last(n) => model.len().saturating_sub(n as usize),
        Keep::From(id) => model.iter().filter(|(i, _)| *i < id).count(),
    };
    if whole {
        assert!(removed as usize <= drop);
        model.drain(..removed as usize);
    } else {
        assert_eq!(removed as usize, drop);
        model.drain(..drop);
    }
    assert_eq!(log.len() as usize, model.len());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn equals_the_model(
        ops in prop::collection::vec(op(), 0..200),
        bytes in prop_oneof![Just(0), Just(1), Just(200), Just(4096)],
        entries in prop_oneof![Just(0), Just(1), Just(3), Just(7), Just(100)],
    ) {
        let limit = NodeLimit { bytes, entries };
        let (mut log, mut model) = (StreamLog::default(), Model::new());
        let mut last = StreamId::MIN;
        let mut copies: Vec<(StreamLog, Model)> = Vec::new();
        for op in ops {
            match op {
                Op::Append { ms, seq, fields } => {
                    let wanted = StreamId::new(last.ms + ms, if ms > 0 { seq } else { last.seq + seq + 1 });
                    append(&mut log, wanted, &fields, limit);
                    model.push((wanted, fields));
                    last = wanted;
                }
                Op::Remove(n) if !model.is_empty() => {
                    let (id, _) = model.remove(n % model.len());
                    assert!(log.remove(id));
                    assert!(!log.remove(id) && !log.contains(id));
                }
                Op::Remove(_) => {}
                Op::RemoveId(ms, seq) => {
                    let id = StreamId::new(ms, seq);
                    let at = model.iter().position(|(i, _)| *i == id);
                    assert_eq!(log.contains(id), at.is_some());
                    assert_eq!(log.remove(id), at.is_some());
                    at.map(|at| model.remove(at));
                }
                Op::TrimLen { keep, whole, limit } => {
                    let keep = Keep::Last(keep as u64);
                    let limit = if whole { limit } else { 0 };
                    let removed = log.trim(keep, whole, limit);
                    assert!(limit == 0 || removed <= limit);
                    trim_model(&mut model, &log, keep, whole, removed);
                }
                Op::TrimId { at, whole } => {
                    let id = model.get(at).map_or(StreamId::new(3, 1), |(id, _)| *id);
                    let removed = log.trim(Keep::From(id), whole, 0);
                    trim_model(&mut model, &log, Keep::From(id), whole, removed);
                }
                Op::Range(a, b) => {
                    let id = |n: usize| model.get(n).map_or(StreamId::new(n as u64, 1), |(id, _)| *id);
                    let (start, end) = (id(a), id(b));
                    let expected: Model =
                        model.iter().filter(|(i, _)| start <= *i && *i <= end).cloned().collect();
                    let (forward, backward) = log.range(start, end);
                    assert_eq!(forward.map(|e| content(&e)).collect::<Model>(), expected.clone());
                    let back: Model = backward.map(|e| content(&e)).collect();
                    assert_eq!(back, expected.into_iter().rev().collect::<Model>());
                }
                Op::Reload => log = reload(&log),
                Op::Share => copies.push((log.clone(), model.clone())),
            }
            log.check();
            assert_eq!(log.len() as usize, model.len());
        }
        assert_eq!(log.last(), model.last().map(|(id, _)| *id));
        copies.push((log, model));
        for (log, model) in copies {
            log.check();
            assert_eq!(all(&log), model);
        }
    }

    #[test]
    fn nothing_from_outside_panics(blob in prop::collection::vec(any::<u8>(), 0..60), flip in 0..400_usize, to: u8) {
        let _ = StreamLog::default().load_node(StreamId::MIN, &blob);
        let mut log = StreamLog::default();
        let limit = NodeLimit { bytes: 4096, entries: 100 };
        for n in 1..6_u64 {
            append(&mut log, StreamId::new(n, n), &[b"f".to_vec(), vec![b'v'; n as usize * 20]], limit);
        }
        append(&mut log, StreamId::new(9, 0), &[b"own".to_vec(), b"5".to_vec()], limit);
        log.remove(StreamId::new(2, 2));
        let (base, pack) = log.nodes().next().unwrap();
        let mut blob = pack.to_blob();
        let at = flip % blob.len();
        blob[at] = to;
        let mut copy = StreamLog::default();
        if copy.load_node(base, &blob).is_some() {
            copy.check();
            all(&copy);
            copy.trim(Keep::Last(1), false, 0);
            copy.check();
        }
    }
}

#[test]
fn a_node_is_full_by_bytes_or_entries() {
    let limit = NodeLimit { bytes: 4096, entries: 100 };
    let mut log = StreamLog::default();
    for n in 1..=250 {
        append(&mut log, StreamId::new(n, 0), &[b"f".to_vec(), b"v".to_vec()], limit);
    }
    assert_eq!(log.node_count(), 3);
    for n in 251..=260 {
        append(&mut log, StreamId::new(n, 0), &[b"f".to_vec(), vec![b'v'; 2000]], limit);
    }
    assert_eq!(log.node_count(), 3 + 4 + 1);
    log.check();
}

#[test]
fn positions_at_the_edges() {
    let limit = NodeLimit { bytes: 0, entries: 0 };
    let mut log = StreamLog::default();
    for id in [StreamId::new(0, 1), StreamId::new(5, u64::MAX), StreamId::new(u64::MAX, 0), StreamId::MAX] {
        append(&mut log, id, &[b"f".to_vec(), b"v".to_vec()], limit);
        assert!(log.contains(id));
    }
    log.check();
    assert_eq!((log.first(), log.last()), (StreamId::new(0, 1), Some(StreamId::MAX)));
    assert!(log.after(StreamId::MAX).is_none());
    assert_eq!(log.after(StreamId::new(5, u64::MAX)).map(Iterator::count), Some(2));
    assert_eq!(StreamId::MAX.next().or(StreamId::MIN.prev()), None);
}

#[test]
fn a_long_stream_is_dense() {
    let limit = NodeLimit { bytes: 4096, entries: 100 };
    let mut log = StreamLog::default();
    let mut plain = 0;
    for n in 0..20_000_u64 {
        let value = std::format!("value:{n}").into_bytes();
        plain += value.len();
        append(&mut log, StreamId::new(1_700_000_000_000 + n, 0), &[b"field".to_vec(), value], limit);
    }
    let blobs: usize = log.nodes().map(|(_, pack)| pack.blob_len()).sum();
    assert!(log.heap_bytes() < blobs + blobs / 20, "{} of {blobs} bytes in listpacks", log.heap_bytes());
    assert!(blobs < plain * 2);
}

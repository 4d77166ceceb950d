//! Streams against a naive model.

use super::*;
use alloc::vec;
use alloc::vec::Vec;
use proptest::prelude::*;

const LIMIT: NodeLimit = NodeLimit { bytes: 4096, entries: 3 };

fn id(n: u64) -> StreamId {
    StreamId::new(n, 0)
}

fn filled(count: u64) -> Stream {
    let mut stream = Stream::new();
    for n in 1..=count {
        let position = stream.entries().position(Wanted::Exactly(id(n))).unwrap();
        stream.append(position, [&b"f"[..], b"v"].into_iter(), LIMIT);
    }
    stream
}

fn digest(stream: &Stream) -> u128 {
    let mut digest = Digest::new();
    stream.digest_into(&mut digest);
    digest.finish()
}

#[test]
fn positions_rise() {
    let mut stream = Stream::new();
    let at = |stream: &Stream, wanted| stream.entries().position(wanted);
    assert_eq!(at(&stream, Wanted::Exactly(StreamId::MIN)), Err(NoPosition::TooSmall));
    assert_eq!(at(&stream, Wanted::Millis(0)), Ok(StreamId::new(0, 1)));
    assert_eq!(at(&stream, Wanted::Now(7)), Ok(id(7)));
    stream.set_counters(StreamId::new(7, u64::MAX), None, None);
    assert_eq!(at(&stream, Wanted::Now(7)), Ok(id(8)));
    assert_eq!(at(&stream, Wanted::Now(3)), Ok(id(8)));
    assert_eq!(at(&stream, Wanted::Millis(7)), Err(NoPosition::TooSmall));
    assert_eq!(at(&stream, Wanted::Millis(6)), Err(NoPosition::TooSmall));
    stream.set_counters(StreamId::MAX, None, None);
    assert_eq!(at(&stream, Wanted::Now(9)), Err(NoPosition::Exhausted));
}

#[test]
fn what_was_read_is_told_only_when_it_is_known() {
    let mut stream = filled(5);
    assert_eq!(stream.entries().added_up_to(id(0)), Some(0));
    assert_eq!(stream.entries().added_up_to(id(1)), Some(1));
    assert_eq!(stream.entries().added_up_to(id(3)), None);
    assert_eq!(stream.entries().added_up_to(id(5)), Some(5));
    assert_eq!(stream.entries().added_up_to(id(6)), None);
    stream.trim(Keep::Last(3), false, 0);
    assert_eq!(stream.entries().added_up_to(id(1)), Some(2));
    assert_eq!(stream.entries().added_up_to(id(3)), Some(3));
    stream.remove(id(4));
    assert_eq!(stream.entries().added_up_to(id(3)), None);
    assert!(stream.entries().has_gap_from(id(4)) && !stream.entries().has_gap_from(id(5)));
    stream.trim(Keep::Last(0), false, 0);
    assert_eq!(stream.entries().added_up_to(id(2)), Some(5));
    stream.check();
}

#[test]
fn digest_sees_content_and_not_layout() {
    let (mut one, mut other) = (filled(9), filled(9));
    one.trim(Keep::Last(2), false, 0);
    other.trim(Keep::Last(5), true, 0);
    assert_ne!(digest(&one), digest(&other));
    other.trim(Keep::From(id(8)), false, 0);
    assert_eq!(digest(&one), digest(&other));
    assert!(one.create_group(b"g", id(8), None) && !one.create_group(b"g", id(1), None));
    assert_ne!(digest(&one), digest(&other));
    other.create_group(b"g", id(8), Some(3));
    assert_eq!(digest(&one), digest(&other));
    other.edit_group(b"g", |_, group| group.join(b"c", 5));
    assert_ne!(digest(&one), digest(&other));
    one.edit_group(b"g", |_, group| group.join(b"c", 9));
    assert_eq!(digest(&one), digest(&other));
    let assign = |stream: &mut Stream, count| {
        stream.edit_group(b"g", |_, group| {
            let owner = group.member(b"c").unwrap();
            group.assign(id(9), Pending { delivered_ms: 1, count, owner });
        });
    };
    assign(&mut one, 1);
    assert_ne!(digest(&one), digest(&other));
    assign(&mut other, 2);
    assert_eq!(digest(&one), digest(&other));
    assert!(one.remove_group(b"g") && !one.remove_group(b"g"));
    one.check();
}

proptest! {
    #[test]
    fn who_holds_what(ops in prop::collection::vec((0..5_u8, 0..4_usize, 0..12_u64), 0..150)) {
        let names: [&[u8]; 4] = [b"a", b"b", b"c", b"a consumer with a name too long to lie inline"];
        let mut stream = filled(3);
        stream.create_group(b"a group with a name too long to lie inline", id(0), None);
        let group = &b"a group with a name too long to lie inline"[..];
        let mut model: Vec<(u64, usize)> = vec![];
        let mut present = [false; 4];
        for (op, who, n) in ops {
            stream.edit_group(group, |_, group| match op {
                0..=2 => {
                    let (owner, new) = group.join(names[who], 1);
                    assert_eq!(new, !present[who]);
                    present[who] = true;
                    group.assign(id(n), Pending { delivered_ms: 1, count: 1, owner });
                    model.retain(|(m, _)| *m != n);
                    model.push((n, who));
                }
                3 => {
                    let before = model.len();
                    model.retain(|(m, _)| *m != n);
                    assert_eq!(group.acknowledge(id(n)), model.len() < before);
                }
                _ => {
                    let before = model.len();
                    model.retain(|(_, w)| *w != who);
                    let expected = present[who].then_some(before - model.len());
                    assert_eq!(group.leave(names[who]), expected);
                    present[who] = false;
                }
            });
            stream.check();
        }
        let state = stream.group(group).unwrap();
        model.sort_unstable();
        let waiting: Vec<_> = state
            .pending(..)
            .map(|(id, p)| (id.ms, names.iter().position(|n| *n == state.consumer(p.owner).name()).unwrap()))
            .collect();
        assert_eq!(waiting, model);
    }
}

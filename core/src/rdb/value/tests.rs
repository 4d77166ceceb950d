//! Every value comes back as it was, in every version.

use super::super::{Event, Object, Reader, ReaderOptions, WriterOptions};
use super::*;
use crate::base::crc::crc64;
use crate::rdb::{BlobKind, dump_value, open_dump};
use crate::value::{Digest, HashValue, SetForm, SetValue};
use alloc::vec::Vec;
use bytes::Bytes;
use proptest::prelude::*;

fn secret() -> HashKey {
    HashKey::new([5; 16])
}

fn digest(value: &Value) -> u128 {
    let mut digest = Digest::new();
    value.digest_into(&mut digest);
    digest.finish()
}

/// The object that is written for a value.
fn written(value: &Value, version: u16) -> Object {
    let mut writer = Writer::new(WriterOptions { version, ..WriterOptions::default() });
    write_key(&mut writer, b"k", &Meta::default(), value);
    let mut reader = Reader::new(ReaderOptions::default());
    reader.feed(&writer.finish());
    loop {
        match reader.next_event().expect("sound") {
            Some(Event::Key(entry)) => return entry.value,
            Some(_) => {}
            None => panic!("no key"),
        }
    }
}

fn hash(pairs: usize, long: bool) -> Value {
    let mut hash = HashValue::new();
    let limits = Forms::default().hash;
    for n in 0..pairs {
        let value = if long && n == 0 { "x".repeat(40_000) } else { std::format!("{}", n * 37_000) };
        hash.set(std::format!("f{n}").as_bytes(), value.as_bytes(), limits, &secret());
    }
    Value::Hash(hash)
}

fn set(members: usize, name: &str) -> Value {
    let limits = Forms::default().set;
    let mut set = SetValue::empty(SetForm::Ints, &secret());
    for n in 0..members {
        set.add(Item::Text(std::format!("{name}{}", n * 300).as_bytes()), limits, &secret());
    }
    Value::Set(set)
}

fn zset(members: usize) -> Value {
    let (entries, value) = Forms::default().zset;
    let limits = crate::value::ZSetLimits { entries, value, hash: secret() };
    let mut set = crate::value::ZSet::new(1, 1, &limits);
    for n in 0..members {
        let score = [0.5, -3.0, f64::INFINITY, 1e300, -0.0][n % 5] * (1 + n / 5) as f64;
        set.update(std::format!("m{n}").as_bytes(), &limits, |_| Some(score));
    }
    Value::ZSet(set)
}

fn list(elements: usize) -> Value {
    use crate::containers::quicklist::{End, Item};
    let limit = Limit::new(Forms::default().list);
    let mut list = crate::value::List::new();
    for n in 0..elements {
        let text = std::format!("{}", n * n * 7_919);
        list.make_room(text.len(), 1, limit);
        list.push(End::Back, Item::from(text.as_bytes()), limit);
    }
    Value::List(list)
}

#[test]
fn everything_comes_back() {
    let values = [
        hash(3, false),
        hash(600, false),
        hash(2, true),
        set(5, ""),
        set(600, ""),
        set(5, "m"),
        set(300, "m"),
        zset(3),
        zset(200),
        list(5),
        list(3_000),
    ];
    for value in &values {
        for version in [9, 10, 11] {
            let object = written(value, version);
            let oldest = match object.type_id() {
                20..=21 => 11,
                16..=19 => 10,
                _ => 0,
            };
            assert!(oldest <= version, "type {} in version {version}", object.type_id());
            let back = value_of(object, &Forms::default(), &secret()).expect("whole");
            back.check();
            assert_eq!((back.encoding(), digest(&back)), (value.encoding(), digest(value)));
        }
    }
}

#[test]
fn limits_decide_the_encoding() {
    let small = Forms {
        hash: HashLimits { pairs: 2, bytes: 64 },
        set: SetLimits { ints: 2, members: 2, bytes: 64 },
        ..Forms::default()
    };
    for value in [hash(3, false), set(3, ""), set(3, "m")] {
        for version in [9, 11] {
            let back = value_of(written(&value, version), &small, &secret()).expect("whole");
            assert_eq!((back.encoding(), digest(&back)), ("hashtable", digest(&value)));
        }
    }
}

#[test]
fn doubles_halves_and_nothing_are_refused() {
    let text = |text: &'static str| Bytes::from_static(text.as_bytes());
    let pack = |items: &[&str]| {
        let pack: Listpack = items.iter().map(|item| item.as_bytes()).collect();
        Bytes::from(pack.to_blob())
    };
    let hash = |items: &[&str]| Object::Blob(BlobKind::HashListpack, pack(items));
    let cases: Vec<(Object, Unfit)> = alloc::vec![
        (Object::Set(alloc::vec![text("a"), text("b"), text("a")]), Unfit::Damaged("set")),
        (Object::Set(Vec::new()), Unfit::Empty),
        (Object::Blob(BlobKind::SetListpack, pack(&["a", "1", "a"])), Unfit::Damaged("set")),
        (Object::Blob(BlobKind::SetListpack, pack(&[])), Unfit::Empty),
        (Object::Blob(BlobKind::SetIntset, text("nonsense")), Unfit::Damaged("set")),
        (hash(&["f", "1", "f", "2"]), Unfit::Damaged("hash")),
        (hash(&["f", "1", "g"]), Unfit::Damaged("hash")),
        (hash(&[]), Unfit::Empty),
        (Object::Hash(alloc::vec![(text("f"), text("1")), (text("f"), text("1"))]), Unfit::Damaged("hash"),),
    ];
    for (object, unfit) in cases {
        let shown = std::format!("{object:?}");
        assert_eq!(value_of(object, &Forms::default(), &secret()).expect_err("unfit"), unfit, "{shown}");
    }
}

proptest! {
    /// Damage under a checksum that holds: an error, or another value that is sound.
    #[test]
    fn damaged_payloads_do_no_harm(
        which in 0..10_usize,
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        cut in prop::option::of(any::<prop::sample::Index>()),
        compress: bool,
    ) {
        let value = match which {
            0 => Value::encode(b"text that is longer than twenty bytes, longer than twenty bytes"),
            1 => hash(3, false),
            2 => hash(600, false),
            3 => set(5, ""),
            4 => set(5, "m"),
            5 => set(300, "m"),
            6 => zset(4),
            7 => zset(150),
            8 => list(9),
            _ => list(3_000),
        };
        let mut body = dump_value(&value, 10, compress);
        body.truncate(body.len() - 10);
        for (at, to) in edits {
            let at = at.index(body.len());
            body[at] = to;
        }
        if let Some(cut) = cut {
            body.truncate(cut.index(body.len()));
        }
        body.extend_from_slice(&10_u16.to_le_bytes());
        let sum = crc64(0, &body);
        body.extend_from_slice(&sum.to_le_bytes());
        if let Ok(object) = open_dump(&body)
            && let Ok(value) = value_of(object, &Forms::default(), &secret())
        {
            value.check();
        }
    }
}

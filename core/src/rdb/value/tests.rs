//! Every value comes back as it was, in every version.

use super::super::{Event, Object, Reader, ReaderOptions, WriterOptions};
use super::*;
use crate::rdb::BlobKind;
use crate::value::{Digest, HashValue, SetForm, SetValue};
use alloc::vec::Vec;
use bytes::Bytes;

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

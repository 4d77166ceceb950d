//! The codec against files of a real server, against itself, and against damage.

use super::fixtures::{AGGREGATES, STRINGS};
use super::*;
use crate::base::ids::DbIndex;
use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;
use bytes::Bytes;
use proptest::prelude::*;

fn b(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}

fn read(file: &[u8]) -> Result<Vec<Event>, RdbError> {
    let mut reader = Reader::default();
    reader.feed(file);
    let events = reader.drain()?;
    reader.finish()?;
    Ok(events)
}

/// Reads with a cut after every `step` bytes.
fn read_cut(file: &[u8], step: usize) -> Result<Vec<Event>, RdbError> {
    let mut reader = Reader::default();
    let mut events = Vec::new();
    for part in file.chunks(step) {
        reader.feed(part);
        events.extend(reader.drain()?);
    }
    reader.finish()?;
    Ok(events)
}

fn key(key: &str, meta: Meta, value: Object) -> Event {
    Event::Key(Entry { key: b(key), meta, value })
}

fn entry<'a>(events: &'a [Event], name: &str) -> &'a Entry {
    let found = events.iter().find_map(|event| match event {
        Event::Key(entry) if entry.key == name => Some(entry),
        _ => None,
    });
    found.unwrap_or_else(|| panic!("{name} is missing"))
}

fn plain(events: &[Event], name: &str) -> Object {
    entry(events, name).value.clone().into_plain().unwrap()
}

#[test]
fn strings_of_a_real_server() {
    let events = read(STRINGS).unwrap();
    let string = |text: &str| Object::String(b(text));
    for (name, text) in [
        ("i8", "-128"),
        ("i16", "32767"),
        ("i32", "-2147483648"),
        ("i64", "2147483648"),
        ("text", "hello"),
        ("007", "+1"),
        ("empty", ""),
        ("12345", "x"),
        ("other", "db"),
    ] {
        assert_eq!(*entry(&events, name), Entry { key: b(name), meta: Meta::default(), value: string(text) });
    }
    assert_eq!(entry(&events, "lzf").value, string(&"ab".repeat(50)));
    assert_eq!(entry(&events, "raw").value, Object::String((200..240).collect::<Vec<u8>>().into()));
    assert_eq!(entry(&events, "ttl").meta.expire_ms, Some(4_102_444_800_123));
    assert_eq!(events[0], Event::Aux { name: b("redis-ver"), value: b("7.0.15") });
    assert_eq!(events[1], Event::Aux { name: b("redis-bits"), value: b("64") });
    assert!(matches!(&events[5], Event::Function(source) if source.starts_with(b"#!lua name=l\n")));
    assert_eq!(events[6..8], [Event::SelectDb(DbIndex(0)), Event::ResizeDb { keys: 11, expires: 1 }]);
    let tail = [
        Event::SelectDb(DbIndex(3)),
        Event::ResizeDb { keys: 1, expires: 0 },
        key("other", Meta::default(), string("db")),
        Event::End(Checksum::Matched),
    ];
    assert_eq!(events[events.len() - 4..], tail);
}

#[test]
fn aggregates_of_a_real_server() {
    let events = read(AGGREGATES).unwrap();
    let list = |items: &[&str]| Object::List(items.iter().map(|item| b(item)).collect());
    let set = |items: &[&str]| Object::Set(items.iter().map(|item| b(item)).collect());
    assert_eq!(plain(&events, "list"), list(&["a", "1", "-5000", "70000", &"x".repeat(70)]));
    assert_eq!(plain(&events, "list2"), list(&["a", "b"]));
    assert_eq!(plain(&events, "list3"), list(&[&"y".repeat(20)]));
    assert!(matches!(entry(&events, "ints").value, Object::Blob(BlobKind::SetIntset, _)));
    assert_eq!(plain(&events, "ints"), set(&["-3", "1", "70000"]));
    assert_eq!(plain(&events, "set"), set(&["b", "a"]));
    assert_eq!(plain(&events, "set2"), set(&["m"]));
    assert_eq!(plain(&events, "hash"), Object::Hash(vec![(b("f"), b("v")), (b("n"), b("123456789012"))]));
    assert_eq!(plain(&events, "hash2"), Object::Hash(vec![(b("f"), b("v"))]));
    let zset = vec![(b("b"), f64::NEG_INFINITY), (b("a"), 1.5), (b("c"), 7.0)];
    assert_eq!(plain(&events, "zset"), Object::Zset(zset));
    assert_eq!(plain(&events, "zset2"), Object::Zset(vec![(b("n"), f64::INFINITY), (b("m"), 2.5)]));
    let Object::Stream(stream) = plain(&events, "stream") else { panic!("no stream") };
    let pos = |ms, seq| StreamPos { ms, seq };
    assert_eq!((stream.length, stream.last, stream.nodes.len()), (2, pos(5, 5), 1));
    assert_eq!(stream.nodes[0].0, pos(1, 1));
    assert_eq!(blob::Listpack::new(&stream.nodes[0].1).unwrap().map(Result::unwrap).count(), 22);
    let counters = Counters { first: pos(1, 1), max_deleted: pos(2, 0), entries_added: 3 };
    assert_eq!(stream.counters, Some(counters));
    assert_eq!((&stream.groups[0].name, stream.groups[0].entries_read), (&b("empty"), Some(-1)));
    let group = &stream.groups[1];
    assert_eq!((group.last, group.pending[0].pos, group.pending[0].count), (pos(1, 1), pos(1, 1), 1));
    assert_eq!(group.consumers[0].pending, [pos(1, 1)]);
    assert_eq!((&group.consumers[1].name, group.consumers[1].pending.len()), (&b("bob"), 0));
}

#[test]
fn any_cut_gives_the_same_events() {
    for file in [STRINGS, AGGREGATES] {
        let whole = read(file).unwrap();
        for step in 1..40 {
            assert_eq!(read_cut(file, step).unwrap(), whole, "{step}");
        }
    }
}

#[test]
fn objects_are_written_as_the_server_wrote_them() {
    for file in [STRINGS, AGGREGATES] {
        let mut writer = Writer::new(WriterOptions::default());
        let mut end = Vec::new();
        for event in read(file).unwrap() {
            match event {
                Event::Aux { name, value } => writer.aux(&name, &value),
                Event::SelectDb(db) => writer.select_db(db),
                Event::ResizeDb { keys, expires } => writer.resize_db(keys, expires),
                Event::Function(source) => writer.function(&source),
                Event::Key(Entry { key, meta, value }) => writer.object_key(&key, &meta, &value),
                Event::ModuleAux { .. } => panic!("no module was there"),
                Event::End(_) => end = writer.clone().finish(),
            }
        }
        // Compression may differ, so files are compared by what they say and by their length.
        assert_eq!(read(&end), read(file));
        assert!(end.len() <= file.len() + 2, "{} {}", end.len(), file.len());
    }
}

#[test]
fn every_truncation_is_noticed() {
    for file in [STRINGS, AGGREGATES] {
        for len in 0..file.len() {
            let error = read(&file[..len]).unwrap_err();
            assert_eq!(error, RdbError { offset: len as u64, reason: Reason::Truncated });
        }
    }
}

#[test]
fn every_flip_is_noticed() {
    for file in [STRINGS, AGGREGATES] {
        for at in 0..file.len() {
            for bit in 0..8 {
                let mut bad = file.to_vec();
                bad[at] ^= 1 << bit;
                assert!(read(&bad).is_err(), "byte {at} bit {bit}");
                // Without the checksum nothing may panic either, whatever comes out.
                let mut reader = Reader::new(ReaderOptions { verify: false, ..ReaderOptions::default() });
                reader.feed(&bad);
                for event in reader.drain().into_iter().flatten() {
                    if let Event::Key(entry) = event {
                        let _ = entry.value.into_plain();
                    }
                }
            }
        }
    }
}

#[test]
fn errors_say_where_and_what() {
    let file = |rest: &[u8]| [b"REDIS0011", rest].concat();
    let cases: &[(Vec<u8>, u64, Reason)] = &[
        (b"RADIS0011".to_vec(), 0, Reason::BadMagic),
        (b"REDIS00x1".to_vec(), 0, Reason::BadMagic),
        (b"REDIS0012".to_vec(), 0, Reason::UnsupportedVersion(12)),
        (b"REDIS0000".to_vec(), 0, Reason::UnsupportedVersion(0)),
        (file(&[0xfe, 0x81, 0, 0, 0, 1, 0, 0, 0, 0]), 9, Reason::BadLength),
        (file(&[0xfe, 0x82]), 9, Reason::BadLength),
        (file(&[0xfe, 0xc0]), 9, Reason::BadLength),
        (file(&[0xfe, 0, 0xf6]), 11, Reason::UnknownType(0xf6)),
        (file(&[6]), 9, Reason::UnknownType(6)),
        (file(&[8]), 9, Reason::UnknownType(8)),
        (file(&[22]), 9, Reason::UnknownType(22)),
        (file(&[0, 1, b'k', 0x81, 0, 0, 1, 0, 0, 0, 0, 0]), 12, Reason::TooLong(1 << 40)),
        (file(&[0, 1, b'k', 0xc3, 2, 60, 0, b'a']), 12, Reason::BadCompression),
        (file(&[0, 1, b'k', 0xc3, 2, 0x80, 0x80, 0, 0, 0, 0, b'a']), 12, Reason::BadCompression),
        (file(&[0, 1, b'k', 0xc4]), 12, Reason::BadLength),
        (file(&[5, 1, b'k', 1, 1, b'm', 0, 0, 0, 0, 0, 0, 0xf8, 0x7f]), 13, Reason::BadScore),
        (file(&[3, 1, b'k', 1, 1, b'm', 253]), 13, Reason::BadScore),
        (file(&[3, 1, b'k', 1, 1, b'm', 1, b'x']), 13, Reason::BadScore),
        (file(&[18, 1, b'k', 1, 3]), 13, Reason::BadBlob),
        (file(&[19, 1, b'k', 1, 1, b'x', 1, b'y']), 13, Reason::BadStream),
        (file(&[7, 1, b'k', 1, 6]), 13, Reason::BadModule),
        (file(&[0xff, 1, 2, 3, 4, 5, 6, 7, 8]), 10, Reason::WrongChecksum),
    ];
    for (bytes, offset, reason) in cases {
        assert_eq!(read(bytes), Err(RdbError { offset: *offset, reason: *reason }), "{bytes:?}");
    }
    let text = alloc::format!("{}", RdbError { offset: 12, reason: Reason::UnsupportedVersion(99) });
    assert_eq!(text, "unsupported format version 99 at byte 12");
}

#[test]
fn old_forms_and_endings() {
    // Version 3 has no checksum; expiry in seconds; a score as text; what follows is left alone.
    let mut reader = Reader::default();
    reader
        .feed(b"REDIS0003\xfe\x00\xfd\x01\x00\x00\x00\x03\x01z\x03\x01a\xfe\x01b\xff\x01c\x031.5\xff*1\r\n");
    let events = reader.drain().unwrap();
    let members = vec![(b("a"), f64::INFINITY), (b("b"), f64::NEG_INFINITY), (b("c"), 1.5)];
    let meta = Meta { expire_ms: Some(1000), ..Meta::default() };
    let expected =
        [Event::SelectDb(DbIndex(0)), key("z", meta, Object::Zset(members)), Event::End(Checksum::Absent)];
    assert_eq!(events, expected);
    reader.feed(b"more");
    assert_eq!(reader.next_event(), Ok(None));
    assert_eq!(reader.into_rest(), b"*1\r\nmore");
    // Zero means no checksum.
    assert_eq!(read(b"REDIS0009\xff\0\0\0\0\0\0\0\0").unwrap(), [Event::End(Checksum::Disabled)]);
    // A module's value and its data beside the keys are stepped over.
    let modules = b"REDIS0009\xf7\x09\x02\x01\x05\x01m\x04\0\0\0\0\0\0\0\0\0\
        \x07\x01k\x07\x01\x05\x02\x06\x03\0\0\0\0\x05\xc1\0\0\x05\xc3\x02\x09\0\0\0\xff\0\0\0\0\0\0\0\0";
    let events = read(modules).unwrap();
    assert_eq!(events, read_cut(modules, 1).unwrap());
    assert_eq!(
        events[..2],
        [Event::ModuleAux { id: 9 }, key("k", Meta::default(), Object::Module { id: 7 })]
    );
}

#[test]
fn lengths_reserve_nothing() {
    // A gigabyte is announced, again and again; what is held stays near what was fed.
    let mut reader = Reader::default();
    reader.feed(b"REDIS0010\x04\x01h\x80\xff\xff\xff\xff\x80\x40\x00\x00\x00");
    for _ in 0..100 {
        reader.feed(&[b'x'; 100]);
        assert_eq!(reader.next_event(), Ok(None));
    }
    assert_eq!(reader.finish().unwrap_err().reason, Reason::Truncated);
    assert_eq!(reader.offset(), 17);
}

#[test]
fn written_in_pieces() {
    let mut writer = Writer::new(WriterOptions::default());
    let mut pieces = writer.take();
    writer.aux_int(b"redis-bits", 64);
    writer.select_db(DbIndex(70_000));
    pieces.extend(writer.take());
    let meta = Meta { expire_ms: Some(-5), idle_secs: Some(100), freq: Some(9) };
    writer.string_key(b"12", &meta, &b"z".repeat(1000));
    let to = writer.begin_key(type_id::LIST, b"l", &Meta::default());
    to.len(2);
    to.string(b"a");
    pieces.extend(writer.take());
    writer.value().string(b"b");
    assert_eq!(writer.total(), (pieces.len() + writer.pending()) as u64);
    pieces.extend(writer.finish());
    assert!(pieces.len() < 200, "compressed");
    let expected = [
        Event::Aux { name: b("redis-bits"), value: b("64") },
        Event::SelectDb(DbIndex(70_000)),
        key("12", meta, Object::String(b(&"z".repeat(1000)))),
        key("l", Meta::default(), Object::List(vec![b("a"), b("b")])),
        Event::End(Checksum::Matched),
    ];
    assert_eq!(read(&pieces).unwrap(), expected);
    let bare = Writer::new(WriterOptions { checksum: false, version: 11, compress: false }).finish();
    assert_eq!(bare, b"REDIS0011\xff\0\0\0\0\0\0\0\0");
}

#[test]
fn payloads_of_a_real_server() {
    let dump = b"\x00\x05hello\n\x00cr\xdfve4 \n";
    assert_eq!(open_dump(dump), Ok(Object::String(b("hello"))));
    assert_eq!(seal_dump(&Object::String(b("hello")), true), dump);
    for at in 0..dump.len() {
        let mut bad = dump.to_vec();
        bad[at] ^= 1;
        assert_eq!(open_dump(&bad).unwrap_err().reason, Reason::BadFooter, "{at}");
        assert!(open_dump(&dump[..at]).is_err());
    }
    let footed = |body: &[u8]| {
        let mut out = [body, &[10, 0]].concat();
        out.extend_from_slice(&crate::base::crc::crc64(0, &out).to_le_bytes());
        open_dump(&out).map_err(|error| (error.offset, error.reason))
    };
    assert_eq!(footed(b"\x00\x01ab"), Err((3, Reason::TrailingBytes)));
    assert_eq!(footed(b"\x00\x03ab"), Err((4, Reason::Truncated)));
    assert_eq!(footed(b"\x63"), Err((0, Reason::UnknownType(0x63))));
    assert_eq!(footed(b""), Err((0, Reason::Truncated)));
}

fn any_bytes() -> impl Strategy<Value = Bytes> {
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..40).prop_map(Bytes::from),
        any::<i64>().prop_map(|n| b(&alloc::format!("{n}"))),
        any::<i16>().prop_map(|n| b(&alloc::format!("{n}"))),
        (0_usize..20_000, any::<u8>()).prop_map(|(len, byte)| vec![byte; len].into()),
    ]
}

fn any_pos() -> impl Strategy<Value = StreamPos> {
    (any::<u64>(), any::<u64>()).prop_map(|(ms, seq)| StreamPos { ms, seq })
}

fn any_group() -> impl Strategy<Value = Group> {
    let pending = (any_pos(), any::<i64>(), 0_u64..9).prop_map(|(pos, delivered_ms, count)| Pending {
        pos,
        delivered_ms,
        count,
    });
    let consumer = (any_bytes(), any::<i64>(), proptest::collection::vec(any_pos(), 0..3))
        .prop_map(|(name, seen_ms, pending)| Consumer { name, seen_ms, active_ms: None, pending });
    let lists = (proptest::collection::vec(pending, 0..3), proptest::collection::vec(consumer, 0..3));
    (any_bytes(), any_pos(), any::<i64>(), lists).prop_map(|(name, last, read, (pending, consumers))| Group {
        name,
        last,
        entries_read: Some(read),
        pending,
        consumers,
    })
}

fn any_stream() -> impl Strategy<Value = Stream> {
    let nodes = proptest::collection::vec((any_pos(), any_bytes()), 0..3);
    let groups = proptest::collection::vec(any_group(), 0..3);
    (nodes, any_pos(), any_pos(), groups, 0..3).prop_map(|(nodes, last, first, mut groups, form)| {
        for group in &mut groups {
            if form == 0 {
                group.entries_read = None;
            }
            for consumer in &mut group.consumers {
                consumer.active_ms = (form == 2).then_some(-1);
            }
        }
        let counters = (form > 0).then_some(Counters { first, max_deleted: last, entries_added: 7 });
        Stream { nodes, length: 5, last, counters, groups }
    })
}

fn any_object() -> impl Strategy<Value = Object> {
    let many = || proptest::collection::vec(any_bytes(), 0..6);
    let score = any::<f64>().prop_filter("a number", |score| !score.is_nan());
    let kind =
        prop_oneof![Just(BlobKind::HashZipmap), Just(BlobKind::SetIntset), Just(BlobKind::ZsetListpack)];
    prop_oneof![
        any_bytes().prop_map(Object::String),
        many().prop_map(Object::List),
        many().prop_map(Object::Set),
        many().prop_map(|items| Object::Quicklist(items.into_iter().map(QuicklistNode::Plain).collect())),
        proptest::collection::vec(any_bytes(), 1..4)
            .prop_map(|items| Object::Quicklist(items.into_iter().map(QuicklistNode::Ziplist).collect())),
        proptest::collection::vec((any_bytes(), any_bytes()), 0..4).prop_map(Object::Hash),
        proptest::collection::vec((any_bytes(), score), 0..4).prop_map(Object::Zset),
        (kind, any_bytes()).prop_map(|(kind, blob)| Object::Blob(kind, blob)),
        any_stream().prop_map(|stream| Object::Stream(Box::new(stream))),
        any::<u64>().prop_map(|id| Object::Module { id }),
    ]
}

fn any_meta() -> impl Strategy<Value = Meta> {
    (any::<Option<i64>>(), any::<Option<u64>>(), any::<Option<u8>>())
        .prop_map(|(expire_ms, idle_secs, freq)| Meta { expire_ms, idle_secs, freq })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn round_trip(
        keys in proptest::collection::vec((any_bytes(), any_meta(), any_object()), 0..5),
        step in 1_usize..300,
        compress: bool,
    ) {
        let mut writer = Writer::new(WriterOptions { version: 11, compress, checksum: true });
        let mut file = Vec::new();
        let mut expected = Vec::new();
        for (key, meta, value) in keys {
            writer.object_key(&key, &meta, &value);
            file.extend(writer.take());
            prop_assert_eq!(&open_dump(&seal_dump(&value, compress)), &Ok(value.clone()));
            expected.push(Event::Key(Entry { key, meta, value }));
        }
        file.extend(writer.finish());
        expected.push(Event::End(Checksum::Matched));
        prop_assert_eq!(&read(&file).unwrap(), &expected);
        prop_assert_eq!(&read_cut(&file, step).unwrap(), &expected);
    }

    #[test]
    fn garbage_is_harmless(bytes in proptest::collection::vec(any::<u8>(), 0..300), step in 1_usize..50) {
        let file = [b"REDIS0011", &bytes[..]].concat();
        prop_assert_eq!(read(&file), read_cut(&file, step));
        let _ = open_dump(&bytes);
        for kind in 9..=20 {
            if let Some(kind) = BlobKind::from_type_id(kind) {
                let _ = Object::Blob(kind, Bytes::copy_from_slice(&bytes)).into_plain();
            }
        }
    }
}

//! Streams between the keyspace and RDB.
//!
//! *Owns*: [`write_stream`] and [`stream_value`]. *Does not own*: the form on disk (`stream`).
//! *Invariants*: writing copies one node at a time. What is read was checked as a whole: nodes, order, counts, owners.

use super::encode::Encoder;
use super::stream::{Stream as Record, StreamPos};
use super::type_id;
use crate::containers::streamlog::{StreamId, StreamLog};
use crate::value::{Consumer, Group, Pending, Stream};
use alloc::vec::Vec;

/// The first version of RDB that has a stream's counters.
const COUNTERS_VERSION: u16 = 10;
/// The first version of RDB that has a consumer's active time.
const ACTIVE_TIME_VERSION: u16 = 11;

/// The type byte of a stream in a version of RDB.
#[must_use]
pub fn stream_type(version: u16) -> u8 {
    match version {
        ACTIVE_TIME_VERSION.. => type_id::STREAM_3,
        COUNTERS_VERSION.. => type_id::STREAM_2,
        _ => type_id::STREAM,
    }
}

/// Writes a stream, behind its type byte and key.
pub fn write_stream(to: &mut Encoder, stream: &Stream, version: u16) {
    let entries = stream.entries();
    let log = entries.log();
    to.len(log.node_count() as u64);
    let mut blob = Vec::new();
    for (base, pack) in log.nodes() {
        to.string(&base.to_be_bytes());
        blob.clear();
        pack.write_blob(&mut blob);
        to.string(&blob);
    }
    to.len(log.len());
    write_id(to, entries.last());
    if version >= COUNTERS_VERSION {
        write_id(to, log.first());
        write_id(to, entries.max_deleted());
        to.len(entries.added());
    }
    to.len(stream.groups().len() as u64);
    for (name, group) in stream.groups() {
        to.string(name);
        write_group(to, group, version);
    }
}

fn write_group(to: &mut Encoder, group: &Group, version: u16) {
    write_id(to, group.last());
    if version >= COUNTERS_VERSION {
        to.len(group.entries_read().unwrap_or(u64::MAX));
    }
    to.len(group.pending_len() as u64);
    for (id, pending) in group.pending(..) {
        to.raw(&id.to_be_bytes());
        to.raw(&pending.delivered_ms.to_le_bytes());
        to.len(pending.count);
    }
    to.len(group.consumers_len() as u64);
    for (_, consumer) in group.consumers() {
        write_consumer(to, consumer, version);
    }
}

fn write_consumer(to: &mut Encoder, consumer: &Consumer, version: u16) {
    to.string(consumer.name());
    to.raw(&consumer.seen_ms.to_le_bytes());
    if version >= ACTIVE_TIME_VERSION {
        to.raw(&consumer.active_ms.unwrap_or(-1).to_le_bytes());
    }
    to.len(consumer.pending().len() as u64);
    for id in consumer.pending() {
        to.raw(&id.to_be_bytes());
    }
}

fn write_id(to: &mut Encoder, id: StreamId) {
    to.len(id.ms);
    to.len(id.seq);
}

fn id_of(pos: StreamPos) -> StreamId {
    StreamId::new(pos.ms, pos.seq)
}

/// The stream that was read; `None` when it contradicts itself.
#[must_use]
pub fn stream_value(record: &Record) -> Option<Stream> {
    let mut log = StreamLog::default();
    for (base, blob) in &record.nodes {
        log.load_node(id_of(*base), blob)?;
    }
    if log.len() != record.length {
        return None;
    }
    // The first form knew neither: nothing was deleted as far as it can tell.
    let (max_deleted, added) = match record.counters {
        Some(counters) => (id_of(counters.max_deleted), counters.entries_added),
        None => (StreamId::MIN, record.length),
    };
    let mut stream = Stream::from_parts(log, id_of(record.last), max_deleted, added)?;
    for group in &record.groups {
        let last = id_of(group.last);
        let read = match group.entries_read {
            Some(read) => u64::try_from(read).ok(),
            None => stream.entries().added_up_to(last),
        };
        if !stream.create_group(&group.name, last, read) {
            return None;
        }
        stream.edit_group(&group.name, |_, state| fill(state, group))??;
    }
    Some(stream)
}

/// Adds the consumers of a group and the entries that wait for them, each of which must have one owner.
fn fill(state: &mut Group, group: &super::stream::Group) -> Option<()> {
    if !group.pending.is_sorted_by(|a, b| a.pos < b.pos) {
        return None;
    }
    for consumer in &group.consumers {
        let (owner, true) = state.join(&consumer.name, consumer.seen_ms) else { return None };
        let active_ms = consumer.active_ms.unwrap_or(consumer.seen_ms);
        state.consumer_mut(owner).active_ms = Some(active_ms).filter(|ms| *ms >= 0);
        for pos in &consumer.pending {
            let at = group.pending.binary_search_by_key(pos, |pending| pending.pos).ok()?;
            let (id, waits) = (id_of(*pos), group.pending[at]);
            if state.waiting(id).is_some() {
                return None;
            }
            state.assign(id, Pending { delivered_ms: waits.delivered_ms, count: waits.count, owner });
        }
    }
    (state.pending_len() == group.pending.len()).then_some(())
}

#[cfg(test)]
mod tests {
    use super::super::{Entry, Event, Object, Reader, ReaderOptions, WriterOptions};
    use super::*;
    use crate::base::ids::DbIndex;
    use crate::containers::streamlog::{Keep, NodeLimit};
    use crate::value::Digest;
    use bytes::Bytes;
    use proptest::prelude::*;

    fn digest(stream: &Stream) -> u128 {
        let mut digest = Digest::new();
        stream.digest_into(&mut digest);
        digest.finish()
    }

    /// A stream with deleted and trimmed entries, fields of its own, groups, and entries that wait.
    fn stream(entries: u64, limit: usize) -> Stream {
        let mut stream = Stream::new();
        for n in 1..=entries {
            let value = std::format!("value {n}");
            let own = std::format!("f{}", n % 7 / 6);
            let fields = [own.as_bytes(), value.as_bytes(), b"n", b"12345"];
            stream.append(
                StreamId::new(n * 3, n),
                fields.into_iter(),
                NodeLimit { bytes: 4096, entries: limit },
            );
        }
        stream.trim(Keep::Last(entries / 2), false, 0);
        stream.remove(StreamId::new(entries * 3, entries));
        for name in [&b"g"[..], b"another group"] {
            stream.create_group(name, StreamId::new(9, 9), name.len().checked_sub(1).map(|n| n as u64));
            stream.edit_group(name, |_, group| {
                for n in 0..entries {
                    let (owner, _) = group.join(std::format!("c{}", n % 3).as_bytes(), n as i64);
                    group.consumer_mut(owner).active_ms = (n % 2 == 0).then_some(n as i64);
                    group.assign(StreamId::new(n, 1), Pending { delivered_ms: n as i64, count: n, owner });
                }
            });
        }
        stream.edit_group(b"g", |_, group| group.set_last(StreamId::MIN, None));
        stream
    }

    fn read_back(stream: &Stream, version: u16) -> Stream {
        let mut writer = super::super::Writer::new(WriterOptions { version, ..WriterOptions::default() });
        writer.select_db(DbIndex(0));
        write_stream(
            writer.begin_key(stream_type(version), b"k", &super::super::Meta::default()),
            stream,
            version,
        );
        let bytes = writer.finish();
        let mut reader = Reader::new(ReaderOptions::default());
        reader.feed(&bytes);
        let events = reader.drain().expect("a sound file");
        let record = events.into_iter().find_map(|event| match event {
            Event::Key(Entry { value: Object::Stream(record), .. }) => Some(record),
            _ => None,
        });
        stream_value(&record.expect("a stream")).expect("a sound stream")
    }

    #[test]
    fn what_is_written_is_read_back() {
        for version in [10, 11] {
            for (entries, limit) in [(0, 100), (1, 100), (50, 3), (500, 100)] {
                let stream = stream(entries, limit);
                let back = read_back(&stream, version);
                back.check();
                assert_eq!(digest(&back), digest(&stream));
                let states = |s: &Stream| {
                    let group = s.group(b"g").expect("the group").clone();
                    let times: Vec<_> = group.consumers().map(|(_, c)| (c.seen_ms, c.active_ms)).collect();
                    let waits: Vec<_> =
                        group.pending(..).map(|(id, p)| (id, p.delivered_ms, p.count)).collect();
                    (group.entries_read(), waits, (version > 10).then_some(times))
                };
                assert_eq!(states(&back), states(&stream));
            }
        }
    }

    fn record() -> Record {
        let mut log = StreamLog::default();
        for n in 1..4 {
            log.append(
                StreamId::new(n, 0),
                [&b"f"[..], b"v"].into_iter(),
                NodeLimit { bytes: 0, entries: 2 },
            );
        }
        let nodes = log
            .nodes()
            .map(|(base, pack)| (StreamPos { ms: base.ms, seq: base.seq }, Bytes::from(pack.to_blob())));
        Record { nodes: nodes.collect(), length: 3, last: StreamPos { ms: 3, seq: 0 }, ..Record::default() }
    }

    #[test]
    fn contradictions_are_refused() {
        assert!(stream_value(&record()).is_some());
        assert!(stream_value(&Record { length: 2, ..record() }).is_none());
        assert!(stream_value(&Record { last: StreamPos { ms: 2, seq: 9 }, ..record() }).is_none());
        let mut swapped = record();
        swapped.nodes.reverse();
        assert!(stream_value(&swapped).is_none());
        let group = super::super::stream::Group::default();
        let twice = Record { groups: alloc::vec![group.clone(), group.clone()], ..record() };
        assert!(stream_value(&twice).is_none());
        let waits = alloc::vec![super::super::stream::Pending::default()];
        let orphan = Record {
            groups: alloc::vec![super::super::stream::Group { pending: waits, ..group }],
            ..record()
        };
        assert!(stream_value(&orphan).is_none());
    }

    proptest! {
        #[test]
        fn no_damage_panics(at in 0..2_usize, byte in 0..60_usize, to: u8) {
            let mut record = record();
            let mut blob = record.nodes[at].1.to_vec();
            let place = byte % blob.len();
            blob[place] = to;
            record.nodes[at].1 = blob.into();
            if let Some(stream) = stream_value(&record) {
                stream.check();
            }
        }
    }
}

//! What a node holds, in the words of the model.
//!
//! *Owns*: reading values of the core into values of the model. *Does not own*: comparing them. *Invariants*: everything a
//! client could ever see of the data is read, and nothing of how it is kept.

use crate::model::{DATABASES, Data, Entry, Group, Id, Pending, Stream, Value};
use norn_core::base::ids::DbIndex;
use norn_core::base::number::IntText;
use norn_core::containers::streamlog::StreamId;
use norn_core::keyspace::Keyspace;
use norn_core::value::{IntText as StringText, Value as Stored};

/// Everything in a keyspace, expired keys included.
#[must_use]
pub fn of(keyspace: &Keyspace) -> Data {
    let mut data = Data::default();
    for (number, db) in (0..).zip(&mut data.dbs) {
        keyspace.for_each_stored(DbIndex(number), |key, value, deadline| {
            db.insert(key.to_vec(), Entry { value: read(value), deadline });
        });
    }
    data
}

/// The first key in which a node and the model differ. `skip` says which entries of the model do not count.
#[must_use]
pub fn difference(keyspace: &Keyspace, data: &Data, skip: impl Fn(usize, &Entry) -> bool) -> Option<String> {
    let held = of(keyspace);
    for db in 0..DATABASES {
        let (held, wanted) = (&held.dbs[db], &data.dbs[db]);
        for key in held.keys().chain(wanted.keys()) {
            let (has, should) = (held.get(key), wanted.get(key));
            let skipped = has.is_some_and(|e| skip(db, e)) || should.is_some_and(|e| skip(db, e));
            if has != should && !skipped {
                let name = crate::trace::readable(key, 40);
                return Some(format!("`{name}` of database {db} is {}, not {}", show(has), show(should)));
            }
        }
    }
    None
}

fn show(entry: Option<&Entry>) -> String {
    let Some(entry) = entry else { return "missing".to_owned() };
    let mut text = format!("{:?}", entry.value);
    text.truncate(text.floor_char_boundary(400));
    match entry.deadline {
        Some(at) => format!("{text} until {at}"),
        None => text,
    }
}

fn read(value: &Stored) -> Value {
    let mut scratch = StringText::new();
    match value {
        Stored::String(text) => Value::Str(text.bytes(&mut scratch).to_vec()),
        Stored::List(list) => {
            let all = list.range(0, list.len(), true);
            Value::List(all.map(|item| item.text(&mut IntText::new()).to_vec()).collect())
        }
        Stored::Hash(hash) => {
            let mut all = std::collections::BTreeMap::new();
            hash.for_each(&mut |field, value| {
                let field = field.text(&mut IntText::new()).to_vec();
                all.insert(field, value.text(&mut IntText::new()).to_vec());
            });
            Value::Hash(all)
        }
        Stored::Set(set) => Value::Set(set.iter().map(|m| m.text(&mut IntText::new()).to_vec()).collect()),
        Stored::ZSet(zset) => Value::ZSet(zset.iter().map(|(m, score)| (m.to_vec(), score)).collect()),
        Stored::Stream(stream) => Value::Stream(Box::new(read_stream(stream))),
    }
}

const fn id(id: StreamId) -> Id {
    (id.ms, id.seq)
}

fn read_stream(stream: &norn_core::value::Stream) -> Stream {
    let entries = stream.entries();
    let (forward, _) = entries.log().range(StreamId::MIN, StreamId::MAX);
    let fields = |entry: &norn_core::containers::streamlog::Entry<'_>| {
        entry.elements().map(|element| element.text(&mut IntText::new()).to_vec()).collect()
    };
    let group = |group: &norn_core::value::Group| Group {
        last: id(group.last()),
        pending: group
            .pending(..)
            .map(|(at, p)| {
                let owner = group.consumer(p.owner).name().to_vec();
                (id(at), Pending { owner, at_ms: p.delivered_ms, count: p.count })
            })
            .collect(),
        consumers: group.consumers().map(|(_, consumer)| consumer.name().to_vec()).collect(),
    };
    Stream {
        entries: forward.map(|entry| (id(entry.id), fields(&entry))).collect(),
        last: id(entries.last()),
        added: entries.added(),
        groups: stream.groups().map(|(name, g)| (name.to_vec(), group(g))).collect(),
    }
}

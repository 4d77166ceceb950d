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

/// The first key in which what is held and what should be differ. `skip` says which entries do not count.
#[must_use]
pub fn difference(held: &Data, wanted: &Data, skip: impl Fn(&Entry) -> bool) -> Option<String> {
    for db in 0..DATABASES {
        let (held, wanted) = (&held.dbs[db], &wanted.dbs[db]);
        for key in held.keys().chain(wanted.keys()) {
            let (has, should) = (held.get(key), wanted.get(key));
            if has != should && !has.is_some_and(&skip) && !should.is_some_and(&skip) {
                let name = crate::trace::readable(key, 40);
                return Some(format!("`{name}` of database {db} is {}, not {}", show(has), show(should)));
            }
        }
    }
    None
}

/// Takes over from `wanted` what no stream tells: a consumer that reads its own history again raises a count and sets a
/// time, of which replicas do not hear.
pub fn forget_rereads(held: &mut Data, wanted: &Data) {
    for (held, wanted) in held.dbs.iter_mut().zip(&wanted.dbs) {
        for (key, entry) in held {
            let Value::Stream(stream) = &mut entry.value else { continue };
            let Some(Value::Stream(other)) = wanted.get(key).map(|e| &e.value) else { continue };
            for (name, group) in &mut stream.groups {
                for (id, pending) in &mut group.pending {
                    let told = other.groups.get(name).and_then(|g| g.pending.get(id));
                    if let Some(told) = told.filter(|t| t.count < pending.count && t.at_ms <= pending.at_ms) {
                        (pending.count, pending.at_ms) = (told.count, told.at_ms);
                    }
                }
            }
        }
    }
}

fn show(entry: Option<&Entry>) -> String {
    let Some(entry) = entry else { return "missing".to_owned() };
    let text: String = format!("{:?}", entry.value).chars().take(400).collect();
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

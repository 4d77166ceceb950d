//! Sorted sets in RDB: a small one as a listpack, a large one member by member (type 5); read from every form.

use super::super::{Meta, Object, Writer, type_id};
use super::{Forms, Unfit};
use crate::base::number::{FLOAT_TEXT_MAX, format_double};
use crate::containers::dict::HashKey;
use crate::containers::listpack::Listpack;
use crate::value::{Value, ZSet, ZSetLimits};

/// The first version with sorted sets in listpacks.
const LISTPACK_VERSION: u16 = 10;

/// A large one goes from the highest score to the lowest, so that a reader adds each member in front.
pub(super) fn write_zset(writer: &mut Writer, key: &[u8], meta: &Meta, set: &ZSet) {
    if set.encoding() == "listpack" && writer.version() >= LISTPACK_VERSION {
        let mut pack = Listpack::new();
        for (member, score) in set.iter() {
            pack.push_back(member);
            pack.push_back(format_double(score, &mut [0; FLOAT_TEXT_MAX]));
        }
        writer.begin_key(type_id::ZSET_LISTPACK, key, meta).string(&pack.to_blob());
        return;
    }
    let to = writer.begin_key(type_id::ZSET_2, key, meta);
    to.len(set.len() as u64);
    for (member, score) in set.range_back(0, set.len()) {
        to.string(member);
        to.score(score);
    }
}

pub(super) fn zset(object: Object, forms: &Forms, secret: &HashKey) -> Result<Value, Unfit> {
    let packed = matches!(object, Object::Blob(..));
    let Ok(Object::Zset(members)) = object.into_plain() else { return Err(Unfit::Damaged("sorted set")) };
    if members.is_empty() {
        return Err(Unfit::Empty);
    }
    // A listpack is taken as it is, whatever the lengths of its members.
    let value = if packed { usize::MAX } else { forms.zset.1 };
    let limits = ZSetLimits { entries: forms.zset.0, value, hash: secret.clone() };
    let longest = members.iter().map(|(member, _)| member.len()).max().unwrap_or(0);
    let mut set = ZSet::new(members.len(), longest, &limits);
    for (member, score) in &members {
        set.update(member, &limits, |_| Some(*score));
    }
    // A member that is there twice is one too few.
    if set.len() == members.len() { Ok(Value::ZSet(set)) } else { Err(Unfit::Damaged("sorted set")) }
}

//! Sets in RDB.

use super::super::{Meta, Writer, blob, type_id};
use super::{Unfit, item, push};
use crate::base::number::IntText;
use crate::containers::dict::HashKey;
use crate::containers::listpack::Listpack;
use crate::value::{Item, SetForm, SetLimits, SetValue, Value};
use bytes::Bytes;

/// The first version with sets in listpacks.
const LISTPACK_VERSION: u16 = 11;

pub(super) fn write(writer: &mut Writer, key: &[u8], meta: &Meta, set: &SetValue) {
    if let Some(blob) = set.intset_blob() {
        writer.begin_key(type_id::SET_INTSET, key, meta).string(&blob);
        return;
    }
    if set.form() == SetForm::Small && writer.version() >= LISTPACK_VERSION {
        let mut pack = Listpack::new();
        set.for_each(&mut |member| push(&mut pack, member));
        writer.begin_key(type_id::SET_LISTPACK, key, meta).string(&pack.to_blob());
        return;
    }
    let to = writer.begin_key(type_id::SET, key, meta);
    to.len(set.len() as u64);
    set.for_each(&mut |member| to.string(member.text(&mut IntText::new())));
}

/// A set with members is a value.
fn value(set: SetValue) -> Result<Value, Unfit> {
    if set.is_empty() { Err(Unfit::Empty) } else { Ok(Value::Set(set)) }
}

pub(super) fn of_members(members: &[Bytes], limits: SetLimits, secret: &HashKey) -> Result<Value, Unfit> {
    let form = if members.len() > limits.ints { SetForm::Large } else { SetForm::Ints };
    let mut set = SetValue::empty(form, secret);
    for member in members {
        if !set.add(Item::Text(member), limits, secret) {
            return Err(Unfit::Damaged("set"));
        }
    }
    value(set)
}

pub(super) fn of_intset(blob: &[u8], limits: SetLimits, secret: &HashKey) -> Result<Value, Unfit> {
    let mut set = SetValue::from_intset_blob(blob).ok_or(Unfit::Damaged("set"))?;
    set.prepare(set.len(), limits, secret);
    value(set)
}

pub(super) fn of_listpack(blob: &[u8], limits: SetLimits, secret: &HashKey) -> Result<Value, Unfit> {
    let damaged = |_| Unfit::Damaged("set");
    // A listpack is taken as it is, whatever the lengths of its members.
    let taken = SetLimits { bytes: usize::MAX, ..limits };
    let mut set = SetValue::empty(SetForm::Small, secret);
    for member in blob::Listpack::new(blob).map_err(damaged)? {
        if !set.add(item(member.map_err(damaged)?), taken, secret) {
            return Err(Unfit::Damaged("set"));
        }
    }
    value(set)
}

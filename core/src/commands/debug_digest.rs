//! DEBUG DIGEST and DIGEST-VALUE: digests that do not depend on order, equal to Redis's for equal data.
//!
//! A digest is 20 bytes. Something unordered is *added*: the SHA-1 of its bytes is combined by exclusive or. Something in
//! order is *mixed*: it is added, and the SHA-1 of the digest takes the place of the digest.

use crate::base::ids::DbIndex;
use crate::base::number::IntText;
use crate::base::sha1::sha1;
use crate::containers::streamlog::StreamId;
use crate::keyspace::Keyspace;
use crate::value::{self, Value};
use alloc::format;
use alloc::string::String;

/// A digest under construction.
#[derive(Clone, Copy, Default)]
pub(super) struct Digest([u8; 20]);

impl Digest {
    fn add(&mut self, bytes: &[u8]) {
        self.0.iter_mut().zip(sha1(bytes)).for_each(|(byte, other)| *byte ^= other);
    }

    fn mix(&mut self, bytes: &[u8]) {
        self.add(bytes);
        self.0 = sha1(&self.0);
    }

    /// A pair whose place among the others does not count.
    fn add_pair(&mut self, one: &[u8], other: &[u8]) {
        let mut pair = Self::default();
        pair.mix(one);
        pair.mix(other);
        self.add(&pair.0);
    }

    /// 40 hexadecimal digits.
    pub(super) fn text(&self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// The digest of all databases.
pub(super) fn of_everything(keyspace: &Keyspace) -> Digest {
    let mut all = Digest::default();
    for db in (0..keyspace.databases()).map(DbIndex).filter(|db| keyspace.len(*db) > 0) {
        all.mix(&db.0.to_be_bytes());
        keyspace.stored(db, |key, value, deadline| {
            let mut one = Digest::default();
            one.mix(key);
            value_into(&mut one, value, deadline);
            all.add(&one.0);
        });
    }
    all
}

/// The digest of a key's value; that of nothing is all zeros.
pub(super) fn of_value(keyspace: &Keyspace, db: DbIndex, key: &[u8]) -> Digest {
    let mut digest = Digest::default();
    if let Some(value) = keyspace.peek(db, key) {
        value_into(&mut digest, value, keyspace.deadline(db, key));
    }
    digest
}

fn value_into(digest: &mut Digest, of: &Value, deadline: Option<i64>) {
    let kind: u32 = match of {
        Value::String(_) => 0,
        Value::List(_) => 1,
        Value::Set(_) => 2,
        Value::ZSet(_) => 3,
        Value::Hash(_) => 4,
        Value::Stream(_) => 6,
    };
    digest.mix(&kind.to_be_bytes());
    match of {
        Value::String(string) => digest.mix(string.bytes(&mut value::IntText::new())),
        Value::List(list) => {
            list.range(0, usize::MAX, true).for_each(|item| digest.mix(item.text(&mut IntText::new())));
        }
        Value::Set(set) => set.for_each(&mut |member| digest.add(member.text(&mut IntText::new()))),
        Value::ZSet(set) => {
            set.iter().for_each(|(member, score)| digest.add_pair(member, seventeen(score).as_bytes()));
        }
        Value::Hash(hash) => hash.for_each(&mut |field, value| {
            digest.add_pair(field.text(&mut IntText::new()), value.text(&mut IntText::new()));
        }),
        Value::Stream(stream) => {
            for entry in stream.entries().log().range(StreamId::MIN, StreamId::MAX).0 {
                digest.mix(format!("{}.{}", entry.id.ms, entry.id.seq).as_bytes());
                entry.elements().for_each(|element| digest.mix(element.text(&mut IntText::new())));
            }
        }
    }
    if deadline.is_some() {
        digest.add(b"!!expire!!");
    }
}

/// A number as C prints it with `%.17g`.
fn seventeen(number: f64) -> String {
    if number.is_infinite() {
        return if number > 0.0 { "inf".into() } else { "-inf".into() };
    }
    let text = format!("{number:.16e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if !(-4..17).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        let digits = digits.trim_end_matches('0').trim_end_matches('.');
        return format!("{digits}e{sign}{:02}", exponent.abs());
    }
    let decimals = (16 - exponent).max(0) as usize;
    let text = format!("{number:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').into() } else { text }
}

#[cfg(test)]
mod tests {
    use super::seventeen;

    #[test]
    fn numbers_as_c_prints_them() {
        for (number, text) in [
            (0.0, "0"),
            (-0.0, "-0"),
            (1.5, "1.5"),
            (0.1, "0.10000000000000001"),
            (3.0e20, "3e+20"),
            (1e17, "1e+17"),
            (123_456_789_012_345_680.0, "1.2345678901234568e+17"),
            (1e16, "10000000000000000"),
            (0.0001, "0.0001"),
            (0.00001, "1.0000000000000001e-05"),
            (-2.25e-9, "-2.2499999999999999e-09"),
            (f64::INFINITY, "inf"),
            (f64::NEG_INFINITY, "-inf"),
        ] {
            assert_eq!(seventeen(number), text);
        }
    }
}

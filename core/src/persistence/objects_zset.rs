//! Sorted sets in RDB.
//!
//! *Owns*: the two forms that are written (a listpack of pairs in ascending order, or members with binary scores,
//! highest first), and reading all forms there ever were. *Does not own*: the blocks of bytes inside (`rdb`).
//! *Invariants*: a set that reports "listpack" is written as one, as Redis does; forms exist since version 10.

use crate::base::number::{FLOAT_TEXT_MAX, format_double, whole_number};
use crate::containers::listpack::Listpack;
use crate::rdb::{Encoder, Object, Reason, type_id};
use crate::value::{ZSet, ZSetLimits};
use alloc::vec::Vec;

/// The type byte that [`save`] writes the value for.
#[must_use]
pub fn saved_type(set: &ZSet) -> u8 {
    if set.encoding() == "listpack" { type_id::ZSET_LISTPACK } else { type_id::ZSET_2 }
}

/// Writes a set, without its type byte.
pub fn save(set: &ZSet, out: &mut Encoder) {
    if saved_type(set) == type_id::ZSET_LISTPACK {
        let mut pairs = Listpack::new();
        for (member, score) in set.iter() {
            pairs.push_back(member);
            match whole_number(score) {
                Some(n) => pairs.push_back(n),
                None => pairs.push_back(format_double(score, &mut [0; FLOAT_TEXT_MAX])),
            }
        }
        out.string(&pairs.to_blob());
        return;
    }
    let len = set.len();
    out.len(len as u64);
    for (member, score) in set.range_back(0, len) {
        out.string(member);
        out.score(score);
    }
}

/// The set that an object of any sorted form is; `None` when it has no members, in which case there is no key.
///
/// # Errors
/// The object is of another type, is damaged, or has a member twice.
pub fn load(object: Object, limits: &ZSetLimits) -> Result<Option<ZSet>, Reason> {
    let as_listpack = matches!(object, Object::Blob(..));
    let Object::Zset(members) = object.into_plain()? else { return Err(Reason::BadBlob) };
    let mut sorted: Vec<(&[u8], f64)> = members.iter().map(|(member, score)| (&member[..], *score)).collect();
    if sorted.iter().any(|(_, score)| score.is_nan()) {
        return Err(Reason::BadScore);
    }
    sorted.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
    if sorted.windows(2).any(|pair| pair[0].0 == pair[1].0) {
        return Err(Reason::BadBlob);
    }
    // Negative zero is no less than zero here, so the members decide.
    sorted.sort_by(|(_, x), (_, y)| x.partial_cmp(y).unwrap_or_else(|| x.total_cmp(y)));
    if sorted.is_empty() {
        return Ok(None);
    }
    // What came as one block stays one, however long its members are.
    let value = if as_listpack { usize::MAX } else { limits.value };
    let limits = ZSetLimits { value, ..limits.clone() };
    Ok(Some(ZSet::from_sorted(&sorted, &limits)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::crc::crc64;
    use crate::containers::dict::HashKey;
    use crate::rdb::{BlobKind, VERSION, open_dump};
    use alloc::vec;
    use bytes::Bytes;

    fn limits(entries: usize, value: usize) -> ZSetLimits {
        ZSetLimits { entries, value, hash: HashKey::new([5; 16]) }
    }

    fn set(n: usize, limits: &ZSetLimits) -> ZSet {
        let scores = [-0.0, 1.5, f64::INFINITY, f64::NEG_INFINITY, 3.0, 1e300, -7.0, 0.1, 4e18, 1e17];
        let mut set = ZSet::new(n, 1, limits);
        for i in 0..n {
            let member = std::format!("member {}", i * 7919 % 10_007);
            set.update(member.as_bytes(), limits, |_| Some(scores[i % 10] + (i / 10) as f64));
        }
        set
    }

    fn payload(set: &ZSet) -> Vec<u8> {
        let mut encoder = Encoder::new(true);
        encoder.raw(&[saved_type(set)]);
        save(set, &mut encoder);
        let mut payload = encoder.into_bytes();
        payload.extend_from_slice(&VERSION.to_le_bytes());
        payload.extend_from_slice(&crc64(0, &payload).to_le_bytes());
        payload
    }

    #[test]
    fn what_is_saved_loads_again() {
        for (n, entries) in [(1, 128), (10, 128), (128, 128), (10, 0), (3_000, 128), (3_000, 5_000)] {
            let limits = limits(entries, 64);
            let before = set(n, &limits);
            let after = load(open_dump(&payload(&before)).unwrap(), &limits).unwrap().unwrap();
            after.check();
            assert_eq!(after.encoding(), before.encoding());
            let bits = |set: &ZSet| -> Vec<_> {
                set.iter().map(|(member, score)| (member.to_vec(), score.to_bits())).collect()
            };
            assert_eq!(bits(&after), bits(&before));
        }
    }

    #[test]
    fn other_forms_and_damage() {
        let limits = limits(128, 64);
        let member = Bytes::from_static;
        let plain = Object::Zset(vec![(member(b"b"), 1.0), (member(b"a"), 1.0), (member(b"c"), -1.0)]);
        let loaded = load(plain, &limits).unwrap().unwrap();
        assert_eq!(loaded.iter().map(|(m, _)| m).collect::<Vec<_>>(), [b"c", b"a", b"b"]);
        assert!(load(Object::Zset(vec![]), &limits).unwrap().is_none());
        let twice = Object::Zset(vec![(member(b"a"), 1.0), (member(b"b"), 1.0), (member(b"a"), 2.0)]);
        assert_eq!(load(twice, &limits).unwrap_err(), Reason::BadBlob);
        assert_eq!(load(Object::String(member(b"x")), &limits).unwrap_err(), Reason::BadBlob);
        let mut odd = Listpack::new();
        odd.push_back(&b"alone"[..]);
        let odd = Object::Blob(BlobKind::ZsetListpack, odd.to_blob().into());
        assert_eq!(load(odd, &limits).unwrap_err(), Reason::BadBlob);
        let mut long = Listpack::new();
        long.push_back(&[b'x'; 100][..]);
        long.push_back(5);
        let long = Object::Blob(BlobKind::ZsetListpack, long.to_blob().into());
        assert_eq!(load(long, &limits).unwrap().unwrap().encoding(), "listpack");
    }
}

//! LZF, the compression of long strings in RDB files.
//!
//! *Owns*: [`compress`] and [`decompress`]. *Does not own*: when compression is worth it.
//! *Invariants*: `decompress` never writes more than the length it was told, reserves no more than its input can
//! fill, and refuses every stream that does not end exactly there.
//!
//! Format: a control byte below 32 copies that many plus one literal bytes. Any other is a match: its upper three bits
//! are the length minus 2 (7: add the next byte), its lower five and the next byte the distance minus 1.

use alloc::vec::Vec;

const LITERALS_MAX: usize = 32;
const MATCH_MAX: usize = 264;
const WINDOW: usize = 8192;
/// A longest match takes three bytes, and no byte yields more.
const EXPANSION_MAX: usize = MATCH_MAX / 3;

/// Appends the compressed form of `input` to `out` when it takes at most `limit` bytes; else leaves `out` as it was
/// and says false.
pub fn compress(input: &[u8], limit: usize, out: &mut Vec<u8>) -> bool {
    // A small table for a small text: clearing it must not cost more than the work.
    if input.len() <= 512 {
        with_table::<256>(input, limit, out)
    } else {
        with_table::<8192>(input, limit, out)
    }
}

/// `SLOTS` is a power of two.
fn with_table<const SLOTS: usize>(input: &[u8], limit: usize, out: &mut Vec<u8>) -> bool {
    // Position + 1 of the last three bytes that had this hash; 0 = none. Longer inputs than u32 do not compress.
    let mut table = [0_u32; SLOTS];
    let start = out.len();
    if u32::try_from(input.len()).is_err() {
        return false;
    }
    let (mut at, mut literals) = (0, 0);
    while at + 2 < input.len() {
        let key = u32::from_le_bytes([input[at], input[at + 1], input[at + 2], 0]);
        let slot = (key.wrapping_mul(0x9e37_79b1) >> (32 - SLOTS.ilog2())) as usize;
        let candidate = table[slot] as usize;
        table[slot] = at as u32 + 1;
        let found =
            candidate > 0 && at + 1 - candidate <= WINDOW && input[candidate - 1..][..3] == input[at..at + 3];
        if !found {
            at += 1;
            continue;
        }
        let from = candidate - 1;
        let most = MATCH_MAX.min(input.len() - at);
        let len = 3 + (3..most).take_while(|&i| input[from + i] == input[at + i]).count();
        push_literals(&input[literals..at], out);
        push_match(at - from, len, out);
        at += len;
        literals = at;
        if out.len() - start > limit {
            break;
        }
    }
    push_literals(&input[literals..], out);
    if out.len() - start > limit {
        out.truncate(start);
        return false;
    }
    true
}

fn push_literals(bytes: &[u8], out: &mut Vec<u8>) {
    for run in bytes.chunks(LITERALS_MAX) {
        out.push(run.len() as u8 - 1);
        out.extend_from_slice(run);
    }
}

fn push_match(distance: usize, len: usize, out: &mut Vec<u8>) {
    let back = distance - 1;
    let high = (back >> 8) as u8;
    let short = len - 2;
    if short < 7 {
        out.push((short as u8) << 5 | high);
    } else {
        out.push(7 << 5 | high);
        out.push((short - 7) as u8);
    }
    out.push(back as u8);
}

/// The original of a compressed stream, when it is a valid one of exactly `len` bytes.
#[must_use]
pub fn decompress(input: &[u8], len: usize) -> Option<Vec<u8>> {
    if len > input.len().saturating_mul(EXPANSION_MAX) {
        return None;
    }
    let mut out = Vec::with_capacity(len);
    let mut rest = input;
    while let [control, tail @ ..] = rest {
        if *control < 32 {
            let (literals, tail) = tail.split_at_checked(usize::from(*control) + 1)?;
            if literals.len() > len - out.len() {
                return None;
            }
            out.extend_from_slice(literals);
            rest = tail;
            continue;
        }
        let (extra, tail) = if *control >> 5 == 7 { tail.split_first()? } else { (&0, tail) };
        let (low, tail) = tail.split_first()?;
        let count = usize::from(*control >> 5) + usize::from(*extra) + 2;
        let distance = (usize::from(*control & 31) << 8 | usize::from(*low)) + 1;
        let from = out.len().checked_sub(distance)?;
        if count > len - out.len() {
            return None;
        }
        if distance >= count {
            out.extend_from_within(from..from + count);
        } else {
            // The copy reads what it writes: a run of the last `distance` bytes.
            for i in from..from + count {
                out.push(out[i]);
            }
        }
        rest = tail;
    }
    (out.len() == len).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn runs_shrink_and_return() {
        for len in [21_usize, 100, 264, 265, 300, 5000, 100_000] {
            let text = alloc::vec![b'a'; len];
            let mut packed = Vec::new();
            assert!(compress(&text, len - 4, &mut packed));
            assert!(packed.len() < 8 + len / 60, "{len}: {}", packed.len());
            assert_eq!(decompress(&packed, len).unwrap(), text);
        }
    }

    #[test]
    fn too_long_leaves_no_trace() {
        let mut out = b"kept".to_vec();
        assert!(!compress(b"abcdefghijklmnopqrstuvwxyz", 22, &mut out));
        assert_eq!(out, b"kept");
    }

    #[test]
    fn bad_streams_are_refused() {
        assert_eq!(decompress(&[], 0), Some(Vec::new()));
        for (bytes, len) in [
            (&[0_u8, b'a'][..], 2_usize), // too short
            (&[1, b'a', b'b'], 1),        // too long
            (&[3, b'a'], 4),              // literals cut off
            (&[0x20, 0], 3),              // distance before the start
            (&[0, b'a', 0xe0], 10),       // match cut off
            (&[0, b'a', 0x20], 4),        // distance cut off
            (&[0, b'a', 0x20, 0], 3),     // match beyond the end
            (&[0, b'a'], usize::MAX),     // absurd length
        ] {
            assert_eq!(decompress(bytes, len), None, "{bytes:?}");
        }
        assert_eq!(decompress(&[0, b'a', 0x20, 0], 4).unwrap(), b"aaaa");
    }

    proptest! {
        #[test]
        fn round_trip(text in proptest::collection::vec(0_u8..4, 0..3000)) {
            let mut packed = Vec::new();
            prop_assert!(compress(&text, usize::MAX, &mut packed));
            prop_assert_eq!(decompress(&packed, text.len()).unwrap(), text);
        }

        #[test]
        fn garbage_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..100), len in 0_usize..2000) {
            if let Some(out) = decompress(&bytes, len) {
                prop_assert_eq!(out.len(), len);
            }
        }
    }
}

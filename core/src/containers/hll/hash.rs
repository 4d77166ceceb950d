//! The hash of an element: MurmurHash64A by Austin Appleby, which is in the public domain.
//!
//! *Owns*: the function. *Does not own*: its seed, what the bits are used for.
//! *Invariants*: the same on every machine: words are read as little-endian.

const FACTOR: u64 = 0xc6a4_a793_5bd1_e995;
const SHIFT: u32 = 47;

/// 64 bits of hash.
#[must_use]
pub(super) fn murmur64a(bytes: &[u8], seed: u64) -> u64 {
    let mut hash = seed ^ (bytes.len() as u64).wrapping_mul(FACTOR);
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        let mixed = scatter(u64::from_le_bytes(*word).wrapping_mul(FACTOR));
        hash = (hash ^ mixed.wrapping_mul(FACTOR)).wrapping_mul(FACTOR);
    }
    if !rest.is_empty() {
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        hash = (hash ^ u64::from_le_bytes(last)).wrapping_mul(FACTOR);
    }
    scatter(scatter(hash).wrapping_mul(FACTOR))
}

fn scatter(word: u64) -> u64 {
    word ^ word >> SHIFT
}

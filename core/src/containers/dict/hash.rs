//! The keyed hash of keys.
//!
//! *Owns*: the secret of one node, and the 64-bit hash of a key under it.
//! *Does not own*: how a table uses the bits.
//! *Invariants*: the same secret and key give the same hash in every build and process; without the secret, colliding
//! keys cannot be prepared.

use core::fmt;
use core::hash::Hasher as _;

use foldhash::SharedSeed;
use foldhash::quality::FoldHasher;

/// The hash of a key under one [`HashKey`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hash(pub u64);

impl Hash {
    /// The place of the key in every walk: the top 32 bits.
    #[must_use]
    #[inline]
    pub const fn position(self) -> u32 {
        (self.0 >> 32) as u32
    }
}

/// The secret of the hash; one per node, drawn from its entropy.
#[derive(Clone)]
pub struct HashKey {
    own: u64,
    shared: SharedSeed,
}

impl HashKey {
    /// The key made of 16 secret bytes.
    #[must_use]
    pub fn new(seed: [u8; 16]) -> Self {
        let seed = u128::from_le_bytes(seed);
        // Zeroes are the one weak seed, and the likeliest one in a test: any other constant is unlikely to meet its match.
        Self {
            own: seed as u64 ^ 0x9e37_79b9_7f4a_7c15,
            shared: SharedSeed::from_u64((seed >> 64) as u64 ^ 0xd1b5_4a32_d192_ed03),
        }
    }

    /// The hash of `key`.
    #[must_use]
    #[inline]
    pub fn hash(&self, key: &[u8]) -> Hash {
        let mut hasher = FoldHasher::with_seed(self.own, &self.shared);
        hasher.write(key);
        Hash(hasher.finish())
    }
}

impl fmt::Debug for HashKey {
    /// Shows nothing of the secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HashKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;
    use alloc::vec::Vec;

    /// A change of these numbers changes the order of every SCAN and breaks recorded histories.
    #[test]
    fn known_hashes() {
        let key = HashKey::new(*b"0123456789abcdef");
        let hashes: Vec<u64> = ["", "a", "key:1", "a key that is longer than thirty-two bytes"]
            .iter()
            .map(|text| key.hash(text.as_bytes()).0)
            .collect();
        assert_eq!(
            hashes,
            [0xb3f3_9f83_de7e_8101, 0x9234_77f2_2a76_b951, 0x9ac6_48fa_adb2_3236, 0x6eae_9c48_2a81_7e4b]
        );
    }

    #[test]
    fn lengths_and_halves_of_the_seed_matter() {
        let mut seen = BTreeSet::new();
        for seed in [[0; 16], *b"1000000000000000", *b"0000000000000001"] {
            let key = HashKey::new(seed);
            for len in 0..40 {
                assert!(seen.insert(key.hash(&[0; 40][..len])), "length {len} collides");
            }
        }
    }
}

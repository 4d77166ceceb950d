//! A 128-bit fingerprint of content.
//!
//! *Owns*: [`Digest`], the same on every node, build and machine: replicas compare by it, so it has no secret.
//! *Does not own*: hashing of keys for tables (`containers`), SHA-1 (scripts).
//! *Invariants*: writes are framed by their lengths, so `"ab" "c"` differs from `"a" "bc"`. Not a defence against
//! someone who constructs collisions: it checks replication, persistence and the keyspace's own bookkeeping.

const PRIME_A: u64 = 0x9e37_79b1_85eb_ca87;
const PRIME_B: u64 = 0xc2b2_ae3d_27d4_eb4f;
const PRIME_C: u64 = 0x1656_67b1_9e37_79f9;
const PRIME_D: u64 = 0x27d4_eb2f_1656_67c5;

/// A fingerprint in the making: two lanes of 64 bits, each step of which can be undone, so that neither loses
/// what it has seen.
#[derive(Clone, Copy, Debug)]
pub struct Digest {
    a: u64,
    b: u64,
}

impl Default for Digest {
    fn default() -> Self {
        Self::new()
    }
}

impl Digest {
    /// A fingerprint of nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self { a: PRIME_C, b: PRIME_D }
    }

    /// Adds one number.
    pub fn write_u64(&mut self, word: u64) {
        self.a = (self.a ^ word.wrapping_mul(PRIME_B)).rotate_left(31).wrapping_mul(PRIME_A);
        self.b =
            (self.b.wrapping_add(word.wrapping_mul(PRIME_C))).rotate_left(27).wrapping_mul(PRIME_B) ^ self.a;
    }

    /// Adds a byte string, framed by its length.
    pub fn write(&mut self, bytes: &[u8]) {
        self.write_u64(bytes.len() as u64);
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.write_u64(u64::from_le_bytes(*word));
        }
        if !rest.is_empty() {
            let mut last = [0; 8];
            last[..rest.len()].copy_from_slice(rest);
            self.write_u64(u64::from_le_bytes(last));
        }
    }

    /// Adds a finished fingerprint, as of one element of an ordered whole.
    pub fn write_u128(&mut self, word: u128) {
        self.write_u64(word as u64);
        self.write_u64((word >> 64) as u64);
    }

    /// The fingerprint. Fingerprints may be added up (wrapping) to stand for an unordered whole.
    #[must_use]
    pub fn finish(self) -> u128 {
        let low = avalanche(self.a ^ self.b.rotate_left(17));
        let high = avalanche(self.b.wrapping_add(low));
        u128::from(high) << 64 | u128::from(low)
    }
}

fn avalanche(mut x: u64) -> u64 {
    x = (x ^ (x >> 33)).wrapping_mul(PRIME_B);
    x = (x ^ (x >> 29)).wrapping_mul(PRIME_C);
    x ^ (x >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(parts: &[&[u8]]) -> u128 {
        let mut digest = Digest::new();
        for part in parts {
            digest.write(part);
        }
        digest.finish()
    }

    #[test]
    fn parts_are_framed() {
        assert_ne!(of(&[b"ab", b"c"]), of(&[b"a", b"bc"]));
        assert_ne!(of(&[b"ab"]), of(&[b"ab", b""]));
        assert_ne!(of(&[b"12345678"]), of(&[b"12345678\0"]));
    }

    #[test]
    fn every_bit_counts_and_spreads() {
        let base = of(&[&[7; 40]]);
        for bit in 0..320 {
            let mut bytes = [7_u8; 40];
            bytes[bit / 8] ^= 1 << (bit % 8);
            let changed = (base ^ of(&[&bytes])).count_ones();
            assert!((30..=98).contains(&changed), "bit {bit} changes {changed} bits");
        }
    }

    #[test]
    fn fixed_for_ever() {
        assert_eq!(of(&[b"norn"]), of(&[b"norn"]));
        let mut seen = std::collections::BTreeSet::new();
        for n in 0..100_000_u64 {
            assert!(seen.insert(of(&[&n.to_le_bytes()]) as u64));
        }
    }
}

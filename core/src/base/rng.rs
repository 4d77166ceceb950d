//! The one generator of a node.
//!
//! *Owns*: randomness. A node is given 32 bytes of entropy once; every use forks its own stream from them by label, so
//! that adding a consumer changes no other consumer's numbers.

use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

/// A deterministic random stream (ChaCha with 8 rounds). Cloning copies its position.
#[derive(Clone, Debug)]
pub struct Rng(ChaCha8Rng);

impl Rng {
    /// The root generator of a node.
    #[must_use]
    pub fn new(entropy: [u8; 32]) -> Self {
        Self(ChaCha8Rng::from_seed(entropy))
    }

    /// An independent stream named `label`; the same parent seed and label give the same stream.
    #[must_use]
    pub fn fork(&self, label: &str) -> Self {
        let mut seed = self.0.get_seed();
        // Fold the label into the seed with FNV-1a, a different lane for each 8 bytes of the seed.
        for (lane, chunk) in seed.chunks_exact_mut(8).enumerate() {
            let mut hash = 0xcbf2_9ce4_8422_2325_u64 ^ lane as u64;
            for byte in label.bytes() {
                hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
            }
            for (byte, mixed) in chunk.iter_mut().zip(hash.to_le_bytes()) {
                *byte ^= mixed;
            }
        }
        Self(ChaCha8Rng::from_seed(seed))
    }

    /// The next 64 random bits.
    pub fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number in `0..n`; 0 when `n` is 0. The bias of the multiplication method is below 2^-32 for `n` < 2^32.
    pub fn below(&mut self, n: u64) -> u64 {
        ((u128::from(self.next_u64()) * u128::from(n)) >> 64) as u64
    }

    /// `N` random bytes.
    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut out = [0; N];
        self.0.fill_bytes(&mut out);
        out
    }

    /// 40 lower-case hexadecimal digits: a run id, a replication id, an end-of-file mark.
    pub fn hex40(&mut self) -> [u8; 40] {
        let raw: [u8; 20] = self.bytes();
        let mut out = [0; 40];
        for (i, byte) in raw.iter().enumerate() {
            out[2 * i] = b"0123456789abcdef"[usize::from(byte >> 4)];
            out[2 * i + 1] = b"0123456789abcdef"[usize::from(byte & 15)];
        }
        out
    }
}

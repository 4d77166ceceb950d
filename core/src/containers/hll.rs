//! Estimates of how many different elements were seen (HyperLogLog), in the bytes that Redis keeps in a string.
//!
//! *Owns*: the header, adding, counting, merging, and the change from the sparse to the dense form.
//! *Does not own*: the forms themselves (`sparse`, `dense`), the formula (`estimate`), options of commands.
//! *Invariants*: the same elements in the same order leave the same bytes as in Redis. Any bytes with a valid header
//! may come in, because a client can store what it likes: damage is found and answered as [`Corrupt`], never believed.
//!
//! The bytes: `HYLL`, one byte for the form, three unused ones, eight for the last estimate (little-endian; its highest
//! bit says that it is out of date), then the registers. There are 2^14 registers; a hash of an element picks one,
//! which keeps the longest run of zeros seen in the rest of the hash, plus one.

mod dense;
mod estimate;
mod hash;
mod selftest;
mod sparse;

pub use selftest::self_test;

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use sparse::{Cursor, Written};

/// Bits of the hash that pick a register.
const INDEX_BITS: u32 = 14;
/// Bits of the hash that are left; a register never needs to keep more than one more than this.
const RANK_BITS: u32 = 64 - INDEX_BITS;
/// How many registers there are.
pub const REGISTERS: usize = 1 << INDEX_BITS;
/// Bytes before the registers.
const HEADER: usize = 16;
/// Bytes of the dense form.
const DENSE_LEN: usize = HEADER + dense::BYTES;

const MAGIC: &[u8; 4] = b"HYLL";
const FORM_AT: usize = 4;
const DENSE: u8 = 0;
const SPARSE: u8 = 1;
const CACHE_AT: usize = 8;
/// In the last byte of the header: the kept estimate is out of date.
const STALE: u8 = 0x80;

/// The registers make no sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Corrupt;

/// What nothing was added to yet.
#[must_use]
pub fn new() -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER + 16);
    bytes.extend_from_slice(MAGIC);
    bytes.resize(HEADER, 0);
    bytes[FORM_AT] = SPARSE;
    sparse::push_zeros(&mut bytes, REGISTERS);
    bytes
}

/// Whether the header is valid, and the length if that is known.
#[must_use]
pub fn is_valid(bytes: &[u8]) -> bool {
    let form = bytes.get(FORM_AT).copied();
    bytes.starts_with(MAGIC)
        && ((form == Some(SPARSE) && bytes.len() >= HEADER)
            || (form == Some(DENSE) && bytes.len() == DENSE_LEN))
}

/// Whether it is in the sparse form.
#[must_use]
pub fn is_sparse(bytes: &[u8]) -> bool {
    bytes[FORM_AT] == SPARSE
}

/// The last estimate, if nothing has changed since.
#[must_use]
pub fn cached(bytes: &[u8]) -> Option<u64> {
    let kept: [u8; 8] = *bytes[CACHE_AT..].first_chunk()?;
    (kept[7] & STALE == 0).then(|| u64::from_le_bytes(kept))
}

/// Keeps an estimate.
pub fn set_cached(bytes: &mut [u8], estimate: u64) {
    bytes[CACHE_AT..HEADER].copy_from_slice(&estimate.to_le_bytes());
}

/// Says that the kept estimate is out of date.
pub fn forget_cached(bytes: &mut [u8]) {
    bytes[HEADER - 1] |= STALE;
}

/// Adds an element. The sparse form becomes dense rather than grow beyond `sparse_max` bytes. Answers whether a
/// register changed; the kept estimate is left as it is.
///
/// # Errors
/// The registers are damaged; nothing has changed.
pub fn add(bytes: &mut Vec<u8>, element: &[u8], sparse_max: usize) -> Result<bool, Corrupt> {
    let (index, rank) = place(element);
    if is_sparse(bytes) {
        match sparse::raise(bytes, &mut Cursor::start(), index, rank, sparse_max)? {
            Written::Nothing => return Ok(false),
            Written::Done => return Ok(true),
            Written::DoesNotFit => make_dense(bytes)?,
        };
    }
    Ok(dense::raise(&mut bytes[HEADER..], index, rank))
}

/// The register of an element, and what it is raised to.
fn place(element: &[u8]) -> (usize, u8) {
    let hash = hash::murmur64a(element, 0xadc8_3b19);
    let index = hash as usize & (REGISTERS - 1);
    // A bit beyond the hash ends the run.
    let rest = hash >> INDEX_BITS | 1 << RANK_BITS;
    (index, rest.trailing_zeros() as u8 + 1)
}

/// How many different elements were added, about.
///
/// # Errors
/// The registers are damaged.
pub fn estimate(bytes: &[u8]) -> Result<u64, Corrupt> {
    let registers = &bytes[HEADER..];
    let histogram =
        if is_sparse(bytes) { sparse::histogram(registers)? } else { dense::histogram(registers) };
    Ok(estimate::cardinality(&histogram))
}

/// Changes to the dense form. Answers whether it was sparse.
///
/// # Errors
/// The registers are damaged; nothing has changed.
pub fn make_dense(bytes: &mut Vec<u8>) -> Result<bool, Corrupt> {
    if !is_sparse(bytes) {
        return Ok(false);
    }
    let mut union = Union::new();
    union.merge(bytes)?;
    let mut copy = vec![0; DENSE_LEN];
    copy[..HEADER].copy_from_slice(&bytes[..HEADER]);
    copy[FORM_AT] = DENSE;
    dense::pack(&union.registers, &mut copy[HEADER..]);
    *bytes = copy;
    Ok(true)
}

/// The registers of the sparse form as text: `z:` and `Z:` for zeros, `v:` for a value and how often it comes.
#[must_use]
pub fn describe_sparse(bytes: &[u8]) -> String {
    sparse::describe(&bytes[HEADER..])
}

/// The greatest of several in each register: what counts the union.
#[derive(Clone, Debug)]
pub struct Union {
    registers: Box<[u8; REGISTERS]>,
}

impl Union {
    /// Of nothing.
    #[must_use]
    pub fn new() -> Self {
        Self { registers: Box::new([0; REGISTERS]) }
    }

    /// Adds another one.
    ///
    /// # Errors
    /// Its registers are damaged; some of them may have been taken.
    pub fn merge(&mut self, bytes: &[u8]) -> Result<(), Corrupt> {
        let registers = &bytes[HEADER..];
        if is_sparse(bytes) {
            sparse::merge(registers, &mut self.registers)
        } else {
            dense::merge(registers, &mut self.registers);
            Ok(())
        }
    }

    /// How many different elements were added to any of them, about.
    #[must_use]
    pub fn estimate(&self) -> u64 {
        estimate::cardinality(&dense::histogram_of(&self.registers))
    }

    /// The registers in order.
    #[must_use]
    pub fn registers(&self) -> &[u8] {
        &*self.registers
    }

    /// Raises the registers of `bytes`, which is one of those that were merged, to these. The kept estimate is left.
    ///
    /// # Errors
    /// The registers of `bytes` are damaged.
    pub fn write(&self, bytes: &mut Vec<u8>, sparse_max: usize) -> Result<(), Corrupt> {
        if is_sparse(bytes) && self.write_sparse(bytes, sparse_max)? {
            return Ok(());
        }
        make_dense(bytes)?;
        dense::pack(&self.registers, &mut bytes[HEADER..]);
        Ok(())
    }

    /// Answers whether they fit.
    fn write_sparse(&self, bytes: &mut Vec<u8>, sparse_max: usize) -> Result<bool, Corrupt> {
        let mut cursor = Cursor::start();
        for (index, rank) in self.registers.iter().enumerate().filter(|(_, rank)| **rank > 0) {
            if sparse::raise(bytes, &mut cursor, index, *rank, sparse_max)? == Written::DoesNotFit {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

impl Default for Union {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests;

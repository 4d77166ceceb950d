//! The dense form: registers of six bits, one after another from the lowest bit of the first byte.
//!
//! *Owns*: reading, raising, counting and packing such registers; four of them lie in three bytes.
//! *Does not own*: the header. *Invariants*: there are [`BYTES`] bytes.

use super::REGISTERS;
use super::estimate::Histogram;

/// Bits of a register.
const BITS: usize = 6;
/// The greatest value of a register.
const MAX: u8 = (1 << BITS) - 1;
/// Bytes of all registers.
pub(super) const BYTES: usize = REGISTERS * BITS / 8;

/// The register number `index`.
#[inline]
pub(super) fn read(bytes: &[u8], index: usize) -> u8 {
    let (at, shift) = (index * BITS / 8, index * BITS % 8);
    let pair = u16::from_le_bytes([bytes[at], bytes.get(at + 1).copied().unwrap_or(0)]);
    (pair >> shift) as u8 & MAX
}

/// Raises a register to a value; false when it is as high already.
#[inline]
pub(super) fn raise(bytes: &mut [u8], index: usize, value: u8) -> bool {
    if read(bytes, index) >= value {
        return false;
    }
    let (at, shift) = (index * BITS / 8, index * BITS % 8);
    let (mask, value) = (u16::from(MAX) << shift, u16::from(value) << shift);
    bytes[at] = bytes[at] & !(mask as u8) | value as u8;
    if let Some(next) = bytes.get_mut(at + 1) {
        *next = *next & !((mask >> 8) as u8) | (value >> 8) as u8;
    }
    true
}

/// The four registers in three bytes.
#[inline]
fn unpack(three: [u8; 3]) -> [u8; 4] {
    let word = u32::from_le_bytes([three[0], three[1], three[2], 0]);
    [0, 6, 12, 18].map(|shift| (word >> shift) as u8 & MAX)
}

/// How often each value occurs.
pub(super) fn histogram(bytes: &[u8]) -> Histogram {
    // One table for each of the four places: equal neighbours need not wait for each other.
    let mut tables = [[0_u32; 64]; 4];
    for three in bytes.as_chunks::<3>().0 {
        for (table, value) in tables.iter_mut().zip(unpack(*three)) {
            table[usize::from(value)] += 1;
        }
    }
    core::array::from_fn(|value| tables.iter().map(|table| table[value]).sum())
}

/// Raises registers of a byte each to these.
pub(super) fn merge(bytes: &[u8], into: &mut [u8; REGISTERS]) {
    for (four, three) in into.as_chunks_mut::<4>().0.iter_mut().zip(bytes.as_chunks::<3>().0) {
        for (register, value) in four.iter_mut().zip(unpack(*three)) {
            *register = value.max(*register);
        }
    }
}

/// Writes registers of a byte each.
pub(super) fn pack(registers: &[u8; REGISTERS], bytes: &mut [u8]) {
    for (three, four) in bytes.as_chunks_mut::<3>().0.iter_mut().zip(registers.as_chunks::<4>().0) {
        let [a, b, c, d] = four.map(|register| u32::from(register & MAX));
        let word = (a | b << 6 | c << 12 | d << 18).to_le_bytes();
        three.copy_from_slice(&word[..3]);
    }
}

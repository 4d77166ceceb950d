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

/// Registers that are unpacked together.
const BLOCK: usize = 64;
/// Their bytes.
const PACKED: usize = BLOCK * BITS / 8;

/// Eight registers of a byte each, from the low 48 bits of a word: halves move apart three times.
#[inline]
fn spread(x: u64) -> u64 {
    let x = x & 0xff_ffff | (x & 0xffff_ff00_0000) << 8;
    let x = x & 0x0000_0fff_0000_0fff | (x & 0x00ff_f000_00ff_f000) << 4;
    x & 0x003f_003f_003f_003f | (x & 0x0fc0_0fc0_0fc0_0fc0) << 2
}

/// The inverse.
#[inline]
fn gather(x: u64) -> u64 {
    let x = x & 0x003f_003f_003f_003f | x >> 2 & 0x0fc0_0fc0_0fc0_0fc0;
    let x = x & 0x0000_0fff_0000_0fff | x >> 4 & 0x00ff_f000_00ff_f000;
    x & 0xff_ffff | x >> 8 & 0xffff_ff00_0000
}

#[inline]
fn unpack(packed: &[u8; PACKED]) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    for (eight, six) in block.as_chunks_mut::<8>().0.iter_mut().zip(packed.as_chunks::<6>().0) {
        let [a, b, c, d, e, f] = *six;
        *eight = spread(u64::from_le_bytes([a, b, c, d, e, f, 0, 0])).to_le_bytes();
    }
    block
}

/// How often each value occurs.
pub(super) fn histogram(bytes: &[u8]) -> Histogram {
    let mut tables = Tables::default();
    for packed in bytes.as_chunks::<PACKED>().0 {
        tables.count(&unpack(packed));
    }
    tables.sum()
}

/// How often each value occurs among registers of a byte each.
pub(super) fn histogram_of(registers: &[u8; REGISTERS]) -> Histogram {
    let mut tables = Tables::default();
    for block in registers.as_chunks::<BLOCK>().0 {
        tables.count(block);
    }
    tables.sum()
}

/// Four tables to count in: equal neighbours need not wait for each other.
struct Tables([Histogram; 4]);

impl Default for Tables {
    fn default() -> Self {
        Self([[0; 64]; 4])
    }
}

impl Tables {
    #[inline]
    fn count(&mut self, block: &[u8; BLOCK]) {
        for eight in block.as_chunks::<8>().0 {
            if *eight == [0; 8] {
                self.0[0][0] += 8;
                continue;
            }
            let [a, b, c, d, e, f, g, h] = eight.map(|register| usize::from(register & MAX));
            let [one, two, three, four] = &mut self.0;
            one[a] += 1;
            two[b] += 1;
            three[c] += 1;
            four[d] += 1;
            one[e] += 1;
            two[f] += 1;
            three[g] += 1;
            four[h] += 1;
        }
    }

    fn sum(&self) -> Histogram {
        core::array::from_fn(|value| self.0.iter().map(|table| table[value]).sum())
    }
}

/// Raises registers of a byte each to these.
pub(super) fn merge(bytes: &[u8], into: &mut [u8; REGISTERS]) {
    for (block, packed) in into.as_chunks_mut::<BLOCK>().0.iter_mut().zip(bytes.as_chunks::<PACKED>().0) {
        for (register, value) in block.iter_mut().zip(unpack(packed)) {
            *register = value.max(*register);
        }
    }
}

/// Writes registers of a byte each.
pub(super) fn pack(registers: &[u8; REGISTERS], bytes: &mut [u8]) {
    for (six, eight) in bytes.as_chunks_mut::<6>().0.iter_mut().zip(registers.as_chunks::<8>().0) {
        let word = gather(u64::from_le_bytes(*eight)).to_le_bytes();
        six.copy_from_slice(&word[..6]);
    }
}

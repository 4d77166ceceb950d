//! What PFSELFTEST asks: do the registers keep what is written, and are the estimates as good as promised?
//!
//! *Owns*: the test. *Does not own*: a source of randomness: the numbers are always the same.
//! *Invariants*: takes some milliseconds.

use super::{HEADER, REGISTERS, Union, add, dense, estimate, make_dense, new};
use alloc::vec;

/// Elements that are added in the end.
const ELEMENTS: u64 = 100_000;
/// The standard error is 1.04 / sqrt(2^14); a few of them are allowed.
const ERROR_MAX: f64 = 5.0 * 1.04 / 128.0;

/// Says what is wrong, or nothing.
///
/// # Errors
/// A sentence.
pub fn self_test() -> Result<(), &'static str> {
    registers_keep_what_is_written()?;
    both_forms_agree_with_the_truth()
}

fn random(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (*state ^ *state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z ^ z >> 27
}

fn registers_keep_what_is_written() -> Result<(), &'static str> {
    let (mut packed, mut plain) = (vec![0; dense::BYTES], vec![0; REGISTERS]);
    let mut state = 1;
    for _ in 0..4 * REGISTERS {
        let number = random(&mut state);
        let (index, value) = (number as usize % REGISTERS, (number >> 32) as u8 & 63);
        let raised = dense::raise(&mut packed, index, value);
        if raised != (value > plain[index]) {
            return Err("a register was raised by mistake, or was not");
        }
        plain[index] = plain[index].max(value);
    }
    let same = plain.iter().enumerate().all(|(index, value)| dense::read(&packed, index) == *value);
    if same { Ok(()) } else { Err("a register does not hold what was written") }
}

fn both_forms_agree_with_the_truth() -> Result<(), &'static str> {
    let (mut small, mut large) = (new(), new());
    make_dense(&mut large).map_err(|_| "an empty one is taken for damaged")?;
    let mut state = 2;
    let mut check_at = 1;
    for n in 1..=ELEMENTS {
        let element = random(&mut state).to_le_bytes();
        let by_sparse = add(&mut small, &element, 3000).map_err(|_| "the sparse form is damaged")?;
        let by_dense = add(&mut large, &element, 0).map_err(|_| "the dense form is damaged")?;
        if by_sparse != by_dense {
            return Err("the forms disagree about an element");
        }
        if n == check_at {
            let (a, b) = (estimate(&small), estimate(&large));
            let Ok(guess) = a else { return Err("the sparse form is damaged") };
            if a != b {
                return Err("the forms disagree about the number of elements");
            }
            // One wrong is no reason to complain about small numbers.
            if guess.abs_diff(n) as f64 > 1.0 + n as f64 * ERROR_MAX {
                return Err("an estimate is too far off");
            }
            check_at *= 10;
        }
    }
    let mut union = Union::new();
    union.merge(&small).map_err(|_| "the sparse form is damaged")?;
    let same = (0..REGISTERS).all(|index| union.registers()[index] == dense::read(&large[HEADER..], index));
    if same { Ok(()) } else { Err("the registers of the two forms differ") }
}

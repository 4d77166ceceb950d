//! E2: a node keeps no more of its stream than the configured size and one block, unless an attached replica is owed more;
//! its memory holds that and nothing else; the offset and every replica's place lie within what is kept.

use super::Violation;
use crate::view::KeptStream;

/// Bytes of a block: the grain in which history is forgotten.
const BLOCK: i64 = 16 * 1024;
/// A smaller size than this counts as this.
const LEAST: i64 = 16 * 1024;
/// What a block costs beside its bytes.
const BLOCK_COST: i64 = 64;

/// Checks what node `s` keeps at the end of a turn.
pub(super) fn check(s: u8, kept: &KeptStream) -> Result<(), Violation> {
    let KeptStream { start, end, offset, slowest, fastest, memory, size } = *kept;
    let places = [Some(offset), slowest, fastest];
    if let Some(place) = places.into_iter().flatten().find(|at| !(start..=offset.min(end)).contains(at)) {
        let reason =
            format!("n{s} keeps its stream from {start} to {end}, but {place} of {offset} is needed");
        return Err(Violation::new("E2", reason));
    }
    let wanted = (offset - size.max(LEAST)).min(slowest.unwrap_or(i64::MAX));
    if start + BLOCK <= wanted {
        let reason =
            format!("n{s} keeps its stream from {start} on; {wanted} would do for its size of {size}");
        return Err(Violation::new("E2", reason));
    }
    // One block may be partly filled at the end, and another not begun.
    let most = ((end - start) / BLOCK + 2) * (BLOCK + BLOCK_COST);
    if memory > most {
        let reason = format!("n{s} has {memory} bytes of memory for {} bytes of stream", end - start);
        return Err(Violation::new("E2", reason));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOUND: KeptStream = KeptStream {
        start: 100,
        end: 50_100,
        offset: 50_000,
        slowest: None,
        fastest: None,
        memory: 4 * BLOCK,
        size: 40_000,
    };

    #[test]
    fn each_half_of_the_rule_can_fail() {
        assert!(check(0, &SOUND).is_ok());
        assert!(check(0, &KeptStream { size: 20_000, ..SOUND }).is_err(), "too much");
        let owed = KeptStream { size: 20_000, slowest: Some(10_000), fastest: Some(50_000), ..SOUND };
        assert!(check(0, &owed).is_ok(), "a replica needs it");
        assert!(check(0, &KeptStream { slowest: Some(99), ..SOUND }).is_err(), "lost for a replica");
        assert!(check(0, &KeptStream { fastest: Some(50_001), ..SOUND }).is_err(), "a replica is ahead");
        assert!(check(0, &KeptStream { offset: 50_101, ..SOUND }).is_err(), "the end is not kept");
        assert!(check(0, &KeptStream { memory: 6 * BLOCK, ..SOUND }).is_err(), "memory leaks");
    }
}

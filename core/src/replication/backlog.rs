//! The replication stream of a node, block-wise.
//!
//! *Owns*: the last bytes of the stream. The backlog, every replica and (later) the append-only file read the same blocks
//! with their own cursors. *Does not own*: cursors.
//! *Invariants*: blocks are contiguous and none is empty but the last; `start() <= end()`.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

/// Bytes of one block.
const BLOCK: usize = 16 * 1024;

/// The kept part of the stream. Offsets count bytes since the beginning of the history; the byte at offset `o` is the
/// `o + 1`-th of it (Redis counts the first byte as 1).
#[derive(Clone, Debug)]
pub struct Backlog {
    blocks: VecDeque<Vec<u8>>,
    /// Offset of the first byte kept.
    start: i64,
    /// Offset after the last byte.
    end: i64,
}

impl Backlog {
    /// An empty log that goes on at `offset`.
    #[must_use]
    pub fn new(offset: i64) -> Self {
        Self { blocks: VecDeque::new(), start: offset, end: offset }
    }

    /// Offset of the first byte kept.
    #[must_use]
    pub const fn start(&self) -> i64 {
        self.start
    }

    /// Offset after the last byte.
    #[must_use]
    pub const fn end(&self) -> i64 {
        self.end
    }

    /// Bytes kept.
    #[must_use]
    pub const fn len(&self) -> u64 {
        (self.end - self.start) as u64
    }

    /// Whether nothing is kept.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Adds bytes at the end.
    pub fn push(&mut self, mut bytes: &[u8]) {
        self.end += bytes.len() as i64;
        while !bytes.is_empty() {
            if self.blocks.back().is_none_or(|b| b.len() == BLOCK) {
                self.blocks.push_back(Vec::with_capacity(BLOCK));
            }
            let last = self.blocks.back_mut().expect("a block was just added");
            let n = bytes.len().min(BLOCK - last.len());
            last.extend_from_slice(&bytes[..n]);
            bytes = &bytes[n..];
        }
    }

    /// Forgets whole blocks that lie before `offset`.
    pub fn trim(&mut self, offset: i64) {
        while let Some(first) = self.blocks.front() {
            let next = self.start + first.len() as i64;
            if next > offset || first.len() < BLOCK {
                break;
            }
            self.start = next;
            self.blocks.pop_front();
        }
    }

    /// Forgets what lies after `offset`.
    pub fn truncate(&mut self, offset: i64) {
        debug_assert!(offset >= self.start, "a cut outside of the log");
        while self.end > offset {
            let Some(last) = self.blocks.back_mut() else { break };
            let cut = last.len().min((self.end - offset) as usize);
            last.truncate(last.len() - cut);
            self.end -= cut as i64;
            if last.is_empty() {
                self.blocks.pop_back();
            }
        }
    }

    /// The slices from `offset` on, at most `max` bytes in all; answers how many slices were put into `into`.
    pub fn slices<'a>(&'a self, offset: i64, max: usize, into: &mut [&'a [u8]]) -> usize {
        debug_assert!(offset >= self.start && offset <= self.end, "a cursor outside of the log");
        // Every block but the last is full, so the place of an offset is found by division.
        let skip = (offset - self.start) as usize;
        let (mut block, mut at) = (skip / BLOCK, skip % BLOCK);
        let (mut left, mut n) = (max, 0);
        while n < into.len() && left > 0 && block < self.blocks.len() {
            let bytes = &self.blocks[block][at..];
            let bytes = &bytes[..bytes.len().min(left)];
            if bytes.is_empty() {
                break;
            }
            left -= bytes.len();
            into[n] = bytes;
            n += 1;
            block += 1;
            at = 0;
        }
        n
    }

    /// Bytes of memory.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        self.blocks.len() * (BLOCK + size_of::<Vec<u8>>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec;

    fn read(log: &Backlog, offset: i64) -> Vec<u8> {
        let mut slices = [&[][..]; 64];
        let n = log.slices(offset, usize::MAX, &mut slices);
        slices[..n].concat()
    }

    #[test]
    fn a_cursor_reads_what_was_pushed() {
        let mut log = Backlog::new(100);
        let all: Vec<u8> = (0..100_000_u32).map(|i| (i % 251) as u8).collect();
        for piece in all.chunks(777) {
            log.push(piece);
        }
        for from in [0, 1, 16_383, 16_384, 16_385, 99_999, 100_000] {
            assert_eq!(read(&log, 100 + from as i64), all[from..].to_vec());
        }
        log.trim(100 + 40_000);
        assert_eq!(log.start(), 100 + 32_768);
        assert_eq!(read(&log, 100 + 40_000), all[40_000..].to_vec());
    }

    #[test]
    fn a_cut_log_goes_on_where_it_was_cut() {
        let mut log = Backlog::new(7);
        log.push(&[b'a'; 40_000]);
        for cut in [7 + 39_999, 7 + 32_768, 7 + 20_000] {
            log.truncate(cut);
            assert_eq!(log.end(), cut);
        }
        log.push(b"tail");
        let all = read(&log, 7);
        assert_eq!((all.len(), &all[20_000..]), (20_004, &b"tail"[..]));
        log.truncate(7);
        assert!(log.is_empty() && read(&log, 7).is_empty());
    }

    #[test]
    fn at_most_max_bytes_are_offered() {
        let mut log = Backlog::new(0);
        log.push(&vec![7; 50_000]);
        let mut slices = [&[][..]; 8];
        let n = log.slices(10, 20_000, &mut slices);
        assert_eq!(slices[..n].concat().len(), 20_000);
    }
}

//! A store of equal-sized entries that stay where they are, named by a 32-bit index.
//!
//! *Owns*: the entries, in chunks of [`CHUNK`], and the free cells between them.
//! *Does not own*: any order among entries, or a way to find one without its index.
//!
//! *Invariants*
//! - An entry never moves, except inside the first chunk while that one is still growing to its full size.
//! - One insertion allocates at most one chunk. A removal frees at most one chunk and keeps one spare, so that going
//!   back and forth over a chunk's edge costs no allocation.
//! - A new entry goes to the lowest chunk with room, so a shrinking store empties its upper chunks; an empty chunk gives
//!   its memory back wherever it is.
//! - Free cells of a chunk are threaded through the cells themselves: they cost nothing beside an entry that has a niche.

use alloc::vec::Vec;
use core::num::NonZeroU32;

/// Cells per chunk.
pub const CHUNK: usize = 1 << CHUNK_BITS;
const CHUNK_BITS: u32 = 10;
/// Cells of the first chunk when it is born; it doubles from there.
const FIRST_CELLS: usize = 4;
/// End of a chunk's list of free cells.
const NONE: u32 = u32::MAX;
/// The largest number of entries: an [`Ix`] is never all ones.
const ENTRIES_MAX: usize = u32::MAX as usize - 1;

/// The index of a living entry; dead after its removal. `Option<Ix>` is 4 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ix(NonZeroU32);

impl Ix {
    fn new(index: usize) -> Self {
        // `index` is below ENTRIES_MAX, so neither the cast nor the addition wraps.
        Self(NonZeroU32::MIN.saturating_add(index as u32))
    }

    /// The index as a non-zero number, for compact storage beside other data.
    #[must_use]
    pub const fn to_raw(self) -> u32 {
        self.0.get()
    }

    /// The index that [`Ix::to_raw`] gave; `None` for zero.
    #[must_use]
    pub const fn from_raw(raw: u32) -> Option<Self> {
        match NonZeroU32::new(raw) {
            Some(raw) => Some(Self(raw)),
            None => None,
        }
    }

    /// Chunk and cell.
    const fn place(self) -> (usize, usize) {
        let index = (self.0.get() - 1) as usize;
        (index >> CHUNK_BITS, index & (CHUNK - 1))
    }
}

#[derive(Clone)]
enum Cell<T> {
    Live(T),
    /// The next free cell of this chunk, or [`NONE`].
    Free(u32),
}

struct Chunk<T> {
    cells: Vec<Cell<T>>,
    free: u32,
    live: u32,
}

/// Entries of one type, by index. See the module.
pub struct Arena<T> {
    chunks: Vec<Chunk<T>>,
    /// One bit per chunk: it has room.
    open: Vec<u64>,
    /// No word of `open` before this one has a bit set.
    open_from: usize,
    /// The buffer of the chunk that emptied last; without capacity when there is none.
    spare: Vec<Cell<T>>,
    /// Allocated cells, those of `spare` included.
    cells: usize,
    len: usize,
}

impl<T> Default for Arena<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Clone> Clone for Arena<T> {
    fn clone(&self) -> Self {
        let mut chunks = Vec::with_capacity(self.chunks.capacity());
        chunks.extend(self.chunks.iter().map(|chunk| Chunk {
            cells: clone_with_capacity(&chunk.cells),
            free: chunk.free,
            live: chunk.live,
        }));
        Self {
            chunks,
            open: clone_with_capacity(&self.open),
            open_from: self.open_from,
            spare: clone_with_capacity(&self.spare),
            cells: self.cells,
            len: self.len,
        }
    }
}

impl<T> Arena<T> {
    /// Bytes one entry takes: its size, when it has a niche that tells free cells apart.
    pub const CELL_BYTES: usize = size_of::<Cell<T>>();

    /// An empty store; allocates nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self { chunks: Vec::new(), open: Vec::new(), open_from: 0, spare: Vec::new(), cells: 0, len: 0 }
    }

    /// Number of living entries.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether no entry is alive.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Bytes allocated by the store itself, what entries own excluded. O(1).
    #[must_use]
    pub const fn heap_bytes(&self) -> usize {
        self.cells * Self::CELL_BYTES
            + self.chunks.capacity() * size_of::<Chunk<T>>()
            + self.open.capacity() * size_of::<u64>()
    }

    /// The entry at `ix`. Panics when it is dead.
    #[must_use]
    #[inline]
    pub fn get(&self, ix: Ix) -> &T {
        let (chunk, cell) = ix.place();
        match &self.chunks[chunk].cells[cell] {
            Cell::Live(entry) => entry,
            Cell::Free(_) => dead(),
        }
    }

    /// The entry at `ix`, to change. Panics when it is dead.
    #[must_use]
    #[inline]
    pub fn get_mut(&mut self, ix: Ix) -> &mut T {
        let (chunk, cell) = ix.place();
        match &mut self.chunks[chunk].cells[cell] {
            Cell::Live(entry) => entry,
            Cell::Free(_) => dead(),
        }
    }

    /// Stores `entry` in the lowest chunk with room.
    pub fn insert(&mut self, entry: T) -> Ix {
        let at = self.open_chunk();
        let chunk = &mut self.chunks[at];
        let cell = if chunk.free == NONE {
            if chunk.cells.len() == chunk.cells.capacity() {
                self.cells += grow(&mut chunk.cells, &mut self.spare, at == 0);
            }
            chunk.cells.push(Cell::Live(entry));
            chunk.cells.len() - 1
        } else {
            let cell = chunk.free as usize;
            match core::mem::replace(&mut chunk.cells[cell], Cell::Live(entry)) {
                Cell::Free(next) => chunk.free = next,
                Cell::Live(_) => unreachable!("a living cell on the free list"),
            }
            cell
        };
        chunk.live += 1;
        self.len += 1;
        if chunk.live as usize == CHUNK {
            self.open[at / 64] &= !(1 << (at % 64));
        }
        Ix::new((at << CHUNK_BITS) | cell)
    }

    /// Takes the entry at `ix` out. Panics when it is dead.
    pub fn remove(&mut self, ix: Ix) -> T {
        let (at, cell) = ix.place();
        let chunk = &mut self.chunks[at];
        let entry = match core::mem::replace(&mut chunk.cells[cell], Cell::Free(chunk.free)) {
            Cell::Live(entry) => entry,
            Cell::Free(_) => dead(),
        };
        chunk.free = cell as u32;
        chunk.live -= 1;
        self.len -= 1;
        self.open[at / 64] |= 1 << (at % 64);
        self.open_from = self.open_from.min(at / 64);
        if chunk.live == 0 {
            self.release(at);
        }
        entry
    }

    /// The lowest chunk with room, made when there is none.
    fn open_chunk(&mut self) -> usize {
        while let Some(&word) = self.open.get(self.open_from) {
            if word != 0 {
                return self.open_from * 64 + word.trailing_zeros() as usize;
            }
            self.open_from += 1;
        }
        let at = self.chunks.len();
        assert!((at + 1) << CHUNK_BITS <= ENTRIES_MAX, "an arena holds fewer than 2^32 entries");
        self.chunks.push(Chunk { cells: Vec::new(), free: NONE, live: 0 });
        if at / 64 == self.open.len() {
            self.open.push(0);
        }
        self.open[at / 64] |= 1 << (at % 64);
        self.open_from = at / 64;
        at
    }

    /// Gives the memory of the empty chunk `at` back, or keeps it as the spare.
    #[cold]
    fn release(&mut self, at: usize) {
        let chunk = &mut self.chunks[at];
        let mut cells = core::mem::take(&mut chunk.cells);
        chunk.free = NONE;
        if self.len > 0 && cells.capacity() == CHUNK && self.spare.capacity() == 0 {
            cells.clear();
            self.spare = cells;
        } else {
            self.cells -= cells.capacity();
        }
        while self.chunks.last().is_some_and(|chunk| chunk.live == 0) {
            self.chunks.pop();
            let last = self.chunks.len();
            self.open[last / 64] &= !(1 << (last % 64));
        }
        self.open.truncate(self.chunks.len().div_ceil(64));
        self.open_from = self.open_from.min(self.open.len());
        if self.len == 0 {
            self.cells -= self.spare.capacity();
            self.spare = Vec::new();
        }
        give_back(&mut self.chunks);
        give_back(&mut self.open);
    }

    /// Walks the whole structure and asserts its invariants. O(n).
    pub fn check(&self) {
        let (mut len, mut cells) = (0, self.spare.capacity());
        for (at, chunk) in self.chunks.iter().enumerate() {
            let live = chunk.cells.iter().filter(|cell| matches!(cell, Cell::Live(_))).count();
            let mut free = 0;
            let mut next = chunk.free;
            while next != NONE {
                let Cell::Free(after) = &chunk.cells[next as usize] else {
                    panic!("a living cell on the free list")
                };
                next = *after;
                free += 1;
                assert!(free <= CHUNK, "the free list goes round");
            }
            assert_eq!(live, chunk.live as usize);
            assert_eq!(live + free, chunk.cells.len());
            assert!(chunk.cells.capacity() <= CHUNK);
            assert_eq!(self.open[at / 64] >> (at % 64) & 1 == 1, live < CHUNK, "open bit of chunk {at}");
            len += live;
            cells += chunk.cells.capacity();
        }
        assert_eq!(len, self.len);
        assert_eq!(cells, self.cells);
        assert_eq!(self.open.len(), self.chunks.len().div_ceil(64));
        assert!(self.open.iter().take(self.open_from).all(|&word| word == 0));
        assert!(self.chunks.last().is_none_or(|chunk| chunk.live > 0), "a trailing chunk is empty");
    }
}

/// Makes room in a chunk's buffer; the first chunk doubles, others get their full size at once. Returns the cells that
/// were newly allocated.
#[cold]
fn grow<T>(cells: &mut Vec<Cell<T>>, spare: &mut Vec<Cell<T>>, first: bool) -> usize {
    if spare.capacity() > 0 && cells.is_empty() {
        *cells = core::mem::take(spare);
        return 0;
    }
    let before = cells.capacity();
    let target = if first { (before * 2).clamp(FIRST_CELLS, CHUNK) } else { CHUNK };
    cells.reserve_exact(target - cells.len());
    cells.capacity() - before
}

/// Shrinks a vector that is less than a quarter full.
fn give_back<T>(items: &mut Vec<T>) {
    if items.len() * 4 < items.capacity() {
        items.shrink_to(items.len() * 2);
    }
}

/// A copy that also has the capacity of its original, so that both account for the same memory and grow alike.
pub(crate) fn clone_with_capacity<T: Clone>(items: &Vec<T>) -> Vec<T> {
    let mut copy = Vec::with_capacity(items.capacity());
    copy.extend_from_slice(items);
    copy
}

#[cold]
#[inline(never)]
fn dead() -> ! {
    panic!("an index outlived its entry")
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::boxed::Box;
    use alloc::collections::BTreeMap;
    use proptest::prelude::*;

    #[test]
    fn sizes() {
        assert_eq!(size_of::<Option<Ix>>(), 4);
        assert_eq!(Arena::<(u64, Box<[u8]>)>::CELL_BYTES, 24);
        assert_eq!(Arena::<u8>::new().heap_bytes(), 0);
    }

    #[test]
    #[should_panic(expected = "an index outlived its entry")]
    fn a_dead_index_is_refused() {
        let mut arena = Arena::new();
        let (first, second) = (arena.insert(1), arena.insert(2));
        arena.remove(first);
        assert_eq!(*arena.get(second), 2);
        let _ = arena.get(first);
    }

    #[test]
    fn gives_back_and_refills_from_below() {
        let mut arena = Arena::new();
        let all: Vec<Ix> = (0..5 * CHUNK as u64).map(|n| arena.insert(n)).collect();
        let full = arena.heap_bytes();
        // The second, third and fourth chunk empty: one is kept, two go, though the fifth is in use.
        for &ix in &all[CHUNK..4 * CHUNK] {
            arena.remove(ix);
        }
        arena.check();
        assert_eq!(full - arena.heap_bytes(), 2 * CHUNK * Arena::<u64>::CELL_BYTES);
        assert_eq!(arena.insert(7).place(), (1, 0));
        for &ix in &all[4 * CHUNK..] {
            arena.remove(ix);
        }
        arena.check();
        assert!(arena.chunks.len() == 2 && arena.heap_bytes() < full * 2 / 3);
    }

    #[test]
    fn a_gap_far_below_is_found() {
        let mut arena = Arena::new();
        let all: Vec<Ix> = (0..70 * CHUNK).map(|n| arena.insert(n as u32)).collect();
        arena.remove(all[5]);
        arena.check();
        assert_eq!(arena.insert(5), all[5]);
        arena.check();
        assert_eq!(arena.insert(6).place(), (70, 0));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        /// Runs of insertions and removals from either end or the middle, over several chunks.
        #[test]
        fn equals_a_map(runs in prop::collection::vec((0u8..4, 1usize..2500), 1..12)) {
            let mut arena = Arena::new();
            let mut model: BTreeMap<Ix, u64> = BTreeMap::new();
            let mut n = 0;
            for (kind, times) in runs {
                for _ in 0..times {
                    let middle = model.keys().nth(model.len() / 2 % 64);
                    let victim = match kind {
                        1 => model.keys().next().copied(),
                        2 => model.keys().next_back().copied(),
                        3 => middle.copied(),
                        _ => None,
                    };
                    if let Some(ix) = victim {
                        prop_assert_eq!(Some(arena.remove(ix)), model.remove(&ix));
                    } else {
                        n += 1;
                        prop_assert_eq!(model.insert(arena.insert(n), n), None);
                    }
                }
                arena.check();
                prop_assert_eq!(arena.len(), model.len());
                prop_assert!(model.iter().all(|(&ix, n)| arena.get(ix) == n));
                let copy = arena.clone();
                copy.check();
                prop_assert_eq!(copy.heap_bytes(), arena.heap_bytes());
            }
        }
    }
}

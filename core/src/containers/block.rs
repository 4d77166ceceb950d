//! A block of bytes that fits its contents exactly, behind a thin pointer: the body of small collections.
//!
//! *Owns*: the bytes, their allocation, and seven bytes of notes beside the pointer.
//! *Does not own*: what the bytes mean (`intset`, `runs`, `pairs`).
//!
//! A million small collections are a million blocks, so every byte counts: capacity goes in the steps that allocators
//! serve without waste, and needs no word of its own because the step is known from the variant. Length and count
//! live in the notes, which take the room that the variant's tag leaves in a word.
//!
//! *Invariants*
//! - 16 bytes. Capacity follows from the length alone, so that a copy accounts for the same memory as its original.
//! - An empty block has no allocation.

use alloc::boxed::Box;
use alloc::vec::Vec;

/// What is noted beside a block: a kind, a count, and how much of the step is unused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Notes([u8; 7]);

impl Notes {
    #[inline]
    fn kind(self) -> u8 {
        self.0[0]
    }

    #[inline]
    fn spare(self) -> usize {
        usize::from(u16::from_le_bytes([self.0[1], self.0[2]]))
    }

    #[inline]
    fn count(self) -> u32 {
        u32::from_le_bytes([self.0[3], self.0[4], self.0[5], self.0[6]])
    }

    fn set_spare(&mut self, spare: usize) {
        self.0[1..3].copy_from_slice(&(spare as u16).to_le_bytes());
    }
}

/// Declares the steps.
macro_rules! steps {
    ($($name:ident = $size:literal,)*) => {
        #[derive(Clone)]
        enum Room {
            Empty(Notes),
            $($name(Notes, Box<[u8; $size]>),)*
            /// Longer than any step; the vector has exactly the capacity that the length asks for.
            Long(Notes, Box<Vec<u8>>),
        }

        impl Room {
            #[inline]
            fn notes(&self) -> Notes {
                match self {
                    Self::Empty(notes) | Self::Long(notes, _) => *notes,
                    $(Self::$name(notes, _) => *notes,)*
                }
            }

            #[inline]
            fn notes_mut(&mut self) -> &mut Notes {
                match self {
                    Self::Empty(notes) | Self::Long(notes, _) => notes,
                    $(Self::$name(notes, _) => notes,)*
                }
            }

            /// The bytes with the unused ones.
            #[inline]
            fn room(&self) -> &[u8] {
                match self {
                    Self::Empty(_) => &[],
                    $(Self::$name(_, bytes) => &bytes[..],)*
                    Self::Long(_, bytes) => bytes,
                }
            }

            #[inline]
            fn room_mut(&mut self) -> &mut [u8] {
                match self {
                    Self::Empty(_) => &mut [],
                    $(Self::$name(_, bytes) => &mut bytes[..],)*
                    Self::Long(_, bytes) => bytes,
                }
            }

            /// A room of bytes whose length and capacity are what [`capacity_for`] says.
            fn of(notes: Notes, bytes: Vec<u8>) -> Self {
                match bytes.len() {
                    0 => Self::Empty(notes),
                    $($size => match bytes.into_boxed_slice().try_into() {
                        Ok(bytes) => Self::$name(notes, bytes),
                        Err(_) => Self::Empty(notes),
                    },)*
                    _ => Self::Long(notes, Box::new(bytes)),
                }
            }
        }

        /// The last step.
        const STEP_MAX: usize = { let steps = [$($size),*]; steps[steps.len() - 1] };
    };
}

steps! {
    S24 = 24, S40 = 40, S56 = 56, S72 = 72, S88 = 88, S104 = 104, S120 = 120, S152 = 152,
    S184 = 184, S216 = 216, S248 = 248, S312 = 312, S376 = 376, S440 = 440, S504 = 504, S632 = 632,
    S760 = 760, S888 = 888, S1016 = 1016, S1272 = 1272, S1528 = 1528, S1784 = 1784, S2040 = 2040, S2552 = 2552,
    S3064 = 3064, S3576 = 3576, S4088 = 4088,
}

/// What allocators keep beside a block, in the units of 16 bytes that they serve.
const BESIDE: usize = 8;

/// Bytes allocated for `len`: with what an allocator keeps beside them, multiples of 16 at first, then four steps per power
/// of two.
const fn capacity_for(len: usize) -> usize {
    if len == 0 {
        return 0;
    }
    let whole = len + BESIDE;
    if whole <= 32 {
        return 32 - BESIDE;
    }
    if whole <= 128 {
        return ((whole + 15) & !15) - BESIDE;
    }
    let step = 1 << ((whole - 1).ilog2() - 2);
    whole.next_multiple_of(step) - BESIDE
}

/// See the module.
#[derive(Clone)]
pub struct Block(Room);

const _: () = assert!(size_of::<Block>() == 16 && size_of::<Option<Block>>() == 16);

impl Default for Block {
    fn default() -> Self {
        Self::new(0)
    }
}

impl Block {
    /// An empty block of this kind; allocates nothing.
    #[must_use]
    pub const fn new(kind: u8) -> Self {
        Self(Room::Empty(Notes([kind, 0, 0, 0, 0, 0, 0])))
    }

    /// A block of this kind with these bytes, which count as `count`.
    #[must_use]
    pub fn of(kind: u8, count: usize, bytes: &[u8]) -> Self {
        let mut block = Self::new(kind);
        block.set_count(count);
        block.splice(0, 0, bytes.len()).copy_from_slice(bytes);
        block
    }

    /// What the owner calls the contents.
    #[must_use]
    #[inline]
    pub fn kind(&self) -> u8 {
        self.0.notes().kind()
    }

    /// Calls the contents something else.
    pub fn set_kind(&mut self, kind: u8) {
        self.0.notes_mut().0[0] = kind;
    }

    /// The number that the owner noted.
    #[must_use]
    #[inline]
    pub fn count(&self) -> usize {
        self.0.notes().count() as usize
    }

    /// Notes a number.
    #[inline]
    pub fn set_count(&mut self, count: usize) {
        self.0.notes_mut().0[3..].copy_from_slice(&(count as u32).to_le_bytes());
    }

    /// The bytes.
    #[must_use]
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        let room = self.0.room();
        &room[..room.len() - self.spare()]
    }

    /// The bytes, to change.
    #[must_use]
    #[inline]
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        let spare = self.spare();
        let room = self.0.room_mut();
        let len = room.len() - spare;
        &mut room[..len]
    }

    /// Number of bytes.
    #[must_use]
    #[inline]
    pub fn len(&self) -> usize {
        self.0.room().len() - self.spare()
    }

    /// Whether there is no byte.
    #[must_use]
    #[inline]
    pub fn is_empty(&self) -> bool {
        matches!(self.0, Room::Empty(_))
    }

    /// Bytes allocated.
    #[must_use]
    #[inline]
    pub fn heap_bytes(&self) -> usize {
        match &self.0 {
            Room::Long(_, bytes) => capacity_for(bytes.len()) + size_of::<Vec<u8>>().next_multiple_of(16),
            room => room.room().len(),
        }
    }

    /// Unused bytes of a step; a long block counts its own length.
    #[inline]
    fn spare(&self) -> usize {
        self.0.notes().spare()
    }

    /// Puts `new` bytes in the place of the `old` ones at `at` and lends them, to be overwritten whole.
    #[inline]
    pub fn splice(&mut self, at: usize, old: usize, new: usize) -> &mut [u8] {
        let len = self.len();
        let after = len - old + new;
        let capacity = self.0.room().len();
        if after <= STEP_MAX && after > 0 && capacity_for(after) == capacity {
            if old != new {
                self.0.room_mut().copy_within(at + old..len, at + new);
                self.0.notes_mut().set_spare(capacity - after);
            }
        } else {
            self.resplice(at, old, new);
        }
        &mut self.0.room_mut()[at..at + new]
    }

    /// [`Self::splice`] where the step changes, or there is none.
    fn resplice(&mut self, at: usize, old: usize, new: usize) {
        let len = self.len();
        let after = len - old + new;
        let capacity = capacity_for(after);
        if let Room::Long(_, bytes) = &mut self.0
            && after > STEP_MAX
        {
            if new > old {
                let grown = capacity_for(after) - len;
                if capacity > bytes.capacity() {
                    bytes.reserve_exact(grown);
                }
                bytes.resize(after, 0);
                bytes.copy_within(at + old..len, at + new);
            } else {
                bytes.copy_within(at + old..len, at + new);
                bytes.truncate(after);
                bytes.shrink_to(capacity);
            }
            return;
        }
        let mut notes = self.0.notes();
        let mut bytes = Vec::with_capacity(capacity);
        let from = self.bytes();
        bytes.extend_from_slice(&from[..at]);
        bytes.resize(at + new, 0);
        bytes.extend_from_slice(&from[at + old..]);
        if after <= STEP_MAX {
            bytes.resize(capacity, 0);
            notes.set_spare(capacity - after);
        } else {
            notes.set_spare(0);
        }
        self.0 = Room::of(notes, bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn steps_are_the_capacities() {
        assert_eq!(STEP_MAX, 4088);
        let mut last = 0;
        for len in 0..20_000 {
            let capacity = capacity_for(len);
            assert!(capacity >= len && capacity >= last);
            assert!(len <= 128 || capacity * 4 < len * 5 + 32, "{len}");
            let block = Block::of(3, 9, &alloc::vec![7; len]);
            assert_eq!((block.kind(), block.count(), block.len()), (3, 9, len));
            assert_eq!(block.heap_bytes(), if len > STEP_MAX { capacity + 32 } else { capacity });
            last = capacity;
        }
    }

    proptest! {
        #[test]
        fn equals_a_vector(edits in prop::collection::vec((0_usize..10_000, 0_usize..2_000, 0_usize..2_000), 1..60)) {
            let (mut block, mut model) = (Block::new(1), Vec::new());
            for (n, (at, old, new)) in edits.into_iter().enumerate() {
                let at = at.min(model.len());
                let old = old.min(model.len() - at);
                let bytes = alloc::vec![n as u8; new];
                block.splice(at, old, new).copy_from_slice(&bytes);
                block.set_count(n);
                model.splice(at..at + old, bytes);
                prop_assert_eq!(block.bytes(), &model[..]);
                prop_assert_eq!((block.kind(), block.count(), block.is_empty()), (1, n, model.is_empty()));
                let copy = block.clone();
                prop_assert_eq!(copy.bytes(), &model[..]);
                prop_assert_eq!(copy.heap_bytes(), block.heap_bytes());
            }
        }
    }
}

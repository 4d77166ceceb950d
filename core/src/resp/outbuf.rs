//! A connection's unsent output.
//!
//! *Owns*: the bytes of replies and pushes in order, part of them in one buffer of its own, part of them shared
//! segments (large values, messages encoded once for many subscribers).
//! *Does not own*: the encoding of replies (`write`), the decision when to send.
//! *Invariants*: segments are sorted by their place in the own bytes; nothing already consumed is kept for long.
//!
//! The stream is the own bytes with each segment let in at its place. So a reply of plain bytes costs one append, and
//! a length that becomes known only after a long body is let in as a segment instead of moving the body.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use bytes::Bytes;

/// Output of one connection. Idle: 40 bytes and no heap.
#[derive(Clone, Debug, Default)]
pub struct OutBuf {
    own: Vec<u8>,
    /// Bytes of `own` already consumed.
    sent: usize,
    shared: Option<Box<Shared>>,
}

/// The shared segments; most connections never have one.
#[derive(Clone, Debug, Default)]
struct Shared {
    segments: VecDeque<Segment>,
    /// Bytes of the first segment already consumed.
    sent: usize,
    /// Unsent bytes in all segments.
    len: usize,
}

#[derive(Clone, Debug)]
struct Segment {
    /// It stands before this byte of `own`.
    at: usize,
    bytes: Bytes,
}

/// A place in the output that it can be cut back to, until the next `consume`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    own: usize,
    segments: usize,
}

impl OutBuf {
    /// What an idle buffer may keep for its next reply.
    pub const KEEP: usize = 128 * 1024;
    /// How many segments' places it may keep.
    const SEGMENTS_KEEP: usize = 64;
    /// A body longer than this is not moved to make room for a header before it.
    const MOVE_MAX: usize = 1024;
    /// Consumed bytes are dropped when there are this many of them and they are the larger part.
    const DROP_MIN: usize = 64 * 1024;

    /// Adds a copy of `bytes`.
    #[inline]
    pub fn push(&mut self, bytes: &[u8]) {
        self.own.extend_from_slice(bytes);
    }

    /// Adds `bytes` without a copy.
    pub fn push_shared(&mut self, bytes: Bytes) {
        if bytes.is_empty() {
            return;
        }
        let shared = self.shared.get_or_insert_default();
        shared.len += bytes.len();
        shared.segments.push_back(Segment { at: self.own.len(), bytes });
    }

    /// The own bytes, to append to.
    #[inline]
    pub(super) fn own(&mut self) -> &mut Vec<u8> {
        &mut self.own
    }

    /// Unsent bytes.
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        self.own.len() - self.sent + self.shared.as_ref().map_or(0, |shared| shared.len)
    }

    /// Whether everything was sent.
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The end of what was written so far.
    #[inline]
    #[must_use]
    pub fn mark(&self) -> Mark {
        Mark { own: self.own.len(), segments: self.segment_count() }
    }

    /// Cuts off everything written since `mark`.
    pub fn truncate(&mut self, mark: Mark) {
        self.own.truncate(mark.own);
        if let Some(shared) = &mut self.shared {
            while shared.segments.len() > mark.segments {
                let cut = shared.segments.pop_back().map_or(0, |segment| segment.bytes.len());
                shared.len -= cut;
            }
        }
    }

    /// Own bytes written since `mark`, shared segments left out: enough to see what kind of reply was written.
    #[inline]
    #[must_use]
    pub fn since(&self, mark: Mark) -> &[u8] {
        &self.own[mark.own..]
    }

    /// Whether anything was written since `mark`.
    #[inline]
    #[must_use]
    pub fn grew_since(&self, mark: Mark) -> bool {
        self.mark() != mark
    }

    /// Puts `bytes` where `mark` was taken, before everything written since. A short body is moved, a long one stays.
    pub(super) fn insert(&mut self, mark: Mark, bytes: &[u8]) {
        let body = self.own.len() - mark.own;
        let later = self.segment_count() - mark.segments;
        if body <= Self::MOVE_MAX && later <= 4 {
            self.own.extend_from_slice(bytes);
            self.own[mark.own..].rotate_right(bytes.len());
            if let Some(shared) = &mut self.shared {
                for segment in shared.segments.range_mut(mark.segments..) {
                    segment.at += bytes.len();
                }
            }
        } else {
            let shared = self.shared.get_or_insert_default();
            shared.len += bytes.len();
            let segment = Segment { at: mark.own, bytes: Bytes::copy_from_slice(bytes) };
            shared.segments.insert(mark.segments, segment);
        }
    }

    /// The next unsent bytes as slices in order, none of them empty, at most `max_bytes` together; how many slices of
    /// `into` were set.
    #[must_use]
    pub fn slices<'a>(&'a self, max_bytes: usize, into: &mut [&'a [u8]]) -> usize {
        let (mut count, mut room, mut at) = (0, max_bytes, self.sent);
        let mut put = |slice: &'a [u8], room: &mut usize| {
            let slice = &slice[..slice.len().min(*room)];
            if !slice.is_empty() && count < into.len() {
                into[count] = slice;
                count += 1;
                *room -= slice.len();
            } else if !slice.is_empty() {
                *room = 0;
            }
        };
        if let Some(shared) = &self.shared {
            let mut skip = shared.sent;
            for segment in &shared.segments {
                put(&self.own[at..segment.at], &mut room);
                put(&segment.bytes[skip..], &mut room);
                (at, skip) = (segment.at, 0);
                if room == 0 {
                    return count;
                }
            }
        }
        put(&self.own[at..], &mut room);
        count
    }

    /// Takes note that the next `n` bytes were sent.
    ///
    /// # Panics
    /// When there are not that many.
    pub fn consume(&mut self, mut n: usize) {
        assert!(n <= self.len(), "more was sent than there was");
        if let Some(shared) = &mut self.shared {
            while let Some(first) = shared.segments.front() {
                let own = (first.at - self.sent).min(n);
                self.sent += own;
                n -= own;
                if n == 0 {
                    break;
                }
                let taken = (first.bytes.len() - shared.sent).min(n);
                shared.sent += taken;
                shared.len -= taken;
                n -= taken;
                if shared.sent < first.bytes.len() {
                    break;
                }
                shared.sent = 0;
                shared.segments.pop_front();
            }
        }
        self.sent += n;
        self.tidy();
    }

    /// Forgets everything unsent.
    pub fn clear(&mut self) {
        self.own.clear();
        self.sent = 0;
        self.shared = None;
        self.tidy();
    }

    /// Drops what was consumed: all of it when nothing is left, else when it is the larger part.
    fn tidy(&mut self) {
        if self.is_empty() {
            self.own.clear();
            self.own.shrink_to(Self::KEEP);
            self.sent = 0;
            self.shared.take_if(|shared| shared.segments.capacity() > Self::SEGMENTS_KEEP);
        } else if self.sent >= Self::DROP_MIN && self.sent > self.own.len() / 2 {
            self.own.drain(..self.sent);
            for segment in self.shared.iter_mut().flat_map(|shared| &mut shared.segments) {
                segment.at -= self.sent;
            }
            self.sent = 0;
        }
    }

    /// The storage of an empty buffer, for another connection to use; nothing while output is unsent.
    #[must_use]
    pub fn take_storage(&mut self) -> Option<Vec<u8>> {
        if !self.is_empty() {
            return None;
        }
        self.shared = None;
        (self.own.capacity() > 0).then(|| core::mem::take(&mut self.own))
    }

    /// Lends storage to a buffer that has none; otherwise the storage is dropped. Its contents do not matter.
    pub fn give_storage(&mut self, mut storage: Vec<u8>) {
        if self.own.capacity() == 0 {
            storage.clear();
            self.own = storage;
        }
    }

    /// Bytes this buffer holds on the heap, shared segments counted in full.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        let shared = self.shared.as_ref().map_or(0, |shared| {
            size_of::<Shared>() + shared.segments.capacity() * size_of::<Segment>() + shared.len
        });
        self.own.capacity() + shared
    }

    #[inline]
    fn segment_count(&self) -> usize {
        self.shared.as_ref().map_or(0, |shared| shared.segments.len())
    }
}

/// Storage of output buffers that have nothing to write, for those that will.
///
/// What was in use within the last period stays; the rest is given back, so that one burst of large replies does not
/// keep its memory for ever.
#[derive(Clone, Debug, Default)]
pub struct Spares {
    buffers: Vec<Vec<u8>>,
    bytes: usize,
    /// The fewest buffers that lay here since the last [`Self::shrink`].
    idle: usize,
}

impl Spares {
    /// Buffers kept at most.
    const COUNT_MAX: usize = 256;
    /// Bytes kept at most.
    const BYTES_MAX: usize = 8 << 20;

    /// Storage for a buffer that is about to be written to.
    #[inline]
    pub fn take(&mut self) -> Option<Vec<u8>> {
        let storage = self.buffers.pop()?;
        self.bytes -= storage.capacity();
        self.idle = self.idle.min(self.buffers.len());
        Some(storage)
    }

    /// Keeps storage for later, or drops it when there is enough.
    #[inline]
    pub fn put(&mut self, storage: Vec<u8>) {
        if self.buffers.len() < Self::COUNT_MAX && self.bytes + storage.capacity() <= Self::BYTES_MAX {
            self.bytes += storage.capacity();
            self.buffers.push(storage);
        }
    }

    /// Gives back what nobody asked for since the last call.
    pub fn shrink(&mut self) {
        let unused = core::mem::replace(&mut self.idle, 0).min(self.buffers.len());
        for storage in self.buffers.drain(..unused) {
            self.bytes -= storage.capacity();
        }
        self.idle = self.buffers.len();
    }

    /// Gives everything back.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Bytes kept.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(out: &OutBuf, max: usize) -> Vec<u8> {
        let mut slices = [&[][..]; 64];
        let n = out.slices(max, &mut slices);
        assert!(slices[..n].iter().all(|slice| !slice.is_empty()));
        slices[..n].concat()
    }

    #[test]
    fn a_mark_cuts_own_and_shared_bytes() {
        let mut out = OutBuf::default();
        out.push(b"kept");
        out.push_shared(Bytes::from_static(b"also"));
        let mark = out.mark();
        assert!(!out.grew_since(mark));
        out.push_shared(Bytes::from_static(b"gone"));
        assert!(out.grew_since(mark));
        out.push(b"gone too");
        assert_eq!(out.since(mark), b"gone too");
        out.truncate(mark);
        assert_eq!(all(&out, 100), b"keptalso");
        assert_eq!(out.len(), 8);
    }

    #[test]
    fn an_empty_buffer_gives_its_storage_away() {
        let mut out = OutBuf::default();
        assert_eq!(out.heap_bytes(), 0);
        assert!(out.take_storage().is_none());
        out.push(&[b'x'; 300_000]);
        assert!(out.take_storage().is_none());
        (0..1000).for_each(|_| out.push_shared(Bytes::from_static(b"s")));
        out.consume(301_000);
        assert!(out.heap_bytes() <= OutBuf::KEEP);
        let storage = out.take_storage().unwrap();
        assert_eq!(out.heap_bytes(), 0);
        out.give_storage(storage);
        assert_eq!(out.heap_bytes(), OutBuf::KEEP);
        assert!(out.is_empty());
    }

    #[test]
    fn spare_storage_is_bounded_and_goes_when_nobody_wants_it() {
        let mut spares = Spares::default();
        (0..1000).for_each(|_| spares.put(Vec::with_capacity(100_000)));
        assert!(spares.heap_bytes() > 1 << 20 && spares.heap_bytes() <= Spares::BYTES_MAX);
        spares.shrink();
        let kept = spares.heap_bytes();
        let used = spares.take().unwrap();
        spares.put(used);
        spares.shrink();
        assert_eq!(spares.heap_bytes(), 100_000, "one was in use, of {kept} bytes");
        spares.shrink();
        assert_eq!(spares.heap_bytes(), 0);
        assert!(spares.take().is_none());
    }

    #[test]
    fn a_slow_reader_does_not_pile_up_what_it_has_read() {
        let mut out = OutBuf::default();
        for _ in 0..10_000 {
            out.push(&[b'x'; 1000]);
            if out.len() > 100_000 {
                out.consume(1000);
            }
        }
        assert!(out.heap_bytes() < 1_000_000, "{}", out.heap_bytes());
    }

    proptest! {
        /// Whatever is pushed, inserted, cut and consumed in whatever pieces, the stream is that of a plain vector.
        #[test]
        fn it_is_a_byte_stream(steps in prop::collection::vec((0u8..6, 0usize..3000), 1..80)) {
            let (mut out, mut model) = (OutBuf::default(), Vec::new());
            let mut mark = (out.mark(), 0);
            for (i, &(kind, n)) in steps.iter().enumerate() {
                let bytes = std::vec![i as u8; n];
                match kind {
                    0 => { out.push(&bytes); model.extend_from_slice(&bytes); }
                    1 => { model.extend_from_slice(&bytes); out.push_shared(bytes.into()); }
                    2 => { out.insert(mark.0, b"header"); model.splice(mark.1..mark.1, *b"header"); }
                    3 => { out.truncate(mark.0); model.truncate(mark.1); }
                    4 => {}
                    _ => {
                        let got = all(&out, n);
                        prop_assert!(model.starts_with(&got));
                        out.consume(got.len());
                        model.drain(..got.len());
                    }
                }
                if kind >= 4 { mark = (out.mark(), model.len()); }
                prop_assert_eq!(out.len(), model.len());
            }
            while !model.is_empty() {
                let got = all(&out, 777);
                prop_assert!(!got.is_empty() && model.starts_with(&got));
                out.consume(got.len());
                model.drain(..got.len());
            }
            prop_assert!(out.is_empty());
        }
    }
}

//! The arguments of one command.
//!
//! *Owns*: [`Args`], borrowed from the read buffer for the length of a turn, and [`OwnedArgs`], the same command kept
//! for longer (MULTI, blocked clients, rewritten commands).
//! *Does not own*: finding the arguments in the input: `parse` does.
//! *Invariants*: every span lies inside the frame's bytes, or names an entry of the list of big arguments.
//!
//! A span costs 8 bytes and no reference count; a `Bytes` per argument would cost more than the rest of parsing.

use alloc::boxed::Box;
use alloc::vec::Vec;
use bytes::Bytes;
use core::ops::Index;

/// Where one argument lies: a range of the frame's bytes, or the number of a big argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArgSpan {
    start: u32,
    len: u32,
}

impl ArgSpan {
    /// A start that no frame reaches: the argument is a big one and `len` is its number.
    const BIG: u32 = u32::MAX;

    /// The bytes `start..start + len` of the frame.
    #[inline]
    pub(super) fn inside(start: usize, len: usize) -> Self {
        debug_assert!(start + len < Self::BIG as usize);
        Self { start: start as u32, len: len as u32 }
    }

    /// The big argument number `index`.
    pub(super) fn big(index: usize) -> Self {
        Self { start: Self::BIG, len: index as u32 }
    }
}

/// The arguments of one command, the command's name first. Cheap to copy.
#[derive(Clone, Copy, Debug)]
pub struct Args<'a> {
    /// The frame's bytes as they were sent, or what an inline command decodes to.
    raw: &'a [u8],
    spans: &'a [ArgSpan],
    bigs: &'a [Bytes],
    verbatim: bool,
}

impl<'a> Args<'a> {
    /// The view that a parser or an owner hands out.
    #[inline]
    pub(super) fn new(raw: &'a [u8], spans: &'a [ArgSpan], bigs: &'a [Bytes], verbatim: bool) -> Self {
        Self { raw, spans, bigs, verbatim }
    }

    /// How many arguments, the command's name included; never 0 in what a parser hands out.
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether there is not even a name.
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// Argument `i`, the name being 0.
    ///
    /// # Panics
    /// Beyond the last argument: arity is checked before a handler runs.
    #[inline]
    #[must_use]
    pub fn get(&self, i: usize) -> &'a [u8] {
        self.bytes_of(self.spans[i])
    }

    /// Argument `i`, or nothing beyond the last one.
    #[inline]
    #[must_use]
    pub fn try_get(&self, i: usize) -> Option<&'a [u8]> {
        self.spans.get(i).map(|&span| self.bytes_of(span))
    }

    /// Argument `i` as shared bytes when it came in its own buffer: it can be stored without a copy.
    #[inline]
    #[must_use]
    pub fn big(&self, i: usize) -> Option<&'a Bytes> {
        match self.spans.get(i) {
            Some(span) if span.start == ArgSpan::BIG => self.bigs.get(span.len as usize),
            _ => None,
        }
    }

    /// Argument `i` as bytes of its own: shared when it is big, copied otherwise.
    ///
    /// # Panics
    /// Beyond the last argument.
    #[must_use]
    pub fn to_bytes(&self, i: usize) -> Bytes {
        self.big(i).cloned().unwrap_or_else(|| Bytes::copy_from_slice(self.get(i)))
    }

    /// The arguments in order, the name first.
    #[inline]
    #[must_use]
    pub fn iter(&self) -> ArgsIter<'a> {
        ArgsIter { args: *self, next: 0 }
    }

    /// The same arguments without the first `n`.
    #[inline]
    #[must_use]
    pub fn skip(&self, n: usize) -> Self {
        Self { spans: self.spans.get(n..).unwrap_or_default(), verbatim: false, ..*self }
    }

    /// The whole command as it was sent, when that is a well-formed RESP array held in one piece: what replication
    /// and the append-only file can copy. Nothing for inline commands and for commands with big arguments.
    #[inline]
    #[must_use]
    pub fn wire(&self) -> Option<&'a [u8]> {
        self.verbatim.then_some(self.raw)
    }

    /// Bytes in all arguments together.
    #[must_use]
    pub fn total_len(&self) -> usize {
        self.iter().map(<[u8]>::len).sum()
    }

    #[inline]
    fn bytes_of(&self, span: ArgSpan) -> &'a [u8] {
        if span.start == ArgSpan::BIG {
            &self.bigs[span.len as usize]
        } else {
            let start = span.start as usize;
            &self.raw[start..start + span.len as usize]
        }
    }
}

impl Index<usize> for Args<'_> {
    type Output = [u8];

    #[inline]
    fn index(&self, i: usize) -> &[u8] {
        self.get(i)
    }
}

impl<'a> IntoIterator for Args<'a> {
    type Item = &'a [u8];
    type IntoIter = ArgsIter<'a>;

    fn into_iter(self) -> ArgsIter<'a> {
        self.iter()
    }
}

/// Iterator over [`Args`].
#[derive(Clone, Debug)]
pub struct ArgsIter<'a> {
    args: Args<'a>,
    next: usize,
}

impl<'a> Iterator for ArgsIter<'a> {
    type Item = &'a [u8];

    #[inline]
    fn next(&mut self) -> Option<&'a [u8]> {
        let arg = self.args.try_get(self.next)?;
        self.next += 1;
        Some(arg)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.args.len() - self.next;
        (left, Some(left))
    }
}

impl ExactSizeIterator for ArgsIter<'_> {}

/// A command that outlives the turn it arrived in: its own copy of the frame, big arguments shared.
#[derive(Clone, Debug, Default)]
pub struct OwnedArgs {
    raw: Bytes,
    spans: Box<[ArgSpan]>,
    bigs: Box<[Bytes]>,
    verbatim: bool,
}

impl OwnedArgs {
    /// A command made here rather than received.
    #[must_use]
    pub fn of<A: AsRef<[u8]>>(args: impl IntoIterator<Item = A>) -> Self {
        let (mut raw, mut spans, mut bigs) = (Vec::new(), Vec::new(), Vec::new());
        for arg in args {
            let arg = arg.as_ref();
            if raw.len() + arg.len() < ArgSpan::BIG as usize / 2 {
                spans.push(ArgSpan::inside(raw.len(), arg.len()));
                raw.extend_from_slice(arg);
            } else {
                spans.push(ArgSpan::big(bigs.len()));
                bigs.push(Bytes::copy_from_slice(arg));
            }
        }
        Self { raw: raw.into(), spans: spans.into(), bigs: bigs.into(), verbatim: false }
    }

    /// The borrowed form, which is what commands take.
    #[inline]
    #[must_use]
    pub fn as_args(&self) -> Args<'_> {
        Args { raw: &self.raw, spans: &self.spans, bigs: &self.bigs, verbatim: self.verbatim }
    }

    /// Bytes this command holds on the heap, big arguments included.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        self.raw.len()
            + size_of_val::<[ArgSpan]>(&self.spans)
            + self.bigs.iter().map(|big| big.len() + size_of::<Bytes>()).sum::<usize>()
    }
}

impl From<Args<'_>> for OwnedArgs {
    fn from(args: Args<'_>) -> Self {
        Self {
            raw: Bytes::copy_from_slice(args.raw),
            spans: args.spans.into(),
            bigs: args.bigs.into(),
            verbatim: args.verbatim,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_and_big_arguments_read_alike() {
        let big = [Bytes::from_static(b"a large value")];
        let spans = [ArgSpan::inside(0, 3), ArgSpan::big(0), ArgSpan::inside(3, 2)];
        let args = Args::new(b"SETkv", &spans, &big, false);
        let all: Vec<_> = args.iter().collect();
        assert_eq!(all, [&b"SET"[..], b"a large value", b"kv"]);
        assert_eq!(args.big(1), Some(&big[0]));
        assert_eq!((args.big(0), args.big(9), args.try_get(3)), (None, None, None));
        assert_eq!(&args[2], b"kv");
        assert_eq!(args.total_len(), 18);
        assert_eq!(args.skip(1).get(1), b"kv");
        assert!(args.skip(4).is_empty());
        let owned = OwnedArgs::from(args);
        assert!(owned.as_args().iter().eq(args.iter()));
        // The big argument is shared, not copied.
        assert_eq!(owned.as_args().to_bytes(1).as_ptr(), big[0].as_ptr());
    }

    #[test]
    fn a_command_made_here() {
        let owned = OwnedArgs::of(["DEL", "k", ""]);
        assert_eq!(owned.as_args().iter().collect::<Vec<_>>(), [&b"DEL"[..], b"k", b""]);
        assert_eq!(owned.as_args().wire(), None);
    }
}

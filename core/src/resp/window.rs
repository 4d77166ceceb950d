//! The commands parsed ahead of their execution.
//!
//! *Owns*: where the arguments of a handful of commands lie. One window serves a whole node: it is filled from one
//! connection, executed, and filled again, so after a while it allocates nothing.
//! *Does not own*: the bytes, which stay in the connection's `Inbox` or in the shared read buffer.
//! *Invariants*: a command with big arguments is alone in its window.

use super::args::{ArgSpan, Args};
use alloc::vec::Vec;
use bytes::Bytes;
use core::ops::Range;

/// Up to a handful of commands of one connection, in order.
#[derive(Clone, Debug, Default)]
pub struct Window {
    pub(super) frames: Vec<Frame>,
    pub(super) spans: Vec<ArgSpan>,
    pub(super) bigs: Vec<Bytes>,
    /// What inline commands decode to.
    pub(super) inline: Vec<u8>,
    /// Bytes of `bigs` that are not in the connection's received bytes any more.
    pub(super) moved: u64,
}

/// One command.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    /// Its bytes in the input.
    pub(super) input: Range<u32>,
    /// Its arguments in `spans`.
    pub(super) spans: Range<u32>,
    pub(super) form: Form,
}

/// In which form a command came.
#[derive(Clone, Debug)]
pub(super) enum Form {
    /// An array; its bytes can be passed on as they are.
    Clean,
    /// An array, but something other than CR LF stood after one of its arguments, or an argument is kept elsewhere.
    Array,
    /// A line; its words are in `inline`.
    Inline(Range<u32>),
}

impl Window {
    /// What is kept for the next use of spans and of decoded text, in elements.
    const KEEP: usize = 16 * 1024;

    /// How many commands.
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        self.frames.len()
    }

    /// Whether there are none.
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// Forgets the commands, and gives storage back after an extraordinary one.
    pub fn clear(&mut self) {
        self.frames.clear();
        self.bigs.clear();
        self.spans.clear();
        self.inline.clear();
        self.moved = 0;
        if self.spans.capacity() > Self::KEEP {
            self.spans.shrink_to(Self::KEEP);
        }
        if self.inline.capacity() > Self::KEEP {
            self.inline.shrink_to(Self::KEEP);
        }
    }

    /// Bytes held on the heap, big arguments included.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        self.frames.capacity() * size_of::<Frame>()
            + self.spans.capacity() * size_of::<ArgSpan>()
            + self.inline.capacity()
            + self.bigs.iter().map(Bytes::len).sum::<usize>()
    }

    /// Adds the command that `spans` from `first` on describe.
    #[inline]
    pub(super) fn push(&mut self, input: Range<usize>, first: usize, form: Form) {
        self.frames.push(Frame {
            input: input.start as u32..input.end as u32,
            spans: first as u32..self.spans.len() as u32,
            form,
        });
    }

    /// The arguments of command `i`, whose input is in `raw`.
    #[inline]
    pub(super) fn args<'a>(&'a self, raw: &'a [u8], i: usize) -> Args<'a> {
        let frame = &self.frames[i];
        let spans = &self.spans[frame.spans.start as usize..frame.spans.end as usize];
        let input = || &raw[frame.input.start as usize..frame.input.end as usize];
        match &frame.form {
            Form::Clean => Args::new(input(), spans, &[], true),
            Form::Array => Args::new(input(), spans, &self.bigs, false),
            Form::Inline(text) => {
                Args::new(&self.inline[text.start as usize..text.end as usize], spans, &[], false)
            }
        }
    }
}

//! A node of a list, and how large it may become.

use super::super::listpack::{Element, Listpack};
use crate::base::number::{IntText, parse_i64};
use alloc::boxed::Box;
use bytes::Bytes;

/// An element of a list, going in or coming out.
#[derive(Clone, Copy, Debug)]
pub enum Item<'a> {
    /// A short one.
    Small(Element<'a>),
    /// A large one, in a buffer of its own that can be shared.
    Big(&'a Bytes),
}

impl<'a> From<&'a [u8]> for Item<'a> {
    fn from(text: &'a [u8]) -> Self {
        Self::Small(Element::Text(text))
    }
}

impl<'a> Item<'a> {
    /// The text; a number is written into `scratch` first.
    #[must_use]
    #[inline]
    pub fn text<'t>(self, scratch: &'t mut IntText) -> &'t [u8]
    where
        'a: 't,
    {
        match self {
            Self::Small(element) => element.text(scratch),
            Self::Big(bytes) => bytes,
        }
    }

    /// Length of the text.
    #[must_use]
    #[inline]
    pub fn text_len(self) -> usize {
        match self {
            Self::Small(element) => element.text_len(),
            Self::Big(bytes) => bytes.len(),
        }
    }

    /// The same as an element of a listpack.
    #[must_use]
    #[inline]
    pub fn element(self) -> Element<'a> {
        match self {
            Self::Small(element) => element,
            Self::Big(bytes) => Element::Text(bytes),
        }
    }

    /// The same as bytes of its own; copied unless it has a buffer.
    #[must_use]
    pub fn to_bytes(self) -> Bytes {
        match self {
            Self::Small(element) => Bytes::copy_from_slice(element.text(&mut IntText::new())),
            Self::Big(bytes) => bytes.clone(),
        }
    }
}

/// A text to compare many elements with.
#[derive(Clone, Copy, Debug)]
pub struct Needle<'a> {
    text: &'a [u8],
    int: Option<i64>,
}

impl<'a> Needle<'a> {
    /// Looks for this text.
    #[must_use]
    pub fn new(text: &'a [u8]) -> Self {
        Self { text, int: parse_i64(text) }
    }

    /// Whether the element is equal to it.
    #[must_use]
    #[inline]
    pub fn is(&self, item: Item<'_>) -> bool {
        match item {
            Item::Small(Element::Int(n)) => self.int == Some(n),
            Item::Small(Element::Text(text)) => self.text == text,
            Item::Big(bytes) => self.text == &**bytes,
        }
    }

    /// The text as an element of a listpack.
    #[must_use]
    pub fn element(&self) -> Element<'a> {
        match self.int {
            Some(n) => Element::Int(n),
            None => Element::Text(self.text),
        }
    }
}

/// How large a node may become: the value of `list-max-listpack-size`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit(i32);

/// Bytes of a node at most when its limit counts elements.
const SAFE_BYTES: usize = 8192;
/// Bytes by which a new element is taken to enlarge a node, besides its own.
const OVERHEAD: usize = 8;

impl Limit {
    /// Positive: so many elements; -1 to -5: 4 to 64 KiB.
    #[must_use]
    pub const fn new(list_max_listpack_size: i32) -> Self {
        Self(list_max_listpack_size)
    }

    /// Bytes allowed when the limit is one of bytes.
    const fn bytes(self) -> Option<usize> {
        match self.0 {
            0.. => None,
            -1 => Some(4096),
            -2 => Some(8192),
            -3 => Some(16_384),
            -4 => Some(32_768),
            _ => Some(65_536),
        }
    }

    /// Elements allowed when the limit is one of elements.
    const fn elements(self) -> usize {
        if self.0 == 0 { 1 } else { self.0.unsigned_abs() as usize }
    }

    /// Whether a node of so many bytes and elements would be too large.
    #[must_use]
    pub const fn exceeded(self, bytes: usize, elements: usize) -> bool {
        match self.bytes() {
            Some(max) => bytes > max,
            None => bytes > SAFE_BYTES || elements > self.elements(),
        }
    }

    /// Whether a node is so small that a list of nothing else is better off without nodes. After a removal it must be
    /// twice as small, so that a list at the limit does not go back and forth.
    #[must_use]
    pub const fn allows_alone(self, bytes: usize, elements: usize, after_removal: bool) -> bool {
        let share = if after_removal { 2 } else { 1 };
        match self.bytes() {
            Some(max) => bytes <= max / share,
            None => elements <= self.elements() / share,
        }
    }

    /// Whether an element must have a node of its own.
    pub(super) const fn is_large(self, len: usize) -> bool {
        match self.bytes() {
            Some(max) => len > max,
            None => len > SAFE_BYTES,
        }
    }
}

/// A node.
#[derive(Clone, Debug)]
pub enum Node {
    /// Many short elements.
    Pack(Listpack),
    /// One large element.
    Plain(Box<Bytes>),
}

const _: () = assert!(size_of::<Node>() == 16);

/// What an allocation of so many bytes is counted with.
pub(super) const fn block(bytes: usize) -> usize {
    (bytes + 15) & !15
}

/// What the directory of nodes is counted with for each.
const SLOT: usize = 32;

impl Node {
    pub(super) fn pack(element: Element<'_>) -> Self {
        let mut pack = Listpack::new();
        pack.push_back(element);
        Self::Pack(pack)
    }

    pub(super) fn plain(item: Item<'_>) -> Self {
        Self::Plain(Box::new(item.to_bytes()))
    }

    /// A node for one element.
    pub(super) fn of(item: Item<'_>, limit: Limit) -> Self {
        if limit.is_large(item.text_len()) { Self::plain(item) } else { Self::pack(item.element()) }
    }

    /// Number of elements.
    #[must_use]
    #[inline]
    pub fn len(&self) -> usize {
        match self {
            Self::Pack(pack) => pack.len(),
            Self::Plain(_) => 1,
        }
    }

    /// Whether it holds nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes it counts with.
    #[inline]
    pub(super) fn heap_bytes(&self) -> usize {
        SLOT + match self {
            Self::Pack(pack) => block(pack.capacity()),
            Self::Plain(bytes) => size_of::<Bytes>() + block(bytes.len()),
        }
    }

    /// Whether one more element may join it.
    #[inline]
    pub(super) fn admits(&self, item: Item<'_>, limit: Limit) -> bool {
        let len = item.text_len();
        match self {
            Self::Plain(_) => false,
            Self::Pack(pack) => {
                !limit.is_large(len) && !limit.exceeded(pack.blob_len() + len + OVERHEAD, pack.len() + 1)
            }
        }
    }

    /// Gives back the room for growth: nothing is added at this place for now.
    pub(super) fn settle(&mut self) {
        if let Self::Pack(pack) = self {
            pack.shrink_to_fit();
        }
    }
}

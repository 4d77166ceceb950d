//! Walks over a listpack, from either end.

use super::Listpack;
use super::element::{Element, decode, entry_len_before};

/// The elements of a listpack.
#[derive(Clone, Debug)]
pub struct Iter<'a> {
    pub(super) rest: &'a [u8],
    pub(super) left: usize,
}

impl<'a> Iterator for Iter<'a> {
    type Item = Element<'a>;

    #[inline]
    fn next(&mut self) -> Option<Element<'a>> {
        if self.rest.is_empty() {
            return None;
        }
        let (element, len) = decode(self.rest);
        self.rest = &self.rest[len..];
        self.left -= 1;
        Some(element)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl DoubleEndedIterator for Iter<'_> {
    #[inline]
    fn next_back(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let at = self.rest.len() - entry_len_before(self.rest);
        let (element, _) = decode(&self.rest[at..]);
        self.rest = &self.rest[..at];
        self.left -= 1;
        Some(element)
    }
}

impl ExactSizeIterator for Iter<'_> {}

impl<'a> IntoIterator for &'a Listpack {
    type Item = Element<'a>;
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

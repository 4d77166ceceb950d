//! The primitives of the format, written.
//!
//! *Owns*: [`Encoder`]: lengths, strings, scores, whole objects; for files and DUMP payloads alike.
//! *Does not own*: file structure, checksums.
//! *Invariants*: every number has its shortest form, as Redis writes it.

use super::object::{Object, QuicklistNode};
use crate::base::{lzf, number};
use alloc::vec::Vec;

/// Shorter strings are not worth compressing.
const COMPRESS_MIN: usize = 21;
/// Compression must save this many bytes.
const SAVING_MIN: usize = 4;
/// Longer texts do not fit an `i32`.
const INT_TEXT_MAX: usize = 11;

/// Bytes of values under construction.
#[derive(Clone, Debug, Default)]
pub struct Encoder {
    pub(super) out: Vec<u8>,
    compress: bool,
}

impl Encoder {
    /// Nothing yet; with `compress`, long strings are compressed where that saves bytes.
    #[must_use]
    pub fn new(compress: bool) -> Self {
        Self { out: Vec::new(), compress }
    }

    /// What was written.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.out
    }

    /// Bytes as they are.
    pub fn raw(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    /// A length or another natural number.
    pub fn len(&mut self, n: u64) {
        match n {
            0..=0x3f => self.out.push(n as u8),
            0x40..=0x3fff => self.raw(&(n as u16 | 0x4000).to_be_bytes()),
            0x4000..=0xffff_ffff => {
                self.out.push(0x80);
                self.raw(&(n as u32).to_be_bytes());
            }
            _ => {
                self.out.push(0x81);
                self.raw(&n.to_be_bytes());
            }
        }
    }

    /// A string, in the form that Redis chooses: as an integer, compressed, or as it is.
    pub fn string(&mut self, text: &[u8]) {
        if text.len() <= INT_TEXT_MAX
            && let Some(n) = number::parse_i64(text).and_then(|n| i32::try_from(n).ok())
        {
            return self.int(n);
        }
        if self.compress && text.len() >= COMPRESS_MIN && self.compressed(text) {
            return;
        }
        self.len(text.len() as u64);
        self.raw(text);
    }

    fn int(&mut self, n: i32) {
        if let Ok(short) = i8::try_from(n) {
            self.raw(&[0xc0, short as u8]);
        } else if let Ok(short) = i16::try_from(n) {
            self.out.push(0xc1);
            self.raw(&short.to_le_bytes());
        } else {
            self.out.push(0xc2);
            self.raw(&n.to_le_bytes());
        }
    }

    /// The compressed form when it is short enough; nothing otherwise.
    fn compressed(&mut self, text: &[u8]) -> bool {
        let mut packed = Vec::new();
        if !lzf::compress(text, text.len() - SAVING_MIN, &mut packed) {
            return false;
        }
        self.out.push(0xc3);
        self.len(packed.len() as u64);
        self.len(text.len() as u64);
        self.raw(&packed);
        true
    }

    /// A binary score.
    pub fn score(&mut self, score: f64) {
        self.raw(&score.to_bits().to_le_bytes());
    }

    /// A whole value, without its type byte. A module's value cannot be written; it becomes an empty one.
    pub fn object(&mut self, object: &Object) {
        match object {
            Object::String(text) => self.string(text),
            Object::List(items) | Object::Set(items) => {
                self.len(items.len() as u64);
                items.iter().for_each(|item| self.string(item));
            }
            Object::Hash(pairs) => {
                self.len(pairs.len() as u64);
                for (field, value) in pairs {
                    self.string(field);
                    self.string(value);
                }
            }
            Object::Zset(members) => {
                self.len(members.len() as u64);
                for (member, score) in members {
                    self.string(member);
                    self.score(*score);
                }
            }
            Object::Blob(_, blob) => self.string(blob),
            Object::Quicklist(nodes) => {
                self.len(nodes.len() as u64);
                nodes.iter().for_each(|node| self.node(node));
            }
            Object::Stream(stream) => stream.encode(self),
            Object::Module { id } => {
                self.len(*id);
                self.len(0);
            }
        }
    }

    fn node(&mut self, node: &QuicklistNode) {
        let (tag, bytes) = match node {
            QuicklistNode::Plain(element) => (Some(1), element),
            QuicklistNode::Listpack(blob) => (Some(2), blob),
            QuicklistNode::Ziplist(blob) => (None, blob),
        };
        if let Some(tag) = tag {
            self.len(tag);
        }
        self.string(bytes);
    }
}

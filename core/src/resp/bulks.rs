//! Many short strings of bytes, one after another: the bodies of LRANGE, SMEMBERS and their like.
//!
//! *Owns*: a piece of the reply in which strings are put together before it is added to the output. *Does not own*: the
//! header of the array around them.
//! *Invariants*: what is written equals [`Writer::bulk`] for each; nothing is held back once it is dropped.
//!
//! A string of some bytes costs more in calls and checks than in bytes. Here it is copied by two overlapping moves of a
//! fixed size into a room of a fixed size, and the output grows once for many strings.

use super::write::Writer;
use bytes::Bytes;

/// Bytes put together at most.
const PIECE: usize = 1024;
/// Longer strings go straight to the output.
const SHORT_MAX: usize = 64;
/// Room for the longest of the short ones, with its header and its end.
const ROOM: usize = SHORT_MAX + 8;

/// See the module.
pub struct Bulks<'a, 'w> {
    out: &'a mut Writer<'w>,
    at: usize,
    piece: [u8; PIECE],
}

impl<'a, 'w> Bulks<'a, 'w> {
    /// Strings that follow what this writer wrote.
    pub fn new(out: &'a mut Writer<'w>) -> Self {
        Self { out, at: 0, piece: [0; PIECE] }
    }

    /// A string of bytes.
    #[inline]
    pub fn bulk(&mut self, text: &[u8]) {
        let len = text.len();
        if len > SHORT_MAX {
            self.flush();
            return self.out.bulk(text);
        }
        if self.at > PIECE - ROOM {
            self.flush();
        }
        let Some(room) = self.piece[self.at..].first_chunk_mut::<ROOM>() else { return };
        let (tens, ones) = (b'0' + (len / 10) as u8, b'0' + (len % 10) as u8);
        let from = if len < 10 {
            room[..4].copy_from_slice(&[b'$', ones, b'\r', b'\n']);
            4
        } else {
            room[..5].copy_from_slice(&[b'$', tens, ones, b'\r', b'\n']);
            5
        };
        copy_short(&mut room[from..from + len], text);
        room[from + len..from + len + 2].copy_from_slice(b"\r\n");
        self.at += from + len + 2;
    }

    /// An integer as a string of bytes.
    #[inline]
    pub fn bulk_int(&mut self, n: i64) {
        self.bulk(itoa::Buffer::new().format(n).as_bytes());
    }

    /// A string whose bytes are shared instead of copied when it is long.
    pub fn bulk_shared(&mut self, bytes: &Bytes) {
        self.flush();
        self.out.bulk_shared(bytes.clone());
    }

    fn flush(&mut self) {
        self.out.raw(&self.piece[..self.at]);
        self.at = 0;
    }
}

impl Drop for Bulks<'_, '_> {
    fn drop(&mut self) {
        self.flush();
    }
}

/// Copies up to [`SHORT_MAX`] bytes; both slices have one length.
#[inline]
fn copy_short(to: &mut [u8], from: &[u8]) {
    match from.len() {
        32.. => ends::<32>(to, from),
        16.. => ends::<16>(to, from),
        8.. => ends::<8>(to, from),
        4.. => ends::<4>(to, from),
        _ => to.iter_mut().zip(from).for_each(|(to, from)| *to = *from),
    }
}

/// Copies the first and the last `N` bytes, which together are all.
#[inline]
fn ends<const N: usize>(to: &mut [u8], from: &[u8]) {
    let (Some(first), Some(last)) = (from.first_chunk::<N>(), from.last_chunk::<N>()) else { return };
    if let Some(to) = to.first_chunk_mut::<N>() {
        *to = *first;
    }
    if let Some(to) = to.last_chunk_mut::<N>() {
        *to = *last;
    }
}

#[cfg(test)]
mod tests {
    use super::super::{OutBuf, Proto};
    use super::*;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    fn bytes(out: &OutBuf) -> Vec<u8> {
        let mut slices = [&[][..]; 64];
        let n = out.slices(usize::MAX, &mut slices);
        slices[..n].concat()
    }

    #[test]
    fn every_length_and_kind() {
        let (mut one, mut many) = (OutBuf::default(), OutBuf::default());
        let long = Bytes::from(std::vec![b'l'; 70_000]);
        let mut single = Writer::new(&mut one, Proto::Resp2);
        let mut writer = Writer::new(&mut many, Proto::Resp2);
        let mut bulks = Bulks::new(&mut writer);
        for len in (0..140).chain([1000, 1024, 5000]) {
            let text: Vec<u8> = (0..len).map(|n| n as u8).collect();
            single.bulk(&text);
            bulks.bulk(&text);
            let n = (len as i64 - 70).wrapping_mul(12_345_678_901_234_567);
            single.bulk_int(n);
            bulks.bulk_int(n);
            if len % 30 == 0 {
                single.bulk_shared(long.clone());
                bulks.bulk_shared(&long);
            }
        }
        drop(bulks);
        assert_eq!(bytes(&one), bytes(&many));
    }

    proptest! {
        #[test]
        fn equals_one_by_one(texts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..90), 0..200)) {
            let (mut one, mut many) = (OutBuf::default(), OutBuf::default());
            let mut single = Writer::new(&mut one, Proto::Resp2);
            let mut writer = Writer::new(&mut many, Proto::Resp2);
            let mut bulks = Bulks::new(&mut writer);
            for text in &texts {
                single.bulk(text);
                bulks.bulk(text);
            }
            drop(bulks);
            prop_assert_eq!(bytes(&one), bytes(&many));
        }
    }
}

//! The containers against builders written from their description, and against damage.

use super::*;
use alloc::vec;
use alloc::vec::Vec;
use proptest::prelude::*;

fn listpack(elements: &[Element<'_>]) -> Vec<u8> {
    let mut body = Vec::new();
    for element in elements {
        let start = body.len();
        match *element {
            Element::Int(n @ 0..=127) => body.push(n as u8),
            Element::Int(n @ -4096..=4095) => body.extend(((n as u16 & 0x1fff) | 0xc000).to_be_bytes()),
            Element::Int(n @ -0x8000..=0x7fff) => body.extend([&[0xf1], &n.to_le_bytes()[..2]].concat()),
            Element::Int(n @ -0x80_0000..=0x7f_ffff) => {
                body.extend([&[0xf2], &n.to_le_bytes()[..3]].concat())
            }
            Element::Int(n @ -0x8000_0000..=0x7fff_ffff) => {
                body.extend([&[0xf3], &n.to_le_bytes()[..4]].concat());
            }
            Element::Int(n) => body.extend([&[0xf4], &n.to_le_bytes()[..]].concat()),
            Element::Text(text) => {
                match text.len() {
                    len @ 0..=63 => body.push(0x80 | len as u8),
                    len @ 64..=4095 => body.extend((0xe000 | len as u16).to_be_bytes()),
                    len => body.extend([&[0xf0], &(len as u32).to_le_bytes()[..]].concat()),
                }
                body.extend_from_slice(text);
            }
        }
        let mut len = body.len() - start;
        let mut back = vec![(len & 0x7f) as u8];
        while len > 127 {
            len >>= 7;
            back.push((len & 0x7f) as u8);
        }
        // The least significant group stands last; all but the first byte carry the mark.
        let last = back.len() - 1;
        body.extend(
            back.iter().enumerate().rev().map(|(i, &byte)| if i == last { byte } else { byte | 0x80 }),
        );
    }
    let total = body.len() as u32 + 7;
    [&total.to_le_bytes()[..], &(elements.len() as u16).to_le_bytes(), &body, &[0xff]].concat()
}

fn ziplist(elements: &[Element<'_>]) -> Vec<u8> {
    let mut body = Vec::new();
    let (mut previous, mut tail) = (0, 0);
    for element in elements {
        tail = body.len();
        if previous < 254 {
            body.push(previous as u8);
        } else {
            body.push(0xfe);
            body.extend((previous as u32).to_le_bytes());
        }
        match *element {
            Element::Int(n @ 0..=12) => body.push(0xf1 + n as u8),
            Element::Int(n @ -0x80..=0x7f) => body.extend([0xfe, n as u8]),
            Element::Int(n @ -0x8000..=0x7fff) => body.extend([&[0xc0], &n.to_le_bytes()[..2]].concat()),
            Element::Int(n @ -0x80_0000..=0x7f_ffff) => {
                body.extend([&[0xf0], &n.to_le_bytes()[..3]].concat())
            }
            Element::Int(n @ -0x8000_0000..=0x7fff_ffff) => {
                body.extend([&[0xd0], &n.to_le_bytes()[..4]].concat());
            }
            Element::Int(n) => body.extend([&[0xe0], &n.to_le_bytes()[..]].concat()),
            Element::Text(text) => {
                match text.len() {
                    len @ 0..=63 => body.push(len as u8),
                    len @ 64..=16383 => body.extend((0x4000 | len as u16).to_be_bytes()),
                    len => body.extend([&[0x80], &(len as u32).to_be_bytes()[..]].concat()),
                }
                body.extend_from_slice(text);
            }
        }
        previous = body.len() - tail;
    }
    let total = body.len() as u32 + 11;
    let header = [total.to_le_bytes(), (tail as u32 + 10).to_le_bytes()].concat();
    [&header[..], &(elements.len() as u16).to_le_bytes(), &body, &[0xff]].concat()
}

fn intset(width: u32, members: &[i64]) -> Vec<u8> {
    let mut out = [width.to_le_bytes(), (members.len() as u32).to_le_bytes()].concat();
    for member in members {
        out.extend_from_slice(&member.to_le_bytes()[..width as usize]);
    }
    out
}

fn listed(blob: &[u8]) -> Result<Vec<Element<'_>>, BadBlob> {
    Listpack::new(blob)?.collect()
}

fn zipped(blob: &[u8]) -> Result<Vec<Element<'_>>, BadBlob> {
    Ziplist::new(blob)?.collect()
}

#[test]
fn every_width() {
    let texts: Vec<Vec<u8>> =
        [0, 1, 63, 64, 126, 127, 128, 250, 251, 252, 253, 254, 4095, 4096, 16383, 16384, 70_000]
            .map(|len| vec![b't'; len])
            .to_vec();
    let mut elements: Vec<Element<'_>> = texts.iter().map(|text| Element::Text(text)).collect();
    for shift in 0..63 {
        let power = 1_i64 << shift;
        elements.extend([power - 1, power, -power, -power - 1].map(Element::Int));
    }
    elements.extend([i64::MIN, i64::MAX].map(Element::Int));
    assert_eq!(listed(&listpack(&elements)).unwrap(), elements);
    assert_eq!(zipped(&ziplist(&elements)).unwrap(), elements);
    // The header may leave the count open.
    let (mut list, mut zip) = (listpack(&elements), ziplist(&elements));
    list[4..6].fill(0xff);
    zip[8..10].fill(0xff);
    assert_eq!(listed(&list).unwrap(), elements);
    assert_eq!(zipped(&zip).unwrap(), elements);
}

#[test]
fn empty_ones() {
    assert_eq!(listed(&listpack(&[])), Ok(vec![]));
    assert_eq!(zipped(&ziplist(&[])), Ok(vec![]));
    assert_eq!(Zipmap::new(&[0, 0xff]).unwrap().next(), None);
    assert!(Intset::new(&intset(2, &[])).unwrap().is_empty());
}

#[test]
fn intsets() {
    for width in [2, 4, 8] {
        let blob = intset(width, &[-32768, -1, 0, 5, 32767]);
        let set = Intset::new(&blob).unwrap();
        assert_eq!(set.len(), 5);
        assert_eq!(set.collect::<Result<Vec<_>, _>>().unwrap(), [-32768, -1, 0, 5, 32767]);
    }
    for bad in [intset(2, &[1, 1]), intset(4, &[2, 1])] {
        let results: Vec<_> = Intset::new(&bad).unwrap().collect();
        assert_eq!(results[1], Err(BadBlob));
        assert_eq!(results.len(), 2);
    }
    assert!(Intset::new(&intset(3, &[])).is_err());
    assert!(Intset::new(&[2, 0, 0, 0, 2, 0, 0, 0, 1, 0]).is_err());
    assert!(Intset::new(&[2, 0, 0]).is_err());
}

#[test]
fn zipmaps() {
    let long = vec![b'v'; 300];
    let mut blob = b"\x02\x01f\x02\x03ab---\x01g\xfe\x2c\x01\0\0\0".to_vec();
    blob.extend_from_slice(&long);
    blob.push(0xff);
    let pairs: Result<Vec<_>, _> = Zipmap::new(&blob).unwrap().collect();
    assert_eq!(pairs.unwrap(), [(&b"f"[..], &b"ab"[..]), (b"g", &long)]);
    for len in 0..blob.len() {
        assert!(
            Zipmap::new(&blob[..len]).is_err()
                || Zipmap::new(&blob[..len]).unwrap().any(|pair| pair.is_err())
        );
    }
    for bad in [&b"\x02\x01f\x01\0v\xff"[..], b"\x01\xff", b"\x01\x01f\xff\0\xff", b"\0\x01f\x01\0v\xff"] {
        assert!(Zipmap::new(bad).unwrap().any(|pair| pair.is_err()), "{bad:?}");
    }
}

#[test]
fn damage_is_noticed() {
    let elements = [Element::Int(5), Element::Text(b"text"), Element::Int(-70_000)];
    for (blob, read) in [
        (listpack(&elements), listed as fn(&[u8]) -> Result<Vec<Element<'_>>, BadBlob>),
        (ziplist(&elements), zipped),
    ] {
        for len in 0..blob.len() {
            assert_eq!(read(&blob[..len]), Err(BadBlob));
        }
        assert_eq!(read(&[&blob[..], &[0xff]].concat()), Err(BadBlob));
        for at in 0..blob.len() {
            for bit in 0..8 {
                let mut bad = blob.clone();
                bad[at] ^= 1 << bit;
                // A flip may make another valid element, never another structure.
                if let Ok(others) = read(&bad) {
                    assert_eq!(others.len(), elements.len(), "byte {at} bit {bit}");
                }
            }
        }
    }
}

proptest! {
    #[test]
    fn round_trip(raw in proptest::collection::vec(
        prop_oneof![
            any::<i64>().prop_map(Ok),
            (-300_i64..300).prop_map(Ok),
            proptest::collection::vec(any::<u8>(), 0..300).prop_map(Err),
        ],
        0..20,
    )) {
        let elements: Vec<Element<'_>> = raw
            .iter()
            .map(|item| match item {
                Ok(n) => Element::Int(*n),
                Err(text) => Element::Text(text),
            })
            .collect();
        let (list, zip) = (listpack(&elements), ziplist(&elements));
        prop_assert_eq!(&listed(&list).unwrap(), &elements);
        prop_assert_eq!(&zipped(&zip).unwrap(), &elements);
    }
}

//! Both forms against one byte per register.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;

const SPARSE_MAX: usize = 3000;

/// The registers, one by one from the codes.
fn registers(bytes: &[u8]) -> Vec<u8> {
    let mut union = Union::new();
    union.merge(bytes).expect("sound registers");
    union.registers().to_vec()
}

/// Elements whose registers are near each other, or anywhere.
fn elements() -> impl Strategy<Value = Vec<u64>> {
    prop_oneof![prop::collection::vec(0..40_u64, 0..80), prop::collection::vec(any::<u64>(), 0..2_000)]
}

#[test]
fn starts_empty() {
    let bytes = new();
    assert_eq!(bytes, b"HYLL\x01\0\0\0\0\0\0\0\0\0\0\0\x7f\xff");
    assert!(is_valid(&bytes) && is_sparse(&bytes));
    assert_eq!(
        (cached(&bytes), estimate(&bytes), describe_sparse(&bytes)),
        (Some(0), Ok(0), "Z:16384".into())
    );
}

#[test]
fn the_hash_is_that_of_redis() {
    // Where a real server puts these.
    let mut bytes = new();
    assert_eq!(add(&mut bytes, b"a", SPARSE_MAX), Ok(true));
    assert_eq!(describe_sparse(&bytes), "Z:12711 v:2,1 Z:3672");
    assert_eq!(add(&mut bytes, b"a", SPARSE_MAX), Ok(false));
    assert_eq!(estimate(&bytes), Ok(1));
}

#[test]
fn headers() {
    let good = new();
    assert!(!is_valid(b"") && !is_valid(&good[..15]) && is_valid(&good[..16]));
    let mut bad = good.clone();
    bad[0] = b'h';
    assert!(!is_valid(&bad));
    let mut form = good.clone();
    form[4] = 0;
    assert!(!is_valid(&form));
    form.resize(DENSE_LEN, 0);
    assert!(is_valid(&form) && !is_valid(&form[..DENSE_LEN - 1]));
    form[4] = 2;
    assert!(!is_valid(&form));
    let mut stale = good;
    set_cached(&mut stale, 0x0102_0304);
    assert_eq!((stale[8], cached(&stale)), (4, Some(0x0102_0304)));
    forget_cached(&mut stale);
    assert_eq!(cached(&stale), None);
}

#[test]
fn estimates_are_good() {
    let mut bytes = new();
    for n in 1..=200_000_u64 {
        add(&mut bytes, &n.to_le_bytes(), SPARSE_MAX).expect("sound");
        if [10, 1_000, 20_000, 200_000].contains(&n) {
            let error = estimate(&bytes).expect("sound").abs_diff(n) as f64 / n as f64;
            assert!(error < 0.03, "{error} at {n}");
        }
    }
    assert!(!is_sparse(&bytes));
    assert_eq!(self_test(), Ok(()));
}

#[test]
fn forged_registers_are_survived() {
    let mut bytes = new();
    make_dense(&mut bytes).expect("sound");
    bytes[HEADER..].fill(0xff);
    assert_eq!(registers(&bytes), [63; REGISTERS]);
    let _ = estimate(&bytes);
    // What a real server makes of these.
    for (all, guess) in [(20, 12_392_656_037), (49, 6_653_256_548_922_161_152), (50, 1 << 63), (51, 1 << 63)]
    {
        dense::pack(&[all; REGISTERS], &mut bytes[HEADER..]);
        assert_eq!(estimate(&bytes), Ok(guess), "{all}");
    }
}

#[test]
fn damage_is_found() {
    let with = |codes: &[u8]| [&new()[..HEADER], codes].concat();
    for codes in [&b""[..], b"\x7f\xfe", b"\x7f\xff\x00", b"\x00", b"\x7f", b"\x7f\xff\x80"] {
        let mut bytes = with(codes);
        assert_eq!(estimate(&bytes), Err(Corrupt), "{codes:?}");
        assert_eq!(make_dense(&mut bytes), Err(Corrupt), "{codes:?}");
        assert_eq!(bytes, with(codes));
    }
    let mut short = with(b"\x7f\xfe");
    let missing =
        (0..1_000_000_u64).find(|n| place(&n.to_le_bytes()).0 == REGISTERS - 1).expect("one hits it");
    assert_eq!(add(&mut short, &missing.to_le_bytes(), SPARSE_MAX), Err(Corrupt));
    assert_eq!(short, with(b"\x7f\xfe"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn forms_equal_the_model(elements in elements(), sparse_max in 0..4_000_usize) {
        let (mut sparse, mut dense) = (new(), new());
        make_dense(&mut dense).expect("sound");
        let mut model = [0_u8; REGISTERS];
        for n in &elements {
            let (index, rank) = place(&n.to_le_bytes());
            let raised = rank > model[index];
            model[index] = model[index].max(rank);
            let was = (is_sparse(&sparse), sparse.len());
            prop_assert_eq!(add(&mut sparse, &n.to_le_bytes(), sparse_max), Ok(raised));
            prop_assert_eq!(add(&mut dense, &n.to_le_bytes(), 0), Ok(raised));
            prop_assert!(!is_sparse(&sparse) || sparse.len() <= sparse_max.max(was.1));
        }
        prop_assert_eq!(&registers(&sparse)[..], &model[..]);
        prop_assert_eq!(&registers(&dense)[..], &model[..]);
        prop_assert_eq!(estimate(&sparse), estimate(&dense));
        let (mut one, mut two) = (sparse.clone(), dense.clone());
        forget_cached(&mut one);
        forget_cached(&mut two);
        make_dense(&mut one).expect("sound");
        prop_assert_eq!(one, two);
    }

    /// Writing a union goes on from where it was; starting anew for each register must leave the same bytes.
    #[test]
    fn a_cursor_changes_nothing(one in elements(), two in elements()) {
        let of = |elements: &[u64]| {
            let mut bytes = new();
            elements.iter().for_each(|n| { add(&mut bytes, &n.to_le_bytes(), 100_000).expect("sound"); });
            bytes
        };
        let (target, other) = (of(&one), of(&two));
        let mut union = Union::new();
        union.merge(&target).expect("sound");
        union.merge(&other).expect("sound");
        let (mut fast, mut slow) = (target.clone(), target);
        union.write(&mut fast, 100_000).expect("sound");
        for (index, rank) in union.registers().iter().enumerate().filter(|(_, rank)| **rank > 0) {
            let written = sparse::raise(&mut slow, &mut Cursor::start(), index, *rank, 100_000);
            prop_assert!(matches!(written, Ok(Written::Done | Written::Nothing)));
        }
        prop_assert_eq!(fast, slow);
        let both: BTreeSet<u64> = one.iter().chain(&two).copied().collect();
        let together = of(&both.into_iter().collect::<Vec<_>>());
        prop_assert_eq!(&registers(&together)[..], union.registers());
        prop_assert_eq!(estimate(&together), Ok(union.estimate()));
    }

    /// The same with runs that touch, which random elements seldom make.
    #[test]
    fn a_cursor_changes_nothing_in_crowds(edits in prop::collection::vec((0..60_usize, 1..4_u8), 0..200),
                                          last in prop::collection::vec(0..5_u8, 60)) {
        let mut target = new();
        for (index, rank) in edits {
            sparse::raise(&mut target, &mut Cursor::start(), index, rank, 100_000).expect("sound");
        }
        let (mut fast, mut slow) = (target.clone(), target);
        let mut cursor = Cursor::start();
        for (index, rank) in last.into_iter().enumerate().filter(|(_, rank)| *rank > 0) {
            let a = sparse::raise(&mut fast, &mut cursor, index, rank, 100_000);
            let b = sparse::raise(&mut slow, &mut Cursor::start(), index, rank, 100_000);
            prop_assert_eq!(a, b);
        }
        prop_assert_eq!(fast, slow);
    }

    #[test]
    fn any_bytes_are_survived(codes in prop::collection::vec(any::<u8>(), 0..300), elements in prop::collection::vec(any::<u64>(), 1..20)) {
        let mut bytes = new();
        bytes.truncate(HEADER);
        bytes.extend_from_slice(&codes);
        let _ = (estimate(&bytes), describe_sparse(&bytes));
        let mut union = Union::new();
        if union.merge(&bytes).is_ok() {
            let mut copy = bytes.clone();
            let _ = union.write(&mut copy, SPARSE_MAX);
        }
        let mut copy = bytes.clone();
        let _ = make_dense(&mut copy);
        for n in elements {
            let before = bytes.clone();
            if add(&mut bytes, &n.to_le_bytes(), SPARSE_MAX).is_err() {
                prop_assert_eq!(&bytes, &before);
            }
        }
    }
}

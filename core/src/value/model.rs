//! Sets and hashes against naive ones, over every change of form.

use super::{Digest, HashLimits, HashValue, Item, SetForm, SetLimits, SetValue, SmallBytes, Value};
use crate::base::number::{IntText, parse_i64};
use crate::base::rng::Rng;
use crate::containers::dict::HashKey;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use proptest::prelude::*;

fn secret() -> HashKey {
    HashKey::new([3; 16])
}

fn digest(value: &Value) -> u128 {
    let mut digest = Digest::new();
    value.digest_into(&mut digest);
    digest.finish()
}

fn text(item: Item<'_>) -> Vec<u8> {
    item.text(&mut IntText::new()).to_vec()
}

/// Names of all kinds: small and large numbers, like words, an empty one, long ones.
fn name(kind: u8, n: u32) -> Vec<u8> {
    match kind {
        0..4 => std::format!("{n}"),
        4 => std::format!("{}", i64::from(n) * 300_000_000_000 - 5),
        5 => std::format!("0{n}"),
        6 => "long".repeat(n as usize / 4),
        _ => std::format!("member:{n}"),
    }
    .into_bytes()
}

const SET: SetLimits = SetLimits { ints: 60, members: 30, bytes: 40 };

/// What form a set has after adding, by the rules in words.
fn form_after(form: SetForm, members: &BTreeSet<Vec<u8>>, added: &[u8]) -> SetForm {
    let count = members.len();
    match form {
        SetForm::Ints if parse_i64(added).is_some() => {
            if count > SET.ints {
                SetForm::Large
            } else {
                SetForm::Ints
            }
        }
        SetForm::Ints | SetForm::Small => {
            let short = added.len() <= SET.bytes;
            if count <= SET.members && short { SetForm::Small } else { SetForm::Large }
        }
        SetForm::Large => SetForm::Large,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_set_equals_an_ordered_set(
        kinds in prop::sample::select(&[1_u8, 4, 5, 6, 8][..]),
        steps in prop::collection::vec((0_u8..8, any::<u8>(), 0_u32..200), 1..300),
    ) {
        let (secret, mut rng) = (secret(), Rng::new([1; 32]));
        let mut set = SetValue::for_member(Item::Text(&name(steps[0].1 % kinds, steps[0].2)), 1, SET, &secret);
        let mut model = BTreeSet::new();
        for (what, kind, n) in steps {
            let member = name(kind % kinds, n);
            let item = Item::Text(&member);
            let form = set.form();
            match what {
                0 => prop_assert_eq!(set.remove(item), model.remove(&member)),
                1 => match set.pop(&mut rng) {
                    Some(popped) => prop_assert!(model.remove(popped.as_slice())),
                    None => prop_assert!(model.is_empty()),
                },
                _ => {
                    let new = model.insert(member.clone());
                    prop_assert_eq!(set.add(item, SET, &secret), new);
                    if new {
                        prop_assert_eq!(set.form(), form_after(form, &model, &member));
                    }
                }
            }
            set.check();
            prop_assert_eq!(set.contains(item), model.contains(&member));
        }
        prop_assert_eq!(set.iter().map(text).collect::<BTreeSet<_>>(), model.clone());
        prop_assert_eq!(set.iter().count(), set.len());
        let mut shown = Vec::new();
        set.for_each(&mut |member| shown.push(text(member)));
        prop_assert_eq!(&shown, &set.iter().map(text).collect::<Vec<_>>());
        let mut windowed = Vec::new();
        set.windows(&mut |window| {
            windowed.extend(window.iter().map(|member| text(*member)));
            true
        });
        prop_assert_eq!(&windowed, &shown);
        let asked: Vec<Vec<u8>> = (0..16).map(|n| name(n as u8 % 8, n * 11)).collect();
        let items: Vec<_> = asked.iter().map(|name| Item::Text(name)).collect();
        let mut found = [true; 16];
        found[3] = false;
        set.contains_window(&items, &mut found);
        for (n, (name, found)) in asked.iter().zip(found).enumerate() {
            prop_assert_eq!(found, n != 3 && model.contains(name));
        }
        same_whatever_the_form(set, &model)?;
    }

    #[test]
    fn a_hash_equals_an_ordered_map(
        kinds in prop::sample::select(&[1_u8, 5, 6, 8][..]),
        steps in prop::collection::vec((0_u8..8, any::<u8>(), 0_u32..120, 0_u32..200), 1..300),
    ) {
        let secret = secret();
        let limits = HashLimits { pairs: 40, bytes: 60 };
        let mut hash = HashValue::new();
        let mut model = BTreeMap::new();
        hash.keep_digest();
        for (what, kind, n, m) in steps {
            let (field, value) = (name(kind % kinds, n), name(m as u8 % 8, m));
            match what {
                0 | 1 => prop_assert_eq!(hash.remove(&field), model.remove(&field).is_some()),
                2 => {
                    hash.prepare([&field[..], &value].into_iter(), 1, limits, &secret);
                    prop_assert_eq!(hash.set(&field, &value, limits, &secret), model.insert(field.clone(), value).is_none());
                }
                _ => prop_assert_eq!(hash.set(&field, &value, limits, &secret), model.insert(field.clone(), value).is_none()),
            }
            hash.check();
            hash.keep_digest();
            let got = hash.get(&field).map(|value| value.text(&mut IntText::new()).to_vec());
            prop_assert_eq!(got.as_ref(), model.get(&field));
            let small = hash.encoding() == "listpack";
            let fits = |(field, value): (&Vec<u8>, &Vec<u8>)| field.len() <= limits.bytes && value.len() <= limits.bytes;
            prop_assert!(!small || (model.len() <= limits.pairs && model.iter().all(fits)));
        }
        let mut shown = BTreeMap::new();
        hash.for_each(&mut |field, value| { shown.insert(text(field), value.text(&mut IntText::new()).to_vec()); });
        prop_assert_eq!(&shown, &model);
        let fields: Vec<Vec<u8>> = (0..50).map(|n| name(n as u8 % 8, n * 3)).collect();
        let mut many = Vec::new();
        hash.get_many(fields.iter().map(Vec::as_slice), &mut |value| many.push(value.map(|value| value.text(&mut IntText::new()).to_vec())));
        prop_assert_eq!(many, fields.iter().map(|field| model.get(field).cloned()).collect::<Vec<_>>());
        let mut rng = Rng::new([2; 32]);
        for count in [0, 1, 3, model.len() / 2, model.len(), 500] {
            let (mut sampled, mut drawn) = (Vec::new(), 0);
            hash.sample(count, &mut rng, &mut |field, _| sampled.push(text(field)));
            prop_assert_eq!(sampled.len(), count.min(model.len()));
            prop_assert_eq!(sampled.iter().collect::<BTreeSet<_>>().len(), sampled.len());
            if !model.is_empty() {
                hash.draw(count, &mut rng, &mut |field, _| drawn += usize::from(model.contains_key(&text(field))));
                prop_assert_eq!(drawn, count);
            }
        }
        let before = digest(&Value::Hash(hash.clone()));
        prop_assert_eq!(hash.clone().heap_bytes(), hash.heap_bytes());
        hash.enlarge(&secret);
        hash.check();
        prop_assert_eq!(before, digest(&Value::Hash(hash)));
    }
}

fn same_whatever_the_form(set: SetValue, model: &BTreeSet<Vec<u8>>) -> Result<(), TestCaseError> {
    let mut rng = Rng::new([2; 32]);
    for count in [0, 1, 3, model.len() / 2, model.len(), 500] {
        let (mut sampled, mut drawn) = (Vec::new(), 0);
        set.sample(count, &mut rng, &mut |member| sampled.push(text(member)));
        prop_assert_eq!(sampled.len(), count.min(model.len()));
        prop_assert_eq!(sampled.iter().collect::<BTreeSet<_>>().len(), sampled.len());
        if !model.is_empty() {
            set.draw(count, &mut rng, &mut |member| drawn += usize::from(model.contains(&text(member))));
            prop_assert_eq!(drawn, count);
        }
    }
    prop_assert_eq!(set.clone().heap_bytes(), set.heap_bytes());
    let before = digest(&Value::Set(set.clone()));
    let mut large = set.clone();
    large.enlarge(&secret()).keep_digest();
    large.check();
    prop_assert_eq!(before, digest(&Value::Set(large.clone())));
    let ints = model.iter().all(|member| parse_i64(member).is_some()) && model.len() <= SET.ints;
    large.settle(SET);
    large.check();
    prop_assert_eq!(large.form() == SetForm::Ints, ints);
    prop_assert_eq!(before, digest(&Value::Set(large)));
    let mut cursor = 0;
    let mut scanned = Vec::new();
    loop {
        cursor = set.scan(cursor, 7, &mut |member| scanned.push(text(member)));
        if cursor == 0 {
            break;
        }
    }
    prop_assert_eq!(scanned.len(), model.len());
    prop_assert_eq!(scanned.into_iter().collect::<BTreeSet<_>>(), model.clone());
    Ok(())
}

#[test]
fn what_collections_cost() {
    let secret = secret();
    let limits = HashLimits { pairs: 512, bytes: 64 };
    let mut hash = HashValue::new();
    for n in 0..1_000_000_u32 {
        hash.set(
            std::format!("field:{n:07}").as_bytes(),
            std::format!("{n:016}").as_bytes(),
            limits,
            &secret,
        );
    }
    assert!(hash.heap_bytes() < 45_000_000, "{} bytes for a million pairs", hash.heap_bytes());
    let mut set = SetValue::empty(SetForm::Ints, &secret);
    for n in 0..1_000_000_u32 {
        set.add(Item::Text(std::format!("element:{n:012}").as_bytes()), SET, &secret);
    }
    assert!(set.heap_bytes() < 37_000_000, "{} bytes for a million members", set.heap_bytes());
    let mut rng = Rng::new([1; 32]);
    let mut popped: Vec<SmallBytes> = Vec::new();
    while let Some(member) = set.pop(&mut rng) {
        popped.push(member);
    }
    popped.sort();
    popped.dedup();
    assert_eq!(popped.len(), 1_000_000);
    assert!(set.heap_bytes() < 2_000, "{} bytes for nothing", set.heap_bytes());
}

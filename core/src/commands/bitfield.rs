//! Strings as rows of numbers of any width. Source: the Redis documentation of BITFIELD.

use super::bitmap::{bit_offset, bytes_for};
use super::string::{string, string_mut};
use crate::base::number::parse_i64;
use crate::config::NotifyFlags;
use crate::containers::bits::{field, set_field};
use crate::engine::Ctx;
use crate::engine::keys::FoundKey;
use crate::engine::row::{Acl, Begin, Find, Flags, Group, KeyFlags, KeySpec, Row};
use crate::keyspace::Ttl;
use crate::resp::{Args, CommandError, Writer};
use crate::value::{IntText, StringValue, Value};
use alloc::vec;
use alloc::vec::Vec;

type Done = Result<(), CommandError>;

/// The type of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Kind {
    signed: bool,
    width: u32,
}

/// What becomes of a number that does not fit its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Overflow {
    /// The higher bits are lost.
    Wrap,
    /// It becomes the nearest one that fits.
    Saturate,
    /// Nothing is written.
    Fail,
}

/// What is done with one field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verb {
    Get,
    Set(i64),
    Add(i64),
}

/// One operation.
#[derive(Clone, Copy, Debug)]
struct Step {
    verb: Verb,
    kind: Kind,
    at: u64,
    overflow: Overflow,
}

impl Kind {
    /// `u1` to `u63`, `i1` to `i64`.
    fn parse(text: &[u8]) -> Result<Self, CommandError> {
        // As in Redis, a zero byte ends the text.
        let text = text.split(|byte| *byte == 0).next().unwrap_or_default();
        let (signed, width, most) = match text {
            [b'i', width @ ..] => (true, width, 64),
            [b'u', width @ ..] => (false, width, 63),
            _ => return Err(CommandError::BitfieldType),
        };
        let width = parse_i64(width).filter(|width| (1..=most).contains(width));
        Ok(Self { signed, width: width.ok_or(CommandError::BitfieldType)? as u32 })
    }

    /// The number that the bits of a field mean.
    fn read(self, bits: u64) -> i64 {
        if self.signed { (bits << (64 - self.width)) as i64 >> (64 - self.width) } else { bits as i64 }
    }

    /// The number as it is stored: itself if it fits, else what the rule makes of it.
    fn fit(self, number: i128, rule: Overflow) -> Option<i64> {
        let (low, high) = if self.signed {
            (-(1_i128 << (self.width - 1)), (1_i128 << (self.width - 1)) - 1)
        } else {
            (0, (1_i128 << self.width) - 1)
        };
        match rule {
            _ if (low..=high).contains(&number) => Some(number as i64),
            Overflow::Wrap => Some(self.read(number as u64 & (u64::MAX >> (64 - self.width)))),
            Overflow::Saturate => Some(number.clamp(low, high) as i64),
            Overflow::Fail => None,
        }
    }
}

impl Step {
    /// The position of the field's last bit.
    fn last(self) -> u64 {
        self.at + u64::from(self.kind.width) - 1
    }

    fn read(self, bytes: &[u8]) -> i64 {
        self.kind.read(field(bytes, self.at, self.kind.width))
    }

    /// Runs on a string that is long enough. Answers the reply, and whether the string changed.
    fn run(self, bytes: &mut [u8]) -> (Option<i64>, bool) {
        let old = self.read(bytes);
        // An unsigned field takes a negative number for the one with the same 64 bits.
        let given = |n: i64| if self.kind.signed { i128::from(n) } else { i128::from(n as u64) };
        let (sum, answers_old) = match self.verb {
            Verb::Get => return (Some(old), false),
            Verb::Set(n) => (given(n), true),
            Verb::Add(n) => (i128::from(old) + i128::from(n), false),
        };
        let Some(new) = self.kind.fit(sum, self.overflow) else { return (None, false) };
        if new != old {
            set_field(bytes, self.at, self.kind.width, new as u64);
        }
        (Some(if answers_old { old } else { new }), new != old)
    }
}

/// The operations in the arguments.
fn parse(ctx: &Ctx<'_>) -> Result<Vec<Step>, CommandError> {
    let mut steps = Vec::new();
    let mut overflow = Overflow::Wrap;
    let mut i = 2;
    while i < ctx.argc() {
        let following = ctx.argc() - i - 1;
        let word = |w: &str| ctx.arg_is(i, w);
        let writes = match () {
            () if word("GET") && following >= 2 => false,
            () if (word("SET") || word("INCRBY")) && following >= 3 => true,
            () if word("OVERFLOW") && following >= 1 => {
                overflow = match () {
                    () if ctx.arg_is(i + 1, "WRAP") => Overflow::Wrap,
                    () if ctx.arg_is(i + 1, "SAT") => Overflow::Saturate,
                    () if ctx.arg_is(i + 1, "FAIL") => Overflow::Fail,
                    () => return Err(CommandError::BitfieldOverflow),
                };
                i += 2;
                continue;
            }
            () => return Err(CommandError::Syntax),
        };
        let kind = Kind::parse(ctx.arg(i + 1))?;
        let at = bit_offset(ctx, i + 2, Some(kind.width))?;
        let verb = match () {
            () if !writes => Verb::Get,
            () if word("SET") => Verb::Set(ctx.int(i + 3)?),
            () => Verb::Add(ctx.int(i + 3)?),
        };
        steps.push(Step { verb, kind, at, overflow });
        i += if writes { 4 } else { 3 };
    }
    Ok(steps)
}

fn bitfield(ctx: &mut Ctx<'_>) -> Done {
    let steps = parse(ctx)?;
    match steps.iter().filter(|step| step.verb != Verb::Get).map(|step| step.last()).max() {
        None => read(ctx, &steps),
        Some(last) => write(ctx, &steps, bytes_for(last)),
    }
}

fn bitfield_ro(ctx: &mut Ctx<'_>) -> Done {
    let steps = parse(ctx)?;
    if steps.iter().any(|step| step.verb != Verb::Get) {
        return Err(CommandError::BitfieldReadOnly);
    }
    read(ctx, &steps)
}

fn read(ctx: &mut Ctx<'_>, steps: &[Step]) -> Done {
    // BITFIELD, which may write, counts as a reader here.
    ctx.srv.keyspace.set_counting(true);
    let mut text = IntText::new();
    let bytes = match ctx.srv.keyspace.lookup(ctx.db, ctx.arg(1)) {
        Some(value) => string(value)?.bytes(&mut text),
        None => &[],
    };
    let mut w = Writer::new(ctx.out, ctx.proto);
    w.array(steps.len());
    for step in steps {
        w.int(step.read(bytes));
    }
    Ok(())
}

/// Runs operations of which some write, on a string that is made `len` bytes long at least.
fn write(ctx: &mut Ctx<'_>, steps: &[Step], len: usize) -> Done {
    let key = ctx.arg(1);
    let mut w = Writer::new(ctx.out, ctx.proto);
    // How many operations count as changes. All that are carried out do if the string grew, even if none is left.
    let mut run = |bytes: &mut [u8], grew: bool| {
        w.array(steps.len());
        let mut changes = 0;
        for step in steps {
            let (answer, changed) = step.run(bytes);
            match answer {
                Some(n) => w.int(n),
                None => w.null(),
            }
            changes += u64::from(changed || (grew && answer.is_some() && step.verb != Verb::Get));
        }
        changes
    };
    let edited = ctx.srv.keyspace.update_if(ctx.db, key, |value| {
        let text = match string_mut(value) {
            Ok(text) => text,
            Err(error) => return (false, Err(error)),
        };
        let grew = text.len() < len;
        let changes = run(text.grown_to(len), grew);
        // A string that grew is propagated even if every operation failed.
        (grew || changes > 0, Ok(changes))
    });
    let changes = match edited {
        Some(done) => done?,
        None => {
            let mut bytes = vec![0; len];
            let changes = run(&mut bytes, true);
            ctx.srv.keyspace.set(ctx.db, key, Value::String(StringValue::raw(bytes)), Ttl::Clear);
            changes
        }
    };
    if changes > 0 {
        ctx.srv.keyspace.add_dirty(changes - 1);
        ctx.notify(NotifyFlags::STRING, "setbit", key);
    }
    Ok(())
}

/// BITFIELD that only reads; nonsense counts as writing.
fn bitfield_keys(args: &Args<'_>) -> Option<Vec<FoundKey>> {
    let reads = KeyFlags::RO | KeyFlags::ACCESS;
    let writes = KeyFlags::RW | KeyFlags::ACCESS | KeyFlags::UPDATE;
    let mut i = 2;
    while i < args.len() {
        let following = args.len() - i - 1;
        let word = |w: &str| args.get(i).eq_ignore_ascii_case(w.as_bytes());
        match () {
            () if word("GET") && following >= 2 => i += 3,
            () if word("OVERFLOW") && following >= 1 => i += 2,
            () => return Some(vec![(1, writes)]),
        }
    }
    Some(vec![(1, reads)])
}

pub(super) const ROWS: &[Row] = &[
    Row::new("bitfield", bitfield, -2, Flags::WRITE.or(Flags::DENYOOM), Acl::BITMAP.or(Acl::SLOW).or(Acl::WRITE), Group::Bitmap)
        .keyed((1, 1, 1), &[KeySpec { begin: Begin::Index(1), find: Find::Range(0, 1, 0), flags: KeyFlags::RW.or(KeyFlags::UPDATE).or(KeyFlags::ACCESS).or(KeyFlags::VARIABLE_FLAGS) }])
        .finder(bitfield_keys)
        .since("3.2.0")
        .doc("Reads and writes numbers of any width inside a string.", "O(1) for each operation", "key [GET encoding offset|[OVERFLOW (WRAP|SAT|FAIL)] (SET encoding offset value|INCRBY encoding offset increment)...]"),
    Row::new("bitfield_ro", bitfield_ro, -2, Flags::READONLY.or(Flags::FAST), Acl::BITMAP.or(Acl::FAST).or(Acl::READ), Group::Bitmap)
        .keyed((1, 1, 1), &[KeySpec { begin: Begin::Index(1), find: Find::Range(0, 1, 0), flags: KeyFlags::RO.or(KeyFlags::ACCESS) }])
        .since("6.0.0")
        .doc("Reads numbers of any width inside a string.", "O(1) for each operation", "key [(GET (encoding offset))...]"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn kind(text: &str) -> Kind {
        Kind::parse(text.as_bytes()).expect("a type")
    }

    #[test]
    fn types() {
        assert_eq!(kind("i64"), Kind { signed: true, width: 64 });
        assert_eq!(kind("u1\0x"), Kind { signed: false, width: 1 });
        for bad in ["", "i", "u0", "i0", "u64", "i65", "I8", "8", "u+8", "u 8", "u08", "x8", "u-1"] {
            assert_eq!(Kind::parse(bad.as_bytes()), Err(CommandError::BitfieldType), "{bad}");
        }
    }

    #[test]
    fn overflow() {
        let cases = [
            ("u8", 256, Some(0), Some(255), None),
            ("u8", -1, Some(255), Some(0), None),
            ("i8", 128, Some(-128), Some(127), None),
            ("i8", -129, Some(127), Some(-128), None),
            ("i1", 1, Some(-1), Some(0), None),
            ("u63", 1 << 63, Some(0), Some(i64::MAX), None),
            ("i64", 1 << 63, Some(i64::MIN), Some(i64::MAX), None),
            ("i64", -(1 << 63) - 1, Some(i64::MAX), Some(i64::MIN), None),
            ("i64", i128::from(i64::MAX), Some(i64::MAX), Some(i64::MAX), Some(i64::MAX)),
        ];
        for (name, number, wrapped, saturated, failed) in cases {
            let fit = |rule| kind(name).fit(number, rule);
            let got = (fit(Overflow::Wrap), fit(Overflow::Saturate), fit(Overflow::Fail));
            assert_eq!(got, (wrapped, saturated, failed), "{name} {number}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(at in 0..100_u64, signed: bool, width in 1..=63_u32, number: i64, start: u8) {
            let kind = Kind { signed, width };
            let step = |verb| Step { verb, kind, at, overflow: Overflow::Wrap };
            let mut bytes = vec![start; 24];
            let old = step(Verb::Get).read(&bytes);
            prop_assert_eq!(step(Verb::Set(number)).run(&mut bytes).0, Some(old));
            let now = step(Verb::Get).read(&bytes);
            prop_assert_eq!((i128::from(now) - i128::from(number)).rem_euclid(1 << width), 0);
            let (sum, changed) = step(Verb::Add(-1)).run(&mut bytes);
            prop_assert_eq!(Some(step(Verb::Get).read(&bytes)), sum);
            prop_assert!(changed);
        }
    }
}

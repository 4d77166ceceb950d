//! Times to live. Source: the Redis documentation of each command.

use crate::base::number::parse_i64;
use crate::config::NotifyFlags;
use crate::engine::row::{Acl, Begin, Find, Flags, Group, KeyFlags, KeySpec, Row};
use crate::engine::{Ctx, Effect};
use crate::resp::CommandError;
use crate::value::IntText;
use alloc::vec::Vec;

type Done = Result<(), CommandError>;

/// Conditions of the EXPIRE family.
#[derive(Default)]
struct Conditions {
    nx: bool,
    xx: bool,
    gt: bool,
    lt: bool,
}

impl Conditions {
    fn parse(ctx: &mut Ctx<'_>) -> Result<Self, CommandError> {
        let mut c = Self::default();
        for i in 3..ctx.argc() {
            match () {
                () if ctx.arg_is(i, "NX") => c.nx = true,
                () if ctx.arg_is(i, "XX") => c.xx = true,
                () if ctx.arg_is(i, "GT") => c.gt = true,
                () if ctx.arg_is(i, "LT") => c.lt = true,
                () => {
                    let option = ctx.arg(i);
                    ctx.reply().error_parts(&[b"ERR Unsupported option ", option]);
                    return Err(CommandError::Written);
                }
            }
        }
        if c.nx && (c.xx || c.gt || c.lt) {
            return Err(CommandError::ExpireNxXxGtLt);
        }
        if c.gt && c.lt {
            return Err(CommandError::ExpireGtLt);
        }
        Ok(c)
    }

    /// Whether the old deadline (none = forever) lets the new one in.
    fn allow(&self, old: Option<i64>, new: i64) -> bool {
        match old {
            Some(old) => !self.nx && (!self.gt || new > old) && (!self.lt || new < old),
            None => !self.xx && !self.gt,
        }
    }
}

fn expire(ctx: &mut Ctx<'_>) -> Done {
    set_expiry(ctx, 1_000, true, "expire")
}

fn pexpire(ctx: &mut Ctx<'_>) -> Done {
    set_expiry(ctx, 1, true, "pexpire")
}

fn expireat(ctx: &mut Ctx<'_>) -> Done {
    set_expiry(ctx, 1_000, false, "expireat")
}

fn pexpireat(ctx: &mut Ctx<'_>) -> Done {
    set_expiry(ctx, 1, false, "pexpireat")
}

fn set_expiry(ctx: &mut Ctx<'_>, unit_ms: i64, relative: bool, name: &'static str) -> Done {
    let key = ctx.arg(1);
    let conditions = Conditions::parse(ctx)?;
    let n = parse_i64(ctx.arg(2)).ok_or(CommandError::NotInteger)?;
    let base = if relative { ctx.now_ms() } else { 0 };
    let at = n.checked_mul(unit_ms).and_then(|ms| ms.checked_add(base));
    let at = at.ok_or(CommandError::InvalidExpire(name))?;
    let db = ctx.db;
    let exists = ctx.srv.keyspace.exists(db, key);
    if !exists || !conditions.allow(ctx.srv.keyspace.deadline(db, key), at) {
        ctx.reply().int(0);
        return Ok(());
    }
    let options: Vec<&[u8]> = ctx.args.skip(3).iter().collect();
    set_or_delete(ctx, key, at, &options);
    ctx.reply().int(1);
    Ok(())
}

/// Gives a key that exists a deadline, or removes it when the deadline has passed; propagates and announces either.
pub(super) fn set_deadline_or_delete(ctx: &mut Ctx<'_>, key: &[u8], at: i64) {
    set_or_delete(ctx, key, at, &[]);
}

fn set_or_delete(ctx: &mut Ctx<'_>, key: &[u8], at: i64, options: &[&[u8]]) {
    // What the master sends is obeyed to the letter: it will send the deletion itself.
    let passed = at <= ctx.now_ms() && !ctx.srv.is_replica();
    if passed {
        ctx.srv.keyspace.delete(ctx.db, key);
        let verb: &[u8] = if ctx.srv.config.lazyfree_lazy_expire { b"UNLINK" } else { b"DEL" };
        ctx.propagate(&[verb, key]);
        ctx.notify(NotifyFlags::GENERIC, "del", key);
        return;
    }
    ctx.srv.keyspace.set_deadline(ctx.db, key, Some(at));
    if ctx.srv.knobs.broken(crate::base::mutant::Mutant::DeadlineSentAsTtl) {
        return;
    }
    let mut text = IntText::new();
    let mut args: Vec<&[u8]> = alloc::vec![b"PEXPIREAT", key, text.format(at)];
    args.extend_from_slice(options);
    ctx.propagate(&args);
    ctx.notify(NotifyFlags::GENERIC, "expire", key);
}

fn persist(ctx: &mut Ctx<'_>) -> Done {
    let key = ctx.arg(1);
    let removed = ctx.srv.keyspace.exists(ctx.db, key) && ctx.srv.keyspace.set_deadline(ctx.db, key, None);
    if removed {
        ctx.notify(NotifyFlags::GENERIC, "persist", key);
    }
    ctx.reply().int(i64::from(removed));
    Ok(())
}

/// What a time-to-live command answers: of a key's deadline and the time now, both in milliseconds.
type Shown = fn(i64, i64) -> i64;

fn ttl(ctx: &mut Ctx<'_>) -> Done {
    if ctx.srv.knobs.broken(crate::base::mutant::Mutant::TtlRoundsDown) {
        return show(ctx, |deadline, now| (deadline - now).max(0) / 1_000);
    }
    show(ctx, |deadline, now| ((deadline - now).max(0) + 500) / 1_000)
}

fn pttl(ctx: &mut Ctx<'_>) -> Done {
    show(ctx, |deadline, now| (deadline - now).max(0))
}

fn expiretime(ctx: &mut Ctx<'_>) -> Done {
    show(ctx, |deadline, _| deadline.saturating_add(500) / 1_000)
}

fn pexpiretime(ctx: &mut Ctx<'_>) -> Done {
    show(ctx, |deadline, _| deadline)
}

fn show(ctx: &mut Ctx<'_>, shown: Shown) -> Done {
    let (key, now) = (ctx.arg(1), ctx.now_ms());
    ctx.effect = Effect::Own;
    let answer = if ctx.srv.keyspace.exists(ctx.db, key) {
        ctx.srv.keyspace.deadline(ctx.db, key).map_or(-1, |deadline| shown(deadline, now))
    } else {
        -2
    };
    ctx.reply().int(answer);
    Ok(())
}

pub(super) const ROWS: &[Row] = &[
    Row::new(
        "expire",
        expire,
        -3,
        Flags::WRITE.or(Flags::FAST),
        Acl::FAST.or(Acl::KEYSPACE).or(Acl::WRITE),
        Group::Generic,
    )
    .keyed(
        (1, 1, 1),
        &[KeySpec {
            begin: Begin::Index(1),
            find: Find::Range(0, 1, 0),
            flags: KeyFlags::RW.or(KeyFlags::UPDATE),
        }],
    )
    .since("1.0.0")
    .doc("Gives a key a time to live in seconds.", "O(1)", "key seconds [NX|XX|GT|LT]"),
    Row::new(
        "expireat",
        expireat,
        -3,
        Flags::WRITE.or(Flags::FAST),
        Acl::FAST.or(Acl::KEYSPACE).or(Acl::WRITE),
        Group::Generic,
    )
    .keyed(
        (1, 1, 1),
        &[KeySpec {
            begin: Begin::Index(1),
            find: Find::Range(0, 1, 0),
            flags: KeyFlags::RW.or(KeyFlags::UPDATE),
        }],
    )
    .since("1.2.0")
    .doc(
        "Lets a key expire at a time given in seconds since 1970.",
        "O(1)",
        "key unix-time-seconds [NX|XX|GT|LT]",
    ),
    Row::new(
        "expiretime",
        expiretime,
        2,
        Flags::READONLY.or(Flags::FAST),
        Acl::FAST.or(Acl::KEYSPACE).or(Acl::READ),
        Group::Generic,
    )
    .keyed(
        (1, 1, 1),
        &[KeySpec {
            begin: Begin::Index(1),
            find: Find::Range(0, 1, 0),
            flags: KeyFlags::RO.or(KeyFlags::ACCESS),
        }],
    )
    .since("7.0.0")
    .doc("Tells when a key expires, in seconds since 1970.", "O(1)", "key"),
    Row::new(
        "persist",
        persist,
        2,
        Flags::WRITE.or(Flags::FAST),
        Acl::FAST.or(Acl::KEYSPACE).or(Acl::WRITE),
        Group::Generic,
    )
    .keyed(
        (1, 1, 1),
        &[KeySpec {
            begin: Begin::Index(1),
            find: Find::Range(0, 1, 0),
            flags: KeyFlags::RW.or(KeyFlags::UPDATE),
        }],
    )
    .since("2.2.0")
    .doc("Takes a key's time to live away.", "O(1)", "key"),
    Row::new(
        "pexpire",
        pexpire,
        -3,
        Flags::WRITE.or(Flags::FAST),
        Acl::FAST.or(Acl::KEYSPACE).or(Acl::WRITE),
        Group::Generic,
    )
    .keyed(
        (1, 1, 1),
        &[KeySpec {
            begin: Begin::Index(1),
            find: Find::Range(0, 1, 0),
            flags: KeyFlags::RW.or(KeyFlags::UPDATE),
        }],
    )
    .since("2.6.0")
    .doc("Gives a key a time to live in milliseconds.", "O(1)", "key milliseconds [NX|XX|GT|LT]"),
    Row::new(
        "pexpireat",
        pexpireat,
        -3,
        Flags::WRITE.or(Flags::FAST),
        Acl::FAST.or(Acl::KEYSPACE).or(Acl::WRITE),
        Group::Generic,
    )
    .keyed(
        (1, 1, 1),
        &[KeySpec {
            begin: Begin::Index(1),
            find: Find::Range(0, 1, 0),
            flags: KeyFlags::RW.or(KeyFlags::UPDATE),
        }],
    )
    .since("2.6.0")
    .doc(
        "Lets a key expire at a time given in milliseconds since 1970.",
        "O(1)",
        "key unix-time-milliseconds [NX|XX|GT|LT]",
    ),
    Row::new(
        "pexpiretime",
        pexpiretime,
        2,
        Flags::READONLY.or(Flags::FAST),
        Acl::FAST.or(Acl::KEYSPACE).or(Acl::READ),
        Group::Generic,
    )
    .keyed(
        (1, 1, 1),
        &[KeySpec {
            begin: Begin::Index(1),
            find: Find::Range(0, 1, 0),
            flags: KeyFlags::RO.or(KeyFlags::ACCESS),
        }],
    )
    .since("7.0.0")
    .doc("Tells when a key expires, in milliseconds since 1970.", "O(1)", "key"),
    Row::new(
        "pttl",
        pttl,
        2,
        Flags::READONLY.or(Flags::FAST),
        Acl::FAST.or(Acl::KEYSPACE).or(Acl::READ),
        Group::Generic,
    )
    .keyed(
        (1, 1, 1),
        &[KeySpec {
            begin: Begin::Index(1),
            find: Find::Range(0, 1, 0),
            flags: KeyFlags::RO.or(KeyFlags::ACCESS),
        }],
    )
    .since("2.6.0")
    .tips(&["nondeterministic_output"])
    .doc("Tells how long a key still lives, in milliseconds.", "O(1)", "key"),
    Row::new(
        "ttl",
        ttl,
        2,
        Flags::READONLY.or(Flags::FAST),
        Acl::FAST.or(Acl::KEYSPACE).or(Acl::READ),
        Group::Generic,
    )
    .keyed(
        (1, 1, 1),
        &[KeySpec {
            begin: Begin::Index(1),
            find: Find::Range(0, 1, 0),
            flags: KeyFlags::RO.or(KeyFlags::ACCESS),
        }],
    )
    .since("1.0.0")
    .tips(&["nondeterministic_output"])
    .doc("Tells how long a key still lives, in seconds.", "O(1)", "key"),
];

//! Whole databases: DBSIZE, FLUSHDB, FLUSHALL, SWAPDB. Source: the Redis documentation of each command.

use crate::base::number::parse_i64;
use crate::contract::DbIndex;
use crate::engine::row::{Acl, Flags, Group, Row};
use crate::engine::{Ctx, Effect};
use crate::resp::CommandError;

type Done = Result<(), CommandError>;

fn dbsize(ctx: &mut Ctx<'_>) -> Done {
    let n = ctx.srv.keyspace.len(ctx.db);
    let planted = ctx.srv.knobs.broken(crate::base::mutant::Mutant::DbsizeTooLarge);
    ctx.reply().int(n as i64 + i64::from(planted));
    Ok(())
}

/// SYNC, ASYNC or nothing; the contents are dropped aside either way.
fn check_mode(ctx: &Ctx<'_>) -> Done {
    match ctx.argc() {
        1 => Ok(()),
        2 if ctx.arg_is(1, "SYNC") || ctx.arg_is(1, "ASYNC") => Ok(()),
        _ => Err(CommandError::Syntax),
    }
}

fn flushdb(ctx: &mut Ctx<'_>) -> Done {
    check_mode(ctx)?;
    ctx.srv.keyspace.flush(ctx.db);
    ctx.effect = Effect::Always;
    ctx.reply().ok();
    Ok(())
}

fn flushall(ctx: &mut Ctx<'_>) -> Done {
    check_mode(ctx)?;
    ctx.srv.keyspace.flush_all();
    ctx.srv.save_after_flush();
    ctx.effect = Effect::Always;
    ctx.reply().ok();
    Ok(())
}

fn swapdb(ctx: &mut Ctx<'_>) -> Done {
    let index = |i: usize| parse_i64(ctx.arg(i)).filter(|n| i32::try_from(*n).is_ok());
    let first = index(1).ok_or(CommandError::FirstDbIndex)?;
    let second = index(2).ok_or(CommandError::SecondDbIndex)?;
    let range = 0..ctx.srv.config.databases;
    if !range.contains(&first) || !range.contains(&second) {
        return Err(CommandError::DbOutOfRange);
    }
    ctx.srv.keyspace.swap(DbIndex(first as u32), DbIndex(second as u32));
    ctx.effect = Effect::Always;
    ctx.reply().ok();
    Ok(())
}

pub(super) const ROWS: &[Row] = &[
    Row::new(
        "dbsize",
        dbsize,
        1,
        Flags::READONLY.or(Flags::FAST),
        Acl::FAST.or(Acl::KEYSPACE).or(Acl::READ),
        Group::Server,
    )
    .since("1.0.0")
    .tips(&["request_policy:all_shards", "response_policy:agg_sum"])
    .doc("Counts the keys of the database.", "O(1)", ""),
    Row::new(
        "flushdb",
        flushdb,
        -1,
        Flags::WRITE,
        Acl::DANGEROUS.or(Acl::KEYSPACE).or(Acl::SLOW).or(Acl::WRITE),
        Group::Server,
    )
    .since("1.0.0")
    .tips(&["request_policy:all_shards", "response_policy:all_succeeded"])
    .doc("Empties the database.", "O(n) in the number of keys", "[ASYNC|SYNC]"),
    Row::new(
        "flushall",
        flushall,
        -1,
        Flags::WRITE,
        Acl::DANGEROUS.or(Acl::KEYSPACE).or(Acl::SLOW).or(Acl::WRITE),
        Group::Server,
    )
    .since("1.0.0")
    .tips(&["request_policy:all_shards", "response_policy:all_succeeded"])
    .doc("Empties every database.", "O(n) in the number of keys", "[ASYNC|SYNC]"),
    Row::new(
        "swapdb",
        swapdb,
        3,
        Flags::WRITE.or(Flags::FAST),
        Acl::DANGEROUS.or(Acl::FAST).or(Acl::KEYSPACE).or(Acl::WRITE),
        Group::Server,
    )
    .since("4.0.0")
    .doc(
        "Exchanges the contents of two databases.",
        "O(n) in the number of watching clients",
        "index1 index2",
    ),
];

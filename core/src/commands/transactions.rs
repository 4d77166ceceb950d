//! MULTI, EXEC, DISCARD, WATCH, UNWATCH. Source: the Redis documentation, "Transactions".

use crate::base::mutant::Mutant;
use crate::connection::{ConnFlags, Multi};
use crate::engine::{Acl, Begin, Ctx, Effect, Find, Flags, Gates, Group, KeyFlags, KeySpec, Row, RowIx};
use crate::resp::CommandError;
use alloc::boxed::Box;

type Done = Result<(), CommandError>;

fn multi(ctx: &mut Ctx<'_>) -> Done {
    let client = ctx.client_mut();
    if client.flags.has(ConnFlags::MULTI) {
        return Err(CommandError::NestedMulti);
    }
    client.flags.set(ConnFlags::MULTI);
    client.armed |= Gates::MULTI.0;
    client.multi.get_or_insert_with(|| Box::new(Multi::default())).open = true;
    ctx.reply().ok();
    Ok(())
}

fn discard(ctx: &mut Ctx<'_>) -> Done {
    if !ctx.client().flags.has(ConnFlags::MULTI) {
        return Err(CommandError::DiscardWithoutMulti);
    }
    ctx.srv.end_multi(ctx.slot);
    ctx.reply().ok();
    Ok(())
}

fn exec(ctx: &mut Ctx<'_>) -> Done {
    let flags = ctx.client().flags;
    ctx.effect = Effect::Own;
    if !flags.has(ConnFlags::MULTI) {
        return Err(CommandError::ExecWithoutMulti);
    }
    if flags.has(ConnFlags::DIRTY_EXEC) {
        ctx.srv.end_multi(ctx.slot);
        return Err(CommandError::ExecAbort);
    }
    if flags.has(ConnFlags::DIRTY_CAS) || watched_key_expired(ctx) {
        ctx.srv.end_multi(ctx.slot);
        if !ctx.client().is_silent() {
            ctx.reply().null_array();
        }
        return Ok(());
    }
    let queue = ctx.client_mut().multi.as_mut().map(|m| core::mem::take(&mut m.queue)).unwrap_or_default();
    ctx.srv.end_multi(ctx.slot);
    ctx.client_mut().flags.set(ConnFlags::IN_EXEC);
    if !ctx.client().is_silent() {
        ctx.reply().array(queue.len());
    }
    let was_replica = ctx.srv.is_replica();
    for queued in &queue {
        // REPLICAOF stood before it: a write now would be in no history.
        let late = !was_replica && ctx.srv.is_replica() && ctx.srv.config.replica_read_only;
        if late && ctx.srv.table.row(RowIx(queued.row)).flags.has(Flags::WRITE) {
            ctx.srv.stats.error_reply(b"READONLY");
            if !ctx.client().is_silent() {
                ctx.reply().error(&CommandError::ReadOnly.text());
            }
            continue;
        }
        if ctx.srv.knobs.broken(Mutant::TimeFlowsInExec) {
            ctx.srv.now.unix.0 += 30_000;
        }
        ctx.srv.call(ctx.slot, RowIx(queued.row), queued.args.as_args(), ctx.out);
    }
    ctx.client_mut().flags.clear(ConnFlags::IN_EXEC);
    Ok(())
}

/// Whether a key that was alive when it was watched has expired since.
fn watched_key_expired(ctx: &Ctx<'_>) -> bool {
    let Some(multi) = &ctx.client().multi else { return false };
    let keyspace = &ctx.srv.keyspace;
    multi.watched.iter().any(|(db, key, alive)| *alive && keyspace.peek(*db, key).is_none())
}

fn watch(ctx: &mut Ctx<'_>) -> Done {
    if ctx.client().flags.has(ConnFlags::MULTI) {
        return Err(CommandError::WatchInMulti);
    }
    let already_lost = ctx.client().flags.has(ConnFlags::DIRTY_CAS);
    let (db, slot) = (ctx.db, ctx.slot);
    for key in ctx.args.skip(1).iter().filter(|_| !already_lost) {
        let alive = ctx.srv.keyspace.peek(db, key).is_some();
        let multi = ctx.client_mut().multi.get_or_insert_with(|| Box::new(Multi::default()));
        if multi.watched.iter().any(|(d, k, _)| *d == db && **k == *key) {
            continue;
        }
        multi.watched.push((db, key.into(), alive));
        ctx.srv.watch.add(db, key, slot);
    }
    ctx.srv.arm_touch_log();
    ctx.reply().ok();
    Ok(())
}

fn unwatch(ctx: &mut Ctx<'_>) -> Done {
    ctx.srv.unwatch(ctx.slot);
    if !ctx.srv.knobs.broken(Mutant::UnwatchForgetsNothing) {
        ctx.client_mut().flags.clear(ConnFlags::DIRTY_CAS);
    }
    ctx.reply().ok();
    Ok(())
}

pub(super) const ROWS: &[Row] = &[
    Row::new(
        "discard",
        discard,
        1,
        Flags::NOSCRIPT.or(Flags::LOADING).or(Flags::STALE).or(Flags::FAST).or(Flags::ALLOW_BUSY),
        Acl::FAST.or(Acl::TRANSACTION),
        Group::Transactions,
    )
    .since("2.0.0")
    .doc("Throws away the commands queued since MULTI.", "O(n) in the number of queued commands", ""),
    Row::new(
        "exec",
        exec,
        1,
        Flags::NOSCRIPT.or(Flags::LOADING).or(Flags::STALE).or(Flags::SKIP_SLOWLOG),
        Acl::SLOW.or(Acl::TRANSACTION),
        Group::Transactions,
    )
    .since("1.2.0")
    .doc(
        "Runs the commands queued since MULTI, unless a watched key has changed.",
        "That of the queued commands",
        "",
    ),
    Row::new(
        "multi",
        multi,
        1,
        Flags::NOSCRIPT.or(Flags::LOADING).or(Flags::STALE).or(Flags::FAST).or(Flags::ALLOW_BUSY),
        Acl::FAST.or(Acl::TRANSACTION),
        Group::Transactions,
    )
    .since("1.2.0")
    .doc("Begins a transaction: what follows is queued until EXEC.", "O(1)", ""),
    Row::new(
        "unwatch",
        unwatch,
        1,
        Flags::NOSCRIPT.or(Flags::LOADING).or(Flags::STALE).or(Flags::FAST).or(Flags::ALLOW_BUSY),
        Acl::FAST.or(Acl::TRANSACTION),
        Group::Transactions,
    )
    .since("2.2.0")
    .doc("Forgets every key the connection watches.", "O(1)", ""),
    Row::new(
        "watch",
        watch,
        -2,
        Flags::NOSCRIPT.or(Flags::LOADING).or(Flags::STALE).or(Flags::FAST).or(Flags::ALLOW_BUSY),
        Acl::FAST.or(Acl::TRANSACTION),
        Group::Transactions,
    )
    .keyed(
        (1, -1, 1),
        &[KeySpec { begin: Begin::Index(1), find: Find::Range(-1, 1, 0), flags: KeyFlags::RO }],
    )
    .since("2.2.0")
    .doc("Makes the next EXEC depend on these keys staying as they are.", "O(1) for each key", "key..."),
];

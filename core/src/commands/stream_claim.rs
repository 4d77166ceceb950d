//! Streams: taking over entries that wait for their acknowledgement, and listing them. Source: the Redis documentation of
//! each command.

use super::stream::reply_entry;
use super::stream_args::{int_or, lookup, no_group, parse_end, parse_start, parse_strict, refuse, reply_id};
use super::stream_group::{edit_group, join, propagate_claim, propagate_last};
use crate::base::mutant::Mutant;
use crate::base::number::parse_i64;
use crate::connection::ConnFlags;
use crate::containers::streamlog::StreamId;
use crate::engine::row::{Acl, Begin, Find, Flags, Group as Kind, KeyFlags, KeySpec, Row};
use crate::engine::{Ctx, Effect};
use crate::resp::{CommandError, Writer};
use crate::value::{Entries, Group, Member, Pending};
use alloc::vec::Vec;
use core::ops::ControlFlow;

type Done = Result<(), CommandError>;

/// How entries are taken over.
#[derive(Clone, Copy)]
struct Claiming {
    /// Only those that were delivered so many milliseconds ago or longer.
    idle_min: i64,
    /// The time of delivery they get.
    delivered_ms: i64,
    /// The count of deliveries they get; one more than before when there is none.
    count: Option<u64>,
    /// Also those that wait for nobody.
    force: bool,
    /// Answer positions alone, and do not count this as a delivery.
    just_id: bool,
    now: i64,
}

/// What became of an entry that was to be taken over.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Claim {
    /// Nothing: it does not wait, or not long enough.
    None,
    /// It was deleted from the stream, and waits no longer.
    Gone(Pending),
    /// It is the consumer's.
    Taken(Pending),
}

impl Claiming {
    fn is_idle(&self, pending: &Pending) -> bool {
        self.idle_min == 0 || self.now.saturating_sub(pending.delivered_ms) >= self.idle_min
    }

    /// Takes one entry over.
    fn claim(&self, entries: &Entries, group: &mut Group, member: Member, id: StreamId) -> Claim {
        let waiting = group.waiting(id).copied();
        if !entries.log().contains(id) {
            let Some(pending) = waiting else { return Claim::None };
            group.acknowledge(id);
            return Claim::Gone(pending);
        }
        let old = match waiting {
            Some(pending) if self.is_idle(&pending) => pending.count,
            // Given to nobody so far, which counts as once.
            None if self.force => 1,
            _ => return Claim::None,
        };
        let count = self.count.unwrap_or(if self.just_id { old } else { old.saturating_add(1) });
        let pending = Pending { delivered_ms: self.delivered_ms, count, owner: member };
        group.assign(id, pending);
        group.consumer_mut(member).active_ms = Some(self.now);
        Claim::Taken(pending)
    }

    fn reply(&self, w: &mut Writer<'_>, entries: &Entries, id: StreamId) {
        match entries.log().get(id) {
            Some(entry) if !self.just_id => reply_entry(w, &entry),
            _ => reply_id(w, id),
        }
    }
}

/// The options behind XCLAIM's positions.
struct Options {
    claiming: Claiming,
    last: Option<StreamId>,
}

impl Options {
    fn parse(ctx: &mut Ctx<'_>, idle_min: i64, from: usize) -> Result<Self, CommandError> {
        let now = ctx.now_ms();
        let (mut time, mut count, mut force, mut just_id, mut last) = (None, None, false, false, None);
        let mut at = from;
        while at < ctx.argc() {
            let more = at + 1 < ctx.argc();
            let option = ctx.arg(at);
            let word = |name: &str| option.eq_ignore_ascii_case(name.as_bytes());
            at += 1;
            match () {
                () if word("FORCE") => force = true,
                () if word("JUSTID") => just_id = true,
                () if more && word("IDLE") => {
                    let idle = int_or(ctx, at, b"ERR Invalid IDLE option argument for XCLAIM")?;
                    time = Some(now.wrapping_sub(idle));
                    at += 1;
                }
                () if more && word("TIME") => {
                    time = Some(int_or(ctx, at, b"ERR Invalid TIME option argument for XCLAIM")?);
                    at += 1;
                }
                () if more && word("RETRYCOUNT") => {
                    let n = int_or(ctx, at, b"ERR Invalid RETRYCOUNT option argument for XCLAIM")?;
                    count = u64::try_from(n).ok();
                    at += 1;
                }
                () if more && word("LASTID") => {
                    last = Some(parse_strict(ctx.arg(at), 0)?);
                    at += 1;
                }
                () => {
                    return Err(refuse(ctx, &[b"ERR Unrecognized XCLAIM option '", option, b"'"]));
                }
            }
        }
        // A master's clock may be ahead of ours: its word stands.
        let from_master = ctx.client().flags.has(ConnFlags::MASTER);
        let delivered_ms = time.filter(|t| *t >= 0 && (from_master || *t <= now)).unwrap_or(now);
        Ok(Self { claiming: Claiming { idle_min, delivered_ms, count, force, just_id, now }, last })
    }
}

fn xclaim(ctx: &mut Ctx<'_>) -> Done {
    ctx.effect = Effect::Own;
    let (key, group, consumer) = (ctx.arg(1), ctx.arg(2), ctx.arg(3));
    if lookup(ctx, key)?.and_then(|stream| stream.group(group)).is_none() {
        return Err(no_group(ctx, key, group));
    }
    let idle_min = int_or(ctx, 4, b"ERR Invalid min-idle-time argument for XCLAIM")?.max(0);
    let idle_min = if ctx.srv.knobs.broken(Mutant::ClaimIgnoresIdle) { 0 } else { idle_min };
    let ids: Vec<StreamId> = ctx.args.skip(5).iter().map_while(|text| parse_strict(text, 0).ok()).collect();
    let options = Options::parse(ctx, idle_min, 5 + ids.len())?;
    let claiming = options.claiming;
    let moved_on = edit_group(&mut ctx.srv.keyspace, ctx.db, (key, group), |_, group| {
        let last = options.last.filter(|last| *last > group.last());
        last.inspect(|last| group.set_last(*last, group.entries_read())).is_some()
    });
    let member = join(ctx, key, group, consumer);
    let mut w = Writer::new(ctx.out, ctx.proto);
    let claims = edit_group(&mut ctx.srv.keyspace, ctx.db, (key, group), |entries, group| {
        let deferred = w.defer();
        let mut claims = Vec::new();
        for id in ids {
            let claim = claiming.claim(entries, group, member, id);
            if matches!(claim, Claim::Taken(_)) {
                claiming.reply(&mut w, entries, id);
            }
            claims.push((id, claim));
        }
        let taken = claims.iter().filter(|(_, claim)| matches!(claim, Claim::Taken(_))).count();
        w.close_array(deferred, taken);
        claims
    });
    let told = tell(ctx, (key, group, consumer), &claims);
    if moved_on && !told {
        propagate_last(ctx, key, group);
        ctx.srv.keyspace.add_dirty(1);
    }
    Ok(())
}

/// Propagates what became of entries; whether there was anything to tell.
fn tell(ctx: &mut Ctx<'_>, whom: (&[u8], &[u8], &[u8]), claims: &[(StreamId, Claim)]) -> bool {
    let (key, group, _) = whom;
    let state = ctx.srv.keyspace.peek(ctx.db, key).and_then(|value| value.as_stream()?.group(group));
    let Some(last) = state.map(Group::last) else { return false };
    let mut told = false;
    for (id, claim) in claims {
        let (Claim::Gone(pending) | Claim::Taken(pending)) = claim else { continue };
        propagate_claim(ctx, whom, (*id, (pending.delivered_ms, pending.count)), last);
        ctx.srv.keyspace.add_dirty(1);
        told = true;
    }
    told
}

/// Entries looked at for each one that is wanted.
const LOOKS: usize = 10;

fn xautoclaim(ctx: &mut Ctx<'_>) -> Done {
    ctx.effect = Effect::Own;
    let idle_min = int_or(ctx, 4, b"ERR Invalid min-idle-time argument for XAUTOCLAIM")?.max(0);
    let start = parse_start(ctx, 5)?;
    let (mut count, mut just_id) = (100_usize, false);
    let mut at = 6;
    while at < ctx.argc() {
        if ctx.arg_is(at, "COUNT") && at + 1 < ctx.argc() {
            let n = parse_i64(ctx.arg(at + 1)).filter(|n| (1..=COUNT_MAX).contains(n));
            count = n.ok_or_else(|| refuse(ctx, &[b"ERR COUNT must be > 0"]))? as usize;
            at += 2;
        } else if ctx.arg_is(at, "JUSTID") {
            just_id = true;
            at += 1;
        } else {
            return Err(CommandError::Syntax);
        }
    }
    let (key, group, consumer) = (ctx.arg(1), ctx.arg(2), ctx.arg(3));
    if lookup(ctx, key)?.and_then(|stream| stream.group(group)).is_none() {
        return Err(no_group(ctx, key, group));
    }
    let now = ctx.now_ms();
    let claiming = Claiming { idle_min, delivered_ms: now, count: None, force: false, just_id, now };
    let member = join(ctx, key, group, consumer);
    let mut w = Writer::new(ctx.out, ctx.proto);
    let claims = edit_group(&mut ctx.srv.keyspace, ctx.db, (key, group), |entries, group| {
        w.array(3);
        auto_claim(&mut w, &claiming, (entries, group, member), start, count)
    });
    tell(ctx, (key, group, consumer), &claims);
    Ok(())
}

/// The highest COUNT of XAUTOCLAIM.
const COUNT_MAX: i64 = i64::MAX / 16;

/// Takes over what waits long enough from a position on. Writes where to go on, what was taken, and what was gone.
fn auto_claim(
    w: &mut Writer<'_>,
    claiming: &Claiming,
    (entries, group, member): (&Entries, &mut Group, Member),
    start: StreamId,
    count: usize,
) -> Vec<(StreamId, Claim)> {
    let mut looks = count.saturating_mul(LOOKS);
    let mut wanted = count;
    let mut candidates = Vec::new();
    let walk = group.pending(start..).try_for_each(|(id, pending)| {
        if looks == 0 || wanted == 0 {
            return ControlFlow::Break(id);
        }
        looks -= 1;
        if !entries.log().contains(id) || claiming.is_idle(pending) {
            candidates.push(id);
            wanted -= 1;
        }
        ControlFlow::Continue(())
    });
    reply_id(w, walk.break_value().unwrap_or(StreamId::MIN));
    let deferred = w.defer();
    let mut claims = Vec::with_capacity(candidates.len());
    for id in candidates {
        let claim = claiming.claim(entries, group, member, id);
        if matches!(claim, Claim::Taken(_)) {
            claiming.reply(w, entries, id);
        }
        claims.push((id, claim));
    }
    let gone = || claims.iter().filter(|(_, claim)| matches!(claim, Claim::Gone(_)));
    w.close_array(deferred, claims.len() - gone().count());
    w.array(gone().count());
    gone().for_each(|(id, _)| reply_id(w, *id));
    claims
}

fn xpending(ctx: &mut Ctx<'_>) -> Done {
    let argc = ctx.argc();
    if argc != 3 && !(6..=9).contains(&argc) {
        return Err(CommandError::Syntax);
    }
    let mut list = None;
    if argc > 3 {
        let idle = ctx.arg_is(3, "IDLE");
        let from = if idle { 5 } else { 3 };
        let idle_min = if idle { ctx.int(4)? } else { 0 };
        if idle && argc < 8 {
            return Err(CommandError::Syntax);
        }
        let count = ctx.int(from + 2)?;
        let (start, end) = (parse_start(ctx, from)?, parse_end(ctx, from + 1)?);
        list = Some((idle_min, start, end, count.max(0) as usize, ctx.args.try_get(from + 3)));
    }
    let (key, group) = (ctx.arg(1), ctx.arg(2));
    let now = ctx.now_ms();
    if lookup(ctx, key)?.and_then(|stream| stream.group(group)).is_none() {
        return Err(no_group(ctx, key, group));
    }
    let Some(state) = ctx.srv.keyspace.peek(ctx.db, key).and_then(|value| value.as_stream()?.group(group))
    else {
        return Ok(());
    };
    let mut w = Writer::new(ctx.out, ctx.proto);
    let Some((idle_min, start, end, count, consumer)) = list else {
        summarize(&mut w, state);
        return Ok(());
    };
    let deferred = w.defer();
    let mut written = 0;
    let mut write = |(id, pending): (StreamId, &Pending)| {
        let idle = now.saturating_sub(pending.delivered_ms).max(0);
        if idle >= idle_min {
            w.array(4);
            reply_id(&mut w, id);
            w.bulk(state.consumer(pending.owner).name());
            w.int(idle);
            w.int(pending.count as i64);
            written += 1;
        }
        if written < count { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    };
    if count > 0 && start <= end {
        let _ = match consumer {
            None => state.pending(start..=end).try_for_each(write),
            Some(name) => {
                let consumer = state.member(name).map(|member| state.consumer(member));
                let ids = consumer.into_iter().flat_map(|consumer| consumer.pending().range(start..=end));
                ids.filter_map(|id| Some((*id, state.waiting(*id)?))).try_for_each(&mut write)
            }
        };
    }
    w.close_array(deferred, written);
    Ok(())
}

/// Writes how many entries wait, the first and the last of them, and how many for whom.
fn summarize(w: &mut Writer<'_>, group: &Group) {
    w.array(4);
    w.int(group.pending_len() as i64);
    let ends = group.pending(..).next().zip(group.pending(..).next_back());
    let Some(((first, _), (last, _))) = ends else {
        w.null();
        w.null();
        w.null_array();
        return;
    };
    reply_id(w, first);
    reply_id(w, last);
    let holders = || group.consumers().filter(|(_, consumer)| !consumer.pending().is_empty());
    w.array(holders().count());
    for (_, consumer) in holders() {
        w.array(2);
        w.bulk(consumer.name());
        w.bulk_int(consumer.pending().len() as i64);
    }
}

pub(super) const ROWS: &[Row] = &[
    Row::new("xautoclaim", xautoclaim, -6, Flags::WRITE.or(Flags::FAST), Acl::FAST.or(Acl::STREAM).or(Acl::WRITE), Kind::Stream)
        .keyed((1, 1, 1), &[KeySpec { begin: Begin::Index(1), find: Find::Range(0, 1, 0), flags: KeyFlags::RW.or(KeyFlags::DELETE) }])
        .since("6.2.0")
        .tips(&["nondeterministic_output"])
        .doc("Hands entries that have waited long enough to another consumer.", "O(1) for a small count", "key group consumer min-idle-time start [COUNT count] [JUSTID]"),
    Row::new("xclaim", xclaim, -6, Flags::WRITE.or(Flags::FAST), Acl::FAST.or(Acl::STREAM).or(Acl::WRITE), Kind::Stream)
        .keyed((1, 1, 1), &[KeySpec { begin: Begin::Index(1), find: Find::Range(0, 1, 0), flags: KeyFlags::RW.or(KeyFlags::UPDATE) }])
        .since("5.0.0")
        .tips(&["nondeterministic_output"])
        .doc("Hands named entries that have waited long enough to another consumer.", "O(log n) for each entry", "key group consumer min-idle-time ID... [IDLE ms] [TIME unix-time-milliseconds] [RETRYCOUNT count] [FORCE] [JUSTID] [LASTID lastid]"),
    Row::new("xpending", xpending, -3, Flags::READONLY, Acl::READ.or(Acl::SLOW).or(Acl::STREAM), Kind::Stream)
        .keyed((1, 1, 1), &[KeySpec { begin: Begin::Index(1), find: Find::Range(0, 1, 0), flags: KeyFlags::RO.or(KeyFlags::ACCESS) }])
        .since("5.0.0")
        .tips(&["nondeterministic_output"])
        .doc("Shows the entries that wait in a consumer group.", "O(n) in the number of entries shown", "key group [[IDLE min-idle-time] start end count [consumer]]"),
];

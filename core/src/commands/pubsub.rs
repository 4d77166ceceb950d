//! Publish and subscribe: channels, patterns, shard channels. Source: the Redis documentation, "Redis Pub/Sub".

use crate::base::glob::glob_match;
use crate::connection::ConnFlags;
use crate::engine::row::{Acl, Begin, Find, Flags, Gates, Group, KeyFlags, KeySpec, Row};
use crate::engine::table::container;
use crate::engine::{Ctx, Effect};
use crate::pubsub::{SubKind, Subscriptions};
use crate::resp::CommandError;
use alloc::boxed::Box;
use alloc::vec::Vec;

type Done = Result<(), CommandError>;

fn subscribe(ctx: &mut Ctx<'_>) -> Done {
    subscribe_to(ctx, SubKind::Channel, "subscribe")
}

fn psubscribe(ctx: &mut Ctx<'_>) -> Done {
    subscribe_to(ctx, SubKind::Pattern, "psubscribe")
}

fn ssubscribe(ctx: &mut Ctx<'_>) -> Done {
    if ctx.in_exec {
        return Err(CommandError::DenyBlocking("SSUBSCRIBE"));
    }
    subscribe_to(ctx, SubKind::Shard, "ssubscribe")
}

fn subscribe_to(ctx: &mut Ctx<'_>, kind: SubKind, verb: &str) -> Done {
    let slot = ctx.slot;
    let mut own = take_subs(ctx);
    for name in ctx.args.skip(1).iter() {
        ctx.srv.pubsub.add(&mut own, slot, kind, name);
        let count = own.count(kind);
        let mut w = ctx.reply();
        w.push(3);
        w.bulk(verb.as_bytes());
        w.bulk(name);
        w.int(count as i64);
    }
    give_subs(ctx, own);
    Ok(())
}

fn unsubscribe(ctx: &mut Ctx<'_>) -> Done {
    unsubscribe_from(ctx, SubKind::Channel, "unsubscribe")
}

fn punsubscribe(ctx: &mut Ctx<'_>) -> Done {
    unsubscribe_from(ctx, SubKind::Pattern, "punsubscribe")
}

fn sunsubscribe(ctx: &mut Ctx<'_>) -> Done {
    unsubscribe_from(ctx, SubKind::Shard, "sunsubscribe")
}

fn unsubscribe_from(ctx: &mut Ctx<'_>, kind: SubKind, verb: &str) -> Done {
    let slot = ctx.slot;
    let mut own = take_subs(ctx);
    let names: Vec<Box<[u8]>> = if ctx.argc() > 1 {
        ctx.args.skip(1).iter().map(Box::from).collect()
    } else {
        own.of(kind).map(Box::from).collect()
    };
    for name in &names {
        ctx.srv.pubsub.remove(&mut own, slot, kind, name);
        let count = own.count(kind);
        let mut w = ctx.reply();
        w.push(3);
        w.bulk(verb.as_bytes());
        w.bulk(name);
        w.int(count as i64);
    }
    if names.is_empty() {
        let count = own.count(kind);
        let mut w = ctx.reply();
        w.push(3);
        w.bulk(verb.as_bytes());
        w.null();
        w.int(count as i64);
    }
    give_subs(ctx, own);
    Ok(())
}

/// Takes the client's subscriptions in hand, so that registry and list change together.
fn take_subs(ctx: &mut Ctx<'_>) -> Subscriptions {
    ctx.client_mut().subs.take().map(|subs| *subs).unwrap_or_default()
}

fn give_subs(ctx: &mut Ctx<'_>, own: Subscriptions) {
    let client = ctx.client_mut();
    if own.total() == 0 {
        client.flags.clear(ConnFlags::PUBSUB);
        client.armed &= !Gates::SCOPE.0;
    } else {
        client.flags.set(ConnFlags::PUBSUB);
        client.armed |= Gates::SCOPE.0;
        client.subs = Some(Box::new(own));
    }
}

fn publish(ctx: &mut Ctx<'_>) -> Done {
    let told = ctx.srv.publish(ctx.arg(1), ctx.arg(2));
    ctx.effect = Effect::Always;
    ctx.reply().int(told as i64);
    Ok(())
}

fn spublish(ctx: &mut Ctx<'_>) -> Done {
    let told = ctx.srv.publish_shard(ctx.arg(1), ctx.arg(2));
    ctx.effect = Effect::Always;
    ctx.reply().int(told as i64);
    Ok(())
}

fn pubsub_channels(ctx: &mut Ctx<'_>) -> Done {
    list_channels(ctx, SubKind::Channel)
}

fn pubsub_shardchannels(ctx: &mut Ctx<'_>) -> Done {
    list_channels(ctx, SubKind::Shard)
}

fn list_channels(ctx: &mut Ctx<'_>, kind: SubKind) -> Done {
    if ctx.argc() > 3 {
        return Err(super::bad_subcommand(ctx));
    }
    let pattern = ctx.args.try_get(2);
    let names: Vec<Box<[u8]>> = ctx.srv.pubsub.names(kind).map(|(name, _)| Box::from(name)).collect();
    let shown = |name: &[u8]| pattern.is_none_or(|p| glob_match(p, name, false));
    let count = names.iter().filter(|name| shown(name)).count();
    let mut w = ctx.reply();
    w.array(count);
    for name in names.iter().filter(|name| shown(name)) {
        w.bulk(name);
    }
    Ok(())
}

fn pubsub_numsub(ctx: &mut Ctx<'_>) -> Done {
    count_listeners(ctx, SubKind::Channel)
}

fn pubsub_shardnumsub(ctx: &mut Ctx<'_>) -> Done {
    count_listeners(ctx, SubKind::Shard)
}

fn count_listeners(ctx: &mut Ctx<'_>, kind: SubKind) -> Done {
    let names = ctx.args.skip(2);
    ctx.reply().array(names.len() * 2);
    for name in names.iter() {
        let count = ctx.srv.pubsub.listeners(kind, name).len();
        let mut w = ctx.reply();
        w.bulk(name);
        w.int(count as i64);
    }
    Ok(())
}

fn pubsub_numpat(ctx: &mut Ctx<'_>) -> Done {
    let count = ctx.srv.pubsub.names(SubKind::Pattern).len();
    ctx.reply().int(count as i64);
    Ok(())
}

fn pubsub_help(ctx: &mut Ctx<'_>) -> Done {
    super::help(
        ctx,
        "PUBSUB",
        &[
            "CHANNELS [<pattern>]",
            "    Channels that have listeners.",
            "NUMPAT",
            "    How many patterns have listeners.",
            "NUMSUB [<channel> ...]",
            "    How many listeners each channel has, patterns aside.",
            "SHARDCHANNELS [<pattern>]",
            "    Shard channels that have listeners.",
            "SHARDNUMSUB [<channel> ...]",
            "    How many listeners each shard channel has.",
        ],
    );
    Ok(())
}

pub(super) const ROWS: &[Row] = &[
    Row::new(
        "psubscribe",
        psubscribe,
        -2,
        Flags::PUBSUB.or(Flags::NOSCRIPT).or(Flags::LOADING).or(Flags::STALE),
        Acl::PUBSUB.or(Acl::SLOW),
        Group::PubSub,
    )
    .since("2.0.0")
    .doc(
        "Listens to every channel whose name matches one of the patterns.",
        "O(1) for each pattern",
        "pattern...",
    ),
    Row::new(
        "publish",
        publish,
        3,
        Flags::PUBSUB.or(Flags::LOADING).or(Flags::STALE).or(Flags::FAST).or(Flags::MAY_REPLICATE),
        Acl::FAST.or(Acl::PUBSUB),
        Group::PubSub,
    )
    .since("2.0.0")
    .doc(
        "Sends a message to all who listen to a channel.",
        "O(n+m) with n listeners of the channel and m patterns in all",
        "channel message",
    ),
    Row::new("pubsub", container, -2, Flags::CONTAINER, Acl::SLOW, Group::PubSub)
        .since("2.8.0")
        .doc("Groups the commands that show the state of Pub/Sub.", "Depends on the subcommand", "")
        .subs(&[
            Row::new(
                "pubsub|channels",
                pubsub_channels,
                -2,
                Flags::PUBSUB.or(Flags::LOADING).or(Flags::STALE),
                Acl::PUBSUB.or(Acl::SLOW),
                Group::PubSub,
            )
            .since("2.8.0")
            .doc(
                "Lists the channels that have listeners.",
                "O(n) in the number of channels",
                "[pattern]",
            ),
            Row::new(
                "pubsub|help",
                pubsub_help,
                2,
                Flags::LOADING.or(Flags::STALE),
                Acl::SLOW,
                Group::PubSub,
            )
            .since("6.2.0")
            .doc("Explains the subcommands.", "O(1)", ""),
            Row::new(
                "pubsub|numpat",
                pubsub_numpat,
                2,
                Flags::PUBSUB.or(Flags::LOADING).or(Flags::STALE),
                Acl::PUBSUB.or(Acl::SLOW),
                Group::PubSub,
            )
            .since("2.8.0")
            .doc("Counts the distinct patterns that are listened to.", "O(1)", ""),
            Row::new(
                "pubsub|numsub",
                pubsub_numsub,
                -2,
                Flags::PUBSUB.or(Flags::LOADING).or(Flags::STALE),
                Acl::PUBSUB.or(Acl::SLOW),
                Group::PubSub,
            )
            .since("2.8.0")
            .doc(
                "Counts the listeners of each named channel.",
                "O(n) in the number of names",
                "[channel...]",
            ),
            Row::new(
                "pubsub|shardchannels",
                pubsub_shardchannels,
                -2,
                Flags::PUBSUB.or(Flags::LOADING).or(Flags::STALE),
                Acl::PUBSUB.or(Acl::SLOW),
                Group::PubSub,
            )
            .since("7.0.0")
            .doc(
                "Lists the shard channels that have listeners.",
                "O(n) in the number of shard channels",
                "[pattern]",
            ),
            Row::new(
                "pubsub|shardnumsub",
                pubsub_shardnumsub,
                -2,
                Flags::PUBSUB.or(Flags::LOADING).or(Flags::STALE),
                Acl::PUBSUB.or(Acl::SLOW),
                Group::PubSub,
            )
            .since("7.0.0")
            .doc(
                "Counts the listeners of each named shard channel.",
                "O(n) in the number of names",
                "[shardchannel...]",
            ),
        ]),
    Row::new(
        "punsubscribe",
        punsubscribe,
        -1,
        Flags::PUBSUB.or(Flags::NOSCRIPT).or(Flags::LOADING).or(Flags::STALE),
        Acl::PUBSUB.or(Acl::SLOW),
        Group::PubSub,
    )
    .since("2.0.0")
    .doc(
        "Stops listening to the patterns, or to all of them.",
        "O(n) in the number of patterns",
        "[pattern...]",
    ),
    Row::new(
        "spublish",
        spublish,
        3,
        Flags::PUBSUB.or(Flags::LOADING).or(Flags::STALE).or(Flags::FAST).or(Flags::MAY_REPLICATE),
        Acl::FAST.or(Acl::PUBSUB),
        Group::PubSub,
    )
    .keyed(
        (1, 1, 1),
        &[KeySpec { begin: Begin::Index(1), find: Find::Range(0, 1, 0), flags: KeyFlags::NOT_KEY }],
    )
    .since("7.0.0")
    .doc(
        "Sends a message to all who listen to a shard channel.",
        "O(n) in the number of listeners",
        "shardchannel message",
    ),
    Row::new(
        "ssubscribe",
        ssubscribe,
        -2,
        Flags::PUBSUB.or(Flags::NOSCRIPT).or(Flags::LOADING).or(Flags::STALE),
        Acl::PUBSUB.or(Acl::SLOW),
        Group::PubSub,
    )
    .keyed(
        (1, -1, 1),
        &[KeySpec { begin: Begin::Index(1), find: Find::Range(-1, 1, 0), flags: KeyFlags::NOT_KEY }],
    )
    .since("7.0.0")
    .doc("Listens to shard channels.", "O(1) for each channel", "shardchannel..."),
    Row::new(
        "subscribe",
        subscribe,
        -2,
        Flags::PUBSUB.or(Flags::NOSCRIPT).or(Flags::LOADING).or(Flags::STALE),
        Acl::PUBSUB.or(Acl::SLOW),
        Group::PubSub,
    )
    .since("2.0.0")
    .doc("Listens to channels.", "O(1) for each channel", "channel..."),
    Row::new(
        "sunsubscribe",
        sunsubscribe,
        -1,
        Flags::PUBSUB.or(Flags::NOSCRIPT).or(Flags::LOADING).or(Flags::STALE),
        Acl::PUBSUB.or(Acl::SLOW),
        Group::PubSub,
    )
    .keyed(
        (1, -1, 1),
        &[KeySpec { begin: Begin::Index(1), find: Find::Range(-1, 1, 0), flags: KeyFlags::NOT_KEY }],
    )
    .since("7.0.0")
    .doc(
        "Stops listening to the shard channels, or to all of them.",
        "O(n) in the number of channels",
        "[shardchannel...]",
    ),
    Row::new(
        "unsubscribe",
        unsubscribe,
        -1,
        Flags::PUBSUB.or(Flags::NOSCRIPT).or(Flags::LOADING).or(Flags::STALE),
        Acl::PUBSUB.or(Acl::SLOW),
        Group::PubSub,
    )
    .since("2.0.0")
    .doc(
        "Stops listening to the channels, or to all of them.",
        "O(n) in the number of channels",
        "[channel...]",
    ),
];

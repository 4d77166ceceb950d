//! LATENCY: how long commands take. Source: the Redis documentation of each subcommand.
//!
//! Nothing in a node forks, swaps or waits for a disk, so there are no events to monitor: what Redis keeps of them is
//! empty here. The histograms are those of `stats/timing`.

use crate::engine::row::{Acl, Flags, Group, Row};
use crate::engine::table::container;
use crate::engine::{Ctx, RowIx};
use crate::resp::CommandError;
use alloc::vec::Vec;

type Done = Result<(), CommandError>;

fn latency_latest(ctx: &mut Ctx<'_>) -> Done {
    ctx.reply().array(0);
    Ok(())
}

fn latency_history(ctx: &mut Ctx<'_>) -> Done {
    ctx.reply().array(0);
    Ok(())
}

fn latency_reset(ctx: &mut Ctx<'_>) -> Done {
    ctx.reply().int(0);
    Ok(())
}

fn latency_graph(ctx: &mut Ctx<'_>) -> Done {
    let event = ctx.arg(2);
    ctx.reply().error_parts(&[b"ERR No samples available for event '", event, b"'"]);
    Err(CommandError::Written)
}

fn latency_doctor(ctx: &mut Ctx<'_>) -> Done {
    ctx.reply().verbatim("txt", b"No event here takes long. LATENCY HISTOGRAM shows what commands took.\n");
    Ok(())
}

/// The rows asked for, with their subcommands; all when none is.
fn asked(ctx: &Ctx<'_>) -> Vec<RowIx> {
    let table = &ctx.srv.table;
    if ctx.argc() == 2 {
        return (0..table.len() as u16).map(RowIx).collect();
    }
    let mut rows = Vec::new();
    for ix in (2..ctx.argc()).filter_map(|i| table.find_full(ctx.arg(i))) {
        rows.push(ix);
        rows.extend(table.entry(ix).subs.clone().map(RowIx));
    }
    rows
}

fn latency_histogram(ctx: &mut Ctx<'_>) -> Done {
    let rows = asked(ctx);
    let stats = &ctx.srv.stats;
    let counted = |ix: &RowIx| {
        let histogram = stats.latencies[usize::from(ix.0)].as_ref()?;
        Some((*ix, histogram.total(), histogram.cumulative().collect::<Vec<_>>()))
    };
    let counted: Vec<_> = rows.iter().filter_map(counted).collect();
    let names: Vec<&str> = counted.iter().map(|(ix, ..)| ctx.srv.table.row(*ix).name).collect();
    let mut w = ctx.reply();
    w.map(counted.len());
    for ((_, calls, powers), name) in counted.iter().zip(names) {
        w.bulk(name.as_bytes());
        w.map(2);
        w.bulk(b"calls");
        w.int(*calls as i64);
        w.bulk(b"histogram_usec");
        w.map(powers.len());
        for (bound, within) in powers {
            w.int(*bound as i64);
            w.int(*within as i64);
        }
    }
    Ok(())
}

fn latency_help(ctx: &mut Ctx<'_>) -> Done {
    super::help(
        ctx,
        "LATENCY",
        &[
            "DOCTOR",
            "    Remarks on events that took long.",
            "GRAPH <event>",
            "    A drawing of an event's times.",
            "HISTOGRAM [<command> ...]",
            "    How many runs of these commands, or of all, took up to 1, 2, 4, ... microseconds.",
            "HISTORY <event>",
            "    Times of an event.",
            "LATEST",
            "    The latest time of each event.",
            "RESET [<event> ...]",
            "    Forget events.",
        ],
    );
    Ok(())
}

const FLAGS: Flags = Flags::ADMIN.or(Flags::NOSCRIPT).or(Flags::LOADING).or(Flags::STALE);
const ACL: Acl = Acl::ADMIN.or(Acl::DANGEROUS).or(Acl::SLOW);
const TIPS: &[&str] = &["nondeterministic_output", "request_policy:all_nodes", "response_policy:special"];

pub(super) const ROWS: &[Row] =
    &[Row::new("latency", container, -2, Flags::CONTAINER, Acl::SLOW, Group::Server)
        .since("2.8.13")
        .doc("Groups the commands about times.", "Depends on the subcommand", "")
        .subs(&[
            Row::new("latency|doctor", latency_doctor, 2, FLAGS, ACL, Group::Server)
                .since("2.8.13")
                .tips(TIPS)
                .doc("Remarks on events that took long.", "O(1)", ""),
            Row::new("latency|graph", latency_graph, 3, FLAGS, ACL, Group::Server)
                .since("2.8.13")
                .tips(TIPS)
                .doc("Draws the times of an event.", "O(1)", "event"),
            Row::new(
                "latency|help",
                latency_help,
                2,
                Flags::LOADING.or(Flags::STALE),
                Acl::SLOW,
                Group::Server,
            )
            .since("2.8.13")
            .doc("Explains the subcommands.", "O(1)", ""),
            Row::new("latency|histogram", latency_histogram, -2, FLAGS, ACL, Group::Server)
                .since("7.0.0")
                .tips(TIPS)
                .doc(
                    "Shows how long commands took.",
                    "O(n) in the number of commands asked for",
                    "[COMMAND...]",
                ),
            Row::new("latency|history", latency_history, 3, FLAGS, ACL, Group::Server)
                .since("2.8.13")
                .tips(TIPS)
                .doc("Lists the times of an event.", "O(1)", "event"),
            Row::new("latency|latest", latency_latest, 2, FLAGS, ACL, Group::Server)
                .since("2.8.13")
                .tips(TIPS)
                .doc("Lists the latest time of each event.", "O(1)", ""),
            Row::new("latency|reset", latency_reset, -2, FLAGS, ACL, Group::Server)
                .since("2.8.13")
                .tips(&["request_policy:all_nodes", "response_policy:agg_sum"])
                .doc("Forgets events.", "O(1)", "[event...]"),
        ])];

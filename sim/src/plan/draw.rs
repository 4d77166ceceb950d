//! Drawing a plan from a seed.
//!
//! A third of the seeds has everything on at moderate rates, a third a random subset, a third one family of faults,
//! dense. Sizes are log-uniform; keys are few or many; small limits half the time, because that is where the bugs are.

use super::workload::{FAMILIES, Mixture};
use super::{Canary, ClientPlan, Cuts, FAULT_FAMILIES, Fault, Item, Plan, ServerPlan, What};
use crate::agenda::{MILLI, SECOND, Time};
use crate::chance::Chance;
use crate::client::Role;
use crate::net::{Kernel, Path};
use norn_core::base::mutant::Planted;

/// Streams of the seed, one for each part of the plan.
mod stream {
    pub(super) const SHAPE: u64 = 1;
    pub(super) const SERVERS: u64 = 2;
    pub(super) const CLIENTS: u64 = 3;
    pub(super) const MIXTURE: u64 = 4;
    pub(super) const NETWORK: u64 = 5;
    pub(super) const SAYS: u64 = 6;
    pub(super) const FAULTS: u64 = 7;
}

/// A process that has a processor for itself runs again within this time.
pub const PACE_MIN_US: Time = 60;

/// What a caller may fix instead of leaving it to the seed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Limits {
    /// No faults.
    pub calm: bool,
    /// Only one server.
    pub alone: bool,
    /// A bug planted in every node.
    pub planted: Planted,
    /// Three servers, 60 seconds, a thousand commands: what speed is measured by.
    pub typical: bool,
    /// No model and no oracle.
    pub unchecked: bool,
    /// Something that goes wrong in the simulator itself, to see that it is noticed.
    pub canary: Option<Canary>,
}

/// The plan of a seed.
#[must_use]
pub fn plan(seed: u64, limits: Limits) -> Plan {
    let mut c = Chance::new(seed, stream::SHAPE);
    let count = c.pick(&[1, 2, 3, 3, 3, 4]) as usize;
    let count = if limits.alone { 1 } else { count };
    let length = c.between(20, 90) * SECOND;
    let (count, length) = if limits.typical { (3, 60 * SECOND) } else { (count, length) };
    let cuts =
        c.pick(&[Cuts::Whole, Cuts::Bytes, Cuts::Random, Cuts::Commands, Cuts::Commands, Cuts::Spread]);
    let servers = servers(seed, count);
    // Where a node may close a client in the middle of its pipeline, only whole commands tell how far it came.
    let closes =
        servers.iter().any(|s| s.directives.iter().any(|(name, _)| *name == "client-output-buffer-limit"));
    let cuts = if closes { Cuts::Commands } else { cuts };
    let mut clients = clients(seed, count);
    let mixture = mixture(seed);
    let (mut kernel, path) = network(seed);
    if closes {
        // The limits are met only where the kernel takes little and clients read slowly.
        kernel.send_buffer = kernel.send_buffer.min(c.log_uniform(128, 2048));
        kernel.receive_window = kernel.receive_window.min(c.log_uniform(128, 2048));
        for client in clients.iter_mut().step_by(2) {
            (client.read_max, client.rest_us) =
                (c.log_uniform(1, 64) as usize, c.log_uniform(10_000, 200_000));
        }
    }
    let pace_us = if c.one_in(2) { PACE_MIN_US } else { c.log_uniform(PACE_MIN_US, 20_000) };
    let mut items = says(seed, length, clients.len(), limits.typical.then_some(1000));
    if !limits.calm {
        items.extend(faults(seed, length, count, clients.len()));
    }
    items.sort_by_key(|item| item.at);
    Plan {
        seed,
        servers,
        clients,
        mixture,
        kernel,
        path,
        cuts,
        pace_us,
        length,
        items,
        planted: limits.planted,
        unchecked: limits.unchecked,
        canary: limits.canary,
    }
}

fn servers(seed: u64, count: usize) -> Vec<ServerPlan> {
    let mut c = Chance::new(seed, stream::SERVERS);
    let chained = c.one_in(3);
    let exact_clocks = c.one_in(2);
    let mut shared = Vec::new();
    if c.one_in(2) {
        shared.push(("repl-backlog-size", c.log_uniform(16 * 1024, 256 * 1024).to_string()));
    }
    if c.one_in(2) {
        shared.push(("repl-timeout", c.between(4, 20).to_string()));
    } else {
        shared.push(("repl-timeout", "60".to_owned()));
    }
    if c.one_in(2) {
        shared.push(("repl-ping-replica-period", c.between(1, 3).to_string()));
    }
    if c.one_in(4) {
        let hard = c.log_uniform(256, 32 * 1024);
        shared.push(("client-output-buffer-limit", format!("normal {hard} {} 3", hard / 2)));
    }
    if c.one_in(4) {
        let hard = c.log_uniform(256, 8 * 1024);
        shared.push(("client-output-buffer-limit", format!("pubsub {hard} {} 2", hard / 2)));
    }
    if c.one_in(3) {
        shared.push(("active-expire-effort", c.between(1, 10).to_string()));
    }
    if c.one_in(4) {
        shared.push(("repl-diskless-sync-delay", c.between(0, 5).to_string()));
    } else {
        shared.push(("repl-diskless-sync-delay", "0".to_owned()));
    }
    if c.one_in(3) {
        shared.push(("notify-keyspace-events", c.pick(&["KEA", "EA", "KA"]).to_owned()));
    }
    if c.one_in(2) {
        // Small encodings end early.
        for name in ["hash-max-listpack-entries", "set-max-intset-entries", "zset-max-listpack-entries"] {
            shared.push((name, c.log_uniform(1, 32).to_string()));
        }
        shared.push(("list-max-listpack-size", c.log_uniform(1, 16).to_string()));
        shared.push(("stream-node-max-entries", c.log_uniform(1, 8).to_string()));
    }
    let server = |i: usize, c: &mut Chance| ServerPlan {
        master: match i {
            0 => None,
            _ if chained => Some(i as u8 - 1),
            _ => Some(0),
        },
        directives: shared.clone(),
        config: None,
        drift_ppm: if exact_clocks { 0 } else { c.between(0, 400) as i64 - 200 },
        skew_us: if exact_clocks { 0 } else { c.between(0, 4_000_000) as i64 - 2_000_000 },
    };
    (0..count).map(|i| server(i, &mut c)).collect()
}

fn clients(seed: u64, servers: usize) -> Vec<ClientPlan> {
    let mut c = Chance::new(seed, stream::CLIENTS);
    let count = c.between(1, 6);
    let client = |i: u64, c: &mut Chance| {
        let subscriber = i > 0 && c.one_in(4);
        let slow = c.one_in(8);
        ClientPlan {
            server: if i > 0 && c.one_in(3) { c.below(servers as u64) as u8 } else { 0 },
            role: if subscriber { Role::Subscriber } else { Role::Talker },
            resp3: c.one_in(3),
            read_max: if slow { c.log_uniform(1, 512) as usize } else { 0 },
            rest_us: if slow { c.log_uniform(100, 50_000) } else { 0 },
        }
    };
    (0..count).map(|i| client(i, &mut c)).collect()
}

fn mixture(seed: u64) -> Mixture {
    let mut c = Chance::new(seed, stream::MIXTURE);
    let mut weights = [8, 10, 5, 6, 4, 2, 2, 4, 2, 1, 7, 5, 6, 7, 1, 4, 5, 4];
    debug_assert_eq!(weights.len(), FAMILIES.len());
    if c.one_in(2) {
        for weight in &mut weights {
            *weight *= c.pick(&[0, 0, 1, 1, 4]);
        }
        weights[1] = weights[1].max(1);
    }
    // Some seeds are about those who wait, or about groups, and little else.
    let focus = c.below(8);
    match focus {
        0 | 1 => weights = [0, 0, 0, 1, 2, 1, 0, 10, 0, 0, 20, 0, 0, 6, 0, 2, 0, 14],
        2 => weights = [0, 0, 0, 1, 2, 1, 0, 4, 0, 0, 0, 0, 0, 0, 0, 10, 24, 4],
        _ => {}
    }
    let keys = c.pick(&[2, 3, 10, 100, 1000]);
    if c.one_in(4) {
        weights[9] = 8;
    }
    Mixture {
        weights,
        keys,
        value_max: if keys <= 10 && c.one_in(4) { 100_000 } else { c.log_uniform(4, 2000) },
        ttl_min_ms: 1,
        ttl_max_ms: c.pick(&[50, 2_000, 20_000, 1 << 36]),
        sweeping: c.one_in(2),
        databases: if c.one_in(2) { 1 } else { 4 },
        aggregates: if focus < 3 { c.between(1, 3) } else { c.pick(&[1, 2, 3, 8]) },
        members: c.pick(&[4, 12, 40, 300]),
        block_min_ms: 1,
        block_max_ms: c.pick(&[20, 500, 5_000]),
    }
}

fn network(seed: u64) -> (Kernel, Path) {
    let mut c = Chance::new(seed, stream::NETWORK);
    let tiny = c.one_in(2);
    let buffer = |c: &mut Chance| if tiny { c.log_uniform(128, 16 * 1024) } else { 256 * 1024 };
    let kernel = Kernel {
        send_buffer: buffer(&mut c),
        receive_window: buffer(&mut c),
        packet_max: if c.one_in(3) { c.log_uniform(1, 1500) } else { 64 * 1024 },
        give_up_us: c.pick(&[15, 60, 900]) * SECOND,
        connect_timeout_us: c.pick(&[3, 10, 127]) * SECOND,
    };
    let latency_us = c.log_uniform(20, 20_000);
    let path = Path {
        latency_us,
        jitter_us: if c.one_in(2) { latency_us } else { 0 },
        tail_per_mille: if c.one_in(2) { c.between(1, 30) } else { 0 },
        tail_us: c.log_uniform(1_000, 2_000_000),
        bytes_per_ms: if c.one_in(3) { c.log_uniform(100, 100_000) } else { 0 },
        blocked: false,
        stalled_until: 0,
    };
    (kernel, path)
}

/// About a thousand commands in bursts, with quiet spells so that timers fire.
fn says(seed: u64, length: Time, clients: usize, commands: Option<u64>) -> Vec<Item> {
    let mut c = Chance::new(seed, stream::SAYS);
    let bursts = c.between(1, 12);
    let total = c.log_uniform(150, 1800);
    let total = commands.unwrap_or(total);
    let mut items = Vec::new();
    for _ in 0..bursts {
        let start = c.below(length);
        let span = c.log_uniform(MILLI, length / 2);
        let mut said = 0;
        while said < total / bursts {
            let count = if c.one_in(3) { c.log_uniform(1, 60) as u8 } else { 1 };
            let at = (start + c.below(span)).min(length);
            items.push(Item { at, what: What::Say { client: c.below(clients as u64) as u8, count } });
            said += u64::from(count);
        }
    }
    items
}

fn faults(seed: u64, length: Time, servers: usize, clients: usize) -> Vec<Item> {
    let mut c = Chance::new(seed, stream::FAULTS);
    let mut rates = [1_u64; FAULT_FAMILIES.len()];
    let count = match c.below(10) {
        0 => 0,
        1..=3 => c.between(2, 12),
        4..=6 => {
            for rate in &mut rates {
                *rate = c.pick(&[0, 0, 1, 3]);
            }
            c.between(2, 20)
        }
        _ => {
            rates = [0; FAULT_FAMILIES.len()];
            rates[c.below(rates.len() as u64) as usize] = 1;
            c.between(4, 30)
        }
    };
    let total: u64 = rates.iter().sum();
    if total == 0 {
        return Vec::new();
    }
    let (servers, clients) = (servers as u64, clients as u64);
    let mut items = Vec::new();
    for number in 0..count {
        let mut c = c.fork(number);
        let mut at = c.below(total);
        let family = rates.iter().position(|rate| {
            let here = at < *rate;
            at = at.wrapping_sub(if here { 0 } else { *rate });
            here
        });
        let when = c.below(length);
        let lasts = c.log_uniform(10 * MILLI, 30 * SECOND).min(length - when);
        if let Some(fault) = fault(&mut c, family.unwrap_or(0), servers, clients, lasts) {
            items.push(Item { at: when, what: What::Fault(fault) });
        }
    }
    items
}

/// One fault of a family; `None` when the cluster has nothing that it could hit.
fn fault(c: &mut Chance, family: usize, servers: u64, clients: u64, lasts: Time) -> Option<Fault> {
    let server = c.below(servers) as u8;
    let other = ((u64::from(server) + 1 + c.below(servers.saturating_sub(1))) % servers) as u8;
    // Hosts of clients come after those of servers.
    let client_host = (servers + c.below(clients)) as u8;
    let (a, b) = if servers > 1 && c.one_in(2) { (server, other) } else { (server, client_host) };
    let (a, b) = if c.one_in(2) { (a, b) } else { (b, a) };
    let short = lasts.min(10 * SECOND);
    Some(match family {
        0 => Fault::Crash(server, short),
        1 => Fault::PowerLoss(server, short),
        2 => Fault::Pause(server, lasts),
        3 => Fault::Reset(a, b),
        4 => Fault::Stall(a, b, lasts),
        5 => Fault::BlockOneWay(a, b, lasts),
        6 => Fault::Block(a, b, lasts),
        7 => Fault::Sleep(c.below(clients) as u8, lasts),
        8 => Fault::ClockStep(server, c.log_uniform(1, 100_000) as i64 * if c.one_in(2) { -1 } else { 1 }),
        // Half of the time the others learn of it at once.
        9 if servers > 1 => Fault::Promote(server, if c.one_in(2) { 0 } else { short }),
        10 if servers > 2 => Fault::Follow(server, other),
        11 => Fault::DiskFull(server, lasts),
        12 => Fault::Restart(server, short),
        _ => return None,
    })
}

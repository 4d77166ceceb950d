//! LCS: the longest common subsequence of two strings. Source: the Redis documentation of LCS.

use super::string::string;
use crate::engine::Ctx;
use crate::engine::row::{Acl, Begin, Find, Flags, Group, KeyFlags, KeySpec, Row};
use crate::resp::CommandError;
use crate::value::IntText;
use alloc::vec;
use alloc::vec::Vec;

type Done = Result<(), CommandError>;

/// Cells of the table at most: 4 bytes each. Redis refuses what it cannot allocate; here the bound is fixed.
const CELLS_MAX: u64 = 1 << 29;

#[derive(Default)]
struct Options {
    len: bool,
    idx: bool,
    with_len: bool,
    min_len: i64,
}

/// A run that both strings share: first and last position in each.
struct Run {
    a: (usize, usize),
    b: (usize, usize),
}

fn lcs(ctx: &mut Ctx<'_>) -> Done {
    let a = operand(ctx, 1)?;
    let b = operand(ctx, 2)?;
    let o = options(ctx)?;
    if o.len && o.idx {
        ctx.reply().error("ERR If you want both the length and indexes, please just use IDX.");
        return Err(CommandError::Written);
    }
    if (a.len() as u64 + 1) * (b.len() as u64 + 1) > CELLS_MAX {
        ctx.reply().error("ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len");
        return Err(CommandError::Written);
    }
    let table = Table::new(&a, &b);
    let total = table.at(a.len(), b.len());
    if o.len {
        ctx.reply().int(i64::from(total));
        return Ok(());
    }
    let (text, runs) = walk(&table, &a, &b);
    if o.idx {
        reply_runs(ctx, &o, &runs, total);
    } else {
        ctx.reply().bulk(&text);
    }
    Ok(())
}

fn operand(ctx: &mut Ctx<'_>, i: usize) -> Result<Vec<u8>, CommandError> {
    match ctx.srv.keyspace.lookup(ctx.db, ctx.args.get(i)) {
        Some(value) => match string(value) {
            Ok(s) => Ok(s.bytes(&mut IntText::new()).to_vec()),
            Err(_) => {
                ctx.reply().error("ERR The specified keys must contain string values");
                Err(CommandError::Written)
            }
        },
        None => Ok(Vec::new()),
    }
}

fn options(ctx: &Ctx<'_>) -> Result<Options, CommandError> {
    let mut o = Options::default();
    let mut at = 3;
    while at < ctx.argc() {
        match () {
            () if ctx.arg_is(at, "IDX") => o.idx = true,
            () if ctx.arg_is(at, "LEN") => o.len = true,
            () if ctx.arg_is(at, "WITHMATCHLEN") => o.with_len = true,
            () if ctx.arg_is(at, "MINMATCHLEN") && at + 1 < ctx.argc() => {
                o.min_len = ctx.int(at + 1)?.max(0);
                at += 1;
            }
            () => return Err(CommandError::Syntax),
        }
        at += 1;
    }
    Ok(o)
}

/// Lengths of the longest common subsequences of all pairs of prefixes.
struct Table {
    cells: Vec<u32>,
    width: usize,
}

impl Table {
    fn new(a: &[u8], b: &[u8]) -> Self {
        let width = b.len() + 1;
        let mut table = Self { cells: vec![0; width * (a.len() + 1)], width };
        for i in 1..=a.len() {
            for j in 1..=b.len() {
                let best = if a[i - 1] == b[j - 1] {
                    table.at(i - 1, j - 1) + 1
                } else {
                    table.at(i - 1, j).max(table.at(i, j - 1))
                };
                table.cells[i * width + j] = best;
            }
        }
        table
    }

    fn at(&self, i: usize, j: usize) -> u32 {
        self.cells[i * self.width + j]
    }
}

/// Walks from the ends to the beginnings: the subsequence, and the shared runs, last first.
fn walk(table: &Table, a: &[u8], b: &[u8]) -> (Vec<u8>, Vec<Run>) {
    let (mut i, mut j) = (a.len(), b.len());
    let (mut text, mut runs): (Vec<u8>, Vec<Run>) = (Vec::new(), Vec::new());
    while i > 0 && j > 0 {
        if a[i - 1] == b[j - 1] {
            text.push(a[i - 1]);
            i -= 1;
            j -= 1;
            match runs.last_mut() {
                Some(run) if run.a.0 == i + 1 && run.b.0 == j + 1 => {
                    run.a.0 = i;
                    run.b.0 = j;
                }
                _ => runs.push(Run { a: (i, i), b: (j, j) }),
            }
        } else if table.at(i - 1, j) > table.at(i, j - 1) {
            i -= 1;
        } else {
            j -= 1;
        }
    }
    text.reverse();
    (text, runs)
}

fn reply_runs(ctx: &mut Ctx<'_>, o: &Options, runs: &[Run], total: u32) {
    let long = |run: &&Run| (run.a.1 - run.a.0 + 1) as i64 >= o.min_len;
    let count = runs.iter().filter(long).count();
    let mut w = ctx.reply();
    w.map(2);
    w.bulk(b"matches");
    w.array(count);
    for run in runs.iter().filter(long) {
        w.array(if o.with_len { 3 } else { 2 });
        for (first, last) in [run.a, run.b] {
            w.array(2);
            w.int(first as i64);
            w.int(last as i64);
        }
        if o.with_len {
            w.int((run.a.1 - run.a.0 + 1) as i64);
        }
    }
    w.bulk(b"len");
    w.int(i64::from(total));
}

pub(super) const ROWS: &[Row] =
    &[Row::new("lcs", lcs, -3, Flags::READONLY, Acl::READ.or(Acl::SLOW).or(Acl::STRING), Group::String)
        .keyed(
            (1, 2, 1),
            &[KeySpec {
                begin: Begin::Index(1),
                find: Find::Range(1, 1, 0),
                flags: KeyFlags::RO.or(KeyFlags::ACCESS),
            }],
        )
        .since("7.0.0")
        .doc(
            "Finds the longest subsequence that the strings in two keys share.",
            "O(n*m) in the lengths of the strings",
            "key1 key2 [LEN] [IDX] [MINMATCHLEN min-match-len] [WITHMATCHLEN]",
        )];

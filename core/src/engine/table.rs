//! The command table of one node: look-up by name, numbers for rows.
//!
//! *Owns*: the index from names to rows, and the numbering that statistics and ACL bit sets use.
//! *Does not own*: the rows. *Invariants*: a row's number never changes during the life of a node; subcommands follow
//! their container, so numbers are the same on every node that was given the same families.

use super::row::{Flags, Gates, Row};
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

/// The number of a row in this node's table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowIx(pub u16);

/// All rows of a node.
#[derive(Clone, Debug)]
pub struct Table {
    rows: Vec<Entry>,
    /// Open addressing over the names of the top-level commands; `EMPTY` ends a probe.
    slots: Box<[u16]>,
}

/// A row with what is derived from it once.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The row.
    pub row: &'static Row,
    /// Lower-case name under which it is called: differs from the row's after `rename-command`; empty for a
    /// subcommand and for a command that was removed.
    pub name: Box<str>,
    /// The refusals that can meet it.
    pub gates: Gates,
    /// Whether it is always short, so that its time is measured together with others': `stats/timing`.
    pub is_cheap: bool,
    /// Row numbers of its subcommands.
    pub subs: core::ops::Range<u16>,
    /// The container of a subcommand.
    pub parent: Option<RowIx>,
}

const EMPTY: u16 = u16::MAX;

impl Table {
    /// A table of these families, with names changed as `rename-command` asks (an empty new name removes the
    /// command). Unknown old names are an error with the name.
    pub fn new(families: &[&'static [Row]], renamed: &[(String, String)]) -> Result<Self, String> {
        let mut rows = Vec::new();
        for row in families.iter().copied().flatten() {
            let at = rows.len();
            rows.push(Entry {
                row,
                name: row.name.into(),
                gates: gates(row),
                is_cheap: is_cheap(row),
                subs: 0..0,
                parent: None,
            });
            let first = rows.len() as u16;
            for sub in row.subs {
                rows.push(Entry {
                    row: sub,
                    name: "".into(),
                    gates: gates(sub),
                    is_cheap: false,
                    subs: 0..0,
                    parent: Some(RowIx(at as u16)),
                });
            }
            rows[at].subs = first..rows.len() as u16;
        }
        for (old, new) in renamed {
            let found = rows.iter_mut().find(|e| !e.name.is_empty() && e.name.eq_ignore_ascii_case(old));
            found.ok_or_else(|| old.clone())?.name = new.to_ascii_lowercase().into();
        }
        let mut table = Self { rows, slots: vec![EMPTY; 1024].into_boxed_slice() };
        for ix in 0..table.rows.len() {
            if !table.rows[ix].name.is_empty() {
                let mut at = slot(table.rows[ix].name.as_bytes());
                while table.slots[at] != EMPTY {
                    at = (at + 1) % table.slots.len();
                }
                table.slots[at] = ix as u16;
            }
        }
        Ok(table)
    }

    /// The command called `name`, whatever its case.
    #[must_use]
    pub fn find(&self, name: &[u8]) -> Option<RowIx> {
        let mut at = slot(name);
        loop {
            let ix = self.slots[at];
            if ix == EMPTY {
                return None;
            }
            if self.rows[usize::from(ix)].name.as_bytes().eq_ignore_ascii_case(name) {
                return Some(RowIx(ix));
            }
            at = (at + 1) % self.slots.len();
        }
    }

    /// The subcommand of `container` called `name`, whatever its case.
    #[must_use]
    pub fn find_sub(&self, container: RowIx, name: &[u8]) -> Option<RowIx> {
        let subs = self.entry(container).subs.clone();
        subs.map(RowIx).find(|sub| self.entry(*sub).row.short_name().as_bytes().eq_ignore_ascii_case(name))
    }

    /// The row named `a` or `a|b` (also given as `a b` by some callers), by its own name.
    #[must_use]
    pub fn find_full(&self, name: &[u8]) -> Option<RowIx> {
        match name.iter().position(|b| *b == b'|') {
            None => self.find(name),
            Some(at) => self.find_sub(self.find(&name[..at])?, &name[at + 1..]),
        }
    }

    /// A row with what is derived from it.
    #[must_use]
    pub fn entry(&self, ix: RowIx) -> &Entry {
        &self.rows[usize::from(ix.0)]
    }

    /// The row.
    #[must_use]
    pub fn row(&self, ix: RowIx) -> &'static Row {
        self.entry(ix).row
    }

    /// Number of rows, subcommands included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The top-level commands that can be called, in table order.
    pub fn commands(&self) -> impl Iterator<Item = RowIx> + '_ {
        self.rows
            .iter()
            .enumerate()
            .filter(|(_, e)| !e.name.is_empty() && e.parent.is_none())
            .map(|(ix, _)| RowIx(ix as u16))
    }
}

impl Row {
    /// The name without its container.
    #[must_use]
    pub fn short_name(&self) -> &'static str {
        self.name.rsplit('|').next().unwrap_or(self.name)
    }
}

/// EXEC stands for whatever was queued, so every refusal can meet it. PING tells of persistence in error.
fn gates(row: &Row) -> Gates {
    let g = row.gates();
    match row.name {
        "exec" => {
            let writes = Gates::MISCONF | Gates::NOREPLICAS | Gates::READONLY;
            g | writes | Gates::MASTERDOWN | Gates::LOADING | Gates::REPLICA_LINK
        }
        "ping" => g | Gates::MISCONF,
        _ => g,
    }
}

/// What is fast by its row, and the plain forms of SET: a value that takes long to copy took longer to arrive.
fn is_cheap(row: &Row) -> bool {
    row.flags.has(Flags::FAST) || matches!(row.name, "set" | "setex" | "psetex")
}

/// Where the probe for `name` starts: a multiplicative hash of the letters without their case.
fn slot(name: &[u8]) -> usize {
    let mut hash = name.len() as u32;
    for byte in name {
        hash = (hash.rotate_left(5) ^ u32::from(byte | 0x20)).wrapping_mul(0x9e37_79b1);
    }
    (hash >> 22) as usize
}

/// A container's own code: it is never run, because `engine/exec` replaces it by a subcommand or refuses it.
pub fn container(_: &mut super::context::Ctx<'_>) -> Result<(), crate::resp::CommandError> {
    Err(crate::resp::CommandError::Syntax)
}

const _: () = assert!(Flags::NAMES.len() <= 32);

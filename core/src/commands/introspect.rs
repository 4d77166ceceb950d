//! COMMAND: the commands, described by their rows. Source: the Redis documentation of each subcommand.

use super::docs::command_docs;
use crate::base::glob::glob_match;
use crate::engine::keys::{FoundKey, keys_of};
use crate::engine::row::{Acl, Begin, Find, Flags, Group, KeyFlags, KeySpec, Row};
use crate::engine::{Ctx, RowIx};
use crate::resp::{CommandError, Writer};
use alloc::vec::Vec;

type Done = Result<(), CommandError>;

/// COMMAND alone describes everything.
fn command(ctx: &mut Ctx<'_>) -> Done {
    describe_all(ctx);
    Ok(())
}

fn command_info(ctx: &mut Ctx<'_>) -> Done {
    if ctx.argc() == 2 {
        describe_all(ctx);
        return Ok(());
    }
    let rows: Vec<Option<&'static Row>> = (2..ctx.argc())
        .map(|i| ctx.srv.table.find_full(ctx.arg(i)).map(|ix| ctx.srv.table.row(ix)))
        .collect();
    let mut w = ctx.reply();
    w.array(rows.len());
    for row in rows {
        match row {
            Some(row) => describe(row, &mut w),
            None => w.null(),
        }
    }
    Ok(())
}

fn describe_all(ctx: &mut Ctx<'_>) {
    let rows: Vec<&'static Row> = ctx.srv.table.commands().map(|ix| ctx.srv.table.row(ix)).collect();
    let mut w = ctx.reply();
    w.array(rows.len());
    rows.into_iter().for_each(|row| describe(row, &mut w));
}

/// One command as COMMAND INFO shows it.
fn describe(row: &Row, w: &mut Writer<'_>) {
    w.array(10);
    w.bulk(row.name.as_bytes());
    w.int(row.arity.into());
    words(Flags::NAMES.iter().filter(|(bit, text)| row.flags.has(*bit) && !text.is_empty()), "", w);
    let (first, last, step) = row.keys;
    w.int(first.into());
    w.int(last.into());
    w.int(step.into());
    words(Acl::NAMES.iter().filter(|(bit, _)| row.acl.has(*bit)), "@", w);
    w.set(row.tips.len());
    row.tips.iter().for_each(|tip| w.bulk(tip.as_bytes()));
    w.set(row.specs.len());
    row.specs.iter().for_each(|spec| describe_spec(spec, w));
    w.set(row.subs.len());
    row.subs.iter().for_each(|sub| describe(sub, w));
}

/// A set of status replies.
fn words<'a, B: 'a>(names: impl Iterator<Item = &'a (B, &'static str)>, before: &str, w: &mut Writer<'_>) {
    let set = w.defer();
    let mut n = 0;
    for (_, text) in names {
        n += 1;
        w.simple(&[before, text].concat());
    }
    w.close_set(set, n);
}

fn key_flags(flags: KeyFlags, w: &mut Writer<'_>) {
    words(KeyFlags::NAMES.iter().filter(|(bit, _)| flags.has(*bit)), "", w);
}

fn describe_spec(spec: &KeySpec, w: &mut Writer<'_>) {
    w.map(3);
    w.bulk(b"flags");
    key_flags(spec.flags, w);
    w.bulk(b"begin_search");
    match spec.begin {
        Begin::Index(index) => search(w, "index", &[("index", index)]),
        Begin::Keyword(word, from) => {
            search_head(w, "keyword", 2);
            w.bulk(b"keyword");
            w.bulk(word.as_bytes());
            w.bulk(b"startfrom");
            w.int(from.into());
        }
        Begin::Unknown => search(w, "unknown", &[]),
    }
    w.bulk(b"find_keys");
    match spec.find {
        Find::Range(last, step, limit) => {
            search(w, "range", &[("lastkey", last), ("keystep", step), ("limit", limit)]);
        }
        Find::Count(count, first, step) => {
            search(w, "keynum", &[("keynumidx", count), ("firstkey", first), ("keystep", step)]);
        }
        Find::Unknown => search(w, "unknown", &[]),
    }
}

fn search(w: &mut Writer<'_>, kind: &str, figures: &[(&str, i16)]) {
    search_head(w, kind, figures.len());
    for (name, n) in figures {
        w.bulk(name.as_bytes());
        w.int((*n).into());
    }
}

fn search_head(w: &mut Writer<'_>, kind: &str, n: usize) {
    w.map(2);
    w.bulk(b"type");
    w.bulk(kind.as_bytes());
    w.bulk(b"spec");
    w.map(n);
}

fn command_count(ctx: &mut Ctx<'_>) -> Done {
    let n = ctx.srv.table.commands().count();
    ctx.reply().int(n as i64);
    Ok(())
}

/// What COMMAND LIST keeps.
enum Filter<'a> {
    Everything,
    Nothing,
    Category(Acl),
    Pattern(&'a [u8]),
}

impl<'a> Filter<'a> {
    fn parse(ctx: &Ctx<'a>) -> Result<Self, CommandError> {
        if ctx.argc() == 2 {
            return Ok(Self::Everything);
        }
        if ctx.argc() != 5 || !ctx.arg_is(2, "FILTERBY") {
            return Err(CommandError::Syntax);
        }
        match () {
            // There are no modules.
            () if ctx.arg_is(3, "MODULE") => Ok(Self::Nothing),
            () if ctx.arg_is(3, "ACLCAT") => {
                let named = |(_, text): &&(Acl, &str)| ctx.arg_is(4, text);
                Ok(Acl::NAMES.iter().find(named).map_or(Self::Nothing, |(bit, _)| Self::Category(*bit)))
            }
            () if ctx.arg_is(3, "PATTERN") => Ok(Self::Pattern(ctx.arg(4))),
            () => Err(CommandError::Syntax),
        }
    }

    fn keeps(&self, row: &Row) -> bool {
        match self {
            Self::Everything => true,
            Self::Nothing => false,
            Self::Category(bit) => row.acl.has(*bit),
            Self::Pattern(pattern) => glob_match(pattern, row.name.as_bytes(), true),
        }
    }
}

fn command_list(ctx: &mut Ctx<'_>) -> Done {
    let filter = Filter::parse(ctx)?;
    let table = &ctx.srv.table;
    let rows = table.commands().map(|ix| table.row(ix)).flat_map(|row| core::iter::once(row).chain(row.subs));
    let names: Vec<&str> = rows.filter(|row| filter.keeps(row)).map(|row| row.name).collect();
    let mut w = ctx.reply();
    w.array(names.len());
    names.iter().for_each(|name| w.bulk(name.as_bytes()));
    Ok(())
}

/// The keys of the command that the arguments spell out, counted from the command's name.
fn find_keys(ctx: &mut Ctx<'_>) -> Result<Vec<FoundKey>, CommandError> {
    let args = ctx.args.skip(2);
    let table = &ctx.srv.table;
    let found = table.find(args.get(0)).map(|ix| subcommand(ctx, ix));
    let refusal = match found.map(|ix| table.row(ix)) {
        None => "ERR Invalid command specified",
        Some(row) if !has_keys(row) => "ERR The command has no key arguments",
        Some(row) if !row.takes(args.len()) => "ERR Invalid number of arguments specified for command",
        Some(row) => match keys_of(row, &args) {
            Some(keys) if !keys.is_empty() => return Ok(keys),
            _ if row.flags.has(Flags::NO_MANDATORY_KEYS) => return Ok(Vec::new()),
            _ => "ERR Invalid arguments specified for command",
        },
    };
    ctx.reply().error(refusal);
    Err(CommandError::Written)
}

fn subcommand(ctx: &Ctx<'_>, ix: RowIx) -> RowIx {
    match ctx.args.try_get(3) {
        Some(name) => ctx.srv.table.find_sub(ix, name).unwrap_or(ix),
        None => ix,
    }
}

fn has_keys(row: &Row) -> bool {
    row.find_keys.is_some() || row.specs.iter().any(|s| !s.flags.has(KeyFlags::NOT_KEY))
}

fn command_getkeys(ctx: &mut Ctx<'_>) -> Done {
    let keys = find_keys(ctx)?;
    let args = ctx.args.skip(2);
    let mut w = ctx.reply();
    w.array(keys.len());
    keys.iter().for_each(|(i, _)| w.bulk(args.get(*i)));
    Ok(())
}

fn command_getkeysandflags(ctx: &mut Ctx<'_>) -> Done {
    let keys = find_keys(ctx)?;
    let args = ctx.args.skip(2);
    let mut w = ctx.reply();
    w.array(keys.len());
    for (i, flags) in keys {
        w.array(2);
        w.bulk(args.get(i));
        key_flags(flags, &mut w);
    }
    Ok(())
}

fn command_help(ctx: &mut Ctx<'_>) -> Done {
    super::help(
        ctx,
        "COMMAND",
        &[
            "(no subcommand)",
            "    Everything about every command.",
            "COUNT",
            "    Number of commands.",
            "DOCS [<command-name> ...]",
            "    Documentation of these commands, or of all.",
            "GETKEYS <command> [<arg> ...]",
            "    The keys among these arguments.",
            "GETKEYSANDFLAGS <command> [<arg> ...]",
            "    The same, with what is done to each key.",
            "INFO [<command-name> ...]",
            "    Everything about these commands, or all.",
            "LIST [FILTERBY (MODULE <name>|ACLCAT <category>|PATTERN <pattern>)]",
            "    Names of commands.",
        ],
    );
    Ok(())
}

const ACL: Acl = Acl::CONNECTION.or(Acl::SLOW);
const FLAGS: Flags = Flags::LOADING.or(Flags::STALE);
const UNORDERED: &[&str] = &["nondeterministic_output_order"];

pub(super) const ROWS: &[Row] =
    &[Row::new("command", command, -1, FLAGS.or(Flags::CONTAINER), ACL, Group::Server)
        .since("2.8.13")
        .tips(UNORDERED)
        .doc("Describes every command.", "O(n) in the number of commands", "")
        .subs(&[
            Row::new("command|count", command_count, 2, FLAGS, ACL, Group::Server).since("2.8.13").doc(
                "Counts the commands.",
                "O(1)",
                "",
            ),
            Row::new("command|docs", command_docs, -2, FLAGS, ACL, Group::Server)
                .since("7.0.0")
                .tips(UNORDERED)
                .doc("Documents commands.", "O(n) in the number of commands asked for", "[command-name...]"),
            Row::new("command|getkeys", command_getkeys, -3, FLAGS, ACL, Group::Server).since("2.8.13").doc(
                "Finds the keys in a command.",
                "O(n) in the number of arguments",
                "command [arg...]",
            ),
            Row::new("command|getkeysandflags", command_getkeysandflags, -3, FLAGS, ACL, Group::Server)
                .since("7.0.0")
                .doc(
                    "Finds the keys in a command and what is done to each.",
                    "O(n) in the number of arguments",
                    "command [arg...]",
                ),
            Row::new("command|help", command_help, 2, FLAGS, ACL, Group::Server).since("5.0.0").doc(
                "Explains the subcommands.",
                "O(1)",
                "",
            ),
            Row::new("command|info", command_info, -2, FLAGS, ACL, Group::Server)
                .since("2.8.13")
                .tips(UNORDERED)
                .doc(
                    "Describes some commands.",
                    "O(n) in the number of commands asked for",
                    "[command-name...]",
                ),
            Row::new("command|list", command_list, -2, FLAGS, ACL, Group::Server)
                .since("7.0.0")
                .tips(UNORDERED)
                .doc(
                    "Lists the names of commands.",
                    "O(n) in the number of commands",
                    "[FILTERBY (MODULE module-name|ACLCAT category|PATTERN pattern)]",
                ),
        ])];

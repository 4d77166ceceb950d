//! COMMAND DOCS: what the rows say for people.

use crate::engine::Ctx;
use crate::engine::row::Row;
use crate::engine::syntax::{ArgKind, Argument, arguments};
use crate::resp::{CommandError, Writer};
use alloc::string::String;
use alloc::vec::Vec;

/// Commands that only servers and their tests send to each other.
const SYSTEM: &[&str] = &["debug", "pfdebug", "pfselftest", "replconf", "restore-asking"];

pub(super) fn command_docs(ctx: &mut Ctx<'_>) -> Result<(), CommandError> {
    let table = &ctx.srv.table;
    let rows: Vec<&'static Row> = if ctx.argc() == 2 {
        table.commands().map(|ix| table.row(ix)).collect()
    } else {
        (2..ctx.argc()).filter_map(|i| table.find_full(ctx.arg(i))).map(|ix| table.row(ix)).collect()
    };
    let mut w = ctx.reply();
    w.map(rows.len());
    rows.into_iter().for_each(|row| document(row, &mut w));
    Ok(())
}

/// A command's name and the map of its documentation.
fn document(row: &'static Row, w: &mut Writer<'_>) {
    w.bulk(row.name.as_bytes());
    let map = w.defer();
    let mut n = 3;
    text(w, "summary", row.summary);
    text(w, "since", row.since);
    text(w, "group", row.group.name());
    if !row.complexity.is_empty() {
        n += 1;
        text(w, "complexity", row.complexity);
    }
    let marks = [(row.deprecated.is_some(), "deprecated"), (SYSTEM.contains(&row.name), "syscmd")];
    let marks: Vec<&str> = marks.iter().filter(|(set, _)| *set).map(|(_, word)| *word).collect();
    if !marks.is_empty() {
        n += 1;
        w.bulk(b"doc_flags");
        w.set(marks.len());
        marks.iter().for_each(|word| w.simple(word));
    }
    if let Some((since, by)) = row.deprecated {
        n += 2;
        text(w, "deprecated_since", since);
        text(w, "replaced_by", &quoted(by));
    }
    let arguments = arguments(row);
    if !arguments.is_empty() {
        n += 1;
        w.bulk(b"arguments");
        list(&arguments, w);
    }
    if !row.subs.is_empty() {
        n += 1;
        w.bulk(b"subcommands");
        w.map(row.subs.len());
        row.subs.iter().for_each(|sub| document(sub, w));
    }
    w.close_map(map, n);
}

/// Command names and tokens in back quotes, several in a row together.
fn quoted(by: &str) -> String {
    let mut out = String::new();
    let mut is_open = false;
    for word in by.split(' ') {
        let is_name = !word.bytes().any(|b| b.is_ascii_lowercase());
        if is_open && !is_name {
            out.push('`');
        }
        if !out.is_empty() {
            out.push(' ');
        }
        if is_name && !is_open {
            out.push('`');
        }
        out.push_str(word);
        is_open = is_name;
    }
    if is_open {
        out.push('`');
    }
    out
}

fn text(w: &mut Writer<'_>, name: &str, value: &str) {
    w.bulk(name.as_bytes());
    w.bulk(value.as_bytes());
}

fn list(arguments: &[Argument], w: &mut Writer<'_>) {
    w.array(arguments.len());
    for argument in arguments {
        one(argument, w);
    }
}

fn one(a: &Argument, w: &mut Writer<'_>) {
    let map = w.defer();
    let mut n = 2;
    text(w, "name", &a.name);
    text(w, "type", a.kind.name());
    if !matches!(a.kind, ArgKind::OneOf | ArgKind::Block) {
        n += 1;
        text(w, "display_text", &a.name);
    }
    if let Some(spec) = a.key_spec {
        n += 1;
        w.bulk(b"key_spec_index");
        w.int(spec as i64);
    }
    if let Some(token) = &a.token {
        n += 1;
        text(w, "token", token);
    }
    let flags = [(a.optional, "optional"), (a.multiple, "multiple"), (a.multiple_token, "multiple_token")];
    let flags: Vec<&str> = flags.iter().filter(|(set, _)| *set).map(|(_, word)| *word).collect();
    if !flags.is_empty() {
        n += 1;
        w.bulk(b"flags");
        w.set(flags.len());
        flags.iter().for_each(|word| w.simple(word));
    }
    if !a.parts.is_empty() {
        n += 1;
        w.bulk(b"arguments");
        list(&a.parts, w);
    }
    w.close_map(map, n);
}

#[cfg(test)]
mod tests {
    use crate::commands::FAMILIES;
    use crate::engine::row::Row;
    use crate::engine::syntax::{ArgKind, Argument, arguments};
    use std::format;
    use std::string::String;
    use std::vec::Vec;

    fn rows() -> impl Iterator<Item = &'static Row> {
        FAMILIES.iter().copied().flatten().flat_map(|row| core::iter::once(row).chain(row.subs))
    }

    fn show(a: &Argument) -> String {
        let token = a.token.as_ref().map_or(String::new(), |t| format!("{t}="));
        let spec = a.key_spec.map_or(String::new(), |n| format!("@{n}"));
        let parts = a.parts.iter().map(show).collect::<Vec<_>>().join(" ");
        let optional = if a.optional { "?" } else { "" };
        let multiple = if a.multiple { "+" } else { "" };
        format!("{token}{}:{}{spec}({parts}){optional}{multiple}", a.name, a.kind.name()).replace("()", "")
    }

    fn named(name: &str) -> String {
        let row = rows().find(|row| row.name == name).unwrap();
        arguments(row).iter().map(show).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn arguments_of_commands() {
        assert_eq!(named("get"), "key:key@0");
        assert_eq!(
            named("set"),
            "key:key@0 value:string condition:oneof(NX=nx:pure-token XX=xx:pure-token)? GET=get:pure-token? \
             expiration:oneof(EX=seconds:integer PX=milliseconds:integer EXAT=unix-time-seconds:unix-time \
             PXAT=unix-time-milliseconds:unix-time KEEPTTL=keepttl:pure-token)?"
        );
        assert_eq!(named("mset"), "key-value:block(key:key@0 value:string)+");
        assert_eq!(named("del"), "key:key@0+");
        assert_eq!(named("rename"), "key:key@0 newkey:key@1");
        assert_eq!(named("object|encoding"), "key:key@0");
        assert_eq!(named("swapdb"), "index1:integer index2:integer");
        assert_eq!(
            named("command|list"),
            "FILTERBY=filterby:oneof(MODULE=module-name:string ACLCAT=category:string PATTERN=pattern:pattern)?"
        );
    }

    #[test]
    fn names_in_sentences() {
        assert_eq!(super::quoted("GETRANGE"), "`GETRANGE`");
        assert_eq!(super::quoted("CLUSTER REPLICAS"), "`CLUSTER REPLICAS`");
        assert_eq!(super::quoted("SET with the !GET argument"), "`SET` with the `!GET` argument");
        assert_eq!(super::quoted("just closing it"), "just closing it");
    }

    #[test]
    fn groups_have_parts() {
        fn check(row: &Row, list: &[Argument]) {
            for a in list {
                let grouped = matches!(a.kind, ArgKind::OneOf | ArgKind::Block);
                assert_eq!(a.parts.len() > 1, grouped, "{} {}", row.name, a.name);
                assert!(!a.name.is_empty(), "{}", row.name);
                check(row, &a.parts);
            }
        }
        for row in rows() {
            let balance = |open, close| row.syntax.matches(open).count() == row.syntax.matches(close).count();
            assert!(balance('(', ')') && balance('[', ']'), "{}", row.name);
            check(row, &arguments(row));
            assert_eq!(arguments(row).is_empty(), row.syntax.is_empty(), "{}", row.name);
            assert!(!row.summary.is_empty(), "{}", row.name);
        }
    }
}

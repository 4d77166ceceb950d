//! The arguments of a command as COMMAND DOCS lists them, read from the option grammar of its row.
//!
//! *Owns*: parsing [`Row::syntax`] and the kinds of arguments. *Does not own*: the grammar texts, the reply.
//! *Invariants*: every row's grammar parses (a test reads them all); whatever is not balanced ends the list early.
//!
//! The grammar: `( )` groups, `|` alternatives, `[ ]` optional, `...` repeatable; a word in capitals is a token that is
//! typed as it stands, unless it is repeatable; several small words as alternatives are tokens too (`m|km|ft|mi`).

use super::row::{Begin, Group, KeyFlags, Row};
use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

/// What an argument is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the kinds of the Redis documentation")]
pub enum ArgKind {
    String,
    Integer,
    Double,
    Key,
    Pattern,
    UnixTime,
    PureToken,
    OneOf,
    Block,
}

impl ArgKind {
    /// The name that COMMAND DOCS prints.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Integer => "integer",
            Self::Double => "double",
            Self::Key => "key",
            Self::Pattern => "pattern",
            Self::UnixTime => "unix-time",
            Self::PureToken => "pure-token",
            Self::OneOf => "oneof",
            Self::Block => "block",
        }
    }
}

/// One argument, or a group of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Argument {
    /// A name for people.
    pub name: Cow<'static, str>,
    /// What it is.
    pub kind: ArgKind,
    /// The token in front of it.
    pub token: Option<Cow<'static, str>>,
    /// Number of the key specification that finds it.
    pub key_spec: Option<usize>,
    /// It may be left out.
    pub optional: bool,
    /// It may be repeated.
    pub multiple: bool,
    /// Its token is repeated too.
    pub multiple_token: bool,
    /// The parts of a group.
    pub parts: Vec<Argument>,
}

/// The arguments of a command.
#[must_use]
pub fn arguments(row: &'static Row) -> Vec<Argument> {
    let mut rest = row.syntax;
    let alternatives = parse(&mut rest);
    let mut list = Builder { row }.sequence(alternatives.first().map_or(&[], |items| &items[..]));
    tell_apart(&mut list);
    KeyMarker { row, seen: 0 }.mark(&mut list, None);
    list
}

/// A piece of the grammar.
struct Item {
    node: Node,
    many: bool,
}

enum Node {
    Word(&'static str),
    Group(Vec<Vec<Item>>),
    Optional(Vec<Vec<Item>>),
}

/// Alternatives, each a sequence, up to the end or the bracket that closes them.
fn parse(rest: &mut &'static str) -> Vec<Vec<Item>> {
    let mut alternatives = Vec::new();
    let mut items = Vec::new();
    loop {
        *rest = rest.trim_start();
        let Some(first) = rest.chars().next() else { break };
        let node = match first {
            ')' | ']' => break,
            '|' => {
                *rest = &rest[1..];
                alternatives.push(core::mem::take(&mut items));
                continue;
            }
            '(' | '[' => {
                *rest = &rest[1..];
                let inner = parse(rest);
                *rest = rest.get(1..).unwrap_or("");
                if first == '(' { Node::Group(inner) } else { Node::Optional(inner) }
            }
            _ => {
                let end = rest.find([' ', '|', '(', ')', '[', ']']).unwrap_or(rest.len());
                let end = rest[..end].find("...").unwrap_or(end).max(1);
                let word = &rest[..end];
                *rest = &rest[end..];
                Node::Word(word)
            }
        };
        let after = rest.strip_prefix("...");
        items.push(Item { node, many: after.is_some() });
        *rest = after.unwrap_or(rest);
    }
    alternatives.push(items);
    alternatives
}

/// Whether a word is typed as it stands.
fn is_token(word: &str) -> bool {
    !word.bytes().any(|b| b.is_ascii_lowercase())
}

fn as_token(item: &Item) -> Option<&'static str> {
    match item.node {
        Node::Word(word) if is_token(word) && !item.many => Some(word),
        _ => None,
    }
}

struct Builder {
    row: &'static Row,
}

impl Builder {
    fn sequence(&self, mut items: &[Item]) -> Vec<Argument> {
        let mut list = Vec::new();
        while let Some((first, rest)) = items.split_first() {
            let Some(token) = as_token(first) else {
                list.push(self.one(first));
                items = rest;
                continue;
            };
            let values = rest.iter().take_while(|i| matches!(i.node, Node::Word(_)) && as_token(i).is_none());
            let n = values.count();
            let taken = match rest.first().map(|i| &i.node) {
                Some(Node::Group(_)) => 1,
                _ => n,
            };
            let mut parts: Vec<Argument> = rest[..taken].iter().map(|item| self.one(item)).collect();
            let mut argument = match parts.len() {
                0 => pure(token),
                1 => parts.remove(0),
                _ => group(ArgKind::Block, token.to_ascii_lowercase().into(), parts),
            };
            if matches!(argument.kind, ArgKind::OneOf | ArgKind::Block) {
                argument.name = token.to_ascii_lowercase().into();
            }
            argument.token = Some(token.into());
            list.push(argument);
            items = &rest[taken..];
        }
        list
    }

    fn one(&self, item: &Item) -> Argument {
        let mut argument = match &item.node {
            Node::Word(word) => self.value(word),
            Node::Group(alternatives) => self.group(alternatives),
            Node::Optional(alternatives) => {
                let mut argument = self.group(alternatives);
                argument.optional = true;
                argument
            }
        };
        if item.many {
            argument.multiple = true;
            argument.multiple_token = argument.token.is_some();
        }
        argument
    }

    fn group(&self, alternatives: &[Vec<Item>]) -> Argument {
        let word = |items: &Vec<Item>| match items[..] {
            [Item { node: Node::Word(word), many: false }] => Some(word),
            _ => None,
        };
        let words: Option<Vec<&'static str>> = alternatives.iter().map(word).collect();
        let parts: Vec<Argument> = match words {
            Some(words) if words.len() > 2 || words.iter().all(|w| is_token(w)) => {
                words.into_iter().map(pure).collect()
            }
            _ => alternatives.iter().map(|items| self.block(items)).collect(),
        };
        if parts.len() == 1 { self.block(&alternatives[0]) } else { one_of(parts) }
    }

    /// A sequence as one argument.
    fn block(&self, items: &[Item]) -> Argument {
        let mut parts = self.sequence(items);
        if parts.len() == 1 {
            return parts.remove(0);
        }
        let name = match parts.iter().find_map(|p| p.token.as_deref()) {
            Some(token) if parts[0].token.is_some() && parts[0].kind != ArgKind::PureToken => {
                token.to_ascii_lowercase()
            }
            _ => parts.iter().map(|p| &p.name[..]).collect::<Vec<_>>().join("-"),
        };
        group(ArgKind::Block, name.into(), parts)
    }

    fn value(&self, word: &'static str) -> Argument {
        let name = if is_token(word) { word.to_ascii_lowercase().into() } else { Cow::Borrowed(word) };
        Argument { kind: self.kind(&name), ..group(ArgKind::String, name, Vec::new()) }
    }

    /// The kind of a value by its name. Streams have identifiers where others have positions.
    fn kind(&self, name: &str) -> ArgKind {
        let command = self.row.name;
        let by_rank =
            !command.starts_with("zrangest") && command != "zrange" && self.row.group != Group::Stream;
        match name {
            "pattern" => ArgKind::Pattern,
            "increment" if command.ends_with("float") => ArgKind::Double,
            "timeout" if matches!(self.row.group, Group::List | Group::SortedSet) => ArgKind::Double,
            "min" | "max" if !command.contains("lex") && command != "zrangestore" => ArgKind::Double,
            "start" | "stop" | "end" if by_rank => ArgKind::Integer,
            "value" if matches!(command, "setbit" | "bitfield") => ArgKind::Integer,
            _ if name.starts_with("unix-time") => ArgKind::UnixTime,
            _ if DOUBLES.contains(&name) => ArgKind::Double,
            _ if INTEGERS.contains(&name) => ArgKind::Integer,
            _ => ArgKind::String,
        }
    }
}

const DOUBLES: &[&str] = &["score", "longitude", "latitude", "radius", "width", "height"];

const INTEGERS: &[&str] = &[
    "bit",
    "bits",
    "client-id",
    "cluster-bus-port",
    "config-epoch",
    "count",
    "cursor",
    "db",
    "decrement",
    "destination-db",
    "end-slot",
    "entries-added",
    "entries-read",
    "frequency",
    "increment",
    "index",
    "index1",
    "index2",
    "len",
    "limit",
    "milliseconds",
    "min-match-len",
    "ms",
    "num-matches",
    "numkeys",
    "numlocal",
    "numreplicas",
    "offset",
    "port",
    "protover",
    "rank",
    "seconds",
    "slot",
    "start-slot",
    "timeout",
    "ttl",
    "version",
    "weight",
];

fn group(kind: ArgKind, name: Cow<'static, str>, parts: Vec<Argument>) -> Argument {
    Argument {
        name,
        kind,
        token: None,
        key_spec: None,
        optional: false,
        multiple: false,
        multiple_token: false,
        parts,
    }
}

fn pure(token: &'static str) -> Argument {
    let name: Cow<'static, str> = match token {
        "=" => "equal".into(),
        "~" => "approximately".into(),
        "*" => "auto-id".into(),
        "$" => "new-id".into(),
        "\"\"" => "empty-string".into(),
        word => word.to_ascii_lowercase().into(),
    };
    let token = match token {
        "=" | "~" | "*" | "$" | "\"\"" => Cow::Borrowed(token),
        word => word.to_ascii_uppercase().into(),
    };
    Argument { token: Some(token), ..group(ArgKind::PureToken, name, Vec::new()) }
}

/// What to call alternatives that begin with this one.
const ALTERNATIVES: &[(&str, &str)] = &[
    ("nx", "condition"),
    ("gt", "comparison"),
    ("seconds", "expiration"),
    ("asc", "order"),
    ("m", "unit"),
    ("byte", "unit"),
    ("left", "where"),
    ("before", "where"),
    ("min", "where"),
    ("async", "flush-type"),
    ("maxlen", "strategy"),
    ("equal", "operator"),
    ("frommember", "from"),
    ("member", "from"),
    ("radius", "by"),
    ("byradius", "by"),
    ("byscore", "sortby"),
    ("nosave", "save-selector"),
    ("on", "status"),
    ("yes", "mode"),
    ("write", "mode"),
    ("timeout", "unblock-type"),
    ("host-port", "args"),
    ("ip:port", "filter"),
    ("client-id", "new-format"),
    ("module-name", "filterby"),
    ("libname", "attr"),
    ("auto-id", "id-selector"),
];

fn one_of(parts: Vec<Argument>) -> Argument {
    let known = ALTERNATIVES.iter().find(|(first, _)| *first == parts[0].name);
    let name = match known {
        Some((_, name)) => Cow::Borrowed(*name),
        None => Cow::Owned(parts.iter().map(|p| &p.name[..]).collect::<Vec<_>>().join("-")),
    };
    group(ArgKind::OneOf, name, parts)
}

/// Two ends of a list on one line are told apart.
fn tell_apart(list: &mut [Argument]) {
    let mut ends: Vec<&mut Argument> = list.iter_mut().filter(|a| a.name == "where").collect();
    if let [from, to] = &mut ends[..] {
        from.name = "wherefrom".into();
        to.name = "whereto".into();
    }
}

const KEYS: &[&str] =
    &["key", "key1", "key2", "newkey", "source", "destination", "destkey", "sourcekey", "dst", "src"];

/// Finds which arguments are keys, and by which specification.
struct KeyMarker {
    row: &'static Row,
    seen: usize,
}

impl KeyMarker {
    fn mark(&mut self, list: &mut [Argument], token: Option<&str>) {
        for argument in list {
            let own: Option<String> = argument.token.as_deref().or(token).map(Into::into);
            self.mark(&mut argument.parts, own.as_deref());
            if argument.parts.is_empty() && KEYS.contains(&&argument.name[..]) {
                argument.key_spec = self.spec(own.as_deref());
                if argument.key_spec.is_some() {
                    argument.kind = ArgKind::Key;
                }
            }
        }
    }

    fn spec(&mut self, token: Option<&str>) -> Option<usize> {
        let specs = self.row.specs;
        if let Some(token) = token {
            let after = |s: &super::row::KeySpec| matches!(s.begin, Begin::Keyword(word, _) if word == token);
            return specs.iter().position(after).or(specs.len().checked_sub(1));
        }
        let indexed = specs
            .iter()
            .enumerate()
            .filter(|(_, s)| matches!(s.begin, Begin::Index(_)) && !s.flags.has(KeyFlags::NOT_KEY));
        let indexed: Vec<usize> = indexed.map(|(i, _)| i).collect();
        let at = self.seen.min(indexed.len().checked_sub(1)?);
        self.seen += 1;
        Some(indexed[at])
    }
}

#[cfg(test)]
mod tests {
    use super::{Argument, arguments};
    use crate::engine::row::{Acl, Flags, Group, Row};
    use std::format;
    use std::string::String;
    use std::vec::Vec;

    fn show(a: &Argument) -> String {
        let mut text = format!("{}:{}", a.name, a.kind.name());
        if let Some(token) = &a.token {
            text = format!("{token}={text}");
        }
        if let Some(spec) = a.key_spec {
            text += &format!("@{spec}");
        }
        if !a.parts.is_empty() {
            text += &format!("({})", a.parts.iter().map(show).collect::<Vec<_>>().join(" "));
        }
        if a.optional {
            text += "?";
        }
        if a.multiple {
            text += if a.multiple_token { "++" } else { "+" };
        }
        text
    }

    fn of(syntax: &'static str, group: Group) -> String {
        let row = Row::new("x", |_| Ok(()), -1, Flags::NONE, Acl::NONE, group).doc("", "", syntax);
        let row: &'static Row = std::boxed::Box::leak(std::boxed::Box::new(row));
        arguments(row).iter().map(show).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn grammar() {
        assert_eq!(of("", Group::Generic), "");
        assert_eq!(
            of("[LIMIT offset count]", Group::Generic),
            "LIMIT=limit:block(offset:integer count:integer)?"
        );
        assert_eq!(of("[(GET pattern)...]", Group::Generic), "GET=pattern:pattern?++");
        assert_eq!(
            of("[COUNT count [ANY]]", Group::Geo),
            "count:block(COUNT=count:integer ANY=any:pure-token?)?"
        );
        assert_eq!(
            of("STREAMS key... ID...", Group::Stream),
            "STREAMS=streams:block(key:string+ id:string+)"
        );
        assert_eq!(
            of("(host port|NO ONE)", Group::Server),
            "args:oneof(host-port:block(host:string port:integer) no-one:block(NO=no:pure-token ONE=one:pure-token))"
        );
        assert_eq!(
            of("(LEFT|RIGHT) (LEFT|RIGHT) timeout", Group::List),
            "wherefrom:oneof(LEFT=left:pure-token RIGHT=right:pure-token) \
             whereto:oneof(LEFT=left:pure-token RIGHT=right:pure-token) timeout:double"
        );
        assert_eq!(
            of("[AGGREGATE (SUM|MIN)] (m|km|ft)", Group::Geo),
            "AGGREGATE=aggregate:oneof(SUM=sum:pure-token MIN=min:pure-token)? \
             unit:oneof(M=m:pure-token KM=km:pure-token FT=ft:pure-token)"
        );
        assert_eq!(of("[a (b", Group::Generic), "a-b:block(a:string b:string)?");
    }
}

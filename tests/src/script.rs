//! Scripts: what is said to a server, written so that a person reads them as a session.
//!
//! ```text
//! # A comment; it is kept in the transcript.
//! > SET a 1                   a request on the connection named ""
//! b> GET a                    a request on the connection named b
//! b>> "*1\r\n$4\r\nPI"        raw bytes
//! advance 100ms               time passes
//! close b                     the client closes
//! @mask                       the next reply is reduced to its shape (ids, addresses, times)
//! @fields                     the next reply is text of name:value or name=value, reduced to the names
//! @near                       integers in the next reply may differ a little (remaining times)
//! @unordered                  lists in the next reply are compared sorted
//! @streams                    the next reply describes a stream: no times, no consumers that have nothing
//! @any-order                  the next replies may come in any order
//! @differs TEXT               the next reply differs from Redis 7.0.15 for the reason given
//! @monitor                    lines of MONITOR lose their times and addresses, and PINGs (first lines)
//! @only resp2                 the whole script is run in one protocol only (first lines)
//! @server --name value        the server is started with these arguments (first lines)
//! ```
//!
//! *Owns*: [`Script`], [`Session`] (a run of one script against one target) and [`transcript`], which prints two
//! sessions, RESP2 and RESP3, as one text: where RESP3 answers differently, its reply follows under `resp3`.

use crate::reply::{Reply, parse_all};
use crate::target::Target;
use crate::words;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

/// A parsed script.
#[derive(Clone, Debug, Default)]
pub struct Script {
    /// Arguments the server is started with.
    pub server: Vec<String>,
    /// It watches with MONITOR.
    pub monitor: bool,
    /// The protocols it is run in.
    pub protocols: Vec<Protocol>,
    /// What happens, in order.
    pub steps: Vec<Step>,
}

/// The version of RESP spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// RESP2.
    Resp2,
    /// RESP3.
    Resp3,
}

/// One line of a script.
#[derive(Clone, Debug)]
pub struct Step {
    /// The line as written.
    pub line: String,
    /// What it does.
    pub action: StepAction,
    /// How its replies are compared.
    pub rule: Rule,
}

/// What one line does.
#[derive(Clone, Debug)]
pub enum StepAction {
    /// Nothing: a comment or an empty line.
    Comment,
    /// Bytes on a named connection.
    Send(String, Vec<u8>),
    /// Time passes.
    Advance(Duration),
    /// The client closes.
    Close(String),
}

/// How the replies to a step are compared and printed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rule {
    /// Only the shape counts.
    pub mask: bool,
    /// Only the names of fields in a text count.
    pub fields: bool,
    /// Integers may be off by some seconds.
    pub near: bool,
    /// Order in lists does not count.
    pub unordered: bool,
    /// Order of replies does not count.
    pub any_order: bool,
    /// What XINFO and XPENDING say of streams is reduced to what Redis 7.0 says too, without times.
    pub streams: bool,
    /// Lines of MONITOR are reduced to what they say.
    pub monitor: bool,
    /// Only what is said counts, neither its order nor how it is nested.
    pub leaves: bool,
    /// The rules of the commands that an EXEC answers for, in order.
    pub queued: Vec<Rule>,
    /// Redis 7.0.15 answers differently, and why.
    pub differs: Option<String>,
}

/// What one connection received during one step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// Complete replies.
    pub replies: Vec<Reply>,
    /// Bytes after the last complete reply, or all of them when they are not RESP.
    pub rest: Vec<u8>,
    /// The server closed during this step.
    pub closed: bool,
}

/// What was received in one step, by connection name.
pub type StepHeard = BTreeMap<String, Heard>;

/// One run of a script.
#[derive(Clone, Debug, Default)]
pub struct Session {
    /// One entry per step.
    pub heard: Vec<StepHeard>,
}

impl Rule {
    /// What either of two rules excuses.
    #[must_use]
    pub fn or(&self, other: &Rule) -> Rule {
        Rule {
            mask: self.mask || other.mask,
            fields: self.fields || other.fields,
            near: self.near || other.near,
            unordered: self.unordered || other.unordered,
            any_order: self.any_order || other.any_order,
            streams: self.streams || other.streams,
            monitor: self.monitor || other.monitor,
            leaves: self.leaves || other.leaves,
            queued: Vec::new(),
            differs: self.differs.clone().or_else(|| other.differs.clone()),
        }
    }
}

impl Script {
    /// Parses the text of a script.
    ///
    /// # Panics
    /// On a line that means nothing.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut script = Self { protocols: vec![Protocol::Resp2, Protocol::Resp3], ..Self::default() };
        let mut rule = Rule::default();
        for line in text.lines().map(str::trim_end) {
            if let Some(directive) = line.strip_prefix('@') {
                script.directive(directive, &mut rule);
                continue;
            }
            let action = parse_action(line);
            let rule = if matches!(action, StepAction::Comment) {
                Rule::default()
            } else {
                std::mem::take(&mut rule)
            };
            let rule = Rule { monitor: script.monitor, ..rule };
            script.steps.push(Step { line: line.to_owned(), action, rule });
        }
        script
    }

    fn directive(&mut self, directive: &str, rule: &mut Rule) {
        let (word, rest) = directive.split_once(' ').unwrap_or((directive, ""));
        match word {
            "mask" => rule.mask = true,
            "fields" => rule.fields = true,
            "near" => rule.near = true,
            "unordered" => rule.unordered = true,
            "any-order" => rule.any_order = true,
            "streams" => rule.streams = true,
            "differs" => rule.differs = Some(rest.to_owned()),
            "only" if rest == "resp2" => self.protocols = vec![Protocol::Resp2],
            "only" if rest == "resp3" => self.protocols = vec![Protocol::Resp3],
            "monitor" => self.monitor = true,
            "server" => self.server.extend(rest.split(' ').map(|w| w.trim_matches('"').to_owned())),
            other => panic!("no such directive: {other}"),
        }
    }

    /// Says the script to a server that has nobody connected yet.
    ///
    /// # Panics
    /// When HELLO 3 is refused.
    pub fn run(&self, target: &mut dyn Target, protocol: Protocol) -> Session {
        let mut named = BTreeMap::new();
        let mut session = Session::default();
        let mut closed_before = std::collections::BTreeSet::new();
        for step in &self.steps {
            match &step.action {
                StepAction::Comment => {}
                StepAction::Send(name, bytes) => {
                    let conn = connection(target, &mut named, name, protocol);
                    target.send(conn, bytes);
                }
                StepAction::Advance(span) => target.advance(*span),
                StepAction::Close(name) => {
                    let conn = named.remove(name).expect("a connection to close");
                    closed_before.remove(name);
                    target.close(conn);
                }
            }
            if !matches!(step.action, StepAction::Comment) {
                target.settle();
            }
            let mut heard = StepHeard::new();
            for (name, &conn) in &named {
                let closed = target.is_closed(conn) && closed_before.insert(name.clone());
                let bytes = target.take(conn);
                if closed || !bytes.is_empty() {
                    let (replies, rest) = parse_all(&bytes).unwrap_or((Vec::new(), bytes));
                    heard.insert(name.clone(), Heard { replies, rest, closed });
                }
            }
            session.heard.push(heard);
        }
        session
    }
}

fn connection(
    target: &mut dyn Target,
    named: &mut BTreeMap<String, usize>,
    name: &str,
    protocol: Protocol,
) -> usize {
    *named.entry(name.to_owned()).or_insert_with(|| {
        let conn = target.connect();
        target.settle();
        if protocol == Protocol::Resp3 {
            target.send(conn, b"HELLO 3\r\n");
            target.settle();
            let hello = target.take(conn);
            assert!(hello.starts_with(b"%"), "HELLO 3 failed: {}", words::escape(&hello));
        }
        conn
    })
}

fn parse_action(line: &str) -> StepAction {
    if line.is_empty() || line.starts_with('#') {
        return StepAction::Comment;
    }
    if let Some(span) = line.strip_prefix("advance ") {
        let ms: u64 = span.strip_suffix("ms").and_then(|n| n.parse().ok()).expect("advance NUMBERms");
        return StepAction::Advance(Duration::from_millis(ms));
    }
    if let Some(name) = line.strip_prefix("close ") {
        return StepAction::Close(name.to_owned());
    }
    let (name, rest) = line.split_once('>').unwrap_or_else(|| panic!("not a script line: {line}"));
    assert!(name.chars().all(char::is_alphanumeric), "not a connection name: {line}");
    let bytes = match rest.strip_prefix('>') {
        Some(raw) => words::split(raw).concat(),
        None => words::command(rest),
    };
    StepAction::Send(name.to_owned(), bytes)
}

/// The sessions of one script in RESP2 and RESP3 as one text.
#[must_use]
pub fn transcript(script: &Script, sessions: &[(Protocol, Session)]) -> String {
    let mut out = String::new();
    for (i, step) in script.steps.iter().enumerate() {
        let _ = writeln!(out, "{}", step.line);
        if let Some(reason) = &step.rule.differs {
            let _ = writeln!(out, "  (not as Redis 7.0: {reason})");
        }
        let main = match &step.action {
            StepAction::Send(name, _) => name.as_str(),
            _ => "",
        };
        let first = render(&sessions[0].1.heard[i], &step.rule, main);
        out.push_str(&first);
        for (_, session) in &sessions[1..] {
            let other = render(&session.heard[i], &step.rule, main);
            if other != first {
                let _ = writeln!(out, "  resp3");
                out.push_str(if other.is_empty() { "    (nothing)\n" } else { &other });
            }
        }
    }
    out
}

/// What was heard in one step, indented; lines of other connections than `main` carry their name.
#[must_use]
pub fn render(heard: &StepHeard, rule: &Rule, main: &str) -> String {
    let mut out = String::new();
    for (name, heard) in heard {
        let who = if name == main { String::new() } else { format!("{name}< ") };
        for reply in presented(&heard.replies, rule) {
            for line in reply.to_string().lines() {
                let _ = writeln!(out, "    {who}{line}");
            }
        }
        if !heard.rest.is_empty() {
            let _ = writeln!(out, "    {who}(raw) {}", words::escape(&heard.rest));
        }
        if heard.closed {
            let _ = writeln!(out, "    {who}(closed)");
        }
    }
    out
}

/// Replies as a transcript shows them under a rule.
#[must_use]
pub fn presented(replies: &[Reply], rule: &Rule) -> Vec<Reply> {
    let present = |reply: &Reply| {
        let mut reply = reply.clone();
        if rule.streams {
            reply = reply.stream_facts();
        }
        if rule.unordered {
            reply = reply.sorted();
        }
        if rule.fields {
            reply = reply.fields();
        }
        if rule.mask {
            reply = reply.shape();
        }
        if rule.monitor { monitored(reply) } else { Some(reply) }
    };
    let mut replies: Vec<_> = replies.iter().filter_map(present).collect();
    if rule.leaves {
        replies = replies.iter().flat_map(Reply::leaves).collect();
    }
    if rule.any_order || rule.leaves {
        replies.sort();
    }
    replies
}

/// `+1700000000.123456 [0 127.0.0.1:1] "GET" "a"` without time and address; `None` for a PING, because the barrier
/// of a TCP target sends some.
fn monitored(reply: Reply) -> Option<Reply> {
    let Reply::Simple(text) = &reply else { return Some(reply) };
    let text = String::from_utf8_lossy(text).into_owned();
    let Some((time, rest)) = text.split_once(" [") else { return Some(reply) };
    let (Ok(_), Some((from, command))) = (time.parse::<f64>(), rest.split_once("] ")) else {
        return Some(reply);
    };
    let db = from.split(' ').next().unwrap_or_default();
    (command != "\"PING\"").then(|| Reply::Simple(format!("TIME [{db} ADDRESS] {command}").into_bytes()))
}

//! CLIENT: connections looked at, named, paused and closed. Source: the Redis documentation of each subcommand.

use super::connection::is_client_name;
use crate::base::ids::ClientId;
use crate::base::mutant::{Mutant, shared_counter};
use crate::connection::{ConnFlags, Connection, WaitsFor};
use crate::contract::{Span, Timer};
use crate::engine::row::{Acl, Flags, Group, Row};
use crate::engine::table::container;
use crate::engine::{Ctx, RowIx, Server};
use crate::resp::CommandError;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write as _;

type Done = Result<(), CommandError>;

fn client_id(ctx: &mut Ctx<'_>) -> Done {
    let mut id = ctx.client().id.0;
    if ctx.srv.knobs.broken(Mutant::ReadsShow) {
        id += ctx.srv.stats.reads;
    }
    if ctx.srv.knobs.broken(Mutant::StateShared) {
        id += shared_counter();
    }
    ctx.reply().int(id as i64);
    Ok(())
}

fn client_getname(ctx: &mut Ctx<'_>) -> Done {
    let name = ctx.client().details.name.clone();
    if name.is_empty() {
        ctx.reply().null();
    } else {
        ctx.reply().bulk(&name);
    }
    Ok(())
}

fn client_setname(ctx: &mut Ctx<'_>) -> Done {
    let name = ctx.arg(2);
    if !is_client_name(name) {
        return Err(CommandError::ClientName);
    }
    ctx.client_mut().details.name = name.into();
    ctx.reply().ok();
    Ok(())
}

fn client_setinfo(ctx: &mut Ctx<'_>) -> Done {
    let (option, value) = (ctx.arg(2), ctx.arg(3));
    let is_name = ctx.arg_is(2, "LIB-NAME");
    if !is_name && !ctx.arg_is(2, "LIB-VER") {
        ctx.reply().error_parts(&[b"ERR Unrecognized option '", option, b"'"]);
        return Err(CommandError::Written);
    }
    if !is_client_name(value) {
        let what: &[u8] = if is_name { b"lib-name" } else { b"lib-ver" };
        ctx.reply().error_parts(&[b"ERR ", what, b" cannot contain spaces, newlines or special characters."]);
        return Err(CommandError::Written);
    }
    let details = &mut ctx.client_mut().details;
    if is_name {
        details.lib_name = value.into();
    } else {
        details.lib_ver = value.into();
    }
    ctx.reply().ok();
    Ok(())
}

fn client_info(ctx: &mut Ctx<'_>) -> Done {
    let mut text = String::new();
    describe(ctx.srv, ctx.client(), &mut text);
    text.push('\n');
    ctx.reply().verbatim("txt", text.as_bytes());
    Ok(())
}

/// A kind of client as CLIENT LIST and CLIENT KILL name it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Normal,
    Master,
    Replica,
    PubSub,
}

impl Kind {
    fn named(ctx: &mut Ctx<'_>, i: usize) -> Result<Self, CommandError> {
        match () {
            () if ctx.arg_is(i, "NORMAL") => Ok(Self::Normal),
            () if ctx.arg_is(i, "MASTER") => Ok(Self::Master),
            () if ctx.arg_is(i, "SLAVE") || ctx.arg_is(i, "REPLICA") => Ok(Self::Replica),
            () if ctx.arg_is(i, "PUBSUB") => Ok(Self::PubSub),
            () => {
                let word = ctx.arg(i);
                ctx.reply().error_parts(&[b"ERR Unknown client type '", word, b"'"]);
                Err(CommandError::Written)
            }
        }
    }

    fn of(conn: &Connection) -> Self {
        match () {
            () if conn.flags.has(ConnFlags::MASTER) => Self::Master,
            () if conn.flags.has(ConnFlags::REPLICA) && !conn.flags.has(ConnFlags::MONITOR) => Self::Replica,
            () if conn.flags.has(ConnFlags::PUBSUB) => Self::PubSub,
            () => Self::Normal,
        }
    }
}

fn client_list(ctx: &mut Ctx<'_>) -> Done {
    let mut text = String::new();
    if ctx.argc() == 4 && ctx.arg_is(2, "TYPE") {
        let kind = Kind::named(ctx, 3)?;
        for conn in ctx.srv.conns.iter().filter(|c| Kind::of(c) == kind) {
            describe(ctx.srv, conn, &mut text);
            text.push('\n');
        }
    } else if ctx.argc() > 3 && ctx.arg_is(2, "ID") {
        for i in 3..ctx.argc() {
            let Some(id) = crate::base::number::parse_i64(ctx.arg(i)) else {
                ctx.reply().error("ERR Invalid client ID");
                return Err(CommandError::Written);
            };
            if let Some(slot) = ctx.srv.conns.by_client_id(ClientId(id as u64)) {
                describe(ctx.srv, ctx.srv.conns.get(slot), &mut text);
                text.push('\n');
            }
        }
    } else if ctx.argc() == 2 {
        for conn in ctx.srv.conns.iter() {
            describe(ctx.srv, conn, &mut text);
            text.push('\n');
        }
    } else {
        return Err(CommandError::Syntax);
    }
    ctx.reply().verbatim("txt", text.as_bytes());
    Ok(())
}

/// One line of CLIENT LIST.
fn describe(srv: &Server, c: &Connection, text: &mut String) {
    let now = srv.now.mono;
    let d = &c.details;
    let lossy = String::from_utf8_lossy;
    let subs = |kind| c.subs.as_ref().map_or(0, |s| s.of(kind).len());
    use crate::pubsub::SubKind::{Channel, Pattern, Shard};
    let multi = c.multi.as_ref().filter(|m| m.open);
    let queued = multi.map_or(-1, |m| m.queue.len() as i64);
    let multi_mem: usize = multi.map_or(0, |m| m.queue.iter().map(|q| q.args.heap_bytes()).sum());
    let out = srv.pending_output(c.conn.index);
    let last = match c.last_row.checked_sub(1) {
        Some(row) => srv.table.row(RowIx(row)).name,
        None => "NULL",
    };
    let events = if c.flags.has(ConnFlags::STALLED) { "rw" } else { "r" };
    let _ = write!(
        text,
        "id={} addr={} laddr={} fd={} name={} age={} idle={} flags={} db={} sub={} psub={} ssub={} multi={queued} \
         qbuf={} qbuf-free=0 argv-mem=0 multi-mem={multi_mem} rbs={} rbp=0 obl={out} oll=0 omem=0 tot-mem={} \
         events={events} cmd={last} user=default redir=-1 resp={} lib-name={} lib-ver={}",
        c.id.0,
        d.peer,
        d.local,
        c.conn.index,
        lossy(&d.name),
        (now - c.created).as_secs(),
        (now - c.active).as_secs(),
        flag_letters(c),
        c.db.0,
        subs(Channel),
        subs(Pattern),
        subs(Shard),
        c.inbox.buffered(),
        c.out.heap_bytes(),
        c.heap_bytes() + multi_mem,
        c.proto.number(),
        lossy(&d.lib_name),
        lossy(&d.lib_ver),
    );
}

fn flag_letters(c: &Connection) -> String {
    let letters = [
        (ConnFlags::REPLICA, 'S'),
        (ConnFlags::MASTER, 'M'),
        (ConnFlags::MONITOR, 'O'),
        (ConnFlags::PUBSUB, 'P'),
        (ConnFlags::MULTI, 'x'),
        (ConnFlags::BLOCKED, 'b'),
        (ConnFlags::DIRTY_CAS, 'd'),
        (ConnFlags::CLOSE_AFTER_REPLY, 'c'),
        (ConnFlags::CLOSING, 'A'),
        (ConnFlags::UNIX, 'U'),
        (ConnFlags::READONLY_MODE, 'r'),
        (ConnFlags::NO_EVICT, 'e'),
        (ConnFlags::NO_TOUCH, 'T'),
    ];
    let text: String =
        letters.iter().filter(|(bit, _)| c.flags.has(*bit)).map(|(_, letter)| letter).collect();
    if text.is_empty() { String::from("N") } else { text }
}

/// What CLIENT KILL looks for.
#[derive(Default)]
struct Filters {
    id: Option<ClientId>,
    addr: Option<Box<[u8]>>,
    laddr: Option<Box<[u8]>>,
    kind: Option<Kind>,
    skip_me: bool,
}

impl Filters {
    fn parse(ctx: &mut Ctx<'_>) -> Result<Self, CommandError> {
        let mut f = Self { skip_me: true, ..Self::default() };
        if !ctx.argc().is_multiple_of(2) {
            return Err(CommandError::Syntax);
        }
        for i in (2..ctx.argc()).step_by(2) {
            let value = ctx.arg(i + 1);
            match () {
                () if ctx.arg_is(i, "ID") => {
                    let id = crate::base::number::parse_i64(value).filter(|id| *id > 0);
                    f.id = Some(ClientId(id.ok_or(CommandError::ClientIdZero)? as u64));
                }
                () if ctx.arg_is(i, "TYPE") => f.kind = Some(Kind::named(ctx, i + 1)?),
                () if ctx.arg_is(i, "ADDR") => f.addr = Some(value.into()),
                () if ctx.arg_is(i, "LADDR") => f.laddr = Some(value.into()),
                () if ctx.arg_is(i, "USER") => {
                    if value != b"default" {
                        ctx.reply().error_parts(&[b"ERR No such user '", value, b"'"]);
                        return Err(CommandError::Written);
                    }
                }
                () if ctx.arg_is(i, "SKIPME") => match () {
                    () if value.eq_ignore_ascii_case(b"yes") => f.skip_me = true,
                    () if value.eq_ignore_ascii_case(b"no") => f.skip_me = false,
                    () => return Err(CommandError::Syntax),
                },
                () => return Err(CommandError::Syntax),
            }
        }
        Ok(f)
    }

    fn match_client(&self, c: &Connection) -> bool {
        let same =
            |want: &Option<Box<[u8]>>, have: &str| want.as_ref().is_none_or(|w| **w == *have.as_bytes());
        same(&self.addr, &c.details.peer)
            && same(&self.laddr, &c.details.local)
            && self.id.is_none_or(|id| id == c.id)
            && self.kind.is_none_or(|kind| kind == Kind::of(c))
    }
}

fn client_kill(ctx: &mut Ctx<'_>) -> Done {
    let by_address = ctx.argc() == 3;
    let filters = if by_address {
        Filters { addr: Some(ctx.arg(2).into()), ..Filters::default() }
    } else {
        Filters::parse(ctx)?
    };
    let me = ctx.slot;
    let matching = |c: &&Connection| filters.match_client(c) && !(filters.skip_me && c.conn.index == me);
    let victims: Vec<u32> = ctx.srv.conns.iter().filter(matching).map(|c| c.conn.index).collect();
    for slot in &victims {
        if *slot == me {
            ctx.srv.close_after_reply(me);
        } else {
            ctx.srv.close_soon(*slot);
        }
    }
    match (by_address, victims.len()) {
        (true, 0) => return Err(CommandError::NoSuchClient),
        (true, _) => ctx.reply().ok(),
        (false, n) => ctx.reply().int(n as i64),
    }
    Ok(())
}

fn client_reply(ctx: &mut Ctx<'_>) -> Done {
    let off = ctx.client().flags.has(ConnFlags::REPLY_OFF);
    if ctx.arg_is(2, "ON") {
        ctx.client_mut().flags.clear(ConnFlags::REPLY_OFF.or(ConnFlags::REPLY_SKIP));
        ctx.reply().ok();
    } else if ctx.arg_is(2, "OFF") {
        ctx.client_mut().flags.set(ConnFlags::REPLY_OFF);
    } else if ctx.arg_is(2, "SKIP") {
        if !off {
            ctx.client_mut().flags.set(ConnFlags::REPLY_SKIP_NEXT);
        }
    } else {
        return Err(CommandError::Syntax);
    }
    Ok(())
}

fn client_no_evict(ctx: &mut Ctx<'_>) -> Done {
    switch(ctx, ConnFlags::NO_EVICT)
}

fn client_no_touch(ctx: &mut Ctx<'_>) -> Done {
    switch(ctx, ConnFlags::NO_TOUCH)
}

fn switch(ctx: &mut Ctx<'_>, bit: ConnFlags) -> Done {
    if ctx.arg_is(2, "ON") {
        ctx.client_mut().flags.set(bit);
    } else if ctx.arg_is(2, "OFF") {
        ctx.client_mut().flags.clear(bit);
    } else {
        return Err(CommandError::Syntax);
    }
    ctx.reply().ok();
    Ok(())
}

fn client_pause(ctx: &mut Ctx<'_>) -> Done {
    let all = match ctx.argc() {
        3 => true,
        4 if ctx.arg_is(3, "ALL") => true,
        4 if ctx.arg_is(3, "WRITE") => false,
        4 => {
            ctx.reply().error("ERR CLIENT PAUSE mode must be WRITE or ALL");
            return Err(CommandError::Written);
        }
        _ => return Err(CommandError::Syntax),
    };
    let millis = crate::base::number::parse_i64(ctx.arg(2)).ok_or(CommandError::TimeoutNotInteger)?;
    if millis < 0 {
        return Err(CommandError::TimeoutNegative);
    }
    let end = ctx.srv.now.mono + Span::ms(millis as u64);
    ctx.srv.pause_clients(end, all);
    ctx.reply().ok();
    Ok(())
}

fn client_unpause(ctx: &mut Ctx<'_>) -> Done {
    ctx.srv.unpause();
    ctx.reply().ok();
    Ok(())
}

impl Server {
    /// Lets commands wait until `end`; a pause under way is only ever extended.
    pub(super) fn pause_clients(&mut self, end: crate::contract::Mono, all: bool) {
        let until = self.pause.until.map_or(end, |old| old.max(end));
        self.pause.all = all || (self.pause.until.is_some() && self.pause.all);
        self.pause.until = Some(until);
        self.timers.set(Timer::Pause, Some(until));
        self.rearm();
    }
}

fn client_unblock(ctx: &mut Ctx<'_>) -> Done {
    let with_error = match ctx.argc() {
        3 => false,
        4 if ctx.arg_is(3, "TIMEOUT") => false,
        4 if ctx.arg_is(3, "ERROR") => true,
        4 => {
            ctx.reply().error("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR");
            return Err(CommandError::Written);
        }
        _ => return Err(super::bad_subcommand(ctx)),
    };
    let id = ctx.int(2)?;
    let target = ctx.srv.conns.by_client_id(ClientId(id as u64));
    let waits = target.and_then(|slot| ctx.srv.conns.get(slot).waits.as_ref());
    let unblocks = waits.is_some_and(|w| matches!(w.what, WaitsFor::Replicas { .. } | WaitsFor::Keys(_)));
    if let (Some(slot), true) = (target, unblocks) {
        if with_error {
            ctx.srv.fail_waiting(slot, CommandError::Unblocked);
        } else {
            ctx.srv.give_up(slot);
        }
    }
    ctx.reply().int(i64::from(unblocks));
    Ok(())
}

fn client_help(ctx: &mut Ctx<'_>) -> Done {
    super::help(
        ctx,
        "CLIENT",
        &[
            "GETNAME",
            "    The name of this connection.",
            "ID",
            "    The id of this connection.",
            "INFO",
            "    A line about this connection.",
            "KILL <ip:port>",
            "    Close the connection from this address.",
            "KILL <option> <value> [<option> <value> ...]",
            "    Close connections by ID, TYPE, USER, ADDR, LADDR; SKIPME yes spares this one.",
            "LIST [TYPE (normal|master|replica|pubsub)] [ID <id> [<id> ...]]",
            "    A line about each connection.",
            "NO-EVICT (ON|OFF)",
            "    Exempt this connection from being closed when memory is short.",
            "NO-TOUCH (ON|OFF)",
            "    Leave the access times of keys alone.",
            "PAUSE <milliseconds> [WRITE|ALL]",
            "    Let commands wait.",
            "REPLY (ON|OFF|SKIP)",
            "    Choose which replies are sent.",
            "SETINFO <LIB-NAME|LIB-VER> <value>",
            "    Tell about the client library.",
            "SETNAME <name>",
            "    Name this connection.",
            "UNBLOCK <id> [TIMEOUT|ERROR]",
            "    End the waiting of a connection.",
            "UNPAUSE",
            "    End the pause.",
        ],
    );
    Ok(())
}

pub(super) const ROWS: &[Row] = &[
    Row::new("client", container, -2, Flags::CONTAINER, Acl::SLOW, Group::Connection)
        .since("2.4.0")
        .doc("Groups the commands about connections.", "Depends on the subcommand", "")
        .subs(&[
            Row::new("client|getname", client_getname, 2, Flags::NOSCRIPT.or(Flags::LOADING).or(Flags::STALE), Acl::CONNECTION.or(Acl::SLOW), Group::Connection)
                .since("2.6.9")
                .doc("Tells the name of this connection.", "O(1)", ""),
            Row::new("client|help", client_help, 2, Flags::LOADING.or(Flags::STALE), Acl::CONNECTION.or(Acl::SLOW), Group::Connection)
                .since("5.0.0")
                .doc("Explains the subcommands.", "O(1)", ""),
            Row::new("client|id", client_id, 2, Flags::NOSCRIPT.or(Flags::LOADING).or(Flags::STALE), Acl::CONNECTION.or(Acl::SLOW), Group::Connection)
                .since("5.0.0")
                .doc("Tells the id of this connection, which is never given twice.", "O(1)", ""),
            Row::new("client|info", client_info, 2, Flags::NOSCRIPT.or(Flags::LOADING).or(Flags::STALE), Acl::CONNECTION.or(Acl::SLOW), Group::Connection)
                .since("6.2.0")
                .tips(&["nondeterministic_output"])
                .doc("Describes this connection.", "O(1)", ""),
            Row::new("client|kill", client_kill, -3, Flags::ADMIN.or(Flags::NOSCRIPT).or(Flags::LOADING).or(Flags::STALE), Acl::ADMIN.or(Acl::CONNECTION).or(Acl::DANGEROUS).or(Acl::SLOW), Group::Connection)
                .since("2.4.0")
                .doc("Closes the connections that match.", "O(n) in the number of connections", "(ip:port|([ID client-id]|[TYPE (normal|master|slave|replica|pubsub)]|[USER username]|[ADDR ip:port]|[LADDR ip:port]|[SKIPME (YES|NO)])...)"),
            Row::new("client|list", client_list, -2, Flags::ADMIN.or(Flags::NOSCRIPT).or(Flags::LOADING).or(Flags::STALE), Acl::ADMIN.or(Acl::CONNECTION).or(Acl::DANGEROUS).or(Acl::SLOW), Group::Connection)
                .since("2.4.0")
                .tips(&["nondeterministic_output"])
                .doc("Describes the open connections, a line each.", "O(n) in the number of connections", "[TYPE (normal|master|replica|pubsub)] [ID client-id...]"),
            Row::new("client|no-evict", client_no_evict, 3, Flags::ADMIN.or(Flags::NOSCRIPT).or(Flags::LOADING).or(Flags::STALE), Acl::ADMIN.or(Acl::CONNECTION).or(Acl::DANGEROUS).or(Acl::SLOW), Group::Connection)
                .since("7.0.0")
                .doc("Exempts this connection from being closed when memory is short.", "O(1)", "(ON|OFF)"),
            Row::new("client|no-touch", client_no_touch, 3, Flags::NOSCRIPT.or(Flags::LOADING).or(Flags::STALE), Acl::CONNECTION.or(Acl::SLOW), Group::Connection)
                .since("7.2.0")
                .doc("Keeps this connection's commands from counting as uses of keys.", "O(1)", "(ON|OFF)"),
            Row::new("client|pause", client_pause, -3, Flags::ADMIN.or(Flags::NOSCRIPT).or(Flags::LOADING).or(Flags::STALE), Acl::ADMIN.or(Acl::CONNECTION).or(Acl::DANGEROUS).or(Acl::SLOW), Group::Connection)
                .since("3.0.0")
                .doc("Lets commands wait for a while.", "O(1)", "timeout [WRITE|ALL]"),
            Row::new("client|reply", client_reply, 3, Flags::NOSCRIPT.or(Flags::LOADING).or(Flags::STALE), Acl::CONNECTION.or(Acl::SLOW), Group::Connection)
                .since("3.2.0")
                .doc("Switches the replies to this connection on or off.", "O(1)", "(ON|OFF|SKIP)"),
            Row::new("client|setinfo", client_setinfo, 4, Flags::NOSCRIPT.or(Flags::LOADING).or(Flags::STALE), Acl::CONNECTION.or(Acl::SLOW), Group::Connection)
                .since("7.2.0")
                .tips(&["request_policy:all_nodes", "response_policy:all_succeeded"])
                .doc("Stores the name or the version of the client library.", "O(1)", "(LIB-NAME libname|LIB-VER libver)"),
            Row::new("client|setname", client_setname, 3, Flags::NOSCRIPT.or(Flags::LOADING).or(Flags::STALE), Acl::CONNECTION.or(Acl::SLOW), Group::Connection)
                .since("2.6.9")
                .tips(&["request_policy:all_nodes", "response_policy:all_succeeded"])
                .doc("Names this connection.", "O(1)", "connection-name"),
            Row::new("client|unblock", client_unblock, -3, Flags::ADMIN.or(Flags::NOSCRIPT).or(Flags::LOADING).or(Flags::STALE), Acl::ADMIN.or(Acl::CONNECTION).or(Acl::DANGEROUS).or(Acl::SLOW), Group::Connection)
                .since("5.0.0")
                .doc("Ends the waiting of another connection.", "O(log n) in the number of connections", "client-id [TIMEOUT|ERROR]"),
            Row::new("client|unpause", client_unpause, 2, Flags::ADMIN.or(Flags::NOSCRIPT).or(Flags::LOADING).or(Flags::STALE), Acl::ADMIN.or(Acl::CONNECTION).or(Acl::DANGEROUS).or(Acl::SLOW), Group::Connection)
                .since("6.2.0")
                .doc("Ends the pause of commands.", "O(n) in the number of paused connections", ""),
        ]),
];

//! Places as members of sorted sets: searching around a place. Source: the Redis documentation of each command.

use super::geo::{place, place_of, told, unit, write_distance, write_place};
use super::zset::{READ, first_key, limits, read, zset};
use crate::base::number::parse_float;
use crate::config::NotifyFlags;
use crate::containers::geohash::{Place, Shape};
use crate::engine::Ctx;
use crate::engine::keys::FoundKey;
use crate::engine::row::{Acl, Begin, Find, Flags, Group, KeyFlags, KeySpec, Row};
use crate::keyspace::Ttl;
use crate::resp::{Args, CommandError};
use crate::value::{SmallBytes, Value, ZSet};
use alloc::vec;
use alloc::vec::Vec;

type Done = Result<(), CommandError>;

/// The forms of the search.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Radius { by_member: bool, read_only: bool },
    Search { stores: bool },
}

/// In which order results come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sort {
    AsFound,
    Nearest,
    Farthest,
}

/// What is searched, and what becomes of it.
struct Query {
    centre: Option<Place>,
    shape: Option<Shape>,
    /// Metres of the unit of the shape, in which distances are shown.
    metres: f64,
    /// Argument with the key to store under.
    store: Option<usize>,
    store_distance: bool,
    with_distance: bool,
    with_hash: bool,
    with_place: bool,
    /// The most results; 0 for all.
    count: usize,
    any: bool,
    sort: Sort,
}

/// A member that was found.
struct Hit {
    member: SmallBytes,
    score: f64,
    distance: f64,
}

impl Query {
    /// Takes the arguments apart. A missing key has no members to search around, which is told nowhere.
    fn parse(ctx: &mut Ctx<'_>, form: Form, source: usize) -> Result<(Self, bool), CommandError> {
        let exists = read(&mut ctx.srv.keyspace, ctx.db, ctx.args.get(source))?.is_some();
        let mut query = Self {
            centre: None,
            shape: None,
            metres: 1.0,
            store: None,
            store_distance: false,
            with_distance: false,
            with_hash: false,
            with_place: false,
            count: 0,
            any: false,
            sort: Sort::AsFound,
        };
        let mut from_member = false;
        let mut i = query.begin(ctx, form, source, exists)?;
        while i < ctx.argc() {
            let more = ctx.argc() - i - 1;
            i += 1;
            if query.switch(ctx, i - 1) {
                continue;
            }
            let is = |w: &str| ctx.arg_is(i - 1, w);
            let searching = matches!(form, Form::Search { .. });
            let placed = query.centre.is_some() || from_member;
            match () {
                () if is("COUNT") && more >= 1 => {
                    let count = ctx.int(i)?;
                    query.count =
                        usize::try_from(count).ok().filter(|n| *n > 0).ok_or(CommandError::GeoCount)?;
                    i += 1;
                }
                () if (is("STORE") || is("STOREDIST"))
                    && more >= 1
                    && matches!(form, Form::Radius { read_only: false, .. }) =>
                {
                    query.store_distance = is("STOREDIST");
                    query.store = Some(i);
                    i += 1;
                }
                () if is("STOREDIST") && form == (Form::Search { stores: true }) => {
                    query.store_distance = true
                }
                () if searching && is("FROMMEMBER") && more >= 1 && query.centre.is_none() => {
                    from_member = true;
                    if exists {
                        query.centre = Some(member_place(ctx, source, i)?);
                    }
                    i += 1;
                }
                () if searching && is("FROMLONLAT") && more >= 2 && !placed => {
                    query.centre = Some(place(ctx, i)?);
                    i += 2;
                }
                () if searching && is("BYRADIUS") && more >= 2 && query.shape.is_none() => {
                    query.radius(ctx, i)?;
                    i += 2;
                }
                () if searching && is("BYBOX") && more >= 3 && query.shape.is_none() => {
                    query.rectangle(ctx, i)?;
                    i += 3;
                }
                () => return Err(CommandError::Syntax),
            }
        }
        query.check(ctx, form, from_member)?;
        Ok((query, exists))
    }

    /// What stands before the options; where those begin.
    fn begin(
        &mut self,
        ctx: &mut Ctx<'_>,
        form: Form,
        source: usize,
        exists: bool,
    ) -> Result<usize, CommandError> {
        Ok(match form {
            Form::Radius { by_member: false, .. } => {
                self.centre = Some(place(ctx, 2)?);
                self.radius(ctx, 4)?;
                6
            }
            Form::Radius { by_member: true, .. } => {
                if exists {
                    self.centre = Some(member_place(ctx, source, 2)?);
                    self.radius(ctx, 3)?;
                }
                5
            }
            Form::Search { stores } => {
                self.store = stores.then_some(1);
                source + 1
            }
        })
    }

    /// Options of one word.
    fn switch(&mut self, ctx: &Ctx<'_>, i: usize) -> bool {
        match () {
            () if ctx.arg_is(i, "WITHDIST") => self.with_distance = true,
            () if ctx.arg_is(i, "WITHHASH") => self.with_hash = true,
            () if ctx.arg_is(i, "WITHCOORD") => self.with_place = true,
            () if ctx.arg_is(i, "ANY") => self.any = true,
            () if ctx.arg_is(i, "ASC") => self.sort = Sort::Nearest,
            () if ctx.arg_is(i, "DESC") => self.sort = Sort::Farthest,
            () => return false,
        }
        true
    }

    /// A radius and its unit.
    fn radius(&mut self, ctx: &mut Ctx<'_>, at: usize) -> Done {
        let Some(radius) = parse_float(ctx.arg(at)) else { return Err(told(ctx, "ERR need numeric radius")) };
        if radius < 0.0 {
            return Err(CommandError::GeoRadius);
        }
        self.metres = unit(ctx.arg(at + 1))?;
        self.shape = Some(Shape::Circle { radius: radius * self.metres });
        Ok(())
    }

    /// Width, height and their unit.
    fn rectangle(&mut self, ctx: &mut Ctx<'_>, at: usize) -> Done {
        let Some(width) = parse_float(ctx.arg(at)) else { return Err(told(ctx, "ERR need numeric width")) };
        let Some(height) = parse_float(ctx.arg(at + 1)) else {
            return Err(told(ctx, "ERR need numeric height"));
        };
        if width < 0.0 || height < 0.0 {
            return Err(CommandError::GeoBox);
        }
        self.metres = unit(ctx.arg(at + 2))?;
        self.shape = Some(Shape::Rectangle { width: width * self.metres, height: height * self.metres });
        Ok(())
    }

    fn check(&self, ctx: &mut Ctx<'_>, form: Form, from_member: bool) -> Done {
        let shows = self.with_distance || self.with_hash || self.with_place;
        if self.store.is_some() && shows {
            let what = match form {
                Form::Search { .. } => "GEOSEARCHSTORE",
                Form::Radius { .. } => "STORE option in GEORADIUS",
            };
            let text =
                alloc::format!("ERR {what} is not compatible with WITHDIST, WITHHASH and WITHCOORD options");
            return Err(told(ctx, &text));
        }
        if matches!(form, Form::Search { .. }) {
            let missing = match () {
                () if self.centre.is_none() && !from_member => Some("FROMMEMBER or FROMLONLAT"),
                () if self.shape.is_none() => Some("BYRADIUS and BYBOX"),
                () => None,
            };
            if let Some(missing) = missing {
                let mut text =
                    alloc::format!("ERR exactly one of {missing} can be specified for ").into_bytes();
                text.extend_from_slice(ctx.arg(0));
                ctx.reply().error_parts(&[&text]);
                return Err(CommandError::Written);
            }
        }
        if self.any && self.count == 0 {
            return Err(CommandError::GeoAny);
        }
        Ok(())
    }

    /// Everything inside the shape, in the order of the result.
    fn run(&self, set: &ZSet) -> Vec<Hit> {
        let (Some(centre), Some(shape)) = (self.centre, self.shape) else { return Vec::new() };
        let enough = if self.any { self.count } else { usize::MAX };
        let mut hits = Vec::new();
        for cell in shape.cells(centre).into_iter().flatten() {
            if hits.len() >= enough {
                break;
            }
            let (low, high) = cell.scores();
            let members = set.range(set.rank_of_score(low, false), set.rank_of_score(high, false));
            let inside = members.filter_map(|(member, score)| {
                let distance = shape.distance(centre, place_of(score))?;
                Some(Hit { member: SmallBytes::new(member), score, distance })
            });
            hits.extend(inside.take(enough - hits.len()));
        }
        // The first few of an unordered result mean nothing: they are taken to be the nearest.
        let sort =
            if self.count > 0 && !self.any && self.sort == Sort::AsFound { Sort::Nearest } else { self.sort };
        match sort {
            Sort::AsFound => {}
            Sort::Nearest => hits.sort_by(|a, b| a.distance.total_cmp(&b.distance)),
            Sort::Farthest => hits.sort_by(|a, b| b.distance.total_cmp(&a.distance)),
        }
        if self.count > 0 {
            hits.truncate(self.count);
        }
        hits
    }

    fn reply(&self, ctx: &mut Ctx<'_>, hits: &[Hit]) {
        let extras =
            [self.with_distance, self.with_hash, self.with_place].into_iter().filter(|with| *with).count();
        let mut w = ctx.reply();
        w.array(hits.len());
        for hit in hits {
            if extras > 0 {
                w.array(1 + extras);
            }
            w.bulk(hit.member.as_slice());
            if self.with_distance {
                write_distance(&mut w, hit.distance / self.metres);
            }
            if self.with_hash {
                w.int(hit.score as i64);
            }
            if self.with_place {
                write_place(&mut w, place_of(hit.score));
            }
        }
    }

    /// Stores what was found in place of what was there.
    fn keep(&self, ctx: &mut Ctx<'_>, key: &[u8], hits: &[Hit], event: &str) {
        let mut members: Vec<(&[u8], f64)> = hits
            .iter()
            .map(|hit| {
                (
                    hit.member.as_slice(),
                    if self.store_distance { hit.distance / self.metres } else { hit.score },
                )
            })
            .collect();
        members.sort_unstable_by(|(a, x), (b, y)| x.total_cmp(y).then(a.cmp(b)));
        if members.is_empty() {
            if ctx.srv.keyspace.delete(ctx.db, key) {
                ctx.notify(NotifyFlags::GENERIC, "del", key);
            }
        } else {
            let set = ZSet::from_sorted(&members, &limits(ctx));
            ctx.srv.keyspace.set(ctx.db, key, Value::ZSet(set), Ttl::Clear);
            ctx.srv.keyspace.add_dirty(members.len() as u64 - 1);
            ctx.notify(NotifyFlags::ZSET, event, key);
        }
        ctx.reply().int(members.len() as i64);
    }
}

/// The place of a member that must be there.
fn member_place(ctx: &Ctx<'_>, source: usize, member: usize) -> Result<Place, CommandError> {
    let score = match ctx.srv.keyspace.peek(ctx.db, ctx.args.get(source)) {
        Some(value) => zset(value)?.score(ctx.args.get(member)),
        None => None,
    };
    score.map(place_of).ok_or(CommandError::GeoMember)
}

fn search(ctx: &mut Ctx<'_>, form: Form, source: usize) -> Done {
    let (query, exists) = Query::parse(ctx, form, source)?;
    let found = ctx.srv.keyspace.peek(ctx.db, ctx.args.get(source)).filter(|_| exists);
    let hits = found.and_then(Value::as_zset).map_or_else(Vec::new, |set| query.run(set));
    match query.store {
        None => query.reply(ctx, &hits),
        Some(key) => {
            let event = match form {
                Form::Search { .. } => "geosearchstore",
                Form::Radius { .. } => "georadiusstore",
            };
            query.keep(ctx, ctx.arg(key), &hits, event);
        }
    }
    Ok(())
}

fn georadius(ctx: &mut Ctx<'_>) -> Done {
    search(ctx, Form::Radius { by_member: false, read_only: false }, 1)
}

fn georadius_ro(ctx: &mut Ctx<'_>) -> Done {
    search(ctx, Form::Radius { by_member: false, read_only: true }, 1)
}

fn georadiusbymember(ctx: &mut Ctx<'_>) -> Done {
    search(ctx, Form::Radius { by_member: true, read_only: false }, 1)
}

fn georadiusbymember_ro(ctx: &mut Ctx<'_>) -> Done {
    search(ctx, Form::Radius { by_member: true, read_only: true }, 1)
}

fn geosearch(ctx: &mut Ctx<'_>) -> Done {
    search(ctx, Form::Search { stores: false }, 1)
}

fn geosearchstore(ctx: &mut Ctx<'_>) -> Done {
    search(ctx, Form::Search { stores: true }, 2)
}

/// The key that is searched, and the one behind the last STORE or STOREDIST.
fn radius_keys(args: &Args<'_>) -> Option<Vec<FoundKey>> {
    let mut keys = vec![(1, SOURCE)];
    let is_store = |arg: &[u8]| arg.eq_ignore_ascii_case(b"STORE") || arg.eq_ignore_ascii_case(b"STOREDIST");
    let mut stored = None;
    let mut i = 5;
    while i + 1 < args.len() {
        if is_store(args.get(i)) {
            i += 1;
            stored = Some(i);
        }
        i += 1;
    }
    keys.extend(stored.map(|i| (i, STORED)));
    Some(keys)
}

const SOURCE: KeyFlags = KeyFlags::RO.or(KeyFlags::ACCESS);
const STORED: KeyFlags = KeyFlags::OW.or(KeyFlags::UPDATE);
const ACL_READ: Acl = Acl::GEO.or(Acl::READ).or(Acl::SLOW);
const ACL_WRITE: Acl = Acl::GEO.or(Acl::SLOW).or(Acl::WRITE);
const WRITE: Flags = Flags::WRITE.or(Flags::DENYOOM);
const COST: &str = "O(n + log m), n being the number of members near the area and m that of all";

/// The key behind a word, searched from an argument on.
const fn behind(word: &'static str, from: i16) -> KeySpec {
    KeySpec { begin: Begin::Keyword(word, from), find: Find::Range(0, 1, 0), flags: STORED }
}

pub(super) const ROWS: &[Row] = &[
    Row::new("georadius", georadius, -6, WRITE.or(Flags::MOVABLEKEYS), ACL_WRITE, Group::Geo)
        .keyed((1, 1, 1), &[first_key(SOURCE), behind("STORE", 6), behind("STOREDIST", 6)])
        .finder(radius_keys)
        .since("3.2.0")
        .doc(
            "Finds the members within a distance of a place, and may store them.",
            COST,
            "key longitude latitude radius (m|km|ft|mi) [WITHCOORD] [WITHDIST] [WITHHASH] [COUNT count [ANY]] \
             [ASC|DESC] [STORE key|STOREDIST key]",
        ),
    Row::new("georadius_ro", georadius_ro, -6, Flags::READONLY, ACL_READ, Group::Geo)
        .keyed((1, 1, 1), READ)
        .since("3.2.10")
        .deprecated("6.2.0", "GEOSEARCH with the BYRADIUS argument")
        .doc(
            "Finds the members within a distance of a place.",
            COST,
            "key longitude latitude radius (m|km|ft|mi) [WITHCOORD] [WITHDIST] [WITHHASH] [COUNT count [ANY]] [ASC|DESC]",
        ),
    Row::new("georadiusbymember", georadiusbymember, -5, WRITE.or(Flags::MOVABLEKEYS), ACL_WRITE, Group::Geo)
        .keyed((1, 1, 1), &[first_key(SOURCE), behind("STORE", 5), behind("STOREDIST", 5)])
        .finder(radius_keys)
        .since("3.2.0")
        .doc(
            "Finds the members within a distance of a member, and may store them.",
            COST,
            "key member radius (m|km|ft|mi) [WITHCOORD] [WITHDIST] [WITHHASH] [COUNT count [ANY]] [ASC|DESC] \
             [STORE key|STOREDIST key]",
        ),
    Row::new("georadiusbymember_ro", georadiusbymember_ro, -5, Flags::READONLY, ACL_READ, Group::Geo)
        .keyed((1, 1, 1), READ)
        .since("3.2.10")
        .deprecated("6.2.0", "GEOSEARCH with the BYRADIUS and FROMMEMBER arguments")
        .doc(
            "Finds the members within a distance of a member.",
            COST,
            "key member radius (m|km|ft|mi) [WITHCOORD] [WITHDIST] [WITHHASH] [COUNT count [ANY]] [ASC|DESC]",
        ),
    Row::new("geosearch", geosearch, -7, Flags::READONLY, ACL_READ, Group::Geo)
        .keyed((1, 1, 1), READ)
        .since("6.2.0")
        .doc(
            "Finds the members in a circle or rectangle around a place or member.",
            COST,
            "key (FROMMEMBER member|FROMLONLAT longitude latitude) (BYRADIUS radius (m|km|ft|mi)|BYBOX width height \
             (m|km|ft|mi)) [ASC|DESC] [COUNT count [ANY]] [WITHCOORD] [WITHDIST] [WITHHASH]",
        ),
    Row::new("geosearchstore", geosearchstore, -8, WRITE, ACL_WRITE, Group::Geo)
        .keyed(
            (1, 2, 1),
            &[first_key(STORED), KeySpec { begin: Begin::Index(2), find: Find::Range(0, 1, 0), flags: SOURCE }],
        )
        .since("6.2.0")
        .doc(
            "Stores the members in a circle or rectangle around a place or member.",
            COST,
            "destination source (FROMMEMBER member|FROMLONLAT longitude latitude) (BYRADIUS radius (m|km|ft|mi)|BYBOX \
             width height (m|km|ft|mi)) [ASC|DESC] [COUNT count [ANY]] [STOREDIST]",
        ),
];

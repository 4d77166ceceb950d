//! Places as members of sorted sets: adding, reading, distances. Source: the Redis documentation of each command.

use super::zset::{READ, add_scored, first_key, read};
use crate::base::longdouble::LongDouble;
use crate::base::number::parse_float;
use crate::containers::geohash::Place;
use crate::engine::Ctx;
use crate::engine::row::{Acl, Flags, Group, KeyFlags, Row};
use crate::resp::{CommandError, Proto, Writer};
use crate::value::{IntText, ZSet};
use alloc::vec::Vec;

type Done = Result<(), CommandError>;

/// How many metres a unit has.
pub(super) fn unit(word: &[u8]) -> Result<f64, CommandError> {
    let units = [(&b"m"[..], 1.0), (b"km", 1000.0), (b"ft", 0.3048), (b"mi", 1609.34)];
    let found = units.into_iter().find(|(name, _)| word.eq_ignore_ascii_case(name));
    found.map(|(_, metres)| metres).ok_or(CommandError::GeoUnit)
}

/// The place whose longitude and latitude stand in these arguments.
pub(super) fn place(ctx: &mut Ctx<'_>, at: usize) -> Result<Place, CommandError> {
    let coordinate = |i| parse_float(ctx.arg(i)).ok_or(CommandError::NotFloat);
    let place = Place { lon: coordinate(at)?, lat: coordinate(at + 1)? };
    if !place.is_valid() {
        let text = alloc::format!("ERR invalid longitude,latitude pair {:.6},{:.6}", place.lon, place.lat);
        return Err(told(ctx, &text));
    }
    Ok(place)
}

/// Writes an error of which the text is not fixed.
pub(super) fn told(ctx: &mut Ctx<'_>, text: &str) -> CommandError {
    ctx.reply().error(text);
    CommandError::Written
}

/// The place that a score stands for.
pub(super) fn place_of(score: f64) -> Place {
    Place::decode(wrapped(score))
}

/// A score as the 64 bits that Redis makes of it on common processors, whatever the score: what is below 2^63 wraps
/// around, and a number that does not fit becomes the lowest.
fn wrapped(score: f64) -> u64 {
    const HALF: f64 = 9_223_372_036_854_775_808.0;
    let signed = |n: f64| if (-HALF..HALF).contains(&n) { n as i64 } else { i64::MIN };
    if score < HALF { signed(score) as u64 } else { signed(score - HALF) as u64 ^ 1 << 63 }
}

/// Writes a coordinate with all its digits.
fn write_coordinate(w: &mut Writer<'_>, coordinate: f64) {
    let mut text = Vec::new();
    if let Some(number) = LongDouble::from_f64(coordinate) {
        number.push_text(&mut text);
    }
    match w.proto() {
        Proto::Resp2 => w.bulk(&text),
        Proto::Resp3 => {
            w.raw(b",");
            w.raw(&text);
            w.raw(b"\r\n");
        }
    }
}

/// Writes longitude and latitude.
pub(super) fn write_place(w: &mut Writer<'_>, place: Place) {
    w.array(2);
    write_coordinate(w, place.lon);
    write_coordinate(w, place.lat);
}

/// Writes a distance with four decimals.
pub(super) fn write_distance(w: &mut Writer<'_>, distance: f64) {
    w.bulk(alloc::format!("{distance:.4}").as_bytes());
}

fn geoadd(ctx: &mut Ctx<'_>) -> Done {
    let (mut nx, mut xx, mut first) = (false, false, 2);
    while first < ctx.argc() {
        match () {
            () if ctx.arg_is(first, "NX") => nx = true,
            () if ctx.arg_is(first, "XX") => xx = true,
            () if ctx.arg_is(first, "CH") => {}
            () => break,
        }
        first += 1;
    }
    if !(ctx.argc() - first).is_multiple_of(3) || (nx && xx) {
        return Err(CommandError::Syntax);
    }
    let mut members: Vec<(&[u8], f64)> = Vec::new();
    for i in (first..ctx.argc()).step_by(3) {
        let place = place(ctx, i)?;
        members.push((ctx.arg(i + 2), place.encode() as f64));
    }
    // It is propagated as what it does.
    let mut args: Vec<Vec<u8>> = Vec::with_capacity(first + 2 * members.len());
    args.push(b"zadd".to_vec());
    args.extend((1..first).map(|i| ctx.arg(i).to_vec()));
    for (member, score) in &members {
        args.push(IntText::new().format(*score as i64).to_vec());
        args.push(member.to_vec());
    }
    add_scored(ctx, &members, &args)
}

fn geopos(ctx: &mut Ctx<'_>) -> Done {
    let members = ctx.args.skip(2);
    let set = read(&mut ctx.srv.keyspace, ctx.db, ctx.args.get(1))?;
    let mut w = Writer::new(ctx.out, ctx.proto);
    w.array(members.len());
    for member in members {
        match score(set, member) {
            Some(score) => write_place(&mut w, place_of(score)),
            None => w.null_array(),
        }
    }
    Ok(())
}

fn geohash(ctx: &mut Ctx<'_>) -> Done {
    let members = ctx.args.skip(2);
    let set = read(&mut ctx.srv.keyspace, ctx.db, ctx.args.get(1))?;
    let mut w = Writer::new(ctx.out, ctx.proto);
    w.array(members.len());
    for member in members {
        match score(set, member) {
            Some(score) => w.bulk(&place_of(score).text()),
            None => w.null(),
        }
    }
    Ok(())
}

fn score(set: Option<&ZSet>, member: &[u8]) -> Option<f64> {
    set?.score(member)
}

fn geodist(ctx: &mut Ctx<'_>) -> Done {
    let metres = match ctx.argc() {
        4 => 1.0,
        5 => unit(ctx.arg(4))?,
        _ => return Err(CommandError::Syntax),
    };
    let set = read(&mut ctx.srv.keyspace, ctx.db, ctx.args.get(1))?;
    let ends = (score(set, ctx.args.get(2)), score(set, ctx.args.get(3)));
    let mut w = ctx.reply();
    match ends {
        (Some(one), Some(two)) => write_distance(&mut w, place_of(one).distance(place_of(two)) / metres),
        _ => w.null(),
    }
    Ok(())
}

const ACL_READ: Acl = Acl::GEO.or(Acl::READ).or(Acl::SLOW);

pub(super) const ROWS: &[Row] = &[
    Row::new(
        "geoadd",
        geoadd,
        -5,
        Flags::WRITE.or(Flags::DENYOOM),
        Acl::GEO.or(Acl::SLOW).or(Acl::WRITE),
        Group::Geo,
    )
    .keyed((1, 1, 1), &[first_key(KeyFlags::RW.or(KeyFlags::UPDATE))])
    .since("3.2.0")
    .doc(
        "Adds members with their places, or gives members other places.",
        "O(log n) for each member",
        "key [NX|XX] [CH] (longitude latitude member)...",
    ),
    Row::new("geodist", geodist, -4, Flags::READONLY, ACL_READ, Group::Geo)
        .keyed((1, 1, 1), READ)
        .since("3.2.0")
        .doc("Tells the distance between two members.", "O(1)", "key member1 member2 [m|km|ft|mi]"),
    Row::new("geohash", geohash, -2, Flags::READONLY, ACL_READ, Group::Geo)
        .keyed((1, 1, 1), READ)
        .since("3.2.0")
        .doc("Writes the places of members as geohashes.", "O(1) for each member", "key [member...]"),
    Row::new("geopos", geopos, -2, Flags::READONLY, ACL_READ, Group::Geo)
        .keyed((1, 1, 1), READ)
        .since("3.2.0")
        .doc("Reads the places of members.", "O(1) for each member", "key [member...]"),
];

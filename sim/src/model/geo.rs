//! The geo commands: places as scores of a sorted set.

use super::zsets::{ZSet, add_plain, sorted};
use super::{Answer, Call, Expect, SYNTAX, Value, shape};
use crate::client::reply::Reply;

const LATITUDE_MAX: f64 = 85.051_128_78;
const LONGITUDE_MAX: f64 = 180.0;
const EARTH_RADIUS_M: f64 = 6_372_797.560_856;

/// Runs a geo command; `None` when it is none.
pub(super) fn run(name: &[u8], c: &mut Call<'_>) -> Option<Answer> {
    Some(match name {
        b"geoadd" => add(c),
        b"geopos" | b"geohash" => {
            let shape = Expect::Shape(shape::ARRAY);
            c.get::<ZSet>(1).map(|_| shape)
        }
        b"geodist" => c.get::<ZSet>(1).map(|z| {
            let both = z.is_some_and(|z| z.contains_key(c.a.at(2)) && z.contains_key(c.a.at(3)));
            if both { Expect::Shape(shape::BULK) } else { Expect::Exact(Reply::Null) }
        }),
        b"geosearch" => search(c, 1)
            .map(|found| Expect::Bag(found.into_iter().map(|(m, _)| vec![Reply::Bulk(m)]).collect())),
        b"geosearchstore" => store(c),
        _ => return None,
    })
}

fn number(text: &[u8]) -> Result<f64, Expect> {
    let parsed = std::str::from_utf8(text).ok().and_then(|t| t.parse().ok());
    parsed.ok_or_else(|| Expect::error("ERR value is not a valid float"))
}

/// 26 bits of where `x` lies between `-max` and `max`.
fn cell(x: f64, max: f64) -> u64 {
    ((x + max) / (2.0 * max) * f64::from(1 << 26)) as u64
}

/// The two coordinates' bits in turn, the longitude's first.
fn encode(longitude: f64, latitude: f64) -> f64 {
    let (x, y) = (cell(longitude, LONGITUDE_MAX), cell(latitude, LATITUDE_MAX));
    let bits = (0..26).fold(0_u64, |bits, i| bits | (y >> i & 1) << (2 * i) | (x >> i & 1) << (2 * i + 1));
    bits as f64
}

fn decode(score: f64) -> (f64, f64) {
    let bits = score as u64;
    let gather = |shift: u64| (0..26).fold(0_u64, |n, i| n | (bits >> (2 * i + shift) & 1) << i);
    let place = |cell: u64, max: f64| (cell as f64 + 0.5) / f64::from(1 << 26) * 2.0 * max - max;
    (place(gather(1), LONGITUDE_MAX), place(gather(0), LATITUDE_MAX))
}

fn distance_m(a: (f64, f64), b: (f64, f64)) -> f64 {
    let (lon, lat) = (((b.0 - a.0).to_radians() / 2.0).sin(), ((b.1 - a.1).to_radians() / 2.0).sin());
    let square = lat * lat + a.1.to_radians().cos() * b.1.to_radians().cos() * lon * lon;
    2.0 * EARTH_RADIUS_M * square.sqrt().asin()
}

fn add(c: &mut Call<'_>) -> Answer {
    let (mut nx, mut xx, mut ch, mut at) = (false, false, false, 2);
    loop {
        match c.a.at(at).to_ascii_uppercase().as_slice() {
            b"NX" => nx = true,
            b"XX" => xx = true,
            b"CH" => ch = true,
            _ => break,
        }
        at += 1;
    }
    if !(c.a.len() - at).is_multiple_of(3) || (nx && xx) {
        return Err(Expect::error(SYNTAX));
    }
    let mut pairs = Vec::new();
    for i in (at..c.a.len()).step_by(3) {
        pairs.push((encode(number(c.a.at(i))?, number(c.a.at(i + 1))?), c.a.at(i + 2).to_vec()));
    }
    add_plain(c, (nx, xx, ch), &pairs)
}

/// GEOSEARCH FROMMEMBER m | FROMLONLAT x y BYRADIUS r km, from argument `key` on: members with their scores.
fn search(c: &Call<'_>, key: usize) -> Result<Vec<(Vec<u8>, f64)>, Expect> {
    let Some(zset) = c.get::<ZSet>(key)? else { return Ok(Vec::new()) };
    // What is near a score that is no place is not told by distances.
    if zset.values().any(|score| *score < f64::from(1 << 30) || score.is_infinite()) {
        return Err(Expect::Shape(shape::ANY));
    }
    let (center, at) = if c.a.at(key + 1).eq_ignore_ascii_case(b"FROMMEMBER") {
        let score = zset.get(c.a.at(key + 2));
        let score = score.ok_or_else(|| Expect::error("ERR could not decode requested zset member"))?;
        (decode(*score), key + 3)
    } else {
        ((number(c.a.at(key + 2))?, number(c.a.at(key + 3))?), key + 4)
    };
    let radius_m = number(c.a.at(at + 1))? * 1000.0;
    Ok(sorted(zset).into_iter().filter(|(_, s)| distance_m(center, decode(*s)) <= radius_m).collect())
}

fn store(c: &mut Call<'_>) -> Answer {
    let found = search(c, 2).inspect_err(|e| *c.lost |= matches!(e, Expect::Shape(_)));
    let found = found?;
    let len = found.len() as i64;
    c.data.store(c.db, c.a.at(1), Value::ZSet(found.into_iter().collect()), "geosearchstore");
    Ok(Expect::int(len))
}

//! Places on the Earth as numbers of 52 bits, and distances between them.
//!
//! *Owns*: the interleaving of longitude and latitude, the cells that cover a searched area, the distance along a
//! great circle. *Does not own*: members, units, options.
//! *Invariants*: the number of a place is a whole number that a double holds exactly, so it can be a score; places in
//! one cell have neighbouring numbers. Longitudes and latitudes are degrees, distances metres.
//!
//! Cells are made by halving: at step n the Earth, without the caps beyond the Mercator projection, has 2^n columns
//! and as many rows. Source: the published geohash scheme and the documentation of Redis's GEO commands.

use crate::base::float::{asin, cos, sin, sqrt};
use core::f64::consts::PI;

/// Longitudes reach this far east and west.
pub const LON_MAX: f64 = 180.0;
/// Latitudes reach this far north and south.
pub const LAT_MAX: f64 = 85.051_128_78;
/// Bits for each of the two coordinates.
const STEPS_MAX: u8 = 26;
/// Mean radius.
const EARTH_RADIUS: f64 = 6_372_797.560_856;
/// Half of the equator in the projection.
const MERCATOR_MAX: f64 = 20_037_726.37;
const RADIANS: f64 = PI / 180.0;

/// A place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    /// Degrees east.
    pub lon: f64,
    /// Degrees north.
    pub lat: f64,
}

/// A part of the Earth: all numbers that begin with the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    column: u32,
    row: u32,
    step: u8,
}

/// What is searched around a centre.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shape {
    /// Everything within a distance.
    Circle {
        /// The distance.
        radius: f64,
    },
    /// Everything in a rectangle.
    Rectangle {
        /// From west to east.
        width: f64,
        /// From south to north.
        height: f64,
    },
}

impl Place {
    /// Whether the coordinates can be encoded.
    #[must_use]
    pub fn is_valid(self) -> bool {
        (-LON_MAX..=LON_MAX).contains(&self.lon) && (-LAT_MAX..=LAT_MAX).contains(&self.lat)
    }

    /// The number of the place.
    #[must_use]
    pub fn encode(self) -> u64 {
        Cell::of(self, STEPS_MAX).bits()
    }

    /// The middle of the smallest cell with this number.
    #[must_use]
    pub fn decode(bits: u64) -> Self {
        let (column, row) = (even_bits(bits >> 1), even_bits(bits));
        let cell = Cell { column, row, step: STEPS_MAX };
        let (west, east) = cell.longitudes();
        let (south, north) = cell.latitudes();
        Self {
            lon: ((west + east) / 2.0).clamp(-LON_MAX, LON_MAX),
            lat: ((south + north) / 2.0).clamp(-LAT_MAX, LAT_MAX),
        }
    }

    /// The eleven characters that the geohash of other services has; the last one is always a zero.
    #[must_use]
    pub fn text(self) -> [u8; 11] {
        const ALPHABET: &[u8; 32] = b"0123456789bcdefghjkmnpqrstuvwxyz";
        // They take the latitude up to the poles.
        let bits = interleave(index(self.lon, LON_MAX, STEPS_MAX), index(self.lat, 90.0, STEPS_MAX));
        let mut text = [ALPHABET[0]; 11];
        for (i, byte) in text[..10].iter_mut().enumerate() {
            *byte = ALPHABET[(bits >> (52 - (i + 1) * 5)) as usize & 31];
        }
        text
    }

    /// The distance to another place.
    #[must_use]
    pub fn distance(self, other: Self) -> f64 {
        let v = sin((other.lon * RADIANS - self.lon * RADIANS) / 2.0);
        if v == 0.0 {
            return latitude_distance(self.lat, other.lat);
        }
        let (lat1, lat2) = (self.lat * RADIANS, other.lat * RADIANS);
        let u = sin((lat2 - lat1) / 2.0);
        2.0 * EARTH_RADIUS * asin(sqrt(u * u + cos(lat1) * cos(lat2) * v * v))
    }
}

fn latitude_distance(one: f64, two: f64) -> f64 {
    EARTH_RADIUS * (two * RADIANS - one * RADIANS).abs()
}

impl Shape {
    /// The distance from the centre, if the place is inside.
    #[must_use]
    pub fn distance(self, centre: Place, place: Place) -> Option<f64> {
        let distance = centre.distance(place);
        let inside = match self {
            Self::Circle { radius } => distance <= radius,
            Self::Rectangle { width, height } => {
                latitude_distance(place.lat, centre.lat) <= height / 2.0
                    && place.distance(Place { lon: centre.lon, lat: place.lat }) <= width / 2.0
            }
        };
        inside.then_some(distance)
    }

    /// Cells that together cover the shape, each once, the one of the centre first.
    #[must_use]
    pub fn cells(self, centre: Place) -> [Option<Cell>; 9] {
        let bounds = self.bounds(centre);
        let (Self::Circle { radius: reach } | Self::Rectangle { width: reach, .. }) = self;
        let reach = match self {
            Self::Circle { .. } => reach,
            Self::Rectangle { height, .. } => {
                sqrt((reach / 2.0) * (reach / 2.0) + (height / 2.0) * (height / 2.0))
            }
        };
        let mut step = steps_for(reach, centre.lat);
        if step > 1 && !Cell::of(centre, step).neighbours_reach(&bounds) {
            step -= 1;
        }
        let cell = Cell::of(centre, step);
        // Where the cell of the centre alone reaches far enough, its neighbours on that side are of no use.
        let (skip_north, skip_south, skip_east, skip_west) = if step >= 2 {
            let ((west, east), (south, north)) = (cell.longitudes(), cell.latitudes());
            (north > bounds.north, south < bounds.south, east > bounds.east, west < bounds.west)
        } else {
            (false, false, false, false)
        };
        const AROUND: [(i8, i8); 9] =
            [(0, 0), (0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (-1, 1), (1, -1), (-1, -1)];
        let mut last = None;
        AROUND.map(|(x, y)| {
            let skipped = (skip_north && y > 0)
                || (skip_south && y < 0)
                || (skip_east && x > 0)
                || (skip_west && x < 0);
            // Around a large area the world ends, and one cell is its own neighbour.
            let found = (!skipped).then(|| cell.moved(x, y)).filter(|cell| last != Some(*cell))?;
            last = Some(found);
            Some(found)
        })
    }

    /// The degrees between which the shape lies.
    fn bounds(self, centre: Place) -> Bounds {
        let (across, up) = match self {
            Self::Circle { radius } => (radius, radius),
            Self::Rectangle { width, height } => (width / 2.0, height / 2.0),
        };
        let lat_delta = up / EARTH_RADIUS / RADIANS;
        // A degree of longitude is shortest at the end that is nearer to the pole.
        let far = if centre.lat < 0.0 { centre.lat - lat_delta } else { centre.lat + lat_delta };
        let lon_delta = across / EARTH_RADIUS / cos(far * RADIANS) / RADIANS;
        Bounds {
            west: centre.lon - lon_delta,
            east: centre.lon + lon_delta,
            south: centre.lat - lat_delta,
            north: centre.lat + lat_delta,
        }
    }
}

struct Bounds {
    west: f64,
    east: f64,
    south: f64,
    north: f64,
}

/// The step at which nine cells cover everything within a distance.
fn steps_for(mut reach: f64, lat: f64) -> u8 {
    if reach == 0.0 {
        return STEPS_MAX;
    }
    let mut step: i32 = 1;
    while reach < MERCATOR_MAX {
        reach *= 2.0;
        step += 1;
    }
    step -= 2;
    // Towards the poles cells are narrower.
    step -= i32::from(lat.abs() > 66.0) + i32::from(lat.abs() > 80.0);
    step.clamp(1, i32::from(STEPS_MAX)) as u8
}

impl Cell {
    /// The cell of a place.
    fn of(place: Place, step: u8) -> Self {
        Self { column: index(place.lon, LON_MAX, step), row: index(place.lat, LAT_MAX, step), step }
    }

    /// The numbers of the places inside, the end excluded.
    #[must_use]
    pub fn scores(self) -> (f64, f64) {
        let shift = 52 - 2 * u32::from(self.step);
        ((self.bits() << shift) as f64, ((self.bits() + 1) << shift) as f64)
    }

    fn bits(self) -> u64 {
        interleave(self.column, self.row)
    }

    /// The cell so many columns to the east and rows to the north; the world is round in both directions. The greatest
    /// coordinates lie one beyond the last column or row, and stay there unless moved.
    fn moved(self, x: i8, y: i8) -> Self {
        let mask = (1 << self.step) - 1;
        let step = |at: u32, by: i8| match by {
            0 => at,
            _ => at.wrapping_add_signed(i32::from(by)) & mask,
        };
        Self { column: step(self.column, x), row: step(self.row, y), step: self.step }
    }

    fn longitudes(self) -> (f64, f64) {
        edges(self.column, LON_MAX, self.step)
    }

    fn latitudes(self) -> (f64, f64) {
        edges(self.row, LAT_MAX, self.step)
    }

    /// Whether the cells around this one reach to the bounds on every side.
    fn neighbours_reach(self, bounds: &Bounds) -> bool {
        self.moved(0, 1).latitudes().1 >= bounds.north
            && self.moved(0, -1).latitudes().0 <= bounds.south
            && self.moved(1, 0).longitudes().1 >= bounds.east
            && self.moved(-1, 0).longitudes().0 <= bounds.west
    }
}

/// The column or row of a coordinate between `-max` and `max`.
fn index(coordinate: f64, max: f64, step: u8) -> u32 {
    let part = (coordinate + max) / (max + max);
    (part * (1_u64 << step) as f64) as u32
}

/// The coordinates at the two sides of a column or row.
fn edges(index: u32, max: f64, step: u8) -> (f64, f64) {
    let side = |index: f64| -max + (index / (1_u64 << step) as f64) * (max + max);
    (side(f64::from(index)), side(f64::from(index) + 1.0))
}

/// The bits of the column at the odd places, those of the row at the even ones.
fn interleave(column: u32, row: u32) -> u64 {
    spread(column) << 1 | spread(row)
}

fn spread(n: u32) -> u64 {
    let mut x = u64::from(n);
    x = (x | x << 16) & 0x0000_ffff_0000_ffff;
    x = (x | x << 8) & 0x00ff_00ff_00ff_00ff;
    x = (x | x << 4) & 0x0f0f_0f0f_0f0f_0f0f;
    x = (x | x << 2) & 0x3333_3333_3333_3333;
    (x | x << 1) & 0x5555_5555_5555_5555
}

fn even_bits(bits: u64) -> u32 {
    let mut x = bits & 0x5555_5555_5555_5555;
    x = (x | x >> 1) & 0x3333_3333_3333_3333;
    x = (x | x >> 2) & 0x0f0f_0f0f_0f0f_0f0f;
    x = (x | x >> 4) & 0x00ff_00ff_00ff_00ff;
    x = (x | x >> 8) & 0x0000_ffff_0000_ffff;
    (x | x >> 16) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::rng::Rng;

    const PALERMO: Place = Place { lon: 13.361389, lat: 38.115556 };
    const CATANIA: Place = Place { lon: 15.087269, lat: 37.502669 };

    #[test]
    fn known_places() {
        assert_eq!((PALERMO.encode(), CATANIA.encode()), (3_479_099_956_230_698, 3_479_447_370_796_909));
        assert_eq!((&PALERMO.text(), &CATANIA.text()), (b"sqc8b49rny0", b"sqdtr74hyu0"));
        let (one, two) = (Place::decode(PALERMO.encode()), Place::decode(CATANIA.encode()));
        assert_eq!(one, Place { lon: 13.361_389_338_970_184, lat: 38.115_556_395_496_3 });
        assert_eq!(std::format!("{:.4}", one.distance(two)), "166274.1516");
    }

    #[test]
    fn numbers_come_back() {
        let mut rng = Rng::new([1; 32]);
        for _ in 0..10_000 {
            let bits = rng.next_u64() >> 12;
            let place = Place::decode(bits);
            assert!(place.is_valid());
            assert_eq!(place.encode(), bits);
            assert_eq!((place.encode() as f64) as u64, bits);
        }
    }

    /// The cells are only a shortcut: whatever is inside the shape is inside one of them.
    #[test]
    fn cells_cover_the_shape() {
        let mut rng = Rng::new([2; 32]);
        let mut part = || rng.below(1 << 30) as f64 / f64::from(1 << 30);
        let mut hits = 0;
        for round in 0..300 {
            // Far enough from the poles and the date line: beyond them shapes are cut off.
            let centre = Place { lon: part() * 240.0 - 120.0, lat: part() * 100.0 - 50.0 };
            let size = 10.0 * [1.0, 100.0, 10_000.0, 100_000.0][round % 4] * (0.5 + part());
            let shape = if round % 3 == 0 {
                Shape::Rectangle { width: size * 2.0, height: size * part() }
            } else {
                Shape::Circle { radius: size }
            };
            let cells = shape.cells(centre);
            let degrees = size * 3.0 / 111_000.0;
            for _ in 0..100 {
                let place = Place {
                    lon: centre.lon + (part() - 0.5) * degrees,
                    lat: centre.lat + (part() - 0.5) * degrees,
                };
                if shape.distance(centre, place).is_some() {
                    hits += 1;
                    let number = place.encode() as f64;
                    let covered = cells.iter().flatten().filter(|cell| {
                        let (from, to) = cell.scores();
                        (from..to).contains(&number)
                    });
                    assert_eq!(covered.count(), 1, "{shape:?} around {centre:?} has {place:?}");
                }
            }
        }
        assert!(hits > 2_000, "{hits}");
    }

    #[test]
    fn the_whole_world() {
        let cells = Shape::Circle { radius: 3e7 }.cells(PALERMO);
        for place in [PALERMO, Place { lon: -170.0, lat: -80.0 }, Place { lon: 179.0, lat: 85.0 }] {
            let number = place.encode() as f64;
            assert!(cells.iter().flatten().any(|cell| cell.scores().0 <= number && number < cell.scores().1));
        }
    }
}

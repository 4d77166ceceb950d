//! The directives of several words: `save`, `client-output-buffer-limit`, `bind`, `replicaof` and the lists of numbers.
//!
//! *Owns*: their types and their text. *Does not own*: what they mean to the parts that obey them.

use super::format::{Format, Kind, Line, Reason, parse_size, push_size};
use crate::base::number;
use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// Save when so many keys changed within so many seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SavePoint {
    /// At least 1.
    pub secs: i64,
    /// Number of changes.
    pub changes: i64,
}

/// How much unread output a client of one class may have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ObufLimit {
    /// Bytes above which it is closed at once; 0 = none.
    pub hard: u64,
    /// Bytes above which it is closed after a time; 0 = none.
    pub soft: u64,
    /// That time.
    pub soft_secs: u64,
}

/// The master of `replicaof`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MasterAddr {
    /// Host name or address.
    pub host: Box<str>,
    /// TCP port.
    pub port: u16,
}

/// The classes of `client-output-buffer-limit` in the order of the array: names read, name shown by CONFIG GET, name
/// written to a file.
const CLASSES: [(&[&str], &str, &str); 3] = [
    (&["normal"], "normal", "normal"),
    (&["slave", "replica"], "slave", "replica"),
    (&["pubsub"], "pubsub", "pubsub"),
];

/// `save`
pub(super) struct SavePoints;
/// `client-output-buffer-limit`
pub(super) struct ObufLimits;
/// `bind`
pub(super) struct Addresses;
/// `replicaof`
pub(super) struct Master;
/// `oom-score-adj-values`
pub(super) struct OomValues;
/// `latency-tracking-info-percentiles`
pub(super) struct Percentiles;

/// One empty argument counts as none.
fn without_blank<'a, 'b>(args: &'a [&'b [u8]]) -> &'a [&'b [u8]] {
    match args {
        [[]] => &[],
        args => args,
    }
}

/// Appends the items, separated by spaces.
fn join<T>(items: impl IntoIterator<Item = T>, out: &mut Vec<u8>, mut print: impl FnMut(T, &mut Vec<u8>)) {
    for (i, item) in items.into_iter().enumerate() {
        if i > 0 {
            out.push(b' ');
        }
        print(item, out);
    }
}

/// A line with all the items, or `""` for none.
fn one_line(mut text: Vec<u8>, force: bool) -> Line {
    if text.is_empty() {
        text.extend_from_slice(b"\"\"");
    }
    Line { text, force }
}

impl Format<Vec<SavePoint>> for SavePoints {
    fn kind(&self) -> Kind {
        Kind::List
    }

    fn parse(&self, old: &Vec<SavePoint>, args: &[&[u8]], fresh: bool) -> Result<Vec<SavePoint>, Reason> {
        let fault = || Reason::from("Invalid save parameters");
        let args = without_blank(args);
        if args.len() % 2 == 1 {
            return Err(fault());
        }
        let mut points = if fresh || args.is_empty() { Vec::new() } else { old.clone() };
        for pair in args.chunks_exact(2) {
            let secs = number::parse_i64(pair[0]).filter(|&n| n >= 1).ok_or_else(fault)?;
            let in_range = |n: &i64| (0..=i64::from(i32::MAX)).contains(n);
            let changes = number::parse_i64(pair[1]).filter(in_range).ok_or_else(fault)?;
            points.push(SavePoint { secs, changes });
        }
        Ok(points)
    }

    fn print(&self, value: &Vec<SavePoint>, out: &mut Vec<u8>) {
        join(value, out, |point, out| {
            out.extend_from_slice(format!("{} {}", point.secs, point.changes).as_bytes());
        });
    }

    fn rewrite(&self, value: &Vec<SavePoint>, _default: &Vec<SavePoint>, lines: &mut Vec<Line>) {
        if value.is_empty() {
            lines.push(one_line(Vec::new(), true));
        }
        for point in value {
            lines.push(Line { text: format!("{} {}", point.secs, point.changes).into_bytes(), force: true });
        }
    }
}

impl Format<[ObufLimit; 3]> for ObufLimits {
    fn kind(&self) -> Kind {
        Kind::List
    }

    fn parse(&self, old: &[ObufLimit; 3], args: &[&[u8]], _fresh: bool) -> Result<[ObufLimit; 3], Reason> {
        let args = without_blank(args);
        if !args.len().is_multiple_of(4) {
            return Err("Wrong number of arguments in buffer limit configuration.".into());
        }
        let mut limits = *old;
        for group in args.chunks_exact(4) {
            let named = |names: &[&str]| names.iter().any(|n| n.as_bytes().eq_ignore_ascii_case(group[0]));
            let class = CLASSES
                .iter()
                .position(|(names, ..)| named(names))
                .ok_or("Invalid client class specified in buffer limit configuration.")?;
            let numbers = || {
                let secs = number::parse_u64(group[3]).filter(|&n| i64::try_from(n).is_ok())?;
                Some(ObufLimit { hard: parse_size(group[1])?, soft: parse_size(group[2])?, soft_secs: secs })
            };
            limits[class] = numbers()
                .ok_or("Error in hard, soft or soft_seconds setting in buffer limit configuration.")?;
        }
        Ok(limits)
    }

    fn print(&self, value: &[ObufLimit; 3], out: &mut Vec<u8>) {
        join(CLASSES.iter().zip(value), out, |((_, shown, _), limit), out| {
            let ObufLimit { hard, soft, soft_secs } = limit;
            out.extend_from_slice(format!("{shown} {hard} {soft} {soft_secs}").as_bytes());
        });
    }

    fn rewrite(&self, value: &[ObufLimit; 3], default: &[ObufLimit; 3], lines: &mut Vec<Line>) {
        for ((limit, default), (_, _, written)) in value.iter().zip(default).zip(CLASSES) {
            let mut text = format!("{written} ").into_bytes();
            push_size(limit.hard, &mut text);
            text.push(b' ');
            push_size(limit.soft, &mut text);
            text.push(b' ');
            number::push_u64(&mut text, limit.soft_secs);
            lines.push(Line { text, force: limit != default });
        }
    }
}

impl Format<Vec<Box<str>>> for Addresses {
    fn kind(&self) -> Kind {
        Kind::List
    }

    fn parse(&self, _old: &Vec<Box<str>>, args: &[&[u8]], _fresh: bool) -> Result<Vec<Box<str>>, Reason> {
        let args = without_blank(args);
        if args.len() > 16 {
            return Err("Too many bind addresses specified.".into());
        }
        let address = |arg: &&[u8]| match core::str::from_utf8(arg) {
            Ok(text) => Ok(Box::from(text)),
            Err(_) => Err(Reason::from("argument must be valid UTF-8")),
        };
        args.iter().map(address).collect()
    }

    fn print(&self, value: &Vec<Box<str>>, out: &mut Vec<u8>) {
        join(value, out, |address, out| out.extend_from_slice(address.as_bytes()));
    }

    fn rewrite(&self, value: &Vec<Box<str>>, default: &Vec<Box<str>>, lines: &mut Vec<Line>) {
        if value != default {
            let mut text = Vec::new();
            self.print(value, &mut text);
            lines.push(one_line(text, true));
        }
    }
}

impl Format<Option<MasterAddr>> for Master {
    fn kind(&self) -> Kind {
        Kind::List
    }

    fn parse(
        &self,
        _old: &Option<MasterAddr>,
        args: &[&[u8]],
        _fresh: bool,
    ) -> Result<Option<MasterAddr>, Reason> {
        let [host, port] = args else {
            return Err("wrong number of arguments".into());
        };
        if host.eq_ignore_ascii_case(b"no") && port.eq_ignore_ascii_case(b"one") {
            return Ok(None);
        }
        let port =
            number::parse_u64(port).and_then(|n| u16::try_from(n).ok()).ok_or("Invalid master port")?;
        let host = core::str::from_utf8(host).map_err(|_| "argument must be valid UTF-8")?;
        Ok(Some(MasterAddr { host: host.into(), port }))
    }

    fn print(&self, value: &Option<MasterAddr>, out: &mut Vec<u8>) {
        if let Some(MasterAddr { host, port }) = value {
            out.extend_from_slice(format!("{host} {port}").as_bytes());
        }
    }

    fn rewrite(&self, value: &Option<MasterAddr>, _default: &Option<MasterAddr>, lines: &mut Vec<Line>) {
        if value.is_some() {
            let mut text = Vec::new();
            self.print(value, &mut text);
            lines.push(Line { text, force: true });
        }
    }
}

impl Format<[i64; 3]> for OomValues {
    fn kind(&self) -> Kind {
        Kind::List
    }

    fn parse(&self, old: &[i64; 3], args: &[&[u8]], _fresh: bool) -> Result<[i64; 3], Reason> {
        if args.len() != old.len() {
            return Err("wrong number of arguments".into());
        }
        let mut values = [0; 3];
        for (value, arg) in values.iter_mut().zip(args) {
            *value = number::parse_i64(arg)
                .filter(|n| (-2000..=2000).contains(n))
                .ok_or("Invalid oom-score-adj-values, elements must be between -2000 and 2000.")?;
        }
        Ok(values)
    }

    fn print(&self, value: &[i64; 3], out: &mut Vec<u8>) {
        join(value, out, |n, out| number::push_i64(out, *n));
    }
}

impl Format<Vec<f64>> for Percentiles {
    fn kind(&self) -> Kind {
        Kind::List
    }

    fn parse(&self, _old: &Vec<f64>, args: &[&[u8]], _fresh: bool) -> Result<Vec<f64>, Reason> {
        let mut values = Vec::new();
        for arg in without_blank(args) {
            let value =
                number::parse_float(arg).ok_or("Invalid latency-tracking-info-percentiles parameters")?;
            if !(0.0..=100.0).contains(&value) {
                return Err(
                    "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]".into()
                );
            }
            values.push(value);
        }
        Ok(values)
    }

    fn print(&self, value: &Vec<f64>, out: &mut Vec<u8>) {
        join(value, out, |n, out| out.extend_from_slice(six_places(*n).as_bytes()));
    }

    fn rewrite(&self, value: &Vec<f64>, default: &Vec<f64>, lines: &mut Vec<Line>) {
        let mut text = Vec::new();
        self.print(value, &mut text);
        lines.push(one_line(text, value != default));
    }
}

/// At most six decimal places, without the zeros at the end.
#[must_use]
pub fn six_places(value: f64) -> String {
    let text = format!("{value:.6}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::{
        Addresses, Master, MasterAddr, ObufLimit, ObufLimits, OomValues, Percentiles, SavePoint, SavePoints,
    };
    use crate::config::format::Format;
    use alloc::boxed::Box;
    use alloc::string::{String, ToString};
    use alloc::vec;
    use alloc::vec::Vec;
    use core::fmt::Debug;
    use proptest::prelude::{Strategy, any, prop_assert_eq, proptest};

    fn parse<T: PartialEq>(format: &impl Format<T>, old: &T, text: &str, fresh: bool) -> Result<T, String> {
        let words = crate::base::quoted::split(text.as_bytes()).unwrap();
        let words: Vec<&[u8]> = words.iter().map(|w| &w[..]).collect();
        format.parse(old, &words, fresh).map_err(|e| e.to_string())
    }

    fn show<T: PartialEq>(format: &impl Format<T>, value: &T) -> String {
        let mut out = Vec::new();
        format.print(value, &mut out);
        String::from_utf8(out).unwrap()
    }

    fn lines<T: PartialEq>(format: &impl Format<T>, value: &T, default: &T) -> Vec<(String, bool)> {
        let mut lines = Vec::new();
        format.rewrite(value, default, &mut lines);
        lines.into_iter().map(|l| (String::from_utf8(l.text).unwrap(), l.force)).collect()
    }

    /// What a file's lines say when it is read again.
    fn reread<T: PartialEq + Debug>(format: &impl Format<T>, value: &T, default: T) -> T {
        let mut fresh = true;
        lines(format, value, &default).into_iter().filter(|(_, force)| *force).fold(
            default,
            |old, (text, _)| {
                let next = parse(format, &old, &text, fresh).unwrap();
                fresh = false;
                next
            },
        )
    }

    fn point(secs: i64, changes: i64) -> SavePoint {
        SavePoint { secs, changes }
    }

    #[test]
    fn save_points() {
        let old = vec![point(3600, 1)];
        assert_eq!(parse(&SavePoints, &old, "10 1 20 2", true), Ok(vec![point(10, 1), point(20, 2)]));
        assert_eq!(parse(&SavePoints, &old, "10 1", false), Ok(vec![point(3600, 1), point(10, 1)]));
        assert_eq!(parse(&SavePoints, &old, "''", false), Ok(vec![]));
        assert_eq!(parse(&SavePoints, &old, "", true), Ok(vec![]));
        for bad in ["10", "10 x", "0 1", "10 -1", "10 1 20", "'' ''"] {
            let refused = Err("Invalid save parameters".into());
            assert_eq!(parse(&SavePoints, &old, bad, true), refused, "{bad}");
        }
        assert_eq!(show(&SavePoints, &vec![point(10, 1), point(20, 2)]), "10 1 20 2");
        assert_eq!(lines(&SavePoints, &vec![], &old), [("\"\"".into(), true)]);
        assert_eq!(lines(&SavePoints, &old, &old), [("3600 1".into(), true)]);
    }

    #[test]
    fn output_limits() {
        let old = [ObufLimit { hard: 1, soft: 2, soft_secs: 3 }; 3];
        let limit = ObufLimit { hard: 1 << 20, soft: 1000, soft_secs: 10 };
        assert_eq!(parse(&ObufLimits, &old, "normal 1mb 1k 10", true), Ok([limit, old[1], old[2]]));
        assert_eq!(parse(&ObufLimits, &old, "''", true), Ok(old));
        let twice = parse(&ObufLimits, &old, "REPLICA 9 9 9 slave 1mb 1k 10", true).unwrap();
        assert_eq!(twice, [old[0], limit, old[2]]);
        assert_eq!(show(&ObufLimits, &twice), "normal 1 2 3 slave 1048576 1000 10 pubsub 1 2 3");
        let written = lines(&ObufLimits, &twice, &old);
        assert_eq!(
            written,
            [
                ("normal 1 2 3".into(), false),
                ("replica 1mb 1000 10".into(), true),
                ("pubsub 1 2 3".into(), false)
            ]
        );
        for (text, refusal) in [
            ("normal 0 0", "Wrong number of arguments in buffer limit configuration."),
            ("master 0 0 0", "Invalid client class specified in buffer limit configuration."),
            ("normal x 0 0", "Error in hard, soft or soft_seconds setting in buffer limit configuration."),
            ("normal 0 -1 0", "Error in hard, soft or soft_seconds setting in buffer limit configuration."),
            ("normal 0 0 -1", "Error in hard, soft or soft_seconds setting in buffer limit configuration."),
        ] {
            assert_eq!(parse(&ObufLimits, &old, text, true), Err(refusal.into()), "{text}");
        }
    }

    #[test]
    fn addresses() {
        let default: Vec<Box<str>> = vec!["*".into(), "-::*".into()];
        assert_eq!(parse(&Addresses, &vec![], "* -::*", true), Ok(default.clone()));
        assert_eq!(parse(&Addresses, &default, "''", true), Ok(vec![]));
        assert_eq!(lines(&Addresses, &vec![], &default), [("\"\"".into(), true)]);
        assert_eq!(lines(&Addresses, &default, &default), []);
        let many = "1 ".repeat(17);
        assert_eq!(parse(&Addresses, &vec![], &many, true), Err("Too many bind addresses specified.".into()));
        assert!(parse(&Addresses, &vec![], &many[2..], true).is_ok());
    }

    #[test]
    fn masters() {
        let master = Some(MasterAddr { host: "example.org".into(), port: 7000 });
        assert_eq!(parse(&Master, &None, "example.org 7000", true), Ok(master.clone()));
        assert_eq!(parse(&Master, &master, "NO one", true), Ok(None));
        assert_eq!(show(&Master, &master), "example.org 7000");
        assert_eq!(show(&Master, &None), "");
        assert_eq!(lines(&Master, &None, &None), []);
        assert_eq!(parse(&Master, &None, "a", true), Err("wrong number of arguments".into()));
        for bad in ["a 99999", "a x", "no two"] {
            assert_eq!(parse(&Master, &None, bad, true), Err("Invalid master port".into()));
        }
    }

    #[test]
    fn numbers() {
        let range = "Invalid oom-score-adj-values, elements must be between -2000 and 2000.";
        assert_eq!(parse(&OomValues, &[0; 3], "5 -2 1", true), Ok([5, -2, 1]));
        assert_eq!(show(&OomValues, &[5, -2, 1]), "5 -2 1");
        assert_eq!(parse(&OomValues, &[0; 3], "1 2", true), Err("wrong number of arguments".into()));
        assert_eq!(parse(&OomValues, &[0; 3], "1 2 x", true), Err(range.into()));
        assert_eq!(parse(&OomValues, &[0; 3], "1 2 3000", true), Err(range.into()));

        let values = parse(&Percentiles, &vec![], "0.1 99.9999999 1e1 50", true).unwrap();
        assert_eq!(show(&Percentiles, &values), "0.1 100 10 50");
        assert_eq!(lines(&Percentiles, &vec![1.234_567_89, 5.0], &vec![]), [("1.234568 5".into(), true)]);
        assert_eq!(parse(&Percentiles, &values, "''", true), Ok(vec![]));
        assert_eq!(
            parse(&Percentiles, &vec![], "101", true),
            Err("latency-tracking-info-percentiles parameters should sit between [0.0,100.0]".into())
        );
        for bad in ["x", "50 x", "nan"] {
            assert_eq!(
                parse(&Percentiles, &vec![], bad, true),
                Err("Invalid latency-tracking-info-percentiles parameters".into())
            );
        }
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(
            points in proptest::collection::vec((1..i64::MAX, 0..i64::from(i32::MAX)).prop_map(|(s, c)| point(s, c)), 0..5),
            limits in proptest::array::uniform3((any::<u64>(), any::<u64>(), 0..i64::MAX as u64)
                .prop_map(|(hard, soft, soft_secs)| ObufLimit { hard, soft, soft_secs })),
            oom in proptest::array::uniform3(-2000..=2000_i64),
            millionths in proptest::collection::vec(0..100_000_000_u32, 0..5),
        ) {
            let percentiles: Vec<f64> = millionths.iter().map(|n| f64::from(*n) / 1e6).collect();
            prop_assert_eq!(reread(&SavePoints, &points, vec![point(5, 5)]), points);
            prop_assert_eq!(reread(&ObufLimits, &limits, [ObufLimit::default(); 3]), limits);
            prop_assert_eq!(reread(&OomValues, &oom, [0; 3]), oom);
            prop_assert_eq!(reread(&Percentiles, &percentiles, vec![]), percentiles);
        }
    }
}

//! Commands on aggregates, as templates.
//!
//! *Owns*: which commands are said on lists, hashes, sets, sorted sets, places, streams and groups, which ones wait, and what
//! stands for their arguments. *Does not own*: how often which family is drawn (`workload`).
//! *Invariants*: every reply can be told by the model, at least its kind.
//!
//! Words of one letter stand for: `K` any key, `L` `H` `S` `Z` `G` `X` `A` the key of a list, hash, set, sorted set, set of
//! places, stream with positions of our choosing, stream with the server's (now and then a key of another type); `V` a
//! value, `M` a member or field, `N` a score, `E` an end of a range of scores, `Y` one of a range of members, `P` a place,
//! `I` a number that may be extreme, `n` a small one, `F` one with a fraction, `U` a position, `g` a group, `w` a consumer, `T`
//! a time-out in seconds, `t` in milliseconds, `C` a client's id; `[..|..]` for one of several, maybe nothing.

use super::workload::Mixture;
use crate::chance::Chance;
use crate::client::frame::Args;

pub(super) const LIST: &[&str] = &[
    "LPUSH L V",
    "RPUSH L V V",
    "LPUSH L V V V",
    "RPUSH L V",
    "LPUSHX L V",
    "RPUSHX L V V",
    "LPOP L",
    "RPOP L",
    "LPOP L [0|1|2|5|-1|x]",
    "RPOP L [1|2]",
    "LLEN L",
    "LRANGE L 0 -1",
    "LRANGE L n n",
    "LINDEX L n",
    "LSET L n V",
    "LINSERT L [BEFORE|AFTER] V V",
    "LREM L [0|1|-1|2|-2] V",
    "LTRIM L n n",
    "LTRIM L 0 [9|-2]",
    "LPOS L V",
    "LPOS L V RANK [1|-1|2] COUNT [0|1|2]",
    "LMOVE L L [LEFT|RIGHT] [LEFT|RIGHT]",
    "RPOPLPUSH L L",
    "LMPOP 2 L L [LEFT|RIGHT] COUNT [1|3]",
    "LMPOP [0|1] L LEFT",
];

pub(super) const HASH: &[&str] = &[
    "HSET H M V",
    "HSET H M V M V M V",
    "HMSET H M V M V",
    "HSET H M V M",
    "HSETNX H M V",
    "HGET H M",
    "HMGET H M M M",
    "HGETALL H",
    "HKEYS H",
    "HVALS H",
    "HLEN H",
    "HEXISTS H M",
    "HSTRLEN H M",
    "HDEL H M",
    "HDEL H M M M",
    "HINCRBY H count I",
    "HINCRBY H M 1",
    "HINCRBYFLOAT H float F",
    "HINCRBYFLOAT H float F",
    "HRANDFIELD H",
    "HRANDFIELD H [0|1|3|-5|100] [|WITHVALUES]",
    "HSCAN H 0 COUNT 1000",
];

pub(super) const SET: &[&str] = &[
    "SADD S M",
    "SADD S M M M M",
    "SADD S I I",
    "SREM S M M",
    "SMEMBERS S",
    "SCARD S",
    "SISMEMBER S M",
    "SMISMEMBER S M M M",
    "SMOVE S S M",
    "SPOP S",
    "SPOP S",
    "SPOP S [0|1|2|3|50]",
    "SRANDMEMBER S",
    "SRANDMEMBER S [0|1|3|-4|100]",
    "SINTER S S",
    "SUNION S S S",
    "SDIFF S S",
    "SINTERSTORE S S S",
    "SUNIONSTORE S S S",
    "SDIFFSTORE S S S",
    "SINTERCARD 2 S S",
    "SINTERCARD 2 S S LIMIT [0|1|2]",
    "SSCAN S 0 COUNT 1000",
];

pub(super) const ZSET: &[&str] = &[
    "ZADD Z N M",
    "ZADD Z N M N M N M",
    "ZADD Z [NX|XX|GT|LT|CH] N M",
    "ZADD Z [|NX|XX] [|GT|LT] [|CH] [|INCR] N M",
    "ZINCRBY Z [1|2.5|-1|0] M",
    "ZREM Z M M",
    "ZCARD Z",
    "ZSCORE Z M",
    "ZMSCORE Z M M",
    "ZRANK Z M",
    "ZREVRANK Z M",
    "ZCOUNT Z E E",
    "ZLEXCOUNT Z - +",
    "ZRANGE Z n n [|REV] [|WITHSCORES]",
    "ZRANGE Z 0 -1 WITHSCORES",
    "ZRANGE Z E E BYSCORE [|REV] [|WITHSCORES] LIMIT [0|1|-1] [1|3|-1]",
    "ZREVRANGE Z n n [|WITHSCORES]",
    "ZRANGEBYSCORE Z E E [|WITHSCORES]",
    "ZREVRANGEBYSCORE Z E E",
    "ZRANGESTORE Z Z n n",
    "ZRANGESTORE Z Z E E BYSCORE",
    "ZREMRANGEBYRANK Z n n",
    "ZREMRANGEBYSCORE Z E E",
    "ZPOPMIN Z",
    "ZPOPMAX Z [0|1|2|x]",
    "ZMPOP 2 Z Z [MIN|MAX] COUNT [1|3]",
    "ZRANDMEMBER Z [0|1|3|-4|100] [|WITHSCORES]",
    "ZUNION 2 Z Z [|WITHSCORES]",
    "ZINTER 2 Z Z WEIGHTS [1|2|0.5] [1|-1] AGGREGATE [SUM|MIN|MAX] WITHSCORES",
    "ZDIFF 2 Z Z",
    "ZUNIONSTORE Z 2 Z [Z|S] AGGREGATE [SUM|MIN|MAX]",
    "ZINTERSTORE Z 2 Z Z",
    "ZDIFFSTORE Z 2 Z Z",
    "ZINTERCARD 2 Z Z LIMIT [0|1]",
    "ZSCAN Z 0 COUNT 1000",
    "ZADD lex 0 M 0 M",
    "ZRANGE lex Y Y BYLEX [|REV]",
    "ZRANGEBYLEX lex Y Y LIMIT 0 2",
    "ZREMRANGEBYLEX lex Y Y",
    "ZLEXCOUNT lex Y Y",
];

pub(super) const GEO: &[&str] = &[
    "GEOADD G P M",
    "GEOADD G [|NX|XX] [|CH] P M P M",
    "GEOPOS G M M",
    "GEODIST G M M km",
    "GEOHASH G M",
    "GEOSEARCH G FROMMEMBER M BYRADIUS [1|700|5000|30000] km",
    "GEOSEARCH G FROMLONLAT 15 37 BYRADIUS [1|700|5000|30000] km",
    "GEOSEARCHSTORE G G FROMLONLAT 15 37 BYRADIUS [1|700|30000] km",
    "ZREM G M",
    "ZCARD G",
];

pub(super) const STREAM: &[&str] = &[
    "XADD A * f V",
    "XADD A * f V g V",
    "XADD A * f V",
    "XADD X [3|5|9]-* f V",
    "XADD X [5|9]-* f V",
    "XADD X U f V",
    "XADD [A|X] [NOMKSTREAM|] MAXLEN [=|] [0|2|5] * f V",
    "XADD X MINID U [9-*|*] f V",
    "XLEN [A|X]",
    "XRANGE [A|X] - +",
    "XRANGE X U U",
    "XRANGE X (U + COUNT [1|2]",
    "XREVRANGE [A|X] + - COUNT [0|2]",
    "XDEL X U",
    "XDEL X U U U",
    "XTRIM [A|X] MAXLEN [=|] [0|1|3|8]",
    "XTRIM [A|X] MAXLEN ~ [0|1|3]",
    "XTRIM X MINID U",
    "XREAD COUNT 2 STREAMS X A U 0",
    "XREAD STREAMS A [0|$|1]",
    "XINFO STREAM [A|X] [|FULL]",
    "XINFO GROUPS A",
    "XSETID X 9-9",
];

pub(super) const GROUP: &[&str] = &[
    "XADD A * f V",
    "XADD X 9-* f V",
    "XGROUP CREATE [A|X] g [0|$|5-1] MKSTREAM",
    "XGROUP CREATE [A|X] g [0|$]",
    "XGROUP SETID [A|X] g [0|$|9-2]",
    "XGROUP DESTROY [A|X] g",
    "XGROUP CREATECONSUMER [A|X] g w",
    "XGROUP DELCONSUMER [A|X] g w",
    "XREADGROUP GROUP g w STREAMS A >",
    "XREADGROUP GROUP g w COUNT [1|2] STREAMS [A|X] >",
    "XREADGROUP GROUP g w COUNT 2 NOACK STREAMS X >",
    "XREADGROUP GROUP g w STREAMS A X > >",
    "XREADGROUP GROUP g w STREAMS [A|X] 0",
    "XACK X g U",
    "XACK X g U U U",
    "XPENDING [A|X] g",
    "XPENDING [A|X] g - + 10",
    "XPENDING [A|X] g IDLE [0|1000] - + 3 w",
    "XCLAIM X g w [0|500] U",
    "XCLAIM X g w 0 U U [JUSTID|FORCE|]",
    "XCLAIM X g w 0 U IDLE [0|5000] RETRYCOUNT 3",
    "XAUTOCLAIM [A|X] g w [0|500] 0",
    "XAUTOCLAIM [A|X] g w 0 0 COUNT [1|2] [|JUSTID]",
    "XDEL X U",
    "XTRIM A MAXLEN 2",
];

pub(super) const BLOCK: &[&str] = &[
    "BLPOP L T",
    "BLPOP L L T",
    "BRPOP L L L T",
    "BLMOVE L L [LEFT|RIGHT] [LEFT|RIGHT] T",
    "BLMOVE L L [LEFT|RIGHT] [LEFT|RIGHT] T",
    "BRPOPLPUSH L L T",
    "BLMPOP T 2 L L [LEFT|RIGHT] COUNT [1|2]",
    "BZPOPMIN Z T",
    "BZPOPMAX Z Z T",
    "BZMPOP T 2 Z Z [MIN|MAX] COUNT 2",
    "XREAD BLOCK t STREAMS A $",
    "XREAD COUNT 2 BLOCK t STREAMS X A U $",
    "XREADGROUP GROUP g w BLOCK t STREAMS A >",
    "XREADGROUP GROUP g w COUNT 1 BLOCK t NOACK STREAMS X >",
    "CLIENT UNBLOCK C",
    "CLIENT UNBLOCK C [TIMEOUT|ERROR]",
];

/// Coordinates far enough from each other that no rounding decides.
const PLACES: [&str; 5] =
    ["13.361389 38.115556", "15.087269 37.502669", "2.5 48.75", "-70 -33.5", "139.5 35.5"];

impl Mixture {
    /// Says one of the commands of a family.
    pub(super) fn fill(&self, c: &mut Chance, family: &[&str], a: &mut Args) {
        let template = c.pick(family);
        for word in template.split(' ') {
            self.word(c, word, a);
        }
    }

    fn word(&self, c: &mut Chance, word: &str, a: &mut Args) {
        if let Some((before, rest)) = word.split_once('[') {
            let Some((options, after)) = rest.split_once(']') else { return };
            let count = options.split('|').count() as u64;
            let chosen = options.split('|').nth(c.below(count) as usize).unwrap_or("");
            match (before, after) {
                ("", "") => self.word(c, chosen, a),
                _ => {
                    a.words(&[before, chosen, after].concat());
                }
            }
            return;
        }
        match word {
            "" => {}
            "K" | "L" | "H" | "S" | "Z" | "G" | "X" | "A" => self.typed_key(c, word.as_bytes()[0], a),
            "V" => self.short_value(c, a),
            "M" => self.member(c, a),
            "N" => {
                a.words(
                    c.pick(&["0", "1", "2", "3", "-1", "1.5", "0.25", "-2.5", "10", "inf", "-inf", "1000"]),
                );
            }
            "E" => {
                a.words(c.pick(&["-inf", "+inf", "0", "1", "(1", "2", "(3", "-2.5", "10", "1.5"]));
            }
            "Y" => {
                a.words(c.pick(&["-", "+", "[m", "(m3", "[5", "[m1", "(a", "-", "+"]));
            }
            "P" => {
                a.words(c.pick(&PLACES));
            }
            "I" => {
                a.int(c.pick(&[0, 1, 2, 3, -1, 127, 128, 40_000, i64::MAX, i64::MIN, 5_000_000_000]));
            }
            "n" => {
                a.int(c.below(11) as i64 - 4);
            }
            "F" => {
                a.words(c.pick(&["0.25", "-1.5", "3", "0.125", "-0.5", "nonsense"]));
            }
            "U" | "(U" => {
                let (ms, seq) = (c.pick(&[0, 3, 5, 9, 9, 9]), c.between(1, 9));
                let open = if word == "U" { "" } else { "(" };
                a.push(format!("{open}{ms}-{seq}").as_bytes());
            }
            "g" => {
                a.words(c.pick(&["g1", "g1", "g2"]));
            }
            "w" => {
                a.words(c.pick(&["alice", "bob", "carol"]));
            }
            "T" | "t" => self.time_out(c, word == "T", a),
            "C" => {
                a.int(c.between(1, 14) as i64);
            }
            plain => {
                a.words(plain);
            }
        }
    }

    /// A time-out; now and then none.
    fn time_out(&self, c: &mut Chance, seconds: bool, a: &mut Args) {
        let ms = if c.one_in(8) { 0 } else { c.log_uniform(self.block_min_ms, self.block_max_ms) };
        if seconds {
            a.push(format!("{}.{:03}", ms / 1000, ms % 1000).as_bytes());
        } else {
            a.int(ms as i64);
        }
    }

    /// The key of a type, now and then of another one.
    fn typed_key(&self, c: &mut Chance, kind: u8, a: &mut Args) {
        let kind = if c.one_in(12) { c.pick(b"KLHSZGXA") } else { kind };
        self.key_of(c, kind, a);
    }

    /// A key of any type.
    pub(super) fn any_key(&self, c: &mut Chance, a: &mut Args) {
        let kind = if c.one_in(3) { b'K' } else { c.pick(b"LHSZGXA") };
        self.key_of(c, kind, a);
    }

    fn key_of(&self, c: &mut Chance, kind: u8, a: &mut Args) {
        let prefix = char::from(kind.to_ascii_lowercase());
        let several = if kind == b'K' { self.keys } else { self.keys.min(self.aggregates) };
        a.push(format!("{prefix}:{}", c.below(several)).as_bytes());
    }

    fn member(&self, c: &mut Chance, a: &mut Args) {
        let n = c.below(self.members);
        if n.is_multiple_of(3) {
            a.int(n as i64)
        } else {
            a.push(format!("m{n}").as_bytes())
        };
    }

    fn short_value(&self, c: &mut Chance, a: &mut Args) {
        match c.below(10) {
            0..=3 => {
                a.push(format!("v{}", c.below(8)).as_bytes());
            }
            4 | 5 => {
                a.int(c.below(10) as i64);
            }
            6 => {
                a.int(c.pick(&[i64::MAX, i64::MIN, -1, 128, 40_000, 70_000, 9_000_000]));
            }
            7 => {
                a.push(c.pick(&[&b""[..], b"-0", b"007", b"1.5", b"\r\n", b"\x00\xff"]));
            }
            _ => {
                let (len, salt) = (c.log_uniform(1, self.value_max.min(300)), c.bits());
                let bytes: Vec<u8> = (0..len).map(|i| b'a' + ((i ^ salt) % 26) as u8).collect();
                a.push(&bytes);
            }
        }
    }
}

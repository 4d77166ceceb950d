//! What clients say.
//!
//! *Owns*: drawing one command from a mixture of families. *Does not own*: when it is sent and by whom; commands on
//! aggregates (`templates`).

use super::templates::{BLOCK, GEO, GROUP, HASH, LIST, SET, STREAM, ZSET};
use crate::chance::Chance;
use crate::client::frame::Args;

/// The families of commands; their order is that of [`Mixture::weights`].
pub const FAMILIES: [&str; 18] = [
    "read",
    "write",
    "count",
    "expire",
    "key",
    "db",
    "connection",
    "transaction",
    "publish",
    "wait",
    "list",
    "hash",
    "set",
    "zset",
    "geo",
    "stream",
    "group",
    "block",
];

/// Number of the family of commands that wait for keys.
pub const BLOCKING: usize = 17;

/// How often which family of commands is drawn, and over which keys and sizes.
#[derive(Clone, Debug)]
pub struct Mixture {
    /// Weight of each of [`FAMILIES`].
    pub weights: [u64; FAMILIES.len()],
    /// Number of different keys.
    pub keys: u64,
    /// Longest value.
    pub value_max: u64,
    /// Shortest time to live drawn, in milliseconds.
    pub ttl_min_ms: u64,
    /// Longest time to live drawn, in milliseconds.
    pub ttl_max_ms: u64,
    /// FLUSHDB, FLUSHALL and SWAPDB are among the commands.
    pub sweeping: bool,
    /// Databases used.
    pub databases: u64,
    /// Number of different keys of each type that is no string.
    pub aggregates: u64,
    /// Number of different members and fields.
    pub members: u64,
    /// Shortest time-out of a command that waits for keys, in milliseconds.
    pub block_min_ms: u64,
    /// Longest time-out of a command that waits for keys, in milliseconds.
    pub block_max_ms: u64,
}

/// Whether a command may make its client wait.
#[must_use]
pub fn may_wait(a: &Args) -> bool {
    let name = a.at(0);
    let reads = name.eq_ignore_ascii_case(b"XREAD") || name.eq_ignore_ascii_case(b"XREADGROUP");
    match reads {
        true => a.iter().any(|word| word == b"BLOCK"),
        false => name.first().is_some_and(|b| b.eq_ignore_ascii_case(&b'b')),
    }
}

/// What a client has to know of itself to speak sensibly.
#[derive(Clone, Copy, Debug, Default)]
pub struct Speaker {
    /// Between MULTI and its end.
    pub in_multi: bool,
    /// Wall clock to draw absolute times around, in milliseconds.
    pub now_ms: i64,
    /// Makes messages and echoes unique.
    pub token: u64,
}

impl Mixture {
    /// Draws a command. Inside a transaction its end is drawn often.
    pub fn draw(&self, c: &mut Chance, speaker: &mut Speaker, a: &mut Args) {
        a.clear();
        speaker.token += 1;
        if speaker.in_multi && c.one_in(4) {
            speaker.in_multi = false;
            a.words(if c.one_in(6) { "DISCARD" } else { "EXEC" });
            return;
        }
        let total: u64 = self.weights.iter().sum();
        let mut at = c.below(total);
        let family = self.weights.iter().position(|w| {
            let here = at < *w;
            at = at.wrapping_sub(if here { 0 } else { *w });
            here
        });
        match family.unwrap_or(0) {
            0 => self.read(c, a),
            1 => self.write(c, speaker, a),
            2 => self.count(c, a),
            3 => self.expire(c, speaker, a),
            4 => self.key_command(c, a),
            5 => self.database(c, a),
            6 => Self::connection(c, speaker, a),
            7 => self.transaction(c, speaker, a),
            8 => {
                a.words("PUBLISH");
                channel(c, a);
                a.push(format!("m{}", speaker.token).as_bytes());
            }
            10 => self.fill(c, LIST, a),
            11 => self.fill(c, HASH, a),
            12 => self.fill(c, SET, a),
            13 => self.fill(c, ZSET, a),
            14 => self.fill(c, GEO, a),
            15 => self.fill(c, STREAM, a),
            16 => self.fill(c, GROUP, a),
            BLOCKING => self.fill(c, BLOCK, a),
            // Bitmaps, HyperLogLog, SORT, DUMP and RESTORE have their place here.
            _ if speaker.in_multi => self.read(c, a),
            _ => {
                a.words("WAIT").int(c.below(3) as i64).int(c.log_uniform(1, 2000) as i64);
            }
        }
    }

    fn key(&self, c: &mut Chance, a: &mut Args) {
        if c.one_in(20) {
            return self.any_key(c, a);
        }
        a.push(format!("k:{}", c.below(self.keys)).as_bytes());
    }

    fn float_key(c: &mut Chance, a: &mut Args) {
        a.push(format!("f:{}", c.below(3)).as_bytes());
    }

    fn value(&self, c: &mut Chance, a: &mut Args) {
        match c.below(8) {
            0 | 1 => {
                a.int(c.below(2000) as i64 - 1000);
            }
            2 => {
                a.int(c.pick(&[i64::MAX, i64::MIN, i64::MAX - 1, 0, -1, 10_000_000_000]));
            }
            3 => {
                a.push(c.pick(&[&b""[..], b"-0", b"007", b" 1", b"1.5", b"\r\n", b"\x00\xff", b"nan"]));
            }
            _ => {
                let (len, salt) = (c.log_uniform(1, self.value_max), c.bits());
                let bytes: Vec<u8> = (0..len).map(|i| b'a' + ((i ^ salt) % 26) as u8).collect();
                a.push(&bytes);
            }
        }
    }

    fn read(&self, c: &mut Chance, a: &mut Args) {
        match c.below(9) {
            0 => {
                a.words("STRLEN");
                self.key(c, a);
            }
            1 => {
                a.words("MGET");
                (0..c.between(1, 5)).for_each(|_| self.key(c, a));
            }
            2 => {
                a.words(c.pick(&["GETRANGE", "SUBSTR"]));
                self.key(c, a);
                a.int(c.below(12) as i64 - 6).int(c.below(20) as i64 - 6);
            }
            3 if self.value_max < 2000 => {
                a.words("LCS");
                self.key(c, a);
                self.key(c, a);
                a.words("LEN");
            }
            4 => {
                a.words("GET");
                Self::float_key(c, a);
            }
            _ => {
                a.words("GET");
                self.key(c, a);
            }
        }
    }

    fn write(&self, c: &mut Chance, speaker: &Speaker, a: &mut Args) {
        let kind = c.below(12);
        let word = ["GETSET", "SETNX", "APPEND", "SETRANGE", "MSET", "MSETNX", "GETDEL", "SET"];
        a.words(word[(kind as usize).min(7)]);
        match kind {
            3 => {
                self.key(c, a);
                a.int(c.below(40) as i64 - 1);
                self.value(c, a);
            }
            4 | 5 => (0..c.between(1, 4)).for_each(|_| {
                self.key(c, a);
                self.value(c, a);
            }),
            6 => self.key(c, a),
            _ => {
                self.key(c, a);
                self.value(c, a);
                if kind >= 8 {
                    self.set_options(c, speaker, a);
                }
            }
        }
    }

    fn set_options(&self, c: &mut Chance, speaker: &Speaker, a: &mut Args) {
        if c.one_in(3) {
            a.words(c.pick(&["NX", "XX", "nx", "xX"]));
        }
        if c.one_in(4) {
            a.words("GET");
        }
        match c.below(4) {
            0 => {
                a.words("KEEPTTL");
            }
            1 | 2 => self.expiry(c, speaker, a),
            _ => {}
        }
        if c.one_in(60) {
            a.words(c.pick(&["NX XX", "EX", "PX 0", "EX -1", "BOGUS", "PX 9223372036854775807", "EX x"]));
        }
    }

    fn expiry(&self, c: &mut Chance, speaker: &Speaker, a: &mut Args) {
        let ms = self.ttl_ms(c);
        match c.below(4) {
            0 => a.words("EX").int(ms / 1000 + 1),
            1 => a.words("PX").int(ms),
            2 => a.words("EXAT").int((speaker.now_ms + ms) / 1000),
            _ => a.words("PXAT").int(speaker.now_ms + ms - 20),
        };
    }

    fn ttl_ms(&self, c: &mut Chance) -> i64 {
        c.log_uniform(self.ttl_min_ms, self.ttl_max_ms) as i64
    }

    fn count(&self, c: &mut Chance, a: &mut Args) {
        match c.below(6) {
            0 | 1 => {
                a.words(c.pick(&["INCR", "DECR"]));
                self.key(c, a);
            }
            2 | 3 => {
                a.words(c.pick(&["INCRBY", "DECRBY"]));
                self.key(c, a);
                a.int(c.pick(&[1, -5, 1000, i64::MAX, i64::MIN, 0]));
            }
            4 => {
                a.words("INCRBY");
                self.key(c, a);
                a.words(c.pick(&["1.5", "x", "", "9223372036854775808"])).int(3);
                // A missing increment is replaced: three arguments are the least that is well-formed.
                if a.len() != 3 {
                    let key = a.at(1).to_vec();
                    a.clear();
                    a.words("INCRBY").push(&key).words("nonsense");
                }
            }
            _ => {
                a.words("INCRBYFLOAT");
                Self::float_key(c, a);
                a.words(c.pick(&["0.25", "-1.5", "3", "0.125", "-0.5"]));
            }
        }
    }

    fn expire(&self, c: &mut Chance, speaker: &Speaker, a: &mut Args) {
        match c.below(8) {
            0 | 1 => {
                a.words(c.pick(&["TTL", "PTTL", "EXPIRETIME", "PEXPIRETIME"]));
                self.any_key(c, a);
            }
            2 => {
                a.words("PERSIST");
                self.any_key(c, a);
            }
            3 => {
                a.words("GETEX");
                self.any_key(c, a);
                match c.below(4) {
                    0 => {}
                    1 => {
                        a.words("PERSIST");
                    }
                    _ => self.expiry(c, speaker, a),
                }
            }
            4 => {
                let word = c.pick(&["SETEX", "PSETEX"]);
                a.words(word);
                self.any_key(c, a);
                let ms = self.ttl_ms(c);
                a.int(if word == "SETEX" { ms / 1000 } else { ms });
                self.value(c, a);
            }
            _ => {
                let word = c.pick(&["EXPIRE", "PEXPIRE", "EXPIREAT", "PEXPIREAT"]);
                a.words(word);
                self.any_key(c, a);
                let ms = if c.one_in(12) { -1000 } else { self.ttl_ms(c) };
                a.int(match word {
                    "EXPIRE" => ms / 1000 + 1,
                    "PEXPIRE" => ms,
                    "EXPIREAT" => (speaker.now_ms + ms) / 1000,
                    _ => speaker.now_ms + ms,
                });
                if c.one_in(3) {
                    a.words(c.pick(&["NX", "XX", "GT", "LT"]));
                }
            }
        }
    }

    fn key_command(&self, c: &mut Chance, a: &mut Args) {
        let kind = c.below(12);
        let word = [
            "DEL",
            "UNLINK",
            "EXISTS",
            "TOUCH",
            "TYPE",
            "RENAME",
            "RENAMENX",
            "COPY",
            "COPY",
            "RANDOMKEY",
            "SCAN",
            "OBJECT",
        ][kind as usize];
        a.words(word);
        match kind {
            0..=3 => (0..c.between(1, 3)).for_each(|_| self.any_key(c, a)),
            4 => self.any_key(c, a),
            9 => {}
            10 => {
                a.words("0 COUNT 100");
            }
            11 => {
                a.words("ENCODING");
                self.any_key(c, a);
            }
            _ => {
                self.any_key(c, a);
                self.any_key(c, a);
                if word == "COPY" {
                    if c.one_in(3) {
                        a.words("DB").int(c.below(self.databases + 1) as i64);
                    }
                    if c.one_in(2) {
                        a.words("REPLACE");
                    }
                }
            }
        }
    }

    fn database(&self, c: &mut Chance, a: &mut Args) {
        match c.below(12) {
            0..=3 => {
                a.words("SELECT").int(c.below(self.databases) as i64);
            }
            4 | 5 => {
                a.words("MOVE");
                self.any_key(c, a);
                a.int(c.below(self.databases + 1) as i64);
            }
            6 => {
                a.words("DBSIZE");
            }
            7 => {
                a.words("KEYS").words(c.pick(&["*", "k:1*", "f:*", "none*"]));
            }
            8 if self.sweeping => {
                a.words("SWAPDB").int(c.below(self.databases) as i64).int(c.below(self.databases) as i64);
            }
            9 if self.sweeping => {
                a.words(c.pick(&["FLUSHDB", "FLUSHDB ASYNC", "FLUSHALL", "FLUSHDB SYNC"]));
            }
            10 => {
                a.words(c.pick(&["SELECT 99", "SELECT x", "SWAPDB x 1", "MOVE k:0 x"]));
            }
            _ => {
                a.words("DBSIZE");
            }
        }
    }

    fn connection(c: &mut Chance, speaker: &Speaker, a: &mut Args) {
        match c.below(9) {
            0 | 1 => {
                a.words("PING");
            }
            2 | 3 => {
                a.words("PING").push(format!("p{}", speaker.token).as_bytes());
            }
            4 | 5 => {
                a.words("ECHO").push(format!("e{}", speaker.token).as_bytes());
            }
            6 => {
                a.words("CLIENT SETNAME").push(format!("name{}", speaker.token).as_bytes());
            }
            7 => {
                a.words("CLIENT GETNAME");
            }
            _ if speaker.in_multi => {
                a.words("PING");
            }
            _ => {
                a.words(c.pick(&["HELLO 2", "HELLO 3", "CLIENT ID"]));
            }
        }
    }

    fn transaction(&self, c: &mut Chance, speaker: &mut Speaker, a: &mut Args) {
        match c.below(8) {
            0 | 1 => {
                a.words("WATCH");
                (0..c.between(1, 2)).for_each(|_| self.any_key(c, a));
            }
            2 => {
                a.words(c.pick(&["UNWATCH", "EXEC", "DISCARD"]));
                speaker.in_multi &= a.at(0) == b"UNWATCH";
            }
            _ => {
                a.words("MULTI");
                speaker.in_multi = true;
            }
        }
    }
}

/// Adds one of few channel names.
pub fn channel(c: &mut Chance, a: &mut Args) {
    a.push(format!("ch:{}", c.below(3)).as_bytes());
}

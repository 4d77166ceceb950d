//! Random commands: few keys, wrong types, numbers at the edges, strings of every kind.
//!
//! *Owns*: the [`Rng`] and [`generate`]. *Invariants*: the same seed gives the same commands; no command's outcome
//! depends on how fast it runs (expiry times are far away, past, or wrong; GT only with absolute ones), on hash order
//! beyond what its [`Rule`] excuses, or on addresses.

use crate::samples::{
    BIT_ENDS, BIT_OFFSETS, CHANNELS, CONSUMERS, DATABASES, FIELDS, FLOATS, GROUP_NAMES, INTEGERS, KEYS,
    LEX_ENDS, MEMBERS, MILLI_TIMES, MILLIS, OFFSETS, PATTERNS, PAYLOADS, PLACES, POSITIONS, SCORE_ENDS,
    SCORES, SECONDS, TIMES, VALUES, WORDS,
};
use crate::script::Rule;

/// A small generator of random numbers (splitmix64).
#[derive(Clone, Debug)]
pub struct Rng(u64);

impl Rng {
    /// A generator that always gives the same numbers for the same seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed ^ 0x6a09_e667_f3bc_c908)
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`.
    pub fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.bits() % n as u64).expect("below a usize")
    }

    /// True once in `n`.
    pub fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    /// One of several.
    pub fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len())]
    }
}

/// A group of commands to draw from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Strings and counters.
    String,
    /// Keys of any type and the databases.
    Generic,
    /// Expiry.
    Expire,
    /// MULTI and WATCH over the others.
    Transactions,
    /// PING, ECHO, SELECT, RESET, names and nonsense.
    Connection,
    /// Channels and patterns.
    Pubsub,
    /// Hashes.
    Hash,
    /// Sets.
    Set,
    /// Lists.
    List,
    /// Sorted sets.
    ZSet,
    /// Places.
    Geo,
    /// Lists and sorted sets that clients wait for; in none of the mixtures, because who waits says nothing else.
    Waiting,
    /// Streams without groups.
    Stream,
    /// Consumer groups.
    Groups,
    /// Clients that wait for entries.
    WaitingReaders,
    /// Bitmaps.
    Bits,
    /// Estimates of cardinality.
    Estimates,
    /// SORT, and payloads of DUMP.
    Sort,
}

/// Every family.
pub const FAMILIES: &[Family] = &[
    Family::String,
    Family::Generic,
    Family::Expire,
    Family::Transactions,
    Family::Connection,
    Family::Pubsub,
    Family::Hash,
    Family::Set,
    Family::List,
    Family::ZSet,
    Family::Geo,
    Family::Bits,
    Family::Estimates,
    Family::Stream,
    Family::Groups,
];

/// One random command.
#[derive(Clone, Debug)]
pub struct Said {
    /// The connection that says it.
    pub conn: usize,
    /// Its words.
    pub words: Vec<Vec<u8>>,
    /// How its replies are compared.
    pub rule: Rule,
}

/// Connections that [`generate`] uses.
pub const CONNS: usize = 3;

/// Templates: capital words stand for themselves; `K` a key, `V` a value, `I` an integer, `F` a float, `S` a small
/// offset, `T` seconds from now, `M` milliseconds from now, `A` a Unix time in seconds, `B` in milliseconds, `D` a
/// database, `P` a pattern, `C` a channel, `X` any word, `U` a position in a stream, `G` a group, `W` a consumer,
/// `N` a member, `Z` a score (none of which the two servers print differently), `E` an end of a range of scores, `L` one
/// of a range of members, `O` a longitude and a latitude, `Q` a position of a bit, `Y` a type of field, `J` an end of a range
/// of bits, `R` some dozens of elements, `H` a payload of DUMP, `ON` a place and a member, `[..|..]` one of several, maybe nothing.
const STRING: &str = "
    GET K; GET K; SET K V; SET K V; SET K I; SET K V [|NX|XX] [|GET] [|KEEPTTL|EX|EXAT];
    SET K V [EX|px] [T|M]; SET K V EXAT A; SET K V PXAT B NX; SET K V XX GET KEEPTTL; SET K V GET PX M;
    SET K V NX XX; SETNX K V; SETEX K T V; PSETEX K M V; GETSET K V; GETDEL K; GETEX K;
    GETEX K [EX|PX] [T|M]; GETEX K [EXAT|PXAT] [A|B]; GETEX K PERSIST; APPEND K V; APPEND K I; STRLEN K;
    SETRANGE K S V; GETRANGE K I I; GETRANGE K S S; SUBSTR K S S; INCR K; DECR K; INCRBY K I; DECRBY K I;
    INCRBYFLOAT K F; INCRBYFLOAT K F; SET K F; MGET K K K; MSET K V K V; MSETNX K V K V; MSET K V K;
    LCS K K; LCS K K LEN; LCS K K IDX [|WITHMATCHLEN] [|MINMATCHLEN] [|S]; OBJECT ENCODING K; STRLEN;
    SET K; INCR K I";
const GENERIC: &str = "
    SET K V; SET K I; DEL K; DEL K K; UNLINK K K; EXISTS K K; TOUCH K K K; TYPE K; RENAME K K;
    RENAMENX K K; COPY K K; COPY K K REPLACE; COPY K K DB D [|REPLACE]; COPY K K [DB|NOPE]; MOVE K D;
    SELECT D; SWAPDB D D; DBSIZE; KEYS P; SCAN 0 COUNT 1000 [|MATCH] [|P]; SCAN 0 COUNT 1000 TYPE string;
    SCAN [nosuch|1.5|-|99999999999999999999999]; SCAN 0 COUNT [0|-1|x|1000|99999999999999999999];
    OBJECT ENCODING K; OBJECT REFCOUNT [list|nosuch]; GET K; FLUSHDB; SAVE; BGSAVE [x|SCHEDULE x]; FLUSHALL [|ASYNC|SYNC|X]; EXPIREAT K A;
    EXPIRETIME K; PERSIST K; OBJECT X K; SELECT X; MOVE K X";
const EXPIRE: &str = "
    SET K V; SET K V EXAT A; EXPIRE K T; PEXPIRE K M; EXPIREAT K A; PEXPIREAT K B;
    EXPIRE K T [NX|XX|LT]; PEXPIRE K M [NX|XX|lt] [|XX|LT]; EXPIREAT K A [NX|XX|GT|LT];
    PEXPIREAT K B [NX|XX|GT|LT] [|XX|NX]; EXPIRE K [abc|1.5|9999999999999999999]; EXPIREAT K I; PEXPIREAT K X; TTL K; PTTL K;
    EXPIRETIME K; PEXPIRETIME K; PERSIST K; GETEX K PERSIST; GETEX K EXAT A; APPEND K V; RENAME K K;
    COPY K K REPLACE; GETSET K V; SET K V KEEPTTL; INCR K; EXISTS K; MOVE K D; SELECT D";
const TRANSACTIONS: &str = "
    MULTI; MULTI; EXEC; EXEC; EXEC; DISCARD; WATCH K; WATCH K K; UNWATCH; SET K V; INCR K; GET K; DEL K;
    APPEND K V; SET K; NOSUCH K; EXPIREAT K A; PERSIST K; RENAME K K; MOVE K D; SELECT D; SWAPDB D D;
    FLUSHDB; FLUSHALL; PING; MULTI X; EXEC X; RESET; SET K V NX; MSET K V K V";
const CONNECTION: &str = "
    PING; PING V; PING V V; ECHO V; ECHO; SELECT D; SELECT I; SELECT X; CLIENT SETNAME X; CLIENT GETNAME;
    CLIENT NOPE; CLIENT UNBLOCK X; CLIENT NO-EVICT [ON|OFF|X]; CLIENT REPLY [ON|SKIP|X]; RESET;
    HELLO [x|4|1|0]; AUTH X; AUTH default X; AUTH X X; X; X V; X V V V; GET K; SET K V; CONFIG X;
    CONFIG GET X; CONFIG GET maxmemory; COMMAND GETKEYS SET K V;
    COMMAND GETKEYS MSET K V K V; OBJECT X; DEBUG; WAIT 0 0; WAIT [0|x|-1] [0|x|-1];
    CLIENT KILL ID 999999; CLIENT LIST TYPE X; CLIENT PAUSE [x|-1|1.5]";
const PUBSUB: &str = "
    PUBLISH C V; PUBLISH C V; PUBLISH C V; SPUBLISH C V; SUBSCRIBE C; SUBSCRIBE C C; UNSUBSCRIBE C;
    PSUBSCRIBE P; PUNSUBSCRIBE P; SSUBSCRIBE C; SUNSUBSCRIBE C; PUBSUB CHANNELS; PUBSUB CHANNELS P;
    PUBSUB NUMSUB C C; PUBSUB NUMPAT; PUBSUB SHARDNUMSUB C; PUBSUB SHARDCHANNELS; PING; PING V; GET K;
    SET K V; MULTI; EXEC; RESET; PUBSUB X; SUBSCRIBE; PUBLISH C";

const HASH: &str = "
    HSET K V V; HSET K V V; HSET K V V V I; HSET K I V V F; HSET K V; HMSET K V V I I; HSETNX K V V; HGET K V; HGET K I;
    HMGET K V V I; HGETALL K; HKEYS K; HVALS K; HLEN K; HSTRLEN K V; HEXISTS K V; HDEL K V; HDEL K V I V; HINCRBY K V I;
    HINCRBY K V [1|-1|5]; HINCRBYFLOAT K V F; HINCRBYFLOAT K V F; HINCRBYFLOAT K I F; HRANDFIELD K 1000 [|WITHVALUES|X];
    HRANDFIELD K [0|x|1.5|-9223372036854775808]; HSCAN K 0 COUNT 1000; HSCAN K 0 COUNT 1000 MATCH P; HSCAN K [x|-|1.5|nosuch]; HSCAN K 0 X;
    HSCAN K 0 COUNT [0|-1|x]; DEL K; TYPE K; RENAME K K; COPY K K REPLACE; OBJECT ENCODING K; SET K V; EXPIREAT K A;
    MULTI; EXEC; EXEC; DISCARD";
const SET: &str = "
    SADD K V; SADD K I; SADD K V I V; SADD K I I I I; SADD K [1|2|3|4|5] [3|4|5|6|7]; SREM K V; SREM K I V I; SCARD K;
    SMEMBERS K; SISMEMBER K V; SISMEMBER K I; SMISMEMBER K V I V I; SMOVE K K V; SMOVE K K I; SPOP K [1000|0|x|-1];
    SRANDMEMBER K [1000|0|x|-9223372036854775808]; SINTER K K; SINTER K K K; SINTERSTORE K K K; SUNION K K; SUNION K K K K K K;
    SUNIONSTORE K K K; SDIFF K K; SDIFF K K K; SDIFFSTORE K K K; SDIFFSTORE K K K K; SINTERCARD 2 K K;
    SINTERCARD S K K LIMIT S; SINTERCARD [1|2|3|x] K K [|LIMIT|X]; SSCAN K 0 COUNT 1000; SSCAN K 0 COUNT 1000 MATCH P;
    SSCAN K [x|-|1.5|nosuch]; SSCAN K 0 X; DEL K; TYPE K; RENAME K K; COPY K K REPLACE; OBJECT ENCODING K; SET K V; EXPIREAT K A;
    MULTI; EXEC; EXEC; DISCARD";
const LIST: &str = "
    LPUSH K V; RPUSH K V; LPUSH K V V I; RPUSH K I V I V; LPUSHX K V; RPUSHX K V V; LPOP K; RPOP K; LPOP K S; RPOP K S;
    LPOP K [0|1|2|3]; LLEN K; LINDEX K S; LINDEX K I; LSET K S V; LSET K [0|1|-1|2] V; LRANGE K 0 -1; LRANGE K S S;
    LRANGE K I I; LINSERT K [BEFORE|AFTER|x] V V; LINSERT K [BEFORE|after] I V; LREM K [0|1|-1|2|-2] V; LREM K I I;
    LREM K 0 I; LTRIM K S S; LTRIM K [0|1|-3] [-1|-2|1|5]; LPOS K V; LPOS K V RANK S; LPOS K I [COUNT|MAXLEN] S;
    LPOS K V RANK [1|-1|2|-2] COUNT [0|1|2] MAXLEN S; LMOVE K K [LEFT|RIGHT] [LEFT|right]; LMOVE K K LEFT X;
    RPOPLPUSH K K; LMPOP 1 K [LEFT|RIGHT]; LMPOP 2 K K [LEFT|RIGHT] COUNT S; LMPOP S K LEFT; 
    BRPOP K [x|-1]; BLMPOP [x|-1] 1 K LEFT; DEL K; TYPE K; RENAME K K; COPY K K REPLACE; EXPIREAT K A;
    OBJECT ENCODING K; RPUSH K V V V V V V V V; MULTI; EXEC; EXEC; DISCARD";
const ZSET: &str = "
    ZADD K Z N; ZADD K Z N Z N; ZADD K Z N Z N Z N Z N; ZADD K [NX|XX|GT|LT|CH|INCR] Z N;
    ZADD K [|NX|XX] [|GT|LT] [|CH] [|INCR] Z N [|1] [|m9]; ZINCRBY K Z N; ZREM K N N; ZCARD K; ZSCORE K N;
    ZMSCORE K N N; ZRANK K N; ZREVRANK K N; ZCOUNT K E E; ZLEXCOUNT lex L L; ZADD lex 0 N 0 N 0 N; ZRANGE K S S;
    ZRANGE K I I WITHSCORES; ZRANGE K 0 -1 WITHSCORES; ZRANGE K S S REV [|WITHSCORES]; ZRANGE K E E BYSCORE;
    ZRANGE K E E BYSCORE [|REV] [|WITHSCORES] LIMIT S S; ZRANGE lex L L BYLEX [|REV]; ZRANGE lex L L BYLEX LIMIT S S;
    ZRANGE K S S [LIMIT|BYLEX|WITHSCORES] [|0] [|1]; ZREVRANGE K S S [|WITHSCORES]; ZRANGEBYSCORE K E E [|WITHSCORES];
    ZREVRANGEBYSCORE K E E LIMIT S S; ZRANGEBYLEX lex L L; ZREVRANGEBYLEX lex L L LIMIT S S; ZREMRANGEBYRANK K S S;
    ZREMRANGEBYSCORE K E E; ZREMRANGEBYLEX lex L L; ZPOPMIN K; ZPOPMAX K; ZPOPMIN K S; ZPOPMAX K [0|1|2|x];
    ZMPOP 1 K [MIN|MAX]; ZMPOP 2 K K [MIN|max] COUNT S; ZMPOP S K MIN; ZUNION 2 K K [|WITHSCORES];
    ZUNION 2 K K WEIGHTS [1|2|0.5|-1|x] [0|inf|4] [|AGGREGATE] [|SUM|MIN|MAX]; ZINTER 2 K K [|WITHSCORES];
    ZINTER 3 K K K AGGREGATE [SUM|MIN|MAX] WITHSCORES; ZDIFF 2 K K [|WITHSCORES]; ZINTERCARD 2 K K [|LIMIT] [|1];
    ZUNIONSTORE K 2 K K [|AGGREGATE] [|MIN|MAX]; ZINTERSTORE K 2 K K; ZDIFFSTORE K 2 K K; ZUNION S K K; ZUNIONSTORE K S K;
    ZRANGESTORE K K S S; ZRANGESTORE K K E E BYSCORE [|REV] [|LIMIT] [|0] [|2]; ZRANDMEMBER K [0|x|1.5] [|WITHSCORES|X];
    ZSCAN K [x|-|1.5|nosuch]; ZSCAN K 0 COUNT 1000; ZSCAN K 0 COUNT 1000 MATCH P; ZSCAN K 0 [COUNT|X] 0; BZPOPMIN K [x|-1];
    BZMPOP [x|-1] 1 K MIN; DEL K; TYPE K; COPY K K REPLACE; RENAME K K; EXPIREAT K A; OBJECT ENCODING K; MULTI; EXEC; EXEC;
    DISCARD; SADD K N N; SADD K N";
const GEO: &str = "
    GEOADD g ON; GEOADD g ON ON ON; GEOADD h ON; GEOADD [g|h] [NX|XX|CH] ON; GEOADD g X 1 x; GEOADD K ON;
    GEOPOS g N N; GEOPOS h N; GEOHASH g N N; GEODIST g N N [|m|km|FT|mi|x]; GEOPOS K N;
    GEORADIUS g O [0|1|100|300|2000|20000] km [|WITHDIST] [|WITHHASH] [|WITHCOORD] [|ASC|DESC];
    GEORADIUS_RO g O [100|5000] [km|mi|x] COUNT S [|ANY] [|DESC]; GEORADIUSBYMEMBER g N [10|500|x|-1] km [|WITHDIST] ASC;
    GEORADIUSBYMEMBER_RO g N 300 km [|STORE] [|h]; GEORADIUS g O 500 km STORE h; ZRANGE h 0 -1 WITHSCORES;
    GEOSEARCH g FROMMEMBER N BYRADIUS [10|500|3000] km [|ASC|DESC] [|WITHDIST]; GEOSEARCH g FROMMEMBER N BYBOX 400 200 km;
    GEOSEARCH g FROMLONLAT O BYBOX [100|3000] [500|9000] km [|ASC] [|WITHCOORD] [|COUNT] [|2];
    GEOSEARCH g FROMLONLAT O BYRADIUS 300 km [|BYBOX|FROMMEMBER|ANY|STOREDIST] [|N]; GEOSEARCH K FROMLONLAT O;
    GEOSEARCHSTORE h g FROMLONLAT O BYRADIUS [0|500] km [|COUNT] [|1]; GEOSEARCHSTORE h g FROMMEMBER N BYBOX 900 900 km ASC;
    ZREM g N; DEL h; ZCARD g";
const WAITING: &str = "
    ZADD K Z N; ZADD K Z N Z N; BZPOPMIN K 0; BZPOPMAX K K 0; BZMPOP 0 2 K K MIN COUNT S; ZRANGE K 0 -1; ZUNIONSTORE K 1 K;
    LPUSH K V; RPUSH K V V; LPUSH K I; RPUSH K V; LPUSH K V V V; BLPOP K 0; BRPOP K K 0; BLMOVE K K LEFT RIGHT 0;
    BRPOPLPUSH K K 0; BLMPOP 0 2 K K LEFT COUNT S; LRANGE K 0 -1; SET K V; DEL K; RENAME K K; COPY K K REPLACE;
    MOVE K D; SWAPDB 0 D; MULTI; EXEC; EXEC; LPOP K; LMOVE K K LEFT LEFT; FLUSHALL; PING V";

const STREAM: &str = "
    CONFIG SET stream-node-max-entries [1|2|3|5]; CONFIG SET stream-node-max-entries [3|100]; CONFIG SET stream-node-max-bytes [200|4096];
    XADD K U V V; XADD K U V V V V; XADD K U f V; XADD K U f V; XADD K U f V g V; XADD K [1-*|2-*|3-*|5-*|9-*] f V;
    XADD K [20-*|30-*|40-*|+50-*|x-*] f V; XADD K NOMKSTREAM U f V; XADD K MAXLEN [=|~|x] S U f V; XADD K MAXLEN S U f V;
    XADD K MINID ~ U U f V; XADD K MAXLEN ~ S LIMIT S U f V; XADD K MAXLEN S LIMIT S U f V; XADD K U V;
    XADD K MAXLEN 5 MINID U U f V; XADD K LIMIT S U f V; XADD K X f V;
    XTRIM K MAXLEN [|=|~] S; XTRIM K MINID ~ U; XTRIM K MAXLEN ~ S LIMIT S; XTRIM K X S; XTRIM K MAXLEN S X;
    XTRIM K LIMIT S; XTRIM K MAXLEN S LIMIT S; XLEN K; XLEN K; XRANGE K - +; XRANGE K - +; XRANGE K U U; XRANGE K (U (U;
    XRANGE K U + COUNT S; XRANGE K - U COUNT I; XRANGE K - + X S; XREVRANGE K + -; XREVRANGE K U U; XREVRANGE K (U (U;
    XREVRANGE K + U COUNT S; XDEL K U; XDEL K U U; XDEL K U X; XSETID K 18446744073709551615-18446744073709551615 ENTRIESADDED S;
    XSETID K 18446744073709551615-18446744073709551615 ENTRIESADDED [10|20] MAXDELETEDID U;
    XSETID K x X S; XREAD STREAMS K U; XREAD STREAMS K U; XREAD COUNT S STREAMS K K U U; XREAD STREAMS K K U;
    XREAD X STREAMS K U; XREAD STREAMS K [$|>|+]; XREAD BLOCK [x|-1] STREAMS K U; XREAD NOACK STREAMS K U;
    XREAD COUNT S GROUP G W STREAMS K U; XINFO STREAM K; XINFO STREAM K; XINFO STREAM K FULL; XINFO STREAM K FULL COUNT S;
    XINFO STREAM K X; XINFO GROUPS K; XINFO CONSUMERS K G; XINFO X K; XINFO STREAM K FULL X S; DEL K; TYPE K;
    OBJECT ENCODING K; COPY K K REPLACE; RENAME K K; MULTI; EXEC; EXEC; DISCARD; WATCH K; UNWATCH";
const GROUPS: &str = "
    XADD K U f V; XADD K U f V; XADD K U f V g V; XADD K [5-*|20-*|30-*|40-*|50-*] f V; XADD K [1-*|2-*|3-*] f V; XDEL K U;
    XTRIM K MAXLEN S; XTRIM K MINID ~ U; XGROUP CREATE K G U; XGROUP CREATE K G [0|$|-|x] MKSTREAM; XGROUP CREATE K G 0;
    XGROUP CREATE K G U ENTRIESREAD S; XGROUP CREATE K G U MKSTREAM ENTRIESREAD I; XGROUP CREATE K G U X;
    XGROUP SETID K G U; XGROUP SETID K G [0|$|-|+|x] [|ENTRIESREAD] S; XGROUP DESTROY K G;
    XGROUP DELCONSUMER K G W; XGROUP X K G; XREADGROUP GROUP G W STREAMS K >; XREADGROUP GROUP G W STREAMS K >;
    XREADGROUP GROUP G W COUNT S STREAMS K >; XREADGROUP GROUP G W COUNT S NOACK STREAMS K >;
    XREADGROUP GROUP G W COUNT S STREAMS K K > >; XREADGROUP GROUP G W STREAMS K U; XREADGROUP GROUP G W COUNT S STREAMS K U;
    XREADGROUP GROUP G W STREAMS K $; XREADGROUP COUNT S STREAMS K >; XREADGROUP GROUP G W STREAMS K K >;
    XREADGROUP GROUP G W X STREAMS K >; XACK K G U; XACK K G U U; XACK K G U X; XPENDING K G; XPENDING K G;
    XPENDING K G - + 10; XPENDING K G - + S; XPENDING K G U U S; XPENDING K G (U (U 10; XPENDING K G - + 10 W;
    XPENDING K G IDLE [0|100000|x] - + 10; XPENDING K G IDLE 0 - + S W; XPENDING K G IDLE 0 - +; XPENDING K G - + 5 W X X; XPENDING K G - +; XPENDING K G - + 5 W X;
    XCLAIM K G W [0|0|100000|-1|x] U; XCLAIM K G W 0 U U; XCLAIM K G W 0 U JUSTID; XCLAIM K G W 0 U FORCE;
    XCLAIM K G W 0 U FORCE JUSTID; XCLAIM K G W 0 U RETRYCOUNT S; XCLAIM K G W 0 U U FORCE LASTID U; XCLAIM K G W 0 U X S;
    XCLAIM K G W 0 U IDLE [0|1000000|x|-1]; XCLAIM K G W 0 U TIME [0|1000000|x|-1|9999999999999] FORCE;
    XCLAIM K G W 0 U TIME 1000 RETRYCOUNT I JUSTID; XAUTOCLAIM K G W [0|100000|-1|x] U; XAUTOCLAIM K G W 0 0;
    XAUTOCLAIM K G W 0 - COUNT S; XAUTOCLAIM K G W 0 (U COUNT [1|2|3] JUSTID; XAUTOCLAIM K G W 0 U JUSTID; XAUTOCLAIM K G W 0 0 X S;
    XINFO GROUPS K; XINFO GROUPS K; XINFO GROUPS K; XINFO STREAM K; XINFO STREAM K FULL; XINFO STREAM K FULL COUNT S;
    XINFO CONSUMERS K G; XLEN K; DEL K; COPY K K REPLACE; MULTI; EXEC; EXEC; DISCARD; WATCH K; UNWATCH";
// Exact MINID is here, where nobody asks for nodes: Redis may keep one without any entry, norn does not.
const WAITING_READERS: &str = "
    XADD K U f V; XADD K [5-*|20-*|30-*|40-*|50-*|60-*|70-*] f V; XADD K [80-*|90-*|100-*|110-*|120-*] f V g V;
    XGROUP CREATE K G [0|$] MKSTREAM; XGROUP CREATE K G $ MKSTREAM; XREAD BLOCK 0 STREAMS K $;
    XREAD BLOCK 0 COUNT S STREAMS K other $ U; XREAD BLOCK 0 STREAMS other K U $; XADD other U f V; XREADGROUP GROUP G W BLOCK 0 STREAMS K >;
    XREADGROUP GROUP G W COUNT S BLOCK 0 NOACK STREAMS K >; XREADGROUP GROUP G W BLOCK 0 STREAMS K 0; XDEL K U; XTRIM K MAXLEN S;
    XPENDING K G; PING V; XLEN K; XACK K G U;
    XTRIM K MINID [|=] U; XRANGE K - +; XREVRANGE K U U; XREAD STREAMS K U";

// A field that overflows may make its string longer and report no change: norn tells watchers, Redis does not.
const BITS: &str = "
    SETBIT K Q [0|1]; SETBIT K Q [0|1]; SETBIT K Q [0|1]; SETBIT K Q [0|1|2|-1|x]; GETBIT K Q; GETBIT K Q; GETBIT K 4294967295;
    BITCOUNT K; BITCOUNT K J J; BITCOUNT K J J [BIT|BYTE|x]; BITCOUNT K J J BIT; BITCOUNT K I I BIT; BITCOUNT K J; BITPOS K [0|1];
    BITPOS K [0|1] J; BITPOS K [0|1] J J; BITPOS K [0|1] J J [BIT|byte]; BITPOS K [0|1] J J BIT; BITPOS K [0|1|2|x] I I [BIT|x];
    BITPOS K [0|1] J J; BITOP [AND|OR|XOR] K K K; BITOP [and|or|xor] K K K K; BITOP NOT K K; BITOP [NOT|NOPE|OR] K K [|a];
    BITFIELD K GET Y Q; BITFIELD K SET Y Q I; BITFIELD K INCRBY Y Q I; BITFIELD K INCRBY Y Q [1|-1|100]; BITFIELD K SET Y Q I GET Y Q;
    BITFIELD K OVERFLOW [WRAP|SAT|FAIL] SET Y Q I INCRBY Y Q I; BITFIELD K OVERFLOW [SAT|FAIL|x] INCRBY Y Q [1|-1|100|-100];
    BITFIELD K INCRBY [u2|i3] [0|5|9] [1|-1] OVERFLOW [SAT|FAIL] INCRBY [u2|i3] [0|5|9] [1|-1|2|-2] OVERFLOW WRAP SET i9 3 [1|-1];
    BITFIELD K GET Y Q X; BITFIELD_RO K GET Y Q; BITFIELD_RO K GET Y Q [GET|SET] Y Q; COMMAND GETKEYSANDFLAGS BITFIELD K [GET|SET] u8 0;
    SET K V; SET K I; GET K; GET K; STRLEN K; APPEND K V; SETRANGE K [0|1|5|20] V; DEL K; OBJECT ENCODING K; EXPIREAT K A; TTL K;
    COPY K K REPLACE; MULTI; EXEC; EXEC; DISCARD";
const ESTIMATES: &str = "
    PFADD [p|q|r] V; PFADD [p|q|r] R; PFADD [p|q|r] R; PFADD [p|q|r] R; PFADD [p|q|r] I V; PFADD [p|q|r] N N; PFADD [p|q|r]; PFADD K V;
    PFCOUNT p; PFCOUNT [p|q|r]; PFCOUNT p q; PFCOUNT [p|q] r none; PFCOUNT p q r K; PFCOUNT K; PFMERGE r p q; PFMERGE [p|q] [q|r|none];
    PFMERGE [p|q|none] r [p|q]; PFMERGE [p|q]; PFMERGE K p; PFMERGE p K; GET p; GET q; GET r; STRLEN [p|q|r]; PFDEBUG ENCODING [p|q|r|none];
    PFDEBUG DECODE [p|q|r]; PFDEBUG TODENSE [p|q]; PFDEBUG X p; PFDEBUG ENCODING K;
    CONFIG SET hll-sparse-max-bytes [0|25|60|200|1000|3000|x]; DEL [p|q|r]; DEL [p|q|r]; COPY [p|q|r] [p|q|r] REPLACE; SETBIT [p|q] 120 [0|1]; SET K V;
    APPEND K V; OBJECT ENCODING [p|q|r]; EXPIREAT [p|q] A; TTL p; WATCH [p|q]; UNWATCH; MULTI; EXEC; EXEC; DISCARD";
// Texts with a zero byte are out: the order of those that begin alike is Redis's own.
const SORT: &str = "
    RPUSH K I I I; RPUSH K [1|2|3] [2|4|-1] [3|5|1.5]; RPUSH K N N; SADD K [1|2|3] [4|5|-6] [7|8]; SADD K N N; ZADD K [1|2] [1|2|3] [0|5] [4|m1];
    SET [w1|w2|w3|w4|wm1|wa] [1|2|3|0|-5|x]; SET [n1|n2|n3|n4] N; HSET [h1|h2|h3] f [1|2|x] g N; DEL [w1|w2|n1|h1]; DEL K; SET K I;
    SORT K; SORT K; SORT K [ASC|DESC]; SORT K ALPHA; SORT K DESC ALPHA LIMIT S S; SORT K LIMIT S S; SORT K [desc|alpha] LIMIT [0|1|-1] [1|2|-1|0];
    SORT K BY w*; SORT K BY w* DESC LIMIT S S; SORT K BY h*->f GET h*->g; SORT K BY h*->g ALPHA BY h*->f; SORT K BY n*;
    SORT K BY w* GET # GET n* GET h*->g; SORT K GET [nosuch|#|w*|h*->|h*->f] ALPHA; SORT K ALPHA BY n*; SORT K BY nosort; SORT K BY nosort GET n* DESC;
    SORT K STORE K; SORT K ALPHA STORE K; SORT K BY w* LIMIT 0 S STORE K; SORT K BY nosort STORE K; SORT K ALPHA GET w* GET # STORE K;
    SORT_RO K; SORT_RO K ALPHA DESC LIMIT S S; SORT_RO K BY w* GET n*; SORT_RO K STORE K; SORT K X; SORT K LIMIT X S; SORT K LIMIT S; SORT K GET;
    SORT K STORE; LRANGE K 0 -1; LRANGE K 0 -1; TYPE K; RESTORE K [0|0|2000000|-1|x] H; RESTORE K [0|2000000] H REPLACE;
    RESTORE K [0|2000000] H [|REPLACE] [|ABSTTL]; RESTORE K 5 H ABSTTL [|REPLACE]; RESTORE K 0 H REPLACE [IDLETIME|FREQ|X] [0|1|255|256|-1|x]; RESTORE K 0 H [IDLETIME|FREQ|REPLACE];
    RESTORE K 0 V REPLACE; GET K; PTTL K; OBJECT FREQ K; MULTI; EXEC; EXEC; DISCARD";

/// `count` random commands of some families.
#[must_use]
pub fn generate(seed: u64, families: &[Family], count: usize) -> Vec<Said> {
    let mut rng = Rng::new(seed);
    // Fewer keys make more collisions; each seed has its own few.
    let keys = 1 + rng.below(KEYS.len());
    let mut said = vec![
        start("RPUSH list 1 2"),
        start("SADD set 1"),
        start("HSET hash f v"),
        start("ZADD zset 1 m"),
        start("XADD stream 1-1 f v"),
        // Neither server removes what nobody reads: when it does so is a matter of time.
        start("DEBUG SET-ACTIVE-EXPIRE 0"),
        start("CONFIG SET stream-node-max-entries 100 stream-node-max-bytes 4096 hll-sparse-max-bytes 3000"),
    ];
    let mut queued: [Vec<Rule>; CONNS] = Default::default();
    for _ in 0..count {
        let family = families[rng.below(families.len())];
        let templates = match family {
            Family::String => STRING,
            Family::Generic => GENERIC,
            Family::Expire => EXPIRE,
            Family::Transactions => TRANSACTIONS,
            Family::Connection => CONNECTION,
            Family::Pubsub => PUBSUB,
            Family::Hash => HASH,
            Family::Set => SET,
            Family::List => LIST,
            Family::ZSet => ZSET,
            Family::Geo => GEO,
            Family::Waiting => WAITING,
            Family::Stream => STREAM,
            Family::Groups => GROUPS,
            Family::WaitingReaders => WAITING_READERS,
            Family::Bits => BITS,
            Family::Estimates => ESTIMATES,
            Family::Sort => SORT,
        };
        let templates: Vec<_> = templates.split(';').map(str::trim).collect();
        let template = rng.pick(&templates);
        let words = fill(&mut rng, template, keys);
        let conn = speaker(&mut rng, template);
        let rule = exec_rule(&mut queued[conn], &words, rule_of(&words, template));
        said.push(Said { conn, words, rule });
    }
    said
}

/// The rule of a command; when it is EXEC, that of everything said on its connection since MULTI.
fn exec_rule(queued: &mut Vec<Rule>, words: &[Vec<u8>], rule: Rule) -> Rule {
    match &words.first().map(|w| w.to_ascii_uppercase()).unwrap_or_default()[..] {
        b"EXEC" => {
            let all = queued.iter().fold(rule, |all, one| all.or(one));
            Rule { queued: std::mem::take(queued), ..all }
        }
        b"MULTI" | b"WATCH" => rule,
        b"DISCARD" | b"RESET" => {
            queued.clear();
            rule
        }
        name => {
            // A message to oneself stands before the answer or after it, within what EXEC answers or behind that.
            let leaves = name.ends_with(b"PUBLISH") || name.ends_with(b"SUBSCRIBE");
            queued.push(Rule { leaves, ..rule.clone() });
            rule
        }
    }
}

fn start(line: &str) -> Said {
    Said { conn: 0, words: crate::words::split(line), rule: Rule::default() }
}

/// Subscriptions mostly happen on a connection of their own, else RESP2 would say little else afterwards.
fn speaker(rng: &mut Rng, template: &str) -> usize {
    if template.contains("SUBSCRIBE") && !rng.one_in(10) { CONNS - 1 } else { rng.below(CONNS) }
}

fn fill(rng: &mut Rng, template: &str, keys: usize) -> Vec<Vec<u8>> {
    let mut words = Vec::new();
    for word in template.split(' ') {
        let choice = word.strip_prefix('[').and_then(|w| w.strip_suffix(']'));
        let word = match choice {
            Some(options) => {
                let options: Vec<_> = options.split('|').collect();
                rng.pick(&options)
            }
            None => word,
        };
        let text = match word {
            "" => continue,
            "K" => KEYS[rng.below(keys)],
            "V" if rng.one_in(3) => rng.pick(INTEGERS),
            "V" if rng.one_in(300) => {
                words.push(vec![b'a' + rng.bits() as u8 % 4; 1 << 20]);
                continue;
            }
            "V" => {
                words.push(VALUES[rng.below(VALUES.len())].to_vec());
                continue;
            }
            "H" => {
                words.push(PAYLOADS[rng.below(PAYLOADS.len())].to_vec());
                continue;
            }
            "O" => {
                words.extend(rng.pick(PLACES).split(' ').map(|word| word.as_bytes().to_vec()));
                continue;
            }
            "R" => {
                let count = 5 + rng.below(60);
                words.extend((0..count).map(|_| rng.below(100_000).to_string().into_bytes()));
                continue;
            }
            "ON" => {
                words.extend(place(rng));
                continue;
            }
            "(U" => {
                words.push([b"(", rng.pick(POSITIONS).as_bytes()].concat());
                continue;
            }
            plain => sample(rng, plain),
        };
        words.push(if rng.one_in(20) { flip_case(text) } else { text.as_bytes().to_vec() });
    }
    // Now and then an argument too many or too few. (UNSUBSCRIBE without channels answers in hash order; a choice without
    // a count answers at random; 7.2 takes one more argument for ranks.)
    let needed = ["UNSUBSCRIBE", "SPOP", "RAND", "SCAN"].iter().any(|name| template.contains(name));
    let one_more = ["ZRANK", "ZREVRANK"].iter().any(|name| template.contains(name));
    if rng.one_in(60) && !one_more {
        words.push(b"extra".to_vec());
    } else if rng.one_in(60) && words.len() > 1 && !needed {
        words.pop();
    }
    words
}

/// What a capital letter stands for; other words stand for themselves.
fn sample<'t>(rng: &mut Rng, word: &'t str) -> &'t str {
    match word {
        "N" => rng.pick(MEMBERS),
        "Z" => rng.pick(SCORES),
        "E" => rng.pick(SCORE_ENDS),
        "L" => rng.pick(LEX_ENDS),
        "Q" => rng.pick(BIT_OFFSETS),
        "Y" => rng.pick(FIELDS),
        "J" => rng.pick(BIT_ENDS),
        "I" => rng.pick(INTEGERS),
        "F" => rng.pick(FLOATS),
        "S" => rng.pick(OFFSETS),
        "T" => rng.pick(SECONDS),
        "M" => rng.pick(MILLIS),
        "A" => rng.pick(TIMES),
        "B" => rng.pick(MILLI_TIMES),
        "D" => rng.pick(DATABASES),
        "P" => rng.pick(PATTERNS),
        "C" => rng.pick(CHANNELS),
        "U" => rng.pick(POSITIONS),
        "G" => rng.pick(GROUP_NAMES),
        "W" => rng.pick(CONSUMERS),
        "X" => rng.pick(WORDS),
        plain => plain,
    }
}

/// A place and a member. No two members stand at the same place, because Redis orders equal distances by chance.
fn place(rng: &mut Rng) -> [Vec<u8>; 3] {
    let (place, member) = (rng.pick(PLACES), rng.below(MEMBERS.len()));
    let (longitude, latitude) = place.split_once(' ').expect("two numbers");
    let moved = |text: &str| match text.parse::<f64>() {
        Ok(degrees) if degrees.abs() < 180.0 => format!("{:.6}", degrees + 0.001 * member as f64),
        _ => text.to_owned(),
    };
    [moved(longitude).into(), moved(latitude).into(), MEMBERS[member].into()]
}

fn flip_case(text: &str) -> Vec<u8> {
    let flip = |b: u8| if b.is_ascii_uppercase() { b.to_ascii_lowercase() } else { b.to_ascii_uppercase() };
    text.bytes().map(flip).collect()
}

fn rule_of(words: &[Vec<u8>], template: &str) -> Rule {
    let name = words.first().map(|w| w.to_ascii_uppercase()).unwrap_or_default();
    Rule {
        mask: matches!(&name[..], b"HELLO" | b"DUMP")
            || (name == b"XGROUP" && template.contains("CREATECONSUMER")),
        streams: matches!(&name[..], b"XPENDING" | b"XINFO"),
        near: template.contains("TTL") || template.contains("EXPIRETIME"),
        // Sets, and elements with equal weights, come in an order that is nobody's.
        unordered: in_hash_order(&name) || template.contains("nosort") || template.contains("ALPHA BY"),
        any_order: name == b"PUBLISH" || name == b"SPUBLISH",
        ..Rule::default()
    }
}

/// Commands whose replies go by hash order.
fn in_hash_order(name: &[u8]) -> bool {
    let hashes = matches!(name, b"HGETALL" | b"HKEYS" | b"HVALS" | b"HSCAN" | b"HRANDFIELD" | b"ZSCAN");
    let sets =
        matches!(name, b"SMEMBERS" | b"SSCAN" | b"SPOP" | b"SRANDMEMBER" | b"SINTER" | b"SUNION" | b"SDIFF");
    hashes || sets || matches!(name, b"KEYS" | b"SCAN" | b"PUBSUB")
}

#[cfg(test)]
mod tests {
    use super::{FAMILIES, generate};

    #[test]
    fn the_same_seed_says_the_same() {
        let words = |seed| generate(seed, FAMILIES, 200).into_iter().map(|s| s.words).collect::<Vec<_>>();
        assert_eq!(words(1), words(1));
        assert_ne!(words(1), words(2));
    }
}

//! Keys of any type: DEL, EXISTS, RENAME, COPY, MOVE, SCAN, KEYS, OBJECT and the databases.

use super::scripts;

scripts! { "generic":

del_exists_touch_type = r#"
> DEL a
> MSET a 1 b 2 c 3 d 4
> EXISTS a
> EXISTS a a b missing
> TOUCH a b missing
> TYPE a
> TYPE missing
> DEL a missing
> DEL b b
> UNLINK c missing d
> UNLINK c
> DBSIZE
> DEL
> UNLINK
> EXISTS
> TOUCH
> TYPE
"#;

rename = r#"
> RENAME a b
> SET a 1
> RENAME a b
> GET b
> EXISTS a
> RENAME b b
> GET b
> SET c 2
> RENAME b c
> GET c
> RENAMENX missing x
> SET d 3
> RENAMENX c d
> MGET c d
> RENAMENX c c
> RENAMENX c e
> MGET c e
> RENAME a
> RENAMENX a
"#;

copy = r#"
> COPY a b
> SET a 1
> COPY a b
> COPY a b
> SET a 2
> COPY a b REPLACE
> GET b
> COPY a a
> COPY a a DB 0
> COPY a a DB 1
> COPY a c DB 1 REPLACE
> COPY a c DB 1
> COPY a c REPLACE DB 1
> SELECT 1
> MGET a c
> SELECT 0
> COPY a b DB
> COPY a b DB x
> COPY a b DB 16
> COPY a b DB -1
> COPY a b NOPE
> COPY missing b REPLACE
> GET b
> COPY a
"#;

move_and_databases = r#"
> SET a 1
> MOVE a 1
> EXISTS a
> SELECT 1
> GET a
> MOVE a 1
> MOVE a 99
> MOVE a -1
> MOVE a x
> MOVE missing 0
> SELECT 0
> SET a other
> SELECT 1
> MOVE a 0
> SWAPDB 0 1
> GET a
> SELECT 0
> GET a
> SWAPDB 0 0
> SWAPDB 0 99
> SWAPDB x 1
> SWAPDB 0 x
> SWAPDB -1 0
> SELECT 16
> SELECT -1
> SELECT x
> SELECT 15
> DBSIZE
> SET only here
> DBSIZE
> FLUSHDB
> DBSIZE
> SELECT 0
> DBSIZE
> FLUSHDB ASYNC
> DBSIZE
> SET a 1
> FLUSHALL SYNC
> SELECT 1
> DBSIZE
> FLUSHALL ASYNC
> FLUSHDB SYNC
> FLUSHALL NOPE
> FLUSHDB NOPE
> FLUSHALL SYNC ASYNC
> FLUSHDB async
> SELECT
> SWAPDB 0
> MOVE a
"#;

keys_and_patterns = r#"
> MSET hello 1 hallo 2 hxllo 3 heello 4 h*llo 5 "h[llo" 6 "" 7 a\b 8
@unordered
> KEYS *
@unordered
> KEYS h?llo
@unordered
> KEYS h*e*o
@unordered
> KEYS h[ae]llo
@unordered
> KEYS h[^e]llo
@unordered
> KEYS h[a-e]llo
> KEYS h\*llo
> KEYS h\[llo
> KEYS nothing
> KEYS ""
> KEYS hell[
> KEYS h[
> KEYS ?
> KEYS [\x]
> KEYS
> RANDOMKEY x
"#;

randomkey = r#"
> RANDOMKEY
> SET a 1
> RANDOMKEY
> DEL a
> RANDOMKEY
"#;

scan = r#"
> SCAN 0
> MSET a 1 b 2 c 3 ab 4 ac 5
@unordered
> SCAN 0
@unordered
> SCAN 0 COUNT 100
@unordered
> SCAN 0 COUNT 100 MATCH a*
@unordered
> SCAN 0 MATCH nothing COUNT 100
@unordered
> SCAN 0 COUNT 100 TYPE string
@unordered
> SCAN 0 TYPE list COUNT 100
@unordered
> SCAN 0 TYPE STRING MATCH ?b COUNT 100
> SCAN 0 COUNT 100 TYPE nonsense
> SCAN x
> SCAN 1.5
> SCAN 0 COUNT 0
> SCAN 0 COUNT -1
> SCAN 0 COUNT x
> SCAN 0 COUNT
> SCAN 0 MATCH
> SCAN 0 NOPE x
> SCAN 99999999999999999999999
> SCAN
@differs the place that Redis makes of it depends on its hash key
> SCAN -1
> SCAN +0 COUNT x
> SCAN -
> SCAN 99999999999999999999 COUNT
> DEBUG SET-ACTIVE-EXPIRE 0
> FLUSHALL
> SET gone 1 EXAT 1
> SET left 1
> DBSIZE
> SCAN 0 MATCH l*
> DBSIZE
> SCAN 0 TYPE list
> DBSIZE
"#;

object = r#"
> OBJECT ENCODING missing
> OBJECT REFCOUNT missing
> OBJECT IDLETIME missing
> OBJECT FREQ missing
> SET a hello
> OBJECT ENCODING a
> OBJECT REFCOUNT a
> OBJECT IDLETIME a
> OBJECT FREQ a
@differs norn explains in its own words
> OBJECT HELP
> OBJECT NOPE a
> OBJECT ENCODING
> OBJECT ENCODING a b
> OBJECT
> TOUCH a
> CONFIG SET maxmemory-policy allkeys-lfu
> SET b 1
> OBJECT IDLETIME b
> CONFIG SET maxmemory-policy noeviction
"#;

other_types = r#"
> LPUSH l 1 2
> SADD s 1
> HSET h f v
> ZADD z 1 m
> XADD x 1-1 f v
> TYPE l
> TYPE s
> TYPE h
> TYPE z
> TYPE x
> COPY l l2
> COPY h h2
> RENAME z z2
> TYPE z2
@unordered
> SCAN 0 COUNT 100 TYPE hash
@unordered
> SCAN 0 COUNT 100 TYPE zset
@unordered
> SCAN 0 COUNT 100 TYPE stream
> OBJECT ENCODING s
> OBJECT ENCODING h
> OBJECT ENCODING z2
> OBJECT ENCODING x
> DEL l l2 s h h2 z2 x
> DBSIZE
"#;

waitaof = r#"
@differs new in 7.2
> WAITAOF 0 0 10
> SET a 1
@differs new in 7.2
> WAITAOF 0 0 0
@differs new in 7.2
> WAITAOF 1 0 10
@differs new in 7.2
> WAITAOF 2 0 10
@differs new in 7.2
> WAITAOF -1 0 10
@differs new in 7.2
> WAITAOF x 0 10
@differs new in 7.2
> WAITAOF 0 -1 10
@differs new in 7.2
> WAITAOF 0 0 x
@differs new in 7.2
> WAITAOF 0 0 -1
@differs new in 7.2
> WAITAOF 0 0
"#;

wait = r#"
> WAIT 0 10
> WAIT 0 0
> SET a 1
> WAIT 1 50
advance 200ms
> WAIT x 1
> WAIT 1 x
> WAIT 1 -1
> WAIT 1
> MULTI
> WAIT 5 0
> EXEC
"#;
}

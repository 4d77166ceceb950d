//! Publish and subscribe: channels, patterns, shard channels, and the subscriber's restricted context.

use super::scripts;

scripts! { "pubsub":

channels = r#"
a> SUBSCRIBE news
b> PUBLISH news hello
b> PUBLISH other hello
a> SUBSCRIBE news sport
b> PUBLISH sport "\x00\xff"
b> PUBLISH sport ""
a> UNSUBSCRIBE news
b> PUBLISH news gone
b> PUBLISH sport still
a> UNSUBSCRIBE never
a> UNSUBSCRIBE
a> UNSUBSCRIBE
b> PUBLISH sport gone
a> PING
b> PUBLISH
b> PUBLISH x
a> SUBSCRIBE
"#;

patterns = r#"
a> PSUBSCRIBE n?ws s*
b> PUBLISH news 1
b> PUBLISH sport 2
b> PUBLISH nws 3
a> SUBSCRIBE news
@any-order
b> PUBLISH news both
a> PSUBSCRIBE news
@any-order
b> PUBLISH news three
a> PUNSUBSCRIBE n?ws
@any-order
b> PUBLISH news two
a> PUNSUBSCRIBE nope
a> PUNSUBSCRIBE s* news
a> UNSUBSCRIBE
a> PUNSUBSCRIBE
a> PSUBSCRIBE
b> PUBLISH news none
"#;

shard_channels = r#"
a> SSUBSCRIBE s1 s2
b> SPUBLISH s1 x
b> PUBLISH s1 x
b> SPUBLISH none x
a> SUBSCRIBE s1
b> PUBLISH s1 y
b> SPUBLISH s1 z
@unordered
b> PUBSUB SHARDCHANNELS
a> SUNSUBSCRIBE s2
a> SUNSUBSCRIBE never
a> SUNSUBSCRIBE
a> SUNSUBSCRIBE
a> UNSUBSCRIBE s1
a> SSUBSCRIBE
b> SPUBLISH x
"#;

introspection = r#"
a> SUBSCRIBE c1 c2
b> SUBSCRIBE c2
a> PSUBSCRIBE p*
b> PSUBSCRIBE p* q*
a> SSUBSCRIBE s1
@unordered
c> PUBSUB CHANNELS
c> PUBSUB CHANNELS c1*
c> PUBSUB CHANNELS none*
c> PUBSUB NUMSUB
c> PUBSUB NUMSUB c1 c2 c3
c> PUBSUB NUMPAT
c> PUBSUB SHARDCHANNELS
c> PUBSUB SHARDCHANNELS x*
c> PUBSUB SHARDNUMSUB s1 s2
c> PUBSUB SHARDNUMSUB
c> PUBSUB NUMPAT x
c> PUBSUB CHANNELS a b
c> PUBSUB NOPE
c> PUBSUB
@differs norn explains in its own words
c> PUBSUB HELP
close b
c> PUBSUB NUMSUB c1 c2
c> PUBSUB NUMPAT
"#;

the_subscribers_context = r#"
a> SUBSCRIBE news
a> GET k
a> SET k 1
a> NOSUCH
a> GET
a> CONFIG GET hz
a> PING
a> PING text
a> MULTI
a> PUBLISH news self
a> PSUBSCRIBE p*
a> SSUBSCRIBE s
a> UNSUBSCRIBE
a> GET k
a> PUNSUBSCRIBE
a> GET k
a> SUNSUBSCRIBE
a> GET k
a> PING
a> SUBSCRIBE news
a> QUIT
b> PUBLISH news x
"#;

to_oneself = r#"
@only resp3
a> SUBSCRIBE news
@differs since 7.2 a push to oneself follows the reply
a> PUBLISH news self
a> SET k 1
a> MULTI
a> PUBLISH news queued
a> SET k 2
@differs since 7.2 a push to oneself follows the reply
a> EXEC
a> PING
"#;

in_a_transaction = r#"
a> MULTI
a> SUBSCRIBE x y
a> PING
a> EXEC
b> PUBLISH x 1
b> MULTI
b> PUBLISH x 2
b> PUBLISH y 3
b> EXEC
a> UNSUBSCRIBE x y
"#;

keyspace_events = r#"
> CONFIG SET notify-keyspace-events KEA
> CONFIG GET notify-keyspace-events
a> PSUBSCRIBE __key*__:*
> SET k 1
> SET k 2 EX 100
> GET k
> INCR k
> INCRBYFLOAT k 1
> APPEND k x
> SETRANGE k 0 y
> EXPIRE k 100
> PERSIST k
> RENAME k r
> COPY r c
> MSET m 1 n 2
> GETSET m 3
> GETDEL n
> GETEX m EX 100
> GETEX m PERSIST
> MOVE m 1
> DEL r missing
> UNLINK c
> SETNX s 1
> SETNX s 1
> EXPIRE s -1
> SET e 1 PX 50
advance 120ms
> GET e
> CONFIG SET notify-keyspace-events KEAm
> GET missing
> CONFIG SET notify-keyspace-events KEAn
> SET fresh 1
> SET fresh 2
> CONFIG SET notify-keyspace-events Kx
> SET k 1
> CONFIG SET notify-keyspace-events E$
> SET k 1
> CONFIG SET notify-keyspace-events ""
> SET k 1
> CONFIG GET notify-keyspace-events
> CONFIG SET notify-keyspace-events Q
> FLUSHALL
"#;
}

//! COMMAND, INFO, SLOWLOG, DEBUG, MEMORY, LATENCY, TIME, ROLE and the rest of the server's own commands.

use super::scripts;

scripts! { "server":

dbsize_time_lastsave = r#"
> DBSIZE
> SET a 1
> DBSIZE
@mask
> TIME
@mask
> LASTSAVE
> DBSIZE x
> TIME x
> LASTSAVE x
"#;

role_as_master = r#"
> ROLE
> ROLE x
> REPLICAOF NO ONE
> SLAVEOF no one
> REPLICAOF host
> REPLICAOF host notaport
> REPLICAOF host 70000
> REPLCONF
> REPLCONF nope x
> REPLCONF listening-port x
> REPLCONF listening-port
"#;

info = r#"
@differs fields of 7.2
@fields
> INFO
@differs fields of 7.2
@fields
> INFO server
@differs fields of 7.2
@fields
> INFO everything
@differs fields of 7.2
@fields
> INFO all
@differs fields of 7.2
@fields
> INFO default
@differs fields of 7.2
@fields
> INFO debug
> INFO nosuch
> INFO keyspace
> MSET a 1 b 2
> INFO keyspace
> EXPIREAT a 4102444800
@fields
> INFO keyspace
> SELECT 3
> SET c 1
@fields
> INFO keyspace
> INFO cluster
> INFO modules
> INFO nosuch cluster
> INFO CLUSTER cluster
"#;

info_errorstats = r#"
> CONFIG RESETSTAT
> INFO errorstats
> NOSUCH
> GET
> SET a x
> INCR a
> EXEC
> INFO errorstats
> CONFIG RESETSTAT
> INFO errorstats
"#;

command_info = r#"
> COMMAND INFO get
@differs notes of key specifications are not sent; tips are those of 7.2
> COMMAND INFO GET SET
> COMMAND INFO nosuch get
@differs notes of key specifications are not sent; tips are those of 7.2
> COMMAND INFO mget msetnx del rename copy
> COMMAND INFO multi exec watch
> COMMAND INFO ping select
> COMMAND INFO publish
> COMMAND INFO config|get
> COMMAND INFO object|encoding
@differs notes of key specifications are not sent; tips are those of 7.2
> COMMAND INFO append getex incr lcs
"#;

command_getkeys = r#"
> COMMAND GETKEYS GET a
> COMMAND GETKEYS SET a 1
> COMMAND GETKEYS MSET a 1 b 2 c 3
> COMMAND GETKEYS MGET a b c
> COMMAND GETKEYS RENAME a b
> COMMAND GETKEYS COPY a b DB 3
> COMMAND GETKEYS DEL a b
> COMMAND GETKEYS LCS a b LEN
> COMMAND GETKEYS OBJECT ENCODING a
@differs 7.2 takes one argument less
> COMMAND GETKEYS PING
> COMMAND GETKEYS NOSUCH a
@differs 7.2 takes one argument less
> COMMAND GETKEYS GET
> COMMAND GETKEYS GET a b
> COMMAND GETKEYS CONFIG GET x
> COMMAND GETKEYS WATCH a b
> COMMAND GETKEYSANDFLAGS SET a 1
> COMMAND GETKEYSANDFLAGS SET a 1 GET
> COMMAND GETKEYSANDFLAGS GET a
> COMMAND GETKEYSANDFLAGS MGET a b
> COMMAND GETKEYSANDFLAGS COPY a b
> COMMAND GETKEYSANDFLAGS DEL a b
> COMMAND GETKEYSANDFLAGS RENAME a b
@differs 7.2 takes one argument less
> COMMAND GETKEYSANDFLAGS PING
> COMMAND GETKEYS
> COMMAND GETKEYSANDFLAGS
"#;

command_list = r#"
> COMMAND LIST FILTERBY PATTERN getr*
> COMMAND LIST FILTERBY PATTERN nosuch
> COMMAND LIST FILTERBY MODULE nosuch
> COMMAND LIST FILTERBY ACLCAT nosuch
@unordered
> COMMAND LIST FILTERBY ACLCAT transaction
> COMMAND LIST FILTERBY NOPE x
> COMMAND LIST FILTERBY
> COMMAND LIST NOPE
@unordered
> COMMAND LIST FILTERBY PATTERN config*
> COMMAND DOCS nosuch
> COMMAND COUNT x
> COMMAND NOPE
@differs norn explains in its own words
> COMMAND HELP
"#;

slowlog = r#"
> SLOWLOG RESET
> CONFIG SET slowlog-log-slower-than -1
> SLOWLOG RESET
> SLOWLOG LEN
> SLOWLOG GET
> CONFIG SET slowlog-log-slower-than 0
> SET a 1
@differs the test's own synchronising PINGs are logged there
> SLOWLOG LEN
@mask
@differs the test's own synchronising PINGs are logged there
> SLOWLOG GET
@mask
@differs the test's own synchronising PINGs are logged there
> SLOWLOG GET 1
@mask
@differs the test's own synchronising PINGs are logged there
> SLOWLOG GET -1
> SLOWLOG GET 0
> SLOWLOG GET -2
> SLOWLOG GET x
> SLOWLOG GET 1 2
> CONFIG SET slowlog-max-len 2
> SLOWLOG LEN
> CONFIG SET slowlog-log-slower-than 10000
> SLOWLOG RESET
> SLOWLOG LEN
> SLOWLOG LEN x
> SLOWLOG NOPE
@differs norn explains in its own words
> SLOWLOG HELP
> CONFIG SET slowlog-max-len 128
"#;

debug = r#"
@server --enable-debug-command yes
> DEBUG SLEEP 0
> DEBUG SLEEP x
> DEBUG OBJECT missing
> SET a 1
@mask
> DEBUG OBJECT a
> DEBUG SET-ACTIVE-EXPIRE 0
> SET b 1 PX 50
advance 300ms
> DBSIZE
> EXISTS b
> DBSIZE
> DEBUG SET-ACTIVE-EXPIRE 1
> DEBUG POPULATE 3
@unordered
> KEYS *
> DEBUG POPULATE 2 pre
> MGET pre:0 pre:1
> DEBUG POPULATE 2 big 10
> GET big:0
> STRLEN big:0
> DEBUG NOPE
> DEBUG ERROR "MYERR some text"
@mask
> DEBUG PROTOCOL string
> DEBUG PROTOCOL integer
> DEBUG PROTOCOL double
> DEBUG PROTOCOL null
> DEBUG PROTOCOL array
> DEBUG PROTOCOL set
> DEBUG PROTOCOL map
> DEBUG PROTOCOL attrib
> DEBUG PROTOCOL push
> DEBUG PROTOCOL verbatim
> DEBUG PROTOCOL true
> DEBUG PROTOCOL false
> DEBUG PROTOCOL bignum
> DEBUG PROTOCOL nope
> DEBUG DIGEST-VALUE missing
"#;

debug_is_protected = r#"
@server --enable-debug-command no
> DEBUG SLEEP 0
> DEBUG
> DEBUG NOPE
> MULTI
> DEBUG SLEEP 0
> EXEC
"#;

memory = r#"
> MEMORY USAGE missing
> SET a 1
@mask
> MEMORY USAGE a
@mask
> MEMORY USAGE a SAMPLES 0
@mask
> MEMORY USAGE a SAMPLES 5
> MEMORY USAGE a SAMPLES -1
> MEMORY USAGE a SAMPLES x
> MEMORY USAGE a SAMPLES
> MEMORY USAGE a NOPE 1
> MEMORY USAGE
@mask
> MEMORY DOCTOR
@differs figures of its own
@mask
> MEMORY STATS
@differs figures of its own
@mask
> MEMORY MALLOC-STATS
> MEMORY PURGE
> MEMORY NOPE
@differs norn explains in its own words
> MEMORY HELP
"#;

latency = r#"
> LATENCY LATEST
> LATENCY RESET
> LATENCY RESET nosuch
> LATENCY HISTORY nosuch
> LATENCY GRAPH nosuch
> LATENCY HISTOGRAM nosuch
@mask
> LATENCY DOCTOR
> LATENCY NOPE
@differs norn explains in its own words
> LATENCY HELP
"#;

monitor = r#"
@only resp2
@monitor
m> MONITOR
> SET a 1
> GET "\x00 \"q\""
> NOSUCH
> MULTI
> SET b 2
> EXEC
> CONFIG GET hz
> AUTH secret
m> MONITOR
m> QUIT
"#;

not_a_cluster = r#"
> CLUSTER INFO
> CLUSTER NODES
> CLUSTER KEYSLOT a
> READONLY
> READWRITE
> ASKING
> CLUSTER HELP
"#;

failover_without_replicas = r#"
> FAILOVER
> FAILOVER ABORT
> FAILOVER TIMEOUT 0
> FAILOVER TIMEOUT x
> FAILOVER NOPE
> FAILOVER TO
> FAILOVER TO host
> FAILOVER TO host 1 FORCE
"#;

lolwut_and_swapdb = r#"
@mask
> LOLWUT
@mask
> LOLWUT VERSION 99
> LOLWUT VERSION x
> SHUTDOWN NOPE
> SHUTDOWN ABORT
> SHUTDOWN SAVE NOSAVE
> SHUTDOWN ABORT NOW
"#;

modules = r#"
> MODULE LIST
> MODULE NOPE
> MODULE LOAD x
@differs norn explains in its own words
> MODULE HELP
"#;
}

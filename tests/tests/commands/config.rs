//! CONFIG GET, SET, RESETSTAT, REWRITE and HELP.

use super::scripts;

scripts! { "config":

get = r#"
> CONFIG GET maxmemory
> CONFIG GET MaxMemory
> CONFIG GET nosuch
@unordered
> CONFIG GET databases hz
@unordered
> CONFIG GET slowlog-*
@unordered
> CONFIG GET maxmemory maxmemory-policy nosuch
@unordered
> CONFIG GET hash-max-*
> CONFIG GET save
> CONFIG GET client-output-buffer-limit
> CONFIG GET slaveof
> CONFIG GET replicaof
> CONFIG GET slave-priority
> CONFIG GET key-load-delay
> CONFIG GET
> CONFIG GET appendonly
> CONFIG GET unixsocketperm
> CONFIG GET notify-keyspace-events
> CONFIG GET oom-score-adj-values
> CONFIG GET shutdown-on-sigterm
> CONFIG GET latency-tracking-info-percentiles
"#;

set_numbers_and_sizes = r#"
> CONFIG SET hz 50
> CONFIG GET hz
> CONFIG SET hz 1000
> CONFIG GET hz
> CONFIG SET hz abc
> CONFIG SET hz -1
> CONFIG SET hz 1.5
> CONFIG SET hz ""
> CONFIG SET hz 10
> CONFIG SET maxmemory 1gb
> CONFIG GET maxmemory
> CONFIG SET maxmemory 1g
> CONFIG GET maxmemory
> CONFIG SET maxmemory 100MB
> CONFIG GET maxmemory
> CONFIG SET maxmemory 5k
> CONFIG GET maxmemory
> CONFIG SET maxmemory 5x
> CONFIG SET maxmemory -1
> CONFIG SET maxmemory 0
> CONFIG SET active-expire-effort 11
> CONFIG SET active-expire-effort 0
> CONFIG SET maxmemory-samples 0
> CONFIG SET proto-max-bulk-len 1
> CONFIG SET slowlog-log-slower-than -2
> CONFIG SET slowlog-max-len -1
> CONFIG SET tcp-keepalive 9999999999
> CONFIG SET timeout 2147483648
> CONFIG SET maxmemory-clients 50%
> CONFIG GET maxmemory-clients
> CONFIG SET maxmemory-clients 101%
> CONFIG SET maxmemory-clients 0
> CONFIG SET repl-backlog-size 1
> CONFIG GET repl-backlog-size
> CONFIG SET repl-backlog-size 1mb
"#;

set_words = r#"
> CONFIG SET appendfsync always
> CONFIG GET appendfsync
> CONFIG SET appendfsync ALWAYS
> CONFIG SET appendfsync sometimes
> CONFIG SET appendfsync everysec
> CONFIG SET maxmemory-policy nope
> CONFIG SET lazyfree-lazy-expire yes
> CONFIG GET lazyfree-lazy-expire
> CONFIG SET lazyfree-lazy-expire YES
> CONFIG SET lazyfree-lazy-expire maybe
> CONFIG SET lazyfree-lazy-expire 1
> CONFIG SET lazyfree-lazy-expire no
@differs 7.2 also has nothing
> CONFIG SET loglevel chatty
> CONFIG SET loglevel warning
> CONFIG SET loglevel notice
> CONFIG SET replica-announce-ip 1.2.3.4
> CONFIG GET replica-announce-ip
> CONFIG SET slave-announce-ip ""
> CONFIG SET masterauth secret
> CONFIG GET masterauth
> CONFIG SET masterauth ""
"#;

set_lists = r#"
> CONFIG SET save "100 5 10 1"
> CONFIG GET save
> CONFIG SET save "100"
> CONFIG SET save "x y"
> CONFIG SET save "0 1"
> CONFIG SET save ""
> CONFIG GET save
> CONFIG SET client-output-buffer-limit "normal 10mb 5mb 30"
> CONFIG GET client-output-buffer-limit
> CONFIG SET client-output-buffer-limit "replica 1 2 3 pubsub 4 5 6"
> CONFIG GET client-output-buffer-limit
> CONFIG SET client-output-buffer-limit "nope 1 2 3"
> CONFIG SET client-output-buffer-limit "normal 1 2"
> CONFIG SET client-output-buffer-limit "normal x 2 3"
> CONFIG SET client-output-buffer-limit "normal 0 0 0 replica 256mb 64mb 60 pubsub 32mb 8mb 60"
> CONFIG SET notify-keyspace-events AKE
> CONFIG GET notify-keyspace-events
> CONFIG SET notify-keyspace-events "gxE"
> CONFIG GET notify-keyspace-events
> CONFIG SET notify-keyspace-events "KZ"
> CONFIG SET notify-keyspace-events ""
> CONFIG SET oom-score-adj-values "1 2 3"
> CONFIG GET oom-score-adj-values
> CONFIG SET oom-score-adj-values "1 2"
> CONFIG SET latency-tracking-info-percentiles "50 99.9"
> CONFIG GET latency-tracking-info-percentiles
> CONFIG SET latency-tracking-info-percentiles "101"
> CONFIG SET shutdown-on-sigterm "nosave force"
> CONFIG GET shutdown-on-sigterm
> CONFIG SET shutdown-on-sigterm "save nosave"
> CONFIG SET shutdown-on-sigterm default
"#;

set_is_atomic = r#"
> CONFIG SET hz 20 maxmemory 100mb
> CONFIG GET hz
> CONFIG GET maxmemory
> CONFIG SET hz 30 maxmemory nonsense
> CONFIG GET hz
> CONFIG SET hz 30 nosuch 1
> CONFIG GET hz
> CONFIG SET hz 30 hz 40
> CONFIG SET hz 30 databases 5
> CONFIG GET hz
> CONFIG SET slave-read-only yes replica-read-only yes
> CONFIG SET nosuch 1
> CONFIG SET databases 32
> CONFIG SET unixsocket /x
> CONFIG SET enable-debug-command no
> CONFIG SET dir /
> CONFIG SET dbfilename x
> CONFIG SET hz
> CONFIG SET hz 10 maxmemory
> CONFIG SET
> CONFIG SET hz 10 maxmemory 0
"#;

requirepass_at_run_time = r#"
@only resp2
a> CONFIG SET requirepass secret
a> CONFIG GET requirepass
a> PING
b> PING
b> AUTH secret
b> PING
a> CONFIG SET requirepass ""
c> PING
"#;

other_subcommands = r#"
> CONFIG RESETSTAT
> CONFIG RESETSTAT x
> CONFIG REWRITE
@differs norn explains in its own words
> CONFIG HELP
> CONFIG NOPE
> CONFIG
"#;
}

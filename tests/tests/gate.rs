//! The refusals that stand before a command, in their order, with their exact texts.
//!
//! LOADING, BUSY and MISCONF need a server in a state that no command makes; they are tested where that state is.

use crate::commands::scripts;

scripts! { "gate":

unknown_arity_protected = r#"
@server --enable-debug-command no
# Unknown stands before everything, then arity, then protection.
> NOSUCH
> DEBUG
> GET
> DEBUG SLEEP 0
> MODULE LOAD x
> MODULE LIST
> MULTI
> NOSUCH
> GET a
> EXEC
> MULTI
> GET
> EXEC
> MULTI
> DEBUG SLEEP 0
> EXEC
"#;

noauth_comes_after_arity = r#"
@only resp2
@server --requirepass secret --enable-debug-command no
> NOSUCH
> GET
> GET a
> DEBUG SLEEP 0
> SAVE
> CONFIG GET hz
> CLIENT SETNAME x
> RESET
> AUTH secret
> GET a
"#;

no_multi_comes_before_the_rest = r#"
@server --replicaof 127.0.0.1 1
> MULTI
> SAVE
> EXEC
> MULTI
> SET a 1
> EXEC
"#;

oom = r#"
> SET ballast x
> CONFIG SET maxmemory 1
> SET a 1
> GET a
> DEL a
> INCR a
> APPEND a x
> GETSET a x
> GETDEL a
> EXPIRE a 1
> PUBLISH c x
> MULTI
> GET a
> SET a 1
> DEL a
> EXEC
> MULTI
> DISCARD
> CONFIG SET maxmemory 0
> SET a 1
> CONFIG SET maxmemory 1
> GET a
> SET b 1
> PING
"#;

noreplicas = r#"
@server --min-replicas-to-write 1
> SET a 1
> GET a
> DEL a
> PUBLISH c x
> MULTI
> SET a 1
> EXEC
> MULTI
> GET a
> EXEC
> CONFIG SET min-replicas-to-write 0
> SET a 1
"#;

readonly = r#"
@server --replicaof 127.0.0.1 1
> SET a 1
> DEL a
> EXPIRE a 1
> GETDEL a
> FLUSHALL
> GET a
> PUBLISH c x
> MULTI
> SET a 1
> EXEC
> MULTI
> GET a
> EXEC
> CONFIG SET replica-read-only no
> SET a 1
> GET a
> CONFIG SET replica-read-only yes
> SET a 2
> REPLICAOF NO ONE
> SET a 2
"#;

noreplicas_do_not_concern_a_replica = r#"
@server --min-replicas-to-write 1 --replicaof 127.0.0.1 1
> SET a 1
"#;

masterdown = r#"
@server --replicaof 127.0.0.1 1 --replica-serve-stale-data no
> GET a
> SET a 1
> PING
> ECHO x
> PUBLISH c x
> CONFIG GET hz
> MULTI
> GET a
> EXEC
> SELECT 1
> EXISTS a
> DBSIZE
> NOSUCH
> GET
s> SUBSCRIBE c
s> GET a
> REPLICAOF NO ONE
> GET a
"#;

the_subscriber_comes_after_readonly = r#"
@server --replicaof 127.0.0.1 1
> SUBSCRIBE c
> SET a 1
> GET a
> PING
> NOSUCH
> SET
"#;

queued_then_refused_at_exec = r#"
> SET ballast x
a> MULTI
a> SET k 1
b> CONFIG SET maxmemory 1
a> EXEC
a> GET k
b> CONFIG SET maxmemory 0
a> MULTI
a> SET k 1
b> CONFIG SET min-replicas-to-write 1
a> EXEC
b> CONFIG SET min-replicas-to-write 0
a> MULTI
a> SET k 1
b> REPLICAOF 127.0.0.1 1
a> EXEC
a> MULTI
a> GET k
a> EXEC
b> REPLICAOF NO ONE
a> GET k
"#;

stale_at_exec = r#"
@server --replica-serve-stale-data no
> SET k 1
a> MULTI
a> GET k
b> MULTI
b> PUBLISH c x
b> CONFIG GET hz
d> MULTI
d> PUBLISH c x
d> PING
e> MULTI
f> MULTI
f> NOSUCH
f> GET k
> REPLICAOF 127.0.0.1 1
a> EXEC
b> EXEC
d> EXEC
e> EXEC
f> EXEC
> REPLICAOF NO ONE
a> MULTI
a> GET k
a> EXEC
"#;

replica_link_in_a_transaction = r#"
@only resp2
> REPLCONF listening-port 7000
> PUBLISH c x
> MULTI
> PING
> EXEC
> MULTI
> GET a
> PUBLISH c x
> EXEC
"#;

replica_link = r#"
@only resp2
> REPLCONF listening-port 7000
> REPLCONF capa eof capa psync2
> REPLCONF ip-address 1.2.3.4
> PING
> GET a
"#;

pause_waits = r#"
a> CLIENT PAUSE 100000 WRITE
b> PING
b> GET k
b> PUBLISH c x
c> SET k 1
d> GET k
d> NOSUCH
d> SET
d> MULTI
d> SET k 2
a> CLIENT UNPAUSE
d> EXEC
d> GET k
"#;
}

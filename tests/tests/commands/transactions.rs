//! MULTI, EXEC, DISCARD, WATCH and UNWATCH.

use super::scripts;

scripts! { "transactions":

multi_exec = r#"
> MULTI
> SET a 1
> INCR a
> GET a
> EXEC
> MULTI
> EXEC
> MULTI
> SET a 5
> DISCARD
> GET a
> EXEC
> DISCARD
> MULTI
> MULTI
> GET a
> EXEC
> EXEC x
> MULTI x
> DISCARD x
"#;

errors_while_queueing = r#"
> SET a text
> MULTI
> SET a
> SET b 1
> EXEC
> EXISTS b
> MULTI
> NOSUCH x
> SET b 1
> EXEC
> EXISTS b
# A command that fails while it runs stops nothing.
> MULTI
> INCR a
> SET b 2
> GET b
> EXEC
> GET b
> MULTI
> SET a
> DISCARD
> MULTI
> SET c 1
> EXEC
> MULTI
> CONFIG NOPE
> SET c 1
> EXEC
"#;

what_cannot_be_queued = r#"
> MULTI
> WATCH a
> SET a 1
> EXEC
> MULTI
> SAVE
> EXEC
> MULTI
> SYNC
> EXEC
> MULTI
> PSYNC ? -1
> EXEC
> MULTI
> SHUTDOWN NOSAVE
> EXEC
> MULTI
> UNWATCH
> EXEC
"#;

watch = r#"
a> SET k 1
a> WATCH k
b> SET k 2
a> MULTI
a> SET k 3
a> EXEC
a> GET k
# EXEC ends the watch.
a> MULTI
a> SET k 4
a> EXEC
a> WATCH k
a> MULTI
a> GET k
a> EXEC
# Several keys; a key that appears; a key that goes.
a> WATCH x y
b> SET y 1
a> MULTI
a> PING
a> EXEC
a> WATCH y
b> DEL y
a> MULTI
a> PING
a> EXEC
a> WATCH y
b> DEL y
a> MULTI
a> PING
a> EXEC
a> WATCH k
b> SET k 9
a> UNWATCH
a> MULTI
a> PING
a> EXEC
a> WATCH k
b> SET k 10
a> MULTI
a> DISCARD
a> MULTI
a> PING
a> EXEC
a> WATCH
a> UNWATCH x
"#;

what_touches_a_watched_key = r#"
a> SET k 1
# One's own writes count too.
a> WATCH k
a> SET k 2
a> MULTI
a> PING
a> EXEC
# The same value written again is a change.
a> WATCH k
b> SET k 2
a> MULTI
a> PING
a> EXEC
# A write that fails is none.
a> WATCH k
b> SET k 1 NX
b> APPEND k
b> SETNX k 5
a> MULTI
a> PING
a> EXEC
a> WATCH k
b> EXPIREAT k 4102444800
a> MULTI
a> PING
a> EXEC
a> WATCH k
b> PERSIST k
a> MULTI
a> PING
a> EXEC
a> WATCH k
b> TOUCH k
b> GET k
a> MULTI
a> PING
a> EXEC
a> WATCH k
b> RENAME k other
a> MULTI
a> PING
a> EXEC
a> WATCH k
b> RENAME other k
a> MULTI
a> PING
a> EXEC
a> WATCH k
b> FLUSHALL
a> MULTI
a> PING
a> EXEC
# Flushing a database in which the key does not exist changes nothing.
a> WATCH k
b> FLUSHALL
a> MULTI
a> PING
a> EXEC
# Another database does not matter.
a> WATCH k
b> SELECT 1
b> SET k 1
a> MULTI
a> PING
a> EXEC
a> WATCH k
b> SWAPDB 0 1
a> MULTI
a> PING
a> EXEC
b> SELECT 0
a> WATCH k
b> MOVE k 5
a> MULTI
a> PING
a> EXEC
a> WATCH k
b> COPY k q
a> MULTI
a> PING
a> EXEC
"#;

watch_and_expiry = r#"
a> SET k 1 PX 200
a> WATCH k
advance 300ms
a> MULTI
a> PING
a> EXEC
# Watching a key that has already ended.
a> SET k 1 PX 100
advance 200ms
a> WATCH k
a> MULTI
a> PING
a> EXEC
"#;

inside_a_transaction = r#"
> MULTI
> SELECT 3
> SET a 1
> EXEC
> GET a
> MULTI
> HELLO 2
@mask
> EXEC
> MULTI
> RESET
> GET a
> EXEC
> MULTI
> QUIT
"#;

the_queue_dies_with_the_client = r#"
a> MULTI
a> SET k 1
close a
b> GET k
b> WATCH k
close b
c> SET k 2
c> GET k
"#;
}

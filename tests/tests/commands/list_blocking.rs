//! Lists with waiting: BLPOP and its relatives.

use super::scripts;

scripts! { "list_blocking":

served_at_once = r#"
> RPUSH a 1 2 3
> RPUSH b x
> BLPOP a 0
> BRPOP none a b 0
> BLPOP none a b 0.1
> BLPOP none b 1
> RPUSH a 1 2 3
> BLMOVE a b LEFT RIGHT 0
> BRPOPLPUSH a b 0
> LRANGE b 0 -1
> BLMPOP 0 2 none b LEFT COUNT 5
> EXISTS a b
> LRANGE a 0 -1
"#;

errors = r#"
> BLPOP a
> BLPOP a x
> BLPOP a -1
> BLPOP a ""
> BLPOP a -inf
> BLPOP a nan
@differs 7.2 tells too large from negative
> BLPOP a inf
@differs 7.2 tells too large from negative
> BLPOP a 1e300
@differs 7.2 tells too large from negative
> BLPOP a 1e400
> BLPOP a -1e400
@differs 7.2 tells too large from negative
> BLPOP a 9223372036854775807
@differs 7.2 tells too large from negative
x> BLPOP far 9223372036854775

> BRPOP a -0.1
> SET s text
> BLPOP s 0
> BLPOP none s 0
> BLMOVE s a LEFT LEFT 0
> BRPOPLPUSH s a 0
> BLMOVE a b UP LEFT 0
> BLMOVE a b LEFT UP 0
> BLMOVE a b LEFT LEFT x
> BLMOVE a b LEFT LEFT -1
> BRPOPLPUSH a b x
> BRPOPLPUSH a b -1
> BLMPOP x 1 a LEFT
> BLMPOP -1 1 a LEFT
> BLMPOP 0 0 a LEFT
> BLMPOP 0 2 a LEFT
> BLMPOP x 0 a LEFT
> BLMPOP 0 1 a UP
> BLMPOP 0 1 a LEFT COUNT 0
> BLMPOP 0 1 s LEFT
> RPUSH a 1
> BLMOVE a s LEFT LEFT 0
> LRANGE a 0 -1
"#;

in_order = r#"
a> BLPOP l 0
b> BRPOP l 0
c> BLPOP m l 0
> RPUSH l 1
> RPUSH l 2 3 4
> LRANGE l 0 -1
> EXISTS m
a> BLPOP l m 0
b> BLPOP m l 0
> RPUSH m x y z
> LRANGE m 0 -1
"#;

the_list_is_whole_first = r#"
a> BLPOP l 0
> RPUSH l 1 2 3
> LRANGE l 0 -1
a> BRPOP m 0
> LPUSH m 1 2 3
> LRANGE m 0 -1
a> BLMPOP 0 1 n LEFT COUNT 2
> RPUSH n 1 2 3
> LRANGE n 0 -1
a> BLMPOP 0 1 o RIGHT COUNT 9
> RPUSH o 1 2 3
> EXISTS o
"#;

a_transaction_feeds = r#"
a> BLPOP l 0
> MULTI
> RPUSH l 1
> DEL l
> RPUSH l 2 3
> SET other 1
> EXEC
> LRANGE l 0 -1
a> BLPOP x 0
> MULTI
> RPUSH x 1
> DEL x
> EXEC
a> PING
> RPUSH x 2
a> BLPOP k1 k2 0
> MULTI
> RPUSH k2 late
> RPUSH k1 early
> EXEC
> LRANGE k1 0 -1
> LRANGE k2 0 -1
"#;

inside_a_transaction = r#"
> MULTI
> BLPOP l 0
> BRPOP l 0
> BLMOVE l m LEFT LEFT 0
> BRPOPLPUSH l m 0
> BLMPOP 0 1 l LEFT
> RPUSH l 1
> BLPOP l 0
> EXEC
> EXISTS l
"#;

time_is_up = r#"
a> BLPOP l 0.05
b> BLMOVE l m LEFT LEFT 0.05
c> BRPOPLPUSH l m 0.05
d> BLMPOP 0.05 1 l LEFT
advance 200ms
> RPUSH l 1
> LRANGE l 0 -1
a> BLPOP none 0.05
a> PING
advance 200ms
"#;

chains_of_moves = r#"
a> BLMOVE l1 l2 LEFT RIGHT 0
b> BLMOVE l2 l3 LEFT RIGHT 0
c> BRPOPLPUSH l3 l4 0
d> BLPOP l4 0
> RPUSH l1 x
> EXISTS l1 l2 l3 l4
a> BLMOVE p q RIGHT LEFT 0
b> BLMOVE q p RIGHT LEFT 0
> RPUSH p 1
> LRANGE p 0 -1
> LRANGE q 0 -1
a> BLMOVE self self LEFT RIGHT 0
> RPUSH self 1 2 3
> LRANGE self 0 -1
"#;

a_target_of_the_wrong_type = r#"
> SET s text
a> BLMOVE l s LEFT LEFT 0
b> BLPOP l 0
> RPUSH l 1
> EXISTS l
"#;

other_types_do_not_serve = r#"
a> BLPOP l 0
> SET l text
> DEL l
> RPUSH other 1
> RENAME other l
> EXISTS l
"#;

keys_that_appear_otherwise = r#"
> RPUSH src 1 2 3
a> BLPOP renamed 0
> COPY src copy
> RENAME copy renamed
> LRANGE renamed 0 -1
b> BLPOP copied 0
> COPY src copied
c> SELECT 1
c> BLPOP moved 0
> COPY src moved
> MOVE moved 1
d> SELECT 3
d> BLPOP swapped 0
> COPY src swapped
> SWAPDB 0 3
> DBSIZE
> SELECT 3
> LRANGE src 0 -1
e> BLPOP made 0
> LMOVE src made LEFT LEFT
f> BLPOP inserted 0
> LPUSHX inserted 1
> LPUSH inserted 1
"#;

the_same_key_twice = r#"
a> BLPOP l l m l 0
> RPUSH l 1 2
> LRANGE l 0 -1
a> BLPOP l 0
a> PING
a> BLPOP l l 0
> RPUSH l 3
"#;

requests_behind_it_wait = r#"
a> BLPOP l 0
a> SET after 1
a> GET after
> EXISTS after
> RPUSH l 1
> EXISTS after
a>> "BLPOP l 0\r\nPING one\r\nBLPOP m 0\r\nPING two\r\n"
> RPUSH l 1
> RPUSH m 1
"#;

a_client_that_leaves = r#"
a> BLPOP l 0
b> BLPOP l 0
close a
> RPUSH l 1
> EXISTS l
b> PING
"#;

unblock = r#"
@mask
a> CLIENT ID
> CLIENT UNBLOCK 1000000
> CLIENT UNBLOCK x
> CLIENT UNBLOCK 1 NOPE
"#;

events_of_serving = r#"
> CONFIG SET notify-keyspace-events KEA
e> PSUBSCRIBE __key*__:*
a> BLPOP l 0
> RPUSH l 1
a> BLMOVE l m LEFT RIGHT 0
> RPUSH l 1 2
a> BLMPOP 0 1 n LEFT COUNT 5
> RPUSH n 1 2
> LPUSH l x
"#;

watch_sees_what_was_served = r#"
> RPUSH l 0
w> WATCH l
> LPOP l
a> BLPOP l 0
> RPUSH l 1
w> MULTI
w> PING
w> EXEC
w> WATCH m
a> BLMOVE l m LEFT LEFT 0
> RPUSH l 2
w> MULTI
w> PING
w> EXEC
"#;

silent_clients = r#"
a> CLIENT REPLY SKIP
a> BLPOP l 0
> RPUSH l 1 2
a> PING
> LRANGE l 0 -1
"#;

without_replies_until_fed = r#"
a> BLPOP l 0
> LPUSHX l 1
> DEL l
> FLUSHALL
a> PING
> RPUSH l 1
"#;
}

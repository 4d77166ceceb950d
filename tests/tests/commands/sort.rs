//! SORT and SORT_RO.

use super::scripts;

scripts! { "sort":
    numbers_and_texts = r#"
> RPUSH list 3 1 2 10 -5 1.5
> SORT list
> SORT list DESC
> SORT list ALPHA
> SORT list ALPHA DESC ASC
> SORT list LIMIT 0 2
> SORT list LIMIT 2 2 DESC
> SORT list LIMIT -1 3
> SORT list LIMIT 4 100
> SORT list LIMIT 6 1
> SORT list LIMIT 0 0
> SORT list LIMIT 1 -1
> SORT list LIMIT 1 -7
> SORT missing
> SORT missing LIMIT 0 1 GET x*
> RPUSH words b a C "" "a b" A
> SORT words ALPHA
> SORT words ALPHA DESC LIMIT 1 3
> SORT words
> RPUSH odd " 1" 0x10 inf -inf 1e3 ""
> SORT odd
> RPUSH odd nan
> SORT odd
> RPUSH long 9007199254740993 9007199254740992
> SORT long DESC
> SORT_RO list LIMIT 0 1
> SORT_RO list STORE x
# Redis goes on to refuse sound numbers after this one.
> RPUSH big 1e999
> SORT big
"#;

    other_types = r#"
> SADD set 3 1 2
> SORT set
> SORT set DESC LIMIT 0 2
> SADD names x y z
> SORT names ALPHA
> SORT names
> ZADD zset 3 a 2 b 1 c
> SORT zset ALPHA
> SORT zset BY nosort
> SORT zset BY nosort DESC
> SORT zset BY nosort LIMIT 1 1
> SORT zset BY nosort DESC LIMIT 0 1
> SORT zset BY nosort LIMIT 5 1
> SORT zset ALPHA DESC LIMIT 1 5
> RPUSH list 3 1 2
> SORT list BY nosort
> SORT list BY nosort DESC
> SORT list BY nosort LIMIT 1 2
> SORT list BY nosort DESC LIMIT 1 1
> SORT list BY nosort GET #
> SET string v
> SORT string
> SORT string NONSENSE
> HSET hash f v
> SORT hash
> XADD stream 1-1 f v
> SORT_RO stream ALPHA
"#;

    by_and_get = r#"
> RPUSH list 1 2 3 4
> MSET w1 30 w2 20 w3 10
> MSET n1 one n2 two n3 three n4 four
> SORT list BY w*
> SORT list BY w* DESC
> SORT list BY w* GET n*
> SORT list BY w* GET n* GET # GET w* LIMIT 0 2
> SORT list GET nosuch
> SORT list GET nosuch* LIMIT 0 1
> SORT list GET * LIMIT 0 1
> SORT list BY n* ALPHA
> SORT list BY n* ALPHA DESC
> SORT list BY n*
> SORT list BY w* ALPHA
> SORT list BY none* ALPHA
> HSET h1 rank 9 name x
> HSET h2 rank 8
> HSET h3 rank 7 name y
> SORT list BY h*->rank
> SORT list BY h*->rank GET h*->name
> SORT list BY h*->name ALPHA GET h*->name GET #
> SORT list BY h*->none
> SORT list BY h* GET h*
> SORT list BY w*->x
> SORT list GET n*->
> SORT list GET "*->n" LIMIT 0 1
> SET "n1->" arrow
> SORT list GET n*-> LIMIT 0 1
> HSET w5 x 1
> RPUSH five 5
> SORT five BY w* GET w*
> RPUSH stars 1
> SET a1b* star
> SORT stars GET a*b*
"#;

    storing = r#"
> RPUSH list 3 1 2
> SORT list STORE sorted
> LRANGE sorted 0 -1
> TYPE sorted
> SORT list DESC LIMIT 0 1 STORE sorted
> LRANGE sorted 0 -1
> EXPIRE sorted 100
> SORT list GET w* GET # STORE sorted
> LRANGE sorted 0 -1
> TTL sorted
> SORT missing STORE sorted
> EXISTS sorted
> SORT missing STORE sorted
> SORT list STORE list
> LRANGE list 0 -1
> SADD set b a c 10 9
> SORT set BY nosort STORE stored
> LRANGE stored 0 -1
> SORT set BY nosort DESC LIMIT 0 2 STORE stored
> LRANGE stored 0 -1
> SET string v
> SORT list STORE string
> TYPE string
> RPUSH words x y
> SORT words STORE kept
> EXISTS kept
> SORT list STORE a STORE b
> EXISTS a b
"#;

    badly = r#"
> RPUSH list 1
> SORT list LIMIT
> SORT list LIMIT 1
> SORT list LIMIT a 1
> SORT list LIMIT 1 b
> SORT list LIMIT 1.5 2
> SORT list LIMIT 9223372036854775808 2
> SORT list LIMIT 9223372036854775807 9223372036854775807
> SORT list LIMIT -9223372036854775808 -9223372036854775808
> SORT list BY
> SORT list GET
> SORT list STORE
> SORT list NOSUCH
> SORT list ASC DESC asc Alpha
> SORT
> SORT_RO
> SORT_RO list STORE
> SORT_RO list BY
"#;

    keys = r#"
> COMMAND GETKEYS SORT a
> COMMAND GETKEYS SORT a STORE b
> COMMAND GETKEYS SORT a STORE b STORE c
> COMMAND GETKEYS SORT a BY STORE STORE c
> COMMAND GETKEYS SORT a GET STORE LIMIT STORE STORE
> COMMAND GETKEYS SORT a STORE
> COMMAND GETKEYS SORT_RO a GET x
> COMMAND GETKEYSANDFLAGS SORT a STORE b
> COMMAND GETKEYSANDFLAGS SORT_RO a BY w*
"#;

    events = r#"
@server --notify-keyspace-events KEAm
w> PSUBSCRIBE __key*
> RPUSH list 2 1
> SORT list STORE sorted
> SORT list BY w*
> SORT missing STORE sorted
> SORT missing STORE sorted
"#;

    in_a_transaction = r#"
> RPUSH list 2 1
> MULTI
> SORT list
> SORT list STORE sorted
> SORT list BY
> LRANGE sorted 0 -1
> EXEC
> WATCH sorted
o> SORT list STORE sorted
> MULTI
> EXEC
"#;
}

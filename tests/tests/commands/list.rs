//! Lists without waiting.

use super::scripts;

scripts! { "list":

push_and_pop = r#"
> RPUSH l a b c
> LPUSH l 1 2 3
> LRANGE l 0 -1
> LLEN l
> LPUSHX none x
> RPUSHX none x
> EXISTS none
> LPUSHX l x y
> RPUSHX l z
> LRANGE l 0 -1
> LPOP l
> RPOP l
> LPOP l 2
> RPOP l 2
> LPOP l 0
> LPOP l -1
> LPOP l x
> LPOP l 1 2
> RPOP l 100
> EXISTS l
> LPOP l
> LPOP l 1
> LPOP l 0
> RPOP l -1
> LLEN l
> LPUSH
> LPUSH l
> RPUSHX l
> LPOP
> LLEN
> LLEN a b
"#;

numbers_and_odd_texts = r#"
> RPUSH l 0 -1 007 +1 -0 127 128 4095 4096 -4096 -4097 32767 32768 8388607 8388608
> RPUSH l 2147483647 2147483648 9223372036854775807 -9223372036854775808 9223372036854775808 "" " 1" "\x00\xff\r\n"
> LRANGE l 0 -1
> LREM l 0 7
> LREM l 0 007
> LREM l 0 -0
> LPOS l 9223372036854775807
> LPOS l 9223372036854775808
> LPOS l ""
> LINDEX l -1
"#;

reading = r#"
> RPUSH l a b c d e
> LRANGE l 0 0
> LRANGE l 1 2
> LRANGE l -2 -1
> LRANGE l -100 100
> LRANGE l 3 1
> LRANGE l 5 5
> LRANGE l -1 -2
> LRANGE l -9223372036854775808 9223372036854775807
> LRANGE l x 1
> LRANGE l 1 x
> LRANGE none 0 -1
> LRANGE none x 1
> LRANGE l 0
> LINDEX l 0
> LINDEX l -5
> LINDEX l 5
> LINDEX l -6
> LINDEX l x
> LINDEX l 9223372036854775807
> LINDEX l -9223372036854775808
> LINDEX none x
> LINDEX none 0
"#;

changing = r#"
> RPUSH l a b c b a
> LSET l 0 x
> LSET l -1 y
> LSET l 5 z
> LSET l -6 z
> LSET l x z
> LSET none 0 z
> LSET none x z
> LRANGE l 0 -1
> LINSERT l BEFORE b new
> LINSERT l after c 5
> LINSERT l BETWEEN c 5
> LINSERT l BEFORE nosuch 5
> LINSERT none BEFORE a b
> LRANGE l 0 -1
> LREM l 1 b
> LREM l -1 y
> LREM l 0 nosuch
> LREM l x b
> LREM none x b
> LREM none 0 b
> LREM l -9223372036854775808 a
> LRANGE l 0 -1
> RPUSH m a a b a a
> LREM m -3 a
> LRANGE m 0 -1
> LREM m 0 a
> LREM m 5 b
> EXISTS m
"#;

trimming = r#"
> RPUSH l a b c d e
> LTRIM l 1 3
> LRANGE l 0 -1
> LTRIM l -2 -1
> LRANGE l 0 -1
> LTRIM l 0 -1
> LTRIM l x 1
> LTRIM l 1 x
> LTRIM none 0 1
> LTRIM none x 1
> LTRIM l 5 10
> EXISTS l
> RPUSH l a b
> LTRIM l 1 0
> EXISTS l
"#;

lpos = r#"
> RPUSH l a b c 1 2 3 c c
> LPOS l c
> LPOS l nosuch
> LPOS none c
> LPOS l c RANK 2
> LPOS l c RANK -1
> LPOS l c RANK -2
> LPOS l c RANK 4
> LPOS l c RANK 0
> LPOS l c RANK x
@differs 7.2 refuses what cannot be negated
> LPOS l c RANK -9223372036854775808
> LPOS l c COUNT 2
> LPOS l c COUNT 0
> LPOS l c COUNT 0 RANK 2
> LPOS l c COUNT 2 RANK -1
> LPOS l c COUNT -1
> LPOS l c COUNT x
> LPOS l c COUNT 0 MAXLEN 3
> LPOS l c MAXLEN 2
> LPOS l c MAXLEN 0
> LPOS l c MAXLEN -1
> LPOS l c MAXLEN x
> LPOS l c RANK -1 MAXLEN 1
> LPOS l c RANK -3 MAXLEN 2
> LPOS l nosuch COUNT 0
> LPOS none c COUNT 1
> LPOS l 3
> LPOS l c RANK
> LPOS l c NOPE 1
> LPOS l c COUNT 1 RANK
> LPOS l
"#;

moving = r#"
> RPUSH a 1 2 3
> LMOVE a b LEFT RIGHT
> LMOVE a b right left
> LRANGE a 0 -1
> LRANGE b 0 -1
> RPOPLPUSH a b
> EXISTS a
> LRANGE b 0 -1
> LMOVE b b LEFT RIGHT
> LRANGE b 0 -1
> RPOPLPUSH b b
> LRANGE b 0 -1
> LMOVE b b LEFT LEFT
> LMOVE none b LEFT RIGHT
> RPOPLPUSH none b
> LMOVE b c UP DOWN
> LMOVE b c LEFT DOWN
> LMOVE b c LEFT
> SET s text
> LMOVE s b LEFT LEFT
> LMOVE b s LEFT LEFT
> LMOVE none s LEFT LEFT
> RPOPLPUSH b s
> LRANGE b 0 -1
> RPUSH one x
> LMOVE one one LEFT RIGHT
> LRANGE one 0 -1
"#;

lmpop = r#"
> RPUSH a 1 2 3 4
> RPUSH b x
> LMPOP 1 none LEFT
> LMPOP 2 none a LEFT
> LMPOP 2 a b RIGHT COUNT 2
> LMPOP 2 a b LEFT COUNT 10
> LMPOP 2 a b LEFT count 10
> LMPOP 2 a b LEFT
> LMPOP 0 a LEFT
> LMPOP -1 a LEFT
> LMPOP x a LEFT
> LMPOP 2 a LEFT
> LMPOP 1 a UP
> LMPOP 1 a LEFT COUNT 0
> LMPOP 1 a LEFT COUNT x
> LMPOP 1 a LEFT COUNT
> LMPOP 1 a LEFT NOPE 1
> LMPOP 1 a LEFT COUNT 1 COUNT 2
> LMPOP 1 a LEFT COUNT 0 x
> LMPOP 9223372036854775807 a LEFT
> SET s text
> LMPOP 2 s a LEFT
> LMPOP 2 none s LEFT
> COMMAND GETKEYS LMPOP 2 a b LEFT
> COMMAND GETKEYS LMPOP 9 a b LEFT
> COMMAND GETKEYS BLMPOP 0 2 a b LEFT
"#;

wrong_type = r#"
> SET s text
> LPUSH s a
> RPUSHX s a
> LPOP s
> LPOP s 0
> LLEN s
> LINDEX s 0
> LINDEX s x
> LSET s 0 a
> LRANGE s 0 -1
> LINSERT s BEFORE a b
> LREM s 0 a
> LTRIM s 0 1
> LPOS s a
> LPOS s a COUNT 1
> RPUSH l a
> GET l
> APPEND l a
> INCR l
> TYPE l
> STRLEN l
> MGET l s
> SET l over
> TYPE l
"#;

encodings = r#"
> RPUSH l a b c
@differs 7.2 reports short lists as listpack
> OBJECT ENCODING l
> CONFIG SET list-max-listpack-size 4
> RPUSH l d
@differs 7.2 reports short lists as listpack
> OBJECT ENCODING l
> RPUSH l e
> OBJECT ENCODING l
> LRANGE l 0 -1
> LPOP l
> OBJECT ENCODING l
> LPOP l
> OBJECT ENCODING l
> RPOP l 2
@differs 7.2 reports short lists as listpack
> OBJECT ENCODING l
> LRANGE l 0 -1
> CONFIG SET list-max-listpack-size -2
> COPY l m
> RPUSH m x
> LRANGE l 0 -1
> LRANGE m 0 -1
"#;

keys_and_lists = r#"
> RPUSH l a b c
> EXPIRE l 1000
> LPUSH l z
@near
> TTL l
> RENAME l m
> LRANGE m 0 -1
> COPY m l
> LPOP l 3
> LRANGE m 0 -1
> MOVE m 1
> EXISTS m
> SELECT 1
> LRANGE m 0 -1
> DEL m
> TYPE m
"#;

watched = r#"
> RPUSH l a b
> WATCH l
b> LSET l 0 x
> MULTI
> PING
> EXEC
> WATCH l
b> LREM l 0 nosuch
> MULTI
> LPOP l
> RPOP l
> LPOP l
> LPUSH l 1 2
> EXEC
> WATCH l
b> LMOVE l other LEFT LEFT
> MULTI
> PING
> EXEC
"#;

events = r#"
> CONFIG SET notify-keyspace-events KEA
b> PSUBSCRIBE __key*__:*
> RPUSH l a b c d e
> LPUSH l z y
> LPUSHX none a
> LPOP l
> RPOP l 2
> LSET l 0 q
> LSET l 99 q
> LINSERT l BEFORE q r
> LINSERT l BEFORE nosuch r
> LREM l 0 nosuch
> LREM l 1 r
> LTRIM l 0 -1
> LTRIM l 0 1
> LMOVE l m LEFT RIGHT
> RPOPLPUSH l m
> LMOVE m m LEFT RIGHT
> LMPOP 1 m LEFT COUNT 1
> LMPOP 1 m LEFT COUNT 5
> RPUSH l a
> LREM l 0 a
> RPUSH l a
> LTRIM l 1 0
> RPUSH l a
> LPOP l
"#;

monitored_and_counted = r#"
> RPUSH l a b c
> LPOP l
> RPOP l
> OBJECT REFCOUNT l
> OBJECT IDLETIME l
> TOUCH l
> UNLINK l
> RPUSH big aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa b
> LINDEX big 0
> LINDEX big 1
> LSET big 0 short
> LRANGE big 0 -1
"#;
}

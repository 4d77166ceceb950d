//! Sorted sets without waiting.

use super::scripts;

scripts! { "zset":

add_and_read = r#"
> ZADD z 1 a 2 b 3 c
> ZADD z 1 a 5 b
> ZADD z CH 1 a 6 b 7 d
> ZSCORE z b
> ZSCORE z none
> ZSCORE none a
> ZMSCORE z a none c
> ZMSCORE none a b
> ZCARD z
> ZCARD none
> ZRANGE z 0 -1 WITHSCORES
> ZADD z NX 100 a 100 e
> ZADD z XX 8 a 9 f
> ZADD z GT CH 1 a 9 b
> ZADD z LT CH 1 a 9 b
> ZADD z GT 50 new
> ZRANGE z 0 -1 WITHSCORES
> ZADD z INCR 5 a
> ZADD z NX INCR 5 a
> ZADD z XX INCR 5 none
> ZADD z GT INCR -5 a
> ZINCRBY z 2.5 a
> ZINCRBY z 1 fresh
> ZADD only XX 1 a
> EXISTS only
> ZADD inf inf a -inf b +inf c
> ZINCRBY inf -inf a
> ZADD inf INCR inf b
> TYPE z
"#;

bad_additions = r#"
> ZADD
> ZADD z
> ZADD z 1
> ZADD z 1 a 2
> ZADD z x a
> ZADD z 1 a nan b
> ZADD z NX XX 1 a
> ZADD z NX GT 1 a
> ZADD z LT GT 1 a
> ZADD z INCR 1 a 2 b
> ZADD z NX
> ZADD z XX CH
> ZINCRBY z x a
> ZINCRBY z nan a
> EXISTS z
> SET s x
> ZADD s 1 a
> ZADD s NX XX 1 a
> ZINCRBY s 1 a
> ZSCORE s a
> ZCARD s
> ZRANGE s 0 -1
> ZREM s a
> ZPOPMIN s
> ZPOPMIN s 0
> ZRANK s a
> ZCOUNT s 0 1
> ZUNION 1 s
> ZRANGESTORE d s 0 -1
> ZSCAN s 0
> ZRANDMEMBER s
> ZMPOP 1 s MIN
"#;

ranks = r#"
> ZADD z 1 a 2 b 3 c
> ZRANK z a
> ZRANK z c
> ZRANK z none
> ZRANK none a
> ZREVRANK z a
> ZREVRANK z c
@differs 7.0 does not know the option
> ZRANK z b WITHSCORE
@differs 7.0 does not know the option
> ZREVRANK z c withscore
@differs 7.0 does not know the option
> ZRANK z none WITHSCORE
@differs 7.0 does not know the option
> ZRANK none a WITHSCORE
@differs 7.0 does not know the option
> ZRANK z a FOO
@differs 7.0 does not know the option
> ZRANK z a WITHSCORE x
"#;

ranges = r#"
> ZADD z -inf a 1 b 1 c 2.5 d 3 e inf f
> ZRANGE z 0 0
> ZRANGE z 1 -2
> ZRANGE z -2 100 WITHSCORES
> ZRANGE z 5 1
> ZRANGE z 0 -1 REV
> ZREVRANGE z 0 1 WITHSCORES
> ZREVRANGE z 0 1 REV
> ZRANGE z 1 3 BYSCORE
> ZRANGE z (1 (3 BYSCORE WITHSCORES
> ZRANGE z -inf +inf BYSCORE LIMIT 1 2
> ZRANGE z -inf +inf BYSCORE LIMIT 1 -1
> ZRANGE z -inf +inf BYSCORE LIMIT -1 2
> ZRANGE z +inf -inf BYSCORE REV LIMIT 1 2 WITHSCORES
> ZRANGEBYSCORE z 1 2.5
> ZRANGEBYSCORE z (1 2.5 WITHSCORES LIMIT 0 1
> ZREVRANGEBYSCORE z 2.5 1 LIMIT 0 2
> ZREVRANGEBYSCORE z 1 2.5
> ZCOUNT z -inf +inf
> ZCOUNT z (1 3
> ZCOUNT z 3 1
> ZCOUNT none 0 1
> ZRANGE none 0 -1
> ZRANGE z 0 -1 LIMIT 0 -1
> ZRANGE z 0 -1 LIMIT 0 1
> ZRANGE z x 1
> ZRANGE z x 1 BYSCORE
> ZRANGE z 1 x BYSCORE
> ZRANGE z 0 -1 FOO
> ZRANGE z 0 -1 LIMIT 0
> ZRANGE z 0 1 BYSCORE LIMIT a b
> ZRANGEBYSCORE z "" ""
> ZRANGEBYSCORE z " 1" 1e999
> ZCOUNT z nan 1
> ZRANGE zset 0 1 REV REV
> ZRANGE zset 0 [a BYSCORE BYSCORE
> ZRANGE zset 0 [a BYLEX BYSCORE
> ZRANGESTORE to zset 0 1 REV REV
"#;

ranges_by_member = r#"
> ZADD z 0 a 0 b 0 c 0 d 0 e
> ZRANGE z [b [d BYLEX
> ZRANGE z (b (d BYLEX
> ZRANGE z - + BYLEX LIMIT 1 2
> ZRANGE z + - BYLEX REV
> ZRANGE z [d [b BYLEX REV LIMIT 0 1
> ZRANGEBYLEX z - (c
> ZREVRANGEBYLEX z + (c
> ZRANGEBYLEX z + -
> ZLEXCOUNT z - +
> ZLEXCOUNT z (a [c
> ZLEXCOUNT none - +
> ZRANGE z b c BYLEX
> ZRANGE z - + BYLEX WITHSCORES
> ZRANGEBYLEX z - + WITHSCORES
> ZRANGEBYLEX z - + BYSCORE
> ZLEXCOUNT z a b
> ZREMRANGEBYLEX z [b (d
> ZRANGE z 0 -1
> ZREMRANGEBYLEX z - +
> EXISTS z
"#;

removal = r#"
> ZADD z 1 a 2 b 3 c 4 d 5 e
> ZREM z a none a
> ZREMRANGEBYRANK z 0 0
> ZREMRANGEBYSCORE z (3 4
> ZRANGE z 0 -1
> ZREMRANGEBYRANK z 5 9
> ZREMRANGEBYSCORE z 9 1
> ZREMRANGEBYRANK none 0 -1
> ZREM none a
> ZREM z c e
> EXISTS z
> ZADD z 1 a
> ZREMRANGEBYRANK z 0 -1
> EXISTS z
> ZREMRANGEBYRANK z x 1
> ZREMRANGEBYSCORE z x 1
"#;

popping = r#"
> ZADD z 1 a 2 b 3 c 4 d 5 e
> ZPOPMIN z
> ZPOPMAX z
> ZPOPMIN z 0
> ZPOPMAX z 2
> ZPOPMIN z 10
> EXISTS z
> ZPOPMIN z
> ZPOPMIN z 1
> ZPOPMIN z -1
> ZPOPMIN z x
> ZPOPMIN z 1 2
> ZADD z 1 a 2 b 3 c
> ZMPOP 1 z MIN
> ZMPOP 2 none z MAX COUNT 5
> ZMPOP 2 none z MAX
> ZMPOP 0 z MIN
> ZMPOP x z MIN
> ZMPOP 2 z MIN
> ZMPOP 1 z FOO
> ZMPOP 1 z MIN COUNT 0
> ZMPOP 1 z MIN COUNT x
> ZMPOP 1 z MIN COUNT 1 COUNT 1
> ZMPOP 1 z MIN FOO
"#;

combining = r#"
> ZADD a 1 x 2 y 3 z
> ZADD b 10 y 20 z 30 w
> SADD s x y 7
> ZUNION 2 a b
> ZUNION 2 a b WITHSCORES
> ZUNION 2 a b WEIGHTS 2 0.5 AGGREGATE MAX WITHSCORES
> ZUNION 2 a s WITHSCORES
> ZINTER 2 a b WITHSCORES
> ZINTER 3 a b s WEIGHTS 1 1 100 WITHSCORES
> ZINTER 2 a b AGGREGATE MIN WITHSCORES
> ZDIFF 2 a b WITHSCORES
> ZDIFF 2 s a WITHSCORES
> ZDIFF 1 none
> ZINTERCARD 2 a b
> ZINTERCARD 2 a b LIMIT 1
> ZINTERCARD 2 a none
> ZUNIONSTORE d 2 a b AGGREGATE MIN
> ZRANGE d 0 -1 WITHSCORES
> ZINTERSTORE d 2 a b WEIGHTS inf -inf
> ZRANGE d 0 -1 WITHSCORES
> ZDIFFSTORE d 2 a b
> ZRANGE d 0 -1 WITHSCORES
> ZINTERSTORE d 2 a none
> EXISTS d
> ZRANGESTORE d a 1 -1
> ZRANGESTORE d a (1 +inf BYSCORE LIMIT 0 1
> ZRANGE d 0 -1 WITHSCORES
> ZRANGESTORE d none 0 -1
> EXISTS d
"#;

combining_badly = r#"
> SET str x
> ZUNION 0 a
> ZUNION x a
> ZUNION 2 a
> ZUNION -1 a
> ZUNION 1 str
> ZUNION 1 str FOO
> ZUNION 1 a WEIGHTS
> ZUNION 1 a WEIGHTS x
> ZUNION 1 a AGGREGATE
> ZUNION 1 a AGGREGATE FOO
> ZDIFF 1 a WEIGHTS 1
> ZUNIONSTORE d 1 a WITHSCORES
> ZINTERCARD 1 a LIMIT -1
> ZINTERCARD 1 a LIMIT
> ZINTERCARD 0 a
> ZRANGESTORE d a 0 -1 WITHSCORES
> ZRANGESTORE d a 0 -1 LIMIT 0 1
"#;

choosing_and_scanning = r#"
> ZADD z 1.5 only
> ZRANDMEMBER z
> ZRANDMEMBER z 5
> ZRANDMEMBER z -3
> ZRANDMEMBER z 5 WITHSCORES
> ZRANDMEMBER z 0
> ZRANDMEMBER none
> ZRANDMEMBER none 5
> ZRANDMEMBER z x
> ZRANDMEMBER z 1 FOO
> ZRANDMEMBER z -9223372036854775808
> ZRANDMEMBER z 9223372036854775807 WITHSCORES
> ZSCAN z 0
> ZSCAN z 0 MATCH x*
> ZSCAN z 0 MATCH on* COUNT 5
> ZSCAN none 0 FOO
> ZSCAN z 0 FOO
> ZSCAN z 0 COUNT 0
> ZSCAN z 0 COUNT x
> ZSCAN z x
"#;

encodings = r#"
@server --zset-max-listpack-entries 3
@server --zset-max-listpack-value 5
> ZADD z 1 a 2 b 3 c
> OBJECT ENCODING z
> ZADD z 4 a
> OBJECT ENCODING z
> ZADD z 4 d
> OBJECT ENCODING z
> ZREM z a b c
> OBJECT ENCODING z
> ZADD y 1 longer
> OBJECT ENCODING y
> ZADD x 1 short
> ZADD x 1 longer
> OBJECT ENCODING x
> ZRANGESTORE w z 0 -1
> OBJECT ENCODING w
> ZUNIONSTORE w 2 x z
> OBJECT ENCODING w
> ZUNIONSTORE w 3 x z y
> OBJECT ENCODING w
> ZADD zero -0 a
> ZSCORE zero a
"#;

events = r#"
@server --notify-keyspace-events KEA
s> PSUBSCRIBE __keyevent@0__:*
> ZADD z 1 a 2 b
> ZADD z 1 a
> ZINCRBY z 1 a
> ZADD z INCR 1 a
> ZREM z none
> ZREM z a
> ZPOPMIN z
> ZADD z 1 a 2 b 3 c 4 d
> ZPOPMAX z 2
> ZREMRANGEBYRANK z 0 0
> ZREMRANGEBYSCORE z 0 9
> ZADD z 1 a 2 b
> ZUNIONSTORE d 1 z
> ZINTERSTORE d 2 z none
> ZRANGESTORE d z 0 0
> ZMPOP 1 d MIN
> ZDIFFSTORE e 1 z
"#;
}

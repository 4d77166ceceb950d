//! Sets.

use super::scripts;

scripts! { "set":

add_and_remove = r#"
> SADD s a b a c
> SADD s a d
> SCARD s
> SCARD nosuch
@unordered
> SMEMBERS s
> SMEMBERS nosuch
> SISMEMBER s a
> SISMEMBER s nosuch
> SISMEMBER nosuch a
> SMISMEMBER s a nosuch b
> SMISMEMBER nosuch a b
> SREM s a nosuch a
> SREM nosuch a
> SCARD s
> SREM s b c d
> EXISTS s
> SADD e ""
> SISMEMBER e ""
> SMEMBERS e
> SADD
> SADD s
> SREM s
> SISMEMBER s
> SISMEMBER s a b
> SMISMEMBER s
> SCARD
> SMEMBERS
"#;

integers = r#"
> SADD s 3 1 2 1
> SMEMBERS s
> OBJECT ENCODING s
> SISMEMBER s 2
> SISMEMBER s 02
> SISMEMBER s two
> SREM s 02 x 9
> SADD s -9223372036854775808 9223372036854775807 70000 -70000
> SMEMBERS s
> SADD s 9223372036854775808
> SISMEMBER s 9223372036854775807
> SCARD s
"#;

smove = r#"
> SADD a 1 2 x
> SADD b 3
> SMOVE a b x
@unordered
> SMEMBERS b
> SMOVE a b nosuch
> SMOVE nosuch b x
> SMOVE a new 1
> SMEMBERS new
> SMOVE a a 2
> SMOVE a a nosuch
> SADD b 2
> SMOVE a b 2
> EXISTS a
> SCARD b
> SET t v
> SMOVE b t 3
> SMOVE t b 3
> SMOVE nosuch t 3
> SMOVE b t nosuch
> SMOVE b new
"#;

pop = r#"
> SPOP nosuch
> SPOP nosuch 2
> SADD s a
> SPOP s
> EXISTS s
> SADD s a
> SPOP s 0
> SPOP s 5
> EXISTS s
> SADD s a b c
@unordered
> SPOP s 3
> EXISTS s
> SPOP s -1
> SPOP s x
> SPOP s 1 2
> SPOP s 9223372036854775808
> SPOP
"#;

random_members = r#"
> SRANDMEMBER nosuch
> SRANDMEMBER nosuch 2
> SRANDMEMBER nosuch -2
> SADD one a
> SRANDMEMBER one
> SRANDMEMBER one 1
> SRANDMEMBER one 5
> SRANDMEMBER one -3
> SRANDMEMBER one 0
> SADD ints 1
> SRANDMEMBER ints
> SRANDMEMBER ints -2
> SADD s a b c
@unordered
> SRANDMEMBER s 3
@unordered
> SRANDMEMBER s 10
> SRANDMEMBER s x
> SRANDMEMBER s 1 2
> SRANDMEMBER s -9223372036854775808
> SRANDMEMBER s 9223372036854775808
"#;

algebra = r#"
> SADD a 1 2 3 x
> SADD b 2 3 4 y
> SADD c 3 x y
@unordered
> SINTER a b
> SINTER a b c
> SINTER a nosuch
> SINTER nosuch
@unordered
> SINTER a
@unordered
> SINTER a a
@unordered
> SUNION a b
@unordered
> SUNION a b c nosuch
> SUNION nosuch nosuch
@unordered
> SUNION a
@unordered
> SUNION a b c a b c
@unordered
> SDIFF a b
> SDIFF a b c
> SDIFF a a
@unordered
> SDIFF a nosuch
> SDIFF nosuch a
@unordered
> SDIFF a
> SINTER
> SUNION
> SDIFF
"#;

stores = r#"
> SADD a 1 2 3 x
> SADD b 2 3 4 y
> SINTERSTORE d a b
@unordered
> SMEMBERS d
> OBJECT ENCODING d
> SINTERSTORE d a nosuch
> EXISTS d
> SINTERSTORE d a nosuch
> SUNIONSTORE d a b
@unordered
> SMEMBERS d
> SUNIONSTORE d nosuch
> EXISTS d
> SDIFFSTORE d a b
@unordered
> SMEMBERS d
> SDIFFSTORE d a a
> EXISTS d
> SDIFFSTORE d nosuch a
> SET d string EX 100
> SUNIONSTORE d a
> TYPE d
> TTL d
> SINTERSTORE a a b
@unordered
> SMEMBERS a
> SUNIONSTORE d
> SINTERSTORE d
> SDIFFSTORE d
"#;

sintercard = r#"
> SADD a 1 2 3 x
> SADD b 2 3 4 x
> SINTERCARD 2 a b
> SINTERCARD 1 a
> SINTERCARD 2 a nosuch
> SINTERCARD 2 a b LIMIT 2
> SINTERCARD 2 a b LIMIT 0
> SINTERCARD 2 a b limit 10
> SINTERCARD 2 a b LIMIT -1
> SINTERCARD 2 a b LIMIT x
> SINTERCARD 2 a b LIMIT
> SINTERCARD 2 a b NOPE 1
> SINTERCARD 0 a
> SINTERCARD -1 a
> SINTERCARD x a
> SINTERCARD 3 a b
> SINTERCARD 2 a b LIMIT 1 LIMIT 2
> SINTERCARD 1
> COMMAND GETKEYS SINTERCARD 2 a b LIMIT 1
"#;

scan = r#"
> SSCAN nosuch 0
> SSCAN nosuch x
> SADD s 1 2 12
> SSCAN s 0
> SSCAN s 7
> SSCAN s 0 MATCH 1*
> SSCAN s 0 COUNT 1
> SSCAN s 0 COUNT 0
> SSCAN s 0 COUNT x
> SSCAN s 0 MATCH
> SSCAN s 0 TYPE set
> SSCAN s x
> SSCAN s
> SADD t a b ab
@unordered
> SSCAN t 0
@unordered
> SSCAN t 0 MATCH a* COUNT 100
"#;

encodings = r#"
@server --set-max-intset-entries 4
> SADD s 1 2 3 4
> OBJECT ENCODING s
> SADD s 4
> OBJECT ENCODING s
> SADD s 5
> OBJECT ENCODING s
> SREM s 1 2 3 4
> OBJECT ENCODING s
> SADD t 1
> OBJECT ENCODING t
> SADD t a
> OBJECT ENCODING t
> SADD u 12345678901234567890123456789012345678901234567890123456789012345
> OBJECT ENCODING u
> SADD v 1 2 3 4 5 6
> OBJECT ENCODING v
> SINTERSTORE d s s
> OBJECT ENCODING d
> SUNIONSTORE d s
> OBJECT ENCODING d
> SDIFFSTORE d s nosuch
> OBJECT ENCODING d
> TYPE s
"#;

listpacks = r#"
@server --set-max-intset-entries 6
@differs Redis 7.0 has no listpacks for sets
> CONFIG SET set-max-listpack-entries 4 set-max-listpack-value 5
> SADD s a b c
@differs a listpack keeps the order of insertion; Redis 7.0 has none for sets
> SMEMBERS s
> OBJECT ENCODING s
> SADD s d 1
> OBJECT ENCODING s
> SADD t 12345
> SADD t abcde
> OBJECT ENCODING t
> SADD t abcdef
> OBJECT ENCODING t
> SADD u 123456
> SADD u a
> OBJECT ENCODING u
> SADD many a b c d e
> OBJECT ENCODING many
> SADD mixed 1 2 3
> SADD mixed x
> OBJECT ENCODING mixed
@differs a listpack keeps the order of insertion; Redis 7.0 has none for sets
> SMEMBERS mixed
> SMOVE s t a
> SMOVE many new a
> OBJECT ENCODING new
> SUNIONSTORE d mixed
> OBJECT ENCODING d
> SINTERSTORE d many many
> OBJECT ENCODING d
"#;

wrong_type = r#"
> SET k v
> SADD s a
> SADD k a
> SREM k a
> SCARD k
> SMEMBERS k
> SISMEMBER k a
> SMISMEMBER k a
> SPOP k
> SPOP k 1
> SRANDMEMBER k
> SRANDMEMBER k 1
> SSCAN k 0
> SINTER s k
> SINTER nosuch k
> SINTER k
> SINTERCARD 2 nosuch k
> SINTERSTORE d s k
> SINTERSTORE d nosuch k
> SUNION s k
> SUNIONSTORE d s k
> SDIFF nosuch k
> SDIFF s k
> SDIFFSTORE d s k
> GET s
> HSET s f v
> INCR s
"#;

events = r#"
> CONFIG SET notify-keyspace-events KEA
sub> PSUBSCRIBE __key*__:*
> SADD s a b
> SADD s a
> SREM s nosuch
> SREM s a
> SREM s b
> SADD s 1 2 3
> SMOVE s t 1
> SMOVE s t 2
> SMOVE s t 3
> SADD s 1
> SMOVE s t 1
> SPOP t 3
> SADD s a
> SPOP s
> SADD s a b c
> SPOP s 0
> SUNIONSTORE d s
> SINTERSTORE d s s
> SDIFFSTORE d s
> SINTERSTORE d s nosuch
> SINTERSTORE d s nosuch
> SDIFFSTORE d s s
"#;

watched = r#"
> SADD s a
a> WATCH s
> SADD s a
> SREM s nosuch
a> MULTI
a> SCARD s
a> EXEC
a> WATCH s d
> SINTERSTORE d s nosuch
a> MULTI
a> SCARD s
a> EXEC
a> WATCH s
> SPOP s
a> MULTI
a> SCARD s
a> EXEC
"#;
}

//! Hashes.

use super::scripts;

scripts! { "hash":

set_and_get = r#"
> HSET h f v
> HSET h f w g x f y
> HGET h f
> HGET h g
> HGET h nosuch
> HGET nosuch f
> HSET h "" ""
> HGET h ""
> HSTRLEN h g
> HSTRLEN h ""
> HSTRLEN h nosuch
> HSTRLEN nosuch f
> HEXISTS h g
> HEXISTS h nosuch
> HEXISTS nosuch g
> HLEN h
> HLEN nosuch
> HSET h n 12345
> HGET h n
> HSTRLEN h n
> HSET h "bin\x00ary" "\x00\xff\r\n"
> HGET h "bin\x00ary"
# Too few arguments, and a field without a value.
> HSET h
> HSET h f
> HSET h f v g
> HSET
> HMSET h f
> HMSET h f v g
> HGET h
> HGET h f g
"#;

many = r#"
> HMSET h a 1 b 2 c 3
> HMGET h a nosuch c a
> HMGET nosuch a b
> HMGET h
> HGETALL h
> HKEYS h
> HVALS h
> HGETALL nosuch
> HKEYS nosuch
> HVALS nosuch
> HDEL h a nosuch a
> HGETALL h
> HDEL nosuch a
> HDEL h
> HDEL h b c
> EXISTS h
"#;

setnx = r#"
> HSETNX h f v
> HSETNX h f w
> HGET h f
> HSETNX h g 1
> HLEN h
> HSETNX h f
> HSETNX h f v w
"#;

hincrby = r#"
> HINCRBY h n 5
> HINCRBY h n -7
> HGET h n
> HSET h t text s " 1" e "" z 007 f 1.5
> HINCRBY h t 1
> HINCRBY h s 1
> HINCRBY h e 1
> HINCRBY h z 1
> HINCRBY h f 1
> HINCRBY h n x
> HINCRBY h n 1.5
> HINCRBY h n 9223372036854775808
> HSET h max 9223372036854775807 min -9223372036854775808
> HINCRBY h max 1
> HINCRBY h max -1
> HINCRBY h min -1
> HINCRBY h min 1
> HINCRBY h n
> HINCRBY h n 1 2
> HLEN h
# A refused one creates nothing.
> HINCRBY new n x
> EXISTS new
"#;

hincrbyfloat = r#"
> HINCRBYFLOAT h n 0.1
> HINCRBYFLOAT h n 0.2
> HINCRBYFLOAT h n -5
> HINCRBYFLOAT h n 1e3
> HGET h n
> HSET h t text
> HINCRBYFLOAT h t 1
> HINCRBYFLOAT h n x
> HINCRBYFLOAT h n inf
> HINCRBYFLOAT h n -inf
> HINCRBYFLOAT h n nan
> HSET h i inf
> HINCRBYFLOAT h i 1
> HSET h big 1e300
> HINCRBYFLOAT h big 1
> HINCRBYFLOAT h n
> HINCRBYFLOAT new n x
> EXISTS new
> HINCRBYFLOAT new n 3.0
> HGETALL new
"#;

random_fields = r#"
> HRANDFIELD nosuch
> HRANDFIELD nosuch 3
> HRANDFIELD nosuch 3 WITHVALUES
> HRANDFIELD nosuch -3
> HSET one f v
> HRANDFIELD one
> HRANDFIELD one 1
> HRANDFIELD one 5
> HRANDFIELD one -3
> HRANDFIELD one 0
> HRANDFIELD one 5 WITHVALUES
> HRANDFIELD one -2 withvalues
> HRANDFIELD one 0 WITHVALUES
> HSET h a 1 b 2 c 3
@unordered
> HRANDFIELD h 3
@unordered
> HRANDFIELD h 10
@unordered
> HRANDFIELD h 10 WITHVALUES
> HRANDFIELD h x
> HRANDFIELD h 1.5
> HRANDFIELD h 1 WITHOUT
> HRANDFIELD h 1 WITHVALUES more
> HRANDFIELD h -9223372036854775808
> HRANDFIELD h 9223372036854775808
> HRANDFIELD h -9223372036854775807 WITHVALUES
> HRANDFIELD h 4611686018427387904 WITHVALUES
> HRANDFIELD h WITHVALUES
"#;

scan = r#"
> HSCAN nosuch 0
> HSCAN nosuch x
> HSCAN nosuch 0 NOPE
> HSET h a 1 b 2 ab 3
> HSCAN h 0
> HSCAN h 5
> HSCAN h 0 MATCH a*
> HSCAN h 0 MATCH * COUNT 1
> HSCAN h 0 MATCH nothing
> HSCAN h 0 COUNT 0
> HSCAN h 0 COUNT -1
> HSCAN h 0 COUNT x
> HSCAN h 0 COUNT
> HSCAN h 0 MATCH
> HSCAN h 0 TYPE hash
> HSCAN h 0 NOVALUES
> HSCAN h -1
> HSCAN h ""
> HSCAN h 00
> HSCAN h +1
> HSCAN h +
> HSCAN h 1x
> HSCAN h 99999999999999999999999
> HSCAN h
"#;

encodings = r#"
@server --hash-max-listpack-entries 4 --hash-max-listpack-value 10
> HSET h a 1 b 2 c 3 d 4
> OBJECT ENCODING h
> HSET h a 2
> OBJECT ENCODING h
> HSET h e 5
> OBJECT ENCODING h
@unordered
> HGETALL h
> HDEL h a b c d
> OBJECT ENCODING h
> HSET v a 1234567890
> OBJECT ENCODING v
> HSET v a 12345678901
> OBJECT ENCODING v
> HGET v a
> HSET f 1234567890 1
> OBJECT ENCODING f
> HSET f 12345678901 1
> OBJECT ENCODING f
> HSETNX nx 12345678901 1
> OBJECT ENCODING nx
> CONFIG SET hash-max-listpack-entries 512
> HSET many a 1 b 2 c 3 d 4 e 5 f 6
> OBJECT ENCODING many
> TYPE many
"#;

wrong_type = r#"
> SET s v
> HSET s f v
> HSETNX s f v
> HMSET s f v
> HGET s f
> HMGET s f
> HGETALL s
> HKEYS s
> HVALS s
> HLEN s
> HEXISTS s f
> HSTRLEN s f
> HINCRBY s f 1
> HINCRBYFLOAT s f 1
> HDEL s f
> HRANDFIELD s
> HRANDFIELD s 1
> HSCAN s 0
> HSET h f v
> GET h
> APPEND h v
> INCR h
> SADD h m
> GET s
"#;

events = r#"
> CONFIG SET notify-keyspace-events KEA
sub> PSUBSCRIBE __key*__:*
> HSET h f v g w
> HSET h f v
> HMSET h f v
> HSETNX h f v
> HSETNX h k v
> HINCRBY h n 1
> HINCRBYFLOAT h n 1.5
> HDEL h nosuch
> HDEL h f
> HDEL h g k n
> HDEL h f
"#;

watched = r#"
> HSET h f v
a> WATCH h
> HDEL h nosuch
a> MULTI
a> HLEN h
a> EXEC
a> WATCH h
> HSETNX h f w
a> MULTI
a> HLEN h
a> EXEC
a> WATCH h
> HSET h f v
a> MULTI
a> HLEN h
a> EXEC
"#;

getkeys = r#"
> COMMAND GETKEYS HSET h f v
> COMMAND GETKEYS HGETALL h
> COMMAND GETKEYS HSCAN h 0
"#;
}

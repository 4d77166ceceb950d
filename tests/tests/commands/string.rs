//! Strings: SET and its kin, counters, ranges, LCS.

use super::scripts;

scripts! { "string":

set_and_get = r#"
> GET a
> SET a 1
> GET a
> SET a ""
> GET a
> SET "bin\x00ary\r\n" "\x00\xff\r\n"
> GET "bin\x00ary\r\n"
# Too few arguments, and options that do not exist.
> SET
> SET a
> GET
> GET a b
> SET a 1 XY
> SET a 1 EX
> SET a 1 10
> set a lower
> get a
"#;

set_nx_xx_get = r#"
> SET a 1 XX
> GET a
> SET a 1 NX
> SET a 2 NX
> GET a
> SET a 3 XX
> GET a
> SET a 4 GET
> SET new 1 GET
> GET new
> SET other 1 XX GET
> EXISTS other
> SET a 5 NX GET
> GET a
> SET third 5 NX GET
> GET third
> SET a 1 NX XX
> SET a 1 XX NX
> SET a 1 GET GET
> SET a 6 xx get
> GET a
"#;

set_expiry = r#"
> SET a 1 EX 100
> TTL a
> SET a 1
> TTL a
> SET a 1 EXAT 4102444800
> EXPIRETIME a
> SET a 1 PXAT 4102444800123
> PEXPIRETIME a
> SET a 2 KEEPTTL
> PEXPIRETIME a
> GET a
> SET a 2 KEEPTTL XX GET
> PEXPIRETIME a
> SET b 1 KEEPTTL
> TTL b
> SET a 1 PX 500
> EXISTS a
advance 600ms
> EXISTS a
> GET a
# A time in the past deletes at once.
> SET a 1 PXAT 1000
> EXISTS a
> SET a 1 EX 0
> SET a 1 PX 0
> SET a 1 EX -1
> SET a 1 EXAT 0
> SET a 1 PXAT -5
> SET a 1 EX abc
> SET a 1 EX 1.5
> SET a 1 EX 9223372036854775807
> SET a 1 EXAT 9223372036854775807
> SET a 1 PX 9223372036854775807
> SET a 1 EX 10 PX 10
> SET a 1 EX 10 KEEPTTL
> SET a 1 KEEPTTL EX 10
> SET a 1 EXAT 10 PXAT 10
> SET a 1 PERSIST
> SET a 1 NX EX 10 XX
> EXISTS a
"#;

setnx_setex_psetex = r#"
> SETNX a 1
> SETNX a 2
> GET a
> SETEX a 100 v
> TTL a
> GET a
> PSETEX a 100000 w
> TTL a
> GET a
> SETNX a 3
> TTL a
> SETEX a 0 v
> SETEX a -1 v
> SETEX a x v
> SETEX a 9223372036854775807 v
> PSETEX a 0 v
> PSETEX a -7 v
> PSETEX a x v
> PSETEX a 9223372036854775807 v
> GET a
> SETEX a 10
> SETNX a
> PSETEX a 1
"#;

getset_getdel = r#"
> GETSET a 1
> GETSET a 2
> GET a
> EXPIREAT a 4102444800
> GETSET a 3
> TTL a
> GETDEL a
> GETDEL a
> EXISTS a
> GETDEL
> GETSET a
"#;

getex = r#"
> GETEX a
> SET a v
> GETEX a
> TTL a
> GETEX a EX 100
> TTL a
> GETEX a PX 200000
> TTL a
> GETEX a EXAT 4102444800
> EXPIRETIME a
> GETEX a PXAT 4102444800999
> PEXPIRETIME a
> GETEX a
> PEXPIRETIME a
> GETEX a PERSIST
> PEXPIRETIME a
> GETEX a PERSIST
> GETEX a EX 0
> GETEX a PX -1
> GETEX a EX abc
> GETEX a EX 9223372036854775807
> GETEX a EX 10 PERSIST
> GETEX a PERSIST EX 10
> GETEX a KEEPTTL
> GETEX a NX
> GETEX a GET
> GETEX a EX
> GETEX missing EX 100
> EXISTS missing
# A time in the past gives the value for the last time.
> GETEX a PXAT 1000
> GET a
"#;

append_strlen = r#"
> STRLEN a
> APPEND a hello
> APPEND a " world"
> GET a
> STRLEN a
> APPEND a ""
> APPEND new ""
> EXISTS new
> STRLEN new
> SET n 10
> APPEND n 5
> GET n
> INCR n
> EXPIREAT a 4102444800
> APPEND a !
> EXPIRETIME a
> APPEND a
> STRLEN
"#;

setrange_getrange = r#"
> SETRANGE a 0 ""
> EXISTS a
> SETRANGE a 3 abc
> GET a
> SETRANGE a 0 xy
> GET a
> SETRANGE a 6 ""
> STRLEN a
> SETRANGE a -1 x
> SETRANGE a abc x
> SETRANGE a 536870912 x
> SETRANGE a 536870911 xy
> SETRANGE a 9223372036854775807 x
> SET n 12345
> SETRANGE n 1 99
> GET n
> GETRANGE n 0 -1
> GETRANGE n 1 3
> GETRANGE n -3 -1
> GETRANGE n -100 100
> GETRANGE n 3 1
> GETRANGE n -1 -3
> GETRANGE n 5 10
> GETRANGE n 4 10
> GETRANGE n -100 -50
> GETRANGE n 0 -9223372036854775808
> GETRANGE n x 1
> GETRANGE n 0 x
> GETRANGE missing 0 -1
> SUBSTR n 1 2
> SUBSTR missing 0 -1
> SUBSTR n
"#;

incr_decr = r#"
> INCR a
> INCR a
> DECR a
> DECR b
> INCRBY a 10
> INCRBY a -3
> DECRBY a 5
> DECRBY a -5
> GET a
> SET a 9223372036854775806
> INCR a
> INCR a
> INCRBY a 1
> SET a -9223372036854775807
> DECR a
> DECR a
> DECRBY a 1
> INCRBY a -1
> DECRBY a -9223372036854775808
> INCRBY a 9223372036854775808
> INCRBY a x
> INCRBY a 1.5
> INCRBY a ""
> DECRBY a " 1"
# What counts as an integer.
> SET a abc
> INCR a
> SET a ""
> INCR a
> SET a " 1"
> INCR a
> SET a "1 "
> INCR a
> SET a 01
> INCR a
> SET a +1
> INCR a
> SET a -0
> INCR a
> SET a 1.0
> INCR a
> SET a 9223372036854775808
> INCR a
> SET a 7
> EXPIREAT a 4102444800
> INCR a
> EXPIRETIME a
> INCR
> INCRBY a
"#;

incrbyfloat = r#"
> INCRBYFLOAT a 0.1
> INCRBYFLOAT a 0.2
> INCRBYFLOAT a -0.3
> GET a
> SET a 3
> INCRBYFLOAT a 1
> INCRBYFLOAT a 1.5e2
> INCRBYFLOAT a -1e-3
> SET a 1e3
> INCRBYFLOAT a 0
> SET a 3.0
> INCRBYFLOAT a 1.000
> SET a 10.50
> INCRBYFLOAT a 0.1
> INCRBYFLOAT a x
> INCRBYFLOAT a ""
> INCRBYFLOAT a " 1"
> INCRBYFLOAT a "1 "
> INCRBYFLOAT a nan
> INCRBYFLOAT a inf
> INCRBYFLOAT a -inf
> SET a abc
> INCRBYFLOAT a 1
> SET a ""
> INCRBYFLOAT a 1
> SET a " 1"
> INCRBYFLOAT a 1
> SET a 9007199254740993
> INCRBYFLOAT a 1
> SET a 1.7976931348623157e308
> INCRBYFLOAT a 0
> SET a 5
> INCRBYFLOAT a 0x10
> EXPIREAT a 4102444800
> INCRBYFLOAT a 0.5
> EXPIRETIME a
> INCRBYFLOAT a
"#;

many = r#"
> MSET a 1 b 2 c 3
> MGET a b missing c a
> MSET a 9 a 10
> GET a
> MSET a
> MSET a 1 b
> MGET
> EXPIREAT a 4102444800
> MSET a 11
> TTL a
> MSETNX a 1 new 1
> EXISTS new
> MSETNX x 1 y 2 x 3
> MGET x y
> MSETNX x
> MSETNX p 1 q
"#;

lcs = r#"
> MSET x ohmytext y mynewtext
> LCS x y
> LCS x y LEN
> LCS x y IDX
> LCS x y IDX MINMATCHLEN 4
> LCS x y IDX WITHMATCHLEN
> LCS x y IDX MINMATCHLEN 4 WITHMATCHLEN
> LCS x y IDX MINMATCHLEN 0
> LCS x y IDX MINMATCHLEN -5
> LCS x y IDX MINMATCHLEN 100
> LCS x missing
> LCS missing x LEN
> LCS missing x IDX
> LCS x x
> LCS x y IDX LEN
> LCS x y MINMATCHLEN
> LCS x y MINMATCHLEN abc
> LCS x y WHAT
> LCS x
> LCS x y len idx
"#;

wrong_type = r#"
> LPUSH l x
> GET l
> SET l 1 GET
> TYPE l
> SETNX l 1
> GETSET l 1
> GETDEL l
> GETEX l
> APPEND l x
> STRLEN l
> SETRANGE l 0 x
> SETRANGE l 0 ""
> GETRANGE l 0 -1
> SUBSTR l 0 -1
> INCR l
> DECR l
> INCRBY l 1
> DECRBY l 1
> INCRBYFLOAT l 1
> MGET l
> LCS l l
> MSETNX l 1
> MSET l 1
> GET l
> LPUSH k x
> SET k 1
> TYPE k
"#;

encodings = r#"
> SET a 12345
> OBJECT ENCODING a
> SET a 9223372036854775807
> OBJECT ENCODING a
> SET a 9223372036854775808
> OBJECT ENCODING a
> SET a 0123
> OBJECT ENCODING a
> SET a ""
> OBJECT ENCODING a
# 44 bytes are embedded, 45 are not.
> SET a 12345678901234567890123456789012345678901234
> OBJECT ENCODING a
> SET a 123456789012345678901234567890123456789012345
> OBJECT ENCODING a
> SET a abc
> APPEND a d
> OBJECT ENCODING a
> SET a 1
> APPEND a 2
> OBJECT ENCODING a
> SET a 1
> SETRANGE a 0 2
> OBJECT ENCODING a
> SET a 100
> INCR a
> OBJECT ENCODING a
> SET a 1
> INCRBYFLOAT a 1
> OBJECT ENCODING a
> MSET a 5
> OBJECT ENCODING a
> GETSET a 77
> OBJECT ENCODING a
> SET a 1
> APPEND b 10
> OBJECT ENCODING b
"#;
}

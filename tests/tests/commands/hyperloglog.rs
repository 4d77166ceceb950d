//! Estimates of cardinality.

use super::scripts;

scripts! { "hyperloglog":

pfadd_and_pfcount = r#"
> PFCOUNT a
> PFADD a
> PFADD a
> GET a
> PFCOUNT a
> GET a
> PFADD a x
> PFADD a x
> PFADD a x y z
> PFADD a x y z
> PFCOUNT a
> GET a
> PFCOUNT a
> PFADD b "" "" "binary\x00\xff"
> PFCOUNT b
> PFCOUNT a b
> PFCOUNT a b missing a
> PFCOUNT missing nothing
> STRLEN a
> TYPE a
> OBJECT ENCODING a
> PFADD
> PFCOUNT
"#;

many = r#"
> PFADD a 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39 40
> PFCOUNT a
> PFADD b 31 32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60
> PFCOUNT b
> PFCOUNT a b
> PFMERGE c a b
> PFCOUNT c
> GET c
> PFDEBUG DECODE a
"#;

pfmerge = r#"
> PFADD a 1 2 3
> PFADD b 3 4 5
> PFMERGE c a b
> PFCOUNT c
> GET c
> PFMERGE c
> PFMERGE a b
> PFCOUNT a
> PFMERGE new
> GET new
> PFMERGE new missing
> PFCOUNT new
> PFDEBUG TODENSE b
> PFMERGE d a b
> PFDEBUG ENCODING d
> STRLEN d
> PFCOUNT d
> PFMERGE a b
> PFDEBUG ENCODING a
> EXPIREAT c 4102444800
> PFMERGE c a
> EXPIRETIME c
> PFMERGE
"#;

promotion = r#"
> CONFIG SET hll-sparse-max-bytes 30
> PFADD a 1 2 3
> PFDEBUG ENCODING a
> STRLEN a
> PFADD a 4
> PFDEBUG ENCODING a
> PFADD a 4 5 6
> PFDEBUG ENCODING a
> STRLEN a
> PFCOUNT a
> PFADD a 6
> CONFIG SET hll-sparse-max-bytes 0
> PFADD b
> PFDEBUG ENCODING b
> PFADD b 1
> PFDEBUG ENCODING b
> CONFIG SET hll-sparse-max-bytes 25
> PFADD x 1 2
> PFADD y 3 4
> PFMERGE z x y
> PFDEBUG ENCODING z
> PFCOUNT z
> CONFIG SET hll-sparse-max-bytes 3000
> CONFIG GET hll-sparse-max-bytes
"#;

pfdebug = r#"
> PFADD a 1 2 3 4 5
> PFDEBUG ENCODING a
> PFDEBUG encoding a
> PFDEBUG DECODE a
> PFDEBUG TODENSE a
> PFDEBUG TODENSE a
> PFDEBUG ENCODING a
> PFDEBUG DECODE a
> STRLEN a
> PFCOUNT a
> PFDEBUG NOPE a
> PFDEBUG NOPE missing
> PFDEBUG GETREG missing
> SET s x
> PFDEBUG GETREG s
> PFDEBUG GETREG
> PFDEBUG
> PFSELFTEST
> PFSELFTEST x
"#;

not_one = r#"
> SET s x
> PFADD s 1
> PFADD s
> PFCOUNT s
> PFCOUNT s missing
> PFMERGE s
> PFMERGE d s
> PFMERGE s d
> EXISTS d
> SET n 12345678901234567
> PFADD n 1
> PFCOUNT n
> SET e ""
> PFADD e 1
> LPUSH l x
> PFADD l 1
> PFCOUNT l
> PFCOUNT missing l
> PFMERGE l
> PFMERGE d l
> PFDEBUG ENCODING l
> SET h "HYLL\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
> PFCOUNT h
> SET h "HYLL\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x7f\xff"
> PFCOUNT h
> SET h "HYLL\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x7f\xff"
> PFCOUNT h
> SET h "hYLL\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x7f\xff"
> PFCOUNT h
"#;

forged = r#"
# A kept estimate is believed.
> SET h "HYLL\x01abc\x07\x00\x00\x00\x00\x00\x00\x00\x7f\xff"
> OBJECT ENCODING h
> PFCOUNT h
> OBJECT ENCODING h
> PFCOUNT h h
> PFADD h x
> GET h
> PFCOUNT h
> SET h "HYLL\x01\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\x7f\x7f\xff"
> PFCOUNT h
# Too few registers, too many, none.
> SET h "HYLL\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80\x7f\xfe"
> PFCOUNT h
> PFCOUNT h h
> PFMERGE d h
> PFMERGE h
> EXISTS d
> PFDEBUG TODENSE h
> PFDEBUG GETREG h
> PFDEBUG DECODE h
> PFADD h x
> PFADD h hit-1
> GET h
> SET h "HYLL\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80\x7f\xff\x00"
> PFCOUNT h
> PFCOUNT h h
> SET h "HYLL\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80\x7f\xff\x80"
> PFCOUNT h
> PFCOUNT h h
> PFADD h x
> SET h "HYLL\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80"
> PFCOUNT h
> PFADD h x
> PFADD h
> PFDEBUG DECODE h
> SET h "HYLL\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80\x40"
> PFCOUNT h
> PFDEBUG DECODE h
"#;

what_a_command_touches = r#"
> PFADD a 1
> EXPIREAT a 4102444800
> PFADD a 2
> EXPIRETIME a
> WATCH a
> PFADD a 2
> MULTI
> GET a
> EXEC
> WATCH a
> PFCOUNT a
> MULTI
> PING
> EXEC
> WATCH a
> PFCOUNT a
> MULTI
> PING
> EXEC
> WATCH a
> PFDEBUG TODENSE a
> MULTI
> PING
> EXEC
> WATCH a
> PFMERGE a
> MULTI
> PING
> EXEC
"#;

events = r#"
> CONFIG SET notify-keyspace-events KEAmn
s> PSUBSCRIBE __keyevent@0__:pf* __keyevent@0__:new __keyevent@0__:keymiss
> PFADD a
> PFADD a
> PFADD a 1
> PFADD a 1
> PFCOUNT a
> PFCOUNT a missing
> PFMERGE b missing a
> PFMERGE b a
> PFCOUNT missing
"#;

keys_of = r#"
> COMMAND GETKEYSANDFLAGS PFADD a x y
> COMMAND GETKEYSANDFLAGS PFCOUNT a b
> COMMAND GETKEYSANDFLAGS PFMERGE a b c
> COMMAND GETKEYSANDFLAGS PFMERGE a
> COMMAND GETKEYS PFDEBUG GETREG a
"#;
}

/// The reply is too long for a transcript.
#[test]
fn getreg() {
    use norn_tests::loopback::{Loopback, START};
    use norn_tests::target::{Target, answer};
    let mut target = Loopback::with_args(&[], START);
    let conn = target.connect();
    answer(&mut target, conn, "PFADD a x y");
    let reply = answer(&mut target, conn, "PFDEBUG GETREG a");
    let registers: Vec<_> = reply.lines().skip(1).map(str::trim).collect();
    assert_eq!(registers.len(), 16_384);
    assert_eq!(registers.iter().filter(|register| **register != ":0").count(), 2);
    assert_eq!(answer(&mut target, conn, "PFDEBUG ENCODING a"), "+dense");
    assert_eq!(answer(&mut target, conn, "PFCOUNT a"), ":2");
}

//! DUMP, RESTORE, OBJECT FREQ and IDLETIME. Payloads of a real Redis 7.0.15 stand in the scripts.

use super::scripts;

scripts! { "dump":
    payloads = r#"
> SET int 1234567
> DUMP int
> SET text "hello world"
> DUMP text
> DUMP missing
> RPUSH list a 1 -100 "some longer text"
> DUMP list
> SADD ints 1 2 300
> DUMP ints
> SADD one member
> DUMP one
> HSET hash f v n 70000
> DUMP hash
> ZADD zset 1 a 2 b -inf c
> DUMP zset
> XADD stream 1-1 f v
> XADD stream 1-2 f w g x
> DUMP stream
> DUMP
> DUMP a b
"#;

    restoring = r#"
> RESTORE k 0 "\x00\x0bhello world\n\x00\x0b\xfcI\xb9\xa6\xc7\xa04"
> SET text "hello world"
> DUMP text
> RESTORE text 0 "\x00\xc0\x05\n\x00\xac\xd7\xd7\xd6\xee\xbb\x9b\xc4"
> SET five 5
> DUMP five
> RESTORE number 0 "\x00\xc0\x05\n\x00c/_f\x83/\xb3Q"
> RESTORE number 0 "\x00\xc0\x05\n\x00c/_f\x83/\xb3Q" REPLACE
> GET number
> OBJECT ENCODING number
> RESTORE number 0 "\x00\xc0\x05\n\x00c/_f\x83/\xb3Q" ABSTTL
> RESTORE number 0 junk
> RESTORE number x junk
> RESTORE number -1 junk
> RESTORE other -1 junk
> RESTORE other x junk
> RESTORE other 9223372036854775808 junk
> RESTORE other 0 junk
> RESTORE other 0 ""
> RESTORE other 0 "0123456789"
> RESTORE other 0 "\x00\xc0\x05\n\x00\xa0\x19o\xba\n\xc1\xf4\xd8"
> RESTORE other 0 "\x00\xc0\x05\x63\x00\xa0\x19o\xba\n\xc1\xf4\xd8"
> EXISTS other
> RESTORE number 100000000 "\x00\xc0\x05\n\x00c/_f\x83/\xb3Q" REPLACE
@near
> PTTL number
> RESTORE number 33177117420000 "\x00\xc0\x05\n\x00c/_f\x83/\xb3Q" REPLACE ABSTTL
> PEXPIRETIME number
> RESTORE number 1 "\x00\xc0\x05\n\x00c/_f\x83/\xb3Q" REPLACE ABSTTL
> EXISTS number
> RESTORE number 1 "\x00\xc0\x05\n\x00c/_f\x83/\xb3Q" ABSTTL
> EXISTS number
"#;

    options = r#"
> RESTORE k 0 "\x00\x0bhello world\n\x00\x0b\xfcI\xb9\xa6\xc7\xa04" IDLETIME 1000
@near
> OBJECT IDLETIME k
> OBJECT FREQ k
> RESTORE k 0 "\x00\x0bhello world\n\x00\x0b\xfcI\xb9\xa6\xc7\xa04" REPLACE FREQ 7
@near
> OBJECT IDLETIME k
> RESTORE k 0 x IDLETIME
> RESTORE k 0 x FREQ
> RESTORE k 0 x IDLETIME -1
> RESTORE k 0 x IDLETIME x
> RESTORE k 0 x FREQ 256
> RESTORE k 0 x FREQ -1
> RESTORE k 0 x FREQ x
> RESTORE k 0 x IDLETIME 1 FREQ 1
> RESTORE k 0 x FREQ 1 IDLETIME 1
> RESTORE k 0 x nosuch
> RESTORE k 0 x replace absttl
> RESTORE k 0 x
> RESTORE k 0
> OBJECT FREQ missing
> OBJECT IDLETIME missing
> RESTORE-ASKING asked 0 "\x00\x0bhello world\n\x00\x0b\xfcI\xb9\xa6\xc7\xa04"
> GET asked
> MULTI
> DUMP asked
> RESTORE new 0 "\x00\x0bhello world\n\x00\x0b\xfcI\xb9\xa6\xc7\xa04"
> RESTORE new 0 "\x00\x0bhello world\n\x00\x0b\xfcI\xb9\xa6\xc7\xa04"
> EXEC
> GET new
"#;

    damaged_bodies = r#"
# Checksums hold; what they sum does not.
> RESTORE k 0 "c\xc0\x05\n\x00\x8f\x11K\"\xb6\xac`\xe3"
> RESTORE k 0 "\n\x00]\x9b\\@\x0f\x7f\xa2\xda"
> RESTORE k 0 "\x00?\n\x00}4\x91/\xe7\xc6d;"
> RESTORE k 0 "\x02\x00\n\x00:\xce9\x00\x9b\x899\xe8"
> RESTORE k 0 "\x02\x02\x01a\x01a\n\x00W\xbev/\xc2\xd6R:"
@differs Redis takes bytes after the value unless sanitize-dump-payload asks for more.
> RESTORE trailing 0 "\x00\xc0\x05\x00\n\x00br\x86\xc5D\x87\x90\xc3"
> EXISTS k
"#;

    counted = r#"
@server --maxmemory-policy allkeys-lfu --lfu-log-factor 0
> SET k v
> OBJECT FREQ k
> GET k
> GET k
> OBJECT FREQ k
> OBJECT IDLETIME k
> OBJECT FREQ missing
> OBJECT IDLETIME missing
> RESTORE r 0 "\x00\x0bhello world\n\x00\x0b\xfcI\xb9\xa6\xc7\xa04" FREQ 77
> OBJECT FREQ r
> RESTORE r 0 "\x00\x0bhello world\n\x00\x0b\xfcI\xb9\xa6\xc7\xa04" FREQ 0 REPLACE
> OBJECT FREQ r
> RESTORE r 0 "\x00\x0bhello world\n\x00\x0b\xfcI\xb9\xa6\xc7\xa04" IDLETIME 100 REPLACE
> OBJECT FREQ r
> LPUSH list a
> LPUSH list b
> OBJECT FREQ list
> TYPE list
> OBJECT ENCODING list
> OBJECT FREQ list
> CONFIG SET maxmemory-policy volatile-lfu
> OBJECT FREQ list
> CONFIG SET maxmemory-policy volatile-ttl
> OBJECT FREQ list
"#;

    events = r#"
@server --notify-keyspace-events KEA
w> PSUBSCRIBE __key*
> RESTORE k 0 "\x00\xc0\x05\n\x00c/_f\x83/\xb3Q"
> RESTORE k 0 "\x00\xc0\x05\n\x00c/_f\x83/\xb3Q" REPLACE
> RESTORE k 1 "\x00\xc0\x05\n\x00c/_f\x83/\xb3Q" REPLACE ABSTTL
> RESTORE k 1 "\x00\xc0\x05\n\x00c/_f\x83/\xb3Q" REPLACE ABSTTL
> RESTORE k 0 junk
"#;

    watched = r#"
> WATCH k
o> RESTORE k 0 "\x00\xc0\x05\n\x00c/_f\x83/\xb3Q"
> MULTI
> PING
> EXEC
> WATCH k
o> RESTORE k 0 "\x00\xc0\x05\n\x00c/_f\x83/\xb3Q"
> MULTI
> PING
> EXEC
> WATCH k
o> RESTORE k 1 "\x00\xc0\x05\n\x00c/_f\x83/\xb3Q" REPLACE ABSTTL
> MULTI
> PING
> EXEC
"#;
}

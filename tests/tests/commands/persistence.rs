//! SAVE, BGSAVE, LASTSAVE, DEBUG RELOAD, and the directives of snapshots.

use super::scripts;

scripts! { "persistence":

save = r#"
> SET a 1
> SAVE
> SAVE x
> MULTI
> SAVE
> EXEC
@mask
> LASTSAVE
> LASTSAVE x
> SAVE
> GET a
"#;

bgsave = r#"
> SET a 1
> BGSAVE x
> BGSAVE SCHEDULE x
> BGSAVE now
> BGSAVE
advance 400ms
> BGSAVE schedule
advance 400ms
> MULTI
> BGSAVE
> EXEC
advance 1500ms
> MULTI
> SET b 1
> BGSAVE SCHEDULE
> GET b
> EXEC
advance 1500ms
> GET b
"#;

save_points = r#"
> CONFIG GET save
> CONFIG SET save "900 1 300 10"
> CONFIG GET save
> CONFIG SET save "900"
> CONFIG SET save "0 1"
> CONFIG SET save "10 -1"
> CONFIG SET save "a b"
> CONFIG SET save ""
> CONFIG GET save
> CONFIG SET rdbcompression maybe
> CONFIG SET rdbcompression no
> CONFIG SET rdbchecksum no
> CONFIG SET dbfilename other.rdb
> CONFIG SET stop-writes-on-bgsave-error no
> CONFIG GET stop-writes-on-bgsave-error
> CONFIG SET rdb-save-incremental-fsync no
> CONFIG SET rdb-del-sync-files yes
"#;

flushall_saves = r#"
@server --save 900 1
> SET a 1
> FLUSHALL
> DEBUG RELOAD NOSAVE
> DBSIZE
> MULTI
> SET b 1
> FLUSHALL
> SET c 1
> EXEC
> DBSIZE
"#;

reload = r#"
> SET text hello
> SET int 12
> RPUSH list a b c 1 2 3
> SADD ints 1 2 3
> SADD set a b c
> HSET hash f v g w
> ZADD zset 1 a 2.5 b
> XADD stream 1-1 f v
> XADD stream 2-1 f v g w
> XGROUP CREATE stream group 0
> XREADGROUP GROUP group me COUNT 1 STREAMS stream >
> SET dies x PXAT 99999999999999
> SELECT 3
> SET other 1
> SELECT 0
> DEBUG RELOAD
> MGET text int
> LRANGE list 0 -1
> SMEMBERS ints
@unordered
> SMEMBERS set
> HGETALL hash
> ZRANGE zset 0 -1 WITHSCORES
> XRANGE stream - +
@mask
> XPENDING stream group - + 10
> PEXPIRETIME dies
> OBJECT ENCODING ints
> OBJECT ENCODING hash
> OBJECT ENCODING zset
> DBSIZE
> SELECT 3
> GET other
> SELECT 0
> SET after 1
> DEBUG RELOAD NOSAVE
> EXISTS after text
> SET text changed
> DEBUG RELOAD NOSAVE NOFLUSH MERGE
> GET text
> DEBUG RELOAD merge noflush
> DEBUG RELOAD nope
> DEBUG RELOAD NOSAVE NOPE
"#;

digest = r#"
> DEBUG DIGEST
> SET text hello
> SET int 12
> DEBUG DIGEST-VALUE text int missing
> RPUSH list a b c 1 2 3
> SADD ints 1 2 3
> SADD set a b c
> HSET hash f v g w n 12
> ZADD zset 1 a 2.5 b 0.1 c -inf d 1e300 e 1e16 f 1e17 g
> XADD stream 1-1 f v
> XADD stream 2-1 f v g w
> DEBUG DIGEST-VALUE list ints set hash zset stream
> SET dies x PXAT 99999999999999
> DEBUG DIGEST-VALUE dies
> DEBUG DIGEST
> SELECT 3
> SET other 1
> DEBUG DIGEST
> SELECT 0
> DEBUG RELOAD
> DEBUG DIGEST
> FLUSHALL
> DEBUG DIGEST
"#;

}

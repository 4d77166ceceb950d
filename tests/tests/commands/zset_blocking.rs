//! Sorted sets that are waited for.

use super::scripts;

scripts! { "zset_blocking":

served_at_once = r#"
> ZADD z 1 a 2 b 3 c
> BZPOPMIN none z 1
> BZPOPMAX none z 0
> BZMPOP 1 2 none z MIN COUNT 5
> EXISTS z
"#;

served_later = r#"
a> BZPOPMIN y z 0
b> BZPOPMAX z 0
> ZADD z 1 a 2 b 3 c
> ZRANGE z 0 -1
a> BZMPOP 0 1 q MAX COUNT 2
> SADD q x
> DEL q
> ZADD q 1 a 2 b 3 c
> ZRANGE q 0 -1
a> BZPOPMIN z2 0
> RENAME q z2
"#;

in_the_order_of_waiting = r#"
a> BZPOPMIN z 0
b> BZPOPMIN z 0
> ZADD z 1 first
> ZADD z 2 second
a> BZPOPMAX z 0
> MULTI
> ZADD z 1 a
> ZADD z 2 b
> EXEC
> ZRANGE z 0 -1
"#;

time_is_up = r#"
> BZPOPMIN z 0.1
advance 200ms
> BZMPOP 0.1 1 z MIN
advance 200ms
> MULTI
> BZPOPMIN z 0
> BZMPOP 0 1 z MAX
> EXEC
"#;

bad_requests = r#"
> BZPOPMIN z x
> BZPOPMIN z -1
> BZMPOP x 1 z MIN
> BZMPOP 0 0 z MIN
> BZMPOP 1 2 z MIN
> BZMPOP 1 1 z FOO
> SET s x
> BZPOPMIN s 1
> BZPOPMAX none s 1
> BZMPOP 1 1 s MIN
"#;
}

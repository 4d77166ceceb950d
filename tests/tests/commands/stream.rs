//! Streams and their groups.

use super::scripts;

scripts! { "stream":

entries = r#"
> XADD s 1-1 a 1 b 2
> XADD s 1-* a 3
> XADD s 2-0 c 4
> XADD s 1-5 late 1
> XADD s 0-0 zero 1
> XADD none NOMKSTREAM * a 1
> XADD s 3-0 odd
> XLEN s
> XLEN nosuch
> TYPE s
> OBJECT ENCODING s
> XRANGE s - +
> XRANGE s (1-1 + COUNT 1
> XRANGE s 1 1
> XREVRANGE s + - COUNT 2
> XRANGE s x +
> XDEL s 1-1 9-9
> XLEN s
> XTRIM s MAXLEN 1
> XTRIM s MINID 9
> XTRIM s
> XTRIM s MAXLEN -1
> XADD s MAXLEN = 1 5-0 a 1
> XSETID s 7-0
> XSETID s 1-0
> XSETID nosuch 1-0
> XREAD COUNT 2 STREAMS s 0
> XREAD STREAMS s $
> XREAD STREAMS s nosuch 0 0
> SET text x
> XADD text * a 1
> XLEN text
"#;

groups = r#"
> XADD s 1-0 a 1
> XADD s 2-0 b 2
> XADD s 3-0 c 3
> XGROUP CREATE s g 0
> XGROUP CREATE s g 0
> XGROUP CREATE nosuch g 0
> XGROUP CREATE made g $ MKSTREAM
> XGROUP CREATECONSUMER s g idle
> XGROUP CREATECONSUMER s g idle
> XREADGROUP GROUP g w COUNT 2 STREAMS s >
> XREADGROUP GROUP g w STREAMS s 0
> XREADGROUP GROUP nosuch w STREAMS s >
> XPENDING s g
> XPENDING s nosuch
> XACK s g 1-0 9-0
> XPENDING s g - + 10 nobody
> XCLAIM s g v 0 2-0 JUSTID
> XCLAIM s nosuch v 0 2-0
> XAUTOCLAIM s g w 0 0 COUNT 10 JUSTID
> XGROUP SETID s g 1-0
> XREADGROUP GROUP g v NOACK STREAMS s >
> XGROUP DELCONSUMER s g w
> XGROUP DELCONSUMER s g nobody
@differs norn explains in its own words
> XGROUP HELP
> XINFO STREAM nosuch
> XINFO GROUPS nosuch
> XINFO CONSUMERS s nosuch
@differs norn explains in its own words
> XINFO HELP
> XGROUP DESTROY s g
> XGROUP DESTROY s g
> XINFO GROUPS s
> XGROUP CREATE new g $ MKSTREAM MKSTREAM ENTRIESREAD 1
> XGROUP CREATE new g $ MKSTREAM MKSTREAM ENTRIESREAD x
> XGROUP CREATE new g $ MKSTREAM
> XGROUP SETID new g $ ENTRIESREAD 1 ENTRIESREAD 2
> XPENDING new g IDLE x - +
> XPENDING new g IDLE 1 - +
> XADD lag 10-0 f v
> XADD lag 20-0 f v
> XDEL lag 10-0
> XGROUP CREATE lag g 3-1 ENTRIESREAD 0
> XINFO GROUPS lag
"#;
}

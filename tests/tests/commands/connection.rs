//! PING, ECHO, SELECT, AUTH, HELLO, RESET, QUIT, and what is no command at all.

use super::scripts;

scripts! { "connection":

ping_and_echo = r#"
> PING
> PING hello
> PING ""
> PING a b
> ping
> PiNg x
> ECHO hello
> ECHO "\x00\r\n"
> ECHO
> ECHO a b
"#;

unknown_commands = r#"
> NOSUCH
> NOSUCH a
> NOSUCH a b c
> NOSUCH "with\r\nnewline"
> NOSUCH ""
> ""
> "with space" x
> NOSUCH aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb cccccccccccccccccccc
> aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbcccccccc x
> CONFIG
> CONFIG NOSUCH
> CONFIG NOSUCH x
> CLIENT "bad\r\nsub"
> OBJECT
> PING
"#;

inline = r#"
>> "PING\r\n"
>> "PING\n"
>> "\r\n"
>> "   \r\n"
>> "SET a 'it is'\r\n"
>> "GET a\r\n"
>> "SET b \"x\\x41\\n\"\r\n"
>> "GET b\r\n"
>> "  ECHO   spaced  \r\n"
>> "ECHO \"\"\r\n"
>> "SET c\r\n"
>> "PING\r\nPING\r\nPING\r\n"
x>> "ECHO \"unbalanced\r\n"
y>> "ECHO 'unbalanced\r\n"
z>> "ECHO \"a\"b\r\n"
"#;

multibulk_oddities = r#"
>> "*0\r\n"
>> "*-1\r\n"
>> "*-10\r\n"
>> "*1\r\n$4\r\nPING\r\n"
>> "*1\r\n$4\r\nPI"
>> "NG\r\n"
# The two bytes after a bulk are not looked at.
>> "*1\r\n$4\r\nPINGxx"
>> "*2\r\n$4\r\nECHO\r\n$0\r\n\r\n"
a>> "*x\r\n"
b>> "*1\r\n:4\r\nPING\r\n"
c>> "*1\r\n$x\r\n"
d>> "*1\r\n$-1\r\n"
e>> "*2147483648\r\n"
f>> "*1\r\n$536870913\r\n"
g>> "*1\r\n\r\n"
# What came before a violation is answered.
h>> "PING\r\n*1\r\n!\r\nPING\r\n"
> PING
"#;

http_is_refused = r#"
a>> "POST / HTTP/1.1\r\nHost: x\r\n\r\n"
b>> "Host: localhost\r\n"
c>> "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
d> PING
"#;

hello = r#"
@only resp2
@mask
> HELLO
@mask
> HELLO 2
@mask
> HELLO 3
> PING
> GET missing
> HELLO 4
> HELLO 1
> HELLO x
> HELLO 3 NOPE
> HELLO 3 SETNAME
> HELLO 3 AUTH default
@mask
> HELLO 3 SETNAME fred
> CLIENT GETNAME
> HELLO 3 SETNAME "with space"
> CLIENT GETNAME
@mask
> HELLO 3 AUTH default anything SETNAME sue
> HELLO 3 AUTH nobody x
@mask
> HELLO 2
> GET missing
"#;

hello_fields = r#"
@only resp3
@mask
> HELLO
"#;

auth_without_password = r#"
> AUTH x
> AUTH default x
> AUTH nobody x
> AUTH
> AUTH a b c
> PING
"#;

auth_with_password = r#"
@only resp2
@server --requirepass secret
> PING
> GET a
> NOSUCH
> GET
> HELLO
> HELLO 3
> HELLO 3 AUTH default wrong
> AUTH wrong
> AUTH default wrong
> AUTH nobody secret
> MULTI
> EXEC
> RESET
> AUTH secret
> PING
> RESET
> PING
> AUTH default secret
> SET a 1
@mask
b> HELLO 3 AUTH default secret SETNAME bob
b> CLIENT GETNAME
c> QUIT
d>> "*11\r\n"
e>> "*1\r\n$16385\r\n"
"#;

select = r#"
> SELECT 0
> SELECT 1
> SET a 1
> SELECT 0
> GET a
> SELECT 16
> SELECT -1
> SELECT abc
> SELECT 1.0
> SELECT ""
> SELECT 4294967296
> SELECT
"#;

reset = r#"
@only resp2
> SELECT 5
> SET a 1
> CLIENT SETNAME fred
> MULTI
> SET a 2
> RESET
> EXEC
> CLIENT GETNAME
> EXISTS a
> WATCH w
> RESET
> SUBSCRIBE ch
> RESET
> GET a
@mask
> HELLO 3
> RESET
> GET missing
> RESET x
"#;

reset_in_resp3 = r#"
@only resp3
> SUBSCRIBE ch
> RESET
> GET missing
> PUBLISH ch x
"#;

quit = r#"
> QUIT
b> QUIT now
c>> "PING\r\nQUIT\r\nPING\r\n"
d> MULTI
d> QUIT
e> PING
"#;
}

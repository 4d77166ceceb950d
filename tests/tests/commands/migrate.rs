//! MIGRATE as far as it goes without a target; `crate::migration` has the rest.

use super::scripts;

scripts! { "migrate":
    badly = r#"
> SET k v
> MIGRATE
> MIGRATE 127.0.0.1 1 k 0
> MIGRATE 127.0.0.1 1 k x 10
> MIGRATE 127.0.0.1 1 k 0 x
> MIGRATE 127.0.0.1 1 k x y
> MIGRATE 127.0.0.1 1 k 0 10 NOSUCH
> MIGRATE 127.0.0.1 1 k 0 10 AUTH
> MIGRATE 127.0.0.1 1 k 0 10 AUTH2
> MIGRATE 127.0.0.1 1 k 0 10 AUTH2 user
> MIGRATE 127.0.0.1 1 k 0 10 COPY REPLACE AUTH
> MIGRATE 127.0.0.1 1 k 0 10 KEYS
> MIGRATE 127.0.0.1 1 k 0 10 KEYS a
> MIGRATE 127.0.0.1 1 "" 0 10 KEYS
> MIGRATE 127.0.0.1 1 k 0 10 copy keys b
"#;

    nothing_to_do = r#"
> MIGRATE 127.0.0.1 1 missing 0 10
> MIGRATE nowhere x missing 0 0
> MIGRATE 127.0.0.1 1 missing 0 -5 COPY REPLACE AUTH secret
> MIGRATE 127.0.0.1 1 "" 0 10 KEYS a b
> MIGRATE 127.0.0.1 1 "" 0 10
> MIGRATE 127.0.0.1 1 a 0 10 AUTH2 user secret COPY
> MULTI
> MIGRATE 127.0.0.1 1 missing 0 10
> EXEC
"#;

    nobody_there = r#"
> SET k v
> MIGRATE 127.0.0.1 0 k 0 100
> MIGRATE 127.0.0.1 x k 0 100
> GET k
"#;

    keys = r#"
> COMMAND GETKEYS MIGRATE h p key 0 10
> COMMAND GETKEYS MIGRATE h p key 0 10 COPY
> COMMAND GETKEYS MIGRATE h p "" 0 10 KEYS a b
> COMMAND GETKEYS MIGRATE h p "" 0 10 AUTH KEYS KEYS a
> COMMAND GETKEYS MIGRATE h p "" 0 10 AUTH2 KEYS KEYS KEYS a b
> COMMAND GETKEYS MIGRATE h p key 0 10 KEYS a b
> COMMAND GETKEYS MIGRATE h p "" 0 10 COPY REPLACE KEYS a
> COMMAND GETKEYSANDFLAGS MIGRATE h p key 0 10
> COMMAND GETKEYSANDFLAGS MIGRATE h p "" 0 10 KEYS a b
"#;
}

//! Faults that a text may have, directive by directive.
//!
//! *Owns*: the checks and Redis's words for what is wrong. *Does not own*: anything else about those directives.

/// Any text will do.
pub(super) fn any(_text: &str) -> Option<&'static str> {
    None
}

/// `dbfilename`
pub(super) fn dbfilename(text: &str) -> Option<&'static str> {
    is_path(text).then_some("dbfilename can't be a path, just a filename")
}

/// `appendfilename`
pub(super) fn appendfilename(text: &str) -> Option<&'static str> {
    if text.is_empty() {
        return Some("appendfilename can't be empty");
    }
    is_path(text).then_some("appendfilename can't be a path, just a filename")
}

/// `appenddirname`
pub(super) fn appenddirname(text: &str) -> Option<&'static str> {
    if text.is_empty() {
        return Some("appenddirname can't be empty");
    }
    is_path(text).then_some("appenddirname can't be a path, just a dirname")
}

/// `cluster-announce-hostname`
pub(super) fn hostname(text: &str) -> Option<&'static str> {
    if text.len() >= 256 {
        return Some("Hostnames must be less than 256 characters");
    }
    let odd = text.bytes().any(|b| !(b.is_ascii_alphanumeric() || b == b'-' || b == b'.'));
    odd.then_some("Hostnames may only contain alphanumeric characters, hyphens or dots")
}

/// `cluster-announce-human-nodename`
pub(super) fn nodename(text: &str) -> Option<&'static str> {
    let odd = text.bytes().any(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_')));
    odd.then_some("Announced human node name contained invalid character")
}

/// `proc-title-template`: text with variables in braces.
pub(super) fn proc_title(text: &str) -> Option<&'static str> {
    const FAULT: Option<&str> = Some("template format is invalid or contains unknown variables");
    const VARIABLES: [&str; 7] =
        ["title", "listen-addr", "server-mode", "port", "tls-port", "unixsocket", "config-file"];
    // The title may be empty, and an empty line in the process list is no use.
    if text.replace("{title}", "").trim().is_empty() {
        return FAULT;
    }
    let mut rest = text;
    while let Some((_, open)) = rest.split_once('{') {
        match open.split_once('}') {
            Some((variable, behind)) if VARIABLES.contains(&variable) => rest = behind,
            _ => return FAULT,
        }
    }
    None
}

fn is_path(text: &str) -> bool {
    text.contains(['/', '\\'])
}

#[cfg(test)]
mod tests {
    #[test]
    fn faults_are_found() {
        assert_eq!(super::dbfilename("dump.rdb"), None);
        assert!(super::dbfilename("a/b").is_some());
        assert!(super::appendfilename("").is_some() && super::appendfilename("a/b").is_some());
        assert!(super::appenddirname("").is_some() && super::appenddirname("../b").is_some());
        assert_eq!(super::hostname("a-b.example"), None);
        assert!(super::hostname("a_b").is_some() && super::hostname(&"a".repeat(256)).is_some());
        assert!(super::nodename("a b").is_some() && super::nodename("a_b").is_none());
        assert_eq!(super::proc_title("{title} {listen-addr} on {port}"), None);
        for bad in ["", "{title} ", "{foo}", "{title", "x {"] {
            assert!(super::proc_title(bad).is_some(), "{bad}");
        }
    }
}

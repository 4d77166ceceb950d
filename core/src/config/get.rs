//! CONFIG GET: the parameters that match patterns.
//!
//! *Owns*: which names answer to which pattern, and how they are spelled in the reply. *Does not own*: the reply.

use super::table::{Config, Flags, Param, TABLE};
use crate::base::glob::glob_match;
use alloc::borrow::Cow;
use alloc::vec::Vec;

impl Config {
    /// Name and value of every parameter that one of the patterns names. An exact name is spelled as it was typed and
    /// finds hidden parameters as well; a name and its alias are two answers; nothing is answered twice.
    #[must_use]
    pub fn matching<'a>(&self, patterns: &[&'a [u8]]) -> Vec<(Cow<'a, [u8]>, Vec<u8>)> {
        let mut found = Vec::new();
        let mut names: Vec<&'static str> = Vec::new();
        let mut add = |param: &Param, name: &'static str, shown: Cow<'a, [u8]>| {
            if !names.contains(&name) {
                names.push(name);
                found.push((shown, param.value(self)));
            }
        };
        for pattern in patterns {
            if !pattern.iter().any(|b| b"*?[".contains(b)) {
                if let Some((param, is_alias)) = Param::find(pattern) {
                    let name = param.alias.filter(|_| is_alias).unwrap_or(param.name);
                    add(param, name, Cow::Borrowed(pattern));
                }
                continue;
            }
            for param in TABLE.iter().filter(|param| !param.flags.has(Flags::HIDDEN)) {
                for name in [Some(param.name), param.alias].into_iter().flatten() {
                    if glob_match(pattern, name.as_bytes(), true) {
                        add(param, name, Cow::Borrowed(name.as_bytes()));
                    }
                }
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::{Config, Flags, TABLE};
    use alloc::string::String;
    use alloc::vec::Vec;

    fn names(patterns: &[&str]) -> Vec<String> {
        let patterns: Vec<&[u8]> = patterns.iter().map(|p| p.as_bytes()).collect();
        let found = Config::default().matching(&patterns);
        found.into_iter().map(|(name, _)| String::from_utf8(name.into_owned()).unwrap()).collect()
    }

    #[test]
    fn names_patterns_and_aliases() {
        assert_eq!(names(&["slave-prio*"]), ["slave-priority"]);
        assert_eq!(names(&["SLAVE-priority"]), ["SLAVE-priority"]);
        assert_eq!(
            names(&["slave-priority", "*-priority", "SLAVE-priority"]),
            ["slave-priority", "replica-priority"]
        );
        assert_eq!(names(&["SLOWLOG-M?X*"]), ["slowlog-max-len"]);
        assert!(names(&["nothing", "no*such"]).is_empty());
    }

    #[test]
    fn hidden_parameters_need_their_name() {
        assert_eq!(names(&["RDB-key-save-delay", "rdb-key-save-delay"]), ["RDB-key-save-delay"]);
        assert!(names(&["rdb-key-save-del*"]).is_empty());
        let visible = TABLE.iter().filter(|p| !p.flags.has(Flags::HIDDEN));
        let expected: usize = visible.map(|p| 1 + usize::from(p.alias.is_some())).sum();
        assert_eq!(names(&["*"]).len(), expected);
    }

    #[test]
    fn values() {
        let found = Config::default().matching(&[b"maxmemory", b"bind"]);
        assert_eq!(found[0].1, b"0");
        assert_eq!(found[1].1, b"* -::*");
    }
}

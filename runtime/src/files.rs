//! The files that the configuration is read from.
//!
//! *Owns*: reading, standard input, expanding the pattern of an `include`. *Does not own*: what the files say.
//! *Invariants*: a pattern expands to its matches in sorted order, or to nothing; names that begin with a dot match
//! only a pattern that does, as in a shell.

use crate::os_text::os_text;
use norn_core::base::glob::glob_match;
use norn_core::config::Files;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// The file system as the configuration sees it.
#[derive(Debug, Default)]
pub struct SystemFiles {
    stdin: Option<Vec<u8>>,
}

impl SystemFiles {
    /// What was read from standard input, if anything was.
    #[must_use]
    pub fn stdin_text(&self) -> Option<&[u8]> {
        self.stdin.as_deref()
    }
}

impl Files for SystemFiles {
    fn read(&mut self, path: &str) -> Result<Vec<u8>, String> {
        std::fs::read(path).map_err(|error| os_text(&error))
    }

    fn glob(&mut self, pattern: &str) -> Vec<String> {
        let root = if pattern.starts_with('/') { PathBuf::from("/") } else { PathBuf::new() };
        let mut found = vec![root];
        for part in pattern.split('/').filter(|part| !part.is_empty()) {
            found = found.iter().flat_map(|base| step(base, part)).collect();
        }
        let texts = found.into_iter().filter_map(|path| path.into_os_string().into_string().ok());
        let mut paths: Vec<String> = texts.collect();
        paths.sort_unstable();
        paths
    }

    /// Asked again, the same text again.
    fn stdin(&mut self) -> Result<Vec<u8>, String> {
        if let Some(text) = &self.stdin {
            return Ok(text.clone());
        }
        let mut text = Vec::new();
        std::io::stdin().lock().read_to_end(&mut text).map_err(|error| os_text(&error))?;
        self.stdin = Some(text.clone());
        Ok(text)
    }
}

/// What one part of a pattern finds in one directory.
fn step(base: &Path, part: &str) -> Vec<PathBuf> {
    if !part.contains(['*', '?', '[', '\\']) {
        let path = base.join(part);
        return if path.exists() { vec![path] } else { Vec::new() };
    }
    let dir = if base.as_os_str().is_empty() { Path::new(".") } else { base };
    let Ok(entries) = std::fs::read_dir(dir) else { return Vec::new() };
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    names
        .filter(|name| part.starts_with('.') || !name.starts_with('.'))
        .filter(|name| glob_match(part.as_bytes(), name.as_bytes(), false))
        .map(|name| base.join(name))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::SystemFiles;
    use crate::testing::TempDir;
    use norn_core::config::Files as _;

    #[test]
    fn patterns_expand_like_those_of_a_shell() {
        let dir = TempDir::new("glob");
        for name in ["a/1.conf", "a/2.conf", "a/.hidden.conf", "a/3.txt", "b/1.conf"] {
            let path = dir.path().join(name);
            std::fs::create_dir_all(path.parent().expect("parent")).expect("directory");
            std::fs::write(path, "").expect("file");
        }
        let root = dir.path().to_str().expect("UTF-8").to_owned();
        let expand = |pattern: &str| {
            let found = SystemFiles::default().glob(&format!("{root}/{pattern}"));
            found.iter().map(|path| path[root.len() + 1..].to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(expand("a/*.conf"), ["a/1.conf", "a/2.conf"]);
        assert_eq!(expand("?/1.conf"), ["a/1.conf", "b/1.conf"]);
        assert_eq!(expand("a/.*.conf"), ["a/.hidden.conf"]);
        assert_eq!(expand("a/3.txt"), ["a/3.txt"]);
        assert_eq!(expand("a/[12].conf"), ["a/1.conf", "a/2.conf"]);
        assert!(expand("c/*").is_empty() && expand("missing").is_empty());
    }

    #[test]
    fn a_missing_file_is_told_in_the_words_of_the_system() {
        let error = SystemFiles::default().read("/no/such/file").expect_err("must fail");
        assert_eq!(error, "No such file or directory");
    }
}

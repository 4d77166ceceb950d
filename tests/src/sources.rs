//! The project's own sources as text, for the tests that keep the house tidy.
//!
//! *Owns*: finding files, and [`code`], which blanks out comments, strings and the tests at a file's end so that what
//! is left can be searched word by word.

use std::path::{Path, PathBuf};

/// The root of the workspace.
///
/// # Panics
/// When the crate lies at the root of the file system.
#[must_use]
pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace above this crate").to_owned()
}

/// Files below `dir` (relative to the workspace) whose names end in `suffix`, sorted, as relative paths.
#[must_use]
pub fn files(dir: &str, suffix: &str) -> Vec<String> {
    let root = workspace();
    let mut found = Vec::new();
    let mut dirs = vec![root.join(dir)];
    while let Some(dir) = dirs.pop() {
        for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
            let path = entry.path();
            let name = entry.file_name().to_string_lossy().into_owned();
            if path.is_dir() {
                if name != "target" && !name.starts_with('.') {
                    dirs.push(path);
                }
            } else if name.ends_with(suffix) {
                let relative = path.strip_prefix(&root).expect("a path below the root");
                found.push(relative.to_string_lossy().into_owned());
            }
        }
    }
    found.sort();
    found
}

/// The text of a file of the workspace.
///
/// # Panics
/// When it cannot be read.
#[must_use]
pub fn read(path: &str) -> String {
    std::fs::read_to_string(workspace().join(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// Whether the whole file is compiled for tests only: its parent module declares it under `#[cfg(test)]`.
#[must_use]
pub fn is_test_file(path: &str) -> bool {
    let Some((dir, file)) = path.rsplit_once('/') else { return false };
    let name = file.trim_end_matches(".rs");
    let beside = format!("{dir}.rs");
    let parents = [format!("{dir}/mod.rs"), format!("{dir}/lib.rs"), beside];
    let declared = |parent: &String| {
        let text = std::fs::read_to_string(workspace().join(parent)).unwrap_or_default();
        let mut lines = text.lines().map(str::trim);
        let mut guarded = false;
        lines.any(|line| {
            let here = guarded && line.ends_with(&format!("mod {name};"));
            guarded = line == "#[cfg(test)]" || (guarded && line.starts_with("#["));
            here
        })
    };
    path.contains("/tests/") || parents.iter().any(declared)
}

/// The part of a file before its tests.
#[must_use]
pub fn without_tests(text: &str) -> &str {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        // `#[cfg(test)]` at the margin starts the tests unless it only guards one import or attribute.
        if line.starts_with("#[cfg(test)]") {
            let next = text[at + line.len()..].lines().next().unwrap_or("");
            if next.starts_with("mod ") || next.starts_with("#[") {
                return &text[..at];
            }
        }
        at += line.len();
    }
    text
}

/// Rust source with comments and the contents of strings and characters replaced by spaces; lines stay.
#[must_use]
pub fn code(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let end = match bytes[at] {
            b'/' if bytes.get(at + 1) == Some(&b'/') => line_end(bytes, at),
            b'/' if bytes.get(at + 1) == Some(&b'*') => block_end(bytes, at),
            b'"' => string_end(bytes, at),
            b'r' if !word_before(bytes, at) => raw_end(bytes, at).unwrap_or(at),
            b'\'' => char_end(bytes, at),
            _ => at,
        };
        if end == at {
            out.push(bytes[at]);
            at += 1;
        } else {
            out.extend(bytes[at..end].iter().map(|&b| if b == b'\n' { b'\n' } else { b' ' }));
            at = end;
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn word_before(bytes: &[u8], at: usize) -> bool {
    // `br"..."` is a raw string too, but `for"` is not one.
    at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'_') && {
        bytes[at - 1] != b'b' || (at > 1 && (bytes[at - 2].is_ascii_alphanumeric() || bytes[at - 2] == b'_'))
    }
}

fn line_end(bytes: &[u8], at: usize) -> usize {
    bytes[at..].iter().position(|&b| b == b'\n').map_or(bytes.len(), |n| at + n)
}

fn block_end(bytes: &[u8], at: usize) -> usize {
    let mut depth = 0;
    let mut i = at;
    while i + 1 < bytes.len() {
        match &bytes[i..i + 2] {
            b"/*" => depth += 1,
            b"*/" => depth -= 1,
            _ => {
                i += 1;
                continue;
            }
        }
        i += 2;
        if depth == 0 {
            return i;
        }
    }
    bytes.len()
}

fn string_end(bytes: &[u8], at: usize) -> usize {
    let mut i = at + 1;
    while i < bytes.len() {
        match bytes[i] {
            b'\\' => i += 2,
            b'"' => return i + 1,
            _ => i += 1,
        }
    }
    bytes.len()
}

fn raw_end(bytes: &[u8], at: usize) -> Option<usize> {
    let hashes = bytes[at + 1..].iter().take_while(|&&b| b == b'#').count();
    let open = at + 1 + hashes;
    if bytes.get(open) != Some(&b'"') {
        return None;
    }
    let mut close = vec![b'"'];
    close.resize(hashes + 1, b'#');
    let body = &bytes[open + 1..];
    body.windows(close.len()).position(|w| w == close).map(|n| open + 1 + n + close.len())
}

/// The end of a character literal, or `at` for a lifetime.
fn char_end(bytes: &[u8], at: usize) -> usize {
    match bytes.get(at + 1) {
        Some(b'\\') => {
            // The escaped character may itself be a quote.
            bytes[at + 3..].iter().position(|&b| b == b'\'').map_or(at, |n| at + 3 + n + 1)
        }
        Some(first) => {
            let len = match first {
                0..=0x7f => 1,
                0xc0..=0xdf => 2,
                0xe0..=0xef => 3,
                _ => 4,
            };
            if bytes.get(at + 1 + len) == Some(&b'\'') { at + len + 2 } else { at }
        }
        None => at,
    }
}

/// A function in blanked code: its name, the line it starts on (from 1) and how many lines it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// First line, from 1.
    pub line: usize,
    /// From the line with `fn` to the closing brace.
    pub lines: usize,
}

/// Every function with a body in code that [`code`] has blanked.
#[must_use]
pub fn functions(code: &str) -> Vec<Function> {
    let bytes = code.as_bytes();
    let mut found = Vec::new();
    for (at, _) in code.match_indices("fn ") {
        let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
        if at > 0 && word(bytes[at - 1]) {
            continue;
        }
        let name: String = code[at + 3..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        if name.is_empty() {
            continue; // a function pointer type
        }
        if let Some(end) = body_end(bytes, at) {
            let line = 1 + count_lines(&bytes[..at]);
            found.push(Function { name, line, lines: 1 + count_lines(&bytes[at..end]) });
        }
    }
    found
}

fn count_lines(bytes: &[u8]) -> usize {
    bytes.iter().filter(|&&b| b == b'\n').count()
}

/// The end of the body of the function that starts at `at`, or `None` for a declaration.
fn body_end(bytes: &[u8], at: usize) -> Option<usize> {
    let (mut braces, mut brackets) = (0usize, 0usize);
    for (i, &byte) in bytes.iter().enumerate().skip(at) {
        match byte {
            b'(' | b'[' if braces == 0 => brackets += 1,
            b')' | b']' if braces == 0 => brackets = brackets.saturating_sub(1),
            b';' if braces == 0 && brackets == 0 => return None,
            b'{' => braces += 1,
            b'}' => {
                braces = braces.saturating_sub(1);
                if braces == 0 {
                    return Some(i);
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{code, functions, without_tests};

    #[test]
    fn comments_strings_and_characters_are_blanked() {
        let blank =
            code("a // fn x\nb \"fn { \\\" y\" c '{' d r#\"fn \"q\" \"# e /* fn /* */ */ f<'a> '\\'' g");
        let words: Vec<_> = blank.split_whitespace().collect();
        assert_eq!(words, ["a", "b", "c", "d", "e", "f<'a>", "g"]);
    }

    #[test]
    fn functions_are_measured() {
        let text = "fn one() {\n}\ntrait T { fn declared(x: [u8; 2]); }\nconst fn two<T>(f: fn(u8))\nwhere T: X {\n if a { }\n}\n";
        let found: Vec<_> = functions(text).into_iter().map(|f| (f.name, f.line, f.lines)).collect();
        assert_eq!(found, [("one".into(), 1, 2), ("two".into(), 4, 4)]);
    }

    #[test]
    fn tests_at_the_end_do_not_count() {
        assert_eq!(without_tests("a\n#[cfg(test)]\nmod tests {}\n"), "a\n");
        assert_eq!(
            without_tests("#[cfg(test)]\nextern crate std;\nb\n"),
            "#[cfg(test)]\nextern crate std;\nb\n"
        );
    }
}

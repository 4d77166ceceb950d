//! The command line as lines of a configuration file.
//!
//! *Owns*: which argument is the file, and how `--name value ...` becomes a line. *Does not own*: what lines mean; the
//! options that are no directives (`--version`, `--help`), which the program answers before.
//!
//! Redis's rules: the first argument is a file unless it begins with `-`; a lone `-` in the first or the last place
//! means standard input; `--name` begins a line unless the line before still has no value, for then it is that value
//! (`--masterauth --secret`); `--save` is the exception and may stand without one; name and value may share one
//! argument (`"--port 7000"`).

use crate::base::quoted;
use alloc::string::String;
use alloc::vec::Vec;

/// A command line taken apart.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct CommandLine<'a> {
    /// The configuration file.
    pub file: Option<&'a str>,
    /// Whether standard input is read as well.
    pub stdin: bool,
    /// The options as lines.
    pub lines: Vec<Vec<u8>>,
}

/// Takes a command line apart; `args` does not include the program's name.
pub(super) fn split(args: &[String]) -> CommandLine<'_> {
    let mut line = CommandLine::default();
    let mut rest = args;
    if let Some((first, others)) = args.split_first()
        && !first.starts_with('-')
    {
        line.file = Some(first);
        rest = others;
    }
    // Whether the line begun last is complete, so that `--` begins another.
    let mut complete = true;
    for (i, arg) in rest.iter().enumerate() {
        let is_last = i + 1 == rest.len();
        let is_first = i == 0 && line.file.is_none();
        if arg == "-" && (is_first || is_last) {
            line.stdin = true;
            continue;
        }
        let Some(name) = arg.strip_prefix("--").filter(|_| complete) else {
            append(&mut line.lines, arg);
            complete = true;
            continue;
        };
        line.lines.push(name.as_bytes().to_vec());
        let words = quoted::split(arg.as_bytes()).map_or(0, |words| words.len());
        let bare_save = arg.eq_ignore_ascii_case("--save") && (is_last || rest[i + 1].starts_with("--"));
        if bare_save {
            append(&mut line.lines, "");
        }
        complete = words != 1 || bare_save;
    }
    line
}

/// Adds an argument to the line begun last; before the first `--name` there is none, and the argument becomes one.
fn append(lines: &mut Vec<Vec<u8>>, arg: &str) {
    match lines.last_mut() {
        Some(line) => {
            line.push(b' ');
            quoted::quote_into(arg.as_bytes(), line);
        }
        None => lines.push(quoted::quote(arg.as_bytes())),
    }
}

#[cfg(test)]
mod tests {
    use super::split;
    use alloc::string::{String, ToString};
    use alloc::vec::Vec;

    fn lines(args: &[&str]) -> Vec<String> {
        let args: Vec<String> = args.iter().map(ToString::to_string).collect();
        split(&args).lines.into_iter().map(|l| String::from_utf8(l).unwrap()).collect()
    }

    #[test]
    fn options_become_lines() {
        assert_eq!(lines(&["--port", "1", "--bind", "a", "b"]), [r#"port "1""#, r#"bind "a" "b""#]);
        assert_eq!(lines(&["--hz 5", "--port", "x"]), ["hz 5", r#"port "x""#]);
        assert_eq!(lines(&["--hz=12"]), ["hz=12"]);
        assert_eq!(lines(&["--port", "1", "-hz", "5"]), [r#"port "1" "-hz" "5""#]);
        // The first word behind a name is its value, dashes or not.
        assert_eq!(lines(&["--masterauth", "--foo", "--hz", "5"]), [r#"masterauth "--foo""#, r#"hz "5""#]);
        assert_eq!(lines(&["--port", "1", "--hz"]), [r#"port "1""#, "hz"]);
        assert_eq!(lines(&["foo", "bar", "--hz", "5"]), [r#""bar""#, r#"hz "5""#]);
    }

    #[test]
    fn save_may_stand_alone() {
        assert_eq!(lines(&["--save"]), [r#"save """#]);
        assert_eq!(lines(&["--save", "--appendonly", "no"]), [r#"save """#, r#"appendonly "no""#]);
        assert_eq!(lines(&["--save", "", "--hz", "5"]), [r#"save """#, r#"hz "5""#]);
        assert_eq!(lines(&["--save", "3 1"]), [r#"save "3 1""#]);
    }

    #[test]
    fn files_and_standard_input() {
        let args = |words: &[&str]| words.iter().map(ToString::to_string).collect::<Vec<String>>();
        for (words, file, stdin, lines) in [
            (&["a.conf", "--hz", "5"][..], Some("a.conf"), false, 1),
            (&["-"], None, true, 0),
            (&["-", "--hz", "5"], None, true, 1),
            (&["a.conf", "--hz", "5", "-"], Some("a.conf"), true, 1),
            (&["--hz", "-", "--port", "1"], None, false, 2),
            (&[], None, false, 0),
        ] {
            let owned = args(words);
            let line = split(&owned);
            assert_eq!((line.file, line.stdin, line.lines.len()), (file, stdin, lines), "{words:?}");
        }
    }
}

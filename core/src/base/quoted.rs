//! Lines of words, some of them quoted: inline commands and the lines of a configuration file.
//!
//! *Owns*: splitting a line into arguments and the inverse, quoting one argument so that splitting gives it back.
//! *Does not own*: what the arguments mean, nor where a line ends.
//! *Invariants*: `split(quote(x))` is exactly `[x]` for any bytes `x`.
//!
//! The rules are Redis's, oddities included: words are separated by white space; a quote opens anywhere, also inside
//! a word (`ab"c d"` is one word), but after a closing quote only white space or the end may stand; double quotes
//! know `\n \r \t \b \a \xHH`, any other escaped byte stands for itself; single quotes know only `\'`; a NUL byte
//! outside quotes ends the line and inside quotes leaves them unbalanced.

use alloc::vec::Vec;

/// A quote was left open, or something other than white space stood right after a closing quote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unbalanced;

/// Splits a whole line into its arguments.
///
/// # Errors
///
/// [`Unbalanced`] when the quotes do not match.
pub fn split(line: &[u8]) -> Result<Vec<Vec<u8>>, Unbalanced> {
    let mut rest = line;
    let mut args = Vec::new();
    loop {
        let mut arg = Vec::new();
        if !next_arg(&mut rest, &mut arg)? {
            return Ok(args);
        }
        args.push(arg);
    }
}

/// Appends the bytes of the next argument of `rest` to `out` and moves `rest` behind it; `false` when there is none
/// left. An argument may be empty (`""`), hence the answer.
///
/// # Errors
///
/// [`Unbalanced`] when the quotes do not match; `out` may then hold part of the argument.
pub fn next_arg(rest: &mut &[u8], out: &mut Vec<u8>) -> Result<bool, Unbalanced> {
    let start = rest.iter().position(|&b| !is_space(b)).unwrap_or(rest.len());
    let text = &rest[start..];
    if matches!(text.first(), None | Some(0)) {
        *rest = &[];
        return Ok(false);
    }
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        match byte {
            b' ' | b'\n' | b'\r' | b'\t' | 0 => break,
            b'"' | b'\'' => {
                at = if byte == b'"' { double(text, at + 1, out)? } else { single(text, at + 1, out)? };
                // The closing quote ends the argument, whatever kind of white space follows.
                if text.get(at).is_some_and(|&b| b != 0 && !is_space(b)) {
                    return Err(Unbalanced);
                }
                break;
            }
            _ => {
                out.push(byte);
                at += 1;
            }
        }
    }
    *rest = &text[at..];
    Ok(true)
}

/// Puts `arg` in double quotes, escaping what is not printable ASCII, so that [`split`] gives it back.
#[must_use]
pub fn quote(arg: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(arg.len() + 2);
    quote_into(arg, &mut out);
    out
}

/// [`quote`], appending to `out`.
pub fn quote_into(arg: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    for &byte in arg {
        match byte {
            b'\\' | b'"' => out.extend_from_slice(&[b'\\', byte]),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            7 => out.extend_from_slice(b"\\a"),
            8 => out.extend_from_slice(b"\\b"),
            b' '..=b'~' => out.push(byte),
            _ => {
                const HEX: &[u8; 16] = b"0123456789abcdef";
                let (high, low) = (HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]);
                out.extend_from_slice(&[b'\\', b'x', high, low]);
            }
        }
    }
    out.push(b'"');
}

/// Reads the inside of double quotes from `at`; the position behind the closing quote.
fn double(text: &[u8], mut at: usize, out: &mut Vec<u8>) -> Result<usize, Unbalanced> {
    loop {
        match (text.get(at), text.get(at + 1)) {
            (None | Some(0), _) => return Err(Unbalanced),
            (Some(b'"'), _) => return Ok(at + 1),
            (Some(b'\\'), Some(b'x')) if hex_pair(text, at + 2).is_some() => {
                out.extend(hex_pair(text, at + 2));
                at += 4;
            }
            (Some(b'\\'), Some(&escaped)) if escaped != 0 => {
                out.push(match escaped {
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    b'b' => 8,
                    b'a' => 7,
                    other => other,
                });
                at += 2;
            }
            (Some(&byte), _) => {
                out.push(byte);
                at += 1;
            }
        }
    }
}

/// Reads the inside of single quotes from `at`; the position behind the closing quote.
fn single(text: &[u8], mut at: usize, out: &mut Vec<u8>) -> Result<usize, Unbalanced> {
    loop {
        match (text.get(at), text.get(at + 1)) {
            (None | Some(0), _) => return Err(Unbalanced),
            (Some(b'\''), _) => return Ok(at + 1),
            (Some(b'\\'), Some(b'\'')) => {
                out.push(b'\'');
                at += 2;
            }
            (Some(&byte), _) => {
                out.push(byte);
                at += 1;
            }
        }
    }
}

fn hex_pair(text: &[u8], at: usize) -> Option<u8> {
    let high = char::from(*text.get(at)?).to_digit(16)?;
    let low = char::from(*text.get(at + 1)?).to_digit(16)?;
    Some((high * 16 + low) as u8)
}

/// What C's `isspace` takes for white space.
const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | 0x0b | 0x0c | b'\r')
}

#[cfg(test)]
mod tests {
    use super::{Unbalanced, quote, split};
    use alloc::string::String;
    use alloc::vec::Vec;
    use proptest::prelude::{any, prop_assert_eq, proptest};

    fn words(line: &str) -> Vec<String> {
        split(line.as_bytes()).unwrap().into_iter().map(|w| String::from_utf8(w).unwrap()).collect()
    }

    #[test]
    fn plain_words() {
        assert_eq!(words("  set  a\tb \r\n"), ["set", "a", "b"]);
        assert_eq!(words("   "), Vec::<String>::new());
        assert_eq!(words(""), Vec::<String>::new());
        // A vertical tab separates only where a word has not begun.
        assert_eq!(words("\x0ba\x0bb"), ["a\x0bb"]);
        // NUL ends the line.
        assert_eq!(words("a b\0c d"), ["a", "b"]);
        assert_eq!(words("a \0c d"), ["a"]);
    }

    #[test]
    fn double_quotes() {
        assert_eq!(words(r#"set "a b" ab"c d" """#), ["set", "a b", "abc d", ""]);
        assert_eq!(words(r#""\n\r\t\b\a\x41\x4Z\q\"\\""#), ["\n\r\t\x08\x07Ax4Zq\"\\"]);
        assert_eq!(split(br#""\xff""#).unwrap(), [[0xff]]);
        assert_eq!(words("\"it's\""), ["it's"]);
    }

    #[test]
    fn single_quotes() {
        assert_eq!(words(r"'a b' 'c\'d' '\n' ''"), ["a b", "c'd", r"\n", ""]);
    }

    #[test]
    fn unbalanced() {
        let bad: [&[u8]; 9] =
            [b"\"", b"'", b"\"a", b"a\"b", b"\"a\"b", b"'a'b", b"\"a\"\"b\"", b"\"a\\\"", b"\"a\0\""];
        for line in bad {
            assert_eq!(split(line), Err(Unbalanced), "{line:?}");
        }
    }

    #[test]
    fn quoting() {
        assert_eq!(quote(b"a\"b\\c\n\r\t\x07\x08\x00\xffz"), br#""a\"b\\c\n\r\t\a\b\x00\xffz""#);
    }

    proptest! {
        #[test]
        fn quoting_is_undone_by_splitting(args: Vec<Vec<u8>>, pad in any::<bool>()) {
            let mut line = Vec::new();
            for arg in &args {
                super::quote_into(arg, &mut line);
                line.extend_from_slice(if pad { b" \t" } else { b" " });
            }
            prop_assert_eq!(split(&line).unwrap(), args);
        }

        #[test]
        fn no_line_panics(line: Vec<u8>) {
            let _ = split(&line);
        }
    }
}

//! Words of a script line, quoted as redis-cli quotes, and bytes printed the same way.
//!
//! *Owns*: [`split`] and [`escape`]; each is the inverse of the other. Written apart from the core's own quoting on
//! purpose, so that a mistake there shows.

/// Splits a line into words. Double quotes know `\n \r \t \b \a \\ \" \xHH`, single quotes know `\'`.
///
/// # Panics
/// On unbalanced quotes: a script is part of the tests.
#[must_use]
pub fn split(line: &str) -> Vec<Vec<u8>> {
    let bytes = line.as_bytes();
    let mut words = Vec::new();
    let mut at = 0;
    loop {
        while at < bytes.len() && bytes[at].is_ascii_whitespace() {
            at += 1;
        }
        if at == bytes.len() {
            return words;
        }
        let mut word = Vec::new();
        while at < bytes.len() && !bytes[at].is_ascii_whitespace() {
            match bytes[at] {
                b'"' => at = double_quoted(bytes, at + 1, &mut word),
                b'\'' => at = single_quoted(bytes, at + 1, &mut word),
                plain => {
                    word.push(plain);
                    at += 1;
                }
            }
        }
        words.push(word);
    }
}

fn double_quoted(bytes: &[u8], mut at: usize, word: &mut Vec<u8>) -> usize {
    loop {
        match *bytes.get(at).expect("closing double quote") {
            b'"' => return at + 1,
            b'\\' => {
                let escaped = bytes[at + 1];
                at += 2;
                match escaped {
                    b'x' => {
                        let hex = std::str::from_utf8(&bytes[at..at + 2]).expect("two hex digits");
                        word.push(u8::from_str_radix(hex, 16).expect("two hex digits"));
                        at += 2;
                    }
                    b'n' => word.push(b'\n'),
                    b'r' => word.push(b'\r'),
                    b't' => word.push(b'\t'),
                    b'b' => word.push(8),
                    b'a' => word.push(7),
                    other => word.push(other),
                }
            }
            plain => {
                word.push(plain);
                at += 1;
            }
        }
    }
}

fn single_quoted(bytes: &[u8], mut at: usize, word: &mut Vec<u8>) -> usize {
    loop {
        match *bytes.get(at).expect("closing single quote") {
            b'\'' => return at + 1,
            b'\\' if bytes.get(at + 1) == Some(&b'\'') => {
                word.push(b'\'');
                at += 2;
            }
            plain => {
                word.push(plain);
                at += 1;
            }
        }
    }
}

/// The inside of a double-quoted word.
#[must_use]
pub fn escape(bytes: &[u8]) -> String {
    let mut out = String::new();
    for &byte in bytes {
        match byte {
            b'\\' => out.push_str("\\\\"),
            b'"' => out.push_str("\\\""),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            7 => out.push_str("\\a"),
            8 => out.push_str("\\b"),
            0x20..=0x7e => out.push(char::from(byte)),
            _ => out.push_str(&format!("\\x{byte:02x}")),
        }
    }
    out
}

/// A word as a script writes it: bare where that reads back, quoted otherwise.
#[must_use]
pub fn quote(word: &[u8]) -> String {
    let bare = !word.is_empty() && word.iter().all(|b| b.is_ascii_graphic() && !b"\"'\\#".contains(b));
    if bare { escape(word) } else { format!("\"{}\"", escape(word)) }
}

/// The words as one RESP request.
#[must_use]
pub fn request(words: &[Vec<u8>]) -> Vec<u8> {
    let mut out = format!("*{}\r\n", words.len()).into_bytes();
    for word in words {
        out.extend_from_slice(format!("${}\r\n", word.len()).as_bytes());
        out.extend_from_slice(word);
        out.extend_from_slice(b"\r\n");
    }
    out
}

/// A line as one RESP request.
#[must_use]
pub fn command(line: &str) -> Vec<u8> {
    request(&split(line))
}

#[cfg(test)]
mod tests {
    use super::{quote, split};

    #[test]
    fn quoting_reads_back() {
        let all: Vec<u8> = (0..=255).collect();
        for word in [&b"plain"[..], b"", b"a b", b"it's", b"#", &all] {
            assert_eq!(split(&quote(word)), [word.to_vec()]);
        }
    }
}

//! Glob patterns as KEYS, SCAN, PSUBSCRIBE, CONFIG GET and ACL understand them.
//!
//! *Owns*: [`glob_match`]. *Does not own*: what is matched, or shortcuts such as "`*` means everything".
//! *Invariants*: time is at most pattern length times text length, whatever the pattern; no recursion.
//!
//! The oddities are Redis's and clients may rely on them, so they are kept: a pattern other than the empty one never
//! matches an empty text, not even `*`; a class that is never closed ends with the pattern; the ends of a range may
//! stand in either order and compare as signed bytes; an escaped byte inside a class ignores `nocase`.
//!
//! Only the last `*` seen is ever retried. That is enough: when the part after a later star matches nowhere in the
//! rest of the text, giving an earlier star more of the text cannot help.

/// Whether `text` matches `pattern`; with `nocase`, ASCII letters match in either case.
#[must_use]
pub fn glob_match(pattern: &[u8], text: &[u8], nocase: bool) -> bool {
    if pattern.is_empty() || text.is_empty() {
        return pattern.is_empty() && text.is_empty();
    }
    let (mut p, mut t) = (0, 0);
    // Where to go on when the current attempt fails: the pattern after the last star, and the text it starts at.
    let mut retry: Option<(usize, usize)> = None;
    loop {
        if t == text.len() {
            // The text is used up: only stars may be left, and a longer share for an earlier star cannot help.
            return pattern[p..].iter().all(|&b| b == b'*');
        }
        if pattern.get(p) == Some(&b'*') {
            while pattern.get(p) == Some(&b'*') {
                p += 1;
            }
            if p == pattern.len() {
                return true;
            }
            retry = Some((p, t));
            continue;
        }
        if let Some(next) = step(pattern, p, text[t], nocase) {
            p = next;
            t += 1;
        } else if let Some((star, from)) = retry {
            p = star;
            t = next_start(pattern, star, text, from + 1, nocase);
            retry = Some((star, t));
            if t == text.len() {
                return false;
            }
        } else {
            return false;
        }
    }
}

/// The first place at or after `from` where the pattern at `p` may start: skips ahead when it begins with a literal.
fn next_start(pattern: &[u8], p: usize, text: &[u8], from: usize, nocase: bool) -> usize {
    if nocase || matches!(pattern[p], b'?' | b'[' | b'\\') {
        return from;
    }
    memchr::memchr(pattern[p], &text[from..]).map_or(text.len(), |at| from + at)
}

/// Matches one byte against the pattern element at `p`, which is no star; the position after the element on success.
fn step(pattern: &[u8], p: usize, byte: u8, nocase: bool) -> Option<usize> {
    let &first = pattern.get(p)?;
    match first {
        b'?' => Some(p + 1),
        b'[' => class(pattern, p + 1, byte, nocase),
        b'\\' if p + 1 < pattern.len() => same(pattern[p + 1], byte, nocase).then_some(p + 2),
        _ => same(first, byte, nocase).then_some(p + 1),
    }
}

/// Matches `byte` against the class whose inside starts at `p`.
fn class(pattern: &[u8], mut p: usize, byte: u8, nocase: bool) -> Option<usize> {
    let negated = pattern.get(p) == Some(&b'^');
    if negated {
        p += 1;
    }
    let mut found = false;
    loop {
        match pattern[p..] {
            [] => break,
            [b'\\', escaped, ..] => {
                found |= escaped == byte;
                p += 2;
            }
            [b']', ..] => {
                p += 1;
                break;
            }
            [low, b'-', high, ..] => {
                found |= in_range(low, high, byte, nocase);
                p += 3;
            }
            [single, ..] => {
                found |= same(single, byte, nocase);
                p += 1;
            }
        }
    }
    (found != negated).then_some(p)
}

/// The ends are put in order before they lose their case: `[Z-a]` without case is an empty range.
fn in_range(low: u8, high: u8, byte: u8, nocase: bool) -> bool {
    let (mut low, mut high) = (low, high);
    if low as i8 > high as i8 {
        core::mem::swap(&mut low, &mut high);
    }
    let fold = |b: u8| (if nocase { b.to_ascii_lowercase() } else { b }) as i8;
    (fold(low)..=fold(high)).contains(&fold(byte))
}

fn same(a: u8, b: u8, nocase: bool) -> bool {
    a == b || (nocase && a.eq_ignore_ascii_case(&b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn table() {
        for (pattern, text, cased, uncased) in [
            ("", "", true, true),
            ("*", "", false, false),
            ("**", "", false, false),
            ("", "a", false, false),
            ("*", "a", true, true),
            ("h?llo", "hello", true, true),
            ("h?llo", "HELLO", false, true),
            ("h*llo", "heeeello", true, true),
            ("h*llo", "hllo", true, true),
            ("h[ae]llo", "hallo", true, true),
            ("h[ae]llo", "hillo", false, false),
            ("h[^e]llo", "hallo", true, true),
            ("h[^e]llo", "hello", false, false),
            ("h[a-b]llo", "hbllo", true, true),
            ("h[b-a]llo", "hbllo", true, true),
            ("[A-C]", "b", false, true),
            ("[Z-a]", "_", true, false),
            ("[\\a]", "A", false, false),
            ("[\\]]", "]", true, true),
            ("[", "[", false, false),
            ("[^", "x", true, true),
            ("[^", "xy", false, false),
            ("[a", "a", true, true),
            ("[a-", "-", true, true),
            ("[a-", "a", true, true),
            ("[a-", "b", false, false),
            ("[a-]", "b", false, false),
            ("[]", "a", false, false),
            ("[^]", "a", true, true),
            ("[]a]", "a]", false, false),
            ("\\*", "*", true, true),
            ("\\*", "a", false, false),
            ("\\", "\\", true, true),
            ("a\\", "a\\", true, true),
            ("a**b", "axyzb", true, true),
            ("a*", "a", true, true),
            ("a*?", "a", false, false),
            ("*a*b*c", "xxaxxbxxc", true, true),
            ("*a*b*c", "xxaxxcxxb", false, false),
            ("a*b?d", "abcabcd", true, true),
        ] {
            assert_eq!(glob_match(pattern.as_bytes(), text.as_bytes(), false), cased, "{pattern} {text}");
            assert_eq!(
                glob_match(pattern.as_bytes(), text.as_bytes(), true),
                uncased,
                "{pattern} {text} nocase"
            );
        }
        assert!(glob_match(b"[\x80-\x7f]", b"a", false), "signed bytes: the range is everything");
        assert!(!glob_match(b"[\x01-\xff]", b"\x02", false), "signed bytes: -1 to 1");
    }

    #[test]
    fn hostile_patterns_end() {
        let pattern = b"a*".repeat(5_000);
        let text = b"a".repeat(20_000);
        assert!(!glob_match(&[&pattern[..], b"b"].concat(), &text, false));
    }

    /// The definition, without any thought for time.
    fn naive(pattern: &[u8], text: &[u8], nocase: bool) -> bool {
        match (pattern.first(), text.first()) {
            (None, None) => true,
            (None, _) => false,
            (Some(_), None) => pattern.iter().all(|&b| b == b'*'),
            (Some(b'*'), _) => (0..=text.len()).any(|n| naive(&pattern[1..], &text[n..], nocase)),
            (_, Some(&byte)) => {
                step(pattern, 0, byte, nocase).is_some_and(|p| naive(&pattern[p..], &text[1..], nocase))
            }
        }
    }

    proptest! {
        #[test]
        fn like_the_naive_one(pattern in r"[ab*?\[\]^\\-]{0,10}", text in "[abc]{1,10}", nocase: bool) {
            prop_assert_eq!(
                glob_match(pattern.as_bytes(), text.as_bytes(), nocase),
                naive(pattern.as_bytes(), text.as_bytes(), nocase)
            );
        }
    }
}

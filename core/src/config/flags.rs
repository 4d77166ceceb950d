//! The values that are sets: classes of keyspace events, and ways to shut down.
//!
//! *Owns*: the two bit sets with their text. *Does not own*: sending events, shutting down.

use super::format::{Format, Kind, Line, Reason, one_of};
use crate::base::quoted;
use alloc::vec::Vec;

/// A set of event classes, each a letter of `notify-keyspace-events`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NotifyFlags(u16);

impl NotifyFlags {
    /// Nothing.
    pub const NONE: Self = Self(0);
    /// `K`: events go to `__keyspace@<db>__:<key>`.
    pub const KEYSPACE: Self = Self(1 << 0);
    /// `E`: events go to `__keyevent@<db>__:<event>`.
    pub const KEYEVENT: Self = Self(1 << 1);
    /// `g`: commands on keys of any type.
    pub const GENERIC: Self = Self(1 << 2);
    /// `$`: strings.
    pub const STRING: Self = Self(1 << 3);
    /// `l`: lists.
    pub const LIST: Self = Self(1 << 4);
    /// `s`: sets.
    pub const SET: Self = Self(1 << 5);
    /// `h`: hashes.
    pub const HASH: Self = Self(1 << 6);
    /// `z`: sorted sets.
    pub const ZSET: Self = Self(1 << 7);
    /// `x`: keys that expired.
    pub const EXPIRED: Self = Self(1 << 8);
    /// `e`: keys that were evicted.
    pub const EVICTED: Self = Self(1 << 9);
    /// `t`: streams.
    pub const STREAM: Self = Self(1 << 10);
    /// `d`: values of modules.
    pub const MODULE: Self = Self(1 << 11);
    /// `m`: reads of keys that do not exist. Not part of `A`.
    pub const KEY_MISS: Self = Self(1 << 12);
    /// `n`: keys that came to be. Not part of `A`.
    pub const NEW: Self = Self(1 << 13);
    /// `A`: every class but key misses and new keys.
    pub const ALL: Self = Self(0b1111_1111_1100);

    /// The letters in the order in which they are printed; the first ten make up `A`.
    const LETTERS: [(u8, Self); 14] = [
        (b'g', Self::GENERIC),
        (b'$', Self::STRING),
        (b'l', Self::LIST),
        (b's', Self::SET),
        (b'h', Self::HASH),
        (b'z', Self::ZSET),
        (b'x', Self::EXPIRED),
        (b'e', Self::EVICTED),
        (b't', Self::STREAM),
        (b'd', Self::MODULE),
        (b'n', Self::NEW),
        (b'K', Self::KEYSPACE),
        (b'E', Self::KEYEVENT),
        (b'm', Self::KEY_MISS),
    ];

    /// Whether the two sets have something in common.
    #[must_use]
    #[inline]
    pub const fn any(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether everything of `other` is in this set.
    #[must_use]
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Both sets together.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether nothing is in the set.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Reads letters; `None` for one that names no class.
    #[must_use]
    pub fn from_letters(letters: &[u8]) -> Option<Self> {
        letters.iter().try_fold(Self::NONE, |set, letter| {
            let class = match letter {
                b'A' => Self::ALL,
                other => Self::LETTERS.iter().find(|(l, _)| l == other)?.1,
            };
            Some(set.or(class))
        })
    }

    /// Prints the letters. Like Redis 7.2, CONFIG GET leaves `n` out where `A` stands; a file must not lose it.
    fn letters(self, out: &mut Vec<u8>, whole: bool) {
        let all = self.has(Self::ALL);
        if all {
            out.push(b'A');
        }
        for (letter, class) in Self::LETTERS {
            let implied = all && (Self::ALL.has(class) || (class == Self::NEW && !whole));
            if self.has(class) && !implied {
                out.push(letter);
            }
        }
    }
}

/// Reads and prints [`NotifyFlags`].
pub(super) struct Letters;

impl Format<NotifyFlags> for Letters {
    fn kind(&self) -> Kind {
        Kind::Letters
    }

    fn parse(&self, _old: &NotifyFlags, args: &[&[u8]], _fresh: bool) -> Result<NotifyFlags, Reason> {
        let letters = args.first().copied().unwrap_or_default();
        NotifyFlags::from_letters(letters)
            .ok_or_else(|| "Invalid event class character. Use 'Ag$lshzxeKEtmdn'.".into())
    }

    fn print(&self, value: &NotifyFlags, out: &mut Vec<u8>) {
        value.letters(out, false);
    }

    fn rewrite(&self, value: &NotifyFlags, default: &NotifyFlags, lines: &mut Vec<Line>) {
        let mut letters = Vec::new();
        value.letters(&mut letters, true);
        lines.push(Line { text: quoted::quote(&letters), force: value != default });
    }
}

/// How a signal shuts the server down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ShutdownFlags(u8);

impl ShutdownFlags {
    /// The words, in the order of the bits; `default` is the empty set.
    const NAMES: &'static [&'static str] = &["default", "save", "nosave", "now", "force"];
    const SAVE: u8 = 1;
    const NOSAVE: u8 = 2;

    /// Save, whatever the save points say.
    #[must_use]
    pub const fn save(self) -> bool {
        self.0 & Self::SAVE != 0
    }

    /// Do not save, whatever the save points say.
    #[must_use]
    pub const fn nosave(self) -> bool {
        self.0 & Self::NOSAVE != 0
    }

    /// Do not wait for replicas.
    #[must_use]
    pub const fn now(self) -> bool {
        self.0 & 4 != 0
    }

    /// Leave even if saving fails.
    #[must_use]
    pub const fn force(self) -> bool {
        self.0 & 8 != 0
    }

    const fn bit(index: usize) -> u8 {
        if index == 0 { 0 } else { 1 << (index - 1) }
    }
}

/// Reads and prints [`ShutdownFlags`].
pub(super) struct ShutdownWords;

impl Format<ShutdownFlags> for ShutdownWords {
    fn kind(&self) -> Kind {
        Kind::Words(ShutdownFlags::NAMES)
    }

    fn parse(&self, _old: &ShutdownFlags, args: &[&[u8]], _fresh: bool) -> Result<ShutdownFlags, Reason> {
        const NAMES: &[&str] = ShutdownFlags::NAMES;
        if args.is_empty() {
            return Err("wrong number of arguments".into());
        }
        let mut bits = 0;
        for word in args {
            let index = NAMES.iter().position(|name| name.as_bytes().eq_ignore_ascii_case(word));
            bits |= ShutdownFlags::bit(index.ok_or_else(|| one_of(NAMES))?);
        }
        let flags = ShutdownFlags(bits);
        if flags.save() && flags.nosave() {
            return Err("shutdown options SAVE and NOSAVE can't be used simultaneously".into());
        }
        Ok(flags)
    }

    fn print(&self, value: &ShutdownFlags, out: &mut Vec<u8>) {
        let named = ShutdownFlags::NAMES.iter().enumerate();
        let words: Vec<&str> =
            named.filter(|(i, _)| value.0 & ShutdownFlags::bit(*i) != 0).map(|(_, name)| *name).collect();
        out.extend_from_slice(if words.is_empty() { "default".into() } else { words.join(" ") }.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::{Letters, NotifyFlags, ShutdownFlags, ShutdownWords};
    use crate::config::format::Format;
    use alloc::string::{String, ToString};
    use alloc::vec::Vec;
    use proptest::prelude::{prop_assert_eq, proptest};

    fn letters(text: &str) -> String {
        let mut out = Vec::new();
        let flags = Letters.parse(&NotifyFlags::NONE, &[text.as_bytes()], true).unwrap();
        Letters.print(&flags, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn letters_print_in_canonical_order() {
        for (typed, printed) in [
            ("", ""),
            ("AKE", "AKE"),
            ("KEA", "AKE"),
            ("g$lshzxetdmnKE", "AKEm"),
            ("g$lshzxetmnKE", "g$lshzxetnKEm"),
            ("An", "A"),
            ("KgE$", "g$KE"),
            ("nxm", "xnm"),
        ] {
            assert_eq!(letters(typed), printed, "{typed}");
        }
        let refused = Letters.parse(&NotifyFlags::NONE, &[b"KEQ"], true);
        assert_eq!(refused, Err("Invalid event class character. Use 'Ag$lshzxeKEtmdn'.".into()));
    }

    #[test]
    fn classes() {
        let set = NotifyFlags::from_letters(b"Kg").unwrap();
        assert!(set.any(NotifyFlags::GENERIC) && !set.any(NotifyFlags::STRING) && !set.has(NotifyFlags::ALL));
        assert!(!NotifyFlags::ALL.any(NotifyFlags::NEW.or(NotifyFlags::KEY_MISS)));
        assert!(!NotifyFlags::ALL.any(NotifyFlags::KEYSPACE.or(NotifyFlags::KEYEVENT)));
        assert!(NotifyFlags::ALL.has(NotifyFlags::MODULE) && NotifyFlags::ALL.has(NotifyFlags::GENERIC));
    }

    fn shutdown(words: &[&str]) -> Result<ShutdownFlags, String> {
        let words: Vec<&[u8]> = words.iter().map(|w| w.as_bytes()).collect();
        ShutdownWords.parse(&ShutdownFlags::default(), &words, true).map_err(|e| e.to_string())
    }

    #[test]
    fn ways_to_shut_down() {
        let flags = shutdown(&["NOW", "save", "force"]).unwrap();
        assert!(flags.now() && flags.save() && flags.force() && !flags.nosave());
        let mut out = Vec::new();
        ShutdownWords.print(&flags, &mut out);
        assert_eq!(out, b"save now force");
        out.clear();
        ShutdownWords.print(&shutdown(&["default"]).unwrap(), &mut out);
        assert_eq!(out, b"default");
        let both = shutdown(&["save", "nosave"]).unwrap_err();
        assert_eq!(both, "shutdown options SAVE and NOSAVE can't be used simultaneously");
        let unknown = "argument(s) must be one of the following: default, save, nosave, now, force";
        assert_eq!(shutdown(&[""]).unwrap_err(), unknown);
        assert_eq!(shutdown(&["now", "x"]).unwrap_err(), unknown);
    }

    proptest! {
        #[test]
        fn rewritten_letters_read_back(bits in 0_u16..1 << 14) {
            let mut lines = Vec::new();
            Letters.rewrite(&NotifyFlags(bits), &NotifyFlags::NONE, &mut lines);
            let args = crate::base::quoted::split(&lines[0].text).unwrap();
            let back = Letters.parse(&NotifyFlags::NONE, &[&args[0]], true).unwrap();
            prop_assert_eq!(back, NotifyFlags(bits));
        }
    }
}

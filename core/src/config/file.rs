//! Reading the configuration: a file with what it includes, standard input, the command line.
//!
//! *Owns*: lines, the directives that only files know, the order of precedence, and what a person is told of a bad
//! line. *Does not own*: opening files ([`Files`] is the driver's), values (the rows).
//! *Invariants*: nothing starts from a configuration with a bad line.

use super::args;
use super::format::Reason;
use super::table::{Config, Param, TABLE};
use crate::base::quoted;
use crate::base::version::REDIS_VERSION;
use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

/// Files within files at most.
const INCLUDE_DEPTH_MAX: usize = 16;

/// What a bad directive, or one with the wrong number of arguments, is told.
const BAD_DIRECTIVE: &str = "Bad directive or wrong number of arguments";

/// The files of the machine, as far as a configuration needs them.
pub trait Files {
    /// The content of a file, or the system's words for why there is none.
    ///
    /// # Errors
    /// The file cannot be read.
    fn read(&mut self, path: &str) -> Result<Vec<u8>, String>;

    /// The files that match a pattern, sorted.
    fn glob(&mut self, pattern: &str) -> Vec<String>;

    /// Everything on standard input.
    ///
    /// # Errors
    /// It cannot be read.
    fn stdin(&mut self) -> Result<Vec<u8>, String>;
}

/// Where a line stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file, `standard input` or `the command line`.
    pub file: Box<str>,
    /// Its number, from 1; of the command line, the number of the option.
    pub line: usize,
    /// The line itself.
    pub text: Box<str>,
}

/// What a start is given.
#[derive(Clone, Debug, PartialEq)]
pub struct Boot {
    /// The values.
    pub config: Config,
    /// The configuration file as it was named.
    pub path: Option<String>,
    /// Lines for the log.
    pub notes: Vec<String>,
    /// Where each entry of `config.renamed` stands, so that a command that does not exist can be reported.
    pub renamed_at: Vec<Place>,
    /// The words of the `user` lines, without `user` itself, and where they stand.
    pub users: Vec<(Vec<Vec<u8>>, Place)>,
}

/// Why there is no start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StartError {
    /// The bad line, if it is a line that is bad.
    pub place: Option<Place>,
    /// What is wrong.
    pub reason: String,
}

impl StartError {
    /// What a person is told, in Redis's style with the name of the file added.
    #[must_use]
    pub fn text(&self) -> String {
        let reason = &self.reason;
        match &self.place {
            None => format!("\n*** FATAL CONFIG FILE ERROR (Redis {REDIS_VERSION}) ***\n{reason}\n"),
            Some(Place { file, line, text }) => format!(
                "\n*** FATAL CONFIG FILE ERROR (Redis {REDIS_VERSION}) ***\n\
                 Reading the configuration file, at line {line} of {file}\n>>> '{text}'\n{reason}\n"
            ),
        }
    }
}

/// Reads the whole configuration: the file, then standard input, then the command line; the last word counts.
///
/// `args` is the command line without the program's name and without options that are no directives.
///
/// # Errors
/// A file cannot be read, or a line is bad.
pub fn load(args: &[String], files: &mut dyn Files) -> Result<Boot, StartError> {
    let line = args::split(args);
    let mut loader = Loader::new(files);
    if let Some(path) = line.file {
        let text = loader.files.read(path).map_err(|why| unreadable(path, &why, None))?;
        loader.text(path, &text)?;
    }
    if line.stdin {
        let text = loader.files.stdin().map_err(|why| unreadable("-", &why, None))?;
        loader.text("standard input", &text)?;
    }
    for (i, option) in line.lines.iter().enumerate() {
        loader.line("the command line", i + 1, option)?;
    }
    loader.finish(line.file.map(ToOwned::to_owned))
}

fn unreadable(path: &str, why: &str, place: Option<Place>) -> StartError {
    StartError { place, reason: format!("Fatal error, can't open config file '{path}': {why}") }
}

/// The configuration while it is read.
struct Loader<'a> {
    files: &'a mut dyn Files,
    boot: Boot,
    /// Which parameters a line has set already.
    seen: Vec<bool>,
    /// How many files within files are being read.
    depth: usize,
}

impl<'a> Loader<'a> {
    fn new(files: &'a mut dyn Files) -> Self {
        let boot = Boot {
            config: Config::default(),
            path: None,
            notes: Vec::new(),
            renamed_at: Vec::new(),
            users: Vec::new(),
        };
        Self { files, boot, seen: vec![false; TABLE.len()], depth: 0 }
    }

    fn text(&mut self, file: &str, text: &[u8]) -> Result<(), StartError> {
        for (i, line) in text.split(|b| *b == b'\n').enumerate() {
            self.line(file, i + 1, line)?;
        }
        Ok(())
    }

    fn line(&mut self, file: &str, number: usize, line: &[u8]) -> Result<(), StartError> {
        let line = line.trim_ascii();
        if line.is_empty() || line[0] == b'#' {
            return Ok(());
        }
        let place = || Place { file: file.into(), line: number, text: String::from_utf8_lossy(line).into() };
        let bad = |reason: Reason| StartError { place: Some(place()), reason: reason.into_owned() };
        let words = quoted::split(line).map_err(|_| bad("Unbalanced quotes in configuration line".into()))?;
        let words: Vec<&[u8]> = words.iter().map(|w| &w[..]).collect();
        let Some((name, args)) = words.split_first() else {
            return Ok(());
        };
        if let Some((param, _)) = Param::find(name) {
            let fresh = !core::mem::replace(&mut self.seen[param.id as usize], true);
            return param.set(&mut self.boot.config, args, fresh).map_err(bad);
        }
        match (name.to_ascii_lowercase().as_slice(), args) {
            (b"include", [pattern]) => self.include(&String::from_utf8_lossy(pattern), &place()),
            (b"rename-command", [old, new]) => {
                let text = |word: &[u8]| String::from_utf8_lossy(word).into_owned();
                self.boot.config.renamed.push((text(old), text(new)));
                self.boot.renamed_at.push(place());
                Ok(())
            }
            (b"user", [_, ..]) => {
                self.boot.users.push((args.iter().map(|word| word.to_vec()).collect(), place()));
                Ok(())
            }
            (name, args) => file_only(name, args).map_err(|reason| bad(reason.into())),
        }
    }

    fn include(&mut self, pattern: &str, place: &Place) -> Result<(), StartError> {
        if self.depth == INCLUDE_DEPTH_MAX {
            return Err(StartError {
                place: Some(place.clone()),
                reason: "too many files within files; does one include itself?".into(),
            });
        }
        let paths =
            if pattern.contains(['*', '?', '[']) { self.files.glob(pattern) } else { vec![pattern.into()] };
        self.depth += 1;
        for path in paths {
            let text = self.files.read(&path);
            self.text(&path, &text.map_err(|why| unreadable(&path, &why, Some(place.clone())))?)?;
        }
        self.depth -= 1;
        Ok(())
    }

    fn finish(mut self, path: Option<String>) -> Result<Boot, StartError> {
        let config = &self.boot.config;
        if config.cluster_enabled && config.replicaof.is_some() {
            let reason = "replicaof directive not allowed in cluster mode".into();
            return Err(StartError { place: None, reason });
        }
        let default = Config::default();
        self.boot.notes.extend(TABLE.iter().filter_map(|param| param.note(config, &default)));
        if !self.boot.users.is_empty() {
            self.boot.notes.push("'user' has no effect in norn yet".into());
        }
        self.boot.path = path;
        Ok(self.boot)
    }
}

/// The directives that are known to files alone and lead to nothing here, or to an error.
fn file_only(name: &[u8], args: &[&[u8]]) -> Result<(), &'static str> {
    match name {
        b"list-max-ziplist-entries" | b"list-max-ziplist-value" | b"lua-replicate-commands"
            if args.len() == 1 =>
        {
            Ok(())
        }
        b"loadmodule" if !args.is_empty() => Err("norn loads no modules"),
        b"sentinel" => Err("sentinel directive while not in sentinel mode"),
        // The parameters of a module are written MODULE.NAME.
        name if name.contains(&b'.') && !args.is_empty() => {
            Err("norn loads no modules, and this is a module's parameter")
        }
        _ => Err(BAD_DIRECTIVE),
    }
}

#[cfg(test)]
mod tests {
    use super::{Boot, Files, StartError, load};
    use crate::config::list::{MasterAddr, SavePoint};
    use alloc::borrow::ToOwned;
    use alloc::string::{String, ToString};
    use alloc::vec::Vec;
    use proptest::prelude::{prop_assert, proptest};

    /// Files in memory; the first is standard input.
    struct Disk<'a>(&'a [(&'a str, &'a str)]);

    impl Files for Disk<'_> {
        fn read(&mut self, path: &str) -> Result<Vec<u8>, String> {
            let found = self.0.iter().find(|(name, _)| *name == path);
            found.map(|(_, text)| text.as_bytes().to_vec()).ok_or("No such file or directory".to_owned())
        }

        fn glob(&mut self, pattern: &str) -> Vec<String> {
            let names = self.0.iter().map(|(name, _)| *name);
            let glob = crate::base::glob::glob_match;
            names.filter(|n| glob(pattern.as_bytes(), n.as_bytes(), false)).map(ToOwned::to_owned).collect()
        }

        fn stdin(&mut self) -> Result<Vec<u8>, String> {
            self.read("-")
        }
    }

    fn start(args: &[&str], files: &[(&str, &str)]) -> Result<Boot, StartError> {
        let args: Vec<String> = args.iter().map(ToString::to_string).collect();
        load(&args, &mut Disk(files))
    }

    fn good(args: &[&str], files: &[(&str, &str)]) -> Boot {
        start(args, files).unwrap_or_else(|e| panic!("{}", e.text()))
    }

    fn point(secs: i64, changes: i64) -> SavePoint {
        SavePoint { secs, changes }
    }

    #[test]
    fn later_words_win() {
        let files = [
            ("a.conf", "# comment\r\n\r\n  PORT  7000 \r\n\t# x\nhz 20\ninclude b.conf\nmaxclients 5\n"),
            ("b.conf", "hz 30\nmaxclients 6"),
            ("-", "timeout 1\nhz 40\n"),
        ];
        let boot = good(&["a.conf", "--hz", "50", "-"], &files);
        let config = &boot.config;
        assert_eq!((config.port, config.hz, config.maxclients, config.timeout), (7000, 50, 5, 1));
        assert_eq!(boot.path.as_deref(), Some("a.conf"));
        assert_eq!(good(&["a.conf"], &files).config.hz, 30);
        assert_eq!(good(&[], &[]), Boot { path: None, ..good(&[], &[]) });
    }

    #[test]
    fn patterns_may_match_nothing_and_plain_names_must_exist() {
        let files = [("a", "include c*.conf\ninclude x*"), ("c1.conf", "hz 11"), ("c2.conf", "hz 12")];
        assert_eq!(good(&["a"], &files).config.hz, 12);
        let error = start(&["a"], &[("a", "port 1\ninclude nosuch.conf")]).unwrap_err();
        assert_eq!(
            error.text(),
            "\n*** FATAL CONFIG FILE ERROR (Redis 7.2.6) ***\n\
             Reading the configuration file, at line 2 of a\n>>> 'include nosuch.conf'\n\
             Fatal error, can't open config file 'nosuch.conf': No such file or directory\n"
        );
        assert!(start(&["nosuch.conf"], &[]).unwrap_err().place.is_none());
    }

    #[test]
    fn files_that_include_themselves_end() {
        let error = start(&["a"], &[("a", "include a")]).unwrap_err();
        assert!(error.reason.contains("include itself"));
    }

    #[test]
    fn save_lines_add_up() {
        let saves = |text: &str, args: &[&str]| {
            let words: Vec<&str> = ["a"].into_iter().chain(args.iter().copied()).collect();
            good(&words, &[("a", text)]).config.save
        };
        assert_eq!(saves("save 10 1\nSAVE 20 2\n", &[]), [point(10, 1), point(20, 2)]);
        assert_eq!(saves("save 10 1\nsave \"\"\n", &[]), []);
        assert_eq!(saves("save \"\"\nsave 10 1\n", &[]), [point(10, 1)]);
        assert_eq!(saves("save 10 1\n", &["--save", "20 2"]), [point(10, 1), point(20, 2)]);
        assert_eq!(saves("save 10 1\n", &["--save"]), []);
        assert_eq!(saves("", &[]).len(), 3);
    }

    #[test]
    fn directives_of_several_words() {
        let text = "bind 127.0.0.1 -::1\nslaveof example.org 7000\nrename-command FLUSHALL \"\"\n\
                    client-output-buffer-limit replica 1mb 2k 3\nclient-output-buffer-limit pubsub 4 5 6\n\
                    user bob on >pw\nlua-replicate-commands yes\n";
        let boot = good(&["a"], &[("a", text)]);
        let config = &boot.config;
        assert_eq!(config.bind.len(), 2);
        assert_eq!(config.replicaof, Some(MasterAddr { host: "example.org".into(), port: 7000 }));
        assert_eq!(config.renamed, [("FLUSHALL".to_owned(), String::new())]);
        assert_eq!((boot.renamed_at[0].line, &*boot.renamed_at[0].file), (3, "a"));
        let limits = config.client_output_buffer_limit;
        assert_eq!(
            (limits[0].hard, limits[1].hard, limits[1].soft, limits[2].soft_secs),
            (0, 1 << 20, 2000, 6)
        );
        assert_eq!(boot.users[0].0, [&b"bob"[..], b"on", b">pw"]);
        assert_eq!(boot.notes, ["'user' has no effect in norn yet"]);
    }

    #[test]
    fn inert_directives_are_noted_once() {
        let boot = good(&["--appendonly", "yes", "--io-threads", "4"], &[]);
        assert_eq!(boot.notes.len(), 2);
        assert_eq!(boot.notes[0], "'io-threads' has no effect in norn yet");
    }

    #[test]
    fn bad_lines_are_named() {
        for (text, line, shown, reason) in [
            ("port 1\n hz \"1\"2 \n", 2, "hz \"1\"2", "Unbalanced quotes in configuration line"),
            ("hz x", 1, "hz x", "argument couldn't be parsed into an integer"),
            ("hz", 1, "hz", "wrong number of arguments"),
            ("hz 1 2", 1, "hz 1 2", "wrong number of arguments"),
            ("\n\nbogus line", 3, "bogus line", "Bad directive or wrong number of arguments"),
            ("include a b", 1, "include a b", "Bad directive or wrong number of arguments"),
            ("rename-command GET", 1, "rename-command GET", "Bad directive or wrong number of arguments"),
            ("user", 1, "user", "Bad directive or wrong number of arguments"),
            ("sentinel x", 1, "sentinel x", "sentinel directive while not in sentinel mode"),
            ("loadmodule /x", 1, "loadmodule /x", "norn loads no modules"),
            (
                "lua-replicate-commands 1 2",
                1,
                "lua-replicate-commands 1 2",
                "Bad directive or wrong number of arguments",
            ),
            ("replicaof a", 1, "replicaof a", "wrong number of arguments"),
            ("\"\"", 1, "\"\"", "Bad directive or wrong number of arguments"),
        ] {
            let error = start(&["a"], &[("a", text)]).unwrap_err();
            let place = error.place.unwrap();
            assert_eq!((place.line, &*place.text, &*error.reason), (line, shown, reason));
        }
        let error = start(&["--hz=12"], &[]).unwrap_err();
        assert_eq!(error.place.unwrap().text, "hz=12".into());
        let cluster = start(&["--cluster-enabled", "yes", "--replicaof", "a", "1"], &[]).unwrap_err();
        assert_eq!(
            cluster.text(),
            "\n*** FATAL CONFIG FILE ERROR (Redis 7.2.6) ***\nreplicaof directive not allowed in cluster mode\n"
        );
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[ -~\n\"']{0,80}", args in proptest::collection::vec("-{0,2}[a-z \"]{0,8}", 0..4)) {
            let args: Vec<String> = ["a".to_owned()].into_iter().chain(args).collect();
            let _ = load(&args, &mut Disk(&[("a", &text)]));
            prop_assert!(true);
        }
    }
}

//! The house stays tidy: floors, sizes, banned words, the reading path.

use norn_core::commands::FAMILIES;
use norn_core::engine::Row;
use norn_tests::sources::{code, files, functions, is_test_file, read, without_tests, workspace};
use std::collections::BTreeMap;

/// The floors of core; a module may import from floors below its own.
const FLOORS: &[(usize, &[&str])] = &[
    (0, &["base", "contract"]),
    (1, &["containers", "resp", "config"]),
    (2, &["value"]),
    (3, &["keyspace", "rdb"]),
    (4, &["persistence", "replication", "migration", "pubsub", "acl", "stats", "script", "cluster"]),
    (5, &["connection"]),
    (6, &["engine"]),
    (7, &["commands"]),
    (8, &["node"]),
];

/// Imports on one floor that are meant.
const SIBLINGS: &[(&str, &str)] = &[
    // The contract's words are made of the basic types.
    ("contract", "base"),
    // What a master sends is a data set as files have it.
    ("replication", "persistence"),
];

/// Lines of a file without its tests.
const FILE_LINES: usize = 600;
/// The same, where no reason helps.
const FILE_LINES_HARD: usize = 900;
/// Files that direct others stay short.
const ORCHESTRATORS: &[&str] = &[
    "core/src/node/turn.rs",
    "core/src/engine/exec.rs",
    "core/src/node/pump.rs",
    "runtime/src/event_loop.rs",
];
const ORCHESTRATOR_LINES: usize = 300;
const FUNCTION_LINES: usize = 70;

/// Files over [`FILE_LINES`] with the reason.
const LONG_FILES: &[(&str, &str)] = &[];

/// The reading path of SET; DESIGN.md prints the same.
const READING_PATH: &[&str] = &[
    "runtime/src/event_loop.rs",
    "core/src/node/mod.rs",
    "core/src/node/turn.rs",
    "core/src/resp/parse.rs",
    "core/src/engine/exec.rs",
    "core/src/commands/string.rs",
    "core/src/keyspace/write.rs",
    "core/src/value/string.rs",
    "core/src/resp/write.rs",
    "core/src/engine/after.rs",
    "core/src/engine/propagate.rs",
    "core/src/node/pump.rs",
    "runtime/src/sockets.rs",
];

/// Every Rust file of the project.
fn sources() -> Vec<String> {
    ["core", "runtime", "sim", "tests", "cli", "script"].iter().flat_map(|dir| files(dir, ".rs")).collect()
}

/// The files below a directory that are not tests.
fn shipped(dir: &str) -> Vec<String> {
    files(dir, ".rs").into_iter().filter(|path| !is_test_file(path)).collect()
}

/// Fails with the list of what is wrong.
fn nothing(what: &str, wrong: &[String]) {
    assert!(wrong.is_empty(), "{what}:\n  {}", wrong.join("\n  "));
}

#[test]
fn imports_go_down_only() {
    let floor: BTreeMap<&str, usize> =
        FLOORS.iter().flat_map(|(n, modules)| modules.iter().map(move |m| (*m, *n))).collect();
    let mut wrong = Vec::new();
    for path in shipped("core/src") {
        let module = path["core/src/".len()..].split(['/', '.']).next().unwrap_or_default().to_owned();
        if module == "lib" {
            continue;
        }
        let Some(&own) = floor.get(module.as_str()) else {
            wrong.push(format!("{path}: module {module} has no floor"));
            continue;
        };
        let text = read(&path);
        for named in crate_modules(&code(without_tests(&text))) {
            let meant = SIBLINGS.contains(&(module.as_str(), named.as_str()));
            match floor.get(named.as_str()) {
                _ if named == module || meant => {}
                Some(&other) if other < own => {}
                Some(other) => wrong.push(format!("{path}: floor {own} imports {named} of floor {other}")),
                None => wrong.push(format!("{path}: imports {named}, which has no floor")),
            }
        }
    }
    nothing("imports against the floors", &wrong);
}

/// The top-level modules that code names by a path from `crate`.
fn crate_modules(code: &str) -> Vec<String> {
    let mut named = Vec::new();
    let word = |text: &str| -> String {
        text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
    };
    for (at, start) in code.match_indices("crate::") {
        if code[..at].ends_with(['$', '_']) || code[..at].ends_with(char::is_alphanumeric) {
            continue;
        }
        let rest = &code[at + start.len()..];
        if let Some(group) = rest.strip_prefix('{') {
            // use crate::{a::b, c::{d, e}};
            let mut depth = 0;
            let mut part = String::new();
            for c in group.chars() {
                match c {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => {
                        named.push(word(&part));
                        part.clear();
                        continue;
                    }
                    _ => {}
                }
                part.push(c);
            }
            named.push(word(&part));
        } else {
            named.push(word(rest));
        }
    }
    named.retain(|n| !n.is_empty() && !n.starts_with(char::is_uppercase));
    named.sort();
    named.dedup();
    named
}

#[test]
fn the_import_reader_sees_every_form() {
    let text = "use crate::base::ids; use crate::{resp::{a, b}, value}; fn f() -> crate::node::X { }";
    assert_eq!(crate_modules(text), ["base", "node", "resp", "value"]);
}

#[test]
fn core_has_no_std() {
    let lib = read("core/src/lib.rs");
    assert!(lib.contains("#![no_std]"), "core is no_std");
    let mut wrong = Vec::new();
    for path in shipped("core/src") {
        let text = read(&path);
        let code = code(without_tests(&text));
        let mut guarded = false;
        for (n, (line, original)) in code.lines().zip(text.lines()).enumerate() {
            let names_std = line.contains("std::") && !line.contains("no_std");
            let links_std = line.contains("extern crate std") && !guarded;
            if (names_std || links_std) && path != "core/src/base/float.rs" {
                wrong.push(format!("{path}:{}: {}", n + 1, original.trim()));
            }
            guarded = original.trim() == "#[cfg(test)]";
        }
    }
    nothing("std in core", &wrong);
}

#[test]
fn core_has_no_shared_or_boxed_state() {
    let mut wrong = Vec::new();
    for path in shipped("core/src") {
        let text = read(&path);
        for (n, line) in code(without_tests(&text)).lines().enumerate() {
            for banned in
                ["RefCell", "Rc<", "Rc::", "thread_local", "static mut", "Mutex", "HashMap", "HashSet"]
            {
                let standalone = line
                    .match_indices(banned)
                    .any(|(at, _)| !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_'));
                if standalone {
                    wrong.push(format!("{path}:{}: {banned}", n + 1));
                }
            }
        }
    }
    nothing("words that core does not use", &wrong);
}

#[test]
fn files_are_short() {
    let mut wrong = Vec::new();
    for path in sources().into_iter().filter(|path| !is_test_file(path) || path.starts_with("tests/")) {
        let text = read(&path);
        let lines = without_tests(&text).lines().count();
        let excused = LONG_FILES.iter().any(|(long, _)| *long == path);
        let cap = if ORCHESTRATORS.contains(&path.as_str()) {
            ORCHESTRATOR_LINES
        } else if excused || is_script_family(&path) {
            FILE_LINES_HARD
        } else {
            FILE_LINES
        };
        if lines > cap {
            wrong.push(format!("{path}: {lines} lines, at most {cap}"));
        }
    }
    nothing("long files", &wrong);
}

/// Scripts are text, not code.
fn is_script_family(path: &str) -> bool {
    path.starts_with("tests/tests/commands/")
}

#[test]
fn functions_are_short() {
    let mut wrong = Vec::new();
    for path in sources().into_iter().filter(|path| !is_test_file(path)) {
        let text = read(&path);
        for function in functions(&code(without_tests(&text))) {
            if function.lines > FUNCTION_LINES {
                wrong.push(format!(
                    "{path}:{}: fn {} has {} lines",
                    function.line, function.name, function.lines
                ));
            }
        }
    }
    nothing(&format!("functions of more than {FUNCTION_LINES} lines"), &wrong);
}

#[test]
fn names_say_something() {
    let banned = ["misc", "util", "utils", "helper", "helpers", "manager", "common", "stuff"];
    let bad = |path: &String| {
        let mut parts = path.trim_end_matches(".rs").split('/');
        parts.any(|part| banned.contains(&part) || banned.iter().any(|b| part.ends_with(&format!("_{b}"))))
    };
    nothing("names that say nothing", &sources().into_iter().filter(bad).collect::<Vec<_>>());
}

#[test]
fn every_module_is_documented() {
    let wrong: Vec<_> = sources().into_iter().filter(|path| !read(path).starts_with("//!")).collect();
    nothing("files without module documentation", &wrong);
}

#[test]
fn nothing_is_left_undone() {
    let words = ["TO", "FIX", "XX"];
    let marks = [words[0].to_owned() + "DO", words[1].to_owned() + "ME", words[2].to_owned() + "X"];
    let mut wrong = Vec::new();
    for path in sources() {
        for (n, line) in read(&path).lines().enumerate() {
            let marked =
                marks.iter().any(|mark| line.split(|c: char| !c.is_alphanumeric()).any(|word| word == mark));
            let macro_left = ["todo", "unimplemented"].iter().any(|m| code(line).contains(&format!("{m}!(")));
            if marked || macro_left {
                wrong.push(format!("{path}:{}: {}", n + 1, line.trim()));
            }
        }
    }
    nothing("unfinished places", &wrong);
}

#[test]
fn no_machine_is_named() {
    let homes = ["/ho", "/ro", "/wo", "/Use"];
    let ends = ["me/", "ot/", "rk/", "rs/"];
    let paths: Vec<_> = homes.iter().zip(ends).map(|(a, b)| format!("{a}{b}")).collect();
    let mut wrong = Vec::new();
    let texts = files("", ".md").into_iter().chain(files("", ".toml")).chain(files("", ".snap"));
    for path in sources().into_iter().chain(texts) {
        for (n, line) in read(&path).lines().enumerate() {
            if paths.iter().any(|p| line.contains(p.as_str())) {
                wrong.push(format!("{path}:{}: {}", n + 1, line.trim()));
            }
        }
    }
    nothing("paths of one machine", &wrong);
}

#[test]
fn the_reading_path_exists() {
    let missing: Vec<_> =
        READING_PATH.iter().filter(|p| !workspace().join(p).exists()).map(ToString::to_string).collect();
    nothing("files of the reading path that do not exist", &missing);
}

#[test]
fn the_design_prints_the_reading_path() {
    let design = read("DESIGN.md");
    let short = |path: &&str| path.replace("/src/", "/").replace("core/", "").replace(".rs", "");
    let missing: Vec<_> =
        READING_PATH.iter().map(short).filter(|p| !design.contains(p.trim_end_matches("/mod"))).collect();
    nothing("the reading path in DESIGN.md lacks", &missing);
}

#[test]
fn every_command_is_exercised() {
    let mut said = String::new();
    for (_, scripts) in crate::commands::FAMILIES {
        for (_, text) in *scripts {
            said.push_str(&text.to_ascii_lowercase());
        }
    }
    let exercised = |name: &str| {
        let words = name.replace('|', " ");
        said.lines().any(|line| {
            let command = line.split_once('>').map_or("", |(_, rest)| rest.trim());
            command.strip_prefix(&words).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
        })
    };
    let rows = FAMILIES.iter().copied().flatten().flat_map(|row: &Row| std::iter::once(row).chain(row.subs));
    let missing: Vec<_> = rows.filter(|row| !exercised(row.name)).map(|row| row.name.to_owned()).collect();
    nothing("commands that no script says", &missing);
}

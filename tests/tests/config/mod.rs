//! The configuration seen from outside: bad files stop the start, CONFIG works on a real file.

use crate::commands::served;
use norn_tests::process::{Dir, Server, norn_exits};
use norn_tests::target::{Target, answer};

/// Starts with a file of this text and expects exit code 1 with all of these words.
fn refused(text: &str, words: &[&str]) {
    let dir = Dir::new();
    dir.file("norn.conf", text);
    let output = norn_exits(&["norn.conf"], &dir);
    let said =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(1), "{said}");
    for word in words {
        assert!(said.contains(word), "{text:?}: {word:?} is missing in:\n{said}");
    }
}

#[test]
fn a_bad_file_is_refused_with_file_line_and_reason() {
    refused("port 0\nnosuch 1\n", &["norn.conf", "line 2", ">>> 'nosuch 1'", "Bad directive"]);
    refused(
        "# fine\n\nport abc\n",
        &["norn.conf", "line 3", "port abc", "couldn't be parsed into an integer"],
    );
    refused("port 70000\n", &["norn.conf", "line 1", "argument must be between 0 and 65535 inclusive"]);
    refused("appendfsync often\n", &["line 1", "argument(s) must be one of the following"]);
    refused("maxmemory lots\n", &["line 1", "argument must be a memory value"]);
    refused("lazyfree-lazy-expire maybe\n", &["line 1", "argument must be 'yes' or 'no'"]);
    refused("port\n", &["line 1", "wrong number of arguments"]);
    refused("port 1 2\n", &["line 1", "wrong number of arguments"]);
    refused("requirepass \"open\n", &["line 1", "Unbalanced quotes"]);
    refused("save 1\n", &["line 1", "Invalid save parameters"]);
    refused("include missing.conf\n", &["missing.conf"]);
}

#[test]
fn a_bad_argument_is_refused() {
    let dir = Dir::new();
    for args in [&["--port", "abc"][..], &["--nosuch", "1"], &["missing.conf"], &["--hz"]] {
        let output = norn_exits(args, &dir);
        assert_eq!(output.status.code(), Some(1), "{args:?}");
    }
}

#[test]
fn version_and_help() {
    let dir = Dir::new();
    for args in [["--version"], ["-v"], ["--help"], ["-h"]] {
        let output = norn_exits(&args, &dir);
        assert_eq!(output.status.code(), Some(0), "{args:?}");
        assert!(!output.stdout.is_empty(), "{args:?}");
    }
    let version = String::from_utf8(norn_exits(&["-v"], &dir).stdout).unwrap();
    assert!(version.starts_with("Redis server v="), "{version}");
}

#[test]
fn the_port_that_is_taken_is_named() {
    let server = Server::norn(&[]);
    let dir = Dir::new();
    let port = server.address.port().to_string();
    let output = norn_exits(&["--port", &port, "--bind", "127.0.0.1"], &dir);
    let said =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains(&format!("127.0.0.1:{port}")) && said.contains("Address already in use"), "{said}");
    assert!(said.contains(&format!("Failed listening on port {port} (tcp), aborting.")), "{said}");
}

#[test]
fn files_includes_and_arguments_in_order() {
    if !served(b"config") {
        eprintln!("SKIPPED config::files_includes_and_arguments_in_order: norn does not know CONFIG yet");
        return;
    }
    let dir = Dir::new();
    dir.file("extra.conf", "hz 20\nmaxclients 77\n");
    let file = dir.file("norn.conf", "hz 15\ninclude extra.conf\nslowlog-max-len 5\n# end\n");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("extra.conf", dir.path().join("extra.conf").to_str().unwrap()))
        .unwrap();
    let args = [file.to_str().unwrap(), "--slowlog-max-len", "9"].map(str::to_owned);
    let server = Server::norn_with_file(&args);
    let mut tcp = server.tcp();
    let conn = tcp.connect();
    for (name, value) in [("hz", "20"), ("maxclients", "77"), ("slowlog-max-len", "9")] {
        let got = answer(&mut tcp, conn, &format!("CONFIG GET {name}"));
        assert_eq!(got, format!("*2\n  \"{name}\"\n  \"{value}\""));
    }
}

#[test]
fn rewrite_keeps_what_a_person_wrote() {
    if !served(b"config") {
        eprintln!("SKIPPED config::rewrite_keeps_what_a_person_wrote: norn does not know CONFIG yet");
        return;
    }
    let dir = Dir::new();
    // The rewritten file names the directory, so it must outlive the first server.
    let home = dir.path().display();
    let file =
        dir.file("norn.conf", &format!("# my server\nhz 15\n\n# memory\nmaxmemory 100mb\ndir {home}\n"));
    let path = file.to_str().unwrap().to_owned();
    {
        let server = Server::norn_with_file(std::slice::from_ref(&path));
        let mut tcp = server.tcp();
        let conn = tcp.connect();
        assert_eq!(answer(&mut tcp, conn, "CONFIG SET maxmemory 200mb slowlog-max-len 7"), "+OK");
        let mut reply = answer(&mut tcp, conn, "CONFIG REWRITE");
        // The disk has a thread of its own: the reply may come after what other connections are told.
        for _ in 0..500 {
            if reply.is_empty() {
                std::thread::sleep(std::time::Duration::from_millis(10));
                reply = answer(&mut tcp, conn, "");
            }
        }
        assert_eq!(reply, "+OK");
    }
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.starts_with("# my server\nhz 15\n\n# memory\nmaxmemory 200mb\n"), "{text}");
    assert!(
        text.contains("\n# Generated by CONFIG REWRITE\n") && text.contains("\nslowlog-max-len 7\n"),
        "{text}"
    );
    let server = Server::norn_with_file(&[path]);
    let mut tcp = server.tcp();
    let conn = tcp.connect();
    assert_eq!(
        answer(&mut tcp, conn, "CONFIG GET maxmemory"),
        "*2\n  \"maxmemory\"\n  \"209715200\"",
        "the rewritten file is read back"
    );
    assert_eq!(answer(&mut tcp, conn, "CONFIG GET slowlog-max-len"), "*2\n  \"slowlog-max-len\"\n  \"7\"");
}

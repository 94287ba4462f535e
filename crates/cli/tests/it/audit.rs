//! `keyfob audit`: heads, and finding what was tampered with.
use std::{fs, path::Path};

use serde_json::{Value, json};

use crate::program::{Home, Server};

/// A server with a few records, a home signed in to it, and the head of its records.
fn busy_server() -> (Server, Home, String) {
    let (server, session) = Server::with_owner();
    for number in 0..4 {
        let request = json!({"token_name": format!("t{number}")});
        assert_eq!(server.post(Some(&session), "/api/v2/users/me/keys/tokens", &request).status(), 201);
    }
    let home = Home::signed_in(&server, &session);
    let head = home.run(&["audit", "head"]);
    assert_eq!((head.code, head.stdout.lines().count()), (Some(0), 1), "{}", head.stderr);
    (server, home, head.stdout.trim_end().to_owned())
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn the_database_of_a_running_server_holds_and_an_export_of_it_too() {
    let (server, home, head) = busy_server();
    let database = server.data_dir().join("keyfob.db");
    let verified = home.run(&["audit", "verify", "--expect-head", &head, text(&database)]);
    assert_eq!(verified.stdout, format!("intact: every record is as it was written, up to {head}\n"));
    assert_eq!(verified.code, Some(0));

    let export = home.run(&["audit", "export", text(&database)]).stdout;
    let file = home.path().join("records.jsonl");
    fs::write(&file, &export).unwrap();
    let key = server.data_dir().join("audit.key");
    let arguments = ["audit", "verify", "--key", text(&key), "--expect-head", &head, text(&file)];
    assert_eq!(home.run(&arguments).code, Some(0));

    // A line that is missing, one that is changed, and an end that is cut off.
    let lines: Vec<&str> = export.lines().collect();
    let id = |line: &str| serde_json::from_str::<Value>(line).unwrap()["id"].as_str().unwrap().to_owned();
    let gone = [&lines[..2], &lines[3..]].concat().join("\n");
    let changed = export.replacen("\"t1\"", "\"t9\"", 1);
    let named = lines.iter().find(|line| line.contains("\"t1\"")).unwrap();
    let cut = lines[..lines.len() - 1].join("\n");
    let cases = [
        (gone, format!("record number 3 is missing, after record {}", id(lines[1]))),
        (changed, format!("record {} was changed or put elsewhere", id(named))),
        (
            cut,
            format!(
                "the records from number {} on are cut off, after record {}",
                lines.len(),
                id(lines[lines.len() - 2])
            ),
        ),
    ];
    for (content, found) in cases {
        fs::write(&file, content).unwrap();
        let ran = home.run(&arguments);
        assert_eq!((ran.code, ran.stdout), (Some(1), format!("tampered with: {found}\n")));
    }
}

#[test]
fn a_byte_that_is_changed_in_the_database_is_found() {
    let (server, home, head) = busy_server();
    let (_log, data) = server.stop();
    let database = data.path().join("data/keyfob.db");
    let mut bytes = fs::read(&database).unwrap();
    let place = bytes.windows(14).rposition(|window| window == b"127.0.0.1create".get(..14).unwrap());
    let place = place.expect("an address in a record");
    bytes[place + 8] = b'2';
    fs::write(&database, bytes).unwrap();
    let ran = home.run(&["audit", "verify", "--expect-head", &head, text(&database)]);
    assert_eq!(ran.code, Some(1), "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.starts_with("tampered with: record "), "{}", ran.stdout);
}

#[test]
fn a_file_that_cannot_be_verified_is_an_error() {
    let (server, home, head) = busy_server();
    let database = server.data_dir().join("keyfob.db");
    let missing = home.path().join("missing");
    for arguments in [
        vec!["audit", "verify", text(&missing)],
        vec!["audit", "verify", "--key", text(&missing), text(&database)],
        vec!["audit", "verify", "--expect-head", "nonsense", text(&database)],
        vec!["audit", "export", text(&missing)],
    ] {
        let ran = home.run(&arguments);
        assert_eq!(ran.code, Some(1), "{arguments:?}: {}", ran.stdout);
        assert!(!ran.stderr.is_empty() && !ran.stdout.contains("intact"), "{arguments:?}");
    }
    assert!(!head.is_empty());
}

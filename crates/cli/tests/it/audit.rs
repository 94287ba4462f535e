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

#[test]
fn sentences_name_users_and_groups() {
    let (server, session) = Server::with_owner();
    let home = Home::signed_in(&server, &session);
    for line in [
        &["groups", "create", "builders"][..],
        &["resources", "create", "template:base"],
        &["resources", "acl", "set", "template:base", "--user", "owner=use", "--group", "builders=admin"],
    ] {
        assert_eq!(home.run(line).code, Some(0), "{line:?}");
    }
    let listed = home.run(&["audit", "list", "-c", "what", "-l", "1"]);
    assert_eq!(listed.stdout, "WHAT\nowner shared template base with group builders and owner\n", "{}", listed.stderr);
    let id = home.run(&["audit", "list", "-o", "name", "-l", "1"]).stdout;
    let shown = home.run(&["audit", "show", id.trim()]).stdout;
    assert!(shown.contains("owner shared template base with group builders and owner\n"), "{shown}");
}

#[test]
fn programs_read_heads_and_verdicts_as_json() {
    let (server, home, head) = busy_server();
    let parsed = |arguments: &[&str]| {
        let ran = home.run(arguments);
        let value: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{}", ran.stderr));
        (ran.code, value)
    };
    assert_eq!(parsed(&["audit", "head", "-o", "json"]), (Some(0), json!({"head": head})));
    let database = server.data_dir().join("keyfob.db");
    let verify = ["audit", "verify", "-o", "json", text(&database)];
    assert_eq!(parsed(&verify), (Some(0), json!({"verdict": "intact", "head": head})));
    let export = home.run(&["audit", "export", text(&database)]).stdout;
    let file = home.path().join("records.jsonl");
    fs::write(&file, export.replacen("\"t1\"", "\"t9\"", 1)).unwrap();
    let key = server.data_dir().join("audit.key");
    let (code, verdict) = parsed(&["audit", "verify", "-o", "json", "--key", text(&key), text(&file)]);
    assert_eq!((code, &verdict["verdict"]), (Some(1), &json!("tampered")));
    let reason = verdict["reason"].as_str().unwrap();
    assert!(reason.ends_with(" was changed or put elsewhere"), "{reason}");
}

#[test]
fn the_time_of_a_record_is_shown_as_wanted() {
    let (_server, home, _head) = busy_server();
    let id = home.run(&["audit", "list", "-o", "name", "-l", "1"]).stdout;
    let time = |more: &[&str]| {
        let shown = home.run(&[&["audit", "show", id.trim()], more].concat()).stdout;
        shown.lines().find_map(|line| Some(line.strip_prefix("Time      ")?.to_owned())).unwrap()
    };
    assert!(time(&[]).starts_with("20") && time(&[]).ends_with('Z'), "{}", time(&[]));
    assert_eq!(time(&["--force-tty", "--time", "absolute"]), time(&[]));
    let relative = time(&["--time", "relative"]);
    assert!(relative == "just now" || relative.ends_with(" ago"), "{relative}");
}

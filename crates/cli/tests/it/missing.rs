//! What a person expects beside the recorded commands: sessions, passwords, edits, records, and the state of a server.
use std::fs;

use serde_json::Value;

use crate::program::{Home, PASSWORD, Ran, Server};

pub(crate) fn done(ran: Ran) -> String {
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    ran.stdout
}

pub(crate) fn json(ran: Ran) -> Value {
    serde_json::from_str(&done(ran)).unwrap()
}

pub(crate) fn owner() -> (Server, Home) {
    let (server, session) = Server::with_owner();
    let home = Home::signed_in(&server, &session);
    (server, home)
}

pub(crate) fn create(home: &Home, name: &str) {
    let address = format!("{name}@example.com");
    done(home.run(&["users", "create", "-u", name, "-e", &address, "-n", "N", "-p", PASSWORD]));
}

pub(crate) fn session_of(server: &Server, name: &str) -> String {
    let login = serde_json::json!({"email": format!("{name}@example.com"), "password": PASSWORD});
    let answer = server.post(None, "/api/v2/users/login", &login).json().unwrap();
    answer["session_token"].as_str().unwrap().to_owned()
}

#[test]
fn sessions_are_listed_and_ended() {
    let (server, home) = owner();
    let other = session_of(&server, "owner");
    let sessions = json(home.run(&["sessions", "list", "-o", "json"]));
    assert_eq!(sessions.as_array().unwrap().len(), 2);
    let (id, _) = other.split_once('-').unwrap();
    assert_eq!(done(home.run(&["sessions", "end", id])), "Session has been ended.\n");
    assert_eq!(home.run(&["--token", &other, "whoami"]).code, Some(1));
    session_of(&server, "owner");
    session_of(&server, "owner");
    assert_eq!(done(home.run(&["sessions", "end", "--others", "-y"])), "2 sessions have been ended.\n");
    assert_eq!(done(home.run(&["sessions", "list", "-o", "name"])).lines().count(), 1);
    assert_eq!(home.run(&["whoami"]).code, Some(0), "the one in use goes on");
    // Those of others, and by whom they may be ended.
    create(&home, "amy");
    let amy = session_of(&server, "amy");
    done(home.run(&["sessions", "end", "--others", "--user", "amy", "-y"]));
    assert_eq!(home.run(&["--token", &amy, "whoami"]).code, Some(1));
}

#[test]
fn only_a_session_of_the_list_is_ended() {
    let (server, home) = owner();
    create(&home, "amy");
    let amy = session_of(&server, "amy");
    done(home.run(&["tokens", "create", "-n", "ci", "--scope", "workspace:read"]));
    let token = done(home.run(&["tokens", "list", "-o", "name"]));
    let (of_amy, _) = amy.split_once('-').unwrap();
    for id in [token.trim(), of_amy, "nope"] {
        let ran = home.run(&["sessions", "end", id, "-y"]);
        let words = format!("error: there is no session {id:?} among your own\nSuggestion: 'keyfob sessions list' ");
        assert!(ran.code == Some(1) && ran.stderr.starts_with(&words), "{}", ran.stderr);
    }
    assert_eq!(home.run(&["--token", &amy, "whoami"]).code, Some(0));
    done(home.run(&["tokens", "view", "ci"]));
    let ran = home.run(&["sessions", "end", "nope", "--user", "amy"]);
    assert!(ran.stderr.contains("'keyfob sessions list --user amy' "), "{}", ran.stderr);
}

#[test]
fn passwords_are_changed_by_their_user_and_by_an_owner() {
    let (server, home) = owner();
    create(&home, "amy");
    let amy = Home::signed_in(&server, &session_of(&server, "amy"));
    let other = session_of(&server, "amy");
    let ran = amy.run_with(&["users", "password"], &format!("{PASSWORD}\nAn0ther!secret\nAn0ther!secret\n"));
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(!ran.stderr.contains("An0ther"), "{}", ran.stderr);
    assert_eq!(home.run(&["--token", &other, "whoami"]).code, Some(1), "other keys end");
    let ran = amy.run_with(&["users", "password"], &format!("wrong\n{PASSWORD}\n{PASSWORD}\n"));
    assert_eq!(ran.code, Some(1));
    done(home.run_with(&["users", "password", "amy"], &format!("{PASSWORD}\n{PASSWORD}\n")));
    session_of(&server, "amy");
    let ran = amy.run_with(&["users", "password", "owner"], &format!("{PASSWORD}\n{PASSWORD}\n"));
    assert_eq!(ran.code, Some(1));
}

#[test]
fn users_organizations_and_resources_are_edited() {
    let (_server, home) = owner();
    create(&home, "amy");
    done(home.run(&["users", "edit", "amy", "--full-name", "Amy Pond"]));
    let amy = json(home.run(&["users", "show", "amy", "-o", "json"]));
    assert_eq!((&amy["name"], &amy["username"]), (&Value::from("Amy Pond"), &Value::from("amy")));
    done(home.run(&["users", "edit", "amy", "-u", "amelia"]));
    assert_eq!(json(home.run(&["users", "show", "amelia", "-o", "json"]))["name"], "Amy Pond");
    let edit =
        ["organizations", "edit", "default", "--display-name", "Acme Inc.", "--default-roles", "organization-auditor"];
    done(home.run(&edit));
    let organization = json(home.run(&["organizations", "show", "default", "-o", "json"]))[0].clone();
    assert_eq!(organization["display_name"], "Acme Inc.");
    assert_eq!(organization["default_org_member_roles"], serde_json::json!(["organization-auditor"]));
    done(home.run(&["organizations", "edit", "default", "--default-roles", ""]));
    done(home.run(&["resources", "create", "workspace:dev", "--attribute", "a=1"]));
    done(home.run(&[
        "resources",
        "edit",
        "workspace:dev",
        "--name",
        "prod",
        "--owner",
        "amelia",
        "--attribute",
        "b=2",
    ]));
    let changed = json(home.run(&["resources", "show", "workspace:prod", "-o", "json"]));
    assert_eq!(changed["attributes"], serde_json::json!({"a": "1", "b": "2"}));
    assert_eq!(changed["owner_name"], "amelia");
    for command in
        [&["users", "edit"][..], &["organizations", "edit", "default"], &["resources", "edit", "workspace:prod"]]
    {
        let ran = home.run(command);
        assert!(ran.code == Some(1) && ran.stderr.contains("nothing to change"), "{command:?}: {}", ran.stderr);
    }
}

#[test]
fn records_are_sentences_and_are_shown_with_what_changed() {
    let (_server, home) = owner();
    create(&home, "amy");
    done(home.run(&["tokens", "create", "-n", "ci", "--scope", "workspace:read"]));
    done(home.run(&["tokens", "remove", "ci"]));
    done(home.run(&["tokens", "create", "-n", "hers", "--user", "amy", "--scope", "workspace:read"]));
    done(home.run(&["users", "suspend", "amy", "-y"]));
    done(home.run(&["users", "edit-roles", "amy", "--roles", "auditor", "-y"]));
    done(home.run(&["groups", "create", "ops"]));
    done(home.run(&["groups", "members", "add", "ops", "amy"]));
    done(home.run(&["resources", "create", "workspace:web"]));
    done(home.run(&["resources", "acl", "set", "workspace:web", "--group", "ops=use"]));
    let listed = done(home.run(&["audit", "list", "-c", "what", "-l", "12"]));
    let listed: Vec<&str> = listed.lines().skip(1).collect();
    let told = [
        "owner shared workspace web with group ops",
        "owner registered workspace web",
        "owner added amy to group ops",
        "owner created group ops",
        "owner gave amy the role auditor",
        "owner suspended amy",
        "owner minted token hers for amy",
        "owner expired token ci",
        "owner minted token ci",
        "owner created user amy",
        "owner added amy to organization coder",
        "owner signed in",
    ];
    assert_eq!(listed, told);
    let id = done(home.run(&["audit", "list", "-o", "name", "action:write", "resource_type:api_key"]));
    let shown = done(home.run(&["audit", "show", id.trim()]));
    for words in ["What      owner expired token ci\n", "\n- expires_at: ", "\n+ expires_at: ", "\napi_key_id: "] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    let record = json(home.run(&["audit", "show", id.trim(), "-o", "json"]));
    let request = record["request_id"].as_str().unwrap();
    assert_eq!(json(home.run(&["audit", "show", request, "-o", "json"])), record);
    let ran = home.run(&["audit", "show", "11111111-2222-4333-8444-555555555555"]);
    assert!(ran.stderr.contains("there is no audit record"), "{}", ran.stderr);
}

#[test]
fn records_are_exported_from_a_server_and_verified_from_standard_input() {
    let (server, home) = owner();
    for number in 0..130 {
        let request = serde_json::json!({"token_name": format!("t{number}")});
        let session = home.stored("session").unwrap();
        assert_eq!(server.post(Some(&session), "/api/v2/users/me/keys/tokens", &request).status(), 201);
    }
    let all = done(home.run(&["audit", "export"]));
    let ids: std::collections::HashSet<String> =
        all.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].to_string()).collect();
    assert_eq!((ids.len(), all.lines().count()), (133, 133), "three of set-up, and the tokens");
    assert_eq!(done(home.run(&["audit", "export", "--search", "action:login"])).lines().count(), 1);
    let database = server.data_dir().join("keyfob.db");
    let export = done(home.run(&["audit", "export", database.to_str().unwrap()]));
    let key = server.data_dir().join("audit.key");
    let verify = ["audit", "verify", "-", "--key", key.to_str().unwrap()];
    let ran = home.run_with(&verify, &export);
    assert!(ran.stdout.starts_with("intact: "), "{ran:?}");
    let ran = home.run_with(&verify, &export.replacen("\"t1\"", "\"t9\"", 1));
    assert_eq!(ran.code, Some(1));
    assert!(ran.stdout.starts_with("tampered with: "), "{ran:?}");
    let ran = home.run_with(&["audit", "verify", "-"], &export);
    assert!(ran.stderr.contains("name the key file of the chain with --key"), "{}", ran.stderr);
    // The file that is missing is named, and not the key that is not beside it.
    let ran = home.run(&["audit", "verify", "nowhere.jsonl"]);
    assert!(ran.stderr.starts_with("error: `nowhere.jsonl` cannot be read: "), "{}", ran.stderr);
    fs::write(home.path().join("records.jsonl"), &export).unwrap();
    let ran = home.run(&["audit", "verify", "records.jsonl"]);
    assert!(ran.stderr.starts_with("error: the key file `audit.key` cannot be read: "), "{}", ran.stderr);
}

#[test]
fn the_host_shows_whether_its_server_runs() {
    let (server, home) = owner();
    let status = done(home.run(&["server", "--http-address", &server.address, "status"]));
    assert!(status.contains(&format!("Address     http://{}\n", server.address)), "{status}");
    assert!(status.contains("Version     v2.34.0+keyfob.") && status.ends_with("Ready       yes\n"), "{status}");
    let status = json(home.run(&["server", "--http-address", &server.address, "status", "-o", "json"]));
    assert_eq!(status["address"], format!("http://{}", server.address));
    assert_eq!(status["ready"], true);
    assert!(status["version"].as_str().unwrap().starts_with("v2.34.0+keyfob."), "{status}");
    let ran = home.run(&["server", "--http-address", "127.0.0.1:1", "status"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("no server runs at 127.0.0.1:1"), "{}", ran.stderr);
    assert!(ran.stderr.contains("'keyfob server --http-address <ADDRESS> status' asks another one"), "{}", ran.stderr);
}

#[test]
fn roles_are_shown_with_what_they_permit() {
    let (_server, home) = owner();
    let shown = done(home.run(&["roles", "show", "auditor"]));
    assert!(shown.contains("\n    audit_log: read\n"), "{shown}");
    let shown = done(home.run(&["organizations", "roles", "show", "organization-workspace-creation-ban"]));
    assert!(shown.contains("\n    never workspace: "), "{shown}");
    let ran = home.run(&["roles", "show", "auditr"]);
    assert!(ran.stderr.contains("Suggestion: the nearest is auditor; "), "{}", ran.stderr);
}

#[test]
fn what_is_made_can_be_printed_for_programs() {
    let (_server, home) = owner();
    let amy = ["users", "create", "-u", "amy", "-e", "amy@example.com", "-n", "N", "-p", PASSWORD, "-o", "json"];
    assert_eq!(json(home.run(&amy))["username"], "amy");
    let robot = home.run(&["users", "create", "-u", "robot", "--service-account", "-o", "name"]);
    assert_eq!(robot.stdout, "robot\n", "{}", robot.stderr);
    let words =
        "User robot has been created. They cannot sign in: create tokens with `keyfob tokens create --user robot`.\n";
    assert_eq!(robot.stderr, words, "only what fits");
    assert_eq!(json(home.run(&["organizations", "create", "acme", "-y", "-o", "json"]))["name"], "acme");
    assert_eq!(json(home.run(&["groups", "create", "ops", "--org", "acme", "-o", "json"]))["name"], "ops");
    assert_eq!(json(home.run(&["resources", "create", "workspace:dev", "--org", "acme", "-o", "json"]))["name"], "dev");
}

/// One rule: with `-o name`, what is made and what is listed have the same word, the one that other commands take.
#[test]
fn a_name_in_scripts_is_the_same_where_it_is_made_and_listed() {
    let (_server, home) = owner();
    for (create, list) in [
        (&["organizations", "create", "acme", "-y"][..], &["organizations", "list"][..]),
        (&["groups", "create", "ops", "--org", "default"], &["groups", "list", "--org", "default"]),
        (&["resources", "create", "workspace:dev"], &["resources", "list"]),
        (&["users", "create", "-u", "robot", "--service-account", "--org", "default"], &["users", "list"]),
    ] {
        let made = done(home.run(&[create, &["-o", "name"]].concat()));
        assert_eq!(made.lines().count(), 1, "{create:?}: {made}");
        let listed = done(home.run(&[list, &["-o", "name"]].concat()));
        assert!(listed.lines().any(|line| line == made.trim_end()), "{create:?}: {made} is not in {listed}");
    }
    assert!(done(home.run(&["groups", "create", "more", "--org", "default", "-o", "id"])).contains('-'));
}

/// The columns that a person asks for are all there, also where they are those that the program would choose.
#[test]
fn columns_that_were_asked_for_are_all_shown() {
    let (_server, home) = owner();
    let shown = |more: &[&str]| {
        let mut command = crate::program::keyfob(home.path());
        command.args(["users", "list", "--force-tty"]).args(more).env("COLUMNS", "30");
        done(crate::program::run(&mut command, "")).lines().map(str::to_owned).collect::<Vec<_>>().concat()
    };
    assert!(!shown(&[]).contains("STATUS"), "some are left out");
    let all: String = shown(&["-c", "username,email,created at,status"]).split_whitespace().collect();
    for letters in ["active", "owner@example.com"] {
        let found = letters.chars().all(|c| all.contains(c));
        assert!(found, "{letters}: {all}");
    }
    let heads: String = all.chars().filter(char::is_ascii_uppercase).collect();
    let mut heads: Vec<char> = heads.chars().collect();
    let mut wanted: Vec<char> = "USERNAMEEMAILCREATEDATSTATUS".chars().collect();
    heads.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(heads, wanted);
}

#[test]
fn the_last_session_of_a_person_stays() {
    let (server, home) = owner();
    let ran = home.run(&["sessions", "end", "--others"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), "There is no other session.\n"), "{}", ran.stderr);
    session_of(&server, "owner");
    assert_eq!(done(home.run(&["sessions", "end", "--others", "-y"])), "1 session has been ended.\n");
}

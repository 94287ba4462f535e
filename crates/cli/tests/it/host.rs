//! Commands of an operator on the host.
use serde_json::{Value, json};

use crate::{
    http::Message,
    program::{Home, PASSWORD, Ran, Server},
};

const NEW: &str = "An0ther!password";

fn on_host(home: &Home, data: &std::path::Path, arguments: &[&str], stdin: &str) -> Ran {
    let data = data.to_str().unwrap();
    home.run_with(&[&["server", "--data-dir", data], arguments].concat(), stdin)
}

fn login(server: &Server, email: &str, password: &str) -> Message {
    server.post(None, "/api/v2/users/login", &json!({"email": email, "password": password}))
}

fn me(server: &Server, key: &str) -> Message {
    let request = Message::request("GET", "/api/v2/users/me").with_header("Coder-Session-Token", key);
    request.send(&server.address).unwrap()
}

fn key(login: &Message) -> String {
    assert_eq!(login.status(), 201, "{}", login.text());
    login.json().unwrap()["session_token"].as_str().unwrap().to_owned()
}

/// Deleting every user does not reopen the set-up: then only this command creates an owner (`docs/compatibility.md`).
#[test]
fn a_server_is_asked_whether_it_is_ready() {
    let server = Server::start();
    let home = Home::new();
    let address = server.address.clone();
    let ready = ["server", "--http-address", &address, "ready"];
    let answered = home.run(&ready);
    assert_eq!((answered.code, answered.stdout.as_str()), (Some(0), "The server is ready.\n"), "{}", answered.stderr);
    let (_, _data) = server.stop();
    let refused = home.run(&ready);
    assert_eq!(refused.code, Some(1));
    assert!(refused.stderr.contains("is not ready"), "{}", refused.stderr);
}

#[test]
fn an_owner_is_created_on_the_host_while_the_server_does_not_run() {
    let home = Home::new();
    let (server, session) = Server::with_owner();
    let new = ["create-admin", "--username", "second", "--email", "second@example.com", "--password", NEW];
    let ran = on_host(&home, &server.data_dir(), &new, "");
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("another server uses the data directory"), "{}", ran.stderr);

    let (_log, data) = server.stop();
    let folder = data.path().join("data");
    let weak = ["create-admin", "--username", "second", "--email", "second@example.com", "--password", "weak"];
    let ran = on_host(&home, &folder, &weak, "");
    assert!(ran.code == Some(1) && ran.stderr.contains("insecure password"), "{}", ran.stderr);
    let ran = on_host(&home, &folder, &["create-admin"], &format!("owner\nsecond@example.com\n{NEW}\n{NEW}\n"));
    assert!(ran.code == Some(1) && ran.stderr.contains("User already exists."), "{}", ran.stderr);
    let ran = on_host(&home, &folder, &new, "");
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);

    let server = Server::start_on(data, &[], &[]);
    let second = key(&login(&server, "second@example.com", NEW));
    let me = me(&server, &second).json().unwrap();
    assert_eq!(me["roles"], json!([{"name": "owner", "display_name": "Owner"}]));
    let member = Message::request("GET", "/api/v2/organizations/default/members/me");
    let member: Value =
        member.with_header("Coder-Session-Token", &second).send(&server.address).unwrap().json().unwrap();
    assert_eq!(member["roles"][0]["name"], "organization-admin");
    assert_eq!(self::me(&server, &session).status(), 200, "existing users and keys stay");
}

/// Coder leaves the keys as they are (`docs/compatibility.md`).
#[test]
fn resetting_a_password_on_the_host_revokes_every_key() {
    let home = Home::new();
    let (server, session) = Server::with_owner();
    let (_log, data) = server.stop();
    let folder = data.path().join("data");
    let twice = format!("{NEW}\n{NEW}\n");
    for (user, stdin, words) in [
        ("owner", format!("{NEW}\nother\n"), "Passwords do not match"),
        ("owner", "weak\nweak\n".to_owned(), "insecure password"),
        ("nobody", twice.clone(), "there is no user `nobody`"),
    ] {
        let ran = on_host(&home, &folder, &["reset-password", user], &stdin);
        assert!(ran.code == Some(1) && ran.stderr.contains(words), "{}", ran.stderr);
    }
    let ran = on_host(&home, &folder, &["reset-password", "owner"], &twice);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);

    let server = Server::start_on(data, &[], &[]);
    assert_eq!(me(&server, &session).status(), 401);
    assert_eq!(login(&server, "owner@example.com", PASSWORD).status(), 401);
    key(&login(&server, "owner@example.com", NEW));
}

#[test]
fn no_owner_is_created_on_the_host_before_the_first_user() {
    let home = Home::new();
    let (_log, data) = Server::start().stop();
    let new = ["create-admin", "--username", "a", "--email", "a@example.com", "--password", NEW];
    let ran = on_host(&home, &data.path().join("data"), &new, "");
    assert!(ran.code == Some(1) && ran.stderr.contains("`keyfob login`, which makes the first"), "{}", ran.stderr);
}

/// A folder whose name is misspelt is not made, and one without a database is left as it is.
#[test]
fn commands_on_the_host_make_no_database() {
    let home = Home::new();
    let (missing, empty) = (home.path().join("missing"), home.path().join("empty"));
    std::fs::create_dir(&empty).unwrap();
    let create = ["create-admin", "--username", "a", "--email", "a@example.com", "--password", NEW];
    for folder in [&missing, &empty] {
        for command in [&create[..], &["reset-password", "owner"]] {
            let ran = on_host(&home, folder, command, &format!("{NEW}\n{NEW}\n"));
            let words = format!("there is no database in `{}`", folder.display());
            assert!(ran.code == Some(1) && ran.stderr.contains(&words), "{command:?}: {}", ran.stderr);
        }
    }
    assert!(!missing.exists());
    // What a server leaves that ended before it had a database.
    std::fs::write(empty.join("keyfob.db"), "").unwrap();
    let ran = on_host(&home, &empty, &create, "");
    assert!(ran.code == Some(1) && ran.stderr.contains("there is no database"), "{}", ran.stderr);
    assert_eq!(std::fs::read_dir(&empty).unwrap().count(), 1);
}

//! Which token a command means.
use serde_json::{Value, json};

use crate::{
    http::Message,
    program::{Home, PASSWORD, Server},
    proxy::Proxy,
};

fn mint(server: &Server, session: &str, name: &str) -> String {
    let minted = server.post(Some(session), "/api/v2/users/me/keys/tokens", &json!({"token_name": name}));
    minted.json().unwrap()["key"].as_str().unwrap().to_owned()
}

fn is_live(server: &Server, key: &str) -> bool {
    let request = Message::request("GET", "/api/v2/users/me").with_header("Coder-Session-Token", key);
    request.send(&server.address).unwrap().status() == 200
}

/// A name is chosen, and an id is not: who gives an id means that key.
#[test]
fn an_id_wins_over_a_name() {
    let (server, owner) = Server::with_owner();
    let organizations = Message::request("GET", "/api/v2/organizations").with_header("Coder-Session-Token", &owner);
    let organizations: Value = organizations.send(&server.address).unwrap().json().unwrap();
    let amy = json!({
        "username": "amy", "email": "amy@example.com", "password": PASSWORD, "user_status": "active",
        "organization_ids": [organizations[0]["id"]],
    });
    assert_eq!(server.post(Some(&owner), "/api/v2/users", &amy).status(), 201);
    let login = server.post(None, "/api/v2/users/login", &json!({"email": "amy@example.com", "password": PASSWORD}));
    let amy = login.json().unwrap()["session_token"].as_str().unwrap().to_owned();
    let home = Home::signed_in(&server, &owner);

    let [by_id, by_token] = ["one", "two"].map(|name| mint(&server, &amy, name));
    let id = |key: &str| key.split('-').next().unwrap().to_owned();
    for (text, meant) in [(id(&by_id), &by_id), (by_token.clone(), &by_token)] {
        let named = mint(&server, &owner, &text);
        let viewed = home.run(&["tokens", "view", &text, "-o", "json"]);
        assert!(viewed.stdout.contains(&format!("\"{}\"", id(meant))), "{}{}", viewed.stdout, viewed.stderr);
        assert_eq!(home.run(&["tokens", "rm", &text]).code, Some(0));
        assert!(!is_live(&server, meant) && is_live(&server, &named));
    }
    // A name that only looks like an id is still a name.
    let named = mint(&server, &owner, "production");
    assert_eq!(home.run(&["tokens", "rm", "production"]).code, Some(0));
    assert!(!is_live(&server, &named));
}

/// How many rows each answer of a list had, by the path of its request.
fn pages(proxy: &Proxy) -> Vec<(String, usize)> {
    let rows = |answer: &Message| match answer.json().unwrap() {
        Value::Array(rows) => rows.len(),
        object => object["resources"].as_array().map_or(0, Vec::len),
    };
    proxy.take().iter().map(|one| (one.path().to_owned(), rows(&one.answer))).collect()
}

#[test]
fn lists_are_read_as_far_as_they_are_wanted() {
    let (server, session) = Server::with_owner_and(&["--api-rate-limit=0"]);
    for number in 0..450 {
        let request = json!({"token_name": format!("t{number}"), "scopes": ["workspace:read"]});
        assert_eq!(server.post(Some(&session), "/api/v2/users/me/keys/tokens", &request).status(), 201);
    }
    let proxy = Proxy::start(&server.address);
    let home = Home::new();
    let run = |arguments: &[&str]| {
        let ran = home.run(&[&["--url", &proxy.url(), "--token", &session], arguments].concat());
        assert_eq!(ran.code, Some(0), "{arguments:?}: {}", ran.stderr);
        (ran.stdout, pages(&proxy))
    };
    let (printed, read) = run(&["tokens", "list", "--limit", "3", "-c", "name"]);
    assert_eq!(printed, "NAME\nt0\nt1\nt2\n");
    assert_eq!(read.iter().map(|(_, rows)| *rows).collect::<Vec<_>>(), [3]);
    // What the server cannot choose is read in pages.
    let (printed, read) = run(&["tokens", "list", "--search", "t44", "-c", "name"]);
    assert_eq!(printed.lines().count(), 12, "{printed}");
    assert!(read.len() > 2 && read.iter().all(|(_, rows)| *rows <= 200), "{read:?}");
    // And no further than needed.
    let (printed, read) = run(&["tokens", "list", "--search", "t1", "--limit", "2", "-c", "name"]);
    assert_eq!(printed, "NAME\nt1\nt10\n");
    assert_eq!(read.len(), 1, "{read:?}");
    let (printed, _) = run(&["tokens", "list", "--sort", "name", "--limit", "2", "-c", "name"]);
    assert_eq!(printed, "NAME\nt0\nt1\n");
}

#[test]
fn a_name_is_found_among_many_that_contain_it() {
    let (server, session) = Server::with_owner_and(&["--api-rate-limit=0"]);
    let home = Home::signed_in(&server, &session);
    let organization = home.run(&["organizations", "show", "default", "--only-id"]).stdout;
    for number in 0..250 {
        let request = json!({"resource_type": "task", "name": format!("dev-{number}"),
            "organization_id": organization.trim()});
        assert_eq!(server.post(Some(&session), "/api/v2/resources", &request).status(), 201);
    }
    assert_eq!(home.run(&["resources", "create", "task:dev"]).code, Some(0));
    let proxy = Proxy::start(&server.address);
    let ran = home.run(&["--url", &proxy.url(), "--token", &session, "authcheck", "task:read@dev"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let read: Vec<_> = pages(&proxy).into_iter().filter(|(path, _)| path.starts_with("/api/v2/resources?")).collect();
    // However many there are: the server is asked for this name alone.
    assert_eq!(read.iter().map(|(_, rows)| *rows).collect::<Vec<_>>(), [1], "{read:?}");
    // Completion asks for what was typed, and not for the first names.
    assert_eq!(home.run(&["resources", "create", "task:zebra"]).code, Some(0));
    let complete = ["complete", "fish", "--", "keyfob", "authcheck", "task:read@zeb"];
    assert_eq!(home.run(&complete).stdout, "task:read@zebra\n");
    // To the server, the case of letters does not matter, and to a person it does.
    let ran = home.run(&["authcheck", "task:read@DEV"]);
    assert!(ran.code == Some(2) && ran.stderr.contains("there is no task named \"DEV\""), "{}", ran.stderr);
}

#[test]
fn a_list_that_is_too_long_for_one_answer_is_read_in_pages() {
    let (server, session) = Server::with_owner_and(&["--api-rate-limit=0"]);
    let organizations = Message::request("GET", "/api/v2/organizations").with_header("Coder-Session-Token", &session);
    let organizations: Value = organizations.send(&server.address).unwrap().json().unwrap();
    for number in 0..210 {
        let user = json!({"username": format!("robot-{number}"), "service_account": true, "login_type": "none",
            "organization_ids": [organizations[0]["id"]]});
        let made = server.post(Some(&session), "/api/v2/users", &user);
        assert_eq!(made.status(), 201, "{}", made.text());
    }
    mint(&server, &session, "nightly");
    let proxy = Proxy::of_long_lists(&server.address);
    let home = Home::new();
    let run = |arguments: &[&str]| {
        let ran = home.run(&[&["--url", &proxy.url(), "--token", &session], arguments].concat());
        assert_eq!(ran.code, Some(0), "{arguments:?}: {}", ran.stderr);
        ran.stdout
    };
    assert_eq!(run(&["users", "list", "-o", "name"]).lines().count(), 211);
    assert_eq!(run(&["tokens", "list", "-c", "name"]), "NAME\nnightly\n");
    let complete =
        ["complete", "fish", "--", "keyfob", "--url", &proxy.url(), "--token", &session, "tokens", "view", "n"];
    assert_eq!(home.run(&complete).stdout, "nightly\n");
}

//! Which token a command means.
use serde_json::{Value, json};

use crate::{
    http::Message,
    program::{Home, PASSWORD, Server},
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

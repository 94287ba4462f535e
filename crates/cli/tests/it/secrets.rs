//! A token is shown once, to the client that minted it, and never again: not in a log, a file, an error or another
//! answer.
use std::{fs, path::Path};

use serde_json::json;

use crate::{
    http::Message,
    program::{Home, PASSWORD, Server},
};

/// Texts that must not be found: the secret parts of tokens, and passwords.
struct Secrets(Vec<(&'static str, String)>);

impl Secrets {
    fn of_key(&mut self, name: &'static str, key: &str) {
        self.0.push((name, key.split_once('-').unwrap().1.to_owned()));
    }

    #[track_caller]
    fn assert_absent(&self, place: &str, content: &[u8]) {
        for (name, secret) in &self.0 {
            let found = content.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{name} is in {place}");
        }
    }
}

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file()).collect()
}

#[test]
fn no_secret_is_found_in_any_sink() {
    let (server, session) = Server::with_owner_and(&["--log", "trace", "--allow-query-tokens"]);
    let mut secrets = Secrets(vec![("the password", PASSWORD.to_owned())]);
    secrets.of_key("the session", &session);
    let minted = server.post(Some(&session), "/api/v2/users/me/keys/tokens", &json!({"token_name": "ci"}));
    let token = minted.json().unwrap()["key"].as_str().unwrap().to_owned();
    secrets.of_key("the token", &token);
    let wrong = format!("{}-{}", token.split_once('-').unwrap().0, "0123456789abcdefghijkl");
    secrets.of_key("a wrong secret", &wrong);
    let weak = "Correct-horse-1-weak";
    secrets.0.push(("a wrong password", weak.to_owned()));

    // Every use of a token by clients, including mistakes.
    let bearer = format!("Bearer {token}");
    let cookie = format!("coder_session_token={token}");
    let requests = [
        Message::request("GET", "/api/v2/users/me").with_header("Coder-Session-Token", &token),
        Message::request("GET", "/api/v2/users/me").with_header("Authorization", &bearer),
        Message::request("GET", "/api/v2/users/me").with_header("Cookie", &cookie),
        Message::request("GET", &format!("/api/v2/users/me?coder_session_token={token}")),
        Message::request("GET", &format!("/api/v2/users/me?access_token={wrong}")),
        Message::request("GET", "/api/v2/users/me").with_header("Coder-Session-Token", &wrong),
        Message::request("GET", "/api/v2/users/me").with_header("Coder-Session-Token", &format!("{token}-x")),
        Message::request("GET", &format!("/api/v2/users/me/keys/{token}")).with_header("Coder-Session-Token", &session),
        Message::request("DELETE", &format!("/api/v2/users/me/keys/{token}"))
            .with_header("Coder-Session-Token", &session),
        Message::request("PUT", &format!("/api/v2/users/me/keys/{token}/expire"))
            .with_header("Coder-Session-Token", &session),
        Message::request("GET", &format!("/api/v2/users/{token}")).with_header("Coder-Session-Token", &session),
        Message::request("GET", &format!("/api/v2/nothing/{token}")).with_header("Coder-Session-Token", &session),
        Message::request("GET", &format!("/{token}")),
        Message::request("GET", &format!("/api/v2/resources/{token}/{token}"))
            .with_header("Coder-Session-Token", &session),
        Message::request("POST", "/api/v2/users/login")
            .with_json(&json!({"email": "owner@example.com", "password": weak})),
        Message::request("POST", "/api/v2/users/first")
            .with_json(&json!({"email": "second@example.com", "username": "second", "password": weak})),
        Message::request("GET", "/api/v2/users/me/keys/tokens").with_header("Coder-Session-Token", &session),
        Message::request("POST", "/api/v2/users/logout").with_header("Coder-Session-Token", &session),
    ];
    for request in requests {
        let answer = request.send(&server.address).unwrap();
        secrets.assert_absent("an answer", format!("{answer:?}").as_bytes());
    }

    // The command line prints a token when it is minted, and stores a session; nothing else.
    let home = Home::signed_in(&server, &token);
    for arguments in [
        &["whoami"][..],
        &["tokens", "list", "-o", "json"],
        &["tokens", "view", "ci"],
        &["--verbose", "tokens", "list"],
        &["--token", &wrong, "whoami"],
        &["tokens", "remove", &token],
    ] {
        let ran = home.run(arguments);
        secrets.assert_absent(&format!("the output of {arguments:?}"), (ran.stdout + &ran.stderr).as_bytes());
    }

    for file in files(&server.data_dir()) {
        secrets.assert_absent(&format!("{}", file.display()), &fs::read(&file).unwrap());
    }
    let (log, data) = server.stop();
    assert!(log.contains("/api/v2/users/{user}/keys/{keyid}"), "the log says what happened");
    assert!(log.contains("tokens in the query string are accepted"), "and what makes keys easier to lose");
    secrets.assert_absent("the log", log.as_bytes());
    for file in files(&data.path().join("data")) {
        secrets.assert_absent(&format!("{}, afterwards", file.display()), &fs::read(&file).unwrap());
    }
}

//! Warnings of a server reach the person on standard error, and not the scripts that read standard output.
use std::{
    io::BufReader,
    net::TcpListener,
    sync::{Arc, Mutex},
    thread,
};

use serde_json::json;

use crate::{
    http::Message,
    program::{Home, Server},
};

/// A server of this version with a warning; it answers two paths, and keeps the requests.
fn server_of_version(version: &'static str) -> (String, Arc<Mutex<Vec<Message>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let request = Message::read(&mut BufReader::new(stream.try_clone().unwrap()), false).unwrap();
            let body = if request.word(1).ends_with("/buildinfo") { BUILD_INFO } else { SCOPES };
            log.lock().unwrap().push(request);
            let answer = Message { start: "HTTP/1.1 200 OK".to_owned(), body: body.into(), ..Message::default() }
                .with_header("Content-Type", "application/json")
                .with_header("X-Coder-Build-Version", version)
                .with_header("X-Coder-Entitlements-Warning", "the disk is nearly full");
            answer.write_answer(&mut stream).unwrap();
        }
    });
    (url, seen)
}

const SCOPES: &str = r#"{"external": ["workspace:read"]}"#;
const BUILD_INFO: &str = r#"{"external_url": "", "version": "", "dashboard_url": "", "telemetry": false,
    "workspace_proxy": false, "agent_api_version": "", "provisioner_api_version": "",
    "upgrade_message": "Ask Amy for the new program.", "deployment_id": "00000000-0000-0000-0000-000000000000"}"#;

#[test]
fn a_server_of_another_version_is_mentioned_with_its_advice() {
    let (url, seen) = server_of_version("v2.33.1-rc.1");
    let ran = Home::new().run(&["--url", &url, "--token", "secret", "scopes"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), "workspace:read\n"));
    let ours = concat!("v2.34.0+keyfob.", env!("CARGO_PKG_VERSION"));
    assert_eq!(
        ran.stderr,
        format!(
            "The server runs a development version (v2.33.1-rc.1).\n\
             Version mismatch: this is {ours}, the server is v2.33.1-rc.1.\n\
             Ask Amy for the new program.\nthe disk is nearly full\n"
        )
    );
    let requests = seen.lock().unwrap();
    let paths: Vec<_> = requests.iter().map(|request| request.word(1)).collect();
    assert_eq!(paths, ["/api/v2/auth/scopes", "/api/v2/buildinfo"]);
    assert_eq!(requests[1].header("Coder-Session-Token"), None, "advice needs no key");
}

#[test]
fn warnings_can_be_switched_off() {
    let (url, seen) = server_of_version("v2.33.0");
    let ran = Home::new().run(&["--url", &url, "scopes", "--no-version-warning", "--no-feature-warning"]);
    assert_eq!(ran.stderr, "");
    assert_eq!(seen.lock().unwrap().len(), 1);
}

#[test]
fn a_server_of_the_same_version_is_not_mentioned() {
    let (server, session) = Server::with_owner();
    assert_eq!(Home::signed_in(&server, &session).run(&["scopes"]).stderr, "");
}

#[test]
fn the_agent_is_the_whole_command_without_its_arguments() {
    let (url, seen) = server_of_version("v2.34.0");
    let _no_token = Home::new().run(&["--url", &url, "token", "rm", "ci"]);
    let requests = seen.lock().unwrap();
    let agent = requests[0].header("User-Agent").unwrap();
    let expected = concat!("keyfob-cli/", env!("CARGO_PKG_VERSION"), " (");
    assert!(agent.starts_with(expected) && agent.ends_with("; keyfob tokens remove)"), "{agent}");
    assert_eq!(requests[0].header("Coder-CLI-Telemetry"), None);
}

/// A server says when a key expires soon; so do the commands.
#[test]
fn the_near_expiry_of_the_key_in_use_is_printed() {
    let (server, session) = Server::with_owner();
    let home = Home::signed_in(&server, &session);
    let quiet = home.run(&["whoami", "-o", "table", "-c", "username"]);
    assert_eq!(quiet.stderr, "", "a new key");
    let key = server.post(Some(&session), "/api/v2/users/me/keys/tokens", &json!({"lifetime": 1_000_000_000_000_u64}));
    let key = key.json().unwrap()["key"].as_str().unwrap().to_owned();
    let url = answering_with(&server.address, "X-Keyfob-Expires-In", "7201");
    let ran = home.run(&["--url", &url, "--token", &key, "scopes"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), "The key in use expires in 2 hours.\n"));
}

/// Passes requests on to a server, and adds a header to its answers.
fn answering_with(server: &str, name: &'static str, value: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = server.to_owned();
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let request = Message::read(&mut BufReader::new(stream.try_clone().unwrap()), false).unwrap();
            let answer = request.send(&server).unwrap().with_header(name, value);
            answer.write_answer(&mut stream).unwrap();
        }
    });
    url
}

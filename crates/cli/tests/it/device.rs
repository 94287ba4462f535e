//! `keyfob login --device`, approved over HTTP as a browser would.
use std::{
    io::{BufRead as _, BufReader, Read as _},
    process::{Child, Stdio},
};

use keyfob_testkit::form_token;

use crate::{
    http::Message,
    program::{Home, Server, keyfob},
};

/// A command that waits to be approved.
struct Waiting {
    process: Child,
    output: BufReader<std::process::ChildStdout>,
    code: String,
}

impl Waiting {
    fn start(home: &Home, arguments: &[&str]) -> Self {
        let mut command = keyfob(home.path());
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        let mut said = String::new();
        let code = loop {
            let mut line = String::new();
            assert_ne!(output.read_line(&mut line).unwrap(), 0, "it ended after {said}");
            said += &line;
            let word = line.trim();
            if word.len() == 9 && word.as_bytes()[4] == b'-' {
                break word.to_owned();
            }
        };
        Self { process, output, code }
    }

    /// Submits this answer on the page, with this session.
    fn answer(&self, server: &Server, session: &str, answer: &str) {
        let cookie = format!("coder_session_token={session}");
        let shown = Message::request("GET", &format!("/device?code={}", self.code)).with_header("Cookie", &cookie);
        let proof = form_token(&shown.send(&server.address).unwrap().text());
        let form = form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("csrf_token", proof.as_str()), ("code", &self.code), ("answer", answer)])
            .finish();
        let mut request = Message::request("POST", "/device")
            .with_header("Cookie", &cookie)
            .with_header("Content-Type", "application/x-www-form-urlencoded");
        request.body = form.into_bytes();
        let page = request.send(&server.address).unwrap();
        assert_eq!(page.status(), 200, "{}", page.text());
    }

    /// Waits for the exit code and the rest of the output.
    fn end(mut self) -> (Option<i32>, String, String) {
        let mut stdout = String::new();
        self.output.read_to_string(&mut stdout).unwrap();
        let mut stderr = String::new();
        self.process.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        (self.process.wait().unwrap().code(), stdout, stderr)
    }
}

#[test]
fn a_machine_without_a_browser_is_signed_in() {
    let (server, session) = Server::with_owner();
    let home = Home::new();
    let waiting = Waiting::start(&home, &["login", "--device", &server.url(), "--scope", "user:read,workspace:read"]);
    waiting.answer(&server, &session, "approve");
    let code = waiting.code.clone();
    let (exit, stdout, stderr) = waiting.end();
    assert_eq!(exit, Some(0), "{stderr}");
    assert!(stdout.ends_with("Welcome to Keyfob, owner! You're authenticated.\n"), "{stdout}");
    assert!(stderr.contains(&format!("{}/device?code={code}", server.url())), "{stderr}");
    let stored = home.stored("session").unwrap();
    assert!(![stdout, stderr].concat().contains(&stored));
    let ran = home.run(&["tokens", "create"]);
    assert!(ran.stderr.contains("the key's scopes lack api_key:create"), "{}", ran.stderr);
}

#[test]
fn a_denied_sign_in_is_an_error() {
    let (server, session) = Server::with_owner();
    let home = Home::new();
    let waiting = Waiting::start(&home, &["login", "--device", &server.url()]);
    waiting.answer(&server, &session, "deny");
    let (exit, _, stderr) = waiting.end();
    assert_eq!(exit, Some(1));
    assert!(stderr.ends_with("error: the sign-in was not approved: The user denied the request.\n"), "{stderr}");
    assert_eq!(home.stored("session"), None);
}

#[test]
fn options_that_do_not_go_with_device_are_named() {
    let (server, session) = Server::with_owner();
    let home = Home::new();
    let url = server.url();
    for (arguments, words) in [
        (&["login", &url, "--scope", "workspace:read"][..], "--scope and --allow need --device"),
        (&["login", "--device", &url, "--token", &session], "--token and --device cannot be used together"),
        (&["login", "--device", &url, "--scope", "nope"], "invalid or unsupported API key scope: \"nope\""),
        (&["login", "--device", &Server::start().url()], "without --device first"),
    ] {
        let ran = home.run(arguments);
        assert_eq!(ran.code, Some(1), "{arguments:?}");
        assert!(ran.stderr.contains(words), "{}", ran.stderr);
    }
}

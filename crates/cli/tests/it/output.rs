//! Standard output that takes nothing, and readers that have gone. A secret that is shown once is left to nobody.
#![cfg(unix)]
use std::{
    fs::File,
    io,
    path::Path,
    process::{Command, Stdio},
};

use serde_json::Value;

use crate::{
    http::Message,
    program::{Home, PASSWORD, Ran, Server, config_dir, keyfob, run},
};

/// What a disk does that is full.
fn full() -> Stdio {
    File::options().write(true).open("/dev/full").unwrap().into()
}

/// A pipe whose reader has gone.
fn closed() -> Stdio {
    let (reader, writer) = io::pipe().unwrap();
    drop(reader);
    writer.into()
}

/// Runs a command to its end; its standard error comes back.
fn run_to(home: &Path, arguments: &[&str], stdout: Stdio) -> (Option<i32>, String) {
    let output = keyfob(home).args(arguments).stdin(Stdio::null()).stdout(stdout).output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

/// Runs a command by a shell, which closes one of its streams.
fn run_without(stream: &str, home: &Path, arguments: &[&str]) -> Ran {
    let program = keyfob(home);
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", &format!("exec \"$0\" \"$@\" {stream}>&-")]).arg(program.get_program()).args(arguments);
    shell.env_clear().envs(program.get_envs().filter_map(|(name, value)| Some((name, value?)))).current_dir(home);
    run(&mut shell, "")
}

fn owner() -> (Server, Home, String) {
    let (server, session) = Server::with_owner();
    let home = Home::signed_in(&server, &session);
    (server, home, session)
}

fn tokens(home: &Home, more: &[&str]) -> Vec<Value> {
    let Ran { stdout, stderr, .. } = home.run(&[&["tokens", "list", "-o", "json"], more].concat());
    serde_json::from_str(&stdout).unwrap_or_else(|_| panic!("{stderr}"))
}

fn sessions(server: &Server, key: &str) -> usize {
    let request = Message::request("GET", "/api/v2/users/me/sessions").with_header("Coder-Session-Token", key);
    request.send(&server.address).unwrap().json().unwrap().as_array().unwrap().len()
}

/// Commands that print something, without the files that they need.
const PRINTING: [&[&str]; 25] = [
    &["--help"],
    &["--version"],
    &["help", "tokens"],
    &["version"],
    &["version", "-o", "json"],
    &["completion", "bash"],
    &["whoami", "--debug-options"],
    &["whoami"],
    &["whoami", "-o", "table"],
    &["whoami", "-o", "json"],
    &["login", "token"],
    &["scopes"],
    &["scopes", "-o", "json"],
    &["authcheck", "workspace:read", "--owner", "me"],
    &["authcheck", "workspace:read", "--explain"],
    &["users", "list"],
    &["users", "show", "me"],
    &["users", "notices"],
    &["organizations", "list"],
    &["organizations", "show"],
    &["organizations", "show", "--only-id"],
    &["groups", "show", "Everyone"],
    &["roles", "list", "-o", "json"],
    &["audit", "list"],
    &["audit", "head"],
];

#[test]
fn a_result_that_cannot_be_written_is_an_error() {
    let (server, home, _session) = owner();
    let database = server.data_dir().join("keyfob.db");
    let database = database.to_str().unwrap();
    let files = [&["audit", "verify", database][..], &["audit", "export", database]];
    for arguments in PRINTING.into_iter().chain(files) {
        let (code, said) = run_to(home.path(), arguments, full());
        // 1 is an answer of `authcheck`.
        let failed = if arguments[0] == "authcheck" { Some(2) } else { Some(1) };
        assert_eq!(code, failed, "{arguments:?}: {said}");
        assert!(said.contains("cannot write to standard output: No space left on device"), "{arguments:?}: {said}");
        // The standard library takes this for written.
        let read_only = File::open("/dev/null").unwrap();
        let (code, said) = run_to(home.path(), arguments, read_only.into());
        assert!(code == failed && said.contains("cannot write to standard output"), "{arguments:?}: {said}");
    }
}

#[test]
fn a_reader_that_has_gone_is_no_error() {
    let (server, home, _session) = owner();
    let database = server.data_dir().join("keyfob.db");
    let files = [&["audit", "export", database.to_str().unwrap()][..]];
    for arguments in PRINTING.into_iter().filter(|arguments| arguments != &["login", "token"]).chain(files) {
        assert_eq!(run_to(home.path(), arguments, closed()), (Some(0), String::new()), "{arguments:?}");
    }
    // What scripts read from the exit code stays what it is.
    let narrow = home.run(&["tokens", "create", "--scope", "template:read"]).stdout;
    let refused = ["--token", narrow.trim(), "authcheck", "workspace:read"];
    assert_eq!(run_to(home.path(), &refused, closed()).0, Some(1));
}

#[test]
fn no_token_is_minted_that_cannot_be_printed() {
    let (_server, home, _session) = owner();
    for takes_nothing in [full(), File::open("/dev/null").unwrap().into()] {
        let (code, said) = run_to(home.path(), &["tokens", "create", "--name", "ci"], takes_nothing);
        assert!(code == Some(1) && said.contains("cannot write to standard output"), "{said}");
    }
    assert_eq!(tokens(&home, &["--include-expired"]), Vec::<Value>::new());
}

/// The standard library has something in its place that takes everything.
#[test]
fn no_secret_is_made_for_a_stream_that_is_closed() {
    let (_server, home, _session) = owner();
    let ran = run_without("1", home.path(), &["tokens", "create", "--name", "ci"]);
    assert!(ran.code == Some(1) && ran.stderr.contains("cannot write to standard output: it is closed"), "{ran:?}");
    assert_eq!(tokens(&home, &["--include-expired"]), Vec::<Value>::new());
    let amy = ["users", "create", "--username", "amy", "--email", "amy@example.com"];
    assert_eq!(run_without("2", home.path(), &amy).code, Some(1));
    assert_eq!(home.run(&["users", "show", "amy"]).code, Some(1));
    // A password that the caller knows is not lost.
    assert_eq!(run_without("2", home.path(), &[&amy[..], &["--password", PASSWORD]].concat()).code, Some(0));
    // Whoever discards the token means it.
    assert_eq!(run_to(home.path(), &["tokens", "create"], Stdio::null()).0, Some(0));
}

/// Also one that may do nothing else: every key may end itself.
#[test]
fn a_token_that_was_not_printed_is_expired() {
    let (_server, home, _session) = owner();
    for scopes in ["coder:all", "api_key:create", "template:read"] {
        let create = ["tokens", "create", "--name", scopes, "--scope", scopes];
        let (code, said) = run_to(home.path(), &create, closed());
        assert_eq!(code, Some(1), "{said}");
        let words = "the token could not be printed, and has been expired: cannot write to standard output";
        assert!(said.contains(words), "{said}");
        assert_eq!(tokens(&home, &[]), Vec::<Value>::new());
    }
    assert_eq!(tokens(&home, &["--include-expired"]).len(), 3);
}

#[test]
fn no_user_is_made_whose_password_cannot_be_printed() {
    let (_server, home, _session) = owner();
    let mut command = keyfob(home.path());
    command.args(["users", "create", "--username", "amy", "--email", "amy@example.com"]).stdin(Stdio::null());
    let status = command.stdout(Stdio::null()).stderr(full()).status().unwrap();
    assert_eq!(status.code(), Some(1));
    assert_eq!(home.run(&["users", "show", "amy"]).code, Some(1));
}

/// Neither one that is made from a token, nor one for a new server.
#[test]
fn no_session_is_left_that_could_not_be_stored() {
    let (server, session) = Server::with_owner();
    let login = ["login", &server.url(), "--token", &session];
    let home = Home::new();
    std::fs::write(config_dir(home.path()), "no folder").unwrap();
    let ran = home.run(&login);
    assert!(ran.code == Some(1) && ran.stderr.contains("make the folder"), "{}", ran.stderr);
    // A folder that looks good until something is to be stored in it.
    let home = Home::new();
    std::fs::create_dir_all(config_dir(home.path()).join("session/in-the-way")).unwrap();
    let ran = home.run(&login);
    assert!(ran.code == Some(1) && ran.stderr.contains("remove the old session"), "{}", ran.stderr);
    assert_eq!(sessions(&server, &session), 1);

    let server = Server::start();
    let first = ["login", &server.url(), "--first-user-username", "amy", "--first-user-email", "amy@example.com"];
    let ran = home.run(&[&first[..], &["--first-user-password", PASSWORD]].concat());
    assert!(ran.code == Some(1) && ran.stderr.contains("remove the old session"), "{}", ran.stderr);
    let login = serde_json::json!({"email": "amy@example.com", "password": PASSWORD});
    let answer = server.post(None, "/api/v2/users/login", &login).json().unwrap();
    assert_eq!(sessions(&server, answer["session_token"].as_str().unwrap()), 1);
}

/// It serves all the same, and says at its end that this failed.
#[test]
fn a_server_that_cannot_print_its_address_serves_and_ends_with_an_error() {
    let home = Home::new();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut command = keyfob(home.path());
    command.args(["server", "--http-address", &port.to_string(), "--data-dir", "data"]);
    let mut server = command.stdin(Stdio::null()).stdout(full()).stderr(Stdio::piped()).spawn().unwrap();
    let healthy =
        || Message::request("GET", "/healthz").send(&port.to_string()).is_ok_and(|answer| answer.status() == 200);
    while !healthy() {
        assert!(server.try_wait().unwrap().is_none(), "the server ended");
    }
    assert!(run(std::process::Command::new("kill").arg(server.id().to_string()), "").code == Some(0));
    let output = server.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("the address of the server was not printed"), "{said}");
    assert!(said.ends_with("cannot write to standard output: No space left on device (os error 28)\n"), "{said}");
}

//! Users without a home folder, as containers and services have them.
#![cfg(unix)]
use std::{os::unix::process::CommandExt as _, process::Stdio};

use crate::program::{Home, Ran, Server, keyfob, run};

/// The home folder of service users; nothing can be below it.
const NO_HOME: &str = "/dev/null";

fn run_without_home(environment: &[(&str, &str)], arguments: &[&str]) -> Ran {
    let home = Home::new();
    let mut command = keyfob(home.path());
    command.env_remove("KEYFOB_CONFIG_DIR").env("HOME", NO_HOME).envs(environment.iter().copied()).args(arguments);
    run(&mut command, "")
}

#[test]
fn commands_that_store_nothing_need_no_home_folder() {
    let (server, session) = Server::with_owner();
    let (url, token) = (("KEYFOB_URL", &*server.url()), ("KEYFOB_SESSION_TOKEN", &*session));
    let cases: [(&[(&str, &str)], &[&str]); 6] = [
        (&[], &["version"]),
        (&[], &["completion", "bash"]),
        (&[url], &["scopes"]),
        (&[url, token], &["scopes"]),
        (&[url, token], &["whoami"]),
        (&[url, token], &["tokens", "create", "--lifetime", "1h"]),
    ];
    for (environment, arguments) in cases {
        let ran = run_without_home(environment, arguments);
        assert_eq!(ran.code, Some(0), "{arguments:?}: {}", ran.stderr);
    }
    let ran = run_without_home(&[], &["whoami"]);
    assert!(ran.stderr.ends_with("Try logging in using 'keyfob login <url>'.\n"), "{}", ran.stderr);
    let ran = run_without_home(&[url, token], &["logout", "-y"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
}

#[test]
fn a_server_with_a_data_folder_needs_no_home_folder() {
    let server = Server::start_in(&[("HOME", NO_HOME), ("KEYFOB_CONFIG_DIR", "")], &[]);
    let (_log, data) = server.stop();
    let folder = data.path().join("data");
    let host = ["server", "--data-dir", folder.to_str().unwrap(), "reset-password", "nobody"];
    let ran = run_without_home(&[], &host);
    assert!(!ran.stderr.contains("home folder"), "{}", ran.stderr);
}

/// A user id that has no name, as in containers. Only root can become one.
#[test]
fn a_user_without_a_name_is_told_where_something_could_be_stored() {
    const NAMELESS: u32 = 12_345;
    let server = Server::start();
    let mut command = keyfob(std::path::Path::new("/"));
    command.env_clear().current_dir("/").uid(NAMELESS).gid(NAMELESS).stdin(Stdio::null());
    let Ok(version) = command.arg("version").output() else {
        eprintln!("skipped: only root can become another user, who must reach the program");
        return;
    };
    assert!(version.status.success(), "{}", String::from_utf8_lossy(&version.stderr));
    let mut command = keyfob(std::path::Path::new("/"));
    command.env_clear().current_dir("/").uid(NAMELESS).gid(NAMELESS);
    let ran = run(command.args(["login", &server.url()]), "");
    assert!(ran.stderr.contains("there is no home folder: name a folder with --global-config"), "{}", ran.stderr);
    let mut command = keyfob(std::path::Path::new("/"));
    command.env_clear().current_dir("/").uid(NAMELESS).gid(NAMELESS);
    let ran = run(command.args(["server", "--http-address", "127.0.0.1:0"]), "");
    assert!(ran.stderr.contains("name one with --data-dir"), "{}", ran.stderr);
}

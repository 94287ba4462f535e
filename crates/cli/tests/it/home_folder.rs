//! Users without a home folder, as containers and services have them.
#![cfg(unix)]
use std::{
    io::{BufRead as _, BufReader},
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Command, Stdio},
};

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
    for (environment, arguments) in [
        (&[][..], &["version"][..]),
        (&[], &["completion", "bash"]),
        (&[url], &["scopes"]),
        (&[url, token], &["scopes"]),
        (&[url, token], &["whoami"]),
        (&[url, token], &["tokens", "create", "--lifetime", "1h"]),
    ] {
        let ran = run_without_home(environment, arguments);
        assert_eq!(ran.code, Some(0), "{arguments:?}: {}", ran.stderr);
    }
    let ran = run_without_home(&[], &["whoami"]);
    assert!(ran.stderr.ends_with("Try logging in using 'keyfob login <url>'.\n"), "{}", ran.stderr);
    let ran = run_without_home(&[url, token], &["logout", "-y"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
}

/// A user id that has no name, as in containers.
const NAMELESS: u32 = 12_345;

fn nameless() -> Command {
    let mut command = keyfob(Path::new("/"));
    command.env_clear().current_dir("/").uid(NAMELESS).gid(NAMELESS);
    command
}

/// Only root can become somebody without a name.
#[test]
fn a_user_without_a_name_is_told_where_something_could_be_stored() {
    let Ok(version) = nameless().arg("version").stdin(Stdio::null()).output() else {
        eprintln!("skipped: only root can become another user, who must reach the program");
        return;
    };
    assert!(version.status.success(), "{}", String::from_utf8_lossy(&version.stderr));
    let other = Server::start();
    let ran = run(nameless().args(["login", &other.url()]), "");
    assert!(ran.stderr.contains("there is no home folder: name a folder with --global-config"), "{}", ran.stderr);
    let server = ["server", "--http-address", "127.0.0.1:0"];
    let ran = run(nameless().args(server), "");
    assert!(ran.stderr.contains("name one with --data-dir"), "{}", ran.stderr);

    let data = tempfile::tempdir().unwrap();
    std::os::unix::fs::chown(data.path(), Some(NAMELESS), Some(NAMELESS)).unwrap();
    let mut server = nameless().args(server).arg("--data-dir").arg(data.path()).stdout(Stdio::piped()).spawn().unwrap();
    let mut greeting = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut greeting).unwrap();
    server.kill().unwrap();
    server.wait().unwrap();
    assert!(greeting.contains("is running at"), "{greeting}");
}

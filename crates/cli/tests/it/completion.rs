//! Completion in real shells: of commands and options, and of what the server knows.
use std::{path::Path, process::Command};

use crate::program::{Home, PASSWORD, Ran, Server, keyfob, run};

/// A server with something to complete, and a home signed in to it.
fn deployment() -> (Server, Home) {
    let (server, session) = Server::with_owner();
    let home = Home::signed_in(&server, &session);
    for line in [
        vec!["users", "create", "-u", "amy", "-e", "amy@example.com", "-n", "N", "-p", PASSWORD],
        vec!["resources", "create", "workspace:dev"],
        vec!["resources", "create", "workspace:design"],
        vec!["tokens", "create", "-n", "nightly", "--scope", "workspace:read"],
        vec!["tokens", "create", "-n", "deploy", "--user", "amy", "--scope", "workspace:read"],
        vec!["organizations", "create", "acme", "-y"],
    ] {
        let ran = home.run(&line);
        assert_eq!(ran.code, Some(0), "{line:?}: {}", ran.stderr);
    }
    (server, home)
}

/// Lines, and what the last word of each can be: all of it, with the first where there are many.
const LINES: [(&str, &[&str]); 14] = [
    ("keyfob tok", &["tokens"]),
    ("keyfob tokens v", &["view"]),
    ("keyfob tokens create --lif", &["--lifetime"]),
    ("keyfob tokens view n", &["nightly"]),
    ("keyfob tokens view --user amy d", &["deploy"]),
    ("keyfob tokens create --scope coder:apik", &["coder:apikeys.manage_self"]),
    ("keyfob tokens create --scope workspace:read,coder:apik", &["workspace:read,coder:apikeys.manage_self"]),
    ("keyfob tokens create --allow workspace:de", &["workspace:design", "workspace:dev"]),
    ("keyfob tokens create --user am", &["amy"]),
    ("keyfob authcheck workspace:ss", &["workspace:ssh"]),
    ("keyfob authcheck workspace:read@dev workspace:ssh@des", &["workspace:ssh@design"]),
    ("keyfob resources show workspace:des", &["workspace:design"]),
    ("keyfob organizations members list --org ac", &["acme"]),
    ("keyfob users list -o j", &["json"]),
];

/// Runs a script in a shell in which the program is found.
fn shell(home: &Home, program: &str, arguments: &[&str]) -> Ran {
    let own = keyfob(home.path());
    let folder = Path::new(env!("CARGO_BIN_EXE_keyfob")).parent().unwrap();
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    let mut command = Command::new(program);
    command.env_clear().envs(own.get_envs().filter_map(|(name, value)| Some((name, value?)))).env("PATH", path);
    run(command.args(arguments).current_dir(home.path()), "")
}

fn lines(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect();
    lines.sort();
    lines
}

/// Bash replaces what comes behind the last `:`, `=` or `@` of the word.
fn behind_breaks(typed: &str, whole: &str) -> String {
    let word = typed.rsplit(' ').next().unwrap();
    whole[word.rfind([':', '=', '@']).map_or(0, |at| at + 1)..].to_owned()
}

fn completed_by_bash(home: &Home, line: &str) -> Vec<String> {
    let script = "source <(keyfob completion bash); COMP_LINE=$1; COMP_POINT=${#1}; _keyfob 2>/dev/null; \
                  printf '%s\\n' \"${COMPREPLY[@]}\"";
    lines(&shell(home, "bash", &["--norc", "-c", script, "bash", line]).stdout)
}

#[test]
fn names_of_the_server_are_completed_in_bash() {
    let (_server, home) = deployment();
    for (line, wanted) in LINES {
        let wanted: Vec<String> = wanted.iter().map(|whole| behind_breaks(line, whole)).collect();
        assert_eq!(completed_by_bash(&home, line), wanted, "{line}");
    }
    let registered = shell(&home, "bash", &["--norc", "-c", "source <(keyfob completion bash); complete -p keyfob"]);
    assert!(registered.stdout.contains("-F _keyfob"), "{}{}", registered.stdout, registered.stderr);
}

/// A candidate is a text, not a pattern, and no name becomes an option.
#[test]
fn candidates_in_bash_are_neither_patterns_nor_options() {
    let (_server, home) = deployment();
    std::fs::write(home.path().join("a file"), "").unwrap();
    assert_eq!(completed_by_bash(&home, "keyfob tokens create --allow workspace:"), ["*", "design", "dev"]);
    for name in ["-x", "--all"] {
        let ran = home.run(&["tokens", "create", &format!("--name={name}"), "--scope", "workspace:read"]);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    }
    assert_eq!(completed_by_bash(&home, "keyfob tokens view "), ["nightly"]);
    assert_eq!(completed_by_bash(&home, "keyfob tokens view --user=am"), ["amy"]);
}

#[test]
fn names_of_the_server_are_completed_in_zsh() {
    let (_server, home) = deployment();
    let script = "autoload -Uz compinit; compinit -D -u; source <(keyfob completion zsh); _files() { :; }\n\
                  compadd() { while [[ $1 != -- ]]; do shift; done; shift; print -rl -- \"$@\"; }\n\
                  words=(\"${(@s: :)1}\"); CURRENT=$#words; _keyfob";
    for (line, wanted) in LINES {
        let ran = shell(&home, "zsh", &["-f", "-c", script, "zsh", line]);
        assert_eq!(lines(&ran.stdout), *wanted, "{line}: {}", ran.stderr);
    }
}

#[test]
fn names_of_the_server_are_completed_in_fish() {
    let (_server, home) = deployment();
    for (line, wanted) in LINES {
        let script = format!("keyfob completion fish | source; complete -C '{line}'");
        let ran = shell(&home, "fish", &["--no-config", "-c", &script]);
        // Fish completes the last value of a list only where it takes the list apart.
        let got: Vec<String> =
            lines(&ran.stdout).iter().map(|line| line.split('\t').next().unwrap().to_owned()).collect();
        assert_eq!(got, *wanted, "{line}: {}", ran.stderr);
    }
}

/// Quietly fewer candidates: the commands, the options, and the scopes that every server has.
#[test]
fn without_a_server_what_the_program_knows_is_completed() {
    let home = Home::new();
    for more in [&[][..], &["--url", "http://127.0.0.1:1", "--token", "x"]] {
        let complete = |words: &[&str]| {
            let ran = home.run(&[&["complete", "fish", "--", "keyfob"], more, words].concat());
            assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{words:?}");
            ran.stdout
        };
        assert_eq!(complete(&["tokens", "vi"]), "view\n");
        assert_eq!(complete(&["tokens", "view", ""]), "");
        assert_eq!(complete(&["tokens", "create", "--scope", "workspace:ss"]), "workspace:ssh\n");
        assert_eq!(complete(&["nope", "nope", "nope"]), "");
        assert!(complete(&[""]).contains("authcheck\n"));
        assert!(!complete(&[""]).contains("complete\n"), "a hidden command is not offered");
    }
}

#[test]
fn the_scripts_are_small() {
    for (shell, most) in [("bash", 10), ("zsh", 15), ("fish", 15)] {
        let script = Home::new().run(&["completion", shell]).stdout;
        assert!(script.lines().count() <= most, "{shell}: {}", script.lines().count());
    }
}

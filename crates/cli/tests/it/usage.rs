//! Command lines that need no server, and those that cannot be understood.
use crate::program::{Home, keyfob, run};

#[test]
fn version_and_help_succeed() {
    let home = Home::new();
    for arguments in [&["--version"][..], &["version"], &["version", "-o", "json"], &["--help"], &["help", "tokens"]] {
        assert_eq!(home.run(arguments).code, Some(0), "{arguments:?}");
    }
}

#[test]
fn the_version_names_the_version_of_coder_it_is_compatible_with() {
    let version: serde_json::Value = serde_json::from_str(&Home::new().run(&["version", "-o", "json"]).stdout).unwrap();
    assert_eq!(version["compatible_version"], "v2.34.0");
    assert_eq!(version["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(version["server_version"], concat!("v2.34.0+keyfob.", env!("CARGO_PKG_VERSION")));
}

#[test]
fn mistakes_on_the_command_line_are_errors() {
    let home = Home::new();
    for arguments in [
        &["nope"][..],
        &["whoami", "-o", "yaml"],
        &["tokens", "list", "-c", "nope"],
        &["tokens", "create", "--nope"],
        &["tokens", "create", "--allow", "workspace"],
        &["authcheck"],
        &["authcheck", "workspace"],
        &["authcheck", "workspace:read", "--nope"],
        &["audit", "list", "-l", "0"],
        &["completion", "nope"],
    ] {
        let ran = home.run(arguments);
        // 1 is the answer no of `authcheck`.
        let failed = if arguments[0] == "authcheck" { 2 } else { 1 };
        assert_eq!(ran.code, Some(failed), "{arguments:?}");
        assert_eq!(ran.stdout, "", "{arguments:?}");
        assert!(ran.stderr.contains("error:"), "{arguments:?}: {}", ran.stderr);
    }
}

#[test]
fn a_wrong_number_of_arguments_is_counted() {
    let home = Home::new();
    let cases = [
        (&["whoami", "x", "y"][..], "keyfob whoami", "wanted 0 args but got 2 [x y]"),
        (&["tokens", "create", "extra", "--name", "n"], "keyfob tokens create", "wanted 0 args but got 1 [extra]"),
        (&["tokens", "rm"], "keyfob tokens remove", "wanted 1 args but got 0 []"),
        (&["login", "a", "b"], "keyfob login", "wanted between 0 and 1 args but got 2 [a b]"),
    ];
    for (arguments, command, problem) in cases {
        let ran = home.run(arguments);
        let words = format!("error: {problem}\nSuggestion: see '{command} --help'\n");
        assert_eq!((ran.code, ran.stderr), (Some(1), words), "{arguments:?}");
    }
}

#[test]
fn without_a_server_the_error_says_how_to_sign_in() {
    for arguments in [&["whoami"][..], &["tokens", "list"], &["logout", "-y"], &["scopes"]] {
        let ran = Home::new().run(arguments);
        assert_eq!(ran.code, Some(1));
        let words = "error: You are not logged in. Try logging in using 'keyfob login <url>'.\n";
        assert!(ran.stderr.ends_with(words), "{arguments:?}: {}", ran.stderr);
    }
}

#[test]
fn a_server_that_does_not_answer_is_an_error_without_secrets() {
    let home = Home::new();
    let token = "aaaaaaaaaa-bbbbbbbbbbbbbbbbbbbbbb";
    // Nothing listens on port 1.
    let ran = home.run(&["--url", "http://127.0.0.1:1", "--token", token, "tokens", "view", token, "-v"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("no answer from the server"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("bbbbbbbbbb"), "{}", ran.stderr);
}

#[test]
fn options_can_be_shown_with_their_sources_but_without_secrets() {
    let home = Home::new();
    let mut command = keyfob(home.path());
    command.env("CODER_SESSION_TOKEN", "secret").env("KEYFOB_TOKEN_NAME", "ci");
    let ran = run(command.args(["tokens", "create", "--lifetime", "1h", "--debug-options"]), "");
    assert_eq!(ran.code, Some(0));
    for line in [
        "--lifetime: 1h (command line)",
        "--name: ci (environment)",
        "--token: … (environment)",
        "--user: me (default)",
    ] {
        assert!(ran.stdout.lines().any(|other| other == line), "{line}: {}", ran.stdout);
    }
    assert!(!ran.stdout.contains("secret"));
}

#[test]
fn a_completion_script_names_the_commands_or_asks_for_them() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let ran = Home::new().run(&["completion", shell]);
        assert_eq!(ran.code, Some(0), "{shell}");
        // Those of the others ask the program, which knows the commands.
        let names_commands = ["powershell", "elvish"].contains(&shell);
        assert!(ran.stdout.contains(if names_commands { "authcheck" } else { "keyfob complete " }), "{shell}");
    }
}

//! Signing in and out, and the files that are stored for it.
use crate::program::{Home, PASSWORD, Ran, Server, config_dir, keyfob, run};

const FIRST_USER: [&str; 6] =
    ["--first-user-username", "owner", "--first-user-email", "owner@example.com", "--first-user-full-name", "Owner"];

fn set_up(home: &Home, server: &Server, password: &str) -> Ran {
    let url = server.url();
    home.run(&[&["login", &url][..], &FIRST_USER, &["--first-user-password", password]].concat())
}

#[test]
fn the_first_user_is_created_by_flags_and_is_signed_in() {
    let (server, home) = (Server::start(), Home::new());
    let ran = set_up(&home, &server, PASSWORD);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    let url = server.url();
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert_eq!(
        lines,
        [
            &format!("Attempting to authenticate with argument URL: '{url}'"),
            "Your Keyfob deployment hasn't been set up!",
            "Welcome to Keyfob, owner! You're authenticated.",
        ]
    );
    assert_eq!(home.stored("url"), Some(url.clone()));
    let ran = home.run(&["whoami"]);
    let words = format!("Keyfob is running at {url}, You're authenticated as owner !\nKey:         ");
    assert!(ran.stdout.starts_with(&words), "{}", ran.stdout);
    let words = " (the stored session)\nScopes:      coder:all\nAllow list:  *:*\nExpires:     in 24 hours, at ";
    assert!(ran.stdout.contains(words), "{}", ran.stdout);
    let ran = home.run(&["login", "token"]);
    assert_eq!(Some(ran.stdout.trim_end().to_owned()), home.stored("session"));
}

#[cfg(unix)]
#[test]
fn stored_files_are_readable_by_their_owner_only() {
    use std::{fs, os::unix::fs::PermissionsExt as _};
    let (server, home) = (Server::start(), Home::new());
    assert_eq!(set_up(&home, &server, PASSWORD).code, Some(0));
    let mode = |name: &str| fs::metadata(config_dir(home.path()).join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("session"), mode("url")), (0o600, 0o600));
    assert_eq!(mode("") & 0o027, 0, "the folder is closed to others");
}

#[test]
fn a_weak_first_password_is_refused_in_the_servers_words() {
    let (server, home) = (Server::start(), Home::new());
    let ran = set_up(&home, &server, "password");
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.stderr.starts_with("error: cannot create the first user: Password is invalid: password: "),
        "{}",
        ran.stderr
    );
    assert_eq!(home.stored("session"), None);
}

#[test]
fn the_first_user_can_be_created_by_answers() {
    let (server, home) = (Server::start(), Home::new());
    let answers = format!("yes\nowner\n\nowner@example.com\n{PASSWORD}\nother\n{PASSWORD}\n{PASSWORD}\n");
    let ran = home.run_with(&["login", &server.url(), "--force-tty", "--no-open"], &answers);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stderr.contains("Would you like to create the first user? (yes/no)"), "{}", ran.stderr);
    assert!(ran.stderr.contains("Passwords do not match"), "{}", ran.stderr);
    assert!(!ran.stderr.contains(PASSWORD));
    assert!(ran.stdout.ends_with("Welcome to Keyfob, owner! You're authenticated.\n"), "{}", ran.stdout);
}

#[test]
fn without_a_terminal_the_first_user_takes_flags() {
    let (server, home) = (Server::start(), Home::new());
    let ran = home.run(&["login", &server.url()]);
    assert_eq!(ran.code, Some(1));
    let words = "the initial user cannot be created in non-interactive mode. use the API";
    assert!(ran.stderr.contains(words), "{}", ran.stderr);
}

#[test]
fn a_token_can_be_pasted_after_a_bad_one() {
    let (server, session) = Server::with_owner();
    let home = Home::new();
    let ran = home.run_with(&["login", &server.url()], &format!("nonsense\n{session}\n"));
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stdout.contains(&format!("Open the following in your browser:\n\n\t{}/cli-auth\n", server.url())));
    assert!(ran.stderr.contains("That's not a valid token!"));
    assert!(!ran.stderr.contains(&session));
    assert_eq!(home.stored("session"), Some(session));
}

#[test]
fn a_token_in_the_environment_is_not_stored_without_a_flag() {
    let (server, session) = Server::with_owner();
    for variable in ["KEYFOB_SESSION_TOKEN", "CODER_SESSION_TOKEN"] {
        let home = Home::new();
        let ran = run(keyfob(home.path()).args(["login", &server.url()]).env(variable, &session), "");
        assert_eq!(ran.code, Some(1));
        let words = format!(
            "error: {variable} is set. This environment variable takes precedence over any session token stored on disk."
        );
        assert!(ran.stderr.contains(&words), "{}", ran.stderr);
        assert_eq!(home.stored("session"), None);
    }
}

/// On a terminal, with a browser; in a job, or where nobody wants it, only the URL is printed.
#[cfg(unix)]
#[test]
fn a_browser_opens_the_page_with_the_token() {
    use std::os::unix::fs::PermissionsExt as _;
    let (server, session) = Server::with_owner();
    let home = Home::new();
    let (script, visited) = (home.path().join("browser"), home.path().join("visited"));
    // The reader of a named pipe waits for the browser.
    assert!(std::process::Command::new("mkfifo").arg(&visited).status().unwrap().success());
    std::fs::write(&script, format!("#!/bin/sh\necho \"$1\" > '{}'\n", visited.display())).unwrap();
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o700)).unwrap();
    let login = |more: &[(&str, &str)]| {
        let mut command = keyfob(home.path());
        command.args(["login", &server.url(), "--force-tty"]).env("PATH", std::env::var_os("PATH").unwrap());
        let ran = run(command.env("BROWSER", &script).envs(more.iter().copied()), &format!("{session}\n"));
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        ran.stdout
    };
    let page = format!("{}/cli-auth", server.url());
    for quiet in [("CI", "true"), ("KEYFOB_NO_OPEN", "true")] {
        let words = format!("Open the following in your browser:\n\n\t{page}\n");
        assert!(login(&[quiet]).contains(&words), "{quiet:?}");
    }
    let reader = std::thread::spawn(move || std::fs::read_to_string(visited).unwrap());
    assert!(login(&[]).contains(&format!("Your browser has been opened to visit:\n\n\t{page}\n")));
    assert_eq!(reader.join().unwrap(), format!("{page}\n"));
}

#[test]
fn another_web_server_is_not_taken_for_keyfob() {
    // An ordinary web server: it answers, but with a page of its own.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut reader = std::io::BufReader::new(stream.try_clone().unwrap());
        crate::http::Message::read(&mut reader, false).unwrap();
        let page = crate::http::Message { start: "HTTP/1.1 404 Not Found".to_owned(), ..Default::default() };
        page.write_answer(&mut stream).unwrap();
    });
    let ran = Home::new().run(&["login", &url]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("is the URL right"), "{}", ran.stderr);
    assert!(ran.stderr.contains("missing build version header, not a keyfob instance"), "{}", ran.stderr);
}

#[test]
fn a_stored_key_goes_to_no_server_but_its_own() {
    let (server, session) = Server::with_owner();
    let home = Home::signed_in(&server, &session);
    let other = Server::start();
    let ran = home.run(&["--url", &other.url(), "whoami"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("Suggestion: Try logging in using 'keyfob login'."), "{}", ran.stderr);
    let ran = home.run(&["--url", &other.url(), "login", "token"]);
    let words = format!("requested {} but logged into {}\n", other.url(), server.url());
    assert!(ran.stderr.ends_with(&words), "{}", ran.stderr);
}

#[test]
fn signing_out_revokes_the_session_and_removes_it() {
    let (server, session) = Server::with_owner();
    let home = Home::signed_in(&server, &session);
    let ran = home.run_with(&["logout"], "no\n");
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""));
    assert_eq!(ran.stderr.trim(), "Are you sure you want to log out? (yes/no)");
    let ran = home.run_with(&["logout"], "y\n");
    assert_eq!(ran.stdout, "You are no longer logged in. You can log in using 'keyfob login <url>'.\n");
    assert_eq!((home.stored("url"), home.stored("session")), (None, None));
    let ran = home.run(&["--url", &server.url(), "--token", &session, "whoami"]);
    assert_eq!(ran.code, Some(1), "the key is refused");
}

/// A session of somebody else, on this server or on another one, stays.
#[test]
fn signing_out_with_a_given_token_keeps_what_is_stored() {
    let (server, session) = Server::with_owner();
    let home = Home::signed_in(&server, &session);
    let token = home.run(&["tokens", "create", "--lifetime", "1h"]).stdout;
    let token = token.trim();
    let ran = home.run(&["--token", token, "logout", "-y"]);
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (Some(0), "The given token has been deleted. The session that `keyfob login` has stored stays.\n")
    );
    assert_eq!(home.run(&["--token", token, "whoami"]).code, Some(1));
    // Neither one that has gone, nor one that never was.
    for token in [token, "aaaaaaaaaa-bbbbbbbbbbbbbbbbbbbbbb"] {
        let ran = home.run(&["--token", token, "logout", "-y"]);
        let words = "The server does not accept the given token: nothing was deleted. The session that `keyfob login` has \
                     stored stays.\n";
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), words));
    }
    assert_eq!(home.run(&["whoami"]).code, Some(0));

    let (other, theirs) = Server::with_owner();
    let ran = home.run(&["--url", &other.url(), "logout", "-y"]);
    let words = format!("You are not logged in to {0}. Try logging in using 'keyfob login {0}'.\n", other.url());
    assert!(ran.code == Some(1) && ran.stderr.ends_with(&words), "{}", ran.stderr);
    let ran = home.run(&["--url", &other.url(), "--token", &theirs, "logout", "-y"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(home.run(&["whoami"]).code, Some(0));
    // The stored one, given once more, is the stored one.
    let ran = home.run(&["--token", &session, "logout", "-y"]);
    assert_eq!(ran.stdout, "You are no longer logged in. You can log in using 'keyfob login <url>'.\n");
    assert_eq!((home.stored("url"), home.stored("session")), (None, None));
    // A stored one that has gone is no longer logged in, either.
    let home = Home::signed_in(&server, &session);
    let ran = home.run(&["logout", "-y"]);
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (Some(0), "You are no longer logged in. You can log in using 'keyfob login <url>'.\n")
    );
    assert_eq!((home.stored("url"), home.stored("session")), (None, None));
}

/// As `$(cat file)` leaves none, but `docker --env-file` and others do.
#[test]
fn a_newline_at_the_end_of_a_secret_in_a_variable_is_dropped() {
    let (server, session) = Server::with_owner();
    for (name, value) in
        [("KEYFOB_SESSION_TOKEN", format!("{session}\n")), ("CODER_SESSION_TOKEN", format!("{session}\r\n"))]
    {
        let home = Home::new();
        let mut command = keyfob(home.path());
        let header = ("KEYFOB_HEADER", "X-Proxy-Key=opensesame\n");
        command.envs([(name, &*value), ("KEYFOB_URL", &server.url()), header]).arg("whoami");
        let ran = run(&mut command, "");
        assert_eq!(ran.code, Some(0), "{name}: {}", ran.stderr);
    }
    let (home, server) = (Home::new(), Server::start());
    let mut command = keyfob(home.path());
    command.env("KEYFOB_FIRST_USER_PASSWORD", format!("{PASSWORD}\n"));
    let names = ["--first-user-username", "amy", "--first-user-email", "amy@example.com"];
    assert_eq!(run(command.args(["login", &server.url()]).args(names), "").code, Some(0));
    let login = serde_json::json!({"email": "amy@example.com", "password": PASSWORD});
    assert_eq!(server.post(None, "/api/v2/users/login", &login).status(), 201);
}

/// As for a server's settings.
#[test]
fn a_variable_of_a_command_that_is_empty_sets_nothing() {
    let (server, session) = Server::with_owner();
    let home = Home::new();
    let run_without_values = |arguments: &[&str]| {
        let mut command = keyfob(home.path());
        for name in [
            "KEYFOB_CONFIG_DIR",
            "KEYFOB_URL",
            "KEYFOB_SESSION_TOKEN",
            "KEYFOB_HEADER",
            "KEYFOB_HEADER_COMMAND",
            "KEYFOB_CLIENT_TLS_CA_FILE",
            "KEYFOB_CLIENT_TLS_CERT_FILE",
            "KEYFOB_CLIENT_TLS_KEY_FILE",
            "KEYFOB_TOKEN_LIFETIME",
            "KEYFOB_TOKEN_NAME",
            "KEYFOB_TOKEN_USER",
            "KEYFOB_ORGANIZATION",
        ] {
            command.env(name, "");
        }
        let ran = run(command.args(arguments), "");
        assert_eq!(ran.code, Some(0), "{arguments:?}: {}", ran.stderr);
    };
    run_without_values(&["login", &server.url(), "--token", &session, "--use-token-as-session"]);
    for arguments in
        [&["whoami"][..], &["tokens", "create"], &["users", "create", "-u", "amy", "-e", "amy@example.com"]]
    {
        run_without_values(arguments);
    }
    run_without_values(&["server", "config", "check"]);
}

#[test]
fn an_error_is_what_failed_and_why_and_what_to_do_next() {
    let (server, session) = Server::with_owner();
    let home = Home::signed_in(&server, &session);
    let ran = home.run(&["tokens", "create", "--scope", "x", "--lifetime", "1h"]);
    assert_eq!(
        ran.stderr,
        "error: cannot create tokens: Failed to create API key. invalid or unsupported API key scope: \"x\"\nSuggestion: 'keyfob scopes' lists all \
         scopes\n"
    );
    let ran = home.run(&["tokens", "create", "--scope", "worksapce:read", "--lifetime", "1h"]);
    assert!(ran.stderr.contains("\nSuggestion: the nearest scope is workspace:read; "), "{}", ran.stderr);
    let ran = home.run(&["tokens", "create", "--lifetime", "8d"]);
    assert!(
        ran.stderr.ends_with("error: lifetime (192h0m0s) is greater than the maximum allowed lifetime (168h0m0s)\n")
    );
    let ran = home.run(&["tokens", "create", "--lifetime", "30"]);
    let words = "error: cannot parse lifetime: missing unit in duration \"30\": write 30d for days or 30h for hours\n";
    assert!(ran.stderr.ends_with(words), "{}", ran.stderr);
    let ran = home.run(&["--token", "aaaaaaaaaa-bbbbbbbbbbbbbbbbbbbbbb", "whoami", "--verbose"]);
    let words = "\nAPI request error to \"GET /api/v2/users/{user}\". Status code 401\n";
    assert!(ran.stderr.contains(words), "{}", ran.stderr);
    assert!(ran.stderr.contains("\nAPI key is invalid.\n"), "{}", ran.stderr);
}

//! Errors that help: what failed, why, and what to do next.
use serde_json::json;

use crate::{
    http::Message,
    program::{Home, PASSWORD, Ran, Server, config_dir, keyfob, run},
    proxy::Proxy,
};

fn owner() -> (Server, Home, String) {
    let (server, session) = Server::with_owner();
    let home = Home::signed_in(&server, &session);
    (server, home, session)
}

fn minted(home: &Home, arguments: &[&str]) -> String {
    let Ran { code, stdout, stderr } = home.run(&[&["tokens", "create"], arguments].concat());
    assert_eq!(code, Some(0), "{stderr}");
    stdout.trim().to_owned()
}

#[test]
fn the_real_reason_of_a_401_is_said() {
    let (server, home, _session) = owner();
    let url = server.url();
    let token = minted(&home, &["--name", "ci"]);
    assert_eq!(home.run(&["tokens", "rm", "ci"]).code, Some(0));
    let ran = home.run(&["--token", &token, "whoami"]);
    assert!(ran.stderr.starts_with("error: the key given by --token expired at 20"), "{}", ran.stderr);
    assert!(ran.stderr.contains(" UTC\nSuggestion: "), "{}", ran.stderr);
    for variable in ["KEYFOB_SESSION_TOKEN", "CODER_SESSION_TOKEN"] {
        let ran = run(keyfob(home.path()).args(["tokens", "list"]).env(variable, &token), "");
        assert!(ran.stderr.starts_with(&format!("error: the key in {variable} expired at ")), "{}", ran.stderr);
    }
    let ran = home.run(&["authcheck", "workspace:read", "--as", &token]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.starts_with("error: the key given by --as expired at "), "{}", ran.stderr);
    let stored = Home::signed_in(&server, &token);
    let ran = stored.run(&["whoami"]);
    assert!(ran.stderr.starts_with("error: the stored session expired at "), "{}", ran.stderr);
    assert!(ran.stderr.ends_with("\nSuggestion: Try logging in using 'keyfob login'.\n"), "{}", ran.stderr);

    let nobody = Home::new();
    let ran = nobody.run(&["--url", &url, "whoami"]);
    assert!(ran.stderr.starts_with(&format!("error: there is no key for {url}\nSuggestion: ")), "{}", ran.stderr);
    let other = Server::start();
    let ran = home.run(&["--url", &other.url(), "whoami"]);
    let words = format!("error: there is no key for {}: the stored one is for {url}\n", other.url());
    assert!(ran.stderr.starts_with(&words), "{}", ran.stderr);
    let ran = home.run(&["--token", "aaaaaaaaaa-bbbbbbbbbbbbbbbbbbbbbb", "whoami"]);
    let words = format!("error: {url} does not accept the key given by --token: API key is invalid.\n");
    assert!(ran.stderr.starts_with(&words), "{}", ran.stderr);
}

/// A variable of a script that is empty must not become the stored session, or no limit.
#[test]
fn an_empty_value_is_an_error() {
    let (_server, home, _session) = owner();
    for arguments in [
        &["--token", "", "tokens", "create"][..],
        &["--token", "", "login", "http://127.0.0.1:1"],
        &["--url", "", "whoami"],
        &["--token", "", "logout", "-y"],
        &["tokens", "create", "--scope", ""],
        &["tokens", "create", "--allow", ""],
        &["tokens", "create", "--user", ""],
        &["tokens", "list", "--user", ""],
        &["tokens", "remove", ""],
        &["authcheck", "workspace:read", "--as", ""],
        &["authcheck", "workspace:read", "--user", ""],
        &["authcheck", "workspace:read", "--key", ""],
        &["authcheck", "workspace:read", "--owner", ""],
        &["authcheck", "workspace:read", "--organization", ""],
        &["authcheck", "workspace:read@"],
        &["resources", "list", "--owner", ""],
        &["resources", "list", "--organization", ""],
        &["users", "delete", ""],
    ] {
        let ran = home.run(arguments);
        let failed = if arguments[0] == "authcheck" { 2 } else { 1 };
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(failed), ""), "{arguments:?}");
        let says_so = ["empty", "want a name or an id"].iter().any(|words| ran.stderr.contains(words));
        assert!(ran.stderr.starts_with("error: ") && says_so, "{arguments:?}: {}", ran.stderr);
    }
    assert_eq!(home.run(&["whoami"]).code, Some(0), "the session is still there");
    assert_eq!(home.run(&["tokens", "list", "-o", "json"]).stdout, "[]\n", "nothing was minted");
    // A variable that is empty counts as not set.
    assert_eq!(run(keyfob(home.path()).arg("whoami").env("KEYFOB_SESSION_TOKEN", ""), "").code, Some(0));
}

#[test]
fn a_list_of_which_the_key_may_see_nothing_is_refused() {
    let (_server, home, _session) = owner();
    let narrow = minted(&home, &["--scope", "workspace:read"]);
    for (command, what) in [
        (&["tokens", "list"][..], "tokens: the key given by --token lacks api_key:read"),
        (&["users", "list"], "users: the key given by --token lacks user:read"),
        (&["organizations", "list"], "organizations: the key given by --token lacks organization:read"),
        (&["resources", "list", "--type", "template"], "resources: the key given by --token lacks template:read"),
    ] {
        for format in ["table", "json"] {
            let ran = home.run(&[&["--token", &narrow], command, &["-o", format]].concat());
            assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""), "{command:?}");
            assert!(
                ran.stderr.starts_with(&format!(
                    "error: cannot list {what}\nSuggestion: with the same --token, 'keyfob authcheck "
                )),
                "{ran:?}"
            );
        }
    }
    // These are empty, and the key could see some.
    let ran = home.run(&["--token", &narrow, "resources", "list", "--type", "workspace"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), "No resources found.\n"));
}

#[test]
fn a_refusal_says_what_it_takes() {
    let (server, home, _session) = owner();
    let amy = ["users", "create", "-u", "amy", "-e", "amy@example.com", "-n", "A", "-p", PASSWORD];
    assert_eq!(home.run(&amy).code, Some(0));
    let login = json!({"email": "amy@example.com", "password": PASSWORD});
    let session = server.post(None, "/api/v2/users/login", &login).json().unwrap();
    let amy = Home::signed_in(&server, session["session_token"].as_str().unwrap());
    let ran = amy.run(&["organizations", "create", "acme", "-y"]);
    assert_eq!(ran.code, Some(1));
    let words = "error: cannot create the organization: Forbidden. It takes organization:create\n\
                 Suggestion: 'keyfob authcheck organization:create --explain' says what is missing\n";
    assert_eq!(ran.stderr, words);
    let ran = amy.run(&["users", "show", "nobody"]);
    assert!(ran.stderr.starts_with("error: cannot get the user: Resource not found"), "{}", ran.stderr);
    let narrow = minted(&home, &["--scope", "template:read"]);
    let ran = home.run(&["--token", &narrow, "resources", "show", "workspace:11111111-2222-4333-8444-555555555555"]);
    let words = ": the key's scopes lack workspace:read\nSuggestion: use a key with the scope workspace:read\n";
    assert!(ran.stderr.ends_with(words), "{}", ran.stderr);
}

#[test]
fn the_rule_that_a_field_breaks_is_said() {
    let (_server, home, _session) = owner();
    let ran = home.run(&["users", "create", "-u", "a b", "-e", "bad", "-n", "A", "-p", PASSWORD]);
    assert_eq!(ran.code, Some(1));
    for words in [
        "error: cannot create the user: Validation failed. ",
        "username: \"a b\" must be 1 to 32 letters and digits, with single hyphens between them",
        "email: \"bad\" must be an e-mail address",
    ] {
        assert!(ran.stderr.contains(words), "{words}: {}", ran.stderr);
    }
}

#[test]
fn a_taken_name_or_address_is_told_apart() {
    let (_server, home, _session) = owner();
    let create = |name: &str, address: &str| {
        home.run(&["users", "create", "-u", name, "-e", address, "-n", "A", "-p", PASSWORD])
    };
    assert_eq!(create("amy", "amy@example.com").code, Some(0));
    let name = create("amy", "other@example.com").stderr;
    assert!(name.starts_with("error: cannot create the user: User already exists. username: "), "{name}");
    let address = create("other", "amy@example.com").stderr;
    assert!(address.starts_with("error: cannot create the user: User already exists. email: "), "{address}");
    let both = create("Amy", "AMY@example.com").stderr;
    assert!(both.contains("username: ") && both.contains("email: "), "{both}");
}

#[test]
fn without_a_terminal_a_question_names_the_flag_that_answers_it() {
    let (server, home, session) = owner();
    for (arguments, flag) in [
        (&["users", "create", "-e", "amy@example.com"][..], "--username"),
        (&["users", "create", "-u", "amy"], "--email"),
        (&["users", "suspend", "owner"], "--yes"),
        (&["logout"], "--yes"),
        (&["organizations", "create", "acme"], "--yes"),
        (&["users", "edit-roles", "owner"], "--roles"),
        (&["authcheck", "workspace:read", "--as", "-"], "--as <token>"),
        (&["login", &server.url()], "--token"),
    ] {
        let ran = home.run(arguments);
        assert!(ran.code.is_some_and(|code| code > 0), "{arguments:?}");
        let words = format!("Suggestion: without a terminal, answer the question with {flag}\n");
        assert!(ran.stderr.ends_with(&words), "{arguments:?}: {}", ran.stderr);
        assert!(ran.stderr.contains("\nerror: standard input ended before an answer was read\n"), "{}", ran.stderr);
    }
    // An empty answer is no, and no is said by the exit code alone.
    let ran = home.run_with(&["logout"], "\n");
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(1), "Are you sure you want to log out? (yes/no) "));
    assert_eq!(home.stored("session"), Some(session));
}

#[test]
fn a_server_that_is_away_is_named() {
    let home = Home::new();
    let ran = home.run(&["--url", "http://127.0.0.1:1", "--token", "x", "whoami"]);
    assert_eq!(ran.code, Some(1));
    assert_eq!(ran.stderr.lines().count(), 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("Suggestion: is the server running at http://127.0.0.1:1?"), "{}", ran.stderr);
}

/// What did not work, then why: none is half a sentence.
#[test]
fn errors_read_as_sentences() {
    let (_server, home, _session) = owner();
    assert_eq!(home.run(&["resources", "create", "workspace:dev"]).code, Some(0));
    let missing = "Resource not found or you do not have access to this resource";
    for (arguments, words) in [
        (&["authcheck", "workspace:read", "--user", "nobody"][..], format!("cannot find the user: {missing}")),
        (&["authcheck", "workspace:read", "--owner", "nobody"], format!("cannot find the user: {missing}")),
        (
            &["resources", "acl", "set", "workspace:dev", "--user", "carol=use"],
            "there is no user carol whom you may see\nSuggestion: check the spelling".to_owned(),
        ),
        (&["tokens", "view", "nope"], format!("cannot fetch api key by name or id: {missing}")),
        (&["--url", "http://127.0.0.1:1", "whoami"], "cannot get the user: no answer from the server: ".to_owned()),
        (
            &["login", "http://127.0.0.1:1"],
            "there is no Keyfob server at 'http://127.0.0.1:1': no answer from the server: ".to_owned(),
        ),
        (
            &["tokens", "create", "--lifetime", "30"],
            "cannot parse lifetime: missing unit in duration \"30\": write 30d for days or 30h".to_owned(),
        ),
        (
            &["users", "create", "-u", "a b", "-e", "bad", "-n", "A", "-p", PASSWORD],
            "cannot create the user: Validation failed. username: \"a b\" must be 1 to 32 letters and digits, with single \
             hyphens between them; email: \"bad\" must be an e-mail address\n"
                .to_owned(),
        ),
    ] {
        let ran = home.run(arguments);
        assert!(ran.stderr.starts_with(&format!("error: {words}")), "{arguments:?}: {}", ran.stderr);
    }
}

/// What is to be done depends on where the key came from.
#[test]
fn the_hint_fits_the_key() {
    let (_server, home, _session) = owner();
    let bad = "aaaaaaaaaa-bbbbbbbbbbbbbbbbbbbbbb";
    let next = |ran: Ran| ran.stderr.lines().find(|line| line.starts_with("Suggestion: ")).unwrap().to_owned();
    assert_eq!(
        next(home.run(&["--token", bad, "whoami"])),
        "Suggestion: Try logging in using 'keyfob login'. Without --token, the stored session is used."
    );
    assert_eq!(
        next(run(keyfob(home.path()).arg("whoami").env("KEYFOB_SESSION_TOKEN", bad), "")),
        "Suggestion: Try logging in using 'keyfob login'. Without KEYFOB_SESSION_TOKEN, the stored session is used."
    );
    assert_eq!(
        next(home.run(&["authcheck", "workspace:read", "--as", bad])),
        "Suggestion: give another token with --as; without it, the key in use is checked"
    );
    let narrow = minted(&home, &["--scope", "workspace:read"]);
    assert_eq!(
        next(home.run(&["--token", &narrow, "organizations", "create", "acme", "-y"])),
        "Suggestion: use a key with the scope organization:create"
    );
    assert_eq!(
        next(home.run(&["--token", &narrow, "tokens", "list"])),
        "Suggestion: with the same --token, 'keyfob authcheck api_key:read --owner me --any-organization --explain' says \
         why"
    );
    assert_eq!(
        next(home.run(&["server", "--http-address", "127.0.0.1:1", "status"])),
        "Suggestion: is the server running? 'keyfob server --http-address <ADDRESS> status' asks another one"
    );
}

/// A name that could not be looked up is not a name that is hidden.
#[test]
fn a_lookup_that_fails_is_the_error_of_the_command() {
    let (server, home, session) = owner();
    assert_eq!(home.run(&["resources", "create", "workspace:dev"]).code, Some(0));
    for line in [
        &["resources", "list", "-o", "json"][..],
        &["resources", "show", "workspace:dev"],
        &["authcheck", "group:read@Everyone"],
    ] {
        // The first request is answered; what asks for names comes later.
        let limited = Proxy::limited(&server.address, 1);
        let ran = home.run(&[&["--url", &limited.url(), "--token", &session], line].concat());
        assert_ne!(ran.code, Some(0), "{line:?}: {}", ran.stdout);
        assert_eq!(ran.stdout, "", "{line:?}");
        assert!(ran.stderr.contains("You are too fast.\nSuggestion: wait a minute, and try again"), "{}", ran.stderr);
    }
}

/// Scripts that were written for Coder's command line look for these texts.
#[test]
fn the_texts_of_coders_command_line_are_in_the_errors() {
    let (server, home, session) = owner();
    minted(&home, &["--name", "ci"]);
    // How many requests are answered before one is refused.
    for (line, answered, words) in [
        (&["tokens", "create", "--lifetime", "1h"][..], 0, "cannot get token config: You are too fast."),
        (&["tokens", "create"], 0, "cannot create tokens: You are too fast."),
        (&["tokens", "list"], 0, "cannot list tokens: You are too fast."),
        (&["tokens", "view", "ci"], 0, "cannot fetch api key by name or id: You are too fast."),
        (&["tokens", "remove", "ci"], 0, "cannot fetch api key by name or id: You are too fast."),
        (&["tokens", "remove", "ci"], 1, "cannot expire api key: You are too fast."),
        (&["tokens", "remove", "ci", "--delete"], 1, "cannot delete api key: You are too fast."),
        (&["tokens", "create", "--lifetime", "soon"], 9, "cannot parse lifetime: invalid duration format: \"soon\""),
        (&["tokens", "create", "--lifetime", "300y"], 9, "cannot parse lifetime: invalid duration: \"300y\""),
        (
            &["tokens", "create", "--scope", "x"],
            9,
            "cannot create tokens: Failed to create API key. invalid or unsupported API key scope: \"x\"",
        ),
        (&["tokens", "create", "--name", "ci"], 9, "cannot create tokens: A token with name \"ci\" already exists."),
    ] {
        let limited = Proxy::limited(&server.address, answered);
        let ran = home.run(&[&["--url", &limited.url(), "--token", &session], line].concat());
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""), "{line:?}");
        assert!(ran.stderr.starts_with(&format!("error: {words}")), "{line:?}: {}", ran.stderr);
    }
}

#[test]
fn each_thing_that_fails_when_signing_out_has_a_line() {
    let (server, home, _session) = owner();
    let limited = Proxy::limited(&server.address, 0);
    std::fs::write(config_dir(home.path()).join("url"), limited.url()).unwrap();
    // It is no file, so it cannot be removed as one.
    std::fs::create_dir(config_dir(home.path()).join("organization")).unwrap();
    let ran = home.run(&["logout", "-y"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""));
    let words = "error: Failed to log out.\n\
                 \tlogout api: POST /api/v2/users/logout: status 429: You are too fast.\n\
                 \tremove organization file: Is a directory (os error 21)\n";
    assert_eq!(ran.stderr, words);
    assert_eq!((home.stored("url"), home.stored("session")), (None, None));
}

/// What has been changed is not undone because a name of it is not known.
#[test]
fn a_lookup_that_fails_after_a_change_is_no_failure_of_the_change() {
    let (server, home, session) = owner();
    assert_eq!(home.run(&["resources", "create", "workspace:dev"]).code, Some(0));
    let owner = home.run(&["users", "list", "-c", "id"]).stdout;
    let owner = owner.lines().nth(1).unwrap();
    let ran = |answered, line: &[&str]| {
        let limited = Proxy::limited(&server.address, answered);
        home.run(&[&["--url", &limited.url(), "--token", &session], line].concat())
    };
    // The resource and the types are looked up before the change, and names after it.
    let set = ran(3, &["resources", "acl", "set", "workspace:dev", "--user", &format!("{owner}=use")]);
    assert_eq!(set.code, Some(0), "{}", set.stderr);
    assert!(set.stdout.contains(owner) && set.stdout.contains("use"), "{}", set.stdout);
    let words = "The access list has been changed. It is shown with ids: cannot look up the names of groups: ";
    assert!(set.stderr.starts_with(words), "{}", set.stderr);
    assert!(home.run(&["resources", "acl", "show", "workspace:dev"]).stdout.contains("owner"));
    let show = ran(2, &["resources", "acl", "show", "workspace:dev"]);
    assert_eq!((show.code, show.stdout.as_str()), (Some(1), ""), "where nothing was changed, it is a failure");
    // The types and the default organization are looked up before.
    let create = ran(3, &["resources", "create", "workspace:other", "-o", "table"]);
    assert_eq!(create.code, Some(0), "{}", create.stderr);
    assert!(create.stdout.contains("other"), "{}", create.stdout);
}

/// Programs get ids, and columns without names need none.
#[test]
fn names_are_looked_up_only_for_what_shows_them() {
    let (server, home, session) = owner();
    for line in [
        &["users", "create", "-u", "amy", "-e", "amy@example.com", "-n", "N", "-p", PASSWORD][..],
        &["tokens", "create", "--user", "amy", "--name", "ci"],
    ] {
        assert_eq!(home.run(line).code, Some(0), "{line:?}");
    }
    for (more, code) in [(&["-o", "json"][..], 0), (&["-o", "name"], 0), (&["-c", "time,action"], 0), (&[], 1)] {
        let limited = Proxy::limited(&server.address, 1);
        let ran = home.run(&[&["--url", &limited.url(), "--token", &session, "audit", "list"], more].concat());
        assert_eq!(ran.code, Some(code), "{more:?}: {}", ran.stderr);
    }
}

/// Whatever a server says, the command answers.
#[test]
fn an_expiry_behind_all_times_does_not_end_the_command() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let mut stream = stream;
            let mut reader = std::io::BufReader::new(stream.try_clone().unwrap());
            Message::read(&mut reader, false).unwrap();
            let answer = Message { start: "HTTP/1.1 403 Forbidden".to_owned(), ..Message::default() };
            let answer = answer.with_header("X-Keyfob-Expires-In", &u64::MAX.to_string());
            answer.with_json(&json!({"message": "Forbidden."})).write_answer(&mut stream).unwrap();
        }
    });
    let ran = Home::new().run(&["--url", &url, "--token", "aaaaaaaaaa-bbbbbbbbbbbbbbbbbbbbbb", "whoami"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(1), "error: cannot get the user: Forbidden.\n"));
}

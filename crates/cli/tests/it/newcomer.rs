//! What a newcomer runs into: false all-clears, advice that goes too far, and keys that end unasked.
use crate::{
    missing::{create, done, json, owner, session_of},
    program::{Home, Ran, keyfob, run},
};

fn minted(home: &Home, arguments: &[&str]) -> String {
    done(home.run(&[&["tokens", "create"], arguments].concat())).trim().to_owned()
}

/// It failed, without a result, and this is what standard error begins with.
#[track_caller]
fn failed(ran: &Ran, words: &str) {
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""), "{}", ran.stderr);
    assert!(ran.stderr.starts_with(words), "{}", ran.stderr);
}

#[test]
fn sessions_that_may_not_be_seen_are_not_none() {
    let (server, home) = owner();
    create(&home, "amy");
    done(home.run(&["users", "edit-roles", "amy", "--roles", "user-admin", "-y"]));
    let amy = Home::signed_in(&server, &session_of(&server, "amy"));
    let words = "error: cannot list sessions: you may not read those of owner; it takes api_key:read\n\
                 Suggestion: 'keyfob authcheck api_key:read --owner owner --explain' says what is missing\n";
    for command in [
        &["sessions", "end", "--others", "--user", "owner"][..],
        &["sessions", "end", "WuoWs4ZsMX", "--user", "owner"],
        &["sessions", "list", "--user", "owner"],
        &["sessions", "list", "--user", "owner", "-o", "json"],
    ] {
        failed(&amy.run(command), words);
    }
    // A user who may be seen, and has none.
    create(&home, "bob");
    let none = done(home.run(&["sessions", "end", "--others", "--user", "bob"]));
    assert_eq!(none, "There is no other session.\n");
    assert_eq!(home.run(&["sessions", "list", "--user", "bob"]).stderr, "No sessions found.\n");
}

#[test]
fn a_lifetime_of_zero_is_not_the_default() {
    let (_server, home) = owner();
    for text in ["0d", "0s", "0h0m"] {
        let ran = home.run(&["tokens", "create", "--lifetime", text]);
        failed(
            &ran,
            &format!(
                "error: the lifetime {text:?} is zero: it must be more than that\nSuggestion: leave --lifetime out"
            ),
        );
    }
    assert_eq!(done(home.run(&["tokens", "list", "-o", "json"])), "[]\n", "nothing was minted");
}

#[test]
fn a_duration_that_cannot_be_read_is_answered_with_the_units() {
    let (_server, home) = owner();
    let units = "write whole numbers with the units s, m, h, d (24 hours) and y (365 days), such as 90m or 7d";
    for text in ["1w", "7days"] {
        let ran = home.run(&["tokens", "create", "--lifetime", text]);
        let words = format!("error: cannot parse lifetime: invalid duration format: {text:?}: {units}\n");
        failed(&ran, &words);
        let ran = home.run(&["tokens", "list", "--unused-for", text]);
        assert!(ran.code == Some(1) && ran.stderr.contains(units), "{}", ran.stderr);
    }
}

/// The advice must not be to widen a token that is good enough.
#[test]
fn without_the_scope_to_read_organizations_their_ids_do() {
    let (_server, home) = owner();
    let id = done(home.run(&["organizations", "show", "default", "--only-id"]));
    let narrow = minted(&home, &["--scope", "workspace:create"]);
    let create =
        |more: &[&str]| home.run(&[&["--token", &narrow, "resources", "create", "workspace:dev"], more].concat());
    for (more, way) in [(&[][..], "by its id with --org"), (&["--org", "default"], "by its id")] {
        let ran = create(more);
        let words = format!(
            ": the key's scopes lack organization:read\n\
             Suggestion: name the organization {way}, or use a key with the scope organization:read\n"
        );
        assert!(ran.code == Some(1) && ran.stderr.ends_with(&words), "{}", ran.stderr);
    }
    done(create(&["--org", id.trim()]));
    // Who is a member is not told that they are none.
    for command in [&["groups", "list"][..], &["organizations", "show"], &["users", "create", "-u", "amy"]] {
        let ran = home.run(&[&["--token", &narrow], command].concat());
        let words = "error: cannot get your organizations: the key's scopes lack organization:read\n\
                     Suggestion: use a key with the scope organization:read\n";
        failed(&ran, words);
    }
}

#[test]
fn a_token_without_a_server_is_told_so() {
    let words = "error: there is a token, but no server\nSuggestion: set KEYFOB_URL, or name the server with --url\n";
    let home = Home::new();
    failed(&home.run(&["--token", "aaaaaaaaaa-bbbbbbbbbbbbbbbbbbbbbb", "whoami"]), words);
    for variable in ["KEYFOB_SESSION_TOKEN", "CODER_SESSION_TOKEN"] {
        failed(&run(keyfob(home.path()).arg("whoami").env(variable, "x"), ""), words);
    }
}

#[test]
fn the_key_in_use_is_removed_by_programs_without_a_question() {
    let (_server, home) = owner();
    let session = home.stored("session").unwrap();
    let (id, _) = session.split_once('-').unwrap();
    let token = minted(&home, &["-n", "ci", "--scope", "workspace:read"]);
    assert_eq!(done(home.run(&["--token", &token, "tokens", "remove", &token])), "Token has been expired.\n");
    assert_eq!(done(home.run(&["tokens", "remove", "ci", "--delete"])), "Token has been deleted.\n");
    let ended = done(home.run(&["tokens", "remove", id, "--yes"]));
    assert_eq!(ended, "Token has been expired.\n");
    assert_eq!(home.run(&["whoami"]).code, Some(1));
}

/// `--force-tty` makes a terminal of a pipe.
#[test]
fn on_a_terminal_the_command_asks_before_the_key_in_use_is_removed() {
    let (_server, home) = owner();
    let token = minted(&home, &["-n", "ci", "--scope", "workspace:read"]);
    let is_live = || home.run(&["--token", &token, "authcheck", "workspace:read"]).code == Some(0);
    for (more, verb) in [(&[][..], "expire"), (&["--delete"], "delete")] {
        let remove = [&["--force-tty", "--token", &token, "tokens", "remove", &token], more].concat();
        let question = format!("This is the key in use. Are you sure you want to {verb} it? (yes/no) ");
        for answer in ["no\n", "\n"] {
            let ran = home.run_with(&remove, answer);
            assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr.as_str()), (Some(1), "", question.as_str()));
            assert!(is_live(), "{answer:?}");
        }
        let ran = home.run(&remove);
        assert!(ran.stderr.contains("without a terminal, answer the question with --yes"), "{}", ran.stderr);
        assert!(is_live());
    }
    // Another key than the one in use is removed without a question.
    minted(&home, &["-n", "other"]);
    assert_eq!(done(home.run(&["--force-tty", "tokens", "remove", "other"])), "Token has been expired.\n");
    let ran = home.run_with(&["--force-tty", "--token", &token, "tokens", "remove", &token], "yes\n");
    assert_eq!(done(ran), "Token has been expired.\n");
    assert!(!is_live());
}

/// Scripts delete without a question, as recorded.
#[test]
fn on_a_terminal_the_command_asks_before_a_user_or_a_resource_is_deleted() {
    let (_server, home) = owner();
    create(&home, "amy");
    done(home.run(&["resources", "create", "workspace:dev"]));
    for (remove, show, question) in [
        (&["users", "delete", "amy"][..], &["users", "show", "amy"][..], "delete the user amy"),
        (&["resources", "remove", "workspace:dev"], &["resources", "show", "workspace:dev"], "delete workspace:dev"),
    ] {
        let asked = [remove, &["--force-tty"]].concat();
        let ran = home.run_with(&asked, "no\n");
        let question = format!("Are you sure you want to {question}? (yes/no) ");
        assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr.as_str()), (Some(1), "", question.as_str()));
        done(home.run(show));
        done(home.run(&[&asked[..], &["-y"]].concat()));
        assert_eq!(home.run(show).code, Some(1));
    }
}

#[test]
fn tokens_that_may_not_be_seen_are_not_none() {
    let (server, home) = owner();
    create(&home, "amy");
    create(&home, "bob");
    minted(&home, &["-n", "ci"]);
    done(home.run(&["users", "edit-roles", "amy", "--roles", "user-admin", "-y"]));
    let amy = Home::signed_in(&server, &session_of(&server, "amy"));
    for more in [&[][..], &["--search", "ci"], &["-o", "json"]] {
        let words = "error: cannot list tokens: you may not read those of owner; it takes api_key:read\n\
                     Suggestion: 'keyfob authcheck api_key:read --owner owner --explain' says what is missing\n";
        failed(&amy.run(&[&["tokens", "list", "--user", "owner"], more].concat()), words);
        let words = "error: cannot list tokens: Resource not found";
        failed(&home.run(&[&["tokens", "list", "--user", "nobody"], more].concat()), words);
    }
    let ran = home.run(&["tokens", "list", "--user", "bob"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), "No tokens found.\n"));
}

#[test]
fn the_organization_to_show_is_named_by_the_option_as_elsewhere() {
    let (_server, home) = owner();
    done(home.run(&["organizations", "create", "acme", "-y"]));
    for line in
        [&["--org", "acme"][..], &["--organization", "acme"], &["-O", "acme"], &["selected", "-O", "acme"], &["acme"]]
    {
        let shown = done(home.run(&[&["org", "show"], line].concat()));
        assert!(shown.starts_with("Organization acme ("), "{line:?}: {shown}");
    }
}

/// A search that is misspelt is not one that finds nothing.
#[test]
fn a_search_for_what_there_is_not_says_what_there_is() {
    let (_server, home) = owner();
    create(&home, "amy");
    for (term, words) in [
        ("action:logn", "no audit record has the action \"logn\"\nSuggestion: the nearest is login; the actions are "),
        ("resource_type:tokens", "no audit record has the type \"tokens\"\nSuggestion: "),
        ("usr", "no audit record has the type \"usr\"\nSuggestion: the nearest is user; the types are "),
        ("username:ammy", "there is no user \"ammy\" whom you may see\nSuggestion: check the spelling"),
        ("organization:acme", "there is no organization \"acme\" that you may see\nSuggestion: check the spelling"),
    ] {
        for line in [&["audit", "list", term][..], &["audit", "export", "--search", term]] {
            failed(&home.run(line), &format!("error: {words}"));
        }
    }
    // What there is, and what never happened.
    let ran = home.run(&["audit", "list", "action:logout", "resource_type:api_key", "username:amy"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), "No records found.\n"));
    // The word that people try first.
    let by = |term: &str| done(home.run(&["audit", "list", term, "-o", "name"]));
    assert_eq!(by("user:owner"), by("username:owner"));
    assert!(!by("user:owner").is_empty());
}

#[test]
fn signing_in_with_a_token_in_place_of_a_session_says_that_signing_out_deletes_it() {
    let (server, home) = owner();
    let token = minted(&home, &["-n", "ci", "--scope", "workspace:read"]);
    let other = Home::new();
    let ran = other.run(&["login", &server.url(), "--token", &token, "--use-token-as-session"]);
    let remark = "`keyfob logout` deletes this token, which is stored in place of a session.\n";
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), remark));
    // Only where it is stored, and was given.
    let bad = ["login", &server.url(), "--token", "aaaaaaaaaa-bbbbbbbbbbbbbbbbbbbbbb", "--use-token-as-session"];
    let ran = Home::new().run(&bad);
    assert!(ran.code == Some(1) && !ran.stderr.contains("`keyfob logout`"), "{ran:?}");
    let pasted = ["login", &server.url(), "--use-token-as-session"];
    let ran = Home::new().run_with(&pasted, &format!("{token}\n"));
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), "Paste your token here: "));
}

#[test]
fn the_advice_after_a_refusal_is_about_the_object() {
    let (server, home) = owner();
    create(&home, "amy");
    done(home.run(&["users", "edit-roles", "amy", "--roles", "user-admin", "-y"]));
    let amy = Home::signed_in(&server, &session_of(&server, "amy"));
    let id = done(home.run(&["resources", "create", "template:base"]));
    let id = id.trim();
    done(home.run(&["resources", "acl", "set", "template:base", "--user", "amy=use"]));
    for (command, action) in [
        (&["resources", "remove", "template:base"][..], "delete"),
        (&["resources", "edit", "template:base", "--name", "x"], "update"),
    ] {
        let ran = amy.run(command);
        let words = format!("Suggestion: 'keyfob authcheck template:{action}@{id} --explain' says what is missing\n");
        assert!(ran.code == Some(1) && ran.stderr.ends_with(&words), "{}", ran.stderr);
    }
}

#[test]
fn scopes_are_separated_by_commas() {
    let (_server, home) = owner();
    let ran = home.run(&["tokens", "create", "--scope", "workspace:read template:read"]);
    assert!(ran.code == Some(1) && ran.stderr.contains("separate scopes by commas"), "{}", ran.stderr);
    minted(&home, &["-n", "ci", "--scope", " workspace:read , template:read"]);
    let shown = json(home.run(&["tokens", "view", "ci", "-o", "json"]));
    assert_eq!(shown[0]["scopes"], serde_json::json!(["workspace:read", "template:read"]));
    let help = done(home.run(&["tokens", "list", "--help"]));
    let help: Vec<&str> = help.split_whitespace().collect();
    assert!(help.join(" ").contains("a token is listed if it fits all of them"), "{}", help.join(" "));
}

#[test]
fn a_list_of_permissions_says_of_which_objects_and_why_there_are_none() {
    let (_server, home) = owner();
    create(&home, "amy");
    done(home.run(&["users", "suspend", "amy", "-y"]));
    let ran = home.run(&["authcheck", "--list", "--user", "amy"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(1), ""));
    assert_eq!(ran.stdout, "Nothing is permitted: the user is suspended.\n");
    let ran = home.run(&["authcheck", "--list", "--user", "amy", "-o", "json"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), "[]\n"));
    let help = done(home.run(&["authcheck", "--help"]));
    let help: Vec<&str> = help.split_whitespace().collect();
    assert!(help.join(" ").contains("ACTIONS has what is permitted on objects that the subject owns"));
}

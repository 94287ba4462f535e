//! `keyfob users` and `keyfob organizations`, as an administrator uses them.
use serde_json::Value;

use crate::program::{Home, Ran, Server};

fn admin() -> (Server, Home) {
    let (server, session) = Server::with_owner();
    let home = Home::signed_in(&server, &session);
    (server, home)
}

#[track_caller]
fn ok(ran: Ran) -> Ran {
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
    ran
}

#[track_caller]
fn refused(ran: &Ran, words: &str) {
    assert_eq!(ran.code, Some(1), "{}", ran.stdout);
    assert!(ran.stderr.contains(words), "{}", ran.stderr);
}

fn json(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).unwrap()
}

#[test]
fn a_user_is_created_shown_given_roles_suspended_and_deleted() {
    let (server, home) = admin();
    let made = ok(home.run(&["users", "create", "-u", "amy", "-e", "amy@example.com", "-n", "Amy A"]));
    assert!(made.stdout.is_empty(), "a password is no output to be piped: {}", made.stdout);
    let password = made.stderr.lines().map(str::trim).find(|line| line.len() == 20 && !line.contains(' ')).unwrap();
    let login = serde_json::json!({"email": "amy@example.com", "password": password});
    assert_eq!(server.post(None, "/api/v2/users/login", &login).status(), 201, "the generated password");

    let shown = ok(home.run(&["users", "show", "amy"])).stdout;
    for line in ["Username       amy", "Full name      Amy A", "Roles          (none)", "Organizations  coder"] {
        assert!(shown.lines().any(|shown| shown == line), "{line}: {shown}");
    }
    ok(home.run(&["users", "edit-roles", "amy", "--roles", "auditor,user-admin", "-y"]));
    let roles = json(&ok(home.run(&["users", "show", "amy", "-o", "json"])))["roles"].clone();
    assert_eq!(roles.as_array().unwrap().len(), 2);
    refused(
        &home.run(&["users", "edit-roles", "amy", "--roles", "king", "-y"]),
        "The role king is not valid. Please use one or more of the following roles: owner",
    );

    let suspended = ok(home.run_with(&["users", "suspend", "amy"], "yes\n"));
    assert!(suspended.stderr.contains("User amy has been suspended!"), "{}", suspended.stderr);
    let again = ok(home.run_with(&["users", "suspend", "amy"], "yes\n"));
    assert!(again.stderr.contains("User status is already \"suspended\""), "{}", again.stderr);
    assert_eq!(home.run_with(&["users", "active", "amy"], "no\n").code, Some(1));
    ok(home.run_with(&["users", "active", "amy"], "yes\n"));
    let listed = ok(home.run(&["users", "ls", "-c", "username,status"]));
    assert_eq!(listed.stdout, "USERNAME  STATUS\namy       active\nowner     active\n");
    let gone = ok(home.run(&["users", "rm", "amy"]));
    assert_eq!(gone.stderr, "Successfully deleted amy.\n");
    refused(&home.run(&["users", "show", "amy"]), "Resource not found");
    let none = ok(home.run(&["users", "list", "--github-user-id", "5"]));
    assert_eq!((none.stdout.as_str(), none.stderr.as_str()), ("", "No users found.\n"));
}

#[test]
fn a_service_account_takes_neither_address_nor_password() {
    let (_server, home) = admin();
    ok(home.run(&["users", "create", "-u", "robot", "--service-account"]));
    for (flag, value) in [("--email", "a@example.com"), ("--password", "x"), ("--login-type", "none")] {
        let ran = home.run(&["users", "create", "-u", "other", "--service-account", flag, value]);
        refused(&ran, &format!("You cannot use {flag} with --service-account"));
    }
    let both = ["users", "create", "-u", "x", "-e", "x@example.com", "--disable-login", "--login-type", "none"];
    refused(&home.run(&both), "You cannot specify both --disable-login and --login-type");
}

#[test]
fn an_organization_is_created_filled_and_deleted() {
    let (_server, home) = admin();
    ok(home.run(&["users", "create", "-u", "robot", "--service-account"]));
    ok(home.run_with(&["org", "create", "acme"], "yes\n"));
    let several = home.run(&["organizations", "members", "list"]);
    refused(&several, "You are a member of several organizations: name one with --org: coder, acme");
    ok(home.run(&["organizations", "members", "add", "robot", "-O", "acme"]));
    let given = ["organizations", "members", "edit-roles", "robot", "organization-auditor", "--org", "acme"];
    assert_eq!(ok(home.run(&given)).stderr, "robot now has Organization Auditor in acme.\n");
    let members = ok(home.run(&["organizations", "members", "list", "-O", "acme"]));
    assert!(members.stdout.contains("robot     Organization Auditor\n"), "{}", members.stdout);
    let roles = ok(home.run(&["organizations", "roles", "show", "organization-admin", "-O", "acme", "-o", "json"]));
    assert_eq!(json(&roles)[0]["role"].as_object(), None, "{}", roles.stdout);
    assert_eq!(json(&roles)[0]["name"], "organization-admin");

    refused(&home.run(&["org", "rm", "acme", "-y"]), "This organization has 1 member that must be deleted first.");
    ok(home.run(&["organizations", "members", "remove", "robot", "-O", "acme"]));
    assert_eq!(home.run_with(&["org", "rm", "acme"], "no\n").code, Some(1));
    ok(home.run(&["org", "rm", "acme", "-y"]));
    let left = ok(home.run(&["organizations", "list", "-c", "name,default"]));
    assert_eq!(left.stdout, "NAME   DEFAULT\ncoder  true\n");
}

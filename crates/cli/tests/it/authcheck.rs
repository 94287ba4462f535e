//! Minting and removing tokens, checking permissions and registering resources from a terminal.
use serde_json::Value;

use crate::program::{Home, Ran, Server};

fn json(ran: &Ran) -> Value {
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    serde_json::from_str(&ran.stdout).unwrap()
}

#[test]
fn a_check_says_yes_or_no_and_tells_scripts_by_its_exit_code() {
    let (server, session) = Server::with_owner();
    let home = Home::signed_in(&server, &session);
    let ran = home.run(&["authcheck", "workspace:read", "--owner", "me", "--any-organization"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), "yes  workspace:read\n"));

    let token = home.run(&["tokens", "create", "--scope", "workspace:read", "--lifetime", "1h"]).stdout;
    let check =
        ["authcheck", "workspace:read", "workspace:ssh", "--owner", "owner", "-O", "default", "--as", token.trim()];
    let ran = home.run(&check);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(1), ""));
    assert_eq!(ran.stdout, "yes  workspace:read\nno   workspace:ssh\n");

    let ran = home.run(&[&check[..], &["--explain"]].concat());
    assert_eq!(ran.code, Some(1));
    assert!(ran.stdout.contains("missing: scope workspace:ssh"), "{}", ran.stdout);
    let ran = home.run(&[&check[..], &["--explain", "-o", "json"]].concat());
    let answers: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(answers["workspace:ssh"]["allowed"], false);
}

#[test]
fn checks_can_come_from_a_file_and_the_token_from_standard_input() {
    let (server, session) = Server::with_owner();
    let home = Home::new();
    let checks =
        r#"{"checks": {"mine": {"action": "read", "object": {"resource_type": "api_key", "owner_id": "me"}}}}"#;
    std::fs::write(home.path().join("checks.json"), checks).unwrap();
    let url = server.url();
    let ran = home.run_with(&["authcheck", "--url", &url, "--as", "-", "-f", "checks.json"], &format!("{session}\n"));
    assert_eq!(ran.stdout, "yes  mine\n", "{}", ran.stderr);
}

#[test]
fn the_scopes_are_listed_one_a_line_or_as_an_array() {
    let (server, session) = Server::with_owner();
    let home = Home::signed_in(&server, &session);
    let text = home.run(&["scopes"]).stdout;
    assert!(text.lines().any(|line| line == "coder:apikeys.manage_self"));
    let array = json(&home.run(&["scopes", "-o", "json"]));
    assert_eq!(array.as_array().unwrap().len(), text.lines().count());
}

#[test]
fn a_resource_is_registered_found_by_name_and_removed() {
    let (server, session) = Server::with_owner();
    let home = Home::signed_in(&server, &session);
    let ran = home.run(&["resources", "create", "workspace:dev", "--attribute", "status=stopped"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let id = ran.stdout.trim().to_owned();
    let shown = json(&home.run(&["resources", "show", "workspace:dev", "-o", "json"]));
    assert_eq!((&shown["id"], &shown["attributes"]["status"]), (&Value::from(id.as_str()), &Value::from("stopped")));

    let me = json(&home.run(&["whoami", "-o", "json"]))[0]["user_id"].clone();
    let arguments = ["resources", "list", "--type", "workspace", "--owner", "me", "-O", "default", "-o", "json"];
    assert_eq!(json(&home.run(&arguments))[0]["owner_id"], me);
    let table = home.run(&["resources", "ls", "-c", "type,name"]).stdout;
    assert_eq!(table, "TYPE       NAME\nworkspace  dev\n");

    let ran = home.run(&["resources", "create", "workspace:dev"]);
    assert_eq!(ran.code, Some(1), "the name is taken");
    let reference = format!("workspace:{id}");
    assert_eq!(home.run(&["resources", "rm", &reference]).stdout, "Resource has been removed.\n");
    let ran = home.run(&["resources", "show", "workspace:dev"]);
    assert!(ran.stderr.contains("there is no workspace named \"dev\" that you may read"), "{}", ran.stderr);
}

#[test]
fn the_expiry_of_a_token_without_a_lifetime_is_printed_on_standard_error() {
    let (server, session) = Server::with_owner();
    let home = Home::signed_in(&server, &session);
    let ran = home.run(&["tokens", "create", "--name", "ci"]);
    assert_eq!(ran.stdout.lines().count(), 1);
    let key = json(&home.run(&["tokens", "view", "ci", "-o", "json"]));
    let expiry = key[0]["expires_at"].as_str().unwrap();
    assert_eq!(ran.stderr, format!("Expires at {expiry} (the server's default).\n"));
}

#[test]
fn removing_a_token_says_how_many_of_its_descendants_expired() {
    let (server, session) = Server::with_owner();
    let home = Home::signed_in(&server, &session);
    let scopes = "api_key:*,workspace:read";
    let mint = |key: &str, name: &str| {
        let ran = home.run(&["--token", key, "tokens", "create", "--name", name, "--scope", scopes]);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        ran.stdout.trim().to_owned()
    };
    let parent = mint(&session, "parent");
    let child = mint(&parent, "child");
    let grandchild = mint(&child, "grandchild");

    let kept = mint(&grandchild, "kept");
    let ran = home.run(&["tokens", "rm", &grandchild, "--descendants=false"]);
    assert_eq!(ran.stdout, "Token has been expired.\n");
    assert_eq!(home.run(&["--token", &kept, "whoami"]).code, Some(0), "a descendant may be kept");

    let ran = home.run(&["tokens", "rm", "parent", "--delete"]);
    assert_eq!(ran.stdout, "Token has been deleted.\n2 tokens minted with it have been expired, too.\n");
    for key in [&child, &kept] {
        assert_eq!(home.run(&["--token", key, "whoami"]).code, Some(1));
    }
}

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
    let full = "This token may do everything that its owner may: it has the scope coder:all and the allow list *:*. \
                Limit one with --scope and --allow.";
    assert_eq!(ran.stderr, format!("{full}\nExpires at {expiry} (the server's default).\n"));
    let ran = home.run(&["tokens", "create", "--name", "narrow", "--scope", "workspace:read"]);
    assert!(ran.stderr.starts_with("Expires at ") && ran.stderr.lines().count() == 1, "{}", ran.stderr);
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

#[test]
fn what_is_cut_to_the_end_of_the_parent_says_so() {
    let (server, session) = Server::with_owner();
    let home = Home::signed_in(&server, &session);
    let scopes = "api_key:*,workspace:read";
    let parent = home.run(&["tokens", "create", "--name", "parent", "--scope", scopes, "--lifetime", "1h"]);
    let (id, _) = parent.stdout.split_once('-').unwrap();
    assert_eq!(parent.stderr, "");
    let child = home.run(&["--token", parent.stdout.trim(), "tokens", "create", "--name", "child"]);
    assert_eq!(child.code, Some(0), "{}", child.stderr);
    let end = json(&home.run(&["tokens", "view", "parent", "-o", "json"]))[0]["expires_at"].clone();
    let words = format!(
        "Expires at {}: the lifetime was cut to the end of the key it was made with ({id}).\n",
        end.as_str().unwrap()
    );
    assert!(child.stderr.contains(&words), "{}", child.stderr);
    assert!(child.stderr.contains("the scopes of the key in use: api_key:*, workspace:read."), "{}", child.stderr);
}

#[test]
fn a_new_token_can_be_printed_as_json_with_its_id_expiry_and_parent() {
    let (server, session) = Server::with_owner();
    let home = Home::signed_in(&server, &session);
    let limits = ["--scope", "workspace:read", "--allow", "workspace:*", "--lifetime", "1h"];
    let made = json(&home.run(&[&["tokens", "create", "--name", "ci", "-o", "json"], &limits[..]].concat()));
    let key = made["key"].as_str().unwrap();
    assert_eq!(made["id"].as_str(), key.split('-').next());
    assert_eq!(made["parent_id"].as_str(), session.split('-').next());
    assert_eq!(made["scopes"], serde_json::json!(["workspace:read"]));
    assert_eq!(made["allow_list"], serde_json::json!(["workspace:*"]));
    let viewed = json(&home.run(&["tokens", "view", "ci", "-o", "json"]));
    assert_eq!((&viewed[0]["expires_at"], &viewed[0]["id"]), (&made["expires_at"], &made["id"]));
    assert_eq!(home.run(&["tokens", "list", "-o", "name"]).stdout, format!("{}\n", made["id"].as_str().unwrap()));
}

#[test]
fn objects_are_named_where_people_think_in_names() {
    let (server, session) = Server::with_owner();
    let home = Home::signed_in(&server, &session);
    for name in ["amy", "bob"] {
        let create = ["users", "create", "-u", name, "-n", "N", "-p", "Sup3rSecret!pw"];
        let address = format!("{name}@example.com");
        assert_eq!(home.run(&[&create[..], &["-e", &address]].concat()).code, Some(0));
    }
    let dev = home.run(&["resources", "create", "workspace:dev"]).stdout.trim().to_owned();
    let token = home.run(&["tokens", "create", "--scope", "workspace:read", "--allow", "workspace:dev", "-n", "dev"]);
    assert_eq!(token.code, Some(0), "{}", token.stderr);
    let view = json(&home.run(&["tokens", "view", "dev", "-o", "json"]));
    assert_eq!(view[0]["allow_list"], serde_json::json!([format!("workspace:{dev}")]));
    let check = ["authcheck", "workspace:read@dev", "workspace:delete@dev", "--as", token.stdout.trim()];
    let ran = home.run(&check);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), "yes  workspace:read@dev\nno   workspace:delete@dev\n"));
    // In the order asked, each once.
    let ran = home.run(&["authcheck", "workspace:read@dev", "file:read", "workspace:read@dev"]);
    assert_eq!(ran.stdout, "yes  workspace:read@dev\nyes  file:read\n", "{}", ran.stderr);

    // A name that several have lists all of them.
    let amys = home.run(&["resources", "create", "workspace:dev", "--owner", "amy"]).stdout.trim().to_owned();
    for arguments in [
        &["tokens", "create", "--allow", "workspace:dev"][..],
        &["authcheck", "workspace:read@dev"],
        &["resources", "show", "workspace:dev"],
    ] {
        let ran = home.run(arguments);
        assert!(ran.code.is_some_and(|code| code > 0), "{arguments:?}");
        assert!(ran.stderr.contains("several resources of type workspace are named \"dev\""), "{}", ran.stderr);
        assert!(ran.stderr.contains(&format!("{amys} (of amy in ")), "{}", ran.stderr);
        assert!(ran.stderr.contains(&format!("{dev} (of owner in ")), "{}", ran.stderr);
    }
    let ran = home.run(&["tokens", "create", "--allow", "workspace:prod"]);
    assert!(ran.stderr.contains("there is no workspace named \"prod\" that you may read\nSuggestion: "), "{ran:?}");
    let ran = home.run(&["tokens", "create", "--allow", "worksapce:dev"]);
    assert!(
        ran.stderr.contains("unknown resource type \"worksapce\"\nSuggestion: the nearest is workspace"),
        "{ran:?}"
    );
    // Both spellings of one flag.
    for flag in ["--org", "--organization", "-O"] {
        for arguments in [
            &["resources", "list"][..],
            &["authcheck", "template:read"],
            &["organizations", "members", "list"],
            &["groups", "list"],
            &["roles", "list"],
        ] {
            let ran = home.run(&[arguments, &[flag, "default"]].concat());
            assert_eq!(ran.code, Some(0), "{arguments:?} {flag}: {}", ran.stderr);
        }
    }
    // Tables show names, JSON both.
    let table = home.run(&["resources", "list", "-c", "name,owner,organization"]).stdout;
    assert!(table.contains("dev   amy"), "{table}");
    let listed = json(&home.run(&["resources", "list", "--owner", "amy", "-o", "json"]));
    assert_eq!(listed[0]["owner_name"], "amy");
    assert!(listed[0]["owner_id"].is_string() && listed[0]["organization_name"].is_string());
}

#[test]
fn an_unknown_type_or_action_cannot_be_decided() {
    let (server, session) = Server::with_owner();
    let home = Home::signed_in(&server, &session);
    for more in [&[][..], &["--explain"], &["-o", "json"]] {
        let ran = home.run(&[&["authcheck", "workspce:read"], more].concat());
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{more:?}");
        let words = "error: there is no resource type \"workspce\"\nSuggestion: the nearest is workspace\n";
        assert_eq!(ran.stderr, words, "{more:?}");
        let ran = home.run(&[&["authcheck", "workspace:raed", "workspace:read"], more].concat());
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{more:?}");
        assert_eq!(ran.stderr, "error: there is no action \"raed\"\nSuggestion: the nearest is read\n", "{more:?}");
    }
}

/// An owner may do everything, also what there is not: that is no answer either.
#[test]
fn what_is_allowed_is_not_decided_where_its_name_is_unknown() {
    let (server, session) = Server::with_owner();
    let home = Home::signed_in(&server, &session);
    for more in [&[][..], &["--explain"], &["-o", "json"], &["--explain", "-o", "json"]] {
        for (checks, problem, nearest) in [
            (&["template:raed"][..], "there is no action \"raed\"", "the nearest is read"),
            (&["*:read"], "there is no resource type \"*\"", "'keyfob resource-types' lists all types"),
            (
                &["workspace:read", "worspace:read", "template:raed"],
                "there is no action \"raed\"; there is no resource type \"worspace\"",
                "the nearest is read; the nearest is workspace",
            ),
        ] {
            let ran = home.run(&[&["authcheck", "--owner", "me", "--any-organization"], checks, more].concat());
            assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{checks:?} {more:?}: {}", ran.stderr);
            assert!(ran.stderr.starts_with(&format!("error: {problem}\nSuggestion: {nearest}")), "{}", ran.stderr);
        }
    }
}

/// More checks than the server explains in one call.
#[test]
fn an_unknown_name_is_found_among_many_checks() {
    let (server, session) = Server::with_owner();
    let home = Home::signed_in(&server, &session);
    let check = |action: &str| serde_json::json!({"action": action, "object": {"resource_type": "template"}});
    let mut checks: serde_json::Map<String, Value> =
        (0..1500).map(|number| (format!("check {number}"), check("read"))).collect();
    let ask = |checks: &serde_json::Map<String, Value>| {
        home.run_with(&["authcheck", "--file", "-"], &serde_json::json!({"checks": checks}).to_string())
    };
    let ran = ask(&checks);
    assert_eq!((ran.code, ran.stdout.lines().count()), (Some(0), 1500), "{}", ran.stderr);
    checks.insert("wrong".to_owned(), check("raed"));
    let ran = ask(&checks);
    assert!(ran.code == Some(2) && ran.stderr.contains("there is no action \"raed\""), "{}", ran.stderr);
}

#[test]
fn an_owner_asks_what_others_may_do_and_all_that_a_key_may() {
    let (server, session) = Server::with_owner();
    let home = Home::signed_in(&server, &session);
    let create = ["users", "create", "-u", "amy", "-e", "amy@example.com", "-n", "N", "-p", "Sup3rSecret!pw"];
    assert_eq!(home.run(&create).code, Some(0));
    home.run(&["resources", "create", "workspace:dev", "--owner", "amy"]);
    home.run(&["resources", "create", "workspace:mine"]);
    let ran = home.run(&["authcheck", "workspace:delete@dev", "--user", "amy"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), "yes  workspace:delete@dev\n"), "{}", ran.stderr);
    let ran = home.run(&["authcheck", "workspace:delete@mine", "--user", "amy", "--explain"]);
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    let token = home.run(&["tokens", "create", "-n", "ci", "--scope", "workspace:read,workspace:ssh"]).stdout;
    assert_eq!(home.run(&["authcheck", "workspace:read@mine", "--key", "ci"]).code, Some(0));
    assert_eq!(home.run(&["authcheck", "workspace:delete@mine", "--key", "ci"]).code, Some(1));
    assert_eq!(home.run(&["authcheck", "workspace:read", "--user", "nobody"]).code, Some(2));

    let ran = home.run(&["--token", token.trim(), "authcheck", "--list"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let line = ran.stdout.lines().find(|line| line.starts_with("workspace ")).unwrap();
    assert!(line.split_whitespace().eq(["workspace", "2", "read,", "ssh", "the", "same"]), "{}", ran.stdout);
    let list = json(&home.run(&["authcheck", "--list", "--user", "amy", "-o", "json"]));
    let workspaces = list.as_array().unwrap().iter().find(|power| power["resource_type"] == "workspace").unwrap();
    assert!(workspaces["actions"].as_array().unwrap().contains(&Value::from("create")), "{workspaces}");
    assert_eq!(workspaces.get("objects"), None, "counts are those of the key in use");
}

/// Allow lists and access lists name single objects, which fit no question about objects in general.
#[test]
fn what_others_may_do_on_single_objects_is_listed() {
    let (server, session) = Server::with_owner();
    let home = Home::signed_in(&server, &session);
    let create = ["users", "create", "-u", "amy", "-e", "amy@example.com", "-n", "N", "-p", "Sup3rSecret!pw"];
    for line in [
        &create[..],
        &["resources", "create", "workspace:dev"],
        &["resources", "create", "template:base"],
        &["resources", "acl", "set", "template:base", "--user", "amy=admin"],
        &["tokens", "create", "-n", "ci", "--scope", "workspace:read,workspace:ssh", "--allow", "workspace:dev"],
        &["tokens", "create", "-n", "no", "--scope", "workspace:read", "--allow", "template:base"],
    ] {
        assert_eq!(home.run(line).code, Some(0), "{line:?}");
    }
    let ran = home.run(&["authcheck", "--list", "--key", "ci"]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
    let lines: Vec<Vec<&str>> = ran.stdout.lines().skip(1).map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines, [["workspace", "read,", "ssh"]], "{}", ran.stdout);
    let list = json(&home.run(&["authcheck", "--list", "--user", "amy", "-o", "json"]));
    let templates = list.as_array().unwrap().iter().find(|power| power["resource_type"] == "template").unwrap();
    assert!(templates["actions"].as_array().unwrap().contains(&Value::from("update")), "{templates}");
    assert!(!templates["actions_on_any"].as_array().unwrap().contains(&Value::from("update")), "{templates}");
    let ran = home.run(&["authcheck", "--list", "--key", "no"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), "Nothing is permitted.\n"), "{}", ran.stderr);
}

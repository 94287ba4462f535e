//! Groups, roles, access lists and audit records, from the command line.
use serde_json::{Value, json};

use crate::program::{Home, PASSWORD, Ran, Server};

fn deployment() -> (Server, Home) {
    let (server, session) = Server::with_owner();
    let home = Home::signed_in(&server, &session);
    for name in ["amy", "bob"] {
        let email = format!("{name}@example.com");
        let made = ["users", "create", "-u", name, "-e", &email, "-p", PASSWORD];
        assert_eq!(home.run(&made).code, Some(0), "{name}");
    }
    (server, home)
}

#[track_caller]
fn done(ran: Ran) -> String {
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
    ran.stdout
}

#[track_caller]
fn refused(ran: Ran) -> String {
    assert_eq!(ran.code, Some(1), "{}{}", ran.stdout, ran.stderr);
    ran.stderr
}

#[test]
fn groups_are_created_filled_changed_and_deleted() {
    let (_server, home) = deployment();
    let id = done(home.run(&["groups", "create", "builders", "--display-name", "All builders"]));
    assert_eq!(
        done(home.run(&["groups", "list", "-c", "name,members"])),
        "NAME      MEMBERS\nEveryone  3\nbuilders  0\n"
    );
    done(home.run(&["groups", "members", "add", "builders", "amy", "BOB"]));
    let shown = done(home.run(&["groups", "show", "builders"]));
    assert!(shown.contains("All builders") && shown.contains("amy@example.com") && shown.contains(id.trim_end()));
    let stranger = refused(home.run(&["groups", "members", "add", "builders", "carol"]));
    assert!(stranger.contains("the organization has no member carol that you may see"), "{stranger}");
    done(home.run(&["groups", "members", "remove", "builders", "bob"]));
    done(home.run(&["groups", "edit", "builders", "--name", "makers"]));
    assert!(refused(home.run(&["groups", "edit", "makers"])).contains("nothing to change"));
    let json: Value = serde_json::from_str(&done(home.run(&["groups", "show", "makers", "-o", "json"]))).unwrap();
    assert_eq!((&json["members"][0]["username"], &json["total_member_count"]), (&json!("amy"), &json!(1)));
    let taken = refused(home.run(&["groups", "create", "makers"]));
    assert!(taken.contains("A group named \"makers\" already exists."), "{taken}");
    done(home.run(&["groups", "delete", "makers", "-y"]));
    refused(home.run(&["groups", "show", "makers"]));
}

#[test]
fn custom_roles_are_created_changed_assigned_and_deleted() {
    let (_server, home) = deployment();
    let roles = |rest: &[&str]| home.run(&[&["organizations", "roles"], rest].concat());
    let dry = ["create", "reader", "-p", "template:read,file:read", "--dry-run"];
    assert_eq!(done(roles(&dry)), "template:read\nfile:read\n");
    assert!(!done(roles(&["show"])).contains("reader"));
    done(roles(&["create", "reader", "-p", "template:read", "--display-name", "Reader"]));
    let listed = done(home.run(&["roles", "list", "--org", "coder", "-c", "name,display name,assignable,built in"]));
    assert!(listed.lines().any(|line| line.split_whitespace().eq(["reader", "Reader", "yes", "no"])), "{listed}");
    done(home.run(&["organizations", "members", "edit-roles", "amy", "reader"]));
    done(roles(&["update", "reader", "-p", "file:read", "-y"]));
    let shown: Value = serde_json::from_str(&done(roles(&["show", "reader", "-o", "json"]))).unwrap();
    assert_eq!(shown[0]["display_name"], "Reader", "what is not named stays");
    assert_eq!(shown[0]["organization_permissions"].as_array().unwrap().len(), 1);
    let role = json!({"name": "other", "organization_permissions": [{"resource_type": "file", "action": "read"}]});
    let made = home.run_with(&["organizations", "roles", "create", "--stdin", "-o", "json"], &role.to_string());
    let printed = done(made);
    assert_eq!(serde_json::from_str::<Value>(&printed).unwrap()["name"], "other");
    done(home.run_with(&["organizations", "roles", "update", "--stdin", "-y"], &printed));
    let misspelled =
        home.run_with(&["organizations", "roles", "create", "--stdin"], r#"{"name": "x", "permissions": []}"#);
    assert!(refused(misspelled).contains("a role has no field \"permissions\""));
    for (arguments, said) in [
        (&["create", "x", "-p", "template"][..], "want <type>:<action>"),
        (&["create", "x", "-p", "template:fly"], "invalid action \"fly\""),
        (&["update", "nothing", "-p", "file:read", "-y"], "has no custom role \"nothing\""),
        (&["delete", "nothing", "-y"], "No custom role with the name nothing found"),
    ] {
        let ran = roles(arguments);
        assert_ne!(ran.code, Some(0), "{arguments:?}");
        assert!(ran.stderr.contains(said), "{arguments:?}: {}", ran.stderr);
    }
    done(roles(&["delete", "reader", "-y"]));
    assert!(!done(roles(&["show"])).contains("reader"));
}

#[test]
fn access_lists_are_shown_and_changed() {
    let (_server, home) = deployment();
    done(home.run(&["groups", "create", "builders"]));
    done(home.run(&["resources", "create", "workspace:dev"]));
    done(home.run(&["resources", "create", "task:nightly"]));
    let acl = |rest: &[&str]| home.run(&[&["resources", "acl"], rest].concat());
    let empty = acl(&["show", "workspace:dev"]);
    assert_eq!((empty.stdout.as_str(), empty.stderr.trim_end()), ("", "The access list is empty."));
    let list = done(acl(&["set", "workspace:dev", "--user", "amy=use", "--group", "builders=admin"]));
    assert_eq!(list.lines().count(), 3, "{list}");
    let json: Value = serde_json::from_str(&done(acl(&["show", "workspace:dev", "-o", "json"]))).unwrap();
    assert_eq!(json["user_roles"].as_object().unwrap().values().collect::<Vec<_>>(), ["use"]);
    let list = done(acl(&["set", "task:nightly", "--user", "bob=read,update"]));
    assert!(list.contains("read, update"), "{list}");
    for (arguments, said) in [
        (&["set", "workspace:dev"][..], "nothing to grant"),
        (&["remove", "workspace:dev"], "nothing to remove"),
        (&["set", "workspace:dev", "--user", "amy"], "want <name>="),
        (&["set", "workspace:dev", "--user", "amy=king"], "role \"king\" is not a valid workspace role"),
        (&["set", "task:nightly", "--user", "amy=fly"], "\"fly\" is no action of task"),
        (&["set", "workspace:dev", "--user", "carol=use"], "there is no user carol whom you may see"),
        (&["set", "workspace:dev", "--group", "carols=use"], "there is no group carols that you may see"),
    ] {
        let ran = acl(arguments);
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""), "{arguments:?}");
        let (first, _) = ran.stderr.split_once('\n').unwrap();
        // What the server or the parser refuses comes behind what was tried.
        let is_said = first.starts_with(&format!("error: {said}")) || first.contains(&format!(": {said}"));
        assert!(first.starts_with("error: ") && is_said, "{arguments:?}: {}", ran.stderr);
    }
    done(acl(&["remove", "workspace:dev", "--user", "amy", "--group", "builders"]));
    let json: Value = serde_json::from_str(&done(acl(&["show", "workspace:dev", "-o", "json"]))).unwrap();
    assert_eq!(json, json!({"user_roles": {}, "group_roles": {}}));
}

#[test]
fn records_are_listed_and_searched() {
    let (_server, home) = deployment();
    let listed = done(home.run(&["audit", "list", "-c", "what,status"]));
    assert!(listed.lines().nth(1).unwrap().starts_with("owner created user bob"), "{listed}");
    let logins = done(home.run(&["audit", "list", "action:login", "username:owner", "-c", "what"]));
    assert_eq!(logins, "WHAT\nowner signed in\n");
    let page = home.run(&["audit", "list", "-l", "1", "-o", "table"]);
    assert_eq!(page.stderr.trim_end(), "There are more records: continue with --offset 1.");
    let json: Value = serde_json::from_str(&done(home.run(&["audit", "list", "-l", "2", "-o", "json"]))).unwrap();
    assert_eq!(json.as_array().unwrap().len(), 2);
    assert!(refused(home.run(&["audit", "list", "colour:red"])).contains("Invalid audit search query."));
}

//! Values that are empty: what they name, and what they clear.
use serde_json::Value;

use crate::{
    missing::{create, done, json, owner, session_of},
    program::{keyfob, run},
};

/// `..`, `.` and nothing at all name nothing: as a part of an address they would lead to what is above it.
#[test]
fn what_is_no_name_reaches_nothing() {
    let (server, home) = owner();
    create(&home, "amy");
    let amy = session_of(&server, "amy");
    done(home.run(&["organizations", "create", "acme", "-y"]));
    for id in ["..", ".", ""] {
        for line in [
            &["sessions", "end", id, "--user", "amy", "-y"][..],
            &["sessions", "end", id, "-y"],
            &["sessions", "list", "--user", id],
            &["organizations", "members", "remove", id, "--org", "acme"],
            &["organizations", "delete", id, "-y"],
            &["tokens", "remove", id, "--user", "amy", "--delete"],
            &["users", "delete", id],
            &["groups", "delete", id, "-y"],
        ] {
            let ran = home.run(line);
            assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""), "{line:?}: {}", ran.stderr);
            assert!(ran.stderr.contains("name or an id"), "{line:?}: {}", ran.stderr);
        }
    }
    done(home.run(&["users", "show", "amy"]));
    done(home.run(&["organizations", "show", "acme"]));
    assert_eq!(home.run(&["--token", &amy, "whoami"]).code, Some(0), "the session goes on");
}

/// A value that is empty clears what can be cleared, and is refused where it cannot be.
#[test]
fn an_edit_with_an_empty_value_says_what_happened() {
    let (_server, home) = owner();
    create(&home, "amy");
    done(home.run(&["users", "edit", "amy", "--full-name", ""]));
    let amy = json(home.run(&["users", "show", "amy", "-o", "json"]));
    assert_eq!(amy["name"].as_str().unwrap_or_default(), "");
    done(home.run(&["groups", "create", "ops", "--display-name", "All", "--org", "default"]));
    done(home.run(&["groups", "edit", "ops", "--display-name", "", "--org", "default"]));
    assert_eq!(json(home.run(&["groups", "show", "ops", "--org", "default", "-o", "json"]))["display_name"], "");
    done(home.run(&["organizations", "edit", "default", "--description", "x", "--icon", "https://example.com/i.png"]));
    done(home.run(&["organizations", "edit", "default", "--description", "", "--icon", ""]));
    let organization = json(home.run(&["organizations", "show", "default", "-o", "json"]))[0].clone();
    assert_eq!((&organization["description"], &organization["icon"]), (&Value::from(""), &Value::from("")));
    let roles = |rest: &[&str]| home.run(&[&["organizations", "roles"], rest, &["--org", "default"]].concat());
    done(roles(&["create", "reader", "-p", "file:read", "--display-name", "Reader"]));
    done(roles(&["update", "reader", "--display-name", "", "-y"]));
    assert_eq!(json(roles(&["show", "reader", "-o", "json"]))[0]["display_name"], "");
    for line in [
        &["users", "edit", "amy", "--username", ""][..],
        &["groups", "edit", "ops", "--name", "", "--org", "default"],
        &["organizations", "edit", "default", "--name", ""],
        &["organizations", "edit", "default", "--display-name", ""],
        &["resources", "edit", "workspace:x", "--name", ""],
    ] {
        let ran = home.run(line);
        assert!(ran.code == Some(1) && ran.stderr.contains("empty"), "{line:?}: {}", ran.stderr);
    }
}

#[test]
fn an_export_of_nothing_and_a_password_file_that_is_missing_are_refused() {
    let (server, home) = owner();
    assert_eq!(home.run(&["audit", "export", ""]).code, Some(1));
    let database = server.data_dir().join("keyfob.db");
    for line in [&["export"][..], &["verify"]] {
        let file = [database.to_str().unwrap(), "--postgres-password-file", "nowhere"];
        let ran = home.run(&[&["audit"], line, &file].concat());
        let words = "error: --postgres-password-file: there is no file `nowhere`\n";
        assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr.as_str()), (Some(1), "", words), "{line:?}");
    }
}

/// A variable is for all commands on a host, also for those that read a file.
#[test]
fn a_password_file_of_the_environment_matters_where_postgresql_is_named() {
    let (server, home) = owner();
    let database = server.data_dir().join("keyfob.db");
    let database = database.to_str().unwrap();
    let ran = |line: &[&str]| {
        run(keyfob(home.path()).arg("audit").args(line).env("KEYFOB_POSTGRES_PASSWORD_FILE", "nowhere"), "")
    };
    for line in [&["verify", database][..], &["export", database], &["export"]] {
        done(ran(line));
    }
    for line in [&["verify", "postgres://127.0.0.1:1/keyfob"][..], &["export", "postgres://127.0.0.1:1/keyfob"]] {
        let words = "error: --postgres-password-file: there is no file `nowhere`\n";
        assert_eq!(ran(line).stderr, words, "{line:?}");
    }
}

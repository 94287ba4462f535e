//! `keyfob database`: copies of a deployment, of one that runs, and to PostgreSQL.
use std::fs;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    faults::on_postgres,
    http::Message,
    program::{Home, Server},
};

/// Something of every kind that is easily had. The text of a token that it made.
fn fill(server: &Server, session: &str) -> String {
    let user = json!({
        "username": "amy", "email": "amy@example.com", "password": crate::program::PASSWORD, "name": "Ämy ✓",
        "organization_ids": ["00000000-0000-0000-0000-000000000000"],
    });
    assert_eq!(server.post(Some(session), "/api/v2/users", &user).status(), 201);
    let organization = &get(server, session, "/api/v2/organizations")[0]["id"];
    let workspace = json!({
        "resource_type": "workspace", "name": "dev", "organization_id": organization,
        "attributes": {"a": 1.50, "b": ["ü", null]},
    });
    assert_eq!(server.post(Some(session), "/api/v2/resources", &workspace).status(), 201);
    let token = json!({"token_name": "ci", "scope": "workspace:read"});
    let token = server.post(Some(session), "/api/v2/users/me/keys/tokens", &token);
    token.json().unwrap()["key"].as_str().unwrap().to_owned()
}

fn get(server: &Server, key: &str, path: &str) -> Value {
    let request = Message::request("GET", path).with_header("Coder-Session-Token", key);
    let answer = request.send(&server.address).unwrap();
    assert_eq!(answer.status(), 200, "{path}: {}", answer.text());
    answer.json().unwrap()
}

/// What a deployment shows of itself.
fn shown(server: &Server, session: &str) -> Vec<Value> {
    let paths = ["/users", "/organizations", "/users/me/keys/tokens", "/resources", "/audit", "/buildinfo"];
    let shown = paths.iter().map(|path| get(server, session, &format!("/api/v2{path}")));
    shown
        .map(|mut answer| {
            // Signing in and reading move these on.
            without(
                &mut answer,
                &["last_used", "last_seen_at", "updated_at", "external_url", "dashboard_url", "expires_at"],
            );
            answer
        })
        .collect()
}

fn without(value: &mut Value, names: &[&str]) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| !names.contains(&name.as_str()));
            fields.values_mut().for_each(|field| without(field, names));
        }
        Value::Array(values) => values.iter_mut().for_each(|value| without(value, names)),
        _ => {}
    }
}

/// A folder for a server with only these keys of another.
fn with_keys_of(data: &TempDir) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("data")).unwrap();
    for key in ["seal.key", "audit.key"] {
        fs::copy(data.path().join("data").join(key), folder.path().join("data").join(key)).unwrap();
    }
    folder
}

#[test]
fn a_deployment_moves_to_postgresql_and_is_the_same_there() {
    let Some(database) = on_postgres() else { return };
    let url = database.postgres_url().unwrap();
    let (server, session) = Server::with_owner();
    let token = fill(&server, &session);
    let before = shown(&server, &session);
    let home = Home::new();
    let from = format!("sqlite://{}", server.data_dir().join("keyfob.db").display());
    let copy = ["database", "copy", "--from", &from, "--to", url];
    let refused = home.run(&copy);
    assert_eq!(refused.code, Some(1), "{}", refused.stdout);
    assert!(refused.stderr.contains("a server uses the database in"), "{}", refused.stderr);
    let (_, data) = server.stop();

    let copied = home.run(&copy);
    assert_eq!(copied.code, Some(0), "{}{}", copied.stdout, copied.stderr);
    assert!(copied.stdout.starts_with("Copied ") && copied.stdout.contains("compared every one"), "{}", copied.stdout);
    assert!(copied.stderr.contains("comparing audit_records: "), "{}", copied.stderr);
    let again = home.run(&copy);
    assert_eq!(again.code, Some(1));
    assert!(again.stderr.contains("the target is not empty"), "{}", again.stderr);

    let moved = Server::start_on(with_keys_of(&data), &[], &[&format!("--postgres-url={url}")]);
    assert_eq!(shown(&moved, &session), before);
    get(&moved, &token, "/api/v2/resources?type=workspace");
    let key = moved.data_dir().join("audit.key");
    let verified = home.run(&["audit", "verify", url, "--key", key.to_str().unwrap()]);
    assert_eq!(verified.code, Some(0), "{}{}", verified.stdout, verified.stderr);
}

/// A row that PostgreSQL does not take keeps all others out.
#[test]
fn of_a_copy_that_fails_nothing_is_left() {
    let Some(database) = on_postgres() else { return };
    let url = database.postgres_url().unwrap();
    let (server, session) = Server::with_owner();
    fill(&server, &session);
    let (_, data) = server.stop();
    let file = data.path().join("data/keyfob.db");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let of_file = keyfob_testdb::TestDatabase::file_in(file.parent().unwrap());
    runtime.block_on(of_file.tamper("UPDATE users SET roles = 'no JSON' WHERE username = 'amy'"));
    let from = format!("sqlite://{}", file.display());
    let home = Home::new();
    let failed = home.run(&["database", "copy", "--from", &from, "--to", url]);
    assert_eq!(failed.code, Some(1), "{}", failed.stdout);
    runtime.block_on(of_file.tamper("UPDATE users SET roles = '[]' WHERE username = 'amy'"));
    let copied = home.run(&["database", "copy", "--from", &from, "--to", url]);
    assert_eq!(copied.code, Some(0), "{}{}", copied.stdout, copied.stderr);
}

/// What PostgreSQL does not store is found when the rows are compared.
#[test]
fn a_copy_that_is_not_the_same_is_none() {
    let Some(database) = on_postgres() else { return };
    let url = database.postgres_url().unwrap();
    let (server, session) = Server::with_owner();
    fill(&server, &session);
    let (_, data) = server.stop();
    let file = data.path().join("data/keyfob.db");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let of_file = keyfob_testdb::TestDatabase::file_in(file.parent().unwrap());
    assert_eq!(runtime.block_on(of_file.tamper("UPDATE users SET name = 'a' || char(0) WHERE username = 'amy'")), 1);
    let copy = ["database", "copy", "--from", &format!("sqlite://{}", file.display()), "--to", url];
    let home = Home::new();
    let failed = home.run(&copy);
    assert_eq!(failed.code, Some(1), "{}", failed.stdout);
    assert!(failed.stderr.contains("`name` of row ") && failed.stderr.contains("`users`"), "{}", failed.stderr);
    runtime.block_on(of_file.tamper("UPDATE users SET name = 'a' WHERE username = 'amy'"));
    let copied = home.run(&copy);
    assert_eq!(copied.code, Some(0), "nothing was left in the target: {}", copied.stderr);
}

#[test]
fn a_backup_of_a_running_server_is_a_deployment_of_one_moment() {
    let (server, session) = Server::with_owner();
    let token = fill(&server, &session);
    let home = Home::new();
    let (folder, file) = (server.data_dir(), home.path().join("copy.db"));
    let backup = ["database", "backup", "--data-dir", folder.to_str().unwrap(), file.to_str().unwrap()];
    let made = home.run(&backup);
    assert_eq!(made.code, Some(0), "{}{}", made.stdout, made.stderr);
    #[cfg(unix)]
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&file).unwrap().permissions()) & 0o077, 0);
    let again = home.run(&backup);
    assert_eq!(again.code, Some(1));
    assert!(again.stderr.contains("is there already"), "{}", again.stderr);
    // What comes after it is not in it.
    let later = server.post(Some(&session), "/api/v2/users/me/keys/tokens", &json!({"token_name": "later"}));
    assert_eq!(later.status(), 201);
    let (_, data) = server.stop();
    let restored = with_keys_of(&data);
    fs::copy(&file, restored.path().join("data/keyfob.db")).unwrap();
    let restored = Server::start_on(restored, &[], &[]);
    get(&restored, &token, "/api/v2/resources?type=workspace");
    let tokens = get(&restored, &session, "/api/v2/users/me/keys/tokens");
    let names: Vec<&str> = tokens.as_array().unwrap().iter().map(|one| one["token_name"].as_str().unwrap()).collect();
    assert_eq!(names, ["ci"]);
}

#[test]
fn what_is_no_deployment_is_named() {
    let home = Home::new();
    let folder = home.path().join("nothing");
    for (arguments, says) in [
        (&["database", "backup", "--data-dir", "nothing", "copy.db"][..], "cannot be copied"),
        (&["database", "copy", "--from", "postgres://u:s3cret@x/y", "--to", "sqlite:///x"], "an absolute path"),
        (&["database", "backup", "postgres://u:s3cret@x/y"], "must be a file"),
        (&["audit", "verify", " postgres://u:s3cret@x/y"], "must be a file"),
        (&["audit", "export", "mysql://u:s3cret@x/y"], "must be a file"),
        (&["database", "copy", "--debug-options", "--from", "sqlite:///x", "--to", "postgres://u:s3cret@x/y"], ""),
        (&["audit", "verify", "--debug-options", "postgres://u:s3cret@x/y"], ""),
        (&["whoami", "--debug-options", "--header-command", "echo X=s3cret"], ""),
        (&["users", "create", "-p", "s3cret", "--debug-options"], ""),
        (&["users", "password", "amy", "--password", "s3cret", "--debug-options"], ""),
        (&["authcheck", "workspace:read", "--as", "s3cret", "--debug-options"], ""),
        (&["whoami", "--url", "http://u:s3cret@ho st/"], "is not a URL"),
        (&["whoami", "--url", "http://u:s3cret@ho st/", "--debug-options"], ""),
        (&["server", "--access-url", "ftp://u:s3cret@x/y"], "ftp://x/y"),
        (&["server", "--oidc-auth-url-params", "{\"client_secret\": \"s3cret\""], "--oidc-auth-url-params"),
        (&["database", "copy", "--from", "sqlite://relative.db", "--to", "postgres://x/y"], "an absolute path"),
        (&["database", "copy", "--from", "sqlite:///x/other.db", "--to", "postgres://x/y"], "keyfob.db"),
        (&["database", "copy", "--from", "sqlite:///x/keyfob.db", "--to", "mysql://x/y"], "postgres://"),
    ] {
        let ran = home.run(arguments);
        assert_eq!(ran.code == Some(0), arguments.contains(&"--debug-options"), "{arguments:?}");
        assert!(!(ran.stdout.clone() + &ran.stderr).contains("s3cret"), "{arguments:?}: {}{}", ran.stdout, ran.stderr);
        assert!(ran.stderr.contains(says), "{arguments:?}: {}", ran.stderr);
    }
    assert!(!folder.exists() && !home.path().join("copy.db").exists());
}

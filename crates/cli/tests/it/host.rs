//! Commands of an operator on the host.
use serde_json::{Value, json};

use crate::{
    http::Message,
    program::{Home, PASSWORD, Ran, Server},
};

const NEW: &str = "An0ther!password";

fn on_host(home: &Home, data: &std::path::Path, arguments: &[&str], stdin: &str) -> Ran {
    let data = data.to_str().unwrap();
    home.run_with(&[&["server", "--data-dir", data], arguments].concat(), stdin)
}

fn login(server: &Server, email: &str, password: &str) -> Message {
    server.post(None, "/api/v2/users/login", &json!({"email": email, "password": password}))
}

fn me(server: &Server, key: &str) -> Message {
    let request = Message::request("GET", "/api/v2/users/me").with_header("Coder-Session-Token", key);
    request.send(&server.address).unwrap()
}

fn key(login: &Message) -> String {
    assert_eq!(login.status(), 201, "{}", login.text());
    login.json().unwrap()["session_token"].as_str().unwrap().to_owned()
}

#[test]
fn a_server_is_asked_whether_it_is_ready() {
    let server = Server::start();
    let home = Home::new();
    let address = server.address.clone();
    let ready = ["server", "--http-address", &address, "ready"];
    let answered = home.run(&ready);
    assert_eq!((answered.code, answered.stdout.as_str()), (Some(0), "The server is ready.\n"), "{}", answered.stderr);
    server.stop();
    let refused = home.run(&ready);
    assert_eq!((refused.code, refused.stdout.as_str()), (Some(1), ""));
    let words = format!("error: the server at {address} is not ready: no answer from the server: ");
    assert!(refused.stderr.starts_with(&words), "{}", refused.stderr);
    assert!(refused.stderr.contains("'keyfob server --http-address <ADDRESS> ready'"), "{}", refused.stderr);
}

/// Deleting every user does not reopen the set-up: then only this command creates an owner (`docs/compatibility.md`).
#[test]
fn an_owner_is_created_on_the_host_while_the_server_does_not_run() {
    let home = Home::new();
    let (server, session) = Server::with_owner();
    let new = ["create-admin", "--username", "second", "--email", "second@example.com", "--password", NEW];
    let ran = on_host(&home, &server.data_dir(), &new, "");
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("another server uses the data directory"), "{}", ran.stderr);

    let (_log, data) = server.stop();
    let folder = data.path().join("data");
    let weak = ["create-admin", "--username", "second", "--email", "second@example.com", "--password", "weak"];
    let ran = on_host(&home, &folder, &weak, "");
    assert!(ran.code == Some(1) && ran.stderr.contains("insecure password"), "{}", ran.stderr);
    let ran = on_host(&home, &folder, &["create-admin"], &format!("owner\nsecond@example.com\n{NEW}\n{NEW}\n"));
    assert!(ran.code == Some(1) && ran.stderr.contains("User already exists."), "{}", ran.stderr);
    let ran = on_host(&home, &folder, &new, "");
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);

    let server = Server::start_on(data, &[], &[]);
    let second = key(&login(&server, "second@example.com", NEW));
    let me = me(&server, &second).json().unwrap();
    assert_eq!(me["roles"], json!([{"name": "owner", "display_name": "Owner"}]));
    let member = Message::request("GET", "/api/v2/organizations/default/members/me");
    let member: Value =
        member.with_header("Coder-Session-Token", &second).send(&server.address).unwrap().json().unwrap();
    assert_eq!(member["roles"][0]["name"], "organization-admin");
    assert_eq!(self::me(&server, &session).status(), 200, "existing users and keys stay");
}

/// Coder leaves the keys as they are (`docs/compatibility.md`).
#[test]
fn resetting_a_password_on_the_host_revokes_every_key() {
    let home = Home::new();
    let (server, session) = Server::with_owner();
    let (_log, data) = server.stop();
    let folder = data.path().join("data");
    let twice = format!("{NEW}\n{NEW}\n");
    for (user, stdin, words) in [
        ("owner", format!("{NEW}\nother\n"), "Passwords do not match"),
        ("owner", "weak\nweak\n".to_owned(), "insecure password"),
        ("nobody", twice.clone(), "there is no user `nobody`"),
    ] {
        let ran = on_host(&home, &folder, &["reset-password", user], &stdin);
        assert!(ran.code == Some(1) && ran.stderr.contains(words), "{}", ran.stderr);
    }
    let ran = on_host(&home, &folder, &["reset-password", "owner"], &twice);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);

    let server = Server::start_on(data, &[], &[]);
    assert_eq!(me(&server, &session).status(), 401);
    assert_eq!(login(&server, "owner@example.com", PASSWORD).status(), 401);
    key(&login(&server, "owner@example.com", NEW));
}

#[test]
fn no_owner_is_created_on_the_host_before_the_first_user() {
    let home = Home::new();
    let (_log, data) = Server::start().stop();
    let new = ["create-admin", "--username", "a", "--email", "a@example.com", "--password", NEW];
    let ran = on_host(&home, &data.path().join("data"), &new, "");
    assert!(ran.code == Some(1) && ran.stderr.contains("`keyfob login`, which makes the first"), "{}", ran.stderr);
}

/// A folder whose name is misspelt is not made, and one without a database is left as it is.
#[test]
fn commands_on_the_host_make_no_database() {
    let home = Home::new();
    let (missing, empty) = (home.path().join("missing"), home.path().join("empty"));
    std::fs::create_dir(&empty).unwrap();
    let create = ["create-admin", "--username", "a", "--email", "a@example.com", "--password", NEW];
    for folder in [&missing, &empty] {
        for command in [&create[..], &["reset-password", "owner"]] {
            let ran = on_host(&home, folder, command, &format!("{NEW}\n{NEW}\n"));
            let words = format!("there is no database in `{}`", folder.display());
            assert!(ran.code == Some(1) && ran.stderr.contains(&words), "{command:?}: {}", ran.stderr);
        }
    }
    assert!(!missing.exists());
    // What a server leaves that ended before it had a database.
    std::fs::write(empty.join("keyfob.db"), "").unwrap();
    let ran = on_host(&home, &empty, &create, "");
    assert!(ran.code == Some(1) && ran.stderr.contains("there is no database"), "{}", ran.stderr);
    assert_eq!(std::fs::read_dir(&empty).unwrap().count(), 1);
}

/// The operating system would end the command by a signal.
#[cfg(target_os = "linux")]
#[test]
fn a_file_at_the_limit_of_its_size_is_an_error_of_the_command() {
    let home = Home::new();
    let (server, session) = Server::with_owner();
    let (_log, data) = server.stop();
    let folder = data.path().join("data");
    let keys = ["audit.key", "seal.key"].map(|key| folder.join(key));
    let former = keys.each_ref().map(|key| std::fs::read(key).unwrap());
    for key in ["audit", "seal"] {
        let mut limited = std::process::Command::new("prlimit");
        limited.args(["--fsize=1", crate::program::PROGRAM, "server", "rotate-key", key, "--data-dir"]).arg(&folder);
        let ran = limited.env("HOME", home.path()).output().unwrap();
        assert_eq!(ran.status.code(), Some(1), "{ran:?}");
    }
    assert_eq!(keys.each_ref().map(|key| std::fs::read(key).unwrap()), former);
    assert_eq!(me(&Server::start_on(data, &[], &[]), &session).status(), 200);
}

/// The records before and after are one chain, which both keys together verify.
#[test]
fn the_key_of_the_records_is_replaced_and_the_chain_goes_on() {
    let home = Home::new();
    let (server, session) = Server::with_owner();
    let rotate = ["rotate-key", "audit"];
    let ran = on_host(&home, &server.data_dir(), &rotate, "");
    assert!(ran.code == Some(1) && ran.stderr.contains("another server uses the data directory"), "{}", ran.stderr);
    let (_log, data) = server.stop();
    let folder = data.path().join("data");
    let file = folder.join("audit.key");
    let former = std::fs::read_to_string(&file).unwrap();
    let ran = on_host(&home, &folder, &rotate, "");
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stderr.contains("has a new key. Make a backup of it."), "{}", ran.stderr);
    let both = std::fs::read_to_string(&file).unwrap();
    let lines: Vec<&str> = both.lines().collect();
    assert!(lines.len() == 2 && lines[1].starts_with(former.trim()), "the former key is kept for the records before");
    #[cfg(unix)]
    assert_eq!(
        std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&file).unwrap().permissions()) & 0o777,
        0o600
    );

    let server = Server::start_on(data, &[], &[]);
    let token = json!({"token_name": "after"});
    assert_eq!(server.post(Some(&session), "/api/v2/users/me/keys/tokens", &token).status(), 201);
    let records = Message::request("GET", "/api/v2/audit").with_header("Coder-Session-Token", &session);
    let records = records.send(&server.address).unwrap().json().unwrap();
    let change = records["audit_logs"].as_array().unwrap().iter().find(|of| of["resource_target"] == "audit.key");
    assert!(change.unwrap()["diff"]["audit_key"]["new"].is_string(), "{records}");
    let (_log, data) = server.stop();
    let database = folder.join("keyfob.db");
    let verify = |key: &std::path::Path| {
        home.run(&["audit", "verify", "--key", key.to_str().unwrap(), database.to_str().unwrap()])
    };
    let verified = verify(&file);
    assert!(verified.code == Some(0) && verified.stdout.starts_with("intact: "), "{}", verified.stderr);
    let kept = data.path().join("former.key");
    std::fs::write(&kept, &former).unwrap();
    let unknown = verify(&kept).stdout;
    assert!(unknown.starts_with("cannot verify: the records after ") && unknown.contains("another key"), "{unknown}");
    std::fs::write(&kept, both.lines().next().unwrap()).unwrap();
    assert!(verify(&kept).stdout.contains("was changed or put elsewhere"));

    // Without the records with the current key, and the one that names it, the former key could be gone on with.
    let cut = tempfile::tempdir().unwrap();
    std::fs::copy(&database, cut.path().join("keyfob.db")).unwrap();
    let without = "DELETE FROM audit_records WHERE sequence >= (SELECT MAX(sequence) - 1 FROM audit_records)";
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(keyfob_testdb::TestDatabase::file_in(cut.path()).tamper(without));
    let cut = cut.path().join("keyfob.db");
    let verified = home.run(&["audit", "verify", "--key", file.to_str().unwrap(), cut.to_str().unwrap()]);
    assert!(verified.code == Some(1) && verified.stdout.contains("are cut off, after record"), "{}", verified.stdout);

    // An export from before the current key, which anybody with the former one could have written.
    let export = home.run(&["audit", "export", database.to_str().unwrap()]).stdout;
    let records: Vec<serde_json::Value> = export.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let ends = records.iter().position(|record| record["resource_target"] == "audit.key").unwrap();
    let older = data.path().join("older.jsonl");
    let lines = |count: usize| export.split_inclusive('\n').take(count).collect::<String>();
    std::fs::write(&older, lines(ends)).unwrap();
    let verify_older = |options: &[&str]| {
        let fixed = ["audit", "verify", "--key", file.to_str().unwrap(), older.to_str().unwrap()];
        home.run(&[&fixed, options].concat())
    };
    let unvouched = verify_older(&[]);
    assert!(unvouched.code == Some(1) && unvouched.stdout.starts_with("cannot verify: "), "{}", unvouched.stdout);
    assert!(unvouched.stdout.contains("--expect-head"), "{}", unvouched.stdout);
    let head = |place: usize| format!("{}:{}", place + 1, records[place]["hash"].as_str().unwrap());
    let vouched = verify_older(&["--expect-head", &head(ends - 1)]);
    assert!(vouched.code == Some(0) && vouched.stdout.starts_with("intact: "), "{}", vouched.stdout);
    assert_eq!(verify_older(&["--expect-head", &head(ends - 2)]).code, Some(1), "records after the head may be forged");
    std::fs::write(&older, lines(ends + 1)).unwrap();
    assert_eq!(verify_older(&[]).code, Some(0), "the key file knows the end of the former key");

    // Nothing at all is no chain that holds: a command before this one may have failed.
    std::fs::write(&older, "").unwrap();
    let empty = verify_older(&[]);
    assert!(empty.code == Some(1) && empty.stderr.contains("there is no record in it"), "{}", empty.stderr);

    // It may be done again, and the server does not start with a file from before.
    assert_eq!(on_host(&home, &folder, &rotate, "").code, Some(0));
    assert_eq!(verify(&file).code, Some(0));
    std::fs::write(&file, &both).unwrap();
    let ran = on_host(&home, &folder, &rotate, "");
    assert!(ran.code == Some(1) && ran.stderr.contains("audit.key"), "{}", ran.stderr);
}

/// The next key is in a file of its own until the database goes with it. If the process ends after that, the next start
/// moves it; if before, it is removed.
#[test]
fn a_rotation_that_was_cut_off_is_finished_or_never_was() {
    let home = Home::new();
    let (server, session) = Server::with_owner();
    let (_log, mut data) = server.stop();
    for (name, rotate) in [("audit.key", ["rotate-key", "audit"]), ("seal.key", ["rotate-key", "seal"])] {
        let folder = data.path().join("data");
        let (file, next) = (folder.join(name), folder.join(format!("{name}.next")));
        let former = std::fs::read(&file).unwrap();
        assert_eq!(on_host(&home, &folder, &rotate, "").code, Some(0));
        // As if it had ended before the file was moved.
        std::fs::rename(&file, &next).unwrap();
        std::fs::write(&file, &former).unwrap();
        let server = Server::start_on(data, &[], &[]);
        assert_eq!(me(&server, &session).status(), 200);
        data = server.stop().1;
        assert!(!next.exists() && std::fs::read(&file).unwrap() != former, "{name}");

        // As if it had ended before the database went with it: the file holds a key, or the beginning of one.
        let present = std::fs::read(&file).unwrap();
        for unfinished in [&former[..], b"12", b""] {
            std::fs::write(&next, unfinished).unwrap();
            let server = Server::start_on(data, &[], &[]);
            assert_eq!(me(&server, &session).status(), 200);
            data = server.stop().1;
            assert!(!next.exists() && std::fs::read(&file).unwrap() == present, "{name}");
        }
        let database = folder.join("keyfob.db");
        let verified = home.run(&["audit", "verify", database.to_str().unwrap()]);
        assert_eq!(verified.code, Some(0), "{}", verified.stderr);
    }
}

/// A key that is managed elsewhere is a link, or a file that is mounted by itself: it is written where it is.
#[cfg(unix)]
#[test]
fn a_key_file_that_is_a_link_stays_one() {
    let home = Home::new();
    let (server, session) = Server::with_owner();
    let (_log, mut data) = server.stop();
    let folder = data.path().join("data");
    for (name, key) in [("audit.key", "audit"), ("seal.key", "seal")] {
        let (file, kept) = (folder.join(name), data.path().join(name));
        std::fs::rename(&file, &kept).unwrap();
        std::os::unix::fs::symlink(&kept, &file).unwrap();
        let former = std::fs::read(&kept).unwrap();
        let ran = on_host(&home, &folder, &["rotate-key", key], "");
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        assert!(file.is_symlink() && !folder.join(format!("{name}.next")).exists());
        assert_ne!(std::fs::read(&kept).unwrap(), former);
        let server = Server::start_on(data, &[], &[]);
        assert_eq!(me(&server, &session).status(), 200);
        data = server.stop().1;
    }
}

/// What waits in the place of the next key and is no file of ours is named, neither read nor written.
#[cfg(unix)]
#[test]
fn a_pipe_or_a_link_in_the_place_of_the_next_key_is_refused() {
    let home = Home::new();
    let (server, _) = Server::with_owner();
    let (_log, data) = server.stop();
    let folder = data.path().join("data");
    let (next, elsewhere) = (folder.join("audit.key.next"), data.path().join("elsewhere"));
    let former = std::fs::read(folder.join("audit.key")).unwrap();
    let made = std::process::Command::new("mkfifo").arg(&next).status().unwrap();
    assert!(made.success());
    for _ in ["a pipe", "a link"] {
        let ran = on_host(&home, &folder, &["rotate-key", "audit"], "");
        assert!(ran.code == Some(1) && ran.stderr.contains("it is not a file: remove it"), "{}", ran.stderr);
        std::fs::remove_file(&next).unwrap();
        std::os::unix::fs::symlink(&elsewhere, &next).unwrap();
    }
    assert!(!elsewhere.exists() && std::fs::read(folder.join("audit.key")).unwrap() == former);
    std::fs::remove_file(&next).unwrap();
    assert_eq!(on_host(&home, &folder, &["rotate-key", "audit"], "").code, Some(0));
}

/// Of several servers on PostgreSQL, none runs meanwhile, and each needs the file.
#[test]
fn keys_of_several_servers_are_replaced_while_none_runs() {
    let Some(database) = crate::faults::on_postgres() else { return };
    let url = format!("--postgres-url={}", database.postgres_url().unwrap());
    let home = Home::new();
    let (server, session) = Server::with_owner_and(&[&url]);
    let folder = server.data_dir();
    let rotate = |key: &str| home.run(&["server", "--data-dir", folder.to_str().unwrap(), &url, "rotate-key", key]);
    for key in ["audit", "seal"] {
        let refused = rotate(key);
        assert!(
            refused.code == Some(1) && refused.stderr.contains("these servers use the key: "),
            "{}",
            refused.stderr
        );
    }
    let (_log, data) = server.stop();
    let other = tempfile::tempdir().unwrap();
    std::fs::create_dir(other.path().join("data")).unwrap();
    for key in ["audit", "seal"] {
        let name = format!("{key}.key");
        std::fs::copy(folder.join(&name), other.path().join("data").join(&name)).unwrap();
        let ran = rotate(key);
        assert!(ran.code == Some(0) && ran.stderr.contains("Copy the file"), "{}", ran.stderr);
    }
    let folder = other.path().join("data");
    let refused = home.run(&["server", "--data-dir", folder.to_str().unwrap(), &url, "--http-address", "127.0.0.1:0"]);
    assert!(refused.code == Some(1) && refused.stderr.contains("is missing, or not the key"), "{}", refused.stderr);
    for key in ["audit.key", "seal.key"] {
        std::fs::copy(data.path().join("data").join(key), other.path().join("data").join(key)).unwrap();
    }
    let server = Server::start_on(other, &[], &[&url]);
    assert_eq!(me(&server, &session).status(), 200);
    let token = json!({"token_name": "after"});
    assert_eq!(server.post(Some(&session), "/api/v2/users/me/keys/tokens", &token).status(), 201);
    let key = server.data_dir().join("audit.key");
    let verified = home.run(&["audit", "verify", database.postgres_url().unwrap(), "--key", key.to_str().unwrap()]);
    assert_eq!(verified.code, Some(0), "{}{}", verified.stdout, verified.stderr);
}

//! Failures of the machine: the error is clear, no change is partial, and acknowledged changes stay.
use std::{fs, os::unix::fs::PermissionsExt as _};

use axum::http::StatusCode;
use jiff::Timestamp;
use keyfob_server::{Clock, DataDirError, OpenError, StartError};
use serde_json::json;

use crate::support::{NOW, TestApp, open};

const TOKENS: &str = "/api/v2/users/me/keys/tokens";

#[tokio::test]
async fn a_full_database_ends_changes_with_a_clear_error_and_reading_goes_on() {
    // An empty database has a few dozen pages; this leaves room for a few keys.
    let (_app, owner) = TestApp::in_a_file(&["--max-database-pages", "122"]).await;
    let mut made = 0;
    let full = loop {
        let name = format!("{made}-{}", "x".repeat(200));
        let answer = owner.post(TOKENS, json!({"token_name": name})).await;
        if answer.status != StatusCode::CREATED {
            break answer;
        }
        made += 1;
        assert!(made < 1000, "the database never fills");
    };
    assert_eq!(full.status, StatusCode::SERVICE_UNAVAILABLE, "{}", full.body);
    assert_eq!(full.message(), "The database is full.");
    assert_eq!(full.detail(), "Nothing was changed. Reading goes on; make room and try again.");
    let tokens = owner.get(TOKENS).await.expect(StatusCode::OK).json();
    assert_eq!(tokens.as_array().unwrap().len(), made, "what was acknowledged is there, and nothing else");
    owner.get("/api/v2/users/me").await.expect(StatusCode::OK);
    owner.get("/readyz").await.expect(StatusCode::OK);

    // A change for which there is room in the pages that there are still works: above all, expiring a key.
    let id = tokens[0]["id"].as_str().unwrap();
    owner.put(&format!("/api/v2/users/me/keys/{id}/expire"), json!({})).await.expect(StatusCode::NO_CONTENT);
}

/// The session goes on, so the browser keeps its cookie and can try again.
#[tokio::test]
async fn a_sign_out_that_cannot_be_written_keeps_the_cookie() {
    let (app, owner) = TestApp::in_a_file(&[]).await;
    let store = app.data.store().await;
    let other = store.begin().await.unwrap();
    let answer = owner.post("/api/v2/users/logout", json!({})).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.headers.get_all("set-cookie").iter().all(|of| !of.as_bytes().starts_with(b"coder_session_token")));
    drop(other);
    owner.post("/api/v2/users/logout", json!({})).await.expect(StatusCode::OK);
    owner.get("/api/v2/users/me").await.expect(StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn what_was_acknowledged_is_there_after_a_restart() {
    let (app, owner) = TestApp::new().await;
    owner.token(json!({"token_name": "ci"})).await;
    let TestApp { server, clock, data } = app;
    let key = owner.key.clone();
    drop((server, owner));
    let server = data.open(&[], &clock).await.unwrap();
    let app = TestApp { server, clock, data };
    app.bearer_of(&key).get(&format!("{TOKENS}/ci")).await.expect(StatusCode::OK);
}

#[tokio::test]
async fn a_data_folder_is_one_servers_alone() {
    let (app, _owner) = TestApp::in_a_file(&[]).await;
    let second = open(app.data.path(), &[], &app.clock).await.err().unwrap();
    assert!(matches!(second, StartError::Open(OpenError::DataDir(DataDirError::Locked(_)))));
    assert!(second.to_string().starts_with("another server uses the data directory"), "{second}");
}

#[tokio::test]
async fn a_data_folder_that_cannot_be_used_is_named() {
    let clock = Clock::fixed(NOW.parse::<Timestamp>().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "in the way").unwrap();
    let error = open(&file, &[], &clock).await.err().unwrap();
    assert!(matches!(error, StartError::Open(OpenError::DataDir(DataDirError::Unusable { .. }))));
    let text = error.to_string();
    assert!(text.contains(file.to_str().unwrap()) && text.contains("--data-dir"), "{text}");
}

#[tokio::test]
async fn a_database_that_is_none_is_named_and_left_alone() {
    let clock = Clock::fixed(NOW.parse::<Timestamp>().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keyfob.db");
    let content = "this is no database, and long enough to be taken for one ".repeat(40);
    fs::write(&file, &content).unwrap();
    let error = open(folder.path(), &[], &clock).await.err().unwrap();
    assert!(matches!(error, StartError::Open(OpenError::File { .. })), "{error}");
    assert_eq!(fs::read_to_string(&file).unwrap(), content);
}

/// Its own folder would be locked, and not that of the database.
#[tokio::test]
async fn a_link_to_the_database_of_another_folder_is_refused() {
    let (app, _owner) = TestApp::in_a_file(&[]).await;
    let folder = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(app.data.path().join("keyfob.db"), folder.path().join("keyfob.db")).unwrap();
    let error = open(folder.path(), &[], &app.clock).await.err().unwrap();
    assert!(matches!(error, StartError::Open(OpenError::DataDir(DataDirError::Linked(_)))), "{error}");
}

#[tokio::test]
async fn the_data_is_for_its_owner_alone() {
    let (app, _owner) = TestApp::new().await;
    // The test itself created the folder; only what the server creates counts.
    let inner = app.data.path().join("inner");
    let clock = app.clock.clone();
    let _server = open(&inner, &[], &clock).await.unwrap();
    assert_eq!(fs::metadata(&inner).unwrap().permissions().mode() & 0o777, 0o700);
    for entry in fs::read_dir(&inner).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode & 0o077, 0, "{} is {mode:o}", entry.path().display());
    }
}

/// With another key it would break the chain of records for good, and could open nothing that is sealed.
#[tokio::test]
async fn a_server_with_another_key_than_that_of_its_database_does_not_start() {
    let (app, owner) = TestApp::in_a_file(&[]).await;
    let TestApp { server, clock, data } = app;
    drop((server, owner));
    for (name, other, words) in [
        ("audit.key", "07".repeat(32), "is not the key that the newest audit record was written with"),
        ("seal.key", "\u{7}".repeat(32), "is not the key that secrets in the database are sealed with"),
    ] {
        let own = data.path().join(name);
        let kept = fs::read(&own).unwrap();
        fs::write(&own, other).unwrap();
        let error = open(data.path(), &[], &clock).await.err().unwrap().to_string();
        assert!(error.contains(words) && error.contains("restore"), "{name}: {error}");
        fs::write(&own, kept).unwrap();
        assert!(open(data.path(), &[], &clock).await.is_ok(), "{name}");
    }
    // A seal whose key was removed is a new one, and stays it.
    fs::remove_file(data.path().join("seal.key")).unwrap();
    for _ in 0..2 {
        assert!(open(data.path(), &[], &clock).await.is_ok());
    }
}

#[tokio::test]
async fn a_server_without_the_key_of_its_records_does_not_start() {
    let (app, owner) = TestApp::in_a_file(&[]).await;
    let TestApp { server, clock, data } = app;
    drop((server, owner));
    let key = data.path().join("audit.key");
    let kept = fs::read(&key).unwrap();
    for content in [None, Some("short")] {
        fs::remove_file(&key).unwrap();
        if let Some(content) = content {
            fs::write(&key, content).unwrap();
        }
        let error = open(data.path(), &[], &clock).await.err().unwrap();
        assert!(matches!(error, StartError::Open(OpenError::AuditKey { .. })), "{error}");
        assert!(error.to_string().contains("restore it from a backup"), "{error}");
        fs::write(&key, "").unwrap();
    }
    fs::write(&key, kept).unwrap();
    assert!(open(data.path(), &[], &clock).await.is_ok());
}

#[tokio::test]
async fn a_server_whose_seal_is_damaged_does_not_start() {
    let (app, owner) = TestApp::in_a_file(&[]).await;
    let TestApp { server, clock, data } = app;
    drop((server, owner));
    let key = data.path().join("seal.key");
    let kept = fs::read(&key).unwrap();
    for content in [&[][..], &kept[1..], &[&kept[..], b"\n"].concat()] {
        fs::write(&key, content).unwrap();
        let error = open(data.path(), &[], &clock).await.err().unwrap();
        assert!(matches!(error, StartError::Open(OpenError::SealKey { .. })), "{error}");
        let error = error.to_string();
        assert!(error.contains("it does not hold 32 bytes; restore it from a backup"), "{error}");
        assert!(!error.contains("--data-dir"), "{error}");
    }
    fs::write(&key, kept).unwrap();
    assert!(open(data.path(), &[], &clock).await.is_ok());
}

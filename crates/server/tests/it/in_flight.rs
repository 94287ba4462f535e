//! The issue: after a change of the password, a suspension, a deletion or a sign-out no request that starts later
//! succeeds, however many are under way.
use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use axum::http::StatusCode;
use serde_json::{Value, json};
use tokio::{sync::Semaphore, task::JoinHandle};

use crate::support::{Answer, Identity, PASSWORD, TestApp};

const OTHER: &str = "An0ther!Secret-pw";
/// How many ask at the same time.
const ASKERS: usize = 4;
/// How many requests each of them starts after the end.
const AFTER: usize = 20;

/// Somebody who goes on asking with a key, and the keys that they were given meanwhile.
fn go_on(who: Identity, ended: Arc<AtomicBool>, begun: Arc<Semaphore>) -> JoinHandle<Vec<String>> {
    tokio::spawn(async move {
        let (mut after, mut given) = (0, Vec::new());
        while after < AFTER {
            let is_after = ended.load(Ordering::SeqCst);
            let minted = who.post("/api/v2/users/me/keys", json!({})).await;
            let read = who.get("/api/v2/users/me").await;
            if minted.status == StatusCode::CREATED {
                given.push(minted.text("key").to_owned());
            }
            begun.add_permits(1);
            if is_after {
                after += 1;
                for answer in [&minted, &read] {
                    assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{}", answer.body);
                }
            }
        }
        given
    })
}

/// Lets many ask with a key until that is ended, and some time longer; the keys that they were given.
async fn ended_amid(who: &Identity, end: impl Future<Output = Answer>) -> Vec<String> {
    let (ended, begun) = (Arc::new(AtomicBool::new(false)), Arc::new(Semaphore::new(0)));
    let askers: Vec<_> = (0..ASKERS).map(|_| go_on(who.clone(), Arc::clone(&ended), Arc::clone(&begun))).collect();
    // All of them are at it.
    let at_it = begun.acquire_many(2 * u32::try_from(ASKERS).unwrap()).await.unwrap();
    drop(at_it);
    let answer = end.await;
    assert!(answer.status.is_success(), "{} {}", answer.status, answer.body);
    ended.store(true, Ordering::SeqCst);
    let mut given = Vec::new();
    for asker in askers {
        given.extend(asker.await.unwrap());
    }
    given
}

async fn are_refused(app: &TestApp, keys: &[String]) {
    assert!(!keys.is_empty(), "nobody was given a key before the end");
    for key in keys {
        app.bearer_of(key).get("/api/v2/users/me").await.expect(StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_starts_after_a_change_of_the_password_succeeds() {
    let (app, owner) = TestApp::new().await;
    let alice = owner.invite(&app, "alice", &[]).await;
    let by_owner = owner.put("/api/v2/users/alice/password", json!({"password": OTHER}));
    are_refused(&app, &ended_amid(&alice, by_owner).await).await;
    let login = json!({"email": "alice@example.com", "password": OTHER});
    let session = app.anonymous().post("/api/v2/users/login", login).await.expect(StatusCode::CREATED);
    let alice = app.bearer_of(session.text("session_token"));
    let body = json!({"old_password": OTHER, "password": PASSWORD});
    are_refused(&app, &ended_amid(&alice, alice.put("/api/v2/users/me/password", body)).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_starts_after_a_suspension_succeeds() {
    let (app, owner) = TestApp::new().await;
    let alice = owner.invite(&app, "alice", &[]).await;
    let suspension = owner.put("/api/v2/users/alice/status/suspend", Value::Null);
    are_refused(&app, &ended_amid(&alice, suspension).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_starts_after_a_deletion_succeeds() {
    let (app, owner) = TestApp::new().await;
    let alice = owner.invite(&app, "alice", &[]).await;
    are_refused(&app, &ended_amid(&alice, owner.delete("/api/v2/users/alice")).await).await;
}

/// A session's own end; what it minted before is a session of its own.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_starts_after_a_sign_out_succeeds() {
    let (app, owner) = TestApp::new().await;
    let alice = owner.invite(&app, "alice", &[]).await;
    ended_amid(&alice, alice.post("/api/v2/users/logout", json!({}))).await;
    let again = app.sign_in("alice@example.com").await;
    let path = format!("/api/v2/users/alice/sessions/{}", again.key_id());
    ended_amid(&again, owner.delete(&path)).await;
    let third = app.sign_in("alice@example.com").await;
    let path = format!("/api/v2/users/me/keys/{}/expire", third.key_id());
    ended_amid(&third, third.put(&path, Value::Null)).await;
}

/// A narrow key takes with it what it minted.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_a_narrow_key_minted_outlives_it() {
    let (app, owner) = TestApp::new().await;
    let narrow = owner.scoped(&["coder:apikeys.manage_self", "user:read"]).await;
    let path = format!("/api/v2/users/me/keys/{}", narrow.key_id());
    let given = ended_amid(&narrow, owner.delete(&path)).await;
    are_refused(&app, &given).await;
}

/// Whoever signs in meanwhile has nothing afterwards, and is not awake again.
#[tokio::test(flavor = "multi_thread")]
async fn a_suspension_is_not_undone_by_who_wakes_meanwhile() {
    let (app, owner) = TestApp::new().await;
    for round in 0..6 {
        let name = format!("user{round}");
        // Nobody was ever active: the first sign-in wakes them.
        let body = json!({
            "username": name, "email": format!("{name}@example.com"), "password": PASSWORD, "user_status": "dormant",
            "organization_ids": [owner.organization().await],
        });
        owner.post("/api/v2/users", body).await.expect(StatusCode::CREATED);
        let login = json!({"email": format!("{name}@example.com"), "password": PASSWORD});
        let logins: Vec<_> = (0..4)
            .map(|_| {
                let (nobody, login) = (app.anonymous(), login.clone());
                tokio::spawn(async move { nobody.post("/api/v2/users/login", login).await })
            })
            .collect();
        tokio::task::yield_now().await;
        owner.put(&format!("/api/v2/users/{name}/status/suspend"), Value::Null).await.expect(StatusCode::OK);
        for login in logins {
            let answer = login.await.unwrap();
            if answer.status == StatusCode::CREATED {
                let session = app.bearer_of(answer.text("session_token"));
                session.get("/api/v2/users/me").await.expect(StatusCode::UNAUTHORIZED);
            }
        }
        let user = owner.get(&format!("/api/v2/users/{name}")).await.expect(StatusCode::OK);
        assert_eq!(user.text("status"), "suspended", "round {round}");
    }
}

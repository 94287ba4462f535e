//! After a change of the password, a suspension, a deletion or a sign-out, no request that starts later succeeds,
//! however many requests are under way.
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
/// How many clients send requests at the same time.
const CLIENTS: usize = 4;
/// How many requests each of them starts after the revocation.
const AFTER: usize = 20;

/// Sends requests with a key until revocation and some more; returns the keys minted meanwhile.
fn send_until_revoked(who: Identity, revoked: Arc<AtomicBool>, begun: Arc<Semaphore>) -> JoinHandle<Vec<String>> {
    tokio::spawn(async move {
        let (mut after, mut minted) = (0, Vec::new());
        while after < AFTER {
            let is_after = revoked.load(Ordering::SeqCst);
            let answer = who.post("/api/v2/users/me/keys", json!({})).await;
            let read = who.get("/api/v2/users/me").await;
            if answer.status == StatusCode::CREATED {
                minted.push(answer.text("key").to_owned());
            }
            begun.add_permits(1);
            if is_after {
                after += 1;
                for answer in [&answer, &read] {
                    assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{}", answer.body);
                }
            }
        }
        minted
    })
}

/// Revokes a key while many clients use it; returns the keys minted meanwhile.
async fn revoke_amid_requests(who: &Identity, end: impl Future<Output = Answer>) -> Vec<String> {
    let (revoked, begun) = (Arc::new(AtomicBool::new(false)), Arc::new(Semaphore::new(0)));
    let clients: Vec<_> =
        (0..CLIENTS).map(|_| send_until_revoked(who.clone(), Arc::clone(&revoked), Arc::clone(&begun))).collect();
    // All of them have begun.
    let running = begun.acquire_many(2 * u32::try_from(CLIENTS).unwrap()).await.unwrap();
    drop(running);
    let answer = end.await;
    assert!(answer.status.is_success(), "{} {}", answer.status, answer.body);
    revoked.store(true, Ordering::SeqCst);
    let mut minted = Vec::new();
    for client in clients {
        minted.extend(client.await.unwrap());
    }
    minted
}

async fn are_refused(app: &TestApp, keys: &[String]) {
    assert!(!keys.is_empty(), "no key was minted before the revocation");
    for key in keys {
        app.bearer_of(key).get("/api/v2/users/me").await.expect(StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_starts_after_a_change_of_the_password_succeeds() {
    let (app, owner) = TestApp::new().await;
    let alice = owner.invite(&app, "alice", &[]).await;
    let by_owner = owner.put("/api/v2/users/alice/password", json!({"password": OTHER}));
    are_refused(&app, &revoke_amid_requests(&alice, by_owner).await).await;
    let login = json!({"email": "alice@example.com", "password": OTHER});
    let session = app.anonymous().post("/api/v2/users/login", login).await.expect(StatusCode::CREATED);
    let alice = app.bearer_of(session.text("session_token"));
    let body = json!({"old_password": OTHER, "password": PASSWORD});
    are_refused(&app, &revoke_amid_requests(&alice, alice.put("/api/v2/users/me/password", body)).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_starts_after_a_suspension_succeeds() {
    let (app, owner) = TestApp::new().await;
    let alice = owner.invite(&app, "alice", &[]).await;
    let suspension = owner.put("/api/v2/users/alice/status/suspend", Value::Null);
    are_refused(&app, &revoke_amid_requests(&alice, suspension).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_starts_after_a_deletion_succeeds() {
    let (app, owner) = TestApp::new().await;
    let alice = owner.invite(&app, "alice", &[]).await;
    are_refused(&app, &revoke_amid_requests(&alice, owner.delete("/api/v2/users/alice")).await).await;
}

/// Signing out ends the session, but not sessions that it minted.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_starts_after_a_sign_out_succeeds() {
    let (app, owner) = TestApp::new().await;
    let alice = owner.invite(&app, "alice", &[]).await;
    revoke_amid_requests(&alice, alice.post("/api/v2/users/logout", json!({}))).await;
    let again = app.sign_in("alice@example.com").await;
    let path = format!("/api/v2/users/alice/sessions/{}", again.key_id());
    revoke_amid_requests(&again, owner.delete(&path)).await;
    let third = app.sign_in("alice@example.com").await;
    let path = format!("/api/v2/users/me/keys/{}/expire", third.key_id());
    revoke_amid_requests(&third, third.put(&path, Value::Null)).await;
}

/// Expiring a narrow key also expires the keys that it minted.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_a_narrow_key_minted_outlives_it() {
    let (app, owner) = TestApp::new().await;
    let narrow = owner.scoped(&["coder:apikeys.manage_self", "user:read"]).await;
    let path = format!("/api/v2/users/me/keys/{}", narrow.key_id());
    let minted = revoke_amid_requests(&narrow, owner.delete(&path)).await;
    are_refused(&app, &minted).await;
}

/// A user who signs in meanwhile has no session afterwards, and stays suspended.
#[tokio::test(flavor = "multi_thread")]
async fn a_suspension_is_not_undone_by_who_wakes_meanwhile() {
    let (app, owner) = TestApp::new().await;
    for round in 0..6 {
        let name = format!("user{round}");
        // The user was never active: the first sign-in activates them.
        let body = json!({
            "username": name, "email": format!("{name}@example.com"), "password": PASSWORD, "user_status": "dormant",
            "organization_ids": [owner.organization().await],
        });
        owner.post("/api/v2/users", body).await.expect(StatusCode::CREATED);
        let login = json!({"email": format!("{name}@example.com"), "password": PASSWORD});
        let logins: Vec<_> = (0..4)
            .map(|_| {
                let (client, login) = (app.anonymous(), login.clone());
                tokio::spawn(async move { client.post("/api/v2/users/login", login).await })
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

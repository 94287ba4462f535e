//! A user's sessions.
use axum::{
    body::Body,
    http::{Method, Request, StatusCode},
};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{Identity, PASSWORD, TestApp};

const SESSIONS: &str = "/api/v2/users/me/sessions";

async fn sign_in_with(app: &TestApp, email: &str, program: &str) -> Identity {
    let body = json!({"email": email, "password": PASSWORD}).to_string();
    let request = Request::builder().method(Method::POST).uri("/api/v2/users/login").header("User-Agent", program);
    let answer = app.anonymous().send_request(request.body(Body::from(body)).unwrap()).await;
    app.bearer_of(answer.expect(StatusCode::CREATED).text("session_token"))
}

async fn listed(by: &Identity, path: &str) -> Vec<Value> {
    by.get(path).await.expect(StatusCode::OK).json().as_array().unwrap().clone()
}

#[tokio::test]
async fn a_person_sees_where_they_are_signed_in_and_ends_it() {
    let (app, owner) = TestApp::new().await;
    app.advance(SignedDuration::from_secs(1));
    let laptop = sign_in_with(&app, "owner@example.com", "Laptop/1.0").await;
    laptop.token(json!({"token_name": "no-session"})).await;
    let sessions = listed(&laptop, SESSIONS).await;
    assert_eq!(sessions.len(), 2, "tokens are no sessions");
    assert_eq!(
        sessions[1],
        json!({
            "id": laptop.key_id(), "user_id": owner.id, "login_type": "password",
            "created_at": "2026-01-02T03:04:06Z", "last_used": "2026-01-02T03:04:06Z",
            "expires_at": "2026-01-03T03:04:06Z", "ip_address": "0.0.0.0", "user_agent": "", "is_current": true,
        }),
        "with the address and the program of its last use that was noted"
    );
    assert_eq!(sessions[0]["is_current"], json!(false));
    laptop.delete(&format!("{SESSIONS}/{}", owner.key_id())).await.expect(StatusCode::NO_CONTENT);
    owner.get(SESSIONS).await.expect(StatusCode::UNAUTHORIZED);
    assert_eq!(listed(&laptop, SESSIONS).await.len(), 1);
    laptop.delete(SESSIONS).await.expect(StatusCode::NO_CONTENT);
    laptop.get(SESSIONS).await.expect(StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn all_but_the_session_in_use_end_when_that_is_asked_for() {
    let (app, owner) = TestApp::new().await;
    let other = app.sign_in("owner@example.com").await;
    let token = owner.scoped(&["coder:all"]).await;
    owner.delete(&format!("{SESSIONS}?keep_current=true")).await.expect(StatusCode::NO_CONTENT);
    owner.get(SESSIONS).await.expect(StatusCode::OK);
    token.get(SESSIONS).await.expect(StatusCode::OK);
    other.get(SESSIONS).await.expect(StatusCode::UNAUTHORIZED);
    owner.delete(&format!("{SESSIONS}?keep_current=perhaps")).await.expect(StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn only_administrators_delete_another_users_sessions() {
    let (app, owner) = TestApp::new().await;
    let alice = owner.invite(&app, "alice", &[]).await;
    let bob = owner.invite(&app, "bob", &[]).await;
    let alices = "/api/v2/users/alice/sessions";
    bob.get(alices).await.expect(StatusCode::NOT_FOUND);
    bob.delete(alices).await.expect(StatusCode::NOT_FOUND);
    let auditor = owner.invite(&app, "eve", &["auditor"]).await;
    assert_eq!(listed(&auditor, alices).await.len(), 0);
    auditor.delete(alices).await.expect(StatusCode::NOT_FOUND);
    let token = alice.scoped(&["coder:all"]).await;
    owner.delete(&format!("{alices}/{}", token.key_id())).await.expect(StatusCode::NOT_FOUND);
    owner.delete(&format!("/api/v2/users/bob/sessions/{}", alice.key_id())).await.expect(StatusCode::NOT_FOUND);
    assert_eq!(listed(&owner, alices).await.len(), 1);
    owner.delete(alices).await.expect(StatusCode::NO_CONTENT);
    alice.get(SESSIONS).await.expect(StatusCode::UNAUTHORIZED);
    token.get("/api/v2/users/me").await.expect(StatusCode::OK);
    bob.get("/api/v2/users/me").await.expect(StatusCode::OK);
}

/// A caller who may not delete sessions is refused, instead of being told that they were deleted.
#[tokio::test]
async fn a_key_that_may_end_no_session_is_refused() {
    let (_app, owner) = TestApp::new().await;
    let narrow = owner.scoped(&["api_key:read"]).await;
    assert_eq!(listed(&narrow, SESSIONS).await.len(), 1);
    let refused = narrow.delete(SESSIONS).await.expect(StatusCode::FORBIDDEN);
    assert!(refused.detail().contains("api_key:delete"), "{}", refused.body);
    owner.get(SESSIONS).await.expect(StatusCode::OK);
}

/// Neither use nor a session that is minted with the first moves the absolute time-out.
#[tokio::test]
async fn a_session_ends_at_its_absolute_end_however_much_it_is_used() {
    let (app, owner) = TestApp::with(&["--session-absolute-timeout=48h"]).await;
    app.advance(SignedDuration::from_hours(20));
    owner.get(SESSIONS).await.expect(StatusCode::OK);
    let minted = owner.post("/api/v2/users/me/keys", json!({})).await;
    let child = owner.with_key_of(&minted);
    let token = owner.token(json!({"lifetime": 360_000_000_000_000_u64})).await;
    app.advance(SignedDuration::from_hours(20));
    owner.get(SESSIONS).await.expect(StatusCode::OK);
    app.advance(SignedDuration::from_secs(8 * 3600 - 1));
    owner.get(SESSIONS).await.expect(StatusCode::OK);
    child.get(SESSIONS).await.expect(StatusCode::OK);
    app.advance(SignedDuration::from_secs(1));
    owner.get(SESSIONS).await.expect(StatusCode::UNAUTHORIZED);
    child.get(SESSIONS).await.expect(StatusCode::UNAUTHORIZED);
    token.get(SESSIONS).await.expect(StatusCode::OK);
    let again = app.sign_in("owner@example.com").await;
    assert_eq!(listed(&again, SESSIONS).await[0]["expires_at"], "2026-01-05T03:04:05Z", "another sign-in, another end");
}

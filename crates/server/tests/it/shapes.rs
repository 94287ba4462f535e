//! Every JSON shape that the other modules do not snapshot with their behaviour.
use axum::http::StatusCode;
use insta::assert_json_snapshot;
use serde_json::json;

use crate::support::{PASSWORD, TestApp};

#[tokio::test]
async fn setting_up_and_signing_in() {
    let app = TestApp::empty(&[]).await;
    let anonymous = app.anonymous();
    let before = anonymous.get("/api/v2/users/first").await.expect(StatusCode::NOT_FOUND);
    assert_json_snapshot!("first_user_missing", before.json());
    let body = json!({"email": "owner@example.com", "username": "owner", "name": "The Owner", "password": PASSWORD});
    let made = anonymous.post("/api/v2/users/first", body.clone()).await.expect(StatusCode::CREATED);
    assert_json_snapshot!("first_user", made.json());
    assert_json_snapshot!("first_user_there", anonymous.get("/api/v2/users/first").await.expect(StatusCode::OK).json());
    let again = anonymous.post("/api/v2/users/first", body).await.expect(StatusCode::CONFLICT);
    assert_json_snapshot!("first_user_again", again.json());

    let login = json!({"email": "OWNER@example.com", "password": PASSWORD});
    let session = anonymous.post("/api/v2/users/login", login).await.expect(StatusCode::CREATED);
    assert_json_snapshot!("login", session.json(), { ".session_token" => "[token]" });
    let cookie = session.header("Set-Cookie").replace(session.text("session_token"), "[token]");
    assert_eq!(cookie, "coder_session_token=[token]; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax");

    let owner = app.bearer_of(session.text("session_token"));
    let signed_out = owner.post("/api/v2/users/logout", json!({})).await.expect(StatusCode::OK);
    assert_json_snapshot!("logout", signed_out.json());
    assert_eq!(signed_out.header("Set-Cookie"), "coder_session_token=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
}

#[tokio::test]
async fn people_and_their_organizations() {
    let (_app, owner) = TestApp::new().await;
    assert_json_snapshot!("user", owner.get("/api/v2/users/me").await.json());
    assert_json_snapshot!("user_made", owner.make_user("alice", &["auditor"]).await);
    assert_json_snapshot!("organizations", owner.get("/api/v2/organizations").await.json());
    assert_json_snapshot!("organization", owner.get("/api/v2/organizations/default").await.json());
    let already = owner.post("/api/v2/organizations/default/members/alice", json!({})).await;
    assert_json_snapshot!("already_member", already.expect(StatusCode::BAD_REQUEST).json());
}

#[tokio::test]
async fn the_deployment() {
    let (app, owner) = TestApp::new().await;
    for (name, path) in [
        ("build_info", "/api/v2/buildinfo"),
        ("entitlements", "/api/v2/entitlements"),
        ("update_check", "/api/v2/updatecheck"),
        ("auth_methods", "/api/v2/users/authmethods"),
        ("scopes", "/api/v2/auth/scopes"),
        ("greeting", "/api/v2/"),
    ] {
        assert_json_snapshot!(name, app.anonymous().get(path).await.expect(StatusCode::OK).json());
    }
    assert_json_snapshot!("experiments", owner.get("/api/v2/experiments").await.expect(StatusCode::OK).json());
    assert_json_snapshot!("stats", owner.get("/api/v2/deployment/stats").await.expect(StatusCode::OK).json());
    assert_eq!(app.anonymous().get("/healthz").await.expect(StatusCode::OK).body, "OK");
    let lease = if app.data.postgres_url().is_some() { 3_600_000 } else { 0 };
    let ready = app.anonymous().get("/readyz").await.expect(StatusCode::OK).json();
    assert_eq!(ready, json!({"ready": true, "revocation_lease_ms": lease}));
}

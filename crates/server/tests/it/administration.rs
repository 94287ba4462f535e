//! Users, their status and their roles. Removed rights are gone as soon as the answer is sent.
use axum::http::StatusCode;
use serde_json::json;

use crate::support::{PASSWORD, TestApp};

#[tokio::test]
async fn a_role_that_is_given_or_taken_counts_from_the_next_request() {
    let (app, owner) = TestApp::new().await;
    let alice = owner.invite(&app, "alice", &[]).await;
    alice.get("/api/v2/users/owner").await.expect(StatusCode::NOT_FOUND);
    owner.put("/api/v2/users/alice/roles", json!({"roles": ["user-admin"]})).await.expect(StatusCode::OK);
    alice.get("/api/v2/users/owner").await.expect(StatusCode::OK);
    owner.put("/api/v2/users/alice/roles", json!({"roles": []})).await.expect(StatusCode::OK);
    alice.get("/api/v2/users/owner").await.expect(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn users_assign_only_roles_that_their_own_may_assign() {
    let (app, owner) = TestApp::new().await;
    let admin = owner.invite(&app, "admin", &["user-admin"]).await;
    owner.make_user("alice", &[]).await;
    for role in ["owner", "auditor", "template-admin", "user-admin"] {
        let refused = admin.put("/api/v2/users/alice/roles", json!({"roles": [role]})).await;
        let message = refused.expect(StatusCode::BAD_REQUEST).message();
        assert_eq!(message, format!("not authorized to assign role \"{role}\""));
    }
    let unknown = owner.put("/api/v2/users/alice/roles", json!({"roles": ["emperor"]})).await;
    assert_eq!(unknown.expect(StatusCode::BAD_REQUEST).message(), "\"emperor\" is not a supported role");
    assert_eq!(owner.get("/api/v2/users/alice").await.json()["roles"], json!([]));
}

#[tokio::test]
async fn users_cannot_change_their_own_roles_or_suspend_themselves() {
    let (_app, owner) = TestApp::new().await;
    let roles = owner.put("/api/v2/users/me/roles", json!({"roles": []})).await.expect(StatusCode::BAD_REQUEST);
    assert_eq!(roles.message(), "You cannot change your own roles.");
    let status = owner.put("/api/v2/users/me/status/suspend", json!({})).await.expect(StatusCode::BAD_REQUEST);
    assert_eq!(status.message(), "You cannot suspend yourself.");
}

#[tokio::test]
async fn an_owner_is_suspended_only_after_the_role_is_gone() {
    let (_app, owner) = TestApp::new().await;
    owner.make_user("second", &["owner"]).await;
    let path = "/api/v2/users/second/status/suspend";
    owner.put(path, json!({})).await.expect(StatusCode::BAD_REQUEST);
    owner.put("/api/v2/users/second/roles", json!({"roles": []})).await.expect(StatusCode::OK);
    assert_eq!(owner.put(path, json!({})).await.expect(StatusCode::OK).text("status"), "suspended");
}

#[tokio::test]
async fn a_suspended_user_cannot_sign_in_and_a_narrow_key_cannot_suspend() {
    let (app, owner) = TestApp::new().await;
    owner.make_user("alice", &[]).await;
    let narrow = owner.scoped(&["user:read"]).await;
    let refused = narrow.put("/api/v2/users/alice/status/suspend", json!({})).await;
    assert_eq!(refused.expect(StatusCode::FORBIDDEN).detail(), "the key's scopes lack user:update");
    owner.put("/api/v2/users/alice/status/suspend", json!({})).await.expect(StatusCode::OK);
    let login = json!({"email": "alice@example.com", "password": PASSWORD});
    let refused = app.anonymous().post("/api/v2/users/login", login).await.expect(StatusCode::UNAUTHORIZED);
    assert_eq!(refused.message(), "Your account is suspended. Contact an admin to reactivate your account.");
}

#[tokio::test]
async fn names_and_addresses_belong_to_one_user_in_any_case() {
    let (_app, owner) = TestApp::new().await;
    owner.make_user("alice", &[]).await;
    let organization = owner.organization().await;
    for (username, email) in [("Alice", "other@example.com"), ("other", "ALICE@example.com")] {
        let body = json!({
            "username": username, "email": email, "password": PASSWORD, "organization_ids": [organization],
        });
        let refused = owner.post("/api/v2/users", body).await.expect(StatusCode::CONFLICT);
        assert_eq!(refused.message(), "User already exists.");
    }
}

#[tokio::test]
async fn a_service_account_has_tokens_but_neither_address_nor_password() {
    let (app, owner) = TestApp::new().await;
    let body = json!({
        "username": "robot", "service_account": true, "user_status": "active",
        "organization_ids": [owner.organization().await],
    });
    owner.post("/api/v2/users", body).await.expect(StatusCode::CREATED);
    let minted = owner.post("/api/v2/users/robot/keys/tokens", json!({"scopes": ["workspace:read"]})).await;
    let robot = owner.with_key_of(&minted);
    assert_eq!(robot.get("/api/v2/users/me").await.expect(StatusCode::OK).text("username"), "robot");
    drop(app);
}

/// Set-up opens once per database.
#[tokio::test]
async fn setting_up_happens_once_even_when_asked_at_the_same_time() {
    let app = TestApp::empty(&[]).await;
    let body = |name: &str| json!({"email": format!("{name}@example.com"), "username": name, "password": PASSWORD});
    let (one, two, three) = (app.anonymous(), app.anonymous(), app.anonymous());
    let answers = tokio::join!(
        one.post("/api/v2/users/first", body("one")),
        two.post("/api/v2/users/first", body("two")),
        three.post("/api/v2/users/first", body("three")),
    );
    let mut statuses = [answers.0.status, answers.1.status, answers.2.status];
    statuses.sort();
    assert_eq!(statuses, [StatusCode::CREATED, StatusCode::CONFLICT, StatusCode::CONFLICT]);
}

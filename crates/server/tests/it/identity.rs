//! What a key may do with itself and its own user, regardless of its scopes.
use axum::http::StatusCode;
use serde_json::json;

use crate::support::TestApp;

#[tokio::test]
async fn a_key_may_read_itself_and_its_own_user_and_no_other() {
    let (app, owner) = TestApp::new().await;
    owner.invite(&app, "alice", &[]).await;
    let narrow = owner.restricted(&["file:read"], &["file:aaaaaaaa-0000-4000-8000-000000000001"]).await;
    for user in ["me", "owner", &owner.id] {
        narrow.get(&format!("/api/v2/users/{user}")).await.expect(StatusCode::OK);
        narrow.get(&format!("/api/v2/users/{user}/keys/tokens/tokenconfig")).await.expect(StatusCode::OK);
        narrow.get(&format!("/api/v2/users/{user}/keys/{}", narrow.key_id())).await.expect(StatusCode::OK);
    }
    narrow.get("/api/v2/users/alice").await.expect(StatusCode::NOT_FOUND);
    let other = owner.token(json!({})).await;
    narrow.get(&format!("/api/v2/users/me/keys/{}", other.key_id())).await.expect(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_key_may_end_itself_in_each_of_three_ways() {
    let (_app, owner) = TestApp::new().await;
    for how in ["expire", "delete", "logout"] {
        let narrow = owner.scoped(&["file:read"]).await;
        let path = format!("/api/v2/users/me/keys/{}", narrow.key_id());
        let ended = match how {
            "expire" => narrow.put(&format!("{path}/expire"), json!({})).await,
            "delete" => narrow.delete(&path).await,
            _ => narrow.post("/api/v2/users/logout", json!({})).await,
        };
        assert!(ended.status.is_success(), "{how}: {}", ended.body);
        assert_eq!(narrow.get("/api/v2/users/me").await.status, StatusCode::UNAUTHORIZED, "{how}");
    }
}

/// A user in the path only locates objects; the route's own action decides.
#[tokio::test]
async fn managing_ones_own_keys_takes_no_right_to_read_users() {
    let (_app, owner) = TestApp::new().await;
    let manager = owner.scoped(&["coder:apikeys.manage_self"]).await;
    let path = "/api/v2/users/me/keys/tokens";
    manager.post(path, json!({})).await.expect(StatusCode::CREATED);
    assert!(manager.get(path).await.expect(StatusCode::OK).json().as_array().unwrap().len() > 1);

    let narrow = owner.scoped(&["file:read"]).await;
    let refused = narrow.post(path, json!({})).await.expect(StatusCode::FORBIDDEN);
    assert_eq!(refused.message(), "Forbidden.");
    assert_eq!(refused.detail(), "the key's scopes lack api_key:create");
    assert!(refused.header("WWW-Authenticate").contains("scope=\"api_key:create\""));
}

#[tokio::test]
async fn asking_whether_ones_own_user_may_be_read_knows_no_exemption() {
    let (_app, owner) = TestApp::new().await;
    let narrow = owner.scoped(&["file:read"]).await;
    let checks = json!({"checks": {"me": {
        "object": {"resource_type": "user", "resource_id": owner.id}, "action": "read",
    }}});
    assert_eq!(narrow.post("/api/v2/authcheck", checks).await.json(), json!({"me": false}));
}

#[tokio::test]
async fn no_user_can_be_called_me() {
    let (app, owner) = TestApp::new().await;
    let body = json!({
        "username": "me", "email": "me@example.com", "password": crate::support::PASSWORD,
        "organization_ids": [owner.organization().await],
    });
    let refused = owner.post("/api/v2/users", body).await.expect(StatusCode::BAD_REQUEST);
    assert_eq!(refused.message(), "Validation failed.");
    let renamed = owner.put("/api/v2/users/me/profile", json!({"username": "me", "name": ""})).await;
    assert_eq!(renamed.status, StatusCode::BAD_REQUEST, "{}", renamed.body);
    drop(app);
}

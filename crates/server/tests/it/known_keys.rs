//! Keys that are known without the database: a request with one does not wait for it, and no change of rights is missed.
use axum::http::{Method, StatusCode};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{Answer, Identity, TestApp};

const ME: &str = "/api/v2/users/me";
const OTHER: &str = "An0ther!Secret-pw";

/// Whether the caller may read workspaces in an organization: it takes no look at data.
async fn may_read_in(who: &Identity, organization: &str) -> bool {
    let object = json!({"resource_type": "workspace", "organization_id": organization});
    let checks = json!({"checks": {"it": {"action": "read", "object": object}}});
    who.post("/api/v2/authcheck", checks).await.expect(StatusCode::OK).json()["it"] == json!(true)
}

async fn put(who: &Identity, path: &str, body: Value) -> Answer {
    who.send(Method::PUT, path, Some(body)).await.expect(StatusCode::OK)
}

#[tokio::test]
async fn a_request_with_a_known_key_does_not_ask_the_database() {
    let (app, owner) = TestApp::in_a_file(&[]).await;
    let organization = owner.organization().await;
    let alice = owner.invite(&app, "alice", &[]).await;
    let token = alice.token(json!({"scopes": ["user:read_personal", "user:read", "workspace:read"]})).await;
    let other = alice.token(json!({})).await;
    let shown = token.get(ME).await.expect(StatusCode::OK);
    assert!(!may_read_in(&token, &organization).await);
    // From here on every question to the database fails. On PostgreSQL the lease ends with it (`replicas`).
    app.server.close().await;
    assert_eq!(token.get(ME).await.expect(StatusCode::OK).body, shown.body);
    assert!(!may_read_in(&token, &organization).await);
    assert_eq!(other.get(ME).await.status, StatusCode::SERVICE_UNAVAILABLE, "this one is not known yet");
    let wrong = app.bearer_of(&format!("{}-aaaaaaaaaaaaaaaaaaaaaa", token.key_id()));
    assert!(!wrong.get(ME).await.status.is_success(), "it takes its secret");
    app.advance(SignedDuration::from_hours(24 * 40));
    assert!(!token.get(ME).await.status.is_success(), "and its life");
}

/// A request that ends a key, made of its user's id, the key that minted it, and the key itself.
type Ending = dyn Fn(&str, &Identity, &Identity) -> (Method, String, Value);

/// What ends a key, and what is refused then: each after the key was used, and is known.
#[tokio::test]
async fn a_known_key_ends_with_the_answer_that_ends_it() {
    let (app, owner) = TestApp::new().await;
    let ends: [(&str, &Ending); 8] = [
        ("expire", &|_, _, key| (Method::PUT, format!("/api/v2/users/me/keys/{}/expire", key.key_id()), json!(null))),
        ("delete", &|_, _, key| (Method::DELETE, format!("/api/v2/users/me/keys/{}", key.key_id()), json!(null))),
        ("suspend", &|user, _, _| (Method::PUT, format!("/api/v2/users/{user}/status/suspend"), json!(null))),
        ("password", &|user, _, _| (Method::PUT, format!("/api/v2/users/{user}/password"), json!({"password": OTHER}))),
        ("sessions", &|user, _, _| (Method::DELETE, format!("/api/v2/users/{user}/sessions"), json!(null))),
        ("parent", &|_, parent, _| (Method::DELETE, format!("/api/v2/users/me/keys/{}", parent.key_id()), json!(null))),
        ("log-out", &|_, _, _| (Method::POST, "/api/v2/users/logout".to_owned(), json!(null))),
        ("user", &|user, _, _| (Method::DELETE, format!("/api/v2/users/{user}"), json!(null))),
    ];
    for (name, end) in ends {
        let user = owner.invite(&app, name, &[]).await;
        let ends_session = matches!(name, "sessions" | "log-out");
        let narrow = json!({"scopes": ["api_key:*", "user:read_personal", "user:read"]});
        let parent = if name == "parent" { user.token(narrow.clone()).await } else { user.clone() };
        let key = if ends_session { user.clone() } else { parent.token(narrow).await };
        for _ in 0..2 {
            key.get(ME).await.expect(StatusCode::OK);
        }
        let (method, path, body) = end(&user.id, &parent, &key);
        let by = if path.contains("/me/") || name == "log-out" { &user } else { &owner };
        let answer = by.send(method, &path, (!body.is_null()).then_some(body)).await;
        assert!(answer.status.is_success(), "{name}: {}", answer.body);
        assert_eq!(key.get(ME).await.status, StatusCode::UNAUTHORIZED, "{name}");
        assert_eq!(
            key.post("/api/v2/authcheck", json!({"checks": {}})).await.status,
            StatusCode::UNAUTHORIZED,
            "{name}"
        );
    }
}

/// What changes rights, and what a known key may do after it.
#[tokio::test]
async fn a_known_key_has_the_rights_of_the_moment() {
    let (app, owner) = TestApp::new().await;
    let home = owner.organization().await;
    let alice = owner.invite(&app, "alice", &[]).await;
    let site_roles = format!("/api/v2/users/{}/roles", alice.id);
    let member_roles = format!("/api/v2/organizations/{home}/members/{}/roles", alice.id);
    let roles = format!("/api/v2/organizations/{home}/members/roles");

    // Roles of the deployment.
    assert!(!may_read_in(&alice, &home).await);
    put(&owner, &site_roles, json!({"roles": ["owner"]})).await;
    assert!(may_read_in(&alice, &home).await);
    put(&owner, &site_roles, json!({"roles": []})).await;
    assert!(!may_read_in(&alice, &home).await);

    // Roles in an organization.
    put(&owner, &member_roles, json!({"roles": ["organization-admin"]})).await;
    assert!(may_read_in(&alice, &home).await);
    put(&owner, &member_roles, json!({"roles": []})).await;
    assert!(!may_read_in(&alice, &home).await);

    // An organization's own role, as it is changed and deleted.
    let role = |permissions: Value| json!({"name": "reader", "organization_permissions": permissions});
    let reads = json!([{"resource_type": "workspace", "action": "read"}]);
    owner.post(&roles, role(json!([]))).await.expect(StatusCode::OK);
    put(&owner, &member_roles, json!({"roles": ["reader"]})).await;
    assert!(!may_read_in(&alice, &home).await);
    put(&owner, &roles, role(reads.clone())).await;
    assert!(may_read_in(&alice, &home).await);
    owner.delete(&format!("{roles}/reader")).await.expect(StatusCode::NO_CONTENT);
    assert!(!may_read_in(&alice, &home).await);

    // The default roles of an organization.
    owner.post(&roles, role(reads)).await.expect(StatusCode::OK);
    let organization = format!("/api/v2/organizations/{home}");
    owner.patch(&organization, json!({"default_org_member_roles": ["reader"]})).await.expect(StatusCode::OK);
    assert!(may_read_in(&alice, &home).await);
    owner.patch(&organization, json!({"default_org_member_roles": []})).await.expect(StatusCode::OK);
    assert!(!may_read_in(&alice, &home).await);

    // Groups, and the membership itself.
    let workspace = owner.register("workspace", "dev").await;
    let at = format!("/api/v2/resources/workspace/{workspace}");
    let group = owner.post(&format!("{organization}/groups"), json!({"name": "ops"})).await.expect(StatusCode::CREATED);
    let group = group.text("id").to_owned();
    owner.patch(&format!("{at}/acl"), json!({"group_roles": {group.as_str(): "use"}})).await.expect(StatusCode::OK);
    let sees = async || alice.get(&at).await.status == StatusCode::OK;
    assert!(!sees().await);
    let group = format!("/api/v2/groups/{group}");
    owner.patch(&group, json!({"add_users": [alice.id.as_str()]})).await.expect(StatusCode::OK);
    assert!(sees().await);
    owner.patch(&group, json!({"remove_users": [alice.id.as_str()]})).await.expect(StatusCode::OK);
    assert!(!sees().await);
    owner.patch(&group, json!({"add_users": [alice.id.as_str()]})).await.expect(StatusCode::OK);
    assert!(sees().await);
    owner.delete(&format!("{organization}/members/{}", alice.id)).await.expect(StatusCode::NO_CONTENT);
    assert!(!sees().await);

    // What is shown of the caller.
    let mine = alice.get(ME).await.expect(StatusCode::OK).json();
    assert_eq!(mine["organization_ids"], json!([]));
    put(&owner, &format!("/api/v2/users/{}/profile", alice.id), json!({"username": "alicia", "name": "Al"})).await;
    assert_eq!(alice.get(ME).await.json()["username"], json!("alicia"));
}

/// The time of a use is shown at once, is still known after a restart, and revives nothing.
#[tokio::test]
async fn uses_that_are_written_later_are_shown_at_once_and_revive_nothing() {
    let (app, owner) = TestApp::new().await;
    let (used, ended) = (owner.token(json!({"token_name": "used"})).await, owner.token(json!({})).await);
    app.advance(SignedDuration::from_hours(2));
    for key in [&used, &ended] {
        key.get(ME).await.expect(StatusCode::OK);
    }
    let path = format!("/api/v2/users/me/keys/{}", used.key_id());
    let now = json!("2026-01-02T05:04:05Z");
    assert_eq!(owner.get(&path).await.json()["last_used"], now);
    let listed = owner.get("/api/v2/users/me/keys/tokens").await.json();
    assert!(listed.as_array().unwrap().iter().all(|key| key["last_used"] == now), "{listed}");
    let expire = format!("/api/v2/users/me/keys/{}/expire", ended.key_id());
    owner.send(Method::PUT, &expire, None).await.expect(StatusCode::NO_CONTENT);
    app.server.run_jobs_once().await;
    assert_eq!(ended.get(ME).await.status, StatusCode::UNAUTHORIZED);
    app.server.close().await;
    let keys = [used.key.clone(), ended.key.clone()];
    drop((owner, used, ended));
    let app = app.restarted(&[]).await;
    let owner = app.sign_in("owner@example.com").await;
    assert_eq!(owner.get(&path).await.json()["last_used"], now);
    app.bearer_of(&keys[0]).get(ME).await.expect(StatusCode::OK);
    app.bearer_of(&keys[1]).get(ME).await.expect(StatusCode::UNAUTHORIZED);
}

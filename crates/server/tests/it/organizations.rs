//! Organizations, their members and their custom roles.
use axum::http::StatusCode;
use insta::assert_json_snapshot;
use serde_json::{Value, json};

use crate::support::{Answer, Identity, TestApp};

const ORGANIZATIONS: &str = "/api/v2/organizations";

async fn organization(owner: &Identity, name: &str) -> Value {
    owner.post(ORGANIZATIONS, json!({"name": name})).await.expect(StatusCode::CREATED).json()
}

async fn add(owner: &Identity, organization: &str, user: &str) {
    let path = format!("{ORGANIZATIONS}/{organization}/members/{user}");
    owner.post(&path, json!({})).await.expect(StatusCode::OK);
}

async fn give(by: &Identity, organization: &str, user: &str, roles: &[&str]) -> Answer {
    by.put(&format!("{ORGANIZATIONS}/{organization}/members/{user}/roles"), json!({"roles": roles})).await
}

#[tokio::test]
async fn an_organization_is_made_changed_and_removed() {
    let (_app, owner) = TestApp::new().await;
    let made = owner.post(ORGANIZATIONS, json!({"name": "acme", "icon": "/icon.png"})).await;
    assert_json_snapshot!("made", made.expect(StatusCode::CREATED).json());
    let path = format!("{ORGANIZATIONS}/ACME");
    let changed = owner.patch(&path, json!({"display_name": "Acme Ltd", "description": "Anvils"})).await;
    assert_json_snapshot!("changed", changed.expect(StatusCode::OK).json());
    let deleted = owner.delete(&path).await.expect(StatusCode::OK);
    assert_eq!(deleted.message(), "Organization has been deleted.");
    owner.get(&path).await.expect(StatusCode::NOT_FOUND);
    let groups = owner.get("/api/v2/groups").await.json();
    assert_eq!(groups.as_array().unwrap().len(), 1, "its group of all is gone, too: {groups}");
    organization(&owner, "acme").await;
}

#[tokio::test]
async fn names_are_words_that_are_free() {
    let (app, owner) = TestApp::new().await;
    organization(&owner, "acme").await;
    let cases = [
        (json!({"name": "default"}), StatusCode::BAD_REQUEST, "Organization name \"default\" is reserved."),
        (json!({"name": "Acme"}), StatusCode::CONFLICT, "Organization already exists with that name."),
        (json!({"name": "a b"}), StatusCode::BAD_REQUEST, "Validation failed."),
        (json!({}), StatusCode::BAD_REQUEST, "Validation failed."),
    ];
    for (body, status, message) in cases {
        assert_eq!(owner.post(ORGANIZATIONS, body).await.expect(status).message(), message);
    }
    let taken = owner.patch(&format!("{ORGANIZATIONS}/acme"), json!({"name": "coder"})).await;
    let message = taken.expect(StatusCode::CONFLICT).message();
    assert_eq!(message, "Organization already exists with the name \"coder\".");
    let alice = owner.invite(&app, "alice", &[]).await;
    alice.post(ORGANIZATIONS, json!({"name": "hers"})).await.expect(StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn an_organization_that_is_not_empty_stays() {
    let (_app, owner) = TestApp::new().await;
    let id = organization(&owner, "acme").await["id"].as_str().unwrap().to_owned();
    owner.make_user("alice", &[]).await;
    add(&owner, "acme", "alice").await;
    owner.post(&format!("{ORGANIZATIONS}/acme/groups"), json!({"name": "g"})).await.expect(StatusCode::CREATED);
    for of in ["workspace", "task"] {
        let body = json!({"resource_type": of, "name": "dev", "organization_id": id});
        owner.post("/api/v2/resources", body).await.expect(StatusCode::CREATED);
    }
    let refused = owner.delete(&format!("{ORGANIZATIONS}/acme")).await.expect(StatusCode::BAD_REQUEST);
    assert_eq!(refused.message(), "Error deleting organization.");
    assert_eq!(
        refused.detail(),
        "This organization has 1 workspace, 1 other resource, 1 member, 1 group that must be deleted first."
    );
    let refused = owner.delete(&format!("{ORGANIZATIONS}/coder")).await.expect(StatusCode::BAD_REQUEST);
    assert_eq!(refused.message(), "Default organization cannot be deleted.");
}

#[tokio::test]
async fn members_are_listed_for_those_who_may_see_them() {
    let (app, owner) = TestApp::new().await;
    let alice = owner.invite(&app, "alice", &[]).await;
    let bob = owner.invite(&app, "bob", &["auditor"]).await;
    let path = format!("{ORGANIZATIONS}/coder/paginated-members");
    assert_json_snapshot!("members", owner.get(&path).await.expect(StatusCode::OK).json());
    let names = |answer: Answer| -> Vec<String> {
        let body = answer.expect(StatusCode::OK).json();
        let members = body["members"].as_array().unwrap();
        members.iter().map(|member| member["username"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(alice.get(&path).await), ["alice", "bob", "owner"], "members see each other");
    assert_eq!(names(bob.get(&format!("{path}?q=role:auditor")).await), ["bob"]);
    assert_eq!(names(owner.get(&format!("{path}?limit=1&offset=1")).await), ["bob"]);
    let all = owner.get(&format!("{ORGANIZATIONS}/coder/members?q=user_id:{}", bob.id)).await;
    assert_eq!(all.expect(StatusCode::OK).json().as_array().unwrap().len(), 1);
    for (path, message) in [
        (format!("{path}?q=colour:red"), "Invalid member search query."),
        (format!("{ORGANIZATIONS}/coder/members?q=name:x"), "Invalid organization member search query."),
    ] {
        assert_eq!(owner.get(&path).await.expect(StatusCode::BAD_REQUEST).message(), message);
    }
}

#[tokio::test]
async fn who_leaves_an_organization_loses_what_they_could_do_there() {
    let (app, owner) = TestApp::new().await;
    organization(&owner, "acme").await;
    let alice = owner.invite(&app, "alice", &[]).await;
    add(&owner, "acme", "alice").await;
    give(&owner, "acme", "alice", &["organization-admin"]).await.expect(StatusCode::OK);
    let path = format!("{ORGANIZATIONS}/acme");
    alice.patch(&path, json!({"description": "mine"})).await.expect(StatusCode::OK);
    owner.delete(&format!("{path}/members/alice")).await.expect(StatusCode::NO_CONTENT);
    alice.get(&path).await.expect(StatusCode::NOT_FOUND);
    add(&owner, "acme", "alice").await;
    alice.patch(&path, json!({"description": "mine"})).await.expect(StatusCode::FORBIDDEN);
}

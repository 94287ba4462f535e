//! Changing and deleting registered resources, and what keys may read of them.
use axum::http::StatusCode;
use serde_json::json;

use crate::support::{Identity, TestApp};

const RESOURCES: &str = "/api/v2/resources";
const WORKSPACES: &str = "/api/v2/resources/workspace";

fn path(id: &str) -> String {
    format!("{WORKSPACES}/{id}")
}

/// The resource as its owner sees it.
async fn state(owner: &Identity, id: &str) -> String {
    owner.get(&path(id)).await.expect(StatusCode::OK).body
}

#[tokio::test]
async fn a_change_says_what_changes_and_leaves_the_rest() {
    let (app, owner) = TestApp::new().await;
    let id = owner.register("workspace", "dev").await;
    let before = owner.get(&path(&id)).await.json();
    app.advance(jiff::SignedDuration::from_secs(1));

    let renamed = owner.patch(&path(&id), json!({"name": "prod"})).await.expect(StatusCode::OK);
    let mut expected = before.clone();
    expected["name"] = json!("prod");
    expected["updated_at"] = json!("2026-01-02T03:04:06Z");
    assert_eq!(renamed.json(), expected);
    assert_eq!(state(&owner, &id).await, renamed.body);

    let filled = owner.patch(&path(&id), json!({"attributes": {"a": 1}})).await.expect(StatusCode::OK).json();
    assert_eq!((&filled["name"], &filled["attributes"]), (&json!("prod"), &json!({"a": 1})));
    let emptied = owner.patch(&path(&id), json!({"attributes": {}})).await.expect(StatusCode::OK).json();
    assert_eq!(emptied["attributes"], json!({}));
}

/// Names are unique per type, organization and owner, also after a change.
#[tokio::test]
async fn a_change_to_what_is_taken_or_wrong_is_refused_and_changes_nothing() {
    let (_app, owner) = TestApp::new().await;
    let (id, _) = (owner.register("workspace", "dev").await, owner.register("workspace", "prod").await);
    let before = state(&owner, &id).await;
    let taken = owner.patch(&path(&id), json!({"name": "prod", "attributes": {"a": 1}})).await;
    assert_eq!(taken.status, StatusCode::CONFLICT);
    assert_eq!(taken.json()["validations"][0]["field"], "name");
    for (field, value) in [("name", json!("")), ("owner_id", json!(id)), ("organization_id", json!(id))] {
        let answer = owner.patch(&path(&id), json!({ field: value })).await.expect(StatusCode::BAD_REQUEST);
        assert_eq!(answer.json()["validations"][0]["field"], field);
    }
    assert_eq!(state(&owner, &id).await, before);

    let file = owner.post(RESOURCES, json!({"resource_type": "file", "name": "main.tf"})).await;
    let file = format!("{RESOURCES}/file/{}", file.text("id"));
    owner.patch(&file, json!({"organization_id": owner.organization().await})).await.expect(StatusCode::BAD_REQUEST);
}

/// Changing the owner requires `update` and `delete` on the old object, and `create` on the new one.
#[tokio::test]
async fn giving_a_resource_away_takes_update_and_delete_on_the_old_and_create_on_the_new() {
    let (app, owner) = TestApp::new().await;
    let alice = owner.invite(&app, "alice", &[]).await;
    let bob = owner.invite(&app, "bob", &[]).await;
    let id = alice.register("workspace", "dev").await;
    let before = state(&owner, &id).await;
    let give = json!({"owner_id": bob.id, "name": "gift"});

    // Alice may update her workspace, but not create one for Bob.
    let refused = alice.patch(&path(&id), give.clone()).await.expect(StatusCode::FORBIDDEN);
    let required = "workspace:read, workspace:update, workspace:delete, workspace:create";
    assert_eq!(refused.header("X-Keyfob-Required"), required);
    // These keys of the owner could do two of the three.
    for lacks in ["update", "delete", "create"] {
        let others = ["update", "delete", "create"].into_iter().filter(|action| *action != lacks);
        let scopes: Vec<String> = others.chain(["read"]).map(|action| format!("workspace:{action}")).collect();
        let key = owner.scoped(&scopes.iter().map(String::as_str).collect::<Vec<_>>()).await;
        let refused = key.patch(&path(&id), give.clone()).await.expect(StatusCode::FORBIDDEN);
        assert_eq!(refused.detail(), format!("the key's scopes lack workspace:{lacks}"));
    }
    assert_eq!(state(&owner, &id).await, before);

    let key = owner.scoped(&["workspace:read", "workspace:update", "workspace:delete", "workspace:create"]).await;
    let given = key.patch(&path(&id), give).await.expect(StatusCode::OK).json();
    assert_eq!((&given["owner_id"], &given["name"]), (&json!(bob.id), &json!("gift")));
    alice.get(&path(&id)).await.expect(StatusCode::NOT_FOUND);
    bob.get(&path(&id)).await.expect(StatusCode::OK);
}

/// Changing the organization requires `create` in the new one.
#[tokio::test]
async fn moving_a_resource_takes_create_in_the_new_organization() {
    let (app, owner) = TestApp::new().await;
    let second = owner.add_organization("second").await;
    let alice = owner.invite(&app, "alice", &[]).await;
    let id = alice.register("workspace", "dev").await;
    let before = state(&owner, &id).await;
    let movement = json!({"organization_id": second});
    alice.patch(&path(&id), movement.clone()).await.expect(StatusCode::FORBIDDEN);
    assert_eq!(state(&owner, &id).await, before);

    let membership = format!("/api/v2/organizations/{second}/members/alice");
    owner.post(&membership, json!({})).await.expect(StatusCode::OK);
    let moved = alice.patch(&path(&id), movement).await.expect(StatusCode::OK);
    assert_eq!(moved.text("organization_id"), second);
}

/// Whoever may change a resource, but not delete it, cannot take it: they could delete it then.
#[tokio::test]
async fn a_shared_resource_is_not_taken_by_those_whom_it_is_shared_with() {
    let (app, owner) = TestApp::new().await;
    let alice = owner.invite(&app, "alice", &[]).await;
    let bob = owner.invite(&app, "bob", &[]).await;
    let second = owner.add_organization("second").await;
    let membership = format!("/api/v2/organizations/{second}/members/bob");
    owner.post(&membership, json!({})).await.expect(StatusCode::OK);
    for of in ["workspace", "task"] {
        let id = alice.register(of, "dev").await;
        let object = format!("{RESOURCES}/{of}/{id}");
        let role = if of == "workspace" { json!("admin") } else { json!(["create", "read", "update"]) };
        let share = json!({"user_roles": {bob.id.as_str(): role}});
        alice.patch(&format!("{object}/acl"), share).await.expect(StatusCode::OK);
        let shared = alice.get(&object).await.expect(StatusCode::OK).body;
        for theft in [
            json!({"owner_id": bob.id}),
            json!({"organization_id": second}),
            json!({"owner_id": bob.id, "organization_id": second}),
        ] {
            let refused = bob.patch(&object, theft).await.expect(StatusCode::FORBIDDEN);
            assert_eq!(refused.message(), "Forbidden.");
        }
        assert_eq!(alice.get(&object).await.body, shared);
        bob.patch(&object, json!({"name": "renamed", "owner_id": alice.id})).await.expect(StatusCode::OK);
        bob.delete(&object).await.expect(StatusCode::FORBIDDEN);
    }
}

/// Updating or deleting an object first of all requires `read`.
#[tokio::test]
async fn without_read_a_resource_is_not_there_and_with_read_alone_it_is_forbidden() {
    let (app, owner) = TestApp::new().await;
    let alice = owner.invite(&app, "alice", &[]).await;
    let bob = owner.invite(&app, "bob", &[]).await;
    let id = alice.register("workspace", "dev").await;
    let before = state(&owner, &id).await;
    let change = json!({"name": "mine"});

    let blind = owner.scoped(&["workspace:update", "workspace:delete"]).await;
    let missing = path("0f0e0d0c-0b0a-4908-8706-050403020100");
    for key in [&blind, &bob] {
        let hidden = [
            (key.patch(&path(&id), change.clone()).await, key.patch(&missing, change.clone()).await),
            (key.delete(&path(&id)).await, key.delete(&missing).await),
            (key.get(&path(&id)).await, key.get(&missing).await),
            (key.get(&format!("{}/acl", path(&id))).await, key.get(&format!("{missing}/acl")).await),
        ];
        for (existing, missing) in hidden {
            assert_eq!(existing.status, StatusCode::NOT_FOUND);
            assert_eq!(existing.body, missing.body);
            assert_eq!(existing.header("X-Keyfob-Required"), missing.header("X-Keyfob-Required"));
        }
    }

    let reader = owner.scoped(&["workspace:read"]).await;
    // A template admin may read every workspace, but change none.
    let admin = owner.invite(&app, "admin", &["template-admin"]).await;
    for (key, lacks) in [(&reader, true), (&admin, false)] {
        for action in ["update", "delete"] {
            let answer = match action {
                "update" => key.patch(&path(&id), change.clone()).await,
                _ => key.delete(&path(&id)).await,
            };
            assert_eq!(answer.status, StatusCode::FORBIDDEN);
            let detail = format!("the key's scopes lack workspace:{action}");
            assert_eq!(answer.detail() == detail, lacks, "{}", answer.body);
            assert_eq!(answer.header("WWW-Authenticate").contains("scope=\""), lacks);
        }
    }
    assert_eq!(state(&owner, &id).await, before);
}

#[tokio::test]
async fn a_deleted_resource_is_gone_with_its_access_list() {
    let (app, owner) = TestApp::new().await;
    let alice = owner.invite(&app, "alice", &[]).await;
    let id = alice.register("workspace", "dev").await;
    alice.delete(&path(&id)).await.expect(StatusCode::NO_CONTENT);
    for answer in [
        alice.get(&path(&id)).await,
        alice.delete(&path(&id)).await,
        alice.patch(&path(&id), json!({})).await,
        alice.get(&format!("{}/acl", path(&id))).await,
        alice.get(&format!("/api/v2/workspaces/{id}")).await,
    ] {
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
    }
    assert_eq!(alice.get(RESOURCES).await.body, "{\"resources\":[],\"count\":0}\n");
    alice.get(&path("nonsense")).await.expect(StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn scopes_and_allow_lists_bite_on_registered_resources() {
    let (_app, owner) = TestApp::new().await;
    let (own, other) = (owner.register("workspace", "a").await, owner.register("workspace", "b").await);
    let key = owner.restricted(&["workspace:read"], &[&format!("workspace:{own}")]).await;

    for list in [RESOURCES.to_owned(), format!("{RESOURCES}?type=workspace"), "/api/v2/workspaces".to_owned()] {
        let list = key.get(&list).await.expect(StatusCode::OK);
        assert_eq!(list.json()["count"], 1);
        assert!(list.body.contains(&own) && !list.body.contains(&other), "{}", list.body);
    }
    key.get(&path(&own)).await.expect(StatusCode::OK);
    let hidden = key.get(&path(&other)).await.expect(StatusCode::NOT_FOUND);
    assert_eq!(hidden.detail(), "");

    let refused = key.delete(&path(&own)).await.expect(StatusCode::FORBIDDEN);
    assert_eq!(refused.message(), "Forbidden.");
    assert_eq!(refused.detail(), "the key's scopes lack workspace:delete");
    assert!(refused.header("WWW-Authenticate").ends_with(", scope=\"workspace:delete\""));
    assert!(refused.header("WWW-Authenticate").contains("error=\"insufficient_scope\""));
    assert_eq!(refused.header("X-Keyfob-Required"), "workspace:read, workspace:delete");
    owner.get(&path(&own)).await.expect(StatusCode::OK);

    let create = json!({"resource_type": "workspace", "name": "c", "organization_id": owner.organization().await});
    let narrow = owner.restricted(&["workspace:*"], &[&format!("workspace:{own}")]).await;
    narrow.post(RESOURCES, create.clone()).await.expect(StatusCode::FORBIDDEN);
    narrow.delete(&path(&own)).await.expect(StatusCode::NO_CONTENT);
    let all = owner.restricted(&["workspace:create"], &["workspace:*"]).await;
    all.post(RESOURCES, create).await.expect(StatusCode::CREATED);

    let blind = owner.scoped(&["template:read"]).await;
    let answer = blind.get(&path(&other)).await.expect(StatusCode::NOT_FOUND);
    assert_eq!(answer.detail(), "the key's scopes lack workspace:read");
}

/// The header lists pairs of type and action, allowed or not, and no ids.
#[tokio::test]
async fn what_a_call_needed_is_said_in_pairs_of_type_and_action() {
    let (app, owner) = TestApp::new().await;
    let id = owner.register("workspace", "dev").await;
    let required = |answer: crate::support::Answer| answer.header("X-Keyfob-Required").to_owned();
    assert_eq!(required(owner.get(&path(&id)).await), "workspace:read");
    assert_eq!(required(owner.get(&format!("{RESOURCES}?type=task")).await), "task:read");
    assert_eq!(required(owner.patch(&path(&id), json!({})).await), "workspace:read, workspace:update");
    assert_eq!(
        required(owner.patch(&format!("{}/acl", path(&id)), json!({})).await),
        "workspace:read, workspace:share"
    );
    assert_eq!(required(owner.delete(&path(&id)).await), "workspace:read, workspace:delete");
    assert_eq!(required(app.anonymous().get(&path(&id)).await), "");
    let all = required(owner.get(RESOURCES).await);
    assert!(all.contains("workspace:read, workspace_agent_devcontainers:read"), "{all}");
    assert!(!all.contains("user:read,") && !all.contains('-'), "{all}");
}

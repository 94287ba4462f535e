//! Groups.
use axum::http::StatusCode;
use insta::assert_json_snapshot;
use serde_json::{Value, json};

use crate::support::{Identity, TestApp};

const GROUPS: &str = "/api/v2/organizations/coder/groups";

async fn group(owner: &Identity, name: &str) -> String {
    owner.post(GROUPS, json!({"name": name})).await.expect(StatusCode::CREATED).text("id").to_owned()
}

async fn change(by: &Identity, id: &str, body: Value) -> crate::support::Answer {
    by.patch(&format!("/api/v2/groups/{id}"), body).await
}

#[tokio::test]
async fn a_group_is_made_filled_shown_and_removed() {
    let (app, owner) = TestApp::new().await;
    let alice = owner.invite(&app, "alice", &[]).await;
    let id = group(&owner, "builders").await;
    let filled = change(&owner, &id, json!({"add_users": [alice.id], "display_name": "Builders"})).await;
    assert_json_snapshot!("group", filled.expect(StatusCode::OK).json());
    let members = owner.get(&format!("{GROUPS}/builders/members")).await.expect(StatusCode::OK);
    assert_eq!(members.json()["count"], 1);
    let bare = owner.get(&format!("/api/v2/groups/{id}?exclude_members=true")).await.json();
    assert_eq!((&bare["members"], &bare["total_member_count"]), (&json!([]), &json!(1)));
    change(&owner, &id, json!({"remove_users": [alice.id]})).await.expect(StatusCode::OK);
    let empty = owner.get(&format!("/api/v2/groups/{id}/members")).await;
    assert_eq!(empty.json(), json!({"users": [], "count": 0}));
    let deleted = owner.delete(&format!("/api/v2/groups/{id}")).await.expect(StatusCode::OK);
    assert_eq!(deleted.message(), "Successfully deleted group!");
    owner.get(&format!("/api/v2/groups/{id}")).await.expect(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_is_granted_to_a_group_is_granted_to_its_members_while_they_are_in_it() {
    let (app, owner) = TestApp::new().await;
    let alice = owner.invite(&app, "alice", &[]).await;
    let id = group(&owner, "builders").await;
    let workspace = owner.register("workspace", "dev").await;
    let read = format!("/api/v2/workspaces/{workspace}");
    let acl = format!("/api/v2/resources/workspace/{workspace}/acl");
    owner.patch(&acl, json!({"group_roles": {&id: "use"}})).await.expect(StatusCode::OK);
    alice.get(&read).await.expect(StatusCode::NOT_FOUND);
    change(&owner, &id, json!({"add_users": [alice.id]})).await.expect(StatusCode::OK);
    alice.get(&read).await.expect(StatusCode::OK);
    change(&owner, &id, json!({"remove_users": [alice.id]})).await.expect(StatusCode::OK);
    alice.get(&read).await.expect(StatusCode::NOT_FOUND);
    change(&owner, &id, json!({"add_users": [alice.id]})).await.expect(StatusCode::OK);
    owner.delete(&format!("/api/v2/groups/{id}")).await.expect(StatusCode::OK);
    alice.get(&read).await.expect(StatusCode::NOT_FOUND);
    assert_eq!(owner.get(&acl).await.json()["group_roles"], json!({}), "nothing is left of its grants");
}

#[tokio::test]
async fn the_group_of_everyone_holds_every_member_and_cannot_be_changed() {
    let (app, owner) = TestApp::new().await;
    let alice = owner.invite(&app, "alice", &[]).await;
    let everyone = owner.organization().await;
    let shown = owner.get(&format!("{GROUPS}/Everyone")).await.expect(StatusCode::OK).json();
    assert_eq!((&shown["id"], &shown["total_member_count"]), (&json!(everyone), &json!(2)));
    assert_eq!(shown["members"].as_array().unwrap().len(), 2);
    let cases = [
        (json!({"name": "all"}), StatusCode::BAD_REQUEST, "Cannot rename the \"Everyone\" group!"),
        (
            json!({"display_name": "All"}),
            StatusCode::BAD_REQUEST,
            "Cannot update the Display Name for the \"Everyone\" group!",
        ),
        (
            json!({"add_users": [alice.id]}),
            StatusCode::FORBIDDEN,
            "Cannot add or remove users from the \"Everyone\" group!",
        ),
    ];
    for (body, status, message) in cases {
        assert_eq!(change(&owner, &everyone, body).await.expect(status).message(), message);
    }
    let kept = owner.delete(&format!("/api/v2/groups/{everyone}")).await.expect(StatusCode::BAD_REQUEST);
    assert_eq!(kept.message(), "\"Everyone\" is a reserved group and cannot be deleted!");
}

#[tokio::test]
async fn a_change_that_breaks_a_rule_changes_nothing() {
    let (app, owner) = TestApp::new().await;
    let alice = owner.invite(&app, "alice", &[]).await;
    let outsider =
        json!({"username": "robot", "service_account": true, "organization_ids": [owner.organization().await]});
    let outsider = owner.post("/api/v2/users", outsider).await.expect(StatusCode::CREATED).text("id").to_owned();
    owner.delete("/api/v2/organizations/coder/members/robot").await.expect(StatusCode::NO_CONTENT);
    let id = group(&owner, "builders").await;
    group(&owner, "taken").await;
    change(&owner, &id, json!({"add_users": [alice.id]})).await.expect(StatusCode::OK);
    let before = owner.get(&format!("/api/v2/groups/{id}")).await.body;
    let cases = [
        (json!({"name": "Everyone"}), StatusCode::BAD_REQUEST, "\"Everyone\" is a reserved group name!"),
        (json!({"name": "taken"}), StatusCode::CONFLICT, "A group with name \"taken\" already exists."),
        (json!({"add_users": ["nobody"]}), StatusCode::BAD_REQUEST, "ID \"nobody\" must be a valid user UUID."),
        (
            json!({"add_users": [outsider]}),
            StatusCode::BAD_REQUEST,
            "User must be a member of organization \"builders\"",
        ),
        (json!({"add_users": [alice.id]}), StatusCode::BAD_REQUEST, "Cannot add the same user to a group twice!"),
        (
            json!({"remove_users": [owner.id]}),
            StatusCode::BAD_REQUEST,
            "Failed to add or remove non-existent group member",
        ),
        (
            json!({"display_name": "New", "remove_users": [alice.id, owner.id]}),
            StatusCode::BAD_REQUEST,
            "Failed to add or remove non-existent group member",
        ),
    ];
    for (body, status, message) in cases {
        assert_eq!(change(&owner, &id, body.clone()).await.expect(status).message(), message, "{body}");
        assert_eq!(owner.get(&format!("/api/v2/groups/{id}")).await.body, before, "{body}");
    }
    for (name, status, message) in [
        ("Everyone", StatusCode::BAD_REQUEST, "Invalid group name."),
        ("taken", StatusCode::CONFLICT, "A group named \"taken\" already exists."),
        ("a b", StatusCode::BAD_REQUEST, "Validation failed."),
    ] {
        assert_eq!(owner.post(GROUPS, json!({"name": name})).await.expect(status).message(), message);
    }
}

#[tokio::test]
async fn groups_are_listed_by_organization_member_and_id() {
    let (app, owner) = TestApp::new().await;
    let alice = owner.invite(&app, "alice", &[]).await;
    let builders = group(&owner, "builders").await;
    group(&owner, "others").await;
    change(&owner, &builders, json!({"add_users": [alice.id]})).await.expect(StatusCode::OK);
    let cases = [
        ("", vec!["Everyone", "builders", "others"]),
        ("?has_member=alice", vec!["Everyone", "builders"]),
        ("?organization=coder&has_member=alice", vec!["Everyone", "builders"]),
    ];
    for (query, expected) in cases {
        let mut names: Vec<String> = owner
            .get(&format!("/api/v2/groups{query}"))
            .await
            .expect(StatusCode::OK)
            .json()
            .as_array()
            .unwrap()
            .iter()
            .map(|group| group["name"].as_str().unwrap().to_owned())
            .collect();
        names.sort();
        assert_eq!(names, expected, "{query}");
    }
    let one = owner.get(&format!("{GROUPS}?group_ids={builders}")).await.json();
    assert_eq!(one.as_array().unwrap().len(), 1);
    owner.add_organization("acme").await;
    assert_eq!(owner.get(&format!("{GROUPS}?organization=acme")).await.json(), json!([]), "nothing is in both");
    for query in ["colour=red", "organization=nothing", "has_member=nobody", "group_ids=x"] {
        let refused = owner.get(&format!("/api/v2/groups?{query}")).await.expect(StatusCode::BAD_REQUEST);
        assert_eq!(refused.message(), "Query parameters have invalid values.", "{query}");
    }
}

/// Only callers who may read a group's members learn them.
#[tokio::test]
async fn a_list_by_member_tells_no_membership_that_may_not_be_read() {
    let (app, owner) = TestApp::new().await;
    let alice = owner.invite(&app, "alice", &[]).await;
    let builders = group(&owner, "builders").await;
    change(&owner, &builders, json!({"add_users": [alice.id]})).await.expect(StatusCode::OK);
    let count = async |by: &Identity| {
        let listed = by.get("/api/v2/groups?has_member=alice").await.expect(StatusCode::OK).json();
        listed.as_array().unwrap().len()
    };
    let all = ["coder:all"];
    assert_eq!(count(&owner.restricted(&all, &["user:*", "group:*"]).await).await, 0);
    assert_eq!(count(&owner.restricted(&all, &["user:*", "group:*", "group_member:*"]).await).await, 2);
    assert_eq!(count(&alice).await, 2, "one's own memberships may be read");
}

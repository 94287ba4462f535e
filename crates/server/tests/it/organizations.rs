//! Organizations, their members and the roles that they make (contract, section 5.11).
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
    let gone = owner.delete(&path).await.expect(StatusCode::OK);
    assert_eq!(gone.message(), "Organization has been deleted.");
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

/// Stance: "Deleting an organization that still has members, groups or resources".
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

fn request(name: &str, permissions: &[(&str, &str)]) -> Value {
    let permissions: Vec<Value> = permissions
        .iter()
        .map(|(of, action)| json!({"resource_type": of, "action": action, "negate": false}))
        .collect();
    json!({"name": name, "display_name": "Template reader", "organization_permissions": permissions})
}

#[tokio::test]
async fn an_organizations_own_role_gives_what_it_says_until_it_is_removed() {
    let (app, owner) = TestApp::new().await;
    let alice = owner.invite(&app, "alice", &[]).await;
    let template = owner.register("template", "base").await;
    let read = format!("/api/v2/templates/{template}");
    alice.get(&read).await.expect(StatusCode::NOT_FOUND);

    let roles = format!("{ORGANIZATIONS}/coder/members/roles");
    let made = owner.post(&roles, request("template-reader", &[("template", "read")])).await;
    assert_json_snapshot!("custom_role", made.expect(StatusCode::OK).json());
    let given = give(&owner, "coder", "alice", &["template-reader"]).await.expect(StatusCode::OK);
    assert_eq!(given.json()["roles"][0]["display_name"], "Template reader");
    alice.get(&read).await.expect(StatusCode::OK);

    owner.put(&roles, request("template-reader", &[("file", "read")])).await.expect(StatusCode::OK);
    alice.get(&read).await.expect(StatusCode::NOT_FOUND);
    owner.put(&roles, request("template-reader", &[("template", "read")])).await.expect(StatusCode::OK);
    alice.get(&read).await.expect(StatusCode::OK);

    owner.delete(&format!("{roles}/template-reader")).await.expect(StatusCode::NO_CONTENT);
    alice.get(&read).await.expect(StatusCode::NOT_FOUND);
    let member = owner.get(&format!("{ORGANIZATIONS}/coder/members/alice")).await.json();
    assert_eq!(member["roles"], json!([]), "a role that is gone is gone from its holders");
    let missing = owner.delete(&format!("{roles}/template-reader")).await.expect(StatusCode::NOT_FOUND);
    assert_eq!(missing.message(), "No custom role with the name template-reader found");
}

/// Contract of decisions, section 3.5.
#[tokio::test]
async fn a_role_that_breaks_a_rule_is_not_made() {
    let (app, owner) = TestApp::new().await;
    let admin = owner.invite(&app, "admin", &[]).await;
    give(&owner, "coder", "admin", &["organization-admin"]).await.expect(StatusCode::OK);
    let roles = format!("{ORGANIZATIONS}/coder/members/roles");
    let permission = json!([{"resource_type": "template", "action": "read"}]);
    let mut with_site = request("r", &[]);
    with_site["site_permissions"] = permission.clone();
    let mut with_user = request("r", &[]);
    with_user["user_permissions"] = permission.clone();
    let mut negative = request("r", &[("template", "read")]);
    negative["organization_permissions"][0]["negate"] = json!(true);
    let cases = [
        (request("owner", &[]), "Reserved role name"),
        (request("a b", &[]), "Invalid role name"),
        (request(&"a".repeat(33), &[]), "Invalid role name"),
        (with_site, "Invalid request, not allowed to assign site wide permissions for an organization role."),
        (with_user, "Invalid request, not allowed to assign user permissions for an organization role."),
        (negative, "Failed to update role permissions"),
        (request("r", &[("*", "read")]), "Failed to update role permissions"),
        (request("r", &[("template", "*")]), "Failed to update role permissions"),
        (request("r", &[("nothing", "read")]), "Failed to update role permissions"),
        (request("r", &[("template", "fly")]), "Failed to update role permissions"),
        // An organization's administrator holds no secrets of users.
        (request("r", &[("user_secret", "read")]), "Failed to update role permissions"),
    ];
    for (body, message) in cases {
        let refused = admin.post(&roles, body.clone()).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{body}: {}", refused.body);
        assert_eq!(refused.message(), message, "{body}");
    }
    let listed = admin.get(&roles).await.json();
    assert!(listed.as_array().unwrap().iter().all(|role| role["built_in"] == json!(true)));
    let alice = owner.invite(&app, "alice", &[]).await;
    alice.post(&roles, request("r", &[("template", "read")])).await.expect(StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn default_roles_of_an_organization_are_every_members() {
    let (app, owner) = TestApp::new().await;
    let alice = owner.invite(&app, "alice", &[]).await;
    let template = owner.register("template", "base").await;
    let read = format!("/api/v2/templates/{template}");
    alice.get(&read).await.expect(StatusCode::NOT_FOUND);
    let path = format!("{ORGANIZATIONS}/coder");
    let roles = json!({"default_org_member_roles": ["organization-workspace-access", "organization-template-admin"]});
    owner.patch(&path, roles).await.expect(StatusCode::OK);
    alice.get(&read).await.expect(StatusCode::OK);
    let bad = owner.patch(&path, json!({"default_org_member_roles": ["king"]})).await;
    assert_eq!(bad.expect(StatusCode::BAD_REQUEST).message(), "Invalid default_org_member_roles entry.");
}

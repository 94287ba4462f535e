//! Who has a say over whom: nobody takes what they could not give.
use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::support::{Answer, Identity, TestApp};

const MEMBERS: &str = "/api/v2/organizations/coder/members";

/// What is done to a user.
#[derive(Clone, Copy, Debug)]
enum Deed {
    Suspend,
    Activate,
    Delete,
    Remove,
}
use Deed::{Activate, Delete, Remove, Suspend};

impl Deed {
    async fn of(self, by: &Identity, user: &str) -> Answer {
        let path = format!("/api/v2/users/{user}");
        match self {
            Suspend => by.put(&format!("{path}/status/suspend"), Value::Null).await,
            Activate => by.put(&format!("{path}/status/activate"), Value::Null).await,
            Delete => by.delete(&path).await,
            Remove => by.delete(&format!("{MEMBERS}/{user}")).await,
        }
    }
}

/// Invites a user with these roles of the default organization.
async fn invite_with(app: &TestApp, owner: &Identity, name: &str, roles: &[&str]) -> Identity {
    let user = owner.invite(app, name, &[]).await;
    let given = json!({"roles": roles});
    owner.put(&format!("{MEMBERS}/{name}/roles"), given).await.expect(StatusCode::OK);
    user
}

#[track_caller]
fn assert_outranked(refused: &Answer, shown: &str) {
    assert_eq!(refused.status, StatusCode::FORBIDDEN, "{shown}: {}", refused.body);
    assert_eq!(refused.message(), "Forbidden.", "{shown}");
    assert_eq!(refused.detail(), "The user holds a role that you may not assign: ask an owner.", "{shown}");
}

#[tokio::test]
async fn users_are_suspended_activated_and_deleted_by_those_who_may_assign_all_that_they_hold() {
    let (app, owner) = TestApp::new().await;
    let admin = owner.invite(&app, "admin", &["user-admin"]).await;
    let mut stronger = Vec::new();
    for role in ["auditor", "template-admin", "user-admin"] {
        owner.make_user(role, &[role]).await;
        stronger.push(role);
    }
    // A role in one organization counts everywhere, too.
    for role in ["organization-admin", "organization-auditor"] {
        invite_with(&app, &owner, role, &[role]).await;
        stronger.push(role);
    }
    for name in stronger {
        let shown = format!("a user with the role {name}");
        let before = owner.get(&format!("/api/v2/users/{name}")).await.body;
        assert_outranked(&Suspend.of(&admin, name).await, &shown);
        assert_outranked(&Delete.of(&admin, name).await, &shown);
        assert_eq!(owner.get(&format!("/api/v2/users/{name}")).await.body, before, "{shown}");
        Suspend.of(&owner, name).await.expect(StatusCode::OK);
        assert_outranked(&Activate.of(&admin, name).await, &shown);
        for deed in [Activate, Delete] {
            deed.of(&owner, name).await.expect(StatusCode::OK);
        }
    }
    invite_with(&app, &owner, "alice", &["agents-access"]).await;
    for deed in [Suspend, Activate, Delete] {
        deed.of(&admin, "alice").await.expect(StatusCode::OK);
    }
}

/// Who renames another takes their name from them, and could take it.
#[tokio::test]
async fn users_are_renamed_by_those_who_may_assign_all_that_they_hold_and_by_themselves() {
    let (app, owner) = TestApp::new().await;
    let admin = owner.invite(&app, "admin", &["user-admin"]).await;
    owner.make_user("auditor", &["auditor"]).await;
    invite_with(&app, &owner, "organizer", &["organization-admin"]).await;
    owner.make_user("alice", &[]).await;
    let rename = async |by: &Identity, user: &str, username: &str| {
        by.put(&format!("/api/v2/users/{user}/profile"), json!({"username": username, "name": "Somebody"})).await
    };
    for name in ["owner", "auditor", "organizer"] {
        assert_outranked(&rename(&admin, name, "nobody").await, name);
        owner.get(&format!("/api/v2/users/{name}")).await.expect(StatusCode::OK);
        // What a user is called in full addresses nobody.
        rename(&admin, name, name).await.expect(StatusCode::OK);
    }
    rename(&admin, "alice", "alicia").await.expect(StatusCode::OK);
    rename(&admin, "admin", "boss").await.expect(StatusCode::OK);
    rename(&owner, "auditor", "reader").await.expect(StatusCode::OK);
    rename(&owner, "owner", "chief").await.expect(StatusCode::OK);
}

/// A custom role is one that a user-admin may not assign, and what is in another organization does not count in this.
#[tokio::test]
async fn members_are_removed_by_those_who_may_assign_all_that_they_hold_there() {
    let (app, owner) = TestApp::new().await;
    let custom = json!({"name": "reader", "organization_permissions": []});
    owner.post(&format!("{MEMBERS}/roles"), custom).await.expect(StatusCode::OK);
    let helper = invite_with(&app, &owner, "helper", &["organization-user-admin"]).await;
    let admin = invite_with(&app, &owner, "admin", &["organization-admin"]).await;
    let site = owner.invite(&app, "site", &["user-admin"]).await;
    invite_with(&app, &owner, "custom", &["reader"]).await;
    for name in ["admin", "custom"] {
        for by in [&helper, &site] {
            assert_outranked(&Remove.of(by, name).await, name);
        }
        owner.get(&format!("{MEMBERS}/{name}")).await.expect(StatusCode::OK);
    }
    assert_outranked(&Remove.of(&site, "helper").await, "helper");

    owner.add_organization("acme").await;
    let acme = "/api/v2/organizations/acme/members/boss";
    owner.invite(&app, "boss", &[]).await;
    owner.post(acme, json!({})).await.expect(StatusCode::OK);
    owner.put(&format!("{acme}/roles"), json!({"roles": ["organization-admin"]})).await.expect(StatusCode::OK);
    Remove.of(&helper, "boss").await.expect(StatusCode::NO_CONTENT);
    for name in ["custom", "helper"] {
        Remove.of(&admin, name).await.expect(StatusCode::NO_CONTENT);
    }
    Remove.of(&owner, "admin").await.expect(StatusCode::NO_CONTENT);
}

/// A role that is emptied, changed or deleted is taken from all its holders, or gives them something.
#[tokio::test]
async fn custom_roles_are_changed_and_deleted_by_those_who_may_give_and_take_them() {
    let (app, owner) = TestApp::new().await;
    let roles = format!("{MEMBERS}/roles");
    let role = |name: &str, permissions: &[(&str, &str)]| {
        let permissions: Vec<Value> =
            permissions.iter().map(|(of, action)| json!({"resource_type": of, "action": action})).collect();
        json!({"name": name, "organization_permissions": permissions})
    };
    let read = format!("/api/v2/templates/{}", owner.register("template", "base").await);
    owner.post(&roles, role("reader", &[("template", "read")])).await.expect(StatusCode::OK);
    let actions = ["read", "update", "delete", "assign", "unassign"].map(|action| ("assign_org_role", action));
    owner.post(&roles, role("changer", &actions[..3])).await.expect(StatusCode::OK);
    owner.post(&roles, role("editor", &actions)).await.expect(StatusCode::OK);
    let reader = invite_with(&app, &owner, "alice", &["reader"]).await;
    let changer = invite_with(&app, &owner, "changer", &["changer"]).await;
    let editor = invite_with(&app, &owner, "editor", &["editor"]).await;
    let admin = invite_with(&app, &owner, "admin", &["organization-admin"]).await;
    let before = owner.get(&roles).await.expect(StatusCode::OK).body;
    for (shown, by, status) in [
        ("a caller who may not assign roles", &changer, StatusCode::FORBIDDEN),
        ("a caller whose role may assign none", &editor, StatusCode::BAD_REQUEST),
    ] {
        for refused in [
            by.put(&roles, role("reader", &[])).await,
            by.put(&roles, role("reader", &[("assign_org_role", "read")])).await,
            by.delete(&format!("{roles}/reader")).await,
        ] {
            assert_eq!(refused.status, status, "{shown}: {}", refused.body);
        }
        reader.get(&read).await.expect(StatusCode::OK);
        assert_eq!(owner.get(&roles).await.body, before, "{shown}");
    }
    admin.put(&roles, role("reader", &[])).await.expect(StatusCode::OK);
    reader.get(&read).await.expect(StatusCode::NOT_FOUND);
    admin.delete(&format!("{roles}/reader")).await.expect(StatusCode::NO_CONTENT);
}

/// The holder of a narrow key could have a new owner do what the key may not.
#[tokio::test]
async fn only_a_full_key_gives_the_role_owner() {
    let (app, owner) = TestApp::new().await;
    let alice = owner.invite(&app, "alice", &[]).await;
    let organization = owner.organization().await;
    let listed = ["assign_role:*", "assign_org_role:*", "organization:*", "organization_member:*", "user:*"];
    let narrow = owner.restricted(&["coder:all"], &listed).await;
    let roles = format!("/api/v2/users/{}/roles", alice.id);
    let robot = |role: &str| json!({"username": "robot", "service_account": true, "organization_ids": [organization], "roles": [role]});
    for refused in [
        narrow.put(&roles, json!({"roles": ["owner"]})).await,
        narrow.put(&roles, json!({"roles": ["auditor", "owner"]})).await,
        narrow.post("/api/v2/users", robot("owner")).await,
    ] {
        let refused = refused.expect(StatusCode::FORBIDDEN);
        assert_eq!(refused.message(), "Forbidden.");
        assert!(refused.detail().contains("coder:all"), "{}", refused.body);
    }
    let given = narrow.put(&roles, json!({"roles": ["auditor"]})).await.expect(StatusCode::OK);
    assert_eq!(given.json()["roles"][0]["name"], "auditor");
    narrow.post("/api/v2/users", robot("auditor")).await.expect(StatusCode::CREATED);
    owner.put(&roles, json!({"roles": ["owner"]})).await.expect(StatusCode::OK);
    // What a user has already is not given, and may be taken.
    narrow.put(&roles, json!({"roles": ["owner", "auditor"]})).await.expect(StatusCode::OK);
    narrow.put(&roles, json!({"roles": []})).await.expect(StatusCode::OK);
}

/// Refusals cost no look-up: what else is wrong with a request is not said to those who may not make it at all.
#[tokio::test]
async fn whether_the_caller_may_is_decided_before_anything_is_looked_up() {
    let (app, owner) = TestApp::new().await;
    let alice = owner.invite(&app, "alice", &[]).await;
    owner.make_user("bob", &[]).await;
    for (field, value) in [
        ("username", json!("bob")),
        ("organization_ids", json!(["0f0e0d0c-0b0a-4908-8706-050403020100"])),
        ("password", json!("weak")),
        ("roles", json!(["emperor"])),
    ] {
        let mut body = json!({
            "username": "carol", "email": "carol@example.com", "password": crate::support::PASSWORD,
            "organization_ids": [owner.organization().await],
        });
        body[field] = value;
        let refused = alice.post("/api/v2/users", body).await.expect(StatusCode::FORBIDDEN);
        assert_eq!(refused.message(), "You are not authorized to create users.", "{field}");
        assert_eq!(refused.header("X-Keyfob-Required"), "user:create", "{field}");
    }
    let refused = alice.put(&format!("{MEMBERS}/bob/roles"), json!({"roles": ["emperor"]})).await;
    assert_eq!(refused.expect(StatusCode::FORBIDDEN).message(), "Forbidden.");
}

/// Whoever may create users, but not give them what is asked for, is refused in the words for what they may not.
#[tokio::test]
async fn a_new_user_gets_only_what_the_caller_may_give() {
    let (app, owner) = TestApp::new().await;
    let admin = owner.invite(&app, "admin", &["user-admin"]).await;
    let path = "/api/v2/organizations/coder";
    let defaults = json!({"default_org_member_roles": ["organization-auditor"]});
    let body = |roles: &[&str], organization: &str| {
        json!({
            "username": "carol", "email": "carol@example.com", "password": crate::support::PASSWORD,
            "organization_ids": [organization], "roles": roles,
        })
    };
    let organization = owner.organization().await;
    let refused = admin.post("/api/v2/users", body(&["auditor"], &organization)).await.expect(StatusCode::BAD_REQUEST);
    assert_eq!(refused.message(), "not authorized to assign role \"auditor\"");
    owner.patch(path, defaults).await.expect(StatusCode::OK);
    let refused = admin.post("/api/v2/users", body(&[], &organization)).await.expect(StatusCode::FORBIDDEN);
    assert_eq!(refused.message(), "You are not authorized to create users.");
    owner.get("/api/v2/users/carol").await.expect(StatusCode::NOT_FOUND);
}

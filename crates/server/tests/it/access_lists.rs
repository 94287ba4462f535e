//! Access lists of registered resources.
use axum::http::StatusCode;
use insta::{assert_json_snapshot, assert_snapshot};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{Answer, Identity, TestApp};

const MISSING: &str = "0f0e0d0c-0b0a-4908-8706-050403020100";

fn path(of: &str, id: &str) -> String {
    format!("/api/v2/resources/{of}/{id}/acl")
}

async fn can_read(identity: &Identity, of: &str, id: &str) -> bool {
    identity.get(&format!("/api/v2/resources/{of}/{id}")).await.status == StatusCode::OK
}

#[track_caller]
fn assert_invalid(answer: &Answer, expected: &Value) {
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.body);
    assert_eq!(answer.message(), "Validation failed.");
    assert_eq!(answer.json()["validations"], *expected);
}

#[tokio::test]
async fn a_new_resource_has_an_empty_access_list() {
    let (_app, owner) = TestApp::new().await;
    for of in ["workspace", "template", "task", "chat", "workspace_dormant"] {
        let id = owner.register(of, "dev").await;
        let list = owner.get(&path(of, &id)).await.expect(StatusCode::OK);
        assert_eq!(list.json(), json!({"user_roles": {}, "group_roles": {}}));
    }
}

#[tokio::test]
async fn a_change_of_an_access_list_answers_the_new_list() {
    let (app, owner) = TestApp::new().await;
    let organization = owner.organization().await;
    let alice = owner.invite(&app, "alice", &[]).await;
    let bob = owner.invite(&app, "bob", &[]).await;
    let id = owner.register("workspace", "dev").await;
    app.advance(SignedDuration::from_secs(1));

    let list = path("workspace", &id);
    let change = json!({
        "user_roles": {alice.id.as_str(): "admin", bob.id.as_str(): "use"}, "group_roles": {organization.as_str(): "use"},
    });
    let changed = owner.patch(&list, change).await.expect(StatusCode::OK);
    assert_json_snapshot!("access_list", changed.json());
    assert_eq!(owner.get(&list).await.body, changed.body);

    // Entries that are not named stay.
    let less = owner.patch(&list, json!({"user_roles": {alice.id.as_str(): ""}})).await.expect(StatusCode::OK);
    let expected = json!({"user_roles": {bob.id.as_str(): "use"}, "group_roles": {organization.as_str(): "use"}});
    assert_eq!(less.json(), expected);
    let resource = owner.get(&format!("/api/v2/resources/workspace/{id}")).await.json();
    assert_eq!((&resource["acl"], &resource["updated_at"]), (&expected, &json!("2026-01-02T03:04:06Z")));
    let none = owner.patch(&list, json!({"group_roles": {organization.as_str(): ""}})).await.expect(StatusCode::OK);
    assert_eq!(none.json()["group_roles"], json!({}));
}

/// Types without role names take a list of actions instead of a role.
#[tokio::test]
async fn types_without_role_names_take_lists_of_actions() {
    let (app, owner) = TestApp::new().await;
    let alice = owner.invite(&app, "alice", &[]).await;
    let id = owner.register("task", "build").await;
    let task = format!("/api/v2/resources/task/{id}");
    let grant = |actions: Value| json!({"user_roles": {alice.id.as_str(): actions}});

    let list = owner.patch(&path("task", &id), grant(json!(["update", "read"]))).await.expect(StatusCode::OK);
    assert_eq!(list.json()["user_roles"][&alice.id], json!(["read", "update"]));
    alice.patch(&task, json!({"name": "hers"})).await.expect(StatusCode::OK);
    alice.delete(&task).await.expect(StatusCode::FORBIDDEN);

    owner.patch(&path("task", &id), grant(json!([]))).await.expect(StatusCode::OK);
    assert!(!can_read(&alice, "task", &id).await);
    owner.patch(&path("task", &id), grant(json!(["*"]))).await.expect(StatusCode::OK);
    alice.delete(&task).await.expect(StatusCode::NO_CONTENT);
}

/// Errors name each bad entry by its field, groups before users.
#[tokio::test]
async fn a_bad_entry_is_answered_per_field_and_nothing_changes() {
    let (_app, owner) = TestApp::new().await;
    let id = owner.register("workspace", "dev").await;
    let list = path("workspace", &id);
    let good = json!({"user_roles": {owner.id.as_str(): "use"}});
    let before = owner.patch(&list, good).await.expect(StatusCode::OK).body;

    let bad = json!({"user_roles": {"x": "use", owner.id.as_str(): "admin"}, "group_roles": {MISSING: "king"}});
    assert_invalid(
        &owner.patch(&list, bad).await,
        &json!([
            {"field": "group_roles", "detail": "role \"king\" is not a valid workspace role"},
            {"field": "user_roles", "detail": "x is not a valid UUID."},
        ]),
    );
    for role in [json!(["read"]), json!([])] {
        let answer = owner.patch(&list, json!({"user_roles": {owner.id.as_str(): role}})).await;
        let detail = "a workspace takes one of the roles admin, use";
        assert_invalid(&answer, &json!([{"field": "user_roles", "detail": detail}]));
    }
    assert_eq!(owner.get(&list).await.body, before);

    let task = owner.register("task", "build").await;
    for (role, detail) in [
        (json!("use"), "role \"use\" is not a valid task role"),
        (json!(["read", "ssh"]), "\"ssh\" is no action of task"),
        (json!(["fly"]), "\"fly\" is no action of task"),
    ] {
        let answer = owner.patch(&path("task", &task), json!({"user_roles": {owner.id.as_str(): role}})).await;
        assert_invalid(&answer, &json!([{"field": "user_roles", "detail": detail}]));
    }
    let dormant = owner.register("workspace_dormant", "old").await;
    let answer = owner.patch(&path("workspace_dormant", &dormant), json!({})).await.expect(StatusCode::BAD_REQUEST);
    assert_eq!(answer.message(), "Objects of type workspace_dormant carry no access list.");
}

/// For an id that does not exist, only the empty role is accepted.
#[tokio::test]
async fn grants_to_missing_users_and_groups_are_refused() {
    let (app, owner) = TestApp::new().await;
    let id = owner.register("workspace", "dev").await;
    let list = path("workspace", &id);
    let bad = json!({"user_roles": {MISSING: "use"}, "group_roles": {MISSING: "admin", owner.id.as_str(): "use"}});
    let mut groups = [MISSING, owner.id.as_str()];
    groups.sort_unstable();
    assert_invalid(
        &owner.patch(&list, bad).await,
        &json!([
            {"field": "group_roles", "detail": format!("group with ID {} does not exist", groups[0])},
            {"field": "group_roles", "detail": format!("group with ID {} does not exist", groups[1])},
            {"field": "user_roles", "detail": format!("user with ID {MISSING} does not exist")},
        ]),
    );
    let missing = json!({"user_roles": {MISSING: ""}, "group_roles": {MISSING: ""}});
    let list_after = owner.patch(&list, missing).await.expect(StatusCode::OK);
    assert_eq!(list_after.json(), json!({"user_roles": {}, "group_roles": {}}));

    // A caller who may not share does not learn which users exist.
    let alice = owner.invite(&app, "alice", &["template-admin"]).await;
    alice.patch(&list, json!({"user_roles": {MISSING: "use"}})).await.expect(StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_grant_bites_for_another_user_and_ends_with_its_removal() {
    let (app, owner) = TestApp::new().await;
    let alice = owner.invite(&app, "alice", &[]).await;
    let bob = owner.invite(&app, "bob", &[]).await;
    let id = alice.register("workspace", "dev").await;
    let (workspace, list) = (format!("/api/v2/resources/workspace/{id}"), path("workspace", &id));
    assert!(!can_read(&bob, "workspace", &id).await);

    alice.patch(&list, json!({"user_roles": {bob.id.as_str(): "use"}})).await.expect(StatusCode::OK);
    assert!(can_read(&bob, "workspace", &id).await);
    assert_eq!(bob.get("/api/v2/resources").await.json()["count"], 1);
    bob.patch(&workspace, json!({"name": "his"})).await.expect(StatusCode::FORBIDDEN);
    bob.patch(&list, json!({"user_roles": {bob.id.as_str(): "admin"}})).await.expect(StatusCode::FORBIDDEN);
    let narrow = bob.scoped(&["workspace:ssh"]).await;
    assert!(!can_read(&narrow, "workspace", &id).await);

    alice.patch(&list, json!({"user_roles": {bob.id.as_str(): "admin"}})).await.expect(StatusCode::OK);
    bob.patch(&workspace, json!({"name": "his"})).await.expect(StatusCode::OK);
    bob.delete(&workspace).await.expect(StatusCode::FORBIDDEN);
    alice.patch(&list, json!({"user_roles": {bob.id.as_str(): ""}})).await.expect(StatusCode::OK);
    assert!(!can_read(&bob, "workspace", &id).await);
}

/// A list counts for members of the object's organization only.
#[tokio::test]
async fn a_grant_to_everyone_reaches_only_the_members_of_the_organization() {
    let (app, owner) = TestApp::new().await;
    let second = owner.add_organization("second").await;
    owner.make_user("alice", &[]).await;
    let membership = format!("/api/v2/organizations/{second}/members/alice");
    owner.post(&membership, json!({})).await.expect(StatusCode::OK);
    let alice = app.sign_in("alice@example.com").await;
    let bob = owner.invite(&app, "bob", &[]).await;
    let body = json!({"resource_type": "workspace", "name": "dev", "organization_id": second});
    let id = owner.post("/api/v2/resources", body).await.expect(StatusCode::CREATED).text("id").to_owned();
    let change = json!({"group_roles": {second.as_str(): "use"}, "user_roles": {bob.id.as_str(): "use"}});
    owner.patch(&path("workspace", &id), change).await.expect(StatusCode::OK);
    assert!(can_read(&alice, "workspace", &id).await);
    assert!(!can_read(&bob, "workspace", &id).await);
}

/// Changing an access list requires `share`, or `update` if the type has no `share`.
#[tokio::test]
async fn changing_an_access_list_takes_share_or_else_update() {
    let (app, owner) = TestApp::new().await;
    let alice = owner.invite(&app, "alice", &[]).await;
    let cases = [
        ("workspace", "share", json!("use"), &["application_connect", "ssh", "start", "stop"][..]),
        ("task", "update", json!(["read"]), &[]),
        ("template", "update", json!("use"), &["use"]),
    ];
    for (of, action, role, given) in cases {
        let id = owner.register(of, "dev").await;
        let change = json!({"user_roles": {alice.id.as_str(): role}});
        let reader = owner.scoped(&[&format!("{of}:read")]).await;
        let refused = reader.patch(&path(of, &id), change.clone()).await.expect(StatusCode::FORBIDDEN);
        assert_eq!(refused.detail(), format!("the key's scopes lack {of}:{action}"));
        assert!(!can_read(&alice, of, &id).await);
        let key = owner.scoped(&[&format!("{of}:*")]).await;
        let changed = key.patch(&path(of, &id), change).await.expect(StatusCode::OK);
        // What is given is required, too.
        let required = format!("{of}:read, {of}:{action}");
        let given = given.iter().fold(required, |required, action| format!("{required}, {of}:{action}"));
        assert_eq!(changed.header("X-Keyfob-Required"), given);
        assert!(can_read(&alice, of, &id).await);
    }
}

/// Whoever may share may not have others do what is denied to themselves.
#[tokio::test]
async fn what_is_newly_given_must_be_permitted_to_the_giver() {
    let (app, owner) = TestApp::new().await;
    let alice = owner.invite(&app, "alice", &[]).await;
    let grant = |access: Value| json!({"user_roles": {alice.id.as_str(): access}});
    let template = &["template:read", "template:update", "template:use", "template:create"];
    let task = &["task:read", "task:update", "task:create"];
    let cases = [
        ("template", &template[..], json!("admin"), json!("use"), "\"admin\": the key's scopes lack template:delete"),
        ("task", task, json!(["delete", "read"]), json!(["read"]), "\"delete\": the key's scopes lack task:delete"),
        ("task", task, json!(["*"]), json!(["read", "update"]), "\"*\": the key's scopes lack task:delete"),
    ];
    for (number, (of, scopes, more, less, lacks)) in cases.into_iter().enumerate() {
        let id = owner.register(of, &format!("dev{number}")).await;
        let list = path(of, &id);
        let key = owner.restricted(scopes, &[&format!("{of}:{id}")]).await;
        let before = owner.get(&list).await.body;
        let refused = key.patch(&list, grant(more.clone())).await.expect(StatusCode::FORBIDDEN);
        assert_eq!(
            (refused.message(), refused.detail()),
            ("Forbidden.".to_owned(), format!("you may not give {lacks}"))
        );
        assert_eq!(owner.get(&list).await.body, before);
        key.patch(&list, grant(less.clone())).await.expect(StatusCode::OK);
        // What somebody has may stay, be made less, and be taken; it is no reason to give it to others.
        owner.patch(&list, grant(more.clone())).await.expect(StatusCode::OK);
        key.patch(&list, grant(more.clone())).await.expect(StatusCode::OK);
        let others = json!({"group_roles": {owner.organization().await: more}});
        key.patch(&list, others).await.expect(StatusCode::FORBIDDEN);
        key.patch(&list, grant(less)).await.expect(StatusCode::OK);
        key.patch(&list, grant(more)).await.expect(StatusCode::FORBIDDEN);
        let none = if of == "task" { json!([]) } else { json!("") };
        key.patch(&list, grant(none)).await.expect(StatusCode::OK);
        assert_eq!(owner.get(&list).await.body, before);
    }
}

/// The same where roles deny it: an organization's administrator may share workspaces, but enter none.
#[tokio::test]
async fn an_administrator_gives_no_access_that_they_lack() {
    let (app, owner) = TestApp::new().await;
    let alice = owner.invite(&app, "alice", &[]).await;
    let bob = owner.invite(&app, "bob", &[]).await;
    let admin = owner.invite(&app, "admin", &[]).await;
    let roles = json!({"roles": ["organization-admin"]});
    owner.put("/api/v2/organizations/coder/members/admin/roles", roles).await.expect(StatusCode::OK);
    let id = alice.register("workspace", "dev").await;
    let list = path("workspace", &id);
    let to = |user: &Identity, role: &str| json!({"user_roles": {user.id.as_str(): role}});
    for role in ["use", "admin"] {
        for user in [&admin, &bob] {
            let refused = admin.patch(&list, to(user, role)).await.expect(StatusCode::FORBIDDEN);
            let missing = "workspace:application_connect is not permitted to you here";
            assert_eq!(refused.detail(), format!("you may not give \"{role}\": {missing}"));
        }
    }
    // Nobody is told that a grantee does not exist before.
    let unknown = json!({"user_roles": {MISSING: "use"}});
    admin.patch(&list, unknown).await.expect(StatusCode::FORBIDDEN);
    assert!(!can_read(&bob, "workspace", &id).await);
    // What one has through the list can be passed on.
    alice.patch(&list, to(&bob, "admin")).await.expect(StatusCode::OK);
    bob.patch(&list, to(&admin, "admin")).await.expect(StatusCode::OK);
    admin.patch(&list, to(&owner, "use")).await.expect(StatusCode::OK);
}

#[tokio::test]
async fn who_leaves_an_organization_is_off_the_access_lists_there() {
    let (app, owner) = TestApp::new().await;
    let alice = owner.invite(&app, "alice", &[]).await;
    let acme = owner.add_organization("acme").await;
    let members = "/api/v2/organizations/acme/members/alice";
    owner.post(members, json!({})).await.expect(StatusCode::OK);
    let here = owner.register("workspace", "here").await;
    let body = json!({"resource_type": "workspace", "name": "there", "organization_id": acme});
    let other = owner.post("/api/v2/resources", body).await.expect(StatusCode::CREATED).text("id").to_owned();
    for id in [&here, &other] {
        let grant = json!({"user_roles": {alice.id.as_str(): "use"}});
        owner.patch(&path("workspace", id), grant).await.expect(StatusCode::OK);
        assert!(can_read(&alice, "workspace", id).await);
    }
    owner.delete(members).await.expect(StatusCode::NO_CONTENT);
    owner.post(members, json!({})).await.expect(StatusCode::OK);
    assert!(!can_read(&alice, "workspace", &other).await, "a grant does not outlive the membership");
    assert!(can_read(&alice, "workspace", &here).await);
}

/// However many requests it is given in. A list that is full can still be changed, and a record holds what changed.
#[tokio::test]
async fn an_access_list_names_a_thousand_at_most() {
    let (_app, owner) = TestApp::new().await;
    let groups = format!("/api/v2/organizations/{}/groups", owner.organization().await);
    let mut ids = Vec::new();
    for number in 0..=1_000 {
        let group = owner.post(&groups, json!({"name": format!("group-{number}")})).await.expect(StatusCode::CREATED);
        ids.push(group.text("id").to_owned());
    }
    let list = path("workspace", &owner.register("workspace", "dev").await);
    let change = |ids: &[String], role: &str| {
        let entries: serde_json::Map<String, Value> = ids.iter().map(|id| (id.clone(), json!(role))).collect();
        json!({"group_roles": entries})
    };
    owner.patch(&list, change(&ids[..600], "use")).await.expect(StatusCode::OK);
    let refused = owner.patch(&list, change(&ids[600..], "use")).await.expect(StatusCode::BAD_REQUEST);
    assert_snapshot!(refused.message(), @"An access list names 1000 users and groups at most. Give access to a group in place of its members.");
    let full = owner.patch(&list, change(&ids[600..1_000], "use")).await.expect(StatusCode::OK);
    assert_eq!(full.json()["group_roles"].as_object().unwrap().len(), 1_000);
    owner.patch(&list, change(&ids[1_000..], "use")).await.expect(StatusCode::BAD_REQUEST);
    owner.patch(&list, change(&ids[..1], "")).await.expect(StatusCode::OK);
    owner.patch(&list, change(&ids[1_000..], "use")).await.expect(StatusCode::OK);
    let records = owner.get("/api/v2/audit?limit=1&q=resource_type:workspace").await.expect(StatusCode::OK);
    assert!(records.body.len() < 5_000, "{}", records.body.len());
    assert!(records.body.contains(&ids[1_000]));
}

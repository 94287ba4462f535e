//! Asking what another user or another key may do.
use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::support::{Answer, Identity, TestApp};

const CHECK: &str = "/api/v2/authcheck";
const EXPLAIN: &str = "/api/v2/authcheck?explain=true";
/// The header with the permissions that a request required.
const REQUIRED: &str = "X-Keyfob-Required";
const MISSING: &str = "1f0e0d0c-0b0a-4908-8706-050403020100";

async fn ask(key: &Identity, subject: Value, action: &str, object: Value) -> Answer {
    let request = json!({"subject": subject, "checks": {"it": {"action": action, "object": object}}});
    let plain = key.post(CHECK, request.clone()).await;
    let explained = key.post(EXPLAIN, request).await;
    assert_eq!(plain.status, explained.status, "with and without reasons");
    if plain.status == StatusCode::OK {
        assert_eq!(plain.json()["it"], explained.json()["it"]["allowed"], "{}", explained.json());
    }
    explained
}

async fn is_allowed(key: &Identity, subject: Value, action: &str, object: Value) -> bool {
    let answer = ask(key, subject, action, object).await.expect(StatusCode::OK);
    answer.json()["it"]["allowed"].as_bool().unwrap()
}

/// Registers a workspace; its id comes back.
async fn register(identity: &Identity, name: &str) -> String {
    let organization = identity.organization().await;
    let body = json!({"resource_type": "workspace", "name": name, "organization_id": organization});
    let made = identity.post("/api/v2/resources", body).await.expect(StatusCode::CREATED);
    made.json()["id"].as_str().unwrap().to_owned()
}

fn workspace(id: &str) -> Value {
    json!({"resource_type": "workspace", "resource_id": id})
}

#[tokio::test]
async fn an_owner_asks_what_a_user_and_a_key_may_do() {
    let (app, owner) = TestApp::new().await;
    let alice = owner.invite(&app, "alice", &[]).await;
    let (own, hers) = (register(&owner, "own").await, register(&alice, "hers").await);
    for subject in [json!({"user": "alice"}), json!({"user": alice.id})] {
        assert!(is_allowed(&owner, subject.clone(), "delete", workspace(&hers)).await);
        assert!(!is_allowed(&owner, subject.clone(), "read", workspace(&own)).await);
        // `me` in a check is the subject.
        let mine = json!({"resource_type": "workspace", "owner_id": "me", "any_org": true});
        assert!(is_allowed(&owner, subject, "create", mine).await);
    }
    let narrow = alice.scoped(&["workspace:read"]).await;
    let subject = json!({"key": narrow.key_id()});
    assert!(is_allowed(&owner, subject.clone(), "read", workspace(&hers)).await);
    let refused = ask(&owner, subject.clone(), "delete", workspace(&hers)).await.json();
    assert_eq!(refused["it"]["allowed"], false);
    assert_eq!(refused["it"]["missing"][0]["add"], "workspace:delete");
    assert!(!is_allowed(&owner, subject, "delete", workspace(&hers)).await);
}

/// The answers are those that the subject itself gets.
#[tokio::test]
async fn others_are_told_what_the_subject_would_be_told() {
    let (app, owner) = TestApp::new().await;
    let alice = owner.invite(&app, "alice", &["template-admin"]).await;
    let narrow = alice.restricted(&["workspace:*", "template:read"], &["workspace:*", "user:*"]).await;
    let ids = [register(&owner, "own").await, register(&alice, "hers").await];
    let types = owner.get("/api/v2/resource-types").await.json()["resource_types"].as_array().unwrap().clone();
    let mut checks = serde_json::Map::new();
    for of in &types {
        for action in of["actions"].as_array().unwrap() {
            for object in [json!({}), json!({"owner_id": "me"}), json!({"owner_id": "me", "any_org": true})] {
                let mut object = object;
                object["resource_type"] = of["name"].clone();
                checks.insert(checks.len().to_string(), json!({"action": action, "object": object}));
            }
        }
    }
    for id in &ids {
        for action in ["read", "update", "delete", "ssh"] {
            checks.insert(checks.len().to_string(), json!({"action": action, "object": workspace(id)}));
        }
    }
    for (key, subject) in [(&alice, json!({"user": "alice"})), (&narrow, json!({"key": narrow.key_id()}))] {
        let itself = key.post(CHECK, json!({"checks": checks})).await.expect(StatusCode::OK);
        let other = owner.post(CHECK, json!({"checks": checks, "subject": subject})).await.expect(StatusCode::OK);
        assert_eq!(itself.json(), other.json());
    }
}

#[tokio::test]
async fn who_may_not_act_is_allowed_nothing() {
    let (app, owner) = TestApp::new().await;
    let alice = owner.invite(&app, "alice", &[]).await;
    let hers = register(&alice, "hers").await;
    let key = alice.scoped(&["workspace:read"]).await;
    let subject = json!({"key": key.key_id()});
    assert!(is_allowed(&owner, subject.clone(), "read", workspace(&hers)).await);
    owner.put(&format!("/api/v2/users/alice/keys/{}/expire", key.key_id()), json!({})).await;
    let answer = ask(&owner, subject.clone(), "read", workspace(&hers)).await.json();
    assert!(answer["it"]["reason"].as_str().unwrap().starts_with("the key expired at "), "{answer}");
    owner.put("/api/v2/users/alice/status/suspend", json!({})).await.expect(StatusCode::OK);
    for subject in [json!({"user": "alice"}), subject] {
        let answer = ask(&owner, subject, "read", workspace(&hers)).await.json();
        assert_eq!(answer["it"]["allowed"], false);
        assert_eq!(answer["it"]["reason"], "the user is suspended");
    }
}

/// A subject, an object, an owner and an organization that the caller may not read look as if they were not there.
#[tokio::test]
async fn nothing_is_revealed_that_the_caller_may_not_read() {
    let (app, owner) = TestApp::new().await;
    let alice = owner.invite(&app, "alice", &[]).await;
    let own_key = owner.scoped(&["workspace:read"]).await;
    let own = register(&owner, "own").await;
    let second = owner.add_organization("second").await;
    let readers = [
        owner.scoped(&["user:read", "workspace:read"]).await,
        owner.scoped(&["user:read", "user:read_personal"]).await,
        owner.restricted(&["coder:all"], &["workspace:*"]).await,
        owner.invite(&app, "admin", &["template-admin"]).await,
    ];
    // Narrow keys that may read users may not read all that the answer depends on: that is the same for every user.
    for (caller, is_same_for_users) in readers.iter().zip([false, false, true, false]).chain([(&alice, true)]) {
        for (existing, nobody, is_same) in [
            (json!({"user": "owner"}), json!({"user": "nobody"}), is_same_for_users),
            (json!({"user": owner.id}), json!({"user": MISSING}), is_same_for_users),
            (json!({"key": own_key.key_id()}), json!({"key": "aaaaaaaaaa"}), true),
        ] {
            let missing = ask(caller, nobody, "read", workspace(MISSING)).await.expect(StatusCode::NOT_FOUND);
            let refused = ask(caller, existing, "read", json!({"resource_type": "workspace"})).await;
            assert_eq!(refused.status, StatusCode::NOT_FOUND);
            assert_eq!(refused.json()["message"], missing.json()["message"]);
            if is_same {
                assert_eq!(refused.header(REQUIRED), missing.header(REQUIRED), "{}", caller.id);
            }
        }
    }
    // Alice may ask about herself, but not about what she may not read.
    let herself = json!({"user": "me"});
    assert!(!is_allowed(&alice, herself.clone(), "read", json!({"resource_type": "workspace"})).await);
    let named = |field: &str, id: &str| json!({"resource_type": "workspace", field: id});
    for (field, hidden) in [("resource_id", &own), ("owner_id", &owner.id), ("organization_id", &second)] {
        let existing = ask(&alice, herself.clone(), "read", named(field, hidden)).await;
        let missing = ask(&alice, herself.clone(), "read", named(field, MISSING)).await;
        assert_eq!(existing.status, StatusCode::NOT_FOUND, "{field}");
        assert_eq!(existing.body, missing.body, "{field}");
        assert_eq!(existing.header(REQUIRED), missing.header(REQUIRED), "{field}");
    }
    // The same for ids and names that nobody can have.
    for subject in [json!({"key": "nonsense"}), json!({"key": "aaaaaaaaaa"}), json!({"user": "nobody"})] {
        let answer = ask(&owner, subject, "read", json!({"resource_type": "workspace"})).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn a_key_asks_about_itself_by_its_id() {
    let (_app, owner) = TestApp::new().await;
    let narrow = owner.scoped(&["workspace:read"]).await;
    let subject = json!({"key": narrow.key_id()});
    let mine = json!({"resource_type": "workspace", "owner_id": "me", "any_org": true});
    assert!(is_allowed(&narrow, subject.clone(), "read", mine.clone()).await);
    assert!(!is_allowed(&narrow, subject, "delete", mine).await);
}

#[tokio::test]
async fn a_group_is_named_to_those_only_who_may_read_it() {
    let (app, owner) = TestApp::new().await;
    let alice = owner.invite(&app, "alice", &[]).await;
    let shared = register(&owner, "shared").await;
    let organization = owner.organization().await;
    let group = json!({"name": "builders"});
    let group = owner.post(&format!("/api/v2/organizations/{organization}/groups"), group).await;
    let group = group.expect(StatusCode::CREATED).json()["id"].as_str().unwrap().to_owned();
    owner.patch(&format!("/api/v2/groups/{group}"), json!({"add_users": [alice.id]})).await.expect(StatusCode::OK);
    let grant = json!({"group_roles": {group.as_str(): "use"}});
    owner.patch(&format!("/api/v2/resources/workspace/{shared}/acl"), grant).await.expect(StatusCode::OK);
    let answer = ask(&owner, json!({"user": "alice"}), "ssh", workspace(&shared)).await.expect(StatusCode::OK);
    assert!(answer.json().to_string().contains(&group), "{}", answer.json());
    let blind = owner.restricted(&["coder:all"], &["user:*", "organization_member:*", "workspace:*"]).await;
    let request = json!({"subject": {"user": "alice"}, "checks": {
        "it": {"action": "ssh", "object": workspace(&shared)},
    }});
    let answer = blind.post(EXPLAIN, request).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND, "{}", answer.json());
}

#[tokio::test]
async fn unknown_names_are_said_beside_the_answer_with_the_nearest_known_one() {
    let (_app, owner) = TestApp::new().await;
    let checks = json!({"checks": {
        "type": {"action": "read", "object": {"resource_type": "workspce"}},
        "action": {"action": "raed", "object": {"resource_type": "workspace"}},
        "known": {"action": "read", "object": {"resource_type": "workspace"}},
        "neither": {"action": "x", "object": {"resource_type": "qqqqqq"}},
    }});
    let answers = owner.post(EXPLAIN, checks.clone()).await.expect(StatusCode::OK).json();
    let unknown = |kind: &str, name: &str, nearest: &str| json!([{"kind": kind, "name": name, "nearest": nearest}]);
    assert_eq!(answers["type"]["unknown"], unknown("resource_type", "workspce", "workspace"));
    assert_eq!(answers["action"]["unknown"], unknown("action", "raed", "read"));
    assert_eq!(answers["known"].get("unknown"), None);
    assert_eq!(answers["neither"]["unknown"], json!([{"kind": "resource_type", "name": "qqqqqq"}]));
    // Clients of Coder read a map of booleans: nothing else may be in it.
    let plain = owner.post(CHECK, checks).await.expect(StatusCode::OK).json();
    assert!(plain.as_object().unwrap().values().all(Value::is_boolean), "{plain}");
}

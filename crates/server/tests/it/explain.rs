//! Explanations of decisions.
use axum::http::StatusCode;
use insta::assert_json_snapshot;
use serde_json::{Map, Value, json};

use crate::support::{Answer, Identity, TestApp};

const CHECK: &str = "/api/v2/authcheck";
const EXPLAIN: &str = "/api/v2/authcheck?explain=true";
const ID: &str = "0f0e0d0c-0b0a-4908-8706-050403020100";
const MISSING: &str = "1f0e0d0c-0b0a-4908-8706-050403020100";

async fn explain(key: &Identity, action: &str, object: Value) -> Answer {
    let answer = key.post(EXPLAIN, json!({"checks": {"it": {"action": action, "object": object}}})).await;
    answer.expect(StatusCode::OK)
}

fn workspace(id: &str) -> Value {
    json!({"resource_type": "workspace", "resource_id": id})
}

/// Registers a workspace under [`ID`].
async fn register(identity: &Identity) {
    let organization = identity.organization().await;
    let body = json!({"resource_type": "workspace", "name": "dev", "id": ID, "organization_id": organization});
    identity.post("/api/v2/resources", body).await.expect(StatusCode::CREATED);
}

/// Each check is answered by `{allowed, reason, steps[], missing[]}`.
#[tokio::test]
async fn an_explanation_holds_every_vote_and_what_to_add() {
    let (app, owner) = TestApp::new().await;
    register(&owner).await;
    assert_json_snapshot!("allowed", explain(&owner, "delete", workspace(ID)).await.json());
    let reader = owner.scoped(&["workspace:read"]).await;
    assert_json_snapshot!("denied_by_scope", explain(&reader, "delete", workspace(ID)).await.json());
    let single = owner.restricted(&["workspace:*"], &[&format!("workspace:{ID}")]).await;
    let object = json!({"resource_type": "workspace", "owner_id": "me"});
    assert_json_snapshot!("denied_by_allow_list", explain(&single, "create", object).await.json());
    let admin = owner.invite(&app, "admin", &["template-admin"]).await;
    assert_json_snapshot!("denied_by_role", explain(&admin, "delete", workspace(ID)).await.json());
    let alice = owner.invite(&app, "alice", &[]).await;
    let shared = json!({"user_roles": {alice.id.as_str(): "use"}});
    owner.patch(&format!("/api/v2/resources/workspace/{ID}/acl"), shared).await.expect(StatusCode::OK);
    assert_json_snapshot!("allowed_by_access_list", explain(&alice, "ssh", workspace(ID)).await.json());
}

/// The explanation for an object that may not be read is byte for byte the one for a missing object.
#[tokio::test]
async fn what_may_not_be_read_is_explained_like_what_is_not_there() {
    let (app, owner) = TestApp::new().await;
    register(&owner).await;
    let alice = owner.invite(&app, "alice", &[]).await;
    let keys = [
        alice,
        owner.scoped(&["workspace:delete"]).await,
        owner.restricted(&["workspace:*"], &[&format!("workspace:{MISSING}")]).await,
        owner.restricted(&["workspace:*"], &["template:*"]).await,
    ];
    for key in &keys {
        for action in ["read", "delete", "frobnicate"] {
            let (existing, missing) =
                (explain(key, action, workspace(ID)).await, explain(key, action, workspace(MISSING)).await);
            assert_eq!(existing.body, missing.body);
            assert_eq!(existing.json()["it"]["allowed"], false);
            assert_eq!(existing.header("X-Keyfob-Required"), missing.header("X-Keyfob-Required"));
        }
    }
    assert_json_snapshot!("unreadable", explain(&keys[0], "delete", workspace(ID)).await.json());
    for of in ["user", "organization"] {
        let id = if of == "user" { owner.id.clone() } else { owner.add_organization("second").await };
        let [existing, missing] = [id.as_str(), MISSING].map(|id| json!({"resource_type": of, "resource_id": id}));
        assert_eq!(explain(&keys[0], "read", existing).await.body, explain(&keys[0], "read", missing).await.body);
    }
}

/// Ids in an allow list never match checks without an id, and the explanation says so.
#[tokio::test]
async fn an_entry_for_one_object_fits_no_question_about_none() {
    let (_app, owner) = TestApp::new().await;
    register(&owner).await;
    let key = owner.restricted(&["workspace:*"], &[&format!("workspace:{ID}")]).await;
    let question = json!({"resource_type": "workspace", "owner_id": "me", "any_org": true});
    let explained = explain(&key, "read", question.clone()).await.json();
    assert_eq!(explained["it"]["allowed"], false);
    assert_eq!(
        explained["it"]["reason"],
        "workspace:read is refused: the key's allow list names single objects, and this is about no single one"
    );
    assert_eq!(explained["it"]["missing"][0]["add"], "workspace:*");
    assert_eq!(explain(&key, "read", workspace(ID)).await.json()["it"]["allowed"], true);
    let wide = owner.restricted(&["workspace:*"], &["workspace:*"]).await;
    assert_eq!(explain(&wide, "read", question).await.json()["it"]["allowed"], true);
}

/// Checks of every action on every type: without an id, on the caller's own objects, and by id.
async fn questions(owner: &Identity) -> Value {
    let organization = owner.organization().await;
    let types = owner.get("/api/v2/resource-types").await.json()["resource_types"].as_array().unwrap().clone();
    let mut checks = Map::new();
    for of in types {
        let name = of["name"].as_str().unwrap();
        for action in of["actions"].as_array().unwrap() {
            let objects = [
                json!({"resource_type": name}),
                json!({"resource_type": name, "owner_id": "me"}),
                json!({"resource_type": name, "owner_id": "me", "organization_id": organization}),
                json!({"resource_type": name, "owner_id": "me", "any_org": true}),
            ];
            for (place, object) in objects.into_iter().enumerate() {
                let check = json!({"action": action, "object": object});
                checks.insert(format!("{name} {action} {place}"), check);
            }
            if name == "workspace" {
                for id in [ID, MISSING] {
                    checks.insert(format!("{id} {action}"), json!({"action": action, "object": workspace(id)}));
                }
            }
        }
    }
    json!({ "checks": checks })
}

#[tokio::test]
async fn an_explanation_never_differs_from_the_plain_answer() {
    let (app, owner) = TestApp::new().await;
    register(&owner).await;
    let questions = questions(&owner).await;
    let alice = owner.invite(&app, "alice", &[]).await;
    let keys = [
        alice.scoped(&["coder:workspaces.operate", "user:read"]).await,
        alice,
        owner.invite(&app, "admin", &["template-admin", "auditor"]).await,
        owner.restricted(&["coder:all"], &[&format!("workspace:{ID}"), "template:*"]).await,
        owner.scoped(&["workspace:*", "organization:read"]).await,
        owner,
    ];
    let mut allowed = Vec::new();
    for key in keys {
        let plain = key.post(CHECK, questions.clone()).await.expect(StatusCode::OK).json();
        let explained = key.post(EXPLAIN, questions.clone()).await.expect(StatusCode::OK).json();
        let explained: Map<String, Value> = explained
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, answer)| (name.clone(), answer["allowed"].clone()))
            .collect();
        assert_eq!(plain, Value::Object(explained));
        allowed.push(plain.as_object().unwrap().values().filter(|answer| **answer == true).count());
    }
    // Every key may do something, and none may do everything.
    let all = questions["checks"].as_object().unwrap().len();
    assert!(allowed.iter().all(|count| *count > 0 && *count < all), "{allowed:?} of {all}");
}

#[tokio::test]
async fn an_explanation_is_made_of_a_thousand_checks_at_most() {
    let (_app, owner) = TestApp::new().await;
    let checks = |count: usize| {
        let check = json!({"action": "read", "object": {"resource_type": "workspace"}});
        let checks: Map<String, Value> = (0..count).map(|number| (number.to_string(), check.clone())).collect();
        json!({ "checks": checks })
    };
    owner.post(EXPLAIN, checks(1000)).await.expect(StatusCode::OK);
    let refused = owner.post(EXPLAIN, checks(1001)).await.expect(StatusCode::BAD_REQUEST);
    assert_eq!(refused.json()["validations"][0]["field"], "checks");
    owner.post(CHECK, checks(1001)).await.expect(StatusCode::OK);
}

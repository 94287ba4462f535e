//! `authcheck`: what a key may do.
use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use crate::support::{Answer, Identity, TestApp};

const CHECK: &str = "/api/v2/authcheck";
const MISSING: &str = "0f0e0d0c-0b0a-4908-8706-050403020100";

/// The answer to one check.
async fn ask(key: &Identity, action: &str, object: Value) -> Answer {
    key.post(CHECK, json!({"checks": {"it": {"action": action, "object": object}}})).await
}

/// The decision on one check.
async fn decide(key: &Identity, action: &str, object: Value) -> bool {
    ask(key, action, object).await.expect(StatusCode::OK).json()["it"].as_bool().unwrap()
}

fn by_id(of: &str, id: &str) -> Value {
    json!({"resource_type": of, "resource_id": id})
}

#[tokio::test]
async fn a_thousand_ids_are_answered_and_one_more_is_refused() {
    let (_app, owner) = TestApp::new().await;
    let id = owner.register("workspace", "dev").await;
    let with_id = |count: usize| -> Map<String, Value> {
        let id = |place: usize| if place == 0 { id.as_str() } else { MISSING };
        (0..count)
            .map(|place| (format!("i{place}"), json!({"action": "read", "object": by_id("workspace", id(place))})))
            .collect()
    };
    let mut checks = with_id(1000);
    // Checks without an id do not count.
    checks.extend(
        (0..1500)
            .map(|place| (format!("n{place}"), json!({"action": "read", "object": {"resource_type": "workspace"}}))),
    );
    let answers = owner.post(CHECK, json!({"checks": checks})).await.expect(StatusCode::OK).json();
    assert_eq!(answers.as_object().unwrap().len(), 2500);
    assert_eq!((&answers["i0"], &answers["i1"], &answers["n0"]), (&json!(true), &json!(false), &json!(true)));

    let refused = owner.post(CHECK, json!({"checks": with_id(1001)})).await.expect(StatusCode::BAD_REQUEST);
    assert_eq!(
        refused.message(),
        "Endpoint only supports using \"resource_id\" field 1000 times, found 1001 usages. Remove 1 objects with this \
         field set."
    );
    let endless = json!({"checks": {"it": {"action": "x".repeat(1024 * 1024), "object": {"resource_type": "file"}}}});
    owner.post(CHECK, endless).await.expect(StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(owner.post(CHECK, json!({"checks": {}})).await.expect(StatusCode::OK).body, "{}\n");
}

#[tokio::test]
async fn names_that_mean_nothing_are_decided_and_not_refused() {
    let (_app, owner) = TestApp::new().await;
    assert!(decide(&owner, "read", json!({"resource_type": "template"})).await);
    // Owners hold `*` on templates, and workspace actions one by one.
    assert!(decide(&owner, "frobnicate", json!({"resource_type": "template"})).await);
    assert!(!decide(&owner, "frobnicate", json!({"resource_type": "workspace"})).await);
    for of in ["spaceship", "*"] {
        assert!(!decide(&owner, "read", json!({"resource_type": of})).await);
    }
    assert!(!decide(&owner, "", json!({"resource_type": "workspace"})).await);
    let both = json!({"resource_type": "template", "organization_id": owner.organization().await, "any_org": true});
    assert!(!decide(&owner, "read", both).await);
}

#[tokio::test]
async fn bad_checks_are_refused_in_the_contracts_words() {
    let (app, owner) = TestApp::new().await;
    let none = ask(&owner, "read", json!({})).await.expect(StatusCode::BAD_REQUEST);
    assert_eq!(none.message(), "Object's \"resource_type\" field must be defined for key \"it\".");
    let bad = ask(&owner, "read", by_id("workspace", "dev")).await.expect(StatusCode::BAD_REQUEST);
    assert_eq!(bad.message(), "Object \"dev\" id is not a valid uuid.");
    assert_eq!(bad.json()["validations"], json!([{"field": "resource_id", "detail": "invalid UUID length: 3"}]));
    for of in ["api_key", "spaceship", "*"] {
        let other = ask(&owner, "read", by_id(of, MISSING)).await.expect(StatusCode::BAD_REQUEST);
        let problem = format!("Object type \"{of}\" does not support \"resource_id\" field.");
        assert_eq!(other.message(), problem);
        assert_eq!(other.json()["validations"], json!([{"field": "resource_type", "detail": problem}]));
    }
    ask(&app.anonymous(), "read", json!({"resource_type": "file"})).await.expect(StatusCode::UNAUTHORIZED);
    owner.post(&format!("{CHECK}?explain=perhaps"), json!({"checks": {}})).await.expect(StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn me_stands_for_the_caller_where_an_owner_is_named() {
    let (app, owner) = TestApp::new().await;
    let alice = owner.invite(&app, "alice", &[]).await;
    let organization = owner.organization().await;
    for (user, expected) in [("me", true), (alice.id.as_str(), true), (owner.id.as_str(), false), ("", false)] {
        let object = json!({"resource_type": "workspace", "owner_id": user, "organization_id": organization});
        assert_eq!(decide(&alice, "read", object).await, expected, "{user}");
        let object = json!({"resource_type": "workspace", "owner_id": user, "any_org": true});
        assert_eq!(decide(&alice, "create", object).await, expected, "{user}");
    }
    let in_other_organization = json!({"resource_type": "workspace", "owner_id": "me", "organization_id": MISSING});
    assert!(!decide(&alice, "read", in_other_organization).await);
}

/// Ids can be checked for every type that Keyfob stores or registers.
#[tokio::test]
async fn every_type_that_is_registered_or_stored_can_be_asked_by_id() {
    let (_app, owner) = TestApp::new().await;
    let organization = owner.organization().await;
    let types = owner.get("/api/v2/resource-types").await.json()["resource_types"].as_array().unwrap().clone();
    let mut registered = 0;
    for of in types.iter().filter(|of| of["registrable"] == true) {
        let name = of["name"].as_str().unwrap();
        assert!(!decide(&owner, "read", by_id(name, MISSING)).await, "{name}");
        let mut body = json!({"resource_type": name, "name": "it", "organization_id": organization});
        if of["organization"] == false {
            body.as_object_mut().unwrap().remove("organization_id");
        }
        let made = owner.post("/api/v2/resources", body).await;
        if made.status != StatusCode::CREATED {
            assert_eq!(made.status, StatusCode::FORBIDDEN, "{name}: {}", made.body);
            continue;
        }
        registered += 1;
        let id = made.text("id");
        let exists = owner.get(&format!("/api/v2/resources/{name}/{id}")).await.status == StatusCode::OK;
        assert_eq!(decide(&owner, "read", by_id(name, id)).await, exists, "{name}");
    }
    assert!(registered > 25, "{registered}");
    // The group of all members has the id of its organization.
    for (of, id) in [("user", owner.id.as_str()), ("organization", &organization), ("group", &organization)] {
        assert!(decide(&owner, "read", by_id(of, id)).await);
        assert!(!decide(&owner, "read", by_id(of, MISSING)).await);
    }
}

/// If a check names an id, the stored object replaces the other fields of the check.
#[tokio::test]
async fn an_id_decides_whatever_else_a_check_says() {
    let (app, owner) = TestApp::new().await;
    let alice = owner.invite(&app, "alice", &[]).await;
    let (own, other) = (alice.register("workspace", "dev").await, owner.register("workspace", "prod").await);
    let object = |id: &str, owner: &str| json!({"resource_type": "workspace", "resource_id": id, "owner_id": owner});
    assert!(decide(&alice, "delete", object(&own, &owner.id)).await);
    assert!(!decide(&alice, "read", object(&other, "me")).await);
    // Without `read`, no action on the object is allowed.
    let blind = alice.scoped(&["workspace:delete"]).await;
    assert!(!decide(&blind, "delete", object(&own, "me")).await);
}

/// `authcheck` knows no exemption for the key's own user.
#[tokio::test]
async fn a_narrow_key_is_told_what_its_scopes_say_of_its_own_user() {
    let (_app, owner) = TestApp::new().await;
    let narrow = owner.scoped(&["workspace:read"]).await;
    narrow.get("/api/v2/users/me").await.expect(StatusCode::OK);
    let reader = owner.scoped(&["user:read"]).await;
    for object in [by_id("user", &owner.id), json!({"resource_type": "user", "owner_id": "me"})] {
        assert!(!decide(&narrow, "read", object.clone()).await);
        assert!(decide(&reader, "read", object).await);
    }
}

/// Checks name up to a thousand objects: what platforms store with them is not read.
#[tokio::test]
async fn objects_with_large_attributes_are_checked_as_others_are() {
    let (app, owner) = TestApp::new().await;
    let mut ids = Vec::new();
    for n in 0..20 {
        ids.push(owner.register("workspace", &format!("dev{n}")).await);
    }
    // Together more than a list may hold.
    let attributes = json!({"note": "x".repeat(500_000)}).to_string();
    assert_eq!(app.tamper(&format!("UPDATE resources SET attributes = '{attributes}'")).await, 20);
    owner.get("/api/v2/resources").await.expect(StatusCode::BAD_REQUEST);
    let check = |id: &String| (id.clone(), json!({"action": "read", "object": by_id("workspace", id)}));
    let checks: Map<String, Value> = ids.iter().map(check).collect();
    let answer = owner.post(CHECK, json!({"checks": checks})).await.expect(StatusCode::OK).json();
    assert!(answer.as_object().unwrap().values().all(|allowed| *allowed == true), "{answer}");
    // Nor is it where only names are shown.
    let allowed: Vec<Value> = ids.iter().map(|id| json!({"type": "workspace", "id": id})).collect();
    let token = json!({"token_name": "one", "allow_list": allowed});
    owner.post("/api/v2/users/me/keys/tokens", token).await.expect(StatusCode::CREATED);
    let page = owner.get("/settings/tokens").await.expect(StatusCode::OK).body;
    assert!((0..20).any(|n| page.contains(&format!("dev{n}"))), "{page}");
}

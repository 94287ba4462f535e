//! The registry of resources.
use axum::http::StatusCode;
use insta::assert_json_snapshot;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{Answer, Identity, TestApp};

const RESOURCES: &str = "/api/v2/resources";
const WORKSPACES: &str = "/api/v2/resources/workspace";
const ID: &str = "0f0e0d0c-0b0a-4908-8706-050403020100";

/// All resources that this identity may read.
async fn everything(identity: &Identity) -> String {
    identity.get(RESOURCES).await.expect(StatusCode::OK).body
}

/// The ids of a list, in its order.
fn ids(list: &Answer) -> Vec<String> {
    let resources = list.json()["resources"].as_array().unwrap().clone();
    resources.iter().map(|resource| resource["id"].as_str().unwrap().to_owned()).collect()
}

fn sorted(mut ids: Vec<String>) -> Vec<String> {
    ids.sort();
    ids
}

/// Registers a resource with these fields and the required ones.
async fn create(identity: &Identity, more: Value) -> Answer {
    let mut body =
        json!({"resource_type": "workspace", "name": "dev", "organization_id": identity.organization().await});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    identity.post(RESOURCES, body).await
}

#[track_caller]
fn assert_invalid(answer: &Answer, field: &str) {
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.body);
    assert_eq!(answer.message(), "Validation failed.");
    assert_eq!(answer.json()["validations"][0]["field"], field, "{}", answer.body);
}

#[tokio::test]
async fn a_resource_is_registered_with_all_that_may_be_said_of_it_and_read_back() {
    let (_app, owner) = TestApp::new().await;
    let alice = owner.make_user("alice", &[]).await;
    let asked = json!({"id": ID, "owner_id": alice["id"], "attributes": {"cpu": 4, "tags": ["a", "b"]}});
    let made = create(&owner, asked).await.expect(StatusCode::CREATED);
    assert_eq!(made.json()["owner_id"], alice["id"]);
    assert_json_snapshot!("registered_resource", made.json());
    assert_eq!(owner.get(&format!("{WORKSPACES}/{ID}")).await.expect(StatusCode::OK).body, made.body);
    assert_json_snapshot!("list_of_resources", owner.get(RESOURCES).await.expect(StatusCode::OK).json());
}

#[tokio::test]
async fn what_is_not_said_of_a_resource_is_made_up_or_empty() {
    let (app, owner) = TestApp::new().await;
    let made = create(&owner, json!({})).await.expect(StatusCode::CREATED).json();
    assert!(uuid::Uuid::try_parse(made["id"].as_str().unwrap()).is_ok());
    assert_eq!(made["owner_id"], owner.id);
    assert_eq!(made["attributes"], json!({}));
    assert_eq!(made["acl"], json!({"user_roles": {}, "group_roles": {}}));
    assert_eq!(made["created_at"], app.clock.now().to_string());

    let template = create(&owner, json!({"resource_type": "template"})).await.expect(StatusCode::CREATED).json();
    assert_eq!(template["owner_id"], Value::Null);
    let file = json!({"resource_type": "file", "name": "main.tf"});
    let file = owner.post(RESOURCES, file).await.expect(StatusCode::CREATED).json();
    assert_eq!((&file["organization_id"], &file["owner_id"]), (&Value::Null, &json!(owner.id)));
}

/// A taken id or name is a conflict, and a deleted id is never used again.
#[tokio::test]
async fn an_id_is_given_out_once_and_a_name_once_per_type_organization_and_owner() {
    let (_app, owner) = TestApp::new().await;
    let alice = owner.make_user("alice", &[]).await;
    create(&owner, json!({"id": ID})).await.expect(StatusCode::CREATED);
    let before = everything(&owner).await;

    let same_id = create(&owner, json!({"id": ID, "name": "other"})).await.expect(StatusCode::CONFLICT);
    assert_eq!(same_id.json()["validations"][0]["field"], "id");
    let same_name = create(&owner, json!({})).await.expect(StatusCode::CONFLICT);
    assert_eq!(same_name.json()["validations"][0]["field"], "name");
    assert_eq!(everything(&owner).await, before);

    create(&owner, json!({"resource_type": "task", "id": ID})).await.expect(StatusCode::CREATED);
    create(&owner, json!({"owner_id": alice["id"]})).await.expect(StatusCode::CREATED);

    owner.delete(&format!("{WORKSPACES}/{ID}")).await.expect(StatusCode::NO_CONTENT);
    let before = everything(&owner).await;
    let again = create(&owner, json!({"id": ID})).await.expect(StatusCode::CONFLICT);
    assert_eq!(again.json()["validations"][0]["field"], "id");
    assert_eq!(everything(&owner).await, before);
    create(&owner, json!({})).await.expect(StatusCode::CREATED);
}

#[tokio::test]
async fn a_type_that_is_unknown_or_keyfobs_own_is_refused() {
    let (_app, owner) = TestApp::new().await;
    let own = [
        "user",
        "group",
        "group_member",
        "organization",
        "organization_member",
        "api_key",
        "audit_log",
        "assign_role",
        "assign_org_role",
        "system",
        "deployment_config",
        "deployment_stats",
        "debug_info",
    ];
    for of in own.into_iter().chain(["spaceship", "*", "", "Workspace"]) {
        assert_invalid(&create(&owner, json!({"resource_type": of})).await, "resource_type");
    }
    for of in ["user", "spaceship"] {
        let answer = owner.get(&format!("{RESOURCES}?type={of}")).await.expect(StatusCode::BAD_REQUEST);
        assert_eq!(answer.json()["validations"][0]["field"], "type");
        owner.get(&format!("{RESOURCES}/{of}/{ID}")).await.expect(StatusCode::NOT_FOUND);
    }
    assert_eq!(everything(&owner).await, "{\"resources\":[],\"count\":0}\n");
}

#[tokio::test]
async fn an_organization_is_required_for_types_that_have_one_and_refused_for_others() {
    let (_app, owner) = TestApp::new().await;
    let without = owner.post(RESOURCES, json!({"resource_type": "workspace", "name": "dev"})).await;
    assert_invalid(&without, "organization_id");
    assert_invalid(&create(&owner, json!({"resource_type": "file"})).await, "organization_id");
    assert_invalid(&create(&owner, json!({"resource_type": "template", "owner_id": owner.id})).await, "owner_id");
    assert_invalid(&create(&owner, json!({"organization_id": ID})).await, "organization_id");
    assert_invalid(&create(&owner, json!({"owner_id": ID})).await, "owner_id");
    assert_eq!(everything(&owner).await, "{\"resources\":[],\"count\":0}\n");
}

/// Attributes are a JSON object of at most 16 KiB.
#[tokio::test]
async fn attributes_that_are_no_object_or_too_large_are_refused() {
    let (_app, owner) = TestApp::new().await;
    for attributes in [json!([1]), json!("text"), json!(7)] {
        let answer = create(&owner, json!({"attributes": attributes})).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.body);
    }
    let of_size = |size: usize| json!({"attributes": {"a": "x".repeat(size - r#"{"a":""}"#.len())}});
    assert_invalid(&create(&owner, of_size(16 * 1024 + 1)).await, "attributes");
    assert_eq!(everything(&owner).await, "{\"resources\":[],\"count\":0}\n");

    let made = create(&owner, of_size(16 * 1024)).await.expect(StatusCode::CREATED);
    let before = everything(&owner).await;
    let path = format!("{WORKSPACES}/{}", made.text("id"));
    assert_invalid(&owner.patch(&path, of_size(16 * 1024 + 1)).await, "attributes");
    assert_eq!(everything(&owner).await, before);
}

#[tokio::test]
async fn a_name_is_neither_empty_nor_endless_nor_holds_control_characters() {
    let (_app, owner) = TestApp::new().await;
    for name in [String::new(), "x".repeat(257), "a\nb".to_owned()] {
        assert_invalid(&create(&owner, json!({"name": name})).await, "name");
    }
    create(&owner, json!({"name": "x".repeat(256)})).await.expect(StatusCode::CREATED);
}

/// Lists can be filtered by type, organization, owner and text; `count` covers all pages.
#[tokio::test]
async fn a_list_is_narrowed_by_what_its_query_names() {
    let (_app, owner) = TestApp::new().await;
    let alice = owner.make_user("alice", &[]).await["id"].as_str().unwrap().to_owned();
    let (first, second) = (owner.organization().await, owner.add_organization("second").await);
    let mut made = Vec::new();
    for (of, name, organization, user) in [
        ("workspace", "Web-1", &first, &owner.id),
        ("workspace", "web_2", &first, &alice),
        ("workspace", "db%", &second, &owner.id),
        ("task", "web", &first, &owner.id),
    ] {
        let more = json!({"resource_type": of, "name": name, "organization_id": organization, "owner_id": user});
        made.push(create(&owner, more).await.expect(StatusCode::CREATED).text("id").to_owned());
    }
    let cases: [(String, &[usize]); 9] = [
        (String::new(), &[0, 1, 2, 3]),
        ("type=workspace".to_owned(), &[0, 1, 2]),
        (format!("organization={first}"), &[0, 1, 3]),
        (format!("organization={second}"), &[2]),
        (format!("owner={alice}"), &[1]),
        ("q=WEB".to_owned(), &[0, 1, 3]),
        ("q=_".to_owned(), &[1]),
        ("q=%25".to_owned(), &[2]),
        (format!("type=workspace&organization={first}&owner={}&q=web", owner.id), &[0]),
    ];
    for (query, expected) in cases {
        let list = owner.get(&format!("{RESOURCES}?{query}")).await.expect(StatusCode::OK);
        let mut expected: Vec<String> = expected.iter().map(|place| made[*place].clone()).collect();
        expected.sort();
        assert_eq!(sorted(ids(&list)), expected, "{query}");
        assert_eq!(list.json()["count"], expected.len(), "{query}");
    }
    for wrong in ["owner=me", "organization=default", "limit=-1", "limit=x", "offset=-1", "after_id=1"] {
        owner.get(&format!("{RESOURCES}?{wrong}")).await.expect(StatusCode::BAD_REQUEST);
    }
}

/// Lists are ordered by age, oldest first, then by id.
#[tokio::test]
async fn pages_are_in_order_and_together_hold_each_resource_once() {
    let (app, owner) = TestApp::new().await;
    for place in 0..9 {
        create(&owner, json!({"name": format!("w{place}")})).await.expect(StatusCode::CREATED);
        // Every three have the same age.
        if place % 3 == 2 {
            app.advance(SignedDuration::from_secs(1));
        }
    }
    let list = owner.get(RESOURCES).await.json()["resources"].as_array().unwrap().clone();
    let position = |resource: &Value| (resource["created_at"].to_string(), resource["id"].to_string());
    assert!(list.is_sorted_by_key(position), "{list:?}");
    let all: Vec<&str> = list.iter().map(|resource| resource["id"].as_str().unwrap()).collect();

    let (mut by_offset, mut by_id) = (Vec::new(), Vec::new());
    for page in 0..5 {
        let list = owner.get(&format!("{RESOURCES}?limit=2&offset={}", page * 2)).await.expect(StatusCode::OK);
        assert_eq!(list.json()["count"], 9);
        by_offset.extend(ids(&list));
        let after = by_id.last().map(|id| format!("&after_id={id}")).unwrap_or_default();
        let list = owner.get(&format!("{RESOURCES}?limit=2{after}")).await.expect(StatusCode::OK);
        assert_eq!(list.json()["count"], 9);
        by_id.extend(ids(&list));
    }
    assert_eq!(by_offset, all);
    assert_eq!(by_id, all);
    assert_eq!(ids(&owner.get(&format!("{RESOURCES}?offset=7")).await), all[7..]);
    assert_eq!(ids(&owner.get(&format!("{RESOURCES}?limit=0")).await), all);
    assert_eq!(owner.get(&format!("{RESOURCES}?offset=9")).await.body, "{\"resources\":[],\"count\":9}\n");
}

#[tokio::test]
async fn the_types_of_the_catalogue_are_listed_with_what_they_take() {
    let (_app, owner) = TestApp::new().await;
    assert_json_snapshot!("resource_types", owner.get("/api/v2/resource-types").await.expect(StatusCode::OK).json());
}

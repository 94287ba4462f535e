//! `/workspaces` and `/templates`: views of the registry in the shapes that existing clients read.
use axum::http::StatusCode;
use insta::assert_json_snapshot;
use jiff::SignedDuration;
use serde_json::json;

use crate::support::{Answer, Identity, TestApp};

const WORKSPACE: &str = "0f0e0d0c-0b0a-4908-8706-050403020100";
const TEMPLATE: &str = "1f0e0d0c-0b0a-4908-8706-050403020100";

/// A template, and a workspace of alice's made from it.
async fn world() -> (TestApp, Identity, Identity) {
    let (app, owner) = TestApp::new().await;
    let alice = owner.invite(&app, "alice", &[]).await;
    let organization = owner.organization().await;
    let template = json!({
        "resource_type": "template", "name": "docker", "id": TEMPLATE, "organization_id": organization,
        "attributes": {"display_name": "Docker", "description": "Containers", "icon": "/docker.svg"},
    });
    owner.post("/api/v2/resources", template).await.expect(StatusCode::CREATED);
    let everyone = json!({"group_roles": {organization.as_str(): "use"}});
    owner.patch(&format!("/api/v2/resources/template/{TEMPLATE}/acl"), everyone).await.expect(StatusCode::OK);
    let workspace = json!({
        "resource_type": "workspace", "name": "dev", "id": WORKSPACE, "organization_id": organization,
        "attributes": {"template_id": TEMPLATE, "status": "stopped"},
    });
    alice.post("/api/v2/resources", workspace).await.expect(StatusCode::CREATED);
    (app, owner, alice)
}

fn names(answer: &Answer) -> Vec<String> {
    let list = answer.json()["workspaces"].as_array().unwrap().clone();
    assert_eq!(answer.json()["count"], list.len(), "{}", answer.body);
    list.iter().map(|workspace| workspace["name"].as_str().unwrap().to_owned()).collect()
}

/// UUID fields without meaning in the views are the nil UUID.
#[tokio::test]
async fn a_workspace_is_shown_in_the_shape_that_clients_read() {
    let (_app, _, alice) = world().await;
    let one = alice.get(&format!("/api/v2/workspaces/{WORKSPACE}")).await.expect(StatusCode::OK);
    assert_json_snapshot!("workspace", one.json());
    let list = alice.get("/api/v2/workspaces").await.expect(StatusCode::OK);
    assert_eq!(list.json(), json!({"workspaces": [one.json()], "count": 1}));
    for user in ["me", "alice", alice.id.as_str()] {
        let by_name = alice.get(&format!("/api/v2/users/{user}/workspace/dev")).await.expect(StatusCode::OK);
        assert_eq!(by_name.body, one.body);
    }
    alice.get("/api/v2/users/me/workspace/other").await.expect(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_template_is_shown_in_the_shape_that_clients_read() {
    let (_app, _, alice) = world().await;
    let one = alice.get(&format!("/api/v2/templates/{TEMPLATE}")).await.expect(StatusCode::OK);
    assert_json_snapshot!("template", one.json());
    for path in ["/api/v2/templates", "/api/v2/organizations/default/templates"] {
        assert_eq!(alice.get(path).await.expect(StatusCode::OK).json(), json!([one.json()]));
    }
    let by_name = alice.get("/api/v2/organizations/default/templates/docker").await.expect(StatusCode::OK);
    assert_eq!(by_name.body, one.body);
    alice.get("/api/v2/organizations/default/templates/podman").await.expect(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn views_without_resources_are_empty_lists() {
    let (_app, owner) = TestApp::new().await;
    assert_eq!(owner.get("/api/v2/workspaces").await.body, "{\"workspaces\":[],\"count\":0}\n");
    assert_eq!(owner.get("/api/v2/templates").await.body, "[]\n");
    assert_eq!(owner.get("/api/v2/organizations/default/templates").await.body, "[]\n");
}

#[tokio::test]
async fn what_a_key_may_not_read_is_in_no_view() {
    let (app, owner, alice) = world().await;
    let bob = owner.invite(&app, "bob", &[]).await;
    let blind = alice.scoped(&["user:read", "organization:read"]).await;
    for key in [&bob, &blind] {
        assert_eq!(names(&key.get("/api/v2/workspaces").await.expect(StatusCode::OK)), [""; 0]);
        for path in [format!("/api/v2/workspaces/{WORKSPACE}"), "/api/v2/users/alice/workspace/dev".to_owned()] {
            key.get(&path).await.expect(StatusCode::NOT_FOUND);
        }
    }
    assert_eq!(blind.get("/api/v2/templates").await.body, "[]\n");
    blind.get(&format!("/api/v2/templates/{TEMPLATE}")).await.expect(StatusCode::NOT_FOUND);

    // Names beside ids are shown to callers who may read them.
    let reader = alice.scoped(&["workspace:read"]).await;
    let shown = reader.get(&format!("/api/v2/workspaces/{WORKSPACE}")).await.expect(StatusCode::OK).json();
    assert_eq!((&shown["template_id"], &shown["template_name"]), (&json!(TEMPLATE), &json!("")));
    assert_eq!((&shown["owner_id"], &shown["organization_name"]), (&json!(alice.id), &json!("")));
}

/// `q` takes `name`, `owner`, `organization`, `template` and `status`; other keys are refused.
#[tokio::test]
async fn workspaces_are_searched_by_what_the_query_names() {
    let (_app, owner, alice) = world().await;
    for name in ["web", "web-two"] {
        owner.register("workspace", name).await;
    }
    for (query, expected) in [
        ("", vec!["dev", "web", "web-two"]),
        ("WEB", vec!["web", "web-two"]),
        ("name:web", vec!["web", "web-two"]),
        ("owner:me", vec!["web", "web-two"]),
        ("owner:alice", vec!["dev"]),
        ("owner:alice%20name:web", vec![]),
        ("owner:nobody", vec![]),
        ("organization:default", vec!["dev", "web", "web-two"]),
        ("organization:nowhere", vec![]),
        ("template:docker", vec!["dev"]),
        ("template:podman", vec![]),
        ("status:stopped", vec!["dev"]),
        ("status:running", vec!["web", "web-two"]),
        ("status:running%20owner:me%20name:two", vec!["web-two"]),
    ] {
        let mut found = names(&owner.get(&format!("/api/v2/workspaces?q={query}")).await.expect(StatusCode::OK));
        found.sort();
        assert_eq!(found, expected, "{query}");
    }
    assert_eq!(names(&alice.get("/api/v2/workspaces?q=web").await), [""; 0]);
    for query in ["colour:red", "owner:nobody%20colour:red", "template:podman%20colour:red"] {
        let refused = owner.get(&format!("/api/v2/workspaces?q={query}")).await.expect(StatusCode::BAD_REQUEST);
        let expected = json!([{"field": "colour", "detail": "\"colour\" is not a valid query param"}]);
        assert_eq!(refused.json()["validations"], expected, "{query}");
    }
    let refused = owner.get("/api/v2/workspaces?q=a:b:c").await.expect(StatusCode::BAD_REQUEST);
    assert_eq!(refused.message(), "Invalid workspace search query.");
}

#[tokio::test]
async fn pages_of_workspaces_say_how_many_there_are_in_all() {
    let (_app, owner, _) = world().await;
    for name in ["web", "web-two"] {
        owner.register("workspace", name).await;
    }
    let page = owner.get("/api/v2/workspaces?limit=2&offset=2").await.expect(StatusCode::OK).json();
    assert_eq!((page["count"].as_u64(), page["workspaces"].as_array().unwrap().len()), (Some(3), 1));
}

#[tokio::test]
async fn an_id_that_is_none_is_refused() {
    let (_app, owner) = TestApp::new().await;
    for path in ["/api/v2/workspaces/dev", "/api/v2/templates/docker"] {
        owner.get(path).await.expect(StatusCode::BAD_REQUEST);
    }
}

/// `q` of the views refuses keys that it does not know.
#[tokio::test]
async fn templates_are_searched_like_workspaces() {
    let (app, owner) = TestApp::new().await;
    let second = owner.add_organization("second").await;
    owner.register("template", "base").await;
    app.advance(SignedDuration::from_secs(1));
    let body = json!({"resource_type": "template", "name": "other", "organization_id": second});
    owner.post("/api/v2/resources", body).await.expect(StatusCode::CREATED);
    let names = async |path: &str| -> Vec<String> {
        let found = owner.get(path).await.expect(StatusCode::OK).json();
        found.as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names("/api/v2/templates").await, ["base", "other"]);
    assert_eq!(names("/api/v2/templates?q=BAS").await, ["base"]);
    assert_eq!(names("/api/v2/templates?q=organization:second").await, ["other"]);
    assert_eq!(names("/api/v2/organizations/second/templates").await, ["other"]);
    assert_eq!(names("/api/v2/organizations/second/templates?q=organization:coder").await, Vec::<String>::new());
    let refused = owner.get("/api/v2/templates?q=colour:red").await.expect(StatusCode::BAD_REQUEST);
    assert_eq!(refused.message(), "Invalid template search query.");
}

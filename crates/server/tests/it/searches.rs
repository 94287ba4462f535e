//! Searches: what matches does not depend on case, in any script.
use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::support::{Identity, TestApp};

/// Texts that differ in case alone: what is there, and what is searched for.
const PAIRS: [(&str, &str); 11] = [
    ("Ünal", "ünal"),
    ("ünal", "ÜNAL"),
    ("Σίσυφος", "ΣΊΣΥΦΟΣ"),
    ("ΣΊΣΥΦΟΣ", "σίσυφος"),
    ("Жанна", "жАННА"),
    ("Straße", "STRASSE"),
    ("STRAẞE", "strasse"),
    ("İpek", "i̇PEK"),
    ("ﬁneŒuvre", "FINEœUVRE"),
    ("\u{10400}\u{1042d}", "\u{10428}\u{10405}"),
    ("Mi\u{212a}e", "mike"),
];

async fn search(by: &Identity, path: &str, query: &str) -> Value {
    let query: String = form_urlencoded::byte_serialize(query.as_bytes()).collect();
    let separator = if path.contains('?') { '&' } else { '?' };
    by.get(&format!("/api/v2/{path}{separator}q={query}")).await.expect(StatusCode::OK).json()
}

/// Asserts that a search finds this alone.
async fn finds(by: &Identity, path: &str, query: &str, (field, name): (&str, &str)) {
    let found = search(by, path, query).await;
    let list = found.as_array().or_else(|| found.as_object()?.values().find_map(Value::as_array)).unwrap();
    let names: Vec<&Value> = list.iter().map(|one| &one[field]).collect();
    assert_eq!(names, [&json!(name)], "{path} {query}");
    assert!(found["count"].is_null() || found["count"] == 1, "{path} {query}: {found}");
}

#[tokio::test]
async fn people_are_found_whatever_the_case() {
    for (name, searched) in PAIRS {
        let (_app, owner) = TestApp::new().await;
        owner.make_user("bystander", &[]).await;
        let alice = owner.make_user("alice", &[]).await;
        let profile = json!({"username": "alice", "name": name});
        owner.put("/api/v2/users/alice/profile", profile).await.expect(StatusCode::OK);
        let group = owner.post("/api/v2/organizations/coder/groups", json!({"name": "g"})).await;
        let group = group.text("id").to_owned();
        let added = json!({"name": "", "add_users": [alice["id"]]});
        owner.patch(&format!("/api/v2/groups/{group}"), added).await.expect(StatusCode::OK);
        let lists = ["users", "organizations/coder/paginated-members", &format!("groups/{group}/members")];
        for path in lists {
            finds(&owner, path, &format!("name:{searched}"), ("username", "alice")).await;
            let part: String = searched.chars().skip(1).collect();
            finds(&owner, path, &format!("name:{part}"), ("username", "alice")).await;
            assert_eq!(search(&owner, path, &format!("name:{searched}x")).await["count"], 0, "{path} {searched}");
        }
    }
}

#[tokio::test]
async fn addresses_are_found_whatever_the_case() {
    let (_app, owner) = TestApp::new().await;
    let organization = owner.organization().await;
    for (username, email) in [("one", "ünal@example.com"), ("two", "ÖZGÜR@straße.example.com")] {
        let body = json!({
            "username": username, "email": email, "login_type": "none", "organization_ids": [organization],
        });
        owner.post("/api/v2/users", body).await.expect(StatusCode::CREATED);
    }
    for (searched, username) in [("ÜNAL", "one"), ("search:ÜNAL@EX", "one"), ("özgür", "two"), ("STRASSE", "two")] {
        finds(&owner, "users", searched, ("username", username)).await;
    }
}

#[tokio::test]
async fn resources_and_their_records_are_found_whatever_the_case() {
    for (name, searched) in PAIRS {
        let (_app, owner) = TestApp::new().await;
        let organization = owner.organization().await;
        let register = async |of: &str, name: &str, attributes: Value| {
            let body = json!({
                "resource_type": of, "name": name, "organization_id": organization, "attributes": attributes,
            });
            owner.post("/api/v2/resources", body).await.expect(StatusCode::CREATED).text("id").to_owned()
        };
        register("template", "bystander", json!({})).await;
        register("workspace", "bystander", json!({"status": "x"})).await;
        let template = register("template", name, json!({})).await;
        register("workspace", name, json!({"status": name, "template_id": template})).await;
        for key in ["", "name:", "exact_name:", "status:", "template:"] {
            finds(&owner, "workspaces", &format!("{key}{searched}"), ("name", name)).await;
        }
        for key in ["", "name:", "exact_name:"] {
            finds(&owner, "templates", &format!("{key}{searched}"), ("name", name)).await;
        }
        finds(&owner, "resources?type=workspace", searched, ("name", name)).await;
        let query = format!("resource_type:template resource_target:{searched}");
        finds(&owner, "audit", &query, ("resource_target", name)).await;
    }
}

/// `exact_name` and `has_external_agent` are of newer clients.
#[tokio::test]
async fn an_exact_name_is_the_whole_name_and_nothing_has_an_external_agent() {
    let (_app, owner) = TestApp::new().await;
    for of in ["workspace", "template"] {
        for name in ["Web", "web-two", "a_b", "aXb"] {
            owner.register(of, name).await;
        }
        let path = format!("{of}s");
        finds(&owner, &path, "exact_name:web", ("name", "Web")).await;
        finds(&owner, &path, "exact_name:A_B", ("name", "a_b")).await;
        finds(&owner, &path, "name:eb exact_name:WEB", ("name", "Web")).await;
        finds(&owner, &path, "has_external_agent:false exact_name:web", ("name", "Web")).await;
        for none in ["exact_name:we", "exact_name:w*", "exact_name:web name:two", "has_external_agent:true"] {
            let found = search(&owner, &path, none).await;
            assert!(found == json!([]) || found == json!({"workspaces": [], "count": 0}), "{none}: {found}");
        }
        let refused = owner.get(&format!("/api/v2/{path}?q=has_external_agent:maybe")).await;
        let refused = refused.expect(StatusCode::BAD_REQUEST);
        assert_eq!(refused.json()["validations"][0]["field"], "has_external_agent");
    }
}

#[tokio::test]
async fn resources_are_found_by_their_whole_name() {
    let (_app, owner) = TestApp::new().await;
    for (of, name) in [("workspace", "Web"), ("workspace", "web-two"), ("template", "web")] {
        owner.register(of, name).await;
    }
    for (query, names) in [("name=web", &["Web", "web"][..]), ("type=workspace&name=WEB", &["Web"]), ("name=we", &[])] {
        let found = owner.get(&format!("/api/v2/resources?{query}")).await.expect(StatusCode::OK).json();
        let mut listed: Vec<&str> =
            found["resources"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
        listed.sort_unstable();
        assert_eq!((listed.as_slice(), found["count"].as_u64()), (names, Some(names.len() as u64)), "{query}");
    }
    // An empty variable of a script names no object, and does not list all.
    let refused = owner.get("/api/v2/resources?name=").await.expect(StatusCode::BAD_REQUEST);
    assert_eq!(refused.json()["validations"][0]["field"], "name");
}

#[tokio::test]
async fn records_are_found_by_the_name_or_the_id_of_their_user() {
    let (app, owner) = TestApp::new().await;
    let alice = owner.invite(&app, "alice", &[]).await;
    let made = alice.post("/api/v2/users/me/keys/tokens", json!({"token_name": "hers"})).await;
    made.expect(StatusCode::CREATED);
    let count = async |query: &str| search(&owner, "audit", query).await["count"].as_u64().unwrap();
    let (hers, owners) = (count("username:alice").await, count("user:owner").await);
    assert!(hers > 0 && owners > 0);
    assert_eq!(count("username:Alice user:alice").await, hers);
    let id = owner.get("/api/v2/users/alice").await.text("id").to_owned();
    assert_eq!(count(&format!("username:{id}")).await, hers);
    assert_eq!((count("username:alice user:owner").await, count("user:alice username:owner").await), (0, 0));
}

/// Names in paths are compared without regard to the case of ASCII letters alone: each identifies one.
#[tokio::test]
async fn names_in_paths_are_told_apart_where_searches_are_not() {
    let (_app, owner) = TestApp::new().await;
    let upper = owner.register("workspace", "ÜNAL").await;
    let lower = owner.register("workspace", "ünal").await;
    for (name, id) in [("%C3%9CNAL", &upper), ("%C3%9Cnal", &upper), ("%C3%BCnal", &lower), ("%C3%BCNAL", &lower)] {
        let found = owner.get(&format!("/api/v2/users/me/workspace/{name}")).await.expect(StatusCode::OK);
        assert_eq!(found.text("id"), id, "{name}");
    }
    assert_eq!(search(&owner, "workspaces", "exact_name:Ünal").await["count"], 2);
}

//! Bad input is answered with an error and changes nothing.
use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use serde_json::{Value, json};

use crate::support::{Answer, Identity, TestApp};

const TOKENS: &str = "/api/v2/users/me/keys/tokens";

async fn send(identity: &Identity, method: &str, path: &str, body: impl Into<Body>) -> Answer {
    let request = Request::builder().method(method).uri(path).header("Coder-Session-Token", &identity.key);
    identity.send_request(request.body(body.into()).unwrap()).await
}

/// Asserts the shape of an error: a message, perhaps a detail, perhaps validations, and nothing else.
#[track_caller]
fn assert_shape(answer: &Answer) {
    let body = answer.json();
    let members = body.as_object().unwrap();
    assert!(!members["message"].as_str().unwrap().is_empty());
    assert!(members.keys().all(|name| ["message", "detail", "validations"].contains(&name.as_str())), "{body}");
    assert_eq!(answer.header("Content-Type"), "application/json; charset=utf-8");
}

#[tokio::test]
async fn a_body_that_is_no_json_or_of_the_wrong_types_is_refused() {
    let (_app, owner) = TestApp::new().await;
    let bodies = [
        "",
        "{",
        "[]",
        "\"text\"",
        "{\"scopes\": \"workspace:read\"}",
        "{\"scopes\": [1]}",
        "{\"lifetime\": \"1h\"}",
        "{\"lifetime\": 1.5}",
        "{\"token_name\": 7}",
        "{\"allow_list\": [{\"type\": 1}]}",
        "{\"allow_list\": {}}",
        "\u{feff}{}",
    ];
    for body in bodies {
        let answer = send(&owner, "POST", TOKENS, body).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body}: {}", answer.body);
        assert_shape(&answer);
    }
    let not_utf8 = send(&owner, "POST", TOKENS, vec![b'{', b'"', 0xff, b'"', b':', b'1', b'}']).await;
    assert_shape(&not_utf8.expect(StatusCode::BAD_REQUEST));
    assert_eq!(owner.get(TOKENS).await.json(), json!([]));
}

#[tokio::test]
async fn a_token_request_that_breaks_a_rule_is_refused_with_its_reason() {
    let (_app, owner) = TestApp::new().await;
    let id = |number: usize| format!("workspace:aaaaaaaa-0000-4000-8000-{number:012}");
    let many: Vec<String> = (0..129).map(id).collect();
    let cases = [
        (json!({"scopes": ["nothing:read"]}), "invalid or unsupported API key scope: \"nothing:read\""),
        (json!({"scopes": ["workspace:fly"]}), "invalid or unsupported API key scope: \"workspace:fly\""),
        (json!({"scope": "everything"}), "invalid or unsupported API key scope: \"everything\""),
        (json!({"allow_list": ["nothing:*"]}), "unknown resource type \"nothing\""),
        (json!({"allow_list": many}), "allow_list has 129 entries; max allowed is 128"),
        (json!({"lifetime": -1}), "lifetime must be positive number greater than 0"),
        (json!({"lifetime": i64::MIN}), "lifetime must be positive number greater than 0"),
        (json!({"lifetime": i64::MAX}), "lifetime must be less than 168h0m0s"),
    ];
    for (body, detail) in cases {
        let answer = owner.post(TOKENS, body.clone()).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body}: {}", answer.body);
        assert_shape(&answer);
        assert_eq!(answer.detail(), detail, "{body}");
    }
    assert_eq!(owner.get(TOKENS).await.json(), json!([]));
    let at_most = json!({"scopes": ["workspace:read"], "allow_list": (0..128).map(id).collect::<Vec<_>>()});
    owner.post(TOKENS, at_most).await.expect(StatusCode::CREATED);
}

/// Of two restrictions one would be dropped, and the sender may believe in that one.
#[tokio::test]
async fn a_token_request_that_says_a_thing_twice_mints_nothing() {
    let (_app, owner) = TestApp::new().await;
    let cases = [
        r#"{"allow_list": ["workspace:*"], "allow_list": []}"#,
        r#"{"scopes": ["workspace:read"], "scopes": null}"#,
        r#"{"SCOPES": ["workspace:read"], "Scopes": []}"#,
        r#"{} {"scopes": ["workspace:read"]}"#,
        r#"{"allow_list": [{"type": "workspace", "id": "aaaaaaaa-0000-4000-8000-000000000001", "id": "*"}]}"#,
        r#"{"allow_list": [{"type": "workspace", "id": "*", "owner": "me"}]}"#,
        r#"{"scopez": null}"#,
    ];
    for body in cases {
        let answer = send(&owner, "POST", TOKENS, body).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body}: {}", answer.body);
        assert_shape(&answer);
    }
    assert_eq!(owner.get(TOKENS).await.json(), json!([]));
}

/// Go's decoder takes keys of another case, and so do we: a restriction that is spelled so restricts.
#[tokio::test]
async fn keys_of_another_case_restrict_a_token_and_a_misspelt_one_mints_none() {
    let (_app, owner) = TestApp::new().await;
    let workspace = "aaaaaaaa-0000-4000-8000-000000000001";
    let body = json!({
        "Token_Name": "ci", "Scopes": ["workspace:read"], "ALLOW_LIST": [{"Type": "workspace", "ID": workspace}],
    });
    send(&owner, "POST", TOKENS, body.to_string()).await.expect(StatusCode::CREATED);
    let minted = owner.get(TOKENS).await.json();
    assert_eq!(minted[0]["token_name"], json!("ci"));
    assert_eq!(minted[0]["scopes"], json!(["workspace:read"]));
    assert_eq!(minted[0]["allow_list"], json!([format!("workspace:{workspace}")]));
    let misspelt = r#"{"token_name": "other", "alow_list": [{"type": "workspace", "id": "*"}]}"#;
    let refused = send(&owner, "POST", TOKENS, misspelt).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    let problem = &refused.json()["validations"][0];
    assert_eq!(problem["field"], json!("alow_list"));
    assert!(problem["detail"].as_str().unwrap().contains("allow_list"), "{problem}");
    assert_eq!(owner.get(TOKENS).await.json().as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_body_beyond_a_mebibyte_is_refused_with_413() {
    let (_app, owner) = TestApp::new().await;
    for size in [1024 * 1024 + 1, 10 * 1024 * 1024] {
        let body = json!({"token_name": "x".repeat(size)}).to_string();
        let answer = send(&owner, "POST", TOKENS, body).await;
        assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE, "{}", answer.body);
        assert_shape(&answer);
    }
    assert_eq!(owner.get(TOKENS).await.json(), json!([]));
}

#[tokio::test]
async fn a_path_that_is_not_utf_8_is_refused_in_the_contracts_shape() {
    let (_app, owner) = TestApp::new().await;
    let paths = ["/api/v2/users/%ff", "/api/v2/users/me/keys/%ff", "/api/v2/resources/workspace/%c0%af"];
    for path in paths {
        assert_shape(&owner.get(path).await.expect(StatusCode::BAD_REQUEST));
    }
}

#[tokio::test]
async fn strange_paths_and_queries_are_refused_and_break_nothing() {
    let (_app, owner) = TestApp::new().await;
    let cases = [
        ("/api/v2/users/%00", StatusCode::NOT_FOUND),
        ("/api/v2/users/..%2f..%2fetc", StatusCode::NOT_FOUND),
        ("/api/v2/users/nobody", StatusCode::NOT_FOUND),
        ("/api/v2/organizations/nothing", StatusCode::NOT_FOUND),
        ("/api/v2/resources/nothing/aaaaaaaa-0000-4000-8000-000000000001", StatusCode::NOT_FOUND),
        ("/api/v2/resources?type=nothing", StatusCode::BAD_REQUEST),
        ("/api/v2/resources?limit=abc", StatusCode::BAD_REQUEST),
        ("/api/v2/resources?owner=abc", StatusCode::BAD_REQUEST),
        ("/api/v2/workspaces?q=colour:red", StatusCode::BAD_REQUEST),
        ("/api/v2/workspaces/no-uuid", StatusCode::BAD_REQUEST),
    ];
    for (path, status) in cases {
        let answer = owner.get(path).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.body);
        assert_shape(&answer);
    }
}

#[tokio::test]
async fn a_user_that_breaks_a_rule_is_not_made() {
    let (_app, owner) = TestApp::new().await;
    let organization = owner.organization().await;
    let good = json!({
        "username": "alice", "email": "alice@example.com", "password": crate::support::PASSWORD,
        "organization_ids": [organization],
    });
    let cases = [
        ("user_status", json!("sleepy")),
        ("username", json!("not a name")),
        ("username", json!("")),
        ("username", json!("a".repeat(33))),
        ("email", json!("nonsense")),
        ("password", json!("weak")),
        ("login_type", json!("magic")),
        ("organization_ids", json!([])),
        ("organization_ids", json!(["nonsense"])),
        ("roles", json!(["emperor"])),
        ("username", Value::Null),
    ];
    for (member, value) in cases {
        let mut body = good.clone();
        body[member] = value.clone();
        let answer = owner.post("/api/v2/users", body).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{member} {value}: {}", answer.body);
        assert_shape(&answer);
        owner.get("/api/v2/users/alice").await.expect(StatusCode::NOT_FOUND);
    }
    owner.post("/api/v2/users", good).await.expect(StatusCode::CREATED);
}

/// Several errors of one request come in a fixed order.
#[tokio::test]
async fn of_several_mistakes_the_contracts_first_is_answered() {
    let (app, owner) = TestApp::new().await;
    let many: Vec<String> = (0..129).map(|number| format!("workspace:aaaaaaaa-0000-4000-8000-{number:012}")).collect();
    let cases = [
        (
            json!({"allow_list": ["y"], "scopes": ["x"], "lifetime": -1}),
            "invalid allow_list entry \"y\": want <type>:<id>",
        ),
        (json!({"allow_list": many, "scopes": ["x"]}), "invalid or unsupported API key scope: \"x\""),
        (json!({"allow_list": many, "lifetime": -1}), "allow_list has 129 entries; max allowed is 128"),
    ];
    for (body, detail) in cases {
        assert_eq!(owner.post(TOKENS, body).await.expect(StatusCode::BAD_REQUEST).detail(), detail);
    }
    // A caller who may not create users is told so before anything is looked up, also that their own name is taken.
    let alice = owner.invite(&app, "alice", &[]).await;
    let taken = json!({
        "username": "alice", "email": "x@example.com", "password": "weak", "login_type": "oidc",
        "organization_ids": [owner.organization().await],
    });
    let mut taken = taken;
    taken["password"] = json!("");
    let refused = alice.post("/api/v2/users", taken.clone()).await.expect(StatusCode::FORBIDDEN);
    assert_eq!(refused.message(), "You are not authorized to create users.");
    assert_eq!(owner.post("/api/v2/users", taken).await.expect(StatusCode::CONFLICT).message(), "User already exists.");
}

#[tokio::test]
async fn html_in_a_name_is_escaped_in_the_answer() {
    let (_app, owner) = TestApp::new().await;
    let answer = owner.post(TOKENS, json!({"token_name": "<script>&"})).await.expect(StatusCode::CREATED);
    let id = answer.text("key").split('-').next().unwrap().to_owned();
    let shown = owner.get(&format!("/api/v2/users/me/keys/{id}")).await;
    assert!(shown.body.contains(r"\u003cscript\u003e\u0026"), "{}", shown.body);
}

/// Lists of roles and ids have a bound: whatever goes through them takes time for each.
#[tokio::test]
async fn a_list_of_roles_or_ids_has_at_most_a_thousand_entries() {
    let (_app, owner) = TestApp::new().await;
    let organization = owner.organization().await;
    let alice = owner.make_user("alice", &[]).await["id"].as_str().unwrap().to_owned();
    let group = owner.post("/api/v2/organizations/coder/groups", json!({"name": "staff"})).await;
    let group = format!("/api/v2/groups/{}", group.expect(StatusCode::CREATED).text("id"));
    let robot = |field: &str, list: &Value| {
        let mut body = json!({"username": "robot", "service_account": true, "organization_ids": [organization]});
        body[field] = list.clone();
        body
    };
    let auditor = "organization-auditor";
    let cases = [
        ("PUT", "/api/v2/users/alice/roles", "roles", "auditor"),
        ("PUT", "/api/v2/organizations/coder/members/alice/roles", "roles", auditor),
        ("PATCH", "/api/v2/organizations/coder", "default_org_member_roles", auditor),
        ("POST", "/api/v2/users", "organization_ids", &organization),
        ("POST", "/api/v2/users", "roles", "auditor"),
        ("PATCH", &group, "add_users", &alice),
        ("PATCH", &group, "remove_users", &alice),
    ];
    for (method, path, field, entry) in cases {
        let body = |list: Value| if method == "POST" { robot(field, &list) } else { json!({ field: list }) };
        let many = body(json!(vec![entry; 1_001])).to_string();
        let refused = send(&owner, method, path, many).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{method} {path}: {}", refused.body);
        assert_shape(&refused);
        assert_eq!(refused.message(), "Validation failed.", "{method} {path}");
        assert_eq!(refused.json()["validations"][0]["field"], field, "{method} {path}: {}", refused.body);
        if field.ends_with("_users") {
            // A user is added, or removed, once.
            continue;
        }
        let most = send(&owner, method, path, body(json!(vec![entry; 1_000])).to_string()).await;
        assert!(most.status.is_success(), "{method} {path}: {} {}", most.status, most.body);
        if method == "POST" {
            owner.delete("/api/v2/users/robot").await.expect(StatusCode::OK);
        }
    }
    let workspace = owner.register("workspace", "dev").await;
    for field in ["user_roles", "group_roles"] {
        let id = |number: usize| (format!("aaaaaaaa-0000-4000-8000-{number:012}"), json!(""));
        let change = |most: usize| json!({ field: (0..most).map(id).collect::<serde_json::Map<_, _>>() }).to_string();
        let list = format!("/api/v2/resources/workspace/{workspace}/acl");
        let refused = send(&owner, "PATCH", &list, change(1_001)).await.expect(StatusCode::BAD_REQUEST);
        assert_eq!(refused.json()["validations"][0]["field"], field, "{}", refused.body);
        send(&owner, "PATCH", &list, change(1_000)).await.expect(StatusCode::OK);
    }
    // What is repeated counts once.
    assert_eq!(owner.get("/api/v2/users/alice").await.json()["roles"].as_array().unwrap().len(), 1);
}

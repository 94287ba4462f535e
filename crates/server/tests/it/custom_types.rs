//! Resource types of a deployment.
use axum::http::StatusCode;
use insta::assert_json_snapshot;
use keyfob_server::{OpenError, StartError};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Identity, TestApp, open};

const ID: &str = "0f0e0d0c-0b0a-4908-8706-050403020100";
const TYPES: &str = r#"
[types.pipeline]
actions = ["create", "read", "update", "delete", "run"]
access_list = true

[types.beacon]
actions = ["create", "read", "light"]
owner = false
organization = false
roles = { owner = ["create", "read", "light"], auditor = ["read"] }
"#;

/// A file of resource types, in a folder of its own.
struct TypesFile(TempDir);

impl TypesFile {
    fn new(toml: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("types.toml"), toml).unwrap();
        Self(folder)
    }

    fn flags(&self) -> [String; 2] {
        ["--resource-types".to_owned(), self.0.path().join("types.toml").to_str().unwrap().to_owned()]
    }
}

async fn start() -> (TestApp, Identity) {
    let file = TypesFile::new(TYPES);
    let flags = file.flags();
    TestApp::with(&[&flags[0], &flags[1]]).await
}

/// Opens the folder again without the file of types.
async fn restart_without(app: TestApp, last_user: Identity) -> Result<(), StartError> {
    let TestApp { server, clock, data } = app;
    drop((server, last_user));
    data.open(&[], &clock).await.map(drop)
}

async fn bad(toml: &str) -> String {
    let (file, data) = (TypesFile::new(toml), tempfile::tempdir().unwrap());
    let flags = file.flags();
    let clock = keyfob_server::Clock::fixed(crate::support::NOW.parse().unwrap());
    let opened = open(data.path(), &[&flags[0], &flags[1]], &clock).await;
    match opened.map(drop).unwrap_err() {
        StartError::Settings(problems) => problems.to_string(),
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn own_types_are_among_the_types_and_their_scopes_among_the_scopes() {
    let (_app, owner) = start().await;
    let types = owner.get("/api/v2/resource-types").await.expect(StatusCode::OK).json();
    let all = types["resource_types"].as_array().unwrap();
    let own: Vec<&Value> = all.iter().filter(|of| of["custom"] == true).collect();
    assert_json_snapshot!("own_types", own);
    assert_eq!(all.iter().filter(|of| of["name"] == "workspace" && of["custom"] == false).count(), 1);

    let scopes = owner.get("/api/v2/auth/scopes").await.expect(StatusCode::OK).json();
    let scopes: Vec<&str> = scopes["external"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    assert!(scopes.is_sorted());
    let own: Vec<_> =
        scopes.iter().filter(|name| name.starts_with("pipeline:") || name.starts_with("beacon:")).collect();
    assert_eq!(
        own,
        [
            "beacon:*",
            "beacon:create",
            "beacon:light",
            "beacon:read",
            "pipeline:*",
            "pipeline:create",
            "pipeline:delete",
            "pipeline:read",
            "pipeline:run",
            "pipeline:update",
        ]
        .iter()
        .collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn own_types_can_be_registered_in_the_form_that_the_file_gives_them() {
    let (app, owner) = start().await;
    let alice = owner.invite(&app, "alice", &[]).await;
    let organization = owner.organization().await;
    let pipeline = json!({"resource_type": "pipeline", "name": "build", "organization_id": organization});
    let made = alice.post("/api/v2/resources", pipeline).await.expect(StatusCode::CREATED).json();
    assert_eq!((&made["owner_id"], &made["organization_id"]), (&json!(alice.id), &json!(organization)));
    let path = format!("/api/v2/resources/pipeline/{}", made["id"].as_str().unwrap());
    alice.patch(&path, json!({"name": "test"})).await.expect(StatusCode::OK);

    let beacon = json!({"resource_type": "beacon", "name": "north"});
    let within = json!({"resource_type": "beacon", "name": "south", "organization_id": organization});
    owner.post("/api/v2/resources", within).await.expect(StatusCode::BAD_REQUEST);
    alice.post("/api/v2/resources", beacon.clone()).await.expect(StatusCode::FORBIDDEN);
    let made = owner.post("/api/v2/resources", beacon).await.expect(StatusCode::CREATED).json();
    assert_eq!((&made["owner_id"], &made["organization_id"]), (&Value::Null, &Value::Null));
    let path = format!("/api/v2/resources/beacon/{}", made["id"].as_str().unwrap());
    let auditor = owner.invite(&app, "auditor", &["auditor"]).await;
    auditor.get(&path).await.expect(StatusCode::OK);
    alice.get(&path).await.expect(StatusCode::NOT_FOUND);
    // No user has an action that the type lacks.
    owner.patch(&path, json!({"name": "west"})).await.expect(StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn an_access_list_of_an_own_type_holds_its_actions() {
    let (app, owner) = start().await;
    let alice = owner.invite(&app, "alice", &[]).await;
    let id = owner.register("pipeline", "build").await;
    let list = format!("/api/v2/resources/pipeline/{id}/acl");
    let change = json!({"user_roles": {alice.id.as_str(): ["run", "read"]}});
    let changed = owner.patch(&list, change).await.expect(StatusCode::OK).json();
    assert_eq!(changed["user_roles"][&alice.id], json!(["read", "run"]));
    alice.get(&format!("/api/v2/resources/pipeline/{id}")).await.expect(StatusCode::OK);
    let bad = json!({"user_roles": {alice.id.as_str(): ["light"]}});
    owner.patch(&list, bad).await.expect(StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn tokens_may_ask_for_scopes_of_own_types_and_are_held_to_them() {
    let (_app, owner) = start().await;
    let id = owner.register("pipeline", "build").await;
    let object = json!({"resource_type": "pipeline", "resource_id": id});
    let checks = json!({"checks": {
        "run": {"action": "run", "object": object}, "read": {"action": "read", "object": object},
        "delete": {"action": "delete", "object": object},
    }});
    for (scopes, expected) in [
        (vec!["pipeline:*"], json!({"run": true, "read": true, "delete": true})),
        (vec!["pipeline:run", "pipeline:read"], json!({"run": true, "read": true, "delete": false})),
        (vec!["beacon:*"], json!({"run": false, "read": false, "delete": false})),
    ] {
        let key = owner.scoped(&scopes).await;
        assert_eq!(key.post("/api/v2/authcheck", checks.clone()).await.expect(StatusCode::OK).json(), expected);
    }
    for scope in ["pipeline:fly", "beacon:delete", "rocket:read"] {
        let request = json!({"scopes": [scope]});
        let refused = owner.post("/api/v2/users/me/keys/tokens", request).await.expect(StatusCode::BAD_REQUEST);
        assert_eq!(refused.detail(), format!("invalid or unsupported API key scope: \"{scope}\""));
    }
}

#[tokio::test]
async fn entries_of_own_types_are_answered_apart_from_the_built_in_ones() {
    let (_app, owner) = start().await;
    let (own, other) = (owner.register("pipeline", "a").await, owner.register("pipeline", "b").await);
    let entry = format!("pipeline:{own}");
    for (asked, built_in) in [(vec![entry.as_str()], json!([])), (vec![&entry, "user:*"], json!(["user:*"]))] {
        let key = owner.restricted(&["pipeline:*", "user:read", "api_key:read"], &asked).await;
        let shown = key.get(&format!("/api/v2/users/me/keys/{}", key.key_id())).await.expect(StatusCode::OK).json();
        assert_eq!(shown["allow_list"], built_in, "{shown}");
        assert_eq!(shown["custom_allow_list"], json!([entry]), "{shown}");
        key.get(&format!("/api/v2/resources/pipeline/{own}")).await.expect(StatusCode::OK);
        key.get(&format!("/api/v2/resources/pipeline/{other}")).await.expect(StatusCode::NOT_FOUND);
    }
    let plain = owner.restricted(&["user:read"], &["user:*"]).await;
    let shown = plain.get(&format!("/api/v2/users/me/keys/{}", plain.key_id())).await.expect(StatusCode::OK).json();
    assert!(shown.get("custom_allow_list").is_none(), "{shown}");
}

#[tokio::test]
async fn a_server_does_not_start_without_a_type_that_a_key_or_a_resource_names() {
    let (app, owner) = start().await;
    owner.scoped(&["pipeline:run"]).await;
    owner.restricted(&["workspace:read"], &[&format!("beacon:{ID}")]).await;
    owner.register("pipeline", "build").await;
    let error = restart_without(app, owner).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "the database holds what the resource types no longer have: scope pipeline:run, allow-list entry \
             beacon:{ID}, resources of type pipeline; bring the types back, or remove what names them with the \
             previous file"
        )
    );
    assert!(matches!(error, StartError::Open(OpenError::UnknownTypes(named)) if named.len() == 3));

    let (app, owner) = start().await;
    owner.register("workspace", "dev").await;
    restart_without(app, owner).await.unwrap();
}

#[tokio::test]
async fn a_file_that_cannot_be_used_is_refused_with_what_is_wrong_in_it() {
    for (toml, problem) in [
        ("[types.pipeline", "the file cannot be read: "),
        ("[types.pipeline]\nactions = [\"read\"]\ncolour = 1", "unknown field `colour`"),
        ("[types.pipeline]", "missing field `actions`"),
        ("[types.workspace]\nactions = [\"read\"]", "type `workspace` is built in: choose another name"),
        ("[types.coder]\nactions = [\"read\"]", "type `coder` is built in"),
        ("[types.Pipeline]\nactions = [\"read\"]", "type `Pipeline`: `Pipeline` is no name"),
        ("[types.pipeline]\nactions = [\"a:b\"]", "type `pipeline`: `a:b` is no name"),
        ("[types.pipeline]\nactions = []", "type `pipeline`: it has no actions"),
        ("[types.pipeline]\nactions = [\"read\", \"read\"]", "the action `read` is named twice"),
        ("[types.pipeline]\nactions = [\"read\"]\nroles = { king = [\"read\"] }", "role `king`: there is no such role"),
        (
            "[types.pipeline]\nactions = [\"read\"]\nroles = { owner = [\"run\"] }",
            "`run` is not among the type's actions",
        ),
    ] {
        let told = bad(toml).await;
        assert!(told.contains("types.toml: ") && told.contains(problem), "{told}");
    }
    let data = tempfile::tempdir().unwrap();
    let clock = keyfob_server::Clock::fixed(crate::support::NOW.parse().unwrap());
    let missing = open(data.path(), &["--resource-types", "/nowhere/types.toml"], &clock).await.map(drop);
    assert!(missing.unwrap_err().to_string().starts_with("--resource-types: /nowhere/types.toml: "));
}

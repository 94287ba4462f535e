//! Audit records, and reading them.
use std::collections::BTreeSet;

use axum::http::StatusCode;
use insta::assert_json_snapshot;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::{
    mutations::{Targets, mutations},
    support::{Identity, TestApp},
};

const AUDIT: &str = "/api/v2/audit";

async fn records(of: &Identity, query: &str) -> Vec<Value> {
    let query = query.replace(' ', "%20");
    let answer = of.get(&format!("{AUDIT}?q={query}")).await.expect(StatusCode::OK).json();
    assert_eq!(answer["count"], answer["audit_logs"].as_array().unwrap().len());
    answer["audit_logs"].as_array().unwrap().clone()
}

fn told(record: &Value) -> String {
    let user = record["user"]["username"].as_str().unwrap_or("nobody");
    let target = record["resource_target"].as_str().unwrap();
    record["description"].as_str().unwrap().replace("{user}", user).replace("{target}", target)
}

#[tokio::test]
async fn what_was_done_is_told_newest_first() {
    let (app, owner) = TestApp::new().await;
    let alice = owner.invite(&app, "alice", &[]).await;
    let token = alice.token(json!({"token_name": "ci"})).await;
    alice.put(&format!("/api/v2/users/me/keys/{}/expire", token.key_id()), json!({})).await;
    owner.put("/api/v2/users/alice/roles", json!({"roles": ["auditor"]})).await.expect(StatusCode::OK);
    alice.post("/api/v2/users/logout", json!({})).await.expect(StatusCode::OK);
    owner.delete("/api/v2/users/alice").await.expect(StatusCode::OK);
    let told: Vec<String> = records(&owner, "").await.iter().map(told).collect();
    assert_eq!(
        told,
        [
            "owner deleted user alice",
            "alice logged out",
            "owner updated user alice",
            "alice updated token ci",
            "alice created token ci",
            "alice logged in",
            "owner created user alice",
            "owner created organization member alice",
            "owner logged in",
            "owner created user owner",
            "nobody created organization member owner",
        ]
    );
}

#[tokio::test]
async fn a_record_of_a_key_holds_its_scopes_its_allow_list_its_owner_and_its_own_id() {
    let (app, owner) = TestApp::new().await;
    let alice = owner.invite(&app, "alice", &[]).await;
    let minted = owner
        .post("/api/v2/users/alice/keys/tokens", json!({"token_name": "ci", "scopes": ["workspace:read"]}))
        .await
        .expect(StatusCode::CREATED);
    let key = minted.text("key").split('-').next().unwrap().to_owned();
    let found = records(&owner, "resource_target:ci").await;
    assert_json_snapshot!("key_made", found);
    assert_eq!(found[0]["resource_id"], alice.id, "clients of Coder read a UUID");
    assert_eq!(found[0]["additional_fields"], json!({"key_id": owner.key_id(), "api_key_id": key}));
    assert_eq!(records(&owner, &format!("api_key_id:{key}")).await, found, "capitals of ids count");
    assert_eq!(records(&owner, &format!("api_key_id:{}", swapped(&key))).await, Vec::<Value>::new());

    owner.put(&format!("/api/v2/users/alice/keys/{key}/expire"), json!({})).await.expect(StatusCode::NO_CONTENT);
    owner.delete(&format!("/api/v2/users/alice/keys/{key}")).await.expect(StatusCode::NO_CONTENT);
    let all = records(&owner, &format!("api_key_id:{key}")).await;
    assert_eq!(all.iter().map(|record| &record["action"]).collect::<Vec<_>>(), ["delete", "write", "create"]);
    let of_owner = records(&owner, &format!("resource_type:api_key resource_id:{}", alice.id)).await;
    assert_eq!(of_owner.len(), 4, "and the session");
    for record in &all {
        assert_eq!((&record["resource_id"], &record["is_deleted"]), (&json!(alice.id), &json!(true)));
        assert!(of_owner.contains(record) && record["diff"].get("additional_fields").is_none(), "{record}");
    }
}

/// The same letters in the other case.
fn swapped(id: &str) -> String {
    let swap = |one: char| if one.is_ascii_lowercase() { one.to_ascii_uppercase() } else { one.to_ascii_lowercase() };
    id.chars().map(swap).collect()
}

/// Coder's Go client decodes all of them as UUIDs, and a whole page fails at the first that is none.
#[tokio::test]
async fn every_id_of_a_record_is_a_uuid() {
    let (app, owner) = TestApp::new().await;
    for (number, of) in mutations().enumerate() {
        let targets = Targets::new(&owner, &format!("acme{number}")).await;
        let by = if of.path == "/users/logout" { app.sign_in("owner@example.com").await } else { owner.clone() };
        of.send(&by, &targets).await;
    }
    app.anonymous().get("/api/v2/users/me").await.expect(StatusCode::UNAUTHORIZED);
    app.bearer_of("aaaaaaaaaa-bbbbbbbbbbbbbbbbbbbbbb").get(AUDIT).await.expect(StatusCode::UNAUTHORIZED);
    owner.get("/api/v2/groups/aaaaaaaa-0000-4000-8000-000000000001").await.expect(StatusCode::NOT_FOUND);
    app.server.run_jobs_once().await;
    let page = owner.get(&format!("{AUDIT}?limit=2000")).await.expect(StatusCode::OK).json();
    let all = page["audit_logs"].as_array().unwrap();
    assert_eq!(page["count"], all.len());
    let types: BTreeSet<&str> = all.iter().map(|record| record["resource_type"].as_str().unwrap()).collect();
    assert!(types.len() >= 8 && types.contains("api_key") && types.contains("custom_role"), "{types:?}");
    for record in all {
        let of_user = &record["user"];
        let optional = [&record["organization"]["id"], &of_user["id"]];
        let member_of = of_user["organization_ids"].as_array().into_iter().flatten();
        let ids = ["id", "request_id", "resource_id", "organization_id"].map(|name| &record[name]);
        for id in ids.into_iter().chain(optional.into_iter().filter(|id| !id.is_null())).chain(member_of) {
            let id = id.as_str().unwrap_or_else(|| panic!("{record}"));
            assert!(id.len() == 36 && uuid::Uuid::try_parse(id).is_ok(), "{id}: {record}");
        }
    }
}

/// Attributes hold what a platform keeps about an object, for those who may read it.
#[tokio::test]
async fn attributes_are_shown_to_those_who_may_read_the_object_and_secrets_to_nobody() {
    let (app, owner) = TestApp::in_a_file(&[]).await;
    let organization = owner.organization().await;
    let secret = json!({"value": "h1dden"});
    let (auditor, alice) = (owner.invite(&app, "auditor", &["auditor"]).await, owner.invite(&app, "alice", &[]).await);
    let admin = owner.invite(&app, "admin", &[]).await;
    let roles = json!({"roles": ["organization-admin"]});
    owner.put("/api/v2/organizations/coder/members/admin/roles", roles).await.expect(StatusCode::OK);
    for of in ["workspace", "template", "user_secret"] {
        let mut body = json!({"resource_type": of, "name": of, "attributes": secret});
        if of != "user_secret" {
            body["organization_id"] = json!(organization);
        }
        let by = if of == "template" { &owner } else { &alice };
        let id = by.post("/api/v2/resources", body).await.expect(StatusCode::CREATED).text("id").to_owned();
        let path = format!("/api/v2/resources/{of}/{id}");
        let changed = json!({"attributes": {"value": "h1dden too"}});
        by.patch(&path, changed).await.expect(StatusCode::OK);
        let workspace_only_own = auditor.get(&path).await.status;
        for is_gone in [false, true] {
            if is_gone {
                by.delete(&path).await.expect(StatusCode::NO_CONTENT);
            }
            // The auditor may read templates, but of workspaces only their own, of which there is none.
            let shown = [("owner", &owner, of != "user_secret"), ("auditor", &auditor, of == "template")];
            for (name, reader, may_read) in shown.into_iter().chain([("admin", &admin, of != "user_secret")]) {
                let found = records(reader, &format!("resource_type:{of}")).await;
                let with: Vec<&Value> = found.iter().filter_map(|record| record["diff"].get("attributes")).collect();
                // Records without an organization are not for its administrator.
                let expected = if is_gone { 3 } else { 2 };
                let expected = if name == "admin" && of == "user_secret" { 0 } else { expected };
                assert_eq!(with.len(), expected, "{name} {of}: {found:?}");
                for field in with {
                    assert_eq!(field["secret"], !may_read, "{name} {of}: {field}");
                    assert_eq!(field.to_string().contains("h1dden"), may_read, "{name} {of}: {field}");
                }
            }
            assert_eq!(workspace_only_own, if of == "template" { StatusCode::OK } else { StatusCode::NOT_FOUND });
        }
    }
    let mut lines = Vec::new();
    let database = app.data.path().join("keyfob.db");
    let source = keyfob_server::AuditSource { named: &database, password_file: None };
    keyfob_server::export_audit(source, |line| {
        lines.push(serde_json::to_string(line).unwrap());
        Ok::<(), keyfob_server::AuditFileError>(())
    })
    .await
    .unwrap();
    let leaked = lines.iter().filter(|line| line.contains("user_secret") && line.contains("h1dden")).count();
    assert_eq!(leaked, 0, "what is secret is not even recorded");
}

#[tokio::test]
async fn records_are_searched_by_whatever_they_hold() {
    let (app, owner) = TestApp::new().await;
    let alice = owner.invite(&app, "alice", &[]).await;
    app.advance(SignedDuration::from_hours(48));
    let alice_again = app.sign_in("alice@example.com").await;
    let made = alice_again.post("/api/v2/users/me/keys/tokens", json!({"token_name": "late"})).await;
    let owner = app.sign_in("owner@example.com").await;
    let request = made.header("X-Coder-Request-Id");
    let cases = [
        (format!("request_id:{request}"), 1),
        ("username:alice".to_owned(), 3),
        ("email:alice@example.com action:login".to_owned(), 2),
        ("username:me date_from:2026-01-04".to_owned(), 1),
        ("username:nobody".to_owned(), 0),
        ("user action:create".to_owned(), 2),
        ("resource_type:organization_member organization:coder".to_owned(), 2),
        ("organization:nothing".to_owned(), 0),
        ("date_to:2026-01-02 resource_type:api_key".to_owned(), 2),
        ("date_from:2026-01-04 date_to:2026-01-04 action:create".to_owned(), 1),
        // The user, the membership, two sessions and a token.
        (format!("resource_id:{}", alice.id), 5),
        ("build_reason:initiator".to_owned(), 0),
    ];
    for (query, count) in cases {
        assert_eq!(records(&owner, &query).await.len(), count, "{query}");
    }
    for query in
        ["colour:red", "date_from:yesterday", "request_id:x", "a:b:c", "resource_id:aaaaaaaaaa", "api_key_id:x"]
    {
        let refused = owner.get(&format!("{AUDIT}?q={query}")).await.expect(StatusCode::BAD_REQUEST);
        assert_eq!(refused.message(), "Invalid audit search query.", "{query}");
    }
}

#[tokio::test]
async fn pages_visit_each_record_once() {
    let (_app, owner) = TestApp::new().await;
    for _ in 0..7 {
        owner.token(json!({})).await;
    }
    let all = records(&owner, "").await;
    let mut seen = Vec::new();
    loop {
        let page = owner.get(&format!("{AUDIT}?limit=3&offset={}", seen.len())).await.json();
        assert_eq!((&page["count"], &page["count_cap"]), (&json!(all.len()), &json!(2000)));
        let page = page["audit_logs"].as_array().unwrap().clone();
        if page.is_empty() {
            break;
        }
        seen.extend(page);
    }
    assert_eq!(seen, all);
}

#[tokio::test]
async fn records_are_for_auditors_and_an_organizations_auditor_sees_its_own() {
    let (app, owner) = TestApp::new().await;
    let second = owner.add_organization("second").await;
    let alice = owner.invite(&app, "alice", &[]).await;
    let refused = alice.get(AUDIT).await.expect(StatusCode::FORBIDDEN);
    assert_eq!(refused.message(), "Forbidden.");
    alice.get(&format!("{AUDIT}?q=username:nobody")).await.expect(StatusCode::FORBIDDEN);
    let narrow = owner.scoped(&["workspace:read"]).await;
    let refused = narrow.get(AUDIT).await.expect(StatusCode::FORBIDDEN);
    assert_eq!(refused.detail(), "the key's scopes lack audit_log:read");

    owner.post(&format!("/api/v2/organizations/{second}/members/alice"), json!({})).await.expect(StatusCode::OK);
    let roles = json!({"roles": ["organization-auditor"]});
    owner.put(&format!("/api/v2/organizations/{second}/members/alice/roles"), roles).await.expect(StatusCode::OK);
    let seen = records(&alice, "").await;
    assert!(seen.len() > 2 && seen.iter().all(|record| record["organization_id"] == json!(second)));
    let auditor = owner.invite(&app, "auditor", &["auditor"]).await;
    assert_eq!(records(&auditor, "").await, records(&owner, "").await);
}

/// What an organization's auditor sees of the user in a record, and of the chain.
#[tokio::test]
async fn an_organizations_auditor_learns_nothing_of_other_organizations() {
    let (app, owner) = TestApp::new().await;
    let second = owner.add_organization("second").await;
    let alice = owner.invite(&app, "alice", &[]).await;
    owner.post(&format!("/api/v2/organizations/{second}/members/alice"), json!({})).await.expect(StatusCode::OK);
    owner.delete("/api/v2/organizations/coder/members/alice").await.expect(StatusCode::NO_CONTENT);
    let roles = json!({"roles": ["organization-auditor"]});
    owner.put(&format!("/api/v2/organizations/{second}/members/alice/roles"), roles).await.expect(StatusCode::OK);
    let page = alice.get(AUDIT).await.expect(StatusCode::OK).json();
    let by_owner = page["audit_logs"].as_array().unwrap().iter().find(|record| record["user"]["username"] == "owner");
    assert_eq!(by_owner.unwrap()["user"]["organization_ids"], json!([second]));
    assert_eq!(page["chain_head"], "", "it tells how many records there are in all");
    assert_ne!(owner.get(AUDIT).await.json()["chain_head"], "");
}

#[tokio::test]
async fn a_record_says_whether_what_it_speaks_of_is_gone() {
    let (app, owner) = TestApp::new().await;
    owner.invite(&app, "alice", &[]).await;
    let acme = owner.add_organization("acme").await;
    let group = owner.post("/api/v2/organizations/coder/groups", json!({"name": "g"})).await.text("id").to_owned();
    let token = owner.token(json!({"token_name": "ci"})).await;
    let role = "/api/v2/organizations/coder/members/roles";
    owner.post(role, json!({"name": "own"})).await.expect(StatusCode::OK);
    let workspace = owner.register("workspace", "dev").await;
    let targets = ["alice", "acme", "g", "ci", "own", "dev"];
    let removed = async || -> Vec<bool> {
        let all = records(&owner, "action:create").await;
        let of = |target: &str| {
            let is_of = |record: &&Value| record["resource_target"] == target;
            all.iter().filter(is_of).all(|record| record["is_deleted"] == json!(true))
        };
        targets.iter().map(|target| of(target)).collect()
    };
    assert_eq!(removed().await, [false; 6]);
    for path in [
        "/api/v2/users/alice".to_owned(),
        format!("/api/v2/organizations/{acme}"),
        format!("/api/v2/groups/{group}"),
        format!("/api/v2/users/me/keys/{}", token.key_id()),
        format!("{role}/own"),
        format!("/api/v2/resources/workspace/{workspace}"),
    ] {
        assert!(owner.delete(&path).await.status.is_success(), "{path}");
    }
    assert_eq!(removed().await, [true; 6]);
}

#[tokio::test]
async fn a_search_by_name_and_address_takes_both() {
    let (app, owner) = TestApp::new().await;
    owner.invite(&app, "alice", &[]).await;
    assert_eq!(records(&owner, "username:alice email:alice@example.com").await.len(), 1);
    assert_eq!(records(&owner, "username:alice email:owner@example.com").await.len(), 0);
}

#[tokio::test]
async fn refusals_are_gathered_and_told() {
    let (app, owner) = TestApp::new().await;
    let alice = owner.invite(&app, "alice", &[]).await;
    let template = owner.register("template", "base").await;
    let before = records(&owner, "").await.len();
    for _ in 0..3 {
        alice.get(&format!("/api/v2/templates/{template}")).await.expect(StatusCode::NOT_FOUND);
        app.advance(SignedDuration::from_secs(1));
    }
    alice.post("/api/v2/organizations", json!({"name": "hers"})).await.expect(StatusCode::FORBIDDEN);
    owner.post("/api/v2/organizations", json!({"name": "coder"})).await.expect(StatusCode::CONFLICT);
    let typed = "h1dden-in-the-wrong-field@example.com";
    for email in ["alice@example.com", typed] {
        let wrong = json!({"email": email, "password": "h1dden"});
        app.anonymous().post("/api/v2/users/login", wrong).await.expect(StatusCode::UNAUTHORIZED);
    }
    app.bearer_of("aaaaaaaaaa-bbbbbbbbbbbbbbbbbbbbbb").get(AUDIT).await.expect(StatusCode::UNAUTHORIZED);
    app.anonymous().get(AUDIT).await.expect(StatusCode::UNAUTHORIZED);
    owner.get("/api/v2/users/nobody").await.expect(StatusCode::NOT_FOUND);
    assert_eq!(records(&owner, "").await.len(), before, "not on the way of the request");

    app.server.run_jobs_once().await;
    let refused: Vec<Value> = records(&owner, "").await.drain(..6).collect();
    let shown: Vec<String> =
        refused.iter().map(|record| format!("{} {}", told(record), record["status_code"])).collect();
    let mut sorted = shown.clone();
    sorted.sort();
    assert_eq!(
        sorted,
        [
            "alice unsuccessfully attempted to create organization 403",
            "alice unsuccessfully attempted to login 401",
            "alice unsuccessfully attempted to read template 404",
            "nobody unsuccessfully attempted to authenticate token 401",
            "nobody unsuccessfully attempted to login 401",
            "owner unsuccessfully attempted to create organization 409",
        ]
    );
    let read = refused.iter().find(|record| record["resource_type"] == "template").unwrap();
    assert_eq!(read["additional_fields"]["count"], 3);
    assert_eq!(read["additional_fields"]["first"], "2026-01-02T03:04:05Z");
    assert_eq!(read["additional_fields"]["last"], "2026-01-02T03:04:07Z");
    assert_eq!((&read["diff"], &read["additional_fields"]["key_id"]), (&json!({}), &json!(alice.key_id())));
    assert!(!format!("{refused:?}").contains("h1dden"), "nothing that was typed is kept");
    let after = records(&owner, "").await.len();
    app.server.run_jobs_once().await;
    assert_eq!(records(&owner, "").await.len(), after, "each is recorded once");
}

/// The records of refusals of which so many were left out, with how many those were.
async fn left_out(of: &Identity) -> Vec<(String, Value)> {
    let told = |record: &Value| (told(record), record["additional_fields"]["count"].clone());
    let answer = of.get(&format!("{AUDIT}?q=action:refused&limit=1000")).await.expect(StatusCode::OK).json();
    answer["audit_logs"].as_array().unwrap().iter().map(told).collect()
}

#[tokio::test]
async fn refused_requests_do_not_fill_the_disk() {
    let (app, owner) = TestApp::new().await;
    let mut keys = Vec::new();
    for _ in 0..300 {
        keys.push(owner.token(json!({"scopes": ["file:read"]})).await);
    }
    let before = owner.get(&format!("{AUDIT}?limit=1")).await.json()["count"].as_u64().unwrap();
    for key in &keys {
        key.get(AUDIT).await.expect(StatusCode::FORBIDDEN);
    }
    app.server.run_jobs_once().await;
    let page = owner.get(&format!("{AUDIT}?limit=300")).await.json();
    assert_eq!(page["count"].as_u64().unwrap(), before + 41);
    let expected = ("owner was refused more often than could be told apart".to_owned(), json!(260));
    assert_eq!(left_out(&owner).await, [expected]);
}

/// One who is refused in very many ways hides nobody else's refusals, nor what is tried at anybody's account.
#[tokio::test]
async fn nobodys_refusals_take_the_place_of_those_of_others() {
    let (app, owner) = TestApp::new().await;
    let (alice, bob) = (owner.invite(&app, "alice", &[]).await, owner.invite(&app, "bob", &[]).await);
    let other_key = alice.token(json!({})).await;
    for number in 0..210_u128 {
        let made_up = uuid::Uuid::from_u128(number + 1);
        let body = json!({"resource_type": "workspace", "name": "x", "organization_id": made_up});
        let refused = alice.post("/api/v2/resources", body).await;
        assert!(refused.status.is_client_error(), "{}", refused.body);
    }
    let from = async |address: String, request: axum::http::request::Builder, body: Value| {
        let peer: std::net::SocketAddr = address.parse().unwrap();
        let request = request.extension(axum::extract::ConnectInfo(peer)).body(body.to_string().into()).unwrap();
        app.anonymous().send_request(request).await.expect(StatusCode::UNAUTHORIZED);
    };
    for host in 0..214 {
        for address in
            [format!("198.51.100.{host}:9"), format!("[2001:db8:7:{host:x}::1]:9"), format!("192.0.{host}.7:9")]
        {
            let wrong =
                axum::http::Request::get(AUDIT).header("Coder-Session-Token", "aaaaaaaaaa-bbbbbbbbbbbbbbbbbbbbbb");
            from(address, wrong, json!({})).await;
        }
    }
    // After all of that: another user, another key of the same one, and guesses from one of those networks.
    let roles = json!({"roles": ["owner"]});
    for who in [&bob, &other_key] {
        who.put("/api/v2/users/owner/roles", roles.clone()).await.expect(StatusCode::NOT_FOUND);
    }
    for _ in 0..5 {
        let guess = json!({"email": "owner@example.com", "password": "wrong"});
        from("198.51.100.7:9".to_owned(), axum::http::Request::post("/api/v2/users/login"), guess).await;
    }
    app.server.run_jobs_once().await;
    let of = async |query: &str| -> Vec<(Value, Value, Value)> {
        let all = records(&owner, query).await.into_iter();
        let refused = all.filter(|record| record["status_code"].as_u64() >= Some(400) && record["action"] != "refused");
        let shown = |record: Value| {
            let more = &record["additional_fields"];
            (record["action"].clone(), record["ip"].clone(), more["count"].clone())
        };
        refused.map(shown).collect()
    };
    assert_eq!(of("username:bob").await, [(json!("read"), json!("0.0.0.0"), json!(1))]);
    assert_eq!(of("username:owner").await, [(json!("login"), json!("198.51.100.7"), json!(5))]);
    assert_eq!(of("username:alice").await.len(), 20 + 1);
    let left_out = left_out(&owner).await;
    let expected = [
        ("198.51.100.0/24 was refused more often than could be told apart", 204),
        ("2001:db8:7::/48 was refused more often than could be told apart", 204),
        ("alice was refused more often than could be told apart", 190),
    ];
    // Of 214 networks in one larger one, 100 are told apart and 98 more are named.
    let larger = ("192.0.0.0/16 was refused more often than could be told apart", 16);
    assert_eq!(left_out.len(), 3 + 98 + 1, "{left_out:?}");
    for (told, count) in expected.into_iter().chain([larger]) {
        assert!(left_out.contains(&(told.to_owned(), json!(count))), "{told}: {left_out:?}");
    }
    let of_key = records(&owner, "username:alice action:refused").await;
    assert_eq!(of_key[0]["additional_fields"]["key_id"], alice.key_id());
    assert_eq!(of_key[0]["additional_fields"]["left_out_of"], "key");
}

/// The setting `audit-logs-retention`.
/// Whoever gives it would read the first page for ever.
#[tokio::test]
async fn a_parameter_that_records_are_not_paged_by_is_refused() {
    let (_app, owner) = TestApp::new().await;
    let all = owner.get(AUDIT).await.expect(StatusCode::OK).json();
    let last = all["audit_logs"][0]["id"].as_str().unwrap();
    for (key, value) in [("after_id", last), ("page", "2")] {
        let answer = owner.get(&format!("{AUDIT}?limit=1&{key}={value}")).await.expect(StatusCode::BAD_REQUEST).json();
        let wrong = json!([{"field": key, "detail": format!("{key:?} is not a valid query param")}]);
        assert_eq!(answer["validations"], wrong);
    }
    owner.get(&format!("{AUDIT}?q=action:create&limit=1&offset=1")).await.expect(StatusCode::OK);
}

#[tokio::test]
async fn old_records_are_retired_and_that_is_recorded() {
    let (app, owner) = TestApp::in_a_file(&["--audit-logs-retention=30d"]).await;
    owner.token(json!({"token_name": "old"})).await;
    let head = owner.get(AUDIT).await.json()["chain_head"].as_str().unwrap().to_owned();
    app.advance(SignedDuration::from_hours(29 * 24));
    app.server.run_jobs_once().await;
    let owner = app.sign_in("owner@example.com").await;
    assert_eq!(records(&owner, "resource_target:old").await.len(), 1);
    app.advance(SignedDuration::from_hours(2 * 24));
    app.server.run_jobs_once().await;
    let owner = app.sign_in("owner@example.com").await;
    assert_eq!(records(&owner, "resource_target:old").await.len(), 0);
    let retired = records(&owner, "resource_type:audit_log").await;
    assert_eq!(retired[0]["resource_target"], "4 records from before 2026-01-03T03:04:05Z");

    let database = app.data.path().join("keyfob.db");
    let verify = async |head: Option<&str>| {
        let head = head.map(|head| head.parse().unwrap());
        keyfob_server::verify_audit(keyfob_server::AuditSource { named: &database, password_file: None }, None, head)
            .await
            .map_err(|error| error.to_string())
    };
    let now = owner.get(AUDIT).await.json()["chain_head"].as_str().unwrap().to_owned();
    assert_eq!(verify(Some(&now)).await.unwrap().head.to_string(), now);
    assert!(verify(Some(&head)).await.is_ok(), "the head was that of the last record that went");
    let older = head.replacen("4:", "3:", 1);
    assert_eq!(
        verify(Some(&older)).await.unwrap_err(),
        "the records up to number 4 were retired at 2026-02-02T03:04:05Z: the head to expect, of number 3, is older"
    );
}

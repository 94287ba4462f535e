//! Requests that create the same thing at the same time.
use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::support::{Identity, TestApp};

const AT_ONCE: usize = 200;

/// Posts the same body many times at once: one request succeeds, all others are told that the name is taken.
async fn one_gets_it(by: &Identity, path: &str, body: Value, success: StatusCode) {
    let attempts = (0..AT_ONCE).map(|_| {
        let (by, path, body) = (by.clone(), path.to_owned(), body.clone());
        tokio::spawn(async move { by.post(&path, body).await })
    });
    let mut statuses = Vec::new();
    for attempt in attempts.collect::<Vec<_>>() {
        statuses.push(attempt.await.unwrap().status);
    }
    let count = |wanted: StatusCode| statuses.iter().filter(|status| **status == wanted).count();
    assert_eq!((count(success), count(StatusCode::CONFLICT)), (1, AT_ONCE - 1), "{path}: {statuses:?}");
    let audit = by.get("/api/v2/audit?q=action:create&limit=1000").await.expect(StatusCode::OK).json();
    let name = body["name"].as_str().or(body["username"].as_str()).or(body["token_name"].as_str());
    let records = audit["audit_logs"].as_array().unwrap().iter();
    // Creating a user also creates a member.
    let records =
        records.filter(|of| of["resource_target"].as_str() == name && of["resource_type"] != "organization_member");
    assert!(name.is_some() && records.count() == 1, "{path}: one change, one record");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_that_make_a_user_of_one_name_at_the_same_time_one_succeeds() {
    let (_app, owner) = TestApp::new().await;
    let body = json!({
        "username": "wanted", "email": "wanted@example.com", "login_type": "none",
        "organization_ids": [owner.organization().await],
    });
    one_gets_it(&owner, "/api/v2/users", body, StatusCode::CREATED).await;
    assert_eq!(owner.get("/api/v2/users?q=wanted").await.expect(StatusCode::OK).json()["count"], 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_that_make_an_organization_of_one_name_at_the_same_time_one_succeeds() {
    let (_app, owner) = TestApp::new().await;
    one_gets_it(&owner, "/api/v2/organizations", json!({"name": "wanted"}), StatusCode::CREATED).await;
    assert_eq!(owner.get("/api/v2/organizations").await.json().as_array().unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_that_make_a_group_of_one_name_at_the_same_time_one_succeeds() {
    let (_app, owner) = TestApp::new().await;
    let path = "/api/v2/organizations/coder/groups";
    one_gets_it(&owner, path, json!({"name": "wanted"}), StatusCode::CREATED).await;
    assert_eq!(owner.get(path).await.json().as_array().unwrap().len(), 2, "and the group of everyone");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_that_make_a_role_of_one_name_at_the_same_time_one_succeeds() {
    let (_app, owner) = TestApp::new().await;
    let path = "/api/v2/organizations/coder/members/roles";
    let permissions = json!([{"resource_type": "template", "action": "read"}]);
    let body = json!({"name": "wanted", "organization_permissions": permissions});
    one_gets_it(&owner, path, body, StatusCode::OK).await;
    let roles = owner.get(path).await.json();
    assert_eq!(roles.as_array().unwrap().iter().filter(|role| role["name"] == "wanted").count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_that_mint_one_name_at_the_same_time_one_succeeds() {
    let (_app, owner) = TestApp::new().await;
    let path = "/api/v2/users/me/keys/tokens";
    one_gets_it(&owner, path, json!({"token_name": "wanted"}), StatusCode::CREATED).await;
    assert_eq!(owner.get(path).await.json().as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_user_who_is_deleted_while_a_token_is_minted_keeps_no_live_one() {
    let (app, owner) = TestApp::new().await;
    let alice = owner.invite(&app, "alice", &[]).await;
    let attempts: Vec<_> = (0..AT_ONCE)
        .map(|number| {
            // Half of them by a user who stays, half by the deleted user herself.
            let by = if number % 2 == 0 { owner.clone() } else { alice.clone() };
            tokio::spawn(async move { by.post("/api/v2/users/alice/keys/tokens", json!({})).await })
        })
        .collect();
    // Some were minted before she was deleted; the others were under way meanwhile.
    while owner.get("/api/v2/users/alice/keys/tokens").await.expect(StatusCode::OK).json() == json!([]) {
        tokio::task::yield_now().await;
    }
    owner.delete("/api/v2/users/alice").await.expect(StatusCode::OK);
    let (mut minted, mut refused) = (vec![alice.clone()], 0);
    for attempt in attempts {
        let answer = attempt.await.unwrap();
        match answer.status {
            StatusCode::CREATED => minted.push(owner.with_key_of(&answer)),
            StatusCode::NOT_FOUND | StatusCode::UNAUTHORIZED => refused += 1,
            status => panic!("{status}: {}", answer.body),
        }
    }
    assert!(minted.len() > 1 && minted.len() + refused == AT_ONCE + 1);
    for key in minted {
        key.get("/api/v2/users/me").await.expect(StatusCode::UNAUTHORIZED);
    }
    let all = owner.get("/api/v2/users/me/keys/tokens?include_all=true&include_expired=true").await;
    assert_eq!(all.expect(StatusCode::OK).json(), json!([]), "not one is left");
}

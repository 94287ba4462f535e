//! The headers with the permissions that a request required, and with the key's remaining time.
use axum::http::StatusCode;
use jiff::SignedDuration;
use serde_json::json;

use crate::support::TestApp;

#[tokio::test]
async fn every_authenticated_answer_names_what_the_call_needed() {
    let (app, owner) = TestApp::new().await;
    let workspace = owner.register("workspace", "dev").await;
    let narrow = owner.scoped(&["file:read"]).await;
    let cases = [
        (owner.get("/api/v2/workspaces").await, "workspace:read"),
        (narrow.get("/api/v2/workspaces").await, "workspace:read"),
        (narrow.get(&format!("/api/v2/workspaces/{workspace}")).await, "workspace:read"),
        (narrow.post("/api/v2/users/me/keys/tokens", json!({})).await, "api_key:create"),
        (owner.delete(&format!("/api/v2/resources/workspace/{workspace}")).await, "workspace:read, workspace:delete"),
        (owner.get("/api/v2/users/me").await, ""),
    ];
    for (answer, needed) in cases {
        assert_eq!(answer.header("X-Keyfob-Required"), needed);
    }
    assert!(!app.anonymous().get("/api/v2/workspaces").await.headers.contains_key("X-Keyfob-Required"));
}

/// A refusal because of a missing scope is the same for existing and missing objects.
#[tokio::test]
async fn a_missing_scope_is_named_alike_for_what_is_there_and_what_is_not() {
    let (_app, owner) = TestApp::new().await;
    let existing = owner.register("workspace", "dev").await;
    let narrow = owner.scoped(&["file:read"]).await;
    let found = narrow.get(&format!("/api/v2/workspaces/{existing}")).await.expect(StatusCode::NOT_FOUND);
    let missing = narrow.get("/api/v2/workspaces/aaaaaaaa-0000-4000-8000-000000000001").await;
    assert_eq!(found.detail(), "the key's scopes lack workspace:read");
    assert_eq!(found.body, missing.body);
    assert_eq!(found.header("X-Keyfob-Required"), missing.header("X-Keyfob-Required"));
}

#[tokio::test]
async fn a_refusal_that_is_not_the_scopes_fault_does_not_blame_them() {
    let (app, owner) = TestApp::new().await;
    let alice = owner.invite(&app, "alice", &[]).await;
    let refused = alice.post("/api/v2/users", json!({})).await;
    assert!(!refused.body.contains("scopes lack"), "{}", refused.body);
    let refused = alice.put("/api/v2/users/alice/roles", json!({"roles": ["owner"]})).await;
    assert!(!refused.body.contains("scopes lack"), "{}", refused.body);
}

#[tokio::test]
async fn a_keys_last_tenth_or_last_week_is_announced_whichever_is_shorter() {
    let (app, owner) =
        TestApp::with(&["--max-admin-token-lifetime", "3650d", "--default-token-lifetime", "100h"]).await;
    let short = owner.token(json!({})).await;
    let long = owner.token(json!({"lifetime": 1000 * 24 * 3_600_000_000_000_i64})).await;
    let header = "X-Keyfob-Expires-In";
    app.advance(SignedDuration::from_hours(90) - SignedDuration::from_secs(1));
    assert!(!short.get("/api/v2/users/me").await.headers.contains_key(header));
    app.advance(SignedDuration::from_secs(1));
    assert_eq!(short.get("/api/v2/users/me").await.header(header), "36000");
    app.advance(SignedDuration::from_hours(24 * 990 - 90));
    assert!(!long.get("/api/v2/users/me").await.headers.contains_key(header), "ten days left");
    app.advance(SignedDuration::from_hours(24 * 3));
    assert_eq!(long.get("/api/v2/users/me").await.header(header), "604800");
}

/// An empty list that is empty for the caller alone says what they lack; nothing is said of lists that could hold
/// something.
#[tokio::test]
async fn a_list_that_can_hold_nothing_for_the_caller_says_what_they_lack() {
    let (app, owner) = TestApp::new().await;
    let alice = owner.invite(&app, "alice", &[]).await;
    let header = "X-Keyfob-Missing";
    let narrow = owner.scoped(&["workspace:read"]).await;
    for (path, lacking) in [
        ("/api/v2/users/me/keys/tokens", "api_key:read"),
        ("/api/v2/users", "user:read"),
        ("/api/v2/organizations", "organization:read"),
        ("/api/v2/audit?limit=1", "audit_log:read"),
        ("/api/v2/resources?type=template", "template:read"),
    ] {
        assert_eq!(narrow.get(path).await.header(header), lacking, "{path}");
        assert!(!owner.get(path).await.headers.contains_key(header), "{path}");
    }
    for path in ["/api/v2/resources", "/api/v2/resources?type=workspace", "/api/v2/users/me"] {
        assert!(!narrow.get(path).await.headers.contains_key(header), "{path}");
    }
    // No role of hers reads records; some keys are her own.
    assert_eq!(alice.get("/api/v2/audit?limit=1").await.header(header), "audit_log:read");
    assert!(!alice.get("/api/v2/users/me/keys/tokens").await.headers.contains_key(header));
    let elsewhere = owner.restricted(&["coder:all"], &["template:*"]).await;
    assert_eq!(elsewhere.get("/api/v2/users").await.header(header), "user:read");
}

#[tokio::test]
async fn a_key_is_described_to_its_bearer_beside_their_own_user() {
    let (app, owner) = TestApp::new().await;
    let alice = owner.invite(&app, "alice", &[]).await;
    let header = "X-Keyfob-Key";
    let narrow = owner.restricted(&["workspace:read"], &["workspace:*"]).await;
    for path in ["/api/v2/users/me", "/api/v2/users/owner"] {
        let described: serde_json::Value = serde_json::from_str(narrow.get(path).await.header(header)).unwrap();
        assert_eq!(described["id"], narrow.key_id());
        assert_eq!(
            (&described["scopes"], &described["allow_list"]),
            (&json!(["workspace:read"]), &json!(["workspace:*"]))
        );
        assert!(described["expires_at"].is_string() && described.get("more").is_none());
    }
    assert!(!owner.get("/api/v2/users/alice").await.headers.contains_key(header), "another user");
    assert!(!alice.get("/api/v2/users").await.headers.contains_key(header));
    // What proxies would refuse is counted.
    let entries: Vec<String> =
        (0..40).map(|number| format!("workspace:00000000-0000-4000-8000-{number:012}")).collect();
    let entries: Vec<&str> = entries.iter().map(String::as_str).collect();
    let long = owner.restricted(&["workspace:read"], &entries).await;
    let described: serde_json::Value = serde_json::from_str(long.get("/api/v2/users/me").await.header(header)).unwrap();
    assert_eq!((described["allow_list"].as_array().unwrap().len(), &described["more"]), (32, &json!(8)));
}

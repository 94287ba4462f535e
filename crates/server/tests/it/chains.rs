//! Keys that are minted one with another.
use axum::http::StatusCode;
use serde_json::json;

use crate::support::{Identity, TestApp};

const TOKENS: &str = "/api/v2/users/me/keys/tokens";
const NARROW: &str = "coder:apikeys.manage_self";

/// Mints a key with the last of this many, each minted with the one before it.
async fn chain(app: &TestApp, first: Identity, scopes: &[&str], length: usize) -> Identity {
    let mut last = first;
    for _ in 0..length {
        let answer = last.post(TOKENS, json!({ "scopes": scopes })).await.expect(StatusCode::CREATED);
        last = app.bearer_of(answer.text("key"));
    }
    last
}

#[tokio::test]
async fn a_chain_of_narrow_keys_has_sixteen_below_the_nearest_full_key() {
    let (app, owner) = TestApp::new().await;
    let full = chain(&app, owner, &[], 20).await;
    let last = chain(&app, full.clone(), &[NARROW], 16).await;
    for path in [TOKENS, "/api/v2/users/me/keys"] {
        let refused = last.post(path, json!({})).await.expect(StatusCode::FORBIDDEN);
        assert_eq!(refused.message(), "Forbidden.");
        assert!(refused.detail().starts_with("A chain of keys that are minted one with another has 16 narrow keys"));
    }
    // Another branch begins at the full key again.
    chain(&app, full, &[NARROW], 1).await;
}

/// The keys in the middle are gone, and the chain is no shorter for it.
#[tokio::test]
async fn a_chain_whose_middle_was_deleted_is_as_long_as_before() {
    let (app, owner) = TestApp::new().await;
    let middle = chain(&app, owner.clone(), &[NARROW], 8).await;
    let last = chain(&app, middle.clone(), &[NARROW], 8).await;
    let id = middle.key.split('-').next().unwrap();
    owner.delete(&format!("/api/v2/users/me/keys/{id}?descendants=false")).await.expect(StatusCode::NO_CONTENT);
    last.post(TOKENS, json!({})).await.expect(StatusCode::FORBIDDEN);
}

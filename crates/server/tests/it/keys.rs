//! API keys.
use axum::http::StatusCode;
use insta::assert_json_snapshot;
use jiff::SignedDuration;
use serde_json::json;

use crate::support::{Identity, TestApp};

const TOKENS: &str = "/api/v2/users/me/keys/tokens";
const HOUR: i64 = 3_600_000_000_000;

fn by_id(key: &Identity) -> String {
    format!("/api/v2/users/me/keys/{}", key.key_id())
}

#[tokio::test]
async fn a_token_is_shown_once_and_then_described() {
    let (_app, owner) = TestApp::new().await;
    let workspace = owner.register("workspace", "dev").await;
    let request = json!({
        "token_name": "ci", "lifetime": HOUR, "scopes": ["workspace:read", "template:*"],
        "allow_list": [format!("workspace:{workspace}"), "template:*"],
    });
    let minted = owner.post(TOKENS, request).await.expect(StatusCode::CREATED);
    assert_json_snapshot!("minted", minted.json(), { ".key" => "[token]" });
    let token = owner.with_key_of(&minted);
    assert_eq!(token.key.len(), 33);

    assert_json_snapshot!("key", owner.get(&by_id(&token)).await.json());
    assert_json_snapshot!("tokens", owner.get(TOKENS).await.json());
    assert_eq!(owner.get(&format!("{TOKENS}/ci")).await.body, owner.get(&by_id(&token)).await.body);
    assert_json_snapshot!("token_config", owner.get(&format!("{TOKENS}/tokenconfig")).await.json());
}

#[tokio::test]
async fn a_session_made_from_a_key_is_a_key_of_its_own() {
    let (_app, owner) = TestApp::new().await;
    let session = owner.with_key_of(&owner.post("/api/v2/users/me/keys", json!({})).await);
    assert_json_snapshot!("session", session.get(&by_id(&session)).await.json());
    assert_eq!(owner.get(TOKENS).await.json(), json!([]), "sessions are no tokens");
}

#[tokio::test]
async fn a_live_name_is_taken() {
    let (_app, owner) = TestApp::new().await;
    owner.token(json!({"token_name": "ci"})).await;
    let again = owner.post(TOKENS, json!({"token_name": "ci"})).await.expect(StatusCode::CONFLICT);
    assert_json_snapshot!(again.json(), @r#"
    {
      "message": "A token with name \"ci\" already exists.",
      "validations": [
        {
          "detail": "This value is already in use and should be unique.",
          "field": "name"
        }
      ]
    }
    "#);
}

#[tokio::test]
async fn the_name_of_an_expired_token_is_free_and_means_the_live_one() {
    let (app, owner) = TestApp::new().await;
    let old = owner.token(json!({"token_name": "ci", "lifetime": HOUR})).await;
    app.advance(SignedDuration::from_hours(1));
    let new = owner.token(json!({"token_name": "ci"})).await;
    assert_eq!(owner.get(&format!("{TOKENS}/ci")).await.text("id"), new.key_id());
    let ended = owner.put(&format!("{}/expire", by_id(&new)), json!({})).await;
    assert_eq!(ended.status, StatusCode::NO_CONTENT);
    owner.token(json!({"token_name": "ci"})).await;
    let all = owner.get(&format!("{TOKENS}?include_expired=true")).await.json();
    let ids: Vec<&str> = all.as_array().unwrap().iter().map(|key| key["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 3);
    assert!(ids.contains(&old.key_id()) && ids.contains(&new.key_id()));
    assert_eq!(owner.get(TOKENS).await.json().as_array().unwrap().len(), 1, "expired ones are listed on demand");
}

#[tokio::test]
async fn a_token_without_a_name_is_given_one() {
    let (_app, owner) = TestApp::new().await;
    let token = owner.token(json!({})).await;
    let name = owner.get(&by_id(&token)).await.text("token_name").to_owned();
    let (adjective, surname) = name.split_once('_').unwrap();
    assert!(!adjective.is_empty() && surname.ends_with(|c: char| c.is_ascii_digit()), "{name}");
}

#[tokio::test]
async fn a_user_with_very_many_tokens_is_still_given_names() {
    let (_app, owner) = TestApp::new().await;
    for _ in 0..600 {
        owner.post(TOKENS, json!({})).await.expect(StatusCode::CREATED);
    }
}

#[tokio::test]
async fn legacy_scope_names_are_stored_under_their_new_names() {
    let (_app, owner) = TestApp::new().await;
    let cases = [("all", "coder:all"), ("application_connect", "coder:application_connect")];
    for (old, new) in cases {
        for request in [json!({"scopes": [old]}), json!({"scope": old})] {
            let token = owner.token(request).await;
            assert_eq!(owner.get(&by_id(&token)).await.json()["scopes"], json!([new]));
        }
    }
}

#[tokio::test]
async fn allow_list_entries_come_as_text_or_as_objects_in_any_spelling_of_the_id() {
    let (_app, owner) = TestApp::new().await;
    let id = "AAAAAAAA-0000-4000-8000-00000000000B";
    let request = json!({
        "scopes": ["workspace:read"],
        "allow_list": [{"type": "workspace", "id": id}, "template:*", format!("workspace:{}", id.replace('-', ""))],
    });
    let token = owner.token(request).await;
    let list = owner.get(&by_id(&token)).await.json()["allow_list"].clone();
    assert_eq!(list, json!(["template:*", "workspace:aaaaaaaa-0000-4000-8000-00000000000b"]));
}

#[tokio::test]
async fn a_bad_allow_list_entry_is_named_by_its_place() {
    let (_app, owner) = TestApp::new().await;
    let request = json!({"scopes": ["workspace:read"], "allow_list": ["workspace:*", "nothing:*"]});
    let refused = owner.post(TOKENS, request).await.expect(StatusCode::BAD_REQUEST);
    assert_json_snapshot!(refused.json());
    assert_eq!(refused.message(), "Failed to create API key.");
    assert_eq!(refused.json()["validations"][0]["field"], "allow_list[1]");
    assert_eq!(owner.get(TOKENS).await.json(), json!([]));
}

#[tokio::test]
async fn keys_know_who_minted_them_and_a_narrow_one_takes_what_it_minted_with_it() {
    let (_app, owner) = TestApp::new().await;
    let parent = owner.scoped(&["workspace:read", "api_key:*"]).await;
    let child = parent.scoped(&["workspace:read", "api_key:create"]).await;
    let grandchild = child.scoped(&["workspace:read"]).await;
    let shown = owner.get(&by_id(&parent)).await.json();
    assert_eq!(shown["parent_id"], owner.key_id());
    assert_eq!(shown["live_descendants"], 2);
    assert_eq!(owner.get(&by_id(&grandchild)).await.json()["parent_id"], child.key_id());

    // Only the key in the middle is deleted: the chain stays connected.
    owner.delete(&format!("{}?descendants=false", by_id(&child))).await.expect(StatusCode::NO_CONTENT);
    assert_eq!(owner.get(&by_id(&parent)).await.json()["live_descendants"], 1);
    let ended = owner.put(&format!("{}/expire", by_id(&parent)), json!({})).await.expect(StatusCode::NO_CONTENT);
    assert_eq!(ended.header("X-Keyfob-Descendants-Ended"), "1");
    for key in [&parent, &child, &grandchild] {
        assert_eq!(key.get("/api/v2/users/me").await.status, StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn a_full_key_leaves_what_it_minted_unless_it_is_told_otherwise() {
    let (_app, owner) = TestApp::new().await;
    for (query, status) in [("", StatusCode::OK), ("?descendants=true", StatusCode::UNAUTHORIZED)] {
        let parent = owner.token(json!({})).await;
        let child = parent.scoped(&["workspace:read"]).await;
        owner.delete(&format!("{}{query}", by_id(&parent))).await.expect(StatusCode::NO_CONTENT);
        assert_eq!(child.get("/api/v2/users/me").await.status, status, "{query}");
    }
}

#[tokio::test]
async fn what_a_narrow_key_mints_ends_with_it_even_when_it_slides() {
    let (app, owner) = TestApp::new().await;
    let request = json!({"scopes": ["workspace:read", "api_key:*"], "lifetime": 48 * HOUR});
    let narrow = owner.token(request).await;
    let end = owner.get(&by_id(&narrow)).await.json()["expires_at"].clone();

    let token = narrow.token(json!({"lifetime": 160 * HOUR})).await;
    assert_eq!(owner.get(&by_id(&token)).await.json()["expires_at"], end, "a longer lifetime is cut");
    let config = narrow.get(&format!("{TOKENS}/tokenconfig")).await.json();
    assert_eq!(config["max_token_lifetime"], 48 * HOUR, "the remaining time");

    let session = narrow.with_key_of(&narrow.post("/api/v2/users/me/keys", json!({})).await);
    assert_eq!(owner.get(&by_id(&session)).await.json()["scopes"], json!(["workspace:read", "api_key:*"]));
    for _ in 0..47 {
        app.advance(SignedDuration::from_hours(1));
        session.get("/api/v2/users/me").await.expect(StatusCode::OK);
    }
    app.advance(SignedDuration::from_hours(1));
    assert_eq!(session.get("/api/v2/users/me").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn the_longest_lifetime_is_that_of_the_tokens_owner() {
    let (app, owner) = TestApp::new().await;
    let alice = owner.invite(&app, "alice", &[]).await;
    let too_long = json!({"lifetime": 169 * HOUR});
    let refused = owner.post(TOKENS, too_long.clone()).await.expect(StatusCode::BAD_REQUEST);
    assert_eq!(refused.message(), "Failed to validate create API key request.");
    assert_eq!(refused.detail(), "lifetime must be less than 168h0m0s");
    alice.post(TOKENS, too_long.clone()).await.expect(StatusCode::CREATED);
    owner.post("/api/v2/users/alice/keys/tokens", too_long).await.expect(StatusCode::CREATED);
    let config = owner.get("/api/v2/users/alice/keys/tokens/tokenconfig").await.json();
    assert_eq!(config["max_token_lifetime"], 876_600 * HOUR);
}

#[tokio::test]
async fn a_key_is_found_below_its_owner_or_below_me_and_nowhere_else() {
    let (app, owner) = TestApp::new().await;
    let alice = owner.invite(&app, "alice", &[]).await;
    owner.invite(&app, "bob", &[]).await;
    let token = alice.token(json!({})).await;
    let id = token.key_id();
    for path in ["alice", "me"] {
        owner.get(&format!("/api/v2/users/{path}/keys/{id}")).await.expect(StatusCode::OK);
    }
    for path in ["bob", "owner"] {
        owner.get(&format!("/api/v2/users/{path}/keys/{id}")).await.expect(StatusCode::NOT_FOUND);
        owner.delete(&format!("/api/v2/users/{path}/keys/{id}")).await.expect(StatusCode::NOT_FOUND);
        owner.put(&format!("/api/v2/users/{path}/keys/{id}/expire"), json!({})).await.expect(StatusCode::NOT_FOUND);
    }
    token.get("/api/v2/users/me").await.expect(StatusCode::OK);
}

#[tokio::test]
async fn a_path_that_names_no_possible_key_is_answered_like_a_missing_one() {
    let (_app, owner) = TestApp::new().await;
    let missing = owner.get("/api/v2/users/me/keys/0123456789").await.expect(StatusCode::NOT_FOUND);
    for id in ["nonexistent", &owner.key, "%F0%9F%92%A5", "..%2F.."] {
        let path = format!("/api/v2/users/me/keys/{id}");
        assert_eq!(owner.get(&path).await.expect(StatusCode::NOT_FOUND).body, missing.body, "{id}");
        owner.delete(&path).await.expect(StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn tokens_are_listed_by_age_and_pages_visit_each_once() {
    let (app, owner) = TestApp::new().await;
    assert_eq!(owner.get(TOKENS).await.json(), json!([]));
    let mut made = Vec::new();
    for _ in 0..5 {
        made.push(owner.token(json!({})).await.key_id().to_owned());
        app.advance(SignedDuration::from_secs(1));
    }
    let ids = |answer: serde_json::Value| -> Vec<String> {
        answer.as_array().unwrap().iter().map(|key| key["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids(owner.get(TOKENS).await.json()), made);
    let mut paged = Vec::new();
    let mut path = format!("{TOKENS}?limit=2");
    loop {
        let page = ids(owner.get(&path).await.expect(StatusCode::OK).json());
        let Some(last) = page.last() else { break };
        path = format!("{TOKENS}?limit=2&after_id={last}");
        paged.extend(page);
    }
    assert_eq!(paged, made);
    assert_eq!(ids(owner.get(&format!("{TOKENS}?limit=2&offset=3")).await.json()), made[3..]);
    for query in ["limit=-1", "limit=many", "offset=x"] {
        owner.get(&format!("{TOKENS}?{query}")).await.expect(StatusCode::BAD_REQUEST);
    }
}

#[tokio::test]
async fn tokens_of_all_users_are_listed_for_callers_who_may_read_them() {
    let (app, owner) = TestApp::new().await;
    let alice = owner.invite(&app, "alice", &[]).await;
    alice.token(json!({"token_name": "hers"})).await;
    owner.token(json!({"token_name": "owners"})).await;
    let path = format!("{TOKENS}?include_all=true");
    assert_eq!(owner.get(&path).await.json().as_array().unwrap().len(), 2);
    let own = alice.get(&path).await.json();
    assert_eq!(own.as_array().unwrap().len(), 1);
    assert_eq!(own[0]["username"], "alice");
}

#[tokio::test]
async fn ended_keys_are_removed_after_their_retention() {
    let (app, owner) = TestApp::new().await;
    let token = owner.token(json!({"token_name": "ci", "lifetime": HOUR})).await;
    app.advance(SignedDuration::from_hours(7 * 24 + 1));
    app.server.run_jobs_once().await;
    let owner = app.sign_in("owner@example.com").await;
    owner.get(&by_id(&token)).await.expect(StatusCode::OK);
    app.advance(SignedDuration::from_micros(1));
    app.server.run_jobs_once().await;
    owner.get(&by_id(&token)).await.expect(StatusCode::NOT_FOUND);
}

/// Where a name or an id is given, one text would stand for two keys. Ids differ in the case of their letters.
#[tokio::test]
async fn a_token_is_not_named_like_another_key_of_its_owner() {
    let (app, owner) = TestApp::new().await;
    let alice = owner.invite(&app, "alice", &[]).await;
    let token = alice.token(json!({"token_name": "ci"})).await;
    let tokens = format!("/api/v2/users/{}/keys/tokens", alice.id);
    for (by, id) in [(&alice, token.key_id()), (&alice, alice.key_id()), (&owner, token.key_id())] {
        let refused = by.post(&tokens, json!({"token_name": id})).await.expect(StatusCode::BAD_REQUEST);
        assert_eq!(refused.message(), "Validation failed.");
        let detail = format!("{id:?} reads as an id: choose another name");
        assert_eq!(refused.json()["validations"], json!([{"field": "token_name", "detail": detail}]));
    }
    let swapped = |c: char| if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() };
    let other_case: String = token.key_id().chars().map(swapped).collect();
    assert_ne!(other_case, token.key_id());
    alice.token(json!({"token_name": other_case})).await;
    owner.token(json!({"token_name": token.key_id()})).await;
}

/// Who names no lifetime gets the default, but no longer than they could have named.
#[tokio::test]
async fn the_default_lifetime_is_within_the_longest() {
    let flags = ["--max-token-lifetime", "2h", "--max-admin-token-lifetime", "1h"];
    let (app, owner) = TestApp::with(&flags).await;
    let alice = owner.invite(&app, "alice", &[]).await;
    for (who, expected) in [(&owner, "2026-01-02T04:04:05Z"), (&alice, "2026-01-02T05:04:05Z")] {
        who.token(json!({"token_name": "ci"})).await;
        let minted = who.get("/api/v2/users/me/keys/tokens").await.json();
        assert_eq!(minted[0]["expires_at"], json!(expected));
    }
}

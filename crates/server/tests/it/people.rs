//! Users: listing, deleting, dormancy and preferences.
use axum::http::StatusCode;
use insta::assert_json_snapshot;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{PASSWORD, TestApp};

const USERS: &str = "/api/v2/users";

fn names(list: &Value) -> Vec<&str> {
    list["users"].as_array().unwrap().iter().map(|user| user["username"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn users_are_listed_for_those_who_may_see_them() {
    let (app, owner) = TestApp::new().await;
    let alice = owner.invite(&app, "alice", &[]).await;
    owner.make_user("Bob", &["auditor"]).await;
    assert_json_snapshot!("users", owner.get(USERS).await.expect(StatusCode::OK).json());
    assert_eq!(names(&alice.get(USERS).await.json()), ["alice"]);
    let narrow = owner.restricted(&["user:read"], &[&format!("user:{}", alice.id)]).await;
    let seen = narrow.get(USERS).await.json();
    assert_eq!((names(&seen), &seen["count"]), (vec!["alice"], &json!(1)));
}

#[tokio::test]
async fn times_in_a_search_stand_in_quotes() {
    let (app, owner) = TestApp::new().await;
    app.advance(SignedDuration::from_hours(1));
    owner.make_user("alice", &[]).await;
    let found = async |query: &str| {
        let query = query.replace(':', "%3A").replace('"', "%22").replace(' ', "%20");
        owner.get(&format!("{USERS}?q={query}")).await
    };
    let between = found("created_after:\"2026-01-02T04:00:00Z\" created_before:\"2026-01-03T00:00:00Z\"").await;
    assert_eq!(names(&between.expect(StatusCode::OK).json()), ["alice"]);
    assert_eq!(names(&found("last_seen_before:\"2020-01-01T00:00:00Z\"").await.json()), ["alice"], "never seen");
    let bare = found("created_after:2026-01-02T04:00:00Z").await.expect(StatusCode::BAD_REQUEST);
    assert_eq!(bare.message(), "Invalid user search query.");
}

#[tokio::test]
async fn pages_visit_each_user_once() {
    let (_app, owner) = TestApp::new().await;
    for name in ["alice", "Bob", "carol", "Dave"] {
        owner.make_user(name, &[]).await;
    }
    let all = owner.get(USERS).await.json();
    assert_eq!(names(&all), ["alice", "Bob", "carol", "Dave", "owner"]);
    let mut after = String::new();
    let mut seen = Vec::new();
    loop {
        let page = owner.get(&format!("{USERS}?limit=2{after}")).await.json();
        let Some(last) = page["users"].as_array().unwrap().last() else { break };
        after = format!("&after_id={}", last["id"].as_str().unwrap());
        seen.extend(names(&page).into_iter().map(str::to_owned));
    }
    assert_eq!(seen, names(&all));
}

#[tokio::test]
async fn a_deleted_users_keys_and_memberships_are_gone_and_their_name_is_free() {
    let (app, owner) = TestApp::new().await;
    let alice = owner.invite(&app, "alice", &[]).await;
    let token = alice.token(json!({})).await;
    let workspace = alice.register("workspace", "dev").await;
    let refused = owner.delete("/api/v2/users/alice").await.expect(StatusCode::EXPECTATION_FAILED);
    assert!(refused.message().starts_with("You cannot delete a user that has workspaces."));
    owner.delete(&format!("/api/v2/resources/workspace/{workspace}")).await.expect(StatusCode::NO_CONTENT);
    owner.delete("/api/v2/users/alice").await.expect(StatusCode::OK);
    for key in [&alice, &token] {
        assert_eq!(key.get("/api/v2/users/me").await.status, StatusCode::UNAUTHORIZED);
    }
    owner.get("/api/v2/users/alice").await.expect(StatusCode::NOT_FOUND);
    let id = &alice.id;
    owner.post(&format!("/api/v2/organizations/coder/members/{id}"), json!({})).await.expect(StatusCode::NOT_FOUND);
    owner.put(&format!("/api/v2/users/{id}/roles"), json!({"roles": ["owner"]})).await.expect(StatusCode::NOT_FOUND);
    owner.post(&format!("/api/v2/users/{id}/keys/tokens"), json!({})).await.expect(StatusCode::NOT_FOUND);
    let inherited = json!({
        "resource_type": "workspace", "name": "x", "owner_id": id, "organization_id": owner.organization().await,
    });
    owner.post("/api/v2/resources", inherited).await.expect(StatusCode::BAD_REQUEST);
    assert_eq!(names(&owner.get(USERS).await.json()), ["owner"]);
    owner.make_user("alice", &[]).await;
    app.sign_in("alice@example.com").await;
}

#[tokio::test]
async fn who_does_nothing_for_ninety_days_is_dormant_until_they_act() {
    let (app, owner) = TestApp::new().await;
    let alice = owner.invite(&app, "alice", &[]).await;
    let token = alice.token(json!({"lifetime": 200 * 24 * 3_600_000_000_000_i64})).await;
    app.advance(SignedDuration::from_hours(90 * 24));
    app.server.run_jobs_once().await;
    let owner = app.sign_in("owner@example.com").await;
    assert_eq!(owner.get("/api/v2/users/alice").await.text("status"), "active", "not yet");
    app.advance(SignedDuration::from_secs(1));
    app.server.run_jobs_once().await;
    assert_eq!(owner.get("/api/v2/users/alice").await.text("status"), "dormant");
    // Endpoints without authentication do not activate dormant users.
    token.get("/api/v2/buildinfo").await.expect(StatusCode::OK);
    assert_eq!(owner.get("/api/v2/users/alice").await.text("status"), "dormant");
    token.get("/api/v2/users/me").await.expect(StatusCode::OK);
    let woken = owner.get("/api/v2/users/alice").await.expect(StatusCode::OK);
    assert_eq!(woken.text("status"), "active");
    assert_eq!(woken.json()["last_seen_at"], json!("2026-04-02T03:04:06Z"));
    app.server.run_jobs_once().await;
    let query = "/api/v2/audit?q=username:alice%20action:write%20resource_type:user&limit=1";
    let records = owner.get(query).await.expect(StatusCode::OK).json();
    let status = json!({"old": "dormant", "new": "active", "secret": false});
    assert_eq!(records["audit_logs"][0]["diff"]["status"], status, "{records}");
}

#[tokio::test]
async fn preferences_are_kept_and_checked() {
    let (app, owner) = TestApp::new().await;
    let alice = owner.invite(&app, "alice", &[]).await;
    let path = "/api/v2/users/me/preferences";
    assert_json_snapshot!("preferences", alice.get(path).await.expect(StatusCode::OK).json());
    let changed = alice.put(path, json!({"thinking_display_mode": "preview"})).await.expect(StatusCode::OK);
    assert_eq!(changed.json()["thinking_display_mode"], "preview");
    alice.put(path, json!({"task_notification_alert_dismissed": true})).await.expect(StatusCode::OK);
    let kept = alice.get(path).await.json();
    assert_eq!(
        (&kept["thinking_display_mode"], &kept["task_notification_alert_dismissed"]),
        (&json!("preview"), &json!(true))
    );
    alice.put(path, json!({"thinking_display_mode": "loud"})).await.expect(StatusCode::BAD_REQUEST);
    // An empty value is one that is left out.
    let kept = alice.put(path, json!({"thinking_display_mode": ""})).await.expect(StatusCode::OK);
    assert_eq!(kept.text("thinking_display_mode"), "preview");
}

#[tokio::test]
async fn themes_that_are_left_out_stay_as_they_are() {
    let (app, owner) = TestApp::new().await;
    let alice = owner.invite(&app, "alice", &[]).await;
    let path = "/api/v2/users/me/appearance";
    let set = async |mut body: Value| {
        body.as_object_mut().unwrap().insert("theme_preference".to_owned(), json!("dark"));
        alice.put(path, body).await
    };
    let sync = json!({
        "theme_mode": "sync", "theme_light": "light-tritan", "theme_dark": "dark-tritan", "terminal_font": "fira-code",
    });
    let mut expected = sync.clone();
    expected.as_object_mut().unwrap().insert("theme_preference".to_owned(), json!("dark"));
    assert_eq!(set(sync).await.expect(StatusCode::OK).json(), expected);
    for kept in [
        json!({"terminal_font": "fira-code"}),
        json!({"terminal_font": "fira-code", "theme_mode": "", "theme_light": "", "theme_dark": null}),
    ] {
        assert_eq!(set(kept).await.expect(StatusCode::OK).json(), expected);
    }
    let one = json!({"terminal_font": "geist-mono", "theme_mode": "single", "theme_dark": "dark"});
    expected["terminal_font"] = json!("geist-mono");
    expected["theme_mode"] = json!("single");
    expected["theme_dark"] = json!("dark");
    assert_eq!(set(one).await.expect(StatusCode::OK).json(), expected);

    for (body, field) in [
        (json!({}), "terminal_font"),
        (json!({"terminal_font": ""}), "terminal_font"),
        (json!({"terminal_font": "fira-code", "theme_mode": "sync", "theme_light": "light"}), "theme_dark"),
        (json!({"terminal_font": "fira-code", "theme_mode": "sync", "theme_dark": "dark"}), "theme_light"),
        (json!({"terminal_font": "fira-code", "theme_mode": "both"}), "theme_mode"),
        (json!({"terminal_font": "fira-code", "theme_light": "bright"}), "theme_light"),
    ] {
        let refused = set(body.clone()).await.expect(StatusCode::BAD_REQUEST);
        assert_eq!(refused.message(), "Validation failed.", "{body}");
        assert_eq!(refused.json()["validations"][0]["field"], field, "{body}");
    }
    let unknown = set(json!({"terminal_font": "comic"})).await.expect(StatusCode::BAD_REQUEST);
    assert_eq!(unknown.message(), "Unsupported font family.");
    assert_eq!(alice.get(path).await.json(), expected);
}

/// The gate writes it just before the answer.
#[tokio::test]
async fn the_first_request_of_a_user_says_that_they_were_seen() {
    let (app, owner) = TestApp::new().await;
    owner.make_user("alice", &[]).await;
    app.advance(SignedDuration::from_mins(5));
    let login = json!({"email": "alice@example.com", "password": PASSWORD});
    let session = app.anonymous().post("/api/v2/users/login", login).await.expect(StatusCode::CREATED);
    let first = app.bearer_of(session.text("session_token")).get("/api/v2/users/me").await.expect(StatusCode::OK);
    assert_eq!(first.text("last_seen_at"), "2026-01-02T03:09:05Z");
    assert_eq!(first.json(), owner.get("/api/v2/users/alice").await.expect(StatusCode::OK).json());
    app.advance(SignedDuration::from_hours(2));
    let later = app.bearer_of(session.text("session_token")).get("/api/v2/users/alice").await.expect(StatusCode::OK);
    assert_eq!(later.text("last_seen_at"), "2026-01-02T05:09:05Z");
    // By whichever name and as whatever the user is read, and by every key of theirs.
    let organization = owner.get("/api/v2/organizations").await.json()[0]["id"].as_str().unwrap().to_owned();
    let members = format!("/api/v2/organizations/{organization}/members");
    let session = app.bearer_of(session.text("session_token"));
    for path in [format!("{members}/me"), format!("{members}/alice"), "/api/v2/users/me".to_owned()] {
        let read = session.get(&path).await.expect(StatusCode::OK);
        assert_eq!(read.text("last_seen_at"), "2026-01-02T05:09:05Z", "{path}");
    }
}

/// Requests about one's own user are refused as forbidden, not as missing.
#[tokio::test]
async fn what_is_personal_is_refused_to_ones_own_narrow_key_and_hidden_from_others() {
    let (app, owner) = TestApp::new().await;
    let alice = owner.invite(&app, "alice", &[]).await;
    let narrow = alice.scoped(&["user:read"]).await;
    let others = owner.scoped(&["user:read"]).await;
    for what in ["roles", "appearance", "preferences"] {
        for own in ["me", "alice", alice.id.as_str()] {
            let refused = narrow.get(&format!("/api/v2/users/{own}/{what}")).await.expect(StatusCode::FORBIDDEN);
            assert!(refused.detail().contains("user:read_personal"), "{}", refused.body);
        }
        others.get(&format!("/api/v2/users/alice/{what}")).await.expect(StatusCode::NOT_FOUND);
    }
    let quiet = json!({"thinking_display_mode": "auto"});
    narrow.put("/api/v2/users/me/preferences", quiet).await.expect(StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn nothing_is_set_for_a_user_who_is_gone() {
    let (app, owner) = TestApp::new().await;
    let alice = owner.invite(&app, "alice", &[]).await;
    owner.delete("/api/v2/users/alice").await.expect(StatusCode::OK);
    let path = format!("/api/v2/users/{}", alice.id);
    for (what, body) in [
        ("preferences", json!({"thinking_display_mode": "auto"})),
        ("appearance", json!({"theme_preference": "dark", "terminal_font": "fira-code"})),
        ("roles", json!({"roles": ["auditor"]})),
        ("profile", json!({"username": "alice", "name": "Alice"})),
    ] {
        let refused = owner.put(&format!("{path}/{what}"), body).await;
        assert_eq!(refused.status, StatusCode::NOT_FOUND, "{what}: {}", refused.body);
    }
}

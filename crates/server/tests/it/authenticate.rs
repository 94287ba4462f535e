//! Authentication, and answers to requests that fail it.
use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use jiff::SignedDuration;
use serde_json::json;

use crate::support::{Answer, Identity, TestApp};

const ME: &str = "/api/v2/users/me";
const SIGNED_OUT: &str = "You are signed out or your session has expired. Please sign in again to continue.";
const METADATA: &str = "resource_metadata=\"http://keyfob.test/.well-known/oauth-protected-resource\"";

async fn ask(identity: &Identity, headers: &[(&str, &str)]) -> Answer {
    ask_for(identity, "GET", ME, headers).await
}

async fn ask_for(identity: &Identity, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
    let request = headers
        .iter()
        .fold(Request::builder().method(method).uri(path), |request, (name, value)| request.header(*name, *value));
    identity.send_request(request.body(Body::empty()).unwrap()).await
}

#[track_caller]
fn assert_refused(answer: &Answer, message: &str, detail: &str, challenge: &str) {
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{}", answer.body);
    assert_eq!(answer.message(), message);
    assert_eq!(answer.detail(), detail);
    assert_eq!(answer.header("WWW-Authenticate"), challenge);
}

fn invalid(description: &str) -> String {
    format!("Bearer realm=\"coder\", error=\"invalid_token\", error_description=\"{description}\", {METADATA}")
}

#[tokio::test]
async fn without_a_credential_no_error_code_is_named() {
    let (app, _) = TestApp::new().await;
    let answer = app.anonymous().get(ME).await;
    let detail = "Cookie \"coder_session_token\" or query parameter must be provided.";
    assert_refused(&answer, SIGNED_OUT, detail, &format!("Bearer realm=\"coder\", {METADATA}"));
    let metadata = app.anonymous().get("/.well-known/oauth-protected-resource").await.expect(StatusCode::OK).json();
    assert_eq!(metadata["resource"], "http://keyfob.test");
    assert!(metadata["scopes_supported"].as_array().unwrap().contains(&json!("workspace:read")));
}

#[tokio::test]
async fn a_malformed_credential_is_told_what_is_wrong_with_its_form() {
    let (app, _) = TestApp::new().await;
    let cases = [
        ("nonsense", "incorrect amount of API key parts, expected 2 got 1"),
        ("a-b-c", "incorrect amount of API key parts, expected 2 got 3"),
        ("short-0123456789012345678901", "invalid API key ID length, expected 10 got 5"),
        ("0123456789-short", "invalid API key secret length, expected 22 got 5"),
    ];
    for (key, problem) in cases {
        let answer = app.bearer_of(key).get(ME).await;
        let detail = format!("Invalid API key format: {problem}");
        assert_refused(&answer, SIGNED_OUT, &detail, &invalid("The access token is invalid"));
    }
}

#[tokio::test]
async fn an_unknown_id_a_wrong_secret_and_a_deleted_key_are_refused() {
    let (app, owner) = TestApp::new().await;
    let token = owner.token(json!({})).await;
    let challenge = invalid("The access token is invalid");

    let unknown = app.bearer_of("0123456789-0123456789012345678901").get(ME).await;
    assert_refused(&unknown, SIGNED_OUT, "API key is invalid.", &challenge);
    let wrong = app.bearer_of(&format!("{}-0123456789012345678901", token.key_id())).get(ME).await;
    assert_refused(&wrong, SIGNED_OUT, "API key secret is invalid.", &challenge);

    owner.delete(&format!("{ME}/keys/{}", token.key_id())).await.expect(StatusCode::NO_CONTENT);
    assert_refused(&token.get(ME).await, SIGNED_OUT, "API key is invalid.", &challenge);
}

#[tokio::test]
async fn a_key_is_refused_at_its_expiry_and_not_a_moment_before() {
    let (app, owner) = TestApp::new().await;
    let token = owner.token(json!({"lifetime": 3_600_000_000_000_i64})).await;
    app.advance(SignedDuration::from_secs(3600) - SignedDuration::from_micros(1));
    token.get(ME).await.expect(StatusCode::OK);
    app.advance(SignedDuration::from_micros(1));
    let detail = "API key expired at \"2026-01-02 04:04:05 +0000 UTC\".";
    assert_refused(&token.get(ME).await, SIGNED_OUT, detail, &invalid("The access token has expired"));
    // The time is as precise as the expiry, without trailing zeros.
    app.advance(SignedDuration::from_micros(123_450));
    let owner = app.sign_in("owner@example.com").await;
    let token = owner.token(json!({"lifetime": 3_600_000_000_000_i64})).await;
    app.advance(SignedDuration::from_secs(3600));
    let detail = "API key expired at \"2026-01-02 05:04:05.12345 +0000 UTC\".";
    assert_refused(&token.get(ME).await, SIGNED_OUT, detail, &invalid("The access token has expired"));
}

/// A revoked key stays refused when the clock goes back.
#[tokio::test]
async fn an_expired_key_stays_refused_when_the_clock_goes_back() {
    let (app, owner) = TestApp::new().await;
    let token = owner.token(json!({})).await;
    owner.put(&format!("{ME}/keys/{}/expire", token.key_id()), json!({})).await.expect(StatusCode::NO_CONTENT);
    app.advance(SignedDuration::from_hours(-1));
    assert_eq!(token.get(ME).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_suspended_owners_keys_are_refused_at_once_and_work_again_after_activation() {
    let (app, owner) = TestApp::new().await;
    let user = owner.invite(&app, "alice", &[]).await;
    owner.put("/api/v2/users/alice/status/suspend", json!({})).await.expect(StatusCode::OK);
    let message = "User is not active (status = \"suspended\"). Contact an admin to reactivate your account.";
    assert_refused(&user.get(ME).await, message, "", &invalid("The access token is invalid"));
    owner.put("/api/v2/users/alice/status/activate", json!({})).await.expect(StatusCode::OK);
    user.get(ME).await.expect(StatusCode::OK);
}

#[tokio::test]
async fn a_dormant_user_who_acts_is_active_again() {
    let (app, owner) = TestApp::new().await;
    let organization = owner.organization().await;
    let body = json!({
        "username": "alice", "email": "alice@example.com", "password": crate::support::PASSWORD,
        "organization_ids": [organization],
    });
    let made = owner.post("/api/v2/users", body).await.expect(StatusCode::CREATED);
    assert_eq!(made.text("status"), "dormant");
    app.sign_in("alice@example.com").await;
    assert_eq!(owner.get("/api/v2/users/alice").await.text("status"), "active");
}

#[tokio::test]
async fn the_key_may_come_as_header_bearer_or_cookie() {
    let (_app, owner) = TestApp::new().await;
    let bearer = format!("Bearer {}", owner.key);
    let lower = format!("bearer {}", owner.key);
    let cookie = format!("other=1; coder_session_token={}", owner.key);
    for header in [
        ("Coder-Session-Token", &owner.key),
        ("Authorization", &bearer),
        ("Authorization", &lower),
        ("Cookie", &cookie),
    ] {
        ask(&owner, &[(header.0, header.1)]).await.expect(StatusCode::OK);
    }
}

#[tokio::test]
async fn values_that_are_no_keys_are_ignored_beside_one_and_two_different_keys_are_refused() {
    let (_app, owner) = TestApp::new().await;
    let other = owner.token(json!({})).await;
    let cookie = format!("coder_session_token={}", owner.key);
    let proxy = "Bearer eyJhbGciOiJub25lIn0.e30.";
    ask(&owner, &[("Cookie", &cookie), ("Authorization", proxy)]).await.expect(StatusCode::OK);
    ask(&owner, &[("Cookie", "coder_session_token="), ("Coder-Session-Token", &owner.key)])
        .await
        .expect(StatusCode::OK);
    ask(&owner, &[("Cookie", &cookie), ("Coder-Session-Token", &owner.key)]).await.expect(StatusCode::OK);

    let both = format!("{cookie}; coder_session_token={}", other.key);
    let different = [
        vec![("Cookie", cookie.as_str()), ("Coder-Session-Token", other.key.as_str())],
        vec![("Coder-Session-Token", owner.key.as_str()), ("Coder-Session-Token", other.key.as_str())],
        vec![("Cookie", both.as_str())],
    ];
    for headers in different {
        let answer = ask(&owner, &headers).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{headers:?}");
        assert!(answer.message().starts_with("CSRF error encountered. Authentication via"), "{}", answer.body);
        assert!(answer.header("www-authenticate").contains("error=\"invalid_request\""));
        assert!(!answer.body.contains(&owner.key[11..]) && !answer.body.contains(&other.key[11..]));
    }
}

#[tokio::test]
async fn a_token_in_the_query_counts_only_where_the_server_was_told_so() {
    for (flags, status) in [(&[][..], StatusCode::UNAUTHORIZED), (&["--allow-query-tokens"][..], StatusCode::OK)] {
        let (app, owner) = TestApp::with(flags).await;
        for name in ["coder_session_token", "access_token"] {
            app.anonymous().get(&format!("{ME}?{name}={}", owner.key)).await.expect(status);
        }
    }
}

#[tokio::test]
async fn a_change_with_the_cookie_alone_needs_a_proof_of_its_origin() {
    let (_app, owner) = TestApp::new().await;
    let cookie = format!("coder_session_token={}", owner.key);
    let path = "/api/v2/users/me/keys";
    let answer = ask_for(&owner, "POST", path, &[("Cookie", &cookie)]).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(answer.message().starts_with("Something is wrong with your CSRF token."), "{}", answer.body);

    ask_for(&owner, "POST", path, &[("Cookie", &cookie), ("Coder-Session-Token", &owner.key)])
        .await
        .expect(StatusCode::CREATED);
    let cross = [("Cookie", cookie.as_str()), ("Coder-Session-Token", &owner.key), ("Sec-Fetch-Site", "cross-site")];
    ask_for(&owner, "POST", path, &cross).await.expect(StatusCode::BAD_REQUEST);
}

/// Words that are routes for some methods are usernames for the others.
#[tokio::test]
async fn words_below_users_are_usernames_for_the_methods_they_leave_free() {
    let (app, owner) = TestApp::new().await;
    for word in ["login", "logout", "authmethods", "first", "roles"] {
        let path = format!("/api/v2/users/{word}");
        assert_eq!(app.anonymous().delete(&path).await.status, StatusCode::UNAUTHORIZED, "{word}");
        assert_eq!(owner.delete(&path).await.status, StatusCode::NOT_FOUND, "{word}");
    }
    for word in ["login", "logout"] {
        assert_eq!(owner.get(&format!("/api/v2/users/{word}")).await.status, StatusCode::NOT_FOUND, "{word}");
    }
}

#[tokio::test]
async fn a_method_or_path_that_is_not_there_is_answered_in_the_contracts_shape() {
    let (_app, owner) = TestApp::new().await;
    let answer = owner.delete("/api/v2/buildinfo").await.expect(StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(answer.message(), "Method not allowed.");
    for path in ["/api/v2/nothing", "/nothing"] {
        let answer = owner.get(path).await.expect(StatusCode::NOT_FOUND);
        assert_eq!(answer.message(), "Route not found.");
    }
}

/// Clients switch features on by the version in this header.
#[tokio::test]
async fn every_answer_carries_version_and_request_id_and_is_not_kept() {
    let (app, owner) = TestApp::new().await;
    for answer in [owner.get(ME).await, app.anonymous().get(ME).await, owner.get("/api/v2/nothing").await] {
        assert_eq!(answer.header("X-Coder-Build-Version"), "v2.34.0+keyfob.0.1.0");
        assert!(uuid::Uuid::try_parse(answer.header("X-Coder-Request-Id")).is_ok());
        assert_eq!(answer.header("Cache-Control"), "no-store");
        assert_eq!(answer.header("X-Content-Type-Options"), "nosniff");
    }
}

#[tokio::test]
async fn signing_in_says_the_same_for_an_unknown_address_and_a_wrong_password() {
    let (app, _) = TestApp::new().await;
    let mut answers = Vec::new();
    for email in ["owner@example.com", "nobody@example.com"] {
        let login = json!({"email": email, "password": "Wr0ng!password"});
        answers.push(app.anonymous().post("/api/v2/users/login", login).await.expect(StatusCode::UNAUTHORIZED));
    }
    assert_eq!(answers[0].message(), "Incorrect email or password.");
    assert_eq!(answers[0].body, answers[1].body);
}

#[tokio::test]
async fn a_session_slides_while_it_is_used_and_ends_when_it_is_not() {
    let (app, owner) = TestApp::new().await;
    for _ in 0..3 {
        app.advance(SignedDuration::from_hours(20));
        owner.get(ME).await.expect(StatusCode::OK);
    }
    app.advance(SignedDuration::from_hours(24));
    assert_eq!(owner.get(ME).await.status, StatusCode::UNAUTHORIZED);

    let (app, owner) = TestApp::with(&["--disable-session-expiry-refresh"]).await;
    app.advance(SignedDuration::from_hours(20));
    owner.get(ME).await.expect(StatusCode::OK);
    app.advance(SignedDuration::from_hours(4));
    assert_eq!(owner.get(ME).await.status, StatusCode::UNAUTHORIZED);
}

/// A key may always expire and delete itself.
#[tokio::test]
async fn logging_out_ends_the_session_and_every_applications_key() {
    let (app, owner) = TestApp::new().await;
    let application = owner.scoped(&["coder:application_connect"]).await;
    let other = owner.scoped(&["workspace:read"]).await;
    owner.post("/api/v2/users/logout", json!({})).await.expect(StatusCode::OK);
    assert_eq!(owner.get(ME).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(application.get(ME).await.status, StatusCode::UNAUTHORIZED);
    other.get(ME).await.expect(StatusCode::OK);
    other.post("/api/v2/users/logout", json!({})).await.expect(StatusCode::OK);
    assert_eq!(other.get(ME).await.status, StatusCode::UNAUTHORIZED);
    drop(app);
}

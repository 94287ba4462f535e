//! Signing in with a password: on the page, and by the call.
use axum::http::StatusCode;
use serde_json::json;

use super::{Done, Outcome, accepted};
use crate::{
    browser::Browser,
    support::{Identity, PASSWORD, TestApp},
};

/// Where people sign in.
#[derive(Clone, Copy, Debug)]
enum Front {
    Page,
    Call,
}
use Front::{Call, Page};

async fn page(app: &TestApp, email: &str, password: &str) -> Outcome {
    let mut browser = Browser::new(app);
    let page = browser.open("/login").await.expect(StatusCode::OK);
    let outcome = Outcome::of_form(&browser.submit(&page, "/login", &[("email", email), ("password", password)]).await);
    assert_eq!(browser.session().is_some(), outcome == Done, "{email} {password}");
    outcome
}

async fn call(app: &TestApp, email: &str, password: &str) -> Outcome {
    let login = json!({"email": email, "password": password});
    let answer = app.anonymous().post("/api/v2/users/login", login).await;
    let cookie = answer.header("Set-Cookie");
    assert_eq!(cookie.starts_with("coder_session_token="), answer.status.is_success(), "{email} {password}");
    Outcome::of_call(&answer)
}

/// Makes users who must not be signed in.
async fn people(owner: &Identity) {
    for name in ["suspended", "deleted"] {
        owner.make_user(name, &[]).await;
    }
    owner.put("/api/v2/users/suspended/status/suspend", json!({})).await.expect(StatusCode::OK);
    owner.delete("/api/v2/users/deleted").await.expect(StatusCode::OK);
    let body = json!({
        "username": "none", "email": "none@example.com", "login_type": "none", "user_status": "active",
        "organization_ids": [owner.organization().await],
    });
    owner.post("/api/v2/users", body).await.expect(StatusCode::CREATED);
}

#[tokio::test]
async fn people_are_refused_on_the_page_and_by_the_call_for_the_same_reasons() {
    let (app, owner) = TestApp::new().await;
    people(&owner).await;
    let rows = [
        ("a wrong password", "owner@example.com", "wrong"),
        ("no password", "owner@example.com", ""),
        ("an unknown address", "nobody@example.com", PASSWORD),
        ("no address", "", PASSWORD),
        ("an unknown username", "nobody", PASSWORD),
        ("a suspended user", "suspended@example.com", PASSWORD),
        ("a deleted user", "deleted@example.com", PASSWORD),
        ("a user without a password", "none@example.com", PASSWORD),
        ("a user without a password, who gives none", "none@example.com", ""),
    ];
    let mut wrong = Vec::new();
    for (why, email, password) in rows {
        let outcomes = [(Page, page(&app, email, password).await), (Call, call(&app, email, password).await)];
        wrong.extend(accepted(why, &outcomes));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for email in ["owner@example.com", "OWNER@example.com"] {
        assert_eq!((page(&app, email, PASSWORD).await, call(&app, email, PASSWORD).await), (Done, Done), "{email}");
    }
}

/// Without passwords owners alone sign in with one, on both fronts.
#[tokio::test]
async fn without_passwords_owners_alone_sign_in_with_one() {
    let (app, _owner) = TestApp::for_owners_alone(&[("alice", &[])]).await;
    let alice = "alice@example.com";
    let outcomes = [(Page, page(&app, alice, PASSWORD).await), (Call, call(&app, alice, PASSWORD).await)];
    let wrong = accepted("not an owner", &outcomes);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let owner = "owner@example.com";
    assert_eq!((page(&app, owner, PASSWORD).await, call(&app, owner, PASSWORD).await), (Done, Done));
}

/// One count bounds guessing on both fronts.
#[tokio::test]
async fn wrong_passwords_are_counted_on_both_fronts_together() {
    let (app, owner) = TestApp::new().await;
    owner.make_user("alice", &[]).await;
    let alice = "alice@example.com";
    for _ in 0..50 {
        page(&app, alice, "wrong").await;
        call(&app, alice, "wrong").await;
    }
    let outcomes = [(Page, page(&app, alice, PASSWORD).await), (Call, call(&app, alice, PASSWORD).await)];
    let wrong = accepted("a hundred wrong passwords", &outcomes);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

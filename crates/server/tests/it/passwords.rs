//! Setting passwords, and guessing them.
use axum::http::StatusCode;
use jiff::SignedDuration;
use keyfob_testkit::store::{PasswordHash, UserId};
use serde_json::{Value, json};

use crate::support::{Answer, Identity, PASSWORD, TestApp};

const OTHER: &str = "An0ther!Secret-pw";

async fn sign_in(app: &TestApp, email: &str, password: &str) -> Answer {
    app.anonymous().post("/api/v2/users/login", json!({"email": email, "password": password})).await
}

async fn set(by: &Identity, user: &str, body: Value) -> Answer {
    by.put(&format!("/api/v2/users/{user}/password"), body).await
}

#[tokio::test]
async fn a_password_is_set_by_those_who_may_assign_all_that_its_user_holds() {
    let (app, owner) = TestApp::new().await;
    let admin = owner.invite(&app, "admin", &["user-admin"]).await;
    owner.invite(&app, "alice", &[]).await;
    owner.invite(&app, "eve", &["auditor"]).await;
    owner.invite(&app, "second", &["owner"]).await;
    let body = json!({"password": OTHER});
    set(&admin, "alice", body.clone()).await.expect(StatusCode::NO_CONTENT);
    sign_in(&app, "alice@example.com", OTHER).await.expect(StatusCode::CREATED);
    let refused = set(&admin, "eve", body.clone()).await.expect(StatusCode::FORBIDDEN);
    assert_eq!(refused.message(), "Forbidden.");
    assert!(refused.detail().contains("ask an owner"), "{}", refused.body);
    let refused = set(&admin, "second", body.clone()).await.expect(StatusCode::BAD_REQUEST);
    assert_eq!(refused.message(), "Only owners can change the password of an owner.");
    set(&owner, "eve", body.clone()).await.expect(StatusCode::NO_CONTENT);
    set(&owner, "second", body.clone()).await.expect(StatusCode::NO_CONTENT);
    // With a password that it has set, the bearer of a narrow key could sign in.
    let narrow = owner.restricted(&["coder:all"], &["user:*"]).await;
    let refused = set(&narrow, "alice", json!({"password": PASSWORD})).await.expect(StatusCode::FORBIDDEN);
    assert!(refused.detail().contains("coder:all"), "{}", refused.body);
    sign_in(&app, "alice@example.com", OTHER).await.expect(StatusCode::CREATED);
}

#[tokio::test]
async fn a_narrow_key_is_told_what_it_lacks_for_its_own_users_password() {
    let (_app, owner) = TestApp::new().await;
    let narrow = owner.scoped(&["user:read"]).await;
    let body = json!({"old_password": PASSWORD, "password": OTHER});
    let refused = set(&narrow, "me", body).await.expect(StatusCode::FORBIDDEN);
    assert!(refused.detail().contains("user:update_personal"), "{}", refused.body);
}

#[tokio::test]
async fn a_hundred_wrong_passwords_in_a_row_pause_the_account_and_nothing_else() {
    let (app, owner) = TestApp::new().await;
    let alice = owner.invite(&app, "alice", &[]).await;
    // Existing and unknown accounts behave the same.
    for email in ["alice@example.com", "nobody@example.com"] {
        for _ in 0..100 {
            sign_in(&app, email, "wrong").await.expect(StatusCode::UNAUTHORIZED);
        }
        let paused = sign_in(&app, email, PASSWORD).await.expect(StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(paused.header("Retry-After"), "3600", "{email}");
    }
    let body = json!({"old_password": PASSWORD, "password": OTHER});
    set(&alice, "me", body).await.expect(StatusCode::TOO_MANY_REQUESTS);
    alice.get("/api/v2/users/me").await.expect(StatusCode::OK);
    sign_in(&app, "owner@example.com", PASSWORD).await.expect(StatusCode::CREATED);

    app.advance(SignedDuration::from_secs(3599));
    let paused = sign_in(&app, "alice@example.com", PASSWORD).await.expect(StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(paused.header("Retry-After"), "1", "an attempt in the pause does not make it longer");
    app.advance(SignedDuration::from_secs(1));
    sign_in(&app, "alice@example.com", "wrong").await.expect(StatusCode::UNAUTHORIZED);
    sign_in(&app, "alice@example.com", PASSWORD).await.expect(StatusCode::TOO_MANY_REQUESTS);
    // A new password ends the pause.
    set(&owner, "alice", json!({"password": OTHER})).await.expect(StatusCode::NO_CONTENT);
    sign_in(&app, "alice@example.com", OTHER).await.expect(StatusCode::CREATED);
}

#[tokio::test]
async fn the_right_password_forgets_the_wrong_ones() {
    let (app, _owner) = TestApp::new().await;
    for _ in 0..2 {
        for _ in 0..99 {
            sign_in(&app, "owner@example.com", "wrong").await.expect(StatusCode::UNAUTHORIZED);
        }
        sign_in(&app, "owner@example.com", PASSWORD).await.expect(StatusCode::CREATED);
    }
}

/// A hash of the tests' password, made by another implementation (Python's `hashlib`).
#[tokio::test]
async fn a_password_that_another_server_kept_is_right_and_kept_anew() {
    let (app, owner) = TestApp::new().await;
    let id = UserId(owner.id.parse().unwrap());
    let store = app.data.store().await;
    let kept = async || store.read().find_password(id).await.unwrap().unwrap().0;
    let old = PasswordHash(OLD.to_owned());
    let mut tx = store.begin().await.unwrap();
    tx.update_password(id, &old, app.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
    sign_in(&app, "owner@example.com", OTHER).await.expect(StatusCode::UNAUTHORIZED);
    assert_eq!(kept().await, OLD, "a wrong password changes nothing");
    sign_in(&app, "owner@example.com", PASSWORD).await.expect(StatusCode::CREATED);
    assert!(kept().await.starts_with("$argon2id$"));
    sign_in(&app, "owner@example.com", PASSWORD).await.expect(StatusCode::CREATED);
}

const OLD: &str = "$pbkdf2-sha256$65535$AAECAwQFBgcICQoLDA0ODw$b4mzFm5eum/b9Kehw437GsC48XfajkEcd+RAq6IfVznZ+7bmuz3KMIKL25vl4GeYyD4ZDApGIQ7h7Z+kVifHEA";

/// The same for a user who changes the password before signing in again.
#[tokio::test]
async fn a_password_that_another_server_kept_can_be_changed() {
    let (app, owner) = TestApp::new().await;
    let store = app.data.store().await;
    let mut tx = store.begin().await.unwrap();
    let id = UserId(owner.id.parse().unwrap());
    tx.update_password(id, &PasswordHash(OLD.to_owned()), app.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
    let body = json!({"old_password": PASSWORD, "password": OTHER});
    set(&owner, "me", body).await.expect(StatusCode::NO_CONTENT);
    sign_in(&app, "owner@example.com", OTHER).await.expect(StatusCode::CREATED);
}

/// Only owners can sign in with a password, so that they are not locked out.
#[tokio::test]
async fn without_password_sign_in_no_users_with_passwords_are_made() {
    let (app, owner) = TestApp::with(&["--disable-password-auth"]).await;
    let organization = owner.organization().await;
    let make = async |rest: Value| {
        let mut body = json!({"username": "alice", "email": "alice@example.com", "organization_ids": [organization]});
        body.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        owner.post("/api/v2/users", body).await
    };
    for rest in [
        json!({"password": PASSWORD}),
        json!({"password": PASSWORD, "login_type": "password", "roles": ["owner"]}),
        json!({"login_type": "password"}),
        json!({"password": PASSWORD, "organization_ids": []}),
    ] {
        let refused = make(rest.clone()).await.expect(StatusCode::FORBIDDEN);
        let message = "Password based authentication is disabled! Unable to provision new users with password \
                       authentication.";
        assert_eq!(refused.message(), message, "{rest}");
    }
    owner.get("/api/v2/users/alice").await.expect(StatusCode::NOT_FOUND);
    let unused = make(json!({"password": PASSWORD, "login_type": "none"})).await.expect(StatusCode::BAD_REQUEST);
    assert!(unused.message().starts_with("Password cannot be set for non-password"));
    make(json!({"login_type": "none"})).await.expect(StatusCode::CREATED);
    let account = json!({"username": "robot", "email": "", "service_account": true});
    make(account).await.expect(StatusCode::CREATED);
    drop(app);
}

#[tokio::test]
async fn without_password_sign_in_owners_still_get_in() {
    let (app, _owner) = TestApp::for_owners_alone(&[("alice", &[])]).await;
    let refused = sign_in(&app, "alice@example.com", PASSWORD).await.expect(StatusCode::FORBIDDEN);
    assert_eq!(refused.message(), "Password authentication is disabled.");
    sign_in(&app, "owner@example.com", PASSWORD).await.expect(StatusCode::CREATED);
    let methods = app.anonymous().get("/api/v2/users/authmethods").await.json();
    assert_eq!(methods["password"]["enabled"], json!(false));
}

#[tokio::test]
async fn a_common_password_is_refused() {
    let app = TestApp::empty(&[]).await;
    let said = async |password: &str| {
        let answer = app.anonymous().post("/api/v2/users/validate-password", json!({"password": password})).await;
        answer.expect(StatusCode::OK).json()["details"].as_str().unwrap().to_owned()
    };
    assert_eq!(said("counterstrike").await, "insecure password, this one is among the most common");
    assert_eq!(said(PASSWORD).await, "");
}

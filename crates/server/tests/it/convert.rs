//! Converting a user's login type from a password to a provider.
use axum::http::{Method, StatusCode};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use keyfob_testkit::{OIDC_CLIENT, OidcProvider};
use serde_json::{Value, json};

use crate::{
    browser::Browser,
    support::{Answer, Identity, NOW, PASSWORD, TestApp},
};

const CALLBACK: &str = "/api/v2/users/oidc/callback";
const JWT: &str = "coder_oauth_convert_jwt";

/// The flags of a server that uses this provider.
fn flags(provider: &OidcProvider) -> [String; 3] {
    [
        format!("--oidc-issuer-url={}", provider.issuer),
        "--oidc-client-id=keyfob".to_owned(),
        format!("--oidc-client-secret={}", OIDC_CLIENT.1),
    ]
}

/// Starts a server with a provider, at which alice has an account with her address.
async fn start_server() -> (TestApp, Identity, Identity, OidcProvider) {
    let provider = OidcProvider::start(NOW.parse::<Timestamp>().unwrap().as_second());
    provider.sign_in_as(&json!({"sub": "alice-1", "email": "alice@example.com", "email_verified": true}));
    let (app, owner) = TestApp::with(&flags(&provider).each_ref().map(String::as_str)).await;
    let alice = owner.invite(&app, "alice", &[]).await;
    (app, owner, alice, provider)
}

async fn begin(app: &TestApp, who: &Identity) -> (Browser, String) {
    let request = json!({"to_type": "oidc", "password": PASSWORD});
    let begun = who.post("/api/v2/users/me/convert-login", request).await.expect(StatusCode::CREATED);
    let mut browser = Browser::signed_in(app, who);
    let cookie = begun.header("set-cookie");
    assert!(cookie.starts_with(JWT) && cookie.contains("; HttpOnly") && cookie.contains("Expires="), "{cookie}");
    let jwt = cookie.split_once('=').unwrap().1.split(';').next().unwrap();
    browser.cookies.insert(JWT.to_owned(), jwt.to_owned());
    (browser, begun.text("state_string").to_owned())
}

async fn complete(browser: &mut Browser, state: &str, provider: &OidcProvider) -> Answer {
    let away = browser.open(&format!("{CALLBACK}?oidc_merge_state={state}")).await;
    let away = away.expect(StatusCode::TEMPORARY_REDIRECT);
    browser.open(&provider.agree(away.header("location"))).await
}

#[tokio::test]
async fn a_password_is_given_up_for_a_provider() {
    let (app, owner, alice, provider) = start_server().await;
    let (other, token) = (app.sign_in("alice@example.com").await, alice.scoped(&["user:read"]).await);
    let (mut browser, state) = begin(&app, &alice).await;
    complete(&mut browser, &state, &provider).await.expect(StatusCode::TEMPORARY_REDIRECT);
    // All keys but the one in use are deleted, and a new session begins.
    let fresh = app.bearer_of(browser.session().unwrap());
    assert_ne!(fresh.key, alice.key);
    assert_eq!(browser.cookies.get(JWT), None);
    assert_eq!(fresh.get("/api/v2/users/me/login-type").await.expect(StatusCode::OK).text("login_type"), "oidc");
    alice.get("/api/v2/users/me").await.expect(StatusCode::OK);
    other.get("/api/v2/users/me").await.expect(StatusCode::UNAUTHORIZED);
    token.get("/api/v2/users/me").await.expect(StatusCode::UNAUTHORIZED);
    let login = json!({"email": "alice@example.com", "password": PASSWORD});
    app.anonymous().post("/api/v2/users/login", login).await.expect(StatusCode::UNAUTHORIZED);
    let mut again = Browser::new(&app);
    let away = again.open(CALLBACK).await.expect(StatusCode::TEMPORARY_REDIRECT);
    again.open(&provider.agree(away.header("location"))).await.expect(StatusCode::TEMPORARY_REDIRECT);
    let records = owner.get("/api/v2/audit?q=resource_type:convert_login").await.expect(StatusCode::OK).json();
    assert_eq!(records["audit_logs"][0]["description"], "{user} created login type conversion to {target}");
    let records = owner.get("/api/v2/audit?q=resource_type:user%20action:write").await.expect(StatusCode::OK).json();
    assert_eq!(
        records["audit_logs"][0]["diff"]["login_type"],
        json!({"old": "password", "new": "oidc", "secret": false})
    );
}

/// Every refusal of the callback, by its message. None of them converts the user.
#[tokio::test]
async fn without_the_conversion_token_no_user_is_converted() {
    let (app, owner, alice, provider) = start_server().await;
    let (browser, state) = begin(&app, &alice).await;
    let with = |jwt: Option<String>| {
        let mut browser = Browser { cookies: browser.cookies.clone(), ..Browser::new(&app) };
        match jwt {
            Some(jwt) => browser.cookies.insert(JWT.to_owned(), jwt),
            None => browser.cookies.remove(JWT),
        };
        browser
    };
    let jwt = browser.cookies[JWT].clone();
    let missing = complete(&mut with(None), &state, &provider).await.expect(StatusCode::BAD_REQUEST);
    assert!(missing.message().starts_with("Convert to oauth cookie not found."), "{}", missing.body);
    let invalid =
        "Using an invalid jwt to authorize this action. Ensure there is only 1 coder deployment and try again.";
    let (head, rest) = jwt.split_once('.').unwrap();
    let (body, _) = rest.split_once('.').unwrap();
    for forged in [format!("{head}.{body}.AAAA"), format!("{head}.{body}."), "nonsense".to_owned()] {
        let answer = complete(&mut with(Some(forged)), &state, &provider).await.expect(StatusCode::BAD_REQUEST);
        assert_eq!(answer.message(), invalid);
    }
    let other = format!("convert-{}", "x".repeat(32));
    let answer = complete(&mut with(Some(jwt.clone())), &other, &provider).await.expect(StatusCode::FORBIDDEN);
    assert_eq!(answer.message(), "Request to convert login type failed. State mismatch.");
    // Another user's account.
    provider.sign_in_as(&json!({"sub": "evil", "email": "nobody@example.com", "email_verified": true}));
    let answer = complete(&mut with(Some(jwt.clone())), &state, &provider).await.expect(StatusCode::BAD_REQUEST);
    assert!(answer.message().contains("The oidc account with the email \"nobody@example.com\" does not match"));
    provider.sign_in_as(&json!({"sub": "owner-1", "email": "owner@example.com", "email_verified": true}));
    let answer = complete(&mut with(Some(jwt.clone())), &state, &provider).await.expect(StatusCode::FORBIDDEN);
    assert_eq!(answer.message(), "Request to convert login type from password to oidc failed");
    provider.sign_in_as(&json!({"sub": "alice-1", "email": "alice@example.com", "email_verified": true}));
    app.advance(SignedDuration::from_mins(5));
    provider.set_now(app.clock.now().as_second());
    let answer = complete(&mut with(Some(jwt)), &state, &provider).await.expect(StatusCode::INTERNAL_SERVER_ERROR);
    assert!(answer.message().starts_with("Error parsing jwt: "), "{}", answer.body);
    for who in [&alice, &owner] {
        let login_type = who.get("/api/v2/users/me/login-type").await.expect(StatusCode::OK);
        assert_eq!(login_type.text("login_type"), "password");
    }
}

/// The claims of the conversion's JWT, and the attributes of its cookie.
#[tokio::test]
async fn the_promise_is_signed_for_this_user_this_state_and_five_minutes() {
    let (app, _owner, alice, _provider) = start_server().await;
    let request = json!({"to_type": "oidc", "password": PASSWORD});
    let begun = alice.post("/api/v2/users/me/convert-login", request).await.expect(StatusCode::CREATED);
    assert_eq!((begun.text("to_type"), begun.text("user_id")), ("oidc", alice.id.as_str()));
    assert_eq!(begun.text("expires_at"), "2026-01-02T03:09:05Z");
    let state = begun.text("state_string");
    assert!(state.starts_with("convert-") && state.len() == "convert-".len() + 32, "{state}");
    let cookie = begun.header("set-cookie");
    for attribute in ["Path=/", "HttpOnly", "SameSite=Lax", "Expires=Fri, 02 Jan 2026 03:09:05 GMT"] {
        assert!(cookie.split("; ").any(|part| part == attribute), "{attribute}: {cookie}");
    }
    let mut parts = cookie.split_once('=').unwrap().1.split(';').next().unwrap().split('.');
    let mut part =
        || -> Value { serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts.next().unwrap()).unwrap()).unwrap() };
    let (head, claims) = (part(), part());
    assert_eq!(head["alg"], "HS512");
    assert!(!head["kid"].as_str().unwrap().is_empty());
    let deployment = app.anonymous().get("/api/v2/buildinfo").await.expect(StatusCode::OK);
    let now = app.clock.now().as_second();
    assert_eq!(claims["iss"], deployment.text("deployment_id"));
    assert_eq!((&claims["sub"], &claims["state"]), (&json!(state), &json!(state)));
    assert_eq!((&claims["aud"], &claims["user_id"]), (&json!([alice.id]), &json!(alice.id)));
    assert_eq!((&claims["nbf"], &claims["iat"], &claims["exp"]), (&json!(now - 1), &json!(now), &json!(now + 300)));
    assert!(!claims["jti"].as_str().unwrap().is_empty());
    assert_eq!((&claims["from_login_type"], &claims["to_login_type"]), (&json!("password"), &json!("oidc")));
}

/// Two deployments have the same key, because one was made from a copy of the other's folder.
#[tokio::test]
async fn a_conversion_token_of_another_deployment_converts_no_user() {
    let (app, owner, alice, provider) = start_server().await;
    let (browser, state) = begin(&app, &alice).await;
    let (cookies, key) = (browser.cookies.clone(), owner.key.clone());
    drop((browser, owner, alice));
    let store = app.data.store().await;
    let mut tx = store.begin().await.unwrap();
    tx.set_setting("deployment_id", "0b5a8f4e-5a32-4f0e-9a52-3f1f0d9f6f11").await.unwrap();
    tx.commit().await.unwrap();
    store.close().await;
    let app = app.restarted(&flags(&provider).each_ref().map(String::as_str)).await;
    let mut browser = Browser { cookies, ..Browser::new(&app) };
    let answer = complete(&mut browser, &state, &provider).await.expect(StatusCode::FORBIDDEN);
    assert_eq!(
        answer.message(),
        "Request to convert login type failed. Issuer mismatch. Found a cookie from another coder deployment, please \
         try again."
    );
    let alice = app.bearer_of(&key).get("/api/v2/users/alice").await.expect(StatusCode::OK);
    assert_eq!(alice.text("login_type"), "password");
}

/// Users who cannot sign in with their password cannot convert with it, and get the same answer.
#[tokio::test]
async fn what_refuses_a_sign_in_refuses_a_conversion() {
    let (app, owner, alice, provider) = start_server().await;
    let path = format!("/api/v2/users/{}/convert-login", alice.id);
    let request = json!({"to_type": "oidc", "password": PASSWORD});
    owner.put("/api/v2/users/alice/status/suspend", json!({})).await.expect(StatusCode::OK);
    let answer = owner.post(&path, request.clone()).await.expect(StatusCode::UNAUTHORIZED);
    assert_eq!(answer.message(), "Your account is suspended. Contact an admin to reactivate your account.");
    let wrong = owner.post(&path, json!({"to_type": "oidc", "password": "Wr0ng!Secret-pw"})).await;
    assert_eq!(wrong.expect(StatusCode::UNAUTHORIZED).message(), "Incorrect email or password.");
    owner.put("/api/v2/users/alice/status/activate", json!({})).await.expect(StatusCode::OK);
    for (to, message) in [
        ("password", "Cannot convert to login type \"password\"."),
        ("none", "Cannot convert to login type \"none\"."),
        ("token", "Cannot convert to login type \"token\"."),
        ("x", "Unknown login type \"x\"."),
    ] {
        let request = json!({"to_type": to, "password": PASSWORD});
        assert_eq!(owner.post(&path, request).await.expect(StatusCode::BAD_REQUEST).message(), message);
    }
    let key = owner.key.clone();
    drop((owner, alice));
    let [issuer, id, secret] = flags(&provider);
    let app = app.restarted(&[&issuer, &id, &secret, "--disable-password-auth"]).await;
    let answer = app.bearer_of(&key).post(&path, request).await.expect(StatusCode::FORBIDDEN);
    assert_eq!(answer.message(), "Password authentication is disabled.");
}

/// A new password voids a conversion that an attacker began with the old one.
#[tokio::test]
async fn another_password_voids_the_promise() {
    let (app, owner, alice, provider) = start_server().await;
    let (mut browser, state) = begin(&app, &alice).await;
    let change = json!({"password": "An0ther!Secret-pw"});
    owner.put("/api/v2/users/alice/password", change).await.expect(StatusCode::NO_CONTENT);
    let answer = complete(&mut browser, &state, &provider).await.expect(StatusCode::FORBIDDEN);
    assert_eq!(answer.message(), "Request to convert login type from password to oidc failed");
    let alice = owner.get("/api/v2/users/alice").await.expect(StatusCode::OK);
    assert_eq!(alice.text("login_type"), "password");
    // It is refused after the JWT was read.
    app.server.run_jobs_once().await;
    let query = "/api/v2/audit?q=username:alice%20action:write%20resource_type:user&limit=1";
    let records = owner.get(query).await.expect(StatusCode::OK).json();
    assert_eq!(records["audit_logs"][0]["status_code"], 403, "{records}");
}

/// The conversion of a user begins with their own key or a full one, and with their password.
#[tokio::test]
async fn converting_another_user_takes_a_full_key_and_the_password() {
    let (_app, owner, alice, _provider) = start_server().await;
    let request = json!({"to_type": "oidc", "password": PASSWORD});
    let narrow = owner.scoped(&["user:*"]).await;
    let path = format!("/api/v2/users/{}/convert-login", alice.id);
    narrow.post(&path, request.clone()).await.expect(StatusCode::FORBIDDEN);
    owner.post(&path, request).await.expect(StatusCode::CREATED);
    let wrong = json!({"to_type": "oidc", "password": "Wr0ng!Secret-pw"});
    owner.post(&path, wrong).await.expect(StatusCode::UNAUTHORIZED);
    alice.send(Method::POST, &path, Some(Value::Null)).await.expect(StatusCode::BAD_REQUEST);
}

/// It changes how somebody signs in, so that those who hold more than the caller may assign are out of reach.
#[tokio::test]
async fn converting_another_user_takes_the_right_to_assign_all_that_they_hold() {
    let (app, owner, alice, _provider) = start_server().await;
    let admin = owner.invite(&app, "admin", &["user-admin"]).await;
    owner.invite(&app, "eve", &["auditor"]).await;
    let request = json!({"to_type": "oidc", "password": PASSWORD});
    for stronger in ["eve", "owner"] {
        let refused = admin.post(&format!("/api/v2/users/{stronger}/convert-login"), request.clone()).await;
        let refused = refused.expect(StatusCode::FORBIDDEN);
        assert_eq!(refused.message(), "Forbidden.");
        assert!(refused.detail().contains("ask an owner"), "{}", refused.body);
    }
    let path = format!("/api/v2/users/{}/convert-login", alice.id);
    admin.post(&path, request).await.expect(StatusCode::CREATED);
}

//! A session that began at a provider ends with the provider's session.
use axum::http::StatusCode;
use jiff::SignedDuration;
use keyfob_server::Clock;
use keyfob_testkit::store::{ApiKey, KeyId, KeyLoginType};
use keyfob_testkit::{Github, OidcProvider};
use serde_json::Value;

use crate::{
    browser::Browser,
    github::{self, OPEN},
    github_settings, oidc,
    support::{Answer, Identity, TestApp},
};

const ME: &str = "/api/v2/users/me";
const SIGNED_OUT: &str = "You are signed out or your session has expired. Please sign in again to continue.";
const EXPIRED: &str = "The access token has expired";
const INVALID: &str = "The access token is invalid";

/// The lifetime of the providers' tokens.
const LIFE: SignedDuration = SignedDuration::from_mins(10);

/// Asserts a 401 with this message and detail, and with this description in its challenge.
#[track_caller]
fn expect_refusal(answer: Answer, message: &str, detail: &str, description: &str) {
    let answer = answer.expect(StatusCode::UNAUTHORIZED);
    assert_eq!((answer.message().as_str(), answer.detail().as_str()), (message, detail));
    let challenge = format!(
        "Bearer realm=\"coder\", error=\"invalid_token\", error_description=\"{description}\", \
         resource_metadata=\"http://keyfob.test/.well-known/oauth-protected-resource\""
    );
    assert_eq!(answer.header("www-authenticate"), challenge);
}

/// Lets the provider's tokens expire.
fn outlive(clock: &Clock, provider: &OidcProvider) {
    clock.advance(LIFE);
    provider.set_now(clock.now().as_second());
}

/// A provider whose tokens expire.
fn provider() -> OidcProvider {
    let provider = oidc::provider();
    provider.expire_in(Some(LIFE.as_secs()));
    provider
}

/// The same at GitHub.
fn github() -> Github {
    let github = Github::start();
    github.expire_in(LIFE.as_secs().unsigned_abs());
    github
}

/// Gives a user without an account at a provider a session as if they had one.
async fn unlinked(app: &TestApp, owner: &Identity, login_type: KeyLoginType, id: &str) -> Identity {
    let store = app.data.store().await;
    let key = store.read().find_key(&KeyId::parse(owner.key_id()).unwrap()).await.unwrap().unwrap();
    let mut tx = store.begin().await.unwrap();
    tx.insert_key(&ApiKey { id: KeyId::parse(id).unwrap(), login_type, ..key }).await.unwrap();
    tx.commit().await.unwrap();
    store.close().await;
    app.bearer_of(&owner.key.replace(owner.key_id(), id))
}

#[tokio::test]
async fn without_an_account_at_the_provider_there_is_no_session() {
    let (app, owner) = TestApp::new().await;
    for (login_type, id) in [(KeyLoginType::Oidc, "oidcoidc01"), (KeyLoginType::Github, "githubgh01")] {
        let session = unlinked(&app, &owner, login_type, id).await;
        let detail = "You must re-authenticate with the login provider.";
        expect_refusal(session.get(ME).await, SIGNED_OUT, detail, INVALID);
    }
    owner.get(ME).await.expect(StatusCode::OK);
}

/// There is no refresh token.
#[tokio::test]
async fn a_session_that_nothing_renews_ends_with_the_providers() {
    let (provider, github) = (provider(), github());
    provider.withhold_refresh();
    github.withhold_refresh();
    let (app, _owner) = oidc::start_server(&provider, &[]).await;
    let amy = oidc::signed_in(&app, &provider).await;
    app.advance(LIFE - SignedDuration::from_micros(1));
    amy.get(ME).await.expect(StatusCode::OK);
    app.advance(SignedDuration::from_micros(1));
    let detail = "OpenID Connect session expired at \"2026-01-02 03:14:05 +0000 UTC\". Try signing in again.";
    expect_refusal(amy.get(ME).await, SIGNED_OUT, detail, EXPIRED);

    let (app, _owner) = github::start_server(&github, &OPEN).await;
    app.advance(SignedDuration::from_micros(123_456));
    let amy = github_settings::signed_in(&app, &github).await;
    app.advance(LIFE);
    let detail = "GitHub session expired at \"2026-01-02 03:14:05.123456 +0000 UTC\". Try signing in again.";
    expect_refusal(amy.get(ME).await, SIGNED_OUT, detail, EXPIRED);
}

/// The provider refuses the refresh token.
#[tokio::test]
async fn a_renewal_that_is_refused_is_passed_on() {
    let (provider, github) = (provider(), github());
    let (app, _owner) = oidc::start_server(&provider, &[]).await;
    let amy = oidc::signed_in(&app, &provider).await;
    provider.refuse_refresh(true);
    outlive(&app.clock, &provider);
    let message =
        |name: &str| format!("Could not refresh expired {name} token. Try re-authenticating to resolve this issue.");
    expect_refusal(amy.get(ME).await, &message("OpenID Connect"), "invalid_grant: no", EXPIRED);

    let (app, _owner) = github::start_server(&github, &OPEN).await;
    let amy = github_settings::signed_in(&app, &github).await;
    github.refuse_refresh(true);
    app.advance(LIFE);
    expect_refusal(amy.get(ME).await, &message("GitHub"), "bad_refresh_token: no", EXPIRED);
}

/// A client that does not give up asks us, and not the provider. Who signs in again is not refused for what was before.
#[tokio::test]
async fn a_renewal_that_was_refused_is_not_tried_again_for_a_minute() {
    let provider = provider();
    let (app, _owner) = oidc::start_server(&provider, &[]).await;
    let amy = oidc::signed_in(&app, &provider).await;
    provider.refuse_refresh(true);
    outlive(&app.clock, &provider);
    for _ in 0..5 {
        amy.get(ME).await.expect(StatusCode::UNAUTHORIZED);
    }
    assert_eq!(provider.refresh_requests(), 1);
    let again = oidc::signed_in(&app, &provider).await;
    for session in [&again, &amy] {
        session.get(ME).await.expect(StatusCode::OK);
    }
    outlive(&app.clock, &provider);
    amy.get(ME).await.expect(StatusCode::UNAUTHORIZED);
    assert_eq!(provider.refresh_requests(), 2);
    provider.refuse_refresh(false);
    app.advance(SignedDuration::from_secs(59));
    amy.get(ME).await.expect(StatusCode::UNAUTHORIZED);
    app.advance(SignedDuration::from_secs(1));
    amy.get(ME).await.expect(StatusCode::OK);
    assert_eq!(provider.refresh_requests(), 3);
}

/// The provider cannot be reached. Users are told so in fixed words; the log says more.
#[tokio::test]
async fn a_provider_that_is_away_renews_nothing() {
    let provider = provider();
    let (app, owner) = oidc::start_server(&provider, &[]).await;
    let amy = oidc::signed_in(&app, &provider).await;
    let key = amy.key.clone();
    drop((owner, amy));
    let away = ["--oidc-issuer-url=http://127.0.0.1:1", "--oidc-client-id=x", "--oidc-client-secret=y"];
    let app = app.restarted(&away).await;
    outlive(&app.clock, &provider);
    let message = "Could not refresh expired OpenID Connect token. Try re-authenticating to resolve this issue.";
    expect_refusal(app.bearer_of(&key).get(ME).await, message, "the connection was refused", EXPIRED);
}

/// The settings of the provider were removed by mistake. The session works until it must be renewed, and works again
/// when the settings are back.
#[tokio::test]
async fn a_provider_that_is_set_up_no_more_is_the_servers_fault() {
    let (provider, github) = (provider(), github());
    let (app, owner) = oidc::start_server(&provider, &[]).await;
    let oidc = oidc::signed_in(&app, &provider).await;
    check_without_provider(app, (owner, oidc), "oidc").await;

    let (app, owner) = github::start_server(&github, &OPEN).await;
    let amy = github_settings::signed_in(&app, &github).await;
    check_without_provider(app, (owner, amy), "github").await;
}

async fn check_without_provider(app: TestApp, (owner, amy): (Identity, Identity), login_type: &str) {
    let (owner_key, key) = (owner.key.clone(), amy.key.clone());
    drop((owner, amy));
    let app = app.restarted(&[]).await;
    app.bearer_of(&key).get(ME).await.expect(StatusCode::OK);
    app.advance(LIFE);
    let answer = app.bearer_of(&key).get(ME).await.expect(StatusCode::INTERNAL_SERVER_ERROR);
    let message = "An internal error occurred. Please try again or contact the system administrator.";
    assert_eq!(answer.message(), message);
    let begin = format!("Unable to refresh OAuth token for login type \"{login_type}\".");
    assert!(answer.detail().starts_with(&begin), "{}", answer.body);
    assert_eq!(answer.header("www-authenticate"), "", "of a 401 and a 403 alone");
    app.bearer_of(&owner_key).get(ME).await.expect(StatusCode::OK);
}

/// Several reasons apply; each one added here is checked before the others.
#[tokio::test]
async fn the_first_reason_is_the_one_that_is_told() {
    let provider = provider();
    let (app, owner) = oidc::start_server(&provider, &[]).await;
    let amy = oidc::signed_in(&app, &provider).await;
    let path = format!("/api/v2/users/{}/status/suspend", amy.id);
    owner.put(&path, Value::Null).await.expect(StatusCode::OK);
    let suspended = "User is not active (status = \"suspended\"). Contact an admin to reactivate your account.";
    expect_refusal(amy.get(ME).await, suspended, "", INVALID);
    outlive(&app.clock, &provider);
    provider.refuse_refresh(true);
    let lapsed = "Could not refresh expired OpenID Connect token. Try re-authenticating to resolve this issue.";
    expect_refusal(amy.get(ME).await, lapsed, "invalid_grant: no", EXPIRED);
    app.advance(SignedDuration::from_hours(24));
    let ended = "API key expired at \"2026-01-03 03:04:05 +0000 UTC\".";
    expect_refusal(amy.get(ME).await, SIGNED_OUT, ended, EXPIRED);
    let forged = app.bearer_of(&format!("{}-{}", amy.key_id(), "x".repeat(22)));
    expect_refusal(forged.get(ME).await, SIGNED_OUT, "API key secret is invalid.", INVALID);
}

/// Only a request that is accepted activates a dormant user.
#[tokio::test]
async fn a_request_without_the_providers_session_wakes_no_user() {
    let provider = provider();
    let (app, _owner) = oidc::start_server(&provider, &["--session-duration=200d"]).await;
    let amy = oidc::signed_in(&app, &provider).await;
    app.advance(SignedDuration::from_hours(91 * 24));
    provider.set_now(app.clock.now().as_second());
    app.server.run_jobs_once().await;
    let owner = app.sign_in("owner@example.com").await;
    let status = async || owner.get("/api/v2/users/amy").await.expect(StatusCode::OK).text("status").to_owned();
    assert_eq!(status().await, "dormant");
    provider.refuse_refresh(true);
    amy.get(ME).await.expect(StatusCode::UNAUTHORIZED);
    assert_eq!(status().await, "dormant");
    provider.refuse_refresh(false);
    app.advance(SignedDuration::from_mins(1));
    amy.get(ME).await.expect(StatusCode::OK);
    assert_eq!(status().await, "active");
}

/// Signing out works whatever has become of the provider's session, whose renewal does not revive the key.
#[tokio::test]
async fn who_signs_out_after_the_providers_session_has_ended_is_signed_out() {
    let provider = provider();
    let (app, _owner) = oidc::start_server(&provider, &[]).await;
    let mut browser = Browser::new(&app);
    oidc::sign_in(&mut browser, &provider).await.expect(StatusCode::TEMPORARY_REDIRECT);
    let session = app.bearer_of(browser.session().unwrap());
    let home = browser.open("/").await.expect(StatusCode::OK);
    outlive(&app.clock, &provider);
    provider.refuse_refresh(true);
    session.get(ME).await.expect(StatusCode::UNAUTHORIZED);
    browser.submit(&home, "/logout", &[]).await.expect(StatusCode::SEE_OTHER);
    assert_eq!(browser.session(), None);
    provider.refuse_refresh(false);
    let answer = session.get(ME).await.expect(StatusCode::UNAUTHORIZED);
    assert_eq!(answer.detail(), "API key is invalid.");
}

/// A renewal uses the old token up, so its result is stored even if the client has hung up (RFC 9700, section 4.14.2).
#[tokio::test(flavor = "multi_thread")]
async fn a_renewal_is_kept_though_its_request_is_given_up() {
    let provider = provider();
    let (app, _owner) = oidc::start_server(&provider, &[]).await;
    let amy = oidc::signed_in(&app, &provider).await;
    outlive(&app.clock, &provider);
    let held = provider.hold();
    let asking = amy.clone();
    let request = tokio::spawn(async move { asking.get(ME).await });
    held.wait_for_a_request();
    request.abort();
    assert!(request.await.unwrap_err().is_cancelled());
    drop(held);
    amy.get(ME).await.expect(StatusCode::OK);
}

/// A provider that cannot be asked ends no session: the page says what failed, and works when the provider is back.
#[tokio::test]
async fn a_person_whose_provider_cannot_be_asked_sees_an_error_page_and_stays_signed_in() {
    let provider = provider();
    let (app, _owner) = oidc::start_server(&provider, &[]).await;
    let mut browser = Browser::new(&app);
    oidc::sign_in(&mut browser, &provider).await.expect(StatusCode::TEMPORARY_REDIRECT);
    outlive(&app.clock, &provider);
    provider.refuse_refresh(true);
    for path in ["/", "/cli-auth", "/device"] {
        let page = browser.look_at(path).await.expect(StatusCode::UNAUTHORIZED);
        assert!(page.body.contains("Could not refresh expired OpenID Connect token."), "{path}: {}", page.body);
        assert!(browser.session().is_some());
    }
    provider.refuse_refresh(false);
    app.advance(SignedDuration::from_mins(1));
    browser.open("/").await.expect(StatusCode::OK);
}

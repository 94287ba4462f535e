//! Settings of sign-in with GitHub, and what follows a sign-in.
use std::fs;

use axum::http::StatusCode;
use jiff::SignedDuration;
use keyfob_server::Clock;
use keyfob_testkit::{Account, Github};
use serde_json::json;

use crate::{
    browser::Browser,
    github::{CALLBACK, OPEN, amy, sign_in, start_server},
    support::{Answer, Identity, NOW, PASSWORD, TestApp, open},
};

const ME: &str = "/api/v2/users/me";
const DEVICE: &str = "/api/v2/users/oauth2/github/device";

/// Signs the current user of GitHub in here.
pub(crate) async fn signed_in(app: &TestApp, github: &Github) -> Identity {
    let mut browser = Browser::new(app);
    sign_in(&mut browser, github).await.expect(StatusCode::TEMPORARY_REDIRECT);
    let session = app.bearer_of(browser.session().unwrap());
    let me = session.get(ME).await.expect(StatusCode::OK);
    session.with_id(me.text("id"))
}

/// The device flow of a program: it shows a code, and polls until the user has entered it.
async fn sign_in_by_code(browser: &mut Browser, github: &Github) -> Answer {
    browser.open(CALLBACK).await.expect(StatusCode::TEMPORARY_REDIRECT);
    let code = browser.open(DEVICE).await.expect(StatusCode::OK);
    github.enter_code();
    let address = format!("{CALLBACK}?code={}&state={}", code.text("device_code"), browser.cookies["oauth_state"]);
    browser.open(&address).await
}

/// The device flow answers with JSON, without redirects.
#[tokio::test]
async fn a_user_who_entered_the_code_but_is_no_member_is_told_so() {
    let no_organization = "You aren't a member of the authorized Github organizations!";
    let no_team = "You aren't a member of an authorized team in the [Acme] Github organization(s)!";
    let cases = [
        (&["--oauth2-github-allowed-orgs=bell"][..], Some(no_organization)),
        (&["--oauth2-github-allowed-orgs=acme", "--oauth2-github-allowed-teams=acme/other"], Some(no_team)),
        (&["--oauth2-github-allowed-orgs=acme", "--oauth2-github-allowed-teams=acme/platform"], None),
    ];
    for (flags, refusal) in cases {
        let github = Github::start();
        let device = ["--oauth2-github-device-flow", "--oauth2-github-allow-signups"];
        let (app, _owner) = start_server(&github, &[flags, &device].concat()).await;
        let mut browser = Browser::new(&app);
        let answer = sign_in_by_code(&mut browser, &github).await;
        assert_eq!(answer.header("location"), "");
        assert_eq!(browser.session().is_some(), refusal.is_none());
        match refusal {
            None => assert_eq!(answer.expect(StatusCode::OK).json(), json!({"redirect_url": "/"})),
            Some(detail) => {
                let answer = answer.expect(StatusCode::UNAUTHORIZED);
                assert_eq!((answer.message().as_str(), answer.detail().as_str()), ("Unauthorized", detail));
            }
        }
    }
}

#[tokio::test]
async fn there_are_codes_only_where_they_are_taken() {
    let (app, _owner) = TestApp::new().await;
    let refused = async |app: &TestApp| app.anonymous().get(DEVICE).await.expect(StatusCode::BAD_REQUEST).message();
    let is_enabled = async |app: &TestApp| {
        let methods = app.anonymous().get("/api/v2/users/authmethods").await.expect(StatusCode::OK).json();
        methods["github"].clone()
    };
    assert_eq!(refused(&app).await, "Github OAuth2 is not enabled.");
    assert_eq!(is_enabled(&app).await, json!({"enabled": false, "default_provider_configured": false}));
    let answer = Browser::new(&app).open(CALLBACK).await.expect(StatusCode::BAD_REQUEST);
    assert_eq!(answer.message(), "The oauth2 method requested is not configured!");
    let (app, _owner) = start_server(&Github::start(), &OPEN).await;
    assert_eq!(refused(&app).await, "Device flow is not enabled for Github OAuth2.");
    assert_eq!(is_enabled(&app).await, json!({"enabled": true, "default_provider_configured": false}));
}

#[tokio::test]
async fn what_github_says_against_it_is_passed_on() {
    let (app, _owner) = start_server(&Github::start(), &OPEN).await;
    let query = "error=access_denied&error_description=no&error_uri=https%3A%2F%2Fgithub.example%2Fno";
    let answer = Browser::new(&app).open(&format!("{CALLBACK}?{query}")).await.expect(StatusCode::BAD_REQUEST);
    assert_eq!(answer.message(), "Encountered error in oidc process: access_denied");
    let detail = answer.detail();
    assert!(detail.contains("no") && detail.contains("error_uri: https://github.example/no"), "{detail}");
}

#[tokio::test]
async fn the_secret_may_be_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret");
    let flag = format!("--oauth2-github-client-secret-file={}", file.display());
    for (secret, is_right) in [("gh-secret", true), ("gh-secret\n", true), ("gh-secret\n\n", false)] {
        fs::write(&file, secret).unwrap();
        let github = Github::start();
        github.sign_in_as(amy());
        let base = format!("--oauth2-github-enterprise-base-url={}", github.url);
        let (app, _owner) =
            TestApp::with(&[&base, "--oauth2-github-client-id=gh-client", &flag, OPEN[0], OPEN[1]]).await;
        let mut browser = Browser::new(&app);
        sign_in(&mut browser, &github).await;
        assert_eq!(browser.session().is_some(), is_right, "{secret:?}");
    }
}

/// Either everyone or some organizations must be allowed, not both; teams are `<org>/<team-slug>`.
#[tokio::test]
async fn a_server_does_not_start_before_it_is_clear_who_may_sign_in() {
    let everybody = "--oauth2-github-allow-everyone";
    let (acme, secret) = ("--oauth2-github-allowed-orgs=acme", "--oauth2-github-client-secret=x");
    let cases = [
        (vec![secret, everybody, acme], "--oauth2-github-allow-everyone"),
        (vec![secret], "--oauth2-github-allowed-orgs"),
        (vec![secret, acme, "--oauth2-github-allowed-teams=platform"], "--oauth2-github-allowed-teams: `platform`"),
        (vec![secret, acme, "--oauth2-github-allowed-teams=acme/a,b"], "--oauth2-github-allowed-teams: `b`"),
        (vec![everybody], "--oauth2-github-client-secret"),
    ];
    let clock = Clock::fixed(NOW.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    for (flags, text) in cases {
        let flags = [&["--oauth2-github-client-id=gh-client"], &flags[..]].concat();
        let error = open(folder.path(), &flags, &clock).await.err().map(|error| error.to_string());
        assert!(error.as_ref().is_some_and(|error| error.contains(text)), "{flags:?}: {error:?}");
    }
    open(folder.path(), &["--oauth2-github-client-id=gh-client", secret, everybody], &clock).await.unwrap();
}

/// A team is `<org>/<team-slug>`. An incomplete name matches no team.
#[tokio::test]
async fn a_server_does_not_start_with_half_the_name_of_a_team() {
    let clock = Clock::fixed(NOW.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let mut taken = Vec::new();
    for team in ["acme/", "/platform", "/", "acme/platform/x"] {
        let teams = format!("--oauth2-github-allowed-teams={team}");
        let own = ["--oauth2-github-client-id=gh-client", "--oauth2-github-client-secret=x"];
        let flags = [&own[..], &["--oauth2-github-allowed-orgs=acme", &teams]].concat();
        match open(folder.path(), &flags, &clock).await {
            Ok(_) => taken.push(team),
            Err(error) => assert!(error.to_string().contains(&format!("`{team}`")), "{error}"),
        }
    }
    assert!(taken.is_empty(), "{taken:?}");
}

#[tokio::test]
async fn a_password_is_given_up_for_github() {
    let github = Github::start();
    let (app, owner) = start_server(&github, &OPEN).await;
    let alice = owner.invite(&app, "alice", &[]).await;
    let other = app.sign_in("alice@example.com").await;
    let order = json!({"to_type": "github", "password": PASSWORD});
    let begun = alice.post("/api/v2/users/me/convert-login", order).await.expect(StatusCode::CREATED);
    assert_eq!(begun.json()["to_type"], "github");
    let mut browser = Browser::signed_in(&app, &alice);
    let (name, rest) = begun.header("set-cookie").split_once('=').unwrap();
    browser.cookies.insert(name.to_owned(), rest.split(';').next().unwrap().to_owned());
    let start = format!("{CALLBACK}?redirect=/settings/security&oidc_merge_state={}", begun.text("state_string"));
    let mut complete = async |account: Account| {
        github.sign_in_as(account);
        let away = browser.open(&start).await.expect(StatusCode::TEMPORARY_REDIRECT);
        let answer = browser.open(&github.agree(away.header("location"))).await;
        (answer, browser.session().unwrap().to_owned())
    };
    // The message says "oidc" for GitHub, too, as Coder's does.
    let (answer, _) = complete(amy()).await;
    let message = answer.expect(StatusCode::BAD_REQUEST).message();
    assert!(message.starts_with("The oidc account with the email \"amy@example.com\" does not match"), "{message}");
    let alices = || Account { emails: vec![("alice@example.com".to_owned(), true, true)], ..amy() };
    let (answer, key) = complete(alices()).await;
    assert_eq!(answer.expect(StatusCode::TEMPORARY_REDIRECT).header("location"), "/settings/security");
    let fresh = app.bearer_of(&key);
    assert_ne!(fresh.key, alice.key);
    assert_eq!(fresh.get("/api/v2/users/me/login-type").await.expect(StatusCode::OK).text("login_type"), "github");
    other.get(ME).await.expect(StatusCode::UNAUTHORIZED);
    let login = json!({"email": "alice@example.com", "password": PASSWORD});
    app.anonymous().post("/api/v2/users/login", login).await.expect(StatusCode::UNAUTHORIZED);
    assert_eq!(signed_in(&app, &github).await.id, alice.id);
}

/// Each renewal uses the refresh token of the one before.
#[tokio::test]
async fn a_session_lives_as_long_as_github_renews_it() {
    let github = Github::start();
    github.expire_in(8 * 3600);
    let (app, _owner) = start_server(&github, &OPEN).await;
    let amy = signed_in(&app, &github).await;
    for _ in 0..2 {
        app.advance(SignedDuration::from_hours(8));
        amy.get(ME).await.expect(StatusCode::OK);
    }
    github.refuse_refresh(true);
    amy.get(ME).await.expect(StatusCode::OK);
    app.advance(SignedDuration::from_hours(8));
    let refused = amy.get(ME).await.expect(StatusCode::UNAUTHORIZED);
    let message = "Could not refresh expired GitHub token. Try re-authenticating to resolve this issue.";
    assert_eq!((refused.message().as_str(), refused.detail().as_str()), (message, "bad_refresh_token: no"));
    let again = signed_in(&app, &github).await;
    assert_eq!(again.id, amy.id);
}

#[tokio::test]
async fn every_sign_in_by_github_begins_a_session_of_its_own() {
    let github = Github::start();
    let (app, _owner) = start_server(&github, &OPEN).await;
    let mut browser = Browser::new(&app);
    let mut keys = Vec::new();
    for _ in 0..2 {
        sign_in(&mut browser, &github).await.expect(StatusCode::TEMPORARY_REDIRECT);
        keys.push(browser.session().unwrap().to_owned());
    }
    assert_ne!(keys[0], keys[1]);
    for key in keys {
        let session = app.bearer_of(&key);
        let own = session.get(&format!("/api/v2/users/me/keys/{}", session.key_id())).await.expect(StatusCode::OK);
        assert_eq!(own.text("login_type"), "github");
        let sessions = session.get("/api/v2/users/me/sessions").await.expect(StatusCode::OK).json();
        assert_eq!(sessions.as_array().unwrap().len(), 2);
    }
}

//! Sign-in with GitHub.
use axum::http::StatusCode;
use keyfob_testkit::{Account, Github, OIDC_CLIENT, OidcProvider};
use serde_json::json;

use crate::{
    browser::Browser,
    support::{Answer, Identity, NOW, TestApp},
};

pub(crate) const CALLBACK: &str = "/api/v2/users/oauth2/github/callback";

pub(crate) fn amy() -> Account {
    Account {
        id: 4711,
        login: "amy_adams".to_owned(),
        name: Some("Amy Adams".to_owned()),
        avatar_url: None,
        emails: vec![("old@example.com".to_owned(), false, true), ("amy@example.com".to_owned(), true, true)],
        organizations: vec![("Acme".to_owned(), true), ("bell".to_owned(), false)],
        teams: vec!["acme/platform".to_owned()],
    }
}

pub(crate) async fn start_server(github: &Github, more: &[&str]) -> (TestApp, Identity) {
    github.sign_in_as(amy());
    let base = format!("--oauth2-github-enterprise-base-url={}", github.url);
    let own = [base.as_str(), "--oauth2-github-client-id=gh-client", "--oauth2-github-client-secret=gh-secret"];
    TestApp::with(&[&own, more].concat()).await
}

pub(crate) async fn sign_in(browser: &mut Browser, github: &Github) -> Answer {
    let away = browser.open(CALLBACK).await.expect(StatusCode::TEMPORARY_REDIRECT);
    browser.open(&github.agree(away.header("location"))).await
}

pub(crate) const OPEN: [&str; 2] = ["--oauth2-github-allow-everyone", "--oauth2-github-allow-signups"];

#[tokio::test]
async fn a_new_user_signs_up_with_github() {
    let github = Github::start();
    let (app, _owner) = start_server(&github, &OPEN).await;
    let mut browser = Browser::new(&app);
    let home = sign_in(&mut browser, &github).await.expect(StatusCode::TEMPORARY_REDIRECT);
    assert_eq!(home.header("location"), "/");
    let session = app.bearer_of(browser.session().unwrap());
    let me = session.get("/api/v2/users/me").await.expect(StatusCode::OK).json();
    assert_eq!((&me["username"], &me["email"]), (&json!("amy-adams"), &json!("amy@example.com")));
    assert_eq!((&me["name"], &me["login_type"]), (&json!("Amy Adams"), &json!("github")));
    // The account's id identifies the user, even if its name changes.
    github.sign_in_as(Account { login: "amelia".to_owned(), ..amy() });
    sign_in(&mut browser, &github).await.expect(StatusCode::TEMPORARY_REDIRECT);
    let again = app.bearer_of(browser.session().unwrap()).get("/api/v2/users/me").await.expect(StatusCode::OK).json();
    assert_eq!((&again["id"], &again["username"]), (&me["id"], &json!("amy-adams")));
}

/// What GitHub says of a person is kept as one's profile may hold it.
#[tokio::test]
async fn names_and_pictures_of_github_are_kept_as_a_profile_may_hold_them() {
    let github = Github::start();
    let (app, _owner) = start_server(&github, &OPEN).await;
    let relative = format!("{}/avatars/amy", github.url);
    for (name, avatar_url, kept) in [
        ("  Amy Adams\n", Some("/avatars/amy"), ("Amy Adams".to_owned(), relative.as_str())),
        (&"ü".repeat(100), Some("javascript:alert(1)"), ("ü".repeat(64), "")),
        ("Amy", None, ("Amy".to_owned(), "https://avatars.example/4711")),
    ] {
        let avatar_url = avatar_url.map(str::to_owned);
        github.sign_in_as(Account { name: Some(name.to_owned()), avatar_url, ..amy() });
        let mut browser = Browser::new(&app);
        sign_in(&mut browser, &github).await.expect(StatusCode::TEMPORARY_REDIRECT);
        let me = app.bearer_of(browser.session().unwrap()).get("/api/v2/users/me").await.expect(StatusCode::OK).json();
        let picture = me["avatar_url"].as_str().unwrap_or_default();
        assert_eq!((me["name"].as_str().unwrap().to_owned(), picture), kept);
    }
}

#[tokio::test]
async fn github_that_is_away_is_said_to_be_in_fixed_words() {
    let base = "--oauth2-github-enterprise-base-url=http://127.0.0.1:1";
    let flags = [base, "--oauth2-github-client-id=x", "--oauth2-github-device-flow", OPEN[0]];
    let (app, _owner) = TestApp::with(&flags).await;
    let answer = app.anonymous().get("/api/v2/users/oauth2/github/device").await;
    let answer = answer.expect(StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(answer.detail(), "the connection was refused");
}

#[tokio::test]
async fn signups_are_off_unless_they_are_switched_on() {
    let github = Github::start();
    let (app, _owner) = start_server(&github, &["--oauth2-github-allow-everyone"]).await;
    let mut browser = Browser::new(&app);
    let answer = sign_in(&mut browser, &github).await.expect(StatusCode::FORBIDDEN);
    assert!(answer.body.contains("Signups are disabled"), "{}", answer.body);
    assert!(answer.body.contains("Please contact your Coder administrator to request access."));
    assert_eq!(browser.session(), None);
}

#[tokio::test]
async fn the_first_address_must_be_verified() {
    let github = Github::start();
    let (app, _owner) = start_server(&github, &OPEN).await;
    let emails =
        [vec![], vec![("amy@example.com".to_owned(), true, false)], vec![("amy@example.com".to_owned(), false, true)]];
    for emails in emails {
        github.sign_in_as(Account { emails, ..amy() });
        let answer = sign_in(&mut Browser::new(&app), &github).await.expect(StatusCode::BAD_REQUEST);
        assert_eq!(answer.message(), "Your primary email must be verified on GitHub!");
    }
}

/// The membership must be active, and in one of the allowed teams if there are any.
#[tokio::test]
async fn only_members_of_organizations_and_teams_come_in() {
    let no_organization = "You aren't a member of the authorized Github organizations!";
    let no_team = "You aren't a member of an authorized team in the [Acme] Github organization(s)!";
    let cases = [
        ("acme", "", None),
        ("bell", "", Some(no_organization)),
        ("acme", "acme/platform", None),
        ("acme", "acme/other,acme/platform", None),
        ("acme", "acme/other", Some(no_team)),
        ("acme", "bell/platform", Some(no_team)),
    ];
    for (organizations, teams, refusal) in cases {
        let github = Github::start();
        let organizations = format!("--oauth2-github-allowed-orgs={organizations}");
        let teams = format!("--oauth2-github-allowed-teams={teams}");
        let mut flags = vec![organizations.as_str(), "--oauth2-github-allow-signups"];
        if !teams.ends_with('=') {
            flags.push(&teams);
        }
        let (app, _owner) = start_server(&github, &flags).await;
        let mut browser = Browser::new(&app);
        let answer = sign_in(&mut browser, &github).await;
        match refusal {
            None => drop(answer.expect(StatusCode::TEMPORARY_REDIRECT)),
            Some(message) => {
                let answer = answer.expect(StatusCode::UNAUTHORIZED);
                assert_eq!(answer.message(), message, "{flags:?}");
                assert!(answer.header("location").starts_with("/login?message=You%20aren%27t"));
                assert_eq!(browser.session(), None);
            }
        }
    }
}

/// Another account with the same address is another user.
#[tokio::test]
async fn a_user_has_one_account() {
    let github = Github::start();
    let (app, _owner) = start_server(&github, &OPEN).await;
    sign_in(&mut Browser::new(&app), &github).await.expect(StatusCode::TEMPORARY_REDIRECT);
    github.sign_in_as(Account { id: 4712, ..amy() });
    let mut browser = Browser::new(&app);
    let answer = sign_in(&mut browser, &github).await.expect(StatusCode::FORBIDDEN);
    assert_eq!(answer.message(), "This account is already linked to a different identity provider subject.");
    assert_eq!(browser.session(), None);
}

/// The device flow: the page shows a code, and waits until it was entered at GitHub.
#[tokio::test]
async fn a_code_is_typed_at_github_in_place_of_going_there() {
    let github = Github::start();
    let (app, _owner) = start_server(&github, &[&OPEN[..], &["--oauth2-github-device-flow"]].concat()).await;
    let code = app.anonymous().get("/api/v2/users/oauth2/github/device").await.expect(StatusCode::OK).json();
    assert_eq!((&code["user_code"], &code["interval"]), (&json!("WDJB-MJHT"), &json!(5)));
    let mut browser = Browser::new(&app);
    let away = browser.open(&format!("{CALLBACK}?redirect=/cli-auth")).await.expect(StatusCode::TEMPORARY_REDIRECT);
    let page = browser.open(away.header("location")).await.expect(StatusCode::OK);
    assert!(page.body.contains("WDJB-MJHT"), "{}", page.body);
    let (_, next) = page.body.split_once("data-poll=\"").unwrap();
    let next = next.split('"').next().unwrap().replace("&#38;", "&");
    // Without JavaScript, the user reloads the page.
    let page = browser.look_at(&next).await.expect(StatusCode::BAD_REQUEST);
    assert!(page.body.contains("Not yet"), "{}", page.body);
    let early = browser.open(&next).await.expect(StatusCode::BAD_REQUEST);
    assert_eq!(early.message(), "Failed exchanging Oauth code.");
    assert!(early.json()["detail"].as_str().unwrap().contains("authorization_pending"));
    github.enter_code();
    let done = browser.open(&next).await.expect(StatusCode::OK).json();
    assert_eq!(done, json!({"redirect_url": "/cli-auth"}));
    app.bearer_of(browser.session().unwrap()).get("/api/v2/users/me").await.expect(StatusCode::OK);
    let mut other = Browser::new(&app);
    let away = other.open(CALLBACK).await.expect(StatusCode::TEMPORARY_REDIRECT);
    let page = other.open(away.header("location")).await.expect(StatusCode::OK);
    let (_, next) = page.body.split_once("data-poll=\"").unwrap();
    github.enter_code();
    let home = other.look_at(&next.split('"').next().unwrap().replace("&#38;", "&")).await;
    assert_eq!(home.expect(StatusCode::TEMPORARY_REDIRECT).header("location"), "/");
}

/// A code of one provider is sent to no other, and equal addresses are not one user (RFC 9700, section 2.1).
#[tokio::test]
async fn two_providers_are_not_mixed_up() {
    let github = Github::start();
    let oidc = OidcProvider::start(NOW.parse::<jiff::Timestamp>().unwrap().as_second());
    oidc.sign_in_as(&json!({"sub": "1", "email": "amy@example.com", "email_verified": true}));
    let issuer = format!("--oidc-issuer-url={}", oidc.issuer);
    let secret = format!("--oidc-client-secret={}", OIDC_CLIENT.1);
    let both = [OPEN[0], OPEN[1], &issuer, "--oidc-client-id=keyfob", &secret];
    let (app, _owner) = start_server(&github, &both).await;
    let mut browser = Browser::new(&app);
    let away = browser.open("/api/v2/users/oidc/callback").await.expect(StatusCode::TEMPORARY_REDIRECT);
    let back = oidc.agree(away.header("location"));
    let other_callback = back.replace("/users/oidc/callback", "/users/oauth2/github/callback");
    let answer = browser.open(&other_callback).await.expect(StatusCode::UNAUTHORIZED);
    assert_eq!(answer.message(), "State mismatched.");
    browser.open(&back).await.expect(StatusCode::TEMPORARY_REDIRECT);
    let answer = sign_in(&mut Browser::new(&app), &github).await.expect(StatusCode::FORBIDDEN);
    let text = "Attempting to use login type &#34;github&#34;, but the user has the login type &#34;oidc&#34;.";
    assert!(answer.body.contains(text), "{}", answer.body);
}

/// The server calls GitHub only for browsers that it has redirected there.
#[tokio::test]
async fn the_page_with_the_code_is_for_who_was_sent_there() {
    let github = Github::start();
    let (app, _owner) = start_server(&github, &[&OPEN[..], &["--oauth2-github-device-flow"]].concat()).await;
    for path in ["/login/device", "/login/device?state=made-up"] {
        let sent = Browser::new(&app).open(path).await.expect(StatusCode::SEE_OTHER);
        assert_eq!(sent.header("location"), "/login");
    }
    let mut browser = Browser::new(&app);
    let away = browser.open(CALLBACK).await.expect(StatusCode::TEMPORARY_REDIRECT);
    browser.open(away.header("location")).await.expect(StatusCode::OK);
}

//! Redirects to an `OpenID` Connect provider and back: cookies, times and refusals.
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use axum::http::{StatusCode, header};
use keyfob_server::{Clock, Random, Server};
use serde_json::json;

use crate::{
    browser::Browser,
    oidc::{CALLBACK, amy, flags, provider, sign_in, signed_in, start_server},
    support::{Answer, Data, NOW, TestApp},
};

/// The cookies that an answer sets, each with its value and its attributes.
fn cookies(answer: &Answer) -> BTreeMap<String, (String, BTreeSet<String>)> {
    let all = answer.headers.get_all(header::SET_COOKIE).into_iter().map(|cookie| cookie.to_str().unwrap());
    all.map(|cookie| {
        let (name, rest) = cookie.split_once('=').unwrap();
        let mut parts = rest.split("; ").map(str::to_owned);
        (name.to_owned(), (parts.next().unwrap(), parts.collect()))
    })
    .collect()
}

#[tokio::test]
async fn cookies_of_the_way_end_with_the_browser_and_that_of_a_session_after_a_year() {
    for (url, secure) in [("http://keyfob.test", &[][..]), ("https://keyfob.test", &["Secure"])] {
        let provider = provider();
        let flags = flags(&provider, &[]);
        let (clock, data) = (Clock::fixed(NOW.parse().unwrap()), Data::new().await);
        let args = data.args(&flags.iter().map(AsRef::as_ref).collect::<Vec<_>>());
        let server = Server::open(&args, data.path(), url, clock.clone(), Random::seeded(1)).await.unwrap();
        let app = TestApp { server, clock, data };
        let mut browser = Browser::new(&app);
        let away = browser.open(CALLBACK).await.expect(StatusCode::TEMPORARY_REDIRECT);
        let set: Vec<_> = cookies(&away).into_iter().filter(|(name, _)| name.starts_with("oauth_")).collect();
        let usual: BTreeSet<String> =
            ["Path=/", "HttpOnly", "SameSite=Lax"].iter().chain(secure).map(|text| (*text).to_owned()).collect();
        for (name, (_, attributes)) in &set {
            assert_eq!(*attributes, usual, "{name}");
        }
        let set: BTreeMap<_, _> = set.into_iter().map(|(name, (value, _))| (name, value)).collect();
        let state = &set["oauth_state"];
        assert!(state.len() == 32 && state.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{state}");
        assert!(away.header("location").contains(&format!("state={state}")), "{}", away.header("location"));
        assert_eq!(set["oauth_redirect"], "", "set though nothing was asked for");
        assert!(set["oauth_pkce_verifier"].len() >= 43, "RFC 7636, section 4.1");
        let back = provider.agree(away.header("location")).replace(url, "");
        let home = browser.open(&back).await.expect(StatusCode::TEMPORARY_REDIRECT);
        let (key, attributes) = &cookies(&home)["coder_session_token"];
        let year = usual.into_iter().chain(["Max-Age=31536000".to_owned()]).collect();
        assert_eq!((key.len(), attributes), (33, &year));
    }
}

#[tokio::test]
async fn what_the_provider_says_against_it_is_passed_on() {
    let provider = provider();
    let (app, _owner) = start_server(&provider, &[]).await;
    let why = "error_description=Amy%20said%20no&error_uri=https%3A%2F%2Fid.example%2Fno";
    let (description, uri) = ("Amy said no", "error_uri: https://id.example/no");
    for (query, told) in [
        (format!("error=access_denied&{why}&state=x"), &[description, uri][..]),
        ("error=access_denied&error_description=Amy%20said%20no".to_owned(), &[description]),
        ("error=access_denied&error_uri=https%3A%2F%2Fid.example%2Fno".to_owned(), &[uri]),
        ("error=access_denied&code=x".to_owned(), &[]),
    ] {
        let mut browser = Browser::new(&app);
        let answer = browser.open(&format!("{CALLBACK}?{query}")).await.expect(StatusCode::BAD_REQUEST);
        assert_eq!(answer.message(), "Encountered error in oidc process: access_denied");
        assert_eq!(answer.detail().is_empty(), told.is_empty(), "{}", answer.body);
        assert!(told.iter().all(|text| answer.detail().contains(text)), "{}", answer.body);
        assert_eq!(browser.session(), None);
    }
}

/// A page shows them only to whoever was sent to the provider: everybody else was sent by somebody's link.
#[tokio::test]
async fn a_page_shows_the_words_of_the_provider_and_of_nobody_else() {
    let provider = provider();
    let (app, _owner) = start_server(&provider, &[]).await;
    let refused = |state: &str| format!("{CALLBACK}?error=words&error_description=more%20words&state={state}");
    let mut browser = Browser::new(&app);
    for state in ["", "x"] {
        let page = browser.look_at(&refused(state)).await.expect(StatusCode::BAD_REQUEST);
        assert!(!page.body.contains("words"), "{}", page.body);
        assert!(page.body.contains("The provider did not sign you in."), "{}", page.body);
    }
    browser.open(CALLBACK).await.expect(StatusCode::TEMPORARY_REDIRECT);
    let state = browser.cookies["oauth_state"].clone();
    let page = browser.look_at(&refused(&state)).await.expect(StatusCode::BAD_REQUEST);
    assert!(page.body.contains("more words"), "{}", page.body);
}

#[tokio::test]
async fn a_subject_is_a_text_that_is_not_empty() {
    let provider = provider();
    let (app, _owner) = start_server(&provider, &[]).await;
    for subject in [json!(""), json!(null)] {
        let mut claims = amy();
        claims["sub"] = subject;
        provider.sign_in_as(&claims);
        let mut browser = Browser::new(&app);
        let answer = sign_in(&mut browser, &provider).await.expect(StatusCode::BAD_REQUEST);
        assert_eq!(answer.message(), "OIDC token missing 'sub' claim field or 'sub' claim field is empty.");
        assert_eq!(browser.session(), None);
    }
}

/// Clocks may differ, but not by this much.
#[tokio::test]
async fn tokens_from_the_future_are_not_believed() {
    let provider = provider();
    let (app, _owner) = start_server(&provider, &[]).await;
    let now = app.clock.now().as_second();
    for (not_before, issued_at, is_believed) in [(600, 0, false), (0, 600, false), (30, 30, true)] {
        let mut claims = amy();
        claims["nbf"] = json!(now + not_before);
        provider.sign_in_as(&claims);
        provider.set_now(now + issued_at);
        let mut browser = Browser::new(&app);
        let answer = sign_in(&mut browser, &provider).await;
        assert_eq!(browser.session().is_some(), is_believed, "{not_before} {issued_at}: {}", answer.body);
        if !is_believed {
            assert_eq!(answer.expect(StatusCode::BAD_REQUEST).message(), "Failed to verify OIDC token.");
        }
    }
}

#[tokio::test]
async fn an_address_is_a_text() {
    let provider = provider();
    let (app, _owner) = start_server(&provider, &[]).await;
    for email in [json!(3), json!(true), json!(["amy@example.com"]), json!({"work": "amy@example.com"})] {
        let mut claims = amy();
        claims["email"] = email;
        // A username that looks like an address does not help.
        claims["preferred_username"] = json!("amy@example.com");
        provider.sign_in_as(&claims);
        let mut browser = Browser::new(&app);
        let answer = sign_in(&mut browser, &provider).await.expect(StatusCode::BAD_REQUEST);
        assert!(answer.message().starts_with("Email in OIDC payload isn't a string."), "{}", answer.body);
        assert_eq!(browser.session(), None);
    }
}

/// A copy of a server with the same random values: new users are offered the same usernames in each copy.
async fn copy(of: &TestApp, flags: &[&str]) -> TestApp {
    let (clock, data) = (of.clock.clone(), Data::in_a_file());
    for file in fs::read_dir(of.data.path()).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), data.path().join(file.file_name())).unwrap();
    }
    let url = "http://keyfob.test";
    let server = Server::open(&data.args(flags), data.path(), url, clock.clone(), Random::seeded(2)).await.unwrap();
    TestApp { server, clock, data }
}

#[tokio::test]
async fn a_username_has_ten_alternatives() {
    let provider = provider();
    provider.sign_in_as(&json!({
        "sub": "amy-1", "preferred_username": "amy", "email": "another@example.com", "email_verified": true,
    }));
    let flags = flags(&provider, &[]);
    let flags: Vec<_> = flags.iter().map(AsRef::as_ref).collect();
    let (app, owner) = TestApp::in_a_file(&flags).await;
    for number in 0..=10 {
        let copy = copy(&app, &flags).await;
        let amy = signed_in(&copy, &provider).await.get("/api/v2/users/me").await.expect(StatusCode::OK);
        assert_eq!(amy.text("username") == "amy", number == 0, "{}", amy.body);
        owner.make_user(amy.text("username"), &[]).await;
    }
    let copy = copy(&app, &flags).await;
    let mut browser = Browser::new(&copy);
    let answer = sign_in(&mut browser, &provider).await.expect(StatusCode::CONFLICT);
    assert_eq!(answer.message(), "exhausted alternatives for taken username \"amy\"");
    assert_eq!(browser.session(), None);
}

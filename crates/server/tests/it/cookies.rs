//! Cookies, and CSRF tokens.
use axum::{
    body::Body,
    http::{Method, Request, StatusCode},
};
use jiff::SignedDuration;
use keyfob_server::Clock;

use crate::{
    browser::{Browser, hidden},
    support::{Answer, Identity, NOW, TestApp, open},
};

const CSRF: &str = "JXm9hOUdZctWt0ZZGAy9xiS/gxMKYOThdxjjMnMUyn4=";
const FORGED: &str = "Something is wrong with your CSRF token. Please refresh the page. If this error persists, try \
                      clearing your cookies.";

/// Sends a change with the cookie of a session.
async fn change(by: &Identity, headers: &[(&str, &str)], body: &str) -> Answer {
    let cookie = format!("coder_session_token={}; csrf_token={CSRF}", by.key);
    let request = Request::builder().method(Method::POST).uri("/api/v2/users/logout").header("Cookie", cookie);
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    by.send_request(request.body(Body::from(body.to_owned())).unwrap()).await
}

#[tokio::test]
async fn a_form_proves_its_page_by_a_field_and_no_other_site_proves_anything() {
    let (app, owner) = TestApp::new().await;
    let form = ("Content-Type", "application/x-www-form-urlencoded");
    let field =
        |token: &str| form_urlencoded::Serializer::new("a=b&".to_owned()).append_pair("csrf_token", token).finish();
    let mut browser = Browser::signed_in(&app, &owner);
    let page = browser.open("/cli-auth").await.expect(StatusCode::OK);
    let own = field(&hidden(&page.body)[0].1);
    let refused: [(&[(&str, &str)], &str); 6] = [
        (&[], ""),
        (&[form], "a=b"),
        (&[form], "csrf_token=AAAA"),
        // The cookie may be somebody else's: another host of the same site can set one.
        (&[form], &field(CSRF)),
        (&[], &own),
        (&[form, ("Sec-Fetch-Site", "cross-site"), ("X-CSRF-TOKEN", CSRF)], &own),
    ];
    for (headers, body) in refused {
        let answer = change(&owner, headers, body).await.expect(StatusCode::BAD_REQUEST);
        assert_eq!(answer.message(), FORGED, "{headers:?} {body}");
    }
    // Reads need no CSRF token.
    for method in [Method::GET, Method::HEAD] {
        let cookie = format!("coder_session_token={}; csrf_token={CSRF}", owner.key);
        let request = Request::builder().method(method).uri("/api/v2/users/me").header("Cookie", cookie);
        owner.send_request(request.body(Body::empty()).unwrap()).await.expect(StatusCode::OK);
    }
    change(&owner, &[form, ("Sec-Fetch-Site", "same-origin")], &own).await.expect(StatusCode::OK);
    owner.get("/api/v2/users/me").await.expect(StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_visitor_without_a_token_of_the_right_form_is_given_one() {
    let app = TestApp::empty(&[]).await;
    let (one, two) = (format!("csrf_token={CSRF}"), format!("csrf_token={CSRF}; csrf_token={CSRF}"));
    for (cookie, is_given) in [("", true), ("csrf_token=x", true), (&two, true), (&one, false)] {
        let request = Request::builder().uri("/api/v2/").header("Cookie", cookie).body(Body::empty()).unwrap();
        let answer = app.anonymous().send_request(request).await;
        assert_eq!(!answer.header("Set-Cookie").is_empty(), is_given, "{cookie}");
    }
}

#[tokio::test]
async fn a_server_does_not_start_with_cookies_that_browsers_drop() {
    let clock = Clock::fixed(NOW.parse().unwrap());
    for flags in [&["--samesite-auth-cookie=none"][..], &["--host-prefix-cookie"]] {
        let folder = tempfile::tempdir().unwrap();
        let error = open(folder.path(), flags, &clock).await.err().unwrap().to_string();
        assert!(error.contains("takes --secure-auth-cookie"), "{error}");
        open(folder.path(), &[flags, &["--secure-auth-cookie"]].concat(), &clock).await.unwrap();
    }
}

/// The cookie is that of the last sign-in: each sign-in begins a new session.
#[tokio::test]
async fn every_sign_in_begins_a_session_of_its_own() {
    let (app, owner) = TestApp::new().await;
    app.advance(SignedDuration::from_secs(1));
    let again = app.sign_in("owner@example.com").await;
    assert_ne!(owner.key_id(), again.key_id());
    change(&again, &[("X-CSRF-TOKEN", CSRF)], "").await.expect(StatusCode::OK);
    owner.get("/api/v2/users/me").await.expect(StatusCode::OK);
}

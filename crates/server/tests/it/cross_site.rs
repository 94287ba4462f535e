//! Requests from pages of other sites, requests for other addresses, and errors as pages.
use std::net::SocketAddr;

use axum::{
    body::Body,
    extract::ConnectInfo,
    http::{Method, Request, StatusCode, header},
};
use serde_json::json;

use crate::{
    browser::Browser,
    support::{Answer, Identity, PASSWORD, TestApp},
};

async fn send(who: &Identity, method: Method, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    who.send_request(request.body(Body::from(body.to_owned())).unwrap()).await
}

/// A page of another site can neither sign a user in as another user nor set up a server, even without a session.
#[tokio::test]
async fn a_page_of_another_site_changes_nothing_even_without_a_session() {
    let foreign = [("Sec-Fetch-Site", "cross-site"), ("Content-Type", "text/plain")];
    let app = TestApp::empty(&[]).await;
    let first = json!({"email": "owner@example.com", "username": "owner", "password": PASSWORD}).to_string();
    let path = "/api/v2/users/first";
    send(&app.anonymous(), Method::POST, path, &foreign, &first).await.expect(StatusCode::BAD_REQUEST);
    send(&app.anonymous(), Method::POST, path, &[], &first).await.expect(StatusCode::CREATED);
    let login = json!({"email": "owner@example.com", "password": PASSWORD}).to_string();
    let path = "/api/v2/users/login";
    let refused = send(&app.anonymous(), Method::POST, path, &foreign, &login).await.expect(StatusCode::BAD_REQUEST);
    assert!(refused.message().starts_with("Something is wrong with your CSRF token."), "{}", refused.body);
    assert!(
        !refused.headers.get_all(header::SET_COOKIE).iter().any(|cookie| cookie.to_str().unwrap().contains("session"))
    );
    for site in ["same-origin", "none"] {
        let own = [("Sec-Fetch-Site", site)];
        send(&app.anonymous(), Method::POST, path, &own, &login).await.expect(StatusCode::CREATED);
    }
    // A request with a key in a header does not come from a page of another site: pages cannot add such headers.
    let owner = app.sign_in("owner@example.com").await;
    let with_key = [foreign[0], ("Coder-Session-Token", owner.key.as_str())];
    send(&owner, Method::POST, "/api/v2/users/me/keys", &with_key, "{}").await.expect(StatusCode::CREATED);
    // Browsers send reports themselves.
    send(&app.anonymous(), Method::POST, "/api/v2/csp/reports", &foreign, "{}").await.expect(StatusCode::OK);
}

#[tokio::test]
async fn who_comes_by_another_address_is_sent_to_the_access_url() {
    let (app, _owner) = TestApp::with(&["--redirect-to-access-url", "--access-url=http://keyfob.test"]).await;
    let anonymous = app.anonymous();
    let get = async |host: &str, path: &str| send(&anonymous, Method::GET, path, &[("Host", host)], "").await;
    for host in ["other.test", "keyfob.test:3000", "10.0.0.7", "keyfob.test.evil.test"] {
        let sent = get(host, "/api/v2/users?q=a%20b").await.expect(StatusCode::TEMPORARY_REDIRECT);
        assert_eq!(sent.header("location"), "http://keyfob.test/api/v2/users?q=a%20b", "{host}");
        get(host, "/healthz").await.expect(StatusCode::OK);
    }
    for host in ["keyfob.test", "KEYFOB.test", "keyfob.test:80"] {
        get(host, "/api/v2/buildinfo").await.expect(StatusCode::OK);
    }
    // Only trusted proxies can name the host that a request was first sent to.
    let (app, _owner) = TestApp::with(&[
        "--redirect-to-access-url",
        "--access-url=http://keyfob.test",
        "--proxy-trusted-origins=10.0.0.1",
        "--proxy-trusted-headers=X-Forwarded-For",
    ])
    .await;
    for (peer, status) in [("10.0.0.1:1", StatusCode::OK), ("10.0.0.2:1", StatusCode::TEMPORARY_REDIRECT)] {
        let request = Request::get("/api/v2/buildinfo").header("Host", "inside:3000");
        let request = request.header("X-Forwarded-Host", "keyfob.test");
        let request = request.extension(ConnectInfo(peer.parse::<SocketAddr>().unwrap()));
        app.anonymous().send_request(request.body(Body::empty()).unwrap()).await.expect(status);
    }
    let (app, _owner) = TestApp::new().await;
    send(&app.anonymous(), Method::GET, "/api/v2/buildinfo", &[("Host", "other.test")], "")
        .await
        .expect(StatusCode::OK);
}

/// A browser gets a page, with the status and the message that a program gets as JSON.
#[tokio::test]
async fn people_see_pages_where_programs_read_json() {
    let (app, owner) = TestApp::with(&["--api-rate-limit=1000"]).await;
    let mut browser = Browser::signed_in(&app, &owner);
    let page = |answer: &Answer| answer.header("content-type").starts_with("text/html");
    let missing = browser.look_at("/nothing").await.expect(StatusCode::NOT_FOUND);
    assert!(page(&missing) && missing.body.contains("Route not found."), "{}", missing.body);
    assert!(!page(&browser.open("/nothing").await.expect(StatusCode::NOT_FOUND)));
    // The API answers browsers with JSON, too.
    assert!(!page(&browser.look_at("/api/v2/nothing").await.expect(StatusCode::NOT_FOUND)));
    let away = browser.look_at("/api/v2/users/oidc/callback").await.expect(StatusCode::BAD_REQUEST);
    assert!(page(&away) && away.body.contains("The oauth2 method requested is not configured!"), "{}", away.body);
    assert!(!page(&browser.open("/api/v2/users/oidc/callback").await.expect(StatusCode::BAD_REQUEST)));

    let mut signed_out = Browser::new(&app);
    signed_out.accepts = "text/html";
    let forged = signed_out.send(Method::POST, "/login", "email=x&password=y").await.expect(StatusCode::BAD_REQUEST);
    assert!(page(&forged) && forged.body.contains("Something is wrong with your CSRF token."), "{}", forged.body);
    let form = signed_out.open("/login").await.expect(StatusCode::OK);
    let fields = [("email", "owner@example.com"), ("password", "wrong")];
    // The forged form counts, too, so that forging gives no extra attempts.
    let mut answer = form.clone();
    for _ in 0..=60 {
        answer = signed_out.submit(&form, "/login", &fields).await;
    }
    let over = answer.expect(StatusCode::TOO_MANY_REQUESTS);
    assert!(page(&over) && over.body.contains("rate limited"), "{}", over.body);
    assert_eq!(over.header("retry-after"), "60");
}

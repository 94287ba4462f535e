//! Requests from pages of other sites, requests for other addresses, and errors as pages.
use std::net::SocketAddr;

use axum::{
    body::Body,
    extract::ConnectInfo,
    http::{Method, Request, StatusCode},
};
use serde_json::json;

use crate::{
    access::PAGES,
    browser::{Browser, hidden},
    support::{Answer, Identity, MAILS, PASSWORD, TestApp},
};

async fn send(who: &Identity, method: Method, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    who.send_request(request.body(Body::from(body.to_owned())).unwrap()).await
}

const CSRF: &str = "JXm9hOUdZctWt0ZZGAy9xiS/gxMKYOThdxjjMnMUyn4=";
const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");

/// What browsers say of requests that pages of other origins send. The access URL is `http://keyfob.test`.
const FOREIGN: [&[(&str, &str)]; 12] = [
    &[("Origin", "https://evil.example"), ("Sec-Fetch-Site", "cross-site")],
    &[("Origin", "http://evil.example")],
    &[("Origin", "null")],
    &[("Origin", "http://evil.keyfob.test"), ("Sec-Fetch-Site", "same-site")],
    &[("Origin", "http://keyfob.test.evil.example")],
    &[("Origin", "http://keyfob.test:3000")],
    &[("Origin", "http://keyfob.test"), ("Origin", "http://evil.example")],
    &[("Origin", "http://keyfob.test"), ("Sec-Fetch-Site", "same-site")],
    &[("Sec-Fetch-Site", "same-site")],
    &[("Sec-Fetch-Site", "cross-site")],
    &[("Sec-Fetch-Site", "")],
    &[("Host", "keyfob.test"), ("Origin", "http://evil.example"), ("Sec-Fetch-Site", "same-origin")],
];

/// What they say of requests that pages of this server send; programs say nothing.
const OWN: [&[(&str, &str)]; 6] = [
    &[],
    &[("Origin", "http://keyfob.test"), ("Sec-Fetch-Site", "same-origin")],
    &[("Origin", "http://keyfob.test")],
    &[("Sec-Fetch-Site", "none")],
    &[("Host", "other.test:3000"), ("Origin", "http://other.test:3000"), ("Sec-Fetch-Site", "same-origin")],
    &[("Host", "other.test"), ("Origin", "https://other.test")],
];

fn is_forged(answer: &Answer) -> bool {
    answer.status == StatusCode::BAD_REQUEST && answer.body.contains("Something is wrong with your CSRF token.")
}

/// Every call of the document, and every page, that changes something.
async fn changes(app: &TestApp) -> Vec<(Method, String)> {
    let document = app.anonymous().get("/api/v2/openapi.json").await.expect(StatusCode::OK).json();
    let mut changes = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let methods = item.as_object().unwrap().keys().filter_map(|name| name.to_uppercase().parse::<Method>().ok());
        let path = path.replace(['{', '}'], "");
        changes.extend(methods.filter(|method| !method.is_safe()).map(|method| (method, path.clone())));
    }
    changes.retain(|(_, path)| path != "/api/v2/csp/reports");
    assert!(changes.len() > 40, "{changes:?}");
    let pages = PAGES.iter().filter(|page| !page.starts_with("/assets/"));
    changes.extend(pages.map(|page| (Method::POST, page.replace(['{', '}'], ""))));
    changes
}

/// Whatever it sends with it: the session's cookie, and a proof that another host of the same site could have planted.
#[tokio::test]
async fn a_page_of_another_origin_changes_nothing() {
    let (app, owner) = TestApp::new().await;
    let session = format!("coder_session_token={}; csrf_token={CSRF}", owner.key);
    let visitor = format!("csrf_token={CSRF}");
    let mut accepted = Vec::new();
    for (method, path) in changes(&app).await {
        for foreign in FOREIGN {
            for cookie in [session.as_str(), &visitor, ""] {
                let headers = [foreign, &[("Cookie", cookie), ("X-CSRF-TOKEN", CSRF), FORM]].concat();
                let form = form_urlencoded::Serializer::new(String::new()).append_pair("csrf_token", CSRF).finish();
                let answer = send(&owner, method.clone(), &path, &headers, &form).await;
                if !is_forged(&answer) {
                    accepted
                        .push(format!("{method} {path} {foreign:?} {cookie:.12}: {} {}", answer.status, answer.body));
                }
            }
        }
    }
    assert!(accepted.is_empty(), "{}", accepted.join("\n"));
    owner.get("/api/v2/users/me").await.expect(StatusCode::OK);
    // Browsers send reports themselves, from whichever page.
    for foreign in FOREIGN {
        send(&owner, Method::POST, "/api/v2/csp/reports", foreign, "{}").await.expect(StatusCode::OK);
    }
}

#[tokio::test]
async fn a_page_of_this_server_and_a_program_change_what_they_may() {
    let (app, owner) = TestApp::new().await;
    let path = "/api/v2/users/me/keys";
    for own in OWN {
        let cookie = format!("coder_session_token={}; csrf_token={CSRF}", owner.key);
        let headers = [own, &[("Cookie", &cookie), ("X-CSRF-TOKEN", CSRF)]].concat();
        send(&owner, Method::POST, path, &headers, "{}").await.expect(StatusCode::CREATED);
        let login = json!({"email": "owner@example.com", "password": PASSWORD}).to_string();
        send(&owner, Method::POST, "/api/v2/users/login", own, &login).await.expect(StatusCode::CREATED);
    }
    // A page elsewhere cannot add a key in a header, so what has one is a program, wherever it runs.
    for foreign in FOREIGN {
        for header in [("Coder-Session-Token", owner.key.clone()), ("Authorization", format!("Bearer {}", owner.key))] {
            let headers = [foreign, &[(header.0, header.1.as_str())]].concat();
            send(&owner, Method::POST, path, &headers, "{}").await.expect(StatusCode::CREATED);
        }
    }
    // But nobody signs in from elsewhere, whatever key is sent with it.
    let login = json!({"email": "owner@example.com", "password": PASSWORD}).to_string();
    for foreign in FOREIGN {
        let headers = [foreign, &[("Coder-Session-Token", owner.key.as_str())]].concat();
        assert!(is_forged(&send(&owner, Method::POST, "/api/v2/users/login", &headers, &login).await), "{foreign:?}");
    }
    // What the operator has to do is in the answer.
    let refused = send(&app.anonymous(), Method::POST, "/api/v2/users/login", FOREIGN[0], "{}").await;
    assert!(refused.detail().contains("--access-url"), "{}", refused.body);
}

/// A proxy may ask this server by another name than the one that people use, if it is trusted to say which that is.
#[tokio::test]
async fn a_trusted_proxy_names_the_host_that_a_page_is_of() {
    let trusted = ["--proxy-trusted-origins=10.0.0.1", "--proxy-trusted-headers=X-Forwarded-For"];
    let (app, _owner) = TestApp::with(&trusted).await;
    let login = json!({"email": "owner@example.com", "password": PASSWORD}).to_string();
    for (peer, status) in [("10.0.0.1:1", StatusCode::CREATED), ("10.0.0.2:1", StatusCode::BAD_REQUEST)] {
        let request = Request::post("/api/v2/users/login").header("Host", "inside:3000");
        let request = request.header("X-Forwarded-Host", "people.test").header("Origin", "https://people.test");
        let request = request.extension(ConnectInfo(peer.parse::<SocketAddr>().unwrap()));
        app.anonymous().send_request(request.body(Body::from(login.clone())).unwrap()).await.expect(status);
    }
}

/// The proof in a form is that of its session, or, where there is none yet, of the visitor: a cookie that another host
/// of the same site has planted proves nothing, and takes nothing from a page that has a session.
#[tokio::test]
async fn a_form_is_proven_by_its_own_session_or_visitor_alone() {
    let (app, owner) = TestApp::with(&MAILS).await;
    let alice = owner.invite(&app, "alice", &[]).await;
    let token = async |cookie: &str| {
        let page = send(&owner, Method::GET, "/reset-password", &[("Cookie", cookie)], "").await;
        hidden(&page.expect(StatusCode::OK).body)[0].1.clone()
    };
    let sessions = [&owner, &alice].map(|who| format!("coder_session_token={}", who.key));
    let visitors = [CSRF, "qrvM3e7/ABEiM0RVZneImaq7zN3u/wARIjNEVWZ3iJk="].map(|value| format!("csrf_token={value}"));
    let both = format!("{}; {}", sessions[0], visitors[0]);
    let (twice, planted) = (visitors.join("; "), format!("{both}; {}", visitors[1]));
    let own = [token(&sessions[0]).await, token(&sessions[1]).await, token(&visitors[0]).await];
    let submit = async |path: &str, cookie: &str, proof: &str| {
        let form = form_urlencoded::Serializer::new(String::new()).append_pair("csrf_token", proof).finish();
        let headers = [("Cookie", cookie), FORM, ("Origin", "http://keyfob.test")];
        is_forged(&send(&owner, Method::POST, path, &headers, &form).await)
    };
    for path in ["/cli-auth", "/device", "/login", "/reset-password"] {
        // Accepted, as far as the proof goes.
        for (cookie, proof) in [(&sessions[0], &own[0]), (&both, &own[0]), (&planted, &own[0]), (&visitors[0], &own[2])]
        {
            assert!(!submit(path, cookie, proof).await, "{path} {cookie}");
        }
        let bare = CSRF.to_owned();
        for (cookie, proof) in [
            (&sessions[0], &own[1]),
            (&both, &own[2]),
            (&both, &bare),
            (&planted, &own[2]),
            (&visitors[0], &bare),
            (&visitors[0], &own[0]),
            (&visitors[1], &own[2]),
            (&twice, &own[2]),
            (&String::new(), &own[2]),
        ] {
            assert!(submit(path, cookie, proof).await, "{path} {cookie}");
        }
    }
    // In a header, too, of two cookies neither counts.
    for (cookie, status) in [(&both, StatusCode::CREATED), (&planted, StatusCode::BAD_REQUEST)] {
        let headers = [("Cookie", cookie.as_str()), ("X-CSRF-TOKEN", CSRF)];
        send(&owner, Method::POST, "/api/v2/users/me/keys", &headers, "{}").await.expect(status);
    }
}

/// A name can be made to lead to this server by whoever owns it: a page there is of the same origin then.
#[tokio::test]
async fn a_browser_sets_a_server_up_only_by_a_name_that_is_the_servers() {
    let app = TestApp::empty(&[]).await;
    let first = json!({"email": "owner@example.com", "username": "owner", "password": PASSWORD}).to_string();
    let form = format!("email=owner%40example.com&password={PASSWORD}");
    let visitor = ("Cookie", &*format!("csrf_token={CSRF}"));
    for named in ["evil.example:3000", "evil.example", "keyfob.test.evil.example"] {
        let origin = format!("http://{named}");
        for browser in
            [[("Origin", origin.as_str()), ("Host", named)], [("Sec-Fetch-Site", "same-origin"), ("Host", named)]]
        {
            let refused = send(&app.anonymous(), Method::POST, "/api/v2/users/first", &browser, &first).await;
            assert!(is_forged(&refused) && refused.detail().contains("--access-url"), "{named}: {}", refused.body);
            let page = send(&app.anonymous(), Method::GET, "/setup", &[visitor, ("Host", named)], "").await;
            let proof = form_urlencoded::Serializer::new(form.clone()).extend_pairs(hidden(&page.body)).finish();
            let headers = [&browser[..], &[visitor, FORM]].concat();
            assert!(is_forged(&send(&app.anonymous(), Method::POST, "/setup", &headers, &proof).await), "{named}");
        }
    }
    app.anonymous().get("/api/v2/users/first").await.expect(StatusCode::NOT_FOUND);
    for (named, status) in [
        ("keyfob.test", StatusCode::CREATED),
        ("127.0.0.1:3000", StatusCode::CONFLICT),
        ("localhost:3000", StatusCode::CONFLICT),
    ] {
        let origin = format!("http://{named}");
        let browser = [("Origin", origin.as_str()), ("Host", named), ("Sec-Fetch-Site", "same-origin")];
        send(&app.anonymous(), Method::POST, "/api/v2/users/first", &browser, &first).await.expect(status);
    }
    // A program takes the name that it is given.
    let app = TestApp::empty(&[]).await;
    let named = [("Host", "other.test")];
    send(&app.anonymous(), Method::POST, "/api/v2/users/first", &named, &first).await.expect(StatusCode::CREATED);
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

/// A browser gets a page, with the status that a program gets, and in plain words.
#[tokio::test]
async fn people_see_pages_where_programs_read_json() {
    let (app, owner) = TestApp::with(&["--api-rate-limit=1000"]).await;
    let mut browser = Browser::signed_in(&app, &owner);
    let page = |answer: &Answer| answer.header("content-type").starts_with("text/html");
    let missing = browser.look_at("/nothing").await.expect(StatusCode::NOT_FOUND);
    assert!(page(&missing) && missing.body.contains("There is no page at this address."), "{}", missing.body);
    assert!(!page(&browser.open("/nothing").await.expect(StatusCode::NOT_FOUND)));
    let odd = browser.look_at("/resources/workspace/x").await.expect(StatusCode::BAD_REQUEST);
    assert!(!odd.body.contains("UUID") && odd.body.contains("There is no page at this address."), "{}", odd.body);
    let alice = owner.invite(&app, "alice", &[]).await;
    let refused = Browser::signed_in(&app, &alice).look_at("/audit").await.expect(StatusCode::FORBIDDEN);
    assert!(refused.body.contains("You may not do that.") && refused.body.contains("Ask an administrator."));
    let narrow = owner.scoped(&["workspace:read"]).await;
    let refused = Browser::signed_in(&app, &narrow).look_at("/audit").await.expect(StatusCode::FORBIDDEN);
    assert!(refused.body.contains("Your session&#39;s scopes lack audit_log:read."), "{}", refused.body);
    // The API answers browsers with JSON, too.
    assert!(!page(&browser.look_at("/api/v2/nothing").await.expect(StatusCode::NOT_FOUND)));
    let away = browser.look_at("/api/v2/users/oidc/callback").await.expect(StatusCode::BAD_REQUEST);
    assert!(page(&away) && away.body.contains("The oauth2 method requested is not configured!"), "{}", away.body);
    assert!(!page(&browser.open("/api/v2/users/oidc/callback").await.expect(StatusCode::BAD_REQUEST)));

    let mut signed_out = Browser::new(&app);
    signed_out.accepts = "text/html";
    let forged = signed_out.send(Method::POST, "/login", "email=x&password=y").await.expect(StatusCode::BAD_REQUEST);
    assert!(page(&forged) && forged.body.contains("Go back, load the page again"), "{}", forged.body);
    let form = signed_out.open("/login").await.expect(StatusCode::OK);
    let fields = [("email", "owner@example.com"), ("password", "wrong")];
    // The forged form counts, too, so that forging gives no extra attempts.
    let mut answer = form.clone();
    for _ in 0..=60 {
        answer = signed_out.submit(&form, "/login", &fields).await;
    }
    let over = answer.expect(StatusCode::TOO_MANY_REQUESTS);
    assert!(page(&over) && over.body.contains("Too many requests came from here."), "{}", over.body);
    assert_eq!(over.header("retry-after"), "60");
}

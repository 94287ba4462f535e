//! Pages for people, without JavaScript.
use axum::{
    body::Body,
    http::{Method, Request, StatusCode},
};
use keyfob_testkit::MailServer;

use crate::{
    access::PAGES,
    browser::Browser,
    support::{Answer, PASSWORD, TestApp},
};

const OTHER: &str = "An0ther!Secret-pw";

/// The text of a page, as a person reads it.
pub(crate) fn words(page: &Answer) -> String {
    let (_, main) = page.body.split_once("<main").unwrap();
    let (_, main) = main.split("</main>").next().unwrap().split_once('>').unwrap();
    let texts = main.split('<').filter_map(|part| part.split_once('>')).map(|(_, text)| text);
    texts.flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ")
}

async fn keys_of(app: &TestApp, key: &str) -> usize {
    let sessions = app.bearer_of(key).get("/api/v2/users/me/sessions").await.expect(StatusCode::OK).json();
    sessions.as_array().unwrap().len()
}

#[tokio::test]
async fn a_deployment_is_set_up_on_a_page() {
    let app = TestApp::empty(&[]).await;
    let mut browser = Browser::new(&app);
    assert_eq!(browser.open("/").await.expect(StatusCode::SEE_OTHER).header("location"), "/login");
    assert_eq!(browser.open("/login").await.expect(StatusCode::SEE_OTHER).header("location"), "/setup");
    let page = browser.open("/setup").await.expect(StatusCode::OK);
    let fields = |password: &'static str| {
        [("email", "amy.adams@example.com"), ("password", password), ("confirmation", password)]
    };
    let other = [("email", "amy.adams@example.com"), ("password", PASSWORD), ("confirmation", OTHER)];
    let other = browser.submit(&page, "/setup", &other).await.expect(StatusCode::BAD_REQUEST);
    assert!(words(&other).contains("Passwords do not match."), "{}", words(&other));
    let weak = browser.submit(&page, "/setup", &fields("password")).await.expect(StatusCode::BAD_REQUEST);
    assert!(words(&weak).contains("Try including"), "{}", words(&weak));
    let done = browser.submit(&weak, "/setup", &fields(PASSWORD)).await.expect(StatusCode::SEE_OTHER);
    assert_eq!(done.header("location"), "/");
    assert!(words(&browser.open("/").await).starts_with("Signed in as amy-adams"));
    assert_eq!(browser.open("/setup").await.expect(StatusCode::SEE_OTHER).header("location"), "/login");
}

#[tokio::test]
async fn people_sign_in_go_where_they_wanted_to_and_sign_out() {
    let (app, _owner) = TestApp::new().await;
    let mut browser = Browser::new(&app);
    let page = browser.open("/login?redirect=https://evil.example/cli-auth").await.expect(StatusCode::OK);
    let fields = |password: &'static str| [("email", "owner@example.com"), ("password", password)];
    let wrong = browser.submit(&page, "/login", &fields("wrong")).await.expect(StatusCode::UNAUTHORIZED);
    assert!(words(&wrong).contains("Incorrect email or password."), "{}", words(&wrong));
    assert!(wrong.body.contains("value=\"owner@example.com\"") && !wrong.body.contains("value=\"wrong\""));
    assert_eq!(browser.session(), None);
    let done = browser.submit(&wrong, "/login", &fields(PASSWORD)).await.expect(StatusCode::SEE_OTHER);
    assert_eq!(done.header("location"), "/cli-auth");
    let key = browser.session().unwrap().to_owned();
    assert_eq!(browser.open("/login").await.expect(StatusCode::SEE_OTHER).header("location"), "/");
    let home = browser.open("/").await.expect(StatusCode::OK);
    browser.submit(&home, "/logout", &[]).await.expect(StatusCode::SEE_OTHER);
    assert_eq!(browser.session(), None);
    app.bearer_of(&key).get("/api/v2/users/me").await.expect(StatusCode::UNAUTHORIZED);
}

/// On the page, people need not remember their address. Programs do.
#[tokio::test]
async fn people_sign_in_by_their_username_too() {
    let (app, owner) = TestApp::new().await;
    owner.make_user("alice", &[]).await;
    for (who, password, is_right) in [
        ("alice", PASSWORD, true),
        ("ALICE", PASSWORD, true),
        ("alice@example.com", PASSWORD, true),
        ("alice", "wrong", false),
        ("bob", PASSWORD, false),
        ("alice@", PASSWORD, false),
    ] {
        let mut browser = Browser::new(&app);
        let page = browser.open("/login").await.expect(StatusCode::OK);
        browser.submit(&page, "/login", &[("email", who), ("password", password)]).await;
        assert_eq!(browser.session().is_some(), is_right, "{who}");
    }
    let login = serde_json::json!({"email": "alice", "password": PASSWORD});
    app.anonymous().post("/api/v2/users/login", login).await.expect(StatusCode::BAD_REQUEST);
}

/// A form of another page can sign no one in or out: it has no CSRF token of a page of this server.
#[tokio::test]
async fn forms_are_taken_from_our_own_pages_alone() {
    let (app, owner) = TestApp::new().await;
    let form = format!("email=owner%40example.com&password={PASSWORD}&otp=x&confirmation=x");
    for path in PAGES {
        for mut browser in [Browser::new(&app), Browser::signed_in(&app, &owner)] {
            let answer = browser.send(Method::POST, path, &form).await;
            let is_refused = [StatusCode::BAD_REQUEST, StatusCode::METHOD_NOT_ALLOWED].contains(&answer.status);
            assert!(is_refused, "{path}: {} {}", answer.status, answer.body);
        }
    }
    owner.get("/api/v2/users/me").await.expect(StatusCode::OK);
    assert_eq!(keys_of(&app, &owner.key).await, 1);
}

#[tokio::test]
async fn terms_must_be_agreed_to() {
    let (app, _owner) = TestApp::with(&["--terms-of-service-url=https://example.com/terms"]).await;
    let mut browser = Browser::new(&app);
    let page = browser.open("/login").await.expect(StatusCode::OK);
    assert!(page.body.contains("https://example.com/terms") && words(&page).contains("I agree"));
    let fields = [("email", "owner@example.com"), ("password", PASSWORD)];
    browser.submit(&page, "/login", &fields).await.expect(StatusCode::BAD_REQUEST);
    browser.submit(&page, "/login", &[&fields[..], &[("terms", "yes")]].concat()).await.expect(StatusCode::SEE_OTHER);
}

/// A session is minted by a POST with a CSRF token, never by opening the page.
#[tokio::test]
async fn a_session_for_the_command_line_is_minted_when_a_person_says_so() {
    let (app, owner) = TestApp::new().await;
    let mut signed_out = Browser::new(&app);
    let sent = signed_out.open("/cli-auth").await.expect(StatusCode::SEE_OTHER);
    assert_eq!(sent.header("location"), "/login?redirect=%2Fcli-auth");
    let mut browser = Browser::signed_in(&app, &owner);
    let page = browser.open("/cli-auth").await.expect(StatusCode::OK);
    assert!(words(&page).contains("for 7 days after its last use"), "{}", words(&page));
    assert_eq!(keys_of(&app, &owner.key).await, 1);
    let shown = browser.submit(&page, "/cli-auth", &[]).await.expect(StatusCode::OK);
    let (_, rest) = shown.body.split_once("id=\"token\">").unwrap();
    let token = rest.split('<').next().unwrap();
    assert_ne!(token, owner.key);
    app.bearer_of(token).get("/api/v2/users/me").await.expect(StatusCode::OK);
    assert_eq!(keys_of(&app, &owner.key).await, 2);
    assert_eq!(shown.header("cache-control"), "no-store");
}

#[tokio::test]
async fn a_forgotten_password_is_replaced_on_pages() {
    let mails = MailServer::start();
    let smarthost = format!("--email-smarthost={}", mails.address);
    let (app, _owner) = TestApp::with(&["--email-from=keys@example.com", &smarthost]).await;
    let mut browser = Browser::new(&app);
    let page = browser.open("/reset-password?email=owner%40example.com").await.expect(StatusCode::OK);
    assert!(page.body.contains("value=\"owner@example.com\""));
    let sent = browser.submit(&page, "/reset-password", &[("email", "owner@example.com")]).await.expect(StatusCode::OK);
    let unknown = browser.submit(&page, "/reset-password", &[("email", "x@example.com")]).await.expect(StatusCode::OK);
    assert_eq!(words(&sent), words(&unknown));
    app.server.run_jobs_once().await;
    let mail = mails.next_to("owner@example.com").unwrap();
    let (_, link) = mail.text.split_once("http://keyfob.test").unwrap();
    let page = browser.open(link.split_whitespace().next().unwrap()).await.expect(StatusCode::OK);
    let fields = |password, confirmation| [("password", password), ("confirmation", confirmation)];
    let path = "/reset-password/change";
    let unequal = browser.submit(&page, path, &fields(OTHER, PASSWORD)).await.expect(StatusCode::BAD_REQUEST);
    assert!(words(&unequal).contains("Passwords do not match."));
    let same = browser.submit(&page, path, &fields(PASSWORD, PASSWORD)).await.expect(StatusCode::BAD_REQUEST);
    assert!(words(&same).contains("New password cannot match old password."));
    let done = browser.submit(&same, path, &fields(OTHER, OTHER)).await.expect(StatusCode::SEE_OTHER);
    let page = browser.open(done.header("location")).await.expect(StatusCode::OK);
    assert!(words(&page).contains("Password reset successfully."), "{}", words(&page));
    let fields = [("email", "owner@example.com"), ("password", OTHER)];
    browser.submit(&page, "/login", &fields).await.expect(StatusCode::SEE_OTHER);
}

/// A link to a page puts no words of its author on it.
#[tokio::test]
async fn what_the_sign_in_page_says_is_named_by_a_code() {
    let (app, owner) = TestApp::new().await;
    for (code, said) in [
        ("signed-out", "Signed out."),
        ("password-reset", "Password reset successfully."),
        // Refusals by GitHub name it by its words, for existing clients.
        (
            "You%20aren't%20a%20member%20of%20the%20authorized%20Github%20organizations!",
            "You aren&#39;t a member of the authorized Github organizations!",
        ),
        (
            "You%20aren't%20a%20member%20of%20an%20authorized%20team%20in%20the%20[evil]%20Github",
            "You aren&#39;t a member of an authorized team of the Github organizations!",
        ),
    ] {
        let page = Browser::new(&app).open(&format!("/login?message={code}")).await.expect(StatusCode::OK);
        assert!(words(&page).contains(said), "{code}: {}", words(&page));
        assert!(!page.body.contains("evil"), "{code}");
    }
    for text in ["evil", "Signed%20out.", "signed-out%20evil", ""] {
        let page = Browser::new(&app).open(&format!("/login?message={text}")).await.expect(StatusCode::OK);
        assert!(!page.body.contains("class=\"note\"") && !page.body.contains("evil"), "{text}: {}", page.body);
    }
    for path in ["/reset-password?email=evil", "/reset-password/change?otp=x&email=evil%20words@example.com"] {
        let page = Browser::new(&app).open(path).await.expect(StatusCode::OK);
        assert!(!page.body.contains("evil"), "{path}");
    }
    let mut browser = Browser::signed_in(&app, &owner);
    let home = browser.open("/").await.expect(StatusCode::OK);
    let out = browser.submit(&home, "/logout", &[]).await.expect(StatusCode::SEE_OTHER);
    assert!(words(&browser.open(out.header("location")).await).contains("Signed out."));
}

/// Without a mail server nothing promises a mail.
#[tokio::test]
async fn pages_offer_no_reset_by_mail_where_no_mails_are_sent() {
    let (app, _owner) = TestApp::new().await;
    let mut browser = Browser::new(&app);
    let page = browser.open("/login").await.expect(StatusCode::OK);
    assert!(!page.body.contains("reset-password") && !words(&page).contains("Forgot"), "{}", page.body);
    let reset = browser.open("/reset-password").await.expect(StatusCode::OK);
    let sent = browser.submit(&page, "/reset-password", &[("email", "owner@example.com")]).await;
    for answer in [&reset, &sent.expect(StatusCode::BAD_REQUEST)] {
        let said = words(answer);
        assert!(said.contains("This server sends no mails. Ask an administrator"), "{said}");
        assert!(!said.contains("on its way") && !answer.body.contains("<form"), "{said}");
    }
    let change = browser.open("/reset-password/change?email=owner@example.com&otp=x").await.expect(StatusCode::OK);
    assert!(!words(&change).contains("Mail me"), "{}", words(&change));

    let mail = ["--email-from=keys@example.com", "--email-smarthost=127.0.0.1:1"];
    let (app, _owner) = TestApp::with(&mail).await;
    let page = Browser::new(&app).open("/login").await.expect(StatusCode::OK);
    assert!(page.body.contains("/reset-password?email="), "{}", page.body);
}

/// Values of users are shown as text, never as HTML.
#[tokio::test]
async fn what_addresses_hold_is_shown_as_text() {
    let (app, _owner) = TestApp::new().await;
    let evil = "%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E";
    for path in [
        format!("/login?message={evil}&redirect=/{evil}"),
        format!("/reset-password?email={evil}"),
        format!("/reset-password/change?email={evil}&otp={evil}"),
    ] {
        let page = Browser::new(&app).open(&path).await.expect(StatusCode::OK);
        assert!(!page.body.contains("<script>alert"), "{path}");
    }
}

#[tokio::test]
async fn pages_cannot_be_framed_and_run_no_foreign_scripts() {
    let (app, owner) = TestApp::new().await;
    let are_no_pages = ["/favicon.ico", "/logout", "/login/device", "/audit/records.csv", "/audit/records.jsonl"];
    for path in PAGES.iter().filter(|path| !path.starts_with("/assets") && !are_no_pages.contains(path)) {
        // Guides are the same for all who are not signed in.
        let kept = if path.starts_with("/docs") { "public, max-age=300" } else { "no-store" };
        for mut browser in [Browser::new(&app), Browser::signed_in(&app, &owner)] {
            let page = browser.open(path).await;
            if page.status != StatusCode::OK {
                continue;
            }
            let policy = page.header("content-security-policy");
            assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{path}");
            assert!(!policy.contains("unsafe"), "{path}");
            assert_eq!(page.header("x-frame-options"), "DENY");
            // Addresses hold passcodes, but forms must say where they come from: `no-referrer` makes that `null`.
            assert_eq!(page.header("referrer-policy"), "same-origin");
            let kept = if browser.session().is_some() { "no-store" } else { kept };
            assert_eq!(page.header("cache-control"), kept, "{path}");
            assert!(page.body.starts_with("<!doctype html>") && page.body.contains("lang=\"en\""));
            assert!(!page.body.contains("style=\"") && !page.body.contains("onclick"), "{path}");
        }
    }
}

/// Files are asked for once: their addresses hold the name of their content.
#[tokio::test]
async fn browsers_keep_the_files_of_pages_until_they_are_others() {
    let (app, _owner) = TestApp::new().await;
    let page = app.anonymous().get("/login").await.expect(StatusCode::OK);
    for (begin, kind) in [
        ("/assets/pages.css?v=", "text/css; charset=utf-8"),
        ("/assets/pages.js?v=", "text/javascript; charset=utf-8"),
        ("/assets/icon.svg?v=", "image/svg+xml"),
    ] {
        let place = page.body.find(begin).unwrap_or_else(|| panic!("{begin}: {}", page.body));
        let address = page.body[place..].split('"').next().unwrap();
        let file = app.anonymous().get(address).await.expect(StatusCode::OK);
        assert_eq!(file.header("content-type"), kind);
        assert_eq!(file.header("cache-control"), "public, max-age=31536000, immutable", "{address}");
        assert_eq!(file.header("set-cookie"), "", "{address}");
        for other in ["", "?v=0", "?v="] {
            let path = format!("{}{other}", address.split('?').next().unwrap());
            let plain = app.anonymous().get(&path).await.expect(StatusCode::OK);
            assert_eq!(plain.header("cache-control"), "public, max-age=300", "{path}");
            let request = Request::get(&path).header("If-None-Match", file.header("etag"));
            let known = app.anonymous().send_request(request.body(Body::empty()).unwrap()).await;
            assert_eq!((known.status, known.body.as_str()), (StatusCode::NOT_MODIFIED, ""), "{path}");
        }
    }
    let icon = app.anonymous().get("/favicon.ico").await.expect(StatusCode::OK);
    assert_eq!(icon.header("content-type"), "image/svg+xml");
}

/// Refused sign-ins on pages count towards the limits like all others.
#[tokio::test]
async fn guessing_on_a_page_is_limited() {
    let (app, _owner) = TestApp::with(&["--api-rate-limit=512"]).await;
    let mut browser = Browser::new(&app);
    let page = browser.open("/login").await.expect(StatusCode::OK);
    let mut last = StatusCode::OK;
    for _ in 0..=60 {
        last = browser.submit(&page, "/login", &[("email", "x@example.com"), ("password", "x")]).await.status;
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
}

/// The terms must be accepted before every kind of sign-in, also with providers.
#[tokio::test]
async fn terms_must_be_agreed_to_before_going_to_a_provider() {
    let github = ["--oauth2-github-client-id=x", "--oauth2-github-client-secret=y", "--oauth2-github-allow-everyone"];
    let flags = [&["--terms-of-service-url=https://example.com/terms"][..], &github].concat();
    let (app, _owner) = TestApp::with(&flags).await;
    let mut browser = Browser::new(&app);
    let page = browser.open("/login?redirect=/a").await.expect(StatusCode::OK);
    assert!(!page.body.contains("href=\"/api/v2/users/oauth2"), "{}", page.body);
    let refused = browser.submit(&page, "/login", &[("way", "github")]).await.expect(StatusCode::BAD_REQUEST);
    assert!(words(&refused).contains("Agree to the terms of service first."));
    let sent = browser.submit(&page, "/login", &[("way", "github"), ("terms", "yes")]).await;
    // A page of its own redirects: our content policy keeps forms from leading to other sites.
    let sent = sent.expect(StatusCode::OK);
    let onward = "content=\"0; url=/api/v2/users/oauth2/github/callback?redirect=%2Fa\"";
    assert!(sent.body.contains(onward), "{}", sent.body);
    // The terms stay accepted when another field is wrong.
    let fields = [("email", "owner@example.com"), ("password", "wrong"), ("terms", "yes")];
    let again = browser.submit(&page, "/login", &fields).await.expect(StatusCode::UNAUTHORIZED);
    assert!(again.body.contains("required checked"), "{}", again.body);
}

#[tokio::test]
async fn a_form_says_beside_a_field_what_is_wrong_with_it() {
    let app = TestApp::empty(&[]).await;
    let mut browser = Browser::new(&app);
    let page = browser.open("/setup").await.expect(StatusCode::OK);
    for (email, password, wrong, right) in
        [("amy", PASSWORD, "email", "password"), ("amy@example.com", "password", "password", "email")]
    {
        let fields = [("email", email), ("password", password), ("confirmation", password)];
        let page = browser.submit(&page, "/setup", &fields).await.expect(StatusCode::BAD_REQUEST);
        let field = |name: &str| {
            let (_, field) = page.body.split_once(&format!(" name=\"{name}\"")).unwrap();
            field.split("<div class=\"field\">").next().unwrap()
        };
        for mark in ["aria-invalid=\"true\"", "<p class=\"wrong\" role=\"alert\">"] {
            assert!(field(wrong).contains(mark) && !field(right).contains(mark), "{wrong}: {}", page.body);
        }
        assert!(page.body.contains("<div class=\"error\">"), "{}", page.body);
    }
}

/// A message, its detail and the problems of fields are elements of their own.
#[tokio::test]
async fn an_error_page_has_the_parts_of_the_error_body() {
    let (app, owner) = TestApp::new().await;
    let narrow = owner.scoped(&["user:read"]).await;
    let mut browser = Browser::signed_in(&app, &narrow);
    let page = browser.open("/cli-auth").await.expect(StatusCode::OK);
    browser.accepts = "text/html";
    let refused = browser.submit(&page, "/cli-auth", &[]).await.expect(StatusCode::FORBIDDEN);
    assert!(refused.body.contains("<h1>Not allowed</h1>"), "{}", refused.body);
    assert!(refused.body.contains("<p>You may not do that.</p>"), "{}", refused.body);
    assert!(
        refused.body.contains("<p class=\"soft\">Your session&#39;s scopes lack api_key:create.</p>"),
        "{}",
        refused.body
    );
}
